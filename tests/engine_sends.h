/*
 * A flow that a visit to the cart sets off, each time, in Madrid: what the
 * tests of messages and of what goes with them share.
 */

#ifndef SENDA_TESTS_ENGINE_SENDS_H
#define SENDA_TESTS_ENGINE_SENDS_H

#include "engine_world.h"

#define STEP(k, n, ...) ((prog_step_t){ .kind = (k), .id = (n), __VA_ARGS__ })

static const prog_trigger_t visits = { .has_verb = true, .verb = { .key = PAGE_CART } };

static inline prog_flow_t
flow(const prog_step_t *steps, unsigned nsteps)
{
    return (prog_flow_t){ .name = "f",
        .id = 1,
        .nstarts = 1,
        .starts = &visits,
        .again = AGAIN_ALWAYS,
        .nsteps = nsteps,
        .steps = steps };
}

#define FLOW(steps) flow(steps, sizeof(steps) / sizeof((steps)[0]))

static inline world_t *
madrid_new(const prog_flow_t *flows, unsigned n)
{
    world_t *w = world_new(flows, n, NULL, 0);

    w->program.zone = madrid;
    w->options.tell = true;
    world_reopen(w, true);
    return w;
}

static inline void
reaches(world_t *w, uint64_t contact, senda_sec_t at, uint32_t address, uint32_t consent)
{
    engine_event_t ev = { .at = START + at,
        .who = who(contact, 0),
        .has_reach = true,
        .address = address,
        .consent = consent,
        .nkeys = 1,
        .keys = { PAGE_CART } };

    engine_event(w->engine, &ev, ENGINE_ACT);
}

#endif
