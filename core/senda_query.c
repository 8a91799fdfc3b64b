/*
 * Arguments that are kept, and those that are not. Allocates nothing; an
 * argument whose name cannot be read is not kept.
 */

#include "senda_query.h"

static const char *const campaign[] = { "utm_source", "utm_medium", "utm_campaign", "utm_term",
    "utm_content", "utm_id" };

#define CAMPAIGN_MAX (sizeof(campaign) / sizeof(campaign[0]))

/* The list's own text of a name, so that it outlives the address; NULL if it is none. */
static const char *
campaign_name(senda_str_t name)
{
    if (name.n < 6 || memcmp(name.p, "utm_", 4) != 0) {
        return NULL;
    }
    for (unsigned i = 0; i < CAMPAIGN_MAX; i++) {
        if (senda_str_eq(name, senda_cstr(campaign[i]))) {
            return campaign[i];
        }
    }
    return NULL;
}

bool
senda_query_is_campaign(senda_str_t name)
{
    return campaign_name(name) != NULL;
}

static bool
may_be_kept(const senda_rules_t *r, uint32_t site, senda_str_t piece)
{
    const char *eq = memchr(piece.p, '=', piece.n);
    senda_str_t name = { piece.p, eq != NULL ? (size_t)(eq - piece.p) : piece.n };
    char buf[SENDA_NAME_MAX];
    size_t n;

    if (senda_url_decode(buf, sizeof(buf), name, true, &n) != SENDA_OK) {
        return false;
    }
    name = (senda_str_t){ buf, n };
    return senda_query_is_campaign(name) || senda_rules_names_arg(r, site, name);
}

size_t
senda_query_trim(const senda_rules_t *r, uint32_t site, senda_str_t args, char *out, size_t size)
{
    const char *p = args.p, *end = args.p + args.n;
    unsigned looked = 0;
    size_t n = 0;

    while (p < end && looked++ < SENDA_ARGS_MAX) {
        const char *amp = memchr(p, '&', (size_t)(end - p));
        senda_str_t piece = { p, (size_t)((amp != NULL ? amp : end) - p) };
        size_t need = piece.n + (n > 0);

        if (piece.n > 0 && need <= size - n && may_be_kept(r, site, piece)) {
            if (n > 0) {
                out[n++] = '&';
            }
            memcpy(out + n, piece.p, piece.n);
            n += piece.n;
        }
        p += piece.n + 1;
    }
    return n;
}

void
senda_query_campaign(const senda_url_t *u, senda_match_t *m)
{
    for (unsigned i = 0; i < u->nargs; i++) {
        const char *name = u->args[i].value.n > 0 ? campaign_name(u->args[i].name) : NULL;

        if (name != NULL) {
            senda_match_capture(m, (senda_capture_t){ senda_cstr(name), u->args[i].value });
        }
    }
}
