/*
 * Numbers, times, and what something is compared with. A value is read as far
 * as its letters tell; whether it fits the field is asked by the checker.
 */

#include "parse.h"

#include "money.h"
#include "value.h"

#include <inttypes.h>

bool
parse_number(parse_t *p, word_t owner, uint32_t max, uint32_t *out, lex_span_t *at)
{
    const lex_tok_t *t = p->t;
    diag_t *d;

    *at = t->span;
    if (t->kind != TOK_NUMBER) {
        d = FAIL(p, t->span, MSG_NUMBER_MISSING, parse_before(p));
    } else if (!t->whole || t->number < 0) {
        d = FAIL(p, t->span, MSG_NUMBER_WHOLE, parse_text(p, t));
    } else if (t->number > (int64_t)max) {
        d = FAIL(p, t->span, MSG_NUMBER_MAX, parse_text(p, t), arena_printf(p->arena, "%u", max));
    } else {
        *out = (uint32_t)t->number;
        p->t++;
        return true;
    }
    diag_word(p->ds, d, owner);
    return false;
}

bool
parse_points(parse_t *p, int32_t *out, lex_span_t *at)
{
    const lex_tok_t *t = p->t;

    *at = t->span;
    if (t->kind != TOK_NUMBER || !t->whole) {
        diag_word(p->ds, FAIL(p, t->span, MSG_POINTS_MISSING, parse_before(p)), W_SCORE);
        return false;
    }
    *out = t->number > INT32_MAX ? INT32_MAX
        : t->number < -INT32_MAX ? -INT32_MAX
                                 : (int32_t)t->number;
    p->t++;
    return true;
}

/* "12.5" in hundredths; more digits are cut. */
static int64_t
hundredths(const lex_tok_t *t)
{
    int64_t value = 0;

    return value_read(VALUE_NUMBER, t->text, &value) ? value / (VALUE_ONE / 100) : -1;
}

bool
parse_percent(parse_t *p, word_t owner, uint32_t *out, lex_span_t *at)
{
    const lex_tok_t *t = p->t;
    int64_t share = t->kind == TOK_NUMBER ? hundredths(t) : -1;

    *at = t->span;
    if (share < 0) {
        diag_word(p->ds, FAIL(p, t->span, MSG_PERCENT, parse_before(p)), owner);
        return false;
    }
    if (t[1].kind != TOK_SIGN || t[1].text.p[0] != '%') {
        diag_word(p->ds, FAIL(p, t->span, MSG_PERCENT_SIGN, parse_text(p, t)), owner);
        return false;
    }
    *out = share > UINT32_MAX ? UINT32_MAX : (uint32_t)share;
    p->t += 2;
    *at = parse_span_from(p, *at);
    return true;
}

/* after: what stands before it. */
static bool
time_after(parse_t *p, const char *after, int32_t *second)
{
    if (p->t->kind != TOK_TIME && parse_slip_time(p)) {
        return false;
    }
    if (p->t->kind != TOK_TIME) {
        FAIL(p, p->t->span, MSG_TIME_MISSING, after);
        return false;
    }
    if (p->t->bad) {
        FAIL(p, p->t->span, MSG_TIME_BAD, parse_text(p, p->t));
        return false;
    }
    *second = (int32_t)p->t->number;
    p->t++;
    return true;
}

bool
parse_time(parse_t *p, int32_t *second)
{
    return time_after(p, parse_before(p), second);
}

bool
parse_at(parse_t *p, int32_t *second)
{
    lex_span_t at = p->t->span;

    if (!parse_accept(p, W_AT)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_AT_MISSING, parse_before(p)), p->owner);
        return false;
    }
    return time_after(p, diag_text(p->ds, parse_span_from(p, at)), second);
}

bool
parse_is_cmp(const lex_tok_t *t)
{
    return t->kind == TOK_SIGN && strchr("=<>", t->text.p[0]) != NULL;
}

static prog_cmp_t
cmp_of(const lex_tok_t *t)
{
    bool equal = t->text.n == 2;

    return t->text.p[0] == '<' ? (equal ? CMP_LE : CMP_LT)
        : t->text.p[0] == '>'  ? (equal ? CMP_GE : CMP_GT)
                               : CMP_EQ;
}

/* A word that can be no word of the language: three letters, and what people write instead. */
static bool
is_currency(const lex_tok_t *t)
{
    size_t n = 0;

    if (t->kind != TOK_WORD || t->head != 0 || words_joining(t->folded)) {
        return false;
    }
    while (n < t->text.n && g_ascii_isalpha(t->text.p[n])) {
        n++;
    }
    return n == 3 && t->text.n == 3;
}

static bool
is_coin(const lex_tok_t *t)
{
    static const char *const coins[] = { "euro", "euros", "dolar", "dolares", "dollar", "dollars",
        "libra", "libras", "pound", "pounds", "peso", "pesos" };

    for (size_t i = 0; t->kind == TOK_WORD && i < G_N_ELEMENTS(coins); i++) {
        if (strcmp(t->folded, coins[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool
is_sign(const lex_tok_t *t)
{
    return t->text.n > 0 && money_sign(t->text) == t->text.n;
}

/* What the site says its currency is, so far. */
static const char *
site_currency(const parse_t *p)
{
    const ast_head_t *h = p->file->site != NULL ? p->file->site->settings.first : NULL;

    for (; h != NULL; h = h->next) {
        const ast_setting_t *s = (const ast_setting_t *)h;

        if (s->what == W_CURRENCY && s->value.text != NULL) {
            return s->value.text;
        }
    }
    return "EUR";
}

/*
 * "900€", "$900", "900eur" in one word. Letters at a number's end may be a code of the shop's own:
 * only those that nobody takes for one are money.
 */
static bool
is_money(const parse_t *p, const lex_tok_t *t, senda_str_t *number, senda_str_t *currency)
{
    static const char *const codes[] = { "EUR", "USD", "GBP" };

    if ((t->kind != TOK_WORD && t->kind != TOK_HOST && t->kind != TOK_OTHER) ||
        !money_split(t->text, number, currency)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (money_is(*currency, codes[i])) {
            return true;
        }
    }
    return money_sign(*currency) > 0 || money_is(*currency, site_currency(p));
}

static void
copy_part(parse_t *p, const lex_tok_t *t, senda_str_t part, ast_name_t *out)
{
    lex_tok_t piece = *t;

    piece.text = part;
    piece.span.at += (uint32_t)(part.p - t->text.p);
    piece.span.len = (uint32_t)part.n;
    parse_copy_name(p, &piece, out);
}

/* The same into out, if it stands here. */
static bool
take_money(parse_t *p, ast_compare_t *out)
{
    const lex_tok_t *t = p->t;
    senda_str_t number, currency;

    if (!is_money(p, t, &number, &currency)) {
        return false;
    }
    parse_mark(p, t, 1, W_NONE);
    copy_part(p, t, number, &out->text);
    copy_part(p, t, currency, &out->currency);
    out->number = value_read(VALUE_NUMBER, number, &out->value);
    p->t++;
    return true;
}

/* After a number: "EUR", "€". */
static bool
currency(parse_t *p, ast_compare_t *out)
{
    if (is_coin(p->t)) {
        FAIL(p, p->t->span, MSG_VALUE_CURRENCY, parse_text(p, p->t));
        return false;
    }
    if (out->currency.text == NULL && (is_currency(p->t) || is_sign(p->t))) {
        parse_take_name(p, p->t++, &out->currency);
    }
    return true;
}

/* What a value is not: the end, a sign, a word that joins. */
static bool
is_no_value(const lex_tok_t *t)
{
    switch (t->kind) {
    case TOK_END:
    case TOK_COMMA:
    case TOK_OPEN:
    case TOK_CLOSE:
    case TOK_SIGN:
    case TOK_CAPTURE:
        return true;
    case TOK_WORD:
        return words_joining(t->folded);
    case TOK_STRING:
        return t->text.n == 0;
    default:
        return false;
    }
}

/* Marked as a name, so that fmt leaves it as it stands: "007" may be a text. One in quotes keeps them. */
static void
take_value(parse_t *p, ast_compare_t *out)
{
    const lex_tok_t *t = p->t++;

    if (t->kind == TOK_STRING) {
        parse_copy_name(p, t, &out->text);
    } else {
        parse_take_name(p, t, &out->text);
    }
    out->number = (t->kind == TOK_NUMBER || t->kind == TOK_OTHER) &&
        value_read(VALUE_NUMBER, t->text, &out->value);
    out->date = t->kind == TOK_DATE;
    if (out->date) {
        out->value = t->number;
    }
}

bool
parse_value(parse_t *p, ast_compare_t *out)
{
    const lex_tok_t *t = p->t;

    if (is_no_value(t)) {
        diag_word(p->ds, FAIL(p, t->span, MSG_VALUE_MISSING, parse_before(p)), p->owner);
        return false;
    }
    if (t->kind == TOK_DATE && t->bad) {
        FAIL(p, t->span, MSG_DATE_BAD, parse_text(p, t));
        return false;
    }
    if (is_sign(t) && t[1].kind == TOK_NUMBER) {
        parse_take_name(p, p->t++, &out->currency); /* "€ 900" */
    }
    if (!take_money(p, out)) {
        take_value(p, out);
    }
    if (t->kind == TOK_NUMBER && !out->number) {
        diag_word(p->ds,
            FAIL(p, t->span, MSG_NUMBER_MAX, parse_text(p, t),
                arena_printf(p->arena, "%" PRId64, INT64_MAX / VALUE_ONE)),
            p->owner);
        return false;
    }
    if (out->number && !currency(p, out)) {
        return false;
    }
    out->span = parse_span_from(p, t->span);
    return true;
}

bool
parse_compare(parse_t *p, ast_compare_t *out)
{
    const lex_tok_t *t = p->t;
    diag_t *d;

    if (parse_slip_cmp(p)) {
        return false;
    }
    if (!parse_is_cmp(t)) {
        d = FAIL(p, t->span, MSG_COMPARE_MISSING, parse_before(p));
        if (t->kind == TOK_WORD && strcmp(t->folded, "≥") == 0) {
            diag_near(p->ds, d, ">=");
        } else if (t->kind == TOK_WORD && strcmp(t->folded, "≤") == 0) {
            diag_near(p->ds, d, "<=");
        }
        diag_word(p->ds, d, p->owner);
        return false;
    }
    out->cmp = cmp_of(t);
    out->cmp_span = t->span;
    p->t++;
    return parse_value(p, out);
}

bool
parse_money(parse_t *p, word_t owner, ast_compare_t *out)
{
    senda_str_t number, coin;

    if (p->t->kind != TOK_NUMBER && !is_money(p, p->t, &number, &coin) &&
        !(is_sign(p->t) && p->t[1].kind == TOK_NUMBER)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_MONEY_MISSING, parse_before(p)), owner);
        return false;
    }
    return parse_value(p, out);
}

/* Any word is a value here: what follows it is told by the "=" before it. */
static bool
is_pair_value(const lex_tok_t *t)
{
    return t->kind == TOK_WORD || !is_no_value(t);
}

/* NAME=VALUE; the sign is marked, which tells fmt that nothing stands around it. */
static bool
one_pair(parse_t *p, ast_pair_t **out)
{
    ast_pair_t *pair = arena_get(p->arena, sizeof(*pair));
    const lex_tok_t *t = p->t;

    if ((t->kind != TOK_WORD && t->kind != TOK_STRING) || t[1].kind != TOK_SIGN ||
        t[1].text.p[0] != '=' || !is_pair_value(&t[2])) {
        diag_word(p->ds, FAIL(p, t->span, MSG_PAIR, parse_before(p)), p->owner);
        return false;
    }
    parse_take_name(p, p->t++, &pair->name);
    parse_mark(p, p->t++, 1, W_NONE);
    parse_take_name(p, p->t++, &pair->value);
    *out = pair;
    return true;
}

bool
parse_pairs(parse_t *p, ast_pair_t **out)
{
    do {
        if (!one_pair(p, out)) {
            return false;
        }
        out = &(*out)->next;
    } while ((p->t->kind == TOK_COMMA && p->t++) ||
        (p->t->kind != TOK_END && p->t[1].kind == TOK_SIGN && p->t[1].text.p[0] == '='));
    return true;
}
