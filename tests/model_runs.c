/*
 * The model's list of events read for every question, its conditions, and what
 * runs of flows do: who may start one, what its steps say, what ends it.
 */

#include "model_parts.h"

#include <stdlib.h>

void
model_tell(model_t *m, unsigned person, intent_kind_t kind, const char *name)
{
    model_say(m->out,
        (model_line_t){ .at = m->now, .who = m->persons[person].name, .kind = kind, .name = name });
}

/* ---- the list ---- */

bool
model_has_key(const entry_t *e, senda_key_t key)
{
    for (unsigned i = 0; i < e->nkeys; i++) {
        if (e->keys[i] == key)
            return true;
    }
    return false;
}

unsigned
model_level(const model_t *m, unsigned person, senda_key_t key, int64_t after, senda_span_t within)
{
    senda_sec_t old = INT64_MIN;
    unsigned n = 0;

    if (!senda_span_is_zero(within))
        old = model_add(&m->program->zone, m->now, within, -1);
    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        n += e->person == person && e->stamp > after && e->at > old && model_has_key(e, key);
    }
    return n;
}

bool
model_enough(const prog_verb_t *v, unsigned n)
{
    return n >= (v->count == COUNT_SOME ? 1 : v->times);
}

/* ---- conditions ---- */

bool
model_holds(const model_t *m, const run_t *run, const prog_cond_t *c, int64_t after)
{
    unsigned n;

    switch (c->kind) {
    case COND_AND:
        return model_holds(m, run, c->left, after) && model_holds(m, run, c->right, after);
    case COND_OR:
        return model_holds(m, run, c->left, after) || model_holds(m, run, c->right, after);
    case COND_NOT:
        return !model_holds(m, run, c->left, after);
    case COND_TAG:
        return (m->persons[run->person].tags & 1ull << c->tag) != 0;
    default:
        if (c->verb.since_start && run->began > after)
            after = run->began;
        n = model_level(m, run->person, c->verb.key, after, c->verb.within);
        return c->verb.count == COUNT_EXACTLY ? n == c->verb.times : model_enough(&c->verb, n);
    }
}

/* ---- runs ---- */

static bool
can_reach(const model_t *m, const run_t *run, prog_channel_t channel)
{
    const person_t *p = &m->persons[run->person];
    uint32_t bits = model_flow(m, run)->transactional ? p->service : p->reach;

    return m->everybody || (bits & CHANNEL_BIT(channel)) != 0;
}

/* One of its messages reaches the person, or it sends none. */
static bool
worth_it(const model_t *m, const run_t *run)
{
    const prog_flow_t *flow = model_flow(m, run);
    bool sends = false;

    for (unsigned i = 0; i < flow->nsteps; i++) {
        const prog_step_t *s = &flow->steps[i];

        for (unsigned k = 0; s->kind == STEP_SEND && k < s->nchannels; k++) {
            sends = true;
            if (can_reach(m, run, s->channels[k]))
                return true;
        }
    }
    return !sends;
}

static void
message(model_t *m, const run_t *run, const prog_step_t *step)
{
    for (unsigned k = 0; k < step->nchannels; k++) {
        if (can_reach(m, run, step->channels[k])) {
            model_say(m->out,
                (model_line_t){ .at = m->now,
                    .who = m->persons[run->person].name,
                    .kind = INTENT_MESSAGE,
                    .name = model_flow(m, run)->name,
                    .template = step->template,
                    .channel = step->channels[k],
                    .item = run->item });
            return;
        }
    }
}

void
model_end_run(model_t *m, run_t *run, intent_kind_t how)
{
    model_tell(m, run->person, how, model_flow(m, run)->name);
    run->going = false;
}

void
model_go_on(model_t *m, run_t *run)
{
    const prog_flow_t *flow = model_flow(m, run);

    for (;;) {
        const prog_step_t *step = &flow->steps[run->step++];

        switch (step->kind) {
        case STEP_WAIT:
            run->due = model_add(&m->program->zone, m->now, step->span, 1);
            return;
        case STEP_SEND:
            message(m, run, step);
            break;
        case STEP_IF:
            if (!model_holds(m, run, step->cond, INT64_MIN))
                run->step = step->target;
            break;
        case STEP_JUMP:
            run->step = step->target;
            break;
        case STEP_END:
            model_end_run(m, run, INTENT_FINISHED);
            return;
        }
    }
}

static bool
may_start(const model_t *m, const run_t *new)
{
    const prog_flow_t *flow = model_flow(m, new);

    for (unsigned i = 0; i < m->nruns; i++) {
        const run_t *r = &m->runs[i];

        if (r->person != new->person || r->flow != new->flow)
            continue;
        if (r->going || flow->again == AGAIN_NEVER || r->start == m->now)
            return false; /* the second names the run: at most one starts in it */
        if (flow->again == AGAIN_AFTER &&
            m->now < model_add(&m->program->zone, r->start, flow->again_after, 1))
            return false;
    }
    return worth_it(m, new) && (flow->stop == NULL || !model_holds(m, new, flow->stop, new->after));
}

void
model_start(model_t *m, unsigned person, unsigned flow, int64_t after, uint32_t item)
{
    run_t new = { .person = person,
        .flow = flow,
        .after = after,
        .began = m->stamp,
        .start = m->now,
        .going = true,
        .item = item };

    if (!may_start(m, &new))
        return;
    if (m->nruns == RUNS)
        abort();
    m->runs[m->nruns] = new;
    model_tell(m, person, INTENT_STARTED, m->program->flows[flow].name);
    model_go_on(m, &m->runs[m->nruns++]);
}

/* Within its time: while the run goes on, or so long after its start. */
static bool
goal_reached(const model_t *m, const run_t *run)
{
    const prog_flow_t *flow = model_flow(m, run);
    const prog_verb_t *v;

    if (flow->goal == NULL || run->goal)
        return false;
    if (senda_span_is_zero(flow->goal_within)
            ? !run->going
            : m->now >= model_add(&m->program->zone, run->start, flow->goal_within, 1))
        return false;
    v = &flow->goal->verb;
    return model_enough(v, model_level(m, run->person, v->key, run->began, v->within));
}

/* Whether something that the condition names has just changed. */
static bool
is_named(const model_t *m, const prog_cond_t *c)
{
    if (c == NULL)
        return false;
    if (c->kind == COND_TAG)
        return (m->new_tags & 1ull << c->tag) != 0;
    if (c->kind != COND_VERB)
        return is_named(m, c->left) || is_named(m, c->right);
    for (unsigned i = 0; i < m->nentries; i++) {
        if (m->entries[i].is_new && model_has_key(&m->entries[i], c->verb.key))
            return true;
    }
    return false;
}

void
model_stops(model_t *m, unsigned person)
{
    for (unsigned i = 0; i < m->nruns; i++) {
        run_t *run = &m->runs[i];
        const prog_flow_t *flow = model_flow(m, run);
        bool reached;

        if (run->person != person)
            continue;
        reached = goal_reached(m, run);
        if (reached) {
            run->goal = true;
            model_tell(m, person, INTENT_GOAL, flow->name);
        }
        if (run->going && flow->stop != NULL && is_named(m, flow->stop) &&
            model_holds(m, run, flow->stop, run->after))
            model_end_run(m, run, INTENT_STOPPED);
        if (run->going && reached)
            model_end_run(m, run, INTENT_FINISHED);
    }
}
