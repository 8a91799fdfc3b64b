/*
 * explain from inside: what explain.c, explain_flow.c, explain_url.c and
 * explain_uses.c share.
 */

#ifndef SENDA_EXPLAIN_PARTS_H
#define SENDA_EXPLAIN_PARTS_H

#include "compile.h"
#include "explain.h"
#include "explain_say.h"

struct explain_s {
    virtual_t *world;
    const ast_file_t *file;
    const program_t *program;
    FILE *out;
    say_t say;
    GArray *uses;      /* of explain_use_t, in the file's order */
    bool follows_none; /* say it also when nothing follows */
};

/* One paragraph: indented, broken at 78 columns; mark ("1. ", "- ") stands before its first line. */
void explain_line(const explain_t *e, unsigned indent, const char *mark, const char *text);
void explain_gap(const explain_t *e);

/* Sentences put behind each other; empty ones are left out. */
const char *explain_join(const explain_t *e, const char *const *sentences);
#define JOIN(e, ...) explain_join(e, (const char *const[]){ __VA_ARGS__, NULL })

/* explain.c: what passing through a page counts as. */
const char *explain_meaning(const explain_t *e, const ast_page_t *page);

/* explain_flow.c, explain_step.c */
void explain_flow(const explain_t *e, const ast_flow_t *flow);
void explain_steps(const explain_t *e, const ast_list_t *lines);

/* explain_people.c: what is known of people. */
void explain_tag(const explain_t *e, const ast_tag_t *tag);
void explain_field(const explain_t *e, const ast_field_t *field);
void explain_place(const explain_t *e, const ast_place_t *place);
void explain_score(const explain_t *e, const ast_score_t *score);
void explain_state(const explain_t *e, const ast_state_t *state); /* stage, segment, show */
void explain_respect(const explain_t *e, const ast_head_t *h);    /* limit, quiet hours, control */

/* explain_test.c */
void explain_test(const explain_t *e, const ast_test_t *test);

/* Who heeds what: every verb, tag, stage, segment and field that stands in a sentence. */
typedef enum {
    USE_GIVES,  /* a tag, a score */
    USE_STARTS, /* a flow */
    USE_KEEPS,  /* as an absence, any of the three */
    USE_STOPS,
    USE_GOAL,
    USE_ASKS,
    USE_ONLY,
    USE_WAITS,
    USE_IS /* a stage, a segment, a block */
} use_t;

typedef struct {
    use_t how;
    const ast_verb_t *verb; /* NULL: name */
    prog_cond_kind_t kind; /* of name: COND_TAG, COND_STAGE, COND_SEGMENT, COND_FIELD, COND_SCORE */
    const ast_name_t *name;
    const ast_head_t *item;    /* the statement: tag, score, flow, stage, segment, block */
    const ast_trigger_t *when; /* of a happening */
    uint32_t line;
} explain_use_t;

typedef bool (*explain_heeds_pt)(void *ctx, const explain_use_t *use);

/* Fills e->uses, once. */
void explain_find_uses(explain_t *e);

/* Lists all uses that heeds says yes to, under "What may follow:". */
void explain_uses(const explain_t *e, explain_heeds_pt heeds, void *ctx);
void explain_uses_as(const explain_t *e, phrase_t heading, explain_heeds_pt heeds, void *ctx);

#endif
