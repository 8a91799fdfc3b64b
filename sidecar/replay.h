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

#include <glib.h>

#include "access_log.h"
#include "popular.h"
#include "replay_contacts.h"
#include "replay_visitors.h"
#include "replay_why.h"
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

/* All may be zero; what they point to must outlive the replay. */
typedef struct {
    bool keep_bots;
    bool known_only; /* nobody counts as reachable but contacts */
    const replay_contacts_t *contacts;
    const prog_flow_t *only; /* what other flows do is not counted */
    replay_why_t *why;       /* is told of its visitor */
} replay_options_t;

typedef struct {
    uint64_t visits, visitors;
} replay_page_t;

typedef struct {
    uint64_t started, stopped, finished, goals, refused;
} replay_flow_t;

/* Whom something happened to: a visitor's number, VISITORS_NONE; a contact's, 0. */
typedef struct {
    uint32_t visitor, contact;
} replay_who_t;

typedef struct {
    senda_sec_t at;
    replay_who_t who;
    const prog_flow_t *flow;
    prog_channel_t channel;
    const char *template;
} replay_message_t;

typedef struct {
    senda_sec_t at;
    replay_who_t who;
    const prog_flow_t *flow;
    const prog_step_t *step;
} replay_benefit_t;

typedef struct {
    senda_sec_t at;
    uint32_t visitor;
} replay_purchase_t;

/* Messages that were not, or not at once. */
typedef struct {
    uint64_t limited, unreachable, held, withheld, sold_out;
} replay_not_t;

typedef struct {
    virtual_t *world;
    const program_t *program;
    replay_options_t options;
    engine_t *engine;
    popular_t *popular;
    visitors_t *visitors;
    senda_sec_t first, last; /* second of the first and last visit; first −1: none */
    senda_sec_t end;         /* of the last line that has a time */
    senda_sec_t latest;      /* by how much the latest of the late visits was */
    uint64_t lines, visits, malformed, late, dropped[DROP_REASONS];
    replay_page_t *pages; /* as in the program */
    replay_flow_t *flows;
    replay_message_t *messages;
    size_t nmessages, messages_size;
    replay_not_t not ;
    GArray *benefits;     /* replay_benefit_t */
    GArray *purchases;    /* replay_purchase_t */
    GHashTable *orders;   /* numbers of purchases that were counted, by hash */
    engine_event_t event; /* scratch */
} replay_t;

/* What a line is: DROP_REASONS for a visit, then *event says which; its person and time are not set. */
drop_t replay_judge(virtual_t *world, bool keep_bots, const access_line_t *line,
    engine_event_t *event);

/* The world must outlive it. NULL only if there is no memory. */
replay_t *replay_new(virtual_t *world, const replay_options_t *options);
void replay_free(replay_t *r);

void replay_line(replay_t *r, senda_str_t text);

/* Called every so many lines. */
typedef void (*replay_tick_pt)(void *ctx, const replay_t *r, const access_log_t *log);

/* Every line of a log; SENDA_SYS with the reason if it cannot be read on. tick may be NULL. */
senda_rc_t replay_log(replay_t *r, access_log_t *log, replay_tick_pt tick, void *ctx,
    senda_err_t *err);

/* After the last log: runs the timers up to the last line's second, or up to until if that is later. */
void replay_until(replay_t *r, senda_sec_t until);

/* One number for a person: its contact's, else its visitor's, as known at the end. */
uint64_t replay_person(const replay_t *r, replay_who_t who);

/* "ann@example.com" or "203.0.113.7/1f00c3aa". */
void replay_name(const replay_t *r, replay_who_t who, char *buf, size_t size);

#endif
