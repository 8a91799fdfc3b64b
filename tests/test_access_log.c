/* The combined format: what is taken from a line, and what is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "access_log.h"
#include "scratch.h"

#define GOOD \
    "83.149.9.216 - - [17/May/2015:10:05:03 +0200] \"GET /a?b=1 HTTP/1.1\" 200 20 \"-\" \"M\""

static bool
parse(access_line_t *line, const char *text)
{
    return access_log_parse(line, senda_cstr(text));
}

static void
takes_what_it_needs(void **state)
{
    access_line_t line;

    (void)state;
    assert_true(parse(&line, GOOD));
    assert_true(senda_str_eq(line.address, SENDA_STR("83.149.9.216")));
    assert_int_equal(line.at, 1431849903);
    assert_true(senda_str_eq(line.method, SENDA_STR("GET")));
    assert_true(senda_str_eq(line.target, SENDA_STR("/a?b=1")));
    assert_int_equal(line.status, 200);
    assert_true(senda_str_eq(line.agent, SENDA_STR("M")));
    assert_true(parse(&line,
        "::1 - a b [01/Jan/1970:00:00:00 +0000] \"POST / HTTP/2.0\" 302 - \"\" \"-\""));
    assert_int_equal(line.at, 0);
    assert_int_equal(line.agent.n, 0);
    assert_true(parse(&line,
        "h - - [29/Feb/2024:23:59:59 -0330] \"GET /\\\"x HTTP/1.1\" 200 1 \"a \\\" b\" "
        "\"c \\\\\" extra \"fields\""));
    assert_int_equal(line.at, 1709263799);
    assert_true(senda_str_eq(line.target, SENDA_STR("/\\\"x")));
    assert_true(senda_str_eq(line.agent, SENDA_STR("c \\\\")));
}

static void
refuses_what_is_none(void **state)
{
    static const char *const bad[] = {
        "",
        "-",
        "garbage",
        "\x16\x03\x01",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000]",
        "1.2.3.4 - - [17/Mai/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [32/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015:25:05:03 +0000] \"GET / HTTP/1.1\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/1915:10:05:03 +0000] \"GET / HTTP/1.1\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015 10:05:03 +0000] \"GET / HTTP/1.1\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" OK 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 20",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 20 \"-\" \"M",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"-\" 408 0 \"-\" \"-\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"\" 400 0 \"-\" \"-\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"get / HTTP/1.1\" 200 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"\\x16\\x03\" 400 20 \"-\" \"M\"",
        "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /a b HTTP/1.1\" 400 20 \"-\" \"M\"",
    };
    access_line_t line;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(&line, bad[i]))
            fail_msg("taken: %s", bad[i]);
    }
}

/* Every prefix of a line, each in memory of exactly its size: a sanitizer sees a byte too many. */
static void
reads_no_byte_beyond(void **state)
{
    access_line_t line;
    size_t full = strlen(GOOD);

    (void)state;
    for (size_t n = 0; n <= full; n++) {
        char *copy = malloc(n + (n == 0));

        assert_non_null(copy);
        memcpy(copy, GOOD, n);
        assert_int_equal(access_log_parse(&line, (senda_str_t){ copy, n }), n == full);
        for (size_t i = 0; i < n; i++) {
            copy[i] ^= 0x55;
            (void)access_log_parse(&line, (senda_str_t){ copy, n });
            copy[i] ^= 0x55;
        }
        free(copy);
    }
}

static void
hands_out_lines(void **state)
{
    char dir[SCRATCH_MAX], file[SCRATCH_MAX + 8];
    access_log_t *log;
    senda_str_t text;
    senda_err_t err;
    FILE *out;

    (void)state;
    scratch_make(dir);
    snprintf(file, sizeof(file), "%s/log", dir);
    out = fopen(file, "w");
    assert_non_null(out);
    fputs("one\r\n\ntwo", out);
    fclose(out);
    log = access_log_open(file, &err);
    assert_non_null(log);
    assert_int_equal(access_log_next(log, &text, &err), SENDA_OK);
    assert_true(senda_str_eq(text, SENDA_STR("one")));
    assert_int_equal(access_log_next(log, &text, &err), SENDA_OK);
    assert_int_equal(text.n, 0);
    assert_int_equal(access_log_next(log, &text, &err), SENDA_OK);
    assert_true(senda_str_eq(text, SENDA_STR("two")));
    assert_int_equal(access_log_next(log, &text, &err), SENDA_NONE);
    access_log_close(log);
    scratch_remove(dir);
}

/* Lines of every length around the buffer's, and one far beyond: none lost, none joined. */
static void
long_lines_stay_one_line(void **state)
{
    char dir[SCRATCH_MAX], file[SCRATCH_MAX + 8];
    const size_t big = 3000000;
    char *line = malloc(big);
    access_log_t *log;
    senda_str_t text;
    senda_err_t err;
    unsigned n = 0, cut = 0;
    FILE *out;

    (void)state;
    scratch_make(dir);
    snprintf(file, sizeof(file), "%s/log", dir);
    out = fopen(file, "w");
    assert_non_null(out);
    assert_non_null(line);
    memset(line, 'x', big);
    for (size_t size = 1; size < 60000; size += 997) {
        fprintf(out, "%.*s\n", (int)size, line);
        n++;
    }
    fprintf(out, "%.*s\nlast\n", (int)big, line);
    fclose(out);
    log = access_log_open(file, &err);
    assert_non_null(log);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(access_log_next(log, &text, &err), SENDA_OK);
        assert_int_equal(text.n, 1 + 997 * i);
    }
    assert_int_equal(access_log_next(log, &text, &err), SENDA_OK);
    cut = text.n < 100;
    assert_true(cut);
    assert_int_equal(access_log_next(log, &text, &err), SENDA_OK);
    assert_true(senda_str_eq(text, SENDA_STR("last")));
    assert_int_equal(access_log_next(log, &text, &err), SENDA_NONE);
    access_log_close(log);
    free(line);
    scratch_remove(dir);
}

static void
says_why_it_cannot_read(void **state)
{
    senda_err_t err;

    (void)state;
    assert_null(access_log_open("tests/data/no-such.log", &err));
    assert_non_null(strstr(err.text, "tests/data/no-such.log: No such file"));
}

/* Real lines, mostly scanners': each is a line or none, and the figures are known. */
static void
real_logs(void **state)
{
    static const struct {
        const char *name;
        unsigned lines, good;
    } logs[] = { { "semicomplete.log", 10000, 9999 }, { "advertools.log", 1000, 956 } };
    const char *shared = getenv("SENDA_SHARED");
    char file[512];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        unsigned lines = 0, good = 0;
        access_line_t line;
        access_log_t *log;
        senda_str_t text;

        snprintf(file, sizeof(file), "%s/data/access-logs/%s",
            shared == NULL ? "../shared" : shared, logs[i].name);
        log = access_log_open(file, NULL);
        if (log == NULL)
            skip();
        for (; access_log_next(log, &text, NULL) == SENDA_OK; lines++)
            good += access_log_parse(&line, text);
        access_log_close(log);
        assert_int_equal(lines, logs[i].lines);
        assert_int_equal(good, logs[i].good);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_it_needs),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(reads_no_byte_beyond),
        cmocka_unit_test(hands_out_lines),
        cmocka_unit_test(long_lines_stay_one_line),
        cmocka_unit_test(says_why_it_cannot_read),
        cmocka_unit_test(real_logs),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
