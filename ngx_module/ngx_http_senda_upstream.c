/*
 * What the shop's application says through X-Senda-* response headers: found,
 * taken away from what the client gets, believed or not, sealed.
 *
 * Plain text goes no further than this file. A response out of nginx's cache
 * speaks of whoever filled the cache, so it is never believed.
 */

#include "ngx_http_senda.h"

#include "senda_seal.h"

#define NGX_HTTP_SENDA_IS(h, name)       \
    ((h)->key.len == sizeof(name) - 1 && \
        ngx_strncasecmp((h)->key.data, (u_char *)(name), sizeof(name) - 1) == 0)

/* Moves to the list's element i, or the first of the next part; 0: there is none. */
static ngx_uint_t
ngx_http_senda_next_header(ngx_list_part_t **part, ngx_table_elt_t **h, ngx_uint_t *i)
{
    while (*i >= (*part)->nelts) {
        if ((*part)->next == NULL) {
            return 0;
        }

        *part = (*part)->next;
        *h = (*part)->elts;
        *i = 0;
    }

    return 1;
}

/* The number after "name=" in a Cache-Control value, -1 if it is not there. */
static ngx_int_t
ngx_http_senda_seconds(ngx_str_t *v, const char *name, size_t len)
{
    u_char *last = v->data + v->len;
    u_char *p, *e;
    ngx_int_t n;

    p = ngx_strlcasestrn(v->data, last, (u_char *)name, len - 1);
    if (p == NULL) {
        return -1;
    }

    p += len;
    if (p < last && *p == '"') {
        p++;
    }

    for (e = p; e < last && *e >= '0' && *e <= '9'; e++) {
        /* void */
    }

    n = ngx_atoi(p, e - p);

    return n == NGX_ERROR ? (e - p > 9 ? 1 : 0) : n;
}

static void
ngx_http_senda_scan_caching(ngx_table_elt_t *h, ngx_http_senda_headers_t *out)
{
    ngx_str_t *v = &h->value;
    u_char *last = v->data + v->len;
    time_t expires;

    if (NGX_HTTP_SENDA_IS(h, "Expires")) {
        expires = ngx_parse_http_time(v->data, v->len);
        out->expires = expires != NGX_ERROR && expires > ngx_time();
        return;
    }

    if (!NGX_HTTP_SENDA_IS(h, "Cache-Control")) {
        return;
    }

#define has(word) (ngx_strlcasestrn(v->data, last, (u_char *)(word), sizeof(word) - 2) != NULL)
    out->no_store |= has("no-store");
    out->is_private |= has("private");
    out->is_public |= has("public");
    out->no_cache |= has("no-cache");
#undef has

    if (ngx_http_senda_seconds(v, "s-maxage=", sizeof("s-maxage=") - 1) > 0) {
        out->is_public = 1;
    }

    switch (ngx_http_senda_seconds(v, "max-age=", sizeof("max-age=") - 1)) {
    case -1:
        break;
    case 0:
        out->max_age = 1;
        break;
    default:
        out->max_age = 1;
        out->fresh = 1;
    }
}

static void
ngx_http_senda_scan_ours(ngx_table_elt_t *h, ngx_http_senda_headers_t *out)
{
    h->hash = 0;

    if (NGX_HTTP_SENDA_IS(h, "X-Senda-Contact")) {
        out->any = 1;
        if (out->contact == NULL) {
            out->contact = h;
        } else {
            out->refused++;
        }

    } else if (NGX_HTTP_SENDA_IS(h, "X-Senda-Event")) {
        out->any = 1;
        if (out->nevents < NGX_HTTP_SENDA_PARTS_MAX) {
            out->event[out->nevents++] = h;
        } else {
            out->refused++;
        }
    }
}

void
ngx_http_senda_scan_list(ngx_list_part_t *part, ngx_http_senda_headers_t *out, ngx_uint_t ours)
{
    ngx_table_elt_t *h = part->elts;
    ngx_uint_t i;

    for (i = 0; ngx_http_senda_next_header(&part, &h, &i); i++) {
        if (h[i].hash == 0 || h[i].key.len == 0) {
            continue;
        }

        switch (h[i].key.data[0] | 0x20) {

        case 'c':
        case 'e':
            ngx_http_senda_scan_caching(&h[i], out);
            break;

        case 'x':
            if (ours && h[i].key.len > sizeof("X-Senda-") - 1 &&
                ngx_strncasecmp(h[i].key.data, (u_char *)"X-Senda-", sizeof("X-Senda-") - 1) == 0) {
                ngx_http_senda_scan_ours(&h[i], out);
            }
            break;
        }
    }
}

void
ngx_http_senda_scan_headers(ngx_http_request_t *r, ngx_http_senda_headers_t *out)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);

    ngx_memzero(out, sizeof(ngx_http_senda_headers_t));
    ngx_http_senda_scan_list(&r->headers_out.headers.part, out,
        r->upstream != NULL || lcf->enable != NGX_HTTP_SENDA_OFF);
}

void
ngx_http_senda_join_redirected(ngx_http_senda_ctx_t *ctx, ngx_http_senda_headers_t *h,
    ngx_uint_t trusted)
{
    const ngx_http_senda_headers_t *before = ctx->redirected;
    ngx_uint_t i;

    if (!trusted) {
        h->contact = NULL;
        h->nevents = h->refused = 0;
    }

    if (before == NULL) {
        return;
    }

    h->contact = h->contact ? h->contact : before->contact;
    h->refused += before->refused;

    for (i = 0; i < before->nevents; i++) {
        if (h->nevents < NGX_HTTP_SENDA_PARTS_MAX) {
            h->event[h->nevents++] = before->event[i];
        } else {
            h->refused++;
        }
    }
}

/* Appends what may stay of a Cache-Control value behind "private"; each word is "name" or "name=x". */
static u_char *
ngx_http_senda_keep_words(u_char *out, ngx_str_t v)
{
    static const ngx_str_t gone[] = { ngx_string("public"), ngx_string("private"),
        ngx_string("s-maxage"), ngx_string("proxy-revalidate") };
    u_char *p = v.data, *last = v.data + v.len, *end, *name;
    ngx_uint_t i;

    for (/* void */; p < last; p = end + 1) {
        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        end = ngx_strlchr(p, last, ',');
        end = end ? end : last;

        for (name = p; name < end && *name != '=' && *name != ' '; name++) {
            /* void */
        }

        for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
            if ((size_t)(name - p) == gone[i].len &&
                ngx_strncasecmp(p, gone[i].data, gone[i].len) == 0) {
                break;
            }
        }

        if (end > p && i == sizeof(gone) / sizeof(gone[0])) {
            *out++ = ',';
            *out++ = ' ';
            out = ngx_cpymem(out, p, end - p);
        }
    }

    return out;
}

static ngx_table_elt_t *
ngx_http_senda_push_header(ngx_http_request_t *r)
{
    ngx_table_elt_t *h = ngx_list_push(&r->headers_out.headers);

    if (h) {
        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->hash = 1;
    }

    return h;
}

ngx_int_t
ngx_http_senda_make_private(ngx_http_request_t *r)
{
    ngx_list_part_t *part = &r->headers_out.headers.part;
    ngx_table_elt_t *h = part->elts, *control;
    u_char *value, *last;
    size_t len = sizeof("private");
    ngx_uint_t i;

    control = ngx_http_senda_push_header(r);
    if (control == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; ngx_http_senda_next_header(&part, &h, &i); i++) {
        len += NGX_HTTP_SENDA_IS(&h[i], "Cache-Control") ? 2 * h[i].value.len + 2 : 0;
    }

    value = ngx_pnalloc(r->pool, len);
    if (value == NULL) {
        return NGX_ERROR;
    }

    last = ngx_cpymem(value, "private", sizeof("private") - 1);
    part = &r->headers_out.headers.part;
    h = part->elts;

    for (i = 0; ngx_http_senda_next_header(&part, &h, &i); i++) {
        if (&h[i] == control || h[i].hash == 0) {
            continue;
        }

        if (NGX_HTTP_SENDA_IS(&h[i], "Cache-Control")) {
            last = ngx_http_senda_keep_words(last, h[i].value);
            h[i].hash = 0;

        } else if (NGX_HTTP_SENDA_IS(&h[i], "Expires")) {
            h[i].hash = 0;
        }
    }

    ngx_str_set(&control->key, "Cache-Control");
    control->value.data = value;
    control->value.len = last - value;

    return NGX_OK;
}

ngx_uint_t
ngx_http_senda_is_public(const ngx_http_senda_headers_t *h)
{
    if (h->no_store || h->is_private) {
        return 0;
    }

    if (h->is_public) {
        return 1;
    }

    if (h->no_cache) {
        return 0;
    }

    return h->max_age ? h->fresh : h->expires;
}

ngx_uint_t
ngx_http_senda_is_fresh(ngx_http_upstream_t *u)
{
#if (NGX_HTTP_CACHE)
    switch (u->cache_status) {

    case NGX_HTTP_CACHE_STALE:
    case NGX_HTTP_CACHE_UPDATING:
    case NGX_HTTP_CACHE_REVALIDATED:
    case NGX_HTTP_CACHE_HIT:
        return 0;
    }
#endif

    return 1;
}

ngx_uint_t
ngx_http_senda_is_trusted(ngx_http_request_t *r)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);

    /* An upstream that redirected within nginx, or failed, is still there where nginx itself answers. */
    return lcf->trust && r->upstream != NULL && r->content_handler != NULL &&
        ngx_http_senda_is_fresh(r->upstream);
}

ngx_int_t
ngx_http_senda_add_part(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, senda_private_t *said,
    uint32_t flags, senda_key_t key)
{
    static u_char plain[SENDA_SEALED_MAX];
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    ngx_http_senda_part_t *part;
    size_t n;

    if (ctx->parts == NULL) {
        ctx->parts = ngx_palloc(r->pool,
            (NGX_HTTP_SENDA_PARTS_MAX + 2) * sizeof(ngx_http_senda_part_t));
        if (ctx->parts == NULL) {
            return NGX_ERROR;
        }
    }

    if (ctx->nparts == NGX_HTTP_SENDA_PARTS_MAX + 2) {
        ctx->refused = 1;
        return NGX_OK;
    }

    part = &ctx->parts[ctx->nparts];

    /* The answers of a form go with the first statement. */
    if (ctx->form.n) {
        said->form = ctx->form;
        flags |= SENDA_VISIT_FORM;
    }

    n = senda_private_dump(said, plain, sizeof(plain) - SENDA_SEAL_OVERHEAD);
    if (n == 0) {
        ctx->refused = 1;
        return NGX_OK;
    }

    part->sealed.data = ngx_pnalloc(r->pool, n + SENDA_SEAL_OVERHEAD);
    if (part->sealed.data == NULL) {
        ngx_explicit_memzero(plain, n);
        return NGX_ERROR;
    }

    part->sealed.len = ngx_http_senda_seal(mcf->keys, (senda_str_t){ (char *)plain, n },
        part->sealed.data, n + SENDA_SEAL_OVERHEAD);
    ngx_explicit_memzero(plain, n);

    if (part->sealed.len == 0) {
        ctx->refused = 1;
        return NGX_OK;
    }

    part->flags = flags;
    part->key = key;
    ctx->nparts++;
    ngx_http_senda_wipe_form(ctx);

    return NGX_OK;
}

/* The event's name is what stands before the first semicolon or space. */
static senda_rc_t
ngx_http_senda_event_key(ngx_http_senda_ctx_t *ctx, ngx_str_t *v, senda_key_t *key)
{
    size_t n = 0;

    while (n < v->len && v->data[n] != ';' && v->data[n] != ' ') {
        n++;
    }

    return senda_rules_event(ctx->rules->rules, ctx->site,
        (senda_str_t){ (const char *)v->data, n }, key);
}

/* Whether an earlier part of this response is the same event. */
static ngx_uint_t
ngx_http_senda_said_already(ngx_http_senda_ctx_t *ctx, senda_key_t key)
{
    ngx_uint_t i;

    for (i = 0; i < ctx->nparts; i++) {
        if ((ctx->parts[i].flags & SENDA_VISIT_EVENT) && ctx->parts[i].key == key) {
            return 1;
        }
    }

    return 0;
}

ngx_int_t
ngx_http_senda_seal_headers(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    ngx_http_senda_headers_t *h)
{
    senda_private_t said;
    senda_key_t key;
    ngx_uint_t i;
    uint32_t flags;

    ctx->refused |= h->refused > 0;

    if (h->contact && h->contact->value.len > SENDA_HEADER_MAX) {
        ctx->refused = 1;
        h->contact = NULL;
    }

    /* A logout: there is nothing to record in it. */
    if (h->contact && h->contact->value.len == 0) {
        h->contact = NULL;
    }

    for (i = 0; i < h->nevents; i++) {
        ngx_str_t *v = &h->event[i]->value;

        if (v->len > SENDA_HEADER_MAX || ngx_http_senda_event_key(ctx, v, &key) != SENDA_OK) {
            ctx->refused = 1;
            ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                "senda: X-Senda-Event that the rules do not know, or too long");
            continue;
        }

        if (ngx_http_senda_said_already(ctx, key)) {
            ctx->refused = 1;
            continue;
        }

        /* The contact goes with the first statement. */
        ngx_memzero(&said, sizeof(senda_private_t));
        said.event = ngx_http_senda_slice(*v);
        flags = SENDA_VISIT_EVENT;

        if (h->contact) {
            said.contact = ngx_http_senda_slice(h->contact->value);
            flags |= SENDA_VISIT_CONTACT;
        }

        if (ngx_http_senda_add_part(r, ctx, &said, flags, key) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ctx->nparts && (ctx->parts[ctx->nparts - 1].flags & SENDA_VISIT_CONTACT)) {
            h->contact = NULL;
        }
    }

    if (h->contact) {
        ngx_memzero(&said, sizeof(senda_private_t));
        said.contact = ngx_http_senda_slice(h->contact->value);

        return ngx_http_senda_add_part(r, ctx, &said, SENDA_VISIT_CONTACT, 0);
    }

    return NGX_OK;
}
