/*
 * File systems are known by the number of statfs(2); one that is not in the
 * table is allowed. Processes that use a store hold a shared lock on a small
 * file beside it, in which their PID namespace stands: who comes from another
 * one may come in only when nobody is left inside, which an exclusive lock
 * tells. The kernel gives a lock back when its process ends.
 *
 * Never waits: a lock that others hold for a moment is tried a few times, then
 * it is an error and the caller tries again later.
 */

#include "senda_place.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PLACE_PATH  4096
#define PLACE_NAME  "users.lock"
#define PLACE_TRIES 1000
#define SPACE_MAX   64 /* bytes of the name of a PID namespace */

/* Numbers of include/uapi/linux/magic.h and of the file systems' own headers. */
static const struct {
    long type;
    const char *name;
} refused[] = {
    { 0x6969, "NFS" },
    { 0x517b, "SMB" },
    { 0xfe534d42, "SMB" },
    { 0xff534d42, "CIFS" },
    { 0x65735546, "FUSE" },
    { 0x794c7630, "overlay (a container's own layer)" },
    { 0x61756673, "AUFS (a container's own layer)" },
    { 0x01021997, "9p" },
    { 0x786f4256, "VirtualBox's shared folders" },
    { 0x00c36400, "Ceph" },
    { 0x5346414f, "AFS" },
    { 0x6b414653, "AFS" },
    { 0x73757245, "Coda" },
    { 0x564c, "NCP" },
    { 0x0bd00bd0, "Lustre" },
    { 0x7461636f, "OCFS2" },
    { 0x01161970, "GFS2" },
};

const char *
senda_place_refused(long type)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if ((unsigned long)refused[i].type == ((unsigned long)type & 0xffffffffu)) {
            return refused[i].name;
        }
    }
    return NULL;
}

senda_rc_t
senda_place_check(const char *path, senda_err_t *err)
{
    char at[PLACE_PATH];
    struct statfs fs;
    const char *name;
    char *slash;
    int n = snprintf(at, sizeof(at), "%s", path);

    if (n < 1 || (size_t)n >= sizeof(at)) {
        return senda_fail(err, SENDA_SYS, "a path of %d bytes", n);
    }
    while (statfs(at, &fs) != 0) {
        slash = strrchr(at, '/');
        if ((errno != ENOENT && errno != ENOTDIR) || slash == NULL || slash[1] == '\0') {
            return senda_fail(err, SENDA_SYS, "%s: cannot look at its file system: %s", path,
                strerror(errno));
        }
        slash[slash == at ? 1 : 0] = '\0';
    }
    name = senda_place_refused((long)fs.f_type);
    if (name == NULL) {
        return SENDA_OK;
    }
    return senda_fail(err, SENDA_BAD,
        "\"%s\" lies on %s, where a store would be damaged: put it on a disk of this machine", path,
        name);
}

/* ---- rights ---- */

/* Whether that user may do all of bits (4 read, 2 write, 1 pass), as the mode says. */
static bool
may(const struct stat *st, uid_t uid, gid_t gid, unsigned bits)
{
    unsigned mode = st->st_mode;

    if (uid == 0) {
        return true;
    }
    mode = uid == st->st_uid ? mode >> 6 : gid == st->st_gid ? mode >> 3 : mode;
    return (mode & bits) == bits;
}

senda_rc_t
senda_place_rights(const char *dir, uid_t uid, gid_t gid, senda_err_t *err)
{
    static const char *const files[] = { "", "/data.mdb", "/lock.mdb" };
    char path[PLACE_PATH];
    struct stat st;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        int n = snprintf(path, sizeof(path), "%s%s", dir, files[i]);

        if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) != 0) {
            if (i == 0) {
                return SENDA_NONE;
            }
            continue; /* not made yet */
        }
        if (!may(&st, uid, gid, i == 0 ? 7 : 6)) {
            return senda_fail(err, SENDA_BAD,
                "\"%s\" belongs to %u:%u with mode %o, nginx's user %u cannot write to it: "
                "\"chgrp -R %u %s; chmod -R g+rwX %s\"",
                path, (unsigned)st.st_uid, (unsigned)st.st_gid, (unsigned)st.st_mode & 07777,
                (unsigned)uid, (unsigned)gid, dir, dir);
        }
    }
    return SENDA_OK;
}

/* ---- who uses it ---- */

static bool
own_space(char *space)
{
    ssize_t n = readlink("/proc/self/ns/pid", space, SPACE_MAX - 1);

    space[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool
reads(int fd, const char *space)
{
    char found[SPACE_MAX];
    ssize_t n = pread(fd, found, sizeof(found) - 1, 0);

    found[n > 0 ? n : 0] = '\0';
    return strcmp(found, space) == 0;
}

static bool
writes(int fd, const char *space)
{
    size_t n = strlen(space);

    return ftruncate(fd, 0) == 0 && pwrite(fd, space, n, 0) == (ssize_t)n;
}

/*
 * One try: SENDA_NONE: others changed something meanwhile. From an exclusive
 * lock to a shared one the kernel lets others in between: what is written is
 * looked at again.
 */
static senda_rc_t
try_to_join(int fd, const char *space)
{
    bool mine;

    if (flock(fd, LOCK_SH | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? SENDA_NONE : SENDA_SYS;
    }
    if (reads(fd, space)) {
        return SENDA_OK;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) { /* the shared one is lost by that */
        return errno == EWOULDBLOCK ? SENDA_BAD : SENDA_SYS;
    }
    mine = writes(fd, space);
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) {
        return SENDA_NONE;
    }
    return !mine ? SENDA_SYS : reads(fd, space) ? SENDA_OK : SENDA_NONE;
}

senda_rc_t
senda_place_join(int *fd, const char *dir, senda_err_t *err)
{
    char path[PLACE_PATH], space[SPACE_MAX];
    senda_rc_t rc = SENDA_NONE;
    int n = snprintf(path, sizeof(path), "%s/" PLACE_NAME, dir);

    *fd = -1;
    if (n < 0 || (size_t)n >= sizeof(path)) {
        return senda_fail(err, SENDA_SYS, "a path of %d bytes", n);
    }
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (*fd < 0) {
        return senda_fail(err, SENDA_SYS, "%s: cannot open: %s", path, strerror(errno));
    }
    (void)fchmod(*fd, 0660); /* the group's, like what lies beside it; another's: it has it */
    if (!own_space(space)) {
        return SENDA_OK; /* no /proc: nobody can tell */
    }
    for (int i = 0; rc == SENDA_NONE && i < PLACE_TRIES; i++) {
        rc = try_to_join(*fd, space);
        if (rc == SENDA_BAD && i < PLACE_TRIES / 2) {
            rc = SENDA_NONE; /* somebody of before may be about to write what we would */
        }
        if (rc == SENDA_NONE) {
            (void)sched_yield();
        }
    }
    if (rc == SENDA_OK) {
        return SENDA_OK;
    }
    (void)close(*fd);
    *fd = -1;
    if (rc == SENDA_BAD) {
        return senda_fail(err, SENDA_BAD,
            "%s is in use from another PID namespace: containers that share it "
            "must share their processes too",
            dir);
    }
    return senda_fail(err, SENDA_SYS, "%s: cannot lock: %s", path, strerror(errno));
}
