/*
 * Contact records. Never sends, never asks a clock; a record that it cannot
 * read is never overwritten.
 */

#include "contact.h"

#include "senda_pack.h"

#define CONTACT_VERSION  1
#define LINK_VERSION     1
#define SUPPRESS_VERSION 1

const char *const contact_how_words[HOWS] = {
    [HOW_UNKNOWN] = "",
    [HOW_SHOP] = "by the shop",
    [HOW_SIGN_UP] = "in a sign-up",
    [HOW_FORM] = "in a form",
    [HOW_CLICK] = "by one click in a message",
    [HOW_PAGE] = "on the page of channels",
    [HOW_COMMAND] = "by command",
    [HOW_SERVER] = "by the mail server",
};

static state_key_t
number_key(uint64_t number)
{
    state_key_t k = { .n = 0 };

    state_key_u64(&k, number);
    return k;
}

static state_key_t
address_key(uint32_t site, prog_channel_t channel, const char *address)
{
    state_key_t k = { .n = 0 };

    state_key_u32(&k, site);
    state_key_u8(&k, (uint8_t)channel);
    state_key_bytes(&k, address, strlen(address));
    return k;
}

static state_key_t
visitor_key(uint32_t site, const senda_visitor_t *v)
{
    state_key_t k = { .n = 0 };

    state_key_u32(&k, site);
    state_key_bytes(&k, v->b, sizeof(v->b));
    return k;
}

static state_key_t
suppress_key(prog_channel_t channel, const char *address)
{
    state_key_t k = { .n = 0 };

    state_key_u8(&k, (uint8_t)channel);
    state_key_bytes(&k, address, strlen(address));
    return k;
}

static void
copy_text(char *out, senda_str_t s)
{
    size_t n = s.n < HEADER_VALUE_MAX ? s.n : HEADER_VALUE_MAX - 1;

    if (n > 0) {
        memcpy(out, s.p, n);
    }
    out[n] = '\0';
}

senda_rc_t
contact_read(senda_str_t record, uint64_t number, contact_t *c)
{
    senda_unpacker_t u;
    uint32_t fields, n;

    memset(c, 0, sizeof(*c));
    senda_unpack_init(&u, record.p, record.n);
    fields = senda_unpack_array(&u);
    if (senda_unpack_uint(&u) != CONTACT_VERSION || fields < 8) {
        return SENDA_BAD;
    }
    c->number = number;
    c->site = (uint32_t)senda_unpack_uint(&u);
    copy_text(c->email, senda_unpack_str(&u));
    copy_text(c->name, senda_unpack_str(&u));
    copy_text(c->phone, senda_unpack_str(&u));
    c->created = senda_unpack_int(&u);
    c->updated = senda_unpack_int(&u);
    n = senda_unpack_array(&u) / 2;
    for (uint32_t i = 0; i < n && !u.bad; i++) {
        uint64_t what = senda_unpack_uint(&u);
        senda_ms_t at = senda_unpack_int(&u);

        if (i < CHANNELS && what <= CONSENT_REFUSED) {
            c->consent[i] = (contact_consent_t){ (consent_t)what, at, HOW_UNKNOWN };
        }
    }
    n = fields > 8 ? senda_unpack_array(&u) : 0;
    for (uint32_t i = 0; i < n && !u.bad; i++) {
        uint64_t how = senda_unpack_uint(&u);

        if (i < CHANNELS && how < HOWS) {
            c->consent[i].how = (contact_how_t)how;
        }
    }
    return u.bad ? SENDA_BAD : SENDA_OK;
}

static void
contact_save(state_t *s, const contact_t *c)
{
    char buf[STATE_VALUE_MAX];
    senda_packer_t p;
    state_key_t key = number_key(c->number);

    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_array(&p, 9);
    senda_pack_uint(&p, CONTACT_VERSION);
    senda_pack_uint(&p, c->site);
    senda_pack_str(&p, senda_cstr(c->email));
    senda_pack_str(&p, senda_cstr(c->name));
    senda_pack_str(&p, senda_cstr(c->phone));
    senda_pack_int(&p, c->created);
    senda_pack_int(&p, c->updated);
    senda_pack_array(&p, 2 * CHANNELS);
    for (int i = 0; i < CHANNELS; i++) {
        senda_pack_uint(&p, c->consent[i].what);
        senda_pack_int(&p, c->consent[i].at);
    }
    senda_pack_array(&p, CHANNELS);
    for (int i = 0; i < CHANNELS; i++) {
        senda_pack_uint(&p, c->consent[i].how);
    }
    state_put(s, STATE_CONTACTS, state_key_str(&key), (senda_str_t){ buf, senda_pack_len(&p) });
}

senda_rc_t
contact_load(state_t *s, uint64_t number, contact_t *c)
{
    state_key_t key = number_key(number);
    senda_str_t record;
    senda_rc_t rc = state_get(s, STATE_CONTACTS, state_key_str(&key), &record);

    return rc == SENDA_OK ? contact_read(record, number, c) : rc;
}

uint64_t
contact_by_email(state_t *s, uint32_t site, const char *email)
{
    state_key_t key = address_key(site, CHANNEL_EMAIL, email);
    senda_str_t value;
    senda_unpacker_t u;
    uint64_t number;

    if (state_get(s, STATE_ADDRESSES, state_key_str(&key), &value) != SENDA_OK) {
        return 0;
    }
    senda_unpack_init(&u, value.p, value.n);
    number = senda_unpack_uint(&u);
    return u.bad ? 0 : number;
}

static void
make_contact(state_t *s, uint32_t site, const char *email, senda_ms_t at, contact_t *c)
{
    state_key_t key = address_key(site, CHANNEL_EMAIL, email);
    char buf[16];
    senda_packer_t p;

    memset(c, 0, sizeof(*c));
    c->number = state_number(s, "contacts", 0) + 1;
    c->site = site;
    c->created = at;
    copy_text(c->email, senda_cstr(email));
    state_set_number(s, "contacts", c->number);
    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_uint(&p, c->number);
    state_put(s, STATE_ADDRESSES, state_key_str(&key), (senda_str_t){ buf, senda_pack_len(&p) });
}

/* True if something changed. */
static bool
take_in(contact_t *c, const header_contact_t *h, contact_how_t how, senda_ms_t at)
{
    bool changed = false, fresh = how != HOW_SHOP;

    if (at >= c->updated && h->name[0] != '\0' && strcmp(h->name, c->name) != 0) {
        copy_text(c->name, senda_cstr(h->name));
        changed = true;
    }
    if (at >= c->updated && h->phone[0] != '\0' && strcmp(h->phone, c->phone) != 0) {
        copy_text(c->phone, senda_cstr(h->phone));
        changed = true;
    }
    for (int i = 0; i < CHANNELS && h->has_consent; i++) {
        consent_t what = h->consent & CHANNEL_BIT(i) ? CONSENT_GIVEN : CONSENT_REFUSED;

        if (at >= c->consent[i].at && (fresh || what != c->consent[i].what)) {
            c->consent[i] = (contact_consent_t){ what, at, how };
            changed = true;
        }
    }
    if (changed && at > c->updated) {
        c->updated = at;
    }
    return changed;
}

senda_rc_t
contact_learn(state_t *s, uint32_t site, const header_contact_t *h, uint64_t known,
    contact_how_t how, senda_ms_t at, uint64_t *number)
{
    contact_t c;
    senda_rc_t rc;
    bool made = false;

    *number = h->email[0] != '\0' ? contact_by_email(s, site, h->email) : known;
    if (*number != 0) {
        rc = contact_load(s, *number, &c);
        if (rc != SENDA_OK) {
            return rc;
        }
    } else if (h->email[0] != '\0') {
        make_contact(s, site, h->email, at, &c);
        *number = c.number;
        made = true;
    } else {
        return SENDA_NONE;
    }
    if (take_in(&c, h, how, at) || made) {
        contact_save(s, &c);
    }
    return SENDA_OK;
}

/* [version, number or reason, moment, how]: the last is 0 in records of before. */
typedef struct {
    uint64_t first;
    int64_t at;
    uint64_t how;
} said_t;

static bool
read_said(senda_str_t value, unsigned version, said_t *out)
{
    senda_unpacker_t u;
    uint32_t fields;

    senda_unpack_init(&u, value.p, value.n);
    fields = senda_unpack_array(&u);
    if (senda_unpack_uint(&u) != version || fields < 3) {
        return false;
    }
    out->first = senda_unpack_uint(&u);
    out->at = senda_unpack_int(&u);
    out->how = fields > 3 ? senda_unpack_uint(&u) : 0;
    return !u.bad;
}

static void
put_said(state_t *s, state_table_t table, const state_key_t *key, unsigned version,
    const said_t *said)
{
    char buf[48];
    senda_packer_t p;

    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_array(&p, 4);
    senda_pack_uint(&p, version);
    senda_pack_uint(&p, said->first);
    senda_pack_int(&p, said->at);
    senda_pack_uint(&p, said->how);
    state_put(s, table, state_key_str(key), (senda_str_t){ buf, senda_pack_len(&p) });
}

uint64_t
contact_linked(state_t *s, uint32_t site, const senda_visitor_t *v, senda_ms_t at,
    contact_link_t *by)
{
    state_key_t key = visitor_key(site, v);
    senda_str_t value;
    said_t said;

    *by = LINK_FORM;
    if (state_get(s, STATE_VISITORS, state_key_str(&key), &value) != SENDA_OK ||
        !read_said(value, LINK_VERSION, &said) || said.at > at) {
        return 0;
    }
    *by = said.how <= LINK_FORM ? (contact_link_t)said.how : LINK_FORM;
    return said.first;
}

uint64_t
contact_of_visitor(state_t *s, uint32_t site, const senda_visitor_t *v, senda_ms_t at)
{
    contact_link_t by;

    return contact_linked(s, site, v, at, &by);
}

bool
contact_link(state_t *s, uint32_t site, const senda_visitor_t *v, uint64_t number, senda_ms_t at,
    contact_link_t by)
{
    state_key_t key = visitor_key(site, v);
    senda_str_t value;
    said_t said;

    if (state_get(s, STATE_VISITORS, state_key_str(&key), &value) == SENDA_OK &&
        read_said(value, LINK_VERSION, &said)) {
        if (said.first == number && (said.how == LINK_LOGIN || by != LINK_LOGIN)) {
            return true;
        }
        if (said.first != number &&
            (said.at > at || (said.how == LINK_LOGIN && by != LINK_LOGIN))) {
            return false;
        }
        at = said.first == number && said.at < at ? said.at : at;
    }
    put_said(s, STATE_VISITORS, &key, LINK_VERSION, &(said_t){ number, at, by });
    return true;
}

void
contact_unlink(state_t *s, uint32_t site, const senda_visitor_t *v)
{
    state_key_t key = visitor_key(site, v);

    state_del(s, STATE_VISITORS, state_key_str(&key));
}

typedef struct {
    uint32_t site;
    bool any;
} next_site_t;

static senda_rc_t
each_address(void *ctx, senda_str_t key, senda_str_t value)
{
    next_site_t *next = ctx;

    (void)value;
    next->any = key.n > 4;
    next->site = 0;
    for (unsigned i = 0; i < 4 && next->any; i++) {
        next->site = next->site << 8 | (uint8_t)key.p[i];
    }
    return SENDA_NONE;
}

/* When an e-mail address last consented, on whatever site; INT64_MIN: never. Steps from site to site. */
static senda_ms_t
last_consent(state_t *s, prog_channel_t channel, const char *address)
{
    next_site_t next = { 0, true };
    senda_ms_t last = INT64_MIN;

    while (next.any) {
        uint64_t number = contact_by_email(s, next.site, address);
        uint32_t site = next.site;
        state_key_t from = { .n = 0 };
        contact_t c;

        if (number != 0 && contact_load(s, number, &c) == SENDA_OK &&
            c.consent[channel].what == CONSENT_GIVEN && c.consent[channel].at > last) {
            last = c.consent[channel].at;
        }
        state_key_u32(&from, site + 1);
        next.any = false;
        if (site < UINT32_MAX) {
            (void)state_each(s, STATE_ADDRESSES, state_key_str(&from), each_address, &next, NULL);
        }
    }
    return last;
}

void
contact_suppress(state_t *s, prog_channel_t channel, const char *address, suppress_t reason,
    senda_ms_t at, contact_how_t how)
{
    state_key_t key = suppress_key(channel, address);
    senda_ms_t consent = channel == CHANNEL_EMAIL ? last_consent(s, channel, address) : at;
    suppression_t before;

    /* the clock may have been set back: what was consented to until now is taken back all the same */
    at = consent > at ? consent : at;
    if (contact_suppressed(s, channel, address, &before) && before.reason > reason) {
        return;
    }
    put_said(s, STATE_SUPPRESSED, &key, SUPPRESS_VERSION, &(said_t){ reason, at, how });
}

bool
contact_suppressed(state_t *s, prog_channel_t channel, const char *address, suppression_t *out)
{
    state_key_t key = suppress_key(channel, address);
    senda_str_t value;
    said_t said;
    senda_rc_t rc = state_get(s, STATE_SUPPRESSED, state_key_str(&key), &value);

    if (rc == SENDA_NONE) {
        return false;
    }
    if (rc != SENDA_OK || !read_said(value, SUPPRESS_VERSION, &said)) {
        /* It says something that we cannot read: whatever it is, nothing is sent. */
        *out = (suppression_t){ SUPPRESS_BOUNCED, INT64_MAX, HOW_UNKNOWN };
        return true;
    }
    *out = (suppression_t){ (suppress_t)said.first, said.at,
        said.how < HOWS ? (contact_how_t)said.how : HOW_UNKNOWN };
    return true;
}

const char *
contact_address(const contact_t *c, prog_channel_t channel)
{
    switch (channel) {
    case CHANNEL_EMAIL:
        return c->email[0] != '\0' ? c->email : NULL;
    case CHANNEL_SMS:
        return c->phone[0] != '\0' ? c->phone : NULL;
    case CHANNEL_PUSH:
    case CHANNEL_WEBPUSH:
    case CHANNELS:
        break;
    }
    return NULL;
}

const char *
contact_refusal(state_t *s, const contact_t *c, prog_channel_t channel, bool transactional)
{
    const char *address = contact_address(c, channel);
    const contact_consent_t *consent = &c->consent[channel];
    suppression_t said;

    if (address == NULL) {
        return "no address";
    }
    if (contact_suppressed(s, channel, address, &said)) {
        if (said.reason != SUPPRESS_UNSUBSCRIBED) {
            return "the address is dead";
        }
        if (!transactional && (consent->what != CONSENT_GIVEN || consent->at <= said.at)) {
            return "unsubscribed";
        }
    }
    if (!transactional && consent->what != CONSENT_GIVEN) {
        return "no consent";
    }
    return NULL;
}

void
contact_reach(state_t *s, const contact_t *c, uint32_t *address, uint32_t *consent)
{
    *address = *consent = 0;
    for (int i = 0; i < CHANNELS; i++) {
        if (contact_refusal(s, c, (prog_channel_t)i, true) == NULL) {
            *address |= CHANNEL_BIT(i);
        }
        if (contact_refusal(s, c, (prog_channel_t)i, false) == NULL) {
            *consent |= CHANNEL_BIT(i);
        }
    }
}

/* The clock may have been set back: what is said now is said after all that was. */
static void
consent_now(state_t *s, contact_t *c, prog_channel_t channel, senda_ms_t at, contact_how_t how)
{
    contact_consent_t *consent = &c->consent[channel];
    suppression_t said;

    at = consent->at > at ? consent->at : at;
    if (contact_suppressed(s, channel, contact_address(c, channel), &said) && said.at >= at) {
        at = said.at + 1;
    }
    *consent = (contact_consent_t){ CONSENT_GIVEN, at, how };
}

void
contact_leave(state_t *s, const contact_t *c, prog_channel_t channel, senda_ms_t at,
    contact_how_t how)
{
    const char *address = contact_address(c, channel);

    if (address != NULL) {
        at = c->consent[channel].at > at ? c->consent[channel].at : at;
        contact_suppress(s, channel, address, SUPPRESS_UNSUBSCRIBED, at, how);
    }
}

void
contact_choose(state_t *s, contact_t *c, uint32_t channels, senda_ms_t at, contact_how_t how)
{
    bool changed = false;

    for (int i = 0; i < CHANNELS; i++) {
        prog_channel_t channel = (prog_channel_t)i;
        bool wanted = (channels & CHANNEL_BIT(i)) != 0;

        if (contact_refusal(s, c, channel, true) != NULL ||
            (contact_refusal(s, c, channel, false) == NULL) == wanted) {
            continue;
        }
        if (wanted) {
            consent_now(s, c, channel, at, how);
            changed = true;
        } else {
            contact_leave(s, c, channel, at, how);
        }
    }
    if (changed) {
        contact_save(s, c);
    }
}
