/*
 * What the files that make random rule files share. Nothing but
 * tests/model_random.c and tests/model_sentences.c includes this.
 */

#ifndef SENDA_TESTS_MODEL_RANDOM_PARTS_H
#define SENDA_TESTS_MODEL_RANDOM_PARTS_H

#include "model_random.h"

#define SOME(r, list) ((list)[random_below((r), sizeof(list) / sizeof((list)[0]))])
#define RANDOM_TAGS   5
#define DURATIONS     8

extern const char *const random_durations[DURATIONS];

/* What a file has of its own by now. */
typedef struct {
    random_rules_t *rules;
    random_t *r;
    unsigned tags, segments, flows;
    bool in_flow; /* the sentence at work stands in a flow that has begun */
} random_file_t;

/* Sentences are written behind what stands in a text of RANDOM_LINE bytes. */
void random_put(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void random_within(random_t *r, char *text);
void random_count(random_t *r, char *text);

/* A verb without count and window. */
void random_verb(random_t *r, char *text);

/* What happens: with or without a count, a window, an absence; or an absence alone. */
void random_when(random_file_t *f, char *text, bool change, bool score);

/* What is true; from depth 2 on without `and` and `or`. */
void random_cond(random_file_t *f, char *text, unsigned depth);

/* Of a `stop if`: not true of somebody who has done nothing. */
void random_end(random_file_t *f, char *text);

#endif
