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
    /* lines of a flow */
    AST_START,
    AST_AGAIN,
    AST_STOP,
    AST_GOAL,
    AST_WAIT,
    AST_SEND,
    AST_IF,
    /* lines of a test */
    AST_TEST_CONTACT,
    AST_TEST_VISIT,
    AST_TEST_GETS,
    AST_TEST_TAG,
    AST_TEST_EVENT,
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

typedef struct {
    ast_head_t head;
    ast_name_t name;
    ast_pattern_t *patterns;
    bool has_event;
    ast_name_t event; /* after `is` */
} ast_page_t;

typedef struct ast_field_s ast_field_t;
struct ast_field_s {
    ast_name_t name;
    word_t type;
    ast_field_t *next;
};

typedef struct {
    ast_head_t head;
    ast_name_t name;
    ast_field_t *fields;
} ast_event_t;

typedef enum { VERB_ANY, VERB_PAGE, VERB_PATTERN, VERB_STANDARD, VERB_CUSTOM } ast_verb_kind_t;

/* "visits cart more than 3 times within 30 days". */
typedef struct {
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
} ast_verb_t;

typedef struct ast_cond_s ast_cond_t;
struct ast_cond_s {
    prog_cond_kind_t kind;
    lex_span_t span;
    ast_verb_t *verb;         /* COND_VERB */
    ast_name_t tag;           /* COND_TAG */
    ast_cond_t *left, *right; /* COND_AND, COND_OR; COND_NOT: left */
};

/* One of the happenings of a `when`. */
typedef struct ast_trigger_s ast_trigger_t;
struct ast_trigger_s {
    lex_span_t span;
    ast_verb_t *verb;   /* NULL: absence alone */
    ast_verb_t *absent; /* NULL: none; its window is the absence's */
    ast_trigger_t *next;
};

typedef struct {
    ast_head_t head;
    ast_name_t name;
    ast_trigger_t *whens;
} ast_tag_t;

typedef struct {
    ast_head_t head;
    ast_trigger_t *whens;
} ast_start_t;

typedef struct {
    ast_head_t head;
    prog_again_t how;
    senda_span_t after;
} ast_again_t;

/* `stop if`, and `goal`, whose condition is one verb and whose window is apart. */
typedef struct {
    ast_head_t head;
    ast_cond_t *cond;
    bool has_within;
    senda_span_t within;
} ast_until_t;

typedef struct {
    ast_head_t head;
    senda_span_t span;
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
    ast_until_t *stop, *goal;
    unsigned nsteps;
} ast_flow_t;

/* "at 11:00 on day 2" */
typedef struct {
    bool has_time, has_day;
    int32_t second;
    uint32_t day;
    lex_span_t span;
} ast_at_t;

typedef struct {
    ast_head_t head;
    ast_name_t text; /* address, url, template or tag */
    bool negated;    /* never gets, has no */
    bool post;
    word_t channel;
    ast_verb_t *verb; /* AST_TEST_EVENT */
    uint32_t times;
    ast_at_t at;
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

void ast_append(ast_list_t *list, ast_head_t *node);

#endif
