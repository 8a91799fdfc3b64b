/*
 * What is true of a person now, and when time alone may change it, from what
 * is kept of the person alone: never scans a log, never changes anything.
 */

#include "engine_state.h"

/* Segments and stages are states: they see everything, and belong to no run. */
static const scope_t whole;

/* Sums and ages are states: they see everything, too, unless they say `since start`. */
static stamp_t
state_behind(const prog_verb_t *v, const scope_t *scope)
{
    return v->since_start ? scope->began : 0;
}

/* A run's first message may have the very moment at which the run began: it is since its start. */
static stamp_t
behind(const prog_verb_t *v, const scope_t *scope)
{
    stamp_t began = scope->began - (v->key == senda_key_event(SENDA_EV_MESSAGE_GET));

    return v->since_start && began > scope->after ? began : scope->after;
}

bool
engine_next_of(senda_str_t *texts, senda_str_t *one)
{
    const char *comma;

    if (texts->n == 0)
        return false;
    comma = memchr(texts->p, ',', texts->n);
    one->p = texts->p;
    one->n = comma == NULL ? texts->n : (size_t)(comma - texts->p);
    texts->p += one->n + (comma != NULL);
    texts->n -= one->n + (comma != NULL);
    return true;
}

/* In a flow: the run's value, of several any one; elsewhere any value at all. */
static bool
same_holds(const engine_t *e, const person_t *p, const prog_verb_t *v, uint32_t slot,
    const scope_t *scope)
{
    bool exactly = v->count == COUNT_EXACTLY;
    uint32_t times = exactly ? v->times : verb_times(v);
    stamp_t after = behind(v, scope);
    senda_str_t values, one;

    if (!scope->in_flow)
        return engine_level_any(e, p->history, slot, times, exactly, after, v->within);
    values = engine_field_in(scope->fields, scope->fields_len, v->capture);
    while (engine_next_of(&values, &one)) {
        uint32_t n = engine_level_of(e, p->history, slot, engine_value(one), after, v->within);

        if (exactly ? n == times : n >= times)
            return true;
    }
    return false;
}

bool
engine_verb_holds(engine_t *e, const person_t *p, const prog_verb_t *v, const scope_t *scope)
{
    uint32_t slot = plan_verb_slot(e->plan, v, plan_keep_of(v)), n;

    if (slot != SLOT_NONE && v->by == BY_SAME)
        return same_holds(e, p, v, slot, scope);
    n = slot == SLOT_NONE ? 0 : engine_level(e, p->history, slot, behind(v, scope), v->within);
    return v->count == COUNT_EXACTLY ? n == v->times : n >= verb_times(v);
}

static bool
total_holds(const engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope)
{
    uint32_t slot = plan_verb_slot(e->plan, &c->verb, KEEP_SUM);
    int64_t sum = slot == SLOT_NONE
        ? 0
        : engine_sum(e, p->history, slot, state_behind(&c->verb, scope), c->verb.within);

    return value_compare(sum, c->cmp, c->value);
}

/* The first or last moment of a verb; false: there is none. */
static bool
moment_of(const engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope,
    stamp_t *at)
{
    bool first = c->kind == COND_FIRST;
    uint32_t slot = plan_verb_slot(e->plan, &c->verb, first ? KEEP_FIRST : KEEP_MOMENTS);
    history_part_t part;

    if (slot == SLOT_NONE)
        return false;
    part = history_part(&e->histories, p->history, slot);
    if (part.count == 0 || (!first && part.n == 0))
        return false;
    *at = first ? part.fixed[0] : history_at(&part, part.n - 1);
    return *at > state_behind(&c->verb, scope);
}

static bool
age_holds(const engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope)
{
    stamp_t at;

    return moment_of(e, p, c, scope, &at) &&
        (engine_later(e, stamp_sec(at), c->span) <= e->now) == c->older;
}

static bool
field_holds(const engine_t *e, const person_t *p, const prog_cond_t *c)
{
    int64_t value;

    return engine_field_of(e, p, c->what, &value) && value_compare(value, c->cmp, c->value);
}

/* Of the lines that are true the last holds; a line that asks for a stage finds none. */
static int32_t
stage_line(engine_t *e, const person_t *p)
{
    int32_t i = e->in_stage ? -1 : (int32_t)e->program->nstages - 1;
    bool was = e->in_stage;

    e->in_stage = true;
    while (i >= 0 && !engine_cond_holds(e, p, e->program->stages[i].cond, &whole))
        i--;
    e->in_stage = was;
    return i;
}

int32_t
engine_stage_of(engine_t *e, const person_t *p)
{
    return stage_line(e, p);
}

bool
engine_cond_holds(engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope)
{
    int32_t stage;

    switch (c->kind) {
    case COND_VERB:
        return engine_verb_holds(e, p, &c->verb, scope);
    case COND_TAG:
        return engine_tag_had(e, p, c->what);
    case COND_AND:
        return engine_cond_holds(e, p, c->left, scope) && engine_cond_holds(e, p, c->right, scope);
    case COND_OR:
        return engine_cond_holds(e, p, c->left, scope) || engine_cond_holds(e, p, c->right, scope);
    case COND_NOT:
        return !engine_cond_holds(e, p, c->left, scope);
    case COND_TOTAL:
        return total_holds(e, p, c, scope);
    case COND_FIRST:
    case COND_LAST:
        return age_holds(e, p, c, scope);
    case COND_SCORE:
        return value_compare(engine_score_of(e, p), c->cmp, c->value);
    case COND_STAGE:
        stage = stage_line(e, p);
        return stage >= 0 && e->program->stages[stage].stage == c->what;
    case COND_SEGMENT:
        return engine_cond_holds(e, p, e->program->segments[c->what].cond, &whole);
    case COND_FIELD:
        return field_holds(e, p, c);
    case COND_HAS:
        return e->everybody || (p->address & CHANNEL_BIT(c->what)) != 0;
    case COND_CONSENTS:
        return e->everybody || (p->consent & CHANNEL_BIT(c->what)) != 0;
    }
    return false;
}

/* ---- when time changes it ---- */

static inline senda_sec_t
earlier(senda_sec_t a, senda_sec_t b)
{
    return a < b ? a : b;
}

/* All that is kept may leave the window. */
static senda_sec_t
any_leaves(const engine_t *e, const history_part_t *part, senda_span_t within)
{
    senda_sec_t next = TIMER_NEVER;

    for (uint32_t i = 0; i < part->n; i++)
        next = earlier(next, engine_leaves(e, stamp_sec(history_at(part, i)), within));
    return next;
}

/* A count of at least N ends when the N-th latest leaves; exactly N also with the one before. */
static senda_sec_t
verb_next(const engine_t *e, const person_t *p, const prog_verb_t *v, keep_t keep)
{
    uint32_t slot = plan_verb_slot(e->plan, v, keep), n = verb_times(v);
    senda_sec_t next = TIMER_NEVER;
    history_part_t part;

    if (slot == SLOT_NONE || senda_span_is_zero(v->within))
        return TIMER_NEVER;
    part = history_part(&e->histories, p->history, slot);
    if (keep == KEEP_VALUES || keep == KEEP_SUM)
        return any_leaves(e, &part, v->within);
    if (v->count == COUNT_EXACTLY && v->times == 0)
        n = 0;
    if (n > 0 && part.n >= n)
        next = engine_leaves_near(e, &part, part.n - n, v->within);
    if (v->count == COUNT_EXACTLY && part.n > n)
        next = earlier(next, engine_leaves_near(e, &part, part.n - n - 1, v->within));
    return next;
}

static senda_sec_t
age_next(const engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope)
{
    senda_sec_t reached;
    stamp_t at;

    if (!moment_of(e, p, c, scope, &at))
        return TIMER_NEVER;
    reached = engine_later(e, stamp_sec(at), c->span);
    return reached > e->now ? reached : TIMER_NEVER;
}

static senda_sec_t
tag_next(const engine_t *e, const person_t *p, uint32_t tag)
{
    uint32_t slot = plan_tag_slot(e->plan, tag);
    history_part_t part = history_part(&e->histories, p->history, slot);
    senda_sec_t end;

    if (part.count == 0 || e->plan->shapes[slot].fixed < 2)
        return TIMER_NEVER;
    end = (senda_sec_t)part.fixed[1];
    return end > e->now ? end : TIMER_NEVER;
}

static senda_sec_t
stage_next(engine_t *e, const person_t *p)
{
    senda_sec_t next = TIMER_NEVER;

    if (e->in_stage)
        return next;
    e->in_stage = true;
    for (unsigned i = 0; i < e->program->nstages; i++)
        next = earlier(next, engine_cond_next(e, p, e->program->stages[i].cond, &whole));
    e->in_stage = false;
    return next;
}

senda_sec_t
engine_cond_next(engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope)
{
    switch (c->kind) {
    case COND_VERB:
        return verb_next(e, p, &c->verb, plan_keep_of(&c->verb));
    case COND_TOTAL:
        return verb_next(e, p, &c->verb, KEEP_SUM);
    case COND_FIRST:
    case COND_LAST:
        return age_next(e, p, c, scope);
    case COND_TAG:
        return tag_next(e, p, c->what);
    case COND_AND:
    case COND_OR:
        return earlier(engine_cond_next(e, p, c->left, scope),
            engine_cond_next(e, p, c->right, scope));
    case COND_NOT:
        return engine_cond_next(e, p, c->left, scope);
    case COND_SEGMENT:
        return engine_cond_next(e, p, e->program->segments[c->what].cond, &whole);
    case COND_STAGE:
        return stage_next(e, p);
    case COND_SCORE:
    case COND_FIELD:
    case COND_HAS:
    case COND_CONSENTS:
        break;
    }
    return TIMER_NEVER;
}
