/*
 * What is told of one visitor, as a msgpack array, version first: personal,
 * score, stage, tags, segments, blocks with their positions. Reading never
 * believes a count over its bound: such a record says nothing.
 */

#include "senda_known.h"

#include "senda_pack.h"
#include "senda_published_parts.h"

#define KNOWN_VERSION 1
#define KNOWN_FIELDS  7

static senda_str_t
key_of(const senda_visitor_t *visitor)
{
    return (senda_str_t){ (const char *)visitor->b, SENDA_VISITOR_LEN };
}

static bool
is_empty(const senda_known_t *k)
{
    return k == NULL ||
        (!k->has_score && k->stage.n == 0 && k->ntags == 0 && k->nsegments == 0 && k->nshows == 0);
}

static bool
fits(const senda_known_t *k)
{
    if (k->ntags > SENDA_TAGS_MAX || k->nsegments > SENDA_SEGMENTS_MAX ||
        k->nshows > SENDA_SHOWS_MAX || k->stage.n > SENDA_NAME_MAX) {
        return false;
    }
    for (unsigned i = 0; i < k->nsegments; i++) {
        if (k->segments[i].n > SENDA_NAME_MAX) {
            return false;
        }
    }
    for (unsigned i = 0; i < k->nshows; i++) {
        if (k->shows[i].position.n > SENDA_NAME_MAX || k->shows[i].block.n > SENDA_NAME_MAX) {
            return false;
        }
    }
    return true;
}

static size_t
dump(const senda_known_t *k, char *buf, size_t size)
{
    senda_packer_t p;

    senda_pack_init(&p, buf, size);
    senda_pack_array(&p, KNOWN_FIELDS);
    senda_pack_uint(&p, KNOWN_VERSION);
    senda_pack_bool(&p, k->personal);
    if (k->has_score) {
        senda_pack_array(&p, 1);
        senda_pack_int(&p, k->score);
    } else {
        senda_pack_array(&p, 0);
    }
    senda_pack_str(&p, k->stage);
    senda_pack_array(&p, k->ntags);
    for (unsigned i = 0; i < k->ntags; i++) {
        senda_pack_uint(&p, k->tags[i]);
    }
    senda_pack_array(&p, k->nsegments);
    for (unsigned i = 0; i < k->nsegments; i++) {
        senda_pack_str(&p, k->segments[i]);
    }
    senda_pack_array(&p, 2 * k->nshows);
    for (unsigned i = 0; i < k->nshows; i++) {
        senda_pack_str(&p, k->shows[i].position);
        senda_pack_str(&p, k->shows[i].block);
    }
    return senda_pack_len(&p);
}

static senda_str_t
load_name(senda_unpacker_t *u)
{
    senda_str_t s = senda_unpack_str(u);

    u->bad = u->bad || s.n > SENDA_NAME_MAX;
    return s;
}

/* The length of an array; one over its bound makes the whole record bad. */
static unsigned
load_count(senda_unpacker_t *u, unsigned max)
{
    uint32_t n = senda_unpack_array(u);

    u->bad = u->bad || n > max;
    return u->bad ? 0 : n;
}

static void
load_tags(senda_unpacker_t *u, senda_known_t *k)
{
    k->ntags = load_count(u, SENDA_TAGS_MAX);
    for (unsigned i = 0; i < k->ntags; i++) {
        uint64_t id = senda_unpack_uint(u);

        u->bad = u->bad || id > UINT32_MAX;
        k->tags[i] = (uint32_t)id;
    }
}

static bool
load(senda_known_t *k, const char *buf, size_t n)
{
    senda_unpacker_t u;

    senda_unpack_init(&u, buf, n);
    if (senda_unpack_array(&u) != KNOWN_FIELDS || senda_unpack_uint(&u) != KNOWN_VERSION) {
        return false;
    }
    k->personal = senda_unpack_bool(&u);
    k->has_score = load_count(&u, 1) == 1;
    if (k->has_score) {
        k->score = senda_unpack_int(&u);
    }
    k->stage = load_name(&u);
    load_tags(&u, k);
    k->nsegments = load_count(&u, SENDA_SEGMENTS_MAX);
    for (unsigned i = 0; i < k->nsegments; i++) {
        k->segments[i] = load_name(&u);
    }
    k->nshows = load_count(&u, 2 * SENDA_SHOWS_MAX) / 2;
    for (unsigned i = 0; i < k->nshows; i++) {
        k->shows[i].position = load_name(&u);
        k->shows[i].block = load_name(&u);
    }
    return senda_unpack_at_end(&u);
}

senda_rc_t
senda_known_set(senda_published_t *p, const senda_visitor_t *visitor, const senda_known_t *known,
    senda_err_t *err)
{
    char buf[SENDA_KNOWN_MAX];
    senda_str_t before;
    senda_rc_t rc;
    size_t n;

    if (is_empty(known)) {
        rc = senda_del(p->txn, PUBLISHED_KNOWN, key_of(visitor), err);
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    n = fits(known) ? dump(known, buf, sizeof(buf)) : 0;
    if (n == 0) {
        return senda_fail(err, SENDA_FULL,
            "published: %u tags, %u segments, %u blocks of one visitor, at most %d, %d, %d",
            known->ntags, known->nsegments, known->nshows, SENDA_TAGS_MAX, SENDA_SEGMENTS_MAX,
            SENDA_SHOWS_MAX);
    }
    if (senda_get(p->txn, PUBLISHED_KNOWN, key_of(visitor), &before) == SENDA_OK &&
        senda_str_eq(before, (senda_str_t){ buf, n })) {
        return SENDA_OK; /* a commit that changes nothing costs nothing */
    }
    return senda_put(p->txn, PUBLISHED_KNOWN, key_of(visitor), (senda_str_t){ buf, n }, false, err);
}

senda_rc_t
senda_known_get(senda_published_t *p, const senda_visitor_t *visitor, senda_known_t *known,
    char *buf)
{
    senda_str_t value;
    senda_txn_t *t;
    size_t n = 0;

    memset(known, 0, sizeof(*known));
    if (senda_txn_begin(&t, p->store, false, NULL) != SENDA_OK) {
        return SENDA_NONE;
    }
    if (senda_get(t, PUBLISHED_KNOWN, key_of(visitor), &value) == SENDA_OK &&
        value.n <= SENDA_KNOWN_MAX) {
        n = value.n;
        memcpy(buf, value.p, n);
    }
    senda_txn_abort(t);
    if (n == 0) {
        return SENDA_NONE;
    }
    if (!load(known, buf, n)) {
        memset(known, 0, sizeof(*known));
        return SENDA_NONE;
    }
    return SENDA_OK;
}
