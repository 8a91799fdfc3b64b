/*
 * The visitor's cookie, made and read. Keeps one keyed HMAC context for each
 * key in use, because making one costs five times what using it does. A value
 * that differs in one bit from what was made, also in bits that base64 leaves
 * unused, is refused; nothing of a refused value is handed out.
 */

#include "senda_cookie.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#define COOKIE_VERSION 1
#define FIXED_LEN      (1 + 1 + 2 + SENDA_VISITOR_LEN) /* version, key number, day, visitor */
#define TIME_LEN       5                               /* of a landing: seconds, big-endian */
#define MAC_LEN        16
#define RAW_MAX        (FIXED_LEN + TIME_LEN + SENDA_LANDING_MAX + MAC_LEN)

_Static_assert((RAW_MAX * 4 + 2) / 3 <= SENDA_COOKIE_MAX, "the longest cookie fits");

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A context of this thread that knows the key; NULL if OpenSSL gives none. */
static EVP_MAC_CTX *
mac_of(const uint8_t key[SENDA_SECRET_LEN])
{
    static _Thread_local struct {
        uint8_t key[SENDA_SECRET_LEN];
        EVP_MAC_CTX *ctx;
    } kept[SENDA_SECRETS_MAX];
    static _Thread_local unsigned next;
    OSSL_PARAM params[] = { OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_END };
    EVP_MAC_CTX *ctx = NULL;
    EVP_MAC *mac;

    for (unsigned i = 0; i < SENDA_SECRETS_MAX; i++) {
        if (kept[i].ctx != NULL && CRYPTO_memcmp(kept[i].key, key, SENDA_SECRET_LEN) == 0) {
            return EVP_MAC_init(kept[i].ctx, NULL, 0, NULL) == 1 ? kept[i].ctx : NULL;
        }
    }
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac != NULL) {
        ctx = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac);
    }
    if (ctx == NULL || EVP_MAC_init(ctx, key, SENDA_SECRET_LEN, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    EVP_MAC_CTX_free(kept[next].ctx);
    kept[next].ctx = ctx;
    memcpy(kept[next].key, key, SENDA_SECRET_LEN);
    next = (next + 1) % SENDA_SECRETS_MAX;
    return ctx;
}

/* HMAC over name, '=' and data: as in the header line, so no name's cookie passes as another's. */
static bool
sign(const senda_secret_t *secret, senda_str_t name, const uint8_t *data, size_t n,
    uint8_t out[MAC_LEN])
{
    EVP_MAC_CTX *ctx = mac_of(secret->key);
    uint8_t mac[32];
    size_t len;

    if (ctx == NULL || EVP_MAC_update(ctx, (const uint8_t *)name.p, name.n) != 1 ||
        EVP_MAC_update(ctx, (const uint8_t *)"=", 1) != 1 || EVP_MAC_update(ctx, data, n) != 1 ||
        EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1) {
        return false;
    }
    memcpy(out, mac, MAC_LEN);
    return true;
}

static size_t
encode(const uint8_t *data, size_t n, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | data[i];
        for (have += 8; have >= 6; have -= 6) {
            out[len++] = digits[bits >> (have - 6) & 63];
        }
    }
    if (have > 0) {
        out[len++] = digits[bits << (6 - have) & 63];
    }
    return len;
}

static int
digit_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* The length, 0 if it is no base64url or its unused bits are not zero. */
static size_t
decode(senda_str_t s, uint8_t *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t len = 0;

    for (size_t i = 0; i < s.n; i++) {
        int d = digit_of((unsigned char)s.p[i]);

        if (d < 0) {
            return 0;
        }
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[len++] = (uint8_t)(bits >> have);
        }
    }
    return have < 6 && (bits & ((1u << have) - 1)) == 0 ? len : 0;
}

/* What of a landing address is carried: all, else the path, else nothing. */
static size_t
landing_len(const senda_cookie_t *c)
{
    const char *args;

    if (!c->landing || c->landing_uri.n == 0 || c->landing_at < 0 ||
        c->landing_at >> (8 * TIME_LEN) != 0) {
        return 0;
    }
    if (c->landing_uri.n <= SENDA_LANDING_MAX) {
        return c->landing_uri.n;
    }
    args = memchr(c->landing_uri.p, '?', SENDA_LANDING_MAX + 1);
    return args != NULL ? (size_t)(args - c->landing_uri.p) : 0;
}

size_t
senda_cookie_make(const senda_cookie_t *c, const senda_keys_t *k, senda_str_t name, char *buf,
    size_t size)
{
    uint8_t raw[RAW_MAX];
    size_t landing = landing_len(c), n = FIXED_LEN;
    const senda_secret_t *secret;

    if (k->ncookie == 0) {
        return 0;
    }
    secret = &k->cookie[k->ncookie - 1];
    raw[0] = COOKIE_VERSION;
    raw[1] = secret->number;
    raw[2] = (uint8_t)(c->day >> 8);
    raw[3] = (uint8_t)c->day;
    memcpy(raw + 4, c->visitor.b, SENDA_VISITOR_LEN);
    if (landing != 0) {
        for (unsigned i = 0; i < TIME_LEN; i++) {
            raw[n++] = (uint8_t)(c->landing_at >> (8 * (TIME_LEN - 1 - i)));
        }
        memcpy(raw + n, c->landing_uri.p, landing);
        n += landing;
    }
    if (((n + MAC_LEN) * 4 + 2) / 3 > size || !sign(secret, name, raw, n, raw + n)) {
        return 0;
    }
    return encode(raw, n + MAC_LEN, buf);
}

static const senda_secret_t *
find_secret(const senda_keys_t *k, uint8_t number)
{
    for (unsigned i = 0; i < k->ncookie; i++) {
        if (k->cookie[i].number == number) {
            return &k->cookie[i];
        }
    }
    return NULL;
}

senda_rc_t
senda_cookie_read(senda_cookie_t *c, const senda_keys_t *k, senda_str_t name, senda_str_t value,
    uint16_t today, unsigned max_age_days, char *scratch)
{
    uint8_t *raw = (uint8_t *)scratch, mac[MAC_LEN];
    const senda_secret_t *secret;
    uint16_t day;
    size_t n;

    memset(c, 0, sizeof(*c));
    if (value.n > (RAW_MAX * 4 + 2) / 3) {
        return SENDA_BAD;
    }
    n = decode(value, raw);
    if (n < FIXED_LEN + MAC_LEN || raw[0] != COOKIE_VERSION) {
        return SENDA_BAD;
    }
    n -= MAC_LEN;
    if (n > FIXED_LEN && n <= FIXED_LEN + TIME_LEN) {
        return SENDA_BAD;
    }
    secret = find_secret(k, raw[1]);
    if (secret == NULL || !sign(secret, name, raw, n, mac) ||
        CRYPTO_memcmp(mac, raw + n, MAC_LEN) != 0) {
        return SENDA_BAD;
    }
    day = (uint16_t)(raw[2] << 8 | raw[3]);
    if (day > today || (unsigned)(today - day) > max_age_days) {
        return SENDA_BAD;
    }
    memcpy(c->visitor.b, raw + 4, SENDA_VISITOR_LEN);
    c->day = day;
    if (n > FIXED_LEN) {
        c->landing = true;
        for (unsigned i = 0; i < TIME_LEN; i++) {
            c->landing_at = c->landing_at << 8 | raw[FIXED_LEN + i];
        }
        c->landing_uri = (senda_str_t){ scratch + FIXED_LEN + TIME_LEN, n - FIXED_LEN - TIME_LEN };
    }
    return SENDA_OK;
}

senda_rc_t
senda_visitor_make(senda_visitor_t *v)
{
    return RAND_bytes(v->b, SENDA_VISITOR_LEN) == 1 ? SENDA_OK : SENDA_SYS;
}

void
senda_visitor_print(const senda_visitor_t *v, char out[33])
{
    static const char hex[] = "0123456789abcdef";

    for (unsigned i = 0; i < SENDA_VISITOR_LEN; i++) {
        out[2 * i] = hex[v->b[i] >> 4];
        out[2 * i + 1] = hex[v->b[i] & 15];
    }
    out[32] = '\0';
}
