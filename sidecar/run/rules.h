/*
 * The rule files of one shop or several: read, checked, compiled, published.
 * Loading is all or nothing: with a mistake in any file nothing changes, and
 * the report holds every mistake of every file.
 */

#ifndef SENDA_RUN_RULES_H
#define SENDA_RUN_RULES_H

#include <stdio.h>

#include "language.h"

#define RULES_FILE_MAX  (4u << 20) /* bytes of one rule file; longer is refused */
#define RULES_FILES_MAX SENDA_SITES_MAX

typedef struct {
    char *file, *text;
    size_t len;
    lang_t *lang;
    program_t *program; /* after rules_publish */
} rule_file_t;

typedef struct {
    unsigned n;
    rule_file_t files[RULES_FILES_MAX];
    uint64_t generation; /* after rules_publish */
} ruleset_t;

/*
 * path: a file, or a folder of which every *.senda counts, in order of name.
 * report gets mistakes and warnings as an editor's user reads them. SENDA_OK;
 * SENDA_BAD: mistakes, err sums them up; SENDA_NONE: no rule file there;
 * SENDA_SYS. Free with rules_free.
 */
senda_rc_t rules_read(ruleset_t **out, const char *path, FILE *report, senda_err_t *err);
void rules_free(ruleset_t *r); /* NULL is allowed */

/*
 * Gives every name its number, compiles, and stores the rules under a new
 * generation unless those stored say the same already. SENDA_OK, SENDA_BAD
 * (two files that cannot stand together), SENDA_FULL, SENDA_SYS.
 */
senda_rc_t rules_publish(ruleset_t *r, senda_published_t *p, bool *changed, senda_err_t *err);

/*
 * Whether the files could be published: compiles them with numbers of its own
 * and forgets those. SENDA_OK, SENDA_BAD (as rules_publish), SENDA_SYS.
 */
senda_rc_t rules_try(ruleset_t *r, senda_err_t *err);

/*
 * Keeps a copy of rules that are live in a folder of ours, so that a start
 * whose rule files have a mistake still has the last good ones: rules_read of
 * that folder. SENDA_OK, SENDA_SYS (the old copy may be incomplete then).
 */
senda_rc_t rules_keep(const ruleset_t *r, const char *dir, senda_err_t *err);

#endif
