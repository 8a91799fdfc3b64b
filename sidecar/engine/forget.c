/*
 * A visitor withdraws consent: its browser is nobody's any more and is not
 * known again. One without a name is forgotten whole: history, notes, runs;
 * its timers find nobody. One that had a name only leaves its contact, with
 * what the browser was just looking at. Fails never.
 */

#include "flow.h"

#include <stdlib.h>

/* Ends what runs and forgets that it ran. */
static void
end_run(engine_t *e, uint32_t id, engine_mode_t mode)
{
    run_t *r = engine_run(e, id);

    if (flow_is_on(r)) {
        e->stats.runs--;
        if (mode == ENGINE_ACT)
            engine_say_run(e, INTENT_STOPPED, r);
    }
    if (mode == ENGINE_ACT)
        engine_say_run(e, INTENT_FORGET, r);
    engine_run_drop(e, id);
}

/* Runs are told of while the visitor still has its name. */
static void
end_person(engine_t *e, uint32_t person, uint32_t visitor, engine_mode_t mode)
{
    person_t *p = engine_person(e, person);

    while (p->runs != 0)
        end_run(e, p->runs, mode);
    people_forget(&e->people, visitor);
    history_free(&e->histories, p->history);
    p->history = NULL;
    engine_notes_free(e, p);
    people_end(&e->people, person);
}

bool
engine_forget(engine_t *e, const senda_visitor_t *v, senda_sec_t at, engine_mode_t mode)
{
    uint32_t visitor, person;

    engine_advance(e, at, mode);
    while (mode == ENGINE_HISTORY && engine_deed_before(e, stamp_make(e->now, e->seq + 1)))
        continue;
    e->seq += e->seq < STAMP_SEQ_MAX;
    engine_new_tick(e);
    visitor = senda_visitor_is_none(v) ? 0 : people_visitor(&e->people, v);
    if (visitor == 0)
        return false;
    person = ((const visitor_rec_t *)pool_at(&e->people.visitors, visitor))->person;
    if (engine_person(e, person)->contact != 0) {
        engine_views_left(e, engine_person(e, person), visitor);
        people_forget(&e->people, visitor);
    } else {
        end_person(e, person, visitor, mode);
    }
    return true;
}
