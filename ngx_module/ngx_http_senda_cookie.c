/*
 * The visitor's cookie in requests and responses.
 *
 * A new visitor gets a cookie that carries the landing visit; nothing of it
 * is stored until the cookie comes back. It is made anew without the landing
 * only when live/ knows the visitor: until then each request repeats it, and
 * the drain drops the repetitions. So a page that another worker records can
 * never overtake the landing visit.
 */

#include "ngx_http_senda.h"

#define NGX_HTTP_SENDA_DAY     (24 * 60 * 60)
#define NGX_HTTP_SENDA_HOST    253 /* bytes of a host in a cookie: the longest that DNS has */
#define NGX_HTTP_SENDA_RENEWAL 30  /* days after which a cookie is made anew */

static unsigned
ngx_http_senda_max_age_days(ngx_http_senda_srv_conf_t *scf)
{
    return (unsigned)ngx_min((scf->max_age + NGX_HTTP_SENDA_DAY - 1) / NGX_HTTP_SENDA_DAY, 65535);
}

/* The value of the first cookie of that name: NGX_OK or NGX_DECLINED. */
static ngx_int_t
ngx_http_senda_find_cookie(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
#if (nginx_version >= 1023000)
    return ngx_http_parse_multi_header_lines(r, r->headers_in.cookie, name, value) != NULL
        ? NGX_OK
        : NGX_DECLINED;
#else
    return ngx_http_parse_multi_header_lines(&r->headers_in.cookies, name, value) != NGX_DECLINED
        ? NGX_OK
        : NGX_DECLINED;
#endif
}

void
ngx_http_senda_read_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    char scratch[SENDA_COOKIE_MAX];
    senda_cookie_t cookie;
    ngx_str_t value;
    uint16_t today;
    char *p;

    if (ngx_http_senda_find_cookie(r, &scf->cookie, &value) != NGX_OK || value.len == 0) {
        return;
    }

    today = (uint16_t)(ctx->at / 1000 / NGX_HTTP_SENDA_DAY);

    if (senda_cookie_read(&cookie, mcf->keys, ngx_http_senda_slice(scf->cookie),
            ngx_http_senda_slice(value), today, ngx_http_senda_max_age_days(scf),
            scratch) != SENDA_OK) {
        ctx->forged = 1;
        return;
    }

    ctx->returned = 1;
    ctx->visitor = cookie.visitor;
    ctx->cookie_day = cookie.day;

    if (cookie.landing) {
        p = ngx_pnalloc(r->pool, cookie.landing_uri.n);
        if (p == NULL) {
            return;
        }

        memcpy(p, cookie.landing_uri.p, cookie.landing_uri.n);
        ctx->landing = 1;
        ctx->landing_at = cookie.landing_at;
        ctx->landing_uri = (senda_str_t){ p, cookie.landing_uri.n };
    }
}

/*
 * "/path?args" of this request, with "POST " before it if it was one; without
 * args if too long. A cookie for a whole domain may come back to another host
 * and site: before all that it says "@SITE HOST ".
 */
static senda_str_t
ngx_http_senda_landing_uri(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, char *buf)
{
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    senda_str_t uri = ngx_http_senda_slice(r->unparsed_uri);
    ngx_str_t *host = &r->headers_in.server;
    size_t n = 0;
    const char *q;

    if (scf->domain.len && host->len <= NGX_HTTP_SENDA_HOST) {
        n = ngx_sprintf((u_char *)buf, "@%uD %V ", ctx->site, host) - (u_char *)buf;
    }

    if (ctx->method == SENDA_METHOD_POST) {
        memcpy(buf + n, "POST ", 5);
        n += 5;
    }

    if (uri.n > SENDA_LANDING_MAX - n) {
        q = memchr(uri.p, '?', uri.n);
        uri.n = q ? (size_t)(q - uri.p) : uri.n;
        uri.n = ngx_min(uri.n, SENDA_LANDING_MAX - n);
    }

    memcpy(buf + n, uri.p, uri.n);

    return (senda_str_t){ buf, n + uri.n };
}

static ngx_int_t
ngx_http_senda_add_cookie(ngx_http_request_t *r, ngx_http_senda_srv_conf_t *scf, ngx_str_t *value)
{
    ngx_table_elt_t *h;
    u_char *p;
    size_t len;

    len = scf->cookie.len + 1 + value->len +
        sizeof("; Path=/; Max-Age=; Domain=; HttpOnly"
               "; SameSite=Lax; Secure") +
        NGX_TIME_T_LEN + scf->domain.len;

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    ngx_str_set(&h->key, "Set-Cookie");
    h->value.data = p;

    p = ngx_sprintf(p, "%V=%V; Path=/; Max-Age=%T", &scf->cookie, value, scf->max_age);
    if (scf->domain.len) {
        p = ngx_sprintf(p, "; Domain=%V", &scf->domain);
    }
    p = ngx_cpymem(p, "; HttpOnly; SameSite=Lax", sizeof("; HttpOnly; SameSite=Lax") - 1);
#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        p = ngx_cpymem(p, "; Secure", sizeof("; Secure") - 1);
    }
#endif

    h->value.len = p - h->value.data;

    return NGX_OK;
}

/* Whether this response may carry a cookie at all. */
static ngx_uint_t
ngx_http_senda_may_carry(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    senda_drop_t why;

    if (!ctx->consent || ctx->bot || ctx->prefetch || ctx->head || r->headers_in.range) {
        return 0;
    }

    if (r->headers_out.status >= 400 || r->headers_out.status == NGX_HTTP_NOT_MODIFIED) {
        return 0;
    }

    return ctx->nparts > 0 || ngx_http_senda_counts(r, ctx, r->headers_out.status, &why);
}

/* Whether the cookie that came is old enough to be made anew, so that regular visitors keep it. */
static ngx_uint_t
ngx_http_senda_is_old(ngx_http_senda_ctx_t *ctx, ngx_http_senda_srv_conf_t *scf, uint16_t today)
{
    unsigned half = ngx_http_senda_max_age_days(scf) / 2;

    return (unsigned)(today - ctx->cookie_day) > ngx_min(half, NGX_HTTP_SENDA_RENEWAL);
}

ngx_int_t
ngx_http_senda_set_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, ngx_uint_t public)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    char value[SENDA_COOKIE_MAX], landing[SENDA_LANDING_MAX];
    senda_cookie_t c;
    ngx_str_t s;

    if (public || !ngx_http_senda_may_carry(r, ctx)) {
        return NGX_OK;
    }

    ngx_memzero(&c, sizeof(senda_cookie_t));
    c.day = (uint16_t)(ctx->at / 1000 / NGX_HTTP_SENDA_DAY);
    c.visitor = ctx->visitor;

    if (!ctx->returned) {
        if (senda_visitor_make(&c.visitor) != SENDA_OK) {
            return NGX_OK;
        }

        /* What the upstream said of the person is recorded at once, under this visitor. */
        c.landing = ctx->nparts == 0;
        c.landing_at = ctx->at / 1000;
        c.landing_uri = ngx_http_senda_landing_uri(r, ctx, landing);

    } else if (ctx->landing) {
        if (ngx_http_senda_live_profile(&ctx->visitor, NULL) != SENDA_OK) {
            return NGX_OK;
        }

    } else if (!ngx_http_senda_is_old(ctx, scf, c.day)) {
        return NGX_OK;
    }

    s.data = (u_char *)value;
    s.len = senda_cookie_make(&c, mcf->keys, ngx_http_senda_slice(scf->cookie), value,
        sizeof(value));
    if (s.len == 0) {
        return NGX_OK;
    }

    if (!ctx->returned) {
        ctx->minted = 1;
        ctx->visitor = c.visitor;
    }

    return ngx_http_senda_add_cookie(r, scf, &s);
}
