/*
 * Due times, earliest first: 16 bytes each. A timer is cancelled by what it
 * points to: whoever takes it looks whether it still means something. So an
 * absence that is armed anew with every visit keeps its one timer.
 */

#ifndef SENDA_ENGINE_TIMER_H
#define SENDA_ENGINE_TIMER_H

#include "senda.h"

#define TIMER_NEVER INT64_MAX
#define TIMER_RUN   0x80000000u /* this bit says run, else rule */

typedef struct {
    senda_sec_t due;
    uint32_t person;
    uint32_t what; /* number of a run or of a rule */
} timer_entry_t;

typedef struct {
    timer_entry_t *heap;
    uint32_t n, size;
} timers_t;

/* false if there is no memory. */
bool timers_push(timers_t *t, timer_entry_t entry);

/* The earliest, equal ones in order of person and what; false if there is none. */
bool timers_pop(timers_t *t, timer_entry_t *entry);

void timers_close(timers_t *t);

#endif
