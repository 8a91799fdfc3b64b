/*
 * Runs of flows: steps, waits, `again`, `stop if`, reach, what a run carries,
 * and that a stored run goes on where it was.
 */

#include "engine_cart.h"

static void
steps_and_waits(void **state)
{
    const prog_flow_t flow = cart_flow();
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, 10 * DAY);
    said(w,
        "+3600 c0 starts cart\n+3600 c0 gets m1\n+90000 c0 gets m2\n+262800 c0 gets m3\n"
        "+262800 c0 ends cart\n");
    assert_int_equal(engine_stats(w->engine).runs, 0);
    assert_int_equal(w->nrecords, 0); /* nothing is kept once `again` allows it */
    world_free(w);
}

static void
again_counts_from_the_last_start(void **state)
{
    const prog_flow_t flow = cart_flow();
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 2), 0, PAGE_CART);
    until(w, 5 * DAY);
    hush(w);
    does(w, who(0, 1), 7 * DAY - 1, PAGE_CART); /* its absence is due a second too early */
    does(w, who(0, 2), 7 * DAY, PAGE_CART);
    until(w, 7 * DAY + HOUR - 1);
    said(w, "");
    until(w, 7 * DAY + HOUR);
    said(w, "+608400 c0 starts cart\n+608400 c0 gets m1\n");
    does(w, who(0, 1), 7 * DAY + HOUR, PAGE_CART); /* what was refused has used up nothing */
    until(w, 7 * DAY + 2 * HOUR);
    said(w, "+612000 c0 starts cart\n+612000 c0 gets m1\n");
    assert_int_equal(w->nrecords, 2);
    world_free(w);
}

static void
never_is_never(void **state)
{
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.again = AGAIN_NEVER;
    w = world_new(&flow, 1, NULL, 0);
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, 5 * DAY);
    hush(w);
    does(w, who(0, 1), 900 * DAY, PAGE_CART);
    until(w, 901 * DAY);
    said(w, "");
    assert_int_equal(w->nrecords, 1);
    world_free(w);
}

static void
stop_ends_at_once(void **state)
{
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.stop = &buys;
    w = world_new(&flow, 1, NULL, 0);
    does(w, who(0, 1), 0, BUY); /* from before: `stop if` does not see it */
    does(w, who(0, 1), 10, PAGE_CART);
    until(w, 2 * HOUR);
    said(w, "+3610 c0 starts cart\n+3610 c0 gets m1\n");
    does(w, who(0, 1), DAY, BUY);
    said(w, "+86400 c0 stops cart\n");
    until(w, 30 * DAY);
    said(w, "");
    world_free(w);
}

/* Between the last A and the start the thing happened that stops: no start, nothing used up. */
static void
a_start_that_would_stop_is_none(void **state)
{
    const prog_cond_t heels = cond(verb(PAGE_HEELS));
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.stop = &heels;
    w = world_new(&flow, 1, NULL, 0);
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 1), 0, PAGE_HEELS); /* later in the same second */
    until(w, 2 * HOUR);
    said(w, "");
    does(w, who(0, 1), 3 * HOUR, PAGE_HEELS); /* before */
    does(w, who(0, 1), 3 * HOUR, PAGE_CART);
    until(w, 4 * HOUR);
    said(w, "+14400 c0 starts cart\n+14400 c0 gets m1\n");
    world_free(w);
}

static void
a_state_stops_as_soon_as_true(void **state)
{
    const prog_trigger_t signs = when(verb(SIGNUP));
    const prog_tag_t tag = { "customer", 1, 1, &signs, false, NULL };
    const prog_cond_t has_tag = { .kind = COND_TAG, .what = 0 };
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.stop = &has_tag;
    w = world_new(&flow, 1, &tag, 1);
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, 2 * HOUR);
    hush(w);
    does(w, who(0, 1), 3 * HOUR, SIGNUP);
    said(w, "+10800 c0 tag customer\n+10800 c0 stops cart\n");
    does(w, who(0, 1), 20 * DAY, PAGE_CART);
    until(w, 30 * DAY);
    said(w, "");
    world_free(w);
}

static void
if_and_else(void **state)
{
    const prog_cond_t no_buy = { .kind = COND_NOT, .left = &buys };
    const prog_cond_t home = { .kind = COND_VERB,
        .verb = { .key = PAGE_HOME, .since_start = true } };
    const prog_step_t steps[] = {
        wait_for(1, DAYS(1)),
        { .kind = STEP_IF, .id = 2, .cond = &no_buy, .target = 4 },
        send_email(3, "please"),
        { .kind = STEP_JUMP, .id = 4, .target = 5 },
        send_email(5, "thanks"),
        { .kind = STEP_IF, .id = 6, .cond = &home, .target = 7 },
        send_email(7, "seen home"),
        THE_END,
    };
    const prog_trigger_t signs = when(verb(SIGNUP));
    const prog_flow_t flow = { .name = "welcome",
        .id = 3,
        .nstarts = 1,
        .starts = &signs,
        .again = AGAIN_NEVER,
        .nsteps = 8,
        .steps = steps };
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 2), 0, BUY); /* an `if` reads the whole history */
    does(w, who(0, 1), 1, SIGNUP);
    does(w, who(0, 2), 1, SIGNUP);
    does(w, who(0, 2), 2, PAGE_HOME);
    until(w, DAY + 1);
    said(w,
        "+1 c0 starts welcome\n+1 c0 starts welcome\n+86401 c0 gets please\n"
        "+86401 c0 ends welcome\n+86401 c0 gets thanks\n+86401 c0 gets seen home\n"
        "+86401 c0 ends welcome\n");
    world_free(w);
}

static void
conditions_count_exactly(void **state)
{
    const prog_cond_t two = cond(times(PAGE_HEELS, COUNT_EXACTLY, 2, DAYS(3)));
    const prog_cond_t three = cond(times(PAGE_HEELS, COUNT_AT_LEAST, 3, EVER));
    const prog_cond_t both = { .kind = COND_AND, .left = &two, .right = &three };
    const prog_cond_t any = { .kind = COND_OR, .left = &both, .right = &buys };
    const prog_step_t steps[] = {
        { .kind = STEP_IF, .id = 2, .cond = &any, .target = 2 },
        send_email(3, "yes"),
        THE_END,
    };
    const prog_trigger_t signs = when(verb(SIGNUP));
    const prog_flow_t flow = { .name = "f",
        .id = 3,
        .nstarts = 1,
        .starts = &signs,
        .again = AGAIN_ALWAYS,
        .nsteps = 3,
        .steps = steps };
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    for (int i = 0; i < 3; i++)
        does(w, who(0, 1), i * DAY, PAGE_HEELS);
    does(w, who(0, 1), 3 * DAY - 1, SIGNUP); /* three in the window: not exactly two */
    said(w, "+259199 c0 starts f\n+259199 c0 ends f\n");
    does(w, who(0, 1), 3 * DAY, SIGNUP); /* the first is three days old */
    said(w, "+259200 c0 starts f\n+259200 c0 gets yes\n+259200 c0 ends f\n");
    does(w, who(0, 1), 4 * DAY, SIGNUP);
    said(w, "+345600 c0 starts f\n+345600 c0 ends f\n");
    does(w, who(0, 1), 4 * DAY, BUY);
    does(w, who(0, 1), 4 * DAY + 1, SIGNUP);
    said(w, "+345601 c0 starts f\n+345601 c0 gets yes\n+345601 c0 ends f\n");
    world_free(w);
}

/* Nobody to reach: no start, nothing used up. The first channel that reaches is taken. */
static void
only_the_reachable_start(void **state)
{
    const prog_step_t steps[] = {
        { .kind = STEP_SEND,
            .id = 1,
            .nchannels = 2,
            .channels = { CHANNEL_PUSH, CHANNEL_SMS },
            .template = "near" },
        send_email(2, "mail"),
        THE_END,
    };
    const prog_trigger_t start = when(verb(PAGE_CART));
    const prog_flow_t flows[] = {
        { .name = "f", .id = 3, .nstarts = 1, .starts = &start, .nsteps = 3, .steps = steps },
        { .name = "order",
            .id = 4,
            .nstarts = 1,
            .starts = &start,
            .again = AGAIN_ALWAYS,
            .transactional = true,
            .nsteps = 2,
            .steps = steps + 1 },
    };
    world_t *w = calloc(1, sizeof(*w));
    engine_event_t ev = { .at = START, .who = who(9, 0), .nkeys = 1, .keys = { PAGE_CART } };

    (void)state;
    w->program = (program_t){ .flows = flows, .nflows = 2 };
    world_open(w, false);
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "");
    ev.at++;
    ev.has_reach = true;
    ev.address = CHANNEL_BIT(CHANNEL_EMAIL); /* without consent */
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "+1 c9 starts order\n+1 c9 gets mail\n+1 c9 ends order\n");
    ev.at++;
    ev.address = CHANNEL_BIT(CHANNEL_SMS);
    ev.consent = CHANNEL_BIT(CHANNEL_SMS);
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "+2 c9 starts f\n+2 c9 gets near by sms\n+2 c9 ends f\n");
    world_free(w);
}

/* What the starting happening held goes with every message, also after an absence and a wait. */
static void
fields_go_with_the_run(void **state)
{
    const prog_flow_t flow = cart_flow();
    world_t *w = world_new(&flow, 1, NULL, 0);
    engine_event_t ev = { .at = START,
        .who = who(0, 1),
        .nkeys = 1,
        .keys = { PAGE_CART },
        .nfields = 2,
        .fields = { { SENDA_STR("item"), SENDA_STR("old") }, { SENDA_STR("q"), SENDA_STR("x") } } };

    (void)state;
    engine_event(w->engine, &ev, ENGINE_ACT);
    ev.at += 60;
    ev.fields[0].value = SENDA_STR("boots");
    engine_event(w->engine, &ev, ENGINE_ACT);
    ev.keys[0] = PAGE_HOME; /* another page's captures do not matter */
    ev.fields[0].value = SENDA_STR("socks");
    engine_event(w->engine, &ev, ENGINE_ACT);
    until(w, 5 * DAY);
    assert_int_equal(w->nfields, 2);
    assert_true(senda_str_eq(w->fields[0].name, SENDA_STR("item")));
    assert_true(senda_str_eq(w->fields[0].value, SENDA_STR("boots")));
    assert_true(senda_str_eq(w->fields[1].value, SENDA_STR("x")));
    world_free(w);
}

static void
too_many_fields_are_left_out(void **state)
{
    static char big[SENDA_CAPTURE_KEPT];
    const prog_trigger_t start = when(verb(PAGE_CART));
    const prog_flow_t flow = { .name = "f",
        .id = 3,
        .nstarts = 1,
        .starts = &start,
        .nsteps = 6,
        .steps = three_mails };
    world_t *w = world_new(&flow, 1, NULL, 0);
    engine_event_t ev = { .at = START, .who = who(0, 1), .nkeys = 1, .keys = { PAGE_CART } };

    (void)state;
    memset(big, 'x', sizeof(big));
    for (ev.nfields = 0; ev.nfields < 2 * SENDA_CAPTURES_MAX; ev.nfields++)
        ev.fields[ev.nfields] = (senda_capture_t){ SENDA_STR("name"), { big, sizeof(big) } };
    engine_event(w->engine, &ev, ENGINE_ACT);
    assert_int_equal(w->nfields, 7);
    assert_int_equal(engine_stats(w->engine).refused, 2 * SENDA_CAPTURES_MAX - 7);
    assert_int_equal(w->nrecords, 1);
    world_free(w);
}

/* A visitor's run becomes the contact's; of two runs of one flow the contact's goes on. */
static void
runs_move_with_the_login(void **state)
{
    const prog_flow_t flow = cart_flow();
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    until(w, 2 * HOUR);
    hush(w);
    does(w, who(7, 1), 3 * HOUR, PAGE_HOME);
    assert_int_equal(w->nrecords, 1);
    assert_int_equal(w->records[0].contact, 7);
    until(w, 2 * DAY);
    said(w, "+90000 c7 gets m2\n");

    does(w, who(0, 2), 2 * DAY, PAGE_CART);
    until(w, 2 * DAY + 2 * HOUR);
    said(w, "+176400 c0 starts cart\n+176400 c0 gets m1\n");
    does(w, who(7, 2), 2 * DAY + 3 * HOUR, PAGE_HOME);
    said(w, "+183600 c0 stops cart\n");
    assert_int_equal(w->nrecords, 2); /* the visitor's start is remembered for `again` */
    until(w, 10 * DAY);
    said(w, "+262800 c7 gets m3\n+262800 c7 ends cart\n");
    world_free(w);
}

static void
orders(world_t *w, engine_who_t person, senda_sec_t at, const char *order)
{
    engine_event_t ev = { .at = START + at,
        .who = person,
        .nkeys = 1,
        .keys = { BUY },
        .nfields = 1,
        .fields = { { SENDA_STR("order"), senda_cstr(order) } },
        .order = senda_cstr(order) };

    engine_event(w->engine, &ev, ENGINE_ACT);
}

/* Of each order one: runs of two orders go on side by side also after the login. */
static void
orders_move_with_the_login(void **state)
{
    const prog_trigger_t start = when(verb(BUY));
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.starts = &start;
    flow.again = AGAIN_EACH;
    flow.again_each = "order";
    w = world_new(&flow, 1, NULL, 0);
    orders(w, who(7, 0), 0, "A");
    orders(w, who(0, 1), 1, "B");
    hush(w);
    does(w, who(7, 1), HOUR, PAGE_HOME);
    said(w, "");
    until(w, 2 * DAY);
    said(w, "+86400 c7 gets m2\n+86401 c7 gets m2\n");
    world_free(w);
}

/* A message held by quiet hours is a run that goes on, too: one of the two. */
static void
held_runs_move_with_the_login(void **state)
{
    const prog_trigger_t start = when(verb(PAGE_CART));
    prog_flow_t flow = cart_flow();
    world_t *w;

    (void)state;
    flow.starts = &start;
    w = world_new(&flow, 1, NULL, 0);
    w->program.has_quiet = true;
    w->program.quiet_from = 20 * HOUR; /* it is 20:26:40 */
    w->program.quiet_to = 22 * HOUR;
    world_reopen(w, true);
    does(w, who(7, 0), 0, PAGE_CART);
    does(w, who(0, 1), 1, PAGE_CART);
    hush(w);
    does(w, who(7, 1), 2, PAGE_HOME);
    said(w, "+2 c0 stops cart\n");
    until(w, 2 * HOUR);
    said(w, "+5600 c7 gets m1\n");
    world_free(w);
}

/* Stops at each second of interest, stores, forgets all, lives the past again, goes on: the same. */
static void
a_stored_run_goes_on(void **state)
{
    static const senda_sec_t cuts[] = { 2 * HOUR, DAY, DAY + HOUR, 2 * DAY, 3 * DAY, 4 * DAY };
    prog_flow_t flow = cart_flow();

    (void)state;
    flow.goal = &buys;
    flow.goal_within = DAYS(6);
    for (unsigned c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
        engine_event_t ev = { .at = START, .who = who(4, 1), .nkeys = 1, .keys = { PAGE_CART } };
        world_t *w = world_new(&flow, 1, NULL, 0);

        engine_event(w->engine, &ev, ENGINE_ACT);
        until(w, cuts[c]);
        engine_free(w->engine);
        world_open(w, true);
        engine_event(w->engine, &ev, ENGINE_HISTORY);
        assert_int_equal(w->nrecords, 1);
        assert_int_equal(engine_restore(w->engine,
                             (senda_str_t){ w->records[0].bytes, w->records[0].len }),
            SENDA_OK);
        engine_advance(w->engine, START + cuts[c], ENGINE_HISTORY);
        does(w, who(4, 0), 5 * DAY, BUY);
        said(w,
            "+3600 c4 starts cart\n+3600 c4 gets m1\n+90000 c4 gets m2\n+262800 c4 gets m3\n"
            "+262800 c4 ends cart\n+432000 c4 goal cart\n");
        does(w, who(4, 0), 6 * DAY, PAGE_CART); /* and `again` still holds */
        until(w, 6 * DAY + 2 * HOUR);
        said(w, "");
        world_free(w);
    }
}

/* A run whose timer came due while nobody looked goes on late, not never and not twice. */
static void
a_late_run_goes_on(void **state)
{
    const prog_flow_t flow = cart_flow();
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(4, 1), 0, PAGE_CART);
    until(w, 2 * HOUR);
    hush(w);
    engine_free(w->engine);
    world_open(w, true);
    assert_int_equal(engine_restore(w->engine,
                         (senda_str_t){ w->records[0].bytes, w->records[0].len }),
        SENDA_OK);
    engine_advance(w->engine, START + 40 * DAY, ENGINE_HISTORY);
    said(w, "");
    until(w, 40 * DAY + 5);
    said(w, "+3456000 c4 gets m2\n");
    world_free(w);
}

static void
changed_files_and_damaged_records(void **state)
{
    prog_flow_t flow = cart_flow(), other = cart_flow();
    world_t *w = world_new(&flow, 1, NULL, 0);
    char bytes[ENGINE_RUN_MAX];
    size_t len;

    (void)state;
    does(w, who(4, 1), 0, PAGE_CART);
    until(w, 2 * HOUR);
    len = w->records[0].len;
    memcpy(bytes, w->records[0].bytes, len);
    engine_free(w->engine);

    flow.steps = three_mails + 4; /* the wait is gone */
    flow.nsteps = 2;
    world_open(w, true);
    assert_int_equal(engine_restore(w->engine, (senda_str_t){ bytes, len }), SENDA_NONE);
    assert_int_equal(engine_stats(w->engine).runs, 0);
    engine_free(w->engine);

    other.id = 8; /* the flow is gone */
    w->program.flows = &other;
    world_open(w, true);
    assert_int_equal(engine_restore(w->engine, (senda_str_t){ bytes, len }), SENDA_NONE);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(engine_restore(w->engine, (senda_str_t){ bytes, cut }), SENDA_BAD);
    for (size_t i = 0; i < len; i++) {
        char was = bytes[i];

        for (int bit = 0; bit < 8; bit++) { /* any answer, no crash */
            bytes[i] = (char)(was ^ (1 << bit));
            (void)engine_restore(w->engine, (senda_str_t){ bytes, len });
        }
        bytes[i] = was;
    }
    bytes[3] = 3; /* a newer version */
    assert_int_equal(engine_restore(w->engine, (senda_str_t){ bytes, len }), SENDA_BAD);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_and_waits),
        cmocka_unit_test(again_counts_from_the_last_start),
        cmocka_unit_test(never_is_never),
        cmocka_unit_test(stop_ends_at_once),
        cmocka_unit_test(a_start_that_would_stop_is_none),
        cmocka_unit_test(a_state_stops_as_soon_as_true),
        cmocka_unit_test(if_and_else),
        cmocka_unit_test(conditions_count_exactly),
        cmocka_unit_test(only_the_reachable_start),
        cmocka_unit_test(fields_go_with_the_run),
        cmocka_unit_test(too_many_fields_are_left_out),
        cmocka_unit_test(runs_move_with_the_login),
        cmocka_unit_test(orders_move_with_the_login),
        cmocka_unit_test(held_runs_move_with_the_login),
        cmocka_unit_test(a_stored_run_goes_on),
        cmocka_unit_test(a_late_run_goes_on),
        cmocka_unit_test(changed_files_and_damaged_records),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
