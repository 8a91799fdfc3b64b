/*
 * What loop.c (turning), loop_start.c (store, clock, rules, configuration),
 * loop_command.c (commands from the socket) and loop_check.c share. Nobody else includes it.
 */

#ifndef SENDA_RUN_LOOP_PARTS_H
#define SENDA_RUN_LOOP_PARTS_H

#include "config.h"
#include "control.h"
#include "lock.h"
#include "loop.h"
#include "senda_keys.h"
#include "sender.h"
#include "watch.h"
#include "world.h"

typedef struct {
    const loop_options_t *o;
    config_t *config, *next_config; /* next: read at SIGHUP, taken once nothing is in flight */
    senda_keys_t keys;
    int lock, signals;
    run_clock_t clock;
    run_log_t log;
    state_t *state;
    world_t *world;
    sender_t *sender;
    control_t *control;
    watch_t *watch;
    bool more, stopping;
    senda_ms_t farewell, stalled_until, rules_at; /* steady; 0: not */
    senda_rc_t failed;                            /* a command met what ends the process */
    senda_err_t failure;
    char *mistakes; /* in the rule files as they are now, NULL if none; malloc'ed */
} loop_t;

/* loop_start.c */
senda_rc_t loop_read_key(const char *file, senda_keys_t *keys, senda_err_t *err);
senda_rc_t loop_open_store(loop_t *l, senda_err_t *err); /* key, lock, state */
senda_rc_t loop_set_clock(loop_t *l, senda_err_t *err);
senda_rc_t loop_first_rules(loop_t *l, senda_err_t *err);
void loop_read_config(loop_t *l);
void loop_take_keys(loop_t *l); /* the key file anew */
void loop_take_config(loop_t *l);
void loop_free_config(config_t *c); /* NULL is allowed */

/*
 * Reads the rule files and makes them live. SENDA_OK also with mistakes: they
 * are logged, kept for status, and put into refusal unless that is NULL.
 */
senda_rc_t loop_reload(loop_t *l, senda_err_t *refusal, senda_err_t *err);

/* loop_check.c: who writes and who is written to, of complete settings; SENDA_OK or SENDA_BAD */
senda_rc_t loop_check_addresses(const config_t *c, senda_err_t *err);
/* Whether links can be signed, if there is an endpoint to answer them; SENDA_OK or SENDA_BAD. */
senda_rc_t loop_check_links(const config_t *c, const senda_keys_t *keys, senda_err_t *err);

/* loop_command.c */
void loop_command(loop_t *l, const char *line, control_answer_t *answer);

#endif
