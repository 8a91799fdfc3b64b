/*
 * Makes a site's trie from its patterns: sorted by their literal beginning,
 * each run of equal first bytes becomes a child whose label is what the run
 * has in common; so every node is written once, behind its parent. Patterns
 * that go on behind a wildcard hang, by their literal ending read backwards,
 * in a second trie under the node where their beginning ends. Fails only
 * without memory.
 */

#include "rules_parts.h"

#include <stdlib.h>

typedef enum { EXACT, OPEN, OTHER } how_t;

typedef struct {
    how_t how;
    layout_text_t prefix, suffix; /* suffix is backwards */
    uint32_t pattern;
} item_t;

/* A node whose list and children are still to be written, from items [lo, hi). */
typedef struct {
    uint32_t node, lo, hi, depth;
    bool back;
} job_t;

typedef struct {
    rules_trie_t *t;
    rules_parts_t *parts;
    item_t *items;
    rules_vec_t jobs;
} maker_t;

static bool
add_backwards(rules_parts_t *parts, layout_text_t from, layout_text_t *out)
{
    char buf[SENDA_PATH_MAX];
    const char *s = rules_text(parts, from);

    for (uint32_t i = 0; i < from.n; i++) {
        buf[i] = s[from.n - 1 - i];
    }
    return rules_text_add(parts, (senda_str_t){ buf, from.n }, out);
}

static bool
make_item(rules_parts_t *parts, const layout_pattern_t *p, uint32_t number, item_t *out)
{
    const layout_token_t *t = (const layout_token_t *)parts->tokens.data + p->token;
    bool literal = t[0].kind == LAYOUT_LITERAL;
    const layout_token_t *last = t + p->ntokens - 1;

    *out = (item_t){ .how = OTHER, .pattern = number };
    if (literal) {
        out->prefix = t[0].text;
    }
    if (literal && p->ntokens == 1) {
        out->how = EXACT;
    } else if (last->kind == LAYOUT_ANY && p->ntokens == (literal ? 2 : 1)) {
        out->how = OPEN;
    } else if (last->kind == LAYOUT_LITERAL) {
        return add_backwards(parts, last->text, &out->suffix);
    }
    return true;
}

static int
compare_prefix(const void *a, const void *b, void *parts)
{
    const item_t *x = a, *y = b;
    int c = rules_text_compare(parts, x->prefix, y->prefix);

    if (c == 0) {
        c = (x->how > y->how) - (x->how < y->how);
    }
    return c != 0 ? c : (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

static int
compare_suffix(const void *a, const void *b, void *parts)
{
    const item_t *x = a, *y = b;
    int c = rules_text_compare(parts, x->suffix, y->suffix);

    return c != 0 ? c : (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

static layout_text_t
text_of(const maker_t *m, const job_t *j, uint32_t i)
{
    return j->back ? m->items[i].suffix : m->items[i].prefix;
}

static layout_node_t *
node_at(const maker_t *m, uint32_t i)
{
    return (layout_node_t *)m->t->nodes.data + i;
}

/* Items [lo, hi) as a list, or the only one by itself. */
static bool
add_list(maker_t *m, uint32_t lo, uint32_t hi, uint32_t *out)
{
    uint32_t *list;

    *out = 0;
    if (lo == hi) {
        return true;
    }
    if (hi - lo == 1) {
        *out = LAYOUT_LAST | m->items[lo].pattern;
        return true;
    }
    *out = m->t->lists.n + 1;
    list = rules_vec_add(&m->t->lists, sizeof(*list), hi - lo);
    if (list == NULL) {
        return false;
    }
    for (uint32_t i = lo; i < hi; i++) {
        list[i - lo] = m->items[i].pattern;
    }
    list[hi - lo - 1] |= LAYOUT_LAST;
    return true;
}

static bool
add_job(maker_t *m, uint32_t node, uint32_t lo, uint32_t hi, uint32_t depth, bool back)
{
    job_t *j = rules_vec_add(&m->jobs, sizeof(*j), 1);

    if (j != NULL) {
        *j = (job_t){ node, lo, hi, depth, back };
    }
    return j != NULL;
}

/* n nodes; the position of the first. */
static bool
add_nodes(maker_t *m, uint32_t n, uint32_t *out)
{
    *out = m->t->nodes.n;
    return rules_vec_add(&m->t->nodes, sizeof(layout_node_t), n) != NULL &&
        rules_vec_add(&m->t->first, 1, n) != NULL;
}

/* The items that end here, [lo, end), into the node's lists. */
static bool
write_lists(maker_t *m, const job_t *j, uint32_t end)
{
    uint32_t open = j->lo, other, exact_list, open_list, suffix;

    if (j->back) {
        if (!add_list(m, j->lo, end, &exact_list)) {
            return false;
        }
        node_at(m, j->node)->exact = exact_list;
        return true;
    }
    while (open < end && m->items[open].how == EXACT) {
        open++;
    }
    for (other = open; other < end && m->items[other].how == OPEN;) {
        other++;
    }
    if (!add_list(m, j->lo, open, &exact_list) || !add_list(m, open, other, &open_list)) {
        return false;
    }
    node_at(m, j->node)->exact = exact_list;
    node_at(m, j->node)->open = open_list;
    if (other == end) {
        return true;
    }
    qsort_r(m->items + other, end - other, sizeof(*m->items), compare_suffix, m->parts);
    if (!add_nodes(m, 1, &suffix)) {
        return false;
    }
    node_at(m, j->node)->suffix = suffix;
    return add_job(m, suffix, other, end, 0, true);
}

static char
byte_at(const maker_t *m, layout_text_t t, uint32_t depth)
{
    return rules_text(m->parts, t)[depth];
}

/* Where the items that share the byte at depth with item lo end. */
static uint32_t
run_end(const maker_t *m, const job_t *j, uint32_t lo)
{
    char c = byte_at(m, text_of(m, j, lo), j->depth);
    uint32_t i = lo + 1;

    while (i < j->hi && byte_at(m, text_of(m, j, i), j->depth) == c) {
        i++;
    }
    return i;
}

/* The run [lo, hi) as the child at position node. */
static bool
write_child(maker_t *m, const job_t *j, uint32_t node, uint32_t lo, uint32_t hi)
{
    layout_text_t a = text_of(m, j, lo), b = text_of(m, j, hi - 1);
    uint32_t most = a.n < b.n ? a.n : b.n, depth = j->depth + 1;
    layout_node_t *n = node_at(m, node);
    const char *label = rules_text(m->parts, a) + j->depth;

    while (depth < most && byte_at(m, a, depth) == byte_at(m, b, depth)) {
        depth++;
    }
    n->label_len = (uint16_t)(depth - j->depth);
    if (n->label_len <= LAYOUT_LABEL_MAX) {
        memcpy(n->label, label, n->label_len);
    } else {
        n->label_at = a.at + j->depth;
    }
    ((uint8_t *)m->t->first.data)[node] = (uint8_t)label[0];
    return add_job(m, node, lo, hi, depth, j->back);
}

static bool
write_node(maker_t *m, job_t j)
{
    uint32_t lo = j.lo, children = 0, child;

    while (lo < j.hi && text_of(m, &j, lo).n == j.depth) {
        lo++;
    }
    if (!write_lists(m, &j, lo)) {
        return false;
    }
    for (uint32_t i = lo; i < j.hi; i = run_end(m, &j, i)) {
        children++;
    }
    if (children == 0) {
        return true;
    }
    if (!add_nodes(m, children, &child)) {
        return false;
    }
    node_at(m, j.node)->child = child;
    node_at(m, j.node)->nchildren = (uint16_t)children;
    for (uint32_t k = 0, end; lo < j.hi; lo = end, k++) {
        end = run_end(m, &j, lo);
        if (k < LAYOUT_FIRST_MAX) {
            node_at(m, j.node)->first[k] = (uint8_t)byte_at(m, text_of(m, &j, lo), j.depth);
        }
        if (!write_child(m, &j, child++, lo, end)) {
            return false;
        }
    }
    return true;
}

bool
rules_trie_add(rules_trie_t *t, rules_parts_t *parts, const layout_pattern_t *patterns,
    const uint32_t *which, uint32_t n, uint32_t *root)
{
    maker_t m = { .t = t, .parts = parts, .items = calloc((size_t)n + 1, sizeof(item_t)) };
    bool ok = m.items != NULL;

    for (uint32_t i = 0; ok && i < n; i++) {
        ok = make_item(parts, &patterns[which[i]], which[i], &m.items[i]);
    }
    if (ok) {
        qsort_r(m.items, n, sizeof(*m.items), compare_prefix, parts);
        ok = add_nodes(&m, 1, root) && add_job(&m, *root, 0, n, 0, false);
    }
    for (uint32_t i = 0; ok && i < m.jobs.n; i++) {
        ok = write_node(&m, ((job_t *)m.jobs.data)[i]);
    }
    rules_vec_free(&m.jobs);
    free(m.items);
    return ok;
}
