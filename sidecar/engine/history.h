/*
 * What is remembered of one person, in one block of 8-byte words: how often
 * each slot (a page or event, a tag, an armed absence) came, and its last
 * moments, as many as the plan says for that slot. A quiet visitor's block is
 * a few dozen bytes.
 *
 * A block belongs to its person; NULL is an empty history. Adding may move it.
 */

#ifndef SENDA_ENGINE_HISTORY_H
#define SENDA_ENGINE_HISTORY_H

#include "senda.h"
#include "senda_limits.h"

/* second << 20 | number of the event in that second (0: before all events) */
typedef uint64_t stamp_t;

#define STAMP_SEQ_BITS 20
#define STAMP_SEQ_MAX  ((1u << STAMP_SEQ_BITS) - 1)

static inline stamp_t
stamp_make(senda_sec_t at, uint32_t seq)
{
    return (uint64_t)at << STAMP_SEQ_BITS | seq;
}

static inline senda_sec_t
stamp_sec(stamp_t s)
{
    return (senda_sec_t)(s >> STAMP_SEQ_BITS);
}

#define HISTORY_CLASSES     64
#define HISTORY_ITEMS_MAX   512 /* slots of one person; further ones are refused */
#define HISTORY_MOMENTS_MAX (SENDA_MOMENTS_MAX + 1)

typedef struct {
    const uint32_t *caps;        /* moments kept, by slot */
    void *free[HISTORY_CLASSES]; /* freed blocks, by size in 16 bytes */
    char *chunk;                 /* where new small blocks are cut from */
    size_t chunk_left;
    void **chunks;
    uint32_t nchunks;
} history_store_t;

void history_store_init(history_store_t *s, const uint32_t *caps);
void history_store_close(history_store_t *s);

/* A slot's part of a history; valid until the history changes. */
typedef struct {
    uint32_t count;    /* 0: never */
    uint32_t nmoments; /* oldest first */
    const stamp_t *moments;
} history_part_t;

history_part_t history_part(const history_store_t *s, const uint64_t *h, uint32_t slot);

/* One more of slot at a moment not before the last. SENDA_FULL: too many slots; SENDA_SYS: memory. */
senda_rc_t history_add(history_store_t *s, uint64_t **h, uint32_t slot, stamp_t at);

/* Exactly one of slot, at this moment. */
senda_rc_t history_set(history_store_t *s, uint64_t **h, uint32_t slot, stamp_t at);

void history_remove(history_store_t *s, uint64_t *h, uint32_t slot);

/*
 * Takes all of from's slots below end: counts add, moments merge and are cut
 * to the latest; from slot ones on (tags) it is one, at the earlier moment.
 */
senda_rc_t history_merge(history_store_t *s, uint64_t **h, const uint64_t *from, uint32_t ones,
    uint32_t end);

/* The i-th slot in use, in order; false after the last. */
bool history_slot(const uint64_t *h, uint32_t i, uint32_t *slot);

void history_free(history_store_t *s, uint64_t *h);

#endif
