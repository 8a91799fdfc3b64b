/*
 * A rule file as a tree: what was written, with its place, before anybody
 * asked whether it makes sense. Each line of the file is a node that begins
 * with an ast_head_t, which keeps its place, its comments and the order of the
 * file; a later statement is a new kind and a new struct.
 *
 * Ownership: everything lives in the arena of the lang_t. Slices of names are
 * NUL-terminated copies.
 */

#ifndef SENDA_LANG_AST_H
#define SENDA_LANG_AST_H

#include "lexer.h"
#include "program.h"
#include "words.h"

typedef struct {
    const char *text; /* as written, without quotes */
    const char *key;  /* folded: names that differ in accents or case are one */
    lex_span_t span;
    bool quoted;
} ast_name_t;

/* Whole comment lines. */
typedef struct ast_comment_s ast_comment_t;
struct ast_comment_s {
    lex_span_t span;
    bool blank_before; /* an empty line stands before it */
    ast_comment_t *next;
};

typedef enum {
    AST_SITE,
    AST_SETTING,
    AST_PAGE,
    AST_EVENT,
    AST_TAG,
    AST_FLOW,
    AST_TEST,
    AST_FIELD,
    AST_PLACE,
    AST_SCORE,
    AST_STAGE,
    AST_SEGMENT,
    AST_LIMIT,
    AST_QUIET,
    AST_CONTROL,
    AST_SHOW,
    /* lines of a flow */
    AST_START,
    AST_AGAIN,
    AST_STOP,
    AST_GOAL,
    AST_WAIT,
    AST_SEND,
    AST_IF,
    AST_ONLY, /* `only if`: an ast_until_t */
    AST_SPLIT,
    AST_BRANCH, /* a line of a split */
    AST_STEP,   /* any other step: an ast_step_t */
    /* lines of a test; all are ast_check_t */
    AST_TEST_CONTACT,
    AST_TEST_VISIT,
    AST_TEST_GETS,
    AST_TEST_TAG,
    AST_TEST_EVENT,
    AST_TEST_EXPECT,
    AST_TEST_BENEFIT,
    AST_TEST_NOTIFIES,
    AST_TEST_CALLS,
    AST_TEST_SHOWS,
    AST_TEST_SOLD_OUT,
    /* a line with a mistake, of which nothing else is known */
    AST_BROKEN,
} ast_kind_t;

typedef struct ast_head_s ast_head_t;
struct ast_head_s {
    ast_kind_t kind;
    bool broken;         /* it has a mistake of shape: nothing follows from what it lacks */
    lex_span_t span;     /* the line's words */
    lex_span_t word;     /* its first word or phrase */
    ast_comment_t *lead; /* comment lines above it */
    lex_span_t comment;  /* at its end, len 0 if none */
    ast_head_t *next;    /* the next line of the same block */
};

/* Lines in order; zeroed is empty. */
typedef struct {
    ast_head_t *first, *last;
} ast_list_t;

typedef struct ast_pattern_s ast_pattern_t;
struct ast_pattern_s {
    senda_str_t text; /* NUL-terminated */
    lex_span_t span;  /* of text in the file */
    unsigned methods; /* SENDA_METHOD_* */
    bool except;
    ast_pattern_t *next;
};

typedef struct ast_names_s ast_names_t;
struct ast_names_s {
    ast_name_t name;
    ast_names_t *next;
};

/* "timezone Europe/Madrid" below `site`. */
typedef struct {
    ast_head_t head;
    word_t what;
    ast_name_t value;
} ast_setting_t;

typedef struct {
    ast_head_t head;
    ast_names_t *hosts;
    ast_list_t settings;
} ast_site_t;

/* "email={email}": the form's name for it, and what it fills (email, phone, name, consent, a field). */
typedef struct ast_input_s ast_input_t;
struct ast_input_s {
    ast_name_t input, fills;
    ast_input_t *next;
};

typedef struct {
    ast_head_t head;
    ast_name_t name;
    ast_pattern_t *patterns;
    bool has_event;
    ast_name_t event; /* after `is` */
    bool has_form;
    ast_input_t *inputs;
} ast_page_t;

typedef struct ast_attribute_s ast_attribute_t;
struct ast_attribute_s {
    ast_name_t name;
    word_t type;
    ast_attribute_t *next;
};

typedef struct {
    ast_head_t head;
    ast_name_t name;
    ast_attribute_t *attributes;
} ast_event_t;

typedef struct {
    ast_head_t head;
    ast_name_t name;
    word_t type;
} ast_field_t;

typedef struct {
    ast_head_t head;
    ast_name_t name;
    double latitude, longitude, radius; /* degrees, metres */
    lex_span_t at;                      /* of the position */
} ast_place_t;

/* "total > 100 EUR", "interes = "running"", "talla >= 38", "cumpleanos < 1990-01-01". */
typedef struct {
    prog_cmp_t cmp;
    lex_span_t cmp_span;
    ast_name_t text; /* the value as written, without its currency */
    bool number;     /* it is a number; value is in ten-thousandths */
    bool date;       /* it is a date; value is in days */
    int64_t value;
    ast_name_t currency; /* text NULL: none */
    lex_span_t span;     /* of the value with its currency */
} ast_compare_t;

typedef struct ast_filter_s ast_filter_t;
struct ast_filter_s {
    ast_name_t field;
    ast_compare_t is;
    ast_filter_t *next;
};

typedef enum {
    VERB_ANY,
    VERB_PAGE,
    VERB_PATTERN,
    VERB_STANDARD,
    VERB_CUSTOM,
    VERB_SPENDS, /* duration; then name or pattern as of VERB_PAGE, VERB_PATTERN (pattern != NULL) */
    VERB_RETURNS, /* duration */
    VERB_ARRIVES, /* name: the place */
    VERB_MESSAGE, /* event: SENDA_EV_MESSAGE_*; channel, name: the template, each if given */
} ast_verb_kind_t;

/* "visits cart more than 3 times within 30 days". */
typedef struct ast_verb_s ast_verb_t;
struct ast_verb_s {
    ast_verb_kind_t kind;
    lex_span_t span;
    lex_span_t word; /* the verb itself */
    ast_name_t name; /* VERB_PAGE: the page; VERB_CUSTOM: the event */
    ast_pattern_t *pattern;
    uint32_t event; /* VERB_STANDARD */
    bool has_count;
    prog_count_t count;
    uint32_t times;
    lex_span_t count_span;
    bool has_window;
    senda_span_t window;
    lex_span_t window_span;
    bool since_start;
    lex_span_t since_span;
    senda_span_t duration;
    lex_span_t duration_span;
    word_t channel; /* VERB_MESSAGE; W_NONE: any */
    uint32_t top;   /* "among the 5 most frequent"; 0: not said */
    lex_span_t top_span;
    ast_filter_t *filters; /* "with total > 100 EUR" */
    ast_verb_t *before;    /* "BEFORE and then this" */
    prog_by_t by;          /* "of the same item", "of 3 different item", "on 3 different days" */
    ast_name_t capture;
    lex_span_t by_span;
};

typedef struct ast_cond_s ast_cond_t;
struct ast_cond_s {
    prog_cond_kind_t kind;
    lex_span_t span;
    ast_verb_t *verb; /* COND_VERB, COND_TOTAL, COND_FIRST, COND_LAST */
    ast_name_t name;  /* COND_TAG, COND_STAGE, COND_SEGMENT, COND_FIELD */
    bool bare;        /* COND_SEGMENT without `in` */
    word_t channel;   /* COND_HAS, COND_CONSENTS */
    ast_compare_t is; /* COND_TOTAL, COND_SCORE, COND_FIELD */
    bool older;       /* COND_FIRST, COND_LAST: "more than DURATION ago", else "less than" */
    senda_span_t age;
    lex_span_t age_span;
    ast_cond_t *left, *right; /* COND_AND, COND_OR; COND_NOT: left */
};

/* "at 11:00 on day 2" */
typedef struct {
    bool has_time, has_day;
    int32_t second;
    uint32_t day;
    lex_span_t span;
} ast_at_t;

/* One of the happenings of a `when`. */
typedef struct ast_trigger_s ast_trigger_t;
struct ast_trigger_s {
    prog_trigger_kind_t kind;
    lex_span_t span;
    ast_verb_t *verb;   /* TRIGGER_VERB (NULL: absence alone), TRIGGER_TOTAL */
    ast_verb_t *absent; /* NULL: none; its window is the absence's */
    ast_name_t name;    /* TRIGGER_TAG, TRIGGER_SEGMENT; TRIGGER_DATE: the field */
    ast_compare_t is;   /* TRIGGER_SCORE, TRIGGER_TOTAL */
    int32_t second;     /* TRIGGER_DAILY, TRIGGER_ON, TRIGGER_DATE */
    int64_t date;       /* TRIGGER_ON: days since 1970-01-01 */
    ast_cond_t *cond;   /* TRIGGER_DAILY, TRIGGER_ON */
    ast_trigger_t *next;
};

typedef struct {
    ast_head_t head;
    ast_name_t name;
    ast_trigger_t *whens;
    bool has_for;
    senda_span_t lasts;
    lex_span_t lasts_span;
} ast_tag_t;

typedef struct {
    ast_head_t head;
    int32_t points;
    lex_span_t points_span;
    ast_trigger_t *whens;
    bool once, has_each;
    senda_span_t each;
} ast_score_t;

/* stage, segment and `show`: what is true. */
typedef struct {
    ast_head_t head;
    ast_name_t name;     /* of a `show` the block */
    ast_name_t position; /* of a `show` */
    ast_cond_t *cond;    /* NULL: a `show` for everybody */
} ast_state_t;

typedef struct {
    ast_head_t head;
    word_t channel;
    uint32_t times;
    lex_span_t times_span;
    prog_unit_t per;
} ast_limit_t;

typedef struct {
    ast_head_t head;
    int32_t from, to; /* seconds of the day */
    lex_span_t times_span;
} ast_quiet_t;

typedef struct {
    ast_head_t head;
    uint32_t share; /* hundredths of a per cent */
    lex_span_t share_span;
} ast_control_t;

typedef struct {
    ast_head_t head;
    ast_trigger_t *whens;
} ast_start_t;

typedef struct {
    ast_head_t head;
    prog_again_t how;
    senda_span_t after;
    ast_name_t each; /* AGAIN_EACH: the capture */
} ast_again_t;

/* `stop if`, `only if`, and `goal`, whose condition is one verb and whose window is apart. */
typedef struct {
    ast_head_t head;
    ast_cond_t *cond;
    bool has_within;
    senda_span_t within;
} ast_until_t;

typedef struct {
    ast_head_t head;
    prog_step_kind_t how; /* STEP_WAIT: span; STEP_WAIT_TIME: second, weekdays; STEP_WAIT_EVENT */
    senda_span_t span;    /* of STEP_WAIT_EVENT: at most */
    lex_span_t span_span;
    int32_t second;
    uint32_t weekdays; /* as in prog_step_t */
    ast_verb_t *verb;
} ast_wait_t;

typedef struct ast_channel_s ast_channel_t;
struct ast_channel_s {
    word_t channel;
    lex_span_t span;
    ast_name_t template;
    ast_channel_t *next;
};

typedef struct {
    ast_head_t head;
    ast_channel_t *channels;
} ast_send_t;

/* One branch: its step stands on the same line, or steps on lines below it. */
typedef struct {
    ast_head_t head;
    uint32_t share; /* hundredths of a per cent */
    lex_span_t share_span;
    ast_list_t lines;
} ast_branch_t;

typedef struct {
    ast_head_t head;
    ast_list_t branches; /* of ast_branch_t */
    ast_head_t end_line;
} ast_split_t;

/* coupon, credit, gift, recommend, require stock, tag, untag, score, set, call, notify, enter, leave, exit */
typedef struct {
    ast_head_t head;
    prog_step_kind_t step;
    ast_name_t name; /* coupon, gift, tag, field, flow, URL, address; of `recommend` what follows
                         its recipe: a page, a capture */
    ast_pattern_t *pattern; /* of `recommend`: the page is a pattern */
    ast_compare_t is;       /* of `set` and `credit` the value; cmp says nothing */
    int32_t points;         /* of `score` */
    bool has_span;
    senda_span_t span;
    lex_span_t span_span;
    prog_recipe_t recipe;
    uint32_t number;
    lex_span_t number_span;
} ast_step_t;

typedef struct {
    ast_head_t head;
    ast_cond_t *cond;
    ast_list_t then, otherwise;
    bool has_else;
    ast_head_t else_line, end_line;
} ast_if_t;

typedef struct {
    ast_head_t head;
    ast_name_t name;
    bool transactional;
    bool doubtful;      /* a line below it was not understood: what it lacks is not a mistake */
    ast_list_t lines;   /* all, in order; branches hang below their `if` */
    ast_start_t *start; /* the first of each, also among lines */
    ast_again_t *again;
    ast_until_t *stop, *goal, *only;
    unsigned nsteps;
} ast_flow_t;

typedef struct ast_pair_s ast_pair_t;
struct ast_pair_s {
    ast_name_t name, value;
    ast_pair_t *next;
};

typedef struct {
    ast_head_t head;
    ast_name_t text; /* address, url, template, tag, coupon, gift, block, item */
    bool negated;    /* never gets, has no */
    bool post;
    word_t channel;
    ast_verb_t *verb; /* AST_TEST_EVENT */
    uint32_t times;
    ast_at_t at;
    ast_pair_t *pairs;     /* "with total=59.90 item=red-37" */
    ast_cond_t *cond;      /* AST_TEST_EXPECT */
    prog_step_kind_t step; /* AST_TEST_BENEFIT */
    ast_compare_t is;      /* of a credit: the money */
    bool recommends;       /* AST_TEST_GETS: "with recommendations" */
} ast_check_t;

typedef struct {
    ast_head_t head;
    ast_name_t name;
    bool doubtful;
    ast_list_t lines;
} ast_test_t;

/*
 * What the parser took a token for: the word it stepped over, or W_NONE for a
 * name. Lets a file be written back in other words without knowing its lines.
 */
typedef struct {
    uint32_t at, len; /* in the file; a phrase is one mark */
    word_t word;
} ast_mark_t;

typedef struct {
    ast_list_t items; /* statements in the file's order */
    ast_site_t *site;
    ast_comment_t *tail;     /* comments after the last statement */
    const ast_mark_t *marks; /* in the file's order, without overlap */
    uint32_t nmarks;
} ast_file_t;

/* The name that a statement declares, NULL: none. */
const ast_name_t *ast_name_of(const ast_head_t *h);

void ast_append(ast_list_t *list, ast_head_t *node);

/* Every line of a flow or test, in the file's order: also below `if` and `split`. */
typedef void (*ast_line_pt)(const ast_head_t *line, void *ctx);
void ast_each_line(const ast_list_t *lines, ast_line_pt each, void *ctx);

#endif
