/*
 * The fields of a happening as one short run of bytes: length of the name,
 * name, length of the value (two bytes), value. What does not fit in
 * ENGINE_FIELDS_BYTES is left out, and counted by the caller.
 */

#include "engine_state.h"

#include <stdlib.h>

static size_t
field_bytes(const senda_capture_t *f)
{
    return f->name.n > UINT8_MAX || f->value.n > UINT16_MAX ? SIZE_MAX : 3 + f->name.n + f->value.n;
}

size_t
engine_fields_pack(const senda_capture_t *fields, unsigned n, char **buf, unsigned *left_out)
{
    bool fits[ENGINE_RUN_FIELDS] = { false };
    size_t len = 0;
    char *p;

    *buf = NULL;
    *left_out = 0;
    for (unsigned i = 0; i < n; i++) {
        fits[i] = field_bytes(&fields[i]) <= ENGINE_FIELDS_BYTES - len;
        len += fits[i] ? field_bytes(&fields[i]) : 0;
        *left_out += !fits[i];
    }
    if (len == 0)
        return 0;
    *buf = p = malloc(len);
    if (p == NULL) {
        *left_out = n;
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        const senda_capture_t *f = &fields[i];

        if (!fits[i])
            continue;
        *p++ = (char)f->name.n;
        memcpy(p, f->name.p, f->name.n);
        p += f->name.n;
        *p++ = (char)(f->value.n & 0xff);
        *p++ = (char)(f->value.n >> 8);
        memcpy(p, f->value.p, f->value.n);
        p += f->value.n;
    }
    return len;
}

unsigned
engine_fields_unpack(const char *buf, size_t len, senda_capture_t *fields, unsigned max)
{
    const uint8_t *p = (const uint8_t *)buf, *end;
    unsigned n = 0;

    if (len == 0)
        return 0;
    end = p + len;
    while (n < max && end - p >= 3) {
        size_t name = p[0], value;

        if ((size_t)(end - p) < 3 + name)
            break;
        value = p[1 + name] | (size_t)p[2 + name] << 8;
        if ((size_t)(end - p) < 3 + name + value)
            break;
        fields[n].name = (senda_str_t){ (const char *)p + 1, name };
        fields[n].value = (senda_str_t){ (const char *)p + 3 + name, value };
        p += 3 + name + value;
        n++;
    }
    return n;
}

senda_str_t
engine_field_in(const char *fields, size_t len, const char *name)
{
    senda_capture_t all[ENGINE_RUN_FIELDS];
    unsigned n = engine_fields_unpack(fields, len, all, ENGINE_RUN_FIELDS);
    senda_str_t wanted = senda_cstr(name);

    for (unsigned i = 0; i < n; i++) {
        if (senda_str_eq(all[i].name, wanted))
            return all[i].value;
    }
    return (senda_str_t){ "", 0 };
}
