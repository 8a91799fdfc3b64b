/*
 * Two histories become one, slot by slot, each as its shape says: rows merge
 * by time and keep the latest, sums add, the greater or the lesser stays. What
 * does not fit is left out and said by the code; the rest is there.
 */

#include "history.h"

#define ROWS_MAX (2 * HISTORY_ENTRIES_MAX)

typedef struct {
    uint64_t words[2 + ROWS_MAX * HISTORY_WIDTH_MAX];
    uint32_t n; /* entries */
} joined_t;

static inline uint64_t *
entry_at(joined_t *j, const history_shape_t *shape, uint32_t i)
{
    return j->words + shape->fixed + (size_t)i * shape->width;
}

/* The entries of both in order of time; of equal ones ours first. */
static void
join_by_time(joined_t *j, const history_shape_t *shape, history_part_t ours, history_part_t theirs)
{
    uint32_t a = 0, b = 0;

    while (a < ours.n || b < theirs.n) {
        bool mine = b == theirs.n || (a < ours.n && history_at(&ours, a) <= history_at(&theirs, b));
        const uint64_t *from = mine ? ours.entries + (size_t)a++ * shape->width
                                    : theirs.entries + (size_t)b++ * shape->width;

        memcpy(entry_at(j, shape, j->n++), from, shape->width * sizeof(*from));
    }
}

/* Of entries that stand for the same only the last stays. */
static void
drop_earlier(const history_store_t *s, joined_t *j, uint32_t slot)
{
    const history_shape_t *shape = &s->shapes[slot];
    uint32_t kept = 0;

    for (uint32_t i = 0; i < j->n; i++) {
        uint32_t k = i + 1;

        while (k < j->n && !history_same(s, slot, entry_at(j, shape, i), entry_at(j, shape, k)))
            k++;
        if (k == j->n)
            memmove(entry_at(j, shape, kept++), entry_at(j, shape, i),
                shape->width * sizeof(uint64_t));
    }
    j->n = kept;
}

static void
cut_to_cap(joined_t *j, const history_shape_t *shape)
{
    uint32_t over = j->n > shape->cap ? j->n - shape->cap : 0;

    memmove(entry_at(j, shape, 0), entry_at(j, shape, over),
        (size_t)(j->n - over) * shape->width * sizeof(uint64_t));
    j->n -= over;
}

/* Ours, then what only they have; what is too much is theirs. */
static void
join_sets(const history_store_t *s, joined_t *j, uint32_t slot, history_part_t ours,
    history_part_t theirs)
{
    const history_shape_t *shape = &s->shapes[slot];

    memcpy(j->words, ours.entries == NULL ? j->words : ours.entries,
        (size_t)ours.n * shape->width * sizeof(uint64_t));
    j->n = ours.n;
    for (uint32_t i = 0; i < theirs.n && j->n < shape->cap; i++) {
        const uint64_t *from = theirs.entries + (size_t)i * shape->width;
        uint32_t k = 0;

        while (k < j->n && !history_same(s, slot, entry_at(j, shape, k), from))
            k++;
        if (k == j->n)
            memcpy(entry_at(j, shape, j->n++), from, shape->width * sizeof(*from));
    }
}

static uint64_t
fixed_of(history_part_t part, uint32_t i)
{
    return part.count == 0 ? 0 : part.fixed[i];
}

/* The fixed words of two that both are there. */
static void
join_fixed(joined_t *j, const history_shape_t *shape, history_part_t ours, history_part_t theirs)
{
    for (uint32_t i = 0; i < shape->fixed; i++) {
        uint64_t a = fixed_of(ours, i), b = fixed_of(theirs, i);

        switch (shape->join) {
        case HISTORY_LEAST:
            j->words[i] = i == 0 ? (a < b ? a : b) : (a > b ? a : b);
            break;
        case HISTORY_MOST:
            j->words[i] = fixed_of(ours, 0) >= fixed_of(theirs, 0) ? a : b;
            break;
        case HISTORY_BITS:
            j->words[i] = a | b;
            break;
        case HISTORY_ROW:
        case HISTORY_ADD:
            j->words[i] = a + b;
            break;
        default:
            j->words[i] = a;
        }
    }
}

static senda_rc_t
merge_slot(history_store_t *s, uint64_t **h, const uint64_t *from, uint32_t slot)
{
    const history_shape_t *shape = &s->shapes[slot];
    history_part_t theirs = history_part(s, from, slot), ours = history_part(s, *h, slot);
    uint64_t count = (uint64_t)theirs.count + ours.count;
    joined_t j = { .n = 0 };

    if (ours.count == 0)
        return history_replace(s, h, slot, theirs.count, theirs.fixed);
    join_fixed(&j, shape, ours, theirs);
    if (shape->join == HISTORY_SET)
        join_sets(s, &j, slot, ours, theirs);
    else if (shape->width > 0)
        join_by_time(&j, shape, ours, theirs);
    if (shape->join == HISTORY_LAST || shape->join == HISTORY_DAYS)
        drop_earlier(s, &j, slot);
    if (shape->width > 0)
        cut_to_cap(&j, shape);
    if (shape->join == HISTORY_LAST || shape->join == HISTORY_DAYS || shape->join == HISTORY_SET)
        count = j.n;
    return history_replace(s, h, slot, count > UINT32_MAX ? UINT32_MAX : (uint32_t)count, j.words);
}

senda_rc_t
history_merge(history_store_t *s, uint64_t **h, const uint64_t *from)
{
    senda_rc_t rc = SENDA_OK;
    uint32_t slot;

    for (uint32_t i = 0; history_slot(from, i, &slot); i++) {
        senda_rc_t one = SENDA_OK;

        if (s->shapes[slot].join != HISTORY_APART)
            one = merge_slot(s, h, from, slot);
        if (one != SENDA_OK)
            rc = one;
    }
    return rc;
}

senda_rc_t
history_copy(history_store_t *s, uint64_t **h, const uint64_t *from)
{
    senda_rc_t rc = SENDA_OK;
    uint32_t slot;

    for (uint32_t i = 0; history_slot(from, i, &slot); i++) {
        history_part_t part = history_part(s, from, slot);
        senda_rc_t one = history_replace(s, h, slot, part.count, part.fixed);

        if (one != SENDA_OK)
            rc = one;
    }
    return rc;
}
