/*
 * The two compilers, from inside. compile_flow.c makes a program_t of an AST
 * without mistakes; compile_rules.c makes nginx's blob of programs and ASTs.
 */

#ifndef SENDA_LANG_COMPILE_H
#define SENDA_LANG_COMPILE_H

#include "ast.h"
#include "diag.h"

#include <glib.h>

struct lang_s {
    arena_t *arena;
    char *clean; /* the text: spans point into it */
    diags_t diags;
    ast_file_t *file;
    char *name; /* of the file */
};

/* What is shared while a program is made. */
typedef struct {
    arena_t *arena; /* the program's */
    const lang_t *lang;
    const char *file;
    program_t *program;
    lang_id_pt id;
    void *ctx;
    GHashTable *pages, *events, *tags; /* folded name (or pattern) → 1 + index */
    GArray *page_rows;                 /* of prog_page_t */
} compile_t;

prog_place_t compile_place(const compile_t *c, lex_span_t span);
const char *compile_text(const compile_t *c, const char *text);
prog_verb_t compile_verb(compile_t *c, const ast_verb_t *v);
const prog_cond_t *compile_cond(compile_t *c, const ast_cond_t *cond);
unsigned compile_whens(compile_t *c, const ast_trigger_t *whens, prog_trigger_t *out);

/* compile_steps.c: the steps of a flow, ended by STEP_END. */
void compile_steps(compile_t *c, const ast_flow_t *flow, prog_flow_t *out);

/* The name under which a quoted pattern is a page of its own. */
const char *compile_pattern_name(arena_t *a, const ast_pattern_t *p);

#endif
