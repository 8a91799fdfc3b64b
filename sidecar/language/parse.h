/*
 * The parser, from inside: a cursor over the present line and the functions
 * that its files share. parse.c reads lines, parse_page.c and parse_state.c the
 * statements, parse_line.c names, patterns and durations, parse_value.c numbers
 * and what is compared, parse_verb.c verbs, parse_cond.c what is true,
 * parse_when.c what happens, parse_flow.c with parse_steps.c and parse_test.c
 * the lines below `flow` and `test`, parse_slip.c what people write instead.
 *
 * One mistake of shape a line: after it the rest of the line is not read, and
 * the names that the line may have declared are excused (parse_excuse.c), so
 * that nothing follows from it.
 */

#ifndef SENDA_LANG_PARSE_H
#define SENDA_LANG_PARSE_H

#include "ast.h"
#include "diag.h"

#include <glib.h>

typedef struct {
    arena_t *arena;
    diags_t *ds;
    lexer_t lexer;
    lex_line_t *line;        /* the present line, never blank; NULL after the last */
    const lex_tok_t *t;      /* the present token */
    bool failed;             /* this line has its mistake */
    diag_t *said;            /* it, or NULL */
    word_t owner;            /* what the line begins with: its example is the mistake's */
    ast_comment_t *comments; /* above the present line, not yet taken */
    ast_comment_t *comment;  /* the last of them */
    GArray *marks;           /* of ast_mark_t */
    GHashTable *events;      /* names that `event` lines declare, folded */
    GHashTable *pages;       /* names that `page` lines declare, folded */
    GHashTable *segments;    /* names that `segment` lines declare, folded */
    GHashTable *fields;      /* names that `field` lines declare, folded */
    GHashTable *excused;     /* folded names that lines with mistakes may declare */
    bool excuse_all;
    ast_file_t *file;
} parse_t;

/*
 * Reads the file into an AST. excused: set of folded names (keys in the arena)
 * of which nothing may be said any more; *excuse_all: of none.
 */
ast_file_t *parse_file(arena_t *arena, diags_t *ds, GHashTable *excused, bool *excuse_all);

/* Tells the file's language: its `language` line, else the words it uses. */
lang_id_t parse_language(const char *text, size_t len);

/* parse.c: lines. */
void parse_next(parse_t *p); /* goes to the next line that is not blank */
ast_head_t *parse_head(parse_t *p, size_t size, ast_kind_t kind, unsigned words);
void parse_close(parse_t *p, ast_head_t *head); /* after a line's last word */
bool parse_in_block(parse_t *p, word_t owner, unsigned roles);
void parse_skip_deeper(parse_t *p, unsigned indent);
void parse_excuse_line(parse_t *p); /* parse_excuse.c: the names that the line may declare */
void parse_no_lines(parse_t *p, word_t owner); /* says so of indented lines below */

/* The line's one mistake: NULL, and nothing said, if it has one already. */
diag_t *parse_fail(parse_t *p, lex_span_t at, msg_t id, const char *const *args);
#define FAIL(p, at, id, ...) parse_fail(p, at, id, (const char *const[]){ "", ##__VA_ARGS__, NULL })

/* parse_line.c: words of a line. All return false after parse_fail. */
bool parse_accept(parse_t *p, word_t w);       /* steps over the word if it stands here */
word_t parse_take(parse_t *p, unsigned roles); /* the same for a word of these roles; W_NONE */
void parse_mark(parse_t *p, const lex_tok_t *t, unsigned n, word_t w); /* what n tokens are */
bool parse_name(parse_t *p, word_t after, ast_name_t *out);
void parse_take_name(parse_t *p, const lex_tok_t *t, ast_name_t *out);
void parse_copy_name(parse_t *p, const lex_tok_t *t, ast_name_t *out); /* without its mark */
bool parse_duration(parse_t *p, senda_span_t *out);  /* "3 days", "24h"; 1 or more */
bool parse_pattern(parse_t *p, ast_pattern_t **out); /* [GET|POST] PATTERN */
bool parse_is_pattern(const lex_tok_t *t);
bool parse_done(parse_t *p, word_t owner);                       /* nothing may follow */
bool parse_done_as(parse_t *p, word_t owner, const char *shape); /* the shape that is told */
const char *parse_before(parse_t *p); /* the token before, for "after %1" */
const char *parse_text(parse_t *p, const lex_tok_t *t);
const char *parse_list(parse_t *p, unsigned roles);

/* The phrase of the roles that is nearest to a word, and in *w (may be NULL) whose it is. */
const char *parse_nearest(parse_t *p, unsigned roles, const char *folded, word_t *w);
lex_span_t parse_span_from(parse_t *p, lex_span_t from); /* up to the token before */

/*
 * parse_value.c: numbers, times and values. All return false after parse_fail; owner: the word
 * whose example the mistake shows.
 */
bool parse_number(parse_t *p, word_t owner, uint32_t max, uint32_t *out, lex_span_t *at); /* 0 … */
bool parse_points(parse_t *p, int32_t *out, lex_span_t *at);                 /* "+5", "-5", "5" */
bool parse_percent(parse_t *p, word_t owner, uint32_t *out, lex_span_t *at); /* "12.5%": 1250 */
bool parse_time(parse_t *p, int32_t *second);                                /* "10:00" */
bool parse_at(parse_t *p, int32_t *second);                                  /* "at 10:00" */
bool parse_value(parse_t *p, ast_compare_t *out);   /* `"running"`, 38, 1990-01-02, "100 EUR" */
bool parse_compare(parse_t *p, ast_compare_t *out); /* "> 100 EUR" */
bool parse_money(parse_t *p, word_t owner, ast_compare_t *out); /* "27 EUR" */
bool parse_pairs(parse_t *p, ast_pair_t **out);                 /* `total=59.90 item=red-37` */
bool parse_is_cmp(const lex_tok_t *t);                          /* one of = < <= > >= */

/* parse_verb.c */
ast_verb_t *parse_verb(parse_t *p, word_t after); /* NULL after parse_fail */
ast_verb_t *parse_noun(parse_t *p, word_t after); /* the same after "last", "total of" */
bool parse_verb_tail(parse_t *p, ast_verb_t *v,
    bool aged);                              /* aged: "more than 3 days ago" ends it */
ast_verb_t *parse_event_verb(parse_t *p);    /* the verb alone; NULL: none stands here */
bool parse_count(parse_t *p, ast_verb_t *v); /* at "N times" or a word before it */

/*
 * parse_slip.c: other ways of writing something. True: it stood here and was said.
 */
unsigned parse_slip_len(const lex_tok_t *t, word_t word); /* of the next; W_NONE: for any word */
bool parse_slip(parse_t *p, word_t word);                 /* for `word`, which is stepped over */
bool parse_slip_less(parse_t *p);                         /* "less than 3 times" */
bool parse_slip_is(parse_t *p, word_t instead);           /* "is vip" */
bool parse_slip_kind(parse_t *p, word_t after);           /* "enters segment vip" */
bool parse_slip_time(parse_t *p);                         /* "10am" */
bool parse_slip_cmp(parse_t *p);                          /* "==", "=>", "<>" */
bool parse_is_unequal(const lex_tok_t *t);                /* "!=" */

/* parse_cond.c */
bool parse_total(parse_t *p, ast_verb_t **verb, ast_compare_t *is); /* after "total of" */
ast_cond_t *parse_cond(parse_t *p, word_t after);                   /* NULL after parse_fail */

/* parse_when.c: what happens. NULL after parse_fail. */
ast_trigger_t *parse_whens(parse_t *p);
bool parse_is_calendar(const lex_tok_t *t); /* "every day", "on the date", "on 2027-01-07" */
ast_trigger_t *parse_start_calendar(parse_t *p);

/* parse_page.c, parse_state.c: a statement, from its first word (`used` tokens) to its last line. */
void parse_site(parse_t *p, unsigned used);
void parse_page(parse_t *p, unsigned used);
void parse_event(parse_t *p, unsigned used);
void parse_field(parse_t *p, unsigned used);
void parse_place(parse_t *p, unsigned used);
void parse_tag(parse_t *p, unsigned used);
void parse_score(parse_t *p, unsigned used);
void parse_state(parse_t *p, unsigned used, word_t owner); /* stage, segment, show */
void parse_limit(parse_t *p, unsigned used);
void parse_quiet(parse_t *p, unsigned used);
void parse_control(parse_t *p, unsigned used);

/*
 * parse_steps.c: a step, from its first word (`used` tokens) on; the caller closes the line. NULL,
 * and nothing read: w begins none.
 */
ast_head_t *parse_step(parse_t *p, word_t w, unsigned used);

/* parse_flow.c, parse_test.c: the lines below. */
void parse_flow_lines(parse_t *p, ast_flow_t *flow);
void parse_test_lines(parse_t *p, ast_test_t *test);

#endif
