/*
 * Sealing to the sidecar: X25519 (RFC 7748), HKDF-SHA-256 (RFC 5869),
 * AES-256-GCM. Who seals cannot open. A sealer keeps one ephemeral key for
 * many seals, with a counter as nonce, and makes a new one before the counter
 * can wrap, so that a seal costs about a microsecond.
 *
 * Sealed bytes: version, ephemeral public key (32), nonce (12), ciphertext,
 * tag (16).
 */

#ifndef SENDA_SEAL_H
#define SENDA_SEAL_H

#include "senda.h"

#define SENDA_SEAL_OVERHEAD (1 + 32 + 12 + 16)

typedef struct senda_sealer_s senda_sealer_t;

/* Must be made after fork: two processes with one ephemeral key would repeat nonces. */
senda_rc_t senda_sealer_new(senda_sealer_t **out, const uint8_t public_key[32], senda_err_t *err);
void senda_sealer_free(senda_sealer_t *s);

/* The length written to out (data.n + SENDA_SEAL_OVERHEAD), 0 if it does not fit or fails. */
size_t senda_seal(senda_sealer_t *s, senda_str_t data, void *out, size_t size);

/* The length of what was sealed, written to out. SENDA_OK, SENDA_BAD, SENDA_FULL. */
senda_rc_t senda_unseal(const uint8_t secret_key[32], senda_str_t sealed, void *out, size_t size,
    size_t *len);

#endif
