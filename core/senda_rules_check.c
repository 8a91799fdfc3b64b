/*
 * Checks a blob of rules once, so that matching can follow every position in
 * it blindly: all ranges lie inside, a node's children and suffix stand behind
 * it (no cycle), lists end and share no entry. What is wrong is named; nothing
 * is mended.
 */

#include "senda_rules_layout.h"

#define OFFSET_MAX (2 * 86400)
#define STEP_MAX   60000000000000LL

static bool
fits(uint32_t at, uint32_t n, uint32_t total)
{
    return at <= total && n <= total - at;
}

static bool
text_ok(const senda_rules_t *r, layout_text_t t, uint32_t max)
{
    return t.n <= max && fits(t.at, t.n, r->n[LAYOUT_TEXT]);
}

static bool
offset_ok(int32_t offset)
{
    return offset > -OFFSET_MAX && offset < OFFSET_MAX;
}

static bool
zone_ok(const senda_rules_t *r, const layout_site_t *s)
{
    const senda_zone_step_t *step = r->steps + s->step;

    if (!offset_ok(s->first_offset) || s->nsteps > SENDA_ZONE_STEPS ||
        !fits(s->step, s->nsteps, r->n[LAYOUT_STEPS])) {
        return false;
    }
    for (uint32_t i = 0; i < s->nsteps; i++) {
        if (!offset_ok(step[i].offset) || step[i].at < -STEP_MAX || step[i].at > STEP_MAX ||
            (i > 0 && step[i].at <= step[i - 1].at)) {
            return false;
        }
    }
    return true;
}

/* Sites: in order of id, their pages and events one behind the other without a gap. */
static bool
sites_ok(const senda_rules_t *r)
{
    uint32_t pages = 0, events = 0;

    for (uint32_t i = 0; i < r->n[LAYOUT_SITES]; i++) {
        const layout_site_t *s = &r->sites[i];

        if (s->id == 0 || (i > 0 && s->id <= r->sites[i - 1].id) || !zone_ok(r, s) ||
            s->page != pages || !fits(pages, s->npages, r->n[LAYOUT_PAGES]) || s->event != events ||
            !fits(events, s->nevents, r->n[LAYOUT_EVENTS]) || s->root >= r->n[LAYOUT_NODES] ||
            r->nodes[s->root].label_len != 0) {
            return false;
        }
        for (uint32_t k = 0; k < s->npages; k++) {
            if (r->by_name[pages + k] - pages >= s->npages) {
                return false;
            }
        }
        pages += s->npages;
        events += s->nevents;
    }
    return r->n[LAYOUT_SITES] <= SENDA_SITES_MAX && pages == r->n[LAYOUT_PAGES] &&
        events == r->n[LAYOUT_EVENTS];
}

static bool
pages_ok(const senda_rules_t *r)
{
    uint32_t patterns = 0, total = r->n[LAYOUT_PATTERNS];

    for (uint32_t i = 0; i < r->n[LAYOUT_PAGES]; i++) {
        const layout_page_t *p = &r->pages[i];

        if (p->key == SENDA_KEY_ANY || senda_key_is_event(p->key) ||
            (p->event != 0 && !senda_key_is_event(p->event)) ||
            !text_ok(r, p->name, SENDA_NAME_MAX) || p->pattern != patterns ||
            !fits(patterns, p->nmatch, total) || !fits(patterns + p->nmatch, p->nexcept, total)) {
            return false;
        }
        for (uint32_t k = 0; k < p->nmatch + p->nexcept; k++) {
            const layout_pattern_t *t = &r->patterns[patterns + k];

            if (t->page != i || t->key != p->key || t->event != p->event) {
                return false;
            }
        }
        patterns += p->nmatch + p->nexcept;
    }
    return r->n[LAYOUT_PAGES] <= SENDA_PAGES_MAX && patterns == total;
}

static bool
names_ok(const senda_rules_t *r)
{
    for (uint32_t i = 0; i < r->n[LAYOUT_HOSTS]; i++) {
        if (!text_ok(r, r->hosts[i].name, 255) || r->hosts[i].site >= r->n[LAYOUT_SITES]) {
            return false;
        }
    }
    for (uint32_t i = 0; i < r->n[LAYOUT_EVENTS]; i++) {
        if (!text_ok(r, r->events[i].name, SENDA_NAME_MAX) ||
            !senda_key_is_event(r->events[i].key)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < r->n[LAYOUT_TAGS]; i++) {
        if (!text_ok(r, r->tags[i].name, SENDA_NAME_MAX) ||
            (i > 0 && r->tags[i].id <= r->tags[i - 1].id)) {
            return false;
        }
    }
    return true;
}

static bool
tag_rules_ok(const senda_rules_t *r)
{
    for (uint32_t i = 0; i < r->n[LAYOUT_TAG_RULES]; i++) {
        const layout_tag_rule_t *t = &r->tag_rules[i];
        bool window = t->months != 0 || t->days != 0 || t->secs != 0;

        if ((i > 0 && t->key < r->tag_rules[i - 1].key) || t->times == 0 || t->months < 0 ||
            t->days < 0 || t->secs < 0 || (window && t->times > SENDA_MOMENTS_MAX)) {
            return false;
        }
    }
    return true;
}

static bool
inputs_ok(const senda_rules_t *r)
{
    for (uint32_t i = 0; i < r->n[LAYOUT_INPUTS]; i++) {
        if (!text_ok(r, r->inputs[i].name, SENDA_NAME_MAX) ||
            (i > 0 && r->inputs[i].page < r->inputs[i - 1].page)) {
            return false;
        }
    }
    return true;
}

static bool
shows_ok(const senda_rules_t *r)
{
    for (uint32_t i = 0; i < r->n[LAYOUT_SHOWS]; i++) {
        if (!text_ok(r, r->shows[i].block, SENDA_NAME_MAX) ||
            !text_ok(r, r->shows[i].position, SENDA_NAME_MAX) ||
            (i > 0 && r->shows[i].site < r->shows[i - 1].site)) {
            return false;
        }
    }
    return r->n[LAYOUT_SHOWS] <= SENDA_RULE_SHOWS;
}

static bool
patterns_ok(const senda_rules_t *r)
{
    for (uint32_t i = 0; i < r->n[LAYOUT_PATTERNS]; i++) {
        const layout_pattern_t *p = &r->patterns[i];

        if (p->ntokens == 0 || p->ntokens > LAYOUT_TOKENS_MAX ||
            !fits(p->token, p->ntokens, r->n[LAYOUT_TOKENS]) || p->nargs > LAYOUT_ARGS_MAX ||
            !fits(p->arg, p->nargs, r->n[LAYOUT_ARGS]) ||
            (p->host.at != LAYOUT_NO_HOST && !text_ok(r, p->host, 255))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < r->n[LAYOUT_ARGS]; i++) {
        const layout_arg_t *a = &r->args[i];

        if (!text_ok(r, a->name, SENDA_PATH_MAX) || a->ntokens > LAYOUT_TOKENS_MAX ||
            !fits(a->token, a->ntokens, r->n[LAYOUT_TOKENS])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < r->n[LAYOUT_TOKENS]; i++) {
        if (r->tokens[i].kind >= LAYOUT_KINDS || !text_ok(r, r->tokens[i].text, SENDA_PATH_MAX)) {
            return false;
        }
    }
    return true;
}

/* Walks a list to its end; false if more entries were seen than there are patterns. */
static bool
list_ok(const senda_rules_t *r, uint32_t list, uint32_t *seen)
{
    uint32_t total = r->n[LAYOUT_PATTERNS];

    if (list == 0) {
        return true;
    }
    if ((list & LAYOUT_LAST) != 0) {
        return (list & ~LAYOUT_LAST) < total && (*seen)++ < total;
    }
    for (uint32_t i = list - 1; i < r->n[LAYOUT_LISTS] && *seen < total; i++) {
        (*seen)++;
        if ((r->lists[i] & ~LAYOUT_LAST) >= r->n[LAYOUT_PATTERNS]) {
            return false;
        }
        if ((r->lists[i] & LAYOUT_LAST) != 0) {
            return true;
        }
    }
    return false;
}

static bool
label_ok(const senda_rules_t *r, uint32_t i)
{
    const layout_node_t *n = &r->nodes[i];

    if (n->label_len > LAYOUT_LABEL_MAX) {
        return n->label_len <= SENDA_PATH_MAX &&
            fits(n->label_at, n->label_len, r->n[LAYOUT_TEXT]) &&
            (uint8_t)r->text[n->label_at] == r->first[i];
    }
    return n->label_len == 0 || (uint8_t)n->label[0] == r->first[i];
}

static bool
nodes_ok(const senda_rules_t *r)
{
    uint32_t total = r->n[LAYOUT_NODES], seen = 0;

    for (uint32_t i = 0; i < total; i++) {
        const layout_node_t *n = &r->nodes[i];

        if (!label_ok(r, i) || !list_ok(r, n->exact, &seen) || !list_ok(r, n->open, &seen) ||
            (n->suffix != 0 &&
                (n->suffix <= i || n->suffix >= total || r->nodes[n->suffix].label_len != 0)) ||
            (n->nchildren != 0 && (n->child <= i || !fits(n->child, n->nchildren, total)))) {
            return false;
        }
        for (uint32_t k = 0; k < n->nchildren; k++) {
            uint32_t c = n->child + k;

            if (r->nodes[c].label_len == 0 || (k > 0 && r->first[c] <= r->first[c - 1]) ||
                (k < LAYOUT_FIRST_MAX && n->first[k] != r->first[c])) {
                return false;
            }
        }
    }
    return true;
}

senda_rc_t
senda_rules_check(const senda_rules_t *r, senda_err_t *err)
{
    const char *what = r->n[LAYOUT_FIRST] != r->n[LAYOUT_NODES] ? "nodes"
        : r->n[LAYOUT_BY_NAME] != r->n[LAYOUT_PAGES]            ? "page names"
        : !sites_ok(r)                                          ? "sites"
        : !pages_ok(r)                                          ? "pages"
        : !names_ok(r)                                          ? "names"
        : !tag_rules_ok(r)                                      ? "tags"
        : !inputs_ok(r)                                         ? "inputs"
        : !shows_ok(r)                                          ? "shows"
        : !patterns_ok(r)                                       ? "patterns"
        : !nodes_ok(r)                                          ? "nodes"
                                                                : NULL;

    if (what != NULL) {
        return senda_fail(err, SENDA_BAD, "compiled rules are damaged: %s", what);
    }
    return SENDA_OK;
}
