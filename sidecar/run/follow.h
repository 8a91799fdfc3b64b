/*
 * From a record of the journal to a happening for the engine: unpacked,
 * unsealed with the sidecar's key, its headers parsed, its person looked up.
 * Fields of a contact that the site's rule file declares are the happening's
 * answers, and kept with the contact. An answer to a message (a click, an
 * unsubscription …) is its receiver's, whoever's browser it came from.
 */

#ifndef SENDA_RUN_FOLLOW_H
#define SENDA_RUN_FOLLOW_H

#include "clock.h"
#include "contact.h"
#include "engine.h"
#include "senda_published.h"
#include "senda_visit.h"

typedef struct {
    uint64_t visits, unreadable; /* records; those of other versions */
    uint64_t unsealed, refused;  /* sealed parts, headers that could not be used */
    uint64_t fields;             /* of contacts: not declared, no such value, too many */
    uint64_t lost;               /* answers to messages that nobody knows any more */
} follow_stats_t;

typedef struct follow_s follow_t;

/* What one record says. Slices point into it and into the record. */
typedef struct {
    senda_visit_t visit;
    senda_ms_t at; /* mapped */
    engine_event_t event;
    bool forget; /* event.who.visitor withdrew consent; then follow_read said SENDA_NONE */
    bool linked; /* from now on this visitor is this contact */
    bool new_contact;
    const char *complaint;             /* a header that could not be used, and why; NULL */
    bool partly;                       /* only a part of it could not */
    unsigned nchanged;                 /* contacts whose channels may be others now: */
    uint64_t changed[2];               /* the header's, the form's; else the message's */
    const char *answer;                /* to a message: "clicks" …; NULL: none */
    char template[SENDA_NAME_MAX + 1]; /* of that message; empty: not known any more */
    header_contact_t contact, form;
    header_event_t attributes;
    senda_err_t why;
    char opened[SENDA_SEALED_MAX];
} follow_item_t;

/* The program of a site, which says what fields a person has; NULL if no rule file has the site. */
typedef const program_t *(*follow_program_pt)(void *ctx, uint32_t site);

/* state and clock are borrowed. */
follow_t *follow_new(state_t *state, const run_clock_t *clock, const uint8_t secret[32],
    follow_program_pt program, void *ctx);
void follow_free(follow_t *f); /* NULL is allowed */

/* From now on these open what is sealed: the present half, then those of before. */
void follow_keys(follow_t *f, const senda_keys_t *keys);

/* Where messages are looked for that the outbox has no more; borrowed. */
void follow_look_in(follow_t *f, senda_published_t *published);

/*
 * Between these two, records are history: contacts are known already and none
 * is made; who a visitor was follows from the records themselves.
 */
void follow_history(follow_t *f);
void follow_present(follow_t *f);

/*
 * SENDA_OK: item->event is for the engine of site item->visit.site. SENDA_NONE:
 * nothing for an engine (nobody's visit, a dry run). SENDA_BAD: the record
 * cannot be read. Contacts and links change state_t, to be committed with the cursor.
 */
senda_rc_t follow_read(follow_t *f, senda_str_t record, follow_item_t *item);

/* After a record with `forget`: of a site, the browser is nobody's any more. */
void follow_forget(follow_t *f, uint32_t site, const senda_visitor_t *v);

follow_stats_t follow_stats(const follow_t *f);

#endif
