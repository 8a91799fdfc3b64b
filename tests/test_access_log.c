/* The combined format: what is taken from a line, and what is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <gio/gio.h>

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
    assert_int_equal(line.user.n, 0);
    assert_true(parse(&line,
        "::1 - a b [01/Jan/1970:00:00:00 +0000] \"POST / HTTP/2.0\" 302 - \"\" \"-\""));
    assert_int_equal(line.at, 0);
    assert_int_equal(line.agent.n, 0);
    assert_true(senda_str_eq(line.user, SENDA_STR("a b")));
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

/* Packs text behind what the file has already. */
static void
add_packed(const char *file, const char *text, size_t len)
{
    GConverter *packer = G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6));
    size_t size = len + 1024;
    char *out = malloc(size);
    gsize used, made;
    FILE *f = fopen(file, "a");

    assert_non_null(out);
    assert_non_null(f);
    assert_int_equal(g_converter_convert(packer, text, len, out, size, G_CONVERTER_INPUT_AT_END,
                         &used, &made, NULL),
        G_CONVERTER_FINISHED);
    assert_int_equal(used, len);
    assert_int_equal(fwrite(out, 1, made, f), made);
    fclose(f);
    free(out);
    g_object_unref(packer);
}

/* Reads all lines: how many, and how it ended. */
static senda_rc_t
count_lines(const char *file, unsigned *lines, uint64_t *hash, senda_err_t *err)
{
    access_log_t *log = access_log_open(file, err);
    senda_str_t text;
    senda_rc_t rc;

    assert_non_null(log);
    *lines = 0;
    *hash = 5381;
    while ((rc = access_log_next(log, &text, err)) == SENDA_OK) {
        ++*lines;
        for (size_t i = 0; i < text.n; i++)
            *hash = *hash * 33 + (uint8_t)text.p[i];
    }
    if (rc == SENDA_NONE)
        assert_int_equal(access_log_taken(log), access_log_size(log));
    access_log_close(log);
    return rc;
}

/* Two packed files in one, as `cat` and some log rotations make them, then zeros, as tapes do. */
static void
reads_packed_logs(void **state)
{
    char dir[SCRATCH_MAX], plain[SCRATCH_MAX + 8], packed[SCRATCH_MAX + 8];
    uint64_t plain_hash, packed_hash;
    char *text;
    size_t len, half;
    unsigned n, m;
    senda_err_t err;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    scratch_make(dir);
    snprintf(plain, sizeof(plain), "%s/log", dir);
    snprintf(packed, sizeof(packed), "%s/log.gz", dir);
    for (unsigned i = 0; i < 50000; i++)
        fprintf(out, "10.0.%u.%u - - line %u\n", i / 256, i % 256, i * 7919);
    fclose(out);
    out = fopen(plain, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, len, out), len);
    fclose(out);
    half = len / 2;
    add_packed(packed, text, half);
    add_packed(packed, "", 0);
    add_packed(packed, text + half, len - half);
    out = fopen(packed, "a");
    assert_non_null(out);
    fwrite("\0\0\0\0\0", 1, 5, out);
    fclose(out);
    assert_int_equal(count_lines(plain, &n, &plain_hash, &err), SENDA_NONE);
    assert_int_equal(count_lines(packed, &m, &packed_hash, &err), SENDA_NONE);
    assert_int_equal(n, 50000);
    assert_int_equal(m, n);
    assert_true(plain_hash == packed_hash);
    free(text);
    scratch_remove(dir);
}

static void
says_what_is_wrong_with_a_packed_log(void **state)
{
    char dir[SCRATCH_MAX], file[SCRATCH_MAX + 8], text[4000];
    uint64_t hash;
    unsigned n;
    senda_err_t err;
    FILE *out;

    (void)state;
    scratch_make(dir);
    snprintf(file, sizeof(file), "%s/log.gz", dir);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 40 == 39 ? '\n' : (char)('a' + i * i % 23);
    add_packed(file, text, sizeof(text));
    out = fopen(file, "a");
    assert_non_null(out);
    fputs("more", out);
    fclose(out);
    assert_int_equal(count_lines(file, &n, &hash, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, "log.gz: what follows the packed log is not packed"));
    assert_int_equal(truncate(file, 60), 0);
    assert_int_equal(count_lines(file, &n, &hash, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, "log.gz: the packed log ends in the middle"));
    out = fopen(file, "w");
    assert_non_null(out);
    fputs("\x1f\x8bno gzip at all, but its first two bytes", out);
    fclose(out);
    assert_int_equal(count_lines(file, &n, &hash, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, "log.gz: "));
    assert_int_equal(truncate(file, 1), 0);
    assert_int_equal(count_lines(file, &n, &hash, &err), SENDA_NONE);
    assert_int_equal(n, 1);
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
        cmocka_unit_test(reads_packed_logs),
        cmocka_unit_test(says_what_is_wrong_with_a_packed_log),
        cmocka_unit_test(says_why_it_cannot_read),
        cmocka_unit_test(real_logs),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
