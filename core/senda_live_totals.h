/*
 * The sums of live/: how often each page and event of a site was counted, of
 * all visitors together. senda_live.c writes them with the visitors; nobody
 * else includes this.
 */

#ifndef SENDA_LIVE_TOTALS_H
#define SENDA_LIVE_TOTALS_H

#include "senda_live.h"

#define SENDA_TOTALS_SLOTS 2048 /* a power of two; half of it is used before sums are put down */

typedef struct {
    unsigned n;
    uint64_t id[SENDA_TOTALS_SLOTS];       /* site << 32 | key */
    uint32_t count[SENDA_TOTALS_SLOTS];    /* 0: free */
    uint16_t used[SENDA_TOTALS_SLOTS / 2]; /* the n slots that are not */
} senda_totals_t;

/*
 * Adds one in a writing transaction; puts the sums down when there are many.
 * SENDA_OK; SENDA_FULL, SENDA_SYS: t is to be aborted, and begun with
 * senda_totals_forget.
 */
senda_rc_t senda_totals_add(senda_totals_t *s, senda_txn_t *t, unsigned table, uint32_t site,
    senda_key_t key, senda_err_t *err);

/* Puts down what was added; before t is committed. */
senda_rc_t senda_totals_put(senda_totals_t *s, senda_txn_t *t, unsigned table, senda_err_t *err);

/* Forgets what was added and not put down. */
void senda_totals_forget(senda_totals_t *s);

/* What senda_live_totals does, in a table. */
senda_rc_t senda_totals_each(senda_store_t *store, unsigned table, senda_live_total_pt each,
    void *ctx, senda_err_t *err);

#endif
