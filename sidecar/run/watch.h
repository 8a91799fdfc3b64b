/*
 * What changes in files: the journal grows, a rule file is saved. One inotify
 * descriptor for the loop to wait on.
 */

#ifndef SENDA_RUN_WATCH_H
#define SENDA_RUN_WATCH_H

#include "senda.h"

typedef struct watch_s watch_t;

enum {
    WATCH_JOURNAL = 1,
    WATCH_RULES = 2,
};

/* rules: a file or a folder. SENDA_OK or SENDA_SYS. */
senda_rc_t watch_open(watch_t **out, const char *store, const char *rules, senda_err_t *err);
void watch_close(watch_t *w); /* NULL is allowed */
int watch_fd(const watch_t *w);

/* What has changed since the last call: WATCH_ bits. */
unsigned watch_read(watch_t *w);

#endif
