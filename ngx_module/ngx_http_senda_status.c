/*
 * `senda_status`: how Senda is doing, for machines and people. GET and HEAD
 * only; changes nothing, sets no cookie, is no page view. What it costs is
 * bounded, whatever is in the stores, so that no worker stands still for it.
 *
 * Shown to this machine only unless the directive says `any`. Where the realip
 * module has put another address in the connection's place, both must be this
 * machine's: neither a forged header nor a proxy in front opens the page.
 */

#include "ngx_http_senda_status.h"

#define NGX_HTTP_SENDA_REFRESH_MAX 3600 /* s between two reloads that a page asks for */

typedef enum {
    NGX_HTTP_SENDA_FORMAT_HTML,
    NGX_HTTP_SENDA_FORMAT_JSON,
    NGX_HTTP_SENDA_FORMAT_PROMETHEUS,
    NGX_HTTP_SENDA_FORMAT_NONE
} ngx_http_senda_format_t;

static ngx_str_t ngx_http_senda_format_types[] = {
    ngx_string("text/html; charset=utf-8"),
    ngx_string("application/json"),
    ngx_string("text/plain; version=0.0.4; charset=utf-8"),
};

typedef struct {
    ngx_str_t word;
    ngx_http_senda_format_t format;
    ngx_uint_t width; /* of a range: 0 a type, 1 all of a kind, 2 all */
} ngx_http_senda_format_word_t;

/* The last segment of the path, or how it ends. */
static ngx_http_senda_format_word_t ngx_http_senda_format_names[] = {
    { ngx_string("html"), NGX_HTTP_SENDA_FORMAT_HTML, 0 },
    { ngx_string("json"), NGX_HTTP_SENDA_FORMAT_JSON, 0 },
    { ngx_string("prom"), NGX_HTTP_SENDA_FORMAT_PROMETHEUS, 0 },
    { ngx_string("metrics"), NGX_HTTP_SENDA_FORMAT_PROMETHEUS, 0 },
};

static ngx_http_senda_format_word_t ngx_http_senda_format_accepts[] = {
    { ngx_string("text/html"), NGX_HTTP_SENDA_FORMAT_HTML, 0 },
    { ngx_string("application/json"), NGX_HTTP_SENDA_FORMAT_JSON, 0 },
    { ngx_string("application/openmetrics-text"), NGX_HTTP_SENDA_FORMAT_PROMETHEUS, 0 },
    { ngx_string("text/plain"), NGX_HTTP_SENDA_FORMAT_PROMETHEUS, 0 },
    { ngx_string("application/*"), NGX_HTTP_SENDA_FORMAT_JSON, 1 },
    { ngx_string("text/*"), NGX_HTTP_SENDA_FORMAT_HTML, 1 },
    { ngx_string("*/*"), NGX_HTTP_SENDA_FORMAT_HTML, 2 },
};

#define NGX_HTTP_SENDA_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- who may see it ---- */

static ngx_uint_t
ngx_http_senda_is_local(const struct sockaddr *sa)
{
    const struct sockaddr_in *sin;
#if (NGX_HAVE_INET6)
    const struct in6_addr *in6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (const struct sockaddr_in *)sa;
        return (ntohl(sin->sin_addr.s_addr) >> 24) == 127;

#if (NGX_HAVE_INET6)
    case AF_INET6:
        in6 = &((const struct sockaddr_in6 *)sa)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(in6) || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == 127);
#endif

#if (NGX_HAVE_UNIX_DOMAIN)
    case AF_UNIX:
        return 1;
#endif

    default:
        return 0;
    }
}

/* The address that realip has replaced, if there is such a module and it did. */
static ngx_uint_t
ngx_http_senda_was_local(ngx_http_request_t *r)
{
    static ngx_str_t name = ngx_string("realip_remote_addr");

    ngx_http_variable_value_t *v;
    ngx_addr_t addr;

    v = ngx_http_get_variable(r, &name, ngx_hash_key(name.data, name.len));

    if (v == NULL || v->not_found || !v->valid) {
        return 1;
    }

    if (v->len >= 5 && ngx_strncmp(v->data, "unix:", 5) == 0) {
        return 1;
    }

    return ngx_parse_addr(r->pool, &addr, v->data, v->len) == NGX_OK &&
        ngx_http_senda_is_local(addr.sockaddr);
}

static ngx_uint_t
ngx_http_senda_may_see(ngx_http_request_t *r)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);

    if (lcf->status == NGX_HTTP_SENDA_STATUS_ANY) {
        return 1;
    }

    return ngx_http_senda_is_local(r->connection->sockaddr) && ngx_http_senda_was_local(r);
}

/* ---- which format ---- */

static ngx_http_senda_format_t
ngx_http_senda_format_of_path(ngx_str_t uri)
{
    ngx_http_senda_format_word_t *w;
    ngx_uint_t i;
    u_char before;

    for (i = 0; i < NGX_HTTP_SENDA_LEN(ngx_http_senda_format_names); i++) {
        w = &ngx_http_senda_format_names[i];

        if (uri.len <= w->word.len ||
            ngx_memcmp(uri.data + uri.len - w->word.len, w->word.data, w->word.len) != 0) {
            continue;
        }

        before = uri.data[uri.len - w->word.len - 1];
        if (before == '/' || before == '.') {
            return w->format;
        }
    }

    return NGX_HTTP_SENDA_FORMAT_NONE;
}

/* The weight of a range (RFC 9110, 12.4.2) in thousandths, from its parameters; 1000 without. */
static ngx_int_t
ngx_http_senda_weight(u_char *p, u_char *end)
{
    ngx_int_t weight;
    u_char *next;

    for (; p < end; p = next + 1) {
        next = ngx_strlchr(p, end, ';');
        if (next == NULL) {
            next = end;
        }

        while (p < next && *p == ' ') {
            p++;
        }

        if (next - p >= 3 && (*p == 'q' || *p == 'Q') && p[1] == '=') {
            while (next > p && next[-1] == ' ') {
                next--;
            }
            weight = ngx_atofp(p + 2, next - p - 2, 3);
            return weight == NGX_ERROR ? 0 : ngx_min(weight, 1000);
        }
    }

    return 1000;
}

/* NULL: a range that we know nothing of. */
static ngx_http_senda_format_word_t *
ngx_http_senda_range(u_char *p, u_char *end)
{
    ngx_http_senda_format_word_t *w;
    ngx_uint_t i;

    for (i = 0; i < NGX_HTTP_SENDA_LEN(ngx_http_senda_format_accepts); i++) {
        w = &ngx_http_senda_format_accepts[i];

        if ((size_t)(end - p) == w->word.len &&
            ngx_strncasecmp(p, w->word.data, w->word.len) == 0) {
            return w;
        }
    }

    return NULL;
}

/* Accept (RFC 9110, 12.5.1): the heaviest range that we know, the narrowest of these, the first. */
static ngx_http_senda_format_t
ngx_http_senda_format_of_accept(ngx_str_t accept)
{
    ngx_http_senda_format_word_t *range, *best = NULL;
    u_char *p = accept.data, *end = accept.data + accept.len, *next, *type;
    ngx_int_t weight, heaviest = 0;

    for (; p < end; p = next + 1) {
        next = ngx_strlchr(p, end, ',');
        if (next == NULL) {
            next = end;
        }

        while (p < next && (*p == ' ' || *p == '\t')) {
            p++;
        }

        type = ngx_strlchr(p, next, ';');
        if (type == NULL) {
            type = next;
        }

        weight = ngx_http_senda_weight(type, next);
        while (type > p && (type[-1] == ' ' || type[-1] == '\t')) {
            type--;
        }

        range = ngx_http_senda_range(p, type);
        if (range && weight > 0 &&
            (weight > heaviest || (weight == heaviest && best && range->width < best->width))) {
            heaviest = weight;
            best = range;
        }
    }

    return best ? best->format : NGX_HTTP_SENDA_FORMAT_HTML;
}

static ngx_http_senda_format_t
ngx_http_senda_format(ngx_http_request_t *r)
{
    static u_char accept[] = "accept";

    ngx_http_senda_format_t format = ngx_http_senda_format_of_path(r->uri);
    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_table_elt_t *h = part->elts;
    ngx_uint_t i;

    if (format != NGX_HTTP_SENDA_FORMAT_NONE) {
        return format;
    }

    for (i = 0;; i++) {
        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NGX_HTTP_SENDA_FORMAT_HTML;
            }
            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == sizeof(accept) - 1 &&
            ngx_strncasecmp(h[i].key.data, accept, sizeof(accept) - 1) == 0) {
            return ngx_http_senda_format_of_accept(h[i].value);
        }
    }
}

/* ---- the answer ---- */

static ngx_int_t
ngx_http_senda_status_header(ngx_http_request_t *r, const char *name, const char *value)
{
    ngx_table_elt_t *h = ngx_list_push(&r->headers_out.headers);

    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.data = (u_char *)name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *)value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}

static ngx_int_t
ngx_http_senda_status_send(ngx_http_request_t *r, ngx_http_senda_out_t *o,
    ngx_http_senda_format_t format)
{
    ngx_int_t rc;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = o->size;
    r->headers_out.content_type = ngx_http_senda_format_types[format];
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_senda_status_header(r, "Cache-Control", "no-store") != NGX_OK ||
        ngx_http_senda_status_header(r, "X-Content-Type-Options", "nosniff") != NGX_OK ||
        ngx_http_senda_status_header(r, "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    o->last->buf->last_buf = r == r->main;
    o->last->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, o->first);
}

/* ?refresh=N: a page that loads itself anew every N seconds; 0: not. */
static ngx_uint_t
ngx_http_senda_status_refresh(ngx_http_request_t *r)
{
    ngx_str_t value;
    ngx_int_t n;

    if (ngx_http_arg(r, (u_char *)"refresh", 7, &value) != NGX_OK) {
        return 0;
    }

    n = ngx_atoi(value.data, value.len);

    return n > 0 ? ngx_min((ngx_uint_t)n, NGX_HTTP_SENDA_REFRESH_MAX) : 0;
}

static ngx_int_t
ngx_http_senda_status_handler(ngx_http_request_t *r)
{
    static const ngx_http_senda_escape_t escapes[] = { NGX_HTTP_SENDA_HTML, NGX_HTTP_SENDA_JSON,
        NGX_HTTP_SENDA_PROM };

    ngx_http_senda_format_t format;
    ngx_http_senda_status_t *s;
    ngx_http_senda_out_t out;
    ngx_int_t rc;

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    if (!ngx_http_senda_may_see(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    format = ngx_http_senda_format(r);

    ngx_memzero(&out, sizeof(ngx_http_senda_out_t));
    out.pool = r->pool;
    out.escape = escapes[format];

    s = ngx_palloc(r->pool, sizeof(ngx_http_senda_status_t));
    if (s == NULL || ngx_http_senda_status_gather(r, s) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (format == NGX_HTTP_SENDA_FORMAT_HTML) {
        ngx_http_senda_status_html(&out, s, ngx_http_senda_status_refresh(r));
    } else if (format == NGX_HTTP_SENDA_FORMAT_JSON) {
        ngx_http_senda_status_json(&out, s);
    } else {
        ngx_http_senda_status_prometheus(&out, s);
    }

    if (out.failed || out.last == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
            "senda: the status does not fit %d bytes, or there is no memory",
            NGX_HTTP_SENDA_STATUS_MAX);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_senda_status_send(r, &out, format);
}

char *
ngx_http_senda_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_loc_conf_t *lcf = conf;

    ngx_http_core_loc_conf_t *clcf;
    ngx_str_t *value = cf->args->elts;

    if (lcf->status) {
        return "is duplicate";
    }

    lcf->status = NGX_HTTP_SENDA_STATUS_LOCAL;

    if (cf->args->nelts == 2) {
        if (ngx_strcmp(value[1].data, "any") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                "invalid parameter \"%V\", it can only be \"any\"", &value[1]);
            return NGX_CONF_ERROR;
        }
        lcf->status = NGX_HTTP_SENDA_STATUS_ANY;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_senda_status_handler;

    return NGX_CONF_OK;
}
