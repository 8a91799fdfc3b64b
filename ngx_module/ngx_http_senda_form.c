/*
 * A form that a visitor posts to the shop: of its body, those answers that the
 * rules name for its page, sealed with what the shop says of the request.
 *
 * The body is looked at in the header filter, where nginx has read it for the
 * upstream. It is never read for our sake, never waited for, never taken out
 * of a file: what is not whole in memory and form-encoded is passed over and
 * counted. Plain bytes go no further than this file.
 */

#include "ngx_http_senda.h"

#include "senda_form.h"

#define NGX_HTTP_SENDA_FORM_TYPE "application/x-www-form-urlencoded"

/* One request at a time is looked at in a process; wiped after each use. */
static char ngx_http_senda_body[SENDA_FORM_MAX];
static char ngx_http_senda_answers[SENDA_HEADER_MAX];

/* The media type alone decides (RFC 9110, 8.3.1); parameters have no meaning for this one. */
static ngx_uint_t
ngx_http_senda_is_form(ngx_http_request_t *r)
{
    size_t n = sizeof(NGX_HTTP_SENDA_FORM_TYPE) - 1;
    ngx_str_t *type;

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    type = &r->headers_in.content_type->value;

    return type->len >= n &&
        ngx_strncasecmp(type->data, (u_char *)NGX_HTTP_SENDA_FORM_TYPE, n) == 0 &&
        (type->len == n || type->data[n] == ';' || type->data[n] == ' ' || type->data[n] == '\t');
}

/* The answers that the pages of this request name; how many. */
static ngx_uint_t
ngx_http_senda_form_inputs(ngx_http_senda_ctx_t *ctx, senda_str_t *inputs)
{
    ngx_uint_t i, n = 0;
    unsigned k;

    for (i = 0; i < ctx->match.nkeys; i++) {
        for (k = 0; n < SENDA_FORM_INPUTS &&
             senda_rules_input(ctx->rules->rules, ctx->match.keys[i], k, &inputs[n]) == SENDA_OK;
             k++) {
            n++;
        }
    }

    return n;
}

/* The body as one piece: a slice of nginx's own buffer, or of ours. NGX_OK or NGX_DECLINED. */
static ngx_int_t
ngx_http_senda_form_body(ngx_http_request_t *r, senda_str_t *body)
{
    ngx_chain_t *cl;
    ngx_buf_t *b;
    size_t n, len = 0;

    if (r->request_body == NULL || r->request_body_no_buffering || r->request_body->temp_file ||
        r->request_body->rest > 0) {
        return NGX_DECLINED;
    }

    cl = r->request_body->bufs;

    if (cl && cl->next == NULL && ngx_buf_in_memory(cl->buf)) {
        *body = (senda_str_t){ (char *)cl->buf->pos, cl->buf->last - cl->buf->pos };

        return body->n <= SENDA_FORM_MAX ? NGX_OK : NGX_DECLINED;
    }

    for (/* void */; cl; cl = cl->next) {
        b = cl->buf;
        n = ngx_buf_in_memory(b) ? (size_t)(b->last - b->pos) : 0;

        if ((n == 0 && !ngx_buf_special(b)) || n > SENDA_FORM_MAX - len) {
            ngx_explicit_memzero(ngx_http_senda_body, len);
            return NGX_DECLINED;
        }

        if (n > 0) { /* the last one of a chunked body may have no bytes at all */
            ngx_memcpy(ngx_http_senda_body + len, b->pos, n);
            len += n;
        }
    }

    *body = (senda_str_t){ ngx_http_senda_body, len };

    return NGX_OK;
}

static void
ngx_http_senda_form_drop(senda_drop_t reason, ngx_uint_t times)
{
    senda_ring_t *ring = ngx_http_senda_ring();

    while (ring && times-- > 0) {
        senda_ring_drop(ring, reason);
    }
}

void
ngx_http_senda_take_form(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    senda_str_t inputs[SENDA_FORM_INPUTS];
    senda_form_count_t count;
    senda_str_t body;
    ngx_uint_t ninputs;

    if (ctx->method != SENDA_METHOD_POST || ctx->bot || ctx->prefetch ||
        r->headers_out.status >= NGX_HTTP_BAD_REQUEST) {
        return;
    }

    ninputs = ngx_http_senda_form_inputs(ctx, inputs);
    if (ninputs == 0) {
        return;
    }

    if (!ngx_http_senda_is_form(r) || ngx_http_senda_form_body(r, &body) != NGX_OK) {
        ngx_http_senda_form_drop(SENDA_DROP_FORM, 1);
        return;
    }

    ctx->form.p = ngx_http_senda_answers;
    ctx->form.n = senda_form_keep(body, inputs, ninputs, ngx_http_senda_answers,
        sizeof(ngx_http_senda_answers), &count);

    ngx_http_senda_form_drop(SENDA_DROP_FIELD, count.refused);

    if (body.p == ngx_http_senda_body) {
        ngx_explicit_memzero(ngx_http_senda_body, body.n);
    }
}

void
ngx_http_senda_wipe_form(ngx_http_senda_ctx_t *ctx)
{
    ngx_explicit_memzero(ngx_http_senda_answers, ctx->form.n);
    ctx->form.n = 0;
}

ngx_int_t
ngx_http_senda_seal_form(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    senda_private_t said;
    ngx_int_t rc;

    if (ctx->form.n == 0) {
        return NGX_OK;
    }

    ngx_memzero(&said, sizeof(senda_private_t));
    rc = ngx_http_senda_add_part(r, ctx, &said, SENDA_VISIT_FORM, 0);
    ngx_http_senda_wipe_form(ctx);

    return rc;
}
