/*
 * Following the journal, running timers, committing. Decides nothing and sends
 * nothing. How it fails stands in world.h.
 */

#include "world_parts.h"

#include <inttypes.h>
#include <stdio.h>

site_t *
world_find(const world_t *w, uint32_t site)
{
    for (unsigned i = 0; i < w->nsites; i++) {
        if (w->sites[i]->file->program->site_id == site) {
            return w->sites[i];
        }
    }
    return NULL;
}

const program_t *
world_program(void *ctx, uint32_t site)
{
    site_t *s = world_find(ctx, site);

    return s != NULL ? s->file->program : NULL;
}

const program_t *
world_site(const world_t *w, unsigned i)
{
    return i < w->nsites ? w->sites[i]->file->program : NULL;
}

senda_rc_t
world_open(world_t **out, const world_options_t *o, senda_err_t *err)
{
    world_t *w = g_new0(world_t, 1);
    char *dir = g_build_filename(o->store, "published", NULL);
    senda_rc_t rc;

    *out = NULL;
    w->o = *o;
    w->journal_dir = g_build_filename(o->store, "journal", NULL);
    w->follow = follow_new(o->state, o->clock, o->secret, world_program, w);
    w->visitors = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
        NULL);
    w->choosers = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    w->cursor = w->stored_cursor = state_number(o->state, "cursor", 0);
    rc = senda_published_open_write(&w->published, dir, err);
    g_free(dir);
    if (rc != SENDA_OK) {
        world_close(w);
        return rc;
    }
    follow_look_in(w->follow, w->published);
    w->o.store = NULL;
    *out = w;
    return SENDA_OK;
}

void
world_keys(world_t *w, const senda_keys_t *keys)
{
    follow_keys(w->follow, keys);
}

static void
site_free(site_t *site)
{
    engine_free(site->engine);
    popular_free(site->popular);
    g_free(site);
}

void
world_close(world_t *w)
{
    if (w == NULL) {
        return;
    }
    for (unsigned i = 0; i < w->nsites; i++) {
        site_free(w->sites[i]);
    }
    rules_free(w->rules);
    follow_free(w->follow);
    if (w->journal != NULL) {
        senda_journal_close(w->journal);
    }
    if (w->published != NULL) {
        senda_published_close(w->published);
    }
    g_hash_table_destroy(w->visitors);
    g_hash_table_destroy(w->choosers);
    g_free(w->journal_dir);
    g_free(w);
}

/* ---- rules ---- */

/* The old site whose file says the same, NULL if there is none. */
static site_t *
unchanged(world_t *w, const rule_file_t *f)
{
    site_t *site = world_find(w, f->program->site_id);

    if (site != NULL && site->file->len == f->len &&
        memcmp(site->file->text, f->text, f->len) == 0) {
        return site;
    }
    return NULL;
}

static site_t *
new_site(world_t *w, rule_file_t *f)
{
    static const engine_options_t options = { .recall = OUTBOX_GIVE_UP,
        .tell = true,
        .standing = true,
        .channels = OUTBOX_CHANNELS };
    site_t *site = g_new0(site_t, 1);

    site->world = w;
    site->file = f;
    site->popular = popular_new(&f->program->zone);
    site->engine = engine_new(f->program, &options, world_intent, site);
    if (site->engine == NULL) {
        g_error("no memory for an engine");
    }
    return site;
}

/* A program that an engine reads goes with it into the new set. */
static void
keep_site(site_t *site, rule_file_t *f)
{
    rule_file_t old = *site->file;

    *site->file = *f;
    *f = old;
    site->file = f;
}

senda_rc_t
world_rules(world_t *w, ruleset_t *r, bool *changed, senda_err_t *err)
{
    site_t *sites[RULES_FILES_MAX], *fresh[RULES_FILES_MAX];
    ruleset_t *old = w->rules;
    unsigned nfresh = 0;
    senda_rc_t rc = old != NULL ? world_settle(w, false, err) : SENDA_OK;

    *changed = false;
    if (rc == SENDA_OK) {
        rc = rules_publish(r, w->published, changed, err);
    }
    if (rc != SENDA_OK) {
        rules_free(r);
        return rc;
    }
    for (unsigned i = 0; i < r->n; i++) {
        site_t *site = unchanged(w, &r->files[i]);

        if (site != NULL) {
            keep_site(site, &r->files[i]);
        } else {
            site = fresh[nfresh++] = new_site(w, &r->files[i]);
        }
        sites[i] = site;
    }
    for (unsigned i = 0; i < w->nsites; i++) {
        bool kept = false;

        for (unsigned k = 0; k < r->n; k++) {
            kept = kept || sites[k] == w->sites[i];
        }
        if (!kept) {
            site_free(w->sites[i]);
        }
    }
    memcpy(w->sites, sites, r->n * sizeof(sites[0]));
    w->nsites = r->n;
    w->rules = r;
    w->o.log->zone = r->n > 0 ? &r->files[0].program->zone : NULL;
    rules_free(old);
    if (nfresh == 0) {
        return SENDA_OK;
    }
    *changed = *changed || old != NULL;
    rc = world_build(w, fresh, nfresh, err);
    if (rc != SENDA_OK) {
        return SENDA_SYS; /* the new rules are live, their engines are not: not to be gone on with */
    }
    return world_settle(w, false, err);
}

/* ---- committing ---- */

static senda_rc_t
sync_journal(world_t *w, senda_err_t *err)
{
    senda_rc_t rc;

    if (w->journal == NULL || w->cursor == w->synced) {
        return SENDA_OK;
    }
    rc = senda_store_sync(senda_journal_store(w->journal), err);
    if (rc == SENDA_OK) {
        w->synced = w->cursor;
    }
    return rc;
}

static void
put_position(world_t *w)
{
    char name[32];

    if (w->cursor != w->stored_cursor) {
        state_set_number(w->o.state, "cursor", w->cursor);
    }
    for (unsigned i = 0; i < w->nsites && w->seconds_moved; i++) {
        state_set_number(w->o.state, world_second_name(w->sites[i]->file->program->site_id, name),
            (uint64_t)engine_now(w->sites[i]->engine));
    }
}

senda_rc_t
world_settle(world_t *w, bool lazy, senda_err_t *err)
{
    senda_rc_t rc;

    if (lazy && state_changes(w->o.state) == 0 &&
        (w->dirty_since == 0 || run_clock_steady() - w->dirty_since < WORLD_LAZY_MS)) {
        return SENDA_OK;
    }
    rc = sync_journal(w, err);
    if (rc == SENDA_OK) {
        rc = world_publish(w, err);
    }
    if (rc == SENDA_OK) {
        rc = world_publish_wishes(w, err);
    }
    if (rc == SENDA_OK) {
        put_position(w);
        rc = state_commit(w->o.state, err);
    }
    if (rc == SENDA_OK) {
        w->stored_cursor = w->cursor;
        w->seconds_moved = false;
        w->dirty_since = 0;
    }
    return rc;
}

/* The engines moved: to be stored at once if something was decided, else before long. */
static senda_rc_t
moved(world_t *w, senda_err_t *err)
{
    w->seconds_moved = true;
    if (w->dirty_since == 0) {
        w->dirty_since = run_clock_steady();
    }
    if (state_changes(w->o.state) > 0 || g_hash_table_size(w->visitors) > 0) {
        return world_settle(w, false, err);
    }
    return SENDA_OK;
}

/* ---- visits ---- */

void
world_rank(const site_t *site, engine_event_t *event)
{
    bool search = false;

    for (unsigned i = 0; i < event->nkeys; i++) {
        search = search || event->keys[i] == senda_key_event(SENDA_EV_SEARCH);
    }
    for (unsigned i = 0; i < event->nfields && search; i++) {
        if (senda_str_eq(event->fields[i].name, SENDA_STR("q"))) {
            event->rank = popular_search(site->popular, event->at, event->fields[i].value);
            return;
        }
    }
}

static void
append_key(GString *out, const program_t *p, senda_key_t key)
{
    const char *name = NULL;

    for (unsigned i = 0; i < p->npages && name == NULL; i++) {
        name = p->pages[i].key == key ? p->pages[i].name : NULL;
    }
    for (unsigned i = 0; i < p->nevents && name == NULL; i++) {
        name = p->events[i].key == key ? p->events[i].name : NULL;
    }
    if (name == NULL && senda_key_is_event(key)) {
        name = senda_event_name(key & ~SENDA_KEY_EVENT);
    }
    if (name != NULL) {
        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", name);
    }
}

static void
show(const world_t *w, const site_t *site, const follow_item_t *item)
{
    const senda_visit_t *v = &item->visit;
    GString *keys = g_string_new(NULL);
    char who[HEADER_VALUE_MAX];
    contact_t c;

    for (unsigned i = 0; i < v->nkeys; i++) {
        append_key(keys, site->file->program, v->keys[i]);
    }
    if (item->event.who.contact != 0 &&
        contact_load(w->o.state, item->event.who.contact, &c) == SENDA_OK) {
        (void)snprintf(who, sizeof(who), "%s", c.email);
    } else {
        (void)snprintf(who, sizeof(who), "visitor %02x%02x%02x%02x", v->visitor.b[0],
            v->visitor.b[1], v->visitor.b[2], v->visitor.b[3]);
    }
    if (item->answer != NULL) {
        run_log(w->o.log, item->at, "%s %s %s", who, item->answer, item->template);
        g_string_free(keys, TRUE);
        return;
    }
    run_log(w->o.log, item->at, "visit %.*s by %s%s%s%s", (int)v->path.n, v->path.p, who,
        keys->len > 0 ? " (" : "", keys->str, keys->len > 0 ? ")" : "");
    g_string_free(keys, TRUE);
}

/* Whether the log has room for one more of these lines: a shop may say nonsense on every page. */
static bool
may_grumble(world_t *w)
{
    senda_ms_t now = run_clock_steady();

    if (w->grumbles == 0 || now - w->grumbled >= 60000) {
        w->grumbled = now;
        w->grumbles = 0;
    }
    if (w->grumbles == WORLD_GRUMBLES) {
        run_log(w->o.log, run_clock_now(w->o.clock),
            "more such lines follow; for a minute they are only counted, senda status says how many");
    }
    w->grumbles += w->grumbles <= WORLD_GRUMBLES;
    return w->grumbles <= WORLD_GRUMBLES;
}

static void
mention(world_t *w, const site_t *site, const follow_item_t *item)
{
    char path[SENDA_PATH_KEPT + 1], words[2 * sizeof(path)], why[2 * sizeof(item->why.text)];

    if (w->o.log->show) {
        show(w, site, item);
    } else if (item->answer != NULL && item->nchanged > 0) {
        run_log(w->o.log, item->at, "contact %" PRIu64 " %s message %s", item->changed[0],
            item->answer, item->template);
    }
    if (item->complaint != NULL && may_grumble(w)) {
        (void)snprintf(path, sizeof(path), "%.*s", (int)item->visit.path.n, item->visit.path.p);
        run_log(w->o.log, item->at, "%s %s is not used: %s",
            item->partly ? "a part of a header of" : "a header of",
            run_log_words(w->o.log, path, words, sizeof(words)),
            run_log_words(w->o.log, item->complaint, why, sizeof(why)));
    }
    if (item->new_contact) {
        run_log(w->o.log, item->at, "contact %" PRIu64 " is new", item->event.who.contact);
    }
}

/* An unsubscription counts for the address, which other sites may know, too. */
static void
channels_changed(world_t *w, const follow_item_t *item)
{
    contact_t c;

    for (unsigned i = 0; i < item->nchanged; i++) {
        world_channels_changed(w, item->changed[i]);
    }
    if (item->answer == NULL || contact_load(w->o.state, item->changed[0], &c) != SENDA_OK) {
        return;
    }
    for (unsigned i = 0; i < w->nsites; i++) {
        uint64_t other = contact_by_email(w->o.state, w->sites[i]->file->program->site_id, c.email);

        if (other != 0 && other != item->changed[0]) {
            world_contact_changed(w, other);
        }
    }
}

typedef struct {
    world_t *world;
    unsigned n;
} batch_t;

/* A cookie may be several sites': whoever withdraws consent does so on all of them. */
static void
forget(world_t *w, const engine_event_t *event)
{
    for (unsigned i = 0; i < w->nsites; i++) {
        site_t *site = w->sites[i];

        (void)engine_forget(site->engine, &event->who.visitor, event->at, ENGINE_ACT);
        follow_forget(w->follow, site->file->program->site_id, &event->who.visitor);
    }
    world_forgotten(w, &event->who.visitor);
}

static senda_rc_t
each_record(void *ctx, senda_seq_t seq, senda_str_t record)
{
    batch_t *b = ctx;
    world_t *w = b->world;
    site_t *site;
    senda_rc_t rc = follow_read(w->follow, record, &w->item);

    w->cursor = seq;
    b->n++;
    if (rc == SENDA_BAD) {
        if (may_grumble(w)) {
            run_log(w->o.log, run_clock_now(w->o.clock),
                "record %" PRIx64 " of the journal cannot be read and is passed over", seq);
        }
        return SENDA_OK;
    }
    if (w->item.forget) {
        forget(w, &w->item.event);
        return SENDA_OK;
    }
    site = world_find(w, w->item.visit.site);
    if (site == NULL) {
        return SENDA_OK;
    }
    mention(w, site, &w->item);
    if (w->item.nchanged > 0) {
        channels_changed(w, &w->item);
    }
    if (rc == SENDA_OK) {
        world_rank(site, &w->item.event);
        engine_event(site->engine, &w->item.event, ENGINE_ACT);
        world_seen_by(site, &w->item.event.who);
    }
    return SENDA_OK;
}

senda_rc_t
world_follow(world_t *w, bool *more, senda_err_t *err)
{
    batch_t b = { w, 0 };
    senda_rc_t rc = world_open_journal(w, err);

    *more = false;
    if (rc != SENDA_OK || w->journal == NULL) {
        return rc;
    }
    rc = senda_journal_read(w->journal, w->cursor, WORLD_BATCH, each_record, &b, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    *more = b.n == WORLD_BATCH;
    if (*more || !senda_journal_behind(w->journal)) {
        w->behind = 0;
    } else if (w->behind == 0 || b.n > 0) {
        w->behind = WORLD_SOON_MS;
    } else {
        w->behind = w->behind < WORLD_LATE_MS / 2 ? 2 * w->behind : WORLD_LATE_MS;
    }
    return b.n > 0 ? moved(w, err) : SENDA_OK;
}

/* ---- timers ---- */

static bool
next_due(const world_t *w, senda_sec_t *due, site_t **which)
{
    bool any = false;

    for (unsigned i = 0; i < w->nsites; i++) {
        senda_sec_t at;

        if (engine_next_due(w->sites[i]->engine, &at) && (!any || at < *due)) {
            *due = at;
            *which = w->sites[i];
            any = true;
        }
    }
    return any;
}

senda_rc_t
world_advance(world_t *w, senda_err_t *err)
{
    senda_ms_t until = run_clock_map(w->o.clock, run_clock_real() - WORLD_LAG_MS);
    senda_sec_t due, now = run_clock_sec(until);
    site_t *site;
    bool any = false;

    while (next_due(w, &due, &site) && due <= now) {
        any = true;
        engine_advance(site->engine, due, ENGINE_ACT);
        if (state_changes(w->o.state) > WORLD_CHANGES) {
            senda_rc_t rc = moved(w, err);

            if (rc != SENDA_OK) {
                return rc;
            }
        }
    }
    return any ? moved(w, err) : SENDA_OK;
}

int64_t
world_wait(const world_t *w)
{
    int64_t wait = -1;
    senda_sec_t due;
    site_t *site;

    if (next_due(w, &due, &site)) {
        wait = run_clock_unmap(w->o.clock, due * 1000) + WORLD_LAG_MS - run_clock_real();
        wait = wait > 0 ? wait : 0;
    }
    if (w->dirty_since != 0) {
        int64_t lazy = w->dirty_since + WORLD_LAZY_MS - run_clock_steady();

        lazy = lazy > 0 ? lazy : 0;
        wait = wait < 0 || lazy < wait ? lazy : wait;
    }
    if (w->sweeping) {
        wait = wait < 0 || WORLD_SWEEP_MS < wait ? WORLD_SWEEP_MS : wait;
    }
    if (w->behind != 0) {
        wait = wait < 0 || w->behind < wait ? w->behind : wait;
    }
    return wait;
}

/* ---- from outside ---- */

void
world_contact_changed(world_t *w, uint64_t contact)
{
    engine_event_t e = { .who = { .contact = contact }, .has_reach = true };
    contact_t c;
    site_t *site;

    if (contact_load(w->o.state, contact, &c) != SENDA_OK) {
        return;
    }
    site = world_find(w, c.site);
    if (site == NULL) {
        return;
    }
    world_channels_changed(w, contact);
    contact_reach(w->o.state, &c, &e.address, &e.consent);
    e.at = engine_now(site->engine);
    engine_event(site->engine, &e, ENGINE_ACT);
}

void
world_status(const world_t *w, void (*line)(void *ctx, const char *text), void *ctx)
{
    follow_stats_t f = follow_stats(w->follow);
    char text[256];

    (void)snprintf(text, sizeof(text), "rules: generation %" PRIu64 ", %u %s",
        w->rules != NULL ? w->rules->generation : 0, w->nsites, w->nsites == 1 ? "site" : "sites");
    line(ctx, text);
    for (unsigned i = 0; i < w->nsites; i++) {
        engine_stats_t s = engine_stats(w->sites[i]->engine);

        (void)snprintf(text, sizeof(text),
            "site %s: %" PRIu64 " people, %" PRIu64 " runs, %" PRIu64 " timers, %" PRIu64
            " refused",
            w->sites[i]->file->program->site, s.persons, s.runs, s.timers, s.refused);
        line(ctx, text);
    }
    (void)snprintf(text, sizeof(text),
        "journal: read up to %" PRIx64 ", %" PRIu64 " records since the start, %" PRIu64
        " unreadable, %" PRIu64 " not unsealed, %" PRIu64 " headers refused, %" PRIu64
        " fields of contacts refused, %" PRIu64 " answers to messages of old",
        w->cursor, f.visits, f.unreadable, f.unsealed, f.refused, f.fields, f.lost);
    line(ctx, text);
    (void)snprintf(text, sizeof(text),
        "since the start: %" PRIu64 " runs started, %" PRIu64 " messages planned, %" PRIu64
        " benefits, notices and calls planned, %" PRIu64 " withheld from the control group",
        w->started, w->planned, w->plans, w->withheld);
    line(ctx, text);
}
