/*
 * Reads journal records. Starts nothing and sends nothing; a record or a
 * header that cannot be used is counted and passed over, never a reason to
 * stop.
 */

#include "follow_parts.h"

#include "contact_fields.h"
#include "senda_seal.h"

_Static_assert(HEADER_FIELDS_MAX <= ENGINE_ANSWERS_MAX, "what a header says is one happening's");

/* In history: whose browser it is. */
typedef struct {
    uint64_t number;
    contact_link_t by;
} link_t;

follow_t *
follow_new(state_t *state, const run_clock_t *clock, const uint8_t secret[32],
    follow_program_pt program, void *ctx)
{
    follow_t *f = g_new0(follow_t, 1);

    f->state = state;
    f->clock = clock;
    f->program = program;
    f->ctx = ctx;
    memcpy(f->secrets[0], secret, sizeof(f->secrets[0]));
    f->nsecrets = 1;
    return f;
}

void
follow_free(follow_t *f)
{
    if (f != NULL) {
        follow_present(f);
        explicit_bzero(f->secrets, sizeof(f->secrets));
        g_free(f);
    }
}

void
follow_look_in(follow_t *f, senda_published_t *published)
{
    f->published = published;
}

void
follow_keys(follow_t *f, const senda_keys_t *keys)
{
    memcpy(f->secrets[0], keys->seal_secret, sizeof(f->secrets[0]));
    f->nsecrets = 1;
    for (unsigned i = keys->nold; i > 0; i--) {
        memcpy(f->secrets[f->nsecrets++], keys->seal_old[i - 1].key, sizeof(f->secrets[0]));
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

uint64_t
follow_known(follow_t *f, uint32_t site, const senda_visitor_t *v, senda_ms_t at,
    contact_link_t *by)
{
    *by = LINK_FORM;
    if (senda_visitor_is_none(v)) {
        return 0;
    }
    if (f->links != NULL) {
        GBytes *key = link_key(site, v);
        const link_t *link = g_hash_table_lookup(f->links, key);

        g_bytes_unref(key);
        if (link != NULL) {
            *by = link->by;
            return link->number;
        }
    }
    return contact_linked(f->state, site, v, at, by);
}

bool
follow_link(follow_t *f, follow_item_t *item, uint64_t number, contact_link_t by)
{
    const senda_visit_t *v = &item->visit;
    contact_link_t known_by;
    uint64_t known = follow_known(f, v->site, &v->visitor, item->at, &known_by);

    if (f->links == NULL) {
        item->linked = contact_link(f->state, v->site, &v->visitor, number, item->at, by);
    } else {
        item->linked = known == 0 || known == number || known_by != LINK_LOGIN || by == LINK_LOGIN;
        if (item->linked && (known != number || by == LINK_LOGIN)) {
            link_t link = { number, by };

            g_hash_table_replace(f->links, link_key(v->site, &v->visitor),
                g_memdup2(&link, sizeof(link)));
        }
    }
    return item->linked;
}

void
follow_reach(follow_t *f, engine_event_t *e)
{
    contact_t c;

    if (e->who.contact != 0 && contact_load(f->state, e->who.contact, &c) == SENDA_OK) {
        e->has_reach = true;
        contact_reach(f->state, &c, &e->address, &e->consent);
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

void
follow_answers(follow_t *f, follow_item_t *item, const header_contact_t *said)
{
    static const char *const none[] = {
        [VALUE_TEXT] = " is empty",
        [VALUE_NUMBER] = " is no number",
        [VALUE_DATE] = " is no date",
    };
    const program_t *p = f->program(f->ctx, item->visit.site);
    engine_event_t *e = &item->event;

    for (unsigned i = 0; i < said->nfields; i++) {
        const header_field_t *h = &said->fields[i];
        const prog_field_t *field = declared(p, h->name);
        int64_t value;

        if (field == NULL) {
            refuse_fields(f, item, 1, h->name, " is no field of the rules");
        } else if (!value_read(field->type, senda_cstr(h->value), &value)) {
            refuse_fields(f, item, 1, h->name, none[field->type]);
        } else if (e->nanswers == ENGINE_ANSWERS_MAX) {
            refuse_fields(f, item, 1, h->name, ": too many fields in one request");
        } else {
            e->answers[e->nanswers++] = (senda_capture_t){ senda_cstr(field->name),
                senda_cstr(h->value) };
        }
    }
    if (said->dropped > 0) {
        refuse_fields(f, item, said->dropped, "", "it has too many fields");
    }
}

static void
keep_answers(follow_t *f, follow_item_t *item, unsigned first, uint64_t number)
{
    const engine_event_t *e = &item->event;

    for (unsigned i = first; i < e->nanswers; i++) {
        if (contact_fields_set(f->state, item->visit.site, number, e->answers[i].name,
                e->answers[i].value) != SENDA_OK) {
            refuse_fields(f, item, 1, e->answers[i].name.p, ": the contact has too many fields");
        }
    }
}

static void
note_changed(follow_item_t *item, uint64_t number)
{
    if (item->nchanged == 0 || item->changed[0] != number) {
        item->changed[item->nchanged++] = number;
    }
}

senda_rc_t
follow_learn(follow_t *f, follow_item_t *item, const header_contact_t *h, uint64_t known,
    contact_how_t how, unsigned first, uint64_t *number)
{
    uint64_t before = state_number(f->state, "contacts", 0);
    senda_rc_t rc = contact_learn(f->state, item->visit.site, h, known, how, item->at, number);

    if (rc == SENDA_NONE && item->event.nanswers > first) {
        return SENDA_OK; /* nobody is known, but something of the visitor is */
    }
    if (rc == SENDA_NONE) {
        return senda_fail(&item->why, rc, "no e-mail, and nobody known");
    }
    if (rc == SENDA_BAD) {
        return senda_fail(&item->why, rc, "the contact's record is of a newer senda");
    }
    if (rc == SENDA_OK) {
        note_changed(item, *number);
        keep_answers(f, item, first, *number);
        item->new_contact |= state_number(f->state, "contacts", 0) != before;
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
        follow_answers(f, item, h);
    }
    if (rc == SENDA_OK && f->links == NULL) {
        rc = follow_learn(f, item, h, known,
            has_key(&item->visit, SENDA_EV_SIGN_UP) ? HOW_SIGN_UP : HOW_SHOP, 0, &number);
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
    senda_rc_t rc = SENDA_BAD;
    size_t len = 0;

    memset(private, 0, sizeof(*private));
    if (v->sealed.n == 0) {
        return false;
    }
    for (unsigned i = 0; i < f->nsecrets && rc != SENDA_OK; i++) {
        rc = senda_unseal(f->secrets[i], v->sealed, item->opened, sizeof(item->opened), &len);
    }
    if (rc != SENDA_OK || senda_private_load(private, item->opened, len) != SENDA_OK) {
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

/* Whether a header has named the person: what was only known by a link is then sure. */
static bool
is_login(const follow_item_t *item, const senda_private_t *private)
{
    return private->contact.n > 0 && (item->complaint == NULL || item->partly) &&
        item->contact.email[0] != '\0' && item->event.who.contact != 0;
}

void
follow_forget(follow_t *f, uint32_t site, const senda_visitor_t *v)
{
    if (f->links == NULL) {
        contact_unlink(f->state, site, v);
    } else {
        link_t link = { 0, LINK_FORM };

        g_hash_table_replace(f->links, link_key(site, v), g_memdup2(&link, sizeof(link)));
    }
}

senda_rc_t
follow_read(follow_t *f, senda_str_t record, follow_item_t *item)
{
    senda_visit_t *v = &item->visit;
    engine_event_t *e = &item->event;
    senda_private_t private;
    contact_link_t by;
    uint64_t before;
    senda_ms_t now;
    bool login;

    memset(e, 0, sizeof(*e));
    item->complaint = item->answer = NULL;
    item->nchanged = 0;
    item->forget = item->linked = item->new_contact = item->partly = false;
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
    if (v->flags & SENDA_VISIT_FORGET) {
        e->who.visitor = v->visitor;
        item->forget = !senda_visitor_is_none(&v->visitor);
        return SENDA_NONE;
    }
    if (follow_is_answer(v)) {
        return follow_answer(f, item);
    }
    e->who.visitor = v->visitor;
    e->who.contact = before = follow_known(f, v->site, &v->visitor, item->at, &by);
    if (unseal(f, item, &private) && private.contact.n > 0) {
        e->who.contact = read_contact(f, item, private.contact, before);
    }
    login = is_login(item, &private);
    if (!senda_visitor_is_none(&v->visitor) &&
        (e->who.contact != before || (by != LINK_LOGIN && login))) {
        (void)follow_link(f, item, e->who.contact, LINK_LOGIN);
    }
    if (private.form.n > 0) {
        follow_form(f, item, private.form, login ? LINK_LOGIN : by);
    }
    if (e->who.contact == 0 && senda_visitor_is_none(&v->visitor)) {
        return SENDA_NONE;
    }
    follow_reach(f, e);
    e->page = (v->flags & SENDA_VISIT_PAGE) != 0;
    e->nkeys = v->nkeys;
    memcpy(e->keys, v->keys, v->nkeys * sizeof(v->keys[0]));
    read_fields(f, item, private.event);
    return SENDA_OK;
}
