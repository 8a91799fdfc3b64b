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

/* Every kind of name has a table of its own. */
typedef enum {
    NAMES_PAGE,
    NAMES_EVENT,
    NAMES_FIELD,
    NAMES_PLACE,
    NAMES_TAG, /* given by a `tag` line or a step */
    NAMES_STAGE,
    NAMES_SEGMENT,
    NAMES_FLOW,
    NAMES_TEST,
    NAMES_BROUGHT,  /* captures of pages and attributes of events */
    NAMES_INPUT,    /* what forms ask */
    NAMES_TEMPLATE, /* that a flow sends; below: what a flow gives, notifies, calls */
    NAMES_COUPON,
    NAMES_GIFT,
    NAMES_CREDIT,
    NAMES_ADDRESS,
    NAMES_URL,
    NAMES_BLOCK, /* that a `show` line names */
    NAMES
} names_kind_t;

/* A name, where it was first written, and what stands there. */
typedef struct {
    const ast_name_t *name;
    const ast_head_t *node; /* the statement; of what a flow gives: the flow */
    unsigned channels;      /* NAMES_TEMPLATE: CHANNEL_BITs */
} known_t;

typedef struct {
    GHashTable *by_key; /* → known_t */
    GPtrArray *order;   /* of known_t, in the file's order */
} names_t;

/* What kind of value a name has. */
typedef enum { KIND_TEXT, KIND_NUMBER, KIND_DATE, KIND_OPEN } kind_t; /* OPEN: a capture */

/* What the check_*.c share. */
typedef struct {
    arena_t *arena;
    diags_t *ds;
    const ast_file_t *file;
    GHashTable *excused; /* folded names of which nothing is said */
    bool excuse_all;
    GHashTable *slips; /* numbers of lines with a mistake of shape */
    names_t names[NAMES];
    GHashTable *brought;  /* check_brought.c: whose, and what → 1 + kind_t */
    bool any_brought;     /* a page or event is not understood: it may bring anything */
    GHashTable *entered;  /* folded names of flows that a flow enters */
    GHashTable *scored;   /* segments (ast_state_t) that depend on the score */
    GHashTable *hosts;    /* of the site, as the rules know them */
    const char *currency; /* of the site; NULL: it is not understood */
    const ast_head_t *limits[CHANNELS][LIMIT_MONTH + 1], *quiet, *control; /* the first of each */
    rules_build_t *patterns;
} check_t;

void check_file(arena_t *arena, diags_t *ds, const ast_file_t *file, GHashTable *excused,
    bool excuse_all);

/* check_names.c */
void check_names_new(check_t *c);
void check_names_free(check_t *c);
known_t *check_put(check_t *c, names_kind_t kind, const ast_name_t *name, const ast_head_t *node);
known_t *check_find(const check_t *c, names_kind_t kind, const ast_name_t *name); /* or NULL */
void check_declare(check_t *c, const ast_head_t *h);
bool check_excused(const check_t *c, const ast_name_t *name);

/* "a, b, c …" of a table's names in the file's order, for %n; NULL if it has none. */
const char *check_list(const check_t *c, names_kind_t kind);
void check_offer(const check_t *c, near_t *near, names_kind_t kind);
void check_near(const check_t *c, diag_t *d, names_kind_t kind, const char *key);

/* Says that a name is unknown, if it is; what is found, or NULL. */
known_t *check_known(check_t *c, names_kind_t kind, const ast_name_t *name);
/* The same with a message of one's own: %1 is the name, %2 the list. */
known_t *check_known_as(check_t *c, names_kind_t kind, const ast_name_t *name, msg_t id, word_t w);

/* check_site.c, check_page.c, check_pattern.c: single statements */
void check_site(check_t *c, const ast_site_t *site);
void check_limit(check_t *c, const ast_limit_t *limit);
void check_quiet(check_t *c, const ast_quiet_t *quiet);
void check_control(check_t *c, const ast_control_t *control);
void check_page(check_t *c, const ast_page_t *page);
void check_event(check_t *c, const ast_event_t *e);
void check_field(check_t *c, const ast_field_t *f);
void check_place(check_t *c, const ast_place_t *p);
bool check_pattern(check_t *c, const ast_pattern_t *p, bool whole); /* whole: its line is */
uint32_t check_event_of(const check_t *c, const ast_verb_t *v);     /* standard; 0: none */

/* check_brought.c: the values that come with a happening */
void check_brings(check_t *c, const ast_head_t *h); /* notes those of a page or event */
bool check_brought(const check_t *c, const ast_verb_t *v, const ast_name_t *name, kind_t *kind);
const char *check_brought_list(check_t *c, const ast_verb_t *v); /* for %n; NULL: nothing */
bool check_captured(const check_t *c, const ast_verb_t *v,
    const ast_name_t *name);                             /* same, different */
bool check_standard_kind(const char *key, kind_t *kind); /* of what any event may bring; false */
const char *check_near_captured(const check_t *c, const ast_verb_t *v); /* NULL: none is near */

/* check_value.c */
kind_t check_kind(word_t type);
/* Of a comparison with what `name` names, and of a value that is put into it. */
void check_compare(check_t *c, const char *name, kind_t kind, const ast_compare_t *is);
void check_value(check_t *c, const char *name, kind_t kind, const ast_compare_t *is);
/* Says that a person's field has no currency, if the value has one; whether it was said. */
bool check_field_money(check_t *c, const char *name, kind_t kind, const ast_compare_t *is);
void check_pairs(check_t *c, const ast_check_t *line);
void check_points(check_t *c, int32_t points, lex_span_t at);
void check_score(check_t *c, const ast_compare_t *is);
void check_window(check_t *c, senda_span_t span, lex_span_t at); /* against what is kept */
const char *check_money(check_t *c, const ast_compare_t *is); /* the same amount, the same text */
int64_t check_seconds(senda_span_t span);                     /* about */

/* check_verb.c */
void check_verb(check_t *c, const ast_verb_t *v, bool run); /* run: a flow's run has begun */
bool check_has_total(check_t *c, const ast_verb_t *v);      /* says so if it has none */
/* Says that the verb brings no such value. */
void check_unbrought(check_t *c, const ast_verb_t *v, const ast_name_t *name);
void check_template(check_t *c, const ast_name_t *name, word_t channel, word_t owner);

/* check_cond.c */
void check_cond(check_t *c, const ast_cond_t *cond, bool run);
bool check_of_nothing(const ast_cond_t *cond); /* true before anything happened */

/* check_when.c */
void check_whens(check_t *c, const ast_trigger_t *whens);
void check_scores(check_t *c, const ast_score_t *s);

/* check_ring.c */
void check_rings(check_t *c);

/* check_again.c */
void check_again_rings(check_t *c); /* flows that start each other without end */

/* check_flow.c */
void check_flow(check_t *c, const ast_flow_t *flow);
void check_gives(check_t *c, const ast_flow_t *flow); /* notes what its steps name */

/* check_warn.c */
void check_warn_flow(check_t *c, const ast_flow_t *flow);

/* check_test.c */
void check_test(check_t *c, const ast_test_t *test);

#endif
