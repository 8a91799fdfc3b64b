/*
 * The engine's entry points and the order inside one event: whose it is,
 * counts, tags, stops and goals, starts. All that is decided elsewhere hangs
 * off here. Knows no clock, no store, no channel; what it cannot take for want
 * of memory or room it counts as refused.
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
    e->intent = intent;
    e->ctx = ctx;
    people_init(&e->people, options->persons_max);
    pool_init(&e->runs, sizeof(run_t));
    e->plan = plan_new(program);
    if (e->plan != NULL) {
        history_store_init(&e->histories, e->plan->caps);
        e->marks = calloc((size_t)e->plan->nslots + 1, sizeof(*e->marks));
        e->starts = calloc(2 * (size_t)e->plan->nrules + 1, sizeof(*e->starts));
    }
    if (e->marks == NULL || e->starts == NULL) {
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
    plan_free(e->plan);
    free(e->marks);
    free(e->starts);
    free(e);
}

static void
set_now(engine_t *e, senda_sec_t now)
{
    if (now > e->now) {
        e->now = now;
        e->seq = 0;
    }
}

/* What is marked from here on has changed together. */
static void
new_tick(engine_t *e)
{
    if (++e->tick == 0) {
        memset(e->marks, 0, e->plan->nslots * sizeof(*e->marks));
        e->tick = 1;
    }
}

static uint32_t
person_new(engine_t *e, const engine_who_t *who, stamp_t first)
{
    uint32_t person = people_new(&e->people, who->contact, first);

    if (person == 0)
        return 0;
    if (who->contact == 0 && people_new_visitor(&e->people, &who->visitor, person) == 0) {
        people_end(&e->people, person);
        return 0;
    }
    engine_absence_person_new(e, person);
    return person;
}

uint32_t
engine_person_of(engine_t *e, const engine_who_t *who, stamp_t first)
{
    uint32_t person = 0, visitor;

    if (who->contact != 0) {
        person = people_contact(&e->people, who->contact);
    } else if (!senda_visitor_is_none(&who->visitor)) {
        visitor = people_visitor(&e->people, &who->visitor);
        if (visitor != 0)
            return ((visitor_rec_t *)pool_at(&e->people.visitors, visitor))->person;
    } else {
        return 0;
    }
    return person != 0 ? person : person_new(e, who, first);
}

/* The person of an event; a visitor that shows up with a contact is that contact's from now on. */
static uint32_t
identify(engine_t *e, const engine_event_t *event, engine_mode_t mode)
{
    const engine_who_t *who = &event->who;
    uint32_t person = engine_person_of(e, who, engine_stamp(e)), visitor, owner;

    if (person == 0 || who->contact == 0 || senda_visitor_is_none(&who->visitor))
        return person;
    visitor = people_visitor(&e->people, &who->visitor);
    if (visitor == 0) {
        if (people_new_visitor(&e->people, &who->visitor, person) == 0)
            e->stats.refused++;
        return person;
    }
    owner = ((visitor_rec_t *)pool_at(&e->people.visitors, visitor))->person;
    if (owner == person)
        return person;
    if (engine_person(e, owner)->contact == 0)
        engine_login(e, owner, person, event, mode);
    else
        people_give(&e->people, visitor, person);
    return person;
}

void
engine_rule_fired(engine_t *e, uint32_t person, uint32_t rule, const engine_event_t *event,
    engine_mode_t mode)
{
    const rule_t *r = &e->plan->rules[rule];

    if (r->trigger->has_absent)
        engine_absence_arm(e, person, rule, engine_stamp(e), event);
    else if (r->is_tag)
        engine_tag_give(e, person, r->owner, mode);
    else if (mode == ENGINE_ACT)
        e->starts[e->nstarts++] = r->owner;
}

static bool
is_among(const uint32_t *slots, unsigned n, uint32_t slot)
{
    while (n > 0 && slots[n - 1] != slot)
        n--;
    return n > 0;
}

/* Counts an event's keys; slots gets those that rules name. */
static unsigned
count(engine_t *e, uint32_t person, const engine_event_t *event, bool bought_before,
    uint32_t *slots)
{
    person_t *p = engine_person(e, person);
    unsigned n = 0;

    for (unsigned i = 0; i <= event->nkeys && i <= SENDA_KEYS_MAX; i++) {
        senda_key_t key = i == 0 ? SENDA_KEY_ANY : event->keys[i - 1];
        uint32_t slot;

        if (i == 0 ? !event->page : key == SENDA_KEY_ANY)
            continue;
        if (bought_before && key == senda_key_event(SENDA_EV_PURCHASE))
            continue;
        slot = plan_slot(e->plan, key);
        if (slot == SLOT_NONE || is_among(slots, n, slot))
            continue;
        if (history_add(&e->histories, &p->history, slot, engine_stamp(e)) != SENDA_OK) {
            e->stats.refused++;
            continue;
        }
        engine_mark(e, slot);
        slots[n++] = slot;
    }
    return n;
}

static void
fire(engine_t *e, uint32_t person, const engine_event_t *event, const uint32_t *slots, unsigned n,
    engine_mode_t mode)
{
    const plan_t *plan = e->plan;

    for (unsigned i = 0; i < n; i++) {
        for (uint32_t k = plan->first[slots[i]]; k < plan->first[slots[i] + 1]; k++) {
            const rule_t *rule = &plan->rules[plan->refs[k]];

            if (rule->verb == SLOT_NONE)
                engine_absence_happened(e, person, plan->refs[k]);
            else if (engine_verb_fires(e, engine_person(e, person)->history, rule))
                engine_rule_fired(e, person, plan->refs[k], event, mode);
        }
    }
}

static int
by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The flows set off, in file order. */
static void
start(engine_t *e, uint32_t person, const engine_event_t *event)
{
    unsigned left_out = 0;
    char *fields = NULL;
    size_t len = 0;

    if (e->nstarts == 0)
        return;
    if (event->nfields > 0)
        len = engine_fields_pack(event->fields, event->nfields, &fields, &left_out);
    e->stats.refused += left_out;
    qsort(e->starts, e->nstarts, sizeof(*e->starts), by_number);
    for (uint32_t i = 0; i < e->nstarts; i++)
        engine_flow_start(e, person, e->starts[i], engine_stamp(e), fields, len);
    free(fields);
}

static bool
is_purchase(const engine_event_t *event)
{
    for (unsigned i = 0; i < event->nkeys; i++) {
        if (event->keys[i] == senda_key_event(SENDA_EV_PURCHASE))
            return true;
    }
    return false;
}

void
engine_event(engine_t *e, const engine_event_t *event, engine_mode_t mode)
{
    uint32_t slots[SENDA_KEYS_MAX + 1], person;
    bool bought_before = false;
    unsigned n;

    engine_advance(e, event->at, mode);
    e->seq += e->seq < STAMP_SEQ_MAX;
    e->stats.events++;
    e->nstarts = 0;
    new_tick(e);
    if (event->order.n > 0 && is_purchase(event))
        bought_before = !engine_order_is_new(e, event->order);
    person = identify(e, event, mode);
    if (person == 0) {
        e->stats.refused += event->who.contact != 0 || !senda_visitor_is_none(&event->who.visitor);
        return;
    }
    if (event->has_reach) {
        engine_person(e, person)->reach = (uint8_t)event->reach;
        engine_person(e, person)->service = (uint8_t)event->service;
    }
    n = count(e, person, event, bought_before, slots);
    fire(e, person, event, slots, n, mode);
    if (mode == ENGINE_ACT) {
        engine_flow_changed(e, person);
        start(e, person, event);
    }
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

static void
go_off(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    uint32_t run = timer->what & ~TIMER_RUN;

    new_tick(e);
    if ((timer->what & TIMER_RUN) == 0) {
        engine_absence_due(e, timer, mode);
    } else {
        const run_t *r = engine_run(e, run);

        if ((r->state == RUN_WAITS || r->state == RUN_OVER) && r->person == timer->person &&
            r->due == timer->due)
            engine_flow_due(e, run);
    }
}

void
engine_advance(engine_t *e, senda_sec_t now, engine_mode_t mode)
{
    timer_entry_t timer, *held = NULL, *more;
    size_t nheld = 0, size = 0;

    while (e->timers.n > 0 && e->timers.heap[0].due <= now) {
        timers_pop(&e->timers, &timer);
        set_now(e, timer.due);
        if (mode == ENGINE_ACT || (timer.what & TIMER_RUN) == 0) {
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
