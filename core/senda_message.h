/*
 * A message that was sent, as its links name it: the outbox's name of it, and
 * tokens that only who has the link keys can make. A token says what may be
 * done with it (its kind), which message, which of its links; what address
 * that is, and whose, stands in published/ and state/.
 *
 * A token is key number, kind, message, link number, then an HMAC of them cut
 * to 96 bits, in base64url: always SENDA_TOKEN_LEN characters.
 */

#ifndef SENDA_MESSAGE_H
#define SENDA_MESSAGE_H

#include "senda_keys.h"

#define SENDA_MESSAGE_LEN 16

/* The outbox's name of a message. All zero: none. */
typedef struct {
    uint8_t b[SENDA_MESSAGE_LEN];
} senda_message_t;

/* Kinds of delivery; the numbers are for ever. */
typedef enum {
    SENDA_CHANNEL_EMAIL,
    SENDA_CHANNEL_SMS,
    SENDA_CHANNEL_PUSH, /* the app */
    SENDA_CHANNEL_WEBPUSH,
    SENDA_CHANNELS
} senda_channel_t;

/* "email", "sms", "push", "webpush"; NULL for any other number. */
const char *senda_channel_name(unsigned channel);
/* SENDA_CHANNELS if it is none. */
senda_channel_t senda_channel_of(senda_str_t name);

typedef enum {
    SENDA_TOKEN_CLICK = 'c',       /* follow link number `link` */
    SENDA_TOKEN_OPEN = 'o',        /* the message was shown */
    SENDA_TOKEN_UNSUBSCRIBE = 'u', /* its receiver's channels */
} senda_token_kind_t;

typedef struct {
    senda_token_kind_t kind;
    senda_message_t message;
    uint16_t link; /* 0 unless kind is SENDA_TOKEN_CLICK */
} senda_token_t;

#define SENDA_TOKEN_LEN 43

/* Writes SENDA_TOKEN_LEN characters and a NUL; false: there is no link key. */
bool senda_token_make(const senda_token_t *t, const senda_keys_t *k, char out[SENDA_TOKEN_LEN + 1]);

/* SENDA_OK; SENDA_BAD: cut, altered, of an unknown key, or no such kind. */
senda_rc_t senda_token_read(senda_token_t *t, const senda_keys_t *k, senda_str_t token);

static inline bool
senda_message_is_none(const senda_message_t *m)
{
    static const senda_message_t none;

    return memcmp(m, &none, sizeof(none)) == 0;
}

#endif
