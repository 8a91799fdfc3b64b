/*
 * What sender.c (making and handing over) and sender_settle.c (answers, and
 * what an earlier process left) share. Nobody else includes it.
 */

#ifndef SENDA_RUN_SENDER_PARTS_H
#define SENDA_RUN_SENDER_PARTS_H

#include <glib.h>

#include "flights.h"
#include "sender.h"

typedef struct {
    uint64_t ticket; /* 0: free; else its remainder by SENDER_AT_ONCE is the place in flights */
    out_id_t id;
    bool answered;
    sent_t answer;
} flight_t;

struct sender_s {
    sender_options_t o;
    const config_t *config;
    char *id_domain, *shop, *mailto;
    channel_t *channel;
    uint64_t last_ticket;
    flight_t flights[SENDER_AT_ONCE];
    flights_t *notes; /* a slot a flight */
    bool halted;
    senda_ms_t halted_until; /* steady */
    char halt_reason[256];
    GHashTable *unreadable; /* ids as text that were complained of */
    sender_stats_t stats;
    struct {
        unsigned answered, back, leaving, lost;
    } found; /* at the start */
};

/* sender_settle.c */
senda_ms_t sender_now(const sender_t *s);
flight_t *sender_flight(sender_t *s, uint64_t ticket); /* NULL: none */
void sender_move(sender_t *s, out_message_t *m, out_state_t to, senda_sec_t due,
    const char *answer);
void sender_defer(sender_t *s, out_message_t *m, long retry_after, const char *why);
/* To be tried again at due; the try that this cost does not count. */
void sender_put_back(sender_t *s, out_message_t *m, senda_sec_t due);
/* Settles what an earlier process left in flight, by its notes; to be committed. */
senda_rc_t sender_recover(sender_t *s, senda_err_t *err);

#endif
