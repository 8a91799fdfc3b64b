/*
 * Contacts: one a person on a site, found by the canonical e-mail; which
 * browser is whose; consent by channel, and suppression by address. Consent
 * and suppression are both kept with their time: a later new consent lifts an
 * unsubscription, nothing lifts another suppression. A consent that a header
 * only repeats (a shop says it on every page) is no new one, a sign-up's is.
 */

#ifndef SENDA_RUN_CONTACT_H
#define SENDA_RUN_CONTACT_H

#include "header.h"
#include "state.h"

typedef enum { CONSENT_UNKNOWN, CONSENT_GIVEN, CONSENT_REFUSED } consent_t;

typedef struct {
    consent_t what;
    senda_ms_t at;
} contact_consent_t;

typedef struct {
    uint64_t number;
    uint32_t site;
    char email[HEADER_VALUE_MAX], name[HEADER_VALUE_MAX], phone[HEADER_VALUE_MAX];
    contact_consent_t consent[CHANNELS];
    senda_ms_t created, updated;
} contact_t;

/* SENDA_OK; SENDA_NONE; SENDA_BAD: a record of another version, left as it is. */
senda_rc_t contact_load(state_t *s, uint64_t number, contact_t *c);
senda_rc_t contact_read(senda_str_t record, uint64_t number, contact_t *c);

/* The contact of a canonical address, 0 if there is none. */
uint64_t contact_by_email(state_t *s, uint32_t site, const char *email);

/*
 * Takes in what a header says: finds the contact by e-mail, else by the
 * visitor (known, may be 0), makes one for a new e-mail. Later news win, older
 * ones are ignored. fresh: the person says so now, as in a sign-up.
 * SENDA_OK with *number; SENDA_NONE: a header without e-mail of nobody known;
 * SENDA_BAD as contact_load.
 */
senda_rc_t contact_learn(state_t *s, uint32_t site, const header_contact_t *h, uint64_t known,
    bool fresh, senda_ms_t at, uint64_t *number);

/* Whose browser this was at a moment, 0 if nobody's; and from a moment on. */
uint64_t contact_of_visitor(state_t *s, uint32_t site, const senda_visitor_t *v, senda_ms_t at);
void contact_link(state_t *s, uint32_t site, const senda_visitor_t *v, uint64_t number,
    senda_ms_t at);

typedef enum { SUPPRESS_UNSUBSCRIBED = 1, SUPPRESS_BOUNCED = 2 } suppress_t;

/* For all sites; an earlier suppression of a graver reason stays. */
void contact_suppress(state_t *s, prog_channel_t channel, const char *address, suppress_t reason,
    senda_ms_t at);
/* false: not suppressed. */
bool contact_suppressed(state_t *s, prog_channel_t channel, const char *address, suppress_t *reason,
    senda_ms_t *at);

/* Channels with an address that lives, and those of them by which marketing may go. */
void contact_reach(state_t *s, const contact_t *c, uint32_t *address, uint32_t *consent);

/* Why no marketing message may go by this channel: NULL if one may. */
const char *contact_refusal(state_t *s, const contact_t *c, prog_channel_t channel,
    bool transactional);

/* The address of a channel, NULL if there is none. */
const char *contact_address(const contact_t *c, prog_channel_t channel);

extern const char *const channel_words[CHANNELS];

#endif
