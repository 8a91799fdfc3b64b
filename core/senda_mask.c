/*
 * E-mail addresses in a text (RFC 5321, 4.1.2, and letters beyond ASCII as in
 * RFC 6531) made unreadable. Never changes the text's length; cannot fail.
 */

#include "senda_mask.h"

static bool
is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c & 0x80) != 0;
}

/* RFC 5321: atext and dots; a quoted local part is masked from its last word on. */
static bool
is_local(char c)
{
    return is_word(c) || (c != '\0' && strchr(".!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool
is_domain(char c)
{
    return is_word(c) || c == '.' || c == '-' || c == '_';
}

void
senda_mask_addresses(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = 0, from = i, to;

        if (text[i] == '@') {
            at = 1;
        } else if (n - i > 3 && memcmp(text + i, "%40", 3) == 0) {
            at = 3;
        }
        to = i + at;
        if (at == 0 || i == 0 || to == n || !is_local(text[i - 1]) || !is_domain(text[to])) {
            continue;
        }
        while (from > 0 && is_local(text[from - 1])) {
            text[--from] = '*';
        }
        while (to < n && is_domain(text[to])) {
            text[to++] = '*';
        }
        i = to - 1;
    }
}
