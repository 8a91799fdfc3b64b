/*
 * Random sentences of a rule file: what happens and what is true. Durations are
 * few and used by rules and histories alike, so that something often happens in
 * the very second in which something else ends; counts, totals and points are
 * small, so that they are reached. Reads no clock; never fails.
 */

#include "model_random_parts.h"

#include <stdarg.h>
#include <stdio.h>

const char *const random_durations[DURATIONS] = { "15 min", "1 hour", "24 h", "1 day", "2 days",
    "1 week", "1 month", "2 months" };

static const char *const verbs[] = { "visits", "visits home", "visits cart", "visits cart",
    "visits shoes", "visits things", "visits product", "visits thanks", "buys", "buys", "signs up",
    "views cart", "views a list", "views an item", "adds to cart", "is refunded", "walks_by",
    "logs in", "searches", "visits /cart/*" };

/* Those that bring a value of a capture. */
static const char *const items[] = { "visits product", "visits product", "adds to cart", "buys" };
static const char *const channels[] = { "email", "sms", "push", "webpush" };

void
random_put(char *text, const char *fmt, ...)
{
    size_t n = strlen(text);
    va_list args;

    va_start(args, fmt);
    vsnprintf(text + n, RANDOM_LINE - n, fmt, args);
    va_end(args);
}

/* ---- what happens ---- */

void
random_count(random_t *r, char *text)
{
    static const char *const counts[] = { "", "", "more than ", "at least ", "exactly " };
    unsigned n = 1 + random_below(r, 3);

    random_put(text, " %s%u times", SOME(r, counts), n);
}

static void
put_filter(random_t *r, char *text)
{
    static const char *const filters[] = { "buys with total > 50 EUR", "buys with total <= 30 EUR",
        "buys with total >= 30 EUR", "walks_by with store = \"north\"", "walks_by with level > 2",
        "walks_by with since >= 2026-03-01", "visits product with item = \"i1\"",
        "adds to cart with item = \"i2\"", "walks_by with store = \"south\", level <= 2",
        "searches with q = \"boots\"" };

    random_put(text, "%s", SOME(r, filters));
}

/* Messages: got, opened, clicked. */
static void
put_message(random_t *r, char *text)
{
    static const char *const whats[] = { "gets", "gets", "opens", "opens", "clicks" };

    random_put(text, "%s", SOME(r, whats));
    if (random_chance(r, 50))
        random_put(text, " %s", random_chance(r, 50) ? "email" : SOME(r, channels));
    if (random_chance(r, 50))
        random_put(text, " m%u", random_below(r, 3));
}

/* A verb without count and window. */
void
random_verb(random_t *r, char *text)
{
    static const char *const spans[] = { "1 minutes", "5 minutes" };
    static const char *const pages[] = { "home", "cart", "product" };

    switch (random_below(r, 14)) {
    case 0:
        random_put(text, "spends more than %s on %s", SOME(r, spans), SOME(r, pages));
        break;
    case 1:
        random_put(text, "returns after %s", SOME(r, random_durations));
        break;
    case 2:
        random_put(text, "arrives at centre");
        break;
    case 3:
        put_message(r, text);
        break;
    case 4:
        put_filter(r, text);
        break;
    case 5:
        random_put(text, "searches among the %u most frequent", 1 + random_below(r, 4));
        break;
    default:
        random_put(text, "%s", SOME(r, verbs));
    }
}

void
random_within(random_t *r, char *text)
{
    random_put(text, " within %s", SOME(r, random_durations));
}

/* "of the same item 2 times", "of 2 different item", "on 2 different days". */
static void
put_by(random_t *r, char *text)
{
    static const char *const counts[] = { "", "", "", "", "more than ", "exactly " };
    unsigned n = 2 + random_below(r, 2);

    switch (random_below(r, 5)) {
    case 0:
        random_put(text, "searches of the same q");
        random_count(r, text);
        break;
    case 1:
    case 2:
        random_put(text, "%s of the same item", SOME(r, items));
        random_count(r, text);
        break;
    case 3:
        random_put(text, "%s of %s%u different item", SOME(r, items), SOME(r, counts), n);
        break;
    default:
        random_put(text, "%s on %u different days", SOME(r, verbs), n);
    }
    if (random_chance(r, 50))
        random_within(r, text);
}

/* A verb, counted or not. */
static void
put_counted(random_t *r, char *text)
{
    if (random_chance(r, 20)) {
        put_by(r, text);
        return;
    }
    random_verb(r, text);
    if (random_chance(r, 45)) {
        random_count(r, text);
        if (random_chance(r, 50))
            random_within(r, text);
    }
}

static void
put_then(random_t *r, char *text)
{
    random_put(text, "%s and then ", SOME(r, verbs));
    if (random_chance(r, 25))
        random_put(text, "%s and then ", SOME(r, verbs));
    random_put(text, "%s", SOME(r, verbs));
}

/* What a state becomes; score: whether a score may be asked for. */
static void
put_change(random_file_t *f, char *text, bool score)
{
    random_t *r = f->r;
    unsigned kind = random_below(r, 4);

    if (kind == 0 && score) {
        random_put(text, "score %s %d", random_chance(r, 25) ? "<" : ">=",
            (int)random_below(r, 8) - (random_chance(r, 20) ? 3 : 0));
    } else if (kind == 1) {
        random_put(text, "total of purchase > %u EUR", 20 + 30 * random_below(r, 4));
        if (random_chance(r, 60))
            random_within(r, text);
    } else if (kind == 2 && f->segments > 0 && score) {
        random_put(text, "enters g%u", random_below(r, f->segments));
    } else if (f->tags > 0) {
        random_put(text, "gets tag t%u", random_below(r, f->tags));
    } else {
        random_verb(r, text);
    }
}

/* What happens: with or without a count, a window, an absence; or an absence alone. */
void
random_when(random_file_t *f, char *text, bool change, bool score)
{
    random_t *r = f->r;
    unsigned kind = random_below(r, 10);

    if (kind == 0) {
        random_put(text, "not ");
        random_verb(r, text);
        random_within(r, text);
        return;
    }
    if (change && kind >= 8)
        put_change(f, text, score);
    else if (kind == 7)
        put_then(r, text);
    else
        put_counted(r, text);
    if (kind < 4 || (kind >= 7 && random_chance(r, 25))) {
        random_put(text, " and not ");
        random_verb(r, text);
        random_within(r, text);
    }
}

/* ---- what is true ---- */

static void
put_asked_verb(random_file_t *f, char *text)
{
    random_t *r = f->r;

    if (random_chance(r, 20)) {
        put_by(r, text);
    } else if (random_chance(r, 8)) {
        put_then(r, text);
    } else {
        random_verb(r, text);
        if (random_chance(r, 40))
            random_count(r, text);
        if (random_chance(r, 40))
            random_within(r, text);
    }
    if (f->in_flow && random_chance(r, 15))
        random_put(text, " since start");
}

static void
put_state(random_file_t *f, char *text)
{
    static const char *const fields[] = { "birthday < 1990-06-01", "size >= 40", "size = 38",
        "interest = \"running\"", "interest = \"boots\"" };
    static const char *const cmps[] = { ">", ">=", "<", "<=" };
    static const char *const firsts[] = { "purchase", "visit", "search" };
    random_t *r = f->r;

    switch (random_below(r, 8)) {
    case 0:
        random_put(text, "total of purchase %s %u EUR", SOME(r, cmps),
            20 + 30 * random_below(r, 3));
        if (random_chance(r, 50))
            random_within(r, text);
        break;
    case 1:
        random_put(text, "%s %s %s than %s ago", random_chance(r, 50) ? "first" : "last",
            SOME(r, firsts), random_chance(r, 50) ? "more" : "less", SOME(r, random_durations));
        break;
    case 2:
        random_put(text, "score %s %u", SOME(r, cmps), random_below(r, 6));
        break;
    case 3:
        random_put(text, "stage s%u", random_below(r, 2));
        break;
    case 4:
        random_put(text, "%s", SOME(r, fields));
        break;
    case 5:
        random_put(text, "has %s%s", random_chance(r, 40) ? "no " : "",
            random_chance(r, 50)       ? "email"
                : random_chance(r, 50) ? "phone"
                                       : "push");
        break;
    case 6:
        random_put(text, "consents to %s", SOME(r, channels));
        break;
    default:
        random_put(text, "tag t%u", random_below(r, RANDOM_TAGS));
    }
}

void
random_cond(random_file_t *f, char *text, unsigned depth)
{
    random_t *r = f->r;
    unsigned kind = random_below(r, depth < 2 ? 10 : 6);

    if (random_chance(r, 25))
        random_put(text, "not ");
    if (kind >= 6) {
        bool parens = random_chance(r, 40);

        random_put(text, parens ? "(" : "");
        random_cond(f, text, depth + 1);
        random_put(text, random_chance(r, 50) ? " and " : " or ");
        random_cond(f, text, depth + 1);
        random_put(text, parens ? ")" : "");
    } else if (kind == 5 && f->segments > 0) {
        random_put(text, "%sg%u", random_chance(r, 50) ? "in " : "", random_below(r, f->segments));
    } else if (kind >= 3) {
        put_state(f, text);
    } else {
        put_asked_verb(f, text);
    }
}

/* Something that is not true of somebody who has done nothing. */
static void
put_news(random_file_t *f, char *text)
{
    random_t *r = f->r;

    switch (random_below(r, 6)) {
    case 0:
        random_put(text, "tag t%u", random_below(r, RANDOM_TAGS));
        break;
    case 1:
        random_put(text, "score >= %u", 1 + random_below(r, 5));
        break;
    case 2:
        random_put(text, "total of purchase > %u EUR", 20 + 30 * random_below(r, 3));
        break;
    default:
        put_asked_verb(f, text);
    }
}

void
random_end(random_file_t *f, char *text)
{
    put_news(f, text);
    if (random_chance(f->r, 25)) {
        random_put(text, " or ");
        put_news(f, text);
    } else if (random_chance(f->r, 25)) {
        random_put(text, " and ");
        random_cond(f, text, 2);
    }
}
