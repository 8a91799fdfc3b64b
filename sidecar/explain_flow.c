/*
 * A flow in sentences: when it begins, for whom, how often, what ends it, what
 * counts as its goal, then its steps with the time that has gone by. A wait is
 * said with the step that it leads to.
 */

#include "explain_parts.h"

#define DEEPEST 34 /* columns that branches move in; further ones stand as far as that */

/* How long the flow has gone on at the shortest and at the longest: branches differ. */
typedef struct {
    senda_span_t least, most;
    senda_span_t wait; /* since the last step that was said */
    bool first;        /* nothing was said yet */
} elapsed_t;

static unsigned
channels_of(const ast_list_t *lines)
{
    unsigned bits = 0;

    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        if (h->kind == AST_SEND) {
            const ast_channel_t *ch = ((const ast_send_t *)h)->channels;

            for (; ch != NULL; ch = ch->next) {
                bits |= CHANNEL_BIT((unsigned)words_table[ch->channel].value);
            }
        } else if (h->kind == AST_IF) {
            bits |= channels_of(&((const ast_if_t *)h)->then);
            bits |= channels_of(&((const ast_if_t *)h)->otherwise);
        }
    }
    return bits;
}

static const char *
who(const explain_t *e, const ast_flow_t *flow)
{
    const say_t *s = &e->say;
    const char *addresses[CHANNELS], *consents[CHANNELS], *has;
    unsigned bits = channels_of(&flow->lines), n = 0;

    for (unsigned c = 0; c < CHANNELS; c++) {
        if ((bits & CHANNEL_BIT(c)) != 0) {
            addresses[n] = explain_address((prog_channel_t)c, s->lang);
            consents[n++] = explain_consent((prog_channel_t)c, s->lang);
        }
    }
    if (n == 0) {
        return SAY(s, PH_REACH_NONE);
    }
    has = SAY(s, PH_REACH, say_list(s, addresses, n, PH_OR));
    return JOIN(e,
        flow->transactional ? SAY(s, PH_REACH_TRANSACTIONAL, has)
                            : SAY(s, PH_REACH_CONSENT, has, say_list(s, consents, n, PH_OR)),
        SAY(s, PH_REACH_LOST));
}

static const char *
how_often(const say_t *s, const ast_again_t *again)
{
    if (again == NULL) {
        return SAY(s, PH_AGAIN_UNSAID);
    }
    switch (again->how) {
    case AGAIN_AFTER:
        return SAY(s, PH_AGAIN_AFTER, say_span(s, again->after));
    case AGAIN_ALWAYS:
        return SAY(s, PH_AGAIN_ALWAYS);
    default:
        return SAY(s, PH_AGAIN_NEVER);
    }
}

static const char *
goal(const explain_t *e, const ast_until_t *g)
{
    const say_t *s = &e->say;
    const char *what = say_cond(s, g->cond, true);

    return JOIN(e,
        g->has_within ? SAY(s, PH_GOAL_WITHIN, what, say_span(s, g->within))
                      : SAY(s, PH_GOAL, what),
        SAY(s, PH_GOAL_ENDS));
}

static void
begins(const explain_t *e, const ast_flow_t *flow)
{
    const say_t *s = &e->say;
    const char *text = NULL, *notes = "";

    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        if (w == NULL) {
            continue;
        }
        text = text == NULL ? say_triggers(s, w) : say_or(s, text, say_triggers(s, w));
        for (; w != NULL; w = w->next) {
            const char *note = say_trigger_note(s, w);

            notes = strstr(notes, note) == NULL ? JOIN(e, notes, note) : notes;
        }
    }
    explain_line(e, 2, "", JOIN(e, SAY(s, PH_BEGINS, text), notes));
}

/* ---- steps ---- */

/* "1 day later (3 days after the beginning), …" */
static const char *
timed(const say_t *s, elapsed_t *t, const char *what)
{
    const char *wait = say_span(s, t->wait), *least = say_span(s, t->least);
    const char *text = what;

    if (!senda_span_is_zero(t->wait)) {
        bool branches = say_span_length(t->least) != say_span_length(t->most);

        text = branches ? SAY(s, PH_LATER_RANGE, wait, least, say_span(s, t->most), what)
            : say_span_length(t->wait) == say_span_length(t->least)
            ? SAY(s, PH_LATER, wait, what)
            : SAY(s, PH_LATER_SUM, wait, least, what);
    } else if (t->first) {
        text = SAY(s, PH_AT_ONCE, what);
    }
    t->wait = (senda_span_t){ 0 };
    t->first = false;
    return say_sentence(s, text);
}

/* Numbers are "1. " at the top, "2.1 " in a branch. */
typedef struct {
    const explain_t *e;
    const char *above; /* "2." */
    unsigned n, indent;
} numbers_t;

static const char *
next_number(numbers_t *n)
{
    return arena_printf(n->e->say.arena, "%s%u", n->above, ++n->n);
}

static void
say_step(numbers_t *n, const char *number, const char *text)
{
    explain_line(n->e, n->indent, arena_printf(n->e->say.arena, "%s. ", number), text);
}

static void steps(numbers_t *n, const ast_list_t *lines, elapsed_t *t);

static void
branches(numbers_t *n, const ast_if_t *fork, elapsed_t *t)
{
    const say_t *s = &n->e->say;
    const char *number = next_number(n);
    numbers_t inner = { n->e, arena_printf(s->arena, "%s.", number), 0,
        MIN(n->indent + 3, DEEPEST) };
    elapsed_t yes, no;

    say_step(n, number, timed(s, t, SAY(s, PH_ASKS, say_cond(s, fork->cond, false))));
    yes = no = *t;
    steps(&inner, &fork->then, &yes);
    if (fork->otherwise.first != NULL) {
        explain_line(n->e, n->indent + 3, "", SAY(s, PH_OTHERWISE));
        steps(&inner, &fork->otherwise, &no);
    }
    t->least = say_span_length(yes.least) < say_span_length(no.least) ? yes.least : no.least;
    t->most = say_span_length(yes.most) > say_span_length(no.most) ? yes.most : no.most;
}

static void
steps(numbers_t *n, const ast_list_t *lines, elapsed_t *t)
{
    const say_t *s = &n->e->say;

    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_WAIT:
            t->wait = say_span_add(t->wait, ((const ast_wait_t *)h)->span);
            t->least = say_span_add(t->least, ((const ast_wait_t *)h)->span);
            t->most = say_span_add(t->most, ((const ast_wait_t *)h)->span);
            break;
        case AST_SEND:
            say_step(n, next_number(n),
                timed(s, t, SAY(s, PH_SENDS, say_messages(s, (const ast_send_t *)h))));
            break;
        case AST_IF:
            branches(n, (const ast_if_t *)h, t);
            break;
        default:
            break;
        }
    }
    if (!senda_span_is_zero(t->wait)) {
        say_step(n, next_number(n), timed(s, t, SAY(s, PH_WAITS)));
    }
}

void
explain_flow(const explain_t *e, const ast_flow_t *flow)
{
    const say_t *s = &e->say;
    elapsed_t t = { .first = true };
    numbers_t n = { e, "", 0, 4 };

    explain_line(e, 0, "",
        SAY(s, PH_H_FLOW, say_quoted(s, flow->name.text), say_number(s, flow->head.span.line)));
    begins(e, flow);
    explain_line(e, 2, "", who(e, flow));
    explain_line(e, 2, "", how_often(s, flow->again));
    if (flow->stop != NULL) {
        explain_line(e, 2, "", SAY(s, PH_STOPS, say_cond(s, flow->stop->cond, true)));
    }
    if (flow->goal != NULL) {
        explain_line(e, 2, "", goal(e, flow->goal));
    }
    if (flow->stop == NULL && flow->goal == NULL) {
        explain_line(e, 2, "", SAY(s, PH_STOPS_NOT));
    }
    explain_line(e, 2, "", SAY(s, PH_STEPS));
    steps(&n, &flow->lines, &t);
    explain_line(e, 2, "", SAY(s, PH_ENDS));
}
