/*
 * The program by what happens: each thing that a rule counts has a slot, each
 * slot its rules and watches, so that a visit touches only the rules that name
 * it. What else is remembered of a person (tags, armed absences, score,
 * fields, …) has slots too: one kind of memory for all. What no rule asks for
 * has no slot.
 */

#ifndef SENDA_ENGINE_PLAN_H
#define SENDA_ENGINE_PLAN_H

#include "history.h"
#include "program.h"

#define SLOT_NONE  UINT32_MAX
#define WATCH_NONE UINT32_MAX

#define THEN_MAX   16 /* verbs that `and then` joins before one; a longer chain makes no plan */
#define BASKET_MAX 50 /* items of one basket; further ones are refused */
#define VIEWS_MAX  8  /* browsers of one person of whom the end of a view is awaited */

/* What is kept of happenings. */
typedef enum {
    KEEP_MOMENTS,   /* how many, and the last moments */
    KEEP_VALUES,    /* the last moments, each with its value: BY_SAME */
    KEEP_DIFFERENT, /* of each different value its last moment: BY_DIFFERENT */
    KEEP_DAYS,      /* of each local day the last moment: BY_DAY */
    KEEP_SUM,       /* the sum of `total`, and the last moments with amount and order */
    KEEP_FIRST,     /* the first moment */
} keep_t;

/* Happenings of one kind, kept in one way; its number is its slot. */
typedef struct {
    const prog_verb_t *verb; /* which happenings; its count and window mean nothing here */
    keep_t keep;
    uint32_t stands_for; /* the slot where it is kept: its own, or one that tells the same */
    uint32_t before;     /* slot of verb->before, SLOT_NONE: none */
    uint32_t views;      /* HAPPENS_SPENDS: slot of the views that may turn out long enough */
    bool kept;           /* false: it only sets off rules, nothing is remembered */
    bool counted;        /* more is asked than whether and when it last happened */
} counter_t;

typedef enum { OWNER_TAG, OWNER_SCORE, OWNER_START } owner_t;

/* A `when` line: of a tag, a score or a flow. */
typedef struct {
    const prog_trigger_t *trigger;
    owner_t kind;
    uint32_t owner;  /* number of the tag, score or flow in the program */
    uint32_t line;   /* number among its owner's */
    uint32_t on;     /* the slot whose happening sets it off; SLOT_NONE: the calendar */
    uint32_t verb;   /* slot of the trigger's verb; TRIGGER_TOTAL: of its sum; or SLOT_NONE */
    uint32_t absent; /* slot of what must not happen, or SLOT_NONE */
    uint32_t armed;  /* slot of the moment that armed it, or SLOT_NONE */
    bool later;     /* what must not happen is brought by what sets it off: only later ones count */
    bool by_step;   /* a run's step may set it off, and its absence then knows that run's fields */
    uint32_t watch; /* of TRIGGER_DAILY, TRIGGER_ON: for whom cond is true; else WATCH_NONE */
} rule_t;

/* A condition whose truth is kept for each person. */
typedef enum { WATCH_SEGMENT, WATCH_START, WATCH_SHOW, WATCH_STANDING } watch_kind_t;

typedef struct {
    const prog_cond_t *cond;
    watch_kind_t kind;
    uint32_t what;  /* the segment, the rule, the show; WATCH_STANDING: nothing */
    uint32_t armed; /* slot of the second at which it is to be looked at again */
} watch_t;

typedef struct {
    uint32_t n;
    const uint32_t *list;
} slots_t;

typedef struct {
    uint32_t channels;     /* CHANNEL_BITs of its sends */
    uint32_t nstop, ngoal; /* slots that `stop if` and the goal name */
    const uint32_t *stop, *goal;
    const slots_t *waits; /* by step: the slots that a STEP_WAIT_EVENT names */
    const bool *follows;  /* by step: a message can follow it */
    bool browsed;         /* only browsing begins it */
    bool stop_ages;       /* time alone may make `stop if` true */
} flow_plan_t;

typedef struct {
    uint32_t nslots;
    history_shape_t *shapes; /* by slot */

    uint32_t ncounters;
    counter_t *counters;
    uint32_t nkeys;
    senda_key_t *keys;        /* that counters are of */
    uint32_t *counters_first; /* counters of key k: counters_refs[counters_first[k]] … */
    uint32_t *counters_refs;
    uint32_t nreturns, *returns; /* counters of HAPPENS_RETURNS, */
    uint32_t nspends, *spends;   /* _SPENDS */
    uint32_t narrives, *arrives; /* and _ARRIVES */
    uint32_t nsums, *sums;       /* of purchases: what a refund lowers */
    uint32_t last_page;          /* slot of the last page view, SLOT_NONE: nobody asks */
    bool steps_noted;            /* some absence is by_step */
    bool sessions;               /* visits of a browser are told apart */

    uint32_t nrules;
    rule_t *rules;                 /* tags', scores', flows', each in file order */
    uint32_t *first, *refs;        /* rules of slot s: refs[first[s]] … refs[first[s + 1] - 1] */
    uint32_t nalone, *alone;       /* rules of absence alone: armed when a person is first seen */
    uint32_t ncalendar, *calendar; /* rules of TRIGGER_DAILY, TRIGGER_ON, TRIGGER_DATE */

    uint32_t nwatches;
    watch_t *watches;
    uint32_t *watch_first, *watch_refs; /* watches that name slot s */

    flow_plan_t *flows;

    /* The first slots of what is not counted; SLOT_NONE: nobody asks. */
    uint32_t tags, fields, segments, lines, places, limits, bits;
    uint32_t score, browsed_points, reach, born, notes, basket, latest_item, latest_q, latest_order;

    uint32_t *key_table, *verb_table; /* open addressing, numbers + 1 */
    uint32_t key_table_size, verb_table_size;
    bool *browsed; /* by slot: what it keeps came only of browsing */
    void **owned;  /* what the flows' lists are */
    uint32_t nowned;
    bool *follows; /* what flows[].follows point into */
} plan_t;

/*
 * standing: every segment and stage is watched, not only what a rule waits for.
 * NULL if there is no memory, or the program needs more than HISTORY_SLOTS_MAX
 * slots or has a chain of more than THEN_MAX verbs.
 */
plan_t *plan_new(const program_t *program, bool standing);
void plan_free(plan_t *p);

/* The slot of the happenings of a verb, kept in this way; SLOT_NONE if nothing asks for it. */
uint32_t plan_verb_slot(const plan_t *p, const prog_verb_t *v, keep_t keep);
/* How a condition or a `when` wants a verb's happenings kept. */
keep_t plan_keep_of(const prog_verb_t *v);
/* The slot that counts a key as it is; SLOT_NONE if nothing asks for it. */
uint32_t plan_slot(const plan_t *p, senda_key_t key);
/* A key's number among those that counters are of, SLOT_NONE if none is. */
uint32_t plan_key(const plan_t *p, senda_key_t key);

static inline uint32_t
plan_tag_slot(const plan_t *p, uint32_t tag)
{
    return p->tags + tag;
}

/* plan_steps.c: flows[].follows (in p->follows, which plan_free frees) and stop_ages. False: no
   memory. */
bool plan_steps(plan_t *p, const program_t *program);

/* plan_browsed.c: browsed, and flows[].browsed. False: no memory. */
bool plan_browsed(plan_t *p, const program_t *program);

/* How often a verb must have happened. */
static inline uint32_t
verb_times(const prog_verb_t *v)
{
    return v->count == COUNT_SOME || v->times == 0 ? 1 : v->times;
}

#endif
