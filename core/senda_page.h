/*
 * Pages of the endpoint with their marks replaced (senda_sent.h says which),
 * and the plain ones that stand in where the sidecar has published none.
 */

#ifndef SENDA_PAGE_H
#define SENDA_PAGE_H

#include "senda_sent.h"

#define SENDA_PAGE_FILLED_MAX \
    (2 * SENDA_PAGE_MAX) /* bytes of a filled page; a longer one is none */

typedef struct {
    senda_str_t token; /* in base64url: it needs no quoting; empty: none */
    senda_wishes_t wishes;
} senda_page_values_t;

/*
 * The length of `text` filled. Writes it to out unless that is NULL; out has
 * room for what a call with NULL said. A mark that nobody knows, or that is cut
 * off, is left out; what a letter opens and nobody closes goes on to the end.
 */
size_t senda_page_fill(senda_str_t text, const senda_page_values_t *values, char *out);

/* The plain page of a kind, with marks; empty for any other number. */
senda_str_t senda_page_plain(senda_page_t kind);

#endif
