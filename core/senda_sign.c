/*
 * Signing and base64url. A key's two halves of HMAC, hashed once, are kept by
 * this thread, so that a MAC costs the hashing of its message and no more;
 * those of keys no longer in use make room for others. Never allocates, and
 * fails only where a MAC longer than SENDA_MAC_MAX is asked for.
 *
 * OpenSSL's EVP allocates and looks up for each message, which costs five
 * times what hashing a cookie does: its plain SHA-256 of 1.1 is used.
 */

#define OPENSSL_API_COMPAT 0x10100000L

#include "senda_sign.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define BLOCK_LEN 64 /* of SHA-256, to which a key is filled up with zeros */

_Static_assert(SENDA_SECRET_LEN <= BLOCK_LEN, "a key is used as it is");
_Static_assert(SENDA_MAC_MAX == SHA256_DIGEST_LENGTH, "a MAC is a SHA-256");

/* RFC 2104, 2: what is hashed of the key before the message, and before its hash. */
typedef struct {
    bool used;
    uint8_t key[SENDA_SECRET_LEN];
    SHA256_CTX inner, outer;
} halves_t;

static void
begin_half(SHA256_CTX *half, const uint8_t key[SENDA_SECRET_LEN], uint8_t pad)
{
    uint8_t block[BLOCK_LEN];

    memset(block, pad, sizeof(block));
    for (unsigned i = 0; i < SENDA_SECRET_LEN; i++) {
        block[i] ^= key[i];
    }
    (void)SHA256_Init(half);
    (void)SHA256_Update(half, block, sizeof(block));
    OPENSSL_cleanse(block, sizeof(block));
}

/* The halves of a key, made when it is first used. */
static const halves_t *
halves_of(const uint8_t key[SENDA_SECRET_LEN])
{
    static _Thread_local halves_t kept[SENDA_SECRETS_MAX];
    static _Thread_local unsigned next;
    halves_t *h;

    for (unsigned i = 0; i < SENDA_SECRETS_MAX; i++) {
        if (kept[i].used && memcmp(kept[i].key, key, SENDA_SECRET_LEN) == 0) {
            return &kept[i];
        }
    }
    h = &kept[next];
    next = (next + 1) % SENDA_SECRETS_MAX;
    h->used = true;
    memcpy(h->key, key, SENDA_SECRET_LEN);
    begin_half(&h->inner, key, 0x36);
    begin_half(&h->outer, key, 0x5c);
    return h;
}

bool
senda_sign(const senda_secret_t *secret, senda_str_t label, const void *data, size_t n,
    uint8_t *mac, size_t nmac)
{
    const halves_t *h = halves_of(secret->key);
    uint8_t whole[SENDA_MAC_MAX];
    SHA256_CTX ctx;

    if (nmac > sizeof(whole)) {
        return false;
    }
    ctx = h->inner;
    (void)SHA256_Update(&ctx, label.p, label.n);
    (void)SHA256_Update(&ctx, data, n);
    (void)SHA256_Final(whole, &ctx);
    ctx = h->outer;
    (void)SHA256_Update(&ctx, whole, sizeof(whole));
    (void)SHA256_Final(whole, &ctx);
    memcpy(mac, whole, nmac);
    return true;
}

bool
senda_sign_verify(const senda_secret_t *secret, senda_str_t label, const void *data, size_t n,
    const uint8_t *mac, size_t nmac)
{
    uint8_t right[SENDA_MAC_MAX];

    return senda_sign(secret, label, data, n, right, nmac) && CRYPTO_memcmp(right, mac, nmac) == 0;
}

const senda_secret_t *
senda_secret_find(const senda_secret_t *list, unsigned n, uint8_t number)
{
    for (unsigned i = 0; i < n; i++) {
        if (list[i].number == number) {
            return &list[i];
        }
    }
    return NULL;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
senda_base64url_encode(const void *data, size_t n, char *out)
{
    const uint8_t *bytes = data;
    size_t len = 0;

    for (; n >= 3; bytes += 3, n -= 3, len += 4) {
        uint32_t bits = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];

        out[len] = digits[bits >> 18];
        out[len + 1] = digits[bits >> 12 & 63];
        out[len + 2] = digits[bits >> 6 & 63];
        out[len + 3] = digits[bits & 63];
    }
    if (n > 0) {
        uint32_t bits = (uint32_t)bytes[0] << 16 | (n == 2 ? (uint32_t)bytes[1] << 8 : 0);

        out[len++] = digits[bits >> 18];
        out[len++] = digits[bits >> 12 & 63];
        if (n == 2) {
            out[len++] = digits[bits >> 6 & 63];
        }
    }
    return len;
}

/* A character's value plus one; 0: no digit. */
static const uint8_t values[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 53, 54, 55,
    56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 64, 0, 27, 28, 29, 30, 31, 32, 33,
    34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52 };

/* Four characters as 24 bits; more than that: one of them is no digit. */
static inline uint32_t
four(const uint8_t *p)
{
    uint32_t a = values[p[0]] - 1u, b = values[p[1]] - 1u, c = values[p[2]] - 1u,
             d = values[p[3]] - 1u;

    return (a | b | c | d) > 63 ? UINT32_MAX : a << 18 | b << 12 | c << 6 | d;
}

size_t
senda_base64url_decode(senda_str_t s, uint8_t *out)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t n = s.n, len = 0;
    uint8_t rest[4];
    uint32_t bits;

    for (; n >= 4; p += 4, n -= 4) {
        bits = four(p);
        if (bits == UINT32_MAX) {
            return 0;
        }
        out[len++] = (uint8_t)(bits >> 16);
        out[len++] = (uint8_t)(bits >> 8);
        out[len++] = (uint8_t)bits;
    }
    if (n == 0) {
        return len;
    }
    memset(rest, 'A', sizeof(rest)); /* zeros: what is cut off must be none */
    memcpy(rest, p, n);
    bits = four(rest);
    if (n == 1 || bits == UINT32_MAX || (bits & (n == 2 ? 0xffff : 0xff)) != 0) {
        return 0;
    }
    out[len++] = (uint8_t)(bits >> 16);
    if (n == 3) {
        out[len++] = (uint8_t)(bits >> 8);
    }
    return len;
}
