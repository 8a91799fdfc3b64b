/*
 * What the model's own files share: the list of events, the people and the
 * runs. Nothing outside tests/model*.c includes this.
 */

#ifndef SENDA_TESTS_MODEL_PARTS_H
#define SENDA_TESTS_MODEL_PARTS_H

#include "model.h"

#define PERSONS  16
#define RUNS     16384
#define ENTRIES  16384
#define FIRINGS  16384
#define CAUSES   64
#define VERBS    512
#define FLOWS    16
#define SEGMENTS 16
#define FIELDS   8
#define BASKET   50
#define WORD     24   /* bytes of an item and of any other value */
#define SEQ      4096 /* a stamp is second × SEQ + number of what happens in it, from 1 */
#define VISIT    1800 /* a longer gap begins another visit */

/* A `when` line. Tags' stand first, then scores', then flows', each in the file's order. */
typedef struct {
    const prog_trigger_t *when;
    enum { OF_TAG, OF_SCORE, OF_FLOW } of;
    unsigned owner;
    senda_span_t lasts; /* OF_TAG */
} rule_t;

/* What a run knows of the happening that set it off. */
typedef struct {
    const engine_event_t *ev;
    bool entered; /* from another flow, which passes on what it knows */
    char item[WORD], q[WORD], order[WORD], items[BASKET * 4], value[WORD];
} filled_t;

/* One event of the list, or a message that a run sent. */
typedef struct {
    int64_t stamp;
    senda_sec_t at;
    unsigned person;
    unsigned was; /* whose it was before the event at work */
    uint8_t visitor;
    bool page;
    unsigned nkeys;
    senda_key_t keys[SENDA_KEYS_MAX + 1];
    const engine_event_t *ev; /* NULL: a message */
    const char *template;
    prog_channel_t channel;
    bool limited; /* a message that counts towards limits */
    int viewed;   /* the page that was looked at until this one came: its entry, or -1 */
    unsigned nitems;
    char items[BASKET][WORD]; /* of a purchase */
    int64_t refunded;         /* what it lowers the total of purchases by */
    bool happened[VERBS];     /* of which verbs, counts and windows aside, it is a happening */
} entry_t;

/* A `when` came true (but for its absence). */
typedef struct {
    unsigned person, rule;
    int64_t stamp;
    int entry; /* -1: none */
    const filled_t *brings;
} firing_t;

/* What is to be worked off: these `when`s came true. */
typedef struct {
    unsigned person;
    int64_t stamp;
    int entry;
    const filled_t *brings;
    bool of[MODEL_RULES];
} cause_t;

typedef struct {
    bool has, forever;
    senda_sec_t end;
} tag_t;

typedef struct {
    bool alive, seen;
    uint32_t name; /* as in a line's who */
    engine_who_t who;
    int64_t first;
    uint32_t address, consent;
    tag_t tags[MODEL_TAGS];
    int64_t score;
    struct {
        bool has;
        senda_sec_t last;
    } scored[MODEL_RULES]; /* by score line */
    bool in[SEGMENTS], shown[SEGMENTS], above[MODEL_RULES];
    char fields[FIELDS][WORD];     /* empty: none */
    char basket[BASKET + 1][WORD]; /* the latest last */
    unsigned nbasket;
    bool dirty; /* dues are to be looked for again */
    struct {
        bool awaited;
        senda_sec_t due;
        int64_t since;
        int entry;
        const filled_t *brings;
    } absences[MODEL_RULES];
} person_t;

typedef struct {
    unsigned person, flow, step;
    int64_t after; /* the happening that set it off */
    int64_t began;
    int64_t waits; /* STEP_WAIT_EVENT: since when; 0: it does not */
    senda_sec_t start, due;
    bool going, goal;
    filled_t filled;
    const prog_step_t *recipe;
    unsigned nbenefits;
    const prog_step_t *benefits[ENGINE_BENEFITS_MAX];
} run_t;

/* Look again at this person: a window may have let go of the entry. */
typedef struct {
    senda_sec_t at;
    unsigned entry;
} look_t;

typedef struct {
    const model_play_t *play;
    const program_t *program;
    const senda_zone_t *zone;
    model_timeline_t *out;
    model_hits_t *hits;
    senda_sec_t now, done;  /* timers have run up to done */
    int64_t stamp;          /* the event or timer at work */
    int entry;              /* the event at work, -1: none */
    const filled_t *brings; /* a step is at work: what its run knows; NULL: none is */
    bool by_time;           /* a timer is at work */
    unsigned nrules, nverbs, nentries, npersons, nruns, norders, nfirings, ncauses, nlooks, nstock;
    unsigned nwatched;
    rule_t rules[MODEL_RULES];
    const prog_verb_t *verbs[VERBS];
    struct {
        const prog_verb_t *verb;
        senda_span_t span;
    } watched[VERBS];
    entry_t *entries;
    firing_t *firings;
    cause_t *causes;
    look_t *looks;
    senda_str_t *orders;
    struct {
        char item[WORD];
        bool out;
    } stock[64]; /* of which items it is known */
    bool entering[FLOWS];
    filled_t entering_with;
    person_t persons[PERSONS];
    run_t *runs;
    int visitors[256]; /* number of the person + 1 */
    int contacts[256];
} model_t;

static inline const prog_flow_t *
model_flow(const model_t *m, const run_t *run)
{
    return &m->program->flows[run->flow];
}

/* "not A within D", without an A that happens. */
static inline bool
model_alone(const prog_trigger_t *w)
{
    return w->kind == TRIGGER_VERB && !w->has_verb;
}

#define HIT(m, row) ((m)->hits->n[(row)]++)

/* model_list.c: what happened, read from the list. */

void model_know_verbs(model_t *m);
bool model_has_key(const entry_t *e, senda_key_t key);

/* A field of a happening; empty: it has none. */
senda_str_t model_field(const engine_event_t *ev, const char *name);
bool model_number(senda_str_t text, int64_t *value);

/* Which verbs this newest entry is a happening of. */
void model_note(model_t *m, entry_t *e);

/* Whose happening of this verb it is: the page's that was looked at, or its own. */
const entry_t *model_source(const model_t *m, const entry_t *e, const prog_verb_t *v);

typedef struct {
    unsigned person;
    bool was;         /* as it was before the event at work */
    int64_t after;    /* a stamp; it does not count itself */
    unsigned first;   /* only so many entries of the list */
    const char *same; /* BY_SAME: only this value; NULL: whichever */
} model_look_t;

bool model_happened(const model_t *m, const entry_t *e, const prog_verb_t *v);

/* Whether it happened as often as the verb asks for; exact: no more often either. */
bool model_often(const model_t *m, const prog_verb_t *v, const model_look_t *look, bool exact);

/* A count was not reached before, by neither of those who are now one, and is. */
bool model_reached(const model_t *m, const prog_verb_t *v, const entry_t *e, int other);

/* e is a happening of it, and its count is reached. */
bool model_still(const model_t *m, const prog_verb_t *v, const entry_t *e);
int64_t model_total(const model_t *m, const prog_verb_t *v, unsigned person);

/* model_cond.c */

/* run may be NULL; after: verbs see only what came later. */
bool model_holds(const model_t *m, unsigned person, const run_t *run, const prog_cond_t *c,
    int64_t after);

/* A goal, or what a run waits for: it happened so often since then, or more often. */
bool model_came(const model_t *m, const run_t *run, const prog_cond_t *c, int64_t after);

/* Index into program.stages, -1: none. */
int model_stage(const model_t *m, unsigned person);
bool model_compare(int64_t a, prog_cmp_t cmp, int64_t b);

/* model_effects.c: tags, scores, segments and what follows from them. */

void model_tell(model_t *m, unsigned person, intent_kind_t kind, const char *name, const char *fmt,
    ...) __attribute__((format(printf, 5, 6)));

/* This trigger came true, by the event at work. */
void model_fire(model_t *m, unsigned person, prog_trigger_kind_t kind, uint32_t what);

/* An absence came true, of what happened then. */
void model_fire_absence(model_t *m, unsigned person, unsigned rule);

/* The newest entry; other: who has just become its person, or -1. */
void model_happens(model_t *m, unsigned person, int entry, int other);

void model_give_tag(model_t *m, unsigned person, unsigned tag, senda_span_t lasts);
void model_take_tag(model_t *m, unsigned person, unsigned tag);
void model_add_score(model_t *m, unsigned person, int64_t points);
void model_set_field(model_t *m, unsigned person, unsigned field, senda_str_t text);

/* Works off all that was caused: tags, scores, segments, stops, starts. */
void model_settle(model_t *m, unsigned person);

/* model_runs.c */

/* Fixed for a run: what its happening (or -1) brings, else what the history has. */
void model_fill(model_t *m, unsigned person, int entry, const prog_verb_t *v, filled_t *out);

/* What a run knows, for one that it sets off. */
void model_pass_on(const model_t *m, unsigned person, const filled_t *from, filled_t *to);
void model_start(model_t *m, unsigned person, unsigned flow, int64_t after, const filled_t *filled);
void model_end_run(model_t *m, run_t *run, intent_kind_t how);

/* `stop if`, goals and waits for an event, after something happened. */
void model_stops(model_t *m, unsigned person);
bool model_must_stop(const model_t *m, const run_t *run);

/* model_steps.c */

/* Goes on from its step to the next wait or the end; then what it caused is worked off. */
void model_go_on(model_t *m, run_t *run);
/* There is an address and, if it is needed, consent. */
bool model_reaches(const model_t *m, unsigned person, bool transactional, prog_channel_t channel);

/* model_calendar.c */

/* What is next by itself: an end, an absence, a look, a start, a run. */
senda_sec_t model_next_due(model_t *m);

/* The looks that this newest entry will need. */
void model_look_later(model_t *m, unsigned entry);

/* All that is due now for one person. */
void model_person_due(model_t *m, unsigned person);

/* model_time.c */

int64_t model_local_day(const senda_zone_t *zone, senda_sec_t t, int32_t *second);
senda_sec_t model_moment(const senda_zone_t *zone, int64_t day, int32_t second);
bool model_date(const char *text, int64_t *year, int64_t *month, int64_t *day);
int64_t model_day_number(int64_t year, int64_t month, int64_t day);
void model_date_of(int64_t n, int64_t *year, int64_t *month, int64_t *day);

#endif
