/*
 * A `test` block in sentences, one a line, in its order.
 */

#include "explain_parts.h"

/* "at 11:00 on day 2"; without a time "at that point". */
static const char *
then(const say_t *s, const ast_check_t *line)
{
    const char *time;

    if (!line->at.has_time) {
        return SAY(s, PH_TEST_THEN);
    }
    time = say_time(s, line->at.second);
    return line->at.has_day ? SAY(s, PH_TEST_AT_DAY, time, say_number(s, line->at.day))
                            : SAY(s, PH_TEST_AT, time);
}

/* The same with a space before it; "" without a time. */
static const char *
at(const say_t *s, const ast_check_t *line)
{
    return line->at.has_time ? arena_printf(s->arena, " %s", then(s, line)) : "";
}

static const char *
message(const say_t *s, const ast_check_t *line)
{
    prog_channel_t channel = (prog_channel_t)words_table[line->channel].value;

    return say_fill(s, explain_message(channel, s->lang),
        (const char *const[]){ "", say_quoted(s, line->text.text), NULL });
}

/* " with total = 59.90 and item = red-37" */
static const char *
with(const say_t *s, const ast_check_t *line)
{
    const char *all = NULL;

    for (const ast_pair_t *p = line->pairs; p != NULL; p = p->next) {
        const char *one = SAY(s, PH_TEST_PAIR, p->name.text, p->value.text);

        all = all == NULL ? one : SAY(s, p->next == NULL ? PH_AND : PH_LIST, all, one);
    }
    return all == NULL ? "" : SAY(s, PH_TEST_WITH, all);
}

static const char *
benefit(const say_t *s, const ast_check_t *line)
{
    if (line->step == STEP_CREDIT) {
        return SAY(s, PH_A_CREDIT, say_value(s, &line->is));
    }
    return SAY(s, line->step == STEP_COUPON ? PH_THE_COUPON : PH_THE_GIFT,
        say_quoted(s, line->text.text));
}

static const char *
happens(const say_t *s, const ast_check_t *line, const char *times)
{
    ast_cond_t c = { .kind = COND_VERB, .verb = line->verb };

    return SAY(s, PH_TEST_EVENT,
        arena_printf(s->arena, "%s%s", say_cond(s, &c, true), with(s, line)), at(s, line), times);
}

static const char *
message_got(const say_t *s, const ast_check_t *line)
{
    const char *what = message(s, line);

    if (line->recommends) {
        what = arena_printf(s->arena, "%s%s", what, SAY(s, PH_TEST_RECOMMENDS));
    }
    return line->negated ? SAY(s, PH_TEST_NEVER, what) : SAY(s, PH_TEST_GETS, what, at(s, line));
}

static const char *
sentence(const say_t *s, const ast_check_t *line)
{
    const char *times = line->times > 1 ? SAY(s, PH_TEST_TIMES, say_number(s, line->times)) : "";
    const char *text = line->text.text, *quoted = text != NULL ? say_quoted(s, text) : "";
    bool no = line->negated;

    switch (line->head.kind) {
    case AST_TEST_CONTACT:
        return SAY(s, PH_TEST_CONTACT, arena_printf(s->arena, "%s%s", text, with(s, line)));
    case AST_TEST_VISIT:
        return SAY(s, line->post ? PH_TEST_POST : PH_TEST_VISIT,
            arena_printf(s->arena, "%s%s", text, with(s, line)), at(s, line), times);
    case AST_TEST_EVENT:
        return happens(s, line, times);
    case AST_TEST_TAG:
        return SAY(s, no ? PH_TEST_HAS_NOT : PH_TEST_HAS, quoted, then(s, line));
    case AST_TEST_EXPECT:
        return SAY(s, no ? PH_TEST_EXPECT_NOT : PH_TEST_EXPECT, say_cond(s, line->cond, false),
            then(s, line));
    case AST_TEST_BENEFIT:
        return SAY(s, no ? PH_TEST_NO_BENEFIT : PH_TEST_BENEFIT, benefit(s, line), at(s, line));
    case AST_TEST_NOTIFIES:
        return SAY(s, no ? PH_TEST_NO_NOTICE : PH_TEST_NOTIFIES, text, at(s, line));
    case AST_TEST_CALLS:
        return SAY(s, no ? PH_TEST_NO_CALL : PH_TEST_CALLS, text, at(s, line));
    case AST_TEST_SHOWS:
        return SAY(s, no ? PH_TEST_SHOWS_NOT : PH_TEST_SHOWS, quoted, then(s, line));
    case AST_TEST_SOLD_OUT:
        return SAY(s, no ? PH_TEST_IN_STOCK : PH_TEST_SOLD_OUT, quoted);
    default:
        return message_got(s, line);
    }
}

void
explain_test(const explain_t *e, const ast_test_t *test)
{
    const say_t *s = &e->say;
    unsigned n = 0;

    explain_line(e, 0, "",
        SAY(s, PH_H_TEST, say_quoted(s, test->name.text), say_number(s, test->head.span.line)));
    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next) {
        explain_line(e, 2, arena_printf(s->arena, "%u. ", ++n),
            say_sentence(s, sentence(s, (const ast_check_t *)h)));
    }
}
