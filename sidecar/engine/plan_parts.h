/*
 * What the plan's own files share while a plan is made. Nothing else includes
 * this.
 */

#ifndef SENDA_ENGINE_PLAN_PARTS_H
#define SENDA_ENGINE_PLAN_PARTS_H

#include "plan.h"

/* Numbers gathered; each only once where a set is asked for. */
typedef struct {
    uint32_t *list;
    uint32_t n, size;
} numbers_t;

typedef struct {
    plan_t *plan;
    const program_t *program;
    bool standing; /* segments and stages are watched */
    uint32_t counters_size;
    bool failed;         /* no memory, or a bound is passed */
    uint32_t *slot_seen; /* by slot, segment, … : the walk that came by last */
    uint32_t *segment_seen;
    uint32_t walk;
} planner_t;

bool numbers_push(numbers_t *n, uint32_t number);

/* plan_verbs.c */

/* The counter of a verb's happenings, new if there is none. SLOT_NONE: it has failed. */
uint32_t plan_counter_make(planner_t *m, const prog_verb_t *v, keep_t keep);
/* All that the program counts, how many moments each keeps. */
void plan_collect(planner_t *m);

/* Frees it with the plan. */
bool plan_own(plan_t *p, void *block);

/* plan_rules.c */
void plan_make_rules(planner_t *m);   /* and their list by slot */
void plan_make_watches(planner_t *m); /* and theirs */
void plan_make_flows(planner_t *m);

/*
 * Items (NULL: 0, 1, …) listed by kind, in order: those of kind k are
 * refs[first[k]] … refs[first[k + 1] - 1]. Of SLOT_NONE: left out. first is
 * zero and has nkinds + 2 places.
 */
void plan_sort_by(uint32_t *first, uint32_t nkinds, const uint32_t *kinds, uint32_t n,
    uint32_t *refs, const uint32_t *items);

#endif
