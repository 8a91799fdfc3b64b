/*
 * The links of messages: c/TOKEN leads to where link number so-and-so of a
 * message points, o/TOKEN.gif is a picture, u/TOKEN its receiver's channels.
 *
 * GET and HEAD change nothing that a receiver could mind: programs that read
 * mail follow every link. An address comes from published/ and from nowhere
 * else, never out of the request. What nobody made, or nobody knows any more,
 * is a plain page; a store that cannot be read just now is 503, not 404.
 *
 * POST u/TOKEN acts, and answers when what was said is on the disk. It works
 * without a cookie, with senda off, and without rules: the right is the token.
 */

#include "ngx_http_senda.h"

#include "senda_choice.h"

/* What follows the location's name: a letter, a token. */
typedef struct {
    senda_token_kind_t kind; /* 0: neither */
    senda_str_t text;
} ngx_http_senda_link_t;

static ngx_int_t ngx_http_senda_endpoint_handler(ngx_http_request_t *r);

/* ---- the directive ---- */

char *
ngx_http_senda_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_senda_loc_conf_t *lcf = conf;
    ngx_http_core_loc_conf_t *clcf;

    if (lcf->endpoint) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->exact_match || clcf->named || clcf->name.len == 0 ||
#if (NGX_PCRE)
        clcf->regex ||
#endif
        clcf->name.data[clcf->name.len - 1] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"senda_endpoint\" must be in a location that is a prefix and ends with \"/\", "
            "as in \"location /senda/\"");
        return NGX_CONF_ERROR;
    }

    lcf->endpoint = 1;
    clcf->handler = ngx_http_senda_endpoint_handler;

    return NGX_CONF_OK;
}

char *
ngx_http_senda_merge_endpoint(ngx_conf_t *cf, ngx_http_senda_loc_conf_t *prev,
    ngx_http_senda_loc_conf_t *conf)
{
    ngx_http_senda_main_conf_t *mcf;
    ngx_http_core_loc_conf_t *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* "if" and "limit_except" within the location go on with it. */
    if (!conf->endpoint && prev->endpoint && clcf->noname && clcf->handler == NULL) {
        conf->endpoint = 1;
        clcf->handler = ngx_http_senda_endpoint_handler;
    }

    if (!conf->endpoint) {
        return NGX_CONF_OK;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_senda_module);

    if (mcf->store.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"senda_endpoint\" is used, but no \"senda_store\" is defined");
        return NGX_CONF_ERROR;
    }

    if (mcf->keys == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"senda_endpoint\" is used, but no \"senda_key\" is defined, "
            "make one with \"senda keygen\"");
        return NGX_CONF_ERROR;
    }

    if (mcf->keys->nlinks == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
            "\"senda_endpoint\" is used, but key \"%V\" has no links line", &mcf->key_file);
        return NGX_CONF_ERROR;
    }

    if (conf->enable == NGX_HTTP_SENDA_OFF) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
            "\"senda_endpoint\" is used where \"senda\" is off: "
            "links work, but nobody's clicks are recorded");
    }

    return NGX_CONF_OK;
}

/* ---- what was asked for ---- */

static void
ngx_http_senda_read_link(ngx_http_request_t *r, ngx_http_senda_link_t *link)
{
    ngx_http_core_loc_conf_t *clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    senda_str_t s = ngx_http_senda_slice(r->uri);

    ngx_memzero(link, sizeof(ngx_http_senda_link_t));

    if (s.n < clcf->name.len + 2 || s.p[clcf->name.len + 1] != '/') {
        return;
    }

    s.p += clcf->name.len;
    s.n -= clcf->name.len;
    link->text = (senda_str_t){ s.p + 2, s.n - 2 };

    switch (*s.p) {

    case SENDA_TOKEN_CLICK:
    case SENDA_TOKEN_UNSUBSCRIBE:
        link->kind = (senda_token_kind_t)*s.p;
        break;

    case SENDA_TOKEN_OPEN:
        if (link->text.n > 4 && memcmp(link->text.p + link->text.n - 4, ".gif", 4) == 0) {
            link->text.n -= 4;
            link->kind = SENDA_TOKEN_OPEN;
        }
        break;

    default:
        break;
    }
}

/*
 * The message that a link is of. NGX_OK; NGX_DECLINED: none, or of another
 * kind; NGX_AGAIN: nobody can tell at present.
 */
static ngx_int_t
ngx_http_senda_find_message(ngx_http_request_t *r, const ngx_http_senda_link_t *link,
    senda_token_t *token, senda_sent_t *sent)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    senda_published_t *published;

    if (senda_token_read(token, mcf->keys, link->text) != SENDA_OK || token->kind != link->kind) {
        return NGX_DECLINED;
    }

    published = ngx_http_senda_published();
    if (published == NULL) {
        return NGX_AGAIN;
    }

    return senda_sent_get(published, &token->message, sent) == SENDA_OK ? NGX_OK : NGX_DECLINED;
}

static void
ngx_http_senda_begin_answer_visit(senda_visit_t *v, const senda_token_t *token,
    const senda_sent_t *sent, uint32_t flags)
{
    ngx_time_t *now = ngx_timeofday();

    ngx_memzero(v, sizeof(senda_visit_t));
    v->site = sent->site;
    v->at = (senda_ms_t)now->sec * 1000 + now->msec;
    v->flags = flags;
    v->message = token->message;
}

/* ---- pages ---- */

static void
ngx_http_senda_fill_values(senda_page_values_t *values, senda_str_t token, const senda_sent_t *sent)
{
    senda_published_t *published = ngx_http_senda_published();

    ngx_memzero(values, sizeof(senda_page_values_t));
    values->token = token;

    if (published == NULL ||
        senda_wishes_get(published, sent->contact, &values->wishes) != SENDA_OK) {
        ngx_memzero(&values->wishes, sizeof(senda_wishes_t));
    }
}

static ngx_int_t
ngx_http_senda_answer_unknown(ngx_http_request_t *r)
{
    senda_ring_t *ring = ngx_http_senda_ring();

    if (ring) {
        senda_ring_drop(ring, SENDA_DROP_TOKEN);
    }

    return ngx_http_senda_send_page(r, NGX_HTTP_NOT_FOUND, SENDA_PAGE_UNKNOWN, NULL, NULL);
}

/* Nobody can tell at present, or what was said could not be kept. */
static ngx_int_t
ngx_http_senda_answer_later(ngx_http_request_t *r, const senda_sent_t *sent)
{
    return ngx_http_senda_send_page(r, NGX_HTTP_SERVICE_UNAVAILABLE, SENDA_PAGE_LATER, sent, NULL);
}

static ngx_int_t
ngx_http_senda_answer_channels(ngx_http_request_t *r, ngx_uint_t status, senda_str_t token,
    const senda_sent_t *sent)
{
    senda_page_values_t values;

    ngx_http_senda_fill_values(&values, token, sent);

    return ngx_http_senda_send_page(r, status, SENDA_PAGE_CHANNELS, sent, &values);
}

/* ---- clicks and opens ---- */

static ngx_int_t
ngx_http_senda_answer_click(ngx_http_request_t *r, const ngx_http_senda_link_t *link,
    const senda_token_t *token, const senda_sent_t *sent)
{
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_peek_ctx(r);
    senda_published_t *published = ngx_http_senda_published();
    senda_ring_t *ring = ngx_http_senda_ring();
    char address[SENDA_LINK_MAX];
    ngx_str_t location;
    ngx_int_t rc;
    size_t len;

    if (published == NULL) { /* another process has just made the module passive */
        return ngx_http_senda_answer_later(r, NULL);
    }

    if (token->link >= sent->nlinks ||
        senda_link_get(published, sent->links[token->link], address, &len) != SENDA_OK) {
        return ngx_http_senda_answer_unknown(r);
    }

    location.len = len;
    location.data = ngx_pnalloc(r->pool, len);
    if (location.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(location.data, address, len);

    if (ctx && !ctx->bot && !ctx->prefetch && !ctx->head &&
        ngx_http_senda_set_click(r, ctx, link->text) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_senda_send_redirect(r, &location);

    /* The header filter has decided by now who this is and what may be kept. */
    if (ctx && ctx->click.n > 0 && ring && ctx->decided && ctx->consent && ctx->returned &&
        !ctx->nobody) {
        ngx_http_senda_put_click(ring, ctx, link->text);
    }

    return rc;
}

/* A picture is loaded by a program, whoever sits before it: no visitor, no cookie. */
static void
ngx_http_senda_put_open(ngx_http_request_t *r, const senda_token_t *token, const senda_sent_t *sent)
{
    ngx_http_senda_loc_conf_t *lcf = ngx_http_get_module_loc_conf(r, ngx_http_senda_module);
    ngx_http_senda_ctx_t *ctx = ngx_http_senda_peek_ctx(r);
    senda_ring_t *ring = ngx_http_senda_ring();
    senda_visit_t v;

    if (ctx == NULL || ring == NULL || lcf->enable == NGX_HTTP_SENDA_OFF || ctx->head ||
        ctx->prefetch || ctx->gpc) {
        return;
    }

    if (ctx->bot) {
        senda_ring_drop(ring, SENDA_DROP_BOT);
        return;
    }

    ngx_http_senda_begin_answer_visit(&v, token, sent, SENDA_VISIT_OPEN);
    v.generation = ctx->rules->generation;

    if (lcf->enable == NGX_HTTP_SENDA_DRY_RUN) {
        v.flags |= SENDA_VISIT_DRY_RUN;
    }

    (void)ngx_http_senda_put_record(ring, &v);
}

/* ---- POST ---- */

/* The body, whole and in memory, as one slice in the pool. NGX_OK; else a status. */
static ngx_int_t
ngx_http_senda_body(ngx_http_request_t *r, senda_str_t *body)
{
    ngx_chain_t *cl;
    u_char *p;
    size_t n = 0, part;

    *body = SENDA_STR("");

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        if (cl->buf->in_file || r->request_body->temp_file) {
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }

        n += cl->buf->last - cl->buf->pos;
    }

    if (n > SENDA_CHOICE_BODY) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    p = ngx_pnalloc(r->pool, ngx_max(n, 1));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *body = (senda_str_t){ (char *)p, n };

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        part = cl->buf->last - cl->buf->pos;
        if (part > 0) { /* the last buffer of chunks has no memory at all */
            p = ngx_cpymem(p, cl->buf->pos, part);
        }
    }

    return NGX_OK;
}

/* What the body says. NGX_OK, also when it says nothing; else a status. */
static ngx_int_t
ngx_http_senda_read_choice(ngx_http_request_t *r, senda_choice_t *choice)
{
    senda_str_t type = SENDA_STR(""), body;
    ngx_int_t rc;

    ngx_memzero(choice, sizeof(senda_choice_t));

    rc = ngx_http_senda_body(r, &body);
    if (rc != NGX_OK) {
        return rc;
    }

    if (r->headers_in.content_type) {
        type = ngx_http_senda_slice(r->headers_in.content_type->value);
    }

    (void)senda_choice_read(choice, type, body);

    return NGX_OK;
}

/* The page after the choice shows what was chosen: published/ cannot know it yet. */
static void
ngx_http_senda_apply_choice(senda_page_values_t *values, const senda_choice_t *choice,
    const senda_sent_t *sent)
{
    if (choice->kind == SENDA_CHOICE_SAVE) {
        values->wishes.wanted = choice->channels;
    } else {
        values->wishes.wanted &= ~(1u << sent->channel);
    }
}

/* The message was found when the request began; published/ may be gone since. */
static void
ngx_http_senda_choice_kept(ngx_http_request_t *r, ngx_int_t durable)
{
    ngx_http_senda_link_t link;
    senda_page_values_t values;
    senda_choice_t choice;
    senda_token_t token;
    senda_sent_t sent;
    ngx_uint_t found;

    ngx_http_senda_read_link(r, &link);
    found = ngx_http_senda_find_message(r, &link, &token, &sent) == NGX_OK;

    if (durable != NGX_OK) {
        ngx_http_finalize_request(r, ngx_http_senda_answer_later(r, found ? &sent : NULL));
        return;
    }

    ngx_memzero(&values, sizeof(senda_page_values_t));
    values.token = link.text;

    if (found && ngx_http_senda_read_choice(r, &choice) == NGX_OK) {
        ngx_http_senda_fill_values(&values, link.text, &sent);
        ngx_http_senda_apply_choice(&values, &choice, &sent);
    }

    ngx_http_finalize_request(r,
        ngx_http_senda_send_page(r, NGX_HTTP_OK, SENDA_PAGE_SAVED, found ? &sent : NULL, &values));
}

/* NGX_DONE: the answer comes later; else what the request is to end with. */
static ngx_int_t
ngx_http_senda_answer_choice(ngx_http_request_t *r)
{
    ngx_http_senda_link_t link;
    senda_choice_t choice;
    senda_token_t token;
    senda_sent_t sent;
    senda_visit_t v;
    ngx_int_t rc;

    ngx_http_senda_read_link(r, &link);

    rc = ngx_http_senda_find_message(r, &link, &token, &sent);
    if (rc != NGX_OK) {
        return rc == NGX_AGAIN ? ngx_http_senda_answer_later(r, NULL)
                               : ngx_http_senda_answer_unknown(r);
    }

    rc = ngx_http_senda_read_choice(r, &choice);
    if (rc != NGX_OK) {
        return rc;
    }

    if (choice.kind == SENDA_CHOICE_NONE) {
        return ngx_http_senda_answer_channels(r, NGX_HTTP_BAD_REQUEST, link.text, &sent);
    }

    /* Not marked as a dry run, whatever the location says: a right is no trial. */
    ngx_http_senda_begin_answer_visit(&v, &token, &sent,
        choice.kind == SENDA_CHOICE_LEAVE ? SENDA_VISIT_UNSUBSCRIBE : SENDA_VISIT_CHANNELS);
    v.channels = choice.channels;

    rc = ngx_http_senda_put_durable(r, &v, ngx_http_senda_choice_kept);
    return rc == NGX_ERROR ? ngx_http_senda_answer_later(r, &sent) : rc;
}

static void
ngx_http_senda_body_handler(ngx_http_request_t *r)
{
    ngx_int_t rc = ngx_http_senda_answer_choice(r);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}

static ngx_int_t
ngx_http_senda_read_post(ngx_http_request_t *r)
{
    ngx_int_t rc;

    if (r->headers_in.content_length_n > SENDA_CHOICE_BODY) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    r->request_body_in_file_only = 0; /* so small a body is never written to a file */

    rc = ngx_http_read_client_request_body(r, ngx_http_senda_body_handler);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}

/* ---- the handler ---- */

static ngx_int_t
ngx_http_senda_answer_get(ngx_http_request_t *r, const ngx_http_senda_link_t *link,
    const senda_token_t *token, const senda_sent_t *sent)
{
    switch (link->kind) {

    case SENDA_TOKEN_CLICK:
        return ngx_http_senda_answer_click(r, link, token, sent);

    case SENDA_TOKEN_OPEN:
        ngx_http_senda_put_open(r, token, sent);
        return ngx_http_senda_send_pixel(r);

    default:
        return ngx_http_senda_answer_channels(r, NGX_HTTP_OK, link->text, sent);
    }
}

static ngx_int_t
ngx_http_senda_endpoint_handler(ngx_http_request_t *r)
{
    ngx_http_senda_link_t link;
    ngx_http_senda_ctx_t *ctx;
    senda_token_t token;
    senda_sent_t sent;
    ngx_int_t rc;

    if (r != r->main) {
        return NGX_HTTP_NOT_FOUND; /* a link is followed by its receiver, no part of a page */
    }

    ctx = ngx_http_senda_get_ctx(r);
    if (ctx) {
        ctx->endpoint = 1;
        ctx->nobody = ngx_http_senda_is_nobody(r, ctx);
    }

    ngx_http_senda_read_link(r, &link);

    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD)) &&
        !(r->method == NGX_HTTP_POST && link.kind == SENDA_TOKEN_UNSUBSCRIBE)) {
        return ngx_http_senda_refuse_method(r, link.kind == SENDA_TOKEN_UNSUBSCRIBE);
    }

    if (r->method == NGX_HTTP_POST) {
        return ngx_http_senda_read_post(r);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    if (link.kind == 0) {
        return ngx_http_senda_send_page(r, NGX_HTTP_NOT_FOUND, SENDA_PAGE_UNKNOWN, NULL, NULL);
    }

    rc = ngx_http_senda_find_message(r, &link, &token, &sent);
    if (rc == NGX_OK) {
        return ngx_http_senda_answer_get(r, &link, &token, &sent);
    }

    return rc == NGX_AGAIN ? ngx_http_senda_answer_later(r, NULL)
                           : ngx_http_senda_answer_unknown(r);
}
