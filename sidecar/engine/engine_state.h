/*
 * What the engine's own files share: its parts, and how they hang together.
 * Nothing outside sidecar/engine/ includes this.
 *
 * A moment is a stamp: the second and which event of that second it was, so
 * that "after" is exact also within one second. Timers of a second run before
 * its events and therefore bear number 0. Everything an event brings has one
 * stamp: it is simultaneous.
 */

#ifndef SENDA_ENGINE_STATE_H
#define SENDA_ENGINE_STATE_H

#include "engine.h"
#include "history.h"
#include "person.h"
#include "plan.h"
#include "pool.h"
#include "timer.h"

#define ENGINE_FIELDS_MAX   (2 * SENDA_CAPTURES_MAX) /* fields of one happening */
#define ENGINE_FIELDS_BYTES 2048                     /* of a run; further fields are left out */
#define ENGINE_ORDERS_MAX   (8u << 20)               /* order numbers in one generation */

typedef enum {
    RUN_FREE = 0,
    RUN_NOTE,  /* no run yet: the fields of the happening that armed an absence */
    RUN_WAITS, /* goes on at step when due comes */
    RUN_OVER,  /* kept for `again` and for a goal counted after the end, until due */
} run_state_t;

/* A run of a flow, in its person's list. */
typedef struct {
    uint32_t next, person;
    uint32_t flow; /* number in the program; of a note: the rule's number in the plan */
    uint32_t step; /* to go on at */
    uint64_t entry;
    senda_sec_t due; /* TIMER_NEVER: no timer */
    stamp_t after;   /* the happening that set it off: what `stop if` looks behind */
    stamp_t began;   /* its start: what a goal and `since start` look behind */
    char *fields;    /* engine_fields_pack, NULL if none */
    uint16_t fields_len;
    uint8_t state;
    bool goal;     /* already counted */
    bool recalled; /* nothing of it waits any more */
} run_t;

/* Order numbers already bought: hashes, two generations, the older dropped when the newer is full. */
typedef struct {
    uint64_t *now, *before; /* open addressing, 0 is empty */
    uint32_t size_now, size_before, count;
} order_set_t;

struct engine_s {
    const program_t *program;
    const senda_zone_t *zone;
    plan_t *plan;
    bool everybody;
    senda_sec_t recall;
    engine_intent_pt intent;
    void *ctx;

    senda_sec_t now;
    uint32_t seq; /* events so far in this second */

    people_t people;
    history_store_t histories;
    pool_t runs;
    timers_t timers;
    order_set_t orders;

    uint32_t tick;    /* grows with each event or timer: what is marked with it has just changed */
    uint32_t *marks;  /* by slot */
    uint32_t *starts; /* scratch: flows set off by the event at work; at most nrules */
    uint32_t nstarts;

    engine_stats_t stats;
};

static inline stamp_t
engine_stamp(const engine_t *e)
{
    return stamp_make(e->now, e->seq);
}

static inline person_t *
engine_person(engine_t *e, uint32_t id)
{
    return pool_at(&e->people.persons, id);
}

static inline run_t *
engine_run(engine_t *e, uint32_t id)
{
    return pool_at(&e->runs, id);
}

static inline void
engine_mark(engine_t *e, uint32_t slot)
{
    e->marks[slot] = e->tick;
}

/* t + span; the common case without the calendar. */
static inline senda_sec_t
engine_later(const engine_t *e, senda_sec_t t, senda_span_t span)
{
    return span.months == 0 && span.days == 0 ? t + span.secs : senda_zone_add(e->zone, t, span, 1);
}

/* orders.c: true if the order was not known yet; it is from now on. */
bool engine_order_is_new(engine_t *e, senda_str_t order);
void engine_orders_free(order_set_t *set);

/* fields.c: at most ENGINE_FIELDS_BYTES; *buf is malloc'ed, NULL if there are none. */
size_t engine_fields_pack(const senda_capture_t *fields, unsigned n, char **buf,
    unsigned *left_out);
unsigned engine_fields_unpack(const char *buf, size_t len, senda_capture_t *fields, unsigned max);

/* cond.c */

/* How often slot came after a stamp (0: ever), less than within ago (zero: whenever). */
uint32_t engine_level(const engine_t *e, const uint64_t *history, uint32_t slot, stamp_t after,
    senda_span_t within);

/* Does a `when` verb fire now that its key has just been counted? */
bool engine_verb_fires(const engine_t *e, const uint64_t *history, const rule_t *rule);

/* after: verbs see only what came later; began: the same for those that say `since start`. */
bool engine_cond_holds(const engine_t *e, const person_t *p, const prog_cond_t *c, stamp_t after,
    stamp_t began);

/* tag.c: gives it (once); false if the person has it. Says so unless history is replayed. */
bool engine_tag_give(engine_t *e, uint32_t person, uint32_t tag, engine_mode_t mode);

/* absence.c */
void engine_absence_arm(engine_t *e, uint32_t person, uint32_t rule, stamp_t since,
    const engine_event_t *event);
void engine_absence_person_new(engine_t *e, uint32_t person);
void engine_absence_happened(engine_t *e, uint32_t person, uint32_t rule);
void engine_absence_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode);
/* After to has taken from's history: arms what is armed now. */
void engine_absence_moved(engine_t *e, uint32_t to);

/* engine.c */

/* Whoever this is, made known if need be; 0: nobody, or no room. */
uint32_t engine_person_of(engine_t *e, const engine_who_t *who, stamp_t first);

/* The rule's verb has fired: arms its absence, gives its tag or notes its flow's start. */
void engine_rule_fired(engine_t *e, uint32_t person, uint32_t rule, const engine_event_t *event,
    engine_mode_t mode);

/* login.c: from's history and runs go to to, as part of this event; from is no more. */
void engine_login(engine_t *e, uint32_t from, uint32_t to, const engine_event_t *event,
    engine_mode_t mode);

/* flow.c */

/*
 * fields: packed, copied. A refused start leaves no trace: `again`, a run still
 * going, nobody to reach, or `stop if` true already.
 */
void engine_flow_start(engine_t *e, uint32_t person, uint32_t flow, stamp_t after,
    const char *fields, size_t fields_len);
/* `stop if` and goals of the person's runs that name a slot just marked. */
void engine_flow_changed(engine_t *e, uint32_t person);
void engine_flow_due(engine_t *e, uint32_t run);
/* The second from which a run that ended may be forgotten. */
senda_sec_t engine_flow_forget_at(const engine_t *e, const run_t *run);

/* run.c: the list of a person's runs */
uint32_t engine_run_new(engine_t *e, uint32_t person, run_state_t state);
void engine_run_drop(engine_t *e, uint32_t run);
void engine_run_move(engine_t *e, uint32_t run, uint32_t to);
void engine_run_arm(engine_t *e, uint32_t run, senda_sec_t due);
void engine_say(engine_t *e, intent_t *intent, const run_t *run);
void engine_say_run(engine_t *e, intent_kind_t kind, const run_t *run);
void engine_who(engine_t *e, const person_t *p, engine_who_t *who);

/* run_record.c: the packed run's length, 0 if it does not fit. engine_restore is its other half. */
size_t engine_run_dump(engine_t *e, const run_t *run, void *buf, size_t size);

#endif
