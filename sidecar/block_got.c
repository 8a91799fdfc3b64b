/*
 * A list in order of time. Names are compared as they are written: the checker
 * has made sure that they exist.
 */

#include "block_got.h"

#include <glib.h>

typedef struct {
    senda_sec_t at;
    intent_kind_t kind;
    prog_channel_t channel;
    const prog_step_t *step;
    bool recommends;
} got_t;

struct block_got_s {
    const program_t *program;
    GArray *list; /* got_t */
    bool *shown;  /* as in program.shows */
};

block_got_t *
block_got_new(const program_t *program)
{
    block_got_t *g = g_new(block_got_t, 1);

    *g = (block_got_t){ program, g_array_new(FALSE, FALSE, sizeof(got_t)),
        g_new0(bool, program->nshows + 1) };
    for (unsigned i = 0; i < program->nshows; i++)
        g->shown[i] = program->shows[i].cond == NULL;
    return g;
}

void
block_got_free(block_got_t *g)
{
    g_array_free(g->list, TRUE);
    g_free(g->shown);
    g_free(g);
}

void
block_got_intent(block_got_t *g, const intent_t *i)
{
    got_t got = { i->at, i->kind, i->channel, i->step, i->recipe != NULL };

    switch (i->kind) {
    case INTENT_SHOW:
        g->shown[i->show - g->program->shows] = i->on;
        break;
    case INTENT_MESSAGE:
    case INTENT_BENEFIT:
    case INTENT_NOTIFY:
    case INTENT_CALL:
        g_array_append_val(g->list, got);
        break;
    default:
        break;
    }
}

bool
block_got_asks(const prog_test_line_t *line)
{
    switch (line->kind) {
    case TEST_GETS:
    case TEST_NEVER_GETS:
    case TEST_BENEFIT:
    case TEST_NOTIFIES:
    case TEST_CALLS:
        return true;
    default:
        return false;
    }
}

static bool
same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
is_it(const got_t *g, const prog_test_line_t *line)
{
    switch (line->kind) {
    case TEST_GETS:
    case TEST_NEVER_GETS:
        return g->kind == INTENT_MESSAGE && g->channel == line->channel &&
            same(g->step->template, line->text) && (g->recommends || !line->recommends);
    case TEST_BENEFIT:
        return g->kind == INTENT_BENEFIT && g->step->kind == line->step &&
            (line->step == STEP_CREDIT ? g->step->value == line->value
                                       : same(g->step->text, line->text));
    case TEST_NOTIFIES:
        return g->kind == INTENT_NOTIFY && same(g->step->text, line->text);
    case TEST_CALLS:
        return g->kind == INTENT_CALL && same(g->step->text, line->text);
    default:
        return false;
    }
}

bool
block_got_came(const block_got_t *g, const prog_test_line_t *line, bool with_at, senda_sec_t at,
    senda_sec_t *when)
{
    for (guint i = 0; i < g->list->len; i++) {
        const got_t *got = &g_array_index(g->list, got_t, i);

        if (!is_it(got, line) || (with_at && (got->at < at || got->at >= at + 60)))
            continue;
        if (when != NULL)
            *when = got->at;
        return true;
    }
    return false;
}

bool
block_got_shown(const block_got_t *g, const char *block)
{
    for (unsigned i = 0; i < g->program->nshows; i++) {
        if (g->shown[i] && strcmp(g->program->shows[i].block, block) == 0)
            return true;
    }
    return false;
}
