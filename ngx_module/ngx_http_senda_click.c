/*
 * Clicks on links of messages. One of a browser that live/ knows is recorded
 * at once. One of a new browser waits in its cookie, as a landing visit does:
 * "CLICK TOKEN", then, put there by the page that it led to, a space and that
 * page's address; it is recorded when the cookie comes back from the shop.
 *
 * Programs that read mail before its receiver does follow every link, some of
 * them with cookies, and follow redirects with those. So a cookie has come
 * back only with a request that a page of the shop has made, or long after the
 * click; until then the browser is nobody. Two clicks of nobody: the later one
 * counts. Never fails a request; whatever cannot be read is no click.
 */

#include "ngx_http_senda.h"

#define NGX_HTTP_SENDA_CLICK "CLICK "
#define NGX_HTTP_SENDA_AWAY  600 /* s after which who comes back has read something meanwhile */

ngx_uint_t
ngx_http_senda_cut_click(senda_str_t *landing, senda_str_t *token)
{
    const size_t head = sizeof(NGX_HTTP_SENDA_CLICK) - 1;
    const size_t n = head + SENDA_TOKEN_LEN;

    if (landing->n < n || memcmp(landing->p, NGX_HTTP_SENDA_CLICK, head) != 0 ||
        (landing->n > n && landing->p[n] != ' ')) {
        return 0;
    }

    *token = (senda_str_t){ landing->p + head, SENDA_TOKEN_LEN };
    *landing = landing->n > n ? (senda_str_t){ landing->p + n + 1, landing->n - n - 1 }
                              : (senda_str_t){ landing->p + n, 0 };

    return 1;
}

ngx_int_t
ngx_http_senda_set_click(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, senda_str_t token)
{
    const size_t head = sizeof(NGX_HTTP_SENDA_CLICK) - 1;
    char *p;

    p = ngx_pnalloc(r->pool, head + token.n);
    if (p == NULL) {
        return NGX_ERROR;
    }

    memcpy(p, NGX_HTTP_SENDA_CLICK, head);
    memcpy(p + head, token.p, token.n);
    ctx->click = (senda_str_t){ p, head + token.n };

    return NGX_OK;
}

ngx_table_elt_t *
ngx_http_senda_find_header(ngx_http_request_t *r, const char *name, size_t len)
{
    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_table_elt_t *h = part->elts;
    ngx_uint_t i;

    for (i = 0; /* void */; i++) {
        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NULL;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == len && ngx_strncasecmp(h[i].key.data, (u_char *)name, len) == 0) {
            return &h[i];
        }
    }
}

/*
 * Whether a page of this host made the request, as far as the client says. A
 * program that follows a redirect may name the link itself as where it comes
 * from.
 */
static ngx_uint_t
ngx_http_senda_is_from_here(ngx_http_request_t *r, senda_str_t token)
{
    ngx_str_t *host = &r->headers_in.server;
    ngx_table_elt_t *site, *referer;
    u_char *p, *last;
    size_t n;

    referer = ngx_http_senda_find_header(r, "Referer", sizeof("Referer") - 1);
    if (referer) {
        p = referer->value.data;
        last = p + referer->value.len;

        for (n = referer->value.len; n >= token.n; n--, p++) {
            if (ngx_memcmp(p, token.p, token.n) == 0) {
                return 0;
            }
        }

        p = ngx_strlcasestrn(referer->value.data, last, (u_char *)"://", 3 - 1);
        p = p ? p + 3 : last;

        if (host->len > 0 && (size_t)(last - p) >= host->len &&
            ngx_strncasecmp(p, host->data, host->len) == 0 &&
            (p + host->len == last || ngx_strchr("/:?#", p[host->len]))) {
            return 1;
        }
    }

    site = ngx_http_senda_find_header(r, "Sec-Fetch-Site", sizeof("Sec-Fetch-Site") - 1);

    return site && site->value.len == sizeof("same-origin") - 1 &&
        ngx_strncmp(site->value.data, "same-origin", site->value.len) == 0;
}

ngx_uint_t
ngx_http_senda_is_nobody(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    senda_str_t landing = ctx->landing_uri, token;

    if (!ctx->returned || !ctx->landing) {
        return 0;
    }

    if (!ctx->endpoint) {
        if (!ngx_http_senda_cut_click(&landing, &token)) {
            return 0;
        }

        if (!ctx->head && !ctx->prefetch &&
            (ngx_http_senda_is_from_here(r, token) ||
                ctx->at / 1000 - ctx->landing_at >= NGX_HTTP_SENDA_AWAY)) {
            return 0;
        }
    }

    return ngx_http_senda_live_profile(&ctx->visitor, NULL) != SENDA_OK;
}

/* A click of what a token names; false: nobody made it, or knows it any more. */
static ngx_uint_t
ngx_http_senda_fill_click(senda_visit_t *v, ngx_http_senda_ctx_t *ctx, senda_str_t text)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(ctx->request,
        ngx_http_senda_module);
    senda_published_t *published = ngx_http_senda_published();
    senda_token_t token;
    senda_sent_t sent;

    if (published == NULL || senda_token_read(&token, mcf->keys, text) != SENDA_OK ||
        token.kind != SENDA_TOKEN_CLICK ||
        senda_sent_get(published, &token.message, &sent) != SENDA_OK) {
        return 0;
    }

    v->site = sent.site;
    v->flags |= SENDA_VISIT_CLICK;
    v->message = token.message;
    v->link = token.link;

    return 1;
}

static void
ngx_http_senda_begin_click(senda_visit_t *v, ngx_http_senda_ctx_t *ctx)
{
    ngx_memzero(v, sizeof(senda_visit_t));
    v->generation = ctx->rules->generation;
    v->visitor = ctx->visitor;
    v->flags = ctx->dry_run ? SENDA_VISIT_DRY_RUN : 0;
}

void
ngx_http_senda_put_click(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx, senda_str_t token)
{
    senda_visit_t v;

    ngx_http_senda_begin_click(&v, ctx);
    v.at = ctx->at;

    if (ngx_http_senda_fill_click(&v, ctx, token)) {
        v.nkeys = 1;
        v.keys[0] = senda_key_event(SENDA_EV_MESSAGE_CLICK);
        (void)ngx_http_senda_put_record(ring, &v);
    }
}

/* Click and page are one record: the second of two landings would pass for a repetition. */
ngx_uint_t
ngx_http_senda_put_landing_click(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx)
{
    senda_str_t landing = ctx->landing_uri, token, path;
    senda_match_t m;
    senda_visit_t v;
    uint32_t site;

    if (!ngx_http_senda_cut_click(&landing, &token)) {
        return 0;
    }

    ngx_http_senda_begin_click(&v, ctx);
    v.visitor = ctx->came;
    v.at = ctx->landing_at * 1000;
    v.flags |= SENDA_VISIT_LANDING;

    if (!ngx_http_senda_fill_click(&v, ctx, token)) {
        return landing.n == 0; /* the page was visited all the same */
    }

    if (landing.n > 0 && ngx_http_senda_match_landing(ctx, &m, &path, &site) && site == v.site) {
        v.flags |= SENDA_VISIT_PAGE;
        v.path = path;
        v.nkeys = ngx_min(m.nkeys, SENDA_KEYS_MAX - 1);
        ngx_memcpy(v.keys, m.keys, v.nkeys * sizeof(senda_key_t));
        v.ncaptures = m.ncaptures;
        ngx_memcpy(v.captures, m.captures, m.ncaptures * sizeof(senda_capture_t));
    }

    v.keys[v.nkeys++] = senda_key_event(SENDA_EV_MESSAGE_CLICK);
    (void)ngx_http_senda_put_record(ring, &v);

    return 1;
}
