/*
 * The semantic pass: names that exist, sentences that make sense, and what is
 * allowed but probably not meant. Reports everything; changes nothing.
 */

#ifndef SENDA_LANG_CHECK_H
#define SENDA_LANG_CHECK_H

#include "ast.h"
#include "diag.h"
#include "rules_build.h"

#include <glib.h>

/* What check.c, check_pattern.c and check_flow.c share. */
typedef struct {
    arena_t *arena;
    diags_t *ds;
    const ast_file_t *file;
    GHashTable *excused; /* folded names of which nothing is said */
    bool excuse_all;
    /* folded name → its node; names as written for suggestions */
    GHashTable *pages, *events, *tags, *flows, *tests;
    GHashTable *sent;  /* template as written → sent_t, the first flow that sends it */
    GHashTable *hosts; /* of the site, as the rules know them */
    rules_build_t *patterns;
} check_t;

/* A template and the flow that sends it. */
typedef struct {
    const ast_flow_t *flow;
    const ast_name_t *name;
} sent_t;

void check_file(arena_t *arena, diags_t *ds, const ast_file_t *file, GHashTable *excused,
    bool excuse_all);

/* check.c */
bool check_excused(const check_t *c, const ast_name_t *name);
void check_whens(check_t *c, const ast_trigger_t *whens);
void check_cond(check_t *c, const ast_cond_t *cond);
void check_verb(check_t *c, const ast_verb_t *v);
void check_tag_name(check_t *c, const ast_name_t *name);
/* "a, b, c …" of a table's names in the file's order, for %n; NULL if it has none. */
const char *check_list(check_t *c, ast_kind_t kind);
void check_near(check_t *c, diag_t *d, GHashTable *names, const char *key);
void check_excuses(const check_t *c, near_t *near);

/* check_pattern.c */
void check_pattern(check_t *c, const ast_pattern_t *p, bool whole); /* whole: its line is */

/* check_flow.c */
void check_flow(check_t *c, const ast_flow_t *flow);
void check_test(check_t *c, const ast_test_t *test);
void check_sends(check_t *c, const ast_flow_t *flow); /* notes what is sent */
bool check_is_purchase(const check_t *c, const ast_verb_t *v);

#endif
