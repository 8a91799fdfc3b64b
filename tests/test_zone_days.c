/*
 * 400 days in four time zones, through the engine with real rules: every start
 * by the calendar once a day at its local time, also where that time does not
 * exist or comes twice; waits until a time of day; quiet hours over midnight;
 * birthdays, also of 29 February. When things have to happen GLib's time zones
 * say, minute by minute; nothing of core/senda_zone.c is asked.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "virtual.h"

#define DAYS     400
#define MINUTE   60
#define DAY      86400
#define SAID_MAX 20000
#define VISITS   3000

static const char rules[] =
    "site shop.test\n"
    "  timezone  %s\n"
    "  currency  EUR\n"
    "  language  en\n"
    "page all   /all\n"
    "page even  /even\n"
    "page work  /work\n"
    "page held  /held\n"
    "field birthday  date\n"
    "segment everybody = visits all\n"
    "quiet hours 21:00-09:00\n"
    "flow d0 transactional\n  start every day at 00:00 for everybody\n  again always\n"
    "  send email at-0000\n"
    "flow d1 transactional\n  start every day at 00:30 for everybody\n  again always\n"
    "  send email at-0030\n"
    "flow d2 transactional\n  start every day at 02:15 for everybody\n  again always\n"
    "  send email at-0215\n"
    "flow d3 transactional\n  start every day at 02:30 for everybody\n  again always\n"
    "  send email at-0230\n"
    "flow d4 transactional\n  start every day at 10:00 for everybody\n  again always\n"
    "  send email at-1000\n"
    "flow d5 transactional\n  start every day at 23:30 for everybody\n  again always\n"
    "  send email at-2330\n"
    "flow once transactional\n  start on 2027-03-28 at 02:30 for everybody\n"
    "  send email once\n"
    "flow even transactional\n  start when visits even\n  again always\n  wait until 02:30\n"
    "  send email until\n"
    "flow work transactional\n  start when visits work\n  again always\n"
    "  wait until 00:30 on weekdays\n  send email weekday\n"
    "flow held\n  start when visits held\n  again always\n  send email held\n"
    "flow birthday transactional\n  start on the date birthday at 02:30\n  again always\n"
    "  send email birthday\n"
    "flow midnight transactional\n  start on the date birthday at 00:15\n  again always\n"
    "  send email midnight\n";

typedef struct {
    senda_sec_t at;
    uint8_t visitor;
    const char *template;
} said_t;

typedef struct {
    virtual_t *world;
    GTimeZone *zone;
    engine_t *engine;
    said_t said[SAID_MAX], expected[SAID_MAX];
    unsigned nsaid, nexpected;
    senda_sec_t from, to;
    uint64_t random;
} fixture_t;

/* ---- local time, as GLib sees it ---- */

static int64_t
offset_at(GTimeZone *zone, senda_sec_t t)
{
    return g_time_zone_get_offset(zone, g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, t));
}

/* Days since 1970-01-01. */
static int64_t
day_of(int year, int month, int day)
{
    GDate d;

    g_date_clear(&d, 1);
    g_date_set_dmy(&d, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
    return (int64_t)g_date_get_julian(&d) - 719163;
}

static int64_t
local_day(GTimeZone *zone, senda_sec_t t)
{
    return (t + offset_at(zone, t)) / DAY;
}

/* The first minute whose clock on the wall shows this time of that day, or later. */
static senda_sec_t
first_minute(GTimeZone *zone, int64_t day, int second)
{
    senda_sec_t wall = day * DAY + second, t = wall - offset_at(zone, wall) - 3 * 3600;

    while (t + offset_at(zone, t) < wall)
        t += MINUTE;
    return t;
}

/* The next such time of day, t included; weekdays: not on Saturday and Sunday. */
static senda_sec_t
next_time(GTimeZone *zone, senda_sec_t t, int second, bool weekdays)
{
    int64_t day = local_day(zone, t) - 1;

    for (;; day++) {
        senda_sec_t at = first_minute(zone, day, second);
        int64_t weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday; 0 is Monday */

        if (at >= t && (!weekdays || weekday < 5))
            return at;
    }
}

/* ---- what the engine says ---- */

static void
on_intent(void *ctx, const intent_t *i)
{
    fixture_t *f = ctx;

    if (i->kind == INTENT_MESSAGE) {
        assert_true(f->nsaid < SAID_MAX);
        f->said[f->nsaid++] = (said_t){ i->at, i->who.visitor.b[0], i->step->template };
    }
}

static void
expect(fixture_t *f, senda_sec_t at, uint8_t visitor, const char *template)
{
    if (at > f->to)
        return;
    assert_true(f->nexpected < SAID_MAX);
    f->expected[f->nexpected++] = (said_t){ at, visitor, template };
}

static void
does(fixture_t *f, senda_sec_t at, uint8_t visitor, const char *path)
{
    engine_event_t e = { 0 };

    assert_int_equal(virtual_visit(f->world, SENDA_METHOD_GET, senda_cstr(path), &e), SENDA_OK);
    e.at = at;
    e.who.visitor.b[0] = visitor;
    engine_event(f->engine, &e, ENGINE_ACT);
}

static int
in_order(const void *a, const void *b)
{
    const said_t *x = a, *y = b;
    int by_name = strcmp(x->template, y->template);

    return x->at != y->at ? (x->at < y->at ? -1 : 1)
        : by_name != 0    ? by_name
                          : (int)x->visitor - (int)y->visitor;
}

static void
compare(fixture_t *f)
{
    unsigned n = f->nsaid < f->nexpected ? f->nsaid : f->nexpected;

    qsort(f->said, f->nsaid, sizeof(f->said[0]), in_order);
    qsort(f->expected, f->nexpected, sizeof(f->expected[0]), in_order);
    for (unsigned i = 0; i < n; i++) {
        const said_t *a = &f->said[i], *b = &f->expected[i];
        GDateTime *utc = g_date_time_new_from_unix_utc(a->at);
        GDateTime *local = g_date_time_to_timezone(utc, f->zone);
        char *text = g_date_time_format(local, "%Y-%m-%d %H:%M:%S %z");

        if (in_order(a, b) != 0)
            fail_msg("the engine: %s of %u at %s (%lld), GLib: %s of %u at %lld", a->template,
                a->visitor, text, (long long)a->at, b->template, b->visitor, (long long)b->at);
        g_free(text);
        g_date_time_unref(local);
        g_date_time_unref(utc);
    }
    assert_int_equal(f->nsaid, f->nexpected);
}

/* ---- a zone's world ---- */

static void
open_zone(fixture_t *f, const char *zone)
{
    static const engine_options_t options = { .everybody_reachable = true, .no_control = true };
    char file[] = "/tmp/senda-zone-XXXXXX", *text = g_strdup_printf(rules, zone);
    int fd = mkstemp(file), status = 0;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    memset(f, 0, sizeof(*f));
    f->world = virtual_open(file, stderr, &status);
    unlink(file);
    g_free(text);
    assert_non_null(f->world);
    f->zone = g_time_zone_new_identifier(zone);
    assert_non_null(f->zone);
    f->engine = engine_new(virtual_program(f->world), &options, on_intent, f);
    assert_non_null(f->engine);
    /* with a 29 February, and every change of 2027 */
    f->from = first_minute(f->zone, day_of(2027, 2, 1), 0);
    f->to = first_minute(f->zone, day_of(2027, 2, 1) + DAYS, 0) - 1;
    f->random = 88172645463325252ull;
}

static void
close_zone(fixture_t *f)
{
    engine_free(f->engine);
    virtual_close(f->world);
    g_time_zone_unref(f->zone);
}

/* xorshift64 (Marsaglia). */
static uint64_t
random_below(fixture_t *f, uint64_t n)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return f->random % n;
}

static void
expect_daily(fixture_t *f, senda_sec_t since, uint8_t visitor)
{
    static const struct {
        const char *template;
        int second;
    } times[] = {
        { "at-0000", 0 },
        { "at-0030", 1800 },
        { "at-0215", 8100 },
        { "at-0230", 9000 },
        { "at-1000", 36000 },
        { "at-2330", 84600 },
    };
    int64_t first = local_day(f->zone, f->from);
    senda_sec_t once = first_minute(f->zone, day_of(2027, 3, 28), 9000);

    for (int64_t day = first; day < first + DAYS; day++) {
        for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
            senda_sec_t at = first_minute(f->zone, day, times[i].second);

            if (at > since)
                expect(f, at, visitor, times[i].template);
        }
    }
    if (once > since)
        expect(f, once, visitor, "once");
}

/* ---- the tests, once a zone ---- */

static void
daily_starts(const char *zone)
{
    static fixture_t f;

    open_zone(&f, zone);
    does(&f, f.from + 60, 1, "/all");
    does(&f, f.from + 100 * DAY + 7777, 2, "/all");
    engine_advance(f.engine, f.to, ENGINE_ACT);
    expect_daily(&f, f.from + 60, 1);
    /* all six of all days but the midnight before it came, whatever the zone does; and the one date */
    assert_int_equal(f.nexpected, 6 * DAYS - 1 + 1);
    expect_daily(&f, f.from + 100 * DAY + 7777, 2);
    compare(&f);
    close_zone(&f);
}

/* Whoever waits is not started again: the pages of each flow have one person, who comes at random. */
static void
waits_and_quiet_hours(const char *zone)
{
    static fixture_t f;
    senda_sec_t due[3] = { 0 };
    senda_sec_t at;

    open_zone(&f, zone);
    at = f.from;
    for (unsigned i = 0; i < VISITS; i++) {
        unsigned which = (unsigned)random_below(&f, 3);
        senda_sec_t second;

        /* also right at full and half hours, where things begin and end */
        at += 1 + (senda_sec_t)random_below(&f, 2 * DAYS * (uint64_t)DAY / VISITS);
        at = random_below(&f, 3) == 0 ? at - at % 1800 + 1800 : at;
        if (at > f.to)
            break;
        if (which == 0) {
            does(&f, at, 1, "/even");
            if (at >= due[0]) {
                due[0] = next_time(f.zone, at, 9000, false);
                expect(&f, due[0], 1, "until");
            }
        } else if (which == 1) {
            does(&f, at, 2, "/work");
            if (at >= due[1]) {
                due[1] = next_time(f.zone, at, 1800, true);
                expect(&f, due[1], 2, "weekday");
            }
        } else {
            does(&f, at, 3, "/held");
            second = (at + offset_at(f.zone, at)) % DAY;
            if (at >= due[2]) {
                due[2] = second >= 21 * 3600 || second < 9 * 3600
                    ? next_time(f.zone, at, 9 * 3600, false)
                    : at;
                expect(&f, due[2], 3, "held");
            }
        }
    }
    engine_advance(f.engine, f.to, ENGINE_ACT);
    assert_true(f.nsaid > DAYS / 2);
    for (unsigned i = 0; i < f.nsaid; i++) {
        senda_sec_t t = f.said[i].at, second = (t + offset_at(f.zone, t)) % DAY;

        if (strcmp(f.said[i].template, "held") == 0)
            assert_true(second >= 9 * 3600 && second < 21 * 3600);
    }
    compare(&f);
    close_zone(&f);
}

static void
birthdays(const char *zone)
{
    static const struct {
        const char *born;
        int month, day;
    } people[] = {
        { "1990-02-01", 2, 1 },
        { "1988-02-29", 2, 29 },
        { "1990-02-28", 2, 28 },
        { "1975-03-28", 3, 28 },
        { "2001-04-03", 4, 3 },
        { "1969-04-04", 4, 4 },
        { "2000-09-04", 9, 4 },
        { "1931-09-05", 9, 5 },
        { "1999-10-03", 10, 3 },
        { "1985-10-31", 10, 31 },
        { "1990-12-31", 12, 31 },
        { "1990-01-01", 1, 1 },
    };
    static fixture_t f;

    open_zone(&f, zone);
    for (size_t i = 0; i < G_N_ELEMENTS(people); i++) {
        engine_event_t e = { .at = f.from + 9 * 60, .nanswers = 1 };
        uint8_t visitor = (uint8_t)(i + 1);

        e.answers[0] = (senda_capture_t){ SENDA_STR("birthday"), senda_cstr(people[i].born) };
        e.who.visitor.b[0] = visitor;
        e.page = true;
        engine_event(f.engine, &e, ENGINE_ACT);
        for (int year = 2027; year <= 2028; year++) {
            int day = people[i].day == 29 && year % 4 != 0 ? 28 : people[i].day;
            int64_t date = day_of(year, people[i].month, day);
            senda_sec_t morning = first_minute(f.zone, date, 9000),
                        night = first_minute(f.zone, date, 900);

            if (morning > e.at)
                expect(&f, morning, visitor, "birthday");
            if (night > e.at)
                expect(&f, night, visitor, "midnight");
        }
    }
    engine_advance(f.engine, f.to, ENGINE_ACT);
    assert_true(f.nexpected > 2 * G_N_ELEMENTS(people));
    compare(&f);
    close_zone(&f);
}

/* The wall clock as it was looked up by hand: GLib itself is not believed blindly. */
static void
glib_knows_the_changes(void **state)
{
    static const struct {
        const char *zone;
        int year, month, day, second;
        senda_sec_t utc;
    } known[] = {
        /* 02:30 does not exist on 28 March in Madrid: 03:00 summer time, 01:00 UTC */
        { "Europe/Madrid", 2027, 3, 28, 9000, 1806195600 },
        /* 02:30 comes twice on 31 October: the first, summer time, 00:30 UTC */
        { "Europe/Madrid", 2027, 10, 31, 9000, 1824942600 },
        { "Asia/Kolkata", 2027, 6, 1, 36000, 1811824200 },
        /* 02:15 does not exist on Lord Howe on 3 October: 02:30 summer time, 15:30 UTC the day before */
        { "Australia/Lord_Howe", 2027, 10, 3, 8100, 1822491000 },
        /* 00:00 does not exist in Santiago on 5 September: 01:00 summer time, 04:00 UTC */
        { "America/Santiago", 2027, 9, 5, 0, 1820116800 },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        GTimeZone *zone = g_time_zone_new_identifier(known[i].zone);
        senda_sec_t at = first_minute(zone, day_of(known[i].year, known[i].month, known[i].day),
            known[i].second);

        if (at != known[i].utc)
            fail_msg("%s: %lld, not %lld", known[i].zone, (long long)at, (long long)known[i].utc);
        g_time_zone_unref(zone);
    }
}

#define ZONE(name, zone)                       \
    static void name##_daily(void **state)     \
    {                                          \
        (void)state;                           \
        daily_starts(zone);                    \
    }                                          \
    static void name##_waits(void **state)     \
    {                                          \
        (void)state;                           \
        waits_and_quiet_hours(zone);           \
    }                                          \
    static void name##_birthdays(void **state) \
    {                                          \
        (void)state;                           \
        birthdays(zone);                       \
    }

ZONE(madrid, "Europe/Madrid")
ZONE(santiago, "America/Santiago")
ZONE(kolkata, "Asia/Kolkata")
ZONE(lord_howe, "Australia/Lord_Howe")

#define TESTS(name)                                                 \
    cmocka_unit_test(name##_daily), cmocka_unit_test(name##_waits), \
        cmocka_unit_test(name##_birthdays)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(glib_knows_the_changes),
        TESTS(madrid),
        TESTS(santiago),
        TESTS(kolkata),
        TESTS(lord_howe),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
