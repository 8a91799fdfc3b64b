/*
 * The visitor's cookie: version, key number, day of issue, 128 random bits;
 * in version 2 the mark of a person and the session; until it has come back
 * once, the landing visit; then HMAC-SHA-256 of all that and the cookie's name, cut to 128 bits (RFC 2104, 5); the whole in
 * base64url (RFC 4648, 5) without padding.
 */

#ifndef SENDA_COOKIE_H
#define SENDA_COOKIE_H

#include "senda_keys.h"
#include "senda_limits.h"

#define SENDA_PERSON_LEN 8

typedef struct {
    senda_visitor_t visitor;
    uint16_t day;                     /* days since 1970 */
    uint8_t person[SENDA_PERSON_LEN]; /* whose login was seen last; all zero: nobody's */
    senda_sec_t session; /* to the minute: the last request of the session in which that
                            login was seen; 0: none since */
    bool landing;        /* the fields below hold the first visit */
    senda_sec_t landing_at;
    senda_str_t
        landing_uri; /* as the client sent it, "/path?args", at most SENDA_LANDING_MAX bytes */
} senda_cookie_t;

#define SENDA_COOKIE_MAX 768 /* bytes of a cookie's value */

/* Writes the value; the length, 0 if there is no cookie key or it does not fit. */
size_t senda_cookie_make(const senda_cookie_t *c, const senda_keys_t *k, senda_str_t name,
    char *buf, size_t size);

/*
 * The value of the first cookie of that name in a Cookie header (RFC 6265,
 * 5.4); empty: there is none. It points into the header.
 */
senda_str_t senda_cookie_find(senda_str_t header, senda_str_t name);

/*
 * Reads a value; landing_uri points into scratch (SENDA_COOKIE_MAX bytes).
 * SENDA_OK; SENDA_BAD (forged, cut, another version, unknown key, or issued
 * after today or more than max_age_days ago).
 */
senda_rc_t senda_cookie_read(senda_cookie_t *c, const senda_keys_t *k, senda_str_t name,
    senda_str_t value, uint16_t today, unsigned max_age_days, char *scratch);

/* Whether a cookie issued on that day is neither of the future nor too old. */
static inline bool
senda_cookie_day_is_good(uint16_t day, uint16_t today, unsigned max_age_days)
{
    return day <= today && (unsigned)(today - day) <= max_age_days;
}

/*
 * A mark of who is logged in, of the e-mail that X-Senda-Contact names
 * (senda_contact_email): the number of a cookie key, then 56 bits of its HMAC.
 * Nobody without the key can go back from it. Made with the key that signs.
 * The same for all sites, because a cookie may be several sites'. false: there
 * is no key, no e-mail, or OpenSSL refuses.
 */
bool senda_person_mark(const senda_keys_t *k, senda_str_t email, uint8_t mark[SENDA_PERSON_LEN]);

/* Whether a mark is another person's: false also when its key is gone and nobody can tell. */
bool senda_person_is_other(const senda_keys_t *k, senda_str_t email,
    const uint8_t mark[SENDA_PERSON_LEN]);

/* Whether a cookie bears a mark at all. */
bool senda_cookie_has_person(const senda_cookie_t *c);

/* 128 random bits. SENDA_SYS if there is no randomness. */
senda_rc_t senda_visitor_make(senda_visitor_t *v);

/* 32 lower-case hex digits and a NUL. */
void senda_visitor_print(const senda_visitor_t *v, char out[33]);

#endif
