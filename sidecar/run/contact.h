/*
 * Contacts: one a person on a site, found by the canonical e-mail; which
 * browser is whose; consent by channel, and suppression by address. Consent
 * and suppression are both kept with their time: a later new consent lifts an
 * unsubscription, nothing lifts another suppression. A consent that a header
 * only repeats (a shop says it on every page) is no new one, a sign-up's is.
 * How it was said is kept with both.
 */

#ifndef SENDA_RUN_CONTACT_H
#define SENDA_RUN_CONTACT_H

#include "header.h"
#include "senda_message.h"
#include "state.h"

_Static_assert((int)CHANNEL_EMAIL == (int)SENDA_CHANNEL_EMAIL &&
        (int)CHANNEL_SMS == (int)SENDA_CHANNEL_SMS &&
        (int)CHANNEL_PUSH == (int)SENDA_CHANNEL_PUSH &&
        (int)CHANNEL_WEBPUSH == (int)SENDA_CHANNEL_WEBPUSH && (int)CHANNELS == (int)SENDA_CHANNELS,
    "rules, links and pages number the channels alike");

typedef enum { CONSENT_UNKNOWN, CONSENT_GIVEN, CONSENT_REFUSED } consent_t;

/* By what it was said; the numbers are for ever. */
typedef enum {
    HOW_UNKNOWN, /* records of before */
    HOW_SHOP,    /* a header of the shop's application */
    HOW_SIGN_UP, /* the same, in a sign-up */
    HOW_FORM,    /* a form of the shop */
    HOW_CLICK,   /* one click in a message */
    HOW_PAGE,    /* the page of channels */
    HOW_COMMAND,
    HOW_SERVER, /* the mail server: there is nobody */
    HOWS
} contact_how_t;

/* "by the shop", "in a sign-up" …; "" for HOW_UNKNOWN. */
extern const char *const contact_how_words[HOWS];

typedef struct {
    consent_t what;
    senda_ms_t at;
    contact_how_t how;
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
 * ones are ignored. Unless how is HOW_SHOP the person says so now.
 * SENDA_OK with *number; SENDA_NONE: a header without e-mail of nobody known;
 * SENDA_BAD as contact_load.
 */
senda_rc_t contact_learn(state_t *s, uint32_t site, const header_contact_t *h, uint64_t known,
    contact_how_t how, senda_ms_t at, uint64_t *number);

/*
 * Whose browser this was at a moment, 0 if nobody's; and from a moment on. By
 * a login, or weaker, by a message's link or a form's e-mail: that never takes
 * a browser away from whom a login gave it to. The numbers are for ever.
 */
typedef enum { LINK_LOGIN, LINK_CLICK, LINK_FORM } contact_link_t;

uint64_t contact_of_visitor(state_t *s, uint32_t site, const senda_visitor_t *v, senda_ms_t at);

/* The same, with how it is known; *by is LINK_FORM if nobody's. */
uint64_t contact_linked(state_t *s, uint32_t site, const senda_visitor_t *v, senda_ms_t at,
    contact_link_t *by);

/* false: the browser is somebody else's, by a login or since a later moment. */
bool contact_link(state_t *s, uint32_t site, const senda_visitor_t *v, uint64_t number,
    senda_ms_t at, contact_link_t by);

/* The browser is nobody's any more. */
void contact_unlink(state_t *s, uint32_t site, const senda_visitor_t *v);

typedef enum { SUPPRESS_UNSUBSCRIBED = 1, SUPPRESS_BOUNCED = 2 } suppress_t;

typedef struct {
    suppress_t reason;
    senda_ms_t at;
    contact_how_t how;
} suppression_t;

/* For all sites; an earlier suppression of a graver reason stays. */
void contact_suppress(state_t *s, prog_channel_t channel, const char *address, suppress_t reason,
    senda_ms_t at, contact_how_t how);
/* false: not suppressed. */
bool contact_suppressed(state_t *s, prog_channel_t channel, const char *address,
    suppression_t *out);

/* A contact wants no more marketing by a channel, whatever was said before by whatever clock. */
void contact_leave(state_t *s, const contact_t *c, prog_channel_t channel, senda_ms_t at,
    contact_how_t how);

/*
 * A contact chooses the channels of marketing: by those of the bits it is
 * wanted from now on, by others no more. What stays as it was keeps its time;
 * a dead address stays dead.
 */
void contact_choose(state_t *s, contact_t *c, uint32_t channels, senda_ms_t at, contact_how_t how);

/* Channels with an address that lives, and those of them by which marketing may go. */
void contact_reach(state_t *s, const contact_t *c, uint32_t *address, uint32_t *consent);

/* Why no marketing message may go by this channel: NULL if one may. */
const char *contact_refusal(state_t *s, const contact_t *c, prog_channel_t channel,
    bool transactional);

/* The address of a channel, NULL if there is none. */
const char *contact_address(const contact_t *c, prog_channel_t channel);

#endif
