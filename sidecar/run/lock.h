/*
 * One writer a store: a lock on STORE/state/lock, held as long as the process
 * lives. The kernel gives it back when the process dies, however it dies.
 */

#ifndef SENDA_RUN_LOCK_H
#define SENDA_RUN_LOCK_H

#include "senda.h"

/*
 * SENDA_OK with *fd; SENDA_NONE: another process has it, err says which;
 * SENDA_SYS, also for a store in a place where it would be damaged, and for one
 * that is in use from another PID namespace.
 */
senda_rc_t lock_take(const char *store, int *fd, senda_err_t *err);
void lock_release(int fd); /* -1 is allowed */

#endif
