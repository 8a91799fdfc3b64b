/*
 * The status as JSON (RFC 8259). Keys are for ever: what is new is added. The
 * numbers of the board stand below "board" by the names of its rows.
 */

#include "ngx_http_senda_status.h"

static void
ngx_http_senda_json_text(ngx_http_senda_out_t *o, const char *key, ngx_str_t text)
{
    ngx_http_senda_put_f(o, "\"%s\":\"", key);
    ngx_http_senda_put_text(o, text);
    ngx_http_senda_put_s(o, "\"");
}

static void
ngx_http_senda_json_problems(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    const char *advice;
    ngx_uint_t i, n = 0;

    ngx_http_senda_put_s(o, "\"problems\":[");

    for (i = 0; i < NGX_HTTP_SENDA_PROBLEMS; i++) {
        if (!s->findings[i].present) {
            continue;
        }

        advice = ngx_http_senda_problem_advice(i);
        ngx_http_senda_put_f(o, "%s\n{\"id\":\"%s\",\"level\":\"%s\",", n++ ? "," : "",
            ngx_http_senda_problem_name(i),
            ngx_http_senda_problem_level(i) == 2 ? "error" : "warning");
        ngx_http_senda_json_text(o, "text", s->findings[i].text);
        ngx_http_senda_put_s(o, ",");
        ngx_http_senda_json_text(o, "advice", (ngx_str_t){ ngx_strlen(advice), (u_char *)advice });
        ngx_http_senda_put_s(o, "}");
    }

    ngx_http_senda_put_s(o, "],\n");
}

static void
ngx_http_senda_json_board(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    const senda_board_row_t *row;
    ngx_uint_t i;

    ngx_http_senda_put_s(o, "\"board\":{");

    for (i = 0; i < SENDA_BOARD_CELLS; i++) {
        row = senda_board_row((senda_board_cell_t)i);

        if (row->sequence) {
            ngx_http_senda_put_f(o, "%s\n\"%s_epoch\":%uL,\"%s\":%uL", i ? "," : "", row->name,
                ngx_http_senda_seq_epoch(s->cell[i]), row->name,
                ngx_http_senda_seq_number(s->cell[i]));
        } else {
            ngx_http_senda_put_f(o, "%s\n\"%s\":%uL", i ? "," : "", row->name, s->cell[i]);
        }
    }

    ngx_http_senda_put_s(o, "},\n");
}

static void
ngx_http_senda_json_drops(ngx_http_senda_out_t *o, const uint64_t *dropped, ngx_uint_t all)
{
    ngx_uint_t i, n = 0;

    ngx_http_senda_put_s(o, "\"dropped\":{");

    for (i = 0; i < SENDA_DROP_REASONS; i++) {
        if (all || dropped[i]) {
            ngx_http_senda_put_f(o, "%s\"%s\":%uL", n++ ? "," : "",
                senda_drop_name((senda_drop_t)i), dropped[i]);
        }
    }

    ngx_http_senda_put_s(o, "}");
}

static void
ngx_http_senda_json_rings(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_http_senda_status_ring_t *ring;
    ngx_uint_t i;

    ngx_http_senda_put_f(o,
        "\"rings\":{\"count\":%ui,\"owned\":%ui,\"used_bytes\":%uL,\"size_bytes\":%uL,", s->nrings,
        s->owned, s->ring_used, s->ring_size);
    ngx_http_senda_json_drops(o, s->dropped, 1);
    ngx_http_senda_put_s(o, ",\"list\":[");

    for (i = 0; i < s->nshown; i++) {
        ring = &s->rings[i];
        ngx_http_senda_put_f(o, "%s\n{", i ? "," : "");
        ngx_http_senda_json_text(o, "name", (ngx_str_t){ ngx_strlen(ring->name), ring->name });
        ngx_http_senda_put_f(o, ",\"pid\":%ui,\"alive\":%s,\"used_bytes\":%uL,\"size_bytes\":%uL,",
            (ngx_uint_t)ring->facts.pid, ring->facts.alive ? "true" : "false", ring->facts.used,
            ring->facts.size);
        ngx_http_senda_json_drops(o, ring->facts.dropped, 0);
        ngx_http_senda_put_s(o, "}");
    }

    ngx_http_senda_put_s(o, "]},\n");
}

/* A row of a page or event: its name, or its number if it has none any more. */
static void
ngx_http_senda_json_row(ngx_http_senda_out_t *o, ngx_http_senda_status_row_t *row)
{
    ngx_http_senda_put_s(o, "\n{");

    if (row->name.len) {
        ngx_http_senda_json_text(o, "name", row->name);
    } else {
        ngx_http_senda_put_s(o, "\"name\":null");
    }

    ngx_http_senda_put_f(o, ",\"id\":%uD,\"visits\":%uL}", row->key & ~SENDA_KEY_EVENT, row->count);
}

static void
ngx_http_senda_json_rows(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, uint32_t site,
    ngx_uint_t events)
{
    ngx_http_senda_status_row_t *row;
    ngx_uint_t i, n = 0;

    for (i = 0; i < s->nrows; i++) {
        row = &s->rows[i];
        if (row->site == site && row->key != SENDA_KEY_ANY &&
            senda_key_is_event(row->key) == (events != 0)) {
            if (n++) {
                ngx_http_senda_put_s(o, ",");
            }
            ngx_http_senda_json_row(o, row);
        }
    }
}

static void
ngx_http_senda_json_sites(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_http_senda_status_site_t *site;
    ngx_uint_t i, k;
    uint64_t views;

    ngx_http_senda_put_f(o, "\"sites_cut\":%s,\n\"sites\":[", s->cut ? "true" : "false");

    for (i = 0; i < s->nsites; i++) {
        site = &s->sites[i];
        views = 0;

        for (k = 0; k < s->nrows; k++) {
            if (s->rows[k].site == site->site && s->rows[k].key == SENDA_KEY_ANY) {
                views = s->rows[k].count;
            }
        }

        ngx_http_senda_put_f(o, "%s\n{\"id\":%uD,", i ? "," : "", site->site);
        ngx_http_senda_json_text(o, "host", site->name);
        ngx_http_senda_put_f(o, ",\"page_views\":%uL,\"pages\":[", views);
        ngx_http_senda_json_rows(o, s, site->site, 0);
        ngx_http_senda_put_s(o, "],\"events\":[");
        ngx_http_senda_json_rows(o, s, site->site, 1);
        ngx_http_senda_put_s(o, "]}");
    }

    ngx_http_senda_put_s(o, "]\n");
}

void
ngx_http_senda_status_json(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    static const char *const levels[] = { "ok", "warning", "error" };

    ngx_http_senda_put_f(o, "{\n\"status\":\"%s\",\n", levels[s->level]);
    ngx_http_senda_json_problems(o, s);
    ngx_http_senda_put_f(o, "\"time_milliseconds\":%uL,\n", s->now);
    ngx_http_senda_json_text(o, "store", s->conf->store);
    ngx_http_senda_put_s(o, ",\n");
    ngx_http_senda_json_text(o, "live", s->conf->live);
    ngx_http_senda_put_f(o,
        ",\n\"passive\":%s,\n\"drain_age_milliseconds\":", s->passive ? "true" : "false");

    if (s->drain_age < 0) {
        ngx_http_senda_put_s(o, "null");
    } else {
        ngx_http_senda_put_f(o, "%L", s->drain_age);
    }

    ngx_http_senda_put_f(o, ",\n\"live_behind\":%uL,\n\"published_bytes\":%uL,\n", s->behind,
        s->published_bytes);
    ngx_http_senda_put_f(o, "\"rules\":{\"generation\":%uL,\"error_at_seconds\":%L,", s->generation,
        (int64_t)s->error_at);
    ngx_http_senda_json_text(o, "error", s->error);
    ngx_http_senda_put_s(o, "},\n");
    ngx_http_senda_json_board(o, s);
    ngx_http_senda_json_rings(o, s);
    ngx_http_senda_json_sites(o, s);
    ngx_http_senda_put_s(o, "}\n");
}
