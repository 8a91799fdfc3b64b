/*
 * A visitor withdraws consent: its browser is nobody's any more and is not
 * known again. One without a name is forgotten whole: history, notes, runs;
 * its timers find nobody. A contact stays, and loses what came only of
 * browsing. That sets nothing off: what is not known any more has not
 * happened, but also nobody did anything. Fails never.
 */

#include "flow.h"

#include <stdlib.h>

static void
say_end(engine_t *e, intent_kind_t kind, const run_t *r)
{
    intent_t intent = { .kind = kind, .reason = REASON_FORGOTTEN };

    engine_say(e, &intent, r);
}

/* Ends what runs, takes back what waits of it and forgets that it ran. */
static void
end_run(engine_t *e, uint32_t id, engine_mode_t mode)
{
    run_t *r = engine_run(e, id);

    e->stats.runs -= flow_is_on(r);
    if (mode == ENGINE_ACT) {
        say_end(e, flow_is_on(r) ? INTENT_STOPPED : INTENT_RECALL, r);
        engine_say_run(e, INTENT_FORGET, r);
    }
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
    engine_notes_free(e, p);
    history_free(&e->histories, p->history);
    p->history = NULL;
    people_end(&e->people, person);
}

static void
end_browsed_runs(engine_t *e, uint32_t person, engine_mode_t mode)
{
    uint32_t next;

    for (uint32_t id = engine_person(e, person)->runs; id != 0; id = next) {
        next = engine_run(e, id)->next;
        if (e->plan->flows[engine_run(e, id)->flow].browsed)
            end_run(e, id, mode);
    }
}

/* What points are left are those that something else brought. */
static void
take_points(engine_t *e, person_t *p)
{
    const uint64_t *browsed = history_find(p->history, e->plan->browsed_points);
    uint64_t *score = history_find(p->history, e->plan->score);

    if (browsed == NULL || score == NULL)
        return;
    *score -= *browsed;
    engine_mark(e, e->plan->score);
}

/* Of the contact only what did not come of browsing stays. */
static void
forget_browsing(engine_t *e, uint32_t person, engine_mode_t mode)
{
    const plan_t *plan = e->plan;
    person_t *p = engine_person(e, person);
    intent_t intent = { .kind = INTENT_STANDING, .at = e->now };

    end_browsed_runs(e, person, mode);
    engine_views_dropped(e, p);
    for (uint32_t i = 0; i < plan->nrules; i++) {
        if (plan->rules[i].armed != SLOT_NONE && plan->browsed[plan->rules[i].armed])
            engine_absence_drop(e, p, i);
    }
    take_points(e, p);
    for (uint32_t slot = 0; slot < plan->nslots; slot++) {
        if (plan->browsed[slot] && history_part(&e->histories, p->history, slot).count > 0) {
            history_remove(&e->histories, p->history, slot);
            engine_mark(e, slot);
        }
    }
    engine_settle(e, person, NULL, ENGINE_HISTORY);
    engine_who(e, engine_person(e, person), &intent.who);
    if (mode == ENGINE_ACT && e->standing)
        e->intent(e->ctx, &intent);
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
    if (engine_person(e, person)->contact == 0) {
        end_person(e, person, visitor, mode);
        return true;
    }
    people_forget(&e->people, visitor);
    forget_browsing(e, person, mode);
    return true;
}
