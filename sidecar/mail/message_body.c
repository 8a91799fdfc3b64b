/*
 * Renders a template's headers and parts for one person, puts the preheader at
 * the top of the HTML and, on marketing mail, a footer of ours below when the
 * template does not show whom to write to. Never lets a value end a header's
 * line. Fails with file, line and cause.
 */

#include "message_body.h"

#include <glib.h>
#include <stdlib.h>

typedef struct {
    message_template_t *t;
    const message_settings_t *settings;
    const message_request_t *request;
    message_body_t *body;
    tval_t *values;
    senda_err_t *err;
} make_t;

typedef struct {
    const char *language, *write, *click, *link;
} footer_t;

static const footer_t footers[] = {
    { "en", "To stop receiving these e-mails, write to",
        "To choose what we send you, or to stop:", "Unsubscribe" },
    { "es", "Si no quieres recibir más correos, escribe a",
        "Para elegir qué te enviamos, o no recibir nada más:", "Darme de baja" },
};

char *
message_clean_line(const char *s, size_t n)
{
    char *valid = g_utf8_make_valid(s != NULL ? s : "", s != NULL ? (gssize)n : 0);
    GString *out = g_string_sized_new(n + 1);
    bool space = false;

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c <= ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0) || c == 0x2028 || c == 0x2029) {
            space = true;
            continue;
        }
        if (out->len + 8 > MESSAGE_HEADER_MAX) {
            break;
        }
        if (space && out->len > 0) {
            g_string_append_c(out, ' ');
        }
        space = false;
        g_string_append_unichar(out, c);
    }
    g_free(valid);
    return g_string_free(out, FALSE);
}

/* A part: valid UTF-8, LF line ends, no control characters, no blank lines around, one LF last. */
static char *
clean_part(const char *s, size_t n)
{
    char *valid = g_utf8_make_valid(s, (gssize)n);
    GString *out = g_string_sized_new(n + 2);

    for (const char *p = valid; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '\r') {
            c = '\n';
            p += p[1] == '\n';
        }
        if ((c >= ' ' && c != 0x7f) || c == '\t' || (c == '\n' && out->len > 0)) {
            g_string_append_c(out, (char)c);
        }
    }
    while (out->len > 0 && g_ascii_isspace(out->str[out->len - 1])) {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, '\n');
    g_free(valid);
    return g_string_free(out, FALSE);
}

static senda_rc_t
render(make_t *m, unsigned line, senda_str_t text, mustache_escape_t escape, char **out)
{
    senda_err_t inner = { "" };
    size_t len;
    char *bytes;
    senda_rc_t rc = mustache_render_at(line, text, m->values, escape, message_template_partial,
        m->t, &bytes, &len, &inner);

    if (rc != SENDA_OK) {
        rc = rc == SENDA_FULL ? SENDA_BAD : rc;
        (void)senda_fail(m->err, rc, "%.60s: %.190s", m->t->file, inner.text);
        return rc;
    }
    /* a NUL of a value would end the text here */
    for (size_t i = 0; i < len; i++) {
        bytes[i] = bytes[i] == '\0' ? ' ' : bytes[i];
    }
    *out = bytes;
    return SENDA_OK;
}

static char *
percent_encoded(const char *s)
{
    return g_uri_escape_string(s, NULL, FALSE);
}

static void
set(tval_t *map, const char *name, const char *value)
{
    if (value != NULL) {
        tval_set(map, senda_cstr(name), tval_text(senda_cstr(value)));
    }
}

/* An address of the endpoint, which stands for one thing that may be done with this message. */
static char *
endpoint_url(const make_t *m, senda_token_kind_t kind, unsigned link, const char *ending)
{
    senda_token_t t = { kind, m->request->id, (uint16_t)link };
    char token[SENDA_TOKEN_LEN + 1];

    if (!senda_token_make(&t, m->settings->keys, token)) {
        return NULL;
    }
    return g_strdup_printf("%s%c/%s%s", m->settings->endpoint, (char)kind, token, ending);
}

static bool
has_endpoint(const make_t *m)
{
    return m->settings->endpoint != NULL && m->settings->keys != NULL &&
        m->settings->keys->nlinks > 0 && !senda_message_is_none(&m->request->id);
}

static void
set_values(make_t *m)
{
    const message_settings_t *s = m->settings;
    const message_request_t *r = m->request;

    m->values = tval_map_over(r->values);
    if (r->values == NULL || tval_get(r->values, SENDA_STR("email")) == NULL) {
        set(m->values, "email", r->to);
    }
    if (r->values == NULL || tval_get(r->values, SENDA_STR("name")) == NULL) {
        set(m->values, "name", r->to_name);
    }
    set(m->values, "postal", s->postal);
    if (!r->transactional && has_endpoint(m)) {
        m->body->unsubscribe = endpoint_url(m, SENDA_TOKEN_UNSUBSCRIBE, 0, "");
        set(m->values, "unsubscribe_url", m->body->unsubscribe);
    }
    if (!r->transactional && s->list_unsubscribe != NULL) {
        char *who = percent_encoded(r->to);
        char *url = g_strdup_printf("mailto:%s?subject=unsubscribe%%20%s", s->list_unsubscribe,
            who);
        set(m->values, "unsubscribe_mailto", url);
        set(m->values, "unsubscribe_address", s->list_unsubscribe);
        g_free(url);
        g_free(who);
    }
}

static bool
named(const message_header_t *h, const char *name)
{
    return h->name.n == strlen(name) && g_ascii_strncasecmp(h->name.p, name, h->name.n) == 0;
}

static senda_rc_t
render_headers(make_t *m, message_body_t *b, char **preheader)
{
    for (unsigned i = 0; i < m->t->nheaders; i++) {
        const message_header_t *h = &m->t->headers[i];
        char *raw = NULL, *line;
        senda_rc_t rc = render(m, h->line, h->value, MUSTACHE_PLAIN, &raw);
        if (rc != SENDA_OK) {
            return rc;
        }
        line = message_clean_line(raw, strlen(raw));
        free(raw);
        if (named(h, "From")) {
            b->from = line;
        } else if (named(h, "Subject")) {
            b->subject = line;
        } else if (named(h, "Reply-To")) {
            b->reply_to = line;
        } else if (named(h, "Preheader")) {
            *preheader = line;
        } else {
            b->extra_name[b->nextra] = g_strndup(h->name.p, h->name.n);
            b->extra_value[b->nextra++] = line;
        }
    }
    return SENDA_OK;
}

static senda_rc_t
render_part(make_t *m, const message_part_t *part, mustache_escape_t escape, char **out)
{
    char *raw = NULL;

    if (part->line == 0) {
        return SENDA_OK;
    }
    senda_rc_t rc = render(m, part->line, part->text, escape, &raw);
    if (rc == SENDA_OK) {
        *out = clean_part(raw, strlen(raw));
        free(raw);
    }
    return rc;
}

/* Where a tag begins, the last one of its kind; letter case does not matter. */
static char *
last_tag(char *html, const char *tag)
{
    char *found = NULL;

    for (char *p = html; (p = strchr(p, '<')) != NULL; p++) {
        found = g_ascii_strncasecmp(p, tag, strlen(tag)) == 0 ? p : found;
    }
    return found;
}

static void
insert(char **text, size_t at, const char *what)
{
    char *joined = g_strdup_printf("%.*s%s%s", (int)at, *text, what, *text + at);

    g_free(*text);
    *text = joined;
}

/* Hidden text that mail clients show beside the subject; fillers keep the body's text away from it. */
static void
add_preheader(char **html, const char *preheader)
{
    GString *s = g_string_new(
        "\n<div style=\"display:none;max-height:0;overflow:hidden;"
        "mso-hide:all;font-size:1px;line-height:1px;color:transparent;opacity:0\">");
    char *escaped = g_markup_escape_text(preheader, -1);
    char *body = last_tag(*html, "<body");
    char *end = body != NULL ? strchr(body, '>') : NULL;

    g_string_append(s, escaped);
    for (int i = 0; i < 40; i++) {
        g_string_append(s, i % 10 == 0 ? "\n&#847;&zwnj;&nbsp;" : "&#847;&zwnj;&nbsp;");
    }
    g_string_append(s, "</div>\n");
    insert(html, end != NULL ? (size_t)(end + 1 - *html) : 0, s->str);
    g_string_free(s, TRUE);
    g_free(escaped);
}

static const footer_t *
footer_words(const char *language)
{
    for (size_t i = 0; language != NULL && i < G_N_ELEMENTS(footers); i++) {
        if (g_ascii_strncasecmp(language, footers[i].language, 2) == 0) {
            return &footers[i];
        }
    }
    return &footers[0];
}

/* Whether a part shows how to leave, as it is or escaped. */
static bool
shows_way_out(const make_t *m, const char *part, const char *escaped)
{
    const char *address = m->settings->list_unsubscribe, *url = m->body->unsubscribe;

    return (address == NULL && url == NULL) || (url != NULL && strstr(part, url) != NULL) ||
        (address != NULL && (strstr(part, address) != NULL || strstr(part, escaped) != NULL));
}

static void
add_text_footer(make_t *m, char **text, const char *postal)
{
    const char *address = m->settings->list_unsubscribe, *url = m->body->unsubscribe;
    const footer_t *words = footer_words(m->request->language);
    GString *s = g_string_new(NULL);

    if (postal != NULL && strstr(*text, postal) == NULL) {
        g_string_append_printf(s, "%s\n", postal);
    }
    if (!shows_way_out(m, *text, address)) {
        g_string_append_printf(s, "%s %s\n", url != NULL ? words->click : words->write,
            url != NULL ? url : address);
    }
    if (s->len > 0) {
        g_string_prepend(s, "\n-- \n");
        insert(text, strlen(*text), s->str);
    }
    g_string_free(s, TRUE);
}

static void
add_way_out(make_t *m, GString *s, const char *escaped)
{
    const footer_t *words = footer_words(m->request->language);
    char *who;

    if (m->body->unsubscribe != NULL) {
        g_string_append_printf(s, "%s <a href=\"%s\" style=\"color:inherit\">%s</a>\n",
            words->click, m->body->unsubscribe, words->link);
        return;
    }
    who = percent_encoded(m->request->to);
    g_string_append_printf(s,
        "%s <a href=\"mailto:%s?subject=unsubscribe%%20%s\" style=\"color:inherit\">%s</a>\n",
        words->write, escaped, who, escaped);
    g_free(who);
}

static void
add_html_footer(make_t *m, char **html, const char *postal)
{
    const char *address = m->settings->list_unsubscribe;
    char *shown = postal != NULL ? g_markup_escape_text(postal, -1) : NULL;
    char *escaped = address != NULL ? g_markup_escape_text(address, -1) : NULL;
    GString *s = g_string_new(NULL);

    if (postal != NULL && strstr(*html, shown) == NULL && strstr(*html, postal) == NULL) {
        g_string_append_printf(s, "%s<br>\n", shown);
    }
    if (!shows_way_out(m, *html, escaped)) {
        add_way_out(m, s, escaped);
    }
    if (s->len > 0) {
        char *body = last_tag(*html, "</body");
        g_string_prepend(s,
            "<p style=\"margin:24px 16px;font:13px/20px Arial,sans-serif;"
            "color:#767676;text-align:center\">\n");
        g_string_append(s, "</p>\n");
        insert(html, body != NULL ? (size_t)(body - *html) : strlen(*html), s->str);
    }
    g_string_free(s, TRUE);
    g_free(shown);
    g_free(escaped);
}

/* ---- through the endpoint ---- */

static char *
click_url(void *ctx, unsigned link)
{
    return endpoint_url(ctx, SENDA_TOKEN_CLICK, link, "");
}

static bool
is_authority(const char *address, const char *authority)
{
    char *own = message_links_authority(address);
    bool same = own != NULL && strcmp(own, authority) == 0;

    g_free(own);
    return same;
}

/* The template's own words lead there: an authority that stands in it as a whole. */
static bool
stands_in(const char *text, const char *authority)
{
    const char *p = text;
    bool found = false;

    while (!found && p != NULL && (p = strstr(p, "://")) != NULL) {
        size_t n = strcspn(p + 3, "/?# \t\r\n\"'<>(){}");
        char *address = g_strdup_printf("https://%.*s/", (int)n, p + 3);

        found = is_authority(address, authority);
        g_free(address);
        p += 3;
    }
    return found;
}

/*
 * The shop's own pages, and what stands in the template and its partials. What
 * only a value brings (a name, a search …) may be a stranger's: a link of ours
 * that leads there would be a redirect in the shop's name to wherever he likes.
 */
static bool
vouches(void *ctx, const char *authority)
{
    const make_t *m = ctx;
    bool known = is_authority(m->settings->endpoint, authority) ||
        (m->request->site_url != NULL && is_authority(m->request->site_url, authority)) ||
        stands_in(m->t->bytes, authority);

    for (unsigned i = 0; i < m->t->npartials && !known; i++) {
        known = m->t->partials[i].bytes != NULL && stands_in(m->t->partials[i].bytes, authority);
    }
    return known;
}

/* HTML first: it may say that a link is to be left alone. */
static void
link_through(make_t *m)
{
    message_body_t *b = m->body;
    message_linker_t how = { m->settings->endpoint, click_url, m, vouches };
    char *other;

    if (b->html != NULL) {
        other = message_links_html(b->html, &how, &b->links);
        g_free(b->html);
        b->html = other;
    }
    other = message_links_text(b->text, &how, &b->links);
    g_free(b->text);
    b->text = other;
}

static void
add_pixel(make_t *m)
{
    char *url = endpoint_url(m, SENDA_TOKEN_OPEN, 0, ".gif");
    char *body = last_tag(m->body->html, "</body");
    char *img;

    if (url == NULL) {
        return;
    }
    img = g_strdup_printf("<img src=\"%s\" width=\"1\" height=\"1\" alt=\"\" "
                          "style=\"display:block;border:0\">\n",
        url);
    insert(&m->body->html, body != NULL ? (size_t)(body - m->body->html) : strlen(m->body->html),
        img);
    g_free(img);
    g_free(url);
}

senda_rc_t
message_body_make(message_body_t *b, message_template_t *t, const message_settings_t *s,
    const message_request_t *r, senda_err_t *err)
{
    make_t m = { .t = t, .settings = s, .request = r, .body = b, .err = err };
    char *preheader = NULL, *postal = NULL;

    *b = (message_body_t){ 0 };
    set_values(&m);
    senda_rc_t rc = render_headers(&m, b, &preheader);
    if (rc == SENDA_OK) {
        rc = render_part(&m, &t->text, MUSTACHE_PLAIN, &b->text);
    }
    if (rc == SENDA_OK) {
        rc = render_part(&m, &t->html, MUSTACHE_HTML, &b->html);
    }
    if (rc != SENDA_OK) {
        goto out;
    }
    if (b->subject == NULL || b->subject[0] == '\0') {
        rc = senda_fail(err, SENDA_BAD, "%s: the subject is empty once its values are in", t->file);
        goto out;
    }
    if (b->text == NULL) {
        b->text = message_text_of_html(b->html, strlen(b->html));
    }
    if (!r->transactional) {
        postal = s->postal != NULL ? message_clean_line(s->postal, strlen(s->postal)) : NULL;
        add_text_footer(&m, &b->text, postal);
        if (b->html != NULL) {
            add_html_footer(&m, &b->html, postal);
        }
    }
    if (has_endpoint(&m)) {
        link_through(&m);
        if (s->opens && b->html != NULL) {
            add_pixel(&m);
        }
    }
    if (b->html != NULL && preheader != NULL && preheader[0] != '\0') {
        add_preheader(&b->html, preheader);
    }
out:
    g_free(preheader);
    g_free(postal);
    tval_free(m.values);
    return rc;
}

void
message_body_free(message_body_t *b)
{
    g_free(b->from);
    g_free(b->subject);
    g_free(b->reply_to);
    for (unsigned i = 0; i < b->nextra; i++) {
        g_free(b->extra_name[i]);
        g_free(b->extra_value[i]);
    }
    g_free(b->text);
    g_free(b->html);
    g_free(b->unsubscribe);
    message_links_free(&b->links);
    *b = (message_body_t){ 0 };
}
