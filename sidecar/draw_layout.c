/*
 * Where boxes and arrows stand: graphviz's `dot`, given sizes and no text, so
 * that no font is looked for. The only file that knows graphviz; built without
 * it, it says so.
 */

#include "draw.h"

#include <glib.h>

#ifdef SENDA_HAVE_GRAPHVIZ

#include <gvc.h>

static void
take_node(draw_t *d, Agnode_t *n, double height)
{
    unsigned long i = strtoul(agnameof(n) + 1, NULL, 10);

    if (i < d->nnodes) {
        d->nodes[i].x = ND_coord(n).x;
        d->nodes[i].y = height - ND_coord(n).y;
    }
}

/* The arrow's curve, its head included. */
static void
take_edge(draw_t *d, Agedge_t *e, double height)
{
    static char id_name[] = "id";
    const char *id = agget(e, id_name);
    unsigned long i = id != NULL && *id == 'e' ? strtoul(id + 1, NULL, 10) : d->nedges;
    const bezier *b;
    double *p;
    unsigned n;

    if (i >= d->nedges || ED_spl(e) == NULL || ED_spl(e)->size == 0) {
        return;
    }
    b = &ED_spl(e)->list[0];
    n = (unsigned)b->size;
    p = arena_get(d->arena, 2 * (n + 3) * sizeof(*p));
    for (unsigned k = 0; k < n; k++) {
        p[2 * k] = b->list[k].x;
        p[2 * k + 1] = height - b->list[k].y;
    }
    if (b->eflag != 0) {
        /* a straight last piece up to the arrow's point */
        for (unsigned k = n; k < n + 3; k++) {
            p[2 * k] = b->ep.x;
            p[2 * k + 1] = height - b->ep.y;
        }
        n += 3;
    }
    d->edges[i].points = p;
    d->edges[i].npoints = n;
}

static void
take(draw_t *d, Agraph_t *g)
{
    d->width = GD_bb(g).UR.x;
    d->height = GD_bb(g).UR.y;
    for (Agnode_t *n = agfstnode(g); n != NULL; n = agnxtnode(g, n)) {
        take_node(d, n, d->height);
        for (Agedge_t *e = agfstout(g, n); e != NULL; e = agnxtout(g, e)) {
            take_edge(d, e, d->height);
        }
    }
}

bool
draw_can_layout(void)
{
    return true;
}

senda_rc_t
draw_layout(draw_t *d, senda_err_t *err)
{
    char *dot = draw_dot(d, false);
    GVC_t *gvc = gvContext();
    Agraph_t *g = gvc != NULL ? agmemread(dot) : NULL;
    senda_rc_t rc = SENDA_OK;

    if (g == NULL) {
        rc = senda_fail(err, SENDA_BAD, "graphviz cannot read the drawing");
    } else if (gvLayout(gvc, g, "dot") != 0) {
        rc = senda_fail(err, SENDA_BAD, "graphviz cannot lay out the drawing");
    } else {
        take(d, g);
        gvFreeLayout(gvc, g);
    }
    if (g != NULL) {
        agclose(g);
    }
    if (gvc != NULL) {
        gvFreeContext(gvc);
    }
    g_free(dot);
    return rc;
}

#else

bool
draw_can_layout(void)
{
    return false;
}

senda_rc_t
draw_layout(draw_t *d, senda_err_t *err)
{
    (void)d;
    return senda_fail(err, SENDA_NONE,
        "this build has no graphviz (package libgraphviz-dev); --dot needs none");
}

#endif
