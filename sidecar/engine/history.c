/*
 * A person's history block: a word of sizes, the items in order of slot (slot
 * and count in a word), then their words in the same order: the fixed ones and
 * min(count, cap) entries, so their number needs no room. Small blocks are cut
 * from big chunks, one free list a size. Never looks at a clock; fails with a
 * code and leaves the history as it was. How two become one: history_join.c.
 */

#include "history.h"

#include <stdlib.h>

#define CHUNK_BYTES (256u << 10)
#define SMALL_WORDS HISTORY_CLASSES

/* The first word: items, words in use, words there are. */
typedef struct {
    uint16_t items, unused, words, room;
} head_t;

/* A slot, how many words it has, how often it came. */
typedef struct {
    uint32_t place; /* slot << WORDS_BITS | words */
    uint32_t count;
} item_t;

#define WORDS_BITS 9 /* HISTORY_ENTRIES_MAX entries of HISTORY_WIDTH_MAX, and the fixed ones */

static inline uint32_t
slot_of(const item_t *i)
{
    return i->place >> WORDS_BITS;
}

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
entries_of(const history_shape_t *shape, uint32_t count)
{
    return count < shape->cap ? count : shape->cap;
}

static inline uint32_t
words_of(const history_shape_t *shape, uint32_t count)
{
    return count == 0 ? 0 : shape->fixed + shape->width * entries_of(shape, count);
}

void
history_store_init(history_store_t *s, const history_shape_t *shapes, const senda_zone_t *zone)
{
    *s = (history_store_t){ .shapes = shapes, .zone = zone };
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
    size_t bytes = (size_t) class * sizeof(uint64_t);
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
    uint32_t room = words;
    uint64_t *h;

    if (room <= SMALL_WORDS) {
        h = small_block(s, room);
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
    memcpy(h, &s->free[room - 1], sizeof(s->free[0]));
    s->free[room - 1] = h;
}

/* Opens a gap of n words at word at, moving the block if it must. */
static senda_rc_t
open_gap(history_store_t *s, uint64_t **h, uint32_t at, uint32_t n)
{
    uint64_t *old = *h, *block = old;
    uint32_t words = head_of(old)->words;

    if (words + n > HISTORY_WORDS_MAX)
        return SENDA_FULL;
    if (words + n > head_of(old)->room) {
        block = block_new(s, words + n);
        if (block == NULL)
            return SENDA_SYS;
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
    return SENDA_OK;
}

static void
close_gap(uint64_t *h, uint32_t at, uint32_t n)
{
    uint32_t words = head_of(h)->words;

    memmove(h + at, h + at + n, (words - at - n) * sizeof(*h));
    head_of(h)->words = (uint16_t)(words - n);
}

/* Where slot is or would be, and the word at which its own are or would be. */
static uint32_t
seek(const uint64_t *h, uint32_t slot, uint32_t *word)
{
    const item_t *items = (const item_t *)(h + 1);
    uint32_t n = ((const head_t *)h)->items, i, w = 1 + n;

    for (i = 0; i < n && slot_of(&items[i]) < slot; i++)
        w += items[i].place & ((1u << WORDS_BITS) - 1);
    *word = w;
    return i;
}

history_part_t
history_part(const history_store_t *s, const uint64_t *h, uint32_t slot)
{
    const history_shape_t *shape = &s->shapes[slot];
    const item_t *items;
    uint32_t word, i;

    if (h == NULL)
        return (history_part_t){ 0 };
    items = (const item_t *)(h + 1);
    i = seek(h, slot, &word);
    if (i == ((const head_t *)h)->items || slot_of(&items[i]) != slot)
        return (history_part_t){ 0 };
    return (history_part_t){ items[i].count, entries_of(shape, items[i].count), shape->width,
        h + word, h + word + shape->fixed };
}

/* The number of slot's item, made with count 0 if need be; *word: its words. */
static senda_rc_t
item_make(history_store_t *s, uint64_t **h, uint32_t slot, uint32_t *item, uint32_t *word)
{
    senda_rc_t rc;
    uint32_t i;

    if (*h == NULL && (*h = block_new(s, 4)) == NULL)
        return SENDA_SYS;
    i = seek(*h, slot, word);
    if (i == head_of(*h)->items || slot_of(&items_of(*h)[i]) != slot) {
        if (head_of(*h)->items == HISTORY_ITEMS_MAX)
            return SENDA_FULL;
        rc = open_gap(s, h, 1 + i, 1);
        if (rc != SENDA_OK)
            return rc;
        head_of(*h)->items++;
        items_of(*h)[i] = (item_t){ slot << WORDS_BITS, 0 };
        ++*word;
    }
    *item = i;
    return SENDA_OK;
}

/* Brings slot's words to those of another count; new ones are zero. */
static senda_rc_t
resize(history_store_t *s, uint64_t **h, uint32_t slot, uint32_t count, uint64_t **words)
{
    const history_shape_t *shape = &s->shapes[slot];
    uint32_t item, word, has, wants = words_of(shape, count);
    senda_rc_t rc = item_make(s, h, slot, &item, &word);

    if (rc != SENDA_OK)
        return rc;
    has = words_of(shape, items_of(*h)[item].count);
    if (wants > has) {
        rc = open_gap(s, h, word + has, wants - has);
        if (rc != SENDA_OK) {
            if (items_of(*h)[item].count == 0)
                history_remove(s, *h, slot);
            return rc;
        }
        memset(*h + word + has, 0, (wants - has) * sizeof(**h));
    } else if (wants < has) {
        close_gap(*h, word + wants, has - wants);
    }
    items_of(*h)[item] = (item_t){ slot << WORDS_BITS | wants, count };
    *words = *h + word;
    return SENDA_OK;
}

static inline void
copy_words(uint64_t *to, const uint64_t *from, uint32_t n)
{
    memmove(to, from, n * sizeof(*to));
}

senda_rc_t
history_add(history_store_t *s, uint64_t **h, uint32_t slot, const uint64_t *entry)
{
    const history_shape_t *shape = &s->shapes[slot];
    uint32_t count = history_part(s, *h, slot).count, n;
    uint64_t *words;
    senda_rc_t rc = resize(s, h, slot, count == UINT32_MAX ? count : count + 1, &words);

    if (rc != SENDA_OK || shape->cap == 0 || shape->width == 0)
        return rc;
    words += shape->fixed;
    n = entries_of(shape, count);
    if (n == shape->cap) {
        n--;
        copy_words(words, words + shape->width, n * shape->width);
    }
    copy_words(words + n * shape->width, entry, shape->width);
    return SENDA_OK;
}

static int64_t
day_of(const history_store_t *s, stamp_t at)
{
    senda_sec_t t = stamp_sec(at);
    int32_t offset = s->offset;

    if (t < s->offset_from || t >= s->offset_to)
        senda_zone_local(s->zone, t, &offset);
    return (t + offset) / 86400;
}

bool
history_same(const history_store_t *s, uint32_t slot, const uint64_t *a, const uint64_t *b)
{
    switch (s->shapes[slot].join) {
    case HISTORY_LAST:
        return a[1] == b[1];
    case HISTORY_DAYS:
        return day_of(s, a[0]) == day_of(s, b[0]);
    default:
        return a[0] == b[0];
    }
}

senda_rc_t
history_put(history_store_t *s, uint64_t **h, uint32_t slot, const uint64_t *entry)
{
    const history_shape_t *shape = &s->shapes[slot];
    history_part_t part = history_part(s, *h, slot);
    uint32_t i = part.n;
    uint64_t *words;
    senda_rc_t rc;

    while (i > 0 && !history_same(s, slot, part.entries + (size_t)(i - 1) * part.width, entry))
        i--;
    if (i == 0 && part.n < shape->cap)
        return history_add(s, h, slot, entry);
    rc = resize(s, h, slot, part.count, &words);
    if (rc != SENDA_OK)
        return rc;
    i = i == 0 ? 0 : i - 1;
    words += shape->fixed + i * shape->width;
    copy_words(words, words + shape->width, (part.n - 1 - i) * shape->width);
    copy_words(words + (part.n - 1 - i) * shape->width, entry, shape->width);
    return SENDA_OK;
}

void
history_drop(history_store_t *s, uint64_t *h, uint32_t slot, uint32_t i)
{
    const history_shape_t *shape = &s->shapes[slot];
    uint32_t word, item;

    if (h == NULL)
        return;
    item = seek(h, slot, &word);
    if (item == head_of(h)->items || slot_of(&items_of(h)[item]) != slot)
        return;
    if (items_of(h)[item].count == 1) {
        history_remove(s, h, slot);
        return;
    }
    close_gap(h, word + shape->fixed + i * shape->width, shape->width);
    items_of(h)[item].count = entries_of(shape, items_of(h)[item].count) - 1;
    items_of(h)[item].place -= shape->width;
}

uint64_t *
history_words(history_store_t *s, uint64_t **h, uint32_t slot, senda_rc_t *rc)
{
    uint64_t *words = history_find(*h, slot);

    *rc = SENDA_OK;
    if (words == NULL)
        *rc = resize(s, h, slot, 1, &words);
    return *rc == SENDA_OK ? words : NULL;
}

uint64_t *
history_find(uint64_t *h, uint32_t slot)
{
    uint32_t word, i;

    if (h == NULL)
        return NULL;
    i = seek(h, slot, &word);
    return i == head_of(h)->items || slot_of(&items_of(h)[i]) != slot ? NULL : h + word;
}

senda_rc_t
history_replace(history_store_t *s, uint64_t **h, uint32_t slot, uint32_t count,
    const uint64_t *words)
{
    uint64_t *to;
    senda_rc_t rc = resize(s, h, slot, count, &to);

    if (rc == SENDA_OK)
        copy_words(to, words, words_of(&s->shapes[slot], count));
    return rc;
}

void
history_remove(history_store_t *s, uint64_t *h, uint32_t slot)
{
    uint32_t word, i;

    if (h == NULL)
        return;
    i = seek(h, slot, &word);
    if (i == head_of(h)->items || slot_of(&items_of(h)[i]) != slot)
        return;
    close_gap(h, word, words_of(&s->shapes[slot], items_of(h)[i].count));
    close_gap(h, 1 + i, 1);
    head_of(h)->items--;
}

bool
history_slot(const uint64_t *h, uint32_t i, uint32_t *slot)
{
    if (h == NULL || i >= ((const head_t *)h)->items)
        return false;
    *slot = slot_of((const item_t *)(h + 1) + i);
    return true;
}

void *
history_room(history_store_t *s, size_t bytes)
{
    size_t words = (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t);

    return words <= SMALL_WORDS ? small_block(s, (uint32_t)words) : malloc(bytes);
}

void
history_room_free(history_store_t *s, void *room, size_t bytes)
{
    size_t words = (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t);

    if (words > SMALL_WORDS) {
        free(room);
        return;
    }
    memcpy(room, &s->free[words - 1], sizeof(s->free[0]));
    memcpy(&s->free[words - 1], &room, sizeof(room));
}
