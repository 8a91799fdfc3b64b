/*
 * What the language says of mistakes: one row a mistake, in each language.
 * %1 … %9 stand for the words of the file. A translator needs this table and
 * the words' table, and no code.
 */

#ifndef SENDA_LANG_MESSAGES_H
#define SENDA_LANG_MESSAGES_H

#include "words.h"

typedef enum {
    MSG_FILE_TOO_BIG,
    MSG_FILE_UTF16,
    MSG_FILE_BINARY,
    MSG_NOT_UTF8,
    MSG_CONTROL,
    MSG_LINE_TOO_LONG,
    MSG_QUOTE_OPEN,
    MSG_STATEMENT_UNKNOWN,
    MSG_STATEMENT_INDENTED,
    MSG_NOT_INDENTED,
    MSG_INDENT_NOWHERE,
    MSG_NO_LINES,
    MSG_NAME_MISSING,
    MSG_NAME_BAD,
    MSG_NAME_JOINING,
    MSG_NAME_EMPTY,
    MSG_NAME_LONG,
    MSG_NAME_TWICE_PAGE,
    MSG_NAME_TWICE_EVENT,
    MSG_NAME_TWICE_FLOW,
    MSG_NAME_TWICE_TEST,
    MSG_TRAILING,
    MSG_SITE_TWICE,
    MSG_SITE_HOST,
    MSG_SITE_NO_HOST,
    MSG_SITE_HOSTS_MAX,
    MSG_SETTING_UNKNOWN,
    MSG_SETTING_TWICE,
    MSG_SETTING_EMPTY,
    MSG_ZONE_UNKNOWN,
    MSG_CURRENCY_BAD,
    MSG_LANGUAGE_BAD,
    MSG_PAGE_NO_PATTERN,
    MSG_PATTERN_EXPECTED,
    MSG_PATTERN_NO_SLASH,
    MSG_PATTERN_NO_COMMA,
    MSG_PATTERN_REGEX,
    MSG_PATTERN_OPEN,
    MSG_PATTERN_CLOSE,
    MSG_PATTERN_CAPTURE,
    MSG_PATTERN_CAPTURE_TWICE,
    MSG_PATTERN_ADJACENT,
    MSG_PATTERN_CAPTURES_MAX,
    MSG_PATTERN_ARGUMENT,
    MSG_PATTERN_BAD_HOST,
    MSG_PATTERN_CONTROL,
    MSG_PATTERN_LONG,
    MSG_PATTERN_HOST,
    MSG_PART_TWICE,
    MSG_IS_TWICE,
    MSG_IS_MISSING,
    MSG_IS_UNKNOWN,
    MSG_IS_VERB,
    MSG_PAGES_MAX,
    MSG_EVENT_FROM,
    MSG_EVENT_STANDARD,
    MSG_EVENT_VERB,
    MSG_EVENT_FIELD,
    MSG_EVENT_TYPE,
    MSG_TAG_WHEN,
    MSG_TAG_IF,
    /* of sentences, flows and tests */
    MSG_VERB_MISSING,
    MSG_VERB_UNKNOWN,
    MSG_VERB_IS_PAGE,
    MSG_STATE_IN_WHEN,
    MSG_AND_IN_WHEN,
    MSG_PAREN_IN_WHEN,
    MSG_IF_IN_WHEN,
    MSG_WHEN_IN_IF,
    MSG_ABSENCE_WINDOW,
    MSG_ABSENCE_COUNT,
    MSG_SINCE_IN_WHEN,
    MSG_PAGE_UNKNOWN,
    MSG_PAGES_NONE,
    MSG_TAG_UNGIVEN,
    MSG_TAGS_NONE,
    MSG_COUNT_NUMBER,
    MSG_COUNT_TIMES,
    MSG_COUNT_WHOLE,
    MSG_COUNT_MAX,
    MSG_COUNT_TWICE,
    MSG_WINDOW_TWICE,
    MSG_DURATION_MISSING,
    MSG_DURATION_UNIT,
    MSG_DURATION_NO_UNIT,
    MSG_DURATION_WHOLE,
    MSG_DURATION_MAX,
    MSG_COND_MISSING,
    MSG_COND_PAREN,
    MSG_COND_PAREN_STRAY,
    MSG_COND_DEEP,
    MSG_STEP_UNKNOWN,
    MSG_START_IF,
    MSG_START_WHEN,
    MSG_STOP_WHEN,
    MSG_STOP_IF,
    MSG_GOAL_STATE,
    MSG_AGAIN_HOW,
    MSG_LINE_TWICE,
    MSG_IN_IF,
    MSG_ELSE_ALONE,
    MSG_ELSE_NOWHERE,
    MSG_ELSE_TWICE,
    MSG_END_ALONE,
    MSG_END_NOWHERE,
    MSG_END_MISSING,
    MSG_IF_DEEP,
    MSG_STEPS_MAX,
    MSG_SEND_CHANNEL,
    MSG_SEND_CHANNEL_UNKNOWN,
    MSG_SEND_EMAIL_ONLY,
    MSG_SEND_TEMPLATE,
    MSG_SEND_TEMPLATES,
    MSG_SEND_TWICE,
    MSG_FLOW_NO_START,
    MSG_FLOW_EMPTY,
    MSG_TEST_UNKNOWN,
    MSG_TEST_ADDRESS,
    MSG_TEST_URL,
    MSG_TEST_PAST,
    MSG_TIME_MISSING,
    MSG_TIME_BAD,
    MSG_TEST_DAY,
    MSG_TEMPLATE_UNSENT,
    MSG_TEMPLATES_NONE,
    MSG_TEST_EMPTY,
    MSG_TEMPLATE_FILE,
    MSG_TEMPLATE_NONE,
    MSG_CART_NO_STOP,
    MSG_SAME_TEMPLATE,
    MSG_NO_AGAIN,
    MSG_TEST_NO_CHECK,
    MESSAGES
} msg_t;

typedef struct {
    bool warning;
    const char *text[LANG_LANGUAGES];
    const char *hint[LANG_LANGUAGES];    /* what was expected; NULL: the text says it all */
    const char *example[LANG_LANGUAGES]; /* NULL: the example of the word that is meant */
} msg_row_t;

/* Row i is message i; the second table goes on where the first ends. */
extern const msg_row_t messages_statements[MSG_VERB_MISSING];
extern const msg_row_t messages_sentences[MESSAGES - MSG_VERB_MISSING];

static inline const msg_row_t *
messages_row(msg_t id)
{
    return id < MSG_VERB_MISSING ? &messages_statements[id]
                                 : &messages_sentences[id - MSG_VERB_MISSING];
}

#endif
