/*
 * Two open-addressing tables: visitors by a 128-bit hash of their texts, and
 * pairs of visitor and page. Memory comes from GLib, which ends the program
 * when there is none.
 */

#include "replay_visitors.h"

#include <glib.h>
#include <stdio.h>

#define ADDRESS_MAX 46 /* an IPv6 address; a longer host name is cut */

typedef struct {
    senda_visitor_t id;
    uint32_t contact;
    char address[ADDRESS_MAX];
} known_t;

struct visitors_s {
    known_t *known;
    uint32_t *by_id; /* number + 1 */
    uint64_t *pairs; /* (visitor << 32 | page) + 1 */
    uint32_t n, id_size, npairs, pair_size;
};

visitors_t *
visitors_new(void)
{
    visitors_t *v = g_new0(visitors_t, 1);

    v->id_size = v->pair_size = 1024;
    v->by_id = g_new0(uint32_t, v->id_size);
    v->pairs = g_new0(uint64_t, v->pair_size);
    v->known = g_new(known_t, v->id_size);
    return v;
}

void
visitors_free(visitors_t *v)
{
    if (v == NULL)
        return;
    g_free(v->known);
    g_free(v->by_id);
    g_free(v->pairs);
    g_free(v);
}

static inline uint64_t
mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0xff51afd7ed558ccdull;
    return h ^ h >> 29;
}

static uint64_t
hash(uint64_t h, senda_str_t s)
{
    uint64_t word;

    for (; s.n >= 8; s.p += 8, s.n -= 8) {
        memcpy(&word, s.p, 8);
        h = mix(h, word);
    }
    word = s.n;
    for (size_t i = 0; i < s.n; i++)
        word = word << 8 | (uint8_t)s.p[i];
    return mix(mix(h, word), 0x9e3779b97f4a7c15ull);
}

static uint32_t
place(const visitors_t *v, const senda_visitor_t *id)
{
    uint32_t i;

    memcpy(&i, id->b, sizeof(i));
    for (i &= v->id_size - 1; v->by_id[i] != 0; i = (i + 1) & (v->id_size - 1)) {
        if (memcmp(&v->known[v->by_id[i] - 1].id, id, sizeof(*id)) == 0)
            break;
    }
    return i;
}

static void
grow(visitors_t *v)
{
    v->id_size *= 2;
    v->known = g_renew(known_t, v->known, v->id_size);
    g_free(v->by_id);
    v->by_id = g_new0(uint32_t, v->id_size);
    for (uint32_t i = 0; i < v->n; i++)
        v->by_id[place(v, &v->known[i].id)] = i + 1;
}

static void
make_id(senda_str_t address, senda_str_t agent, senda_visitor_t *id)
{
    uint64_t a = hash(0x736e6461, address), b = hash(a, agent);

    a = mix(a, b) | 1; /* never the visitor that is none */
    memcpy(id->b, &a, 8);
    memcpy(id->b + 8, &b, 8);
}

bool
visitors_known(const visitors_t *v, senda_str_t address, senda_str_t agent, uint32_t *number,
    senda_visitor_t *id)
{
    make_id(address, agent, id);
    *number = visitors_find(v, id);
    return *number != VISITORS_NONE;
}

uint32_t
visitors_number(visitors_t *v, senda_str_t address, senda_str_t agent, senda_visitor_t *id)
{
    known_t *k;
    uint32_t i;

    make_id(address, agent, id);
    i = place(v, id);
    if (v->by_id[i] != 0)
        return v->by_id[i] - 1;
    if (v->n + 1 > v->id_size / 4 * 3) {
        grow(v);
        i = place(v, id);
    }
    k = &v->known[v->n];
    k->id = *id;
    k->contact = 0;
    snprintf(k->address, sizeof(k->address), "%.*s", (int)MIN(address.n, ADDRESS_MAX - 1),
        address.p);
    v->by_id[i] = ++v->n;
    return v->n - 1;
}

uint32_t
visitors_find(const visitors_t *v, const senda_visitor_t *id)
{
    uint32_t found = v->by_id[place(v, id)];

    return found == 0 ? VISITORS_NONE : found - 1;
}

void
visitors_link(visitors_t *v, uint32_t visitor, uint32_t contact)
{
    v->known[visitor].contact = contact;
}

uint32_t
visitors_contact(const visitors_t *v, uint32_t visitor)
{
    return v->known[visitor].contact;
}

static uint32_t
pair_place(const visitors_t *v, uint64_t pair)
{
    uint32_t i = (uint32_t)(mix(0, pair) >> 20) & (v->pair_size - 1);

    while (v->pairs[i] != 0 && v->pairs[i] != pair)
        i = (i + 1) & (v->pair_size - 1);
    return i;
}

static void
grow_pairs(visitors_t *v)
{
    uint64_t *old = v->pairs;
    uint32_t size = v->pair_size;

    v->pair_size *= 2;
    v->pairs = g_new0(uint64_t, v->pair_size);
    for (uint32_t i = 0; i < size; i++) {
        if (old[i] != 0)
            v->pairs[pair_place(v, old[i])] = old[i];
    }
    g_free(old);
}

bool
visitors_first_on(visitors_t *v, uint32_t visitor, uint32_t page)
{
    uint64_t pair = ((uint64_t)visitor << 32 | page) + 1;
    uint32_t i = pair_place(v, pair);

    if (v->pairs[i] == pair)
        return false;
    if (v->npairs + 1 > v->pair_size / 4 * 3) {
        grow_pairs(v);
        i = pair_place(v, pair);
    }
    v->pairs[i] = pair;
    v->npairs++;
    return true;
}

void
visitors_name(const visitors_t *v, uint32_t visitor, char *buf, size_t size)
{
    const known_t *k = &v->known[visitor];

    snprintf(buf, size, "%s/%02x%02x%02x%02x", k->address, k->id.b[8], k->id.b[9], k->id.b[10],
        k->id.b[11]);
}

uint32_t
visitors_count(const visitors_t *v)
{
    return v->n;
}
