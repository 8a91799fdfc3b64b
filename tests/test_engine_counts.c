/*
 * What a `when` can name: happenings with conditions of their own, values,
 * days, visits, places, sums. Each is a tag or a score, so that what happened
 * stands in one line.
 */

#include "engine_world.h"

#define SEARCH   senda_key_event(SENDA_EV_SEARCH)
#define ADD      senda_key_event(SENDA_EV_ADD_TO_CART)
#define REMOVE   senda_key_event(SENDA_EV_REMOVE_FROM_CART)
#define GIVEBACK senda_key_event(SENDA_EV_REFUND)
#define PASSES   senda_key_event(SENDA_EVENT_CUSTOM)
#define MINUTE   60
#define MANY     8

/* A world of tags, each with one line, named "a", "b" … in this order. */
static world_t *
tags_of(const prog_trigger_t *whens, unsigned n)
{
    static const char *const names[MANY] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    static prog_tag_t tags[MANY];

    for (unsigned i = 0; i < n; i++)
        tags[i] = (prog_tag_t){ .name = names[i], .id = i + 1, .nwhens = 1, .whens = &whens[i] };
    return world_new(NULL, 0, tags, n);
}

/* The same as one score line: "score 1", "score 2" … with each happening. */
static world_t *
score_of(const prog_trigger_t *when_it)
{
    static prog_score_t score;
    world_t *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    score = (prog_score_t){ .points = 1, .nwhens = 1, .whens = when_it };
    w->program = (program_t){ .nscores = 1, .scores = &score };
    world_open(w, true);
    return w;
}

static prog_verb_t
by(prog_verb_t v, prog_by_t kind, const char *capture)
{
    v.by = kind;
    v.capture = capture;
    return v;
}

static void
fields_are_asked(void **state)
{
    const prog_filter_t large[] = { { "total", CMP_GT, VALUE_NUMBER, 1000000, "100" } };
    const prog_filter_t red[] = { { "total", CMP_GE, VALUE_NUMBER, 1000000, "100" },
        { "color", CMP_EQ, VALUE_TEXT, 0, "rojo" } };
    prog_filter_t both[2] = { red[0], red[1] };
    prog_trigger_t whens[2];
    world_t *w;

    (void)state;
    assert_true(value_read(VALUE_TEXT, SENDA_STR("rojo"), &both[1].value));
    whens[0] = when((prog_verb_t){ .key = BUY, .nfilters = 1, .filters = large });
    whens[1] = when((prog_verb_t){ .key = BUY, .nfilters = 2, .filters = both });
    w = tags_of(whens, 2);
    does_with(w, who(0, 1), 0, BUY, "total=99.99;color=rojo");
    does_with(w, who(0, 1), 1, BUY, "color=rojo"); /* what is not said is not large */
    does_with(w, who(0, 1), 2, BUY, "total=many");
    said(w, "");
    does_with(w, who(0, 1), 3, BUY, "total=100,00;color=Rojo");
    said(w, "+3 c0 tag b\n");
    does_with(w, who(0, 1), 4, BUY, "total=100,01");
    said(w, "+4 c0 tag a\n");
    world_free(w);
}

/* Two of the same within a week; others, and the same long ago, do not add up. */
static void
of_the_same(void **state)
{
    const prog_trigger_t t = when(
        by(times(PAGE_PRODUCT, COUNT_EXACTLY, 2, DAYS(7)), BY_SAME, "item"));
    world_t *w = score_of(&t);

    (void)state;
    does_with(w, who(0, 1), 0, PAGE_PRODUCT, "item=boots");
    does_with(w, who(0, 1), 1, PAGE_PRODUCT, "item=socks");
    does(w, who(0, 1), 2, PAGE_PRODUCT); /* of none */
    does(w, who(0, 1), 3, PAGE_PRODUCT);
    said(w, "");
    does_with(w, who(0, 1), 7 * DAY, PAGE_PRODUCT, "item=boots"); /* a week old: again one */
    said(w, "");
    does_with(w, who(0, 1), 7 * DAY + 1, PAGE_PRODUCT, "item=BOOTS");
    said(w, "+604801 c0 score 1\n");
    does_with(w, who(0, 1), 7 * DAY + 2, PAGE_PRODUCT, "item=boots"); /* three */
    said(w, "");
    world_free(w);
}

static void
of_different_ones(void **state)
{
    const prog_trigger_t t = when(
        by(times(PAGE_PRODUCT, COUNT_AT_LEAST, 3, SECS(HOUR)), BY_DIFFERENT, "item"));
    world_t *w = score_of(&t);

    (void)state;
    does_with(w, who(0, 1), 0, PAGE_PRODUCT, "item=a");
    does_with(w, who(0, 1), 1, PAGE_PRODUCT, "item=b");
    does_with(w, who(0, 1), 2, PAGE_PRODUCT, "item=a");
    does(w, who(0, 1), 3, PAGE_PRODUCT);
    said(w, "");
    does_with(w, who(0, 1), 4, PAGE_PRODUCT, "item=c");
    said(w, "+4 c0 score 1\n");
    does_with(w, who(0, 1), 5, PAGE_PRODUCT, "item=d");    /* it was there */
    does_with(w, who(0, 1), HOUR, PAGE_PRODUCT, "item=d"); /* a: 2, b: 1 */
    said(w, "");
    does_with(w, who(0, 1), HOUR + 4, PAGE_PRODUCT,
        "item=d"); /* d alone is less than an hour old */
    does_with(w, who(0, 1), HOUR + 5, PAGE_PRODUCT, "item=e");
    said(w, "");
    does_with(w, who(0, 1), HOUR + 6, PAGE_PRODUCT, "item=f");
    said(w, "+3606 c0 score 2\n");
    world_free(w);
}

/* Local days: 23:59 and 00:01 are two of them. START is 20:26:40 UTC. */
static void
on_different_days(void **state)
{
    const prog_trigger_t t = when(by(times(SENDA_KEY_ANY, COUNT_AT_LEAST, 3, EVER), BY_DAY, NULL));
    world_t *w = tags_of(&t, 1);

    (void)state;
    w->program.zone = (senda_zone_t){ .first_offset = 2 * HOUR }; /* it is 22:26:40 */
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 1), 93 * MINUTE, PAGE_HOME); /* 23:59:40 */
    does(w, who(0, 1), 94 * MINUTE, PAGE_HOME); /* the next day */
    does(w, who(0, 1), 20 * HOUR, PAGE_HOME);
    does(w, who(0, 1), 26 * HOUR, BUY); /* no page */
    said(w, "");
    does(w, who(0, 1), 26 * HOUR, PAGE_HOME);
    said(w, "+93600 c0 tag a\n");
    world_free(w);
}

static void
purchases_have_several_items(void **state)
{
    const prog_trigger_t whens[] = {
        when(by(times(BUY, COUNT_EXACTLY, 2, EVER), BY_SAME, "item")),
        when(by(times(BUY, COUNT_AT_LEAST, 4, EVER), BY_DIFFERENT, "item")),
    };
    const prog_flow_t flow = { .name = "f", .id = 1 }; /* baskets are kept for flows */
    world_t *w = tags_of(whens, 2);

    (void)state;
    engine_free(w->engine);
    w->program.flows = &flow;
    w->program.nflows = 1;
    world_open(w, true);
    does_with(w, who(0, 1), 0, BUY, "items=a,b,a");
    said(w, "");
    does_with(w, who(0, 1), 1, BUY, "items=c,b");
    said(w, "+1 c0 tag a\n");
    does_with(w, who(0, 2), 0, ADD, "item=x");
    does_with(w, who(0, 2), 0, ADD, "item=y");
    does_with(w, who(0, 2), 0, ADD, "item=z");
    does_with(w, who(0, 2), 0, REMOVE, "item=y");
    does(w, who(0, 2), 1, BUY); /* x and z, of the basket */
    does(w, who(0, 2), 2, BUY); /* it is empty now */
    does_with(w, who(0, 2), 3, BUY, "items=y,w");
    said(w, "+3 c0 tag b\n"); /* w, x, y, z */
    does_with(w, who(0, 2), 4, BUY, "item=z");
    said(w, "+4 c0 tag a\n");
    world_free(w);
}

static void
frequent_searches(void **state)
{
    const prog_trigger_t t = when((prog_verb_t){ .key = SEARCH, .top = 5 });
    world_t *w = score_of(&t);
    engine_event_t ev = { .at = START, .who = who(0, 1), .nkeys = 1, .keys = { SEARCH } };

    (void)state;
    for (uint32_t rank = 0; rank < 8; rank++) {
        ev.at++;
        ev.rank = rank;
        engine_event(w->engine, &ev, ENGINE_ACT);
    }
    said(w, "+2 c0 score 1\n+3 c0 score 2\n+4 c0 score 3\n+5 c0 score 4\n+6 c0 score 5\n");
    world_free(w);
}

static void
long_looks(void **state)
{
    const prog_trigger_t t = when(
        (prog_verb_t){ .key = PAGE_PRODUCT, .happens = HAPPENS_SPENDS, .span = SECS(3 * MINUTE) });
    world_t *w = score_of(&t);

    (void)state;
    does(w, who(0, 1), 0, PAGE_PRODUCT);
    does(w, who(0, 1), 180, PAGE_HOME); /* three minutes are not more than three */
    said(w, "");
    does(w, who(0, 1), 1000, PAGE_PRODUCT);
    does(w, who(0, 1), 1100, BUY);       /* no page: it ends no view */
    does(w, who(0, 2), 1150, PAGE_HOME); /* somebody else */
    said(w, "");
    does(w, who(0, 1), 1181, PAGE_PRODUCT);
    said(w, "+1181 c0 score 1\n");
    does(w, who(0, 1), 1181 + 1800, PAGE_PRODUCT); /* half an hour still counts */
    said(w, "+2981 c0 score 2\n");
    does(w, who(0, 1), 2981 + 1801, PAGE_HOME); /* more is none */
    does(w, who(0, 1), 2981 + 1801 + 300, PAGE_HOME);
    said(w, "");
    does(w, who(5, 0), 9000, PAGE_PRODUCT); /* no browser, no time on a page */
    does(w, who(5, 0), 9300, PAGE_HOME);
    said(w, "");
    does(w, who(6, 6), 10000, PAGE_PRODUCT); /* two browsers of one contact */
    does(w, who(6, 7), 10100, PAGE_HOME);
    does(w, who(6, 7), 10300, PAGE_HOME);
    said(w, "");
    does(w, who(6, 6), 10400, PAGE_HOME);
    said(w, "+10400 c6 score 1\n");
    world_free(w);
}

static void
long_looks_at_the_same(void **state)
{
    const prog_trigger_t t = when((prog_verb_t){ .key = PAGE_PRODUCT,
        .happens = HAPPENS_SPENDS,
        .span = SECS(MINUTE),
        .count = COUNT_EXACTLY,
        .times = 2,
        .by = BY_SAME,
        .capture = "item" });
    world_t *w = score_of(&t);

    (void)state;
    does_with(w, who(0, 1), 0, PAGE_PRODUCT, "item=a");
    does_with(w, who(0, 1), 100, PAGE_PRODUCT, "item=b");
    does_with(w, who(0, 1), 200, PAGE_PRODUCT, "item=a");
    said(w, "");
    does(w, who(0, 1), 300, PAGE_HOME);
    said(w, "+300 c0 score 1\n");
    world_free(w);
}

/* A flow of a long look knows the page that was looked at, not the one that ended the look. */
static void
a_long_look_brings_its_fields(void **state)
{
    const prog_trigger_t t = when(
        (prog_verb_t){ .key = PAGE_PRODUCT, .happens = HAPPENS_SPENDS, .span = SECS(MINUTE) });
    const prog_step_t steps[] = { send_email(1, "m"), THE_END };
    const prog_flow_t flow = { .name = "f",
        .id = 1,
        .nstarts = 1,
        .starts = &t,
        .nsteps = 2,
        .again = AGAIN_ALWAYS,
        .steps = steps };
    world_t *w = world_new(&flow, 1, NULL, 0);

    (void)state;
    w->fields_too = true;
    does_with(w, who(0, 1), 0, PAGE_PRODUCT, "color=red");
    does_with(w, who(0, 1), 100, PAGE_HOME, "color=blue");
    said(w, "+100 c0 starts f\n+100 c0 gets m color=red\n+100 c0 ends f\n");
    does_with(w, who(0, 1), 200, PAGE_PRODUCT, "color=green");
    does(w, who(7, 1), 210, BUY); /* noted of the visitor */
    does_with(w, who(7, 1), 300, PAGE_PRODUCT, "color=blue");
    said(w, "+300 c7 starts f\n+300 c7 gets m color=green\n+300 c7 ends f\n");
    for (uint8_t v = 10; v < 40; v++) /* more browsers than are awaited */
        does_with(w, who(7, v), 400, PAGE_PRODUCT, "color=grey");
    does(w, who(7, 39), 500, PAGE_HOME);
    said(w, "+500 c7 starts f\n+500 c7 gets m color=grey\n+500 c7 ends f\n");
    does(w, who(8, 39), 510, PAGE_PRODUCT); /* another's browser, and back after months */
    does(w, who(9, 39), 9000, PAGE_HOME);
    does(w, who(8, 39), 9100, PAGE_HOME);
    said(w, "");
    world_free(w);
}

static void
one_after_the_other(void **state)
{
    const prog_verb_t home = verb(PAGE_HOME);
    const prog_verb_t cart = { .key = PAGE_CART, .before = &home };
    const prog_verb_t chain = { .key = BUY, .before = &cart };
    const prog_trigger_t whens[] = { when(cart), when(chain) };
    engine_event_t both = { .at = START + 60, .who = who(0, 3), .page = true, .nkeys = 2 };
    world_t *w = tags_of(whens, 2);

    (void)state;
    does(w, who(0, 1), 0, PAGE_CART);
    does(w, who(0, 1), 0, PAGE_HOME);
    does(w, who(0, 1), 1799, PAGE_PRODUCT);
    said(w, "");
    does(w, who(0, 1), 1799 + 1799, PAGE_CART); /* one long visit */
    said(w, "+3598 c0 tag a\n");
    does(w, who(0, 1), 3600, BUY);
    said(w, "+3600 c0 tag b\n");
    does(w, who(0, 2), 3600, PAGE_HOME);
    does(w, who(0, 2), 3600 + 1800, PAGE_CART); /* another visit */
    does(w, who(0, 2), 3600 + 1801, BUY);
    said(w, "");
    both.at = START + 6000;
    both.keys[0] = PAGE_HOME;
    both.keys[1] = PAGE_CART; /* at once is not after */
    engine_event(w->engine, &both, ENGINE_ACT);
    said(w, "");
    does(w, who(0, 3), 6000, PAGE_CART);
    said(w, "+6000 c0 tag a\n");
    does(w, who(4, 0), 6001, PAGE_HOME); /* without a browser there is no visit */
    does(w, who(4, 0), 6002, PAGE_CART);
    said(w, "");
    does(w, who(0, 5), 7000, PAGE_HOME);
    does(w, who(0, 5), 7001, PAGE_CART);
    hush(w);
    does(w, who(0, 5), 7001 + 1800, BUY); /* the visit is over by then */
    said(w, "");
    world_free(w);
}

/* The checker refuses longer ones; what comes here all the same makes no engine. */
static void
chains_have_an_end(void **state)
{
    const engine_options_t options = { 0 };
    prog_verb_t links[18];

    (void)state;
    for (unsigned i = 0; i < 18; i++)
        links[i] = (prog_verb_t){ .key = PAGE_CART, .before = i == 0 ? NULL : &links[i - 1] };
    for (unsigned i = 16; i < 18; i++) {
        const prog_trigger_t starts = when(links[i]);
        const prog_score_t score = { .points = 1, .nwhens = 1, .whens = &starts };
        const program_t program = { .nscores = 1, .scores = &score };
        engine_t *e = engine_new(&program, &options, NULL, NULL);

        assert_int_equal(e != NULL, i == 16);
        engine_free(e);
    }
}

static void
coming_back(void **state)
{
    const prog_trigger_t t = when((prog_verb_t){ .happens = HAPPENS_RETURNS, .span = DAYS(60) });
    world_t *w = score_of(&t);

    (void)state;
    does(w, who(0, 1), 0, PAGE_HOME); /* the first is no return */
    does(w, who(0, 1), 60 * DAY - 1, PAGE_HOME);
    does(w, who(0, 1), 120 * DAY - 2, BUY); /* no visit */
    said(w, "");
    does(w, who(0, 1), 120 * DAY - 1, PAGE_HOME);
    said(w, "+10367999 c0 score 1\n");
    does(w, who(0, 1), 120 * DAY, PAGE_HOME);
    said(w, "");
    world_free(w);
}

/* Sol in Madrid; a kilometre is 0.009 degrees to the north. */
static void
in_the_street(void **state)
{
    const prog_spot_t places[] = { { .name = "far", .latitude = 10, .radius = 10 },
        { .name = "shop", .latitude = 40.4168, .longitude = -3.7038, .radius = 300 } };
    const prog_trigger_t t = when((prog_verb_t){ .happens = HAPPENS_ARRIVES, .place = 1 });
    world_t *w = score_of(&t);

    (void)state;
    engine_free(w->engine);
    w->program.places = places;
    w->program.nplaces = 2;
    world_open(w, true);
    does_with(w, who(0, 1), 0, PASSES, "lat=40.4196;lon=-3.7038"); /* 311 m to the north */
    does_with(w, who(0, 1), 1, PASSES, "lat=40.4168;lon=-3.7075"); /* 313 m to the west */
    does_with(w, who(0, 1), 1, PASSES, "lat=40.4168");
    does_with(w, who(0, 1), 1, PASSES, "lat=here;lon=-3.7038");
    said(w, "");
    does_with(w, who(0, 1), 2, PASSES, "lat=40.4168;lon=-3.7072"); /* 288 m */
    said(w, "+2 c0 score 1\n");
    does_with(w, who(0, 1), 3, PASSES, "lat=40,4168;lon=-3,7038"); /* still there */
    does(w, who(0, 1), 4, PASSES);
    said(w, "");
    does_with(w, who(0, 1), 5, PASSES, "lat=41;lon=-3.7038");
    does_with(w, who(0, 1), 6, PASSES, "lat=40.4168;lon=-3.7038");
    said(w, "+6 c0 score 2\n");
    world_free(w);
}

static void
messages_of_a_kind(void **state)
{
    const senda_key_t opens = senda_key_event(SENDA_EV_MESSAGE_OPEN);
    const prog_trigger_t whens[] = {
        when((prog_verb_t){ .key = opens }),
        when((prog_verb_t){ .key = opens, .channels = CHANNEL_BIT(CHANNEL_SMS) }),
        when((prog_verb_t){ .key = opens, .template = "hello" }),
    };
    world_t *w = tags_of(whens, 3);

    (void)state;
    does_with(w, who(0, 1), 0, opens, "channel=email;template=bye");
    said(w, "+0 c0 tag a\n");
    does_with(w, who(0, 1), 1, opens, "channel=sms;template=bye");
    said(w, "+1 c0 tag b\n");
    does_with(w, who(0, 1), 2, opens, "channel=push;template=hello");
    said(w, "+2 c0 tag c\n");
    world_free(w);
}

static prog_trigger_t
total(int64_t euros, senda_span_t within)
{
    return (prog_trigger_t){ .kind = TRIGGER_TOTAL,
        .verb = { .key = BUY, .within = within },
        .cmp = CMP_GT,
        .value = euros * VALUE_ONE };
}

static void
totals_are_crossed(void **state)
{
    const prog_trigger_t whens[] = { total(300, EVER), total(300, SECS(HOUR)) };
    world_t *w = tags_of(whens, 2);

    (void)state;
    does_with(w, who(0, 1), 0, BUY, "total=100");
    does_with(w, who(0, 1), 1, BUY, "total=200");
    said(w, ""); /* 300 is not more */
    does_with(w, who(0, 1), HOUR, BUY, "total=0.01");
    said(w, "+3600 c0 tag a\n"); /* of the last hour 200.01 */
    does_with(w, who(0, 1), HOUR, BUY, "total=100");
    said(w, "+3600 c0 tag b\n");
    world_free(w);
}

/* What was given back does not count; the same order is not given back twice. */
static void
refunds_lower_totals(void **state)
{
    const prog_trigger_t t = total(300, DAYS(365));
    prog_score_t score = { .points = 1, .nwhens = 1, .whens = &t };
    world_t *w = score_of(&t);

    (void)state;
    engine_free(w->engine);
    w->program.scores = &score;
    world_open(w, true);
    does_with(w, who(0, 1), 0, BUY, "total=200;order=A");
    does_with(w, who(0, 1), 1, BUY, "total=150;order=B");
    said(w, "+1 c0 score 1\n");
    does_with(w, who(0, 1), 2, GIVEBACK, "order=A"); /* 150 */
    does_with(w, who(0, 1), 3, GIVEBACK, "order=A"); /* nothing is left of it */
    does_with(w, who(0, 1), 4, GIVEBACK, "order=Z"); /* unknown */
    does_with(w, who(0, 1), 5, BUY, "total=150;order=C");
    said(w, "");                                      /* 300 */
    does_with(w, who(0, 1), 6, GIVEBACK, "total=50"); /* 250 */
    does_with(w, who(0, 1), 7, BUY, "total=50;order=D");
    said(w, "");
    does_with(w, who(0, 1), 8, BUY, "total=1;order=E");
    said(w, "+8 c0 score 2\n");
    world_free(w);
}

static void
tags_that_end(void **state)
{
    const prog_trigger_t t = when(times(PAGE_HEELS, COUNT_EXACTLY, 2, DAYS(30)));
    const senda_span_t ninety = DAYS(90);
    const prog_tag_t tag = { .name = "runner",
        .id = 1,
        .nwhens = 1,
        .whens = &t,
        .lasts = &ninety };
    const prog_trigger_t gets = { .kind = TRIGGER_TAG, .what = 0 };
    prog_score_t score = { .points = 1, .nwhens = 1, .whens = &gets };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .ntags = 1, .tags = &tag, .nscores = 1, .scores = &score };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(0, 1), 10, PAGE_HEELS);
    said(w, "+10 c0 tag runner\n+10 c0 score 1\n");
    does(w, who(0, 1), 20, PAGE_HEELS);       /* three are two as well: renewed, not got again */
    does(w, who(0, 1), 60 * DAY, PAGE_HEELS); /* one: not renewed */
    until(w, 90 * DAY + 19);
    said(w, "");
    until(w, 90 * DAY + 20);
    said(w, "+7776020 c0 untag runner\n");
    until(w, 300 * DAY);
    said(w, "");
    does(w, who(0, 1), 300 * DAY, PAGE_HEELS);
    does(w, who(0, 1), 300 * DAY, PAGE_HEELS);
    said(w, "+25920000 c0 tag runner\n+25920000 c0 score 2\n");
    world_free(w);
}

static void
a_tag_without_what_should_follow(void **state)
{
    const prog_trigger_t t = when(verb(PAGE_HEELS));
    const prog_tag_t tag = { .name = "heels", .id = 1, .nwhens = 1, .whens = &t };
    const prog_trigger_t gets = { .kind = TRIGGER_TAG,
        .has_absent = true,
        .absent = { .key = BUY },
        .span = SECS(HOUR) };
    prog_score_t score = { .points = 7, .nwhens = 1, .whens = &gets };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .ntags = 1, .tags = &tag, .nscores = 1, .scores = &score };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(0, 2), 0, PAGE_HEELS);
    hush(w);
    does(w, who(0, 2), 1, BUY);
    until(w, DAY);
    said(w, "+3600 c0 score 7\n");
    world_free(w);
}

static void
points_once_and_at_most_each(void **state)
{
    const prog_trigger_t heels = when(verb(PAGE_HEELS)), cart = when(verb(PAGE_CART));
    const prog_trigger_t gone = { .has_absent = true,
        .absent = { .key = SENDA_KEY_ANY },
        .span = DAYS(60) };
    const prog_score_t scores[] = {
        { .points = 100, .nwhens = 1, .whens = &heels, .once = true },
        { .points = 10, .nwhens = 1, .whens = &cart, .each = SECS(HOUR) },
        { .points = -1, .nwhens = 1, .whens = &gone, .each = DAYS(60) },
    };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .nscores = 3, .scores = scores };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(0, 1), 1, PAGE_HEELS);
    said(w, "+0 c0 score 100\n");
    does(w, who(0, 1), 2, PAGE_CART);
    does(w, who(0, 1), HOUR + 1, PAGE_CART);
    said(w, "+2 c0 score 110\n");
    does(w, who(0, 1), HOUR + 2, PAGE_CART);
    said(w, "+3602 c0 score 120\n");
    until(w, 181 * DAY); /* 60, 120 and 180 days of absence */
    said(w, "+5187602 c0 score 119\n+10371602 c0 score 118\n+15555602 c0 score 117\n");
    does(w, who(0, 1), 181 * DAY, PAGE_HOME);
    until(w, 241 * DAY - 1);
    said(w, "");
    until(w, 250 * DAY);
    said(w, "+20822400 c0 score 116\n");
    assert_int_equal(engine_score(w->engine, &(engine_who_t){ .visitor = { { 1 } } }), 116);
    world_free(w);
}

/* False before, true after: 45 → 55 → 45 → 55, and the same from above. */
static void
points_that_are_reached(void **state)
{
    const prog_trigger_t up = when(verb(PAGE_HEELS)), down = when(verb(PAGE_HOME));
    const prog_trigger_t rich = { .kind = TRIGGER_SCORE, .cmp = CMP_GE, .value = 50 };
    const prog_trigger_t poor = { .kind = TRIGGER_SCORE, .cmp = CMP_LT, .value = 50 };
    const prog_score_t scores[] = {
        { .points = 30, .nwhens = 1, .whens = &up },
        { .points = -30, .nwhens = 1, .whens = &down },
    };
    const prog_step_t end = THE_END;
    const prog_flow_t flows[] = {
        { .name = "rich",
            .id = 1,
            .nstarts = 1,
            .starts = &rich,
            .again = AGAIN_ALWAYS,
            .nsteps = 1,
            .steps = &end },
        { .name = "poor",
            .id = 2,
            .nstarts = 1,
            .starts = &poor,
            .again = AGAIN_ALWAYS,
            .nsteps = 1,
            .steps = &end },
    };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .nscores = 2, .scores = scores, .nflows = 2, .flows = flows };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    said(w, "+0 c0 score 30\n");
    does(w, who(0, 1), 1, PAGE_HEELS);
    said(w, "+1 c0 score 60\n+1 c0 starts rich\n+1 c0 ends rich\n");
    does(w, who(0, 1), 2, PAGE_HEELS);
    does(w, who(0, 1), 3, PAGE_HOME);
    said(w, "+2 c0 score 90\n+3 c0 score 60\n");
    does(w, who(0, 1), 4, PAGE_HOME);
    said(w, "+4 c0 score 30\n+4 c0 starts poor\n+4 c0 ends poor\n");
    does(w, who(0, 1), 5, PAGE_HEELS);
    said(w, "+5 c0 score 60\n+5 c0 starts rich\n+5 c0 ends rich\n");
    world_free(w);
}

/* One happening: a tag, of which comes a score, of which comes a tag; all before the flow. */
static void
one_thing_leads_to_another(void **state)
{
    const prog_trigger_t heels = when(verb(PAGE_HEELS));
    const prog_trigger_t got = { .kind = TRIGGER_TAG, .what = 1 };
    const prog_trigger_t rich = { .kind = TRIGGER_SCORE, .cmp = CMP_GE, .value = 50 };
    const prog_trigger_t last = { .kind = TRIGGER_TAG, .what = 0 };
    const prog_tag_t tags[] = {
        { .name = "rich", .id = 1, .nwhens = 1, .whens = &rich },
        { .name = "heels", .id = 2, .nwhens = 1, .whens = &heels },
    };
    const prog_score_t score = { .points = 50, .nwhens = 1, .whens = &got };
    const prog_step_t end = THE_END;
    const prog_flow_t flows[] = {
        { .name = "first", .id = 1, .nstarts = 1, .starts = &last, .nsteps = 1, .steps = &end },
        { .name = "second", .id = 2, .nstarts = 1, .starts = &heels, .nsteps = 1, .steps = &end },
    };
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    w->program = (program_t){ .ntags = 2,
        .tags = tags,
        .nscores = 1,
        .scores = &score,
        .nflows = 2,
        .flows = flows };
    world_open(w, true);
    does(w, who(0, 1), 0, PAGE_HEELS);
    said(w,
        "+0 c0 tag heels\n+0 c0 score 50\n+0 c0 tag rich\n+0 c0 starts first\n+0 c0 ends first\n"
        "+0 c0 starts second\n+0 c0 ends second\n");
    world_free(w);
}

/* "visits a product and not buys the same within an hour" */
static void
absence_of_the_same(void **state)
{
    const prog_trigger_t t = when_not(verb(PAGE_PRODUCT), by(verb(BUY), BY_SAME, "item"),
        SECS(HOUR));
    world_t *w = score_of(&t);

    (void)state;
    does_with(w, who(0, 1), 0, PAGE_PRODUCT, "item=a");
    does_with(w, who(0, 1), 1, BUY, "item=b");
    does_with(w, who(0, 2), 0, PAGE_PRODUCT, "item=a");
    does_with(w, who(0, 2), 1, BUY, "items=c,a");
    until(w, DAY);
    said(w, "+3600 c0 score 1\n");
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_asked),
        cmocka_unit_test(of_the_same),
        cmocka_unit_test(of_different_ones),
        cmocka_unit_test(on_different_days),
        cmocka_unit_test(purchases_have_several_items),
        cmocka_unit_test(frequent_searches),
        cmocka_unit_test(long_looks),
        cmocka_unit_test(long_looks_at_the_same),
        cmocka_unit_test(a_long_look_brings_its_fields),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(chains_have_an_end),
        cmocka_unit_test(coming_back),
        cmocka_unit_test(in_the_street),
        cmocka_unit_test(messages_of_a_kind),
        cmocka_unit_test(totals_are_crossed),
        cmocka_unit_test(refunds_lower_totals),
        cmocka_unit_test(tags_that_end),
        cmocka_unit_test(a_tag_without_what_should_follow),
        cmocka_unit_test(points_once_and_at_most_each),
        cmocka_unit_test(points_that_are_reached),
        cmocka_unit_test(one_thing_leads_to_another),
        cmocka_unit_test(absence_of_the_same),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
