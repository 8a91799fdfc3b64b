/*
 * Reads journal records. Starts nothing and sends nothing; a record or a
 * header that cannot be used is counted and passed over, never a reason to
 * stop.
 */

#include "follow.h"

#include <glib.h>

#include "senda_seal.h"

struct follow_s {
    state_t *state;
    const run_clock_t *clock;
    uint8_t secret[32];
    GHashTable *links; /* in history: site and visitor -> contact's number; else NULL */
    follow_stats_t stats;
};

follow_t *
follow_new(state_t *state, const run_clock_t *clock, const uint8_t secret[32])
{
    follow_t *f = g_new0(follow_t, 1);

    f->state = state;
    f->clock = clock;
    memcpy(f->secret, secret, sizeof(f->secret));
    return f;
}

void
follow_free(follow_t *f)
{
    if (f != NULL) {
        follow_present(f);
        explicit_bzero(f->secret, sizeof(f->secret));
        g_free(f);
    }
}

void
follow_history(follow_t *f)
{
    if (f->links == NULL) {
        f->links = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
            g_free);
    }
}

void
follow_present(follow_t *f)
{
    if (f->links != NULL) {
        g_hash_table_destroy(f->links);
        f->links = NULL;
    }
}

follow_stats_t
follow_stats(const follow_t *f)
{
    return f->stats;
}

static GBytes *
link_key(uint32_t site, const senda_visitor_t *v)
{
    uint8_t b[sizeof(site) + SENDA_VISITOR_LEN];

    memcpy(b, &site, sizeof(site));
    memcpy(b + sizeof(site), v->b, SENDA_VISITOR_LEN);
    return g_bytes_new(b, sizeof(b));
}

static uint64_t
known_contact(follow_t *f, uint32_t site, const senda_visitor_t *v, senda_ms_t at)
{
    if (senda_visitor_is_none(v)) {
        return 0;
    }
    if (f->links != NULL) {
        GBytes *key = link_key(site, v);
        uint64_t *number = g_hash_table_lookup(f->links, key);

        g_bytes_unref(key);
        if (number != NULL) {
            return *number;
        }
    }
    return contact_of_visitor(f->state, site, v, at);
}

static void
link_visitor(follow_t *f, const follow_item_t *item, uint64_t number)
{
    const senda_visit_t *v = &item->visit;

    if (f->links != NULL) {
        g_hash_table_replace(f->links, link_key(v->site, &v->visitor),
            g_memdup2(&number, sizeof(number)));
    } else {
        contact_link(f->state, v->site, &v->visitor, number, item->at);
    }
}

static bool
has_key(const senda_visit_t *v, uint32_t event)
{
    for (unsigned i = 0; i < v->nkeys; i++) {
        if (v->keys[i] == senda_key_event(event)) {
            return true;
        }
    }
    return false;
}

/* The contact that the header names, or the one known before; complaint says what was wrong. */
static uint64_t
read_contact(follow_t *f, follow_item_t *item, senda_str_t header, uint64_t known)
{
    const senda_visit_t *v = &item->visit;
    header_contact_t h;
    uint64_t number = known;
    uint64_t before = state_number(f->state, "contacts", 0);
    senda_rc_t rc = header_contact(header, &h, &item->why);

    if (rc == SENDA_OK && f->links != NULL) {
        number = h.email[0] != '\0' ? contact_by_email(f->state, v->site, h.email) : known;
    } else if (rc == SENDA_OK) {
        rc = contact_learn(f->state, v->site, &h, known, has_key(v, SENDA_EV_SIGN_UP), item->at,
            &number);
        if (rc == SENDA_NONE) {
            (void)senda_fail(&item->why, rc, "no e-mail, and nobody known");
        } else if (rc == SENDA_BAD) {
            (void)senda_fail(&item->why, rc, "the contact's record is of a newer senda");
        }
    }
    if (rc != SENDA_OK) {
        f->stats.refused++;
        item->complaint = item->why.text;
        return known;
    }
    item->new_contact = state_number(f->state, "contacts", 0) != before;
    return number;
}

static bool
unseal(follow_t *f, follow_item_t *item, senda_private_t *private)
{
    const senda_visit_t *v = &item->visit;
    size_t len = 0;

    memset(private, 0, sizeof(*private));
    if (v->sealed.n == 0) {
        return false;
    }
    if (senda_unseal(f->secret, v->sealed, item->opened, sizeof(item->opened), &len) != SENDA_OK ||
        senda_private_load(private, item->opened, len) != SENDA_OK) {
        f->stats.unsealed++;
        item->complaint = "its sealed part does not open with this sidecar.key";
        return false;
    }
    return true;
}

static void
add_field(engine_event_t *e, const senda_capture_t *field)
{
    for (unsigned i = 0; i < e->nfields; i++) {
        if (senda_str_eq(e->fields[i].name, field->name)) {
            return;
        }
    }
    if (e->nfields < sizeof(e->fields) / sizeof(e->fields[0])) {
        e->fields[e->nfields++] = *field;
    }
}

/* What the header says of the event comes first: it wins over the address's captures. */
static void
read_fields(follow_t *f, follow_item_t *item, senda_str_t header)
{
    engine_event_t *e = &item->event;
    const senda_visit_t *v = &item->visit;

    if (header.n > 0) {
        if (header_event(header, &item->attributes) == SENDA_OK) {
            for (unsigned i = 0; i < item->attributes.nfields; i++) {
                add_field(e, &item->attributes.fields[i]);
            }
        } else {
            f->stats.refused++;
            item->complaint = "X-Senda-Event has no name in front";
        }
    }
    for (unsigned i = 0; i < v->ncaptures; i++) {
        add_field(e, &v->captures[i]);
    }
    for (unsigned i = 0; i < e->nfields && has_key(v, SENDA_EV_PURCHASE); i++) {
        if (senda_str_eq(e->fields[i].name, SENDA_STR("order"))) {
            e->order = e->fields[i].value;
        }
    }
}

senda_rc_t
follow_read(follow_t *f, senda_str_t record, follow_item_t *item)
{
    senda_visit_t *v = &item->visit;
    engine_event_t *e = &item->event;
    senda_private_t private;
    contact_t contact;
    uint64_t before;
    senda_ms_t now;

    memset(e, 0, sizeof(*e));
    item->complaint = NULL;
    item->linked = item->new_contact = false;
    if (senda_visit_load(v, record.p, record.n) != SENDA_OK) {
        f->stats.unreadable++;
        return SENDA_BAD;
    }
    f->stats.visits++;
    /* the clock was ahead then: an engine that follows it would set off every timer until there */
    now = run_clock_real();
    item->at = run_clock_map(f->clock, v->at < now ? v->at : now);
    if (v->flags & SENDA_VISIT_DRY_RUN) {
        return SENDA_NONE;
    }
    e->at = run_clock_sec(item->at);
    e->who.visitor = v->visitor;
    e->who.contact = before = known_contact(f, v->site, &v->visitor, item->at);
    if (unseal(f, item, &private) && private.contact.n > 0) {
        e->who.contact = read_contact(f, item, private.contact, before);
    }
    if (e->who.contact != before && !senda_visitor_is_none(&v->visitor)) {
        link_visitor(f, item, e->who.contact);
        item->linked = true;
    }
    if (e->who.contact == 0 && senda_visitor_is_none(&v->visitor)) {
        return SENDA_NONE;
    }
    if (e->who.contact != 0 && contact_load(f->state, e->who.contact, &contact) == SENDA_OK) {
        e->has_reach = true;
        contact_reach(f->state, &contact, &e->service, &e->reach);
    }
    e->page = (v->flags & SENDA_VISIT_PAGE) != 0;
    e->nkeys = v->nkeys;
    memcpy(e->keys, v->keys, v->nkeys * sizeof(v->keys[0]));
    read_fields(f, item, private.event);
    return SENDA_OK;
}
