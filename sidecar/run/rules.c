/*
 * From rule files to published/. Never touches what is live when a file has a
 * mistake.
 */

#include "rules.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "zone_table.h"

static gint
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rule files of a path, in order; NULL with the reason. */
static GPtrArray *
list_files(const char *path, senda_rc_t *rc, senda_err_t *err)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    GError *failed = NULL;
    const char *name;
    GDir *dir;

    *rc = SENDA_OK;
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_ptr_array_add(files, g_strdup(path));
        return files;
    }
    dir = g_dir_open(path, 0, &failed);
    if (dir == NULL) {
        *rc = senda_fail(err, SENDA_SYS, "%s", failed->message);
        g_error_free(failed);
        g_ptr_array_free(files, TRUE);
        return NULL;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (name[0] != '.' && g_str_has_suffix(name, ".senda")) {
            g_ptr_array_add(files, g_build_filename(path, name, NULL));
        }
    }
    g_dir_close(dir);
    g_ptr_array_sort(files, by_name);
    if (files->len == 0) {
        *rc = senda_fail(err, SENDA_NONE, "%s holds no file that ends in .senda", path);
    } else if (files->len > RULES_FILES_MAX) {
        *rc = senda_fail(err, SENDA_BAD, "%s holds more than %d rule files", path, RULES_FILES_MAX);
    }
    return files;
}

static senda_rc_t
read_file(rule_file_t *f, const char *file, FILE *report, senda_err_t *err)
{
    GError *failed = NULL;
    gsize len = 0;
    struct stat st;

    if (stat(file, &st) == 0 && (!S_ISREG(st.st_mode) || st.st_size > (off_t)RULES_FILE_MAX)) {
        return senda_fail(err, SENDA_BAD, "%s is no rule file of at most %u bytes", file,
            RULES_FILE_MAX);
    }
    if (!g_file_get_contents(file, &f->text, &len, &failed)) {
        senda_rc_t rc = senda_fail(err, SENDA_SYS, "%s", failed->message);

        g_error_free(failed);
        return rc;
    }
    f->file = g_strdup(file);
    f->len = len;
    if (strspn(f->text, " \t\r\n") == len) {
        return senda_fail(err, SENDA_BAD,
            "%s is empty, as a file is that is being saved; remove it if it is to have no rules",
            file);
    }
    f->lang = lang_read(f->file, f->text, f->len);
    lang_check_zone(f->lang, zone_table, NULL);
    if (lang_diags(f->lang) > 0) {
        lang_print(f->lang, report, false);
    }
    return SENDA_OK;
}

senda_rc_t
rules_read(ruleset_t **out, const char *path, FILE *report, senda_err_t *err)
{
    ruleset_t *r = g_new0(ruleset_t, 1);
    unsigned mistakes = 0, bad = 0;
    senda_rc_t rc;
    GPtrArray *files = list_files(path, &rc, err);

    *out = NULL;
    for (guint i = 0; rc == SENDA_OK && i < files->len; i++) {
        rc = read_file(&r->files[r->n], g_ptr_array_index(files, i), report, err);
        if (rc == SENDA_OK) {
            unsigned n = lang_errors(r->files[r->n++].lang);

            mistakes += n;
            bad += n > 0;
        }
    }
    if (rc == SENDA_OK && mistakes > 0) {
        rc = senda_fail(err, SENDA_BAD, "%u %s in %u rule %s", mistakes,
            mistakes == 1 ? "mistake" : "mistakes", bad, bad == 1 ? "file" : "files");
    }
    if (files != NULL) {
        g_ptr_array_free(files, TRUE);
    }
    if (rc != SENDA_OK) {
        rules_free(r);
        return rc;
    }
    *out = r;
    return SENDA_OK;
}

void
rules_free(ruleset_t *r)
{
    if (r == NULL) {
        return;
    }
    for (unsigned i = 0; i < RULES_FILES_MAX; i++) {
        program_free(r->files[i].program);
        if (r->files[i].lang != NULL) {
            lang_free(r->files[i].lang);
        }
        g_free(r->files[i].file);
        g_free(r->files[i].text);
    }
    g_free(r);
}

typedef struct {
    senda_published_t *published; /* NULL: numbers are counted */
    GHashTable *counted;
    uint32_t next[SENDA_NAME_KINDS];
    senda_rc_t rc; /* the first failure */
    senda_err_t *err;
} naming_t;

static uint32_t
name_id(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    naming_t *n = ctx;
    uint32_t id = 0;
    senda_rc_t rc;

    if (n->rc != SENDA_OK) {
        return 0;
    }
    rc = senda_published_id(n->published, kind, site, senda_cstr(name), &id, n->err);
    if (rc != SENDA_OK) {
        n->rc = rc;
    }
    return id;
}

static senda_rc_t
compile(ruleset_t *r, lang_id_pt id, naming_t *naming, senda_err_t *err)
{
    for (unsigned i = 0; i < r->n; i++) {
        rule_file_t *f = &r->files[i];

        f->program = lang_program(f->lang, id, zone_table, naming);
        if (naming->rc != SENDA_OK) {
            return naming->rc;
        }
        if (f->program == NULL) {
            return senda_fail(err, SENDA_SYS, "%s: cannot be compiled: no memory", f->file);
        }
    }
    return SENDA_OK;
}

static void *
blob_of(ruleset_t *r, uint64_t generation, size_t *len, senda_err_t *err)
{
    lang_t *langs[RULES_FILES_MAX];
    program_t *programs[RULES_FILES_MAX];

    for (unsigned i = 0; i < r->n; i++) {
        langs[i] = r->files[i].lang;
        programs[i] = r->files[i].program;
    }
    return lang_rules(langs, programs, r->n, generation, len, err);
}

/* SENDA_OK: those stored say the same; SENDA_NONE: they do not; SENDA_BAD, SENDA_SYS. */
static senda_rc_t
same_as_stored(ruleset_t *r, senda_published_t *p, senda_err_t *err)
{
    void *stored = NULL, *blob;
    size_t stored_len, len;
    uint64_t generation;
    senda_rc_t rc = senda_published_rules(p, &stored, &stored_len, &generation, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    blob = blob_of(r, generation, &len, err);
    if (blob == NULL) {
        rc = SENDA_BAD;
    } else if (len != stored_len || memcmp(blob, stored, len) != 0) {
        rc = SENDA_NONE;
    }
    r->generation = generation;
    free(blob);
    free(stored);
    return rc;
}

senda_rc_t
rules_publish(ruleset_t *r, senda_published_t *p, bool *changed, senda_err_t *err)
{
    naming_t naming = { .published = p, .rc = SENDA_OK, .err = err };
    void *blob = NULL;
    size_t len;
    senda_rc_t rc, same;

    *changed = false;
    same = SENDA_NONE;
    rc = senda_published_begin(p, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = compile(r, name_id, &naming, err);
    if (rc == SENDA_OK) {
        same = same_as_stored(r, p, err);
        rc = same == SENDA_NONE ? SENDA_OK : same;
    }
    if (rc == SENDA_OK && same == SENDA_NONE) {
        r->generation = senda_published_generation(p) + 1;
        blob = blob_of(r, r->generation, &len, err);
        rc = blob == NULL
            ? SENDA_BAD
            : senda_published_set_rules(p, r->generation, (senda_str_t){ blob, len }, err);
    }
    free(blob);
    if (rc != SENDA_OK) {
        senda_published_abort(p);
        return rc;
    }
    *changed = same == SENDA_NONE;
    return senda_published_commit(p, err);
}

/* As name_id, without a store: the same name of a kind gets the same number. */
static uint32_t
count_id(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    naming_t *n = ctx;
    char *key = g_strdup_printf("%d/%u/%s", (int)kind, site, name);
    uint32_t id = GPOINTER_TO_UINT(g_hash_table_lookup(n->counted, key));

    if (id != 0) {
        g_free(key);
        return id;
    }
    id = n->next[kind]++;
    (void)g_hash_table_insert(n->counted, key, GUINT_TO_POINTER(id));
    return id;
}

senda_rc_t
rules_try(ruleset_t *r, senda_err_t *err)
{
    naming_t naming = { .next = { 1, 1, 1, 1, 1, 1 }, .rc = SENDA_OK, .err = err };
    void *blob = NULL;
    size_t len;
    senda_rc_t rc;

    naming.next[SENDA_NAME_EVENT] = SENDA_EVENT_CUSTOM;
    naming.counted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    rc = compile(r, count_id, &naming, err);
    if (rc == SENDA_OK) {
        blob = blob_of(r, 1, &len, err);
        rc = blob != NULL ? SENDA_OK : SENDA_BAD;
    }
    free(blob);
    for (unsigned i = 0; i < r->n; i++) {
        program_free(r->files[i].program);
        r->files[i].program = NULL;
    }
    g_hash_table_destroy(naming.counted);
    return rc;
}

static void
empty_folder(const char *dir)
{
    GDir *d = g_dir_open(dir, 0, NULL);
    const char *name;

    while (d != NULL && (name = g_dir_read_name(d)) != NULL) {
        char *file = g_build_filename(dir, name, NULL);

        (void)g_unlink(file);
        g_free(file);
    }
    if (d != NULL) {
        g_dir_close(d);
    }
}

/* Written beside and renamed into place, so that a stop in between leaves the old copy or none. */
senda_rc_t
rules_keep(const ruleset_t *r, const char *dir, senda_err_t *err)
{
    char *fresh = g_strconcat(dir, ".new", NULL);
    GError *failed = NULL;
    senda_rc_t rc = SENDA_OK;

    empty_folder(fresh);
    if (g_mkdir_with_parents(fresh, 0700) != 0) {
        rc = senda_fail(err, SENDA_SYS, "cannot make %s: %s", fresh, g_strerror(errno));
    }
    for (unsigned i = 0; i < r->n && rc == SENDA_OK; i++) {
        char name[32], *file;

        (void)snprintf(name, sizeof(name), "%04u.senda", i);
        file = g_build_filename(fresh, name, NULL);
        if (!g_file_set_contents_full(file, r->files[i].text, (gssize)r->files[i].len,
                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &failed)) {
            rc = senda_fail(err, SENDA_SYS, "%s", failed->message);
            g_clear_error(&failed);
        }
        g_free(file);
    }
    if (rc == SENDA_OK) {
        empty_folder(dir);
        (void)g_rmdir(dir);
        if (g_rename(fresh, dir) != 0) {
            rc = senda_fail(err, SENDA_SYS, "cannot rename %s: %s", fresh, g_strerror(errno));
        }
    }
    g_free(fresh);
    return rc;
}
