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

static senda_agents_t agents;

/* Which place holds this text; SENDA_AGENTS_KEPT: none. */
static unsigned
place_of(senda_str_t agent)
{
    unsigned i = 0;

    while (i < SENDA_AGENTS_KEPT &&
        (agents.at[i].n != agent.n || memcmp(agents.at[i].text, agent.p, agent.n) != 0)) {
        i++;
    }
    return i;
}

static void
test_verdicts_are_kept(void **state)
{
    senda_str_t browser = SENDA_STR("Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0");
    unsigned at;

    (void)state;
    memset(&agents, 0, sizeof(agents));
    assert_false(senda_agents_is_bot(&agents, browser));
    at = place_of(browser);
    assert_true(at < SENDA_AGENTS_KEPT);
    agents.at[at].bot = true; /* whether it is asked is seen by its answer */
    assert_true(senda_agents_is_bot(&agents, browser));
}

/* More than there are places, so that many meet in one; each asked for often, in changing order. */
static void
test_verdicts_that_meet(void **state)
{
    enum { AGENTS = 4 * SENDA_AGENTS_KEPT };
    unsigned met = 0;
    char text[64];

    (void)state;
    memset(&agents, 0, sizeof(agents));
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned k = 0; k < AGENTS; k++) {
            unsigned n = round == 1 ? AGENTS - 1 - k : k;
            int len = snprintf(text, sizeof(text), "Mozilla/5.0 (Linux) Gecko %s/%u.%u",
                n % 3 == 0 ? "Robot" : "Botany", n, round);
            senda_str_t agent = { text, (size_t)len };

            for (unsigned again = 0; again < 2; again++) {
                assert_int_equal(senda_agents_is_bot(&agents, agent), n % 3 == 0);
            }
        }
    }
    for (unsigned i = 0; i < SENDA_AGENTS_KEPT; i++) {
        met += agents.at[i].n != 0;
    }
    assert_in_range(met, SENDA_AGENTS_KEPT / 2, SENDA_AGENTS_KEPT);
}

/* What differs in one byte, wherever it is, or in its length, is another one. */
static void
test_verdicts_of_others(void **state)
{
    char text[SENDA_AGENT_KEPT + 8];

    (void)state;
    memset(&agents, 0, sizeof(agents));
    for (size_t n = 1; n <= sizeof(text); n++) {
        memset(text, 'x', sizeof(text));
        assert_int_equal(senda_agents_is_bot(&agents, (senda_str_t){ text, n }),
            senda_is_bot((senda_str_t){ text, n }));
        assert_int_equal(place_of((senda_str_t){ text, n }) < SENDA_AGENTS_KEPT,
            n <= SENDA_AGENT_KEPT);
        if (n >= 4) {
            memcpy(text + n - 4, " bot", 4);
            assert_true(senda_agents_is_bot(&agents, (senda_str_t){ text, n }));
            memcpy(text + n - 4, " bat", 4);
            assert_int_equal(senda_agents_is_bot(&agents, (senda_str_t){ text, n }),
                senda_is_bot((senda_str_t){ text, n }));
        }
    }
    assert_true(senda_agents_is_bot(&agents, SENDA_STR("")));
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

static void
test_probes(void **state)
{
    static const char *const yes[] = { "/wp-login.php", "/WP-Login.php", "/wp-admin/", "/.env",
        "/.git/config", "/shop/.git/HEAD", "/.aws/credentials", "/phpmyadmin/index.php",
        "/phpMyAdmin", "/cgi-bin/luci", "/vendor/phpunit/x.php", "/../../etc/passwd", "/a/../b",
        "/.DS_Store", "/xmlrpc.php", "/actuator/health", "/backup.sql", "/HNAP1" };
    static const char *const no[] = { "/", "", "/a", "/tacones/rojo", "/.well-known/acme",
        "/a.b/c.html", "/backups", "/config", "/dumplings", "/vendor/adidas", "/solr", "/consoles",
        "/x/wp-login", "/search.", "/mysql-book" };

    (void)state;
    for (unsigned i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (!senda_is_probe(senda_cstr(yes[i]))) {
            fail_msg("%s is none", yes[i]);
        }
    }
    for (unsigned i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (senda_is_probe(senda_cstr(no[i]))) {
            fail_msg("%s", no[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_list),
        cmocka_unit_test(test_public_list),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_verdicts_are_kept),
        cmocka_unit_test(test_verdicts_that_meet),
        cmocka_unit_test(test_verdicts_of_others),
        cmocka_unit_test(test_assets),
        cmocka_unit_test(test_probes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
