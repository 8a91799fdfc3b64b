/*
 * The one person of a `test` block: how to reach it, and what `with k=v` of a
 * line tells of it or of the happening.
 */

#ifndef SENDA_BLOCK_PERSON_H
#define SENDA_BLOCK_PERSON_H

#include "engine.h"

/* A person whom nobody knows, consenting and reachable on all channels. */
void block_person_begin(engine_event_t *event);

/* From now on a contact, reachable by this address only: an e-mail's or a phone's. */
void block_person_contact(engine_event_t *event, const char *address);

/*
 * Puts the line's pairs into the event, whose keys are set already: what a
 * form's page names so goes where the page says; else email, phone, name and
 * consent are the person's own, a declared field is the person's answer, and
 * what happens without a page (and what no field is) has them as attributes. A
 * sign-up with an e-mail or a phone is reachable there with consent unless it
 * says otherwise. SENDA_OK; SENDA_BAD, SENDA_FULL with the reason.
 */
senda_rc_t block_person_with(const program_t *p, engine_event_t *event,
    const prog_test_line_t *line, senda_err_t *err);

#endif
