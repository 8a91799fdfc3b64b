/*
 * Boxes and arrows of a flow and of a whole file. Sizes are estimated from
 * widths of letters that hold for the plain fonts of every system; nothing
 * here knows where a box will stand.
 */

#include "draw.h"

#include <glib.h>

#define FLOW_FONT     16.0
#define FLOW_TEXT     138.0 /* widest line of a label */
#define OVERVIEW_FONT 13.0
#define OVERVIEW_TEXT 92.0
#define LEADING       1.25
#define PAD           10.0
#define ICON          26.0 /* a clock or a flag beside its text */
#define FLAP          16.0 /* of an envelope, above its text */

typedef struct {
    draw_t *d;
    say_t say;
    GArray *nodes, *edges;
    double text; /* widest line */
} pen_t;

/* ---- labels ---- */

static double
letter_width(gunichar c)
{
    if (c < 0x80 && strchr("iljI.,:;'|!()[]{} ", (int)c) != NULL) {
        return 0.32;
    }
    if (c < 0x80 && strchr("ftr-/\"?*", (int)c) != NULL) {
        return 0.42;
    }
    if (c < 0x80 && strchr("mwMW@%", (int)c) != NULL) {
        return 0.92;
    }
    return g_unichar_iswide(c) ? 1.05 : g_unichar_isupper(c) ? 0.74 : 0.58;
}

static double
text_width(const draw_t *d, const char *p, size_t n)
{
    double w = 0;

    for (const char *c = p; c < p + n; c = g_utf8_next_char(c)) {
        w += letter_width(g_utf8_get_char(c)) * d->font;
    }
    return w;
}

/* Bytes of the first piece of p that cannot be broken: a word, or up to a sign inside it. */
static size_t
piece_len(const char *p)
{
    size_t n = strcspn(p, " -_/&?");

    return n == 0 && *p != ' ' ? 1 : n + (p[n] != '\0' && p[n] != ' ');
}

/* Bytes of p that fit into max, at least one letter. */
static size_t
fitting(const draw_t *d, const char *p, size_t n, double max)
{
    size_t k = (size_t)(g_utf8_next_char(p) - p);

    while (k < n) {
        size_t next = (size_t)(g_utf8_next_char(p + k) - p);

        if (text_width(d, p, next) > max) {
            break;
        }
        k = next;
    }
    return k;
}

static void
add_line(draw_t *d, draw_node_t *n, const char *p, size_t len)
{
    while (len > 0 && p[len - 1] == ' ') {
        len--;
    }
    if (n->nlines == DRAW_LINES) {
        n->lines[DRAW_LINES - 1] = "…";
    } else if (len > 0) {
        n->lines[n->nlines++] = arena_text(d->arena, p, len);
    }
}

/* Breaks a text into lines at most max wide. */
static void
wrap(draw_t *d, draw_node_t *n, const char *text, double max)
{
    const char *line = text, *p = text;

    while (*p != '\0') {
        size_t space = strspn(p, " "), k = piece_len(p + space);

        if (p > line && text_width(d, line, (size_t)(p - line) + space + k) > max) {
            add_line(d, n, line, (size_t)(p - line));
            line = p = p + space;
            continue;
        }
        if (text_width(d, p + space, k) > max) {
            p += space;
            k = fitting(d, p, k, max);
            space = 0;
            add_line(d, n, p, k);
            line = p + k;
        }
        p += space + k;
    }
    add_line(d, n, line, (size_t)(p - line));
}

/* How much more than its text a shape needs. */
static void
size_of(const draw_t *d, draw_node_t *n)
{
    double w = 0;

    for (unsigned i = 0; i < n->nlines; i++) {
        w = MAX(w, text_width(d, n->lines[i], strlen(n->lines[i])));
    }
    n->width = w + 2 * PAD;
    n->height = n->nlines * d->font * LEADING + PAD;
    switch (n->shape) {
    case DRAW_WAIT:
    case DRAW_GOAL:
        n->width += ICON;
        n->height = MAX(n->height, ICON);
        break;
    case DRAW_MESSAGE:
        n->width = MAX(n->width, 90);
        n->height += FLAP + 2;
        break;
    case DRAW_START:
    case DRAW_ASK:
    case DRAW_STOP:
        n->width += 2 * PAD;
        n->height += PAD;
        break;
    case DRAW_END:
        n->width = n->height = 16;
        break;
    default:
        break;
    }
}

static unsigned
add_node(pen_t *pen, draw_shape_t shape, const char *text)
{
    draw_node_t n = { .shape = shape };

    wrap(pen->d, &n, text, pen->text);
    size_of(pen->d, &n);
    g_array_append_val(pen->nodes, n);
    return pen->nodes->len - 1;
}

static draw_edge_t *
add_edge(pen_t *pen, unsigned from, unsigned to, const char *label)
{
    draw_edge_t e = { .from = from, .to = to, .label = label };

    g_array_append_val(pen->edges, e);
    return &g_array_index(pen->edges, draw_edge_t, pen->edges->len - 1);
}

static pen_t
pen_new(arena_t *arena, lang_id_t lang, double font, double text)
{
    pen_t pen = { arena_get(arena, sizeof(draw_t)), { arena, lang },
        g_array_new(FALSE, FALSE, sizeof(draw_node_t)),
        g_array_new(FALSE, FALSE, sizeof(draw_edge_t)), text };

    pen.d->arena = arena;
    pen.d->font = font;
    return pen;
}

static draw_t *
pen_done(pen_t *pen)
{
    draw_t *d = pen->d;

    d->nnodes = pen->nodes->len;
    d->nodes = arena_get(d->arena, (d->nnodes + 1) * sizeof(*d->nodes));
    memcpy(d->nodes, pen->nodes->data, d->nnodes * sizeof(*d->nodes));
    d->nedges = pen->edges->len;
    d->edges = arena_get(d->arena, (d->nedges + 1) * sizeof(*d->edges));
    if (d->nedges > 0) {
        memcpy(d->edges, pen->edges->data, d->nedges * sizeof(*d->edges));
    }
    g_array_free(pen->nodes, TRUE);
    g_array_free(pen->edges, TRUE);
    return d;
}

/* ---- a flow ---- */

/* Arrow ends that wait for the next step: after a fork there are several. */
typedef struct {
    unsigned from;
    const char *label;
} loose_t;

static void
tie(pen_t *pen, GArray *loose, unsigned to)
{
    for (unsigned i = 0; i < loose->len; i++) {
        const loose_t *l = &g_array_index(loose, loose_t, i);

        add_edge(pen, l->from, to, l->label);
    }
    g_array_set_size(loose, 0);
}

static void
let(GArray *loose, unsigned from, const char *label)
{
    loose_t l = { from, label };

    g_array_append_val(loose, l);
}

static void
step(pen_t *pen, GArray *loose, draw_shape_t shape, const char *text)
{
    unsigned n = add_node(pen, shape, text);

    tie(pen, loose, n);
    let(loose, n, NULL);
}

static void draw_lines(pen_t *pen, const ast_list_t *lines, GArray *loose);

static void
fork_in_two(pen_t *pen, const ast_if_t *fork, GArray *loose)
{
    const say_t *s = &pen->say;
    GArray *no = g_array_new(FALSE, FALSE, sizeof(loose_t));
    unsigned n = add_node(pen, DRAW_ASK, SAY(s, PH_DRAW_ASK, say_cond_short(s, fork->cond, false)));

    tie(pen, loose, n);
    let(loose, n, SAY(s, PH_DRAW_YES));
    draw_lines(pen, &fork->then, loose);
    let(no, n, SAY(s, PH_DRAW_NO));
    draw_lines(pen, &fork->otherwise, no);
    g_array_append_vals(loose, no->data, no->len);
    g_array_free(no, TRUE);
}

static const char *
message_label(const say_t *s, const ast_send_t *send)
{
    const char *text = NULL;

    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        const char *one = arena_printf(s->arena, "%s %s", words_say(ch->channel, s->lang),
            ch->template.text);

        text = text == NULL ? one : SAY(s, PH_OR, text, one);
    }
    return text;
}

static void
draw_lines(pen_t *pen, const ast_list_t *lines, GArray *loose)
{
    const say_t *s = &pen->say;

    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_WAIT:
            step(pen, loose, DRAW_WAIT, say_span(s, ((const ast_wait_t *)h)->span));
            break;
        case AST_SEND:
            step(pen, loose, DRAW_MESSAGE, message_label(s, (const ast_send_t *)h));
            break;
        case AST_IF:
            fork_in_two(pen, (const ast_if_t *)h, loose);
            break;
        default:
            break;
        }
    }
}

static const char *
when_label(const say_t *s, const ast_trigger_t *w)
{
    bool feminine;
    const char *without, *span;

    if (w->absent == NULL) {
        return say_label(s, w->verb);
    }
    without = say_noun(s, w->absent, &feminine);
    span = say_span(s, w->absent->window);
    return w->verb == NULL ? SAY(s, PH_DRAW_ALONE, span, without)
                           : SAY(s, PH_DRAW_WITHOUT, say_label(s, w->verb), span, without);
}

static const char *
start_label(const say_t *s, const ast_flow_t *flow)
{
    const char *text = NULL;

    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            text = text == NULL ? when_label(s, w) : SAY(s, PH_DRAW_OR, text, when_label(s, w));
        }
    }
    return say_sentence(s, text != NULL ? text : "");
}

static const char *
again_label(const say_t *s, const ast_again_t *again)
{
    if (again == NULL || again->how == AGAIN_NEVER) {
        return SAY(s, PH_DRAW_NEVER);
    }
    return again->how == AGAIN_ALWAYS ? SAY(s, PH_DRAW_ALWAYS)
                                      : SAY(s, PH_DRAW_AFTER, say_span(s, again->after));
}

static const char *
goal_label(const say_t *s, const ast_until_t *g)
{
    const char *text = SAY(s, PH_DRAW_GOAL, say_cond_short(s, g->cond, true));

    return g->has_within
        ? arena_printf(s->arena, "%s %s", text, SAY(s, PH_WITHIN_ANY, say_span(s, g->within)))
        : text;
}

draw_t *
draw_flow(arena_t *arena, const ast_flow_t *flow, lang_id_t lang)
{
    pen_t pen = pen_new(arena, lang, FLOW_FONT, FLOW_TEXT);
    const say_t *s = &pen.say;
    GArray *loose = g_array_new(FALSE, FALSE, sizeof(loose_t));
    unsigned start = add_node(&pen, DRAW_START, start_label(s, flow)), end;

    pen.d->title = flow->name.text;
    pen.d->subtitle = again_label(s, flow->again);
    let(loose, start, NULL);
    if (flow->stop != NULL) {
        unsigned stop = add_node(&pen, DRAW_STOP,
            SAY(s, PH_DRAW_STOP, say_cond_short(s, flow->stop->cond, true)));
        draw_edge_t *e = add_edge(&pen, start, stop, NULL);

        e->beside = e->dashed = true;
    }
    draw_lines(&pen, &flow->lines, loose);
    end = add_node(&pen, DRAW_END, "");
    tie(&pen, loose, end);
    if (flow->goal != NULL) {
        unsigned goal = add_node(&pen, DRAW_GOAL, goal_label(s, flow->goal));

        add_edge(&pen, end, goal, NULL)->dashed = true;
    }
    g_array_free(loose, TRUE);
    return pen_done(&pen);
}

/* ---- the whole file ---- */

/* What stands in the overview: names to nodes. */
typedef struct {
    pen_t *pen;
    const ast_file_t *file;
    GHashTable *pages, *events; /* name or event → 1 + node */
    GHashTable *drawn;          /* from << 32 | to */
} overview_t;

static void
arrow(overview_t *o, unsigned from, unsigned to)
{
    char *key = g_strdup_printf("%u %u", from, to);

    if (g_hash_table_add(o->drawn, key)) {
        add_edge(o->pen, from, to, NULL);
    }
}

static unsigned
node_of(overview_t *o, GHashTable *names, const char *key, draw_shape_t shape, const char *label,
    bool *fresh)
{
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(names, key));

    *fresh = n == 0;
    if (n == 0) {
        n = add_node(o->pen, shape, label) + 1;
        g_hash_table_insert(names, g_strdup(key), GUINT_TO_POINTER(n));
    }
    return n - 1;
}

/* The event's node, with an arrow from each page that is one. */
static unsigned
event_node(overview_t *o, const ast_verb_t *v)
{
    const say_t *s = &o->pen->say;
    const char *key = v->kind == VERB_STANDARD ? senda_event_name(v->event) : v->name.key;
    ast_verb_t bare = { .kind = v->kind, .event = v->event, .name = v->name };
    bool fresh, known;
    unsigned n = node_of(o, o->events, key, DRAW_EVENT, say_label(s, &bare), &fresh);

    for (const ast_head_t *h = fresh ? o->file->items.first : NULL; h != NULL; h = h->next) {
        const ast_page_t *p = (const ast_page_t *)h;

        if (h->kind == AST_PAGE && p->has_event && strcmp(p->event.key, key) == 0) {
            arrow(o, node_of(o, o->pages, p->name.key, DRAW_PAGE, p->name.text, &known), n);
        }
    }
    return n;
}

static unsigned
cause_node(overview_t *o, const ast_verb_t *v)
{
    const say_t *s = &o->pen->say;
    bool fresh;

    switch (v->kind) {
    case VERB_PAGE:
        return node_of(o, o->pages, v->name.key, DRAW_PAGE, v->name.text, &fresh);
    case VERB_PATTERN:
        return node_of(o, o->pages, v->pattern->text.p, DRAW_PAGE, v->pattern->text.p, &fresh);
    case VERB_ANY:
        return node_of(o, o->events, "*", DRAW_EVENT, explain_verb(0, s->lang)->label, &fresh);
    default:
        return event_node(o, v);
    }
}

static void
causes(overview_t *o, const ast_trigger_t *w, unsigned to)
{
    for (; w != NULL; w = w->next) {
        arrow(o, cause_node(o, w->verb != NULL ? w->verb : w->absent), to);
    }
}

static void
draw_item(overview_t *o, const ast_head_t *h)
{
    if (h->kind == AST_TAG) {
        const ast_tag_t *t = (const ast_tag_t *)h;

        causes(o, t->whens, add_node(o->pen, DRAW_TAG, t->name.text));
    } else if (h->kind == AST_FLOW) {
        const ast_flow_t *f = (const ast_flow_t *)h;
        unsigned n = add_node(o->pen, DRAW_FLOW, f->name.text);

        for (const ast_head_t *l = f->lines.first; l != NULL; l = l->next) {
            causes(o, l->kind == AST_START ? ((const ast_start_t *)l)->whens : NULL, n);
        }
    }
}

draw_t *
draw_overview(arena_t *arena, const ast_file_t *file, const char *title, lang_id_t lang)
{
    pen_t pen = pen_new(arena, lang, OVERVIEW_FONT, OVERVIEW_TEXT);
    const say_t *s = &pen.say;
    overview_t o = { &pen, file, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
    bool fresh;

    pen.d->title = title;
    pen.d->subtitle = SAY(s, PH_DRAW_NOTE);
    pen.d->columns[0] = SAY(s, PH_DRAW_PAGES);
    pen.d->columns[1] = SAY(s, PH_DRAW_EVENTS);
    pen.d->columns[2] = SAY(s, PH_DRAW_FOLLOWS);
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        draw_item(&o, h);
    }
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        const ast_page_t *p = (const ast_page_t *)h;

        if (h->kind == AST_PAGE) {
            node_of(&o, o.pages, p->name.key, DRAW_PAGE, p->name.text, &fresh);
        }
    }
    g_hash_table_unref(o.pages);
    g_hash_table_unref(o.events);
    g_hash_table_unref(o.drawn);
    return pen_done(&pen);
}
