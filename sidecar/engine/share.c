/*
 * A person's lot in the control group and in splits: a hash, so that it is the
 * same for good without being kept. Knows nothing of what is drawn for.
 */

#include "engine_state.h"

static uint64_t
mix(uint64_t h, uint64_t v)
{
    h = (h + v) * 0x9e3779b97f4a7c15ull;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ull;
    h ^= h >> 32;
    return h;
}

static uint64_t
word(const uint8_t *b)
{
    uint64_t w = 0;

    for (int i = 0; i < 8; i++)
        w |= (uint64_t)b[i] << 8 * i;
    return w;
}

uint32_t
engine_person_share(const engine_who_t *who, uint32_t flow, uint32_t step)
{
    uint64_t h = mix(mix(0, flow), step);

    if (who->contact != 0)
        h = mix(h, who->contact);
    else
        h = mix(mix(h, word(who->visitor.b)), word(who->visitor.b + 8));
    return (uint32_t)((mix(h, 1) >> 32) * 10000 >> 32);
}
