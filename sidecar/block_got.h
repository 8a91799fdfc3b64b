/*
 * What a test's person got, and who was told of it: messages, coupons, gifts,
 * credits, notices, calls, blocks shown. Holds what the engine said against
 * what lines of a test expect.
 */

#ifndef SENDA_BLOCK_GOT_H
#define SENDA_BLOCK_GOT_H

#include "engine.h"

typedef struct block_got_s block_got_t;

/* program must outlive it. */
block_got_t *block_got_new(const program_t *program);
void block_got_free(block_got_t *g);

void block_got_intent(block_got_t *g, const intent_t *intent);

/* Whether the line is one that asks what came, which is known when the test is over. */
bool block_got_asks(const prog_test_line_t *line);

/*
 * Whether what the line names (negated or not) came: with_at in the minute
 * that begins at `at`, else ever. *when (may be NULL) gets the second of the
 * first that came.
 */
bool block_got_came(const block_got_t *g, const prog_test_line_t *line, bool with_at,
    senda_sec_t at, senda_sec_t *when);

/* Whether the block of this name is shown now, anywhere. */
bool block_got_shown(const block_got_t *g, const char *block);

#endif
