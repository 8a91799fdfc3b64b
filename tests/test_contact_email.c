/*
 * Whom an X-Senda-Contact names: one form for each way to write an e-mail.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_contact.h"

#include <stdlib.h>

static const struct {
    const char *header, *email;
} cases[] = {
    { "email=ana%40example.com", "ana@example.com" },
    { "email=ana@example.com&name=Ana", "ana@example.com" },
    { "name=Ana&email=ANA%40Example.COM&consent=yes", "ana@example.com" },
    { "name=Ana& email=+ana%40example.com%20 ", "ana@example.com" },
    { "email=old%40example.com&email=new%40example.com", "new@example.com" },
    { "email=a%2Bb%40example.com", "a+b@example.com" },
    { "email=jos%C3%A9%40example.com", "jos\xc3\xa9@example.com" },
    { "phone=600000000", "" },
    { "email=ana%40example.com&email=", "ana@example.com" },
    { "email=ana%40example.com&email=+", "ana@example.com" },
    { "email=", "" },
    { "email=%20", "" },
    { "xemail=ana%40example.com", "" },
    { "emails=ana%40example.com", "" },
    { "Email=ana%40example.com", "" },
    { "email", "" },
    { "&&&", "" },
    { "", "" },
};

static void
test_cases(void **state)
{
    char buf[SENDA_EMAIL_MAX];

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        senda_str_t got = senda_contact_email(senda_cstr(cases[i].header), buf);

        if (!senda_str_eq(got, senda_cstr(cases[i].email))) {
            fail_msg("%s: %.*s", cases[i].header, (int)got.n, got.p);
        }
    }
}

static void
test_bounds(void **state)
{
    char buf[SENDA_EMAIL_MAX], *header = malloc(2 * SENDA_HEADER_MAX);

    (void)state;
    assert_non_null(header);
    memset(header, 'a', 2 * SENDA_HEADER_MAX);
    memcpy(header, "email=", 6);
    assert_int_equal(senda_contact_email((senda_str_t){ header, SENDA_HEADER_MAX }, buf).n,
        SENDA_EMAIL_MAX);
    assert_int_equal(senda_contact_email((senda_str_t){ header, SENDA_EMAIL_MAX + 6 }, buf).n,
        SENDA_EMAIL_MAX);
    assert_int_equal(senda_contact_email((senda_str_t){ header, 2 * SENDA_HEADER_MAX }, buf).n, 0);
    free(header);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bounds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
