/*
 * Flows: who may start one, what its steps do, what ends it. A run is moved
 * by its timer or by a change that its `stop if` or goal names, by nothing
 * else; each change of a run is said with its record, so that it can be
 * stored with what it caused.
 */

#include "engine_state.h"

#include <stdlib.h>

senda_sec_t
engine_flow_forget_at(const engine_t *e, const run_t *run)
{
    const prog_flow_t *f = &e->program->flows[run->flow];
    senda_sec_t start = stamp_sec(run->began), until = start + 1, goal;

    if (f->again == AGAIN_NEVER)
        return TIMER_NEVER;
    if (f->again == AGAIN_AFTER) {
        goal = engine_later(e, start, f->again_after);
        until = goal > until ? goal : until;
    }
    if (f->goal != NULL && !run->goal && !senda_span_is_zero(f->goal_within)) {
        goal = engine_later(e, start, f->goal_within);
        until = goal > until ? goal : until;
    }
    return until;
}

/* `again`, one run at a time, and one start a second: the second names the run. */
static bool
again_allows(const engine_t *e, const person_t *p, uint32_t flow)
{
    const prog_flow_t *f = &e->program->flows[flow];

    for (uint32_t id = p->runs; id != 0;) {
        const run_t *r = pool_at(&e->runs, id);

        id = r->next;
        if (r->flow != flow || (r->state != RUN_WAITS && r->state != RUN_OVER))
            continue;
        if (r->state == RUN_WAITS || f->again == AGAIN_NEVER || stamp_sec(r->began) >= e->now)
            return false;
        if (f->again == AGAIN_AFTER &&
            e->now < engine_later(e, stamp_sec(r->began), f->again_after))
            return false;
    }
    return true;
}

static uint32_t
reach_of(const engine_t *e, const person_t *p, const prog_flow_t *f)
{
    if (e->everybody)
        return UINT32_MAX;
    return f->transactional ? p->service : p->reach;
}

static bool
is_reachable(const engine_t *e, const person_t *p, uint32_t flow)
{
    uint32_t channels = e->plan->flows[flow].channels;

    return channels == 0 || (channels & reach_of(e, p, &e->program->flows[flow])) != 0;
}

/* A message of it may still wait for its server: `stop if` is heard also after the end. */
static bool
may_recall(const engine_t *e, const run_t *r)
{
    return e->recall > 0 && !r->recalled && e->plan->flows[r->flow].channels != 0 &&
        e->program->flows[r->flow].stop != NULL;
}

/* The run has ended: kept while `again`, its goal or a recall still needs it, else forgotten. */
static void
end(engine_t *e, uint32_t id, intent_kind_t how)
{
    run_t *r = engine_run(e, id);
    senda_sec_t until;

    e->stats.runs -= r->state == RUN_WAITS;
    r->state = RUN_OVER;
    r->recalled = how == INTENT_STOPPED;
    engine_say_run(e, how, r);
    free(r->fields);
    r->fields = NULL;
    r->fields_len = 0;
    until = engine_flow_forget_at(e, r);
    if (may_recall(e, r) && until < e->now + e->recall)
        until = e->now + e->recall;
    if (until <= e->now) {
        engine_say_run(e, INTENT_FORGET, r);
        engine_run_drop(e, id);
        return;
    }
    engine_run_arm(e, id, until);
    engine_say_run(e, INTENT_SAVE, r);
}

/* The first channel of the step that reaches the person; none: the step is skipped. */
static void
send(engine_t *e, const run_t *r, const prog_step_t *step)
{
    const person_t *p = engine_person(e, r->person);
    uint32_t reach = reach_of(e, p, &e->program->flows[r->flow]);

    for (unsigned i = 0; i < step->nchannels; i++) {
        if ((reach & CHANNEL_BIT(step->channels[i])) != 0) {
            intent_t intent = { .kind = INTENT_MESSAGE,
                .step = step,
                .channel = step->channels[i] };

            engine_say(e, &intent, r);
            return;
        }
    }
}

/* Steps until one waits or the flow ends. Targets only lead forward, so this ends. */
static void
go_on(engine_t *e, uint32_t id)
{
    run_t *r = engine_run(e, id);
    const prog_flow_t *f = &e->program->flows[r->flow];
    uint32_t i = r->step;

    while (i < f->nsteps && f->steps[i].kind != STEP_END) {
        const prog_step_t *step = &f->steps[i];

        switch (step->kind) {
        case STEP_WAIT:
            r->step = i + 1;
            engine_run_arm(e, id, engine_later(e, e->now, step->span));
            engine_say_run(e, INTENT_SAVE, r);
            return;
        case STEP_SEND:
            send(e, r, step);
            i++;
            break;
        case STEP_IF:
            i = engine_cond_holds(e, engine_person(e, r->person), step->cond, 0, r->began)
                ? i + 1
                : (step->target > i ? step->target : f->nsteps);
            break;
        case STEP_JUMP:
            i = step->target > i ? step->target : f->nsteps;
            break;
        case STEP_END:
            break;
        }
    }
    r->step = i;
    end(e, id, INTENT_FINISHED);
}

void
engine_flow_start(engine_t *e, uint32_t person, uint32_t flow, stamp_t after, const char *fields,
    size_t fields_len)
{
    person_t *p = engine_person(e, person);
    const prog_flow_t *f = &e->program->flows[flow];
    uint32_t id;
    run_t *r;

    if (!again_allows(e, p, flow) || !is_reachable(e, p, flow))
        return;
    if (f->stop != NULL && engine_cond_holds(e, p, f->stop, after, engine_stamp(e)))
        return;
    id = engine_run_new(e, person, RUN_WAITS);
    if (id == 0)
        return;
    r = engine_run(e, id);
    r->flow = flow;
    r->after = after;
    r->began = engine_stamp(e);
    r->entry = (uint64_t)e->now;
    if (fields_len > 0 && (r->fields = malloc(fields_len)) != NULL) {
        memcpy(r->fields, fields, fields_len);
        r->fields_len = (uint16_t)fields_len;
    }
    e->stats.runs++;
    engine_say_run(e, INTENT_STARTED, r);
    go_on(e, id);
}

static bool
is_marked(const engine_t *e, const uint32_t *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (e->marks[slots[i]] == e->tick)
            return true;
    }
    return false;
}

static bool
goal_reached(const engine_t *e, const person_t *p, const run_t *r)
{
    const prog_flow_t *f = &e->program->flows[r->flow];
    const flow_plan_t *plan = &e->plan->flows[r->flow];
    prog_cond_t goal;

    if (f->goal == NULL || r->goal || !is_marked(e, plan->goal, plan->ngoal))
        return false;
    if (senda_span_is_zero(f->goal_within)) {
        if (r->state != RUN_WAITS)
            return false;
    } else if (e->now >= engine_later(e, stamp_sec(r->began), f->goal_within)) {
        return false;
    }
    goal = *f->goal;
    if (goal.kind == COND_VERB && goal.verb.count == COUNT_EXACTLY)
        goal.verb.count = COUNT_AT_LEAST; /* it is reached; a login may bring more at once */
    return engine_cond_holds(e, p, &goal, r->began, r->began);
}

static bool
is_stopped(const engine_t *e, const person_t *p, const run_t *r)
{
    const prog_flow_t *f = &e->program->flows[r->flow];
    const flow_plan_t *plan = &e->plan->flows[r->flow];

    return (r->state == RUN_WAITS || may_recall(e, r)) && f->stop != NULL &&
        is_marked(e, plan->stop, plan->nstop) &&
        engine_cond_holds(e, p, f->stop, r->after, r->began);
}

/* A run that one happening both stops and brings to its goal has reached it: counted, then ended. */
void
engine_flow_changed(engine_t *e, uint32_t person)
{
    const person_t *p = engine_person(e, person);
    uint32_t next;

    for (uint32_t id = p->runs; id != 0; id = next) {
        run_t *r = engine_run(e, id);
        bool stopped, reached;

        next = r->next;
        if (r->state != RUN_WAITS && r->state != RUN_OVER)
            continue;
        stopped = is_stopped(e, p, r);
        reached = goal_reached(e, p, r);
        if (reached) {
            r->goal = true;
            engine_say_run(e, INTENT_GOAL, r);
        }
        if (stopped && r->state == RUN_OVER) {
            r->recalled = true;
            engine_say_run(e, INTENT_RECALL, r);
        }
        if (r->state == RUN_WAITS && (stopped || reached))
            end(e, id, stopped ? INTENT_STOPPED : INTENT_FINISHED);
        else if (reached)
            engine_say_run(e, INTENT_SAVE, r);
    }
}

void
engine_flow_due(engine_t *e, uint32_t run)
{
    run_t *r = engine_run(e, run);
    const prog_flow_t *f = &e->program->flows[r->flow];
    const person_t *p = engine_person(e, r->person);

    if (r->state == RUN_OVER) {
        engine_say_run(e, INTENT_FORGET, r);
        engine_run_drop(e, run);
    } else if (f->stop != NULL && engine_cond_holds(e, p, f->stop, r->after, r->began)) {
        end(e, run, INTENT_STOPPED);
    } else {
        go_on(e, run);
    }
}
