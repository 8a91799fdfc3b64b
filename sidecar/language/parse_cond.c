/*
 * Verbs, and the two kinds of sentence made of them: what happens (`when`) and
 * what is true (`if`). Recursive descent, as deep as LANG_COND_MAX.
 */

#include "parse.h"

#include "senda_limits.h"

/* What ends a verb's object: words that go on with the sentence. */
static bool
goes_on(const lex_tok_t *t)
{
    static const word_t words[] = { W_MORE_THAN, W_AT_LEAST, W_EXACTLY, W_WITHIN, W_SINCE_START,
        W_AND, W_OR, W_AT, W_ON_DAY };

    if (t->kind != TOK_WORD && t->kind != TOK_STRING) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words_accept(words[i], t) > 0) {
            return true;
        }
    }
    return false;
}

static bool
visited(parse_t *p, ast_verb_t *v)
{
    v->kind = VERB_ANY;
    if (parse_is_pattern(p->t)) {
        v->kind = VERB_PATTERN;
        return parse_pattern(p, &v->pattern);
    }
    if (!goes_on(p->t)) {
        v->kind = VERB_PAGE;
        return parse_name(p, W_VISITS, &v->name);
    }
    return true;
}

/* A standard event by its analytics name, or an event that the file declares. */
static bool
event_name(parse_t *p, ast_verb_t *v)
{
    const lex_tok_t *t = p->t;

    if (t->kind != TOK_WORD && t->kind != TOK_STRING) {
        return false;
    }
    v->event = senda_event_number(senda_cstr(t->folded));
    if (v->event != 0) {
        v->kind = VERB_STANDARD;
        parse_mark(p, t, 1, W_NONE);
    } else if (g_hash_table_contains(p->events, t->folded)) {
        v->kind = VERB_CUSTOM;
        parse_take_name(p, t, &v->name);
    } else {
        return false;
    }
    p->t++;
    return true;
}

static ast_verb_t *
verb_word(parse_t *p)
{
    ast_verb_t *v = arena_get(p->arena, sizeof(*v));
    lex_span_t from = p->t->span;
    word_t w = parse_take(p, ROLE_VERB);

    if (w != W_NONE) {
        v->word = parse_span_from(p, from);
        v->kind = VERB_STANDARD;
        v->event = (uint32_t)words_table[w].value;
        if (w == W_VISITS && !visited(p, v)) {
            return NULL;
        }
    } else if (event_name(p, v)) {
        v->word = from;
    } else {
        return NULL;
    }
    v->span = parse_span_from(p, from);
    return v;
}

ast_verb_t *
parse_event_verb(parse_t *p)
{
    return verb_word(p);
}

static void
offer_set(near_t *near, GHashTable *names)
{
    GHashTableIter it;
    gpointer key, value;

    g_hash_table_iter_init(&it, names);
    while (near->looked < LANG_NEAR_MAX && g_hash_table_iter_next(&it, &key, &value)) {
        near_offer(near, key, value);
    }
}

static void
no_verb(parse_t *p, word_t after)
{
    const lex_tok_t *t = p->t;
    bool words = t->kind == TOK_WORD || t->kind == TOK_STRING;
    const char *text = parse_text(p, t);
    diag_t *d;
    near_t near;

    if (t->kind == TOK_END || t->kind == TOK_COMMA || t->kind == TOK_CLOSE) {
        d = FAIL(p, t->span, MSG_VERB_MISSING, parse_before(p));
    } else if (words && g_hash_table_contains(p->pages, t->folded)) {
        d = FAIL(p, t->span, MSG_VERB_IS_PAGE, text);
    } else {
        d = FAIL(p, t->span, MSG_VERB_UNKNOWN, text);
        if (words && d != NULL) {
            const char *best = parse_nearest(p, ROLE_VERB, t->folded, NULL);

            near_start(&near, t->folded);
            offer_set(&near, p->events);
            diag_near(p->ds, d, near.best != NULL && best == NULL ? near.best : best);
        }
    }
    diag_word(p->ds, d, after);
}

static bool
take_count(parse_t *p, ast_verb_t *v, word_t word, prog_count_t count, unsigned more)
{
    const lex_tok_t *n = p->t;

    if (n->kind != TOK_NUMBER) {
        FAIL(p, n->span, MSG_COUNT_NUMBER, words_say(word, p->ds->lang));
        return false;
    }
    p->t++;
    if (!parse_accept(p, W_TIMES)) {
        diag_t *d = FAIL(p, n->span, MSG_COUNT_TIMES, words_say(W_TIMES, p->ds->lang));

        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_TAIL, p->t->folded, NULL));
        }
        return false;
    }
    if (!n->whole || n->number + more < 1) {
        FAIL(p, n->span, MSG_COUNT_WHOLE);
        return false;
    }
    if (n->number > LANG_TIMES_MAX) {
        FAIL(p, n->span, MSG_COUNT_MAX, arena_printf(p->arena, "%d", LANG_TIMES_MAX), "");
        return false;
    }
    v->has_count = true;
    v->count = count;
    v->times = (uint32_t)n->number + more;
    v->count_span = n->span;
    return true;
}

bool
parse_count(parse_t *p, ast_verb_t *v)
{
    if (parse_accept(p, W_MORE_THAN)) {
        return take_count(p, v, W_MORE_THAN, COUNT_AT_LEAST, 1);
    }
    if (parse_accept(p, W_AT_LEAST)) {
        return take_count(p, v, W_AT_LEAST, COUNT_AT_LEAST, 0);
    }
    parse_accept(p, W_EXACTLY);
    return take_count(p, v, W_EXACTLY, COUNT_EXACTLY, 0);
}

static bool
at_count(const lex_tok_t *t)
{
    return t->kind == TOK_NUMBER || words_accept(W_MORE_THAN, t) > 0 ||
        words_accept(W_AT_LEAST, t) > 0 || words_accept(W_EXACTLY, t) > 0;
}

/* What follows a verb: "3 times", "within 7 days", "since start", in any order. */
static bool
verb_tail(parse_t *p, ast_verb_t *v)
{
    for (;;) {
        lex_span_t at = p->t->span;

        if (at_count(p->t)) {
            if (v->has_count) {
                FAIL(p, at, MSG_COUNT_TWICE);
                return false;
            }
            if (!parse_count(p, v)) {
                return false;
            }
        } else if (words_accept(W_WITHIN, p->t) > 0) {
            if (v->has_window) {
                FAIL(p, at, MSG_WINDOW_TWICE);
                return false;
            }
            parse_accept(p, W_WITHIN);
            v->has_window = parse_duration(p, &v->window);
            v->window_span = parse_span_from(p, at);
            if (!v->has_window) {
                return false;
            }
        } else if (parse_accept(p, W_SINCE_START)) {
            v->since_start = true;
            v->since_span = parse_span_from(p, at);
        } else {
            return true;
        }
    }
}

ast_verb_t *
parse_verb(parse_t *p, word_t after)
{
    lex_span_t from = p->t->span;
    ast_verb_t *v = verb_word(p);

    if (v == NULL) {
        if (!p->failed) {
            no_verb(p, after);
        }
        return NULL;
    }
    if (!verb_tail(p, v)) {
        return NULL;
    }
    v->span = parse_span_from(p, from);
    return v;
}

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

static ast_cond_t *
has_tag(parse_t *p, lex_span_t from, bool negated)
{
    ast_cond_t *c = new_cond(p, COND_TAG, from, NULL, NULL);

    if (!parse_name(p, W_HAS_TAG, &c->tag)) {
        return NULL;
    }
    c->span = parse_span_from(p, from);
    return negated ? new_cond(p, COND_NOT, from, c, NULL) : c;
}

/* One thing that is true or not: a verb, a tag, or a condition in parentheses. */
static ast_cond_t *
one_of(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t from = p->t->span;
    ast_cond_t *c;
    ast_verb_t *v;

    if (p->t->kind == TOK_OPEN) {
        return in_parens(p, after, depth);
    }
    if (parse_accept(p, W_HAS_NO_TAG)) {
        return has_tag(p, from, true);
    }
    if (parse_accept(p, W_HAS_TAG) || parse_accept(p, W_TAG)) {
        return has_tag(p, from, false);
    }
    if (words_accept(W_WHEN, p->t) > 0) {
        diag_word(p->ds, FAIL(p, from, MSG_WHEN_IN_IF), after);
        return NULL;
    }
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, from, MSG_COND_MISSING, parse_before(p)), after);
        return NULL;
    }
    v = parse_verb(p, after);
    if (v == NULL) {
        return NULL;
    }
    c = new_cond(p, COND_VERB, from, NULL, NULL);
    c->verb = v;
    return c;
}

static ast_cond_t *
maybe_not(parse_t *p, word_t after, unsigned depth)
{
    lex_span_t from = p->t->span;
    ast_cond_t *c;

    if (too_deep(p, depth)) {
        return NULL;
    }
    if (words_accept(W_HAS_NO_TAG, p->t) == 0 &&
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

/* What is true does not happen: says which sentence is meant. */
static bool
is_state(parse_t *p)
{
    lex_span_t from = p->t->span;
    const lex_tok_t *t = p->t;

    if (t->kind == TOK_OPEN) {
        FAIL(p, from, MSG_PAREN_IN_WHEN);
    } else if (words_accept(W_IF, t) > 0) {
        FAIL(p, from, MSG_IF_IN_WHEN);
    } else if (parse_accept(p, W_HAS_NO_TAG) || parse_accept(p, W_HAS_TAG) ||
        parse_accept(p, W_TAG)) {
        p->t += p->t->kind == TOK_WORD || p->t->kind == TOK_STRING ? 1 : 0;
        from = parse_span_from(p, from);
        FAIL(p, from, MSG_STATE_IN_WHEN, diag_text(p->ds, from));
    } else {
        return false;
    }
    return true;
}

static ast_trigger_t *
one_when(parse_t *p)
{
    ast_trigger_t *w = arena_get(p->arena, sizeof(*w));
    lex_span_t from = p->t->span, and_at;

    if (is_state(p)) {
        return NULL;
    }
    if (words_accept(W_HAS_NO_TAG, p->t) == 0 && parse_accept(p, W_NOT)) {
        w->absent = is_state(p) ? NULL : parse_verb(p, W_START);
        w->span = parse_span_from(p, from);
        return w->absent == NULL ? NULL : w;
    }
    w->verb = parse_verb(p, W_START);
    if (w->verb == NULL) {
        return NULL;
    }
    and_at = p->t->span;
    if (parse_accept(p, W_AND)) {
        if (is_state(p)) {
            return NULL;
        }
        if (!parse_accept(p, W_NOT)) {
            FAIL(p, and_at, MSG_AND_IN_WHEN);
            return NULL;
        }
        w->absent = is_state(p) ? NULL : parse_verb(p, W_START);
        if (w->absent == NULL) {
            return NULL;
        }
    }
    w->span = parse_span_from(p, from);
    return w;
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
        FAIL(p, p->t->span, MSG_AND_IN_WHEN);
        return NULL;
    }
    return last == NULL ? NULL : first;
}
