/*
 * Random shops and random histories, out of a seed: rule files as text, in
 * lines that can be dropped one by one, and what visitors do in such a shop.
 * The same seed gives the same for ever, as long as these files are not changed.
 */

#ifndef SENDA_TESTS_MODEL_RANDOM_H
#define SENDA_TESTS_MODEL_RANDOM_H

#include "language.h"

#define RANDOM_LINES  400
#define RANDOM_LINE   400
#define RANDOM_EVENTS 80
#define RANDOM_FIELDS 5

typedef struct {
    uint64_t state;
} random_t;

uint32_t random_below(random_t *r, uint32_t n);
bool random_chance(random_t *r, uint32_t percent);

typedef struct {
    unsigned n;
    char lines[RANDOM_LINES][RANDOM_LINE];
} random_rules_t;

typedef struct {
    char name[12], value[24];
} random_pair_t;

/* What one does: a request, an event that the application tells, or what is (not) in stock. */
typedef struct {
    senda_sec_t at;
    uint8_t contact, visitor; /* 0: none */
    enum { DO_VISIT, DO_POST, DO_EVENT, DO_SOLD_OUT, DO_IN_STOCK } what;
    char text[64]; /* address, name of the event, item */
    unsigned nfields, nanswers;
    random_pair_t fields[RANDOM_FIELDS], answers[2];
    uint8_t rank;
    bool has_reach;
    uint8_t address, consent;
} random_event_t;

typedef struct {
    bool everybody;
    unsigned n;
    random_event_t events[RANDOM_EVENTS];
    senda_sec_t end;
    unsigned cut;       /* so many events before the engine is stopped and started again */
    senda_sec_t cut_at; /* and the second it had come to; 0: the last event's */
} random_history_t;

void random_rules(uint64_t seed, random_rules_t *rules);

/* zone: whose changes of the clocks it plays with. */
void random_history(uint64_t seed, const senda_zone_t *zone, random_history_t *history);
void random_print(const random_event_t *ev, FILE *out);

#endif
