/*
 * The lines of flows and tests as a tree: which block a step hangs in, whose a
 * comment is, what each line keeps of its words; and what is said of a line
 * whose shape is wrong, to the word.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <glib.h>

#include "compile.h"

/* A flow `f` of these lines, in a file without mistakes. */
static lang_t *
read_flow(const char *lines)
{
    char *text = g_strdup_printf("flow f\n  start when buys\n  again never\n%s", lines);
    lang_t *l = lang_read("a.senda", text, strlen(text));

    g_free(text);
    if (lang_errors(l) > 0) {
        lang_print(l, stderr, false);
        fail_msg("the text should have no mistakes");
    }
    return l;
}

/* The i-th line of a list. */
static const ast_head_t *
nth(const ast_list_t *lines, unsigned i)
{
    const ast_head_t *h = lines->first;

    while (i-- > 0 && h != NULL) {
        h = h->next;
    }
    assert_non_null(h);
    return h;
}

static const ast_flow_t *
flow_of(const lang_t *l)
{
    const ast_head_t *h = l->file->items.first;

    while (h != NULL && h->kind != AST_FLOW) {
        h = h->next;
    }
    assert_non_null(h);
    return (const ast_flow_t *)h;
}

static void
span_is(const lang_t *l, lex_span_t s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(l->clean + s.at, text, s.len);
}

static void
shares_hold_their_lines(void **state)
{
    lang_t *l = read_flow(
        "  split # in halves\n    50%\n    # first\n      send email a\n"
        "      wait 1 day\n    12.5 % send email b # one line\n    1% exit\n  end\n"
        "  send email c\n");
    const ast_flow_t *f = flow_of(l);
    const ast_split_t *s = (const ast_split_t *)nth(&f->lines, 2);
    const ast_branch_t *first = (const ast_branch_t *)s->branches.first;
    const ast_branch_t *second = (const ast_branch_t *)first->head.next;

    (void)state;
    assert_int_equal(s->head.kind, AST_SPLIT);
    span_is(l, s->head.comment, "# in halves");
    assert_int_equal(first->head.kind, AST_BRANCH);
    assert_int_equal(first->share, 5000);
    assert_int_equal(first->lines.first->kind, AST_SEND);
    assert_non_null(first->lines.first->lead);
    assert_int_equal(first->lines.last->kind, AST_WAIT);
    assert_int_equal(second->share, 1250);
    span_is(l, second->share_span, "12.5 %");
    span_is(l, second->head.word, "12.5 %");
    span_is(l, second->head.span, "12.5 % send email b");
    span_is(l, second->head.comment, "# one line");
    assert_ptr_equal(second->lines.first, second->lines.last);
    span_is(l, second->lines.first->span, "send email b");
    span_is(l, second->lines.first->word, "send");
    assert_int_equal(second->lines.first->comment.len, 0);
    assert_null(second->head.next->next);
    span_is(l, s->end_line.span, "end");
    assert_int_equal(f->lines.last->kind, AST_SEND);
    assert_int_equal(f->nsteps, 6);
    lang_free(l);
}

/* Indentation below a split is style: a share's lines go up to the next share. */
static void
indentation_is_style(void **state)
{
    lang_t *l = read_flow("  split\n  50%\n  send email a\n  if buys\n  exit\n  else\n  split\n"
                          "  10% exit\n  end\n  end\n  50%\n  end\n");
    const ast_split_t *s = (const ast_split_t *)flow_of(l)->lines.last;
    const ast_branch_t *first = (const ast_branch_t *)s->branches.first;
    const ast_if_t *choice = (const ast_if_t *)first->lines.last;

    (void)state;
    assert_int_equal(first->lines.first->kind, AST_SEND);
    assert_int_equal(choice->head.kind, AST_IF);
    assert_int_equal(choice->then.first->kind, AST_STEP);
    assert_int_equal(choice->otherwise.first->kind, AST_SPLIT);
    assert_null(((const ast_branch_t *)s->branches.last)->lines.first);
    lang_free(l);
}

typedef struct {
    ast_kind_t kinds[16];
    unsigned n;
} seen_t;

static void
note(const ast_head_t *line, void *ctx)
{
    seen_t *seen = ctx;

    assert_true(seen->n < G_N_ELEMENTS(seen->kinds));
    seen->kinds[seen->n++] = line->kind;
}

static void
every_line_is_walked(void **state)
{
    lang_t *l = read_flow("  if buys\n    wait 1 day\n  else\n    split\n      5% send email a\n"
                          "      6%\n        require stock\n    end\n  end\n  send email b\n");
    static const ast_kind_t kinds[] = { AST_START, AST_AGAIN, AST_IF, AST_WAIT, AST_SPLIT,
        AST_BRANCH, AST_SEND, AST_BRANCH, AST_STEP, AST_SEND };
    seen_t seen = { .n = 0 };

    (void)state;
    ast_each_line(&flow_of(l)->lines, note, &seen);
    assert_int_equal(seen.n, G_N_ELEMENTS(kinds));
    assert_memory_equal(seen.kinds, kinds, sizeof(kinds));
    lang_free(l);
}

static void
the_flow_knows_its_lines(void **state)
{
    lang_t *l = read_flow("  only if buys or searches\n  stop if logs in\n  start when searches\n"
                          "  goal buys within 2 days\n  wait until searches at most 3 days\n");
    const ast_flow_t *f = flow_of(l);
    const ast_wait_t *w = (const ast_wait_t *)f->lines.last;

    (void)state;
    assert_int_equal(f->only->cond->kind, COND_OR);
    assert_int_equal(f->only->head.kind, AST_ONLY);
    assert_int_equal(f->stop->cond->verb->event, SENDA_EV_LOGIN);
    assert_int_equal(f->goal->within.days, 2);
    assert_int_equal(f->start->head.span.line, 2);
    assert_int_equal(w->how, STEP_WAIT_EVENT);
    span_is(l, w->span_span, "at most 3 days");
    span_is(l, w->verb->span, "searches");
    lang_free(l);
}

/* What follows a step's first word, as it stands in the file. */
static void
steps_keep_their_places(void **state)
{
    lang_t *l = read_flow("  coupon HI valid 24 hours\n  credit 27 EUR\n  score -5\n"
                          "  recommend 12 last viewed\n  send push a or sms a\n");
    const ast_list_t *lines = &flow_of(l)->lines;
    const ast_step_t *coupon = (const ast_step_t *)nth(lines, 2);
    const ast_step_t *credit = (const ast_step_t *)nth(lines, 3);
    const ast_step_t *score = (const ast_step_t *)nth(lines, 4);
    const ast_step_t *recommend = (const ast_step_t *)nth(lines, 5);
    const ast_send_t *send = (const ast_send_t *)nth(lines, 6);

    (void)state;
    span_is(l, coupon->name.span, "HI");
    span_is(l, coupon->span_span, "valid 24 hours");
    assert_true(coupon->has_span);
    span_is(l, credit->is.span, "27 EUR");
    assert_false(credit->has_span);
    span_is(l, score->number_span, "-5");
    span_is(l, recommend->number_span, "12");
    assert_int_equal(send->channels->channel, W_PUSH);
    span_is(l, send->channels->next->span, "sms");
    span_is(l, send->channels->next->template.span, "a");
    lang_free(l);
}

static void
parts_of_a_test_line_in_any_order(void **state)
{
    static const char *const ways[] = { "2 times with total=5 at 10:00 on day 3",
        "at 10:00 on day 3 with total=5 2 times", "with total=5 at 10:00 on day 3 2 times" };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        char *text = g_strdup_printf("page a /a?total={total} is purchase\ntest t\n  buys %s\n"
                                     "  never gets coupon x\n",
            ways[i]);
        lang_t *l = lang_read("a.senda", text, strlen(text));
        const ast_test_t *t = (const ast_test_t *)l->file->items.last;
        const ast_check_t *c = (const ast_check_t *)t->lines.first;

        assert_false(c->head.broken);
        assert_int_equal(c->times, 2);
        assert_string_equal(c->pairs->name.text, "total");
        assert_string_equal(c->pairs->value.text, "5");
        assert_null(c->pairs->next);
        assert_int_equal(c->at.second, 36000);
        assert_int_equal(c->at.day, 3);
        lang_free(l);
        g_free(text);
    }
}

static const ast_check_t *
first_line(lang_t **l, const char *line)
{
    char *text = g_strdup_printf("flow f\n  start when logs in\n  again never\n  send email a\n"
                                 "page p POST /p form ok={ok} nok={nok}\nfield ok text\n"
                                 "field nok text\ntest t\n  %s\n  never gets coupon x\n",
        line);

    *l = lang_read("a.senda", text, strlen(text));
    g_free(text);
    return (const ast_check_t *)((const ast_test_t *)(*l)->file->items.last)->lines.first;
}

static void
a_message_with_its_parts(void **state)
{
    static const char *const ways[] = { "gets email a with recommendations at 11:00 on day 4",
        "gets email a at 11:00 on day 4 with recommendations" };
    const ast_check_t *c;
    lang_t *l;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        c = first_line(&l, ways[i]);
        assert_false(c->head.broken);
        assert_true(c->recommends);
        assert_true(c->at.has_time);
        assert_int_equal(c->at.second, 39600);
        assert_int_equal(c->at.day, 4);
        lang_free(l);
    }
    c = first_line(&l, "never gets email a at 11:00 on day 4");
    assert_false(c->head.broken);
    assert_true(c->negated && c->at.has_time && c->at.has_day);
    lang_free(l);
}

static void
any_word_is_a_value(void **state)
{
    static const char *const values[] = { "si", "sí", "no", "on", "y", "and", "de", "at", "email" };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        char *line = g_strdup_printf("visit POST /p with ok=%s nok=%s at 10:00", values[i],
            values[i]);
        lang_t *l;
        const ast_check_t *c = first_line(&l, line);

        assert_false(c->head.broken);
        assert_string_equal(c->pairs->value.text, values[i]);
        assert_string_equal(c->pairs->next->value.text, values[i]);
        assert_true(c->at.has_time);
        lang_free(l);
        g_free(line);
    }
}

static void
a_contact_has_an_address_or_a_phone(void **state)
{
    static const char *const contacts[] = { "ann@example.com", "+34600111222" };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(contacts); i++) {
        char *line = g_strdup_printf("contact %s with ok=5", contacts[i]);
        lang_t *l;
        const ast_check_t *c = first_line(&l, line);

        assert_false(c->head.broken);
        assert_string_equal(c->text.text, contacts[i]);
        lang_free(l);
        g_free(line);
    }
}

typedef struct {
    const char *lines; /* of a flow, or of a test */
    msg_t id;
    uint32_t line, column; /* of the first mistake; line 1 is the lines' first */
} wrong_t;

static void
is_wrong(const wrong_t *w, const char *before, uint32_t line)
{
    char *text = g_strdup_printf("%s%s", before, w->lines);
    lang_t *l = lang_read("a.senda", text, strlen(text));
    unsigned i = 0;

    while (i + 1 < lang_diags(l) && lang_diag(l, i)->warning) {
        i++;
    }
    if (lang_errors(l) != 1 || l->diags.items[i].id != w->id ||
        lang_diag(l, i)->line != line + w->line || lang_diag(l, i)->column != w->column) {
        lang_print(l, stderr, false);
        fail_msg("another mistake than meant in: %s", w->lines);
    }
    lang_free(l);
    g_free(text);
}

static void
wrong_shapes_of_flows(void **state)
{
    static const wrong_t wrong[] = {
        { "  wait until\n", MSG_WAIT_UNTIL, 1, 13 },
        { "  wait until buys\n", MSG_WAIT_AT_MOST, 1, 18 },
        { "  wait until buys soon\n", MSG_TRAILING, 1, 19 },
        { "  wait until 10:00 on holidays\n", MSG_WEEKDAY, 1, 23 },
        { "  wait until 10:00 from monday\n", MSG_WEEKDAY_TO, 1, 31 },
        { "  wait until 10:00 from monday to\n", MSG_WEEKDAY, 1, 34 },
        { "  wait until 25:00\n", MSG_TIME_BAD, 1, 14 },
        { "  send email a or\n", MSG_SEND_CHANNEL, 1, 18 },
        { "  coupon\n  wait 1 day\n", MSG_NAME_MISSING, 1, 9 },
        { "  coupon HI valid\n", MSG_DURATION_MISSING, 1, 18 },
        { "  recommend 4\n  wait 1 day\n", MSG_RECIPE, 1, 14 },
        { "  recommend 4 cheap\n", MSG_RECIPE, 1, 15 },
        { "  recommend 4 bought with\n", MSG_NAME_MISSING, 1, 26 },
        { "  call\n", MSG_STEP_ADDRESS, 1, 7 },
        { "  notify 5\n", MSG_STEP_ADDRESS, 1, 10 },
        { "  exit now\n", MSG_TRAILING, 1, 8 },
        { "  require stock of it\n", MSG_TRAILING, 1, 17 },
        { "  again for each\n  exit\n", MSG_NAME_MISSING, 1, 17 },
        { "  only if\n  exit\n", MSG_COND_MISSING, 1, 10 },
        { "  only if buys\n  only if searches\n  exit\n", MSG_LINE_TWICE_ONLY, 2, 3 },
        { "  goal tag x\n  exit\n", MSG_GOAL_STATE, 1, 8 },
        { "  goal score > 5\n  exit\n", MSG_GOAL_STATE, 1, 8 },
        { "  split now\n    5% exit\n  end\n", MSG_SPLIT_ALONE, 1, 9 },
        { "  split\n  end\n", MSG_SPLIT_EMPTY, 1, 3 },
        { "  split\n    wait 1 day\n    5% exit\n  end\n", MSG_SPLIT_STEP, 2, 5 },
        { "  split\n    5% exit\n    wait 1 day\n  end\n", MSG_SPLIT_STEP, 3, 5 },
        { "  split\n    5% exit\n    if buys\n      exit\n    end\n  end\n", MSG_SPLIT_STEP, 3, 5 },
        { "  50% exit\n", MSG_SHARE_NOWHERE, 1, 3 },
        { "  if buys\n    50% exit\n  end\n", MSG_SHARE_NOWHERE, 2, 5 },
        { "  split\n    50% if buys\n  end\n", MSG_SHARE_STEP, 2, 9 },
        { "  split\n    50% start when buys\n  end\n", MSG_SHARE_STEP, 2, 9 },
        { "  split\n    50% sned email a\n  end\n", MSG_SHARE_STEP, 2, 9 },
        { "  split\n    50 exit\n  end\n", MSG_PERCENT_SIGN, 2, 5 },
        { "  split\n    50\n      exit\n    50% exit\n  end\n", MSG_PERCENT_SIGN, 2, 5 },
        { "  split\n    50% exit\n  edn\n  exit\n  wait 1 day\n", MSG_STEP_UNKNOWN, 3, 3 },
        { "  split\n    50% exit\n  exit\n  exit\n", MSG_SPLIT_STEP, 3, 3 },
        { "  split\n    50% send email\n  end\n", MSG_SEND_TEMPLATE, 2, 19 },
        { "  split\n    50% exit\n  else\n    50% exit\n  end\n", MSG_ELSE_NOWHERE, 3, 3 },
        { "  split\n    50% exit\n", MSG_END_MISSING, 1, 3 },
        { "  split\n    50%\n      if buys\n        exit\n  end\n", MSG_END_MISSING, 3, 7 },
        { "  split\n    50% exit\n    again never\n  end\n", MSG_IN_IF, 3, 5 },
        { "  exit\n  end\n", MSG_END_NOWHERE, 2, 3 },
    };
    static const char before[] = "tag x when buys\nflow f\n  start when buys\n";

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        is_wrong(&wrong[i], before, 3);
    }
}

static void
wrong_shapes_of_tests(void **state)
{
    static const wrong_t wrong[] = {
        { "  contact 600111222\n", MSG_TEST_CONTACT, 1, 11 },
        { "  contact a@example.com at 10:00\n", MSG_TRAILING, 1, 25 },
        { "  visit /a with\n", MSG_PAIR, 1, 16 },
        { "  visit /a with total 5\n", MSG_PAIR, 1, 17 },
        { "  visit /a at 10:00 at 11:00\n", MSG_TRAILING, 1, 21 },
        { "  visit /a 2 times 3 times\n", MSG_TRAILING, 1, 20 },
        { "  visit /a at 10:00 on day 0\n", MSG_TEST_DAY, 1, 28 },
        { "  visit /a at noon\n", MSG_TIME_MISSING, 1, 15 },
        { "  gets\n", MSG_SEND_CHANNEL, 1, 7 },
        { "  gets credit\n", MSG_MONEY_MISSING, 1, 14 },
        { "  gets coupon\n", MSG_NAME_MISSING, 1, 14 },
        { "  never gets email a at 10:00 with\n", MSG_TRAILING, 1, 31 },
        { "  never gets email a with recommendations\n", MSG_TRAILING, 1, 22 },
        { "  expect\n", MSG_COND_MISSING, 1, 9 },
        { "  expect buys within 2 days soon\n", MSG_TRAILING, 1, 29 },
        { "  notifies ann\n", MSG_TEST_ADDRESS, 1, 12 },
        { "  calls crm\n", MSG_TEST_URL, 1, 9 },
        { "  shows\n", MSG_NAME_MISSING, 1, 8 },
        { "  sold out\n", MSG_NAME_MISSING, 1, 11 },
        { "  opens email\n", MSG_SEND_TEMPLATE, 1, 14 },
        { "  returns after 2 days\n", MSG_TEST_VERB, 1, 3 },
        { "  arrives at shop\n", MSG_TEST_VERB, 1, 3 },
    };
    static const char before[] = "flow f\n  start when buys\n  again never\n  send email a\n"
                                 "test t\n  never gets email a\n";

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        is_wrong(&wrong[i], before, 6);
    }
}

/* Beyond the bound: one mistake, whatever mixture of blocks. */
static void
blocks_are_bounded(void **state)
{
    GString *text = g_string_new("flow f\n  start when buys\n  again never\n");
    lang_t *l;
    unsigned deep = 0;

    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        g_string_append(text, i % 2 == 0 ? "  if buys\n" : "  split\n  5%\n");
    }
    g_string_append(text, "  send email a\n");
    for (unsigned i = 0; i < 2000; i++) {
        g_string_append(text, "  end\n");
    }
    l = lang_read("a.senda", text->str, text->len);
    for (unsigned i = 0; i < lang_diags(l); i++) {
        deep += l->diags.items[i].id == MSG_IF_DEEP;
    }
    assert_int_equal(deep, 1);
    assert_int_equal(lang_errors(l), 1);
    lang_free(l);
    g_string_free(text, TRUE);
}

static void
shares_are_bounded(void **state)
{
    GString *text = g_string_new("flow f\n  start when buys\n  again never\n  split\n");
    lang_t *l;

    (void)state;
    for (unsigned i = 0; i < SPLIT_MAX; i++) {
        g_string_append(text, "    1% exit\n");
    }
    l = lang_read("a.senda", text->str, text->len);
    assert_int_equal(lang_errors(l), 1);
    assert_int_equal(l->diags.items[0].id, MSG_END_MISSING);
    lang_free(l);
    g_string_append(text, "    1% exit\n  end\n");
    l = lang_read("a.senda", text->str, text->len);
    assert_int_equal(lang_errors(l), 1);
    assert_int_equal(l->diags.items[0].id, MSG_SPLIT_MAX);
    assert_int_equal(lang_diag(l, 0)->line, 4 + SPLIT_MAX + 1);
    lang_free(l);
    g_string_free(text, TRUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_hold_their_lines),
        cmocka_unit_test(indentation_is_style),
        cmocka_unit_test(every_line_is_walked),
        cmocka_unit_test(the_flow_knows_its_lines),
        cmocka_unit_test(steps_keep_their_places),
        cmocka_unit_test(parts_of_a_test_line_in_any_order),
        cmocka_unit_test(a_message_with_its_parts),
        cmocka_unit_test(any_word_is_a_value),
        cmocka_unit_test(a_contact_has_an_address_or_a_phone),
        cmocka_unit_test(wrong_shapes_of_flows),
        cmocka_unit_test(wrong_shapes_of_tests),
        cmocka_unit_test(blocks_are_bounded),
        cmocka_unit_test(shares_are_bounded),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
