/*
 * Finds links and puts others in their place. Never changes anything else of
 * the text, never fails: what it does not take for a link stays as it is.
 */

#include "message_links.h"

#include <glib.h>
#include <stdlib.h>

#include "senda_sent.h"

/* One attribute of a tag, as it stands there. */
typedef struct {
    senda_str_t name, value; /* value without its quotes */
    const char *begin, *end; /* of the whole, with the space in front */
    char quote;              /* '\0': none */
} attribute_t;

/* ---- addresses ---- */

static bool
begins(const char *s, const char *with)
{
    return g_ascii_strncasecmp(s, with, strlen(with)) == 0;
}

/* Length of "http://" or "https://" at s, 0 if it is neither. */
static size_t
scheme_len(const char *s)
{
    return begins(s, "https://") ? 8 : begins(s, "http://") ? 7 : 0;
}

/* The host in ASCII, as a Location header must have it; NULL: it has no such form. */
static char *
ascii_host(const char *address, size_t scheme, size_t *end)
{
    size_t n = strcspn(address + scheme, "/?#");
    char *host = g_strndup(address + scheme, n), *ascii;

    *end = scheme + n;
    if (g_str_is_ascii(host)) {
        return host;
    }
    ascii = g_hostname_to_ascii(host);
    g_free(host);
    return ascii;
}

/*
 * The address as it goes out: outer spaces and line ends within are none of it
 * (url.spec.whatwg.org, 4.4), what is not plain ASCII is percent-encoded. NULL:
 * it is no address that a link may lead to.
 */
static char *
clean_address(const char *raw)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = g_strdup(raw), *host, *q = text;
    GString *out;
    size_t scheme, end;

    for (const char *p = text; *p != '\0'; p++) {
        if (strchr("\t\r\n", *p) == NULL) {
            *q++ = *p;
        }
    }
    *q = '\0';
    g_strstrip(text);
    scheme = scheme_len(text);
    host = scheme > 0 ? ascii_host(text, scheme, &end) : NULL;
    if (host == NULL) {
        g_free(text);
        return NULL;
    }
    out = g_string_new_len(text, (gssize)scheme);
    g_string_append(out, host);
    for (const char *p = text + end; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c <= ' ' || c > '~' || strchr("\"'<>\\", c) != NULL) {
            g_string_append_c(out, '%');
            g_string_append_c(out, digits[c >> 4]);
            g_string_append_c(out, digits[c & 15]);
        } else {
            g_string_append_c(out, (char)c);
        }
    }
    g_free(host);
    g_free(text);
    if (!senda_link_is_address((senda_str_t){ out->str, out->len })) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free(out, FALSE);
}

/* RFC 3986, 3.2; of a clean address. */
static char *
authority_of(const char *address)
{
    const char *from = address + scheme_len(address);

    return g_ascii_strdown(from, (gssize)strcspn(from, "/?#"));
}

char *
message_links_authority(const char *raw)
{
    char *address = clean_address(raw);
    char *authority = address != NULL ? authority_of(address) : NULL;

    g_free(address);
    return authority;
}

static bool
is_vouched(const message_linker_t *how, const char *address)
{
    char *authority = authority_of(address);
    bool vouched = how->vouches == NULL || how->vouches(how->ctx, authority);

    g_free(authority);
    return vouched;
}

static bool
contains(char *const *list, unsigned n, const char *address, unsigned *which)
{
    for (*which = 0; *which < n; ++*which) {
        if (strcmp(list[*which], address) == 0) {
            return true;
        }
    }
    return false;
}

/* What stands in for an address as it was written; NULL: it stays. */
static char *
stand_in(const message_linker_t *how, message_links_t *l, const char *raw)
{
    char *address = clean_address(raw);
    unsigned i;

    if (address == NULL || (how->own != NULL && g_str_has_prefix(address, how->own)) ||
        contains(l->direct, l->ndirect, address, &i) || !is_vouched(how, address)) {
        g_free(address);
        return NULL;
    }
    if (contains(l->address, l->n, address, &i)) {
        g_free(address);
    } else if (l->n < SENDA_LINKS_MAX) {
        l->address[l->n++] = address;
    } else {
        g_free(address);
        return NULL;
    }
    return how->stand_in(how->ctx, i);
}

static void
note_direct(message_links_t *l, const char *raw)
{
    char *address = clean_address(raw);
    unsigned i;

    if (address != NULL && l->ndirect < SENDA_LINKS_MAX &&
        !contains(l->direct, l->ndirect, address, &i)) {
        l->direct[l->ndirect++] = address;
    } else {
        g_free(address);
    }
}

/* ---- HTML ---- */

/* An attribute's value, its entities decoded. */
static char *
decoded(senda_str_t value)
{
    static const struct {
        const char *text, c;
    } named[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
        { "&apos;", '\'' } };
    GString *out = g_string_sized_new(value.n + 1);
    const char *p = value.p, *end = value.p + value.n;

    while (p < end) {
        size_t taken = 0, left = (size_t)(end - p);

        for (size_t i = 0; *p == '&' && i < G_N_ELEMENTS(named) && taken == 0; i++) {
            size_t n = strlen(named[i].text);

            if (n <= left && g_ascii_strncasecmp(p, named[i].text, n) == 0) {
                g_string_append_c(out, named[i].c);
                taken = n;
            }
        }
        if (taken == 0 && left > 3 && p[0] == '&' && p[1] == '#') {
            bool hex = p[2] == 'x' || p[2] == 'X';
            const char *from = p + 2 + hex;
            char *after;
            unsigned long code = g_ascii_isxdigit(*from) ? strtoul(from, &after, hex ? 16 : 10) : 0;

            if (code > 0 && code <= 0x10ffff && after <= end &&
                g_unichar_validate((gunichar)code)) {
                g_string_append_unichar(out, (gunichar)code);
                taken = (size_t)(after - p) + (after < end && *after == ';');
            }
        }
        if (taken == 0) {
            g_string_append_c(out, *p);
            taken = 1;
        }
        p += taken;
    }
    return g_string_free(out, FALSE);
}

static bool
is_space(char c)
{
    return c != '\0' && strchr(" \t\r\n\f", c) != NULL;
}

/* The next attribute from *p on (html.spec.whatwg.org, 13.2.5.32 ff.); false at the tag's end. */
static bool
next_attribute(const char **p, attribute_t *a)
{
    const char *q = *p;

    a->begin = q;
    while (is_space(*q) || *q == '/') {
        q++;
    }
    if (*q == '>' || *q == '\0') {
        *p = q;
        return false;
    }
    a->name.p = q;
    do {
        q++;
    } while (*q != '\0' && !is_space(*q) && strchr("/>=", *q) == NULL);
    a->name.n = (size_t)(q - a->name.p);
    a->value = (senda_str_t){ q, 0 };
    a->quote = '\0';
    a->end = *p = q;
    while (is_space(*q)) {
        q++;
    }
    if (*q != '=') {
        return true;
    }
    do {
        q++;
    } while (is_space(*q));
    a->quote = *q == '"' || *q == '\'' ? *q++ : '\0';
    a->value.p = q;
    while (*q != '\0' && (a->quote != '\0' ? *q != a->quote : !is_space(*q) && *q != '>')) {
        q++;
    }
    a->value.n = (size_t)(q - a->value.p);
    a->end = *p = q + (a->quote != '\0' && *q != '\0');
    return true;
}

static bool
is_named(senda_str_t s, const char *name)
{
    return s.n == strlen(name) && g_ascii_strncasecmp(s.p, name, s.n) == 0;
}

static bool
is_linking(senda_str_t tag)
{
    return is_named(tag, "a") || is_named(tag, "area") ||
        (tag.n > 2 && g_ascii_strncasecmp(tag.p, "v:", 2) == 0);
}

/* Whether a tag asks for its link to be left alone. */
static bool
is_direct(const char *p)
{
    attribute_t a;

    while (next_attribute(&p, &a)) {
        if (is_named(a.name, "data-senda") && is_named(a.value, "direct")) {
            return true;
        }
    }
    return false;
}

static void
append(GString *out, const char *from, const char *to)
{
    g_string_append_len(out, from, (gssize)(to - from));
}

/* Writes a linking tag's attributes from p on; where they end. */
static const char *
write_attributes(GString *out, const char *p, const message_linker_t *how, message_links_t *l)
{
    bool direct = is_direct(p), linked = false;
    attribute_t a;

    while (next_attribute(&p, &a)) {
        bool href = is_named(a.name, "href") && !linked; /* the first counts */
        char *raw = href ? decoded(a.value) : NULL, *other = NULL;

        if (direct && href) {
            note_direct(l, raw);
        } else if (href) {
            other = stand_in(how, l, raw);
        }
        linked = linked || href;
        if (other != NULL) {
            append(out, a.begin, a.value.p);
            g_string_append(out, other);
            append(out, a.value.p + a.value.n, a.end);
        } else if (!is_named(a.name, "data-senda")) {
            append(out, a.begin, a.end);
        }
        g_free(other);
        g_free(raw);
    }
    append(out, a.begin, p);
    return p;
}

/* Past the end tag of an element whose inside is no HTML. */
static const char *
past_raw(const char *p, senda_str_t name)
{
    for (; (p = strchr(p, '<')) != NULL; p++) {
        if (p[1] == '/' && g_ascii_strncasecmp(p + 2, name.p, name.n) == 0) {
            return p;
        }
    }
    return NULL;
}

/* p is at a '<'; writes the tag; what follows it. */
static const char *
write_tag(GString *out, const char *p, const message_linker_t *how, message_links_t *l)
{
    static const char *const raw[] = { "style", "script", "title", "textarea", "xmp" };
    senda_str_t name = { p + 1, strcspn(p + 1, " \t\r\n\f/>") };
    const char *q = p + 1 + name.n, *end;
    attribute_t a;

    append(out, p, q);
    if (is_linking(name)) {
        return write_attributes(out, q, how, l);
    }
    for (end = q; next_attribute(&end, &a);) {
    }
    for (size_t i = 0; i < G_N_ELEMENTS(raw); i++) {
        if (is_named(name, raw[i])) {
            const char *after = past_raw(end, name);

            end = after != NULL ? after : end + strlen(end);
        }
    }
    append(out, q, end);
    return end;
}

/* Past a comment at p; of Outlook's conditional ones only past the opening: it reads the inside. */
static const char *
past_comment(const char *p)
{
    bool read = begins(p, "<!--[if");
    const char *end = strstr(p + 4, read ? ">" : "-->");

    return end != NULL ? end + (read ? 1 : 3) : p + strlen(p);
}

char *
message_links_html(const char *html, const message_linker_t *how, message_links_t *links)
{
    GString *out = g_string_sized_new(strlen(html) + 1024);
    const char *p = html, *next;

    while (*p != '\0') {
        size_t n = strcspn(p, "<");

        g_string_append_len(out, p, (gssize)n);
        p += n;
        if (*p == '\0') {
            break;
        }
        if (begins(p, "<!--")) {
            next = past_comment(p);
            append(out, p, next);
        } else if (g_ascii_isalpha(p[1])) {
            next = write_tag(out, p, how, links);
        } else {
            next = p + 1;
            append(out, p, next);
        }
        p = next;
    }
    return g_string_free(out, FALSE);
}

/* ---- text ---- */

static bool
is_of_address(gunichar c)
{
    return c >= 0x80 ? g_unichar_isalnum(c)
                     : c > ' ' && c != 0x7f && strchr("<>\"`{}|\\^", (int)c) == NULL;
}

/* How much of s, which begins with an address, is that address: not a bracket that stands around it. */
static size_t
address_len(const char *s)
{
    const char *p = s;
    unsigned open = 0;
    size_t n;

    while (is_of_address(g_utf8_get_char(p)) && (*p != ')' || open > 0)) {
        open = *p == '(' ? open + 1 : *p == ')' ? open - 1 : open;
        p = g_utf8_next_char(p);
    }
    for (n = (size_t)(p - s); n > 0 && strchr(".,;:!?']", s[n - 1]) != NULL; n--) {
        /* what ends a sentence is none of it */
    }
    return n;
}

char *
message_links_text(const char *text, const message_linker_t *how, message_links_t *links)
{
    GString *out = g_string_sized_new(strlen(text) + 1024);

    for (const char *p = text; *p != '\0';) {
        size_t n = scheme_len(p) > 0 && (p == text || !g_ascii_isalnum(p[-1])) ? address_len(p) : 0;
        char *raw = n > 0 ? g_strndup(p, n) : NULL;
        char *other = n > 0 ? stand_in(how, links, raw) : NULL;

        n = n > 0 ? n : 1;
        if (other != NULL) {
            g_string_append(out, other);
        } else {
            g_string_append_len(out, p, (gssize)n);
        }
        g_free(other);
        g_free(raw);
        p += n;
    }
    return g_string_free(out, FALSE);
}

void
message_links_free(message_links_t *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        g_free(l->address[i]);
    }
    for (unsigned i = 0; i < l->ndirect; i++) {
        g_free(l->direct[i]);
    }
    memset(l, 0, sizeof(*l));
}
