/*
 * What the journal alone does not tell an engine at a start: what steps of
 * flows did to their persons, and fields of contacts that were said before the
 * journal's first record. A record that the engine cannot use is counted, said
 * and left as it is.
 */

#include "world_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "contact_fields.h"
#include "plans.h"

typedef struct {
    const site_t *site;
    uint64_t gone, bad;
} giving_t;

static senda_rc_t
each_deed(void *ctx, senda_str_t key, senda_str_t value)
{
    giving_t *g = ctx;

    (void)key;
    switch (engine_redo(g->site->engine, value)) {
    case SENDA_OK:
        return SENDA_OK;
    case SENDA_NONE:
        g->gone++;
        return SENDA_OK;
    case SENDA_BAD:
        g->bad++;
        return SENDA_OK;
    default:
        return SENDA_SYS;
    }
}

senda_rc_t
world_give_deeds(world_t *w, const site_t *site, senda_err_t *err)
{
    const program_t *p = site->file->program;
    giving_t g = { site, 0, 0 };
    senda_ms_t now = run_clock_now(w->o.clock);
    senda_rc_t rc = plans_each_deed(w->o.state, p->site_id, each_deed, &g, err);

    if (g.gone > 0) {
        run_log(w->o.log, now,
            "%s: %" PRIu64
            " things that flows did are left out: what they name is no longer in the rules",
            p->site, g.gone);
    }
    if (g.bad > 0) {
        run_log(w->o.log, now,
            "%s: %" PRIu64 " records of what flows did cannot be read and stay as they are",
            p->site, g.bad);
    }
    return rc == SENDA_SYS ? senda_fail(err, rc, "no memory for what flows did") : rc;
}

/* ---- fields ---- */

static GBytes *
told_key(uint64_t contact, senda_str_t name)
{
    char buf[SENDA_NAME_MAX + sizeof(contact)];
    size_t n = name.n < SENDA_NAME_MAX ? name.n : SENDA_NAME_MAX;

    memcpy(buf, &contact, sizeof(contact));
    memcpy(buf + sizeof(contact), name.p, n);
    return g_bytes_new(buf, sizeof(contact) + n);
}

void
world_note_answers(GHashTable *told, const engine_event_t *event)
{
    for (unsigned i = 0; i < event->nanswers && event->who.contact != 0; i++) {
        g_hash_table_add(told, told_key(event->who.contact, event->answers[i].name));
    }
}

typedef struct {
    const site_t *site;
    GHashTable *told;
    GArray *contacts; /* with fields that were not told */
} kept_t;

static bool
is_declared(const program_t *p, senda_str_t name)
{
    for (unsigned i = 0; i < p->nfields; i++) {
        if (senda_str_eq(senda_cstr(p->fields[i].name), name)) {
            return true;
        }
    }
    return false;
}

/* Leaves of a contact's fields those that history did not tell. */
static void
keep_untold(const kept_t *k, uint64_t contact, contact_fields_t *f)
{
    unsigned n = 0;

    for (unsigned i = 0; i < f->n; i++) {
        GBytes *key = told_key(contact, f->list[i].name);

        if (is_declared(k->site->file->program, f->list[i].name) &&
            !g_hash_table_contains(k->told, key)) {
            f->list[n++] = f->list[i];
        }
        g_bytes_unref(key);
    }
    f->n = n;
}

static senda_rc_t
each_contact(void *ctx, senda_str_t key, senda_str_t value)
{
    kept_t *k = ctx;
    uint32_t site = 0;
    uint64_t contact = 0;
    contact_fields_t f;

    for (unsigned i = 0; i < 4 && key.n == 12; i++) {
        site = site << 8 | (uint8_t)key.p[i];
    }
    for (unsigned i = 4; i < 12 && key.n == 12; i++) {
        contact = contact << 8 | (uint8_t)key.p[i];
    }
    if (site != k->site->file->program->site_id) {
        return SENDA_NONE;
    }
    if (contact_fields_read(value, &f) == SENDA_OK) {
        keep_untold(k, contact, &f);
        if (f.n > 0) {
            g_array_append_val(k->contacts, contact);
        }
    }
    return SENDA_OK;
}

static void
give(world_t *w, const kept_t *k, uint64_t number)
{
    uint32_t site = k->site->file->program->site_id;
    engine_event_t e = { .at = engine_now(k->site->engine), .who = { .contact = number } };
    contact_fields_t f;
    contact_t c;

    if (contact_load(w->o.state, number, &c) != SENDA_OK ||
        contact_fields_load(w->o.state, site, number, &f) != SENDA_OK) {
        return;
    }
    keep_untold(k, number, &f);
    e.has_reach = true;
    contact_reach(w->o.state, &c, &e.address, &e.consent);
    for (unsigned i = 0; i < f.n; i++) {
        e.answers[e.nanswers++] = f.list[i];
        if (e.nanswers == ENGINE_ANSWERS_MAX || i + 1 == f.n) {
            engine_event(k->site->engine, &e, ENGINE_HISTORY);
            e.nanswers = 0;
        }
    }
}

senda_rc_t
world_give_fields(world_t *w, const site_t *site, GHashTable *told, senda_err_t *err)
{
    kept_t k = { site, told, g_array_new(FALSE, FALSE, sizeof(uint64_t)) };
    state_key_t from = { .n = 0 };
    senda_rc_t rc;

    state_key_u32(&from, site->file->program->site_id);
    rc = state_each(w->o.state, STATE_FIELDS, state_key_str(&from), each_contact, &k, err);
    rc = rc == SENDA_NONE ? SENDA_OK : rc;
    for (guint i = 0; i < k.contacts->len && rc == SENDA_OK; i++) {
        give(w, &k, g_array_index(k.contacts, uint64_t, i));
    }
    g_array_free(k.contacts, TRUE);
    return rc;
}
