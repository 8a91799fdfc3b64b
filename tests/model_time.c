/*
 * The model's calendar and its timelines. Dates are found by walking year by
 * year, local times by walking from one change of the clocks to the next.
 * Never fails; good for the years from 1970 on.
 */

#include "model.h"

#include <stdlib.h>

#define DAY 86400

static int
month_days(int64_t year, int64_t month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static int
year_days(int64_t year)
{
    return month_days(year, 2) + 337;
}

static int64_t
day_number(int64_t year, int64_t month, int64_t day)
{
    int64_t n = day - 1;

    for (int64_t y = 1970; y < year; y++)
        n += year_days(y);
    for (int64_t m = 1; m < month; m++)
        n += month_days(year, m);
    return n;
}

static void
date_of(int64_t n, int64_t *year, int64_t *month, int64_t *day)
{
    for (*year = 1970; n >= year_days(*year); ++*year)
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
        date_of(wall / DAY, &year, &month, &day);
        month += (int64_t)sign * span.months;
        for (; month < 1; month += 12)
            year--;
        for (; month > 12; month -= 12)
            year++;
        day = day > month_days(year, month) ? month_days(year, month) : day;
        wall = (day_number(year, month, day) + (int64_t)sign * span.days) * DAY + wall % DAY;
        t = moment_of(zone, wall);
    }
    return t + sign * span.secs;
}

void
model_print_time(const senda_zone_t *zone, senda_sec_t t, FILE *out)
{
    int64_t wall = t + offset_at(zone, t), year, month, day;
    int s = (int)(wall % DAY);

    date_of(wall / DAY, &year, &month, &day);
    fprintf(out, "%04d-%02d-%02d %02d:%02d:%02d (%lld)", (int)year, (int)month, (int)day, s / 3600,
        s / 60 % 60, s % 60, (long long)t);
}

void
model_say(model_timeline_t *t, model_line_t line)
{
    if (t->n == t->size) {
        t->size = t->size * 2 + 64;
        t->lines = realloc(t->lines, t->size * sizeof(*t->lines));
        if (t->lines == NULL)
            abort();
    }
    t->lines[t->n++] = line;
}

void
model_clear(model_timeline_t *t)
{
    free(t->lines);
    *t = (model_timeline_t){ 0 };
}

/*
 * Whether a is to stand behind b. In one second the language leaves the order
 * open among the tags that one happening gives, and among runs that go on, end
 * or reach their goals: there it is by flow. Starts stay where they are.
 */
static bool
behind(const model_line_t *a, const model_line_t *b)
{
    if (a->who != b->who || a->at != b->at)
        return a->who > b->who;
    if (a->kind == INTENT_STARTED || b->kind == INTENT_STARTED ||
        (a->kind == INTENT_TAG) != (b->kind == INTENT_TAG))
        return false;
    if (strcmp(a->name, b->name) == 0)
        return b->kind == INTENT_GOAL && a->kind != INTENT_GOAL && a->kind != INTENT_MESSAGE;
    return strcmp(a->name, b->name) > 0;
}

/* Insertion: it is stable, and timelines are short. */
void
model_sort(model_timeline_t *t)
{
    for (unsigned i = 1; i < t->n; i++) {
        model_line_t line = t->lines[i];
        unsigned k = i;

        for (; k > 0 && behind(&t->lines[k - 1], &line); k--)
            t->lines[k] = t->lines[k - 1];
        t->lines[k] = line;
    }
}

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
model_equal(const model_timeline_t *a, const model_timeline_t *b)
{
    if (a->n != b->n)
        return false;
    for (unsigned i = 0; i < a->n; i++) {
        const model_line_t *x = &a->lines[i], *y = &b->lines[i];

        if (x->at != y->at || x->who != y->who || x->kind != y->kind || x->item != y->item ||
            x->channel != y->channel || !same_text(x->name, y->name) ||
            !same_text(x->template, y->template))
            return false;
    }
    return true;
}

void
model_print(const program_t *program, const model_timeline_t *t, FILE *out)
{
    static const char *const kinds[] = { "starts", "stops", "ends", "goal of", "gets", "gets tag" };
    static const char *const channels[] = { "email", "sms", "push", "webpush" };

    for (unsigned i = 0; i < t->n; i++) {
        const model_line_t *l = &t->lines[i];

        fprintf(out, "#   ");
        model_print_time(&program->zone, l->at, out);
        fprintf(out, " %s%u %s", l->who < MODEL_VISITOR ? "contact " : "visitor ",
            l->who % MODEL_VISITOR, kinds[l->kind]);
        if (l->kind == INTENT_MESSAGE)
            fprintf(out, " %s %s {item}=%u of", channels[l->channel], l->template, l->item);
        fprintf(out, " %s\n", l->name);
    }
}
