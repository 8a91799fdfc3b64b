/*
 * What the shop's application says in its headers: X-Senda-Contact,
 * `email=…&name=…&phone=…&consent=…` and fields of the rule file, form-encoded,
 * and X-Senda-Event, `NAME; key=value; …` percent-encoded. Pure: bytes in,
 * bounded values out.
 * Control characters become spaces, broken UTF-8 U+FFFD: a value may go into
 * the headers of a message.
 */

#ifndef SENDA_RUN_HEADER_H
#define SENDA_RUN_HEADER_H

#include "program.h"
#include "senda_rules.h"

#define HEADER_VALUE_MAX  256 /* bytes of one value; longer is cut at a character */
#define HEADER_FIELDS_MAX 16  /* other fields of one contact header; further ones are dropped */

/* "interes=running": whether a rule file has such a field, the caller knows. */
typedef struct {
    char name[SENDA_NAME_MAX + 1];
    char value[HEADER_VALUE_MAX];
} header_field_t;

typedef struct {
    char email[HEADER_VALUE_MAX]; /* canonical; empty: not said */
    char name[HEADER_VALUE_MAX];
    char phone[HEADER_VALUE_MAX];
    bool has_consent;
    uint32_t consent; /* CHANNEL_BITs; those not there are refused */
    unsigned nfields;
    header_field_t fields[HEADER_FIELDS_MAX]; /* not empty; of a name said twice the last */
    unsigned dropped;
} header_contact_t;

/* SENDA_OK; SENDA_BAD: an e-mail or a consent that cannot be one, err says which. */
senda_rc_t header_contact(senda_str_t raw, header_contact_t *out, senda_err_t *err);

typedef struct {
    senda_str_t name;
    unsigned nfields;
    senda_capture_t
        fields[SENDA_CAPTURES_MAX]; /* further ones are dropped; a name's first counts */
    unsigned dropped;
    char buf[4 * SENDA_HEADER_MAX]; /* what the slices point into */
} header_event_t;

/* SENDA_OK; SENDA_BAD: no name in front, or longer than SENDA_HEADER_MAX. */
senda_rc_t header_event(senda_str_t raw, header_event_t *out);

#endif
