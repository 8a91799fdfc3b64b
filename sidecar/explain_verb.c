/*
 * A verb in words: what it is of, which happenings it means and how they are
 * counted; as a sentence, as a noun, as a label. Chooses rows of the table by
 * the verb's kind; has no words of its own.
 */

#include "explain_say.h"

static uint32_t
row_of(const ast_verb_t *v)
{
    if (v->top > 0) {
        return v->top == 1 ? VERB_WORDS_TOP_ONE : VERB_WORDS_TOP;
    }
    switch (v->kind) {
    case VERB_PAGE:
    case VERB_PATTERN:
        return VERB_WORDS_PAGE;
    case VERB_CUSTOM:
        return VERB_WORDS_CUSTOM;
    case VERB_STANDARD:
        return v->event;
    case VERB_SPENDS:
        return VERB_WORDS_SPENDS;
    case VERB_RETURNS:
        return VERB_WORDS_RETURNS;
    case VERB_ARRIVES:
        return VERB_WORDS_ARRIVES;
    case VERB_MESSAGE:
        return v->event == SENDA_EV_MESSAGE_GET ? VERB_WORDS_GETS
            : v->event == SENDA_EV_MESSAGE_OPEN ? VERB_WORDS_OPENS
                                                : VERB_WORDS_CLICKS;
    case VERB_ANY:
        break;
    }
    return 0;
}

static const char *
page_of(const say_t *s, const ast_verb_t *v)
{
    return v->pattern != NULL ? SAY(s, PH_AN_ADDRESS, v->pattern->text.p)
                              : SAY(s, PH_THE_PAGE, say_quoted(s, v->name.text));
}

/* "the e-mail “cart-1”", "an e-mail", "the message “cart-1”", "a message". */
static const char *
message_of(const say_t *s, const ast_verb_t *v)
{
    static const phrase_t any[CHANNELS] = { PH_AN_EMAIL, PH_AN_SMS, PH_A_PUSH, PH_A_WEBPUSH };
    prog_channel_t channel = (prog_channel_t)words_table[v->channel].value;
    const char *name = v->name.text != NULL ? say_quoted(s, v->name.text) : NULL;

    if (v->channel == W_NONE) {
        return name != NULL ? SAY(s, PH_THE_MESSAGE, name) : SAY(s, PH_A_MESSAGE);
    }
    return name != NULL
        ? say_fill(s, explain_message(channel, s->lang), (const char *const[]){ "", name, NULL })
        : SAY(s, any[channel]);
}

static const char *
object_of(const say_t *s, const ast_verb_t *v)
{
    if (v->top > 0) {
        return say_number(s, v->top);
    }
    switch (v->kind) {
    case VERB_PAGE:
    case VERB_PATTERN:
        return page_of(s, v);
    case VERB_CUSTOM:
    case VERB_ARRIVES:
        return say_quoted(s, v->name.text);
    case VERB_SPENDS:
        return SAY(s, PH_SPAN_ON, say_span(s, v->duration), page_of(s, v));
    case VERB_RETURNS:
        return say_span(s, v->duration);
    case VERB_MESSAGE:
        return message_of(s, v);
    default:
        return "";
    }
}

/* Which of them: "with total more than 100 EUR". */
static const char *
which_of(const say_t *s, const ast_verb_t *v)
{
    const char *all = NULL;

    for (const ast_filter_t *f = v->filters; f != NULL; f = f->next) {
        const char *one = SAY(s, PH_FIELD_IS, f->field.text, say_compare(s, f->is.cmp, &f->is));

        all = all == NULL ? one : SAY(s, f->next == NULL ? PH_AND : PH_LIST, all, one);
    }
    return all == NULL ? "" : SAY(s, PH_WITH, all);
}

/* "with the same “item”", "at least 3 different “item”", "on at least 3 different days". */
static const char *
counted_by(const say_t *s, const ast_verb_t *v, bool of)
{
    const char *text,
        *n = SAY(s, v->count == COUNT_EXACTLY ? PH_EXACTLY : PH_AT_LEAST, say_number(s, v->times));

    switch (v->by) {
    case BY_DAY:
        return SAY(s, v->times == 1 ? PH_ONE_DAY : PH_DAYS, n);
    case BY_SAME:
        text = SAY(s, PH_SAME, say_quoted(s, v->capture.text));
        break;
    case BY_DIFFERENT:
        text = SAY(s, PH_DIFFERENT, n, say_quoted(s, v->capture.text));
        break;
    default:
        return "";
    }
    return of ? text : SAY(s, PH_WITH, text);
}

static const char *
counted_behind(const say_t *s, const ast_verb_t *v)
{
    return counted_by(s, v, explain_verb(row_of(v), s->lang)->of);
}

const char *
say_noun(const say_t *s, const ast_verb_t *v, bool *feminine)
{
    const verb_words_t *w = explain_verb(row_of(v), s->lang);
    const char *text = say_fill(s, w->one, (const char *const[]){ "", object_of(s, v), NULL });
    bool other;

    *feminine = w->feminine;
    if (v->before != NULL) {
        const char *before = say_noun(s, v->before, &other);

        text = SAY(s, (phrase_t)(PH_AND_THEN_NOUN + other), text, before);
    }
    text = say_joined(s, text, which_of(s, v));
    if (v->by == BY_SAME && w->of) {
        return say_joined(s, text, SAY(s, PH_OF, counted_by(s, v, true)));
    }
    return say_joined(s, text, counted_by(s, v, false));
}

const char *
say_nouns(const say_t *s, const ast_verb_t *v)
{
    const char *text = say_fill(s, explain_verb(row_of(v), s->lang)->many,
        (const char *const[]){ "", object_of(s, v), NULL });

    return say_joined(s, text, which_of(s, v));
}

/* "third", "12th", "12.ª". */
const char *
say_ordinal(const say_t *s, uint32_t n, bool feminine)
{
    const char *word = explain_ordinal(n, feminine, true, s->lang);
    unsigned tens = n % 100;

    if (word != NULL) {
        return word;
    }
    if (s->lang == LANG_ES) {
        return arena_printf(s->arena, "%u.%s", n, feminine ? "ª" : "º");
    }
    return arena_printf(s->arena, "%u%s", n,
        tens / 10 == 1       ? "th"
            : tens % 10 == 1 ? "st"
            : tens % 10 == 2 ? "nd"
            : tens % 10 == 3 ? "rd"
                             : "th");
}

const char *
say_times(const say_t *s, uint32_t n)
{
    return n == 1 ? SAY(s, PH_ONCE) : SAY(s, PH_TIMES, say_number(s, n));
}

const char *
say_form(const say_t *s, const ast_verb_t *v, const char *who, const char *not_, bool perfect)
{
    const verb_words_t *w = explain_verb(row_of(v), s->lang);
    const char *before = v->before == NULL ? NULL : say_form(s, v->before, who, not_, perfect);
    const char *text = say_fill(s, perfect ? w->perfect : w->present,
        (const char *const[]){ "", object_of(s, v), before == NULL ? who : "",
            before == NULL ? not_ : "", NULL });

    text = say_joined(s, text, which_of(s, v));
    return before == NULL ? text : SAY(s, PH_AND_THEN, before, text);
}

bool
say_impersonal(const say_t *s, const ast_verb_t *v)
{
    return explain_verb(row_of(v), s->lang)->impersonal;
}

const char *
say_happens(const say_t *s, const ast_verb_t *v)
{
    const char *text = say_joined(s, say_form(s, v, SAY(s, PH_SOMEBODY), "", false),
        counted_behind(s, v));

    if (v->has_count && v->by != BY_DIFFERENT && v->by != BY_DAY) {
        text = say_joined(s, text, SAY(s, PH_NTH_TIME, say_ordinal(s, v->times, true)));
    }
    return v->has_window ? say_joined(s, text, SAY(s, PH_WITHIN_ANY, say_span(s, v->window)))
                         : text;
}

const char *
say_count(const say_t *s, const ast_verb_t *v)
{
    const char *by = counted_behind(s, v);

    if (!v->has_count || v->by == BY_DIFFERENT || v->by == BY_DAY) {
        return by;
    }
    return say_joined(s, by,
        SAY(s, v->count == COUNT_EXACTLY ? PH_EXACTLY : PH_AT_LEAST, say_times(s, v->times)));
}

const char *
say_label(const say_t *s, const ast_verb_t *v)
{
    const char *name = v->kind == VERB_PATTERN           ? v->pattern->text.p
        : v->kind == VERB_PAGE || v->kind == VERB_CUSTOM ? say_quoted(s, v->name.text)
                                                         : object_of(s, v);
    const char *text = say_fill(s, explain_verb(row_of(v), s->lang)->label,
        (const char *const[]){ "", name, NULL });

    text = say_joined(s, text, which_of(s, v));
    if (v->before != NULL) {
        text = SAY(s, PH_AND_THEN, say_label(s, v->before), text);
    }
    text = say_joined(s, text, counted_behind(s, v));
    if (v->has_count && v->by != BY_DIFFERENT && v->by != BY_DAY) {
        text = say_joined(s, text,
            v->count == COUNT_EXACTLY ? say_times(s, v->times)
                                      : SAY(s, PH_AT_LEAST, say_times(s, v->times)));
    }
    return v->has_window ? say_joined(s, text, SAY(s, PH_WITHIN_SHORT, say_span(s, v->window)))
                         : text;
}
