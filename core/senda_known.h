/*
 * What the sidecar knows of a visitor and nginx cannot: tags that flows gave,
 * score, stage, segments, blocks of `show`. One record a visitor in
 * published/, whole or not at all. No address of a person ever stands here.
 */

#ifndef SENDA_KNOWN_H
#define SENDA_KNOWN_H

#include "senda_published.h"

/* A block that the visitor is to see, and where; names. */
typedef struct {
    senda_str_t position, block;
} senda_show_t;

typedef struct {
    bool personal; /* it speaks of a contact, not of this browser alone */
    bool has_score;
    int64_t score;
    senda_str_t stage; /* a name or empty */
    unsigned ntags;    /* ids */
    uint32_t tags[SENDA_TAGS_MAX];
    unsigned nsegments; /* names */
    senda_str_t segments[SENDA_SEGMENTS_MAX];
    unsigned nshows;
    senda_show_t shows[SENDA_SHOWS_MAX];
} senda_known_t;

/*
 * Writer, in a transaction: replaces what was known of the visitor; NULL or
 * nothing in it forgets the visitor. SENDA_OK; SENDA_FULL (over a bound of
 * senda_limits.h); SENDA_SYS.
 */
senda_rc_t senda_known_set(senda_published_t *p, const senda_visitor_t *visitor,
    const senda_known_t *known, senda_err_t *err);

/*
 * Reader: SENDA_OK; SENDA_NONE: nothing is known (then *known is empty), also
 * when the record cannot be read. Slices point into buf, of SENDA_KNOWN_MAX bytes.
 */
senda_rc_t senda_known_get(senda_published_t *p, const senda_visitor_t *visitor,
    senda_known_t *known, char *buf);

#endif
