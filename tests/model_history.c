/*
 * Random histories: what a few visitors and contacts do in the shop of
 * model_random.c. Reads no clock; never fails.
 */

#include "model_random.h"
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

#define SOME(r, list) ((list)[random_below((r), sizeof(list) / sizeof((list)[0]))])

static const senda_span_t spans[] = { { .secs = 60 }, { .secs = 300 }, { .secs = 900 },
    { .secs = 1800 }, { .secs = 3600 }, { .secs = 86400 }, { .days = 1 }, { .days = 2 },
    { .days = 7 }, { .months = 1 }, { .months = 2 } };

/* ---- one event ---- */

static __attribute__((format(printf, 3, 4))) void
field(random_event_t *ev, const char *name, const char *fmt, ...)
{
    random_pair_t *f = &ev->fields[ev->nfields++];
    va_list args;

    snprintf(f->name, sizeof(f->name), "%s", name);
    va_start(args, fmt);
    vsnprintf(f->value, sizeof(f->value), fmt, args);
    va_end(args);
}

static void
visit(random_t *r, random_event_t *ev)
{
    static const char *const plain[] = { "/", "/", "/cart", "/cart", "/cart/bag", "/shoes",
        "/shoes/red", "/heels", "/nowhere", "/thanks" };
    unsigned item = 1 + random_below(r, 4), order = 1 + random_below(r, 5);

    switch (random_below(r, 12)) {
    case 0:
    case 1:
    case 2:
        snprintf(ev->text, sizeof(ev->text), "/product/i%u", item);
        break;
    case 3:
        snprintf(ev->text, sizeof(ev->text), "/cart?items=i%u,i%u", item, 1 + random_below(r, 4));
        break;
    case 4:
        snprintf(ev->text, sizeof(ev->text), "/search?q=%s",
            random_chance(r, 60) ? "boots" : "red");
        ev->rank = (uint8_t)random_below(r, 6);
        break;
    case 5:
        if (random_chance(r, 60))
            snprintf(ev->text, sizeof(ev->text), "/thanks?order=%u&total=%u.50", order,
                10 * (1 + random_below(r, 9)));
        else
            snprintf(ev->text, sizeof(ev->text), "/thanks?order=%u", order);
        break;
    case 6:
        ev->what = DO_POST;
        snprintf(ev->text, sizeof(ev->text), "/%s/i%u", random_chance(r, 70) ? "add" : "remove",
            item);
        break;
    default:
        snprintf(ev->text, sizeof(ev->text), "%s", SOME(r, plain));
    }
}

static void
buy(random_t *r, random_event_t *ev)
{
    snprintf(ev->text, sizeof(ev->text), "purchase");
    if (random_chance(r, 60))
        field(ev, "order", "%u", 1 + random_below(r, 5));
    if (random_chance(r, 70))
        field(ev, "total", "%u", 10 * (1 + random_below(r, 9)));
    if (random_chance(r, 30))
        field(ev, "items", "i%u:2:9.90,i%u", 1 + random_below(r, 4), 1 + random_below(r, 4));
    else if (random_chance(r, 20))
        field(ev, "item", "i%u", 1 + random_below(r, 4));
}

/* A phone that moves about the shop in the street. */
static void
move(random_t *r, random_event_t *ev)
{
    bool inside = random_chance(r, 50);

    snprintf(ev->text, sizeof(ev->text), "login");
    field(ev, "lat", "%s", inside ? "40.4168" : "40.5");
    field(ev, "lon", "%s", inside && random_chance(r, 50) ? "-3.7039" : "-3.7038");
}

static void
message(random_t *r, random_event_t *ev)
{
    static const char *const channels[] = { "email", "email", "sms", "push", "webpush" };

    snprintf(ev->text, sizeof(ev->text), "%s", random_chance(r, 60) ? "opens" : "clicks");
    field(ev, "template", "m%u", random_below(r, 3));
    field(ev, "channel", "%s", SOME(r, channels));
}

static void
walk(random_t *r, random_event_t *ev)
{
    snprintf(ev->text, sizeof(ev->text), "walks_by");
    if (random_chance(r, 60))
        field(ev, "store", "%s", random_chance(r, 50) ? "north" : "south");
    if (random_chance(r, 60))
        field(ev, "level", "%u", random_below(r, 5));
    if (random_chance(r, 50))
        field(ev, "since", "2026-%02u-%02u", 1 + random_below(r, 12), 1 + random_below(r, 28));
}

static void
told(random_t *r, random_event_t *ev)
{
    switch (random_below(r, 6)) {
    case 0:
    case 1:
        buy(r, ev);
        break;
    case 2:
        move(r, ev);
        break;
    case 3:
        message(r, ev);
        break;
    case 4:
        snprintf(ev->text, sizeof(ev->text), "refund");
        if (random_chance(r, 60))
            field(ev, "order", "%u", 1 + random_below(r, 5));
        else
            field(ev, "total", "%u", 10 * (1 + random_below(r, 4)));
        break;
    default:
        walk(r, ev);
    }
}

static void
answer(random_t *r, random_event_t *ev)
{
    static const random_pair_t some[] = { { "size", "40" }, { "size", "38.5" }, { "size", "big" },
        { "interest", "running" }, { "interest", "boots" }, { "birthday", "1990-02-28" },
        { "birthday", "1988-02-29" }, { "birthday", "2027-01-15" }, { "birthday", "1992-06-03" },
        { "birthday", "soon" } };

    ev->answers[ev->nanswers++] = SOME(r, some);
}

static void
one_event(random_t *r, random_event_t *ev)
{
    *ev = (random_event_t){ .at = ev->at, .what = DO_VISIT };
    if (random_chance(r, 4)) {
        ev->what = random_chance(r, 60) ? DO_SOLD_OUT : DO_IN_STOCK;
        snprintf(ev->text, sizeof(ev->text), "i%u", 1 + random_below(r, 4));
        return;
    }
    if (random_chance(r, 15)) {
        ev->contact = (uint8_t)(1 + random_below(r, 2));
        ev->visitor = (uint8_t)(1 + random_below(r, 4));
    } else if (random_chance(r, 20)) {
        ev->contact = (uint8_t)(1 + random_below(r, 3));
    } else {
        ev->visitor = (uint8_t)(1 + random_below(r, 4));
    }
    if (random_chance(r, 30)) {
        ev->what = DO_EVENT;
        told(r, ev);
    } else if (random_chance(r, 5)) {
        ev->what = DO_POST;
        snprintf(ev->text, sizeof(ev->text), "/signup");
    } else {
        visit(r, ev);
    }
    if (random_chance(r, 15))
        answer(r, ev);
    if (ev->contact != 0 && random_chance(r, 50)) {
        ev->has_reach = true;
        ev->address = (uint8_t)random_below(r, 16) | CHANNEL_BIT(random_below(r, CHANNELS));
        ev->consent = random_chance(r, 70) ? ev->address : (uint8_t)random_below(r, 16);
    }
}

/* ---- when ---- */

static senda_sec_t
latest(const random_history_t *h)
{
    senda_sec_t last = h->events[0].at;

    for (unsigned i = 1; i < h->n; i++)
        last = h->events[i].at > last ? h->events[i].at : last;
    return last;
}

/* Soon, or a rule's duration after something earlier, to the second or beside it. */
static senda_sec_t
next_at(random_t *r, const senda_zone_t *zone, const random_history_t *h)
{
    senda_sec_t last = latest(h), t;

    if (random_chance(r, 2))
        return last - random_below(r, 100); /* the journal's clock was set back */
    switch (random_below(r, 9)) {
    case 0:
        return last;
    case 1:
        return last + 1 + random_below(r, 10);
    case 2:
    case 3:
        return last + 30 * random_below(r, 60);
    case 4:
        return last + 3600 * random_below(r, 48) + random_below(r, 3600);
    case 5:
        return last + (random_chance(r, 30) ? 86400 * (senda_sec_t)random_below(r, 45) : 0);
    default:
        t = h->events[random_below(r, h->n)].at;
        if (random_chance(r, 50))
            t = last;
        t = model_add(zone, t, SOME(r, spans), 1) - 1 + random_below(r, 3);
        return t < last ? last : t;
    }
}

/* Close to a change of the clocks, close to a month's end, or anywhere. */
static senda_sec_t
first_at(random_t *r, const senda_zone_t *zone)
{
    static const senda_sec_t ends[] = { 1769853600, 1772272800, 1774951200, 1801389600 };
    senda_sec_t t = 1767225600 + (senda_sec_t)random_below(r, 365) * 86400; /* 2026 */

    if (zone->nsteps > 0 && random_chance(r, 50)) {
        for (uint32_t i = 0; i < zone->nsteps; i++) {
            if (zone->steps[i].at >= t)
                return zone->steps[i].at - 3600 * (senda_sec_t)random_below(r, 72) +
                    random_below(r, 3600);
        }
    }
    if (random_chance(r, 40))
        return SOME(r, ends) + random_below(r, 86400);
    return t + random_below(r, 86400);
}

void
random_history(uint64_t seed, const senda_zone_t *zone, random_history_t *h)
{
    random_t r = { seed * 0x9FB21C651E98DF25u + 7 };
    unsigned n = 5 + random_below(&r, random_chance(&r, 20) ? RANDOM_EVENTS - 5 : 35);
    senda_sec_t gap;

    *h = (random_history_t){ .everybody = random_chance(&r, 40) };
    h->events[0].at = first_at(&r, zone);
    while (h->n < n) {
        if (h->n > 0)
            h->events[h->n].at = next_at(&r, zone, h);
        one_event(&r, &h->events[h->n]);
        h->n++;
    }
    h->end = latest(h) + 200 * 86400;
    h->cut = 1 + random_below(&r, n - 1);
    h->n = h->cut;
    gap = h->events[h->cut].at - latest(h);
    h->n = n;
    if (gap > 0 && random_chance(&r, 70))
        h->cut_at = h->events[h->cut].at - 1 - random_below(&r, (uint32_t)gap);
}

void
random_print(const random_event_t *ev, FILE *out)
{
    static const char *const whats[] = { "", "POST ", "event ", "sold out ", "in stock " };

    if (ev->contact != 0)
        fprintf(out, " contact %u", ev->contact);
    if (ev->visitor != 0)
        fprintf(out, " visitor %u", ev->visitor);
    fprintf(out, " %s%s", whats[ev->what], ev->text);
    for (unsigned i = 0; i < ev->nfields; i++)
        fprintf(out, " %s=%s", ev->fields[i].name, ev->fields[i].value);
    for (unsigned i = 0; i < ev->nanswers; i++)
        fprintf(out, " answers %s=%s", ev->answers[i].name, ev->answers[i].value);
    if (ev->rank != 0)
        fprintf(out, " rank %u", ev->rank);
    if (ev->has_reach)
        fprintf(out, " address %x consent %x", ev->address, ev->consent);
    fprintf(out, "\n");
}
