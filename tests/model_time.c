/*
 * The model's calendar. Dates are found by walking year by year, local times
 * by walking from one change of the clocks to the next. Never fails; moments
 * are good from 2000 on.
 */

#include "model_parts.h"

#include <stdlib.h>

#define DAY      86400
#define DAY_2000 10957 /* 1 January 2000 */

static bool
is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_days(int64_t year, int64_t month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static int
year_days(int64_t year)
{
    return is_leap(year) ? 366 : 365;
}

int64_t
model_day_number(int64_t year, int64_t month, int64_t day)
{
    int64_t n = DAY_2000 + day - 1;

    for (int64_t y = 2000; y < year; y++)
        n += year_days(y);
    for (int64_t y = year; y < 2000; y++)
        n -= year_days(y);
    for (int64_t m = 1; m < month; m++)
        n += month_days(year, m);
    return n;
}

void
model_date_of(int64_t n, int64_t *year, int64_t *month, int64_t *day)
{
    n -= DAY_2000;
    for (*year = 2000; n >= year_days(*year); ++*year)
        n -= year_days(*year);
    for (*month = 1; n >= month_days(*year, *month); ++*month)
        n -= month_days(*year, *month);
    *day = n + 1;
}

static int64_t
offset_at(const senda_zone_t *zone, senda_sec_t t)
{
    int64_t offset = zone->first_offset;

    for (uint32_t i = 0; i < zone->nsteps && zone->steps[i].at <= t; i++)
        offset = zone->steps[i].offset;
    return offset;
}

/* The first moment at which the clocks on the wall show this or later. */
static senda_sec_t
moment_of(const senda_zone_t *zone, int64_t wall)
{
    int64_t t = wall - zone->first_offset;

    for (uint32_t i = 0; i < zone->nsteps && t >= zone->steps[i].at; i++) {
        t = wall - zone->steps[i].offset;
        t = t < zone->steps[i].at ? zone->steps[i].at : t;
    }
    return t;
}

senda_sec_t
model_add(const senda_zone_t *zone, senda_sec_t t, senda_span_t span, int sign)
{
    int64_t wall = t + offset_at(zone, t), year, month, day;

    if (span.months != 0 || span.days != 0) {
        model_date_of(wall / DAY, &year, &month, &day);
        month += (int64_t)sign * span.months;
        for (; month < 1; month += 12)
            year--;
        for (; month > 12; month -= 12)
            year++;
        day = day > month_days(year, month) ? month_days(year, month) : day;
        wall = (model_day_number(year, month, day) + (int64_t)sign * span.days) * DAY + wall % DAY;
        t = moment_of(zone, wall);
    }
    return t + sign * span.secs;
}

int64_t
model_local_day(const senda_zone_t *zone, senda_sec_t t, int32_t *second)
{
    int64_t wall = t + offset_at(zone, t);

    if (second != NULL)
        *second = (int32_t)(wall % DAY);
    return wall / DAY;
}

senda_sec_t
model_moment(const senda_zone_t *zone, int64_t day, int32_t second)
{
    return moment_of(zone, day * DAY + second);
}

/* "1990-02-28" only. */
bool
model_date(const char *text, int64_t *year, int64_t *month, int64_t *day)
{
    char *end;

    *year = strtoll(text, &end, 10);
    if (end != text + 4 || *end != '-')
        return false;
    *month = strtoll(end + 1, &end, 10);
    if (end != text + 7 || *end != '-' || *month < 1 || *month > 12)
        return false;
    *day = strtoll(end + 1, &end, 10);
    return end == text + 10 && *end == '\0' && *day >= 1 && *day <= month_days(*year, *month);
}

void
model_print_time(const senda_zone_t *zone, senda_sec_t t, FILE *out)
{
    int64_t wall = t + offset_at(zone, t), year, month, day;
    int s = (int)(wall % DAY);

    model_date_of(wall / DAY, &year, &month, &day);
    fprintf(out, "%04d-%02d-%02d %02d:%02d:%02d (%lld)", (int)year, (int)month, (int)day, s / 3600,
        s / 60 % 60, s % 60, (long long)t);
}
