/*
 * Parts of sentences, made of a rule file's tree and the table of phrases:
 * how long, how often, what happens, what is asked. explain writes them out,
 * draw puts them into boxes. Pure.
 *
 * Ownership: every text that is returned lives in the arena.
 */

#ifndef SENDA_EXPLAIN_SAY_H
#define SENDA_EXPLAIN_SAY_H

#include "ast.h"
#include "explain_words.h"

typedef struct {
    arena_t *arena;
    lang_id_t lang;
} say_t;

/* A text, or the phrase of the table, with %1 … filled in. */
const char *say_fill(const say_t *s, const char *phrase, const char *const *args);
const char *say_phrase(const say_t *s, phrase_t id, ...) __attribute__((sentinel));
#define SAY(s, ...) say_phrase(s, __VA_ARGS__, (const char *)NULL)

const char *say_number(const say_t *s, uint64_t n);
const char *say_hundredths(const say_t *s, uint32_t n); /* "12.5" */
const char *say_time(const say_t *s, int32_t second);   /* "09:30" */
const char *say_points(const say_t *s, int64_t n);
const char *say_value(const say_t *s, const ast_compare_t *is);
/* "more than 100 EUR" */
const char *say_compare(const say_t *s, prog_cmp_t cmp, const ast_compare_t *is);
/* With a space between; either may be empty. */
const char *say_joined(const say_t *s, const char *a, const char *b);
const char *say_quoted(const say_t *s, const char *name);
/* "a, b and c" with PH_AND or PH_OR at the end. */
const char *say_list(const say_t *s, const char *const *items, unsigned n, phrase_t last);
/* First letter in upper case. */
const char *say_sentence(const say_t *s, const char *text);

/* "one hour", "2 days"; "in the last hour" (PH_LAST_SPAN), "in those 2 days" (PH_THAT_SPAN). */
const char *say_span(const say_t *s, senda_span_t span);
const char *say_span_in(const say_t *s, senda_span_t span, phrase_t in);
/* "hour", "2 days", to stand behind "every". */
const char *say_every(const say_t *s, senda_span_t span);
int64_t say_span_length(senda_span_t span); /* roughly, in seconds, to compare */
senda_span_t say_span_add(senda_span_t a, senda_span_t b);

/* "somebody buys for the third time within 6 months". */
const char *say_happens(const say_t *s, const ast_verb_t *v);
/* "as soon as …", "one hour after the last …, if there was no … in that hour"; several with or. */
const char *say_trigger(const say_t *s, const ast_trigger_t *w);
const char *say_triggers(const say_t *s, const ast_trigger_t *w);
const char *say_or(const say_t *s, const char *a, const char *b);
/* What a trigger's exact meaning adds, as whole sentences; "" if nothing. */
const char *say_trigger_note(const say_t *s, const ast_trigger_t *w);

/* "the person has never bought"; after: what came after the start ("the person buys"). */
const char *say_cond(const say_t *s, const ast_cond_t *c, bool after);

/* The same for a box: a question, without "the person" at its beginning; what stands behind "if". */
const char *say_cond_short(const say_t *s, const ast_cond_t *c, bool after);
const char *say_cond_label(const say_t *s, const ast_cond_t *c, bool after);

/* "the e-mail “cart-1” or, if that cannot reach the person, …". */
const char *say_messages(const say_t *s, const ast_send_t *send);

/* explain_verb.c: parts of a verb's sentence. who and not_ come with their spaces. */
const char *say_form(const say_t *s, const ast_verb_t *v, const char *who, const char *not_,
    bool perfect);
bool say_impersonal(const say_t *s, const ast_verb_t *v); /* it has a subject of its own */
const char *say_count(const say_t *s, const ast_verb_t *v);
const char *say_times(const say_t *s, uint32_t n);
const char *say_ordinal(const say_t *s, uint32_t n, bool feminine);
const char *say_nouns(const say_t *s, const ast_verb_t *v); /* "purchases" */

/* "purchase" with what it is of; in *feminine its gender. */
const char *say_noun(const say_t *s, const ast_verb_t *v, bool *feminine);

/* explain_step.c */
const char *say_weekdays(const say_t *s, uint32_t days); /* "(Monday and Friday)" */

/* For boxes: "coupon HELLO10, 7 days"; what sets something off, with its absence. */
const char *say_step_label(const say_t *s, const ast_step_t *step);
const char *say_trigger_label(const say_t *s, const ast_trigger_t *w);

/* The calendar alone, "every day 10:00"; NULL: it does not set that off. */
const char *say_clock(const say_t *s, const ast_trigger_t *w);

/* For boxes: "visits “cart” 3 times within 30 days". */
const char *say_label(const say_t *s, const ast_verb_t *v);

#endif
