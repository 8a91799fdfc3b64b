/*
 * A form's body: pairs as the URL standard says, what is never kept, what is
 * kept within its bounds, and nothing read beyond the body.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_form.h"
#include "senda_url.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* The body in memory of exactly its size, so that a sanitizer sees a byte too far. */
static size_t
keep(const char *body, const char *const *names, char *out, size_t size, senda_form_count_t *count)
{
    senda_str_t inputs[SENDA_FORM_INPUTS];
    unsigned n = 0;
    size_t len = strlen(body);
    char *exact = g_memdup2(body, len > 0 ? len : 1);

    while (names[n] != NULL) {
        inputs[n] = senda_cstr(names[n]);
        n++;
    }
    len = senda_form_keep((senda_str_t){ exact, len }, inputs, n, out, size, count);
    g_free(exact);
    return len;
}

static void
assert_kept(const char *body, const char *expected, unsigned kept, unsigned refused)
{
    static const char *const names[] = { "email", "name", "a b", "\xc3\xb1", "password", NULL };
    char out[SENDA_HEADER_MAX];
    senda_form_count_t count;
    size_t n = keep(body, names, out, sizeof(out), &count);

    if (n != strlen(expected) || memcmp(out, expected, n) != 0 || count.kept != kept ||
        count.refused != refused) {
        fail_msg("%s: %.*s, %u kept, %u refused", body, (int)n, out, count.kept, count.refused);
    }
}

static void
only_what_is_named_is_kept(void **state)
{
    (void)state;
    assert_kept("", "", 0, 0);
    assert_kept("&&&", "", 0, 0);
    assert_kept("email", "", 0, 0);
    assert_kept("email=", "", 0, 0);
    assert_kept("=x", "", 0, 0);
    assert_kept("email=ana%40example.com&other=1", "email=ana%40example.com", 1, 0);
    assert_kept("other=1&email=ana@example.com", "email=ana%40example.com", 1, 0);
    assert_kept("%65mail=a&Email=b&email%00=c", "email=a", 1, 0);
    assert_kept("name=Ana+Mar%C3%ADa&a+b=1&a%20b=2&%C3%B1=x", /* spaces and letters in names too */
        "name=Ana+Mar%C3%ADa&a+b=1&a+b=2&%C3%B1=x", 4, 0);
    assert_kept("name==x&name=a%26b&name=%zz&name=%4", "name=%3Dx&name=a%26b&name=%25zz&name=%254",
        4, 0);
    assert_kept("name=a;b&name=%00%0a", "name=a%3Bb&name=%00%0A", 2, 0);
}

static void
secrets_are_refused(void **state)
{
    (void)state;
    assert_kept("password=x&name=y", "name=y", 1, 1);
    assert_kept("name=4111111111111111&email=a", "email=a", 1, 1);
    assert_kept("name=4111+1111-1111%201111&email=a", "email=a", 1, 1);
    assert_kept("name=4111111111111112", "name=4111111111111112", 1, 0);
}

static void
names_that_are_never_kept(void **state)
{
    static const char *const secret[] = { "password", "Password", "user[password]", "passwd", "pwd",
        "pass", "new_pass", "PASS2WORD-pass", "card", "card_number", "cardNumber", "cc-number",
        "cc-exp", "cc_csc", "ccnum", "cvv", "CVC", "iban", "customer.iban", "pin", "ssn", "token",
        "csrf", "csrfmiddlewaretoken", "_token", "authenticity_token", "_csrf_token",
        "contrase\303\261a", "CONTRASE\303\221A", "contrasena", "clave", "clave_acceso", "tarjeta",
        "numero-tarjeta", "N\xc3\xbamero de tarjeta", "codigo_seguridad", "cuenta_bancaria",
        "credit-card", "dni", "passport_no", "g-recaptcha-response captcha",
        "__VIEWSTATE viewstate" };
    static const char *const open[] = { "email", "name", "nombre", "phone", "telefono", "consent",
        "size", "talla", "interest", "interes", "birthday", "zip", "postcode", "city", "compass",
        "passenger", "passion", "discard", "shopping", "spinning", "access", "notoken1x",
        "autoclave1", "clavel", "account", "cvs", "pincher", "", "-", "\xff\xfe" };

    (void)state;
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        if (!senda_form_is_secret_name(senda_cstr(secret[i]))) {
            fail_msg("%s could be kept", secret[i]);
        }
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        if (senda_form_is_secret_name(senda_cstr(open[i]))) {
            fail_msg("%s could not be kept", open[i]);
        }
    }
}

static void
values_that_are_never_kept(void **state)
{
    /* Published test numbers of card networks, and of 13 and 19 digits. */
    static const char *const cards[] = { "4111111111111111", "5555555555554444", "378282246310005",
        "6011 1111 1111 1117", "3056-9309-0259-04", "4222222222222", "6304000000000000000",
        "my card is 4111 1111 1111 1111.", "4111.1111.1111.1111", "4111 - 1111 - 1111 - 1111 no",
        "12 4111111111111111", "4111111111111111 12/28", "tel 600 4111-1111-1111-1111 x" };
    static const char *const open[] = { "", "600 123 456", "+34 600 123 456", "2026-06-01",
        "4111111111111112", "411111111111111", "0", "1234567890123",
        "41111111111111114111111111111111", "4111/1111/1111/1111", "order 12345678",
        "ana@example.com" };

    (void)state;
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        if (!senda_form_is_secret_value(senda_cstr(cards[i]))) {
            fail_msg("%s could be kept", cards[i]);
        }
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        if (senda_form_is_secret_value(senda_cstr(open[i]))) {
            fail_msg("%s could not be kept", open[i]);
        }
    }
}

static void
bounds_hold(void **state)
{
    static const char *const names[] = { "a", "b", NULL };
    static char body[SENDA_FORM_MAX], out[SENDA_HEADER_MAX + 1];
    senda_form_count_t count;
    size_t n = 0;

    (void)state;
    /* A value at its bound, and one over it; an encoded byte counts once. */
    memset(body, 'x', sizeof(body));
    memcpy(body, "a=", 2);
    body[2 + SENDA_ANSWER_MAX] = '\0';
    assert_int_equal(keep(body, names, out, sizeof(out), &count), 2 + SENDA_ANSWER_MAX);
    memset(body + 2, 'x', SENDA_ANSWER_MAX + 1);
    body[3 + SENDA_ANSWER_MAX] = '\0';
    assert_int_equal(keep(body, names, out, sizeof(out), &count), 0);
    assert_int_equal(count.refused, 1);

    /* More than fits: whole pairs only, and not a byte over the size. */
    for (unsigned i = 0; i < 100; i++) {
        n += (size_t)snprintf(body + n, sizeof(body) - n, "%sa=%0100u", i > 0 ? "&" : "", i);
    }
    memset(out, '#', sizeof(out));
    n = keep(body, names, out, SENDA_HEADER_MAX, &count);
    assert_true(n <= SENDA_HEADER_MAX && n > SENDA_HEADER_MAX - 103);
    assert_int_equal(out[SENDA_HEADER_MAX], '#');
    assert_int_equal(count.kept, n / 103 + (n % 103 != 0));
    assert_int_equal(count.kept + count.refused, 100);
    for (size_t i = n; i < SENDA_HEADER_MAX; i++) { /* what did not fit is wiped */
        assert_true(out[i] == '#' || out[i] == '\0');
    }

    /* No more pairs than the bound are looked at. */
    n = 0;
    for (unsigned i = 0; i < SENDA_FORM_PAIRS; i++) {
        n += (size_t)snprintf(body + n, sizeof(body) - n, "c=1&");
    }
    memcpy(body + n, "a=1", sizeof("a=1"));
    assert_int_equal(keep(body, names, out, sizeof(out), &count), 0);
    assert_int_equal(count.refused, 1);
    assert_int_equal(keep(body + 4, names, out, sizeof(out), &count), 3);
}

static char *
decoded(senda_str_t raw)
{
    char *buf = g_malloc(raw.n + 1), *valid;
    size_t n = senda_percent_decode(buf, raw, true);

    valid = g_utf8_make_valid(buf, (gssize)n);
    g_free(buf);
    return valid;
}

/* The cases of the web platform's tests; skipped where they are not. */
static void
pairs_are_the_standards(void **state)
{
    const char *shared = getenv("SENDA_SHARED");
    char path[512];
    json_t *cases, *one;
    size_t i;

    (void)state;
    snprintf(path, sizeof(path), "%s/data/urlencoded/urlencoded-parser-data.json",
        shared != NULL ? shared : "../shared");
    cases = json_load_file(path, JSON_ALLOW_NUL, NULL);
    if (cases == NULL) {
        skip();
    }
    assert_true(json_array_size(cases) > 30);
    json_array_foreach(cases, i, one)
    {
        json_t *input = json_object_get(one, "input"), *output = json_object_get(one, "output");
        senda_str_t rest = { json_string_value(input), json_string_length(input) }, name, value;
        size_t n = 0;

        while (senda_form_next(&rest, &name, &value)) {
            json_t *pair = json_array_get(output, n++);
            char *got_name = decoded(name), *got_value = decoded(value);

            if (pair == NULL || strcmp(got_name, json_string_value(json_array_get(pair, 0))) != 0 ||
                strcmp(got_value, json_string_value(json_array_get(pair, 1))) != 0) {
                fail_msg("%s: %s=%s", json_string_value(input), got_name, got_value);
            }
            g_free(got_name);
            g_free(got_value);
        }
        assert_int_equal(n, json_array_size(output));
    }
    json_decref(cases);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_named_is_kept),
        cmocka_unit_test(secrets_are_refused),
        cmocka_unit_test(names_that_are_never_kept),
        cmocka_unit_test(values_that_are_never_kept),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(pairs_are_the_standards),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
