/*
 * What the core's operations cost, in nanoseconds of a processor each: `make
 * bench` prints it. Stores lie in folders of their own that are removed afterwards.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bot.h"
#include "senda_bytes.h"
#include "senda_cookies.h"
#include "senda_form.h"
#include "senda_keys.h"
#include "senda_known.h"
#include "senda_live.h"
#include "senda_ring.h"
#include "senda_seal.h"

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

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
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

/* What every request of a returning visitor costs. */
static void
bench_request(void)
{
    const senda_str_t agent = SENDA_STR("Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
                                        "AppleWebKit/537.36 (KHTML, like Gecko) "
                                        "Chrome/126.0.0.0 Safari/537.36");
    static senda_agents_t agents;
    static senda_cookies_t cookies;
    senda_cookie_t c = { .day = 20000 }, back;
    char value[SENDA_COOKIE_MAX], scratch[SENDA_COOKIE_MAX];
    senda_keys_t nginx, sidecar;
    uint64_t bots = 0;
    double begun;
    size_t n;

    begun = now();
    for (int i = 0; i < 1000000; i++) {
        bots += senda_is_bot(agent);
    }
    report("user agent, not seen before", now() - begun, 1000000);
    begun = now();
    for (int i = 0; i < 1000000; i++) {
        bots += senda_agents_is_bot(&agents, agent);
    }
    report("user agent, kept", now() - begun, 1000000);
    must(bots == 0 ? SENDA_OK : SENDA_BAD);
    must(senda_keys_make(&nginx, &sidecar, NULL));
    must(senda_visitor_make(&c.visitor));
    n = senda_cookie_make(&c, &nginx, SENDA_STR("senda"), value, sizeof(value));
    begun = now();
    for (int i = 0; i < 1000000; i++) {
        must(senda_cookie_read(&back, &nginx, SENDA_STR("senda"), (senda_str_t){ value, n }, 20000,
            365, scratch));
    }
    report("cookie read", now() - begun, 1000000);
    senda_cookies_init(&cookies, &nginx);
    begun = now();
    for (int i = 0; i < 1000000; i++) {
        must(senda_cookies_read(&cookies, &back, SENDA_STR("senda"), (senda_str_t){ value, n },
            20000, 365, scratch));
    }
    report("cookie kept", now() - begun, 1000000);
    begun = now();
    value[n - 5] = value[n - 5] == 'A' ? 'B' : 'A';
    for (int i = 0; i < 1000000; i++) {
        must(senda_cookie_read(&back, &nginx, SENDA_STR("senda"), (senda_str_t){ value, n }, 20000,
                 365, scratch) == SENDA_BAD
                ? SENDA_OK
                : SENDA_SYS);
    }
    report("cookie read, forged", now() - begun, 1000000);
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

/* A sign-up of twelve answers, of which the rules name five: read, packed and sealed in a worker. */
static void
bench_form(void)
{
    static const char body[] = "csrf=2f0a&email=ana.garcia%40example.com&first=Ana+Mar%C3%ADa&last="
                               "Garc%C3%ADa&tel=%2B34+600+111+222&street=Gran+V%C3%ADa+1&zip=28013&"
                               "city=Madrid&news=on&size=38&terms=on&send=Sign+up";
    static const senda_str_t inputs[] = { { "email", 5 }, { "first", 5 }, { "tel", 3 },
        { "news", 4 }, { "size", 4 } };
    char out[SENDA_HEADER_MAX], plain[SENDA_SEALED_MAX], sealed[SENDA_SEALED_MAX];
    senda_private_t said = { .form = { out, 0 } };
    senda_keys_t nginx, sidecar;
    senda_sealer_t *sealer;
    senda_form_count_t count;
    double begun = now();
    size_t n = 0;

    for (int i = 0; i < 500000; i++) {
        said.form.n = senda_form_keep((senda_str_t){ body, sizeof(body) - 1 }, inputs, 5, out,
            sizeof(out), &count);
    }
    report("form, 5 answers of 12 kept", now() - begun, 500000);
    must(senda_keys_make(&nginx, &sidecar, NULL));
    must(senda_sealer_new(&sealer, nginx.seal_public, NULL));
    begun = now();
    for (int i = 0; i < 20000; i++) {
        n = senda_private_dump(&said, plain, sizeof(plain));
        n = senda_seal(sealer, (senda_str_t){ plain, n }, sealed, sizeof(sealed));
    }
    report("form, packed and sealed", now() - begun, 20000);
    must(n > 0 ? SENDA_OK : SENDA_BAD);
    senda_sealer_free(sealer);
}

/* What a variable asks for: a record of 1e5 visitors. */
static void
bench_known(void)
{
    static senda_known_t known;
    static char buf[SENDA_KNOWN_MAX];
    senda_published_t *p;
    senda_visitor_t v;
    double begun;

    must(senda_published_open_write(&p, disk, NULL));
    must(senda_published_begin(p, NULL));
    known = (senda_known_t){ .has_score = true,
        .score = 40,
        .stage = SENDA_STR("lead"),
        .ntags = 4,
        .nsegments = 2,
        .segments = { SENDA_STR("keen"), SENDA_STR("madrid") },
        .nshows = 2,
        .shows = { { SENDA_STR("header"), SENDA_STR("banner") },
            { SENDA_STR("footer"), SENDA_STR("newsletter") } } };
    for (uint64_t i = 0; i < 100000; i++) {
        v = visit(i).visitor;
        must(senda_known_set(p, &v, &known, NULL));
    }
    must(senda_published_commit(p, NULL));
    begun = now();
    for (uint64_t i = 0; i < 500000; i++) {
        v = visit(i * 31 % 100000).visitor;
        must(senda_known_get(p, &v, &known, buf));
    }
    report("known get, 1e5 visitors", now() - begun, 500000);
    senda_published_close(p);
}

int
main(void)
{
    scratch_make_in("/dev/shm", memory);
    scratch_make(disk);
    bench_request();
    bench_ring();
    bench_journal(bench_visit());
    bench_live();
    bench_form();
    scratch_remove(disk);
    scratch_make(disk);
    bench_known();
    scratch_remove(memory);
    scratch_remove(disk);
    return 0;
}
