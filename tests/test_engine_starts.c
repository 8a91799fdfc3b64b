/*
 * Who may start a flow: `again`, `only if`, reach, `stop if` true already, a
 * run for each order; and `stop if` made true by time alone.
 */

#include "engine_steps.h"

#define STEP(k, n, ...) ((prog_step_t){ .kind = (k), .id = (n), __VA_ARGS__ })

static void
why_a_start_is_refused(void **state)
{
    const prog_step_t steps[] = { wait_for(1, SECS(60)), send_email(2, "m"), THE_END };
    prog_flow_t f = FLOW("f", 1, steps);
    world_t *w;

    (void)state;
    f.again = AGAIN_AFTER;
    f.again_after = DAYS(1);
    f.only = &is_warm;
    f.stop = &is_cold;
    w = world_new(&f, 1, tags, 2);
    w->options.tell = true;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_CART);
    said(w, "+0 c0 refused f: only if\n");
    world_free(w);

    f.only = NULL;
    w = world_new(&f, 1, tags, 2);
    w->options.tell = true;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 1), 59, PAGE_CART);
    does(w, who(0, 1), DAY - 1, PAGE_CART);
    does(w, who(0, 1), DAY, PAGE_CART);
    said(w,
        "+0 c0 starts f\n+0 c0 waits at 1 until +60\n+59 c0 refused f: running\n+60 c0 gets m\n"
        "+60 c0 ends f\n+86399 c0 refused f: again\n+86400 c0 starts f\n"
        "+86400 c0 waits at 1 until +86460\n");
    world_reopen(w, false);
    does(w, who(0, 1), 0, PAGE_CART);
    said(w, "+0 c0 refused f: unreachable\n");
    world_free(w);
}

/* What set it off stops it too: a state that holds already. */
static void
stopped_before_it_starts(void **state)
{
    const prog_trigger_t warms = { .has_verb = true, .verb = { .key = PAGE_HOME } };
    const prog_tag_t given = { "warm", 1, 1, &warms, false, NULL };
    const prog_step_t steps[] = { send_email(2, "m"), THE_END };
    prog_flow_t f = FLOW("f", 1, steps);
    world_t *w;

    (void)state;
    f.stop = &is_warm;
    w = world_new(&f, 1, &given, 1);
    w->options.tell = true;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 1), 1, PAGE_CART);
    does(w, who(0, 2), 1, PAGE_CART);
    said(w, "+0 c0 tag warm\n+1 c0 refused f: stop\n+1 c0 starts f\n+1 c0 gets m\n+1 c0 ends f\n");
    world_free(w);
}

static void
visits_order(world_t *w, senda_sec_t at, const char *order)
{
    engine_event_t ev = { .at = START + at,
        .who = who(3, 0),
        .nkeys = 1,
        .keys = { PAGE_CART },
        .nfields = order == NULL ? 0 : 1,
        .fields = { { SENDA_STR("order"), senda_cstr(order == NULL ? "" : order) } } };

    engine_event(w->engine, &ev, ENGINE_ACT);
}

/* One run an order, also side by side; without an order each happening is one of its own. */
static void
again_for_each_order(void **state)
{
    const prog_step_t steps[] = { wait_for(1, SECS(60)), send_email(2, "m"), THE_END };
    prog_flow_t f = FLOW("f", 1, steps);
    world_t *w;

    (void)state;
    f.again = AGAIN_EACH;
    f.again_each = "order";
    w = world_new(&f, 1, NULL, 0);
    visits_order(w, 0, "A1");
    visits_order(w, 10, "A2");
    visits_order(w, 20, "A1");
    visits_order(w, 30, NULL);
    visits_order(w, 40, NULL);
    assert_int_equal(w->nrecords, 4);
    said(w, "+0 c3 starts f\n+10 c3 starts f\n+30 c3 starts f\n+40 c3 starts f\n");
    until(w, DAY);
    said(w,
        "+60 c3 gets m\n+60 c3 ends f\n+70 c3 gets m\n+70 c3 ends f\n+90 c3 gets m\n"
        "+90 c3 ends f\n+100 c3 gets m\n+100 c3 ends f\n");
    assert_int_equal(w->nrecords, 2); /* the orders, for good */
    visits_order(w, 90 * DAY, "A2");
    said(w, "");
    visits_order(w, 90 * DAY, "A3");
    said(w, "+7776000 c3 starts f\n");
    world_free(w);
}

/* ---- `stop if` by time alone ---- */

/* A purchase three days old: nothing happens then, and the run ends to the second; so does that
   of a visitor who got a name in the meantime. */
static void
time_alone_stops(void **state)
{
    const prog_cond_t old = { .kind = COND_LAST,
        .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE },
        .span = { .days = 3 },
        .older = true };
    const prog_step_t steps[] = { wait_for(1, DAYS(9)), send_email(2, "m"), THE_END };
    prog_flow_t f = FLOW("f", 1, steps);
    world_t *w;

    (void)state;
    f.stop = &old;
    w = world_new(&f, 1, NULL, 0);
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 2), 0, PAGE_CART);
    does(w, who(0, 1), 10, BUY);
    does(w, who(0, 1), 2 * DAY, BUY); /* the last one counts */
    until(w, 5 * DAY - 1);
    said(w, "+0 c0 starts f\n+0 c0 starts f\n");
    until(w, 5 * DAY);
    said(w, "+432000 c0 stops f\n");
    until(w, 9 * DAY);
    said(w, "+777600 c0 gets m\n+777600 c0 ends f\n");
    does(w, who(0, 3), 10 * DAY, PAGE_CART);
    does(w, who(0, 3), 10 * DAY + 5, BUY);
    does(w, who(8, 3), 11 * DAY, PAGE_HOME);
    hush(w);
    until(w, 13 * DAY + 4);
    said(w, "");
    until(w, 13 * DAY + 5);
    said(w, "+1123205 c8 stops f\n");
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(why_a_start_is_refused),
        cmocka_unit_test(stopped_before_it_starts),
        cmocka_unit_test(again_for_each_order),
        cmocka_unit_test(time_alone_stops),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
