/*
 * Key files: made, printed, read back; every mistake named with its place.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_keys.h"

#include "scratch.h"

#include <stdio.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static senda_keys_t keys;

static void
test_made_and_back(void **state)
{
    senda_keys_t nginx, sidecar, again;
    char text[2048];
    senda_err_t err;
    size_t n;

    (void)state;
    assert_int_equal(senda_keys_make(&nginx, &sidecar, &err), SENDA_OK);
    assert_true(nginx.has_seal_public && !nginx.has_seal_secret && nginx.nreturn == 0);
    assert_true(sidecar.has_seal_secret && !sidecar.has_seal_public && sidecar.ncookie == 0);
    assert_memory_equal(&nginx.links[0], &sidecar.links[0], sizeof(nginx.links[0]));
    assert_memory_not_equal(nginx.links[0].key, nginx.cookie[0].key, SENDA_SECRET_LEN);
    assert_memory_not_equal(sidecar.seal_secret, nginx.seal_public, 32);

    n = senda_keys_print(&nginx, text, sizeof(text));
    assert_int_equal(n, strlen(text));
    assert_int_equal(senda_keys_parse(&again, (senda_str_t){ text, n }, "n", &err), SENDA_OK);
    assert_memory_equal(&again, &nginx, sizeof(nginx));
    assert_int_equal(senda_keys_print(&nginx, text, n), 0);
    n = senda_keys_print(&sidecar, text, sizeof(text));
    assert_int_equal(senda_keys_parse(&again, (senda_str_t){ text, n }, "s", &err), SENDA_OK);
    assert_memory_equal(&again, &sidecar, sizeof(sidecar));
    assert_int_equal(senda_keys_make(&again, &sidecar, &err), SENDA_OK);
    assert_memory_not_equal(again.cookie[0].key, nginx.cookie[0].key, SENDA_SECRET_LEN);
}

static void
test_order_and_comments(void **state)
{
    static const char text[] = "# keys\r\n\n  cookie 3 " HEX " # the newest\n"
                               "cookie 1 " HEX "\r\n\tcookie\t200 " HEX "\nreturn-path 2 " HEX;
    senda_err_t err;

    (void)state;
    assert_int_equal(senda_keys_parse(&keys, senda_cstr(text), "k", &err), SENDA_OK);
    assert_int_equal(keys.ncookie, 3);
    assert_int_equal(keys.cookie[0].number, 1);
    assert_int_equal(keys.cookie[1].number, 3);
    assert_int_equal(keys.cookie[2].number, 200);
    assert_int_equal(keys.nreturn, 1);
    assert_int_equal(keys.cookie[0].key[1], 0x11);
    assert_int_equal(keys.cookie[0].key[31], 0xff);
}

static void
test_mistakes(void **state)
{
    static const char *const cases[][2] = {
        { "", "file: holds no key" },
        { "# nothing\n", "file: holds no key" },
        { "cookie 1 " HEX "\nkookie 2 " HEX, "file:2: unknown kind of key" },
        { "cookie " HEX, "file:1: expected the key's number" },
        { "cookie 0 " HEX, "file:1: expected the key's number" },
        { "cookie 256 " HEX, "file:1: expected the key's number" },
        { "cookie 1", "file:1: a key is 64 hex digits, here are 0" },
        { "cookie 1 abc", "file:1: a key is 64 hex digits, here are 3" },
        { "cookie 1 " HEX "0", "file:1: a key is 64 hex digits, here are 65" },
        { "cookie 1 x0112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF",
            "file:1: a key is hex digits, number 1 is none" },
        { "cookie 1 " HEX " 2026-11-22 more", "file:1: too many words" },
        { "cookie 1 " HEX "\ncookie 1 " HEX, "file:2: number 1 is there already" },
        { "seal-public " HEX "\nseal-public " HEX, "file:2: a second key of this kind" },
    };
    char many[SENDA_SECRETS_MAX * 100 + 200] = "";
    senda_err_t err;
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err.text[0] = '\0';
        assert_int_equal(senda_keys_parse(&keys, senda_cstr(cases[i][0]), "file", &err), SENDA_BAD);
        if (strncmp(err.text, cases[i][1], strlen(cases[i][1])) != 0) {
            fail_msg("%s: %s", cases[i][0], err.text);
        }
        assert_null(strstr(err.text, "00112233"));
        assert_int_equal(keys.ncookie, 0);
    }
    for (unsigned i = 1; i <= SENDA_SECRETS_MAX + 1; i++) {
        n += (size_t)snprintf(many + n, sizeof(many) - n, "links %u " HEX "\n", i);
    }
    assert_int_equal(senda_keys_parse(&keys, senda_cstr(many), "file", &err), SENDA_BAD);
    assert_string_equal(err.text, "file:9: more than 8 keys of this kind");
}

static void
test_files(void **state)
{
    char dir[SCRATCH_MAX], file[SCRATCH_MAX + 16], big[20000];
    senda_err_t err;
    FILE *f;

    (void)state;
    scratch_make(dir);
    (void)snprintf(file, sizeof(file), "%s/nginx.key", dir);
    assert_int_equal(senda_keys_read(&keys, file, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, file));
    f = fopen(file, "w");
    assert_non_null(f);
    assert_true(fputs("cookie 1 " HEX "\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(senda_keys_read(&keys, file, &err), SENDA_OK);
    assert_int_equal(keys.ncookie, 1);
    memset(big, '#', sizeof(big));
    f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(big, 1, sizeof(big), f), sizeof(big));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(senda_keys_read(&keys, file, &err), SENDA_BAD);
    assert_int_equal(senda_keys_read(&keys, dir, &err), SENDA_SYS);
    scratch_remove(dir);
}

static void
test_days(void **state)
{
    static const char *const wrong[] = { "2026-11-2", "2026-13-01", "26-11-22", "2026-11-22x",
        "tomorrow", "1969-12-31", "2400-01-01" };
    char text[256];
    senda_err_t err;

    (void)state;
    assert_int_equal(senda_keys_parse(&keys,
                         SENDA_STR("cookie 1 " HEX " 2026-11-22\ncookie 2 " HEX "\nseal-old " HEX
                                   " 1970-01-02 # x"),
                         "k", &err),
        SENDA_OK);
    assert_int_equal(keys.cookie[0].day, 20779);
    assert_int_equal(keys.cookie[1].day, 0);
    assert_int_equal(keys.nold, 1);
    assert_int_equal(keys.seal_old[0].day, 1);
    assert_true(senda_keys_print(&keys, text, sizeof(text)) > 0);
    assert_non_null(strstr(text, " 2026-11-22\n"));
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        (void)snprintf(text, sizeof(text), "cookie 1 %s %s", HEX, wrong[i]);
        assert_int_equal(senda_keys_parse(&keys, senda_cstr(text), "k", &err), SENDA_BAD);
    }
}

static void
test_rotation(void **state)
{
    senda_keys_t nginx, sidecar, before, other;
    senda_err_t err;

    (void)state;
    assert_int_equal(senda_keys_make(&nginx, &sidecar, &err), SENDA_OK);
    before = sidecar;
    assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 20000, 400, &err), SENDA_OK);
    assert_int_equal(nginx.ncookie, 2);
    assert_int_equal(nginx.cookie[1].number, 2);
    assert_int_equal(nginx.cookie[1].day, 20000);
    assert_memory_not_equal(nginx.cookie[0].key, nginx.cookie[1].key, SENDA_SECRET_LEN);
    assert_memory_equal(nginx.links, sidecar.links, sizeof(nginx.links));
    assert_int_equal(sidecar.nold, 1);
    assert_memory_equal(sidecar.seal_old[0].key, before.seal_secret, 32);
    assert_memory_not_equal(sidecar.seal_secret, before.seal_secret, 32);

    /* The first key signed until day 20000: 400 days later it may still be in use, then not. */
    assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 20400, 400, &err), SENDA_OK);
    assert_int_equal(nginx.ncookie, 3);
    assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 20401, 400, &err), SENDA_OK);
    assert_int_equal(nginx.ncookie, 3);
    assert_int_equal(nginx.cookie[0].number, 2);
    assert_int_equal(nginx.nlinks, 3);
    assert_int_equal(sidecar.nold, 2);

    /* No room, no pair, no number: as before. */
    while (nginx.ncookie < SENDA_SECRETS_MAX) {
        assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 20402, 400, &err), SENDA_OK);
    }
    before = nginx;
    assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 20403, 400, &err), SENDA_FULL);
    assert_memory_equal(&nginx, &before, sizeof(nginx));
    assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 22000, 400, &err), SENDA_OK);
    assert_int_equal(nginx.ncookie, 2);
    assert_int_equal(sidecar.nold, 1);
    assert_int_equal(senda_keys_make(&other, &before, &err), SENDA_OK);
    assert_int_equal(senda_keys_rotate(&other, &sidecar, 22001, 400, &err), SENDA_BAD);
    nginx.cookie[1].number = 255;
    assert_int_equal(senda_keys_rotate(&nginx, &sidecar, 22001, 400, &err), SENDA_FULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_and_back),
        cmocka_unit_test(test_order_and_comments),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_rotation),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
