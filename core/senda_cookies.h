/*
 * Cookies that a process has verified, so that the many requests of one
 * browser are signed for once. A worker's whole table; of fixed size.
 *
 * Kept is only what senda_cookie_read has accepted, and it is found again only
 * by the same name and the same value, every byte compared in a time that does
 * not tell where they differ. The day is looked at each time, so a cookie is
 * as old here as it is there.
 */

#ifndef SENDA_COOKIES_H
#define SENDA_COOKIES_H

#include "senda_cookie.h"

#define SENDA_COOKIES_TEXT 64 /* bytes of a value without a landing; a longer one is not kept */
#define SENDA_COOKIES_NAME 24 /* bytes of a name; a cookie of a longer one is not kept */

typedef struct {
    uint8_t n; /* of the value; 0: free */
    uint8_t nname;
    uint16_t day;
    senda_visitor_t visitor;
    uint8_t person[SENDA_PERSON_LEN];
    senda_sec_t session;
    char text[SENDA_COOKIES_TEXT], name[SENDA_COOKIES_NAME];
} senda_cookies_slot_t;

typedef struct {
    const senda_keys_t *keys; /* that all of them were verified with */
    senda_cookies_slot_t at[SENDA_COOKIES_KEPT];
} senda_cookies_t;

/*
 * Empties the table: from here on it is of these keys, which must outlive it
 * and stay as they are. Other keys need a table of their own, or this again.
 */
void senda_cookies_init(senda_cookies_t *kept, const senda_keys_t *keys);

/*
 * What senda_cookie_read says with the table's keys, kept for the next time.
 * Whoever has values that meet in one place only costs time. Not for two
 * threads at once.
 */
senda_rc_t senda_cookies_read(senda_cookies_t *kept, senda_cookie_t *c, senda_str_t name,
    senda_str_t value, uint16_t today, unsigned max_age_days, char *scratch);

#endif
