/*
 * "A and not B within D": the moment of the last A is kept with the person and
 * one timer waits; when it is due and A has come again, it waits on. Whether B
 * came is asked only then, from the kept moments. What one request brings is
 * simultaneous, so a B in the request of the last A counts as having come.
 *
 * "not A within D" alone is armed by A, and by the person's first sight.
 */

#include "engine_state.h"

#include <stdlib.h>

static uint32_t
note_of(engine_t *e, const person_t *p, uint32_t rule)
{
    for (uint32_t id = p->runs; id != 0; id = engine_run(e, id)->next) {
        if (engine_run(e, id)->state == RUN_NOTE && engine_run(e, id)->flow == rule)
            return id;
    }
    return 0;
}

/* Keeps the fields of the happening that armed it: the flow's messages may need them. */
static void
take_note(engine_t *e, uint32_t person, uint32_t rule, stamp_t since, const engine_event_t *event)
{
    person_t *p = engine_person(e, person);
    uint32_t id = p->runs == 0 ? 0 : note_of(e, p, rule);
    unsigned left_out;
    run_t *r;

    if (event == NULL || event->nfields == 0 || e->plan->rules[rule].is_tag) {
        if (id != 0)
            engine_run_drop(e, id);
        return;
    }
    if (id == 0 && (id = engine_run_new(e, person, RUN_NOTE)) == 0)
        return;
    r = engine_run(e, id);
    free(r->fields);
    r->flow = rule;
    r->after = since;
    r->fields_len = (uint16_t)engine_fields_pack(event->fields, event->nfields, &r->fields,
        &left_out);
    e->stats.refused += left_out;
}

static senda_sec_t
due_of(const engine_t *e, uint32_t rule, stamp_t since)
{
    return engine_later(e, stamp_sec(since), e->plan->rules[rule].trigger->span);
}

void
engine_absence_arm(engine_t *e, uint32_t person, uint32_t rule, stamp_t since,
    const engine_event_t *event)
{
    person_t *p = engine_person(e, person);
    uint32_t slot = e->plan->rules[rule].armed;
    history_part_t armed = history_part(&e->histories, p->history, slot);
    stamp_t before = armed.count > 0 ? armed.moments[0] : 0;
    senda_sec_t due;

    if (history_set(&e->histories, &p->history, slot, since) != SENDA_OK) {
        e->stats.refused++;
        return;
    }
    take_note(e, person, rule, since, event);
    due = due_of(e, rule, since);
    if (before != 0 && due_of(e, rule, before) <= due)
        return; /* its timer will see; when clocks go back a later A may be due earlier */
    if (!timers_push(&e->timers, (timer_entry_t){ due, person, rule }))
        e->stats.refused++;
}

/* What "alone" counts from: the last A (of several: the one with which it fell short), or first sight. */
static bool
alone_since(const engine_t *e, const person_t *p, const rule_t *rule, stamp_t *since)
{
    uint32_t times = verb_times(&rule->trigger->absent);
    history_part_t part = history_part(&e->histories, p->history, rule->absent);

    *since = p->first;
    if (part.count < times || part.nmoments < times)
        return false;
    *since = part.moments[part.nmoments - times];
    return true;
}

void
engine_absence_person_new(engine_t *e, uint32_t person)
{
    for (uint32_t i = 0; i < e->plan->nalone; i++)
        engine_absence_arm(e, person, e->plan->alone[i], engine_person(e, person)->first, NULL);
}

void
engine_absence_happened(engine_t *e, uint32_t person, uint32_t rule)
{
    stamp_t since;

    if (alone_since(e, engine_person(e, person), &e->plan->rules[rule], &since) &&
        due_of(e, rule, since) > e->now)
        engine_absence_arm(e, person, rule, since, NULL);
}

void
engine_absence_moved(engine_t *e, uint32_t to)
{
    person_t *p = engine_person(e, to);

    for (uint32_t i = 0; i < e->plan->nalone; i++) {
        uint32_t rule = e->plan->alone[i];
        stamp_t since;

        alone_since(e, p, &e->plan->rules[rule], &since);
        history_remove(&e->histories, p->history, e->plan->rules[rule].armed);
        if (due_of(e, rule, since) > e->now)
            engine_absence_arm(e, to, rule, since, NULL);
    }
}

/* B came at or after the A that armed it. */
static bool
is_cleared(const engine_t *e, const person_t *p, const rule_t *rule, stamp_t since)
{
    const senda_span_t whenever = { 0 };

    return rule->verb != SLOT_NONE &&
        engine_level(e, p->history, rule->absent, since - 1, whenever) >=
        verb_times(&rule->trigger->absent);
}

static void
fire(engine_t *e, uint32_t person, const rule_t *rule, uint32_t note, stamp_t since,
    engine_mode_t mode)
{
    if (rule->is_tag) {
        if (engine_tag_give(e, person, rule->owner, mode) && mode == ENGINE_ACT)
            engine_flow_changed(e, person);
    } else if (mode == ENGINE_ACT) {
        const run_t *r = note == 0 ? NULL : engine_run(e, note);
        bool fresh = r != NULL && r->after == since;

        engine_flow_start(e, person, rule->owner, since, fresh ? r->fields : NULL,
            fresh ? r->fields_len : 0);
    }
}

void
engine_absence_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    const rule_t *rule = &e->plan->rules[timer->what];
    person_t *p = engine_person(e, timer->person);
    history_part_t armed;
    stamp_t since;
    senda_sec_t due;
    uint32_t note;

    if (!p->alive)
        return;
    armed = history_part(&e->histories, p->history, rule->armed);
    if (armed.count == 0)
        return;
    since = armed.moments[0];
    due = due_of(e, timer->what, since);
    if (due > timer->due) {
        if (!timers_push(&e->timers, (timer_entry_t){ due, timer->person, timer->what }))
            e->stats.refused++;
        return;
    }
    history_remove(&e->histories, p->history, rule->armed);
    note = note_of(e, p, timer->what);
    if (!is_cleared(e, p, rule, since))
        fire(e, timer->person, rule, note, since, mode);
    if (note != 0)
        engine_run_drop(e, note);
}
