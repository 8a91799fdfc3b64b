/*
 * The e-mail of an X-Senda-Contact. Whether it is an address at all is not
 * asked: two that differ are two persons, two that are equal are one. Reads
 * bytes, keeps nothing, cannot fail.
 */

#include "senda_contact.h"

#include "senda_url.h"

/* Takes what is before an '&' off *rest. */
static senda_str_t
take(senda_str_t *rest)
{
    const char *end = memchr(rest->p, '&', rest->n);
    senda_str_t part = { rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n };

    rest->p += part.n + (end != NULL);
    rest->n -= part.n + (end != NULL);
    return part;
}

static bool
is_space(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static senda_str_t
trim(senda_str_t s)
{
    while (s.n > 0 && is_space(*s.p)) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

/* Non-ASCII letters keep their case: so do mail servers. */
static senda_str_t
canonical(senda_str_t value, char buf[SENDA_EMAIL_MAX])
{
    char raw[SENDA_HEADER_MAX];
    senda_str_t s;

    if (value.n > sizeof(raw)) {
        return (senda_str_t){ buf, 0 };
    }
    s = trim((senda_str_t){ raw, senda_percent_decode(raw, value, true) });
    s.n = s.n < SENDA_EMAIL_MAX ? s.n : SENDA_EMAIL_MAX;
    for (size_t i = 0; i < s.n; i++) {
        buf[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    }
    return (senda_str_t){ buf, s.n };
}

senda_str_t
senda_contact_email(senda_str_t header, char buf[SENDA_EMAIL_MAX])
{
    static const senda_str_t key = { "email=", 6 };
    senda_str_t email = { buf, 0 };

    while (header.n > 0) {
        senda_str_t part = trim(take(&header));

        if (part.n >= key.n && memcmp(part.p, key.p, key.n) == 0) {
            senda_str_t said = canonical((senda_str_t){ part.p + key.n, part.n - key.n }, buf);

            email = said.n > 0 ? said : email; /* an empty one says nothing, as to the sidecar */
        }
    }
    return email;
}
