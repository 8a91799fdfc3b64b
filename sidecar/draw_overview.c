/*
 * The whole file: which pages and events set off which flows, tags and points.
 * Three columns: pages; events, the calendar, and the tags and segments that
 * set something off; flows and the other tags. What did not happen, the
 * calendar, and one thing after another are boxes of their own. Conditions are
 * not drawn, but for whom a calendar start is.
 */

#include "draw_parts.h"

#define FONT 13.0
#define TEXT 88.0 /* widest line of a label */

enum { PAGES, BETWEEN, FLOWS };

/* What stands in the overview: names to nodes. */
typedef struct {
    pen_t *pen;
    const ast_file_t *file;
    GHashTable *nodes; /* "page NAME", "flow NAME", … → 1 + node */
    GHashTable *drawn; /* "from to" */
} overview_t;

static unsigned
column_of(const overview_t *o, unsigned n)
{
    return g_array_index(o->pen->nodes, draw_node_t, n).column;
}

static void
arrow(overview_t *o, unsigned from, unsigned to, bool dashed)
{
    if (from != to && g_hash_table_add(o->drawn, g_strdup_printf("%u %u", from, to))) {
        draw_edge_t *e = pen_edge(o->pen, from, to, NULL);

        e->dashed = dashed;
        e->beside = column_of(o, from) == column_of(o, to);
        e->back = column_of(o, from) > column_of(o, to);
    }
}

static unsigned
node_of(overview_t *o, const char *kind, const char *name, draw_shape_t shape, unsigned column,
    const char *label, bool *fresh)
{
    char *key = g_strdup_printf("%s %s", kind, name);
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(o->nodes, key));

    *fresh = n == 0;
    if (n != 0) {
        g_free(key);
        return n - 1;
    }
    n = pen_node(o->pen, shape, label);
    g_array_index(o->pen->nodes, draw_node_t, n).column = column;
    g_hash_table_insert(o->nodes, key, GUINT_TO_POINTER(n + 1));
    return n;
}

static unsigned
between(overview_t *o, const char *kind, const char *name, draw_shape_t shape, const char *label)
{
    bool fresh;

    return node_of(o, kind, name, shape, BETWEEN, label, &fresh);
}

static unsigned
page_node(overview_t *o, const char *key, const char *label)
{
    bool fresh;

    return node_of(o, "page", key, DRAW_PAGE, PAGES, label, &fresh);
}

/* ---- what happens ---- */

static const char *
event_key(const ast_verb_t *v)
{
    return v->kind == VERB_STANDARD ? senda_event_name(v->event) : v->name.key;
}

/* An arrow from each page that is one of the event. */
static void
pages_of(overview_t *o, const char *event, unsigned to)
{
    for (const ast_head_t *h = o->file->items.first; h != NULL; h = h->next) {
        const ast_page_t *p = (const ast_page_t *)h;

        if (h->kind == AST_PAGE && p->has_event && strcmp(p->event.key, event) == 0) {
            arrow(o, page_node(o, p->name.key, p->name.text), to, false);
        }
    }
}

static unsigned
event_node(overview_t *o, const ast_verb_t *v)
{
    ast_verb_t bare = { .kind = v->kind, .event = v->event, .name = v->name };
    bool fresh;
    unsigned n = node_of(o, "event", event_key(v), DRAW_EVENT, BETWEEN,
        say_label(&o->pen->say, &bare), &fresh);

    if (fresh) {
        pages_of(o, event_key(v), n);
    }
    return n;
}

/* What a page or an event adds to a box in the middle. */
static void
lead_to(overview_t *o, const ast_verb_t *v, unsigned to)
{
    switch (v->kind) {
    case VERB_PAGE:
        arrow(o, page_node(o, v->name.key, v->name.text), to, false);
        break;
    case VERB_PATTERN:
        arrow(o, page_node(o, v->pattern->text.p, v->pattern->text.p), to, false);
        break;
    case VERB_STANDARD:
    case VERB_CUSTOM:
        pages_of(o, event_key(v), to);
        break;
    case VERB_SPENDS:
        if (v->pattern == NULL) {
            arrow(o, page_node(o, v->name.key, v->name.text), to, false);
        }
        break;
    default:
        break;
    }
}

/* "cart and then checkout" */
static const char *
then_label(const say_t *s, const ast_verb_t *v)
{
    ast_verb_t bare = *v;
    const char *own;

    bare.before = NULL;
    own = v->kind == VERB_PAGE ? v->name.text : say_label(s, &bare);
    return v->before == NULL ? own : SAY(s, PH_DRAW_THEN, then_label(s, v->before), own);
}

static unsigned
cause_node(overview_t *o, const ast_verb_t *v)
{
    const say_t *s = &o->pen->say;
    const char *label;
    unsigned n;

    if (v->before != NULL) {
        label = then_label(s, v);
        n = between(o, "then", label, DRAW_EVENT, label);
        for (; v != NULL; v = v->before) {
            lead_to(o, v, n);
        }
        return n;
    }
    switch (v->kind) {
    case VERB_PAGE:
        return page_node(o, v->name.key, v->name.text);
    case VERB_PATTERN:
        return page_node(o, v->pattern->text.p, v->pattern->text.p);
    case VERB_STANDARD:
        if (v->top > 0) {
            break;
        }
        return event_node(o, v);
    case VERB_CUSTOM:
        return event_node(o, v);
    case VERB_ANY:
        return between(o, "any", "", DRAW_EVENT, explain_verb(0, s->lang)->label);
    default:
        break;
    }
    label = say_label(s, v);
    n = between(o, "verb", label, DRAW_EVENT, label);
    lead_to(o, v, n);
    return n;
}

/* ---- what becomes true ---- */

/* A tag stands in the middle if it sets something off. */
static unsigned
tag_node(overview_t *o, const ast_name_t *name, unsigned column)
{
    bool fresh;

    return node_of(o, "tag", name->key, DRAW_TAG, column, name->text, &fresh);
}

static unsigned
segment_node(overview_t *o, const ast_name_t *name)
{
    return between(o, "segment", name->key, DRAW_EVENT, SAY(&o->pen->say, PH_DRAW_IN, name->text));
}

/* For whom a calendar start is, dashed; what must not have happened leads nowhere. */
static void
asks(overview_t *o, const ast_cond_t *c, unsigned to)
{
    if (c == NULL || c->kind == COND_NOT) {
        return;
    }
    if (c->verb != NULL) {
        arrow(o, cause_node(o, c->verb), to, true);
    } else if (c->kind == COND_TAG) {
        arrow(o, tag_node(o, &c->name, BETWEEN), to, true);
    } else if (c->kind == COND_SEGMENT) {
        arrow(o, segment_node(o, &c->name), to, true);
    }
    asks(o, c->left, to);
    asks(o, c->right, to);
}

static void
cause(overview_t *o, const ast_trigger_t *w, unsigned to)
{
    const say_t *s = &o->pen->say;
    const char *label = say_clock(s, w);
    unsigned n;

    if (label != NULL) {
        arrow(o, between(o, "clock", label, DRAW_WAIT, label), to, false);
        asks(o, w->cond, to);
    } else if (w->kind == TRIGGER_TAG) {
        arrow(o, tag_node(o, &w->name, BETWEEN), to, false);
    } else if (w->kind == TRIGGER_SEGMENT) {
        arrow(o, segment_node(o, &w->name), to, false);
    } else if (w->kind == TRIGGER_VERB && w->verb != NULL) {
        arrow(o, cause_node(o, w->verb), to, false);
    } else {
        label = say_trigger_label(s, w);
        n = between(o, "true", label, DRAW_EVENT, label);
        if (w->kind == TRIGGER_TOTAL) {
            lead_to(o, w->verb, n);
        }
        arrow(o, n, to, false);
    }
}

static void
causes(overview_t *o, const ast_trigger_t *w, unsigned to)
{
    for (; w != NULL; w = w->next) {
        cause(o, w, to);
    }
}

/* ---- the file ---- */

typedef struct {
    overview_t *o;
    unsigned flow;
} steps_t;

static unsigned
flow_node(overview_t *o, const ast_name_t *name)
{
    bool fresh;

    return node_of(o, "flow", name->key, DRAW_FLOW, FLOWS, name->text, &fresh);
}

/* What a flow sets off: the flow it enters; the tag it gives, where that is drawn. */
static void
each_step(const ast_head_t *line, void *ctx)
{
    const steps_t *at = ctx;
    const ast_step_t *step = (const ast_step_t *)line;
    char *key;
    unsigned tag;

    if (line->kind != AST_STEP) {
        return;
    }
    if (step->step == STEP_ENTER) {
        arrow(at->o, at->flow, flow_node(at->o, &step->name), false);
    } else if (step->step == STEP_TAG) {
        key = g_strdup_printf("tag %s", step->name.key);
        tag = GPOINTER_TO_UINT(g_hash_table_lookup(at->o->nodes, key));
        g_free(key);
        if (tag != 0) {
            arrow(at->o, at->flow, tag - 1, false);
        }
    }
}

/* The tags that set something off come first: they stand in the middle. */
static void
find_asked(overview_t *o, const ast_cond_t *c)
{
    if (c != NULL && c->kind != COND_NOT) {
        if (c->kind == COND_TAG) {
            tag_node(o, &c->name, BETWEEN);
        }
        find_asked(o, c->left);
        find_asked(o, c->right);
    }
}

static void
find_tags(overview_t *o, const ast_trigger_t *w, unsigned unused)
{
    (void)unused;
    for (; w != NULL; w = w->next) {
        if (w->kind == TRIGGER_TAG) {
            tag_node(o, &w->name, BETWEEN);
        }
        find_asked(o, w->cond);
    }
}

/* What sets the item off, one `when` or `start` after another. */
static void
each_when(overview_t *o, const ast_head_t *h, unsigned to,
    void (*each)(overview_t *o, const ast_trigger_t *w, unsigned to))
{
    if (h->kind == AST_TAG) {
        each(o, ((const ast_tag_t *)h)->whens, to);
    } else if (h->kind == AST_FLOW) {
        const ast_flow_t *f = (const ast_flow_t *)h;

        for (const ast_head_t *l = f->lines.first; l != NULL; l = l->next) {
            each(o, l->kind == AST_START ? ((const ast_start_t *)l)->whens : NULL, to);
        }
    }
}

static void
draw_items(overview_t *o)
{
    for (const ast_head_t *h = o->file->items.first; h != NULL; h = h->next) {
        each_when(o, h, 0, find_tags);
    }
    for (const ast_head_t *h = o->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_TAG) {
            each_when(o, h, tag_node(o, &((const ast_tag_t *)h)->name, FLOWS), causes);
        } else if (h->kind == AST_FLOW) {
            each_when(o, h, flow_node(o, &((const ast_flow_t *)h)->name), causes);
        }
    }
    for (const ast_head_t *h = o->file->items.first; h != NULL; h = h->next) {
        const ast_flow_t *f = (const ast_flow_t *)h;

        if (h->kind == AST_FLOW) {
            steps_t at = { o, flow_node(o, &f->name) };

            ast_each_line(&f->lines, each_step, &at);
        }
    }
    for (const ast_head_t *h = o->file->items.first; h != NULL; h = h->next) {
        const ast_page_t *p = (const ast_page_t *)h;

        if (h->kind == AST_PAGE) {
            page_node(o, p->name.key, p->name.text);
        }
    }
}

draw_t *
draw_overview(arena_t *arena, const ast_file_t *file, const char *title, lang_id_t lang)
{
    pen_t pen = pen_new(arena, lang, FONT, TEXT);
    const say_t *s = &pen.say;
    overview_t o = { &pen, file, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };

    pen.d->title = title;
    pen.d->subtitle = SAY(s, PH_DRAW_NOTE);
    pen.d->columns[PAGES] = SAY(s, PH_DRAW_PAGES);
    pen.d->columns[BETWEEN] = SAY(s, PH_DRAW_EVENTS);
    pen.d->columns[FLOWS] = SAY(s, PH_DRAW_FOLLOWS);
    draw_items(&o);
    g_hash_table_unref(o.nodes);
    g_hash_table_unref(o.drawn);
    return pen_done(&pen);
}
