/*
 * msgpack: bytes against its specification, values there and back, input cut
 * short, counts that lie, nesting, and random bytes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_pack.h"

#include <stdlib.h>

/* Bytes at the end of an allocation of their own, so that a read beyond them is caught. */
static char *
exact(const void *data, size_t n)
{
    char *p = malloc(n > 0 ? n : 1);

    assert_non_null(p);
    if (n > 0) {
        memcpy(p, data, n);
    }
    return p;
}

static void
writes_what_the_specification_says(void **state)
{
    static const uint8_t want[] = { 0x9c, 0x00, 0x7f, 0xcc, 0x80, 0xcd, 0x01, 0x00, 0xce, 0x00,
        0x01, 0x00, 0x00, 0xff, 0xe0, 0xd0, 0xdf, 0xc3, 0xc0, 0xa2, 'h', 'i', 0xc4, 0x01, 0xaa,
        0x81, 0xa1, 'k', 0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0 };
    char buf[64];
    senda_packer_t p;

    (void)state;
    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_array(&p, 12);
    senda_pack_uint(&p, 0);
    senda_pack_uint(&p, 127);
    senda_pack_uint(&p, 128);
    senda_pack_uint(&p, 256);
    senda_pack_uint(&p, 65536);
    senda_pack_int(&p, -1);
    senda_pack_int(&p, -32);
    senda_pack_int(&p, -33);
    senda_pack_bool(&p, true);
    senda_pack_nil(&p);
    senda_pack_str(&p, SENDA_STR("hi"));
    senda_pack_bin(&p, "\xaa", 1);
    senda_pack_map(&p, 1);
    senda_pack_str(&p, SENDA_STR("k"));
    senda_pack_double(&p, 1.0);
    assert_int_equal(senda_pack_len(&p), sizeof(want));
    assert_memory_equal(buf, want, sizeof(want));
}

static void
numbers_come_back(void **state)
{
    static const uint64_t us[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, 1ull << 32,
        INT64_MAX, UINT64_MAX };
    static const int64_t is[] = { 0, -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN,
        (int64_t)INT32_MIN - 1, INT64_MIN, INT64_MAX, 127, 128, 40000 };
    char buf[16];
    senda_packer_t p;
    senda_unpacker_t u;

    (void)state;
    for (size_t i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
        senda_pack_init(&p, buf, sizeof(buf));
        senda_pack_uint(&p, us[i]);
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        assert_true(senda_unpack_uint(&u) == us[i]);
        assert_true(senda_unpack_at_end(&u));
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        (void)senda_unpack_int(&u);
        assert_int_equal(u.bad, us[i] > INT64_MAX);
    }
    for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
        senda_pack_init(&p, buf, sizeof(buf));
        senda_pack_int(&p, is[i]);
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        assert_true(senda_unpack_int(&u) == is[i]);
        assert_true(senda_unpack_at_end(&u));
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        (void)senda_unpack_uint(&u);
        assert_int_equal(u.bad, is[i] < 0);
    }
}

static void
strings_of_every_width_come_back(void **state)
{
    static const size_t lengths[] = { 0, 1, 31, 32, 255, 256, 65535, 65536 };
    char *text = malloc(65536), *buf = malloc(65600);
    senda_packer_t p;
    senda_unpacker_t u;
    senda_str_t s;

    (void)state;
    memset(text, 'x', 65536);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        senda_pack_init(&p, buf, 65600);
        senda_pack_str(&p, (senda_str_t){ text, lengths[i] });
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        s = senda_unpack_str(&u);
        assert_int_equal(s.n, lengths[i]);
        assert_memory_equal(s.p, text, s.n);
        assert_true(senda_unpack_at_end(&u));
        senda_pack_init(&p, buf, 65600);
        senda_pack_bin(&p, text, lengths[i]);
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        assert_int_equal(senda_unpack_bin(&u).n, lengths[i]);
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        senda_unpack_skip(&u);
        assert_true(senda_unpack_at_end(&u));
        senda_unpack_init(&u, buf, senda_pack_len(&p));
        assert_int_equal(senda_unpack_str(&u).n, 0); /* bin is not str */
        assert_true(u.bad);
    }
    free(text);
    free(buf);
}

static void
a_full_buffer_is_said_once_and_for_all(void **state)
{
    char buf[4];
    senda_packer_t p;

    (void)state;
    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_str(&p, SENDA_STR("abc"));
    assert_int_equal(senda_pack_len(&p), 4);
    senda_pack_nil(&p);
    assert_int_equal(senda_pack_len(&p), 0);
    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_str(&p, SENDA_STR("abcd"));
    senda_pack_nil(&p);
    assert_int_equal(senda_pack_len(&p), 0);
}

/* After the first failure every read gives zero, and the end is never reached. */
static void
input_cut_short_is_bad(void **state)
{
    static const uint8_t whole[] = { 0x93, 0xcd, 0x01, 0x02, 0xa3, 'a', 'b', 'c', 0xcb, 0x40, 0x09,
        0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18 };
    senda_unpacker_t u;

    (void)state;
    for (size_t n = 0; n <= sizeof(whole); n++) {
        char *p = exact(whole, n);
        double d;

        senda_unpack_init(&u, p, n);
        (void)senda_unpack_array(&u);
        (void)senda_unpack_uint(&u);
        (void)senda_unpack_str(&u);
        d = senda_unpack_double(&u);
        assert_int_equal(senda_unpack_at_end(&u), n == sizeof(whole));
        assert_true(n == sizeof(whole) ? d > 3.14 && d < 3.15 : d == 0);
        assert_int_equal(senda_unpack_bool(&u), false);
        assert_true(u.bad);
        free(p);
    }
}

static void
counts_that_lie_are_bad(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t n;
    } cases[] = {
        { { 0x92, 0x01 }, 2 },
        { { 0xdd, 0xff, 0xff, 0xff, 0xff, 0x01 }, 6 },
        { { 0xdc, 0x00, 0x05, 0x01 }, 4 },
        { { 0x81, 0x01 }, 2 },
        { { 0xdf, 0x7f, 0xff, 0xff, 0xff, 0x01 }, 6 },
        { { 0xdb, 0xff, 0xff, 0xff, 0xff, 'x' }, 6 },
        { { 0xc6, 0xff, 0xff, 0xff, 0xff, 'x' }, 6 },
        { { 0xc9, 0xff, 0xff, 0xff, 0xff, 'x' }, 6 },
        { { 0xc1 }, 1 },
    };
    senda_unpacker_t u;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *p = exact(cases[i].bytes, cases[i].n);

        senda_unpack_init(&u, p, cases[i].n);
        senda_unpack_skip(&u);
        assert_true(u.bad);
        senda_unpack_init(&u, p, cases[i].n);
        assert_int_equal(senda_unpack_array(&u), 0);
        assert_true(u.bad);
        senda_unpack_init(&u, p, cases[i].n);
        assert_int_equal(senda_unpack_map(&u), 0);
        assert_true(u.bad);
        free(p);
    }
}

static void
skip_passes_over_one_value(void **state)
{
    static const uint8_t values[] = { 0x82, 0xa1, 'a', 0x92, 0x01, 0xca, 0, 0, 0, 0, 0xd6, 0x05, 1,
        2, 3, 4, 0xc7, 0x02, 0x01, 9, 9, 0x2a };
    senda_unpacker_t u;

    (void)state;
    senda_unpack_init(&u, values, sizeof(values));
    senda_unpack_skip(&u);
    assert_false(u.bad);
    assert_int_equal(senda_unpack_uint(&u), 42);
    assert_true(senda_unpack_at_end(&u));
}

static void
skip_bounds_nesting(void **state)
{
    char buf[40];
    senda_unpacker_t u;

    (void)state;
    memset(buf, '\x91', sizeof(buf));
    buf[32] = '\xc0';
    senda_unpack_init(&u, buf, 33);
    senda_unpack_skip(&u);
    assert_true(senda_unpack_at_end(&u));
    buf[32] = '\x91';
    buf[33] = '\xc0';
    senda_unpack_init(&u, buf, 34);
    senda_unpack_skip(&u);
    assert_true(u.bad);
}

static void
random_bytes_do_no_harm(void **state)
{
    senda_unpacker_t u;
    unsigned seed = 20260601;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint8_t raw[24];
        size_t n = (size_t)rand_r(&seed) % sizeof(raw);
        char *p;

        for (size_t i = 0; i < n; i++) {
            raw[i] = (uint8_t)(rand_r(&seed) >> 7);
        }
        p = exact(raw, n);
        senda_unpack_init(&u, p, n);
        senda_unpack_skip(&u);
        assert_true(u.p >= p && u.p <= p + n);
        senda_unpack_init(&u, p, n);
        senda_str_t s = senda_unpack_str(&u);
        assert_true(s.n == 0 || (s.p >= p && s.p + s.n <= p + n));
        (void)senda_unpack_int(&u);
        assert_true(u.p >= p && u.p <= p + n);
        free(p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_the_specification_says),
        cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(strings_of_every_width_come_back),
        cmocka_unit_test(a_full_buffer_is_said_once_and_for_all),
        cmocka_unit_test(input_cut_short_is_bad),
        cmocka_unit_test(counts_that_lie_are_bad),
        cmocka_unit_test(skip_passes_over_one_value),
        cmocka_unit_test(skip_bounds_nesting),
        cmocka_unit_test(random_bytes_do_no_harm),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
