/*
 * Makes a world out of a rule file: numbers for names are counted from 1, the
 * rules' blob is built and opened as nginx would. Fails with words on the
 * given stream.
 */

#include "virtual.h"
#include "zone_table.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>

struct virtual_s {
    char *text; /* of the file */
    lang_t *lang;
    program_t *program;
    void *blob;
    senda_rules_t *rules;
    GHashTable *pages; /* key to number + 1 */
    senda_url_t url;
    senda_match_t match;
};

/* Names to numbers: the same name of a kind gets the same number. */
typedef struct {
    GHashTable *known;
    uint32_t next[SENDA_NAME_FLOW + 1];
} ids_t;

static gboolean
is_id(gpointer key, gpointer value, gpointer id)
{
    return *(const char *)key == '0' + SENDA_NAME_FLOW && value == id;
}

/* Of a flow by its name: who takes which branch of a split hangs on it, and on nothing above it. */
static uint32_t
id_of_flow(const ids_t *ids, const char *name)
{
    uint32_t id = g_str_hash(name) | 1u << 31;

    while (g_hash_table_find(ids->known, is_id, GUINT_TO_POINTER(id)) != NULL)
        id++;
    return id;
}

static uint32_t
id_of(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    ids_t *ids = ctx;
    char *key = g_strdup_printf("%d/%u/%s", (int)kind, site, name);
    gpointer found = g_hash_table_lookup(ids->known, key);
    uint32_t id;

    if (found != NULL) {
        g_free(key);
        return GPOINTER_TO_UINT(found);
    }
    id = kind == SENDA_NAME_FLOW ? id_of_flow(ids, name) : ids->next[kind]++;
    g_hash_table_insert(ids->known, key, GUINT_TO_POINTER(id));
    return id;
}

static program_t *
compile(const lang_t *lang)
{
    ids_t ids = { .next = { 1, 1, 1, SENDA_EVENT_CUSTOM, 1, 1 } };
    program_t *program;

    ids.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    program = lang_program(lang, id_of, zone_table, &ids);
    g_hash_table_destroy(ids.known);
    return program;
}

static bool
read_rules(virtual_t *w, const char *file, FILE *err, int *status)
{
    GError *error = NULL;
    gsize len = 0;

    *status = 2;
    if (!g_file_get_contents(file, &w->text, &len, &error)) {
        fprintf(err, "senda: %s\n", error->message);
        g_error_free(error);
        return false;
    }
    w->lang = lang_read(file, w->text, len);
    lang_check_zone(w->lang, zone_table, NULL);
    *status = 1;
    if (w->lang == NULL || lang_errors(w->lang) > 0) {
        if (w->lang != NULL)
            lang_print(w->lang, err, false);
        return false;
    }
    return true;
}

static bool
open_rules(virtual_t *w, const char *file, FILE *err)
{
    senda_err_t e = { .text = "out of memory" };
    size_t len = 0;

    w->program = compile(w->lang);
    if (w->program != NULL)
        w->blob = lang_rules(&w->lang, &w->program, 1, 1, &len, &e);
    if (w->blob == NULL || senda_rules_open(&w->rules, w->blob, len, &e) != SENDA_OK) {
        fprintf(err, "senda: %s: %s\n", file, e.text);
        return false;
    }
    return true;
}

virtual_t *
virtual_open(const char *file, FILE *err, int *status)
{
    virtual_t *w = g_new0(virtual_t, 1);

    w->pages = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (!read_rules(w, file, err, status) || !open_rules(w, file, err)) {
        virtual_close(w);
        return NULL;
    }
    for (unsigned i = 0; i < w->program->npages; i++)
        g_hash_table_insert(w->pages, GUINT_TO_POINTER(w->program->pages[i].key),
            GUINT_TO_POINTER(i + 1));
    return w;
}

void
virtual_close(virtual_t *w)
{
    if (w == NULL)
        return;
    senda_rules_close(w->rules);
    free(w->blob);
    program_free(w->program);
    lang_free(w->lang);
    g_hash_table_destroy(w->pages);
    g_free(w->text);
    g_free(w);
}

const program_t *
virtual_program(const virtual_t *w)
{
    return w->program;
}

const char *
virtual_language(const virtual_t *w)
{
    return lang_language(w->lang);
}

int
virtual_page(const virtual_t *w, senda_key_t key)
{
    return (int)GPOINTER_TO_UINT(g_hash_table_lookup(w->pages, GUINT_TO_POINTER(key))) - 1;
}

senda_str_t
virtual_path(const virtual_t *w)
{
    return w->url.path;
}

const senda_url_t *
virtual_url(const virtual_t *w)
{
    return &w->url;
}

senda_str_t
virtual_line(const virtual_t *w, uint32_t line)
{
    const char *from = w->text, *end;

    for (; line > 1 && from != NULL; line--) {
        from = strchr(from, '\n');
        from = from == NULL ? NULL : from + 1;
    }
    if (from == NULL)
        return (senda_str_t){ "", 0 };
    for (end = from + strcspn(from, "\n"); end > from && g_ascii_isspace(end[-1]); end--)
        ;
    for (; from < end && g_ascii_isspace(*from); from++)
        ;
    return (senda_str_t){ from, (size_t)(end - from) };
}

const lang_t *
virtual_lang(const virtual_t *w)
{
    return w->lang;
}

/* A path stands on the site's first host; a whole address must be one of the site's. No '#…'. */
static senda_rc_t
set_url(virtual_t *w, senda_method_t method, senda_str_t target)
{
    const char *question, *hash;
    senda_str_t path, args = { "", 0 };
    senda_rc_t rc;

    if (target.n == 0 || target.p[0] != '/') {
        rc = senda_url_parse(&w->url, method, target);
        if (rc == SENDA_OK && senda_rules_site(w->rules, w->url.host) != w->program->site_id)
            rc = SENDA_NONE;
        return rc;
    }
    hash = memchr(target.p, '#', target.n);
    target.n = hash != NULL ? (size_t)(hash - target.p) : target.n;
    question = memchr(target.p, '?', target.n);
    path = target;
    if (question != NULL) {
        path.n = (size_t)(question - target.p);
        args = (senda_str_t){ question + 1, target.n - path.n - 1 };
    }
    return senda_url_set(&w->url, method, senda_cstr(w->program->site), path, args);
}

senda_rc_t
virtual_visit(virtual_t *w, senda_method_t method, senda_str_t target, engine_event_t *event)
{
    const senda_match_t *m = &w->match;
    senda_rc_t rc = set_url(w, method, target);
    bool bought = false;

    if (rc != SENDA_OK)
        return rc;
    senda_rules_match(w->rules, w->program->site_id, &w->url, &w->match);
    event->page = true;
    event->nkeys = m->nkeys;
    memcpy(event->keys, m->keys, m->nkeys * sizeof(*m->keys));
    event->nfields = m->ncaptures;
    event->order = (senda_str_t){ "", 0 };
    event->nanswers = 0;
    event->rank = 0;
    for (unsigned i = 0; i < m->nkeys; i++)
        bought |= m->keys[i] == senda_key_event(SENDA_EV_PURCHASE);
    for (unsigned i = 0; i < m->ncaptures; i++) {
        event->fields[i] = m->captures[i];
        if (bought && senda_str_eq(m->captures[i].name, SENDA_STR("order")))
            event->order = m->captures[i].value;
    }
    return SENDA_OK;
}
