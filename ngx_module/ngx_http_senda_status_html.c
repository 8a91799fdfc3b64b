/*
 * The status as a page: on top in words what is wrong and what to do, then the
 * figures. HTML and inline CSS, no script; light or dark as the reader's system
 * is. It loads itself anew only when asked to (?refresh=5).
 *
 * All of its HTML stands in this file.
 */

#include "ngx_http_senda_status.h"

static const char ngx_http_senda_html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n";

static const char ngx_http_senda_html_style[] =
    "<style>\n"
    ":root{color-scheme:light dark;--text:#1c2024;--soft:#62707c;--line:#d9dfe4;--page:#f5f7f8;"
    "--card:#fff;--ok:#1a7f45;--warn:#9a6100;--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#e4e8eb;--soft:#98a4ae;--line:#343c44;"
    "--page:#14181b;--card:#1d2226;--ok:#4cc47f;--warn:#e6ad4a;--bad:#ff7b70}}\n"
    "body{margin:0;padding:1.5rem;background:var(--page);color:var(--text);"
    "font:15px/1.45 system-ui,sans-serif}\n"
    "main{max-width:68rem;margin:auto}\n"
    "h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.05rem;margin:0 0 .5rem}\n"
    "p{margin:.25rem 0}small,.soft{color:var(--soft)}\n"
    "header,section{background:var(--card);border:1px solid var(--line);border-radius:8px;"
    "padding:1rem 1.25rem;margin:0 0 1rem;overflow-x:auto}\n"
    ".ok{border-left:6px solid var(--ok)}.ok h1{color:var(--ok)}\n"
    ".warn{border-left:6px solid var(--warn)}.warn h1,.warn h2{color:var(--warn)}\n"
    ".bad{border-left:6px solid var(--bad)}.bad h1,.bad h2{color:var(--bad)}\n"
    ".cards{display:grid;gap:0 1rem;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));"
    "align-items:start}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;padding:.2rem .75rem .2rem 0;border-top:1px solid var(--line);"
    "vertical-align:top}\n"
    "tr:first-child>*{border-top:0}th{font-weight:normal;color:var(--soft)}\n"
    "thead th{border-bottom:1px solid var(--line)}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;"
    "padding-left:.75rem}\n"
    ".w{white-space:normal;overflow-wrap:anywhere}\n"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.5rem 0 0;padding:.75rem;"
    "background:var(--page);border-radius:6px;font-size:.9rem}\n"
    "a{color:inherit}\n"
    "</style>\n</head>\n<body>\n<main>\n";

/* What a reason of not recording means; purpose: it is as it should be. */
static const struct {
    ngx_uint_t purpose;
    const char *words;
} ngx_http_senda_html_drops[SENDA_DROP_REASONS] = {
    [SENDA_DROP_FULL] = { 0, "the ring was full: the drain did not keep up" },
    [SENDA_DROP_TOO_LARGE] = { 0, "the record would be too large" },
    [SENDA_DROP_LONG_URL] = { 0, "the address was too long" },
    [SENDA_DROP_HEADER] = { 0, "an X-Senda header of the shop could not be read" },
    [SENDA_DROP_BOT] = { 1, "bots" },
    [SENDA_DROP_PREFETCH] = { 1, "fetched ahead by the browser, not seen" },
    [SENDA_DROP_STATUS] = { 1, "errors, redirects, other methods" },
    [SENDA_DROP_ASSET] = { 1, "images, styles, scripts" },
    [SENDA_DROP_CONSENT] = { 1, "no consent" },
    [SENDA_DROP_COOKIE] = { 0, "the cookie was forged or too old" },
    [SENDA_DROP_FIT] = { 0, "more pages or captures than one visit holds" },
    [SENDA_DROP_FORM] = { 0, "a form could not be read" },
    [SENDA_DROP_FIELD] = { 1, "a field that is never kept, or too long" },
    [SENDA_DROP_TOKEN] = { 0, "a link of a message that is unknown or altered" },
    [SENDA_DROP_DURABLE] = { 0, "an answer could not be made durable in time" },
};

static const char *const ngx_http_senda_html_level[] = { "ok", "warn", "bad" };

/* ---- figures ---- */

/* Digits in groups of three, with narrow spaces (U+202F). */
static void
ngx_http_senda_html_number(ngx_http_senda_out_t *o, uint64_t n)
{
    u_char digits[NGX_INT64_LEN + 1], *end, *p;

    end = ngx_slprintf(digits, digits + sizeof(digits), "%uL", n);

    for (p = digits; p < end; p++) {
        if (p > digits && (end - p) % 3 == 0) {
            ngx_http_senda_put_s(o, "\xe2\x80\xaf");
        }
        ngx_http_senda_put(o, (char *)p, 1);
    }
}

static void
ngx_http_senda_html_bytes(ngx_http_senda_out_t *o, uint64_t n)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };

    ngx_uint_t unit = 0;

    if (n < 1024) {
        ngx_http_senda_put_f(o, "%uL B", n);
        return;
    }

    for (; n >= 1024 * 1024 && unit < 3; n /= 1024) {
        unit++;
    }

    ngx_http_senda_put_f(o, "%uL.%uL %s", n / 1024, n % 1024 * 10 / 1024, units[unit]);
}

static void
ngx_http_senda_html_span(ngx_http_senda_out_t *o, uint64_t ms)
{
    if (ms < 1000) {
        ngx_http_senda_put_f(o, "%uL ms", ms);
    } else if (ms < 120 * 1000) {
        ngx_http_senda_put_f(o, "%uL s", ms / 1000);
    } else if (ms < 120 * 60 * 1000) {
        ngx_http_senda_put_f(o, "%uL min", ms / 60000);
    } else if (ms < 48ull * 3600 * 1000) {
        ngx_http_senda_put_f(o, "%uL h", ms / 3600000);
    } else {
        ngx_http_senda_put_f(o, "%uL days", ms / 86400000);
    }
}

static void
ngx_http_senda_html_moment(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, uint64_t sec)
{
    ngx_tm_t tm;

    if (sec == 0 || sec > 253402300799ull) { /* the year 9999 ends */
        ngx_http_senda_put_s(o, "never");
        return;
    }

    ngx_gmtime((time_t)sec, &tm);
    ngx_http_senda_put_f(o, "%4d-%02d-%02d %02d:%02d:%02d UTC <small>(", tm.ngx_tm_year,
        tm.ngx_tm_mon, tm.ngx_tm_mday, tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec);
    ngx_http_senda_html_span(o, s->now > sec * 1000 ? s->now - sec * 1000 : 0);
    ngx_http_senda_put_s(o, " ago)</small>");
}

static void
ngx_http_senda_html_us(ngx_http_senda_out_t *o, uint64_t us)
{
    ngx_http_senda_put_f(o, "%uL.%uL ms", us / 1000, us % 1000 / 100);
}

/* ---- rows of two columns ---- */

static void
ngx_http_senda_html_open(ngx_http_senda_out_t *o, const char *title)
{
    ngx_http_senda_put_f(o, "<section>\n<h2>%s</h2>\n<table>\n", title);
}

#define ngx_http_senda_html_close(o) ngx_http_senda_put_s(o, "</table>\n</section>\n")

static void
ngx_http_senda_html_row(ngx_http_senda_out_t *o, const char *label)
{
    ngx_http_senda_put_f(o, "<tr><th scope=\"row\">%s</th><td class=\"n\">", label);
}

#define ngx_http_senda_html_end(o) ngx_http_senda_put_s(o, "</td></tr>\n")

static void
ngx_http_senda_html_folder(ngx_http_senda_out_t *o, ngx_str_t path)
{
    ngx_http_senda_put_s(o, "<tr><th scope=\"row\">folder</th><td class=\"n w\">");
    ngx_http_senda_put_text(o, path);
    ngx_http_senda_html_end(o);
}

static void
ngx_http_senda_html_count(ngx_http_senda_out_t *o, const char *label, uint64_t n)
{
    ngx_http_senda_html_row(o, label);
    ngx_http_senda_html_number(o, n);
    ngx_http_senda_html_end(o);
}

/* A count that is shown only when there was one. */
static void
ngx_http_senda_html_any(ngx_http_senda_out_t *o, const char *label, uint64_t n)
{
    if (n) {
        ngx_http_senda_html_count(o, label, n);
    }
}

/* ---- the parts ---- */

static void
ngx_http_senda_html_top(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, ngx_uint_t refresh)
{
    static const char *const words[] = { "All well", "Worth a look", "Something does not work" };

    ngx_http_senda_put_s(o, ngx_http_senda_html_head);
    if (refresh) {
        ngx_http_senda_put_f(o, "<meta http-equiv=\"refresh\" content=\"%ui\">\n", refresh);
    }
    ngx_http_senda_put_f(o, "<title>Senda: %s</title>\n", words[s->level]);
    ngx_http_senda_put_s(o, ngx_http_senda_html_style);

    ngx_http_senda_put_f(o, "<header class=\"%s\">\n<h1>%s</h1>\n<p>",
        ngx_http_senda_html_level[s->level], words[s->level]);

    if (s->level == 0) {
        ngx_http_senda_put_s(o, "Visitors known: ");
        ngx_http_senda_html_number(o, s->cell[SENDA_BOARD_LIVE_VISITORS]);
        ngx_http_senda_put_s(o, ". Visits journalled: ");
        ngx_http_senda_html_number(o, s->cell[SENDA_BOARD_JOURNAL_RECORDS]);
        ngx_http_senda_put_f(o, ". Rules in use: generation %uL.", s->generation);
    } else {
        ngx_http_senda_put_s(o,
            "The shop is served whatever stands here: Senda never keeps a page "
            "from anybody.");
    }

    ngx_http_senda_put_s(o, "</p>\n</header>\n");
}

static void
ngx_http_senda_html_problems(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_uint_t i, level;

    for (level = 2; level > 0; level--) {
        for (i = 0; i < NGX_HTTP_SENDA_PROBLEMS; i++) {
            if (!s->findings[i].present || ngx_http_senda_problem_level(i) != level) {
                continue;
            }

            ngx_http_senda_put_f(o, "<section class=\"%s\">\n<h2>",
                ngx_http_senda_html_level[level]);
            ngx_http_senda_put_text(o, s->findings[i].text);
            ngx_http_senda_put_f(o, "</h2>\n<p>%s</p>\n", ngx_http_senda_problem_advice(i));

            if (i == NGX_HTTP_SENDA_RULES_ERROR) {
                ngx_http_senda_put_s(o, "<p class=\"soft\">Since ");
                ngx_http_senda_html_moment(o, s, s->error_at > 0 ? (uint64_t)s->error_at : 0);
                ngx_http_senda_put_s(o, "</p>\n<pre>");
                ngx_http_senda_put_text(o, s->error);
                ngx_http_senda_put_s(o, "</pre>\n");
            }

            ngx_http_senda_put_s(o, "</section>\n");
        }
    }
}

static void
ngx_http_senda_html_drain(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_http_senda_html_open(o, "Drain");

    ngx_http_senda_html_row(o, "last look at the rings");
    if (s->drain_age < 0) {
        ngx_http_senda_put_s(o, "never");
    } else {
        ngx_http_senda_html_span(o, (uint64_t)s->drain_age);
        ngx_http_senda_put_f(o, " ago <small>process %uL</small>", s->cell[SENDA_BOARD_DRAIN_PID]);
    }
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_row(o, "waits in the rings");
    ngx_http_senda_html_bytes(o, s->ring_used);
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_row(o, "last commit, longest");
    ngx_http_senda_html_us(o, s->cell[SENDA_BOARD_COMMIT_US]);
    ngx_http_senda_put_s(o, ", ");
    ngx_http_senda_html_us(o, s->cell[SENDA_BOARD_COMMIT_US_MAX]);
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_count(o, "commits", s->cell[SENDA_BOARD_JOURNAL_COMMITS]);
    ngx_http_senda_html_any(o, "commits that failed", s->cell[SENDA_BOARD_JOURNAL_FAILED]);
    ngx_http_senda_html_any(o, "commits forced for an answer", s->cell[SENDA_BOARD_JOURNAL_SYNCS]);
    ngx_http_senda_html_any(o, "landings known already", s->cell[SENDA_BOARD_REPEATED]);
    ngx_http_senda_html_any(o, "new visitors beyond the bound", s->cell[SENDA_BOARD_FLOOD]);
    ngx_http_senda_html_any(o, "visitors who withdrew consent", s->cell[SENDA_BOARD_FORGOTTEN]);
    ngx_http_senda_html_any(o, "damaged records", s->cell[SENDA_BOARD_RINGS_DAMAGED]);
    ngx_http_senda_html_any(o, "deaths inside a store", s->cell[SENDA_BOARD_DEATHS]);
    ngx_http_senda_html_close(o);
}

static void
ngx_http_senda_html_live(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    uint64_t used = s->cell[SENDA_BOARD_LIVE_BYTES], size = s->cell[SENDA_BOARD_LIVE_SIZE];

    ngx_http_senda_html_open(o, "Live store");
    ngx_http_senda_html_count(o, "visitors", s->cell[SENDA_BOARD_LIVE_VISITORS]);

    ngx_http_senda_html_row(o, "in use");
    ngx_http_senda_html_bytes(o, used);
    ngx_http_senda_put_s(o, " of ");
    ngx_http_senda_html_bytes(o, size);
    ngx_http_senda_put_f(o, " <small>%uL %%</small>",
        size >= 100 ? ngx_min(used / (size / 100), 100) : 0);
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_count(o, "visits behind the journal", s->behind);
    ngx_http_senda_html_any(o, "visits refused: full", s->cell[SENDA_BOARD_LIVE_REFUSED_FULL]);
    ngx_http_senda_html_any(o, "visits refused: profile damaged",
        s->cell[SENDA_BOARD_LIVE_REFUSED_DAMAGED]);
    ngx_http_senda_html_any(o, "visits refused: profile too large",
        s->cell[SENDA_BOARD_LIVE_REFUSED_LARGE]);
    ngx_http_senda_html_any(o, "visitors expired", s->cell[SENDA_BOARD_LIVE_EXPIRED]);
    ngx_http_senda_html_any(o, "made anew", s->cell[SENDA_BOARD_LIVE_REBUILDS]);

    if (s->cell[SENDA_BOARD_SNAPSHOT_AT]) {
        ngx_http_senda_html_row(o, "last snapshot");
        ngx_http_senda_html_moment(o, s, s->cell[SENDA_BOARD_SNAPSHOT_AT]);
        ngx_http_senda_html_end(o);
    }

    ngx_http_senda_html_folder(o, s->conf->live);
    ngx_http_senda_html_close(o);
}

static void
ngx_http_senda_html_journal(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    uint64_t head = s->cell[SENDA_BOARD_JOURNAL_HEAD];

    ngx_http_senda_html_open(o, "Journal");
    ngx_http_senda_html_count(o, "visits", s->cell[SENDA_BOARD_JOURNAL_RECORDS]);

    ngx_http_senda_html_row(o, "last sequence");
    ngx_http_senda_put_f(o, "%uL:%uL", ngx_http_senda_seq_epoch(head),
        ngx_http_senda_seq_number(head));
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_row(o, "in use");
    ngx_http_senda_html_bytes(o, s->cell[SENDA_BOARD_JOURNAL_BYTES]);
    ngx_http_senda_html_end(o);

    if (s->cell[SENDA_BOARD_JOURNAL_FIRST]) {
        ngx_http_senda_html_row(o, "oldest visit");
        ngx_http_senda_html_moment(o, s, s->cell[SENDA_BOARD_JOURNAL_FIRST]);
        ngx_http_senda_html_end(o);
    }

    ngx_http_senda_html_any(o, "records expired", s->cell[SENDA_BOARD_JOURNAL_EXPIRED]);

    ngx_http_senda_html_folder(o, s->conf->store);
    ngx_http_senda_html_close(o);
}

static void
ngx_http_senda_html_rules(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_http_senda_html_open(o, "Rules");
    ngx_http_senda_html_row(o, "generation in use");
    if (s->generation) {
        ngx_http_senda_html_number(o, s->generation);
    } else {
        ngx_http_senda_put_s(o, "none");
    }
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_row(o, "mistakes in the files");
    if (s->error.len) {
        ngx_http_senda_put_s(o, "yes, see above");
    } else {
        ngx_http_senda_put_s(o, "none");
    }
    ngx_http_senda_html_end(o);

    ngx_http_senda_html_row(o, "published");
    ngx_http_senda_html_bytes(o, s->published_bytes);
    ngx_http_senda_html_end(o);
    ngx_http_senda_html_close(o);
}

static void
ngx_http_senda_html_dropped(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, const char *title,
    ngx_uint_t purpose)
{
    ngx_uint_t i, any = 0;

    ngx_http_senda_html_open(o, title);

    for (i = 0; i < SENDA_DROP_REASONS; i++) {
        if (s->dropped[i] == 0 || ngx_http_senda_html_drops[i].purpose != purpose) {
            continue;
        }

        any = 1;
        ngx_http_senda_put_s(o, "<tr><th scope=\"row\">");
        ngx_http_senda_put_f(o, "%s <small>%s</small></th><td class=\"n\">",
            ngx_http_senda_html_drops[i].words ? ngx_http_senda_html_drops[i].words : "",
            senda_drop_name((senda_drop_t)i));
        ngx_http_senda_html_number(o, s->dropped[i]);
        ngx_http_senda_html_end(o);
    }

    if (!any) {
        ngx_http_senda_put_s(o, "<tr><td>nothing</td></tr>\n");
    }

    ngx_http_senda_html_close(o);
}

static void
ngx_http_senda_html_ring(ngx_http_senda_out_t *o, ngx_http_senda_status_ring_t *ring)
{
    ngx_uint_t i, n = 0;

    ngx_http_senda_put_s(o, "<tr><td>");
    ngx_http_senda_put_text(o, (ngx_str_t){ ngx_strlen(ring->name), ring->name });
    ngx_http_senda_put_s(o, "</td><td>");

    if (ring->facts.alive) {
        ngx_http_senda_put_f(o, "process %ui", (ngx_uint_t)ring->facts.pid);
    } else if (ring->facts.pid) {
        ngx_http_senda_put_f(o, "<span class=\"soft\">process %ui is gone</span>",
            (ngx_uint_t)ring->facts.pid);
    } else {
        ngx_http_senda_put_s(o, "<span class=\"soft\">nobody</span>");
    }

    ngx_http_senda_put_s(o, "</td><td class=\"n\">");
    ngx_http_senda_html_bytes(o, ring->facts.used);
    ngx_http_senda_put_s(o, "</td><td class=\"n\">");
    ngx_http_senda_html_bytes(o, ring->facts.size);
    ngx_http_senda_put_s(o, "</td><td class=\"n\">");

    for (i = 0; i < SENDA_DROP_REASONS; i++) {
        if (ring->facts.dropped[i] && !ngx_http_senda_html_drops[i].purpose) {
            ngx_http_senda_put_f(o, "%s%s\xc2\xa0%uL", n++ ? ", " : "",
                senda_drop_name((senda_drop_t)i), ring->facts.dropped[i]);
        }
    }

    if (n == 0) {
        ngx_http_senda_put_s(o, "none");
    }

    ngx_http_senda_put_s(o, "</td></tr>\n");
}

static void
ngx_http_senda_html_rings(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s)
{
    ngx_uint_t i;

    ngx_http_senda_put_f(o,
        "<section>\n<h2>Rings</h2>\n<p class=\"soft\">%ui, of which %ui belong "
        "to a living worker.</p>\n",
        s->nrings, s->owned);

    if (s->nshown == 0) {
        ngx_http_senda_put_s(o, "</section>\n");
        return;
    }

    ngx_http_senda_put_s(o,
        "<table>\n<thead><tr><th scope=\"col\">ring</th><th scope=\"col\">worker</th>"
        "<th scope=\"col\" class=\"n\">waits</th><th scope=\"col\" class=\"n\">holds</th>"
        "<th scope=\"col\" class=\"n\">could not be recorded</th></tr></thead>\n<tbody>\n");

    for (i = 0; i < s->nshown; i++) {
        ngx_http_senda_html_ring(o, &s->rings[i]);
    }

    ngx_http_senda_put_s(o, "</tbody>\n</table>\n");

    if (s->nshown < s->nrings) {
        ngx_http_senda_put_f(o, "<p class=\"soft\">%ui more are not shown one by one.</p>\n",
            s->nrings - s->nshown);
    }

    ngx_http_senda_put_s(o, "</section>\n");
}

/* ---- visits by page ---- */

static void
ngx_http_senda_html_visits(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, uint32_t site,
    ngx_uint_t events)
{
    ngx_http_senda_status_row_t *row;
    ngx_uint_t i, n = 0;

    for (i = 0; i < s->nrows; i++) {
        row = &s->rows[i];
        if (row->site != site || row->key == SENDA_KEY_ANY ||
            senda_key_is_event(row->key) != (events != 0)) {
            continue;
        }

        if (n++ == 0) {
            ngx_http_senda_html_open(o, events ? "Events" : "Visits by page");
        }

        ngx_http_senda_put_s(o, "<tr><td>");
        if (row->name.len) {
            ngx_http_senda_put_text(o, row->name);
        } else {
            ngx_http_senda_put_f(o, "<span class=\"soft\">number %uD, not in the rules</span>",
                row->key & ~SENDA_KEY_EVENT);
        }
        ngx_http_senda_put_s(o, "</td><td class=\"n\">");
        ngx_http_senda_html_number(o, row->count);
        ngx_http_senda_html_end(o);
    }

    if (n) {
        ngx_http_senda_html_close(o);
    }
}

static void
ngx_http_senda_html_site(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s,
    ngx_http_senda_status_site_t *site)
{
    ngx_uint_t i;

    ngx_http_senda_put_s(o, "<h2>");
    if (site->name.len) {
        ngx_http_senda_put_text(o, site->name);
    } else {
        ngx_http_senda_put_f(o, "site %uD", site->site);
    }

    for (i = 0; i < s->nrows; i++) {
        if (s->rows[i].site == site->site && s->rows[i].key == SENDA_KEY_ANY) {
            ngx_http_senda_put_s(o, " <small>");
            ngx_http_senda_html_number(o, s->rows[i].count);
            ngx_http_senda_put_s(o, " page views</small>");
        }
    }

    ngx_http_senda_put_s(o, "</h2>\n<div class=\"cards\">\n");
    ngx_http_senda_html_visits(o, s, site->site, 0);
    ngx_http_senda_html_visits(o, s, site->site, 1);
    ngx_http_senda_put_s(o, "</div>\n");
}

static void
ngx_http_senda_html_foot(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, ngx_uint_t refresh)
{
    ngx_tm_t tm;

    ngx_gmtime((time_t)(s->now / 1000), &tm);
    ngx_http_senda_put_f(o,
        "<p class=\"soft\">%4d-%02d-%02d %02d:%02d:%02d UTC. Visits by page count from when the "
        "live store was made, the rest from when its folder was. ",
        tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday, tm.ngx_tm_hour, tm.ngx_tm_min,
        tm.ngx_tm_sec);

    if (refresh) {
        ngx_http_senda_put_f(o, "Loads itself anew every %ui s: <a href=\"?\">stop</a>.", refresh);
    } else {
        ngx_http_senda_put_s(o, "<a href=\"?refresh=5\">Load anew every 5 s</a>.");
    }

    ngx_http_senda_put_s(o, "</p>\n</main>\n</body>\n</html>\n");
}

void
ngx_http_senda_status_html(ngx_http_senda_out_t *o, ngx_http_senda_status_t *s, ngx_uint_t refresh)
{
    ngx_uint_t i;

    ngx_http_senda_html_top(o, s, refresh);
    ngx_http_senda_html_problems(o, s);

    ngx_http_senda_put_s(o, "<div class=\"cards\">\n");
    ngx_http_senda_html_drain(o, s);
    ngx_http_senda_html_live(o, s);
    ngx_http_senda_html_journal(o, s);
    ngx_http_senda_html_rules(o, s);
    ngx_http_senda_html_dropped(o, s, "Could not be recorded", 0);
    ngx_http_senda_html_dropped(o, s, "Left out on purpose", 1);
    ngx_http_senda_put_s(o, "</div>\n");

    ngx_http_senda_html_rings(o, s);

    for (i = 0; i < s->nsites; i++) {
        ngx_http_senda_html_site(o, s, &s->sites[i]);
    }

    if (s->cut) {
        ngx_http_senda_put_s(o,
            "<p class=\"soft\">There are more pages or events: the most frequent "
            "ones of each site are shown.</p>\n");
    }

    ngx_http_senda_html_foot(o, s, refresh);
}
