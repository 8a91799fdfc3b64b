/*
 * The engine's entry points and the order inside one event: whose it is,
 * answers, counts, then what follows. All that is decided elsewhere hangs off
 * here. Knows no clock, no store, no channel; what it cannot take for want of
 * memory or room it counts as refused.
 */

#include "engine_state.h"

#include <stdlib.h>

engine_t *
engine_new(const program_t *program, const engine_options_t *options, engine_intent_pt intent,
    void *ctx)
{
    engine_t *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return NULL;
    e->program = program;
    e->zone = &program->zone;
    e->everybody = options->everybody_reachable;
    e->recall = options->recall;
    e->tell = options->tell;
    e->no_control = options->no_control;
    e->standing = options->standing;
    e->channels = options->channels == 0 ? UINT32_MAX : options->channels;
    e->intent = intent;
    e->ctx = ctx;
    people_init(&e->people, options->persons_max);
    pool_init(&e->runs, sizeof(run_t));
    e->plan = plan_new(program, options->standing);
    if (e->plan != NULL) {
        history_store_init(&e->histories, e->plan->shapes, e->zone);
        e->marks = calloc((size_t)e->plan->nslots + 1, sizeof(*e->marks));
    }
    if (e->marks == NULL || !engine_settle_init(e) || !engine_watch_init(e)) {
        engine_free(e);
        return NULL;
    }
    return e;
}

void
engine_free(engine_t *e)
{
    if (e == NULL)
        return;
    for (uint32_t id = 1; id < e->people.persons.next; id++) {
        const person_t *p = engine_person(e, id);

        if (p->alive)
            history_free(&e->histories, p->history);
    }
    for (uint32_t id = 1; id < e->runs.next; id++) {
        if (engine_run(e, id)->state != RUN_FREE)
            free(engine_run(e, id)->fields);
    }
    history_store_close(&e->histories);
    people_close(&e->people);
    pool_close(&e->runs);
    timers_close(&e->timers);
    engine_orders_free(&e->orders);
    engine_texts_free(&e->texts);
    engine_deeds_free(&e->deeds);
    engine_stock_free(&e->stock);
    engine_flow_free(e);
    engine_settle_free(e);
    engine_watch_free(e);
    plan_free(e->plan);
    free(e->marks);
    free(e->batch);
    free(e);
}

static void
set_now(engine_t *e, senda_sec_t now)
{
    if (now > e->now) {
        e->now = now;
        e->seq = 0;
        if (now >= e->calm_to || e->calm_to == 0)
            engine_find_calm(e);
    }
}

void
engine_new_tick(engine_t *e)
{
    if (++e->tick == 0) {
        memset(e->marks, 0, e->plan->nslots * sizeof(*e->marks));
        e->tick = 1;
    }
    engine_settle_begin(e, NULL);
}

/* ---- whose it is ---- */

static uint32_t
person_new(engine_t *e, const engine_who_t *who, engine_mode_t mode)
{
    uint32_t person = people_new(&e->people, who->contact, engine_stamp(e));

    if (person == 0)
        return 0;
    if (who->contact == 0 && people_new_visitor(&e->people, &who->visitor, person) == 0) {
        people_end(&e->people, person);
        return 0;
    }
    engine_absence_person_new(e, person);
    engine_watch_person_new(e, person, mode);
    return person;
}

static uint32_t
owner_of(const engine_t *e, uint32_t visitor)
{
    return ((const visitor_rec_t *)pool_at(&e->people.visitors, visitor))->person;
}

static uint32_t
person_of(engine_t *e, const engine_who_t *who, uint32_t *visitor, engine_mode_t mode)
{
    uint32_t person = 0;

    if (!senda_visitor_is_none(&who->visitor))
        *visitor = people_visitor(&e->people, &who->visitor);
    if (who->contact != 0)
        person = people_contact(&e->people, who->contact);
    else if (*visitor != 0)
        person = owner_of(e, *visitor);
    else if (senda_visitor_is_none(&who->visitor))
        return 0;
    return person != 0 ? person : person_new(e, who, mode);
}

uint32_t
engine_person_of(engine_t *e, const engine_who_t *who)
{
    uint32_t visitor = 0, person;

    engine_new_tick(e);
    person = person_of(e, who, &visitor, ENGINE_HISTORY);
    if (person != 0)
        engine_settle(e, person, NULL, ENGINE_HISTORY);
    return person;
}

/* The person of an event; a visitor that shows up with a contact is that contact's from now on. */
static uint32_t
identify(engine_t *e, const engine_event_t *event, uint32_t *visitor, engine_mode_t mode)
{
    const engine_who_t *who = &event->who;
    uint32_t person = person_of(e, who, visitor, mode), owner;

    if (person == 0 || senda_visitor_is_none(&who->visitor))
        return person;
    if (*visitor == 0 && who->contact == 0) {
        *visitor = engine_person(e, person)->visitors;
        return person;
    }
    if (*visitor == 0) {
        *visitor = people_new_visitor(&e->people, &who->visitor, person);
        e->stats.refused += *visitor == 0;
        return person;
    }
    owner = owner_of(e, *visitor);
    if (owner == person)
        return person;
    if (engine_person(e, owner)->contact == 0) {
        engine_login(e, owner, person, mode);
    } else {
        engine_views_left(e, engine_person(e, owner), *visitor);
        people_give(&e->people, *visitor, person);
    }
    return person;
}

/* ---- an event ---- */

static void
take_reach(engine_t *e, person_t *p, const engine_event_t *event)
{
    if (!event->has_reach ||
        (p->address == (uint8_t)event->address && p->consent == (uint8_t)event->consent))
        return;
    p->address = (uint8_t)event->address;
    p->consent = (uint8_t)event->consent;
    engine_mark(e, e->plan->reach);
}

/* Answers of a form, by the names of declared fields. */
static void
take_answers(engine_t *e, uint32_t person, const engine_event_t *event)
{
    const program_t *g = e->program;

    for (unsigned i = 0; i < event->nanswers && i < ENGINE_ANSWERS_MAX; i++) {
        const senda_capture_t *a = &event->answers[i];
        unsigned f = 0;
        int64_t value;

        while (f < g->nfields && !senda_str_eq(a->name, senda_cstr(g->fields[f].name)))
            f++;
        if (f < g->nfields && value_read(g->fields[f].type, a->value, &value))
            engine_field_set(e, person, f, value);
        else
            e->stats.refused++;
    }
}

static void
take_event(engine_t *e, const engine_event_t *event, engine_mode_t mode)
{
    bool bought_before = false;
    uint32_t person, visitor = 0;

    engine_advance(e, event->at, mode);
    while (mode == ENGINE_HISTORY && engine_deed_before(e, stamp_make(e->now, e->seq + 1)))
        continue;
    e->seq += e->seq < STAMP_SEQ_MAX;
    e->stats.events++;
    engine_new_tick(e);
    e->settle.event = event;
    if (event->order.n > 0 && engine_event_has(event, SENDA_EV_PURCHASE))
        bought_before = !engine_order_is_new(e, event->order);
    person = identify(e, event, &visitor, mode);
    if (person == 0) {
        e->stats.refused += event->who.contact != 0 || !senda_visitor_is_none(&event->who.visitor);
        return;
    }
    take_reach(e, engine_person(e, person), event);
    take_answers(e, person, event);
    engine_count_event(e, person, event, engine_visit(e, visitor, event), bought_before);
    engine_basket_event(e, engine_person(e, person), event, bought_before);
    engine_event_through(e);
    engine_crossed(e, person, mode);
    engine_settle(e, person, event, mode);
}

void
engine_event(engine_t *e, const engine_event_t *event, engine_mode_t mode)
{
    engine_event_t plain;
    char *items = engine_items_plain(event, &plain);

    take_event(e, items == NULL ? event : &plain, mode);
    free(items);
}

/* ---- time ---- */

static bool
is_of_run(const timer_entry_t *timer)
{
    return timer_kind(timer->what) == TIMER_RUN || timer_kind(timer->what) == TIMER_STOP;
}

/* Timers of runs do not go off while the past is lived again: they wait for the present. */
static void
put_back(engine_t *e, const timer_entry_t *held, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!timers_push(&e->timers, held[i]))
            e->stats.refused++;
    }
}

/* What is true of a person at this second: tags that end, absences, watches. */
static bool
is_of_state(const timer_entry_t *timer)
{
    return timer_kind(timer->what) <= TIMER_WATCH;
}

static int
by_person(const void *a, const void *b)
{
    const timer_entry_t *x = a, *y = b;

    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return (x->what > y->what) - (x->what < y->what);
}

static bool
is_same(const timer_entry_t *a, const timer_entry_t *b)
{
    return a->due == b->due && a->person == b->person && a->what == b->what;
}

/* The earliest timer due at or before now; what steps had done before it is done first. */
static bool
next_timer(engine_t *e, senda_sec_t now, engine_mode_t mode, timer_entry_t *timer)
{
    stamp_t present = mode == ENGINE_ACT ? UINT64_MAX : stamp_make(now, 0);

    for (;;) {
        bool due = e->timers.n > 0 && e->timers.heap[0].due <= now;

        if (!engine_deed_before(e, due ? stamp_make(e->timers.heap[0].due, 0) : present)) {
            if (due)
                timers_pop(&e->timers, timer);
            return due;
        }
    }
}

/* Time begins with what was done or is due first: what was taken back may be earlier. */
static void
begin(engine_t *e, senda_sec_t now)
{
    senda_sec_t first = engine_deeds_begin(e, now);

    if (e->timers.n > 0 && e->timers.heap[0].due < first)
        first = e->timers.heap[0].due;
    e->begun = true;
    set_now(e, first);
    engine_calendar_begin(e);
}

static void
state_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    switch (timer_kind(timer->what)) {
    case TIMER_TAG:
        engine_tag_due(e, timer, mode);
        break;
    case TIMER_RULE:
        engine_absence_due(e, timer, mode);
        break;
    default:
        engine_watch_due(e, timer);
    }
}

/* All timers of state of this second, from the heap behind the first of them; how many. */
static uint32_t
take_second(engine_t *e, const timer_entry_t *first)
{
    uint32_t n = 0;
    timer_entry_t timer = *first, *more;

    for (;;) {
        if (n == e->batch_size) {
            uint32_t size = n == 0 ? 64 : 2 * n;

            more = realloc(e->batch, size * sizeof(*more));
            if (more == NULL) {
                e->stats.refused++;
                return n;
            }
            e->batch = more;
            e->batch_size = size;
        }
        e->batch[n++] = timer;
        if (e->timers.n == 0 || e->timers.heap[0].due != first->due ||
            !is_of_state(&e->timers.heap[0]))
            return n;
        timers_pop(&e->timers, &timer);
    }
}

/* Each person's together; what follows from them is worked off when all of them have come. */
static void
states_go_off(engine_t *e, const timer_entry_t *first, engine_mode_t mode)
{
    uint32_t n = take_second(e, first);

    if (n > 1)
        qsort(e->batch, n, sizeof(*e->batch), by_person);
    for (uint32_t i = 0; i < n; i++) {
        const timer_entry_t *t = &e->batch[i];

        if (i == 0 || t->person != t[-1].person)
            engine_new_tick(e);
        if (i == 0 || !is_same(t, t - 1)) /* one armed twice */
            state_due(e, t, mode);
        if (i + 1 == n || t->person != t[1].person)
            engine_settle(e, t->person, NULL, mode);
    }
}

static void
go_off(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    if (is_of_state(timer)) {
        states_go_off(e, timer, mode);
        return;
    }
    engine_new_tick(e);
    if (timer_kind(timer->what) == TIMER_CALENDAR)
        engine_calendar_due(e, timer, mode);
    else
        engine_flow_due(e, timer);
}

void
engine_advance(engine_t *e, senda_sec_t now, engine_mode_t mode)
{
    timer_entry_t timer, *held = NULL, *more;
    size_t nheld = 0, size = 0;

    if (!e->begun)
        begin(e, now);
    if (e->resumes && mode == ENGINE_ACT)
        engine_flow_resume(e);
    while (next_timer(e, now, mode, &timer)) {
        set_now(e, timer.due);
        if (mode == ENGINE_ACT || !is_of_run(&timer)) {
            go_off(e, &timer, mode);
            continue;
        }
        if (nheld == size) {
            size = size == 0 ? 64 : 2 * size;
            more = realloc(held, size * sizeof(*held));
            if (more == NULL) {
                e->stats.refused++;
                size = nheld;
                continue;
            }
            held = more;
        }
        held[nheld++] = timer;
    }
    put_back(e, held, nheld);
    free(held);
    set_now(e, now);
}

void
engine_set_now(engine_t *e, senda_sec_t now)
{
    engine_advance(e, now, ENGINE_HISTORY);
    while (engine_deed_before(e, UINT64_MAX)) /* also those of the last event */
        continue;
}

bool
engine_next_due(engine_t *e, senda_sec_t *due)
{
    if (e->timers.n == 0)
        return false;
    *due = e->timers.heap[0].due;
    return true;
}

senda_sec_t
engine_now(const engine_t *e)
{
    return e->now;
}
