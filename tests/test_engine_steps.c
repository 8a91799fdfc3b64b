/*
 * The steps of runs, one by one: waits for a time and for an event, branches,
 * shares, what a step does to its person, entering and leaving, stock. Each
 * with a case that fails if the step did nothing.
 */

#include "engine_steps.h"

#define TEN      48800 /* 29 May 2026, a Friday, 10:00 */
#define WORKDAYS 0x1f
#define EVERYONE 10000

#define STEP(k, n, ...) ((prog_step_t){ .kind = (k), .id = (n), __VA_ARGS__ })

static const prog_cond_t buys = { .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE } };

/* ---- waits ---- */

static void
until_ten_on_workdays(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_WAIT_TIME, 1, .second = 10 * HOUR, .weekdays = WORKDAYS),
        send_email(2, "ten"),
        THE_END,
    };
    const prog_flow_t f = FLOW("f", 1, steps);
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, TEN - 1);
    said(w, "+0 c0 starts f\n");
    until(w, TEN);
    said(w, "+48800 c0 gets ten\n+48800 c0 ends f\n");
    does(w, who(0, 1), TEN, PAGE_CART); /* it is ten now */
    said(w, "+48800 c0 starts f\n+48800 c0 gets ten\n+48800 c0 ends f\n");
    does(w, who(0, 1), TEN + 1, PAGE_CART); /* over the week end */
    until(w, TEN + 3 * DAY - 1);
    said(w, "+48801 c0 starts f\n");
    until(w, TEN + 3 * DAY);
    said(w, "+308000 c0 gets ten\n+308000 c0 ends f\n");
    world_free(w);
}

static const prog_cond_t since_start = { .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE, .since_start = true } };

static void
until_something_happens(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_WAIT_EVENT, 1, .cond = &buys, .span = DAYS(2)),
        STEP(STEP_IF, 2, .cond = &since_start, .target = 4),
        send_email(3, "bought"),
        STEP(STEP_JUMP, 4, .target = 5),
        send_email(5, "late"),
        THE_END,
    };
    const prog_flow_t f = FLOW("f", 1, steps);
    world_t *w = world_new(&f, 1, NULL, 0);
    engine_event_t both = { .at = START, .who = who(0, 2), .nkeys = 2, .keys = { PAGE_CART, BUY } };

    (void)state;
    does(w, who(0, 1), 0, BUY); /* from before */
    does(w, who(0, 1), 0, PAGE_CART);
    both.at = START;
    engine_event(w->engine, &both, ENGINE_ACT); /* with the start: not after the wait began */
    does(w, who(0, 1), HOUR, PAGE_HOME);
    said(w, "+0 c0 starts f\n+0 c0 starts f\n");
    does(w, who(0, 1), HOUR, BUY);
    said(w, "+3600 c0 gets bought\n+3600 c0 ends f\n");
    until(w, 2 * DAY - 1);
    said(w, "");
    does(w, who(0, 2), 2 * DAY, BUY); /* its time is over before this second's visits */
    said(w, "+172800 c0 gets late\n+172800 c0 ends f\n");
    until(w, 10 * DAY);
    said(w, "");
    world_free(w);
}

/* Three of them, of what comes after; and `stop if` is heard before the wait is over. */
static void
until_it_happened_often(void **state)
{
    const prog_cond_t thrice = cond(times(PAGE_HEELS, COUNT_EXACTLY, 3, EVER));
    const prog_step_t steps[] = {
        STEP(STEP_WAIT_EVENT, 1, .cond = &thrice, .span = DAYS(9)),
        send_email(2, "often"),
        THE_END,
    };
    prog_flow_t f = FLOW("f", 1, steps);
    world_t *w;

    (void)state;
    f.stop = &buys;
    w = world_new(&f, 1, NULL, 0);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(0, 1), 1, PAGE_CART);
    does(w, who(0, 2), 1, PAGE_CART);
    does(w, who(0, 1), 2, PAGE_HEELS);
    does(w, who(0, 1), 3, PAGE_HEELS);
    said(w, "+1 c0 starts f\n+1 c0 starts f\n");
    does(w, who(0, 1), 4, PAGE_HEELS);
    said(w, "+4 c0 gets often\n+4 c0 ends f\n");
    does(w, who(0, 2), 5, BUY);
    said(w, "+5 c0 stops f\n");
    does(w, who(0, 2), 6, PAGE_HEELS);
    does(w, who(0, 2), 7, PAGE_HEELS);
    does(w, who(0, 2), 8, PAGE_HEELS);
    until(w, 20 * DAY);
    said(w, "");
    world_free(w);
}

/* What one happening moves goes on in file order, whichever began first. */
static void
in_file_order(void **state)
{
    const prog_trigger_t home = when(verb(PAGE_HOME));
    const prog_step_t steps[] = {
        STEP(STEP_WAIT_EVENT, 1, .cond = &buys, .span = DAYS(2)),
        THE_END,
    };
    prog_flow_t flows[] = { FLOW("a", 1, steps), FLOW("b", 2, steps), FLOW("c", 3, steps) };
    world_t *w;

    (void)state;
    flows[1].starts = &home;
    w = world_new(flows, 3, NULL, 0);
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 1), 1, PAGE_CART);
    hush(w);
    does(w, who(0, 1), 2, BUY);
    said(w, "+2 c0 ends a\n+2 c0 ends b\n+2 c0 ends c\n");
    world_free(w);
}

/* ---- branches ---- */

static void
told_where_it_goes(void **state)
{
    static const prog_branch_t all[] = { { 10000, 4 } };
    const prog_step_t steps[] = {
        STEP(STEP_IF, 1, .cond = &buys, .target = 2),
        STEP(STEP_EXIT, 2),
        STEP(STEP_SPLIT, 3, .nbranches = 1, .branches = all, .target = 5),
        STEP(STEP_EXIT, 4),
        STEP(STEP_WAIT, 5, .span = SECS(60)),
        THE_END,
    };
    const prog_flow_t f = FLOW("f", 1, steps);
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    w->options.tell = true;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 2), 0, BUY);
    does(w, who(0, 2), 0, PAGE_CART);
    said(w,
        "+0 c0 starts f\n+0 c0 if 1: no\n+0 c0 branch 0\n+0 c0 waits at 5 until +60\n"
        "+0 c0 starts f\n+0 c0 if 1: yes\n+0 c0 ends f\n");
    world_free(w);
}

/* 10,000 people over 20, 30 and 50 in a hundred, half of whom get nothing. */
static void
shares_are_kept_for_good(void **state)
{
    static const prog_branch_t branches[] = { { 2000, 1 }, { 3000, 3 } };
    const prog_step_t steps[] = {
        STEP(STEP_SPLIT, 77, .nbranches = 2, .branches = branches, .target = 4),
        send_email(1, "a"),
        STEP(STEP_JUMP, 2, .target = 4),
        send_email(3, "b"),
        THE_END,
    };
    const prog_flow_t f = FLOW("f", 1, steps);
    world_t *w = world_new(&f, 1, NULL, 0);
    unsigned n[3] = { 0 };

    (void)state;
    for (uint64_t c = 1; c <= EVERYONE; c++) {
        engine_event_t ev = { .at = START + (senda_sec_t)c,
            .who = { .contact = c },
            .nkeys = 1,
            .keys = { PAGE_CART } };
        uint32_t share = engine_person_share(&ev.who, 1, 77);
        char expected[128], end[32];

        assert_true(share < 10000);
        n[share < 2000 ? 0 : share < 5000 ? 1 : 2]++;
        snprintf(end, sizeof(end), "+%u c%u", (unsigned)c, (unsigned)c);
        snprintf(expected, sizeof(expected), "%s starts f\n%s%s%s ends f\n", end,
            share < 5000 ? end : "",
            share < 2000       ? " gets a\n"
                : share < 5000 ? " gets b\n"
                               : "",
            end);
        engine_event(w->engine, &ev, ENGINE_ACT);
        said(w, expected);
    }
    assert_in_range(n[0], 1850, 2150);
    assert_in_range(n[1], 2850, 3150);
    assert_in_range(n[2], 4850, 5150);
    world_free(w);
}

/* Another flow and another step draw anew; the same ones never. */
static void
shares_are_independent(void **state)
{
    unsigned same = 0, low[2] = { 0 };

    (void)state;
    for (uint64_t c = 1; c <= EVERYONE; c++) {
        engine_who_t person = { .contact = c }, browser = { .visitor = { { (uint8_t)c } } };

        memcpy(browser.visitor.b + 1, &c, sizeof(c));
        assert_int_equal(engine_person_share(&person, 3, 4), engine_person_share(&person, 3, 4));
        same += (engine_person_share(&person, 3, 4) < 5000) ==
            (engine_person_share(&person, 3, 5) < 5000);
        low[0] += engine_person_share(&person, 0, 0) < 500;
        low[1] += engine_person_share(&browser, 0, 0) < 500;
    }
    assert_in_range(same, 4800, 5200);
    assert_in_range(low[0], 420, 580);
    assert_in_range(low[1], 420, 580);
}

/* ---- what a step does to its person ---- */

static void
tags_points_and_fields(void **state)
{
    static const prog_field_t fields[] = { { .name = "size", .type = VALUE_NUMBER } };
    const prog_cond_t is_41 = { .kind = COND_FIELD, .what = 0, .cmp = CMP_EQ, .value = 410000 };
    const prog_cond_t is_fan = { .kind = COND_SCORE, .cmp = CMP_GE, .value = 5 };
    const prog_cond_t both = { .kind = COND_AND, .left = &is_41, .right = &is_fan };
    const prog_cond_t all = { .kind = COND_AND, .left = &both, .right = &is_warm };
    const prog_step_t steps[] = {
        STEP(STEP_TAG, 1, .what = 1),
        STEP(STEP_TAG, 2, .what = 0),
        STEP(STEP_UNTAG, 3, .what = 1),
        STEP(STEP_SCORE, 4, .value = 5),
        STEP(STEP_SET, 5, .what = 0, .value = 410000, .text = "41"),
        STEP(STEP_IF, 6, .cond = &all, .target = 7),
        send_email(7, "yes"),
        STEP(STEP_IF, 8, .cond = &is_cold, .target = 9),
        send_email(9, "cold"),
        THE_END,
    };
    const prog_flow_t f = FLOW("f", 1, steps);
    world_t *w = world_new(NULL, 0, tags, 2);
    engine_who_t me = who(0, 1);

    (void)state;
    w->program.flows = &f;
    w->program.nflows = 1;
    w->program.fields = fields;
    w->program.nfields = 1;
    world_reopen(w, true);
    does(w, me, 0, PAGE_HOME);
    assert_false(engine_holds(w->engine, &me, &is_41));
    does(w, me, 1, PAGE_CART);
    said(w,
        "+1 c0 starts f\n+1 c0 tag cold\n+1 c0 tag warm\n+1 c0 untag cold\n+1 c0 score 5\n"
        "+1 c0 set 41\n+1 c0 gets yes\n+1 c0 ends f\n");
    assert_true(engine_holds(w->engine, &me, &all));
    assert_false(engine_has_tag(w->engine, &me, &tags[1]));
    assert_int_equal(engine_score(w->engine, &me), 5);
    assert_int_equal(w->ndeeds, 6); /* the message too */
    world_free(w);
}

/* Its own `stop if` is asked at once; those of others, and starts, when it has gone on. */
static void
a_deed_has_its_effects(void **state)
{
    const prog_trigger_t gets_warm = { .kind = TRIGGER_TAG, .what = 0 };
    const prog_step_t waits[] = { wait_for(1, DAYS(1)), send_email(2, "waited"), THE_END };
    const prog_step_t gives[] = {
        STEP(STEP_TAG, 1, .what = 0),
        send_email(2, "given"),
        wait_for(3, SECS(60)),
        STEP(STEP_TAG, 4, .what = 1),
        send_email(5, "never"),
        THE_END,
    };
    const prog_step_t one[] = { send_email(1, "warm"), THE_END };
    prog_flow_t flows[] = { FLOW("waits", 1, waits), FLOW("gives", 2, gives),
        FLOW("warm", 3, one) };
    world_t *w;

    (void)state;
    flows[0].stop = &is_warm;
    flows[1].stop = &is_cold;
    flows[2].starts = &gets_warm;
    w = world_new(flows, 3, tags, 2);
    does(w, who(0, 1), 0, PAGE_CART);
    said(w,
        "+0 c0 starts waits\n+0 c0 starts gives\n+0 c0 tag warm\n+0 c0 gets given\n"
        "+0 c0 stops waits\n+0 c0 starts warm\n+0 c0 gets warm\n+0 c0 ends warm\n");
    until(w, DAY);
    said(w, "+60 c0 tag cold\n+60 c0 stops gives\n");
    world_free(w);
}

/* ---- other flows ---- */

static void
enters_and_leaves(void **state)
{
    const prog_step_t doors[] = {
        STEP(STEP_ENTER, 1, .what = 1),
        send_email(2, "door"),
        wait_for(3, DAYS(1)),
        STEP(STEP_LEAVE, 4, .what = 1),
        send_email(5, "left"),
        THE_END,
    };
    const prog_step_t room[] = { send_email(1, "room"), wait_for(2, DAYS(2)),
        send_email(3, "night"), THE_END };
    prog_flow_t flows[] = { FLOW("doors", 1, doors), FLOW("room", 2, room) };
    world_t *w;

    (void)state;
    flows[1].nstarts = 0;
    w = world_new(flows, 2, NULL, 0);
    does(w, who(0, 1), 0, PAGE_CART);
    said(w, "+0 c0 starts doors\n+0 c0 gets door\n+0 c0 starts room\n+0 c0 gets room\n");
    until(w, DAY);
    said(w, "+86400 c0 stops room\n+86400 c0 gets left\n+86400 c0 ends doors\n");
    until(w, 9 * DAY);
    said(w, "");
    assert_int_equal(engine_stats(w->engine).runs, 0);
    world_free(w);
}

/* The entered flow is asked as at any start, and gets the fields of the run that enters it. */
static void
entering_is_a_start(void **state)
{
    const prog_step_t doors[] = { STEP(STEP_ENTER, 1, .what = 1), STEP(STEP_ENTER, 2, .what = 0),
        THE_END };
    const prog_step_t room[] = { STEP(STEP_ENTER, 1, .what = 0), send_email(2, "room"), THE_END };
    prog_flow_t flows[] = { FLOW("doors", 1, doors), FLOW("room", 2, room) };
    engine_event_t ev = { .at = START,
        .who = who(0, 1),
        .nkeys = 1,
        .keys = { PAGE_CART },
        .nfields = 1,
        .fields = { { SENDA_STR("item"), SENDA_STR("boots") } } };
    world_t *w;

    (void)state;
    flows[1].nstarts = 0;
    flows[1].again = AGAIN_AFTER;
    flows[1].again_after = DAYS(1);
    w = world_new(flows, 2, NULL, 0);
    engine_event(w->engine, &ev, ENGINE_ACT); /* each enters the other, and itself: once a second */
    said(w,
        "+0 c0 starts doors\n+0 c0 ends doors\n+0 c0 starts room\n+0 c0 gets room\n"
        "+0 c0 ends room\n");
    assert_true(senda_str_eq(w->fields[0].value, SENDA_STR("boots")));
    ev.at += DAY - 1;
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "+86399 c0 starts doors\n+86399 c0 ends doors\n");
    ev.at += 1;
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w,
        "+86400 c0 starts doors\n+86400 c0 ends doors\n+86400 c0 starts room\n"
        "+86400 c0 gets room\n+86400 c0 ends room\n");
    world_free(w);
}

static void
leaving_itself_and_exit(void **state)
{
    const prog_step_t leaves[] = { STEP(STEP_LEAVE, 1, .what = 0), send_email(2, "never"),
        THE_END };
    const prog_step_t exits[] = { STEP(STEP_EXIT, 1), send_email(2, "never"), THE_END };
    const prog_flow_t flows[] = { FLOW("leaves", 1, leaves), FLOW("exits", 2, exits) };
    world_t *w = world_new(flows, 2, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, DAY);
    said(w, "+0 c0 starts leaves\n+0 c0 stops leaves\n+0 c0 starts exits\n+0 c0 ends exits\n");
    assert_int_equal(engine_stats(w->engine).runs, 0);
    world_free(w);
}

/* ---- the world outside ---- */

static void
calls_and_notices(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_CALL, 1, .text = "https://crm/x"),
        STEP(STEP_NOTIFY, 2, .text = "sales@shop"),
        THE_END,
    };
    const prog_flow_t f = FLOW("f", 1, steps);
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    said(w, "+0 c0 starts f\n+0 c0 calls https://crm/x\n+0 c0 notifies sales@shop\n+0 c0 ends f\n");
    world_free(w);
}

static void
visits_with(world_t *w, uint8_t visitor, const char *name, const char *value)
{
    engine_event_t ev = { .at = engine_now(w->engine),
        .who = who(0, visitor),
        .nkeys = 1,
        .keys = { PAGE_CART },
        .nfields = value == NULL ? 0 : 1,
        .fields = { { senda_cstr(name), senda_cstr(value == NULL ? "" : value) } } };

    engine_event(w->engine, &ev, ENGINE_ACT);
}

static void
sold_out_ends_it(void **state)
{
    const prog_step_t steps[] = { STEP(STEP_STOCK, 1), send_email(2, "m"), THE_END };
    const prog_flow_t f = FLOW("f", 1, steps);
    const char *goes_on = "+0 c0 starts f\n+0 c0 gets m\n+0 c0 ends f\n";
    const char *ends = "+0 c0 starts f\n+0 c0 ends f: sold out\n";
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    until(w, 0);
    visits_with(w, 1, "item", "a"); /* nothing is known */
    said(w, goes_on);
    engine_stock(w->engine, SENDA_STR("a"), true);
    visits_with(w, 2, "item", "a");
    said(w, ends);
    visits_with(w, 3, "item", "b");
    said(w, goes_on);
    visits_with(w, 4, "items", "a,b"); /* of b nothing is known */
    said(w, goes_on);
    engine_stock(w->engine, SENDA_STR("b"), false);
    visits_with(w, 5, "items", "a,b");
    said(w, goes_on);
    engine_stock(w->engine, SENDA_STR("b"), true);
    visits_with(w, 6, "items", "a,b");
    said(w, ends);
    engine_stock(w->engine, SENDA_STR("a"), false);
    visits_with(w, 7, "item", "a");
    said(w, goes_on);
    visits_with(w, 8, "item", NULL); /* of no item */
    said(w, goes_on);
    for (int i = 0; i < 1000; i++) { /* the table grows */
        char item[16];

        snprintf(item, sizeof(item), "i%d", i);
        engine_stock(w->engine, senda_cstr(item), i % 2 == 0);
    }
    visits_with(w, 9, "items", "i998,i0");
    said(w, ends);
    visits_with(w, 10, "items", "i998,i1");
    said(w, goes_on);
    world_free(w);
}

/* Each starts once in a second, so they come to an end. */
static void
flows_that_enter_each_other_end(void **state)
{
    const prog_trigger_t starts = when(verb(PAGE_CART));
    const prog_step_t to_b[] = { { .kind = STEP_ENTER, .id = 1, .what = 1 }, THE_END };
    const prog_step_t to_a[] = { { .kind = STEP_ENTER, .id = 1, .what = 0 }, THE_END };
    const prog_flow_t flows[] = { { .name = "a",
                                      .id = 1,
                                      .nstarts = 1,
                                      .starts = &starts,
                                      .again = AGAIN_ALWAYS,
                                      .nsteps = 2,
                                      .steps = to_b },
        { .name = "b", .id = 2, .again = AGAIN_ALWAYS, .nsteps = 2, .steps = to_a } };
    world_t *w = world_new(flows, 2, NULL, 0);

    (void)state;
    does(w, who(7, 0), 0, PAGE_CART);
    said(w, "+0 c7 starts a\n+0 c7 ends a\n+0 c7 starts b\n+0 c7 ends b\n");
    does(w, who(7, 0), 1, PAGE_CART);
    said(w, "+1 c7 starts a\n+1 c7 ends a\n+1 c7 starts b\n+1 c7 ends b\n");
    assert_int_equal(engine_stats(w->engine).refused, 0);
    world_free(w);
}

/* More in one go than are kept is refused, and counted. */
static void
no_end_of_entering(void **state)
{
    const prog_trigger_t starts = when(verb(PAGE_CART));
    prog_step_t steps[71];
    prog_flow_t flows[2] = { { .name = "a", .id = 1, .nstarts = 1, .starts = &starts },
        { .name = "b", .id = 2, .nsteps = 1, .steps = &steps[70] } };
    world_t *w;

    (void)state;
    for (unsigned i = 0; i < 70; i++)
        steps[i] = (prog_step_t){ .kind = STEP_ENTER, .id = 1 + i, .what = 1 };
    steps[70] = THE_END;
    flows[0].nsteps = 71;
    flows[0].steps = steps;
    w = world_new(flows, 2, NULL, 0);
    does(w, who(7, 0), 0, PAGE_CART);
    said(w, "+0 c7 starts a\n+0 c7 ends a\n+0 c7 starts b\n+0 c7 ends b\n");
    assert_int_equal(engine_stats(w->engine).refused, 70 - 64);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_ten_on_workdays),
        cmocka_unit_test(until_something_happens),
        cmocka_unit_test(until_it_happened_often),
        cmocka_unit_test(in_file_order),
        cmocka_unit_test(told_where_it_goes),
        cmocka_unit_test(shares_are_kept_for_good),
        cmocka_unit_test(shares_are_independent),
        cmocka_unit_test(tags_points_and_fields),
        cmocka_unit_test(a_deed_has_its_effects),
        cmocka_unit_test(enters_and_leaves),
        cmocka_unit_test(entering_is_a_start),
        cmocka_unit_test(flows_that_enter_each_other_end),
        cmocka_unit_test(no_end_of_entering),
        cmocka_unit_test(leaving_itself_and_exit),
        cmocka_unit_test(calls_and_notices),
        cmocka_unit_test(sold_out_ends_it),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
