/*
 * What nginx cannot know by itself of a visitor: tags that only the engines
 * give, blocks whose condition is true. Asked of the engines for each visitor
 * of whom something changed, and published. Decides nothing.
 */

#include "world_parts.h"

#define SEEN_VISITORS 64 /* browsers of one person that are published anew */

static bool
has_own(const program_t *p)
{
    for (unsigned i = 0; i < p->nshows; i++) {
        if (p->shows[i].cond != NULL) {
            return true;
        }
    }
    for (unsigned i = 0; i < p->ntags; i++) {
        if (!p->tags[i].by_nginx) {
            return true;
        }
    }
    return false;
}

static void
mark(world_t *w, const senda_visitor_t *v)
{
    if (!senda_visitor_is_none(v)) {
        g_hash_table_add(w->visitors, g_bytes_new(v->b, sizeof(v->b)));
    }
}

void
world_seen_by(site_t *site, const engine_who_t *who)
{
    senda_visitor_t visitors[SEEN_VISITORS];
    unsigned n;

    if (!has_own(site->file->program)) {
        return;
    }
    mark(site->world, &who->visitor);
    n = who->contact != 0 ? engine_visitors(site->engine, who->contact, visitors, SEEN_VISITORS)
                          : 0;
    for (unsigned i = 0; i < n; i++) {
        mark(site->world, &visitors[i]);
    }
}

static unsigned
tags_of_visitor(world_t *w, const senda_visitor_t *v, uint32_t *tags, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->nsites; i++) {
        const program_t *p = w->sites[i]->file->program;
        engine_who_t who = { contact_of_visitor(w->o.state, p->site_id, v, INT64_MAX), *v };

        for (unsigned t = 0; t < p->ntags && n < max; t++) {
            if (!p->tags[t].by_nginx && engine_has_tag(w->sites[i]->engine, &who, &p->tags[t])) {
                tags[n++] = p->tags[t].id;
            }
        }
    }
    return n;
}

/* What is shown to everybody the rules say; here stands what a condition decides. */
static unsigned
shows_of_visitor(world_t *w, const senda_visitor_t *v, senda_show_t *shows, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->nsites; i++) {
        const rule_file_t *f = w->sites[i]->file;
        const program_t *p = f->program;
        engine_who_t who = { contact_of_visitor(w->o.state, p->site_id, v, INT64_MAX), *v };

        for (unsigned k = 0; k < p->nshows && n < max; k++) {
            if (p->shows[k].cond != NULL &&
                engine_holds(w->sites[i]->engine, &who, p->shows[k].cond)) {
                shows[n++] = f->shows[k];
            }
        }
    }
    return n;
}

static senda_rc_t
publish_one(world_t *w, const senda_visitor_t *v, senda_err_t *err)
{
    uint32_t tags[SENDA_TAGS_MAX];
    senda_show_t shows[SENDA_SHOWS_MAX];
    unsigned n = tags_of_visitor(w, v, tags, SENDA_TAGS_MAX);
    senda_rc_t rc = senda_published_set_tags(w->published, v, tags, n, err);

    if (rc == SENDA_OK) {
        n = shows_of_visitor(w, v, shows, SENDA_SHOWS_MAX);
        rc = senda_published_set_shows(w->published, v, shows, n, err);
    }
    return rc;
}

senda_rc_t
world_publish(world_t *w, senda_err_t *err)
{
    GHashTableIter i;
    gpointer key;
    senda_rc_t rc;

    if (g_hash_table_size(w->visitors) == 0) {
        return SENDA_OK;
    }
    rc = senda_published_begin(w->published, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    g_hash_table_iter_init(&i, w->visitors);
    while (rc == SENDA_OK && g_hash_table_iter_next(&i, &key, NULL)) {
        senda_visitor_t v;

        memcpy(v.b, g_bytes_get_data(key, NULL), sizeof(v.b));
        rc = publish_one(w, &v, err);
    }
    if (rc != SENDA_OK) {
        senda_published_abort(w->published);
        return rc;
    }
    rc = senda_published_commit(w->published, err);
    if (rc == SENDA_OK) {
        g_hash_table_remove_all(w->visitors);
    }
    return rc;
}
