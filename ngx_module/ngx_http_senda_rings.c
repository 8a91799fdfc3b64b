/*
 * The rings that the drain reads, found by looking into the live directory,
 * so that they outlive workers, reloads and upgrades. A ring is known by the
 * number in its header: a new file under an old name is another ring.
 *
 * A ring that nobody has owned for a while may be removed: it is claimed for
 * that first, as a worker would, so that no worker can have it. A file that is
 * no ring is passed over and said once.
 */

#include "ngx_http_senda.h"

#include <dirent.h>

#define NGX_HTTP_SENDA_SCAN   1000 /* ms between two looks at an unchanged directory */
#define NGX_HTTP_SENDA_FORMER 8    /* live directories that are remembered */

/* The master's, inherited: after a reload with another one, old workers write to the old one. */
static struct {
    char store[NGX_MAX_PATH];
    char live[NGX_MAX_PATH];
} ngx_http_senda_former[NGX_HTTP_SENDA_FORMER];

static ngx_uint_t ngx_http_senda_nformer;

static struct {
    ngx_http_senda_source_t sources[SENDA_RINGS_MAX];
    ngx_uint_t n;
    ngx_uint_t scanned; /* at least once */
    ngx_msec_t at;
    struct timespec changed; /* the directory's own time */
    ngx_http_senda_retry_t retry;
} ngx_http_senda_set;

void
ngx_http_senda_rings_remember(ngx_http_senda_main_conf_t *mcf)
{
    ngx_uint_t i;

    for (i = 0; i < NGX_HTTP_SENDA_FORMER; i++) {
        if (ngx_strcmp(ngx_http_senda_former[i].store, mcf->store.data) == 0 &&
            ngx_strcmp(ngx_http_senda_former[i].live, mcf->live.data) == 0) {
            return;
        }
    }

    i = ngx_http_senda_nformer++ % NGX_HTTP_SENDA_FORMER;
    ngx_cpystrn((u_char *)ngx_http_senda_former[i].store, mcf->store.data, NGX_MAX_PATH);
    ngx_cpystrn((u_char *)ngx_http_senda_former[i].live, mcf->live.data, NGX_MAX_PATH);
}

ngx_http_senda_source_t *
ngx_http_senda_rings(ngx_uint_t *n)
{
    *n = ngx_http_senda_set.n;

    return ngx_http_senda_set.sources;
}

static ngx_http_senda_source_t *
ngx_http_senda_find_source(const ngx_file_info_t *fi)
{
    ngx_http_senda_source_t *s;
    ngx_uint_t i;

    for (i = 0; i < ngx_http_senda_set.n; i++) {
        s = &ngx_http_senda_set.sources[i];

        if (s->dev == fi->st_dev && s->ino == ngx_file_uniq(fi)) {
            return s;
        }
    }

    return NULL;
}

/* Where reading goes on: a commit may have been made just before a death, without a release. */
static void
ngx_http_senda_place(ngx_http_senda_source_t *s, senda_journal_t *journal)
{
    uint64_t tail = senda_ring_tail(s->ring), head = senda_ring_head(s->ring);

    if (senda_journal_ring_pos(journal, s->id, &s->pos) != SENDA_OK || s->pos < tail ||
        s->pos > head) {
        s->pos = tail;
    }

    s->next = s->pos;
    senda_ring_release(s->ring, s->pos);
}

static void
ngx_http_senda_open_source(const char *dir, const char *name, senda_journal_t *journal)
{
    char path[NGX_MAX_PATH + 256];
    ngx_http_senda_source_t *s;
    ngx_file_info_t fi;
    senda_err_t err;

    if (ngx_snprintf((u_char *)path, sizeof(path), "%s/%s%Z", dir, name) ==
            (u_char *)path + sizeof(path) ||
        ngx_file_info(path, &fi) == NGX_FILE_ERROR) {
        return;
    }

    s = ngx_http_senda_find_source(&fi);
    if (s) {
        s->seen = 1;
        return;
    }

    if (ngx_http_senda_set.n == SENDA_RINGS_MAX) {
        return;
    }

    s = &ngx_http_senda_set.sources[ngx_http_senda_set.n];
    ngx_memzero(s, sizeof(ngx_http_senda_source_t));

    if (senda_ring_open(&s->ring, path, &err) != SENDA_OK) {
        ngx_http_senda_failed(&ngx_http_senda_set.retry, "ring", &err);
        return;
    }

    s->dev = fi.st_dev;
    s->ino = ngx_file_uniq(&fi);
    s->id = senda_ring_id(s->ring);
    s->seen = 1;
    s->dir = dir;
    ngx_cpystrn((u_char *)s->name, (u_char *)name, sizeof(s->name));
    ngx_http_senda_place(s, journal);
    ngx_http_senda_set.n++;
}

/* A worker writes on into a file that was removed under it, until it notices. */
static ngx_uint_t
ngx_http_senda_is_over(const ngx_http_senda_source_t *s)
{
    return !s->seen && senda_ring_head(s->ring) == s->pos &&
        (s->removed || !senda_ring_owner_alive(s->ring)); /* who removes a ring owns it */
}

static void
ngx_http_senda_forget_gone(void)
{
    ngx_uint_t i, kept = 0;

    for (i = 0; i < ngx_http_senda_set.n; i++) {
        if (ngx_http_senda_is_over(&ngx_http_senda_set.sources[i])) {
            senda_ring_close(ngx_http_senda_set.sources[i].ring);
        } else {
            ngx_http_senda_set.sources[kept++] = ngx_http_senda_set.sources[i];
        }
    }

    ngx_http_senda_set.n = kept;
}

static void
ngx_http_senda_scan_dir(const char *dir, senda_journal_t *journal)
{
    struct dirent *entry;
    DIR *d;

    d = opendir(dir);
    if (d == NULL) {
        return;
    }

    while ((entry = readdir(d)) != NULL) {
        if (ngx_strncmp(entry->d_name, SENDA_RING_PREFIX, sizeof(SENDA_RING_PREFIX) - 1) == 0) {
            ngx_http_senda_open_source(dir, entry->d_name, journal);
        }
    }

    (void)closedir(d);
}

/* Whether the present live directory is as it was at the last scan. */
static ngx_uint_t
ngx_http_senda_is_unchanged(const char *dir)
{
    struct timespec before = ngx_http_senda_set.changed;
    struct stat st;

    if (stat(dir, &st) != 0) {
        return 1;
    }

    ngx_http_senda_set.changed = st.st_mtim;

    return st.st_mtim.tv_sec == before.tv_sec && st.st_mtim.tv_nsec == before.tv_nsec;
}

void
ngx_http_senda_rings_scan(ngx_http_senda_main_conf_t *mcf, senda_journal_t *journal)
{
    const char *dir = (const char *)mcf->live.data;
    ngx_uint_t i;

    if (ngx_http_senda_is_unchanged(dir) && ngx_http_senda_set.scanned &&
        ngx_current_msec - ngx_http_senda_set.at < NGX_HTTP_SENDA_SCAN) {
        return;
    }

    for (i = 0; i < ngx_http_senda_set.n; i++) {
        ngx_http_senda_set.sources[i].seen = 0;
    }

    ngx_http_senda_scan_dir(dir, journal);

    for (i = 0; i < NGX_HTTP_SENDA_FORMER; i++) {
        if (ngx_strcmp(ngx_http_senda_former[i].store, mcf->store.data) == 0 &&
            ngx_strcmp(ngx_http_senda_former[i].live, mcf->live.data) != 0) {
            ngx_http_senda_scan_dir(ngx_http_senda_former[i].live, journal);
        }
    }

    ngx_http_senda_forget_gone();

    ngx_http_senda_set.scanned = 1;
    ngx_http_senda_set.at = ngx_current_msec;
}

/* ---- rings that nobody needs ---- */

/* How long nobody has owned it; looked at once a scan is enough. */
static ngx_uint_t
ngx_http_senda_is_left(ngx_http_senda_source_t *s, time_t left)
{
    if (senda_ring_head(s->ring) != s->pos || senda_ring_owner_alive(s->ring)) {
        s->dead = 0;
        return 0;
    }

    if (s->dead == 0) {
        s->dead = ngx_current_msec | 1;
    }

    /* It may lie a millisecond ahead: 0 has a meaning. */
    return (ngx_msec_int_t)(ngx_current_msec - s->dead) >= (ngx_msec_int_t)left * 1000;
}

/* What a ring has counted is shown for as long as the live directory is there. */
static void
ngx_http_senda_keep_drops(const ngx_http_senda_source_t *s)
{
    senda_board_t *board = ngx_http_senda_board();
    ngx_uint_t i;

    for (i = 0; board && i < SENDA_DROP_REASONS; i++) {
        senda_board_add_dropped(board, i, senda_ring_dropped(s->ring, (senda_drop_t)i));
    }
}

uint64_t
ngx_http_senda_rings_remove(ngx_http_senda_main_conf_t *mcf, ngx_uint_t keep)
{
    ngx_http_senda_source_t *s, *spare = NULL;
    ngx_uint_t i, left = 0;

    for (i = 0; i < ngx_http_senda_set.n; i++) {
        s = &ngx_http_senda_set.sources[i];

        if (!s->seen || s->removed || !ngx_http_senda_is_left(s, mcf->rings_keep)) {
            continue;
        }

        if (senda_ring_size(s->ring) != SENDA_RING_SIZE) {
            spare = s;
            keep = 0;
            left = 1;
            break;
        }

        spare = s;
        left++;
    }

    if (left <= keep || spare == NULL) {
        return 0;
    }

    spare->dead = 0; /* not at once again, if it stays */

    if (senda_ring_remove(spare->dir, spare->name, spare->id) != SENDA_OK) {
        return 0;
    }

    spare->removed = 1;
    ngx_http_senda_keep_drops(spare);

    return spare->id;
}

void
ngx_http_senda_rings_close(void)
{
    ngx_uint_t i;

    for (i = 0; i < ngx_http_senda_set.n; i++) {
        senda_ring_close(ngx_http_senda_set.sources[i].ring);
    }

    ngx_http_senda_set.n = 0;
    ngx_http_senda_set.scanned = 0;
}
