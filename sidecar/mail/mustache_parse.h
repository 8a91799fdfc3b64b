/*
 * A template as a flat list of nodes. Slices point into the template's text,
 * which must outlive the nodes. Free with mustache_parsed_free.
 */

#ifndef SENDA_MUSTACHE_PARSE_H
#define SENDA_MUSTACHE_PARSE_H

#include "mustache.h"

typedef enum {
    NODE_TEXT,     /* text as it stands */
    NODE_VARIABLE, /* {{name}} */
    NODE_RAW,      /* {{{name}}} and {{&name}} */
    NODE_SECTION,  /* {{#name}}: what is inside follows, up to end */
    NODE_INVERTED, /* {{^name}}: the same */
    NODE_PARTIAL,  /* {{>name}}: indent is what stood before it alone on its line */
} node_kind_t;

typedef struct {
    node_kind_t kind;
    unsigned line;
    senda_str_t text; /* or name */
    senda_str_t indent;
    size_t end; /* the node after the section */
} node_t;

typedef struct {
    node_t *nodes;
    size_t n, room;
} mustache_parsed_t;

/* out is always to be freed, also after a failure. SENDA_OK, SENDA_BAD, SENDA_FULL. */
senda_rc_t mustache_parse(mustache_parsed_t *out, unsigned line, senda_str_t text,
    senda_err_t *err);
void mustache_parsed_free(mustache_parsed_t *p);

#endif
