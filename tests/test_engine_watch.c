/*
 * Conditions and the watches on them: what is true, and to the second when it
 * no longer is. Segments are watched through a score that counts entries,
 * conditions of the moment through engine_holds.
 */

#include "engine_world.h"

#include "engine_state.h"

#define OPENS senda_key_event(SENDA_EV_MESSAGE_OPEN)
#define SEEN  (&(engine_who_t){ .visitor = { { 1 } } })

/* One segment; a score counts how often it is entered. */
static world_t *
segment_of(const prog_cond_t *c)
{
    static prog_segment_t segment;
    static const prog_trigger_t enters = { .kind = TRIGGER_SEGMENT, .what = 0 };
    static const prog_score_t score = { .points = 1, .nwhens = 1, .whens = &enters };
    world_t *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    segment = (prog_segment_t){ .name = "s", .cond = c };
    w->program =
        (program_t){ .nsegments = 1, .segments = &segment, .nscores = 1, .scores = &score };
    world_open(w, true);
    return w;
}

static bool
holds(world_t *w, const prog_cond_t *c)
{
    return engine_holds(w->engine, SEEN, c);
}

static void
entered_on_change_only(void **state)
{
    const prog_cond_t c = cond(times(PAGE_HEELS, COUNT_AT_LEAST, 2, SECS(HOUR)));
    world_t *w = segment_of(&c);

    (void)state;
    does(w, who(0, 1), 0, PAGE_HEELS);
    said(w, "");
    does(w, who(0, 1), 10, PAGE_HEELS);
    said(w, "+10 c0 score 1\n");
    does(w, who(0, 1), HOUR - 1, PAGE_HEELS); /* all the while in it */
    does(w, who(0, 1), HOUR, PAGE_HEELS);
    until(w, HOUR + HOUR - 2);
    assert_true(holds(w, &c));
    until(w, HOUR + HOUR - 1);
    assert_false(holds(w, &c)); /* only that of the full hour is left */
    said(w, "");
    does(w, who(0, 1), 2 * HOUR - 1, PAGE_HEELS);
    said(w, "+7199 c0 score 2\n");
    world_free(w);
}

/* What holds of one who did nothing is entered with the first visit; time alone enters, too. */
static void
entered_by_time_alone(void **state)
{
    const prog_cond_t opens = cond(times(OPENS, COUNT_SOME, 0, DAYS(90)));
    const prog_cond_t buys = cond(verb(BUY)), lately = cond(times(BUY, COUNT_SOME, 0, DAYS(90)));
    const prog_cond_t not_opens = { .kind = COND_NOT, .left = &opens };
    const prog_cond_t not_lately = { .kind = COND_NOT, .left = &lately };
    const prog_cond_t both = { .kind = COND_AND, .left = &not_opens, .right = &not_lately };
    const prog_cond_t asleep = { .kind = COND_AND, .left = &buys, .right = &both };
    world_t *w = segment_of(&asleep);

    (void)state;
    does(w, who(0, 1), 0, BUY);
    does(w, who(0, 1), DAY, OPENS);
    until(w, 91 * DAY - 1);
    said(w, "");
    until(w, 91 * DAY);
    said(w, "+7862400 c0 score 1\n");
    does(w, who(0, 1), 92 * DAY, OPENS);
    until(w, 182 * DAY);
    said(w, "+15724800 c0 score 2\n");
    world_free(w);

    w = segment_of(&not_opens);
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 2), 0, OPENS);
    said(w, "+0 c0 score 1\n"); /* the second was never seen without */
    until(w, 90 * DAY);
    said(w, "+7776000 c0 score 1\n");
    world_free(w);
}

static void
first_and_last(void **state)
{
    const prog_cond_t once = cond(times(BUY, COUNT_EXACTLY, 1, EVER));
    const prog_cond_t long_ago = { .kind = COND_LAST,
        .verb = { .key = BUY },
        .span = DAYS(90),
        .older = true };
    const prog_cond_t not_so_long = { .kind = COND_LAST,
        .verb = { .key = BUY },
        .span = DAYS(180) };
    const prog_cond_t old = { .kind = COND_FIRST,
        .verb = { .key = BUY },
        .span = DAYS(180),
        .older = true };
    const prog_cond_t some = { .kind = COND_AND, .left = &long_ago, .right = &not_so_long };
    const prog_cond_t unique = { .kind = COND_AND, .left = &once, .right = &some };
    const prog_cond_t either = { .kind = COND_OR, .left = &unique, .right = &old };
    world_t *w = segment_of(&either);

    (void)state;
    does(w, who(0, 1), 0, PAGE_HOME);
    assert_false(holds(w, &long_ago) || holds(w, &not_so_long) || holds(w, &old));
    does(w, who(0, 1), 0, BUY);
    until(w, 90 * DAY - 1);
    assert_true(!holds(w, &long_ago) && holds(w, &not_so_long) && holds(w, &once));
    said(w, "");
    until(w, 90 * DAY);
    said(w, "+7776000 c0 score 1\n");
    does(w, who(0, 1), 100 * DAY, BUY);
    assert_false(holds(w, &once) || holds(w, &either));
    until(w, 180 * DAY - 1);
    said(w, "");
    until(w, 180 * DAY);
    said(w, "+15552000 c0 score 2\n"); /* the first is old by now */
    assert_true(holds(w, &old));
    world_free(w);
}

static void
sums(void **state)
{
    const prog_cond_t today = { .kind = COND_TOTAL,
        .verb = { .key = BUY, .within = DAYS(1) },
        .cmp = CMP_GT,
        .value = 300 * VALUE_ONE };
    const prog_cond_t ever = { .kind = COND_TOTAL,
        .verb = { .key = BUY },
        .cmp = CMP_LT,
        .value = 1000 * VALUE_ONE };
    const prog_cond_t either = { .kind = COND_AND, .left = &today, .right = &ever };
    world_t *w = segment_of(&either);

    (void)state;
    does_with(w, who(0, 1), 0, BUY, "total=200");
    assert_true(holds(w, &ever) && !holds(w, &today));
    does_with(w, who(0, 1), 10, BUY, "total=200,50");
    said(w, "+10 c0 score 1\n");
    until(w, DAY - 1);
    assert_true(holds(w, &today));
    until(w, DAY);
    assert_false(holds(w, &today));
    for (int i = 0; i < 150; i++) /* a running sum is exact beyond what is kept */
        does_with(w, who(0, 1), 2 * DAY, BUY, "total=4");
    said(w, "+172800 c0 score 2\n"); /* 304, of 400.50 and 304 */
    assert_false(holds(w, &ever));
    does_with(w, who(0, 1), 2 * DAY, senda_key_event(SENDA_EV_REFUND), "total=1");
    assert_true(holds(w, &ever));
    world_free(w);
}

static void
fields_and_channels(void **state)
{
    const prog_field_t fields[] = { { .name = "size", .type = VALUE_NUMBER },
        { .name = "likes", .type = VALUE_TEXT } };
    prog_cond_t likes = { .kind = COND_FIELD, .what = 1, .cmp = CMP_EQ };
    const prog_cond_t large = { .kind = COND_FIELD, .what = 0, .cmp = CMP_GE, .value = 440000 };
    const prog_cond_t phone = { .kind = COND_HAS, .what = CHANNEL_SMS };
    const prog_cond_t sms = { .kind = COND_CONSENTS, .what = CHANNEL_SMS };
    const prog_cond_t a = { .kind = COND_AND, .left = &phone, .right = &sms };
    const prog_cond_t b = { .kind = COND_AND, .left = &large, .right = &likes };
    const prog_cond_t c = { .kind = COND_AND, .left = &a, .right = &b };
    world_t *w = segment_of(&c);
    engine_event_t ev = { .at = START,
        .who = who(0, 1),
        .page = true,
        .nkeys = 1,
        .keys = { PAGE_HOME } };

    (void)state;
    assert_true(value_read(VALUE_TEXT, SENDA_STR("running"), &likes.value));
    engine_free(w->engine);
    w->program.fields = fields;
    w->program.nfields = 2;
    world_open(w, false);
    engine_event(w->engine, &ev, ENGINE_ACT);
    assert_false(holds(w, &phone) || holds(w, &sms) || holds(w, &large) || holds(w, &likes));
    ev.nanswers = 4;
    ev.answers[0] = (senda_capture_t){ SENDA_STR("size"), SENDA_STR("44") };
    ev.answers[1] = (senda_capture_t){ SENDA_STR("likes"), SENDA_STR(" R\xc3\xbanning") };
    ev.answers[2] = (senda_capture_t){ SENDA_STR("size"), SENDA_STR("large") };
    ev.answers[3] = (senda_capture_t){ SENDA_STR("age"), SENDA_STR("7") };
    engine_event(w->engine, &ev, ENGINE_ACT);
    assert_int_equal(engine_stats(w->engine).refused, 2);
    assert_true(holds(w, &large) && holds(w, &likes));
    ev.nanswers = 0;
    ev.has_reach = true;
    ev.address = CHANNEL_BIT(CHANNEL_SMS);
    engine_event(w->engine, &ev, ENGINE_ACT);
    assert_true(holds(w, &phone) && !holds(w, &sms));
    said(w, "");
    ev.consent = CHANNEL_BIT(CHANNEL_SMS);
    engine_event(w->engine, &ev, ENGINE_ACT);
    said(w, "+0 c0 score 1\n");
    ev.has_reach = false;
    engine_event(w->engine, &ev, ENGINE_ACT);
    assert_true(holds(w, &c));
    world_free(w);
}

static void
stages_and_segments_of_segments(void **state)
{
    const prog_trigger_t heels = when(verb(PAGE_HEELS));
    const prog_score_t points = { .points = 10, .nwhens = 1, .whens = &heels };
    const prog_cond_t low = { .kind = COND_SCORE, .cmp = CMP_LT, .value = 10 };
    const prog_cond_t more = { .kind = COND_SCORE, .cmp = CMP_GE, .value = 10 };
    const prog_cond_t high = { .kind = COND_SCORE, .cmp = CMP_GE, .value = 30 };
    const prog_stage_t stages[] = { { .name = "low", .stage = 0, .cond = &low },
        { .name = "more", .stage = 1, .cond = &more },
        { .name = "high", .stage = 2, .cond = &high } };
    const prog_cond_t buys = cond(verb(BUY));
    const prog_cond_t is_more = { .kind = COND_STAGE, .what = 1 };
    const prog_segment_t segments[] = { { .name = "buyers", .cond = &buys },
        { .name = "both",
            .cond = &(const prog_cond_t){ .kind = COND_AND,
                .left = &is_more,
                .right = &(const prog_cond_t){ .kind = COND_SEGMENT, .what = 0 } } } };
    const prog_trigger_t enters = { .kind = TRIGGER_SEGMENT, .what = 1 };
    const prog_tag_t tag = { .name = "in", .id = 1, .nwhens = 1, .whens = &enters };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .nscores = 1,
        .scores = &points,
        .nstages = 3,
        .stages = stages,
        .nsegments = 2,
        .segments = segments,
        .ntags = 1,
        .tags = &tag };
    world_open(w, true);
    assert_int_equal(engine_stage(w->engine, SEEN), 0);
    does(w, who(0, 1), 0, BUY);
    does(w, who(0, 2), 0, PAGE_HEELS);
    said(w, "+0 c0 score 10\n");
    does(w, who(0, 1), 1, PAGE_HEELS);
    said(w, "+1 c0 score 10\n+1 c0 tag in\n");
    assert_int_equal(engine_stage(w->engine, SEEN), 1);
    does(w, who(0, 1), 2, PAGE_HEELS);
    does(w, who(0, 1), 3, PAGE_HEELS);
    assert_int_equal(engine_stage(w->engine, SEEN), 2);
    assert_false(holds(w, segments[1].cond));
    world_free(w);
}

static void
tags_as_conditions(void **state)
{
    const prog_trigger_t heels = when(verb(PAGE_HEELS));
    const senda_span_t day = DAYS(1);
    const prog_tag_t tag = { .name = "heels",
        .id = 1,
        .nwhens = 1,
        .whens = &heels,
        .lasts = &day };
    const prog_cond_t has = { .kind = COND_TAG, .what = 0 };
    const prog_cond_t has_none = { .kind = COND_NOT, .left = &has };
    world_t *w = segment_of(&has_none);

    (void)state;
    engine_free(w->engine);
    w->program.tags = &tag;
    w->program.ntags = 1;
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    said(w, "+0 c0 tag heels\n");
    does(w, who(0, 1), 60, PAGE_HEELS);
    until(w, 2 * DAY);
    said(w, "+86460 c0 untag heels\n+86460 c0 score 1\n");
    world_free(w);
}

static void
values_and_days(void **state)
{
    prog_verb_t same = times(PAGE_PRODUCT, COUNT_AT_LEAST, 2, SECS(HOUR)), apart = same;
    prog_verb_t days = times(SENDA_KEY_ANY, COUNT_AT_LEAST, 2, DAYS(7));
    prog_cond_t c, d, e, both;
    world_t *w;

    (void)state;
    same.by = BY_SAME;
    apart.by = BY_DIFFERENT;
    same.capture = apart.capture = "item";
    days.by = BY_DAY;
    c = cond(same);
    d = cond(apart);
    e = cond(days);
    both = (prog_cond_t){ .kind = COND_AND,
        .left = &c,
        .right = &(prog_cond_t){ .kind = COND_AND, .left = &d, .right = &e } };
    w = segment_of(&both);
    does_with(w, who(0, 1), 0, PAGE_PRODUCT, "item=a");
    does_with(w, who(0, 1), DAY, PAGE_PRODUCT, "item=a");
    assert_true(!holds(w, &c) && !holds(w, &d) && holds(w, &e));
    does_with(w, who(0, 1), DAY, PAGE_PRODUCT, "item=b");
    assert_true(!holds(w, &c) && holds(w, &d));
    said(w, "");
    does_with(w, who(0, 1), DAY + 1, PAGE_PRODUCT, "item=b");
    said(w, "+86401 c0 score 1\n");
    until(w, DAY + HOUR - 1);
    assert_true(holds(w, &c) && holds(w, &d));
    until(w, DAY + HOUR);
    assert_true(!holds(w, &c) && !holds(w, &d) && holds(w, &e));
    until(w, 7 * DAY);
    assert_false(holds(w, &e));
    world_free(w);
}

/* ---- who is listed, what is shown ---- */

static void
blocks_come_and_go(void **state)
{
    const prog_cond_t heels = cond(times(PAGE_HEELS, COUNT_SOME, 0, SECS(HOUR)));
    const prog_show_t shows[] = { { .block = "all", .position = "top" },
        { .block = "heels", .position = "top", .cond = &heels } };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .nshows = 2, .shows = shows };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HOME);
    said(w, "+0 c0 shows all\n");
    does(w, who(0, 1), 1, PAGE_HEELS);
    does(w, who(0, 1), 2, PAGE_HEELS);
    said(w, "+1 c0 shows heels\n");
    until(w, HOUR + 1);
    said(w, "");
    until(w, HOUR + 2);
    said(w, "+3602 c0 hides heels\n");
    does(w, who(7, 1), HOUR + 3, PAGE_HEELS);
    does(w, who(7, 2), HOUR + 4, PAGE_HOME);
    said(w, "+3603 c7 shows all\n+3603 c7 shows heels\n");
    world_free(w);
}

static uint32_t walked[64], nwalked;

static void
walk(engine_t *e, uint32_t person, void *ctx)
{
    (void)e, (void)ctx;
    assert_true(nwalked < 64);
    walked[nwalked++] = person;
}

/* In and out, again and again: each stands in the list once, and only while it is true. */
static void
lists_hold_each_once(void **state)
{
    const prog_cond_t c = cond(times(PAGE_HEELS, COUNT_SOME, 0, SECS(10)));
    const prog_trigger_t daily = { .kind = TRIGGER_DAILY, .cond = &c };
    const prog_step_t end = THE_END;
    const prog_flow_t flow = { .name = "f",
        .id = 1,
        .nstarts = 1,
        .starts = &daily,
        .nsteps = 1,
        .steps = &end };
    world_t *w = world_new(&flow, 1, NULL, 0);
    uint32_t watch = w->engine->plan->rules[0].watch;

    (void)state;
    for (int round = 0; round < 100; round++) {
        for (uint8_t v = 1; v <= 20; v++)
            does(w, who(0, v), 20 * round, PAGE_HEELS);
    }
    nwalked = 0;
    engine_watch_each(w->engine, watch, walk, NULL);
    assert_int_equal(nwalked, 20);
    for (uint32_t i = 1; i < nwalked; i++)
        assert_true(walked[i] > walked[i - 1]);
    does(w, who(0, 3), 20 * 100 - 11, PAGE_HEELS);
    until(w, 20 * 100 - 10);
    nwalked = 0;
    engine_watch_each(w->engine, watch, walk, NULL);
    assert_int_equal(nwalked, 1);
    assert_true(w->engine->watched[watch].size <= 128);
    world_free(w);
}

/* ---- when time changes it ---- */

/* A moment is in its window until it is as old as the window is long, whatever the calendar does. */
static unsigned
young(const senda_zone_t *zone, const senda_sec_t *moments, unsigned n, senda_span_t span,
    senda_sec_t now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        count += moments[i] <= now && senda_zone_add(zone, moments[i], span, 1) > now;
    return count;
}

static int
by_time(const void *a, const void *b)
{
    const senda_sec_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/*
 * Against counting anew at each second at which something may change: around
 * the ends of months and with clocks set twice, where of two moments the later
 * may leave first.
 */
static void
windows_end_exactly(void **state)
{
    static const senda_zone_step_t steps[] = { { 1774746000, 7200 }, { 1792890000, 3600 } };
    const senda_span_t spans[] = { { .months = 1 }, { .months = 3 }, { .days = 30 },
        { .months = 1, .days = 1 }, { .days = 1 }, { .secs = 90000 }, { .months = 12 } };
    uint32_t random = 7;
    unsigned changes = 0;

    (void)state;
    for (int i = 0; i < 420; i++) {
        senda_span_t span = spans[i % 7];
        const prog_cond_t c = cond(times(PAGE_HEELS, i % 2 == 0 ? COUNT_AT_LEAST : COUNT_EXACTLY,
            1 + (uint32_t)i % 4, span));
        const prog_show_t show = { .block = "b", .position = "top", .cond = &c };
        world_t *w = calloc(1, sizeof(*w));
        senda_sec_t moments[6], ends[12];
        unsigned times = 1 + (unsigned)i % 4, n = times + (unsigned)i % 2; /* all that are kept */
        char expected[2048] = "";
        size_t len = 0;
        bool on = false;

        w->program = (program_t){ .zone = { 3600, 2, steps }, .nshows = 1, .shows = &show };
        world_open(w, true);
        for (unsigned k = 0; k < n; k++) { /* 28 to 31 January or August: their ends are short */
            random = random * 1664525 + 1013904223;
            moments[k] = (i % 3 == 0 ? 1788000000 : 1769554800) + (random >> 8) % 350000;
            ends[k] = moments[k];
            ends[n + k] = senda_zone_add(&w->program.zone, moments[k], span, 1);
        }
        qsort(moments, n, sizeof(moments[0]), by_time);
        qsort(ends, 2 * n, sizeof(ends[0]), by_time);
        for (unsigned k = 0; k < n; k++)
            does(w, who(0, 1), moments[k] - START, PAGE_HEELS);
        until(w, ends[2 * n - 1] - START + DAY);
        for (unsigned k = 0; k < 2 * n; k++) {
            unsigned level = young(&w->program.zone, moments, n, span, ends[k]);
            bool is = i % 2 == 0 ? level >= times : level == times;

            if (is != on)
                len += (size_t)snprintf(expected + len, sizeof(expected) - len, "+%lld c0 %s b\n",
                    (long long)(ends[k] - START), is ? "shows" : "hides");
            changes += is != on;
            on = is;
        }
        said(w, expected);
        world_free(w);
    }
    assert_true(changes > 800);
}

/* The checker refuses such a line; here it finds no stage, and ends. */
static void
a_stage_that_asks_for_a_stage(void **state)
{
    const prog_cond_t cart = cond(verb(PAGE_CART));
    const prog_cond_t first = { .kind = COND_STAGE, .what = 0 },
                      second = { .kind = COND_STAGE, .what = 1 };
    const prog_cond_t neither = { .kind = COND_NOT, .left = &second };
    const prog_stage_t stages[] = { { .name = "one", .stage = 0, .cond = &cart },
        { .name = "two", .stage = 1, .cond = &first },
        { .name = "three", .stage = 2, .cond = &second } };
    world_t *w = segment_of(&neither);

    (void)state;
    w->program.stages = stages;
    w->program.nstages = 3;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_CART);
    assert_int_equal(engine_stage(w->engine, SEEN), 0);
    assert_true(holds(w, &first));
    assert_false(holds(w, &second));
    assert_int_equal(engine_score(w->engine, SEEN), 1); /* the segment was entered */
    world_free(w);
}

/* Nobody waits for the segment or the stage: said all the same where it is asked for, also by time. */
static void
standing_is_said_where_asked_for(void **state)
{
    const prog_cond_t lately = cond(times(PAGE_HEELS, COUNT_SOME, 0, DAYS(2))),
                      cart = cond(verb(PAGE_CART));
    const prog_segment_t segment = { .name = "s", .cond = &lately };
    const prog_stage_t stage = { .name = "one", .stage = 0, .cond = &cart };
    world_t *w = world_new(NULL, 0, NULL, 0);

    (void)state;
    w->program.segments = &segment;
    w->program.nsegments = 1;
    w->program.stages = &stage;
    w->program.nstages = 1;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    until(w, 3 * DAY);
    said(w, "");
    w->options.standing = true;
    world_reopen(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    said(w, "+0 c0 stands otherwise\n");
    does(w, who(0, 1), HOUR, PAGE_HEELS);
    until(w, 2 * DAY + HOUR - 1);
    said(w, "");
    until(w, 2 * DAY + HOUR);
    said(w, "+176400 c0 stands otherwise\n");
    does(w, who(0, 1), 4 * DAY, PAGE_CART);
    said(w, "+345600 c0 stands otherwise\n");
    does(w, who(0, 2), 5 * DAY, PAGE_HEELS);
    said(w, "+432000 c0 stands otherwise\n");
    does(w, who(7, 1), 5 * DAY + 1, PAGE_CART); /* a login each: the contact stands as both did */
    does(w, who(7, 2), 5 * DAY + 2, PAGE_CART);
    said(w, "+432001 c7 stands otherwise\n+432002 c7 stands otherwise\n");
    until(w, 7 * DAY);
    said(w, "+604800 c7 stands otherwise\n");
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entered_on_change_only),
        cmocka_unit_test(entered_by_time_alone),
        cmocka_unit_test(first_and_last),
        cmocka_unit_test(sums),
        cmocka_unit_test(fields_and_channels),
        cmocka_unit_test(stages_and_segments_of_segments),
        cmocka_unit_test(tags_as_conditions),
        cmocka_unit_test(values_and_days),
        cmocka_unit_test(blocks_come_and_go),
        cmocka_unit_test(lists_hold_each_once),
        cmocka_unit_test(windows_end_exactly),
        cmocka_unit_test(a_stage_that_asks_for_a_stage),
        cmocka_unit_test(standing_is_said_where_asked_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
