/*
 * msgpack on the caller's buffers. Writing goes through msgpack-c's packer,
 * but for what is one byte, as most of a visit is.
 * Reading decodes the type bytes here: msgpack-c's unpacker builds a tree of
 * objects in memory that the input's own counts decide, and a record is read
 * for every visit. Nothing is allocated; no read passes the end; a count that
 * cannot be true (more values than bytes left) is bad at once.
 */

#include "senda_pack.h"

#include <msgpack.h>

#define NESTING_MAX 32

/* msgpack-c's packer hands its bytes to this. */
static int
pack_write(void *data, const char *buf, size_t len)
{
    senda_packer_t *p = data;

    if (p->overflow || len > p->size - p->len) {
        p->overflow = true;
        return -1;
    }
    memcpy(p->buf + p->len, buf, len);
    p->len += len;
    return 0;
}

static inline msgpack_packer
packer_of(senda_packer_t *p)
{
    return (msgpack_packer){ p, pack_write };
}

void
senda_pack_init(senda_packer_t *p, void *buf, size_t size)
{
    *p = (senda_packer_t){ .buf = buf, .size = size };
}

static inline void
put_byte(senda_packer_t *p, unsigned c)
{
    if (p->overflow || p->len == p->size) {
        p->overflow = true;
        return;
    }
    p->buf[p->len++] = (char)c;
}

void
senda_pack_array(senda_packer_t *p, uint32_t n)
{
    msgpack_packer pk = packer_of(p);

    if (n < 16) {
        put_byte(p, 0x90 | n);
        return;
    }
    msgpack_pack_array(&pk, n);
}

void
senda_pack_map(senda_packer_t *p, uint32_t n)
{
    msgpack_packer pk = packer_of(p);

    msgpack_pack_map(&pk, n);
}

void
senda_pack_uint(senda_packer_t *p, uint64_t v)
{
    msgpack_packer pk = packer_of(p);

    if (v < 0x80) {
        put_byte(p, (unsigned)v);
        return;
    }
    msgpack_pack_uint64(&pk, v);
}

void
senda_pack_int(senda_packer_t *p, int64_t v)
{
    msgpack_packer pk = packer_of(p);

    msgpack_pack_int64(&pk, v);
}

void
senda_pack_double(senda_packer_t *p, double v)
{
    msgpack_packer pk = packer_of(p);

    msgpack_pack_double(&pk, v);
}

void
senda_pack_bool(senda_packer_t *p, bool v)
{
    msgpack_packer pk = packer_of(p);

    (void)(v ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk));
}

void
senda_pack_nil(senda_packer_t *p)
{
    msgpack_packer pk = packer_of(p);

    msgpack_pack_nil(&pk);
}

void
senda_pack_str(senda_packer_t *p, senda_str_t s)
{
    msgpack_packer pk = packer_of(p);

    if (s.n > UINT32_MAX) {
        p->overflow = true;
        return;
    }
    if (s.n < 32) {
        put_byte(p, 0xa0 | (unsigned)s.n);
    } else {
        msgpack_pack_str(&pk, s.n);
    }
    if (s.n > 0) {
        msgpack_pack_str_body(&pk, s.p, s.n);
    }
}

void
senda_pack_bin(senda_packer_t *p, const void *data, size_t n)
{
    msgpack_packer pk = packer_of(p);

    if (n > UINT32_MAX) {
        p->overflow = true;
        return;
    }
    if (n < 0x100) {
        put_byte(p, 0xc4);
        put_byte(p, (unsigned)n);
    } else {
        msgpack_pack_bin(&pk, n);
    }
    if (n > 0) {
        msgpack_pack_bin_body(&pk, data, n);
    }
}

size_t
senda_pack_len(const senda_packer_t *p)
{
    return p->overflow ? 0 : p->len;
}

void
senda_unpack_init(senda_unpacker_t *u, const void *data, size_t len)
{
    *u = (senda_unpacker_t){ .p = data, .end = len > 0 ? (const char *)data + len : data };
}

static size_t
left(const senda_unpacker_t *u)
{
    return (size_t)(u->end - u->p);
}

/* The type byte, passed over; 0xc1, which msgpack never uses, when there is none. */
static uint8_t
type_of(senda_unpacker_t *u)
{
    if (u->bad || u->p == u->end) {
        u->bad = true;
        return 0xc1;
    }
    return (uint8_t)*u->p++;
}

/* n bytes, most significant first; n is 1, 2, 4 or 8. */
static uint64_t
number(senda_unpacker_t *u, unsigned n)
{
    uint64_t v = 0;

    if (u->bad || left(u) < n) {
        u->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        v = v << 8 | (uint8_t)u->p[i];
    }
    u->p += n;
    return v;
}

/* n bytes as they are. */
static senda_str_t
bytes(senda_unpacker_t *u, uint64_t n)
{
    senda_str_t s = { u->p, 0 };

    if (u->bad || left(u) < n) {
        u->bad = true;
        return (senda_str_t){ "", 0 };
    }
    s.n = (size_t)n;
    u->p += n;
    return s;
}

/* n, if that many values (each at least a byte) can still follow. */
static uint32_t
count(senda_unpacker_t *u, uint64_t n, unsigned each)
{
    if (u->bad || n * each > left(u)) {
        u->bad = true;
        return 0;
    }
    return (uint32_t)n;
}

static uint64_t
bad(senda_unpacker_t *u)
{
    u->bad = true;
    return 0;
}

uint32_t
senda_unpack_array(senda_unpacker_t *u)
{
    uint8_t t = type_of(u);

    if ((t & 0xf0) == 0x90) {
        return count(u, t & 0x0f, 1);
    }
    switch (t) {
    case 0xdc:
        return count(u, number(u, 2), 1);
    case 0xdd:
        return count(u, number(u, 4), 1);
    default:
        return (uint32_t)bad(u);
    }
}

uint32_t
senda_unpack_map(senda_unpacker_t *u)
{
    uint8_t t = type_of(u);

    if ((t & 0xf0) == 0x80) {
        return count(u, t & 0x0f, 2);
    }
    switch (t) {
    case 0xde:
        return count(u, number(u, 2), 2);
    case 0xdf:
        return count(u, number(u, 4), 2);
    default:
        return (uint32_t)bad(u);
    }
}

/* Any integer of msgpack: its 64 bits, and whether they mean a negative one. */
static uint64_t
integer(senda_unpacker_t *u, bool *negative)
{
    uint8_t t = type_of(u);
    uint64_t v;

    *negative = false;
    if (t <= 0x7f) {
        return t;
    }
    if (t >= 0xcc && t <= 0xcf) {
        return number(u, 1u << (t - 0xcc));
    }
    if (t >= 0xe0) {
        v = (uint64_t)(int64_t)(int8_t)t;
    } else if (t == 0xd0) {
        v = (uint64_t)(int64_t)(int8_t)number(u, 1);
    } else if (t == 0xd1) {
        v = (uint64_t)(int64_t)(int16_t)number(u, 2);
    } else if (t == 0xd2) {
        v = (uint64_t)(int64_t)(int32_t)number(u, 4);
    } else if (t == 0xd3) {
        v = number(u, 8);
    } else {
        return bad(u);
    }
    *negative = (v >> 63) != 0;
    return v;
}

uint64_t
senda_unpack_uint(senda_unpacker_t *u)
{
    bool negative;
    uint64_t v = integer(u, &negative);

    return negative ? bad(u) : v;
}

int64_t
senda_unpack_int(senda_unpacker_t *u)
{
    bool negative;
    uint64_t v = integer(u, &negative);

    return !negative && v > INT64_MAX ? (int64_t)bad(u) : (int64_t)v;
}

double
senda_unpack_double(senda_unpacker_t *u)
{
    union {
        uint64_t bits;
        double d;
    } eight;
    union {
        uint32_t bits;
        float f;
    } four;

    switch (type_of(u)) {
    case 0xca:
        four.bits = (uint32_t)number(u, 4);
        return u->bad ? 0 : (double)four.f;
    case 0xcb:
        eight.bits = number(u, 8);
        return u->bad ? 0 : eight.d;
    default:
        return (double)bad(u);
    }
}

bool
senda_unpack_bool(senda_unpacker_t *u)
{
    uint8_t t = type_of(u);

    if (t != 0xc2 && t != 0xc3) {
        u->bad = true;
    }
    return t == 0xc3;
}

senda_str_t
senda_unpack_str(senda_unpacker_t *u)
{
    uint8_t t = type_of(u);

    if ((t & 0xe0) == 0xa0) {
        return bytes(u, t & 0x1f);
    }
    if (t >= 0xd9 && t <= 0xdb) {
        return bytes(u, number(u, 1u << (t - 0xd9)));
    }
    return bytes(u, bad(u));
}

senda_str_t
senda_unpack_bin(senda_unpacker_t *u)
{
    uint8_t t = type_of(u);

    if (t >= 0xc4 && t <= 0xc6) {
        return bytes(u, number(u, 1u << (t - 0xc4)));
    }
    return bytes(u, bad(u));
}

/* Passes over a value that is no container; returns how many values a container holds. */
static uint64_t
skip_one(senda_unpacker_t *u)
{
    uint8_t t = u->p < u->end ? (uint8_t)*u->p : 0xc1;

    if ((t & 0xf0) == 0x90 || t == 0xdc || t == 0xdd) {
        return senda_unpack_array(u);
    }
    if ((t & 0xf0) == 0x80 || t == 0xde || t == 0xdf) {
        return 2 * (uint64_t)senda_unpack_map(u);
    }
    (void)type_of(u);
    if (t <= 0x7f || t >= 0xe0 || t == 0xc0 || t == 0xc2 || t == 0xc3) {
        return 0;
    }
    if ((t & 0xe0) == 0xa0) {
        (void)bytes(u, t & 0x1f);
    } else if (t >= 0xc4 && t <= 0xc6) { /* bin */
        (void)bytes(u, number(u, 1u << (t - 0xc4)));
    } else if (t >= 0xc7 && t <= 0xc9) { /* ext: length, type, data */
        (void)bytes(u, number(u, 1u << (t - 0xc7)) + 1);
    } else if (t == 0xca || t == 0xcb) { /* float */
        (void)bytes(u, t == 0xca ? 4 : 8);
    } else if (t >= 0xcc && t <= 0xcf) { /* uint */
        (void)bytes(u, 1u << (t - 0xcc));
    } else if (t >= 0xd0 && t <= 0xd3) { /* int */
        (void)bytes(u, 1u << (t - 0xd0));
    } else if (t >= 0xd4 && t <= 0xd8) { /* fixext: type, data */
        (void)bytes(u, (1u << (t - 0xd4)) + 1);
    } else if (t >= 0xd9 && t <= 0xdb) { /* str */
        (void)bytes(u, number(u, 1u << (t - 0xd9)));
    } else {
        u->bad = true;
    }
    return 0;
}

void
senda_unpack_skip(senda_unpacker_t *u)
{
    uint64_t open[NESTING_MAX + 1]; /* values still to come in each open container */
    unsigned depth = 0;

    open[0] = 1;
    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0) {
                return;
            }
            depth--;
        }
        open[depth]--;
        uint64_t inner = skip_one(u);
        if (u->bad) {
            return;
        }
        if (inner > 0) {
            if (depth == NESTING_MAX) {
                u->bad = true;
                return;
            }
            open[++depth] = inner;
        }
    }
}

bool
senda_unpack_at_end(const senda_unpacker_t *u)
{
    return !u->bad && u->p == u->end;
}
