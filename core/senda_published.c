/*
 * What the sidecar tells nginx. Tables: "meta" (generation, the last id of each
 * kind), "names" (kind, site, name → id), "rules" (the blob), "visitors"
 * (visitor → tags that flows gave; visitor, 's' → blocks: a table of their own
 * would hide a store from before there were any). An id, once given, is never
 * given to another name, and ids of a kind are one sequence over all sites,
 * because counters know no site.
 *
 * Never reads what a blob means; no address of a person passes through here.
 */

#include "senda_published.h"

#include "senda_bytes.h"
#include "senda_key.h"
#include "senda_pack.h"

#include <stdlib.h>

#define PUBLISHED_FORMAT 1
#define TAGS_VERSION     1
#define ID_LAST          (SENDA_KEY_EVENT - 1)
#define NAME_HEAD        5 /* kind, site */
#define SHOWS_VERSION    1
#define VISITOR_KEY      (SENDA_VISITOR_LEN + 1)
#define NUMBERS_MAX      (2 * SENDA_SHOWS_MAX > SENDA_TAGS_MAX ? 2 * SENDA_SHOWS_MAX : SENDA_TAGS_MAX)
#define PACKED_MAX       (5 * NUMBERS_MAX + 8) /* 5 bytes a number at most */

enum { TABLE_META, TABLE_NAMES, TABLE_RULES, TABLE_VISITORS };

static const char *const tables[] = { "meta", "names", "rules", "visitors" };
static const senda_schema_t schema = { tables, 4 };

/* Under which the last id of a kind is kept; NULL: no such kind. */
static const char *const last_id_keys[] = {
    [SENDA_NAME_SITE] = "last:site",
    [SENDA_NAME_PAGE] = "last:page",
    [SENDA_NAME_EVENT] = "last:event",
    [SENDA_NAME_TAG] = "last:tag",
    [SENDA_NAME_FLOW] = "last:flow",
    [SENDA_NAME_BLOCK] = "last:block",
    [SENDA_NAME_POSITION] = "last:position",
};

struct senda_published_s {
    senda_store_t *store;
    senda_txn_t *txn;    /* the writing one, or NULL */
    uint64_t generation; /* as of version */
    uint64_t version;    /* the store's, when generation was read; 0: never */
};

static senda_rc_t
open_either(senda_published_t **out, const char *dir, senda_store_mode_t mode, senda_err_t *err)
{
    senda_published_t *p = calloc(1, sizeof(*p));
    senda_rc_t rc;

    *out = NULL;
    if (p == NULL) {
        (void)senda_fail(err, SENDA_SYS, "%s: no memory", dir);
        return SENDA_SYS;
    }
    rc = senda_store_open(&p->store, dir, mode, false, SENDA_PUBLISHED_MAP, &schema, err);
    if (rc == SENDA_OK) {
        rc = senda_store_format(p->store, TABLE_META, PUBLISHED_FORMAT, err);
    }
    if (rc != SENDA_OK) {
        senda_published_close(p);
        return rc;
    }
    *out = p;
    return SENDA_OK;
}

senda_rc_t
senda_published_open_write(senda_published_t **out, const char *dir, senda_err_t *err)
{
    return open_either(out, dir, SENDA_STORE_SYNC, err);
}

senda_rc_t
senda_published_open_read(senda_published_t **out, const char *dir, senda_err_t *err)
{
    return open_either(out, dir, SENDA_STORE_READ, err);
}

void
senda_published_close(senda_published_t *p)
{
    if (p != NULL) {
        senda_store_close(p->store);
        free(p);
    }
}

senda_rc_t
senda_published_begin(senda_published_t *p, senda_err_t *err)
{
    return senda_txn_begin(&p->txn, p->store, true, err);
}

senda_rc_t
senda_published_commit(senda_published_t *p, senda_err_t *err)
{
    senda_txn_t *t = p->txn;

    p->txn = NULL;
    return senda_txn_commit(t, err);
}

void
senda_published_abort(senda_published_t *p)
{
    senda_txn_abort(p->txn);
    p->txn = NULL;
}

/* The next id of a kind, and it stored as given. */
static senda_rc_t
next_id(senda_published_t *p, senda_name_kind_t kind, uint32_t *id, senda_err_t *err)
{
    senda_str_t key = senda_cstr(last_id_keys[kind]);
    uint64_t last;
    senda_rc_t rc = senda_get_u64(p->txn, TABLE_META, key, &last);

    if (rc == SENDA_NONE) {
        last = kind == SENDA_NAME_EVENT ? SENDA_EVENT_CUSTOM - 1 : 0;
        rc = SENDA_OK;
    }
    if (rc != SENDA_OK) {
        return senda_fail(err, rc, "published: %s cannot be read", last_id_keys[kind]);
    }
    if (last >= ID_LAST) {
        return senda_fail(err, SENDA_FULL, "published: no id is left (%s)", last_id_keys[kind]);
    }
    *id = (uint32_t)last + 1;
    return senda_put_u64(p->txn, TABLE_META, key, last + 1, err);
}

senda_rc_t
senda_published_id(senda_published_t *p, senda_name_kind_t kind, uint32_t site, senda_str_t name,
    uint32_t *id, senda_err_t *err)
{
    char buf[NAME_HEAD + SENDA_NAME_MAX];
    senda_str_t key = { buf, NAME_HEAD + name.n };
    uint64_t found;
    senda_rc_t rc;

    *id = 0;
    if (kind < SENDA_NAME_SITE || kind >= SENDA_NAME_KINDS) {
        return senda_fail(err, SENDA_BAD, "published: no kind of name %d", (int)kind);
    }
    if (name.n == 0 || name.n > SENDA_NAME_MAX) {
        return senda_fail(err, SENDA_BAD, "published: a name has 1 to %d bytes, not %zu",
            SENDA_NAME_MAX, name.n);
    }
    buf[0] = (char)kind;
    senda_put_be32(buf + 1, site);
    memcpy(buf + NAME_HEAD, name.p, name.n);
    rc = senda_get_u64(p->txn, TABLE_NAMES, key, &found);
    if (rc == SENDA_OK) {
        *id = (uint32_t)found;
        return SENDA_OK;
    }
    if (rc != SENDA_NONE) {
        return senda_fail(err, rc, "published: the id of %.*s cannot be read", (int)name.n, name.p);
    }
    rc = next_id(p, kind, id, err);
    return rc == SENDA_OK ? senda_put_u64(p->txn, TABLE_NAMES, key, *id, err) : rc;
}

senda_rc_t
senda_published_set_rules(senda_published_t *p, uint64_t generation, senda_str_t blob,
    senda_err_t *err)
{
    uint64_t last;
    senda_rc_t rc = senda_get_u64(p->txn, TABLE_META, SENDA_STR("generation"), &last);

    if (rc != SENDA_OK && rc != SENDA_NONE) {
        return senda_fail(err, rc, "published: the generation cannot be read");
    }
    if (generation <= last) {
        return senda_fail(err, SENDA_BAD, "published: generation %llu is not after %llu",
            (unsigned long long)generation, (unsigned long long)last);
    }
    if (blob.n > SENDA_RULES_MAX) {
        return senda_fail(err, SENDA_FULL, "published: rules of %zu bytes, at most %u", blob.n,
            SENDA_RULES_MAX);
    }
    rc = senda_put(p->txn, TABLE_RULES, SENDA_STR("rules"), blob, false, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    return senda_put_u64(p->txn, TABLE_META, SENDA_STR("generation"), generation, err);
}

uint64_t
senda_published_generation(senda_published_t *p)
{
    senda_txn_t *t;

    if (senda_store_version(p->store) != p->version &&
        senda_txn_begin(&t, p->store, false, NULL) == SENDA_OK) {
        if (senda_get_u64(t, TABLE_META, SENDA_STR("generation"), &p->generation) != SENDA_SYS) {
            p->version = senda_txn_version(t);
        }
        senda_txn_abort(t);
    }
    return p->generation;
}

static senda_rc_t
copy_rules(senda_txn_t *t, void **blob, size_t *len, senda_err_t *err)
{
    senda_str_t value;
    senda_rc_t rc = senda_get(t, TABLE_RULES, SENDA_STR("rules"), &value);

    if (rc != SENDA_OK) {
        return rc;
    }
    *blob = malloc(value.n > 0 ? value.n : 1);
    if (*blob == NULL) {
        return senda_fail(err, SENDA_SYS, "published: no memory for %zu bytes of rules", value.n);
    }
    memcpy(*blob, value.p, value.n);
    *len = value.n;
    return SENDA_OK;
}

senda_rc_t
senda_published_rules(senda_published_t *p, void **blob, size_t *len, uint64_t *generation,
    senda_err_t *err)
{
    senda_txn_t *t;
    senda_rc_t rc;

    *blob = NULL;
    *len = 0;
    *generation = 0;
    rc = senda_txn_begin(&t, p->store, false, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_get_u64(t, TABLE_META, SENDA_STR("generation"), generation);
    if (rc == SENDA_OK) {
        rc = copy_rules(t, blob, len, err);
    }
    senda_txn_abort(t);
    return rc;
}

/* Of tags the visitor itself; kind NUL. */
static senda_str_t
visitor_key(const senda_visitor_t *visitor, char kind, char buf[VISITOR_KEY])
{
    memcpy(buf, visitor->b, SENDA_VISITOR_LEN);
    buf[SENDA_VISITOR_LEN] = kind;
    return (senda_str_t){ buf, kind != '\0' ? VISITOR_KEY : SENDA_VISITOR_LEN };
}

/* What is kept of a visitor: an array of numbers, the version first; none: nothing is kept. */
static senda_rc_t
set_numbers(senda_published_t *p, senda_str_t key, unsigned version, const uint32_t *numbers,
    unsigned n, senda_err_t *err)
{
    char buf[PACKED_MAX];
    senda_packer_t pk;
    senda_rc_t rc;

    if (n == 0) {
        rc = senda_del(p->txn, TABLE_VISITORS, key, err);
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    senda_pack_init(&pk, buf, sizeof(buf));
    senda_pack_array(&pk, n + 1);
    senda_pack_uint(&pk, version);
    for (unsigned i = 0; i < n; i++) {
        senda_pack_uint(&pk, numbers[i]);
    }
    return senda_put(p->txn, TABLE_VISITORS, key, (senda_str_t){ buf, senda_pack_len(&pk) }, false,
        err);
}

static unsigned
load_numbers(senda_str_t packed, unsigned version, uint32_t *numbers, unsigned max)
{
    senda_unpacker_t u;
    uint32_t n;

    senda_unpack_init(&u, packed.p, packed.n);
    n = senda_unpack_array(&u);
    if (n == 0 || senda_unpack_uint(&u) != version) {
        return 0;
    }
    n = n - 1 < max ? n - 1 : max;
    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = (uint32_t)senda_unpack_uint(&u);
    }
    return u.bad ? 0 : n;
}

static unsigned
get_numbers(senda_published_t *p, senda_str_t key, unsigned version, uint32_t *numbers,
    unsigned max)
{
    senda_str_t value;
    senda_txn_t *t;
    unsigned n = 0;

    if (senda_txn_begin(&t, p->store, false, NULL) != SENDA_OK) {
        return 0;
    }
    if (senda_get(t, TABLE_VISITORS, key, &value) == SENDA_OK) {
        n = load_numbers(value, version, numbers, max);
    }
    senda_txn_abort(t);
    return n;
}

senda_rc_t
senda_published_set_tags(senda_published_t *p, const senda_visitor_t *visitor, const uint32_t *tags,
    unsigned ntags, senda_err_t *err)
{
    char key[VISITOR_KEY];

    if (ntags > SENDA_TAGS_MAX) {
        return senda_fail(err, SENDA_FULL, "published: %u tags of one visitor, at most %d", ntags,
            SENDA_TAGS_MAX);
    }
    return set_numbers(p, visitor_key(visitor, '\0', key), TAGS_VERSION, tags, ntags, err);
}

unsigned
senda_published_tags(senda_published_t *p, const senda_visitor_t *visitor, uint32_t *tags,
    unsigned max)
{
    char key[VISITOR_KEY];

    return get_numbers(p, visitor_key(visitor, '\0', key), TAGS_VERSION, tags, max);
}

senda_rc_t
senda_published_set_shows(senda_published_t *p, const senda_visitor_t *visitor,
    const senda_show_t *shows, unsigned nshows, senda_err_t *err)
{
    uint32_t numbers[2 * SENDA_SHOWS_MAX];
    char key[VISITOR_KEY];

    if (nshows > SENDA_SHOWS_MAX) {
        return senda_fail(err, SENDA_FULL, "published: %u blocks for one visitor, at most %d",
            nshows, SENDA_SHOWS_MAX);
    }
    for (unsigned i = 0; i < nshows; i++) {
        numbers[2 * i] = shows[i].block;
        numbers[2 * i + 1] = shows[i].position;
    }
    return set_numbers(p, visitor_key(visitor, 's', key), SHOWS_VERSION, numbers, 2 * nshows, err);
}

unsigned
senda_published_shows(senda_published_t *p, const senda_visitor_t *visitor, senda_show_t *shows,
    unsigned max)
{
    uint32_t numbers[2 * SENDA_SHOWS_MAX];
    char key[VISITOR_KEY];
    unsigned n = get_numbers(p, visitor_key(visitor, 's', key), SHOWS_VERSION, numbers,
        2 * SENDA_SHOWS_MAX);

    n = n / 2 < max ? n / 2 : max;
    for (unsigned i = 0; i < n; i++) {
        shows[i] = (senda_show_t){ numbers[2 * i], numbers[2 * i + 1] };
    }
    return n;
}
