/*
 * What is true: conditions, with `not` before `and` and `and` before `or`.
 * Recursive descent, as deep as LANG_COND_MAX.
 */

#include "parse.h"

static ast_cond_t *
new_cond(parse_t *p, prog_cond_kind_t kind, lex_span_t from, ast_cond_t *left, ast_cond_t *right)
{
    ast_cond_t *c = arena_get(p->arena, sizeof(*c));

    c->kind = kind;
    c->span = parse_span_from(p, from);
    c->left = left;
    c->right = right;
    return c;
}

static ast_cond_t *any_of(parse_t *p, word_t after, unsigned depth);

static bool
too_deep(parse_t *p, unsigned depth)
{
    if (depth < LANG_COND_MAX) {
        return false;
    }
    FAIL(p, p->t->span, MSG_COND_DEEP, arena_printf(p->arena, "%d", LANG_COND_MAX));
    return true;
}

static ast_cond_t *
in_parens(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t open = p->t->span;
    ast_cond_t *c;

    p->t++;
    c = any_of(p, after, depth + 1);
    if (c == NULL) {
        return NULL;
    }
    if (p->t->kind != TOK_CLOSE && p->t->kind != TOK_END) {
        parse_done(p, after);
        return NULL;
    }
    if (p->t->kind != TOK_CLOSE) {
        FAIL(p, open, MSG_COND_PAREN);
        return NULL;
    }
    p->t++;
    return c;
}

/* NAME of a tag, a stage, a segment. */
static ast_cond_t *
named(parse_t *p, prog_cond_kind_t kind, lex_span_t from, word_t owner)
{
    ast_cond_t *c = new_cond(p, kind, from, NULL, NULL);

    if (!parse_name(p, owner, &c->name)) {
        return NULL;
    }
    c->span = parse_span_from(p, from);
    return c;
}

static ast_cond_t *
negated(parse_t *p, lex_span_t from, ast_cond_t *c)
{
    return c == NULL ? NULL : new_cond(p, COND_NOT, from, c, NULL);
}

/* What may have been meant: somebody has a phone, and consents to SMS. */
static const char *
other_channel(parse_t *p, unsigned roles)
{
    if (words_accept(W_SMS, p->t) > 0 || words_accept(W_PHONE, p->t) > 0) {
        return words_say(roles == ROLE_REACH ? W_PHONE : W_SMS, p->ds->lang);
    }
    return p->t->kind == TOK_WORD ? parse_nearest(p, roles, p->t->folded, NULL) : NULL;
}

/* A channel after `has` or `consents to`. */
static ast_cond_t *
reached(parse_t *p, prog_cond_kind_t kind, lex_span_t from, word_t owner)
{
    unsigned roles = kind == COND_HAS ? ROLE_REACH : ROLE_CHANNEL;
    ast_cond_t *c = new_cond(p, kind, from, NULL, NULL);
    diag_t *d;

    c->channel = parse_take(p, roles);
    if (c->channel == W_NONE) {
        d = FAIL(p, p->t->span, MSG_HAS_WHAT, parse_before(p), parse_list(p, roles));
        diag_near(p->ds, d, other_channel(p, roles));
        diag_word(p->ds, d, owner);
        return NULL;
    }
    c->span = parse_span_from(p, from);
    return c;
}

static ast_cond_t *
score(parse_t *p, lex_span_t from)
{
    ast_cond_t *c = new_cond(p, COND_SCORE, from, NULL, NULL);

    if (!parse_compare(p, &c->is)) {
        return NULL;
    }
    c->span = parse_span_from(p, from);
    return c;
}

static bool
uncounted(parse_t *p, const ast_verb_t *v)
{
    if (v->has_count || v->by != BY_NONE) {
        FAIL(p, v->has_count ? v->count_span : v->by_span, MSG_TOTAL_COUNT);
        return false;
    }
    return true;
}

bool
parse_total(parse_t *p, ast_verb_t **verb, ast_compare_t *is)
{
    lex_span_t from = p->t->span;
    ast_verb_t *v = parse_noun(p, W_TOTAL_OF);

    if (v == NULL || !parse_verb_tail(p, v, false)) {
        return false;
    }
    v->span = parse_span_from(p, from);
    *verb = v;
    return parse_compare(p, is) && parse_verb_tail(p, v, false) && uncounted(p, v);
}

static ast_cond_t *
total(parse_t *p, lex_span_t from)
{
    ast_cond_t *c = new_cond(p, COND_TOTAL, from, NULL, NULL);

    if (!parse_total(p, &c->verb, &c->is)) {
        return NULL;
    }
    c->span = parse_span_from(p, from);
    return c;
}

/* "last purchase within 3 months": says how that age is written, if it stands here. */
static bool
window_for_age(parse_t *p, word_t owner)
{
    lex_span_t at = p->t->span, age;
    unsigned n = parse_slip_len(p->t, W_WITHIN), used;
    const char *before = parse_before(p);
    bool es = p->ds->lang == LANG_ES;
    diag_t *d;

    n = n > 0 ? n : words_accept(W_WITHIN, p->t);
    if (n == 0) {
        return false;
    }
    age = p->t[n].span;
    p->t += n;
    p->t += p->t->kind == TOK_END ? 0 : 1;
    p->t += words_find(ROLE_UNIT, p->t, &used) != W_NONE ? used : 0;
    age = parse_span_from(p, age);
    at = parse_span_from(p, at);
    d = FAIL(p, at, MSG_AGO_MISSING, before);
    if (age.len > 0) {
        diag_near(p->ds, d,
            arena_printf(p->arena, "%s %s%s%s", words_say(W_LESS_THAN_AGO, p->ds->lang),
                diag_text(p->ds, age), es ? "" : " ", es ? "" : words_say(W_AGO, LANG_EN)));
    }
    diag_word(p->ds, d, owner);
    return true;
}

/* After `last`: "purchase more than 3 months ago". */
static ast_cond_t *
first_or_last(parse_t *p, prog_cond_kind_t kind, lex_span_t from, word_t owner)
{
    ast_cond_t *c = new_cond(p, kind, from, NULL, NULL);
    lex_span_t at = p->t->span;

    c->verb = parse_noun(p, owner);
    if (c->verb == NULL || !parse_verb_tail(p, c->verb, true) || !uncounted(p, c->verb)) {
        return NULL;
    }
    c->verb->span = parse_span_from(p, at);
    if (window_for_age(p, owner)) {
        return NULL;
    }
    at = p->t->span;
    c->older = parse_accept(p, W_MORE_THAN_AGO);
    if (!c->older && !parse_accept(p, W_LESS_THAN_AGO)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_AGO_MISSING, parse_before(p)), owner);
        return NULL;
    }
    if (!parse_duration(p, &c->age)) {
        return NULL;
    }
    parse_accept(p, W_AGO);
    c->age_span = parse_span_from(p, at);
    c->span = parse_span_from(p, from);
    return c;
}

/* FIELD = VALUE */
static ast_cond_t *
field(parse_t *p, lex_span_t from)
{
    ast_cond_t *c = new_cond(p, COND_FIELD, from, NULL, NULL);

    if (!parse_name(p, p->owner, &c->name) || !parse_compare(p, &c->is)) {
        return NULL;
    }
    c->span = parse_span_from(p, from);
    return c;
}

/* Whether the name at the cursor stands for itself: a segment, or a word that is unknown. */
static bool
is_bare_name(parse_t *p)
{
    static const word_t ends[] = { W_AND, W_OR, W_AT };
    const lex_tok_t *t = p->t;

    if ((t->kind != TOK_WORD && t->kind != TOK_STRING) || t->text.n == 0 ||
        words_joining(t->folded)) {
        return false;
    }
    if (g_hash_table_contains(p->segments, t->folded)) {
        return true;
    }
    if (g_hash_table_contains(p->pages, t->folded)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (words_accept(ends[i], t + 1) > 0) {
            return true;
        }
    }
    return t[1].kind == TOK_END || t[1].kind == TOK_CLOSE;
}

static bool
is_verb(parse_t *p)
{
    const lex_tok_t *t = p->t;
    unsigned used;

    if (words_find(ROLE_VERB, t, &used) != W_NONE) {
        return true;
    }
    return (t->kind == TOK_WORD || t->kind == TOK_STRING) &&
        (senda_event_number(senda_cstr(t->folded)) != 0 ||
            g_hash_table_contains(p->events, t->folded));
}

static bool
is_field(parse_t *p)
{
    return (p->t->kind == TOK_WORD || p->t->kind == TOK_STRING) &&
        g_hash_table_contains(p->fields, p->t->folded);
}

/* "FIELD = VALUE", "SEGMENT", or a verb. */
static ast_cond_t *
name_or_verb(parse_t *p, word_t after)
{
    lex_span_t from = p->t->span;
    ast_cond_t *c;
    ast_verb_t *v;

    if (p->t->kind != TOK_END && (parse_is_cmp(p->t + 1) || parse_is_unequal(p->t + 1))) {
        return field(p, from);
    }
    if (!is_verb(p) && !is_bare_name(p) && is_field(p)) {
        return field(p, from); /* the comparison is missing, which is said there */
    }
    if (!is_verb(p) && is_bare_name(p)) {
        c = named(p, COND_SEGMENT, from, after);
        if (c != NULL) {
            c->bare = true;
        }
        return c;
    }
    v = parse_verb(p, after);
    if (v == NULL) {
        return NULL;
    }
    c = new_cond(p, COND_VERB, from, NULL, NULL);
    c->verb = v;
    return c;
}

/* What happens is not true: says how it is asked. */
static bool
is_happening(parse_t *p, word_t after)
{
    lex_span_t from = p->t->span;
    bool tag = words_accept(W_GETS_TAG, p->t) > 0;

    if (words_accept(W_WHEN, p->t) > 0) {
        diag_word(p->ds, FAIL(p, from, MSG_WHEN_IN_IF), after);
    } else if (tag || words_accept(W_ENTERS, p->t) > 0) {
        p->t += words_accept(tag ? W_GETS_TAG : W_ENTERS, p->t);
        from = parse_span_from(p, from);
        FAIL(p, from, MSG_HAPPENING_IN_IF, diag_text(p->ds, from),
            words_say(tag ? W_HAS_TAG : W_IN, p->ds->lang));
    } else if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, from, MSG_COND_MISSING, parse_before(p)), after);
    } else if (words_accept(W_AND, p->t) > 0 || words_accept(W_OR, p->t) > 0) {
        diag_word(p->ds, FAIL(p, from, MSG_COND_BEFORE, parse_text(p, p->t)), after);
    } else {
        return parse_slip_is(p, W_IN);
    }
    return true;
}

/* One thing that is true or not, or a condition in parentheses. */
static ast_cond_t *
one_of(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t from = p->t->span;

    if (p->t->kind == TOK_OPEN) {
        return in_parens(p, after, depth);
    }
    if (is_happening(p, after)) {
        return NULL;
    }
    if (parse_is_cmp(p->t + 1) && words_accept(W_SCORE, p->t) == 0) {
        return name_or_verb(p, after); /* a field may be called as a word is */
    }
    if (parse_accept(p, W_HAS_NO_TAG)) {
        return negated(p, from, named(p, COND_TAG, from, W_HAS_NO_TAG));
    }
    if (parse_accept(p, W_HAS_TAG) || parse_accept(p, W_TAG)) {
        return named(p, COND_TAG, from, W_HAS_TAG);
    }
    if (parse_accept(p, W_STAGE)) {
        return named(p, COND_STAGE, from, W_STAGE);
    }
    if (parse_accept(p, W_HAS_NO)) {
        return negated(p, from, reached(p, COND_HAS, from, W_HAS_NO));
    }
    if (parse_accept(p, W_HAS)) {
        return reached(p, COND_HAS, from, W_HAS);
    }
    if (parse_accept(p, W_CONSENTS)) {
        return reached(p, COND_CONSENTS, from, W_CONSENTS);
    }
    if (parse_accept(p, W_SCORE)) {
        return score(p, from);
    }
    if (parse_accept(p, W_TOTAL_OF)) {
        return total(p, from);
    }
    if (parse_accept(p, W_FIRST)) {
        return first_or_last(p, COND_FIRST, from, W_FIRST);
    }
    if (parse_accept(p, W_LAST)) {
        return first_or_last(p, COND_LAST, from, W_LAST);
    }
    if (parse_accept(p, W_IN)) {
        return named(p, COND_SEGMENT, from, W_SEGMENT);
    }
    return name_or_verb(p, after);
}

static ast_cond_t *
maybe_not(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t from = p->t->span;
    ast_cond_t *c;

    if (too_deep(p, depth)) {
        return NULL;
    }
    if (words_accept(W_HAS_NO_TAG, p->t) == 0 && words_accept(W_HAS_NO, p->t) == 0 &&
        (parse_accept(p, W_NOT) || parse_accept(p, W_NEVER))) {
        c = maybe_not(p, after, depth + 1);
        return c == NULL ? NULL : new_cond(p, COND_NOT, from, c, NULL);
    }
    return one_of(p, after, depth);
}

static ast_cond_t *
all_of(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t from = p->t->span;
    ast_cond_t *left = maybe_not(p, after, depth), *right;

    while (left != NULL && parse_accept(p, W_AND)) {
        right = maybe_not(p, after, depth);
        left = right == NULL ? NULL : new_cond(p, COND_AND, from, left, right);
    }
    return left;
}

static ast_cond_t *
any_of(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t from = p->t->span;
    ast_cond_t *left = all_of(p, after, depth), *right;

    while (left != NULL && parse_accept(p, W_OR)) {
        right = all_of(p, after, depth);
        left = right == NULL ? NULL : new_cond(p, COND_OR, from, left, right);
    }
    return left;
}

ast_cond_t *
parse_cond(parse_t *p, word_t after)
{
    return any_of(p, after, 0);
}
