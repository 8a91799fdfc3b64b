/*
 * A flow in sentences: when it begins, for whom, how often, what ends it, what
 * counts as its goal, then its steps.
 */

#include "explain_parts.h"

static void
add_channels(const ast_head_t *h, void *bits)
{
    const ast_channel_t *ch = h->kind == AST_SEND ? ((const ast_send_t *)h)->channels : NULL;

    for (; ch != NULL; ch = ch->next) {
        *(unsigned *)bits |= CHANNEL_BIT((unsigned)words_table[ch->channel].value);
    }
}

static const char *
who(const explain_t *e, const ast_flow_t *flow)
{
    const say_t *s = &e->say;
    const char *addresses[CHANNELS], *consents[CHANNELS], *has;
    unsigned bits = 0, n = 0;

    ast_each_line(&flow->lines, add_channels, &bits);
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
    case AGAIN_EACH:
        return SAY(s, PH_AGAIN_EACH, say_quoted(s, again->each.text));
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

/* The starts of a flow, each one a case: all of its `start` lines, and what `or` stands between. */
static GPtrArray *
cases(const ast_flow_t *flow)
{
    GPtrArray *all = g_ptr_array_new();

    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            g_ptr_array_add(all, (gpointer)w);
        }
    }
    return all;
}

static void
begins(const explain_t *e, const ast_flow_t *flow)
{
    const say_t *s = &e->say;
    GPtrArray *all = cases(flow);

    if (all->len == 0) {
        explain_line(e, 2, "", SAY(s, PH_BEGUN_BY));
    } else if (all->len > 1) {
        explain_line(e, 2, "", SAY(s, PH_BEGINS_ANY));
    }
    for (unsigned i = 0; i < all->len; i++) {
        const ast_trigger_t *w = g_ptr_array_index(all, i);
        bool one = all->len == 1;
        const char *text = SAY(s, one ? PH_BEGINS : PH_CASE, say_trigger(s, w));

        explain_line(e, one ? 2 : 4, one ? "" : "- ",
            JOIN(e, say_sentence(s, text), say_trigger_note(s, w)));
    }
    g_ptr_array_free(all, TRUE);
}

void
explain_flow(const explain_t *e, const ast_flow_t *flow)
{
    const say_t *s = &e->say;

    explain_line(e, 0, "",
        SAY(s, PH_H_FLOW, say_quoted(s, flow->name.text), say_number(s, flow->head.span.line)));
    begins(e, flow);
    explain_line(e, 2, "", who(e, flow));
    if (flow->only != NULL) {
        explain_line(e, 2, "", SAY(s, PH_ONLY, say_cond(s, flow->only->cond, false)));
    }
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
    explain_steps(e, &flow->lines);
    explain_line(e, 2, "", SAY(s, PH_ENDS));
}
