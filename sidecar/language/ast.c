/*
 * The few verbs of the tree. Never fails.
 */

#include "ast.h"

void
ast_append(ast_list_t *list, ast_head_t *node)
{
    if (list->last == NULL) {
        list->first = node;
    } else {
        list->last->next = node;
    }
    list->last = node;
}

/* Branches are at most LANG_IFS_MAX deep. */
void
ast_each_line(const ast_list_t *lines, ast_line_pt each, void *ctx)
{
    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        each(h, ctx);
        if (h->kind == AST_IF) {
            ast_each_line(&((const ast_if_t *)h)->then, each, ctx);
            ast_each_line(&((const ast_if_t *)h)->otherwise, each, ctx);
        } else if (h->kind == AST_SPLIT) {
            ast_each_line(&((const ast_split_t *)h)->branches, each, ctx);
        } else if (h->kind == AST_BRANCH) {
            ast_each_line(&((const ast_branch_t *)h)->lines, each, ctx);
        }
    }
}

const ast_name_t *
ast_name_of(const ast_head_t *h)
{
    switch (h->kind) {
    case AST_PAGE:
        return &((const ast_page_t *)h)->name;
    case AST_EVENT:
        return &((const ast_event_t *)h)->name;
    case AST_TAG:
        return &((const ast_tag_t *)h)->name;
    case AST_FIELD:
        return &((const ast_field_t *)h)->name;
    case AST_PLACE:
        return &((const ast_place_t *)h)->name;
    case AST_STAGE:
    case AST_SEGMENT:
    case AST_SHOW:
        return &((const ast_state_t *)h)->name;
    case AST_FLOW:
        return &((const ast_flow_t *)h)->name;
    case AST_TEST:
        return &((const ast_test_t *)h)->name;
    default:
        return NULL;
    }
}
