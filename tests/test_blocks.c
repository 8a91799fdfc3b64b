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
        cmocka_unit_test(mistakes_are_said),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
