/*
 * Starts by the calendar: every day, on a date, on the date of a person's
 * field; around both changes of the clocks and on 29 February; and that
 * nothing starts for what is past.
 */

#include "engine_world.h"

static const prog_step_t one_mail[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 2 },
};

static const prog_field_t fields[] = { { .name = "birthday", .type = VALUE_DATE } };

static prog_flow_t
flow(const prog_trigger_t *start, prog_again_t again)
{
    return (prog_flow_t){ .name = "f",
        .id = 1,
        .nstarts = 1,
        .starts = start,
        .again = again,
        .nsteps = 2,
        .steps = one_mail };
}

static world_t *
madrid_new(const prog_flow_t *flows, unsigned n)
{
    world_t *w = world_new(flows, n, NULL, 0);

    w->program.zone = madrid;
    w->program.fields = fields;
    w->program.nfields = 1;
    world_reopen(w, true);
    return w;
}

static void
answers(world_t *w, uint64_t contact, senda_sec_t at, const char *birthday, engine_mode_t mode)
{
    engine_event_t ev = { .at = START + at,
        .who = who(contact, 0),
        .nkeys = 1,
        .keys = { SIGNUP },
        .nanswers = 1,
        .answers = { { SENDA_STR("birthday"), senda_cstr(birthday) } } };

    engine_event(w->engine, &ev, mode);
}

/* The contact got the mail of the flow at this moment, and nothing else was said. */
static void
got(world_t *w, int contact, senda_sec_t at)
{
    char line[256];
    long long t = at;

    snprintf(line, sizeof(line), "+%lld c%d starts f\n+%lld c%d gets m\n+%lld c%d ends f\n", t,
        contact, t, contact, t, contact);
    said(w, line);
}

static void
every_day_for_whom_it_is_true(void **state)
{
    const prog_cond_t recently = cond(times(PAGE_CART, COUNT_SOME, 0, DAYS(2)));
    const prog_trigger_t daily = { .kind = TRIGGER_DAILY, .second = 10 * HOUR, .cond = &recently };
    const prog_flow_t f = flow(&daily, AGAIN_ALWAYS);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    does(w, who(1, 0), in_madrid(2026, 6, 1, 9, 59), PAGE_CART);
    does(w, who(2, 0), in_madrid(2026, 6, 1, 9, 59), PAGE_HOME);
    until(w, in_madrid(2026, 6, 1, 10, 0) - 1);
    said(w, "");
    until(w, in_madrid(2026, 6, 1, 10, 0));
    got(w, 1, in_madrid(2026, 6, 1, 10, 0));
    until(w, in_madrid(2026, 6, 2, 9, 59));
    said(w, "");
    does(w, who(2, 0), in_madrid(2026, 6, 2, 10, 0), PAGE_CART); /* too late by a moment */
    got(w, 1, in_madrid(2026, 6, 2, 10, 0));
    until(w, in_madrid(2026, 6, 3, 10, 0)); /* two days and a minute after the first one's visit */
    got(w, 2, in_madrid(2026, 6, 3, 10, 0));
    until(w, in_madrid(2026, 7, 3, 10, 0));
    said(w, "");
    world_free(w);
}

/* 400 days, once a day each, also of 29 March and 25 October. */
static void
once_a_day_through_the_year(void **state)
{
    const prog_cond_t has = cond(verb(PAGE_CART));
    const prog_trigger_t at_two_thirty = { .kind = TRIGGER_DAILY,
        .second = 2 * HOUR + 1800,
        .cond = &has };
    const prog_flow_t f = flow(&at_two_thirty, AGAIN_ALWAYS);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    does(w, who(1, 0), in_madrid(2026, 1, 1, 12, 0), PAGE_CART);
    for (int day = 2; day <= 401; day++) {
        until(w, in_madrid(2026, 1, day, 2, 30) - 1);
        said(w, "");
        until(w, in_madrid(2026, 1, day, 2, 30)); /* 03:00 on the day without it */
        got(w, 1, in_madrid(2026, 1, day, 2, 30));
    }
    world_free(w);
}

static void
once_on_a_date(void **state)
{
    const prog_cond_t has = cond(verb(PAGE_CART));
    const prog_trigger_t on = { .kind = TRIGGER_ON,
        .second = 10 * HOUR,
        .date = 20820, /* 2 January 2027 */
        .cond = &has };
    const prog_trigger_t past = { .kind = TRIGGER_ON,
        .second = 10 * HOUR,
        .date = 20500,
        .cond = &has };
    prog_flow_t flows[] = { flow(&on, AGAIN_ALWAYS), flow(&past, AGAIN_ALWAYS) };
    world_t *w = madrid_new(flows, 2);

    (void)state;
    does(w, who(1, 0), 0, PAGE_CART);
    does(w, who(2, 0), 0, PAGE_HOME);
    until(w, in_madrid(2027, 1, 2, 10, 0) - 1);
    said(w, "");
    until(w, in_madrid(2027, 1, 2, 10, 0));
    got(w, 1, in_madrid(2027, 1, 2, 10, 0));
    until(w, in_madrid(2029, 1, 1, 0, 0));
    said(w, "");
    world_free(w);
}

/* What came while the past was lived again starts nothing, and what is to come still does. */
static void
nothing_starts_for_what_is_past(void **state)
{
    const prog_cond_t has = cond(verb(PAGE_CART));
    const prog_trigger_t starts[] = {
        { .kind = TRIGGER_DAILY, .second = 10 * HOUR, .cond = &has },
        { .kind = TRIGGER_ON, .second = 11 * HOUR, .date = 20820, .cond = &has },
        { .kind = TRIGGER_DATE, .second = 12 * HOUR, .what = 0 },
    };
    prog_flow_t f = flow(starts, AGAIN_ALWAYS);
    engine_event_t ev = { .at = START, .who = who(1, 0), .nkeys = 1, .keys = { PAGE_CART } };
    world_t *w;

    (void)state;
    f.nstarts = 3;
    w = madrid_new(&f, 1);
    engine_event(w->engine, &ev, ENGINE_HISTORY);
    answers(w, 1, 1, "1990-01-02", ENGINE_HISTORY);
    engine_set_now(w->engine, START + in_madrid(2027, 1, 2, 11, 30));
    said(w, "");
    until(w, in_madrid(2027, 1, 2, 12, 0));
    got(w, 1, in_madrid(2027, 1, 2, 12, 0));
    until(w, in_madrid(2027, 1, 3, 10, 0));
    got(w, 1, in_madrid(2027, 1, 3, 10, 0));
    world_free(w);
}

static void
on_a_birthday(void **state)
{
    const prog_trigger_t birthday = { .kind = TRIGGER_DATE, .second = 9 * HOUR + 1800, .what = 0 };
    const prog_flow_t f = flow(&birthday, AGAIN_ALWAYS);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    answers(w, 1, 0, "29/02/1992", ENGINE_ACT);
    answers(w, 2, 0, "1990-05-28", ENGINE_ACT); /* today, but the hour is past */
    answers(w, 3, 0, "2028-01-01", ENGINE_ACT); /* to come: that day first */
    answers(w, 4, 0, "no date", ENGINE_ACT);
    assert_int_equal(engine_stats(w->engine).refused, 1);
    until(w, in_madrid(2027, 2, 28, 9, 29));
    said(w, "");
    until(w, in_madrid(2027, 2, 28, 9, 30));
    got(w, 1, in_madrid(2027, 2, 28, 9, 30));
    until(w, in_madrid(2027, 5, 28, 9, 30));
    got(w, 2, in_madrid(2027, 5, 28, 9, 30));
    until(w, in_madrid(2028, 1, 1, 9, 30));
    got(w, 3, in_madrid(2028, 1, 1, 9, 30));
    until(w, in_madrid(2028, 2, 28, 23, 59));
    said(w, "");
    until(w, in_madrid(2028, 2, 29, 9, 30));
    got(w, 1, in_madrid(2028, 2, 29, 9, 30));
    world_free(w);
}

/* The date set anew counts, the old one no more; set away and back it counts once. */
static void
a_birthday_that_changes(void **state)
{
    const prog_trigger_t birthday = { .kind = TRIGGER_DATE, .second = 9 * HOUR, .what = 0 };
    const prog_flow_t f = flow(&birthday, AGAIN_ALWAYS);
    world_t *w = madrid_new(&f, 1);

    (void)state;
    answers(w, 1, 0, "1990-06-01", ENGINE_ACT);
    answers(w, 1, 1, "1990-07-01", ENGINE_ACT);
    until(w, in_madrid(2026, 6, 30, 23, 0));
    said(w, "");
    answers(w, 1, in_madrid(2026, 6, 30, 23, 1), "1990-08-01", ENGINE_ACT);
    answers(w, 1, in_madrid(2026, 6, 30, 23, 2), "1990-07-01", ENGINE_ACT);
    until(w, in_madrid(2026, 7, 1, 9, 0));
    got(w, 1, in_madrid(2026, 7, 1, 9, 0));
    until(w, in_madrid(2027, 6, 30, 23, 0));
    said(w, "");
    until(w, in_madrid(2027, 7, 1, 9, 0));
    got(w, 1, in_madrid(2027, 7, 1, 9, 0));
    until(w, in_madrid(2028, 6, 30, 23, 0));
    said(w, "");
    assert_int_equal(engine_stats(w->engine).timers, 1);
    world_free(w);
}

/* A visitor's date goes to the contact that it becomes, and fires for it once. */
static void
a_birthday_moves_with_the_login(void **state)
{
    const prog_trigger_t birthday = { .kind = TRIGGER_DATE, .second = 9 * HOUR, .what = 0 };
    const prog_flow_t f = flow(&birthday, AGAIN_ALWAYS);
    engine_event_t ev = { .at = START,
        .who = who(0, 1),
        .nkeys = 1,
        .keys = { SIGNUP },
        .nanswers = 1,
        .answers = { { SENDA_STR("birthday"), SENDA_STR("1990-06-01") } } };
    world_t *w = madrid_new(&f, 1);

    (void)state;
    engine_event(w->engine, &ev, ENGINE_ACT);
    does(w, who(7, 1), 10, PAGE_HOME);
    until(w, in_madrid(2026, 6, 1, 9, 0));
    got(w, 7, in_madrid(2026, 6, 1, 9, 0));
    until(w, in_madrid(2027, 6, 1, 9, 0));
    got(w, 7, in_madrid(2027, 6, 1, 9, 0));
    world_free(w);
}

/* What a start by the calendar is about: the latest search, the latest item. */
static void
it_starts_with_what_is_latest(void **state)
{
    const prog_cond_t has = cond(verb(senda_key_event(SENDA_EV_SEARCH)));
    const prog_trigger_t daily = { .kind = TRIGGER_DAILY, .second = 10 * HOUR, .cond = &has };
    const prog_step_t steps[] = {
        { .kind = STEP_RECOMMEND, .id = 9, .recipe = RECIPE_RESULTS_FOR, .text = "q" },
        one_mail[0],
        one_mail[1],
    };
    prog_flow_t f = flow(&daily, AGAIN_ALWAYS);
    engine_event_t ev = { .at = START,
        .who = who(1, 0),
        .nkeys = 1,
        .keys = { senda_key_event(SENDA_EV_SEARCH) },
        .nfields = 1,
        .fields = { { SENDA_STR("q"), SENDA_STR("boots") } } };
    world_t *w;

    (void)state;
    f.nsteps = 3;
    f.steps = steps;
    w = madrid_new(&f, 1);
    engine_event(w->engine, &ev, ENGINE_ACT);
    ev.at++;
    ev.fields[0].value = SENDA_STR("socks");
    engine_event(w->engine, &ev, ENGINE_ACT);
    until(w, DAY);
    assert_int_equal(w->nfields, 1);
    assert_true(senda_str_eq(w->fields[0].name, SENDA_STR("q")));
    assert_true(senda_str_eq(w->fields[0].value, SENDA_STR("socks")));
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_for_whom_it_is_true),
        cmocka_unit_test(once_a_day_through_the_year),
        cmocka_unit_test(once_on_a_date),
        cmocka_unit_test(nothing_starts_for_what_is_past),
        cmocka_unit_test(on_a_birthday),
        cmocka_unit_test(a_birthday_that_changes),
        cmocka_unit_test(a_birthday_moves_with_the_login),
        cmocka_unit_test(it_starts_with_what_is_latest),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
