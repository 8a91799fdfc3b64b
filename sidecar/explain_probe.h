/*
 * Which pattern of a page an address fits, and what keeps it from fitting the
 * others. Every pattern is asked alone, by the matcher that nginx has.
 */

#ifndef SENDA_EXPLAIN_PROBE_H
#define SENDA_EXPLAIN_PROBE_H

#include "ast.h"
#include "senda_url.h"

typedef enum {
    PROBE_NO,     /* nothing alike */
    PROBE_FITS,   /* pattern fits, method and all */
    PROBE_EXCEPT, /* pattern fits, but `other` takes it away */
    PROBE_METHOD, /* fits but for the method */
    PROBE_ARGS,   /* but for what stands behind '?' */
    PROBE_HOST,   /* but for the host */
    PROBE_CASE,   /* but for upper and lower case */
    PROBE_DIGITS, /* but for letters where {#name} takes digits */
    PROBE_SLASH,  /* but for a '/' where {name} takes none */
} probe_kind_t;

typedef struct {
    const ast_page_t *page;
    probe_kind_t kind;
    const ast_pattern_t *pattern;
    const ast_pattern_t *other;
} probe_t;

/* One row a page, in the file's order; g_free it. */
probe_t *probe_pages(const ast_file_t *file, const senda_url_t *url, unsigned *n);

#endif
