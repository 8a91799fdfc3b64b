/*
 * Watches: conditions whose truth is kept for each person as a bit, so that
 * entering a segment is noticed, a block switched, and a daily start finds its
 * people without asking everybody. A watch is looked at when something it
 * names changes and, by one timer, at the next second at which time alone
 * could change it. For whom a start's condition is true stands in a list, with
 * some for whom it no longer is; they are sorted out when it is walked.
 */

#include "engine_state.h"

#include <stdlib.h>

static const scope_t whole;

static bool
holds(engine_t *e, const person_t *p, uint32_t watch)
{
    return engine_cond_holds(e, p, e->plan->watches[watch].cond, &whole);
}

bool
engine_watch_init(engine_t *e)
{
    const person_t nobody = { .alive = true };
    uint32_t n = e->plan->nwatches;

    e->watched = calloc((size_t)n + 1, sizeof(*e->watched));
    e->watch_seen = calloc((size_t)n + 1, sizeof(*e->watch_seen));
    e->watch_work = calloc((size_t)n + 1, sizeof(*e->watch_work));
    e->fresh = calloc((size_t)n + 1, sizeof(*e->fresh));
    if (e->watched == NULL || e->watch_seen == NULL || e->watch_work == NULL || e->fresh == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (holds(e, &nobody, i))
            e->fresh[e->nfresh++] = i;
    }
    return true;
}

void
engine_watch_free(engine_t *e)
{
    for (uint32_t i = 0; e->watched != NULL && i < e->plan->nwatches; i++)
        free(e->watched[i].persons);
    free(e->watched);
    free(e->watch_seen);
    free(e->watch_work);
    free(e->fresh);
}

/* ---- the bit ---- */

bool
engine_watch_is_true(const engine_t *e, const uint64_t *history, uint32_t watch)
{
    history_part_t part = history_part(&e->histories, history, e->plan->bits + watch / 64);

    return part.count > 0 && (part.fixed[0] >> watch % 64 & 1) != 0;
}

/* false: no room for it. */
static bool
set_bit(engine_t *e, person_t *p, uint32_t watch, bool on)
{
    uint32_t slot = e->plan->bits + watch / 64;
    senda_rc_t rc;
    uint64_t *word = history_words(&e->histories, &p->history, slot, &rc);

    if (word == NULL) {
        e->stats.refused++;
        return false;
    }
    *word = on ? *word | 1ull << watch % 64 : *word & ~(1ull << watch % 64);
    if (*word == 0)
        history_remove(&e->histories, p->history, slot);
    return true;
}

/* ---- the list ---- */

static int
by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Each once, and only those for whom it is true. */
static void
sort_out(engine_t *e, uint32_t watch)
{
    watch_list_t *w = &e->watched[watch];
    uint32_t kept = 0;

    if (w->n > 1)
        qsort(w->persons, w->n, sizeof(*w->persons), by_number);
    for (uint32_t i = 0; i < w->n; i++) {
        const person_t *p = engine_person(e, w->persons[i]);

        if ((kept == 0 || w->persons[kept - 1] != w->persons[i]) && p->alive &&
            engine_watch_is_true(e, p->history, watch))
            w->persons[kept++] = w->persons[i];
    }
    w->n = kept;
}

/* Room for one more: a list that is full is sorted out, and grows only if that was of no use. */
static bool
make_room(engine_t *e, uint32_t watch)
{
    watch_list_t *w = &e->watched[watch];
    uint32_t size = w->size == 0 ? 64 : 2 * w->size, *persons;

    if (w->n < w->size)
        return true;
    if (w->n > 0)
        sort_out(e, watch);
    if (w->size > 0 && w->n <= w->size / 2)
        return true;
    persons = realloc(w->persons, size * sizeof(*persons));
    if (persons == NULL)
        return w->n < w->size;
    w->persons = persons;
    w->size = size;
    return true;
}

static void
list(engine_t *e, uint32_t watch, uint32_t person)
{
    if (make_room(e, watch))
        e->watched[watch].persons[e->watched[watch].n++] = person;
    else
        e->stats.refused++;
}

void
engine_watch_each(engine_t *e, uint32_t watch, engine_each_pt each, void *ctx)
{
    watch_list_t *w = &e->watched[watch];
    uint32_t n, *persons;

    sort_out(e, watch);
    n = w->n;
    persons = malloc((n + 1) * sizeof(*persons));
    if (persons == NULL) {
        e->stats.refused++;
        return;
    }
    memcpy(persons, n == 0 ? persons : w->persons, n * sizeof(*persons));
    for (uint32_t i = 0; i < n; i++) {
        const person_t *p = engine_person(e, persons[i]);

        if (p->alive && engine_watch_is_true(e, p->history, watch))
            each(e, persons[i], ctx);
    }
    free(persons);
}

/* ---- a look ---- */

static void
say_show(engine_t *e, const person_t *p, uint32_t show, bool on, engine_mode_t mode)
{
    intent_t intent = { .kind = INTENT_SHOW,
        .at = e->now,
        .show = &e->program->shows[show],
        .on = on };

    if (mode != ENGINE_ACT)
        return;
    engine_who(e, p, &intent.who);
    e->intent(e->ctx, &intent);
}

static void
say_standing(engine_t *e, const person_t *p, engine_mode_t mode)
{
    intent_t intent = { .kind = INTENT_STANDING, .at = e->now };

    if (mode != ENGINE_ACT || !e->standing)
        return;
    engine_who(e, p, &intent.who);
    e->intent(e->ctx, &intent);
}

static void
turned(engine_t *e, uint32_t person, uint32_t watch, bool on, engine_mode_t mode)
{
    const watch_t *w = &e->plan->watches[watch];

    switch (w->kind) {
    case WATCH_SEGMENT:
        if (on)
            engine_happened(e, e->plan->segments + w->what);
        say_standing(e, engine_person(e, person), mode);
        break;
    case WATCH_START:
        if (on)
            list(e, watch, person);
        break;
    case WATCH_SHOW:
        say_show(e, engine_person(e, person), w->what, on, mode);
        break;
    case WATCH_STANDING:
        say_standing(e, engine_person(e, person), mode);
        break;
    }
}

/* One timer: the earliest that it was ever given; when it is due it finds the next. */
static void
arm(engine_t *e, uint32_t person, uint32_t watch)
{
    person_t *p = engine_person(e, person);
    const watch_t *w = &e->plan->watches[watch];
    senda_sec_t next = engine_cond_next(e, p, w->cond, &whole);
    timer_entry_t timer = { next, person, timer_what(TIMER_WATCH, watch) };
    uint64_t *word;
    senda_rc_t rc;

    if (next == TIMER_NEVER)
        return;
    word = history_find(p->history, w->armed);
    if (word != NULL && (senda_sec_t)*word <= next)
        return;
    word = history_words(&e->histories, &p->history, w->armed, &rc);
    if (word == NULL || !timers_push(&e->timers, timer)) {
        e->stats.refused++;
        return;
    }
    *word = (uint64_t)next;
}

static void
look(engine_t *e, uint32_t person, uint32_t watch, engine_mode_t mode)
{
    person_t *p = engine_person(e, person);
    bool is = holds(e, p, watch), was = engine_watch_is_true(e, p->history, watch);

    if (is != was && set_bit(e, p, watch, is))
        turned(e, person, watch, is, mode);
    arm(e, person, watch);
}

/* The watches that name a slot, each once, behind the n there are. */
static uint32_t
collect(engine_t *e, const uint32_t *watches, uint32_t nwatches, uint32_t n)
{
    for (uint32_t i = 0; i < nwatches; i++) {
        if (e->watch_seen[watches[i]] != e->watch_look)
            e->watch_work[n++] = watches[i];
        e->watch_seen[watches[i]] = e->watch_look;
    }
    return n;
}

bool
engine_watch_changed(engine_t *e, uint32_t person, engine_mode_t mode)
{
    const plan_t *plan = e->plan;
    settle_t *s = &e->settle;
    uint32_t happened = s->nhappened, n = 0;

    if (++e->watch_look == 0) {
        memset(e->watch_seen, 0, plan->nwatches * sizeof(*e->watch_seen));
        e->watch_look = 1;
    }
    while (s->nchanged > 0) {
        uint32_t slot = s->changed[--s->nchanged], first = plan->watch_first[slot];

        s->is_changed[slot] = false;
        if (slot == plan->born)
            n = collect(e, e->fresh, e->nfresh, n);
        n = collect(e, plan->watch_refs + first, plan->watch_first[slot + 1] - first, n);
    }
    if (n > 1)
        qsort(e->watch_work, n, sizeof(*e->watch_work), by_number);
    for (uint32_t i = 0; i < n; i++)
        look(e, person, e->watch_work[i], mode);
    return s->nhappened != happened;
}

void
engine_watch_person_new(engine_t *e, uint32_t person, engine_mode_t mode)
{
    if (e->nfresh > 0)
        engine_mark(e, e->plan->born);
    for (unsigned i = 0; i < e->program->nshows; i++) {
        if (e->program->shows[i].cond == NULL)
            say_show(e, engine_person(e, person), i, true, mode);
    }
}

void
engine_watch_due(engine_t *e, const timer_entry_t *timer)
{
    uint32_t slot = e->plan->watches[timer_number(timer->what)].armed;
    person_t *p = engine_person(e, timer->person);
    uint64_t *word;

    if (!p->alive)
        return;
    word = history_find(p->history, slot);
    if (word == NULL || (senda_sec_t)*word != timer->due)
        return;
    history_remove(&e->histories, p->history, slot);
    engine_mark(e, slot);
}

void
engine_watch_moved(engine_t *e, const uint64_t *a, const uint64_t *b, uint32_t to,
    engine_mode_t mode)
{
    for (uint32_t i = 0; i < e->plan->nwatches; i++) {
        const watch_t *w = &e->plan->watches[i];
        bool theirs = engine_watch_is_true(e, a, i), ours = engine_watch_is_true(e, b, i);

        if (w->kind == WATCH_START && theirs && !ours)
            list(e, i, to);
        if (w->kind == WATCH_SHOW && theirs != ours) {
            bool is = holds(e, engine_person(e, to), i);

            if (set_bit(e, engine_person(e, to), i, is))
                say_show(e, engine_person(e, to), w->what, is, mode);
        }
        if (w->kind == WATCH_STANDING && theirs != ours) {
            bool is = holds(e, engine_person(e, to), i);

            if (set_bit(e, engine_person(e, to), i, is) && is != ours)
                say_standing(e, engine_person(e, to), mode);
        }
    }
}
