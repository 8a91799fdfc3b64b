/*
 * Preloaded into nginx (LD_PRELOAD): a disk that fails. What the file
 * $SENDA_DISK says, at each call, happens to writes of files whose path
 * contains $SENDA_DISK_PATH:
 *
 *     full    writing fails with ENOSPC
 *     error   writing fails with EIO
 *     sync    making durable fails with EIO
 *     slow    making durable takes 200 ms
 *
 * Anything else, or no such file: nothing happens.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The C library declares these with names that are its own. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* Whether fd is concerned, and what is to happen: the word's first two letters, or 0. */
static int
word_for(int fd)
{
    const char *file = getenv("SENDA_DISK"), *part = getenv("SENDA_DISK_PATH");
    char link[64], path[PATH_MAX], word[8] = "";
    ssize_t n;
    long control;

    if (file == NULL || part == NULL) {
        return 0;
    }
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    if (strstr(path, part) == NULL) {
        return 0;
    }
    control = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
    if (control < 0) {
        return 0;
    }
    n = syscall(SYS_read, (int)control, word, sizeof(word) - 1);
    (void)syscall(SYS_close, (int)control);
    return n >= 2 ? word[0] << 8 | word[1] : 0;
}

#define WORD(a, b) ((a) << 8 | (b))

/* 0, or -1 and errno. */
static int
write_fails(int fd)
{
    switch (word_for(fd)) {
    case WORD('f', 'u'):
        errno = ENOSPC;
        return -1;
    case WORD('e', 'r'):
        errno = EIO;
        return -1;
    default:
        return 0;
    }
}

/* The system call itself, with the offset in the form that it wants. */
ssize_t
pwrite64(int fd, const void *data, size_t len, off_t at)
{
    return write_fails(fd) != 0 ? -1 : syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t
pwritev64(int fd, const struct iovec *parts, int n, off_t at)
{
    return write_fails(fd) != 0 ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at) __attribute__((alias("pwrite64")));
ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
    __attribute__((alias("pwritev64")));

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
    return write_fails(fd) != 0 ? -1 : syscall(SYS_writev, fd, parts, n);
}

ssize_t
write(int fd, const void *data, size_t len)
{
    return write_fails(fd) != 0 ? -1 : syscall(SYS_write, fd, data, len);
}

int
fdatasync(int fd)
{
    struct timespec slow = { 0, 200 * 1000 * 1000 };

    switch (word_for(fd)) {
    case WORD('s', 'y'):
        errno = EIO;
        return -1;
    case WORD('s', 'l'):
        (void)nanosleep(&slow, NULL);
        break;
    default:
        break;
    }
    return (int)syscall(SYS_fdatasync, fd);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
