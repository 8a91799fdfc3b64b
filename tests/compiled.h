/*
 * A rule text compiled for a test: the program, with ids that count from 1 for
 * each kind, custom events from SENDA_EVENT_CUSTOM.
 */

#ifndef SENDA_TESTS_COMPILED_H
#define SENDA_TESTS_COMPILED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <glib.h>

#include "language.h"

typedef struct {
    uint32_t last[8];
} ids_t;

typedef struct {
    lang_t *lang;
    program_t *program;
} made_t;

static inline uint32_t
next_id(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    ids_t *ids = ctx;

    (void)site;
    assert_true(strlen(name) > 0 && strlen(name) <= SENDA_NAME_MAX);
    return ++ids->last[kind] + (kind == SENDA_NAME_EVENT ? SENDA_EVENT_CUSTOM - 1 : 0);
}

/* Two zones exist, with the same two steps. */
static inline int
two_zones(void *ctx, const char *name, int32_t *first, senda_zone_step_t *steps, unsigned max)
{
    (void)ctx;
    assert_true(max >= 2);
    *first = 3600;
    steps[0] = (senda_zone_step_t){ 1000, 7200 };
    steps[1] = (senda_zone_step_t){ 2000, 3600 };
    return strcmp(name, "Europe/Madrid") == 0 || strcmp(name, "Europe/London") == 0 ? 2 : -1;
}

static inline made_t
make_named(const char *file, const char *text, ids_t *ids)
{
    made_t m = { .lang = lang_read(file, text, strlen(text)) };

    if (lang_errors(m.lang) > 0) {
        lang_print(m.lang, stderr, false);
        fail_msg("the text should have no mistakes");
    }
    m.program = lang_program(m.lang, next_id, two_zones, ids);
    assert_non_null(m.program);
    return m;
}

static inline made_t
make(const char *text)
{
    ids_t ids = { { 0 } };

    return make_named("a.senda", text, &ids);
}

static inline made_t
make_file(const char *path)
{
    char *text;
    made_t m;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    m = make(text);
    g_free(text);
    return m;
}

static inline void
done(made_t m)
{
    lang_free(m.lang);
    program_free(m.program);
}

static inline const prog_flow_t *
flow_of(const program_t *p, const char *name)
{
    for (unsigned i = 0; i < p->nflows; i++) {
        if (strcmp(p->flows[i].name, name) == 0) {
            return &p->flows[i];
        }
    }
    fail_msg("no flow %s", name);
    return NULL;
}

static inline senda_key_t
page_of(const program_t *p, const char *name)
{
    for (unsigned i = 0; i < p->npages; i++) {
        if (strcmp(p->pages[i].name, name) == 0) {
            return p->pages[i].key;
        }
    }
    fail_msg("no page %s", name);
    return 0;
}

#endif
