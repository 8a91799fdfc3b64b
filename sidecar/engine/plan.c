/*
 * Walks the program once at the start: gives slots to all that is remembered,
 * lists counters by key. Nothing here runs while events come, but plan_key and
 * plan_slot. Fails as a whole for want of memory.
 */

#include "plan_parts.h"

#include <stdlib.h>

static uint32_t
key_hash(senda_key_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32);
}

uint32_t
plan_key(const plan_t *p, senda_key_t key)
{
    uint32_t mask = p->key_table_size - 1, i = key_hash(key) & mask;

    for (; p->key_table[i] != 0; i = (i + 1) & mask) {
        if (p->keys[p->key_table[i] - 1] == key)
            return p->key_table[i] - 1;
    }
    return SLOT_NONE;
}

uint32_t
plan_slot(const plan_t *p, senda_key_t key)
{
    const prog_verb_t v = { .key = key };
    uint32_t slot = plan_verb_slot(p, &v, KEEP_MOMENTS);

    return slot == SLOT_NONE || p->counters[slot].keep != KEEP_MOMENTS ? SLOT_NONE : slot;
}

bool
plan_own(plan_t *p, void *block)
{
    void **owned;

    if ((p->nowned & (p->nowned + 1)) == 0) { /* full: 0, 1, 3, 7 … there are */
        owned = realloc(p->owned, (2 * (size_t)p->nowned + 1) * sizeof(*owned));
        if (owned == NULL)
            return false;
        p->owned = owned;
    }
    p->owned[p->nowned++] = block;
    return true;
}

/* n slots of one shape; their first. */
static uint32_t
take(plan_t *p, uint32_t n, history_shape_t shape)
{
    uint32_t first = p->nslots;

    for (uint32_t i = 0; i < n; i++)
        p->shapes[p->nslots++] = shape;
    return first;
}

static bool
lasts(const program_t *g, unsigned tag)
{
    const prog_tag_t *t = &g->tags[tag];

    for (unsigned i = 0; t->lasts != NULL && i < t->nwhens; i++) {
        if (!senda_span_is_zero(t->lasts[i]))
            return true;
    }
    return false;
}

/* A person's score lines remember only `once` and `each`. */
static void
take_lines(plan_t *p, const program_t *g)
{
    p->lines = p->nslots;
    for (unsigned i = 0; i < g->nscores; i++) {
        uint8_t fixed = senda_span_is_zero(g->scores[i].each) ? 0 : 1;

        take(p, 1, (history_shape_t){ .fixed = fixed, .join = HISTORY_MOST });
    }
}

/* As many messages as a limit of the channel asks for. */
static void
take_limits(plan_t *p, const program_t *g)
{
    p->limits = take(p, CHANNELS, (history_shape_t){ .width = 1, .join = HISTORY_ROW });
    for (unsigned i = 0; i < g->nlimits; i++) {
        history_shape_t *shape = &p->shapes[p->limits + g->limits[i].channel];
        uint32_t times = g->limits[i].times;

        if (times > HISTORY_ENTRIES_MAX)
            times = HISTORY_ENTRIES_MAX;
        if (shape->cap < times)
            shape->cap = (uint16_t)times;
    }
}

/* Items bought are counted by value: an order that does not say them is the basket's. */
static bool
counts_items(const plan_t *p)
{
    for (uint32_t i = 0; i < p->ncounters; i++) {
        const prog_verb_t *v = p->counters[i].verb;

        if ((v->by == BY_SAME || v->by == BY_DIFFERENT) &&
            v->key == senda_key_event(SENDA_EV_PURCHASE) && strcmp(v->capture, "item") == 0)
            return true;
    }
    return false;
}

/* All that is remembered besides counters. */
static void
take_slots(plan_t *p, const program_t *g)
{
    const history_shape_t latest = { .fixed = 2, .join = HISTORY_MOST };

    p->nslots = p->ncounters;
    p->tags = p->nslots;
    for (unsigned i = 0; i < g->ntags; i++)
        take(p, 1, (history_shape_t){ .fixed = lasts(g, i) ? 2 : 1, .join = HISTORY_LEAST });
    p->fields = take(p, g->nfields, (history_shape_t){ .fixed = 1, .join = HISTORY_MINE });
    p->segments = take(p, g->nsegments, (history_shape_t){ 0 });
    take_lines(p, g);
    p->places = take(p, g->nplaces, (history_shape_t){ .fixed = 1, .join = HISTORY_MOST });
    take_limits(p, g);
    p->score = take(p, 1, (history_shape_t){ .fixed = 1, .join = HISTORY_ADD });
    p->browsed_points = take(p, 1, (history_shape_t){ .fixed = 1, .join = HISTORY_ADD });
    p->reach = take(p, 1, (history_shape_t){ 0 });
    p->born = take(p, 1, (history_shape_t){ 0 });
    p->notes = take(p, 1, (history_shape_t){ .fixed = 1, .join = HISTORY_APART });
    p->basket = p->latest_item = p->latest_q = p->latest_order = SLOT_NONE;
    for (uint32_t i = 0; i < p->nspends; i++)
        p->counters[p->spends[i]].views = take(p, 1,
            (history_shape_t){ .cap = VIEWS_MAX, .width = 3, .join = HISTORY_SET });
    if (g->nflows == 0 && !counts_items(p))
        return;
    p->basket = take(p, 1, (history_shape_t){ .cap = BASKET_MAX, .width = 1, .join = HISTORY_SET });
    p->latest_item = take(p, 1, latest);
    p->latest_q = take(p, 1, latest);
    p->latest_order = take(p, 1, latest);
}

static bool
make_room(planner_t *m)
{
    const program_t *g = m->program;
    plan_t *p = m->plan;
    size_t rules = 0, slots;
    history_shape_t *shapes;

    for (unsigned i = 0; i < g->ntags; i++)
        rules += g->tags[i].nwhens;
    for (unsigned i = 0; i < g->nscores; i++)
        rules += g->scores[i].nwhens;
    for (unsigned i = 0; i < g->nflows; i++)
        rules += g->flows[i].nstarts;
    slots = 2 * (size_t)p->ncounters + g->ntags + g->nfields + g->nsegments + g->nscores +
        g->nplaces + CHANNELS + 3 * rules + 2 * (size_t)g->nshows + 17 +
        (m->standing ? 2 * ((size_t)g->nsegments + g->nstages) : 0);
    shapes = slots > HISTORY_SLOTS_MAX ? NULL : realloc(p->shapes, slots * sizeof(*shapes));
    if (shapes != NULL)
        p->shapes = shapes;
    m->slot_seen = calloc(slots, sizeof(*m->slot_seen));
    m->segment_seen = calloc((size_t)g->nsegments + 1, sizeof(*m->segment_seen));
    return shapes != NULL && m->slot_seen != NULL && m->segment_seen != NULL;
}

/* The key's number, new if it has none. */
static uint32_t
key_make(plan_t *p, senda_key_t key)
{
    uint32_t mask = p->key_table_size - 1, i = key_hash(key) & mask;

    for (; p->key_table[i] != 0; i = (i + 1) & mask) {
        if (p->keys[p->key_table[i] - 1] == key)
            return p->key_table[i] - 1;
    }
    p->keys[p->nkeys++] = key;
    p->key_table[i] = p->nkeys;
    return p->nkeys - 1;
}

/* Counters by what an event brings: a key, a view that ends, a return, a position. */
static bool
list_counters(plan_t *p)
{
    const senda_key_t purchase = senda_key_event(SENDA_EV_PURCHASE);
    uint32_t n = p->ncounters, *of = calloc((size_t)n + 1, sizeof(*of));

    p->key_table_size = 16;
    while (p->key_table_size < 2 * n)
        p->key_table_size *= 2;
    p->key_table = calloc(p->key_table_size, sizeof(*p->key_table));
    p->keys = calloc((size_t)n + 1, sizeof(*p->keys));
    p->counters_first = calloc((size_t)n + 2, sizeof(*p->counters_first));
    p->counters_refs = calloc((size_t)n + 1, sizeof(*p->counters_refs));
    p->returns = calloc((size_t)n + 1, sizeof(*p->returns));
    p->spends = calloc((size_t)n + 1, sizeof(*p->spends));
    p->arrives = calloc((size_t)n + 1, sizeof(*p->arrives));
    p->sums = calloc((size_t)n + 1, sizeof(*p->sums));
    if (of == NULL || p->key_table == NULL || p->keys == NULL || p->counters_first == NULL ||
        p->counters_refs == NULL || p->returns == NULL || p->spends == NULL || p->arrives == NULL ||
        p->sums == NULL) {
        free(of);
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        const counter_t *c = &p->counters[i];

        of[i] = SLOT_NONE;
        if (c->stands_for != i)
            continue;
        p->sessions = p->sessions || c->before != SLOT_NONE || c->verb->happens == HAPPENS_SPENDS;
        if (c->verb->happens == HAPPENS_RETURNS)
            p->returns[p->nreturns++] = i;
        else if (c->verb->happens == HAPPENS_SPENDS)
            p->spends[p->nspends++] = i;
        else if (c->verb->happens == HAPPENS_ARRIVES)
            p->arrives[p->narrives++] = i;
        else
            of[i] = key_make(p, c->verb->key);
        if (c->keep == KEEP_SUM && c->verb->key == purchase)
            p->sums[p->nsums++] = i;
    }
    plan_sort_by(p->counters_first, p->nkeys, of, n, p->counters_refs, NULL);
    free(of);
    return true;
}

plan_t *
plan_new(const program_t *program, bool standing)
{
    plan_t *p = calloc(1, sizeof(*p));
    planner_t m = { .plan = p, .program = program, .standing = standing };

    if (p == NULL)
        return NULL;
    plan_collect(&m);
    if (!m.failed)
        m.failed = !make_room(&m) || !list_counters(p);
    if (!m.failed) {
        take_slots(p, program);
        plan_make_rules(&m);
    }
    if (!m.failed)
        plan_make_watches(&m);
    if (!m.failed)
        plan_make_flows(&m);
    if (!m.failed)
        m.failed = !plan_steps(p, program) || !plan_browsed(p, program);
    free(m.slot_seen);
    free(m.segment_seen);
    if (m.failed) {
        plan_free(p);
        return NULL;
    }
    return p;
}

void
plan_free(plan_t *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->nowned; i++)
        free(p->owned[i]);
    free(p->owned);
    free(p->shapes);
    free(p->counters);
    free(p->keys);
    free(p->counters_first);
    free(p->counters_refs);
    free(p->returns);
    free(p->spends);
    free(p->arrives);
    free(p->sums);
    free(p->rules);
    free(p->first);
    free(p->refs);
    free(p->alone);
    free(p->calendar);
    free(p->watches);
    free(p->watch_first);
    free(p->watch_refs);
    free(p->flows);
    free(p->follows);
    free(p->browsed);
    free(p->key_table);
    free(p->verb_table);
    free(p);
}
