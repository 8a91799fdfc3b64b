/*
 * Opens a blob of compiled rules and answers everything about it but what an
 * address is (senda_match.c). Never writes to the blob, never copies from it.
 * A blob that is not whole and sound is refused with the reason.
 */

#include "senda_rules_layout.h"

#include <stdlib.h>

/* Every section inside the blob, at a multiple of 8, and not too many records. */
static senda_rc_t
check_sections(const layout_header_t *h, senda_err_t *err)
{
    for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
        const layout_section_t *s = &h->sections[i];

        if (s->at % 8 != 0 || s->at < sizeof(*h) || s->at > h->len ||
            s->n > (h->len - s->at) / layout_record_size(i)) {
            return senda_fail(err, SENDA_BAD, "compiled rules are damaged: section %u", i);
        }
    }
    return SENDA_OK;
}

static const void *
section(senda_rules_t *r, const layout_header_t *h, unsigned i)
{
    r->n[i] = h->sections[i].n;
    return (const char *)h + h->sections[i].at;
}

static void
find_sections(senda_rules_t *r, const layout_header_t *h)
{
    r->generation = h->generation;
    r->sites = section(r, h, LAYOUT_SITES);
    r->hosts = section(r, h, LAYOUT_HOSTS);
    r->steps = section(r, h, LAYOUT_STEPS);
    r->pages = section(r, h, LAYOUT_PAGES);
    r->by_name = section(r, h, LAYOUT_BY_NAME);
    r->events = section(r, h, LAYOUT_EVENTS);
    r->tags = section(r, h, LAYOUT_TAGS);
    r->tag_rules = section(r, h, LAYOUT_TAG_RULES);
    r->patterns = section(r, h, LAYOUT_PATTERNS);
    r->args = section(r, h, LAYOUT_ARGS);
    r->tokens = section(r, h, LAYOUT_TOKENS);
    r->nodes = section(r, h, LAYOUT_NODES);
    r->first = section(r, h, LAYOUT_FIRST);
    r->lists = section(r, h, LAYOUT_LISTS);
    r->inputs = section(r, h, LAYOUT_INPUTS);
    r->shows = section(r, h, LAYOUT_SHOWS);
    r->text = section(r, h, LAYOUT_TEXT);
}

static senda_rc_t
check_header(const void *blob, size_t len, senda_err_t *err)
{
    const layout_header_t *h = blob;
    const size_t before = offsetof(layout_header_t, generation);

    if ((uintptr_t)blob % 8 != 0) {
        return senda_fail(err, SENDA_BAD, "compiled rules are not aligned to 8 bytes");
    }
    if (len < sizeof(*h) || h->magic != LAYOUT_MAGIC) {
        return senda_fail(err, SENDA_BAD, "these %zu bytes are no compiled rules", len);
    }
    if (h->version != LAYOUT_VERSION) {
        return senda_fail(err, SENDA_BAD, "compiled rules have version %u, this program reads %u",
            h->version, LAYOUT_VERSION);
    }
    if (h->len != len || len % 8 != 0 || len > SENDA_RULES_MAX) {
        return senda_fail(err, SENDA_BAD, "compiled rules say %u bytes, but are %zu", h->len, len);
    }
    if (h->checksum != layout_checksum((const char *)blob + before, len - before)) {
        return senda_fail(err, SENDA_BAD, "compiled rules are damaged: checksum");
    }
    return SENDA_OK;
}

senda_rc_t
senda_rules_open(senda_rules_t **out, const void *blob, size_t len, senda_err_t *err)
{
    const layout_header_t *h = blob;
    senda_rules_t *r = NULL;
    senda_rc_t rc;
    uint32_t nsites;

    *out = NULL;
    rc = check_header(blob, len, err);
    if (rc == SENDA_OK) {
        rc = check_sections(h, err);
    }
    if (rc != SENDA_OK) {
        return rc;
    }
    nsites = h->sections[LAYOUT_SITES].n;
    if (nsites > SENDA_SITES_MAX) {
        return senda_fail(err, SENDA_BAD, "compiled rules are damaged: %u sites", nsites);
    }
    r = calloc(1, sizeof(*r) + nsites * sizeof(r->zones[0]));
    if (r == NULL) {
        return senda_fail(err, SENDA_SYS, "no memory for rules");
    }
    find_sections(r, h);
    rc = senda_rules_check(r, err);
    if (rc == SENDA_OK && senda_rules_index_args(r) != SENDA_OK) {
        rc = senda_fail(err, SENDA_SYS, "no memory for rules");
    }
    if (rc != SENDA_OK) {
        free(r);
        return rc;
    }
    for (uint32_t i = 0; i < nsites; i++) {
        const layout_site_t *s = &r->sites[i];

        r->zones[i] = (senda_zone_t){ s->first_offset, s->nsteps, r->steps + s->step };
    }
    *out = r;
    return SENDA_OK;
}

void
senda_rules_close(senda_rules_t *r)
{
    if (r != NULL) {
        free(r->named);
    }
    free(r);
}

uint64_t
senda_rules_generation(const senda_rules_t *r)
{
    return r->generation;
}

static int
compare(senda_str_t a, senda_str_t b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n != 0 ? memcmp(a.p, b.p, n) : 0;

    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

uint32_t
senda_rules_site(const senda_rules_t *r, senda_str_t host)
{
    char buf[256];
    senda_str_t name = { buf, senda_host_decode(buf, sizeof(buf), host) };
    uint32_t lo = 0, hi = r->n[LAYOUT_HOSTS];

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = compare(layout_str(r, r->hosts[mid].name), name);

        if (c == 0) {
            return r->sites[r->hosts[mid].site].id;
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (uint32_t i = 0; i < r->n[LAYOUT_SITES]; i++) {
        if (r->sites[i].nhosts == 0) {
            return r->sites[i].id;
        }
    }
    return 0;
}

const senda_zone_t *
senda_rules_zone(const senda_rules_t *r, uint32_t site)
{
    const layout_site_t *s = layout_site(r, site);

    return s != NULL ? &r->zones[s - r->sites] : NULL;
}

senda_rc_t
senda_rules_page(const senda_rules_t *r, uint32_t site, senda_str_t name, senda_key_t *key)
{
    const layout_site_t *s = layout_site(r, site);
    uint32_t lo = s != NULL ? s->page : 0, hi = s != NULL ? lo + s->npages : 0;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const layout_page_t *p = &r->pages[r->by_name[mid]];
        int c = compare(layout_str(r, p->name), name);

        if (c == 0) {
            *key = p->key;
            return SENDA_OK;
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return SENDA_NONE;
}

senda_rc_t
senda_rules_event(const senda_rules_t *r, uint32_t site, senda_str_t name, senda_key_t *key)
{
    const layout_site_t *s = layout_site(r, site);
    uint32_t number = senda_event_number(name);

    if (number != 0) {
        *key = senda_key_event(number);
        return SENDA_OK;
    }
    for (uint32_t i = 0; s != NULL && i < s->nevents; i++) {
        const layout_event_t *e = &r->events[s->event + i];

        if (senda_str_eq(layout_str(r, e->name), name)) {
            *key = e->key;
            return SENDA_OK;
        }
    }
    return SENDA_NONE;
}

senda_str_t
senda_rules_tag_name(const senda_rules_t *r, uint32_t tag)
{
    uint32_t lo = 0, hi = r->n[LAYOUT_TAGS];

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (r->tags[mid].id < tag) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < r->n[LAYOUT_TAGS] && r->tags[lo].id == tag ? layout_str(r, r->tags[lo].name)
                                                           : (senda_str_t){ "", 0 };
}

/* The position of the first tag rule whose key is not below key. */
static uint32_t
first_tag_rule(const senda_rules_t *r, senda_key_t key)
{
    uint32_t lo = 0, hi = r->n[LAYOUT_TAG_RULES];

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (r->tag_rules[mid].key < key) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

senda_rc_t
senda_rules_tag_by_key(const senda_rules_t *r, senda_key_t key, unsigned i, senda_tag_rule_t *rule)
{
    uint32_t first = first_tag_rule(r, key);
    const layout_tag_rule_t *t;

    if (i >= r->n[LAYOUT_TAG_RULES] - first || r->tag_rules[first + i].key != key) {
        return SENDA_NONE;
    }
    t = &r->tag_rules[first + i];
    rule->tag = t->tag;
    rule->name = senda_rules_tag_name(r, t->tag);
    rule->site = t->site;
    rule->key = t->key;
    rule->times = t->times;
    rule->within = (senda_span_t){ t->months, t->days, t->secs };
    return SENDA_OK;
}

unsigned
senda_rules_moments(const senda_rules_t *r, senda_key_t key)
{
    unsigned most = 0;

    for (uint32_t i = first_tag_rule(r, key); i < r->n[LAYOUT_TAG_RULES]; i++) {
        const layout_tag_rule_t *t = &r->tag_rules[i];

        if (t->key != key) {
            break;
        }
        if ((t->months != 0 || t->days != 0 || t->secs != 0) && t->times > most) {
            most = t->times;
        }
    }
    return most;
}

senda_rc_t
senda_rules_input(const senda_rules_t *r, senda_key_t page, unsigned i, senda_str_t *input)
{
    uint32_t lo = 0, hi = r->n[LAYOUT_INPUTS];

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (r->inputs[mid].page < page) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (i >= r->n[LAYOUT_INPUTS] - lo || r->inputs[lo + i].page != page) {
        return SENDA_NONE;
    }
    *input = layout_str(r, r->inputs[lo + i].name);
    return SENDA_OK;
}

senda_rc_t
senda_rules_show(const senda_rules_t *r, uint32_t site, unsigned i, senda_rule_show_t *show)
{
    uint32_t lo = 0, hi = r->n[LAYOUT_SHOWS];

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (r->shows[mid].site < site) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (i >= r->n[LAYOUT_SHOWS] - lo || r->shows[lo + i].site != site) {
        return SENDA_NONE;
    }
    show->block = layout_str(r, r->shows[lo + i].block);
    show->position = layout_str(r, r->shows[lo + i].position);
    show->conditional = r->shows[lo + i].conditional != 0;
    return SENDA_OK;
}
