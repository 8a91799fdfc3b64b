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

#define RULES_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)
#define ABOVE_EVENTS (IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)

struct watch_s {
    int fd, journal, rules, above; /* above: the folder that holds the rules' folder */
    char *path;                    /* as in the settings */
    char *name;                    /* of the one rule file; NULL: every *.senda of the folder */
    char *folder;                  /* the name of the rules' folder within the one above */
};

static senda_rc_t
add(watch_t *w, const char *dir, uint32_t events, int *wd, senda_err_t *err)
{
    *wd = inotify_add_watch(w->fd, dir, events);
    return *wd >= 0 ? SENDA_OK
                    : senda_fail(err, SENDA_SYS, "cannot watch %s: %s", dir, g_strerror(errno));
}

static void
leave(watch_t *w, int *wd)
{
    if (*wd >= 0) {
        (void)inotify_rm_watch(w->fd, *wd); /* fails if the folder is gone: so is its watch */
    }
    *wd = -1;
}

/* Watches what the path is now: it may have been removed, made anew, or another thing be there. */
static senda_rc_t
aim(watch_t *w, senda_err_t *err)
{
    bool is_folder = g_file_test(w->path, G_FILE_TEST_IS_DIR);
    char *dir = is_folder ? g_strdup(w->path) : g_path_get_dirname(w->path);
    char *above = g_path_get_dirname(dir);
    senda_rc_t rc;

    leave(w, &w->rules);
    leave(w, &w->above);
    g_free(w->name);
    g_free(w->folder);
    w->name = is_folder ? NULL : g_path_get_basename(w->path);
    w->folder = g_path_get_basename(dir);
    /* how a folder that was removed is seen to come back; without it the rest works */
    w->above = inotify_add_watch(w->fd, above, ABOVE_EVENTS);
    rc = add(w, dir, RULES_EVENTS, &w->rules, err);
    g_free(above);
    g_free(dir);
    return rc;
}

senda_rc_t
watch_open(watch_t **out, const char *store, const char *rules, senda_err_t *err)
{
    watch_t *w = g_new0(watch_t, 1);
    char *journal = g_build_filename(store, "journal", NULL);
    senda_rc_t rc = SENDA_OK;

    *out = NULL;
    w->journal = w->rules = w->above = -1;
    w->path = g_strdup(rules);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot watch files: %s", g_strerror(errno));
    }
    if (rc == SENDA_OK) {
        rc = add(w, journal, IN_MODIFY | IN_CREATE, &w->journal, err);
    }
    if (rc == SENDA_OK) {
        rc = aim(w, err);
    }
    g_free(journal);
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
        g_free(w->path);
        g_free(w->name);
        g_free(w->folder);
        g_free(w);
    }
}

int
watch_fd(const watch_t *w)
{
    return w->fd;
}

static bool
is_rule_file(const watch_t *w, const char *name)
{
    return w->name != NULL ? strcmp(name, w->name) == 0 : g_str_has_suffix(name, ".senda");
}

/* *moved: what is watched is no longer what the path names. */
static unsigned
meaning(const watch_t *w, const struct inotify_event *e, bool *moved)
{
    const char *name = e->len > 0 ? e->name : "";

    if (e->mask & IN_Q_OVERFLOW) {
        *moved = true;
        return WATCH_JOURNAL | WATCH_RULES;
    }
    if (e->wd == w->journal) {
        return WATCH_JOURNAL;
    }
    if (e->wd == w->above && strcmp(name, w->folder) == 0) {
        *moved = true;
        return WATCH_RULES;
    }
    if (e->wd != w->rules || !is_rule_file(w, name)) {
        return 0;
    }
    if (e->mask & IN_ISDIR) {
        *moved = true;
        return WATCH_RULES;
    }
    return e->mask & IN_CREATE ? 0 : WATCH_RULES; /* it is yet to be written */
}

unsigned
watch_read(watch_t *w)
{
    _Alignas(struct inotify_event) char buf[8192];
    unsigned changed = 0;
    bool moved = false;
    ssize_t n;

    while ((n = read(w->fd, buf, sizeof(buf))) > 0) {
        for (ssize_t i = 0; i < n;) {
            const struct inotify_event *e = (const struct inotify_event *)(buf + i);

            changed |= meaning(w, e, &moved);
            i += (ssize_t)(sizeof(*e) + e->len);
        }
    }
    if (moved) {
        (void)aim(w, NULL);
    }
    return changed;
}
