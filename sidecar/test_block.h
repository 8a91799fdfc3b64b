/*
 * One `test` block of a rule file, lived through in virtual time: one person,
 * consenting and reachable on every channel until a `contact` line names the
 * one address.
 */

#ifndef SENDA_TEST_BLOCK_H
#define SENDA_TEST_BLOCK_H

#include "virtual.h"

/*
 * Runs it with program's rules: the world's own, or a changed copy. true: all
 * came as it says. Else out (which may be NULL) gets what failed, at which
 * line, and the timeline that happened instead.
 */
bool test_block_run(virtual_t *world, const program_t *program, const prog_test_t *test, FILE *out);

#endif
