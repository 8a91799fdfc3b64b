/*
 * Sums by site and key. What a commit adds is gathered in a small table in
 * memory first, so that each sum is read and written once a batch and not once
 * a visit; when that table is half full it is put down and emptied.
 *
 * A sum that cannot be read is begun anew: sums are for people to look at, no
 * rule depends on one.
 */

#include "senda_live_totals.h"

#include "senda_bytes.h"

_Static_assert((SENDA_TOTALS_SLOTS & (SENDA_TOTALS_SLOTS - 1)) == 0, "slots are found by a mask");
_Static_assert(SENDA_TOTALS_SLOTS <= UINT16_MAX, "a slot's number fits");

void
senda_totals_forget(senda_totals_t *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        s->count[s->used[i]] = 0;
    }
    s->n = 0;
}

senda_rc_t
senda_totals_put(senda_totals_t *s, senda_txn_t *t, unsigned table, senda_err_t *err)
{
    for (unsigned i = 0; i < s->n; i++) {
        unsigned slot = s->used[i];
        uint64_t sum = 0;
        char buf[8];
        senda_str_t key = { buf, sizeof(buf) };
        senda_rc_t rc;

        senda_put_be64(buf, s->id[slot]);
        rc = senda_get_u64(t, table, key, &sum);
        if (rc != SENDA_OK) {
            sum = 0;
        }
        rc = senda_put_u64(t, table, key, sum + s->count[slot], err);
        if (rc != SENDA_OK) {
            return rc;
        }
    }
    senda_totals_forget(s);
    return SENDA_OK;
}

senda_rc_t
senda_totals_add(senda_totals_t *s, senda_txn_t *t, unsigned table, uint32_t site, senda_key_t key,
    senda_err_t *err)
{
    uint64_t id = (uint64_t)site << 32 | key;
    unsigned slot = (unsigned)(id * 0x9e3779b97f4a7c15u >> 40) & (SENDA_TOTALS_SLOTS - 1);
    senda_rc_t rc;

    while (s->count[slot] != 0 && s->id[slot] != id) {
        slot = (slot + 1) & (SENDA_TOTALS_SLOTS - 1);
    }
    if (s->count[slot] != 0) {
        s->count[slot]++;
        return SENDA_OK;
    }
    if (s->n == SENDA_TOTALS_SLOTS / 2) {
        rc = senda_totals_put(s, t, table, err);
        if (rc != SENDA_OK) {
            return rc;
        }
        slot = (unsigned)(id * 0x9e3779b97f4a7c15u >> 40) & (SENDA_TOTALS_SLOTS - 1);
    }
    s->id[slot] = id;
    s->count[slot] = 1;
    s->used[s->n++] = (uint16_t)slot;
    return SENDA_OK;
}

senda_rc_t
senda_totals_each(senda_store_t *store, unsigned table, senda_live_total_pt each, void *ctx,
    senda_err_t *err)
{
    senda_str_t key, value;
    senda_scan_t *scan = NULL;
    senda_txn_t *t;
    senda_rc_t rc = senda_txn_begin(&t, store, false, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_scan_begin(&scan, t, table, (senda_str_t){ NULL, 0 });
    while (rc == SENDA_OK) {
        rc = senda_scan_next(scan, &key, &value);
        if (rc == SENDA_NONE) {
            rc = SENDA_OK;
            break;
        }
        if (rc == SENDA_OK && key.n == 8 && value.n == 8) {
            uint64_t id = senda_get_be64(key.p);

            rc = each(ctx, (uint32_t)(id >> 32), (senda_key_t)id, senda_get_be64(value.p));
        }
    }
    senda_scan_end(scan);
    senda_txn_abort(t);
    return rc;
}
