/*
 * Makes rules of a few patterns at a time, each a page of its own that takes
 * any method, and asks the matcher about the address. Then the same with parts
 * of the pattern left out. A pattern that a bound refuses fits nothing.
 */

#include "explain_probe.h"

#include "rules_build.h"

#include <glib.h>
#include <stdlib.h>

#define AT_ONCE 16 /* patterns asked in one match: fewer than SENDA_KEYS_MAX */

enum {
    HIT_WHOLE = 1,
    HIT_NO_ARGS = 2,
    HIT_NO_HOST = 4,
    HIT_NO_CASE = 8,
    HIT_NO_DIGITS = 16,
    HIT_NO_SLASH = 32
};

typedef struct {
    const ast_pattern_t *pattern;
    unsigned hits;
} row_t;

/*
 * The pattern with {#name} as {name}, or all captures of its path as *; NULL:
 * it has none, or nothing before the first that would tell it from others.
 */
static char *
wider(const char *text, unsigned hit)
{
    const char *path = text[0] == '/' ? text + 1 : strchr(text, '/');
    const char *first = strchr(text, '{'), *args = strchr(text, '?');
    GString *out;

    if (first == NULL || path == NULL || first <= path || (args != NULL && first > args) ||
        (hit == HIT_NO_DIGITS && strstr(text, "{#") == NULL)) {
        return NULL;
    }
    out = g_string_new(NULL);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '{' && hit == HIT_NO_DIGITS) {
            g_string_append_c(out, '{');
            p += p[1] == '#';
        } else if (*p == '{' && (args == NULL || p < args)) {
            g_string_append(out, out->str[out->len - 1] == '*' ? "" : "*");
            p += strcspn(p, "}");
        } else if (*p != '*' || out->len == 0 || out->str[out->len - 1] != '*') {
            g_string_append_c(out, *p);
        }
    }
    return g_string_free(out, FALSE);
}

/* What is left of a pattern for a question; NULL: the question says nothing new. */
static char *
variant(const ast_pattern_t *p, unsigned hit)
{
    const char *text = p->text.p;
    const char *scheme = strstr(text, "://"), *path;

    switch (hit) {
    case HIT_WHOLE:
        return g_strdup(text);
    case HIT_NO_ARGS:
        return strchr(text, '?') != NULL ? g_strndup(text, strcspn(text, "?")) : NULL;
    case HIT_NO_HOST:
        path = *text == '/' || *text == '*' ? NULL
                                            : strchr(scheme != NULL ? scheme + 3 : text, '/');
        return path != NULL ? g_strdup(path) : NULL;
    case HIT_NO_DIGITS:
    case HIT_NO_SLASH:
        return wider(text, hit);
    default:
        return g_utf8_strdown(text, -1);
    }
}

/* Asks about rows[0..n) at once. */
static void
ask(row_t *const *rows, unsigned n, const senda_url_t *url, unsigned hit)
{
    rules_build_t *b = rules_build_new();
    senda_rules_t *rules = NULL;
    senda_match_t *m = g_new(senda_match_t, 1);
    senda_err_t err;
    size_t at, len;
    void *blob;

    rules_build_site(b, 1, NULL);
    for (unsigned i = 0; i < n; i++) {
        char name[16], *text = variant(rows[i]->pattern, hit);

        g_snprintf(name, sizeof(name), "p%u", i);
        rules_build_page(b, 1, i + 1, senda_cstr(name), 0);
        (void)rules_build_pattern(b, i + 1,
            SENDA_METHOD_GET | SENDA_METHOD_POST | SENDA_METHOD_OTHER, false, senda_cstr(text), &at,
            &err);
        g_free(text);
    }
    blob = rules_build_finish(b, 1, &len, &err);
    if (blob != NULL && senda_rules_open(&rules, blob, len, &err) == SENDA_OK) {
        senda_rules_match(rules, 1, url, m);
        for (unsigned k = 0; k < m->nkeys; k++) {
            rows[m->keys[k] - 1]->hits |= hit;
        }
        senda_rules_close(rules);
    }
    free(blob);
    g_free(m);
    rules_build_free(b);
}

static void
ask_all(GArray *rows, const senda_url_t *url, unsigned hit)
{
    row_t *some[AT_ONCE];
    unsigned n = 0;

    for (unsigned i = 0; i < rows->len; i++) {
        row_t *r = &g_array_index(rows, row_t, i);
        char *text = r->hits == 0 || hit == HIT_WHOLE ? variant(r->pattern, hit) : NULL;

        if (text != NULL) {
            some[n++] = r;
        }
        if (n == AT_ONCE || (n > 0 && i + 1 == rows->len)) {
            ask(some, n, url, hit);
            n = 0;
        }
        g_free(text);
    }
}

/* The same address in lower case: path is the copy, which the caller frees. */
static senda_url_t *
lower_case(const senda_url_t *url, char **path)
{
    senda_url_t *u = g_memdup2(url, sizeof(*url));

    *path = g_utf8_strdown(url->path.p, (gssize)url->path.n);
    u->path = senda_cstr(*path);
    return u;
}

static void
settle(probe_t *p, const row_t *rows, unsigned n, const senda_url_t *url)
{
    static const struct {
        unsigned hit;
        probe_kind_t kind;
    } lacks[] = { { HIT_WHOLE, PROBE_METHOD }, { HIT_NO_ARGS, PROBE_ARGS },
        { HIT_NO_HOST, PROBE_HOST }, { HIT_NO_CASE, PROBE_CASE }, { HIT_NO_DIGITS, PROBE_DIGITS },
        { HIT_NO_SLASH, PROBE_SLASH } };

    for (unsigned i = 0; i < n && p->pattern == NULL; i++) {
        const ast_pattern_t *pat = rows[i].pattern;

        if (!pat->except && (rows[i].hits & HIT_WHOLE) != 0 && (pat->methods & url->method) != 0) {
            p->pattern = pat;
            p->kind = PROBE_FITS;
        }
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(lacks) && p->pattern == NULL; k++) {
        for (unsigned i = 0; i < n && p->pattern == NULL; i++) {
            const ast_pattern_t *pat = rows[i].pattern;
            bool method = k == 0 || (pat->methods & url->method) != 0;

            if (!pat->except && (rows[i].hits & lacks[k].hit) != 0 && method) {
                p->pattern = pat;
                p->kind = lacks[k].kind;
            }
        }
    }
    for (unsigned i = 0; i < n && p->kind == PROBE_FITS; i++) {
        if (rows[i].pattern->except && (rows[i].hits & HIT_WHOLE) != 0) {
            p->other = rows[i].pattern;
            p->kind = PROBE_EXCEPT;
        }
    }
}

probe_t *
probe_pages(const ast_file_t *file, const senda_url_t *url, unsigned *n)
{
    GArray *rows = g_array_new(FALSE, TRUE, sizeof(row_t));
    GArray *out = g_array_new(FALSE, TRUE, sizeof(probe_t));
    char *path;
    senda_url_t *lower = lower_case(url, &path);
    unsigned at = 0;

    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_PAGE) {
            for (const ast_pattern_t *p = ((const ast_page_t *)h)->patterns; p != NULL;
                 p = p->next) {
                g_array_append_val(rows, ((row_t){ p, 0 }));
            }
        }
    }
    ask_all(rows, url, HIT_WHOLE);
    ask_all(rows, url, HIT_NO_ARGS);
    ask_all(rows, url, HIT_NO_HOST);
    ask_all(rows, lower, HIT_NO_CASE);
    ask_all(rows, url, HIT_NO_DIGITS);
    ask_all(rows, url, HIT_NO_SLASH);
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        probe_t p = { .page = (const ast_page_t *)h };
        unsigned k = 0;

        if (h->kind != AST_PAGE) {
            continue;
        }
        for (const ast_pattern_t *pat = p.page->patterns; pat != NULL; pat = pat->next) {
            k++;
        }
        settle(&p, &g_array_index(rows, row_t, at), k, url);
        at += k;
        g_array_append_val(out, p);
    }
    g_array_free(rows, TRUE);
    g_free(path);
    g_free(lower);
    *n = out->len;
    return (probe_t *)(void *)g_array_free(out, FALSE);
}
