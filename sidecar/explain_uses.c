/*
 * Walks a rule file's sentences and says which of them heed a page, an event
 * or a tag. Each is said once, however often a sentence names it.
 */

#include "explain_parts.h"

static const char *
use_sentence(const say_t *s, const explain_use_t *u)
{
    const char *flow = u->flow != NULL ? say_quoted(s, u->flow->name.text) : "";
    const char *tag = u->given != NULL ? say_quoted(s, u->given->name.text) : "";
    bool keeps = u->how == USE_KEEPS || u->how == USE_KEEPS_TAG;
    const char *when = u->when == NULL ? ""
        : keeps                        ? say_span(s, u->when->absent->window)
                                       : say_trigger(s, u->when);

    switch (u->how) {
    case USE_GIVES:
        return SAY(s, PH_USE_TAG, tag, when);
    case USE_KEEPS_TAG:
        return SAY(s, PH_USE_KEEPS_TAG, tag, when);
    case USE_STARTS:
        return SAY(s, PH_USE_START, flow, when);
    case USE_KEEPS:
        return SAY(s, PH_USE_KEEPS, flow, when);
    case USE_STOPS:
        return SAY(s, PH_USE_STOP, flow);
    case USE_GOAL:
        return SAY(s, PH_USE_GOAL, flow);
    default:
        return SAY(s, PH_USE_IF, flow, say_number(s, u->line));
    }
}

static void
walk_whens(GArray *all, const ast_trigger_t *when, const ast_tag_t *tag, const ast_flow_t *flow)
{
    for (; when != NULL; when = when->next) {
        explain_use_t u = { .given = tag, .flow = flow, .when = when, .line = when->span.line };

        if (when->verb != NULL) {
            u.how = tag != NULL ? USE_GIVES : USE_STARTS;
            u.verb = when->verb;
            g_array_append_val(all, u);
        }
        if (when->absent != NULL) {
            u.how = tag != NULL ? USE_KEEPS_TAG : USE_KEEPS;
            u.verb = when->absent;
            g_array_append_val(all, u);
        }
    }
}

/* What stands behind a `not` is asked for, but does not itself stop anything. */
static void
walk_cond(GArray *all, const ast_cond_t *c, const ast_flow_t *flow, use_t how)
{
    explain_use_t u = { .how = how, .flow = flow };

    if (c == NULL) {
        return;
    }
    u.line = c->span.line;
    switch (c->kind) {
    case COND_VERB:
        u.verb = c->verb;
        g_array_append_val(all, u);
        break;
    case COND_TAG:
        u.tag = &c->tag;
        g_array_append_val(all, u);
        break;
    case COND_NOT:
        walk_cond(all, c->left, flow, USE_ASKS);
        break;
    default:
        walk_cond(all, c->left, flow, how);
        walk_cond(all, c->right, flow, how);
    }
}

static void
walk_lines(GArray *all, const ast_list_t *lines, const ast_flow_t *flow)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_START:
            walk_whens(all, ((const ast_start_t *)h)->whens, NULL, flow);
            break;
        case AST_STOP:
            walk_cond(all, ((const ast_until_t *)h)->cond, flow, USE_STOPS);
            break;
        case AST_GOAL:
            walk_cond(all, ((const ast_until_t *)h)->cond, flow, USE_GOAL);
            break;
        case AST_IF:
            walk_cond(all, ((const ast_if_t *)h)->cond, flow, USE_ASKS);
            walk_lines(all, &((const ast_if_t *)h)->then, flow);
            walk_lines(all, &((const ast_if_t *)h)->otherwise, flow);
            break;
        default:
            break;
        }
    }
}

void
explain_find_uses(explain_t *e)
{
    e->uses = g_array_new(FALSE, FALSE, sizeof(explain_use_t));
    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_TAG) {
            const ast_tag_t *tag = (const ast_tag_t *)h;

            walk_whens(e->uses, tag->whens, tag, NULL);
        } else if (h->kind == AST_FLOW) {
            const ast_flow_t *flow = (const ast_flow_t *)h;

            walk_lines(e->uses, &flow->lines, flow);
        }
    }
}

void
explain_uses(const explain_t *e, explain_heeds_pt heeds, void *ctx)
{
    GHashTable *said = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < e->uses->len; i++) {
        const explain_use_t *u = &g_array_index(e->uses, explain_use_t, i);
        const char *text = heeds(ctx, u) ? use_sentence(&e->say, u) : NULL;

        if (text != NULL && g_hash_table_size(said) == 0) {
            explain_line(e, 2, "", SAY(&e->say, PH_FOLLOWS));
        }
        if (text != NULL && g_hash_table_add(said, (gpointer)text)) {
            explain_line(e, 4, "- ", text);
        }
    }
    if (g_hash_table_size(said) == 0 && e->follows_none) {
        explain_line(e, 2, "", SAY(&e->say, PH_FOLLOWS_NOTHING));
    }
    g_hash_table_unref(said);
}
