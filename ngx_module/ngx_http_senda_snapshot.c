/*
 * Copies of live/, so that a start of the machine does not have to count the
 * whole journal again. A child process writes one beside the journal, under
 * another name, and renames it when it is whole; another child puts it back
 * when live/ is missing. The drain goes on meanwhile: a child is a reader of
 * live/ like any worker, and while one puts live/ back, visits are journalled
 * and live/ catches up afterwards.
 *
 * A child touches nothing of nginx, closes every descriptor that it was born
 * with, and dies with its parent. A copy that cannot be made or used is no
 * harm: the journal has everything.
 */

#include "ngx_http_senda_drain.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NGX_HTTP_SENDA_FIRST 60000        /* ms after a start before the first copy */
#define NGX_HTTP_SENDA_FEW   10000        /* ms between two looks whether one is due */
#define NGX_HTTP_SENDA_SPARE (64 << 20)   /* bytes that a copy leaves free on the disk */
#define NGX_HTTP_SENDA_LARGE (512u << 20) /* bytes of live/ that are set aside by a child */
#define NGX_HTTP_SENDA_BLOCK (1 << 20)
#define NGX_HTTP_SENDA_FDS   65536 /* descriptors that are closed where the kernel is old */

typedef senda_rc_t (*ngx_http_senda_job_pt)(ngx_http_senda_main_conf_t *mcf);

static struct {
    ngx_pid_t child;     /* 0: none */
    ngx_uint_t restores; /* what it does */
    ngx_uint_t tried;    /* to restore, since live/ was there last */
    ngx_msec_t looks;    /* the next look: not before */
    ngx_uint_t begun;
    senda_seq_t copied; /* what the last copy had applied, at least */
    ngx_http_senda_retry_t retry;
} ngx_http_senda_copies;

static void
ngx_http_senda_snapshot_path(ngx_http_senda_main_conf_t *mcf, const char *name, char *path)
{
    ngx_sprintf((u_char *)path, "%V/journal/%s%Z", &mcf->store, name);
}

/* ---- children ---- */

static ngx_uint_t
ngx_http_senda_child_runs(void)
{
    if (ngx_http_senda_copies.child == 0) {
        return 0;
    }

    /* nginx's own handler may have been quicker. */
    if (waitpid(ngx_http_senda_copies.child, NULL, WNOHANG) == 0) {
        return 1;
    }

    ngx_http_senda_copies.child = 0;

    return 0;
}

static void
ngx_http_senda_close_all(void)
{
    int fd;

#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0) {
        return;
    }
#endif

    for (fd = 3; fd < NGX_HTTP_SENDA_FDS; fd++) {
        (void)close(fd);
    }
}

static void
ngx_http_senda_be_child(ngx_http_senda_main_conf_t *mcf, ngx_http_senda_job_pt job, pid_t parent)
{
    static const int signals[] = { SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM,
        SIGWINCH, SIGCHLD, SIGIO };
    ngx_uint_t i;

    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        (void)signal(signals[i], SIG_DFL);
    }

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }

    ngx_http_senda_close_all();
    (void)setpriority(PRIO_PROCESS, 0, 10);

    _exit(job(mcf) == SENDA_OK ? 0 : 1);
}

static void
ngx_http_senda_start_child(ngx_http_senda_main_conf_t *mcf, ngx_http_senda_job_pt job,
    ngx_uint_t restores)
{
    pid_t parent = getpid(), pid = fork();

    if (pid == 0) {
        ngx_http_senda_be_child(mcf, job, parent);
    }

    if (pid == -1) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno, "senda: fork() failed");
        return;
    }

    ngx_http_senda_copies.child = pid;
    ngx_http_senda_copies.restores = restores;
}

/* ---- a copy ---- */

static senda_rc_t
ngx_http_senda_copy_job(ngx_http_senda_main_conf_t *mcf)
{
    char made[NGX_MAX_PATH + sizeof("/journal/snapshot.new")];
    char name[NGX_MAX_PATH + sizeof("/journal/snapshot.new")];
    senda_live_t *live;
    senda_rc_t rc;

    ngx_http_senda_snapshot_path(mcf, "snapshot.new", made);
    ngx_http_senda_snapshot_path(mcf, "snapshot.mdb", name);

    if (unlink(made) != 0 && errno != ENOENT) {
        return SENDA_SYS;
    }

    rc = senda_live_open_read(&live, (const char *)mcf->live.data, mcf->live_size, NULL);
    if (rc == SENDA_OK) {
        rc = senda_store_copy(senda_live_store(live), made, NULL);
    }
    if (rc == SENDA_OK && rename(made, name) != 0) {
        (void)unlink(made);
        rc = SENDA_SYS;
    }

    return rc;
}

/* The journal needs the disk more. */
static ngx_uint_t
ngx_http_senda_has_room(ngx_http_senda_main_conf_t *mcf)
{
    uint64_t need = senda_store_used(senda_live_store(ngx_http_senda_drain.live));
    struct statvfs fs;
    senda_err_t err;

    if (statvfs((char *)mcf->store.data, &fs) == 0 &&
        (uint64_t)fs.f_bavail * fs.f_frsize > need + need / 4 + NGX_HTTP_SENDA_SPARE) {
        return 1;
    }

    (void)senda_fail(&err, SENDA_FULL, "no room for a copy of the live store beside the journal");
    ngx_http_senda_failed(&ngx_http_senda_copies.retry, "snapshot", &err);

    return 0;
}

/* Whether the last copy is older than it may be, and live/ is another than then. */
static ngx_uint_t
ngx_http_senda_is_due(ngx_http_senda_main_conf_t *mcf)
{
    char name[NGX_MAX_PATH + sizeof("/journal/snapshot.new")];
    senda_board_t *board;
    ngx_file_info_t fi;

    ngx_http_senda_snapshot_path(mcf, "snapshot.mdb", name);

    if (ngx_file_info(name, &fi) == NGX_FILE_ERROR) {
        return 1;
    }

    board = ngx_http_senda_board();
    if (board) {
        senda_board_set(board, SENDA_BOARD_SNAPSHOT_AT, (uint64_t)fi.st_mtime);
    }

    return ngx_time() - fi.st_mtime >= mcf->snapshot &&
        ngx_http_senda_copies.copied != senda_live_applied(ngx_http_senda_drain.live);
}

void
ngx_http_senda_snapshot(ngx_http_senda_main_conf_t *mcf)
{
    if (!ngx_http_senda_copies.begun) {
        ngx_http_senda_copies.begun = 1;
        ngx_http_senda_copies.looks = ngx_current_msec +
            ngx_min((ngx_msec_t)mcf->snapshot * 1000, NGX_HTTP_SENDA_FIRST);
    }

    if (mcf->snapshot == 0 || ngx_http_senda_drain.live == NULL || ngx_http_senda_drain.behind ||
        (ngx_msec_int_t)(ngx_current_msec - ngx_http_senda_copies.looks) < 0) {
        return;
    }

    ngx_http_senda_copies.looks = ngx_current_msec +
        ngx_min((ngx_msec_t)mcf->snapshot * 1000, NGX_HTTP_SENDA_FEW);

    if (ngx_http_senda_child_runs() || !ngx_http_senda_is_due(mcf) ||
        !ngx_http_senda_has_room(mcf)) {
        return;
    }

    ngx_http_senda_copies.copied = senda_live_applied(ngx_http_senda_drain.live);
    ngx_http_senda_start_child(mcf, ngx_http_senda_copy_job, 0);
}

void
ngx_http_senda_snapshot_distrust(ngx_http_senda_main_conf_t *mcf)
{
    char name[NGX_MAX_PATH + sizeof("/journal/snapshot.new")];

    ngx_http_senda_snapshot_path(mcf, "snapshot.mdb", name);
    (void)unlink(name);
}

/* ---- and back ---- */

static senda_rc_t
ngx_http_senda_copy_bytes(int from, int to)
{
    static char block[NGX_HTTP_SENDA_BLOCK];
    ssize_t n, done, put;

    while ((n = read(from, block, sizeof(block))) > 0) {
        for (done = 0; done < n; done += put) {
            put = write(to, block + done, n - done);
            if (put <= 0) {
                return SENDA_SYS;
            }
        }
    }

    return n == 0 ? SENDA_OK : SENDA_SYS;
}

/* All of live/'s space, and the copy in it if there is one. */
static senda_rc_t
ngx_http_senda_fill_live(ngx_http_senda_main_conf_t *mcf, int fd)
{
    char name[NGX_MAX_PATH + sizeof("/journal/snapshot.new")];
    senda_rc_t rc = SENDA_SYS;
    struct stat st;
    int from;

    ngx_http_senda_snapshot_path(mcf, "snapshot.mdb", name);

    from = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (from == -1 || fstat(from, &st) != 0 || (uint64_t)st.st_size > mcf->live_size) {
        /* An empty file is a new store to LMDB, whatever space it has. */
        rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)mcf->live_size) == 0 ? SENDA_OK
                                                                               : SENDA_SYS;
    } else if (posix_fallocate(fd, 0, (off_t)mcf->live_size) == 0) {
        rc = ngx_http_senda_copy_bytes(from, fd);
    }

    if (from != -1) {
        (void)close(from);
    }

    return rc;
}

static senda_rc_t
ngx_http_senda_restore_job(ngx_http_senda_main_conf_t *mcf)
{
    char made[NGX_MAX_PATH + sizeof("/restore.mdb")], name[NGX_MAX_PATH + sizeof("/restore.mdb")];
    senda_rc_t rc;
    int fd;

    ngx_sprintf((u_char *)made, "%V/restore.mdb%Z", &mcf->live);
    (void)unlink(made);

    fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd == -1) {
        return SENDA_SYS;
    }

    rc = ngx_http_senda_fill_live(mcf, fd);
    (void)close(fd);

    if (rc == SENDA_OK) {
        ngx_sprintf((u_char *)name, "%V/lock.mdb%Z", &mcf->live);
        (void)unlink(name); /* of a store that is gone */
        ngx_sprintf((u_char *)name, "%V/data.mdb%Z", &mcf->live);
        rc = link(made, name) == 0 ? SENDA_OK : SENDA_SYS;
    }

    (void)unlink(made);

    return rc;
}

/* Whether a child has something to do: a copy to put back, or much space to set aside. */
static ngx_uint_t
ngx_http_senda_is_worth_a_child(ngx_http_senda_main_conf_t *mcf)
{
    char name[NGX_MAX_PATH + sizeof("/journal/snapshot.new")];
    ngx_file_info_t fi;

    ngx_sprintf((u_char *)name, "%V/data.mdb%Z", &mcf->live);
    if (ngx_file_info(name, &fi) != NGX_FILE_ERROR) {
        return 0;
    }

    ngx_http_senda_snapshot_path(mcf, "snapshot.mdb", name);

    return mcf->live_size >= NGX_HTTP_SENDA_LARGE || ngx_file_info(name, &fi) != NGX_FILE_ERROR;
}

ngx_uint_t
ngx_http_senda_restoring(ngx_http_senda_main_conf_t *mcf)
{
    if (ngx_http_senda_child_runs()) {
        return ngx_http_senda_copies.restores;
    }

    if (ngx_http_senda_copies.tried || !ngx_http_senda_is_worth_a_child(mcf)) {
        return 0;
    }

    ngx_http_senda_copies.tried = 1;
    ngx_http_senda_start_child(mcf, ngx_http_senda_restore_job, 1);

    return ngx_http_senda_copies.child != 0;
}

void
ngx_http_senda_restored(senda_seq_t applied)
{
    if (ngx_http_senda_copies.tried && applied) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
            "senda: the live store is put back from its copy, up to visit %uL",
            (uint64_t)applied & (((uint64_t)1 << 48) - 1));
    }

    ngx_http_senda_copies.tried = 0;
}
