/*
 * Moments as people name them: the next ten o'clock, the end of the quiet
 * hours, the start of a week, a birthday, around both changes of the clocks.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "moment.h"

#define H(hour, minute) ((hour)*3600 + (minute)*60)
#define WORKDAYS        0x1f

/* Madrid in 2026: summer from 29 March 02:00 to 25 October 03:00. */
static const senda_zone_step_t steps[] = { { 1774746000, 7200 }, { 1792890000, 3600 } };
static const senda_zone_t madrid = { 3600, 2, steps };

static senda_sec_t
at(int month, int day, int hour, int minute)
{
    return senda_zone_utc_of(&madrid, (senda_local_t){ 2026, month, day, hour, minute, 0, 0 });
}

/* "29.03 03:00", in local time, with the offset in hours where it matters. */
static void
is(senda_sec_t t, const char *expected)
{
    senda_local_t l;
    int32_t offset;
    char text[64];

    l = senda_zone_local(&madrid, t, &offset);
    snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d +%d", l.year, l.month, l.day, l.hour,
        l.minute, offset / 3600);
    assert_string_equal(text, expected);
}

static void
the_next_time_of_day(void **state)
{
    (void)state;
    is(moment_next(&madrid, at(6, 1, 9, 59), H(10, 0), 0), "2026-06-01 10:00 +2");
    is(moment_next(&madrid, at(6, 1, 10, 0), H(10, 0), 0), "2026-06-01 10:00 +2"); /* now */
    is(moment_next(&madrid, at(6, 1, 10, 0) + 1, H(10, 0), 0), "2026-06-02 10:00 +2");
    is(moment_next(&madrid, at(12, 31, 23, 0), H(10, 0), 0), "2027-01-01 10:00 +1");
    /* 5 June 2026 is a Friday */
    is(moment_next(&madrid, at(6, 5, 10, 0), H(10, 0), WORKDAYS), "2026-06-05 10:00 +2");
    is(moment_next(&madrid, at(6, 5, 10, 1), H(10, 0), WORKDAYS), "2026-06-08 10:00 +2");
    is(moment_next(&madrid, at(6, 5, 10, 1), H(10, 0), 1 << 4), "2026-06-12 10:00 +2");
    is(moment_next(&madrid, at(6, 7, 0, 0), H(0, 0), 1 << 6), "2026-06-07 00:00 +2");
}

/* 02:30 of 29 March does not exist; that of 25 October is there twice and counts once. */
static void
the_next_time_around_changes(void **state)
{
    senda_sec_t first;

    (void)state;
    is(moment_next(&madrid, at(3, 28, 12, 0), H(2, 30), 0), "2026-03-29 03:00 +2");
    is(moment_next(&madrid, at(3, 29, 3, 0) + 1, H(2, 30), 0), "2026-03-30 02:30 +2");
    first = moment_next(&madrid, at(10, 24, 12, 0), H(2, 30), 0);
    is(first, "2026-10-25 02:30 +2");
    is(moment_next(&madrid, first + 1, H(2, 30), 0), "2026-10-26 02:30 +1");
}

static void
quiet_hours(void **state)
{
    const int32_t night = H(21, 0), morning = H(9, 0);

    (void)state;
    assert_int_equal(moment_quiet_end(&madrid, at(6, 1, 21, 0) - 1, night, morning), 0);
    is(moment_quiet_end(&madrid, at(6, 1, 21, 0), night, morning), "2026-06-02 09:00 +2");
    is(moment_quiet_end(&madrid, at(6, 2, 0, 0), night, morning), "2026-06-02 09:00 +2");
    is(moment_quiet_end(&madrid, at(6, 2, 9, 0) - 1, night, morning), "2026-06-02 09:00 +2");
    assert_int_equal(moment_quiet_end(&madrid, at(6, 2, 9, 0), night, morning), 0);

    is(moment_quiet_end(&madrid, at(6, 1, 14, 0), H(14, 0), H(17, 0)), "2026-06-01 17:00 +2");
    assert_int_equal(moment_quiet_end(&madrid, at(6, 1, 17, 0), H(14, 0), H(17, 0)), 0);
    assert_int_equal(moment_quiet_end(&madrid, at(6, 1, 13, 59), H(14, 0), H(17, 0)), 0);
    assert_int_equal(moment_quiet_end(&madrid, at(6, 1, 14, 0), H(14, 0), H(14, 0)), 0);
}

static void
quiet_hours_around_changes(void **state)
{
    senda_sec_t twice = at(10, 25, 2, 30); /* the first of the two */

    (void)state;
    is(moment_quiet_end(&madrid, at(3, 28, 22, 0), H(21, 0), H(2, 30)), "2026-03-29 03:00 +2");
    is(moment_quiet_end(&madrid, at(3, 29, 1, 59), H(21, 0), H(9, 0)), "2026-03-29 09:00 +2");
    is(moment_quiet_end(&madrid, at(10, 25, 1, 0), H(21, 0), H(9, 0)), "2026-10-25 09:00 +1");
    is(moment_quiet_end(&madrid, twice - 60, H(21, 0), H(2, 30)), "2026-10-25 02:30 +2");
    /* 02:15 for the second time: the night was over at 02:30 for the first */
    assert_int_equal(moment_quiet_end(&madrid, twice + 45 * 60, H(21, 0), H(2, 30)), 0);
    is(moment_quiet_end(&madrid, twice + 45 * 60, H(2, 15), H(6, 0)), "2026-10-25 06:00 +1");
}

static void
the_start_of_a_period(void **state)
{
    (void)state;
    is(moment_start_of(&madrid, at(6, 5, 23, 59), LIMIT_DAY), "2026-06-05 00:00 +2");
    is(moment_start_of(&madrid, at(6, 5, 0, 0), LIMIT_DAY), "2026-06-05 00:00 +2");
    is(moment_start_of(&madrid, at(6, 7, 23, 59), LIMIT_WEEK), "2026-06-01 00:00 +2");
    is(moment_start_of(&madrid, at(6, 8, 0, 0), LIMIT_WEEK), "2026-06-08 00:00 +2");
    is(moment_start_of(&madrid, at(1, 1, 12, 0), LIMIT_WEEK), "2025-12-29 00:00 +1");
    is(moment_start_of(&madrid, at(6, 30, 12, 0), LIMIT_MONTH), "2026-06-01 00:00 +2");
    is(moment_start_of(&madrid, at(10, 25, 12, 0), LIMIT_DAY), "2026-10-25 00:00 +2");
}

/* 0 is 1 January 1970. */
static void
dates(void **state)
{
    (void)state;
    is(moment_on(&madrid, 20820, H(10, 0)), "2027-01-02 10:00 +1");
    is(moment_on(&madrid, 20541, H(2, 30)), "2026-03-29 03:00 +2");
    /* born on 29 February 1972 */
    is(moment_yearly(&madrid, 789, H(9, 30), at(1, 1, 0, 0)), "2026-02-28 09:30 +1");
    is(moment_yearly(&madrid, 789, H(9, 30), at(2, 28, 9, 30)), "2026-02-28 09:30 +1");
    is(moment_yearly(&madrid, 789, H(9, 30), at(2, 28, 9, 30) + 1), "2027-02-28 09:30 +1");
    is(moment_yearly(&madrid, 789, H(9, 30), at(2, 28, 9, 30) + 2 * 365 * 86400 - 3600),
        "2028-02-29 09:30 +1");
    is(moment_yearly(&madrid, 0, 0, at(12, 31, 23, 59)), "2027-01-01 00:00 +1");
    /* still to come: that day first */
    is(moment_yearly(&madrid, 20820, H(9, 0), at(1, 1, 0, 0)), "2027-01-02 09:00 +1");
    is(moment_yearly(&madrid, -25567, H(9, 0), at(1, 1, 0, 0)), "2026-01-01 09:00 +1"); /* 1900 */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_time_of_day),
        cmocka_unit_test(the_next_time_around_changes),
        cmocka_unit_test(quiet_hours),
        cmocka_unit_test(quiet_hours_around_changes),
        cmocka_unit_test(the_start_of_a_period),
        cmocka_unit_test(dates),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
