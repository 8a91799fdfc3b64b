/*
 * Flows that start each other without end: by `enter`, or by the message that
 * one sends and another starts with. Only flows that begin again always, and
 * for anybody, can go round for good. A walk without recursion over flows and
 * the messages between them: a file may have a ring of any length.
 */

#include "check.h"

#define LISTED 8 /* flows of a ring that are named */

/* A step of one flow that starts another, or the message in between. */
typedef struct {
    unsigned from, to;
    lex_span_t at; /* of the step; of a message to a flow: of its start */
} edge_t;

typedef struct {
    check_t *c;
    GHashTable *flows;    /* ast_flow_t → its node + 1 */
    GHashTable *messages; /* "channel\ntemplate" → its node + 1 */
    GPtrArray *nodes;     /* of ast_flow_t; NULL: a message */
    GArray *edges;        /* of edge_t, by from */
    unsigned self;        /* the flow that is looked at */
} again_t;

static bool
goes_round(const ast_flow_t *flow)
{
    return flow->name.text != NULL && !flow->doubtful && flow->only == NULL &&
        flow->again != NULL && !flow->again->head.broken && flow->again->how == AGAIN_ALWAYS;
}

/* W_NONE: of any channel; NULL: of any template. */
static unsigned
message(again_t *a, word_t channel, const char *template)
{
    char *key = arena_printf(a->c->arena, "%d\n%s", (int)channel, template != NULL ? template : "");
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(a->messages, key));

    if (n == 0) {
        g_ptr_array_add(a->nodes, NULL);
        n = a->nodes->len;
        g_hash_table_insert(a->messages, key, GUINT_TO_POINTER(n));
    }
    return n - 1;
}

static void
edge(again_t *a, unsigned from, unsigned to, lex_span_t at)
{
    edge_t e = { from, to, at };

    g_array_append_val(a->edges, e);
}

static void
add_send(again_t *a, const ast_send_t *send)
{
    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        const char *template = ch->template.text;

        if (template == NULL) {
            continue;
        }
        edge(a, a->self, message(a, ch->channel, template), ch->template.span);
        edge(a, a->self, message(a, W_NONE, template), ch->template.span);
        edge(a, a->self, message(a, ch->channel, NULL), ch->template.span);
        edge(a, a->self, message(a, W_NONE, NULL), ch->template.span);
    }
}

/* Starts that a message alone is enough for. */
static void
add_start(again_t *a, const ast_start_t *start)
{
    for (const ast_trigger_t *w = start->whens; w != NULL; w = w->next) {
        const ast_verb_t *v = w->kind == TRIGGER_VERB && w->absent == NULL ? w->verb : NULL;

        if (v != NULL && v->kind == VERB_MESSAGE && v->event == SENDA_EV_MESSAGE_GET &&
            !v->has_count && v->before == NULL && v->by == BY_NONE) {
            edge(a, message(a, v->channel, v->name.text), a->self, w->span);
        }
    }
}

static void
add_line(const ast_head_t *h, void *ctx)
{
    const ast_step_t *s = (const ast_step_t *)h;
    again_t *a = ctx;
    const known_t *k;
    unsigned to;

    if (h->kind == AST_SEND) {
        add_send(a, (const ast_send_t *)h);
    } else if (h->kind == AST_START) {
        add_start(a, (const ast_start_t *)h);
    } else if (h->kind == AST_STEP && s->step == STEP_ENTER) {
        k = check_find(a->c, NAMES_FLOW, &s->name);
        to = k != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(a->flows, k->node)) : 0;
        if (to > 0 && to - 1 != a->self) {
            edge(a, a->self, to - 1, s->name.span);
        }
    }
}

/* A step of the walk: a node, and the edge by which it was come to. */
typedef struct {
    unsigned node;
    const edge_t *by;
} place_t;

/* The ring that the last edge closes: path[0 … n - 1], and back to path[0]. */
static void
say_ring(again_t *a, const place_t *path, unsigned n, const edge_t *last)
{
    const ast_flow_t *first = NULL, *second = NULL;
    const edge_t *out = last, *closing = last;
    GString *ring = g_string_new("\x01");
    unsigned flows = 0;
    char *line;

    for (unsigned i = 0; i < n; i++) {
        const ast_flow_t *flow = a->nodes->pdata[path[i].node];

        if (flow == NULL) {
            continue;
        }
        closing = i + 1 < n ? path[i + 1].by : last;
        out = flows == 0 ? closing : out;
        second = flows == 1 ? flow : second;
        first = flows == 0 ? flow : first;
        if (flows++ < LISTED) {
            g_string_append_printf(ring, "%.64s → ", flow->name.text);
        }
    }
    if (first == NULL) {
        g_string_free(ring, TRUE);
        return;
    }
    g_string_append_printf(ring, "%s%.64s", flows > LISTED ? "… → " : "", first->name.text);
    if (second != NULL) {
        line = arena_printf(a->c->arena, "%u", out->at.line);
        diag_other(DIAG(a->c->ds, closing->at, MSG_FLOW_RING, first->name.text,
                       arena_text(a->c->arena, ring->str, ring->len), line, second->name.text),
            out->at.line);
    } else {
        line = arena_printf(a->c->arena, "%u", first->start->head.span.line);
        diag_other(DIAG(a->c->ds, closing->at, MSG_FLOW_RING_SELF, first->name.text, line),
            first->start->head.span.line);
    }
    g_string_free(ring, TRUE);
}

/* From a node as deep as it goes; at[n]: its place in the path + 1, UINT_MAX: it is done. */
static void
walk(again_t *a, unsigned start, const unsigned *first, unsigned *next, unsigned *at)
{
    GArray *path = g_array_new(FALSE, FALSE, sizeof(place_t));
    place_t place = { start, NULL };

    g_array_append_val(path, place);
    at[start] = 1;
    while (path->len > 0) {
        unsigned n = g_array_index(path, place_t, path->len - 1).node;

        if (first[n] + next[n] == first[n + 1]) {
            at[n] = UINT_MAX;
            g_array_set_size(path, path->len - 1);
            continue;
        }
        place.by = &g_array_index(a->edges, edge_t, first[n] + next[n]);
        place.node = place.by->to;
        next[n]++;
        if (at[place.node] == 0) {
            g_array_append_val(path, place);
            at[place.node] = path->len;
        } else if (at[place.node] != UINT_MAX) {
            unsigned from = at[place.node] - 1;

            say_ring(a, &g_array_index(path, place_t, from), path->len - from, place.by);
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
    return x->at.at < y->at.at ? -1 : x->at.at > y->at.at;
}

static void
walk_all(again_t *a)
{
    unsigned n = a->nodes->len;
    unsigned *first = g_new0(unsigned, n + 1), *next = g_new0(unsigned, n);
    unsigned *at = g_new0(unsigned, n);

    if (a->edges->len > 0) {
        qsort(a->edges->data, a->edges->len, sizeof(edge_t), by_from);
    }
    for (guint i = 0; i < a->edges->len; i++) {
        first[g_array_index(a->edges, edge_t, i).from + 1]++;
    }
    for (unsigned i = 0; i < n; i++) {
        first[i + 1] += first[i];
    }
    for (unsigned i = 0; i < n; i++) {
        if (at[i] == 0 && a->nodes->pdata[i] != NULL) {
            walk(a, i, first, next, at);
        }
    }
    g_free(at);
    g_free(next);
    g_free(first);
}

void
check_again_rings(check_t *c)
{
    again_t a = { .c = c,
        .flows = g_hash_table_new(NULL, NULL),
        .messages = g_hash_table_new(g_str_hash, g_str_equal),
        .nodes = g_ptr_array_new(),
        .edges = g_array_new(FALSE, FALSE, sizeof(edge_t)) };

    for (const ast_head_t *h = c->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_FLOW && goes_round((const ast_flow_t *)h)) {
            g_ptr_array_add(a.nodes, (gpointer)h);
            g_hash_table_insert(a.flows, (gpointer)h, GUINT_TO_POINTER(a.nodes->len));
        }
    }
    for (unsigned i = 0, n = a.nodes->len; i < n; i++) {
        a.self = i;
        ast_each_line(&((const ast_flow_t *)a.nodes->pdata[i])->lines, add_line, &a);
    }
    walk_all(&a);
    g_array_unref(a.edges);
    g_ptr_array_unref(a.nodes);
    g_hash_table_unref(a.messages);
    g_hash_table_unref(a.flows);
}
