/*
 * What happens: the sentences after `when`, and the days and times at which a
 * flow starts. What is true is refused here, and it is said where it goes.
 */

#include "parse.h"

#define MORNING (9 * 3600) /* of "on the date FIELD" without a time */

/* Words that ask what is true, with how many names follow them. */
static const struct {
    word_t word;
    unsigned names;
} states[] = {
    { W_HAS_NO_TAG, 1 },
    { W_HAS_TAG, 1 },
    { W_TAG, 1 },
    { W_STAGE, 1 },
    { W_HAS_NO, 1 },
    { W_HAS, 1 },
    { W_CONSENTS, 1 },
    { W_FIRST, 1 },
    { W_LAST, 1 },
    { W_IN, 1 },
};

/* Tokens of something that is true at the cursor, 0 if none stands there. */
static unsigned
state_len(parse_t *p)
{
    const lex_tok_t *t = p->t;

    if (t->kind == TOK_END) {
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        unsigned n = words_accept(states[i].word, t);

        if (n > 0) {
            return n + (t[n].kind == TOK_WORD || t[n].kind == TOK_STRING ? states[i].names : 0);
        }
    }
    if (parse_is_cmp(t + 1) && words_accept(W_SCORE, t) == 0) {
        return t[2].kind == TOK_END ? 2 : 3;
    }
    return 0;
}

/* Whether a bare segment stands here: it is entered, it does not happen. */
static bool
is_segment(parse_t *p)
{
    const lex_tok_t *t = p->t;
    unsigned used;

    return (t->kind == TOK_WORD || t->kind == TOK_STRING) &&
        g_hash_table_contains(p->segments, t->folded) &&
        !g_hash_table_contains(p->events, t->folded) && words_find(ROLE_VERB, t, &used) == W_NONE &&
        senda_event_number(senda_cstr(t->folded)) == 0;
}

/* What is true does not happen: says which sentence is meant. */
static bool
is_state(parse_t *p)
{
    lex_span_t from = p->t->span;
    unsigned n = state_len(p);

    if (p->t->kind == TOK_OPEN) {
        FAIL(p, from, MSG_PAREN_IN_WHEN);
    } else if (words_accept(W_IF, p->t) > 0) {
        FAIL(p, from, MSG_IF_IN_WHEN);
    } else if (is_segment(p)) {
        diag_t *d = FAIL(p, from, MSG_SEGMENT_IN_WHEN, parse_text(p, p->t));

        diag_near(p->ds, d,
            arena_printf(p->arena, "%s %s", words_say(W_ENTERS, p->ds->lang),
                diag_text(p->ds, from)));
    } else if (n > 0) {
        p->t += n;
        from = parse_span_from(p, from);
        FAIL(p, from, MSG_STATE_IN_WHEN, diag_text(p->ds, from));
    } else {
        return false;
    }
    return true;
}

/* "score >= 50" or "total of purchase > 300 EUR within 12 months", after its first words. */
static bool
threshold(parse_t *p, ast_trigger_t *w)
{
    return w->kind == TRIGGER_SCORE ? parse_compare(p, &w->is) : parse_total(p, &w->verb, &w->is);
}

/* What is true beside a start that is there already: it has a line of its own. */
static bool
is_only(parse_t *p)
{
    const lex_tok_t *from = p->t, *last = &p->line->toks[p->line->ntoks - 1];
    const lex_tok_t *rest = from + words_accept(W_IF, from);
    lex_span_t cond = rest->span;
    bool state;

    p->t += state_len(p) == 0 ? words_accept(W_NOT, from) : 0;
    state = state_len(p) > 0 || is_segment(p);
    p->t = from;
    if (p->owner != W_START || rest->kind == TOK_END || (rest == from && !state)) {
        return false;
    }
    cond.len = last->span.at + last->span.len - cond.at;
    FAIL(p, from->span, MSG_ONLY_LINE, diag_text(p->ds, cond));
    return true;
}

/* What comes before "and not". */
static bool
happening(parse_t *p, ast_trigger_t *w)
{
    if (parse_accept(p, W_GETS_TAG)) {
        w->kind = TRIGGER_TAG;
        return parse_name(p, W_GETS_TAG, &w->name);
    }
    if (parse_accept(p, W_ENTERS)) {
        w->kind = TRIGGER_SEGMENT;
        return parse_name(p, W_ENTERS, &w->name);
    }
    if (parse_slip_is(p, W_ENTERS)) {
        return false;
    }
    if (parse_accept(p, W_SCORE)) {
        w->kind = TRIGGER_SCORE;
        return threshold(p, w);
    }
    if (parse_accept(p, W_TOTAL_OF)) {
        w->kind = TRIGGER_TOTAL;
        return threshold(p, w);
    }
    w->verb = parse_verb(p, p->owner);
    return w->verb != NULL;
}

/* After "not": what does not happen. */
static bool
absence(parse_t *p, ast_trigger_t *w)
{
    lex_span_t at = p->t->span;

    if (is_segment(p)) {
        FAIL(p, at, MSG_STATE_IN_WHEN, diag_text(p->ds, at));
        return false;
    }
    w->absent = is_state(p) ? NULL : parse_verb(p, p->owner);
    return w->absent != NULL;
}

/* "not VERB", but not "has no tag", which only begins so in one language. */
static bool
accept_not(parse_t *p)
{
    return words_accept(W_HAS_NO_TAG, p->t) == 0 && words_accept(W_HAS_NO, p->t) == 0 &&
        parse_accept(p, W_NOT);
}

static ast_trigger_t *
one_when(parse_t *p)
{
    ast_trigger_t *w = arena_get(p->arena, sizeof(*w));
    lex_span_t from = p->t->span, and_at;
    bool ok;

    if (accept_not(p)) {
        ok = absence(p, w);
    } else {
        ok = !is_state(p) && happening(p, w);
        and_at = p->t->span;
        if (ok && parse_accept(p, W_AND)) {
            ok = !is_only(p) && !is_state(p);
            if (ok && !accept_not(p)) {
                FAIL(p, and_at, MSG_AND_IN_WHEN);
                ok = false;
            }
            ok = ok && absence(p, w);
        }
    }
    w->span = parse_span_from(p, from);
    return ok ? w : NULL;
}

/* Nothing but "not A within D". */
static bool
is_absence(const ast_trigger_t *w)
{
    return w->absent != NULL && w->verb == NULL && w->name.text == NULL && w->is.text.text == NULL;
}

ast_trigger_t *
parse_whens(parse_t *p)
{
    ast_trigger_t *first = one_when(p), *last = first;

    while (last != NULL && parse_accept(p, W_OR)) {
        last->next = one_when(p);
        last = last->next;
    }
    if (last != NULL && words_accept(W_AND, p->t) > 0) {
        FAIL(p, p->t->span, is_absence(last) ? MSG_TWO_ABSENCES : MSG_AND_IN_WHEN);
        return NULL;
    }
    return last == NULL || (words_accept(W_IF, p->t) > 0 && is_only(p)) ? NULL : first;
}

bool
parse_is_calendar(const lex_tok_t *t)
{
    unsigned on = words_accept(W_ON_DATE, t);

    return words_accept(W_EVERY_DAY, t) > 0 || words_accept(W_ON_THE_DATE, t) > 0 ||
        (on > 0 && t[on].kind == TOK_DATE);
}

static bool
date(parse_t *p, int64_t *out)
{
    if (p->t->kind != TOK_DATE || p->t->bad) {
        FAIL(p, p->t->span, MSG_DATE_BAD, parse_text(p, p->t));
        return false;
    }
    *out = p->t->number;
    p->t++;
    return true;
}

/* "every day at 10:00", "on 2027-01-07 at 10:00", "on the date birthday at 09:30" */
static bool
moment(parse_t *p, ast_trigger_t *w)
{
    switch (w->kind) {
    case TRIGGER_DAILY:
        return parse_at(p, &w->second);
    case TRIGGER_ON:
        return date(p, &w->date) && parse_at(p, &w->second);
    default:
        w->second = MORNING;
        return parse_name(p, W_ON_THE_DATE, &w->name) &&
            (words_accept(W_AT, p->t) == 0 || parse_at(p, &w->second));
    }
}

/* Its end: "for CONDITION". */
static bool
for_whom(parse_t *p, ast_trigger_t *w, word_t how)
{
    if (w->kind == TRIGGER_DATE) {
        return true;
    }
    if (!parse_accept(p, W_FOR_WHOM)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_FOR_WHOM, parse_before(p)), how);
        return false;
    }
    w->cond = parse_cond(p, how);
    return w->cond != NULL;
}

ast_trigger_t *
parse_start_calendar(parse_t *p)
{
    static const struct {
        word_t word;
        prog_trigger_kind_t kind;
    } ways[] = { { W_EVERY_DAY, TRIGGER_DAILY }, { W_ON_THE_DATE, TRIGGER_DATE },
        { W_ON_DATE, TRIGGER_ON } };
    ast_trigger_t *w = arena_get(p->arena, sizeof(*w));
    lex_span_t from = p->t->span;
    size_t i = 0;

    while (i + 1 < G_N_ELEMENTS(ways) && words_accept(ways[i].word, p->t) == 0) {
        i++;
    }
    parse_accept(p, ways[i].word);
    w->kind = ways[i].kind;
    if (!moment(p, w)) {
        diag_example(p->ds, p->said, words_table[ways[i].word].example[p->ds->lang]);
        return NULL;
    }
    if (!for_whom(p, w, ways[i].word)) {
        return NULL;
    }
    w->span = parse_span_from(p, from);
    return w;
}
