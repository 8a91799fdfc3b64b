/*
 * A live store of many visitors, for measuring: made, asked, added to, and
 * waited for.
 *
 *     tool_live make JOURNAL LIVE BYTES VISITORS    one visit of each visitor, in both stores
 *     tool_live lookup LIVE BYTES VISITORS          a million lookups of visitors at random
 *     tool_live drain JOURNAL LIVE BYTES VISITORS   a million visits out of a ring into both
 *     tool_live wait JOURNAL LIVE BYTES SECONDS     until live/ has all of the journal
 *
 * Prints "WORD NUMBER" lines: nanoseconds a visit or a lookup; seconds waited.
 * What each part of `drain` costs stands beside the whole.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bytes.h"
#include "senda_journal.h"
#include "senda_live.h"
#include "senda_ring.h"

enum { LOOKUPS = 1000000, VISITS = 1000000 };

static senda_profile_t profile;
static char packed[SENDA_RECORD_MAX];
static uint64_t seed = 88172645463325252u;

static void
must(senda_rc_t rc, const senda_err_t *err)
{
    if (rc != SENDA_OK) {
        (void)fprintf(stderr, "tool_live: %s\n", err->text);
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

/* Nanoseconds of the processor that this process has had: what a busy machine does not change. */
static double
own(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t
draw(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* The n-th visitor, as spread over the keys as random names are. */
static senda_visitor_t
visitor(uint64_t n)
{
    uint64_t a = (n + 1) * 0x9e3779b97f4a7c15u;
    senda_visitor_t v;

    a = (a ^ a >> 29) * 0xbf58476d1ce4e5b9u;
    senda_put_be64(v.b, a ^ a >> 32);
    senda_put_be64(v.b + 8, a * 0x94d049bb133111ebu);
    return v;
}

static senda_visit_t
visit(uint64_t n)
{
    senda_visit_t v = { .site = 1, .generation = 9, .at = 1780000000000 + (senda_ms_t)n };

    v.visitor = visitor(n);
    v.flags = SENDA_VISIT_PAGE;
    v.nkeys = 1;
    v.keys[0] = (senda_key_t)(1 + n % 20);
    v.path = SENDA_STR("/zapatos/tacones/tacon-rojo-42.html");
    return v;
}

static void
begin(senda_journal_t *j, senda_live_t *l)
{
    senda_err_t err;

    must(senda_live_begin(l, &err), &err);
    must(senda_journal_begin(j, &err), &err);
}

static void
open_both(senda_journal_t **j, senda_live_t **l, char **argv)
{
    senda_err_t err;

    must(senda_journal_open_write(j, argv[2], "bench", &err), &err);
    must(senda_live_open_write(l, argv[3], strtoull(argv[4], NULL, 10), &err), &err);
    if (senda_live_journal(*l) != senda_journal_id(*j)) {
        must(senda_live_set_journal(*l, senda_journal_id(*j), &err), &err);
    }
}

static void
make(char **argv)
{
    uint64_t visitors = strtoull(argv[5], NULL, 10);
    double journal = 0, live = 0, begun;
    senda_journal_t *j;
    senda_live_t *l;
    senda_err_t err;
    senda_seq_t seq = 0;

    open_both(&j, &l, argv);
    for (uint64_t n = 0; n < visitors;) {
        begin(j, l);
        for (unsigned i = 0; i < SENDA_BATCH_MAX && n < visitors; i++, n++) {
            senda_visit_t v = visit(n);
            size_t len = senda_visit_dump(&v, packed, sizeof(packed));

            must(senda_journal_add(j, (senda_str_t){ packed, len }, &seq, &err), &err);
            must(senda_live_apply(l, NULL, &v, &err), &err);
        }
        begun = own();
        must(senda_journal_commit(j, &err), &err);
        journal += own() - begun;
        begun = own();
        must(senda_live_commit(l, seq, &err), &err);
        live += own() - begun;
    }
    (void)printf("journal %.0f\nlive %.0f\n", journal / (double)visitors, live / (double)visitors);
    senda_live_close(l);
    senda_journal_close(j);
}

static void
lookup(char **argv)
{
    uint64_t visitors = strtoull(argv[4], NULL, 10);
    senda_visitor_t who[1000];
    senda_live_t *l;
    senda_err_t err;
    double took = 0, begun;

    must(senda_live_open_read(&l, argv[2], strtoull(argv[3], NULL, 10), &err), &err);
    for (unsigned n = 0; n < LOOKUPS; n += 1000) {
        for (unsigned i = 0; i < 1000; i++) {
            who[i] = visitor(draw(visitors));
        }
        begun = own();
        for (unsigned i = 0; i < 1000; i++) {
            must(senda_live_get(l, &who[i], &profile, &err), &err);
        }
        took += own() - begun;
    }
    (void)printf("lookup %.0f\n", took / LOOKUPS);
    senda_live_close(l);
}

/* What the drain does with a batch, but for nginx's own settings. */
static void
take_batch(senda_ring_t *r, senda_journal_t *j, senda_live_t *l, double cost[4])
{
    uint64_t pos = senda_ring_tail(r);
    senda_seq_t seq = 0;
    senda_str_t record;
    senda_visit_t v;
    senda_err_t err;
    double begun = own();

    begin(j, l);
    while (senda_ring_next(r, &pos, &record) == SENDA_OK) {
        must(senda_visit_load(&v, record.p, record.n), &err);
        must(senda_journal_add(j, record, &seq, &err), &err);
        must(senda_live_apply(l, NULL, &v, &err), &err);
    }
    must(senda_journal_set_ring_pos(j, senda_ring_id(r), pos, &err), &err);
    cost[0] += own() - begun;
    begun = own();
    must(senda_journal_commit(j, &err), &err);
    cost[1] += own() - begun;
    begun = own();
    must(senda_live_commit(l, seq, &err), &err);
    cost[2] += own() - begun;
    senda_ring_release(r, pos);
}

static void
drain(char **argv)
{
    uint64_t visitors = strtoull(argv[5], NULL, 10);
    char dir[SCRATCH_MAX];
    double cost[4] = { 0 }, begun = now();
    senda_journal_t *j;
    senda_live_t *l;
    senda_ring_t *r;
    senda_err_t err;

    scratch_make_in("/dev/shm", dir);
    open_both(&j, &l, argv);
    must(senda_ring_claim(&r, dir, SENDA_RING_SIZE, &err), &err);
    for (unsigned n = 0; n < VISITS;) {
        for (unsigned i = 0; i < SENDA_BATCH_MAX && n < VISITS; i++, n++) {
            senda_visit_t v = visit(draw(visitors));
            size_t len = senda_visit_dump(&v, packed, sizeof(packed));

            must(senda_ring_put(r, packed, len), &err);
        }
        take_batch(r, j, l, cost);
    }
    cost[3] = cost[0] + cost[1] + cost[2];
    (void)printf("take %.0f\njournal %.0f\nlive %.0f\ndrain %.0f\nwall %.0f\n", cost[0] / VISITS,
        cost[1] / VISITS, cost[2] / VISITS, cost[3] / VISITS, (now() - begun) / VISITS);
    senda_ring_close(r);
    senda_live_close(l);
    senda_journal_close(j);
    scratch_remove(dir);
}

/* Both are opened anew for each look: they may not be there yet, or be made anew. */
static bool
is_level(char **argv)
{
    senda_journal_t *j = NULL;
    senda_live_t *l = NULL;
    bool level = false;

    if (senda_journal_open_read(&j, argv[2], NULL) == SENDA_OK &&
        senda_live_open_read(&l, argv[3], strtoull(argv[4], NULL, 10), NULL) == SENDA_OK) {
        level = senda_journal_head(j) != 0 && senda_live_applied(l) >= senda_journal_head(j);
    }
    senda_live_close(l);
    senda_journal_close(j);
    return level;
}

static void
wait_for(char **argv)
{
    double begun = now(), most = strtod(argv[5], NULL) * 1e9;

    while (!is_level(argv)) {
        if (now() - begun > most) {
            (void)fprintf(stderr, "tool_live: live/ is still behind the journal\n");
            exit(1);
        }
        (void)nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    }
    (void)printf("waited %.2f\n", (now() - begun) / 1e9);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *word;
        int argc;
        void (*run)(char **argv);
    } verbs[] = { { "make", 6, make }, { "lookup", 5, lookup }, { "drain", 6, drain },
        { "wait", 6, wait_for } };

    for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (argc == verbs[i].argc && strcmp(argv[1], verbs[i].word) == 0) {
            verbs[i].run(argv);
            return 0;
        }
    }
    (void)fprintf(stderr, "tool_live: make, lookup, drain or wait, with their arguments\n");
    return 2;
}
