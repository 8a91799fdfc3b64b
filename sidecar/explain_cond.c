/*
 * What is asked, in words: "the person has never bought". Chooses rows of the
 * table; has no words of its own.
 */

#include "explain_say.h"

/* Whether the person was named in the clause before: then not again. */
typedef struct {
    const say_t *s;
    bool after, named;
    const char *person;
} asked_t;

static const char *
who_of(asked_t *a, bool impersonal)
{
    const char *who = a->named || impersonal ? "" : a->person;

    a->named = !impersonal;
    return who;
}

static const char *
asked_verb(asked_t *a, const ast_verb_t *v, bool not_)
{
    const say_t *s = a->s;
    const char *who = who_of(a, say_impersonal(s, v)), *text, *no;
    bool always = !v->has_count && !v->has_window && !v->since_start;

    no = !not_ ? "" : always && !a->after ? SAY(s, PH_NEVER) : SAY(s, PH_NOT);
    text = say_form(s, v, who, no, !a->after || not_);
    text = say_joined(s, text, say_count(s, v));
    if (v->has_window) {
        text = say_joined(s, text, say_span_in(s, v->window, PH_LAST_SPAN));
    }
    if (v->since_start) {
        text = say_joined(s, text, SAY(s, PH_SINCE_START));
    } else if (a->after && not_) {
        text = say_joined(s, text, SAY(s, PH_SINCE_THEN));
    }
    return text;
}

/* What is asked instead of "not (a < b)". */
static prog_cmp_t
contrary(prog_cmp_t cmp)
{
    static const prog_cmp_t of[] = { [CMP_LT] = CMP_GE,
        [CMP_LE] = CMP_GT,
        [CMP_GT] = CMP_LE,
        [CMP_GE] = CMP_LT,
        [CMP_EQ] = CMP_EQ };

    return of[cmp];
}

static const char *
untrue(asked_t *a, const char *text)
{
    return SAY(a->s, PH_NOT_ALL, SAY(a->s, PH_PARENS, text));
}

static const char *
asked_total(asked_t *a, const ast_cond_t *c, bool not_)
{
    const say_t *s = a->s;
    bool other = not_ && c->is.cmp != CMP_EQ;
    const char *is = say_compare(s, other ? contrary(c->is.cmp) : c->is.cmp, &c->is);
    const char *of = say_nouns(s, c->verb);
    const char *text = c->verb->has_window
        ? SAY(s, PH_TOTAL_IN, of, say_span_in(s, c->verb->window, PH_LAST_SPAN), is)
        : SAY(s, PH_TOTAL, of, is);

    return not_ && !other ? untrue(a, text) : text;
}

static const char *
asked_age(asked_t *a, const ast_cond_t *c, bool not_)
{
    const say_t *s = a->s;
    bool feminine;
    const char *noun = say_noun(s, c->verb, &feminine);
    const char *ago = SAY(s, c->older ? PH_OLDER : PH_YOUNGER, say_span(s, c->age));
    phrase_t row = c->kind == COND_LAST ? (feminine ? PH_AGE_LAST_F : PH_AGE_LAST)
        : feminine                      ? PH_AGE_FIRST_F
                                        : PH_AGE_FIRST;
    const char *text = SAY(s, row, noun, ago);

    return not_ ? untrue(a, text) : text;
}

static const char *
asked_score(asked_t *a, const ast_cond_t *c, bool not_)
{
    static const phrase_t rows[] = { [CMP_EQ] = PH_POINTS,
        [CMP_LT] = PH_POINTS_LT,
        [CMP_LE] = PH_POINTS_LE,
        [CMP_GT] = PH_POINTS_GT,
        [CMP_GE] = PH_POINTS_GE };
    bool other = not_ && c->is.cmp != CMP_EQ;
    const char *text = SAY(a->s, rows[other ? contrary(c->is.cmp) : c->is.cmp],
        say_points(a->s, c->is.value / VALUE_ONE), who_of(a, false));

    return not_ && !other ? untrue(a, text) : text;
}

static const char *
asked_field(asked_t *a, const ast_cond_t *c, bool not_)
{
    bool equal = c->is.cmp == CMP_EQ;
    const char *text = SAY(a->s, not_ && equal ? PH_THEIR_FIELD_NOT : PH_THEIR_FIELD,
        say_quoted(a->s, c->name.text),
        equal ? say_value(a->s, &c->is) : say_compare(a->s, c->is.cmp, &c->is));

    return not_ && !equal ? untrue(a, text) : text;
}

static const char *
asked_channel(asked_t *a, const ast_cond_t *c, bool not_)
{
    prog_channel_t channel = (prog_channel_t)words_table[c->channel].value;

    if (c->kind == COND_HAS) {
        return SAY(a->s, not_ ? PH_HAS_NOT : PH_HAS, explain_address(channel, a->s->lang),
            who_of(a, false));
    }
    return SAY(a->s, not_ ? PH_CONSENTS_NOT : PH_CONSENTS, explain_consent(channel, a->s->lang),
        who_of(a, false));
}

static const char *
asked_name(asked_t *a, const ast_cond_t *c, bool not_)
{
    phrase_t row = c->kind == COND_TAG ? (not_ ? PH_HAS_NO_TAG : PH_HAS_TAG)
        : c->kind == COND_STAGE        ? (not_ ? PH_NOT_IN_STAGE : PH_IN_STAGE)
        : not_                         ? PH_NOT_IN_SEGMENT
                                       : PH_IN_SEGMENT;

    return SAY(a->s, row, say_quoted(a->s, c->name.text), who_of(a, false));
}

static const char *asked(asked_t *a, const ast_cond_t *c, bool not_);

/* A side of `and` or `or`: in parentheses when it is the other of the two. */
static const char *
asked_side(asked_t *a, const ast_cond_t *c, prog_cond_kind_t outer)
{
    bool inner = (c->kind == COND_AND || c->kind == COND_OR) && c->kind != outer;

    return inner ? SAY(a->s, PH_PARENS, asked(a, c, false)) : asked(a, c, false);
}

static const char *
asked_both(asked_t *a, const ast_cond_t *c)
{
    const char *left = asked_side(a, c->left, c->kind);
    const char *right = asked_side(a, c->right, c->kind);

    return SAY(a->s, c->kind == COND_AND ? PH_AND : PH_OR, left, right);
}

static const char *
asked(asked_t *a, const ast_cond_t *c, bool not_)
{
    const char *text;

    switch (c->kind) {
    case COND_VERB:
        return asked_verb(a, c->verb, not_);
    case COND_TAG:
    case COND_STAGE:
    case COND_SEGMENT:
        return asked_name(a, c, not_);
    case COND_TOTAL:
        return asked_total(a, c, not_);
    case COND_FIRST:
    case COND_LAST:
        return asked_age(a, c, not_);
    case COND_SCORE:
        return asked_score(a, c, not_);
    case COND_FIELD:
        return asked_field(a, c, not_);
    case COND_HAS:
    case COND_CONSENTS:
        return asked_channel(a, c, not_);
    case COND_NOT:
        return asked(a, c->left, !not_);
    default:
        if (not_) {
            a->named = false;
        }
        text = asked_both(a, c);
        return not_ ? untrue(a, text) : text;
    }
}

const char *
say_cond(const say_t *s, const ast_cond_t *c, bool after)
{
    asked_t a = { s, after, false, SAY(s, PH_THE_PERSON) };

    return asked(&a, c, false);
}

const char *
say_cond_short(const say_t *s, const ast_cond_t *c, bool after)
{
    asked_t a = { s, after, true, "" };

    return asked(&a, c, false);
}

const char *
say_cond_label(const say_t *s, const ast_cond_t *c, bool after)
{
    asked_t a = { s, after, false, explain_person(s->lang) };

    return asked(&a, c, false);
}
