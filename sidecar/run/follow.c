/*
 * Reads journal records. Starts nothing and sends nothing; a record or a
 * header that cannot be used is counted and passed over, never a reason to
 * stop.
 */

#include "follow.h"

#include <glib.h>

#include "contact_fields.h"
#include "senda_seal.h"

_Static_assert(HEADER_FIELDS_MAX <= ENGINE_ANSWERS_MAX, "what a header says is one happening's");

struct follow_s {
    state_t *state;
    const run_clock_t *clock;
    uint8_t secret[32];
    follow_program_pt program;
    void *ctx;
    GHashTable *links; /* in history: site and visitor -> contact's number; else NULL */
    follow_stats_t stats;
};

follow_t *
follow_new(state_t *state, const run_clock_t *clock, const uint8_t secret[32],
    follow_program_pt program, void *ctx)
{
    follow_t *f = g_new0(follow_t, 1);

    f->state = state;
    f->clock = clock;
    f->program = program;
    f->ctx = ctx;
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

/* ---- contacts ---- */

static const prog_field_t *
declared(const program_t *p, const char *name)
{
    for (unsigned i = 0; p != NULL && i < p->nfields; i++) {
        if (g_ascii_strcasecmp(p->fields[i].name, name) == 0) {
            return &p->fields[i];
        }
    }
    return NULL;
}

static void
refuse_fields(follow_t *f, follow_item_t *item, unsigned n, const char *name, const char *why)
{
    f->stats.fields += n;
    (void)senda_fail(&item->why, SENDA_BAD, "%.64s%s", name, why);
    item->complaint = item->why.text;
    item->partly = true;
}

/* Leaves those of the header's fields that the rule file knows, as the happening's answers. */
static void
read_answers(follow_t *f, follow_item_t *item)
{
    static const char *const none[] = {
        [VALUE_TEXT] = " is empty",
        [VALUE_NUMBER] = " is no number",
        [VALUE_DATE] = " is no date",
    };
    const program_t *p = f->program(f->ctx, item->visit.site);
    engine_event_t *e = &item->event;

    for (unsigned i = 0; i < item->contact.nfields; i++) {
        const header_field_t *h = &item->contact.fields[i];
        const prog_field_t *field = declared(p, h->name);
        int64_t value;

        if (field == NULL) {
            refuse_fields(f, item, 1, h->name, " is no field of the rules");
        } else if (!value_read(field->type, senda_cstr(h->value), &value)) {
            refuse_fields(f, item, 1, h->name, none[field->type]);
        } else {
            e->answers[e->nanswers++] = (senda_capture_t){ senda_cstr(field->name),
                senda_cstr(h->value) };
        }
    }
    if (item->contact.dropped > 0) {
        refuse_fields(f, item, item->contact.dropped, "", "it has too many fields");
    }
}

static void
keep_answers(follow_t *f, follow_item_t *item, uint64_t number)
{
    const engine_event_t *e = &item->event;

    for (unsigned i = 0; i < e->nanswers; i++) {
        if (contact_fields_set(f->state, item->visit.site, number, e->answers[i].name,
                e->answers[i].value) != SENDA_OK) {
            refuse_fields(f, item, 1, e->answers[i].name.p, ": the contact has too many fields");
        }
    }
}

static senda_rc_t
learn(follow_t *f, follow_item_t *item, uint64_t known, uint64_t *number)
{
    const senda_visit_t *v = &item->visit;
    uint64_t before = state_number(f->state, "contacts", 0);
    senda_rc_t rc = contact_learn(f->state, v->site, &item->contact, known,
        has_key(v, SENDA_EV_SIGN_UP), item->at, number);

    if (rc == SENDA_NONE && item->event.nanswers > 0) {
        return SENDA_OK; /* nobody is known, but something of the visitor is */
    }
    if (rc == SENDA_NONE) {
        return senda_fail(&item->why, rc, "no e-mail, and nobody known");
    }
    if (rc == SENDA_BAD) {
        return senda_fail(&item->why, rc, "the contact's record is of a newer senda");
    }
    if (rc == SENDA_OK) {
        keep_answers(f, item, *number);
        item->new_contact = state_number(f->state, "contacts", 0) != before;
    }
    return rc;
}

/* The contact that the header names, or the one known before; complaint says what was wrong. */
static uint64_t
read_contact(follow_t *f, follow_item_t *item, senda_str_t header, uint64_t known)
{
    const header_contact_t *h = &item->contact;
    uint64_t number = known;
    senda_rc_t rc = header_contact(header, &item->contact, &item->why);

    if (rc == SENDA_OK) {
        read_answers(f, item);
    }
    if (rc == SENDA_OK && f->links == NULL) {
        rc = learn(f, item, known, &number);
    } else if (rc == SENDA_OK && h->email[0] != '\0') {
        number = contact_by_email(f->state, item->visit.site, h->email);
    }
    if (rc != SENDA_OK) {
        f->stats.refused++;
        item->event.nanswers = 0;
        item->complaint = item->why.text;
        item->partly = false;
        return known;
    }
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
    item->linked = item->new_contact = item->partly = false;
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
        contact_reach(f->state, &contact, &e->address, &e->consent);
    }
    e->page = (v->flags & SENDA_VISIT_PAGE) != 0;
    e->nkeys = v->nkeys;
    memcpy(e->keys, v->keys, v->nkeys * sizeof(v->keys[0]));
    read_fields(f, item, private.event);
    return SENDA_OK;
}
