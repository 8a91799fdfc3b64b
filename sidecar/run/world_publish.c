/*
 * What nginx cannot know by itself of a visitor: tags that only the engines
 * give, points, stage, segments, blocks whose condition is true. Asked of the engines for each visitor
 * of whom something changed, and published. Decides nothing.
 */

#include "senda_known.h"
#include "world_parts.h"

#include "rules_error.h"

#define SEEN_VISITORS 64 /* browsers of one person that are published anew */

static bool
has_own(const program_t *p)
{
    if (p->nscores > 0 || p->nstages > 0 || p->nsegments > 0) {
        return true;
    }
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

void
world_forgotten(world_t *w, const senda_visitor_t *v)
{
    mark(w, v);
}

static bool
is_known(const world_t *w, const senda_visitor_t *v)
{
    for (unsigned i = 0; i < w->nsites; i++) {
        if (engine_knows(w->sites[i]->engine, v)) {
            return true;
        }
    }
    return false;
}

/* What the sites know, put together; names point into their programs. */
typedef struct {
    engine_t *engine;
    engine_who_t who;
    senda_known_t known;
} gather_t;

static void
gather_tags(gather_t *g, const program_t *p)
{
    for (unsigned t = 0; t < p->ntags && g->known.ntags < SENDA_TAGS_MAX; t++) {
        if (!p->tags[t].by_nginx && engine_has_tag(g->engine, &g->who, &p->tags[t])) {
            g->known.tags[g->known.ntags++] = p->tags[t].id;
        }
    }
}

static void
gather_standing(gather_t *g, const program_t *p)
{
    int64_t score = p->nscores > 0 ? engine_score(g->engine, &g->who) : 0;
    int32_t stage = p->nstages > 0 ? engine_stage(g->engine, &g->who) : -1;

    if (score != 0) {
        g->known.has_score = true;
        g->known.score = score;
    }
    if (stage >= 0) {
        g->known.stage = senda_cstr(p->stages[stage].name);
    }
    for (unsigned i = 0; i < p->nsegments && g->known.nsegments < SENDA_SEGMENTS_MAX; i++) {
        if (engine_holds(g->engine, &g->who, p->segments[i].cond)) {
            g->known.segments[g->known.nsegments++] = senda_cstr(p->segments[i].name);
        }
    }
}

/* What is shown to everybody the rules say; here stands what a condition decides. */
static void
gather_shows(gather_t *g, const program_t *p)
{
    for (unsigned i = 0; i < p->nshows && g->known.nshows < SENDA_SHOWS_MAX; i++) {
        const prog_show_t *show = &p->shows[i];

        if (show->cond != NULL && engine_holds(g->engine, &g->who, show->cond)) {
            g->known.shows[g->known.nshows++] = (senda_show_t){ senda_cstr(show->position),
                senda_cstr(show->block) };
        }
    }
}

/*
 * Of a contact only to browsers that it has logged in with: a link or a form's
 * e-mail may have been followed or typed by anybody, who logs in as himself
 * next and must find nothing of it there.
 */
static senda_rc_t
publish_one(world_t *w, const senda_visitor_t *v, senda_err_t *err)
{
    gather_t g = { 0 };
    contact_link_t by;

    if (!is_known(w, v)) {
        return senda_known_set(w->published, v, NULL, err);
    }
    for (unsigned i = 0; i < w->nsites; i++) {
        const program_t *p = w->sites[i]->file->program;

        g.engine = w->sites[i]->engine;
        g.who = (engine_who_t){ contact_linked(w->o.state, p->site_id, v, INT64_MAX, &by), *v };
        if (g.who.contact != 0 && by != LINK_LOGIN) {
            continue;
        }
        g.known.personal = g.known.personal || g.who.contact != 0;
        gather_tags(&g, p);
        gather_standing(&g, p);
        gather_shows(&g, p);
    }
    return senda_known_set(w->published, v, &g.known, err);
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

senda_rc_t
world_mistakes(world_t *w, const char *text, senda_sec_t at, senda_err_t *err)
{
    return rules_error_publish(w->published, text, at, err);
}
