/*
 * The header filter. It runs after headers_filter, so that "expires" and
 * "add_header" have spoken: X-Senda-* headers go, what a trusted upstream said
 * is sealed and kept out of nginx's cache, the cookie is decided on.
 *
 * Subrequests and locations where senda is off lose their X-Senda-* headers
 * too. A failed allocation fails the request, as everywhere in nginx; nothing
 * else does.
 */

#include "ngx_http_senda.h"

static ngx_int_t ngx_http_senda_header_filter(ngx_http_request_t *r);

static ngx_http_output_header_filter_pt ngx_http_senda_next_header_filter;

ngx_int_t
ngx_http_senda_header_init(ngx_conf_t *cf)
{
    ngx_http_senda_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_senda_header_filter;

    return NGX_OK;
}

static ngx_uint_t
ngx_http_senda_is_html(ngx_http_request_t *r)
{
    ngx_str_t *type = &r->headers_out.content_type;

    if (type->len >= 9 && ngx_memcmp(type->data, "text/html", 9) == 0) {
        return 1; /* as nearly everybody writes it */
    }

    return (type->len >= 9 && ngx_strncasecmp(type->data, (u_char *)"text/html", 9) == 0) ||
        (type->len >= 21 &&
            ngx_strncasecmp(type->data, (u_char *)"application/xhtml+xml", 21) == 0);
}

static ngx_int_t
ngx_http_senda_header_filter(ngx_http_request_t *r)
{
    ngx_http_senda_loc_conf_t *lcf;
    ngx_http_senda_ctx_t *ctx;
    ngx_http_senda_headers_t headers;
    ngx_uint_t trusted;

    ngx_http_senda_scan_headers(r, &headers);

    trusted = headers.any && ngx_http_senda_is_trusted(r);

#if (NGX_HTTP_CACHE)
    /* Trusted or not: what is said of one person is for nobody else. */
    if (headers.any && r->upstream) {
        r->upstream->cacheable = 0;
    }
#endif

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);

    if (r != r->main || lcf->enable == NGX_HTTP_SENDA_OFF) {
        return ngx_http_senda_next_header_filter(r);
    }

    ctx = ngx_http_senda_get_ctx(r);
    if (ctx == NULL || ctx->decided) {
        return ngx_http_senda_next_header_filter(r);
    }

    ctx->decided = 1;
    ctx->dry_run = lcf->enable == NGX_HTTP_SENDA_DRY_RUN;
    ctx->consent = ngx_http_senda_consents(r, ctx);
    ctx->html = ngx_http_senda_is_html(r);

    ngx_http_senda_take_form(r, ctx);

    ngx_http_senda_take_redirected(r, ctx);
    ngx_http_senda_join_redirected(ctx, &headers, trusted);

    /* An error page is no statement on what happened. */
    if ((trusted || ctx->redirected) && r->headers_out.status < 400) {
        ngx_http_senda_meet(r, ctx, headers.contact);

        if (ngx_http_senda_seal_headers(r, ctx, &headers) != NGX_OK) {
            ngx_http_senda_wipe_form(ctx);
            return NGX_ERROR;
        }
    }

    if (ngx_http_senda_seal_form(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->met = 1;
    ctx->nobody &= !ngx_http_senda_is_said(ctx); /* the shop itself speaks of whom it sees */
    ctx->withdrawn = !ctx->consent && ctx->returned && ngx_http_senda_is_withdrawn(r, ctx);

    if (ngx_http_senda_set_cookie(r, ctx, ngx_http_senda_is_public(&headers)) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_senda_next_header_filter(r);
}
