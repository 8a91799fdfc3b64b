/*
 * Walks through time in steps of a few days, and where the offset has changed
 * looks for the second at which it did. Changes closer together than a step
 * and undone again do not exist in any zone since 1970. Never uses the
 * process's own zone.
 */

#include "zone_table.h"

#include <glib.h>

#define STRIDE   (3 * 86400)
#define LAST_SEC 2524608000 /* 2050-01-01: what the system's files hold ends before */

static int32_t
offset_at(GTimeZone *zone, int64_t t)
{
    return g_time_zone_get_offset(zone, g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, t));
}

/* The first second after low with high's offset; the offsets of both differ. */
static int64_t
change_between(GTimeZone *zone, int64_t low, int64_t high)
{
    int32_t before = offset_at(zone, low);

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (offset_at(zone, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}

int
zone_table(void *ctx, const char *name, int32_t *first_offset, senda_zone_step_t *steps,
    unsigned max)
{
    GTimeZone *zone = g_time_zone_new_identifier(name);
    unsigned n = 0;

    (void)ctx;
    if (zone == NULL)
        return -1;
    *first_offset = offset_at(zone, 0);
    for (int64_t t = 0; t < LAST_SEC; t += STRIDE) {
        if (offset_at(zone, t) == offset_at(zone, t + STRIDE))
            continue;
        if (n == max)
            break;
        steps[n].at = change_between(zone, t, t + STRIDE);
        steps[n].offset = offset_at(zone, t + STRIDE);
        n++;
    }
    g_time_zone_unref(zone);
    return (int)n;
}
