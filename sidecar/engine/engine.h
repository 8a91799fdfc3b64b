/*
 * The engine: a function of (state, event, now). It opens nothing, sends
 * nothing and reads no clock; what it decides it says through one callback.
 * The same engine runs a `test` block, a replay and the real shop.
 *
 * Time is in seconds and only goes forward: an event or an advance to an
 * earlier second is treated as if it came at the engine's present second.
 * A timer due at a second runs before that second's events. In one event, in
 * order: counts, tags, stops and goals of running flows, starts. `stop if` is
 * asked when something that it names happens and before each step that waited.
 *
 * Ownership: the program must outlive the engine; events and intents are
 * valid during the call only.
 */

#ifndef SENDA_ENGINE_H
#define SENDA_ENGINE_H

#include "program.h"
#include "senda_rules.h"

typedef struct engine_s engine_t;

/* Whom the engine remembers: a contact's number, else a visitor. */
typedef struct {
    uint64_t contact; /* 0: none known */
    senda_visitor_t visitor;
} engine_who_t;

/* One happening. */
typedef struct {
    senda_sec_t at;
    engine_who_t who; /* both set: from now on this visitor is this contact; its history moves */
    uint32_t reach;   /* CHANNEL_BITs with address and consent */
    bool has_reach;   /* reach is said anew by this event */
    uint32_t service; /* CHANNEL_BITs with an address, whatever the consent: transactional mail */
    unsigned nkeys;   /* pages, then events */
    senda_key_t keys[SENDA_KEYS_MAX];
    bool page;        /* a counted page view */
    unsigned nfields; /* captures, attributes of the event */
    senda_capture_t fields[2 * SENDA_CAPTURES_MAX];
    senda_str_t order; /* a purchase's number; a known one makes the event a visit only */
} engine_event_t;

typedef enum {
    INTENT_STARTED,  /* flow, entry */
    INTENT_STOPPED,  /* flow, entry: `stop if` */
    INTENT_FINISHED, /* flow, entry */
    INTENT_GOAL,     /* flow, entry: counted once a run */
    INTENT_MESSAGE,  /* flow, entry, step, channel */
    INTENT_TAG,      /* tag: got by this person now */
    INTENT_SAVE,     /* run: store its record (packed), it changed */
    INTENT_RECALL,   /* flow, entry: `stop if` came true after the end: what waits is not sent */
    INTENT_FORGET,   /* run: its record is no longer needed */
} intent_kind_t;

#define ENGINE_RUN_MAX 4096 /* bytes of a packed run */

typedef struct {
    intent_kind_t kind;
    senda_sec_t at;
    engine_who_t who;
    const prog_flow_t *flow;
    /* with who and flow's id it names the run, for good: the second it started, or a hash of the
       order; a login, which changes who, may change it too */
    uint64_t entry;
    const prog_step_t *step;
    prog_channel_t channel;
    const prog_tag_t *tag;
    unsigned nfields; /* of the starting happening, for the message */
    const senda_capture_t *fields;
    senda_str_t run; /* INTENT_SAVE: what engine_restore takes back */
} intent_t;

typedef void (*engine_intent_pt)(void *ctx, const intent_t *intent);

typedef struct {
    bool everybody_reachable; /* replay and tests: every person can be reached and has consented */
    uint64_t persons_max;     /* 0: no bound; further persons are counted as refused */
    senda_sec_t
        recall; /* seconds after a run's end in which `stop if` recalls what waits; 0: none */
} engine_options_t;

/* NULL only if there is no memory. */
engine_t *engine_new(const program_t *program, const engine_options_t *options,
    engine_intent_pt intent, void *ctx);
void engine_free(engine_t *e);

/*
 * history: counts, tags and armed absences are made as if the past were lived
 * again, but no flow starts, steps or stops and no intent is said. After a
 * replay of history, engine_advance in this mode says up to which second timers
 * had run; runs taken back by engine_restore keep theirs until ENGINE_ACT.
 */
typedef enum { ENGINE_ACT, ENGINE_HISTORY } engine_mode_t;

void engine_event(engine_t *e, const engine_event_t *event, engine_mode_t mode);

/* Runs every timer due at or before now, in order of time. */
void engine_advance(engine_t *e, senda_sec_t now, engine_mode_t mode);

/* The second of the earliest timer; false if there is none. */
bool engine_next_due(engine_t *e, senda_sec_t *due);

senda_sec_t engine_now(const engine_t *e);

/*
 * Takes a saved run back (its who and flow are in the record). SENDA_OK;
 * SENDA_NONE: the flow or the step is no longer in the program, the run ends;
 * SENDA_BAD: no such record.
 */
senda_rc_t engine_restore(engine_t *e, senda_str_t run);

/*
 * After history and restore: timers had run up to now. Absences of `when`
 * sentences due at or before it are dropped as already run; timers of restored
 * runs that are due stay, and run at the next advance.
 */
void engine_set_now(engine_t *e, senda_sec_t now);

/* For variables, tests and reports: false if the person is unknown or never got it. */
bool engine_has_tag(engine_t *e, const engine_who_t *who, const prog_tag_t *tag);
uint32_t engine_count(engine_t *e, const engine_who_t *who, senda_key_t key);

/* The visitors of a contact, at most max; how many. */
unsigned engine_visitors(engine_t *e, uint64_t contact, senda_visitor_t *out, unsigned max);

typedef struct {
    uint64_t events, persons, runs, timers, refused;
} engine_stats_t;

engine_stats_t engine_stats(const engine_t *e);

#endif
