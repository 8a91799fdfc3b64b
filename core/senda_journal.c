/*
 * What happened, in order. Two tables: "visits", chunks of records under the
 * sequence of their first, and "meta", numbers and the rings' positions.
 *
 * A writing transaction gathers records in a buffer and puts it down whenever
 * it is full, always behind the greatest key. Numbers begin anew in each epoch
 * and a sequence is used only once: the epoch is stored and made durable before
 * its first visit. Nothing is ever changed, and only whole chunks are taken away,
 * from the front, when the caller says that they are old; a number is not used
 * again by that. On failure the
 * transaction is aborted by the caller and the next one continues behind the
 * last commit.
 */

#include "senda_journal.h"

#include "senda_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define JOURNAL_FORMAT 1
#define EPOCH_SHIFT    48
#define EPOCH_LAST     0xffffu
#define RECORD_HEAD    4
#define PAGE_HEAD      16 /* LMDB's own bytes in a run of pages: a full chunk fills its last page */
#define CHUNK_BYTES    (SENDA_CHUNK_MAX - PAGE_HEAD)

_Static_assert(SENDA_RECORD_MAX + RECORD_HEAD <= CHUNK_BYTES, "a chunk holds any record");

enum { TABLE_META, TABLE_VISITS };

static const char *const tables[] = { "meta", "visits" };
static const senda_schema_t schema = { tables, 2, 0 };

struct senda_journal_s {
    senda_store_t *store;
    senda_txn_t *txn; /* the writing one, or NULL */
    bool write;
    uint64_t epoch;    /* writer */
    uint64_t id;       /* random; 0: made by a program of before, which gave none */
    senda_seq_t head;  /* the last committed; a reader's as of version */
    uint64_t version;  /* reader: the store's, when head was read; 0: never read */
    uint64_t seen;     /* the last commit that senda_journal_read saw */
    senda_seq_t last;  /* writer: the last added in this transaction, or head */
    senda_seq_t chunk; /* writer: the sequence of the buffer's first record */
    size_t nbuf;
    char buf[CHUNK_BYTES];
};

/* The number of a journal that has none yet; without randomness it stays without. */
static senda_rc_t
give_id(senda_journal_t *j, senda_txn_t *t, senda_err_t *err)
{
    if (senda_get_u64(t, TABLE_META, SENDA_STR("id"), &j->id) == SENDA_OK ||
        getrandom(&j->id, sizeof(j->id), 0) != (ssize_t)sizeof(j->id)) {
        return SENDA_OK;
    }
    return senda_put_u64(t, TABLE_META, SENDA_STR("id"), j->id, err);
}

/* Reads epoch, head and boot; a new boot begins a new epoch, durably. */
static senda_rc_t
begin_epoch(senda_journal_t *j, senda_str_t boot, senda_err_t *err)
{
    senda_str_t known;
    senda_txn_t *t;
    senda_rc_t rc = senda_txn_begin(&t, j->store, true, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    if (senda_get_u64(t, TABLE_META, SENDA_STR("head"), &j->head) == SENDA_BAD ||
        senda_get_u64(t, TABLE_META, SENDA_STR("epoch"), &j->epoch) == SENDA_BAD ||
        j->epoch > EPOCH_LAST || j->head >> EPOCH_SHIFT > j->epoch) {
        senda_txn_abort(t);
        return senda_fail(err, SENDA_BAD, "journal: its head cannot be read");
    }
    j->last = j->head;
    rc = senda_get(t, TABLE_META, SENDA_STR("boot"), &known);
    if (rc == SENDA_OK && j->epoch > 0 && senda_str_eq(known, boot) &&
        senda_get_u64(t, TABLE_META, SENDA_STR("id"), &j->id) == SENDA_OK) {
        senda_txn_abort(t);
        return SENDA_OK;
    }
    if (j->epoch == EPOCH_LAST) {
        senda_txn_abort(t);
        return senda_fail(err, SENDA_FULL, "journal: no epoch is left after %u", EPOCH_LAST);
    }
    j->epoch++;
    rc = give_id(j, t, err);
    if (rc == SENDA_OK) {
        rc = senda_put_u64(t, TABLE_META, SENDA_STR("epoch"), j->epoch, err);
    }
    if (rc == SENDA_OK) {
        rc = senda_put(t, TABLE_META, SENDA_STR("boot"), boot, false, err);
    }
    if (rc != SENDA_OK) {
        senda_txn_abort(t);
        return rc;
    }
    rc = senda_txn_commit(t, err);
    return rc == SENDA_OK ? senda_store_sync(j->store, err) : rc;
}

static senda_rc_t
open_either(senda_journal_t **out, const char *dir, bool write, senda_err_t *err)
{
    senda_journal_t *j = calloc(1, sizeof(*j));
    senda_rc_t rc;

    *out = NULL;
    if (j == NULL) {
        (void)senda_fail(err, SENDA_SYS, "%s: no memory", dir);
        return SENDA_SYS;
    }
    j->write = write;
    rc = senda_store_open(&j->store, dir, write ? SENDA_STORE_DURABLE : SENDA_STORE_READ, false,
        SENDA_JOURNAL_MAP, &schema, err);
    if (rc == SENDA_OK) {
        rc = senda_store_format(j->store, TABLE_META, JOURNAL_FORMAT, err);
    }
    if (rc != SENDA_OK) {
        senda_journal_close(j);
        return rc;
    }
    *out = j;
    return SENDA_OK;
}

senda_rc_t
senda_journal_open_write(senda_journal_t **out, const char *dir, const char *boot, senda_err_t *err)
{
    senda_rc_t rc = open_either(out, dir, true, err);

    if (rc == SENDA_OK) {
        rc = begin_epoch(*out, senda_cstr(boot), err);
        if (rc != SENDA_OK) {
            senda_journal_close(*out);
            *out = NULL;
        }
    }
    return rc;
}

senda_rc_t
senda_journal_open_read(senda_journal_t **out, const char *dir, senda_err_t *err)
{
    return open_either(out, dir, false, err);
}

void
senda_journal_close(senda_journal_t *j)
{
    if (j != NULL) {
        senda_store_close(j->store);
        free(j);
    }
}

senda_store_t *
senda_journal_store(senda_journal_t *j)
{
    return j->store;
}

senda_rc_t
senda_journal_begin(senda_journal_t *j, senda_err_t *err)
{
    j->last = j->head;
    j->nbuf = 0;
    return senda_txn_begin(&j->txn, j->store, true, err);
}

static senda_rc_t
put_chunk(senda_journal_t *j, senda_err_t *err)
{
    char key[8];
    senda_rc_t rc;

    if (j->nbuf == 0) {
        return SENDA_OK;
    }
    senda_put_be64(key, j->chunk);
    rc = senda_put(j->txn, TABLE_VISITS, (senda_str_t){ key, sizeof(key) },
        (senda_str_t){ j->buf, j->nbuf }, true, err);
    j->nbuf = 0;
    return rc;
}

senda_rc_t
senda_journal_add(senda_journal_t *j, senda_str_t record, senda_seq_t *seq, senda_err_t *err)
{
    senda_rc_t rc;

    *seq = 0;
    if (record.n > SENDA_RECORD_MAX) {
        return senda_fail(err, SENDA_FULL, "journal: a record of %zu bytes, at most %d", record.n,
            SENDA_RECORD_MAX);
    }
    if (j->nbuf + RECORD_HEAD + record.n > sizeof(j->buf)) {
        rc = put_chunk(j, err);
        if (rc != SENDA_OK) {
            return rc;
        }
    }
    j->last = j->last >> EPOCH_SHIFT == j->epoch ? j->last + 1 : j->epoch << EPOCH_SHIFT | 1;
    if (j->nbuf == 0) {
        j->chunk = j->last;
    }
    senda_put_le32(j->buf + j->nbuf, (uint32_t)record.n);
    if (record.n > 0) {
        memcpy(j->buf + j->nbuf + RECORD_HEAD, record.p, record.n);
    }
    j->nbuf += RECORD_HEAD + record.n;
    *seq = j->last;
    return SENDA_OK;
}

static senda_str_t
ring_key(char buf[32], uint64_t ring)
{
    int n = snprintf(buf, 32, "ring:%016llx", (unsigned long long)ring);

    return (senda_str_t){ buf, (size_t)n };
}

senda_rc_t
senda_journal_ring_pos(senda_journal_t *j, uint64_t ring, uint64_t *pos)
{
    char key[32];
    senda_txn_t *t = j->txn;
    senda_rc_t rc;

    *pos = 0;
    if (t == NULL && (rc = senda_txn_begin(&t, j->store, false, NULL)) != SENDA_OK) {
        return rc;
    }
    rc = senda_get_u64(t, TABLE_META, ring_key(key, ring), pos);
    if (t != j->txn) {
        senda_txn_abort(t);
    }
    return rc;
}

senda_rc_t
senda_journal_set_ring_pos(senda_journal_t *j, uint64_t ring, uint64_t pos, senda_err_t *err)
{
    char key[32];

    return senda_put_u64(j->txn, TABLE_META, ring_key(key, ring), pos, err);
}

senda_rc_t
senda_journal_forget_ring(senda_journal_t *j, uint64_t ring, senda_err_t *err)
{
    char key[32];
    senda_rc_t rc = senda_del(j->txn, TABLE_META, ring_key(key, ring), err);

    return rc == SENDA_NONE ? SENDA_OK : rc;
}

senda_rc_t
senda_journal_commit(senda_journal_t *j, senda_err_t *err)
{
    senda_txn_t *t = j->txn;
    senda_rc_t rc = put_chunk(j, err);

    if (rc == SENDA_OK && j->last != j->head) {
        rc = senda_put_u64(t, TABLE_META, SENDA_STR("head"), j->last, err);
    }
    if (rc != SENDA_OK) {
        senda_journal_abort(j);
        return rc;
    }
    j->txn = NULL;
    rc = senda_txn_commit(t, err);
    if (rc == SENDA_OK) {
        j->head = j->last;
    }
    return rc;
}

void
senda_journal_abort(senda_journal_t *j)
{
    senda_txn_abort(j->txn);
    j->txn = NULL;
    j->nbuf = 0;
    j->last = j->head;
}

senda_seq_t
senda_journal_head(senda_journal_t *j)
{
    senda_txn_t *t;

    if (j->write) {
        return j->head;
    }
    if (senda_store_version(j->store) != j->version &&
        senda_txn_begin(&t, j->store, false, NULL) == SENDA_OK) {
        if (senda_get_u64(t, TABLE_META, SENDA_STR("head"), &j->head) != SENDA_SYS) {
            j->version = senda_txn_version(t);
        }
        senda_txn_abort(t);
    }
    return j->head;
}

/* One walk over the chunks. */
typedef struct {
    senda_seq_t after;
    unsigned left;
    senda_journal_each_pt each;
    void *ctx;
} walk_t;

/* The visits of one chunk that lie after w->after, at most w->left of them. */
static senda_rc_t
walk_chunk(walk_t *w, senda_str_t key, senda_str_t chunk, senda_err_t *err)
{
    senda_seq_t seq;
    senda_rc_t rc;

    if (key.n != 8) {
        return senda_fail(err, SENDA_BAD, "journal: a key of %zu bytes", key.n);
    }
    for (seq = senda_get_be64(key.p); chunk.n > 0 && w->left > 0; seq++) {
        uint32_t n = chunk.n >= RECORD_HEAD ? senda_get_le32(chunk.p) : UINT32_MAX;

        if (n > SENDA_RECORD_MAX || n > chunk.n - RECORD_HEAD) {
            return senda_fail(err, SENDA_BAD, "journal: the record %llu:%llu is cut short",
                (unsigned long long)(seq >> EPOCH_SHIFT),
                (unsigned long long)(seq & ((1ull << EPOCH_SHIFT) - 1)));
        }
        if (seq > w->after) {
            w->left--;
            rc = w->each(w->ctx, seq, (senda_str_t){ chunk.p + RECORD_HEAD, n });
            if (rc != SENDA_OK) {
                return rc;
            }
        }
        chunk.p += RECORD_HEAD + n;
        chunk.n -= RECORD_HEAD + n;
    }
    return SENDA_OK;
}

/* Begins the scan at the chunk that holds w->after, or where the first after it is. */
static senda_rc_t
scan_from(senda_scan_t **scan, senda_txn_t *t, senda_seq_t after, senda_err_t *err)
{
    senda_str_t key, value;
    char at[8];
    senda_rc_t rc;

    senda_put_be64(at, after);
    rc = senda_get_last(t, TABLE_VISITS, (senda_str_t){ at, sizeof(at) }, &key, &value);
    if (rc == SENDA_NONE) {
        key = (senda_str_t){ NULL, 0 };
        rc = SENDA_OK;
    }
    if (rc == SENDA_OK) {
        rc = senda_scan_begin(scan, t, TABLE_VISITS, key);
    }
    return rc == SENDA_OK ? rc : senda_fail(err, rc, "journal: cannot be read");
}

senda_rc_t
senda_journal_read(senda_journal_t *j, senda_seq_t after, unsigned max, senda_journal_each_pt each,
    void *ctx, senda_err_t *err)
{
    walk_t w = { after, max, each, ctx };
    senda_str_t key, value;
    senda_scan_t *scan = NULL;
    senda_txn_t *t;
    senda_rc_t rc = senda_txn_begin(&t, j->store, false, err);

    if (rc != SENDA_OK) {
        return rc;
    }
    j->seen = senda_txn_version(t);
    rc = scan_from(&scan, t, after, err);
    while (rc == SENDA_OK && w.left > 0) {
        rc = senda_scan_next(scan, &key, &value);
        if (rc == SENDA_NONE) {
            rc = SENDA_OK;
            break;
        }
        rc = rc == SENDA_OK ? walk_chunk(&w, key, value, err)
                            : senda_fail(err, rc, "journal: cannot be read");
    }
    senda_scan_end(scan);
    senda_txn_abort(t);
    return rc;
}

/* ---- what is too old ---- */

uint64_t
senda_journal_id(const senda_journal_t *j)
{
    return j->id;
}

senda_seq_t
senda_journal_first(senda_journal_t *j)
{
    senda_str_t key, value;
    senda_scan_t *scan = NULL;
    senda_seq_t first = 0;
    senda_txn_t *t = j->txn;

    if (t == NULL && senda_txn_begin(&t, j->store, false, NULL) != SENDA_OK) {
        return 0;
    }
    if (senda_scan_begin(&scan, t, TABLE_VISITS, (senda_str_t){ NULL, 0 }) == SENDA_OK &&
        senda_scan_next(scan, &key, &value) == SENDA_OK && key.n == 8) {
        first = senda_get_be64(key.p);
    }
    senda_scan_end(scan);
    if (t != j->txn) {
        senda_txn_abort(t);
    }
    return first;
}

/* What walk_chunk asks of each visit of a chunk that is to go. */
typedef struct {
    senda_seq_t upto;
    senda_journal_old_pt is_old;
    void *ctx;
    uint64_t n;
} expiry_t;

static senda_rc_t
look_whether_old(void *ctx, senda_seq_t seq, senda_str_t record)
{
    expiry_t *e = ctx;

    e->n++;
    return seq <= e->upto && e->is_old(e->ctx, record) ? SENDA_OK : SENDA_NONE;
}

/* The first chunk; SENDA_NONE when it is the last one too, or must stay. */
static senda_rc_t
expire_chunk(senda_journal_t *j, expiry_t *e, senda_err_t *err)
{
    walk_t w = { 0, UINT32_MAX, look_whether_old, e };
    senda_str_t key = { NULL, 0 }, value = key, next;
    senda_scan_t *scan = NULL;
    char at[8];
    senda_rc_t rc = senda_scan_begin(&scan, j->txn, TABLE_VISITS, (senda_str_t){ NULL, 0 });

    e->n = 0;
    (void)senda_fail(err, SENDA_SYS, "journal: its front cannot be read");
    if (rc == SENDA_OK) {
        rc = senda_scan_next(scan, &key, &value);
    }
    if (rc == SENDA_OK) {
        rc = walk_chunk(&w, key, value, err);
    }
    if (rc == SENDA_OK) {
        memcpy(at, key.p, sizeof(at));
        rc = senda_scan_next(scan, &next, &value);
    }
    senda_scan_end(scan);
    return rc == SENDA_OK ? senda_del(j->txn, TABLE_VISITS, (senda_str_t){ at, sizeof(at) }, err)
                          : rc;
}

senda_rc_t
senda_journal_expire(senda_journal_t *j, senda_seq_t upto, unsigned max,
    senda_journal_old_pt is_old, void *ctx, uint64_t *gone, senda_err_t *err)
{
    expiry_t e = { upto, is_old, ctx, 0 };
    senda_rc_t rc = SENDA_OK;

    *gone = 0;
    while (rc == SENDA_OK && max-- > 0) {
        rc = expire_chunk(j, &e, err);
        if (rc == SENDA_OK) {
            *gone += e.n;
        }
    }
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

bool
senda_journal_behind(const senda_journal_t *j)
{
    return senda_store_version(j->store) > j->seen;
}
