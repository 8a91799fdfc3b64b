/*
 * A visit and its private part as msgpack arrays, version first. Loading never
 * reads beyond the record and never believes a count or a length that is over
 * its bound: such a record is SENDA_BAD, whole.
 */

#include "senda_visit.h"

#include "senda_pack.h"

#define VISIT_VERSION   2
#define VISIT_FIELDS    13
#define PRIVATE_VERSION 2
#define PRIVATE_FIELDS  4

/* Of version 1: without message, without form. */
#define VISIT_FIELDS_1   10
#define PRIVATE_FIELDS_1 3

void
senda_visit_init(senda_visit_t *v)
{
    v->site = v->flags = v->link = v->channels = 0;
    v->generation = 0;
    v->at = 0;
    memset(&v->visitor, 0, sizeof(v->visitor));
    memset(&v->message, 0, sizeof(v->message));
    v->nkeys = v->ncaptures = 0;
    v->path = v->sealed = (senda_str_t){ "", 0 };
}

/* s cut to max bytes, not within a UTF-8 character. */
static senda_str_t
cut(senda_str_t s, size_t max)
{
    if (s.n <= max) {
        return s;
    }
    for (unsigned back = 0; back < 3 && ((uint8_t)s.p[max] & 0xc0) == 0x80; back++) {
        max--;
    }
    return (senda_str_t){ s.p, max };
}

static void
dump_captures(senda_packer_t *p, const senda_visit_t *v)
{
    unsigned n = v->ncaptures < SENDA_CAPTURES_MAX ? v->ncaptures : SENDA_CAPTURES_MAX;

    senda_pack_array(p, 2 * n);
    for (unsigned i = 0; i < n; i++) {
        senda_pack_str(p, cut(v->captures[i].name, SENDA_NAME_MAX));
        senda_pack_str(p, cut(v->captures[i].value, SENDA_CAPTURE_KEPT));
    }
}

size_t
senda_visit_dump(const senda_visit_t *v, void *buf, size_t size)
{
    senda_packer_t p;
    unsigned nkeys = v->nkeys < SENDA_KEYS_MAX ? v->nkeys : SENDA_KEYS_MAX;

    if (v->sealed.n > SENDA_SEALED_MAX) {
        return 0;
    }
    senda_pack_init(&p, buf, size < SENDA_RECORD_MAX ? size : SENDA_RECORD_MAX);
    senda_pack_array(&p, VISIT_FIELDS);
    senda_pack_uint(&p, VISIT_VERSION);
    senda_pack_uint(&p, v->site);
    senda_pack_uint(&p, v->generation);
    senda_pack_int(&p, v->at);
    senda_pack_bin(&p, v->visitor.b, senda_visitor_is_none(&v->visitor) ? 0 : SENDA_VISITOR_LEN);
    senda_pack_uint(&p, v->flags);
    senda_pack_array(&p, nkeys);
    for (unsigned i = 0; i < nkeys; i++) {
        senda_pack_uint(&p, v->keys[i]);
    }
    senda_pack_str(&p, cut(v->path, SENDA_PATH_KEPT));
    dump_captures(&p, v);
    senda_pack_bin(&p, v->sealed.p, v->sealed.n);
    senda_pack_bin(&p, v->message.b, senda_message_is_none(&v->message) ? 0 : SENDA_MESSAGE_LEN);
    senda_pack_uint(&p, v->link);
    senda_pack_uint(&p, v->channels);
    return senda_pack_len(&p);
}

static uint32_t
load_u32(senda_unpacker_t *u)
{
    uint64_t v = senda_unpack_uint(u);

    if (v > UINT32_MAX) {
        u->bad = true;
        return 0;
    }
    return (uint32_t)v;
}

static senda_str_t
load_str(senda_unpacker_t *u, size_t max)
{
    senda_str_t s = senda_unpack_str(u);

    if (s.n > max) {
        u->bad = true;
    }
    return s;
}

/* A name of 128 bits, or none. */
static void
load_name(senda_unpacker_t *u, uint8_t name[16])
{
    senda_str_t s = senda_unpack_bin(u);

    memset(name, 0, 16);
    if (s.n == 16) {
        memcpy(name, s.p, 16);
    } else if (s.n != 0) {
        u->bad = true;
    }
}

_Static_assert(SENDA_VISITOR_LEN == 16 && SENDA_MESSAGE_LEN == 16, "both are such a name");

static void
load_message(senda_unpacker_t *u, senda_visit_t *v)
{
    load_name(u, v->message.b);
    v->link = load_u32(u);
    v->channels = load_u32(u);
}

/* The version of an array that has these many fields in version 1 or 2, 0 for any other. */
static unsigned
load_version(senda_unpacker_t *u, uint32_t fields1, uint32_t fields2)
{
    uint32_t n = senda_unpack_array(u);
    uint64_t version = senda_unpack_uint(u);

    return version == 1 && n == fields1 ? 1 : version == 2 && n == fields2 ? 2 : 0;
}

static void
load_keys(senda_unpacker_t *u, senda_visit_t *v)
{
    uint32_t n = senda_unpack_array(u);

    v->nkeys = 0;
    if (n > SENDA_KEYS_MAX) {
        u->bad = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        v->keys[i] = load_u32(u);
    }
    v->nkeys = n;
}

static void
load_captures(senda_unpacker_t *u, senda_visit_t *v)
{
    uint32_t n = senda_unpack_array(u);

    v->ncaptures = 0;
    if (n % 2 != 0 || n / 2 > SENDA_CAPTURES_MAX) {
        u->bad = true;
        return;
    }
    for (uint32_t i = 0; i < n / 2; i++) {
        v->captures[i].name = load_str(u, SENDA_NAME_MAX);
        v->captures[i].value = load_str(u, SENDA_CAPTURE_KEPT);
    }
    v->ncaptures = n / 2;
}

senda_rc_t
senda_visit_load(senda_visit_t *v, const void *data, size_t len)
{
    senda_unpacker_t u;
    unsigned version;

    v->nkeys = v->ncaptures = 0;
    memset(&v->message, 0, sizeof(v->message));
    v->link = v->channels = 0;
    senda_unpack_init(&u, data, len);
    version = load_version(&u, VISIT_FIELDS_1, VISIT_FIELDS);
    if (version == 0) {
        return SENDA_BAD;
    }
    v->site = load_u32(&u);
    v->generation = senda_unpack_uint(&u);
    v->at = senda_unpack_int(&u);
    load_name(&u, v->visitor.b);
    v->flags = load_u32(&u);
    load_keys(&u, v);
    v->path = load_str(&u, SENDA_PATH_KEPT);
    load_captures(&u, v);
    v->sealed = senda_unpack_bin(&u);
    if (version == VISIT_VERSION) {
        load_message(&u, v);
    }
    return senda_unpack_at_end(&u) && v->sealed.n <= SENDA_SEALED_MAX ? SENDA_OK : SENDA_BAD;
}

size_t
senda_private_dump(const senda_private_t *p, void *buf, size_t size)
{
    senda_packer_t pk;

    if (p->contact.n > SENDA_HEADER_MAX || p->event.n > SENDA_HEADER_MAX ||
        p->form.n > SENDA_HEADER_MAX) {
        return 0;
    }
    senda_pack_init(&pk, buf, size);
    senda_pack_array(&pk, PRIVATE_FIELDS);
    senda_pack_uint(&pk, PRIVATE_VERSION);
    senda_pack_str(&pk, p->contact);
    senda_pack_str(&pk, p->event);
    senda_pack_str(&pk, p->form);
    return senda_pack_len(&pk);
}

senda_rc_t
senda_private_load(senda_private_t *p, const void *data, size_t len)
{
    senda_unpacker_t u;
    unsigned version;

    senda_unpack_init(&u, data, len);
    version = load_version(&u, PRIVATE_FIELDS_1, PRIVATE_FIELDS);
    if (version == 0) {
        return SENDA_BAD;
    }
    p->contact = load_str(&u, SENDA_HEADER_MAX);
    p->event = load_str(&u, SENDA_HEADER_MAX);
    p->form = version == PRIVATE_VERSION ? load_str(&u, SENDA_HEADER_MAX) : (senda_str_t){ "", 0 };
    return senda_unpack_at_end(&u) ? SENDA_OK : SENDA_BAD;
}
