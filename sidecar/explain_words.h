/*
 * What explain and draw say, in every language: one row a phrase, one row a
 * verb. %1 … %9 stand for what is put in. A translator needs this table and no
 * code; a later statement is a few more rows.
 */

#ifndef SENDA_EXPLAIN_WORDS_H
#define SENDA_EXPLAIN_WORDS_H

#include "words.h"

typedef enum {
    PH_QUOTED,
    PH_AND,
    PH_OR,
    PH_LIST,
    PH_SOMEBODY,
    PH_THE_PERSON,
    /* time */
    PH_AND_TIME,
    PH_LAST_SPAN,
    PH_THAT_SPAN = PH_LAST_SPAN + 4, /* those with four rows: m one, m many, f one, f many */
    PH_SINCE_START = PH_THAT_SPAN + 4,
    PH_SINCE_THEN,
    PH_WITHIN_ANY,
    /* counts */
    PH_EXACTLY,
    PH_AT_LEAST,
    PH_ONCE,
    PH_TIMES,
    PH_NTH_TIME,
    PH_NEVER,
    PH_NOT,
    /* pages and addresses */
    PH_THE_PAGE,
    PH_AN_ADDRESS,
    /* conditions */
    PH_HAS_TAG,
    PH_HAS_NO_TAG,
    PH_NOT_ALL,
    PH_PARENS,
    /* happenings */
    PH_MOMENT,
    PH_AFTER_LAST,
    PH_AFTER_NTH = PH_AFTER_LAST + 2, /* two rows: masculine, feminine */
    PH_ABSENT = PH_AFTER_NTH + 2,
    PH_ALONE = PH_ABSENT + 2,
    PH_ANEW = PH_ALONE + 2,
    PH_AGAIN_COUNT = PH_ANEW + 2,
    PH_ONCE_EVER,
    /* headings */
    PH_H_PAGES,
    PH_H_EVENTS,
    PH_H_TAGS,
    PH_H_FLOWS,
    PH_H_TESTS,
    PH_H_PAGE,
    PH_H_EVENT,
    PH_H_TAG,
    PH_H_FLOW,
    PH_H_TEST,
    PH_H_TRANSACTIONAL,
    /* the site */
    PH_SITE,
    PH_SITE_NAMES,
    PH_SITE_NONE,
    PH_SITE_MONEY,
    PH_SITE_ZONE,
    /* a page */
    PH_PAGE_IS,
    PH_PAGE_POST,
    PH_PAGE_EXCEPT,
    PH_PAGE_STAR,
    PH_PAGE_CAPTURE,
    PH_PAGE_CAPTURES,
    PH_PAGE_MEANS,
    PH_PAGE_MEANS_OWN,
    PH_PAGE_ORDER,
    PH_PAGE_NOTHING,
    /* an event */
    PH_EVENT_API,
    PH_EVENT_BRINGS,
    PH_EVENT_STANDARD,
    PH_EVENT_PAGES,
    PH_EVENT_NO_PAGE,
    /* a tag */
    PH_TAG_GIVEN,
    PH_TAG_STAYS,
    PH_TAG_NGINX,
    PH_TAG_LATER,
    /* a flow */
    PH_BEGINS,
    PH_REACH_NONE,
    PH_REACH,
    PH_REACH_CONSENT,
    PH_REACH_TRANSACTIONAL,
    PH_REACH_LOST,
    PH_AGAIN_NEVER,
    PH_AGAIN_UNSAID,
    PH_AGAIN_AFTER,
    PH_AGAIN_ALWAYS,
    PH_STOPS,
    PH_STOPS_NOT,
    PH_GOAL_WITHIN,
    PH_GOAL,
    PH_GOAL_ENDS,
    PH_STEPS,
    PH_AT_ONCE,
    PH_LATER,
    PH_LATER_SUM,
    PH_LATER_RANGE,
    PH_SENDS,
    PH_SENDS_ELSE,
    PH_ASKS,
    PH_OTHERWISE,
    PH_WAITS,
    PH_ENDS,
    /* a test */
    PH_TEST_CONTACT,
    PH_TEST_VISIT,
    PH_TEST_POST,
    PH_TEST_EVENT,
    PH_TEST_TIMES,
    PH_TEST_GETS,
    PH_TEST_NEVER,
    PH_TEST_HAS,
    PH_TEST_HAS_NOT,
    PH_TEST_AT,
    PH_TEST_AT_DAY,
    /* what follows from something */
    PH_FOLLOWS,
    PH_FOLLOWS_NOTHING,
    PH_USE_TAG,
    PH_USE_START,
    PH_USE_KEEPS,
    PH_USE_KEEPS_TAG,
    PH_USE_STOP,
    PH_USE_GOAL,
    PH_USE_IF,
    /* an address */
    PH_URL_PAGE,
    PH_URL_SENTENCE,
    PH_URL_VALUE,
    PH_URL_NONE,
    PH_URL_FOREIGN,
    PH_URL_BAD,
    PH_URL_NEAR,
    PH_NEAR_POST,
    PH_NEAR_GET,
    PH_NEAR_EXCEPT,
    PH_NEAR_ARGS,
    PH_NEAR_HOST,
    PH_NEAR_CASE,
    /* names */
    PH_NO_NAME,
    PH_NO_FLOW,
    PH_MEANT,
    /* a drawing */
    PH_DRAW_WITHOUT,
    PH_DRAW_ALONE,
    PH_DRAW_ASK,
    PH_DRAW_STOP,
    PH_DRAW_GOAL,
    PH_DRAW_YES,
    PH_DRAW_NO,
    PH_DRAW_NEVER,
    PH_DRAW_AFTER,
    PH_DRAW_ALWAYS,
    PH_DRAW_PAGES,
    PH_DRAW_EVENTS,
    PH_DRAW_FOLLOWS,
    PH_DRAW_NOTE,
    PH_DRAW_OR,
    PH_WORDS
} phrase_t;

/* %1 what is put in, %2 the person and a space or nothing, %3 "never" or "not" with its space. */
typedef struct {
    const char *present; /* "%2visits %1" */
    const char *perfect; /* "%2has%3 visited %1" */
    const char *one, *many;
    bool feminine;
    bool impersonal;   /* the sentence has a subject of its own */
    const char *label; /* short, for a drawing */
} verb_words_t;

enum { VERB_WORDS_CUSTOM = 100, VERB_WORDS_PAGE };

/* The row of a phrase; the words of an event (0: any page), or of VERB_WORDS_*. */
const char *explain_phrase(phrase_t id, lang_id_t lang);
const verb_words_t *explain_verb(uint32_t event, lang_id_t lang);

/* What a channel's message is called, and what it takes to get one. */
const char *explain_message(prog_channel_t channel, lang_id_t lang);
const char *explain_address(prog_channel_t channel, lang_id_t lang);
const char *explain_consent(prog_channel_t channel, lang_id_t lang);

/* Units: 0 months, 1 days, 2 hours, 3 minutes, 4 seconds. */
typedef struct {
    const char *a, *one, *many; /* "one hour", "hour", "hours" */
    bool feminine;
} unit_words_t;
const unit_words_t *explain_unit(unsigned unit, lang_id_t lang);

/* "third" (one to ten), NULL for others. */
const char *explain_ordinal(uint32_t n, bool feminine, bool before_noun, lang_id_t lang);

#endif
