/*
 * The slow, obvious model of the engine: written from the language's exact
 * meaning, it keeps the whole list of events and reads it from end to end for
 * every answer. Times of day are its own sums too; of the project it shares
 * only the contracts: program.h and the shape of an event.
 *
 * Not for more than a few hundred events, MODEL_RULES `when` lines or
 * MODEL_TAGS tags. Aborts when memory is short: it runs in tests only.
 */

#ifndef SENDA_TESTS_MODEL_H
#define SENDA_TESTS_MODEL_H

#include <stdio.h>

#include "engine.h"

#define MODEL_RULES   64
#define MODEL_TAGS    64
#define MODEL_VISITOR 100u /* a visitor without a name is 100 + its first byte */

/* One line of a timeline: what was decided for whom. */
typedef struct {
    senda_sec_t at;
    uint32_t who; /* a contact's number, or MODEL_VISITOR + visitor */
    intent_kind_t kind;
    const char *name; /* of the flow or the tag */
    const char *template;
    prog_channel_t channel;
    uint32_t item; /* a message's {item}, 0: none */
} model_line_t;

typedef struct {
    model_line_t *lines;
    unsigned n, size;
} model_timeline_t;

/* Everything that these events (at most until end) bring. The lines' texts are the program's. */
void model_run(const program_t *program, bool everybody, const engine_event_t *events, unsigned n,
    senda_sec_t end, model_timeline_t *out);

void model_say(model_timeline_t *t, model_line_t line);
void model_clear(model_timeline_t *t);

/* Who by who, each in the order in which it was said: what one person lives through. */
void model_sort(model_timeline_t *t);
bool model_equal(const model_timeline_t *a, const model_timeline_t *b);
void model_print(const program_t *program, const model_timeline_t *t, FILE *out);

/* "2026-03-29 03:00:00 (1774746000)": local time by the model's own sums. */
void model_print_time(const senda_zone_t *zone, senda_sec_t t, FILE *out);

/* t + sign × span, as senda_zone_add says it. */
senda_sec_t model_add(const senda_zone_t *zone, senda_sec_t t, senda_span_t span, int sign);

/* The number in an event's {item}, 0 if it has none. */
uint32_t model_item(const senda_capture_t *fields, unsigned n);

#endif
