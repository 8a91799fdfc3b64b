/*
 * Values: numbers with numbers, texts with texts, dates with dates, money in
 * the site's currency, points and windows within their bounds.
 */

#include "check.h"

#include "money.h"

kind_t
check_kind(word_t type)
{
    return type == W_NUMBER ? KIND_NUMBER : type == W_DATE ? KIND_DATE : KIND_TEXT;
}

static bool
is_value(value_type_t type, const ast_compare_t *is)
{
    int64_t value;

    return is->text.text != NULL && value_read(type, senda_cstr(is->text.text), &value);
}

/* Of a value the currency, which may stand inside its quotes; false: it has none. */
static bool
currency_of(const ast_compare_t *is, senda_str_t *currency, lex_span_t *at)
{
    senda_str_t number;

    *at = is->currency.text != NULL ? is->currency.span : is->span;
    if (is->currency.text != NULL) {
        *currency = senda_cstr(is->currency.text);
        return true;
    }
    return !is->number && money_split(senda_cstr(is->text.text), &number, currency);
}

static void
check_currency(check_t *c, const ast_compare_t *is)
{
    senda_str_t currency;
    lex_span_t at;

    if (c->currency != NULL && currency_of(is, &currency, &at) &&
        !money_is(currency, c->currency) &&
        !(is->currency.text != NULL && check_excused(c, &is->currency))) {
        DIAG(c->ds, at, MSG_CURRENCY_OTHER, arena_text(c->arena, currency.p, currency.n),
            c->currency);
    }
}

void
check_value(check_t *c, const char *name, kind_t kind, const ast_compare_t *is)
{
    if (is->text.text == NULL) {
        return;
    }
    if (kind == KIND_NUMBER && !is->number && !is_value(VALUE_NUMBER, is)) {
        DIAG(c->ds, is->span, MSG_VALUE_NUMBER, name, is->text.text);
    } else if (kind == KIND_DATE && !is->date && !is_value(VALUE_DATE, is)) {
        DIAG(c->ds, is->span, MSG_VALUE_DATE, name, is->text.text);
    } else if (kind == KIND_TEXT && is->currency.text != NULL) {
        DIAG(c->ds, is->span, MSG_TEXT_MONEY, name);
    } else if (kind == KIND_NUMBER || is->number) {
        check_currency(c, is);
    }
}

bool
check_field_money(check_t *c, const char *name, kind_t kind, const ast_compare_t *is)
{
    senda_str_t currency;
    lex_span_t at;

    if (kind != KIND_NUMBER || is->text.text == NULL || !currency_of(is, &currency, &at)) {
        return false;
    }
    DIAG(c->ds, at, MSG_FIELD_MONEY, name);
    return true;
}

void
check_compare(check_t *c, const char *name, kind_t kind, const ast_compare_t *is)
{
    bool text = kind == KIND_TEXT || (kind == KIND_OPEN && !is->number && !is->date);

    if (text && is->cmp != CMP_EQ) {
        DIAG(c->ds, is->cmp_span, MSG_TEXT_ORDER, name);
        return;
    }
    check_value(c, name, kind, is);
}

void
check_score(check_t *c, const ast_compare_t *is)
{
    if (is->text.text != NULL &&
        (!is->number || is->value % VALUE_ONE != 0 || is->currency.text != NULL)) {
        DIAG(c->ds, is->span, MSG_POINTS_WHOLE, diag_text(c->ds, is->span));
    }
}

void
check_points(check_t *c, int32_t points, lex_span_t at)
{
    if (points == 0 || points > LANG_POINTS_MAX || points < -LANG_POINTS_MAX) {
        DIAG(c->ds, at, MSG_POINTS_RANGE, arena_printf(c->arena, "%d", LANG_POINTS_MAX));
    }
}

const char *
check_money(check_t *c, const ast_compare_t *is)
{
    return arena_printf(c->arena, "%lld", (long long)is->value);
}

int64_t
check_seconds(senda_span_t span)
{
    return ((int64_t)span.months * 30 + span.days) * 86400 + span.secs;
}

void
check_window(check_t *c, senda_span_t span, lex_span_t at)
{
    /* a month is about 30 and a half days: a year is within 400, 14 months are not */
    if (((int64_t)span.months * 61 / 2 + span.days) * 86400 + span.secs >
        LANG_RETENTION_DAYS * (int64_t)86400) {
        DIAG(c->ds, at, MSG_WINDOW_LONG, arena_printf(c->arena, "%d", LANG_RETENTION_DAYS));
    }
}

/* A value of a test, given as it would arrive. */
static void
check_pair(check_t *c, const ast_pair_t *p, kind_t kind)
{
    ast_compare_t is = { .text = p->value, .span = p->value.span };

    if (p->value.text != NULL) {
        check_value(c, p->name.text, kind, &is);
    }
}

/* Any event may say where it happened, also one that declares no such attributes. */
static bool
is_position(const ast_pair_t *p)
{
    return strcmp(p->name.key, "lat") == 0 || strcmp(p->name.key, "lon") == 0;
}

static void
check_event_pair(check_t *c, const ast_verb_t *v, const ast_pair_t *p)
{
    kind_t kind;

    if (is_position(p)) {
        check_pair(c, p, KIND_NUMBER);
    } else if (check_brought(c, v, &p->name, &kind)) {
        check_pair(c, p, kind);
    } else {
        check_unbrought(c, v, &p->name);
    }
}

void
check_pairs(check_t *c, const ast_check_t *line)
{
    for (const ast_pair_t *p = line->pairs; p != NULL; p = p->next) {
        const known_t *k;

        if (p->name.text == NULL) {
            continue;
        }
        if (line->head.kind == AST_TEST_VISIT) {
            check_known(c, NAMES_INPUT, &p->name);
        } else if (line->head.kind == AST_TEST_EVENT && line->verb != NULL) {
            check_event_pair(c, line->verb, p);
        } else if (line->head.kind == AST_TEST_CONTACT &&
            words_of_phrase(ROLE_FILLS, p->name.key) == W_NONE) {
            k = check_known(c, NAMES_FIELD, &p->name);
            if (k != NULL) {
                check_pair(c, p, check_kind(((const ast_field_t *)k->node)->type));
            }
        }
    }
}
