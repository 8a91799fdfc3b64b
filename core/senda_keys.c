/*
 * Key files: text to keys and back, and fresh keys. A line that cannot be read
 * makes the whole file bad, with its place and the cause; secrets never stand
 * in a message, and buffers that held them are wiped.
 */

#include "senda_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define FILE_MAX 16384 /* bytes; more than all keys with a comment each */
#define HEX_LEN  (2 * SENDA_SECRET_LEN)

enum { COOKIE, LINKS, RETURN_PATH, SEAL_PUBLIC, SEAL_SECRET, SEAL_OLD, KINDS };

static const char *const kinds[KINDS] = { "cookie", "links", "return-path", "seal-public",
    "seal-secret", "seal-old" };

/* A line as it is read; words are slices of the text. */
typedef struct {
    senda_keys_t *k;
    const char *name;
    unsigned line;
    senda_err_t *err;
} place_t;

static senda_str_t
next_word(senda_str_t *line)
{
    senda_str_t w;

    while (line->n > 0 && (*line->p == ' ' || *line->p == '\t' || *line->p == '\r')) {
        line->p++;
        line->n--;
    }
    w = (senda_str_t){ line->p, 0 };
    if (line->n > 0 && *line->p == '#') {
        return w;
    }
    while (w.n < line->n && w.p[w.n] != ' ' && w.p[w.n] != '\t' && w.p[w.n] != '\r') {
        w.n++;
    }
    line->p += w.n;
    line->n -= w.n;
    return w;
}

static senda_rc_t
read_hex(const place_t *at, senda_str_t word, uint8_t out[SENDA_SECRET_LEN])
{
    if (word.n != HEX_LEN) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: a key is %d hex digits, here are %zu",
            at->name, at->line, HEX_LEN, word.n);
    }
    for (unsigned i = 0; i < HEX_LEN; i++) {
        int c = word.p[i] | 0x20;
        int v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

        if (v < 0) {
            return senda_fail(at->err, SENDA_BAD, "%s:%u: a key is hex digits, number %u is none",
                at->name, at->line, i + 1);
        }
        out[i / 2] = (uint8_t)(i % 2 == 0 ? v << 4 : out[i / 2] | v);
    }
    return SENDA_OK;
}

static senda_rc_t
read_number(const place_t *at, senda_str_t word, uint8_t *out)
{
    unsigned v = 0;

    for (size_t i = 0; i < word.n && v < 256; i++) {
        if (word.p[i] < '0' || word.p[i] > '9') {
            v = 256;
        } else {
            v = v * 10 + (unsigned)(word.p[i] - '0');
        }
    }
    if (word.n == 0 || v == 0 || v > 255) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: expected the key's number, 1 to 255",
            at->name, at->line);
    }
    *out = (uint8_t)v;
    return SENDA_OK;
}

/* "2026-11-22", or nothing: 0. */
static senda_rc_t
read_day(const place_t *at, senda_str_t word, uint16_t *day)
{
    struct tm tm = { .tm_isdst = 0 };
    char text[16], *end;
    time_t t;

    *day = 0;
    if (word.n == 0) {
        return SENDA_OK;
    }
    (void)snprintf(text, sizeof(text), "%.*s", (int)word.n, word.p);
    end = strptime(text, "%Y-%m-%d", &tm);
    t = end != NULL && *end == '\0' && word.n == 10 ? timegm(&tm) : -1;
    if (t < 0 || t / 86400 > UINT16_MAX) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: expected the day as 2026-11-22", at->name,
            at->line);
    }
    *day = (uint16_t)(t / 86400);
    return SENDA_OK;
}

/* A numbered key into its place in order of number. */
static senda_rc_t
read_numbered(const place_t *at, senda_str_t *line, senda_secret_t *list, unsigned *n)
{
    senda_secret_t s;
    unsigned i = *n;
    senda_rc_t rc = read_number(at, next_word(line), &s.number);

    if (rc == SENDA_OK) {
        rc = read_hex(at, next_word(line), s.key);
    }
    if (rc == SENDA_OK) {
        rc = read_day(at, next_word(line), &s.day);
    }
    if (rc != SENDA_OK) {
        return rc;
    }
    if (i == SENDA_SECRETS_MAX) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: more than %d keys of this kind", at->name,
            at->line, SENDA_SECRETS_MAX);
    }
    for (; i > 0 && list[i - 1].number >= s.number; i--) {
        if (list[i - 1].number == s.number) {
            return senda_fail(at->err, SENDA_BAD, "%s:%u: number %u is there already", at->name,
                at->line, s.number);
        }
        list[i] = list[i - 1];
    }
    list[i] = s;
    (*n)++;
    OPENSSL_cleanse(&s, sizeof(s));
    return SENDA_OK;
}

static senda_rc_t
read_seal(const place_t *at, senda_str_t *line, bool *has, uint8_t out[32])
{
    if (*has) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: a second key of this kind", at->name,
            at->line);
    }
    *has = true;
    return read_hex(at, next_word(line), out);
}

static senda_rc_t
read_old(const place_t *at, senda_str_t *line)
{
    senda_secret_t *s = &at->k->seal_old[at->k->nold];
    senda_rc_t rc;

    if (at->k->nold == SENDA_SECRETS_MAX) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: more than %d keys of this kind", at->name,
            at->line, SENDA_SECRETS_MAX);
    }
    at->k->nold++;
    rc = read_hex(at, next_word(line), s->key);
    return rc == SENDA_OK ? read_day(at, next_word(line), &s->day) : rc;
}

static senda_rc_t
read_line(const place_t *at, senda_str_t line)
{
    senda_str_t word = next_word(&line);
    senda_keys_t *k = at->k;
    unsigned kind = 0;
    senda_rc_t rc;

    if (word.n == 0) {
        return SENDA_OK;
    }
    while (kind < KINDS && !senda_str_eq(word, senda_cstr(kinds[kind]))) {
        kind++;
    }
    switch (kind) {
    case COOKIE:
        rc = read_numbered(at, &line, k->cookie, &k->ncookie);
        break;
    case LINKS:
        rc = read_numbered(at, &line, k->links, &k->nlinks);
        break;
    case RETURN_PATH:
        rc = read_numbered(at, &line, k->return_path, &k->nreturn);
        break;
    case SEAL_PUBLIC:
        rc = read_seal(at, &line, &k->has_seal_public, k->seal_public);
        break;
    case SEAL_SECRET:
        rc = read_seal(at, &line, &k->has_seal_secret, k->seal_secret);
        break;
    case SEAL_OLD:
        rc = read_old(at, &line);
        break;
    default:
        return senda_fail(at->err, SENDA_BAD,
            "%s:%u: unknown kind of key; known are cookie, links, return-path, seal-public, "
            "seal-secret, seal-old",
            at->name, at->line);
    }
    if (rc == SENDA_OK && next_word(&line).n != 0) {
        return senda_fail(at->err, SENDA_BAD, "%s:%u: too many words behind the key", at->name,
            at->line);
    }
    return rc;
}

senda_rc_t
senda_keys_parse(senda_keys_t *k, senda_str_t text, const char *name, senda_err_t *err)
{
    place_t at = { NULL, name, 0, NULL };
    const char *p = text.p, *end = text.p + text.n;
    senda_rc_t rc = SENDA_OK;

    memset(k, 0, sizeof(*k));
    at.k = k;
    at.err = err;
    while (p < end && rc == SENDA_OK) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        stop = stop != NULL ? stop : end;
        at.line++;
        rc = read_line(&at, (senda_str_t){ p, (size_t)(stop - p) });
        p = stop < end ? stop + 1 : end;
    }
    if (rc == SENDA_OK && k->ncookie + k->nlinks + k->nreturn == 0 && !k->has_seal_public &&
        !k->has_seal_secret) {
        rc = senda_fail(err, SENDA_BAD, "%s: holds no key; `senda keygen` makes key files", name);
    }
    if (rc != SENDA_OK) {
        OPENSSL_cleanse(k, sizeof(*k));
    }
    return rc;
}

senda_rc_t
senda_keys_read(senda_keys_t *k, const char *file, senda_err_t *err)
{
    char buf[FILE_MAX];
    size_t n = 0;
    ssize_t got = 1;
    senda_rc_t rc;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    memset(k, 0, sizeof(*k));
    if (fd == -1) {
        return senda_fail(err, SENDA_SYS, "%s: cannot be read: %s", file, strerror(errno));
    }
    while (got != 0 && n < sizeof(buf)) {
        got = read(fd, buf + n, sizeof(buf) - n);
        if (got > 0) {
            n += (size_t)got;
        } else if (got < 0 && errno != EINTR) {
            break;
        }
    }
    if (got < 0) {
        rc = senda_fail(err, SENDA_SYS, "%s: cannot be read: %s", file, strerror(errno));
    } else if (n == sizeof(buf)) {
        rc = senda_fail(err, SENDA_BAD, "%s: larger than a key file is (%d bytes)", file, FILE_MAX);
    } else {
        rc = senda_keys_parse(k, (senda_str_t){ buf, n }, file, err);
    }
    OPENSSL_cleanse(buf, sizeof(buf));
    close(fd);
    return rc;
}

static bool
public_of(const uint8_t secret[32], uint8_t public_key[32])
{
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
    size_t n = 32;
    bool ok = pair != NULL && EVP_PKEY_get_raw_public_key(pair, public_key, &n) == 1 && n == 32;

    EVP_PKEY_free(pair);
    return ok;
}

/* A fresh X25519 pair (RFC 7748, 5): any 32 random bytes are a secret key. */
static bool
make_pair(uint8_t secret[32], uint8_t public_key[32])
{
    return RAND_priv_bytes(secret, 32) == 1 && public_of(secret, public_key);
}

senda_rc_t
senda_keys_make(senda_keys_t *nginx, senda_keys_t *sidecar, senda_err_t *err)
{
    memset(nginx, 0, sizeof(*nginx));
    memset(sidecar, 0, sizeof(*sidecar));
    nginx->ncookie = nginx->nlinks = sidecar->nlinks = sidecar->nreturn = 1;
    nginx->cookie[0].number = nginx->links[0].number = sidecar->return_path[0].number = 1;
    nginx->has_seal_public = sidecar->has_seal_secret = true;
    if (RAND_priv_bytes(nginx->cookie[0].key, SENDA_SECRET_LEN) != 1 ||
        RAND_priv_bytes(nginx->links[0].key, SENDA_SECRET_LEN) != 1 ||
        RAND_priv_bytes(sidecar->return_path[0].key, SENDA_SECRET_LEN) != 1 ||
        !make_pair(sidecar->seal_secret, nginx->seal_public)) {
        OPENSSL_cleanse(nginx, sizeof(*nginx));
        OPENSSL_cleanse(sidecar, sizeof(*sidecar));
        return senda_fail(err, SENDA_SYS, "no randomness for keys");
    }
    sidecar->links[0] = nginx->links[0];
    return SENDA_OK;
}

/* Keys that stopped signing more than keep days ago go: the next one's day says when that was. */
static void
drop_old(senda_secret_t *list, unsigned *n, uint16_t today, unsigned keep)
{
    unsigned gone = 0;

    while (gone + 1 < *n && list[gone + 1].day != 0 && list[gone + 1].day + keep < today) {
        gone++;
    }
    memmove(list, list + gone, (*n - gone) * sizeof(*list));
    *n -= gone;
}

static senda_rc_t
add_key(senda_secret_t *list, unsigned *n, uint16_t today, senda_err_t *err)
{
    senda_secret_t *s = &list[*n];

    if (*n == SENDA_SECRETS_MAX || (*n > 0 && list[*n - 1].number == 255)) {
        return senda_fail(err, SENDA_FULL,
            "there is no room for another key: the oldest one may still be in use");
    }
    s->number = *n > 0 ? (uint8_t)(list[*n - 1].number + 1) : 1;
    s->day = today;
    if (RAND_priv_bytes(s->key, SENDA_SECRET_LEN) != 1) {
        return senda_fail(err, SENDA_SYS, "no randomness for keys");
    }
    (*n)++;
    return SENDA_OK;
}

static bool
is_pair(const senda_keys_t *nginx, const senda_keys_t *sidecar)
{
    uint8_t public_key[32];

    return nginx->has_seal_public && sidecar->has_seal_secret && nginx->nlinks == sidecar->nlinks &&
        nginx->nlinks > 0 && nginx->ncookie > 0 &&
        CRYPTO_memcmp(nginx->links[nginx->nlinks - 1].key, sidecar->links[sidecar->nlinks - 1].key,
            SENDA_SECRET_LEN) == 0 &&
        public_of(sidecar->seal_secret, public_key) &&
        CRYPTO_memcmp(public_key, nginx->seal_public, sizeof(public_key)) == 0;
}

static senda_rc_t
rotate(senda_keys_t *nginx, senda_keys_t *sidecar, uint16_t today, unsigned keep, senda_err_t *err)
{
    senda_secret_t *old;
    senda_rc_t rc;

    drop_old(nginx->cookie, &nginx->ncookie, today, keep);
    drop_old(nginx->links, &nginx->nlinks, today, keep);
    while (sidecar->nold > 0 && sidecar->seal_old[0].day + keep < today) {
        memmove(sidecar->seal_old, sidecar->seal_old + 1,
            --sidecar->nold * sizeof(sidecar->seal_old[0]));
    }
    rc = add_key(nginx->cookie, &nginx->ncookie, today, err);
    if (rc == SENDA_OK) {
        rc = add_key(nginx->links, &nginx->nlinks, today, err);
    }
    if (rc == SENDA_OK && sidecar->nold == SENDA_SECRETS_MAX) {
        rc = senda_fail(err, SENDA_FULL,
            "there is no room for another key: the oldest one may still be in use");
    }
    if (rc != SENDA_OK) {
        return rc;
    }
    memcpy(sidecar->links, nginx->links, sizeof(sidecar->links));
    sidecar->nlinks = nginx->nlinks;
    old = &sidecar->seal_old[sidecar->nold++];
    *old = (senda_secret_t){ .day = today };
    memcpy(old->key, sidecar->seal_secret, sizeof(old->key));
    return make_pair(sidecar->seal_secret, nginx->seal_public)
        ? SENDA_OK
        : senda_fail(err, SENDA_SYS, "no randomness for keys");
}

senda_rc_t
senda_keys_rotate(senda_keys_t *nginx, senda_keys_t *sidecar, uint16_t today, unsigned keep,
    senda_err_t *err)
{
    senda_keys_t n = *nginx, s = *sidecar;
    senda_rc_t rc = SENDA_OK;

    if (!is_pair(nginx, sidecar)) {
        rc = senda_fail(err, SENDA_BAD, "the two key files do not belong together");
    }
    if (rc == SENDA_OK) {
        rc = rotate(&n, &s, today, keep, err);
    }
    if (rc == SENDA_OK) {
        *nginx = n;
        *sidecar = s;
    }
    OPENSSL_cleanse(&n, sizeof(n));
    OPENSSL_cleanse(&s, sizeof(s));
    return rc;
}

typedef struct {
    char *p;
    size_t left;
    bool full;
} printer_t;

/* number and day: 0: none. */
static void
print_line(printer_t *w, unsigned kind, unsigned number, const uint8_t key[SENDA_SECRET_LEN],
    uint16_t day)
{
    char hex[HEX_LEN + 1], head[8] = "", tail[16] = "";
    time_t t = (time_t)day * 86400;
    struct tm tm;
    int n;

    for (unsigned i = 0; i < SENDA_SECRET_LEN; i++) {
        (void)snprintf(hex + (size_t)2 * i, 3, "%02x", key[i]);
    }
    if (number != 0) {
        (void)snprintf(head, sizeof(head), " %u", number & 0xff);
    }
    if (day != 0 && gmtime_r(&t, &tm) != NULL) {
        (void)strftime(tail, sizeof(tail), " %Y-%m-%d", &tm);
    }
    n = snprintf(w->p, w->left, "%s%s %s%s\n", kinds[kind], head, hex, tail);
    OPENSSL_cleanse(hex, sizeof(hex));
    if (n < 0 || (size_t)n >= w->left) {
        w->full = true;
        return;
    }
    w->p += n;
    w->left -= (size_t)n;
}

static void
print_list(printer_t *w, unsigned kind, const senda_secret_t *list, unsigned n)
{
    for (unsigned i = 0; i < n && !w->full; i++) {
        print_line(w, kind, list[i].number, list[i].key, list[i].day);
    }
}

size_t
senda_keys_print(const senda_keys_t *k, char *buf, size_t size)
{
    printer_t w = { buf, size, size == 0 };

    print_list(&w, COOKIE, k->cookie, k->ncookie);
    print_list(&w, LINKS, k->links, k->nlinks);
    print_list(&w, RETURN_PATH, k->return_path, k->nreturn);
    if (k->has_seal_public && !w.full) {
        print_line(&w, SEAL_PUBLIC, 0, k->seal_public, 0);
    }
    if (k->has_seal_secret && !w.full) {
        print_line(&w, SEAL_SECRET, 0, k->seal_secret, 0);
    }
    print_list(&w, SEAL_OLD, k->seal_old, k->nold);
    return w.full ? 0 : size - w.left;
}
