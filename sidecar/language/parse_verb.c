/*
 * Verbs: what somebody does, and what may follow it: how often, in which time,
 * of what, with what.
 */

#include "parse.h"

#include "senda_limits.h"

/* What ends a verb's object: words that go on with the sentence. */
static bool
goes_on(parse_t *p)
{
    static const word_t words[] = { W_MORE_THAN, W_AT_LEAST, W_EXACTLY, W_WITHIN, W_SINCE_START,
        W_AND, W_OR, W_AT, W_ON_DAY, W_WITH, W_OF_SAME, W_OF, W_ON_PAGE, W_AMONG, W_FOR_SPAN,
        W_FOR_WHOM, W_ONCE, W_EACH, W_AT_MOST, W_MORE_THAN_AGO, W_LESS_THAN_AGO };
    const lex_tok_t *t = p->t;

    if (t->kind != TOK_WORD && t->kind != TOK_STRING) {
        return true;
    }
    if (!words_joining(t->folded) && g_hash_table_contains(p->pages, t->folded)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words_accept(words[i], t) > 0) {
            return true;
        }
    }
    return parse_slip_len(t, W_NONE) > 0;
}

static bool
visited(parse_t *p, ast_verb_t *v)
{
    v->kind = VERB_ANY;
    if (parse_is_pattern(p->t)) {
        v->kind = VERB_PATTERN;
        return parse_pattern(p, &v->pattern);
    }
    if (!goes_on(p)) {
        v->kind = VERB_PAGE;
        return parse_name(p, W_VISITS, &v->name);
    }
    return true;
}

/* The one that belongs to the verb itself. */
static bool
duration(parse_t *p, ast_verb_t *v, word_t owner)
{
    lex_span_t at = p->t->span;

    if (!parse_duration(p, &v->duration)) {
        diag_word(p->ds, p->said, owner);
        return false;
    }
    v->duration_span = parse_span_from(p, at);
    return true;
}

/* After "spends more than": "3 minutes on PAGE". */
static bool
spends(parse_t *p, ast_verb_t *v)
{
    v->kind = VERB_SPENDS;
    if (!duration(p, v, W_SPENDS)) {
        return false;
    }
    if (!parse_accept(p, W_ON_PAGE)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SPENDS_PAGE, parse_before(p)), W_SPENDS);
        return false;
    }
    return parse_is_pattern(p->t) ? parse_pattern(p, &v->pattern)
                                  : parse_name(p, W_SPENDS, &v->name);
}

/* "24h" or the beginning of "24 hours": then an "en" before it is a window's. */
static bool
at_number(const lex_tok_t *t)
{
    return t->kind == TOK_NUMBER || (t->kind == TOK_WORD && g_ascii_isdigit(t->text.p[0]));
}

/* After "opens": [on] [CHANNEL] [TEMPLATE]. */
static bool
message(parse_t *p, ast_verb_t *v)
{
    unsigned on = words_accept(W_ON_PAGE, p->t);

    v->kind = VERB_MESSAGE;
    if (on > 0 && !at_number(p->t + on) && parse_slip_len(p->t, W_NONE) == 0) {
        parse_accept(p, W_ON_PAGE);
    }
    v->channel = parse_take(p, ROLE_CHANNEL);
    return goes_on(p) || parse_name(p, p->owner, &v->name);
}

static bool
object(parse_t *p, ast_verb_t *v, word_t w)
{
    switch (w) {
    case W_VISITS:
    case W_THE_VISIT:
        return visited(p, v);
    case W_SPENDS:
        return spends(p, v);
    case W_RETURNS:
        v->kind = VERB_RETURNS;
        return duration(p, v, W_RETURNS);
    case W_ARRIVES:
        v->kind = VERB_ARRIVES;
        return parse_name(p, W_ARRIVES, &v->name);
    case W_OPENS:
    case W_CLICKS:
    case W_RECEIVES:
        return message(p, v);
    default:
        return true;
    }
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
verb_word(parse_t *p, unsigned roles)
{
    ast_verb_t *v = arena_get(p->arena, sizeof(*v));
    lex_span_t from = p->t->span;
    word_t w = parse_take(p, roles);

    if (w != W_NONE) {
        v->word = parse_span_from(p, from);
        v->kind = VERB_STANDARD;
        v->event = (uint32_t)words_table[w].value;
        if (!object(p, v, w)) {
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
    return verb_word(p, ROLE_VERB);
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
    } else if (words_accept(W_AND, t) > 0 || words_accept(W_OR, t) > 0) {
        d = FAIL(p, t->span, MSG_VERB_BEFORE, text);
    } else if (words && g_hash_table_contains(p->pages, t->folded)) {
        d = FAIL(p, t->span, MSG_VERB_IS_PAGE, text);
    } else if (words && (p->excuse_all || g_hash_table_contains(p->excused, t->folded))) {
        p->failed = true; /* its declaration may be the line with a mistake: that was said there */
        return;
    } else {
        d = FAIL(p, t->span, MSG_VERB_UNKNOWN, text);
        if (words && d != NULL) {
            const char *best = parse_nearest(p, ROLE_VERB | ROLE_WHEN, t->folded, NULL);

            near_start(&near, t->folded);
            offer_set(&near, p->events);
            diag_near(p->ds, d, near.best != NULL && best == NULL ? near.best : best);
        }
    }
    diag_word(p->ds, d, after);
}

/* The number of a count into the verb; more: what "more than" adds. */
static bool
keep_count(parse_t *p, ast_verb_t *v, const lex_tok_t *n, prog_count_t count, unsigned more)
{
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

/* After a number: neither "times" nor what would make it a window. */
static void
no_times(parse_t *p, const lex_tok_t *n)
{
    unsigned used;
    bool unit = words_find(ROLE_UNIT, p->t, &used) != W_NONE;
    diag_t *d;

    if (unit && p->owner == W_WAIT) {
        FAIL(p, n->span, MSG_WAIT_AT_MOST, parse_text(p, n - 1));
        return;
    }
    d = FAIL(p, n->span, MSG_COUNT_TIMES, words_say(W_TIMES, p->ds->lang));
    if (unit) {
        diag_near(p->ds, d,
            arena_printf(p->arena, "%s %s %s", words_say(W_WITHIN, p->ds->lang), parse_text(p, n),
                parse_text(p, p->t)));
    } else if (p->t->kind == TOK_WORD) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_TAIL, p->t->folded, NULL));
    }
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
        no_times(p, n);
        return false;
    }
    return keep_count(p, v, n, count, more);
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

/* Tokens of "more than", "at least", "exactly" at t, 0 if none stands there. */
static unsigned
bound_len(const lex_tok_t *t)
{
    unsigned n = words_accept(W_MORE_THAN, t);

    n = n > 0 ? n : words_accept(W_AT_LEAST, t);
    return n > 0 ? n : words_accept(W_EXACTLY, t);
}

static bool
at_count(const lex_tok_t *t)
{
    return t->kind == TOK_NUMBER || bound_len(t) > 0;
}

/* Of values and days a bare number is "at least". */
static bool
different_count(parse_t *p, ast_verb_t *v)
{
    unsigned more = parse_accept(p, W_MORE_THAN) ? 1 : 0;
    bool exactly = more == 0 && !parse_accept(p, W_AT_LEAST) && parse_accept(p, W_EXACTLY);
    const lex_tok_t *n = p->t;

    if (n->kind != TOK_NUMBER) {
        FAIL(p, n->span, MSG_COUNT_NUMBER, parse_before(p));
        return false;
    }
    if (v->has_count) {
        FAIL(p, n->span, MSG_COUNT_TWICE);
        return false;
    }
    p->t++;
    return keep_count(p, v, n, exactly ? COUNT_EXACTLY : COUNT_AT_LEAST, more);
}

/* "on 3 different days", "en más de 3 días distintos" */
static bool
at_days(const lex_tok_t *t)
{
    unsigned n = words_accept(W_ON_PAGE, t);

    if (n == 0) {
        return false;
    }
    n += bound_len(t + n);
    return t[n].kind == TOK_NUMBER && words_accept(W_DIFFERENT_DAYS, t + n + 1) > 0;
}

static bool
by_days(parse_t *p, ast_verb_t *v)
{
    v->by = BY_DAY;
    return parse_accept(p, W_ON_PAGE) && different_count(p, v) && parse_accept(p, W_DIFFERENT_DAYS);
}

/* After "of": "3 different item", "3 item distintos". */
static bool
by_different(parse_t *p, ast_verb_t *v)
{
    bool before;

    v->by = BY_DIFFERENT;
    if (!different_count(p, v)) {
        return false;
    }
    before = parse_accept(p, W_DIFFERENT);
    if (!parse_name(p, W_OF_SAME, &v->capture)) {
        return false;
    }
    if (!before && !parse_accept(p, W_DIFFERENT)) {
        diag_t *d = FAIL(p, p->t->span, MSG_BY_DIFFERENT, v->capture.text);
        const char *best = parse_nearest(p, ROLE_TAIL, v->capture.key, NULL);

        if (best == NULL && p->t->kind == TOK_WORD) {
            best = parse_nearest(p, ROLE_TAIL, p->t->folded, NULL);
        }
        diag_near(p->ds, d, best);
        return false;
    }
    return true;
}

static bool
by(parse_t *p, ast_verb_t *v)
{
    lex_span_t at = p->t->span;
    bool ok;

    if (v->by != BY_NONE) {
        FAIL(p, at, MSG_BY_TWICE);
        return false;
    }
    if (parse_accept(p, W_OF_SAME)) {
        v->by = BY_SAME;
        ok = parse_name(p, W_OF_SAME, &v->capture);
    } else if (at_days(p->t)) {
        ok = by_days(p, v);
    } else {
        parse_accept(p, W_OF);
        ok = by_different(p, v);
    }
    v->by_span = parse_span_from(p, at);
    diag_word(p->ds, ok ? NULL : p->said, W_OF_SAME);
    return ok;
}

static bool
at_by(const lex_tok_t *t)
{
    unsigned of = words_accept(W_OF, t);

    return words_accept(W_OF_SAME, t) > 0 || at_days(t) || (of > 0 && at_count(t + of));
}

/* "with total > 100 EUR, size = 38" */
static bool
filters(parse_t *p, ast_verb_t *v)
{
    ast_filter_t **tail = &v->filters;

    while (*tail != NULL) {
        tail = &(*tail)->next;
    }
    do {
        ast_filter_t *f = arena_get(p->arena, sizeof(*f));

        if (!parse_name(p, W_WITH, &f->field) || !parse_compare(p, &f->is)) {
            return false;
        }
        *tail = f;
        tail = &f->next;
    } while (p->t->kind == TOK_COMMA && p->t++);
    return true;
}

static bool
among(parse_t *p, ast_verb_t *v)
{
    lex_span_t at = p->t->span, number;

    parse_accept(p, W_AMONG);
    if (!parse_number(p, W_SEARCHES, LANG_TIMES_MAX, &v->top, &number)) {
        return false;
    }
    if (v->top == 0) {
        FAIL(p, number, MSG_COUNT_WHOLE);
        return false;
    }
    if (!parse_accept(p, W_MOST_FREQUENT)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_AMONG, parse_before(p)), W_SEARCHES);
        return false;
    }
    v->top_span = parse_span_from(p, at);
    return true;
}

static bool
window(parse_t *p, ast_verb_t *v)
{
    lex_span_t at = p->t->span;

    if (v->has_window) {
        FAIL(p, at, MSG_WINDOW_TWICE);
        return false;
    }
    if (!parse_slip(p, W_WITHIN)) {
        parse_accept(p, W_WITHIN);
    }
    v->has_window = parse_duration(p, &v->window);
    v->window_span = parse_span_from(p, at);
    return v->has_window;
}

/* What says how long ago something was, or what people write instead. */
static bool
at_age(const lex_tok_t *t)
{
    return words_accept(W_MORE_THAN_AGO, t) > 0 || words_accept(W_LESS_THAN_AGO, t) > 0 ||
        words_accept(W_WITHIN, t) > 0 || parse_slip_len(t, W_WITHIN) > 0;
}

bool
parse_verb_tail(parse_t *p, ast_verb_t *v, bool aged)
{
    for (;;) {
        lex_span_t at = p->t->span;
        bool ok = true;

        if (aged && at_age(p->t)) {
            return true;
        }
        if (at_by(p->t)) {
            ok = by(p, v);
        } else if (at_count(p->t) && v->has_count) {
            FAIL(p, at, MSG_COUNT_TWICE);
            ok = false;
        } else if (at_count(p->t)) {
            ok = parse_count(p, v);
        } else if (parse_slip(p, W_MORE_THAN)) {
            ok = take_count(p, v, W_MORE_THAN, COUNT_AT_LEAST, 1);
        } else if (parse_slip_less(p)) {
            ok = false;
        } else if (words_accept(W_WITHIN, p->t) > 0 || parse_slip_len(p->t, W_WITHIN) > 0) {
            ok = window(p, v);
        } else if (words_accept(W_WITH_RECOMMENDATIONS, p->t) == 0 && parse_accept(p, W_WITH)) {
            ok = filters(p, v);
        } else if (words_accept(W_AMONG, p->t) > 0) {
            ok = among(p, v);
        } else if (parse_accept(p, W_SINCE_START)) {
            v->since_start = true;
            v->since_span = parse_span_from(p, at);
        } else {
            return true;
        }
        if (!ok) {
            return false;
        }
    }
}

static ast_verb_t *
one_verb(parse_t *p, word_t after)
{
    lex_span_t from = p->t->span;
    ast_verb_t *v = verb_word(p, ROLE_VERB);

    if (v == NULL) {
        if (!p->failed) {
            no_verb(p, after);
        }
        return NULL;
    }
    if (!parse_verb_tail(p, v, false)) {
        return NULL;
    }
    v->span = parse_span_from(p, from);
    return v;
}

/* What comes before "and then" is one happening, and no more is said of it. */
static bool
is_plain(const ast_verb_t *v)
{
    bool page = v->kind == VERB_ANY || v->kind == VERB_PAGE || v->kind == VERB_PATTERN;

    return (page || v->kind == VERB_STANDARD || v->kind == VERB_CUSTOM) && !v->has_count &&
        !v->has_window && !v->since_start && v->by == BY_NONE;
}

static bool
is_step(const ast_verb_t *v)
{
    return v->kind != VERB_SPENDS && v->kind != VERB_RETURNS && v->kind != VERB_ARRIVES &&
        v->kind != VERB_MESSAGE;
}

ast_verb_t *
parse_verb(parse_t *p, word_t after)
{
    lex_span_t from = p->t->span;
    ast_verb_t *v = one_verb(p, after), *next;

    for (unsigned n = 1; v != NULL && words_accept(W_AND_THEN, p->t) > 0; n++) {
        lex_span_t at = p->t->span;

        parse_accept(p, W_AND_THEN);
        at = parse_span_from(p, at);
        if (n > LANG_THEN_MAX) {
            FAIL(p, at, MSG_THEN_MAX, arena_printf(p->arena, "%d", LANG_THEN_MAX));
            return NULL;
        }
        if (!is_plain(v)) {
            FAIL(p, v->span, MSG_THEN_PLAIN, diag_text(p->ds, at));
            return NULL;
        }
        next = one_verb(p, after);
        if (next != NULL && !is_step(next)) {
            FAIL(p, next->span, MSG_THEN_PLAIN, diag_text(p->ds, at));
            return NULL;
        }
        if (next != NULL) {
            next->before = v;
            next->span = parse_span_from(p, from);
        }
        v = next;
    }
    return v;
}

ast_verb_t *
parse_noun(parse_t *p, word_t after)
{
    lex_span_t from = p->t->span;
    unsigned used;
    bool noun = words_find(ROLE_NOUN, p->t, &used) != W_NONE;
    ast_verb_t *v = verb_word(p, noun ? ROLE_NOUN : ROLE_VERB);

    if (v == NULL) {
        if (!p->failed) {
            no_verb(p, after);
        }
        return NULL;
    }
    v->span = parse_span_from(p, from);
    return v;
}
