/*
 * The small pieces of a line: names, patterns, durations, and what to say when
 * something else stands in their place.
 */

#include "parse.h"

#include "fold.h"
#include "senda_url.h"

const char *
parse_text(parse_t *p, const lex_tok_t *t)
{
    if (diags_full(p->ds)) {
        return "";
    }
    return t->kind == TOK_STRING ? arena_text(p->arena, t->text.p, t->text.n)
                                 : diag_text(p->ds, t->span);
}

const char *
parse_before(parse_t *p)
{
    return p->t > p->line->toks ? parse_text(p, p->t - 1) : "";
}

const char *
parse_list(parse_t *p, unsigned roles)
{
    if (diags_full(p->ds)) {
        return "";
    }
    return arena_printf(p->arena, "\x01%s", words_list(p->arena, roles, p->ds->lang));
}

lex_span_t
parse_span_from(parse_t *p, lex_span_t from)
{
    const lex_tok_t *last = p->t > p->line->toks ? p->t - 1 : p->t;
    lex_span_t s = from;

    if (last->span.at >= from.at) {
        s.len = last->span.at + last->span.len - from.at;
    }
    return s;
}

void
parse_mark(parse_t *p, const lex_tok_t *t, unsigned n, word_t w)
{
    const lex_tok_t *last = t + n - 1;
    ast_mark_t mark = { t->span.at, last->span.at + last->span.len - t->span.at, w };
    const GArray *marks = p->marks;
    unsigned keep = marks->len;

    /* a token that is read a second time is what it was taken for last */
    while (keep > 0 && g_array_index(marks, ast_mark_t, keep - 1).at >= mark.at) {
        keep--;
    }
    g_array_set_size(p->marks, keep);
    g_array_append_val(p->marks, mark);
}

bool
parse_accept(parse_t *p, word_t w)
{
    unsigned n = words_accept(w, p->t);

    if (n > 0) {
        parse_mark(p, p->t, n, w);
    }
    p->t += n;
    return n > 0;
}

word_t
parse_take(parse_t *p, unsigned roles)
{
    unsigned used;
    word_t w = words_find(roles, p->t, &used);

    if (w != W_NONE) {
        parse_mark(p, p->t, used, w);
    }
    p->t += used;
    return w;
}

const char *
parse_nearest(parse_t *p, unsigned roles, const char *folded, word_t *w)
{
    word_t found = W_NONE;
    const char *own;
    near_t near;

    if (diags_full(p->ds)) {
        return NULL;
    }
    near_start(&near, folded);
    near_words(&near, p->arena, roles, p->ds->lang, &found);
    own = near.best;
    near_words(&near, p->arena, roles, p->ds->lang == LANG_ES ? LANG_EN : LANG_ES, &found);
    if (w != NULL) {
        *w = found;
    }
    /* the other language's word tells what is meant, and is said in the file's own */
    return near.best == own ? own : words_say(found, p->ds->lang);
}

void
parse_copy_name(parse_t *p, const lex_tok_t *t, ast_name_t *out)
{
    char *key = arena_get(p->arena, 3 * t->text.n + 8);

    out->text = arena_text(p->arena, t->text.p, t->text.n);
    fold_text(t->text.p, t->text.n, key, 3 * t->text.n + 8);
    out->key = key;
    out->span = t->span;
    out->quoted = t->kind == TOK_STRING;
}

void
parse_take_name(parse_t *p, const lex_tok_t *t, ast_name_t *out)
{
    parse_mark(p, t, 1, W_NONE);
    parse_copy_name(p, t, out);
}

/* Letters, digits, '_' and '-' are a name also when they look like a number or a date. */
static bool
is_name_token(const lex_tok_t *t)
{
    if (t->kind == TOK_WORD || t->kind == TOK_STRING || t->kind == TOK_DATE) {
        return true;
    }
    return t->kind == TOK_NUMBER && t->whole && t->text.p[0] != '+' && t->text.p[0] != '-';
}

bool
parse_name(parse_t *p, word_t after, ast_name_t *out)
{
    const lex_tok_t *t = p->t;
    diag_t *d;

    if (parse_slip_kind(p, after)) {
        return false;
    }
    if (t->kind == TOK_END || t->kind == TOK_PATTERN) {
        d = FAIL(p, t->span, MSG_NAME_MISSING, parse_before(p));
    } else if (!is_name_token(t)) {
        d = FAIL(p, t->span, MSG_NAME_BAD, parse_text(p, t));
    } else if (t->kind == TOK_STRING && t->text.n == 0) {
        d = FAIL(p, t->span, MSG_NAME_EMPTY);
    } else if (t->text.n > SENDA_NAME_MAX) {
        d = FAIL(p, t->span, MSG_NAME_LONG, arena_printf(p->arena, "%d", SENDA_NAME_MAX));
    } else if (t->kind == TOK_WORD && words_joining(t->folded)) {
        d = FAIL(p, t->span, MSG_NAME_JOINING, parse_text(p, t));
    } else {
        parse_take_name(p, t, out);
        p->t++;
        return true;
    }
    diag_word(p->ds, d, after);
    return false;
}

bool
parse_is_pattern(const lex_tok_t *t)
{
    return t->kind == TOK_PATTERN ||
        (t->kind == TOK_STRING && memchr(t->text.p, '/', t->text.n) != NULL);
}

/* A '{' that a space cuts off would be two mistakes: what follows the space is not read. */
static bool
braces_close(parse_t *p, const ast_pattern_t *pat)
{
    const char *open = strrchr(pat->text.p, '{');
    lex_span_t at = pat->span;

    if (open == NULL || strchr(open, '}') != NULL || p->t->kind == TOK_END) {
        return true;
    }
    at.at += (uint32_t)(open - pat->text.p);
    at.len -= (uint32_t)(open - pat->text.p);
    FAIL(p, at, MSG_PATTERN_OPEN);
    return false;
}

/* A token with all that stands behind it without a space: "thanks?order={order}". */
static lex_span_t
whole(const lex_tok_t *t)
{
    lex_span_t s = t->span;

    while (t[1].kind != TOK_END && t->span.at + t->span.len == t[1].span.at) {
        t++;
    }
    s.len = t->span.at + t->span.len - s.at;
    return s;
}

bool
parse_pattern(parse_t *p, ast_pattern_t **out)
{
    ast_pattern_t *pat = arena_get(p->arena, sizeof(*pat));
    word_t method = parse_take(p, ROLE_METHOD);

    pat->methods = method == W_POST ? SENDA_METHOD_POST : SENDA_METHOD_GET;
    if (p->t->kind == TOK_END || p->t->kind == TOK_COMMA) {
        FAIL(p, p->t->span, MSG_PATTERN_EXPECTED, parse_before(p));
        return false;
    }
    if (!parse_is_pattern(p->t)) {
        diag_t *d = FAIL(p, p->t->span, MSG_PATTERN_NO_SLASH, parse_text(p, p->t));

        if ((p->t->kind == TOK_WORD || p->t->kind == TOK_OTHER) && !parse_is_pattern(p->t + 1)) {
            diag_near(p->ds, d, arena_printf(p->arena, "/%s", diag_text(p->ds, whole(p->t))));
        }
        diag_word(p->ds, d, W_PAGE);
        return false;
    }
    pat->text = (senda_str_t){ arena_text(p->arena, p->t->text.p, p->t->text.n), p->t->text.n };
    pat->span = p->t->span;
    if (p->t->kind == TOK_STRING) {
        pat->span.at = (uint32_t)(p->t->text.p - p->lexer.text);
        pat->span.len = (uint32_t)p->t->text.n;
    }
    p->t++;
    *out = pat;
    return braces_close(p, pat);
}

/* "24h": digits and a unit in one word; the unit, and *n; W_NONE if it is no such word. */
static word_t
joined_unit(const lex_tok_t *t, int64_t *n)
{
    size_t k = 0;

    if (t->kind != TOK_WORD) {
        return W_NONE;
    }
    for (*n = 0; t->folded[k] >= '0' && t->folded[k] <= '9' && k < 15; k++) {
        *n = *n * 10 + (t->folded[k] - '0');
    }
    return k == 0 ? W_NONE : words_of_phrase(ROLE_UNIT, t->folded + k);
}

/* Days that a span surely does not exceed. */
static int64_t
days_of(senda_span_t s)
{
    return (int64_t)s.months * 31 + s.days + s.secs / 86400;
}

static bool
take_span(parse_t *p, const lex_tok_t *at, word_t unit, int64_t n, senda_span_t *out)
{
    if (n < 1) {
        FAIL(p, at->span, MSG_DURATION_ZERO);
        return false;
    }
    if (n > (int64_t)LANG_DAYS_MAX * 86400 || days_of(words_span(unit, n)) > LANG_DAYS_MAX) {
        FAIL(p, at->span, MSG_DURATION_MAX);
        return false;
    }
    *out = words_span(unit, n);
    return true;
}

bool
parse_duration(parse_t *p, senda_span_t *out)
{
    const lex_tok_t *number = p->t;
    int64_t n;
    word_t unit = joined_unit(number, &n);
    diag_t *d;

    if (unit != W_NONE) {
        parse_mark(p, number, 1, unit);
        p->t++;
        return take_span(p, number, unit, n, out);
    }
    if (number->kind != TOK_NUMBER) {
        FAIL(p, number->span, MSG_DURATION_MISSING, parse_before(p));
        return false;
    }
    if (number->text.p[0] == '+' || number->text.p[0] == '-') {
        FAIL(p, number->span, MSG_DURATION_ZERO);
        return false;
    }
    if (!number->whole) {
        bool parts = strpbrk(parse_text(p, number), ".,") != NULL;

        FAIL(p, number->span, parts ? MSG_DURATION_WHOLE : MSG_DURATION_MAX);
        return false;
    }
    p->t++;
    unit = parse_take(p, ROLE_UNIT);
    if (unit != W_NONE) {
        return take_span(p, number, unit, number->number, out);
    }
    if (p->t->kind == TOK_WORD && !words_joining(p->t->folded)) {
        d = FAIL(p, p->t->span, MSG_DURATION_UNIT, parse_text(p, p->t), parse_list(p, ROLE_UNIT));
        diag_near(p->ds, d, parse_nearest(p, ROLE_UNIT, p->t->folded, NULL));
    } else {
        FAIL(p, number->span, MSG_DURATION_NO_UNIT, parse_text(p, number),
            parse_list(p, ROLE_UNIT));
    }
    return false;
}

/* The words that may stand further on in a line. */
static unsigned
tail_of(word_t owner)
{
    switch (owner) {
    case W_PAGE:
        return ROLE_PAGE | ROLE_METHOD;
    case W_EVENT:
        return ROLE_PART;
    default:
        return ROLE_TAIL;
    }
}

/* The nearest word to one that nobody expects here; NULL. */
static const char *
near_tail(parse_t *p, word_t owner)
{
    const char *transactional = words_say(W_TRANSACTIONAL, p->ds->lang);
    near_t near;

    if (owner != W_FLOW) {
        return parse_nearest(p, tail_of(owner), p->t->folded, NULL);
    }
    near_start(&near, p->t->folded);
    near_offer(&near, transactional, transactional);
    return near.best;
}

bool
parse_done(parse_t *p, word_t owner)
{
    const word_row_t *row = &words_table[owner];
    const char *arguments = row->arguments[p->ds->lang];

    return parse_done_as(p, owner,
        arena_printf(p->arena, "%s%s%s", words_say(owner, p->ds->lang),
            *arguments != '\0' ? " " : "", arguments));
}

bool
parse_done_as(parse_t *p, word_t owner, const char *shape)
{
    diag_t *d;

    if (p->t->kind == TOK_END) {
        return true;
    }
    if (p->t->kind == TOK_CLOSE) {
        FAIL(p, p->t->span, MSG_COND_PAREN_STRAY);
        return false;
    }
    d = FAIL(p, p->t->span, MSG_TRAILING, parse_text(p, p->t),
        arena_printf(p->arena, "\x01%s", shape));
    if (p->t->kind == TOK_WORD && p->t->head == 0 && d != NULL) {
        diag_near(p->ds, d, near_tail(p, owner));
    }
    diag_word(p->ds, d, owner);
    return false;
}
