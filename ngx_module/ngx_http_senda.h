/*
 * What the module's files share: settings, the context of a request and the
 * verbs of each part. Everything of a request lives in its pool; what a
 * process holds (ring, stores, rules) belongs to ngx_http_senda_stores.c.
 *
 * Only main requests have a context: subrequests read their main request's.
 */

#ifndef NGX_HTTP_SENDA_H
#define NGX_HTTP_SENDA_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "senda_cookie.h"
#include "senda_journal.h"
#include "senda_live.h"
#include "senda_published.h"
#include "senda_ring.h"
#include "senda_rules.h"
#include "senda_visit.h"

#define NGX_HTTP_SENDA_OFF     0
#define NGX_HTTP_SENDA_ON      1
#define NGX_HTTP_SENDA_DRY_RUN 2

/* senda_consent: a variable's index, or one of these. */
#define NGX_HTTP_SENDA_CONSENT_NONE   (-2)
#define NGX_HTTP_SENDA_CONSENT_ALWAYS (-3)

#define NGX_HTTP_SENDA_PARTS_MAX \
    8 /* X-Senda-Event headers of one response; further ones are refused */

typedef struct {
    ngx_str_t store; /* NUL-terminated, as are the other paths; empty: not configured */
    ngx_str_t live;
    size_t live_size;
    ngx_str_t key_file;
    senda_keys_t *keys; /* NULL: no senda_key */
    ngx_flag_t warned;  /* the missing consent has been said */
} ngx_http_senda_main_conf_t;

typedef struct {
    ngx_str_t site; /* empty: the request's host decides */
    ngx_str_t cookie;
    ngx_str_t domain;
    time_t max_age;
} ngx_http_senda_srv_conf_t;

typedef struct {
    ngx_uint_t enable;
    ngx_int_t consent;
    ngx_flag_t trust;
} ngx_http_senda_loc_conf_t;

/* Rules that requests in flight keep while newer ones are already live. */
typedef struct {
    ngx_uint_t refs;
    uint64_t generation;
    void *blob;
    senda_rules_t *rules;
} ngx_http_senda_rules_t;

/* One trusted statement of the upstream: sealed, its event's key or none. */
typedef struct {
    uint32_t flags; /* SENDA_VISIT_CONTACT, SENDA_VISIT_EVENT */
    senda_key_t key;
    ngx_str_t sealed;
} ngx_http_senda_part_t;

typedef struct {
    senda_key_t key;
    uint32_t count;
} ngx_http_senda_count_t;

typedef struct {
    ngx_http_request_t *request;   /* the main request */
    ngx_http_senda_rules_t *rules; /* held until the request ends; NULL: none published yet */
    uint32_t site;                 /* 0: nobody's site, nothing is done */
    senda_ms_t at;
    senda_method_t method;
    senda_match_t match; /* captured values lie in the pool */
    senda_str_t path;    /* decoded, cut to SENDA_PATH_KEPT */

    senda_visitor_t visitor;
    uint16_t cookie_day;
    senda_sec_t landing_at;
    senda_str_t landing_uri;

    /* What the request is. */
    unsigned head : 1;
    unsigned bot : 1;
    unsigned prefetch : 1;
    unsigned gpc : 1;
    unsigned asset : 1;
    unsigned long_url : 1;
    unsigned document : 1; /* it asks for one: its Accept names text/html */
    unsigned returned : 1; /* a valid cookie came with it */
    unsigned forged : 1;
    unsigned landing : 1; /* … that carries the landing visit */

    /* What the header filter decided. */
    unsigned decided : 1;
    unsigned consent : 1;
    unsigned dry_run : 1;
    unsigned html : 1;
    unsigned minted : 1;   /* the visitor is new and its cookie is in this response */
    unsigned refused : 1;  /* a header of the upstream could not be read */
    unsigned computed : 1; /* counts and tags below are made */

    ngx_uint_t nparts;
    ngx_http_senda_part_t *parts;

    ngx_uint_t ncounts;
    ngx_http_senda_count_t *counts;
    ngx_str_t tags;
} ngx_http_senda_ctx_t;

extern ngx_module_t ngx_http_senda_module;

/* ngx_http_senda_request.c */

/*
 * The context of r's main request, made when it is first asked for. NULL: the
 * store is not configured, this host is no site, no rules, or no memory.
 */
ngx_http_senda_ctx_t *ngx_http_senda_get_ctx(ngx_http_request_t *r);

/* The same, but never makes one. */
ngx_http_senda_ctx_t *ngx_http_senda_peek_ctx(ngx_http_request_t *r);

/* Whether the person agreed, by the settings of r's present location and Sec-GPC. */
ngx_uint_t ngx_http_senda_consents(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* Whether a response of this status would be a counted page view. */
ngx_uint_t ngx_http_senda_counts(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_uint_t status, senda_drop_t *why);

/*
 * What the landing visit in the cookie was: true with what matched in *m, its
 * path in *path, both valid until the next call, and the site that it was of.
 */
ngx_uint_t ngx_http_senda_match_landing(ngx_http_senda_ctx_t *ctx, senda_match_t *m,
    senda_str_t *path, uint32_t *site);

/* ngx_http_senda_cookie.c */

/* Finds and verifies the visitor's cookie; sets ctx's visitor and landing. */
void ngx_http_senda_read_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* Decides on the cookie of this response and adds it. NGX_OK or NGX_ERROR (no memory). */
ngx_int_t ngx_http_senda_set_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_uint_t public);

/* ngx_http_senda_header.c */

ngx_int_t ngx_http_senda_header_init(ngx_conf_t *cf);

/* ngx_http_senda_upstream.c */

/* Headers of one response that concern us, found in one pass. */
typedef struct {
    ngx_table_elt_t *contact;
    ngx_table_elt_t *event[NGX_HTTP_SENDA_PARTS_MAX];
    ngx_uint_t nevents;
    ngx_uint_t refused; /* further ones than that */
    ngx_uint_t any;     /* one of these two was there */
    unsigned no_store : 1, is_private : 1, is_public : 1, no_cache : 1, max_age : 1, fresh : 1,
        expires : 1;
} ngx_http_senda_headers_t;

/*
 * Reads r's response headers and takes X-Senda-* away, except where senda is
 * off and nothing is proxied: there they are the administrator's own words,
 * and a server block can play the application.
 */
void ngx_http_senda_scan_headers(ngx_http_request_t *r, ngx_http_senda_headers_t *out);

/* Whether a shared cache may keep the response for a while. */
ngx_uint_t ngx_http_senda_is_public(const ngx_http_senda_headers_t *h);

/* Whether r's response comes fresh from an upstream that may speak for the shop. */
ngx_uint_t ngx_http_senda_is_trusted(ngx_http_request_t *r);

/* Seals what the upstream said into ctx's parts. NGX_OK or NGX_ERROR (no memory). */
ngx_int_t ngx_http_senda_seal_headers(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_http_senda_headers_t *h);

/* ngx_http_senda_log.c */

ngx_int_t ngx_http_senda_log_handler(ngx_http_request_t *r);

/* ngx_http_senda_variables.c */

ngx_int_t ngx_http_senda_add_variables(ngx_conf_t *cf);

/* ngx_http_senda_stores.c: all of it belongs to this process, opened after fork */

/* A try that is repeated ever more rarely, and its words said once. */
typedef struct {
    ngx_msec_t next; /* not before this moment … */
    ngx_msec_t wait; /* … 0: never failed */
    ngx_msec_t said; /* when the text was last written to the log */
    senda_err_t text;
} ngx_http_senda_retry_t;

/* Whether it is time for another try. */
ngx_uint_t ngx_http_senda_due(ngx_http_senda_retry_t *retry);

/* A try failed: logs err, but not the same again and again, and makes the next wait longer. */
void ngx_http_senda_failed(ngx_http_senda_retry_t *retry, const char *what, const senda_err_t *err);

/* A try succeeded. */
void ngx_http_senda_recovered(ngx_http_senda_retry_t *retry);

/* init_process and exit_process of a process that serves requests. */
void ngx_http_senda_stores_start(ngx_http_senda_main_conf_t *mcf, ngx_uint_t with_ring);
void ngx_http_senda_stores_stop(void);

/* This worker's ring; NULL: none can be had at present. */
senda_ring_t *ngx_http_senda_ring(void);

/* The published rules, looked for at most every half second; NULL: none. Give back with release. */
ngx_http_senda_rules_t *ngx_http_senda_rules_hold(void);
void ngx_http_senda_rules_release(ngx_http_senda_rules_t *rules);

/* Seals private bytes into a buffer of data.n + SENDA_SEAL_OVERHEAD; 0 if it cannot be done. */
size_t ngx_http_senda_seal(const senda_keys_t *keys, senda_str_t data, void *out, size_t size);

/* What live/ knows of a visitor: SENDA_OK or SENDA_NONE (also while live/ cannot be read). */
senda_rc_t ngx_http_senda_live_profile(const senda_visitor_t *visitor, senda_profile_t *p);

/* The tags that only the sidecar gives; how many. */
unsigned ngx_http_senda_published_tags(const senda_visitor_t *visitor, uint32_t *tags,
    unsigned max);

/* The drain's handle on live/: the process then reads through it too. */
senda_rc_t ngx_http_senda_live_writer(ngx_http_senda_main_conf_t *mcf, senda_live_t **live,
    senda_err_t *err);

/* Closes the drain's handle if its file was removed or replaced; whether it did. */
ngx_uint_t ngx_http_senda_live_gone(void);

/* Throws live/ away and makes it anew: it belongs to another journal or is damaged. */
senda_rc_t ngx_http_senda_live_reset(ngx_http_senda_main_conf_t *mcf, senda_live_t **live,
    senda_err_t *err);

/* ngx_http_senda_drain.c */

/* Registers the drain with nginx's helper process (init_module). */
ngx_int_t ngx_http_senda_drain_register(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf);

/* Where one process does everything: drains from a timer (init_process). */
void ngx_http_senda_drain_start_timer(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf);

/* Closes what the drain has open (exit_process). */
void ngx_http_senda_drain_stop(void);

/* ngx_http_senda_rings.c: the rings that the drain reads */

typedef struct {
    senda_ring_t *ring;
    uint64_t id;
    uint64_t pos;  /* everything before it is journalled */
    uint64_t next; /* what the open batch has read */
    dev_t dev;     /* of its file … */
    ino_t ino;     /* … too */
    unsigned seen : 1;
} ngx_http_senda_source_t;

/*
 * Opens the ring files of dir that are not open yet, closes those whose file
 * is gone once they are read to the end and nobody writes to them; a look at most once a second unless dir has changed. Reading goes
 * on at the position that the journal has of a ring, else at its tail.
 */
void ngx_http_senda_rings_scan(const char *dir, senda_journal_t *journal);

/* The rings that are open; how many in *n. */
ngx_http_senda_source_t *ngx_http_senda_rings(ngx_uint_t *n);

void ngx_http_senda_rings_close(void);

static ngx_inline senda_str_t
ngx_http_senda_slice(ngx_str_t s)
{
    return (senda_str_t){ (const char *)s.data, s.len };
}

#endif
