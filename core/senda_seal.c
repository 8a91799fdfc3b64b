/*
 * Sealing and opening. A sealer holds one ephemeral key pair's AES key and a
 * counter; opening keeps the AES keys it derived last, because a worker's
 * seals share one. Secrets are wiped when they are no longer needed. Bytes
 * that were not sealed for this key are SENDA_BAD and leave nothing in out.
 */

#include "senda_seal.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define SEAL_VERSION 1
#define KEY_LEN      32
#define NONCE_LEN    12
#define TAG_LEN      16
#define HEAD_LEN     (1 + KEY_LEN) /* version and ephemeral key: authenticated, not encrypted */
#define SEALS_MAX    (1u << 20)    /* with one ephemeral key */
#define KEPT_KEYS    16            /* ephemeral keys whose derived key is remembered on opening */

struct senda_sealer_s {
    EVP_CIPHER_CTX *ctx;
    uint8_t head[HEAD_LEN];
    uint8_t to[KEY_LEN];
    uint32_t used;
};

/*
 * AES key = HKDF-SHA-256(X25519(mine, theirs)), salted with both public keys.
 */
static bool
derive(EVP_PKEY *mine, const uint8_t theirs[KEY_LEN], const uint8_t ephemeral[KEY_LEN],
    const uint8_t to[KEY_LEN], uint8_t key[KEY_LEN])
{
    uint8_t shared[KEY_LEN], salt[2 * KEY_LEN], info[] = "senda seal 1";
    size_t n = sizeof(shared);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, KEY_LEN);
    EVP_PKEY_CTX *dh = EVP_PKEY_CTX_new(mine, NULL);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *hkdf = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    bool ok = peer != NULL && dh != NULL && hkdf != NULL && EVP_PKEY_derive_init(dh) == 1 &&
        EVP_PKEY_derive_set_peer(dh, peer) == 1 && EVP_PKEY_derive(dh, shared, &n) == 1;

    memcpy(salt, ephemeral, KEY_LEN);
    memcpy(salt + KEY_LEN, to, KEY_LEN);
    if (ok) {
        OSSL_PARAM params[] = {
            OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
            OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, shared, n),
            OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof(salt)),
            OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof(info) - 1),
            OSSL_PARAM_END,
        };

        ok = EVP_KDF_derive(hkdf, key, KEY_LEN, params) == 1;
    }
    OPENSSL_cleanse(shared, sizeof(shared));
    EVP_KDF_CTX_free(hkdf);
    EVP_KDF_free(kdf);
    EVP_PKEY_CTX_free(dh);
    EVP_PKEY_free(peer);
    return ok;
}

static bool
public_of(EVP_PKEY *pair, uint8_t out[KEY_LEN])
{
    size_t n = KEY_LEN;

    return EVP_PKEY_get_raw_public_key(pair, out, &n) == 1 && n == KEY_LEN;
}

/* A new ephemeral key pair; of its secret half only the AES key is kept. */
static bool
renew(senda_sealer_t *s)
{
    uint8_t key[KEY_LEN];
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    bool ok;

    s->head[0] = SEAL_VERSION;
    ok = pair != NULL && public_of(pair, s->head + 1) &&
        derive(pair, s->to, s->head + 1, s->to, key) &&
        EVP_EncryptInit_ex(s->ctx, EVP_aes_256_gcm(), NULL, key, NULL) == 1;
    s->used = ok ? 0 : SEALS_MAX; /* the key of before must not meet a nonce again */
    OPENSSL_cleanse(key, sizeof(key));
    EVP_PKEY_free(pair);
    return ok;
}

senda_rc_t
senda_sealer_new(senda_sealer_t **out, const uint8_t public_key[32], senda_err_t *err)
{
    senda_sealer_t *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (s == NULL) {
        return senda_fail(err, SENDA_SYS, "no memory for sealing");
    }
    memcpy(s->to, public_key, KEY_LEN);
    s->ctx = EVP_CIPHER_CTX_new();
    if (s->ctx == NULL || !renew(s)) {
        senda_sealer_free(s);
        return senda_fail(err, SENDA_SYS, "cannot seal: the seal-public key is not usable");
    }
    *out = s;
    return SENDA_OK;
}

void
senda_sealer_free(senda_sealer_t *s)
{
    if (s != NULL) {
        EVP_CIPHER_CTX_free(s->ctx);
        free(s);
    }
}

size_t
senda_seal(senda_sealer_t *s, senda_str_t data, void *out, size_t size)
{
    uint8_t *p = out, *nonce = p + HEAD_LEN, *body = nonce + NONCE_LEN;
    int n = 0, rest = 0;

    if (size < SENDA_SEAL_OVERHEAD || data.n > size - SENDA_SEAL_OVERHEAD || data.n > INT32_MAX ||
        (s->used == SEALS_MAX && !renew(s))) {
        return 0;
    }
    memcpy(p, s->head, HEAD_LEN);
    memset(nonce, 0, NONCE_LEN);
    for (unsigned i = 0; i < 4; i++) {
        nonce[NONCE_LEN - 1 - i] = (uint8_t)(s->used >> (8 * i));
    }
    s->used++;
    if (EVP_EncryptInit_ex(s->ctx, NULL, NULL, NULL, nonce) != 1 ||
        EVP_EncryptUpdate(s->ctx, NULL, &n, s->head, HEAD_LEN) != 1 ||
        EVP_EncryptUpdate(s->ctx, body, &n, (const uint8_t *)data.p, (int)data.n) != 1 ||
        EVP_EncryptFinal_ex(s->ctx, body + n, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, body + data.n) != 1) {
        return 0;
    }
    return data.n + SENDA_SEAL_OVERHEAD;
}

/* The AES key for what this ephemeral key sealed to secret. */
static bool
open_key(const uint8_t secret[KEY_LEN], const uint8_t ephemeral[KEY_LEN], uint8_t key[KEY_LEN])
{
    static _Thread_local struct {
        bool used;
        uint8_t secret[KEY_LEN], ephemeral[KEY_LEN], key[KEY_LEN];
    } kept[KEPT_KEYS];
    static _Thread_local unsigned next;
    uint8_t to[KEY_LEN];
    EVP_PKEY *pair;
    bool ok;

    for (unsigned i = 0; i < KEPT_KEYS; i++) {
        if (kept[i].used && memcmp(kept[i].ephemeral, ephemeral, KEY_LEN) == 0 &&
            CRYPTO_memcmp(kept[i].secret, secret, KEY_LEN) == 0) {
            memcpy(key, kept[i].key, KEY_LEN);
            return true;
        }
    }
    pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, KEY_LEN);
    ok = pair != NULL && public_of(pair, to) && derive(pair, ephemeral, ephemeral, to, key);
    EVP_PKEY_free(pair);
    if (ok) {
        kept[next].used = true;
        memcpy(kept[next].secret, secret, KEY_LEN);
        memcpy(kept[next].ephemeral, ephemeral, KEY_LEN);
        memcpy(kept[next].key, key, KEY_LEN);
        next = (next + 1) % KEPT_KEYS;
    }
    return ok;
}

senda_rc_t
senda_unseal(const uint8_t secret_key[32], senda_str_t sealed, void *out, size_t size, size_t *len)
{
    const uint8_t *p = (const uint8_t *)sealed.p;
    size_t n = sealed.n - SENDA_SEAL_OVERHEAD;
    uint8_t key[KEY_LEN], tag[TAG_LEN];
    EVP_CIPHER_CTX *ctx = NULL;
    int got = 0, rest = 0;
    bool ok;

    *len = 0;
    if (sealed.n < SENDA_SEAL_OVERHEAD || p[0] != SEAL_VERSION || n > INT32_MAX) {
        return SENDA_BAD;
    }
    if (n > size) {
        return SENDA_FULL;
    }
    ok = open_key(secret_key, p + 1, key);
    memcpy(tag, p + sealed.n - TAG_LEN, TAG_LEN);
    ctx = ok ? EVP_CIPHER_CTX_new() : NULL;
    ok = ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, p + HEAD_LEN) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &got, p, HEAD_LEN) == 1 &&
        EVP_DecryptUpdate(ctx, out, &got, p + HEAD_LEN + NONCE_LEN, (int)n) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
        EVP_DecryptFinal_ex(ctx, (uint8_t *)out + got, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    OPENSSL_cleanse(key, sizeof(key));
    if (!ok) {
        if (n != 0) {
            OPENSSL_cleanse(out, n);
        }
        return SENDA_BAD;
    }
    *len = n;
    return SENDA_OK;
}
