/*
 * What a POST to a link of channels says: forms, one clicks of mail programs in
 * both shapes that RFC 8058 allows, and what is no choice.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "senda_choice.h"

#define FORM  "application/x-www-form-urlencoded"
#define PARTS "multipart/form-data; boundary=xyz"

static const struct {
    const char *type, *body;
    senda_choice_kind_t kind;
    uint32_t channels;
} cases[] = {
    /* RFC 8058, 8.1 and 8.2 */
    { FORM, "List-Unsubscribe=One-Click", SENDA_CHOICE_LEAVE, 0 },
    { "multipart/form-data; boundary=---FormBoundaryjWmhtjORrn",
        "-----FormBoundaryjWmhtjORrn\r\n"
        "Content-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n"
        "One-Click\r\n-----FormBoundaryjWmhtjORrn--",
        SENDA_CHOICE_LEAVE, 0 },
    /* how a program may write that too */
    { "", "List-Unsubscribe=One-Click", SENDA_CHOICE_LEAVE, 0 },
    { FORM "; charset=utf-8", "List-Unsubscribe=One-Click", SENDA_CHOICE_LEAVE, 0 },
    { "Application/X-WWW-Form-URLencoded", "List%2DUnsubscribe=One%2dClick&", SENDA_CHOICE_LEAVE,
        0 },
    { FORM, "a=b&List-Unsubscribe=One-Click&recipient=x%40y", SENDA_CHOICE_LEAVE, 0 },
    { FORM, "List-Unsubscribe=One-Click&List-Unsubscribe=One-Click", SENDA_CHOICE_LEAVE, 0 },
    { "multipart/form-data; charset=utf-8; Boundary=\"a b;c\"",
        "preamble\r\n--a b;c\r\ncontent-disposition: form-data; filename=\"name=no\"; "
        "name=List-Unsubscribe\r\nContent-Type: text/plain\r\n\r\nOne-Click\r\n--a b;c-- \r\nepilogue",
        SENDA_CHOICE_LEAVE, 0 },
    { PARTS,
        "--xyz\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\n\nOne-Click\n--xyz--\n",
        SENDA_CHOICE_LEAVE, 0 },
    /* the page's form */
    { FORM, "action=leave", SENDA_CHOICE_LEAVE, 0 },
    { FORM, "channel=email&action=leave", SENDA_CHOICE_LEAVE, 0 },
    { FORM, "action=save", SENDA_CHOICE_SAVE, 0 },
    { FORM, "action=save&channel=email&channel=sms", SENDA_CHOICE_SAVE, 3 },
    { FORM, "channel=webpush&channel=push&action=save&channel=push", SENDA_CHOICE_SAVE, 12 },
    { PARTS,
        "--xyz\r\nContent-Disposition: form-data; name=\"channel\"\r\n\r\nsms\r\n"
        "--xyz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nsave\r\n--xyz--\r\n",
        SENDA_CHOICE_SAVE, 2 },
    /* nothing that we know */
    { FORM, "", SENDA_CHOICE_NONE, 0 },
    { FORM, "&&=&", SENDA_CHOICE_NONE, 0 },
    { FORM, "channel=email", SENDA_CHOICE_NONE, 0 },
    { FORM, "list-unsubscribe=One-Click", SENDA_CHOICE_NONE, 0 },
    { FORM, "List-Unsubscribe=one-click", SENDA_CHOICE_NONE, 0 },
    { FORM, "List-Unsubscribe", SENDA_CHOICE_NONE, 0 },
    { FORM, "List-Unsubscribe=One-Click%00", SENDA_CHOICE_NONE, 0 },
    { FORM, "List-Unsubscribe=One-Click\r\n", SENDA_CHOICE_NONE, 0 },
    { FORM, "action=delete", SENDA_CHOICE_NONE, 0 },
    { "text/plain", "List-Unsubscribe=One-Click", SENDA_CHOICE_NONE, 0 },
    { "application/json", "{\"action\":\"leave\"}", SENDA_CHOICE_NONE, 0 },
    /* two things at once */
    { FORM, "action=save&action=leave", SENDA_CHOICE_NONE, 0 },
    { FORM, "List-Unsubscribe=One-Click&action=save&channel=email", SENDA_CHOICE_NONE, 0 },
    { FORM, "action=save&channel=email&channel=fax", SENDA_CHOICE_NONE, 0 },
    { FORM, "action=save&channel=", SENDA_CHOICE_NONE, 0 },
    /* not whole, or not what it says */
    { "multipart/form-data", "--xyz--", SENDA_CHOICE_NONE, 0 },
    { "multipart/form-data; boundary=", "--\r\n--", SENDA_CHOICE_NONE, 0 },
    { "multipart/form-data; boundary=\"xyz", "--xyz--", SENDA_CHOICE_NONE, 0 },
    { PARTS, "--xyz--", SENDA_CHOICE_NONE, 0 },
    { PARTS, "--xyz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nleave\r\n--xyz\r\n",
        SENDA_CHOICE_NONE, 0 },
    { PARTS, "--xyz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nleave\r\n",
        SENDA_CHOICE_NONE, 0 },
    { PARTS,
        "--xyz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nleave\r\nnot\r\n--xyz--",
        SENDA_CHOICE_NONE, 0 },
    { PARTS, "--xyz\r\nContent-Disposition: form-data; name=\"action\r\n\r\nleave\r\n--xyz--",
        SENDA_CHOICE_NONE, 0 },
    { PARTS, "--xyzz\r\nContent-Disposition: form-data; name=\"action\"\r\n\r\nleave\r\n--xyzz--",
        SENDA_CHOICE_NONE, 0 },
    { PARTS, "action=leave", SENDA_CHOICE_NONE, 0 },
};

static senda_rc_t
read_choice(senda_choice_t *c, const char *type, const char *body, size_t n)
{
    /* exactly as long as it is, so that a sanitizer sees who reads on */
    char *copy = malloc(n > 0 ? n : 1);
    senda_rc_t rc;

    assert_non_null(copy);
    memcpy(copy, body, n);
    memset(c, 0xa5, sizeof(*c));
    rc = senda_choice_read(c, senda_cstr(type), (senda_str_t){ copy, n });
    free(copy);
    return rc;
}

static void
test_table(void **state)
{
    senda_choice_t c;
    senda_rc_t rc;

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rc = read_choice(&c, cases[i].type, cases[i].body, strlen(cases[i].body));
        if (c.kind != cases[i].kind || c.channels != cases[i].channels ||
            rc != (cases[i].kind == SENDA_CHOICE_NONE ? SENDA_BAD : SENDA_OK)) {
            fail_msg("%s: %s: kind %d, channels %u", cases[i].type, cases[i].body, (int)c.kind,
                c.channels);
        }
    }
}

/* Whatever is cut off a body in parts, it is no choice. */
static void
test_cut(void **state)
{
    static const char type[] = "multipart/form-data; boundary=\"cut here\"";
    static const char body[] = "--cut here\r\nContent-Disposition: form-data; name=\"action\"\r\n"
                               "\r\nleave\r\n--cut here--";
    senda_choice_t c;

    (void)state;
    assert_int_equal(read_choice(&c, type, body, sizeof(body) - 1), SENDA_OK);
    for (size_t n = 0; n < sizeof(body) - 1; n++) {
        assert_int_equal(read_choice(&c, type, body, n), SENDA_BAD);
        assert_int_equal(c.kind, SENDA_CHOICE_NONE);
    }
}

static void
test_bounds(void **state)
{
    static char body[SENDA_CHOICE_BODY + 64];
    senda_choice_t c;
    size_t n = 0;

    (void)state;
    for (unsigned i = 1; i < SENDA_CHOICE_FIELDS; i++) {
        n += (size_t)snprintf(body + n, sizeof(body) - n, "a%u=b&", i);
    }
    snprintf(body + n, sizeof(body) - n, "action=leave");
    assert_int_equal(read_choice(&c, FORM, body, strlen(body)), SENDA_OK);
    snprintf(body + n, sizeof(body) - n, "x&action=leave");
    assert_int_equal(read_choice(&c, FORM, body, strlen(body)), SENDA_BAD);

    n = (size_t)snprintf(body, sizeof(body), "action=leave&a=");
    memset(body + n, 'a', sizeof(body) - n);
    assert_int_equal(read_choice(&c, FORM, body, SENDA_CHOICE_BODY), SENDA_OK);
    assert_int_equal(read_choice(&c, FORM, body, SENDA_CHOICE_BODY + 1), SENDA_BAD);

    /* a name or a value that is longer than any of ours, encoded or not */
    memset(body, 'a', 100);
    memcpy(body + 100, "=leave", 7);
    assert_int_equal(read_choice(&c, FORM, body, strlen(body)), SENDA_BAD);
    snprintf(body, sizeof(body), "%%61%%63%%74%%69%%6f%%6e=%%6c%%65%%61%%76%%65");
    assert_int_equal(read_choice(&c, FORM, body, strlen(body)), SENDA_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_bounds),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
