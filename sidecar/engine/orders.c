/*
 * Which order numbers were bought already, as 64-bit hashes. Two generations
 * of at most ENGINE_ORDERS_MAX: when the newer is full it becomes the older,
 * and the one before it is forgotten; so at least the last ENGINE_ORDERS_MAX
 * orders are known. Without memory an order counts as new.
 */

#include "engine_state.h"
#include "hash.h"

#include <stdlib.h>

static bool
has(const uint64_t *table, uint32_t size, uint64_t h)
{
    for (uint32_t i = (uint32_t)h & (size - 1); size > 0 && table[i] != 0;
         i = (i + 1) & (size - 1)) {
        if (table[i] == h)
            return true;
    }
    return false;
}

static void
put(uint64_t *table, uint32_t size, uint64_t h)
{
    uint32_t i = (uint32_t)h & (size - 1);

    while (table[i] != 0)
        i = (i + 1) & (size - 1);
    table[i] = h;
}

/* Room for one more: grown to twice, or a new generation begun. */
static bool
make_room(order_set_t *set)
{
    uint32_t size = set->size_now == 0 ? 256 : 2 * set->size_now;
    bool full = set->count >= ENGINE_ORDERS_MAX;
    uint64_t *table;

    if (!full && set->count + 1 <= set->size_now / 4 * 3)
        return true;
    table = calloc(full ? 256 : size, sizeof(*table));
    if (table == NULL)
        return false;
    if (full) {
        free(set->before);
        set->before = set->now;
        set->size_before = set->size_now;
        set->now = table;
        set->size_now = 256;
        set->count = 0;
        return true;
    }
    for (uint32_t i = 0; i < set->size_now; i++) {
        if (set->now[i] != 0)
            put(table, size, set->now[i]);
    }
    free(set->now);
    set->now = table;
    set->size_now = size;
    return true;
}

bool
engine_order_is_new(engine_t *e, senda_str_t order)
{
    order_set_t *set = &e->orders;
    uint64_t h = engine_hash(order);

    if (has(set->now, set->size_now, h) || has(set->before, set->size_before, h))
        return false;
    if (!make_room(set)) {
        e->stats.refused++;
        return true;
    }
    put(set->now, set->size_now, h);
    set->count++;
    return true;
}

void
engine_orders_free(order_set_t *set)
{
    free(set->now);
    free(set->before);
}
