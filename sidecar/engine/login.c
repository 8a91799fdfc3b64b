/*
 * A visitor gets a name: all that its browser had done becomes the contact's,
 * as one event. Counts add, moments merge, tags unite, the later of two armed
 * absences counts; a threshold that neither had reached and both together do
 * is crossed now, by the event that brought the name. Of two runs of one flow
 * the contact's goes on; `again` remembers both.
 */

#include "engine_state.h"

#include <stdlib.h>

/* The number of the rule was reached by neither alone, and is by both as one. */
static bool
crosses(const engine_t *e, const uint64_t *a, const uint64_t *b, const uint64_t *together,
    const rule_t *rule)
{
    const prog_verb_t *v = &rule->trigger->verb;
    uint32_t times = verb_times(v);

    return rule->verb != SLOT_NONE && v->count != COUNT_SOME &&
        engine_level(e, a, rule->verb, 0, v->within) < times &&
        engine_level(e, b, rule->verb, 0, v->within) < times &&
        engine_level(e, together, rule->verb, 0, v->within) >= times;
}

/* a and b are the histories as they were; to has both by now. */
static void
cross(engine_t *e, const uint64_t *a, const uint64_t *b, uint32_t to, const engine_event_t *event,
    engine_mode_t mode)
{
    const plan_t *plan = e->plan;
    uint32_t slot;

    for (uint32_t i = 0; history_slot(a, i, &slot) && slot < plan->nkeys; i++) {
        for (uint32_t k = plan->first[slot]; k < plan->first[slot + 1]; k++) {
            const rule_t *rule = &plan->rules[plan->refs[k]];

            if (crosses(e, a, b, engine_person(e, to)->history, rule))
                engine_rule_fired(e, to, plan->refs[k], event, mode);
        }
    }
}

/* The armed absences of two-part rules; those alone are armed anew from the joined history. */
static void
move_armed(engine_t *e, uint32_t from, uint32_t to)
{
    const plan_t *plan = e->plan;
    person_t *a = engine_person(e, from), *b = engine_person(e, to);
    uint32_t slot;

    for (uint32_t i = 0; history_slot(a->history, i, &slot); i++) {
        history_part_t theirs, ours;
        uint32_t rule;

        if (slot < plan_rule_slot(plan, 0))
            continue;
        rule = slot - plan_rule_slot(plan, 0);
        if (plan->rules[rule].verb == SLOT_NONE)
            continue;
        theirs = history_part(&e->histories, a->history, slot);
        ours = history_part(&e->histories, b->history, slot);
        if (ours.count == 0 || ours.moments[0] < theirs.moments[0])
            engine_absence_arm(e, to, rule, theirs.moments[0], NULL);
    }
}

static bool
has_run(engine_t *e, const person_t *p, uint32_t flow)
{
    for (uint32_t id = p->runs; id != 0; id = engine_run(e, id)->next) {
        if (engine_run(e, id)->state == RUN_WAITS && engine_run(e, id)->flow == flow)
            return true;
    }
    return false;
}

/* Begun in the same second they had the same name; their seconds need but 40 bits. */
#define NEXT_NAME (1ull << 40)

static bool
is_named_alike(engine_t *e, const run_t *r, const person_t *p)
{
    for (uint32_t id = p->runs; id != 0; id = engine_run(e, id)->next) {
        const run_t *other = engine_run(e, id);

        if (other->state != RUN_NOTE && other->flow == r->flow && other->entry == r->entry)
            return true;
    }
    return false;
}

/* A note follows its absence if the visitor's was the later one. */
static bool
note_is_of_use(engine_t *e, const run_t *note, const person_t *to)
{
    history_part_t armed = history_part(&e->histories, to->history,
        e->plan->rules[note->flow].armed);

    return armed.count > 0 && armed.moments[0] == note->after;
}

/* The contact's goes on: this one is over, but remembered for `again`. Its goal is the other's. */
static void
end_second(engine_t *e, run_t *r, engine_mode_t mode)
{
    e->stats.runs--;
    if (mode == ENGINE_ACT)
        engine_say_run(e, INTENT_STOPPED, r);
    free(r->fields);
    r->fields = NULL;
    r->fields_len = 0;
    r->state = RUN_OVER;
    r->goal = true;
    r->due = engine_flow_forget_at(e, r);
}

static void
move_run(engine_t *e, uint32_t id, uint32_t to, engine_mode_t mode)
{
    run_t *r = engine_run(e, id);
    person_t *b = engine_person(e, to);

    if (r->state == RUN_WAITS && has_run(e, b, r->flow))
        end_second(e, r, mode);
    if (mode == ENGINE_ACT)
        engine_say_run(e, INTENT_FORGET, r);
    if (r->state == RUN_OVER && r->due <= e->now) {
        engine_run_drop(e, id);
        return;
    }
    while (is_named_alike(e, r, b))
        r->entry += NEXT_NAME;
    engine_run_move(e, id, to);
    if (mode == ENGINE_ACT)
        engine_say_run(e, INTENT_SAVE, r);
}

static void
move_runs(engine_t *e, uint32_t from, uint32_t to, engine_mode_t mode)
{
    uint32_t id;

    while ((id = engine_person(e, from)->runs) != 0) {
        const run_t *r = engine_run(e, id);

        if (r->state != RUN_NOTE)
            move_run(e, id, to, mode);
        else if (note_is_of_use(e, r, engine_person(e, to)))
            engine_run_move(e, id, to);
        else
            engine_run_drop(e, id);
    }
}

/*
 * Each one's history is new to the other's runs, so both count as changed:
 * `stop if` and goals look at them.
 */
static void
mark_joined(engine_t *e, const uint64_t *history)
{
    uint32_t slot;

    for (uint32_t i = 0; history_slot(history, i, &slot); i++)
        engine_mark(e, slot);
}

void
engine_login(engine_t *e, uint32_t from, uint32_t to, const engine_event_t *event,
    engine_mode_t mode)
{
    person_t *a = engine_person(e, from), *b = engine_person(e, to);
    uint32_t ones = e->plan->nkeys, end = plan_rule_slot(e->plan, 0);
    uint64_t *together = NULL, *before = b->history;

    if (history_merge(&e->histories, &together, b->history, ones, e->plan->nslots) != SENDA_OK ||
        history_merge(&e->histories, &together, a->history, ones, end) != SENDA_OK)
        e->stats.refused++;
    b->history = together;
    mark_joined(e, together);
    if (a->first < b->first)
        b->first = a->first;
    b->reach |= a->reach;
    b->service |= a->service;
    move_armed(e, from, to);
    engine_absence_moved(e, to);
    cross(e, a->history, before, to, event, mode);
    move_runs(e, from, to, mode); /* while the visitor is still known by its name */
    while (a->visitors != 0)
        people_give(&e->people, a->visitors, to);
    history_free(&e->histories, a->history);
    history_free(&e->histories, before);
    people_end(&e->people, from);
}
