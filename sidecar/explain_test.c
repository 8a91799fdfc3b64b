/*
 * A `test` block in sentences, one a line, in its order.
 */

#include "explain_parts.h"

static const char *
at(const say_t *s, const ast_check_t *line)
{
    const char *time;

    if (!line->at.has_time) {
        return "";
    }
    time = arena_printf(s->arena, "%d:%02d", line->at.second / 3600, line->at.second / 60 % 60);
    return line->at.has_day ? SAY(s, PH_TEST_AT_DAY, time, say_number(s, line->at.day))
                            : SAY(s, PH_TEST_AT, time);
}

static const char *
message(const say_t *s, const ast_check_t *line)
{
    prog_channel_t channel = (prog_channel_t)words_table[line->channel].value;

    return say_fill(s, explain_message(channel, s->lang),
        (const char *const[]){ "", say_quoted(s, line->text.text), NULL });
}

static const char *
sentence(const say_t *s, const ast_check_t *line)
{
    ast_cond_t happens = { .kind = COND_VERB };
    const char *times = line->times > 1 ? SAY(s, PH_TEST_TIMES, say_number(s, line->times)) : "";

    switch (line->head.kind) {
    case AST_TEST_CONTACT:
        return SAY(s, PH_TEST_CONTACT, line->text.text);
    case AST_TEST_VISIT:
        return SAY(s, line->post ? PH_TEST_POST : PH_TEST_VISIT, line->text.text, at(s, line),
            times);
    case AST_TEST_EVENT:
        happens.verb = line->verb;
        return SAY(s, PH_TEST_EVENT, say_cond(s, &happens, true), at(s, line), times);
    case AST_TEST_TAG:
        return SAY(s, line->negated ? PH_TEST_HAS_NOT : PH_TEST_HAS,
            say_quoted(s, line->text.text));
    default:
        return line->negated ? SAY(s, PH_TEST_NEVER, message(s, line))
                             : SAY(s, PH_TEST_GETS, message(s, line), at(s, line));
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
