/*
 * Addresses taken apart and decoded into the caller's struct. Allocates
 * nothing, reads each byte once. What cannot be an address is refused whole:
 * too long is SENDA_FULL, a control character or a path without '/' is
 * SENDA_BAD.
 */

#include "senda_url.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static int
hex_of(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline char
lower(char c)
{
    return (char)(c | ((unsigned char)(c - 'A') < 26) << 5);
}

/* Eight bytes at a time (Bit Twiddling Hacks, "determine if a word has a byte …"). */
#define ONES           0x0101010101010101u
#define HIGHS          (ONES << 7)
#define HAS_ZERO(w)    (((w)-ONES) & ~(w)&HIGHS)
#define HAS_BYTE(w, c) HAS_ZERO((w) ^ ONES * (c))
#define HAS_LESS(w, c) (((w)-ONES * (c)) & ~(w)&HIGHS)

static inline bool
is_plain(uint64_t w)
{
    return ((w & HIGHS) | HAS_LESS(w, 0x20) | HAS_BYTE(w, 0x7f) | HAS_BYTE(w, '%') |
               HAS_BYTE(w, '+')) == 0;
}

/* How many bytes at the beginning of s surely stand for themselves, whatever part they are in. */
static inline size_t
plain_len(senda_str_t s)
{
    uint64_t w;
    size_t i = 0;

    for (; i + sizeof(w) <= s.n; i += sizeof(w)) {
        memcpy(&w, s.p + i, sizeof(w));
        if (!is_plain(w)) {
            return i;
        }
    }
    if (i == 0 || i == s.n) {
        return i;
    }
    memcpy(&w, s.p + s.n - sizeof(w), sizeof(w)); /* with some of the bytes before once more */
    return is_plain(w) ? s.n : i;
}

/* Writes s in lower case. */
static inline void
lower_all(char *dst, senda_str_t s)
{
    uint64_t w, low, upper;
    size_t i = 0;

    for (; i + sizeof(w) <= s.n; i += sizeof(w)) {
        memcpy(&w, s.p + i, sizeof(w));
        low = w & ~HIGHS;
        upper = (low + ONES * (0x80 - 'A')) & ~(low + ONES * (0x7f - 'Z')) & ~w & HIGHS;
        w |= upper >> 2;
        memcpy(dst + i, &w, sizeof(w));
    }
    for (; i < s.n; i++) {
        dst[i] = lower(s.p[i]);
    }
}

/* The byte that starts at src.p[*i], with *i moved past it. */
static inline unsigned char
decode_byte(senda_str_t src, size_t *i, bool form)
{
    unsigned char c = (unsigned char)src.p[(*i)++];

    if (c == '%' && src.n - *i >= 2) {
        int high = hex_of((unsigned char)src.p[*i]);
        int low = hex_of((unsigned char)src.p[*i + 1]);

        if (high >= 0 && low >= 0) {
            *i += 2;
            return (unsigned char)(high << 4 | low);
        }
    } else if (c == '+' && form) {
        return ' ';
    }
    return c;
}

size_t
senda_percent_decode(char *dst, senda_str_t src, bool form)
{
    size_t i = 0, n = 0;

    while (i < src.n) {
        dst[n++] = (char)decode_byte(src, &i, form);
    }
    return n;
}

/* The length of the UTF-8 character at p, 0 if there is none (Unicode, table 3-7). */
static size_t
utf8_len(const unsigned char *p, size_t n)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t len;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    switch (p[0]) {
    case 0xe0:
        low = 0xa0;
        break;
    case 0xed:
        high = 0x9f;
        break;
    case 0xf0:
        low = 0x90;
        break;
    case 0xf4:
        high = 0x8f;
        break;
    default:
        break;
    }
    for (size_t i = 1; i < len; i++) {
        if (i >= n || p[i] < low || p[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return len;
}

/* How many bytes of a broken character one U+FFFD stands for: what could have begun one. */
static size_t
broken_len(const unsigned char *p, size_t n)
{
    unsigned char tail[4] = { p[0], 0x80, 0x80, 0x80 };
    size_t len = 1;

    while (len < n && len < 3) {
        tail[len] = p[len];
        if (utf8_len(tail, 4) <= len) {
            break;
        }
        len++;
    }
    return len;
}

/* Rewrites buf's n bytes with every broken character replaced. */
static senda_rc_t
repair(char *buf, size_t size, size_t *n)
{
    unsigned char copy[SENDA_PATH_MAX];
    size_t len = *n, out = 0;

    if (len > sizeof(copy)) {
        return SENDA_FULL;
    }
    memcpy(copy, buf, len);
    for (size_t i = 0; i < len;) {
        size_t good = utf8_len(copy + i, len - i);
        size_t add = good != 0 ? good : sizeof(REPLACEMENT) - 1;

        if (out + add > size) {
            return SENDA_FULL;
        }
        memcpy(buf + out, good != 0 ? (const char *)copy + i : REPLACEMENT, add);
        out += add;
        i += good != 0 ? good : broken_len(copy + i, len - i);
    }
    *n = out;
    return SENDA_OK;
}

static bool
is_utf8(const char *buf, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t len = utf8_len((const unsigned char *)buf + i, n - i);

        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

senda_rc_t
senda_url_decode(char *dst, size_t size, senda_str_t src, bool form, size_t *len)
{
    unsigned char seen = 0;
    size_t i = 0, n = 0;

    i = n = plain_len(src);
    if (n > size) {
        return SENDA_FULL;
    }
    if (n > 0) {
        memcpy(dst, src.p, n);
    }
    while (i < src.n) {
        unsigned char c = decode_byte(src, &i, form);

        if (c < 0x20 || c == 0x7f) {
            return SENDA_BAD;
        }
        if (n == size) {
            return SENDA_FULL;
        }
        seen |= c;
        dst[n++] = (char)c;
    }
    *len = n;
    return (seen & 0x80) != 0 && !is_utf8(dst, n) ? repair(dst, size, len) : SENDA_OK;
}

size_t
senda_host_decode(char *dst, size_t size, senda_str_t host)
{
    const char *user = host.n != 0 ? memchr(host.p, '@', host.n) : NULL;
    size_t end;

    if (user != NULL) {
        host.n -= (size_t)(user + 1 - host.p);
        host.p = user + 1;
    }
    end = host.n;
    while (end > 0 && host.p[end - 1] >= '0' && host.p[end - 1] <= '9') {
        end--;
    }
    if (end > 0 && host.p[end - 1] == ':') {
        host.n = end - 1;
    }
    if (host.n > 0 && host.p[host.n - 1] == '.') {
        host.n--;
    }
    if (host.n > 4 && host.p[3] == '.' && lower(host.p[0]) == 'w' && lower(host.p[1]) == 'w' &&
        lower(host.p[2]) == 'w') {
        host.p += 4;
        host.n -= 4;
    }
    if (host.n > size) {
        return 0;
    }
    lower_all(dst, host);
    return host.n;
}

/* One "name=value" into args; used counts the bytes taken of their half of buf. */
static senda_rc_t
set_arg(senda_url_t *u, senda_str_t piece, size_t *used)
{
    char *at = u->buf + SENDA_PATH_MAX + *used;
    const char *eq = memchr(piece.p, '=', piece.n);
    senda_arg_t *a = &u->args[u->nargs];
    senda_str_t name = piece, value = { piece.p + piece.n, 0 };
    senda_rc_t rc;

    if (eq != NULL) {
        name.n = (size_t)(eq - piece.p);
        value = (senda_str_t){ eq + 1, piece.n - name.n - 1 };
    }
    a->name.p = at;
    rc = senda_url_decode(at, SENDA_PATH_MAX - *used, name, true, &a->name.n);
    if (rc != SENDA_OK) {
        return rc;
    }
    *used += a->name.n;
    a->value.p = at + a->name.n;
    rc = senda_url_decode(at + a->name.n, SENDA_PATH_MAX - *used, value, true, &a->value.n);
    if (rc == SENDA_OK) {
        *used += a->value.n;
        u->nargs++;
    }
    return rc;
}

static senda_rc_t
set_args(senda_url_t *u, senda_str_t raw)
{
    const char *p = raw.p, *end = raw.p + raw.n;
    size_t used = 0;

    while (p < end && u->nargs < SENDA_ARGS_MAX) {
        const char *amp = memchr(p, '&', (size_t)(end - p));
        senda_str_t piece = { p, (size_t)((amp != NULL ? amp : end) - p) };
        senda_rc_t rc = piece.n != 0 ? set_arg(u, piece, &used) : SENDA_OK;

        if (rc != SENDA_OK) {
            return rc;
        }
        p += piece.n + 1;
    }
    return SENDA_OK;
}

senda_rc_t
senda_url_set(senda_url_t *u, senda_method_t method, senda_str_t host, senda_str_t raw_path,
    senda_str_t raw_args)
{
    host = (senda_str_t){ u->host_buf, senda_host_decode(u->host_buf, sizeof(u->host_buf), host) };
    return senda_url_set_decoded(u, method, host, raw_path, raw_args);
}

senda_rc_t
senda_url_set_decoded(senda_url_t *u, senda_method_t method, senda_str_t host, senda_str_t raw_path,
    senda_str_t raw_args)
{
    senda_rc_t rc;

    u->method = method;
    u->nargs = 0;
    u->path = (senda_str_t){ u->buf, 0 };
    u->host = host;
    if (raw_path.n == 0 || raw_path.p[0] != '/') {
        return SENDA_BAD;
    }
    rc = senda_url_decode(u->buf, SENDA_PATH_MAX, raw_path, false, &u->path.n);
    if (rc != SENDA_OK) {
        return rc;
    }
    while (u->path.n > 1 && u->path.p[u->path.n - 1] == '/') {
        u->path.n--;
    }
    return raw_args.n == 0 ? SENDA_OK : set_args(u, raw_args);
}

/* Cuts "http://" or "https://" off; whether it was there. */
static bool
cut_scheme(senda_str_t *s)
{
    static const char http[] = "http";
    size_t i = 0;

    while (i < 4 && i < s->n && lower(s->p[i]) == http[i]) {
        i++;
    }
    if (i < 4) {
        return false;
    }
    if (i < s->n && lower(s->p[i]) == 's') {
        i++;
    }
    if (s->n - i < 3 || memcmp(s->p + i, "://", 3) != 0) {
        return false;
    }
    s->p += i + 3;
    s->n -= i + 3;
    return true;
}

senda_rc_t
senda_url_parse(senda_url_t *u, senda_method_t method, senda_str_t address)
{
    const char *hash = address.n != 0 ? memchr(address.p, '#', address.n) : NULL;
    senda_str_t host = { address.p, 0 }, path, args;
    const char *mark;

    if (hash != NULL) {
        address.n = (size_t)(hash - address.p);
    }
    if (cut_scheme(&address)) {
        host.p = address.p;
        while (host.n < address.n && host.p[host.n] != '/' && host.p[host.n] != '?') {
            host.n++;
        }
        address.p += host.n;
        address.n -= host.n;
    }
    mark = address.n != 0 ? memchr(address.p, '?', address.n) : NULL;
    path = address;
    args = (senda_str_t){ address.p + address.n, 0 };
    if (mark != NULL) {
        path.n = (size_t)(mark - address.p);
        args = (senda_str_t){ mark + 1, address.n - path.n - 1 };
    }
    if (path.n == 0 && host.n != 0) {
        path = SENDA_STR("/");
    }
    return senda_url_set(u, method, host, path, args);
}

senda_method_t
senda_method_of(senda_str_t word)
{
    if (senda_str_eq(word, SENDA_STR("GET")) || senda_str_eq(word, SENDA_STR("HEAD"))) {
        return SENDA_METHOD_GET;
    }
    return senda_str_eq(word, SENDA_STR("POST")) ? SENDA_METHOD_POST : SENDA_METHOD_OTHER;
}
