/*
 * A line of a rule file into words and signs. Never fails: what it does not
 * know becomes a token of its own kind, and the parser says what is wrong.
 *
 * Ownership: slices point into the text that lexer_init was given; folded
 * words live in the line until it is read anew.
 */

#ifndef SENDA_LANG_LEXER_H
#define SENDA_LANG_LEXER_H

#include "lang_limits.h"
#include "senda.h"

/* A piece of the text: its line (from 1), its first byte, its length. */
typedef struct {
    uint32_t line, at, len;
} lex_span_t;

typedef enum {
    TOK_END,     /* of the line; its span is the place after the last token */
    TOK_WORD,    /* letters, digits, '_', '-' */
    TOK_STRING,  /* in quotes; text is what stands between them */
    TOK_NUMBER,  /* 3, 40.41, -5, +1 */
    TOK_TIME,    /* 10:00; number is the second of the day */
    TOK_DATE,    /* 2027-01-07; number is in days since 1970-01-01 */
    TOK_PATTERN, /* anything with a '/' */
    TOK_HOST,    /* www.example.com, example.com:8080 */
    TOK_ADDRESS, /* ana@example.com */
    TOK_CAPTURE, /* {item} */
    TOK_COMMA,
    TOK_OPEN,  /* ( */
    TOK_CLOSE, /* ) */
    TOK_SIGN,  /* = < <= > >= %, the - between two times */
    TOK_OTHER, /* nothing that the language knows */
} lex_kind_t;

typedef struct lex_tok_s {
    lex_kind_t kind;
    lex_span_t span;
    senda_str_t text;
    const char *folded; /* words and strings */
    unsigned head;      /* words: words_lookup */
    bool bad;           /* a string that is not closed; a time or date that does not exist */
    bool whole;         /* a number without decimals that fits */
    int64_t number;
} lex_tok_t;

typedef struct {
    uint32_t number;    /* from 1 */
    uint32_t at, len;   /* without the line's end */
    unsigned indent;    /* columns before the first token; a tab goes to the next multiple of 4 */
    bool too_long;      /* over LANG_LINE_MAX or LANG_TOKENS_MAX: no tokens */
    lex_span_t comment; /* from its '#', len 0 if none */
    unsigned ntoks;     /* without the closing TOK_END */
    lex_tok_t toks[LANG_TOKENS_MAX + 3]; /* one run of characters may be three tokens */
    size_t nfold;
    char fold[4 * LANG_LINE_MAX];
} lex_line_t;

typedef struct {
    const char *text; /* valid UTF-8 without control characters */
    size_t len, at;
    uint32_t line;
} lexer_t;

void lexer_init(lexer_t *lx, const char *text, size_t len);

/* The next line, at most max tokens of it looked at; false after the last. */
bool lexer_line(lexer_t *lx, lex_line_t *line, unsigned max);

#endif
