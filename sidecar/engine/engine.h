/*
 * The engine: a function of (state, event, now). It opens nothing, sends
 * nothing and reads no clock; what it decides it says through one callback.
 * The same engine runs a `test` block, a replay and the real shop.
 *
 * Time is in seconds and only goes forward: an event or an advance to an
 * earlier second is treated as if it came at the engine's present second.
 * A timer due at a second runs before that second's events: what is true
 * first (tags that end, absences, segments), then starts by the calendar, then
 * runs. In one event, in order: answers, counts, tags, scores, segments and
 * blocks, stops, goals and waits of running flows, starts. `stop if` is asked
 * when something that it names changes and before each step that waited.
 *
 * Facts across persons come with the events: how frequent a search is, what is
 * in stock. The engine itself never looks from one person to another.
 *
 * Ownership: the program must outlive the engine; events and intents are
 * valid during the call only.
 */

#ifndef SENDA_ENGINE_H
#define SENDA_ENGINE_H

#include "program.h"
#include "senda_rules.h"

typedef struct engine_s engine_t;

#define ENGINE_ANSWERS_MAX 16 /* fields filled by one happening */

/* Whom the engine remembers: a contact's number, else a visitor. */
typedef struct {
    uint64_t contact; /* 0: none known */
    senda_visitor_t visitor;
} engine_who_t;

/* One happening. */
typedef struct {
    senda_sec_t at;
    engine_who_t who; /* both set: from now on this visitor is this contact; its history moves */
    bool has_reach;   /* address and consent are said anew by this event */
    uint32_t address; /* CHANNEL_BITs with an address */
    uint32_t consent; /* CHANNEL_BITs with consent to marketing */
    unsigned nkeys;   /* pages, then events */
    senda_key_t keys[SENDA_KEYS_MAX];
    bool page;        /* a counted page view */
    unsigned nfields; /* captures, attributes of the event; of `items` what stands behind a ':' of
                         each is left out */
    senda_capture_t fields[2 * SENDA_CAPTURES_MAX];
    senda_str_t order; /* a purchase's number; a known one makes the event a visit only */
    unsigned
        nanswers; /* declared fields of the person, by name; values that are none are refused */
    senda_capture_t answers[ENGINE_ANSWERS_MAX];
    uint32_t rank; /* of a search: 1 + searches more frequent on this site; 0: unknown */
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
    INTENT_UNTAG,    /* tag: lost, or ended */
    INTENT_SCORE,    /* score: the person's points now */
    INTENT_SET,      /* flow, step: a field was set to step->text */
    INTENT_BENEFIT, /* flow, entry, step: coupon, credit or gift, valid until `until` (0: for ever) */
    INTENT_NOTIFY,   /* flow, entry, step */
    INTENT_CALL,     /* flow, entry, step */
    INTENT_SHOW,     /* show: on or no longer */
    INTENT_DEED,     /* run: store this record, engine_redo takes it back; never changes */
    INTENT_STANDING, /* only with options.standing: other segments, or another stage */
    /* only with options.tell: what did not happen, and why */
    INTENT_REFUSED,  /* flow: a start; reason */
    INTENT_SKIPPED,  /* flow, entry, step: a message; reason */
    INTENT_WITHHELD, /* flow, entry, step: the person is in the control group */
    INTENT_WAITS,    /* flow, entry, step: until `until`; also a message held by quiet hours */
    INTENT_BRANCH,   /* flow, entry, step: an `if` (on: it held) or a split (branch) */
} intent_kind_t;

typedef enum {
    REASON_NONE,
    REASON_ONLY_IF,
    REASON_AGAIN,
    REASON_SAME_SECOND, /* a run of the flow has started and ended in this second */
    REASON_RUNNING,     /* a run of the flow still goes on */
    REASON_UNREACHABLE, /* no address or no consent */
    REASON_STOP,        /* `stop if` holds already */
    REASON_LIMIT,
    REASON_STOCK,     /* the run ended: everything is sold out */
    REASON_FORGOTTEN, /* it stopped, or what waits is recalled: consent was withdrawn */
} intent_reason_t;

#define ENGINE_RUN_MAX      4096 /* bytes of a packed run or deed */
#define ENGINE_BENEFITS_MAX 8    /* of one message; further ones are refused */

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
    senda_str_t run; /* INTENT_SAVE: what engine_restore takes back; INTENT_DEED */
    senda_sec_t until;
    intent_reason_t reason;
    bool on;
    uint32_t branch;
    int64_t score;
    const prog_show_t *show;
    const prog_step_t *recipe; /* of a message: the last STEP_RECOMMEND before it; NULL: none */
    unsigned nbenefits;        /* of a message: those valid from it on */
    const prog_step_t *benefits[ENGINE_BENEFITS_MAX];
} intent_t;

typedef void (*engine_intent_pt)(void *ctx, const intent_t *intent);

typedef struct {
    bool everybody_reachable; /* replay and tests: every person can be reached and has consented */
    uint64_t persons_max;     /* 0: no bound; further persons are counted as refused */
    senda_sec_t
        recall;      /* seconds after a run's end in which `stop if` recalls what waits; 0: none */
    bool tell;       /* say also what did not happen */
    bool no_control; /* nobody is in the control group */
    bool standing;   /* say when a person's segments or stage become others, also by time alone */
    uint32_t channels; /* CHANNEL_BITs that can be sent by: of a step's they go first; 0: all */
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

/*
 * Consent was withdrawn on this browser: the visitor is not known any more. If
 * it had no name, all that was known of it is gone and what runs for it ends.
 * Else it leaves its contact, and with it goes all that came only of browsing,
 * with whichever browser, because that is counted together: page views,
 * searches, baskets, clicks, and the tags, points and runs that nothing else
 * brings (plan_browsed.c). What the contact bought, sign-ups and logins, the
 * shop's own events, messages got and opened, and fields stay. Nothing starts
 * of it. Whether the visitor was known.
 */
bool engine_forget(engine_t *e, const senda_visitor_t *v, senda_sec_t at, engine_mode_t mode);

/* Whether this browser was ever seen and is not forgotten. */
bool engine_knows(const engine_t *e, const senda_visitor_t *v);

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
 * Takes back what a step did to its person (INTENT_DEED). All deeds are given
 * before the history is replayed, in any order: each is done at its moment.
 * SENDA_OK; SENDA_NONE: what it names is no longer in the program; SENDA_BAD;
 * SENDA_SYS.
 */
senda_rc_t engine_redo(engine_t *e, senda_str_t deed);

/* Whether a deed changed the person for good; false: it only counts, as a message that was got. */
bool engine_deed_is_lasting(senda_str_t deed);

/* A fact: this item is sold out, or in stock again. Unknown items pass. */
void engine_stock(engine_t *e, senda_str_t item, bool sold_out);

/*
 * After history and restore: timers had run up to now. Absences of `when`
 * sentences due at or before it are dropped as already run; timers of restored
 * runs that are due stay, and run at the next advance.
 */
void engine_set_now(engine_t *e, senda_sec_t now);

/* For variables, tests and reports: false if the person is unknown or never got it. */
bool engine_has_tag(engine_t *e, const engine_who_t *who, const prog_tag_t *tag);
/* What is true of the person at the engine's present second; of an unknown one what is of nobody. */
bool engine_holds(engine_t *e, const engine_who_t *who, const prog_cond_t *cond);
int64_t engine_score(engine_t *e, const engine_who_t *who);
int32_t engine_stage(engine_t *e,
    const engine_who_t *who); /* index into program.stages, -1: none */
/* How often a page or event came, if a rule asks for it; else 0. */
uint32_t engine_count(engine_t *e, const engine_who_t *who, senda_key_t key);

/*
 * A person's place in the control group (flow and step 0) or in a split, for
 * good: 0 … 9999, by a hash of the contact's number, else of the visitor.
 */
uint32_t engine_person_share(const engine_who_t *who, uint32_t flow, uint32_t step);

/* The visitors of a contact, at most max; how many. */
unsigned engine_visitors(engine_t *e, uint64_t contact, senda_visitor_t *out, unsigned max);

typedef struct {
    uint64_t events, persons, runs, timers, refused;
} engine_stats_t;

engine_stats_t engine_stats(const engine_t *e);

#endif
