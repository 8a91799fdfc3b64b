/*
 * Answers that promise durability. In a worker: a record goes into the ring,
 * the request waits until the ring's durable position has passed it, which a
 * timer looks at for all that wait. In the drain: once it has journalled what
 * a ring wants, the journal is synced, once for all of them.
 *
 * The timer keeps a leaving worker until it has answered, two seconds at most.
 * Not in time is an error, never a lie: the record may be there all the same.
 * A client that is gone is forgotten; its record stays. The drain waits for a
 * disk, as with every commit; a worker never does.
 */

#include "ngx_http_senda.h"

#define NGX_HTTP_SENDA_LOOK_DURABLE 5    /* ms */
#define NGX_HTTP_SENDA_WAIT_DURABLE 2000 /* ms */

/* A request that waits. */
typedef struct {
    ngx_queue_t queue;
    ngx_http_request_t *request;
    ngx_http_senda_durable_pt done;
    uint64_t ring, pos; /* which ring, and where its record ends */
    ngx_msec_t until;
} ngx_http_senda_waiting_t;

static ngx_queue_t ngx_http_senda_waiting;
static ngx_event_t ngx_http_senda_durable_timer;
static ngx_connection_t ngx_http_senda_durable_peer; /* the timer's data: nginx logs its fd */

/* ---- in a worker ---- */

static void
ngx_http_senda_durable_cleanup(void *data)
{
    ngx_http_senda_waiting_t *w = data;

    if (w->request) {
        ngx_queue_remove(&w->queue);
        w->request = NULL;
    }
}

/* NGX_OK, NGX_ERROR or NGX_AGAIN. */
static ngx_int_t
ngx_http_senda_look_durable(ngx_http_senda_waiting_t *w)
{
    senda_ring_t *ring = ngx_http_senda_ring();

    if (ring == NULL || senda_ring_id(ring) != w->ring) {
        return NGX_ERROR; /* the ring was taken away under us */
    }

    if (senda_ring_durable(ring) >= w->pos) {
        return NGX_OK;
    }

    if ((ngx_msec_int_t)(ngx_current_msec - w->until) >= 0) {
        senda_ring_drop(ring, SENDA_DROP_DURABLE);
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}

static void
ngx_http_senda_durable_handler(ngx_event_t *ev)
{
    ngx_http_senda_waiting_t *w;
    ngx_http_request_t *r;
    ngx_connection_t *c;
    ngx_queue_t *q, ready;
    ngx_int_t rc;

    /* An answer may end other requests: those that are ready are taken one by one. */
    ngx_queue_init(&ready);

    while (!ngx_queue_empty(&ngx_http_senda_waiting)) {
        q = ngx_queue_head(&ngx_http_senda_waiting);
        w = ngx_queue_data(q, ngx_http_senda_waiting_t, queue);
        ngx_queue_remove(q);

        rc = ngx_http_senda_look_durable(w);

        if (rc == NGX_AGAIN) {
            ngx_queue_insert_tail(&ready, q);
            continue;
        }

        r = w->request;
        c = r->connection;
        w->request = NULL;

        w->done(r, rc);
        ngx_http_run_posted_requests(c);
    }

    if (!ngx_queue_empty(&ready)) {
        ngx_queue_add(&ngx_http_senda_waiting, &ready);
        ngx_add_timer(ev, NGX_HTTP_SENDA_LOOK_DURABLE);
    }
}

static void
ngx_http_senda_start_looking(void)
{
    ngx_event_t *ev = &ngx_http_senda_durable_timer;

    if (ev->timer_set) {
        return;
    }

    ngx_http_senda_durable_peer.fd = (ngx_socket_t)-1;
    ev->handler = ngx_http_senda_durable_handler;
    ev->data = &ngx_http_senda_durable_peer;
    ev->log = ngx_cycle->log;

    ngx_add_timer(ev, NGX_HTTP_SENDA_LOOK_DURABLE);
}

ngx_int_t
ngx_http_senda_put_durable(ngx_http_request_t *r, const senda_visit_t *v,
    ngx_http_senda_durable_pt done)
{
    senda_ring_t *ring = ngx_http_senda_ring();
    ngx_http_senda_waiting_t *w;
    ngx_pool_cleanup_t *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_senda_waiting_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    w = cln->data;
    ngx_memzero(w, sizeof(ngx_http_senda_waiting_t));
    cln->handler = ngx_http_senda_durable_cleanup;

    if (ring == NULL || senda_ring_is_gone(ring) ||
        ngx_http_senda_put_record(ring, v) != SENDA_OK) {
        return NGX_ERROR;
    }

    w->request = r;
    w->done = done;
    w->ring = senda_ring_id(ring);
    w->pos = senda_ring_want_durable(ring);
    w->until = ngx_current_msec + NGX_HTTP_SENDA_WAIT_DURABLE;

    if (ngx_http_senda_waiting.next == NULL) {
        ngx_queue_init(&ngx_http_senda_waiting);
    }

    ngx_queue_insert_tail(&ngx_http_senda_waiting, &w->queue);
    ngx_http_senda_start_looking();

    /* Whoever goes away while waiting is noticed. */
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);

    } else {
        (void)ngx_handle_read_event(r->connection->read, 0);
    }

    return NGX_DONE;
}

/* ---- in the drain ---- */

/* Whether what a ring wants is journalled, and not yet known to be on the disk. */
static ngx_uint_t
ngx_http_senda_is_wanted(const ngx_http_senda_source_t *s)
{
    uint64_t wanted = senda_ring_wanted(s->ring);

    return wanted > senda_ring_durable(s->ring) && s->pos >= wanted;
}

/*
 * After a sync that failed the system may have forgotten what it could not
 * write, and the next one would succeed without it: everything is committed
 * once more.
 */
static senda_rc_t
ngx_http_senda_commit_again(senda_journal_t *journal, const ngx_http_senda_source_t *s,
    senda_err_t *err)
{
    senda_rc_t rc;

    rc = senda_journal_begin(journal, err);
    if (rc != SENDA_OK) {
        return rc;
    }

    rc = senda_journal_set_ring_pos(journal, s->id, s->pos, err);
    if (rc != SENDA_OK) {
        senda_journal_abort(journal);
        return rc;
    }

    return senda_journal_commit(journal, err);
}

void
ngx_http_senda_make_durable(senda_journal_t *journal)
{
    static ngx_http_senda_retry_t retry;
    static ngx_uint_t failed;
    ngx_http_senda_source_t *s, *first = NULL;
    senda_board_t *board;
    senda_rc_t rc = SENDA_OK;
    senda_err_t err;
    ngx_uint_t i, n;

    s = ngx_http_senda_rings(&n);

    for (i = 0; i < n && first == NULL; i++) {
        first = ngx_http_senda_is_wanted(&s[i]) ? &s[i] : NULL;
    }

    if (first == NULL || !ngx_http_senda_due(&retry)) {
        return;
    }

    if (failed) {
        rc = ngx_http_senda_commit_again(journal, first, &err);
    }

    if (rc == SENDA_OK) {
        rc = senda_store_sync(senda_journal_store(journal), &err);
    }

    failed = rc != SENDA_OK;

    if (failed) {
        ngx_http_senda_failed(&retry, "answers that promise durability", &err);
        return;
    }

    ngx_http_senda_recovered(&retry);

    for (i = 0; i < n; i++) {
        if (ngx_http_senda_is_wanted(&s[i])) {
            senda_ring_set_durable(s[i].ring, s[i].pos);
        }
    }

    board = ngx_http_senda_board();
    if (board) {
        senda_board_add(board, SENDA_BOARD_JOURNAL_SYNCS, 1);
    }
}
