/*
 * The status in Prometheus' text format 0.0.4: HELP and TYPE before the samples
 * of a name, counters end in _total, labels' values are escaped. Series do not
 * come and go with processes: rings are shown in sums.
 */

#include "ngx_http_senda_status.h"

/* The head of a metric. total: it is a counter. */
static void
ngx_http_senda_prom_head(ngx_http_senda_out_t *o, const char *name, ngx_uint_t counter,
    const char *help)
{
    const char *end = counter ? "_total" : "";

    ngx_http_senda_put_f(o, "# HELP senda_%s%s %s\n# TYPE senda_%s%s %s\n", name, end, help, name,
        end, counter ? "counter" : "gauge");
}

static void
ngx_http_senda_prom(ngx_http_senda_out_t *o, const char *name, ngx_uint_t counter, uint64_t value,
    const char *help)
{
    ngx_http_senda_prom_head(o, name, counter, help);
    ngx_http_senda_put_f(o, "senda_%s%s %uL\n", name, counter ? "_total" : "", value);
}

static void
ngx_http_senda_prom_health(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_uint_t i;

    ngx_http_senda_prom(o, "health", 0, s->level,
        "0: all well, 1: worth a look, 2: something does not work.");
    ngx_http_senda_prom(o, "passive", 0, s->passive,
        "1: no store is used after deaths in store code.");
    ngx_http_senda_prom_head(o, "problem", 0, "1: this problem is present.");

    for (i = 0; i < NGX_HTTP_SENDA_PROBLEMS; i++) {
        ngx_http_senda_put_f(o, "senda_problem{problem=\"%s\"} %ui\n",
            ngx_http_senda_problem_name(i), s->findings[i].present);
    }
}

static void
ngx_http_senda_prom_board(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    const senda_board_row_t *row;
    u_char name[64];
    ngx_uint_t i;

    for (i = 0; i < SENDA_BOARD_CELLS; i++) {
        row = senda_board_row((senda_board_cell_t)i);

        if (!row->sequence) {
            ngx_http_senda_prom(o, row->name, row->counter, s->cell[i], row->help);
            continue;
        }

        ngx_http_senda_prom(o, row->name, 0, ngx_http_senda_seq_number(s->cell[i]), row->help);
        (void)ngx_slprintf(name, name + sizeof(name), "%s_epoch%Z", row->name);
        ngx_http_senda_prom(o, (char *)name, 0, ngx_http_senda_seq_epoch(s->cell[i]),
            "The epoch of that sequence: numbers begin anew with each start of the machine.");
    }

    if (s->drain_age >= 0) {
        ngx_http_senda_prom(o, "drain_age_milliseconds", 0, (uint64_t)s->drain_age,
            "Time since the drain's last tick, in milliseconds.");
    }

    ngx_http_senda_prom(o, "live_behind", 0, s->behind,
        "Visits of the journal that the live store has not applied yet.");
    ngx_http_senda_prom(o, "published_bytes", 0, s->published_bytes,
        "Bytes of the file in which the sidecar publishes.");
    ngx_http_senda_prom(o, "rules_generation", 0, s->generation,
        "Generation of the rules in use; 0: none.");
    ngx_http_senda_prom(o, "rules_error", 0, s->error.len != 0,
        "1: the rule files have a mistake, the rules of before go on.");
}

static void
ngx_http_senda_prom_rings(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_uint_t i;

    ngx_http_senda_prom(o, "rings", 0, s->nrings, "Ring files.");
    ngx_http_senda_prom(o, "rings_owned", 0, s->owned, "Ring files whose worker lives.");
    ngx_http_senda_prom(o, "rings_used_bytes", 0, s->ring_used,
        "Bytes of visits that wait in the rings.");
    ngx_http_senda_prom(o, "rings_size_bytes", 0, s->ring_size, "Bytes that the rings hold.");
    ngx_http_senda_prom_head(o, "dropped", 1, "Visits that were not recorded, by reason.");

    for (i = 0; i < SENDA_DROP_REASONS; i++) {
        ngx_http_senda_put_f(o, "senda_dropped_total{reason=\"%s\"} %uL\n",
            senda_drop_name((senda_drop_t)i), s->dropped[i]);
    }
}

static ngx_str_t
ngx_http_senda_prom_site(ngx_http_senda_status_t *s, uint32_t site)
{
    ngx_uint_t i;

    for (i = 0; i < s->nsites; i++) {
        if (s->sites[i].site == site) {
            return s->sites[i].name;
        }
    }

    return (ngx_str_t)ngx_null_string;
}

/* kind 0: all page views of a site, 1: pages, 2: events. */
static void
ngx_http_senda_prom_rows(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, ngx_uint_t kind)
{
    static const char *const metrics[] = { "page_views", "page_visits", "events" };
    static const char *const labels[] = { NULL, "page", "event" };
    static const char *const helps[] = {
        "Page views, by site.",
        "Visits by site and page, the most visited ones.",
        "Events by site and name, the most frequent ones.",
    };

    ngx_http_senda_status_row_t *row;
    ngx_uint_t i;

    ngx_http_senda_prom_head(o, metrics[kind], 1, helps[kind]);

    for (i = 0; i < s->nrows; i++) {
        row = &s->rows[i];
        if ((row->key == SENDA_KEY_ANY ? 0 : senda_key_is_event(row->key) ? 2 : 1) != kind) {
            continue;
        }

        ngx_http_senda_put_f(o, "senda_%s_total{site_id=\"%uD\",site=\"", metrics[kind], row->site);
        ngx_http_senda_put_text(o, ngx_http_senda_prom_site(s, row->site));

        if (kind) {
            ngx_http_senda_put_f(o, "\",id=\"%uD\",%s=\"", row->key & ~SENDA_KEY_EVENT,
                labels[kind]);
            ngx_http_senda_put_text(o, row->name);
        }

        ngx_http_senda_put_f(o, "\"} %uL\n", row->count);
    }
}

void
ngx_http_senda_status_prometheus(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_uint_t kind;

    ngx_http_senda_prom_health(o, s);
    ngx_http_senda_prom_board(o, s);
    ngx_http_senda_prom_rings(o, s);

    for (kind = 0; kind < 3; kind++) {
        ngx_http_senda_prom_rows(o, s, kind);
    }
}
