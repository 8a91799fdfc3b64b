/*
 * The two headers, parsed. Keeps nothing, trusts nothing: whatever bytes come,
 * the result is within its bounds.
 */

#include "header.h"

#include <glib.h>
#include <stdio.h>

#include "message.h"
#include "senda_url.h"

/* Takes the part of *rest before a separator off, without outer spaces. */
static senda_str_t
take(senda_str_t *rest, char separator)
{
    const char *end = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
    senda_str_t part = { rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n };

    rest->p += part.n;
    rest->n -= part.n;
    if (end != NULL) {
        rest->p++;
        rest->n--;
    }
    while (part.n > 0 && (part.p[0] == ' ' || part.p[0] == '\t')) {
        part.p++;
        part.n--;
    }
    while (part.n > 0 && (part.p[part.n - 1] == ' ' || part.p[part.n - 1] == '\t')) {
        part.n--;
    }
    return part;
}

/* Splits "key=value"; false if there is no '=' or no key. */
static bool
split(senda_str_t part, senda_str_t *key, senda_str_t *value)
{
    const char *eq = part.n > 0 ? memchr(part.p, '=', part.n) : NULL;

    if (eq == NULL || eq == part.p) {
        return false;
    }
    *key = (senda_str_t){ part.p, (size_t)(eq - part.p) };
    *value = (senda_str_t){ eq + 1, part.n - key->n - 1 };
    return true;
}

/* Decodes src into out (size bytes, NUL-terminated), clean; returns the length. */
static size_t
clean(senda_str_t src, bool form, char *out, size_t size)
{
    char *raw = g_malloc(src.n + 1), *valid, *end;
    size_t n = senda_percent_decode(raw, src, form);

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)raw[i] < 0x20 || raw[i] == 0x7f) {
            raw[i] = ' ';
        }
    }
    valid = g_utf8_make_valid(raw, (gssize)n);
    g_strstrip(valid);
    n = strlen(valid);
    if (n >= size) {
        end = g_utf8_find_prev_char(valid, valid + size);
        n = end != NULL ? (size_t)(end - valid) : 0;
    }
    memcpy(out, valid, n);
    out[n] = '\0';
    g_free(valid);
    g_free(raw);
    return n;
}

static const struct {
    const char *word;
    uint32_t bits;
} consents[] = {
    { "email", CHANNEL_BIT(CHANNEL_EMAIL) },
    { "sms", CHANNEL_BIT(CHANNEL_SMS) },
    { "push", CHANNEL_BIT(CHANNEL_PUSH) },
    { "webpush", CHANNEL_BIT(CHANNEL_WEBPUSH) },
    { "1", CHANNEL_BIT(CHANNELS) - 1 },
    { "yes", CHANNEL_BIT(CHANNELS) - 1 },
    { "si", CHANNEL_BIT(CHANNELS) - 1 },
    { "s\xc3\xad", CHANNEL_BIT(CHANNELS) - 1 },
    { "all", CHANNEL_BIT(CHANNELS) - 1 },
    { "true", CHANNEL_BIT(CHANNELS) - 1 },
    { "on", CHANNEL_BIT(CHANNELS) - 1 }, /* what a browser says of a ticked box without a value */
    { "0", 0 },
    { "no", 0 },
    { "false", 0 },
    { "off", 0 },
    { "", 0 },
};

static senda_rc_t
read_consent(const char *text, uint32_t *bits, senda_err_t *err)
{
    senda_str_t rest = senda_cstr(text);

    *bits = 0;
    do {
        senda_str_t word = take(&rest, ',');
        char *lower = g_utf8_strdown(word.p, (gssize)word.n);
        size_t i = 0;

        while (i < G_N_ELEMENTS(consents) && strcmp(consents[i].word, lower) != 0) {
            i++;
        }
        g_free(lower);
        if (i == G_N_ELEMENTS(consents)) {
            return senda_fail(err, SENDA_BAD,
                "consent=%.40s: expected email, sms, push, webpush, yes or no", text);
        }
        *bits |= consents[i].bits;
    } while (rest.n > 0);
    return SENDA_OK;
}

/* Addresses of apps and browsers are no fields: their keys are told apart by name. */
static bool
is_token(senda_str_t key)
{
    return senda_str_eq(key, SENDA_STR("push")) || senda_str_eq(key, SENDA_STR("webpush"));
}

static void
read_field(senda_str_t key, senda_str_t text, header_contact_t *out)
{
    header_field_t f = { .name = "" };
    unsigned i = 0;

    if (key.n > SENDA_NAME_MAX) {
        out->dropped++;
        return;
    }
    (void)clean(key, true, f.name, sizeof(f.name));
    if (f.name[0] == '\0' || clean(text, true, f.value, sizeof(f.value)) == 0) {
        return;
    }
    while (i < out->nfields && strcmp(out->fields[i].name, f.name) != 0) {
        i++;
    }
    if (i == HEADER_FIELDS_MAX) {
        out->dropped++;
        return;
    }
    out->fields[i] = f;
    out->nfields = i == out->nfields ? i + 1 : out->nfields;
}

senda_rc_t
header_contact(senda_str_t raw, header_contact_t *out, senda_err_t *err)
{
    char value[HEADER_VALUE_MAX];
    senda_rc_t rc = SENDA_OK;

    memset(out, 0, offsetof(header_contact_t, fields));
    out->dropped = 0;
    while (raw.n > 0 && rc == SENDA_OK) {
        senda_str_t key, text;

        if (!split(take(&raw, '&'), &key, &text)) {
            continue;
        }
        if (senda_str_eq(key, SENDA_STR("name"))) {
            (void)clean(text, true, out->name, sizeof(out->name));
        } else if (senda_str_eq(key, SENDA_STR("phone"))) {
            (void)clean(text, true, out->phone, sizeof(out->phone));
        } else if (senda_str_eq(key, SENDA_STR("email"))) {
            size_t n = clean(text, true, value, sizeof(value));

            if (n > 0 &&
                message_canonical_address((senda_str_t){ value, n }, out->email,
                    sizeof(out->email)) != SENDA_OK) {
                rc = senda_fail(err, SENDA_BAD, "email is no address");
            }
        } else if (senda_str_eq(key, SENDA_STR("consent"))) {
            (void)clean(text, true, value, sizeof(value));
            rc = read_consent(value, &out->consent, err);
            out->has_consent = true;
        } else if (!is_token(key)) {
            read_field(key, text, out);
        }
    }
    return rc;
}

static bool
has_field(const header_event_t *e, senda_str_t name)
{
    for (unsigned i = 0; i < e->nfields; i++) {
        if (senda_str_eq(e->fields[i].name, name)) {
            return true;
        }
    }
    return false;
}

senda_rc_t
header_event(senda_str_t raw, header_event_t *out)
{
    char *w = out->buf;

    out->nfields = 0;
    out->dropped = 0;
    if (raw.n > SENDA_HEADER_MAX) {
        return SENDA_BAD;
    }
    out->name = take(&raw, ';');
    if (out->name.n == 0 || out->name.n > SENDA_NAME_MAX) {
        return SENDA_BAD;
    }
    memcpy(w, out->name.p, out->name.n);
    out->name.p = w;
    w += out->name.n;
    while (raw.n > 0) {
        senda_str_t key, text;
        size_t n, room = (size_t)(out->buf + sizeof(out->buf) - w);

        if (!split(take(&raw, ';'), &key, &text) || key.n > SENDA_NAME_MAX) {
            continue;
        }
        if (out->nfields == SENDA_CAPTURES_MAX || has_field(out, key) ||
            room < key.n + SENDA_HEADER_MAX + 1) {
            out->dropped++;
            continue;
        }
        memcpy(w, key.p, key.n);
        n = clean(text, false, w + key.n, SENDA_HEADER_MAX + 1);
        out->fields[out->nfields++] = (senda_capture_t){ { w, key.n }, { w + key.n, n } };
        w += key.n + n + 1;
    }
    return SENDA_OK;
}
