/*
 * Engines from history: the journal is lived again up to the cursor without
 * anything being decided, then the saved runs go on. The first start on a
 * journal takes all of it for history: nothing starts for what is past.
 */

#include "world_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "plans.h"

const char *
world_second_name(uint32_t site, char buf[32])
{
    (void)snprintf(buf, 32, "second:%u", site);
    return buf;
}

senda_rc_t
world_open_journal(world_t *w, senda_err_t *err)
{
    senda_seq_t head;
    senda_rc_t rc;

    if (w->journal != NULL) {
        return SENDA_OK;
    }
    rc = senda_journal_open_read(&w->journal, w->journal_dir, err);
    if (rc == SENDA_NONE) {
        w->journal = NULL;
        return SENDA_OK;
    }
    if (rc != SENDA_OK) {
        return rc;
    }
    head = senda_journal_head(w->journal);
    if (head < w->cursor) {
        return senda_fail(err, SENDA_BAD,
            "journal/ ends at %" PRIx64 ", but state/ has read it up to %" PRIx64
            ": one of them was restored or replaced; restore both from the same moment, or begin "
            "with a new store",
            head, w->cursor);
    }
    return SENDA_OK;
}

typedef struct {
    world_t *world;
    site_t **sites;
    unsigned nsites;
    senda_seq_t until, last;
    bool fresh[RULES_FILES_MAX];       /* by site: who sees what may have changed with its rules */
    GHashTable *told[RULES_FILES_MAX]; /* by site: fields of contacts */
    uint64_t events;
} history_t;

static senda_rc_t
each_record(void *ctx, senda_seq_t seq, senda_str_t record)
{
    history_t *h = ctx;
    follow_item_t *item = &h->world->item;

    if (seq > h->until) {
        return SENDA_NONE;
    }
    h->last = seq;
    if (follow_read(h->world->follow, record, item) != SENDA_OK) {
        for (unsigned i = 0; i < h->nsites && item->forget; i++) {
            (void)engine_forget(h->sites[i]->engine, &item->event.who.visitor, item->event.at,
                ENGINE_HISTORY);
            follow_forget(h->world->follow, h->sites[i]->file->program->site_id,
                &item->event.who.visitor);
        }
        return SENDA_OK;
    }
    for (unsigned i = 0; i < h->nsites; i++) {
        site_t *site = h->sites[i];

        if (site->file->program->site_id == item->visit.site) {
            world_rank(site, &item->event);
            engine_event(site->engine, &item->event, ENGINE_HISTORY);
            world_note_answers(h->told[i], &item->event);
            h->events++;
            if (h->fresh[i]) {
                world_seen_by(site, &item->event.who);
            }
        }
    }
    return SENDA_OK;
}

/* Reads all up to h->until; contacts learnt on the way are committed. */
static senda_rc_t
replay(history_t *h, senda_err_t *err)
{
    world_t *w = h->world;
    senda_seq_t before;
    senda_rc_t rc = SENDA_OK;

    do {
        before = h->last;
        rc = senda_journal_read(w->journal, h->last, WORLD_BATCH, each_record, h, err);
        if (rc == SENDA_NONE) {
            rc = SENDA_OK;
            break;
        }
        if (rc == SENDA_OK && state_changes(w->o.state) > WORLD_CHANGES) {
            rc = state_commit(w->o.state, err);
        }
    } while (rc == SENDA_OK && h->last != before);
    return rc;
}

typedef struct {
    world_t *world;
    site_t *site;
    GPtrArray *gone; /* keys of runs that end */
    uint64_t runs, kept;
} restore_t;

static senda_rc_t
each_run(void *ctx, senda_str_t key, senda_str_t value)
{
    restore_t *r = ctx;
    uint32_t site = 0;

    for (unsigned i = 0; i < 4 && key.n > 4; i++) {
        site = site << 8 | (uint8_t)key.p[i];
    }
    if (site != r->site->file->program->site_id) {
        return SENDA_NONE;
    }
    switch (engine_restore(r->site->engine, value)) {
    case SENDA_OK:
        r->runs++;
        break;
    case SENDA_NONE:
        g_ptr_array_add(r->gone, g_bytes_new(key.p, key.n));
        break;
    default:
        r->kept++;
        break;
    }
    return SENDA_OK;
}

static senda_rc_t
restore(world_t *w, site_t *site, uint64_t *runs, senda_err_t *err)
{
    restore_t r = { w, site, g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref), 0, 0 };
    state_key_t from = { .n = 0 };
    senda_ms_t now = run_clock_now(w->o.clock);
    senda_rc_t rc;

    state_key_u32(&from, site->file->program->site_id);
    rc = state_each(w->o.state, STATE_RUNS, state_key_str(&from), each_run, &r, err);
    rc = rc == SENDA_NONE ? SENDA_OK : rc;
    for (guint i = 0; i < r.gone->len; i++) {
        gsize n;
        const char *key = g_bytes_get_data(g_ptr_array_index(r.gone, i), &n);

        state_del(w->o.state, STATE_RUNS, (senda_str_t){ key, n });
    }
    if (r.gone->len > 0) {
        run_log(w->o.log, now, "%s: %u runs end: their flow or step is no longer in the rules",
            site->file->program->site, r.gone->len);
    }
    if (r.kept > 0) {
        run_log(w->o.log, now, "%s: %" PRIu64 " runs cannot be read and stay as they are",
            site->file->program->site, r.kept);
    }
    *runs += r.runs;
    g_ptr_array_free(r.gone, TRUE);
    return rc;
}

/* The second up to which a site's timers have run; a new site begins now. */
static senda_sec_t
second_of(world_t *w, const site_t *site)
{
    char name[32];
    uint64_t none = UINT64_MAX;
    uint64_t v = state_number(w->o.state, world_second_name(site->file->program->site_id, name),
        none);

    return v != none ? (senda_sec_t)v : run_clock_sec(run_clock_now(w->o.clock));
}

static senda_rc_t
finish(world_t *w, site_t **sites, unsigned nsites, uint64_t *runs, senda_err_t *err)
{
    senda_ms_t now = run_clock_now(w->o.clock);
    senda_rc_t rc = SENDA_OK;

    for (unsigned i = 0; i < nsites && rc == SENDA_OK; i++) {
        senda_sec_t second = second_of(w, sites[i]);

        if (second > run_clock_sec(now) + 60) {
            run_log(w->o.log, now,
                "%s: the clock is %lld s behind what it was: nothing goes out until it has caught up",
                sites[i]->file->program->site, (long long)(second - run_clock_sec(now)));
        }

        rc = restore(w, sites[i], runs, err);
        engine_set_now(sites[i]->engine, second);
        sites[i]->live = true;
    }
    return rc;
}

/* FNV-1a (draft-eastlake-fnv): enough to see that a file is another than at the last start. */
static uint64_t
hash_of(const rule_file_t *f)
{
    uint64_t hash = 0xcbf29ce484222325ull;

    for (size_t i = 0; i < f->len; i++) {
        hash = (hash ^ (uint8_t)f->text[i]) * 0x100000001b3ull;
    }
    return hash;
}

/* Rules that are new may give tags and show blocks for what is past: that is then published, too. */
static void
note_rules(history_t *h)
{
    for (unsigned i = 0; i < h->nsites; i++) {
        uint64_t hash = hash_of(h->sites[i]->file);
        char name[32];

        (void)snprintf(name, sizeof(name), "rules:%u", h->sites[i]->file->program->site_id);
        h->fresh[i] = state_number(h->world->o.state, name, 0) != hash;
        state_set_number(h->world->o.state, name, hash);
    }
}

/* All that is past of the sites, in the order in which it was. */
static senda_rc_t
relive(history_t *h, senda_err_t *err)
{
    world_t *w = h->world;
    senda_rc_t rc = SENDA_OK;

    for (unsigned i = 0; i < h->nsites && rc == SENDA_OK; i++) {
        rc = world_give_deeds(w, h->sites[i], err);
        h->told[i] = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
            (GDestroyNotify)g_bytes_unref, NULL);
    }
    if (rc == SENDA_OK && w->journal != NULL) {
        rc = replay(h, err);
    }
    for (unsigned i = 0; i < h->nsites; i++) {
        if (rc == SENDA_OK) {
            rc = world_give_fields(w, h->sites[i], h->told[i], err);
        }
        if (h->told[i] != NULL) {
            g_hash_table_destroy(h->told[i]);
        }
    }
    return rc;
}

senda_rc_t
world_build(world_t *w, site_t **sites, unsigned nsites, senda_err_t *err)
{
    bool first = state_number(w->o.state, "begun", 0) == 0;
    history_t h = { .world = w, .sites = sites, .nsites = nsites, .until = w->cursor };
    senda_ms_t began = run_clock_steady();
    uint64_t runs = 0;
    senda_rc_t rc = world_open_journal(w, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    for (unsigned i = 0; i < nsites && rc == SENDA_OK; i++) {
        rc = plans_forget(w->o.state, sites[i]->file->program->site_id,
            run_clock_sec(run_clock_now(w->o.clock)), err);
    }
    if (rc != SENDA_OK) {
        return rc == SENDA_FULL ? SENDA_SYS : rc;
    }
    note_rules(&h);
    if (first && w->journal != NULL) {
        h.until = senda_journal_head(w->journal);
    } else {
        follow_history(w->follow);
    }
    rc = relive(&h, err);
    follow_present(w->follow);
    if (rc == SENDA_OK) {
        rc = finish(w, sites, nsites, &runs, err);
    }
    if (rc != SENDA_OK) {
        return rc == SENDA_FULL ? SENDA_SYS : rc; /* half built: not to be gone on with */
    }
    if (first) {
        w->cursor = h.until;
        state_set_number(w->o.state, "begun", 1);
    }
    if (h.events > 0 || runs > 0) {
        run_log(w->o.log, run_clock_now(w->o.clock),
            "%" PRIu64 " visits of history, %" PRIu64 " runs go on (%lld ms)", h.events, runs,
            (long long)(run_clock_steady() - began));
    }
    w->seconds_moved = true;
    return SENDA_OK;
}
