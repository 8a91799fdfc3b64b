/*
 * Lines that a person can read, one an event, on standard error: the time in
 * the shop's zone, then what happened. The time is an argument, as everywhere.
 */

#ifndef SENDA_RUN_LOG_H
#define SENDA_RUN_LOG_H

#include "senda_zone.h"

typedef struct {
    const senda_zone_t *zone; /* NULL: UTC */
    bool show;                /* visits too, and addresses in clear */
} run_log_t;

/* One line; control characters of the text become '?', what is longer than 1 KiB is cut. */
void run_log(const run_log_t *log, senda_ms_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Words of somebody else, as a server's: without show, "(address)" where one is an address. Into buf. */
const char *run_log_words(const run_log_t *log, const char *words, char *buf, size_t size);

/* "2026-06-01 10:00:03 +02:00" into buf. */
void run_log_time(const senda_zone_t *zone, senda_ms_t at, char *buf, size_t size);

#endif
