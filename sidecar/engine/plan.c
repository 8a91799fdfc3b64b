/*
 * Walks the program once at the start: gives slots, counts how many moments
 * each must keep, lists rules by slot. Nothing here runs while events come,
 * but plan_slot. Fails as a whole for want of memory.
 */

#include "plan.h"
#include "history.h"

#include <stdlib.h>

static uint32_t
key_hash(senda_key_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> 32);
}

uint32_t
plan_slot(const plan_t *p, senda_key_t key)
{
    uint32_t mask = p->table_size - 1, i = key_hash(key) & mask;

    for (; p->table[i] != 0; i = (i + 1) & mask) {
        if (p->keys[p->table[i] - 1] == key)
            return p->table[i] - 1;
    }
    return SLOT_NONE;
}

/* The key's slot, new if it has none: the tables are large enough for all that the program names. */
static uint32_t
slot_make(plan_t *p, senda_key_t key)
{
    uint32_t mask = p->table_size - 1, i = key_hash(key) & mask;

    for (; p->table[i] != 0; i = (i + 1) & mask) {
        if (p->keys[p->table[i] - 1] == key)
            return p->table[i] - 1;
    }
    p->keys[p->nkeys++] = key;
    p->table[i] = p->nkeys;
    return p->nkeys - 1;
}

static void
need(plan_t *p, uint32_t slot, uint32_t moments)
{
    if (moments > HISTORY_MOMENTS_MAX)
        moments = HISTORY_MOMENTS_MAX;
    if (p->caps[slot] < moments)
        p->caps[slot] = moments;
}

/* Conditions: what is walked, and what to do at each leaf. */
typedef void (*leaf_pt)(plan_t *p, const prog_cond_t *c, bool scoped, void *ctx);

static void
walk(plan_t *p, const prog_cond_t *c, bool scoped, leaf_pt leaf, void *ctx)
{
    if (c == NULL)
        return;
    if (c->kind == COND_VERB || c->kind == COND_TAG) {
        leaf(p, c, scoped, ctx);
        return;
    }
    walk(p, c->left, scoped, leaf, ctx);
    walk(p, c->right, scoped, leaf, ctx);
}

static void
leaf_count(plan_t *p, const prog_cond_t *c, bool scoped, void *ctx)
{
    (void)p, (void)c, (void)scoped;
    ++*(size_t *)ctx;
}

static void
leaf_slot(plan_t *p, const prog_cond_t *c, bool scoped, void *ctx)
{
    const prog_verb_t *v = &c->verb;

    (void)ctx;
    if (c->kind != COND_VERB)
        return;
    if (scoped || v->since_start || !senda_span_is_zero(v->within))
        need(p, slot_make(p, v->key), verb_times(v) + (v->count == COUNT_EXACTLY));
    else
        slot_make(p, v->key);
}

static void
leaf_watch(plan_t *p, const prog_cond_t *c, bool scoped, void *ctx)
{
    uint32_t **next = ctx;

    (void)scoped;
    *(*next)++ = c->kind == COND_VERB ? plan_slot(p, c->verb.key) : plan_tag_slot(p, c->tag);
}

static void
walk_flow(plan_t *p, const prog_flow_t *f, leaf_pt leaf, void *ctx)
{
    walk(p, f->stop, true, leaf, ctx);
    walk(p, f->goal, true, leaf, ctx);
    for (unsigned i = 0; i < f->nsteps; i++)
        walk(p, f->steps[i].cond, false, leaf, ctx);
}

static void
add_rules(plan_t *p, const prog_trigger_t *t, unsigned n, bool is_tag, uint32_t owner)
{
    for (unsigned i = 0; i < n; i++) {
        rule_t r = { &t[i], is_tag, owner, SLOT_NONE, SLOT_NONE, 0 };

        if (!t[i].has_verb && !t[i].has_absent)
            continue;
        if (t[i].has_verb) {
            r.verb = slot_make(p, t[i].verb.key);
            if (t[i].verb.count != COUNT_SOME && !senda_span_is_zero(t[i].verb.within))
                need(p, r.verb, verb_times(&t[i].verb) + 1);
        }
        if (t[i].has_absent) {
            r.absent = slot_make(p, t[i].absent.key);
            need(p, r.absent, verb_times(&t[i].absent));
        }
        p->rules[p->nrules++] = r;
    }
}

/* Every place of the program that could name a key or need a rule: the bounds of the tables. */
static void
measure(plan_t *p, const program_t *g, size_t *keys, size_t *rules, size_t *watched)
{
    *keys = *rules = *watched = 0;
    for (unsigned i = 0; i < g->ntags; i++)
        *rules += g->tags[i].nwhens;
    for (unsigned i = 0; i < g->nflows; i++) {
        *rules += g->flows[i].nstarts;
        walk_flow(p, &g->flows[i], leaf_count, watched);
    }
    *keys = 2 * *rules + *watched;
}

static bool
make_room(plan_t *p, const program_t *g, size_t keys, size_t rules, size_t watched)
{
    uint32_t size = 16;

    while (size < 2 * keys)
        size *= 2;
    p->table_size = size;
    p->table = calloc(size, sizeof(*p->table));
    p->keys = calloc(keys + 1, sizeof(*p->keys));
    p->caps = calloc(keys + g->ntags + rules + 1, sizeof(*p->caps));
    p->rules = calloc(rules + 1, sizeof(*p->rules));
    p->alone = calloc(rules + 1, sizeof(*p->alone));
    p->refs = calloc(rules + 1, sizeof(*p->refs));
    p->first = calloc(keys + 2, sizeof(*p->first));
    p->flows = calloc((size_t)g->nflows + 1, sizeof(*p->flows));
    p->watched = calloc(watched + 1, sizeof(*p->watched));
    return p->table != NULL && p->keys != NULL && p->caps != NULL && p->rules != NULL &&
        p->alone != NULL && p->refs != NULL && p->first != NULL && p->flows != NULL &&
        p->watched != NULL;
}

static uint32_t
rule_key(const rule_t *r)
{
    return r->verb != SLOT_NONE ? r->verb : r->absent;
}

/* Rules by key slot, in file order: counted, summed, filled. */
static void
list_rules(plan_t *p)
{
    for (uint32_t i = 0; i < p->nrules; i++)
        p->first[rule_key(&p->rules[i]) + 1]++;
    for (uint32_t s = 0; s < p->nkeys; s++)
        p->first[s + 1] += p->first[s];
    for (uint32_t i = p->nrules; i-- > 0;) {
        rule_t *r = &p->rules[i];

        r->armed = plan_rule_slot(p, i);
        p->caps[r->armed] = 1;
        p->refs[--p->first[rule_key(r) + 1]] = i;
    }
    for (uint32_t s = 0; s < p->nkeys; s++)
        p->first[s] = p->first[s + 1];
    p->first[p->nkeys] = p->nrules;
    for (uint32_t i = 0; i < p->nrules; i++) {
        if (p->rules[i].verb == SLOT_NONE)
            p->alone[p->nalone++] = i;
    }
}

static void
plan_flow(plan_t *p, const prog_flow_t *f, flow_plan_t *out, uint32_t **next)
{
    for (unsigned i = 0; i < f->nsteps; i++) {
        for (unsigned k = 0; f->steps[i].kind == STEP_SEND && k < f->steps[i].nchannels; k++)
            out->channels |= CHANNEL_BIT(f->steps[i].channels[k]);
    }
    out->stop = *next;
    walk(p, f->stop, true, leaf_watch, next);
    out->nstop = (uint32_t)(*next - out->stop);
    out->goal = *next;
    walk(p, f->goal, true, leaf_watch, next);
    out->ngoal = (uint32_t)(*next - out->goal);
}

plan_t *
plan_new(const program_t *program)
{
    plan_t *p = calloc(1, sizeof(*p));
    size_t keys, rules, watched;
    uint32_t *next;

    if (p == NULL)
        return NULL;
    measure(p, program, &keys, &rules, &watched);
    if (!make_room(p, program, keys, rules, watched)) {
        plan_free(p);
        return NULL;
    }
    for (unsigned i = 0; i < program->ntags; i++)
        add_rules(p, program->tags[i].whens, program->tags[i].nwhens, true, i);
    for (unsigned i = 0; i < program->nflows; i++) {
        const prog_flow_t *f = &program->flows[i];

        add_rules(p, f->starts, f->nstarts, false, i);
        walk_flow(p, f, leaf_slot, NULL);
    }
    p->ntags = program->ntags;
    p->nslots = p->nkeys + p->ntags + p->nrules;
    for (unsigned i = 0; i < program->ntags; i++)
        p->caps[plan_tag_slot(p, i)] = 1;
    list_rules(p);
    next = p->watched;
    for (unsigned i = 0; i < program->nflows; i++)
        plan_flow(p, &program->flows[i], &p->flows[i], &next);
    return p;
}

void
plan_free(plan_t *p)
{
    if (p == NULL)
        return;
    free(p->table);
    free(p->keys);
    free(p->caps);
    free(p->rules);
    free(p->alone);
    free(p->refs);
    free(p->first);
    free(p->flows);
    free(p->watched);
    free(p);
}
