/*
 * The context of a request: site, what the original address is by the rules,
 * what the client is, whose cookie it sent. Made once, at the first question.
 *
 * An internal redirect clears r->ctx, so the context is also found through
 * its pool cleanup; it is made from what redirects do not change: the request
 * line and the unparsed address. Without rules or site there is a context
 * that says so, and nothing is done. It never waits and never fails a request.
 */

#include "ngx_http_senda.h"

#include "senda_bot.h"
#include "senda_query.h"

static void ngx_http_senda_cleanup(void *data);

#define NGX_HTTP_SENDA_HOST_MAX 256

/* One request at a time is looked at in a process: these are never in use across events. */
static senda_url_t ngx_http_senda_url;
static senda_agents_t ngx_http_senda_agents;
static char ngx_http_senda_landing_path[SENDA_PATH_KEPT];

static ngx_http_senda_ctx_t *
ngx_http_senda_find_ctx(ngx_http_request_t *r)
{
    ngx_http_senda_ctx_t *ctx;
    ngx_pool_cleanup_t *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_http_senda_module);

    if (ctx == NULL && r->internal) {
        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_http_senda_cleanup) {
                ctx = cln->data;
                ngx_http_set_ctx(r, ctx, ngx_http_senda_module);
                break;
            }
        }
    }

    return ctx;
}

static void
ngx_http_senda_cleanup(void *data)
{
    ngx_http_senda_ctx_t *ctx = data;

    if (ctx->rules) {
        ngx_http_senda_rules_release(ctx->rules);
        ctx->rules = NULL;
    }
}

/* The request line's own word: error_page turns POST into GET. */
static senda_str_t
ngx_http_senda_method_word(ngx_http_request_t *r)
{
    size_t n = 0;

    while (n < r->request_line.len && r->request_line.data[n] != ' ') {
        n++;
    }

    return (senda_str_t){ (const char *)r->request_line.data, n };
}

static void
ngx_http_senda_split(senda_str_t uri, senda_str_t *path, senda_str_t *args)
{
    const char *q = uri.n ? memchr(uri.p, '?', uri.n) : NULL;

    *path = uri;
    *args = (senda_str_t){ uri.p, 0 };

    if (q) {
        path->n = q - uri.p;
        args->p = q + 1;
        args->n = uri.n - path->n - 1;
    }

    if (path->n == 0) {
        *path = SENDA_STR("/");
    }
}

static ngx_uint_t
ngx_http_senda_contains(ngx_str_t s, const char *word)
{
    return ngx_strlcasestrn(s.data, s.data + s.len, (u_char *)word, ngx_strlen(word) - 1) != NULL;
}

static ngx_uint_t
ngx_http_senda_is_one(ngx_str_t s)
{
    return s.len == 1 && s.data[0] == '1';
}

/* Not looked at by a person now, if ever. */
static ngx_uint_t
ngx_http_senda_is_ahead(ngx_str_t s)
{
    return ngx_http_senda_contains(s, "prefetch") || ngx_http_senda_contains(s, "preview");
}

#define NGX_HTTP_SENDA_NAMED(h, name)                        \
    ((((h)->key.data[0] ^ (u_char)(name)[0]) & 0xdf) == 0 && \
        ngx_strncasecmp((h)->key.data, (u_char *)(name), sizeof(name) - 1) == 0)

/* A header by its name's length: most are none of these, which one look tells. */
static void
ngx_http_senda_read_header(ngx_http_senda_ctx_t *ctx, ngx_table_elt_t *h)
{
    switch (h->key.len) {

    case sizeof("DNT") - 1:
        if (NGX_HTTP_SENDA_NAMED(h, "DNT")) {
            ctx->gpc |= ngx_http_senda_is_one(h->value);
        }
        break;

    case sizeof("X-Moz") - 1:
        if (NGX_HTTP_SENDA_NAMED(h, "X-Moz")) {
            ctx->prefetch |= ngx_http_senda_is_ahead(h->value);
        }
        break;

    case sizeof("Sec-GPC") - 1:
        if (NGX_HTTP_SENDA_NAMED(h, "Sec-GPC")) {
            ctx->gpc |= ngx_http_senda_is_one(h->value);

        } else if (NGX_HTTP_SENDA_NAMED(h, "Purpose")) {
            ctx->prefetch |= ngx_http_senda_is_ahead(h->value);
        }
        break;

    case sizeof("X-Purpose") - 1:
        if (NGX_HTTP_SENDA_NAMED(h, "X-Purpose")) {
            ctx->prefetch |= ngx_http_senda_is_ahead(h->value);
        }
        break;

    case sizeof("Sec-Purpose") - 1:
        if (NGX_HTTP_SENDA_NAMED(h, "Sec-Purpose")) {
            ctx->prefetch |= ngx_http_senda_is_ahead(h->value);
        }
        break;
    }
}

/* Headers that say "not a person looking at it now", and the signals against being followed. */
static void
ngx_http_senda_read_headers(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_table_elt_t *h = part->elts;
    ngx_uint_t i;

    for (i = 0; /* void */; i++) {
        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        ngx_http_senda_read_header(ctx, &h[i]);
    }
}

/* Captured values point into the process's url: each goes to the pool, cut to its bound. */
static ngx_int_t
ngx_http_senda_keep(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, const senda_url_t *u)
{
    senda_match_t *m = &ctx->match;
    unsigned i;
    size_t n;
    char *p;

    ctx->path.n = ngx_min(u->path.n, SENDA_PATH_KEPT);
    n = ctx->path.n;

    for (i = 0; i < m->ncaptures; i++) {
        m->captures[i].value.n = ngx_min(m->captures[i].value.n, SENDA_CAPTURE_KEPT);
        n += m->captures[i].value.n;
    }

    p = ngx_pnalloc(r->pool, n);
    if (p == NULL) {
        return NGX_ERROR;
    }

    memcpy(p, u->path.p, ctx->path.n);
    ctx->path.p = p;
    p += ctx->path.n;

    for (i = 0; i < m->ncaptures; i++) {
        memcpy(p, m->captures[i].value.p, m->captures[i].value.n);
        m->captures[i].value.p = p;
        p += m->captures[i].value.n;
    }

    return NGX_OK;
}

/* The site of a request, and its host as the rules have it, valid until the next call. */
static uint32_t
ngx_http_senda_find_site(ngx_http_senda_rules_t *rules, ngx_http_senda_srv_conf_t *scf,
    senda_str_t raw, senda_str_t *decoded)
{
    static char other[NGX_HTTP_SENDA_HOST_MAX];
    ngx_http_senda_host_t *kept = &scf->host;
    uint32_t site;

    if (kept->serial == rules->serial && kept->raw_len == raw.n &&
        (raw.n == 0 || memcmp(kept->raw, raw.p, raw.n) == 0)) {
        *decoded = (senda_str_t){ kept->decoded, kept->len };
        return kept->site;
    }

    *decoded = (senda_str_t){ other, senda_host_decode(other, sizeof(other), raw) };
    site = senda_rules_site(rules->rules, scf->site.len ? ngx_http_senda_slice(scf->site) : raw);

    if (raw.n > 0 && raw.n <= NGX_HTTP_SENDA_HOST_KEPT) {
        kept->serial = rules->serial;
        kept->site = site;
        kept->raw_len = raw.n;
        kept->len = decoded->n;
        ngx_memcpy(kept->raw, raw.p, raw.n);
        ngx_memcpy(kept->decoded, other, decoded->n);
    }

    return site;
}

static ngx_int_t
ngx_http_senda_fill(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    senda_str_t word = ngx_http_senda_method_word(r);
    senda_str_t host, path, args;
    ngx_time_t *now = ngx_timeofday();
    senda_url_t *u = &ngx_http_senda_url;

    ctx->at = (senda_ms_t)now->sec * 1000 + now->msec;
    ctx->method = senda_method_of(word);
    ctx->head = senda_str_eq(word, SENDA_STR("HEAD"));

    ctx->rules = ngx_http_senda_rules_hold();
    if (ctx->rules == NULL) {
        return NGX_OK;
    }

    ctx->site = ngx_http_senda_find_site(ctx->rules, scf,
        ngx_http_senda_slice(r->headers_in.server), &host);
    if (ctx->site == 0) {
        return NGX_OK;
    }

    ngx_http_senda_split(ngx_http_senda_slice(r->unparsed_uri), &path, &args);

    switch (senda_url_set_decoded(u, ctx->method, host, path, args)) {

    case SENDA_OK:
        senda_rules_match(ctx->rules->rules, ctx->site, u, &ctx->match);
        senda_query_campaign(u, &ctx->match);
        if (ctx->match.nkeys == 0) {
            ctx->asset = senda_is_asset(u->path);
            ctx->probe = !ctx->asset && senda_is_probe(u->path);
        }
        if (ngx_http_senda_keep(r, ctx, u) != NGX_OK) {
            return NGX_ERROR;
        }
        break;

    case SENDA_FULL:
        ctx->long_url = 1;
        break;

    default:
        break;
    }

    ngx_http_senda_read_headers(r, ctx);

    ctx->bot = senda_agents_is_bot(&ngx_http_senda_agents,
        r->headers_in.user_agent ? ngx_http_senda_slice(r->headers_in.user_agent->value)
                                 : SENDA_STR(""));

    ngx_http_senda_read_cookie(r, ctx);
    ctx->nobody = ngx_http_senda_is_nobody(r, ctx);

    return NGX_OK;
}

ngx_http_senda_ctx_t *
ngx_http_senda_peek_ctx(ngx_http_request_t *r)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_find_ctx(r->main);

    return ctx && ctx->site ? ctx : NULL;
}

ngx_http_senda_ctx_t *
ngx_http_senda_get_ctx(ngx_http_request_t *r)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    ngx_http_senda_ctx_t *ctx;
    ngx_pool_cleanup_t *cln;

    if (mcf->store.len == 0 || mcf->keys == NULL) {
        return NULL;
    }

    r = r->main;

    ctx = ngx_http_senda_find_ctx(r);
    if (ctx) {
        return ctx->site ? ctx : NULL;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_senda_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, offsetof(ngx_http_senda_ctx_t, match));
    ctx->match.nkeys = ctx->match.ncaptures = ctx->match.dropped = 0;
    cln->handler = ngx_http_senda_cleanup;
    ctx->request = r;

    ngx_http_set_ctx(r, ctx, ngx_http_senda_module);

    if (ngx_http_senda_fill(r, ctx) != NGX_OK) {
        ctx->site = 0;
    }

    return ctx->site ? ctx : NULL;
}

ngx_uint_t
ngx_http_senda_consents(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);
    ngx_http_variable_value_t *vv;

    if (ctx->gpc || lcf->consent == NGX_HTTP_SENDA_CONSENT_NONE) {
        return 0;
    }

    if (lcf->consent == NGX_HTTP_SENDA_CONSENT_ALWAYS) {
        return 1;
    }

    vv = ngx_http_get_flushed_variable(r, lcf->consent);

    return vv && !vv->not_found && vv->len > 0 && !(vv->len == 1 && vv->data[0] == '0');
}

ngx_uint_t
ngx_http_senda_is_withdrawn(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);

    return ctx->gpc || lcf->consent >= 0;
}

/*
 * A range that is the whole, first byte to last, is a view; any other one
 * continues a view that was counted.
 */
static ngx_uint_t
ngx_http_senda_is_whole(ngx_http_request_t *r)
{
    ngx_table_elt_t *h = r->headers_out.content_range;
    u_char *p, *last;
    off_t end, size;
    u_char *slash;

    if (h == NULL || h->value.len < sizeof("bytes 0-0/1") - 1 ||
        ngx_strncmp(h->value.data, "bytes 0-", 8) != 0) {
        return 0;
    }

    p = h->value.data + 8;
    last = h->value.data + h->value.len;
    slash = ngx_strlchr(p, last, '/');
    if (slash == NULL) {
        return 0;
    }

    end = ngx_atoof(p, slash - p);
    size = ngx_atoof(slash + 1, last - slash - 1);

    return end != NGX_ERROR && size != NGX_ERROR && end + 1 == size;
}

static ngx_uint_t
ngx_http_senda_asks_document(ngx_http_request_t *r)
{
    ngx_table_elt_t *accept = ngx_http_senda_find_header(r, "Accept", sizeof("Accept") - 1);

    return accept && ngx_http_senda_contains(accept->value, "text/html");
}

ngx_uint_t
ngx_http_senda_counts(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, ngx_uint_t status,
    senda_drop_t *why)
{
    ngx_uint_t good;

    if (ctx->endpoint) {
        *why = SENDA_DROP_STATUS;
        return 0;
    }

    if (ctx->bot) {
        *why = SENDA_DROP_BOT;
        return 0;
    }

    if (ctx->probe) {
        *why = SENDA_DROP_BOT;
        return 0;
    }

    if (ctx->prefetch) {
        *why = SENDA_DROP_PREFETCH;
        return 0;
    }

    if (ctx->long_url) {
        *why = SENDA_DROP_LONG_URL;
        return 0;
    }

    if (ctx->method == SENDA_METHOD_POST) {
        good = status >= 200 && status < 400;

    } else {
        good = ctx->method == SENDA_METHOD_GET && !ctx->head &&
            (status == NGX_HTTP_OK || status == NGX_HTTP_NOT_MODIFIED ||
                (status == NGX_HTTP_PARTIAL_CONTENT && ngx_http_senda_is_whole(r)));
    }

    if (!good) {
        *why = SENDA_DROP_STATUS;
        return 0;
    }

    if (ctx->match.nkeys > 0) {
        return 1;
    }

    /* No page of the rules: a visit all the same if it is a document. */
    if (ctx->method == SENDA_METHOD_POST) {
        *why = SENDA_DROP_STATUS;
        return 0;
    }

    /* A 304 does not say what it is: a script polls with the same status. */
    if (ctx->asset ||
        !(status == NGX_HTTP_NOT_MODIFIED ? ngx_http_senda_asks_document(r) : ctx->html)) {
        *why = SENDA_DROP_ASSET;
        return 0;
    }

    return 1;
}

/* Takes "@SITE HOST " off a landing address, if it begins so. */
static void
ngx_http_senda_landing_origin(senda_str_t *uri, uint32_t *site, senda_str_t *host)
{
    const char *last = uri->p + uri->n;
    const char *name, *end;
    ngx_int_t id;

    if (uri->n == 0 || *uri->p != '@') {
        return;
    }

    name = memchr(uri->p, ' ', uri->n);
    end = name ? memchr(name + 1, ' ', last - name - 1) : NULL;
    if (end == NULL) {
        return;
    }

    id = ngx_atoi((u_char *)uri->p + 1, name - uri->p - 1);
    *site = id == NGX_ERROR ? 0 : (uint32_t)id;
    *host = (senda_str_t){ name + 1, end - name - 1 };
    *uri = (senda_str_t){ end + 1, last - end - 1 };
}

ngx_uint_t
ngx_http_senda_match_landing(ngx_http_senda_ctx_t *ctx, senda_match_t *m, senda_str_t *path,
    uint32_t *site)
{
    senda_url_t *u = &ngx_http_senda_url;
    senda_method_t method = SENDA_METHOD_GET;
    senda_str_t uri = ctx->landing_uri;
    senda_str_t host = ngx_http_senda_slice(ctx->request->headers_in.server);
    senda_str_t raw_path, args, token;

    if (ngx_http_senda_cut_click(&uri, &token) && uri.n == 0) {
        return 0;
    }

    *site = ctx->site;
    ngx_http_senda_landing_origin(&uri, site, &host);

    if (uri.n > 5 && memcmp(uri.p, "POST ", 5) == 0) {
        method = SENDA_METHOD_POST;
        uri.p += 5;
        uri.n -= 5;
    }

    ngx_http_senda_split(uri, &raw_path, &args);

    if (senda_url_set(u, method, host, raw_path, args) != SENDA_OK) {
        return 0;
    }

    senda_rules_match(ctx->rules->rules, *site, u, m);
    senda_query_campaign(u, m);

    path->n = ngx_min(u->path.n, SENDA_PATH_KEPT);
    memcpy(ngx_http_senda_landing_path, u->path.p, path->n);
    path->p = ngx_http_senda_landing_path;

    return 1;
}
