/*
 * What a replay says of the future: how many messages a day and channel, to how
 * many people, and how many of them to people who bought anyway.
 *
 * "Bought anyway": the log was written without these messages. Who got one in
 * the replay and bought, by the log, within the flow's `goal … within` after it
 * (5 days if it has none) would have bought without it. Messages of
 * transactional flows are left out of that figure; a purchase whose number was
 * seen before is none.
 */

#ifndef SENDA_REPLAY_FORECAST_H
#define SENDA_REPLAY_FORECAST_H

#include "replay.h"

#define FORECAST_DAYS_SHOWN 31 /* a longer time is told week by week */
#define FORECAST_DAYS       5  /* in which a purchase was made anyway, without a goal's window */

/* A day, or the week that begins with it. */
typedef struct {
    int64_t day; /* local, since 1970 */
    uint64_t channels[CHANNELS];
} forecast_day_t;

typedef struct {
    const prog_step_t *step; /* the first of those that give the same */
    uint64_t given, anyway;
} forecast_benefit_t;

typedef struct {
    uint64_t channels[CHANNELS];
    uint64_t people, contacts; /* who got at least one message; contacts: of them those known */
    uint64_t marketing;        /* messages of flows that are not transactional … */
    uint64_t anyway;           /* … to people who bought anyway */
    bool weekly;
    GArray *days; /* forecast_day_t, in order; none is left out between the first and the last */
    GArray *benefits; /* forecast_benefit_t, in the order of their first */
} forecast_t;

forecast_t *forecast_new(const replay_t *r);
void forecast_free(forecast_t *f);

/* What the step gives: "coupon X", "credit 27 EUR", "gift X". */
const char *forecast_benefit_name(const program_t *p, const prog_step_t *step, char *buf,
    size_t size);

/* "2026-06-01" */
const char *forecast_day_name(int64_t day, char *buf, size_t size);

#endif
