/*
 * Collects sites, pages, patterns, forms, tags and blocks, for rules_blob.c
 * to lay out. Calls may come in any order that names a thing before it is used;
 * what they hand over is copied. A bound or a lack of memory is remembered and
 * said by rules_build_finish.
 */

#include "rules_parts.h"

#include <stdlib.h>

#define HOST_SLOTS (2u * SENDA_SITES_MAX * SENDA_HOSTS_MAX) /* a power of two */

void *
rules_vec_add(rules_vec_t *v, size_t size, uint32_t count)
{
    void *at;

    if (v->data == NULL || count > v->room - v->n) {
        uint64_t room = (uint64_t)v->room * 2 + count + 16;
        void *data = room < UINT32_MAX ? realloc(v->data, room * size) : NULL;

        if (data == NULL) {
            return NULL;
        }
        v->data = data;
        v->room = (uint32_t)room;
    }
    at = (char *)v->data + v->n * size;
    memset(at, 0, count * size);
    v->n += count;
    return at;
}

void
rules_vec_free(rules_vec_t *v)
{
    free(v->data);
    *v = (rules_vec_t){ NULL, 0, 0 };
}

bool
rules_text_add(rules_parts_t *parts, senda_str_t s, layout_text_t *out)
{
    char *at;

    *out = (layout_text_t){ parts->text.n, (uint32_t)s.n };
    if (s.n == 0) {
        return true;
    }
    at = s.n <= SENDA_RULES_MAX ? rules_vec_add(&parts->text, 1, (uint32_t)s.n) : NULL;
    if (at != NULL) {
        memcpy(at, s.p, s.n);
    }
    return at != NULL;
}

int
rules_text_compare(const rules_parts_t *parts, layout_text_t a, layout_text_t b)
{
    uint32_t n = a.n < b.n ? a.n : b.n;
    int c = n != 0 ? memcmp(rules_text(parts, a), rules_text(parts, b), n) : 0;

    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

rules_build_t *
rules_build_new(void)
{
    rules_build_t *b = calloc(1, sizeof(*b));

    if (b != NULL) {
        b->slots = calloc(HOST_SLOTS, sizeof(*b->slots));
        if (b->slots == NULL) {
            free(b);
            return NULL;
        }
    }
    return b;
}

void
rules_build_free(rules_build_t *b)
{
    if (b == NULL) {
        return;
    }
    rules_vec_free(&b->parts.text);
    rules_vec_free(&b->parts.tokens);
    rules_vec_free(&b->parts.args);
    rules_vec_free(&b->sites);
    rules_vec_free(&b->hosts);
    rules_vec_free(&b->steps);
    rules_vec_free(&b->pages);
    rules_vec_free(&b->events);
    rules_vec_free(&b->tags);
    rules_vec_free(&b->tag_rules);
    rules_vec_free(&b->patterns);
    rules_vec_free(&b->inputs);
    rules_vec_free(&b->shows);
    free(b->slots);
    free(b);
}

/* Remembers the first thing that went wrong. */
static void
fail(rules_build_t *b, const char *what, senda_str_t name)
{
    if (!b->failed) {
        b->failed = true;
        senda_fail(&b->err, SENDA_FULL, "%s: %.*s", what, (int)(name.n > 100 ? 100 : name.n),
            name.p != NULL ? name.p : "");
    }
}

/* A record at the end of v, at most max of them; NULL: remembered. */
static void *
add(rules_build_t *b, rules_vec_t *v, size_t size, uint32_t max, const char *what, senda_str_t name)
{
    void *at = v->n < max ? rules_vec_add(v, size, 1) : NULL;

    if (at == NULL) {
        fail(b, v->n < max ? "no memory for rules" : what, name);
    }
    return at;
}

static void
add_name(rules_build_t *b, senda_str_t name, layout_text_t *out)
{
    if (name.n > SENDA_NAME_MAX) {
        fail(b, "a name has at most 128 bytes", name);
        name.n = SENDA_NAME_MAX;
    }
    if (!rules_text_add(&b->parts, name, out)) {
        fail(b, "no memory for rules", name);
        *out = (layout_text_t){ 0, 0 };
    }
}

static build_site_t *
find_site(rules_build_t *b, uint32_t id)
{
    build_site_t *sites = b->sites.data;

    for (uint32_t i = 0; i < b->sites.n; i++) {
        if (sites[i].out.id == id) {
            return &sites[i];
        }
    }
    fail(b, "a site that was not declared", (senda_str_t){ NULL, 0 });
    return NULL;
}

void
rules_build_site(rules_build_t *b, uint32_t site, const senda_zone_t *zone)
{
    senda_zone_step_t *steps;
    build_site_t *s = add(b, &b->sites, sizeof(*s), SENDA_SITES_MAX, "too many sites (at most 256)",
        (senda_str_t){ NULL, 0 });

    zone = zone != NULL ? zone : &senda_zone_utc;
    if (s == NULL) {
        return;
    }
    s->seen = b->sites.n;
    s->out.id = site;
    s->out.first_offset = zone->first_offset;
    s->out.step = b->steps.n;
    s->out.nsteps = zone->nsteps;
    steps = rules_vec_add(&b->steps, sizeof(*steps), zone->nsteps);
    if (steps == NULL) {
        fail(b, "no memory for rules", (senda_str_t){ NULL, 0 });
        s->out.nsteps = 0;
        return;
    }
    for (uint32_t i = 0; i < zone->nsteps; i++) {
        steps[i].at = zone->steps[i].at;
        steps[i].offset = zone->steps[i].offset;
    }
}

static uint32_t *
host_slot(rules_build_t *b, senda_str_t name)
{
    const build_host_t *hosts = b->hosts.data;
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < name.n; i++) {
        h = (h ^ (unsigned char)name.p[i]) * 16777619u;
    }
    for (h &= HOST_SLOTS - 1; b->slots[h] != 0; h = (h + 1) & (HOST_SLOTS - 1)) {
        layout_text_t t = hosts[b->slots[h] - 1].name;

        if (senda_str_eq((senda_str_t){ rules_text(&b->parts, t), t.n }, name)) {
            break;
        }
    }
    return &b->slots[h];
}

senda_rc_t
rules_build_host(rules_build_t *b, uint32_t site, senda_str_t host)
{
    char buf[255];
    senda_str_t name = { buf, senda_host_decode(buf, sizeof(buf), host) };
    build_site_t *s = find_site(b, site);
    uint32_t *slot = host_slot(b, name);
    build_host_t *h;

    if (s == NULL || name.n == 0) {
        fail(b, "this is no host", host);
        return SENDA_BAD;
    }
    if (*slot != 0) {
        return ((build_host_t *)b->hosts.data)[*slot - 1].site == site ? SENDA_OK : SENDA_NONE;
    }
    if (s->out.nhosts == SENDA_HOSTS_MAX) {
        fail(b, "too many hosts (at most 256 a site)", host);
        return SENDA_FULL;
    }
    h = rules_vec_add(&b->hosts, sizeof(*h), 1);
    if (h == NULL || !rules_text_add(&b->parts, name, &h->name)) {
        fail(b, "no memory for rules", host);
        return SENDA_SYS;
    }
    h->site = site;
    *slot = b->hosts.n;
    s->out.nhosts++;
    return SENDA_OK;
}

void
rules_build_page(rules_build_t *b, uint32_t site, senda_key_t page, senda_str_t name,
    senda_key_t event)
{
    build_page_t *p = add(b, &b->pages, sizeof(*p), SENDA_PAGES_MAX,
        "too many pages (at most 200000), from", name);

    if (p != NULL && find_site(b, site) != NULL) {
        p->seen = b->pages.n - 1;
        p->site = site;
        p->out.key = page;
        p->out.event = event;
        add_name(b, name, &p->out.name);
    }
}

void
rules_build_input(rules_build_t *b, senda_key_t page, senda_str_t input)
{
    build_input_t *in = add(b, &b->inputs, sizeof(*in), SENDA_PAGES_MAX,
        "too many answers of forms, from", input);

    if (in != NULL) {
        in->seen = b->inputs.n;
        in->out.page = page;
        add_name(b, input, &in->out.name);
    }
}

void
rules_build_show(rules_build_t *b, uint32_t site, const senda_rule_show_t *show)
{
    build_show_t *s = add(b, &b->shows, sizeof(*s), SENDA_RULE_SHOWS,
        "too many blocks that are shown (at most 4096), from", show->block);

    if (s != NULL && find_site(b, site) != NULL) {
        s->seen = b->shows.n;
        s->out.site = site;
        s->out.conditional = show->conditional;
        add_name(b, show->block, &s->out.block);
        add_name(b, show->position, &s->out.position);
    }
}

void
rules_build_event(rules_build_t *b, uint32_t site, senda_key_t event, senda_str_t name)
{
    build_event_t *e = add(b, &b->events, sizeof(*e), SENDA_PAGES_MAX, "too many events, from",
        name);

    if (e != NULL && find_site(b, site) != NULL) {
        e->site = site;
        e->out.key = event;
        add_name(b, name, &e->out.name);
    }
}

/* Pages mostly come in the order in which their patterns do. */
static bool
find_page(rules_build_t *b, senda_key_t key)
{
    const build_page_t *pages = b->pages.data;

    for (uint32_t i = 0; i < b->pages.n; i++) {
        uint32_t at = (b->page + i) % b->pages.n;

        if (pages[at].out.key == key) {
            b->page = at;
            return true;
        }
    }
    return false;
}

senda_rc_t
rules_build_pattern(rules_build_t *b, senda_key_t page, unsigned methods, bool except,
    senda_str_t pattern, size_t *at, senda_err_t *err)
{
    layout_pattern_t parsed = { 0 };
    build_pattern_t *p;

    *at = 0;
    b->fault = RULES_FAULT_OTHER;
    if (!find_page(b, page)) {
        return senda_fail(err, SENDA_BAD, "a pattern of a page that was not declared");
    }
    b->fault = rules_pattern_parse(&b->parts, pattern, &parsed, at);
    if (b->fault != RULES_FAULT_NONE) {
        return senda_fail(err, SENDA_BAD, "%s", rules_fault_text(b->fault));
    }
    p = add(b, &b->patterns, sizeof(*p), LAYOUT_LAST - 1, "too many patterns", pattern);
    if (p == NULL) {
        b->fault = RULES_FAULT_OTHER;
        return senda_fail(err, SENDA_BAD, "%s", rules_fault_text(b->fault));
    }
    parsed.page = b->page;
    parsed.methods = (uint8_t)methods;
    *p = (build_pattern_t){ b->patterns.n, except, parsed };
    return SENDA_OK;
}

rules_fault_t
rules_build_fault(const rules_build_t *b)
{
    return b->fault;
}

void
rules_build_tag(rules_build_t *b, uint32_t site, uint32_t tag, senda_str_t name)
{
    layout_tag_t *t = add(b, &b->tags, sizeof(*t), SENDA_PAGES_MAX, "too many tags, from", name);

    if (t != NULL && find_site(b, site) != NULL) {
        t->id = tag;
        add_name(b, name, &t->name);
    }
}

void
rules_build_tag_rule(rules_build_t *b, const senda_tag_rule_t *rule)
{
    layout_tag_rule_t *t = add(b, &b->tag_rules, sizeof(*t), SENDA_PAGES_MAX,
        "too many lines that give tags, from", rule->name);

    if (rule->times == 0 ||
        (rule->times > SENDA_MOMENTS_MAX && !senda_span_is_zero(rule->within))) {
        fail(b, "a count within a window is at most 100", rule->name);
    }
    if (t != NULL) {
        *t = (layout_tag_rule_t){ rule->tag, rule->site, rule->key, rule->times,
            rule->within.months, rule->within.days, rule->within.secs };
    }
}
