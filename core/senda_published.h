/*
 * published/: what the sidecar tells nginx. Compiled rules, the ids of names,
 * and what is true of a visitor but only the sidecar knows (tags given by
 * flows, blocks of `show`). No address of a person ever stands here.
 */

#ifndef SENDA_PUBLISHED_H
#define SENDA_PUBLISHED_H

#include "senda_limits.h"
#include "senda_store.h"

typedef struct senda_published_s senda_published_t;

/* Ids of names are never reused, so that old records keep their meaning. */
typedef enum {
    SENDA_NAME_SITE = 1,
    SENDA_NAME_PAGE,
    SENDA_NAME_EVENT, /* custom ones, from SENDA_EVENT_CUSTOM on */
    SENDA_NAME_TAG,
    SENDA_NAME_FLOW,
    SENDA_NAME_BLOCK,    /* what a `show` shows … */
    SENDA_NAME_POSITION, /* … and where */
    SENDA_NAME_KINDS
} senda_name_kind_t;

senda_rc_t senda_published_open_write(senda_published_t **out, const char *dir, senda_err_t *err);
/* SENDA_NONE while the sidecar has not made it yet. */
senda_rc_t senda_published_open_read(senda_published_t **out, const char *dir, senda_err_t *err);
void senda_published_close(senda_published_t *p);

/* Writer: begin … commit around the calls below that say so. */
senda_rc_t senda_published_begin(senda_published_t *p, senda_err_t *err);
senda_rc_t senda_published_commit(senda_published_t *p, senda_err_t *err);
void senda_published_abort(senda_published_t *p);

/* Writer, in a transaction: the id of a name, made when new. site is 0 for SENDA_NAME_SITE. */
senda_rc_t senda_published_id(senda_published_t *p, senda_name_kind_t kind, uint32_t site,
    senda_str_t name, uint32_t *id, senda_err_t *err);

/* Writer, in a transaction: stores the rules of this generation (greater than the last). */
senda_rc_t senda_published_set_rules(senda_published_t *p, uint64_t generation, senda_str_t blob,
    senda_err_t *err);

/* Cheap: the generation of the rules that are stored, 0 if none. Reader or writer. */
uint64_t senda_published_generation(senda_published_t *p);

/*
 * Copies the rules to memory that the caller frees (8-byte aligned).
 * SENDA_OK, SENDA_NONE (none published), SENDA_SYS.
 */
senda_rc_t senda_published_rules(senda_published_t *p, void **blob, size_t *len,
    uint64_t *generation, senda_err_t *err);

/* Writer, in a transaction: the tags that only the sidecar gives; ntags 0 forgets the visitor. */
senda_rc_t senda_published_set_tags(senda_published_t *p, const senda_visitor_t *visitor,
    const uint32_t *tags, unsigned ntags, senda_err_t *err);

/* Reader: at most max tag ids; how many. */
unsigned senda_published_tags(senda_published_t *p, const senda_visitor_t *visitor, uint32_t *tags,
    unsigned max);

/* A block that a visitor is to see; ids of names. */
typedef struct {
    uint32_t block, position;
} senda_show_t;

/* Writer, in a transaction: the blocks whose condition is true; nshows 0 forgets the visitor. */
senda_rc_t senda_published_set_shows(senda_published_t *p, const senda_visitor_t *visitor,
    const senda_show_t *shows, unsigned nshows, senda_err_t *err);

/* Reader: at most max blocks; how many. */
unsigned senda_published_shows(senda_published_t *p, const senda_visitor_t *visitor,
    senda_show_t *shows, unsigned max);

#endif
