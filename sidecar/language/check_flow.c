/*
 * Flows and tests: what they lack, what contradicts itself, and what a
 * colleague would ask about.
 */

#include "check.h"

#include "senda_limits.h"

typedef void (*each_send_pt)(check_t *c, const ast_flow_t *flow, const ast_send_t *send, void *ctx);

/* Every `send` of a flow, in the file's order; branches are at most LANG_IFS_MAX deep. */
static void
each_send(check_t *c, const ast_flow_t *flow, const ast_list_t *lines, each_send_pt each, void *ctx)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        if (h->kind == AST_SEND) {
            each(c, flow, (const ast_send_t *)h, ctx);
        } else if (h->kind == AST_IF) {
            each_send(c, flow, &((const ast_if_t *)h)->then, each, ctx);
            each_send(c, flow, &((const ast_if_t *)h)->otherwise, each, ctx);
        }
    }
}

static void
note_send(check_t *c, const ast_flow_t *flow, const ast_send_t *send, void *ctx)
{
    (void)ctx;
    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        if (ch->template.text != NULL && !g_hash_table_contains(c->sent, ch->template.text)) {
            sent_t *s = arena_get(c->arena, sizeof(*s));

            s->flow = flow;
            s->name = &ch->template;
            g_hash_table_insert(c->sent, (gpointer)ch->template.text, s);
        }
    }
}

void
check_sends(check_t *c, const ast_flow_t *flow)
{
    each_send(c, flow, &flow->lines, note_send, NULL);
}

static void
check_send(check_t *c, const ast_flow_t *flow, const ast_send_t *send, void *ctx)
{
    const ast_channel_t *first = send->channels;
    const sent_t *other;
    GHashTable *warned = ctx;
    diag_t *d = NULL;

    for (const ast_channel_t *ch = first; ch != NULL; ch = ch->next) {
        if (ch->template.text == NULL) {
            return;
        }
        if (strcmp(ch->template.text, first->template.text) != 0) {
            d = DIAG(c->ds, ch->template.span, MSG_SEND_TEMPLATES, first->template.text);
        } else if (ch->channel != W_EMAIL) {
            d = DIAG(c->ds, ch->span, MSG_SEND_EMAIL_ONLY, diag_text(c->ds, ch->span));
        } else if (ch != first) {
            d = DIAG(c->ds, ch->span, MSG_SEND_TWICE, diag_text(c->ds, ch->span));
        }
        if (d != NULL) {
            diag_word(c->ds, d, W_SEND);
            return;
        }
        other = g_hash_table_lookup(c->sent, ch->template.text);
        if (other != NULL && other->flow != flow && flow->name.text != NULL &&
            other->flow->name.text != NULL && g_hash_table_add(warned, (gpointer)other)) {
            d = DIAG(c->ds, ch->template.span, MSG_SAME_TEMPLATE, ch->template.text,
                other->flow->name.text, arena_printf(c->arena, "%u", other->name->span.line));
            diag_other(d, other->name->span.line);
        }
    }
}

static uint32_t
event_of_page(const check_t *c, const ast_verb_t *v)
{
    const ast_page_t *page;

    if (v->kind == VERB_STANDARD) {
        return v->event;
    }
    page = v->kind == VERB_PAGE ? g_hash_table_lookup(c->pages, v->name.key) : NULL;
    return page != NULL && page->has_event ? senda_event_number(senda_cstr(page->event.key)) : 0;
}

bool
check_is_purchase(const check_t *c, const ast_verb_t *v)
{
    return event_of_page(c, v) == SENDA_EV_PURCHASE;
}

/* Whether a condition becomes true by a purchase. */
static bool
minds_purchase(const check_t *c, const ast_cond_t *cond)
{
    if (cond == NULL || cond->kind == COND_NOT) {
        return false;
    }
    if (cond->kind == COND_VERB) {
        return check_is_purchase(c, cond->verb);
    }
    return minds_purchase(c, cond->left) || minds_purchase(c, cond->right);
}

static bool
starts_at_cart(const check_t *c, const ast_flow_t *flow)
{
    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        const ast_trigger_t *w = h->kind == AST_START ? ((const ast_start_t *)h)->whens : NULL;

        for (; w != NULL; w = w->next) {
            uint32_t e = w->verb != NULL ? event_of_page(c, w->verb) : 0;

            if (e == SENDA_EV_VIEW_CART || e == SENDA_EV_ADD_TO_CART ||
                e == SENDA_EV_BEGIN_CHECKOUT) {
                return true;
            }
        }
    }
    return false;
}

static void
count_send(check_t *c, const ast_flow_t *flow, const ast_send_t *send, void *ctx)
{
    (void)c;
    (void)flow;
    (void)send;
    ++*(unsigned *)ctx;
}

static void
warn_flow(check_t *c, const ast_flow_t *flow)
{
    unsigned sends = 0;

    each_send(c, flow, &flow->lines, count_send, &sends);
    if (flow->doubtful || flow->name.text == NULL) {
        return;
    }
    if (sends > 0 && !flow->transactional && starts_at_cart(c, flow) &&
        (flow->stop == NULL ||
            (!flow->stop->head.broken && !minds_purchase(c, flow->stop->cond))) &&
        (flow->goal == NULL ||
            (!flow->goal->head.broken && !minds_purchase(c, flow->goal->cond)))) {
        DIAG(c->ds, flow->name.span, MSG_CART_NO_STOP, flow->name.text);
    }
    if (flow->again == NULL) {
        DIAG(c->ds, flow->name.span, MSG_NO_AGAIN, flow->name.text);
    }
}

static void
check_lines(check_t *c, const ast_list_t *lines)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_START:
            check_whens(c, ((const ast_start_t *)h)->whens);
            break;
        case AST_STOP:
        case AST_GOAL:
            check_cond(c, ((const ast_until_t *)h)->cond);
            break;
        case AST_IF:
            check_cond(c, ((const ast_if_t *)h)->cond);
            check_lines(c, &((const ast_if_t *)h)->then);
            check_lines(c, &((const ast_if_t *)h)->otherwise);
            break;
        default:
            break;
        }
    }
}

void
check_flow(check_t *c, const ast_flow_t *flow)
{
    GHashTable *warned = g_hash_table_new(NULL, NULL);
    const char *name = flow->name.text != NULL ? flow->name.text : "";

    check_lines(c, &flow->lines);
    each_send(c, flow, &flow->lines, check_send, warned);
    g_hash_table_unref(warned);
    if (!flow->doubtful && !flow->head.broken) {
        if (flow->start == NULL) {
            DIAG(c->ds, flow->name.span, MSG_FLOW_NO_START, name);
        } else if (flow->nsteps == 0) {
            DIAG(c->ds, flow->name.span, MSG_FLOW_EMPTY, name);
        }
    }
    warn_flow(c, flow);
}

/* The templates that are sent, in the file's order, for a hint. */
typedef struct {
    GString *list;
    GHashTable *seen;
} listed_t;

static void
list_send(check_t *c, const ast_flow_t *flow, const ast_send_t *send, void *ctx)
{
    listed_t *l = ctx;

    (void)c;
    (void)flow;
    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        if (ch->template.text != NULL && g_hash_table_size(l->seen) < 8 &&
            g_hash_table_add(l->seen, (gpointer)ch->template.text)) {
            g_string_append_printf(l->list, "%s%.64s", l->list->len > 1 ? ", " : "",
                ch->template.text);
        }
    }
}

static const char *
sent_list(check_t *c)
{
    listed_t l;
    char *text;

    if (diags_full(c->ds)) {
        return "";
    }
    l.list = g_string_new("\x01");
    l.seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (const ast_head_t *h = c->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_FLOW && g_hash_table_size(l.seen) < 8) {
            each_send(c, (const ast_flow_t *)h, &((const ast_flow_t *)h)->lines, list_send, &l);
        }
    }
    text = arena_text(c->arena, l.list->str, l.list->len);
    g_hash_table_unref(l.seen);
    g_string_free(l.list, TRUE);
    return text;
}

static void
check_template(check_t *c, const ast_check_t *line)
{
    GHashTableIter it;
    gpointer key, value;
    near_t near;
    diag_t *d;

    if (line->text.text == NULL || g_hash_table_contains(c->sent, line->text.text) ||
        check_excused(c, &line->text)) {
        return;
    }
    d = DIAG(c->ds, line->text.span,
        g_hash_table_size(c->sent) > 0 ? MSG_TEMPLATE_UNSENT : MSG_TEMPLATES_NONE, line->text.text,
        sent_list(c));
    near_start(&near, line->text.key);
    g_hash_table_iter_init(&it, c->sent);
    while (d != NULL && g_hash_table_iter_next(&it, &key, &value)) {
        near_offer(&near, ((const sent_t *)value)->name->key, key);
    }
    check_excuses(c, &near);
    diag_near(c->ds, d, near.best);
    diag_word(c->ds, d, line->negated ? W_NEVER_GETS : W_GETS);
}

/* Where a test's clock stands: day and second of the day. */
typedef struct {
    uint32_t day;
    int32_t second;
    bool begun;
} clock_now_t;

static void
check_moment(check_t *c, const ast_check_t *line, clock_now_t *now)
{
    bool happens = line->head.kind == AST_TEST_VISIT || line->head.kind == AST_TEST_EVENT;
    uint32_t day = line->at.has_day ? line->at.day : now->day;
    int32_t second = line->at.second;
    char text[8];

    if (!line->at.has_time) {
        if (happens) {
            now->second = (now->begun ? now->second + 60 : 36000) + 60 * (int32_t)(line->times - 1);
            now->begun = true;
        }
        return;
    }
    if (day < now->day || (day == now->day && second < now->second)) {
        if (happens && now->begun) {
            g_snprintf(text, sizeof(text), "%d:%02d", now->second / 3600, now->second / 60 % 60);
            DIAG(c->ds, line->at.span, MSG_TEST_PAST, text, arena_printf(c->arena, "%u", now->day));
        }
        return;
    }
    now->day = day;
    now->second = second + (happens ? 60 * (int32_t)(line->times - 1) : 0);
    now->begun = true;
}

void
check_test(check_t *c, const ast_test_t *test)
{
    clock_now_t now = { .day = 1 };
    unsigned checks = 0;

    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next) {
        const ast_check_t *line = (const ast_check_t *)h;

        check_moment(c, line, &now);
        if (h->kind == AST_TEST_GETS) {
            check_template(c, line);
        } else if (h->kind == AST_TEST_TAG) {
            check_tag_name(c, &line->text);
        } else if (h->kind == AST_TEST_EVENT && line->verb != NULL) {
            check_verb(c, line->verb);
        }
        checks += h->kind == AST_TEST_GETS || h->kind == AST_TEST_TAG;
    }
    if (test->name.text == NULL || test->doubtful) {
        return;
    }
    if (test->lines.first == NULL) {
        DIAG(c->ds, test->name.span, MSG_TEST_EMPTY, test->name.text);
    } else if (checks == 0) {
        DIAG(c->ds, test->name.span, MSG_TEST_NO_CHECK, test->name.text);
    }
}
