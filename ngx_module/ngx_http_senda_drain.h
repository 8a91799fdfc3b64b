/*
 * What the drain's files share: its stores and their state. One process has
 * it, the others' is zero.
 */

#ifndef NGX_HTTP_SENDA_DRAIN_H
#define NGX_HTTP_SENDA_DRAIN_H

#include "ngx_http_senda.h"

typedef struct {
    senda_journal_t *journal;
    senda_live_t *live;
    ngx_http_senda_rules_t *rules; /* held during a tick */
    unsigned behind : 1;           /* live/ has not applied all of the journal */
    unsigned alone : 1;            /* a worker that leaves: into the journal only */
    ngx_uint_t live_failed;        /* times in a row that live/ could not be used */
    ngx_http_senda_retry_t journal_retry;
    ngx_http_senda_retry_t live_retry;
    ngx_http_senda_retry_t full_retry;
} ngx_http_senda_drain_t;

extern ngx_http_senda_drain_t ngx_http_senda_drain;

/* ngx_http_senda_elect.c */

/* Whether this process is the drain of mcf's store; it stays so until it resigns or ends. */
ngx_uint_t ngx_http_senda_elect(ngx_http_senda_main_conf_t *mcf);
void ngx_http_senda_resign(void);

/* ngx_http_senda_drain.c */

/* One tick; ms until the next one. */
ngx_msec_t ngx_http_senda_tick(ngx_http_senda_main_conf_t *mcf);

/* ngx_http_senda_drain_stores.c */

/* Opens what is not open; whether the journal is. live/ may be missing for a while. */
ngx_uint_t ngx_http_senda_drain_open(ngx_http_senda_main_conf_t *mcf);
void ngx_http_senda_drain_close(void);

/* Applies a batch of what the journal has and live/ has not. */
void ngx_http_senda_catch_up(void);

/* In live/'s transaction: counts v. */
senda_rc_t ngx_http_senda_apply(const senda_visit_t *v, senda_err_t *err);

/* Ends live/'s transaction; what could not be kept is said, and is no reason to stop. */
void ngx_http_senda_commit_live(senda_seq_t applied);

/* ngx_http_senda_landings.c */

/* When the journal is opened: whose landings stand at its end. */
void ngx_http_senda_landings_remember(senda_journal_t *journal);

/* Around a batch; settle with 0 when it was not journalled and is read again. */
void ngx_http_senda_landings_begin(ngx_http_senda_main_conf_t *mcf);
void ngx_http_senda_landings_settle(ngx_uint_t journalled);

/*
 * Whether v, read from s, is to be journalled: not a landing that is known,
 * nor of a new visitor beyond the rate. live: its transaction is open.
 */
ngx_uint_t ngx_http_senda_admit(ngx_http_senda_main_conf_t *mcf, ngx_http_senda_source_t *s,
    const senda_visit_t *v, ngx_uint_t live);

/* ngx_http_senda_upkeep.c */

/* After a tick: what is done now and then, a bounded piece at a time. */
void ngx_http_senda_upkeep(ngx_http_senda_main_conf_t *mcf, ngx_uint_t records);

/* ngx_http_senda_snapshot.c */

/* Begins a copy of live/ if one is due. */
void ngx_http_senda_snapshot(ngx_http_senda_main_conf_t *mcf);

/* The copy may be what is wrong with live/: it is removed. */
void ngx_http_senda_snapshot_distrust(ngx_http_senda_main_conf_t *mcf);

/* Whether live/, which is missing, is being made by a child; begins that where it is worth it. */
ngx_uint_t ngx_http_senda_restoring(ngx_http_senda_main_conf_t *mcf);

/* live/ is open, as of that sequence: should it go missing again, a copy may be put back again. */
void ngx_http_senda_restored(senda_seq_t applied);

/* ngx_http_senda_gauges.c: what is shown on the board */

/* After each tick, also of one that could not open the journal. */
void ngx_http_senda_gauge_tick(ngx_http_senda_main_conf_t *mcf);

/* Around a commit of the journal: the moment that it began, then how it ended. */
uint64_t ngx_http_senda_gauge_begin(void);
void ngx_http_senda_gauge_commit(uint64_t began, ngx_uint_t records, ngx_uint_t ok);

/* Adds to a counter. */
void ngx_http_senda_gauge_add(senda_board_cell_t cell, uint64_t n);

#endif
