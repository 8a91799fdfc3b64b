/*
 * The rule language, from outside: a file's text in, mistakes and a program
 * out. Pure: reads no file, knows no clock; the time zone's table comes from a
 * callback.
 */

#ifndef SENDA_LANGUAGE_H
#define SENDA_LANGUAGE_H

#include <stdio.h>

#include "program.h"
#include "senda_published.h"
#include "senda_rules.h"

typedef struct lang_s lang_t;

/* One mistake or warning. Lines and columns count from 1, columns in characters. */
typedef struct {
    bool warning;
    uint32_t line, column, width;
    const char *message; /* what is wrong */
    const char *hint;    /* what was expected, the nearest word; may be NULL */
    const char *example; /* one correct line; NULL on warnings that need none */
    uint32_t other_line; /* a second place that clashes, 0 if none */
} lang_diag_t;

/*
 * Parses and checks. text is copied; file is for messages. Never fails: bad
 * input is a list of mistakes. Free with lang_free.
 */
lang_t *lang_read(const char *file, const char *text, size_t len);
void lang_free(lang_t *l);

unsigned lang_errors(const lang_t *l); /* 0: it can be compiled */
unsigned lang_warnings(const lang_t *l);
unsigned lang_diags(const lang_t *l);
const lang_diag_t *lang_diag(const lang_t *l, unsigned i); /* in order of place */
const char *lang_language(const lang_t *l); /* "es" or "en": what it speaks of its mistakes */

/* Every mistake as an editor's user wants to read it: place, line, caret, expected, example. */
void lang_print(const lang_t *l, FILE *out, bool color);

/* How names become numbers: senda_published_id when it counts, a counter in tests. */
typedef uint32_t (*lang_id_pt)(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name);

/* Fills steps (at most max) for a zone's name; how many, or -1 if there is no such zone. */
typedef int (*lang_zone_pt)(void *ctx, const char *name, int32_t *first_offset,
    senda_zone_step_t *steps, unsigned max);

/* Says that the file's `timezone` does not exist, if so. lang_program is NULL for such a file. */
void lang_check_zone(lang_t *l, lang_zone_pt zone, void *ctx);

/*
 * Asks check of each template that a flow sends by e-mail, once: SENDA_OK, SENDA_NONE (there is none), or
 * what is wrong with it in err; says the latter two as mistakes.
 */
typedef senda_rc_t (*lang_template_pt)(void *ctx, const char *template, senda_err_t *err);
void lang_check_templates(lang_t *l, lang_template_pt check, void *ctx);

/*
 * The program of a file without mistakes; NULL if it has one. Free with program_free, before or
 * after lang_free.
 */
program_t *lang_program(const lang_t *l, lang_id_pt id, lang_zone_pt zone, void *ctx);

/*
 * What nginx gets: the blob of one or several files (one site each), malloc'ed.
 * NULL with the reason: two files with one host, or a bound of senda_limits.h.
 */
void *lang_rules(lang_t *const *files, program_t *const *programs, unsigned n, uint64_t generation,
    size_t *len, senda_err_t *err);

#endif
