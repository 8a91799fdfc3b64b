/* Messages: exact bytes, headers that nobody can break out of, footers, addresses, mistakes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <glib.h>
#include <jansson.h>

#include "message.h"
#include "message_body.h"
#include "scratch.h"

static const message_settings_t shop = {
    .dir = "tests/data/messages",
    .from = "La Zapatería, S.L. <hola@zapateria.example>",
    .list_unsubscribe = "bajas@zapateria.example",
    .postal = "La Zapatería, Calle Mayor, 1, Madrid",
    .id_domain = "zapateria.example",
};

static const message_request_t ana = {
    .template = "cesta",
    .to = "ana@example.com",
    .to_name = "Ana Núñez",
    .unique = "3f.9a01",
    .date = 1780308000,
    .language = "es",
};

static tval_t *
values(const char *name)
{
    tval_t *v = tval_map();

    tval_set(v, SENDA_STR("name"), tval_text(senda_cstr(name)));
    tval_set(v, SENDA_STR("shop"), tval_text(SENDA_STR("La Zapatería")));
    tval_set(v, SENDA_STR("site_url"), tval_text(SENDA_STR("https://zapateria.example")));
    return v;
}

static void
make_as(const message_settings_t *s, message_request_t r, const char *name, message_t *m)
{
    senda_err_t err = { "" };
    tval_t *v = values(name);

    r.values = v;
    if (message_make(s, &r, m, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    tval_free(v);
}

static void
write_template(char dir[SCRATCH_MAX], const char *name, const char *text)
{
    char path[SCRATCH_MAX + 64];

    snprintf(path, sizeof(path), "%s/%s.mustache", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    fclose(f);
}

/* The value of a part of the message, decoded: enough of quoted-printable for the tests. */
static char *
decoded(const message_t *m)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < m->len; i++) {
        if (m->bytes[i] != '=') {
            g_string_append_c(s, m->bytes[i]);
        } else if (m->bytes[i + 1] == '\r') {
            i += 2;
        } else if (g_ascii_isxdigit(m->bytes[i + 1]) && g_ascii_isxdigit(m->bytes[i + 2])) {
            g_string_append_c(s,
                (char)(16 * g_ascii_xdigit_value(m->bytes[i + 1]) +
                    g_ascii_xdigit_value(m->bytes[i + 2])));
            i += 2;
        }
    }
    return g_string_free(s, FALSE);
}

/* Every line ends in CRLF and has at most 998 bytes, all of them ASCII. */
static void
expect_lines(const message_t *m)
{
    size_t line = 0;

    for (size_t i = 0; i < m->len; i++) {
        unsigned char c = (unsigned char)m->bytes[i];
        assert_true(c < 0x80 && c != '\0');
        if (c == '\n') {
            assert_true(i > 0 && m->bytes[i - 1] == '\r');
            line = 0;
        } else {
            assert_true(c != '\r' || m->bytes[i + 1] == '\n');
            assert_true(++line <= 999);
        }
    }
    assert_memory_equal(m->bytes + m->len - 2, "\r\n", 2);
}

static void
test_exact_bytes(void **state)
{
    message_t m, again;
    char *golden;
    gsize len;

    (void)state;
    make_as(&shop, ana, "Ana", &m);
    make_as(&shop, ana, "Ana", &again);
    assert_int_equal(m.len, again.len);
    assert_memory_equal(m.bytes, again.bytes, m.len);
    assert_string_equal(m.message_id, "<3f.9a01@zapateria.example>");
    assert_string_equal(m.envelope_from, "hola@zapateria.example");
    assert_string_equal(m.envelope_to, "ana@example.com");
    expect_lines(&m);
    assert_true(g_file_get_contents("tests/data/messages/cesta.eml", &golden, &len, NULL));
    assert_string_equal(m.bytes, golden);
    assert_int_equal(m.len, len);
    g_free(golden);
    message_free(&m);
    message_free(&again);
}

/* How many lines of the header begin with a name. */
static unsigned
headers(const message_t *m, const char *name)
{
    unsigned n = 0;
    const char *end = strstr(m->bytes, "\r\n\r\n");

    for (const char *p = m->bytes; p != NULL && p < end; p = strstr(p, "\r\n")) {
        p += p == m->bytes ? 0 : 2;
        n += g_ascii_strncasecmp(p, name, strlen(name)) == 0 && p[strlen(name)] == ':';
    }
    return n;
}

static void
test_injection(void **state)
{
    static const char evil[] =
        "Ana\r\nBcc: x@example.net\r\n\r\n<b>\n--=_3f.9a01\n\xff\xe2\x80\xa8";
    message_request_t r = ana;
    message_t m;

    (void)state;
    r.to_name = evil;
    make_as(&shop, r, evil, &m);
    expect_lines(&m);
    assert_int_equal(headers(&m, "Bcc"), 0);
    assert_int_equal(headers(&m, "Subject"), 1);
    assert_int_equal(headers(&m, "To"), 1);
    assert_null(strpbrk(m.subject, "\r\n"));
    /* the boundary stands before each part and after the last, never inside one */
    unsigned boundaries = 0;
    for (const char *p = m.bytes; (p = strstr(p, "\r\n--=_3f.9a01")) != NULL; p++) {
        boundaries++;
    }
    assert_int_equal(boundaries, 3);
    message_free(&m);
}

static void
test_naughty_names(void **state)
{
    const char *dir = getenv("SENDA_SHARED");
    char path[512];
    json_t *one;
    size_t i;

    (void)state;
    snprintf(path, sizeof(path), "%s/data/naughty-strings/blns.json",
        dir != NULL ? dir : "../shared");
    json_t *all = json_load_file(path, 0, NULL);
    if (all == NULL) {
        skip();
    }
    json_array_foreach(all, i, one)
    {
        message_request_t r = ana;
        message_t m;
        r.to_name = json_string_value(one);
        make_as(&shop, r, json_string_value(one), &m);
        expect_lines(&m);
        assert_int_equal(headers(&m, "Subject") + headers(&m, "To") + headers(&m, "From"), 3);
        assert_true(g_utf8_validate(m.subject, -1, NULL));
        message_free(&m);
    }
    json_decref(all);
}

static void
test_long_lines(void **state)
{
    char dir[SCRATCH_MAX];
    message_settings_t s = shop;
    message_request_t r = ana;
    message_t m;
    char *longest = g_strnfill(100000, 'x');

    (void)state;
    scratch_make(dir);
    s.dir = dir;
    r.template = "long";
    write_template(dir, "long", "Subject: {{name}}\nX-Name: {{name}}\n\n{{name}}\n");
    make_as(&s, r, longest, &m);
    expect_lines(&m);
    assert_true(strlen(m.subject) <= MESSAGE_HEADER_MAX);
    message_free(&m);
    g_free(longest);
    scratch_remove(dir);
}

static void
test_footers(void **state)
{
    char dir[SCRATCH_MAX];
    message_settings_t s = shop;
    message_request_t r = ana;
    message_t m;

    (void)state;
    scratch_make(dir);
    s.dir = dir;
    write_template(dir, "bare", "Subject: x\n\n--- html\n<BODY>hi</BODY>\n");
    write_template(dir, "own",
        "Subject: x\n\n--- text\n{{postal}} {{unsubscribe_address}}\n"
        "--- html\n<p>{{postal}} {{{unsubscribe_mailto}}}</p>\n");

    r.template = "bare";
    make_as(&s, r, "Ana", &m);
    char *text = decoded(&m);
    assert_int_equal(headers(&m, "List-Unsubscribe"), 1);
    assert_non_null(strstr(text,
        "\r\nSi no quieres recibir más correos, escribe a "
        "bajas@zapateria.example\r\n"));
    assert_non_null(strstr(text,
        "escribe a <a href=\"mailto:bajas@zapateria.example?"
        "subject=unsubscribe%20ana%40example.com\""));
    assert_non_null(strstr(text, "</p>\r\n</BODY>"));
    g_free(text);
    message_free(&m);

    r.language = "en";
    make_as(&s, r, "Ana", &m);
    assert_non_null(strstr(m.bytes, "To stop receiving these e-mails, write to"));
    message_free(&m);

    r.template = "own";
    make_as(&s, r, "Ana", &m);
    text = decoded(&m);
    assert_null(strstr(text, "To stop receiving"));
    assert_non_null(strstr(text, "mailto:bajas@zapateria.example?subject=unsubscribe%20ana%40"));
    g_free(text);
    message_free(&m);

    r.template = "bare";
    r.transactional = true;
    make_as(&s, r, "Ana", &m);
    assert_int_equal(headers(&m, "List-Unsubscribe"), 0);
    assert_null(strstr(m.bytes, "bajas@"));
    message_free(&m);
    scratch_remove(dir);
}

static void
test_text_of_html(void **state)
{
    static const struct {
        const char *html, *text;
    } cases[] = {
        { "<html><head><title>t</title><style>p { }</style></head><body><h1>Hola</h1>\n"
          "<p>uno\n  dos</p><p>tres<br>cuatro</p></body>",
            "Hola\n\nuno dos\n\ntres\ncuatro\n" },
        { "<a href='https://x.example/?a=1&amp;b=2'>ver</a>.",
            "ver (https://x.example/?a=1&b=2).\n" },
        { "<a href=\"https://x.example\">https://x.example</a>", "https://x.example\n" },
        { "<a href=\"mailto:a@x.example?subject=y\">escribe</a>", "escribe (a@x.example)\n" },
        { "<a href=\"https://x.example\"><img src=\"a.png\" alt=\"zapatos\"></a>",
            "zapatos (https://x.example)\n" },
        { "<div style=\"display:none\">oculto<div>m</div>&#847;</div><p>a &lt; b &amp; c&nbsp;&euro;"
          "&#8364;&#x20ac; &bogus;</p>",
            "a < b & c €€€ &bogus;\n" },
        { "<ul><li>uno<li>dos</ul><!-- no > --> a < b", "- uno\n- dos\n\na < b\n" },
        { "<!DOCTYPE html><p title=\"a>b\">c</p><p", "c\n" },
        { "<script>if (a < b) {}</script>x<style>", "x\n" },
        { "&", "&\n" },
        { "", "\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = message_text_of_html(cases[i].html, strlen(cases[i].html));
        assert_string_equal(text, cases[i].text);
        g_free(text);
    }
}

static void
test_mistakes(void **state)
{
    static const struct {
        const char *text, *said;
        senda_rc_t rc;
    } cases[] = {
        { "From: a@b.example\n\nhi\n", "t.mustache: there is no line \"Subject: …\" on top",
            SENDA_BAD },
        { "Subject: x\n", "t.mustache: there is no text after the headers", SENDA_BAD },
        { "Subject: x\nhi\n",
            "t.mustache: line 2: a header is due here, like \"Subject: …\", or "
            "an empty line before the text",
            SENDA_BAD },
        { "Subject: x\nBcc: y\n\nhi\n",
            "t.mustache: line 2: Bcc is no header of a template: From, "
            "Subject, Reply-To, Preheader, X-…",
            SENDA_BAD },
        { "Subject: x\nsubject: y\n\nhi\n", "t.mustache: line 2: subject stands already on line 1",
            SENDA_BAD },
        { "Subject: x\n\n--- text\na\n--- text\n",
            "t.mustache: line 5: --- text stands already on line 3", SENDA_BAD },
        { "Subject: x\n\na\n--- html\n",
            "t.mustache: line 3: text before the first --- text or --- html", SENDA_BAD },
        { "Subject: x\n\n--- htm\n", "t.mustache: line 3: a part is text or html, not htm",
            SENDA_BAD },
        { "Subject: x\n\n--- text\na\n--- html\n\n{{#items}}\n",
            "t.mustache: line 7: the section "
            "{{#items}} is not closed: {{/items}} is missing",
            SENDA_BAD },
        { "Subject: {{name\n\na\n", "t.mustache: line 1: the tag {{name is not closed by }}",
            SENDA_BAD },
        { "Subject: x\n\n{{>nowhere}}\n", "t.mustache: line 3: there is no partial nowhere",
            SENDA_BAD },
        { "Subject: x\n\n{{>bad}}\n",
            "t.mustache: in partial bad: line 2: {{/x}} closes nothing: "
            "no section is open",
            SENDA_BAD },
        { "Subject: x\n\n\xff\n", "it is not UTF-8", SENDA_BAD },
    };
    char dir[SCRATCH_MAX];
    message_settings_t s = shop;
    senda_err_t err;

    (void)state;
    scratch_make(dir);
    s.dir = dir;
    write_template(dir, "_bad", "\n{{/x}}\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_template(dir, "t", cases[i].text);
        assert_int_equal(message_check(&s, "t", &err), cases[i].rc);
        if (strstr(err.text, cases[i].said) == NULL) {
            fail_msg("got \"%s\", expected \"%s\"", err.text, cases[i].said);
        }
    }
    assert_int_equal(message_check(&s, "none", &err), SENDA_NONE);
    assert_int_equal(message_check(&s, "../t", &err), SENDA_NONE);
    assert_int_equal(message_check(&s, "_bad", &err), SENDA_NONE);
    scratch_remove(dir);
}

static void
test_refused_requests(void **state)
{
    message_request_t r = ana;
    message_settings_t s = shop;
    senda_err_t err;
    message_t m;

    (void)state;
    r.to = "nobody";
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_BAD);
    assert_string_equal(err.text, "\"nobody\" is no address");
    r.to = ana.to;
    r.unique = "A/b";
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_BAD);
    r.unique = ana.unique;
    s.from = "La tienda";
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_BAD);
    s.from = NULL;
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_BAD);
    s.from = shop.from;
    s.id_domain = "x y";
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_BAD);
    s.id_domain = shop.id_domain;
    s.list_unsubscribe = "x>\r\nBcc: a@b";
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_BAD);
    r.template = "none";
    s.list_unsubscribe = NULL;
    assert_int_equal(message_make(&s, &r, &m, &err), SENDA_NONE);
    message_free(&m);
}

static void
test_addresses(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "ana@example.com", "ana@example.com" },
        { "  Ana.Gil+x@EXAMPLE.Com\n", "ana.gil+x@example.com" },
        { "ana@zapatería.example", "ana@xn--zapatera-i2a.example" },
        { "ana@ÑANDÚ.example", "ana@xn--and-6ma2c.example" },
        { "\"a b\"@example.com", "\"a b\"@example.com" },
        { "\"a@b\"@example.com", "\"a@b\"@example.com" },
        { "ana@localhost", "ana@localhost" },
        { "", NULL },
        { "ana", NULL },
        { "@example.com", NULL },
        { "ana@", NULL },
        { "a b@example.com", NULL },
        { ".ana@example.com", NULL },
        { "ana.@example.com", NULL },
        { "a..b@example.com", NULL },
        { "ana@example..com", NULL },
        { "ana@-a.com", NULL },
        { "ana@a-.com", NULL },
        { "ana@[127.0.0.1]", NULL },
        { "añ@example.com", NULL },
        { "ana@example.com>", NULL },
        { "<ana@example.com>", NULL },
        { "ana@example.com\r\nBcc: x@y", NULL },
        { "\"a\"b\"@example.com", NULL },
        { "\"a\n\"@example.com", NULL },
        { "ana@ex\xff"
          "ample.com",
            NULL },
        { "ana@example.com.", NULL },
        { "ana@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", NULL },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@a.com", NULL },
    };
    char out[MESSAGE_ADDRESS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        senda_rc_t rc = message_canonical_address(senda_cstr(cases[i].in), out, sizeof(out));
        if (rc != (cases[i].out != NULL ? SENDA_OK : SENDA_BAD)) {
            fail_msg("\"%s\": %d", cases[i].in, rc);
        }
        if (cases[i].out != NULL) {
            assert_string_equal(out, cases[i].out);
        }
    }
    assert_int_equal(message_canonical_address(SENDA_STR("a@b.example"), out, 11), SENDA_FULL);
    assert_int_equal(message_canonical_address(SENDA_STR("a@b.example"), out, 12), SENDA_OK);
}

/* Every template that comes with Senda is right, also when nothing is known about the person. */
static void
test_our_templates(void **state)
{
    message_settings_t s = shop;
    GDir *dir = g_dir_open("conf/messages", 0, NULL);
    const char *file;
    unsigned n = 0;

    (void)state;
    assert_non_null(dir);
    s.dir = "conf/messages";
    while ((file = g_dir_read_name(dir)) != NULL) {
        if (file[0] == '_' || !g_str_has_suffix(file, ".mustache")) {
            continue;
        }
        char *name = g_strndup(file, strlen(file) - strlen(".mustache"));
        senda_err_t err = { "" };
        message_request_t r = ana;
        message_t m;
        if (message_check(&s, name, &err) != SENDA_OK) {
            fail_msg("%s", err.text);
        }
        r.template = name;
        make_as(&s, r, "", &m);
        expect_lines(&m);
        char *text = decoded(&m);
        assert_null(strstr(text, "{{"));
        assert_non_null(strstr(text, "Calle Mayor"));
        assert_null(strstr(text, "Si no quieres recibir más correos, escribe a bajas"));
        g_free(text);
        message_free(&m);
        g_free(name);
        n++;
    }
    g_dir_close(dir);
    assert_true(n >= 11);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_bytes),
        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_naughty_names),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_footers),
        cmocka_unit_test(test_text_of_html),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_our_templates),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
