/*
 * The drain: one process moves visits from the workers' rings into journal/
 * and live/. It lives in nginx's helper process, called back every few
 * milliseconds; with `master_process off` it is a timer of the one process.
 *
 * One drain at a time: whoever holds the lock on journal/drain.lock. A batch
 * is one journal commit, visits and ring positions together, so each visit is
 * journalled exactly once wherever a death falls; live/ stores the sequence it
 * has applied and catches up from the journal when it is behind. While live/
 * is behind, journalling goes on without it.
 *
 * When a store is full or its disk fails, the rings keep what they hold and
 * the drain tries again, ever more rarely, saying so in the log; it never
 * exits. A landing visit that is repeated is dropped here.
 */

#include "ngx_http_senda_drain.h"

#define NGX_HTTP_SENDA_BUSY  5    /* ms to the next tick when there was something to do */
#define NGX_HTTP_SENDA_IDLE  20   /* … and when there was not: the longest a visit waits */
#define NGX_HTTP_SENDA_LOOKS 100  /* … between two looks at files while nothing comes */
#define NGX_HTTP_SENDA_RULES 3000 /* ms without rules before that is said */

ngx_http_senda_drain_t ngx_http_senda_drain;

static struct {
    ngx_uint_t turn;   /* the ring that a batch begins with */
    ngx_msec_t looked; /* at files: the last tick that was not a quiet one */
    ngx_msec_t began;  /* to look for rules */
    ngx_uint_t said;   /* that there are none */
    ngx_http_senda_retry_t ring_retry;
    ngx_event_t timer;
    ngx_connection_t peer; /* the timer's data, whose descriptor nginx logs; holds the settings */
} ngx_http_senda_ticks;

/* What a batch has gathered. */
typedef struct {
    ngx_http_senda_main_conf_t *mcf;
    ngx_uint_t records; /* read from the rings */
    senda_seq_t last;   /* of the last visit added, 0: none */
    ngx_uint_t live;    /* whether visits are applied to live/ in the same go */
    ngx_uint_t added;   /* to the journal */
    ngx_uint_t damaged;
    ngx_uint_t forgotten; /* visitors */
} ngx_http_senda_batch_t;

/* ---- a batch ---- */

/* One record: into the journal, and to live/ if that is up to date. */
static senda_rc_t
ngx_http_senda_take(ngx_http_senda_batch_t *batch, ngx_http_senda_source_t *s, senda_str_t record,
    senda_err_t *err)
{
    senda_visit_t v;
    senda_rc_t rc;
    ngx_uint_t readable;

    /* A record of a newer version is journalled as it is. */
    readable = senda_visit_load(&v, record.p, record.n) == SENDA_OK;

    if (readable && !ngx_http_senda_admit(batch->mcf, s, &v, batch->live)) {
        return SENDA_OK;
    }

    rc = senda_journal_add(ngx_http_senda_drain.journal, record, &batch->last, err);
    batch->added++;
    batch->forgotten += readable && (v.flags & SENDA_VISIT_FORGET);

    if (rc == SENDA_OK && readable && batch->live) {
        rc = ngx_http_senda_apply(&v, err);
    }

    return rc;
}

/* Reads one ring up to the batch's bound, and notes how far. */
static senda_rc_t
ngx_http_senda_take_ring(ngx_http_senda_batch_t *batch, ngx_http_senda_source_t *s, ngx_uint_t most,
    senda_err_t *err)
{
    senda_str_t record;
    senda_rc_t rc;

    while (most-- > 0) {
        rc = senda_ring_next(s->ring, &s->next, &record);

        if (rc == SENDA_NONE) {
            break;
        }

        batch->records++;

        if (rc != SENDA_OK) {
            batch->damaged++;
            (void)senda_fail(err, SENDA_BAD,
                "a record of ring %llx is damaged, up to %llu bytes "
                "are given up",
                (unsigned long long)s->id, (unsigned long long)(s->next - s->pos));
            ngx_http_senda_failed(&ngx_http_senda_ticks.ring_retry, "ring", err);
            continue;
        }

        rc = ngx_http_senda_take(batch, s, record, err);
        if (rc != SENDA_OK) {
            return rc;
        }
    }

    if (s->next == s->pos) {
        return SENDA_OK;
    }

    return senda_journal_set_ring_pos(ngx_http_senda_drain.journal, s->id, s->next, err);
}

static ngx_uint_t
ngx_http_senda_is_anything_new(void)
{
    ngx_http_senda_source_t *s;
    ngx_uint_t i, n;

    s = ngx_http_senda_rings(&n);

    for (i = 0; i < n; i++) {
        if (senda_ring_head(s[i].ring) != s[i].pos) {
            return 1;
        }
    }

    return 0;
}

/* All rings, each begins once, until the batch is full. */
static senda_rc_t
ngx_http_senda_fill_batch(ngx_http_senda_batch_t *batch, senda_err_t *err)
{
    ngx_http_senda_source_t *s;
    ngx_uint_t i, n;
    senda_rc_t rc = SENDA_OK;

    s = ngx_http_senda_rings(&n);
    ngx_http_senda_ticks.turn++;

    for (i = 0; i < n && rc == SENDA_OK && batch->records < SENDA_BATCH_MAX; i++) {
        rc = ngx_http_senda_take_ring(batch, &s[(i + ngx_http_senda_ticks.turn) % n],
            SENDA_BATCH_MAX - batch->records, err);
    }

    return rc;
}

/* Begins both transactions, live/'s first: repetitions must be known before they are journalled. */
static senda_rc_t
ngx_http_senda_begin_batch(ngx_http_senda_batch_t *batch, ngx_http_senda_main_conf_t *mcf,
    senda_err_t *err)
{
    senda_rc_t rc;

    ngx_memzero(batch, sizeof(ngx_http_senda_batch_t));
    batch->mcf = mcf;
    ngx_http_senda_landings_begin(mcf);

    if (ngx_http_senda_drain.live && !ngx_http_senda_drain.behind) {
        rc = senda_live_begin(ngx_http_senda_drain.live, err);
        if (rc == SENDA_OK) {
            batch->live = 1;
        } else {
            ngx_http_senda_drain.behind = 1;
            ngx_http_senda_failed(&ngx_http_senda_drain.live_retry, "live store", err);
        }
    }

    rc = senda_journal_begin(ngx_http_senda_drain.journal, err);

    if (rc != SENDA_OK && batch->live) {
        senda_live_abort(ngx_http_senda_drain.live);
    }

    return rc;
}

/* Journalled: what the rings held may go, or not: it is read again. */
static void
ngx_http_senda_settle(ngx_uint_t journalled)
{
    ngx_http_senda_source_t *s;
    ngx_uint_t i, n;

    ngx_http_senda_landings_settle(journalled);

    s = ngx_http_senda_rings(&n);

    for (i = 0; i < n; i++) {
        if (!journalled) {
            s[i].next = s[i].pos;

        } else if (s[i].next != s[i].pos) {
            s[i].pos = s[i].next;
            senda_ring_release(s[i].ring, s[i].pos);
        }
    }
}

/* Rings to journal/ and live/, one commit each; how many records. */
static ngx_uint_t
ngx_http_senda_drain_batch(ngx_http_senda_main_conf_t *mcf)
{
    ngx_http_senda_batch_t batch;
    senda_err_t err;
    senda_rc_t rc;
    uint64_t began;

    if (!ngx_http_senda_due(&ngx_http_senda_drain.journal_retry) ||
        !ngx_http_senda_is_anything_new()) {
        return 0;
    }

    began = ngx_http_senda_gauge_begin();

    rc = ngx_http_senda_begin_batch(&batch, mcf, &err);
    if (rc != SENDA_OK) {
        ngx_http_senda_gauge_commit(began, 0, 0);
        ngx_http_senda_failed(&ngx_http_senda_drain.journal_retry, "journal", &err);
        return 0;
    }

    rc = ngx_http_senda_fill_batch(&batch, &err);

    if (rc == SENDA_OK) {
        rc = senda_journal_commit(ngx_http_senda_drain.journal, &err);
    } else {
        senda_journal_abort(ngx_http_senda_drain.journal);
    }

    ngx_http_senda_gauge_commit(began, batch.added, rc == SENDA_OK);

    if (rc != SENDA_OK) {
        if (batch.live) {
            senda_live_abort(ngx_http_senda_drain.live);
        }
        ngx_http_senda_settle(0);
        ngx_http_senda_failed(&ngx_http_senda_drain.journal_retry, "journal", &err);
        return 0;
    }

    ngx_http_senda_recovered(&ngx_http_senda_drain.journal_retry);
    ngx_http_senda_gauge_add(SENDA_BOARD_RINGS_DAMAGED, batch.damaged);
    ngx_http_senda_gauge_add(SENDA_BOARD_FORGOTTEN, batch.forgotten);

    if (batch.live && batch.last) {
        ngx_http_senda_commit_live(batch.last);

    } else if (batch.live) {
        senda_live_abort(ngx_http_senda_drain.live);
    }

    ngx_http_senda_settle(1);

    return batch.records;
}

/* ---- ticks ---- */

/* A module that does nothing because nobody has published looks like one that is broken. */
static void
ngx_http_senda_say_rules(ngx_http_senda_main_conf_t *mcf)
{
    if (ngx_http_senda_drain.rules) {
        ngx_http_senda_ticks.said = 1;

    } else if (ngx_http_senda_ticks.began == 0) {
        ngx_http_senda_ticks.began = ngx_current_msec;

    } else if (!ngx_http_senda_ticks.said &&
        ngx_current_msec - ngx_http_senda_ticks.began >= NGX_HTTP_SENDA_RULES) {
        ngx_http_senda_ticks.said = 1;
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
            "senda: no rules are published in \"%V\", nothing is recorded until "
            "\"senda run\" or \"senda publish\" has put some there",
            &mcf->store);
    }
}

/* Nothing has come, nothing is promised, and the files were just looked at: no system call now. */
static ngx_uint_t
ngx_http_senda_is_quiet(void)
{
    ngx_http_senda_source_t *s;
    ngx_uint_t i, n;

    if (ngx_http_senda_drain.journal == NULL || ngx_http_senda_drain.behind ||
        ngx_current_msec - ngx_http_senda_ticks.looked >= NGX_HTTP_SENDA_LOOKS ||
        ngx_http_senda_is_anything_new()) {
        return 0;
    }

    s = ngx_http_senda_rings(&n);

    for (i = 0; i < n; i++) {
        if (senda_ring_wanted(s[i].ring) > senda_ring_durable(s[i].ring)) {
            return 0;
        }
    }

    return 1;
}

ngx_msec_t
ngx_http_senda_tick(ngx_http_senda_main_conf_t *mcf)
{
    ngx_uint_t records;

    if (ngx_http_senda_is_quiet()) {
        return NGX_HTTP_SENDA_IDLE;
    }

    ngx_http_senda_ticks.looked = ngx_current_msec;

    if (!ngx_http_senda_usable() || !ngx_http_senda_elect(mcf)) {
        return NGX_HTTP_SENDA_IDLE;
    }

    if (!ngx_http_senda_drain_open(mcf)) {
        ngx_http_senda_gauge_tick(mcf);
        return NGX_HTTP_SENDA_IDLE;
    }

    ngx_http_senda_rings_scan(mcf, ngx_http_senda_drain.journal);

    ngx_http_senda_drain.rules = ngx_http_senda_rules_hold();
    ngx_http_senda_say_rules(mcf);

    if (ngx_http_senda_drain.behind) {
        ngx_http_senda_catch_up();
    }

    records = ngx_http_senda_drain_batch(mcf);
    ngx_http_senda_make_durable(ngx_http_senda_drain.journal);

    if (ngx_http_senda_drain.rules) {
        ngx_http_senda_rules_release(ngx_http_senda_drain.rules);
        ngx_http_senda_drain.rules = NULL;
    }

    if (!ngx_http_senda_drain.alone) {
        ngx_http_senda_upkeep(mcf, records);
    }

    ngx_http_senda_gauge_tick(mcf);

    return records > 0 || ngx_http_senda_drain.behind ? NGX_HTTP_SENDA_BUSY : NGX_HTTP_SENDA_IDLE;
}

/* The helper process has no start of its own for us: the first tick is it. */
static ngx_msec_t
ngx_http_senda_manager(void *data)
{
    static ngx_uint_t started;
    ngx_http_senda_main_conf_t *mcf = data;

    if (!started) {
        started = 1;
        ngx_http_senda_stores_start(mcf, 0);
    }

    return ngx_http_senda_tick(mcf);
}

ngx_int_t
ngx_http_senda_drain_register(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf)
{
    ngx_path_t *path, **slot;

    path = ngx_pcalloc(cycle->pool, sizeof(ngx_path_t));
    if (path == NULL) {
        return NGX_ERROR;
    }

    /* Paths have been made by now: nginx neither creates nor chowns this one. */
    slot = ngx_array_push(&cycle->paths);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    path->name = mcf->store;
    path->manager = ngx_http_senda_manager;
    path->data = mcf;
    *slot = path;

    return NGX_OK;
}

/* After a reload the settings of before are freed: those of the present cycle are taken over. */
static void
ngx_http_senda_timer(ngx_event_t *ev)
{
    ngx_http_senda_main_conf_t *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(ngx_cycle, ngx_http_senda_module);

    if (mcf != ngx_http_senda_ticks.peer.data) {
        ngx_http_senda_drain_stop();
        ngx_http_senda_stores_stop();

        if (mcf == NULL || mcf->store.len == 0) {
            return;
        }

        ngx_http_senda_stores_start(mcf, 1);
        ngx_http_senda_ticks.peer.data = mcf;
    }

    ev->log = ngx_cycle->log;
    ngx_add_timer(ev, ngx_http_senda_tick(mcf));
}

void
ngx_http_senda_drain_start_timer(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf)
{
    ngx_event_t *ev = &ngx_http_senda_ticks.timer;

    ev->handler = ngx_http_senda_timer;
    ev->data = &ngx_http_senda_ticks.peer;
    ngx_http_senda_ticks.peer.fd = (ngx_socket_t)-1;
    ngx_http_senda_ticks.peer.data = mcf;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_SENDA_IDLE);
}

void
ngx_http_senda_drain_stop(void)
{
    ngx_http_senda_rings_close();
    ngx_http_senda_drain_close();
    ngx_http_senda_resign();
}
