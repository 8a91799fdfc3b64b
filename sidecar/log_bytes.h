/*
 * The bytes of a log, plain or packed by gzip, which is seen by its first two
 * bytes; several gzip files one behind the other are one. Keeps one buffer.
 */

#ifndef SENDA_LOG_BYTES_H
#define SENDA_LOG_BYTES_H

#include "senda.h"

typedef struct log_bytes_s log_bytes_t;

/* "-" is standard input. NULL with the reason. file must outlive it. */
log_bytes_t *log_bytes_open(const char *file, senda_err_t *err);
void log_bytes_close(log_bytes_t *b); /* NULL is allowed */

/* At least one byte and at most size into buf; *n 0 at the end. SENDA_SYS (cannot be read). */
senda_rc_t log_bytes_read(log_bytes_t *b, char *buf, size_t size, size_t *n, senda_err_t *err);

/* How many bytes of the file, as it lies there, were read; how many it has (0: not known). */
uint64_t log_bytes_taken(const log_bytes_t *b);
uint64_t log_bytes_size(const log_bytes_t *b);

#endif
