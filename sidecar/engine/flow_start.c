/*
 * Starts of flows: who may start one, under which name, with which fields. A
 * start that is refused leaves no trace but, to those who asked, its reason.
 * What a run's step enters starts when the run has gone on and its effects are
 * worked off; each flow starts at most once a second a person, so flows that
 * enter one another come to an end.
 */

#include "flow.h"
#include "hash.h"

#include <stdlib.h>

typedef struct {
    uint32_t flow;
    uint64_t entry;
    stamp_t after;
    char *fields; /* completed */
    size_t fields_len;
} attempt_t;

/* The second, or of "each FIELD" what the happening says; without it each is one of its own. */
static uint64_t
entry_of(const engine_t *e, const prog_flow_t *f, const char *fields, size_t len)
{
    senda_str_t value = { "", 0 };

    if (f->again == AGAIN_EACH)
        value = engine_field_in(fields, len, f->again_each);
    if (value.n == 0)
        return (uint64_t)e->now;
    return engine_hash(value) | ENTRY_OF_VALUE;
}

/* A run that is kept forbids one more; one start a second: the second names the run. */
static intent_reason_t
refused_by(const engine_t *e, const run_t *r, const attempt_t *s)
{
    const prog_flow_t *f = &e->program->flows[s->flow];

    if (f->again == AGAIN_EACH && r->entry != s->entry)
        return REASON_NONE;
    if (flow_is_on(r))
        return REASON_RUNNING;
    if (f->again == AGAIN_NEVER || f->again == AGAIN_EACH)
        return REASON_AGAIN;
    if (f->again == AGAIN_AFTER && e->now < engine_later(e, stamp_sec(r->began), f->again_after))
        return REASON_AGAIN;
    return stamp_sec(r->began) >= e->now ? REASON_SAME_SECOND : REASON_NONE;
}

static intent_reason_t
again_refuses(const engine_t *e, const person_t *p, const attempt_t *s)
{
    intent_reason_t all = REASON_NONE, one;

    for (uint32_t id = p->runs; id != 0;) {
        const run_t *r = pool_at(&e->runs, id);

        id = r->next;
        if (r->flow != s->flow)
            continue;
        one = refused_by(e, r, s);
        if (one == REASON_RUNNING)
            return one;
        all = one == REASON_NONE ? all : one;
    }
    return all;
}

static bool
is_reachable(const engine_t *e, const person_t *p, uint32_t flow)
{
    uint32_t channels = e->plan->flows[flow].channels;

    return channels == 0 || (channels & flow_reach(e, p, &e->program->flows[flow])) != 0;
}

/* Whether it may start; completes the fields on the way, when they are needed. */
static intent_reason_t
refusal(engine_t *e, const person_t *p, attempt_t *s, const char *fields, size_t len)
{
    const prog_flow_t *f = &e->program->flows[s->flow];
    intent_reason_t again = again_refuses(e, p, s);
    bool reachable = is_reachable(e, p, s->flow);
    scope_t scope = { .began = engine_stamp(e), .in_flow = true };

    if (again != REASON_NONE)
        return again;
    if (!reachable && !e->tell)
        return REASON_UNREACHABLE;
    s->fields_len = engine_fields_complete(e, p, fields, len, &s->fields);
    scope.fields = s->fields;
    scope.fields_len = (uint16_t)s->fields_len;
    if (f->only != NULL && !engine_cond_holds(e, p, f->only, &scope))
        return REASON_ONLY_IF;
    if (!reachable)
        return REASON_UNREACHABLE;
    scope.after = s->after;
    return f->stop != NULL && engine_cond_holds(e, p, f->stop, &scope) ? REASON_STOP : REASON_NONE;
}

static void
tell_refused(engine_t *e, const person_t *p, uint32_t flow, intent_reason_t reason)
{
    intent_t intent = { .kind = INTENT_REFUSED,
        .at = e->now,
        .flow = &e->program->flows[flow],
        .reason = reason };

    if (!e->tell)
        return;
    engine_who(e, p, &intent.who);
    e->intent(e->ctx, &intent);
}

/* The run begins and takes its first steps. */
static void
begin(engine_t *e, uint32_t person, attempt_t *s)
{
    uint32_t id = engine_run_new(e, person, RUN_WAITS);
    run_t *r;

    if (id == 0)
        return;
    r = engine_run(e, id);
    r->flow = s->flow;
    r->entry = s->entry;
    r->after = s->after;
    r->began = engine_stamp(e);
    r->fields = s->fields;
    r->fields_len = (uint16_t)s->fields_len;
    s->fields = NULL;
    e->stats.runs++;
    engine_say_run(e, INTENT_STARTED, r);
    step_go_on(e, id);
}

void
flow_enter(engine_t *e, const run_t *r, uint32_t flow)
{
    enter_t enter = { .flow = flow };

    if (e->nenters == ENGINE_ENTERS_MAX) {
        e->stats.refused++;
        return;
    }
    if (r->fields_len > 0 && (enter.fields = malloc(r->fields_len)) != NULL) {
        memcpy(enter.fields, r->fields, r->fields_len);
        enter.fields_len = r->fields_len;
    }
    e->enters[e->nenters++] = enter;
}

uint32_t
engine_flow_entered(engine_t *e, enter_t *out)
{
    uint32_t n = e->nenters;

    memcpy(out, e->enters, n * sizeof(*out));
    e->nenters = 0;
    return n;
}

void
engine_flow_start(engine_t *e, uint32_t person, uint32_t flow, stamp_t after, const char *fields,
    size_t fields_len)
{
    attempt_t a = { .flow = flow, .after = after };
    intent_reason_t reason;

    a.entry = entry_of(e, &e->program->flows[flow], fields, fields_len);
    reason = refusal(e, engine_person(e, person), &a, fields, fields_len);
    if (reason == REASON_NONE)
        begin(e, person, &a);
    else
        tell_refused(e, engine_person(e, person), flow, reason);
    free(a.fields);
    engine_settle(e, person, NULL, ENGINE_ACT);
}
