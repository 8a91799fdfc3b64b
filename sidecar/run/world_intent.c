/*
 * What the engines decide, turned into changes of state/ and lines of the log.
 * Sends nothing and commits nothing.
 */

#include "world_parts.h"

#include <stdio.h>

#define TAG_VISITORS 64 /* browsers of one person whose tags are published */

static void
say(const site_t *site, const intent_t *i, const char *what)
{
    const world_t *w = site->world;
    char who[64];

    if (i->who.contact != 0) {
        (void)snprintf(who, sizeof(who), "contact %llu", (unsigned long long)i->who.contact);
    } else {
        (void)snprintf(who, sizeof(who), "visitor %02x%02x%02x%02x", i->who.visitor.b[0],
            i->who.visitor.b[1], i->who.visitor.b[2], i->who.visitor.b[3]);
    }
    run_log(w->o.log, i->at * 1000, "flow \"%s\" %s for %s", i->flow->name, what, who);
}

static state_key_t
run_key(const site_t *site, const intent_t *i)
{
    static const senda_visitor_t nobody;
    state_key_t k = { .n = 0 };

    state_key_u32(&k, site->file->program->site_id);
    state_key_u32(&k, i->flow->id);
    state_key_u64(&k, i->entry);
    state_key_u64(&k, i->who.contact);
    state_key_bytes(&k, i->who.contact != 0 ? nobody.b : i->who.visitor.b, SENDA_VISITOR_LEN);
    return k;
}

static void
plan(site_t *site, const intent_t *i)
{
    world_t *w = site->world;
    char text[SENDA_NAME_MAX + 64];
    out_id_t id;
    senda_rc_t rc;

    if (i->who.contact == 0) {
        return; /* nobody to send to: the engine only plans for somebody it can reach */
    }
    rc = outbox_plan(w->o.state, site->file->program->site_id, i, &id);
    if (rc == SENDA_OK) {
        w->planned++;
        (void)snprintf(text, sizeof(text), "plans message %s", i->step->template);
        say(site, i, text);
    } else if (rc == SENDA_FULL) {
        (void)snprintf(text, sizeof(text), "cannot plan message %s: too long", i->step->template);
        say(site, i, text);
    }
}

static void
take_back(site_t *site, const intent_t *i, const char *why)
{
    if (outbox_cancel(site->world->o.state, site->file->program->site_id, i, why) > 0) {
        say(site, i, "takes back the message that was waiting");
    }
}

static void
end_run(site_t *site, const intent_t *i, const char *what, const char *why)
{
    say(site, i, what);
    take_back(site, i, why);
}

void
world_intent(void *ctx, const intent_t *i)
{
    site_t *site = ctx;
    state_t *state = site->world->o.state;
    state_key_t key;

    if (!site->live) {
        return;
    }
    switch (i->kind) {
    case INTENT_STARTED:
        site->world->started++;
        say(site, i, "starts");
        break;
    case INTENT_STOPPED:
        end_run(site, i, "stops", "the flow's `stop if` came true");
        break;
    case INTENT_FINISHED:
        say(site, i, "is finished");
        break;
    case INTENT_RECALL:
        take_back(site, i, "the flow's `stop if` came true");
        break;
    case INTENT_GOAL:
        end_run(site, i, "reaches its goal", "the flow's goal was reached");
        break;
    case INTENT_MESSAGE:
        plan(site, i);
        break;
    case INTENT_TAG:
        world_tags_of(site, &i->who);
        break;
    case INTENT_SAVE:
        key = run_key(site, i);
        state_put(state, STATE_RUNS, state_key_str(&key), i->run);
        break;
    case INTENT_FORGET:
        key = run_key(site, i);
        state_del(state, STATE_RUNS, state_key_str(&key));
        break;
    }
}

/* ---- tags ---- */

bool
world_has_own_tags(const program_t *p)
{
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
        g_hash_table_add(w->tags, g_bytes_new(v->b, sizeof(v->b)));
    }
}

void
world_tags_of(site_t *site, const engine_who_t *who)
{
    senda_visitor_t visitors[TAG_VISITORS];
    unsigned n;

    if (!world_has_own_tags(site->file->program)) {
        return;
    }
    mark(site->world, &who->visitor);
    n = who->contact != 0 ? engine_visitors(site->engine, who->contact, visitors, TAG_VISITORS) : 0;
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

senda_rc_t
world_publish_tags(world_t *w, senda_err_t *err)
{
    GHashTableIter i;
    gpointer key;
    senda_rc_t rc;

    if (g_hash_table_size(w->tags) == 0) {
        return SENDA_OK;
    }
    rc = senda_published_begin(w->published, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    g_hash_table_iter_init(&i, w->tags);
    while (rc == SENDA_OK && g_hash_table_iter_next(&i, &key, NULL)) {
        uint32_t tags[SENDA_TAGS_MAX];
        senda_visitor_t v;
        unsigned n;

        memcpy(v.b, g_bytes_get_data(key, NULL), sizeof(v.b));
        n = tags_of_visitor(w, &v, tags, SENDA_TAGS_MAX);
        rc = senda_published_set_tags(w->published, &v, tags, n, err);
    }
    if (rc != SENDA_OK) {
        senda_published_abort(w->published);
        return rc;
    }
    rc = senda_published_commit(w->published, err);
    if (rc == SENDA_OK) {
        g_hash_table_remove_all(w->tags);
    }
    return rc;
}
