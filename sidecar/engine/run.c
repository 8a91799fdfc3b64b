/*
 * The list of a person's runs, and how the engine says what became of them.
 * Decides nothing.
 */

#include "engine_state.h"

#include <stdlib.h>

uint32_t
engine_run_new(engine_t *e, uint32_t person, run_state_t state)
{
    person_t *p = engine_person(e, person);
    uint32_t id = pool_new(&e->runs);

    if (id == 0) {
        e->stats.refused++;
        return 0;
    }
    *engine_run(e, id) = (run_t){ .next = p->runs,
        .person = person,
        .due = TIMER_NEVER,
        .look = TIMER_NEVER,
        .state = (uint8_t)state };
    p->runs = id;
    return id;
}

static void
unlink_run(engine_t *e, uint32_t run)
{
    uint32_t *link = &engine_person(e, engine_run(e, run)->person)->runs;

    while (*link != run)
        link = &engine_run(e, *link)->next;
    *link = engine_run(e, run)->next;
}

void
engine_run_drop(engine_t *e, uint32_t run)
{
    unlink_run(e, run);
    free(engine_run(e, run)->fields);
    pool_free(&e->runs, run);
}

void
engine_run_move(engine_t *e, uint32_t run, uint32_t to)
{
    run_t *r = engine_run(e, run);
    person_t *p = engine_person(e, to);

    unlink_run(e, run);
    r->person = to;
    r->next = p->runs;
    p->runs = run;
    engine_run_arm(e, run, r->due);
    engine_run_look(e, run, r->look);
}

static void
push(engine_t *e, const run_t *r, uint32_t kind, senda_sec_t due)
{
    timer_entry_t timer = { due, r->person, timer_what(kind, r->flow) };

    if (due != TIMER_NEVER && !timers_push(&e->timers, timer))
        e->stats.refused++;
}

void
engine_run_arm(engine_t *e, uint32_t run, senda_sec_t due)
{
    run_t *r = engine_run(e, run);

    r->due = due;
    push(e, r, TIMER_RUN, due);
}

void
engine_run_look(engine_t *e, uint32_t run, senda_sec_t look)
{
    run_t *r = engine_run(e, run);

    r->look = look;
    push(e, r, TIMER_STOP, look);
}

void
engine_who(engine_t *e, const person_t *p, engine_who_t *who)
{
    *who = (engine_who_t){ .contact = p->contact };
    if (p->visitors != 0) {
        const visitor_rec_t *v = pool_at(&e->people.visitors, p->visitors);

        who->visitor = v->id;
    }
}

/* Fills in what every intent of a run bears, and says it. */
void
engine_say(engine_t *e, intent_t *intent, const run_t *run)
{
    senda_capture_t fields[ENGINE_RUN_FIELDS];

    intent->at = e->now;
    intent->flow = &e->program->flows[run->flow];
    intent->entry = run->entry;
    intent->fields = fields;
    intent->nfields = engine_fields_unpack(run->fields, run->fields_len, fields, ENGINE_RUN_FIELDS);
    engine_who(e, engine_person(e, run->person), &intent->who);
    e->intent(e->ctx, intent);
}

void
engine_say_run(engine_t *e, intent_kind_t kind, const run_t *run)
{
    char record[ENGINE_RUN_MAX];
    intent_t intent = { .kind = kind };

    if (kind == INTENT_SAVE)
        intent.run = (senda_str_t){ record, engine_run_dump(e, run, record, sizeof(record)) };
    engine_say(e, &intent, run);
}
