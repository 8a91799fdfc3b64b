/*
 * `senda keygen DIR`: the two key files. Never overwrites one: what is signed
 * and sealed with the old keys would be lost.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "command_line.h"
#include "commands.h"
#include "senda_keys.h"

#define KEY_FILE_MAX 8192

static senda_rc_t
write_keys(const char *file, const senda_keys_t *k, senda_err_t *err)
{
    char text[KEY_FILE_MAX];
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

int
cmd_keygen(int argc, char **argv)
{
    senda_keys_t nginx, sidecar;
    senda_err_t err = { "" };
    senda_rc_t rc;
    char *nginx_file, *sidecar_file;

    if (!command_line(&argc, &argv, NULL, "DIR",
            "Makes DIR/nginx.key (for senda_key in nginx) and "
            "DIR/sidecar.key (for key in senda.conf). Neither is ever overwritten.",
            1, 1)) {
        return 2;
    }
    nginx_file = g_build_filename(argv[1], "nginx.key", NULL);
    sidecar_file = g_build_filename(argv[1], "sidecar.key", NULL);
    rc = senda_keys_make(&nginx, &sidecar, &err);
    if (rc == SENDA_OK && g_mkdir_with_parents(argv[1], 0700) != 0) {
        rc = senda_fail(&err, SENDA_SYS, "cannot make %s: %s", argv[1], g_strerror(errno));
    }
    if (rc == SENDA_OK && access(sidecar_file, F_OK) == 0) {
        rc = senda_fail(&err, SENDA_SYS,
            "%s is there already; it is not overwritten, because what "
            "was sealed with it would be lost",
            sidecar_file);
    }
    if (rc == SENDA_OK) {
        rc = write_keys(nginx_file, &nginx, &err);
    }
    if (rc == SENDA_OK) {
        rc = write_keys(sidecar_file, &sidecar, &err);
        if (rc != SENDA_OK) {
            (void)unlink(nginx_file); /* half a pair is of no use */
        }
    }
    if (rc == SENDA_OK) {
        (void)printf("%s and %s are made\n", nginx_file, sidecar_file);
    }
    explicit_bzero(&nginx, sizeof(nginx));
    explicit_bzero(&sidecar, sizeof(sidecar));
    g_free(nginx_file);
    g_free(sidecar_file);
    return rc == SENDA_OK ? 0 : command_failed("keygen", rc, &err);
}
