/*
 * What the program counts: every verb, wherever it stands, is given the
 * counter of its happenings; verbs that differ only in number or window share
 * one. Of each it is found out how many moments it must keep. Works at the
 * start only, but for the look-ups. Fails by marking the planner.
 */

#include "plan_parts.h"

#include <stdlib.h>

keep_t
plan_keep_of(const prog_verb_t *v)
{
    switch (v->by) {
    case BY_SAME:
        return KEEP_VALUES;
    case BY_DIFFERENT:
        return KEEP_DIFFERENT;
    case BY_DAY:
        return KEEP_DAYS;
    case BY_NONE:
        break;
    }
    return KEEP_MOMENTS;
}

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same_filters(const prog_verb_t *a, const prog_verb_t *b)
{
    for (unsigned i = 0; i < a->nfilters; i++) {
        const prog_filter_t *x = &a->filters[i], *y = &b->filters[i];

        if (x->cmp != y->cmp || x->type != y->type || x->value != y->value ||
            !same_text(x->field, y->field))
            return false;
    }
    return true;
}

static bool
is_by_value(keep_t keep)
{
    return keep == KEEP_VALUES || keep == KEEP_DIFFERENT;
}

/* Do both mean the same happenings? */
static bool
same_happenings(const prog_verb_t *a, const prog_verb_t *b, keep_t keep)
{
    if (a->key != b->key || a->happens != b->happens || a->span.months != b->span.months ||
        a->span.days != b->span.days || a->span.secs != b->span.secs || a->place != b->place ||
        a->channels != b->channels || a->top != b->top || a->nfilters != b->nfilters ||
        (a->before == NULL) != (b->before == NULL) || !same_text(a->template, b->template))
        return false;
    if (is_by_value(keep) && !same_text(a->capture, b->capture))
        return false;
    return same_filters(a, b) &&
        (a->before == NULL || same_happenings(a->before, b->before, KEEP_MOMENTS));
}

static uint32_t
verb_hash(const prog_verb_t *v, keep_t keep)
{
    uint64_t h = v->key;

    h = h * 31 + (uint64_t)v->happens;
    h = h * 31 + (uint64_t)keep;
    h = h * 31 + v->nfilters + v->channels;
    h = h * 31 + v->top + v->place + (v->before != NULL);
    h = h * 31 + (uint64_t)(v->span.secs + v->span.days);
    return (uint32_t)(h * 0x9e3779b97f4a7c15ull >> 32);
}

/* The place of the verb's counter in the table, or the empty one where it belongs. */
static uint32_t
verb_place(const plan_t *p, const prog_verb_t *v, keep_t keep)
{
    uint32_t mask = p->verb_table_size - 1, i = verb_hash(v, keep) & mask;

    for (; p->verb_table[i] != 0; i = (i + 1) & mask) {
        const counter_t *c = &p->counters[p->verb_table[i] - 1];

        if (c->keep == keep && same_happenings(c->verb, v, keep))
            break;
    }
    return i;
}

uint32_t
plan_verb_slot(const plan_t *p, const prog_verb_t *v, keep_t keep)
{
    uint32_t found = p->verb_table[verb_place(p, v, keep)];

    return found == 0 ? SLOT_NONE : p->counters[found - 1].stands_for;
}

static bool
grow_table(plan_t *p)
{
    uint32_t size = p->verb_table_size == 0 ? 64 : 2 * p->verb_table_size, *old = p->verb_table;

    if (p->verb_table_size != 0 && 2 * (p->ncounters + 1) <= p->verb_table_size)
        return true;
    p->verb_table = calloc(size, sizeof(*p->verb_table));
    if (p->verb_table == NULL) {
        p->verb_table = old;
        return false;
    }
    free(old);
    p->verb_table_size = size;
    for (uint32_t i = 0; i < p->ncounters; i++)
        p->verb_table[verb_place(p, p->counters[i].verb, p->counters[i].keep)] = i + 1;
    return true;
}

static bool
grow_counters(planner_t *m)
{
    plan_t *p = m->plan;
    uint32_t size = m->counters_size == 0 ? 64 : 2 * m->counters_size;
    counter_t *counters;
    history_shape_t *shapes;

    if (p->ncounters < m->counters_size)
        return true;
    counters = realloc(p->counters, size * sizeof(*counters));
    if (counters != NULL)
        p->counters = counters;
    shapes = realloc(p->shapes, size * sizeof(*shapes));
    if (shapes != NULL)
        p->shapes = shapes;
    m->counters_size = counters == NULL || shapes == NULL ? m->counters_size : size;
    return counters != NULL && shapes != NULL;
}

static history_shape_t
shape_of(keep_t keep)
{
    switch (keep) {
    case KEEP_VALUES:
        return (history_shape_t){ .cap = SENDA_MOMENTS_MAX, .width = 2, .join = HISTORY_ROW };
    case KEEP_DIFFERENT:
        return (history_shape_t){ .cap = SENDA_MOMENTS_MAX, .width = 2, .join = HISTORY_LAST };
    case KEEP_DAYS:
        return (history_shape_t){ .cap = SENDA_MOMENTS_MAX, .width = 1, .join = HISTORY_DAYS };
    case KEEP_SUM:
        return (history_shape_t){ .cap = SENDA_MOMENTS_MAX,
            .fixed = 1,
            .width = 3,
            .join = HISTORY_ROW };
    case KEEP_FIRST:
        return (history_shape_t){ .fixed = 1, .join = HISTORY_LEAST };
    case KEEP_MOMENTS:
        break;
    }
    return (history_shape_t){ .width = 1, .join = HISTORY_ROW };
}

static bool
is_plain(const prog_verb_t *v)
{
    return v->happens == HAPPENS_KEY && v->template == NULL && v->channels == 0 && v->top == 0 &&
        v->nfilters == 0 && v->before == NULL;
}

/* Of a chain all links are walked by recursion. */
static bool
is_too_long(const prog_verb_t *v)
{
    uint32_t n = 0;

    while (v->before != NULL && n <= THEN_MAX) {
        v = v->before;
        n++;
    }
    return n > THEN_MAX;
}

uint32_t
plan_counter_make(planner_t *m, const prog_verb_t *v, keep_t keep)
{
    plan_t *p = m->plan;
    uint32_t slot = SLOT_NONE, before = SLOT_NONE;

    m->failed = m->failed || is_too_long(v);
    if (m->failed)
        return SLOT_NONE;
    if (p->verb_table_size != 0)
        slot = plan_verb_slot(p, v, keep);
    if (slot != SLOT_NONE)
        return slot;
    if (v->before != NULL) {
        before = plan_counter_make(m, v->before, KEEP_MOMENTS);
        if (before == SLOT_NONE)
            return SLOT_NONE;
        p->counters[before].kept = true;
        if (p->shapes[before].cap == 0)
            p->shapes[before].cap = 1;
    }
    if (!grow_counters(m) || !grow_table(p)) {
        m->failed = true;
        return SLOT_NONE;
    }
    slot = p->ncounters;
    p->verb_table[verb_place(p, v, keep)] = slot + 1;
    p->ncounters++;
    p->shapes[slot] = shape_of(keep);
    p->counters[slot] = (counter_t){ .verb = v,
        .keep = keep,
        .stands_for = slot,
        .before = before,
        .views = SLOT_NONE,
        .kept = keep != KEEP_MOMENTS || is_plain(v) };
    return slot;
}

/* The verb is asked for: so many of its last moments; counted: more than whether it happened. */
static void
need(planner_t *m, const prog_verb_t *v, keep_t keep, uint32_t moments, bool counted)
{
    uint32_t slot = plan_counter_make(m, v, keep);
    history_shape_t *shape;

    if (slot == SLOT_NONE)
        return;
    shape = &m->plan->shapes[slot];
    m->plan->counters[slot].counted |= counted || moments > 1;
    m->plan->counters[slot].kept = true;
    if (keep != KEEP_MOMENTS)
        return;
    if (moments > HISTORY_ENTRIES_MAX)
        moments = HISTORY_ENTRIES_MAX;
    if (shape->cap < moments)
        shape->cap = (uint16_t)moments;
}

/* scoped: it may look behind a moment, and then needs moments even without a window. */
static void
collect_cond(planner_t *m, const prog_cond_t *c, bool scoped)
{
    if (c == NULL)
        return;
    switch (c->kind) {
    case COND_VERB: {
        const prog_verb_t *v = &c->verb;
        bool some = v->count == COUNT_SOME || (v->count == COUNT_AT_LEAST && verb_times(v) == 1);

        scoped = scoped || v->since_start || !senda_span_is_zero(v->within);
        need(m, v, plan_keep_of(v), scoped ? verb_times(v) + (v->count == COUNT_EXACTLY) : 0,
            !some);
        break;
    }
    case COND_TOTAL:
        need(m, &c->verb, KEEP_SUM, 0, true);
        break;
    case COND_FIRST:
        need(m, &c->verb, KEEP_FIRST, 0, true);
        break;
    case COND_LAST:
        need(m, &c->verb, KEEP_MOMENTS, 1, false);
        break;
    case COND_AND:
    case COND_OR:
    case COND_NOT:
        collect_cond(m, c->left, scoped);
        collect_cond(m, c->right, scoped);
        break;
    default:
        break;
    }
}

static void
collect_trigger(planner_t *m, const prog_trigger_t *t)
{
    const prog_verb_t *v = &t->verb;

    if (t->kind == TRIGGER_TOTAL)
        need(m, v, KEEP_SUM, 0, true);
    else if (t->kind == TRIGGER_VERB && t->has_verb && v->count == COUNT_SOME)
        plan_counter_make(m, v, plan_keep_of(v));
    else if (t->kind == TRIGGER_VERB && t->has_verb)
        need(m, v, plan_keep_of(v), senda_span_is_zero(v->within) ? 0 : verb_times(v) + 1, true);
    if (t->has_absent)
        need(m, &t->absent, plan_keep_of(&t->absent), verb_times(&t->absent), false);
    collect_cond(m, t->cond, false);
}

static void
collect_flow(planner_t *m, const prog_flow_t *f)
{
    for (unsigned i = 0; i < f->nstarts; i++)
        collect_trigger(m, &f->starts[i]);
    collect_cond(m, f->only, false);
    collect_cond(m, f->stop, true);
    collect_cond(m, f->goal, true);
    for (unsigned i = 0; i < f->nsteps; i++)
        collect_cond(m, f->steps[i].cond, f->steps[i].kind == STEP_WAIT_EVENT);
}

static void
collect_tests(planner_t *m)
{
    const program_t *g = m->program;

    for (unsigned i = 0; i < g->ntests; i++) {
        for (unsigned k = 0; k < g->tests[i].nlines; k++)
            collect_cond(m, g->tests[i].lines[k].cond, false);
    }
}

/* The last page view: what `returns after` asks; the last of each day tells it as well. */
static void
share_last_page(planner_t *m)
{
    static const prog_verb_t any = { .key = SENDA_KEY_ANY };
    plan_t *p = m->plan;
    uint32_t days, slot;

    for (uint32_t i = 0; i < p->ncounters; i++) {
        if (p->counters[i].verb->happens == HAPPENS_RETURNS) {
            need(m, &any, KEEP_MOMENTS, 1, false);
            break;
        }
    }
    slot = plan_verb_slot(p, &any, KEEP_MOMENTS);
    days = plan_verb_slot(p, &any, KEEP_DAYS);
    p->last_page = slot;
    if (slot == SLOT_NONE || days == SLOT_NONE || p->counters[slot].counted)
        return;
    p->counters[slot].stands_for = days;
    p->last_page = days;
}

void
plan_collect(planner_t *m)
{
    const program_t *g = m->program;

    if (!grow_table(m->plan)) {
        m->failed = true;
        return;
    }
    for (unsigned i = 0; i < g->ntags; i++) {
        for (unsigned k = 0; k < g->tags[i].nwhens; k++)
            collect_trigger(m, &g->tags[i].whens[k]);
    }
    for (unsigned i = 0; i < g->nscores; i++) {
        for (unsigned k = 0; k < g->scores[i].nwhens; k++)
            collect_trigger(m, &g->scores[i].whens[k]);
    }
    for (unsigned i = 0; i < g->nflows; i++)
        collect_flow(m, &g->flows[i]);
    for (unsigned i = 0; i < g->nsegments; i++)
        collect_cond(m, g->segments[i].cond, false);
    for (unsigned i = 0; i < g->nstages; i++)
        collect_cond(m, g->stages[i].cond, false);
    for (unsigned i = 0; i < g->nshows; i++)
        collect_cond(m, g->shows[i].cond, false);
    collect_tests(m);
    if (!m->failed)
        share_last_page(m);
}
