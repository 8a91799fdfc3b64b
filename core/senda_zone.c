/*
 * Local time from a table of offset changes: binary search for the offset,
 * civil dates by counting days in the proleptic Gregorian calendar. Pure
 * arithmetic: reads no clock and no file. Never fails: moments beyond
 * SECONDS_MAX are taken as that bound, so no sum can overflow.
 */

#include "senda_zone.h"

#define DAY         86400
#define SECONDS_MAX 60000000000000LL /* about 1.9 million years to each side of 1970 */
#define OFFSET_MAX  (2 * DAY)        /* no zone is further from UTC than this */

static const senda_zone_step_t no_step;

const senda_zone_t senda_zone_utc = { 0, 0, &no_step };

static int64_t
clamp(int64_t v)
{
    if (v > SECONDS_MAX) {
        return SECONDS_MAX;
    }
    return v < -SECONDS_MAX ? -SECONDS_MAX : v;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

/*
 * Years are counted from 1 March, so that the leap day is a year's last:
 * months then have lengths that (153 m + 2) / 5 sums up.
 */
static int64_t
days_of(int64_t year, int month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = floor_div(y, 400);
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719468;
}

static void
date_of(int64_t days, senda_local_t *l)
{
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * of_year + 2) / 153;

    l->day = (int32_t)(of_year - (153 * m + 2) / 5 + 1);
    l->month = (int32_t)(m < 10 ? m + 3 : m - 9);
    l->year = (int32_t)(year + era * 400 + (l->month <= 2));
    l->weekday = (int32_t)((days % 7 + 10) % 7 + 1); /* 1 January 1970 was a Thursday */
}

static int32_t
days_in_month(int64_t year, int32_t month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

/* How many steps are at or before t: the interval t lies in; 0 is before the first. */
static uint32_t
interval_of(const senda_zone_t *z, senda_sec_t t)
{
    uint32_t lo = 0, hi = z->nsteps;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (z->steps[mid].at <= t) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static int32_t
offset_in(const senda_zone_t *z, uint32_t interval)
{
    return interval == 0 ? z->first_offset : z->steps[interval - 1].offset;
}

/*
 * The first moment whose local time is wall or later: of a doubled time the
 * first, of a missing one the end of the gap.
 */
static senda_sec_t
first_at(const senda_zone_t *z, int64_t wall)
{
    uint32_t i = interval_of(z, wall - OFFSET_MAX);
    senda_sec_t t = wall - offset_in(z, i);

    for (; i < z->nsteps && t >= z->steps[i].at; i++) {
        t = wall - z->steps[i].offset;
        if (t < z->steps[i].at) {
            t = z->steps[i].at;
        }
    }
    return t;
}

senda_local_t
senda_zone_local(const senda_zone_t *z, senda_sec_t t, int32_t *offset)
{
    senda_local_t l;
    int64_t wall, days;
    int32_t of_day, off;

    z = z != NULL ? z : &senda_zone_utc;
    t = clamp(t);
    off = offset_in(z, interval_of(z, t));
    wall = t + off;
    days = floor_div(wall, DAY);
    of_day = (int32_t)(wall - days * DAY);
    date_of(days, &l);
    l.hour = of_day / 3600;
    l.minute = of_day / 60 % 60;
    l.second = of_day % 60;
    if (offset != NULL) {
        *offset = off;
    }
    return l;
}

senda_sec_t
senda_zone_utc_of(const senda_zone_t *z, senda_local_t l)
{
    int64_t months = (int64_t)l.month - 1;
    int64_t year = l.year + floor_div(months, 12);
    int month = (int)(months - floor_div(months, 12) * 12) + 1;
    int64_t days = days_of(year, month, l.day);
    int64_t of_day = (int64_t)l.hour * 3600 + (int64_t)l.minute * 60 + l.second;

    z = z != NULL ? z : &senda_zone_utc;
    return first_at(z, clamp(days * DAY + of_day));
}

senda_sec_t
senda_zone_add(const senda_zone_t *z, senda_sec_t t, senda_span_t span, int sign)
{
    z = z != NULL ? z : &senda_zone_utc;
    t = clamp(t);
    if (span.months != 0 || span.days != 0) {
        senda_local_t l = senda_zone_local(z, t, NULL);
        int64_t months = l.year * 12LL + l.month - 1 + (int64_t)span.months * sign;
        int64_t year = floor_div(months, 12);
        int32_t month = (int32_t)(months - year * 12) + 1;
        int32_t last = days_in_month(year, month);
        int64_t day = (l.day < last ? l.day : last) + (int64_t)span.days * sign;
        int64_t of_day = l.hour * 3600 + l.minute * 60 + l.second;

        t = first_at(z, clamp(days_of(year, month, day) * DAY + of_day));
    }
    return clamp(t + clamp(span.secs) * sign);
}
