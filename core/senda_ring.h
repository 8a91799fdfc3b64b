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
    SENDA_DROP_COOKIE,  /* a cookie that is forged or expired */
    SENDA_DROP_FIT,     /* pages or captures of a request beyond their bound */
    SENDA_DROP_FORM,    /* a form that a page names and that could not be read */
    SENDA_DROP_FIELD,   /* an answer that is never kept, or too long */
    SENDA_DROP_TOKEN,   /* a link of a message that nobody made, or knows any more */
    SENDA_DROP_DURABLE, /* an answer that was not durable in time */
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

/*
 * Answers that promise durability. Producer: asks for everything put so far to
 * be made durable, and where that ends. Both: how far it is.
 */
uint64_t senda_ring_want_durable(senda_ring_t *r);
uint64_t senda_ring_wanted(const senda_ring_t *r);
uint64_t senda_ring_durable(const senda_ring_t *r);

/* Consumer: everything before pos is journalled, and the journal is on the disk. */
void senda_ring_set_durable(senda_ring_t *r, uint64_t pos);

/*
 * Removes the ring file `name` of dir, if it is the ring id, nobody alive owns
 * it and everything in it was released. It is claimed for that, so nobody else
 * can claim it meanwhile or afterwards; the caller keeps its own handle.
 * SENDA_OK; SENDA_NONE: it stays.
 */
senda_rc_t senda_ring_remove(const char *dir, const char *name, uint64_t id);

/* Bytes for records. */
uint64_t senda_ring_size(const senda_ring_t *r);

/* Whether a process (pid, and start time of /proc/PID/stat) that owns r still lives. */
bool senda_ring_owner_alive(const senda_ring_t *r);

/* What a ring's file says of itself, for who only shows it. */
typedef struct {
    uint64_t id, size, used; /* bytes */
    uint64_t unsynced;       /* bytes that wait to be durable for an answer */
    unsigned pid;            /* of its owner; 0: nobody has it */
    bool alive;              /* the owner is */
    uint64_t dropped[SENDA_DROP_REASONS];
} senda_ring_facts_t;

/*
 * Reads them from the ring file `name` of an open directory without mapping it:
 * a file that shrinks meanwhile kills nobody. SENDA_OK; SENDA_BAD (no ring);
 * SENDA_SYS.
 */
senda_rc_t senda_ring_facts(senda_ring_facts_t *out, int dir, const char *name);

#endif
