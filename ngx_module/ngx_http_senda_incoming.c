/*
 * X-Senda-* headers that a client sends. They mean nothing to us, but an
 * application that echoes or believes what it gets would speak for the client:
 * they are taken out of the request before anything is made of it. So are
 * X_Senda_* and the like, which become the same variable in CGI's naming
 * (RFC 3875, 4.1.18).
 *
 * nginx keeps pointers to single headers, so none is moved: a header in the
 * midst of a part of the list splits the part. Without memory for that the
 * request fails, as everywhere in nginx.
 */

#include "ngx_http_senda.h"

static ngx_uint_t
ngx_http_senda_is_separator(u_char c)
{
    return !((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
}

static ngx_uint_t
ngx_http_senda_is_ours(ngx_table_elt_t *h)
{
    u_char *p = h->key.data;

    return h->key.len >= sizeof("X-Senda-") - 1 && (p[0] | 0x20) == 'x' && (p[2] | 0x20) == 's' &&
        ngx_http_senda_is_separator(p[1]) && ngx_http_senda_is_separator(p[7]) &&
        ngx_strncasecmp(p + 2, (u_char *)"senda", 5) == 0;
}

/* Takes a part without elements out of the list; the first part stays, with the second's. */
static void
ngx_http_senda_drop_part(ngx_list_t *list, ngx_list_part_t *before, ngx_list_part_t *part)
{
    ngx_list_part_t *next = part->next;

    if (before) {
        before->next = next;
        if (list->last == part) {
            list->last = before;
            list->nalloc = before->nelts; /* what is added needs a part of its own */
        }

    } else if (next) {
        *part = *next;
        if (list->last == next) {
            list->last = part;
        }
    }
}

/* Takes element i out of part, which keeps at least one. NGX_OK or NGX_ERROR (no memory). */
static ngx_int_t
ngx_http_senda_drop_one(ngx_list_t *list, ngx_list_part_t *part, ngx_uint_t i)
{
    ngx_table_elt_t *elts = part->elts;
    ngx_list_part_t *rest;

    if (i + 1 == part->nelts) {
        part->nelts--;
        return NGX_OK;
    }

    if (i == 0) {
        part->elts = elts + 1;
        part->nelts--;
        list->nalloc -= list->last == part;
        return NGX_OK;
    }

    rest = ngx_palloc(list->pool, sizeof(ngx_list_part_t));
    if (rest == NULL) {
        return NGX_ERROR;
    }

    rest->elts = elts + i + 1;
    rest->nelts = part->nelts - i - 1;
    rest->next = part->next;
    part->nelts = i;
    part->next = rest;

    if (list->last == part) {
        list->last = rest;
        list->nalloc -= i + 1;
    }

    return NGX_OK;
}

/* Takes out the first header that is ours. NGX_OK, NGX_DECLINED (there is none), NGX_ERROR. */
static ngx_int_t
ngx_http_senda_drop_first(ngx_list_t *list)
{
    ngx_list_part_t *part, *before = NULL;
    ngx_table_elt_t *h;
    ngx_uint_t i;

    for (part = &list->part; part; before = part, part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (!ngx_http_senda_is_ours(&h[i])) {
                continue;
            }

            if (part->nelts > 1) {
                return ngx_http_senda_drop_one(list, part, i);
            }

            part->nelts = 0;
            ngx_http_senda_drop_part(list, before, part);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}

ngx_int_t
ngx_http_senda_incoming_handler(ngx_http_request_t *r)
{
    ngx_int_t rc;

    if (r != r->main) {
        return NGX_DECLINED; /* its headers are a copy of the main request's */
    }

    do {
        rc = ngx_http_senda_drop_first(&r->headers_in.headers);
    } while (rc == NGX_OK);

    return rc == NGX_ERROR ? NGX_HTTP_INTERNAL_SERVER_ERROR : NGX_DECLINED;
}

ngx_int_t
ngx_http_senda_refused_handler(ngx_http_request_t *r)
{
    return r->internal ? ngx_http_senda_incoming_handler(r) : NGX_DECLINED;
}
