/*
 * Local time without a time-zone library: a table of a zone's offset changes,
 * made once by the sidecar (GLib) and published inside the rules, so that
 * nginx and the engine agree on what "30 days ago" is.
 *
 * Days, weeks and months keep the local time of day; hours and less are exact.
 * 31 Jan + 1 month = 28 Feb. A local time that does not exist moves to the
 * next that does; of a doubled one the first is meant.
 */

#ifndef SENDA_ZONE_H
#define SENDA_ZONE_H

#include "senda.h"
#include "senda_limits.h"

typedef struct {
    senda_sec_t at; /* from this moment on … */
    int32_t offset; /* … local = UTC + offset, seconds */
} senda_zone_step_t;

/* steps are in order of at; before the first, first_offset holds. Owns nothing. */
typedef struct {
    int32_t first_offset;
    uint32_t nsteps;
    const senda_zone_step_t *steps;
} senda_zone_t;

/* UTC: what a NULL zone means to every function here. */
extern const senda_zone_t senda_zone_utc;

/* A span as people say it; the parts are added in this order. */
typedef struct {
    int32_t months;
    int32_t days;
    int64_t secs;
} senda_span_t;

/* A local date and time of day; month 1-12, day 1-31, weekday 1 (Monday)-7. */
typedef struct {
    int32_t year, month, day, hour, minute, second, weekday;
} senda_local_t;

/* t + sign × span; sign is 1 or -1. */
senda_sec_t senda_zone_add(const senda_zone_t *z, senda_sec_t t, senda_span_t span, int sign);

/* UTC to local; *offset (may be NULL) gets local − UTC in seconds. */
senda_local_t senda_zone_local(const senda_zone_t *z, senda_sec_t t, int32_t *offset);

/* Local to UTC, by the rules above; weekday is ignored, days and months may overflow. */
senda_sec_t senda_zone_utc_of(const senda_zone_t *z, senda_local_t l);

static inline bool
senda_span_is_zero(senda_span_t s)
{
    return s.months == 0 && s.days == 0 && s.secs == 0;
}

#endif
