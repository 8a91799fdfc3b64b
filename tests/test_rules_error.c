/*
 * What is wrong with the rule files, in published/: bounded at a line's or a
 * character's end, without addresses, and since when.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rules_error.h"
#include "scratch.h"

static char dir[SCRATCH_MAX];
static senda_published_t *published;
static char found[SENDA_RULES_ERROR_MAX + 1];

static int
setup(void **state)
{
    (void)state;
    scratch_make(dir);
    return senda_published_open_write(&published, dir, NULL) == SENDA_OK ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    senda_published_close(published);
    scratch_remove(dir);
    return 0;
}

static void
tell(const char *text, senda_sec_t at)
{
    assert_int_equal(rules_error_publish(published, text, at, NULL), SENDA_OK);
}

static senda_sec_t
look(void)
{
    senda_sec_t at;
    size_t n = senda_published_error(published, found, &at);

    assert_true(n <= SENDA_RULES_ERROR_MAX);
    found[n] = '\0';
    return at;
}

static void
a_mistake_comes_and_goes(void **state)
{
    (void)state;
    assert_int_equal(look(), 0);
    assert_string_equal(found, "");
    tell(NULL, 5);
    assert_int_equal(look(), 0);
    tell("shop.senda:3:7: unknown word\n", 100);
    assert_int_equal(look(), 100);
    assert_string_equal(found, "shop.senda:3:7: unknown word");
    tell("shop.senda:3:7: unknown word\n", 200); /* the same: since then */
    assert_int_equal(look(), 100);
    tell("shop.senda:4:1: another\n", 300);
    assert_int_equal(look(), 300);
    tell(NULL, 400);
    assert_int_equal(look(), 0);
    assert_string_equal(found, "");
    tell("", 500);
    assert_int_equal(look(), 0);
}

static void
no_address_gets_there(void **state)
{
    (void)state;
    tell("a:1:1: \"anna@shop.de\" is no page", 1);
    (void)look();
    assert_string_equal(found, "a:1:1: \"****@*******\" is no page");
}

static void
a_long_report_is_cut_at_a_line(void **state)
{
    char text[3 * SENDA_RULES_ERROR_MAX];
    size_t n = 0;
    unsigned lines = 0;

    (void)state;
    while (n < sizeof(text) - 100) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "shop.senda:%u:1: what is wrong here\n",
            ++lines);
    }
    tell(text, 1);
    (void)look();
    assert_in_range(strlen(found), SENDA_RULES_ERROR_MAX - 100, SENDA_RULES_ERROR_MAX);
    n = (size_t)(strrchr(found, '\n') - found);
    assert_string_equal(found + n, "\n... and more; senda check says all of it");
    assert_int_equal(memcmp(found, text, n), 0);
    assert_int_equal(text[n], '\n');
}

/* One line without an end, of two-byte characters, at every offset. */
static void
a_long_line_is_cut_at_a_character(void **state)
{
    static char text[SENDA_RULES_ERROR_MAX + 600];

    (void)state;
    for (unsigned shift = 0; shift < 2; shift++) {
        memset(text, 0, sizeof(text));
        memset(text, 'x', shift);
        for (size_t i = shift; i + 2 < SENDA_RULES_ERROR_MAX + 500; i += 2) {
            memcpy(text + i, "\xc3\xb1", 2);
        }
        tell(text, 1 + (senda_sec_t)shift);
        (void)look();
        assert_in_range(strlen(found), SENDA_RULES_ERROR_MAX - 10, SENDA_RULES_ERROR_MAX);
        assert_int_equal(*(strrchr(found, '\n') - 1), '\xb1');
    }
    memset(text, 'y', SENDA_RULES_ERROR_MAX); /* just fits */
    text[SENDA_RULES_ERROR_MAX] = '\0';
    tell(text, 9);
    (void)look();
    assert_string_equal(found, text);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_mistake_comes_and_goes),
        CASE(no_address_gets_there),
        CASE(a_long_report_is_cut_at_a_line),
        CASE(a_long_line_is_cut_at_a_character),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
