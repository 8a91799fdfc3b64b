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

/* "+3600 c7 message cart-1", c0 is an anonymous visitor. */
static inline void
world_intent(void *ctx, const intent_t *i)
{
    static const char *const kinds[] = { "starts", "stops", "ends", "goal" };
    world_t *w = ctx;
    long long at = (long long)(i->at - START);
    unsigned contact = (unsigned)i->who.contact;

    switch (i->kind) {
    case INTENT_MESSAGE:
        world_keep_fields(w, i);
        world_say(w, "+%lld c%u gets %s\n", at, contact, i->step->template);
        break;
    case INTENT_TAG:
        world_say(w, "+%lld c%u tag %s\n", at, contact, i->tag->name);
        break;
    case INTENT_SAVE:
        world_save(w, i);
        break;
    case INTENT_FORGET:
        world_forget(w, i);
        break;
    default:
        world_say(w, "+%lld c%u %s %s\n", at, contact, kinds[i->kind], i->flow->name);
    }
}

static inline void
world_open(world_t *w, bool everybody)
{
    engine_options_t options = { .everybody_reachable = everybody };

    w->program.site = "shop";
    w->program.site_id = 1;
    w->engine = engine_new(&w->program, &options, world_intent, w);
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
