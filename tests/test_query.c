/*
 * What of an address's arguments is kept: what pages name, what campaigns are
 * told apart by, and nothing else.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "patterns.h"

#include "senda_query.h"

static char out[SENDA_LANDING_MAX];

static const char *
trim(const senda_rules_t *r, const char *args, size_t size)
{
    static char text[SENDA_LANDING_MAX + 1];
    size_t n = senda_query_trim(r, SITE, senda_cstr(args), out, size);

    assert_true(n <= size);
    memcpy(text, out, n);
    text[n] = '\0';
    return text;
}

static compiled_t
compile(void)
{
    static const char *const rows[] = { "/search?q={q} !/search?test=1", "/thanks*?order={order}",
        "/a?caf\xc3\xa9=*", "+/form?step=2" };

    return finish(build(rows, 4));
}

static void
test_named(void **state)
{
    compiled_t c = compile();
    const senda_rules_t *r = c.rules;

    (void)state;
    assert_true(senda_rules_names_arg(r, SITE, SENDA_STR("q")));
    assert_true(senda_rules_names_arg(r, SITE, SENDA_STR("test")));
    assert_true(senda_rules_names_arg(r, SITE, SENDA_STR("order")));
    assert_true(senda_rules_names_arg(r, SITE, SENDA_STR("step")));
    assert_true(senda_rules_names_arg(r, SITE, SENDA_STR("caf\xc3\xa9")));
    assert_false(senda_rules_names_arg(r, SITE, SENDA_STR("Q")));
    assert_false(senda_rules_names_arg(r, SITE, SENDA_STR("token")));
    assert_false(senda_rules_names_arg(r, SITE, SENDA_STR("")));
    assert_false(senda_rules_names_arg(r, SITE + 1, SENDA_STR("q")));
    assert_false(senda_rules_names_arg(r, 0, SENDA_STR("q")));
    release(&c);
}

static void
test_trim(void **state)
{
    compiled_t c = compile();
    const senda_rules_t *r = c.rules;

    (void)state;
    assert_string_equal(trim(r, "", 400), "");
    assert_string_equal(trim(r, "q=red+shoes", 400), "q=red+shoes");
    assert_string_equal(trim(r, "token=SECRET&q=red%20shoes&sid=1", 400), "q=red%20shoes");
    assert_string_equal(trim(r, "utm_source=mail&fbclid=x&utm_id=7&utm_other=1", 400),
        "utm_source=mail&utm_id=7");
    assert_string_equal(trim(r, "caf%C3%A9=1&%71=2&q%3d=3", 400), "caf%C3%A9=1&%71=2");
    assert_string_equal(trim(r, "&&q&&=x&order=&", 400), "q&order=");
    assert_string_equal(trim(r, "%00=1&%=2&\x01=3", 400), "");

    /* What does not fit goes as a whole; what is behind it may still fit. */
    assert_string_equal(trim(r, "q=123456789&order=12", 10), "order=12");
    assert_string_equal(trim(r, "q=1&order=12", 11), "q=1");
    assert_string_equal(trim(r, "q=1&order=12", 12), "q=1&order=12");
    assert_string_equal(trim(r, "q=1", 0), "");
    release(&c);
}

static void
test_no_arguments_named(void **state)
{
    static const char *const rows[] = { "/", "/a*" };
    compiled_t c = finish(build(rows, 2));

    (void)state;
    assert_string_equal(trim(c.rules, "a=1&utm_campaign=x&b=2", 400), "utm_campaign=x");
    assert_false(senda_rules_names_arg(c.rules, SITE, SENDA_STR("a")));
    release(&c);
}

static void
test_many_names(void **state)
{
    rules_build_t *b = rules_build_new();
    compiled_t c;
    char text[32];
    size_t at;

    (void)state;
    rules_build_site(b, SITE, NULL);
    for (unsigned i = 0; i < 2000; i++) {
        (void)snprintf(text, sizeof(text), "page%u", i);
        rules_build_page(b, SITE, i + 1, senda_cstr(text), 0);
        (void)snprintf(text, sizeof(text), "/p%u?name%u=*", i, i / 2);
        assert_int_equal(rules_build_pattern(b, i + 1, SENDA_METHOD_GET, false, senda_cstr(text),
                             &at, NULL),
            SENDA_OK);
    }
    c = finish(b);
    for (unsigned i = 0; i < 2000; i++) {
        (void)snprintf(text, sizeof(text), "name%u", i);
        assert_int_equal(senda_rules_names_arg(c.rules, SITE, senda_cstr(text)), i < 1000);
    }
    release(&c);
}

static void
test_campaign(void **state)
{
    static const char *const rows[] = { "/a*?utm_term={utm_term}", "/b*" };
    compiled_t c = finish(build(rows, 2));

    (void)state;
    (void)what(c.rules, SENDA_METHOD_GET, "/a?utm_term=red&utm_source=mail&utm_medium=&x=1");
    senda_query_campaign(&url, &match);
    assert_int_equal(match.ncaptures, 2);
    assert_true(senda_str_eq(match.captures[0].name, SENDA_STR("utm_term")));
    assert_true(senda_str_eq(match.captures[1].name, SENDA_STR("utm_source")));
    assert_true(senda_str_eq(match.captures[1].value, SENDA_STR("mail")));

    (void)what(c.rules, SENDA_METHOD_GET, "/b?utm_id=1&utm_id=2&utm_ids=3&utm_=4");
    senda_query_campaign(&url, &match);
    assert_int_equal(match.ncaptures, 1);
    assert_true(senda_str_eq(match.captures[0].value, SENDA_STR("1")));

    (void)what(c.rules, SENDA_METHOD_GET, "/b?utm_id=1&utm_term=2");
    match.ncaptures = SENDA_CAPTURES_MAX - 1;
    memset(match.captures, 0, sizeof(match.captures));
    senda_query_campaign(&url, &match);
    assert_int_equal(match.ncaptures, SENDA_CAPTURES_MAX);
    assert_int_equal(match.dropped, 1);
    release(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_no_arguments_named),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_campaign),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
