/*
 * Patterns: the dialect case by case, its mistakes, bounds, and the compiled
 * trie against a slow and obvious matcher on random patterns.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "patterns.h"

#define PAGES_MAX 40

/* One pattern, one address: "" (not this page) or "1" with captures. */
static void
check(const char *pattern, const char *address, const char *want)
{
    compiled_t c = finish(build(&pattern, 1));
    const char *got = what(c.rules, SENDA_METHOD_GET, address);

    if (strcmp(got, want) != 0) {
        fail_msg("%s on %s: got '%s', want '%s'", pattern, address, got, want);
    }
    release(&c);
}

static void
test_dialect(void **state)
{
    static const char *const cases[][3] = {
        { "/", "/", "1" },
        { "/", "/x", "" },
        { "/", "/?a=b", "1" },
        { "/mi_cesta", "/mi_cesta/", "1" },
        { "/mi_cesta/", "/mi_cesta", "1" },
        { "/mi_cesta", "/Mi_cesta", "" },
        { "/mi_cesta", "/mi_cesta/x", "" },
        { "/tacon*", "/tacon", "1" },
        { "/tacon*", "/tacones/rojo/12", "1" },
        { "/tacon*", "/taco", "" },
        { "/pago/*", "/pago", "" },
        { "/pago/*", "/pago/", "" },
        { "/pago/*", "/pago/datos", "1" },
        { "/zapatos/*/opiniones", "/zapatos/a/b/opiniones/", "1" },
        { "/zapatos/*/opiniones", "/zapatos//opiniones", "1" },
        { "/zapatos/*/opiniones", "/zapatos/opiniones", "" },
        { "*", "/", "1" },
        { "*", "/a/b", "1" },
        { "*.html", "/a/b.html", "1" },
        { "*.html", "/a/b.htm", "" },
        { "/*a*a*", "/bab", "" },
        { "/*a*a*", "/baab", "1" },
        { "/**x", "/aax", "1" },
        { "/producto/{item}", "/producto/12-rojo", "1 item=12-rojo" },
        { "/producto/{item}", "/producto/", "" },
        { "/producto/{item}", "/producto/a/b", "" },
        { "/producto/{item}/preguntas", "/producto/a/preguntas", "1 item=a" },
        { "/{cat}/{#id}-*.html", "/botas/12-bota-negra.html", "1 cat=botas id=12" },
        { "/{cat}/{#id}-*.html", "/botas/x12-bota.html", "" },
        { "/{cat}/{#id}-*.html", "/botas/-bota.html", "" },
        { "/{cat}/{#id}-*.html", "/a/b/12-bota.html", "" },
        { "/{#id}-*", "/12-zapatos", "1 id=12" },
        { "/{#id}-*", "/sobre-nosotros", "" },
        { "/{a}-{b}", "/x-y-z", "1 a=x b=y-z" },
        { "/{a}{b}", "/xyz", "1 a=x b=yz" },
        { "/{a}.{#b}.html", "/x.1.y.22.html", "1 a=x.1.y b=22" },
        { "/*{#id}.html", "/a-34.html", "1 id=34" },
        { "/{a}/*/{b}", "/1/2/3/4", "1 a=1 b=4" },
        { "/x-{#n}", "/x-12a", "" },
        { "/busqueda?q={q}", "/busqueda?q=zapato+rojo%21", "1 q=zapato rojo!" },
        { "/busqueda?q={q}", "/busqueda?q=", "" },
        { "/busqueda?q={q}", "/busqueda", "" },
        { "/busqueda?q={q}", "/busqueda?q=&q=x", "1 q=x" },
        { "/busqueda?q={q}", "/busqueda?p=1&q=a/b&r", "1 q=a/b" },
        { "/b?x=1&y=*", "/b?y&x=1", "1" },
        { "/b?x=1&y=*", "/b?x=1", "" },
        { "/b?x=1&y", "/b?y=9&x=1", "1" },
        { "/b?x=1", "/b?x=11", "" },
        { "/b?x=", "/b?x=", "1" },
        { "/b?x=", "/b?x=1", "" },
        { "/b?x=a*z", "/b?x=az", "1" },
        { "/b?x=a*z", "/b?x=azy", "" },
        { "/b?id={#id}", "/b?id=12a", "" },
        { "/b?id=p-{#id}-{r}", "/b?id=p-12-rojo", "1 id=12 r=rojo" },
        { "/b?q=a+b%26c", "/b?q=a%20b%26c", "1" },
        { "/b?*", "/b", "1" },
        { "/b?", "/b?z", "1" },
        { "/gracias*?pedido={o}&total={t}", "/gracias/x?total=59.90&pedido=1", "1 o=1 t=59.90" },
        { "https://shop.example.com/running*", "http://www.SHOP.example.com/running/a", "1" },
        { "https://shop.example.com/running*", "http://otra.example.com/running/a", "" },
        { "https://shop.example.com/running*", "/running/a", "1" },
        { "www.shop.example.com/x", "https://shop.example.com/x", "1" },
        { "shop.example.com", "https://shop.example.com/", "1" },
        { "shop.example.com*", "https://shop.example.com/a/b", "1" },
        { "http://localhost:8080/x?a={a}#top", "http://localhost/x?a=1", "1 a=1" },
        { "localhost/x", "http://localhost:99/x", "1" },
        { "/ni%C3%B1os", "/ni\xc3\xb1os", "1" },
        { "/ni\xc3\xb1os", "/ni%c3%b1os/", "1" },
        { "/a%2Ab", "/a*b", "1" },
        { "/a%2Ab", "/axb", "" },
        { "/a%7Bb%7D", "/a{b}", "1" },
        { "/a}b", "/a}b", "1" },
        { "/%61%3Fb", "/a%3fb", "1" },
        { "/x/{#n}/", "/x/1", "1 n=1" },
        { "/*/", "/a", "1" },
        { "/a !/a", "/a", "" },
        { "/a* !/ab !/ac*", "/acd", "" },
        { "/a* !/ab !/ac*", "/ad", "1" },
        { "/a* !/*?debug=1", "/ab?debug=1", "" },
        { "/a* !/*?debug=1", "/ab?debug=0", "1" },
        { "/a* !/a/{#n}", "/a/7", "" },
        { "/g?o={o} /g*", "/g?o=1", "1 o=1" },
        { "/g?o={o} /g*", "/gg", "1" },
        { "/{a}/y /x/{b}", "/x/y", "1 a=x" },
        { "/x/{b} /{a}/y", "/x/y", "1 b=y" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(cases[i][0], cases[i][1], cases[i][2]);
    }
}

static void
test_mistakes(void **state)
{
    static const struct {
        const char *pattern;
        rules_fault_t fault;
        size_t at;
    } cases[] = {
        { "", RULES_FAULT_NO_SLASH, 0 },
        { "cesta", RULES_FAULT_NO_SLASH, 0 },
        { "mi_cesta/x", RULES_FAULT_NO_SLASH, 0 },
        { "{cat}/x", RULES_FAULT_NO_SLASH, 0 },
        { "?a=b", RULES_FAULT_NO_SLASH, 0 },
        { "http:///x", RULES_FAULT_HOST, 7 },
        { "http://a b.com/x", RULES_FAULT_HOST, 8 },
        { "/a/{item", RULES_FAULT_UNCLOSED, 3 },
        { "/a/{}", RULES_FAULT_NO_NAME, 3 },
        { "/a/{#}", RULES_FAULT_NO_NAME, 3 },
        { "/a/{it em}", RULES_FAULT_NAME, 6 },
        { "/a/{a{b}", RULES_FAULT_NAME, 5 },
        { "/a/{a}/{#a}", RULES_FAULT_TWICE, 9 },
        { "/a?x={a}&y={a}", RULES_FAULT_TWICE, 12 },
        { "/{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}", RULES_FAULT_CAPTURES, 49 },
        { "/a?{x}=1", RULES_FAULT_ARG_NAME, 3 },
        { "/a?x*=1", RULES_FAULT_ARG_NAME, 4 },
        { "/a?=1", RULES_FAULT_ARG_NAME, 3 },
        { "/a?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q", RULES_FAULT_ARGS, 35 },
        { "/a%00", RULES_FAULT_CONTROL, 0 },
        { "/*a%0a", RULES_FAULT_CONTROL, 2 },
    };
    const char *page = "/ok";
    rules_build_t *b = build(&page, 1);
    compiled_t c;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        senda_err_t err = { "" };
        size_t at = 999;
        senda_rc_t rc = rules_build_pattern(b, 1, SENDA_METHOD_GET, false,
            senda_cstr(cases[i].pattern), &at, &err);

        if (rc != SENDA_BAD || rules_build_fault(b) != cases[i].fault || at != cases[i].at ||
            err.text[0] == '\0') {
            fail_msg("%s: %d %d at %zu: %s", cases[i].pattern, rc, rules_build_fault(b), at,
                err.text);
        }
    }
    c = finish(b);
    assert_string_equal(what(c.rules, SENDA_METHOD_GET, "/ok"), "1");
    assert_string_equal(what(c.rules, SENDA_METHOD_GET, "/a"), "");
    release(&c);
}

static void
test_too_long(void **state)
{
    static char text[SENDA_PATH_MAX + 2];
    const char *page = "/ok";
    rules_build_t *b = build(&page, 1);
    size_t at;

    (void)state;
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    assert_int_equal(rules_build_pattern(b, 1, 1, false, (senda_str_t){ text, SENDA_PATH_MAX + 1 },
                         &at, NULL),
        SENDA_BAD);
    assert_int_equal(rules_build_fault(b), RULES_FAULT_LONG);
    for (unsigned i = 1; i < 140; i += 2) {
        text[i] = '*';
    }
    assert_int_equal(rules_build_pattern(b, 1, 1, false, (senda_str_t){ text, 140 }, &at, NULL),
        SENDA_BAD);
    assert_int_equal(rules_build_fault(b), RULES_FAULT_PIECES);
    rules_build_free(b);
}

static void
test_shop(void **state)
{
    compiled_t c = finish(build(shop, sizeof(shop) / sizeof(shop[0])));
    const senda_rules_t *r = c.rules;

    (void)state;
    assert_string_equal(what(r, SENDA_METHOD_GET, "/pago/datos"), "4");
    assert_string_equal(what(r, SENDA_METHOD_POST, "/pago/datos"), "5");
    assert_string_equal(what(r, SENDA_METHOD_POST, "/mi_cesta/anadir/9"), "3 item=9");
    assert_string_equal(what(r, SENDA_METHOD_OTHER, "/mi_cesta"), "");
    assert_string_equal(what(r, SENDA_METHOD_GET, "/gracias?pedido=1&total=59.90"),
        "6 order=1 total=59.90");
    assert_string_equal(what(r, SENDA_METHOD_GET, "/gracias?pedido=1"), "6");
    assert_string_equal(what(r, SENDA_METHOD_GET, "/zapatos/a?color=rojo"), "9 10 color=rojo");
    assert_string_equal(what(r, SENDA_METHOD_GET, "/zapatos/a/opiniones?color=rojo"),
        "9 color=rojo");
    assert_string_equal(what(r, SENDA_METHOD_GET, "/producto/x/preguntas"), "12 item=x");
    assert_string_equal(what(r, SENDA_METHOD_POST, "/sorteo"), "13");
    assert_string_equal(what(r, SENDA_METHOD_GET, "http://zapateria.com/botas/1-a.html"),
        "15 cat=botas id=1");
    senda_rules_match(r, SITE + 1, &url, &match);
    assert_int_equal(match.nkeys, 0);
    release(&c);
}

static void
test_events_and_bounds(void **state)
{
    rules_build_t *b = rules_build_new();
    compiled_t c;
    size_t at;

    (void)state;
    rules_build_site(b, SITE, NULL);
    for (unsigned i = 0; i < 90; i++) {
        char name[16], pattern[64];

        (void)snprintf(name, sizeof(name), "p%u", i);
        (void)snprintf(pattern, sizeof(pattern), i < 20 ? "/a*" : "/{x%u}", i);
        rules_build_page(b, SITE, i + 1, senda_cstr(name), senda_key_event(i < 3 ? 13 : i < 5));
        assert_int_equal(rules_build_pattern(b, i + 1, SENDA_METHOD_GET, false, senda_cstr(pattern),
                             &at, NULL),
            SENDA_OK);
    }
    c = finish(b);
    (void)what(c.rules, SENDA_METHOD_GET, "/a");
    assert_int_equal(match.nkeys, SENDA_KEYS_MAX);
    assert_int_equal(match.ncaptures, SENDA_CAPTURES_MAX);
    assert_int_equal(match.keys[0], 1);
    assert_int_equal(match.keys[SENDA_KEYS_MAX - 1], SENDA_KEYS_MAX);
    assert_true(match.dropped > 0);
    (void)what(c.rules, SENDA_METHOD_GET, "/a/b");
    assert_int_equal(match.nkeys, 20 + 3);
    assert_int_equal(match.keys[20], senda_key_event(13));
    assert_int_equal(match.keys[21], senda_key_event(1));
    assert_int_equal(match.keys[22], senda_key_event(0));
    assert_int_equal(match.dropped, 0);
    release(&c);
}

/* Work is bounded by pieces times bytes: exponential backtracking would not end. */
static void
test_no_blow_up(void **state)
{
    static const char *const pages[] = { "/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
        "/{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}#", "/*{a}-*{b}-*{c}-*{d}-*x?q=*a*a*a*b",
        "/*a*b*", "/*a*a*a*a*a*a*a*a*a*a*a*a*c*b", "/*{a}-*{b}-*{c}-*{d}-*{e}-*x*b",
        "/*{a}a*{b}a*{c}a*{d}a*{e}a*/*b" };
    static char path[SENDA_PATH_MAX + 1];
    compiled_t c = finish(build(pages, 7));

    (void)state;
    memset(path, 'a', SENDA_PATH_MAX);
    path[0] = '/';
    (void)what(c.rules, SENDA_METHOD_GET, path);
    assert_int_equal(match.nkeys, 1);
    assert_int_equal(match.keys[0], 2);
    assert_int_equal(match.captures[15].value.n, SENDA_PATH_MAX - 16);
    for (unsigned i = 1; i < SENDA_PATH_MAX; i += 2) {
        path[i] = '-';
    }
    (void)what(c.rules, SENDA_METHOD_GET, path);
    path[SENDA_PATH_MAX - 1] = 'b';
    (void)what(c.rules, SENDA_METHOD_GET, path);
    assert_int_equal(match.nkeys, 3);
    memset(path + 1, 'a', SENDA_PATH_MAX - 2);
    (void)what(c.rules, SENDA_METHOD_GET, path);
    assert_int_equal(match.nkeys, 3);
    release(&c);
}

/* ---- a slow and obvious matcher ---- */

static bool
slow_match(const char *p, const char *s, char *first)
{
    if (*p == '\0') {
        return *s == '\0';
    }
    if (*p == '*') {
        for (const char *e = s;; e++) {
            if (slow_match(p + 1, e, first)) {
                return true;
            }
            if (*e == '\0') {
                return false;
            }
        }
    }
    if (*p == '{') {
        bool digits = p[1] == '#';
        const char *rest = strchr(p, '}') + 1;

        for (const char *e = s; *e != '\0' && *e != '/' && (!digits || (*e >= '0' && *e <= '9'));) {
            char inner[64] = "";

            e++;
            if (slow_match(rest, e, inner)) {
                (void)snprintf(first, 64, "%.*s", (int)(e - s), s);
                return true;
            }
        }
        return false;
    }
    return *p == *s && slow_match(p + 1, s + 1, first);
}

static void
random_text(char *out, unsigned max, bool pattern)
{
    static const char *const pieces[] = { "a", "b", "1", "/", "ab", "a1", "/b", "*", "{n}",
        "{#n}" };
    unsigned n = random_below(max) + 1;
    bool captured = false;
    size_t len = 1;

    out[0] = '/';
    while (n-- > 0) {
        unsigned i = random_below(pattern ? 10 : 7);

        if (i >= 8 && captured) {
            i = 7;
        }
        captured = captured || i >= 8;
        memcpy(out + len, pieces[i], strlen(pieces[i]));
        len += strlen(pieces[i]);
    }
    while (len > 1 && out[len - 1] == '/') {
        len--;
    }
    out[len] = '\0';
}

static void
test_against_slow_matcher(void **state)
{
    unsigned hits = 0;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        char patterns[PAGES_MAX][64], path[64];
        const char *rows[PAGES_MAX];
        compiled_t c;

        for (unsigned i = 0; i < PAGES_MAX; i++) {
            random_text(patterns[i], 6, true);
            rows[i] = patterns[i];
        }
        c = finish(build(rows, PAGES_MAX));
        for (unsigned k = 0; k < 200; k++) {
            char want[256] = "", capture[80] = "";
            unsigned n = 0;
            size_t len = 0;

            random_text(path, 8, false);
            for (unsigned i = 0; i < PAGES_MAX; i++) {
                char value[64] = "";

                if (slow_match(patterns[i], path, value) && n++ < SENDA_KEYS_MAX) {
                    len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%u",
                        len != 0 ? " " : "", i + 1);
                }
                if (value[0] != '\0' && capture[0] == '\0') {
                    (void)snprintf(capture, sizeof(capture), " n=%s", value);
                }
            }
            (void)snprintf(want + len, sizeof(want) - len, "%s", capture);
            hits += n;
            assert_string_equal(what(c.rules, SENDA_METHOD_GET, path), want);
        }
        release(&c);
    }
    assert_true(hits > 50000);
}

/* A real PrestaShop's addresses, told apart as its own sitemap does. */
static void
test_real_shop(void **state)
{
    static const char *const pages[] = { "/", "/{cat}/{#id}-*.html",
        "/index.php?controller=category&id_category={#id}" };
    static const char *const labels[] = { "home", "product", "category" };
    const char *shared = getenv("SENDA_SHARED");
    unsigned hits[3] = { 0, 0, 0 };
    char line[1024];
    compiled_t c;
    FILE *f;

    (void)state;
    (void)snprintf(line, sizeof(line), "%s/data/shop-urls/prestashop-es.tsv",
        shared != NULL ? shared : "../shared");
    f = fopen(line, "r");
    if (f == NULL) {
        skip();
    }
    c = finish(build(pages, 3));
    while (fgets(line, sizeof(line), f) != NULL) {
        char *label = strchr(line, '\t') + 1, *address = strchr(label, '\t') + 1;

        address[-1] = '\0';
        address[strcspn(address, "\r\n")] = '\0';
        if (strncmp(address, "http", 4) != 0) {
            continue;
        }
        (void)what(c.rules, SENDA_METHOD_GET, address);
        assert_true(match.nkeys <= 1);
        for (unsigned i = 0; i < 3; i++) {
            bool is = match.nkeys == 1 && match.keys[0] == i + 1;

            assert_int_equal(is, strcmp(label, labels[i]) == 0);
            hits[i] += is;
        }
    }
    (void)fclose(f);
    assert_int_equal(hits[0], 1);
    assert_int_equal(hits[1], 93);
    assert_int_equal(hits[2], 7);
    release(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialect),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_shop),
        cmocka_unit_test(test_events_and_bounds),
        cmocka_unit_test(test_no_blow_up),
        cmocka_unit_test(test_against_slow_matcher),
        cmocka_unit_test(test_real_shop),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
