/*
 * What the engine says, as a sentence for people: what happened to somebody,
 * and what did not happen and why. `senda test` and `senda replay --why` tell
 * their stories with it.
 */

#ifndef SENDA_TALE_H
#define SENDA_TALE_H

#include "engine.h"

typedef struct {
    const program_t *program;
    bool spanish;
    bool dates; /* moments as dates; else as days of a test */
} tale_t;

/*
 * The sentence, to be freed with g_free; NULL for what nobody needs to read.
 * *place (may be NULL) gets the line of the rule file that did it, NULL if it
 * is not known.
 */
char *tale_of(const tale_t *t, const intent_t *intent, const prog_place_t **place);

/* Whether it says that something did not happen: of many alike one will do. */
bool tale_is_dull(const intent_t *intent);

/* A moment as the tale says it, into buf, which is returned. */
const char *tale_time(const tale_t *t, senda_sec_t at, char *buf, size_t size);

const char *tale_channel(prog_channel_t channel);

/* A page's or an event's name, "?" if the program has none. */
const char *tale_key(const program_t *p, senda_key_t key);

/* How a line begins with it: "buys", "compra", "opens"; a declared event's name. */
const char *tale_verb(const tale_t *t, senda_key_t key);

/* "27 EUR", "27.50 EUR": value is a VALUE_NUMBER. */
const char *tale_money(const program_t *p, int64_t value, char *buf, size_t size);

#endif
