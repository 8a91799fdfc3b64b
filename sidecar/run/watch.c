/*
 * inotify on folders, not on files: an editor that saves by renaming is seen
 * too. Reads no file; a change that the kernel could not queue counts as a
 * change of everything.
 */

#include "watch.h"

#include <errno.h>
#include <glib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define RULES_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

struct watch_s {
    int fd, journal, rules;
    char *name; /* of the one rule file; NULL: every *.senda of the folder */
};

static senda_rc_t
add(watch_t *w, const char *dir, uint32_t events, int *wd, senda_err_t *err)
{
    *wd = inotify_add_watch(w->fd, dir, events);
    return *wd >= 0 ? SENDA_OK
                    : senda_fail(err, SENDA_SYS, "cannot watch %s: %s", dir, g_strerror(errno));
}

senda_rc_t
watch_open(watch_t **out, const char *store, const char *rules, senda_err_t *err)
{
    watch_t *w = g_new0(watch_t, 1);
    char *journal = g_build_filename(store, "journal", NULL);
    char *dir = g_file_test(rules, G_FILE_TEST_IS_DIR) ? g_strdup(rules)
                                                       : g_path_get_dirname(rules);
    senda_rc_t rc = SENDA_OK;

    *out = NULL;
    w->name = g_file_test(rules, G_FILE_TEST_IS_DIR) ? NULL : g_path_get_basename(rules);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot watch files: %s", g_strerror(errno));
    }
    if (rc == SENDA_OK) {
        rc = add(w, journal, IN_MODIFY | IN_CREATE, &w->journal, err);
    }
    if (rc == SENDA_OK) {
        rc = add(w, dir, RULES_EVENTS, &w->rules, err);
    }
    g_free(journal);
    g_free(dir);
    if (rc != SENDA_OK) {
        watch_close(w);
        return rc;
    }
    *out = w;
    return SENDA_OK;
}

void
watch_close(watch_t *w)
{
    if (w != NULL) {
        if (w->fd >= 0) {
            (void)close(w->fd);
        }
        g_free(w->name);
        g_free(w);
    }
}

int
watch_fd(const watch_t *w)
{
    return w->fd;
}

static unsigned
meaning(const watch_t *w, const struct inotify_event *e)
{
    const char *name = e->len > 0 ? e->name : "";

    if (e->mask & IN_Q_OVERFLOW) {
        return WATCH_JOURNAL | WATCH_RULES;
    }
    if (e->wd == w->journal) {
        return WATCH_JOURNAL;
    }
    if (e->wd == w->rules) {
        return (w->name != NULL ? strcmp(name, w->name) == 0 : g_str_has_suffix(name, ".senda"))
            ? WATCH_RULES
            : 0;
    }
    return 0;
}

unsigned
watch_read(watch_t *w)
{
    _Alignas(struct inotify_event) char buf[8192];
    unsigned changed = 0;
    ssize_t n;

    while ((n = read(w->fd, buf, sizeof(buf))) > 0) {
        for (ssize_t i = 0; i < n;) {
            const struct inotify_event *e = (const struct inotify_event *)(buf + i);

            changed |= meaning(w, e);
            i += (ssize_t)(sizeof(*e) + e->len);
        }
    }
    return changed;
}
