/* From records to happenings: the headers' forms, who it was, what cannot be used. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "follow_world.h"

/* ---- headers ---- */

static void
test_contact_header(void **state)
{
    header_contact_t h;
    senda_err_t err = { "" };

    (void)state;
    assert_int_equal(header_contact(SENDA_STR(
                                        "email=ana%40EXAMPLE.com&name=Ana+Mu%C3%B1oz&phone="
                                        "%2B34600111222&consent=email%2Csms&other=1&&=x&lone"),
                         &h, &err),
        SENDA_OK);
    assert_string_equal(h.email, "ana@example.com");
    assert_string_equal(h.name, "Ana Muñoz");
    assert_string_equal(h.phone, "+34600111222");
    assert_true(h.has_consent);
    assert_int_equal(h.consent, CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_SMS));
    assert_int_equal(header_contact(SENDA_STR(""), &h, &err), SENDA_OK);
    assert_string_equal(h.email, "");
    assert_false(h.has_consent);
}

static void
test_fields_in_a_contact_header(void **state)
{
    header_contact_t h;
    senda_err_t err = { "" };
    char text[SENDA_HEADER_MAX] = "email=a@example.com";

    (void)state;
    assert_int_equal(header_contact(SENDA_STR(
                                        "interes=running&cumplea%C3%B1os=1990-02-28&talla=&push=token&"
                                        "webpush=t&interes=golf%0Ax&%00=1"),
                         &h, &err),
        SENDA_OK);
    assert_int_equal(h.nfields, 2);
    assert_string_equal(h.fields[0].name, "interes");
    assert_string_equal(h.fields[0].value,
        "golf x"); /* the last said, without control characters */
    assert_string_equal(h.fields[1].name, "cumpleaños");
    assert_string_equal(h.fields[1].value, "1990-02-28");
    assert_int_equal(h.dropped, 0);
    for (unsigned i = 0; i < HEADER_FIELDS_MAX + 3; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "&f%u=%u", i, i);
    }
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "&f2=two&%0*d=1",
        SENDA_NAME_MAX + 1, 0);
    assert_int_equal(header_contact(senda_cstr(text), &h, &err), SENDA_OK);
    assert_int_equal(h.nfields, HEADER_FIELDS_MAX);
    assert_int_equal(h.dropped, 4);
    assert_string_equal(h.fields[2].value, "two");
    assert_string_equal(h.email, "a@example.com");
}

static void
test_consent_words(void **state)
{
    static const struct {
        const char *text;
        uint32_t bits;
    } cases[] = {
        { "consent=1", 15 },
        { "consent=yes", 15 },
        { "consent=Si", 15 },
        { "consent=S%C3%8D", 15 },
        { "consent=all", 15 },
        { "consent=on", 15 },
        { "consent=True", 15 },
        { "consent=0", 0 },
        { "consent=no", 0 },
        { "consent=off", 0 },
        { "consent=false", 0 },
        { "consent=", 0 },
        { "consent=sms,+push", 6 },
        { "consent=webpush", 8 },
    };
    header_contact_t h;
    senda_err_t err = { "" };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(header_contact(senda_cstr(cases[i].text), &h, &err), SENDA_OK);
        assert_true(h.has_consent);
        assert_int_equal(h.consent, cases[i].bits);
    }
    assert_int_equal(header_contact(SENDA_STR("consent=perhaps"), &h, &err), SENDA_BAD);
    assert_string_equal(err.text, "consent=perhaps: expected email, sms, push, webpush, yes or no");
}

static void
test_contact_header_cannot_inject(void **state)
{
    header_contact_t h;
    senda_err_t err = { "" };
    char text[2048];
    size_t n;

    (void)state;
    assert_int_equal(header_contact(SENDA_STR("name=A%0D%0ABcc:+x@y.z%00%7F&phone=%FF%FE1"), &h,
                         &err),
        SENDA_OK);
    assert_string_equal(h.name, "A  Bcc: x@y.z");
    assert_string_equal(h.phone,
        "\xEF\xBF\xBD\xEF\xBF\xBD"
        "1");
    assert_int_equal(header_contact(SENDA_STR("email=a%40b%0D%0ARCPT"), &h, &err), SENDA_BAD);
    assert_int_equal(header_contact(SENDA_STR("email=nobody"), &h, &err), SENDA_BAD);
    n = (size_t)snprintf(text, sizeof(text), "name=");
    for (unsigned i = 0; i < 300; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "\xE2\x82\xAC");
    }
    assert_int_equal(header_contact(senda_cstr(text), &h, &err), SENDA_OK);
    assert_int_equal(strlen(h.name), 255); /* whole characters */
}

static void
test_event_header(void **state)
{
    static header_event_t e;

    (void)state;
    assert_int_equal(header_event(SENDA_STR(
                                      " purchase ; order=A%3B1; total=59.90;currency=EUR; "
                                      "items=sku%3A1:2:9.95,b:1:1;order=other;;x;=y; note=a%0Ab"),
                         &e),
        SENDA_OK);
    assert_true(senda_str_eq(e.name, SENDA_STR("purchase")));
    assert_int_equal(e.nfields, 5);
    assert_true(senda_str_eq(e.fields[0].value, SENDA_STR("A;1")));
    assert_true(senda_str_eq(e.fields[1].name, SENDA_STR("total")));
    assert_true(senda_str_eq(e.fields[1].value, SENDA_STR("59.90")));
    assert_true(senda_str_eq(e.fields[3].value, SENDA_STR("sku:1:2:9.95,b:1:1")));
    assert_true(senda_str_eq(e.fields[4].value, SENDA_STR("a b")));
    assert_int_equal(e.dropped, 1);
    assert_int_equal(header_event(SENDA_STR(""), &e), SENDA_BAD);
    assert_int_equal(header_event(SENDA_STR(" ; a=b"), &e), SENDA_BAD);
}

static void
test_event_header_bounds(void **state)
{
    static header_event_t e;
    char text[SENDA_HEADER_MAX + 2] = "x";

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ";k%u=v", i);
    }
    assert_int_equal(header_event(senda_cstr(text), &e), SENDA_OK);
    assert_int_equal(e.nfields, SENDA_CAPTURES_MAX);
    assert_int_equal(e.dropped, 100 - SENDA_CAPTURES_MAX);
    memset(text, 'y', sizeof(text) - 1);
    text[1] = ';';
    text[3] = '=';
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(header_event(senda_cstr(text), &e), SENDA_BAD);
    text[sizeof(text) - 2] = '\0';
    assert_int_equal(header_event(senda_cstr(text), &e), SENDA_OK);
    assert_int_equal(e.fields[0].value.n, SENDA_HEADER_MAX - 4);
}

/* ---- records ---- */

static void
test_a_login_ties_browser_and_contact(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;

    assert_int_equal(follow(f, visit(1, 61999), NULL, NULL), SENDA_OK);
    assert_int_equal(e->at, 61);
    assert_int_equal(e->who.contact, 0);
    assert_false(e->has_reach);
    assert_true(e->page);
    assert_int_equal(follow(f, visit(1, 70000), "email=a@example.com&consent=1", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_true(f->item.linked);
    assert_true(f->item.new_contact);
    assert_int_equal(e->consent, CHANNEL_BIT(CHANNEL_EMAIL));
    assert_int_equal(e->address, CHANNEL_BIT(CHANNEL_EMAIL));
    assert_int_equal(follow(f, visit(1, 80000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_false(f->item.linked);
    assert_int_equal(follow(f, visit(2, 90000), "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_true(f->item.linked);
    assert_false(f->item.new_contact);
    assert_int_equal(follow(f, visit(1, 95000), "email=b@example.com", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 2);
    assert_int_equal(e->consent, 0);
}

static void
test_history_makes_nobody_and_follows_itself(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;
    senda_err_t err = { "" };

    assert_int_equal(follow(f, visit(1, 1000), "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(follow(f, visit(1, 2000), "email=b@example.com", NULL), SENDA_OK);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);

    follow_history(f->follow);
    assert_int_equal(follow(f, visit(1, 500), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 0);
    assert_int_equal(follow(f, visit(1, 1000), "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(follow(f, visit(1, 1500), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1); /* although it is b's by now */
    assert_int_equal(follow(f, visit(3, 1600), "email=forgotten@example.com", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 0);
    assert_int_equal(state_changes(f->s), 0);
    follow_present(f->follow);
    assert_int_equal(follow(f, visit(1, 2500), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 2);
}

static void
test_header_wins_over_captures(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;
    senda_visit_t v = visit(1, 1000);

    v.nkeys = 1;
    v.keys[0] = senda_key_event(SENDA_EV_PURCHASE);
    v.ncaptures = 2;
    v.captures[0] = (senda_capture_t){ SENDA_STR("order"), SENDA_STR("url") };
    v.captures[1] = (senda_capture_t){ SENDA_STR("cat"), SENDA_STR("tacon") };
    assert_int_equal(follow(f, v, NULL, "purchase; order=header; total=1"), SENDA_OK);
    assert_int_equal(e->nfields, 3);
    assert_true(senda_str_eq(e->fields[0].value, SENDA_STR("header")));
    assert_true(senda_str_eq(e->fields[2].value, SENDA_STR("tacon")));
    assert_true(senda_str_eq(e->order, SENDA_STR("header")));
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_OK);
    assert_true(senda_str_eq(e->order, SENDA_STR("url")));
    v.keys[0] = senda_key_event(SENDA_EV_VIEW_CART);
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_OK);
    assert_int_equal(e->order.n, 0);
}

static void
assert_kept(fixture_t *f, uint64_t contact, const char *expected)
{
    contact_fields_t kept;
    char text[512] = "";

    (void)contact_fields_load(f->s, 1, contact, &kept);
    for (unsigned i = 0; i < kept.n; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s=%.*s ",
            (int)kept.list[i].name.n, kept.list[i].name.p, (int)kept.list[i].value.n,
            kept.list[i].value.p);
    }
    assert_string_equal(text, expected);
}

static void
test_fields_are_answers_and_kept(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;
    senda_err_t err = { "" };

    assert_int_equal(follow(f, visit(1, 1000),
                         "email=a@example.com&Interes=running&cumpleanos=28/02/1990", NULL),
        SENDA_OK);
    assert_null(f->item.complaint);
    assert_int_equal(e->nanswers, 2);
    assert_true(senda_str_eq(e->answers[0].name, SENDA_STR("interes")));
    assert_true(senda_str_eq(e->answers[0].value, SENDA_STR("running")));
    assert_true(senda_str_eq(e->answers[1].value, SENDA_STR("28/02/1990")));
    assert_kept(f, 1, "interes=running cumpleanos=28/02/1990 ");
    assert_int_equal(follow(f, visit(1, 2000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->nanswers, 0); /* said once: the engine remembers */

    assert_int_equal(follow(f, visit(1, 3000), "interes=golf&color=red&talla=many", NULL),
        SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(e->nanswers, 1);
    assert_kept(f, 1, "interes=golf cumpleanos=28/02/1990 ");
    assert_string_equal(f->item.complaint, "talla is no number");
    assert_true(f->item.partly);
    assert_int_equal(follow_stats(f->follow).fields, 2);
    assert_int_equal(follow(f, visit(1, 3500), "color=red", NULL), SENDA_OK);
    assert_string_equal(f->item.complaint, "color is no field of the rules");
    assert_int_equal(follow_stats(f->follow).refused, 0);

    /* Whom nobody knows the engine remembers by the browser. */
    assert_int_equal(follow(f, visit(2, 4000), "interes=trail", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 0);
    assert_int_equal(e->nanswers, 1);
    assert_null(f->item.complaint);

    /* History gives the same answers and keeps nothing anew. */
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    follow_history(f->follow);
    assert_int_equal(follow(f, visit(1, 1000), "email=a@example.com&interes=running", NULL),
        SENDA_OK);
    assert_int_equal(e->nanswers, 1);
    assert_int_equal(state_changes(f->s), 0);
    assert_kept(f, 1, "interes=golf cumpleanos=28/02/1990 ");
}

static void
test_attributes_reach_the_engine(void **state)
{
    static const char *const names[] = { "item", "items", "total", "order", "q", "lat", "lon",
        "template", "channel" };
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;

    assert_int_equal(follow(f, visit(1, 1000), NULL,
                         "walks_by; item=a-1; items=a-1%2C b-2; total=59%2C90; order=7; q=botas; lat=40.41; "
                         "lon=-3.70; template=cart-1; channel=email"),
        SENDA_OK);
    assert_int_equal(e->nfields, 9);
    for (unsigned i = 0; i < 9; i++) {
        assert_true(senda_str_eq(e->fields[i].name, senda_cstr(names[i])));
    }
    assert_true(senda_str_eq(e->fields[1].value, SENDA_STR("a-1, b-2")));
    assert_true(senda_str_eq(e->fields[6].value, SENDA_STR("-3.70")));
}

static void
test_what_is_for_no_engine(void **state)
{
    fixture_t *f = *state;
    senda_visit_t v = visit(0, 1000);

    assert_int_equal(follow(f, v, NULL, NULL), SENDA_NONE);
    assert_int_equal(follow(f, v, "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(f->item.event.who.contact, 1);
    v = visit(1, 1000);
    v.flags |= SENDA_VISIT_DRY_RUN;
    assert_int_equal(follow(f, v, "email=z@example.com", NULL), SENDA_NONE);
    assert_int_equal(contact_by_email(f->s, 1, "z@example.com"), 0);
    assert_int_equal(follow_read(f->follow, SENDA_STR("\xc0"), &f->item), SENDA_BAD);
    assert_int_equal(follow_stats(f->follow).unreadable, 1);
}

static void
test_headers_that_cannot_be_used(void **state)
{
    fixture_t *f = *state;
    senda_visit_t v = visit(1, 1000);

    assert_int_equal(follow(f, v, "email=nobody", NULL), SENDA_OK);
    assert_string_equal(f->item.complaint, "email is no address");
    assert_int_equal(f->item.event.who.contact, 0);
    assert_int_equal(follow(f, v, "name=Ana", NULL), SENDA_OK);
    assert_string_equal(f->item.complaint, "no e-mail, and nobody known");
    v.sealed = SENDA_STR("nothing that opens, but long enough to look at it, at least sixty-one b");
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_OK);
    assert_string_equal(f->item.complaint, "its sealed part does not open with this sidecar.key");
    assert_int_equal(follow_stats(f->follow).unsealed, 1);
    assert_int_equal(follow_stats(f->follow).refused, 2);
}

static void
test_time_lapse_maps_visits(void **state)
{
    fixture_t *f = *state;

    f->clock = (run_clock_t){ 3600, 10000 };
    assert_int_equal(follow(f, visit(1, 9000), NULL, NULL), SENDA_OK);
    assert_int_equal(f->item.event.at, 9);
    assert_int_equal(follow(f, visit(1, 12000), NULL, NULL), SENDA_OK);
    assert_int_equal(f->item.event.at, 10 + 2 * 3600);
    assert_true(run_clock_unmap(&f->clock, run_clock_map(&f->clock, 12345)) == 12345);
    assert_true(run_clock_unmap(&f->clock, 9999) == 9999);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void
test_who_withdraws_is_nobody(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;
    senda_visit_t v = visit(1, 3000);
    contact_t c;

    assert_int_equal(follow(f, visit(1, 1000), "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(follow(f, visit(1, 2000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_false(f->item.forget);
    v.flags = SENDA_VISIT_FORGET;
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_NONE);
    assert_true(f->item.forget);
    assert_memory_equal(&e->who.visitor, &v.visitor, sizeof(v.visitor));
    follow_forget(f->follow, 1, &v.visitor);
    assert_int_equal(follow(f, visit(1, 4000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 0);
    assert_int_equal(contact_load(f->s, 1, &c), SENDA_OK); /* the contact stays */

    /* Lived again, it is the same. */
    follow_history(f->follow);
    assert_int_equal(follow(f, visit(1, 1000), "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_NONE);
    follow_forget(f->follow, 1, &v.visitor);
    assert_int_equal(follow(f, visit(1, 4000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 0);
    follow_present(f->follow);

    v.visitor = (senda_visitor_t){ { 0 } };
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_NONE);
    assert_false(f->item.forget);
}

/* The fixture's sealer goes on with the public half of before. */
static void
test_what_old_keys_sealed_opens(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(senda_keys_rotate(&f->nginx, &f->sidecar, 20000, 400, &err), SENDA_OK);
        follow_keys(f->follow, &f->sidecar);
        assert_int_equal(follow(f, visit(1, 1000 + i), "email=a@example.com", NULL), SENDA_OK);
        assert_int_equal(f->item.event.who.contact, 1);
    }
    f->sidecar.nold = 0;
    follow_keys(f->follow, &f->sidecar);
    assert_int_equal(follow(f, visit(2, 2000), "email=a@example.com", NULL), SENDA_OK);
    assert_int_equal(f->item.event.who.contact, 0);
    assert_int_equal(follow_stats(f->follow).unsealed, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contact_header),
        cmocka_unit_test(test_fields_in_a_contact_header),
        cmocka_unit_test(test_consent_words),
        cmocka_unit_test(test_contact_header_cannot_inject),
        cmocka_unit_test(test_event_header),
        cmocka_unit_test(test_event_header_bounds),
        TEST(test_a_login_ties_browser_and_contact),
        TEST(test_history_makes_nobody_and_follows_itself),
        TEST(test_header_wins_over_captures),
        TEST(test_fields_are_answers_and_kept),
        TEST(test_attributes_reach_the_engine),
        TEST(test_what_is_for_no_engine),
        TEST(test_headers_that_cannot_be_used),
        TEST(test_time_lapse_maps_visits),
        TEST(test_who_withdraws_is_nobody),
        TEST(test_what_old_keys_sealed_opens),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
