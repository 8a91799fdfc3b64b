/*
 * The inside of a template value, for the renderer alone: everybody else uses
 * the verbs of mustache.h.
 */

#ifndef SENDA_MUSTACHE_VALUE_H
#define SENDA_MUSTACHE_VALUE_H

#include "mustache.h"

typedef enum { TVAL_TEXT, TVAL_BOOL, TVAL_LIST, TVAL_MAP } tval_kind_t;

typedef struct {
    char *name;
    size_t len;
    tval_t *value;
} tval_entry_t;

struct tval_s {
    tval_kind_t kind;
    bool truth;
    char *text; /* NUL-terminated */
    size_t len;
    tval_t **items;
    tval_entry_t *entries;
    size_t n, room; /* of items or entries */
    const tval_t *base;
};

/* Whether a section shows: no value, false, an empty list and an empty text do not. */
bool tval_is_true(const tval_t *v);

#endif
