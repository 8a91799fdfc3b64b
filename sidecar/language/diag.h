/*
 * Mistakes and warnings as they are found: collected, put in the order of the
 * file, printed so that the eye finds the word.
 */

#ifndef SENDA_LANG_DIAG_H
#define SENDA_LANG_DIAG_H

#include "arena.h"
#include "language.h"
#include "lexer.h"
#include "messages.h"
#include "near.h"

typedef struct {
    lang_diag_t shown;
    lex_span_t span;
    msg_t id;
    bool shape; /* of the line's shape: behind it the line was not read */
} diag_t;

typedef struct {
    arena_t *arena;
    const char *file;
    const char *text; /* the file's, clean */
    size_t len;
    lang_id_t lang;
    diag_t *items;                         /* malloc'ed; diags_free */
    unsigned n, errors, warnings, dropped; /* dropped: beyond LANG_DIAGS_MAX, still counted */
} diags_t;

void diags_init(diags_t *ds, arena_t *arena, const char *file, const char *text, size_t len,
    lang_id_t lang);
void diags_free(diags_t *ds);

/*
 * Adds a mistake at a place; args[1] … are %1 …, ended by NULL. Words of the
 * file in args are made printable and cut. NULL if the same place has one
 * already, or when there are too many: the functions below take NULL.
 */
diag_t *diag_add(diags_t *ds, lex_span_t at, msg_t id, const char *const *args);
#define DIAG(ds, at, id, ...) diag_add(ds, at, id, (const char *const[]){ "", ##__VA_ARGS__, NULL })

/* Further ones are only counted: nobody will read their words. */
bool diags_full(const diags_t *ds);

/* "Did you mean …?" before the hint; best may be NULL. */
void diag_near(diags_t *ds, diag_t *d, const char *best);

/* The example is the word's line unless the message has its own. */
void diag_word(diags_t *ds, diag_t *d, word_t w);

/* An example made for this very mistake. */
void diag_example(diags_t *ds, diag_t *d, const char *line);

/* The second place that clashes. */
void diag_other(diag_t *d, uint32_t line);

/* Puts them in order and counts their columns; call once, or again after more were added. */
void diags_finish(diags_t *ds);

void diags_print(const diags_t *ds, FILE *out, bool color);

/* The text of a span, NUL-terminated, in the arena. */
char *diag_text(diags_t *ds, lex_span_t span);

#endif
