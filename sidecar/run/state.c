/*
 * state/ with its uncommitted changes in memory. Knows no record but its own
 * version number. What fails is said to the caller; nothing is tried twice
 * here.
 */

#include "state.h"

#include <glib.h>

#include "senda_pack.h"

struct state_s {
    senda_store_t *store;
    GHashTable *changes; /* table and key -> value, NULL to delete */
    GByteArray *scratch;
};

static const char *const tables[STATE_TABLES] = {
    [STATE_META] = "meta",
    [STATE_CONTACTS] = "contacts",
    [STATE_ADDRESSES] = "addresses",
    [STATE_VISITORS] = "visitors",
    [STATE_SUPPRESSED] = "suppressed",
    [STATE_RUNS] = "runs",
    [STATE_OUTBOX] = "outbox",
    [STATE_DUE] = "due",
    [STATE_FIELDS] = "fields",
    [STATE_DEEDS] = "deeds",
    [STATE_PLANS] = "plans",
    [STATE_PLANNED] = "planned",
};

static const senda_schema_t schema = { tables, STATE_TABLES, 0 };

static void
unref_value(gpointer value)
{
    if (value != NULL) {
        g_bytes_unref(value);
    }
}

static senda_rc_t
check_version(state_t *s, bool write, senda_err_t *err)
{
    uint64_t version = state_number(s, "version", 0);

    if (version == STATE_VERSION) {
        return SENDA_OK;
    }
    if (version != 0) {
        return senda_fail(err, SENDA_BAD,
            "state/ is of version %llu, this senda reads version %d: use the senda that made it",
            (unsigned long long)version, STATE_VERSION);
    }
    if (!write) {
        return SENDA_NONE;
    }
    state_set_number(s, "version", STATE_VERSION);
    return state_commit(s, err);
}

senda_rc_t
state_open(state_t **out, const char *store, bool write, senda_err_t *err)
{
    char *dir = g_build_filename(store, "state", NULL);
    state_t *s = g_new0(state_t, 1);
    senda_rc_t rc;

    *out = NULL;
    s->changes = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
        unref_value);
    s->scratch = g_byte_array_new();
    rc = senda_store_open(&s->store, dir, write ? SENDA_STORE_SYNC : SENDA_STORE_READ, true,
        STATE_MAP, &schema, err);
    if (rc == SENDA_OK) {
        rc = check_version(s, write, err);
    }
    g_free(dir);
    if (rc != SENDA_OK) {
        state_close(s);
        return rc;
    }
    *out = s;
    return SENDA_OK;
}

void
state_close(state_t *s)
{
    if (s == NULL) {
        return;
    }
    if (s->store != NULL) {
        senda_store_close(s->store);
    }
    g_hash_table_destroy(s->changes);
    g_byte_array_free(s->scratch, TRUE);
    g_free(s);
}

static GBytes *
change_key(state_table_t table, senda_str_t key)
{
    uint8_t *b = g_malloc(key.n + 1);

    b[0] = (uint8_t)table;
    if (key.n > 0) {
        memcpy(b + 1, key.p, key.n);
    }
    return g_bytes_new_take(b, key.n + 1);
}

/* Points value at a copy of our own, which the next call overwrites. */
static void
keep(state_t *s, const void *data, size_t n, senda_str_t *value)
{
    g_byte_array_set_size(s->scratch, 0);
    g_byte_array_append(s->scratch, data, (guint)n);
    *value = (senda_str_t){ (const char *)s->scratch->data, n };
}

static senda_rc_t
get_stored(state_t *s, state_table_t table, senda_str_t key, senda_str_t *value)
{
    senda_txn_t *t;
    senda_str_t stored;
    senda_rc_t rc = senda_txn_begin(&t, s->store, false, NULL);

    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_get(t, table, key, &stored);
    if (rc == SENDA_OK) {
        keep(s, stored.p, stored.n, value);
    }
    senda_txn_abort(t);
    return rc;
}

senda_rc_t
state_get(state_t *s, state_table_t table, senda_str_t key, senda_str_t *value)
{
    if (g_hash_table_size(s->changes) > 0) {
        GBytes *k = change_key(table, key);
        gpointer v;
        gboolean found = g_hash_table_lookup_extended(s->changes, k, NULL, &v);

        g_bytes_unref(k);
        if (found) {
            gsize n;
            gconstpointer data;

            if (v == NULL) {
                return SENDA_NONE;
            }
            data = g_bytes_get_data(v, &n);
            keep(s, data, n, value);
            return SENDA_OK;
        }
    }
    return get_stored(s, table, key, value);
}

void
state_put(state_t *s, state_table_t table, senda_str_t key, senda_str_t value)
{
    g_hash_table_replace(s->changes, change_key(table, key), g_bytes_new(value.p, value.n));
}

void
state_del(state_t *s, state_table_t table, senda_str_t key)
{
    g_hash_table_replace(s->changes, change_key(table, key), NULL);
}

unsigned
state_changes(const state_t *s)
{
    return g_hash_table_size(s->changes);
}

static senda_rc_t
apply(state_t *s, senda_txn_t *t, senda_err_t *err)
{
    GHashTableIter i;
    gpointer k, v;

    g_hash_table_iter_init(&i, s->changes);
    while (g_hash_table_iter_next(&i, &k, &v)) {
        gsize n;
        const char *b = g_bytes_get_data(k, &n);
        unsigned table = (uint8_t)b[0];
        senda_str_t key = { b + 1, n - 1 };
        senda_rc_t rc;

        if (v == NULL) {
            rc = senda_del(t, table, key, err);
            rc = rc == SENDA_NONE ? SENDA_OK : rc;
        } else {
            b = g_bytes_get_data(v, &n);
            rc = senda_put(t, table, key, (senda_str_t){ b, n }, false, err);
        }
        if (rc != SENDA_OK) {
            return rc;
        }
    }
    return SENDA_OK;
}

senda_rc_t
state_commit(state_t *s, senda_err_t *err)
{
    senda_txn_t *t;
    senda_rc_t rc;

    if (g_hash_table_size(s->changes) == 0) {
        return SENDA_OK;
    }
    rc = senda_txn_begin(&t, s->store, true, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = apply(s, t, err);
    if (rc != SENDA_OK) {
        senda_txn_abort(t);
        return rc;
    }
    rc = senda_txn_commit(t, err);
    if (rc == SENDA_OK) {
        state_abandon(s);
    }
    return rc;
}

void
state_abandon(state_t *s)
{
    g_hash_table_remove_all(s->changes);
}

senda_rc_t
state_each(state_t *s, state_table_t table, senda_str_t from, state_each_pt each, void *ctx,
    senda_err_t *err)
{
    senda_txn_t *t = NULL;
    senda_scan_t *scan = NULL;
    senda_str_t key, value;
    senda_rc_t rc = senda_txn_begin(&t, s->store, false, err);

    if (rc == SENDA_OK) {
        rc = senda_scan_begin(&scan, t, table, from);
    }
    while (rc == SENDA_OK) {
        rc = senda_scan_next(scan, &key, &value);
        if (rc == SENDA_OK) {
            rc = each(ctx, key, value);
        } else if (rc == SENDA_NONE) {
            rc = SENDA_OK;
            break;
        }
    }
    senda_scan_end(scan);
    senda_txn_abort(t);
    return rc;
}

uint64_t
state_number(state_t *s, const char *name, uint64_t other)
{
    senda_str_t value;
    senda_unpacker_t u;
    uint64_t n;

    if (state_get(s, STATE_META, senda_cstr(name), &value) != SENDA_OK) {
        return other;
    }
    senda_unpack_init(&u, value.p, value.n);
    n = senda_unpack_uint(&u);
    return u.bad ? other : n;
}

void
state_set_number(state_t *s, const char *name, uint64_t value)
{
    char buf[16];
    senda_packer_t p;

    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_uint(&p, value);
    state_put(s, STATE_META, senda_cstr(name), (senda_str_t){ buf, senda_pack_len(&p) });
}

void
state_key_bytes(state_key_t *k, const void *data, size_t n)
{
    if (n > sizeof(k->b) - k->n) {
        n = sizeof(k->b) - k->n;
    }
    if (n > 0) {
        memcpy(k->b + k->n, data, n);
    }
    k->n += n;
}

static void
big_endian(state_key_t *k, uint64_t v, unsigned bytes)
{
    uint8_t b[8];

    for (unsigned i = 0; i < bytes; i++) {
        b[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    }
    state_key_bytes(k, b, bytes);
}

void
state_key_u8(state_key_t *k, uint8_t v)
{
    big_endian(k, v, 1);
}

void
state_key_u32(state_key_t *k, uint32_t v)
{
    big_endian(k, v, 4);
}

void
state_key_u64(state_key_t *k, uint64_t v)
{
    big_endian(k, v, 8);
}
