/*
 * draw from inside: a pen that puts down boxes and arrows, for draw.c (a flow)
 * and draw_overview.c (the whole file).
 */

#ifndef SENDA_DRAW_PARTS_H
#define SENDA_DRAW_PARTS_H

#include "draw.h"

#include <glib.h>

typedef struct {
    draw_t *d;
    say_t say;
    GArray *nodes, *edges;
    double text; /* widest line */
} pen_t;

pen_t pen_new(arena_t *arena, lang_id_t lang, double font, double text);
draw_t *pen_done(pen_t *pen);

/* The new box's number. */
unsigned pen_node(pen_t *pen, draw_shape_t shape, const char *text);
/* Valid until the next one. label: NULL for none. */
draw_edge_t *pen_edge(pen_t *pen, unsigned from, unsigned to, const char *label);

#endif
