/*
 * Money as people write it. Knows signs and letters and no rates; never fails.
 */

#include "money.h"

#include "value.h"

#include <glib.h>

static const struct {
    const char *sign;
    const char *codes; /* of the currencies that are written with it */
} signs[] = { { "€", "EUR" }, { "£", "GBP EGP GIP FKP" }, { "¥", "JPY CNY" },
    { "$", "USD MXN ARS CLP COP UYU DOP CUP CAD AUD NZD HKD SGD TWD BRL NIO" } };

size_t
money_sign(senda_str_t s)
{
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        size_t n = strlen(signs[i].sign);

        if (s.n >= n && memcmp(s.p, signs[i].sign, n) == 0) {
            return n;
        }
    }
    return 0;
}

static senda_str_t
trim(senda_str_t s)
{
    while (s.n > 0 && s.p[0] == ' ') {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && s.p[s.n - 1] == ' ') {
        s.n--;
    }
    return s;
}

/* Bytes of the currency at the end: a sign, or three letters. */
static size_t
at_end(senda_str_t s)
{
    size_t letters = 0;

    for (size_t n = 1; n <= 3 && n <= s.n; n++) {
        if (money_sign((senda_str_t){ s.p + s.n - n, n }) == n) {
            return n;
        }
    }
    while (letters < s.n && g_ascii_isalpha(s.p[s.n - 1 - letters])) {
        letters++;
    }
    return letters == 3 ? 3 : 0;
}

static bool
is_number(senda_str_t s)
{
    int64_t value;

    for (size_t i = 0; i < s.n; i++) {
        if (!g_ascii_isdigit(s.p[i]) && strchr(".,' +-", s.p[i]) == NULL) {
            return false;
        }
    }
    return value_read(VALUE_NUMBER, s, &value);
}

bool
money_split(senda_str_t text, senda_str_t *number, senda_str_t *currency)
{
    senda_str_t s = trim(text);
    size_t n = money_sign(s), end = at_end(s);

    if (n > 0) {
        *currency = (senda_str_t){ s.p, n };
        *number = trim((senda_str_t){ s.p + n, s.n - n });
    } else {
        *currency = (senda_str_t){ s.p + s.n - end, end };
        *number = trim((senda_str_t){ s.p, s.n - end });
    }
    return currency->n > 0 && is_number(*number);
}

bool
money_is(senda_str_t currency, const char *site)
{
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        if (senda_str_eq(currency, senda_cstr(signs[i].sign))) {
            char *code = g_ascii_strup(site, -1);
            bool found = strstr(signs[i].codes, code) != NULL;

            g_free(code);
            return found;
        }
    }
    return currency.n == strlen(site) && g_ascii_strncasecmp(currency.p, site, currency.n) == 0;
}
