/*
 * What is signed goes out into the world and comes back: HMAC-SHA-256 (RFC
 * 2104), cut short as section 5 allows, and base64url (RFC 4648, 5) without
 * padding. Keeps what hashing a key once gives, for each key in use and
 * thread.
 */

#ifndef SENDA_SIGN_H
#define SENDA_SIGN_H

#include "senda_keys.h"

#define SENDA_MAC_MAX 32 /* bytes of a whole one */

/* The base64url of n bytes has so many characters. */
#define SENDA_BASE64URL_LEN(n) (((n)*4 + 2) / 3)

/*
 * The first nmac bytes of the MAC of label followed by data. A label tells
 * uses of one key apart, so that what is signed for one never passes for
 * another. false: nmac is more than SENDA_MAC_MAX.
 */
bool senda_sign(const senda_secret_t *secret, senda_str_t label, const void *data, size_t n,
    uint8_t *mac, size_t nmac);

/* Whether mac is what senda_sign makes; takes as long for every answer. */
bool senda_sign_verify(const senda_secret_t *secret, senda_str_t label, const void *data, size_t n,
    const uint8_t *mac, size_t nmac);

/* The key with this number, NULL if there is none. */
const senda_secret_t *senda_secret_find(const senda_secret_t *list, unsigned n, uint8_t number);

/* Writes SENDA_BASE64URL_LEN(n) characters; how many. */
size_t senda_base64url_encode(const void *data, size_t n, char *out);

/* The length, 0 if s is no base64url or its unused bits are not zero. out has s.n * 3 / 4 bytes. */
size_t senda_base64url_decode(senda_str_t s, uint8_t *out);

#endif
