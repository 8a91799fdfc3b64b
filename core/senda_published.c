/*
 * What the sidecar tells nginx. Tables: "meta" (generation, the last id of each
 * kind, where the sidecar has read to, the last mistake), "names" (kind, site,
 * name → id), "rules" (the blob), and those of senda_known.c and senda_sent.c.
 * An id, once given, is never given to another name, and ids of a kind are one
 * sequence over all sites, because counters know no site.
 *
 * Never reads what a blob means; no address of a person passes through here.
 */

#include "senda_published_parts.h"

#include "senda_bytes.h"
#include "senda_key.h"

#include <stdlib.h>

#define PUBLISHED_FORMAT 1
#define ID_LAST          (SENDA_KEY_EVENT - 1)
#define NAME_HEAD        5 /* kind, site */

static const char *const tables[PUBLISHED_TABLES] = {
    [PUBLISHED_META] = "meta",
    [PUBLISHED_NAMES] = "names",
    [PUBLISHED_RULES] = "rules",
    [PUBLISHED_KNOWN] = "known",
    [PUBLISHED_MESSAGES] = "messages",
    [PUBLISHED_LINKS] = "links",
    [PUBLISHED_WISHES] = "wishes",
    [PUBLISHED_PAGES] = "pages",
};
static const senda_schema_t schema = { tables, PUBLISHED_TABLES, PUBLISHED_KNOWN };

/* Under which the last id of a kind is kept; NULL: no such kind. */
static const char *const last_id_keys[] = {
    [SENDA_NAME_SITE] = "last:site",
    [SENDA_NAME_PAGE] = "last:page",
    [SENDA_NAME_EVENT] = "last:event",
    [SENDA_NAME_TAG] = "last:tag",
    [SENDA_NAME_FLOW] = "last:flow",
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
        rc = senda_store_format(p->store, PUBLISHED_META, PUBLISHED_FORMAT, err);
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
    senda_rc_t rc = senda_get_u64(p->txn, PUBLISHED_META, key, &last);

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
    return senda_put_u64(p->txn, PUBLISHED_META, key, last + 1, err);
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
    rc = senda_get_u64(p->txn, PUBLISHED_NAMES, key, &found);
    if (rc == SENDA_OK) {
        *id = (uint32_t)found;
        return SENDA_OK;
    }
    if (rc != SENDA_NONE) {
        return senda_fail(err, rc, "published: the id of %.*s cannot be read", (int)name.n, name.p);
    }
    rc = next_id(p, kind, id, err);
    return rc == SENDA_OK ? senda_put_u64(p->txn, PUBLISHED_NAMES, key, *id, err) : rc;
}

senda_rc_t
senda_published_set_rules(senda_published_t *p, uint64_t generation, senda_str_t blob,
    senda_err_t *err)
{
    uint64_t last;
    senda_rc_t rc = senda_get_u64(p->txn, PUBLISHED_META, SENDA_STR("generation"), &last);

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
    rc = senda_put(p->txn, PUBLISHED_RULES, SENDA_STR("rules"), blob, false, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    return senda_put_u64(p->txn, PUBLISHED_META, SENDA_STR("generation"), generation, err);
}

uint64_t
senda_published_generation(senda_published_t *p)
{
    senda_txn_t *t;

    if (senda_store_version(p->store) != p->version &&
        senda_txn_begin(&t, p->store, false, NULL) == SENDA_OK) {
        if (senda_get_u64(t, PUBLISHED_META, SENDA_STR("generation"), &p->generation) !=
            SENDA_SYS) {
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
    senda_rc_t rc = senda_get(t, PUBLISHED_RULES, SENDA_STR("rules"), &value);

    if (rc != SENDA_OK) {
        return rc == SENDA_NONE ? rc : senda_fail(err, rc, "published: rules cannot be read");
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
    rc = senda_get_u64(t, PUBLISHED_META, SENDA_STR("generation"), generation);
    if (rc == SENDA_OK) {
        rc = copy_rules(t, blob, len, err);
    } else if (rc != SENDA_NONE) {
        rc = senda_fail(err, rc, "published: the generation cannot be read");
    }
    senda_txn_abort(t);
    return rc;
}

senda_store_t *
senda_published_store(senda_published_t *p)
{
    return p->store;
}

bool
senda_published_whole(const senda_published_t *p)
{
    return senda_store_whole(p->store);
}

senda_rc_t
senda_published_set_consumed(senda_published_t *p, uint64_t seq, senda_err_t *err)
{
    return senda_put_u64(p->txn, PUBLISHED_META, SENDA_STR("consumed"), seq, err);
}

uint64_t
senda_published_consumed(senda_published_t *p)
{
    senda_txn_t *t;
    uint64_t seq = 0;

    if (senda_txn_begin(&t, p->store, false, NULL) == SENDA_OK) {
        if (senda_get_u64(t, PUBLISHED_META, SENDA_STR("consumed"), &seq) != SENDA_OK) {
            seq = 0;
        }
        senda_txn_abort(t);
    }
    return seq;
}

senda_rc_t
senda_published_set_error(senda_published_t *p, senda_str_t text, senda_sec_t at, senda_err_t *err)
{
    char buf[8 + SENDA_RULES_ERROR_MAX];

    text.n = text.n < SENDA_RULES_ERROR_MAX ? text.n : SENDA_RULES_ERROR_MAX;
    senda_put_be64(buf, (uint64_t)at);
    memcpy(buf + 8, text.p, text.n);
    return senda_put(p->txn, PUBLISHED_META, SENDA_STR("error"), (senda_str_t){ buf, 8 + text.n },
        false, err);
}

size_t
senda_published_error(senda_published_t *p, char *buf, senda_sec_t *at)
{
    senda_str_t value;
    senda_txn_t *t;
    size_t n = 0;

    *at = 0;
    if (senda_txn_begin(&t, p->store, false, NULL) != SENDA_OK) {
        return 0;
    }
    if (senda_get(t, PUBLISHED_META, SENDA_STR("error"), &value) == SENDA_OK && value.n >= 8 &&
        value.n <= 8 + SENDA_RULES_ERROR_MAX) {
        *at = (senda_sec_t)senda_get_be64(value.p);
        n = value.n - 8;
        memcpy(buf, value.p + 8, n);
    }
    senda_txn_abort(t);
    return n;
}
