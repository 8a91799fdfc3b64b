/*
 * What the drain does now and then, a bounded piece after a tick, so that the
 * next tick is never late: readers that died are cleared, visits and visitors
 * that are too old go, rings that nobody needs are removed, live/ is copied.
 *
 * A visit goes only when the sidecar has said that it needs it no more; its
 * sequence number is not used again. What fails is tried again later.
 */

#include "ngx_http_senda_drain.h"

/* Milliseconds between two … */
#define NGX_HTTP_SENDA_CLEAR  10000 /* looks for readers that died */
#define NGX_HTTP_SENDA_PIECE  100   /* pieces of old visits, or of the sweep */
#define NGX_HTTP_SENDA_OLD    60000 /* looks whether the first visit is too old by now */
#define NGX_HTTP_SENDA_ROUND  (24 * 60 * 60 * 1000) /* rounds of the sweep */
#define NGX_HTTP_SENDA_SPARED 5000                  /* looks at rings that nobody needs */

#define NGX_HTTP_SENDA_CHUNKS   8    /* of the journal that go in one piece */
#define NGX_HTTP_SENDA_VISITORS 256  /* that the sweep looks at in one piece */
#define NGX_HTTP_SENDA_QUIET    1024 /* records in a tick: above, nothing of this is done */

static struct {
    ngx_msec_t cleared;
    ngx_msec_t expired; /* the next piece of old visits: not before */
    ngx_msec_t swept;   /* the next piece of the sweep: not before */
    ngx_msec_t spared;
    ngx_uint_t begun;
    ngx_http_senda_retry_t expire_retry;
    ngx_http_senda_retry_t sweep_retry;
} ngx_http_senda_upkept;

static ngx_uint_t
ngx_http_senda_is_time(ngx_msec_t *next)
{
    return (ngx_msec_int_t)(ngx_current_msec - *next) >= 0;
}

static void
ngx_http_senda_clear_dead_readers(void)
{
    if (!ngx_http_senda_is_time(&ngx_http_senda_upkept.cleared)) {
        return;
    }

    ngx_http_senda_upkept.cleared = ngx_current_msec + NGX_HTTP_SENDA_CLEAR;

    (void)senda_store_clear_readers(senda_journal_store(ngx_http_senda_drain.journal));

    if (ngx_http_senda_drain.live) {
        (void)senda_store_clear_readers(senda_live_store(ngx_http_senda_drain.live));
    }
}

/* ---- old visits ---- */

static bool
ngx_http_senda_is_old_visit(void *ctx, senda_str_t record)
{
    senda_ms_t *before = ctx;
    senda_visit_t v;

    /* One of a newer version stays, and what came after it. */
    return senda_visit_load(&v, record.p, record.n) == SENDA_OK && v.at < *before;
}

static senda_rc_t
ngx_http_senda_expire_visits(senda_seq_t upto, senda_ms_t before, uint64_t *gone, senda_err_t *err)
{
    senda_journal_t *journal = ngx_http_senda_drain.journal;
    senda_rc_t rc;

    *gone = 0;

    rc = senda_journal_begin(journal, err);
    if (rc != SENDA_OK) {
        return rc;
    }

    rc = senda_journal_expire(journal, upto, NGX_HTTP_SENDA_CHUNKS, ngx_http_senda_is_old_visit,
        &before, gone, err);

    if (rc == SENDA_OK && *gone > 0) {
        return senda_journal_commit(journal, err);
    }

    senda_journal_abort(journal);

    return rc;
}

/* live/ must have applied what goes, and the sidecar must have said that it needs it no more. */
static senda_seq_t
ngx_http_senda_needed_no_more(void)
{
    senda_published_t *published = ngx_http_senda_published();
    senda_seq_t upto;

    if (published == NULL || ngx_http_senda_drain.live == NULL) {
        return 0;
    }

    upto = senda_live_applied(ngx_http_senda_drain.live);

    return ngx_min(upto, senda_published_consumed(published));
}

static senda_rc_t
ngx_http_senda_note_moment(void *ctx, senda_seq_t seq, senda_str_t record)
{
    uint64_t *sec = ctx;
    senda_visit_t v;

    if (senda_visit_load(&v, record.p, record.n) == SENDA_OK && v.at > 0) {
        *sec = (uint64_t)v.at / 1000;
    }

    return SENDA_OK;
}

/* On the board: when the oldest visit was. */
static void
ngx_http_senda_show_first(void)
{
    senda_board_t *board = ngx_http_senda_board();
    uint64_t sec = 0;

    (void)senda_journal_read(ngx_http_senda_drain.journal, 0, 1, ngx_http_senda_note_moment, &sec,
        NULL);

    if (board) {
        senda_board_set(board, SENDA_BOARD_JOURNAL_FIRST, sec);
    }
}

static void
ngx_http_senda_expire(ngx_http_senda_main_conf_t *mcf)
{
    uint64_t gone;
    senda_seq_t upto;
    senda_err_t err;

    if (!ngx_http_senda_is_time(&ngx_http_senda_upkept.expired)) {
        return;
    }

    ngx_http_senda_upkept.expired = ngx_current_msec + NGX_HTTP_SENDA_OLD;
    ngx_http_senda_show_first();

    upto = mcf->journal_keep ? ngx_http_senda_needed_no_more() : 0;
    if (upto == 0) {
        return;
    }

    if (ngx_http_senda_expire_visits(upto, ((senda_ms_t)ngx_time() - mcf->journal_keep) * 1000,
            &gone, &err) != SENDA_OK) {
        ngx_http_senda_failed(&ngx_http_senda_upkept.expire_retry, "old visits", &err);
        return;
    }

    ngx_http_senda_recovered(&ngx_http_senda_upkept.expire_retry);

    if (gone > 0) {
        ngx_http_senda_gauge_add(SENDA_BOARD_JOURNAL_EXPIRED, gone);
        ngx_http_senda_upkept.expired = ngx_current_msec + NGX_HTTP_SENDA_PIECE;
    }
}

/* ---- visitors who did not come again ---- */

static void
ngx_http_senda_sweep(ngx_http_senda_main_conf_t *mcf)
{
    senda_err_t err;
    senda_rc_t rc;
    unsigned gone;

    if (mcf->visitors_keep == 0 || ngx_http_senda_drain.live == NULL ||
        ngx_http_senda_drain.behind || !ngx_http_senda_is_time(&ngx_http_senda_upkept.swept)) {
        return;
    }

    rc = senda_live_sweep(ngx_http_senda_drain.live, ngx_time() - mcf->visitors_keep,
        NGX_HTTP_SENDA_VISITORS, &gone, &err);

    ngx_http_senda_upkept.swept = ngx_current_msec +
        (rc == SENDA_NONE ? NGX_HTTP_SENDA_ROUND : NGX_HTTP_SENDA_PIECE);

    if (rc != SENDA_OK && rc != SENDA_NONE) {
        ngx_http_senda_upkept.swept = ngx_current_msec + NGX_HTTP_SENDA_OLD;
        ngx_http_senda_failed(&ngx_http_senda_upkept.sweep_retry, "old visitors", &err);
        return;
    }

    ngx_http_senda_recovered(&ngx_http_senda_upkept.sweep_retry);
    ngx_http_senda_gauge_add(SENDA_BOARD_LIVE_EXPIRED, gone);
}

/* ---- rings ---- */

/* As many as there are workers stay: the next ones adopt them. */
static void
ngx_http_senda_spare_rings(ngx_http_senda_main_conf_t *mcf)
{
    ngx_core_conf_t *ccf;
    senda_err_t err;
    uint64_t id;

    if (!ngx_http_senda_is_time(&ngx_http_senda_upkept.spared)) {
        return;
    }

    ngx_http_senda_upkept.spared = ngx_current_msec + NGX_HTTP_SENDA_SPARED;

    ccf = (ngx_core_conf_t *)ngx_get_conf(ngx_cycle->conf_ctx, ngx_core_module);

    id = ngx_http_senda_rings_remove(mcf, ngx_max(ccf->worker_processes, 1));
    if (id == 0) {
        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
        "senda: ring %xL is removed, nobody has used it for %T seconds", id, mcf->rings_keep);

    if (senda_journal_begin(ngx_http_senda_drain.journal, &err) != SENDA_OK) {
        return; /* its position stays: a few bytes */
    }

    if (senda_journal_forget_ring(ngx_http_senda_drain.journal, id, &err) == SENDA_OK) {
        (void)senda_journal_commit(ngx_http_senda_drain.journal, &err);
    } else {
        senda_journal_abort(ngx_http_senda_drain.journal);
    }
}

void
ngx_http_senda_upkeep(ngx_http_senda_main_conf_t *mcf, ngx_uint_t records)
{
    if (!ngx_http_senda_upkept.begun) {
        ngx_http_senda_upkept.begun = 1;
        ngx_http_senda_upkept.cleared = ngx_current_msec;
        ngx_http_senda_upkept.expired = ngx_current_msec;
        ngx_http_senda_upkept.swept = ngx_current_msec;
        ngx_http_senda_upkept.spared = ngx_current_msec;
    }

    ngx_http_senda_clear_dead_readers();

    if (records > NGX_HTTP_SENDA_QUIET ||
        !ngx_http_senda_due(&ngx_http_senda_drain.journal_retry)) {
        return;
    }

    ngx_http_senda_expire(mcf);
    ngx_http_senda_sweep(mcf);
    ngx_http_senda_spare_rings(mcf);
    ngx_http_senda_snapshot(mcf);
}
