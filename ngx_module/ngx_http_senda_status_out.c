/*
 * Writes an answer into buffers of the request's pool. Texts from outside are
 * escaped for the format at hand; what is no UTF-8 (RFC 3629) becomes U+FFFD,
 * so that the answer is valid whatever a name holds.
 *
 * An answer over its bound, or without memory, is failed as a whole: half a
 * document would be worse than none.
 */

#include "ngx_http_senda_status.h"

#define NGX_HTTP_SENDA_OUT_BUF 16384
#define NGX_HTTP_SENDA_OUT_F   512

static const char ngx_http_senda_replacement[] = "\xef\xbf\xbd";

static ngx_buf_t *
ngx_http_senda_out_buf(ngx_http_senda_out_t *o)
{
    ngx_chain_t *cl;
    ngx_buf_t *b;

    cl = ngx_alloc_chain_link(o->pool);
    b = cl ? ngx_create_temp_buf(o->pool, NGX_HTTP_SENDA_OUT_BUF) : NULL;

    if (b == NULL) {
        o->failed = 1;
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    if (o->last) {
        o->last->next = cl;
    } else {
        o->first = cl;
    }

    o->last = cl;

    return b;
}

void
ngx_http_senda_put(ngx_http_senda_out_t *o, const char *bytes, size_t n)
{
    ngx_buf_t *b = o->last ? o->last->buf : NULL;
    size_t room;

    o->size += n;

    if (o->size > NGX_HTTP_SENDA_STATUS_MAX) {
        o->failed = 1;
    }

    while (n > 0 && !o->failed) {
        if (b == NULL || b->last == b->end) {
            b = ngx_http_senda_out_buf(o);
            if (b == NULL) {
                return;
            }
        }

        room = ngx_min(n, (size_t)(b->end - b->last));
        b->last = ngx_cpymem(b->last, bytes, room);
        bytes += room;
        n -= room;
    }
}

void
ngx_http_senda_put_f(ngx_http_senda_out_t *o, const char *fmt, ...)
{
    u_char buf[NGX_HTTP_SENDA_OUT_F], *end;
    va_list args;

    va_start(args, fmt);
    end = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    ngx_http_senda_put(o, (char *)buf, end - buf);
}

/* The bytes of the UTF-8 character at p (RFC 3629, 4), 0 if it is none. */
static size_t
ngx_http_senda_utf8(const u_char *p, const u_char *end)
{
    size_t n, i;

    if (p[0] < 0x80) {
        return 1;
    }

    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }

    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if ((size_t)(end - p) < n) {
        return 0;
    }

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0; /* too long, a surrogate, beyond U+10FFFF */
    }

    return n;
}

static void
ngx_http_senda_put_html(ngx_http_senda_out_t *o, u_char c)
{
    switch (c) {
    case '<':
        ngx_http_senda_put_s(o, "&lt;");
        break;
    case '>':
        ngx_http_senda_put_s(o, "&gt;");
        break;
    case '&':
        ngx_http_senda_put_s(o, "&amp;");
        break;
    case '"':
        ngx_http_senda_put_s(o, "&quot;");
        break;
    case '\'':
        ngx_http_senda_put_s(o, "&#39;");
        break;
    case '\n':
    case '\t':
        ngx_http_senda_put(o, (char *)&c, 1);
        break;
    default:
        ngx_http_senda_put(o, ngx_http_senda_replacement, 3);
    }
}

/* RFC 8259, 7. */
static void
ngx_http_senda_put_json(ngx_http_senda_out_t *o, u_char c)
{
    switch (c) {
    case '"':
    case '\\':
        ngx_http_senda_put_f(o, "\\%c", c);
        break;
    case '\n':
        ngx_http_senda_put_s(o, "\\n");
        break;
    default:
        ngx_http_senda_put_f(o, "\\u%04xd", c);
    }
}

/* Prometheus' text format 0.0.4: a label's value knows \\, \" and \n. */
static void
ngx_http_senda_put_label(ngx_http_senda_out_t *o, u_char c)
{
    switch (c) {
    case '"':
    case '\\':
        ngx_http_senda_put_f(o, "\\%c", c);
        break;
    case '\n':
        ngx_http_senda_put_s(o, "\\n");
        break;
    default:
        ngx_http_senda_put(o, ngx_http_senda_replacement, 3);
    }
}

/* What no format takes as it is. */
static ngx_uint_t
ngx_http_senda_is_special(ngx_http_senda_escape_t escape, u_char c)
{
    if (c < 0x20 || c == 0x7f || c == '"' || c == '\\') {
        return c != '\\' || escape != NGX_HTTP_SENDA_HTML;
    }

    return escape == NGX_HTTP_SENDA_HTML && (c == '<' || c == '>' || c == '&' || c == '\'');
}

void
ngx_http_senda_put_text(ngx_http_senda_out_t *o, ngx_str_t text)
{
    const u_char *p = text.data, *end = text.data + text.len;
    size_t n;

    for (; p < end && !o->failed; p += ngx_max(n, 1)) {
        n = ngx_http_senda_utf8(p, end);

        if (n == 0) {
            ngx_http_senda_put(o, ngx_http_senda_replacement, 3);

        } else if (n > 1 || !ngx_http_senda_is_special(o->escape, *p)) {
            ngx_http_senda_put(o, (const char *)p, n);

        } else if (o->escape == NGX_HTTP_SENDA_HTML) {
            ngx_http_senda_put_html(o, *p);

        } else if (o->escape == NGX_HTTP_SENDA_JSON) {
            ngx_http_senda_put_json(o, *p);

        } else {
            ngx_http_senda_put_label(o, *p);
        }
    }
}
