/*
 * What the core's operations cost, in nanoseconds each: `make bench` prints
 * it. Stores lie in folders of their own that are removed afterwards.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bytes.h"
#include "senda_live.h"
#include "senda_ring.h"

enum { RECORD = 200, PEOPLE = 100000, BATCH = 1000 };

static char memory[SCRATCH_MAX], disk[SCRATCH_MAX], packed[SENDA_RECORD_MAX];
static senda_profile_t profile;

static void
must(senda_rc_t rc)
{
    if (rc != SENDA_OK) {
        (void)fprintf(stderr, "bench_core: an operation failed (%d)\n", (int)rc);
        exit(1);
    }
}

static double
now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
report(const char *what, double took, uint64_t n)
{
    (void)printf("%-46s %9.1f ns\n", what, took / (double)n);
}

static senda_visit_t
visit(uint64_t n)
{
    senda_visit_t v = { .site = 1, .generation = 9, .at = 1780000000000 + (senda_ms_t)n };

    senda_put_be64(v.visitor.b, (n * 7919 % PEOPLE + 1) * 0x9e3779b97f4a7c15u);
    v.flags = SENDA_VISIT_PAGE;
    v.nkeys = 2;
    v.keys[0] = (senda_key_t)(1 + n % 20);
    v.keys[1] = SENDA_KEY_EVENT | SENDA_EV_VIEW_ITEM;
    v.path = SENDA_STR("/zapatos/tacones/tacon-rojo-42.html");
    return v;
}

static void
bench_ring(void)
{
    double begun, put = 0, next = 0;
    uint64_t pos = 0;
    senda_ring_t *r;
    senda_str_t data;

    must(senda_ring_claim(&r, memory, SENDA_RING_SIZE, NULL));
    for (int n = 0; n < 1000000; n += 10000, senda_ring_release(r, pos)) {
        begun = now();
        for (int i = 0; i < 10000; i++) {
            must(senda_ring_put(r, packed, RECORD));
        }
        put += now() - begun;
        begun = now();
        while (senda_ring_next(r, &pos, &data) == SENDA_OK) {
        }
        next += now() - begun;
    }
    report("ring put, 200 bytes", put, 1000000);
    report("ring next, 200 bytes", next, 1000000);
    senda_ring_close(r);
}

static size_t
bench_visit(void)
{
    senda_visit_t v = visit(1), back;
    double begun = now();
    size_t n = 0;

    for (int i = 0; i < 1000000; i++) {
        v.at++;
        n = senda_visit_dump(&v, packed, sizeof(packed));
    }
    report("visit dump", now() - begun, 1000000);
    begun = now();
    for (int i = 0; i < 1000000; i++) {
        must(senda_visit_load(&back, packed, n));
    }
    report("visit load", now() - begun, 1000000);
    return n;
}

static void
bench_journal(size_t n)
{
    senda_journal_t *j;
    senda_seq_t seq;
    double begun;

    must(senda_journal_open_write(&j, disk, "boot", NULL));
    begun = now();
    for (int batch = 0; batch < 200; batch++) {
        must(senda_journal_begin(j, NULL));
        for (int i = 0; i < BATCH; i++) {
            must(senda_journal_add(j, (senda_str_t){ packed, n }, &seq, NULL));
        }
        must(senda_journal_commit(j, NULL));
    }
    report("journal, a visit in batches of 1000", now() - begun, 200 * BATCH);
    senda_journal_close(j);
}

static void
bench_live(void)
{
    double begun = 0;
    senda_live_t *l;
    senda_visit_t v;

    must(senda_live_open_write(&l, memory, SENDA_LIVE_SIZE, NULL));
    for (uint64_t n = 1; n <= 1000 * BATCH; n += BATCH) {
        begun = n / BATCH == 500 ? now() : begun; /* by now everybody is stored */
        must(senda_live_begin(l, NULL));
        for (uint64_t i = 0; i < BATCH; i++) {
            v = visit(n + i);
            must(senda_live_apply(l, NULL, &v, NULL));
        }
        must(senda_live_commit(l, n, NULL));
    }
    report("live, a visit in batches of 1000, 1e5 visitors", now() - begun, 500 * BATCH);
    begun = now();
    for (uint64_t i = 0; i < 500000; i++) {
        v = visit(i * 31);
        must(senda_live_get(l, &v.visitor, &profile, NULL));
    }
    report("live get", now() - begun, 500000);
    senda_live_close(l);
}

int
main(void)
{
    scratch_make_in("/dev/shm", memory);
    scratch_make(disk);
    bench_ring();
    bench_journal(bench_visit());
    bench_live();
    scratch_remove(memory);
    scratch_remove(disk);
    return 0;
}
