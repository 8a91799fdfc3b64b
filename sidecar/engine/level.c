/*
 * How often and how much, from the kept entries of a slot alone, and when time
 * will change that. A moment counts until it is as old as the window is long:
 * so "within 1 month" and "more than 1 month ago" are never both true, and core's
 * counts agree. Of two moments the later may leave first where a month is
 * short, so near the window's end each is asked for itself. Never changes
 * anything.
 */

#include "engine_state.h"

#define DAY_SECS 86400
#define UNSURE   (5 * DAY_SECS) /* so near the plain end of a window the calendar may say otherwise */

/* The number of the first change of clocks after t. */
static uint32_t
step_after(const senda_zone_t *z, senda_sec_t t)
{
    uint32_t lo = 0, hi = z->nsteps;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (z->steps[mid].at <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void
engine_find_calm(engine_t *e)
{
    const senda_zone_t *z = e->zone;
    uint32_t i = step_after(z, e->now);
    history_store_t *h = &e->histories;

    h->offset_from = i == 0 ? 0 : z->steps[i - 1].at;
    h->offset_to = i == z->nsteps ? TIMER_NEVER : z->steps[i].at;
    h->offset = i == 0 ? z->first_offset : z->steps[i - 1].offset;
    e->calm_from = i == 0 ? 0 : h->offset_from + 2 * DAY_SECS;
    e->calm_to = h->offset_to;
}

/* What is later than `in` is in the window, what is not later than `out` is not. */
typedef struct {
    senda_sec_t in, out;
    senda_span_t within;
} window_t;

static window_t
window_of(const engine_t *e, senda_span_t within)
{
    senda_sec_t plain;

    if (senda_span_is_zero(within))
        return (window_t){ INT64_MIN, INT64_MIN, within };
    plain = engine_shift(e, e->now, within, -1);
    if (within.months == 0 && within.days == 0)
        return (window_t){ plain, plain, within };
    return (window_t){ plain + UNSURE, plain - UNSURE, within };
}

static inline bool
is_over(const window_t *w, stamp_t at, stamp_t after)
{
    return at <= after || stamp_sec(at) <= w->out;
}

static inline bool
is_in(const engine_t *e, const window_t *w, stamp_t at)
{
    return stamp_sec(at) > w->in || engine_later(e, stamp_sec(at), w->within) > e->now;
}

uint32_t
engine_level(const engine_t *e, const uint64_t *history, uint32_t slot, stamp_t after,
    senda_span_t within)
{
    history_part_t part = history_part(&e->histories, history, slot);
    window_t w;
    uint32_t n = 0;

    if ((after == 0 && senda_span_is_zero(within)) || part.n == 0)
        return after == 0 && senda_span_is_zero(within) ? part.count : 0;
    w = window_of(e, within);
    for (uint32_t i = part.n; i-- > 0 && !is_over(&w, history_at(&part, i), after);)
        n += is_in(e, &w, history_at(&part, i));
    return n;
}

uint32_t
engine_level_of(const engine_t *e, const uint64_t *history, uint32_t slot, uint64_t value,
    stamp_t after, senda_span_t within)
{
    history_part_t part = history_part(&e->histories, history, slot);
    window_t w = window_of(e, within);
    uint32_t n = 0;

    for (uint32_t i = part.n; i-- > 0 && !is_over(&w, history_at(&part, i), after);)
        n += part.entries[2 * (size_t)i + 1] == value && is_in(e, &w, history_at(&part, i));
    return n;
}

bool
engine_level_any(const engine_t *e, const uint64_t *history, uint32_t slot, uint32_t times,
    bool exactly, stamp_t after, senda_span_t within)
{
    history_part_t part = history_part(&e->histories, history, slot);
    window_t w = window_of(e, within);

    for (uint32_t i = part.n; i-- > 0 && !is_over(&w, history_at(&part, i), after);) {
        uint64_t value = part.entries[2 * (size_t)i + 1];
        uint32_t n = engine_level_of(e, history, slot, value, after, within);

        if (exactly ? n == times : n >= times)
            return true;
    }
    return false;
}

int64_t
engine_sum(const engine_t *e, const uint64_t *history, uint32_t slot, stamp_t after,
    senda_span_t within)
{
    history_part_t part = history_part(&e->histories, history, slot);
    window_t w;
    int64_t sum = 0;

    if (part.count == 0)
        return 0;
    if (after == 0 && senda_span_is_zero(within))
        return (int64_t)part.fixed[0];
    w = window_of(e, within);
    for (uint32_t i = part.n; i-- > 0 && !is_over(&w, history_at(&part, i), after);)
        sum += is_in(e, &w, history_at(&part, i)) ? (int64_t)part.entries[3 * (size_t)i + 1] : 0;
    return sum;
}

/* ---- when time changes it ---- */

senda_sec_t
engine_leaves(const engine_t *e, senda_sec_t moment, senda_span_t within)
{
    senda_sec_t end = engine_later(e, moment, within);

    return end > e->now ? end : TIMER_NEVER;
}

senda_sec_t
engine_leaves_near(const engine_t *e, const history_part_t *part, uint32_t i, senda_span_t within)
{
    senda_sec_t at = stamp_sec(history_at(part, i)), first = engine_leaves(e, at, within);

    if (within.months == 0 && within.days == 0)
        return first;
    while (i > 0 && stamp_sec(history_at(part, i - 1)) >= at - UNSURE)
        i--;
    for (; i < part->n && stamp_sec(history_at(part, i)) <= at + UNSURE; i++) {
        senda_sec_t leaves = engine_leaves(e, stamp_sec(history_at(part, i)), within);

        first = leaves < first ? leaves : first;
    }
    return first;
}
