/*
 * A choice of channels out of a POST's body. Walks the body in place and keeps
 * nothing of it; whoever cannot be understood has chosen nothing, so that
 * nobody is ever taken to have said what he did not say.
 */

#include "senda_choice.h"

#include "senda_form.h"
#include "senda_url.h"

#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */

/* What has been read so far. */
typedef struct {
    bool leave, save, wrong;
    unsigned fields;
    uint32_t channels;
} heard_t;

static bool
starts_with(senda_str_t s, senda_str_t word)
{
    return s.n >= word.n && strncasecmp(s.p, word.p, word.n) == 0;
}

static senda_str_t
trim(senda_str_t s)
{
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/* One field, decoded. */
static void
hear(heard_t *h, senda_str_t name, senda_str_t value)
{
    senda_channel_t channel;

    if (++h->fields > SENDA_CHOICE_FIELDS) {
        h->wrong = true;
    } else if (senda_str_eq(name, SENDA_STR("List-Unsubscribe"))) {
        if (senda_str_eq(value, SENDA_STR("One-Click"))) {
            h->leave = true;
        } else {
            h->wrong = true;
        }
    } else if (senda_str_eq(name, SENDA_STR("action"))) {
        if (senda_str_eq(value, SENDA_STR("leave"))) {
            h->leave = true;
        } else if (senda_str_eq(value, SENDA_STR("save"))) {
            h->save = true;
        } else {
            h->wrong = true;
        }
    } else if (senda_str_eq(name, SENDA_STR("channel"))) {
        channel = senda_channel_of(value);
        if (channel == SENDA_CHANNELS) {
            h->wrong = true;
        } else {
            h->channels |= 1u << channel;
        }
    }
}

/* Decodes s into buf; what is longer than any name or value that we know is "?". */
static senda_str_t
decode(char buf[SENDA_CHOICE_VALUE], senda_str_t s)
{
    char raw[3 * SENDA_CHOICE_VALUE];
    size_t n;

    if (s.n > sizeof(raw)) {
        return SENDA_STR("?");
    }
    n = senda_percent_decode(raw, s, true);
    if (n > SENDA_CHOICE_VALUE) {
        return SENDA_STR("?");
    }
    memcpy(buf, raw, n);
    return (senda_str_t){ buf, n };
}

static void
read_form(heard_t *h, senda_str_t body)
{
    char name_buf[SENDA_CHOICE_VALUE], value_buf[SENDA_CHOICE_VALUE];
    senda_str_t name, value;

    while (!h->wrong && senda_form_next(&body, &name, &value)) {
        hear(h, decode(name_buf, name), decode(value_buf, value));
    }
}

/* ---- multipart/form-data ---- */

/*
 * The parameter `word` ("name=") of a header's value; empty if it has none or a
 * quote is left open. A quoted string ends at its first quote: none that we
 * look for has one within.
 */
static senda_str_t
parameter(senda_str_t s, senda_str_t word)
{
    const char *stop;
    size_t n = 0;
    bool quoted;

    for (;;) {
        quoted = false;
        for (n = 0; n < s.n && (quoted || s.p[n] != ';'); n++) {
            quoted ^= s.p[n] == '"';
        }
        if (n == s.n) {
            return (senda_str_t){ s.p, 0 };
        }
        s = trim((senda_str_t){ s.p + n + 1, s.n - n - 1 });
        if (starts_with(s, word)) {
            break;
        }
    }
    s.p += word.n;
    s.n -= word.n;
    if (s.n > 0 && *s.p == '"') {
        stop = memchr(s.p + 1, '"', s.n - 1);
        return (senda_str_t){ s.p + 1, stop != NULL ? (size_t)(stop - s.p - 1) : 0 };
    }
    stop = s.n > 0 ? memchr(s.p, ';', s.n) : NULL;
    return trim((senda_str_t){ s.p, stop != NULL ? (size_t)(stop - s.p) : s.n });
}

/* Takes a line off *rest, without its end; false at the end. */
static bool
next_line(senda_str_t *rest, senda_str_t *line)
{
    const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;

    if (rest->n == 0) {
        return false;
    }
    line->p = rest->p;
    line->n = end != NULL ? (size_t)(end - rest->p) : rest->n;
    rest->p += line->n + (end != NULL);
    rest->n -= line->n + (end != NULL);
    line->n -= line->n > 0 && line->p[line->n - 1] == '\r';
    return true;
}

typedef enum { LINE_TEXT, LINE_DELIMITER, LINE_END } line_kind_t;

static line_kind_t
kind_of(senda_str_t line, senda_str_t boundary)
{
    if (line.n < 2 + boundary.n || line.p[0] != '-' || line.p[1] != '-' ||
        memcmp(line.p + 2, boundary.p, boundary.n) != 0) {
        return LINE_TEXT;
    }
    line = trim((senda_str_t){ line.p + 2 + boundary.n, line.n - 2 - boundary.n });
    return line.n == 0                        ? LINE_DELIMITER
        : senda_str_eq(line, SENDA_STR("--")) ? LINE_END
                                              : LINE_TEXT;
}

/* A part is headers, an empty line, its value; one of several lines is none of ours. */
static void
read_multipart(heard_t *h, senda_str_t body, senda_str_t boundary)
{
    static const senda_str_t disposition = { "Content-Disposition:", 20 };
    senda_str_t line, name = { "", 0 }, value = { "", 0 };
    enum { BEFORE, HEADERS, VALUE, FURTHER } at = BEFORE;
    line_kind_t kind = LINE_TEXT;

    while (kind != LINE_END && !h->wrong && next_line(&body, &line)) {
        kind = kind_of(line, boundary);
        if (kind != LINE_TEXT) {
            if (at != BEFORE) {
                hear(h, name, value);
            }
            at = HEADERS;
            name = value = (senda_str_t){ "", 0 };
        } else if (at == HEADERS && line.n == 0) {
            at = VALUE;
        } else if (at == HEADERS && starts_with(line, disposition)) {
            name = parameter(line, SENDA_STR("name="));
        } else if (at == VALUE) {
            value = line;
            at = FURTHER;
        } else if (at == FURTHER) {
            value = SENDA_STR("?");
        }
    }
    h->wrong |= kind != LINE_END;
}

senda_rc_t
senda_choice_read(senda_choice_t *c, senda_str_t content_type, senda_str_t body)
{
    heard_t h = { .leave = false };
    senda_str_t boundary;

    *c = (senda_choice_t){ .kind = SENDA_CHOICE_NONE };
    content_type = trim(content_type);
    if (body.n > SENDA_CHOICE_BODY) {
        return SENDA_BAD;
    }
    if (starts_with(content_type, SENDA_STR("multipart/form-data"))) {
        boundary = parameter(content_type, SENDA_STR("boundary="));
        if (boundary.n == 0 || boundary.n > BOUNDARY_MAX) {
            return SENDA_BAD;
        }
        read_multipart(&h, body, boundary);
    } else if (content_type.n == 0 ||
        starts_with(content_type, SENDA_STR("application/x-www-form-urlencoded"))) {
        read_form(&h, body);
    } else {
        return SENDA_BAD;
    }
    if (h.wrong || h.leave == h.save) {
        return SENDA_BAD;
    }
    c->kind = h.leave ? SENDA_CHOICE_LEAVE : SENDA_CHOICE_SAVE;
    c->channels = h.save ? h.channels : 0;
    return SENDA_OK;
}
