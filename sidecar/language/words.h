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
    W_FIELD,
    W_PLACE,
    W_SCORE, /* also a step, and what a condition or a `when` compares */
    W_STAGE,
    W_SEGMENT,
    W_LIMIT,
    W_QUIET,
    W_CONTROL,
    W_SHOW,
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
    W_FORM,
    W_RADIUS,
    W_METRES,
    W_KILOMETRES,
    /* parts of tags, scores, limits, blocks */
    W_FOR_SPAN, /* "for 90 days" */
    W_ONCE,
    W_EACH,    /* "each 60 days" */
    W_PER,     /* "1 per day" */
    W_IN,      /* "show X in header", "in vip" */
    W_ON_PAGE, /* "spends more than 3 minutes on PAGE", "clicks on", "on 3 different days" */
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
    W_FOR_EACH, /* "again for each order" */
    W_ONLY,     /* "only if" */
    W_EVERY_DAY,
    W_ON_DATE, /* "on 2027-01-07 at": before a date */
    W_ON_THE_DATE,
    W_FOR_WHOM, /* "every day at 10:00 for asleep" */
    W_ENTERS,   /* enters SEGMENT */
    W_GETS_TAG,
    W_UNTIL, /* "wait until" */
    W_AT_MOST,
    W_ON_WEEKDAYS,
    W_FROM, /* "from monday to friday" */
    W_TO,
    W_ON, /* "on monday" */
    W_MONDAY,
    W_TUESDAY,
    W_WEDNESDAY,
    W_THURSDAY,
    W_FRIDAY,
    W_SATURDAY,
    W_SUNDAY, /* value: 0 … 6 */
    W_SPLIT,
    W_COUPON,
    W_CREDIT,
    W_GIFT,
    W_VALID,
    W_RECOMMEND,
    W_REQUIRE_STOCK,
    W_UNTAG,
    W_SET,
    W_CALL,
    W_NOTIFY,
    W_ENTER,
    W_LEAVE,
    W_EXIT,
    /* recipes; value: prog_recipe_t */
    W_LAST_VIEWED,
    W_BEST_SELLERS,
    W_BOUGHT_WITH,
    W_RELATED_TO,
    W_ABOVE,
    W_NEW_ARRIVALS,
    W_CATEGORIES_VIEWED,
    W_RESULTS_FOR,
    W_OF, /* "best sellers of heels", "total of purchase" */
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
    W_OF_SAME,        /* "of the same item" */
    W_DIFFERENT,      /* "of 3 different item" */
    W_DIFFERENT_DAYS, /* "on 3 different days" */
    W_AMONG,          /* "among the 5 most frequent" */
    W_MOST_FREQUENT,
    W_AND_THEN,
    /* what is true */
    W_TOTAL_OF,
    W_FIRST,
    W_LAST,
    W_MORE_THAN_AGO, /* es: "hace más de D"; en: "more than D ago" */
    W_LESS_THAN_AGO,
    W_AGO,
    W_HAS, /* has email */
    W_HAS_NO,
    W_CONSENTS,
    W_PHONE,
    W_NAME,
    W_CONSENT,
    /* lines of a test */
    W_CONTACT,
    W_VISIT,
    W_GETS,
    W_NEVER_GETS,
    W_HAS_TAG,
    W_HAS_NO_TAG,
    W_AT,
    W_ON_DAY,
    W_EXPECT, /* "expect score >= 15" */
    W_EXPECT_NOT,
    W_NOTIFIES,
    W_NO_NOTICE, /* "never notifies" */
    W_CALLS,
    W_NO_CALL,
    W_A_COUPON, /* "gets coupon HELLO"; value: prog_step_kind_t */
    W_A_CREDIT,
    W_A_GIFT,
    W_SHOWS, /* "shows vip-banner" */
    W_SHOWS_NOT,
    W_SOLD_OUT,
    W_IN_STOCK,
    W_WITH_RECOMMENDATIONS,
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
    W_SPENDS,
    W_RETURNS,
    W_ARRIVES,
    W_OPENS, /* value: SENDA_EV_MESSAGE_OPEN */
    W_CLICKS,
    W_RECEIVES, /* "gets TEMPLATE" as a verb */
    /* the same after "last", "first", "total of" */
    W_THE_PURCHASE,
    W_THE_REFUND,
    W_THE_SEARCH,
    W_THE_VISIT,
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
    ROLE_CLOSES = 16384,
    ROLE_RECIPE = 1 << 15,  /* after `recommend N` */
    ROLE_WEEKDAY = 1 << 16, /* after "wait until 10:00 on" */
    ROLE_STATE = 1 << 17,   /* begins something that is true, besides verbs */
    ROLE_WHEN = 1 << 18,    /* begins something that happens, besides verbs */
    ROLE_LENGTH = 1 << 19,  /* metres; value: how many */
    ROLE_REACH = 1 << 20,   /* after `has`; value: prog_channel_t */
    ROLE_FILLS = 1 << 21,   /* what a form's answer fills, besides declared fields */
    ROLE_BENEFIT = 1 << 22, /* after `gets` in a test */
    ROLE_NOUN = 1 << 23,    /* after "last", "total of"; value as of ROLE_VERB */
    ROLE_PERIOD = 1 << 24   /* after "limit email 1 per" */
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
