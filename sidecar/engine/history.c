/*
 * A person's history block: a word of sizes, the items in order of slot (slot
 * and count in a word), then their moments in the same order. An item keeps
 * min(count, cap) moments, so their number needs no room. Small blocks are cut
 * from big chunks, one free list a size. Never looks at a clock; fails with a
 * code and leaves the history as it was.
 */

#include "history.h"

#include <stdlib.h>

#define CHUNK_BYTES (256u << 10)
#define SMALL_WORDS (2 * HISTORY_CLASSES)

/* The first word: items, words in use, words there are. */
typedef struct {
    uint16_t items, unused, words, room;
} head_t;

typedef struct {
    uint32_t slot, count;
} item_t;

static inline head_t *
head_of(uint64_t *h)
{
    return (head_t *)h;
}

static inline item_t *
items_of(uint64_t *h)
{
    return (item_t *)(h + 1);
}

static inline uint32_t
kept(const history_store_t *s, const item_t *i)
{
    return i->count < s->caps[i->slot] ? i->count : s->caps[i->slot];
}

void
history_store_init(history_store_t *s, const uint32_t *caps)
{
    *s = (history_store_t){ .caps = caps };
}

void
history_store_close(history_store_t *s)
{
    for (uint32_t i = 0; i < s->nchunks; i++)
        free(s->chunks[i]);
    free(s->chunks);
    *s = (history_store_t){ 0 };
}

static void *
small_block(history_store_t *s, uint32_t class)
{
    size_t bytes = (size_t) class * 16;
    void *block = s->free[class - 1];

    if (block != NULL) {
        memcpy(&s->free[class - 1], block, sizeof(s->free[0]));
        return block;
    }
    if (s->chunk_left < bytes) {
        void **chunks = realloc(s->chunks, (s->nchunks + 1) * sizeof(*chunks));

        if (chunks == NULL)
            return NULL;
        s->chunks = chunks;
        s->chunk = malloc(CHUNK_BYTES);
        s->chunk_left = s->chunk == NULL ? 0 : CHUNK_BYTES;
        if (s->chunk == NULL)
            return NULL;
        chunks[s->nchunks++] = s->chunk;
    }
    block = s->chunk;
    s->chunk += bytes;
    s->chunk_left -= bytes;
    return block;
}

/* Room for at least words; the new block's head says how much there is. */
static uint64_t *
block_new(history_store_t *s, uint32_t words)
{
    uint32_t room = (words + 1) / 2 * 2;
    uint64_t *h;

    if (room <= SMALL_WORDS) {
        h = small_block(s, room / 2);
    } else {
        room += room / 4;
        h = malloc((size_t)room * sizeof(*h));
    }
    if (h != NULL)
        *head_of(h) = (head_t){ .words = 1, .room = (uint16_t)room };
    return h;
}

void
history_free(history_store_t *s, uint64_t *h)
{
    uint32_t room;

    if (h == NULL)
        return;
    room = head_of(h)->room;
    if (room > SMALL_WORDS) {
        free(h);
        return;
    }
    memcpy(h, &s->free[room / 2 - 1], sizeof(s->free[0]));
    s->free[room / 2 - 1] = h;
}

/* Opens a gap of n words at word at, moving the block if it must. */
static bool
open_gap(history_store_t *s, uint64_t **h, uint32_t at, uint32_t n)
{
    uint64_t *old = *h, *block = old;
    uint32_t words = head_of(old)->words;

    if (words + n > head_of(old)->room) {
        block = block_new(s, words + n);
        if (block == NULL)
            return false;
        *head_of(block) = (head_t){ .items = head_of(old)->items,
            .words = (uint16_t)words,
            .room = head_of(block)->room };
        memcpy(block + 1, old + 1, (at - 1) * sizeof(*block));
    }
    memmove(block + at + n, old + at, (words - at) * sizeof(*block));
    head_of(block)->words = (uint16_t)(words + n);
    if (block != old)
        history_free(s, old);
    *h = block;
    return true;
}

static void
close_gap(uint64_t *h, uint32_t at, uint32_t n)
{
    uint32_t words = head_of(h)->words;

    memmove(h + at, h + at + n, (words - at - n) * sizeof(*h));
    head_of(h)->words = (uint16_t)(words - n);
}

/* Where slot is or would be, and the word at which its moments are or would be. */
static uint32_t
seek(const history_store_t *s, const uint64_t *h, uint32_t slot, uint32_t *word)
{
    const item_t *items = (const item_t *)(h + 1);
    uint32_t n = ((const head_t *)h)->items, i, w = 1 + n;

    for (i = 0; i < n && items[i].slot < slot; i++)
        w += kept(s, &items[i]);
    *word = w;
    return i;
}

history_part_t
history_part(const history_store_t *s, const uint64_t *h, uint32_t slot)
{
    const item_t *items;
    uint32_t word, i;

    if (h == NULL)
        return (history_part_t){ 0 };
    items = (const item_t *)(h + 1);
    i = seek(s, h, slot, &word);
    if (i == ((const head_t *)h)->items || items[i].slot != slot)
        return (history_part_t){ 0 };
    return (history_part_t){ items[i].count, kept(s, &items[i]), h + word };
}

/* The item of slot, made with count 0 if need be; *word: its moments. */
static senda_rc_t
item_make(history_store_t *s, uint64_t **h, uint32_t slot, item_t **item, uint32_t *word)
{
    uint32_t i;

    if (*h == NULL && (*h = block_new(s, 3)) == NULL)
        return SENDA_SYS;
    i = seek(s, *h, slot, word);
    if (i == head_of(*h)->items || items_of(*h)[i].slot != slot) {
        if (head_of(*h)->items == HISTORY_ITEMS_MAX)
            return SENDA_FULL;
        if (!open_gap(s, h, 1 + i, 1))
            return SENDA_SYS;
        head_of(*h)->items++;
        items_of(*h)[i] = (item_t){ slot, 0 };
        ++*word;
    }
    *item = &items_of(*h)[i];
    return SENDA_OK;
}

senda_rc_t
history_add(history_store_t *s, uint64_t **h, uint32_t slot, stamp_t at)
{
    item_t *item;
    uint32_t word, n, i;
    senda_rc_t rc = item_make(s, h, slot, &item, &word);

    if (rc != SENDA_OK || item->count == UINT32_MAX)
        return rc;
    n = kept(s, item);
    if (n < s->caps[slot]) {
        i = (uint32_t)(item - items_of(*h));
        if (!open_gap(s, h, word + n, 1)) {
            if (n == 0)
                history_remove(s, *h, slot);
            return SENDA_SYS;
        }
        item = &items_of(*h)[i];
        (*h)[word + n] = at;
    } else if (n > 0) {
        memmove(*h + word, *h + word + 1, (n - 1) * sizeof(**h));
        (*h)[word + n - 1] = at;
    }
    item->count++;
    return SENDA_OK;
}

senda_rc_t
history_set(history_store_t *s, uint64_t **h, uint32_t slot, stamp_t at)
{
    item_t *item;
    uint32_t word;
    senda_rc_t rc = item_make(s, h, slot, &item, &word);

    if (rc != SENDA_OK)
        return rc;
    if (item->count == 0)
        return history_add(s, h, slot, at);
    (*h)[word + kept(s, item) - 1] = at;
    return SENDA_OK;
}

void
history_remove(history_store_t *s, uint64_t *h, uint32_t slot)
{
    uint32_t word, i;

    if (h == NULL)
        return;
    i = seek(s, h, slot, &word);
    if (i == head_of(h)->items || items_of(h)[i].slot != slot)
        return;
    close_gap(h, word, kept(s, &items_of(h)[i]));
    close_gap(h, 1 + i, 1);
    head_of(h)->items--;
}

bool
history_slot(const uint64_t *h, uint32_t i, uint32_t *slot)
{
    if (h == NULL || i >= ((const head_t *)h)->items)
        return false;
    *slot = ((const item_t *)(h + 1))[i].slot;
    return true;
}

/* The latest moments of both, in order, written to out from its end; how many. */
static uint32_t
merge_moments(history_part_t a, history_part_t b, uint32_t cap, stamp_t *out)
{
    uint32_t n = a.nmoments + b.nmoments < cap ? a.nmoments + b.nmoments : cap, i = n;

    while (i > 0 && (a.nmoments > 0 || b.nmoments > 0)) {
        bool from_a = a.nmoments > 0 &&
            (b.nmoments == 0 || a.moments[a.nmoments - 1] >= b.moments[b.nmoments - 1]);

        out[--i] = from_a ? a.moments[--a.nmoments] : b.moments[--b.nmoments];
    }
    return n;
}

static senda_rc_t
merge_slot(history_store_t *s, uint64_t **h, const uint64_t *from, uint32_t slot)
{
    history_part_t theirs = history_part(s, from, slot), ours = history_part(s, *h, slot);
    uint64_t total = (uint64_t)theirs.count + ours.count;
    stamp_t moments[HISTORY_MOMENTS_MAX];
    uint32_t n, word;
    item_t *item;
    senda_rc_t rc;

    n = merge_moments(ours, theirs, s->caps[slot], moments);
    rc = item_make(s, h, slot, &item, &word);
    if (rc != SENDA_OK)
        return rc;
    if (n > ours.nmoments) {
        uint32_t i = (uint32_t)(item - items_of(*h));

        if (!open_gap(s, h, word + ours.nmoments, n - ours.nmoments)) {
            if (ours.count == 0)
                history_remove(s, *h, slot);
            return SENDA_SYS;
        }
        item = &items_of(*h)[i];
    }
    item->count = total > UINT32_MAX ? UINT32_MAX : (uint32_t)total;
    memcpy(*h + word, moments, n * sizeof(*moments));
    return SENDA_OK;
}

static senda_rc_t
merge_one(history_store_t *s, uint64_t **h, const uint64_t *from, uint32_t slot)
{
    history_part_t theirs = history_part(s, from, slot), ours = history_part(s, *h, slot);

    if (theirs.nmoments == 0 || (ours.nmoments > 0 && ours.moments[0] <= theirs.moments[0]))
        return SENDA_OK;
    return history_set(s, h, slot, theirs.moments[0]);
}

senda_rc_t
history_merge(history_store_t *s, uint64_t **h, const uint64_t *from, uint32_t ones, uint32_t end)
{
    senda_rc_t rc = SENDA_OK;
    uint32_t slot;

    for (uint32_t i = 0; history_slot(from, i, &slot) && slot < end; i++) {
        senda_rc_t one = slot < ones ? merge_slot(s, h, from, slot) : merge_one(s, h, from, slot);

        if (one != SENDA_OK)
            rc = one;
    }
    return rc;
}
