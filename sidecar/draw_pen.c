/*
 * Boxes and arrows, and how large a box is. Sizes are estimated from widths of
 * letters that hold for the plain fonts of every system; nothing here knows
 * where a box will stand.
 */

#include "draw_parts.h"

#define LEADING 1.25
#define PAD     10.0
#define ICON    26.0 /* a clock or a flag beside its text */
#define FLAP    16.0 /* of an envelope, above its text */

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

/* Breaks a paragraph into lines at most max wide. */
static void
wrap_one(draw_t *d, draw_node_t *n, const char *text, double max)
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

/* The same with a text of several paragraphs. */
static void
wrap(draw_t *d, draw_node_t *n, const char *text, double max)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        wrap_one(d, n, arena_text(d->arena, text, len), max);
        text += len + (text[len] != '\0');
    }
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

unsigned
pen_node(pen_t *pen, draw_shape_t shape, const char *text)
{
    draw_node_t n = { .shape = shape };

    wrap(pen->d, &n, text, pen->text);
    size_of(pen->d, &n);
    g_array_append_val(pen->nodes, n);
    return pen->nodes->len - 1;
}

draw_edge_t *
pen_edge(pen_t *pen, unsigned from, unsigned to, const char *label)
{
    draw_edge_t e = { .from = from, .to = to, .label = label };

    g_array_append_val(pen->edges, e);
    return &g_array_index(pen->edges, draw_edge_t, pen->edges->len - 1);
}

pen_t
pen_new(arena_t *arena, lang_id_t lang, double font, double text)
{
    pen_t pen = { arena_get(arena, sizeof(draw_t)), { arena, lang },
        g_array_new(FALSE, FALSE, sizeof(draw_node_t)),
        g_array_new(FALSE, FALSE, sizeof(draw_edge_t)), text };

    pen.d->arena = arena;
    pen.d->font = font;
    return pen;
}

draw_t *
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
