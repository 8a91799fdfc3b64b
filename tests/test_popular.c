/* How frequent searches are: ranks against counting all anew, the 30 days' edge, the bound. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "popular.h"

#define DAY 86400

static uint32_t
search(popular_t *p, senda_sec_t at, const char *q)
{
    return popular_search(p, at, senda_cstr(q));
}

static void
ranks_by_frequency(void **state)
{
    popular_t *p = popular_new(&senda_zone_utc);

    (void)state;
    assert_int_equal(search(p, 10, "botas"), 1);
    assert_int_equal(search(p, 11, "salon"), 1); /* as frequent: nobody is more so */
    assert_int_equal(search(p, 12, "botas"), 1);
    assert_int_equal(search(p, 13, "mocasin"), 2);
    assert_int_equal(search(p, 14, "salon"), 1);
    assert_int_equal(search(p, 15, "salon"), 1);
    assert_int_equal(search(p, 16, "mocasin"), 2); /* 2 like botas, salon has 3 */
    assert_int_equal(search(p, 17, "nude"), 4);
    assert_int_equal(popular_queries(p), 4);
    popular_free(p);
    popular_free(NULL);
}

static void
compares_as_people_do(void **state)
{
    popular_t *p = popular_new(&senda_zone_utc);

    (void)state;
    assert_int_equal(search(p, 1, "Salón rojo"), 1);
    assert_int_equal(search(p, 2, "botas"), 1);
    assert_int_equal(search(p, 3, "  salon ROJO "), 1);
    assert_int_equal(popular_queries(p), 2);
    assert_int_equal(search(p, 4, "botas"), 1);
    assert_int_equal(search(p, 5, "SALÓN ROJO"), 1);
    assert_int_equal(search(p, 6, "botas rojas"), 3);
    assert_int_equal(search(p, 7, ""), 0);
    assert_int_equal(search(p, 7, "   "), 0);
    assert_int_equal(popular_queries(p), 3);
    popular_free(p);
}

/* Local days: what was searched on a day counts on the 29 days after it, whatever the hour. */
static void
forgets_after_thirty_local_days(void **state)
{
    static const senda_zone_step_t steps[] = { { 20 * DAY, 7200 }, { 25 * DAY, 3600 } };
    const senda_zone_t zone = { 3600, 2, steps };
    popular_t *p = popular_new(&zone);
    senda_sec_t midnight = 31 * DAY - 3600; /* of local day 31 */

    (void)state;
    /* 23:59:59 of local day 0, and 00:00 of local day 1 */
    assert_int_equal(search(p, DAY - 3601, "a"), 1);
    assert_int_equal(search(p, DAY - 3601, "a"), 1);
    assert_int_equal(search(p, DAY - 3600, "b"), 2);
    /* local day 29: 28 days later, all counts */
    assert_int_equal(search(p, midnight - DAY - 1, "c"), 2);
    assert_int_equal(search(p, midnight - DAY - 1, "c"), 1);
    assert_int_equal(popular_queries(p), 3);
    /* local day 30: a's day is 30 days back */
    assert_int_equal(search(p, midnight - DAY, "b"), 1);
    assert_int_equal(popular_queries(p), 2);
    assert_int_equal(search(p, midnight - DAY, "a"), 3);
    /* local day 31: one of b's is 30 days back */
    assert_int_equal(search(p, midnight, "d"), 2);
    assert_int_equal(search(p, midnight, "d"), 1);
    assert_int_equal(search(p, midnight, "b"), 1);
    /* an earlier second is taken as now; half a year later nothing is left */
    assert_int_equal(search(p, DAY, "d"), 1);
    assert_int_equal(search(p, 200 * DAY, "e"), 1);
    assert_int_equal(popular_queries(p), 1);
    assert_int_equal(popular_forgotten(p), 0); /* time is no lack of room */
    popular_free(p);
}

#define WORDS 40
#define TIMES 4000

/* Against counting everything again for each search. */
static void
agrees_with_counting_anew(void **state)
{
    static struct {
        int64_t day;
        unsigned word;
    } all[TIMES];
    popular_t *p = popular_new(&senda_zone_utc);
    uint64_t seed = 7;
    senda_sec_t at = 100;

    (void)state;
    for (unsigned n = 0; n < TIMES; n++) {
        unsigned count[WORDS] = { 0 }, more = 0, word;
        char text[16];

        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        word = (unsigned)(seed >> 33) % WORDS;
        word = (unsigned)(seed >> 50) % 3 == 0 ? word % 5 : word;
        at += (senda_sec_t)((seed >> 40) % 5000) + ((seed >> 20) % 400 == 0 ? 20 * DAY : 0);
        all[n].day = at / DAY;
        all[n].word = word;
        for (unsigned i = 0; i <= n; i++)
            count[all[i].word] += all[i].day > at / DAY - 30;
        for (unsigned w = 0; w < WORDS; w++)
            more += count[w] > count[word];
        snprintf(text, sizeof(text), "word %u", word);
        assert_int_equal(search(p, at, text), 1 + more);
    }
    popular_free(p);
}

static void
keeps_the_frequent_when_full(void **state)
{
    popular_t *p = popular_new(&senda_zone_utc);
    char text[32];

    (void)state;
    for (int i = 0; i < 3; i++)
        search(p, 1, "often");
    search(p, 1, "seldom and long ago");
    for (unsigned i = 2; i < POPULAR_QUERIES_MAX; i++) {
        snprintf(text, sizeof(text), "q%u", i);
        search(p, 2 + i / 1000, text);
    }
    assert_int_equal(popular_queries(p), POPULAR_QUERIES_MAX);
    assert_int_equal(popular_forgotten(p), 0);
    search(p, 100, "one too many");
    assert_int_equal(popular_forgotten(p), POPULAR_QUERIES_MAX / 10);
    assert_int_equal(popular_queries(p), POPULAR_QUERIES_MAX - POPULAR_QUERIES_MAX / 10 + 1);
    assert_int_equal(search(p, 101, "often"), 1);
    assert_int_equal(search(p, 101, "one too many"), 2);
    assert_int_equal(search(p, 101, "seldom and long ago"), 3); /* anew, with one search */
    for (unsigned i = 0; i < 10 * POPULAR_QUERIES_MAX; i++) {
        snprintf(text, sizeof(text), "r%u", i);
        assert_true(search(p, 200, text) >= 1);
        assert_true(popular_queries(p) <= POPULAR_QUERIES_MAX);
    }
    assert_int_equal(search(p, 201, "often"), 1);
    popular_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_by_frequency),
        cmocka_unit_test(compares_as_people_do),
        cmocka_unit_test(forgets_after_thirty_local_days),
        cmocka_unit_test(agrees_with_counting_anew),
        cmocka_unit_test(keeps_the_frequent_when_full),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
