/*
 * live/: what nginx knows of each visitor, in shared memory. A cache: the
 * sequence that was last applied stands in the transaction that applied it,
 * and whatever is missing comes back from the journal.
 */

#ifndef SENDA_LIVE_H
#define SENDA_LIVE_H

#include "senda_journal.h"
#include "senda_profile.h"
#include "senda_visit.h"

typedef struct senda_live_s senda_live_t;

/*
 * The default directory for a store's path: "/dev/shm/senda-" and a hash of
 * the path. Writes at most size bytes with the closing NUL.
 */
void senda_live_default_dir(const char *store, char *dir, size_t size);

/* Writer: the drain. size is preallocated. SENDA_FULL: not enough shared memory. */
senda_rc_t senda_live_open_write(senda_live_t **out, const char *dir, size_t size,
    senda_err_t *err);
/* SENDA_NONE while the drain has not made it yet. */
senda_rc_t senda_live_open_read(senda_live_t **out, const char *dir, size_t size, senda_err_t *err);
void senda_live_close(senda_live_t *l);

senda_store_t *senda_live_store(senda_live_t *l);

/* What this handle's commits could not keep. */
typedef struct {
    uint64_t full;    /* visits refused for want of space */
    uint64_t damaged; /* visits of a visitor whose profile cannot be read; it is left as it is */
    uint64_t large;   /* visits of a visitor whose profile would not fit its bound */
} senda_live_refused_t;

const senda_live_refused_t *senda_live_refused(const senda_live_t *l);

/* The last sequence applied, 0 if none. */
senda_seq_t senda_live_applied(senda_live_t *l);

/*
 * Writer: applies visits in order in one transaction. Visits of the same
 * visitor are read and written once (bound SENDA_BATCH_MAX visits between begin
 * and commit; a further one is SENDA_FULL). rules may be NULL: then only counts
 * are kept, no tags are given; else it must live until commit or abort. Visits
 * without visitor and dry runs are passed over. Landings are the caller's
 * affair: what is applied counts. SENDA_VISIT_FORGET takes the visitor away.
 */
senda_rc_t senda_live_begin(senda_live_t *l, senda_err_t *err);
senda_rc_t senda_live_apply(senda_live_t *l, const senda_rules_t *rules, const senda_visit_t *v,
    senda_err_t *err);
/* Writer, between begin and commit: whether the visitor is stored or was just applied. */
bool senda_live_knows(senda_live_t *l, const senda_visitor_t *visitor);
/*
 * applied: the sequence of the last visit. SENDA_FULL: the visits of visitors
 * new to the store were not kept (or, if even the rest did not fit, none), and
 * counted; applied is stored all the same wherever a page is left for it.
 */
senda_rc_t senda_live_commit(senda_live_t *l, senda_seq_t applied, senda_err_t *err);
void senda_live_abort(senda_live_t *l);

/* The journal that it was made from (senda_journal_id); 0: a program of before has not said. */
uint64_t senda_live_journal(senda_live_t *l);
senda_rc_t senda_live_set_journal(senda_live_t *l, uint64_t id, senda_err_t *err);

/*
 * Writer, outside of begin and commit: looks at the next visitors, at most max
 * of them, and takes those away whose last visit was before that second; *gone
 * is how many. SENDA_OK: there are more; SENDA_NONE: that was the last one,
 * the next call begins anew. SENDA_FULL, SENDA_SYS: nothing was taken away.
 */
senda_rc_t senda_live_sweep(senda_live_t *l, senda_sec_t before, unsigned max, unsigned *gone,
    senda_err_t *err);

/* Reader or writer: SENDA_OK, SENDA_NONE (a visitor never stored), SENDA_BAD, SENDA_SYS. */
senda_rc_t senda_live_get(senda_live_t *l, const senda_visitor_t *visitor, senda_profile_t *p,
    senda_err_t *err);

/* Calls each with every visitor; for tests and reports. */
typedef senda_rc_t (
    *senda_live_each_pt)(void *ctx, const senda_visitor_t *visitor, const senda_profile_t *p);
senda_rc_t senda_live_each(senda_live_t *l, senda_live_each_pt each, void *ctx, senda_err_t *err);

/*
 * Visits by page: calls each with every page and event of a site that was ever
 * counted, SENDA_KEY_ANY for all page views, in order of site and key, in one
 * short read transaction. They are kept with the visitors, and go on counting
 * where no visitor could be kept for want of space; a visitor who is forgotten
 * stays in them. Ends early when each returns other than SENDA_OK, and returns
 * that.
 */
typedef senda_rc_t (
    *senda_live_total_pt)(void *ctx, uint32_t site, senda_key_t key, uint64_t count);
senda_rc_t senda_live_totals(senda_live_t *l, senda_live_total_pt each, void *ctx,
    senda_err_t *err);

/* Visitors that are kept. */
uint64_t senda_live_visitors(senda_live_t *l);

#endif
