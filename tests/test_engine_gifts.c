/*
 * What goes with messages: benefits, recommendations; from whom they are
 * withheld, the control group; and that a transactional flow heeds nothing of
 * what holds others back.
 */

#include "engine_sends.h"

static const prog_step_t one_mail[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 2 },
};

static world_t *
quiet_new(const prog_flow_t *flows, unsigned n)
{
    world_t *w = madrid_new(flows, n);

    w->program.has_quiet = true;
    w->program.quiet_from = 21 * HOUR;
    w->program.quiet_to = 9 * HOUR;
    world_reopen(w, true);
    return w;
}

/* ---- the control group ---- */

static void
the_control_group_gets_nothing(void **state)
{
    const prog_cond_t buys = cond(verb(BUY));
    const prog_step_t steps[] = {
        STEP(STEP_COUPON, 1, .text = "C"),
        send_email(2, "m"),
        STEP(STEP_GIFT, 3, .text = "G"),
        STEP(STEP_CALL, 4, .text = "u"),
        STEP(STEP_NOTIFY, 5, .text = "n"),
        wait_for(6, DAYS(1)),
        THE_END,
    };
    const prog_limit_t limit = { .channel = CHANNEL_EMAIL, .times = 1, .per = LIMIT_DAY };
    const prog_cond_t got = { .kind = COND_VERB,
        .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_MESSAGE_GET } };
    const prog_step_t asks[] = { STEP(STEP_IF, 1, .cond = &got, .target = 2), send_email(2, "x"),
        THE_END };
    prog_flow_t flows[2] = { FLOW(steps), FLOW(asks) };
    world_t *w;

    (void)state;
    flows[0].goal = &buys;
    flows[1].name = "asks";
    flows[1].id = 2;
    w = madrid_new(flows, 2);
    w->program.control = 10000;
    w->program.limits = &limit;
    w->program.nlimits = 1;
    world_reopen(w, true);
    does(w, who(1, 0), 0, PAGE_CART);
    said(w,
        "+0 c1 starts f\n+0 c1 withheld step 1\n+0 c1 withheld step 2\n+0 c1 withheld step 3\n"
        "+0 c1 withheld step 4\n+0 c1 withheld step 5\n+0 c1 waits at 6 until +86400\n"
        "+0 c1 starts asks\n+0 c1 if 1: no\n+0 c1 ends asks\n");
    assert_int_equal(w->ndeeds, 0);
    does(w, who(1, 0), 10, BUY);
    said(w, "+10 c1 goal f\n+10 c1 ends f\n");

    w->options.no_control = true;
    w->options.tell = false;
    world_reopen(w, true);
    does(w, who(1, 0), 0, PAGE_CART);
    said(w,
        "+0 c1 starts f\n+0 c1 coupon C\n+0 c1 gets m and step 1\n+0 c1 gift G\n+0 c1 calls u\n"
        "+0 c1 notifies n\n+0 c1 starts asks\n+0 c1 ends asks\n");
    world_free(w);
}

static void
a_share_is_in_control(void **state)
{
    const prog_flow_t f = FLOW(one_mail);
    world_t *w = madrid_new(&f, 1);
    unsigned got = 0;

    (void)state;
    w->program.control = 500;
    w->options.tell = false;
    world_reopen(w, true);
    for (uint64_t c = 1; c <= 10000; c++) {
        engine_who_t person = { .contact = c };
        bool in = engine_person_share(&person, 0, 0) < 500;

        does(w, person, (senda_sec_t)c, PAGE_CART);
        assert_int_equal(strstr(w->said, "gets m") == NULL, in);
        got += !in;
        hush(w);
    }
    assert_in_range(got, 9350, 9650);
    world_free(w);
}

/* ---- transactional ---- */

static void
transactional_heeds_nothing(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_COUPON, 1, .text = "C"),
        send_email(2, "m"),
        STEP(STEP_CALL, 3, .text = "u"),
        THE_END,
    };
    const prog_limit_t limit = { .channel = CHANNEL_EMAIL, .times = 1, .per = LIMIT_DAY };
    prog_flow_t flows[2] = { FLOW(steps), FLOW(one_mail) };
    world_t *w;

    (void)state;
    flows[0].transactional = true;
    flows[1].name = "g";
    flows[1].id = 2;
    w = quiet_new(flows, 2);
    w->program.control = 10000;
    w->program.limits = &limit;
    w->program.nlimits = 1;
    world_reopen(w, true);
    for (int i = 0; i < 2; i++) { /* 22:26, over the limit, in the control group */
        does(w, who(1, 0), i, PAGE_CART);
        assert_non_null(strstr(w->said, "gets m and step 1"));
        assert_non_null(strstr(w->said, "calls u"));
        hush(w);
    }
    w->program.control = 0;
    world_reopen(w, true);
    does(w, who(1, 0), in_madrid(2026, 6, 1, 10, 0), PAGE_CART);
    assert_null(strstr(w->said, "limit")); /* it does not use up the other's room */
    hush(w);
    does(w, who(1, 0), in_madrid(2026, 6, 1, 10, 1), PAGE_CART); /* but that is full now */
    assert_non_null(strstr(w->said, "gets m and step 1"));
    assert_non_null(strstr(w->said, "skips m: limit"));
    world_free(w);
}

/* ---- what goes with a message ---- */

static void
benefits_go_with_the_next_message(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_COUPON, 1, .text = "C", .span = DAYS(1)),
        STEP(STEP_CREDIT, 2, .value = 270000),
        wait_for(3, DAYS(2)),
        STEP(STEP_GIFT, 4, .text = "G", .span = { .months = 1 }),
        send_email(5, "m1"),
        send_email(6, "m2"),
        STEP(STEP_COUPON, 7, .text = "L", .span = SECS(60)),
        THE_END,
    };
    const prog_flow_t f = FLOW(steps);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->options.tell = false;
    world_reopen(w, true);
    does(w, who(1, 0), 0, PAGE_CART);
    said(w, "+0 c1 starts f\n");
    until(w, 3 * DAY); /* the 30th of May and a month is the 30th of June */
    said(w,
        "+172800 c1 coupon C until +259200\n+172800 c1 credit 270000\n"
        "+172800 c1 gift G until +2851200\n+172800 c1 gets m1 and step 1 and step 2 and step 4\n"
        "+172800 c1 gets m2\n+172800 c1 coupon L until +172860\n+172800 c1 ends f\n");
    world_free(w);
}

/* A skipped message leaves them waiting; a run that ends drops them. */
static void
benefits_wait_and_are_dropped(void **state)
{
    const prog_cond_t buys = cond(verb(BUY));
    const prog_step_t steps[] = {
        STEP(STEP_COUPON, 1, .text = "C"),
        STEP(STEP_SEND, 2, .nchannels = 1, .channels = { CHANNEL_SMS }, .template = "sms"),
        send_email(3, "m"),
        STEP(STEP_COUPON, 4, .text = "D"),
        STEP(STEP_IF, 5, .cond = &buys, .target = 6),
        send_email(6, "n"),
        THE_END,
    };
    const prog_flow_t f = FLOW(steps);
    const uint32_t email = CHANNEL_BIT(CHANNEL_EMAIL);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->options.tell = false;
    world_reopen(w, false);
    reaches(w, 1, 0, email, email);
    said(w, "+0 c1 starts f\n+0 c1 coupon C\n+0 c1 gets m and step 1\n+0 c1 ends f\n");
    does(w, who(1, 0), 1, BUY);
    reaches(w, 1, 2, email, email);
    said(w,
        "+2 c1 starts f\n+2 c1 coupon C\n+2 c1 gets m and step 1\n+2 c1 coupon D\n"
        "+2 c1 gets n and step 4\n+2 c1 ends f\n");
    world_free(w);
}

/* A message can follow in one branch only: the coupon waits for it, also in the other. */
static void
a_message_in_one_branch(void **state)
{
    static const prog_branch_t none[] = { { 0, 5 } };
    const prog_cond_t buys = cond(verb(BUY));
    const prog_step_t steps[] = {
        STEP(STEP_COUPON, 1, .text = "C"),
        STEP(STEP_IF, 2, .cond = &buys, .target = 3),
        STEP(STEP_EXIT, 3),
        STEP(STEP_SPLIT, 4, .nbranches = 1, .branches = none, .target = 6),
        STEP(STEP_EXIT, 5),
        send_email(6, "m"),
        STEP(STEP_EXIT, 7),
        THE_END,
    };
    const prog_flow_t f = FLOW(steps);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->options.tell = false;
    world_reopen(w, true);
    does(w, who(1, 0), 0, BUY);
    does(w, who(1, 0), 1, PAGE_CART);
    said(w, "+1 c1 starts f\n+1 c1 ends f\n");
    does(w, who(2, 0), 1, PAGE_CART);
    said(w, "+1 c2 starts f\n+1 c2 ends f\n");
    world_free(w);
}

static void
more_than_a_message_takes(void **state)
{
    prog_step_t steps[ENGINE_BENEFITS_MAX + 3];
    prog_flow_t f;
    world_t *w;

    (void)state;
    for (uint32_t i = 0; i <= ENGINE_BENEFITS_MAX; i++)
        steps[i] = STEP(STEP_COUPON, i + 1, .text = "C");
    steps[ENGINE_BENEFITS_MAX + 1] = send_email(50, "m");
    steps[ENGINE_BENEFITS_MAX + 2] = THE_END;
    f = FLOW(steps);
    w = madrid_new(&f, 1);
    does(w, who(1, 0), 0, PAGE_CART);
    assert_non_null(strstr(w->said, "and step 7 and step 8\n"));
    assert_int_equal(engine_stats(w->engine).refused, 1);
    world_free(w);
}

static void
a_recipe_holds_until_the_next(void **state)
{
    const prog_step_t steps[] = {
        send_email(1, "m1"),
        STEP(STEP_RECOMMEND, 2, .recipe = RECIPE_LAST_VIEWED, .number = 4),
        send_email(3, "m2"),
        wait_for(4, DAYS(1)),
        send_email(5, "m3"),
        STEP(STEP_RECOMMEND, 6, .recipe = RECIPE_ABOVE, .number = 2, .text = "item"),
        send_email(7, "m4"),
        THE_END,
    };
    const prog_flow_t f = FLOW(steps);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->options.tell = false;
    world_reopen(w, true);
    does(w, who(1, 0), 0, PAGE_CART);
    until(w, DAY);
    said(w,
        "+0 c1 starts f\n+0 c1 gets m1\n+0 c1 gets m2 with 4 of recipe 0\n"
        "+86400 c1 gets m3 with 4 of recipe 0\n+86400 c1 gets m4 with 2 of recipe 4\n"
        "+86400 c1 ends f\n");
    world_free(w);
}

/* What was got is true at once: it stops the flow that sent it, and starts another. */
static void
getting_it_has_effects(void **state)
{
    const prog_cond_t got = { .kind = COND_VERB,
        .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_MESSAGE_GET, .template = "m" } };
    const prog_trigger_t gets_m = when((prog_verb_t){ .key = SENDA_KEY_EVENT | SENDA_EV_MESSAGE_GET,
        .template = "m",
        .channels = CHANNEL_BIT(CHANNEL_EMAIL) });
    const prog_step_t steps[] = { send_email(1, "l"), wait_for(4, SECS(60)), send_email(2, "m"),
        send_email(3, "never"), THE_END };
    const prog_step_t then[] = { send_email(1, "then"), THE_END };
    prog_flow_t flows[2] = { FLOW(steps), FLOW(then) };
    world_t *w;

    (void)state;
    flows[0].stop = &got;
    flows[1].name = "then";
    flows[1].id = 2;
    flows[1].starts = &gets_m;
    w = madrid_new(flows, 2);
    w->options.tell = false;
    world_reopen(w, true);
    does(w, who(1, 0), 0, PAGE_CART);
    until(w, DAY);
    said(w,
        "+0 c1 starts f\n+0 c1 gets l\n+60 c1 gets m\n+60 c1 stops f\n+60 c1 starts then\n"
        "+60 c1 gets then\n+60 c1 ends then\n");
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_control_group_gets_nothing),
        cmocka_unit_test(a_share_is_in_control),
        cmocka_unit_test(transactional_heeds_nothing),
        cmocka_unit_test(benefits_go_with_the_next_message),
        cmocka_unit_test(benefits_wait_and_are_dropped),
        cmocka_unit_test(a_message_in_one_branch),
        cmocka_unit_test(more_than_a_message_takes),
        cmocka_unit_test(a_recipe_holds_until_the_next),
        cmocka_unit_test(getting_it_has_effects),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
