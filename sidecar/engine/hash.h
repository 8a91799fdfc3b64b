/* One hash of texts for orders, items and values; not for secrets. */

#ifndef SENDA_ENGINE_HASH_H
#define SENDA_ENGINE_HASH_H

#include "senda.h"

/* Never 0; for good the same, also in stored records. */
static inline uint64_t
engine_hash(senda_str_t s)
{
    uint64_t h = 0xcbf29ce484222325ull;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3ull;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ull;
    h ^= h >> 32;
    return h == 0 ? 1 : h;
}

#endif
