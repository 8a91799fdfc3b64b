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

#define SAVED_MAX  512
#define FIELD_ROOM 16

/* ---- a rule file ---- */

/* Names to numbers, from 1 on, custom events from their own first. */
typedef struct {
    struct {
        senda_name_kind_t kind;
        char name[32];
    } known[128];
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
    if (ids->n < 128) {
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
    char item[FIELD_ROOM], order[FIELD_ROOM];
} made_t;

static void
keep(made_t *made, char *room, const char *name, senda_str_t value)
{
    senda_capture_t *f = &made->event.fields[made->event.nfields++];

    assert_true(value.n < FIELD_ROOM);
    memcpy(room, value.p, value.n);
    *f = (senda_capture_t){ senda_cstr(name), { room, value.n } };
}

static void
make_visit(const model_shop_t *s, const random_target_t *t, made_t *made)
{
    static senda_url_t url;
    static senda_match_t match;
    engine_event_t *ev = &made->event;
    const char *question = strchr(t->text, '?');
    size_t path = question != NULL ? (size_t)(question - t->text) : strlen(t->text);
    senda_str_t args = senda_cstr(question != NULL ? question + 1 : "");

    ev->page = true;
    if (senda_url_set(&url, t->method, SENDA_STR("shop.example.com"),
            (senda_str_t){ t->text, path }, args) != SENDA_OK)
        return;
    senda_rules_match(s->rules, s->program->site_id, &url, &match);
    ev->nkeys = match.nkeys;
    memcpy(ev->keys, match.keys, match.nkeys * sizeof(*match.keys));
    for (unsigned i = 0; i < match.ncaptures; i++) {
        if (senda_str_eq(match.captures[i].name, SENDA_STR("item")))
            keep(made, made->item, "item", match.captures[i].value);
        if (senda_str_eq(match.captures[i].name, SENDA_STR("order"))) {
            keep(made, made->order, "order", match.captures[i].value);
            ev->order = (senda_str_t){ made->order, match.captures[i].value.n };
        }
    }
}

static void
make_event(const model_shop_t *s, const random_target_t *t, made_t *made)
{
    uint32_t number = senda_event_number(senda_cstr(t->text));
    engine_event_t *ev = &made->event;

    if (number != 0) {
        ev->keys[ev->nkeys++] = senda_key_event(number);
    } else if (s->program->nevents > 0) {
        ev->keys[ev->nkeys++] = s->program->events[0].key;
    }
    if (t->order[0] != '\0') {
        snprintf(made->order, sizeof(made->order), "%s", t->order);
        ev->order = senda_cstr(made->order);
    }
}

static void
make(const model_shop_t *s, const random_event_t *from, made_t *made)
{
    random_target_t t;

    *made = (made_t){ .event = { .at = from->at,
                          .who = { .contact = from->contact, .visitor = { { from->visitor } } },
                          .has_reach = from->has_reach,
                          .reach = from->reach,
                          .service = from->service } };
    if (random_target(from, &t))
        make_visit(s, &t, made);
    else
        make_event(s, &t, made);
}

/* ---- the engine ---- */

typedef struct {
    model_timeline_t said;
    unsigned nsaved;
    struct {
        char bytes[ENGINE_RUN_MAX];
        size_t len;
        engine_who_t who;
        uint32_t flow;
        uint64_t entry;
    } saved[SAVED_MAX]; /* as a store holds them */
} listener_t;

static void
forget(listener_t *l, const intent_t *i)
{
    for (unsigned k = 0; k < l->nsaved; k++) {
        if (l->saved[k].flow == i->flow->id && l->saved[k].entry == i->entry &&
            l->saved[k].who.contact == i->who.contact &&
            (i->who.contact != 0 ||
                memcmp(&l->saved[k].who.visitor, &i->who.visitor, SENDA_VISITOR_LEN) == 0)) {
            l->saved[k] = l->saved[--l->nsaved];
            return;
        }
    }
}

static void
listen(void *ctx, const intent_t *i)
{
    listener_t *l = ctx;
    model_line_t line = { .at = i->at,
        .who = i->who.contact != 0 ? (uint32_t)i->who.contact : MODEL_VISITOR + i->who.visitor.b[0],
        .kind = i->kind };

    if (i->kind == INTENT_FORGET || i->kind == INTENT_SAVE) {
        forget(l, i);
        if (i->kind == INTENT_SAVE && l->nsaved < SAVED_MAX) {
            memcpy(l->saved[l->nsaved].bytes, i->run.p, i->run.n);
            l->saved[l->nsaved].len = i->run.n;
            l->saved[l->nsaved].who = i->who;
            l->saved[l->nsaved].flow = i->flow->id;
            l->saved[l->nsaved++].entry = i->entry;
        }
        return;
    }
    line.name = i->kind == INTENT_TAG ? i->tag->name : i->flow->name;
    if (i->kind == INTENT_MESSAGE) {
        line.template = i->step->template;
        line.channel = i->channel;
        line.item = model_item(i->fields, i->nfields);
    }
    model_say(&l->said, line);
}

/* Stops the engine and starts it again: the past lived again, the runs taken back. */
static engine_t *
restart(engine_t *e, const model_shop_t *s, const random_history_t *h, const engine_event_t *events,
    listener_t *l)
{
    engine_options_t options = { .everybody_reachable = h->everybody };

    if (h->cut_at != 0)
        engine_advance(e, h->cut_at, ENGINE_ACT);
    engine_free(e);
    e = engine_new(s->program, &options, listen, l);
    for (unsigned i = 0; i < h->cut && i < h->n; i++)
        engine_event(e, &events[i], ENGINE_HISTORY);
    for (unsigned i = 0; i < l->nsaved; i++)
        (void)engine_restore(e, (senda_str_t){ l->saved[i].bytes, l->saved[i].len });
    if (h->cut_at != 0)
        engine_advance(e, h->cut_at, ENGINE_HISTORY);
    return e;
}

static void
engine_run(const model_shop_t *s, const random_history_t *h, const engine_event_t *events, bool cut,
    listener_t *l)
{
    engine_options_t options = { .everybody_reachable = h->everybody };
    engine_t *e = engine_new(s->program, &options, listen, l);

    for (unsigned i = 0; i < h->n; i++) {
        if (cut && i == h->cut)
            e = restart(e, s, h, events, l);
        engine_event(e, &events[i], ENGINE_ACT);
    }
    engine_advance(e, h->end, ENGINE_ACT);
    engine_free(e);
}

/* ---- one against the other ---- */

bool
model_agree(const model_shop_t *s, const random_history_t *h, bool cut, unsigned long *lines,
    FILE *out)
{
    made_t *made = calloc(h->n + 1, sizeof(*made));
    engine_event_t *events = calloc(h->n + 1, sizeof(*events));
    listener_t *l = malloc(sizeof(*l));
    model_timeline_t expected = { 0 };
    bool same;

    assert_non_null(made);
    assert_non_null(events);
    assert_non_null(l);
    l->nsaved = 0;
    l->said = (model_timeline_t){ 0 };
    for (unsigned i = 0; i < h->n; i++) {
        make(s, &h->events[i], &made[i]);
        events[i] = made[i].event;
    }
    model_run(s->program, h->everybody, events, h->n, h->end, &expected);
    engine_run(s, h, events, cut, l);
    if (lines != NULL)
        *lines += expected.n;
    model_sort(&expected);
    model_sort(&l->said);
    same = model_equal(&expected, &l->said);
    if (out != NULL) {
        fprintf(out, "# by the model:\n");
        model_print(s->program, &expected, out);
        fprintf(out, "# by the engine:\n");
        model_print(s->program, &l->said, out);
    }
    model_clear(&expected);
    model_clear(&l->said);
    free(l);
    free(events);
    free(made);
    return same;
}
