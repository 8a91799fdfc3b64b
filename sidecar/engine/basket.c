/*
 * What a person has in the basket, and the latest item, search and order: what
 * {item}, {items}, {q} and {order} mean when a happening does not say it. Kept
 * as numbers of texts. Decides nothing.
 */

#include "engine_state.h"

#include <stdlib.h>

/* The latest of a kind: its stamp, the number of its text. */
static void
set_latest(engine_t *e, person_t *p, uint32_t slot, senda_str_t text)
{
    uint32_t number = engine_text(e, text);
    senda_rc_t rc = SENDA_OK;
    uint64_t *words;

    if (number == 0)
        return;
    words = history_words(&e->histories, &p->history, slot, &rc);
    if (words == NULL) {
        e->stats.refused++;
        return;
    }
    words[0] = engine_stamp(e);
    words[1] = number;
}

static senda_str_t
latest(const engine_t *e, const person_t *p, uint32_t slot)
{
    history_part_t part = history_part(&e->histories, p->history, slot);

    return part.count == 0 ? (senda_str_t){ "", 0 } : engine_text_of(e, (uint32_t)part.fixed[1]);
}

/* ---- the basket ---- */

/* One that is in it already becomes the latest. */
static void
put_item(engine_t *e, person_t *p, senda_str_t item)
{
    uint64_t number = engine_text(e, item);
    history_part_t part = history_part(&e->histories, p->history, e->plan->basket);
    uint32_t i = 0;

    if (number == 0)
        return;
    while (i < part.n && history_at(&part, i) != number)
        i++;
    if (i == BASKET_MAX ||
        history_put(&e->histories, &p->history, e->plan->basket, &number) != SENDA_OK)
        e->stats.refused++;
}

static void
take_item(engine_t *e, person_t *p, senda_str_t item)
{
    uint64_t number = engine_text_find(e, item);
    history_part_t part = history_part(&e->histories, p->history, e->plan->basket);

    for (uint32_t i = 0; i < part.n; i++) {
        if (history_at(&part, i) == number) {
            history_drop(&e->histories, p->history, e->plan->basket, i);
            return;
        }
    }
}

static void
replace_basket(engine_t *e, person_t *p, senda_str_t items)
{
    senda_str_t one;

    history_remove(&e->histories, p->history, e->plan->basket);
    while (engine_next_of(&items, &one))
        put_item(e, p, one);
}

static unsigned
texts_of_basket(const engine_t *e, const person_t *p, senda_str_t *items, unsigned max)
{
    history_part_t part = { 0 };
    unsigned n = 0;

    if (e->plan->basket != SLOT_NONE)
        part = history_part(&e->histories, p->history, e->plan->basket);
    while (n < part.n && n < max) {
        items[n] = engine_text_of(e, (uint32_t)history_at(&part, n));
        n++;
    }
    return n;
}

unsigned
engine_items_of(engine_t *e, const person_t *p, const engine_event_t *event, senda_str_t *items,
    unsigned max)
{
    senda_str_t texts = engine_event_field(event, "items"), one;
    unsigned n = 0;

    if (texts.n == 0)
        texts = engine_event_field(event, "item");
    if (texts.n == 0)
        return texts_of_basket(e, p, items, max);
    while (n < max && engine_next_of(&texts, &one)) {
        if (one.n > 0)
            items[n++] = one;
    }
    return n;
}

/* "red-heels:1:59.90,boots:2" without what is not the item; as long at most. */
static senda_str_t
without_numbers(senda_str_t items, char *buf)
{
    size_t n = 0;
    bool item = true;

    for (size_t i = 0; i < items.n; i++) {
        item = items.p[i] == ',' || (item && items.p[i] != ':');
        if (item)
            buf[n++] = items.p[i];
    }
    return (senda_str_t){ buf, n };
}

char *
engine_items_plain(const engine_event_t *event, engine_event_t *plain)
{
    for (unsigned i = 0; i < event->nfields; i++) {
        senda_str_t items = event->fields[i].value;
        char *buf;

        if (items.n == 0 || !senda_str_eq(event->fields[i].name, SENDA_STR("items")) ||
            memchr(items.p, ':', items.n) == NULL)
            continue;
        buf = malloc(items.n);
        if (buf == NULL)
            return NULL;
        *plain = *event;
        plain->fields[i].value = without_numbers(items, buf);
        return buf;
    }
    return NULL;
}

/* ---- what an event does ---- */

static void
purchase(engine_t *e, person_t *p, const engine_event_t *event)
{
    senda_str_t items[BASKET_MAX];
    unsigned n = engine_items_of(e, p, event, items, BASKET_MAX);
    senda_str_t order = event->order.n > 0 ? event->order : engine_event_field(event, "order");

    if (n > 0)
        set_latest(e, p, e->plan->latest_item, items[n - 1]);
    set_latest(e, p, e->plan->latest_order, order);
    e->settle.buys = true;
    if (engine_event_field(event, "items").n == 0 && engine_event_field(event, "item").n == 0) {
        for (unsigned i = 0; i < n; i++)
            e->settle.bought[i] = engine_text_find(e, items[i]);
        e->settle.nbought = n;
    }
    history_remove(&e->histories, p->history, e->plan->basket);
}

static bool
is_of_cart(const engine_event_t *event)
{
    return engine_event_has(event, SENDA_EV_VIEW_CART) ||
        engine_event_has(event, SENDA_EV_ADD_TO_CART) ||
        engine_event_has(event, SENDA_EV_REMOVE_FROM_CART) ||
        engine_event_has(event, SENDA_EV_BEGIN_CHECKOUT);
}

void
engine_basket_event(engine_t *e, person_t *p, const engine_event_t *event, bool bought_before)
{
    senda_str_t item, items;

    if (e->plan->basket == SLOT_NONE || event->nkeys == 0 ||
        !senda_key_is_event(event->keys[event->nkeys - 1]))
        return; /* events stand behind pages */
    if (engine_event_has(event, SENDA_EV_PURCHASE)) {
        if (!bought_before)
            purchase(e, p, event);
        return;
    }
    item = engine_event_field(event, "item");
    items = engine_event_field(event, "items");
    if (item.n > 0 && engine_event_has(event, SENDA_EV_ADD_TO_CART)) {
        put_item(e, p, item);
        set_latest(e, p, e->plan->latest_item, item);
    } else if (item.n > 0 && engine_event_has(event, SENDA_EV_REMOVE_FROM_CART)) {
        take_item(e, p, item);
    } else if (item.n > 0 && engine_event_has(event, SENDA_EV_VIEW_ITEM)) {
        set_latest(e, p, e->plan->latest_item, item);
    }
    if (items.n > 0 && is_of_cart(event))
        replace_basket(e, p, items);
    if (engine_event_has(event, SENDA_EV_SEARCH))
        set_latest(e, p, e->plan->latest_q, engine_event_field(event, "q"));
}

/* ---- fields of a run ---- */

/* Texts with commas between, as much as fits. */
static senda_str_t
join(const senda_str_t *texts, unsigned n, char *buf, size_t size)
{
    size_t len = 0;

    for (unsigned i = 0; i < n && len + texts[i].n + 1 <= size; i++) {
        if (len > 0)
            buf[len++] = ',';
        memcpy(buf + len, texts[i].p, texts[i].n);
        len += texts[i].n;
    }
    return (senda_str_t){ buf, len };
}

/* One more field, if it is not said yet and there is something to say. */
static void
complete(senda_capture_t *fields, unsigned *n, const char *name, senda_str_t value)
{
    unsigned i = 0;

    while (i < *n && !senda_str_eq(fields[i].name, senda_cstr(name)))
        i++;
    if (value.n == 0 || i == ENGINE_FIELDS_MAX || (i < *n && fields[i].value.n > 0))
        return;
    fields[i] = (senda_capture_t){ senda_cstr(name), value };
    *n += i == *n;
}

const char *
engine_event_fields(engine_t *e, size_t *len)
{
    settle_t *s = &e->settle;
    senda_capture_t fields[ENGINE_FIELDS_MAX];
    senda_str_t items[BASKET_MAX];
    char buf[ENGINE_FIELDS_BYTES];
    unsigned n, left_out;

    if (s->event != NULL && s->fields == NULL) {
        n = s->event->nfields < ENGINE_FIELDS_MAX ? s->event->nfields : ENGINE_FIELDS_MAX;
        memcpy(fields, s->event->fields, n * sizeof(*fields));
        complete(fields, &n, "order", s->event->order);
        for (unsigned i = 0; i < s->nbought; i++)
            items[i] = engine_text_of(e, s->bought[i]);
        if (s->nbought > 0) {
            complete(fields, &n, "items", join(items, s->nbought, buf, sizeof(buf) / 2));
            complete(fields, &n, "item", items[s->nbought - 1]);
        }
        if (s->buys)
            complete(fields, &n, "items", engine_event_field(s->event, "item"));
        s->fields_len = engine_fields_pack(fields, n, &s->fields, &left_out);
        e->stats.refused += left_out;
    }
    *len = s->fields_len;
    return s->fields;
}

void
engine_event_through(engine_t *e)
{
    free(e->settle.fields);
    e->settle.fields = NULL;
    e->settle.fields_len = 0;
}

/* The last of several. */
static senda_str_t
last_of(senda_str_t texts)
{
    senda_str_t one = { "", 0 };

    while (engine_next_of(&texts, &one))
        ;
    return one;
}

size_t
engine_fields_complete(engine_t *e, const person_t *p, const char *fields, size_t len, char **out)
{
    senda_capture_t all[ENGINE_FIELDS_MAX];
    senda_str_t items[BASKET_MAX];
    char buf[ENGINE_FIELDS_BYTES / 2];
    unsigned n = engine_fields_unpack(fields, len, all, ENGINE_FIELDS_MAX), nitems, left_out;
    size_t packed;

    if (e->plan->basket == SLOT_NONE)
        return engine_fields_pack(all, n, out, &left_out);
    nitems = texts_of_basket(e, p, items, BASKET_MAX);
    complete(all, &n, "item", last_of(engine_field_in(fields, len, "items")));
    if (nitems > 0) {
        complete(all, &n, "item", items[nitems - 1]);
        complete(all, &n, "items", join(items, nitems, buf, sizeof(buf)));
    }
    complete(all, &n, "item", latest(e, p, e->plan->latest_item));
    complete(all, &n, "q", latest(e, p, e->plan->latest_q));
    complete(all, &n, "order", latest(e, p, e->plan->latest_order));
    packed = engine_fields_pack(all, n, out, &left_out);
    e->stats.refused += left_out;
    return packed;
}
