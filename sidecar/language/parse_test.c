/*
 * The lines below `test`: who visits what and when, and what has to come.
 */

#include "parse.h"

/* "at 11:00", "on day 2" */
static bool
take_at(parse_t *p, ast_at_t *at)
{
    at->span = p->t->span;
    if (parse_accept(p, W_AT)) {
        if (p->t->kind != TOK_TIME) {
            FAIL(p, p->t->span, MSG_TIME_MISSING, words_say(W_AT, p->ds->lang));
            return false;
        }
        if (p->t->bad) {
            FAIL(p, p->t->span, MSG_TIME_BAD, parse_text(p, p->t));
            return false;
        }
        at->has_time = true;
        at->second = (int32_t)p->t->number;
        p->t++;
    }
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

static bool
at_time(const lex_tok_t *t)
{
    return words_accept(W_AT, t) > 0;
}

/* What may follow a visit or an event: how often, when. */
static void
times_and_time(parse_t *p, ast_check_t *c, word_t owner)
{
    ast_verb_t count = { .times = 1 };

    if (p->t->kind == TOK_NUMBER && !parse_count(p, &count)) {
        return;
    }
    c->times = count.times;
    if (at_time(p->t) && !take_at(p, &c->at)) {
        return;
    }
    parse_done(p, owner);
}

static void
contact_line(parse_t *p, ast_check_t *c)
{
    if (p->t->kind != TOK_ADDRESS) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_TEST_ADDRESS, parse_before(p)), W_CONTACT);
        return;
    }
    parse_take_name(p, p->t++, &c->text);
    parse_done(p, W_CONTACT);
}

static void
visit_line(parse_t *p, ast_check_t *c)
{
    c->post = parse_take(p, ROLE_METHOD) == W_POST;
    if (!parse_is_pattern(p->t)) {
        diag_t *d = FAIL(p, p->t->span, MSG_TEST_URL, parse_before(p));

        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, arena_printf(p->arena, "/%s", parse_text(p, p->t)));
        }
        diag_word(p->ds, d, W_VISIT);
        return;
    }
    parse_take_name(p, p->t++, &c->text);
    times_and_time(p, c, W_VISIT);
}

static void
gets_line(parse_t *p, ast_check_t *c, word_t w)
{
    diag_t *d;

    c->channel = parse_take(p, ROLE_CHANNEL);
    if (c->channel == W_NONE) {
        d = FAIL(p, p->t->span,
            p->t->kind == TOK_WORD ? MSG_SEND_CHANNEL_UNKNOWN : MSG_SEND_CHANNEL,
            p->t->kind == TOK_WORD ? parse_text(p, p->t) : parse_before(p),
            parse_list(p, ROLE_CHANNEL));
        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_CHANNEL, p->t->folded, NULL));
        }
        diag_word(p->ds, d, w);
        return;
    }
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SEND_TEMPLATE, parse_before(p)), w);
        return;
    }
    if (!parse_name(p, w, &c->text)) {
        return;
    }
    if (w == W_GETS && at_time(p->t) && !take_at(p, &c->at)) {
        return;
    }
    parse_done(p, w);
}

static void
unknown_line(parse_t *p, ast_test_t *test)
{
    const lex_tok_t *t = p->t;
    unsigned indent = p->line->indent;
    diag_t *d = FAIL(p, t->span, MSG_TEST_UNKNOWN, parse_text(p, t), parse_list(p, ROLE_TEST));

    if (t->kind == TOK_WORD && d != NULL) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_TEST | ROLE_VERB, t->folded, NULL));
    }
    test->doubtful = true;
    parse_excuse_line(p);
    parse_next(p);
    parse_skip_deeper(p, indent);
}

static ast_kind_t
kind_of(word_t w)
{
    switch (w) {
    case W_CONTACT:
        return AST_TEST_CONTACT;
    case W_VISIT:
        return AST_TEST_VISIT;
    case W_GETS:
    case W_NEVER_GETS:
        return AST_TEST_GETS;
    case W_HAS_TAG:
    case W_HAS_NO_TAG:
        return AST_TEST_TAG;
    default:
        return AST_TEST_EVENT;
    }
}

static void
test_line(parse_t *p, ast_test_t *test)
{
    const lex_tok_t *start = p->t;
    unsigned used;
    word_t w = words_find(ROLE_TEST, p->t, &used);
    ast_verb_t *verb = w == W_NONE ? parse_event_verb(p) : NULL;
    ast_check_t *c;

    if (w == W_NONE && verb == NULL) {
        p->t = start;
        unknown_line(p, test);
        return;
    }
    p->owner = w != W_NONE ? w : W_VISIT;
    c = (ast_check_t *)parse_head(p, sizeof(*c), kind_of(w), w != W_NONE ? used : 0);
    c->negated = w == W_NEVER_GETS || w == W_HAS_NO_TAG;
    c->verb = verb;
    c->times = 1;
    switch (c->head.kind) {
    case AST_TEST_CONTACT:
        contact_line(p, c);
        break;
    case AST_TEST_VISIT:
        visit_line(p, c);
        break;
    case AST_TEST_GETS:
        gets_line(p, c, w);
        break;
    case AST_TEST_TAG:
        if (parse_name(p, w, &c->text)) {
            parse_done(p, w);
        }
        break;
    default:
        times_and_time(p, c, W_VISIT);
    }
    ast_append(&test->lines, &c->head);
    parse_close(p, &c->head);
}

void
parse_test_lines(parse_t *p, ast_test_t *test)
{
    while (parse_in_block(p, W_TEST, ROLE_TEST | ROLE_VERB)) {
        test_line(p, test);
    }
}
