/*
 * A visitor gets a name: all that its browser had done becomes the contact's,
 * as one event. Counts, sums and points add, moments merge, tags unite, the
 * contact's own fields stay, the later of two armed absences counts; a
 * threshold that neither had reached and both together do is crossed now, by
 * the event that brought the name. Of two runs of one flow the contact's goes
 * on; `again` remembers both.
 */

#include "flow.h"

#include <stdlib.h>

/* A score that one of the two had reached is not reached by this event, however both stand. */
static void
keep_met(engine_t *e)
{
    settle_t *s = &e->settle;

    for (uint32_t i = 0; i < e->plan->nrules; i++) {
        if (e->plan->rules[i].trigger->kind == TRIGGER_SCORE)
            s->met[i] = engine_rule_met(e, s->was[0], i) || engine_rule_met(e, s->was[1], i);
    }
    s->scored = true;
    s->score_before = engine_score_in(e, s->was[1]);
}

/* Ends of tags have timers of the one who is no more. */
static void
move_ends(engine_t *e, const uint64_t *a, uint32_t to)
{
    const plan_t *plan = e->plan;

    for (uint32_t i = 0; i < e->program->ntags; i++) {
        uint32_t slot = plan_tag_slot(plan, i);
        history_part_t theirs;

        if (plan->shapes[slot].fixed < 2)
            continue;
        theirs = history_part(&e->histories, a, slot);
        if (theirs.count > 0 && (senda_sec_t)theirs.fixed[1] != TIMER_NEVER) {
            timer_entry_t timer = { (senda_sec_t)theirs.fixed[1], to, timer_what(TIMER_TAG, i) };

            if (!timers_push(&e->timers, timer))
                e->stats.refused++;
        }
    }
}

/* What counts once and counted for both counts once. */
static void
take_twice_counted(engine_t *e, const uint64_t *a, const uint64_t *b, uint32_t to)
{
    const program_t *g = e->program;
    person_t *p = engine_person(e, to);

    for (uint32_t i = 0; i < g->nscores; i++) {
        uint32_t slot = e->plan->lines + i;
        uint64_t *score;

        if (!g->scores[i].once || history_part(&e->histories, a, slot).count == 0 ||
            history_part(&e->histories, b, slot).count == 0)
            continue;
        score = history_find(p->history, e->plan->score);
        if (score != NULL)
            *score -= (uint64_t)(int64_t)g->scores[i].points;
        score = history_find(p->history, e->plan->browsed_points);
        if (score != NULL && e->plan->browsed[slot])
            *score -= (uint64_t)(int64_t)g->scores[i].points;
    }
}

/* Dates that only the visitor had said are the contact's now. */
static void
move_dates(engine_t *e, const uint64_t *b, uint32_t to)
{
    for (uint32_t i = 0; i < e->program->nfields; i++) {
        int64_t value;

        if (history_part(&e->histories, b, e->plan->fields + i).count == 0 &&
            engine_field_of(e, engine_person(e, to), i, &value))
            engine_calendar_field(e, to, i);
    }
}

/* One of the flow goes on already; of "each order": one of that order. */
/* Of a flow that runs for each order those of different orders go on side by side. */
static bool
has_run(engine_t *e, const run_t *r, const person_t *p)
{
    bool each = flow_of(e, r)->again == AGAIN_EACH;

    for (uint32_t id = p->runs; id != 0; id = engine_run(e, id)->next) {
        const run_t *other = engine_run(e, id);

        if (flow_is_on(other) && other->flow == r->flow && (!each || other->entry == r->entry))
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

        if (other->flow == r->flow && other->entry == r->entry)
            return true;
    }
    return false;
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
    r->look = TIMER_NEVER;
    r->recipe = 0;
    r->ngiven = 0;
    r->goal = true;
    r->due = engine_flow_forget_at(e, r);
}

static void
move_run(engine_t *e, uint32_t id, uint32_t to, engine_mode_t mode)
{
    run_t *r = engine_run(e, id);
    person_t *b = engine_person(e, to);

    if (flow_is_on(r) && has_run(e, r, b))
        end_second(e, r, mode);
    if (mode == ENGINE_ACT)
        engine_say_run(e, INTENT_FORGET, r);
    if (r->state == RUN_OVER && r->due <= e->now) {
        engine_run_drop(e, id);
        return;
    }
    while (is_named_alike(e, r, b))
        r->entry = (r->entry + NEXT_NAME) | (r->entry & ENTRY_OF_VALUE);
    engine_run_move(e, id, to);
    if (mode == ENGINE_ACT)
        engine_say_run(e, INTENT_SAVE, r);
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
engine_login(engine_t *e, uint32_t from, uint32_t to, engine_mode_t mode)
{
    person_t *a = engine_person(e, from), *b = engine_person(e, to);
    uint64_t *together = NULL, *before = b->history;

    if (history_copy(&e->histories, &together, before) != SENDA_OK ||
        history_merge(&e->histories, &together, a->history) != SENDA_OK)
        e->stats.refused++;
    b->history = together;
    mark_joined(e, together);
    if (a->first < b->first)
        b->first = a->first;
    b->address |= a->address;
    b->consent |= a->consent;
    engine_mark(e, e->plan->reach);
    take_twice_counted(e, a->history, before, to);
    engine_absence_take(e, a, to);
    move_ends(e, a->history, to);
    engine_views_moved(e, a, b);
    move_dates(e, before, to);
    engine_absence_moved(e, to);
    engine_watch_moved(e, a->history, before, to, mode);
    e->settle.joined = true;
    e->settle.was[0] = a->history; /* until this event is through */
    e->settle.was[1] = before;
    keep_met(e);
    while (a->runs != 0)
        move_run(e, a->runs, to, mode); /* while the visitor is still known by its name */
    while (a->visitors != 0)
        people_give(&e->people, a->visitors, to);
    engine_notes_free(e, a);
    people_end(&e->people, from);
}
