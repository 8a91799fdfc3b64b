/*
 * A bump allocator: blocks of growing size in a list, freed together. Never
 * frees a single piece; ends the process when there is no memory (g_malloc).
 */

#include "arena.h"

#include <glib.h>
#include <stdarg.h>

#define BLOCK_MIN 4096
#define BLOCK_MAX (1u << 20)
#define ALIGN     16

typedef struct block_s block_t;
struct block_s {
    block_t *next;
    size_t used, size;
};

struct arena_s {
    block_t *blocks;
    size_t next_size;
};

#define HEAD ((sizeof(block_t) + ALIGN - 1) / ALIGN * ALIGN)

arena_t *
arena_new(void)
{
    arena_t *a = g_new0(arena_t, 1);

    a->next_size = BLOCK_MIN;
    return a;
}

void
arena_free(arena_t *a)
{
    block_t *b, *next;

    if (a == NULL) {
        return;
    }
    for (b = a->blocks; b != NULL; b = next) {
        next = b->next;
        g_free(b);
    }
    g_free(a);
}

void *
arena_get(arena_t *a, size_t n)
{
    block_t *b = a->blocks;
    void *p;

    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (b == NULL || b->size - b->used < n) {
        size_t size = a->next_size > n ? a->next_size : n;

        b = g_malloc(HEAD + size);
        b->used = 0;
        b->size = size;
        b->next = a->blocks;
        a->blocks = b;
        if (a->next_size < BLOCK_MAX) {
            a->next_size *= 2;
        }
    }
    p = (char *)b + HEAD + b->used;
    b->used += n;
    return memset(p, 0, n);
}

char *
arena_text(arena_t *a, const char *p, size_t n)
{
    char *copy = arena_get(a, n + 1);

    if (n > 0) {
        memcpy(copy, p, n);
    }
    return copy;
}

char *
arena_printf(arena_t *a, const char *fmt, ...)
{
    va_list ap;
    char *made, *copy;

    va_start(ap, fmt);
    made = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    copy = arena_text(a, made, strlen(made));
    g_free(made);
    return copy;
}
