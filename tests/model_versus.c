/*
 * A rule file as text, compiled as the sidecar does it and matched as nginx
 * does it; a history played to the model and to the engine; both timelines
 * side by side. The engine can be stopped in the middle and started again from
 * what it had said to save.
 */

#include "model_versus.h"
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAVED_MAX 16384

/* ---- a rule file ---- */

/* Names to numbers, from 1 on, custom events from their own first. */
typedef struct {
    struct {
        senda_name_kind_t kind;
        char name[32];
    } known[256];
    unsigned n;
} ids_t;

static uint32_t
id_of(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    ids_t *ids = ctx;
    uint32_t id = 1;

    (void)site;
    for (unsigned i = 0; i < ids->n; i++) {
        if (ids->known[i].kind != kind)
            continue;
        if (strcmp(ids->known[i].name, name) == 0)
            break;
        id++;
    }
    if (ids->n < 256) {
        ids->known[ids->n].kind = kind;
        snprintf(ids->known[ids->n++].name, sizeof(ids->known[0].name), "%s", name);
    }
    return kind == SENDA_NAME_EVENT ? SENDA_EVENT_CUSTOM + id : id;
}

/* A fixed table: the tests do not hang on what the system knows of time zones. */
static int
zone_of(void *ctx, const char *name, int32_t *first_offset, senda_zone_step_t *steps, unsigned max)
{
    static const struct {
        const char *name;
        int32_t first;
        unsigned n;
        senda_zone_step_t steps[8];
    } zones[] = {
        { "Europe/Madrid", 3600, 6,
            { { 1774746000, 7200 }, { 1792890000, 3600 }, { 1806195600, 7200 },
                { 1824944400, 3600 }, { 1837645200, 7200 }, { 1856394000, 3600 } } },
        { "America/Santiago", -10800, 6,
            { { 1775358000, -14400 }, { 1788667200, -10800 }, { 1806807600, -14400 },
                { 1820116800, -10800 }, { 1838257200, -14400 }, { 1851566400, -10800 } } },
        { "Asia/Kolkata", 19800, 0, { { 0, 0 } } },
        { "Australia/Lord_Howe", 39600, 6,
            { { 1775314800, 37800 }, { 1791041400, 39600 }, { 1806764400, 37800 },
                { 1822491000, 39600 }, { 1838214000, 37800 }, { 1853940600, 39600 } } },
    };

    (void)ctx;
    for (unsigned i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (strcmp(zones[i].name, name) != 0)
            continue;
        *first_offset = zones[i].first;
        for (unsigned k = 0; k < zones[i].n && k < max; k++)
            steps[k] = zones[i].steps[k];
        return (int)zones[i].n;
    }
    return -1;
}

void
model_shop_close(model_shop_t *s)
{
    senda_rules_close(s->rules);
    free(s->blob);
    program_free(s->program);
    lang_free(s->lang);
    *s = (model_shop_t){ 0 };
}

bool
model_shop_open(model_shop_t *s, const random_rules_t *rules, bool loud)
{
    ids_t *ids = calloc(1, sizeof(*ids));
    char *text = calloc(RANDOM_LINES, RANDOM_LINE);
    senda_err_t err;
    size_t len = 0;

    assert_non_null(ids);
    assert_non_null(text);
    *s = (model_shop_t){ 0 };
    for (unsigned i = 0; i < rules->n; i++) {
        size_t n = strlen(rules->lines[i]);

        memcpy(text + len, rules->lines[i], n);
        text[len + n] = '\n';
        len += n + 1;
    }
    s->lang = lang_read("random.senda", text, len);
    if (lang_errors(s->lang) == 0)
        s->program = lang_program(s->lang, id_of, zone_of, ids);
    else if (loud)
        lang_print(s->lang, stderr, false);
    if (s->program != NULL)
        s->blob = lang_rules(&s->lang, &s->program, 1, 1, &len, &err);
    free(ids);
    free(text);
    if (s->blob != NULL && senda_rules_open(&s->rules, s->blob, len, &err) == SENDA_OK)
        return true;
    model_shop_close(s);
    return false;
}

/* ---- a history as the engine's events ---- */

typedef struct {
    engine_event_t event;
    char values[SENDA_CAPTURES_MAX][24];
} made_t;

static senda_str_t
keep(made_t *made, senda_str_t name, senda_str_t value)
{
    char *room = made->values[made->event.nfields];

    assert_true(value.n < sizeof(made->values[0]) && made->event.nfields < SENDA_CAPTURES_MAX);
    memcpy(room, value.p, value.n);
    made->event.fields[made->event.nfields++] = (senda_capture_t){ name, { room, value.n } };
    return (senda_str_t){ room, value.n };
}

static void
make_visit(const model_shop_t *s, const random_event_t *from, made_t *made)
{
    static senda_url_t url;
    static senda_match_t match;
    engine_event_t *ev = &made->event;
    const char *question = strchr(from->text, '?');
    size_t path = question != NULL ? (size_t)(question - from->text) : strlen(from->text);
    senda_str_t args = senda_cstr(question != NULL ? question + 1 : "");

    ev->page = true;
    if (senda_url_set(&url, from->what == DO_POST ? SENDA_METHOD_POST : SENDA_METHOD_GET,
            SENDA_STR("shop.example.com"), (senda_str_t){ from->text, path }, args) != SENDA_OK)
        return;
    senda_rules_match(s->rules, s->program->site_id, &url, &match);
    ev->nkeys = match.nkeys;
    memcpy(ev->keys, match.keys, match.nkeys * sizeof(*match.keys));
    for (unsigned i = 0; i < match.ncaptures; i++) {
        senda_str_t value = keep(made, match.captures[i].name, match.captures[i].value);

        if (senda_str_eq(match.captures[i].name, SENDA_STR("order")))
            ev->order = value;
    }
}

static senda_key_t
event_key(const model_shop_t *s, const char *name)
{
    uint32_t number = senda_event_number(senda_cstr(name));

    if (number != 0)
        return senda_key_event(number);
    if (strcmp(name, "opens") == 0)
        return senda_key_event(SENDA_EV_MESSAGE_OPEN);
    if (strcmp(name, "clicks") == 0)
        return senda_key_event(SENDA_EV_MESSAGE_CLICK);
    for (unsigned i = 0; i < s->program->nevents; i++) {
        if (strcmp(s->program->events[i].name, name) == 0)
            return s->program->events[i].key;
    }
    return SENDA_KEY_ANY; /* dropped from a shrunk file */
}

static void
make_event(const model_shop_t *s, const random_event_t *from, made_t *made)
{
    engine_event_t *ev = &made->event;
    senda_key_t key = event_key(s, from->text);

    if (key != SENDA_KEY_ANY)
        ev->keys[ev->nkeys++] = key;
    for (unsigned i = 0; i < from->nfields; i++) {
        senda_str_t value = keep(made, senda_cstr(from->fields[i].name),
            senda_cstr(from->fields[i].value));

        if (strcmp(from->fields[i].name, "order") == 0)
            ev->order = value;
    }
}

static void
make(const model_shop_t *s, const random_event_t *from, made_t *made)
{
    engine_event_t *ev = &made->event;

    *made = (made_t){ .event = { .at = from->at,
                          .who = { .contact = from->contact, .visitor = { { from->visitor } } },
                          .has_reach = from->has_reach,
                          .address = from->address,
                          .consent = from->consent,
                          .rank = from->rank } };
    if (from->what == DO_EVENT)
        make_event(s, from, made);
    else
        make_visit(s, from, made);
    for (unsigned i = 0; i < from->nanswers; i++)
        ev->answers[ev->nanswers++] = (senda_capture_t){ senda_cstr(from->answers[i].name),
            senda_cstr(from->answers[i].value) };
}

/* Events, and facts of the stock between them. */
typedef struct {
    made_t *made;
    engine_event_t *events;
    model_stock_t *stock;
    unsigned n, nstock;
    unsigned cut; /* as in the history, of events alone */
} story_t;

static void
make_story(const model_shop_t *s, const random_history_t *h, story_t *story)
{
    story->n = story->nstock = story->cut = 0;
    for (unsigned i = 0; i < h->n; i++) {
        const random_event_t *ev = &h->events[i];

        if (i == h->cut)
            story->cut = story->n;
        if (ev->what == DO_SOLD_OUT || ev->what == DO_IN_STOCK) {
            story->stock[story->nstock++] = (model_stock_t){ story->n, ev->text,
                ev->what == DO_SOLD_OUT };
            continue;
        }
        make(s, ev, &story->made[story->n]);
        story->events[story->n] = story->made[story->n].event;
        story->n++;
    }
    if (h->cut >= h->n)
        story->cut = story->n;
}

/* ---- the engine ---- */

typedef struct {
    char *bytes;
    size_t len;
    engine_who_t who;
    uint32_t flow;
    uint64_t entry;
} saved_t;

typedef struct {
    model_timeline_t said;
    unsigned nsaved, ndeeds;
    saved_t saved[SAVED_MAX], deeds[SAVED_MAX]; /* as a store holds them */
    uint64_t names[256];                        /* whose contact a visitor is */
} listener_t;

static void
save(saved_t *list, unsigned *n, const intent_t *i)
{
    saved_t *s = &list[*n];

    assert_true(*n < SAVED_MAX && i->run.n <= ENGINE_RUN_MAX);
    s->bytes = malloc(i->run.n + 1);
    assert_non_null(s->bytes);
    memcpy(s->bytes, i->run.p, i->run.n);
    s->len = i->run.n;
    s->who = i->who;
    s->flow = i->flow != NULL ? i->flow->id : 0;
    s->entry = i->entry;
    ++*n;
}

static void
forget(listener_t *l, const intent_t *i)
{
    for (unsigned k = 0; k < l->nsaved; k++) {
        if (l->saved[k].flow == i->flow->id && l->saved[k].entry == i->entry &&
            l->saved[k].who.contact == i->who.contact &&
            (i->who.contact != 0 ||
                memcmp(&l->saved[k].who.visitor, &i->who.visitor, SENDA_VISITOR_LEN) == 0)) {
            free(l->saved[k].bytes);
            l->saved[k] = l->saved[--l->nsaved];
            return;
        }
    }
}

static void
free_saved(saved_t *list, unsigned *n)
{
    while (*n > 0)
        free(list[--*n].bytes);
}

static void
listen(void *ctx, const intent_t *i)
{
    listener_t *l = ctx;
    model_line_t line;

    if (i->kind == INTENT_FORGET || i->kind == INTENT_SAVE) {
        forget(l, i);
        if (i->kind == INTENT_SAVE)
            save(l->saved, &l->nsaved, i);
    } else if (i->kind == INTENT_DEED) {
        save(l->deeds, &l->ndeeds, i);
    } else if (model_line_of(i, &line)) {
        model_say(&l->said, &line);
    }
}

static void
say_state(const model_shop_t *s, engine_t *e, const engine_who_t *who, listener_t *l)
{
    const program_t *p = s->program;
    uint64_t *name = &l->names[who->visitor.b[0]];
    model_line_t line = { .at = engine_now(e), .kind = MODEL_STATE, .name = "" };
    uint32_t tags = 0, segments = 0;

    if (who->contact != 0 && who->visitor.b[0] != 0)
        *name = who->contact;
    line.who = who->contact != 0 ? (uint32_t)who->contact
        : *name != 0             ? (uint32_t)*name
                                 : MODEL_VISITOR + who->visitor.b[0];
    for (unsigned i = 0; i < p->ntags; i++)
        tags |= engine_has_tag(e, who, &p->tags[i]) ? 1u << i : 0;
    for (unsigned i = 0; i < p->nsegments; i++)
        segments |= engine_holds(e, who, p->segments[i].cond) ? 1u << i : 0;
    snprintf(line.what, sizeof(line.what), "score %lld stage %d tags %x segments %x",
        (long long)engine_score(e, who), engine_stage(e, who), tags, segments);
    model_say(&l->said, &line);
}

static void
tell_stock(engine_t *e, const story_t *story, unsigned *next, unsigned before)
{
    for (; *next < story->nstock && story->stock[*next].before <= before; ++*next)
        engine_stock(e, senda_cstr(story->stock[*next].item), story->stock[*next].sold_out);
}

/* At a second of its own, between two events. */
static bool
stops_later(const random_history_t *h, const story_t *story)
{
    return h->cut_at != 0 && story->cut < story->n && h->cut_at < story->events[story->cut].at;
}

/* Stops the engine and starts it again: the past lived again, deeds and runs taken back. */
static engine_t *
restart(engine_t *e, const model_shop_t *s, const random_history_t *h, const story_t *story,
    listener_t *l)
{
    engine_options_t options = { .everybody_reachable = h->everybody };
    unsigned next = 0;

    if (stops_later(h, story))
        engine_advance(e, h->cut_at, ENGINE_ACT);
    engine_free(e);
    e = engine_new(s->program, &options, listen, l);
    for (unsigned i = 0; i < l->ndeeds; i++)
        assert_int_equal(engine_redo(e, (senda_str_t){ l->deeds[i].bytes, l->deeds[i].len }),
            SENDA_OK);
    for (unsigned i = 0; i < story->cut; i++)
        engine_event(e, &story->events[i], ENGINE_HISTORY);
    for (unsigned i = 0; i < l->nsaved; i++)
        (void)engine_restore(e, (senda_str_t){ l->saved[i].bytes, l->saved[i].len });
    if (stops_later(h, story))
        engine_advance(e, h->cut_at, ENGINE_HISTORY);
    tell_stock(e, story, &next, story->cut > 0 ? story->cut - 1 : 0);
    return e;
}

static void
engine_run(const model_shop_t *s, const random_history_t *h, const story_t *story, bool cut,
    listener_t *l)
{
    engine_options_t options = { .everybody_reachable = h->everybody };
    engine_t *e = engine_new(s->program, &options, listen, l);
    unsigned next = 0;

    for (unsigned i = 0; i < story->n; i++) {
        if (cut && i == story->cut)
            e = restart(e, s, h, story, l);
        tell_stock(e, story, &next, i);
        engine_event(e, &story->events[i], ENGINE_ACT);
        say_state(s, e, &story->events[i].who, l);
    }
    engine_advance(e, h->end, ENGINE_ACT);
    engine_free(e);
}

/* ---- one against the other ---- */

static void *
room(size_t n, size_t size)
{
    void *p = calloc(n + 1, size);

    assert_non_null(p);
    return p;
}

static bool
engine_agrees(const model_shop_t *s, const random_history_t *h, const story_t *story, bool cut,
    const model_timeline_t *expected, FILE *out)
{
    static listener_t l;
    bool same;

    memset(l.names, 0, sizeof(l.names));
    engine_run(s, h, story, cut, &l);
    model_sort(&l.said);
    same = model_equal(expected, &l.said);
    if (out != NULL) {
        fprintf(out, "# by the model (-) and by the engine (+):\n");
        model_print(s->program, expected, &l.said, out);
    }
    model_clear(&l.said);
    free_saved(l.saved, &l.nsaved);
    free_saved(l.deeds, &l.ndeeds);
    return same;
}

unsigned
model_differ(const model_shop_t *s, const random_history_t *h, unsigned how, model_hits_t *hits,
    FILE *out)
{
    static model_hits_t unheard;
    story_t story = { .made = room(h->n, sizeof(made_t)),
        .events = room(h->n, sizeof(engine_event_t)),
        .stock = room(h->n, sizeof(model_stock_t)) };
    model_timeline_t expected = { 0 };
    unsigned differ = 0;

    make_story(s, h, &story);
    model_run(&(model_play_t){ .program = s->program,
                  .everybody = h->everybody,
                  .n = story.n,
                  .nstock = story.nstock,
                  .events = story.events,
                  .stock = story.stock,
                  .end = h->end },
        &expected, hits != NULL ? hits : &unheard);
    model_sort(&expected);
    if (hits != NULL)
        hits->lines += expected.n;
    for (unsigned cut = 0; cut < 2; cut++) {
        if ((how & 1u << cut) != 0 && !engine_agrees(s, h, &story, cut == 1, &expected, out))
            differ |= 1u << cut;
    }
    model_clear(&expected);
    free(story.made);
    free(story.events);
    free(story.stock);
    return differ;
}
