/*
 * LMDB behind verbs: environments, transactions, bytes by key. The one file
 * that includes lmdb.h is senda_store.c; codes of LMDB are turned into
 * senda_rc_t and words there, and nowhere else.
 *
 * Keys and values that a get or a cursor returns point into the map and are
 * valid until their transaction ends or writes. One handle a process and path.
 */

#ifndef SENDA_STORE_H
#define SENDA_STORE_H

#include <signal.h>

#include "senda.h"

typedef struct senda_store_s senda_store_t;
typedef struct senda_txn_s senda_txn_t;
typedef struct senda_scan_s senda_scan_t;

/*
 * Above zero while this process is inside store code or holds a transaction,
 * whose values lie in the map: a damaged file kills by signal there, and a
 * handler may look at this to tell whose fault it is. One thread uses stores.
 */
extern volatile sig_atomic_t senda_store_inside;

/* The folder of the store that was used last: while inside, the one at fault, most likely. */
extern const char *volatile senda_store_dir;

#define SENDA_STORE_TABLES 16  /* tables of one environment */
#define SENDA_STORE_READS  8   /* read transactions open at once in one handle */
#define SENDA_STORE_KEY    511 /* bytes of a key, at least 1 */

typedef enum {
    SENDA_STORE_READ,    /* read-only; SENDA_NONE if it does not exist yet */
    SENDA_STORE_DURABLE, /* MDB_NOMETASYNC: at most the last commit is lost in a power cut */
    SENDA_STORE_SYNC,    /* full sync: a commit that returned is kept */
    SENDA_STORE_MEMORY,  /* MDB_WRITEMAP|MDB_NOSYNC on a file preallocated to its full size */
} senda_store_mode_t;

/*
 * Tables of one environment, by position; the names outlive the store. A
 * reader does without those from position `newer` on (0: without none), which
 * a writer of before did not make: they are empty until it opens anew.
 */
typedef struct {
    const char *const *tables;
    unsigned ntables;
    unsigned newer;
} senda_schema_t;

/*
 * Opens the environment in dir (which exists) with at most map_size bytes;
 * SENDA_STORE_MEMORY preallocates all of them. Files are made 0660 (0600 if
 * private). Must be called after fork. SENDA_OK; SENDA_NONE (reading, not
 * there yet, or its tables are not); SENDA_FULL (no space to preallocate);
 * SENDA_BAD (damaged or another version); SENDA_SYS.
 */
senda_rc_t senda_store_open(senda_store_t **out, const char *dir, senda_store_mode_t mode,
    bool private_files, size_t map_size, const senda_schema_t *schema, senda_err_t *err);
void senda_store_close(senda_store_t *s); /* NULL is allowed */

/* Whether it was opened for writing. */
bool senda_store_writes(const senda_store_t *s);

/* Whether all tables were there when it was opened. */
bool senda_store_whole(const senda_store_t *s);

/*
 * The version of what the tables hold, kept under "format" in a table. A
 * writer sets it when there is none. SENDA_OK; SENDA_NONE (a reader, none
 * yet); SENDA_BAD (another version: the store is left as it is); SENDA_SYS.
 */
senda_rc_t senda_store_format(senda_store_t *s, unsigned table, uint64_t format, senda_err_t *err);

/*
 * The last committed transaction's number: cheap, takes no lock. LMDB writes
 * it a moment before readers are let see the transaction: what was read under
 * a version is known by senda_txn_version alone.
 */
uint64_t senda_store_version(senda_store_t *s);

/* Makes all commits durable, from any process (fdatasync on the data file). */
senda_rc_t senda_store_sync(senda_store_t *s, senda_err_t *err);

/*
 * Bytes in use: pages that were ever needed less those that are free again
 * (those that the last transactions freed may still be read, and count as
 * free). Reads the list of free pages, for which it takes a read transaction.
 */
uint64_t senda_store_used(senda_store_t *s);

/*
 * Writes all of the store as of now to the new file path (0660), without the
 * space that is free; what it reads stays as it is meanwhile, while a writer
 * goes on. SENDA_OK; SENDA_FULL (no space); SENDA_SYS; the file is then gone.
 */
senda_rc_t senda_store_copy(senda_store_t *s, const char *path, senda_err_t *err);

/* Clears readers whose process died; returns how many. */
unsigned senda_store_clear_readers(senda_store_t *s);

/*
 * A write transaction waits for the other writer: there is one writing process
 * a store. Reading costs no memory. After a failed write of the file's head
 * (an I/O error) the next begin opens the environment anew.
 */
senda_rc_t senda_txn_begin(senda_txn_t **out, senda_store_t *s, bool write, senda_err_t *err);
uint64_t senda_txn_version(senda_txn_t *t); /* a reader's: the last commit that it sees */
senda_rc_t senda_txn_commit(senda_txn_t *t, senda_err_t *err); /* t is gone, also on failure */
void senda_txn_abort(senda_txn_t *t);                          /* NULL is allowed */

/* SENDA_OK, SENDA_NONE, SENDA_BAD, SENDA_SYS. */
senda_rc_t senda_get(senda_txn_t *t, unsigned table, senda_str_t key, senda_str_t *value);
/* SENDA_OK; SENDA_FULL (map or disk full: abort); SENDA_SYS. append: key is the greatest. */
senda_rc_t senda_put(senda_txn_t *t, unsigned table, senda_str_t key, senda_str_t value,
    bool append, senda_err_t *err);
/* SENDA_NONE: it was not there. */
senda_rc_t senda_del(senda_txn_t *t, unsigned table, senda_str_t key, senda_err_t *err);

/* The same for a number, kept as 8 bytes, most significant first; SENDA_BAD if it is none. */
senda_rc_t senda_get_u64(senda_txn_t *t, unsigned table, senda_str_t key, uint64_t *value);
senda_rc_t senda_put_u64(senda_txn_t *t, unsigned table, senda_str_t key, uint64_t value,
    senda_err_t *err);

/*
 * Entries from the first key >= from (empty: all) in order; a scan ends before
 * its transaction, which may write meanwhile. SENDA_NONE after the last.
 */
senda_rc_t senda_scan_begin(senda_scan_t **out, senda_txn_t *t, unsigned table, senda_str_t from);
senda_rc_t senda_scan_next(senda_scan_t *s, senda_str_t *key, senda_str_t *value);
void senda_scan_end(senda_scan_t *s); /* NULL is allowed */

/* The last entry with key <= at: SENDA_OK or SENDA_NONE. at empty: the last of all. */
senda_rc_t senda_get_last(senda_txn_t *t, unsigned table, senda_str_t at, senda_str_t *key,
    senda_str_t *value);

/* Entries of a table. */
uint64_t senda_count(senda_txn_t *t, unsigned table);

#endif
