/*
 * The cookie: there and back, landing visits, persons and sessions, key change,
 * age; and nothing that was altered, even in one bit, is accepted.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_cookie.h"
#include "senda_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

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

static void
test_person(void **state)
{
    senda_cookie_t made = sample("/tacon?a=b"), c;
    char longest[SENDA_LANDING_MAX];
    size_t n;

    (void)state;
    assert_true(senda_person_mark(&keys, SENDA_STR("ana@example.com"), made.person));
    made.session = 1780300859;
    n = senda_cookie_make(&made, &keys, name, value, sizeof(value));
    assert_int_equal(read_back(&c, n), SENDA_OK);
    assert_memory_equal(c.person, made.person, SENDA_PERSON_LEN);
    assert_true(senda_cookie_has_person(&c));
    assert_true(c.session == 1780300859 / 60 * 60);
    assert_memory_equal(&c.visitor, &made.visitor, sizeof(c.visitor));
    assert_true(senda_str_eq(c.landing_uri, SENDA_STR("/tacon?a=b")));
    assert_true(c.landing_at == 1780300800);

    made.landing = false;
    made.session = 0;
    n = senda_cookie_make(&made, &keys, name, value, sizeof(value));
    assert_int_equal(n, 64);
    assert_int_equal(read_back(&c, n), SENDA_OK);
    assert_true(c.session == 0 && !c.landing && senda_cookie_has_person(&c));

    memset(longest, 'x', sizeof(longest));
    made.landing = true;
    made.landing_uri = (senda_str_t){ longest, sizeof(longest) };
    n = senda_cookie_make(&made, &keys, name, value, sizeof(value));
    assert_in_range(n, 1, SENDA_COOKIE_MAX);
    assert_int_equal(read_back(&c, n), SENDA_OK);
    assert_int_equal(c.landing_uri.n, SENDA_LANDING_MAX);

    /* A session without a person is none. */
    memset(made.person, 0, sizeof(made.person));
    made.session = 1780300859;
    n = senda_cookie_make(&made, &keys, name, value, sizeof(value));
    assert_int_equal(read_back(&c, n), SENDA_OK);
    assert_true(c.session == 0 && !senda_cookie_has_person(&c));
}

/* Made by the program before there was a second version, with the key of `begin`. */
static void
test_first_version(void **state)
{
    static const char old[] = "AQFQdTAxMjM0NTY3ODlhYmNkZWY";
    unsigned char raw[64], mac[32];
    unsigned len;
    senda_cookie_t c;
    char text[64] = "senda=";

    (void)state;
    assert_int_equal(senda_base64url_decode(SENDA_STR(old), raw), 20);
    memcpy(text + 6, raw, 20);
    assert_non_null(HMAC(EVP_sha256(), keys.cookie[0].key, SENDA_SECRET_LEN,
        (const unsigned char *)text, 26, mac, &len));
    memcpy(raw + 20, mac, 16);
    assert_int_equal(read_back(&c, senda_base64url_encode(raw, 36, value)), SENDA_OK);
    assert_memory_equal(c.visitor.b, "0123456789abcdef", SENDA_VISITOR_LEN);
    assert_false(senda_cookie_has_person(&c));
    assert_true(c.session == 0);
}

static void
test_marks(void **state)
{
    uint8_t ana[SENDA_PERSON_LEN], again[SENDA_PERSON_LEN], eva[SENDA_PERSON_LEN];
    senda_str_t a = SENDA_STR("ana@example.com"), e = SENDA_STR("eva@example.com");

    (void)state;
    assert_true(senda_person_mark(&keys, a, ana));
    assert_true(senda_person_mark(&keys, a, again));
    assert_true(senda_person_mark(&keys, e, eva));
    assert_memory_equal(ana, again, sizeof(ana));
    assert_memory_not_equal(ana, eva, sizeof(ana));
    assert_int_equal(ana[0], 1);
    assert_false(senda_person_is_other(&keys, a, ana));
    assert_true(senda_person_is_other(&keys, e, ana));
    assert_false(senda_person_mark(&keys, (senda_str_t){ "", 0 }, again));

    /* A later key makes another mark; the earlier mark is still the same person's. */
    keys.cookie[1] = (senda_secret_t){ .number = 2, .key = { 7 } };
    keys.ncookie = 2;
    assert_true(senda_person_mark(&keys, a, again));
    assert_int_equal(again[0], 2);
    assert_false(senda_person_is_other(&keys, a, ana));
    assert_true(senda_person_is_other(&keys, e, ana));

    /* Nobody can tell whose a mark is whose key is gone. */
    keys.cookie[0] = keys.cookie[1];
    keys.ncookie = 1;
    assert_false(senda_person_is_other(&keys, e, ana));
    keys.ncookie = 0;
    assert_false(senda_person_mark(&keys, a, again));
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

/* A million, which take a few seconds, where `make fault` says so. */
static unsigned
forgeries(void)
{
    const char *full = getenv("SENDA_FULL");

    return full != NULL && strcmp(full, "1") == 0 ? 1000000 : 100000;
}

static uint64_t seed = 99;

static unsigned
random_below(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

/* One of the forms that a cookie has. */
static size_t
make_any(unsigned i)
{
    senda_cookie_t c = sample(i % 2 ? "/tacon/rojo?x=1" : i % 4 ? "/a" : NULL);

    if (i % 3 == 0) {
        memcpy(c.person, "\001abcdefg", SENDA_PERSON_LEN);
        c.session = 1780300800 + i;
    }
    return senda_cookie_make(&c, &keys, name, value, sizeof(value));
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
    for (unsigned i = 0; i < forgeries(); i++) {
        size_t whole = make_any(i), n = whole;

        memcpy(good, value, whole);
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
        if (n == whole && memcmp(good, value, n) == 0) {
            continue; /* a random letter was the one that stood there */
        }
        accepted += read_back(&c, n) == SENDA_OK;
    }
    print_message("# F10: %u altered cookies, %u accepted\n", forgeries(), accepted);
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

static void
assert_found(const char *header, const char *of, const char *want)
{
    senda_str_t got = senda_cookie_find(senda_cstr(header), senda_cstr(of));

    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.p, want, got.n);
}

static void
test_find(void **state)
{
    (void)state;
    assert_found("senda=abc", "senda", "abc");
    assert_found("a=1; senda=abc", "senda", "abc");
    assert_found("a=1;senda=abc;b=2", "senda", "abc");
    assert_found("a=1; \t senda=abc \t; b=2", "senda", "abc");
    assert_found("senda=first; senda=second", "senda", "first");
    assert_found("senda=a=b", "senda", "a=b");
    assert_found("senda=", "senda", "");
    assert_found("senda", "senda", "");
    assert_found("senda2=x; xsenda=y; send=z; sendasenda=q", "senda", "");
    assert_found("a=senda=abc", "senda", "");
    assert_found("SENDA=abc", "senda", "");
    assert_found(";;; ; senda=abc;;", "senda", "abc");
    assert_found(" ", "senda", "");
    assert_found("", "senda", "");
    assert_found("a=1;", "senda", "");
    assert_int_equal(senda_cookie_find((senda_str_t){ "senda=abc", 7 }, SENDA_STR("senda")).n, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_there_and_back, begin),
        cmocka_unit_test_setup(test_landing, begin),
        cmocka_unit_test_setup(test_person, begin),
        cmocka_unit_test_setup(test_first_version, begin),
        cmocka_unit_test_setup(test_marks, begin),
        cmocka_unit_test_setup(test_signature, begin),
        cmocka_unit_test_setup(test_keys_change, begin),
        cmocka_unit_test_setup(test_age_and_name, begin),
        cmocka_unit_test_setup(test_no_alteration_accepted, begin),
        cmocka_unit_test_setup(test_every_cut_refused, begin),
        cmocka_unit_test_setup(test_visitors, begin),
        cmocka_unit_test(test_find),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
