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

#include "senda_board.h"
#include "senda_cookies.h"
#include "senda_journal.h"
#include "senda_known.h"
#include "senda_live.h"
#include "senda_page.h"
#include "senda_published.h"
#include "senda_ring.h"
#include "senda_rules.h"
#include "senda_sent.h"
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
    senda_keys_t *keys;       /* NULL: no senda_key */
    senda_cookies_t *cookies; /* verified with them; each process's own from its fork on */
    ngx_flag_t warned;        /* the missing consent has been said */
    time_t journal_keep;      /* s that visits are kept; 0: for good */
    time_t visitors_keep;     /* s that a visitor is kept in live/; 0: for good */
    ngx_int_t new_visitors;   /* a second; 0: any number */
    time_t snapshot;          /* s between two copies of live/; 0: none */
    time_t rings_keep;        /* s that a ring which no worker has is kept */
} ngx_http_senda_main_conf_t;

#define NGX_HTTP_SENDA_HOST_KEPT 64 /* bytes of a host; a longer one is decoded each time */

/* The host that a server was last asked as, and what it means. */
typedef struct {
    ngx_uint_t serial; /* of the rules that say so; 0: nothing is kept */
    uint32_t site;
    uint32_t raw_len, len;
    char raw[NGX_HTTP_SENDA_HOST_KEPT], decoded[NGX_HTTP_SENDA_HOST_KEPT];
} ngx_http_senda_host_t;

typedef struct {
    ngx_str_t site; /* empty: the request's host decides */
    ngx_str_t cookie;
    ngx_str_t domain;
    time_t max_age;
    unsigned no_cookie : 1;     /* "off": none is set, those that come are read */
    unsigned make_private : 1;  /* a publicly cacheable response, so that it can carry a cookie */
    ngx_http_senda_host_t host; /* each process's own from its fork on */
} ngx_http_senda_srv_conf_t;

typedef struct {
    ngx_uint_t enable;
    ngx_int_t consent;
    ngx_flag_t trust;
    unsigned endpoint : 1;
    ngx_uint_t status; /* senda_status: NGX_HTTP_SENDA_STATUS_…; 0: not here; never inherited */
} ngx_http_senda_loc_conf_t;

/* Rules that requests in flight keep while newer ones are already live. */
typedef struct {
    ngx_uint_t refs;
    ngx_uint_t serial; /* of all that this process has opened, from 1 */
    uint64_t generation;
    void *blob;
    senda_rules_t *rules;
} ngx_http_senda_rules_t;

/* One trusted statement of the upstream, or a form: sealed, its event's key or none. */
typedef struct {
    uint32_t flags; /* SENDA_VISIT_CONTACT, SENDA_VISIT_EVENT, SENDA_VISIT_FORM */
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
    senda_str_t path; /* decoded, cut to SENDA_PATH_KEPT */

    senda_visitor_t visitor; /* whom the response is for */
    senda_visitor_t came;    /* of the cookie that came, if one returned: the landing is its own */
    uint16_t cookie_day;
    uint8_t person[SENDA_PERSON_LEN]; /* as in senda_cookie_t, after a login that of the login */
    senda_sec_t session;
    senda_sec_t landing_at;
    senda_str_t landing_uri;
    senda_str_t click; /* "CLICK TOKEN": the landing of a cookie made here; empty: the address */

    /* What the request is. */
    unsigned head : 1;
    unsigned bot : 1;
    unsigned prefetch : 1;
    unsigned gpc : 1; /* Sec-GPC: 1 or DNT: 1 */
    unsigned asset : 1;
    unsigned probe : 1; /* what only scanners ask a shop for */
    unsigned long_url : 1;
    unsigned returned : 1; /* a valid cookie came with it, and the response is for its visitor */
    unsigned forged : 1;
    unsigned known : 1;    /* … that bears a person's mark */
    unsigned landing : 1;  /* … that carries the landing visit */
    unsigned endpoint : 1; /* a link of a message: no page view */
    unsigned nobody : 1; /* the cookie carries a click, and is not yet believed to be a browser's */

    /* What the header filter decided. */
    unsigned decided : 1;
    unsigned consent : 1;
    unsigned dry_run : 1;
    unsigned html : 1;
    unsigned minted : 1;  /* the visitor is new and its cookie is in this response */
    unsigned refused : 1; /* a header of the upstream could not be read */

    /* What the upstream said of who this is. */
    unsigned met : 1;    /* the three below are decided */
    unsigned login : 1;  /* it names a person */
    unsigned logout : 1; /* it says that nobody is logged in any more */
    unsigned other : 1;  /* the cookie was another person's: visitor is new */
    unsigned marked : 1; /* person is not what the cookie says */

    unsigned withdrawn : 1;                             /* the cookie came, consent is no more */
    unsigned forget : 1;                                /* … and came is to be forgotten */
    unsigned computed : 1;                              /* counts and tags below are made: */
    unsigned computed_personal : 1, computed_other : 1; /* with these two as they were then */

    unsigned trusts : 1; /* the location last entered is proxied and trusted */
    struct ngx_http_senda_headers_s *redirected; /* before X-Accel-Redirect; NULL: nothing */

    senda_str_t form; /* plain, while the header filter runs */
    ngx_uint_t nparts;
    ngx_http_senda_part_t *parts;

    ngx_uint_t ncounts;
    ngx_http_senda_count_t *counts;
    ngx_str_t tags;
    const senda_known_t *told; /* by the sidecar; NULL: not looked up yet */

    /* last, because it is not zeroed as a whole */
    senda_match_t match; /* captured values lie in the pool */
} ngx_http_senda_ctx_t;

extern ngx_module_t ngx_http_senda_module;

/* ngx_http_senda_conf.c */

void *ngx_http_senda_create_main_conf(ngx_conf_t *cf);
void *ngx_http_senda_create_srv_conf(ngx_conf_t *cf);
char *ngx_http_senda_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child);
void *ngx_http_senda_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_senda_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
char *ngx_http_senda_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_senda_site(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_senda_cookie(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_senda_consent(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_http_senda_conf_store.c */

char *ngx_http_senda_store(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* In the master: says what nginx's user may not write to, and what mends it. */
void ngx_http_senda_warn_of_rights(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf);

/* ngx_http_senda_request.c */

/*
 * The context of r's main request, made when it is first asked for. NULL: the
 * store is not configured, this host is no site, no rules, or no memory.
 */
ngx_http_senda_ctx_t *ngx_http_senda_get_ctx(ngx_http_request_t *r);

/* The same, but never makes one. */
ngx_http_senda_ctx_t *ngx_http_senda_peek_ctx(ngx_http_request_t *r);

/* Whether the person agreed, by the settings of r's present location, Sec-GPC and DNT. */
ngx_uint_t ngx_http_senda_consents(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* Whether not agreeing is the person's own word, not that nobody asked. */
ngx_uint_t ngx_http_senda_is_withdrawn(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* Whether a response of this status would be a counted page view. */
ngx_uint_t ngx_http_senda_counts(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_uint_t status, senda_drop_t *why);

/*
 * What the landing visit in the cookie was: true with what matched in *m, its
 * path in *path, both valid until the next call, and the site that it was of.
 */
ngx_uint_t ngx_http_senda_match_landing(ngx_http_senda_ctx_t *ctx, senda_match_t *m,
    senda_str_t *path, uint32_t *site);

/* ngx_http_senda_identity.c */

/*
 * Whether what only a person may see can be shown: of somebody whose login was
 * seen in this session, by the cookie that came or in this very response.
 */
ngx_uint_t ngx_http_senda_is_personal(ngx_http_senda_ctx_t *ctx);

/*
 * Learns from a trusted X-Senda-Contact who is meant, once. Of another person
 * than the cookie's: ctx's visitor is a new one from here on.
 */
void ngx_http_senda_meet(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_table_elt_t *contact);

/* The same for whoever asks before the header filter: of a response that is there already. */
void ngx_http_senda_meet_early(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* ngx_http_senda_redirect.c */

/* A handler of the preaccess phase: X-Senda-* of an upstream that redirected within nginx. */
ngx_int_t ngx_http_senda_redirect_handler(ngx_http_request_t *r);

/* The same in the header filter, for a location that answers before that phase ("return"). */
void ngx_http_senda_take_redirected(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* ngx_http_senda_incoming.c */

/* A handler of the post-read phase: takes X-Senda-* away that a client sent. */
ngx_int_t ngx_http_senda_incoming_handler(ngx_http_request_t *r);

/*
 * The same in the rewrite phases, for the error page of a request that was
 * refused before it was read: that one begins there.
 */
ngx_int_t ngx_http_senda_refused_handler(ngx_http_request_t *r);

/* ngx_http_senda_cookie.c */

#define NGX_HTTP_SENDA_SESSION (30 * 60) /* s without a request that end a session */

/* Finds and verifies the visitor's cookie; sets ctx's visitor and landing. */
void ngx_http_senda_read_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/*
 * Decides on the cookie of this response, and whether its visitor is to be
 * forgotten; adds it. NGX_OK or NGX_ERROR (no memory).
 */
ngx_int_t ngx_http_senda_set_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_uint_t public);

/* ngx_http_senda_header.c */

ngx_int_t ngx_http_senda_header_init(ngx_conf_t *cf);

/* ngx_http_senda_upstream.c */

/* Headers of one response that concern us, found in one pass. */
typedef struct ngx_http_senda_headers_s {
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

/* The same for a list of headers, into out, which is zero; ours: X-Senda-* are taken away. */
void ngx_http_senda_scan_list(ngx_list_part_t *part, ngx_http_senda_headers_t *out,
    ngx_uint_t ours);

/* What a trusted response says, with what was said before X-Accel-Redirect, if anything was. */
void ngx_http_senda_join_redirected(ngx_http_senda_ctx_t *ctx, ngx_http_senda_headers_t *h,
    ngx_uint_t trusted);

/* Makes a publicly cacheable response private. NGX_OK or NGX_ERROR (no memory). */
ngx_int_t ngx_http_senda_make_private(ngx_http_request_t *r);

/* Whether a shared cache may keep the response for a while. */
ngx_uint_t ngx_http_senda_is_public(const ngx_http_senda_headers_t *h);

/* Whether a response came from the upstream itself, not out of nginx's cache. */
ngx_uint_t ngx_http_senda_is_fresh(ngx_http_upstream_t *u);

/* Whether r's response comes fresh from an upstream that may speak for the shop. */
ngx_uint_t ngx_http_senda_is_trusted(ngx_http_request_t *r);

/*
 * Appends one private statement to ctx's parts, sealed; the plain bytes are
 * wiped. At most NGX_HTTP_SENDA_PARTS_MAX + 2 of one request; what does not fit
 * is refused and counted. NGX_OK or NGX_ERROR (no memory).
 */
ngx_int_t ngx_http_senda_add_part(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    senda_private_t *said, uint32_t flags, senda_key_t key);

/* Seals what the upstream said into ctx's parts. NGX_OK or NGX_ERROR (no memory). */
ngx_int_t ngx_http_senda_seal_headers(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_http_senda_headers_t *h);

/* ngx_http_senda_log.c */

ngx_int_t ngx_http_senda_log_handler(ngx_http_request_t *r);

/* Puts a record into the ring: SENDA_OK, or SENDA_FULL: counted. */
senda_rc_t ngx_http_senda_put_record(senda_ring_t *ring, const senda_visit_t *v);

/* ngx_http_senda_variables.c */

ngx_int_t ngx_http_senda_add_variables(ngx_conf_t *cf);

/* The context if the variables may say anything of a visitor: senda on here, and consent; or NULL. */
ngx_http_senda_ctx_t *ngx_http_senda_ask(ngx_http_request_t *r);

/* ngx_http_senda_known.c */

extern ngx_http_variable_t ngx_http_senda_known_variables[];

/*
 * What the sidecar knows of this request's visitor and may be shown now; empty
 * if that is nothing. NULL: no memory.
 */
const senda_known_t *ngx_http_senda_known(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* ngx_http_senda_form.c */

/*
 * Takes those answers of r's form that its pages name, if its body is here,
 * whole and form-encoded, as ctx's form, until they are sealed or wiped: before
 * the header filter returns.
 */
void ngx_http_senda_take_form(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);
void ngx_http_senda_wipe_form(ngx_http_senda_ctx_t *ctx);

/* Seals them alone if no statement of the shop has taken them along. NGX_OK or NGX_ERROR. */
ngx_int_t ngx_http_senda_seal_form(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* ngx_http_senda_endpoint.c, with ngx_http_senda_page.c: the links of messages */

char *ngx_http_senda_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Settings of a location: checked, and handed on to "if" and "limit_except" within. */
char *ngx_http_senda_merge_endpoint(ngx_conf_t *cf, ngx_http_senda_loc_conf_t *prev,
    ngx_http_senda_loc_conf_t *conf);

/* ngx_http_senda_page.c: each sends the whole answer and returns what nginx is to make of it */

ngx_int_t ngx_http_senda_send_redirect(ngx_http_request_t *r, ngx_str_t *address);
ngx_int_t ngx_http_senda_send_pixel(ngx_http_request_t *r);

/* The page of the message's site and language; sent NULL: of this host, in the client's language. */
ngx_int_t ngx_http_senda_send_page(ngx_http_request_t *r, ngx_uint_t status, senda_page_t kind,
    const senda_sent_t *sent, const senda_page_values_t *values);

/* 405, with Allow. */
ngx_int_t ngx_http_senda_refuse_method(ngx_http_request_t *r, ngx_uint_t with_post);

/* ngx_http_senda_click.c */

/* A header of the request by its name; NULL: it has none. */
ngx_table_elt_t *ngx_http_senda_find_header(ngx_http_request_t *r, const char *name, size_t len);

/*
 * Whether the cookie that came carries a click and nothing says that a browser
 * has shown the page that it led to. On the endpoint: whether live/ does not
 * know whose it is.
 */
ngx_uint_t ngx_http_senda_is_nobody(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx);

/* Takes "CLICK TOKEN" and the space behind it off a landing; 0: it is no click. */
ngx_uint_t ngx_http_senda_cut_click(senda_str_t *landing, senda_str_t *token);

/* Makes the click of this request the landing of a cookie. NGX_OK or NGX_ERROR (no memory). */
ngx_int_t ngx_http_senda_set_click(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    senda_str_t token);

/* Puts a click of ctx's visitor into the ring. */
void ngx_http_senda_put_click(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx, senda_str_t token);

/*
 * Puts the click that a cookie's landing carries, with the page that it led
 * to, into the ring. 0: no click, or nobody knows its message any more: the
 * page in the landing remains to be put.
 */
ngx_uint_t ngx_http_senda_put_landing_click(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx);

/* ngx_http_senda_durable.c: answers that promise durability */

/* Called once: NGX_OK: it is on the disk; NGX_ERROR: not within two seconds. Ends the request. */
typedef void (*ngx_http_senda_durable_pt)(ngx_http_request_t *r, ngx_int_t rc);

/*
 * Puts the record into this worker's ring and suspends r, whose body has been
 * read, until the drain has made it durable: done takes over the reference
 * that reading the body left. NGX_DONE; NGX_ERROR: there is no ring, or it is
 * full: nothing was put, done is not called.
 */
ngx_int_t ngx_http_senda_put_durable(ngx_http_request_t *r, const senda_visit_t *v,
    ngx_http_senda_durable_pt done);

/* In the drain, after a commit: makes durable what rings want and the journal has. */
void ngx_http_senda_make_durable(senda_journal_t *journal);

/* ngx_http_senda_status.c */

#define NGX_HTTP_SENDA_STATUS_LOCAL 1 /* shown to this machine only */
#define NGX_HTTP_SENDA_STATUS_ANY   2

char *ngx_http_senda_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_http_senda_passive.c: deaths in store code */

/* In init_process: from now on a death by signal in store code is noted on the board. */
void ngx_http_senda_passive_watch(void);

/* Whether no store may be opened or used: said once in the log when it begins. */
ngx_uint_t ngx_http_senda_passive(void);

/*
 * Whether stores may be opened and used: nobody uses them from another PID
 * namespace, there is a board, and it is not passive.
 */
ngx_uint_t ngx_http_senda_usable(void);

/* The board of the live directory, which is made if need be; NULL: none at present. */
senda_board_t *ngx_http_senda_board(void);
void ngx_http_senda_board_stop(void);

/* In the master, at a start or a reload: the stores of mcf may be tried again. */
void ngx_http_senda_trust(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf);

/* ngx_http_senda_join.c */

/* Whether this process may use the store: nobody of another PID namespace does. */
ngx_uint_t ngx_http_senda_joined(void);
void ngx_http_senda_join_start(ngx_http_senda_main_conf_t *mcf);
void ngx_http_senda_join_stop(void);

/* ngx_http_senda_leave.c: workers that leave while nobody else drains their rings */

/* In init_process of a worker, and in its exit_process before its ring is closed. */
void ngx_http_senda_leave_watch(ngx_cycle_t *cycle, ngx_http_senda_main_conf_t *mcf);
void ngx_http_senda_leave(ngx_http_senda_main_conf_t *mcf);

/* ngx_http_senda_retry.c */

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

/* ngx_http_senda_stores.c: all of it belongs to this process, opened after fork */

#define NGX_HTTP_SENDA_LOOK 500 /* ms between two looks at what may have changed */

/* Which file a handle was opened on: the store may be made anew behind our back. */
typedef struct {
    dev_t dev;
    ino_t ino;
} ngx_http_senda_file_t;

/* The data file of dir: notes it; whether it is still the noted one. */
void ngx_http_senda_note_file(ngx_http_senda_file_t *file, const char *dir);
ngx_uint_t ngx_http_senda_same_file(const ngx_http_senda_file_t *file, const char *dir);

/* init_process and exit_process of a process that serves requests. */
void ngx_http_senda_stores_start(ngx_http_senda_main_conf_t *mcf, ngx_uint_t with_ring);
void ngx_http_senda_stores_stop(void);

/* At most every half second: is the ring still there, are there newer rules? */
void ngx_http_senda_look(void);

/* Makes sure that the live directory is there and ours. SENDA_OK or SENDA_SYS. */
senda_rc_t ngx_http_senda_make_live_dir(senda_err_t *err);
const char *ngx_http_senda_live_dir(void);

/* This worker's ring; NULL: none can be had at present. */
senda_ring_t *ngx_http_senda_ring(void);

/* Seals private bytes into a buffer of data.n + SENDA_SEAL_OVERHEAD; 0 if it cannot be done. */
size_t ngx_http_senda_seal(const senda_keys_t *keys, senda_str_t data, void *out, size_t size);

/* What live/ knows of a visitor: SENDA_OK or SENDA_NONE (also while live/ cannot be read). */
senda_rc_t ngx_http_senda_live_profile(const senda_visitor_t *visitor, senda_profile_t *p);

/* As senda_live_totals; SENDA_NONE: live/ cannot be read at present. */
senda_rc_t ngx_http_senda_live_totals(senda_live_total_pt each, void *ctx);

/* The drain's handle on live/: the process then reads through it too. */
senda_rc_t ngx_http_senda_live_writer(ngx_http_senda_main_conf_t *mcf, senda_live_t **live,
    senda_err_t *err);

/* Closes the drain's handle if its file was removed or replaced; whether it did. */
ngx_uint_t ngx_http_senda_live_gone(void);

/* Throws live/ away and makes it anew: it belongs to another journal or is damaged. */
senda_rc_t ngx_http_senda_live_reset(ngx_http_senda_main_conf_t *mcf, senda_live_t **live,
    senda_err_t *err);

/* ngx_http_senda_published.c */

/* The published rules, looked for at most every half second; NULL: none. Give back with release. */
ngx_http_senda_rules_t *ngx_http_senda_rules_hold(void);
void ngx_http_senda_rules_release(ngx_http_senda_rules_t *rules);

/* This process's handle on published/, looked for as the rules are; NULL: none at present. */
senda_published_t *ngx_http_senda_published(void);

void ngx_http_senda_published_start(ngx_http_senda_main_conf_t *mcf);
void ngx_http_senda_published_look(void);
void ngx_http_senda_published_stop(void);

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
    char name[32];
    const char *dir;
    ngx_msec_t dead; /* since then nobody owns it and nothing is left in it; 0: not so */
    senda_visitor_t stranger;
    unsigned refused : 1; /* the stranger's landing, beyond the rate of new visitors */
    unsigned seen : 1;
    unsigned removed : 1; /* by this process */
} ngx_http_senda_source_t;

/*
 * In the master, at a start or a reload: the live directories that workers of
 * before may still write to are remembered, a few of them.
 */
void ngx_http_senda_rings_remember(ngx_http_senda_main_conf_t *mcf);

/*
 * Opens the ring files of the live directory, and of those that the store had
 * before a reload, that are not open yet, closes those whose file
 * is gone once they are read to the end and nobody writes to them; a look at most once a second unless dir has changed. Reading goes
 * on at the position that the journal has of a ring, else at its tail.
 */
void ngx_http_senda_rings_scan(ngx_http_senda_main_conf_t *mcf, senda_journal_t *journal);

/*
 * Removes one ring that nobody has owned for mcf's rings_keep and that is read
 * to its end, if there are more than `keep` such rings or it is of another size
 * than rings are made now. Its number, 0: none is to go.
 */
uint64_t ngx_http_senda_rings_remove(ngx_http_senda_main_conf_t *mcf, ngx_uint_t keep);

/* The rings that are open; how many in *n. */
ngx_http_senda_source_t *ngx_http_senda_rings(ngx_uint_t *n);

void ngx_http_senda_rings_close(void);

/* Whether the shop itself said something: a form alone, which anybody can post, makes no visitor. */
static ngx_inline ngx_uint_t
ngx_http_senda_is_said(ngx_http_senda_ctx_t *ctx)
{
    ngx_uint_t i;

    for (i = 0; i < ctx->nparts; i++) {
        if (ctx->parts[i].flags & (SENDA_VISIT_CONTACT | SENDA_VISIT_EVENT)) {
            return 1;
        }
    }

    return 0;
}

static ngx_inline senda_str_t
ngx_http_senda_slice(ngx_str_t s)
{
    return (senda_str_t){ (const char *)s.data, s.len };
}

static ngx_inline ngx_int_t
ngx_http_senda_set_value(ngx_http_variable_value_t *v, u_char *data, size_t len)
{
    v->data = data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}

#endif
