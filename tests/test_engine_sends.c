/*
 * Whether a message goes, on which channel and when: reach, limits by the
 * calendar, quiet hours around both changes of the clocks.
 */

#include "engine_sends.h"

/* ---- channels ---- */

static void
the_first_channel_that_reaches(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_SEND, 1, .nchannels = 2, .channels = { CHANNEL_PUSH, CHANNEL_SMS },
            .template = "near"),
        send_email(2, "mail"),
        THE_END,
    };
    const uint32_t sms = CHANNEL_BIT(CHANNEL_SMS), push = CHANNEL_BIT(CHANNEL_PUSH),
                   email = CHANNEL_BIT(CHANNEL_EMAIL);
    prog_flow_t f = FLOW(steps);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    world_reopen(w, false);
    reaches(w, 1, 0, sms | push, sms | push);
    said(w,
        "+0 c1 starts f\n+0 c1 gets near by push\n+0 c1 skips mail: unreachable\n+0 c1 ends f\n");
    reaches(w, 2, 0, sms | push | email, sms);
    said(w,
        "+0 c2 starts f\n+0 c2 gets near by sms\n+0 c2 skips mail: unreachable\n+0 c2 ends f\n");
    reaches(w, 3, 0, email, email);
    said(w, "+0 c3 starts f\n+0 c3 skips near: unreachable\n+0 c3 gets mail\n+0 c3 ends f\n");
    reaches(w, 4, 0, email, sms); /* an address without consent, and consent without address */
    said(w, "+0 c4 refused f: unreachable\n");
    f.transactional = true;
    world_reopen(w, false);
    reaches(w, 4, 0, email, sms);
    said(w, "+0 c4 starts f\n+0 c4 skips near: unreachable\n+0 c4 gets mail\n+0 c4 ends f\n");
    world_free(w);
}

/* What can be sent goes before what only can be planned. */
static void
what_nobody_sends_comes_last(void **state)
{
    const prog_step_t steps[] = { STEP(STEP_SEND, 1, .nchannels = 2,
                                      .channels = { CHANNEL_SMS, CHANNEL_EMAIL },
                                      .template = "near"),
        THE_END };
    const uint32_t sms = CHANNEL_BIT(CHANNEL_SMS), email = CHANNEL_BIT(CHANNEL_EMAIL);
    prog_flow_t f = FLOW(steps);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->options.channels = email;
    world_reopen(w, false);
    reaches(w, 1, 0, sms | email, sms | email);
    said(w, "+0 c1 starts f\n+0 c1 gets near\n+0 c1 ends f\n");
    reaches(w, 2, 0, sms, sms);
    said(w, "+0 c2 starts f\n+0 c2 gets near by sms\n+0 c2 ends f\n");
    world_free(w);
}

/* Reach that is lost on the way is lost for the next message. */
static void
reach_is_asked_each_time(void **state)
{
    const prog_step_t steps[] = { send_email(1, "m1"), wait_for(2, DAYS(1)), send_email(3, "m2"),
        THE_END };
    const uint32_t email = CHANNEL_BIT(CHANNEL_EMAIL);
    prog_flow_t f = FLOW(steps);
    world_t *w;
    engine_event_t quits = { .at = START + HOUR, .who = who(5, 0), .has_reach = true };

    (void)state;
    f.again = AGAIN_NEVER;
    w = madrid_new(&f, 1);
    world_reopen(w, false);
    reaches(w, 5, 0, email, email);
    quits.address = email;
    engine_event(w->engine, &quits, ENGINE_ACT);
    until(w, 2 * DAY);
    said(w,
        "+0 c5 starts f\n+0 c5 gets m1\n+0 c5 waits at 2 until +86400\n"
        "+86400 c5 skips m2: unreachable\n+86400 c5 ends f\n");
    world_free(w);
}

/* ---- limits ---- */

static const prog_step_t one_mail[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 2 },
};

static void
is_sent(world_t *w, uint64_t contact, senda_sec_t at)
{
    char line[256];

    does(w, who(contact, 0), at, PAGE_CART);
    snprintf(line, sizeof(line), "+%lld c%d starts f\n+%lld c%d gets m\n+%lld c%d ends f\n",
        (long long)at, (int)contact, (long long)at, (int)contact, (long long)at, (int)contact);
    said(w, line);
}

static void
is_full(world_t *w, uint64_t contact, senda_sec_t at)
{
    char line[256];

    does(w, who(contact, 0), at, PAGE_CART);
    snprintf(line, sizeof(line), "+%lld c%d starts f\n+%lld c%d skips m: limit\n+%lld c%d ends f\n",
        (long long)at, (int)contact, (long long)at, (int)contact, (long long)at, (int)contact);
    said(w, line);
}

static void
limits_by_the_calendar(void **state)
{
    const prog_limit_t limits[] = {
        { .channel = CHANNEL_EMAIL, .times = 2, .per = LIMIT_DAY },
        { .channel = CHANNEL_EMAIL, .times = 3, .per = LIMIT_WEEK },
        { .channel = CHANNEL_EMAIL, .times = 5, .per = LIMIT_MONTH },
        { .channel = CHANNEL_SMS, .times = 0, .per = LIMIT_DAY },
    };
    const prog_flow_t f = FLOW(one_mail);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->program.limits = limits;
    w->program.nlimits = 4;
    world_reopen(w, true);
    is_sent(w, 1, in_madrid(2026, 6, 2, 10, 0)); /* a Tuesday */
    is_sent(w, 1, in_madrid(2026, 6, 2, 23, 58));
    is_full(w, 1, in_madrid(2026, 6, 2, 23, 59));
    is_sent(w, 2, in_madrid(2026, 6, 2, 23, 59)); /* somebody else */
    is_sent(w, 1, in_madrid(2026, 6, 3, 0, 0));   /* another day of the calendar, a minute later */
    is_full(w, 1, in_madrid(2026, 6, 3, 0, 1));
    is_full(w, 1, in_madrid(2026, 6, 7, 23, 59)); /* the week's three */
    is_sent(w, 1, in_madrid(2026, 6, 8, 0, 0));   /* Monday */
    is_sent(w, 1, in_madrid(2026, 6, 9, 0, 0));
    is_full(w, 1, in_madrid(2026, 6, 15, 12, 0)); /* the month's five */
    is_full(w, 1, in_madrid(2026, 6, 30, 23, 59));
    is_sent(w, 1, in_madrid(2026, 7, 1, 0, 0));
    world_free(w);
}

/* The next channel has room; a skipped message counts for nothing. */
static void
a_full_channel_gives_way(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_SEND, 1, .nchannels = 2, .channels = { CHANNEL_EMAIL, CHANNEL_SMS },
            .template = "m"),
        THE_END,
    };
    const prog_limit_t limits[] = {
        { .channel = CHANNEL_EMAIL, .times = 1, .per = LIMIT_DAY },
        { .channel = CHANNEL_SMS, .times = 1, .per = LIMIT_DAY },
    };
    const prog_flow_t f = FLOW(steps);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    w->program.limits = limits;
    w->program.nlimits = 2;
    world_reopen(w, true);
    is_sent(w, 1, in_madrid(2026, 6, 2, 10, 0));
    does(w, who(1, 0), in_madrid(2026, 6, 2, 10, 1), PAGE_CART);
    assert_non_null(strstr(w->said, "gets m by sms\n"));
    hush(w);
    is_full(w, 1, in_madrid(2026, 6, 2, 10, 2));
    is_full(w, 1, in_madrid(2026, 6, 2, 10, 3));
    is_sent(w, 1, in_madrid(2026, 6, 3, 10, 0));
    world_free(w);
}

/* ---- quiet hours ---- */

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

static void
a_message_waits_for_the_morning(void **state)
{
    const prog_step_t steps[] = { send_email(1, "m1"), send_email(2, "m2"), THE_END };
    const prog_flow_t f = FLOW(steps);
    world_t *w = quiet_new(&f, 1);
    char line[256];

    (void)state;
    does(w, who(1, 0), in_madrid(2026, 6, 1, 20, 59), PAGE_CART);
    assert_non_null(strstr(w->said, "gets m2\n"));
    hush(w);
    does(w, who(1, 0), in_madrid(2026, 6, 1, 21, 0), PAGE_CART);
    snprintf(line, sizeof(line), "+%lld c1 starts f\n+%lld c1 waits at 1 until +%lld\n",
        (long long)in_madrid(2026, 6, 1, 21, 0), (long long)in_madrid(2026, 6, 1, 21, 0),
        (long long)in_madrid(2026, 6, 2, 9, 0));
    said(w, line);
    assert_int_equal(engine_stats(w->engine).runs, 1);
    until(w, in_madrid(2026, 6, 2, 9, 0) - 1);
    said(w, "");
    until(w, in_madrid(2026, 6, 2, 9, 0));
    snprintf(line, sizeof(line), "+%lld c1 gets m1\n+%lld c1 gets m2\n+%lld c1 ends f\n",
        (long long)in_madrid(2026, 6, 2, 9, 0), (long long)in_madrid(2026, 6, 2, 9, 0),
        (long long)in_madrid(2026, 6, 2, 9, 0));
    said(w, line);
    world_free(w);
}

/* `stop if`, then the limits anew: nothing held goes out because it was once allowed. */
static void
what_is_held_is_asked_anew(void **state)
{
    const prog_cond_t buys = cond(verb(BUY));
    const prog_limit_t limit = { .channel = CHANNEL_EMAIL, .times = 1, .per = LIMIT_DAY };
    const prog_step_t other[] = { wait_for(1, SECS(60)), send_email(2, "other"), THE_END };
    const prog_trigger_t home = when(verb(PAGE_HOME));
    prog_flow_t flows[2] = { FLOW(one_mail), FLOW(other) };
    world_t *w;
    char line[512];
    long long at = in_madrid(2026, 6, 1, 22, 0), nine = in_madrid(2026, 6, 2, 9, 0);

    (void)state;
    flows[0].stop = &buys;
    flows[1].name = "g";
    flows[1].id = 2;
    flows[1].starts = &home;
    w = quiet_new(flows, 2);
    w->program.limits = &limit;
    w->program.nlimits = 1;
    w->options.tell = false;
    world_reopen(w, true);
    does(w, who(1, 0), at, PAGE_CART);
    does(w, who(2, 0), at, PAGE_CART);
    does(w, who(1, 0), at + HOUR, BUY);
    snprintf(line, sizeof(line), "+%lld c1 starts f\n+%lld c2 starts f\n+%lld c1 stops f\n", at, at,
        at + HOUR);
    said(w, line);
    does(w, who(2, 0), nine - 61, PAGE_HOME); /* its message is held a minute before nine */
    until(w, nine);
    snprintf(line, sizeof(line),
        "+%lld c2 starts g\n+%lld c2 gets m\n+%lld c2 ends f\n+%lld c2 ends g\n", nine - 61, nine,
        nine, nine);
    said(w, line);
    world_free(w);
}

/* 23 hours, then 25 hours lie between one nine and the next. */
static void
quiet_nights_of_both_changes(void **state)
{
    const prog_flow_t f = FLOW(one_mail);
    world_t *w = quiet_new(&f, 1);
    long long spring = in_madrid(2026, 3, 28, 23, 0), autumn = in_madrid(2026, 10, 24, 23, 0);
    char line[256];

    (void)state;
    does(w, who(1, 0), spring, PAGE_CART);
    snprintf(line, sizeof(line), "+%lld c1 starts f\n+%lld c1 waits at 1 until +%lld\n", spring,
        spring, spring + 9 * HOUR);
    said(w, line);
    until(w, spring + 9 * HOUR);
    hush(w);
    does(w, who(1, 0), autumn, PAGE_CART);
    snprintf(line, sizeof(line), "+%lld c1 starts f\n+%lld c1 waits at 1 until +%lld\n", autumn,
        autumn, autumn + 11 * HOUR);
    said(w, line);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_channel_that_reaches),
        cmocka_unit_test(what_nobody_sends_comes_last),
        cmocka_unit_test(reach_is_asked_each_time),
        cmocka_unit_test(limits_by_the_calendar),
        cmocka_unit_test(a_full_channel_gives_way),
        cmocka_unit_test(a_message_waits_for_the_morning),
        cmocka_unit_test(what_is_held_is_asked_anew),
        cmocka_unit_test(quiet_nights_of_both_changes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
