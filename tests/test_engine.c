/*
 * The engine: counts, thresholds, absences, tags, identity, orders. Programs
 * are made by hand; what the engine says is compared line by line.
 */

#include "engine_world.h"

static const prog_step_t one_mail[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 2 },
};

static prog_flow_t
flow_of(const prog_trigger_t *start, prog_again_t again)
{
    return (prog_flow_t){ .name = "f",
        .id = 7,
        .nstarts = 1,
        .starts = start,
        .again = again,
        .nsteps = 2,
        .steps = one_mail };
}

static void
each_happening_starts(void **state)
{
    const prog_trigger_t start = when(verb(PAGE_CART));
    const prog_flow_t flow = flow_of(&start, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 1), 5, PAGE_HOME);
    does(w, who(0, 1), 9, PAGE_CART);
    said(w,
        "+0 c0 starts f\n+0 c0 gets m\n+0 c0 ends f\n"
        "+9 c0 starts f\n+9 c0 gets m\n+9 c0 ends f\n");
    assert_int_equal(engine_count(w->engine, &(engine_who_t){ .visitor = { { 1 } } }, PAGE_CART),
        2);
    world_free(w);
}

static void
a_count_without_window_fires_once(void **state)
{
    const prog_trigger_t at3 = when(times(PAGE_HEELS, COUNT_EXACTLY, 3, EVER));
    const prog_trigger_t more3 = when(times(PAGE_HEELS, COUNT_AT_LEAST, 4, EVER));
    const prog_tag_t tags[] = { { "three", 1, 1, &at3, true, NULL },
        { "four", 2, 1, &more3, true, NULL } };
    world_t *w = world_new(NULL, 0, tags, 2);

    (void)state;
    for (int i = 0; i < 2; i++)
        does(w, who(0, 1), i, PAGE_HEELS);
    said(w, "");
    does(w, who(0, 1), 2, PAGE_HEELS);
    said(w, "+2 c0 tag three\n");
    assert_false(engine_has_tag(w->engine, &(engine_who_t){ .visitor = { { 1 } } }, &tags[1]));
    for (int i = 3; i < 9; i++)
        does(w, who(0, 1), i, PAGE_HEELS);
    said(w, "+3 c0 tag four\n");
    assert_true(engine_has_tag(w->engine, &(engine_who_t){ .visitor = { { 1 } } }, &tags[1]));
    world_free(w);
}

/* Three within an hour: exact to the second, again only after it fell below. */
static void
a_window_slides_exactly(void **state)
{
    const prog_trigger_t start = when(times(PAGE_HEELS, COUNT_EXACTLY, 3, SECS(HOUR)));
    const prog_flow_t flow = flow_of(&start, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(0, 1), 1, PAGE_HEELS);
    does(w, who(0, 1), HOUR, PAGE_HEELS); /* the first is an hour old: two */
    said(w, "");
    does(w, who(0, 1), HOUR + 0, PAGE_HEELS); /* same second, second 1 is still in: three */
    said(w, "+3600 c0 starts f\n+3600 c0 gets m\n+3600 c0 ends f\n");
    does(w, who(0, 1), HOUR + 1, PAGE_HEELS); /* 1 fell out, so it had fallen to two */
    said(w, "+3601 c0 starts f\n+3601 c0 gets m\n+3601 c0 ends f\n");
    does(w, who(0, 1), HOUR + 2, PAGE_HEELS); /* four */
    said(w, "");
    does(w, who(0, 1), 3 * HOUR, PAGE_HEELS); /* one */
    does(w, who(0, 1), 3 * HOUR + 1, PAGE_HEELS);
    said(w, "");
    does(w, who(0, 1), 3 * HOUR + 2, PAGE_HEELS);
    said(w, "+10802 c0 starts f\n+10802 c0 gets m\n+10802 c0 ends f\n");
    world_free(w);
}

static void
absence_waits_from_the_last_visit(void **state)
{
    const prog_trigger_t start = when_not(verb(PAGE_CART), verb(BUY), SECS(HOUR));
    const prog_flow_t flow = flow_of(&start, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 1), 600, PAGE_CART);
    until(w, HOUR);
    said(w, "");
    until(w, HOUR + 599);
    said(w, "");
    until(w, HOUR + 600);
    said(w, "+4200 c0 starts f\n+4200 c0 gets m\n+4200 c0 ends f\n");
    until(w, 50 * HOUR);
    said(w, "");
    world_free(w);
}

/* The buyer of the same second, of the same request, of the last second before; and the late one. */
static void
absence_is_cleared_by_what_comes(void **state)
{
    const prog_trigger_t start = when_not(verb(PAGE_CART), verb(BUY), SECS(HOUR));
    const prog_flow_t flow = flow_of(&start, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, NULL, 0);
    engine_event_t both = { .at = START, .who = who(0, 1), .nkeys = 2, .keys = { PAGE_CART, BUY } };

    (void)state;
    engine_event(w->engine, &both, ENGINE_ACT);
    does(w, who(0, 2), 0, PAGE_CART);
    does(w, who(0, 2), 0, BUY);
    does(w, who(0, 3), 0, BUY); /* bought before: that does not clear */
    does(w, who(0, 3), 0, PAGE_CART);
    does(w, who(0, 4), 0, PAGE_CART);
    does(w, who(0, 4), HOUR - 1, BUY);
    does(w, who(0, 4), HOUR - 1, PAGE_HOME);
    until(w, HOUR - 1);
    said(w, "");
    does(w, who(0, 5), HOUR - 1, PAGE_CART);
    until(w, HOUR);
    said(w, "+3600 c0 starts f\n+3600 c0 gets m\n+3600 c0 ends f\n");
    does(w, who(0, 5), 2 * HOUR - 1, BUY); /* timers of a second run before its visits */
    said(w, "+7199 c0 starts f\n+7199 c0 gets m\n+7199 c0 ends f\n");
    world_free(w);
}

static void
absence_alone_fires_once(void **state)
{
    const prog_trigger_t lost = { .has_absent = true,
        .absent = verb(SENDA_KEY_ANY),
        .span = DAYS(60) };
    const prog_trigger_t never = { .has_absent = true, .absent = verb(BUY), .span = DAYS(1) };
    const prog_flow_t flows[] = {
        { .name = "lost",
            .id = 1,
            .nstarts = 1,
            .starts = &lost,
            .again = AGAIN_ALWAYS,
            .nsteps = 2,
            .steps = one_mail },
        { .name = "nobuy",
            .id = 2,
            .nstarts = 1,
            .starts = &never,
            .again = AGAIN_ALWAYS,
            .nsteps = 2,
            .steps = one_mail },
    };
    world_t *w = world_new(flows, 2, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 1), 10, PAGE_HOME);
    until(w, DAY);
    said(w, "+86400 c0 starts nobuy\n+86400 c0 gets m\n+86400 c0 ends nobuy\n");
    until(w, 60 * DAY + 9);
    said(w, "");
    until(w, 200 * DAY);
    said(w, "+5184010 c0 starts lost\n+5184010 c0 gets m\n+5184010 c0 ends lost\n");
    does(w, who(0, 1), 200 * DAY, BUY); /* an event is no page view */
    until(w, 201 * DAY);
    said(w, "+17366400 c0 starts nobuy\n+17366400 c0 gets m\n+17366400 c0 ends nobuy\n");
    world_free(w);
}

static void
a_known_order_is_a_visit_only(void **state)
{
    const prog_trigger_t start = when(verb(BUY));
    const prog_flow_t flow = flow_of(&start, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, NULL, 0);
    engine_event_t buy = { .who = who(0, 1),
        .nkeys = 1,
        .keys = { BUY },
        .order = SENDA_STR("A1") };

    (void)state;
    for (int i = 0; i < 3; i++) {
        buy.at = START + i;
        engine_event(w->engine, &buy, ENGINE_ACT);
    }
    buy.who = who(0, 2); /* the site's orders, not the person's */
    engine_event(w->engine, &buy, ENGINE_ACT);
    buy.order = SENDA_STR("A2");
    engine_event(w->engine, &buy, ENGINE_ACT);
    said(w,
        "+0 c0 starts f\n+0 c0 gets m\n+0 c0 ends f\n+2 c0 starts f\n+2 c0 gets m\n+2 c0 ends f\n");
    assert_int_equal(engine_count(w->engine, &buy.who, BUY), 1);
    world_free(w);
}

/* 1 + 2 visits before and after the name: the threshold is crossed by the login itself. */
static void
a_login_takes_the_history_along(void **state)
{
    const prog_trigger_t three = when(times(PAGE_HEELS, COUNT_EXACTLY, 3, EVER));
    const prog_trigger_t cart = when_not(verb(PAGE_CART), verb(BUY), SECS(HOUR));
    const prog_tag_t tag = { "heels", 1, 1, &three, true, NULL };
    const prog_flow_t flow = flow_of(&cart, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, &tag, 1);
    engine_who_t ann = who(7, 0);
    senda_visitor_t seen[4];

    (void)state;
    does(w, ann, 0, PAGE_HEELS);
    does(w, who(0, 1), 1, PAGE_HEELS);
    does(w, who(0, 1), 2, PAGE_HEELS);
    does(w, who(0, 1), 3, PAGE_CART);
    said(w, "");
    does(w, who(7, 1), 4, PAGE_HOME);
    said(w, "+4 c7 tag heels\n");
    assert_int_equal(engine_count(w->engine, &ann, PAGE_HEELS), 3);
    assert_int_equal(engine_stats(w->engine).persons, 1);
    assert_int_equal(engine_visitors(w->engine, 7, seen, 4), 1);
    assert_int_equal(seen[0].b[0], 1);
    until(w, HOUR + 3);
    said(w, "+3603 c7 starts f\n+3603 c7 gets m\n+3603 c7 ends f\n");
    does(w, who(0, 1), HOUR + 4, PAGE_CART); /* the browser is hers now */
    until(w, 3 * HOUR);
    said(w, "+7204 c7 starts f\n+7204 c7 gets m\n+7204 c7 ends f\n");
    world_free(w);
}

/* What she bought elsewhere clears the basket that she left before she had a name. */
static void
a_login_joins_absence_and_what_clears_it(void **state)
{
    const prog_trigger_t cart = when_not(verb(PAGE_CART), verb(BUY), SECS(HOUR));
    const prog_flow_t flow = flow_of(&cart, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(7, 2), 60, BUY);
    does(w, who(7, 1), 120, PAGE_HOME);
    until(w, 2 * HOUR);
    said(w, "");
    world_free(w);
}

static void
contacts_are_never_merged(void **state)
{
    const prog_trigger_t three = when(times(PAGE_HEELS, COUNT_EXACTLY, 3, EVER));
    const prog_tag_t tag = { "heels", 1, 1, &three, true, NULL };
    world_t *w = world_new(NULL, 0, &tag, 1);
    senda_visitor_t seen[4];

    (void)state;
    does(w, who(7, 1), 0, PAGE_HEELS);
    does(w, who(7, 1), 1, PAGE_HEELS);
    does(w, who(8, 1), 2, PAGE_HEELS); /* the same browser, another name */
    does(w, who(0, 1), 3, PAGE_HEELS); /* the latest login wins */
    said(w, "");
    assert_int_equal(engine_count(w->engine, &(engine_who_t){ .contact = 7 }, PAGE_HEELS), 2);
    assert_int_equal(engine_count(w->engine, &(engine_who_t){ .contact = 8 }, PAGE_HEELS), 2);
    assert_int_equal(engine_visitors(w->engine, 7, seen, 4), 0);
    does(w, who(8, 2), 4, PAGE_HEELS);
    said(w, "+4 c8 tag heels\n");
    assert_int_equal(engine_visitors(w->engine, 8, seen, 4), 2);
    world_free(w);
}

/* The calendar: a month after 31 January; a day over the change to summer time. */
static void
spans_follow_the_calendar(void **state)
{
    const senda_zone_step_t steps[] = { { 1774746000, 7200 } }; /* 29 Mar 2026, 01:00 UTC */
    const prog_trigger_t cart = when_not(verb(PAGE_CART), verb(BUY), DAYS(1));
    const prog_flow_t flow = flow_of(&cart, AGAIN_ALWAYS);
    world_t *w = calloc(1, sizeof(*w));
    engine_event_t ev = { .at = 1774692000, .who = who(0, 1), .nkeys = 1, .keys = { PAGE_CART } };
    senda_sec_t due;

    (void)state;
    w->program = (program_t){ .zone = { 3600, 1, steps }, .flows = &flow, .nflows = 1 };
    world_open(w, true);
    engine_event(w->engine, &ev, ENGINE_ACT); /* 28 March, 11:00 */
    assert_true(engine_next_due(w->engine, &due));
    assert_int_equal(due, ev.at + DAY - HOUR); /* 29 March, 11:00 */
    world_free(w);
}

static void
persons_are_bounded(void **state)
{
    const prog_trigger_t start = when(verb(PAGE_CART));
    const prog_flow_t flow = flow_of(&start, AGAIN_ALWAYS);
    world_t *w = calloc(1, sizeof(*w));
    engine_options_t options = { .everybody_reachable = true, .persons_max = 2 };

    (void)state;
    w->program = (program_t){ .flows = &flow, .nflows = 1 };
    w->engine = engine_new(&w->program, &options, world_intent, w);
    for (uint8_t v = 1; v <= 5; v++)
        does(w, who(0, v), v, PAGE_CART);
    assert_int_equal(engine_stats(w->engine).persons, 2);
    assert_int_equal(engine_stats(w->engine).refused, 3);
    assert_int_equal(engine_stats(w->engine).events, 5);
    world_free(w);
}

/* The past lived again: tags and absences are there, nothing was said, nothing started. */
static void
history_is_silent(void **state)
{
    const prog_trigger_t three = when(times(PAGE_HEELS, COUNT_EXACTLY, 3, EVER));
    const prog_trigger_t cart = when_not(verb(PAGE_CART), verb(BUY), SECS(HOUR));
    const prog_tag_t tag = { "heels", 1, 1, &three, true, NULL };
    const prog_flow_t flow = flow_of(&cart, AGAIN_ALWAYS);
    world_t *w = world_new(&flow, 1, &tag, 1);
    engine_event_t ev = { .who = who(0, 1), .nkeys = 2, .keys = { PAGE_HEELS, PAGE_CART } };

    (void)state;
    for (int i = 0; i < 3; i++) {
        ev.at = START + 2 * i * HOUR;
        engine_event(w->engine, &ev, ENGINE_HISTORY);
    }
    engine_advance(w->engine, START + 4 * HOUR + 60, ENGINE_HISTORY);
    said(w, "");
    assert_true(engine_has_tag(w->engine, &ev.who, &tag));
    until(w, 6 * HOUR); /* only the absence of the present fires */
    said(w, "+18000 c0 starts f\n+18000 c0 gets m\n+18000 c0 ends f\n");
    world_free(w);
}

/* Many people, many keys each: every count is found again, also after hundreds of moments. */
static void
histories_hold_what_they_were_given(void **state)
{
    enum { PEOPLE = 200, PAGES = 60 };
    prog_trigger_t whens[PAGES];
    prog_tag_t tags[PAGES];
    uint32_t model[PEOPLE + 1][PAGES + 1] = { 0 };
    uint32_t random = 1;
    world_t *w;

    (void)state;
    for (unsigned i = 0; i < PAGES; i++) {
        whens[i] = when(times(i + 1, COUNT_EXACTLY, 1 + i % 50, i % 3 == 0 ? EVER : DAYS(30)));
        tags[i] = (prog_tag_t){ "t", i + 1, 1, &whens[i], false, NULL };
    }
    w = world_new(NULL, 0, tags, PAGES);
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        unsigned person = 1 + (random >> 8) % PEOPLE, page = 1 + (random >> 20) % PAGES;

        does(w, who(person, 0), i, page);
        hush(w);
        model[person][page]++;
    }
    for (unsigned p = 1; p <= PEOPLE; p++) {
        for (unsigned k = 1; k <= PAGES; k++) {
            assert_int_equal(engine_count(w->engine, &(engine_who_t){ .contact = p }, k),
                model[p][k]);
            if (k % 3 == 1) /* without a window */
                assert_int_equal(engine_has_tag(w->engine, &(engine_who_t){ .contact = p },
                                     &tags[k - 1]),
                    model[p][k] >= 1 + (k - 1) % 50);
        }
    }
    assert_int_equal(engine_stats(w->engine).refused, 0);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_happening_starts),
        cmocka_unit_test(a_count_without_window_fires_once),
        cmocka_unit_test(a_window_slides_exactly),
        cmocka_unit_test(absence_waits_from_the_last_visit),
        cmocka_unit_test(absence_is_cleared_by_what_comes),
        cmocka_unit_test(absence_alone_fires_once),
        cmocka_unit_test(a_known_order_is_a_visit_only),
        cmocka_unit_test(a_login_takes_the_history_along),
        cmocka_unit_test(a_login_joins_absence_and_what_clears_it),
        cmocka_unit_test(contacts_are_never_merged),
        cmocka_unit_test(spans_follow_the_calendar),
        cmocka_unit_test(persons_are_bounded),
        cmocka_unit_test(history_is_silent),
        cmocka_unit_test(histories_hold_what_they_were_given),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
