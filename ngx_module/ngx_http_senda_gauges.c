/*
 * What the drain shows of itself on the board, for the status page. Each
 * number is a store to a mapped page; what costs more to find out is looked at
 * once a second. Never fails: without a board nothing is shown.
 */

#include "ngx_http_senda_drain.h"

#define NGX_HTTP_SENDA_GAUGE 1000 /* ms between two looks at what costs something */

static struct {
    ngx_msec_t looked;
    senda_live_t *live;           /* whose refusals are counted from … */
    senda_live_refused_t refused; /* … here on */
    uint64_t dropped;             /* visits that full rings had dropped at the last look */
    unsigned looked_once : 1;
} ngx_http_senda_gauge;

static void
ngx_http_senda_gauge_since(senda_board_t *board, senda_board_cell_t cell,
    const ngx_http_senda_retry_t *retry)
{
    if (retry->wait == 0) {
        senda_board_set(board, cell, 0);

    } else if (senda_board_get(board, cell) == 0) {
        senda_board_set(board, cell, (uint64_t)ngx_time());
    }
}

/* What live/ could not keep since the last look. */
static void
ngx_http_senda_gauge_refused(senda_board_t *board)
{
    const senda_live_refused_t *now = senda_live_refused(ngx_http_senda_drain.live);
    senda_live_refused_t *seen = &ngx_http_senda_gauge.refused;

    if (ngx_http_senda_gauge.live != ngx_http_senda_drain.live || now->full < seen->full ||
        now->damaged < seen->damaged || now->large < seen->large) {
        ngx_memzero(seen, sizeof(senda_live_refused_t));
        ngx_http_senda_gauge.live = ngx_http_senda_drain.live;
    }

    senda_board_add(board, SENDA_BOARD_LIVE_REFUSED_FULL, now->full - seen->full);
    senda_board_add(board, SENDA_BOARD_LIVE_REFUSED_DAMAGED, now->damaged - seen->damaged);
    senda_board_add(board, SENDA_BOARD_LIVE_REFUSED_LARGE, now->large - seen->large);

    if (now->full != seen->full) {
        senda_board_set(board, SENDA_BOARD_LIVE_FULL_AT, (uint64_t)ngx_time());
    }

    *seen = *now;
}

static void
ngx_http_senda_gauge_rings(senda_board_t *board)
{
    ngx_http_senda_source_t *s;
    ngx_uint_t i, n;
    uint64_t dropped = 0;

    s = ngx_http_senda_rings(&n);

    for (i = 0; i < n; i++) {
        dropped += s[i].removed ? 0 : senda_ring_dropped(s[i].ring, SENDA_DROP_FULL);
    }

    if (ngx_http_senda_gauge.looked_once && dropped > ngx_http_senda_gauge.dropped) {
        senda_board_set(board, SENDA_BOARD_DROPPED_FULL_AT, (uint64_t)ngx_time());
    }

    ngx_http_senda_gauge.dropped = dropped;
    senda_board_set(board, SENDA_BOARD_RINGS, n);
}

static void
ngx_http_senda_gauge_stores(senda_board_t *board, ngx_http_senda_main_conf_t *mcf)
{
    senda_store_t *store = senda_journal_store(ngx_http_senda_drain.journal);

    senda_board_set(board, SENDA_BOARD_JOURNAL_BYTES, senda_store_used(store));
    senda_board_set(board, SENDA_BOARD_LIVE_SIZE, mcf->live_size);

    if (ngx_http_senda_drain.live) {
        store = senda_live_store(ngx_http_senda_drain.live);
        senda_board_set(board, SENDA_BOARD_LIVE_BYTES, senda_store_used(store));
        senda_board_set(board, SENDA_BOARD_LIVE_VISITORS,
            senda_live_visitors(ngx_http_senda_drain.live));
        ngx_http_senda_gauge_refused(board);
    }
}

void
ngx_http_senda_gauge_tick(ngx_http_senda_main_conf_t *mcf)
{
    senda_board_t *board = ngx_http_senda_board();
    ngx_time_t *now = ngx_timeofday();

    if (board == NULL) {
        return;
    }

    senda_board_set(board, SENDA_BOARD_DRAIN_PID, (uint64_t)ngx_pid);
    senda_board_set(board, SENDA_BOARD_DRAIN_AT, (uint64_t)now->sec * 1000 + now->msec);

    ngx_http_senda_gauge_since(board, SENDA_BOARD_JOURNAL_FAILING,
        &ngx_http_senda_drain.journal_retry);
    ngx_http_senda_gauge_since(board, SENDA_BOARD_LIVE_FAILING, &ngx_http_senda_drain.live_retry);

    if (ngx_http_senda_drain.journal == NULL) {
        return;
    }

    senda_board_set(board, SENDA_BOARD_JOURNAL_HEAD,
        senda_journal_head(ngx_http_senda_drain.journal));

    if (ngx_http_senda_drain.live) {
        senda_board_set(board, SENDA_BOARD_LIVE_APPLIED,
            senda_live_applied(ngx_http_senda_drain.live));
    }

    if (!ngx_http_senda_gauge.looked_once ||
        ngx_current_msec - ngx_http_senda_gauge.looked >= NGX_HTTP_SENDA_GAUGE) {
        ngx_http_senda_gauge_rings(board);
        ngx_http_senda_gauge_stores(board, mcf);
        ngx_http_senda_gauge.looked = ngx_current_msec;
        ngx_http_senda_gauge.looked_once = 1;
    }
}

/* A clock of our own: nginx's moves between events only. */
static uint64_t
ngx_http_senda_gauge_us(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 0;
    }

    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
ngx_http_senda_gauge_begin(void)
{
    return ngx_http_senda_gauge_us();
}

void
ngx_http_senda_gauge_commit(uint64_t began, ngx_uint_t records, ngx_uint_t ok)
{
    senda_board_t *board = ngx_http_senda_board();
    uint64_t us = ngx_http_senda_gauge_us() - began;

    if (board == NULL) {
        return;
    }

    if (!ok) {
        senda_board_add(board, SENDA_BOARD_JOURNAL_FAILED, 1);
        return;
    }

    senda_board_add(board, SENDA_BOARD_JOURNAL_COMMITS, 1);
    senda_board_add(board, SENDA_BOARD_JOURNAL_RECORDS, records);
    senda_board_set(board, SENDA_BOARD_COMMIT_US, us);

    if (us > senda_board_get(board, SENDA_BOARD_COMMIT_US_MAX)) {
        senda_board_set(board, SENDA_BOARD_COMMIT_US_MAX, us);
    }
}

void
ngx_http_senda_gauge_add(senda_board_cell_t cell, uint64_t n)
{
    senda_board_t *board = n ? ngx_http_senda_board() : NULL;

    if (board) {
        senda_board_add(board, cell, n);
    }
}
