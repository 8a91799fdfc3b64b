/*
 * From an event to the slots it adds to: first it is asked of every counter
 * whether this is one of its happenings, as the person stood before; then all
 * are counted with one stamp. What is refused for want of room is counted, and
 * heard by nobody.
 */

#include "engine_state.h"
#include "hash.h"
#include "senda_message.h"

#define PURCHASE senda_key_event(SENDA_EV_PURCHASE)
#define REFUND   senda_key_event(SENDA_EV_REFUND)

/* An event on its way through the counters. */
typedef struct {
    const engine_event_t *event;
    visit_t visit;
    bool bought_before;
    uint32_t first; /* of those that it adds to, in settle.happened */
} arrival_t;

senda_str_t
engine_event_field(const engine_event_t *event, const char *name)
{
    size_t n = strlen(name);

    for (unsigned i = 0; i < event->nfields; i++) {
        if (event->fields[i].name.n == n && memcmp(event->fields[i].name.p, name, n) == 0)
            return event->fields[i].value;
    }
    return (senda_str_t){ "", 0 };
}

bool
engine_event_has(const engine_event_t *event, senda_event_t what)
{
    for (unsigned i = 0; i < event->nkeys; i++) {
        if (event->keys[i] == senda_key_event(what))
            return true;
    }
    return false;
}

/* ---- is it one of its happenings? ---- */

static bool
is_of_channel(const prog_verb_t *v, const engine_event_t *event)
{
    senda_str_t channel = engine_event_field(event, "channel");

    for (int i = 0; i < CHANNELS; i++) {
        if ((v->channels & CHANNEL_BIT(i)) != 0 &&
            senda_str_eq(channel, senda_cstr(senda_channel_name((unsigned)i))))
            return true;
    }
    return v->channels == 0;
}

static bool
passes(const prog_verb_t *v, const engine_event_t *event)
{
    for (unsigned i = 0; i < v->nfilters; i++) {
        const prog_filter_t *f = &v->filters[i];
        int64_t value;

        if (!value_read(f->type, engine_event_field(event, f->field), &value) ||
            !value_compare(value, f->cmp, f->value))
            return false;
    }
    return (v->top == 0 || (event->rank >= 1 && event->rank <= v->top)) &&
        is_of_channel(v, event) &&
        (v->template == NULL ||
            senda_str_eq(engine_event_field(event, "template"), senda_cstr(v->template)));
}

/* What is to come before came in this visit, and not just now. */
static bool
came_before(const engine_t *e, const person_t *p, const counter_t *c, visit_t visit)
{
    uint32_t slot;
    history_part_t part;

    if (c->before == SLOT_NONE)
        return true;
    slot = e->plan->counters[c->before].stands_for;
    part = history_part(&e->histories, p->history, slot);
    return visit.begin != 0 && part.n > 0 &&
        stamp_sec(history_at(&part, part.n - 1)) >= visit.begin;
}

static bool
is_hit(const engine_t *e, const person_t *p, const counter_t *c, const arrival_t *a)
{
    return passes(c->verb, a->event) && came_before(e, p, c, a->visit);
}

static bool
has_key(const engine_event_t *event, senda_key_t key)
{
    if (key == SENDA_KEY_ANY)
        return event->page;
    for (unsigned i = 0; i < event->nkeys; i++) {
        if (event->keys[i] == key)
            return true;
    }
    return false;
}

static void
ask_key(engine_t *e, const person_t *p, senda_key_t key, const arrival_t *a)
{
    const plan_t *plan = e->plan;
    uint32_t k = plan_key(plan, key);

    if (k == SLOT_NONE || (a->bought_before && key == PURCHASE))
        return;
    for (uint32_t i = plan->counters_first[k]; i < plan->counters_first[k + 1]; i++) {
        uint32_t slot = plan->counters_refs[i];

        if (is_hit(e, p, &plan->counters[slot], a))
            engine_happened(e, slot);
    }
}

static void
ask_places(engine_t *e, person_t *p, const arrival_t *a)
{
    const plan_t *plan = e->plan;
    double latitude, longitude;

    if (!engine_position(a->event, &latitude, &longitude))
        return;
    for (uint32_t i = 0; i < plan->narrives; i++) {
        const counter_t *c = &plan->counters[plan->arrives[i]];

        if (!engine_was_inside(e, p, c->verb->place) &&
            engine_is_inside(&e->program->places[c->verb->place], latitude, longitude) &&
            is_hit(e, p, c, a))
            engine_happened(e, plan->arrives[i]);
    }
    for (uint32_t i = 0; i < e->program->nplaces; i++)
        engine_place_set(e, p, i, engine_is_inside(&e->program->places[i], latitude, longitude));
}

/* Everything that the event is one of, in settle.happened. */
static void
ask_all(engine_t *e, person_t *p, const arrival_t *a)
{
    const plan_t *plan = e->plan;
    const engine_event_t *event = a->event;

    if (event->page)
        ask_key(e, p, SENDA_KEY_ANY, a);
    for (unsigned i = 0; i < event->nkeys && i < SENDA_KEYS_MAX; i++) {
        unsigned k = 0;

        while (k < i && event->keys[k] != event->keys[i])
            k++;
        if (k == i && event->keys[i] != SENDA_KEY_ANY)
            ask_key(e, p, event->keys[i], a);
    }
    for (uint32_t i = 0; event->page && i < plan->nreturns; i++) {
        const counter_t *c = &plan->counters[plan->returns[i]];

        if (engine_has_returned(e, p, c->verb->span) && is_hit(e, p, c, a))
            engine_happened(e, plan->returns[i]);
    }
    for (uint32_t i = 0; event->page && a->visit.visitor != 0 && i < plan->nspends; i++) {
        uint64_t value;

        if (engine_view_spent(e, p, plan->spends[i], a->visit, &value))
            engine_happened(e, plan->spends[i]);
    }
    if (plan->narrives > 0)
        ask_places(e, p, a);
}

/* ---- counting ---- */

/* The values of what is counted, each once; 0 of them: it is none of "same" or "different". */
static unsigned
values_of(engine_t *e, const person_t *p, uint32_t slot, const arrival_t *a, uint64_t *values)
{
    const prog_verb_t *v = e->plan->counters[slot].verb;
    senda_str_t texts[BASKET_MAX];
    unsigned n = 0, nvalues = 0;

    if (v->happens == HAPPENS_SPENDS)
        return engine_view_spent(e, p, slot, a->visit, &values[0]) && values[0] != 0;
    if (v->key == PURCHASE && strcmp(v->capture, "item") == 0) {
        n = engine_items_of(e, p, a->event, texts, BASKET_MAX);
    } else {
        texts[0] = engine_event_field(a->event, v->capture);
        n = texts[0].n > 0;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t value = engine_value(texts[i]);
        unsigned k = 0;

        while (k < nvalues && values[k] != value)
            k++;
        if (k == nvalues && value != 0)
            values[nvalues++] = value;
    }
    return nvalues;
}

static senda_rc_t
add_values(engine_t *e, person_t *p, uint32_t slot, const arrival_t *a)
{
    bool different = e->plan->counters[slot].keep == KEEP_DIFFERENT;
    uint64_t values[BASKET_MAX];
    unsigned n = values_of(e, p, slot, a, values);
    senda_rc_t rc = n == 0 ? SENDA_NONE : SENDA_OK;

    for (unsigned i = 0; i < n && rc == SENDA_OK; i++) {
        uint64_t entry[2] = { engine_stamp(e), values[i] };

        rc = different ? history_put(&e->histories, &p->history, slot, entry)
                       : history_add(&e->histories, &p->history, slot, entry);
    }
    return rc;
}

static senda_rc_t
add_amount(engine_t *e, person_t *p, uint32_t slot, int64_t amount, uint64_t order)
{
    uint64_t entry[3] = { engine_stamp(e), (uint64_t)amount, order };
    senda_rc_t rc = history_add(&e->histories, &p->history, slot, entry);

    if (rc == SENDA_OK)
        *history_find(p->history, slot) += (uint64_t)amount;
    return rc;
}

static senda_str_t
order_of(const engine_event_t *event)
{
    return event->order.n > 0 ? event->order : engine_event_field(event, "order");
}

static senda_rc_t
add_sum(engine_t *e, person_t *p, uint32_t slot, const arrival_t *a)
{
    senda_str_t order = order_of(a->event);
    int64_t amount;

    if (!value_read(VALUE_NUMBER, engine_event_field(a->event, "total"), &amount))
        return SENDA_NONE;
    return add_amount(e, p, slot, amount, order.n == 0 ? 0 : engine_hash(order));
}

static senda_rc_t
add_first(engine_t *e, person_t *p, uint32_t slot)
{
    senda_rc_t rc = SENDA_NONE;
    uint64_t *words = history_find(p->history, slot);

    if (words != NULL)
        return rc;
    words = history_words(&e->histories, &p->history, slot, &rc);
    if (words != NULL)
        *words = engine_stamp(e);
    return rc;
}

/* SENDA_NONE: it is nothing to this counter after all. */
static senda_rc_t
add(engine_t *e, person_t *p, uint32_t slot, const arrival_t *a)
{
    const counter_t *c = &e->plan->counters[slot];
    uint64_t stamp = engine_stamp(e);

    switch (c->keep) {
    case KEEP_MOMENTS:
        return c->kept ? history_add(&e->histories, &p->history, slot, &stamp) : SENDA_OK;
    case KEEP_VALUES:
    case KEEP_DIFFERENT:
        return add_values(e, p, slot, a);
    case KEEP_DAYS:
        return history_put(&e->histories, &p->history, slot, &stamp);
    case KEEP_SUM:
        return add_sum(e, p, slot, a);
    case KEEP_FIRST:
        return add_first(e, p, slot);
    }
    return SENDA_NONE;
}

/* One of this slot has come before the first of these, and no rule has heard it yet. */
static bool
is_pending(const settle_t *s, uint32_t slot, uint32_t first)
{
    for (uint32_t i = s->starts_done; i < first; i++) {
        if (s->happened[i].slot == slot)
            return true;
    }
    return false;
}

static void
add_all(engine_t *e, person_t *p, const arrival_t *a)
{
    settle_t *s = &e->settle;
    uint32_t kept = a->first;

    for (uint32_t i = a->first; i < s->nhappened; i++) {
        uint32_t slot = s->happened[i].slot;
        senda_rc_t rc;

        s->happened[i].again = is_pending(s, slot, a->first);
        if (!s->happened[i].again)
            engine_note_levels(e, p, slot);
        rc = add(e, p, slot, a);
        if (rc == SENDA_OK) {
            engine_mark(e, slot);
            s->happened[kept++] = s->happened[i];
        } else if (rc != SENDA_NONE) {
            e->stats.refused++;
        }
    }
    s->nhappened = kept;
}

/* What of an order is still counted: its amounts less what was given back. */
static int64_t
still_counted(const engine_t *e, const person_t *p, uint32_t slot, uint64_t order)
{
    history_part_t part = history_part(&e->histories, p->history, slot);
    int64_t left = 0;

    for (uint32_t i = 0; i < part.n; i++) {
        if (part.entries[3 * (size_t)i + 2] == order)
            left += (int64_t)part.entries[3 * (size_t)i + 1];
    }
    return left;
}

/* Sums of purchases fall at the refund's moment: by its total, else by what its order still counts. */
static void
refund(engine_t *e, person_t *p, const engine_event_t *event)
{
    senda_str_t order = order_of(event);
    uint64_t hash = order.n == 0 ? 0 : engine_hash(order);
    int64_t total = 0;
    bool has_total = value_read(VALUE_NUMBER, engine_event_field(event, "total"), &total);

    for (uint32_t i = 0; i < e->plan->nsums; i++) {
        uint32_t slot = e->plan->sums[i];
        bool picks = e->plan->counters[slot].verb->nfilters > 0;
        int64_t left = hash == 0 ? 0 : still_counted(e, p, slot, hash);
        int64_t amount = has_total && (!picks || left > 0) ? total : left;

        if (amount <= 0)
            continue;
        if (add_amount(e, p, slot, -amount, hash) == SENDA_OK)
            engine_mark(e, slot);
        else
            e->stats.refused++;
    }
}

/* The page before is over; those that this page is one of begin. */
static void
turn_page(engine_t *e, person_t *p, const arrival_t *a)
{
    for (uint32_t i = 0; i < e->plan->nspends; i++) {
        uint32_t slot = e->plan->spends[i];
        const counter_t *c = &e->plan->counters[slot];
        bool views = has_key(a->event, c->verb->key) && is_hit(e, p, c, a);
        senda_str_t text = { "", 0 };

        if (views && c->verb->capture != NULL)
            text = engine_event_field(a->event, c->verb->capture);
        engine_view_next(e, p, slot, a->visit, views, engine_value(text));
    }
}

void
engine_count_event(engine_t *e, uint32_t person, const engine_event_t *event, visit_t visit,
    bool bought_before)
{
    arrival_t a = { event, visit, bought_before, e->settle.nhappened };
    person_t *p = engine_person(e, person);

    ask_all(e, p, &a);
    add_all(e, p, &a);
    if (e->plan->nsums > 0 && has_key(event, REFUND))
        refund(e, p, event);
    if (event->page && visit.visitor != 0)
        turn_page(e, p, &a);
}
