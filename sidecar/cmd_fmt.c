/*
 * senda fmt: rule files in their canonical form, in place, or in the other
 * language. A file with mistakes is left as it is; the new text replaces the
 * old in one step, with its mode. Exit status: 0 done, 1 mistakes, or with
 * --check a file that would change, 2 a file could not be read or written.
 */

#include "command_line.h"
#include "commands.h"
#include "fmt.h"
#include "zone_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    lang_id_t to;
    bool check;
    unsigned refused, changed, failed;
} fmt_cmd_t;

static bool
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The owner stays where that is allowed; the mode always does. */
static bool
same_mode(int fd, const struct stat *st)
{
    if (fchown(fd, st->st_uid, st->st_gid) != 0 && errno != EPERM) {
        return false;
    }
    return fchmod(fd, st->st_mode & 07777) == 0;
}

/* Text instead of the file's: a new file beside it, renamed over it. A link stays a link. */
static bool
replace(const char *file, const char *text, size_t len)
{
    char *path = realpath(file, NULL), *temp = NULL;
    struct stat st;
    bool ok = false;
    int fd = -1;

    if (path == NULL || stat(path, &st) != 0) {
        goto done;
    }
    temp = g_strconcat(path, ".XXXXXX", NULL);
    fd = g_mkstemp_full(temp, O_RDWR | O_CLOEXEC, 0600);
    if (fd == -1) {
        goto done;
    }
    ok = write_all(fd, text, len) && same_mode(fd, &st) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok && rename(temp, path) == 0;
    if (!ok) {
        int saved = errno;

        (void)unlink(temp);
        errno = saved;
    }
done:
    if (!ok) {
        (void)fprintf(stderr, "senda fmt: %s: %s\n", file, g_strerror(errno));
    }
    g_free(temp);
    free(path);
    return ok;
}

/* What becomes of a file whose canonical form is known. */
static void
put(fmt_cmd_t *cmd, const char *file, bool same, const char *text, size_t len)
{
    bool standard = strcmp(file, "-") == 0;

    cmd->changed += same ? 0 : 1;
    if (cmd->check && !same) {
        (void)printf("%s\n", file);
    } else if (!cmd->check && standard) {
        cmd->failed += fwrite(text, 1, len, stdout) == len ? 0 : 1;
    } else if (!cmd->check && !same) {
        cmd->failed += replace(file, text, len) ? 0 : 1;
    }
}

static void
format(fmt_cmd_t *cmd, const char *file, const char *text, size_t len)
{
    const char *name = strcmp(file, "-") == 0 ? "stdin" : file;
    lang_t *l = lang_read(name, text, len);
    char *canonical = NULL;
    senda_err_t err;
    size_t n = 0;

    lang_check_zone(l, zone_table, NULL);
    if (lang_errors(l) > 0) {
        lang_print(l, stderr, isatty(STDERR_FILENO) != 0 && g_getenv("NO_COLOR") == NULL);
        cmd->refused++;
    } else {
        canonical = lang_fmt(l, cmd->to, &n, &err);
        if (canonical != NULL) {
            put(cmd, file, n == len && memcmp(canonical, text, n) == 0, canonical, n);
        } else {
            (void)fprintf(stderr, "senda fmt: %s is left as it is: %s\n", name, err.text);
            cmd->refused++;
        }
    }
    g_free(canonical);
    lang_free(l);
}

static bool
read_input(const char *file, char **text, size_t *len)
{
    GError *error = NULL;
    GIOChannel *in;
    bool ok;

    if (strcmp(file, "-") != 0) {
        ok = g_file_get_contents(file, text, len, &error);
    } else {
        in = g_io_channel_unix_new(STDIN_FILENO);
        (void)g_io_channel_set_encoding(in, NULL, NULL);
        ok = g_io_channel_read_to_end(in, text, len, &error) == G_IO_STATUS_NORMAL;
        g_io_channel_unref(in);
    }
    if (!ok) {
        (void)fprintf(stderr, "senda fmt: %s\n", error->message);
        g_error_free(error);
    }
    return ok;
}

static bool
language_of(const char *name, lang_id_t *out)
{
    *out = name == NULL           ? LANG_LANGUAGES
        : strcmp(name, "es") == 0 ? LANG_ES
        : strcmp(name, "en") == 0 ? LANG_EN
                                  : LANG_LANGUAGES;
    return name == NULL || *out != LANG_LANGUAGES;
}

int
cmd_fmt(int argc, char **argv)
{
    gboolean check = FALSE;
    char *to = NULL;
    const GOptionEntry options[] = {
        { "to", 0, 0, G_OPTION_ARG_STRING, &to, "the words of this language", "es|en" },
        { "check", 0, 0, G_OPTION_ARG_NONE, &check,
            "change nothing; name the files that would change", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    fmt_cmd_t cmd = { 0 };
    int status = 2;

    if (!command_line(&argc, &argv, options, "FILE…",
            "Puts rule files into their canonical form: the words of the table, aligned columns, "
            "your comments. - reads standard input and writes standard output.",
            1, INT_MAX)) {
        goto done;
    }
    if (!language_of(to, &cmd.to)) {
        (void)fprintf(stderr, "senda fmt: --to is es or en\n");
        goto done;
    }
    cmd.check = check;
    for (int i = 1; i < argc; i++) {
        char *text = NULL;
        size_t len = 0;

        if (read_input(argv[i], &text, &len)) {
            format(&cmd, argv[i], text, len);
        } else {
            cmd.failed++;
        }
        g_free(text);
    }
    cmd.failed += fflush(stdout) == 0 ? 0 : 1;
    status = cmd.failed > 0 ? 2 : cmd.refused > 0 || (cmd.check && cmd.changed > 0) ? 1 : 0;
done:
    g_free(to);
    return status;
}
