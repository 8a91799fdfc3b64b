/*
 * senda test: the `test` blocks of rule files, a line each. Runs nothing
 * itself.
 */

#include "command_line.h"
#include "commands.h"
#include "test_block.h"

#include <limits.h>
#include <stdlib.h>

static const char summary[] =
    "Runs the test blocks of rule files in virtual time: nothing is sent, no time\n"
    "passes. A failing block shows what it expected and what happened instead.\n"
    "\n"
    "Exit status: 0 all passed; 1 a block failed, or a file has mistakes; 2 a file\n"
    "cannot be read.";

typedef struct {
    unsigned tests, failed;
    int status;
    bool english; /* a file of it is */
} tally_t;

/* Every language's word is as wide as "FAILED". */
static const char *
verdict(bool passed, bool english)
{
    if (passed)
        return "ok    ";
    return english ? "FAILED" : "FALLA ";
}

static void
print_sum(const tally_t *t)
{
    if (t->english)
        printf("%u test%s, %u failed\n", t->tests, t->tests == 1 ? "" : "s", t->failed);
    else
        printf("%u prueba%s, %u fallida%s\n", t->tests, t->tests == 1 ? "" : "s", t->failed,
            t->failed == 1 ? "" : "s");
}

static void
run_file(const char *file, tally_t *tally)
{
    int status;
    virtual_t *world = virtual_open(file, stderr, &status);
    const program_t *p;
    bool english;

    if (world == NULL) {
        tally->status = MAX(tally->status, status);
        return;
    }
    p = virtual_program(world);
    english = strcmp(virtual_language(world), "es") != 0;
    tally->english = tally->english || english;
    for (unsigned i = 0; i < p->ntests; i++) {
        const prog_test_t *t = &p->tests[i];
        char *report = NULL;
        size_t len;
        FILE *out = open_memstream(&report, &len);
        bool passed = test_block_run(world, p, t, out);

        if (out != NULL)
            fclose(out);
        printf("%s %s:%u %s\n%s", verdict(passed, english), file, t->place.line, t->name,
            report == NULL ? "" : report);
        free(report);
        tally->tests++;
        tally->failed += !passed;
    }
    virtual_close(world);
}

int
cmd_test(int argc, char **argv)
{
    tally_t tally = { 0 };

    if (!command_line(&argc, &argv, NULL, "FILE…", summary, 1, INT_MAX))
        return 2;
    for (int i = 1; i < argc; i++)
        run_file(argv[i], &tally);
    if (tally.tests > 0 || tally.status == 0)
        print_sum(&tally);
    return tally.status != 0 ? tally.status : tally.failed > 0;
}
