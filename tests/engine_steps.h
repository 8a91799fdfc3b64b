/*
 * A flow of hand-made steps that a visit to the cart sets off, each time, and
 * two tags to ask for: what the tests of starts and of steps share.
 */

#ifndef SENDA_TESTS_ENGINE_STEPS_H
#define SENDA_TESTS_ENGINE_STEPS_H

#include "engine_world.h"

static const prog_trigger_t visits = { .has_verb = true, .verb = { .key = PAGE_CART } };
static const prog_tag_t tags[] = { { "warm", 1, 0, NULL, false, NULL },
    { "cold", 2, 0, NULL, false, NULL } };
static const prog_cond_t is_warm = { .kind = COND_TAG, .what = 0 };
static const prog_cond_t is_cold = { .kind = COND_TAG, .what = 1 };

static inline prog_flow_t
flow(const char *name, uint32_t id, const prog_step_t *steps, unsigned nsteps)
{
    return (prog_flow_t){ .name = name,
        .id = id,
        .nstarts = 1,
        .starts = &visits,
        .again = AGAIN_ALWAYS,
        .nsteps = nsteps,
        .steps = steps };
}

#define FLOW(name, id, steps) flow(name, id, steps, sizeof(steps) / sizeof((steps)[0]))

#endif
