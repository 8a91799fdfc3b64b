/*
 * Addresses of people in texts: what goes, what stays, at every edge.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_mask.h"

#include <stdio.h>
#include <stdlib.h>

static void
becomes(const char *text, const char *want)
{
    char *buf = malloc(strlen(text) + 1); /* exactly as long: a byte too far is noticed */

    assert_non_null(buf);
    memcpy(buf, text, strlen(text));
    senda_mask_addresses(buf, strlen(text));
    if (strlen(text) != strlen(want) || memcmp(buf, want, strlen(want)) != 0) {
        fail_msg("\"%s\" became \"%.*s\"", text, (int)strlen(text), buf);
    }
    free(buf);
}

static void
addresses_go(void **state)
{
    (void)state;
    becomes("anna@shop.de", "****@*******");
    becomes("to <ana.maria+x@a-b.example.com>.", "to <***********@***************>.");
    becomes("\"a@b\", 'c@d'", "\"*@*\", **@*'");
    becomes("a%40b.de and c%40d", "*%40**** and *%40*");
    becomes("http://x/?m=anna@shop.de&n=1", "http:***********@*******&n=1");
    becomes("jos\xc3\xa9@ma\xc3\xb1"
            "ana.es",
        "*****@**********");
    becomes("a@b@c", "*@*@*");
    becomes("@@a@b", "@@*@*");
    becomes("anna@shop.de bob@x.y", "****@******* ***@***");
}

static void
the_rest_stays(void **state)
{
    static const char *const texts[] = { "", "@", "a@", "@b", "a @b", "a@ b", "%40", "a%40", "%40b",
        "%4", "100%40", "shop.senda:3:7: unknown word \"purchse\"; did you mean \"purchase\"?",
        "@media (x)" };

    (void)state;
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        becomes(texts[i], texts[i]);
    }
}

/* Whatever the bytes are: no '@' is left between two letters. */
static void
nothing_is_left_of_random_ones(void **state)
{
    static const char letters[] = "ab.@%40 <-";
    unsigned seed = 7;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)rand_r(&seed) % 24;
        char *p = malloc(n + 1);

        assert_non_null(p);
        for (size_t i = 0; i < n; i++) {
            p[i] = letters[(unsigned)rand_r(&seed) % (sizeof(letters) - 1)];
        }
        senda_mask_addresses(p, n);
        for (size_t i = 1; i + 1 < n; i++) {
            if (p[i] == '@' && p[i - 1] != '*' && p[i + 1] != '*') {
                assert_true(
                    strchr("ab.-%40", p[i - 1]) == NULL || strchr("ab.-40", p[i + 1]) == NULL);
            }
        }
        free(p);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_go),
        cmocka_unit_test(the_rest_stays),
        cmocka_unit_test(nothing_is_left_of_random_ones),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
