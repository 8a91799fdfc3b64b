/*
 * One line, written over itself. The time comes from the house's one clock.
 */

#include "progress.h"
#include "clock.h"

#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#define PAUSE 100 /* milliseconds between two writings */
#define BAR   30  /* characters */

struct progress_s {
    uint64_t total;
    senda_ms_t begun, next;
    bool shown;
};

progress_t *
progress_new(uint64_t total)
{
    progress_t *p;

    if (!isatty(STDERR_FILENO))
        return NULL;
    p = g_new0(progress_t, 1);
    p->total = total;
    p->begun = run_clock_steady();
    p->next = p->begun + PAUSE;
    return p;
}

void
progress_show(progress_t *p, uint64_t bytes, uint64_t lines)
{
    senda_ms_t now;
    char bar[BAR + 1];
    size_t full;

    if (p == NULL)
        return;
    now = run_clock_steady();
    if (now < p->next)
        return;
    p->next = now + PAUSE;
    p->shown = true;
    fprintf(stderr, "\r\033[K%llu lines, %.0f a second", (unsigned long long)lines,
        (double)lines * 1000.0 / (double)MAX(now - p->begun, 1));
    if (p->total == 0)
        return;
    full = (size_t)(MIN(bytes, p->total) * BAR / p->total);
    memset(bar, '.', BAR);
    memset(bar, '#', full);
    bar[BAR] = '\0';
    fprintf(stderr, "  [%s] %.0f of %.0f MB", bar, (double)bytes / 1e6, (double)p->total / 1e6);
}

void
progress_free(progress_t *p)
{
    if (p == NULL)
        return;
    if (p->shown)
        fputs("\r\033[K", stderr);
    g_free(p);
}
