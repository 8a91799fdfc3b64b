/*
 * Memory that is taken piece by piece and given back at once: the AST, the
 * messages and the compiled program each live in one. Without memory the
 * process ends, as it does everywhere in GLib.
 */

#ifndef SENDA_LANG_ARENA_H
#define SENDA_LANG_ARENA_H

#include "senda.h"

typedef struct arena_s arena_t;

arena_t *arena_new(void);
void arena_free(arena_t *a); /* NULL is allowed */

/* n zeroed bytes, aligned to 16. */
void *arena_get(arena_t *a, size_t n);

/* A copy with a closing NUL. */
char *arena_text(arena_t *a, const char *p, size_t n);
char *arena_printf(arena_t *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
