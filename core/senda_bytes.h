/*
 * Numbers as bytes, whatever the machine and the alignment: most significant
 * first where their order is that of keys, least significant first in records.
 */

#ifndef SENDA_BYTES_H
#define SENDA_BYTES_H

#include "senda.h"

static inline void
senda_put_be32(void *to, uint32_t v)
{
    uint8_t *b = to;

    b[0] = (uint8_t)(v >> 24);
    b[1] = (uint8_t)(v >> 16);
    b[2] = (uint8_t)(v >> 8);
    b[3] = (uint8_t)v;
}

static inline uint32_t
senda_get_be32(const void *from)
{
    const uint8_t *b = from;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline void
senda_put_be64(void *to, uint64_t v)
{
    senda_put_be32(to, (uint32_t)(v >> 32));
    senda_put_be32((uint8_t *)to + 4, (uint32_t)v);
}

static inline uint64_t
senda_get_be64(const void *from)
{
    return (uint64_t)senda_get_be32(from) << 32 | senda_get_be32((const uint8_t *)from + 4);
}

static inline void
senda_put_le32(void *to, uint32_t v)
{
    uint8_t *b = to;

    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
    b[2] = (uint8_t)(v >> 16);
    b[3] = (uint8_t)(v >> 24);
}

static inline uint32_t
senda_get_le32(const void *from)
{
    const uint8_t *b = from;

    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

#endif
