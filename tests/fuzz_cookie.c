/*
 * Fuzzes the visitor's cookie: no value that was not signed is accepted, and
 * what was made comes back as it was, whatever the landing address.
 */

#include "senda_cookie.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static senda_keys_t keys = { .ncookie = 1,
        .cookie = { { .number = 1, .key = { 1, 2, 3, 4, 5, 6, 7, 8, 9 } } } };
    senda_str_t name = SENDA_STR("senda"), text = { (const char *)data, size };
    char scratch[SENDA_COOKIE_MAX], value[SENDA_COOKIE_MAX];
    senda_cookie_t c, again;
    size_t len;

    if (senda_cookie_read(&c, &keys, name, text, 20000, 400, scratch) == SENDA_OK) {
        abort();
    }
    memset(&c, 0, sizeof(c));
    memset(c.visitor.b, 7, sizeof(c.visitor.b));
    c.day = 19990;
    c.landing = size > 0;
    c.landing_at = 1727136000;
    c.landing_uri = text;
    memcpy(c.person, data, size < sizeof(c.person) ? size : sizeof(c.person));
    c.session = 1727136000;
    len = senda_cookie_make(&c, &keys, name, value, sizeof(value));
    if (len == 0) {
        return 0;
    }
    if (senda_cookie_read(&again, &keys, name, (senda_str_t){ value, len }, 20000, 400, scratch) !=
            SENDA_OK ||
        memcmp(&again.visitor, &c.visitor, sizeof(c.visitor)) != 0 ||
        memcmp(again.person, c.person, sizeof(c.person)) != 0 ||
        again.session != (senda_cookie_has_person(&c) ? c.session : 0)) {
        abort();
    }
    if (size <= SENDA_LANDING_MAX &&
        (again.landing != c.landing || (c.landing && !senda_str_eq(again.landing_uri, text)))) {
        abort();
    }
    /* One changed byte, and it is a forgery. */
    value[size % len] = value[size % len] == 'A' ? 'B' : 'A';
    if (senda_cookie_read(&again, &keys, name, (senda_str_t){ value, len }, 20000, 400, scratch) ==
        SENDA_OK) {
        abort();
    }
    return 0;
}
