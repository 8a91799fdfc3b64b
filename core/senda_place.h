/*
 * Where a store lies, and who may use it. LMDB keeps its locks and its readers
 * in a mapped file, by process number: that holds on a file system of this
 * machine, and among processes that see one another. Anything else would
 * damage a store without a word, so it is refused beforehand, with the reason.
 */

#ifndef SENDA_PLACE_H
#define SENDA_PLACE_H

#include <sys/types.h>

#include "senda.h"

/*
 * Whether path, or the nearest folder above it that exists, lies on a file
 * system that a store may lie on. SENDA_OK; SENDA_BAD: not there, err says
 * why; SENDA_SYS: it cannot be looked at.
 */
senda_rc_t senda_place_check(const char *path, senda_err_t *err);

/* The same for a type of statfs(2): its name if no store may lie there, else NULL. */
const char *senda_place_refused(long type);

/*
 * Whether a user with this group (the only one looked at) may write into the
 * folder dir and its files *.mdb. SENDA_OK; SENDA_BAD: err says whose it is
 * and which command mends it; SENDA_NONE: dir is not there.
 */
senda_rc_t senda_place_rights(const char *dir, uid_t uid, gid_t gid, senda_err_t *err);

/*
 * Joins those who use the stores below dir: all of them see the same processes.
 * *fd keeps the place until it is closed or the process ends. SENDA_OK;
 * SENDA_BAD: the stores are in use from another PID namespace (containers that
 * share a folder); SENDA_SYS. Never waits.
 */
senda_rc_t senda_place_join(int *fd, const char *dir, senda_err_t *err);

#endif
