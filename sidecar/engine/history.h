/*
 * What is remembered of one person, in one block of 8-byte words: for each
 * slot in use a count, a few fixed words and a row of entries, of the shape
 * that the plan gives the slot. A quiet visitor's block is a few dozen bytes.
 *
 * A block belongs to its person; NULL is an empty history. Adding may move it.
 */

#ifndef SENDA_ENGINE_HISTORY_H
#define SENDA_ENGINE_HISTORY_H

#include "senda.h"
#include "senda_limits.h"
#include "senda_zone.h"

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

#define HISTORY_CLASSES     128
#define HISTORY_SLOTS_MAX   (1u << 22) /* of a program */
#define HISTORY_ITEMS_MAX   1024       /* slots of one person; further ones are refused */
#define HISTORY_WORDS_MAX   48000      /* of one person's block */
#define HISTORY_ENTRIES_MAX (SENDA_MOMENTS_MAX + 1)
#define HISTORY_WIDTH_MAX   3

/* How two histories of one slot become one; which words are what. */
typedef enum {
    HISTORY_ROW,   /* entries (stamp first) by time, the latest stay; counts and fixed words add */
    HISTORY_LAST,  /* entries (stamp, value): of each value the latest; the count is theirs */
    HISTORY_DAYS,  /* entries (stamp): of each local day the latest; the count is theirs */
    HISTORY_LEAST, /* fixed word 0: the lesser; 1, if there is one: the greater */
    HISTORY_MOST,  /* the fixed words of the one whose first is greater */
    HISTORY_ADD,   /* fixed word 0: the sum */
    HISTORY_MINE,  /* what the one who takes has stays */
    HISTORY_BITS,  /* fixed word 0: the bits of both */
    HISTORY_SET,   /* entries (one word): each once */
    HISTORY_APART, /* is not taken */
} history_join_t;

typedef struct {
    uint16_t cap;  /* entries kept */
    uint8_t fixed; /* words before them */
    uint8_t width; /* words of an entry */
    uint8_t join;  /* history_join_t */
} history_shape_t;

typedef struct {
    const history_shape_t *shapes; /* by slot */
    const senda_zone_t *zone;
    senda_sec_t offset_from, offset_to; /* between these, local time is UTC + offset */
    int32_t offset;
    void *free[HISTORY_CLASSES]; /* freed blocks, by size in words */
    char *chunk;                 /* where new small blocks are cut from */
    size_t chunk_left;
    void **chunks;
    uint32_t nchunks;
} history_store_t;

void history_store_init(history_store_t *s, const history_shape_t *shapes,
    const senda_zone_t *zone);
void history_store_close(history_store_t *s);

/* A slot's part of a history; valid until the history changes. */
typedef struct {
    uint32_t count;        /* 0: never */
    uint32_t n;            /* entries, oldest first */
    uint32_t width;        /* words of each */
    const uint64_t *fixed; /* its fixed words; NULL: never */
    const uint64_t *entries;
} history_part_t;

history_part_t history_part(const history_store_t *s, const uint64_t *h, uint32_t slot);

/* The i-th entry's first word, its stamp. */
static inline uint64_t
history_at(const history_part_t *p, uint32_t i)
{
    return p->entries[(size_t)i * p->width];
}

/* All that can fail: SENDA_FULL: too many slots or words; SENDA_SYS: memory. The history stays. */

/* One more of slot, with this entry at the end; the oldest goes when there are enough. */
senda_rc_t history_add(history_store_t *s, uint64_t **h, uint32_t slot, const uint64_t *entry);

/* The same; an entry of the same value (HISTORY_LAST), day (_DAYS) or word (_SET) goes first. */
senda_rc_t history_put(history_store_t *s, uint64_t **h, uint32_t slot, const uint64_t *entry);

/* Takes the i-th entry out; the last one takes the slot along. */
void history_drop(history_store_t *s, uint64_t *h, uint32_t slot, uint32_t i);

/* The slot's fixed words, zero when new; NULL with *rc if they cannot be. */
uint64_t *history_words(history_store_t *s, uint64_t **h, uint32_t slot, senda_rc_t *rc);

/* The fixed words of a slot in use, NULL if it is not. */
uint64_t *history_find(uint64_t *h, uint32_t slot);

void history_remove(history_store_t *s, uint64_t *h, uint32_t slot);

/* Takes all that from has, each slot as its shape says. What does not fit is left out. */
senda_rc_t history_merge(history_store_t *s, uint64_t **h, const uint64_t *from);

/* All of from in another block. */
senda_rc_t history_copy(history_store_t *s, uint64_t **h, const uint64_t *from);

/* Do two entries of a slot stand for the same value, day or word? */
bool history_same(const history_store_t *s, uint32_t slot, const uint64_t *a, const uint64_t *b);

/* Makes a slot have this count and these words: fixed ones, then entries. */
senda_rc_t history_replace(history_store_t *s, uint64_t **h, uint32_t slot, uint32_t count,
    const uint64_t *words);

/* The i-th slot in use, in order; false after the last. */
bool history_slot(const uint64_t *h, uint32_t i, uint32_t *slot);

void history_free(history_store_t *s, uint64_t *h);

/* Small things that a person's words point to, from the same chunks; NULL: no memory. */
void *history_room(history_store_t *s, size_t bytes);
void history_room_free(history_store_t *s, void *room, size_t bytes);

#endif
