/*
 * One form for each e-mail address. Never asks the network whether it exists.
 * Fails by saying that it is none.
 */

#include "message.h"

#include <glib.h>

#define LOCAL_MAX 64

static bool
is_atext(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Dot-string or Quoted-string. */
static bool
is_local(const char *p, size_t n)
{
    if (n == 0 || n > LOCAL_MAX) {
        return false;
    }
    if (p[0] == '"') {
        size_t i = 1;
        while (i + 1 < n && p[i] != '"') {
            i += p[i] == '\\' ? 2 : 1;
        }
        if (i + 1 != n || n < 3 || p[i] != '"') {
            return false;
        }
        for (i = 0; i < n; i++) {
            if (p[i] < ' ' || p[i] == 0x7f) {
                return false;
            }
        }
        return true;
    }
    bool atom = false;
    for (size_t i = 0; i < n; i++) {
        if (!is_atext(p[i]) && (p[i] != '.' || !atom)) {
            return false;
        }
        atom = p[i] != '.';
    }
    return atom;
}

static bool
is_domain(const char *p)
{
    size_t label = 0, i;

    for (i = 0; p[i] != '\0'; i++) {
        if (p[i] == '.') {
            if (label == 0 || p[i - 1] == '-') {
                return false;
            }
            label = 0;
        } else if ((!g_ascii_isalnum(p[i]) && p[i] != '-') || (p[i] == '-' && label == 0) ||
            ++label > 63) {
            return false;
        }
    }
    return label > 0 && p[i - 1] != '-';
}

senda_rc_t
message_canonical_address(senda_str_t in, char *out, size_t size)
{
    char domain[4 * MESSAGE_ADDRESS_MAX];
    const char *at = NULL;

    while (in.n > 0 && g_ascii_isspace(in.p[0])) {
        in.p++;
        in.n--;
    }
    while (in.n > 0 && g_ascii_isspace(in.p[in.n - 1])) {
        in.n--;
    }
    for (size_t i = 0; i < in.n; i++) {
        at = in.p[i] == '@' ? in.p + i : at;
    }
    if (at == NULL || !is_local(in.p, (size_t)(at - in.p))) {
        return SENDA_BAD;
    }
    size_t local = (size_t)(at - in.p), n = in.n - local - 1;
    if (n >= sizeof(domain) || memchr(at, '\0', n + 1) != NULL) {
        return SENDA_BAD;
    }
    memcpy(domain, at + 1, n);
    domain[n] = '\0';
    char *ascii = g_utf8_validate(domain, (gssize)n, NULL) ? g_hostname_to_ascii(domain) : NULL;
    senda_rc_t rc = SENDA_BAD;
    if (ascii != NULL && is_domain(ascii) && local + 1 + strlen(ascii) <= MESSAGE_ADDRESS_MAX) {
        rc = SENDA_FULL;
        if (local + 1 + strlen(ascii) < size) {
            for (size_t i = 0; i < local; i++) {
                out[i] = g_ascii_tolower(in.p[i]);
            }
            out[local] = '@';
            for (size_t i = 0; i <= strlen(ascii); i++) {
                out[local + 1 + i] = g_ascii_tolower(ascii[i]);
            }
            rc = SENDA_OK;
        }
    }
    g_free(ascii);
    return rc;
}
