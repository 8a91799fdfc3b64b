/*
 * Local time: four zones with their offset changes of 2025 to 2028 (IANA
 * 2024a), against the C library's calendar and against moments written down.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_zone.h"

#include <limits.h>
#include <time.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const senda_zone_step_t madrid_steps[] = { { 1743296400, 7200 }, { 1761440400, 3600 },
    { 1774746000, 7200 }, { 1792890000, 3600 }, { 1806195600, 7200 }, { 1824944400, 3600 },
    { 1837645200, 7200 }, { 1856394000, 3600 } };
static const senda_zone_step_t santiago_steps[] = { { 1743908400, -14400 }, { 1757217600, -10800 },
    { 1775358000, -14400 }, { 1788667200, -10800 }, { 1806807600, -14400 }, { 1820116800, -10800 },
    { 1838257200, -14400 }, { 1851566400, -10800 } };
static const senda_zone_step_t lord_howe_steps[] = { { 1743865200, 37800 }, { 1759591800, 39600 },
    { 1775314800, 37800 }, { 1791041400, 39600 }, { 1806764400, 37800 }, { 1822491000, 39600 },
    { 1838214000, 37800 }, { 1853940600, 39600 } };

static const senda_zone_t madrid = { 3600, COUNT(madrid_steps), madrid_steps };
static const senda_zone_t santiago = { -10800, COUNT(santiago_steps), santiago_steps };
static const senda_zone_t lord_howe = { 39600, COUNT(lord_howe_steps), lord_howe_steps };
static const senda_zone_t kolkata = { 19800, 0, NULL };

static const senda_zone_t *const zones[] = { &madrid, &santiago, &lord_howe, &kolkata,
    &senda_zone_utc };

static senda_sec_t
at(const senda_zone_t *z, int year, int month, int day, int hour, int minute)
{
    return senda_zone_utc_of(z, (senda_local_t){ year, month, day, hour, minute, 0, 0 });
}

/* The offset by looking at every step. */
static int32_t
slow_offset(const senda_zone_t *z, senda_sec_t t)
{
    int32_t offset = z->first_offset;

    for (uint32_t i = 0; i < z->nsteps; i++) {
        if (z->steps[i].at <= t) {
            offset = z->steps[i].offset;
        }
    }
    return offset;
}

static void
assert_as_libc(const senda_zone_t *z, senda_sec_t t)
{
    int32_t offset;
    senda_local_t l = senda_zone_local(z, t, &offset);
    time_t wall = t + slow_offset(z, t);
    struct tm tm;

    assert_non_null(gmtime_r(&wall, &tm));
    assert_int_equal(offset, slow_offset(z, t));
    assert_int_equal(l.year, tm.tm_year + 1900);
    assert_int_equal(l.month, tm.tm_mon + 1);
    assert_int_equal(l.day, tm.tm_mday);
    assert_int_equal(l.hour, tm.tm_hour);
    assert_int_equal(l.minute, tm.tm_min);
    assert_int_equal(l.second, tm.tm_sec);
    assert_int_equal(l.weekday, tm.tm_wday == 0 ? 7 : tm.tm_wday);
}

static void
test_calendar_as_libc(void **state)
{
    (void)state;
    for (senda_sec_t t = -200000000000; t < 400000000000; t += 86400LL * 37 + 12345) {
        assert_as_libc(&senda_zone_utc, t);
        assert_true(senda_zone_utc_of(NULL, senda_zone_local(NULL, t, NULL)) == t);
    }
}

/* 400 days, each half hour: local as libc has it, and back to the same moment or its first twin. */
static void
test_round_trips(void **state)
{
    const senda_sec_t start = 1767225600; /* 1 January 2026 */

    (void)state;
    for (unsigned i = 0; i < COUNT(zones); i++) {
        unsigned doubled = 0;

        for (senda_sec_t t = start; t < start + 400 * 86400; t += 1800) {
            senda_local_t l = senda_zone_local(zones[i], t, NULL);
            senda_sec_t back = senda_zone_utc_of(zones[i], l);

            assert_as_libc(zones[i], t);
            if (back != t) {
                int32_t before = slow_offset(zones[i], back), now = slow_offset(zones[i], t);

                assert_true(back < t && back + before == t + now);
                doubled++;
            }
        }
        assert_int_equal(doubled, i < 2 ? 2 : i == 2 ? 1 : 0);
    }
}

static void
test_missing_and_doubled(void **state)
{
    (void)state;
    assert_true(at(&madrid, 2026, 3, 29, 1, 59) == 1774746000 - 60);
    assert_true(at(&madrid, 2026, 3, 29, 2, 0) == 1774746000);
    assert_true(at(&madrid, 2026, 3, 29, 2, 30) == 1774746000);
    assert_true(at(&madrid, 2026, 3, 29, 3, 0) == 1774746000);
    assert_true(at(&madrid, 2026, 10, 25, 2, 30) == 1792888200);
    assert_true(at(&madrid, 2026, 10, 25, 3, 0) == 1792893600);
    assert_true(at(&madrid, 2026, 6, 1, 10, 0) == 1780300800);
    assert_true(at(&lord_howe, 2026, 10, 4, 2, 15) == 1791041400);
    assert_true(at(&lord_howe, 2026, 4, 5, 1, 45) == 1775313900);
    assert_true(at(&santiago, 2026, 4, 4, 23, 30) == 1775356200);
    assert_true(at(&santiago, 2026, 9, 6, 0, 0) == 1788667200);
    assert_true(at(&santiago, 2026, 9, 6, 0, 30) == 1788667200);
    assert_true(at(&kolkata, 2026, 6, 1, 10, 0) == 1780288200);
}

static senda_sec_t
plus(const senda_zone_t *z, senda_sec_t t, int months, int days, int64_t secs, int sign)
{
    return senda_zone_add(z, t, (senda_span_t){ months, days, secs }, sign);
}

static void
test_days_keep_the_hour(void **state)
{
    senda_sec_t before = at(&madrid, 2026, 3, 28, 10, 0), fall = at(&madrid, 2026, 10, 24, 10, 0);

    (void)state;
    assert_true(plus(&madrid, before, 0, 1, 0, 1) == before + 23 * 3600);
    assert_true(plus(&madrid, before, 0, 0, 86400, 1) == before + 86400);
    assert_true(plus(&madrid, fall, 0, 1, 0, 1) == fall + 25 * 3600);
    assert_true(plus(&madrid, fall + 25 * 3600, 0, 1, 0, -1) == fall);
    assert_true(plus(&madrid, at(&madrid, 2026, 3, 28, 2, 30), 0, 1, 0, 1) == 1774746000);
    assert_true(plus(&madrid, at(&madrid, 2026, 10, 24, 2, 30), 0, 1, 0, 1) == 1792888200);
    assert_true(plus(&lord_howe, at(&lord_howe, 2026, 4, 4, 9, 0), 0, 1, 0, 1) ==
        at(&lord_howe, 2026, 4, 4, 9, 0) + 86400 + 1800);
    assert_true(plus(&kolkata, 1780288200, 0, 30, 60, 1) == 1780288200 + 30 * 86400 + 60);
    assert_true(plus(NULL, 1780288200, 0, 7, 0, -1) == 1780288200 - 7 * 86400);
}

static void
test_months_end_within_the_month(void **state)
{
    (void)state;
    assert_true(plus(&madrid, at(&madrid, 2026, 1, 31, 9, 0), 1, 0, 0, 1) ==
        at(&madrid, 2026, 2, 28, 9, 0));
    assert_true(plus(&madrid, at(&madrid, 2028, 1, 31, 9, 0), 1, 0, 0, 1) ==
        at(&madrid, 2028, 2, 29, 9, 0));
    assert_true(
        plus(NULL, at(NULL, 2099, 12, 31, 0, 0), 2, 0, 0, 1) == at(NULL, 2100, 2, 28, 0, 0));
    assert_true(
        plus(NULL, at(NULL, 1999, 12, 31, 0, 0), 2, 0, 0, 1) == at(NULL, 2000, 2, 29, 0, 0));
    assert_true(plus(&madrid, at(&madrid, 2026, 3, 31, 9, 0), 1, 0, 0, -1) ==
        at(&madrid, 2026, 2, 28, 9, 0));
    assert_true(plus(&madrid, at(&madrid, 2026, 1, 15, 9, 0), 13, 0, 0, -1) ==
        at(&madrid, 2024, 12, 15, 9, 0));
    assert_true(plus(&madrid, at(&madrid, 2026, 11, 30, 9, 0), 3, 1, 3600, 1) ==
        at(&madrid, 2027, 3, 1, 10, 0));
    assert_true(at(NULL, 2026, 14, 32, 25, 61) == at(NULL, 2027, 3, 5, 2, 1));
    assert_true(at(NULL, 2026, 0, 0, 0, 0) == at(NULL, 2025, 11, 30, 0, 0));
}

/* Nonsense in, some number out: no overflow (the sanitizer watches). */
static void
test_far_away(void **state)
{
    static const int64_t far[] = { INT64_MIN, INT64_MIN / 2, -1, 0, INT64_MAX / 2, INT64_MAX };

    (void)state;
    for (unsigned i = 0; i < COUNT(far); i++) {
        for (unsigned k = 0; k < COUNT(far); k++) {
            senda_sec_t up = plus(&madrid, far[i], INT_MAX, INT_MAX, far[k], 1);
            senda_sec_t down = plus(&madrid, far[i], INT_MAX, INT_MAX, far[k], -1);

            assert_true(up >= -60000000000000 && up <= 60000000000000);
            assert_true(down >= -60000000000000 && down <= 60000000000000);
        }
        (void)senda_zone_utc_of(&madrid, senda_zone_local(&madrid, far[i], NULL));
    }
    (void)at(&madrid, INT_MAX, INT_MAX, INT_MAX, INT_MAX, INT_MAX);
    (void)at(&madrid, INT_MIN, INT_MIN, INT_MIN, INT_MIN, INT_MIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_as_libc),
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_missing_and_doubled),
        cmocka_unit_test(test_days_keep_the_hour),
        cmocka_unit_test(test_months_end_within_the_month),
        cmocka_unit_test(test_far_away),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
