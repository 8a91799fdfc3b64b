/*
 * A store's readers: those who died with a place in its table leave it to
 * others, and those that know of more tables than there are do without.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_limits.h"
#include "senda_store.h"

#include <signal.h>
#include <sys/wait.h>

#define MAP (16u << 20)

static const char *const names[] = { "one", "two" };
static const senda_schema_t schema = { names, 2, 0 };
static const senda_schema_t smaller = { names, 1, 0 };
static const senda_schema_t grown = { names, 2, 1 }; /* "two" came with a newer program */

static char dir[SCRATCH_MAX];

static int
setup(void **state)
{
    (void)state;
    scratch_make(dir);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

static senda_store_t *
opened(senda_store_mode_t mode)
{
    senda_store_t *s = NULL;

    assert_int_equal(senda_store_open(&s, dir, mode, false, MAP, &schema, NULL), SENDA_OK);
    return s;
}

static void
dead_readers_are_cleared(void **state)
{
    senda_store_t *s;
    senda_txn_t *t;
    int ready[2], status;
    char byte = 'r';
    pid_t pid;

    (void)state;
    senda_store_close(opened(SENDA_STORE_SYNC)); /* LMDB's handles do not go through fork */
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, NULL) == SENDA_OK &&
            senda_txn_begin(&t, s, false, NULL) == SENDA_OK && write(ready[1], &byte, 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    s = opened(SENDA_STORE_SYNC);
    assert_int_equal(senda_store_clear_readers(s), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(senda_store_clear_readers(s), 1);
    assert_int_equal(senda_store_clear_readers(s), 0);
    senda_store_close(s);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/*
 * Whoever opens the store next takes the places of those who died with one,
 * while somebody holds it (else its table of readers is made anew).
 */
static void
the_dead_do_not_keep_others_out(void **state)
{
    senda_store_t *s;
    senda_txn_t *t;
    int ready[2], status, good = 0;
    char byte = 'r';
    pid_t holder, pid;

    (void)state;
    senda_store_close(opened(SENDA_STORE_SYNC));
    assert_int_equal(pipe(ready), 0);
    holder = fork();
    if (holder == 0) {
        if (senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, NULL) == SENDA_OK &&
            write(ready[1], &byte, 1) == 1) {
            (void)pause();
        }
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    for (unsigned i = 0; i < SENDA_STORE_READERS + 2; i++) {
        pid = fork();
        if (pid == 0) {
            _exit(senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, NULL) ==
                            SENDA_OK &&
                        senda_txn_begin(&t, s, false, NULL) == SENDA_OK
                    ? 0
                    : 1);
        }
        good += waitpid(pid, &status, 0) == pid && status == 0;
    }
    assert_int_equal(kill(holder, SIGKILL), 0);
    assert_int_equal(waitpid(holder, &status, 0), holder);
    assert_int_equal(good, SENDA_STORE_READERS + 2);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* nginx may be newer than the sidecar: what it knows of must not be hidden by what it does not. */
static void
a_reader_does_without_newer_tables(void **state)
{
    senda_str_t key, value;
    senda_scan_t *scan;
    senda_store_t *s;
    senda_txn_t *t;

    (void)state;
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_SYNC, false, MAP, &smaller, NULL),
        SENDA_OK);
    assert_true(senda_store_whole(s));
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    assert_int_equal(senda_put(t, 0, SENDA_STR("a"), SENDA_STR("1"), false, NULL), SENDA_OK);
    assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
    senda_store_close(s);

    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &grown, NULL),
        SENDA_OK);
    assert_false(senda_store_whole(s));
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    assert_int_equal(senda_get(t, 0, SENDA_STR("a"), &value), SENDA_OK);
    assert_int_equal(senda_get(t, 1, SENDA_STR("a"), &value), SENDA_NONE);
    assert_int_equal(senda_scan_begin(&scan, t, 1, SENDA_STR("")), SENDA_NONE);
    assert_int_equal(senda_get_last(t, 1, SENDA_STR(""), &key, &value), SENDA_NONE);
    assert_int_equal(senda_count(t, 1), 0);
    senda_txn_abort(t);
    senda_store_close(s);

    senda_store_close(opened(SENDA_STORE_SYNC));
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &grown, NULL),
        SENDA_OK);
    assert_true(senda_store_whole(s));
    senda_store_close(s);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(dead_readers_are_cleared),
        CASE(the_dead_do_not_keep_others_out),
        CASE(a_reader_does_without_newer_tables),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
