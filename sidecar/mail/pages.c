/*
 * Renders the endpoint's pages. Knows nobody: what differs from person to
 * person is a mark in the page. Fails with file, line and cause.
 */

#include "pages.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[SENDA_PAGE_KINDS] = {
    [SENDA_PAGE_CHANNELS] = "channels",
    [SENDA_PAGE_SAVED] = "saved",
    [SENDA_PAGE_UNKNOWN] = "unknown",
    [SENDA_PAGE_LATER] = "later",
};

/* By channel; the capital stands around what only who has an address there sees. */
static const char marks[SENDA_CHANNELS] = { 'e', 's', 'p', 'w' };

typedef struct {
    const char *dir;
    unsigned n;
    struct {
        char *name, *text;
    } partials[PAGES_PARTIALS_MAX];
} page_t;

const char *
pages_name(senda_page_t kind)
{
    return kind > 0 && kind < SENDA_PAGE_KINDS ? names[kind] : NULL;
}

/* Beside the program: as `make install` lays them, or in a source tree. */
char *
pages_default_dir(void)
{
    static const char *const places[] = { "../share/senda/pages", "../conf/pages",
        "../../conf/pages" };
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    char *bin, *dir = NULL;

    if (n <= 0) {
        return NULL;
    }
    exe[n] = '\0';
    bin = g_path_get_dirname(exe);
    for (size_t i = 0; i < G_N_ELEMENTS(places) && dir == NULL; i++) {
        dir = g_canonicalize_filename(places[i], bin);
        if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
            g_free(dir);
            dir = NULL;
        }
    }
    g_free(bin);
    return dir;
}

static senda_rc_t
read_file(const char *dir, const char *file, char **text, senda_err_t *err)
{
    char *path = g_build_filename(dir, file, NULL);
    GError *failed = NULL;
    senda_rc_t rc = SENDA_OK;
    gsize len;

    if (!g_file_get_contents(path, text, &len, &failed)) {
        bool none = g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOENT);

        rc = senda_fail(err, none ? SENDA_NONE : SENDA_SYS, "%s", failed->message);
        g_error_free(failed);
    } else if (len > SENDA_PAGE_MAX) {
        rc = senda_fail(err, SENDA_BAD, "%s: more than %u bytes", path, SENDA_PAGE_MAX);
    } else if (!g_utf8_validate(*text, (gssize)len, NULL) || strchr(*text, SENDA_MARK) != NULL) {
        rc = senda_fail(err, SENDA_BAD, "%s: it is not UTF-8 text", path);
    }
    if (rc != SENDA_OK) {
        g_free(*text);
        *text = NULL;
    }
    g_free(path);
    return rc;
}

/* The name in a tag "{{#name}}" or "{{/name}}" at p, and past it; false: it is none of a channel. */
static bool
channel_tag(const char *p, senda_channel_t *channel, const char **after)
{
    const char *name = p + 3, *end;

    if (p[0] != '{' || p[1] != '{' || (p[2] != '#' && p[2] != '/')) {
        return false;
    }
    name += strspn(name, " ");
    end = name + strspn(name, "abcdefghijklmnopqrstuvwxyz");
    *channel = senda_channel_of((senda_str_t){ name, (size_t)(end - name) });
    end += strspn(end, " ");
    *after = end + 2;
    return *channel != SENDA_CHANNELS && end[0] == '}' && end[1] == '}';
}

/* Sections of channels are nginx's: Mustache does not know whom it renders for. */
static char *
mark_channels(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));

    while (*text != '\0') {
        senda_channel_t channel;
        const char *after;

        if (*text == '{' && channel_tag(text, &channel, &after)) {
            g_string_append_c(out, SENDA_MARK);
            g_string_append_c(out, g_ascii_toupper(marks[channel]));
            text = after;
        } else {
            g_string_append_c(out, *text++);
        }
    }
    return g_string_free(out, FALSE);
}

static bool
is_partial_name(senda_str_t s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!g_ascii_isalnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_') {
            return false;
        }
    }
    return s.n > 0 && s.n < 100;
}

static bool
partial(void *ctx, senda_str_t name, senda_str_t *text)
{
    page_t *p = ctx;
    unsigned i = 0;

    while (i < p->n && !senda_str_eq(senda_cstr(p->partials[i].name), name)) {
        i++;
    }
    if (i == p->n) {
        char *file, *raw = NULL;

        if (i == PAGES_PARTIALS_MAX || !is_partial_name(name)) {
            return false;
        }
        file = g_strdup_printf("_%.*s.mustache", (int)name.n, name.p);
        (void)read_file(p->dir, file, &raw, NULL);
        p->partials[p->n].name = g_strndup(name.p, name.n);
        p->partials[p->n++].text = raw != NULL ? mark_channels(raw) : NULL;
        g_free(raw);
        g_free(file);
    }
    *text = senda_cstr(p->partials[i].text != NULL ? p->partials[i].text : "");
    return p->partials[i].text != NULL;
}

/* Without anything that could be taken for a mark. */
static void
set(tval_t *map, const char *name, const char *value)
{
    char *clean;

    if (value == NULL || value[0] == '\0') {
        return;
    }
    clean = g_strdelimit(g_strdup(value), "\x01", ' ');
    tval_set(map, senda_cstr(name), tval_text(senda_cstr(clean)));
    g_free(clean);
}

static void
set_mark(tval_t *map, const char *name, char letter)
{
    char mark[2] = { SENDA_MARK, letter };

    tval_set(map, senda_cstr(name), tval_text((senda_str_t){ mark, sizeof(mark) }));
}

static tval_t *
values_of(const pages_settings_t *s)
{
    tval_t *v = tval_map();

    set(v, "shop", s->shop != NULL ? s->shop : s->site);
    set(v, "site", s->site);
    set(v, "site_url", s->site_url);
    set(v, "postal", s->postal);
    set(v, "lang", s->language);
    tval_set(v, senda_cstr(s->language), tval_bool(true));
    set_mark(v, "token", 't');
    for (unsigned i = 0; i < SENDA_CHANNELS; i++) {
        char name[32];

        (void)g_snprintf(name, sizeof(name), "checked_%s", senda_channel_name(i));
        set_mark(v, name, marks[i]);
    }
    return v;
}

senda_rc_t
pages_make(const pages_settings_t *s, senda_page_t kind, char **text, size_t *len, senda_err_t *err)
{
    char *file = g_strdup_printf("%s.mustache", pages_name(kind)), *raw = NULL, *marked = NULL;
    page_t page = { .dir = s->dir };
    tval_t *values = values_of(s);
    senda_err_t inner = { "" };
    senda_rc_t rc = read_file(s->dir, file, &raw, err);

    *text = NULL;
    *len = 0;
    if (rc != SENDA_OK) {
        goto out;
    }
    marked = mark_channels(raw);
    rc = mustache_check(1, senda_cstr(marked), partial, &page, &inner);
    if (rc == SENDA_OK) {
        rc = mustache_render(senda_cstr(marked), values, MUSTACHE_HTML, partial, &page, text, len,
            &inner);
    }
    if (rc == SENDA_OK && *len > SENDA_PAGE_MAX) {
        rc = senda_fail(&inner, SENDA_BAD, "more than %u bytes once its values are in",
            SENDA_PAGE_MAX);
    }
    if (rc != SENDA_OK) {
        rc = senda_fail(err, rc == SENDA_FULL ? SENDA_BAD : rc, "%.60s: %.190s", file, inner.text);
        free(*text);
        *text = NULL;
        *len = 0;
    }
out:
    for (unsigned i = 0; i < page.n; i++) {
        g_free(page.partials[i].name);
        g_free(page.partials[i].text);
    }
    tval_free(values);
    g_free(marked);
    g_free(raw);
    g_free(file);
    return rc;
}
