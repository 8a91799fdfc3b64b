/*
 * Real time and time lapse. Never waits, never fails: a clock that the system
 * refuses to read does not exist on Linux.
 */

#include "clock.h"

#include <time.h>

static senda_ms_t
read_clock(clockid_t id)
{
    struct timespec ts = { 0, 0 };

    (void)clock_gettime(id, &ts);
    return (senda_ms_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

senda_ms_t
run_clock_real(void)
{
    return read_clock(CLOCK_REALTIME);
}

senda_ms_t
run_clock_steady(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

senda_ms_t
run_clock_map(const run_clock_t *c, senda_ms_t real)
{
    if (c->lapse <= 1 || real <= c->start) {
        return real;
    }
    return c->start + (real - c->start) * c->lapse;
}

senda_ms_t
run_clock_unmap(const run_clock_t *c, senda_ms_t mapped)
{
    if (c->lapse <= 1 || mapped <= c->start) {
        return mapped;
    }
    return c->start + (mapped - c->start + c->lapse - 1) / c->lapse;
}

senda_ms_t
run_clock_now(const run_clock_t *c)
{
    return run_clock_map(c, run_clock_real());
}

senda_sec_t
run_clock_sec(senda_ms_t ms)
{
    return ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
}
