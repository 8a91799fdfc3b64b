/*
 * What a process holds besides published/: its ring, its handle on live/, its
 * sealer. All of it is opened after fork, one handle a process and path, and
 * no read transaction is open when a function of this file returns.
 *
 * What cannot be opened is said in the log and tried again, ever more rarely;
 * pages are served all the while. Nothing here waits, and nothing is opened
 * while the module is passive.
 */

#include "ngx_http_senda.h"

#include "senda_seal.h"

#define NGX_HTTP_SENDA_SOON 20 /* ms before a store is looked for that is not there yet */

/* This process's; zero in the master. */
static struct {
    char live_dir[NGX_MAX_PATH];
    size_t live_size;

    senda_ring_t *ring;
    ngx_uint_t wants_ring; /* this process serves requests */
    ngx_http_senda_retry_t ring_retry;

    senda_live_t *live;
    ngx_uint_t live_writes; /* the handle is the drain's */
    ngx_http_senda_file_t live_file;
    ngx_http_senda_retry_t live_retry;

    ngx_msec_t looked;

    senda_sealer_t *sealer;
    uint8_t sealer_key[32];

    senda_profile_t profile;
} ngx_http_senda;

/* ---- files ---- */

ngx_uint_t
ngx_http_senda_same_file(const ngx_http_senda_file_t *file, const char *dir)
{
    char path[NGX_MAX_PATH + sizeof("/data.mdb")];
    ngx_file_info_t fi;

    ngx_sprintf((u_char *)path, "%s/data.mdb%Z", dir);

    return ngx_file_info(path, &fi) != NGX_FILE_ERROR && fi.st_dev == file->dev &&
        fi.st_ino == file->ino;
}

void
ngx_http_senda_note_file(ngx_http_senda_file_t *file, const char *dir)
{
    char path[NGX_MAX_PATH + sizeof("/data.mdb")];
    ngx_file_info_t fi;

    ngx_memzero(file, sizeof(ngx_http_senda_file_t));
    ngx_sprintf((u_char *)path, "%s/data.mdb%Z", dir);

    if (ngx_file_info(path, &fi) != NGX_FILE_ERROR) {
        file->dev = fi.st_dev;
        file->ino = fi.st_ino;
    }
}

senda_rc_t
ngx_http_senda_make_live_dir(senda_err_t *err)
{
    const char *dir = ngx_http_senda.live_dir;
    struct stat st;

    if (mkdir(dir, 02770) == 0) {
        if (chmod(dir, 02770) != 0) { /* the umask took some */
            return senda_fail(err, SENDA_SYS, "cannot set the mode of \"%s\": %m", dir);
        }

    } else if (ngx_errno != NGX_EEXIST) {
        return senda_fail(err, SENDA_SYS, "cannot make \"%s\": %m", dir);
    }

    if (lstat(dir, &st) != 0) {
        return senda_fail(err, SENDA_SYS, "cannot look at \"%s\": %m", dir);
    }

    if (!S_ISDIR(st.st_mode)) {
        return senda_fail(err, SENDA_SYS, "\"%s\" is no directory", dir);
    }

    if (st.st_uid != geteuid()) {
        return senda_fail(err, SENDA_SYS, "\"%s\" belongs to user %u, not to nginx's user %u", dir,
            (unsigned)st.st_uid, (unsigned)geteuid());
    }

    return SENDA_OK;
}

/* Claims a ring when there is none, also when the file of ours was removed. */
static void
ngx_http_senda_look_for_ring(void)
{
    senda_err_t err;
    senda_rc_t rc;

    if (ngx_http_senda.ring && senda_ring_is_gone(ngx_http_senda.ring)) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
            "senda: this worker's ring was removed from \"%s\", another one is claimed",
            ngx_http_senda.live_dir);
        senda_ring_close(ngx_http_senda.ring);
        ngx_http_senda.ring = NULL;
    }

    if (ngx_http_senda.ring || !ngx_http_senda_due(&ngx_http_senda.ring_retry)) {
        return;
    }

    rc = ngx_http_senda_make_live_dir(&err);
    if (rc == SENDA_OK) {
        rc = senda_ring_claim(&ngx_http_senda.ring, ngx_http_senda.live_dir, SENDA_RING_SIZE, &err);
    }

    if (rc != SENDA_OK) {
        ngx_http_senda.ring = NULL;
        ngx_http_senda_failed(&ngx_http_senda.ring_retry, "this worker records nothing", &err);
    } else {
        ngx_http_senda_recovered(&ngx_http_senda.ring_retry);
    }
}

void
ngx_http_senda_look(void)
{
    if (ngx_current_msec - ngx_http_senda.looked < NGX_HTTP_SENDA_LOOK) {
        return;
    }

    ngx_http_senda.looked = ngx_current_msec;

    if (ngx_http_senda.wants_ring && ngx_http_senda_usable()) {
        ngx_http_senda_look_for_ring();
    }

    ngx_http_senda_published_look();
}

/* ---- live/ ---- */

static void
ngx_http_senda_close_live(void)
{
    senda_live_close(ngx_http_senda.live);
    ngx_http_senda.live = NULL;
    ngx_http_senda.live_writes = 0;
}

/* A handle for reading, or NULL while there is none to be had. */
static senda_live_t *
ngx_http_senda_live_reader(void)
{
    ngx_http_senda_retry_t *retry = &ngx_http_senda.live_retry;
    senda_err_t err;
    senda_rc_t rc;

    if (!ngx_http_senda_usable()) {
        return NULL;
    }

    if (ngx_http_senda.live_writes) {
        return ngx_http_senda.live;
    }

    if (retry->next && (ngx_msec_int_t)(ngx_current_msec - retry->next) < 0) {
        return ngx_http_senda.live;
    }

    retry->next = ngx_current_msec + NGX_HTTP_SENDA_LOOK;

    if (ngx_http_senda.live) {
        if (ngx_http_senda_same_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir)) {
            return ngx_http_senda.live;
        }
        ngx_http_senda_close_live();
    }

    ngx_http_senda_note_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir);

    rc = senda_live_open_read(&ngx_http_senda.live, ngx_http_senda.live_dir,
        ngx_http_senda.live_size, &err);

    if (rc == SENDA_OK) {
        ngx_http_senda_recovered(retry);
        retry->next = ngx_current_msec + NGX_HTTP_SENDA_LOOK;
        return ngx_http_senda.live;
    }

    ngx_http_senda.live = NULL;

    if (rc == SENDA_NONE) {
        retry->next = ngx_current_msec + NGX_HTTP_SENDA_SOON; /* the drain is about to make it */
    } else {
        ngx_http_senda_failed(retry, "live store", &err);
    }

    return NULL;
}

senda_rc_t
ngx_http_senda_live_profile(const senda_visitor_t *visitor, senda_profile_t *p)
{
    senda_live_t *live = ngx_http_senda_live_reader();

    if (live == NULL) {
        return SENDA_NONE;
    }

    if (p == NULL) {
        p = &ngx_http_senda.profile;
    }

    return senda_live_get(live, visitor, p, NULL) == SENDA_OK ? SENDA_OK : SENDA_NONE;
}

senda_rc_t
ngx_http_senda_live_totals(senda_live_total_pt each, void *ctx)
{
    senda_live_t *live = ngx_http_senda_live_reader();

    return live ? senda_live_totals(live, each, ctx, NULL) : SENDA_NONE;
}

senda_rc_t
ngx_http_senda_live_writer(ngx_http_senda_main_conf_t *mcf, senda_live_t **live, senda_err_t *err)
{
    senda_rc_t rc;

    if (!ngx_http_senda.live_writes) {
        ngx_http_senda_close_live();

        rc = ngx_http_senda_make_live_dir(err);
        if (rc == SENDA_OK) {
            rc = senda_live_open_write(&ngx_http_senda.live, ngx_http_senda.live_dir,
                ngx_http_senda.live_size, err);
        }
        if (rc != SENDA_OK) {
            ngx_http_senda.live = NULL;
            return rc;
        }

        ngx_http_senda.live_writes = 1;
        ngx_http_senda_note_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir);
    }

    *live = ngx_http_senda.live;

    return SENDA_OK;
}

ngx_uint_t
ngx_http_senda_live_gone(void)
{
    if (!ngx_http_senda.live_writes ||
        ngx_http_senda_same_file(&ngx_http_senda.live_file, ngx_http_senda.live_dir)) {
        return 0;
    }

    ngx_http_senda_close_live();

    return 1;
}

senda_rc_t
ngx_http_senda_live_reset(ngx_http_senda_main_conf_t *mcf, senda_live_t **live, senda_err_t *err)
{
    static const char *const files[] = { "data.mdb", "lock.mdb" };
    char path[NGX_MAX_PATH + sizeof("/data.mdb")];
    ngx_uint_t i;

    ngx_http_senda_close_live();

    for (i = 0; i < 2; i++) {
        ngx_sprintf((u_char *)path, "%s/%s%Z", ngx_http_senda.live_dir, files[i]);

        if (unlink(path) != 0 && ngx_errno != NGX_ENOENT) {
            return senda_fail(err, SENDA_SYS, "cannot remove \"%s\": %m", path);
        }
    }

    return ngx_http_senda_live_writer(mcf, live, err);
}

/* ---- sealing ---- */

size_t
ngx_http_senda_seal(const senda_keys_t *keys, senda_str_t data, void *out, size_t size)
{
    senda_err_t err;

    if (ngx_http_senda.sealer &&
        ngx_memcmp(ngx_http_senda.sealer_key, keys->seal_public, sizeof(keys->seal_public)) != 0) {
        senda_sealer_free(ngx_http_senda.sealer);
        ngx_http_senda.sealer = NULL;
    }

    if (ngx_http_senda.sealer == NULL) {
        if (senda_sealer_new(&ngx_http_senda.sealer, keys->seal_public, &err) != SENDA_OK) {
            ngx_http_senda.sealer = NULL;
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "senda: cannot seal: %s", err.text);
            return 0;
        }
        ngx_memcpy(ngx_http_senda.sealer_key, keys->seal_public, sizeof(keys->seal_public));
    }

    return senda_seal(ngx_http_senda.sealer, data, out, size);
}

/* ---- the process ---- */

senda_ring_t *
ngx_http_senda_ring(void)
{
    return ngx_http_senda_usable() ? ngx_http_senda.ring : NULL;
}

const char *
ngx_http_senda_live_dir(void)
{
    return ngx_http_senda.live_dir;
}

static void
ngx_http_senda_set_paths(ngx_http_senda_main_conf_t *mcf)
{
    ngx_cpystrn((u_char *)ngx_http_senda.live_dir, mcf->live.data, sizeof(ngx_http_senda.live_dir));
    ngx_http_senda.live_size = mcf->live_size;
    ngx_http_senda.looked = ngx_current_msec - NGX_HTTP_SENDA_LOOK;
}

void
ngx_http_senda_stores_start(ngx_http_senda_main_conf_t *mcf, ngx_uint_t with_ring)
{
    ngx_http_senda_set_paths(mcf);
    ngx_http_senda_published_start(mcf);
    ngx_http_senda_join_start(mcf);
    ngx_http_senda.wants_ring = with_ring;

    if (with_ring) {
        ngx_http_senda_look();
    }
}

void
ngx_http_senda_stores_stop(void)
{
    senda_ring_close(ngx_http_senda.ring);
    ngx_http_senda.ring = NULL;

    ngx_http_senda_close_live();
    ngx_http_senda_published_stop();
    ngx_http_senda_board_stop();
    ngx_http_senda_join_stop();

    if (ngx_http_senda.sealer) {
        senda_sealer_free(ngx_http_senda.sealer);
        ngx_http_senda.sealer = NULL;
    }

    ngx_http_senda.wants_ring = 0;
}
