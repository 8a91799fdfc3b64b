/*
 * Sends what the outbox holds: asks consent and suppression, commits the
 * intent, makes the message, hands it to the channel, commits the answer. The
 * states are the outbox's; this is the one that walks through them.
 */

#ifndef SENDA_RUN_SENDER_H
#define SENDA_RUN_SENDER_H

#include "channel.h"
#include "clock.h"
#include "config.h"
#include "contact.h"
#include "log.h"
#include "outbox.h"

#define SENDER_AT_ONCE 8     /* messages handed over and not answered yet, FLIGHTS_SLOTS */
#define SENDER_HALT_MS 60000 /* a channel that refuses us is asked again after this */

typedef struct sender_s sender_t;

/* The program of a site, NULL if no rule file has it any more. */
typedef const program_t *(*sender_program_pt)(void *ctx, uint32_t site);

typedef struct {
    state_t *state;
    const run_clock_t *clock;
    const run_log_t *log;
    sender_program_pt program;
    void *ctx;
} sender_options_t;

typedef struct {
    uint64_t done, deferred, failed, unknown, skipped;
} sender_stats_t;

/*
 * Opens the channel that config names and settles what an earlier process left
 * in flight (to be committed by the caller). config is borrowed for good.
 */
senda_rc_t sender_open(sender_t **out, const sender_options_t *o, const config_t *config,
    senda_err_t *err);
void sender_close(sender_t *s); /* NULL is allowed */

/* Takes a new configuration, once nothing is in flight; SENDA_FULL until then. */
senda_rc_t sender_configure(sender_t *s, const config_t *config, senda_err_t *err);

/* Puts the answers that have come into state_t; the caller commits. True if there were any. */
bool sender_settle(sender_t *s);

/*
 * Hands over what is due. Nothing else may be uncommitted. SENDA_OK; SENDA_FULL
 * (no space: nothing was handed over, try again later); SENDA_SYS.
 */
senda_rc_t sender_pump(sender_t *s, senda_err_t *err);

/* Milliseconds until there is something to hand over, -1: nothing waits. */
int64_t sender_wait(sender_t *s);

unsigned sender_in_flight(const sender_t *s);
sender_stats_t sender_stats(const sender_t *s);

/* Why the channel stands still, NULL if it does not. Ends a standstill. */
const char *sender_halted(const sender_t *s);
void sender_resume(sender_t *s);

#endif
