/*
 * The engine against the model, on one rule file and one history. Fails the
 * running test when memory is short.
 */

#ifndef SENDA_TESTS_MODEL_VERSUS_H
#define SENDA_TESTS_MODEL_VERSUS_H

#include "model_random.h"

typedef struct {
    lang_t *lang;
    program_t *program;
    void *blob;
    senda_rules_t *rules;
} model_shop_t;

/* false: the file has a mistake, which is said if loud; nothing is open then. */
bool model_shop_open(model_shop_t *s, const random_rules_t *rules, bool loud);
void model_shop_close(model_shop_t *s);

/*
 * Whether both timelines are the same; cut: with a restart of the engine where
 * the history says. lines (may be NULL) grows by what was compared; both
 * timelines are printed to out, if it is not NULL.
 */
bool model_agree(const model_shop_t *s, const random_history_t *h, bool cut, unsigned long *lines,
    FILE *out);

#endif
