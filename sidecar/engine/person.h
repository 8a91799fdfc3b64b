/*
 * Who is who: visitors (browsers) and contacts lead to persons. A person is a
 * contact with all its visitors, or one visitor that has no name yet.
 */

#ifndef SENDA_ENGINE_PERSON_H
#define SENDA_ENGINE_PERSON_H

#include "history.h"
#include "pool.h"

typedef struct {
    senda_visitor_t id;
    uint32_t person;
    uint32_t next;      /* of the same person */
    uint32_t last_page; /* second of the last counted page view, 0: none … */
    uint32_t visit;     /* … and of the first one of the present visit; only if a rule asks */
} visitor_rec_t;

typedef struct {
    uint64_t contact; /* 0: none */
    uint64_t *history;
    stamp_t first;
    uint32_t visitors;        /* list, the newest first; 0: none */
    uint32_t runs;            /* list; 0: none */
    uint8_t address, consent; /* CHANNEL_BITs */
    bool alive;
} person_t;

typedef struct {
    pool_t persons, visitors;
    uint32_t *by_visitor; /* open addressing, numbers of visitors */
    uint32_t *by_contact; /* open addressing, numbers of persons; only ever of contacts */
    uint32_t visitors_size, contacts_size, ncontacts, nvisitors;
    uint64_t max; /* persons at most */
} people_t;

void people_init(people_t *p, uint64_t max);
void people_close(people_t *p); /* histories are the caller's */

/* Number of the visitor's record, or of the contact's person; 0 if unknown. */
uint32_t people_visitor(const people_t *p, const senda_visitor_t *v);
uint32_t people_contact(const people_t *p, uint64_t contact);

/* New ones. 0: no memory, or max reached. A person of a contact is entered under its number. */
uint32_t people_new(people_t *p, uint64_t contact, stamp_t first);
uint32_t people_new_visitor(people_t *p, const senda_visitor_t *v, uint32_t person);

/* Takes the visitor from whom it belonged to; nothing else moves. */
void people_give(people_t *p, uint32_t visitor, uint32_t person);

/* Takes the visitor from whom it belonged to; it is not found again, its number is not used again. */
void people_forget(people_t *p, uint32_t visitor);

/* An anonymous person without visitors ends. */
void people_end(people_t *p, uint32_t person);

#endif
