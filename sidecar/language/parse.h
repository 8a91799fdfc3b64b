/*
 * The parser, from inside: a cursor over the present line and the functions
 * that its files share. parse.c reads statements, parse_line.c names, patterns
 * and durations, parse_cond.c verbs and conditions, parse_flow.c and
 * parse_test.c the lines below `flow` and `test`.
 *
 * One mistake of shape a line: after it the rest of the line is not read, and
 * every word of the line is excused, so that nothing follows from it.
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
    GHashTable *excused;     /* folded words of lines with mistakes */
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
void parse_excuse_line(parse_t *p);

/* The line's one mistake: NULL, and nothing said, if it has one already. */
diag_t *parse_fail(parse_t *p, lex_span_t at, msg_t id, const char *const *args);
#define FAIL(p, at, id, ...) parse_fail(p, at, id, (const char *const[]){ "", ##__VA_ARGS__, NULL })

/* parse_line.c: words of a line. All return false after parse_fail. */
bool parse_accept(parse_t *p, word_t w);       /* steps over the word if it stands here */
word_t parse_take(parse_t *p, unsigned roles); /* the same for a word of these roles; W_NONE */
void parse_mark(parse_t *p, const lex_tok_t *t, unsigned n, word_t w); /* what n tokens are */
bool parse_name(parse_t *p, word_t after, ast_name_t *out);
void parse_take_name(parse_t *p, const lex_tok_t *t, ast_name_t *out);
bool parse_duration(parse_t *p, senda_span_t *out);
bool parse_pattern(parse_t *p, ast_pattern_t **out); /* [GET|POST] PATTERN */
bool parse_is_pattern(const lex_tok_t *t);
bool parse_done(parse_t *p, word_t owner); /* nothing may follow */
const char *parse_before(parse_t *p);      /* the token before, for "after %1" */
const char *parse_text(parse_t *p, const lex_tok_t *t);
const char *parse_list(parse_t *p, unsigned roles);

/* The phrase of the roles that is nearest to a word, and in *w (may be NULL) whose it is. */
const char *parse_nearest(parse_t *p, unsigned roles, const char *folded, word_t *w);
lex_span_t parse_span_from(parse_t *p, lex_span_t from); /* up to the token before */

/* parse_cond.c */
ast_verb_t *parse_verb(parse_t *p, word_t after); /* NULL after parse_fail */
ast_verb_t *parse_event_verb(parse_t *p);         /* the verb alone; NULL: none stands here */
ast_cond_t *parse_cond(parse_t *p, word_t after); /* NULL after parse_fail */
ast_trigger_t *parse_whens(parse_t *p);           /* NULL after parse_fail */
bool parse_count(parse_t *p, ast_verb_t *v);      /* at "N times" or a word before it */

/* parse_flow.c, parse_test.c: the lines below. */
void parse_flow_lines(parse_t *p, ast_flow_t *flow);
void parse_test_lines(parse_t *p, ast_test_t *test);

#endif
