/*
 * Every word of the language, in one table: what it is, how it is said in each
 * language, what follows it, a line of help and an example. The lexer, the
 * parser, the checker's suggestions and the manual all read this table; a word
 * is added here and nowhere else.
 */

#ifndef SENDA_LANG_WORDS_H
#define SENDA_LANG_WORDS_H

#include "arena.h"
#include "program.h"

typedef enum { LANG_ES = 0, LANG_EN, LANG_LANGUAGES } lang_id_t;

typedef enum {
    W_NONE,
    /* statements */
    W_SITE,
    W_PAGE,
    W_EVENT,
    W_TAG,
    W_FLOW,
    W_TEST,
    /* what a site says of itself */
    W_TIMEZONE,
    W_CURRENCY,
    W_LANGUAGE,
    /* parts of a page and of an event */
    W_EXCEPT,
    W_IS,
    W_GET,
    W_POST,
    W_FROM_API,
    W_WITH,
    W_TEXT,
    W_NUMBER,
    W_DATE,
    /* lines of a flow */
    W_TRANSACTIONAL,
    W_START,
    W_AGAIN,
    W_STOP,
    W_GOAL,
    W_WAIT,
    W_IF,
    W_ELSE,
    W_END,
    W_SEND,
    W_NEVER,
    W_AFTER,
    W_ALWAYS,
    /* what joins a sentence */
    W_WHEN,
    W_NOT,
    W_AND,
    W_OR,
    W_WITHIN,
    W_SINCE_START,
    /* counts */
    W_TIMES,
    W_MORE_THAN,
    W_AT_LEAST,
    W_EXACTLY,
    /* lines of a test */
    W_CONTACT,
    W_VISIT,
    W_GETS,
    W_NEVER_GETS,
    W_HAS_TAG,
    W_HAS_NO_TAG,
    W_AT,
    W_ON_DAY,
    /* channels; value: prog_channel_t */
    W_EMAIL,
    W_SMS,
    W_PUSH,
    W_WEBPUSH,
    /* units of time; value: unit_t */
    W_SECOND,
    W_MINUTE,
    W_HOUR,
    W_DAY,
    W_WEEK,
    W_MONTH,
    W_YEAR,
    /* verbs; value: senda_event_t, 0 for `visits` */
    W_VISITS,
    W_SELECTS,
    W_VIEWS_ITEM,
    W_VIEWS_LIST,
    W_SEARCHES,
    W_ADDS,
    W_REMOVES,
    W_WISHES,
    W_VIEWS_CART,
    W_CHECKS_OUT,
    W_SHIPPING,
    W_PAYMENT,
    W_PROMOTION,
    W_BUYS,
    W_REFUNDS,
    W_SIGNS_UP,
    W_LOGS_IN,
    WORDS
} word_t;

/* Where a word may stand; a row may have several. */
enum {
    ROLE_STATEMENT = 1,
    ROLE_SETTING = 2, /* a line below `site` */
    ROLE_FLOW = 4,    /* a line below `flow` */
    ROLE_TEST = 8,    /* a line below `test` */
    ROLE_VERB = 16,
    ROLE_CHANNEL = 32,
    ROLE_UNIT = 64,
    ROLE_TYPE = 128, /* of an event's attribute */
    ROLE_METHOD = 256,
    ROLE_AGAIN = 512, /* after `again` */
    ROLE_PART = 1024, /* inside a line */
    ROLE_TAIL = 2048, /* further on in a sentence */
    ROLE_PAGE = 4096, /* after a page's patterns */
    /* not a place but a shape: as a line's first word, the lines after it go deeper, or end that */
    ROLE_OPENS = 8192,
    ROLE_CLOSES = 16384
};

typedef struct {
    word_t word;
    unsigned roles;
    int value;
    const char *phrases[LANG_LANGUAGES];   /* "a|b c": the first is the one we write */
    const char *arguments[LANG_LANGUAGES]; /* what follows it */
    const char *help[LANG_LANGUAGES];
    const char *example[LANG_LANGUAGES]; /* a whole, correct line */
} word_row_t;

/* The table itself (words_table.c): row i is word i. */
extern const word_row_t words_table[WORDS];

/* The phrase we write for a word. */
const char *words_say(word_t w, lang_id_t lang);

/* The same after the number 1: of a plural the singular, which is the row's second phrase. */
const char *words_say_one(word_t w, lang_id_t lang);

/* Whether what stands in a file, folded and parted by one space, is a phrase of the word. */
bool words_is(word_t w, lang_id_t lang, const char *folded);

/*
 * The lexer's question: the number under which phrases that begin with this
 * folded word are found; 0: the language has no such word.
 */
unsigned words_lookup(const char *folded);

struct lex_tok_s;

/* How many tokens w takes at toks (its longest phrase in any language), 0: it does not stand there. */
unsigned words_accept(word_t w, const struct lex_tok_s *toks);

/* The word with one of these roles that takes most tokens; W_NONE. */
word_t words_find(unsigned roles, const struct lex_tok_s *toks, unsigned *used);

/* Whether a whole folded phrase ("adds to cart") is one of a word with these roles. */
word_t words_of_phrase(unsigned roles, const char *folded);

/* A word that joins sentences: a name only in quotes. */
bool words_joining(const char *folded);

/* 1: only Spanish has this word, -1: only English, 0: both or none. */
int words_spoken(unsigned head);

/* "a, b, c": what we write for every word with one of these roles. */
char *words_list(arena_t *a, unsigned roles, lang_id_t lang);

/* Every phrase of the roles, for near.c: the i-th, NULL after the last. */
const char *words_phrase(unsigned roles, lang_id_t lang, unsigned i, word_t *w);

/* The span of `n` of a unit's word. */
senda_span_t words_span(word_t unit, int64_t n);

#endif
