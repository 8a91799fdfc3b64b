/*
 * A flow as it is drawn on a whiteboard, from the top down.
 */

#include "draw_parts.h"

#define FONT 16.0
#define TEXT 138.0 /* widest line of a label */

/* Arrow ends that wait for the next step: after a fork there are several. */
typedef struct {
    unsigned from;
    const char *label;
} loose_t;

static void
tie(pen_t *pen, GArray *loose, unsigned to)
{
    for (unsigned i = 0; i < loose->len; i++) {
        const loose_t *l = &g_array_index(loose, loose_t, i);

        pen_edge(pen, l->from, to, l->label);
    }
    g_array_set_size(loose, 0);
}

static void
let(GArray *loose, unsigned from, const char *label)
{
    loose_t l = { from, label };

    g_array_append_val(loose, l);
}

static void
step(pen_t *pen, GArray *loose, draw_shape_t shape, const char *text)
{
    unsigned n = pen_node(pen, shape, text);

    tie(pen, loose, n);
    let(loose, n, NULL);
}

static void draw_lines(pen_t *pen, const ast_list_t *lines, GArray *loose);

static void
fork_in_two(pen_t *pen, const ast_if_t *fork, GArray *loose)
{
    const say_t *s = &pen->say;
    GArray *no = g_array_new(FALSE, FALSE, sizeof(loose_t));
    unsigned n = pen_node(pen, DRAW_ASK, SAY(s, PH_DRAW_ASK, say_cond_short(s, fork->cond, false)));

    tie(pen, loose, n);
    let(loose, n, SAY(s, PH_DRAW_YES));
    draw_lines(pen, &fork->then, loose);
    let(no, n, SAY(s, PH_DRAW_NO));
    draw_lines(pen, &fork->otherwise, no);
    g_array_append_vals(loose, no->data, no->len);
    g_array_free(no, TRUE);
}

static const char *
message_label(const say_t *s, const ast_send_t *send)
{
    const char *text = NULL;

    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        const char *one = arena_printf(s->arena, "%s %s", words_say(ch->channel, s->lang),
            ch->template.text);

        text = text == NULL ? one : SAY(s, PH_OR, text, one);
    }
    return text;
}

/* Each branch by its share; what is left over goes past them. */
static void
fork_in_shares(pen_t *pen, const ast_split_t *split, GArray *loose)
{
    const say_t *s = &pen->say;
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(loose_t));
    unsigned n = pen_node(pen, DRAW_ASK, SAY(s, PH_DRAW_SPLIT));
    uint32_t rest = 10000;

    tie(pen, loose, n);
    for (const ast_head_t *h = split->branches.first; h != NULL; h = h->next) {
        const ast_branch_t *b = (const ast_branch_t *)h;

        let(loose, n, SAY(s, PH_DRAW_SHARE, say_hundredths(s, b->share)));
        draw_lines(pen, &b->lines, loose);
        g_array_append_vals(ends, loose->data, loose->len);
        g_array_set_size(loose, 0);
        rest -= MIN(rest, b->share);
    }
    if (rest > 0) {
        let(ends, n, SAY(s, PH_DRAW_SHARE, say_hundredths(s, rest)));
    }
    g_array_append_vals(loose, ends->data, ends->len);
    g_array_free(ends, TRUE);
}

static const char *
wait_label(const say_t *s, const ast_wait_t *w)
{
    ast_cond_t until = { .kind = COND_VERB, .verb = w->verb };

    switch (w->how) {
    case STEP_WAIT_TIME:
        return SAY(s, PH_DRAW_UNTIL,
            say_joined(s, say_time(s, w->second), say_weekdays(s, w->weekdays)));
    case STEP_WAIT_EVENT:
        return SAY(s, PH_DRAW_UNTIL_EVENT, say_cond_label(s, &until, true), say_span(s, w->span));
    default:
        return say_span(s, w->span);
    }
}

/* A step that ends the run leaves no loose end. */
static void
draw_step(pen_t *pen, const ast_step_t *line, GArray *loose)
{
    draw_shape_t shape = line->step == STEP_TAG ? DRAW_TAG
        : line->step == STEP_EXIT               ? DRAW_END
                                                : DRAW_STEP;

    step(pen, loose, shape, shape == DRAW_END ? "" : say_step_label(&pen->say, line));
    if (shape == DRAW_END) {
        g_array_set_size(loose, 0);
    }
}

static void
draw_lines(pen_t *pen, const ast_list_t *lines, GArray *loose)
{
    const say_t *s = &pen->say;

    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_WAIT:
            step(pen, loose, DRAW_WAIT, wait_label(s, (const ast_wait_t *)h));
            break;
        case AST_SEND:
            step(pen, loose, DRAW_MESSAGE, message_label(s, (const ast_send_t *)h));
            break;
        case AST_STEP:
            draw_step(pen, (const ast_step_t *)h, loose);
            break;
        case AST_IF:
            fork_in_two(pen, (const ast_if_t *)h, loose);
            break;
        case AST_SPLIT:
            fork_in_shares(pen, (const ast_split_t *)h, loose);
            break;
        default:
            break;
        }
    }
}

static const char *
start_label(const say_t *s, const ast_flow_t *flow)
{
    const char *text = NULL;

    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            text = text == NULL ? say_trigger_label(s, w)
                                : SAY(s, PH_DRAW_OR, text, say_trigger_label(s, w));
        }
    }
    return say_sentence(s, text != NULL ? text : SAY(s, PH_BEGUN_BY));
}

static const char *
again_label(const say_t *s, const ast_again_t *again)
{
    if (again == NULL || again->how == AGAIN_NEVER) {
        return SAY(s, PH_DRAW_NEVER);
    }
    if (again->how == AGAIN_EACH) {
        return SAY(s, PH_DRAW_EACH, again->each.text);
    }
    return again->how == AGAIN_ALWAYS ? SAY(s, PH_DRAW_ALWAYS)
                                      : SAY(s, PH_DRAW_AFTER, say_span(s, again->after));
}

static const char *
goal_label(const say_t *s, const ast_until_t *g)
{
    const char *text = SAY(s, PH_DRAW_GOAL, say_cond_short(s, g->cond, true));

    return g->has_within
        ? arena_printf(s->arena, "%s %s", text, SAY(s, PH_WITHIN_SHORT, say_span(s, g->within)))
        : text;
}

draw_t *
draw_flow(arena_t *arena, const ast_flow_t *flow, lang_id_t lang)
{
    pen_t pen = pen_new(arena, lang, FONT, TEXT);
    const say_t *s = &pen.say;
    GArray *loose = g_array_new(FALSE, FALSE, sizeof(loose_t));
    unsigned start = pen_node(&pen, DRAW_START, start_label(s, flow)), end;

    pen.d->title = flow->name.text;
    pen.d->subtitle = again_label(s, flow->again);
    let(loose, start, NULL);
    if (flow->stop != NULL) {
        unsigned stop = pen_node(&pen, DRAW_STOP,
            SAY(s, PH_DRAW_STOP, say_cond_label(s, flow->stop->cond, true)));
        draw_edge_t *e = pen_edge(&pen, start, stop, NULL);

        e->beside = e->dashed = e->plain = true;
    }
    if (flow->only != NULL) {
        step(&pen, loose, DRAW_ASK,
            SAY(s, PH_DRAW_ONLY, say_cond_label(s, flow->only->cond, false)));
    }
    draw_lines(&pen, &flow->lines, loose);
    end = pen_node(&pen, DRAW_END, "");
    tie(&pen, loose, end);
    if (flow->goal != NULL) {
        unsigned goal = pen_node(&pen, DRAW_GOAL, goal_label(s, flow->goal));

        draw_edge_t *e = pen_edge(&pen, end, goal, NULL);

        e->dashed = e->plain = true;
    }
    g_array_free(loose, TRUE);
    return pen_done(&pen);
}
