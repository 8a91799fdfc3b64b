/*
 * Fuzzes what lies in rings and in the journal. The first byte says which:
 * a ring's file as a whole; a sound ring of which some bytes were changed; a
 * chunk of the journal. Reading ends, stays inside, and each visit that can be
 * read holds its bounds.
 */

#include "senda_bytes.h"
#include "senda_journal.h"
#include "senda_ring.h"
#include "senda_visit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE ((size_t)4096 + SENDA_RING_MIN) /* a page of header, then records */

#define TABLE_VISITS 1 /* of the journal's tables */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/dev/shm/senda-fuzz-XXXXXX", ring_path[64], sound[SIZE];

static void
need(int good)
{
    if (!good) {
        abort();
    }
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void
remove_all(void)
{
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A ring with ten visits in it, as a worker leaves it. */
static void
make_sound(void)
{
    senda_ring_t *r;
    senda_visit_t v = { .site = 1, .at = 1785000000000, .nkeys = 1, .flags = SENDA_VISIT_PAGE };
    char record[SENDA_RECORD_MAX];
    int fd;

    need(mkdtemp(dir) != NULL && atexit(remove_all) == 0);
    need(senda_ring_claim(&r, dir, SENDA_RING_MIN, NULL) == SENDA_OK);
    for (unsigned i = 0; i < 10; i++) {
        v.path = (senda_str_t){ "/a/path/of/some/length", 2 + i };
        v.visitor.b[0] = (uint8_t)(i + 1);
        need(senda_ring_put(r, record, senda_visit_dump(&v, record, sizeof(record))) == SENDA_OK);
    }
    senda_ring_close(r);
    snprintf(ring_path, sizeof(ring_path), "%s/%s0", dir, SENDA_RING_PREFIX);
    fd = open(ring_path, O_RDONLY | O_CLOEXEC);
    need(fd >= 0 && read(fd, sound, SIZE) == (ssize_t)SIZE);
    (void)close(fd);
}

static void
look_at(senda_str_t record)
{
    static char copy[SENDA_RECORD_MAX];
    senda_visit_t v;

    need(record.n <= sizeof(copy));
    memcpy(copy, record.p, record.n);
    if (senda_visit_load(&v, copy, record.n) == SENDA_OK) {
        need(
            v.nkeys <= SENDA_KEYS_MAX && v.ncaptures <= SENDA_CAPTURES_MAX && v.path.n <= record.n);
    }
}

static void
read_ring(const void *bytes, size_t n)
{
    int fd = open(ring_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    senda_ring_t *r;
    senda_str_t record;
    uint64_t pos;
    unsigned reads = 0;
    senda_rc_t rc;

    need(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    (void)close(fd);
    if (senda_ring_open(&r, ring_path, NULL) != SENDA_OK) {
        return;
    }
    pos = senda_ring_tail(r);
    while ((rc = senda_ring_next(r, &pos, &record)) != SENDA_NONE) {
        need(reads++ < SIZE);
        if (rc == SENDA_OK) {
            look_at(record);
        }
        senda_ring_release(r, pos);
    }
    (void)senda_ring_owner_alive(r);
    senda_ring_close(r);
}

/* data: pairs of a place, two bytes, and what stands there instead. */
static void
read_changed(const uint8_t *data, size_t size)
{
    static char bytes[SIZE];

    memcpy(bytes, sound, SIZE);
    for (size_t i = 0; i + 3 <= size; i += 3) {
        size_t at = (size_t)(data[i] << 8 | data[i + 1]);

        /* half of them into the header and the records that are there */
        bytes[at & 1 ? at % SIZE : (at >> 1) % 5120] = (char)data[i + 2];
    }
    read_ring(bytes, SIZE);
}

static senda_rc_t
one_visit(void *ctx, senda_seq_t seq, senda_str_t record)
{
    senda_seq_t *last = ctx;

    need(seq > *last);
    *last = seq;
    look_at(record);
    return SENDA_OK;
}

/* The chunk lies in the journal as if the drain had written it. */
static void
read_chunk(const uint8_t *data, size_t size)
{
    static senda_journal_t *journal;
    static senda_store_t *store;
    char path[64], key[8];
    senda_txn_t *t;
    senda_seq_t last = 0;

    if (journal == NULL) {
        snprintf(path, sizeof(path), "%s/journal", dir);
        need(mkdir(path, 0700) == 0 &&
            senda_journal_open_write(&journal, path, "boot", NULL) == SENDA_OK);
        store = senda_journal_store(journal);
    }
    senda_put_be64(key, 1ull << 48 | 1);
    need(senda_txn_begin(&t, store, true, NULL) == SENDA_OK);
    need(senda_put(t, TABLE_VISITS, (senda_str_t){ key, 8 },
             (senda_str_t){ (const char *)data, size }, false, NULL) == SENDA_OK);
    need(senda_txn_commit(t, NULL) == SENDA_OK);
    (void)senda_journal_read(journal, 0, 100000, one_visit, &last, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (ring_path[0] == '\0') {
        make_sound();
    }
    if (size == 0 || size > SIZE) {
        return 0;
    }
    switch (data[0] % 3) {
    case 0:
        read_ring(data + 1, size - 1);
        break;
    case 1:
        read_changed(data + 1, size - 1);
        break;
    default:
        read_chunk(data + 1, size - 1 < SENDA_CHUNK_MAX ? size - 1 : SENDA_CHUNK_MAX);
        break;
    }
    return 0;
}
