/*
 * Whom a log shows: visitors told apart by address and user agent, who saw
 * which page, and which contact a visitor is. Grows as the log does; forgets
 * nobody.
 */

#ifndef SENDA_REPLAY_VISITORS_H
#define SENDA_REPLAY_VISITORS_H

#include "senda.h"

typedef struct visitors_s visitors_t;

visitors_t *visitors_new(void);
void visitors_free(visitors_t *v);

/* The visitor's number from 0; id is made from the two texts. */
uint32_t visitors_number(visitors_t *v, senda_str_t address, senda_str_t agent,
    senda_visitor_t *id);

/* The same of one seen before, without making it known; false: it never was. */
bool visitors_known(const visitors_t *v, senda_str_t address, senda_str_t agent, uint32_t *number,
    senda_visitor_t *id);

#define VISITORS_NONE UINT32_MAX

/* The number of a known id; VISITORS_NONE. */
uint32_t visitors_find(const visitors_t *v, const senda_visitor_t *id);

/* true the first time that this visitor is seen on this page. */
bool visitors_first_on(visitors_t *v, uint32_t visitor, uint32_t page);

/* The number of the contact that the visitor is from now on; 0: nobody knows. */
void visitors_link(visitors_t *v, uint32_t visitor, uint32_t contact);
uint32_t visitors_contact(const visitors_t *v, uint32_t visitor);

/* "203.0.113.7/1f00c3aa": the address, and what tells two browsers behind it apart. */
void visitors_name(const visitors_t *v, uint32_t visitor, char *buf, size_t size);

uint32_t visitors_count(const visitors_t *v);

#endif
