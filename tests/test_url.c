/*
 * Addresses: taken apart, decoded, bounded; form arguments against the cases
 * of web-platform-tests.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_url.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static senda_url_t url;

static void
assert_text(senda_str_t got, const char *want)
{
    char text[SENDA_PATH_MAX + 1];

    assert_true(got.n < sizeof(text));
    memcpy(text, got.p, got.n);
    text[got.n] = '\0';
    assert_int_equal(strlen(text), got.n);
    assert_string_equal(text, want);
}

static void
assert_path(const char *address, const char *path)
{
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, senda_cstr(address)), SENDA_OK);
    assert_text(url.path, path);
}

static void
test_paths(void **state)
{
    (void)state;
    assert_path("/", "/");
    assert_path("//", "/");
    assert_path("/pago/", "/pago");
    assert_path("/pago///", "/pago");
    assert_path("/pago%2F", "/pago");
    assert_path("/a%20b+c", "/a b+c");
    assert_path("/ni%C3%B1os", "/ni\xc3\xb1os");
    assert_path("/100%", "/100%");
    assert_path("/100%zz%4", "/100%zz%4");
    assert_path("/a%25b", "/a%b");
    assert_path("/x#top", "/x");
    assert_path("/x?#top", "/x");
    assert_path("http://shop.example.com", "/");
    assert_path("HTTPS://shop.example.com?x=1", "/");
    assert_path("/ni%F1os", "/ni\xef\xbf\xbdos");
    assert_path("/%E2%82", "/\xef\xbf\xbd");
    assert_path("/%ED%A0%80", "/\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void
test_hosts(void **state)
{
    static const char *const cases[][2] = {
        { "http://Shop.Example.COM/x", "shop.example.com" },
        { "https://www.shop.example.com:8443/x", "shop.example.com" },
        { "http://WWW.shop.example.com./", "shop.example.com" },
        { "http://user:pw@shop.example.com/", "shop.example.com" },
        { "http://[::1]:8080/", "[::1]" },
        { "http://localhost:80", "localhost" },
        { "/x", "" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, senda_cstr(cases[i][0])),
            SENDA_OK);
        assert_text(url.host, cases[i][1]);
    }
}

static void
test_refused(void **state)
{
    static char raw[3 * SENDA_PATH_MAX + 3];
    senda_str_t none = { "", 0 };

    (void)state;
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("")), SENDA_BAD);
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("x/y")), SENDA_BAD);
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("ftp://x/y")), SENDA_BAD);
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("/a%00b")), SENDA_BAD);
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("/a%0d%0ab")), SENDA_BAD);
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("/a?b=%7f")), SENDA_BAD);
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("/a\tb")), SENDA_BAD);

    memset(raw, 'a', sizeof(raw));
    raw[0] = '/';
    assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, none,
                         (senda_str_t){ raw, SENDA_PATH_MAX }, none),
        SENDA_OK);
    assert_int_equal(url.path.n, SENDA_PATH_MAX);
    assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, none,
                         (senda_str_t){ raw, SENDA_PATH_MAX + 1 }, none),
        SENDA_FULL);
    assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, none, SENDA_STR("/"),
                         (senda_str_t){ raw + 1, SENDA_PATH_MAX }),
        SENDA_OK);
    assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, none, SENDA_STR("/"),
                         (senda_str_t){ raw + 1, SENDA_PATH_MAX + 1 }),
        SENDA_FULL);
    for (unsigned i = 1; i + 2 < sizeof(raw); i += 3) {
        memcpy(raw + i, "%41", 3);
    }
    assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, none,
                         (senda_str_t){ raw, 3 * (SENDA_PATH_MAX - 1) + 1 }, none),
        SENDA_OK);
    assert_int_equal(url.path.n, SENDA_PATH_MAX);
    memset(raw + 1, 0xff, SENDA_PATH_MAX / 2); /* grows threefold when it is made UTF-8 */
    assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, none,
                         (senda_str_t){ raw, SENDA_PATH_MAX / 2 }, none),
        SENDA_FULL);
}

static void
test_arguments(void **state)
{
    char many[SENDA_ARGS_MAX * 3 + 30] = "/?";

    (void)state;
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET,
                         SENDA_STR("/x?&q=zapato+rojo&&vacio&a=b=c&=z")),
        SENDA_OK);
    assert_int_equal(url.nargs, 4);
    assert_text(url.args[0].name, "q");
    assert_text(url.args[0].value, "zapato rojo");
    assert_text(url.args[1].name, "vacio");
    assert_text(url.args[1].value, "");
    assert_text(url.args[2].value, "b=c");
    assert_text(url.args[3].name, "");
    for (unsigned i = 0; i < SENDA_ARGS_MAX + 5; i++) {
        memcpy(many + 2 + (size_t)2 * i, "a&", 3);
    }
    assert_int_equal(senda_url_parse(&url, SENDA_METHOD_GET, senda_cstr(many)), SENDA_OK);
    assert_int_equal(url.nargs, SENDA_ARGS_MAX);
}

/* Every byte in every place of a word and around it: what is done at once and by itself agree. */
static void
test_every_byte(void **state)
{
    char raw[20], host[32];
    size_t n;

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        for (unsigned place = 0; place < 19; place++) {
            char out[3 * sizeof(raw)];
            senda_rc_t rc;

            memset(raw, 'z', sizeof(raw));
            raw[place] = (char)c;
            rc = senda_url_decode(out, sizeof(out), (senda_str_t){ raw, sizeof(raw) }, true, &n);
            if (c < 0x20 || c == 0x7f) {
                assert_int_equal(rc, SENDA_BAD);
            } else {
                assert_int_equal(rc, SENDA_OK);
                assert_int_equal(n, c < 0x80 ? sizeof(raw) : sizeof(raw) + 2);
                assert_int_equal(out[place],
                    c == '+'       ? ' '
                        : c < 0x80 ? (char)c
                                   : (char)0xef); /* U+FFFD */
            }
            assert_int_equal(senda_url_decode(out, sizeof(raw) - 1,
                                 (senda_str_t){ raw, sizeof(raw) }, false, &n) == SENDA_OK,
                false);
            n = senda_host_decode(host, sizeof(host), (senda_str_t){ raw, sizeof(raw) });
            if (c != '@' && c != ':') {
                assert_int_equal(n, sizeof(raw));
                assert_int_equal(host[place],
                    c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : (char)c);
            }
        }
    }
}

static void
test_methods(void **state)
{
    (void)state;
    assert_int_equal(senda_method_of(SENDA_STR("GET")), SENDA_METHOD_GET);
    assert_int_equal(senda_method_of(SENDA_STR("HEAD")), SENDA_METHOD_GET);
    assert_int_equal(senda_method_of(SENDA_STR("POST")), SENDA_METHOD_POST);
    assert_int_equal(senda_method_of(SENDA_STR("PUT")), SENDA_METHOD_OTHER);
    assert_int_equal(senda_method_of(SENDA_STR("get")), SENDA_METHOD_OTHER);
    assert_int_equal(senda_method_of(SENDA_STR("")), SENDA_METHOD_OTHER);
}

static void
test_percent_decode(void **state)
{
    char out[32];

    (void)state;
    assert_text((senda_str_t){ out, senda_percent_decode(out, SENDA_STR("a+b%2Bc%"), true) },
        "a b+c%");
    assert_text((senda_str_t){ out, senda_percent_decode(out, SENDA_STR("a+b%2bc%4"), false) },
        "a+b+c%4");
}

static void
test_web_platform_cases(void **state)
{
    const char *shared = getenv("SENDA_SHARED");
    char file[512];
    json_t *cases;
    size_t i;

    (void)state;
    (void)snprintf(file, sizeof(file), "%s/data/urlencoded/urlencoded-parser-data.json",
        shared != NULL ? shared : "../shared");
    cases = json_load_file(file, 0, NULL);
    if (cases == NULL) {
        skip();
    }
    assert_true(json_array_size(cases) >= 30);
    for (i = 0; i < json_array_size(cases); i++) {
        json_t *one = json_array_get(cases, i), *want = json_object_get(one, "output");
        const char *raw = json_string_value(json_object_get(one, "input"));

        assert_int_equal(senda_url_set(&url, SENDA_METHOD_GET, senda_cstr(""), SENDA_STR("/"),
                             senda_cstr(raw)),
            SENDA_OK);
        assert_int_equal(url.nargs, json_array_size(want));
        for (unsigned k = 0; k < url.nargs; k++) {
            json_t *pair = json_array_get(want, k);

            assert_text(url.args[k].name, json_string_value(json_array_get(pair, 0)));
            assert_text(url.args[k].value, json_string_value(json_array_get(pair, 1)));
        }
    }
    json_decref(cases);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_percent_decode),
        cmocka_unit_test(test_web_platform_cases),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
