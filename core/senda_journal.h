/*
 * journal/: what happened, in order. One writing process, nginx's drain; the
 * sidecar reads. A sequence number is (epoch, number) in one word and is never
 * used twice: the epoch grows whenever the machine was started anew, because
 * then the last commit may be lost while a reader's cursor is not.
 *
 * Visits are kept as chunks of up to SENDA_CHUNK_MAX bytes under the sequence
 * of their first; the position of each ring stands in the same commit.
 */

#ifndef SENDA_JOURNAL_H
#define SENDA_JOURNAL_H

#include "senda_limits.h"
#include "senda_store.h"

typedef uint64_t senda_seq_t; /* epoch << 48 | number; 0 is before the first */

typedef struct senda_journal_s senda_journal_t;

/* boot: a text that changes with each start of the machine (/proc/sys/kernel/random/boot_id). */
senda_rc_t senda_journal_open_write(senda_journal_t **out, const char *dir, const char *boot,
    senda_err_t *err);
/* SENDA_NONE while nginx has not made it yet. */
senda_rc_t senda_journal_open_read(senda_journal_t **out, const char *dir, senda_err_t *err);
void senda_journal_close(senda_journal_t *j);

senda_store_t *senda_journal_store(senda_journal_t *j);

/* Writer: begin, add visits and ring positions, commit (all or nothing). */
senda_rc_t senda_journal_begin(senda_journal_t *j, senda_err_t *err);
/* Adds one packed visit; *seq is its number. */
senda_rc_t senda_journal_add(senda_journal_t *j, senda_str_t record, senda_seq_t *seq,
    senda_err_t *err);
/* In or out of a transaction. SENDA_NONE: nothing of this ring is journalled yet. */
senda_rc_t senda_journal_ring_pos(senda_journal_t *j, uint64_t ring, uint64_t *pos);
senda_rc_t senda_journal_set_ring_pos(senda_journal_t *j, uint64_t ring, uint64_t pos,
    senda_err_t *err);
/* In a transaction: the ring is gone for good. */
senda_rc_t senda_journal_forget_ring(senda_journal_t *j, uint64_t ring, senda_err_t *err);
senda_rc_t senda_journal_commit(senda_journal_t *j, senda_err_t *err);
void senda_journal_abort(senda_journal_t *j);

/* The last sequence committed, 0 if none. */
senda_seq_t senda_journal_head(senda_journal_t *j);

/* Random, made with the journal: what was made from one journal is of no use to another. */
uint64_t senda_journal_id(const senda_journal_t *j);

/* The first sequence that is still there; 0 if there is none. */
senda_seq_t senda_journal_first(senda_journal_t *j);

/*
 * Writer, in a transaction: takes away the first chunks, at most max of them,
 * as long as none of their visits lies after upto and is_old says so of each;
 * *gone is how many visits that were. The last chunk always stays. SENDA_OK;
 * SENDA_BAD (a chunk cannot be read: it stays), SENDA_SYS, SENDA_FULL: abort.
 */
typedef bool (*senda_journal_old_pt)(void *ctx, senda_str_t record);
senda_rc_t senda_journal_expire(senda_journal_t *j, senda_seq_t upto, unsigned max,
    senda_journal_old_pt is_old, void *ctx, uint64_t *gone, senda_err_t *err);

/*
 * Calls each with every visit after a sequence, in order, in one read
 * transaction, at most max of them; record is valid during the call. Ends
 * early when each returns other than SENDA_OK, and returns that; SENDA_OK
 * otherwise; SENDA_SYS or SENDA_BAD.
 */
typedef senda_rc_t (*senda_journal_each_pt)(void *ctx, senda_seq_t seq, senda_str_t record);
senda_rc_t senda_journal_read(senda_journal_t *j, senda_seq_t after, unsigned max,
    senda_journal_each_pt each, void *ctx, senda_err_t *err);

/*
 * Whether there is a commit that the last senda_journal_read did not see: one
 * that came since, or one that its writer had not yet let readers see (the file
 * changes a moment before that). Who waits for the file to change reads again
 * soon, or it may wait for a change that was.
 */
bool senda_journal_behind(const senda_journal_t *j);

#endif
