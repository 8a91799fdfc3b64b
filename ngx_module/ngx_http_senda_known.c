/*
 * What the sidecar knows of a visitor: $senda_score, $senda_stage,
 * $senda_segments, $senda_show_POSITION, and the tags that flows gave.
 *
 * One lookup a request, when something asks; nothing waits for the sidecar.
 * What speaks of a person shows only after a login in this session. Blocks
 * without a condition are everybody's: they need neither cookie nor consent.
 */

#include "ngx_http_senda.h"

static ngx_int_t ngx_http_senda_score_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);
static ngx_int_t ngx_http_senda_stage_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);
static ngx_int_t ngx_http_senda_segments_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_senda_show_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);

/* As in ngx_http_senda_variables.c: the values live in our context. */
ngx_http_variable_t ngx_http_senda_known_variables[] = {

    { ngx_string("senda_score"), NULL, ngx_http_senda_score_variable, 0, NGX_HTTP_VAR_NOCACHEABLE,
        0 },

    { ngx_string("senda_stage"), NULL, ngx_http_senda_stage_variable, 0, NGX_HTTP_VAR_NOCACHEABLE,
        0 },

    { ngx_string("senda_segments"), NULL, ngx_http_senda_segments_variable, 0,
        NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("senda_show_"), NULL, ngx_http_senda_show_variable, 0,
        NGX_HTTP_VAR_NOCACHEABLE | NGX_HTTP_VAR_PREFIX, 0 },

    ngx_http_null_variable
};

/* In no use across events; the request keeps a copy. */
static senda_known_t ngx_http_senda_read;
static char ngx_http_senda_read_bytes[SENDA_KNOWN_MAX];

static size_t
ngx_http_senda_known_size(const senda_known_t *k)
{
    size_t n = k->stage.n;
    unsigned i;

    for (i = 0; i < k->nsegments; i++) {
        n += k->segments[i].n;
    }
    for (i = 0; i < k->nshows; i++) {
        n += k->shows[i].position.n + k->shows[i].block.n;
    }

    return n;
}

static void
ngx_http_senda_move(senda_str_t *s, char **p)
{
    memcpy(*p, s->p, s->n);
    s->p = *p;
    *p += s->n;
}

/* A copy in the pool, names and all; NULL: no memory. */
static senda_known_t *
ngx_http_senda_keep_known(ngx_http_request_t *r, const senda_known_t *from)
{
    senda_known_t *k = ngx_palloc(r->pool, sizeof(senda_known_t));
    char *p = ngx_pnalloc(r->pool, ngx_http_senda_known_size(from) + 1);
    unsigned i;

    if (k == NULL || p == NULL) {
        return NULL;
    }

    *k = *from;
    ngx_http_senda_move(&k->stage, &p);

    for (i = 0; i < k->nsegments; i++) {
        ngx_http_senda_move(&k->segments[i], &p);
    }

    for (i = 0; i < k->nshows; i++) {
        ngx_http_senda_move(&k->shows[i].position, &p);
        ngx_http_senda_move(&k->shows[i].block, &p);
    }

    return k;
}

const senda_known_t *
ngx_http_senda_known(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    static const senda_known_t nothing;
    senda_published_t *p;

    if (!ctx->returned || ctx->minted || ctx->other) {
        return &nothing;
    }

    if (ctx->told == NULL) {
        p = ngx_http_senda_published();

        if (p == NULL ||
            senda_known_get(p, &ctx->visitor, &ngx_http_senda_read, ngx_http_senda_read_bytes) !=
                SENDA_OK) {
            ctx->told = &nothing;

        } else {
            ctx->told = ngx_http_senda_keep_known(r->main, &ngx_http_senda_read);
            if (ctx->told == NULL) {
                return NULL;
            }
        }
    }

    return ctx->told->personal && !ngx_http_senda_is_personal(ctx) ? &nothing : ctx->told;
}

static ngx_int_t
ngx_http_senda_known_value(ngx_http_variable_value_t *v, senda_str_t s)
{
    return ngx_http_senda_set_value(v, (u_char *)s.p, s.n);
}

static ngx_int_t
ngx_http_senda_score_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_ask(r);
    const senda_known_t *known;
    u_char *p;

    if (ctx == NULL) {
        return ngx_http_senda_known_value(v, SENDA_STR("0"));
    }

    known = ngx_http_senda_known(r, ctx);
    if (known == NULL) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_senda_known_value(v,
        (senda_str_t){ (char *)p, ngx_sprintf(p, "%L", known->has_score ? known->score : 0) - p });
}

static ngx_int_t
ngx_http_senda_stage_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_ask(r);
    const senda_known_t *known;

    if (ctx == NULL) {
        return ngx_http_senda_known_value(v, SENDA_STR(""));
    }

    known = ngx_http_senda_known(r, ctx);

    return known ? ngx_http_senda_known_value(v, known->stage) : NGX_ERROR;
}

static ngx_int_t
ngx_http_senda_segments_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_ask(r);
    const senda_known_t *known;
    size_t len = 0;
    u_char *p, *begin;
    unsigned i;

    if (ctx == NULL) {
        return ngx_http_senda_known_value(v, SENDA_STR(""));
    }

    known = ngx_http_senda_known(r, ctx);
    if (known == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < known->nsegments; i++) {
        len += known->segments[i].n + 2;
    }

    begin = p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < known->nsegments; i++) {
        if (i > 0) {
            *p++ = ',';
            *p++ = ' ';
        }
        p = ngx_cpymem(p, known->segments[i].p, known->segments[i].n);
    }

    return ngx_http_senda_known_value(v, (senda_str_t){ (char *)begin, p - begin });
}

/* ---- blocks ---- */

/* A variable's name has small letters, digits and '_' only: '_' stands for whatever else. */
static ngx_uint_t
ngx_http_senda_is_position(senda_str_t position, senda_str_t word)
{
    size_t i;
    u_char c;

    if (position.n != word.n) {
        return 0;
    }

    for (i = 0; i < word.n; i++) {
        c = ngx_tolower((u_char)position.p[i]);
        c = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';

        if (c != (u_char)word.p[i]) {
            return 0;
        }
    }

    return 1;
}

static ngx_uint_t
ngx_http_senda_is_shown(const senda_known_t *known, const senda_rule_show_t *show)
{
    unsigned i;

    for (i = 0; i < known->nshows; i++) {
        if (senda_str_eq(known->shows[i].block, show->block) &&
            senda_str_eq(known->shows[i].position, show->position)) {
            return 1;
        }
    }

    return 0;
}

/* The first block of the rules for that position that this visitor is to see. */
static ngx_int_t
ngx_http_senda_show_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r->main, ngx_http_senda_module);
    ngx_str_t *name = (ngx_str_t *)data;
    const senda_known_t *known = NULL;
    ngx_http_senda_ctx_t *ctx, *asked;
    senda_rule_show_t show;
    senda_str_t word;
    unsigned i;

    ctx = lcf->enable == NGX_HTTP_SENDA_OFF ? NULL : ngx_http_senda_get_ctx(r);
    if (ctx == NULL) {
        return ngx_http_senda_known_value(v, SENDA_STR(""));
    }

    asked = ngx_http_senda_ask(r);
    word.p = (const char *)name->data + sizeof("senda_show_") - 1;
    word.n = name->len - (sizeof("senda_show_") - 1);

    for (i = 0; senda_rules_show(ctx->rules->rules, ctx->site, i, &show) == SENDA_OK; i++) {
        if (!ngx_http_senda_is_position(show.position, word)) {
            continue;
        }

        if (show.conditional) {
            if (asked == NULL) {
                continue;
            }

            known = known ? known : ngx_http_senda_known(r, asked);
            if (known == NULL) {
                return NGX_ERROR;
            }

            if (!ngx_http_senda_is_shown(known, &show)) {
                continue;
            }
        }

        return ngx_http_senda_known_value(v, show.block);
    }

    return ngx_http_senda_known_value(v, SENDA_STR(""));
}
