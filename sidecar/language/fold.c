/*
 * Folding through GLib's Unicode tables; ASCII and the accents of western
 * languages, which are nearly all, take a short way to the same result. Never
 * fails: what Unicode cannot fold stays as it is.
 */

#include "fold.h"

#include <glib.h>

static size_t
put(char *out, size_t size, const char *p, size_t n)
{
    if (n > size - 1) {
        n = size - 1;
    }
    memcpy(out, p, n);
    out[n] = '\0';
    return n;
}

static size_t
fold_unicode(const char *p, size_t n, char *out, size_t size)
{
    char *split = g_utf8_normalize(p, (gssize)n, G_NORMALIZE_NFD), *folded;
    GString *bare;
    size_t len;

    if (split == NULL) {
        return put(out, size, p, n);
    }
    bare = g_string_sized_new(n);
    for (const char *c = split; *c != '\0'; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);

        if (!g_unichar_ismark(u)) {
            g_string_append_unichar(bare, u);
        }
    }
    folded = g_utf8_casefold(bare->str, (gssize)bare->len);
    len = put(out, size, folded, strlen(folded));
    g_free(folded);
    g_string_free(bare, TRUE);
    g_free(split);
    return len;
}

/* The plain letter of U+00C0 … U+00FF, ' ' where there is none. */
static const char latin1[] = "aaaaaa ceeeeiiii nooooo  uuuuy  aaaaaa ceeeeiiii nooooo  uuuuy y";

size_t
fold_text(const char *p, size_t n, char *out, size_t size)
{
    size_t o = 0;

    for (size_t i = 0; i < n && o < size - 1; i++) {
        unsigned char c = (unsigned char)p[i];

        if (c < 0x80) {
            out[o++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : (char)c;
        } else if (c == 0xC3 && i + 1 < n && latin1[p[i + 1] & 0x3F] != ' ') {
            out[o++] = latin1[p[++i] & 0x3F];
        } else {
            return fold_unicode(p, n, out, size);
        }
    }
    out[o] = '\0';
    return o;
}
