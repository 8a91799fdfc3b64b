/*
 * Fuzzes a rule file: every text gives diagnostics in order or a program and
 * rules that nginx would take, and never anything else. Its canonical form is
 * its own canonical form, compiles to the same program, and comes back from the
 * other language as it was.
 */

#include "fmt.h"
#include "program_dump.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
next_id(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    uint32_t *last = ctx;

    (void)kind;
    (void)site;
    (void)name;
    return ++*last;
}

static int
no_steps(void *ctx, const char *name, int32_t *first_offset, senda_zone_step_t *steps, unsigned max)
{
    (void)ctx;
    (void)name;
    (void)steps;
    (void)max;
    *first_offset = 3600;
    return 0;
}

static void
same(char *a, char *b)
{
    if (a == NULL || b == NULL || strcmp(a, b) != 0) {
        abort();
    }
    g_free(a);
    g_free(b);
}

static char *
dump(lang_t *l)
{
    uint32_t last = SENDA_EVENT_CUSTOM;
    program_t *p = lang_program(l, next_id, no_steps, &last);
    char *text = p != NULL ? dump_program(p) : NULL;

    program_free(p);
    return text;
}

/* NULL only for what would not fit: other words may be longer. */
static char *
fmt(const char *text, size_t len, lang_id_t to)
{
    lang_t *l = lang_read("fuzz.senda", text, len);
    senda_err_t err;
    size_t n = 0;
    char *out = lang_fmt(l, to, &n, &err);

    if (out == NULL && strstr(err.text, "would have a mistake") == NULL) {
        abort();
    }
    lang_free(l);
    return out;
}

static void
format(lang_t *l, const char *text, size_t len)
{
    char *there = fmt(text, len, LANG_EN), *back, *forth;
    lang_t *again;

    if (there == NULL || (back = fmt(there, strlen(there), LANG_ES)) == NULL) {
        g_free(there);
        return;
    }
    forth = fmt(back, strlen(back), LANG_EN);
    again = lang_read("fuzz.senda", back, strlen(back));
    same(dump(l), dump(again));
    same(fmt(there, strlen(there), LANG_LANGUAGES), g_strdup(there));
    same(there, forth);
    lang_free(again);
    g_free(back);
}

static void
compile(lang_t *l)
{
    uint32_t last = SENDA_EVENT_CUSTOM;
    program_t *p = lang_program(l, next_id, no_steps, &last);
    senda_rules_t *r = NULL;
    senda_err_t err;
    size_t len = 0;
    void *blob;

    if (p == NULL) {
        abort();
    }
    blob = lang_rules(&l, &p, 1, 1, &len, &err);
    if (blob != NULL && senda_rules_open(&r, blob, len, &err) != SENDA_OK) {
        abort();
    }
    senda_rules_close(r);
    free(blob);
    program_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    lang_t *l = lang_read("fuzz.senda", (const char *)data, size);
    uint32_t line = 0;

    if (nowhere == NULL) {
        nowhere = fopen("/dev/null", "w");
    }
    if (l == NULL || nowhere == NULL) {
        abort();
    }
    for (unsigned i = 0; i < lang_diags(l); i++) {
        const lang_diag_t *d = lang_diag(l, i);

        if (d->line < line || d->column == 0 || d->message == NULL) {
            abort();
        }
        line = d->line;
    }
    lang_print(l, nowhere, true);
    if (lang_errors(l) == 0) {
        compile(l);
        format(l, (const char *)data, size);
    }
    lang_free(l);
    return 0;
}
