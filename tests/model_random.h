/*
 * Random shops and random histories, out of a seed: rule files as text, in
 * lines that can be dropped one by one, and what visitors do in such a shop.
 * The same seed gives the same for ever, as long as this file is not changed.
 */

#ifndef SENDA_TESTS_MODEL_RANDOM_H
#define SENDA_TESTS_MODEL_RANDOM_H

#include "language.h"

#define RANDOM_LINES  400
#define RANDOM_LINE   400
#define RANDOM_EVENTS 80

typedef struct {
    uint64_t state;
} random_t;

uint32_t random_below(random_t *r, uint32_t n);
bool random_chance(random_t *r, uint32_t percent);

typedef struct {
    unsigned n;
    char lines[RANDOM_LINES][RANDOM_LINE];
} random_rules_t;

enum {
    DO_HOME,
    DO_CART,
    DO_BAG,
    DO_SHOES,
    DO_RED_SHOES,
    DO_HEELS,
    DO_PRODUCT,
    DO_NOWHERE,
    DO_THANKS_ORDER,
    DO_THANKS,
    DO_SIGN_UP,
    DO_REFUND,
    DO_BUY,
    DO_BUY_ORDER,
    DO_LOGIN,
    DO_WALK,
    RANDOM_WHATS
};

/* What one does: a request, or an event that the application tells. */
typedef struct {
    senda_sec_t at;
    uint8_t contact, visitor; /* 0: none */
    uint8_t what;             /* DO_… */
    uint8_t order, item;      /* 0: none */
    bool has_reach;
    uint8_t reach, service;
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

/* A request's address or an event's name. */
typedef struct {
    senda_method_t method;
    char text[64];
    char order[8]; /* empty: none */
} random_target_t;

/* false: it is an event. */
bool random_target(const random_event_t *ev, random_target_t *target);
void random_print(const random_event_t *ev, FILE *out);

#endif
