/*
 * The engine against the model: random rule files and random histories, the
 * timelines compared to the second and in order, also with the engine stopped
 * somewhere and started again from what it had saved; and the cases in which
 * they once differed.
 *
 * A difference is shrunk, by dropping events and lines, and printed whole.
 * SENDA_SEED=N plays one history again; SENDA_MODEL_FILES=N plays more files.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model.h"
#include "model_versus.h"

#define FILES     50
#define HISTORIES 200 /* of each file */
#define MINUTE    60
#define HOUR      3600
#define DAY       86400

typedef struct {
    unsigned long lines, histories;
} sums_t;

static sums_t sums;

static bool
differ(const random_rules_t *rules, const random_history_t *h, bool cut)
{
    model_shop_t s;
    bool same = true;

    if (model_shop_open(&s, rules, false)) {
        same = model_agree(&s, h, cut, &sums.lines, NULL);
        model_shop_close(&s);
    }
    return !same;
}

static bool
drop_events(const random_rules_t *rules, random_history_t *h, bool cut)
{
    bool dropped = false;

    for (unsigned i = h->n; i-- > 0 && h->n > 1;) {
        random_history_t less = *h;

        less.n--;
        memmove(&less.events[i], &less.events[i + 1], (less.n - i) * sizeof(less.events[0]));
        if (i < less.cut)
            less.cut--;
        if ((cut && less.cut == 0) || !differ(rules, &less, cut))
            continue;
        *h = less;
        dropped = true;
    }
    return dropped;
}

static bool
drop_lines(random_rules_t *rules, const random_history_t *h, bool cut)
{
    bool dropped = false;

    for (unsigned size = 8; size > 0; size /= 2) {
        for (unsigned i = rules->n; i-- > 0;) {
            random_rules_t *less = malloc(sizeof(*less));

            assert_non_null(less);
            *less = *rules;
            if (i + size <= less->n) {
                less->n -= size;
                memmove(less->lines[i], less->lines[i + size], (less->n - i) * RANDOM_LINE);
                if (differ(less, h, cut)) {
                    *rules = *less;
                    dropped = true;
                }
            }
            free(less);
        }
    }
    return dropped;
}

static void
tell(uint64_t seed, random_rules_t *rules, random_history_t *h, bool cut)
{
    model_shop_t s;
    bool less = true;

    while (less) {
        less = drop_events(rules, h, cut);
        less = drop_lines(rules, h, cut) || less;
    }
    fprintf(stderr, "# SENDA_SEED=%llu, shrunk%s:\n", (unsigned long long)seed,
        cut ? ", with a restart" : "");
    for (unsigned i = 0; i < rules->n; i++)
        fprintf(stderr, "#   %s\n", rules->lines[i]);
    if (!model_shop_open(&s, rules, true))
        return;
    fprintf(stderr, "# %s\n", h->everybody ? "everybody is reachable" : "reach as it is said");
    for (unsigned i = 0; i < h->n; i++) {
        if (cut && i == h->cut) {
            fprintf(stderr, "#   restart");
            if (h->cut_at != 0) {
                fprintf(stderr, " at ");
                model_print_time(&s.program->zone, h->cut_at, stderr);
            }
            fprintf(stderr, "\n");
        }
        fprintf(stderr, "#   ");
        model_print_time(&s.program->zone, h->events[i].at, stderr);
        random_print(&h->events[i], stderr);
    }
    model_agree(&s, h, cut, NULL, stderr);
    model_shop_close(&s);
}

/* How many of the seeds from first on differ; a rule file serves HISTORIES seeds. */
static unsigned
play(uint64_t first, uint64_t n, bool cut)
{
    random_rules_t *rules = calloc(1, sizeof(*rules));
    random_history_t *h = calloc(1, sizeof(*h));
    uint64_t open = UINT64_MAX;
    unsigned bad = 0;
    model_shop_t s = { 0 };

    assert_non_null(rules);
    assert_non_null(h);
    for (uint64_t seed = first; seed < first + n && bad < 3; seed++) {
        if (seed / HISTORIES != open) {
            model_shop_close(&s);
            open = seed / HISTORIES;
            random_rules(open, rules);
            assert_true(model_shop_open(&s, rules, true));
        }
        random_history(seed, &s.program->zone, h);
        sums.histories++;
        if (!model_agree(&s, h, cut, &sums.lines, NULL)) {
            bad++;
            tell(seed, rules, h, cut);
            random_rules(open, rules);
        }
    }
    model_shop_close(&s);
    free(rules);
    free(h);
    return bad;
}

static unsigned
play_all(bool cut)
{
    const char *seed = getenv("SENDA_SEED"), *files = getenv("SENDA_MODEL_FILES");
    unsigned bad;

    sums = (sums_t){ 0 };
    if (seed != NULL)
        bad = play(strtoull(seed, NULL, 10), 1, cut);
    else
        bad = play(0, HISTORIES * (files != NULL ? strtoull(files, NULL, 10) : FILES), cut);
    print_message("# %lu histories, %lu lines compared\n", sums.histories, sums.lines);
    return bad;
}

static void
the_engine_does_what_the_model_says(void **state)
{
    (void)state;
    assert_int_equal(play_all(false), 0);
}

static void
a_restart_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(play_all(true), 0);
}

/* ---- where they once differed ---- */

#define MONDAY 1780308000 /* 1 June 2026, 10:00 UTC */

/* at is from MONDAY on; the engine is also restarted after each event. */
static void
case_of(const char *text, unsigned n, const random_event_t *events)
{
    random_rules_t *rules = calloc(1, sizeof(*rules));
    random_history_t *h = calloc(1, sizeof(*h));
    model_shop_t s;

    assert_non_null(rules);
    assert_non_null(h);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        snprintf(rules->lines[rules->n++], RANDOM_LINE, "%.*s", (int)len, text);
        text += len + (text[len] != '\0');
    }
    assert_true(model_shop_open(&s, rules, true));
    h->everybody = true;
    h->n = n;
    for (unsigned i = 0; i < n; i++) {
        h->events[i] = events[i];
        h->events[i].at += MONDAY;
    }
    h->end = h->events[n - 1].at + 200 * DAY;
    for (h->cut = 1; h->cut <= n; h->cut++) {
        if (!model_agree(&s, h, h->cut < n, NULL, NULL)) {
            model_agree(&s, h, h->cut < n, NULL, stderr);
            fail_msg("cut after %u events", h->cut);
        }
    }
    model_shop_close(&s);
    free(rules);
    free(h);
}

#define CASE(text, ...)                                                             \
    do {                                                                            \
        static const random_event_t events_[] = { __VA_ARGS__ };                    \
        case_of((text), (unsigned)(sizeof(events_) / sizeof(events_[0])), events_); \
    } while (0)

/* It was said of nobody, so its record stayed and the run came back with the next restart. */
static void
a_run_that_a_login_ends_is_the_visitors(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n  again always\n"
         "  wait 2 days\n  send email m",
        { .at = 0, .contact = 1, .visitor = 2, .what = DO_CART },
        { .at = HOUR, .visitor = 1, .what = DO_CART },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .what = DO_HOME },
        { .at = 3 * HOUR, .visitor = 1, .what = DO_HOME });
}

/* Bought elsewhere, with a name; then the browser with the cart gets that name. */
static void
what_a_contact_did_counts_for_the_visitors_run(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n  stop if buys\n"
         "  goal buys within 1 month\n  wait 2 days\n  send email m",
        { .at = 0, .visitor = 1, .what = DO_CART }, { .at = HOUR, .contact = 1, .what = DO_BUY },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .what = DO_HOME });
}

static void
again_remembers_the_run_that_a_login_ended(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n"
         "  again after 2 months\n  wait 1 month\n  send email m",
        { .at = 0, .contact = 1, .what = DO_CART },
        { .at = 20 * DAY, .visitor = 1, .what = DO_CART },
        { .at = 21 * DAY, .contact = 1, .visitor = 1, .what = DO_HOME },
        { .at = 65 * DAY, .contact = 1, .what = DO_CART },
        { .at = 90 * DAY, .contact = 1, .what = DO_CART });
}

/* Visitor's and contact's run had one name after the login: their records took each other's place. */
static void
two_runs_of_one_second_stay_two(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n  again after 1 week\n"
         "  stop if buys\n  goal walks_by within 1 month\n  wait 2 days\n  send email m\n"
         "event walks_by from api",
        { .at = 0, .visitor = 1, .what = DO_CART }, { .at = 0, .contact = 1, .what = DO_CART },
        { .at = 0, .visitor = 2, .what = DO_CART },
        { .at = HOUR, .contact = 1, .visitor = 1, .what = DO_HOME },
        { .at = HOUR, .contact = 1, .what = DO_BUY },
        { .at = 2 * HOUR, .contact = 1, .visitor = 2, .what = DO_HOME },
        { .at = 3 * DAY, .contact = 1, .what = DO_WALK });
}

/* The happening that set the run off is the request with the login: its {item} is the run's. */
static void
a_login_that_sets_off_an_absence_brings_its_fields(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\npage product /product/{item}\nflow f\n"
         "  start when views cart 2 times and not buys within 1 hour\n  send email m",
        { .at = 0, .visitor = 1, .what = DO_CART }, { .at = HOUR, .contact = 1, .what = DO_CART },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .what = DO_PRODUCT, .item = 4 });
}

/* 30 January 12:00 and 31 January 10:00: a month later is 28 February, 10:00 first. */
static void
a_later_happening_may_be_due_earlier(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\ntag away when not views cart within 1 month\nflow f\n"
         "  start when views cart and not buys within 1 month\n  send email m",
        { .at = 243 * DAY + 2 * HOUR, .visitor = 1, .what = DO_CART },
        { .at = 244 * DAY, .visitor = 1, .what = DO_CART },
        { .at = 244 * DAY + MINUTE, .visitor = 1, .what = DO_HOME });
}

/* One purchase of its own and three that come with the login: the second has been reached. */
static void
a_login_may_bring_more_than_the_goal_asks_for(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n"
         "  goal buys 2 times within 1 month\n  wait 2 days\n  send email m",
        { .at = 0, .contact = 1, .what = DO_CART }, { .at = 1, .contact = 1, .what = DO_BUY },
        { .at = 2, .visitor = 1, .what = DO_BUY }, { .at = 3, .visitor = 1, .what = DO_BUY },
        { .at = 4, .visitor = 1, .what = DO_BUY },
        { .at = 5, .contact = 1, .visitor = 1, .what = DO_HOME });
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_a_login_ends_is_the_visitors),
        cmocka_unit_test(what_a_contact_did_counts_for_the_visitors_run),
        cmocka_unit_test(again_remembers_the_run_that_a_login_ended),
        cmocka_unit_test(two_runs_of_one_second_stay_two),
        cmocka_unit_test(a_login_that_sets_off_an_absence_brings_its_fields),
        cmocka_unit_test(a_later_happening_may_be_due_earlier),
        cmocka_unit_test(a_login_may_bring_more_than_the_goal_asks_for),
        cmocka_unit_test(the_engine_does_what_the_model_says),
        cmocka_unit_test(a_restart_changes_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
