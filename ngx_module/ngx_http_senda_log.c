/*
 * The log phase: what the request was goes into this worker's ring, and that
 * is all. No lock, no system call, no store; a full ring counts and drops.
 */

#include "ngx_http_senda.h"

static char ngx_http_senda_record[SENDA_RECORD_MAX];

senda_rc_t
ngx_http_senda_put_record(senda_ring_t *ring, const senda_visit_t *v)
{
    size_t n = senda_visit_dump(v, ngx_http_senda_record, sizeof(ngx_http_senda_record));

    if (n == 0) {
        senda_ring_drop(ring, SENDA_DROP_TOO_LARGE);
        return SENDA_FULL;
    }

    return senda_ring_put(ring, ngx_http_senda_record, n); /* counts what it cannot take */
}

static void
ngx_http_senda_set_match(senda_visit_t *v, const senda_match_t *m)
{
    v->nkeys = m->nkeys;
    ngx_memcpy(v->keys, m->keys, m->nkeys * sizeof(senda_key_t));
    v->ncaptures = m->ncaptures;
    ngx_memcpy(v->captures, m->captures, m->ncaptures * sizeof(senda_capture_t));
}

static void
ngx_http_senda_begin_visit(senda_visit_t *v, ngx_http_senda_ctx_t *ctx)
{
    senda_visit_init(v);
    v->site = ctx->site;
    v->generation = ctx->rules->generation;
    v->at = ctx->at;
    v->flags = ctx->dry_run ? SENDA_VISIT_DRY_RUN : 0;
}

/* Consent was withdrawn; that counts in a dry run too. */
static void
ngx_http_senda_put_forget(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx)
{
    senda_visit_t v;

    ngx_http_senda_begin_visit(&v, ctx);
    v.flags = SENDA_VISIT_FORGET;
    v.visitor = ctx->came;

    (void)ngx_http_senda_put_record(ring, &v);
}

/* The cookie came back for the first time, or live/ does not know that yet. */
static void
ngx_http_senda_put_landing(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx)
{
    senda_match_t m;
    senda_visit_t v;
    senda_str_t path;
    uint32_t site;

    if (!ngx_http_senda_match_landing(ctx, &m, &path, &site) || site == 0) {
        return;
    }

    ngx_http_senda_begin_visit(&v, ctx);
    v.site = site;
    v.flags |= SENDA_VISIT_LANDING | SENDA_VISIT_PAGE;
    v.visitor = ctx->came;
    v.at = ctx->landing_at * 1000;
    v.path = path;
    ngx_http_senda_set_match(&v, &m);

    (void)ngx_http_senda_put_record(ring, &v);
}

static void
ngx_http_senda_add_key(senda_visit_t *v, senda_key_t key, senda_ring_t *ring)
{
    unsigned i;

    for (i = 0; i < v->nkeys; i++) {
        if (v->keys[i] == key) {
            return;
        }
    }

    if (v->nkeys == SENDA_KEYS_MAX) {
        v->nkeys--; /* what the shop says itself matters more than the last page */
        senda_ring_drop(ring, SENDA_DROP_FIT);
    }

    v->keys[v->nkeys++] = key;
}

/* The visit itself with the first statement of the upstream, then the further ones. */
static void
ngx_http_senda_put_visit(senda_ring_t *ring, ngx_http_senda_ctx_t *ctx, ngx_uint_t counted)
{
    ngx_http_senda_part_t *part;
    senda_visit_t v;
    ngx_uint_t i = 0;

    do {
        ngx_http_senda_begin_visit(&v, ctx);

        if (ctx->consent &&
            ((ctx->returned && !ctx->nobody) || (ctx->minted && ngx_http_senda_is_said(ctx)))) {
            v.visitor = ctx->visitor;

            if (counted && i == 0) {
                v.flags |= SENDA_VISIT_PAGE;
                v.path = ctx->path;
                ngx_http_senda_set_match(&v, &ctx->match);
            }
        }

        if (i < ctx->nparts) {
            part = &ctx->parts[i];
            v.flags |= part->flags;
            v.sealed = ngx_http_senda_slice(part->sealed);

            /* Whose answers these are, also where there is no visit. */
            if (part->flags & SENDA_VISIT_FORM) {
                v.nkeys = ctx->match.nkeys;
                ngx_memcpy(v.keys, ctx->match.keys, v.nkeys * sizeof(senda_key_t));
            }

            if (part->flags & SENDA_VISIT_EVENT) {
                ngx_http_senda_add_key(&v, part->key, ring);
            }
        }

        (void)ngx_http_senda_put_record(ring, &v);

    } while (++i < ctx->nparts);
}

ngx_int_t
ngx_http_senda_log_handler(ngx_http_request_t *r)
{
    ngx_http_senda_ctx_t *ctx;
    senda_drop_t why = SENDA_DROP_STATUS;
    senda_ring_t *ring;
    ngx_uint_t counted;

    if (r != r->main) {
        return NGX_OK;
    }

    ctx = ngx_http_senda_peek_ctx(r);
    ring = ngx_http_senda_ring();

    if (ctx == NULL || !ctx->decided || ring == NULL) {
        return NGX_OK;
    }

    if (ctx->forged) {
        senda_ring_drop(ring, SENDA_DROP_COOKIE);
    }

    if (ctx->refused) {
        senda_ring_drop(ring, SENDA_DROP_HEADER);
    }

    if (ctx->match.dropped) {
        senda_ring_drop(ring, SENDA_DROP_FIT);
    }

    if (ctx->forget) {
        ngx_http_senda_put_forget(ring, ctx);
    }

    counted = ngx_http_senda_counts(r, ctx, r->headers_out.status, &why);

    if (!counted) {
        senda_ring_drop(ring, why);

    } else if (!ctx->consent) {
        senda_ring_drop(ring, SENDA_DROP_CONSENT);
    }

    /* A dry run leaves it in the cookie: it happened, and will count once senda is on. */
    if (ctx->landing && ctx->consent && !ctx->bot && !ctx->dry_run && !ctx->nobody &&
        !ctx->endpoint && !ngx_http_senda_put_landing_click(ring, ctx)) {
        ngx_http_senda_put_landing(ring, ctx);
    }

    if (ctx->nparts > 0 || (counted && ctx->consent && ctx->returned && !ctx->nobody)) {
        ngx_http_senda_put_visit(ring, ctx, counted);
    }

    return NGX_OK;
}
