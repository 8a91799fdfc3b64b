/*
 * Positions and the shops near them. A person is inside a place from the first
 * position inside its radius to the first outside of it. Positions that are
 * none are taken as not said.
 */

#include "engine_state.h"

#include <glib.h>
#include <math.h>

#define EARTH_RADIUS 6371008.8 /* metres, the mean */
#define RADIANS      (M_PI / 180)

static bool
read_degrees(senda_str_t text, double limit, double *value)
{
    char buf[32], *end;

    if (text.n == 0 || text.n >= sizeof(buf))
        return false;
    for (size_t i = 0; i < text.n; i++)
        buf[i] = text.p[i] == ',' ? '.' : text.p[i];
    buf[text.n] = '\0';
    *value = g_ascii_strtod(buf, &end);
    return *end == '\0' && *value >= -limit && *value <= limit;
}

bool
engine_position(const engine_event_t *event, double *latitude, double *longitude)
{
    return read_degrees(engine_event_field(event, "lat"), 90, latitude) &&
        read_degrees(engine_event_field(event, "lon"), 180, longitude);
}

bool
engine_is_inside(const prog_spot_t *place, double latitude, double longitude)
{
    double a = place->latitude * RADIANS, b = latitude * RADIANS;
    double north = sin((b - a) / 2), east = sin((longitude - place->longitude) * RADIANS / 2);
    double h = north * north + cos(a) * cos(b) * east * east;

    return 2 * EARTH_RADIUS * asin(sqrt(h < 1 ? h : 1)) <= place->radius;
}

bool
engine_was_inside(const engine_t *e, const person_t *p, uint32_t place)
{
    history_part_t part = history_part(&e->histories, p->history, e->plan->places + place);

    return part.count > 0 && (part.fixed[0] & 1) != 0;
}

void
engine_place_set(engine_t *e, person_t *p, uint32_t place, bool inside)
{
    uint32_t slot = e->plan->places + place;
    senda_rc_t rc;
    uint64_t *word = history_words(&e->histories, &p->history, slot, &rc);

    if (word != NULL)
        *word = engine_stamp(e) << 1 | inside; /* of two histories the later position counts */
    else
        e->stats.refused++;
}
