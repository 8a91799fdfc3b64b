/*
 * One visitor's story out of a replay, step by step: visits and what they
 * counted as, tags, scores, what flows did, with the line of the rule file, and
 * what did not happen and why.
 */

#ifndef SENDA_REPLAY_WHY_H
#define SENDA_REPLAY_WHY_H

#include "access_log.h"
#include "replay_contacts.h"
#include "replay_visitors.h"
#include "story.h"

typedef struct replay_why_s replay_why_t;

/*
 * name: a visitor as replay prints it ("203.0.113.7/1f00c3aa"), an address
 * (every browser behind it), a contact's e-mail or other name, or a user that
 * logged in. tale and name must outlive it.
 */
replay_why_t *replay_why_new(const char *name, const tale_t *tale);
void replay_why_free(replay_why_t *w); /* NULL is allowed */

/*
 * A line of the log: dropped is NULL, or why it is no visit. contact is the one
 * that it shows, NULL if none. Notes whether the visitor is the one, and tells
 * the visit. number: the visitor's.
 */
void replay_why_visit(replay_why_t *w, const visitors_t *v, uint32_t number,
    const access_line_t *line, const replay_contact_t *contact, const engine_event_t *event,
    const char *dropped);

void replay_why_intent(replay_why_t *w, const intent_t *intent);

/*
 * Whether the name may belong to visitors whose first lines do not show it; then
 * a second reading, begun by replay_why_again, tells those lines too.
 */
bool replay_why_is_late(const replay_why_t *w);
void replay_why_again(replay_why_t *w);

/* The story; false if nobody was called so. */
bool replay_why_print(const replay_why_t *w, FILE *out);

#endif
