/*
 * Signing beside OpenSSL's own HMAC (RFC 2104); base64url beside
 * RFC 4648, every byte and every length, and what it must refuse.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_sign.h"

#include <openssl/hmac.h>

static senda_secret_t
secret_of(uint8_t seed)
{
    senda_secret_t s;

    memset(&s, 0, sizeof(s));
    s.number = seed;
    for (unsigned i = 0; i < SENDA_SECRET_LEN; i++) {
        s.key[i] = (uint8_t)(seed * 37 + i * 11);
    }
    return s;
}

static void
check_one(const senda_secret_t *secret, senda_str_t label, const uint8_t *data, size_t n)
{
    uint8_t whole[256 + 300], expected[SENDA_MAC_MAX], got[SENDA_MAC_MAX];
    unsigned len = 0;

    memcpy(whole, label.p, label.n);
    memcpy(whole + label.n, data, n);
    assert_non_null(
        HMAC(EVP_sha256(), secret->key, SENDA_SECRET_LEN, whole, label.n + n, expected, &len));
    assert_int_equal(len, SENDA_MAC_MAX);
    for (size_t cut = 1; cut <= SENDA_MAC_MAX; cut += 5) {
        memset(got, 0xa5, sizeof(got));
        assert_true(senda_sign(secret, label, data, n, got, cut));
        assert_memory_equal(got, expected, cut);
        assert_true(cut == SENDA_MAC_MAX || got[cut] == 0xa5);
        assert_true(senda_sign_verify(secret, label, data, n, got, cut));
    }
}

/* Lengths around SHA-256's blocks, with more keys than are kept, in turn and again. */
static void
test_like_openssl(void **state)
{
    uint8_t data[300];

    (void)state;
    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + 3);
    }
    for (unsigned round = 0; round < 3; round++) {
        for (uint8_t k = 1; k <= 2 * SENDA_SECRETS_MAX; k++) {
            senda_secret_t secret = secret_of(k);

            for (size_t n = 0; n <= sizeof(data); n += k + round) {
                check_one(&secret, SENDA_STR("senda="), data, n);
            }
            check_one(&secret, SENDA_STR(""), data, 55);
        }
    }
}

static void
test_refuses(void **state)
{
    senda_secret_t secret = secret_of(5), other = secret_of(6);
    uint8_t mac[SENDA_MAC_MAX + 1], data[] = "what is signed";

    (void)state;
    assert_false(senda_sign(&secret, SENDA_STR("a"), data, sizeof(data), mac, sizeof(mac)));
    assert_true(senda_sign(&secret, SENDA_STR("a"), data, sizeof(data), mac, 16));
    assert_false(senda_sign_verify(&other, SENDA_STR("a"), data, sizeof(data), mac, 16));
    assert_false(senda_sign_verify(&secret, SENDA_STR("b"), data, sizeof(data), mac, 16));
    assert_false(senda_sign_verify(&secret, SENDA_STR("a"), data, sizeof(data) - 1, mac, 16));
    for (unsigned bit = 0; bit < 8 * 16; bit++) {
        mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(senda_sign_verify(&secret, SENDA_STR("a"), data, sizeof(data), mac, 16));
        mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(senda_sign_verify(&secret, SENDA_STR("a"), data, sizeof(data), mac, 16));
}

static void
test_find(void **state)
{
    senda_secret_t list[] = { secret_of(3), secret_of(1), secret_of(9) };

    (void)state;
    assert_ptr_equal(senda_secret_find(list, 3, 1), &list[1]);
    assert_null(senda_secret_find(list, 3, 2));
    assert_null(senda_secret_find(list, 2, 9));
    assert_null(senda_secret_find(list, 0, 3));
}

/* RFC 4648, 10, in the alphabet of 5 and without padding. */
static void
test_base64url_of_the_standard(void **state)
{
    static const char *const pairs[][2] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
        { "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xbf", "-_-_" } };
    uint8_t back[8];
    char out[12];

    (void)state;
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        size_t n = strlen(pairs[i][0]), len = senda_base64url_encode(pairs[i][0], n, out);

        assert_int_equal(len, SENDA_BASE64URL_LEN(n));
        assert_int_equal(len, strlen(pairs[i][1]));
        assert_memory_equal(out, pairs[i][1], len);
        assert_int_equal(senda_base64url_decode((senda_str_t){ out, len }, back), n);
        assert_memory_equal(back, pairs[i][0], n);
    }
}

/* Every character in every place: a digit comes back as it was, or the whole is refused. */
static void
test_base64url_is_exact(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-_";
    char text[8], again[12];
    uint8_t raw[8];

    (void)state;
    for (size_t n = 1; n <= sizeof(text); n++) {
        for (size_t place = 0; place < n; place++) {
            for (unsigned c = 0; c < 256; c++) {
                size_t len;

                memset(text, 'A', n);
                text[place] = (char)c;
                len = senda_base64url_decode((senda_str_t){ text, n }, raw);
                if (c == 0 || strchr(digits, (int)c) == NULL || n % 4 == 1) {
                    assert_int_equal(len, 0);
                } else if (len != 0) { /* what is taken is what would be written */
                    assert_int_equal(len, n * 3 / 4);
                    assert_int_equal(senda_base64url_encode(raw, len, again), n);
                    assert_memory_equal(again, text, n);
                } else {
                    assert_true(n % 4 != 0 && place == n - 1);
                }
            }
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_openssl),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_base64url_of_the_standard),
        cmocka_unit_test(test_base64url_is_exact),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
