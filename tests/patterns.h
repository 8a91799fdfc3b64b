/*
 * Rules for tests: pages from rows of patterns, compiled, and what an address
 * is as text. Include after cmocka.h.
 */

#ifndef SENDA_TESTS_PATTERNS_H
#define SENDA_TESTS_PATTERNS_H

#include "rules_build.h"
#include "senda_rules_layout.h"

#include <stdio.h>
#include <stdlib.h>

#define SITE 7

typedef struct {
    void *blob;
    size_t len;
    senda_rules_t *rules;
} compiled_t;

static senda_url_t url;
static senda_match_t match;

/* A page a row: patterns parted by blanks, '!' before those of `except`, '+' before POST. */
static inline rules_build_t *
build(const char *const *rows, unsigned n)
{
    rules_build_t *b = rules_build_new();
    senda_err_t err;
    size_t at;

    assert_non_null(b);
    rules_build_site(b, SITE, NULL);
    for (unsigned i = 0; i < n; i++) {
        char name[16];
        const char *p = rows[i];

        (void)snprintf(name, sizeof(name), "page%u", i + 1);
        rules_build_page(b, SITE, i + 1, senda_cstr(name), 0);
        while (*p != '\0') {
            size_t len = strcspn(p, " ");
            bool mark = *p == '!' || *p == '+';
            senda_str_t text = { p + mark, len - mark };

            err.text[0] = '\0';
            if (rules_build_pattern(b, i + 1, *p == '+' ? SENDA_METHOD_POST : SENDA_METHOD_GET,
                    *p == '!', text, &at, &err) != SENDA_OK) {
                fail_msg("%.*s: %zu: %s", (int)text.n, text.p, at, err.text);
            }
            p += len + (p[len] == ' ');
        }
    }
    return b;
}

static inline compiled_t
finish(rules_build_t *b)
{
    compiled_t c;
    senda_err_t err;

    c.blob = rules_build_finish(b, 3, &c.len, &err);
    if (c.blob == NULL) {
        fail_msg("%s", err.text);
    }
    rules_build_free(b);
    assert_int_equal(senda_rules_open(&c.rules, c.blob, c.len, &err), SENDA_OK);
    return c;
}

static inline void
release(compiled_t *c)
{
    senda_rules_close(c->rules);
    free(c->blob);
}

/* What an address is, as text: "1 4 item=12". */
static inline const char *
what(const senda_rules_t *r, senda_method_t method, const char *address)
{
    static char text[8192];
    size_t n = 0;

    text[0] = '\0';
    assert_int_equal(senda_url_parse(&url, method, senda_cstr(address)), SENDA_OK);
    senda_rules_match(r, SITE, &url, &match);
    for (unsigned i = 0; i < match.nkeys; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", n ? " " : "", match.keys[i]);
    }
    for (unsigned i = 0; i < match.ncaptures; i++) {
        const senda_capture_t *c = &match.captures[i];

        n += (size_t)snprintf(text + n, sizeof(text) - n, " %.*s=%.*s", (int)c->name.n, c->name.p,
            (int)c->value.n, c->value.p);
    }
    return text;
}

/* The pages of the Spanish example. */
static const char *const shop[] = { "/", "/mi_cesta", "+/mi_cesta/anadir/{item}", "/pago /pago/*",
    "+/pago/datos", "/gracias*?pedido={order}&total={total} /gracias*", "/busqueda?q={q}",
    "/tacon*", "/zapatos*?color={color}", "/zapatos/* !/zapatos/*/opiniones", "/producto/{item}",
    "/producto/{item}/preguntas", "+/descargas/{ebook} +/sorteo", "/encuesta/{order}",
    "http://www.zapateria.com/{cat}/{#id}-*.html" };

/* The same numbers in each run. */
static inline unsigned
random_below(unsigned n)
{
    static uint64_t seed = 42;

    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

#endif
