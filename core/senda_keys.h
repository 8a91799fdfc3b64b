/*
 * The key files that `senda keygen` makes, and what is done with them. Two
 * files: nginx's (cookie and link keys, the public half of the seal) and the
 * sidecar's (link and return-path keys, the secret half). Text, a key a line:
 *
 *     cookie 1 <64 hex digits> 2026-11-22
 *     links 1 <64 hex digits> 2026-11-22
 *     seal-public <64 hex digits>
 *
 * `#` starts a comment; the day, when the key was made, may be missing. The highest number signs, all verify. A file that
 * others than its owner (and, for the sidecar's, nobody else) can read is
 * refused by the caller: permission is the caller's affair.
 */

#ifndef SENDA_KEYS_H
#define SENDA_KEYS_H

#include "senda.h"

#define SENDA_SECRET_LEN  32
#define SENDA_SECRETS_MAX 8 /* kept of one kind; a further one is an error */

typedef struct {
    uint8_t number; /* 1 … 255 */
    uint8_t key[SENDA_SECRET_LEN];
    uint16_t day; /* it was made on, since 1970; 0: not known */
} senda_secret_t;

typedef struct {
    unsigned ncookie, nlinks, nreturn; /* in order of number */
    senda_secret_t cookie[SENDA_SECRETS_MAX], links[SENDA_SECRETS_MAX],
        return_path[SENDA_SECRETS_MAX];
    bool has_seal_public, has_seal_secret;
    uint8_t seal_public[32], seal_secret[32];
    unsigned nold; /* the sidecar's: halves that only open what was sealed before, oldest first */
    senda_secret_t seal_old[SENDA_SECRETS_MAX]; /* day: until when they sealed */
} senda_keys_t;

/* SENDA_OK; SENDA_BAD, naming file, line and cause; SENDA_SYS (cannot read). */
senda_rc_t senda_keys_read(senda_keys_t *k, const char *file, senda_err_t *err);

/* The same from text; name is for messages. */
senda_rc_t senda_keys_parse(senda_keys_t *k, senda_str_t text, const char *name, senda_err_t *err);

/* Fresh random keys for both sides, of no known day. SENDA_SYS if there is no randomness. */
senda_rc_t senda_keys_make(senda_keys_t *nginx, senda_keys_t *sidecar, senda_err_t *err);

/*
 * Gives both sides new keys for cookies, links and seal, beside those in use:
 * what was signed and sealed until now is still known. Keys that stopped
 * signing more than `keep` days ago are dropped. SENDA_OK; SENDA_BAD: the two
 * do not belong together; SENDA_FULL: no number or no room is left for another
 * key; SENDA_SYS. Unless SENDA_OK both are as before.
 */
senda_rc_t senda_keys_rotate(senda_keys_t *nginx, senda_keys_t *sidecar, uint16_t today,
    unsigned keep, senda_err_t *err);

#define SENDA_KEYS_TEXT_MAX 8192 /* bytes that all keys always fit in */

/* The file's text; the length, 0 if it does not fit in size. */
size_t senda_keys_print(const senda_keys_t *k, char *buf, size_t size);

#endif
