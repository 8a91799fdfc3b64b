/*
 * A heap with four children a node: half as deep as a binary one, and a
 * node's children share a cache line. Never drops a timer; fails only for
 * want of memory.
 */

#include "timer.h"

#include <stdlib.h>

static inline bool
before(const timer_entry_t *a, const timer_entry_t *b)
{
    if (a->due != b->due)
        return a->due < b->due;
    if (timer_kind(a->what) != timer_kind(b->what))
        return timer_kind(a->what) < timer_kind(b->what);
    if (a->person != b->person)
        return a->person < b->person;
    return a->what < b->what;
}

bool
timers_push(timers_t *t, timer_entry_t entry)
{
    uint32_t i;

    if (t->n == t->size) {
        uint32_t size = t->size == 0 ? 64 : t->size + t->size / 2;
        timer_entry_t *heap = realloc(t->heap, (size_t)size * sizeof(*heap));

        if (heap == NULL)
            return false;
        t->heap = heap;
        t->size = size;
    }
    for (i = t->n++; i > 0 && before(&entry, &t->heap[(i - 1) / 4]); i = (i - 1) / 4)
        t->heap[i] = t->heap[(i - 1) / 4];
    t->heap[i] = entry;
    return true;
}

bool
timers_pop(timers_t *t, timer_entry_t *entry)
{
    timer_entry_t last;
    uint32_t i = 0;

    if (t->n == 0)
        return false;
    *entry = t->heap[0];
    last = t->heap[--t->n];
    for (;;) {
        uint32_t child = 4 * i + 1, least = child;

        if (child >= t->n)
            break;
        for (uint32_t k = child + 1; k < child + 4 && k < t->n; k++) {
            if (before(&t->heap[k], &t->heap[least]))
                least = k;
        }
        if (!before(&t->heap[least], &last))
            break;
        t->heap[i] = t->heap[least];
        i = least;
    }
    t->heap[i] = last;
    return true;
}

void
timers_close(timers_t *t)
{
    free(t->heap);
    *t = (timers_t){ 0 };
}
