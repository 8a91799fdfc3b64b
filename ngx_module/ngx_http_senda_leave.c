/*
 * A worker that leaves. Its ring is drained by the helper process, unless a
 * reload has given senda_store another path or taken it away, or nginx stops:
 * then nobody is left who would. So a leaving worker looks whether its ring
 * moves, drains it itself while it lives on (long-lived connections), and once
 * more at its end, at most for a second. Into the journal only: live/ catches
 * up when it is opened again.
 */

#include "ngx_http_senda_drain.h"

#define NGX_HTTP_SENDA_LEAVE_LOOK 1000 /* ms */
#define NGX_HTTP_SENDA_LEAVE_MAX  1000 /* ms that a worker's end may take for it */

static struct {
    ngx_event_t timer;
    ngx_connection_t peer; /* the timer's data, whose descriptor nginx logs; holds the settings */
    uint64_t tail;         /* of the ring, at the last look */
} ngx_http_senda_leaving;

/* Whether something is in the ring. */
static ngx_uint_t
ngx_http_senda_is_waiting(senda_ring_t *ring)
{
    return ring && senda_ring_head(ring) != senda_ring_tail(ring);
}

static void
ngx_http_senda_leave_timer(ngx_event_t *ev)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_senda_leaving.peer.data;
    ngx_msec_t wait = NGX_HTTP_SENDA_LEAVE_LOOK;
    senda_ring_t *ring = ngx_http_senda_ring();

    if (ngx_exiting && ring) {
        if (ngx_http_senda_is_waiting(ring) &&
            senda_ring_tail(ring) == ngx_http_senda_leaving.tail) {
            ngx_http_senda_drain.alone = 1;
        }

        ngx_http_senda_leaving.tail = senda_ring_tail(ring);

        if (ngx_http_senda_drain.alone) {
            wait = ngx_http_senda_tick(mcf);
        }
    }

    ngx_add_timer(ev, wait);
}

void
ngx_http_senda_leave_watch(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf)
{
    ngx_event_t *ev = &ngx_http_senda_leaving.timer;

    ev->handler = ngx_http_senda_leave_timer;
    ev->data = &ngx_http_senda_leaving.peer;
    ngx_http_senda_leaving.peer.fd = (ngx_socket_t)-1;
    ngx_http_senda_leaving.peer.data = mcf;
    ev->log = cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_SENDA_LEAVE_LOOK);
}

void
ngx_http_senda_leave(ngx_http_senda_main_conf_t *mcf)
{
    senda_ring_t *ring = ngx_http_senda_ring();
    ngx_msec_t began = ngx_current_msec;

    if (!ngx_http_senda_is_waiting(ring)) {
        return;
    }

    ngx_http_senda_drain.alone = 1;

    for (;;) {
        (void)ngx_http_senda_tick(mcf);

        if (!ngx_http_senda_is_waiting(ring) ||
            ngx_current_msec - began >= NGX_HTTP_SENDA_LEAVE_MAX) {
            return;
        }

        ngx_msleep(1); /* the drain may be at it this very moment */
        ngx_time_update();
    }
}
