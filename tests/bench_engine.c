/*
 * The engine by itself: events a second on one core and bytes a visitor, on a
 * made-up shop of 16 pages, 40 flows, 8 tags and a million visitors. Two
 * figures: quiet visitors (one view, one armed absence) and busy ones.
 * Argument: number of visitors.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

#define PAGES 16
#define FLOWS 40
#define TAGS  8
#define START 1780000000

static prog_trigger_t starts[FLOWS], whens[TAGS];
static prog_flow_t flows[FLOWS];
static prog_tag_t tags[TAGS];

static const prog_cond_t buys = { .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE } };

static const prog_step_t steps[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .template = "m1" },
    { .kind = STEP_WAIT, .id = 2, .span = { .days = 1 } },
    { .kind = STEP_IF, .id = 3, .cond = &buys, .target = 4 },
    { .kind = STEP_SEND, .id = 4, .nchannels = 1, .template = "m2" },
    { .kind = STEP_END, .id = 5 },
};

static void
make_program(program_t *p)
{
    for (uint32_t i = 0; i < FLOWS; i++) {
        starts[i] = (prog_trigger_t){ .has_verb = true, .verb = { .key = 1 + i % PAGES } };
        if (i % 4 == 0) {
            starts[i].has_absent = true;
            starts[i].absent.key = buys.verb.key;
            starts[i].span.secs = 3600 * (1 + i % 5);
        } else {
            starts[i].verb.count = COUNT_AT_LEAST;
            starts[i].verb.times = 3 + i % 5;
            starts[i].verb.within.days = 14 + (int)i;
        }
        flows[i] = (prog_flow_t){ .name = "f",
            .id = i + 1,
            .nstarts = 1,
            .starts = &starts[i],
            .again = AGAIN_AFTER,
            .again_after = { .days = 14 },
            .stop = &buys,
            .nsteps = 5,
            .steps = steps };
    }
    for (uint32_t i = 0; i < TAGS; i++) {
        whens[i] = (prog_trigger_t){ .has_verb = true,
            .verb = { .key = 1 + i,
                .count = COUNT_EXACTLY,
                .times = 3,
                .within = { .days = i % 2 == 0 ? 0 : 30 } } };
        tags[i] = (prog_tag_t){ "t", i + 1, 1, &whens[i], true };
    }
    *p = (program_t){ .ntags = TAGS, .tags = tags, .nflows = FLOWS, .flows = flows };
}

static void
on_intent(void *ctx, const intent_t *i)
{
    uint64_t *messages = ctx;

    *messages += i->kind == INTENT_MESSAGE;
}

static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
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

/* n events of so many visitors in turn or at random, in an hour; prints the figures. */
static void
phase(engine_t *e, const char *name, uint32_t visitors, uint32_t n, senda_sec_t from,
    uint32_t pages, const uint64_t *messages)
{
    engine_event_t ev = { .nkeys = 1, .page = true };
    uint64_t random = 7;
    double begin = seconds(), took;
    engine_stats_t s;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t v = 1 + (pages == 1 ? i % visitors : next_random(&random) % visitors);
        uint64_t id = v * 0x9e3779b97f4a7c15ull;

        memcpy(ev.who.visitor.b, &id, 8);
        memcpy(ev.who.visitor.b + 8, &v, 8);
        ev.at = from + (senda_sec_t)((uint64_t)i * 3600 / n);
        ev.keys[0] = 1 + next_random(&random) % pages;
        engine_event(e, &ev, ENGINE_ACT);
    }
    took = seconds() - begin;
    s = engine_stats(e);
    printf("%-24s %9.0f events/s  %7.0f bytes a visitor  %llu timers %llu runs %llu messages\n",
        name, n / took, resident() / (double)visitors, (unsigned long long)s.timers,
        (unsigned long long)s.runs, (unsigned long long)*messages);
}

int
main(int argc, char **argv)
{
    uint32_t visitors = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    engine_options_t options = { .everybody_reachable = true };
    uint64_t messages = 0;
    program_t program;
    engine_t *e;

    make_program(&program);
    e = engine_new(&program, &options, on_intent, &messages);
    if (e == NULL || visitors == 0)
        return 2;
    phase(e, "quiet: one view each", visitors, visitors, START, 1, &messages);
    phase(e, "timers of all, 2 a visit", visitors, visitors, START + 4 * 3600, PAGES, &messages);
    phase(e, "busy: 4 views each", visitors, 4 * visitors, START + 5 * 3600, PAGES, &messages);
    engine_free(e);
    return 0;
}
