/* The Mustache renderer: its specification's cases, ours, mistakes, bounds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include <glib.h>
#include <jansson.h>

#include "mustache.h"

static tval_t *
value_of(json_t *j)
{
    char number[64];
    const char *key;
    json_t *item;
    size_t i;
    tval_t *v;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        v = tval_map();
        json_object_foreach(j, key, item)
        {
            tval_set(v, senda_cstr(key), value_of(item));
        }
        return v;
    case JSON_ARRAY:
        v = tval_list();
        json_array_foreach(j, i, item)
        {
            tval_push(v, value_of(item));
        }
        return v;
    case JSON_STRING:
        return tval_text((senda_str_t){ json_string_value(j), json_string_length(j) });
    case JSON_INTEGER:
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(j));
        return tval_text(senda_cstr(number));
    case JSON_REAL:
        snprintf(number, sizeof(number), "%.15g", json_real_value(j));
        return tval_text(senda_cstr(number));
    case JSON_NULL:
        return tval_text(SENDA_STR(""));
    default:
        return tval_bool(json_is_true(j));
    }
}

static bool
json_partial(void *ctx, senda_str_t name, senda_str_t *text)
{
    char key[128];

    snprintf(key, sizeof(key), "%.*s", (int)name.n, name.p);
    json_t *found = json_object_get(ctx, key);
    if (found == NULL) {
        return false;
    }
    *text = (senda_str_t){ json_string_value(found), json_string_length(found) };
    return true;
}

/* Runs every case of a file; how many there were. The first wrong one is named. */
static unsigned
run_cases(const char *file)
{
    json_error_t je;
    json_t *root = json_load_file(file, 0, &je), *one;
    size_t i;

    if (root == NULL) {
        fail_msg("%s: %s", file, je.text);
    }
    json_t *tests = json_object_get(root, "tests");
    json_array_foreach(tests, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *expected = json_string_value(json_object_get(one, "expected"));
        tval_t *data = value_of(json_object_get(one, "data"));
        senda_err_t err = { "" };
        size_t len;
        char *out;

        senda_rc_t rc = mustache_render(senda_cstr(
                                            json_string_value(json_object_get(one, "template"))),
            data, MUSTACHE_HTML, json_partial, json_object_get(one, "partials"), &out, &len, &err);
        if (rc != SENDA_OK || strcmp(out, expected) != 0 || len != strlen(expected)) {
            fail_msg("%s: %s: %d %s\n  got      [%s]\n  expected [%s]", file, name, rc, err.text,
                rc == SENDA_OK ? out : "", expected);
        }
        free(out);
        tval_free(data);
    }
    unsigned n = (unsigned)json_array_size(tests);
    json_decref(root);
    return n;
}

static const char *
shared(void)
{
    const char *dir = getenv("SENDA_SHARED");

    return dir != NULL ? dir : "../shared";
}

static void
test_specification(void **state)
{
    static const struct {
        const char *file;
        unsigned least;
    } parts[] = { { "comments", 12 }, { "delimiters", 14 }, { "interpolation", 40 },
        { "inverted", 22 }, { "partials", 11 }, { "sections", 30 } };
    char path[512];

    (void)state;
    snprintf(path, sizeof(path), "%s/data/mustache-spec/comments.json", shared());
    if (access(path, R_OK) != 0) {
        skip();
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s/data/mustache-spec/%s.json", shared(), parts[i].file);
        assert_true(run_cases(path) >= parts[i].least);
    }
}

static void
test_own_cases(void **state)
{
    (void)state;
    assert_int_equal(run_cases("tests/data/mustache/own.json"), 16);
}

/* What is wrong in a template is said with its line and its tag. */
static void
test_mistakes(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "a\n{{#items}}\nb",
            "line 2: the section {{#items}} is not closed: {{/items}} is missing" },
        { "{{^x}}", "line 1: the section {{^x}} is not closed: {{/x}} is missing" },
        { "a\n\nb {{/items}}", "line 3: {{/items}} closes nothing: no section is open" },
        { "{{#a}}\n{{#b}}\n{{/a}}", "line 3: {{/a}} stands where {{/b}} is due, opened on line 2" },
        { "a\nb {{name\nc", "line 2: the tag {{name is not closed by }}" },
        { "{{{name}}", "line 1: the tag {{{name}} is not closed by }}}" },
        { "x {{ }}", "line 1: an empty tag: {{ }}" },
        { "{{=a=}}", "line 1: delimiters are set like {{=<% %>=}}, two words without =: a" },
        { "{{!\n\n}}{{/x}}", "line 3: {{/x}} closes nothing: no section is open" },
        { "{{", "line 1: the tag {{ is not closed by }}" },
    };
    tval_t *data = tval_map();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        senda_err_t err = { "" }, checked = { "" };
        size_t len;
        char *out;
        assert_int_equal(mustache_render(senda_cstr(cases[i].text), data, MUSTACHE_PLAIN, NULL,
                             NULL, &out, &len, &err),
            SENDA_BAD);
        assert_string_equal(err.text, cases[i].said);
        assert_null(out);
        assert_int_equal(mustache_check(1, senda_cstr(cases[i].text), NULL, NULL, &checked),
            SENDA_BAD);
        assert_string_equal(checked.text, cases[i].said);
    }
    tval_free(data);
}

/* "itself" calls itself, "twice" does so twice, "broken" has a mistake on its third line. */
static bool
odd_partial(void *ctx, senda_str_t name, senda_str_t *text)
{
    (void)ctx;
    if (senda_str_eq(name, SENDA_STR("itself"))) {
        *text = SENDA_STR("x\n {{>itself}}\n");
    } else if (senda_str_eq(name, SENDA_STR("twice"))) {
        *text = SENDA_STR(
            "{{#no}}{{>twice}}{{/no}}{{^no}}{{#l}}{{#l}}{{>more}}{{/l}}{{/l}}{{/no}}");
    } else if (senda_str_eq(name, SENDA_STR("more"))) {
        *text = SENDA_STR("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}");
    } else if (senda_str_eq(name, SENDA_STR("broken"))) {
        *text = SENDA_STR("1\n2\n{{#x}}");
    } else {
        return false;
    }
    return true;
}

static senda_rc_t
render_odd(const char *text, const tval_t *data, senda_err_t *err)
{
    size_t len;
    char *out;
    senda_rc_t rc = mustache_render(senda_cstr(text), data, MUSTACHE_HTML, odd_partial, NULL, &out,
        &len, err);

    free(out);
    return rc;
}

static void
test_bounds(void **state)
{
    tval_t *data = tval_map(), *list = tval_list();
    senda_err_t err;
    GString *s = g_string_new(NULL);

    (void)state;
    for (int i = 0; i < 20; i++) {
        tval_push(list, tval_bool(true));
    }
    tval_set(data, SENDA_STR("l"), list);

    assert_int_equal(render_odd("{{>itself}}", data, &err), SENDA_FULL);
    assert_non_null(strstr(err.text, "partials more than 64 deep"));
    assert_int_equal(render_odd("{{>twice}}", data, &err), SENDA_FULL);
    assert_non_null(strstr(err.text, "too much to render"));
    assert_int_equal(render_odd("\n{{>broken}}", data, &err), SENDA_BAD);
    assert_string_equal(err.text,
        "in partial broken: line 3: the section {{#x}} is not closed: {{/x}} is missing");

    for (int i = 0; i < 65; i++) {
        g_string_append(s, "{{#a}}");
    }
    assert_int_equal(render_odd(s->str, data, &err), SENDA_FULL);
    assert_non_null(strstr(err.text, "more than 64 sections deep"));

    char *big = g_strnfill(MUSTACHE_OUT_MAX / 10, 'b');
    tval_set(data, SENDA_STR("big"), tval_text(senda_cstr(big)));
    assert_int_equal(render_odd("{{#l}}{{big}}{{/l}}", data, &err), SENDA_FULL);
    assert_non_null(strstr(err.text, "grows over"));

    char *name = g_strdup_printf("{{%.*s}}", MUSTACHE_TAG_MAX + 1, big);
    assert_int_equal(render_odd(name, data, &err), SENDA_FULL);
    g_free(name);
    g_free(big);
    g_string_free(s, TRUE);
    tval_free(data);
}

/* A value can never leave its place in HTML, whatever it holds. */
static void
expect_escaped(const char *value)
{
    static const char before[] = "<p title=\"", between[] = "\">", after[] = "</p>";
    tval_t *data = tval_map();
    size_t len;
    char *out;

    tval_set(data, SENDA_STR("v"), tval_text(senda_cstr(value)));
    assert_int_equal(mustache_render(SENDA_STR("<p title=\"{{v}}\">{{v}}</p>"), data, MUSTACHE_HTML,
                         NULL, NULL, &out, &len, NULL),
        SENDA_OK);
    size_t inner = len - strlen(before) - strlen(between) - strlen(after);
    assert_int_equal(inner % 2, 0);
    const char *v = out + strlen(before);
    assert_memory_equal(v, v + inner / 2 + strlen(between), inner / 2);
    assert_int_equal(strcspn(v, "<>\"'"), inner / 2);
    assert_true(g_utf8_validate(out, (gssize)len, NULL) || !g_utf8_validate(value, -1, NULL));
    free(out);
    tval_free(data);
}

static void
test_naughty_strings(void **state)
{
    char path[512];
    json_t *one;
    size_t i;

    (void)state;
    expect_escaped("<script>alert('x')</script>\"&amp;");
    expect_escaped("{{name}} {{#x}} \n\t \xef\xbb\xbf\xe2\x80\x8b");
    snprintf(path, sizeof(path), "%s/data/naughty-strings/blns.json", shared());
    json_t *all = json_load_file(path, 0, NULL);
    if (all == NULL) {
        skip();
    }
    assert_true(json_array_size(all) > 400);
    json_array_foreach(all, i, one)
    {
        expect_escaped(json_string_value(one));
    }
    json_decref(all);
}

static void
test_values(void **state)
{
    tval_t *base = tval_map(), *over = tval_map_over(base);
    size_t len;
    char *out;

    (void)state;
    tval_set(base, SENDA_STR("a"), tval_text(SENDA_STR("1")));
    tval_set(base, SENDA_STR("b"), tval_text(SENDA_STR("2")));
    tval_set(over, SENDA_STR("b"), tval_text(SENDA_STR("3")));
    tval_set(over, SENDA_STR("b"), tval_text(SENDA_STR("4")));
    tval_set(over, SENDA_STR("t"), tval_bool(true));
    assert_null(tval_get(over, SENDA_STR("c")));
    tval_push(over, tval_bool(true));
    tval_set(base, SENDA_STR("l"), tval_list());
    assert_int_equal(mustache_render(SENDA_STR("{{a}}{{b}}{{t}}{{l}}{{^l}}-{{/l}}"), over,
                         MUSTACHE_PLAIN, NULL, NULL, &out, &len, NULL),
        SENDA_OK);
    assert_string_equal(out, "14true-");
    free(out);
    tval_free(over);
    tval_free(base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification),
        cmocka_unit_test(test_own_cases),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_naughty_strings),
        cmocka_unit_test(test_values),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
