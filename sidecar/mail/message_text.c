/*
 * The text part of a message whose template has only HTML: blocks become
 * lines, links show their address, what is hidden stays away. Takes any bytes;
 * never fails.
 */

#include "message_body.h"

#include <glib.h>
#include <stdlib.h>

typedef struct {
    const char *p, *end;
    GString *out;
    unsigned breaks; /* line ends due before the next word */
    bool space;      /* a space is due before it */
    GString *href;   /* of the link that is open */
    size_t link;     /* where its text begins in out */
} text_t;

/* One tag: its name in lower case and where its attributes are. */
typedef struct {
    char name[16];
    bool closing;
    senda_str_t attributes;
} tag_t;

static const struct {
    const char *name;
    uint32_t code; /* 0: shows as nothing */
} entities[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' },
    { "nbsp", ' ' }, { "zwnj", 0 }, { "shy", 0 }, { "euro", 0x20ac }, { "pound", 0xa3 },
    { "hellip", 0x2026 }, { "mdash", 0x2014 }, { "ndash", 0x2013 }, { "middot", 0xb7 },
    { "bull", 0x2022 }, { "rarr", 0x2192 }, { "larr", 0x2190 }, { "copy", 0xa9 }, { "reg", 0xae },
    { "times", 0xd7 }, { "laquo", 0xab }, { "raquo", 0xbb }, { "iexcl", 0xa1 }, { "iquest", 0xbf },
    { "aacute", 0xe1 }, { "eacute", 0xe9 }, { "iacute", 0xed }, { "oacute", 0xf3 },
    { "uacute", 0xfa }, { "ntilde", 0xf1 }, { "uuml", 0xfc } };

static bool
one_of(const char *name, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(name, *list) == 0) {
            return true;
        }
    }
    return false;
}

static void
put(text_t *t, const char *p, size_t n)
{
    if (t->out->len > 0) {
        for (unsigned i = 0; i < t->breaks; i++) {
            g_string_append_c(t->out, '\n');
        }
        if (t->space && t->breaks == 0) {
            g_string_append_c(t->out, ' ');
        }
    }
    if (t->breaks > 0 && t->href->len > 0 && t->link > t->out->len) {
        t->link = t->out->len;
    }
    t->breaks = 0;
    t->space = false;
    g_string_append_len(t->out, p, (gssize)n);
}

static void
line_end(text_t *t, unsigned n)
{
    t->breaks = t->breaks < n ? n : t->breaks;
}

/* p is at '&'. Writes at most 6 bytes; how many, and past which byte to go on. */
static size_t
entity(const char *p, const char *end, char *out, const char **next)
{
    const char *semi = memchr(p, ';', (size_t)(end - p) < 12 ? (size_t)(end - p) : 12);
    uint32_t code = 0;

    *next = p + 1;
    out[0] = '&';
    if (semi == NULL) {
        return 1;
    }
    if (p[1] == '#') {
        bool hex = p[2] == 'x' || p[2] == 'X';
        code = (uint32_t)strtoul(p + (hex ? 3 : 2), NULL, hex ? 16 : 10);
        if (code < 0x20 || !g_unichar_validate(code)) {
            return 1;
        }
        *next = semi + 1;
        /* joiners and fillers that only push a preview's text away */
        if (code == 0x34f || code == 0x200b || code == 0x200c || code == 0xad) {
            return 0;
        }
        return (size_t)g_unichar_to_utf8(code == 0xa0 ? ' ' : code, out);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(entities); i++) {
        size_t n = strlen(entities[i].name);
        if (n == (size_t)(semi - p - 1) && memcmp(entities[i].name, p + 1, n) == 0) {
            *next = semi + 1;
            return entities[i].code == 0 ? 0 : (size_t)g_unichar_to_utf8(entities[i].code, out);
        }
    }
    return 1;
}

/* p is at '<'; what follows the tag, NULL if it is none. */
static const char *
read_tag(const char *p, const char *end, tag_t *tag)
{
    const char *q = p + 1;
    char quote = '\0';
    size_t n = 0;

    tag->closing = q < end && *q == '/';
    q += tag->closing;
    while (q < end && g_ascii_isalnum(*q) && n + 1 < sizeof(tag->name)) {
        tag->name[n++] = g_ascii_tolower(*q++);
    }
    tag->name[n] = '\0';
    if (n == 0) {
        return NULL;
    }
    tag->attributes.p = q;
    while (q < end && (quote != '\0' || *q != '>')) {
        if (quote != '\0') {
            quote = *q == quote ? '\0' : quote;
        } else if (*q == '"' || *q == '\'') {
            quote = *q;
        }
        q++;
    }
    tag->attributes.n = (size_t)(q - tag->attributes.p);
    return q < end ? q + 1 : end;
}

/* An attribute's value with its entities decoded; false if there is none. */
static bool
attribute(const tag_t *tag, const char *name, GString *value)
{
    const char *p = tag->attributes.p, *end = p + tag->attributes.n;
    size_t n = strlen(name);

    g_string_truncate(value, 0);
    for (; p + n + 2 < end; p++) {
        if (!g_ascii_isspace(p[0]) || g_ascii_strncasecmp(p + 1, name, n) != 0 || p[n + 1] != '=') {
            continue;
        }
        char quote = p[n + 2];
        if (quote != '"' && quote != '\'') {
            continue;
        }
        for (p += n + 3; p < end && *p != quote;) {
            char buf[8] = { *p };
            const char *next = p + 1;
            size_t len = *p == '&' ? entity(p, end, buf, &next) : 1;
            g_string_append_len(value, buf, (gssize)len);
            p = next;
        }
        return true;
    }
    return false;
}

/* Past the end of an element that does not show; nested ones of its name are counted. */
static const char *
skip_element(const char *p, const char *end, const char *name)
{
    unsigned depth = 1;
    tag_t tag;

    while (p < end && depth > 0) {
        const char *next = *p == '<' ? read_tag(p, end, &tag) : NULL;
        if (next == NULL) {
            p++;
            continue;
        }
        if (strcmp(tag.name, name) == 0) {
            depth = tag.closing ? depth - 1 : depth + 1;
        }
        p = next;
    }
    return p;
}

/* "text (address)", unless the text is the address. */
static void
close_link(text_t *t)
{
    const char *show = t->href->str;

    if (t->href->len == 0) {
        return;
    }
    if (g_str_has_prefix(show, "mailto:")) {
        show += 7;
        char *query = strchr(t->href->str, '?');
        if (query != NULL) {
            g_string_truncate(t->href, (gsize)(query - t->href->str));
            show = t->href->str + 7;
        }
    }
    if (t->link <= t->out->len && strstr(t->out->str + t->link, show) == NULL && show[0] != '#') {
        if (t->out->len > t->link) {
            t->space = true;
            put(t, "(", 1);
            g_string_append_printf(t->out, "%s)", show);
        } else {
            put(t, show, strlen(show));
        }
    }
    g_string_truncate(t->href, 0);
}

static const char *
take_tag(text_t *t, const tag_t *tag, const char *next)
{
    static const char *const unseen[] = { "head", "style", "script", "title", NULL };
    static const char *const lines[] = { "br", "div", "tr", "li", "table", "center", NULL };
    static const char *const blocks[] = { "p", "h1", "h2", "h3", "h4", "ul", "ol", "hr",
        "blockquote", NULL };
    GString *value = g_string_new(NULL);

    if (!tag->closing &&
        (one_of(tag->name, unseen) ||
            (attribute(tag, "style", value) && strstr(value->str, "display:none") != NULL))) {
        next = skip_element(next, t->end, tag->name);
    } else if (one_of(tag->name, blocks)) {
        line_end(t, 2);
    } else if (strcmp(tag->name, "br") == 0) {
        t->breaks = t->breaks < 2 ? t->breaks + 1 : 2;
    } else if (one_of(tag->name, lines)) {
        line_end(t, 1);
        if (strcmp(tag->name, "li") == 0 && !tag->closing) {
            put(t, "-", 1);
            t->space = true;
        }
    } else if (strcmp(tag->name, "a") == 0) {
        close_link(t);
        if (!tag->closing && attribute(tag, "href", t->href)) {
            t->link = t->out->len + (t->out->len > 0 ? t->breaks + (t->space && !t->breaks) : 0);
        }
    } else if (strcmp(tag->name, "img") == 0 && attribute(tag, "alt", value) && value->len > 0) {
        put(t, value->str, value->len);
    } else if (strcmp(tag->name, "td") == 0) {
        t->space = true;
    }
    g_string_free(value, TRUE);
    return next;
}

static void
take_char(text_t *t)
{
    char buf[8] = { *t->p };
    const char *next = t->p + 1;
    size_t n = *t->p == '&' ? entity(t->p, t->end, buf, &next) : 1;

    if (n == 1 && g_ascii_isspace(buf[0])) {
        t->space = true;
    } else if (n > 0) {
        put(t, buf, n);
    }
    t->p = next;
}

char *
message_text_of_html(const char *html, size_t n)
{
    text_t t = { .p = html, .end = html + n };
    tag_t tag;

    t.out = g_string_sized_new(n / 2 + 16);
    t.href = g_string_new(NULL);
    while (t.p < t.end) {
        if ((size_t)(t.end - t.p) >= 4 && memcmp(t.p, "<!--", 4) == 0) {
            const char *end = memmem(t.p, (size_t)(t.end - t.p), "-->", 3);
            t.p = end != NULL ? end + 3 : t.end;
            continue;
        }
        const char *next = *t.p == '<' ? read_tag(t.p, t.end, &tag) : NULL;
        if (next != NULL) {
            t.p = take_tag(&t, &tag, next);
        } else if (*t.p == '<' && t.p + 1 < t.end && t.p[1] == '!') {
            const char *end = memchr(t.p, '>', (size_t)(t.end - t.p));
            t.p = end != NULL ? end + 1 : t.end;
        } else {
            take_char(&t);
        }
    }
    close_link(&t);
    g_string_append_c(t.out, '\n');
    g_string_free(t.href, TRUE);
    return g_string_free(t.out, FALSE);
}
