/*
 * Mustache (mustache.github.io/mustache.5, spec 1.4: all required parts), on a
 * value tree of ours. Renders text; knows no file: partials come by callback.
 */

#ifndef SENDA_MUSTACHE_H
#define SENDA_MUSTACHE_H

#include "senda.h"

#define MUSTACHE_OUT_MAX   (2u << 20) /* bytes rendered; more is an error */
#define MUSTACHE_DEPTH_MAX 64         /* nested sections and partials */
#define MUSTACHE_WORK_MAX \
    (4u << 20)               /* tags rendered and bytes of partials read; more is an error */
#define MUSTACHE_TAG_MAX 256 /* bytes between the delimiters, comments apart */

typedef struct tval_s tval_t;

/* Values: text, truth, list, map. Children belong to their parent; tval_free takes all. */
tval_t *tval_text(senda_str_t s);
tval_t *tval_bool(bool b);
tval_t *tval_list(void);
tval_t *tval_map(void);
void tval_push(tval_t *list, tval_t *item);                  /* takes item */
void tval_set(tval_t *map, senda_str_t name, tval_t *value); /* takes value, replaces */
const tval_t *tval_get(const tval_t *map, senda_str_t name); /* NULL: no such name, or no map */
/* A map whose missing names are looked up in base, which is borrowed and must outlive it. */
tval_t *tval_map_over(const tval_t *base);
void tval_free(tval_t *v);

typedef enum { MUSTACHE_HTML, MUSTACHE_PLAIN } mustache_escape_t;

/* The text of a partial, false if there is none (it renders as nothing). */
typedef bool (*mustache_partial_pt)(void *ctx, senda_str_t name, senda_str_t *text);

/*
 * Renders into *out (malloc'ed, NUL-terminated; *len without it). SENDA_OK;
 * SENDA_BAD: err names line and cause (an unclosed section, a stray end …);
 * SENDA_FULL (bounds above); SENDA_SYS (memory).
 */
senda_rc_t mustache_render(senda_str_t text, const tval_t *data, mustache_escape_t escape,
    mustache_partial_pt partial, void *ctx, char **out, size_t *len, senda_err_t *err);

/* The same for a piece of a file: line is that of the piece's first, for messages. */
senda_rc_t mustache_render_at(unsigned line, senda_str_t text, const tval_t *data,
    mustache_escape_t escape, mustache_partial_pt partial, void *ctx, char **out, size_t *len,
    senda_err_t *err);

/* Reads text and every partial it names, renders nothing; SENDA_BAD also if one is missing. */
senda_rc_t mustache_check(unsigned line, senda_str_t text, mustache_partial_pt partial, void *ctx,
    senda_err_t *err);

#endif
