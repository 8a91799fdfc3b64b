/*
 * What the status page's files share: what was found out for one answer, and
 * the writer of the answer. All of it lives in the request's pool.
 */

#ifndef NGX_HTTP_SENDA_STATUS_H
#define NGX_HTTP_SENDA_STATUS_H

#include "ngx_http_senda.h"

#define NGX_HTTP_SENDA_STATUS_MAX   (1024 * 1024) /* bytes of an answer; more is an error 500 */
#define NGX_HTTP_SENDA_STATUS_RINGS 128           /* rings shown one by one; all are in the sums */
#define NGX_HTTP_SENDA_STATUS_TOP   100           /* pages shown of a site, and events, … */
#define NGX_HTTP_SENDA_STATUS_ROWS  600           /* … and of all sites together */
#define NGX_HTTP_SENDA_STATUS_KEYS  50000 /* sums looked at; what lies behind is not shown */

/* ---- what was found out ---- */

typedef struct {
    u_char name[16]; /* of its file */
    senda_ring_facts_t facts;
} ngx_http_senda_status_ring_t;

/* A page, an event, or all page views of a site (key SENDA_KEY_ANY). */
typedef struct {
    uint32_t site;
    senda_key_t key;
    uint64_t count;
    ngx_str_t name; /* empty: the rules do not know it any more */
} ngx_http_senda_status_row_t;

typedef struct {
    uint32_t site;
    ngx_str_t name; /* a host; empty: any */
} ngx_http_senda_status_site_t;

typedef enum {
    NGX_HTTP_SENDA_PASSIVE,
    NGX_HTTP_SENDA_NO_BOARD,
    NGX_HTTP_SENDA_NO_DRAIN,
    NGX_HTTP_SENDA_JOURNAL_FAILS,
    NGX_HTTP_SENDA_LIVE_FAILS,
    NGX_HTTP_SENDA_LIVE_FULL,
    NGX_HTTP_SENDA_DROPPED,
    NGX_HTTP_SENDA_NO_RULES,
    NGX_HTTP_SENDA_RULES_ERROR,
    NGX_HTTP_SENDA_LIVE_BEHIND,
    NGX_HTTP_SENDA_PROBLEMS
} ngx_http_senda_problem_t;

typedef struct {
    ngx_uint_t present;
    ngx_str_t text; /* a sentence with its figures */
} ngx_http_senda_finding_t;

typedef struct {
    ngx_pool_t *pool;
    ngx_http_senda_main_conf_t *conf;
    uint64_t now; /* ms since 1970 */

    ngx_uint_t has_board;
    ngx_uint_t passive;
    uint64_t cell[SENDA_BOARD_CELLS];
    int64_t drain_age; /* ms since its last tick; -1: it never had one */
    uint64_t behind;   /* visits that the journal has and live/ has not */
    uint64_t published_bytes;

    ngx_uint_t nrings, nshown; /* all; those below */
    ngx_uint_t owned;          /* rings whose process lives */
    uint64_t ring_used, ring_size;
    uint64_t dropped[SENDA_DROP_REASONS];
    ngx_http_senda_status_ring_t *rings;

    uint64_t generation; /* of the rules that this worker goes by; 0: none */
    ngx_str_t error;     /* of the rule files; empty: none */
    senda_sec_t error_at;

    ngx_uint_t nrows, nsites;
    ngx_uint_t cut;                    /* there are more pages or events than are shown */
    ngx_http_senda_status_row_t *rows; /* of a site together: all, pages, events; most first */
    ngx_http_senda_status_site_t *sites;

    ngx_uint_t level; /* 0: well, 1: look at it, 2: something does not work */
    ngx_http_senda_finding_t findings[NGX_HTTP_SENDA_PROBLEMS];
} ngx_http_senda_status_t;

/* ngx_http_senda_status_gather.c: NGX_OK, or NGX_ERROR (no memory) */
ngx_int_t ngx_http_senda_status_gather(ngx_http_request_t *r, ngx_http_senda_status_t *s);

/* ngx_http_senda_status_pages.c: the rows of visits by page; the same */
ngx_int_t ngx_http_senda_status_pages(ngx_http_senda_status_t *s,
    const ngx_http_senda_rules_t *rules);

/* ngx_http_senda_status_health.c: what is wrong, and what can be done */
ngx_int_t ngx_http_senda_status_health(ngx_http_senda_status_t *s);
const char *ngx_http_senda_problem_name(ngx_http_senda_problem_t problem);
const char *ngx_http_senda_problem_advice(ngx_http_senda_problem_t problem);
ngx_uint_t ngx_http_senda_problem_level(ngx_http_senda_problem_t problem);

/* The number in a sequence, without its epoch. */
#define ngx_http_senda_seq_number(seq) ((uint64_t)(seq) & ((1ull << 48) - 1))
#define ngx_http_senda_seq_epoch(seq)  ((uint64_t)(seq) >> 48)

static ngx_inline ngx_str_t
ngx_http_senda_drop_name(senda_drop_t reason)
{
    const char *name = senda_drop_name(reason);

    return (ngx_str_t){ ngx_strlen(name), (u_char *)name };
}

/* ---- ngx_http_senda_status_out.c: the writer ---- */

/* How a text is made harmless. */
typedef enum {
    NGX_HTTP_SENDA_HTML, /* also within a quoted attribute */
    NGX_HTTP_SENDA_JSON, /* within a string */
    NGX_HTTP_SENDA_PROM  /* within a label's value */
} ngx_http_senda_escape_t;

typedef struct {
    ngx_pool_t *pool;
    ngx_http_senda_escape_t escape;
    ngx_chain_t *first, *last;
    size_t size;
    ngx_uint_t failed; /* no memory, or over the bound: nothing more is written */
} ngx_http_senda_out_t;

/* Bytes as they are. */
void ngx_http_senda_put(ngx_http_senda_out_t *o, const char *bytes, size_t n);
#define ngx_http_senda_put_s(o, literal) ngx_http_senda_put(o, literal, sizeof(literal) - 1)

/* A text from outside: escaped, what is no UTF-8 replaced by U+FFFD. */
void ngx_http_senda_put_text(ngx_http_senda_out_t *o, ngx_str_t text);

/* As ngx_slprintf, up to 512 bytes; nothing is escaped. */
void ngx_http_senda_put_f(ngx_http_senda_out_t *o, const char *fmt, ...);

/* The three formats. */
void ngx_http_senda_status_html(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s,
    ngx_uint_t refresh);
void ngx_http_senda_status_json(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s);
void ngx_http_senda_status_prometheus(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s);

#endif
