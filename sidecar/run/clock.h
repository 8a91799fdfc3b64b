/*
 * The one place that reads the clock. Everything else gets time as an
 * argument. In time lapse, from the moment it began on, time runs N times as
 * fast: the present and the times of the journal's visits are mapped by the
 * same function, so that a visit and a timer keep their distance.
 */

#ifndef SENDA_RUN_CLOCK_H
#define SENDA_RUN_CLOCK_H

#include "senda.h"

#define RUN_LAPSE_MAX 1000000

typedef struct {
    int64_t lapse;    /* 1: real time */
    senda_ms_t start; /* real; up to it both times are one */
} run_clock_t;

/* The real present. */
senda_ms_t run_clock_real(void);

/* Milliseconds that only go forward, for pauses that the wall clock must not bend. */
senda_ms_t run_clock_steady(void);

/* Real to lapse time and back; in real time both are the identity. */
senda_ms_t run_clock_map(const run_clock_t *c, senda_ms_t real);
senda_ms_t run_clock_unmap(const run_clock_t *c, senda_ms_t mapped);

/* The mapped present. */
senda_ms_t run_clock_now(const run_clock_t *c);

/* Milliseconds to seconds, downwards. */
senda_sec_t run_clock_sec(senda_ms_t ms);

#endif
