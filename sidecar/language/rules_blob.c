/*
 * Lays the collected rules out as one blob: sorts them, gives patterns their
 * pages, makes the tries, writes header and sections. Gives out no blob that
 * senda_rules_open refuses.
 */

#include "rules_parts.h"

#include <stdlib.h>

static int
order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int
compare_sites(const void *a, const void *b)
{
    return order(((const build_site_t *)a)->out.id, ((const build_site_t *)b)->out.id);
}

static int
compare_pages(const void *a, const void *b)
{
    const build_page_t *x = a, *y = b;
    int c = order(x->site, y->site);

    return c != 0 ? c : order(x->seen, y->seen);
}

static int
compare_patterns(const void *a, const void *b)
{
    const build_pattern_t *x = a, *y = b;
    int c = order(x->out.page, y->out.page);

    c = c != 0 ? c : order(x->except, y->except);
    return c != 0 ? c : order(x->seen, y->seen);
}

static int
compare_events(const void *a, const void *b)
{
    return order(((const build_event_t *)a)->site, ((const build_event_t *)b)->site);
}

static int
compare_hosts(const void *a, const void *b, void *parts)
{
    return rules_text_compare(parts, ((const build_host_t *)a)->name,
        ((const build_host_t *)b)->name);
}

static int
compare_tags(const void *a, const void *b)
{
    return order(((const layout_tag_t *)a)->id, ((const layout_tag_t *)b)->id);
}

static int
compare_tag_rules(const void *a, const void *b)
{
    const layout_tag_rule_t *x = a, *y = b;
    int c = order(x->key, y->key);

    return c != 0 ? c : order(x->tag, y->tag);
}

static int
compare_inputs(const void *a, const void *b)
{
    const build_input_t *x = a, *y = b;
    int c = order(x->out.page, y->out.page);

    return c != 0 ? c : order(x->seen, y->seen);
}

static int
compare_shows(const void *a, const void *b)
{
    const build_show_t *x = a, *y = b;
    int c = order(x->out.site, y->out.site);

    return c != 0 ? c : order(x->seen, y->seen);
}

static void
sort(rules_vec_t *v, size_t size, int (*compare)(const void *, const void *))
{
    if (v->n != 0) {
        qsort(v->data, v->n, size, compare);
    }
}

/* What is written besides the collected records. */
typedef struct {
    rules_trie_t trie;
    rules_vec_t sites, hosts, pages, by_name, events, patterns, inputs, shows;
} blob_t;

/* Sorts everything into the blob's order and gives patterns their pages' positions. */
static bool
put_in_order(rules_build_t *b)
{
    build_pattern_t *patterns = b->patterns.data;
    build_page_t *pages = b->pages.data;
    uint32_t *position = calloc((size_t)b->pages.n + 1, sizeof(*position));

    if (position == NULL) {
        return false;
    }
    sort(&b->sites, sizeof(build_site_t), compare_sites);
    sort(&b->pages, sizeof(build_page_t), compare_pages);
    sort(&b->events, sizeof(build_event_t), compare_events);
    sort(&b->tags, sizeof(layout_tag_t), compare_tags);
    sort(&b->tag_rules, sizeof(layout_tag_rule_t), compare_tag_rules);
    sort(&b->inputs, sizeof(build_input_t), compare_inputs);
    sort(&b->shows, sizeof(build_show_t), compare_shows);
    for (uint32_t i = 0; i < b->pages.n; i++) {
        position[pages[i].seen] = i;
        pages[i].seen = i;
    }
    for (uint32_t i = 0; i < b->patterns.n; i++) {
        patterns[i].out.page = position[patterns[i].out.page];
    }
    sort(&b->patterns, sizeof(build_pattern_t), compare_patterns);
    for (uint32_t i = 0; i < b->patterns.n; i++) {
        patterns[i].seen = i;
    }
    if (b->hosts.n != 0) {
        qsort_r(b->hosts.data, b->hosts.n, sizeof(build_host_t), compare_hosts, &b->parts);
    }
    free(position);
    return true;
}

/* Patterns bear what a match needs of their page; copy_pages has been called. */
static bool
copy_patterns(const rules_build_t *b, blob_t *o)
{
    const build_pattern_t *from = b->patterns.data;
    const layout_page_t *pages = o->pages.data;
    layout_pattern_t *to = rules_vec_add(&o->patterns, sizeof(*to), b->patterns.n);

    for (uint32_t i = 0; to != NULL && i < b->patterns.n; i++) {
        const layout_page_t *page = &pages[from[i].out.page];

        to[i] = from[i].out;
        to[i].key = page->key;
        to[i].event = page->event;
        to[i].flags |= page->nexcept != 0 ? LAYOUT_EXCEPTS : 0;
    }
    return to != NULL;
}

static bool
copy_pages(const rules_build_t *b, blob_t *o)
{
    const build_page_t *from = b->pages.data;
    const build_pattern_t *patterns = b->patterns.data;
    layout_page_t *to = rules_vec_add(&o->pages, sizeof(*to), b->pages.n);
    uint32_t at = 0;

    for (uint32_t i = 0; to != NULL && i < b->pages.n; i++) {
        to[i] = from[i].out;
        to[i].pattern = at;
        for (; at < b->patterns.n && patterns[at].out.page == i; at++) {
            if (patterns[at].except) {
                to[i].nexcept++;
            } else {
                to[i].nmatch++;
            }
        }
    }
    return to != NULL;
}

typedef struct {
    const rules_parts_t *parts;
    const layout_page_t *pages;
} names_t;

static int
compare_names(const void *a, const void *b, void *ctx)
{
    const names_t *n = ctx;
    const uint32_t *x = a, *y = b;

    return rules_text_compare(n->parts, n->pages[*x].name, n->pages[*y].name);
}

/* The site's patterns, those of `except` left out, as a trie. */
static bool
add_trie(rules_build_t *b, blob_t *o, layout_site_t *s)
{
    const layout_page_t *pages = o->pages.data;
    rules_vec_t which = { NULL, 0, 0 };
    bool ok = true;

    for (uint32_t i = s->page; ok && i < s->page + s->npages; i++) {
        uint32_t *at = rules_vec_add(&which, sizeof(*at), pages[i].nmatch);

        ok = at != NULL;
        for (uint32_t k = 0; ok && k < pages[i].nmatch; k++) {
            at[k] = pages[i].pattern + k;
        }
    }
    ok = ok && rules_trie_add(&o->trie, &b->parts, o->patterns.data, which.data, which.n, &s->root);
    rules_vec_free(&which);
    return ok;
}

static bool
copy_sites(rules_build_t *b, blob_t *o)
{
    const build_page_t *pages = b->pages.data;
    const build_event_t *events = b->events.data;
    layout_site_t *to = rules_vec_add(&o->sites, sizeof(*to), b->sites.n);
    uint32_t *by_name = rules_vec_add(&o->by_name, sizeof(*by_name), b->pages.n);
    names_t names = { &b->parts, o->pages.data };
    uint32_t page = 0, event = 0;
    bool ok = to != NULL && by_name != NULL;

    for (uint32_t i = 0; ok && i < b->sites.n; i++) {
        to[i] = ((const build_site_t *)b->sites.data)[i].out;
        to[i].page = page;
        to[i].event = event;
        for (; page < b->pages.n && pages[page].site == to[i].id; page++) {
            by_name[page] = page;
        }
        while (event < b->events.n && events[event].site == to[i].id) {
            event++;
        }
        to[i].npages = page - to[i].page;
        to[i].nevents = event - to[i].event;
        qsort_r(by_name + to[i].page, to[i].npages, sizeof(*by_name), compare_names, &names);
        ok = add_trie(b, o, &to[i]);
    }
    return ok;
}

static bool
copy_hosts_and_events(const rules_build_t *b, blob_t *o)
{
    const build_site_t *sites = b->sites.data;
    const build_host_t *hosts = b->hosts.data;
    const build_event_t *events = b->events.data;
    layout_host_t *to = rules_vec_add(&o->hosts, sizeof(*to), b->hosts.n);
    layout_event_t *e = rules_vec_add(&o->events, sizeof(*e), b->events.n);

    if (to == NULL || e == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < b->hosts.n; i++) {
        to[i].name = hosts[i].name;
        while (sites[to[i].site].out.id != hosts[i].site) {
            to[i].site++;
        }
    }
    for (uint32_t i = 0; i < b->events.n; i++) {
        e[i] = events[i].out;
    }
    return true;
}

static bool
copy_inputs_and_shows(const rules_build_t *b, blob_t *o)
{
    const build_input_t *inputs = b->inputs.data;
    const build_show_t *shows = b->shows.data;
    layout_input_t *in = rules_vec_add(&o->inputs, sizeof(*in), b->inputs.n);
    layout_show_t *show = rules_vec_add(&o->shows, sizeof(*show), b->shows.n);

    if (in == NULL || show == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < b->inputs.n; i++) {
        in[i] = inputs[i].out;
    }
    for (uint32_t i = 0; i < b->shows.n; i++) {
        show[i] = shows[i].out;
    }
    return true;
}

/* Header and sections in one piece of memory, checksum last. */
static void *
write_blob(rules_build_t *b, blob_t *o, uint64_t generation, size_t *len, senda_err_t *err)
{
    const rules_vec_t *const from[LAYOUT_SECTIONS] = {
        [LAYOUT_SITES] = &o->sites,
        [LAYOUT_HOSTS] = &o->hosts,
        [LAYOUT_STEPS] = &b->steps,
        [LAYOUT_PAGES] = &o->pages,
        [LAYOUT_BY_NAME] = &o->by_name,
        [LAYOUT_EVENTS] = &o->events,
        [LAYOUT_TAGS] = &b->tags,
        [LAYOUT_TAG_RULES] = &b->tag_rules,
        [LAYOUT_PATTERNS] = &o->patterns,
        [LAYOUT_ARGS] = &b->parts.args,
        [LAYOUT_TOKENS] = &b->parts.tokens,
        [LAYOUT_NODES] = &o->trie.nodes,
        [LAYOUT_FIRST] = &o->trie.first,
        [LAYOUT_LISTS] = &o->trie.lists,
        [LAYOUT_INPUTS] = &o->inputs,
        [LAYOUT_SHOWS] = &o->shows,
        [LAYOUT_TEXT] = &b->parts.text,
    };
    const size_t before = offsetof(layout_header_t, generation);
    layout_header_t h = { .magic = LAYOUT_MAGIC, .version = LAYOUT_VERSION };
    size_t size = (sizeof(h) + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
    char *blob;

    h.generation = generation;
    for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
        h.sections[i] = (layout_section_t){ (uint32_t)size, from[i]->n };
        size += (from[i]->n * layout_record_size(i) + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN *
            LAYOUT_ALIGN;
        if (size > SENDA_RULES_MAX) {
            senda_fail(err, SENDA_FULL, "the compiled rules are larger than %u MiB",
                SENDA_RULES_MAX >> 20);
            return NULL;
        }
    }
    h.len = (uint32_t)size;
    blob = aligned_alloc(LAYOUT_ALIGN, size);
    if (blob == NULL) {
        senda_fail(err, SENDA_SYS, "no memory for rules");
        return NULL;
    }
    memset(blob, 0, size);
    for (unsigned i = 0; i < LAYOUT_SECTIONS; i++) {
        if (from[i]->n != 0) {
            memcpy(blob + h.sections[i].at, from[i]->data, from[i]->n * layout_record_size(i));
        }
    }
    memcpy(blob, &h, sizeof(h));
    h.checksum = layout_checksum(blob + before, size - before);
    memcpy(blob, &h, sizeof(h));
    *len = size;
    return blob;
}

void *
rules_build_finish(rules_build_t *b, uint64_t generation, size_t *len, senda_err_t *err)
{
    blob_t o = { 0 };
    senda_rules_t *check = NULL;
    void *blob = NULL;

    if (b->failed) {
        senda_fail(err, SENDA_FULL, "%s", b->err.text);
        return NULL;
    }
    if (!put_in_order(b) || !copy_pages(b, &o) || !copy_patterns(b, &o) || !copy_sites(b, &o) ||
        !copy_hosts_and_events(b, &o) || !copy_inputs_and_shows(b, &o)) {
        senda_fail(err, SENDA_SYS, "no memory for rules");
    } else {
        blob = write_blob(b, &o, generation, len, err);
    }
    if (blob != NULL && senda_rules_open(&check, blob, *len, err) != SENDA_OK) {
        free(blob);
        blob = NULL;
    }
    senda_rules_close(check);
    rules_vec_free(&o.trie.nodes);
    rules_vec_free(&o.trie.first);
    rules_vec_free(&o.trie.lists);
    rules_vec_free(&o.sites);
    rules_vec_free(&o.hosts);
    rules_vec_free(&o.pages);
    rules_vec_free(&o.by_name);
    rules_vec_free(&o.events);
    rules_vec_free(&o.patterns);
    rules_vec_free(&o.inputs);
    rules_vec_free(&o.shows);
    return blob;
}
