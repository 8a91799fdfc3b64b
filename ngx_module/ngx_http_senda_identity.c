/*
 * Who is meant: the login that the upstream tells of is stronger than the
 * cookie. A browser that another person logs in on becomes a new visitor in
 * that very response, so that what the first one did belongs to the first one
 * alone. An empty X-Senda-Contact is a logout.
 *
 * Only marks of persons are compared: no address goes further than the stack.
 * Nothing here fails; what names nobody says nothing.
 */

#include "ngx_http_senda.h"

#include "senda_contact.h"

ngx_uint_t
ngx_http_senda_is_personal(ngx_http_senda_ctx_t *ctx)
{
    senda_sec_t quiet;

    if (!ctx->returned || !ctx->known || ctx->logout) {
        return 0;
    }

    if (ctx->login) {
        return 1;
    }

    quiet = ctx->at / 1000 - ctx->session;

    return ctx->session != 0 && quiet >= 0 && quiet < NGX_HTTP_SENDA_SESSION;
}

static void
ngx_http_senda_become_new(ngx_http_senda_ctx_t *ctx)
{
    ngx_memzero(&ctx->visitor, sizeof(senda_visitor_t));
    (void)senda_visitor_make(&ctx->visitor); /* without randomness there is no visitor */

    ctx->other = 1;
    ctx->returned = 0;
    ctx->computed = 0;
}

void
ngx_http_senda_meet(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx, ngx_table_elt_t *contact)
{
    ngx_http_senda_main_conf_t *mcf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    char buf[SENDA_EMAIL_MAX];
    uint8_t mark[SENDA_PERSON_LEN];
    senda_str_t email;

    if (ctx->met || contact == NULL || contact->value.len > SENDA_HEADER_MAX) {
        return;
    }

    ctx->met = 1;

    if (contact->value.len == 0) {
        ctx->logout = 1;
        return;
    }

    email = senda_contact_email(ngx_http_senda_slice(contact->value), buf);

    if (email.n && senda_person_mark(mcf->keys, email, mark)) {
        ctx->login = 1;

        if (ctx->returned && ctx->known && senda_person_is_other(mcf->keys, email, ctx->person)) {
            ngx_http_senda_become_new(ctx);
        }

        if (ngx_memcmp(mark, ctx->person, SENDA_PERSON_LEN) != 0) {
            ctx->marked = 1;
            ngx_memcpy(ctx->person, mark, SENDA_PERSON_LEN);
        }
    }

    ngx_explicit_memzero(buf, sizeof(buf));
}

void
ngx_http_senda_meet_early(ngx_http_request_t *r, ngx_http_senda_ctx_t *ctx)
{
    ngx_list_part_t *part = &r->headers_out.headers.part;
    ngx_table_elt_t *h = part->elts;
    ngx_uint_t i;

    if (ctx->met || ctx->decided || r->upstream == NULL || r->headers_out.status == 0 ||
        r->headers_out.status >= 400 || !ngx_http_senda_is_trusted(r)) {
        return;
    }

    for (i = 0; /* void */; i++) {
        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].hash && h[i].key.len == sizeof("X-Senda-Contact") - 1 &&
            ngx_strncasecmp(h[i].key.data, (u_char *)"X-Senda-Contact",
                sizeof("X-Senda-Contact") - 1) == 0) {
            ngx_http_senda_meet(r, ctx, &h[i]);
            return;
        }
    }
}
