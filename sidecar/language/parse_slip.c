/*
 * What people write instead of the language's own words: said with what is
 * written here, and where it can be, read on as if that stood there. Knows
 * only what would be a mistake in any case. Never fails.
 */

#include "parse.h"

/* Each is followed by a number; those of W_WITHIN by a unit, too. */
static const struct {
    const char *phrase; /* folded */
    word_t word;
} slips[] = {
    { "mas que", W_MORE_THAN },
    { "more then", W_MORE_THAN },
    { "en los ultimos", W_WITHIN },
    { "en las ultimas", W_WITHIN },
    { "within the last", W_WITHIN },
    { "within last", W_WITHIN },
    { "in the last", W_WITHIN },
    { "in last", W_WITHIN },
    { "in", W_WITHIN },
};

/* What counts less; of those with `over` the contrary is "more than", of the others "at least". */
static const struct {
    const char *phrase;
    word_t contrary;
} less[] = {
    { "menos de", W_AT_LEAST },
    { "less than", W_AT_LEAST },
    { "fewer than", W_AT_LEAST },
    { "como mucho", W_MORE_THAN },
    { "como maximo", W_MORE_THAN },
    { "at most", W_MORE_THAN },
};

/* Tokens that the phrase takes at t, 0: it does not stand there. */
static unsigned
stands(const char *phrase, const lex_tok_t *t)
{
    unsigned n = 0;

    for (; *phrase != '\0'; n++) {
        size_t len = strcspn(phrase, " ");

        if (t[n].kind != TOK_WORD || strlen(t[n].folded) != len ||
            memcmp(t[n].folded, phrase, len) != 0) {
            return 0;
        }
        phrase += len + (phrase[len] == ' ' ? 1 : 0);
    }
    return n;
}

static bool
is_word(const lex_tok_t *t)
{
    return t->kind == TOK_STRING || (t->kind == TOK_WORD && !words_joining(t->folded));
}

/* Tokens of a slip at t, 0: none stands there. */
unsigned
parse_slip_len(const lex_tok_t *t, word_t word)
{
    unsigned used;

    for (size_t i = 0; i < G_N_ELEMENTS(slips); i++) {
        word_t w = slips[i].word;
        unsigned n = word == W_NONE || word == w ? stands(slips[i].phrase, t) : 0;

        if (n > 0 && t[n].kind == TOK_NUMBER &&
            (w != W_WITHIN || words_find(ROLE_UNIT, t + n + 1, &used) != W_NONE)) {
            return n;
        }
    }
    return 0;
}

/* The text of n tokens at t. */
static const char *
text_of(parse_t *p, const lex_tok_t *t, unsigned n)
{
    lex_span_t s = t->span;

    s.len = t[n - 1].span.at + t[n - 1].span.len - s.at;
    return diag_text(p->ds, s);
}

static lex_span_t
span_of(const lex_tok_t *t, unsigned n)
{
    lex_span_t s = t->span;

    s.len = t[n - 1].span.at + t[n - 1].span.len - s.at;
    return s;
}

bool
parse_slip(parse_t *p, word_t word)
{
    const lex_tok_t *t = p->t;
    unsigned n = parse_slip_len(t, word), more = word == W_WITHIN ? 2 : 1;

    if (n == 0) {
        return false;
    }
    diag_word(p->ds,
        FAIL(p, span_of(t, n), MSG_WRITTEN, text_of(p, t, n + more),
            arena_printf(p->arena, "%s %s", words_say(word, p->ds->lang), text_of(p, t + n, more))),
        p->owner);
    p->t += n;
    return true;
}

bool
parse_slip_less(parse_t *p)
{
    const lex_tok_t *t = p->t;

    for (size_t i = 0; i < G_N_ELEMENTS(less); i++) {
        unsigned n = stands(less[i].phrase, t);

        if (n > 0 && t[n].kind == TOK_NUMBER && words_accept(W_TIMES, t + n + 1) > 0) {
            lang_id_t lang = p->ds->lang;

            FAIL(p, span_of(t, n), MSG_COUNT_LESS, text_of(p, t, n),
                arena_printf(p->arena, "%s %s %s", words_say(less[i].contrary, lang),
                    parse_text(p, t + n),
                    t[n].number == 1 ? words_say_one(W_TIMES, lang) : words_say(W_TIMES, lang)));
            return true;
        }
    }
    return false;
}

bool
parse_slip_is(parse_t *p, word_t instead)
{
    const lex_tok_t *t = p->t;
    unsigned n = words_accept(W_IS, t), used;

    n = n > 0 ? n : stands("esta", t);
    if (n == 0 || words_find(ROLE_VERB, t, &used) != W_NONE) {
        return false;
    }
    n += words_accept(W_IN, t + n);
    if (!is_word(t + n)) {
        return false;
    }
    diag_word(p->ds,
        FAIL(p, span_of(t, n + 1), MSG_WRITTEN, text_of(p, t, n + 1),
            arena_printf(p->arena, "%s %s", words_say(instead, p->ds->lang), text_of(p, t + n, 1))),
        p->owner);
    return true;
}

/* What a name after `after` is the name of, W_NONE: nobody would say it again. */
static word_t
kind_after(word_t after)
{
    switch (after) {
    case W_ENTERS:
    case W_SEGMENT:
        return W_SEGMENT;
    case W_ENTER:
    case W_LEAVE:
        return W_FLOW;
    case W_HAS_TAG:
    case W_HAS_NO_TAG:
    case W_GETS_TAG:
    case W_UNTAG:
        return W_TAG;
    case W_VISITS:
    case W_SPENDS:
        return W_PAGE;
    case W_ARRIVES:
        return W_PLACE;
    case W_ON_THE_DATE:
        return W_FIELD;
    default:
        return W_NONE;
    }
}

bool
parse_slip_kind(parse_t *p, word_t after)
{
    static const char *const articles[] = { "el", "la", "los", "las", "the" };
    const lex_tok_t *t = p->t;
    word_t kind = kind_after(after);
    unsigned n = 0, used;

    for (size_t i = 0; i < G_N_ELEMENTS(articles) && n == 0; i++) {
        n = stands(articles[i], t);
    }
    n += words_accept(kind, t + n);
    if (kind == W_NONE || n == 0 || !is_word(t + n) ||
        words_find(ROLE_TAIL, t + n, &used) != W_NONE) {
        return false;
    }
    diag_word(p->ds, FAIL(p, span_of(t, n), MSG_WORD_EXTRA, text_of(p, t, n), text_of(p, t + n, 1)),
        after);
    return true;
}

/* "10h", "10am", "10.30", "9 pm" as a clock shows it; NULL: it is no time of day. */
static const char *
clock_of(parse_t *p, const lex_tok_t *t)
{
    char text[16] = "";
    unsigned hour = 0, minute = 0;
    size_t i = 0, k;

    if (t->text.n < sizeof(text) - 2) {
        memcpy(text, t->text.p, t->text.n);
    }
    if (t->kind == TOK_NUMBER && t[1].kind == TOK_WORD && strlen(t[1].folded) <= 2) {
        g_strlcat(text, t[1].folded, sizeof(text));
    }
    for (k = i; i < k + 2 && g_ascii_isdigit(text[i]); i++) {
        hour = hour * 10 + (unsigned)(text[i] - '0');
    }
    if (text[i] != '\0' && strchr(".,:h", text[i]) != NULL && g_ascii_isdigit(text[i + 1])) {
        for (k = ++i; i < k + 2 && g_ascii_isdigit(text[i]); i++) {
            minute = minute * 10 + (unsigned)(text[i] - '0');
        }
    }
    if (g_ascii_tolower(text[i]) == 'p' && hour < 12) {
        hour += 12;
    }
    k = strspn(text + i, "hHsSaApPmM.");
    return !g_ascii_isdigit(text[0]) || hour > 23 || minute > 59 || text[i + k] != '\0'
        ? NULL
        : arena_printf(p->arena, "%u:%02u", hour, minute);
}

bool
parse_slip_time(parse_t *p)
{
    const lex_tok_t *t = p->t;
    unsigned used;
    word_t unit = t->kind == TOK_NUMBER ? words_find(ROLE_UNIT, t + 1, &used) : W_NONE;
    const char *clock = t->kind == TOK_END || (unit != W_NONE && unit != W_HOUR) ? NULL
                                                                                 : clock_of(p, t);

    if (clock == NULL) {
        return false;
    }
    diag_word(p->ds, FAIL(p, t->span, MSG_WRITTEN, parse_text(p, t), clock), p->owner);
    return true;
}

/* Of two signs that stand together the one that was meant; NULL: the two mean "not equal". */
static const char *
sign_of(const lex_tok_t *t)
{
    char first = t->text.p[0], second = t[1].text.p[0];

    if (first == '!' || (first == '<' && second == '>')) {
        return NULL;
    }
    return first == '=' && second == '=' ? "=" : first == '>' || second == '>' ? ">=" : "<=";
}

bool
parse_is_unequal(const lex_tok_t *t)
{
    return t->kind == TOK_OTHER && t->text.n == 1 && t->text.p[0] == '!' && t[1].kind == TOK_SIGN &&
        t[1].text.p[0] == '=';
}

bool
parse_slip_cmp(parse_t *p)
{
    const lex_tok_t *t = p->t;
    bool two = t[1].kind == TOK_SIGN && strchr("=<>", t[1].text.p[0]) != NULL &&
        t[1].span.at == t->span.at + t->span.len;

    if (t->kind == TOK_WORD && strcmp(t->folded, "≠") == 0) {
        FAIL(p, t->span, MSG_CMP_NOT, parse_text(p, t));
        return true;
    }
    if (!two || !(parse_is_cmp(t) || parse_is_unequal(t))) {
        return false;
    }
    if (sign_of(t) == NULL) {
        FAIL(p, span_of(t, 2), MSG_CMP_NOT, text_of(p, t, 2));
    } else {
        diag_word(p->ds, FAIL(p, span_of(t, 2), MSG_WRITTEN, text_of(p, t, 2), sign_of(t)),
            p->owner);
    }
    return true;
}
