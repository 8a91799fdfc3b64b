/*
 * What an address is, by the site's own rules: its pages with the pattern that
 * did it, what they capture and mean, the pages it nearly is, and what may
 * follow.
 */

#include "explain_parts.h"
#include "explain_probe.h"

#include "fold.h"

#include <stdlib.h>

typedef struct {
    const explain_t *e;
    engine_event_t *event;
    GHashTable *keys;  /* of what the address is */
    GHashTable *names; /* key → "kind/folded name" of pages and events of the program */
} visit_t;

static char *
name_key(char kind, const char *name)
{
    char folded[4 * SENDA_PATH_MAX];

    fold_text(name, strlen(name), folded, sizeof(folded));
    return g_strdup_printf("%c/%s", kind, folded);
}

/* Names to keys, for sentences. */
static void
learn_names(visit_t *v)
{
    const program_t *p = v->e->program;

    v->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < p->npages; i++) {
        g_hash_table_insert(v->names, name_key('p', p->pages[i].name),
            GUINT_TO_POINTER(p->pages[i].key));
    }
    for (unsigned i = 0; i < p->nevents; i++) {
        g_hash_table_insert(v->names, name_key('e', p->events[i].name),
            GUINT_TO_POINTER(p->events[i].key));
    }
}

static bool
is_one(const visit_t *v, senda_key_t key)
{
    return g_hash_table_contains(v->keys, GUINT_TO_POINTER(key));
}

static bool
is_named(const visit_t *v, char kind, const char *name)
{
    char *key = name_key(kind, name);
    gpointer found = g_hash_table_lookup(v->names, key);

    g_free(key);
    return found != NULL && is_one(v, GPOINTER_TO_UINT(found));
}

static bool
heeds_visit(void *ctx, const explain_use_t *u)
{
    const visit_t *v = ctx;

    if (u->verb == NULL) {
        return false;
    }
    switch (u->verb->kind) {
    case VERB_PAGE:
        return is_named(v, 'p', u->verb->name.text);
    case VERB_PATTERN:
        return is_named(v, 'p', compile_pattern_name(v->e->say.arena, u->verb->pattern));
    case VERB_STANDARD:
        return is_one(v, senda_key_event(u->verb->event));
    case VERB_CUSTOM:
        return is_named(v, 'e', u->verb->name.text);
    case VERB_SPENDS:
        return u->verb->pattern == NULL && is_named(v, 'p', u->verb->name.text);
    case VERB_ARRIVES:
    case VERB_MESSAGE:
        return false;
    case VERB_ANY:
    case VERB_RETURNS:
        break;
    }
    return true;
}

static void
say_page(const visit_t *v, const probe_t *p)
{
    const say_t *s = &v->e->say;

    explain_line(v->e, 2, "",
        SAY(s, PH_URL_PAGE, say_quoted(s, p->page->name.text), p->pattern->text.p,
            say_number(s, p->pattern->span.line)));
    explain_line(v->e, 4, "", explain_meaning(v->e, p->page));
}

/* Patterns that stand in sentences are pages without a line of their own. */
static void
say_sentences(const visit_t *v, unsigned from)
{
    const program_t *p = v->e->program;
    const say_t *s = &v->e->say;

    for (unsigned i = from; i < p->npages; i++) {
        if (is_one(v, p->pages[i].key)) {
            explain_line(v->e, 2, "",
                SAY(s, PH_URL_SENTENCE, p->pages[i].name, say_number(s, p->pages[i].place.line)));
        }
    }
}

static void
say_values(const visit_t *v)
{
    const say_t *s = &v->e->say;

    for (unsigned i = 0; i < v->event->nfields; i++) {
        senda_capture_t c = v->event->fields[i];

        explain_line(v->e, 4, "",
            SAY(s, PH_URL_VALUE, arena_text(s->arena, c.name.p, c.name.n),
                arena_text(s->arena, c.value.p, c.value.n)));
    }
}

static phrase_t
near_phrase(const probe_t *p)
{
    switch (p->kind) {
    case PROBE_EXCEPT:
        return PH_NEAR_EXCEPT;
    case PROBE_METHOD:
        return (p->pattern->methods & SENDA_METHOD_POST) != 0 ? PH_NEAR_POST : PH_NEAR_GET;
    case PROBE_ARGS:
        return PH_NEAR_ARGS;
    case PROBE_HOST:
        return PH_NEAR_HOST;
    case PROBE_DIGITS:
        return PH_NEAR_DIGITS;
    case PROBE_SLASH:
        return PH_NEAR_SLASH;
    default:
        return PH_NEAR_CASE;
    }
}

static void
say_near(const visit_t *v, const probe_t *pages, unsigned n)
{
    const say_t *s = &v->e->say;
    bool any = false;

    for (unsigned i = 0; i < n; i++) {
        const probe_t *p = &pages[i];

        if (p->kind == PROBE_FITS || p->pattern == NULL) {
            continue;
        }
        if (!any) {
            explain_line(v->e, 2, "", SAY(s, PH_URL_NEAR));
        }
        any = true;
        explain_line(v->e, 4, "- ",
            SAY(s, near_phrase(p), say_quoted(s, p->page->name.text), p->pattern->text.p,
                p->other != NULL ? p->other->text.p : ""));
    }
}

static void
say_visit(visit_t *v)
{
    const explain_t *e = v->e;
    unsigned n;
    probe_t *pages = probe_pages(e->file, virtual_url(e->world), &n);

    for (unsigned i = 0; i < n; i++) {
        if (is_one(v, e->program->pages[i].key) && pages[i].pattern != NULL) {
            say_page(v, &pages[i]);
        }
    }
    say_sentences(v, n);
    if (v->event->nkeys == 0) {
        explain_line(e, 2, "", SAY(&e->say, PH_URL_NONE));
    }
    say_values(v);
    say_near(v, pages, n);
    if (v->event->nkeys > 0) {
        explain_uses(e, heeds_visit, v);
    }
    g_free(pages);
}

senda_rc_t
explain_url(explain_t *e, senda_method_t method, const char *address, senda_err_t *err)
{
    visit_t v = { .e = e, .event = g_new0(engine_event_t, 1) };
    senda_rc_t rc = virtual_visit(e->world, method, senda_cstr(address), v.event);

    if (rc != SENDA_OK) {
        g_free(v.event);
        return senda_fail(err, SENDA_BAD, "%s",
            rc == SENDA_NONE ? SAY(&e->say, PH_URL_FOREIGN, e->program->site)
                             : SAY(&e->say, PH_URL_BAD));
    }
    v.keys = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (unsigned i = 0; i < v.event->nkeys; i++) {
        g_hash_table_add(v.keys, GUINT_TO_POINTER(v.event->keys[i]));
    }
    learn_names(&v);
    e->follows_none = true;
    explain_line(e, 0, "",
        method == SENDA_METHOD_POST ? arena_printf(e->say.arena, "POST %s", address) : address);
    say_visit(&v);
    g_hash_table_unref(v.names);
    g_hash_table_unref(v.keys);
    g_free(v.event);
    return SENDA_OK;
}
