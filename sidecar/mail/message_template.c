/*
 * Reads template files and takes them apart. Never renders. Fails with file
 * and line.
 */

#include "message_template.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>

static bool
is_name(senda_str_t s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!g_ascii_isalnum(s.p[i]) && strchr("_-", s.p[i]) == NULL && (s.p[i] & 0x80) == 0 &&
            (s.p[i] != '.' || i == 0)) {
            return false;
        }
    }
    return s.n > 0 && s.n <= MESSAGE_NAME_MAX && memchr(s.p, '\0', s.n) == NULL;
}

/* DIR/PREFIXname.mustache. */
static senda_rc_t
read_file(const char *dir, const char *file, char **bytes, size_t *len, senda_err_t *err)
{
    char *path = g_strdup_printf("%s/%s", dir, file);
    FILE *f = fopen(path, "re");
    senda_rc_t rc = SENDA_SYS;

    *bytes = NULL;
    if (f == NULL) {
        rc = senda_fail(err, errno == ENOENT ? SENDA_NONE : SENDA_SYS, "%s: %s", path,
            g_strerror(errno));
        goto out;
    }
    *bytes = g_malloc(MESSAGE_TEMPLATE_MAX + 1);
    *len = fread(*bytes, 1, MESSAGE_TEMPLATE_MAX + 1, f);
    if (ferror(f)) {
        senda_fail(err, rc, "%s: %s", path, g_strerror(errno));
    } else if (*len > MESSAGE_TEMPLATE_MAX) {
        rc = senda_fail(err, SENDA_BAD, "%s: more than %u bytes", path, MESSAGE_TEMPLATE_MAX);
    } else if (!g_utf8_validate(*bytes, (gssize)*len, NULL)) {
        rc = senda_fail(err, SENDA_BAD, "%s: it is not UTF-8", path);
    } else {
        *bytes = g_realloc(*bytes, *len + 1);
        (*bytes)[*len] = '\0';
        rc = SENDA_OK;
    }
    fclose(f);
    if (rc != SENDA_OK) {
        g_free(*bytes);
        *bytes = NULL;
    }
out:
    g_free(path);
    return rc;
}

/* The next line without its end; false when there is none. */
static bool
next_line(senda_str_t *rest, senda_str_t *line)
{
    if (rest->n == 0) {
        return false;
    }
    const char *nl = memchr(rest->p, '\n', rest->n);
    size_t n = nl != NULL ? (size_t)(nl - rest->p) : rest->n, used = n + (nl != NULL);
    *line = (senda_str_t){ rest->p, n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n };
    rest->p += used;
    rest->n -= used;
    return true;
}

static senda_str_t
strip(senda_str_t s)
{
    while (s.n > 0 && g_ascii_isspace(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && g_ascii_isspace(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

static bool
starts(senda_str_t s, const char *with)
{
    return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

static bool
is_header_name(senda_str_t s)
{
    static const char *const known[] = { "From", "Subject", "Reply-To", "Preheader" };

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (s.n == strlen(known[i]) && g_ascii_strncasecmp(s.p, known[i], s.n) == 0) {
            return true;
        }
    }
    if (s.n < 3 || s.n > 60 || g_ascii_strncasecmp(s.p, "X-", 2) != 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!g_ascii_isalnum(s.p[i]) && s.p[i] != '-') {
            return false;
        }
    }
    return true;
}

static senda_rc_t
take_header(message_template_t *t, senda_str_t line, unsigned number, senda_err_t *err)
{
    const char *colon = memchr(line.p, ':', line.n);

    if (colon == NULL) {
        return senda_fail(err, SENDA_BAD,
            "%s: line %u: a header is due here, like \"Subject: …\", or an empty line before the "
            "text",
            t->file, number);
    }
    senda_str_t name = strip((senda_str_t){ line.p, (size_t)(colon - line.p) });
    senda_str_t value = strip((senda_str_t){ colon + 1, (size_t)(line.p + line.n - colon - 1) });
    if (!is_header_name(name)) {
        return senda_fail(err, SENDA_BAD,
            "%s: line %u: %.*s is no header of a template: From, Subject, Reply-To, Preheader, "
            "X-…",
            t->file, number, (int)(name.n > 40 ? 40 : name.n), name.p);
    }
    for (unsigned i = 0; i < t->nheaders; i++) {
        if (t->headers[i].name.n == name.n &&
            g_ascii_strncasecmp(t->headers[i].name.p, name.p, name.n) == 0) {
            return senda_fail(err, SENDA_BAD, "%s: line %u: %.*s stands already on line %u",
                t->file, number, (int)name.n, name.p, t->headers[i].line);
        }
    }
    if (t->nheaders == MESSAGE_HEADERS_MAX) {
        return senda_fail(err, SENDA_BAD, "%s: line %u: more than %d headers", t->file, number,
            MESSAGE_HEADERS_MAX);
    }
    t->headers[t->nheaders++] = (message_header_t){ name, value, number };
    return SENDA_OK;
}

/* `--- text` or `--- html`: the part that it opens, NULL if the line opens none. */
static message_part_t *
opened(message_template_t *t, senda_str_t line, bool *wrong)
{
    *wrong = false;
    if (!starts(line, "---")) {
        return NULL;
    }
    senda_str_t word = strip((senda_str_t){ line.p + 3, line.n - 3 });
    if (senda_str_eq(word, SENDA_STR("text"))) {
        return &t->text;
    }
    if (senda_str_eq(word, SENDA_STR("html"))) {
        return &t->html;
    }
    *wrong = word.n > 0 && word.n < 12 && memchr(word.p, ' ', word.n) == NULL &&
        memchr(word.p, '-', word.n) == NULL && starts(line, "--- ");
    return NULL;
}

static senda_rc_t
take_body(message_template_t *t, senda_str_t rest, unsigned number, senda_err_t *err)
{
    message_part_t *part = NULL, *next, before = { { rest.p, 0 }, number };
    senda_str_t line;
    bool wrong;

    for (const char *at = rest.p; next_line(&rest, &line); at = rest.p, number++) {
        next = opened(t, line, &wrong);
        if (wrong) {
            return senda_fail(err, SENDA_BAD, "%s: line %u: a part is text or html, not %.*s",
                t->file, number, (int)line.n - 4, line.p + 4);
        }
        if (next == NULL) {
            (part != NULL ? part : &before)->text.n += (size_t)(rest.p - at);
            continue;
        }
        if (next->line != 0) {
            return senda_fail(err, SENDA_BAD, "%s: line %u: %.*s stands already on line %u",
                t->file, number, (int)line.n, line.p, next->line - 1);
        }
        part = next;
        *part = (message_part_t){ { rest.p, 0 }, number + 1 };
    }
    if (strip(before.text).n == 0) {
        return part != NULL
            ? SENDA_OK
            : senda_fail(err, SENDA_BAD, "%s: there is no text after the headers", t->file);
    }
    if (part != NULL) {
        return senda_fail(err, SENDA_BAD, "%s: line %u: text before the first --- text or --- html",
            t->file, before.line);
    }
    t->text = before;
    return SENDA_OK;
}

static senda_rc_t
take_apart(message_template_t *t, senda_err_t *err)
{
    senda_str_t rest = { t->bytes, t->len }, line;
    unsigned number = 0;
    bool subject = false;
    senda_rc_t rc;

    while (next_line(&rest, &line) && strip(line).n > 0) {
        number++;
        if (starts(line, "{{!")) {
            continue;
        }
        rc = take_header(t, line, number, err);
        if (rc != SENDA_OK) {
            return rc;
        }
        message_header_t *h = &t->headers[t->nheaders - 1];
        subject = subject ||
            (g_ascii_strncasecmp(h->name.p, "Subject", h->name.n) == 0 && h->value.n > 0);
    }
    if (!subject) {
        return senda_fail(err, SENDA_BAD, "%s: there is no line \"Subject: …\" on top", t->file);
    }
    return take_body(t, rest, number + 2, err);
}

senda_rc_t
message_template_read(message_template_t *t, const char *dir, const char *name, senda_err_t *err)
{
    *t = (message_template_t){ .dir = dir };
    if (!is_name(senda_cstr(name)) || name[0] == '_') {
        return senda_fail(err, SENDA_NONE, "%s is no template's name", name);
    }
    t->file = g_strdup_printf("%s.mustache", name);
    senda_rc_t rc = read_file(dir, t->file, &t->bytes, &t->len, err);
    return rc == SENDA_OK ? take_apart(t, err) : rc;
}

void
message_template_free(message_template_t *t)
{
    for (unsigned i = 0; i < t->npartials; i++) {
        g_free(t->partials[i].name);
        g_free(t->partials[i].bytes);
    }
    t->npartials = 0;
    g_free(t->file);
    g_free(t->bytes);
    t->file = t->bytes = NULL;
}

bool
message_template_partial(void *ctx, senda_str_t name, senda_str_t *text)
{
    message_template_t *t = ctx;

    if (!is_name(name)) {
        return false;
    }
    for (unsigned i = 0; i < t->npartials; i++) {
        if (senda_str_eq(senda_cstr(t->partials[i].name), name)) {
            *text = (senda_str_t){ t->partials[i].bytes, t->partials[i].len };
            return t->partials[i].bytes != NULL;
        }
    }
    if (t->npartials == MESSAGE_PARTIALS_MAX) {
        return false;
    }
    message_file_t *f = &t->partials[t->npartials++];
    char *file = g_strdup_printf("_%.*s.mustache", (int)name.n, name.p);
    f->name = g_strndup(name.p, name.n);
    bool ok = read_file(t->dir, file, &f->bytes, &f->len, NULL) == SENDA_OK;
    g_free(file);
    *text = (senda_str_t){ f->bytes, f->len };
    return ok;
}
