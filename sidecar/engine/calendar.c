/*
 * Starts by the calendar. "Every day" and "on DATE" have one timer each, of
 * nobody; when it is due it walks those for whom the condition is true. The
 * date of a person's field has a timer a person; nothing of it is kept: it
 * means something if it is due at the moment that the field says now. While
 * the past is lived again timers are armed anew and nothing starts.
 */

#include "engine_state.h"
#include "moment.h"

static void
push(engine_t *e, uint32_t person, uint32_t rule, senda_sec_t due)
{
    timer_entry_t timer = { due, person, timer_what(TIMER_CALENDAR, rule) };

    if (!timers_push(&e->timers, timer))
        e->stats.refused++;
}

void
engine_calendar_begin(engine_t *e)
{
    for (uint32_t i = 0; i < e->plan->ncalendar; i++) {
        uint32_t rule = e->plan->calendar[i];
        const prog_trigger_t *t = e->plan->rules[rule].trigger;

        if (t->kind == TRIGGER_DAILY)
            push(e, 0, rule, moment_next(e->zone, e->now, t->second, 0));
        else if (t->kind == TRIGGER_ON && moment_on(e->zone, t->date, t->second) >= e->now)
            push(e, 0, rule, moment_on(e->zone, t->date, t->second));
    }
}

/* The person's date at or after from; false: the field has no value. */
static bool
date_from(engine_t *e, uint32_t person, const prog_trigger_t *t, senda_sec_t from, senda_sec_t *due)
{
    int64_t date;

    if (!engine_field_of(e, engine_person(e, person), t->what, &date))
        return false;
    *due = moment_yearly(e->zone, date, t->second, from);
    return true;
}

void
engine_calendar_field(engine_t *e, uint32_t person, uint32_t field)
{
    for (uint32_t i = 0; i < e->plan->ncalendar; i++) {
        uint32_t rule = e->plan->calendar[i];
        const prog_trigger_t *t = e->plan->rules[rule].trigger;
        senda_sec_t due;

        if (t->kind == TRIGGER_DATE && t->what == field &&
            date_from(e, person, t, e->now + 1, &due))
            push(e, person, rule, due);
    }
}

static void
begin(engine_t *e, uint32_t person, uint32_t rule)
{
    engine_new_tick(e);
    engine_flow_start(e, person, e->plan->rules[rule].owner, engine_stamp(e), NULL, 0);
}

static void
date_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    uint32_t rule = timer_number(timer->what);
    const prog_trigger_t *t = e->plan->rules[rule].trigger;
    timer_entry_t twin;
    senda_sec_t due;

    /* a field that was set away and back has two */
    while (e->timers.n > 0 && e->timers.heap[0].due == timer->due &&
        e->timers.heap[0].person == timer->person && e->timers.heap[0].what == timer->what)
        timers_pop(&e->timers, &twin);
    if (!engine_person(e, timer->person)->alive ||
        !date_from(e, timer->person, t, timer->due, &due) || due != timer->due)
        return;
    if (date_from(e, timer->person, t, timer->due + 1, &due))
        push(e, timer->person, rule, due);
    if (mode == ENGINE_ACT)
        begin(e, timer->person, rule);
}

static void
each(engine_t *e, uint32_t person, void *ctx)
{
    begin(e, person, *(const uint32_t *)ctx);
}

void
engine_calendar_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    uint32_t rule = timer_number(timer->what);
    const rule_t *r = &e->plan->rules[rule];

    if (timer->person != 0) {
        date_due(e, timer, mode);
        return;
    }
    if (r->trigger->kind == TRIGGER_DAILY)
        push(e, 0, rule, moment_next(e->zone, timer->due + 1, r->trigger->second, 0));
    if (mode == ENGINE_ACT)
        engine_watch_each(e, r->watch, each, &rule);
}
