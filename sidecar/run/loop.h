/*
 * `senda run`: one thread that waits in channel_poll on the journal, the rule
 * files, the control socket, signals and timers, and does what is due.
 */

#ifndef SENDA_RUN_LOOP_H
#define SENDA_RUN_LOOP_H

#include "senda.h"

#define LOOP_STALL_MS    1000  /* a full disk is asked again after this */
#define LOOP_FAREWELL_MS 10000 /* messages on their way have this long at a stop */
#define LOOP_WAIT_MS     60000 /* at most between two looks at the clock, which may be set */
#define LOOP_SETTLE_MS   50    /* saving a file is more than one event */

typedef struct {
    const char *config;
    int64_t lapse; /* 1: real time */
    bool show;     /* visits and addresses in the log */
    bool once;     /* ends when nothing is due */
} loop_options_t;

/* The exit status: 0 ended as asked; 1 mistakes in the rules or configuration; 2 anything else. */
int loop_run(const loop_options_t *o);

/*
 * Looks at all that a run would read: settings, key, rules, messages, the
 * form of the channel's URL. Says every mistake on standard output; opens no
 * store, makes no folder, connects to nobody. The exit status: 0 none; 1
 * mistakes; 2 something could not be read.
 */
int loop_check(const char *config);

#endif
