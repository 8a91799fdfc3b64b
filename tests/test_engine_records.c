/*
 * What is stored of runs and of their deeds: an engine that is stopped at any
 * moment and lives the past again goes on exactly as one that was never
 * stopped; records of changed files and damaged ones are answered.
 */

#include "engine_world.h"

#define STEP(k, n, ...) ((prog_step_t){ .kind = (k), .id = (n), __VA_ARGS__ })
#define COUNT(list)     (sizeof(list) / sizeof((list)[0]))

#define SEARCH senda_key_event(SENDA_EV_SEARCH)
#define OPENS  senda_key_event(SENDA_EV_MESSAGE_OPEN)

/* ---- a shop that uses every statement ---- */

static const prog_field_t fields[] = { { .name = "birthday", .type = VALUE_DATE },
    { .name = "size", .type = VALUE_NUMBER } };

static const prog_trigger_t heels3 = {
    .has_verb = true,
    .verb = { .key = PAGE_HEELS, .count = COUNT_EXACTLY, .times = 3 },
};
static const senda_span_t week = { .days = 7 };
static const prog_tag_t tags[] = {
    { "heels", 11, 1, &heels3, false, &week },
    { "customer", 12, 0, NULL, false, NULL },
    { "seen", 13, 0, NULL, false, NULL },
};

static const prog_trigger_t each_buy = {
    .has_verb = true,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE },
};
static const prog_trigger_t gets_customer = { .kind = TRIGGER_TAG, .what = 1 };
static const prog_score_t scores[] = {
    { .points = 10, .nwhens = 1, .whens = &each_buy },
    { .points = 1, .nwhens = 1, .whens = &gets_customer },
};

static const prog_limit_t limits[] = {
    { .channel = CHANNEL_EMAIL, .times = 1, .per = LIMIT_DAY },
    { .channel = CHANNEL_EMAIL, .times = 4, .per = LIMIT_WEEK },
};

static const prog_cond_t buys = { .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE } };
static const prog_cond_t opens_twice = {
    .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_MESSAGE_OPEN, .count = COUNT_EXACTLY, .times = 2 }
};
static const prog_cond_t no_buy = { .kind = COND_NOT, .left = &buys };
static const prog_cond_t is_fan = { .kind = COND_SCORE, .cmp = CMP_GE, .value = 12 };
static const prog_cond_t is_customer = { .kind = COND_TAG, .what = 1 };
static const prog_cond_t is_big = { .kind = COND_FIELD, .what = 1, .cmp = CMP_GE, .value = 440000 };
static const prog_cond_t bought_long_ago = { .kind = COND_LAST,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE },
    .span = { .days = 2 },
    .older = true };
static const prog_cond_t searched = { .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_SEARCH, .within = { .days = 2 } } };

static const prog_branch_t halves[] = { { 4000, 2 }, { 3000, 4 } };

static const prog_step_t cart[] = {
    STEP(STEP_RECOMMEND, 1, .recipe = RECIPE_LAST_VIEWED, .number = 4),
    STEP(STEP_SPLIT, 2, .nbranches = 2, .branches = halves, .target = 5),
    STEP(STEP_COUPON, 3, .text = "HALF", .span = { .days = 3 }),
    STEP(STEP_JUMP, 4, .target = 5),
    STEP(STEP_GIFT, 5, .text = "SOAP"),
    STEP(STEP_WAIT, 6, .span = { .secs = 600 }),
    STEP(STEP_SEND, 7, .nchannels = 2, .channels = { CHANNEL_EMAIL, CHANNEL_SMS },
        .template = "cart-1"),
    STEP(STEP_SCORE, 8, .value = 1),
    STEP(STEP_WAIT_TIME, 9, .second = 10 * HOUR, .weekdays = 0x1f),
    STEP(STEP_IF, 10, .cond = &no_buy, .target = 12),
    STEP(STEP_CREDIT, 11, .value = 50000, .span = { .days = 9 }),
    STEP(STEP_WAIT, 12, .span = { .days = 1 }),
    STEP(STEP_SEND, 13, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "cart-2"),
    STEP(STEP_NOTIFY, 14, .text = "sales@shop"),
    STEP(STEP_END, 15),
};

static const prog_step_t order[] = {
    STEP(STEP_SEND, 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "order"),
    STEP(STEP_TAG, 2, .what = 1),
    STEP(STEP_SET, 3, .what = 1, .value = 440000, .text = "44"),
    STEP(STEP_WAIT_EVENT, 4, .cond = &opens_twice, .span = { .days = 4 }),
    STEP(STEP_SCORE, 5, .value = 3),
    STEP(STEP_IF, 6, .cond = &is_fan, .target = 8),
    STEP(STEP_ENTER, 7, .what = 3),
    STEP(STEP_UNTAG, 8, .what = 1),
    STEP(STEP_END, 9),
};

static const prog_step_t slow[] = {
    STEP(STEP_WAIT, 1, .span = { .days = 20 }),
    STEP(STEP_SEND, 2, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "slow"),
    STEP(STEP_END, 3),
};

static const prog_step_t fan[] = {
    STEP(STEP_SEND, 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "fan"),
    STEP(STEP_IF, 2, .cond = &is_big, .target = 3),
    STEP(STEP_CALL, 3, .text = "https://crm/fan"),
    STEP(STEP_WAIT, 4, .span = { .days = 2 }),
    STEP(STEP_LEAVE, 5, .what = 2),
    STEP(STEP_END, 6),
};

static const prog_step_t mail[] = {
    STEP(STEP_SEND, 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "mail"),
    STEP(STEP_TAG, 2, .what = 2),
    STEP(STEP_END, 3),
};

static const prog_trigger_t leaves_cart = {
    .has_verb = true,
    .verb = { .key = PAGE_CART },
    .has_absent = true,
    .absent = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE },
    .span = { .secs = HOUR },
};
static const prog_trigger_t visits_home = { .has_verb = true, .verb = { .key = PAGE_HOME } };
static const prog_trigger_t mails[] = {
    { .kind = TRIGGER_DAILY, .second = 10 * HOUR, .cond = &searched },
    { .kind = TRIGGER_DATE, .second = 9 * HOUR, .what = 0 },
    { .kind = TRIGGER_TAG, .what = 0 },
};

static const prog_flow_t flows[] = {
    { .name = "cart",
        .id = 1,
        .nstarts = 1,
        .starts = &leaves_cart,
        .again = AGAIN_AFTER,
        .again_after = { .days = 5 },
        .stop = &is_customer,
        .goal = &buys,
        .goal_within = { .days = 3 },
        .nsteps = COUNT(cart),
        .steps = cart },
    { .name = "order",
        .id = 2,
        .transactional = true,
        .nstarts = 1,
        .starts = &each_buy,
        .again = AGAIN_EACH,
        .again_each = "order",
        .nsteps = COUNT(order),
        .steps = order },
    { .name = "slow",
        .id = 3,
        .nstarts = 1,
        .starts = &visits_home,
        .again = AGAIN_AFTER,
        .again_after = { .days = 3 },
        .stop = &bought_long_ago,
        .nsteps = COUNT(slow),
        .steps = slow },
    { .name = "fan", .id = 4, .again = AGAIN_ALWAYS, .nsteps = COUNT(fan), .steps = fan },
    { .name = "mail",
        .id = 5,
        .nstarts = 3,
        .starts = mails,
        .again = AGAIN_ALWAYS,
        .nsteps = COUNT(mail),
        .steps = mail },
};

static world_t *
shop_new(void)
{
    world_t *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->program = (program_t){ .flows = flows,
        .nflows = COUNT(flows),
        .tags = tags,
        .ntags = COUNT(tags),
        .fields = fields,
        .nfields = COUNT(fields),
        .scores = scores,
        .nscores = COUNT(scores),
        .limits = limits,
        .nlimits = COUNT(limits),
        .has_quiet = true,
        .quiet_from = 21 * HOUR,
        .quiet_to = 9 * HOUR,
        .control = 1000 };
    w->options.recall = 15 * 60;
    w->options.tell = true;
    w->fields_too = true;
    world_open(w, true);
    return w;
}

/* ---- what happens there ---- */

typedef struct {
    senda_sec_t at;
    uint64_t contact;
    uint8_t visitor;
    senda_key_t key;
    const char *name, *value;
} happening_t;

static const happening_t story[] = {
    { 0, 0, 1, PAGE_CART, "item", "boots" },
    { 0, 0, 1, PAGE_HOME, NULL, NULL },
    { 10, 2, 2, PAGE_HOME, NULL, NULL },
    { 20, 2, 2, PAGE_CART, "items", "a,b" },
    { 20, 4, 0, PAGE_HOME, NULL, NULL }, /* who never buys */
    { 30, 3, 0, SENDA_KEY_EVENT | SENDA_EV_SIGN_UP, "birthday", "1980-06-01" },
    { 2 * HOUR, 0, 1, PAGE_HEELS, NULL, NULL },
    { DAY, 1, 1, PAGE_HEELS, NULL, NULL }, /* the visitor's login */
    { DAY + 1, 1, 1, PAGE_HEELS, NULL, NULL },
    { DAY + 2, 2, 2, SENDA_KEY_EVENT | SENDA_EV_MESSAGE_OPEN, NULL, NULL },
    { DAY + 2, 2, 2, SENDA_KEY_EVENT | SENDA_EV_PURCHASE, "order", "A1" },
    { DAY + 2, 2, 2, SENDA_KEY_EVENT | SENDA_EV_PURCHASE, "order", "A2" },
    { DAY + HOUR, 3, 0, SENDA_KEY_EVENT | SENDA_EV_SEARCH, "q", "shoes" },
    { 2 * DAY, 1, 1, SENDA_KEY_EVENT | SENDA_EV_PURCHASE, "order", "B1" },
    { 2 * DAY + 60, 2, 2, SENDA_KEY_EVENT | SENDA_EV_MESSAGE_OPEN, NULL, NULL },
    { 2 * DAY + 70, 2, 2, SENDA_KEY_EVENT | SENDA_EV_MESSAGE_OPEN, NULL, NULL },
    { 3 * DAY, 3, 0, PAGE_CART, "item", "socks" },
    { 3 * DAY + 1, 3, 0, PAGE_HOME, NULL, NULL },
    { 3 * DAY + 2, 3, 0, SENDA_KEY_EVENT | SENDA_EV_SEARCH, "q", "socks" },
    { 3 * DAY + 3, 26, 0, PAGE_CART, NULL, NULL }, /* of the control group */
    { 5 * DAY, 2, 2, PAGE_CART, "item", "hat" },
    { 6 * DAY, 3, 4, PAGE_HEELS, NULL, NULL },
    { 7 * DAY, 1, 0, SENDA_KEY_EVENT | SENDA_EV_SEARCH, "q", "boots" },
    { 9 * DAY, 3, 0, SENDA_KEY_EVENT | SENDA_EV_PURCHASE, "order", "C1" },
    { 9 * DAY + 60, 3, 4, PAGE_HEELS, NULL, NULL },
    { 9 * DAY + 120, 3, 4, PAGE_HEELS, NULL, NULL },
    { 10 * DAY, 3, 0, PAGE_HOME, NULL, NULL },
    { 12 * DAY, 2, 2, PAGE_CART, NULL, NULL },
    { 40 * DAY, 2, 2, PAGE_HOME, NULL, NULL },
};

#define STORY COUNT(story)

static void
happens(world_t *w, const happening_t *h, engine_mode_t mode)
{
    engine_event_t ev = { .at = START + h->at,
        .who = who(h->contact, h->visitor),
        .nkeys = 1,
        .keys = { h->key },
        .page = !senda_key_is_event(h->key) };

    if (h->name != NULL && strcmp(h->name, "birthday") == 0) {
        ev.nanswers = 1;
        ev.answers[0] = (senda_capture_t){ senda_cstr(h->name), senda_cstr(h->value) };
    } else if (h->name != NULL) {
        ev.nfields = 1;
        ev.fields[0] = (senda_capture_t){ senda_cstr(h->name), senda_cstr(h->value) };
        if (strcmp(h->name, "order") == 0)
            ev.order = ev.fields[0].value;
    }
    engine_event(w->engine, &ev, mode);
}

static senda_str_t
record_of(const world_t *w, unsigned i)
{
    return (senda_str_t){ w->records[i].bytes, w->records[i].len };
}

/* Forgets all but what a store holds, and lives the first n happenings again up to now. */
static void
restart(world_t *w, size_t n, senda_sec_t now)
{
    engine_free(w->engine);
    world_open(w, true);
    for (unsigned i = w->ndeeds; i-- > 0;) /* in any order */
        assert_int_equal(engine_redo(w->engine,
                             (senda_str_t){ w->deeds[i].bytes, w->deeds[i].len }),
            SENDA_OK);
    for (size_t i = 0; i < n; i++)
        happens(w, &story[i], ENGINE_HISTORY);
    for (unsigned i = 0; i < w->nrecords; i++)
        assert_int_equal(engine_restore(w->engine, record_of(w, i)), SENDA_OK);
    engine_set_now(w->engine, now);
}

static char *
straight(void)
{
    world_t *w = shop_new();
    char *text;

    for (size_t i = 0; i < STORY; i++)
        happens(w, &story[i], ENGINE_ACT);
    until(w, 70 * DAY);
    text = strdup(w->said);
    assert_non_null(text);
    world_free(w);
    return text;
}

static void
the_story_uses_all(void **state)
{
    static const char *const parts[] = { "gets cart-1", "gets cart-2", "by sms", "gets order",
        "gets fan", "gets mail", "coupon HALF", "gift SOAP", "credit 50000", "notifies", "calls",
        "tag heels", "untag heels", "untag customer", "set 44", "goal cart", "stops slow",
        "with 4 of recipe", "waits at", "branch 0", "branch 1", "branch 2", "withheld", ": limit",
        "refused cart: again", "tag seen", "gets slow" };
    char *text = straight();

    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (strstr(text, parts[i]) == NULL)
            fputs(text, stderr);
        if (strstr(text, parts[i]) == NULL)
            fail_msg("no \"%s\"", parts[i]);
    }
    free(text);
}

/* Behind each happening, and an hour, a day and a week behind it if nothing came before. */
static void
stopped_anywhere_it_goes_on(void **state)
{
    static const senda_sec_t later[] = { 0, 601, HOUR, HOUR + 600, DAY, 3 * DAY, 7 * DAY };
    char *text = straight();

    (void)state;
    for (size_t n = 1; n < STORY; n++) {
        for (size_t l = 0; l < COUNT(later); l++) {
            senda_sec_t now = story[n - 1].at + later[l];
            world_t *w;

            if (now > story[n].at || (now == story[n].at && story[n - 1].at == now && l > 0))
                continue;
            w = shop_new();
            for (size_t i = 0; i < n; i++)
                happens(w, &story[i], ENGINE_ACT);
            until(w, now);
            restart(w, n, START + now);
            for (size_t i = n; i < STORY; i++)
                happens(w, &story[i], ENGINE_ACT);
            until(w, 70 * DAY);
            if (strcmp(w->said, text) != 0)
                print_message("stopped behind %zu at +%lld\n", n, (long long)now);
            said(w, text);
            world_free(w);
        }
    }
    free(text);
}

/* Stopped behind every single happening, again and again. */
static void
stopped_all_the_time(void **state)
{
    char *text = straight();
    world_t *w = shop_new();

    (void)state;
    for (size_t i = 0; i < STORY; i++) {
        happens(w, &story[i], ENGINE_ACT);
        restart(w, i + 1, START + story[i].at);
    }
    for (senda_sec_t day = 41; day <= 70; day++) {
        until(w, day * DAY);
        restart(w, STORY, START + day * DAY);
    }
    said(w, text);
    free(text);
    world_free(w);
}

/* ---- changed files ---- */

static const prog_trigger_t visits = { .has_verb = true, .verb = { .key = PAGE_CART } };

static prog_flow_t
flow(const prog_step_t *steps, unsigned nsteps)
{
    return (prog_flow_t){ .name = "f",
        .id = 1,
        .nstarts = 1,
        .starts = &visits,
        .again = AGAIN_ALWAYS,
        .nsteps = nsteps,
        .steps = steps };
}

/* The steps stand elsewhere, one coupon and the recipe are gone: the run finds its place. */
static void
steps_are_found_by_name(void **state)
{
    const prog_step_t before[] = {
        STEP(STEP_COUPON, 21, .text = "A"),
        STEP(STEP_COUPON, 22, .text = "B"),
        STEP(STEP_RECOMMEND, 23, .recipe = RECIPE_LAST_VIEWED, .number = 4),
        wait_for(24, DAYS(1)),
        send_email(25, "m"),
        THE_END,
    };
    const prog_step_t after[] = {
        STEP(STEP_CALL, 30, .text = "new"),
        wait_for(24, DAYS(1)),
        STEP(STEP_COUPON, 22, .text = "B"),
        STEP(STEP_RECOMMEND, 31, .recipe = RECIPE_ABOVE, .number = 2),
        send_email(25, "m"),
        THE_END,
    };
    prog_flow_t f = flow(before, COUNT(before));
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    does(w, who(4, 0), 0, PAGE_CART);
    hush(w);
    engine_free(w->engine);
    f = flow(after, COUNT(after));
    world_open(w, true);
    assert_int_equal(engine_restore(w->engine, record_of(w, 0)), SENDA_OK);
    until(w, 2 * DAY);
    said(w,
        "+86400 c4 coupon B\n+86400 c4 coupon B\n"
        "+86400 c4 gets m with 2 of recipe 4 and step 22 and step 22\n+86400 c4 ends f\n");
    world_free(w);
}

/* A held run waits at a message; in a file without that message it ends. */
static void
a_held_message_that_is_gone(void **state)
{
    const prog_step_t before[] = { send_email(25, "m"), THE_END };
    const prog_step_t after[] = { wait_for(25, DAYS(1)), THE_END };
    prog_flow_t f = flow(before, COUNT(before));
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    engine_free(w->engine);
    w->program.has_quiet = true;
    w->program.quiet_from = 20 * HOUR;
    w->program.quiet_to = 22 * HOUR;
    world_open(w, true);
    does(w, who(4, 0), 0, PAGE_CART); /* 20:26:40 */
    said(w, "+0 c4 starts f\n");
    engine_free(w->engine);
    world_open(w, true);
    assert_int_equal(engine_restore(w->engine, record_of(w, 0)), SENDA_OK);
    until(w, 2 * HOUR);
    said(w, "+5600 c4 gets m\n+5600 c4 ends f\n");
    engine_free(w->engine);
    f = flow(after, COUNT(after));
    world_open(w, true);
    w->nrecords = 0;
    world_free(w);
}

/* `stop if` is new in the file, and what it names had come: the run ends when it goes on. */
static void
a_stop_that_is_new(void **state)
{
    const prog_cond_t home = cond(verb(PAGE_HOME));
    const prog_step_t steps[] = { wait_for(1, DAYS(1)), send_email(2, "m"), THE_END };
    engine_event_t ev = { .at = START, .who = who(4, 0), .nkeys = 1, .keys = { PAGE_CART } };
    prog_flow_t f = flow(steps, COUNT(steps));
    world_t *w = world_new(&f, 1, NULL, 0);

    (void)state;
    engine_event(w->engine, &ev, ENGINE_ACT);
    hush(w);
    engine_free(w->engine);
    f.stop = &home;
    world_open(w, true);
    engine_event(w->engine, &ev, ENGINE_HISTORY);
    ev.at += 10;
    ev.keys[0] = PAGE_HOME;
    engine_event(w->engine, &ev, ENGINE_HISTORY);
    assert_int_equal(engine_restore(w->engine, record_of(w, 0)), SENDA_OK);
    until(w, 2 * DAY);
    said(w, "+86400 c4 stops f\n");
    world_free(w);
}

/* What was recalled once is not recalled again by an engine that was stopped in between. */
static void
recalled_is_recalled(void **state)
{
    const prog_cond_t home = cond(verb(PAGE_HOME));
    const prog_step_t steps[] = { send_email(2, "m"), THE_END };
    prog_flow_t f = flow(steps, COUNT(steps));
    world_t *w;

    (void)state;
    f.stop = &home;
    f.again = AGAIN_NEVER;
    w = world_new(&f, 1, NULL, 0);
    w->options.recall = 900;
    world_reopen(w, true);
    does(w, who(4, 0), 0, PAGE_CART);
    does(w, who(4, 0), 10, PAGE_HOME);
    does(w, who(4, 0), 20, PAGE_HOME);
    does(w, who(5, 0), 30, PAGE_CART);
    said(w,
        "+0 c4 starts f\n+0 c4 gets m\n+0 c4 ends f\n+10 c4 recalls f\n"
        "+30 c5 starts f\n+30 c5 gets m\n+30 c5 ends f\n");
    engine_free(w->engine);
    world_open(w, true);
    assert_int_equal(engine_restore(w->engine, record_of(w, 0)), SENDA_OK);
    assert_int_equal(engine_restore(w->engine, record_of(w, 1)), SENDA_OK);
    does(w, who(4, 0), 40, PAGE_HOME);
    does(w, who(5, 0), 930, PAGE_HOME); /* too late: it is long gone */
    said(w, "");
    world_free(w);
}

/* Several deeds of one moment, given back in the wrong order. */
static void
deeds_keep_their_order(void **state)
{
    const prog_step_t steps[] = {
        STEP(STEP_TAG, 1, .what = 0),
        STEP(STEP_UNTAG, 2, .what = 0),
        STEP(STEP_UNTAG, 3, .what = 1),
        STEP(STEP_TAG, 4, .what = 1),
        THE_END,
    };
    prog_flow_t f = flow(steps, COUNT(steps));
    world_t *w = world_new(&f, 1, tags, 2);
    engine_who_t me = who(4, 0);

    (void)state;
    does(w, me, 0, PAGE_CART);
    engine_free(w->engine);
    world_open(w, true);
    for (unsigned i = w->ndeeds; i-- > 0;)
        assert_int_equal(engine_redo(w->engine,
                             (senda_str_t){ w->deeds[i].bytes, w->deeds[i].len }),
            SENDA_OK);
    engine_set_now(w->engine, START + DAY);
    assert_false(engine_has_tag(w->engine, &me, &tags[0]));
    assert_true(engine_has_tag(w->engine, &me, &tags[1]));
    world_free(w);
}

static void
deeds_of_changed_files(void **state)
{
    world_t *w = shop_new();
    program_t less = { .flows = flows, .nflows = 0 };
    unsigned ok = 0, none = 0;

    (void)state;
    for (size_t i = 0; i < STORY; i++)
        happens(w, &story[i], ENGINE_ACT);
    engine_free(w->engine);
    w->program = less;
    world_open(w, true);
    for (unsigned i = 0; i < w->ndeeds; i++) {
        senda_str_t deed = { w->deeds[i].bytes, w->deeds[i].len };
        senda_rc_t rc = engine_redo(w->engine, deed);

        ok += rc == SENDA_OK;
        none += rc == SENDA_NONE;
        for (size_t cut = 0; cut < deed.n; cut++)
            assert_int_equal(engine_redo(w->engine, (senda_str_t){ deed.p, cut }), SENDA_BAD);
        for (size_t k = 0; k < deed.n; k++) { /* any answer, no crash */
            for (int bit = 0; bit < 8; bit++) {
                w->deeds[i].bytes[k] ^= (char)(1 << bit);
                (void)engine_redo(w->engine, deed);
                w->deeds[i].bytes[k] ^= (char)(1 << bit);
            }
        }
    }
    assert_int_equal(ok + none, w->ndeeds);
    assert_true(ok > 0 && none > 0); /* points and messages; tags and fields */
    engine_set_now(w->engine, START + 90 * DAY);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_story_uses_all),
        cmocka_unit_test(stopped_anywhere_it_goes_on),
        cmocka_unit_test(stopped_all_the_time),
        cmocka_unit_test(steps_are_found_by_name),
        cmocka_unit_test(a_held_message_that_is_gone),
        cmocka_unit_test(a_stop_that_is_new),
        cmocka_unit_test(recalled_is_recalled),
        cmocka_unit_test(deeds_keep_their_order),
        cmocka_unit_test(deeds_of_changed_files),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
