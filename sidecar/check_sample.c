/*
 * Counts visits by page, and paths that no page matches. Keeps no line, knows
 * no visitor and starts no flow. Never fails on what a line holds.
 */

#include "check_sample.h"

#include <glib.h>
#include <stdlib.h>

#include "replay.h"

static bool
count_pages(sample_t *s, const virtual_t *world, const engine_event_t *event)
{
    bool any = false;

    for (unsigned i = 0; i < event->nkeys; i++) {
        int page = virtual_page(world, event->keys[i]);

        if (page >= 0) {
            s->pages[page]++;
            any = true;
        }
    }
    return any;
}

static void
count_path(sample_t *s, GHashTable *paths, senda_str_t path)
{
    char *key = g_strndup(path.p, path.n);
    uint64_t *n = g_hash_table_lookup(paths, key);

    s->unmatched++;
    if (n != NULL) {
        ++*n;
    } else if (g_hash_table_size(paths) < SAMPLE_PATHS_MAX) {
        n = g_new(uint64_t, 1);
        *n = 1;
        g_hash_table_insert(paths, g_steal_pointer(&key), n);
    } else {
        s->beyond++;
    }
    g_free(key);
}

/* What a client made the server write goes to a terminal: only what can be printed. */
static char *
printable(const char *path)
{
    char *valid = g_utf8_make_valid(path, -1);
    GString *out = g_string_new(NULL);

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar u = g_utf8_get_char(p);

        g_string_append_unichar(out, g_unichar_isprint(u) ? u : '?');
    }
    g_free(valid);
    return g_string_free(out, FALSE);
}

static int
more_frequent(gconstpointer a, gconstpointer b)
{
    const sample_path_t *x = a, *y = b;

    if (x->visits != y->visits) {
        return x->visits > y->visits ? -1 : 1;
    }
    return strcmp(x->path, y->path);
}

static void
keep_most_frequent(sample_t *s, GHashTable *paths)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(sample_path_t));
    GHashTableIter i;
    gpointer path, n;

    g_hash_table_iter_init(&i, paths);
    while (g_hash_table_iter_next(&i, &path, &n)) {
        sample_path_t p = { path, *(uint64_t *)n };

        g_array_append_val(all, p);
    }
    g_array_sort(all, more_frequent);
    while (s->npaths < SAMPLE_SHOWN && s->npaths < all->len) {
        const sample_path_t *p = &g_array_index(all, sample_path_t, s->npaths);

        s->paths[s->npaths++] = (sample_path_t){ printable(p->path), p->visits };
    }
    g_array_free(all, TRUE);
}

senda_rc_t
sample_read(sample_t *s, virtual_t *world, access_log_t *log, senda_err_t *err)
{
    GHashTable *paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    engine_event_t event = { 0 };
    access_line_t line;
    senda_str_t text;
    senda_rc_t rc;

    memset(s, 0, sizeof(*s));
    s->pages = g_new0(uint64_t, virtual_program(world)->npages + 1);
    while ((rc = access_log_next(log, &text, err)) == SENDA_OK) {
        s->lines++;
        if (!access_log_parse(&line, text)) {
            s->malformed++;
        } else if (replay_judge(world, false, &line, &event) == DROP_REASONS) {
            s->visits++;
            if (!count_pages(s, world, &event)) {
                count_path(s, paths, virtual_path(world));
            }
        }
    }
    keep_most_frequent(s, paths);
    g_hash_table_destroy(paths);
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

void
sample_free(sample_t *s)
{
    for (unsigned i = 0; i < s->npaths; i++) {
        g_free(s->paths[i].path);
    }
    g_free(s->pages);
    memset(s, 0, sizeof(*s));
}
