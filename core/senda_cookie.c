/*
 * The visitor's cookie, made and read, and the mark of a person in it. A value that differs in one bit from
 * what was made, also in bits that base64 leaves unused, is refused; nothing of
 * a refused value is handed out.
 */

#include "senda_cookie.h"

#include "senda_sign.h"

#include <openssl/rand.h>

#define VERSION_PLAIN  1                               /* nobody's login is known */
#define VERSION_PERSON 2                               /* mark and session follow the visitor */
#define FIXED_LEN      (1 + 1 + 2 + SENDA_VISITOR_LEN) /* version, key number, day, visitor */
#define SESSION_LEN    4                               /* minutes since 1970, big-endian */
#define PERSON_LEN     (SENDA_PERSON_LEN + SESSION_LEN)
#define TIME_LEN       5 /* of a landing: seconds, big-endian */
#define MAC_LEN        16
#define RAW_MAX        (FIXED_LEN + PERSON_LEN + TIME_LEN + SENDA_LANDING_MAX + MAC_LEN)

_Static_assert(SENDA_BASE64URL_LEN(RAW_MAX) <= SENDA_COOKIE_MAX, "the longest cookie fits");

/* As in the header line, so that no name's cookie passes as another's. */
static senda_str_t
label_of(senda_str_t name, char label[SENDA_NAME_MAX + 1])
{
    size_t n = name.n < SENDA_NAME_MAX ? name.n : SENDA_NAME_MAX;

    memcpy(label, name.p, n);
    label[n] = '=';
    return (senda_str_t){ label, n + 1 };
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

static void
put_be(uint8_t *out, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        out[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    }
}

static uint64_t
get_be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

bool
senda_cookie_has_person(const senda_cookie_t *c)
{
    static const uint8_t nobody[SENDA_PERSON_LEN];

    return memcmp(c->person, nobody, sizeof(nobody)) != 0;
}

size_t
senda_cookie_make(const senda_cookie_t *c, const senda_keys_t *k, senda_str_t name, char *buf,
    size_t size)
{
    uint8_t raw[RAW_MAX];
    char label[SENDA_NAME_MAX + 1];
    size_t landing = landing_len(c), n = FIXED_LEN;
    const senda_secret_t *secret;

    if (k->ncookie == 0) {
        return 0;
    }
    secret = &k->cookie[k->ncookie - 1];
    raw[0] = senda_cookie_has_person(c) ? VERSION_PERSON : VERSION_PLAIN;
    raw[1] = secret->number;
    put_be(raw + 2, c->day, 2);
    memcpy(raw + 4, c->visitor.b, SENDA_VISITOR_LEN);
    if (raw[0] == VERSION_PERSON) {
        memcpy(raw + n, c->person, SENDA_PERSON_LEN);
        put_be(raw + n + SENDA_PERSON_LEN, (uint64_t)(c->session / 60), SESSION_LEN);
        n += PERSON_LEN;
    }
    if (landing != 0) {
        put_be(raw + n, (uint64_t)c->landing_at, TIME_LEN);
        n += TIME_LEN;
        memcpy(raw + n, c->landing_uri.p, landing);
        n += landing;
    }
    if (SENDA_BASE64URL_LEN(n + MAC_LEN) > size ||
        !senda_sign(secret, label_of(name, label), raw, n, raw + n, MAC_LEN)) {
        return 0;
    }
    return senda_base64url_encode(raw, n + MAC_LEN, buf);
}

/* Where the landing begins in n bytes without MAC; 0: they are no cookie. */
static size_t
shape_of(const uint8_t *raw, size_t n)
{
    size_t fixed = raw[0] == VERSION_PERSON ? FIXED_LEN + PERSON_LEN : FIXED_LEN;

    if (raw[0] != VERSION_PLAIN && raw[0] != VERSION_PERSON) {
        return 0;
    }
    return n == fixed || n > fixed + TIME_LEN ? fixed : 0;
}

senda_str_t
senda_cookie_find(senda_str_t header, senda_str_t name)
{
    const char *p = header.p, *end = header.p + header.n;

    while (p < end) {
        const char *stop;

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }
        stop = p < end ? memchr(p, ';', (size_t)(end - p)) : NULL;
        if (stop == NULL) {
            stop = end;
        }
        if ((size_t)(stop - p) > name.n && p[name.n] == '=' && memcmp(p, name.p, name.n) == 0) {
            p += name.n + 1;
            while (stop > p && (stop[-1] == ' ' || stop[-1] == '\t')) {
                stop--;
            }
            return (senda_str_t){ p, (size_t)(stop - p) };
        }
        p = stop + 1;
    }
    return (senda_str_t){ "", 0 };
}

senda_rc_t
senda_cookie_read(senda_cookie_t *c, const senda_keys_t *k, senda_str_t name, senda_str_t value,
    uint16_t today, unsigned max_age_days, char *scratch)
{
    uint8_t *raw = (uint8_t *)scratch;
    char label[SENDA_NAME_MAX + 1];
    const senda_secret_t *secret;
    size_t n, fixed;
    uint16_t day;

    memset(c, 0, sizeof(*c));
    if (value.n > SENDA_BASE64URL_LEN(RAW_MAX)) {
        return SENDA_BAD;
    }
    n = senda_base64url_decode(value, raw);
    if (n < FIXED_LEN + MAC_LEN) {
        return SENDA_BAD;
    }
    n -= MAC_LEN;
    fixed = shape_of(raw, n);
    secret = senda_secret_find(k->cookie, k->ncookie, raw[1]);
    if (fixed == 0 || secret == NULL ||
        !senda_sign_verify(secret, label_of(name, label), raw, n, raw + n, MAC_LEN)) {
        return SENDA_BAD;
    }
    day = (uint16_t)get_be(raw + 2, 2);
    if (!senda_cookie_day_is_good(day, today, max_age_days)) {
        return SENDA_BAD;
    }
    memcpy(c->visitor.b, raw + 4, SENDA_VISITOR_LEN);
    c->day = day;
    if (raw[0] == VERSION_PERSON) {
        memcpy(c->person, raw + FIXED_LEN, SENDA_PERSON_LEN);
        c->session = (senda_sec_t)get_be(raw + FIXED_LEN + SENDA_PERSON_LEN, SESSION_LEN) * 60;
    }
    if (n > fixed) {
        c->landing = true;
        c->landing_at = (senda_sec_t)get_be(raw + fixed, TIME_LEN);
        c->landing_uri = (senda_str_t){ scratch + fixed + TIME_LEN, n - fixed - TIME_LEN };
    }
    return SENDA_OK;
}

/* A cookie's label holds no space before its '=': no mark passes as a cookie, nor the reverse. */
static bool
mark_with(const senda_secret_t *secret, senda_str_t email, uint8_t mark[SENDA_PERSON_LEN])
{
    mark[0] = secret->number;
    return senda_sign(secret, SENDA_STR("person "), email.p, email.n, mark + 1,
        SENDA_PERSON_LEN - 1);
}

bool
senda_person_mark(const senda_keys_t *k, senda_str_t email, uint8_t mark[SENDA_PERSON_LEN])
{
    return k->ncookie > 0 && email.n > 0 && mark_with(&k->cookie[k->ncookie - 1], email, mark);
}

bool
senda_person_is_other(const senda_keys_t *k, senda_str_t email,
    const uint8_t mark[SENDA_PERSON_LEN])
{
    const senda_secret_t *secret = senda_secret_find(k->cookie, k->ncookie, mark[0]);
    uint8_t own[SENDA_PERSON_LEN];

    return secret != NULL && mark_with(secret, email, own) && memcmp(own, mark, sizeof(own)) != 0;
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
