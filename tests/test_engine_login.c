/*
 * A visitor gets a name: what each kind of memory becomes, what the joining
 * itself crosses, and what it does not.
 */

#include "engine_world.h"

#define ADD senda_key_event(SENDA_EV_ADD_TO_CART)
#define ANN (&(engine_who_t){ .contact = 7 })

static const prog_step_t mail[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 2 },
};

static prog_flow_t
flow_of(const prog_trigger_t *start)
{
    return (prog_flow_t){ .name = "f",
        .id = 7,
        .nstarts = 1,
        .starts = start,
        .again = AGAIN_ALWAYS,
        .nsteps = 2,
        .steps = mail };
}

/* 200 of one and 200 of the other are more than 300; so are 30 and 30 points than 50. */
static void
sums_and_points_cross(void **state)
{
    const prog_trigger_t heels = when(verb(PAGE_HEELS)), home = when(verb(PAGE_HOME));
    const prog_trigger_t total = { .kind = TRIGGER_TOTAL,
        .verb = { .key = BUY },
        .cmp = CMP_GT,
        .value = 300 * VALUE_ONE };
    const prog_trigger_t rich = { .kind = TRIGGER_SCORE, .cmp = CMP_GE, .value = 50 };
    const prog_tag_t tags[] = { { .name = "vip", .id = 1, .nwhens = 1, .whens = &total },
        { .name = "fan", .id = 2, .nwhens = 1, .whens = &rich } };
    const prog_score_t scores[] = { { .points = 30, .nwhens = 1, .whens = &heels },
        { .points = 5, .nwhens = 1, .whens = &home, .once = true } };
    const prog_cond_t spent = { .kind = COND_TOTAL,
        .verb = { .key = BUY },
        .cmp = CMP_EQ,
        .value = 400 * VALUE_ONE };
    const prog_segment_t segment = { .name = "s", .cond = &spent };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .ntags = 2,
        .tags = tags,
        .nscores = 2,
        .scores = scores,
        .nsegments = 1,
        .segments = &segment };
    world_open(w, true);
    does_with(w, who(7, 0), 0, BUY, "total=200");
    does(w, who(7, 0), 0, PAGE_HEELS);
    does(w, who(7, 0), 0, PAGE_HOME);
    does_with(w, who(0, 1), 1, BUY, "total=200");
    does(w, who(0, 1), 1, PAGE_HEELS);
    does(w, who(0, 1), 1, PAGE_HOME);
    hush(w);
    does(w, who(7, 1), 2, PAGE_CART);
    said(w, "+2 c7 tag vip\n+2 c7 tag fan\n");
    assert_int_equal(engine_score(w->engine, ANN), 65); /* "once" counts once for both */
    assert_true(engine_holds(w->engine, ANN, &spent));
    does(w, who(7, 1), 3, PAGE_HOME);
    assert_int_equal(engine_score(w->engine, ANN), 65);
    world_free(w);
}

/* 90 of one are less 10 of the other 80, and then more again: that is no second crossing. */
static void
what_one_had_is_not_crossed_again(void **state)
{
    const prog_trigger_t total = { .kind = TRIGGER_TOTAL,
        .verb = { .key = BUY },
        .cmp = CMP_GT,
        .value = 80 * VALUE_ONE };
    const prog_score_t score = { .points = 1, .nwhens = 1, .whens = &total };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .nscores = 1, .scores = &score };
    world_open(w, true);
    does_with(w, who(0, 1), 0, BUY, "total=90");
    does_with(w, who(7, 0), 0, senda_key_event(SENDA_EV_REFUND), "total=10");
    hush(w);
    does_with(w, who(7, 1), 1, BUY, "total=60");
    said(w, "");
    does_with(w, who(7, 1), 2, senda_key_event(SENDA_EV_REFUND), "total=60");
    does_with(w, who(7, 1), 3, BUY, "total=60");
    said(w, "+3 c7 score 2\n");
    world_free(w);
}

static void
segments_are_entered_only_if_neither_was_in(void **state)
{
    const prog_cond_t two = cond(times(PAGE_HEELS, COUNT_AT_LEAST, 2, EVER));
    const prog_segment_t segment = { .name = "s", .cond = &two };
    const prog_trigger_t enters = { .kind = TRIGGER_SEGMENT, .what = 0 };
    const prog_score_t score = { .points = 1, .nwhens = 1, .whens = &enters };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program =
        (program_t){ .nscores = 1, .scores = &score, .nsegments = 1, .segments = &segment };
    world_open(w, true);
    does(w, who(7, 0), 0, PAGE_HEELS);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(7, 1), 1, PAGE_CART);
    said(w, "+1 c7 score 1\n"); /* one and one */
    does(w, who(0, 2), 2, PAGE_HEELS);
    does(w, who(0, 2), 2, PAGE_HEELS);
    said(w, "+2 c0 score 1\n");
    does(w, who(8, 0), 2, PAGE_HEELS);
    does(w, who(8, 2), 3, PAGE_CART);  /* the visitor was in */
    does(w, who(7, 3), 4, PAGE_HEELS); /* the contact was */
    said(w, "");
    world_free(w);
}

static void
fields_of_the_contact_stay(void **state)
{
    const prog_field_t fields[] = { { .name = "size", .type = VALUE_NUMBER },
        { .name = "age", .type = VALUE_NUMBER } };
    const prog_cond_t own = { .kind = COND_FIELD, .what = 0, .value = 44 * VALUE_ONE };
    const prog_cond_t taken = { .kind = COND_FIELD, .what = 1, .value = 30 * VALUE_ONE };
    world_t *w = calloc(1, sizeof(*w));
    engine_event_t ev = { .at = START,
        .who = who(7, 0),
        .nanswers = 1,
        .answers = { { SENDA_STR("size"), SENDA_STR("44") } } };

    (void)state;
    w->program = (program_t){ .nfields = 2, .fields = fields };
    world_open(w, true);
    engine_event(w->engine, &ev, ENGINE_ACT);
    ev.who = who(0, 1);
    ev.nanswers = 2;
    ev.answers[0].value = SENDA_STR("38");
    ev.answers[1] = (senda_capture_t){ SENDA_STR("age"), SENDA_STR("30") };
    engine_event(w->engine, &ev, ENGINE_ACT);
    assert_false(engine_holds(w->engine, &ev.who, &own));
    does(w, who(7, 1), 1, PAGE_HOME);
    assert_true(engine_holds(w->engine, ANN, &own));
    assert_true(engine_holds(w->engine, ANN, &taken));
    world_free(w);
}

/* The basket of the browser and that of the contact are one; {item} is the latest of both. */
static void
baskets_are_one(void **state)
{
    const prog_trigger_t buys = when(verb(BUY));
    const prog_flow_t flow = flow_of(&buys);
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does_with(w, who(7, 0), 0, ADD, "item=a");
    does_with(w, who(0, 1), 1, ADD, "item=b");
    does_with(w, who(0, 1), 2, ADD, "item=a");
    does_with(w, who(7, 1), 3, BUY, "order=9");
    said(w, "+3 c7 starts f\n+3 c7 gets m\n+3 c7 ends f\n");
    assert_int_equal(w->nfields, 3);
    for (unsigned i = 0; i < w->nfields; i++) {
        const senda_capture_t *f = &w->fields[i];
        const char *expected = senda_str_eq(f->name, SENDA_STR("order")) ? "9"
            : senda_str_eq(f->name, SENDA_STR("items"))                  ? "a,b"
                                                                         : "b";

        assert_true(senda_str_eq(f->value, senda_cstr(expected)));
    }
    world_free(w);
}

/* An end that is a timer of the visitor is one of the contact's; the later end counts. */
static void
ends_of_tags_move(void **state)
{
    const prog_trigger_t heels = when(verb(PAGE_HEELS));
    const senda_span_t day = DAYS(1);
    const prog_tag_t tag = { .name = "heels",
        .id = 1,
        .nwhens = 1,
        .whens = &heels,
        .lasts = &day };
    world_t *w = world_new(NULL, 0, &tag, 1);

    (void)state;
    does(w, who(7, 0), 0, PAGE_HEELS);
    does(w, who(0, 2), 50, PAGE_HEELS);
    does(w, who(8, 2), 60, PAGE_HOME);
    does(w, who(0, 1), 100, PAGE_HEELS);
    hush(w);
    does(w, who(7, 1), 200, PAGE_HOME);
    until(w, 10 * DAY);
    said(w, "+86450 c8 untag heels\n+86500 c7 untag heels\n");
    world_free(w);
}

/* What the browser did is in the same visit, and its view of a page ends after the login. */
static void
visits_go_on(void **state)
{
    const prog_verb_t home = verb(PAGE_HOME);
    const prog_trigger_t whens[] = { when((prog_verb_t){ .key = PAGE_CART, .before = &home }),
        when((prog_verb_t){ .key = PAGE_HOME, .happens = HAPPENS_SPENDS, .span = SECS(60) }) };
    const prog_tag_t tags[] = { { .name = "then", .id = 1, .nwhens = 1, .whens = &whens[0] },
        { .name = "long", .id = 2, .nwhens = 1, .whens = &whens[1] } };
    world_t *w = world_new(NULL, 0, tags, 2);

    (void)state;
    does(w, who(7, 0), 0, BUY);
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(7, 1), 100, PAGE_CART);
    said(w, "+100 c7 tag then\n+100 c7 tag long\n");
    world_free(w);
}

/* The fields of the happening that armed the absence go along with it. */
static void
notes_go_along(void **state)
{
    const prog_trigger_t start = when_not(verb(PAGE_PRODUCT), verb(BUY), SECS(HOUR));
    const prog_flow_t flow = flow_of(&start);
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    does_with(w, who(7, 0), 0, PAGE_PRODUCT, "item=old");
    does_with(w, who(0, 1), 1, PAGE_PRODUCT, "item=new");
    does(w, who(7, 1), 2, PAGE_HOME);
    until(w, HOUR);
    said(w, "");
    until(w, DAY);
    said(w, "+3601 c7 starts f\n+3601 c7 gets m\n+3601 c7 ends f\n");
    assert_int_equal(w->nfields, 1);
    assert_true(senda_str_eq(w->fields[0].value, SENDA_STR("new")));
    world_free(w);
}

/* Of everything many, on both sides: all joins keep to what a row may hold. */
static void
large_histories_join(void **state)
{
    prog_verb_t same = times(PAGE_PRODUCT, COUNT_AT_LEAST, 3, DAYS(30)), apart = same;
    prog_verb_t days = times(SENDA_KEY_ANY, COUNT_AT_LEAST, 90, DAYS(300));
    prog_trigger_t whens[3];
    prog_tag_t tags[3];
    const prog_cond_t spent = { .kind = COND_TOTAL,
        .verb = { .key = BUY },
        .cmp = CMP_EQ,
        .value = 300 * VALUE_ONE };
    const prog_segment_t segment = { .name = "s", .cond = &spent };
    prog_cond_t c;
    world_t *w;

    (void)state;
    same.by = BY_SAME;
    apart.by = BY_DIFFERENT;
    same.capture = apart.capture = "item";
    days.by = BY_DAY;
    apart.times = 100;
    whens[0] = when(same);
    whens[1] = when(apart);
    whens[2] = when(days);
    for (unsigned i = 0; i < 3; i++)
        tags[i] = (prog_tag_t){ .name = i == 0 ? "same"
                : i == 1                       ? "apart"
                                               : "days",
            .id = i + 1,
            .nwhens = 1,
            .whens = &whens[i] };
    w = world_new(NULL, 0, tags, 3);
    engine_free(w->engine);
    w->program.segments = &segment;
    w->program.nsegments = 1;
    world_open(w, true);
    for (int i = 0; i < 300; i++) {
        char fields[32];

        snprintf(fields, sizeof(fields), "item=%d;total=1", i);
        does_with(w, i % 2 == 0 ? who(7, 0) : who(0, 1), i * 4000, PAGE_PRODUCT, fields);
        does_with(w, i % 2 == 0 ? who(7, 0) : who(0, 1), i * 4000, BUY, "total=1");
    }
    hush(w);
    does(w, who(7, 1), 300 * 4000, PAGE_HOME);
    said(w, ""); /* each alone had a hundred different ones */
    assert_true(engine_has_tag(w->engine, ANN, &tags[1]));
    c = cond(days);
    c.verb.times = 14;
    assert_true(engine_holds(w->engine, ANN, &c));
    c.verb.times = 16;
    assert_false(engine_holds(w->engine, ANN, &c));
    assert_true(engine_holds(w->engine, ANN, &spent));
    assert_int_equal(engine_stats(w->engine).refused, 0);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_points_cross),
        cmocka_unit_test(what_one_had_is_not_crossed_again),
        cmocka_unit_test(segments_are_entered_only_if_neither_was_in),
        cmocka_unit_test(fields_of_the_contact_stay),
        cmocka_unit_test(baskets_are_one),
        cmocka_unit_test(ends_of_tags_move),
        cmocka_unit_test(visits_go_on),
        cmocka_unit_test(notes_go_along),
        cmocka_unit_test(large_histories_join),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
