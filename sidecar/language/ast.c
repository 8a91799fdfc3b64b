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
