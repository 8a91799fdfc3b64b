/*
 * One drain at a time: whoever holds the locks on journal/drain.lock and on
 * drain.lock in the live directory, so that neither is ever written by two.
 * The kernel gives them back when a process ends, however it ends. In the
 * files stands who holds them and for which folders: whoever waits for longer
 * than a reload takes, says whom for.
 */

#include "ngx_http_senda_drain.h"

#include <sys/file.h>

#define NGX_HTTP_SENDA_PATIENCE 5000 /* ms of waiting before that is said */
#define NGX_HTTP_SENDA_HOLDER   (2 * NGX_MAX_PATH + 64)

enum { NGX_HTTP_SENDA_STORE, NGX_HTTP_SENDA_LIVE, NGX_HTTP_SENDA_LOCKS };

static struct {
    int lock[NGX_HTTP_SENDA_LOCKS]; /* descriptors + 1, 0: not open */
    ngx_uint_t elected;
    ngx_msec_t waits; /* since then for another drain, 0: it does not */
    ngx_uint_t said;
    ngx_msec_t looked; /* at the live directory's lock */
    ngx_http_senda_retry_t retry;
} ngx_http_senda_election;

static void
ngx_http_senda_unlock(ngx_uint_t i)
{
    if (ngx_http_senda_election.lock[i]) {
        (void)close(ngx_http_senda_election.lock[i] - 1);
        ngx_http_senda_election.lock[i] = 0;
    }
}

/* SENDA_OK; SENDA_NONE: another process has it; SENDA_SYS. */
static senda_rc_t
ngx_http_senda_lock(ngx_uint_t i, ngx_str_t *dir, const char *below, senda_err_t *err)
{
    char path[NGX_MAX_PATH + sizeof("/journal/drain.lock")];
    int fd;

    if (ngx_http_senda_election.lock[i] == 0) {
        ngx_sprintf((u_char *)path, "%V%s/drain.lock%Z", dir, below);

        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
        if (fd == -1) {
            return senda_fail(err, SENDA_SYS, "cannot open \"%s\": %m", path);
        }

        (void)fchmod(fd, 0660); /* the group's, like what lies beside it */
        ngx_http_senda_election.lock[i] = fd + 1;
    }

    if (flock(ngx_http_senda_election.lock[i] - 1, LOCK_EX | LOCK_NB) == 0) {
        return SENDA_OK;
    }

    return ngx_errno == EWOULDBLOCK ? SENDA_NONE : senda_fail(err, SENDA_SYS, "cannot lock: %m");
}

/* Who has the lock, as it wrote itself; one line. */
static void
ngx_http_senda_read_holder(ngx_uint_t i, char *text, size_t size)
{
    ssize_t n = -1;

    if (ngx_http_senda_election.lock[i]) {
        n = pread(ngx_http_senda_election.lock[i] - 1, text, size - 1, 0);
    }

    text[ngx_max(n, 0)] = '\0';
}

static void
ngx_http_senda_write_holder(ngx_http_senda_main_conf_t *mcf)
{
    char text[NGX_HTTP_SENDA_HOLDER];
    ngx_uint_t i;
    size_t n;
    int fd;

    n = ngx_snprintf((u_char *)text, sizeof(text), "process %P, store \"%V\", live \"%V\"", ngx_pid,
            &mcf->store, &mcf->live) -
        (u_char *)text;

    for (i = 0; i < NGX_HTTP_SENDA_LOCKS; i++) {
        fd = ngx_http_senda_election.lock[i] - 1;

        if (ftruncate(fd, 0) == -1 || pwrite(fd, text, n, 0) != (ssize_t)n) {
            return; /* a disk that is full: only words are missing */
        }
    }
}

/* Another nginx on the same folders is no mistake; one on only one of them is. */
static void
ngx_http_senda_say_holder(ngx_http_senda_main_conf_t *mcf, ngx_uint_t i)
{
    char held[NGX_HTTP_SENDA_HOLDER], mine[NGX_HTTP_SENDA_HOLDER];
    char *folders;

    if (ngx_http_senda_election.waits == 0) {
        ngx_http_senda_election.waits = ngx_current_msec | 1;
        return;
    }

    if (ngx_http_senda_election.said ||
        ngx_current_msec - ngx_http_senda_election.waits < NGX_HTTP_SENDA_PATIENCE) {
        return;
    }

    ngx_http_senda_election.said = 1;
    ngx_http_senda_read_holder(i, held, sizeof(held));

    ngx_snprintf((u_char *)mine, sizeof(mine), "store \"%V\", live \"%V\"%Z", &mcf->store,
        &mcf->live);
    mine[sizeof(mine) - 1] = '\0';

    folders = strstr(held, "store \"");

    if (folders && ngx_strcmp(folders, mine) == 0) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0, "senda: %s is the drain of this nginx too",
            held);
    } else {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
            "senda: nothing is recorded: %s is in use by %s; one store goes with one live folder",
            i == NGX_HTTP_SENDA_STORE ? "the store" : "the live folder", held);
    }
}

/* The live directory may be removed under us, the lock with it. */
static ngx_uint_t
ngx_http_senda_is_still_elected(void)
{
    struct stat st;

    if (ngx_current_msec - ngx_http_senda_election.looked < NGX_HTTP_SENDA_LOOK) {
        return 1;
    }

    ngx_http_senda_election.looked = ngx_current_msec;

    if (fstat(ngx_http_senda_election.lock[NGX_HTTP_SENDA_LIVE] - 1, &st) == 0 &&
        st.st_nlink == 0) {
        ngx_http_senda_unlock(NGX_HTTP_SENDA_LIVE);
        return 0;
    }

    return 1;
}

ngx_uint_t
ngx_http_senda_elect(ngx_http_senda_main_conf_t *mcf)
{
    ngx_uint_t i = NGX_HTTP_SENDA_STORE;
    senda_err_t err;
    senda_rc_t rc;

    if (ngx_http_senda_election.elected && ngx_http_senda_is_still_elected()) {
        return 1;
    }

    if (!ngx_http_senda_due(&ngx_http_senda_election.retry)) {
        return 0;
    }

    rc = ngx_http_senda_make_live_dir(&err);
    if (rc == SENDA_OK) {
        rc = ngx_http_senda_lock(NGX_HTTP_SENDA_STORE, &mcf->store, "/journal", &err);
    }
    if (rc == SENDA_OK) {
        i = NGX_HTTP_SENDA_LIVE;
        rc = ngx_http_senda_lock(NGX_HTTP_SENDA_LIVE, &mcf->live, "", &err);
    }

    if (rc == SENDA_SYS) {
        ngx_http_senda_failed(&ngx_http_senda_election.retry, "drain", &err);
        return ngx_http_senda_election.elected;
    }

    ngx_http_senda_recovered(&ngx_http_senda_election.retry);

    if (rc == SENDA_NONE) {
        ngx_http_senda_election.elected = 0; /* also if it was, before its live directory went */
        ngx_http_senda_say_holder(mcf, i);
        return 0;
    }

    ngx_http_senda_write_holder(mcf);
    ngx_http_senda_election.waits = 0;
    ngx_http_senda_election.said = 0;

    if (!ngx_http_senda_election.elected) {
        ngx_http_senda_election.elected = 1;
        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "senda: this process drains the rings");
    }

    return 1;
}

void
ngx_http_senda_resign(void)
{
    ngx_http_senda_unlock(NGX_HTTP_SENDA_STORE);
    ngx_http_senda_unlock(NGX_HTTP_SENDA_LIVE);
    ngx_http_senda_election.elected = 0;
    ngx_http_senda_election.waits = 0;
    ngx_http_senda_election.said = 0;
}
