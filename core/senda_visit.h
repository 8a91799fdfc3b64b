/*
 * One visit as it goes from a worker through the ring into the journal:
 * msgpack, version first, then site, generation of the rules, UTC
 * milliseconds, visitor, what it was, path, captures, sealed part, and from
 * version 2 on the message that it answers.
 *
 * After senda_visit_load the slices point into the record, which must outlive
 * the visit. A record of a newer version is SENDA_BAD and is kept as it is.
 */

#ifndef SENDA_VISIT_H
#define SENDA_VISIT_H

#include "senda_message.h"
#include "senda_rules.h"

enum {
    SENDA_VISIT_LANDING = 1,  /* carried in the cookie: counts only if the visitor is new */
    SENDA_VISIT_PAGE = 2,     /* a counted page view: SENDA_KEY_ANY */
    SENDA_VISIT_CONTACT = 4,  /* sealed holds an X-Senda-Contact */
    SENDA_VISIT_EVENT = 8,    /* sealed holds an X-Senda-Event, its event is among keys */
    SENDA_VISIT_DRY_RUN = 16, /* journalled, but starts nothing and is not counted in live/ */
    SENDA_VISIT_FORM = 32,    /* sealed holds answers of a form, whose pages are among keys */

    /* Answers to a message; who is meant follows from the message alone. */
    SENDA_VISIT_CLICK = 64,        /* of message.link, by this visitor */
    SENDA_VISIT_OPEN = 128,        /* no visitor */
    SENDA_VISIT_UNSUBSCRIBE = 256, /* no marketing by the message's channel any more */
    SENDA_VISIT_CHANNELS = 512,    /* marketing by `channels` and by no other */

    SENDA_VISIT_FORGET = 1024 /* consent was withdrawn: the visitor is forgotten */
};

typedef struct {
    uint32_t site;
    uint64_t generation;
    senda_ms_t at;
    senda_visitor_t visitor; /* none: no consent, or the event is the server's own */
    uint32_t flags;
    unsigned nkeys;
    senda_key_t keys[SENDA_KEYS_MAX];
    senda_str_t path; /* decoded, at most SENDA_PATH_KEPT */
    unsigned ncaptures;
    senda_capture_t captures[SENDA_CAPTURES_MAX];
    senda_str_t sealed; /* senda_seal of a senda_private_t, or empty */
    senda_message_t message;
    uint32_t link;     /* its number in the message */
    uint32_t channels; /* bits, 1 << SENDA_CHANNEL_… */
} senda_visit_t;

/* What a visit says of a person; only the sidecar can read it. Raw, each at most SENDA_HEADER_MAX. */
typedef struct {
    senda_str_t contact; /* X-Senda-Contact or empty */
    senda_str_t event;   /* X-Senda-Event or empty */
    senda_str_t form;    /* the answers that rules name, form-encoded, or empty */
} senda_private_t;

/* An empty visit. Keys and captures beyond their numbers are left as they are: they are large. */
void senda_visit_init(senda_visit_t *v);

/* Packs v into buf; the length, or 0 if it does not fit. Cuts path and captures to their bounds. */
size_t senda_visit_dump(const senda_visit_t *v, void *buf, size_t size);

/* SENDA_OK or SENDA_BAD. Never reads beyond len; bounds of senda_limits.h hold afterwards. */
senda_rc_t senda_visit_load(senda_visit_t *v, const void *data, size_t len);

/* The same pair for what is to be sealed. */
size_t senda_private_dump(const senda_private_t *p, void *buf, size_t size);
senda_rc_t senda_private_load(senda_private_t *p, const void *data, size_t len);

#endif
