/*
 * Fuzzes an address's arguments: what is decoded, captured and kept of them
 * stays within its bounds; what is kept is made of what was there, names only
 * what pages and campaigns name, and is the same when it is trimmed again.
 *
 * Input: a path, a NUL, then the arguments.
 */

#include "rules_build.h"
#include "senda_query.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static senda_rules_t *rules;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    rules_build_t *b = rules_build_new();
    senda_err_t err;
    size_t at, len;
    void *blob;

    (void)argc;
    (void)argv;
    rules_build_site(b, 1, NULL);
    rules_build_page(b, 1, 1, SENDA_STR("search"), senda_key_event(SENDA_EV_SEARCH));
    if (rules_build_pattern(b, 1, SENDA_METHOD_GET, false, SENDA_STR("/s*?q={q}&page={#n}"), &at,
            &err) != SENDA_OK ||
        (blob = rules_build_finish(b, 1, &len, &err)) == NULL ||
        senda_rules_open(&rules, blob, len, &err) != SENDA_OK) {
        abort();
    }
    rules_build_free(b);
    return 0;
}

/* Whether each argument of kept stands whole among those of args. */
static bool
is_part(senda_str_t kept, senda_str_t args)
{
    while (kept.n > 0) {
        const char *end = memchr(kept.p, '&', kept.n);
        size_t n = end != NULL ? (size_t)(end - kept.p) : kept.n;

        if (n > 0 && memmem(args.p, args.n, kept.p, n) == NULL) {
            return false;
        }
        kept.p += n + (end != NULL);
        kept.n -= n + (end != NULL);
    }
    return true;
}

static void
trim(senda_str_t args)
{
    static char kept[SENDA_LANDING_MAX], again[SENDA_LANDING_MAX];
    size_t n = senda_query_trim(rules, 1, args, kept, sizeof(kept));

    if (n > sizeof(kept) || !is_part((senda_str_t){ kept, n }, args) ||
        senda_query_trim(rules, 1, (senda_str_t){ kept, n }, again, sizeof(again)) != n ||
        memcmp(kept, again, n) != 0) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static senda_url_t u;
    const char *nul = memchr(data, 0, size);
    senda_str_t path = { (const char *)data,
        nul != NULL ? (size_t)(nul - (const char *)data) : size };
    senda_str_t args = { path.p + path.n + (nul != NULL), size - path.n - (nul != NULL) };
    senda_match_t m = { .nkeys = 0 };

    trim(args);
    if (senda_url_set(&u, SENDA_METHOD_GET, SENDA_STR("shop.example.com"), path, args) !=
            SENDA_OK &&
        senda_url_set(&u, SENDA_METHOD_GET, SENDA_STR("shop.example.com"), SENDA_STR("/s"), args) !=
            SENDA_OK) {
        return 0;
    }
    if (u.nargs > SENDA_ARGS_MAX || u.path.n == 0 || u.path.n > SENDA_PATH_MAX) {
        abort();
    }
    senda_rules_match(rules, 1, &u, &m);
    senda_query_campaign(&u, &m);
    if (m.nkeys > SENDA_KEYS_MAX || m.ncaptures > SENDA_CAPTURES_MAX) {
        abort();
    }
    for (unsigned i = 0; i < m.ncaptures; i++) {
        if (m.captures[i].value.n > 0 && memchr(m.captures[i].value.p, 0, m.captures[i].value.n)) {
            abort();
        }
    }
    return 0;
}
