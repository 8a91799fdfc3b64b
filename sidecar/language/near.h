/*
 * The known word nearest to one that is not known.
 */

#ifndef SENDA_LANG_NEAR_H
#define SENDA_LANG_NEAR_H

#include "words.h"

typedef struct {
    const char *wanted; /* folded */
    const char *best;   /* NULL: nothing is near enough */
    unsigned distance;
    bool swapped;    /* best has the same letters: of two that are equally near, the nearer */
    unsigned looked; /* candidates so far; after LANG_NEAR_MAX none is looked at */
} near_t;

void near_start(near_t *n, const char *wanted);

/*
 * Offers a candidate: folded is compared, say is what best becomes; both must
 * outlive n. True: it is the best so far.
 */
bool near_offer(near_t *n, const char *folded, const char *say);

/* Offers every phrase of the roles by its first word and as one word; *found: the best one's. */
void near_words(near_t *n, arena_t *a, unsigned roles, lang_id_t lang, word_t *found);

/* Letters to change, add, drop or swap with their neighbour; at most limit + 1 is told. */
unsigned near_distance(const char *a, const char *b, unsigned limit);

#endif
