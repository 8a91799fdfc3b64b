/*
 * Which items are known to be sold out, and which known not to be: 64-bit
 * hashes, at most ENGINE_STOCK_MAX. An item that finds no room stays unknown
 * and is counted as refused.
 */

#include "engine_state.h"
#include "hash.h"

#include <stdlib.h>

/* The lowest bit is left for the fact. */
static uint64_t
item_hash(senda_str_t item)
{
    return (engine_hash(item) >> 1 | 1ull << 63) & ~1ull;
}

/* Where the item is or would be. */
static uint64_t *
seek(const stock_t *s, uint64_t h)
{
    uint32_t i = (uint32_t)(h >> 1) & (s->size - 1);

    while (s->table[i] != 0 && (s->table[i] & ~1ull) != h)
        i = (i + 1) & (s->size - 1);
    return &s->table[i];
}

static bool
make_room(stock_t *s)
{
    stock_t larger = { .size = s->size == 0 ? 256 : 2 * s->size, .count = s->count };

    if (s->count + 1 <= s->size / 4 * 3)
        return true;
    if (s->count >= ENGINE_STOCK_MAX)
        return false;
    larger.table = calloc(larger.size, sizeof(*larger.table));
    if (larger.table == NULL)
        return false;
    for (uint32_t i = 0; i < s->size; i++) {
        if (s->table[i] != 0)
            *seek(&larger, s->table[i] & ~1ull) = s->table[i];
    }
    free(s->table);
    *s = larger;
    return true;
}

void
engine_stock(engine_t *e, senda_str_t item, bool sold_out)
{
    uint64_t h = item_hash(item), *at;

    if (!make_room(&e->stock)) {
        e->stats.refused++;
        return;
    }
    at = seek(&e->stock, h);
    e->stock.count += *at == 0;
    *at = h | sold_out;
}

bool
engine_sold_out(const engine_t *e, senda_str_t item)
{
    return e->stock.size > 0 && (*seek(&e->stock, item_hash(item)) & 1) != 0;
}

void
engine_stock_free(stock_t *s)
{
    free(s->table);
}
