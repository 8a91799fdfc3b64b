/*
 * The `test` blocks of rule files: those of the examples pass; without `and not
 * …` those that need it fail, so they do prove something.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_block.h"

#define FLOWS_MAX  64
#define STARTS_MAX 8

typedef enum { AS_IT_IS, NO_ABSENCE, ABSENT_NEVER_COMES } change_t;

/* A copy of a program in which absences mean something else. */
typedef struct {
    program_t program;
    prog_flow_t flows[FLOWS_MAX];
    prog_trigger_t starts[FLOWS_MAX][STARTS_MAX];
} changed_t;

static const program_t *
change(changed_t *c, const program_t *p, change_t how)
{
    c->program = *p;
    c->program.flows = c->flows;
    assert_true(p->nflows <= FLOWS_MAX);
    for (unsigned i = 0; i < p->nflows; i++) {
        c->flows[i] = p->flows[i];
        c->flows[i].starts = c->starts[i];
        assert_true(p->flows[i].nstarts <= STARTS_MAX);
        for (unsigned k = 0; k < p->flows[i].nstarts; k++) {
            c->starts[i][k] = p->flows[i].starts[k];
            if (how == NO_ABSENCE && c->starts[i][k].has_verb)
                c->starts[i][k].has_absent = false;
            if (how == ABSENT_NEVER_COMES)
                c->starts[i][k].absent.key = 0x7ffffff0;
        }
        if (how == ABSENT_NEVER_COMES)
            c->flows[i].stop = NULL; /* it would see the purchase too */
    }
    return &c->program;
}

/* How many blocks fail; needle: of those whose name holds it. */
static unsigned
failures(const char *file, change_t how, const char *needle, unsigned *of)
{
    changed_t *c = calloc(1, sizeof(*c));
    unsigned failed = 0;
    virtual_t *w;
    const program_t *p;
    int status;

    assert_non_null(c);
    w = virtual_open(file, stderr, &status);
    assert_non_null(w);
    p = how == AS_IT_IS ? virtual_program(w) : change(c, virtual_program(w), how);
    *of = 0;
    for (unsigned i = 0; i < p->ntests; i++) {
        if (strstr(p->tests[i].name, needle) == NULL)
            continue;
        ++*of;
        failed += !test_block_run(w, p, &p->tests[i], how == AS_IT_IS ? stderr : NULL);
    }
    virtual_close(w);
    free(c);
    return failed;
}

static bool
all_fail(const char *file, change_t how, const char *needle)
{
    unsigned of, failed = failures(file, how, needle, &of);

    return of > 0 && failed == of;
}

static void
holds(const char *file, const char *buyers, const char *abandoners)
{
    unsigned of;

    assert_int_equal(failures(file, AS_IT_IS, "", &of), 0);
    assert_true(of >= 2);
    assert_true(all_fail(file, NO_ABSENCE, buyers));
    assert_true(all_fail(file, ABSENT_NEVER_COMES, buyers));
    assert_int_equal(failures(file, ABSENT_NEVER_COMES, abandoners, &of), 0);
    assert_true(of >= 1);
}

static void
english_blocks(void **state)
{
    (void)state;
    holds("tests/data/shoes.senda", "buyer", "abandoner");
}

static void
spanish_blocks(void **state)
{
    (void)state;
    holds("tests/data/zapateria.senda", "compra", "abandona");
}

/* The same block twice says the same: nothing of a run is left in the world. */
static void
blocks_do_not_touch_each_other(void **state)
{
    char *text[2];
    size_t len;
    int status;
    virtual_t *w = virtual_open("tests/data/failing.senda", stderr, &status);
    const program_t *p;

    (void)state;
    assert_non_null(w);
    p = virtual_program(w);
    assert_int_equal(p->ntests, 2);
    for (int i = 0; i < 2; i++) {
        FILE *out = open_memstream(&text[i], &len);

        assert_true(test_block_run(w, p, &p->tests[0], NULL));
        assert_false(test_block_run(w, p, &p->tests[1], out));
        fclose(out);
    }
    assert_string_equal(text[0], text[1]);
    free(text[0]);
    free(text[1]);
    virtual_close(w);
}

/* Each kind of line, come true and not: what "no:" begins fails, the rest passes. */
static void
each_line(const char *file, unsigned at_least)
{
    unsigned failing = 0;
    int status;
    virtual_t *w = virtual_open(file, stderr, &status);
    const program_t *p;

    assert_non_null(w);
    p = virtual_program(w);
    assert_true(p->ntests >= at_least);
    for (unsigned i = 0; i < p->ntests; i++) {
        bool should_fail = strncmp(p->tests[i].name, "no:", 3) == 0;

        failing += should_fail;
        if (test_block_run(w, p, &p->tests[i], should_fail ? NULL : stderr) == should_fail)
            fail_msg("%s:%u %s", file, p->tests[i].place.line, p->tests[i].name);
    }
    assert_true(failing >= at_least / 3);
    virtual_close(w);
}

static void
each_line_in_english(void **state)
{
    (void)state;
    each_line("tests/data/lines_en.senda", 59);
}

static void
each_line_in_spanish(void **state)
{
    (void)state;
    each_line("tests/data/lines_es.senda", 17);
}

/* A block's report, to be freed. */
static char *
report_of(virtual_t *w, const char *needle)
{
    const program_t *p = virtual_program(w);
    char *text = NULL;
    size_t len;

    for (unsigned i = 0; i < p->ntests; i++) {
        FILE *out;

        if (strstr(p->tests[i].name, needle) == NULL)
            continue;
        out = open_memstream(&text, &len);
        assert_false(test_block_run(w, p, &p->tests[i], out));
        fclose(out);
        return text;
    }
    fail_msg("no block %s", needle);
    return NULL;
}

static void
says(virtual_t *w, const char *needle, const char *expected)
{
    char *text = report_of(w, needle);

    if (strstr(text, expected) == NULL)
        fail_msg("not said: %s\n%s", expected, text);
    free(text);
}

/* Not only that it failed: the line as it was written, what came instead, what did not and why. */
static void
reports_say_what_happened(void **state)
{
    int status;
    virtual_t *w = virtual_open("tests/data/lines_en.senda", stderr, &status);

    (void)state;
    assert_non_null(w);
    says(w, "no: gift at another time",
        ": expected: gets gift SOCKS at 11:01 (day 1 11:01; it came day 1 11:00)\n");
    says(w, "no: coupon of another name", ": expected: gets coupon BACK10 (it never came)\n");
    says(w, "no: expect at a time",
        ": expected: expect buys within 1 hour at 11:00\n      day 1 11:00: score 15; stage fan\n");
    says(w, "no: contact: who", "flow \"talk\" does not start: no address with consent");
    says(w, "no: contact: who", "is now known as ann@example.com\n");
    says(w, "no: sold out", "everything is sold out");
    says(w, "no: quiet hours", "near is held until day 2 09:00: quiet hours");
    says(w, "no: an event with other attributes", " walks_by with store=outskirts\n");
    says(w, "no: never calls", "calls https://crm.example.com/new  [tests/data/lines_en.senda:");
    says(w, "no: a block that is shown", "shows banner in header  [tests/data/lines_en.senda:");
    says(w, "no: the other branch",
        "takes branch 1 of the split (\"lab\"): which one depends on who the person is");
    says(w, "no: entered twice",
        "flow \"talk\" does not start: it has started already in this second");
    says(w, "no: in two segments", "; in tall, large\n");
    virtual_close(w);
    w = virtual_open("tests/data/lines_es.senda", stderr, &status);
    assert_non_null(w);
    says(w, "no: agotado", "todo está agotado");
    says(w, "no: un abono",
        "se esperaba: recibe abono 27 EUR a las 12:00 (día 1 12:00; llegó día 1 11:00)\n");
    says(w, "no: nunca ha comprado", "día 1 10:00      compra con order=1\n");
    says(w, "no: nunca ha comprado", "abre email carrito-1\n");
    says(w, "no: un cupón que sí llega", "recibe cupón VUELVE5, válido hasta día 3 11:00");
    virtual_close(w);
}

/* The line of the first mistake below the rules; 0: none. */
static unsigned
mistake_in(const char *lines)
{
    char text[1024];
    unsigned line = 0;
    lang_t *l;

    snprintf(text, sizeof(text),
        "page cart /cart\nflow f\n  start when visits cart\n  again never\n  send email m\n"
        "test t\n%s",
        lines);
    l = lang_read("test.senda", text, strlen(text));
    for (unsigned i = 0; line == 0 && lang_errors(l) > 0; i++)
        line = lang_diag(l, i)->warning ? 0 : lang_diag(l, i)->line - 6;
    lang_free(l);
    return line;
}

/* The checker's clock stands where the block's will: expected messages move it, midnight too. */
static void
the_past_is_a_mistake(void **state)
{
    static const struct {
        const char *lines;
        unsigned mistake;
    } cases[] = {
        { "  visit /cart at 10:00\n  gets email m at 11:00\n  visit /cart at 10:30\n", 3 },
        { "  visit /cart at 10:00\n  never gets email m at 11:00\n  visit /cart at 11:00\n", 0 },
        { "  visit /cart at 10:00 on day 3\n  never gets email m at 11:00 on day 1\n"
          "  visit /cart at 12:00\n",
            3 }, /* on the day of the line before */
        { "  visit /cart at 10:00 on day 3\n  never gets email m at 11:00 on day 1\n"
          "  visit /cart at 12:00 on day 3\n",
            0 },
        { "  visit /cart at 10:00 on day 3\n  never gets email m at 11:00 on day 1\n"
          "  expect visits cart\n  visit /cart at 12:00\n",
            0 },
        { "  visit /cart at 23:59\n  visit /cart\n  visit /cart at 00:00\n  expect visits cart\n",
            0 },
        { "  visit /cart at 23:59\n  visit /cart 3 times\n  visit /cart at 00:01\n"
          "  expect visits cart\n",
            3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (mistake_in(cases[i].lines) != cases[i].mistake)
            fail_msg("%s: a mistake in line %u", cases[i].lines, mistake_in(cases[i].lines));
    }
}

static void
mistakes_are_said(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    int status;

    (void)state;
    assert_null(virtual_open("tests/data/no-such.senda", out, &status));
    assert_int_equal(status, 2);
    assert_null(virtual_open("tests/data/small.log", out, &status));
    assert_int_equal(status, 1);
    fclose(out);
    assert_non_null(strstr(text, "tests/data/no-such.senda"));
    assert_non_null(strstr(text, "tests/data/small.log:1:"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_blocks),
        cmocka_unit_test(spanish_blocks),
        cmocka_unit_test(blocks_do_not_touch_each_other),
        cmocka_unit_test(each_line_in_english),
        cmocka_unit_test(each_line_in_spanish),
        cmocka_unit_test(reports_say_what_happened),
        cmocka_unit_test(the_past_is_a_mistake),
        cmocka_unit_test(mistakes_are_said),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
