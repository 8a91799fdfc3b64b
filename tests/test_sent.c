/*
 * Messages, links, wishes and pages in published/: what is written comes back
 * to a reader, what could harm a header is refused, what is old goes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_sent.h"

#define DAY   86400
#define TODAY 20000

static char dir[SCRATCH_MAX];
static senda_published_t *writer, *reader;

static int
setup(void **state)
{
    (void)state;
    scratch_make(dir);
    assert_int_equal(senda_published_open_write(&writer, dir, NULL), SENDA_OK);
    reader = writer; /* one handle a process and path: it reads outside its transactions */
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    senda_published_close(writer);
    scratch_remove(dir);
    assert_int_equal(senda_store_inside, 0);
    return 0;
}

static void
begin(void)
{
    assert_int_equal(senda_published_begin(writer, NULL), SENDA_OK);
}

static void
commit(void)
{
    senda_err_t err = { "" };

    if (senda_published_commit(writer, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
}

static senda_message_t
message(unsigned n)
{
    senda_message_t m = { { 0 } };

    m.b[0] = (uint8_t)(n * 37); /* in no order */
    m.b[14] = (uint8_t)(n >> 8);
    m.b[15] = (uint8_t)n;
    return m;
}

static void
a_message_comes_back(void **state)
{
    senda_sent_t m = { .site = 3,
        .contact = 0x1122334455667788,
        .channel = SENDA_CHANNEL_PUSH,
        .language = "es",
        .at = (senda_sec_t)TODAY * DAY,
        .nlinks = SENDA_LINKS_MAX };
    senda_message_t id = message(1), other = message(2);
    senda_sent_t back;

    (void)state;
    for (unsigned i = 0; i < SENDA_LINKS_MAX; i++) {
        m.links[i] = 0xfedcba9876543210u - i;
    }
    assert_int_equal(senda_sent_get(reader, &id, &back), SENDA_NONE);
    begin();
    assert_int_equal(senda_sent_set(writer, &id, &m, NULL), SENDA_OK);
    assert_int_equal(senda_sent_get(writer, &id, &back), SENDA_OK); /* in its own transaction */
    m.nlinks = SENDA_LINKS_MAX + 1;
    assert_int_equal(senda_sent_set(writer, &other, &m, NULL), SENDA_FULL);
    commit();
    m.nlinks = SENDA_LINKS_MAX;
    assert_int_equal(senda_sent_get(reader, &id, &back), SENDA_OK);
    assert_memory_equal(&back, &m, sizeof(m));
    assert_int_equal(senda_sent_get(reader, &other, &back), SENDA_NONE);
    assert_int_equal(back.nlinks, 0);

    begin();
    m.nlinks = 0;
    m.language[0] = '\0';
    assert_int_equal(senda_sent_set(writer, &id, &m, NULL), SENDA_OK);
    commit();
    assert_int_equal(senda_sent_get(reader, &id, &back), SENDA_OK);
    assert_int_equal(back.nlinks, 0);
    assert_string_equal(back.language, "");
}

static senda_rc_t
link_of(const char *address, senda_link_t *link)
{
    return senda_link_set(writer, senda_cstr(address), TODAY, link, NULL);
}

static void
an_address_stands_once(void **state)
{
    char buf[SENDA_LINK_MAX], longest[SENDA_LINK_MAX + 2];
    senda_link_t a, again, b, c;
    size_t len;

    (void)state;
    (void)snprintf(longest, sizeof(longest), "https://shop.example/%0*d", SENDA_LINK_MAX - 20, 7);
    begin();
    assert_int_equal(link_of("https://shop.example/a?b=1&c=%20#d", &a), SENDA_OK);
    assert_int_equal(link_of("https://shop.example/a?b=1&c=%20#d", &again), SENDA_OK);
    assert_int_equal(link_of("HTTP://127.0.0.1:8080", &b), SENDA_OK);
    assert_int_equal(link_of(longest, &c), SENDA_BAD);
    longest[SENDA_LINK_MAX] = '\0';
    assert_int_equal(link_of(longest, &c), SENDA_OK);
    commit();
    assert_true(a == again);
    assert_true(a != b);
    assert_int_equal(senda_link_get(reader, a, buf, &len), SENDA_OK);
    assert_int_equal(len, 34);
    assert_memory_equal(buf, "https://shop.example/a?b=1&c=%20#d", len);
    assert_int_equal(senda_link_get(reader, c, buf, &len), SENDA_OK);
    assert_int_equal(len, SENDA_LINK_MAX);
    assert_int_equal(senda_link_get(reader, a + 1, buf, &len), SENDA_NONE);
    assert_int_equal(len, 0);
}

/* The number is the first bytes of SHA-256: others may reckon it. */
static void
a_number_is_a_hash(void **state)
{
    senda_link_t link;

    (void)state;
    begin();
    assert_int_equal(link_of("https://shop.example/", &link), SENDA_OK);
    senda_published_abort(writer);
    assert_true(link == 0x0ebceea5fcc8e4fbu);
}

static void
what_could_end_a_header_is_no_address(void **state)
{
    static const char *const bad[] = { "", "https://", "http://", "https:///x", "https://?x",
        "https://#x", "ftp://shop.example/", "javascript:alert(1)", "//shop.example/", "/x",
        "https:/shop.example", "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example/\n", "https://shop.example/a b", "https://shop.example/\"",
        "https://shop.example/'", "https://shop.example/<b>", "https://shop.example/\\",
        "https://shop.example/\t", "https://shop.example/\x7f", "https://shop.example/ni\xc3\xb1o",
        " https://shop.example/" };
    senda_link_t link;

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (link_of(bad[i], &link) != SENDA_BAD || link != 0) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    assert_int_equal(senda_link_set(writer, (senda_str_t){ "https://a\0b/", 12 }, TODAY, &link,
                         NULL),
        SENDA_BAD);
    senda_published_abort(writer);
}

static void
wishes_come_and_go(void **state)
{
    senda_wishes_t w = { 3, 1 }, back;

    (void)state;
    assert_int_equal(senda_wishes_get(reader, 7, &back), SENDA_NONE);
    begin();
    assert_int_equal(senda_wishes_set(writer, 7, &w, NULL), SENDA_OK);
    commit();
    assert_int_equal(senda_wishes_get(reader, 7, &back), SENDA_OK);
    assert_memory_equal(&back, &w, sizeof(w));
    w.wanted = 0; /* has addresses and wants nothing: still to be shown */
    begin();
    assert_int_equal(senda_wishes_set(writer, 7, &w, NULL), SENDA_OK);
    commit();
    assert_int_equal(senda_wishes_get(reader, 7, &back), SENDA_OK);
    assert_int_equal(back.wanted, 0);
    w.has = 0;
    begin();
    assert_int_equal(senda_wishes_set(writer, 7, &w, NULL), SENDA_OK);
    assert_int_equal(senda_wishes_set(writer, 7, &w, NULL), SENDA_OK);
    commit();
    assert_int_equal(senda_wishes_get(reader, 7, &back), SENDA_NONE);
}

static void
put_page(uint32_t site, const char *language, senda_page_t kind, const char *text)
{
    assert_int_equal(senda_page_set(writer, site, language, kind, senda_cstr(text), NULL),
        SENDA_OK);
}

static void
assert_page(uint32_t site, const char *language, senda_page_t kind, const char *expected)
{
    char *text;
    size_t len;
    senda_rc_t rc = senda_page_get(reader, site, language, kind, &text, &len);

    assert_int_equal(rc, expected != NULL ? SENDA_OK : SENDA_NONE);
    if (expected != NULL) {
        assert_int_equal(len, strlen(expected));
        assert_memory_equal(text, expected, len);
    }
    free(text);
}

static void
a_page_is_found_by_site_and_language(void **state)
{
    (void)state;
    assert_page(1, "es", SENDA_PAGE_CHANNELS, NULL);
    begin();
    put_page(1, "", SENDA_PAGE_CHANNELS, "one's own");
    put_page(1, "es", SENDA_PAGE_CHANNELS, "one in Spanish");
    put_page(2, "en", SENDA_PAGE_CHANNELS, "two in English");
    put_page(2, "es", SENDA_PAGE_CHANNELS, "two in Spanish");
    put_page(2, "pt-BR", SENDA_PAGE_SAVED, "two in Portuguese");
    commit();
    assert_page(1, "es", SENDA_PAGE_CHANNELS, "one in Spanish");
    assert_page(1, "es-MX", SENDA_PAGE_CHANNELS, "one in Spanish");
    assert_page(1, "fr", SENDA_PAGE_CHANNELS, "one's own");
    assert_page(1, "", SENDA_PAGE_CHANNELS, "one's own");
    assert_page(2, "fr", SENDA_PAGE_CHANNELS, "two in English"); /* any */
    assert_page(3, "es", SENDA_PAGE_CHANNELS, NULL);
    assert_page(0, "en", SENDA_PAGE_CHANNELS, "two in English"); /* of any site */
    assert_page(0, "fr", SENDA_PAGE_CHANNELS, "one's own");
    assert_page(2, "pt_PT", SENDA_PAGE_SAVED, "two in Portuguese");
    assert_page(2, "es", SENDA_PAGE_LATER, NULL);
    begin();
    put_page(1, "es", SENDA_PAGE_CHANNELS, "");
    put_page(1, "es", SENDA_PAGE_CHANNELS, "");
    commit();
    assert_page(1, "es", SENDA_PAGE_CHANNELS, "one's own");
}

static void
a_page_has_a_bound(void **state)
{
    static char big[SENDA_PAGE_MAX + 1];
    senda_str_t text = { big, SENDA_PAGE_MAX };
    char *copy;
    size_t len;

    (void)state;
    memset(big, 'x', sizeof(big));
    begin();
    assert_int_equal(senda_page_set(writer, 1, "es", SENDA_PAGE_LATER, text, NULL), SENDA_OK);
    text.n++;
    assert_int_equal(senda_page_set(writer, 1, "es", SENDA_PAGE_LATER, text, NULL), SENDA_FULL);
    assert_int_equal(senda_page_set(writer, 1, "eightlng", SENDA_PAGE_LATER, SENDA_STR("x"), NULL),
        SENDA_BAD);
    assert_int_equal(senda_page_set(writer, 1, "es", SENDA_PAGE_KINDS, SENDA_STR("x"), NULL),
        SENDA_BAD);
    commit();
    assert_int_equal(senda_page_get(reader, 1, "es", SENDA_PAGE_LATER, &copy, &len), SENDA_OK);
    assert_int_equal(len, SENDA_PAGE_MAX);
    free(copy);
}

/* Sweeps once round; how many calls it took. */
static unsigned
sweep(senda_sec_t before, unsigned max)
{
    unsigned looked, calls = 0;

    do {
        begin();
        assert_int_equal(senda_sent_sweep(writer, before, max, &looked, NULL), SENDA_OK);
        commit();
        assert_true(looked <= max);
        assert_true(++calls < 1000);
    } while (looked == max);
    return calls;
}

static void
swept_in_steps_of(unsigned max)
{
    senda_sent_t m = { .site = 1, .contact = 5 };
    senda_link_t old, used, recent;
    senda_message_t id;
    char buf[SENDA_LINK_MAX];
    size_t len;

    begin();
    for (unsigned i = 0; i < 100; i++) {
        id = message(i);
        m.at = (senda_sec_t)(TODAY + i % 2) * DAY;
        assert_int_equal(senda_sent_set(writer, &id, &m, NULL), SENDA_OK);
    }
    assert_int_equal(senda_link_set(writer, SENDA_STR("https://a/"), TODAY - 1, &old, NULL), 0);
    assert_int_equal(senda_link_set(writer, SENDA_STR("https://b/"), TODAY - 1, &used, NULL), 0);
    assert_int_equal(senda_link_set(writer, SENDA_STR("https://b/"), TODAY + 1, &used, NULL), 0);
    assert_int_equal(senda_link_set(writer, SENDA_STR("https://c/"), TODAY + 1, &recent, NULL), 0);
    assert_int_equal(senda_link_set(writer, SENDA_STR("https://c/"), TODAY - 9, &recent, NULL), 0);
    commit();
    assert_true(sweep((senda_sec_t)(TODAY + 1) * DAY, max) >= 103 / max);
    for (unsigned i = 0; i < 100; i++) {
        id = message(i);
        assert_int_equal(senda_sent_get(reader, &id, &m), i % 2 == 1 ? SENDA_OK : SENDA_NONE);
    }
    assert_int_equal(senda_link_get(reader, old, buf, &len), SENDA_NONE);
    assert_int_equal(senda_link_get(reader, used, buf, &len), SENDA_OK);
    assert_int_equal(senda_link_get(reader, recent, buf, &len), SENDA_OK);
    assert_true(sweep((senda_sec_t)(TODAY + 3) * DAY, max) >= 1);
    for (unsigned i = 0; i < 100; i++) {
        id = message(i);
        assert_int_equal(senda_sent_get(reader, &id, &m), SENDA_NONE);
    }
    assert_int_equal(senda_link_get(reader, used, buf, &len), SENDA_NONE);
    assert_int_equal(sweep((senda_sec_t)(TODAY + 3) * DAY, max), 1);
}

static void
what_is_old_goes(void **state)
{
    (void)state;
    swept_in_steps_of(1);
    swept_in_steps_of(7);
    swept_in_steps_of(50);
    swept_in_steps_of(103);
    swept_in_steps_of(1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_stands_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_number_is_a_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(what_could_end_a_header_is_no_address, setup, teardown),
        cmocka_unit_test_setup_teardown(wishes_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(a_page_is_found_by_site_and_language, setup, teardown),
        cmocka_unit_test_setup_teardown(a_page_has_a_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_old_goes, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
