/*
 * The shop's contacts, from a CSV file whose first row names the columns:
 *
 *     email phone name consent   who it is, and what it agreed to
 *     user order ip              by what a log shows it
 *     any field of the rule file
 *
 * (also correo, telefono, nombre, consentimiento, usuario, pedido). Rows with
 * one e-mail, else one phone, else one user, are one contact: a list of orders
 * will do. Without a column `consent` all consent. Other columns are left out.
 *
 * A line of a log shows a contact by the user that logged in, by {user},
 * {email}, {phone} or {order} of a page's pattern, or by the address it came
 * from, in this order.
 */

#ifndef SENDA_REPLAY_CONTACTS_H
#define SENDA_REPLAY_CONTACTS_H

#include <stdio.h>

#include "engine.h"

#define CONTACTS_MAX 5000000 /* further ones are refused */

typedef struct {
    uint32_t address, consent; /* CHANNEL_BITs */
    char *name;                /* what people know it by: its e-mail, phone, user, or row */
    unsigned nanswers;
    senda_capture_t answers[ENGINE_ANSWERS_MAX]; /* name: the program's; value: its own */
} replay_contact_t;

typedef struct replay_contacts_s replay_contacts_t;

/*
 * p must outlive it. NULL with the reason. What was left out or refused is said
 * on warnings.
 */
replay_contacts_t *replay_contacts_read(const char *file, const program_t *p, FILE *warnings,
    senda_err_t *err);
void replay_contacts_free(replay_contacts_t *c); /* NULL is allowed */

uint32_t replay_contacts_count(const replay_contacts_t *c);

/* By its number, from 1. */
const replay_contact_t *replay_contacts_at(const replay_contacts_t *c, uint32_t number);

/*
 * The contact that a visit shows, 0 if none. surely: by more than the address
 * it came from.
 */
uint32_t replay_contacts_find(const replay_contacts_t *c, senda_str_t user, senda_str_t address,
    const engine_event_t *event, bool *surely);

#endif
