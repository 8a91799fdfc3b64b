/*
 * $senda_visitor, $senda_tags, $senda_visits_NAME; those that only the sidecar
 * can say are in ngx_http_senda_known.c.
 *
 * Counts and tags are what has been drained of the visitor, then this request
 * applied by the very function that the drain uses, so that the page being
 * made and the store never disagree. Looked up once a request, when something
 * asks; nothing is written. Without consent, cookie or rules: empty, or 0.
 */

#include "ngx_http_senda.h"

static ngx_int_t ngx_http_senda_visitor_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_senda_tags_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);
static ngx_int_t ngx_http_senda_visits_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);

/* Not cacheable in nginx's sense: the values live in our context, which redirects do not lose. */
static ngx_http_variable_t ngx_http_senda_variables[] = {

    { ngx_string("senda_visitor"), NULL, ngx_http_senda_visitor_variable, 0,
        NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("senda_tags"), NULL, ngx_http_senda_tags_variable, 0, NGX_HTTP_VAR_NOCACHEABLE,
        0 },

    { ngx_string("senda_visits_"), NULL, ngx_http_senda_visits_variable, 0,
        NGX_HTTP_VAR_NOCACHEABLE | NGX_HTTP_VAR_PREFIX, 0 },

    ngx_http_null_variable
};

static senda_profile_t ngx_http_senda_scratch;

static ngx_int_t
ngx_http_senda_add_list(ngx_conf_t *cf, ngx_http_variable_t *v)
{
    ngx_http_variable_t *var;

    for (/* void */; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}

ngx_int_t
ngx_http_senda_add_variables(ngx_conf_t *cf)
{
    return ngx_http_senda_add_list(cf, ngx_http_senda_variables) == NGX_OK
        ? ngx_http_senda_add_list(cf, ngx_http_senda_known_variables)
        : NGX_ERROR;
}

ngx_http_senda_ctx_t *
ngx_http_senda_ask(ngx_http_request_t *r)
{
    ngx_http_senda_loc_conf_t *lcf;
    ngx_http_senda_ctx_t *ctx;

    r = r->main;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);
    if (lcf->enable == NGX_HTTP_SENDA_OFF) {
        return NULL;
    }

    ctx = ngx_http_senda_get_ctx(r);
    if (ctx == NULL || ctx->bot) {
        return NULL;
    }

    ngx_http_senda_meet_early(r, ctx);

    return (ctx->decided ? ctx->consent : ngx_http_senda_consents(r, ctx)) ? ctx : NULL;
}

/* Before there is an answer, a good one is expected. */
static ngx_uint_t
ngx_http_senda_will_count(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);
    senda_drop_t why;

    if (lcf->enable == NGX_HTTP_SENDA_DRY_RUN) {
        return 0;
    }

    if (ctx->decided) {
        return ngx_http_senda_counts(r, ctx, r->headers_out.status, &why);
    }

    if (ctx->match.nkeys == 0 && !ctx->asset && r->headers_out.status == 0) {
        return ctx->method == SENDA_METHOD_GET && !ctx->head && !ctx->prefetch && !ctx->long_url;
    }

    return ngx_http_senda_counts(r, ctx,
        r->headers_out.status ? r->headers_out.status : NGX_HTTP_OK, &why);
}

/* Appends the name of a tag unless it is there already. */
static u_char *
ngx_http_senda_add_tag(u_char *p, ngx_http_senda_ctx_t *ctx, uint32_t tag, const uint32_t *before,
    ngx_uint_t nbefore)
{
    senda_str_t name = senda_rules_tag_name(ctx->rules->rules, tag);
    ngx_uint_t i;

    for (i = 0; i < nbefore; i++) {
        if (before[i] == tag) {
            return p;
        }
    }

    if (name.n == 0) {
        return p;
    }

    if (p != ctx->tags.data) {
        *p++ = ',';
        *p++ = ' ';
    }

    return ngx_cpymem(p, name.p, name.n);
}

static ngx_int_t
ngx_http_senda_list_tags(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    const senda_profile_t *profile)
{
    const senda_known_t *known = ngx_http_senda_known(r, ctx);
    uint32_t tags[2 * SENDA_TAGS_MAX];
    ngx_uint_t i, n;
    size_t len = 0;
    u_char *p;

    if (known == NULL) {
        return NGX_ERROR;
    }

    for (n = 0; n < profile->ntags && n < SENDA_TAGS_MAX; n++) {
        tags[n] = profile->tags[n].tag;
    }

    for (i = 0; i < known->ntags; i++) {
        tags[n++] = known->tags[i];
    }

    for (i = 0; i < n; i++) {
        len += senda_rules_tag_name(ctx->rules->rules, tags[i]).n + 2;
    }

    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->tags.data = p;
    for (i = 0; i < n; i++) {
        p = ngx_http_senda_add_tag(p, ctx, tags[i], tags, i);
    }
    ctx->tags.len = p - ctx->tags.data;

    return NGX_OK;
}

static ngx_int_t
ngx_http_senda_keep_counts(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx,
    const senda_profile_t *profile)
{
    ngx_uint_t i;

    ctx->counts = ngx_palloc(r->pool, (profile->ncounters + 1) * sizeof(ngx_http_senda_count_t));
    if (ctx->counts == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < profile->ncounters; i++) {
        ctx->counts[i].key = profile->counters[i].key;
        ctx->counts[i].count = profile->counters[i].count;
    }

    ctx->ncounts = profile->ncounters;

    return NGX_OK;
}

/* Fills in counts and tags. */
static ngx_int_t
ngx_http_senda_compute(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    senda_profile_t *profile = &ngx_http_senda_scratch;
    const senda_rules_t *rules = ctx->rules->rules;
    senda_rc_t rc = SENDA_NONE;
    senda_match_t m;
    senda_str_t path;
    uint32_t site;

    if (ctx->computed && ctx->computed_personal == ngx_http_senda_is_personal(ctx) &&
        ctx->computed_other == ctx->other) {
        return NGX_OK;
    }

    senda_profile_init(profile);

    if (ctx->returned && !ctx->other) {
        rc = ngx_http_senda_live_profile(&ctx->visitor, profile);
    }

    /* The landing visit is on its way to live/. */
    if (rc != SENDA_OK && ctx->landing && !ctx->other &&
        ngx_http_senda_match_landing(ctx, &m, &path, &site)) {
        senda_profile_apply(profile, rules, site, true, m.keys, m.nkeys, ctx->landing_at);
    }

    if (ngx_http_senda_will_count(r, ctx)) {
        senda_profile_apply(profile, rules, ctx->site, true, ctx->match.keys, ctx->match.nkeys,
            ctx->at / 1000);
    }

    if (ngx_http_senda_keep_counts(r, ctx, profile) != NGX_OK ||
        ngx_http_senda_list_tags(r, ctx, profile) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->computed = 1;
    ctx->computed_personal = ngx_http_senda_is_personal(ctx) != 0;
    ctx->computed_other = ctx->other;

    return NGX_OK;
}

static ngx_int_t
ngx_http_senda_visitor_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_ask(r);
    u_char *p;

    if (ctx == NULL || !(ctx->returned || ctx->minted)) {
        return ngx_http_senda_set_value(v, (u_char *)"", 0);
    }

    p = ngx_pnalloc(r->pool, 2 * SENDA_VISITOR_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    senda_visitor_print(&ctx->visitor, (char *)p);

    return ngx_http_senda_set_value(v, p, 2 * SENDA_VISITOR_LEN);
}

static ngx_int_t
ngx_http_senda_tags_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_ask(r);

    if (ctx == NULL) {
        return ngx_http_senda_set_value(v, (u_char *)"", 0);
    }

    if (ngx_http_senda_compute(r->main, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_senda_set_value(v, ctx->tags.data, ctx->tags.len);
}

static uint32_t
ngx_http_senda_count_of(ngx_http_senda_ctx_t *ctx, senda_key_t key)
{
    ngx_uint_t i;

    for (i = 0; i < ctx->ncounts; i++) {
        if (ctx->counts[i].key == key) {
            return ctx->counts[i].count;
        }
    }

    return 0;
}

/* NAME's key; a variable's name cannot hold '-': there '_' stands for it. */
static senda_rc_t
ngx_http_senda_named_page(ngx_http_senda_ctx_t *ctx, ngx_str_t *variable, senda_key_t *key)
{
    char dashed[SENDA_NAME_MAX];
    senda_str_t page;
    size_t i;

    page.p = (const char *)variable->data + sizeof("senda_visits_") - 1;
    page.n = variable->len - (sizeof("senda_visits_") - 1);

    if (senda_rules_page(ctx->rules->rules, ctx->site, page, key) == SENDA_OK) {
        return SENDA_OK;
    }

    if (page.n > sizeof(dashed)) {
        return SENDA_NONE;
    }

    for (i = 0; i < page.n; i++) {
        dashed[i] = page.p[i] == '_' ? '-' : page.p[i];
    }

    return senda_rules_page(ctx->rules->rules, ctx->site, (senda_str_t){ dashed, page.n }, key);
}

static ngx_int_t
ngx_http_senda_visits_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t *name = (ngx_str_t *)data;
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_ask(r);
    senda_key_t key;
    u_char *p;

    if (ctx == NULL || ngx_http_senda_named_page(ctx, name, &key) != SENDA_OK) {
        return ngx_http_senda_set_value(v, (u_char *)"0", 1);
    }

    if (ngx_http_senda_compute(r->main, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, NGX_INT32_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_senda_set_value(v, p,
        ngx_sprintf(p, "%uD", ngx_http_senda_count_of(ctx, key)) - p);
}
