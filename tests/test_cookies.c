/*
 * The table of verified cookies: it says what senda_cookie_read says, whatever
 * values meet in one place, whatever name, day and keys; and a forged value
 * neither gets in nor displaces anybody.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_cookies.h"

#include <stdio.h>
#include <stdlib.h>

#define TODAY 20600
#define AGE   400
#define MANY  20000 /* more than have room */

static senda_keys_t keys;
static senda_cookies_t *kept;
static char scratch[SENDA_COOKIE_MAX];
static const senda_str_t name = { "senda", 5 };

typedef struct {
    char text[SENDA_COOKIE_MAX];
    size_t n;
} value_t;

static int
begin(void **state)
{
    (void)state;
    memset(&keys, 0, sizeof(keys));
    keys.ncookie = 1;
    keys.cookie[0].number = 1;
    memset(keys.cookie[0].key, 0x5a, SENDA_SECRET_LEN);
    kept = malloc(sizeof(*kept));
    assert_non_null(kept);
    senda_cookies_init(kept, &keys);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    free(kept);
    return 0;
}

static value_t
made(unsigned number, bool person, senda_str_t as)
{
    senda_cookie_t c = { .day = TODAY - 3 };
    value_t v;

    memcpy(c.visitor.b, &number, sizeof(number));
    c.visitor.b[15] = 1;
    if (person) {
        memset(c.person, 7, SENDA_PERSON_LEN);
        c.session = 1780300800;
    }
    v.n = senda_cookie_make(&c, &keys, as, v.text, sizeof(v.text));
    assert_int_not_equal(v.n, 0);
    return v;
}

static senda_rc_t
ask(senda_cookie_t *c, const value_t *v)
{
    return senda_cookies_read(kept, c, name, (senda_str_t){ v->text, v->n }, TODAY, AGE, scratch);
}

static unsigned
number_of(const senda_cookie_t *c)
{
    unsigned number;

    memcpy(&number, c->visitor.b, sizeof(number));
    return number;
}

static unsigned
taken(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SENDA_COOKIES_KEPT; i++) {
        n += kept->at[i].n != 0;
    }
    return n;
}

static void
test_first_and_second_time(void **state)
{
    (void)state;
    for (unsigned person = 0; person < 2; person++) {
        value_t v = made(42 + person, person != 0, name);
        senda_cookie_t first, second;

        assert_int_equal(v.n, person != 0 ? SENDA_COOKIES_TEXT : 48);
        assert_int_equal(ask(&first, &v), SENDA_OK);
        assert_int_equal(taken(), person + 1);
        assert_int_equal(ask(&second, &v), SENDA_OK);
        assert_int_equal(taken(), person + 1);
        assert_memory_equal(first.visitor.b, second.visitor.b, SENDA_VISITOR_LEN);
        assert_memory_equal(first.person, second.person, SENDA_PERSON_LEN);
        assert_int_equal(number_of(&second), 42 + person);
        assert_int_equal(second.day, TODAY - 3);
        assert_int_equal(second.session, first.session);
        assert_false(second.landing);
    }
}

/* Far more visitors than places: everybody is still who they are. */
static void
test_values_that_meet(void **state)
{
    value_t *all = calloc(MANY, sizeof(*all));
    senda_cookie_t c;

    (void)state;
    assert_non_null(all);
    for (unsigned i = 0; i < MANY; i++) {
        all[i] = made(i, i % 3 == 0, name);
    }
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            assert_int_equal(ask(&c, &all[i]), SENDA_OK);
            assert_int_equal(number_of(&c), i);
            assert_int_equal(senda_cookie_has_person(&c), i % 3 == 0);
        }
    }
    assert_true(taken() > SENDA_COOKIES_KEPT * 9 / 10);
    free(all);
}

/* Two that have the same places are both kept; a third displaces the older one. */
static void
test_two_places(void **state)
{
    value_t first = made(1, false, name);
    senda_cookie_t c;
    unsigned pair = 0, met = 0;

    (void)state;
    assert_int_equal(ask(&c, &first), SENDA_OK);
    while (kept->at[pair].n == 0) {
        pair++;
    }
    for (unsigned i = 2; met < 2; i++) {
        senda_cookies_slot_t before = kept->at[pair];
        value_t v = made(i, false, name);

        assert_int_equal(ask(&c, &v), SENDA_OK);
        if (memcmp(kept->at[pair].text, before.text, 48) != 0) {
            assert_memory_equal(kept->at[pair].text, v.text, v.n);
            assert_memory_equal(kept->at[pair + 1].text, before.text, 48);
            met++;
        }
    }
    assert_int_equal(ask(&c, &first), SENDA_OK); /* displaced, and read anew */
    assert_int_equal(number_of(&c), 1);
}

/* One byte changed, wherever, of a value that is kept: the places are the same for most. */
static void
test_forged(void **state)
{
    value_t good = made(7, false, name);
    senda_cookie_t c;

    (void)state;
    assert_int_equal(ask(&c, &good), SENDA_OK);
    for (size_t i = 0; i < good.n; i++) {
        value_t bad = good;

        bad.text[i] = good.text[i] == 'A' ? 'B' : 'A';
        assert_int_equal(ask(&c, &bad), SENDA_BAD);
        assert_int_equal(number_of(&c), 0);
        bad = good;
        bad.n = i;
        assert_int_equal(ask(&c, &bad), SENDA_BAD);
    }
    assert_int_equal(taken(), 1);
    assert_int_equal(ask(&c, &good), SENDA_OK);
    assert_int_equal(number_of(&c), 7);
}

/* The day is looked at each time: at midnight of its last day a kept cookie is too old. */
static void
test_age(void **state)
{
    value_t v = made(9, false, name);
    senda_str_t text = { v.text, v.n };
    const uint16_t issued = TODAY - 3;
    senda_cookie_t c;

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(senda_cookies_read(kept, &c, name, text, issued + AGE, AGE, scratch),
            SENDA_OK);
        assert_int_equal(senda_cookies_read(kept, &c, name, text, issued + AGE + 1, AGE, scratch),
            SENDA_BAD);
        assert_true(senda_visitor_is_none(&c.visitor));
        assert_int_equal(senda_cookies_read(kept, &c, name, text, issued, 0, scratch), SENDA_OK);
        assert_int_equal(senda_cookies_read(kept, &c, name, text, issued - 1, AGE, scratch),
            SENDA_BAD);
        assert_int_equal(senda_cookies_read(kept, &c, name, text, TODAY, 2, scratch), SENDA_BAD);
    }
}

/* One site's cookie is not another's, also when it is kept. */
static void
test_two_names(void **state)
{
    static const senda_str_t others[] = { { "sendb", 5 }, { "send", 4 }, { "senda2", 6 },
        { "", 0 } };
    value_t v = made(11, false, name);
    senda_cookie_t c;

    (void)state;
    assert_int_equal(ask(&c, &v), SENDA_OK);
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(senda_cookies_read(kept, &c, others[i], (senda_str_t){ v.text, v.n },
                             TODAY, AGE, scratch),
            SENDA_BAD);
    }
    assert_int_equal(ask(&c, &v), SENDA_OK);
}

/* A longer name and a cookie with its landing are read each time. */
static void
test_not_kept(void **state)
{
    static const senda_str_t longer = { "a-name-of-more-than-24-bytes", 28 };
    senda_cookie_t landing = { .day = TODAY, .landing = true, .landing_at = 1780300800 }, c;
    value_t v = made(13, false, longer);

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(senda_cookies_read(kept, &c, longer, (senda_str_t){ v.text, v.n }, TODAY,
                             AGE, scratch),
            SENDA_OK);
        assert_int_equal(number_of(&c), 13);
    }
    landing.visitor.b[0] = 13;
    for (unsigned len = 1; len < 40; len++) {
        landing.landing_uri = (senda_str_t){ "/a/landing/page?utm_source=of-some-length-or", len };
        v.n = senda_cookie_make(&landing, &keys, name, v.text, sizeof(v.text));
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(ask(&c, &v), SENDA_OK);
            assert_true(c.landing);
            assert_int_equal(c.landing_uri.n, len);
        }
    }
    assert_int_equal(taken(), 0);
}

/* Keys are rotated: the old one verifies still; when it is gone, so is what it signed. */
static void
test_keys_change(void **state)
{
    value_t old = made(15, false, name), now;
    senda_keys_t next = keys;
    senda_cookie_t c;

    (void)state;
    assert_int_equal(ask(&c, &old), SENDA_OK);
    next.ncookie = 2;
    next.cookie[1] = (senda_secret_t){ .number = 2, .key = { 1, 2, 3 } };
    keys = next;
    now = made(16, false, name);
    senda_cookies_init(kept, &next);
    assert_int_equal(taken(), 0);
    assert_int_equal(ask(&c, &old), SENDA_OK);
    assert_int_equal(ask(&c, &now), SENDA_OK);
    next.ncookie = 1;
    next.cookie[0] = next.cookie[1];
    senda_cookies_init(kept, &next);
    assert_int_equal(ask(&c, &old), SENDA_BAD);
    assert_int_equal(ask(&c, &now), SENDA_OK);
    assert_int_equal(number_of(&c), 16);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_and_second_time, begin, end),
        cmocka_unit_test_setup_teardown(test_values_that_meet, begin, end),
        cmocka_unit_test_setup_teardown(test_two_places, begin, end),
        cmocka_unit_test_setup_teardown(test_forged, begin, end),
        cmocka_unit_test_setup_teardown(test_age, begin, end),
        cmocka_unit_test_setup_teardown(test_two_names, begin, end),
        cmocka_unit_test_setup_teardown(test_not_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_change, begin, end),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
