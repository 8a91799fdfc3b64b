/*
 * What is allowed but probably not meant, asked as a colleague would: a cart
 * flow that goes on after the purchase, a coupon that is over when the next
 * message goes out, one template in two flows, a flow that never comes again.
 */

#include "check.h"

#define DEPTH_MAX 8 /* segments that a `stop if` is followed through */

static bool minds_purchase(const check_t *c, const ast_cond_t *cond, unsigned depth);

static bool
is_purchase(const check_t *c, const ast_verb_t *v)
{
    return check_event_of(c, v) == SENDA_EV_PURCHASE;
}

/* A tag that a purchase gives. */
static bool
tag_minds(const check_t *c, const ast_name_t *name)
{
    const known_t *k = check_find(c, NAMES_TAG, name);
    const ast_trigger_t *w = k != NULL && k->node->kind == AST_TAG
        ? ((const ast_tag_t *)k->node)->whens
        : NULL;

    for (; w != NULL; w = w->next) {
        if (w->verb != NULL && is_purchase(c, w->verb)) {
            return true;
        }
    }
    return false;
}

static bool
segment_minds(const check_t *c, const ast_name_t *name, unsigned depth)
{
    const known_t *k = check_find(c, NAMES_SEGMENT, name);

    return k != NULL && depth < DEPTH_MAX &&
        minds_purchase(c, ((const ast_state_t *)k->node)->cond, depth + 1);
}

/* Whether a condition becomes true by a purchase. */
static bool
minds_purchase(const check_t *c, const ast_cond_t *cond, unsigned depth)
{
    if (cond == NULL) {
        return false;
    }
    switch (cond->kind) {
    case COND_VERB:
    case COND_TOTAL:
    case COND_FIRST:
    case COND_LAST:
        return is_purchase(c, cond->verb);
    case COND_TAG:
        return tag_minds(c, &cond->name);
    case COND_SEGMENT:
        return segment_minds(c, &cond->name, depth);
    case COND_AND:
    case COND_OR:
        return minds_purchase(c, cond->left, depth) || minds_purchase(c, cond->right, depth);
    default:
        return false;
    }
}

static bool
is_cart(const check_t *c, const ast_verb_t *v)
{
    uint32_t e = v != NULL ? check_event_of(c, v) : 0;

    return e == SENDA_EV_VIEW_CART || e == SENDA_EV_ADD_TO_CART || e == SENDA_EV_BEGIN_CHECKOUT ||
        (v != NULL && v->before != NULL && is_cart(c, v->before));
}

static bool
starts_at_cart(const check_t *c, const ast_flow_t *flow)
{
    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            if (w->kind == TRIGGER_VERB && is_cart(c, w->verb)) {
                return true;
            }
        }
    }
    return false;
}

/* Somebody who has just bought starts it: to stop at that is not what it is about. */
static bool
starts_at_purchase(const check_t *c, const ast_flow_t *flow)
{
    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            if (w->verb != NULL && is_purchase(c, w->verb)) {
                return true;
            }
        }
    }
    return false;
}

static bool
ends_by_purchase(const check_t *c, const ast_until_t *line)
{
    return line != NULL && (line->head.broken || minds_purchase(c, line->cond, 0));
}

/* What a walk over the steps knows of the coupon whose message went out last. */
typedef struct {
    bool ended;                /* no step follows */
    const ast_step_t *pending; /* goes with the next message */
    const ast_step_t *out;     /* went out, and ends */
    int64_t since;             /* seconds waited after that, about */
    const ast_wait_t *wait;    /* the last of those waits */
} coupon_t;

typedef struct {
    check_t *c;
    const ast_flow_t *flow;
    unsigned sends;
    GHashTable *warned; /* templates of other flows, once each */
} warn_t;

static int64_t
overdue(const coupon_t *s)
{
    return s->out != NULL ? s->since - check_seconds(s->out->span) : INT64_MIN;
}

/* Of two ways to the same step, the one on which a coupon is nearer its end. */
static coupon_t
worse(coupon_t a, coupon_t b)
{
    if (a.ended || b.ended) {
        return a.ended ? b : a;
    }
    if (a.out == NULL && b.out == NULL) {
        a.pending = a.pending != NULL ? a.pending : b.pending;
        return a;
    }
    return overdue(&b) > overdue(&a) ? b : a;
}

static void
warn_template(warn_t *w, const ast_send_t *send)
{
    check_t *c = w->c;

    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        const known_t *k = check_find(c, NAMES_TEMPLATE, &ch->template);
        const ast_flow_t *other = k != NULL ? (const ast_flow_t *)k->node : w->flow;
        diag_t *d;

        if (other != w->flow && other->name.text != NULL &&
            g_hash_table_add(w->warned, (gpointer)k)) {
            d = DIAG(c->ds, ch->template.span, MSG_SAME_TEMPLATE, ch->template.text,
                other->name.text, arena_printf(c->arena, "%u", k->name->span.line));
            diag_other(d, k->name->span.line);
        }
    }
}

static void
pass_send(warn_t *w, const ast_send_t *send, coupon_t *s)
{
    check_t *c = w->c;

    w->sends++;
    warn_template(w, send);
    if (s->pending != NULL) {
        s->out = s->pending->has_span ? s->pending : NULL;
        s->pending = NULL;
        s->since = 0;
    } else if (s->out != NULL && overdue(s) > 0 && s->wait != NULL && send->channels != NULL &&
        send->channels->template.text != NULL && s->out->name.text != NULL) {
        uint32_t line = s->out->head.span.line;
        diag_t *d = DIAG(c->ds, s->wait->span_span, MSG_COUPON_OVER, s->out->name.text,
            send->channels->template.text, arena_printf(c->arena, "%u", line));

        diag_other(d, line);
        s->out = NULL;
    }
}

static void
pass_wait(const ast_wait_t *wait, coupon_t *s)
{
    if (wait->how != STEP_WAIT_TIME && s->out != NULL) {
        s->since += check_seconds(wait->span);
        s->wait = wait;
    }
}

static coupon_t walk(warn_t *w, const ast_list_t *lines, coupon_t s);

static coupon_t
walk_split(warn_t *w, const ast_split_t *split, coupon_t s)
{
    coupon_t on = { .ended = true };
    uint32_t sum = 0;

    for (const ast_head_t *h = split->branches.first; h != NULL; h = h->next) {
        if (h->kind == AST_BRANCH) {
            sum += ((const ast_branch_t *)h)->share;
            on = worse(on, walk(w, &((const ast_branch_t *)h)->lines, s));
        }
    }
    return sum >= 10000 ? on : worse(on, s); /* the rest goes by */
}

static bool
is_step(const ast_head_t *h)
{
    return h->kind == AST_WAIT || h->kind == AST_SEND || h->kind == AST_STEP || h->kind == AST_IF ||
        h->kind == AST_SPLIT;
}

/* The first step from h on: nobody comes to it. */
static void
warn_unreached(const warn_t *w, const ast_head_t *h)
{
    while (h != NULL && !is_step(h)) {
        h = h->next;
    }
    if (h != NULL) {
        DIAG(w->c->ds, h->word, MSG_STEP_UNREACHED, diag_text(w->c->ds, h->word));
    }
}

static coupon_t
walk_if(warn_t *w, const ast_if_t *f, coupon_t s)
{
    coupon_t then = walk(w, &f->then, s);

    if (f->then.first == NULL && f->otherwise.first == NULL && !f->head.broken) {
        DIAG(w->c->ds, f->head.word, MSG_IF_EMPTY, diag_text(w->c->ds, f->head.word));
    }
    return worse(then, walk(w, &f->otherwise, s));
}

static coupon_t
walk(warn_t *w, const ast_list_t *lines, coupon_t s)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        if (s.ended) {
            warn_unreached(w, h);
            break;
        }
        const ast_step_t *step = (const ast_step_t *)h;

        switch (h->kind) {
        case AST_WAIT:
            pass_wait((const ast_wait_t *)h, &s);
            break;
        case AST_SEND:
            pass_send(w, (const ast_send_t *)h, &s);
            break;
        case AST_STEP:
            s.pending = step->step == STEP_COUPON ? step : s.pending;
            s.ended = step->step == STEP_EXIT;
            break;
        case AST_IF:
            s = walk_if(w, (const ast_if_t *)h, s);
            break;
        case AST_SPLIT:
            s = walk_split(w, (const ast_split_t *)h, s);
            break;
        default:
            break;
        }
    }
    return s;
}

/* One day of one year comes once: nothing could come again. */
static bool
starts_once(const ast_flow_t *flow)
{
    return flow->start != NULL && flow->start->whens != NULL &&
        flow->start->whens->kind == TRIGGER_ON && flow->start->whens->next == NULL;
}

void
check_warn_flow(check_t *c, const ast_flow_t *flow)
{
    warn_t w = { c, flow, 0, g_hash_table_new(NULL, NULL) };

    walk(&w, &flow->lines, (coupon_t){ 0 });
    g_hash_table_unref(w.warned);
    if (w.sends > 0 && !flow->transactional && starts_at_cart(c, flow) &&
        !starts_at_purchase(c, flow) && !ends_by_purchase(c, flow->stop) &&
        !ends_by_purchase(c, flow->goal)) {
        DIAG(c->ds, flow->name.span, MSG_CART_NO_STOP, flow->name.text);
    }
    if (flow->again == NULL && !starts_once(flow)) {
        DIAG(c->ds, flow->name.span, MSG_NO_AGAIN, flow->name.text);
    }
}
