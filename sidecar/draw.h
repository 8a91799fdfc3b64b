/*
 * A flow as it is drawn on a whiteboard, and the whole file as an overview:
 * boxes and arrows made of a rule file's tree, then DOT or SVG made of those.
 * Pure, but for graphviz's own layout in draw_layout.c.
 *
 * Ownership: everything lives in the arena that draw_* is given.
 */

#ifndef SENDA_DRAW_H
#define SENDA_DRAW_H

#include "explain_say.h"

typedef enum {
    DRAW_START,
    DRAW_WAIT,
    DRAW_MESSAGE,
    DRAW_STEP, /* what it does beside sending */
    DRAW_ASK,
    DRAW_STOP,
    DRAW_GOAL,
    DRAW_END,
    /* of an overview */
    DRAW_PAGE,
    DRAW_EVENT,
    DRAW_TAG,
    DRAW_FLOW,
} draw_shape_t;

#define DRAW_LINES 24 /* of a label; further ones are cut with … */

/* Sizes and places in pixels of the picture, y downwards; x and y are the middle. */
typedef struct {
    draw_shape_t shape;
    unsigned column; /* of an overview */
    unsigned nlines;
    const char *lines[DRAW_LINES];
    double width, height;
    double x, y;
} draw_node_t;

typedef struct {
    unsigned from, to;
    const char *label; /* near its beginning; NULL: none */
    bool beside;       /* both stand at the same height, or in one column */
    bool back;         /* from right to left */
    bool dashed;
    bool plain;           /* without an arrow's head */
    unsigned npoints;     /* Bézier: a start, then three for each piece */
    const double *points; /* x, y */
} draw_edge_t;

typedef struct {
    arena_t *arena;
    const char *title, *subtitle;
    const char *columns[3]; /* of an overview, left to right; NULL: a flow */
    double font;
    unsigned nnodes, nedges;
    draw_node_t *nodes;
    draw_edge_t *edges;
    double width, height; /* of the laid out picture */
} draw_t;

draw_t *draw_flow(arena_t *arena, const ast_flow_t *flow, lang_id_t lang);
draw_t *draw_overview(arena_t *arena, const ast_file_t *file, const char *title, lang_id_t lang);

/* DOT as graphviz's tools read it; labels: false leaves them out, for the layout alone. */
char *draw_dot(const draw_t *d, bool labels);

/* A whole SVG document, g_free it; the drawing must have been laid out. */
char *draw_svg(const draw_t *d);

/*
 * Fills in places. SENDA_OK; SENDA_NONE: this build has no graphviz;
 * SENDA_BAD: graphviz refused.
 */
senda_rc_t draw_layout(draw_t *d, senda_err_t *err);
bool draw_can_layout(void);

#endif
