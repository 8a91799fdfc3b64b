/*
 * Walks a rule file's sentences and says which of them heed a page, an event,
 * a tag, a segment or a field. Each is said once, however often a sentence
 * names it.
 */

#include "explain_parts.h"

static const char *
name_of(const say_t *s, const ast_head_t *item)
{
    switch (item->kind) {
    case AST_TAG:
        return say_quoted(s, ((const ast_tag_t *)item)->name.text);
    case AST_FLOW:
        return say_quoted(s, ((const ast_flow_t *)item)->name.text);
    case AST_SCORE:
        return say_number(s, item->span.line);
    default:
        return say_quoted(s, ((const ast_state_t *)item)->name.text);
    }
}

static phrase_t
row_of(const explain_use_t *u)
{
    ast_kind_t kind = u->item->kind;

    switch (u->how) {
    case USE_GIVES:
        return kind == AST_TAG ? PH_USE_TAG : PH_USE_SCORE;
    case USE_STARTS:
        return PH_USE_START;
    case USE_KEEPS:
        return kind == AST_TAG ? PH_USE_KEEPS_TAG
            : kind == AST_FLOW ? PH_USE_KEEPS
                               : PH_USE_KEEPS_SCORE;
    case USE_STOPS:
        return PH_USE_STOP;
    case USE_GOAL:
        return PH_USE_GOAL;
    case USE_ASKS:
        return PH_USE_IF;
    case USE_ONLY:
        return PH_USE_ONLY;
    case USE_WAITS:
        return PH_USE_WAITS;
    case USE_IS:
        break;
    }
    return kind == AST_STAGE ? PH_USE_STAGE : kind == AST_SHOW ? PH_USE_SHOW : PH_USE_SEGMENT;
}

static const char *
use_sentence(const say_t *s, const explain_use_t *u)
{
    const char *more = u->when == NULL ? say_number(s, u->line)
        : u->how == USE_KEEPS          ? say_span(s, u->when->absent->window)
                                       : say_trigger(s, u->when);

    return SAY(s, row_of(u), name_of(s, u->item), more);
}

static void walk_cond(GArray *all, const ast_cond_t *c, const ast_head_t *item, use_t how);

static void
add_verb(GArray *all, explain_use_t u, const ast_verb_t *v)
{
    for (; v != NULL; v = v->before) {
        u.verb = v;
        g_array_append_val(all, u);
    }
}

/* What becomes true, instead of a verb: a tag, a segment, points, the date of a field. */
static void
add_trigger(GArray *all, explain_use_t u, const ast_trigger_t *w)
{
    static const prog_cond_kind_t kinds[] = { [TRIGGER_TAG] = COND_TAG,
        [TRIGGER_SEGMENT] = COND_SEGMENT,
        [TRIGGER_SCORE] = COND_SCORE,
        [TRIGGER_DATE] = COND_FIELD };

    add_verb(all, u, w->verb);
    if (w->kind == TRIGGER_DAILY || w->kind == TRIGGER_ON) {
        walk_cond(all, w->cond, u.item, USE_ASKS);
    } else if (w->kind != TRIGGER_VERB && w->kind != TRIGGER_TOTAL) {
        u.verb = NULL;
        u.kind = kinds[w->kind];
        u.name = &w->name;
        g_array_append_val(all, u);
    }
}

static void
walk_whens(GArray *all, const ast_trigger_t *when, const ast_head_t *item)
{
    for (; when != NULL; when = when->next) {
        explain_use_t u = { .item = item, .when = when, .line = when->span.line };

        u.how = item->kind == AST_FLOW ? USE_STARTS : USE_GIVES;
        add_trigger(all, u, when);
        u.how = USE_KEEPS;
        add_verb(all, u, when->absent);
    }
}

/* What stands behind a `not` is asked for, but does not itself stop anything. */
static void
walk_cond(GArray *all, const ast_cond_t *c, const ast_head_t *item, use_t how)
{
    explain_use_t u = { .how = how, .item = item };

    if (c == NULL) {
        return;
    }
    u.line = c->span.line;
    u.kind = c->kind;
    switch (c->kind) {
    case COND_VERB:
    case COND_TOTAL:
    case COND_FIRST:
    case COND_LAST:
        add_verb(all, u, c->verb);
        break;
    case COND_TAG:
    case COND_STAGE:
    case COND_SEGMENT:
    case COND_FIELD:
    case COND_SCORE:
        u.name = &c->name;
        g_array_append_val(all, u);
        break;
    case COND_NOT:
        walk_cond(all, c->left, item, how == USE_STOPS || how == USE_GOAL ? USE_ASKS : how);
        break;
    case COND_AND:
    case COND_OR:
        walk_cond(all, c->left, item, how);
        walk_cond(all, c->right, item, how);
        break;
    case COND_HAS:
    case COND_CONSENTS:
        break;
    }
}

/* A line of a flow, and where what it heeds goes. */
typedef struct {
    GArray *all;
    const ast_head_t *flow;
} uses_of_t;

static void
walk_line(const ast_head_t *h, void *ctx)
{
    const uses_of_t *u = ctx;
    explain_use_t wait = { .how = USE_WAITS, .item = u->flow, .line = h->span.line };

    switch (h->kind) {
    case AST_START:
        walk_whens(u->all, ((const ast_start_t *)h)->whens, u->flow);
        break;
    case AST_STOP:
        walk_cond(u->all, ((const ast_until_t *)h)->cond, u->flow, USE_STOPS);
        break;
    case AST_GOAL:
        walk_cond(u->all, ((const ast_until_t *)h)->cond, u->flow, USE_GOAL);
        break;
    case AST_ONLY:
        walk_cond(u->all, ((const ast_until_t *)h)->cond, u->flow, USE_ONLY);
        break;
    case AST_WAIT:
        add_verb(u->all, wait, ((const ast_wait_t *)h)->verb);
        break;
    case AST_IF:
        walk_cond(u->all, ((const ast_if_t *)h)->cond, u->flow, USE_ASKS);
        break;
    default:
        break;
    }
}

void
explain_find_uses(explain_t *e)
{
    e->uses = g_array_new(FALSE, FALSE, sizeof(explain_use_t));
    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_TAG:
            walk_whens(e->uses, ((const ast_tag_t *)h)->whens, h);
            break;
        case AST_SCORE:
            walk_whens(e->uses, ((const ast_score_t *)h)->whens, h);
            break;
        case AST_STAGE:
        case AST_SEGMENT:
        case AST_SHOW:
            walk_cond(e->uses, ((const ast_state_t *)h)->cond, h, USE_IS);
            break;
        case AST_FLOW:
            ast_each_line(&((const ast_flow_t *)h)->lines, walk_line, &(uses_of_t){ e->uses, h });
            break;
        default:
            break;
        }
    }
}

void
explain_uses_as(const explain_t *e, phrase_t heading, explain_heeds_pt heeds, void *ctx)
{
    GHashTable *said = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < e->uses->len; i++) {
        const explain_use_t *u = &g_array_index(e->uses, explain_use_t, i);
        const char *text = heeds(ctx, u) ? use_sentence(&e->say, u) : NULL;

        if (text != NULL && g_hash_table_size(said) == 0) {
            explain_line(e, 2, "", SAY(&e->say, heading));
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

void
explain_uses(const explain_t *e, explain_heeds_pt heeds, void *ctx)
{
    explain_uses_as(e, PH_FOLLOWS, heeds, ctx);
}
