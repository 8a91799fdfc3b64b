/*
 * Moments as people name them. All go from a local date to a moment through
 * senda_zone_utc_of, so what does not exist or is doubled is settled in one
 * place. Reads no clock; cannot fail.
 */

#include "moment.h"

/* `second` of the local day that l lies in, days later. */
static senda_sec_t
at_second(const senda_zone_t *z, senda_local_t l, int32_t days, int32_t second)
{
    l.day += days;
    l.hour = second / 3600;
    l.minute = second / 60 % 60;
    l.second = second % 60;
    return senda_zone_utc_of(z, l);
}

senda_sec_t
moment_next(const senda_zone_t *z, senda_sec_t from, int32_t second, uint32_t weekdays)
{
    senda_local_t l = senda_zone_local(z, from, NULL);
    senda_sec_t t = from;

    /* eight days: today's may be over, and today be the only weekday */
    for (int32_t day = 0; day <= 8; day++) {
        uint32_t weekday = (uint32_t)(l.weekday - 1 + day) % 7;

        t = at_second(z, l, day, second);
        if (t >= from && (weekdays == 0 || (weekdays >> weekday & 1) != 0))
            return t;
    }
    return t;
}

static senda_local_t
date_of(int64_t date)
{
    return senda_zone_local(NULL, date * 86400, NULL);
}

senda_sec_t
moment_on(const senda_zone_t *z, int64_t date, int32_t second)
{
    return at_second(z, date_of(date), 0, second);
}

static bool
is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

senda_sec_t
moment_yearly(const senda_zone_t *z, int64_t date, int32_t second, senda_sec_t from)
{
    senda_local_t day = date_of(date);
    int32_t first = day.year, year = senda_zone_local(z, from, NULL).year, of_month = day.day;
    senda_sec_t t;

    for (year = year > first ? year : first;; year++) {
        day.year = year;
        day.day = day.month == 2 && of_month == 29 && !is_leap(year) ? 28 : of_month;
        t = at_second(z, day, 0, second);
        if (t >= from)
            return t;
    }
}

senda_sec_t
moment_quiet_end(const senda_zone_t *z, senda_sec_t t, int32_t from, int32_t to)
{
    senda_local_t l = senda_zone_local(z, t, NULL);
    int32_t nights = from > to;

    /* those that began yesterday, then today's */
    for (int32_t day = -nights; from != to && day <= 0; day++) {
        senda_sec_t end = at_second(z, l, day + nights, to);

        if (t >= at_second(z, l, day, from) && t < end)
            return end;
    }
    return 0;
}

senda_sec_t
moment_start_of(const senda_zone_t *z, senda_sec_t t, prog_unit_t unit)
{
    senda_local_t l = senda_zone_local(z, t, NULL);
    int32_t back = unit == LIMIT_WEEK ? l.weekday - 1 : unit == LIMIT_MONTH ? l.day - 1 : 0;

    return at_second(z, l, -back, 0);
}
