/*
 * Chunks of equal things. Never moves one and never gives memory back before
 * pool_close; fails by returning 0.
 */

#include "pool.h"

#include <stdlib.h>
#include <string.h>

void
pool_init(pool_t *p, size_t size)
{
    *p = (pool_t){ .size = size, .next = 1 };
}

void
pool_close(pool_t *p)
{
    for (uint32_t i = 0; i < p->nchunks; i++)
        free(p->chunks[i]);
    free(p->chunks);
    pool_init(p, p->size);
}

static int
add_chunk(pool_t *p)
{
    char **chunks = realloc(p->chunks, (p->nchunks + 1) * sizeof(*chunks));

    if (chunks == NULL)
        return 0;
    p->chunks = chunks;
    chunks[p->nchunks] = malloc(POOL_CHUNK * p->size);
    if (chunks[p->nchunks] == NULL)
        return 0;
    p->nchunks++;
    return 1;
}

uint32_t
pool_new(pool_t *p)
{
    uint32_t id = p->free;

    if (id != 0) {
        memcpy(&p->free, pool_at(p, id), sizeof(p->free));
    } else {
        if (p->next == UINT32_MAX)
            return 0;
        if ((p->next >> POOL_CHUNK_BITS) >= p->nchunks && !add_chunk(p))
            return 0;
        id = p->next++;
    }
    memset(pool_at(p, id), 0, p->size);
    p->used++;
    return id;
}

void
pool_free(pool_t *p, uint32_t id)
{
    memset(pool_at(p, id), 0, p->size);
    memcpy(pool_at(p, id), &p->free, sizeof(p->free));
    p->free = id;
    p->used--;
}
