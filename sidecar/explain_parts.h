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

/* explain_flow.c */
void explain_flow(const explain_t *e, const ast_flow_t *flow);

/* explain_test.c */
void explain_test(const explain_t *e, const ast_test_t *test);

/* Who heeds what: every verb and tag that stands in a tag's or flow's sentences. */
typedef enum {
    USE_GIVES,
    USE_KEEPS_TAG,
    USE_STARTS,
    USE_KEEPS,
    USE_STOPS,
    USE_GOAL,
    USE_ASKS
} use_t;

typedef struct {
    use_t how;
    const ast_verb_t *verb; /* NULL: tag */
    const ast_name_t *tag;
    const ast_tag_t *given;    /* of USE_GIVES and USE_KEEPS_TAG */
    const ast_flow_t *flow;    /* of the others */
    const ast_trigger_t *when; /* of a happening */
    uint32_t line;
} explain_use_t;

typedef bool (*explain_heeds_pt)(void *ctx, const explain_use_t *use);

/* Fills e->uses, once. */
void explain_find_uses(explain_t *e);

/* Lists all uses that heeds says yes to, under "What may follow:". */
void explain_uses(const explain_t *e, explain_heeds_pt heeds, void *ctx);

#endif
