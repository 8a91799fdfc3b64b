/*
 * Sealing: there and back, by the right key only, and nothing altered opens.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_keys.h"
#include "senda_limits.h"
#include "senda_seal.h"

#include <stdlib.h>

static senda_keys_t nginx, sidecar;
static senda_sealer_t *sealer;
static uint8_t sealed[SENDA_SEALED_MAX], opened[SENDA_SEALED_MAX];

static int
begin(void **state)
{
    senda_err_t err;

    (void)state;
    return senda_keys_make(&nginx, &sidecar, &err) == SENDA_OK &&
            senda_sealer_new(&sealer, nginx.seal_public, &err) == SENDA_OK
        ? 0
        : -1;
}

static int
end(void **state)
{
    (void)state;
    senda_sealer_free(sealer);
    sealer = NULL;
    return 0;
}

static senda_rc_t
open_it(size_t n, size_t size, size_t *len)
{
    return senda_unseal(sidecar.seal_secret, (senda_str_t){ (char *)sealed, n }, opened, size, len);
}

static void
test_there_and_back(void **state)
{
    static char text[2 * SENDA_HEADER_MAX];
    size_t len;

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t n = 0; n <= sizeof(text); n = n * 2 + 1) {
        size_t got = senda_seal(sealer, (senda_str_t){ text, n }, sealed, sizeof(sealed));

        assert_int_equal(got, n + SENDA_SEAL_OVERHEAD);
        assert_int_equal(open_it(got, sizeof(opened), &len), SENDA_OK);
        assert_int_equal(len, n);
        assert_memory_equal(opened, text, n);
    }
}

static void
test_each_is_different(void **state)
{
    uint8_t first[200];
    senda_str_t data = SENDA_STR("email=ana%40example.com");
    size_t n = senda_seal(sealer, data, first, sizeof(first)), len;

    (void)state;
    assert_int_equal(senda_seal(sealer, data, sealed, sizeof(sealed)), n);
    assert_memory_equal(first, sealed, 33);
    assert_memory_not_equal(first + 33, sealed + 33, 12);
    assert_memory_not_equal(first + 45, sealed + 45, data.n);
    for (size_t i = 0; i + data.n <= n; i++) {
        assert_memory_not_equal(sealed + i, data.p, data.n);
    }
    assert_int_equal(open_it(n, sizeof(opened), &len), SENDA_OK);
    assert_memory_equal(opened, data.p, data.n);
}

static void
test_bounds(void **state)
{
    senda_str_t data = SENDA_STR("0123456789");
    size_t n = data.n + SENDA_SEAL_OVERHEAD, len;

    (void)state;
    assert_int_equal(senda_seal(sealer, data, sealed, n - 1), 0);
    assert_int_equal(senda_seal(sealer, data, sealed, 3), 0);
    assert_int_equal(senda_seal(sealer, data, sealed, n), n);
    assert_int_equal(open_it(n, data.n - 1, &len), SENDA_FULL);
    assert_int_equal(len, 0);
    assert_int_equal(open_it(n, data.n, &len), SENDA_OK);
}

static void
test_only_the_right_key(void **state)
{
    senda_keys_t n2, s2;
    senda_err_t err;
    size_t n = senda_seal(sealer, SENDA_STR("secret"), sealed, sizeof(sealed)), len;

    (void)state;
    assert_int_equal(senda_keys_make(&n2, &s2, &err), SENDA_OK);
    assert_int_equal(senda_unseal(s2.seal_secret, (senda_str_t){ (char *)sealed, n }, opened,
                         sizeof(opened), &len),
        SENDA_BAD);
    assert_int_equal(senda_unseal(nginx.seal_public, (senda_str_t){ (char *)sealed, n }, opened,
                         sizeof(opened), &len),
        SENDA_BAD);
    assert_int_equal(open_it(n, sizeof(opened), &len), SENDA_OK);
}

static void
test_nothing_altered_opens(void **state)
{
    size_t n = senda_seal(sealer, SENDA_STR("email=ana"), sealed, sizeof(sealed)), len;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            sealed[i] ^= (uint8_t)(1 << bit);
            /* X25519 ignores the topmost bit of a public key (RFC 7748, 5): the salt does not. */
            memset(opened, 0, 9);
            assert_int_equal(open_it(n, sizeof(opened), &len), SENDA_BAD);
            assert_int_equal(len, 0);
            assert_memory_not_equal(opened, "email=ana", 9);
            sealed[i] ^= (uint8_t)(1 << bit);
        }
    }
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(open_it(cut, sizeof(opened), &len), SENDA_BAD);
    }
    assert_int_equal(open_it(n, sizeof(opened), &len), SENDA_OK);
    memset(sealed + 1, 0, 32); /* a point of small order: no shared secret */
    assert_int_equal(open_it(n, sizeof(opened), &len), SENDA_BAD);
}

/* More sealers than opening remembers keys for, in turns. */
static void
test_many_sealers(void **state)
{
    senda_sealer_t *s[40];
    senda_err_t err;
    size_t len;

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(senda_sealer_new(&s[i], nginx.seal_public, &err), SENDA_OK);
    }
    for (unsigned i = 0; i < 120; i++) {
        char text[2] = { (char)i, 'x' };
        size_t n = senda_seal(s[i % 40], (senda_str_t){ text, 2 }, sealed, sizeof(sealed));

        assert_int_equal(open_it(n, sizeof(opened), &len), SENDA_OK);
        assert_memory_equal(opened, text, 2);
    }
    for (unsigned i = 0; i < 40; i++) {
        senda_sealer_free(s[i]);
    }
}

static void
test_unusable_key(void **state)
{
    static const uint8_t zero[32];
    senda_sealer_t *s;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(senda_sealer_new(&s, zero, &err), SENDA_SYS);
    assert_null(s);
    assert_true(err.text[0] != '\0');
    senda_sealer_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, begin, end),
        cmocka_unit_test_setup_teardown(test_each_is_different, begin, end),
        cmocka_unit_test_setup_teardown(test_bounds, begin, end),
        cmocka_unit_test_setup_teardown(test_only_the_right_key, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_altered_opens, begin, end),
        cmocka_unit_test_setup_teardown(test_many_sealers, begin, end),
        cmocka_unit_test(test_unusable_key),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
