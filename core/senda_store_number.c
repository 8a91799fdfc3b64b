/*
 * Numbers in a store: 8 bytes, most significant first, by senda_store.c's
 * verbs, and the number of a store's format. What is there and is no number is
 * SENDA_BAD.
 */

#include "senda_store.h"

#include "senda_bytes.h"

senda_rc_t
senda_get_u64(senda_txn_t *t, unsigned table, senda_str_t key, uint64_t *value)
{
    senda_str_t v;
    senda_rc_t rc = senda_get(t, table, key, &v);

    *value = 0;
    if (rc != SENDA_OK) {
        return rc;
    }
    if (v.n != 8) {
        return SENDA_BAD;
    }
    *value = senda_get_be64(v.p);
    return SENDA_OK;
}

senda_rc_t
senda_put_u64(senda_txn_t *t, unsigned table, senda_str_t key, uint64_t value, senda_err_t *err)
{
    char buf[8];

    senda_put_be64(buf, value);
    return senda_put(t, table, key, (senda_str_t){ buf, sizeof(buf) }, false, err);
}

senda_rc_t
senda_store_format(senda_store_t *s, unsigned table, uint64_t format, senda_err_t *err)
{
    senda_txn_t *t;
    uint64_t found = 0;
    senda_rc_t rc = senda_txn_begin(&t, s, senda_store_writes(s), err);

    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_get_u64(t, table, SENDA_STR("format"), &found);
    if (rc == SENDA_NONE && senda_store_writes(s)) {
        rc = senda_put_u64(t, table, SENDA_STR("format"), format, err);
        if (rc == SENDA_OK) {
            return senda_txn_commit(t, err);
        }
    } else if (rc == SENDA_BAD || (rc == SENDA_OK && found != format)) {
        rc = senda_fail(err, SENDA_BAD, "%s: format %llu, this program reads %llu", senda_store_dir,
            (unsigned long long)found, (unsigned long long)format);
    } else if (rc == SENDA_SYS) {
        rc = senda_fail(err, rc, "%s: its format cannot be read", senda_store_dir);
    }
    senda_txn_abort(t);
    return rc;
}
