/*
 * The store's lock, and beforehand whether a store may be used there at all,
 * and by processes such as this one (senda_place.h). The file stays when the lock is released: removing it
 * would let two processes lock two files of one name.
 */

#include "lock.h"

#include "senda_place.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static senda_rc_t
taken(int fd, const char *store, senda_err_t *err)
{
    char pid[32];
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);

    pid[n > 0 ? n : 0] = '\0';
    g_strchomp(pid);
    return senda_fail(err, SENDA_NONE,
        "another senda (process %s) works on the store %s; only one may, or messages could go out "
        "twice",
        pid[0] != '\0' ? pid : "of unknown number", store);
}

static int users = -1; /* our place among those who use the store's folders */

/*
 * Not where a store would be damaged, nor while another PID namespace uses it.
 * What cannot be told is no reason to refuse.
 */
static senda_rc_t
may_be_used(const char *store, senda_err_t *err)
{
    char *journal = g_build_filename(store, "journal", NULL);
    senda_rc_t rc = senda_place_check(store, err);

    if (rc != SENDA_BAD && users < 0) {
        rc = senda_place_join(&users, journal, err);
    }
    g_free(journal);
    return rc == SENDA_BAD ? SENDA_SYS : SENDA_OK;
}

senda_rc_t
lock_take(const char *store, int *fd, senda_err_t *err)
{
    char *file = g_build_filename(store, "state", "lock", NULL);
    senda_rc_t rc = SENDA_OK;
    char pid[32];
    int f, n;

    *fd = -1;
    f = -1;
    rc = may_be_used(store, err);
    if (rc != SENDA_OK) {
        goto done;
    }
    f = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (f < 0) {
        rc = errno == ENOENT
            ? senda_fail(err, SENDA_SYS, "%s is no store; make one with: senda init %s", store,
                  store)
            : senda_fail(err, SENDA_SYS, "cannot open %s: %s", file, g_strerror(errno));
        goto done;
    }
    if (flock(f, LOCK_EX | LOCK_NB) != 0) {
        rc = errno == EWOULDBLOCK
            ? taken(f, store, err)
            : senda_fail(err, SENDA_SYS, "cannot lock %s: %s", file, g_strerror(errno));
        goto done;
    }
    n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(f, 0) != 0 || pwrite(f, pid, (size_t)n, 0) != n) {
        rc = senda_fail(err, SENDA_SYS, "cannot write %s: %s", file, g_strerror(errno));
        goto done;
    }
    *fd = f;
    f = -1;
done:
    if (f >= 0) {
        (void)close(f);
    }
    g_free(file);
    return rc;
}

void
lock_release(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
    if (users >= 0) {
        (void)close(users);
        users = -1;
    }
}
