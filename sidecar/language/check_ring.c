/*
 * Segments that name segments, and segments that name stages: none may depend
 * on itself, or nobody could say whether it is true. The stages are one node,
 * for which of them holds depends on all. A walk without recursion: a file may
 * have a chain of any length.
 */

#include "check.h"

/* One names another: from's condition has the name of to. */
typedef struct {
    unsigned from, to;
    const ast_state_t *line; /* on which from is said */
    const ast_name_t *name;  /* as it names the other */
} edge_t;

typedef struct {
    check_t *c;
    GHashTable *numbers; /* ast_state_t of a segment → its node + 1; node 0 is the stages */
    GArray *edges;       /* of edge_t, by from */
    unsigned nodes;
    bool *scored;
} ring_t;

static void
edges_of(ring_t *r, unsigned from, const ast_state_t *line, const ast_cond_t *cond)
{
    edge_t e = { from, 0, line, NULL };
    const known_t *k;

    if (cond == NULL) {
        return;
    }
    edges_of(r, from, line, cond->left);
    edges_of(r, from, line, cond->right);
    if (cond->kind == COND_SCORE) {
        r->scored[from] = true;
    } else if (cond->kind == COND_STAGE) {
        if (from == 0) {
            DIAG(r->c->ds, cond->name.span, MSG_STAGE_OF_STAGE);
            return;
        }
        e.name = &cond->name;
        g_array_append_val(r->edges, e);
    } else if (cond->kind == COND_SEGMENT) {
        k = check_find(r->c, NAMES_SEGMENT, &cond->name);
        e.name = &cond->name;
        if (k != NULL) {
            e.to = GPOINTER_TO_UINT(g_hash_table_lookup(r->numbers, k->node));
            g_array_append_val(r->edges, e);
        }
    }
}

/* Where the name that closes the ring is itself said. */
static uint32_t
line_of(const ring_t *r, const edge_t *e)
{
    const known_t *k = check_find(r->c, e->to == 0 ? NAMES_STAGE : NAMES_SEGMENT, e->name);

    return k != NULL ? k->name->span.line : e->name->span.line;
}

static void
say_ring(ring_t *r, const edge_t *e)
{
    const ast_name_t *self = &e->line->name;
    uint32_t line = line_of(r, e);
    diag_t *d;

    if (self->text == NULL || check_excused(r->c, e->name)) {
        return;
    }
    if (e->from == e->to) {
        DIAG(r->c->ds, e->name->span, MSG_DEPENDS_SELF, self->text);
        return;
    }
    d = DIAG(r->c->ds, e->name->span, MSG_DEPENDS_RING, self->text, e->name->text,
        arena_printf(r->c->arena, "%u", line));
    diag_other(d, line);
}

enum { WHITE, GREY, BLACK };

/* From a node as deep as it goes; every edge that leads back is a ring. */
static void
walk(ring_t *r, unsigned start, const unsigned *first, unsigned *next, char *color)
{
    GArray *path = g_array_new(FALSE, FALSE, sizeof(unsigned));

    g_array_append_val(path, start);
    color[start] = GREY;
    while (path->len > 0) {
        unsigned n = g_array_index(path, unsigned, path->len - 1);
        const edge_t *e = NULL;

        if (first[n] + next[n] < first[n + 1]) {
            e = &g_array_index(r->edges, edge_t, first[n] + next[n]);
            next[n]++;
            if (color[e->to] == GREY) {
                say_ring(r, e);
            } else if (color[e->to] == WHITE) {
                color[e->to] = GREY;
                g_array_append_val(path, e->to);
            } else {
                r->scored[n] |= r->scored[e->to];
            }
            continue;
        }
        color[n] = BLACK;
        g_array_set_size(path, path->len - 1);
        if (path->len > 0) {
            r->scored[g_array_index(path, unsigned, path->len - 1)] |= r->scored[n];
        }
    }
    g_array_unref(path);
}

static int
by_from(const void *a, const void *b)
{
    const edge_t *x = a, *y = b;

    if (x->from != y->from) {
        return x->from < y->from ? -1 : 1;
    }
    return x->name->span.at < y->name->span.at ? -1 : 1;
}

static void
walk_all(ring_t *r)
{
    unsigned *first = g_new0(unsigned, r->nodes + 1), *next = g_new0(unsigned, r->nodes);
    char *color = g_new0(char, r->nodes);

    if (r->edges->len > 0) {
        qsort(r->edges->data, r->edges->len, sizeof(edge_t), by_from);
    }
    for (guint i = 0; i < r->edges->len; i++) {
        first[g_array_index(r->edges, edge_t, i).from + 1]++;
    }
    for (unsigned n = 0; n < r->nodes; n++) {
        first[n + 1] += first[n];
    }
    for (unsigned n = 0; n < r->nodes; n++) {
        if (color[n] == WHITE) {
            walk(r, n, first, next, color);
        }
    }
    g_free(color);
    g_free(next);
    g_free(first);
}

void
check_rings(check_t *c)
{
    const GPtrArray *segments = c->names[NAMES_SEGMENT].order;
    ring_t r = { .c = c,
        .numbers = g_hash_table_new(NULL, NULL),
        .edges = g_array_new(FALSE, FALSE, sizeof(edge_t)),
        .nodes = segments->len + 1,
        .scored = g_new0(bool, segments->len + 1) };

    for (guint i = 0; i < segments->len; i++) {
        const known_t *k = segments->pdata[i];

        g_hash_table_insert(r.numbers, (gpointer)k->node, GUINT_TO_POINTER(i + 1));
    }
    for (const ast_head_t *h = c->file->items.first; h != NULL; h = h->next) {
        const ast_state_t *s = (const ast_state_t *)h;
        unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(r.numbers, h));

        if (h->kind == AST_STAGE || (h->kind == AST_SEGMENT && n > 0)) {
            edges_of(&r, h->kind == AST_STAGE ? 0 : n, s, s->cond);
        }
    }
    walk_all(&r);
    for (guint i = 0; i < segments->len; i++) {
        const known_t *k = segments->pdata[i];

        if (r.scored[i + 1]) {
            g_hash_table_add(c->scored, (gpointer)k->node);
        }
    }
    g_free(r.scored);
    g_array_unref(r.edges);
    g_hash_table_unref(r.numbers);
}
