/*
 * Bots and people by user agent, on the project's own list and on a public
 * one; assets by extension.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_bot.h"

#include <stdio.h>
#include <stdlib.h>

/* The value of a YAML list's line "  - value", plain or quoted; NULL if it is another line. */
static char *
yaml_value(char *line)
{
    char *p = line + strspn(line, " "), *out, *to;
    char quote;

    line[strcspn(line, "\r\n")] = '\0';
    if (p == line || p[0] != '-' || p[1] != ' ') {
        return NULL;
    }
    p += 2;
    quote = *p;
    if (quote != '"' && quote != '\'') {
        return p;
    }
    p[strlen(p) - 1] = '\0';
    for (out = to = ++p; *p != '\0'; p++) {
        if ((quote == '"' && *p == '\\') || (quote == '\'' && *p == '\'')) {
            p++;
        }
        *to++ = *p;
    }
    *to = '\0';
    return out;
}

/* How many lines of a file there are, and how many of them are bots. */
static bool
count(const char *file, bool want_bots, unsigned *lines, unsigned *bots)
{
    char line[4096];
    FILE *f = fopen(file, "r");

    *lines = *bots = 0;
    if (f == NULL) {
        return false;
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        char *agent = yaml_value(line);

        if (agent != NULL) {
            bool is = senda_is_bot(senda_cstr(agent));

            (*lines)++;
            *bots += is;
            if (is && !want_bots) {
                print_message("# lost: %s\n", agent);
            }
        }
    }
    (void)fclose(f);
    return true;
}

static void
test_own_list(void **state)
{
    unsigned lines, bots;

    (void)state;
    assert_true(count("tests/data/user-agents/people.yml", false, &lines, &bots));
    assert_in_range(lines, 20, 1000);
    assert_int_equal(bots, 0);
    assert_true(count("tests/data/user-agents/bots.yml", true, &lines, &bots));
    assert_in_range(lines, 30, 1000);
    assert_int_equal(bots, lines);
}

static void
test_public_list(void **state)
{
    const char *shared = getenv("SENDA_SHARED");
    char file[512];
    unsigned lines, bots;

    (void)state;
    shared = shared != NULL ? shared : "../shared";
    (void)snprintf(file, sizeof(file), "%s/data/user-agents/browsers.yml", shared);
    if (!count(file, false, &lines, &bots)) {
        skip();
    }
    assert_int_equal(lines, 555);
    assert_int_equal(bots, 0);
    (void)snprintf(file, sizeof(file), "%s/data/user-agents/crawlers.yml", shared);
    assert_true(count(file, true, &lines, &bots));
    assert_int_equal(lines, 626);
    print_message("# %u of %u crawlers caught\n", bots, lines);
    assert_in_range(bots, 608, 626); /* 97 % */
}

static void
test_edges(void **state)
{
    (void)state;
    assert_true(senda_is_bot(SENDA_STR("")));
    assert_true(senda_is_bot(SENDA_STR("-")));
    assert_true(senda_is_bot(SENDA_STR("bot")));
    assert_true(senda_is_bot(SENDA_STR("GOOGLEBOT/2.1")));
    assert_true(senda_is_bot(SENDA_STR("Mozilla/5.0 (Linux) Gecko SuperBot")));
    assert_false(senda_is_bot(SENDA_STR("Mozilla/5.0 (Linux) Gecko Botanic")));
    assert_false(senda_is_bot(SENDA_STR("Mozilla/5.0 (Linux; CUBOT NOTE) Gecko")));
    assert_true(senda_is_bot(SENDA_STR("Mozilla/5.0 (Linux; CUBOT NOTE) Gecko SomeBot/1")));
    assert_true(senda_is_bot((senda_str_t){ "curl/8.5.0 and more", 10 }));
    assert_true(senda_is_bot((senda_str_t){ "Mozilla/5.0 (Linux; Android 9)", 11 }));
}

static void
test_assets(void **state)
{
    static const char *const yes[] = { "/a.png", "/a/b.JPG", "/x.min.js", "/s.css", "/f.woff2",
        "/favicon.ico", "/feed.rss", "/robots.txt", "/a.b/c.svg", "/site.webmanifest" };
    static const char *const no[] = { "/", "", "/a", "/a.html", "/a.php", "/png", "/a.png/b",
        "/a.pngx", "/a.", "/tacon.rojo", "/x.pn", ".", "/js" };

    (void)state;
    for (unsigned i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_true(senda_is_asset(senda_cstr(yes[i])));
    }
    for (unsigned i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        assert_false(senda_is_asset(senda_cstr(no[i])));
    }
    assert_true(senda_is_asset(SENDA_STR("js.js")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_list),
        cmocka_unit_test(test_public_list),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_assets),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
