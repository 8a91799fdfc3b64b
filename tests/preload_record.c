/*
 * Preloaded into nginx (LD_PRELOAD): records in $SENDA_RECORD_LOG what is
 * written to the file $SENDA_RECORD_FILE, and when that is made durable, for
 * tool_power to replay. Nothing is changed in what the program does; a record
 * that cannot be written ends the process, as a gap would prove nothing.
 */

#include "preload_record.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library declares these with names that are its own. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

static int log_fd = -1;

/* Whether fd is the file; how its writes become durable in *kind. */
static int
is_recorded(int fd, uint32_t *kind)
{
    static const char *path;
    static struct stat file;
    struct stat st;

    if (path == NULL) {
        path = getenv("SENDA_RECORD_FILE");
    }
    if (path == NULL || (file.st_ino == 0 && stat(path, &file) != 0) || fstat(fd, &st) != 0 ||
        st.st_ino != file.st_ino || st.st_dev != file.st_dev) {
        return 0;
    }
    *kind = (fcntl(fd, F_GETFL) & O_DSYNC) != 0 ? RECORD_DURABLE : RECORD_WRITE;
    return 1;
}

static void
put(uint32_t kind, uint64_t offset, const void *data, size_t len)
{
    record_t head = { kind, (uint32_t)len, offset };
    struct iovec part[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)data, len } };

    if (log_fd < 0) {
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, getenv("SENDA_RECORD_LOG"),
            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    if (syscall(SYS_writev, log_fd, part, len > 0 ? 2 : 1) != (long)(sizeof(head) + len)) {
        abort();
    }
}

static void
put_parts(uint32_t kind, off_t offset, const struct iovec *v, int n, ssize_t written)
{
    for (int i = 0; i < n && written > 0; i++) {
        size_t len = (ssize_t)v[i].iov_len < written ? v[i].iov_len : (size_t)written;

        put(kind, (uint64_t)offset, v[i].iov_base, len);
        offset += (off_t)len;
        written -= (ssize_t)len;
    }
}

ssize_t
pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    ssize_t done = syscall(SYS_pwrite64, fd, buf, n, offset);
    uint32_t kind;

    if (done > 0 && is_recorded(fd, &kind)) {
        put(kind, (uint64_t)offset, buf, (size_t)done);
    }
    return done;
}

ssize_t
pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
    return pwrite(fd, buf, n, offset);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t offset)
{
    ssize_t done = syscall(SYS_pwritev, fd, v, n, offset, 0);
    uint32_t kind;

    if (done > 0 && is_recorded(fd, &kind)) {
        put_parts(kind, offset, v, n, done);
    }
    return done;
}

ssize_t
pwritev64(int fd, const struct iovec *v, int n, off64_t offset)
{
    return pwritev(fd, v, n, offset);
}

ssize_t
write(int fd, const void *buf, size_t n)
{
    uint32_t kind;
    int recorded = is_recorded(fd, &kind);
    off_t offset = recorded ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t done = syscall(SYS_write, fd, buf, n);

    if (done > 0 && recorded) {
        put(kind, (uint64_t)offset, buf, (size_t)done);
    }
    return done;
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
    uint32_t kind;
    int recorded = is_recorded(fd, &kind);
    off_t offset = recorded ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t done = syscall(SYS_writev, fd, v, n);

    if (done > 0 && recorded) {
        put_parts(kind, offset, v, n, done);
    }
    return done;
}

static int
sync_with(long call, int fd)
{
    long rc = syscall(call, fd);
    uint32_t kind;

    if (rc == 0 && is_recorded(fd, &kind)) {
        put(RECORD_SYNC, 0, NULL, 0);
    }
    return (int)rc;
}

int
fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}

int
fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
