/*
 * Cleans a file's bytes. A byte that is no UTF-8 is taken for Latin-1, which
 * is what an editor that does not save UTF-8 most often wrote. Never fails.
 */

#include "source.h"
#include "lang_limits.h"

#include <glib.h>

static bool
is_utf16(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;

    return n >= 2 && ((u[0] == 0xFF && u[1] == 0xFE) || (u[0] == 0xFE && u[1] == 0xFF));
}

static bool
is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

static void
note_control(source_t *s, size_t at, unsigned char c)
{
    if (s->ncontrol++ == 0) {
        s->control_at = at;
        s->control = c;
    }
}

static void
note_bad(source_t *s, size_t at, unsigned char c)
{
    if (s->nbad++ == 0) {
        s->bad_at = at;
        s->bad_byte = c;
    }
}

/* Bytes of the UTF-8 character at p, 0 if there is none. */
static size_t
char_len(const char *p, size_t n)
{
    gunichar u = g_utf8_get_char_validated(p, (gssize)(n < 6 ? n : 6));

    if (u == (gunichar)-1 || u == (gunichar)-2) {
        return 0;
    }
    return (size_t)(g_utf8_next_char(p) - p);
}

static void
clean(source_t *s, const char *p, size_t n)
{
    char *out = g_malloc(2 * n + 1);
    size_t o = 0, i = 0;

    while (i < n) {
        unsigned char c = (unsigned char)p[i];
        size_t k;

        if (c < 0x80) {
            if (is_control(c)) {
                note_control(s, o, c);
                c = ' ';
            }
            out[o++] = (char)c;
            i++;
        } else if ((k = char_len(p + i, n - i)) > 0) {
            memcpy(out + o, p + i, k);
            o += k;
            i += k;
        } else {
            note_bad(s, o, c);
            out[o++] = (char)(0xC0 | (c >> 6));
            out[o++] = (char)(0x80 | (c & 0x3F));
            i++;
        }
    }
    s->binary = s->ncontrol > n / 50 + 8 || s->nbad > n / 4 + 8;
    o = s->binary ? 0 : o;
    out[o] = '\0';
    s->text = out;
    s->len = o;
}

void
source_read(source_t *s, const char *bytes, size_t len)
{
    memset(s, 0, sizeof(*s));
    if (len > LANG_FILE_MAX) {
        s->too_big = true;
        len = 0;
    } else if (len > 0 && is_utf16(bytes, len)) {
        s->utf16 = true;
        len = 0;
    } else if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        len -= 3;
    }
    clean(s, bytes, len);
}

void
source_free(source_t *s)
{
    g_free(s->text);
    memset(s, 0, sizeof(*s));
}
