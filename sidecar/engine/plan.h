/*
 * The program by what happens: each key that a rule names has a slot, each
 * slot its rules, so that a visit touches only the rules that name it. Tags
 * and armed absences have slots too: one kind of memory for all three.
 *
 * Slots: keys, then tags, then rules (the moment that armed its absence).
 */

#ifndef SENDA_ENGINE_PLAN_H
#define SENDA_ENGINE_PLAN_H

#include "program.h"

#define SLOT_NONE UINT32_MAX

/* A `when` line: of a tag or of a flow. */
typedef struct {
    const prog_trigger_t *trigger;
    bool is_tag;
    uint32_t owner;        /* number of the tag or flow in the program */
    uint32_t verb, absent; /* key slots or SLOT_NONE */
    uint32_t armed;        /* slot of the moment that armed it */
} rule_t;

typedef struct {
    uint32_t channels;     /* CHANNEL_BITs of its sends */
    uint32_t nstop, ngoal; /* slots that `stop if` and the goal name */
    const uint32_t *stop, *goal;
} flow_plan_t;

typedef struct {
    uint32_t nkeys, ntags, nrules, nslots;
    uint32_t *caps;         /* moments to keep, by slot */
    rule_t *rules;          /* tags' first, each in file order */
    uint32_t *first, *refs; /* rules of key slot s: refs[first[s]] … refs[first[s + 1] - 1] */
    flow_plan_t *flows;
    uint32_t nalone, *alone; /* rules of absence alone: armed when a person is first seen */

    senda_key_t *keys; /* by slot */
    uint32_t *table;   /* key to slot + 1, open addressing */
    uint32_t table_size;
    uint32_t *watched; /* what flows[].stop and goal point into */
} plan_t;

/* NULL if there is no memory. */
plan_t *plan_new(const program_t *program);
void plan_free(plan_t *p);

/* A key's slot, SLOT_NONE if no rule names it. */
uint32_t plan_slot(const plan_t *p, senda_key_t key);

static inline uint32_t
plan_tag_slot(const plan_t *p, uint32_t tag)
{
    return p->nkeys + tag;
}

static inline uint32_t
plan_rule_slot(const plan_t *p, uint32_t rule)
{
    return p->nkeys + p->ntags + rule;
}

/* How often a verb must have happened. */
static inline uint32_t
verb_times(const prog_verb_t *v)
{
    return v->count == COUNT_SOME || v->times == 0 ? 1 : v->times;
}

#endif
