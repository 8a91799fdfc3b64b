/*
 * Counts of one visitor: applying a visit, giving tags, and the packed form.
 * Allocates nothing and reads no clock. What does not fit is refused and
 * counted; packed bytes that are not whole leave an empty profile.
 *
 * Packed: version, then numbers in LEB128, signed ones zigzag, moments as
 * differences from the one before, keys as differences from the last key.
 */

#include "senda_profile.h"

#define PROFILE_VERSION 1

void
senda_profile_init(senda_profile_t *p)
{
    p->first = p->last = 0;
    p->ncounters = p->ntags = p->refused = 0;
}

/* The position of key, or where it would stand. */
static unsigned
position(const senda_profile_t *p, senda_key_t key)
{
    unsigned lo = 0, hi = p->ncounters;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (p->counters[mid].key < key) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

const senda_counter_t *
senda_profile_counter(const senda_profile_t *p, senda_key_t key)
{
    unsigned i = position(p, key);

    return i < p->ncounters && p->counters[i].key == key ? &p->counters[i] : NULL;
}

uint32_t
senda_profile_count(const senda_profile_t *p, senda_key_t key)
{
    const senda_counter_t *c = senda_profile_counter(p, key);

    return c != NULL ? c->count : 0;
}

bool
senda_profile_has_tag(const senda_profile_t *p, uint32_t tag)
{
    for (unsigned i = 0; i < p->ntags; i++) {
        if (p->tags[i].tag == tag) {
            return true;
        }
    }
    return false;
}

/* Only what is used of a counter: most of its moments never are. */
static void
copy_counter(senda_counter_t *to, const senda_counter_t *from)
{
    memmove(to, from, offsetof(senda_counter_t, moments) + from->nmoments * sizeof(senda_sec_t));
}

static senda_counter_t *
counter_of(senda_profile_t *p, senda_key_t key, senda_sec_t t)
{
    unsigned i = position(p, key);
    senda_counter_t *c = &p->counters[i];

    if (i < p->ncounters && c->key == key) {
        return c;
    }
    if (p->ncounters == SENDA_COUNTERS_MAX) {
        p->refused++;
        return NULL;
    }
    for (unsigned k = p->ncounters++; k > i; k--) {
        copy_counter(&p->counters[k], &p->counters[k - 1]);
    }
    c->key = key;
    c->count = c->nmoments = 0;
    c->first = c->last = t;
    return c;
}

/* Keeps the latest `most` moments, t being the newest. */
static void
remember(senda_counter_t *c, unsigned most, senda_sec_t t)
{
    unsigned kept = c->nmoments;

    if (most > SENDA_MOMENTS_MAX) {
        most = SENDA_MOMENTS_MAX;
    }
    if (most == 0) {
        c->nmoments = 0;
        return;
    }
    if (kept > most - 1) {
        kept = most - 1;
        memmove(c->moments, c->moments + c->nmoments - kept, kept * sizeof(c->moments[0]));
    }
    c->moments[kept] = t;
    c->nmoments = kept + 1;
}

/* Whether the count that rule asks for is reached at t. */
static bool
is_reached(const senda_counter_t *c, const senda_tag_rule_t *rule, const senda_zone_t *zone,
    senda_sec_t t)
{
    if (senda_span_is_zero(rule->within)) {
        return c->count >= rule->times;
    }
    return c->nmoments >= rule->times &&
        senda_zone_add(zone, c->moments[c->nmoments - rule->times], rule->within, 1) > t;
}

static void
give_tags(senda_profile_t *p, const senda_rules_t *r, uint32_t site, const senda_counter_t *c,
    senda_sec_t t)
{
    const senda_zone_t *zone = senda_rules_zone(r, site);
    senda_tag_rule_t rule;

    for (unsigned i = 0; senda_rules_tag_by_key(r, c->key, i, &rule) == SENDA_OK; i++) {
        if (rule.site != site || senda_profile_has_tag(p, rule.tag) ||
            !is_reached(c, &rule, zone, t)) {
            continue;
        }
        if (p->ntags == SENDA_TAGS_MAX) {
            p->refused++;
        } else {
            p->tags[p->ntags++] = (senda_tag_t){ rule.tag, t };
        }
    }
}

static void
count(senda_profile_t *p, const senda_rules_t *r, senda_key_t key, senda_sec_t t)
{
    senda_counter_t *c = counter_of(p, key, t);

    if (c == NULL) {
        return;
    }
    if (c->count < UINT32_MAX) {
        c->count++;
    }
    c->last = t;
    remember(c, r != NULL ? senda_rules_moments(r, key) : c->nmoments, t);
}

void
senda_profile_apply(senda_profile_t *p, const senda_rules_t *r, uint32_t site, bool any_page,
    const senda_key_t *keys, unsigned nkeys, senda_sec_t t)
{
    const senda_key_t any = SENDA_KEY_ANY;
    bool is_new = p->ncounters == 0;

    if (!any_page && nkeys == 0) {
        return;
    }
    if (is_new) {
        p->first = t;
    } else if (t < p->last) {
        t = p->last; /* the order of the log counts, not a clock that was set back */
    }
    p->last = t;
    if (any_page) {
        count(p, r, any, t);
    }
    for (unsigned i = 0; i < nkeys; i++) {
        count(p, r, keys[i], t);
    }
    if (r == NULL) {
        return;
    }
    for (unsigned i = any_page ? 0 : 1; i <= nkeys; i++) {
        const senda_counter_t *c = senda_profile_counter(p, i == 0 ? any : keys[i - 1]);

        if (c != NULL) {
            give_tags(p, r, site, c, t);
        }
    }
}

/* ---- packed ---- */

typedef struct {
    uint8_t *p, *end;
    bool full;
} writer_t;

static void
put(writer_t *w, uint64_t v)
{
    do {
        if (w->p == w->end) {
            w->full = true;
            return;
        }
        *w->p++ = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v != 0);
}

/* The difference to - from, of any two moments, small for close ones. */
static void
put_step(writer_t *w, senda_sec_t from, senda_sec_t to)
{
    uint64_t d = (uint64_t)to - (uint64_t)from;

    put(w, d << 1 ^ (d >> 63 != 0 ? UINT64_MAX : 0));
}

size_t
senda_profile_dump(const senda_profile_t *p, void *buf, size_t size)
{
    writer_t w = { buf, (uint8_t *)buf + size, false };
    senda_key_t key = 0;

    put(&w, PROFILE_VERSION);
    put_step(&w, 0, p->first);
    put_step(&w, p->first, p->last);
    put(&w, p->ncounters);
    for (unsigned i = 0; i < p->ncounters; i++) {
        const senda_counter_t *c = &p->counters[i];

        put(&w, c->key - key);
        put(&w, c->count);
        put_step(&w, p->first, c->first);
        put_step(&w, p->last, c->last);
        put(&w, c->nmoments);
        for (uint32_t k = 0; k < c->nmoments; k++) {
            put_step(&w, k == 0 ? c->last : c->moments[k - 1], c->moments[k]);
        }
        key = c->key;
    }
    put(&w, p->ntags);
    for (unsigned i = 0; i < p->ntags; i++) {
        put(&w, p->tags[i].tag);
        put_step(&w, p->first, p->tags[i].since);
    }
    return w.full ? 0 : (size_t)(w.p - (uint8_t *)buf);
}

typedef struct {
    const uint8_t *p, *end;
    bool bad; /* every later number is then 0 */
} reader_t;

static uint64_t
get(reader_t *r, uint64_t most)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && r->p < r->end && !r->bad; shift += 7) {
        uint8_t c = *r->p++;

        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) {
            r->bad = v > most || (shift == 63 && c > 1);
            return r->bad ? 0 : v;
        }
    }
    r->bad = true;
    return 0;
}

static senda_sec_t
get_step(reader_t *r, senda_sec_t from)
{
    uint64_t v = get(r, UINT64_MAX);
    uint64_t d = v >> 1 ^ ((v & 1) != 0 ? UINT64_MAX : 0);

    return (senda_sec_t)((uint64_t)from + d);
}

static void
get_counter(reader_t *r, const senda_profile_t *p, senda_key_t key, senda_counter_t *c)
{
    uint64_t next = (uint64_t)key + get(r, UINT32_MAX);

    r->bad = r->bad || next > UINT32_MAX;
    c->key = (senda_key_t)next;
    c->count = (uint32_t)get(r, UINT32_MAX);
    c->first = get_step(r, p->first);
    c->last = get_step(r, p->last);
    c->nmoments = (uint32_t)get(r, SENDA_MOMENTS_MAX);
    for (uint32_t k = 0; k < c->nmoments; k++) {
        c->moments[k] = get_step(r, k == 0 ? c->last : c->moments[k - 1]);
    }
}

senda_rc_t
senda_profile_load(senda_profile_t *p, const void *data, size_t len)
{
    reader_t r = { data, (const uint8_t *)data + len, false };
    senda_key_t key = 0;
    unsigned n;

    senda_profile_init(p);
    r.bad = get(&r, PROFILE_VERSION) != PROFILE_VERSION;
    p->first = get_step(&r, 0);
    p->last = get_step(&r, p->first);
    n = (unsigned)get(&r, SENDA_COUNTERS_MAX);
    for (unsigned i = 0; i < n && !r.bad; i++) {
        get_counter(&r, p, key, &p->counters[i]);
        r.bad = r.bad || (i > 0 && p->counters[i].key <= key);
        key = p->counters[i].key;
    }
    p->ncounters = n;
    n = (unsigned)get(&r, SENDA_TAGS_MAX);
    for (unsigned i = 0; i < n && !r.bad; i++) {
        p->tags[i].tag = (uint32_t)get(&r, UINT32_MAX);
        p->tags[i].since = get_step(&r, p->first);
    }
    p->ntags = n;
    if (r.bad || r.p != r.end) {
        senda_profile_init(p);
        return SENDA_BAD;
    }
    return SENDA_OK;
}
