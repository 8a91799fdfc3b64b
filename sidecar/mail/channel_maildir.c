/*
 * Delivery into a maildir on this machine. Never leaves half a message in
 * new/, nor the same message twice. Disk full or an I/O error is for later, a
 * refused permission is for somebody to mend.
 */

#include "channel_answer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAITING_MAX 64 /* answers not yet said; more is SENDA_FULL */

typedef struct {
    channel_t channel; /* first */
    char *dir;
    unsigned waiting;
} maildir_t;

static int
make_folders(const maildir_t *m)
{
    static const char *const names[] = { "tmp", "new", "cur" };

    if (g_mkdir_with_parents(m->dir, 0700) == -1) {
        return -1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_strdup_printf("%s/%s", m->dir, names[i]);
        int rc = mkdir(path, 0700) == -1 && errno != EEXIST ? -1 : 0;
        g_free(path);
        if (rc == -1) {
            return -1;
        }
    }
    return 0;
}

/* "<abc.12@example.com>" is the file "abc.12"; nothing that could leave the folder. */
static char *
file_name(const message_t *m)
{
    const char *p = m->message_id + (m->message_id[0] == '<');
    char *name = g_strndup(p, strcspn(p, "@>"));

    g_strdelimit(name, "/:", '_');
    if (name[0] == '.' || name[0] == '\0') {
        g_free(name);
        return NULL;
    }
    return name;
}

/* Whether it was delivered before: in new/, or read since and so in cur/ with flags behind a colon. */
static bool
is_there(const maildir_t *m, const char *name)
{
    char *path = g_strdup_printf("%s/new/%s", m->dir, name);
    bool found = access(path, F_OK) == 0;

    g_free(path);
    if (found) {
        return true;
    }
    path = g_strdup_printf("%s/cur", m->dir);
    GDir *d = g_dir_open(path, 0, NULL);
    const char *entry;
    g_free(path);
    if (d == NULL) {
        return false;
    }
    while (!found && (entry = g_dir_read_name(d)) != NULL) {
        size_t n = strcspn(entry, ":");
        found = n == strlen(name) && memcmp(entry, name, n) == 0;
    }
    g_dir_close(d);
    return found;
}

/* The message with the line ends of this system, as other programs deliver it. */
static int
write_all(int fd, const message_t *m)
{
    char buf[65536];
    size_t n = 0, i = 0;

    while (i < m->len || n > 0) {
        while (i < m->len && n < sizeof(buf)) {
            if (m->bytes[i] != '\r' || i + 1 == m->len || m->bytes[i + 1] != '\n') {
                buf[n++] = m->bytes[i];
            }
            i++;
        }
        for (size_t done = 0; done < n;) {
            ssize_t wrote = write(fd, buf + done, n - done);
            if (wrote == -1 && errno != EINTR) {
                return -1;
            }
            done += wrote > 0 ? (size_t)wrote : 0;
        }
        n = 0;
    }
    return 0;
}

static int
sync_folder(const char *dir, const char *name)
{
    char *path = g_strdup_printf("%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd == -1 ? -1 : fsync(fd), kept = errno;

    g_free(path);
    if (fd != -1) {
        close(fd);
    }
    errno = kept;
    return rc;
}

static int
deliver(const maildir_t *m, const char *name, const message_t *msg)
{
    char *tmp = g_strdup_printf("%s/tmp/%s", m->dir, name);
    char *new = g_strdup_printf("%s/new/%s", m->dir, name);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int rc = -1, kept = errno;

    if (fd != -1) {
        rc = write_all(fd, msg) == 0 && fsync(fd) == 0 ? 0 : -1;
        kept = errno;
        if (close(fd) == -1 && rc == 0) {
            rc = -1;
            kept = errno;
        }
        if (rc == 0 && rename(tmp, new) == -1) {
            rc = -1;
            kept = errno;
        }
        if (rc == -1) {
            unlink(tmp);
        } else if (sync_folder(m->dir, "new") == -1) {
            rc = -1;
            kept = errno;
        }
    }
    g_free(tmp);
    g_free(new);
    errno = kept;
    return rc;
}

static sent_class_t
class_of(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENOENT:
    case ENAMETOOLONG:
        return SENT_HALT;
    default:
        return SENT_DEFER;
    }
}

static senda_rc_t
maildir_send(channel_t *c, uint64_t ticket, const message_t *msg, senda_err_t *err)
{
    maildir_t *m = (maildir_t *)c;

    if (m->waiting >= WAITING_MAX) {
        return senda_fail(err, SENDA_FULL, "maildir: %d answers wait to be heard", WAITING_MAX);
    }
    char *name = file_name(msg);
    channel_answer_t *a = calloc(1, sizeof(*a));
    if (name == NULL || a == NULL) {
        g_free(name);
        free(a);
        return senda_fail(err, SENDA_BAD, "maildir: a message without an id of its own");
    }
    a->channel = c;
    a->ticket = ticket;
    a->waiting = &m->waiting;
    if (is_there(m, name)) {
        /* it may have been made just before a power cut, and not yet be durable */
        int rc = sync_folder(m->dir, "new");
        channel_say(&a->sent, rc == 0 ? SENT_DONE : class_of(errno), name, strlen(name));
    } else {
        int rc = deliver(m, name, msg);
        if (rc == -1 && errno == ENOENT && make_folders(m) == 0) {
            rc = deliver(m, name, msg);
        }
        const char *words = rc == 0 ? name : g_strerror(errno);
        channel_say(&a->sent, rc == 0 ? SENT_DONE : class_of(errno), words, strlen(words));
    }
    g_free(name);
    m->waiting++;
    channel_answer(a);
    return SENDA_OK;
}

static void
maildir_close(channel_t *c)
{
    maildir_t *m = (maildir_t *)c;

    channel_forget(c);
    g_free(m->dir);
    g_free(m);
}

channel_t *
channel_maildir(const char *url, channel_done_pt done, void *ctx, senda_err_t *err)
{
    const char *dir = g_ascii_strncasecmp(url, "maildir:", 8) == 0 ? url + 8 : url;
    maildir_t *m = g_new0(maildir_t, 1);

    m->channel = (channel_t){ .name = "maildir",
        .send = maildir_send,
        .close = maildir_close,
        .done = done,
        .done_ctx = ctx };
    m->dir = g_strdup(dir);
    while (strlen(m->dir) > 1 && g_str_has_suffix(m->dir, "/")) {
        m->dir[strlen(m->dir) - 1] = '\0';
    }
    if (m->dir[0] == '\0' || make_folders(m) == -1) {
        senda_fail(err, SENDA_SYS, "maildir:%s: %s", m->dir,
            m->dir[0] == '\0' ? "no folder is named" : g_strerror(errno));
        maildir_close(&m->channel);
        return NULL;
    }
    return &m->channel;
}
