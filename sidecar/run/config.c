/*
 * Reads senda.conf. Opens nothing that it names. The first mistake is the
 * answer, except to config_check: file, line, what was expected.
 */

#include "config.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum {
    VALUE_TEXT,
    VALUE_PATH,
    VALUE_URL,
    VALUE_CHANNEL,
    VALUE_ENDPOINT,
    VALUE_SWITCH
} value_kind_t;

typedef struct {
    const char *name;
    size_t offset;
    value_kind_t kind;
    bool needed; /* by every command */
    bool run;    /* by senda run */
    const char *sample;
} setting_t;

#define FIELD(f) offsetof(config_t, f)

static const setting_t settings[] = {
    { "store", FIELD(store), VALUE_PATH, true, true, "store /var/lib/senda" },
    { "key", FIELD(key), VALUE_PATH, false, true, "key /etc/senda/sidecar.key" },
    { "rules", FIELD(rules), VALUE_PATH, false, true, "rules /etc/senda/rules" },
    { "messages", FIELD(messages), VALUE_PATH, false, true, "messages /etc/senda/messages" },
    { "from", FIELD(from), VALUE_TEXT, false, true, "from \"Shop <hello@example.com>\"" },
    { "unsubscribe", FIELD(unsubscribe), VALUE_TEXT, false, true,
        "unsubscribe unsubscribe@example.com" },
    { "postal", FIELD(postal), VALUE_TEXT, false, false, "postal \"Shop, 1 High Street, London\"" },
    { "site_url", FIELD(site_url), VALUE_URL, false, false, "site_url https://shop.example.com" },
    { "channel", FIELD(channel_email), VALUE_CHANNEL, false, true,
        "channel email maildir:/var/lib/senda/mail" },
    { "socket", FIELD(socket), VALUE_PATH, false, false, "socket /run/senda/senda.sock" },
    { "endpoint", FIELD(endpoint), VALUE_ENDPOINT, false, false,
        "endpoint https://shop.example.com/senda/" },
    { "opens", FIELD(opens), VALUE_SWITCH, false, false, "opens off" },
    { "pages", FIELD(pages), VALUE_PATH, false, false, "pages /etc/senda/pages" },
};

_Static_assert(G_N_ELEMENTS(settings) <= CONFIG_SETTINGS, "a line for each setting");

static char **
field(config_t *c, const setting_t *s)
{
    return (char **)((char *)c + s->offset);
}

static char *
absolute(const char *file, const char *path)
{
    char *dir, *full;

    if (g_path_is_absolute(path)) {
        return g_strdup(path);
    }
    dir = g_path_get_dirname(file);
    full = g_canonicalize_filename(path, dir);
    g_free(dir);
    return full;
}

/* "email maildir:DIR", "email smtp://host:port": the URL, its path made absolute; NULL if wrong. */
static char *
channel_url(const char *file, const char *value)
{
    static const char *const schemes[] = { "maildir:", "smtp://", "smtps://" };
    const char *url = value;
    char *path, *out;

    if (!g_str_has_prefix(url, "email")) {
        return NULL;
    }
    url += strlen("email");
    if (*url != ' ' && *url != '\t') {
        return NULL;
    }
    url += strspn(url, " \t");
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        size_t n = strlen(schemes[i]);

        if (strncmp(url, schemes[i], n) != 0 || url[n] == '\0') {
            continue;
        }
        if (i > 0) {
            return g_strdup(url);
        }
        path = absolute(file, url + n);
        out = g_strconcat(schemes[i], path, NULL);
        g_free(path);
        return out;
    }
    return NULL;
}

/* Whether a host, with or without a port, is this machine. */
static bool
is_loopback(const char *host, size_t n)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t len = strlen(names[i]);

        if (n >= len && g_ascii_strncasecmp(host, names[i], len) == 0 &&
            (n == len || host[len] == ':')) {
            return true;
        }
    }
    return false;
}

/*
 * Where nginx answers for messages: https, or http to this machine; a path
 * without arguments, its last slash put in; NULL if wrong. It stands in
 * headers and in HTML as it is.
 */
static char *
endpoint_url(const char *value)
{
    size_t scheme = g_str_has_prefix(value, "https://") ? 8 : 7, host;

    if (scheme == 7 && !g_str_has_prefix(value, "http://")) {
        return NULL;
    }
    for (const char *p = value; *p != '\0'; p++) {
        if (*p <= ' ' || *p > '~' || strchr("\"'<>\\^`{|}?#&,;", *p) != NULL) {
            return NULL;
        }
    }
    host = strcspn(value + scheme, "/");
    if (host == 0 || strlen(value) > CONFIG_ENDPOINT_MAX ||
        (scheme == 7 && !is_loopback(value + scheme, host))) {
        return NULL;
    }
    return g_strconcat(value, g_str_has_suffix(value, "/") ? "" : "/", NULL);
}

static char *
convert(const char *file, const setting_t *s, const char *value)
{
    switch (s->kind) {
    case VALUE_PATH:
        return absolute(file, value);
    case VALUE_CHANNEL:
        return channel_url(file, value);
    case VALUE_URL:
        if (!g_str_has_prefix(value, "https://") && !g_str_has_prefix(value, "http://")) {
            return NULL;
        }
        return g_strdup(value);
    case VALUE_ENDPOINT:
        return endpoint_url(value);
    case VALUE_SWITCH:
        if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0) {
            return NULL;
        }
        break;
    case VALUE_TEXT:
        break;
    }
    return g_strdup(value);
}

/* Cuts the comment and the outer spaces off in place; quotes hide a '#'. */
static char *
strip(char *line)
{
    bool quoted = false;

    for (char *p = line; *p != '\0'; p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else if (*p == '#' && !quoted && (p == line || p[-1] == ' ' || p[-1] == '\t')) {
            *p = '\0';
            break;
        }
    }
    return g_strstrip(line);
}

static const setting_t *
find(const char *name, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (strlen(settings[i].name) == n && strncmp(settings[i].name, name, n) == 0) {
            return &settings[i];
        }
    }
    return NULL;
}

static senda_rc_t
read_line(config_t *c, const char *file, unsigned line, char *text, senda_err_t *err)
{
    char *value;
    size_t n;
    const setting_t *s;

    text = strip(text);
    if (*text == '\0') {
        return SENDA_OK;
    }
    n = strcspn(text, " \t");
    s = find(text, n);
    if (s == NULL) {
        return senda_fail(err, SENDA_BAD,
            "%s:%u: \"%.*s\" is no setting; they are store, key, rules, messages, from, "
            "unsubscribe, "
            "postal, site_url, channel, socket, endpoint, opens, pages",
            file, line, (int)(n < 40 ? n : 40), text);
    }
    if (*field(c, s) != NULL) {
        return senda_fail(err, SENDA_BAD, "%s:%u: \"%s\" was set already", file, line, s->name);
    }
    c->lines[s - settings] = line;
    value = g_strstrip(text + n);
    n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
        value[n - 1] = '\0';
        value++;
    }
    if (strchr(value, '"') != NULL) {
        return senda_fail(err, SENDA_BAD, "%s:%u: a quote too few or too many; for example: %s",
            file, line, s->sample);
    }
    if (*value == '\0') {
        return senda_fail(err, SENDA_BAD, "%s:%u: \"%s\" needs a value; for example: %s", file,
            line, s->name, s->sample);
    }
    if (strlen(value) > CONFIG_VALUE_MAX) {
        return senda_fail(err, SENDA_BAD, "%s:%u: the value is longer than %d bytes", file, line,
            CONFIG_VALUE_MAX);
    }
    *field(c, s) = convert(file, s, value);
    if (*field(c, s) == NULL) {
        /* a wrong address may hold a password */
        n = strchr(value, '@') != NULL ? strcspn(value, ":") : n;
        return senda_fail(err, SENDA_BAD,
            "%s:%u: \"%.*s%s\" is no value for \"%s\"; for example: %s", file, line,
            (int)(n < 60 ? n : 60), value, value[n] == ':' ? ":..." : "", s->name, s->sample);
    }
    return SENDA_OK;
}

/* Every mistake goes to said; without it the first one ends it. */
typedef struct {
    config_mistake_pt said;
    void *ctx;
    senda_rc_t rc;
} mistakes_t;

static bool
goes_on(mistakes_t *m, senda_rc_t rc, const senda_err_t *err)
{
    if (rc == SENDA_OK) {
        return true;
    }
    m->rc = rc;
    if (m->said != NULL) {
        m->said(m->ctx, err->text);
    }
    return m->said != NULL;
}

static senda_rc_t
missing(const char *file, const setting_t *s, senda_err_t *err)
{
    return senda_fail(err, SENDA_BAD, "%s: \"%s\" is missing; for example: %s", file, s->name,
        s->sample);
}

static void
parse(config_t *c, const char *file, senda_str_t text, mistakes_t *m, senda_err_t *err)
{
    bool on = true;
    char *copy, **lines;

    memset(c, 0, sizeof(*c));
    if (text.n > CONFIG_FILE_MAX || memchr(text.p, '\0', text.n) != NULL ||
        !g_utf8_validate(text.p, (gssize)text.n, NULL)) {
        (void)goes_on(m,
            senda_fail(err, SENDA_BAD, "%s: not a text file in UTF-8 of at most %d bytes", file,
                CONFIG_FILE_MAX),
            err);
        return;
    }
    c->file = g_strdup(file);
    copy = g_strndup(text.p, text.n);
    lines = g_strsplit(copy, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL && on; i++) {
        on = goes_on(m, read_line(c, file, i + 1, lines[i], err), err);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(settings) && on; i++) {
        const setting_t *s = &settings[i];

        /* one with a wrong value is not missing */
        if ((s->needed || (m->said != NULL && s->run)) && c->lines[i] == 0) {
            on = goes_on(m, missing(file, s, err), err);
        }
    }
    if (c->store != NULL && c->socket == NULL) {
        c->socket = g_build_filename(c->store, "state", "senda.sock", NULL);
    }
    g_strfreev(lines);
    g_free(copy);
}

senda_rc_t
config_parse(config_t *c, const char *file, senda_str_t text, senda_err_t *err)
{
    mistakes_t m = { NULL, NULL, SENDA_OK };

    parse(c, file, text, &m, err);
    if (m.rc != SENDA_OK) {
        config_free(c);
    }
    return m.rc;
}

/* The file's text, g_malloc'ed, and its full name. */
static senda_rc_t
slurp(const char *file, char **full, senda_str_t *text, senda_err_t *err)
{
    gchar *bytes = NULL;
    gsize len = 0;
    GError *failed = NULL;

    if (!g_file_get_contents(file, &bytes, &len, &failed)) {
        (void)senda_fail(err, SENDA_SYS, "%s", failed->message);
        g_error_free(failed);
        return SENDA_SYS;
    }
    *full = g_canonicalize_filename(file, NULL);
    *text = (senda_str_t){ bytes, len };
    return SENDA_OK;
}

senda_rc_t
config_read(config_t *c, const char *file, senda_err_t *err)
{
    senda_str_t text;
    char *full;
    senda_rc_t rc;

    memset(c, 0, sizeof(*c));
    rc = slurp(file, &full, &text, err);
    if (rc == SENDA_OK) {
        rc = config_parse(c, full, text, err);
        g_free(full);
        g_free((char *)text.p);
    }
    return rc;
}

senda_rc_t
config_check(config_t *c, const char *file, config_mistake_pt said, void *ctx, senda_err_t *err)
{
    mistakes_t m = { said, ctx, SENDA_OK };
    senda_str_t text;
    char *full;
    senda_rc_t rc;

    memset(c, 0, sizeof(*c));
    rc = slurp(file, &full, &text, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    parse(c, full, text, &m, err);
    g_free(full);
    g_free((char *)text.p);
    return m.rc;
}

senda_rc_t
config_complete(const config_t *c, senda_err_t *err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        const setting_t *s = &settings[i];

        if (s->run && *(char *const *)((const char *)c + s->offset) == NULL) {
            return missing(c->file, s, err);
        }
    }
    return SENDA_OK;
}

unsigned
config_line(const config_t *c, const char *name)
{
    const setting_t *s = find(name, strlen(name));

    return s != NULL ? c->lines[s - settings] : 0;
}

void
config_free(config_t *c)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_free(*field(c, &settings[i]));
    }
    g_free(c->file);
    memset(c, 0, sizeof(*c));
}
