/*
 * What the model's own files share: the list of events, the people and the
 * runs. Nothing outside tests/model*.c includes this.
 */

#ifndef SENDA_TESTS_MODEL_PARTS_H
#define SENDA_TESTS_MODEL_PARTS_H

#include "model.h"

#define PERSONS 64
#define RUNS    1024
#define SEQ     4096 /* a stamp is second × SEQ + number of the event in the second, from 1 */

/* A `when` line: of a tag or of a flow. Tags' stand first, each in the file's order. */
typedef struct {
    const prog_trigger_t *when;
    bool is_tag;
    unsigned owner;
} rule_t;

/* One event of the list. */
typedef struct {
    int64_t stamp;
    senda_sec_t at;
    unsigned person;
    unsigned nkeys;
    senda_key_t keys[SENDA_KEYS_MAX + 1];
    uint64_t fired; /* rules whose happening this was */
    bool is_new;    /* to its person: it has just happened, or has just come with a login */
    uint32_t item;
} entry_t;

typedef struct {
    bool alive;
    uint32_t name; /* as in a line's who */
    int64_t first;
    uint32_t reach, service;
    uint64_t tags;
} person_t;

typedef struct {
    unsigned person, flow, step;
    int64_t after; /* the happening that set it off */
    int64_t began;
    senda_sec_t start, due;
    bool going, goal;
    uint32_t item;
} run_t;

typedef struct {
    const program_t *program;
    bool everybody;
    model_timeline_t *out;
    senda_sec_t now, done; /* timers have run up to done */
    int64_t stamp;         /* the event or timer at work */
    uint64_t new_tags;     /* got by it */
    unsigned nrules, nentries, npersons, nruns, norders;
    rule_t rules[MODEL_RULES];
    entry_t *entries;
    senda_str_t *orders;
    person_t persons[PERSONS];
    run_t runs[RUNS];
    int visitors[256]; /* number of the person + 1 */
    int contacts[256];
} model_t;

static inline const prog_flow_t *
model_flow(const model_t *m, const run_t *run)
{
    return &m->program->flows[run->flow];
}

/* model_runs.c */

void model_tell(model_t *m, unsigned person, intent_kind_t kind, const char *name);
bool model_has_key(const entry_t *e, senda_key_t key);

/* How often since a stamp (not counting it), less than `within` old. */
unsigned model_level(const model_t *m, unsigned person, senda_key_t key, int64_t after,
    senda_span_t within);

/* So often is as often as the verb asks for. */
bool model_enough(const prog_verb_t *v, unsigned n);

/* after: verbs see only what came later. */
bool model_holds(const model_t *m, const run_t *run, const prog_cond_t *c, int64_t after);

/* item: of the happening that set the run off. Does nothing if it may not start. */
void model_start(model_t *m, unsigned person, unsigned flow, int64_t after, uint32_t item);

/* Goes on from its step to the next wait or the end. */
void model_go_on(model_t *m, run_t *run);
void model_end_run(model_t *m, run_t *run, intent_kind_t how);

/* `stop if` and goals after something happened. */
void model_stops(model_t *m, unsigned person);

#endif
