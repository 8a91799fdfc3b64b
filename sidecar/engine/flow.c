/*
 * Runs of flows: what ends one, what its goal is, what it waits for. A run is
 * moved by its timer, by a change that its `stop if`, goal or wait names, or by
 * another run that leaves its flow, by nothing else; each change of a run is
 * said with its record, so that it can be stored with what it caused. Runs of
 * one person that move together do so in file order.
 */

#include "flow.h"

#include <stdlib.h>

senda_sec_t
engine_flow_forget_at(const engine_t *e, const run_t *run)
{
    const prog_flow_t *f = flow_of(e, run);
    senda_sec_t start = stamp_sec(run->began), until = start + 1, later;

    if (f->again == AGAIN_NEVER || (f->again == AGAIN_EACH && (run->entry & ENTRY_OF_VALUE) != 0))
        return TIMER_NEVER;
    if (f->again == AGAIN_AFTER) {
        later = engine_later(e, start, f->again_after);
        until = later > until ? later : until;
    }
    if (f->goal != NULL && !run->goal && !senda_span_is_zero(f->goal_within)) {
        later = engine_later(e, start, f->goal_within);
        until = later > until ? later : until;
    }
    return until;
}

uint32_t
flow_reach(const engine_t *e, const person_t *p, const prog_flow_t *f)
{
    if (e->everybody)
        return UINT32_MAX;
    return f->transactional ? p->address : p->address & p->consent;
}

bool
flow_withholds(engine_t *e, const run_t *r)
{
    engine_who_t who;

    if (e->no_control || e->program->control == 0 || flow_of(e, r)->transactional)
        return false;
    engine_who(e, engine_person(e, r->person), &who);
    return engine_person_share(&who, 0, 0) < e->program->control;
}

/* ---- ends ---- */

/* A message of it may still wait for its server: `stop if` is heard also after the end. */
static bool
may_recall(const engine_t *e, const run_t *r)
{
    return r->state == RUN_OVER && !r->recalled && e->now < stamp_sec(r->waits) + e->recall &&
        e->plan->flows[r->flow].channels != 0 && flow_of(e, r)->stop != NULL;
}

static bool
may_reach_goal(const engine_t *e, const run_t *r)
{
    const prog_flow_t *f = flow_of(e, r);

    return f->goal != NULL && !r->goal && !senda_span_is_zero(f->goal_within);
}

static void
drop_fields(run_t *r)
{
    free(r->fields);
    r->fields = NULL;
    r->fields_len = 0;
}

void
flow_end(engine_t *e, uint32_t run, intent_kind_t how, intent_reason_t reason)
{
    run_t *r = engine_run(e, run);
    intent_t intent = { .kind = how, .reason = reason };
    senda_sec_t until;

    e->stats.runs--;
    r->state = RUN_OVER;
    r->waits = engine_stamp(e);
    r->look = TIMER_NEVER;
    r->recipe = 0;
    r->ngiven = 0;
    r->recalled = how == INTENT_STOPPED;
    engine_say(e, &intent, r);
    until = engine_flow_forget_at(e, r);
    if (may_recall(e, r) && until < e->now + e->recall)
        until = e->now + e->recall;
    if (until <= e->now) {
        engine_say_run(e, INTENT_FORGET, r);
        engine_run_drop(e, run);
        return;
    }
    if (!may_recall(e, r) && !may_reach_goal(e, r))
        drop_fields(r);
    engine_run_arm(e, run, until);
    engine_say_run(e, INTENT_SAVE, r);
}

void
flow_leave(engine_t *e, uint32_t person, uint32_t flow)
{
    uint32_t next;

    for (uint32_t id = engine_person(e, person)->runs; id != 0; id = next) {
        const run_t *r = engine_run(e, id);

        next = r->next;
        if (r->flow == flow && flow_is_on(r))
            flow_end(e, id, INTENT_STOPPED, REASON_NONE);
    }
}

/* ---- `stop if` ---- */

static scope_t
scope_of(const run_t *r, stamp_t after)
{
    return (scope_t){ .after = after,
        .began = r->began,
        .fields = r->fields,
        .fields_len = r->fields_len,
        .in_flow = true };
}

static bool
is_marked(const engine_t *e, const uint32_t *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (engine_marked(e, slots[i]))
            return true;
    }
    return false;
}

bool
flow_stops(engine_t *e, const run_t *r)
{
    const prog_flow_t *f = flow_of(e, r);
    scope_t scope = scope_of(r, r->after);

    return f->stop != NULL && engine_cond_holds(e, engine_person(e, r->person), f->stop, &scope);
}

bool
flow_stops_itself(engine_t *e, uint32_t run)
{
    const run_t *r = engine_run(e, run);
    const flow_plan_t *plan = &e->plan->flows[r->flow];

    if (!is_marked(e, plan->stop, plan->nstop) || !flow_stops(e, r))
        return false;
    flow_end(e, run, INTENT_STOPPED, REASON_NONE);
    return true;
}

void
flow_look(engine_t *e, uint32_t run)
{
    const run_t *r = engine_run(e, run);
    scope_t scope = scope_of(r, r->after);
    senda_sec_t next;

    if (!e->plan->flows[r->flow].stop_ages || !flow_is_on(r))
        return;
    next = engine_cond_next(e, engine_person(e, r->person), flow_of(e, r)->stop, &scope);
    if (next != r->look)
        engine_run_look(e, run, next);
}

/* ---- changes ---- */

/* "3 times" has been reached; a login may bring more at once. */
static bool
has_come(engine_t *e, const run_t *r, const prog_cond_t *c, stamp_t after)
{
    scope_t scope = scope_of(r, after);
    prog_cond_t reached = *c;

    if (c->kind == COND_VERB && c->verb.count == COUNT_EXACTLY)
        reached.verb.count = COUNT_AT_LEAST;
    return engine_cond_holds(e, engine_person(e, r->person), &reached, &scope);
}

static bool
reaches_goal(engine_t *e, const run_t *r)
{
    const prog_flow_t *f = flow_of(e, r);
    const flow_plan_t *plan = &e->plan->flows[r->flow];

    if (f->goal == NULL || r->goal || !is_marked(e, plan->goal, plan->ngoal))
        return false;
    if (senda_span_is_zero(f->goal_within)) {
        if (!flow_is_on(r))
            return false;
    } else if (e->now >= engine_later(e, stamp_sec(r->began), f->goal_within)) {
        return false;
    }
    return has_come(e, r, f->goal, r->began);
}

static bool
is_stopped(engine_t *e, const run_t *r)
{
    const flow_plan_t *plan = &e->plan->flows[r->flow];

    return (flow_is_on(r) || may_recall(e, r)) && is_marked(e, plan->stop, plan->nstop) &&
        flow_stops(e, r);
}

/* The slots that the wait names in which the run is; none if it is in none for an event. */
static slots_t
awaited(const engine_t *e, const run_t *r)
{
    if (r->state != RUN_WAITS || r->step == 0 ||
        flow_of(e, r)->steps[r->step - 1].kind != STEP_WAIT_EVENT)
        return (slots_t){ 0, NULL };
    return e->plan->flows[r->flow].waits[r->step - 1];
}

/* What the run waits for has come. */
static bool
is_awaited(engine_t *e, const run_t *r)
{
    slots_t slots = awaited(e, r);

    return is_marked(e, slots.list, slots.n) &&
        has_come(e, r, flow_of(e, r)->steps[r->step - 1].cond, r->waits);
}

/* A run that one happening both stops and brings to its goal has reached it: counted, then ended. */
static void
run_changed(engine_t *e, uint32_t id)
{
    run_t *r = engine_run(e, id);
    bool stopped = is_stopped(e, r), reached = reaches_goal(e, r);
    uint32_t person = r->person;

    if (reached) {
        r->goal = true;
        engine_say_run(e, INTENT_GOAL, r);
    }
    if (!flow_is_on(r)) {
        if (stopped) {
            r->recalled = true;
            engine_say_run(e, INTENT_RECALL, r);
        }
        if (!may_recall(e, r) && !may_reach_goal(e, r))
            drop_fields(r);
        if (stopped || reached)
            engine_say_run(e, INTENT_SAVE, r);
    } else if (stopped || reached) {
        flow_end(e, id, stopped ? INTENT_STOPPED : INTENT_FINISHED, REASON_NONE);
    } else if (is_awaited(e, r)) {
        step_go_on(e, id);
        engine_settle(e, person, NULL, ENGINE_ACT);
    } else {
        flow_look(e, id);
    }
}

static int
by_flow(const void *a, const void *b, void *ctx)
{
    engine_t *e = ctx;
    const run_t *x = engine_run(e, *(const uint32_t *)a), *y = engine_run(e, *(const uint32_t *)b);

    if (x->flow != y->flow)
        return x->flow < y->flow ? -1 : 1;
    if (x->began != y->began)
        return x->began < y->began ? -1 : 1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

static bool
is_touched(const engine_t *e, const run_t *r)
{
    const flow_plan_t *plan = &e->plan->flows[r->flow];
    slots_t slots = awaited(e, r);
    bool on = flow_is_on(r);

    return ((on || may_recall(e, r)) && is_marked(e, plan->stop, plan->nstop)) ||
        ((on || may_reach_goal(e, r)) && is_marked(e, plan->goal, plan->ngoal)) ||
        is_marked(e, slots.list, slots.n);
}

/* Runs of the person whose flow names what is marked, in e->work, in file order. */
static size_t
collect(engine_t *e, uint32_t person)
{
    size_t n = 0;

    for (uint32_t id = engine_person(e, person)->runs; id != 0; id = engine_run(e, id)->next) {
        const run_t *r = engine_run(e, id);

        if (!is_touched(e, r))
            continue;
        if (n == e->work_size) {
            size_t size = n == 0 ? 64 : 2 * n;
            uint32_t *work = realloc(e->work, size * sizeof(*work));

            if (work == NULL) {
                e->stats.refused++;
                break;
            }
            e->work = work;
            e->work_size = size;
        }
        e->work[n++] = id;
    }
    if (n > 1)
        qsort_r(e->work, n, sizeof(*e->work), by_flow, e);
    return n;
}

void
engine_flow_changed(engine_t *e, uint32_t person)
{
    size_t n = engine_person(e, person)->runs == 0 ? 0 : collect(e, person);

    /* a run may end others of its person on the way */
    for (size_t i = 0; i < n; i++) {
        const run_t *r = engine_run(e, e->work[i]);

        if (r->person == person && (flow_is_on(r) || r->state == RUN_OVER))
            run_changed(e, e->work[i]);
    }
}

/* ---- timers ---- */

static void
run_due(engine_t *e, uint32_t id)
{
    run_t *r = engine_run(e, id);
    uint32_t person = r->person;

    if (r->state == RUN_OVER) {
        engine_say_run(e, INTENT_FORGET, r);
        engine_run_drop(e, id);
    } else if (flow_stops(e, r)) {
        flow_end(e, id, INTENT_STOPPED, REASON_NONE);
    } else {
        step_go_on(e, id);
        engine_settle(e, person, NULL, ENGINE_ACT);
    }
}

static void
look_due(engine_t *e, uint32_t id)
{
    run_t *r = engine_run(e, id);

    r->look = TIMER_NEVER;
    if (flow_stops(e, r))
        flow_end(e, id, INTENT_STOPPED, REASON_NONE);
    else
        flow_look(e, id);
}

/* The earliest begun of the person's runs for which the timer still means something; 0: none. */
static uint32_t
meant_by(engine_t *e, const timer_entry_t *timer)
{
    bool look = timer_kind(timer->what) == TIMER_STOP;
    uint32_t flow = timer_number(timer->what), found = 0;

    for (uint32_t id = engine_person(e, timer->person)->runs; id != 0;
         id = engine_run(e, id)->next) {
        const run_t *r = engine_run(e, id);

        if (r->flow != flow || (look ? r->look : r->due) != timer->due)
            continue;
        if (found == 0 || by_flow(&id, &found, e) < 0)
            found = id;
    }
    return found;
}

void
engine_flow_due(engine_t *e, const timer_entry_t *timer)
{
    uint32_t id;

    if (!engine_person(e, timer->person)->alive)
        return;
    while ((id = meant_by(e, timer)) != 0) {
        if (timer_kind(timer->what) == TIMER_STOP)
            look_due(e, id);
        else
            run_due(e, id);
    }
}

void
engine_flow_resume(engine_t *e)
{
    e->resumes = false;
    for (uint32_t id = 1; id < e->runs.next; id++) {
        const run_t *r = engine_run(e, id);

        if (flow_is_on(r) && e->plan->flows[r->flow].stop_ages)
            engine_run_look(e, id, e->now);
    }
}

void
engine_flow_free(engine_t *e)
{
    for (uint32_t i = 0; i < e->nenters; i++)
        free(e->enters[i].fields);
    free(e->work);
}
