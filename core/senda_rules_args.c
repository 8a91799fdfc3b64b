/*
 * Which arguments of addresses the pages of a site name: a table of them, made
 * once when a blob is opened, because asking every pattern takes too long for
 * a request. Fails for want of memory only.
 */

#include "senda_rules_layout.h"

#include <stdlib.h>

/* The place of (site, name): its own, or the free one where it would stand. */
static layout_named_t *
place_of(const senda_rules_t *r, uint32_t site, senda_str_t name)
{
    uint64_t hash = 0xcbf29ce484222325u ^ site; /* FNV-1a */

    for (size_t i = 0; i < name.n; i++) {
        hash = (hash ^ (uint8_t)name.p[i]) * 0x100000001b3u;
    }
    for (hash ^= hash >> 32;; hash++) {
        layout_named_t *place = &r->named[hash & (r->nnamed - 1)];

        if (place->site == 0 ||
            (place->site == site && senda_str_eq(layout_str(r, place->name), name))) {
            return place;
        }
    }
}

static void
index_page(senda_rules_t *r, uint32_t site, const layout_page_t *page)
{
    for (uint32_t i = 0; i < page->nmatch + page->nexcept; i++) {
        const layout_pattern_t *p = &r->patterns[page->pattern + i];

        for (uint32_t a = 0; a < p->nargs; a++) {
            layout_text_t name = r->args[p->arg + a].name;
            layout_named_t *place = place_of(r, site, layout_str(r, name));

            *place = (layout_named_t){ site, name };
        }
    }
}

/* How many arguments patterns have together: one of the blob may be several patterns'. */
static uint64_t
count_args(const senda_rules_t *r)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < r->n[LAYOUT_PATTERNS]; i++) {
        n += r->patterns[i].nargs;
    }
    return n;
}

senda_rc_t
senda_rules_index_args(senda_rules_t *r)
{
    uint64_t nargs = count_args(r), size = 2;

    if (nargs == 0) {
        return SENDA_OK;
    }
    while (size < 2 * nargs) {
        size *= 2;
    }
    if (size > UINT32_MAX) {
        return SENDA_SYS;
    }
    r->named = calloc(size, sizeof(*r->named));
    if (r->named == NULL) {
        return SENDA_SYS;
    }
    r->nnamed = (uint32_t)size;
    for (uint32_t i = 0; i < r->n[LAYOUT_SITES]; i++) {
        const layout_site_t *s = &r->sites[i];

        for (uint32_t k = 0; k < s->npages; k++) {
            index_page(r, s->id, &r->pages[s->page + k]);
        }
    }
    return SENDA_OK;
}

bool
senda_rules_names_arg(const senda_rules_t *r, uint32_t site, senda_str_t name)
{
    return r->named != NULL && site != 0 && place_of(r, site, name)->site != 0;
}
