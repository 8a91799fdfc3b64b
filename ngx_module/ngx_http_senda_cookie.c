/*
 * The visitor's cookie in requests and responses: made, made anew, taken back.
 *
 * A new visitor gets a cookie that carries the landing visit; nothing of it
 * is stored until the cookie comes back. It is made anew without the landing
 * only when live/ knows the visitor: until then each request repeats it, and
 * the drain drops the repetitions. So a page that another worker records can
 * never overtake the landing visit.
 */

#include "ngx_http_senda.h"

#include "senda_query.h"

#define NGX_HTTP_SENDA_DAY     (24 * 60 * 60)
#define NGX_HTTP_SENDA_HOST    253 /* bytes of a host in a cookie: the longest that DNS has */
#define NGX_HTTP_SENDA_RENEWAL 30  /* days after which a cookie is made anew */
#define NGX_HTTP_SENDA_STAMP   300 /* s after which the session in it is */
#define NGX_HTTP_SENDA_TRIES   4   /* cookies of our name that are looked at */

static unsigned
ngx_http_senda_max_age_days(ngx_http_senda_srv_conf_t *scf)
{
    return (unsigned)ngx_min((scf->max_age + NGX_HTTP_SENDA_DAY - 1) / NGX_HTTP_SENDA_DAY, 65535);
}

/* What the cookies of one header line say, of those that are ours; *tries is how many there were. */
static senda_rc_t
ngx_http_senda_try_cookies(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, senda_str_t line,
    senda_cookie_t *cookie, char *scratch, ngx_uint_t *tries)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    senda_str_t name = ngx_http_senda_slice(scf->cookie), value;
    uint16_t today = (uint16_t)(ctx->at / 1000 / NGX_HTTP_SENDA_DAY);
    const char *last = line.p + line.n;

    while (*tries < NGX_HTTP_SENDA_TRIES) {
        value = senda_cookie_find(line, name);
        if (value.n == 0) {
            return SENDA_NONE;
        }

        ++*tries;

        if (senda_cookies_read(mcf->cookies, cookie, name, value, today,
                ngx_http_senda_max_age_days(scf), scratch) == SENDA_OK) {
            return SENDA_OK;
        }

        line.p = value.p + value.n;
        line.n = last - line.p;
    }

    return SENDA_NONE;
}

/*
 * The first cookie of that name that is good: one that somebody set for a parent
 * domain, or for a folder, may stand before it. SENDA_OK, SENDA_NONE (there is
 * none of that name), SENDA_BAD.
 */
static senda_rc_t
ngx_http_senda_find_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, senda_cookie_t *cookie,
    char *scratch)
{
    ngx_uint_t tries = 0;

#if (nginx_version >= 1023000)
    ngx_table_elt_t *h;

    for (h = r->headers_in.cookie; h; h = h->next) {
        if (ngx_http_senda_try_cookies(r, ctx, ngx_http_senda_slice(h->value), cookie, scratch,
                &tries) == SENDA_OK) {
            return SENDA_OK;
        }
    }
#else
    ngx_table_elt_t **h = r->headers_in.cookies.elts;
    ngx_uint_t i;

    for (i = 0; i < r->headers_in.cookies.nelts; i++) {
        if (ngx_http_senda_try_cookies(r, ctx, ngx_http_senda_slice(h[i]->value), cookie, scratch,
                &tries) == SENDA_OK) {
            return SENDA_OK;
        }
    }
#endif

    return tries ? SENDA_BAD : SENDA_NONE;
}

void
ngx_http_senda_read_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    char scratch[SENDA_COOKIE_MAX];
    senda_cookie_t cookie;
    senda_rc_t rc = ngx_http_senda_find_cookie(r, ctx, &cookie, scratch);
    char *p;

    if (rc != SENDA_OK) {
        ctx->forged = rc == SENDA_BAD;
        return;
    }

    ctx->returned = 1;
    ctx->visitor = ctx->came = cookie.visitor;
    ctx->cookie_day = cookie.day;
    ctx->known = senda_cookie_has_person(&cookie);
    ctx->session = cookie.session;
    ngx_memcpy(ctx->person, cookie.person, SENDA_PERSON_LEN);

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
 * "/path?args" of this request, of the arguments only those that may be kept,
 * with "POST " before it if it was one. A cookie for a whole domain may come
 * back to another host and site: before all that it says "@SITE HOST ".
 */
static senda_str_t
ngx_http_senda_landing_uri(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, char *buf)
{
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    senda_str_t uri = ngx_http_senda_slice(r->unparsed_uri);
    ngx_str_t *host = &r->headers_in.server;
    senda_str_t args;
    size_t n = 0, len;
    const char *q;

    if (ctx->click.n) {
        memcpy(buf, ctx->click.p, ctx->click.n);
        return (senda_str_t){ buf, ctx->click.n };
    }

    /* The page that a click led to stands behind the click. */
    if (ctx->nobody && ctx->returned) {
        memcpy(buf, ctx->landing_uri.p, ctx->landing_uri.n);
        n = ctx->landing_uri.n;
        buf[n++] = ' ';
    }

    if (scf->domain.len && host->len <= NGX_HTTP_SENDA_HOST) {
        n = ngx_sprintf((u_char *)buf + n, "@%uD %V ", ctx->site, host) - (u_char *)buf;
    }

    if (ctx->method == SENDA_METHOD_POST) {
        memcpy(buf + n, "POST ", 5);
        n += 5;
    }

    q = uri.n ? memchr(uri.p, '?', uri.n) : NULL;
    len = q ? (size_t)(q - uri.p) : uri.n;
    args = (senda_str_t){ q ? q + 1 : uri.p, q ? uri.n - len - 1 : 0 };
    len = ngx_min(len, SENDA_LANDING_MAX - n);
    memcpy(buf + n, uri.p, len);
    n += len;

    if (args.n && n + 1 < SENDA_LANDING_MAX) {
        len = senda_query_trim(ctx->rules->rules, ctx->site, args, buf + n + 1,
            SENDA_LANDING_MAX - n - 1);
        if (len) {
            buf[n] = '?';
            n += 1 + len;
        }
    }

    return (senda_str_t){ buf, n };
}

/* Adds the cookie; without a value one that takes it back. */
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

    p = ngx_sprintf(p, "%V=%V; Path=/; Max-Age=%T", &scf->cookie, value,
        value->len ? scf->max_age : 0);
    if (scf->domain.len) {
        p = ngx_sprintf(p, "; Domain=%V", &scf->domain);
    }
    p = ngx_cpymem(p, "; HttpOnly; SameSite=Lax", sizeof("; HttpOnly; SameSite=Lax") - 1);
#if (NGX_SSL || NGX_COMPAT) /* also where only the nginx that loads this one has TLS */
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
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    senda_drop_t why;

    if (scf->no_cookie || ctx->bot || ctx->prefetch || ctx->head || r->headers_in.range) {
        return 0;
    }

    if (r->headers_out.status >= 400 || r->headers_out.status == NGX_HTTP_NOT_MODIFIED) {
        return 0;
    }

    return ctx->nparts > 0 || ctx->logout || ctx->click.n > 0 ||
        ngx_http_senda_counts(r, ctx, r->headers_out.status, &why);
}

/* Whether the cookie that came is old enough to be made anew, so that regular visitors keep it. */
static ngx_uint_t
ngx_http_senda_is_old(ngx_http_senda_ctx_t *ctx, ngx_http_senda_srv_conf_t *scf, uint16_t today)
{
    unsigned half = ngx_http_senda_max_age_days(scf) / 2;

    return (unsigned)(today - ctx->cookie_day) > ngx_min(half, NGX_HTTP_SENDA_RENEWAL);
}

/* Whether what the cookie says of the person or the session is no longer so. */
static ngx_uint_t
ngx_http_senda_is_stale(ngx_http_senda_ctx_t *ctx)
{
    if (ctx->marked || ctx->logout) {
        return ctx->marked || ctx->session != 0;
    }

    return (ctx->login || ngx_http_senda_is_personal(ctx)) &&
        ctx->at / 1000 - ctx->session >= NGX_HTTP_SENDA_STAMP;
}

/* A visitor's first cookie. 0: there is no randomness. */
static ngx_uint_t
ngx_http_senda_fill_new(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, senda_cookie_t *c,
    char *landing)
{
    /* What the upstream said of the person is recorded at once, under this visitor. */
    c->landing = !ngx_http_senda_is_said(ctx);
    c->landing_at = ctx->at / 1000;
    c->landing_uri = ngx_http_senda_landing_uri(r, ctx, landing);

    return ctx->other ? !senda_visitor_is_none(&c->visitor)
                      : senda_visitor_make(&c->visitor) == SENDA_OK;
}

/* Whether the landing in nobody's cookie is to say more: another click, or the page it led to. */
static ngx_uint_t
ngx_http_senda_leads_on(ngx_http_senda_ctx_t *ctx)
{
    senda_str_t landing = ctx->landing_uri, token;

    return ctx->nobody &&
        (ctx->click.n || (ngx_http_senda_cut_click(&landing, &token) && landing.n == 0));
}

/* What the cookie of this response says; 0: the one that the client has is as good. */
static ngx_uint_t
ngx_http_senda_fill_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, senda_cookie_t *c,
    char *landing)
{
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    ngx_uint_t settled;

    ngx_memzero(c, sizeof(senda_cookie_t));
    c->day = (uint16_t)(ctx->at / 1000 / NGX_HTTP_SENDA_DAY);
    c->visitor = ctx->visitor;

    if (ctx->login || ctx->known) {
        ngx_memcpy(c->person, ctx->person, SENDA_PERSON_LEN);
        c->session = ctx->login || ngx_http_senda_is_personal(ctx) ? ctx->at / 1000 : 0;
    }

    if (!ctx->returned) {
        return ngx_http_senda_fill_new(r, ctx, c, landing);
    }

    settled = ctx->landing && ngx_http_senda_live_profile(&ctx->visitor, NULL) == SENDA_OK;

    if (ctx->landing && !settled) {
        c->landing = 1;
        c->landing_at = ctx->landing_at;
        c->landing_uri = ctx->landing_uri;

        if (ngx_http_senda_leads_on(ctx)) {
            c->landing_at = ctx->click.n ? ctx->at / 1000 : ctx->landing_at;
            c->landing_uri = ngx_http_senda_landing_uri(r, ctx, landing);
            return 1;
        }
    }

    return settled || ngx_http_senda_is_stale(ctx) ||
        (!ctx->landing && ngx_http_senda_is_old(ctx, scf, c->day));
}

/* Whether the response is, or can be made, for its client alone. NGX_OK, NGX_DECLINED, NGX_ERROR. */
static ngx_int_t
ngx_http_senda_claim(ngx_http_request_t *r, ngx_uint_t public)
{
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);

    if (!public) {
        return NGX_OK;
    }

    return scf->make_private ? ngx_http_senda_make_private(r) : NGX_DECLINED;
}

/*
 * Takes the cookie back. Where that cannot be done yet the visitor is forgotten
 * all the same, once: as long as live/ knows it.
 */
static ngx_int_t
ngx_http_senda_take_back(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, ngx_uint_t public)
{
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    ngx_str_t none = ngx_null_string;
    ngx_int_t rc = NGX_DECLINED;

    if (ngx_http_senda_may_carry(r, ctx)) {
        rc = ngx_http_senda_claim(r, public);
    }

    if (rc == NGX_OK) {
        ctx->forget = 1;
        return ngx_http_senda_add_cookie(r, scf, &none);
    }

    ctx->forget = ngx_http_senda_live_profile(&ctx->came, NULL) == SENDA_OK;

    return rc == NGX_DECLINED ? NGX_OK : rc;
}

ngx_int_t
ngx_http_senda_set_cookie(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, ngx_uint_t public)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    ngx_http_senda_srv_conf_t *scf = ngx_http_get_module_srv_conf(r, ngx_http_senda_module);
    char value[SENDA_COOKIE_MAX], landing[SENDA_LANDING_MAX];
    senda_cookie_t c;
    ngx_int_t rc;
    ngx_str_t s;

    if (ctx->withdrawn) {
        return ngx_http_senda_take_back(r, ctx, public);
    }

    /* A regular visitor's cookie can wait for a response that no cache keeps. */
    if (!ctx->consent || !ngx_http_senda_may_carry(r, ctx) ||
        (public && (ctx->returned || !scf->make_private)) ||
        !ngx_http_senda_fill_cookie(r, ctx, &c, landing)) {
        return NGX_OK;
    }

    s.data = (u_char *)value;
    s.len = senda_cookie_make(&c, mcf->keys, ngx_http_senda_slice(scf->cookie), value,
        sizeof(value));
    if (s.len == 0) {
        return NGX_OK;
    }

    rc = ngx_http_senda_claim(r, public);
    if (rc != NGX_OK) {
        return rc;
    }

    if (!ctx->returned) {
        ctx->minted = 1;
        ctx->visitor = c.visitor;
    }

    return ngx_http_senda_add_cookie(r, scf, &s);
}
