/* Marks in pages: what is filled in, what is left out, what nobody knows; the plain pages. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "senda_page.h"

/* '^' stands for a mark. */
static char *
fill(const char *text, const senda_page_values_t *values)
{
    size_t n = strlen(text), len;
    char *marked = malloc(n + 1), *out;

    assert_non_null(marked);
    for (size_t i = 0; i < n; i++) {
        marked[i] = text[i] == '^' ? SENDA_MARK : text[i];
    }
    len = senda_page_fill((senda_str_t){ marked, n }, values, NULL);
    out = malloc(len + 2);
    assert_non_null(out);
    out[len] = out[len + 1] = '#';
    assert_int_equal(senda_page_fill((senda_str_t){ marked, n }, values, out), len);
    assert_int_equal(out[len], '#'); /* not a byte more than was measured */
    out[len] = '\0';
    free(marked);
    return out;
}

static void
test_marks(void **state)
{
    static const struct {
        uint32_t has, wanted;
        const char *text, *expected;
    } cases[] = {
        { 0, 0, "", "" },
        { 0, 0, "no mark at all", "no mark at all" },
        { 0, 0, "<a href=\"^t\">", "<a href=\"TOKEN\">" },
        { 0, 0, "^t^t", "TOKENTOKEN" },
        { 1, 1, "<input^e>", "<input checked>" },
        { 1, 0, "<input^e>", "<input>" },
        { 15, 10, "^e|^s|^p|^w", "| checked|| checked" },
        { 1, 0, "a^Eb^Ec^Sd^Se^Pf^Pg^Wh^Wi", "abcegi" },
        { 15, 0, "a^Eb^Ec^Sd^Se^Pf^Pg^Wh^Wi", "abcdefghi" },
        { 0, 15, "a^Eb^e^tc^Ed", "ad" },
        { 2, 2, "^E^Sx^S^E^S<b^s>^S",
            "<b checked>" },   /* one within the other: its own end counts */
        { 0, 0, "a^Eb", "a" }, /* never closed */
        { 1, 0, "a^Eb", "ab" },
        { 0, 0, "a^zb^1c^", "abc" }, /* nobody knows it */
        { 0, 0, "^", "" },
    };
    senda_page_values_t v = { .token = SENDA_STR("TOKEN") };
    char *out;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        v.wishes = (senda_wishes_t){ cases[i].has, cases[i].wanted };
        out = fill(cases[i].text, &v);
        assert_string_equal(out, cases[i].expected);
        free(out);
    }
}

static void
test_no_values(void **state)
{
    senda_page_values_t v = { .token = { NULL, 0 } };
    char *out = fill("a^tb^ec", &v);

    (void)state;
    assert_string_equal(out, "abc");
    free(out);
}

static unsigned
count(const char *text, const char *word)
{
    unsigned n = 0;

    for (; (text = strstr(text, word)) != NULL; text++) {
        n++;
    }
    return n;
}

/* Every kind has one; the channels' one shows boxes for what somebody has, no more. */
static void
test_plain(void **state)
{
    senda_page_values_t v = { .token = SENDA_STR("TOKEN") };
    senda_str_t page;
    char out[4096];
    size_t n;

    (void)state;
    for (unsigned kind = 1; kind < SENDA_PAGE_KINDS; kind++) {
        page = senda_page_plain((senda_page_t)kind);
        assert_true(page.n > 0);
        assert_int_equal(strncmp(page.p, "<!DOCTYPE html>", 15), 0);
        assert_int_equal(strcmp(page.p + page.n - 8, "</html>\n"), 0);
    }
    assert_int_equal(senda_page_plain((senda_page_t)0).n, 0);
    assert_int_equal(senda_page_plain(SENDA_PAGE_KINDS).n, 0);
    page = senda_page_plain(SENDA_PAGE_CHANNELS);
    for (uint32_t has = 0; has < 16; has++) {
        for (uint32_t wanted = 0; wanted < 16; wanted++) {
            v.wishes = (senda_wishes_t){ has, wanted };
            n = senda_page_fill(page, &v, NULL);
            assert_true(n < sizeof(out));
            out[senda_page_fill(page, &v, out)] = '\0';
            assert_null(strchr(out, SENDA_MARK));
            assert_int_equal(count(out, "checkbox"), __builtin_popcount(has));
            assert_int_equal(count(out, " checked"), __builtin_popcount(has & wanted));
            assert_int_equal(count(out, "value=\"leave\""), 1);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_no_values),
        cmocka_unit_test(test_plain),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
