/*
 * Sends what the outbox holds: asks consent and suppression, commits the
 * intent, makes the message, hands it to the channel, commits the answer. The
 * states are the outbox's; this is the one that walks through them.
 *
 * What a visitor was told is kept before a message goes out: all answers that
 * are in the journal by then have been heard, so that an unsubscription is
 * never overtaken; and the links of a message are known before it can be read.
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

/* A message that is about to be handed over, for who must know its links. */
typedef struct {
    senda_message_t id;
    uint32_t site;
    uint64_t contact;
    prog_channel_t channel;
    const char *language;
    senda_sec_t at;
    const message_links_t *links;
} sender_leaving_t;

/*
 * Called with ctx; each may be NULL. ready: all that was answered for until now
 * is in state_t, and committed; SENDA_NONE: not yet, nothing goes out. leaving:
 * keeps what the links of these messages lead to, for good, before any goes
 * out. changed: a contact's address died.
 */
typedef senda_rc_t (*sender_ready_pt)(void *ctx, senda_err_t *err);
typedef senda_rc_t (
    *sender_leaving_pt)(void *ctx, const sender_leaving_t *list, unsigned n, senda_err_t *err);
typedef void (*sender_changed_pt)(void *ctx, uint64_t contact);

typedef struct {
    state_t *state;
    const run_clock_t *clock;
    const run_log_t *log;
    sender_program_pt program;
    void *ctx;
    const senda_keys_t *keys; /* of links, borrowed; NULL: none are made */
    sender_ready_pt ready;
    sender_leaving_pt leaving;
    sender_changed_pt changed;
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

/* The name in "Shop <hello@example.com>", malloc'ed by GLib; NULL: it has none. */
char *sender_shop(const char *from);

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
