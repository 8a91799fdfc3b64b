/*
 * The engine by itself: events a second of one core and bytes a visitor, with
 * the whole Spanish example and a million visitors, of whom one in twenty is a
 * contact that can be reached. Matching is not measured: each address is
 * matched once. Four figures: visitors of the front page alone, in a process of
 * their own; one view each of all pages; an hour in which the absences of all
 * end; busy visitors.
 * Arguments: number of visitors, rule file.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "virtual.h"

#define START 1780308000 /* Monday 1 June 2026, 12:00 in Madrid */
#define ITEMS 500
#define KNOWN 20 /* one visitor of so many is a contact */

/* Addresses, and how many of a hundred views are of them. */
static const struct {
    unsigned share;
    senda_method_t method;
    const char *address;
    bool of_item;
} shop[] = {
    { 25, SENDA_METHOD_GET, "/", false },
    { 40, SENDA_METHOD_GET, "/producto/z", true },
    { 8, SENDA_METHOD_GET, "/tacon/rojo", false },
    { 6, SENDA_METHOD_GET, "/mujer/nuevo", false },
    { 5, SENDA_METHOD_GET, "/deporte_runner/calle", false },
    { 5, SENDA_METHOD_GET, "/busqueda?q=botas", false },
    { 4, SENDA_METHOD_POST, "/mi_cesta/anadir/z", true },
    { 4, SENDA_METHOD_GET, "/mi_cesta", false },
    { 2, SENDA_METHOD_GET, "/pago", false },
    { 1, SENDA_METHOD_GET, "/gracias", false },
};

#define ADDRESSES (sizeof(shop) / sizeof(shop[0]))

typedef struct {
    virtual_t *rules;
    engine_t *engine;
    engine_event_t *requests; /* of each address, of each item */
    uint32_t first[ADDRESSES], n[ADDRESSES];
    uint8_t of_share[100]; /* share to address */
    uint32_t visitors;
    uint64_t messages, random;
    double empty; /* bytes before anybody came */
    bool front;   /* all look at the front page, and nobody is known */
} bench_t;

static void
on_intent(void *ctx, const intent_t *i)
{
    bench_t *b = ctx;

    b->messages += i->kind == INTENT_MESSAGE;
}

static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
resident(void)
{
    long pages = 0, all = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f == NULL || fscanf(f, "%ld %ld", &all, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static uint32_t
next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 33);
}

/* The values of a request point into the world: they are copied. */
static bool
keep(bench_t *b, senda_method_t method, const char *address, engine_event_t *request)
{
    if (virtual_visit(b->rules, method, senda_cstr(address), request) != SENDA_OK)
        return false;
    for (unsigned i = 0; i < request->nfields; i++) {
        senda_str_t *v = &request->fields[i].value;

        v->p = strndup(v->p, v->n);
        if (v->p == NULL)
            return false;
    }
    return true;
}

static bool
make_requests(bench_t *b)
{
    uint32_t n = 0, share = 0;

    b->requests = calloc(2 * ITEMS + ADDRESSES, sizeof(*b->requests));
    for (unsigned a = 0; b->requests != NULL && a < ADDRESSES; a++) {
        b->first[a] = n;
        b->n[a] = shop[a].of_item ? ITEMS : 1;
        for (uint32_t i = 0; i < b->n[a]; i++) {
            char address[64];

            snprintf(address, sizeof(address), "%s", shop[a].address);
            if (shop[a].of_item)
                snprintf(address + strlen(address), 16, "%u", i);
            if (!keep(b, shop[a].method, address, &b->requests[n++]))
                return false;
        }
        for (unsigned i = 0; i < shop[a].share; i++)
            b->of_share[share++] = (uint8_t)a;
    }
    return share == 100;
}

static void
visit(bench_t *b, uint64_t visitor, senda_sec_t at)
{
    unsigned a = b->front ? 0 : b->of_share[next_random(&b->random) % 100];
    engine_event_t *ev = &b->requests[b->first[a] + next_random(&b->random) % b->n[a]];
    uint64_t id = visitor * 0x9e3779b97f4a7c15ull;

    memcpy(ev->who.visitor.b, &id, 8);
    memcpy(ev->who.visitor.b + 8, &visitor, 8);
    ev->who.contact = !b->front && visitor % KNOWN == 0 ? visitor : 0;
    ev->has_reach = ev->who.contact != 0;
    ev->address = ev->consent = CHANNEL_BIT(CHANNEL_EMAIL);
    ev->at = at;
    engine_event(b->engine, ev, ENGINE_ACT);
}

/* n views within an hour, of all visitors in turn or at random; prints the figures. */
static void
phase(bench_t *b, const char *name, uint32_t n, senda_sec_t from, bool in_turn)
{
    double begin = seconds(), took;
    engine_stats_t s;

    for (uint32_t i = 0; i < n; i++)
        visit(b, 1 + (in_turn ? i : next_random(&b->random)) % b->visitors,
            from + (senda_sec_t)((uint64_t)i * 3600 / n));
    took = seconds() - begin;
    s = engine_stats(b->engine);
    printf("%-24s %9.0f events/s  %7.0f bytes a visitor  %llu timers %llu runs %llu messages\n",
        name, n / took, (resident() - b->empty) / (double)b->visitors, (unsigned long long)s.timers,
        (unsigned long long)s.runs, (unsigned long long)b->messages);
}

static bool
bench_open(bench_t *b, const char *file)
{
    const engine_options_t options = { .recall = 15 * 60 };
    int status;

    b->rules = virtual_open(file, stderr, &status);
    if (b->rules == NULL || !make_requests(b)) {
        fprintf(stderr, "bench_engine: %s: no such shop\n", file);
        return false;
    }
    b->engine = engine_new(virtual_program(b->rules), &options, on_intent, b);
    b->empty = resident();
    return b->engine != NULL;
}

static void
bench_close(bench_t *b)
{
    engine_free(b->engine);
    for (uint32_t i = 0; b->requests != NULL && i < 2 * ITEMS + ADDRESSES; i++) {
        for (unsigned k = 0; k < b->requests[i].nfields; k++)
            free((char *)b->requests[i].fields[k].value.p);
    }
    free(b->requests);
    virtual_close(b->rules);
}

/* What a visitor who only passes by costs, without what others have left in this process. */
static void
passers_by(bench_t *b)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        b->front = true;
        phase(b, "the front page, once", b->visitors, START, true);
        fflush(stdout);
        _exit(0);
    }
    if (child > 0)
        waitpid(child, NULL, 0);
}

int
main(int argc, char **argv)
{
    bench_t b = { .visitors = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000,
        .random = 7 };
    bool open = b.visitors > 0 && bench_open(&b, argc > 2 ? argv[2] : "tests/data/zapateria.senda");

    if (open) {
        passers_by(&b);
        phase(&b, "quiet: one view each", b.visitors, START, true);
        phase(&b, "timers of all, 2 a visit", b.visitors, START + 4 * 3600, false);
        phase(&b, "busy: 4 views each", 4 * b.visitors, START + 5 * 3600, false);
    }
    bench_close(&b);
    return open ? 0 : 2;
}
