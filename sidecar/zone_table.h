/*
 * A time zone's offset changes from 1970 on, as core/senda_zone.h wants them,
 * out of GLib's knowledge of the system's zones. The one file that asks GLib
 * for a time zone is zone_table.c.
 */

#ifndef SENDA_ZONE_TABLE_H
#define SENDA_ZONE_TABLE_H

#include "language.h"

/* A lang_zone_pt (ctx is unused): how many steps, or −1 if there is no such zone. */
int zone_table(void *ctx, const char *name, int32_t *first_offset, senda_zone_step_t *steps,
    unsigned max);

#endif
