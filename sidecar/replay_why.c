/*
 * Picks out of a replay what belongs to one name. Decides nothing; bounded by
 * the story's own bound.
 */

#include "replay_why.h"

#include <glib.h>

struct replay_why_s {
    const char *name;
    const tale_t *tale;
    story_t *story;
    GHashTable *visitors; /* ids that were found to be the one */
    GHashTable *contacts; /* their contacts' numbers */
    uint32_t named; /* the contact that the name is of: others on its browsers are not meant */
    bool late;      /* a visitor had lines before the one that showed the name */
    GHashTable *strangers; /* ids seen that were not, while nobody knows whether they will be */
    GHashTable *dropped;   /* reason to count */
};

static guint
hash_id(gconstpointer id)
{
    guint h;

    memcpy(&h, id, sizeof(h));
    return h;
}

static gboolean
same_id(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, SENDA_VISITOR_LEN) == 0;
}

replay_why_t *
replay_why_new(const char *name, const tale_t *tale)
{
    replay_why_t *w = g_new0(replay_why_t, 1);

    w->name = name;
    w->tale = tale;
    w->story = story_new(tale);
    w->visitors = g_hash_table_new_full(hash_id, same_id, g_free, NULL);
    w->strangers = g_hash_table_new_full(hash_id, same_id, g_free, NULL);
    w->contacts = g_hash_table_new(g_direct_hash, g_direct_equal);
    w->dropped = g_hash_table_new(g_str_hash, g_str_equal);
    return w;
}

void
replay_why_free(replay_why_t *w)
{
    if (w == NULL)
        return;
    story_free(w->story);
    g_hash_table_destroy(w->visitors);
    g_hash_table_destroy(w->strangers);
    g_hash_table_destroy(w->contacts);
    g_hash_table_destroy(w->dropped);
    g_free(w);
}

bool
replay_why_is_late(const replay_why_t *w)
{
    return w->late;
}

void
replay_why_again(replay_why_t *w)
{
    story_free(w->story);
    w->story = story_new(w->tale);
    w->late = false;
    g_hash_table_remove_all(w->strangers);
    g_hash_table_remove_all(w->dropped);
}

static bool
same_text(const replay_why_t *w, senda_str_t text)
{
    return text.n == strlen(w->name) && g_ascii_strncasecmp(w->name, text.p, text.n) == 0;
}

static bool
is_called_so(replay_why_t *w, const visitors_t *v, uint32_t number, const access_line_t *line,
    const replay_contact_t *contact)
{
    char full[80];

    visitors_name(v, number, full, sizeof(full));
    if (strcmp(full, w->name) == 0 || same_text(w, line->address))
        return true;
    if (!same_text(w, line->user) && (contact == NULL || !same_text(w, senda_cstr(contact->name))))
        return false;
    w->named = visitors_contact(v, number);
    return true;
}

/* Whether the line is of the one; who is found now stays found. */
static bool
is_the_one(replay_why_t *w, const visitors_t *v, uint32_t number, const access_line_t *line,
    const replay_contact_t *contact, const senda_visitor_t *id)
{
    uint32_t known = visitors_contact(v, number);

    if (w->named != 0 && known != 0 && known != w->named)
        return false;
    if (g_hash_table_contains(w->visitors, id))
        return true;
    if (!is_called_so(w, v, number, line, contact)) {
        if (!g_hash_table_contains(w->strangers, id))
            g_hash_table_add(w->strangers, g_memdup2(id, sizeof(*id)));
        return false;
    }
    w->late |= g_hash_table_contains(w->strangers, id);
    g_hash_table_add(w->visitors, g_memdup2(id, sizeof(*id)));
    return true;
}

static void
add_event(const replay_why_t *w, GString *s, const engine_event_t *e)
{
    const char *before = " (";

    for (unsigned i = 0; i < e->nkeys; i++) {
        g_string_append_printf(s, "%s%s", before, tale_key(w->tale->program, e->keys[i]));
        before = ", ";
    }
    for (unsigned i = 0; i < e->nfields; i++) {
        g_string_append_printf(s, "%s%.*s=%.*s", before, (int)e->fields[i].name.n,
            e->fields[i].name.p, (int)e->fields[i].value.n, e->fields[i].value.p);
        before = ", ";
    }
    if (before[0] == ' ')
        g_string_append(s, w->tale->spanish ? " (ninguna página" : " (no page");
    g_string_append_c(s, ')');
}

void
replay_why_visit(replay_why_t *w, const visitors_t *v, uint32_t number, const access_line_t *line,
    const replay_contact_t *contact, const engine_event_t *event, const char *dropped)
{
    GString *s;
    uint32_t known = visitors_contact(v, number);

    if (!is_the_one(w, v, number, line, contact, &event->who.visitor))
        return;
    if (dropped != NULL) {
        g_hash_table_insert(w->dropped, (gpointer)dropped,
            GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(w->dropped, dropped)) + 1));
        return;
    }
    if (known != 0)
        g_hash_table_add(w->contacts, GUINT_TO_POINTER(known));
    s = g_string_new(w->tale->spanish ? "visita " : "visits ");
    g_string_append_printf(s, "%s%.*s", line->method.p[0] == 'P' ? "POST " : "",
        (int)line->target.n, line->target.p);
    add_event(w, s, event);
    if (contact != NULL)
        g_string_append_printf(s, w->tale->spanish ? ": es %s" : ": is %s", contact->name);
    story_tell(w->story, line->at, g_string_free(s, FALSE), NULL);
}

void
replay_why_intent(replay_why_t *w, const intent_t *intent)
{
    bool is_one = intent->who.contact != 0
        ? g_hash_table_contains(w->contacts, GUINT_TO_POINTER((guint)intent->who.contact))
        : g_hash_table_contains(w->visitors, &intent->who.visitor);

    if (is_one)
        story_tell_intent(w->story, intent);
}

bool
replay_why_print(const replay_why_t *w, FILE *out)
{
    GHashTableIter i;
    gpointer reason, count;

    if (g_hash_table_size(w->visitors) == 0)
        return false;
    fprintf(out, "%s\n", w->name);
    story_print(w->story, out, "  ", STORY_LINES_MAX);
    g_hash_table_iter_init(&i, w->dropped);
    while (g_hash_table_iter_next(&i, &reason, &count))
        fprintf(out,
            w->tale->spanish ? "  %u líneas no cuentan (%s)\n" : "  %u lines do not count (%s)\n",
            GPOINTER_TO_UINT(count), (const char *)reason);
    return true;
}
