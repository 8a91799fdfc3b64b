/*
 * Random rule files: the pages of one shop, and random statements about what is
 * done there. Reads no clock; never fails.
 */

#include "model_random_parts.h"

#include <stdarg.h>
#include <stdio.h>

#define SEGMENTS 4

static const char *const long_ones[] = { "1 day", "2 days", "1 week", "1 month" };
static const char *const templates[] = { "m0", "m1", "m2" };
static const char *const times_of_day[] = { "02:30", "08:00", "10:00", "10:00", "23:15" };

static const char *const recipes[] = { "last viewed", "best sellers", "best sellers of shoes",
    "bought with item", "related to item", "above item", "new arrivals",
    "from the categories viewed", "results for q" };

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

/* ---- statements ---- */

static void
pages(random_file_t *f)
{
    static const char *const zones[] = { "Europe/Madrid", "America/Santiago", "Asia/Kolkata",
        "Australia/Lord_Howe" };
    random_t *r = f->r;
    random_rules_t *rules = f->rules;

    line(rules, "site shop.example.com");
    line(rules, "  timezone %s", SOME(r, zones));
    line(rules, "  currency EUR");
    line(rules, "page home /");
    line(rules, "page cart /cart?items={items}, /cart, /cart/* is view_cart");
    line(rules, "page shoes /shoes*%s", random_chance(r, 70) ? " is view_item_list" : "");
    line(rules, "page things /shoes/*, /heels%s", random_chance(r, 50) ? " is view_item_list" : "");
    line(rules, "page product /product/{item}%s", random_chance(r, 60) ? " is view_item" : "");
    line(rules, "page find /search?q={q} is search");
    line(rules, "page add POST /add/{item} is add_to_cart");
    line(rules, "page remove POST /remove/{item} is remove_from_cart");
    line(rules,
        "page thanks /thanks*?order={order}&total={total}, /thanks*?order={order}, /thanks* is "
        "purchase");
    line(rules, "page signup POST /signup is sign_up");
    line(rules, "page back /refund?order={order} is refund");
    line(rules, "event walks_by from api with store text, level number, since date");
    line(rules, "place centre 40.4168, -3.7038 radius 300 m");
    line(rules, "field birthday date");
    line(rules, "field size number");
    line(rules, "field interest text");
}

static void
respect(random_file_t *f)
{
    static const char *const pers[] = { "week", "month" };
    static const char *const quiets[] = { "21:00-09:00", "22:30-07:00", "12:00-16:00" };

    if (random_chance(f->r, 50))
        line(f->rules, "limit email %u per day", 1 + random_below(f->r, 2));
    if (random_chance(f->r, 40))
        line(f->rules, "limit %s %u per %s", random_chance(f->r, 60) ? "email" : "sms",
            1 + random_below(f->r, 2), SOME(f->r, pers));
    if (random_chance(f->r, 40))
        line(f->rules, "quiet hours %s", SOME(f->r, quiets));
    if (random_chance(f->r, 30))
        line(f->rules, "control group %u%%", 20 + random_below(f->r, 30));
}

static void
states(random_file_t *f)
{
    char text[RANDOM_LINE];
    unsigned segments = random_below(f->r, SEGMENTS + 1);

    for (unsigned i = 0; i < 3; i++) {
        snprintf(text, sizeof(text), "stage s%u if ", i < 2 ? i : random_below(f->r, 2));
        random_put(text, random_chance(f->r, 50) ? "score >= %u" : "score < %u",
            random_below(f->r, 5));
        line(f->rules, "%s", text);
    }
    for (unsigned i = 0; i < segments; i++) {
        snprintf(text, sizeof(text), "segment g%u = ", i);
        random_cond(f, text, 0);
        line(f->rules, "%s", text);
        f->segments++;
    }
    for (unsigned i = random_below(f->r, 3); i > 0; i--) {
        snprintf(text, sizeof(text), "show b%u in header if ", i);
        random_cond(f, text, 1);
        line(f->rules, "%s", text);
    }
}

static void
tags(random_file_t *f)
{
    char text[RANDOM_LINE];

    for (unsigned t = 0; t < RANDOM_TAGS - 1; t++) { /* flows give the last */
        do {
            snprintf(text, sizeof(text), "tag t%u when ", t);
            f->tags = t;
            random_when(f, text, t > 0, true);
            if (random_chance(f->r, 40))
                random_put(text, " for %s", SOME(f->r, random_durations));
            line(f->rules, "%s", text);
        } while (random_chance(f->r, 25));
    }
    f->tags = RANDOM_TAGS;
}

static void
scores(random_file_t *f)
{
    char text[RANDOM_LINE];

    for (unsigned i = 1 + random_below(f->r, 4); i > 0; i--) {
        snprintf(text, sizeof(text), "score %+d when ",
            random_chance(f->r, 25) ? -1 - (int)random_below(f->r, 3)
                                    : 1 + (int)random_below(f->r, 3));
        random_when(f, text, true, false);
        if (random_chance(f->r, 30))
            random_put(text, " once");
        else if (random_chance(f->r, 50))
            random_put(text, " each %s", SOME(f->r, long_ones));
        line(f->rules, "%s", text);
    }
}

/* ---- flows ---- */

static void
send(random_file_t *f)
{
    static const char *const seconds[] = { "sms", "push", "webpush" };
    const char *first = random_chance(f->r, 70) ? "email" : "sms", *second = SOME(f->r, seconds);
    const char *template = SOME(f->r, templates);

    if (random_chance(f->r, 30) && strcmp(first, second) != 0)
        line(f->rules, "  send %s %s or %s %s", first, template, second, template);
    else
        line(f->rules, "  send %s %s", first, template);
}

static void
wait(random_file_t *f)
{
    static const char *const days[] = { "", "", " from monday to friday", " on sunday" };
    char text[RANDOM_LINE];

    switch (random_below(f->r, 5)) {
    case 0:
        line(f->rules, "  wait until %s%s", SOME(f->r, times_of_day), SOME(f->r, days));
        break;
    case 1:
        snprintf(text, sizeof(text), "  wait until ");
        random_verb(f->r, text);
        random_put(text, " at most %s", SOME(f->r, random_durations));
        line(f->rules, "%s", text);
        break;
    default:
        line(f->rules, "  wait %s", SOME(f->r, random_durations));
    }
}

static void
benefit(random_file_t *f)
{
    static const char *const valid[] = { "", " valid 24 h", " valid 1 month" };
    unsigned n = random_below(f->r, 10);

    switch (random_below(f->r, 3)) {
    case 0:
        line(f->rules, "  coupon C%u%s", n, SOME(f->r, valid));
        break;
    case 1:
        line(f->rules, "  credit %u EUR%s", 1 + n, SOME(f->r, valid));
        break;
    default:
        line(f->rules, "  gift G%u%s", n, SOME(f->r, valid));
    }
}

static void
other_step(random_file_t *f, unsigned number)
{
    static const char *const sets[] = { "size 40", "size 38", "interest boots", "interest running",
        "birthday 1992-02-29" };
    random_rules_t *rules = f->rules;
    random_t *r = f->r;
    unsigned other = random_below(r, f->flows);

    switch (random_below(r, 15)) {
    case 0:
    case 1:
        line(rules, "  tag t%u", random_below(r, RANDOM_TAGS));
        break;
    case 2:
        line(rules, "  untag t%u", random_below(r, RANDOM_TAGS));
        break;
    case 3:
    case 4:
        line(rules, "  score %+d", (int)random_below(r, 6) - 2 == 0 ? 1 : 3);
        break;
    case 5:
        line(rules, "  set %s", SOME(r, sets));
        break;
    case 6:
        line(rules,
            random_chance(r, 50) ? "  notify shop@example.com"
                                 : "  call https://crm.example.com/fan");
        break;
    case 7:
        if (other != number)
            line(rules, "  enter f%u", other);
        break;
    case 8:
        if (other != number)
            line(rules, "  leave f%u", other);
        break;
    case 9:
        line(rules, "  require stock");
        break;
    case 10:
    case 11:
    case 12:
        line(rules, "  recommend %u %s", 1 + random_below(r, 4), SOME(r, recipes));
        break;
    default:
        benefit(f);
    }
}

static void steps(random_file_t *f, unsigned depth, unsigned number);

static void
branch(random_file_t *f, unsigned depth, unsigned number)
{
    char text[RANDOM_LINE] = "  if ";

    random_cond(f, text, 0);
    line(f->rules, "%s", text);
    steps(f, depth + 1, number);
    if (random_chance(f->r, 50)) {
        line(f->rules, "  else");
        steps(f, depth + 1, number);
    }
    line(f->rules, "  end");
}

static void
split(random_file_t *f, unsigned depth, unsigned number)
{
    line(f->rules, "  split");
    line(f->rules, "    %u%% send email %s", 20 + random_below(f->r, 30), SOME(f->r, templates));
    line(f->rules, "    %u%%", 20 + random_below(f->r, 30));
    steps(f, depth + 4, number);
    line(f->rules, "  end");
}

static void
steps(random_file_t *f, unsigned depth, unsigned number)
{
    unsigned n = 1 + random_below(f->r, depth == 0 ? 5 : 3);
    unsigned first = f->rules->n;

    for (unsigned i = 0; i < n; i++) {
        unsigned kind = random_below(f->r, depth < 3 ? 14 : 10);

        if (kind < 4)
            send(f);
        else if (kind < 7)
            wait(f);
        else if (kind < 10)
            other_step(f, number);
        else if (kind < 12)
            branch(f, depth, number);
        else if (kind == 12)
            split(f, depth, number);
        else if (i == n - 1 && depth > 0)
            line(f->rules, "  exit");
    }
    if (f->rules->n == first)
        send(f);
    if (depth < 4)
        return;
    for (unsigned i = first; i < f->rules->n; i++) { /* below a branch: deeper */
        memmove(f->rules->lines[i] + 4, f->rules->lines[i], RANDOM_LINE - 4);
        memset(f->rules->lines[i], ' ', 4);
        f->rules->lines[i][RANDOM_LINE - 1] = '\0';
    }
}

static void
start(random_file_t *f)
{
    random_t *r = f->r;
    char text[RANDOM_LINE] = "  start ";

    switch (random_below(r, 8)) {
    case 0:
        random_put(text, "every day at %s for ", SOME(r, times_of_day));
        random_cond(f, text, 1);
        break;
    case 1:
        random_put(text, "on 2026-%02u-%02u at %s for ", 1 + random_below(r, 12),
            1 + random_below(r, 28), SOME(r, times_of_day));
        random_cond(f, text, 1);
        break;
    case 2:
        random_put(text,
            random_chance(r, 30) ? "on the date birthday" : "on the date birthday at %s",
            SOME(r, times_of_day));
        break;
    default:
        random_put(text, "when ");
        random_when(f, text, true, true);
        while (random_chance(r, 20)) {
            random_put(text, " or ");
            random_when(f, text, true, true);
        }
    }
    line(f->rules, "%s", text);
}

/* only if, again, stop if, goal. */
static void
terms(random_file_t *f, const char *each)
{
    static const char *const agains[] = { "always", "always", "never" };
    random_t *r = f->r;
    char text[RANDOM_LINE];

    if (random_chance(r, 25)) {
        snprintf(text, sizeof(text), "  only if ");
        random_cond(f, text, 1);
        line(f->rules, "%s", text);
    }
    f->in_flow = true;
    if (each != NULL)
        line(f->rules, "  again for each %s", each);
    else if (random_chance(r, 50))
        line(f->rules, "  again %s", SOME(r, agains));
    else
        line(f->rules, "  again after %s", SOME(r, random_durations));
    if (random_chance(r, 50)) {
        snprintf(text, sizeof(text), "  stop if ");
        random_end(f, text);
        line(f->rules, "%s", text);
    }
    if (random_chance(r, 40)) {
        snprintf(text, sizeof(text), "  goal ");
        random_verb(r, text);
        if (random_chance(r, 30))
            random_count(r, text);
        if (random_chance(r, 60))
            random_within(r, text);
        line(f->rules, "%s", text);
    }
}

static void
flow(random_file_t *f, unsigned number)
{
    line(f->rules, "flow f%u%s", number, random_chance(f->r, 15) ? " transactional" : "");
    if (random_chance(f->r, 20)) {
        static const char *const starts[] = { "buys", "buys", "buys with total > 50 EUR",
            "is refunded", "buys and not visits home within 1 day" };

        line(f->rules, "  start when %s", SOME(f->r, starts));
        terms(f, "order");
    } else if (random_chance(f->r, 12)) {
        line(f->rules, "  start when visits product");
        terms(f, "item");
    } else {
        do
            start(f);
        while (random_chance(f->r, 25));
        terms(f, NULL);
    }
    steps(f, 0, number);
    f->in_flow = false;
}

/* So that every tag is given, every template sent and every recipe used somewhere. */
static void
last_flow(random_file_t *f, uint64_t seed)
{
    static const char *const ends[] = { "notify shop@example.com", "call https://crm.example.com/",
        "coupon LAST valid 2 days", "credit 5 EUR", "gift LAST valid 1 month" };

    line(f->rules, "flow last");
    line(f->rules, "  start when removes from cart");
    line(f->rules, "  again after 2 days");
    line(f->rules, "  tag t%u", RANDOM_TAGS - 1);
    line(f->rules, "  recommend 3 %s", recipes[seed % (sizeof(recipes) / sizeof(recipes[0]))]);
    for (unsigned i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
        line(f->rules, "  send email %s or sms %s or push %s or webpush %s", templates[i],
            templates[i], templates[i], templates[i]);
    line(f->rules, "  %s", ends[seed % (sizeof(ends) / sizeof(ends[0]))]);
}

void
random_rules(uint64_t seed, random_rules_t *rules)
{
    random_t r = { seed * 0x2545F4914F6CDD1Du + 1 };
    random_file_t f = { .rules = rules, .r = &r };

    rules->n = 0;
    f.flows = 1 + random_below(&r, 4);
    pages(&f);
    respect(&f);
    states(&f);
    tags(&f);
    scores(&f);
    for (unsigned i = 0; i < f.flows; i++)
        flow(&f, i);
    last_flow(&f, seed);
}
