/*
 * The flow of an abandoned cart, made by hand: what the tests of runs and of
 * goals share.
 */

#ifndef SENDA_TESTS_ENGINE_CART_H
#define SENDA_TESTS_ENGINE_CART_H

#include "engine_world.h"

static const prog_step_t three_mails[] = {
    { .kind = STEP_SEND, .id = 1, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m1" },
    { .kind = STEP_WAIT, .id = 2, .span = { .days = 1 } },
    { .kind = STEP_SEND, .id = 3, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m2" },
    { .kind = STEP_WAIT, .id = 4, .span = { .days = 2 } },
    { .kind = STEP_SEND, .id = 5, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m3" },
    { .kind = STEP_END, .id = 6 },
};

static const prog_trigger_t abandons = {
    .has_verb = true,
    .verb = { .key = PAGE_CART },
    .has_absent = true,
    .absent = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE },
    .span = { .secs = HOUR },
};

static const prog_cond_t buys = { .kind = COND_VERB,
    .verb = { .key = SENDA_KEY_EVENT | SENDA_EV_PURCHASE } };

static inline prog_flow_t
cart_flow(void)
{
    return (prog_flow_t){ .name = "cart",
        .id = 7,
        .nstarts = 1,
        .starts = &abandons,
        .again = AGAIN_AFTER,
        .again_after = DAYS(7),
        .nsteps = 6,
        .steps = three_mails };
}

#endif
