/*
 * What sets something off, in words: happenings, absences, what becomes true,
 * the calendar. Has no words of its own.
 */

#include "explain_say.h"

static const char *
after_verb(const say_t *s, const ast_verb_t *v, senda_span_t span)
{
    bool feminine;
    const char *noun = say_noun(s, v, &feminine);

    if (!v->has_count) {
        return SAY(s, (phrase_t)(PH_AFTER_LAST + feminine), say_span(s, span), noun);
    }
    if (v->has_window) {
        noun = say_joined(s, noun, SAY(s, PH_WITHIN_ANY, say_span(s, v->window)));
    }
    return SAY(s, (phrase_t)(PH_AFTER_NTH + feminine), say_span(s, span),
        say_ordinal(s, v->times, feminine), noun);
}

/* "somebody reaches 50 points"; who comes with its space. */
static const char *
points(const say_t *s, const ast_trigger_t *w, const char *who)
{
    static const phrase_t rows[] = { [CMP_EQ] = PH_SOMEBODY_POINTS,
        [CMP_LT] = PH_SOMEBODY_POINTS_LT,
        [CMP_LE] = PH_SOMEBODY_POINTS_LE,
        [CMP_GT] = PH_SOMEBODY_POINTS_GT,
        [CMP_GE] = PH_SOMEBODY_POINTS_GE };

    return SAY(s, rows[w->is.cmp], say_points(s, w->is.value / VALUE_ONE), who);
}

/* "the total of somebody's purchases within 12 months goes above 300 EUR" */
static const char *
total(const say_t *s, const ast_trigger_t *w, phrase_t of)
{
    const ast_verb_t *v = w->verb;
    const char *text = SAY(s, of, v == NULL ? "" : say_nouns(s, v));

    if (v != NULL && v->has_window) {
        text = say_joined(s, text, SAY(s, PH_WITHIN_SHORT, say_span(s, v->window)));
    }
    return SAY(s, w->is.cmp == CMP_GE ? PH_TOTAL_REACHES : PH_TOTAL_ABOVE, text,
        say_value(s, &w->is));
}

/* What becomes true, or happens; not of the calendar. */
static const char *
happens(const say_t *s, const ast_trigger_t *w)
{
    switch (w->kind) {
    case TRIGGER_TAG:
        return SAY(s, PH_SOMEBODY_TAG, say_quoted(s, w->name.text));
    case TRIGGER_SEGMENT:
        return SAY(s, PH_SOMEBODY_SEGMENT, say_quoted(s, w->name.text));
    case TRIGGER_SCORE:
        return points(s, w, SAY(s, PH_SOMEBODY));
    case TRIGGER_TOTAL:
        return total(s, w, PH_SOMEBODY_TOTAL);
    default:
        return say_happens(s, w->verb);
    }
}

/* "2027-01-07" */
static const char *
say_day(const say_t *s, int64_t date)
{
    senda_local_t day = senda_zone_local(&senda_zone_utc, date * 86400, NULL);

    return arena_printf(s->arena, "%04d-%02d-%02d", day.year, day.month, day.day);
}

/* By the calendar; NULL: it is not. */
static const char *
dated(const say_t *s, const ast_trigger_t *w)
{
    const char *time = say_time(s, w->second);

    switch (w->kind) {
    case TRIGGER_DAILY:
        return SAY(s, PH_DAILY, time, say_cond_label(s, w->cond, false));
    case TRIGGER_ON:
        return SAY(s, PH_ON_DATE, say_day(s, w->date), time, say_cond_label(s, w->cond, false));
    case TRIGGER_DATE:
        return SAY(s, PH_ON_THE_DATE, say_quoted(s, w->name.text), time);
    default:
        return NULL;
    }
}

const char *
say_trigger(const say_t *s, const ast_trigger_t *w)
{
    const char *noun, *date = dated(s, w);
    bool feminine;

    if (date != NULL) {
        return date;
    }
    if (w->absent == NULL) {
        return SAY(s, PH_MOMENT, happens(s, w));
    }
    noun = say_noun(s, w->absent, &feminine);
    if (w->kind == TRIGGER_VERB && w->verb == NULL) {
        return SAY(s, (phrase_t)(PH_ALONE + feminine), say_span(s, w->absent->window), noun);
    }
    if (w->kind != TRIGGER_VERB || w->verb->by != BY_NONE) {
        return SAY(s, (phrase_t)(PH_ABSENT + feminine),
            SAY(s, PH_AFTER_THAT, say_span(s, w->absent->window), happens(s, w)),
            say_span_in(s, w->absent->window, PH_THAT_SPAN), noun);
    }
    return SAY(s, (phrase_t)(PH_ABSENT + feminine), after_verb(s, w->verb, w->absent->window),
        say_span_in(s, w->absent->window, PH_THAT_SPAN), noun);
}

const char *
say_or(const say_t *s, const char *a, const char *b)
{
    return SAY(s, PH_OR, arena_printf(s->arena, "%s,", a), b);
}

const char *
say_triggers(const say_t *s, const ast_trigger_t *w)
{
    const char *text = say_trigger(s, w);

    for (w = w->next; w != NULL; w = w->next) {
        text = say_or(s, text, say_trigger(s, w));
    }
    return text;
}

const char *
say_trigger_note(const say_t *s, const ast_trigger_t *w)
{
    bool feminine;
    const char *noun;

    if (w->kind == TRIGGER_VERB && w->verb == NULL) {
        return SAY(s, PH_ALONE_ONCE);
    }
    if (w->kind != TRIGGER_VERB || w->verb->by != BY_NONE) {
        return "";
    }
    if (w->verb->has_count) {
        return !w->verb->has_window ? SAY(s, PH_ONCE_EVER)
            : w->verb->times == 1   ? SAY(s, PH_AGAIN_ONCE)
                                    : SAY(s, PH_AGAIN_COUNT, say_number(s, w->verb->times));
    }
    if (w->absent == NULL) {
        return "";
    }
    noun = say_noun(s, w->verb, &feminine);
    return SAY(s, (phrase_t)(PH_ANEW + feminine), noun);
}

static const char *
happens_label(const say_t *s, const ast_trigger_t *w)
{
    const char *time = say_time(s, w->second);

    switch (w->kind) {
    case TRIGGER_TAG:
        return SAY(s, PH_DRAW_TAG, say_quoted(s, w->name.text));
    case TRIGGER_SEGMENT:
        return SAY(s, PH_DRAW_SEGMENT, say_quoted(s, w->name.text));
    case TRIGGER_SCORE:
        return points(s, w, "");
    case TRIGGER_TOTAL:
        return total(s, w, PH_DRAW_TOTAL);
    case TRIGGER_DAILY:
        return SAY(s, PH_DRAW_DAILY, time, say_cond_label(s, w->cond, false));
    case TRIGGER_ON:
        return SAY(s, PH_DRAW_ON, say_day(s, w->date), time, say_cond_label(s, w->cond, false));
    case TRIGGER_DATE:
        return SAY(s, PH_DRAW_DATE, say_quoted(s, w->name.text), time);
    case TRIGGER_VERB:
        break;
    }
    return say_label(s, w->verb);
}

const char *
say_trigger_label(const say_t *s, const ast_trigger_t *w)
{
    bool feminine;
    const char *without, *span;

    if (w->absent == NULL) {
        return happens_label(s, w);
    }
    without = say_noun(s, w->absent, &feminine);
    span = say_span(s, w->absent->window);
    return w->verb == NULL && w->kind == TRIGGER_VERB
        ? SAY(s, PH_DRAW_ALONE, span, without)
        : SAY(s, PH_DRAW_WITHOUT, happens_label(s, w), span, without);
}

const char *
say_clock(const say_t *s, const ast_trigger_t *w)
{
    const char *time = say_time(s, w->second);

    switch (w->kind) {
    case TRIGGER_DAILY:
        return SAY(s, PH_DRAW_CLOCK_DAILY, time);
    case TRIGGER_ON:
        return SAY(s, PH_DRAW_CLOCK_ON, say_day(s, w->date), time);
    case TRIGGER_DATE:
        return SAY(s, PH_DRAW_CLOCK_DATE, w->name.text, time);
    default:
        return NULL;
    }
}
