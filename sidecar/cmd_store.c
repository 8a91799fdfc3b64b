/*
 * `senda init DIR`: the store's folders, with the rights that keep a
 * compromised web worker from reading addresses. Changes nothing in a store
 * that is there already but missing folders and their rights.
 */

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command_line.h"
#include "commands.h"
#include "senda_place.h"

typedef struct {
    const char *name; /* NULL: the store itself */
    mode_t mode;
    bool shared; /* with the workers' group */
} folder_t;

static const folder_t folders[] = {
    { NULL, 0755, false },
    { "journal", 02770, true },
    { "published", 02770, true },
    { "state", 0700, false },
};

static senda_rc_t
make_folder(const char *store, const folder_t *f, gid_t group, bool has_group, senda_err_t *err)
{
    char *dir = f->name != NULL ? g_build_filename(store, f->name, NULL) : g_strdup(store);
    struct stat st;
    senda_rc_t rc = SENDA_OK;

    if (g_mkdir_with_parents(dir, f->mode & 0777) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot make %s: %s", dir, g_strerror(errno));
    } else if (f->shared && has_group && chown(dir, (uid_t)-1, group) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot give %s to the group: %s", dir, g_strerror(errno));
    } else if (chmod(dir, f->mode) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot set the rights of %s: %s", dir, g_strerror(errno));
    } else if (stat(dir, &st) != 0 || (st.st_mode & 07777) != f->mode) {
        rc = senda_fail(err, SENDA_SYS, "%s does not keep the rights %04o", dir, (unsigned)f->mode);
    }
    g_free(dir);
    return rc;
}

int
cmd_init(int argc, char **argv)
{
    static char *group;
    static const GOptionEntry options[] = {
        { "group", 'g', 0, G_OPTION_ARG_STRING, &group,
            "the group that nginx's workers run in; they write journal/ and read published/",
            "NAME" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    senda_err_t err = { "" };
    senda_rc_t rc = SENDA_OK;
    struct group *g = NULL;

    if (!command_line(&argc, &argv, options, "DIR",
            "Makes a store: the folders in which nginx and "
            "the sidecar keep what they know.",
            1, 1)) {
        return 2;
    }
    if (group != NULL && (g = getgrnam(group)) == NULL) {
        rc = senda_fail(&err, SENDA_SYS, "there is no group %s", group);
    }
    if (rc == SENDA_OK && senda_place_check(argv[1], &err) == SENDA_BAD) {
        rc = SENDA_SYS;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders) && rc == SENDA_OK; i++) {
        rc = make_folder(argv[1], &folders[i], g != NULL ? g->gr_gid : 0, g != NULL, &err);
    }
    if (rc != SENDA_OK) {
        return command_failed("init", rc, &err);
    }
    (void)printf("%s is a store\n", argv[1]);
    return 0;
}
