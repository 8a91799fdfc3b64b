/*
 * published/: what the sidecar tells nginx. Here: compiled rules, the ids of
 * names, where it stands; senda_known.h has what it knows of visitors,
 * senda_sent.h what was sent. No address of a person ever stands here.
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

senda_store_t *senda_published_store(senda_published_t *p);

/* Reader: whether all tables are there; if not, opening anew may find more. */
bool senda_published_whole(const senda_published_t *p);

/*
 * Writer, in a transaction: the sequence up to which the sidecar needs no
 * visit of the journal any more. Reader: it; 0 if it was never said.
 */
senda_rc_t senda_published_set_consumed(senda_published_t *p, uint64_t seq, senda_err_t *err);
uint64_t senda_published_consumed(senda_published_t *p);

/*
 * Writer, in a transaction: what was wrong with the rule files when they were
 * read last, in a few lines (cut to SENDA_RULES_ERROR_MAX bytes); empty:
 * nothing. Reader: copies it to buf of that size; its length.
 */
#define SENDA_RULES_ERROR_MAX 4096
senda_rc_t senda_published_set_error(senda_published_t *p, senda_str_t text, senda_sec_t at,
    senda_err_t *err);
size_t senda_published_error(senda_published_t *p, char *buf, senda_sec_t *at);

/* Cheap: the generation of the rules that are stored, 0 if none. Reader or writer. */
uint64_t senda_published_generation(senda_published_t *p);

/*
 * Copies the rules to memory that the caller frees (8-byte aligned).
 * SENDA_OK, SENDA_NONE (none published), SENDA_SYS.
 */
senda_rc_t senda_published_rules(senda_published_t *p, void **blob, size_t *len,
    uint64_t *generation, senda_err_t *err);

#endif
