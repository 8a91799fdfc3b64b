/*
 * Goals: what ends a run as reached, what counts also after its end, and what
 * a login brings.
 */

#include "engine_cart.h"

static void
a_goal_ends_the_run_and_counts_once(void **state)
{
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.goal = &buys;
    w = world_new(&flow, 1, NULL, 0);
    does(w, who(0, 1), 0, BUY);
    does(w, who(0, 1), 5, PAGE_CART);
    until(w, DAY);
    hush(w);
    does(w, who(0, 1), DAY, BUY);
    does(w, who(0, 1), DAY + 1, BUY);
    said(w, "+86400 c0 goal cart\n+86400 c0 ends cart\n");
    world_free(w);
}

/* One purchase that both stops the run and is its goal counts; so does one after the end, in time. */
static void
a_goal_counts_after_the_end_too(void **state)
{
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.goal = &buys;
    flow.goal_within = DAYS(5);
    flow.stop = &buys;
    w = world_new(&flow, 1, NULL, 0);
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, 2 * HOUR);
    hush(w);
    does(w, who(0, 1), DAY, BUY);
    said(w, "+86400 c0 goal cart\n+86400 c0 stops cart\n");

    does(w, who(0, 2), 10 * DAY, PAGE_CART);
    does(w, who(0, 3), 10 * DAY, PAGE_CART);
    until(w, 14 * DAY); /* both are through */
    hush(w);
    does(w, who(0, 2), 15 * DAY + HOUR - 1, BUY);
    said(w, "+1299599 c0 goal cart\n");
    does(w, who(0, 3), 15 * DAY + HOUR, BUY); /* five days old: too late */
    does(w, who(0, 2), 15 * DAY + HOUR + 1, BUY);
    said(w, "");
    world_free(w);
}

/* Of the same item, also after the end: the run's item is kept for it. */
static void
a_goal_of_the_same_item(void **state)
{
    const prog_cond_t same = { .kind = COND_VERB,
        .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE, .by = BY_SAME, .capture = "item" } };
    prog_flow_t flow = cart_flow();
    engine_event_t ev = { .at = START,
        .who = who(0, 1),
        .nkeys = 1,
        .keys = { PAGE_CART },
        .nfields = 1,
        .fields = { { SENDA_STR("item"), SENDA_STR("boots") } } };
    world_t *w;

    (void)state;
    flow.goal = &same;
    flow.goal_within = DAYS(9);
    w = world_new(&flow, 1, NULL, 0);
    engine_event(w->engine, &ev, ENGINE_ACT);
    until(w, 4 * DAY);
    hush(w);
    ev.at = START + 5 * DAY;
    ev.keys[0] = BUY;
    ev.fields[0].value = SENDA_STR("socks");
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "");
    ev.at++;
    ev.fields[0].value = SENDA_STR("Boots");
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "+432001 c0 goal cart\n");
    world_free(w);
}

/* "2 times" is reached, too, by a login that brings three at once. */
static void
a_goal_that_a_login_passes(void **state)
{
    const prog_cond_t twice = cond(times(BUY, COUNT_EXACTLY, 2, EVER));
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.goal = &twice;
    w = world_new(&flow, 1, NULL, 0);
    does(w, who(7, 0), 0, PAGE_CART);
    until(w, 2 * HOUR);
    hush(w);
    for (int i = 1; i <= 3; i++)
        does(w, who(0, 2), 2 * HOUR + i, BUY);
    does(w, who(7, 2), 3 * HOUR, PAGE_HOME);
    said(w, "+10800 c7 goal cart\n+10800 c7 ends cart\n");
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_goal_ends_the_run_and_counts_once),
        cmocka_unit_test(a_goal_counts_after_the_end_too),
        cmocka_unit_test(a_goal_of_the_same_item),
        cmocka_unit_test(a_goal_that_a_login_passes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
