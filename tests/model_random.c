/*
 * Durations are few and used by rules and histories alike, so that something
 * often happens in the very second in which something else ends. Reads no
 * clock; never fails.
 */

#include "model_random.h"
#include "model.h"

#include <stdarg.h>
#include <stdio.h>

#define SOME(r, list) ((list)[random_below((r), sizeof(list) / sizeof((list)[0]))])

uint32_t
random_below(random_t *r, uint32_t n)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u; /* splitmix64 */

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return n == 0 ? 0 : (uint32_t)((z ^ z >> 31) >> 32) % n;
}

bool
random_chance(random_t *r, uint32_t percent)
{
    return random_below(r, 100) < percent;
}

/* ---- rules ---- */

static const char *const durations[] = { "15 min", "1 hour", "24 h", "1 day", "2 days", "1 week",
    "1 month", "2 months" };

static const senda_span_t spans[] = { { .secs = 900 }, { .secs = 3600 }, { .secs = 86400 },
    { .days = 1 }, { .days = 2 }, { .days = 7 }, { .months = 1 }, { .months = 2 } };

static const char *const verbs[] = { "visits", "visits home", "visits cart", "visits cart",
    "visits shoes", "visits shoes", "visits things", "visits product", "visits thanks", "buys",
    "buys", "buys", "signs up", "views cart", "views a list", "is refunded", "walks_by", "logs in",
    "visits /cart/*" };

static __attribute__((format(printf, 2, 3))) void
line(random_rules_t *rules, const char *fmt, ...)
{
    va_list args;

    if (rules->n == RANDOM_LINES)
        return;
    va_start(args, fmt);
    vsnprintf(rules->lines[rules->n++], RANDOM_LINE, fmt, args);
    va_end(args);
}

static void
put(char *text, const char *more)
{
    size_t n = strlen(text);

    snprintf(text + n, RANDOM_LINE - n, "%s", more);
}

static void
put_count(random_t *r, char *text)
{
    char count[40];
    unsigned n = 1 + random_below(r, 3);

    switch (random_below(r, 5)) {
    case 0:
    case 1:
        snprintf(count, sizeof(count), " %u times", n);
        break;
    case 2:
        snprintf(count, sizeof(count), " more than %u times", n);
        break;
    case 3:
        snprintf(count, sizeof(count), " at least %u times", n);
        break;
    default:
        snprintf(count, sizeof(count), " exactly %u times", n);
    }
    put(text, count);
}

static void
put_within(random_t *r, char *text)
{
    put(text, " within ");
    put(text, SOME(r, durations));
}

/* What happens: with or without a count, a window, an absence; or an absence alone. */
static void
put_when(random_t *r, char *text)
{
    unsigned kind = random_below(r, 10);

    if (kind == 0) {
        put(text, "not ");
        put(text, SOME(r, verbs));
        put_within(r, text);
        return;
    }
    put(text, SOME(r, verbs));
    if (random_chance(r, 45)) {
        put_count(r, text);
        if (random_chance(r, 50))
            put_within(r, text);
    }
    if (kind < 5) {
        put(text, " and not ");
        put(text, SOME(r, verbs));
        put_within(r, text);
    }
}

static void
put_cond(random_t *r, char *text, unsigned depth, bool tags)
{
    unsigned kind = random_below(r, depth < 2 ? 10 : 4);

    if (random_chance(r, 25))
        put(text, "not ");
    if (kind >= 7) {
        bool parens = random_chance(r, 40);

        put(text, parens ? "(" : "");
        put_cond(r, text, depth + 1, tags);
        put(text, random_chance(r, 50) ? " and " : " or ");
        put_cond(r, text, depth + 1, tags);
        put(text, parens ? ")" : "");
        return;
    }
    if (tags && random_chance(r, 25)) {
        char tag[16];

        snprintf(tag, sizeof(tag), "tag t%u", random_below(r, 3));
        put(text, tag);
        return;
    }
    put(text, SOME(r, verbs));
    if (random_chance(r, 40))
        put_count(r, text);
    if (random_chance(r, 40))
        put_within(r, text);
    if (random_chance(r, 15))
        put(text, " since start");
}

static void
pages(random_t *r, random_rules_t *rules)
{
    static const char *const zones[] = { "Europe/Madrid", "America/Santiago", "Asia/Kolkata",
        "Australia/Lord_Howe" };

    line(rules, "site shop.example.com");
    line(rules, "  timezone %s", SOME(r, zones));
    line(rules, "page home /");
    line(rules, "page cart /cart, /cart/* is view_cart");
    line(rules, "page shoes /shoes*%s", random_chance(r, 70) ? " is view_item_list" : "");
    line(rules, "page things /shoes/*, /heels%s", random_chance(r, 50) ? " is view_item_list" : "");
    line(rules, "page product /product/{item}%s", random_chance(r, 50) ? " is view_item" : "");
    line(rules, "page thanks /thanks*?order={order}, /thanks* is purchase");
    line(rules, "page signup POST /signup is sign_up");
    line(rules, "page back /refund?order={order} is refund");
    line(rules, "event walks_by from api");
}

static void
steps(random_t *r, random_rules_t *rules, unsigned depth, unsigned *sends, unsigned flow, bool tags)
{
    unsigned n = 1 + random_below(r, 4);
    char text[RANDOM_LINE];

    for (unsigned i = 0; i < n; i++) {
        unsigned kind = random_below(r, depth < 3 ? 10 : 8);

        if (kind < 4) {
            line(rules, "  send email f%u-%u", flow, *sends);
            ++*sends;
        } else if (kind < 8) {
            line(rules, "  wait %s", SOME(r, durations));
        } else {
            snprintf(text, sizeof(text), "  if ");
            put_cond(r, text, 0, tags);
            line(rules, "%s", text);
            steps(r, rules, depth + 1, sends, flow, tags);
            if (random_chance(r, 50)) {
                line(rules, "  else");
                steps(r, rules, depth + 1, sends, flow, tags);
            }
            line(rules, "  end");
        }
    }
}

static void
flow(random_t *r, random_rules_t *rules, unsigned number, bool tags)
{
    char text[RANDOM_LINE];
    unsigned sends = 0;

    line(rules, "flow f%u%s", number, random_chance(r, 15) ? " transactional" : "");
    do {
        snprintf(text, sizeof(text), "  start when ");
        put_when(r, text);
        while (random_chance(r, 20)) {
            put(text, " or ");
            put_when(r, text);
        }
        line(rules, "%s", text);
    } while (random_chance(r, 25));
    switch (random_below(r, 4)) {
    case 0:
        line(rules, "  again always");
        break;
    case 1:
        line(rules, "  again never");
        break;
    default:
        line(rules, "  again after %s", SOME(r, durations));
    }
    if (random_chance(r, 60)) {
        snprintf(text, sizeof(text), "  stop if ");
        put_cond(r, text, random_below(r, 3), tags);
        line(rules, "%s", text);
    }
    if (random_chance(r, 50)) {
        snprintf(text, sizeof(text), "  goal %s", SOME(r, verbs));
        if (random_chance(r, 30))
            put_count(r, text);
        if (random_chance(r, 60))
            put_within(r, text);
        line(rules, "%s", text);
    }
    steps(r, rules, 0, &sends, number, tags);
}

void
random_rules(uint64_t seed, random_rules_t *rules)
{
    random_t r = { seed * 0x2545F4914F6CDD1Du + 1 };
    bool tags = random_chance(&r, 70);
    unsigned flows = 1 + random_below(&r, 4);
    char text[RANDOM_LINE];

    rules->n = 0;
    pages(&r, rules);
    for (unsigned t = 0; tags && t < 3; t++) {
        do {
            snprintf(text, sizeof(text), "tag t%u when ", t);
            put_when(&r, text);
            line(rules, "%s", text);
        } while (random_chance(&r, 25));
    }
    for (unsigned f = 0; f < flows; f++)
        flow(&r, rules, f, tags);
}

/* ---- histories ---- */

typedef struct {
    senda_method_t method; /* 0: an event, target is its name */
    const char *target;    /* an order's or an item's number follows */
    bool order, item;
} what_t;

static const what_t whats[RANDOM_WHATS] = {
    [DO_HOME] = { SENDA_METHOD_GET, "/", false, false },
    [DO_CART] = { SENDA_METHOD_GET, "/cart", false, false },
    [DO_BAG] = { SENDA_METHOD_GET, "/cart/bag", false, false },
    [DO_SHOES] = { SENDA_METHOD_GET, "/shoes", false, false },
    [DO_RED_SHOES] = { SENDA_METHOD_GET, "/shoes/red", false, false },
    [DO_HEELS] = { SENDA_METHOD_GET, "/heels", false, false },
    [DO_PRODUCT] = { SENDA_METHOD_GET, "/product/", false, true },
    [DO_NOWHERE] = { SENDA_METHOD_GET, "/nowhere", false, false },
    [DO_THANKS_ORDER] = { SENDA_METHOD_GET, "/thanks?order=", true, false },
    [DO_THANKS] = { SENDA_METHOD_GET, "/thanks", false, false },
    [DO_SIGN_UP] = { SENDA_METHOD_POST, "/signup", false, false },
    [DO_REFUND] = { SENDA_METHOD_GET, "/refund?order=", true, false },
    [DO_BUY] = { 0, "purchase", false, false },
    [DO_BUY_ORDER] = { 0, "purchase", true, false },
    [DO_LOGIN] = { 0, "login", false, false },
    [DO_WALK] = { 0, "walks_by", false, false },
};

bool
random_target(const random_event_t *ev, random_target_t *t)
{
    const what_t *w = &whats[ev->what];

    t->method = w->method;
    t->order[0] = '\0';
    if (w->order)
        snprintf(t->order, sizeof(t->order), "%u", ev->order);
    if (w->method == 0)
        snprintf(t->text, sizeof(t->text), "%s", w->target);
    else if (w->item)
        snprintf(t->text, sizeof(t->text), "%s%u", w->target, ev->item);
    else
        snprintf(t->text, sizeof(t->text), "%s%s", w->target, t->order);
    return w->method != 0;
}

static void
one_event(random_t *r, random_event_t *ev)
{
    *ev = (random_event_t){ .at = ev->at };
    ev->what = random_chance(r, 10) ? DO_CART : (uint8_t)random_below(r, RANDOM_WHATS);
    if (random_chance(r, 15)) {
        ev->contact = (uint8_t)(1 + random_below(r, 2));
        ev->visitor = (uint8_t)(1 + random_below(r, 4));
    } else if (random_chance(r, 20)) {
        ev->contact = (uint8_t)(1 + random_below(r, 3));
    } else {
        ev->visitor = (uint8_t)(1 + random_below(r, 4));
    }
    if (ev->contact != 0 && random_chance(r, 50)) {
        ev->has_reach = true;
        ev->service = random_chance(r, 80) ? CHANNEL_BIT(CHANNEL_EMAIL) : 0;
        ev->reach = random_chance(r, 70) ? ev->service : 0;
    }
    ev->order = (uint8_t)(1 + random_below(r, 5));
    ev->item = (uint8_t)(1 + random_below(r, 5));
}

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
    switch (random_below(r, 8)) {
    case 0:
        return last;
    case 1:
        return last + 1 + random_below(r, 10);
    case 2:
        return last + 60 * random_below(r, 60);
    case 3:
        return last + 3600 * random_below(r, 48) + random_below(r, 3600);
    case 4:
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
    random_target_t t;
    bool request = random_target(ev, &t);

    if (ev->contact != 0)
        fprintf(out, " contact %u", ev->contact);
    if (ev->visitor != 0)
        fprintf(out, " visitor %u", ev->visitor);
    if (request)
        fprintf(out, " %s%s", t.method == SENDA_METHOD_POST ? "POST " : "", t.text);
    else
        fprintf(out, " event %s%s%s", t.text, t.order[0] != '\0' ? " order " : "", t.order);
    if (ev->has_reach)
        fprintf(out, " reach %x service %x", ev->reach, ev->service);
    fprintf(out, "\n");
}
