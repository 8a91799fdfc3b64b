/*
 * A folder of its own for each test, gone afterwards; and reads of a store
 * that must not leave a transaction behind. Include after cmocka.h.
 */

#ifndef SENDA_TESTS_SCRATCH_H
#define SENDA_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_MAX 256

/* Below base when it can be written, else below TMPDIR or /tmp. */
static inline void
scratch_make_in(const char *base, char dir[SCRATCH_MAX])
{
    const char *other = getenv("TMPDIR");

    if (base == NULL || access(base, W_OK) != 0) {
        base = other != NULL ? other : "/tmp";
    }
    (void)snprintf(dir, SCRATCH_MAX, "%s/senda-unit-XXXXXX", base);
    assert_non_null(mkdtemp(dir));
}

static inline void
scratch_make(char dir[SCRATCH_MAX])
{
    scratch_make_in(NULL, dir);
}

static inline int
scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void
scratch_remove(const char *dir)
{
    (void)nftw(dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
