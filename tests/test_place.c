/*
 * Where a store may lie, who may write to it, who uses it: file systems by
 * their number, rights by mode, two PID namespaces on one folder.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_place.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[SCRATCH_MAX];

static int
setup(void **state)
{
    (void)state;
    scratch_make_in("/dev/shm", dir);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

static void
file_systems_by_number(void **state)
{
    (void)state;
    assert_string_equal(senda_place_refused(0x6969), "NFS");
    assert_string_equal(senda_place_refused(0xff534d42), "CIFS");
    assert_string_equal(senda_place_refused((int32_t)0xff534d42), "CIFS"); /* as some systems say */
    assert_string_equal(senda_place_refused(0x65735546), "FUSE");
    assert_string_equal(senda_place_refused(0x01021997), "9p");
    assert_non_null(senda_place_refused(0x794c7630));
    assert_null(senda_place_refused(0xef53));     /* ext4 */
    assert_null(senda_place_refused(0x01021994)); /* tmpfs */
    assert_null(senda_place_refused(0x58465342)); /* XFS */
    assert_null(senda_place_refused(0x9123683e)); /* btrfs */
    assert_null(senda_place_refused(0x2fc12fc1)); /* ZFS */
}

static void
a_folder_that_is_not_there_yet(void **state)
{
    char path[SCRATCH_MAX + 32];
    senda_err_t err = { "" };

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/not/there/yet", dir);
    if (senda_place_check(path, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(senda_place_check("", &err), SENDA_SYS);
}

/* In a child with mounts of its own: 0 right, 1 wrong, 2 not allowed here. */
static int
look_at_an_overlay(void)
{
    char options[4 * SCRATCH_MAX], path[SCRATCH_MAX + 16];
    static const char *const parts[] = { "base", "lower", "upper", "work", "merged" };
    senda_err_t err = { "" };

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return 2;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
        if (mkdir(path, 0700) != 0) {
            return 1;
        }
    }
    (void)snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
        dir, dir, dir);
    (void)snprintf(path, sizeof(path), "%s/merged", dir);
    if (mount("overlay", path, "overlay", 0, options) != 0) {
        return 2;
    }
    return senda_place_check(path, &err) == SENDA_BAD && strstr(err.text, "overlay") != NULL ? 0
                                                                                             : 1;
}

static int
result_of(int (*look)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(look());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void
an_overlay_is_refused(void **state)
{
    int result = result_of(look_at_an_overlay);

    (void)state;
    if (result == 2) {
        print_message("# no mounts are allowed here\n");
        skip();
    }
    assert_int_equal(result, 0);
}

static void
rights_by_mode(void **state)
{
    char path[SCRATCH_MAX + 16];
    senda_err_t err;
    FILE *f;

    (void)state;
    assert_int_equal(chmod(dir, 02770), 0);
    assert_int_equal(senda_place_rights(dir, getuid(), getgid(), &err), SENDA_OK);
    assert_int_equal(senda_place_rights(dir, 4321, getgid(), &err), SENDA_OK);
    assert_int_equal(senda_place_rights(dir, 4321, 4321, &err), SENDA_BAD);
    assert_non_null(strstr(err.text, "chgrp -R 4321"));
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    (void)fclose(f);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(senda_place_rights(dir, 4321, getgid(), &err), SENDA_BAD);
    assert_non_null(strstr(err.text, "data.mdb"));
    assert_int_equal(chmod(path, 0660), 0);
    assert_int_equal(senda_place_rights(dir, 4321, getgid(), &err), SENDA_OK);
    assert_int_equal(senda_place_rights("/nonexistent", 1, 1, &err), SENDA_NONE);
}

static void
processes_of_one_kind_share(void **state)
{
    senda_err_t err = { "" };
    int a, b;

    (void)state;
    if (senda_place_join(&a, dir, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(senda_place_join(&b, dir, &err), SENDA_OK);
    (void)close(a);
    (void)close(b);
    assert_int_equal(senda_place_join(&a, dir, &err), SENDA_OK);
    (void)close(a);
    assert_int_equal(senda_place_join(&a, "/nonexistent", &err), SENDA_SYS);
}

/* The folder's word is another namespace's, and a process of it holds the lock or does not. */
static void
who_comes_from_elsewhere_waits_for_the_last(void **state)
{
    char path[SCRATCH_MAX + 16];
    senda_err_t err = { "" };
    int theirs, mine;
    FILE *f;

    (void)state;
    assert_int_equal(senda_place_join(&theirs, dir, &err), SENDA_OK);
    (void)snprintf(path, sizeof(path), "%s/users.lock", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs("pid:[1]", f);
    (void)fclose(f);
    assert_int_equal(senda_place_join(&mine, dir, &err), SENDA_BAD);
    assert_int_equal(mine, -1);
    assert_non_null(strstr(err.text, "another PID namespace"));
    (void)close(theirs);
    assert_int_equal(senda_place_join(&mine, dir, &err), SENDA_OK);
    (void)close(mine);
}

static int
join_from_elsewhere(void)
{
    senda_err_t err;
    int fd, status;
    pid_t pid;

    if (unshare(CLONE_NEWPID) != 0) {
        return 2;
    }
    pid =
        fork(); /* the first process of the new namespace; /proc still shows ours by its own link */
    if (pid == 0) {
        _exit(senda_place_join(&fd, dir, &err) == SENDA_BAD ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : 1;
}

static void
a_real_namespace(void **state)
{
    senda_err_t err = { "" };
    int fd, result;

    (void)state;
    assert_int_equal(senda_place_join(&fd, dir, &err), SENDA_OK);
    result = result_of(join_from_elsewhere);
    (void)close(fd);
    if (result == 2) {
        print_message("# no namespaces are allowed here\n");
        skip();
    }
    assert_int_equal(result, 0);
}

/* Many at once into an empty folder: all of them get in. */
static void
everybody_gets_in(void **state)
{
    enum { MANY = 16 };
    senda_err_t err;
    int status, fd;
    pid_t pids[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            _exit(senda_place_join(&fd, dir, &err) == SENDA_OK ? 0 : 1);
        }
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(file_systems_by_number),
        CASE(a_folder_that_is_not_there_yet),
        CASE(an_overlay_is_refused),
        CASE(rights_by_mode),
        CASE(processes_of_one_kind_share),
        CASE(who_comes_from_elsewhere_waits_for_the_last),
        CASE(a_real_namespace),
        CASE(everybody_gets_in),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
