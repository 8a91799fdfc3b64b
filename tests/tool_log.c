/*
 * Writes the access log of a shop, in the combined format: visitors who look,
 * search, fill baskets, leave them, come back and now and then buy; what their
 * browsers fetch beside; crawlers; and lines that are none. The addresses are
 * those of the Spanish example. The same two numbers give the same log.
 *
 *   tool_log LINES SEED [DAYS]
 *
 * In order of time, from 1 June 2026 on, over DAYS (45). Memory does not grow
 * with LINES: visits that go on at one time are at most VISITS_MAX, and a
 * visitor is no more than a number.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BEGIN      1780264800 /* 2026-06-01 00:00 in Madrid */
#define VISITS_MAX 4096       /* at one time */
#define LINES_EACH 22         /* of a visit, about */

typedef enum { AT_HOME, AT_LIST, AT_ITEM, AT_SEARCH, AT_CART, AT_CHECKOUT, AT_THANKS } place_t;

/* One visit that goes on. */
typedef struct {
    int64_t next; /* second of its next page */
    uint32_t visitor, item;
    place_t place;
    bool crawler;
    unsigned left; /* pages before it goes home */
} visit_t;

typedef struct {
    uint64_t state;
    uint64_t lines, max, order;
    uint32_t visitors;
    visit_t heap[VISITS_MAX];
    unsigned n;
} shop_t;

static const char *const models[] = { "salon", "botin", "mocasin", "sandalia", "bailarina",
    "deportiva", "bota", "alpargata" };
static const char *const colours[] = { "rojo", "azul", "negro", "blanco", "verde", "nude" };
static const char *const browsers[] = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
};
static const char *const crawlers[] = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "python-requests/2.31.0",
};

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))

static uint64_t
mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static uint32_t
chance(shop_t *s, uint32_t of)
{
    return (uint32_t)(mix(s->state += 0x9e3779b97f4a7c15ull) >> 32) % of;
}

static void
line(shop_t *s, const visit_t *v, int64_t at, const char *method, const char *target, int status)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
        "Sep", "Oct", "Nov", "Dec" };
    uint64_t h = mix(v->visitor);
    time_t local = (time_t)(at + 7200);
    struct tm t;

    if (s->lines == s->max)
        return;
    s->lines++;
    gmtime_r(&local, &t);
    printf("%u.%u.%u.%u - - [%02d/%s/%d:%02d:%02d:%02d +0200] \"%s %s HTTP/1.1\" %d %u \"-\" "
           "\"%s\"\n",
        10 + v->visitor % 3, (v->visitor >> 16) & 255, (v->visitor >> 8) & 255, v->visitor & 255,
        t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec, method,
        target, status, chance(s, 60000) + 200,
        v->crawler ? crawlers[h % COUNT(crawlers)] : browsers[h % COUNT(browsers)]);
}

/* What a browser fetches beside a page, and now and then something odd. */
static void
beside(shop_t *s, const visit_t *v, int64_t at)
{
    char target[64];

    if (v->crawler)
        return;
    line(s, v, at, "GET", "/estilo.css", chance(s, 3) ? 304 : 200);
    for (uint32_t i = chance(s, 3); i > 0; i--) {
        snprintf(target, sizeof(target), "/img/%s-%u.jpg", models[chance(s, COUNT(models))],
            chance(s, 400));
        line(s, v, at, "GET", target, 200);
    }
    if (chance(s, 300) == 0)
        line(s, v, at, "HEAD", "/", 200);
    if (chance(s, 300) == 0)
        line(s, v, at, "GET", "/wp-login.php", 404);
    if (chance(s, 500) == 0 && s->lines < s->max) {
        s->lines++;
        puts("10.9.9.9 - - [broken");
    }
}

static void
item_name(const visit_t *v, char *buf, size_t size)
{
    snprintf(buf, size, "%s-%s-%u", models[v->item % COUNT(models)],
        colours[v->item / 8 % COUNT(colours)], 35 + v->item / 48 % 10);
}

static void
page(shop_t *s, visit_t *v, const char *target)
{
    line(s, v, v->next, "GET", target, 200);
    beside(s, v, v->next);
}

static void
show_list(shop_t *s, visit_t *v)
{
    static const char *const lists[] = { "/tacon", "/tacon/rojo", "/tacon/azul", "/deporte_runner",
        "/mujer", "/mujer/verano", "/zapatos/piel", "/zapatos/tela?color=rojo" };

    page(s, v, lists[chance(s, COUNT(lists))]);
}

static void
show_search(shop_t *s, visit_t *v)
{
    char target[96];

    /* few words are searched often, many seldom */
    uint32_t word = chance(s, chance(s, 2) ? 3 : COUNT(models));

    if (chance(s, 4))
        snprintf(target, sizeof(target), "/busqueda?q=%s", models[word]);
    else
        snprintf(target, sizeof(target), "/busqueda?q=%s+%s+%u", models[word],
            colours[chance(s, COUNT(colours))], 35 + chance(s, 10));
    page(s, v, target);
}

static void
show_item(shop_t *s, visit_t *v)
{
    char name[64], target[96];

    if (chance(s, 3))
        v->item = chance(s, 480);
    item_name(v, name, sizeof(name));
    snprintf(target, sizeof(target), chance(s, 12) ? "/producto/%s" : "/producto/%s/preguntas",
        name);
    page(s, v, target);
}

static void
post(shop_t *s, visit_t *v, const char *target)
{
    line(s, v, v->next, "POST", target, 302);
    v->next += 1;
}

static void
show_cart(shop_t *s, visit_t *v)
{
    char name[64], target[96];

    item_name(v, name, sizeof(name));
    snprintf(target, sizeof(target), "/mi_cesta/anadir/%s", name);
    post(s, v, target);
    page(s, v, "/mi_cesta");
}

static void
show_thanks(shop_t *s, visit_t *v)
{
    char target[96];

    post(s, v, "/pago/datos");
    snprintf(target, sizeof(target), "/gracias?pedido=%llu&total=%u.%02u",
        (unsigned long long)++s->order, 20 + chance(s, 160), chance(s, 100));
    page(s, v, target);
    if (chance(s, 10) == 0)
        page(s, v, target); /* looked at again */
}

static void
show(shop_t *s, visit_t *v)
{
    switch (v->place) {
    case AT_HOME:
        page(s, v, "/");
        if (chance(s, 60) == 0)
            post(s, v, "/registro");
        break;
    case AT_LIST:
        show_list(s, v);
        break;
    case AT_SEARCH:
        show_search(s, v);
        break;
    case AT_ITEM:
        show_item(s, v);
        break;
    case AT_CART:
        show_cart(s, v);
        break;
    case AT_CHECKOUT:
        page(s, v, "/pago");
        break;
    case AT_THANKS:
        show_thanks(s, v);
        break;
    }
}

/* Where it goes from here; of a hundred visits two or three end in thanks. */
static place_t
go_on(shop_t *s, const visit_t *v)
{
    uint32_t d = chance(s, 100);

    if (v->crawler)
        return d < 50 ? AT_ITEM : AT_LIST;
    switch (v->place) {
    case AT_ITEM:
        return d < 6 ? AT_CART : d < 60 ? AT_ITEM : d < 90 ? AT_LIST : AT_SEARCH;
    case AT_CART:
        return d < 45 ? AT_CHECKOUT : AT_ITEM;
    case AT_CHECKOUT:
        return d < 40 ? AT_THANKS : d < 60 ? AT_CART : AT_HOME;
    case AT_THANKS:
        return AT_HOME;
    default:
        return d < 55 ? AT_ITEM : d < 85 ? AT_LIST : d < 95 ? AT_SEARCH : AT_HOME;
    }
}

/* A heap by time. */
static void
sift(shop_t *s, unsigned i)
{
    for (;;) {
        unsigned low = i, left = 2 * i + 1;

        for (unsigned k = left; k < left + 2 && k < s->n; k++)
            low = s->heap[k].next < s->heap[low].next ? k : low;
        if (low == i)
            return;
        visit_t swap = s->heap[i];
        s->heap[i] = s->heap[low];
        s->heap[low] = swap;
        i = low;
    }
}

static void
begin_visit(shop_t *s, int64_t at)
{
    unsigned i = s->n;
    visit_t v = { .next = at, .item = chance(s, 480), .crawler = chance(s, 20) == 0 };

    if (s->n == VISITS_MAX)
        return;
    /* some come often: the product of two dice is small more often than not */
    v.visitor = v.crawler
        ? chance(s, 40)
        : 64 + (uint32_t)((uint64_t)chance(s, s->visitors) * (1 + chance(s, 1000)) / 1000);
    v.left = 1 + chance(s, 8) + chance(s, 8);
    v.place = chance(s, 3) == 0 ? AT_HOME : chance(s, 2) ? AT_LIST : AT_ITEM;
    s->heap[s->n++] = v;
    for (; i > 0 && s->heap[(i - 1) / 2].next > s->heap[i].next; i = (i - 1) / 2) {
        visit_t swap = s->heap[i];

        s->heap[i] = s->heap[(i - 1) / 2];
        s->heap[(i - 1) / 2] = swap;
    }
}

static void
one_page(shop_t *s)
{
    visit_t *v = &s->heap[0];

    show(s, v);
    v->next += v->crawler ? 2 : 8 + chance(s, 90) + (chance(s, 12) == 0 ? chance(s, 600) : 0);
    v->place = go_on(s, v);
    if (v->left-- == 0)
        s->heap[0] = s->heap[--s->n];
    sift(s, 0);
}

/* Few come at night. */
static bool
is_asleep(shop_t *s, int64_t at)
{
    int64_t hour = (at + 7200) / 3600 % 24;

    return hour < 8 && chance(s, 8) != 0;
}

int
main(int argc, char **argv)
{
    uint64_t lines = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t days = argc > 3 ? strtoull(argv[3], NULL, 10) : 45;
    double pause, at = BEGIN;
    shop_t *s;

    if (argc < 3 || argc > 4 || lines == 0 || lines > 1000000000 || days == 0 || days > 3650) {
        fprintf(stderr, "usage: tool_log LINES SEED [DAYS]\n");
        return 2;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return 2;
    s->state = strtoull(argv[2], NULL, 10);
    s->max = lines;
    s->visitors = (uint32_t)(lines / 40 + 50);
    /* a quarter of the would-be visits sleep */
    pause = (double)days * 86400.0 * LINES_EACH * 0.75 / (double)lines;
    while (s->lines < s->max) {
        while (s->lines < s->max && s->n > 0 && (double)s->heap[0].next <= at)
            one_page(s);
        if (!is_asleep(s, (int64_t)at))
            begin_visit(s, (int64_t)at);
        at += pause * (double)(1 + chance(s, 2000)) / 1000.0;
    }
    free(s);
    return fflush(stdout) == 0 ? 0 : 1;
}
