/*
 * What follow.c (visits) and its neighbours (answers to messages, forms) share.
 * Nobody else includes it.
 */

#ifndef SENDA_RUN_FOLLOW_PARTS_H
#define SENDA_RUN_FOLLOW_PARTS_H

#include <glib.h>

#include "follow.h"

struct follow_s {
    state_t *state;
    const run_clock_t *clock;
    unsigned nsecrets; /* the one that seals now first */
    uint8_t secrets[1 + SENDA_SECRETS_MAX][32];
    follow_program_pt program;
    void *ctx;
    senda_published_t *published; /* NULL: not looked at */
    GHashTable *links;            /* in history: site and visitor -> contact and how; else NULL */
    follow_stats_t stats;
};

/* Whose browser it was at a moment, 0: nobody's, and how that is known. */
uint64_t follow_known(follow_t *f, uint32_t site, const senda_visitor_t *v, senda_ms_t at,
    contact_link_t *by);

/* From the item's moment on its visitor is this contact; false: it is somebody else's. */
bool follow_link(follow_t *f, follow_item_t *item, uint64_t number, contact_link_t by);

/* The contact's channels, as they are now, go with the event. */
void follow_reach(follow_t *f, engine_event_t *e);

/* Leaves those of said's fields that the rule file knows as the happening's answers, behind others. */
void follow_answers(follow_t *f, follow_item_t *item, const header_contact_t *said);

/*
 * Takes h in; *number is whom it is about, made if need be; answers from the
 * first on are kept with it. SENDA_OK, also with 0 if only answers are known;
 * else as contact_learn, with the reason in item->why.
 */
senda_rc_t follow_learn(follow_t *f, follow_item_t *item, const header_contact_t *h, uint64_t known,
    contact_how_t how, unsigned first, uint64_t *number);

/* follow_form.c: the answers of a form; the item's event is then whose they are. */
void follow_form(follow_t *f, follow_item_t *item, senda_str_t form, contact_link_t by);

/* follow_message.c */
bool follow_is_answer(const senda_visit_t *v);
senda_rc_t follow_answer(follow_t *f, follow_item_t *item);

#endif
