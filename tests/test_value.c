/*
 * Texts as numbers: what is read, what is refused, what compares equal.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "program.h"

#define NONE INT64_MIN

static int64_t
read_as(value_type_t type, const char *text)
{
    int64_t value;

    return value_read(type, senda_cstr(text), &value) ? value : NONE;
}

static void
numbers_in_either_habit(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        { "59.90", 599000 },
        { "59,90", 599000 },
        { " 7 ", 70000 },
        { "1.234,50", 12345000 },
        { "1,234.50 EUR", 12345000 },
        { "1.234.567", 12345670000 },
        { "1.234", 12340000 },
        { "1,234", 12340000 },
        { "0.125", 1250 },
        { "12.3456789", 123456 },
        { "-3", -30000 },
        { "-0,5", -5000 },
        { "+3", 30000 },
        { "12 \xe2\x82\xac", 120000 },
        { "\xe2\x82\xac 12", 120000 },
        { "$ 3.50", 35000 },
        { "1 234,50", 12345000 },
        { "1'234.50", 12345000 },
        { ".5", 5000 },
        { "0", 0 },
        { "", NONE },
        { "  ", NONE },
        { "x", NONE },
        { "EUR", NONE },
        { "1.2.3", NONE },
        { "1,23,456", NONE },
        { "12a", NONE },
        { "--1", NONE },
        { "1e5", NONE },
        { "123456789012345", NONE },
        { "99999999999999", 999999999999990000 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = read_as(VALUE_NUMBER, rows[i].text);

        if (value != rows[i].value)
            fail_msg("\"%s\" is read as %lld", rows[i].text, (long long)value);
    }
}

static void
dates(void **state)
{
    (void)state;
    assert_int_equal(read_as(VALUE_DATE, "1970-01-01"), 0);
    assert_int_equal(read_as(VALUE_DATE, "1969-12-31"), -1);
    assert_int_equal(read_as(VALUE_DATE, "1990-02-28"), 7363);
    assert_int_equal(read_as(VALUE_DATE, "28/02/1990"), 7363);
    assert_int_equal(read_as(VALUE_DATE, "28.2.1990"), 7363);
    assert_int_equal(read_as(VALUE_DATE, " 28-02-1990 "), 7363);
    assert_int_equal(read_as(VALUE_DATE, "2000-02-29"), 11016);
    assert_int_equal(read_as(VALUE_DATE, "1900-02-29"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "2001-02-29"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "2001-13-01"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "2001-00-10"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "1799-12-31"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "3000-01-01"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "28/02-1990"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "28/02/90"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "1990-02"), NONE);
    assert_int_equal(read_as(VALUE_DATE, "yesterday"), NONE);
}

static void
texts_as_people_read_them(void **state)
{
    int64_t running = read_as(VALUE_TEXT, "running");

    (void)state;
    assert_true(running != 0 && running != NONE);
    assert_int_equal(read_as(VALUE_TEXT, "  Running\t"), running);
    assert_int_equal(read_as(VALUE_TEXT, "r\xc3\xbann\xc3\xadng"), running);
    assert_int_equal(read_as(VALUE_TEXT, "RUNNI\xcc\x83NG"), running); /* a mark of its own */
    assert_int_not_equal(read_as(VALUE_TEXT, "runing"), running);
    assert_int_equal(read_as(VALUE_TEXT, "\xc3\x81rbol grande"),
        read_as(VALUE_TEXT, "arbol GRANDE"));
    assert_int_not_equal(read_as(VALUE_TEXT, "a b"), read_as(VALUE_TEXT, "ab"));
    assert_int_equal(read_as(VALUE_TEXT, "\xff\xfe"), read_as(VALUE_TEXT, "\xff\xfe"));
    assert_int_equal(read_as(VALUE_TEXT, ""), NONE);
    assert_int_equal(read_as(VALUE_TEXT, " \n"), NONE);
}

static void
comparisons(void **state)
{
    (void)state;
    for (int64_t v = 1; v <= 3; v++) {
        assert_int_equal(value_compare(v, CMP_EQ, 2), v == 2);
        assert_int_equal(value_compare(v, CMP_LT, 2), v < 2);
        assert_int_equal(value_compare(v, CMP_LE, 2), v <= 2);
        assert_int_equal(value_compare(v, CMP_GT, 2), v > 2);
        assert_int_equal(value_compare(v, CMP_GE, 2), v >= 2);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_in_either_habit),
        cmocka_unit_test(dates),
        cmocka_unit_test(texts_as_people_read_them),
        cmocka_unit_test(comparisons),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
