/*
 * What a request costs in core/: matching an address against 10, 1,000 and
 * 100,000 patterns, beside PCRE2-JIT on the same set; a profile's way through
 * live/, cookie, seal, bot filter. CPU time of this process, best of several
 * rounds. A line each: NAME <tab> nanoseconds.
 */

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "rules_build.h"
#include "senda_bot.h"
#include "senda_cookie.h"
#include "senda_profile.h"
#include "senda_seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS  5
#define TIMES   200000
#define UNSEALS 20000
#define URLS    4096

static senda_url_t url;
static char paths[URLS][64];
static senda_profile_t profile;
static volatile unsigned sink;

static double
cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define BENCH(name, n, statement)                           \
    do {                                                    \
        double best = 1e18;                                 \
        for (unsigned round = 0; round < ROUNDS; round++) { \
            double start = cpu_ns(), took;                  \
            for (unsigned i = 0; i < (n); i++) {            \
                statement;                                  \
            }                                               \
            took = (cpu_ns() - start) / (n);                \
            best = took < best ? took : best;               \
        }                                                   \
        printf("%s\t%.0f\n", name, best);                   \
    } while (0)

/* A shop's path for number i; 60 % are named whole, 35 % by prefix, 5 % with an inner '*'. */
static void
path_of(unsigned i, bool pattern, char *out, size_t size)
{
    static const char *const shelves[] = { "zapatos", "botas", "bolsos", "tacones", "runner",
        "ninos", "hombre", "mujer", "ofertas", "marcas" };
    const char *shelf = shelves[i % 10];
    unsigned kind = i * 2654435761u >> 8;

    kind = kind % 100;
    if (kind < 60) {
        (void)snprintf(out, size, "/%s/modelo-%u-rojo.html", shelf, i);
    } else if (kind < 95) {
        (void)snprintf(out, size, "/%s/coleccion-%u%s", shelf, i, pattern ? "*" : "/talla/38");
    } else {
        (void)snprintf(out, size, "/%s/%s/opinion-%u", shelf, pattern ? "*" : "tacon/ana", i);
    }
}

static senda_rules_t *
compile(unsigned n, void **blob)
{
    rules_build_t *b = rules_build_new();
    senda_rules_t *r = NULL;
    senda_err_t err = { "" };
    char text[128];
    size_t at, len;

    rules_build_site(b, 1, NULL);
    for (unsigned i = 1; i <= n; i++) {
        (void)snprintf(text, sizeof(text), "p%u", i);
        rules_build_page(b, 1, i, senda_cstr(text), 0);
        path_of(i, true, text, sizeof(text));
        (void)rules_build_pattern(b, i, SENDA_METHOD_GET, false, senda_cstr(text), &at, &err);
    }
    rules_build_tag_rule(b, &(senda_tag_rule_t){ .tag = 1, .site = 1, .key = 3, .times = 4 });
    *blob = rules_build_finish(b, 1, &len, &err);
    rules_build_free(b);
    if (*blob == NULL || senda_rules_open(&r, *blob, len, &err) != SENDA_OK) {
        (void)fprintf(stderr, "bench_match: %s\n", err.text);
        exit(1);
    }
    return r;
}

/* The peer: the same patterns as regular expressions, so many in one alternation as PCRE2 takes. */
#define CHUNK  1000
#define CHUNKS 100

typedef struct {
    unsigned n;
    pcre2_code *codes[CHUNKS];
    pcre2_match_data *data;
} peer_t;

static void
peer_regex(char *out, size_t size, unsigned from, unsigned to)
{
    size_t n = (size_t)snprintf(out, size, "^(?:");

    for (unsigned i = from; i < to; i++) {
        char text[64];

        path_of(i, true, text, sizeof(text));
        n += (size_t)snprintf(out + n, size - n, "%s", i > from ? "|" : "");
        for (const char *p = text; *p != '\0'; p++) {
            n += (size_t)snprintf(out + n, size - n,
                *p == '*'       ? ".*"
                    : *p == '.' ? "\\."
                                : "%c",
                *p);
        }
        n += (size_t)snprintf(out + n, size - n, "$");
    }
    (void)snprintf(out + n, size - n, ")");
}

static void
peer_compile(peer_t *peer, unsigned n)
{
    static char text[CHUNK * 80];

    *peer = (peer_t){ .data = pcre2_match_data_create(1, NULL) };
    for (unsigned from = 1; from <= n; from += CHUNK) {
        PCRE2_SIZE at;
        pcre2_code *code;
        int error;

        peer_regex(text, sizeof(text), from, from + CHUNK <= n ? from + CHUNK : n + 1);
        code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_NO_AUTO_CAPTURE, &error,
            &at, NULL);
        if (code == NULL || pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) != 0) {
            (void)fprintf(stderr, "bench_match: PCRE2 refuses the patterns\n");
            exit(1);
        }
        peer->codes[peer->n++] = code;
    }
}

static bool
peer_match(const peer_t *peer, senda_str_t path)
{
    for (unsigned i = 0; i < peer->n; i++) {
        if (pcre2_jit_match(peer->codes[i], (PCRE2_SPTR)path.p, path.n, 0, 0, peer->data, NULL) >
            0) {
            return true;
        }
    }
    return false;
}

static void
peer_free(peer_t *peer)
{
    for (unsigned i = 0; i < peer->n; i++) {
        pcre2_code_free(peer->codes[i]);
    }
    pcre2_match_data_free(peer->data);
}

/* On the addresses that bench_match has put into paths. */
static void
bench_peer(unsigned n)
{
    unsigned times = n > 1000 ? TIMES / 1000 : n > 10 ? TIMES / 10 : TIMES, hits = 0;
    peer_t peer;
    char name[64];

    peer_compile(&peer, n);
    for (unsigned i = 0; i < URLS / 16; i++) {
        hits += peer_match(&peer, senda_cstr(paths[i]));
    }
    if (hits != URLS / 16) {
        (void)fprintf(stderr, "bench_match: PCRE2 matched %u of %u addresses\n", hits,
            (unsigned)URLS / 16);
        exit(1);
    }
    (void)snprintf(name, sizeof(name), "PCRE2-JIT, %u patterns", n);
    BENCH(name, times, sink += peer_match(&peer, senda_cstr(paths[i % URLS])));
    peer_free(&peer);
}

static void
bench_match(unsigned n)
{
    void *blob;
    senda_rules_t *r = compile(n, &blob);
    senda_match_t m;
    unsigned hits = 0;
    char name[64];

    (void)senda_url_parse(&url, SENDA_METHOD_GET, SENDA_STR("/"));
    for (unsigned i = 0; i < URLS; i++) {
        path_of(i * 2654435761u % n + 1, false, paths[i], sizeof(paths[i]));
        url.path = senda_cstr(paths[i]);
        senda_rules_match(r, 1, &url, &m);
        hits += m.nkeys > 0;
    }
    if (hits != URLS) {
        (void)fprintf(stderr, "bench_match: %u of %u addresses matched\n", hits, (unsigned)URLS);
        exit(1);
    }
    (void)snprintf(name, sizeof(name), "match, %u patterns", n);
    BENCH(name, TIMES, url.path = senda_cstr(paths[i % URLS]); senda_rules_match(r, 1, &url, &m);
          sink += m.nkeys);
    senda_rules_close(r);
    free(blob);
    bench_peer(n);
}

static void
bench_profile(void)
{
    static uint8_t packed[SENDA_PROFILE_PACKED_MAX];
    void *blob;
    senda_rules_t *r = compile(10, &blob);
    size_t n;

    senda_profile_init(&profile);
    for (unsigned i = 0; i < 100; i++) {
        senda_profile_apply(&profile, r, 1, true, &(senda_key_t){ i % 8 + 1 }, 1, 1780000000 + i);
    }
    n = senda_profile_dump(&profile, packed, sizeof(packed));
    BENCH("profile of 9 counters: load, apply, dump", TIMES,
          (void)senda_profile_load(&profile, packed, n);
          senda_profile_apply(&profile, r, 1, true, &(senda_key_t){ i % 8 + 1 }, 1, 1780000200);
          sink += (unsigned)senda_profile_dump(&profile, packed, sizeof(packed)));
    senda_rules_close(r);
    free(blob);
}

static void
bench_crypto(void)
{
    static char value[SENDA_COOKIE_MAX], scratch[SENDA_COOKIE_MAX], sealed[512];
    senda_str_t name = SENDA_STR("senda"), data = SENDA_STR("email=ana%40example.com&name=Ana");
    senda_cookie_t c = { .day = 20600 };
    senda_keys_t nginx, sidecar;
    senda_sealer_t *s;
    size_t n = 0;

    if (senda_keys_make(&nginx, &sidecar, NULL) != SENDA_OK ||
        senda_sealer_new(&s, nginx.seal_public, NULL) != SENDA_OK) {
        exit(1);
    }
    BENCH("cookie made", TIMES, n = senda_cookie_make(&c, &nginx, name, value, sizeof(value)));
    BENCH("cookie read", TIMES,
        sink += senda_cookie_read(&c, &nginx, name, (senda_str_t){ value, n }, 20600, 1, scratch));
    BENCH("seal", TIMES, n = senda_seal(s, data, sealed, sizeof(sealed)));
    BENCH("unseal", UNSEALS,
        sink += senda_unseal(sidecar.seal_secret, (senda_str_t){ sealed, n }, value, sizeof(value),
            &(size_t){ 0 }));
    senda_sealer_free(s);
}

int
main(void)
{
    static const char agent[] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
                                "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

    bench_match(10);
    bench_match(1000);
    bench_match(100000);
    BENCH("address taken apart", TIMES,
        sink += senda_url_parse(&url, SENDA_METHOD_GET,
            SENDA_STR("/zapatos/modelo-77-rojo.html?color=rojo&talla=38")));
    BENCH("bot filter", TIMES, sink += senda_is_bot(SENDA_STR(agent)));
    bench_profile();
    bench_crypto();
    return 0;
}
