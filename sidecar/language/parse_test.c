/*
 * The lines below `test`: who does what and when, and what has to come of it.
 * Never fails.
 */

#include "parse.h"

/* "at 11:00", "at 11:00 on day 2", if it stands here. */
static bool
take_at(parse_t *p, ast_at_t *at)
{
    at->span = p->t->span;
    if (words_accept(W_AT, p->t) == 0) {
        return true;
    }
    if (!parse_at(p, &at->second)) {
        return false;
    }
    at->has_time = true;
    if (parse_accept(p, W_ON_DAY)) {
        if (p->t->kind != TOK_NUMBER || !p->t->whole || p->t->number < 1 ||
            p->t->number > LANG_DAYS_MAX) {
            FAIL(p, p->t->span, MSG_TEST_DAY, words_say(W_ON_DAY, p->ds->lang),
                arena_printf(p->arena, "%d", LANG_DAYS_MAX));
            return false;
        }
        at->has_day = true;
        at->day = (uint32_t)p->t->number;
        p->t++;
    }
    at->span = parse_span_from(p, at->span);
    return true;
}

/* What may follow a visit or an event, in any order, each once: how often, with what, when. */
static bool
happening_parts(parse_t *p, ast_check_t *c)
{
    ast_verb_t count = { .times = 1 };
    bool ok = true;

    while (ok && p->t->kind != TOK_END) {
        if (p->t->kind == TOK_NUMBER && !count.has_count) {
            ok = parse_count(p, &count);
        } else if (c->pairs == NULL && parse_accept(p, W_WITH)) {
            ok = parse_pairs(p, &c->pairs);
        } else if (!c->at.has_time && words_accept(W_AT, p->t) > 0) {
            ok = take_at(p, &c->at);
        } else {
            break;
        }
    }
    c->times = count.times;
    return ok;
}

/* "+34600111222": its country first, and nothing between the digits. */
static bool
is_phone(const lex_tok_t *t)
{
    senda_str_t s = t->text;

    return t->kind == TOK_NUMBER && t->whole && s.p[0] == '+' && s.n >= 8;
}

static bool
address(parse_t *p, ast_check_t *c, word_t w)
{
    bool phone = w == W_CONTACT && is_phone(p->t);

    if (p->t->kind != TOK_ADDRESS && !phone) {
        diag_word(p->ds,
            FAIL(p, p->t->span, w == W_CONTACT ? MSG_TEST_CONTACT : MSG_TEST_ADDRESS,
                parse_before(p)),
            w);
        return false;
    }
    parse_take_name(p, p->t++, &c->text);
    return true;
}

static bool
url(parse_t *p, ast_check_t *c, word_t w)
{
    diag_t *d;

    if (parse_is_pattern(p->t)) {
        parse_take_name(p, p->t++, &c->text);
        return true;
    }
    d = FAIL(p, p->t->span, MSG_TEST_URL, parse_before(p));
    if (p->t->kind == TOK_WORD) {
        diag_near(p->ds, d, arena_printf(p->arena, "/%s", parse_text(p, p->t)));
    }
    diag_word(p->ds, d, w);
    return false;
}

/* "coupon HELLO", "credit 27 EUR", "gift SOCKS" */
static bool
benefit(parse_t *p, ast_check_t *c, word_t w)
{
    c->head.kind = AST_TEST_BENEFIT;
    c->step = (prog_step_kind_t)words_table[parse_take(p, ROLE_BENEFIT)].value;
    return c->step == STEP_CREDIT ? parse_money(p, w, &c->is) : parse_name(p, w, &c->text);
}

static bool
no_channel(parse_t *p, word_t w)
{
    bool word = p->t->kind == TOK_WORD;
    diag_t *d = FAIL(p, p->t->span, word ? MSG_SEND_CHANNEL_UNKNOWN : MSG_SEND_CHANNEL,
        word ? parse_text(p, p->t) : parse_before(p), parse_list(p, ROLE_CHANNEL));

    if (word) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_CHANNEL, p->t->folded, NULL));
    }
    diag_word(p->ds, d, w);
    return false;
}

/* "with recommendations" and "at 11:00", in any order. */
static bool
message_parts(parse_t *p, ast_check_t *c)
{
    bool ok = take_at(p, &c->at);

    c->recommends = ok && !c->negated && parse_accept(p, W_WITH_RECOMMENDATIONS);
    return ok && (c->at.has_time || take_at(p, &c->at));
}

static bool
received(parse_t *p, ast_check_t *c, word_t w)
{
    unsigned used;

    if (words_find(ROLE_BENEFIT, p->t, &used) != W_NONE) {
        return benefit(p, c, w);
    }
    c->channel = parse_take(p, ROLE_CHANNEL);
    if (c->channel == W_NONE) {
        return no_channel(p, w);
    }
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SEND_TEMPLATE, parse_before(p)), w);
        return false;
    }
    return parse_name(p, w, &c->text) && message_parts(p, c);
}

/* The first words of a test's lines. */
typedef struct {
    word_t word;
    ast_kind_t kind;
    bool negated;
} line_t;

static const line_t lines[] = {
    { W_CONTACT, AST_TEST_CONTACT, false },
    { W_VISIT, AST_TEST_VISIT, false },
    { W_GETS, AST_TEST_GETS, false },
    { W_NEVER_GETS, AST_TEST_GETS, true },
    { W_HAS_TAG, AST_TEST_TAG, false },
    { W_HAS_NO_TAG, AST_TEST_TAG, true },
    { W_EXPECT, AST_TEST_EXPECT, false },
    { W_EXPECT_NOT, AST_TEST_EXPECT, true },
    { W_NOTIFIES, AST_TEST_NOTIFIES, false },
    { W_NO_NOTICE, AST_TEST_NOTIFIES, true },
    { W_CALLS, AST_TEST_CALLS, false },
    { W_NO_CALL, AST_TEST_CALLS, true },
    { W_SHOWS, AST_TEST_SHOWS, false },
    { W_SHOWS_NOT, AST_TEST_SHOWS, true },
    { W_SOLD_OUT, AST_TEST_SOLD_OUT, false },
    { W_IN_STOCK, AST_TEST_SOLD_OUT, true },
};

static bool
line_rest(parse_t *p, ast_check_t *c, word_t w)
{
    switch (c->head.kind) {
    case AST_TEST_CONTACT:
        return address(p, c, w) && (!parse_accept(p, W_WITH) || parse_pairs(p, &c->pairs));
    case AST_TEST_VISIT:
        c->post = parse_take(p, ROLE_METHOD) == W_POST;
        return url(p, c, w) && happening_parts(p, c);
    case AST_TEST_GETS:
        return received(p, c, w);
    case AST_TEST_EXPECT:
        c->cond = parse_cond(p, w);
        return c->cond != NULL;
    case AST_TEST_NOTIFIES:
        return address(p, c, w);
    case AST_TEST_CALLS:
        return url(p, c, w);
    default:
        return parse_name(p, w, &c->text);
    }
}

/* Whether a time may come last, and has not come yet. */
static bool
takes_time(const ast_check_t *c)
{
    return c->head.kind != AST_TEST_CONTACT && c->head.kind != AST_TEST_VISIT && !c->at.has_time;
}

static ast_head_t *
word_line(parse_t *p, const line_t *line, unsigned used)
{
    ast_check_t *c;

    p->owner = line->word;
    c = (ast_check_t *)parse_head(p, sizeof(*c), line->kind, used);
    c->negated = line->negated;
    c->times = 1;
    if (line_rest(p, c, line->word) && (!takes_time(c) || take_at(p, &c->at))) {
        parse_done(p, line->word);
    }
    return &c->head;
}

/* What is done at once, by one line: not what takes several visits, nor a message that nobody names. */
static bool
is_event(parse_t *p, const ast_verb_t *v)
{
    if (v->kind == VERB_SPENDS || v->kind == VERB_RETURNS || v->kind == VERB_ARRIVES) {
        diag_word(p->ds, FAIL(p, v->word, MSG_TEST_VERB, diag_text(p->ds, v->word)), W_VISIT);
        return false;
    }
    if (v->kind == VERB_MESSAGE && v->name.text == NULL) {
        FAIL(p, p->t->span, MSG_SEND_TEMPLATE, parse_before(p));
        return false;
    }
    return true;
}

static ast_head_t *
event_line(parse_t *p, ast_verb_t *verb)
{
    ast_check_t *c = (ast_check_t *)parse_head(p, sizeof(*c), AST_TEST_EVENT, 0);

    c->verb = verb;
    c->times = 1;
    if (is_event(p, verb) && happening_parts(p, c)) {
        parse_done(p, W_VISIT);
    }
    return &c->head;
}

/* "doesn't get": the word that "does not get" is; else the nearest one. */
static const char *
meant(parse_t *p, const lex_tok_t *t)
{
    static const char *const doesnt[] = { "doesn't", "doesnt", "doesn’t", "don't", "dont" };
    const char *text = parse_text(p, t);
    word_t w = W_NONE;

    for (size_t i = 0; i < G_N_ELEMENTS(doesnt) && t[1].kind == TOK_WORD; i++) {
        if (g_ascii_strcasecmp(text, doesnt[i]) == 0) {
            w = words_of_phrase(ROLE_TEST, arena_printf(p->arena, "does not %s", t[1].folded));
        }
    }
    if (w != W_NONE) {
        return words_say(w, p->ds->lang);
    }
    return t->kind == TOK_WORD ? parse_nearest(p, ROLE_TEST | ROLE_VERB, t->folded, NULL) : NULL;
}

static void
unknown_line(parse_t *p, ast_test_t *test)
{
    const lex_tok_t *t = p->line->toks;
    unsigned indent = p->line->indent;
    diag_t *d = FAIL(p, t->span, MSG_TEST_UNKNOWN, parse_text(p, t), parse_list(p, ROLE_TEST));

    diag_near(p->ds, d, meant(p, t));
    test->doubtful = true;
    parse_excuse_line(p);
    parse_next(p);
    parse_skip_deeper(p, indent);
}

static void
test_line(parse_t *p, ast_test_t *test)
{
    unsigned used, i = 0;
    word_t w = words_find(ROLE_TEST, p->t, &used);
    ast_verb_t *verb;
    ast_head_t *h = NULL;

    while (i < G_N_ELEMENTS(lines) && lines[i].word != w) {
        i++;
    }
    p->owner = W_VISIT;
    if (i < G_N_ELEMENTS(lines)) {
        h = word_line(p, &lines[i], used);
    } else if ((verb = parse_event_verb(p)) != NULL) {
        h = event_line(p, verb);
    }
    if (h == NULL) {
        unknown_line(p, test);
        return;
    }
    ast_append(&test->lines, h);
    parse_close(p, h);
}

void
parse_test_lines(parse_t *p, ast_test_t *test)
{
    while (parse_in_block(p, W_TEST, ROLE_TEST | ROLE_VERB)) {
        test_line(p, test);
    }
}
