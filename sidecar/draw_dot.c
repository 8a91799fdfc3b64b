/*
 * A drawing in graphviz's own language: what its tools can read, and what the
 * layout is made from. Text of the file is quoted, never markup.
 */

#include "draw.h"

#include <glib.h>

static const char *const shapes[] = {
    [DRAW_START] = "shape=box, style=rounded, penwidth=2",
    [DRAW_WAIT] = "shape=plaintext",
    [DRAW_MESSAGE] = "shape=box",
    [DRAW_STEP] = "shape=box, style=dashed",
    [DRAW_ASK] = "shape=hexagon",
    [DRAW_STOP] = "shape=octagon",
    [DRAW_GOAL] = "shape=note",
    [DRAW_END] = "shape=point",
    [DRAW_PAGE] = "shape=box",
    [DRAW_EVENT] = "shape=box, style=rounded",
    [DRAW_TAG] = "shape=cds",
    [DRAW_FLOW] = "shape=box, style=rounded",
};

static void
put_quoted(GString *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *text);
    }
}

static void
put_number(GString *out, double n)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append(out, g_ascii_formatd(text, sizeof(text), "%.3f", n));
}

/* Sizes in inches of 72 points: a pixel of the picture is a point of graphviz. */
static void
put_node(GString *out, const draw_t *d, unsigned i, bool labels)
{
    const draw_node_t *n = &d->nodes[i];

    g_string_append_printf(out, "  n%u [%s, width=", i, shapes[n->shape]);
    put_number(out, n->width / 72);
    g_string_append(out, ", height=");
    put_number(out, n->height / 72);
    g_string_append(out, ", label=\"");
    for (unsigned k = 0; labels && k < n->nlines; k++) {
        g_string_append(out, k > 0 ? "\\n" : "");
        put_quoted(out, n->lines[k]);
    }
    g_string_append(out, "\"];\n");
}

static void
put_edge(GString *out, const draw_t *d, unsigned i, bool labels)
{
    const draw_edge_t *e = &d->edges[i];

    g_string_append_printf(out, "  n%u -> n%u [id=\"e%u\"%s", e->from, e->to, i,
        e->dashed ? ", style=dashed" : "");
    g_string_append(out, e->plain ? ", arrowhead=none" : "");
    g_string_append(out, e->back ? ", constraint=false" : "");
    if (labels && e->label != NULL) {
        g_string_append(out, ", taillabel=\"");
        put_quoted(out, e->label);
        g_string_append(out, "\"");
    }
    g_string_append(out, "];\n");
    if (e->beside && d->columns[0] == NULL) {
        g_string_append_printf(out, "  { rank=same; n%u; n%u; }\n", e->from, e->to);
    }
}

/* All nodes of a column stand at the same depth. */
static void
put_column(GString *out, const draw_t *d, unsigned column)
{
    static const char *const ranks[] = { "min", "same", "max" };

    g_string_append_printf(out, "  { rank=%s;", ranks[column]);
    for (unsigned i = 0; i < d->nnodes; i++) {
        if (d->nodes[i].column == column) {
            g_string_append_printf(out, " n%u;", i);
        }
    }
    g_string_append(out, " }\n");
}

/* An arrow inside a column needs room for its head. */
static bool
has_beside(const draw_t *d)
{
    for (unsigned i = 0; i < d->nedges; i++) {
        if (d->edges[i].beside) {
            return true;
        }
    }
    return false;
}

char *
draw_dot(const draw_t *d, bool labels)
{
    GString *out = g_string_new("digraph {\n");
    bool overview = d->columns[0] != NULL;

    g_string_append(out,
        !overview           ? "  nodesep=0.3; ranksep=0.4;\n"
            : has_beside(d) ? "  rankdir=LR; nodesep=0.24; ranksep=0.5;\n"
                            : "  rankdir=LR; nodesep=0.1; ranksep=0.5;\n");
    if (labels) {
        g_string_append(out, "  label=\"");
        put_quoted(out, d->title);
        g_string_append_printf(out, "\"; labelloc=t; fontname=\"Helvetica\"; fontsize=%d;\n",
            (int)d->font + 4);
    }
    g_string_append_printf(out,
        "  node [fixedsize=true, fontname=\"Helvetica\", fontsize=%d];\n"
        "  edge [fontname=\"Helvetica\", fontsize=%d, arrowsize=0.7];\n",
        (int)d->font, (int)d->font);
    /* from left to right, graphviz puts what it reads first at the bottom */
    for (unsigned i = 0; i < d->nnodes; i++) {
        put_node(out, d, overview ? d->nnodes - 1 - i : i, labels);
    }
    for (unsigned i = 0; i < d->nedges; i++) {
        put_edge(out, d, overview ? d->nedges - 1 - i : i, labels);
    }
    for (unsigned i = 0; overview && i < 3; i++) {
        put_column(out, d, i);
    }
    g_string_append(out, "}\n");
    return g_string_free(out, FALSE);
}
