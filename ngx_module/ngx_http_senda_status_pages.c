/*
 * Visits by page: the most visited pages and the most frequent events of each
 * site, from the sums in live/, with their names from the rules. Bounded in
 * what is looked at and in what is kept; what lies beyond is said to be there.
 */

#include "ngx_http_senda_status.h"

#include "senda_mask.h"

#define NGX_HTTP_SENDA_STATUS_SLOTS 2048 /* a power of two, over twice the rows */

/* Rows of one site and kind are together: [begin, nrows) is the group at hand, most first. */
typedef struct {
    ngx_http_senda_status_t *status;
    ngx_uint_t begin;
    ngx_uint_t looked;
} ngx_http_senda_status_walk_t;

/* Names are found for all rows in one walk through the rules. */
typedef struct {
    ngx_http_senda_status_t *status;
    ngx_uint_t failed;
    uint16_t slot[NGX_HTTP_SENDA_STATUS_SLOTS]; /* a row's number + 1 */
} ngx_http_senda_status_names_t;

static ngx_uint_t
ngx_http_senda_status_kind(senda_key_t key)
{
    return key == SENDA_KEY_ANY ? 0 : senda_key_is_event(key) ? 2 : 1;
}

static senda_rc_t
ngx_http_senda_status_total(void *ctx, uint32_t site, senda_key_t key, uint64_t count)
{
    ngx_http_senda_status_walk_t *w = ctx;
    ngx_http_senda_status_t *s = w->status;
    ngx_http_senda_status_row_t *rows = s->rows;
    ngx_uint_t i, n, room;

    if (++w->looked > NGX_HTTP_SENDA_STATUS_KEYS) {
        s->cut = 1;
        return SENDA_FULL;
    }

    if (s->nrows == w->begin || rows[w->begin].site != site ||
        ngx_http_senda_status_kind(rows[w->begin].key) != ngx_http_senda_status_kind(key)) {
        w->begin = s->nrows;
    }

    n = s->nrows - w->begin;
    room = ngx_min((ngx_uint_t)NGX_HTTP_SENDA_STATUS_TOP,
        (ngx_uint_t)NGX_HTTP_SENDA_STATUS_ROWS - w->begin);

    if (n == room) {
        s->cut = 1;
        if (n == 0) {
            return SENDA_FULL;
        }
        if (rows[s->nrows - 1].count >= count) {
            return SENDA_OK;
        }
        n--; /* the last one makes room */
    } else {
        s->nrows++;
    }

    for (i = w->begin + n; i > w->begin && rows[i - 1].count < count; i--) {
        rows[i] = rows[i - 1];
    }

    rows[i].site = site;
    rows[i].key = key;
    rows[i].count = count;
    ngx_str_null(&rows[i].name);

    return SENDA_OK;
}

/* ---- names ---- */

/* A copy without addresses of people; NGX_ERROR: no memory. */
static ngx_int_t
ngx_http_senda_status_copy(ngx_http_senda_status_t *s, ngx_str_t *out, senda_str_t name)
{
    out->len = ngx_min(name.n, (size_t)SENDA_NAME_MAX);
    out->data = ngx_pnalloc(s->pool, out->len + 1);

    if (out->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(out->data, name.p, out->len);
    senda_mask_addresses((char *)out->data, out->len);

    return NGX_OK;
}

/* The slot of a row, or the free one where it would stand. */
static uint16_t *
ngx_http_senda_status_slot(ngx_http_senda_status_names_t *n, uint32_t site, senda_key_t key)
{
    ngx_uint_t i = (key * 0x9e3779b1u ^ site) * 0x85ebca6bu >> 16;
    ngx_http_senda_status_row_t *row;
    uint16_t *slot;

    for (;; i++) {
        slot = &n->slot[i & (NGX_HTTP_SENDA_STATUS_SLOTS - 1)];
        if (*slot == 0) {
            return slot;
        }

        row = &n->status->rows[*slot - 1];
        if (row->site == site && row->key == key) {
            return slot;
        }
    }
}

static void
ngx_http_senda_status_name(void *ctx, uint32_t site, senda_key_t key, senda_str_t name)
{
    ngx_http_senda_status_names_t *n = ctx;
    uint16_t slot = *ngx_http_senda_status_slot(n, site, key);

    if (slot &&
        ngx_http_senda_status_copy(n->status, &n->status->rows[slot - 1].name, name) != NGX_OK) {
        n->failed = 1;
    }
}

static ngx_int_t
ngx_http_senda_status_names(ngx_http_senda_status_t *s, const ngx_http_senda_rules_t *rules)
{
    ngx_http_senda_status_names_t *names;
    ngx_http_senda_status_row_t *row;
    const char *standard;
    ngx_uint_t i;

    names = ngx_pcalloc(s->pool, sizeof(ngx_http_senda_status_names_t));
    if (names == NULL) {
        return NGX_ERROR;
    }

    names->status = s;

    for (i = 0; i < s->nrows; i++) {
        row = &s->rows[i];
        standard = senda_key_is_event(row->key) ? senda_event_name(row->key & ~SENDA_KEY_EVENT)
                                                : NULL;
        if (standard) {
            row->name.data = (u_char *)standard;
            row->name.len = ngx_strlen(standard);

        } else if (row->key != SENDA_KEY_ANY) {
            *ngx_http_senda_status_slot(names, row->site, row->key) = (uint16_t)(i + 1);
        }
    }

    if (rules) {
        senda_rules_names(rules->rules, ngx_http_senda_status_name, names);
    }

    return names->failed ? NGX_ERROR : NGX_OK;
}

static ngx_int_t
ngx_http_senda_status_sites(ngx_http_senda_status_t *s, const ngx_http_senda_rules_t *rules)
{
    ngx_http_senda_status_site_t *site;
    senda_str_t name;
    ngx_uint_t i;

    s->sites = ngx_pcalloc(s->pool, (s->nrows + 1) * sizeof(ngx_http_senda_status_site_t));
    if (s->sites == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < s->nrows; i++) {
        if (i > 0 && s->rows[i].site == s->rows[i - 1].site) {
            continue;
        }

        site = &s->sites[s->nsites++];
        site->site = s->rows[i].site;
        name = rules ? senda_rules_site_name(rules->rules, site->site) : SENDA_STR("");

        if (ngx_http_senda_status_copy(s, &site->name, name) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}

ngx_int_t
ngx_http_senda_status_pages(ngx_http_senda_status_t *s, const ngx_http_senda_rules_t *rules)
{
    ngx_http_senda_status_walk_t w;

    s->rows = ngx_palloc(s->pool, NGX_HTTP_SENDA_STATUS_ROWS * sizeof(ngx_http_senda_status_row_t));
    if (s->rows == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&w, sizeof(ngx_http_senda_status_walk_t));
    w.status = s;

    (void)ngx_http_senda_live_totals(ngx_http_senda_status_total, &w);

    if (ngx_http_senda_status_names(s, rules) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_senda_status_sites(s, rules);
}
