/*
 * The stores of the drain: opened, and live/ kept level with the journal. The
 * journal must be there; live/ may be missing or behind for a while, and
 * catches up from the journal in batches between two ticks.
 *
 * What cannot be opened is tried again, ever more rarely, and said in the log.
 */

#include "ngx_http_senda_drain.h"

#define NGX_HTTP_SENDA_LIVE_DEATHS 2 /* in live/, after which it is made anew */
#define NGX_HTTP_SENDA_LIVE_FAILS  8 /* the same for failures in a row, about half a minute */

static void
ngx_http_senda_read_boot(char *boot, size_t size)
{
    ssize_t n = -1;
    int fd;

    fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd != -1) {
        n = read(fd, boot, size - 1);
        (void)close(fd);
    }

    if (n > 0 && boot[n - 1] == '\n') {
        n--;
    }

    boot[ngx_max(n, 0)] = '\0';
}

static senda_rc_t
ngx_http_senda_open_journal(ngx_http_senda_main_conf_t *mcf, senda_err_t *err)
{
    char dir[NGX_MAX_PATH + sizeof("/journal")];
    char boot[64];
    senda_rc_t rc;

    ngx_sprintf((u_char *)dir, "%V/journal%Z", &mcf->store);
    ngx_http_senda_read_boot(boot, sizeof(boot));

    rc = senda_journal_open_write(&ngx_http_senda_drain.journal, dir, boot, err);
    if (rc != SENDA_OK) {
        ngx_http_senda_drain.journal = NULL;
    }

    return rc;
}

/* Whether live/ is of this journal and not ahead of it. */
static ngx_uint_t
ngx_http_senda_belongs(senda_live_t *live)
{
    senda_journal_t *journal = ngx_http_senda_drain.journal;
    uint64_t id = senda_live_journal(live);

    return senda_live_applied(live) <= senda_journal_head(journal) &&
        (id == 0 || id == senda_journal_id(journal));
}

static senda_rc_t
ngx_http_senda_renew_live(ngx_http_senda_main_conf_t *mcf, const char *why, senda_err_t *err)
{
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "senda: \"%V\" %s, it is made anew", &mcf->live,
        why);
    ngx_http_senda_drain.live = NULL;
    ngx_http_senda_drain.live_failed = 0;
    ngx_http_senda_gauge_add(SENDA_BOARD_LIVE_REBUILDS, 1);

    return ngx_http_senda_live_reset(mcf, &ngx_http_senda_drain.live, err);
}

/* Opens live/; one that is of another journal, or unreadable, is made anew. */
static senda_rc_t
ngx_http_senda_open_live(ngx_http_senda_main_conf_t *mcf, senda_err_t *err)
{
    senda_live_t **live = &ngx_http_senda_drain.live;
    uint64_t id = senda_journal_id(ngx_http_senda_drain.journal);
    senda_rc_t rc;

    rc = ngx_http_senda_live_writer(mcf, live, err);

    if (rc == SENDA_BAD) {
        rc = ngx_http_senda_renew_live(mcf, "cannot be read", err);

    } else if (rc == SENDA_OK && !ngx_http_senda_belongs(*live)) {
        rc = ngx_http_senda_renew_live(mcf, "does not belong to this journal", err);
    }

    if (rc == SENDA_OK && senda_live_journal(*live) != id) {
        rc = senda_live_set_journal(*live, id, err);
    }

    if (rc != SENDA_OK) {
        *live = NULL;
        return rc;
    }

    ngx_http_senda_restored(senda_live_applied(*live));
    ngx_http_senda_drain.behind = senda_live_applied(*live) !=
        senda_journal_head(ngx_http_senda_drain.journal);

    return SENDA_OK;
}

/*
 * live/ is only a cache: it is thrown away when processes died in it, or when
 * it fails again and again; so is the copy that it may have been made from.
 */
static void
ngx_http_senda_suspect_live(ngx_http_senda_main_conf_t *mcf)
{
    senda_board_t *board = ngx_http_senda_board();
    senda_err_t err;

    if (board && senda_board_get(board, SENDA_BOARD_LIVE_DEATHS) >= NGX_HTTP_SENDA_LIVE_DEATHS) {
        senda_board_set(board, SENDA_BOARD_LIVE_DEATHS, 0);

    } else if (ngx_http_senda_drain.live_failed < NGX_HTTP_SENDA_LIVE_FAILS) {
        return;
    }

    ngx_http_senda_snapshot_distrust(mcf);

    if (ngx_http_senda_renew_live(mcf, "is damaged", &err) != SENDA_OK) {
        ngx_http_senda_drain.live = NULL;
        ngx_http_senda_failed(&ngx_http_senda_drain.live_retry, "live store", &err);
        return;
    }

    ngx_http_senda_drain.behind = 1;
}

static void
ngx_http_senda_look_after_live(ngx_http_senda_main_conf_t *mcf)
{
    senda_err_t err;

    ngx_http_senda_suspect_live(mcf);

    if (ngx_http_senda_drain.live && ngx_http_senda_live_gone()) {
        ngx_http_senda_drain.live = NULL;
        ngx_http_senda_gauge_add(SENDA_BOARD_LIVE_REBUILDS, 1);
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
            "senda: live store \"%V\" was removed, it is made anew from the journal", &mcf->live);
    }

    if (ngx_http_senda_drain.live || !ngx_http_senda_due(&ngx_http_senda_drain.live_retry) ||
        ngx_http_senda_restoring(mcf)) {
        return;
    }

    if (ngx_http_senda_open_live(mcf, &err) != SENDA_OK) {
        ngx_http_senda_drain.live_failed++;
        ngx_http_senda_failed(&ngx_http_senda_drain.live_retry, "live store", &err);
    } else {
        ngx_http_senda_recovered(&ngx_http_senda_drain.live_retry);
    }
}

/* The journal must be there; live/ may be missing for a while. */
ngx_uint_t
ngx_http_senda_drain_open(ngx_http_senda_main_conf_t *mcf)
{
    senda_err_t err;

    if (ngx_http_senda_drain.journal == NULL) {
        if (!ngx_http_senda_due(&ngx_http_senda_drain.journal_retry)) {
            return 0;
        }

        if (ngx_http_senda_open_journal(mcf, &err) != SENDA_OK) {
            ngx_http_senda_failed(&ngx_http_senda_drain.journal_retry, "journal", &err);
            return 0;
        }

        ngx_http_senda_recovered(&ngx_http_senda_drain.journal_retry);
        ngx_http_senda_landings_remember(ngx_http_senda_drain.journal);
    }

    if (ngx_http_senda_drain.alone) {
        ngx_http_senda_drain.live = NULL;
    } else {
        ngx_http_senda_look_after_live(mcf);
    }

    return 1;
}

/* ---- live/ ---- */

/* The landing of somebody who is known is a repetition. */
static ngx_uint_t
ngx_http_senda_is_repeated(const senda_visit_t *v)
{
    return (v->flags & SENDA_VISIT_LANDING) && !(v->flags & SENDA_VISIT_DRY_RUN) &&
        senda_live_knows(ngx_http_senda_drain.live, &v->visitor);
}

senda_rc_t
ngx_http_senda_apply(const senda_visit_t *v, senda_err_t *err)
{
    return senda_live_apply(ngx_http_senda_drain.live,
        ngx_http_senda_drain.rules ? ngx_http_senda_drain.rules->rules : NULL, v, err);
}

/* Ends live/'s transaction; what could not be kept is said, and is no reason to stop. */
void
ngx_http_senda_commit_live(senda_seq_t applied)
{
    senda_err_t err;
    senda_rc_t rc;

    rc = senda_live_commit(ngx_http_senda_drain.live, applied, &err);

    if (rc == SENDA_OK) {
        ngx_http_senda_drain.live_failed = 0;
        ngx_http_senda_recovered(&ngx_http_senda_drain.live_retry);
        return;
    }

    if (rc == SENDA_FULL && senda_live_applied(ngx_http_senda_drain.live) == applied) {
        ngx_http_senda_failed(&ngx_http_senda_drain.full_retry, "live store", &err);
        return;
    }

    ngx_http_senda_drain.live_failed += rc != SENDA_FULL;
    ngx_http_senda_drain.behind = 1;
    ngx_http_senda_failed(&ngx_http_senda_drain.live_retry, "live store", &err);
}

/* Where live/ is in the journal, and why it got no further. */
typedef struct {
    senda_seq_t last;
    senda_err_t *err;
} ngx_http_senda_pursuit_t;

static senda_rc_t
ngx_http_senda_catch_up_one(void *ctx, senda_seq_t seq, senda_str_t record)
{
    ngx_http_senda_pursuit_t *p = ctx;
    senda_visit_t v;
    senda_rc_t rc;

    if (senda_visit_load(&v, record.p, record.n) == SENDA_OK && !ngx_http_senda_is_repeated(&v)) {
        rc = ngx_http_senda_apply(&v, p->err);
        if (rc != SENDA_OK) {
            return rc;
        }
    }

    p->last = seq;

    return SENDA_OK;
}

/* Applies a batch of what the journal has and live/ has not. */
void
ngx_http_senda_catch_up(void)
{
    senda_live_t *live = ngx_http_senda_drain.live;
    ngx_http_senda_pursuit_t p;
    senda_seq_t head;
    senda_err_t err;
    senda_rc_t rc;

    if (live == NULL || !ngx_http_senda_due(&ngx_http_senda_drain.live_retry)) {
        return;
    }

    head = senda_journal_head(ngx_http_senda_drain.journal);
    p.last = senda_live_applied(live);
    p.err = &err;

    rc = senda_live_begin(live, &err);
    if (rc == SENDA_OK) {
        rc = senda_journal_read(ngx_http_senda_drain.journal, p.last, SENDA_BATCH_MAX,
            ngx_http_senda_catch_up_one, &p, &err);
        if (rc != SENDA_OK) {
            senda_live_abort(live);
        }
    }

    if (rc != SENDA_OK) {
        ngx_http_senda_drain.live_failed += rc != SENDA_FULL;
        ngx_http_senda_failed(&ngx_http_senda_drain.live_retry, "live store", &err);
        return;
    }

    ngx_http_senda_commit_live(p.last);

    if (senda_live_applied(live) == head) {
        ngx_http_senda_drain.behind = 0;
    }
}

void
ngx_http_senda_drain_close(void)
{
    senda_journal_close(ngx_http_senda_drain.journal);
    ngx_http_senda_drain.journal = NULL;
    ngx_http_senda_drain.live = NULL;
}
