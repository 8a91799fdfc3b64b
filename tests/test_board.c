/*
 * The board: made, shared, replaced when damaged, seen to be gone; deaths that
 * make passive and those that do not, also of processes that die at once.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_board.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
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

static const char *
path_of(const char *name)
{
    static char path[SCRATCH_MAX + 32];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static senda_board_t *
opened(void)
{
    senda_board_t *b;
    senda_err_t err = { "" };

    if (senda_board_open(&b, dir, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return b;
}

static void
write_at(const char *name, off_t at, const void *data, size_t n)
{
    int fd = open(path_of(name), O_RDWR | O_CREAT, 0660);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, n, at), (int)n);
    (void)close(fd);
}

static unsigned
files(void)
{
    DIR *d = opendir(dir);
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    }
    (void)closedir(d);
    return n;
}

static void
every_cell_has_a_row(void **state)
{
    (void)state;
    for (int i = 0; i < SENDA_BOARD_CELLS; i++) {
        const senda_board_row_t *row = senda_board_row((senda_board_cell_t)i);

        assert_non_null(row);
        assert_non_null(row->name);
        for (const char *p = row->name; *p != '\0'; p++) {
            assert_true(islower((unsigned char)*p) || *p == '_');
        }
        assert_true(strlen(row->help) > 8 && row->help[strlen(row->help) - 1] == '.');
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(row->name, senda_board_row((senda_board_cell_t)k)->name);
        }
    }
    assert_null(senda_board_row(SENDA_BOARD_CELLS));
}

static void
it_is_made_shared_and_outlives(void **state)
{
    senda_board_t *a, *b;
    struct stat st;

    (void)state;
    assert_int_equal(senda_board_look(&b, dir, NULL), SENDA_NONE);
    assert_null(b);
    assert_int_equal(senda_board_look(&b, path_of("nowhere"), NULL), SENDA_NONE);
    assert_int_equal(senda_board_open(&b, path_of("nowhere"), NULL), SENDA_SYS);
    a = opened();
    assert_int_equal(stat(path_of("board"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_int_equal(st.st_size, 4096);
    assert_int_equal(files(), 1);
    b = opened();
    for (int i = 0; i < SENDA_BOARD_CELLS; i++) {
        assert_int_equal(senda_board_get(a, (senda_board_cell_t)i), 0);
        senda_board_set(a, (senda_board_cell_t)i, 1000 + (uint64_t)i);
    }
    senda_board_add(b, SENDA_BOARD_CELLS - 1, UINT64_MAX); /* wraps: one less */
    senda_board_set(b, SENDA_BOARD_CELLS, 1);
    assert_int_equal(senda_board_get(b, SENDA_BOARD_CELLS), 0);
    senda_board_close(a);
    senda_board_close(b);
    senda_board_close(NULL);
    assert_int_equal(senda_board_look(&b, dir, NULL), SENDA_OK);
    for (int i = 0; i < SENDA_BOARD_CELLS; i++) {
        assert_int_equal(senda_board_get(b, (senda_board_cell_t)i),
            1000 + i - (i == SENDA_BOARD_CELLS - 1));
    }
    senda_board_close(b);
}

/* Whatever stands in its place is replaced by an empty board; who only looks says so. */
static void
expect_replaced(void)
{
    senda_board_t *b;
    senda_err_t err = { "" };

    assert_int_equal(senda_board_look(&b, dir, &err), SENDA_BAD);
    assert_true(strlen(err.text) > 0);
    b = opened();
    assert_int_equal(senda_board_get(b, SENDA_BOARD_RINGS), 0);
    senda_board_set(b, SENDA_BOARD_RINGS, 7);
    senda_board_close(b);
    assert_int_equal(senda_board_look(&b, dir, &err), SENDA_OK);
    assert_int_equal(senda_board_get(b, SENDA_BOARD_RINGS), 7);
    senda_board_close(b);
}

static void
a_damaged_one_is_replaced(void **state)
{
    (void)state;
    senda_board_close(opened());
    write_at("board", 0, "SENDA-BD", 8);
    expect_replaced();
    write_at("board", 8, "\2\0\0", 4); /* another version */
    expect_replaced();
    assert_int_equal(truncate(path_of("board"), 4095), 0);
    expect_replaced();
    assert_int_equal(truncate(path_of("board"), 0), 0);
    expect_replaced();
    assert_int_equal(truncate(path_of("board"), 8192), 0);
    expect_replaced();
    assert_int_equal(files(), 1);
}

/* A link is not followed: what it leads to stays as it is. */
static void
a_link_is_replaced_not_followed(void **state)
{
    char target[SCRATCH_MAX + 32], byte[2] = "";
    int fd;

    (void)state;
    (void)snprintf(target, sizeof(target), "%s", path_of("target"));
    write_at("target", 0, "x", 1);
    assert_int_equal(symlink(target, path_of("board")), 0);
    expect_replaced();
    fd = open(target, O_RDONLY);
    assert_int_equal(read(fd, byte, 2), 1);
    assert_int_equal(byte[0], 'x');
    (void)close(fd);
}

static void
a_folder_in_its_place_is_an_error(void **state)
{
    senda_board_t *b;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(mkdir(path_of("board"), 0700), 0);
    assert_int_equal(senda_board_open(&b, dir, &err), SENDA_SYS);
    assert_null(b);
    assert_non_null(strstr(err.text, "board"));
    assert_int_equal(files(), 1);
}

static void
leftovers_of_the_dead_go(void **state)
{
    pid_t dead = fork();
    char name[32];

    (void)state;
    if (dead == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    (void)snprintf(name, sizeof(name), ".board-%ld", (long)dead);
    write_at(name, 0, "x", 1);
    (void)snprintf(name, sizeof(name), ".board-%ld", (long)getppid());
    write_at(name, 0, "x", 1);
    (void)snprintf(name, sizeof(name), ".board-%ld", (long)getpid());
    write_at(name, 0, "x", 1);
    senda_board_close(opened());
    assert_int_equal(files(), 2); /* the board, and what the living parent makes */
}

static void
it_is_seen_to_be_gone(void **state)
{
    senda_board_t *a = opened(), *b;

    (void)state;
    assert_false(senda_board_is_gone(a));
    assert_int_equal(unlink(path_of("board")), 0);
    assert_true(senda_board_is_gone(a));
    senda_board_set(a, SENDA_BOARD_RINGS, 3); /* harmless */
    b = opened();
    assert_false(senda_board_is_gone(b));
    assert_int_equal(senda_board_get(b, SENDA_BOARD_RINGS), 0);
    senda_board_close(a);
    write_at("board", 0, "damaged!", 8);
    a = opened();
    assert_true(senda_board_is_gone(b));
    assert_false(senda_board_is_gone(a));
    senda_board_close(a);
    senda_board_close(b);
}

static void
who_may_not_write_only_reads(void **state)
{
    senda_board_t *b;
    pid_t child;
    int status;

    (void)state;
    senda_board_close(opened());
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chmod(path_of("board"), 0644), 0);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(1);
        }
        if (geteuid() != 65534) {
            _exit(0); /* its owner may write: nothing to see */
        }
        if (senda_board_look(&b, dir, NULL) != SENDA_OK) {
            _exit(2);
        }
        senda_board_set(b, SENDA_BOARD_RINGS, 1);
        senda_board_add(b, SENDA_BOARD_RINGS, 1);
        senda_board_death(b, 1);
        senda_board_trust(b);
        if (senda_board_get(b, SENDA_BOARD_RINGS) != 0 || senda_board_passive(b)) {
            _exit(3);
        }
        senda_board_close(b);
        _exit(senda_board_open(&b, dir, NULL) == SENDA_SYS ? 0 : 4);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void
three_deaths_in_a_minute_make_passive(void **state)
{
    senda_board_t *b = opened(), *other = opened();

    (void)state;
    senda_board_death(b, 0);
    senda_board_death(b, 30);
    assert_false(senda_board_passive(b));
    senda_board_death(b, 61); /* the first is too long ago */
    assert_false(senda_board_passive(b));
    senda_board_death(b, 90); /* 30, 61, 90 */
    assert_true(senda_board_passive(b));
    assert_true(senda_board_passive(other));
    assert_int_equal(senda_board_get(b, SENDA_BOARD_DEATHS), 4);
    senda_board_close(other);
    other = opened();
    assert_true(senda_board_passive(other)); /* until somebody says so */
    senda_board_trust(other);
    assert_false(senda_board_passive(b));
    senda_board_death(b, 91);
    senda_board_death(b, 91);
    assert_false(senda_board_passive(b)); /* what was before the trust does not count */
    senda_board_death(b, 151);
    assert_true(senda_board_passive(b));
    assert_int_equal(senda_board_get(b, SENDA_BOARD_DEATHS), 7);
    senda_board_close(b);
    senda_board_close(other);
}

/* Moments of before the machine's start are later than now: they are no evidence. */
static void
deaths_of_another_boot_do_not_count(void **state)
{
    senda_board_t *b = opened();

    (void)state;
    senda_board_death(b, 5000);
    senda_board_death(b, 5000);
    senda_board_death(b, 10);
    assert_false(senda_board_passive(b));
    senda_board_death(b, 11);
    senda_board_death(b, 12);
    assert_true(senda_board_passive(b));
    senda_board_close(b);
}

static void
processes_that_die_at_once_all_count(void **state)
{
    enum { PROCESSES = 8, EACH = 500 };
    senda_board_t *b = opened();
    int status;

    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            for (int k = 0; k < EACH; k++) {
                senda_board_death(b, 100);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0 && status == 0);
    }
    assert_int_equal(senda_board_get(b, SENDA_BOARD_DEATHS), PROCESSES * EACH);
    assert_true(senda_board_passive(b));
    senda_board_close(b);
}

/* Many open it at the same moment, some find it damaged: they end on one board. */
static void
all_end_on_one_board(void **state)
{
    int status;

    (void)state;
    for (int round = 0; round < 30; round++) {
        if (round % 2 == 0) {
            (void)unlink(path_of("board"));
        } else {
            write_at("board", 0, "damaged!", 8);
        }
        for (int i = 0; i < 6; i++) {
            if (fork() == 0) {
                senda_board_t *b = NULL;

                if (senda_board_open(&b, dir, NULL) != SENDA_OK) {
                    _exit(1);
                }
                _exit(0);
            }
        }
        for (int i = 0; i < 6; i++) {
            assert_true(wait(&status) > 0 && status == 0);
        }
        assert_int_equal(files(), 1);
    }
}

static void
drops_of_rings_that_went_are_kept(void **state)
{
    senda_board_t *b = opened(), *other = opened();

    (void)state;
    assert_int_equal(senda_board_dropped(b, 4), 0);
    senda_board_add_dropped(b, 4, 40);
    senda_board_add_dropped(b, 4, 2);
    senda_board_add_dropped(b, 63, 1);
    senda_board_add_dropped(b, 64, 1);
    senda_board_add_dropped(b, UINT32_MAX, 1);
    assert_int_equal(senda_board_dropped(other, 4), 42);
    assert_int_equal(senda_board_dropped(other, 5), 0);
    assert_int_equal(senda_board_dropped(other, 63), 1);
    assert_int_equal(senda_board_dropped(other, 64), 0);
    assert_int_equal(senda_board_dropped(other, UINT32_MAX), 0);
    for (unsigned i = 0; i < SENDA_BOARD_CELLS; i++) {
        assert_int_equal(senda_board_get(b, (senda_board_cell_t)i), 0);
    }
    senda_board_close(b);
    senda_board_close(other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_has_a_row),
        cmocka_unit_test_setup_teardown(it_is_made_shared_and_outlives, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_of_rings_that_went_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_one_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_is_replaced_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_in_its_place_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(leftovers_of_the_dead_go, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_seen_to_be_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_not_write_only_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(three_deaths_in_a_minute_make_passive, setup, teardown),
        cmocka_unit_test_setup_teardown(deaths_of_another_boot_do_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(processes_that_die_at_once_all_count, setup, teardown),
        cmocka_unit_test_setup_teardown(all_end_on_one_board, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
