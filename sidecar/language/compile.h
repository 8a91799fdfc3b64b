/*
 * The two compilers, from inside. compile_flow.c begins one: it makes a
 * program_t of an AST without mistakes, with the help of compile_names.c
 * (what has a name), compile_cond.c (sentences), compile_people.c (what is
 * known of a person), compile_steps.c and compile_test.c. compile_rules.c is
 * the other: nginx's blob of programs and ASTs.
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
    /* folded name (of a page: or pattern) → 1 + index; of a stage: 1 + its number */
    GHashTable *pages, *events, *fields, *places, *tags, *stages, *segments, *flows;
    GHashTable *captures; /* folded name of a capture or attribute → as it is declared */
    GArray *page_rows;    /* of prog_page_t */
    prog_tag_t *tag_rows;
    const ast_state_t **segment_lines; /* ordered: each names only earlier ones */
} compile_t;

/* Statements of a kind, in the file's order. */
#define EACH(c, h, k)                                                                \
    for (const ast_head_t *h = (c)->lang->file->items.first; h != NULL; h = h->next) \
        if (h->kind == (k))

unsigned compile_count(const compile_t *c, ast_kind_t kind);

/* compile_names.c. A name that is asked for must be one that the checker found. */
prog_place_t compile_place(const compile_t *c, lex_span_t span);
const char *compile_text(const compile_t *c, const char *text); /* NULL stays NULL */
unsigned compile_index(GHashTable *names, const char *key);
void compile_name(GHashTable *names, const char *key, unsigned index);
value_type_t compile_type(word_t type);
prog_channel_t compile_channel(word_t channel); /* also of "phone" */
const char *compile_capture(const compile_t *c, const ast_name_t *name);
senda_key_t compile_page_key(compile_t *c, const ast_name_t *name, const ast_pattern_t *pattern);
senda_key_t compile_event_key(compile_t *c, const char *key);
void compile_names(compile_t *c); /* events, fields, places, pages */
void compile_pages_keep(compile_t *c);

/* The name under which a quoted pattern is a page of its own. */
const char *compile_pattern_name(arena_t *a, const ast_pattern_t *p);

/* compile_cond.c */
senda_key_t compile_verb_key(compile_t *c, const ast_verb_t *v);
prog_verb_t compile_verb(compile_t *c, const ast_verb_t *v);
const prog_cond_t *compile_cond(compile_t *c, const ast_cond_t *cond); /* NULL: NULL */
int64_t compile_value(value_type_t type, const ast_compare_t *is);
/* Into out, if it is not NULL; how many. */
unsigned compile_whens(compile_t *c, const ast_trigger_t *whens, prog_trigger_t *out);

/*
 * compile_people.c. First the names of tags, stages and segments, then what
 * they say, which may name each other.
 */
void compile_people_names(compile_t *c);
void compile_people(compile_t *c);

/* compile_tags.c */
void compile_tags_names(compile_t *c);
void compile_tags(compile_t *c);

/* compile_steps.c: the steps of a flow, ended by STEP_END. */
void compile_steps(compile_t *c, const ast_flow_t *flow, prog_flow_t *out);

/* compile_say.c: what a step says, in no language, for its id. */
void compile_say_span(GString *out, senda_span_t span);
void compile_say_verb(GString *out, const ast_verb_t *v);
void compile_say_cond(GString *out, const ast_cond_t *cond);
void compile_say_step(GString *out, const ast_step_t *step);

/* compile_test.c */
void compile_tests(compile_t *c);

#endif
