/*
 * Due times, earliest first: 16 bytes each. A timer is cancelled by what it
 * points to: whoever takes it looks whether it still means something. So an
 * absence that is armed anew with every visit keeps its one timer.
 */

#ifndef SENDA_ENGINE_TIMER_H
#define SENDA_ENGINE_TIMER_H

#include "senda.h"

#define TIMER_NEVER INT64_MAX
/* What a timer is of: the high bits of `what`, the rest is a number. In one second in this order. */
#define TIMER_BITS     28
#define TIMER_TAG      0u /* a tag's end: number of the tag */
#define TIMER_RULE     1u /* an absence, or `each`: number of the rule */
#define TIMER_WATCH    2u /* a watched condition may change: number of the watch */
#define TIMER_STOP     3u /* time alone may make `stop if` true: number of the flow */
#define TIMER_CALENDAR 4u /* a start by the calendar: number of the rule; person 0: of everybody */
#define TIMER_RUN      5u /* runs of this flow go on: its number, so that they do so in file order */

static inline uint32_t
timer_what(uint32_t kind, uint32_t number)
{
    return kind << TIMER_BITS | number;
}

static inline uint32_t
timer_kind(uint32_t what)
{
    return what >> TIMER_BITS;
}

static inline uint32_t
timer_number(uint32_t what)
{
    return what & ((1u << TIMER_BITS) - 1);
}

typedef struct {
    senda_sec_t due;
    uint32_t person;
    uint32_t what; /* timer_what */
} timer_entry_t;

typedef struct {
    timer_entry_t *heap;
    uint32_t n, size;
} timers_t;

/* false if there is no memory. */
bool timers_push(timers_t *t, timer_entry_t entry);

/* The earliest; of one second in order of kind, person and number. false if there is none. */
bool timers_pop(timers_t *t, timer_entry_t *entry);

void timers_close(timers_t *t);

#endif
