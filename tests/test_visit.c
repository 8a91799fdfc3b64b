/*
 * The visit record: there and back, cut to its bounds when written, refused
 * when read beyond them, and no byte of a damaged one is believed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "senda_pack.h"
#include "senda_visit.h"

#include <stdlib.h>

static senda_visit_t
sample(void)
{
    senda_visit_t v;

    memset(&v, 0, sizeof(v));
    v.site = 7;
    v.generation = 1234567890123;
    v.at = 1780000000123;
    memcpy(v.visitor.b, "0123456789abcdef", 16);
    v.flags = SENDA_VISIT_PAGE | SENDA_VISIT_EVENT;
    v.nkeys = 3;
    v.keys[0] = 1;
    v.keys[1] = 200000;
    v.keys[2] = SENDA_KEY_EVENT | SENDA_EV_PURCHASE;
    v.path = SENDA_STR("/zapatos/tacón-rojo");
    v.ncaptures = 2;
    v.captures[0] = (senda_capture_t){ SENDA_STR("item"), SENDA_STR("tacón-rojo") };
    v.captures[1] = (senda_capture_t){ SENDA_STR("q"), SENDA_STR("") };
    v.sealed = SENDA_STR("\x01sealed\0bytes");
    memcpy(v.message.b, "fedcba9876543210", 16);
    v.link = 65535;
    v.channels = 1u << SENDA_CHANNEL_WEBPUSH;
    return v;
}

static void
assert_same(const senda_visit_t *a, const senda_visit_t *b)
{
    assert_int_equal(a->site, b->site);
    assert_true(a->generation == b->generation);
    assert_true(a->at == b->at);
    assert_memory_equal(&a->visitor, &b->visitor, sizeof(a->visitor));
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->nkeys, b->nkeys);
    assert_memory_equal(a->keys, b->keys, a->nkeys * sizeof(a->keys[0]));
    assert_true(senda_str_eq(a->path, b->path));
    assert_int_equal(a->ncaptures, b->ncaptures);
    for (unsigned i = 0; i < a->ncaptures; i++) {
        assert_true(senda_str_eq(a->captures[i].name, b->captures[i].name));
        assert_true(senda_str_eq(a->captures[i].value, b->captures[i].value));
    }
    assert_true(senda_str_eq(a->sealed, b->sealed));
    assert_memory_equal(&a->message, &b->message, sizeof(a->message));
    assert_int_equal(a->link, b->link);
    assert_int_equal(a->channels, b->channels);
}

static void
a_visit_comes_back(void **state)
{
    senda_visit_t v = sample(), back;
    char buf[SENDA_RECORD_MAX];
    size_t n = senda_visit_dump(&v, buf, sizeof(buf));

    (void)state;
    assert_true(n > 0);
    assert_int_equal(senda_visit_load(&back, buf, n), SENDA_OK);
    assert_same(&v, &back);
    assert_int_equal(senda_visit_dump(&v, buf, n), n);
    assert_int_equal(senda_visit_dump(&v, buf, n - 1), 0);
}

static void
an_empty_visit_comes_back(void **state)
{
    senda_visit_t v, back;
    char buf[64];
    size_t n;

    (void)state;
    memset(&v, 0, sizeof(v));
    v.at = -1;
    memset(&back, 0xff, sizeof(back));
    n = senda_visit_dump(&v, buf, sizeof(buf));
    assert_true(n > 0);
    assert_int_equal(senda_visit_load(&back, buf, n), SENDA_OK);
    assert_same(&v, &back);
    assert_true(senda_visitor_is_none(&back.visitor));
}

static void
the_largest_visit_fits_a_record(void **state)
{
    senda_visit_t v = sample(), back;
    static char text[SENDA_SEALED_MAX];
    char buf[SENDA_RECORD_MAX];
    size_t n;

    (void)state;
    memset(text, 'x', sizeof(text));
    v.nkeys = SENDA_KEYS_MAX;
    for (unsigned i = 0; i < SENDA_KEYS_MAX; i++) {
        v.keys[i] = UINT32_MAX - i;
    }
    v.ncaptures = SENDA_CAPTURES_MAX;
    for (unsigned i = 0; i < SENDA_CAPTURES_MAX; i++) {
        v.captures[i].name = (senda_str_t){ text, SENDA_NAME_MAX };
        v.captures[i].value = (senda_str_t){ text, SENDA_CAPTURE_KEPT };
    }
    v.path = (senda_str_t){ text, SENDA_PATH_KEPT };
    v.sealed = (senda_str_t){ text, SENDA_SEALED_MAX };
    n = senda_visit_dump(&v, buf, sizeof(buf));
    assert_true(n > 0);
    assert_int_equal(senda_visit_load(&back, buf, n), SENDA_OK);
    assert_same(&v, &back);
    v.sealed.n++;
    assert_int_equal(senda_visit_dump(&v, buf, sizeof(buf)), 0);
}

static void
long_texts_are_cut_between_characters(void **state)
{
    senda_visit_t v = sample(), back;
    char path[SENDA_PATH_KEPT + 8], value[SENDA_CAPTURE_KEPT + 8], buf[SENDA_RECORD_MAX];
    size_t n;

    (void)state;
    memset(path, 'a', sizeof(path));
    memcpy(path + SENDA_PATH_KEPT - 1, "\xc3\xb3", 2); /* lies across the bound */
    memset(value, 'b', sizeof(value));
    v.path = (senda_str_t){ path, sizeof(path) };
    v.captures[0].value = (senda_str_t){ value, sizeof(value) };
    n = senda_visit_dump(&v, buf, sizeof(buf));
    assert_int_equal(senda_visit_load(&back, buf, n), SENDA_OK);
    assert_int_equal(back.path.n, SENDA_PATH_KEPT - 1);
    assert_int_equal(back.captures[0].value.n, SENDA_CAPTURE_KEPT);
}

static void
every_cut_is_bad(void **state)
{
    senda_visit_t v = sample(), back;
    char buf[SENDA_RECORD_MAX];
    size_t n = senda_visit_dump(&v, buf, sizeof(buf));

    (void)state;
    for (size_t i = 0; i < n; i++) {
        char *p = malloc(i > 0 ? i : 1);

        memcpy(p, buf, i);
        assert_int_equal(senda_visit_load(&back, p, i), SENDA_BAD);
        free(p);
    }
    buf[n] = '\xc0';
    assert_int_equal(senda_visit_load(&back, buf, n + 1), SENDA_BAD);
}

/* Any one byte changed to any value: refused, or a visit within every bound. */
static void
no_changed_byte_breaks_a_bound(void **state)
{
    senda_visit_t v = sample(), back;
    char buf[SENDA_RECORD_MAX];
    size_t n = senda_visit_dump(&v, buf, sizeof(buf));
    char *p = malloc(n);
    unsigned refused = 0;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(p, buf, n);
            p[i] = (char)byte;
            if (senda_visit_load(&back, p, n) != SENDA_OK) {
                refused++;
                continue;
            }
            assert_true(back.nkeys <= SENDA_KEYS_MAX && back.ncaptures <= SENDA_CAPTURES_MAX);
            assert_true(back.path.p >= p && back.path.p + back.path.n <= p + n);
            assert_true(back.path.n <= SENDA_PATH_KEPT);
            for (unsigned c = 0; c < back.ncaptures; c++) {
                assert_true(back.captures[c].value.p + back.captures[c].value.n <= p + n);
            }
        }
    }
    assert_true(refused > 1000);
    free(p);
}

/* A record with one field replaced by hand. */
static size_t
by_hand(char *buf, size_t size, uint64_t version, uint64_t site, unsigned visitor, unsigned nkeys,
    size_t path, unsigned ncaptures)
{
    static char text[4096];
    senda_packer_t p;

    memset(text, 't', sizeof(text));
    senda_pack_init(&p, buf, size);
    senda_pack_array(&p, 10);
    senda_pack_uint(&p, version);
    senda_pack_uint(&p, site);
    senda_pack_uint(&p, 1);
    senda_pack_int(&p, 1);
    senda_pack_bin(&p, text, visitor);
    senda_pack_uint(&p, 0);
    senda_pack_array(&p, nkeys);
    for (unsigned i = 0; i < nkeys; i++) {
        senda_pack_uint(&p, i);
    }
    senda_pack_str(&p, (senda_str_t){ text, path });
    senda_pack_array(&p, ncaptures);
    for (unsigned i = 0; i < ncaptures; i++) {
        senda_pack_str(&p, SENDA_STR("n"));
    }
    senda_pack_bin(&p, text, 0);
    return senda_pack_len(&p);
}

static void
what_is_beyond_a_bound_is_refused(void **state)
{
    static const struct {
        uint64_t version, site;
        unsigned visitor, nkeys;
        size_t path;
        unsigned ncaptures;
        senda_rc_t rc;
    } cases[] = {
        { 1, 1, 16, SENDA_KEYS_MAX, SENDA_PATH_KEPT, 2 * SENDA_CAPTURES_MAX, SENDA_OK },
        { 2, 1, 16, 1, 1, 2, SENDA_BAD },
        { 0, 1, 16, 1, 1, 2, SENDA_BAD },
        { 1, 1ull << 32, 16, 1, 1, 2, SENDA_BAD },
        { 1, 1, 15, 1, 1, 2, SENDA_BAD },
        { 1, 1, 17, 1, 1, 2, SENDA_BAD },
        { 1, 1, 0, SENDA_KEYS_MAX + 1, 1, 2, SENDA_BAD },
        { 1, 1, 0, 1, SENDA_PATH_KEPT + 1, 2, SENDA_BAD },
        { 1, 1, 0, 1, 1, 1, SENDA_BAD },
        { 1, 1, 0, 1, 1, 2 * SENDA_CAPTURES_MAX + 2, SENDA_BAD },
    };
    char buf[8192];
    senda_visit_t v;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = by_hand(buf, sizeof(buf), cases[i].version, cases[i].site, cases[i].visitor,
            cases[i].nkeys, cases[i].path, cases[i].ncaptures);

        assert_true(n > 0);
        assert_int_equal(senda_visit_load(&v, buf, n), cases[i].rc);
    }
}

/* What builds of before wrote still stands in journals. */
static void
records_of_version_1_are_read(void **state)
{
    char buf[4096];
    senda_visit_t v;
    senda_private_t p;
    senda_packer_t pk;

    (void)state;
    memset(&v, 0xff, sizeof(v));
    assert_int_equal(senda_visit_load(&v, buf, by_hand(buf, sizeof(buf), 1, 7, 16, 2, 5, 2)),
        SENDA_OK);
    assert_int_equal(v.site, 7);
    assert_int_equal(v.nkeys, 2);
    assert_true(senda_message_is_none(&v.message));
    assert_int_equal(v.link, 0);
    assert_int_equal(v.channels, 0);

    senda_pack_init(&pk, buf, sizeof(buf));
    senda_pack_array(&pk, 3);
    senda_pack_uint(&pk, 1);
    senda_pack_str(&pk, SENDA_STR("email=ana"));
    senda_pack_str(&pk, SENDA_STR("login"));
    assert_int_equal(senda_private_load(&p, buf, senda_pack_len(&pk)), SENDA_OK);
    assert_true(senda_str_eq(p.contact, SENDA_STR("email=ana")));
    assert_true(senda_str_eq(p.event, SENDA_STR("login")));
    assert_int_equal(p.form.n, 0);
}

static void
the_private_part_comes_back(void **state)
{
    static char text[SENDA_HEADER_MAX + 1];
    senda_private_t p = { SENDA_STR("email=ana%40ejemplo.es"), SENDA_STR(""),
        SENDA_STR("talla=42") };
    senda_private_t back;
    char buf[SENDA_SEALED_MAX];
    size_t n = senda_private_dump(&p, buf, sizeof(buf));

    (void)state;
    assert_int_equal(senda_private_load(&back, buf, n), SENDA_OK);
    assert_true(senda_str_eq(p.contact, back.contact) && senda_str_eq(p.event, back.event));
    assert_true(senda_str_eq(p.form, back.form));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(senda_private_load(&back, buf, i), SENDA_BAD);
    }
    p.contact = p.event = p.form = (senda_str_t){ text, SENDA_HEADER_MAX };
    assert_true(senda_private_dump(&p, buf, sizeof(buf)) > 3 * SENDA_HEADER_MAX);
    p.form.n++;
    assert_int_equal(senda_private_dump(&p, buf, sizeof(buf)), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_comes_back),
        cmocka_unit_test(an_empty_visit_comes_back),
        cmocka_unit_test(the_largest_visit_fits_a_record),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(every_cut_is_bad),
        cmocka_unit_test(no_changed_byte_breaks_a_bound),
        cmocka_unit_test(what_is_beyond_a_bound_is_refused),
        cmocka_unit_test(records_of_version_1_are_read),
        cmocka_unit_test(the_private_part_comes_back),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
