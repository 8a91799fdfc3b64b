/*
 * What is wrong, in a sentence each, and what can be done about it. Judges
 * only what was gathered; looks at nothing itself.
 */

#include "ngx_http_senda_status.h"

#define NGX_HTTP_SENDA_SILENT 3000   /* ms without a tick: the drain does not run */
#define NGX_HTTP_SENDA_RECENT 600    /* s: what happened within them is said */
#define NGX_HTTP_SENDA_NEARLY 95     /* per cent of the live store */
#define NGX_HTTP_SENDA_BEHIND 100000 /* visits that live/ may lack before it is said */

typedef struct {
    const char *name;
    ngx_uint_t level;
    const char *advice;
} ngx_http_senda_problem_row_t;

static const ngx_http_senda_problem_row_t ngx_http_senda_problems[NGX_HTTP_SENDA_PROBLEMS] = {
    [NGX_HTTP_SENDA_PASSIVE] = { "passive", 2,
        "The shop is served as ever. Reload nginx, and the stores are tried again. If that does "
        "not last, the error log names the store: stop nginx, move the live folder or "
        "STORE/journal aside, start nginx. The live store is then made anew from the journal." },
    [NGX_HTTP_SENDA_NO_BOARD] = { "no_board", 2,
        "Look into nginx's error log for the reason: space in shared memory, or who owns the "
        "live folder. The shop is served as ever." },
    [NGX_HTTP_SENDA_NO_DRAIN] = { "no_drain", 2,
        "Is there a process \"nginx: cache manager process\"? nginx starts it by itself and anew "
        "when it dies. If it is there, the error log says what it waits for. Visits wait in the "
        "rings meanwhile." },
    [NGX_HTTP_SENDA_JOURNAL_FAILS] = { "journal_fails", 2,
        "Look for space and errors on the disk of the store. Visits wait in the rings until they "
        "are full; everything goes on by itself once the journal can be written." },
    [NGX_HTTP_SENDA_LIVE_FAILS] = { "live_fails", 2,
        "Look into nginx's error log. Visits are journalled all the same, and the live store "
        "takes them from there later." },
    [NGX_HTTP_SENDA_LIVE_FULL] = { "live_full", 1,
        "Give it more: size= of senda_store, then reload nginx. Visitors who are known go on being "
        "counted, new ones are journalled only." },
    [NGX_HTTP_SENDA_DROPPED] = { "dropped", 1,
        "The drain did not keep up for a moment: is the disk of the store slow, or the processor "
        "busy? These visits are lost to statistics; no page was." },
    [NGX_HTTP_SENDA_NO_RULES] = { "no_rules", 2,
        "Nothing is recorded until there are some: run \"senda publish\", or \"senda run\"." },
    [NGX_HTTP_SENDA_RULES_ERROR] = { "rules_error", 1,
        "Mend the rule files; \"senda check\" says the same. The rules of before stay live." },
    [NGX_HTTP_SENDA_LIVE_BEHIND] = { "live_behind", 1,
        "It is catching up from the journal by itself, as after a reboot. Until then variables "
        "may say less than happened." },
};

const char *
ngx_http_senda_problem_name(ngx_http_senda_problem_t problem)
{
    return ngx_http_senda_problems[problem].name;
}

const char *
ngx_http_senda_problem_advice(ngx_http_senda_problem_t problem)
{
    return ngx_http_senda_problems[problem].advice;
}

ngx_uint_t
ngx_http_senda_problem_level(ngx_http_senda_problem_t problem)
{
    return ngx_http_senda_problems[problem].level;
}

/* ---- findings ---- */

static ngx_int_t
ngx_http_senda_find(ngx_http_senda_status_t *s, ngx_http_senda_problem_t problem, const char *fmt,
    ...)
{
    ngx_http_senda_finding_t *f = &s->findings[problem];
    u_char buf[NGX_MAX_PATH + 256], *end;
    va_list args;

    va_start(args, fmt);
    end = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    f->text.len = end - buf;
    f->text.data = ngx_pnalloc(s->pool, f->text.len);
    if (f->text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(f->text.data, buf, f->text.len);
    f->present = 1;
    s->level = ngx_max(s->level, ngx_http_senda_problems[problem].level);

    return NGX_OK;
}

/* A moment of the board: how many s ago; within the time that is worth saying. */
static ngx_uint_t
ngx_http_senda_is_recent(const ngx_http_senda_status_t *s, senda_board_cell_t cell, uint64_t *ago)
{
    uint64_t now = s->now / 1000, at = s->cell[cell];

    *ago = at < now ? now - at : 0;

    return at != 0 && *ago <= NGX_HTTP_SENDA_RECENT;
}

static ngx_int_t
ngx_http_senda_find_processes(ngx_http_senda_status_t *s)
{
    if (s->passive) {
        return ngx_http_senda_find(s, NGX_HTTP_SENDA_PASSIVE,
            "Senda is passive: %d processes died inside a store within %d seconds, so a store is "
            "taken to be damaged. Nothing is recorded or shown to visitors.",
            SENDA_BOARD_DEATHS_MAX, SENDA_BOARD_WITHIN);
    }

    if (!s->has_board) {
        return ngx_http_senda_find(s, NGX_HTTP_SENDA_NO_BOARD,
            "The live folder \"%V\" cannot be used, so nothing is recorded.", &s->conf->live);
    }

    if (s->drain_age < 0) {
        return ngx_http_senda_find(s, NGX_HTTP_SENDA_NO_DRAIN,
            "No process has drained the rings since the live folder was made.");
    }

    if (s->drain_age > NGX_HTTP_SENDA_SILENT) {
        return ngx_http_senda_find(s, NGX_HTTP_SENDA_NO_DRAIN,
            "No process drains the rings: the last sign of it, of process %uL, is %L seconds old.",
            s->cell[SENDA_BOARD_DRAIN_PID], s->drain_age / 1000);
    }

    return NGX_OK;
}

static ngx_int_t
ngx_http_senda_find_stores(ngx_http_senda_status_t *s)
{
    uint64_t ago, used = s->cell[SENDA_BOARD_LIVE_BYTES], size = s->cell[SENDA_BOARD_LIVE_SIZE];
    ngx_int_t rc = NGX_OK;

    if (s->cell[SENDA_BOARD_JOURNAL_FAILING]) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_JOURNAL_FAILS,
            "The journal in \"%V\" has not been writable for %uL seconds.", &s->conf->store,
            s->now / 1000 - ngx_min(s->now / 1000, s->cell[SENDA_BOARD_JOURNAL_FAILING]));
    }

    if (rc == NGX_OK && s->cell[SENDA_BOARD_LIVE_FAILING]) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_LIVE_FAILS,
            "The live store in \"%V\" has not been writable for %uL seconds.", &s->conf->live,
            s->now / 1000 - ngx_min(s->now / 1000, s->cell[SENDA_BOARD_LIVE_FAILING]));
    }

    if (rc == NGX_OK && ngx_http_senda_is_recent(s, SENDA_BOARD_LIVE_FULL_AT, &ago)) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_LIVE_FULL,
            "The live store is full: %uL visits of new visitors were not kept in it, the last "
            "%uL seconds ago.",
            s->cell[SENDA_BOARD_LIVE_REFUSED_FULL], ago);

    } else if (rc == NGX_OK && size > 0 && used >= size / 100 * NGX_HTTP_SENDA_NEARLY) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_LIVE_FULL,
            "The live store is nearly full: %uL of %uL bytes.", used, size);
    }

    if (rc == NGX_OK && s->behind > NGX_HTTP_SENDA_BEHIND) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_LIVE_BEHIND,
            "The live store lacks %uL visits that the journal has.", s->behind);
    }

    return rc;
}

ngx_int_t
ngx_http_senda_status_health(ngx_http_senda_status_t *s)
{
    uint64_t ago;
    ngx_int_t rc;

    rc = ngx_http_senda_find_processes(s);

    if (rc == NGX_OK && s->has_board && !s->passive) {
        rc = ngx_http_senda_find_stores(s);
    }

    if (rc == NGX_OK && ngx_http_senda_is_recent(s, SENDA_BOARD_DROPPED_FULL_AT, &ago)) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_DROPPED,
            "Visits were dropped because a ring was full, the last %uL seconds ago; %uL in all.",
            ago, s->dropped[SENDA_DROP_FULL]);
    }

    if (rc == NGX_OK && s->has_board && !s->passive && s->generation == 0) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_NO_RULES, "No rules are published in \"%V\".",
            &s->conf->store);
    }

    if (rc == NGX_OK && s->error.len) {
        rc = ngx_http_senda_find(s, NGX_HTTP_SENDA_RULES_ERROR,
            s->generation ? "The rule files have a mistake; the rules of generation %uL go on."
                          : "The rule files have a mistake.",
            s->generation);
    }

    return rc;
}
