/*
 * A program made by hand, an engine on it, and what it said as lines of text:
 * what the engine's tests share. Seconds are relative to START.
 */

#ifndef SENDA_TESTS_ENGINE_WORLD_H
#define SENDA_TESTS_ENGINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine.h"

#define START   1780000000 /* a second in May 2026 */
#define HOUR    3600
#define DAY     86400
#define RECORDS 64
#define DEEDS   128

enum { PAGE_CART = 1, PAGE_PRODUCT, PAGE_HEELS, PAGE_HOME };

#define BUY    senda_key_event(SENDA_EV_PURCHASE)
#define SIGNUP senda_key_event(SENDA_EV_SIGN_UP)

#define SECS(n) ((senda_span_t){ .secs = (n) })
#define DAYS(n) ((senda_span_t){ .days = (n) })
#define EVER    ((senda_span_t){ 0 })

typedef struct {
    program_t program;
    engine_t *engine;
    char said[65536];
    size_t len;
    struct {
        char bytes[ENGINE_RUN_MAX];
        size_t len;
        uint64_t contact, entry;
        uint32_t flow;
    } records[RECORDS]; /* of runs to be kept, as a store would hold them */
    unsigned nrecords;
    senda_capture_t fields[8]; /* of the last message; they point into names */
    unsigned nfields;
    char names[2048];
    struct {
        char bytes[256];
        size_t len;
    } deeds[DEEDS]; /* what steps did, as a store would hold it; no more than the first */
    unsigned ndeeds;
    engine_options_t options;
    bool fields_too; /* messages are said with the fields of their run */
} world_t;

static inline prog_verb_t
verb(senda_key_t key)
{
    return (prog_verb_t){ .key = key };
}

static inline prog_verb_t
times(senda_key_t key, prog_count_t count, uint32_t n, senda_span_t within)
{
    return (prog_verb_t){ .key = key, .count = count, .times = n, .within = within };
}

static inline prog_cond_t
cond(prog_verb_t v)
{
    return (prog_cond_t){ .kind = COND_VERB, .verb = v };
}

static inline prog_trigger_t
when(prog_verb_t v)
{
    return (prog_trigger_t){ .has_verb = true, .verb = v };
}

static inline prog_trigger_t
when_not(prog_verb_t v, prog_verb_t absent, senda_span_t span)
{
    return (prog_trigger_t){ .has_verb = true,
        .verb = v,
        .has_absent = true,
        .absent = absent,
        .span = span };
}

static inline prog_step_t
send_email(uint32_t id, const char *template)
{
    return (prog_step_t){ .kind = STEP_SEND,
        .id = id,
        .nchannels = 1,
        .channels = { CHANNEL_EMAIL },
        .template = template };
}

static inline prog_step_t
wait_for(uint32_t id, senda_span_t span)
{
    return (prog_step_t){ .kind = STEP_WAIT, .id = id, .span = span };
}

#define THE_END ((prog_step_t){ .kind = STEP_END, .id = 999 })

static inline void
world_say(world_t *w, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    w->len += (size_t)vsnprintf(w->said + w->len, sizeof(w->said) - w->len, fmt, args);
    va_end(args);
}

static inline void
world_forget(world_t *w, const intent_t *i)
{
    for (unsigned k = 0; k < w->nrecords; k++) {
        if (w->records[k].contact == i->who.contact && w->records[k].entry == i->entry &&
            w->records[k].flow == i->flow->id)
            w->records[k] = w->records[--w->nrecords];
    }
}

static inline void
world_save(world_t *w, const intent_t *i)
{
    world_forget(w, i);
    assert_true(w->nrecords < RECORDS);
    assert_true(i->run.n > 0 && i->run.n <= ENGINE_RUN_MAX);
    memcpy(w->records[w->nrecords].bytes, i->run.p, i->run.n);
    w->records[w->nrecords].len = i->run.n;
    w->records[w->nrecords].contact = i->who.contact;
    w->records[w->nrecords].entry = i->entry;
    w->records[w->nrecords++].flow = i->flow->id;
}

static inline void
world_keep_fields(world_t *w, const intent_t *i)
{
    size_t at = 0;

    w->nfields = 0;
    for (unsigned k = 0; k < i->nfields && k < 8; k++) {
        const senda_capture_t *f = &i->fields[k];

        assert_true(at + f->name.n + f->value.n <= sizeof(w->names));
        memcpy(w->names + at, f->name.p, f->name.n);
        memcpy(w->names + at + f->name.n, f->value.p, f->value.n);
        w->fields[k].name = (senda_str_t){ w->names + at, f->name.n };
        w->fields[k].value = (senda_str_t){ w->names + at + f->name.n, f->value.n };
        at += f->name.n + f->value.n;
        w->nfields++;
    }
}

static inline void
world_keep_deed(world_t *w, const intent_t *i)
{
    assert_true(i->run.n > 0 && i->run.n <= sizeof(w->deeds[0].bytes));
    if (w->ndeeds == DEEDS)
        return;
    memcpy(w->deeds[w->ndeeds].bytes, i->run.p, i->run.n);
    w->deeds[w->ndeeds++].len = i->run.n;
}

/* What a benefit is, and until when. */
static inline void
world_benefit(world_t *w, const intent_t *i)
{
    const prog_step_t *s = i->step;

    if (s->kind == STEP_CREDIT)
        world_say(w, "credit %lld", (long long)s->value);
    else
        world_say(w, "%s %s", s->kind == STEP_COUPON ? "coupon" : "gift", s->text);
    if (i->until == 0)
        world_say(w, "\n");
    else
        world_say(w, " until +%lld\n", (long long)(i->until - START));
}

static inline void
world_message(world_t *w, const intent_t *i)
{
    static const char *const channels[] = { "", " by sms", " by push", " by webpush" };

    world_keep_fields(w, i);
    world_say(w, "gets %s%s", i->step->template, channels[i->channel]);
    if (i->recipe != NULL)
        world_say(w, " with %u of recipe %d", i->recipe->number, (int)i->recipe->recipe);
    for (unsigned k = 0; k < i->nbenefits; k++)
        world_say(w, " and step %u", i->benefits[k]->id);
    for (unsigned k = 0; w->fields_too && k < i->nfields; k++)
        world_say(w, " %.*s=%.*s", (int)i->fields[k].name.n, i->fields[k].name.p,
            (int)i->fields[k].value.n, i->fields[k].value.p);
    world_say(w, "\n");
}

/* What only those hear who ask for it. */
static inline void
world_told(world_t *w, const intent_t *i)
{
    static const char *const reasons[] = { "none", "only if", "again", "same second", "running",
        "unreachable", "stop", "limit", "stock" };

    switch (i->kind) {
    case INTENT_REFUSED:
        world_say(w, "refused %s: %s\n", i->flow->name, reasons[i->reason]);
        break;
    case INTENT_SKIPPED:
        world_say(w, "skips %s: %s\n", i->step->template, reasons[i->reason]);
        break;
    case INTENT_WITHHELD:
        world_say(w, "withheld step %u\n", i->step->id);
        break;
    case INTENT_WAITS:
        world_say(w, "waits at %u until +%lld\n", i->step->id, (long long)(i->until - START));
        break;
    case INTENT_BRANCH:
        if (i->step->kind == STEP_IF)
            world_say(w, "if %u: %s\n", i->step->id, i->on ? "yes" : "no");
        else
            world_say(w, "branch %u\n", i->branch);
        break;
    default:
        fail();
    }
}

/* "+3600 c7 gets cart-1", c0 is an anonymous visitor. */
static inline void
world_line(world_t *w, const intent_t *i)
{
    static const char *const kinds[] = { "starts", "stops", "ends", "goal" };

    world_say(w, "+%lld c%u ", (long long)(i->at - START), (unsigned)i->who.contact);
    switch (i->kind) {
    case INTENT_STARTED:
    case INTENT_STOPPED:
    case INTENT_FINISHED:
    case INTENT_GOAL:
        world_say(w, "%s %s%s\n", kinds[i->kind], i->flow->name,
            i->reason == REASON_STOCK ? ": sold out" : "");
        break;
    case INTENT_RECALL:
        world_say(w, "recalls %s\n", i->flow->name);
        break;
    case INTENT_MESSAGE:
        world_message(w, i);
        break;
    case INTENT_TAG:
        world_say(w, "tag %s\n", i->tag->name);
        break;
    case INTENT_UNTAG:
        world_say(w, "untag %s\n", i->tag->name);
        break;
    case INTENT_SET:
        world_say(w, "set %s\n", i->step->text);
        break;
    case INTENT_BENEFIT:
        world_benefit(w, i);
        break;
    case INTENT_NOTIFY:
    case INTENT_CALL:
        world_say(w, "%s %s\n", i->kind == INTENT_CALL ? "calls" : "notifies", i->step->text);
        break;
    case INTENT_SCORE:
        world_say(w, "score %lld\n", (long long)i->score);
        break;
    case INTENT_STANDING:
        world_say(w, "stands otherwise\n");
        break;
    case INTENT_SHOW:
        world_say(w, "%s %s\n", i->on ? "shows" : "hides", i->show->block);
        break;
    default:
        world_told(w, i);
    }
}

static inline void
world_intent(void *ctx, const intent_t *i)
{
    world_t *w = ctx;

    switch (i->kind) {
    case INTENT_SAVE:
        world_save(w, i);
        break;
    case INTENT_FORGET:
        world_forget(w, i);
        break;
    case INTENT_DEED:
        assert_int_equal(engine_deed_is_lasting(i->run), i->step->kind != STEP_SEND);
        world_keep_deed(w, i);
        break;
    default:
        world_line(w, i);
    }
}

static inline void
world_open(world_t *w, bool everybody)
{
    w->options.everybody_reachable = everybody;
    w->program.site = "shop";
    w->program.site_id = 1;
    w->engine = engine_new(&w->program, &w->options, world_intent, w);
    assert_non_null(w->engine);
}

static inline world_t *
world_new(const prog_flow_t *flows, unsigned nflows, const prog_tag_t *tags, unsigned ntags)
{
    world_t *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->program.flows = flows;
    w->program.nflows = nflows;
    w->program.tags = tags;
    w->program.ntags = ntags;
    world_open(w, true);
    return w;
}

/* Opened anew after a change of the program or the options; what was said and kept is gone. */
static inline void
world_reopen(world_t *w, bool everybody)
{
    engine_free(w->engine);
    world_open(w, everybody);
    w->said[0] = '\0';
    w->len = 0;
    w->nrecords = 0;
    w->ndeeds = 0;
}

/* Madrid in 2026: START is 28 May, a Thursday, 22:26:40 there. */
static const senda_zone_step_t madrid_steps[] = { { 1774746000, 7200 }, { 1792890000, 3600 } };
static const senda_zone_t madrid = { 3600, 2, madrid_steps };

/* A local time there, in seconds since START. */
static inline senda_sec_t
in_madrid(int year, int month, int day, int hour, int minute)
{
    return senda_zone_utc_of(&madrid, (senda_local_t){ year, month, day, hour, minute, 0, 0 }) -
        START;
}

static inline void
world_free(world_t *w)
{
    engine_free(w->engine);
    free(w);
}

static inline engine_who_t
who(uint64_t contact, uint8_t visitor)
{
    return (engine_who_t){ .contact = contact, .visitor = { { visitor } } };
}

/* A page (or event) of somebody at START + at. */
static inline void
does(world_t *w, engine_who_t person, senda_sec_t at, senda_key_t key)
{
    engine_event_t ev = { .at = START + at,
        .who = person,
        .nkeys = 1,
        .keys = { key },
        .page = !senda_key_is_event(key) };

    engine_event(w->engine, &ev, ENGINE_ACT);
}

/* The same with fields: "total=9.90;item=a". */
static inline void
does_with(world_t *w, engine_who_t person, senda_sec_t at, senda_key_t key, const char *fields)
{
    engine_event_t ev = { .at = START + at,
        .who = person,
        .nkeys = 1,
        .keys = { key },
        .page = !senda_key_is_event(key) };

    while (*fields != '\0') {
        size_t name = strcspn(fields, "="), value = strcspn(fields + name + 1, ";");
        senda_capture_t *f = &ev.fields[ev.nfields++];

        f->name = (senda_str_t){ fields, name };
        f->value = (senda_str_t){ fields + name + 1, value };
        if (name == 5 && memcmp(fields, "order", name) == 0)
            ev.order = f->value;
        fields += name + 1 + value;
        fields += *fields == ';';
    }
    engine_event(w->engine, &ev, ENGINE_ACT);
}

static inline void
until(world_t *w, senda_sec_t at)
{
    engine_advance(w->engine, START + at, ENGINE_ACT);
}

/* What was said until now does not matter. */
static inline void
hush(world_t *w)
{
    w->said[0] = '\0';
    w->len = 0;
}

/* All that was said since the last look. */
static inline void
said(world_t *w, const char *expected)
{
    assert_string_equal(w->said, expected);
    hush(w);
}

#endif
