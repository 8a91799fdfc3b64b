/*
 * Things of one size, named by number: addresses stay, numbers are small, a
 * freed one is used again first. Number 0 is never given: it means none.
 */

#ifndef SENDA_ENGINE_POOL_H
#define SENDA_ENGINE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_CHUNK_BITS 12
#define POOL_CHUNK      (1u << POOL_CHUNK_BITS)

typedef struct {
    size_t size; /* of one, at least 4 */
    char **chunks;
    uint32_t nchunks, next, used;
    uint32_t free; /* first of the freed, chained through their first 4 bytes */
} pool_t;

void pool_init(pool_t *p, size_t size);
void pool_close(pool_t *p);

/* A zeroed one; 0 if there is no memory. */
uint32_t pool_new(pool_t *p);
void pool_free(pool_t *p, uint32_t id);

static inline void *
pool_at(const pool_t *p, uint32_t id)
{
    return p->chunks[id >> POOL_CHUNK_BITS] + (id & (POOL_CHUNK - 1)) * p->size;
}

#endif
