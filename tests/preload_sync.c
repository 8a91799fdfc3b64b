/*
 * Preloaded into nginx (LD_PRELOAD): each fdatasync adds a byte to the file
 * $SENDA_SYNC_LOG once it is through; while the file $SENDA_SYNC_FAIL is there
 * it fails as with a disk that does (EIO). Nothing else of the program changes.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library declares these with names that are its own. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int
fdatasync(int fd)
{
    const char *fail = getenv("SENDA_SYNC_FAIL"), *log = getenv("SENDA_SYNC_LOG");
    int out, rc;

    if (fail != NULL && access(fail, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    rc = (int)syscall(SYS_fdatasync, fd);
    if (rc == 0 && log != NULL) {
        out = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        if (out < 0 || write(out, "s", 1) != 1 || close(out) != 0) {
            abort();
        }
    }
    return rc;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
