/*
 * What nginx knows of each visitor, in a store in memory. Tables: "meta" (the
 * last sequence applied), "visitors" (packed profiles) and "pages" (sums).
 *
 * Visits of a transaction are kept compactly until its commit, which sorts
 * them by visitor and goes through the visitors with one profile at hand: each
 * is read and written once, in the order of keys. When the store is full the
 * commit is tried again without visitors that are new to it, then with none,
 * so that the sequence moves on and those who are known stay known.
 *
 * Never evicts, never looks at a clock. A profile that cannot be read is left
 * as it is, and its visits are counted as refused.
 */

#include "senda_live.h"

#include "senda_bytes.h"
#include "senda_live_totals.h"

#include <stdio.h>
#include <stdlib.h>

#define LIVE_FORMAT 2
#define SET_SLOTS   (4 * SENDA_BATCH_MAX) /* a power of two, at most a quarter full */

enum { TABLE_META, TABLE_VISITORS, TABLE_PAGES };

static const char *const tables[] = { "meta", "visitors", "pages" };
static const senda_schema_t schema = { tables, 3, 0 };

/* A visit that waits for the commit. */
typedef struct {
    senda_visitor_t visitor;
    senda_sec_t at;
    const senda_rules_t *rules;
    uint32_t site;
    uint32_t keys; /* where its keys begin in the batch's */
    uint8_t nkeys;
    bool page;
    bool forget;
} item_t;

/* An item's place in order: the visitor's first half, then the rest of it, then as it came. */
typedef struct {
    uint64_t first;
    const item_t *item;
} place_t;

typedef struct {
    unsigned nitems;
    unsigned nkeys;
    item_t items[SENDA_BATCH_MAX];
    place_t places[SENDA_BATCH_MAX];
    senda_key_t keys[SENDA_BATCH_MAX * SENDA_KEYS_MAX];
    uint16_t set[SET_SLOTS]; /* visitors of the batch: item's number + 1, 0 is free */
    char packed[SENDA_PROFILE_PACKED_MAX];
    senda_totals_t totals;
} batch_t;

_Static_assert(SENDA_BATCH_MAX < UINT16_MAX, "an item's number fits its slot");
_Static_assert((SET_SLOTS & (SET_SLOTS - 1)) == 0, "slots are found by a mask");

struct senda_live_s {
    senda_store_t *store;
    senda_txn_t *txn;    /* the writing one, or NULL */
    senda_seq_t applied; /* writer: as committed */
    senda_live_refused_t refused;
    batch_t *batch; /* writer */
    senda_profile_t profile;
    senda_visitor_t swept; /* writer: where the sweep goes on … */
    bool sweeping;         /* … if it has begun */
};

#define SWEEP_DROPS 64 /* visitors taken away in one go */

/* What a commit keeps. */
typedef enum { KEEP_ALL, KEEP_KNOWN, KEEP_FORGOTTEN, KEEP_NONE } keep_t;

void
senda_live_default_dir(const char *store, char *dir, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    size_t n = strlen(store);

    while (n > 1 && store[n - 1] == '/') {
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (uint8_t)store[i]) * 0x100000001b3u;
    }
    (void)snprintf(dir, size, "/dev/shm/senda-%016llx", (unsigned long long)hash);
}

static senda_rc_t
open_either(senda_live_t **out, const char *dir, senda_store_mode_t mode, size_t size,
    senda_err_t *err)
{
    senda_live_t *l = calloc(1, sizeof(*l));
    senda_rc_t rc;

    *out = NULL;
    if (l == NULL) {
        (void)senda_fail(err, SENDA_SYS, "%s: no memory", dir);
        return SENDA_SYS;
    }
    rc = senda_store_open(&l->store, dir, mode, false, size, &schema, err);
    if (rc == SENDA_OK) {
        rc = senda_store_format(l->store, TABLE_META, LIVE_FORMAT, err);
    }
    if (rc != SENDA_OK) {
        senda_live_close(l);
        return rc;
    }
    *out = l;
    return SENDA_OK;
}

static senda_rc_t
read_applied(senda_live_t *l, senda_seq_t *applied)
{
    senda_txn_t *t;
    senda_rc_t rc = senda_txn_begin(&t, l->store, false, NULL);

    *applied = 0;
    if (rc == SENDA_OK) {
        rc = senda_get_u64(t, TABLE_META, SENDA_STR("applied"), applied);
        senda_txn_abort(t);
    }
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

senda_rc_t
senda_live_open_write(senda_live_t **out, const char *dir, size_t size, senda_err_t *err)
{
    senda_live_t *l;
    senda_rc_t rc = open_either(&l, dir, SENDA_STORE_MEMORY, size, err);

    *out = NULL;
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = read_applied(l, &l->applied);
    if (rc != SENDA_OK) {
        rc = senda_fail(err, rc, "%s: what was applied last cannot be read", dir);
    } else if ((l->batch = calloc(1, sizeof(*l->batch))) == NULL) {
        rc = senda_fail(err, SENDA_SYS, "%s: no memory", dir);
    }
    if (rc != SENDA_OK) {
        senda_live_close(l);
        return rc;
    }
    *out = l;
    return SENDA_OK;
}

senda_rc_t
senda_live_open_read(senda_live_t **out, const char *dir, size_t size, senda_err_t *err)
{
    return open_either(out, dir, SENDA_STORE_READ, size, err);
}

void
senda_live_close(senda_live_t *l)
{
    if (l != NULL) {
        senda_store_close(l->store);
        free(l->batch);
        free(l);
    }
}

senda_store_t *
senda_live_store(senda_live_t *l)
{
    return l->store;
}

const senda_live_refused_t *
senda_live_refused(const senda_live_t *l)
{
    return &l->refused;
}

senda_seq_t
senda_live_applied(senda_live_t *l)
{
    senda_seq_t applied;

    if (l->batch != NULL) {
        return l->applied;
    }
    (void)read_applied(l, &applied);
    return applied;
}

static uint64_t
half(const senda_visitor_t *v, unsigned i)
{
    return senda_get_be64(v->b + 8 * i);
}

/* The visitor's slot in the batch's set: its own, or the free one where it would stand. */
static uint16_t *
slot_of(batch_t *b, const senda_visitor_t *v)
{
    for (uint64_t i = half(v, 0) ^ half(v, 1);; i++) {
        uint16_t *slot = &b->set[i & (SET_SLOTS - 1)];

        if (*slot == 0 || memcmp(&b->items[*slot - 1].visitor, v, sizeof(*v)) == 0) {
            return slot;
        }
    }
}

static void
empty_batch(batch_t *b)
{
    if (b->nitems > 0) {
        memset(b->set, 0, sizeof(b->set));
    }
    b->nitems = b->nkeys = 0;
}

senda_rc_t
senda_live_begin(senda_live_t *l, senda_err_t *err)
{
    empty_batch(l->batch);
    return senda_txn_begin(&l->txn, l->store, true, err);
}

senda_rc_t
senda_live_apply(senda_live_t *l, const senda_rules_t *rules, const senda_visit_t *v,
    senda_err_t *err)
{
    batch_t *b = l->batch;
    unsigned nkeys = v->nkeys < SENDA_KEYS_MAX ? v->nkeys : SENDA_KEYS_MAX;
    uint16_t *slot;

    if (senda_visitor_is_none(&v->visitor) || (v->flags & SENDA_VISIT_DRY_RUN) != 0) {
        return SENDA_OK;
    }
    if (b->nitems == SENDA_BATCH_MAX) {
        return senda_fail(err, SENDA_FULL, "live: more than %d visits at once", SENDA_BATCH_MAX);
    }
    b->items[b->nitems] = (item_t){
        .visitor = v->visitor,
        .at = v->at / 1000 - (v->at % 1000 < 0), /* the second it lies in, also before 1970 */
        .rules = rules,
        .site = v->site,
        .keys = b->nkeys,
        .nkeys = (uint8_t)nkeys,
        .page = (v->flags & SENDA_VISIT_PAGE) != 0,
        .forget = (v->flags & SENDA_VISIT_FORGET) != 0,
    };
    memcpy(b->keys + b->nkeys, v->keys, nkeys * sizeof(*v->keys));
    b->nkeys += nkeys;
    slot = slot_of(b, &v->visitor);
    b->nitems++;
    if (*slot == 0) {
        *slot = (uint16_t)b->nitems;
    }
    return SENDA_OK;
}

static senda_str_t
visitor_key(const senda_visitor_t *v)
{
    return (senda_str_t){ (const char *)v->b, SENDA_VISITOR_LEN };
}

bool
senda_live_knows(senda_live_t *l, const senda_visitor_t *visitor)
{
    senda_str_t value;

    return *slot_of(l->batch, visitor) != 0 ||
        senda_get(l->txn, TABLE_VISITORS, visitor_key(visitor), &value) == SENDA_OK;
}

static int
compare_places(const void *a, const void *b)
{
    const place_t *x = a, *y = b;
    uint64_t p = x->first, q = y->first;

    if (p == q) {
        p = half(&x->item->visitor, 1);
        q = half(&y->item->visitor, 1);
    }
    if (p == q) {
        return x->item < y->item ? -1 : x->item > y->item;
    }
    return p < q ? -1 : 1;
}

static void
sort_batch(batch_t *b)
{
    for (unsigned i = 0; i < b->nitems; i++) {
        b->places[i] = (place_t){ half(&b->items[i].visitor, 0), &b->items[i] };
    }
    qsort(b->places, b->nitems, sizeof(b->places[0]), compare_places);
}

/* The profile after n visits of one visitor; whether there is anything to keep. */
static bool
apply_visits(senda_live_t *l, const place_t *places, unsigned n, bool known)
{
    for (unsigned i = 0; i < n; i++) {
        const item_t *it = places[i].item;

        if (it->forget) {
            senda_profile_init(&l->profile);
        } else {
            senda_profile_apply(&l->profile, it->rules, it->site, it->page,
                l->batch->keys + it->keys, it->nkeys, it->at);
        }
        known = !it->forget;
    }
    return known;
}

static bool
has_forget(const place_t *places, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (places[i].item->forget) {
            return true;
        }
    }
    return false;
}

/*
 * Applies n visits of one visitor to what is stored. Who withdraws consent goes
 * whatever the store says of him; KEEP_FORGOTTEN: nothing else is done.
 */
static senda_rc_t
commit_visitor(senda_live_t *l, const place_t *places, unsigned n, keep_t keep, senda_err_t *err)
{
    senda_str_t key = visitor_key(&places[0].item->visitor), value;
    senda_rc_t rc = senda_get(l->txn, TABLE_VISITORS, key, &value);
    bool forget = has_forget(places, n);
    size_t len;

    if (keep == KEEP_FORGOTTEN) {
        l->refused.full += forget ? n - 1 : n;
        rc = forget ? senda_del(l->txn, TABLE_VISITORS, key, err) : SENDA_OK;
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    if (rc == SENDA_NONE && keep == KEEP_KNOWN) {
        l->refused.full += n;
        return SENDA_OK;
    }
    if (rc == SENDA_NONE) {
        senda_profile_init(&l->profile);
    } else if (rc != SENDA_OK) {
        return senda_fail(err, rc, "live: a visitor cannot be read");
    } else if (senda_profile_load(&l->profile, value.p, value.n) != SENDA_OK) {
        if (!forget) {
            l->refused.damaged += n;
            return SENDA_OK;
        }
        senda_profile_init(&l->profile); /* what nobody can read goes as well */
    }
    if (!apply_visits(l, places, n, rc == SENDA_OK)) {
        rc = senda_del(l->txn, TABLE_VISITORS, key, err);
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    len = senda_profile_dump(&l->profile, l->batch->packed, sizeof(l->batch->packed));
    if (len == 0) {
        l->refused.large += n;
        return SENDA_OK;
    }
    return senda_put(l->txn, TABLE_VISITORS, key, (senda_str_t){ l->batch->packed, len }, false,
        err);
}

/* Sums by page: also of those for whom there was no room. */
static senda_rc_t
commit_totals(senda_live_t *l, senda_err_t *err)
{
    batch_t *b = l->batch;
    senda_rc_t rc = SENDA_OK;

    senda_totals_forget(&b->totals);
    for (unsigned i = 0; i < b->nitems && rc == SENDA_OK; i++) {
        const item_t *it = &b->items[i];

        if (it->page) {
            rc = senda_totals_add(&b->totals, l->txn, TABLE_PAGES, it->site, SENDA_KEY_ANY, err);
        }
        for (unsigned k = 0; k < it->nkeys && rc == SENDA_OK; k++) {
            rc = senda_totals_add(&b->totals, l->txn, TABLE_PAGES, it->site, b->keys[it->keys + k],
                err);
        }
    }
    return rc == SENDA_OK ? senda_totals_put(&b->totals, l->txn, TABLE_PAGES, err) : rc;
}

/* The whole batch in the open transaction, and its end either way. */
static senda_rc_t
commit_batch(senda_live_t *l, senda_seq_t applied, keep_t keep, senda_err_t *err)
{
    batch_t *b = l->batch;
    senda_txn_t *t = l->txn;
    senda_rc_t rc = SENDA_OK;
    unsigned n;

    for (unsigned i = 0; rc == SENDA_OK && keep != KEEP_NONE && i < b->nitems; i += n) {
        const place_t *p = b->places + i;

        n = 1;
        while (i + n < b->nitems &&
            memcmp(&p[0].item->visitor, &p[n].item->visitor, SENDA_VISITOR_LEN) == 0) {
            n++;
        }
        rc = commit_visitor(l, p, n, keep, err);
    }
    if (rc == SENDA_OK && keep < KEEP_FORGOTTEN) {
        rc = commit_totals(l, err);
    }
    if (rc == SENDA_OK) {
        rc = senda_put_u64(t, TABLE_META, SENDA_STR("applied"), applied, err);
    }
    if (rc == SENDA_OK) {
        rc = senda_txn_commit(t, err);
    } else {
        senda_txn_abort(t);
    }
    l->txn = NULL;
    if (rc == SENDA_OK) {
        l->applied = applied;
    }
    return rc;
}

senda_rc_t
senda_live_commit(senda_live_t *l, senda_seq_t applied, senda_err_t *err)
{
    senda_live_refused_t before = l->refused;
    senda_rc_t rc;
    keep_t keep;

    sort_batch(l->batch);
    rc = commit_batch(l, applied, KEEP_ALL, err);
    keep = KEEP_KNOWN;
    if (rc == SENDA_FULL && senda_store_clear_readers(l->store) > 0) {
        keep = KEEP_ALL; /* somebody who died reading had kept old pages from use */
    }
    for (; rc == SENDA_FULL && keep <= KEEP_NONE; keep++) {
        l->refused = before;
        if (keep == KEEP_NONE) {
            l->refused.full += l->batch->nitems;
        }
        rc = senda_txn_begin(&l->txn, l->store, true, err);
        if (rc == SENDA_OK) {
            rc = commit_batch(l, applied, keep, err);
        }
    }
    empty_batch(l->batch);
    if (rc != SENDA_OK && rc != SENDA_FULL) {
        l->refused = before; /* nothing was decided: the caller tries the batch again */
    }
    if (rc == SENDA_OK && l->refused.full != before.full) {
        return senda_fail(err, SENDA_FULL, "live: full, %llu visits were not kept",
            (unsigned long long)(l->refused.full - before.full));
    }
    return rc;
}

void
senda_live_abort(senda_live_t *l)
{
    senda_txn_abort(l->txn);
    l->txn = NULL;
    empty_batch(l->batch);
}

uint64_t
senda_live_journal(senda_live_t *l)
{
    uint64_t id = 0;
    senda_txn_t *t;

    if (senda_txn_begin(&t, l->store, false, NULL) == SENDA_OK) {
        if (senda_get_u64(t, TABLE_META, SENDA_STR("journal"), &id) != SENDA_OK) {
            id = 0;
        }
        senda_txn_abort(t);
    }
    return id;
}

senda_rc_t
senda_live_set_journal(senda_live_t *l, uint64_t id, senda_err_t *err)
{
    senda_txn_t *t;
    senda_rc_t rc = senda_txn_begin(&t, l->store, true, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_put_u64(t, TABLE_META, SENDA_STR("journal"), id, err);
    if (rc == SENDA_OK) {
        return senda_txn_commit(t, err);
    }
    senda_txn_abort(t);
    return rc;
}

/* ---- who was not seen for long ---- */

/* Whether this entry is to go; one that cannot be read stays. */
static bool
is_stale(senda_live_t *l, senda_str_t value, senda_sec_t before)
{
    return senda_profile_load(&l->profile, value.p, value.n) == SENDA_OK &&
        l->profile.last < before;
}

/* The stale ones among the next max visitors; SENDA_NONE: that was the last one. */
static senda_rc_t
find_stale(senda_live_t *l, senda_sec_t before, unsigned max, senda_visitor_t *stale, unsigned *n,
    senda_err_t *err)
{
    senda_str_t from = l->sweeping ? visitor_key(&l->swept) : (senda_str_t){ NULL, 0 };
    senda_str_t key, value;
    senda_scan_t *scan = NULL;
    senda_rc_t rc = senda_scan_begin(&scan, l->txn, TABLE_VISITORS, from);

    while (rc == SENDA_OK && max-- > 0 && *n < SWEEP_DROPS) {
        rc = senda_scan_next(scan, &key, &value);
        if (rc == SENDA_OK && key.n == SENDA_VISITOR_LEN) {
            memcpy(l->swept.b, key.p, SENDA_VISITOR_LEN);
            l->sweeping = true;
            if (is_stale(l, value, before)) {
                stale[(*n)++] = l->swept;
            }
        }
    }
    senda_scan_end(scan);
    if (rc != SENDA_OK && rc != SENDA_NONE) {
        return senda_fail(err, rc, "live: cannot be swept");
    }
    return rc;
}

senda_rc_t
senda_live_sweep(senda_live_t *l, senda_sec_t before, unsigned max, unsigned *gone,
    senda_err_t *err)
{
    senda_visitor_t stale[SWEEP_DROPS];
    unsigned n = 0;
    senda_rc_t rc, found;

    *gone = 0;
    rc = senda_txn_begin(&l->txn, l->store, true, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    found = find_stale(l, before, max, stale, &n, err);
    rc = found == SENDA_NONE ? SENDA_OK : found;
    for (unsigned i = 0; i < n && rc == SENDA_OK; i++) {
        rc = senda_del(l->txn, TABLE_VISITORS, visitor_key(&stale[i]), err);
    }
    if (rc == SENDA_OK && n > 0) {
        rc = senda_txn_commit(l->txn, err);
    } else {
        senda_txn_abort(l->txn);
    }
    l->txn = NULL;
    if (rc != SENDA_OK) {
        return rc;
    }
    *gone = n;
    if (found == SENDA_NONE) {
        l->sweeping = false;
    }
    return found;
}

senda_rc_t
senda_live_get(senda_live_t *l, const senda_visitor_t *visitor, senda_profile_t *p,
    senda_err_t *err)
{
    senda_str_t value;
    senda_txn_t *t;
    senda_rc_t rc;

    senda_profile_init(p);
    rc = senda_txn_begin(&t, l->store, false, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_get(t, TABLE_VISITORS, visitor_key(visitor), &value);
    if (rc == SENDA_OK) {
        rc = senda_profile_load(p, value.p, value.n);
    }
    senda_txn_abort(t);
    if (rc == SENDA_BAD || rc == SENDA_SYS) {
        return senda_fail(err, rc, "live: a visitor cannot be read");
    }
    return rc;
}

/* One entry of senda_live_each. */
static senda_rc_t
show(senda_live_t *l, senda_str_t key, senda_str_t value, senda_live_each_pt each, void *ctx,
    senda_err_t *err)
{
    senda_visitor_t visitor;

    if (key.n != SENDA_VISITOR_LEN ||
        senda_profile_load(&l->profile, value.p, value.n) != SENDA_OK) {
        return senda_fail(err, SENDA_BAD, "live: a visitor cannot be read");
    }
    memcpy(visitor.b, key.p, SENDA_VISITOR_LEN);
    return each(ctx, &visitor, &l->profile);
}

senda_rc_t
senda_live_each(senda_live_t *l, senda_live_each_pt each, void *ctx, senda_err_t *err)
{
    senda_str_t key, value;
    senda_scan_t *scan = NULL;
    senda_txn_t *t;
    senda_rc_t rc = senda_txn_begin(&t, l->store, false, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_scan_begin(&scan, t, TABLE_VISITORS, (senda_str_t){ NULL, 0 });
    while (rc == SENDA_OK) {
        rc = senda_scan_next(scan, &key, &value);
        if (rc == SENDA_NONE) {
            rc = SENDA_OK;
            break;
        }
        if (rc == SENDA_OK) {
            rc = show(l, key, value, each, ctx, err);
        }
    }
    senda_scan_end(scan);
    senda_txn_abort(t);
    return rc;
}

senda_rc_t
senda_live_totals(senda_live_t *l, senda_live_total_pt each, void *ctx, senda_err_t *err)
{
    return senda_totals_each(l->store, TABLE_PAGES, each, ctx, err);
}

uint64_t
senda_live_visitors(senda_live_t *l)
{
    senda_txn_t *t;
    uint64_t n = 0;

    if (senda_txn_begin(&t, l->store, false, NULL) == SENDA_OK) {
        n = senda_count(t, TABLE_VISITORS);
        senda_txn_abort(t);
    }
    return n;
}
