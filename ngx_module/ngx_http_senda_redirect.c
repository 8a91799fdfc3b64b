/*
 * X-Accel-Redirect: the shop's application lets nginx answer from another
 * location, and nginx hands none of its X-Senda-* headers on. They are taken
 * where that location begins, and believed if the one that was proxied is
 * trusted; the client never saw them. Never fails a request: without memory
 * they are lost.
 */

#include "ngx_http_senda.h"

/* The upstream that spoke is still the request's, until another one is asked. */
void
ngx_http_senda_take_redirected(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_http_upstream_t *u = r->upstream;
    ngx_http_senda_headers_t *h;

    if (!ctx->trusts || !r->internal || u == NULL || u->headers_in.x_accel_redirect == NULL ||
        (u->conf->ignore_headers & NGX_HTTP_UPSTREAM_IGN_XA_REDIRECT) ||
        u->headers_in.status_n >= NGX_HTTP_BAD_REQUEST || !ngx_http_senda_is_fresh(u)) {
        return;
    }

    h = ngx_pcalloc(r->pool, sizeof(ngx_http_senda_headers_t));
    if (h) {
        ngx_http_senda_scan_list(&u->headers_in.headers.part, h, 1);
        ctx->redirected = h;
    }
}

ngx_int_t
ngx_http_senda_redirect_handler(ngx_http_request_t *r)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);
    ngx_http_core_loc_conf_t *clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    ngx_uint_t trusts = lcf->trust && lcf->enable != NGX_HTTP_SENDA_OFF && clcf->handler != NULL;
    ngx_http_senda_ctx_t *ctx;

    if (r != r->main || (!trusts && !r->internal)) {
        return NGX_DECLINED;
    }

    /* Whether a location is trusted is known no more when it has redirected. */
    ctx = trusts ? ngx_http_senda_get_ctx(r) : ngx_http_senda_peek_ctx(r);

    if (ctx) {
        ngx_http_senda_take_redirected(r, ctx);
        ctx->trusts = trusts != 0;
    }

    return NGX_DECLINED;
}
