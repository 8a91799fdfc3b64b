/*
 * msgpack (github.com/msgpack/msgpack, spec.md) on buffers that the caller
 * owns: a writer that stops at the end of its buffer, a reader that takes one
 * value after another and returns slices of the input. The one file that
 * includes msgpack.h is senda_pack.c.
 *
 * Both remember the first failure: a caller may write or read a whole record
 * and look at the end.
 */

#ifndef SENDA_PACK_H
#define SENDA_PACK_H

#include "senda.h"

typedef struct {
    char *buf;
    size_t size, len;
    bool overflow; /* something did not fit; len is then without meaning */
} senda_packer_t;

void senda_pack_init(senda_packer_t *p, void *buf, size_t size);
void senda_pack_array(senda_packer_t *p, uint32_t n);
void senda_pack_map(senda_packer_t *p, uint32_t n);
void senda_pack_uint(senda_packer_t *p, uint64_t v);
void senda_pack_int(senda_packer_t *p, int64_t v);
void senda_pack_double(senda_packer_t *p, double v);
void senda_pack_bool(senda_packer_t *p, bool v);
void senda_pack_nil(senda_packer_t *p);
void senda_pack_str(senda_packer_t *p, senda_str_t s);
void senda_pack_bin(senda_packer_t *p, const void *data, size_t n);

/* The packed length, 0 after an overflow. */
size_t senda_pack_len(const senda_packer_t *p);

typedef struct {
    const char *p, *end;
    bool bad; /* cut short, or another type than asked for; every later read gives zero or empty */
} senda_unpacker_t;

void senda_unpack_init(senda_unpacker_t *u, const void *data, size_t len);
uint32_t senda_unpack_array(senda_unpacker_t *u);
uint32_t senda_unpack_map(senda_unpacker_t *u);
uint64_t senda_unpack_uint(senda_unpacker_t *u);
int64_t senda_unpack_int(senda_unpacker_t *u);
double senda_unpack_double(senda_unpacker_t *u);
bool senda_unpack_bool(senda_unpacker_t *u);
senda_str_t senda_unpack_str(senda_unpacker_t *u);
senda_str_t senda_unpack_bin(senda_unpacker_t *u);
void senda_unpack_skip(senda_unpacker_t *u); /* one value, whatever it is (nesting of at most 32) */
bool senda_unpack_at_end(const senda_unpacker_t *u);

#endif
