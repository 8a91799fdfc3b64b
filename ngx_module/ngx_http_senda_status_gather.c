/*
 * Finds out what the status page shows: the board, the heads of the ring files
 * (read, not mapped: a file that shrinks kills nobody), the rules and their last
 * error, visits by page. Stores are asked only while the module is not passive,
 * and by handles that this worker has anyway. What is missing is left empty and
 * said by ngx_http_senda_status_health.c.
 */

#include "ngx_http_senda_status.h"

#include "senda_mask.h"

#include <dirent.h>

static void
ngx_http_senda_status_board(ngx_http_senda_status_t *s)
{
    senda_board_t *board = ngx_http_senda_board();
    uint64_t at, head, applied;
    ngx_uint_t i;

    s->drain_age = -1;
    s->passive = ngx_http_senda_passive();

    if (board == NULL) {
        return;
    }

    s->has_board = 1;

    for (i = 0; i < SENDA_BOARD_CELLS; i++) {
        s->cell[i] = senda_board_get(board, (senda_board_cell_t)i);
    }

    for (i = 0; i < SENDA_DROP_REASONS; i++) {
        s->dropped[i] = senda_board_dropped(board, i);
    }

    at = s->cell[SENDA_BOARD_DRAIN_AT];
    if (at) {
        s->drain_age = at < s->now ? (int64_t)(s->now - at) : 0;
    }

    head = s->cell[SENDA_BOARD_JOURNAL_HEAD];
    applied = s->cell[SENDA_BOARD_LIVE_APPLIED];
    if (head > applied) {
        s->behind = ngx_http_senda_seq_epoch(head) == ngx_http_senda_seq_epoch(applied)
            ? head - applied
            : ngx_http_senda_seq_number(head);
    }
}

/* ---- rings ---- */

static void
ngx_http_senda_status_ring(ngx_http_senda_status_t *s, int dir, const char *name)
{
    ngx_http_senda_status_ring_t *ring;
    senda_ring_facts_t facts;
    ngx_uint_t i;

    if (senda_ring_facts(&facts, dir, name) != SENDA_OK) {
        return;
    }

    s->nrings++;
    s->owned += facts.alive;
    s->ring_used += facts.used;
    s->ring_size += facts.size;

    for (i = 0; i < SENDA_DROP_REASONS; i++) {
        s->dropped[i] += facts.dropped[i];
    }

    if (s->nshown < NGX_HTTP_SENDA_STATUS_RINGS) {
        ring = &s->rings[s->nshown++];
        ring->facts = facts;
        ngx_cpystrn(ring->name, (u_char *)name, sizeof(ring->name));
    }
}

static int ngx_libc_cdecl
ngx_http_senda_status_compare(const void *a, const void *b)
{
    const ngx_http_senda_status_ring_t *x = a, *y = b;
    size_t m = ngx_strlen(x->name), n = ngx_strlen(y->name);

    return m != n ? (m > n) - (m < n) : ngx_strcmp(x->name, y->name); /* ring.2 before ring.10 */
}

static ngx_int_t
ngx_http_senda_status_rings(ngx_http_senda_status_t *s)
{
    struct dirent *entry;
    ngx_uint_t n = 0;
    DIR *dir;

    s->rings = ngx_palloc(s->pool,
        NGX_HTTP_SENDA_STATUS_RINGS * sizeof(ngx_http_senda_status_ring_t));
    if (s->rings == NULL) {
        return NGX_ERROR;
    }

    dir = opendir((char *)s->conf->live.data);
    if (dir == NULL) {
        return NGX_OK;
    }

    while (n < SENDA_RINGS_MAX && (entry = readdir(dir)) != NULL) {
        if (ngx_strncmp(entry->d_name, SENDA_RING_PREFIX, sizeof(SENDA_RING_PREFIX) - 1) == 0) {
            n++;
            ngx_http_senda_status_ring(s, dirfd(dir), entry->d_name);
        }
    }

    (void)closedir(dir);

    ngx_qsort(s->rings, s->nshown, sizeof(ngx_http_senda_status_ring_t),
        ngx_http_senda_status_compare);

    return NGX_OK;
}

/* ---- rules ---- */

static ngx_int_t
ngx_http_senda_status_error(ngx_http_senda_status_t *s)
{
    senda_published_t *published = ngx_http_senda_published();

    if (published == NULL) {
        return NGX_OK;
    }

    s->error.data = ngx_pnalloc(s->pool, SENDA_RULES_ERROR_MAX);
    if (s->error.data == NULL) {
        return NGX_ERROR;
    }

    s->error.len = senda_published_error(published, (char *)s->error.data, &s->error_at);
    senda_mask_addresses((char *)s->error.data, s->error.len);

    return NGX_OK;
}

static void
ngx_http_senda_status_published(ngx_http_senda_status_t *s)
{
    u_char path[NGX_MAX_PATH + sizeof("/published/data.mdb")];
    ngx_file_info_t fi;

    ngx_sprintf(path, "%V/published/data.mdb%Z", &s->conf->store);

    if (ngx_file_info(path, &fi) != NGX_FILE_ERROR) {
        s->published_bytes = (uint64_t)ngx_file_size(&fi);
    }
}

ngx_int_t
ngx_http_senda_status_gather(ngx_http_request_t *r, ngx_http_senda_status_t *s)
{
    ngx_http_senda_rules_t *rules = NULL;
    ngx_time_t *now = ngx_timeofday();
    ngx_int_t rc;

    ngx_memzero(s, sizeof(ngx_http_senda_status_t));

    s->pool = r->pool;
    s->conf = ngx_http_get_module_main_conf(r, ngx_http_senda_module);
    s->now = (uint64_t)now->sec * 1000 + now->msec;

    ngx_http_senda_status_board(s);
    ngx_http_senda_status_published(s);

    if (ngx_http_senda_status_rings(s) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_senda_usable()) {
        rules = ngx_http_senda_rules_hold();
        if (ngx_http_senda_status_error(s) != NGX_OK) {
            rc = NGX_ERROR;
            goto done;
        }
    }

    s->generation = rules ? rules->generation : 0;

    rc = ngx_http_senda_status_pages(s, rules);
    if (rc == NGX_OK) {
        rc = ngx_http_senda_status_health(s);
    }

done:

    if (rules) {
        ngx_http_senda_rules_release(rules);
    }

    return rc;
}
