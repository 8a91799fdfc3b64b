/*
 * state/: all that the sidecar must not forget. One writing process. Changes
 * are collected in memory and committed together; reads see them before they
 * are committed. Records are arrays of msgpack, the version first; what a
 * record's owner cannot read it leaves as it is.
 *
 * A commit that returned SENDA_OK is on the disk. After a failed one the
 * changes are still there: it may be tried again, or they are abandoned.
 */

#ifndef SENDA_RUN_STATE_H
#define SENDA_RUN_STATE_H

#include "senda_store.h"

#define STATE_VERSION   1
#define STATE_MAP       (32ull << 30) /* bytes of address space */
#define STATE_KEY_MAX   320           /* bytes of a key; LMDB takes 511 */
#define STATE_VALUE_MAX 16384         /* bytes of one record */

typedef enum {
    STATE_META,       /* name -> number: version, cursor, seconds of the engines … */
    STATE_CONTACTS,   /* number -> contact */
    STATE_ADDRESSES,  /* site, channel, address -> number of the contact */
    STATE_VISITORS,   /* site, visitor -> number of the contact, since when */
    STATE_SUPPRESSED, /* channel, address -> reason, when */
    STATE_RUNS,       /* site, flow, entry, person -> the engine's record of a run */
    STATE_OUTBOX,     /* unique id -> message */
    STATE_DUE,        /* second, unique id -> nothing: messages that are not settled */
    STATE_FIELDS,     /* site, number of the contact -> the rule file's fields of it */
    STATE_DEEDS,   /* site, second, number -> what a step did to its person: the engine's record */
    STATE_PLANS,   /* unique id -> benefit, notice or call that a flow planned */
    STATE_PLANNED, /* second, unique id -> nothing: plans in order of time */
    STATE_TABLES
} state_table_t;

typedef struct state_s state_t;

/*
 * store is the folder that holds state/. write: the caller holds the store's
 * lock. SENDA_OK; SENDA_NONE (reading, nothing there yet); SENDA_BAD (of
 * another version, damaged); SENDA_FULL; SENDA_SYS.
 */
senda_rc_t state_open(state_t **out, const char *store, bool write, senda_err_t *err);
void state_close(state_t *s); /* NULL is allowed; uncommitted changes are lost */

/* The value is valid until the next call on s. SENDA_OK, SENDA_NONE, SENDA_SYS, SENDA_BAD. */
senda_rc_t state_get(state_t *s, state_table_t table, senda_str_t key, senda_str_t *value);

/* Bytes are copied. */
void state_put(state_t *s, state_table_t table, senda_str_t key, senda_str_t value);
void state_del(state_t *s, state_table_t table, senda_str_t key);

/* Changes that wait for a commit. */
unsigned state_changes(const state_t *s);

/* SENDA_OK; SENDA_FULL (no space: try again); SENDA_SYS. */
senda_rc_t state_commit(state_t *s, senda_err_t *err);
void state_abandon(state_t *s);

/*
 * Every committed entry from a key on, in order; each must not call on s, and
 * ends the scan by returning other than SENDA_OK, which is then returned.
 */
typedef senda_rc_t (*state_each_pt)(void *ctx, senda_str_t key, senda_str_t value);
senda_rc_t state_each(state_t *s, state_table_t table, senda_str_t from, state_each_pt each,
    void *ctx, senda_err_t *err);

/* Numbers by name. state_number gives other when there is none. */
uint64_t state_number(state_t *s, const char *name, uint64_t other);
void state_set_number(state_t *s, const char *name, uint64_t value);

/* Keys: numbers with the greatest byte first, so that their order is the keys'. */
typedef struct {
    size_t n;
    uint8_t b[STATE_KEY_MAX];
} state_key_t;

void state_key_u8(state_key_t *k, uint8_t v);
void state_key_u32(state_key_t *k, uint32_t v);
void state_key_u64(state_key_t *k, uint64_t v);
void state_key_bytes(state_key_t *k, const void *data, size_t n); /* cut at STATE_KEY_MAX */

static inline senda_str_t
state_key_str(const state_key_t *k)
{
    return (senda_str_t){ (const char *)k->b, k->n };
}

#endif
