/*
 * "A and not B within D": the moment of the last A is kept with the person and
 * one timer waits; when it is due and A has come again, it waits on. Whether B
 * came is asked only then, from the kept moments. What one request brings is
 * simultaneous, so a B in the request of the last A counts as having come,
 * unless A itself brings it.
 *
 * "not A within D" alone counts from A, else from the person's first sight:
 * nothing of its own is kept. Its timer means something only if it is due at
 * the second that follows from what is kept of A. A score line with `each`
 * counts again as long as the absence lasts.
 */

#include "engine_state.h"

#include <stdlib.h>

#define NOTE_OF_VIEW (1ull << 63) /* no stamp reaches it */

static senda_sec_t
due_of(const engine_t *e, uint32_t rule, stamp_t since)
{
    return engine_later(e, stamp_sec(since), e->plan->rules[rule].trigger->span);
}

static void
push(engine_t *e, uint32_t person, uint32_t rule, senda_sec_t due)
{
    timer_entry_t timer = { due, person, timer_what(TIMER_RULE, rule) };

    if (!timers_push(&e->timers, timer))
        e->stats.refused++;
}

/* ---- A and not B ---- */

/* The fields of an event are needed later: for a run's messages, or for "of the same". */
static bool
is_noted(const rule_t *r)
{
    return r->kind == OWNER_START || r->trigger->absent.by == BY_SAME;
}

/*
 * Under which the fields of what armed it are noted, 0: they are not. A run's
 * have a number of their own in the second word; an event's its stamp, those
 * of a page that was looked at beside it.
 */
static uint64_t
note_key(const engine_t *e, const rule_t *r, const uint64_t *words)
{
    if (r->by_step && words[1] != 0)
        return words[1];
    if (!is_noted(r))
        return 0;
    return engine_is_of_view(e->plan, r->on) ? words[0] | NOTE_OF_VIEW : words[0];
}

/* since, and the number of a run's note. */
static void
arm(engine_t *e, uint32_t person, uint32_t rule, const uint64_t *by, senda_str_t fields)
{
    const rule_t *r = &e->plan->rules[rule];
    person_t *p = engine_person(e, person);
    senda_sec_t due = due_of(e, rule, by[0]);
    uint64_t *words, key;
    stamp_t before;
    senda_rc_t rc;

    words = history_words(&e->histories, &p->history, r->armed, &rc);
    if (words == NULL) {
        e->stats.refused++;
        return;
    }
    before = words[0];
    key = before == 0 ? 0 : note_key(e, r, words);
    memcpy(words, by, (r->by_step ? 2 : 1) * sizeof(*words));
    if (before == 0 || due_of(e, rule, before) > due)
        push(e, person, rule, due); /* else its timer will see; clocks may go back */
    if (key != 0)
        engine_note_drop(e, p, key);
    key = note_key(e, r, by);
    if (key != 0)
        engine_note_take(e, p, key, fields);
}

void
engine_absence_fired(engine_t *e, uint32_t person, uint32_t rule)
{
    const rule_t *r = &e->plan->rules[rule];
    const settle_t *s = &e->settle;
    uint64_t by[2] = { engine_stamp(e), s->from == 0 ? 0 : s->brought[s->from - 1].note };
    senda_str_t fields = { NULL, 0 };

    if (note_key(e, r, by) != 0)
        fields = engine_fields_for(e, r);
    arm(e, person, rule, by, fields);
}

void
engine_absence_take(engine_t *e, const person_t *from, uint32_t to)
{
    const plan_t *plan = e->plan;

    for (uint32_t i = 0; i < plan->nrules; i++) {
        const rule_t *r = &plan->rules[i];
        history_part_t theirs, ours;

        if (r->armed == SLOT_NONE)
            continue;
        theirs = history_part(&e->histories, from->history, r->armed);
        ours = history_part(&e->histories, engine_person(e, to)->history, r->armed);
        if (theirs.count > 0 && (ours.count == 0 || ours.fixed[0] < theirs.fixed[0]))
            arm(e, to, i, theirs.fixed, engine_note_of(e, from, note_key(e, r, theirs.fixed)));
    }
}

void
engine_absence_drop(engine_t *e, person_t *p, uint32_t rule)
{
    const rule_t *r = &e->plan->rules[rule];
    const uint64_t *words = history_find(p->history, r->armed);
    uint64_t key = words == NULL ? 0 : note_key(e, r, words);

    if (words == NULL)
        return;
    history_remove(&e->histories, p->history, r->armed);
    if (key != 0)
        engine_note_drop(e, p, key);
}

/* B came at or after the A that armed it; "of the same": B of the value that A had. */
static bool
is_cleared(engine_t *e, const person_t *p, const rule_t *r, stamp_t since, senda_str_t note)
{
    const prog_verb_t *v = &r->trigger->absent;
    const senda_span_t whenever = { 0 };
    scope_t scope = { .after = r->later ? since : since - 1 };
    prog_verb_t came = *v;

    if (v->by != BY_SAME)
        return engine_level(e, p->history, r->absent, scope.after, whenever) >= verb_times(v);
    came.within = whenever;
    came.count = COUNT_AT_LEAST;
    came.times = verb_times(v);
    scope.in_flow = note.n > 0;
    scope.fields = note.p;
    scope.fields_len = (uint16_t)note.n;
    return engine_verb_holds(e, p, &came, &scope);
}

/*
 * It starts a flow when all of this second is settled: with a copy of what was
 * noted. What else it does is brought by the run that armed it, if one did.
 */
static void
done(engine_t *e, uint32_t person, uint32_t rule, stamp_t since, senda_str_t note,
    engine_mode_t mode)
{
    const rule_t *r = &e->plan->rules[rule];
    noted_start_t start = { .flow = r->owner, .after = since };
    uint32_t from = e->settle.from;

    if (r->by_step && r->kind != OWNER_START)
        e->settle.from = engine_brought(e, note);
    if (r->kind == OWNER_START && mode == ENGINE_ACT && note.n > 0) {
        start.copy = malloc(note.n);
        if (start.copy == NULL) {
            e->stats.refused++;
        } else {
            memcpy(start.copy, note.p, note.n);
            start.fields = (senda_str_t){ start.copy, note.n };
        }
    }
    engine_rule_done(e, person, rule, &start, mode);
    e->settle.from = from;
}

static void
armed_due(engine_t *e, const timer_entry_t *timer, uint32_t rule, engine_mode_t mode)
{
    const rule_t *r = &e->plan->rules[rule];
    person_t *p = engine_person(e, timer->person);
    uint64_t *words = history_find(p->history, r->armed), key;
    senda_str_t note = { NULL, 0 };
    stamp_t since;

    if (words == NULL)
        return;
    since = words[0];
    if (due_of(e, rule, since) > timer->due) {
        push(e, timer->person, rule, due_of(e, rule, since));
        return;
    }
    key = note_key(e, r, words);
    history_remove(&e->histories, p->history, r->armed);
    if (key != 0)
        note = engine_note_of(e, p, key);
    if (!is_cleared(e, p, r, since, note))
        done(e, timer->person, rule, since, note, mode);
    if (key != 0)
        engine_note_drop(e, p, key);
}

/* ---- not A ---- */

/* The last A (of several: the one with which it fell short), or first sight. */
static stamp_t
alone_since(const engine_t *e, const person_t *p, uint32_t rule)
{
    const rule_t *r = &e->plan->rules[rule];
    uint32_t times = verb_times(&r->trigger->absent);
    history_part_t part = history_part(&e->histories, p->history, r->absent);

    return part.n < times ? p->first : history_at(&part, part.n - times);
}

senda_sec_t
engine_absence_end(const engine_t *e, const person_t *p, uint32_t rule)
{
    return due_of(e, rule, alone_since(e, p, rule));
}

void
engine_absence_person_new(engine_t *e, uint32_t person)
{
    /* of one taken back before time begins it is past already */
    for (uint32_t i = 0; e->begun && i < e->plan->nalone; i++) {
        uint32_t rule = e->plan->alone[i];

        push(e, person, rule, engine_absence_end(e, engine_person(e, person), rule));
    }
}

void
engine_absence_happened(engine_t *e, uint32_t person, uint32_t rule)
{
    senda_sec_t due = engine_absence_end(e, engine_person(e, person), rule);
    senda_sec_t before = e->settle.levels[rule];

    /* one that waits will see, unless clocks go back */
    if (due > e->now && (before <= e->now || before > due))
        push(e, person, rule, due);
}

/* A score line that counts again as long as the absence lasts. */
static bool
counts_again(const engine_t *e, const rule_t *r)
{
    return r->kind == OWNER_SCORE && !senda_span_is_zero(e->program->scores[r->owner].each);
}

/* When it counts: at its end, or when its line may count again after that. */
static senda_sec_t
next_of(const engine_t *e, const person_t *p, uint32_t rule)
{
    const rule_t *r = &e->plan->rules[rule];
    senda_sec_t end = engine_absence_end(e, p, rule), allowed = INT64_MIN;

    if (counts_again(e, r))
        allowed = engine_line_free(e, p, r->owner);
    return allowed > end ? allowed : end;
}

void
engine_absence_moved(engine_t *e, uint32_t to)
{
    for (uint32_t i = 0; i < e->plan->nalone; i++) {
        uint32_t rule = e->plan->alone[i];
        senda_sec_t due = next_of(e, engine_person(e, to), rule);

        if (due > e->now && due != TIMER_NEVER)
            push(e, to, rule, due);
    }
}

static void
alone_due(engine_t *e, const timer_entry_t *timer, uint32_t rule, engine_mode_t mode)
{
    const rule_t *r = &e->plan->rules[rule];
    const person_t *p = engine_person(e, timer->person);
    senda_sec_t due = next_of(e, p, rule);
    senda_str_t none = { NULL, 0 };

    if (due > timer->due && due != TIMER_NEVER)
        push(e, timer->person, rule, due);
    if (due != timer->due)
        return;
    done(e, timer->person, rule, alone_since(e, p, rule), none, mode);
    due = counts_again(e, r) ? next_of(e, p, rule) : TIMER_NEVER;
    if (due > e->now && due != TIMER_NEVER)
        push(e, timer->person, rule, due);
}

void
engine_absence_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    uint32_t rule = timer_number(timer->what);

    if (!engine_person(e, timer->person)->alive)
        return;
    if (e->plan->rules[rule].armed == SLOT_NONE)
        alone_due(e, timer, rule, mode);
    else
        armed_due(e, timer, rule, mode);
}
