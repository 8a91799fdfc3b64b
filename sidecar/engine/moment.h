/*
 * Moments as people name them, found by a zone: ten o'clock on weekdays, the
 * end of the quiet hours, the start of a week, a birthday. Pure. A local time
 * that does not exist moves to the next that does; a doubled one is its first.
 */

#ifndef SENDA_ENGINE_MOMENT_H
#define SENDA_ENGINE_MOMENT_H

#include "program.h"

/* The first `second` of a local day at or after from; weekdays: bit 0 is Monday, 0: any. */
senda_sec_t moment_next(const senda_zone_t *z, senda_sec_t from, int32_t second, uint32_t weekdays);

/* `second` of the day that is `date` (as of VALUE_DATE). */
senda_sec_t moment_on(const senda_zone_t *z, int64_t date, int32_t second);

/* The first yearly return of date at or after from, date itself included; 29 February on the 28th. */
senda_sec_t moment_yearly(const senda_zone_t *z, int64_t date, int32_t second, senda_sec_t from);

/* When the quiet hours in which t lies are over; 0: t is in none. from may be later than to. */
senda_sec_t moment_quiet_end(const senda_zone_t *z, senda_sec_t t, int32_t from, int32_t to);

/* The first second of t's local day, week (Monday) or month. */
senda_sec_t moment_start_of(const senda_zone_t *z, senda_sec_t t, prog_unit_t unit);

#endif
