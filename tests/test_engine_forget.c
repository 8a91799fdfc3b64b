/*
 * Consent that is withdrawn: what a visitor without a name leaves behind, and
 * what a contact keeps; the same when history is lived again.
 */

#include "engine_world.h"

static const prog_step_t steps[] = {
    { .kind = STEP_WAIT, .id = 1, .span = { .secs = 1000 } },
    { .kind = STEP_SEND, .id = 2, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 3 },
};

static const senda_visitor_t *
browser(engine_who_t *who)
{
    return &who->visitor;
}

/* More browsers than the one byte of who() tells apart. */
static engine_who_t
one_of_many(unsigned i)
{
    engine_who_t one = { .contact = 0 };

    memcpy(one.visitor.b, &i, sizeof(i));
    return one;
}

static void
open_world(world_t *w)
{
    static prog_trigger_t heels, home;
    static prog_tag_t tag;
    static prog_flow_t flow;

    heels = when(verb(PAGE_HEELS));
    home = when(verb(PAGE_HOME));
    tag = (prog_tag_t){ .name = "fan", .id = 1, .nwhens = 1, .whens = &heels };
    flow = (prog_flow_t){ .name = "f",
        .id = 7,
        .nstarts = 1,
        .starts = &home,
        .again = AGAIN_ALWAYS,
        .nsteps = 3,
        .steps = steps };
    w->program = (program_t){ .ntags = 1, .tags = &tag, .nflows = 1, .flows = &flow };
    world_open(w, true);
}

static void
a_visitor_without_a_name_is_gone(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    engine_who_t one = who(0, 1), two = who(0, 2);

    (void)state;
    open_world(w);
    does(w, one, 0, PAGE_HEELS);
    does(w, one, 1, PAGE_HOME);
    does(w, two, 2, PAGE_HEELS);
    does(w, two, 3, PAGE_HOME);
    assert_int_equal(engine_stats(w->engine).runs, 2);
    assert_true(engine_knows(w->engine, browser(&one)));
    assert_true(engine_forget(w->engine, browser(&one), engine_now(w->engine) + 1, ENGINE_ACT));
    assert_false(engine_knows(w->engine, browser(&one)));
    assert_false(engine_has_tag(w->engine, &one, &w->program.tags[0]));
    assert_int_equal(engine_count(w->engine, &one, PAGE_HEELS), 0);
    assert_int_equal(engine_stats(w->engine).runs, 1);
    assert_int_equal(engine_stats(w->engine).persons, 1);
    assert_true(engine_has_tag(w->engine, &two, &w->program.tags[0]));

    /* Once; and nobody else is found in its place. */
    assert_false(engine_forget(w->engine, browser(&one), engine_now(w->engine), ENGINE_ACT));
    hush(w);
    engine_advance(w->engine, engine_now(w->engine) + 5000, ENGINE_ACT);
    assert_int_equal(engine_stats(w->engine).runs, 0);

    /* Who comes back is new. */
    does(w, one, 6000, PAGE_HOME);
    assert_true(engine_knows(w->engine, browser(&one)));
    assert_false(engine_has_tag(w->engine, &one, &w->program.tags[0]));
    world_free(w);
}

/* What the second world below asks of a contact; the numbers stand in its program. */
enum { FAN, BUYER, EITHER, COLD, BY_BROWSE_FLOW, BY_BUY_FLOW, HOT, TAGS };

static void
open_rich_world(world_t *w, bool everybody)
{
    static prog_trigger_t heels, buys, either[2], cold, hot, home, tagged;
    static prog_tag_t tags[TAGS];
    static prog_score_t scores[2];
    static prog_flow_t flows[3];
    static prog_step_t of_browse[] = { { .kind = STEP_TAG, .id = 11, .what = BY_BROWSE_FLOW },
        { .kind = STEP_SCORE, .id = 12, .value = 100 },
        { .kind = STEP_WAIT, .id = 13, .span = { .secs = 1000 } },
        { .kind = STEP_SEND,
            .id = 14,
            .nchannels = 1,
            .channels = { CHANNEL_EMAIL },
            .template = "b" },
        { .kind = STEP_END, .id = 15 } };
    static prog_step_t of_buy[] = { { .kind = STEP_TAG, .id = 21, .what = BY_BUY_FLOW },
        { .kind = STEP_SCORE, .id = 22, .value = 1000 },
        { .kind = STEP_WAIT, .id = 23, .span = { .secs = 1000 } },
        { .kind = STEP_SEND,
            .id = 24,
            .nchannels = 1,
            .channels = { CHANNEL_EMAIL },
            .template = "c" },
        { .kind = STEP_END, .id = 25 } };
    static prog_step_t of_absence[] = { { .kind = STEP_SEND,
                                            .id = 31,
                                            .nchannels = 1,
                                            .channels = { CHANNEL_EMAIL },
                                            .template = "d" },
        { .kind = STEP_END, .id = 32 } };
    static prog_cond_t seen;
    static prog_segment_t segment;

    heels = when(verb(PAGE_HEELS));
    buys = when(verb(BUY));
    either[0] = heels;
    either[1] = buys;
    home = when_not(verb(PAGE_PRODUCT), verb(BUY), SECS(600));
    tagged = (prog_trigger_t){ .kind = TRIGGER_TAG, .what = FAN };
    cold = when_not(verb(BUY), verb(PAGE_HOME), SECS(900));
    hot = (prog_trigger_t){ .kind = TRIGGER_TAG, .what = FAN };
    seen = cond(verb(PAGE_HEELS));
    segment = (prog_segment_t){ .name = "seen", .cond = &seen };
    tags[FAN] = (prog_tag_t){ .name = "fan", .id = 1, .nwhens = 1, .whens = &heels };
    tags[BUYER] = (prog_tag_t){ .name = "buyer", .id = 2, .nwhens = 1, .whens = &buys };
    tags[EITHER] = (prog_tag_t){ .name = "either", .id = 3, .nwhens = 2, .whens = either };
    tags[COLD] = (prog_tag_t){ .name = "cold", .id = 4, .nwhens = 1, .whens = &cold };
    tags[BY_BROWSE_FLOW] = (prog_tag_t){ .name = "browsed", .id = 5 };
    tags[BY_BUY_FLOW] = (prog_tag_t){ .name = "bought", .id = 6 };
    tags[HOT] = (prog_tag_t){ .name = "hot", .id = 7, .nwhens = 1, .whens = &hot };
    scores[0] = (prog_score_t){ .points = 3, .nwhens = 1, .whens = &heels };
    scores[1] = (prog_score_t){ .points = 20, .nwhens = 1, .whens = &buys, .once = true };
    flows[0] = (prog_flow_t){ .name = "browse",
        .id = 7,
        .nstarts = 1,
        .starts = &tagged,
        .again = AGAIN_ALWAYS,
        .nsteps = 5,
        .steps = of_browse };
    flows[1] = (prog_flow_t){ .name = "buy",
        .id = 8,
        .nstarts = 1,
        .starts = &buys,
        .again = AGAIN_ALWAYS,
        .nsteps = 5,
        .steps = of_buy };
    flows[2] = (prog_flow_t){ .name = "absent",
        .id = 9,
        .nstarts = 1,
        .starts = &home,
        .again = AGAIN_ALWAYS,
        .nsteps = 2,
        .steps = of_absence };
    w->program = (program_t){ .ntags = TAGS,
        .tags = tags,
        .nscores = 2,
        .scores = scores,
        .nflows = 3,
        .flows = flows,
        .nsegments = 1,
        .segments = &segment };
    w->options.standing = true;
    world_open(w, everybody);
}

static void
live(world_t *w, engine_mode_t mode)
{
    const struct {
        senda_key_t key;
        uint8_t browser;
    } did[] = { { PAGE_HEELS, 1 }, { PAGE_PRODUCT, 2 }, { BUY, 1 }, { PAGE_PRODUCT, 1 },
        { PAGE_HEELS, 2 } };

    for (unsigned i = 0; i < sizeof(did) / sizeof(did[0]); i++) {
        engine_event_t ev = { .at = START + i,
            .who = who(7, did[i].browser),
            .nkeys = 1,
            .keys = { did[i].key },
            .page = !senda_key_is_event(did[i].key) };

        engine_event(w->engine, &ev, mode);
    }
}

/* The contact as it is after one of its browsers was forgotten. */
static void
only_dealings_are_left(world_t *w)
{
    engine_who_t ann = { .contact = 7 };
    const prog_tag_t *tags = w->program.tags;
    prog_cond_t bought = cond(verb(BUY)), seen = cond(verb(PAGE_HEELS));

    assert_false(engine_has_tag(w->engine, &ann, &tags[FAN]));
    assert_false(engine_has_tag(w->engine, &ann, &tags[BY_BROWSE_FLOW]));
    assert_false(engine_has_tag(w->engine, &ann, &tags[HOT]));
    assert_true(engine_has_tag(w->engine, &ann, &tags[BUYER]));
    assert_true(engine_has_tag(w->engine, &ann, &tags[EITHER]));
    assert_true(engine_has_tag(w->engine, &ann, &tags[BY_BUY_FLOW]));
    assert_int_equal(engine_score(w->engine, &ann), 1020);
    assert_int_equal(engine_count(w->engine, &ann, BUY), 1);
    assert_int_equal(engine_count(w->engine, &ann, PAGE_HEELS), 0);
    assert_true(engine_holds(w->engine, &ann, &bought));
    assert_false(engine_holds(w->engine, &ann, &seen));
    assert_false(engine_holds(w->engine, &ann, w->program.segments[0].cond));
}

static void
a_contact_keeps_its_dealings(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    engine_who_t one = who(0, 1), two = who(0, 2), ann = { .contact = 7 };

    (void)state;
    open_rich_world(w, true);
    live(w, ENGINE_ACT);
    assert_true(engine_has_tag(w->engine, &ann, &w->program.tags[HOT]));
    assert_int_equal(engine_score(w->engine, &ann), 1126);
    hush(w);
    assert_true(engine_forget(w->engine, browser(&one), START + 5, ENGINE_ACT));
    assert_false(engine_knows(w->engine, browser(&one)));
    assert_true(engine_knows(w->engine, browser(&two)));
    only_dealings_are_left(w);

    /* The flow that its browsing had begun has ended; nothing is begun by the forgetting. */
    assert_non_null(strstr(w->said, "+5 c7 stops browse\n"));
    assert_non_null(strstr(w->said, "stands otherwise"));
    assert_null(strstr(w->said, "starts"));
    assert_null(strstr(w->said, "stops buy"));
    hush(w);
    engine_advance(w->engine, START + 5000, ENGINE_ACT);
    assert_non_null(strstr(w->said, "gets c"));
    assert_null(strstr(w->said, "gets b"));
    assert_null(strstr(w->said, "gets d"));
    /* what was waited for since the purchase goes on */
    assert_true(engine_has_tag(w->engine, &ann, &w->program.tags[COLD]));

    /* What the other browser does now counts from here on. */
    does(w, two, 6000, PAGE_HEELS);
    assert_true(engine_has_tag(w->engine, &ann, &w->program.tags[FAN]));
    assert_int_equal(engine_count(w->engine, &ann, PAGE_HEELS), 1);
    assert_int_equal(engine_score(w->engine, &ann), 1123);
    world_free(w);
}

static void
history_lived_again_is_the_same(void **state)
{
    world_t *w = calloc(1, sizeof(*w)), *again = calloc(1, sizeof(*again));
    engine_who_t one = who(0, 1);

    (void)state;
    open_rich_world(w, true);
    live(w, ENGINE_ACT);
    assert_true(engine_forget(w->engine, browser(&one), START + 5, ENGINE_ACT));
    open_rich_world(again, true);
    for (unsigned i = 0; i < w->ndeeds; i++)
        assert_int_equal(engine_redo(again->engine,
                             (senda_str_t){ w->deeds[i].bytes, w->deeds[i].len }),
            SENDA_OK);
    live(again, ENGINE_HISTORY);
    assert_true(engine_forget(again->engine, browser(&one), START + 5, ENGINE_HISTORY));
    engine_set_now(again->engine, START + 5);
    only_dealings_are_left(again);
    assert_string_equal(again->said, "");
    world_free(again);
    world_free(w);
}

/* Two browsers of one name: the points of a line that counts once are not taken twice. */
static void
points_of_browsing_are_counted_once(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    engine_who_t one = who(0, 1), ann = { .contact = 7 };
    static prog_trigger_t heels, buys;
    static prog_score_t scores[2];

    (void)state;
    heels = when(verb(PAGE_HEELS));
    buys = when(verb(BUY));
    scores[0] = (prog_score_t){ .points = 3, .nwhens = 1, .whens = &heels, .once = true };
    scores[1] = (prog_score_t){ .points = 20, .nwhens = 1, .whens = &buys };
    w->program = (program_t){ .nscores = 2, .scores = scores };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(7, 2), 1, PAGE_HEELS);
    does(w, who(7, 1), 2, BUY);
    assert_int_equal(engine_score(w->engine, &ann), 23);
    assert_true(engine_forget(w->engine, browser(&one), START + 3, ENGINE_ACT));
    assert_int_equal(engine_score(w->engine, &ann), 20);
    world_free(w);
}

static void
many_come_and_go(void **state)
{
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    open_world(w);
    for (unsigned i = 1; i <= 5000; i++) {
        engine_who_t one = one_of_many(i);

        does(w, one, i, PAGE_HEELS);
        hush(w);
        if (i % 3 != 0) {
            assert_true(engine_forget(w->engine, browser(&one), engine_now(w->engine), ENGINE_ACT));
        }
    }
    for (unsigned i = 1; i <= 5000; i++) {
        engine_who_t one = one_of_many(i);

        assert_int_equal(engine_knows(w->engine, browser(&one)), i % 3 == 0);
        assert_int_equal(engine_has_tag(w->engine, &one, &w->program.tags[0]), i % 3 == 0);
    }
    assert_int_equal(engine_stats(w->engine).persons, 1666);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visitor_without_a_name_is_gone),
        cmocka_unit_test(a_contact_keeps_its_dealings),
        cmocka_unit_test(history_lived_again_is_the_same),
        cmocka_unit_test(points_of_browsing_are_counted_once),
        cmocka_unit_test(many_come_and_go),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
