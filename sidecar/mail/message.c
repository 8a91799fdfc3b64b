/*
 * From template and person to the bytes of a message; the one file with GMime.
 * Never sends and takes no time or randomness of its own, so that the same
 * request makes the same bytes. Fails with file, line and cause.
 */

#include "message_body.h"

#include <glib.h>
#include <gmime/gmime.h>
#include <stdlib.h>

/* "Name <address>" or an address alone; name is to be freed, NULL if there is none. */
static senda_rc_t
split_mailbox(const char *text, char **name, char *address, senda_err_t *err)
{
    size_t n = strlen(text);
    const char *open = n > 0 && text[n - 1] == '>' ? strrchr(text, '<') : NULL;
    senda_str_t in = { text, n };

    *name = NULL;
    if (open != NULL) {
        in = (senda_str_t){ open + 1, (size_t)(text + n - 1 - open - 1) };
    }
    if (message_canonical_address(in, address, MESSAGE_ADDRESS_MAX + 1) != SENDA_OK) {
        return senda_fail(err, SENDA_BAD, "\"%.120s\" is no address", text);
    }
    if (open != NULL && open > text) {
        char *copy = g_strstrip(g_strndup(text, (gsize)(open - text)));
        size_t len = strlen(copy);
        if (len >= 2 && copy[0] == '"' && copy[len - 1] == '"') {
            memmove(copy, copy + 1, len - 2);
            copy[len - 2] = '\0';
        }
        *name = copy;
    }
    return SENDA_OK;
}

static void
add_mailbox(InternetAddressList *list, const char *name, const char *address)
{
    InternetAddress *a = internet_address_mailbox_new(name != NULL && name[0] != '\0' ? name : NULL,
        address);

    internet_address_set_charset(a, "utf-8");
    internet_address_list_add(list, a);
    g_object_unref(a);
}

static GMimeObject *
make_part(const char *subtype, const char *text)
{
    GMimePart *part = g_mime_part_new_with_type("text", subtype);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text, strlen(text));
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream,
        GMIME_CONTENT_ENCODING_DEFAULT);

    g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
    g_mime_part_set_content(part, content);
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    g_object_unref(content);
    g_object_unref(stream);
    return GMIME_OBJECT(part);
}

/* Quoted-printable text never holds "=_", so that no part can hold the boundary. */
static GMimeObject *
make_content(const message_body_t *b, const char *unique)
{
    char boundary[71];

    if (b->html == NULL) {
        return make_part("plain", b->text);
    }
    GMimeMultipart *both = g_mime_multipart_new_with_subtype("alternative");
    snprintf(boundary, sizeof(boundary), "=_%.60s", unique);
    g_mime_multipart_set_boundary(both, boundary);
    GMimeObject *text = make_part("plain", b->text), *html = make_part("html", b->html);
    g_mime_multipart_add(both, text);
    g_mime_multipart_add(both, html);
    g_object_unref(text);
    g_object_unref(html);
    return GMIME_OBJECT(both);
}

static void
add_header(GMimeMessage *m, const char *name, const char *value)
{
    g_mime_object_append_header(GMIME_OBJECT(m), name, value, "utf-8");
}

/* As it is, in lines of its own making: no address may become an encoded word (RFC 2047, 5). */
static void
add_raw_header(GMimeMessage *m, const char *name, const char *value)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(m));
    char *raw = g_strdup_printf(" %s\n", value);

    add_header(m, name, "");
    g_mime_header_set_raw_value(g_mime_header_list_get_header(list, name), raw);
    g_free(raw);
}

/* RFC 2369, 3.2, and with an address of the endpoint RFC 8058, 3.1. */
static void
add_unsubscribe(GMimeMessage *m, const message_settings_t *s, const message_request_t *r,
    const char *url)
{
    GString *value = g_string_new(NULL);

    if (url != NULL) {
        g_string_append_printf(value, "<%s>", url);
    }
    if (s->list_unsubscribe != NULL) {
        char *who = g_uri_escape_string(r->to, NULL, FALSE);
        bool fits = strlen(who) <= MESSAGE_ADDRESS_MAX * 2; /* in a line of RFC 5322, 2.1.1 */

        g_string_append_printf(value, "%s<mailto:%s?subject=unsubscribe%s%s>",
            url != NULL ? ",\n " : "", s->list_unsubscribe, fits ? "%20" : "", fits ? who : "");
        g_free(who);
    }
    if (value->len > 0) {
        add_raw_header(m, "List-Unsubscribe", value->str);
    }
    if (url != NULL) {
        add_header(m, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }
    g_string_free(value, TRUE);
}

static void
add_list_headers(GMimeMessage *m, const message_settings_t *s, const message_request_t *r,
    const message_body_t *b)
{
    /* RFC 3834, 5: no out-of-office answer is wanted, to either kind of mail */
    add_header(m, "Auto-Submitted", "auto-generated");
    if (r->language != NULL) {
        char *language = message_clean_line(r->language, strlen(r->language));
        add_header(m, "Content-Language", language);
        g_free(language);
    }
    if (!r->transactional) {
        add_unsubscribe(m, s, r, b->unsubscribe);
    }
}

static void
print_message(GMimeMessage *m, message_t *out)
{
    GMimeFormatOptions *format = g_mime_format_options_new();
    GMimeStream *stream = g_mime_stream_mem_new();

    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(m), format, stream);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    out->len = bytes->len;
    out->bytes = g_malloc(bytes->len + 1);
    memcpy(out->bytes, bytes->data, bytes->len);
    out->bytes[bytes->len] = '\0';
    g_object_unref(stream);
    g_mime_format_options_free(format);
}

/* Everything is known to be right by now. */
static void
compose(const message_settings_t *s, const message_request_t *r, const message_body_t *b,
    const char *from_name, const char *reply_name, const char *reply_to, message_t *out)
{
    GMimeMessage *m = g_mime_message_new(FALSE);
    GDateTime *date = g_date_time_new_from_unix_utc(r->date);
    char *to_name = r->to_name != NULL ? message_clean_line(r->to_name, strlen(r->to_name)) : NULL;
    char *id = g_strdup_printf("%s@%s", r->unique, s->id_domain);

    add_mailbox(g_mime_message_get_from(m), from_name, out->envelope_from);
    add_mailbox(g_mime_message_get_to(m), to_name, out->envelope_to);
    if (reply_to != NULL) {
        add_mailbox(g_mime_message_get_reply_to(m), reply_name, reply_to);
    }
    g_mime_message_set_subject(m, b->subject, "utf-8");
    if (date != NULL) {
        g_mime_message_set_date(m, date);
        g_date_time_unref(date);
    }
    g_mime_message_set_message_id(m, id);
    add_list_headers(m, s, r, b);
    for (unsigned i = 0; i < b->nextra; i++) {
        if (b->extra_value[i][0] != '\0') {
            add_header(m, b->extra_name[i], b->extra_value[i]);
        }
    }
    GMimeObject *content = make_content(b, r->unique);
    g_mime_message_set_mime_part(m, content);
    g_object_unref(content);
    print_message(m, out);
    out->message_id = g_strdup_printf("<%s>", id);
    out->subject = g_strdup(b->subject);
    g_free(id);
    g_free(to_name);
    g_object_unref(m);
}

static senda_rc_t
check_request(const message_settings_t *s, const message_request_t *r, senda_err_t *err)
{
    char address[MESSAGE_ADDRESS_MAX + 1];
    size_t n = strspn(r->unique, "abcdefghijklmnopqrstuvwxyz0123456789.");

    if (n == 0 || n > MESSAGE_UNIQUE_MAX || r->unique[n] != '\0') {
        return senda_fail(err, SENDA_BAD, "\"%.150s\" cannot name a message", r->unique);
    }
    char *probe = g_strdup_printf("a@%s", s->id_domain != NULL ? s->id_domain : "");
    senda_rc_t rc = message_canonical_address(senda_cstr(probe), address, sizeof(address));
    g_free(probe);
    if (rc != SENDA_OK) {
        return senda_fail(err, SENDA_BAD, "\"%.100s\" is no domain for a Message-ID",
            s->id_domain != NULL ? s->id_domain : "");
    }
    if (s->list_unsubscribe != NULL &&
        message_canonical_address(senda_cstr(s->list_unsubscribe), address, sizeof(address)) !=
            SENDA_OK) {
        return senda_fail(err, SENDA_BAD, "\"%.100s\" is no address to unsubscribe by",
            s->list_unsubscribe);
    }
    return SENDA_OK;
}

static void
once(void)
{
    static bool done;

    if (!done) {
        g_mime_init();
        done = true;
    }
}

senda_rc_t
message_make(const message_settings_t *s, const message_request_t *r, message_t *out,
    senda_err_t *err)
{
    char from[MESSAGE_ADDRESS_MAX + 1], to[MESSAGE_ADDRESS_MAX + 1], reply[MESSAGE_ADDRESS_MAX + 1];
    char *from_name = NULL, *reply_name = NULL, *none = NULL;
    message_template_t t = { 0 };
    message_body_t b = { 0 };

    *out = (message_t){ 0 };
    once();
    senda_rc_t rc = check_request(s, r, err);
    if (rc == SENDA_OK) {
        rc = split_mailbox(r->to, &none, to, err);
    }
    if (rc != SENDA_OK || (rc = message_template_read(&t, s->dir, r->template, err)) != SENDA_OK ||
        (rc = message_body_make(&b, &t, s, r, err)) != SENDA_OK) {
        goto out;
    }
    const char *sender = b.from != NULL && b.from[0] != '\0' ? b.from : s->from;
    if (sender == NULL) {
        rc = senda_fail(err, SENDA_BAD, "%s: nobody is named in From", t.file);
        goto out;
    }
    if ((rc = split_mailbox(sender, &from_name, from, err)) != SENDA_OK) {
        goto out;
    }
    bool replies = b.reply_to != NULL && b.reply_to[0] != '\0';
    if (replies && (rc = split_mailbox(b.reply_to, &reply_name, reply, err)) != SENDA_OK) {
        goto out;
    }
    out->envelope_from = g_strdup(from);
    out->envelope_to = g_strdup(to);
    compose(s, r, &b, from_name, reply_name, replies ? reply : NULL, out);
    out->links = b.links;
    memset(&b.links, 0, sizeof(b.links));
out:
    g_free(from_name);
    g_free(reply_name);
    g_free(none);
    message_body_free(&b);
    message_template_free(&t);
    return rc;
}

void
message_free(message_t *m)
{
    g_free(m->bytes);
    g_free(m->envelope_from);
    g_free(m->envelope_to);
    g_free(m->message_id);
    g_free(m->subject);
    message_links_free(&m->links);
    *m = (message_t){ 0 };
}

senda_rc_t
message_check(const message_settings_t *s, const char *template, senda_err_t *err)
{
    message_template_t t;
    senda_err_t inner = { "" };
    senda_rc_t rc = message_template_read(&t, s->dir, template, err);

    if (rc != SENDA_OK) {
        goto out;
    }
    for (unsigned i = 0; i < t.nheaders && rc == SENDA_OK; i++) {
        rc = mustache_check(t.headers[i].line, t.headers[i].value, message_template_partial, &t,
            &inner);
    }
    const message_part_t *parts[] = { &t.text, &t.html };
    for (unsigned i = 0; i < 2 && rc == SENDA_OK; i++) {
        rc = mustache_check(parts[i]->line, parts[i]->text, message_template_partial, &t, &inner);
    }
    if (rc != SENDA_OK) {
        rc = senda_fail(err, rc == SENDA_FULL ? SENDA_BAD : rc, "%.60s: %.190s", t.file,
            inner.text);
    }
out:
    message_template_free(&t);
    return rc;
}
