/*
 * Profiles: counting, windows on the calendar, tags, bounds; packed and back,
 * and no damaged byte believed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules_build.h"
#include "senda_profile.h"

#include <stdio.h>
#include <stdlib.h>

#define SITE 1
#define DAY  86400

static senda_profile_t profile, other;
static uint8_t packed[SENDA_PROFILE_PACKED_MAX];
static void *blob;
static senda_rules_t *rules;

/* Madrid, March 2026: the clock goes forward on the 29th. */
static const senda_zone_step_t madrid_steps[] = { { 1774746000, 7200 }, { 1792890000, 3600 } };
static const senda_zone_t madrid = { 3600, 2, madrid_steps };

static int
open_rules(void **state)
{
    static const senda_tag_rule_t lines[] = {
        { 10, { NULL, 0 }, SITE, 1, 4, { 0, 0, 0 } },             /* ever */
        { 11, { NULL, 0 }, SITE, 2, 3, { 0, 2, 0 } },             /* 2 days */
        { 12, { NULL, 0 }, SITE, 2, 2, { 0, 0, 3600 } },          /* an hour */
        { 13, { NULL, 0 }, SITE + 1, 1, 1, { 0, 0, 0 } },         /* another site's */
        { 14, { NULL, 0 }, SITE, SENDA_KEY_ANY, 3, { 1, 0, 0 } }, /* a month */
        { 15, { NULL, 0 }, SITE, 3, SENDA_MOMENTS_MAX, { 0, 30, 0 } },
    };
    rules_build_t *b = rules_build_new();
    senda_err_t err;
    size_t len;

    (void)state;
    rules_build_site(b, SITE, &madrid);
    rules_build_site(b, SITE + 1, NULL);
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        rules_build_tag(b, lines[i].site, lines[i].tag, SENDA_STR("tag"));
        rules_build_tag_rule(b, &lines[i]);
    }
    blob = rules_build_finish(b, 1, &len, &err);
    rules_build_free(b);
    return blob != NULL && senda_rules_open(&rules, blob, len, &err) == SENDA_OK ? 0 : -1;
}

static int
close_rules(void **state)
{
    (void)state;
    senda_rules_close(rules);
    free(blob);
    return 0;
}

static int
begin(void **state)
{
    (void)state;
    senda_profile_init(&profile);
    return 0;
}

static void
visit(senda_key_t key, senda_sec_t t)
{
    senda_profile_apply(&profile, rules, SITE, true, &key, 1, t);
}

static void
assert_same(const senda_profile_t *a, const senda_profile_t *b)
{
    assert_true(a->first == b->first && a->last == b->last);
    assert_int_equal(a->ncounters, b->ncounters);
    assert_int_equal(a->ntags, b->ntags);
    for (unsigned i = 0; i < a->ncounters; i++) {
        const senda_counter_t *x = &a->counters[i], *y = &b->counters[i];

        assert_int_equal(x->key, y->key);
        assert_int_equal(x->count, y->count);
        assert_true(x->first == y->first && x->last == y->last);
        assert_int_equal(x->nmoments, y->nmoments);
        assert_memory_equal(x->moments, y->moments, x->nmoments * sizeof(x->moments[0]));
    }
    for (unsigned i = 0; i < a->ntags; i++) {
        assert_int_equal(a->tags[i].tag, b->tags[i].tag);
        assert_true(a->tags[i].since == b->tags[i].since);
    }
}

static void
test_counts(void **state)
{
    const senda_key_t keys[] = { 7, senda_key_event(SENDA_EV_PURCHASE), 3 };

    (void)state;
    senda_profile_apply(&profile, rules, SITE, true, keys, 3, 100);
    senda_profile_apply(&profile, rules, SITE, true, keys, 1, 200);
    senda_profile_apply(&profile, rules, SITE, false, keys + 1, 1, 300);
    senda_profile_apply(&profile, rules, SITE, false, keys, 0, 400);
    assert_int_equal(senda_profile_count(&profile, SENDA_KEY_ANY), 2);
    assert_int_equal(senda_profile_count(&profile, 7), 2);
    assert_int_equal(senda_profile_count(&profile, 3), 1);
    assert_int_equal(senda_profile_count(&profile, keys[1]), 2);
    assert_int_equal(senda_profile_count(&profile, 8), 0);
    assert_null(senda_profile_counter(&profile, 8));
    assert_int_equal(senda_profile_counter(&profile, 7)->first, 100);
    assert_int_equal(senda_profile_counter(&profile, 7)->last, 200);
    assert_int_equal(profile.first, 100);
    assert_int_equal(profile.last, 300);
    for (unsigned i = 1; i < profile.ncounters; i++) {
        assert_true(profile.counters[i - 1].key < profile.counters[i].key);
    }
}

static void
test_tag_ever(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        visit(1, i * 1000000);
    }
    assert_false(senda_profile_has_tag(&profile, 10));
    visit(1, 900000000);
    assert_true(senda_profile_has_tag(&profile, 10));
    assert_false(senda_profile_has_tag(&profile, 13));
    visit(1, 900000001);
    assert_int_equal(profile.ntags, 2); /* and that of three pages in a month */
    assert_int_equal(profile.tags[1].tag, 10);
    assert_int_equal(profile.tags[1].since, 900000000);
}

/* "less than D old": at exactly D the oldest no longer counts. */
static void
test_window_edges(void **state)
{
    (void)state;
    visit(2, 1000000);
    visit(2, 1000000 + 3600);
    assert_false(senda_profile_has_tag(&profile, 12));
    visit(2, 1000000 + 3600 + 3599);
    assert_true(senda_profile_has_tag(&profile, 12));
    assert_true(senda_profile_has_tag(&profile, 11));
    visit(2, 1000000 + 9 * DAY);
    assert_true(senda_profile_has_tag(&profile, 12));
}

/* Two calendar days across the change of the clock are 47 hours long. */
static void
test_window_on_the_calendar(void **state)
{
    const senda_sec_t noon = 1774782000 - DAY + 3600; /* 28 March 2026, 12:00 */

    (void)state;
    visit(2, noon);
    visit(2, noon + 7200);
    visit(2, noon + 47 * 3600);
    assert_false(senda_profile_has_tag(&profile, 11));
    senda_profile_init(&profile);
    visit(2, noon);
    visit(2, noon + 7200);
    visit(2, noon + 47 * 3600 - 1);
    assert_true(senda_profile_has_tag(&profile, 11));
    assert_true(senda_profile_has_tag(&profile, 14));
}

static void
test_moments_kept(void **state)
{
    const senda_counter_t *c;

    (void)state;
    for (unsigned i = 0; i < 250; i++) {
        visit(3, 5000 + i);
        visit(2, 5000 + i);
        visit(1, 5000 + i);
    }
    c = senda_profile_counter(&profile, 3);
    assert_int_equal(c->nmoments, SENDA_MOMENTS_MAX);
    assert_int_equal(c->moments[0], 5150);
    assert_int_equal(c->moments[SENDA_MOMENTS_MAX - 1], 5249);
    assert_int_equal(senda_profile_counter(&profile, 2)->nmoments, 3);
    assert_int_equal(senda_profile_counter(&profile, 2)->moments[0], 5247);
    assert_int_equal(senda_profile_counter(&profile, 1)->nmoments, 0);
}

/* Without rules counts go on, and moments slide as they did. */
static void
test_without_rules(void **state)
{
    senda_key_t key = 2;

    (void)state;
    visit(2, 100);
    visit(2, 200);
    senda_profile_apply(&profile, NULL, SITE, true, &key, 1, 300);
    assert_int_equal(senda_profile_count(&profile, 2), 3);
    assert_int_equal(senda_profile_counter(&profile, 2)->nmoments, 2);
    assert_int_equal(senda_profile_counter(&profile, 2)->moments[1], 300);
    assert_false(senda_profile_has_tag(&profile, 11));
    visit(2, 400);
    assert_true(senda_profile_has_tag(&profile, 11));
}

static void
test_clock_set_back(void **state)
{
    (void)state;
    visit(2, 5000);
    visit(2, 4000);
    visit(2, 4500);
    assert_int_equal(profile.first, 5000);
    assert_int_equal(profile.last, 5000);
    assert_int_equal(senda_profile_counter(&profile, 2)->last, 5000);
    assert_true(senda_profile_has_tag(&profile, 11));
}

static void
test_bounds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SENDA_COUNTERS_MAX + 9; i++) {
        visit(100000 - i, 1000 + i);
    }
    assert_int_equal(profile.ncounters, SENDA_COUNTERS_MAX);
    assert_int_equal(profile.refused, 10); /* "any" takes one */
    for (unsigned i = profile.ntags; i < SENDA_TAGS_MAX; i++) {
        profile.tags[profile.ntags++] = (senda_tag_t){ 1000 + i, 1 };
    }
    senda_profile_init(&other);
    profile.ncounters = 0;
    visit(1, 1);
    visit(1, 2);
    visit(1, 3);
    visit(1, 4);
    assert_false(senda_profile_has_tag(&profile, 10));
    assert_true(profile.refused > 10);
}

static void
test_packed_and_back(void **state)
{
    size_t n;

    (void)state;
    n = senda_profile_dump(&profile, packed, sizeof(packed));
    assert_true(n > 0 && n < 10);
    assert_int_equal(senda_profile_load(&other, packed, n), SENDA_OK);
    assert_same(&profile, &other);
    for (unsigned i = 0; i < 3000; i++) {
        visit(i % 40 == 0 ? senda_key_event(i % 17) : i % 7 + 1, 1780000000 + i * 977LL);
    }
    n = senda_profile_dump(&profile, packed, sizeof(packed));
    assert_true(n > 100);
    assert_int_equal(senda_profile_load(&other, packed, n), SENDA_OK);
    assert_same(&profile, &other);
    assert_int_equal(senda_profile_dump(&profile, packed, n - 1), 0);
    profile.counters[0].moments[0] = INT64_MIN;
    profile.counters[0].last = INT64_MAX;
    profile.first = INT64_MIN;
    n = senda_profile_dump(&profile, packed, sizeof(packed));
    assert_int_equal(senda_profile_load(&other, packed, n), SENDA_OK);
    assert_same(&profile, &other);
}

/* A quiet visitor is small: one page seen twice. */
static void
test_small(void **state)
{
    (void)state;
    visit(1, 1780000000);
    visit(1, 1780000100);
    assert_in_range(senda_profile_dump(&profile, packed, sizeof(packed)), 10, 40);
}

static void
test_damaged(void **state)
{
    uint64_t seed = 7;
    unsigned loaded = 0;
    size_t n;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        visit(i % 5 + 1, 1780000000 + i * 977LL);
    }
    n = senda_profile_dump(&profile, packed, sizeof(packed));
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(senda_profile_load(&other, packed, cut), SENDA_BAD);
        assert_int_equal(other.ncounters, 0);
    }
    assert_int_equal(senda_profile_load(&other, packed, n + 1), SENDA_BAD);
    packed[0]++;
    assert_int_equal(senda_profile_load(&other, packed, n), SENDA_BAD);
    packed[0]--;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t *copy = malloc(n); /* of its exact size, for the sanitizer */

        assert_non_null(copy);
        memcpy(copy, packed, n);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        copy[(seed >> 33) % n] = (uint8_t)(seed >> 24);
        if (senda_profile_load(&other, copy, n) == SENDA_OK) {
            loaded++;
            assert_true(other.ncounters <= SENDA_COUNTERS_MAX && other.ntags <= SENDA_TAGS_MAX);
            senda_profile_apply(&other, rules, SITE, true, &other.counters[0].key, 1, 1790000000);
        } else {
            assert_int_equal(other.ncounters + other.ntags, 0);
        }
        free(copy);
    }
    assert_true(loaded > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_counts, begin),
        cmocka_unit_test_setup(test_tag_ever, begin),
        cmocka_unit_test_setup(test_window_edges, begin),
        cmocka_unit_test_setup(test_window_on_the_calendar, begin),
        cmocka_unit_test_setup(test_moments_kept, begin),
        cmocka_unit_test_setup(test_without_rules, begin),
        cmocka_unit_test_setup(test_clock_set_back, begin),
        cmocka_unit_test_setup(test_bounds, begin),
        cmocka_unit_test_setup(test_packed_and_back, begin),
        cmocka_unit_test_setup(test_small, begin),
        cmocka_unit_test_setup(test_damaged, begin),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_rules, close_rules);
}
