/*
 * `senda keygen DIR`: the two key files, or with --rotate new keys beside those
 * in use. Never makes a file anew that is there: what is signed and sealed
 * with its keys would be lost. A file is replaced whole or not at all.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command_line.h"
#include "commands.h"
#include "senda_keys.h"

#define KEEP_DAYS 400 /* the longest that browsers keep a cookie */

typedef struct {
    char *nginx, *sidecar; /* paths */
} files_t;

static senda_rc_t
write_keys(const char *file, const senda_keys_t *k, senda_err_t *err)
{
    char text[SENDA_KEYS_TEXT_MAX];
    size_t n = senda_keys_print(k, text, sizeof(text));
    senda_rc_t rc = SENDA_OK;
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno == EEXIST
            ? senda_fail(err, SENDA_SYS,
                  "%s is there already; it is not overwritten, because what "
                  "was signed or sealed with it would be lost",
                  file)
            : senda_fail(err, SENDA_SYS, "cannot make %s: %s", file, g_strerror(errno));
    }
    if (n == 0 || write(fd, text, n) != (ssize_t)n || fsync(fd) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot write %s: %s", file, g_strerror(errno));
    }
    if (close(fd) != 0 && rc == SENDA_OK) {
        rc = senda_fail(err, SENDA_SYS, "cannot write %s: %s", file, g_strerror(errno));
    }
    if (rc != SENDA_OK) {
        (void)unlink(file);
    }
    explicit_bzero(text, sizeof(text));
    return rc;
}

static uint16_t
today(void)
{
    return (uint16_t)(time(NULL) / 86400);
}

static senda_rc_t
make(const files_t *f, const char *dir, senda_err_t *err)
{
    senda_keys_t nginx, sidecar;
    senda_rc_t rc = senda_keys_make(&nginx, &sidecar, err);

    if (rc == SENDA_OK) {
        nginx.cookie[0].day = nginx.links[0].day = sidecar.links[0].day = today();
        sidecar.return_path[0].day = today();
    }
    if (rc == SENDA_OK && g_mkdir_with_parents(dir, 0700) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot make %s: %s", dir, g_strerror(errno));
    }
    if (rc == SENDA_OK && access(f->sidecar, F_OK) == 0) {
        rc = senda_fail(err, SENDA_SYS,
            "%s is there already; it is not overwritten, because what "
            "was sealed with it would be lost",
            f->sidecar);
    }
    if (rc == SENDA_OK) {
        rc = write_keys(f->nginx, &nginx, err);
    }
    if (rc == SENDA_OK) {
        rc = write_keys(f->sidecar, &sidecar, err);
        if (rc != SENDA_OK) {
            (void)unlink(f->nginx); /* half a pair is of no use */
        }
    }
    if (rc == SENDA_OK) {
        (void)printf("%s and %s are made\n", f->nginx, f->sidecar);
    }
    explicit_bzero(&nginx, sizeof(nginx));
    explicit_bzero(&sidecar, sizeof(sidecar));
    return rc;
}

/* Beside the file, of the same owner: what is to take its place. */
static senda_rc_t
write_next(const char *file, const char *next, const senda_keys_t *k, senda_err_t *err)
{
    struct stat st;
    senda_rc_t rc;

    (void)unlink(next); /* of a rotation that was killed */
    if (stat(file, &st) != 0) {
        return senda_fail(err, SENDA_SYS, "cannot look at %s: %s", file, g_strerror(errno));
    }
    rc = write_keys(next, k, err);
    if (rc == SENDA_OK && chown(next, st.st_uid, st.st_gid) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot give %s to its owner: %s", next, g_strerror(errno));
        (void)unlink(next);
    }
    return rc;
}

static senda_rc_t
replace_both(const files_t *f, const senda_keys_t *nginx, const senda_keys_t *sidecar,
    senda_err_t *err)
{
    files_t next = { g_strconcat(f->nginx, ".next", NULL), g_strconcat(f->sidecar, ".next", NULL) };
    senda_rc_t rc = write_next(f->sidecar, next.sidecar, sidecar, err);

    if (rc == SENDA_OK) {
        rc = write_next(f->nginx, next.nginx, nginx, err);
    }
    if (rc == SENDA_OK &&
        (rename(next.sidecar, f->sidecar) != 0 || rename(next.nginx, f->nginx) != 0)) {
        rc = senda_fail(err, SENDA_SYS, "cannot put the new keys in place: %s", g_strerror(errno));
    }
    if (rc != SENDA_OK) {
        (void)unlink(next.sidecar);
        (void)unlink(next.nginx);
    }
    g_free(next.nginx);
    g_free(next.sidecar);
    return rc;
}

static senda_rc_t
rotate(const files_t *f, senda_err_t *err)
{
    senda_keys_t nginx, sidecar;
    senda_rc_t rc = senda_keys_read(&nginx, f->nginx, err);

    if (rc == SENDA_OK) {
        rc = senda_keys_read(&sidecar, f->sidecar, err);
    }
    if (rc == SENDA_OK) {
        rc = senda_keys_rotate(&nginx, &sidecar, today(), KEEP_DAYS, err);
    }
    if (rc == SENDA_OK) {
        rc = replace_both(f, &nginx, &sidecar, err);
    }
    if (rc == SENDA_OK) {
        (void)printf("%s and %s have new keys beside the old ones; now say to the sidecar "
                     "\"kill -HUP\", then at once \"nginx -s reload\"\n",
            f->nginx, f->sidecar);
    }
    explicit_bzero(&nginx, sizeof(nginx));
    explicit_bzero(&sidecar, sizeof(sidecar));
    return rc;
}

int
cmd_keygen(int argc, char **argv)
{
    gboolean again = FALSE;
    const GOptionEntry options[] = {
        { "rotate", 0, 0, G_OPTION_ARG_NONE, &again,
            "Add new keys to both files; the old ones are still accepted", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    senda_err_t err = { "" };
    senda_rc_t rc;
    files_t f;

    if (!command_line(&argc, &argv, options, "DIR",
            "Makes DIR/nginx.key (for senda_key in nginx) and "
            "DIR/sidecar.key (for key in senda.conf). Neither is ever overwritten.",
            1, 1)) {
        return 2;
    }
    f.nginx = g_build_filename(argv[1], "nginx.key", NULL);
    f.sidecar = g_build_filename(argv[1], "sidecar.key", NULL);
    rc = again ? rotate(&f, &err) : make(&f, argv[1], &err);
    g_free(f.nginx);
    g_free(f.sidecar);
    return rc == SENDA_OK ? 0 : command_failed("keygen", rc, &err);
}
