/*
 * Links in messages: which are found and how they are written, numbers, bounds;
 * the whole message with an endpoint; the endpoint's pages.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <glib.h>

#include "message.h"
#include "pages.h"
#include "scratch.h"
#include "senda_sent.h"

static char *
numbered(void *ctx, unsigned link)
{
    (void)ctx;
    return g_strdup_printf("L%u", link);
}

static const message_linker_t linker = { "https://shop.example/senda/", numbered, NULL, NULL };

/* What becomes of the text, and the addresses with spaces between them. */
static void
expect(bool html, const char *in, const char *out, const char *addresses)
{
    message_links_t l = { .n = 0 };
    char *made = html ? message_links_html(in, &linker, &l) : message_links_text(in, &linker, &l);
    GString *all = g_string_new(NULL);

    for (unsigned i = 0; i < l.n; i++) {
        g_string_append_printf(all, "%s%s", i > 0 ? " " : "", l.address[i]);
        assert_true(senda_link_is_address(senda_cstr(l.address[i])));
    }
    assert_string_equal(made, out);
    assert_string_equal(all->str, addresses);
    g_string_free(all, TRUE);
    g_free(made);
    message_links_free(&l);
}

static void
test_html(void **state)
{
    static const char *const cases[][3] = {
        { "<a href=\"https://x.example/\">x</a>", "<a href=\"L0\">x</a>", "https://x.example/" },
        { "<A class=b HREF = 'http://x.example/?a=1&amp;b=2&#38;c=3&#x26;d' id=c>x</A>",
            "<A class=b HREF = 'L0' id=c>x</A>", "http://x.example/?a=1&b=2&c=3&d" },
        { "<a href=https://x.example/a/>x</a>", "<a href=L0>x</a>", "https://x.example/a/" },
        { "<a\nhref=\"  https://x.example/a\n b  \"\n>x</a>", "<a\nhref=\"L0\"\n>x</a>",
            "https://x.example/a%20b" },
        { "<a href='HTTPS://x.example/ni\303\261o/\"q\"&apos;s'>", "<a href='L0'>",
            "HTTPS://x.example/ni%C3%B1o/%22q%22%27s" },
        { "<a href=\"https://\303\261and\303\272.example/\">", "<a href=\"L0\">",
            "https://xn--and-6ma2c.example/" },
        { "<area href=\"https://x.example\"><v:roundrect href=\"https://y.example\">",
            "<area href=\"L0\"><v:roundrect href=\"L1\">", "https://x.example https://y.example" },
        { "<!--[if mso]><a href=\"https://x.example\"><![endif]--><!-- <a href='https://y.example'> "
          "--><a href='https://x.example'>",
            "<!--[if mso]><a href=\"L0\"><![endif]--><!-- <a href='https://y.example'> --><a "
            "href='L0'>",
            "https://x.example" },
        /* the same address once, and in the order of its first place */
        { "<a href=\"https://a.example/\"><a href='https://b.example/'><a href=https://a.example/>",
            "<a href=\"L0\"><a href='L1'><a href=L0>", "https://a.example/ https://b.example/" },
        /* the first of two counts, as in browsers */
        { "<a href=\"https://a.example/\" href=\"https://b.example/\">",
            "<a href=\"L0\" href=\"https://b.example/\">", "https://a.example/" },
        /* left alone */
        { "<a href=\"mailto:a@x.example\"><a href=\"tel:+34\"><a href='#top'><a href=\"cid:1\"><a "
          "href=\"/x\"><a href=\"//x.example\"><a href=''><a href><a name=x><a href=\"https://\">",
            "<a href=\"mailto:a@x.example\"><a href=\"tel:+34\"><a href='#top'><a href=\"cid:1\"><a "
            "href=\"/x\"><a href=\"//x.example\"><a href=''><a href><a name=x><a href=\"https://\">",
            "" },
        { "<link href=\"https://x.example/a.css\"><base href='https://x.example'><img "
          "src=\"https://x.example/a.png\" data-href=\"https://x.example\"><a title=\"a "
          "href='https://x.example'\">",
            "<link href=\"https://x.example/a.css\"><base href='https://x.example'><img "
            "src=\"https://x.example/a.png\" data-href=\"https://x.example\"><a title=\"a "
            "href='https://x.example'\">",
            "" },
        { "<style>a { b: \"<a href='https://x.example'>\" }</style><p title=\"<a "
          "href='https://x.example'>\">a < b <3 https://x.example</p>",
            "<style>a { b: \"<a href='https://x.example'>\" }</style><p title=\"<a "
            "href='https://x.example'>\">a < b <3 https://x.example</p>",
            "" },
        { "<a href=\"https://shop.example/senda/u/TOKEN\">",
            "<a href=\"https://shop.example/senda/u/TOKEN\">", "" },
        { "<a data-senda=\"direct\" href=\"https://x.example/\">x</a><a href='https://x.example/' "
          "DATA-SENDA='Direct' id=y><a data-senda=other href=https://y.example>",
            "<a href=\"https://x.example/\">x</a><a href='https://x.example/' id=y><a href=L0>",
            "https://y.example" },
        { "<a href=\"https://x.example", "<a href=\"L0", "https://x.example" },
        { "<a", "<a", "" },
        { "<", "<", "" },
        { "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(true, cases[i][0], cases[i][1], cases[i][2]);
    }
}

static void
test_text(void **state)
{
    static const char *const cases[][3] = {
        { "see https://x.example/a.", "see L0.", "https://x.example/a" },
        { "x (https://x.example/a)y (https://y.example)", "x (L0)y (L1)",
            "https://x.example/a https://y.example" },
        { "(https://x.example/a_(b)), http://y.example!\n", "(L0), L1!\n",
            "https://x.example/a_(b) http://y.example" },
        { "<https://x.example/?a=1&b=2> \"HTTP://x.example\" 'https://z.example'",
            "<L0> \"L1\" 'L2'", "https://x.example/?a=1&b=2 HTTP://x.example https://z.example" },
        { "\302\253https://x.example/ni\303\261o\302\273\342\200\246",
            "\302\253L0\302\273\342\200\246", "https://x.example/ni%C3%B1o" },
        { "xhttps://x.example https:// http://. mailto:a@x.example https://shop.example/senda/u/T",
            "xhttps://x.example https:// http://. mailto:a@x.example https://shop.example/senda/u/T",
            "" },
        { "", "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(false, cases[i][0], cases[i][1], cases[i][2]);
    }
}

static void
test_html_and_text_share_numbers(void **state)
{
    message_links_t l = { .n = 0 };
    char *html = message_links_html("<a href='https://b.example/'><a data-senda=direct "
                                    "href='https://d.example/'>",
        &linker, &l);
    char *text = message_links_text("https://a.example/ https://b.example/ https://d.example/",
        &linker, &l);

    (void)state;
    assert_string_equal(html, "<a href='L0'><a href='https://d.example/'>");
    assert_string_equal(text, "L1 L0 https://d.example/");
    assert_int_equal(l.n, 2);
    g_free(html);
    g_free(text);
    message_links_free(&l);
}

static void
test_bounds(void **state)
{
    GString *in = g_string_new(NULL);
    message_links_t l = { .n = 0 };
    char *out, *longest = g_strnfill(SENDA_LINK_MAX - 18, 'x');

    (void)state;
    g_string_append_printf(in, "https://x.example/%s https://x.example/y%s ", longest, longest);
    for (unsigned i = 0; i < SENDA_LINKS_MAX; i++) {
        g_string_append_printf(in, "https://x.example/%u ", i);
    }
    g_string_append(in, "https://x.example/0");
    out = message_links_text(in->str, &linker, &l);
    assert_int_equal(l.n, SENDA_LINKS_MAX);
    assert_int_equal(strlen(l.address[0]), SENDA_LINK_MAX);
    assert_true(g_str_has_prefix(out, "L0 https://x.example/yxxx"));
    assert_true(g_str_has_suffix(out, " L198 L199 https://x.example/199 L1"));
    g_free(out);
    g_free(longest);
    g_string_free(in, TRUE);
    message_links_free(&l);
}

/* ---- a whole message ---- */

static senda_keys_t nginx_keys, keys;

static const message_request_t ana = {
    .template = "t",
    .to = "ana@example.com",
    .unique = "3f.9a01",
    .date = 1780308000,
    .language = "es",
    .id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
};

static message_settings_t
settings_in(const char *dir)
{
    return (message_settings_t){ .dir = dir,
        .from = "La Zapatería <hola@zapateria.example>",
        .list_unsubscribe = "bajas@zapateria.example",
        .postal = "Calle Mayor, 1",
        .id_domain = "zapateria.example",
        .endpoint = "https://zapateria.example/senda/",
        .keys = &keys };
}

static void
spill(const char *dir, const char *name, const char *text)
{
    char *path = g_strdup_printf("%s/%s.mustache", dir, name);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(path);
}

/* Without soft line ends and quoting, header lines unfolded. */
static char *
plain(const message_t *m)
{
    GString *s = g_string_new(NULL);

    for (size_t i = 0; i < m->len; i++) {
        const char *p = m->bytes + i;

        if (g_str_has_prefix(p, "=\r\n")) {
            i += 2;
        } else if (g_str_has_prefix(p, "\r\n\t") || g_str_has_prefix(p, "\r\n ")) {
            g_string_append_c(s, ' ');
            i += 2;
        } else if (*p == '=' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
            g_string_append_c(s,
                (char)(16 * g_ascii_xdigit_value(p[1]) + g_ascii_xdigit_value(p[2])));
            i += 2;
        } else {
            g_string_append_c(s, *p);
        }
    }
    return g_string_free(s, FALSE);
}

static char *
make(const message_settings_t *s, const message_request_t *r, message_t *m)
{
    senda_err_t err = { "" };

    if (message_make(s, r, m, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return plain(m);
}

/* The token after the nth "…/senda/KIND/", which must be one of ours. */
static senda_token_t
token_in(const char *text, char kind, unsigned nth)
{
    char *before = g_strdup_printf("https://zapateria.example/senda/%c/", kind);
    senda_token_t t;

    for (unsigned i = 0; i <= nth; i++) {
        text = strstr(text, before);
        assert_non_null(text);
        text += strlen(before);
    }
    assert_int_equal(senda_token_read(&t, &keys, (senda_str_t){ text, SENDA_TOKEN_LEN }), SENDA_OK);
    assert_int_equal(t.kind, kind);
    assert_memory_equal(&t.message, &ana.id, sizeof(t.message));
    g_free(before);
    return t;
}

static void
test_message(void **state)
{
    char dir[SCRATCH_MAX];
    message_settings_t s = settings_in(dir);
    message_request_t r = ana;
    message_t m, again;
    char *text, *header;

    (void)state;
    scratch_make(dir);
    spill(dir, "t",
        "Subject: x\n\n--- html\n<body><a href=\"https://zapateria.example/cesta?a=1&amp;b=2\">x</a>"
        "<a href=\"https://otra.example/\">y</a></body>\n");
    text = make(&s, &r, &m);
    assert_int_equal(m.links.n, 2);
    assert_string_equal(m.links.address[0], "https://zapateria.example/cesta?a=1&b=2");
    assert_string_equal(m.links.address[1], "https://otra.example/");
    assert_null(strstr(text, "/cesta"));
    assert_null(strstr(text, "otra.example"));
    assert_int_equal(token_in(text, 'c', 0).link, 0); /* in the text part */
    assert_int_equal(token_in(text, 'c', 1).link, 1);
    assert_int_equal(token_in(text, 'c', 2).link, 0); /* in the HTML */
    assert_int_equal(token_in(text, 'c', 3).link, 1);
    (void)token_in(text, 'u', 0);
    header =
        g_strdup_printf("\r\nList-Unsubscribe: <https://zapateria.example/senda/u/%.*s>, "
                        "<mailto:bajas@zapateria.example?subject=unsubscribe%%20ana%%40example.com>\r\n"
                        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            SENDA_TOKEN_LEN, strstr(text, "senda/u/") + 8);
    if (strstr(text, header) == NULL) {
        fail_msg("%s", text);
    }
    g_free(header);
    assert_non_null(strstr(text, "Para elegir qué te enviamos, o no recibir nada más: https://"));
    assert_non_null(strstr(text, ">Darme de baja</a>"));
    assert_null(strstr(text, "senda/o/"));
    g_free(text);

    text = make(&s, &r, &again); /* sent again it is the same to the byte */
    assert_int_equal(m.len, again.len);
    assert_memory_equal(m.bytes, again.bytes, m.len);
    g_free(text);
    message_free(&again);
    message_free(&m);

    s.opens = true;
    text = make(&s, &r, &m);
    (void)token_in(text, 'o', 0);
    assert_non_null(strstr(text, ".gif\" width=\"1\" height=\"1\" alt=\"\""));
    g_free(text);
    message_free(&m);
    scratch_remove(dir);
}

/* A redirect in the shop's name to wherever somebody wrote would be a gift to phishers. */
static void
test_strangers_addresses(void **state)
{
    static const char evil[] = "https://evil.example/x";
    char dir[SCRATCH_MAX];
    message_settings_t s = settings_in(dir);
    message_request_t r = ana;
    tval_t *values = tval_map();
    message_t m;
    char *text;

    (void)state;
    scratch_make(dir);
    tval_set(values, SENDA_STR("name"), tval_text(SENDA_STR(evil)));
    tval_set(values, SENDA_STR("path"), tval_text(SENDA_STR("@evil.example/")));
    tval_set(values, SENDA_STR("host"), tval_text(SENDA_STR("evil.example")));
    tval_set(values, SENDA_STR("site_url"), tval_text(SENDA_STR("https://www.zapateria.example")));
    r.values = values;
    r.site_url = "https://www.zapateria.example";
    spill(dir, "t",
        "Subject: x\n\n--- text\nHola {{name}}: https://otra.example{{path}} y {{site_url}}/a\n"
        "{{> pie}}\n--- html\n<body><p>{{name}}<a href=\"{{name}}\">a</a>"
        "<a href=\"https://{{host}}/\">b</a><a href=\"https://otra.example{{path}}\">c</a>"
        "<a href=\"https://otra.example/{{path}}\">d</a><a href=\"{{site_url}}/b\">e</a></body>\n");
    spill(dir, "_pie", "https://pie.example/\n");
    text = make(&s, &r, &m);
    for (unsigned i = 0; i < m.links.n; i++) {
        char *authority = message_links_authority(m.links.address[i]);

        assert_null(strstr(authority, "evil.example"));
        g_free(authority);
    }
    assert_int_equal(m.links.n, 4);
    assert_string_equal(m.links.address[0], "https://otra.example/@evil.example/");
    assert_string_equal(m.links.address[1], "https://www.zapateria.example/b");
    assert_string_equal(m.links.address[2], "https://www.zapateria.example/a");
    assert_string_equal(m.links.address[3], "https://pie.example/");
    g_free(text);
    message_free(&m);
    tval_free(values);
    scratch_remove(dir);
}

static void
test_without_one_click(void **state)
{
    char dir[SCRATCH_MAX];
    message_settings_t s = settings_in(dir);
    message_request_t r = ana;
    message_t m;
    char *text;

    (void)state;
    scratch_make(dir);
    spill(dir, "t", "Subject: x\n\nhttps://zapateria.example/cesta {{unsubscribe_url}}\n");

    /* of an order: its links are followed all the same, but there is nothing to leave */
    r.transactional = true;
    text = make(&s, &r, &m);
    assert_int_equal(token_in(text, 'c', 0).link, 0);
    assert_null(strstr(text, "List-Unsubscribe"));
    assert_null(strstr(text, "/senda/u/"));
    g_free(text);
    message_free(&m);

    /* without an endpoint, a key or a name all is as it was */
    for (unsigned i = 0; i < 3; i++) {
        static const senda_keys_t none;

        s = settings_in(dir);
        r = ana;
        s.endpoint = i == 0 ? NULL : s.endpoint;
        s.keys = i == 1 ? &none : s.keys;
        if (i == 2) {
            memset(&r.id, 0, sizeof(r.id));
        }
        text = make(&s, &r, &m);
        assert_int_equal(m.links.n, 0);
        assert_non_null(strstr(text, "https://zapateria.example/cesta"));
        assert_non_null(strstr(text, "List-Unsubscribe: <mailto:bajas@"));
        assert_null(strstr(text, "One-Click"));
        assert_non_null(strstr(text, "Si no quieres recibir más correos, escribe a"));
        g_free(text);
        message_free(&m);
    }
    scratch_remove(dir);
}

/* What comes with us shows the link for leaving where there is one. */
static void
test_our_templates(void **state)
{
    static const char *const names[] = { "carrito-1", "carrito-2", "carrito-3", "cart-1", "cart-2",
        "cart-3", "bienvenida-1", "bienvenida-2", "welcome-1", "welcome-2" };
    const char *dir = "conf/messages";

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        message_settings_t s = settings_in(dir);
        message_request_t r = ana;
        message_t m;
        char *text;

        r.template = names[i];
        text = make(&s, &r, &m);
        (void)token_in(text, 'u', 2); /* header, text, HTML */
        assert_null(strstr(text, "escribe a"));
        assert_null(strstr(text, "write to"));
        assert_null(strstr(text, "Para elegir qué te enviamos, o no recibir nada más: <a"));
        g_free(text);
        message_free(&m);
    }
}

/* ---- pages ---- */

static char *
page(const char *dir, senda_page_t kind, const char *language)
{
    pages_settings_t s = { .dir = dir,
        .shop = "A & \x01t B",
        .site = "shop.example",
        .site_url = "https://shop.example",
        .postal = "Calle Mayor, 1",
        .language = language };
    senda_err_t err = { "" };
    char *text;
    size_t len;

    if (pages_make(&s, kind, &text, &len, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(strlen(text), len);
    return text;
}

static unsigned
count(const char *text, const char *what)
{
    unsigned n = 0;

    while ((text = strstr(text, what)) != NULL) {
        text += strlen(what);
        n++;
    }
    return n;
}

static void
test_our_pages(void **state)
{
    static const char *const languages[] = { "en", "es", "fr" };

    (void)state;
    for (size_t l = 0; l < 3; l++) {
        for (int k = SENDA_PAGE_CHANNELS; k < SENDA_PAGE_KINDS; k++) {
            char *text = page("conf/pages", (senda_page_t)k, languages[l]);
            bool channels = k == SENDA_PAGE_CHANNELS;

            assert_true(g_str_has_prefix(text, "<!DOCTYPE html>\n<html lang=\""));
            assert_null(strstr(text, "{{"));
            assert_null(strstr(text, "<script"));
            assert_null(strstr(text, "src="));
            assert_non_null(strstr(text, "A &amp;  t B")); /* a value bears no mark */
            assert_non_null(strstr(text, "Calle Mayor, 1"));
            assert_int_equal(count(text,
                                 "\x01"
                                 "E"),
                channels ? 2 : 0);
            assert_int_equal(count(text,
                                 "\x01"
                                 "W"),
                channels ? 2 : 0);
            assert_int_equal(count(text, "value=\"sms\"\x01s>"), channels ? 1 : 0);
            assert_int_equal(count(text, "name=\"action\" value=\"leave\""), channels ? 1 : 0);
            assert_int_equal(count(text, "name=\"action\" value=\"save\""), channels ? 1 : 0);
            assert_int_equal(count(text, "<form method=\"post\">"), channels ? 2 : 0);
            assert_int_equal(count(text, "href=\"\x01t\""),
                k == SENDA_PAGE_SAVED || k == SENDA_PAGE_LATER ? 1 : 0);
            free(text);
        }
    }
    char *spanish = page("conf/pages", SENDA_PAGE_CHANNELS, "es");
    char *french = page("conf/pages", SENDA_PAGE_CHANNELS, "fr");
    assert_non_null(strstr(spanish, "Darme de baja"));
    assert_null(strstr(spanish, "Unsubscribe"));
    assert_non_null(strstr(french, "Unsubscribe")); /* whoever adds a section for it changes that */
    free(spanish);
    free(french);
}

static void
test_own_pages(void **state)
{
    char dir[SCRATCH_MAX], *text;
    pages_settings_t s = { .dir = dir, .site = "shop.example", .language = "es" };
    senda_err_t err = { "" };
    size_t len;

    (void)state;
    scratch_make(dir);
    assert_int_equal(pages_make(&s, SENDA_PAGE_LATER, &text, &len, &err), SENDA_NONE);
    assert_null(text);
    spill(dir, "later",
        "{{> part}}{{#sms}}a{{/ sms }}{{#es}}b{{/es}}{{#other}}c{{/other}}{{checked_push}}");
    spill(dir, "_part", "{{# email}}<{{shop}}>{{/email}} ");
    assert_int_equal(pages_make(&s, SENDA_PAGE_LATER, &text, &len, &err), SENDA_OK);
    assert_string_equal(text,
        "\x01"
        "E<shop.example>\x01"
        "E \x01Sa\x01Sb\x01p");
    free(text);
    spill(dir, "saved", "x\n{{#es}}y\n");
    assert_int_equal(pages_make(&s, SENDA_PAGE_SAVED, &text, &len, &err), SENDA_BAD);
    assert_non_null(strstr(err.text, "saved.mustache: line 2"));
    spill(dir, "saved", "{{> none}}");
    assert_int_equal(pages_make(&s, SENDA_PAGE_SAVED, &text, &len, &err), SENDA_BAD);
    spill(dir, "saved", "a\x01t");
    assert_int_equal(pages_make(&s, SENDA_PAGE_SAVED, &text, &len, &err), SENDA_BAD);
    assert_null(text);
    scratch_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_html_and_text_share_numbers),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_strangers_addresses),
        cmocka_unit_test(test_without_one_click),
        cmocka_unit_test(test_our_templates),
        cmocka_unit_test(test_our_pages),
        cmocka_unit_test(test_own_pages),
    };
    senda_err_t err = { "" };

    if (senda_keys_make(&nginx_keys, &keys, &err) != SENDA_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
