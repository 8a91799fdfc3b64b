/*
 * Where the engine and the model once differed: small rule files and histories,
 * played straight and with the engine restarted after each event.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model_versus.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

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
        unsigned how = h->cut < n ? MODEL_RESTARTED : MODEL_STRAIGHT;

        if (model_differ(&s, h, how, NULL, NULL) != 0) {
            model_differ(&s, h, how, NULL, stderr);
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
        { .at = 0, .contact = 1, .visitor = 2, .text = "/cart" },
        { .at = HOUR, .visitor = 1, .text = "/cart" },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .text = "/" },
        { .at = 3 * HOUR, .visitor = 1, .text = "/" });
}

/* Bought elsewhere, with a name; then the browser with the cart gets that name. */
static void
what_a_contact_did_counts_for_the_visitors_run(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n  stop if buys\n"
         "  goal buys within 1 month\n  wait 2 days\n  send email m",
        { .at = 0, .visitor = 1, .text = "/cart" },
        { .at = HOUR, .contact = 1, .what = DO_EVENT, .text = "purchase" },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .text = "/" });
}

static void
again_remembers_the_run_that_a_login_ended(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n"
         "  again after 2 months\n  wait 1 month\n  send email m",
        { .at = 0, .contact = 1, .text = "/cart" },
        { .at = 20 * DAY, .visitor = 1, .text = "/cart" },
        { .at = 21 * DAY, .contact = 1, .visitor = 1, .text = "/" },
        { .at = 65 * DAY, .contact = 1, .text = "/cart" },
        { .at = 90 * DAY, .contact = 1, .text = "/cart" });
}

/* Visitor's and contact's run had one name after the login: their records took each other's place. */
static void
two_runs_of_one_second_stay_two(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n  again after 1 week\n"
         "  stop if buys\n  goal walks_by within 1 month\n  wait 2 days\n  send email m\n"
         "event walks_by from api",
        { .at = 0, .visitor = 1, .text = "/cart" }, { .at = 0, .contact = 1, .text = "/cart" },
        { .at = 0, .visitor = 2, .text = "/cart" },
        { .at = HOUR, .contact = 1, .visitor = 1, .text = "/" },
        { .at = HOUR, .contact = 1, .what = DO_EVENT, .text = "purchase" },
        { .at = 2 * HOUR, .contact = 1, .visitor = 2, .text = "/" },
        { .at = 3 * DAY, .contact = 1, .what = DO_EVENT, .text = "walks_by" });
}

/* The happening that set the run off is the request with the login: its {item} is the run's. */
static void
a_login_that_sets_off_an_absence_brings_its_fields(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\npage product /product/{item}\nflow f\n"
         "  start when views cart 2 times and not buys within 1 hour\n  send email m",
        { .at = 0, .visitor = 1, .text = "/cart" }, { .at = HOUR, .contact = 1, .text = "/cart" },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .text = "/product/4" });
}

/* 30 January 12:00 and 31 January 10:00: a month later is 28 February, 10:00 first. */
static void
a_later_happening_may_be_due_earlier(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\ntag away when not views cart within 1 month\nflow f\n"
         "  start when views cart and not buys within 1 month\n  send email m",
        { .at = 243 * DAY + 2 * HOUR, .visitor = 1, .text = "/cart" },
        { .at = 244 * DAY, .visitor = 1, .text = "/cart" },
        { .at = 244 * DAY + MINUTE, .visitor = 1, .text = "/" });
}

/* One purchase of its own and three that come with the login: the second has been reached. */
static void
a_login_may_bring_more_than_the_goal_asks_for(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nflow f\n  start when views cart\n"
         "  goal buys 2 times within 1 month\n  wait 2 days\n  send email m",
        { .at = 0, .contact = 1, .text = "/cart" },
        { .at = 1, .contact = 1, .what = DO_EVENT, .text = "purchase" },
        { .at = 2, .visitor = 1, .what = DO_EVENT, .text = "purchase" },
        { .at = 3, .visitor = 1, .what = DO_EVENT, .text = "purchase" },
        { .at = 4, .visitor = 1, .what = DO_EVENT, .text = "purchase" },
        { .at = 5, .contact = 1, .visitor = 1, .text = "/" });
}

/* What was done first is due before what was done next, also when both are taken back. */
static void
deeds_taken_back_run_timers_between(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\ntag t when gets m0 and not signs up within 1 hour for 2 months\n"
         "flow f\n  start when views cart\n  send email m0\n  wait 1 day\n  send email m1",
        { .at = 0, .visitor = 1, .text = "/cart" }, { .at = 40 * DAY, .visitor = 2, .text = "/" },
        { .at = 41 * DAY, .visitor = 2, .text = "/" });
}

static void
two_messages_in_one_go_are_two(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\nscore +2 when gets 2 times\nscore +5 when gets email 3 times\n"
         "score +10 when gets on 1 different days\ntag t when not gets email within 1 day\n"
         "flow f\n  start when views cart\n  again always\n  send email m0\n  send email m1",
        { .at = 0, .visitor = 1, .text = "/cart" },
        { .at = 3 * DAY, .visitor = 1, .text = "/cart" },
        { .at = 9 * DAY, .visitor = 1, .text = "/" });
}

/* Each value is counted for itself: that one had reached it keeps no other from it. */
static void
a_value_may_reach_its_count_by_a_login(void **state)
{
    (void)state;
    CASE("page product /product/{item}\nscore +1 when visits product of the same item 2 times",
        { .at = 0, .visitor = 2, .text = "/product/i2" },
        { .at = HOUR, .visitor = 2, .text = "/product/i1" },
        { .at = 2 * HOUR, .visitor = 2, .text = "/product/i2" },
        { .at = 3 * HOUR, .contact = 1, .text = "/product/i1" },
        { .at = 4 * HOUR, .contact = 1, .visitor = 2, .text = "/" });
}

static void
a_login_and_its_event_are_one_request(void **state)
{
    (void)state;
    CASE("page product /product/{item}\npage cart /cart\n"
         "score +1 when visits product of the same item at least 2 times\n"
         "score +10 when visits product 4 times\nscore +100 when visits product 3 times",
        { .at = 0, .visitor = 1, .text = "/product/i1" },
        { .at = HOUR, .contact = 2, .text = "/product/i1" },
        { .at = 2 * HOUR, .contact = 2, .text = "/product/i3" },
        { .at = 3 * HOUR, .contact = 2, .visitor = 1, .text = "/product/i3" });
}

static void
a_score_is_asked_when_the_event_has_counted(void **state)
{
    (void)state;
    CASE("page cart /cart\npage product /product/{item}\npage shoes /shoes\nscore +1 when visits cart\n"
         "score +2 when visits shoes\nscore -2 when visits product\n"
         "flow f\n  start when score >= 3\n  send email m",
        { .at = 0, .visitor = 1, .text = "/cart" }, { .at = HOUR, .contact = 2, .text = "/shoes" },
        { .at = 2 * HOUR, .contact = 2, .visitor = 1, .text = "/product/1" },
        { .at = 3 * HOUR, .contact = 2, .text = "/shoes" });
}

/* The contact had it, both together have not; the run that the same event starts reaches it. */
static void
a_score_lost_by_a_login_may_be_reached_again(void **state)
{
    (void)state;
    CASE("page cart /cart\npage product /product/{item}\ntag t when score >= 0\n"
         "score -1 when visits cart\nflow f\n  start when visits product\n  score +3",
        { .at = 0, .visitor = 2, .text = "/cart" },
        { .at = HOUR, .contact = 1, .visitor = 2, .text = "/product/i3" });
}

static void
a_long_look_keeps_its_item_at_a_login(void **state)
{
    (void)state;
    CASE("page product /product/{item}\nflow f\n"
         "  start when spends more than 2 minutes on product and not buys within 1 hour\n"
         "  send email m",
        { .at = 0, .visitor = 1, .text = "/product/i1" },
        { .at = 5 * MINUTE, .visitor = 1, .text = "/" },
        { .at = 9 * MINUTE, .contact = 2, .visitor = 1, .text = "/" });
}

static void
the_latest_position_counts_after_a_login(void **state)
{
    (void)state;
    CASE("place centre 40.4168, -3.7038 radius 200 m\nscore +1 when arrives at centre",
        { .at = 0,
            .contact = 1,
            .what = DO_EVENT,
            .text = "login",
            .nfields = 2,
            .fields = { { "lat", "40.4168" }, { "lon", "-3.7038" } } },
        { .at = HOUR,
            .visitor = 1,
            .what = DO_EVENT,
            .text = "login",
            .nfields = 2,
            .fields = { { "lat", "40.5" }, { "lon", "-3.7038" } } },
        { .at = 2 * HOUR, .contact = 1, .visitor = 1, .text = "/" },
        { .at = 3 * HOUR,
            .visitor = 1,
            .what = DO_EVENT,
            .text = "login",
            .nfields = 2,
            .fields = { { "lat", "40.4168" }, { "lon", "-3.7038" } } });
}

/* After a wait and by way of absences: what a step causes knows what its run knows. */
static void
what_a_step_causes_knows_the_fields_of_its_run(void **state)
{
    (void)state;
    CASE("page add /add/{item} is add_to_cart\npage look /look/{item}\n"
         "segment g = tag t\ntag u when gets m0 and not opens within 1 day\n"
         "flow a\n  start when visits look\n  again always\n  wait 1 hour\n  tag t\n  score +5\n  send email m0\n"
         "flow b\n  start when gets tag t\n  again always\n  send email m1\n"
         "flow c\n  start when score >= 5 and not buys within 2 days\n  again always\n  send email m2\n"
         "flow d\n  start when enters g\n  again always\n  send email m3\n"
         "flow h\n  start when gets tag u and not buys within 1 day\n  again always\n  send email m4\n"
         "flow i\n  start when gets m1 and not buys within 3 days\n  again always\n  send email m5",
        { .at = 0, .visitor = 1, .text = "/look/i1" },
        { .at = MINUTE, .visitor = 1, .text = "/look/i2" },
        { .at = 12 * HOUR, .visitor = 1, .text = "/" },
        { .at = 2 * DAY, .visitor = 1, .text = "/" },
        { .at = 2 * DAY + 3 * HOUR, .visitor = 2, .text = "/" },
        { .at = 9 * DAY, .visitor = 1, .text = "/look/i1" });
}

/* The first flow's message and all that follows from it come before the next flow. */
static void
what_a_start_causes_comes_before_the_next_start(void **state)
{
    (void)state;
    CASE("page cart /cart is view_cart\ntag t when gets m0\n"
         "flow a\n  start when views cart\n  send email m0\n"
         "flow b\n  start when views cart\n  only if tag t\n  send email m1\n"
         "flow c\n  start when gets m0\n  send email m2",
        { .at = 0, .visitor = 1, .text = "/cart" }, { .at = HOUR, .visitor = 1, .text = "/" });
}

/* Nothing else in the file asks for a basket. */
static void
an_order_of_the_basket_has_its_items(void **state)
{
    (void)state;
    CASE("page add /add/{item} is add_to_cart\ntag t when buys of 2 different item",
        { .at = 0, .visitor = 1, .text = "/add/i1" },
        { .at = MINUTE, .visitor = 1, .text = "/add/i2" },
        { .at = HOUR, .visitor = 1, .what = DO_EVENT, .text = "purchase" });
}

/* Another contact used the browser within the second in which the page was looked at. */
static void
a_look_ends_when_the_browser_changes_hands(void **state)
{
    (void)state;
    CASE("page cart /cart\nscore -2 when spends more than 5 minutes on cart",
        { .at = 0, .contact = 1, .visitor = 4, .text = "/" },
        { .at = HOUR, .visitor = 4, .text = "/cart" },
        { .at = HOUR, .contact = 2, .visitor = 4, .text = "/nowhere" },
        { .at = HOUR + 9 * MINUTE, .contact = 1, .visitor = 4, .text = "/" });
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
        cmocka_unit_test(deeds_taken_back_run_timers_between),
        cmocka_unit_test(two_messages_in_one_go_are_two),
        cmocka_unit_test(a_value_may_reach_its_count_by_a_login),
        cmocka_unit_test(a_login_and_its_event_are_one_request),
        cmocka_unit_test(a_score_is_asked_when_the_event_has_counted),
        cmocka_unit_test(a_score_lost_by_a_login_may_be_reached_again),
        cmocka_unit_test(a_long_look_keeps_its_item_at_a_login),
        cmocka_unit_test(the_latest_position_counts_after_a_login),
        cmocka_unit_test(what_a_step_causes_knows_the_fields_of_its_run),
        cmocka_unit_test(what_a_start_causes_comes_before_the_next_start),
        cmocka_unit_test(an_order_of_the_basket_has_its_items),
        cmocka_unit_test(a_look_ends_when_the_browser_changes_hands),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
