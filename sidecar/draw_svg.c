/*
 * A laid out drawing as SVG: black on white, plain fonts, no script, no colour
 * that paper would lose. It fills the width it is given, up to half more than
 * its own size. Every text is escaped.
 */

#include "draw.h"

#include <glib.h>

#define MARGIN  10.0
#define LEADING 1.25

typedef struct {
    GString *out;
    const draw_t *d;
    double left, top; /* of the boxes: margin, height of the title */
    double width;
} svg_t;

static void
put_text(GString *out, const char *text)
{
    char *escaped = g_markup_escape_text(text, -1);

    g_string_append(out, escaped);
    g_free(escaped);
}

/* Like printf with %f alone, whatever the locale; at most a decimal of a pixel. */
static void
put(GString *out, const char *format, const double *values)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    for (; *format != '\0'; format++) {
        if (*format == '@') {
            g_string_append(out, g_ascii_formatd(text, sizeof(text), "%.1f", *values++));
        } else {
            g_string_append_c(out, *format);
        }
    }
}
#define PUT(out, format, ...) put(out, format, (const double[]){ __VA_ARGS__ })

static void
put_label(svg_t *s, double x, double y, double size, const char *anchor, const char *more,
    const char *text)
{
    PUT(s->out, "<text x=\"@\" y=\"@\" font-size=\"@\"", x, y, size);
    g_string_append_printf(s->out, " text-anchor=\"%s\" fill=\"#000\" stroke=\"none\"%s>", anchor,
        more);
    put_text(s->out, text);
    g_string_append(s->out, "</text>\n");
}

/* A box with cut corners: an octagon, or with cut equal to half its height a hexagon. */
static void
put_cut_box(GString *out, double x, double y, double w, double h, double cut, const char *more)
{
    g_string_append(out, "<path d=\"");
    PUT(out, "M@ @ L@ @ L@ @ L@ @ L@ @ L@ @ L@ @ L@ @ Z\"", x + cut, y, x + w - cut, y, x + w,
        y + cut, x + w, y + h - cut, x + w - cut, y + h, x + cut, y + h, x, y + h - cut, x,
        y + cut);
    g_string_append_printf(out, "%s/>\n", more);
}

static void
put_box(GString *out, double x, double y, double w, double h, double round, const char *more)
{
    PUT(out, "<rect x=\"@\" y=\"@\" width=\"@\" height=\"@\" rx=\"@\"", x, y, w, h, round);
    g_string_append_printf(out, "%s/>\n", more);
}

static void
put_clock(GString *out, double x, double y)
{
    PUT(out, "<circle cx=\"@\" cy=\"@\" r=\"9\"/><path d=\"M@ @ v-6 M@ @ h4.5\"/>\n", x, y, x, y, x,
        y);
}

static void
put_flag(GString *out, double x, double y)
{
    PUT(out, "<path d=\"M@ @ v24\"/><path d=\"M@ @ h15 l-4 5.5 l4 5.5 h-15 Z\" fill=\"#000\"/>\n",
        x, y - 12, x, y - 12);
}

/* The shape, and in *dx and *dy how far its text stands from its middle. */
static void
put_shape(svg_t *s, const draw_node_t *n, double x, double y, double *dx, double *dy)
{
    double w = n->width, h = n->height;

    switch (n->shape) {
    case DRAW_START:
        put_box(s->out, x, y, w, h, MIN(h / 2, 22), " stroke-width=\"3\"");
        break;
    case DRAW_WAIT:
        put_clock(s->out, x + 14, y + h / 2);
        *dx = 13;
        break;
    case DRAW_MESSAGE:
        put_box(s->out, x, y, w, h, 6, "");
        PUT(s->out, "<path d=\"M@ @ L@ @ L@ @\"/>\n", x + 2, y + 2, x + w / 2, y + 18, x + w - 2,
            y + 2);
        *dy = 9;
        break;
    case DRAW_STEP:
        put_box(s->out, x, y, w, h, 3, " stroke-width=\"1\" stroke-dasharray=\"3 3\"");
        break;
    case DRAW_ASK:
        put_cut_box(s->out, x, y, w, h, MIN(h / 2, 16), "");
        break;
    case DRAW_STOP:
        put_cut_box(s->out, x, y, w, h, 12, " stroke-width=\"3\"");
        break;
    case DRAW_GOAL:
        put_flag(s->out, x + 8, y + h / 2);
        *dx = 13;
        break;
    case DRAW_END:
        PUT(s->out, "<circle cx=\"@\" cy=\"@\" r=\"6\" fill=\"#000\"/>\n", x + w / 2, y + h / 2);
        break;
    case DRAW_EVENT:
        put_box(s->out, x, y, w, h, MIN(h / 2, 16), "");
        break;
    case DRAW_TAG:
        put_cut_box(s->out, x, y, w, h, 7, "");
        break;
    case DRAW_FLOW:
        put_box(s->out, x, y, w, h, 8, " stroke-width=\"2.5\"");
        break;
    default:
        put_box(s->out, x, y, w, h, 0, "");
        break;
    }
}

static void
put_node(svg_t *s, const draw_node_t *n)
{
    double x = n->x - n->width / 2 + s->left, y = n->y - n->height / 2 + s->top;
    double dx = 0, dy = 0, line = s->d->font * LEADING, at;

    put_shape(s, n, x, y, &dx, &dy);
    at = y + n->height / 2 + dy - (n->nlines - 1) * line / 2 + s->d->font * 0.35;
    for (unsigned i = 0; i < n->nlines; i++) {
        put_label(s, x + n->width / 2 + dx, at + i * line, s->d->font, "middle", "", n->lines[i]);
    }
}

/* The place on a curve's first piece, t from 0 to 1. */
static void
along(const double *p, double t, double *x, double *y)
{
    double u = 1 - t;
    double a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;

    *x = a * p[0] + b * p[2] + c * p[4] + d * p[6];
    *y = a * p[1] + b * p[3] + c * p[5] + d * p[7];
}

static void
put_edge(svg_t *s, const draw_edge_t *e)
{
    const double *p = e->points;

    if (e->npoints < 4) {
        return;
    }
    PUT(s->out, "<path d=\"M@ @", p[0] + s->left, p[1] + s->top);
    for (unsigned i = 1; i + 2 < e->npoints; i += 3) {
        PUT(s->out, " C@ @ @ @ @ @", p[2 * i] + s->left, p[2 * i + 1] + s->top,
            p[2 * i + 2] + s->left, p[2 * i + 3] + s->top, p[2 * i + 4] + s->left,
            p[2 * i + 5] + s->top);
    }
    g_string_append_printf(s->out, "\"%s%s/>\n", e->dashed ? " stroke-dasharray=\"5 5\"" : "",
        e->plain ? "" : " marker-end=\"url(#arrow)\"");
    if (e->label != NULL) {
        const draw_node_t *to = &s->d->nodes[e->to], *from = &s->d->nodes[e->from];
        bool left = to->x < from->x;
        double x, y, t = 0;

        do {
            along(p, t += 0.05, &x, &y);
        } while (t < 1 && y < p[1] + s->d->font);
        put_label(s, x + s->left + (left ? -7 : 7), y + s->top, s->d->font, left ? "end" : "start",
            " font-weight=\"bold\"", e->label);
    }
}

static double
column_middle(const draw_t *d, unsigned column)
{
    double x = -1;

    for (unsigned i = 0; i < d->nnodes; i++) {
        if (d->nodes[i].column == column) {
            x = d->nodes[i].x;
        }
    }
    return x;
}

/* How wide a line of a heading is at most. */
static double
heading_width(const char *text, double size)
{
    return 0.58 * size * (double)MAX(1, g_utf8_strlen(text, -1));
}

/* As large as fits. */
static void
put_heading(svg_t *s, double y, double size, const char *more, const char *text)
{
    double room = s->width - 2 * MARGIN, width = heading_width(text, size);

    put_label(s, s->width / 2, y, width > room ? size * room / width : size, "middle", more, text);
}

/* Above the boxes, but inside the picture. */
static void
put_columns(svg_t *s)
{
    for (unsigned i = 0; i < 3 && s->d->columns[0] != NULL; i++) {
        double x = column_middle(s->d, i), half = heading_width(s->d->columns[i], s->d->font) / 2;

        if (x >= 0) {
            x = MIN(MAX(x + s->left, half + 2), s->width - half - 2);
            put_label(s, x, s->top - 12, s->d->font, "middle", " font-weight=\"bold\"",
                s->d->columns[i]);
        }
    }
}

static void
put_head(svg_t *s, double width, double height)
{
    g_string_append(s->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" ");
    PUT(s->out, "viewBox=\"0 0 @ @\" style=\"width:100%;max-width:@px;height:auto\">\n", width,
        height, width * 1.5);
    g_string_append(s->out, "<title>");
    put_text(s->out, s->d->title);
    g_string_append(s->out,
        "</title>\n"
        "<defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"10\" "
        "markerHeight=\"10\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        "<path d=\"M0 0 L10 5 L0 10 Z\" fill=\"#000\" stroke=\"none\"/></marker></defs>\n");
    PUT(s->out, "<rect width=\"@\" height=\"@\" fill=\"#fff\"/>\n", width, height);
}

char *
draw_svg(const draw_t *d)
{
    bool overview = d->columns[0] != NULL;
    double width = MAX(d->width + 2 * MARGIN, overview ? 380 : 240);
    svg_t s = { g_string_new(NULL), d, (width - d->width) / 2, overview ? 86 : 58, width };

    put_head(&s, width, d->height + s.top + MARGIN);
    g_string_append(s.out,
        "<g font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" fill=\"#000\">\n");
    put_heading(&s, 26, d->font + 4, " font-weight=\"bold\"", d->title);
    put_heading(&s, 46, MIN(d->font, 14), "", d->subtitle);
    put_columns(&s);
    g_string_append(s.out,
        "</g>\n<g font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" "
        "fill=\"none\" stroke=\"#000\" stroke-width=\"1.5\">\n");
    for (unsigned i = 0; i < d->nedges; i++) {
        put_edge(&s, &d->edges[i]);
    }
    for (unsigned i = 0; i < d->nnodes; i++) {
        put_node(&s, &d->nodes[i]);
    }
    g_string_append(s.out, "</g>\n</svg>\n");
    return g_string_free(s.out, FALSE);
}
