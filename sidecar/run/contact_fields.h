/*
 * The rule file's fields of a contact (`field interes text`) as texts: what the
 * shop or a step of a flow said last, in the order of the journal. The engine
 * learns them from the journal and from its deeds; here they stand for
 * templates, and for a start whose journal no longer reaches back to them.
 */

#ifndef SENDA_RUN_CONTACT_FIELDS_H
#define SENDA_RUN_CONTACT_FIELDS_H

#include "header.h"
#include "state.h"

#define CONTACT_FIELDS_MAX 32 /* fields of one contact; further ones are refused */

typedef struct {
    unsigned n;
    senda_capture_t list[CONTACT_FIELDS_MAX]; /* point into buf */
    char buf[STATE_VALUE_MAX];
} contact_fields_t;

/* SENDA_OK; SENDA_NONE: the contact has none; SENDA_BAD: a record of another version. f->n is right in any case. */
senda_rc_t contact_fields_load(state_t *s, uint32_t site, uint64_t contact, contact_fields_t *f);
senda_rc_t contact_fields_read(senda_str_t record, contact_fields_t *f);

/*
 * At most SENDA_NAME_MAX bytes of name and HEADER_VALUE_MAX - 1 of value.
 * SENDA_OK, also if it said so already; SENDA_FULL: too many or too long;
 * SENDA_BAD: the record cannot be read and is left as it is.
 */
senda_rc_t contact_fields_set(state_t *s, uint32_t site, uint64_t contact, senda_str_t name,
    senda_str_t value);

#endif
