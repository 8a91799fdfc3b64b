/*
 * The cookie: there and back, landing visits, key change, age; and nothing
 * that was altered, even in one bit, is accepted.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_cookie.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define TODAY 20600
#define AGE   400

static senda_keys_t keys;
static char value[SENDA_COOKIE_MAX], scratch[SENDA_COOKIE_MAX];
static const senda_str_t name = { "senda", 5 };

static int
begin(void **state)
{
    (void)state;
    memset(&keys, 0, sizeof(keys));
    keys.ncookie = 1;
    keys.cookie[0].number = 1;
    memset(keys.cookie[0].key, 0x5a, SENDA_SECRET_LEN);
    return 0;
}

static senda_cookie_t
sample(const char *landing)
{
    senda_cookie_t c = { .day = TODAY - 3 };

    memcpy(c.visitor.b, "0123456789abcdef", SENDA_VISITOR_LEN);
    if (landing != NULL) {
        c.landing = true;
        c.landing_at = 1780300800;
        c.landing_uri = senda_cstr(landing);
    }
    return c;
}

static size_t
make(const char *landing)
{
    senda_cookie_t c = sample(landing);

    return senda_cookie_make(&c, &keys, name, value, sizeof(value));
}

static senda_rc_t
read_back(senda_cookie_t *c, size_t n)
{
    return senda_cookie_read(c, &keys, name, (senda_str_t){ value, n }, TODAY, AGE, scratch);
}

static void
test_there_and_back(void **state)
{
    senda_cookie_t c;
    size_t n = make(NULL);

    (void)state;
    assert_int_equal(n, 48);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(
            strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", value[i]));
    }
    assert_int_equal(read_back(&c, n), SENDA_OK);
    assert_memory_equal(c.visitor.b, "0123456789abcdef", SENDA_VISITOR_LEN);
    assert_int_equal(c.day, TODAY - 3);
    assert_false(c.landing);
}

static void
test_landing(void **state)
{
    char uri[SENDA_LANDING_MAX + 50];
    senda_cookie_t c;

    (void)state;
    assert_int_equal(read_back(&c, make("/tacon?a=b%20c")), SENDA_OK);
    assert_true(c.landing);
    assert_true(c.landing_at == 1780300800);
    assert_true(senda_str_eq(c.landing_uri, SENDA_STR("/tacon?a=b%20c")));

    memset(uri, 'x', sizeof(uri));
    uri[0] = '/';
    uri[SENDA_LANDING_MAX] = '\0';
    assert_int_equal(read_back(&c, make(uri)), SENDA_OK);
    assert_int_equal(c.landing_uri.n, SENDA_LANDING_MAX);
    uri[SENDA_LANDING_MAX] = 'x';
    uri[sizeof(uri) - 1] = '\0';
    assert_int_equal(read_back(&c, make(uri)), SENDA_OK);
    assert_false(c.landing);
    uri[20] = '?';
    assert_int_equal(read_back(&c, make(uri)), SENDA_OK);
    assert_int_equal(c.landing_uri.n, 20);
}

/* RFC 2104 over name, '=' and payload, by OpenSSL's other interface. */
static void
test_signature(void **state)
{
    static const char text[] = "senda=\x01\x01\x50\x75"
                               "0123456789abcdef";
    unsigned char want[32], raw[64];
    unsigned len;
    size_t n = make(NULL);

    (void)state;
    assert_non_null(HMAC(EVP_sha256(), keys.cookie[0].key, SENDA_SECRET_LEN,
        (const unsigned char *)text, sizeof(text) - 1, want, &len));
    for (size_t i = 0; i < n; i++) {
        value[i] = value[i] == '-' ? '+' : value[i] == '_' ? '/' : value[i];
    }
    assert_int_equal(EVP_DecodeBlock(raw, (unsigned char *)value, (int)n), 36);
    assert_memory_equal(raw, text + 6, 20);
    assert_memory_equal(raw + 20, want, 16);
}

static void
test_keys_change(void **state)
{
    senda_cookie_t c;
    size_t n = make(NULL);

    (void)state;
    keys.cookie[keys.ncookie].number = 9;
    memset(keys.cookie[keys.ncookie++].key, 0x11, SENDA_SECRET_LEN);
    assert_int_equal(read_back(&c, n), SENDA_OK);
    n = make(NULL);
    assert_int_equal(read_back(&c, n), SENDA_OK);
    keys.cookie[1].key[0] ^= 1;
    assert_int_equal(read_back(&c, n), SENDA_BAD);
    keys.cookie[1].key[0] ^= 1;
    keys.ncookie = 1;
    assert_int_equal(read_back(&c, n), SENDA_BAD);
    keys.ncookie = 0;
    assert_int_equal(make(NULL), 0);
    for (unsigned i = 0; i < 30; i++) {
        keys.ncookie = 1;
        memset(keys.cookie[0].key, (int)i, SENDA_SECRET_LEN);
        assert_int_equal(read_back(&c, make("/x")), SENDA_OK);
    }
}

static void
test_age_and_name(void **state)
{
    senda_cookie_t c;
    size_t n = make(NULL);
    senda_str_t v = { value, n };

    (void)state;
    assert_int_equal(senda_cookie_read(&c, &keys, name, v, TODAY - 3, AGE, scratch), SENDA_OK);
    assert_int_equal(senda_cookie_read(&c, &keys, name, v, TODAY - 4, AGE, scratch), SENDA_BAD);
    assert_int_equal(senda_cookie_read(&c, &keys, name, v, TODAY - 3 + AGE, AGE, scratch),
        SENDA_OK);
    assert_int_equal(senda_cookie_read(&c, &keys, name, v, TODAY - 2 + AGE, AGE, scratch),
        SENDA_BAD);
    assert_int_equal(senda_cookie_read(&c, &keys, SENDA_STR("other"), v, TODAY, AGE, scratch),
        SENDA_BAD);
    assert_true(senda_visitor_is_none(&c.visitor));
    c = sample(NULL);
    assert_int_equal(senda_cookie_make(&c, &keys, name, value, 47), 0);
}

static uint64_t seed = 99;

static unsigned
random_below(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void
test_no_alteration_accepted(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ;\x80";
    static char good[SENDA_COOKIE_MAX];
    senda_cookie_t c;
    unsigned accepted = 0;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        size_t n = make(i % 2 ? "/tacon/rojo?x=1" : i % 4 ? "/a" : NULL);

        memcpy(good, value, n);
        switch (random_below(5)) {
        case 0: /* one bit */
            value[random_below((unsigned)n)] ^= (char)(1 << random_below(8));
            break;
        case 1: /* cut */
            n = random_below((unsigned)n);
            break;
        case 2: /* longer */
            value[n++] = letters[random_below(sizeof(letters) - 1)];
            break;
        default: /* letters */
            for (unsigned k = random_below(6) + 1; k > 0; k--) {
                value[random_below((unsigned)n)] = letters[random_below(sizeof(letters) - 1)];
            }
        }
        if (memcmp(good, value, n) == 0) {
            continue; /* a random letter was the one that stood there, or it was only cut */
        }
        accepted += read_back(&c, n) == SENDA_OK;
    }
    assert_int_equal(accepted, 0);
}

static void
test_every_cut_refused(void **state)
{
    senda_cookie_t c;
    size_t n = make("/tacon/rojo?x=1");

    (void)state;
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(read_back(&c, cut), SENDA_BAD);
    }
    memset(value, 'A', sizeof(value));
    for (size_t len = 0; len <= sizeof(value); len++) {
        assert_int_equal(read_back(&c, len), SENDA_BAD);
    }
}

static void
test_visitors(void **state)
{
    senda_visitor_t a, b;
    char text[33];

    (void)state;
    assert_int_equal(senda_visitor_make(&a), SENDA_OK);
    assert_int_equal(senda_visitor_make(&b), SENDA_OK);
    assert_memory_not_equal(&a, &b, sizeof(a));
    memcpy(a.b, "\x00\x01\x0f\xf0\xff 123456789a", 16);
    senda_visitor_print(&a, text);
    assert_string_equal(text, "00010ff0ff2031323334353637383961");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_there_and_back, begin),
        cmocka_unit_test_setup(test_landing, begin),
        cmocka_unit_test_setup(test_signature, begin),
        cmocka_unit_test_setup(test_keys_change, begin),
        cmocka_unit_test_setup(test_age_and_name, begin),
        cmocka_unit_test_setup(test_no_alteration_accepted, begin),
        cmocka_unit_test_setup(test_every_cut_refused, begin),
        cmocka_unit_test_setup(test_visitors, begin),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
