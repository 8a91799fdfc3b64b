/*
 * The engine against the model, on one rule file and one history. Fails the
 * running test when memory is short.
 */

#ifndef SENDA_TESTS_MODEL_VERSUS_H
#define SENDA_TESTS_MODEL_VERSUS_H

#include "model.h"
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

enum { MODEL_STRAIGHT = 1, MODEL_RESTARTED = 2 };

/*
 * In which of the ways (how: of MODEL_…) the engine says something else than
 * the model; restarted is where the history says. hits (may be NULL) grows by
 * what had an effect; the timelines are printed to out, if it is not NULL.
 */
unsigned model_differ(const model_shop_t *s, const random_history_t *h, unsigned how,
    model_hits_t *hits, FILE *out);

#endif
