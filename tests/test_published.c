/*
 * published/: ids that are for ever, generations that grow, and what a reader
 * in another process sees of them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_key.h"
#include "senda_published.h"

#include <sys/wait.h>

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
    assert_int_equal(senda_store_inside, 0);
    return 0;
}

static senda_published_t *
opened(void)
{
    senda_published_t *p;
    senda_err_t err = { "" };

    if (senda_published_open_write(&p, dir, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return p;
}

static uint32_t
id_of(senda_published_t *p, senda_name_kind_t kind, uint32_t site, const char *name)
{
    senda_err_t err = { "" };
    uint32_t id;

    if (senda_published_id(p, kind, site, senda_cstr(name), &id, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return id;
}

static void
ids_are_one_sequence_a_kind(void **state)
{
    senda_published_t *p = opened();

    (void)state;
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(id_of(p, SENDA_NAME_SITE, 0, "shop.example"), 1);
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 1, "cart"), 1);
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 2, "cart"), 2); /* another site's, another page */
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 1, "car"), 3);
    assert_int_equal(id_of(p, SENDA_NAME_EVENT, 1, "cart"), SENDA_EVENT_CUSTOM);
    assert_int_equal(id_of(p, SENDA_NAME_EVENT, 1, "wish"), SENDA_EVENT_CUSTOM + 1);
    assert_int_equal(id_of(p, SENDA_NAME_TAG, 1, "cart"), 1);
    assert_int_equal(id_of(p, SENDA_NAME_FLOW, 1, "cart"), 1);
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 1, "cart"), 1);
    assert_int_equal(senda_published_commit(p, NULL), SENDA_OK);
    senda_published_close(p);

    p = opened();
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 2, "cart"), 2);
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 2, "lost"), 4);
    senda_published_abort(p);
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(id_of(p, SENDA_NAME_PAGE, 2, "kept"), 4); /* nobody had seen it */
    senda_published_abort(p);
    senda_published_close(p);
    senda_published_close(NULL);
}

static void
names_have_bounds(void **state)
{
    static char name[SENDA_NAME_MAX + 2];
    senda_published_t *p = opened();
    senda_err_t err;
    uint32_t id;

    (void)state;
    memset(name, 'n', SENDA_NAME_MAX + 1);
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(senda_published_id(p, SENDA_NAME_TAG, 1, (senda_str_t){ name, SENDA_NAME_MAX },
                         &id, &err),
        SENDA_OK);
    assert_int_equal(senda_published_id(p, SENDA_NAME_TAG, 1, senda_cstr(name), &id, &err),
        SENDA_BAD);
    assert_int_equal(senda_published_id(p, SENDA_NAME_TAG, 1, SENDA_STR(""), &id, &err), SENDA_BAD);
    assert_int_equal(senda_published_id(p, (senda_name_kind_t)9, 1, SENDA_STR("x"), &id, &err),
        SENDA_BAD);
    senda_published_abort(p);
    senda_published_close(p);
}

static void
generations_grow(void **state)
{
    senda_published_t *p = opened();
    uint64_t generation;
    senda_err_t err;
    void *blob;
    size_t len;

    (void)state;
    assert_int_equal(senda_published_generation(p), 0);
    assert_int_equal(senda_published_rules(p, &blob, &len, &generation, NULL), SENDA_NONE);
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(senda_published_set_rules(p, 5, SENDA_STR("five"), NULL), SENDA_OK);
    assert_int_equal(senda_published_generation(p), 0); /* what is not committed is not there */
    assert_int_equal(senda_published_commit(p, NULL), SENDA_OK);
    assert_int_equal(senda_published_generation(p), 5);
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(senda_published_set_rules(p, 5, SENDA_STR("again"), &err), SENDA_BAD);
    assert_string_equal(err.text, "published: generation 5 is not after 5");
    assert_int_equal(senda_published_set_rules(p, 6,
                         (senda_str_t){ "", (size_t)SENDA_RULES_MAX + 1 }, &err),
        SENDA_FULL);
    senda_published_abort(p);
    assert_int_equal(senda_published_rules(p, &blob, &len, &generation, NULL), SENDA_OK);
    assert_int_equal(generation, 5);
    assert_int_equal(len, 4);
    assert_memory_equal(blob, "five", 4);
    assert_int_equal((uintptr_t)blob % 8, 0);
    free(blob);
    senda_published_close(p);
}

/* Publishes generations 1 … 200, each blob filled with its generation. */
static void
publish(void)
{
    static char blob[100000];
    senda_published_t *p;

    if (senda_published_open_write(&p, dir, NULL) != SENDA_OK) {
        _exit(1);
    }
    for (unsigned g = 1; g <= 200; g++) {
        memset(blob, (char)g, sizeof(blob));
        if (senda_published_begin(p, NULL) != SENDA_OK ||
            senda_published_set_rules(p, g, (senda_str_t){ blob, sizeof(blob) - g }, NULL) !=
                SENDA_OK ||
            senda_published_commit(p, NULL) != SENDA_OK) {
            _exit(2);
        }
    }
    senda_published_close(p);
    _exit(0);
}

static void
a_reader_sees_whole_generations(void **state)
{
    senda_published_t *p;
    uint64_t seen = 0, generation;
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(senda_published_open_read(&p, dir, NULL), SENDA_NONE);
    senda_published_close(opened());
    pid = fork();
    if (pid == 0) {
        publish();
    }
    assert_int_equal(senda_published_open_read(&p, dir, NULL), SENDA_OK);
    while (seen < 200 && waitpid(pid, &status, WNOHANG) == 0) {
        if (senda_published_generation(p) > seen) {
            void *blob;
            size_t len;

            assert_int_equal(senda_published_rules(p, &blob, &len, &generation, NULL), SENDA_OK);
            assert_true(generation > seen);
            seen = generation;
            assert_int_equal(len, 100000 - seen);
            for (size_t i = 0; i < len; i++) {
                assert_true(((char *)blob)[i] == (char)seen);
            }
            free(blob);
        }
    }
    if (seen == 200) {
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    assert_int_equal(status, 0);
    assert_int_equal(senda_published_generation(p), 200);
    senda_published_close(p);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(ids_are_one_sequence_a_kind),
        CASE(names_have_bounds),
        CASE(generations_grow),
        CASE(a_reader_sees_whole_generations),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
