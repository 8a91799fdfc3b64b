/*
 * An access log through the rules in virtual time: what would have been
 * counted, started and sent. Decides which lines are visits as nginx does, as
 * far as a log tells; keeps tallies and the list of messages.
 *
 * Time only goes forward. Servers write a line when the answer is finished, so
 * lines may be a little out of order: one that is earlier than what went
 * before is taken as simultaneous with it, and counted as late.
 */

#ifndef SENDA_REPLAY_H
#define SENDA_REPLAY_H

#include "access_log.h"
#include "replay_visitors.h"
#include "virtual.h"

/* Why a line is no visit, the first that applies. `malformed` comes before all of them. */
typedef enum {
    DROP_METHOD,  /* neither GET nor POST */
    DROP_BOT,     /* a crawler, library or scanner by its user agent */
    DROP_STATUS,  /* not 200 or 304; for POST not 2xx or 3xx */
    DROP_ADDRESS, /* too long, not decodable, or another site's */
    DROP_ASSET,   /* a picture, script, style, … that no page names */
    DROP_FORM,    /* a POST that no page names */
    DROP_REASONS
} drop_t;

extern const char *const replay_reasons[DROP_REASONS];

typedef struct {
    bool keep_bots;
    bool known_only; /* nobody counts as reachable */
} replay_options_t;

typedef struct {
    uint64_t visits, visitors;
} replay_page_t;

typedef struct {
    uint64_t started, stopped, finished, goals;
} replay_flow_t;

typedef struct {
    senda_sec_t at;
    uint32_t visitor;
    const prog_flow_t *flow;
    prog_channel_t channel;
    const char *template;
} replay_message_t;

typedef struct {
    virtual_t *world;
    const program_t *program;
    replay_options_t options;
    engine_t *engine;
    visitors_t *visitors;
    senda_sec_t first, last; /* second of the first and last visit; first −1: none */
    senda_sec_t end;         /* of the last line that has a time */
    senda_sec_t latest;      /* by how much the latest of the late visits was */
    uint64_t lines, visits, malformed, late, dropped[DROP_REASONS];
    replay_page_t *pages; /* as in the program */
    replay_flow_t *flows;
    replay_message_t *messages;
    size_t nmessages, messages_size;
    engine_event_t event; /* scratch */
} replay_t;

/* The world must outlive it. NULL only if there is no memory. */
replay_t *replay_new(virtual_t *world, const replay_options_t *options);
void replay_free(replay_t *r);

void replay_line(replay_t *r, senda_str_t text);

/* Every line of a log; SENDA_SYS with the reason if it cannot be read on. */
senda_rc_t replay_log(replay_t *r, access_log_t *log, senda_err_t *err);

/* After the last log: runs the timers up to the last line's second, or up to until if that is later. */
void replay_until(replay_t *r, senda_sec_t until);

const char *replay_channel_name(prog_channel_t channel);

#endif
