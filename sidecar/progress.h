/*
 * A line on a terminal that says how far it is: bytes of all, a bar, lines a
 * second. Written at most ten times a second, erased when done; nothing is
 * written if standard error is no terminal.
 */

#ifndef SENDA_PROGRESS_H
#define SENDA_PROGRESS_H

#include "senda.h"

typedef struct progress_s progress_t;

/* total: bytes of all files, 0 if it is not known. NULL if standard error is no terminal. */
progress_t *progress_new(uint64_t total);

/* p may be NULL in both. */
void progress_show(progress_t *p, uint64_t bytes, uint64_t lines);
void progress_free(progress_t *p);

#endif
