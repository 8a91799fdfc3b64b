/*
 * Answers of the endpoint: the site's pages out of published/ with their marks
 * filled in, the plain ones where there is none, the redirect, the picture.
 *
 * Nobody may keep them, frame them, run a script in them or learn their
 * address from a Referer. Nothing of a request stands in a page but its token,
 * which is base64url. A failed allocation fails the request, nothing else does.
 */

#include "ngx_http_senda.h"

typedef struct {
    ngx_str_t key, value;
} ngx_http_senda_line_t;

/* Not where nginx keeps Cache-Control: "expires" would put its own in the place of this one. */
static ngx_http_senda_line_t ngx_http_senda_lines[] = {
    { ngx_string("Cache-Control"), ngx_string("no-store") },
    { ngx_string("Referrer-Policy"), ngx_string("no-referrer") },
    { ngx_string("X-Robots-Tag"), ngx_string("noindex, nofollow") },
    { ngx_string("X-Content-Type-Options"), ngx_string("nosniff") },
};

static ngx_http_senda_line_t ngx_http_senda_page_lines[] = {
    { ngx_string("Content-Security-Policy"),
        ngx_string("default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; "
                   "form-action 'self'; base-uri 'none'; frame-ancestors 'none'") },
    { ngx_string("X-Frame-Options"), ngx_string("DENY") },
};

static ngx_http_senda_line_t ngx_http_senda_retry = { ngx_string("Retry-After"), ngx_string("60") };

/* GIF89a, one transparent pixel. */
static u_char ngx_http_senda_pixel[] = {
    'G',
    'I',
    'F',
    '8',
    '9',
    'a',
    1,
    0,
    1,
    0,
    0x80,
    0,
    0, /* screen, two colours */
    0xff,
    0xff,
    0xff,
    0,
    0,
    0, /* white, black */
    0x21,
    0xf9,
    4,
    1,
    0,
    0,
    0,
    0, /* the first is transparent */
    0x2c,
    0,
    0,
    0,
    0,
    1,
    0,
    1,
    0,
    0, /* an image of 1 by 1 */
    2,
    2,
    0x44,
    1,
    0, /* its data */
    0x3b,
};

_Static_assert(sizeof(ngx_http_senda_pixel) == 43, "the smallest that every program shows");

static ngx_table_elt_t *
ngx_http_senda_add_line(ngx_http_request_t *r, const ngx_http_senda_line_t *line)
{
    ngx_table_elt_t *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key = line->key;
    h->value = line->value;

    return h;
}

/* What every answer bears. */
static ngx_int_t
ngx_http_senda_begin_answer(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t i;

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;

    for (i = 0; i < sizeof(ngx_http_senda_lines) / sizeof(ngx_http_senda_lines[0]); i++) {
        if (ngx_http_senda_add_line(r, &ngx_http_senda_lines[i]) == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}

/* Headers, then the whole body in one buffer; data lives as long as the request. */
static ngx_int_t
ngx_http_senda_send(ngx_http_request_t *r, u_char *data, size_t len)
{
    ngx_chain_t out;
    ngx_buf_t *b;
    ngx_int_t rc;

    r->headers_out.content_length_n = len;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (len == 0) {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->pos = data;
    b->last = data + len;
    b->memory = 1;
    b->last_buf = r == r->main;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}

ngx_int_t
ngx_http_senda_send_redirect(ngx_http_request_t *r, ngx_str_t *address)
{
    ngx_http_senda_line_t line = { ngx_string("Location"), *address };
    ngx_table_elt_t *h;

    if (ngx_http_senda_begin_answer(r, NGX_HTTP_MOVED_TEMPORARILY) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    h = ngx_http_senda_add_line(r, &line);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.location = h;

    return ngx_http_senda_send(r, NULL, 0);
}

ngx_int_t
ngx_http_senda_send_pixel(ngx_http_request_t *r)
{
    if (ngx_http_senda_begin_answer(r, NGX_HTTP_OK) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&r->headers_out.content_type, "image/gif");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    return ngx_http_senda_send(r, ngx_http_senda_pixel, sizeof(ngx_http_senda_pixel));
}

/* The language that a client would like best, as far as its first letters say. */
static void
ngx_http_senda_accept_language(ngx_http_request_t *r, char language[8])
{
    ngx_table_elt_t *h;
    size_t n = 0;
    u_char c;

    h = ngx_http_senda_find_header(r, "Accept-Language", sizeof("Accept-Language") - 1);

    while (h && n < 3 && n < h->value.len) {
        c = ngx_tolower(h->value.data[n]);
        if (c < 'a' || c > 'z') {
            break;
        }

        language[n++] = (char)c;
    }

    language[n] = '\0';
}

/* The site's page of that kind, else the plain one. *copy is to be freed. */
static senda_str_t
ngx_http_senda_find_page(ngx_http_request_t *r, senda_page_t kind, const senda_sent_t *sent,
    char **copy)
{
    senda_published_t *published = ngx_http_senda_published();
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_peek_ctx(r);
    char accepted[8] = "";
    const char *language;
    uint32_t site;
    size_t len;

    *copy = NULL;

    if (sent) {
        site = sent->site;
        language = sent->language;
    } else {
        ngx_http_senda_accept_language(r, accepted);
        site = ctx ? ctx->site : 0;
        language = accepted;
    }

    if (published && senda_page_get(published, site, language, kind, copy, &len) == SENDA_OK) {
        return (senda_str_t){ *copy, len };
    }

    *copy = NULL;

    return senda_page_plain(kind);
}

ngx_int_t
ngx_http_senda_send_page(ngx_http_request_t *r, ngx_uint_t status, senda_page_t kind,
    const senda_sent_t *sent, const senda_page_values_t *values)
{
    static const senda_page_values_t nothing;
    senda_str_t text;
    ngx_uint_t i;
    u_char *data;
    size_t len;
    char *copy;

    if (values == NULL) {
        values = &nothing;
    }

    text = ngx_http_senda_find_page(r, kind, sent, &copy);
    len = senda_page_fill(text, values, NULL);

    if (len > SENDA_PAGE_FILLED_MAX) {
        text = senda_page_plain(kind);
        len = senda_page_fill(text, values, NULL);
    }

    data = ngx_pnalloc(r->pool, ngx_max(len, 1));
    if (data) {
        (void)senda_page_fill(text, values, (char *)data);
    }

    free(copy);

    if (data == NULL || ngx_http_senda_begin_answer(r, status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < sizeof(ngx_http_senda_page_lines) / sizeof(ngx_http_senda_page_lines[0]); i++) {
        if (ngx_http_senda_add_line(r, &ngx_http_senda_page_lines[i]) == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE &&
        ngx_http_senda_add_line(r, &ngx_http_senda_retry) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&r->headers_out.content_type, "text/html");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    ngx_str_set(&r->headers_out.charset, "utf-8");

    return ngx_http_senda_send(r, data, len);
}

/* nginx's own page, with what may be asked instead. */
ngx_int_t
ngx_http_senda_refuse_method(ngx_http_request_t *r, ngx_uint_t with_post)
{
    static ngx_http_senda_line_t allow = { ngx_string("Allow"), ngx_string("GET, HEAD") };
    static ngx_http_senda_line_t allow_post = { ngx_string("Allow"),
        ngx_string("GET, HEAD, POST") };

    if (ngx_http_senda_add_line(r, with_post ? &allow_post : &allow) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_NOT_ALLOWED;
}
