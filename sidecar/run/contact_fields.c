/*
 * Records of contacts' fields. Knows neither which fields there are nor what
 * their values mean; a record that it cannot read is never overwritten.
 */

#include "contact_fields.h"

#include "senda_pack.h"

#define FIELDS_VERSION 1

_Static_assert(CONTACT_FIELDS_MAX *(SENDA_NAME_MAX + HEADER_VALUE_MAX + 6) < STATE_VALUE_MAX,
    "all fields of a contact fit one record");

static state_key_t
key_of(uint32_t site, uint64_t contact)
{
    state_key_t k = { .n = 0 };

    state_key_u32(&k, site);
    state_key_u64(&k, contact);
    return k;
}

senda_rc_t
contact_fields_read(senda_str_t record, contact_fields_t *f)
{
    senda_unpacker_t u;
    uint32_t parts, n;

    f->n = 0;
    if (record.n > sizeof(f->buf)) {
        return SENDA_BAD;
    }
    memcpy(f->buf, record.p, record.n);
    senda_unpack_init(&u, f->buf, record.n);
    parts = senda_unpack_array(&u);
    if (senda_unpack_uint(&u) != FIELDS_VERSION || parts < 2) {
        return SENDA_BAD;
    }
    n = senda_unpack_map(&u);
    for (uint32_t i = 0; i < n && i < CONTACT_FIELDS_MAX && !u.bad; i++) {
        f->list[i].name = senda_unpack_str(&u);
        f->list[i].value = senda_unpack_str(&u);
        f->n = u.bad ? f->n : i + 1;
    }
    return u.bad ? SENDA_BAD : SENDA_OK;
}

senda_rc_t
contact_fields_load(state_t *s, uint32_t site, uint64_t contact, contact_fields_t *f)
{
    state_key_t key = key_of(site, contact);
    senda_str_t record;
    senda_rc_t rc = state_get(s, STATE_FIELDS, state_key_str(&key), &record);

    f->n = 0;
    return rc == SENDA_OK ? contact_fields_read(record, f) : rc;
}

static senda_rc_t
save(state_t *s, const state_key_t *key, const contact_fields_t *f)
{
    char buf[STATE_VALUE_MAX];
    senda_packer_t p;

    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_array(&p, 2);
    senda_pack_uint(&p, FIELDS_VERSION);
    senda_pack_map(&p, f->n);
    for (unsigned i = 0; i < f->n; i++) {
        senda_pack_str(&p, f->list[i].name);
        senda_pack_str(&p, f->list[i].value);
    }
    if (senda_pack_len(&p) == 0) {
        return SENDA_FULL;
    }
    state_put(s, STATE_FIELDS, state_key_str(key), (senda_str_t){ buf, senda_pack_len(&p) });
    return SENDA_OK;
}

senda_rc_t
contact_fields_set(state_t *s, uint32_t site, uint64_t contact, senda_str_t name, senda_str_t value)
{
    state_key_t key = key_of(site, contact);
    contact_fields_t f;
    senda_rc_t rc = contact_fields_load(s, site, contact, &f);
    unsigned i = 0;

    if (rc != SENDA_OK && rc != SENDA_NONE) {
        return rc;
    }
    while (i < f.n && !senda_str_eq(f.list[i].name, name)) {
        i++;
    }
    if (i == CONTACT_FIELDS_MAX || name.n > SENDA_NAME_MAX || value.n >= HEADER_VALUE_MAX) {
        return SENDA_FULL;
    }
    if (i < f.n && senda_str_eq(f.list[i].value, value)) {
        return SENDA_OK;
    }
    f.list[i] = (senda_capture_t){ name, value };
    f.n = i == f.n ? i + 1 : f.n;
    return save(s, &key, &f);
}
