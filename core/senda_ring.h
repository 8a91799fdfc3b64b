/*
 * A worker's ring: a preallocated file in the live directory, mapped shared,
 * one producer (the worker) and one consumer (the drain). It outlives both.
 * A record has entered when head has moved past it; what is read is checked
 * by its checksum. No lock anywhere: a claim is one compare-and-swap on the
 * owner word (pid and start time).
 */

#ifndef SENDA_RING_H
#define SENDA_RING_H

#include "senda_limits.h"
#include "senda.h"

typedef struct senda_ring_s senda_ring_t;

/* Why a visit was not recorded; counters in the ring's header, by producer. */
typedef enum {
    SENDA_DROP_FULL,      /* the drain did not keep up */
    SENDA_DROP_TOO_LARGE, /* a record over SENDA_RECORD_MAX */
    SENDA_DROP_LONG_URL,  /* over SENDA_PATH_MAX */
    SENDA_DROP_HEADER,    /* an X-Senda-* header that cannot be read */
    SENDA_DROP_BOT,
    SENDA_DROP_PREFETCH,
    SENDA_DROP_STATUS, /* error, redirect, other method */
    SENDA_DROP_ASSET,
    SENDA_DROP_CONSENT,
    SENDA_DROP_COOKIE, /* a cookie that is forged or expired */
    SENDA_DROP_FIT,    /* pages or captures of a request beyond their bound */
    SENDA_DROP_REASONS
} senda_drop_t;

const char *senda_drop_name(senda_drop_t reason);

/*
 * Claims a ring of dir for this process: one whose owner is dead, else a new
 * file of size bytes (a power of two). SENDA_OK; SENDA_FULL (SENDA_RINGS_MAX
 * rings, or no space); SENDA_SYS. Close with senda_ring_close, which releases
 * the claim and leaves the file.
 */
senda_rc_t senda_ring_claim(senda_ring_t **out, const char *dir, size_t size, senda_err_t *err);

/* Opens an existing ring file for reading by the drain. SENDA_OK, SENDA_BAD (no ring), SENDA_SYS. */
senda_rc_t senda_ring_open(senda_ring_t **out, const char *path, senda_err_t *err);

void senda_ring_close(senda_ring_t *r);

/* Of a claimed ring: whether its file was removed, so that no drain will ever find it. */
bool senda_ring_is_gone(const senda_ring_t *r);

/* Ring files' names in dir begin with this. */
#define SENDA_RING_PREFIX "ring."

/* Random, made with the file: a new file under an old name is another ring. */
uint64_t senda_ring_id(const senda_ring_t *r);

/* Producer: copies one record in. SENDA_OK, or SENDA_FULL (counted); never waits. */
senda_rc_t senda_ring_put(senda_ring_t *r, const void *data, size_t len);

/* Producer: counts a visit that does not become a record. */
void senda_ring_drop(senda_ring_t *r, senda_drop_t reason);

/* Both: how many were dropped for this reason since the file was made. */
uint64_t senda_ring_dropped(const senda_ring_t *r, senda_drop_t reason);

/*
 * Consumer: the record at *pos, and *pos moved past it. data points into the
 * ring and is valid until senda_ring_release passes it. SENDA_OK; SENDA_NONE
 * (no more); SENDA_BAD (checksum or length wrong: *pos is moved to head, the
 * rest is given up and counted by the caller).
 */
senda_rc_t senda_ring_next(senda_ring_t *r, uint64_t *pos, senda_str_t *data);

/* Consumer: where reading starts: what was last released. */
uint64_t senda_ring_tail(const senda_ring_t *r);

/* Where the producer will write next. */
uint64_t senda_ring_head(const senda_ring_t *r);

/* Consumer: everything before pos is journalled; its space may be used again. */
void senda_ring_release(senda_ring_t *r, uint64_t pos);

/* Whether a process (pid, and start time of /proc/PID/stat) that owns r still lives. */
bool senda_ring_owner_alive(const senda_ring_t *r);

#endif
