/*
 * Flows: what they lack, what contradicts itself, and what their steps name.
 */

#include "check.h"

static void
note_send(check_t *c, const ast_flow_t *flow, const ast_send_t *send)
{
    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        known_t *k = check_put(c, NAMES_TEMPLATE, &ch->template, &flow->head);

        if (k != NULL) {
            k->channels |= CHANNEL_BIT((unsigned)words_table[ch->channel].value);
        }
    }
}

static void
note_credit(check_t *c, const ast_flow_t *flow, const ast_step_t *s)
{
    ast_name_t *name = arena_get(c->arena, sizeof(*name));

    name->text = s->is.text.text != NULL ? check_money(c, &s->is) : NULL;
    name->key = name->text;
    name->span = s->is.span;
    check_put(c, NAMES_CREDIT, name, &flow->head);
}

static void
note_step(check_t *c, const ast_flow_t *flow, const ast_step_t *s)
{
    switch (s->step) {
    case STEP_TAG:
        check_put(c, NAMES_TAG, &s->name, &flow->head);
        break;
    case STEP_COUPON:
        check_put(c, NAMES_COUPON, &s->name, &flow->head);
        break;
    case STEP_GIFT:
        check_put(c, NAMES_GIFT, &s->name, &flow->head);
        break;
    case STEP_CREDIT:
        note_credit(c, flow, s);
        break;
    case STEP_NOTIFY:
        check_put(c, NAMES_ADDRESS, &s->name, &flow->head);
        break;
    case STEP_CALL:
        check_put(c, NAMES_URL, &s->name, &flow->head);
        break;
    case STEP_ENTER:
        if (s->name.text != NULL) {
            g_hash_table_add(c->entered, (gpointer)s->name.key);
        }
        break;
    default:
        break;
    }
}

/* A line of a flow, and the flow. */
typedef struct {
    check_t *c;
    const ast_flow_t *flow;
} line_of_t;

static void
note_line(const ast_head_t *h, void *ctx)
{
    const line_of_t *l = ctx;

    if (h->kind == AST_SEND) {
        note_send(l->c, l->flow, (const ast_send_t *)h);
    } else if (h->kind == AST_STEP) {
        note_step(l->c, l->flow, (const ast_step_t *)h);
    }
}

void
check_gives(check_t *c, const ast_flow_t *flow)
{
    ast_each_line(&flow->lines, note_line, &(line_of_t){ c, flow });
}

static void
check_send(check_t *c, const ast_send_t *send)
{
    const ast_channel_t *first = send->channels;
    unsigned before = 0;

    for (const ast_channel_t *ch = first; ch != NULL && ch->template.text != NULL; ch = ch->next) {
        unsigned bit = CHANNEL_BIT((unsigned)words_table[ch->channel].value);
        diag_t *d;

        if (strcmp(ch->template.text, first->template.text) != 0) {
            d = DIAG(c->ds, ch->template.span, MSG_SEND_TEMPLATES, first->template.text);
        } else if ((before & bit) != 0) {
            d = DIAG(c->ds, ch->span, MSG_SEND_TWICE, diag_text(c->ds, ch->span));
        } else {
            before |= bit;
            continue;
        }
        diag_word(c->ds, d, W_SEND);
        return;
    }
}

static void
check_split(check_t *c, const ast_split_t *split)
{
    uint32_t sum = 0;

    for (const ast_head_t *h = split->branches.first; h != NULL; h = h->next) {
        const ast_branch_t *b = (const ast_branch_t *)h;
        uint32_t before = sum;

        if (h->kind != AST_BRANCH || h->broken) {
            continue;
        }
        if (b->share == 0) {
            DIAG(c->ds, b->share_span, MSG_SHARE_ZERO);
        }
        sum += b->share < 1000000 ? b->share : 1000000;
        if (sum > 10000 && before <= 10000) {
            DIAG(c->ds, b->share_span, MSG_SPLIT_OVER, arena_printf(c->arena, "%g", sum / 100.0));
        }
    }
}

static void
check_recommend(check_t *c, const ast_step_t *s)
{
    if (s->number == 0 || s->number > LANG_RECOMMEND_MAX) {
        diag_word(c->ds,
            DIAG(c->ds, s->number_span, MSG_RECOMMEND_NUMBER, diag_text(c->ds, s->number_span),
                arena_printf(c->arena, "%d", LANG_RECOMMEND_MAX)),
            W_RECOMMEND);
    }
    if (s->name.text == NULL) {
        return;
    }
    if (s->recipe == RECIPE_BEST_SELLERS) {
        check_known(c, NAMES_PAGE, &s->name);
    } else if (!c->any_brought) {
        check_known(c, NAMES_BROUGHT, &s->name);
    }
}

static void
check_set(check_t *c, const ast_step_t *s)
{
    const known_t *k = check_known(c, NAMES_FIELD, &s->name);

    if (k != NULL) {
        kind_t kind = check_kind(((const ast_field_t *)k->node)->type);

        if (!check_field_money(c, s->name.text, kind, &s->is)) {
            check_value(c, s->name.text, kind, &s->is);
        }
    }
}

static void
check_call(check_t *c, const ast_name_t *url)
{
    const char *rest = url->text == NULL          ? NULL
        : g_str_has_prefix(url->text, "https://") ? url->text + 8
        : g_str_has_prefix(url->text, "http://")  ? url->text + 7
                                                  : "";

    if (rest != NULL && (rest[0] == '\0' || strchr("/?#:", rest[0]) != NULL)) {
        diag_word(c->ds, DIAG(c->ds, url->span, MSG_CALL_URL, url->text), W_CALL);
    }
}

static void
check_notify(check_t *c, const ast_name_t *address)
{
    const char *at = address->text != NULL ? strchr(address->text, '@') : NULL;

    if (address->text != NULL &&
        (at == NULL || at == address->text || strchr(at, '.') == NULL || strchr(at + 1, '@'))) {
        diag_word(c->ds, DIAG(c->ds, address->span, MSG_NOTIFY_ADDRESS, address->text), W_NOTIFY);
    }
}

static void
check_credit(check_t *c, const ast_step_t *s)
{
    if (s->is.text.text != NULL && s->is.number && s->is.value <= 0) {
        DIAG(c->ds, s->is.span, MSG_CREDIT_ZERO, diag_text(c->ds, s->is.span));
    }
    check_value(c, diag_text(c->ds, s->head.word), KIND_NUMBER, &s->is);
}

static void
check_step(check_t *c, const ast_flow_t *flow, const ast_step_t *s)
{
    if (s->head.broken) {
        return;
    }
    switch (s->step) {
    case STEP_CREDIT:
        check_credit(c, s);
        break;
    case STEP_RECOMMEND:
        check_recommend(c, s);
        break;
    case STEP_UNTAG:
        check_known(c, NAMES_TAG, &s->name);
        break;
    case STEP_SCORE:
        check_points(c, s->points, s->head.span);
        break;
    case STEP_SET:
        check_set(c, s);
        break;
    case STEP_CALL:
        check_call(c, &s->name);
        break;
    case STEP_NOTIFY:
        check_notify(c, &s->name);
        break;
    case STEP_ENTER:
    case STEP_LEAVE:
        if (check_known(c, NAMES_FLOW, &s->name) != NULL && s->step == STEP_ENTER &&
            flow->name.text != NULL && strcmp(s->name.key, flow->name.key) == 0) {
            DIAG(c->ds, s->name.span, MSG_ENTER_SELF, s->name.text);
        }
        break;
    default:
        break;
    }
}

static void
check_stop(check_t *c, const ast_until_t *stop)
{
    check_cond(c, stop->cond, true);
    if (stop->cond != NULL && check_of_nothing(stop->cond)) {
        DIAG(c->ds, stop->cond->span, MSG_STOP_NOTHING);
    }
}

/* Whether a start brings a value: those of no verb have their person's latest, if any. */
static bool
start_brings(const check_t *c, const ast_flow_t *flow, const ast_name_t *name)
{
    kind_t kind;

    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            if (w->verb != NULL ? check_brought(c, w->verb, name, &kind)
                                : w->kind == TRIGGER_TAG || w->kind == TRIGGER_SEGMENT ||
                        w->kind == TRIGGER_SCORE) {
                return true;
            }
        }
    }
    return flow->start == NULL;
}

static void
check_again(check_t *c, const ast_flow_t *flow, const ast_again_t *again)
{
    if (again->how != AGAIN_EACH || again->each.text == NULL || check_excused(c, &again->each) ||
        flow->doubtful || start_brings(c, flow, &again->each)) {
        return;
    }
    if (check_find(c, NAMES_BROUGHT, &again->each) == NULL) {
        if (!c->any_brought) {
            check_known(c, NAMES_BROUGHT, &again->each);
        }
        return;
    }
    DIAG(c->ds, again->each.span, MSG_AGAIN_CAPTURE, again->each.text);
}

static void
check_line(const ast_head_t *h, void *ctx)
{
    const line_of_t *l = ctx;
    check_t *c = l->c;

    switch (h->kind) {
    case AST_START:
        check_whens(c, ((const ast_start_t *)h)->whens);
        break;
    case AST_AGAIN:
        check_again(c, l->flow, (const ast_again_t *)h);
        break;
    case AST_STOP:
        check_stop(c, (const ast_until_t *)h);
        break;
    case AST_GOAL:
    case AST_ONLY:
        check_cond(c, ((const ast_until_t *)h)->cond, h->kind == AST_GOAL);
        break;
    case AST_WAIT:
        if (((const ast_wait_t *)h)->verb != NULL) {
            check_verb(c, ((const ast_wait_t *)h)->verb, true);
        }
        break;
    case AST_SEND:
        check_send(c, (const ast_send_t *)h);
        break;
    case AST_STEP:
        check_step(c, l->flow, (const ast_step_t *)h);
        break;
    case AST_IF:
        check_cond(c, ((const ast_if_t *)h)->cond, true);
        break;
    case AST_SPLIT:
        check_split(c, (const ast_split_t *)h);
        break;
    default:
        break;
    }
}

void
check_flow(check_t *c, const ast_flow_t *flow)
{
    const char *name = flow->name.text;

    ast_each_line(&flow->lines, check_line, &(line_of_t){ c, flow });
    if (name == NULL || flow->doubtful || flow->head.broken) {
        return;
    }
    if (flow->start == NULL && !g_hash_table_contains(c->entered, flow->name.key) &&
        !check_excused(c, &flow->name)) {
        DIAG(c->ds, flow->name.span, MSG_FLOW_NO_START, name);
    } else if (flow->nsteps == 0) {
        DIAG(c->ds, flow->name.span, MSG_FLOW_EMPTY, name);
    }
    check_warn_flow(c, flow);
}
