/*
 * Forms in the sidecar: what an answer fills, whom it is about, and what a
 * form may not do, because whoever fills it in may be anybody.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "follow_world.h"

#define SIGNUP 7 /* keys of pages */
#define MORE   8

static const prog_input_t signup_inputs[] = {
    { .input = "mail", .fills = FILLS_EMAIL },
    { .input = "full name", .fills = FILLS_NAME },
    { .input = "tel", .fills = FILLS_PHONE },
    { .input = "news", .fills = FILLS_CONSENT },
    { .input = "size", .fills = FILLS_FIELD, .field = 1 },
    { .input = "like", .fills = FILLS_FIELD, .field = 0 },
};

static const prog_input_t more_inputs[] = {
    { .input = "mail", .fills = FILLS_FIELD, .field = 0 },
    { .input = "phone", .fills = FILLS_PHONE },
};

static const prog_page_t pages[] = {
    { .name = "cart", .key = 1 },
    { .name = "signup", .key = SIGNUP, .ninputs = 6, .inputs = signup_inputs },
    { .name = "more", .key = MORE, .ninputs = 2, .inputs = more_inputs },
};

static int
setup_forms(void **state)
{
    int rc = setup(state);
    fixture_t *f = *state;

    f->program.npages = 3;
    f->program.pages = pages;
    return rc;
}

static senda_visit_t
post(uint8_t visitor, senda_ms_t at, uint32_t flags)
{
    senda_visit_t v = visit(visitor, at);

    v.flags = SENDA_VISIT_FORM | flags;
    v.nkeys = 2;
    v.keys[0] = SIGNUP;
    v.keys[1] = senda_key_event(SENDA_EV_SIGN_UP);
    return v;
}

static senda_rc_t
form(fixture_t *f, uint8_t visitor, senda_ms_t at, const char *text)
{
    return follow_all(f, post(visitor, at, SENDA_VISIT_PAGE), NULL, NULL, text);
}

static contact_t
contact(fixture_t *f, uint64_t number)
{
    contact_t c;

    assert_int_equal(contact_load(f->s, number, &c), SENDA_OK);
    return c;
}

static uint64_t
whose(fixture_t *f, uint8_t visitor)
{
    const senda_visitor_t v = { { visitor } };

    return contact_of_visitor(f->s, 1, &v, INT64_MAX);
}

static void
answers_fill_what_their_page_says(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;
    contact_t c;

    assert_int_equal(form(f, 1, 50000,
                         "mail=Ana%40EXAMPLE.com&full+name=Ana+Mu%C3%B1oz&tel=%2B34600&news=on&"
                         "size=39.5&like=running&other=1"),
        SENDA_OK);
    assert_null(f->item.complaint);
    assert_true(f->item.new_contact && f->item.linked);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(f->item.nchanged, 1);
    assert_int_equal(f->item.changed[0], 1);
    assert_int_equal(e->consent, CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_SMS));
    assert_int_equal(e->nkeys, 2);
    assert_int_equal(e->nanswers, 2);
    assert_true(senda_str_eq(e->answers[0].name, SENDA_STR("talla")));
    assert_true(senda_str_eq(e->answers[0].value, SENDA_STR("39.5")));
    c = contact(f, 1);
    assert_string_equal(c.email, "ana@example.com");
    assert_string_equal(c.name, "Ana Muñoz");
    assert_string_equal(c.phone, "+34600");
    assert_int_equal(c.consent[CHANNEL_EMAIL].what, CONSENT_GIVEN);
    assert_int_equal(c.consent[CHANNEL_EMAIL].how, HOW_FORM);
    assert_int_equal(c.consent[CHANNEL_EMAIL].at, 50000);
    assert_int_equal(whose(f, 1), 1);
}

static void
the_first_page_that_knows_an_answer_says(void **state)
{
    fixture_t *f = *state;
    senda_visit_t v = post(1, 50000, 0);

    v.keys[0] = MORE;
    v.keys[1] = SIGNUP;
    assert_int_equal(follow_all(f, v, NULL, NULL, "mail=a%40example.com"), SENDA_OK);
    assert_int_equal(f->item.event.who.contact, 0); /* there it is a field */
    assert_int_equal(f->item.event.nanswers, 1);
    v.nkeys = 0; /* nobody asked for it */
    assert_int_equal(follow_all(f, v, NULL, NULL, "mail=a%40example.com"), SENDA_OK);
    assert_int_equal(f->item.event.nanswers, 0);
    v.site = 2; /* nobody's site */
    assert_int_equal(follow_all(f, v, NULL, NULL, "mail=a%40example.com"), SENDA_OK);
    assert_int_equal(state_number(f->s, "contacts", 0), 0);
}

static void
boxes_of_one_name_are_one_answer(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(form(f, 1, 1000, "mail=a%40b.c&news=0&news=email"), SENDA_OK);
    assert_int_equal(contact(f, 1).consent[CHANNEL_EMAIL].what, CONSENT_GIVEN);
    assert_int_equal(contact(f, 1).consent[CHANNEL_SMS].what, CONSENT_REFUSED);
    assert_int_equal(form(f, 1, 2000, "news=email&news=sms"), SENDA_OK);
    assert_int_equal(contact(f, 1).consent[CHANNEL_SMS].what, CONSENT_GIVEN);
    assert_int_equal(form(f, 1, 3000, "news=0"), SENDA_OK);
    assert_int_equal(contact(f, 1).consent[CHANNEL_EMAIL].what, CONSENT_REFUSED);
}

/* A box ticked again is a new word: it lifts an unsubscription, which a header repeated does not. */
static void
consent_in_a_form_is_fresh(void **state)
{
    fixture_t *f = *state;
    contact_t c;

    assert_int_equal(form(f, 1, 1000, "mail=a%40b.c&news=1"), SENDA_OK);
    contact_suppress(f->s, CHANNEL_EMAIL, "a@b.c", SUPPRESS_UNSUBSCRIBED, 2000, HOW_CLICK);
    assert_int_equal(follow(f, visit(1, 3000), "email=a%40b.c&consent=1", NULL), SENDA_OK);
    c = contact(f, 1);
    assert_string_equal(contact_refusal(f->s, &c, CHANNEL_EMAIL, false), "unsubscribed");
    assert_int_equal(form(f, 1, 4000, "mail=a%40b.c&news=1"), SENDA_OK);
    c = contact(f, 1);
    assert_null(contact_refusal(f->s, &c, CHANNEL_EMAIL, false));
}

static void
a_strangers_form_overwrites_nothing(void **state)
{
    fixture_t *f = *state;
    contact_t c;

    assert_int_equal(follow(f, visit(1, 1000), "email=ana%40b.c&name=Ana", NULL), SENDA_OK);
    assert_int_equal(form(f, 2, 2000, "mail=ana%40b.c&full+name=Eva&tel=600"), SENDA_OK);
    c = contact(f, 1);
    assert_string_equal(c.name, "Ana");
    assert_string_equal(c.phone, "600"); /* there was none */
    assert_int_equal(whose(f, 2), 1);    /* … but the browser is taken for hers */
    assert_int_equal(form(f, 2, 3000, "tel=700"), SENDA_OK);
    assert_string_equal(contact(f, 1).phone, "600");
    assert_int_equal(form(f, 1, 4000, "full+name=Ana+Mar%C3%ADa&tel=700"), SENDA_OK);
    c = contact(f, 1);
    assert_string_equal(c.name, "Ana María"); /* logged in: her own */
    assert_string_equal(c.phone, "700");
}

static void
a_browser_with_a_login_stays_whose_it_is(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;

    assert_int_equal(follow(f, visit(1, 1000), "email=ana%40b.c", NULL), SENDA_OK);
    assert_int_equal(form(f, 1, 2000, "mail=eva%40b.c&full+name=Eva&size=40"), SENDA_OK);
    assert_int_equal(e->who.contact, 2); /* the gift's receiver: it is about her */
    assert_true(senda_visitor_is_none(&e->who.visitor));
    assert_int_equal(e->nanswers, 1);
    assert_int_equal(whose(f, 1), 1);
    assert_string_equal(contact(f, 1).email, "ana@b.c");
    assert_string_equal(contact(f, 1).name, "");
    assert_string_equal(contact(f, 2).name, "Eva");
    assert_int_equal(follow(f, visit(1, 3000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
}

/* The shop says who it is in the response to the very form. */
static void
a_header_beside_the_form_wins(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;

    assert_int_equal(follow_all(f, post(1, 1000, SENDA_VISIT_CONTACT), "email=ana%40b.c&name=Ana",
                         NULL, "mail=ana%40b.c&full+name=ANA&news=1&size=38"),
        SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(e->nanswers, 1);
    assert_string_equal(contact(f, 1).name, "ANA"); /* logged in */
    assert_int_equal(follow_all(f, post(1, 2000, SENDA_VISIT_CONTACT),
                         "email=ana%40b.c&interes=golf", NULL, "mail=eva%40b.c&size=40"),
        SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(e->who.visitor.b[0], 1);
    assert_int_equal(e->nanswers, 1); /* the header's; hers are kept with her */
    assert_true(senda_str_eq(e->answers[0].value, SENDA_STR("golf")));
    assert_int_equal(contact_by_email(f->s, 1, "eva@b.c"), 2);
    assert_int_equal(f->item.nchanged, 2); /* nginx is told of both one's channels */
    assert_int_equal(f->item.changed[0], 1);
    assert_int_equal(f->item.changed[1], 2);
    assert_int_equal(whose(f, 1), 1);
    assert_true(f->item.new_contact);
}

static void
a_link_alone_gives_no_right_to_choose(void **state)
{
    fixture_t *f = *state;
    const senda_visitor_t friend = { { 3 } };

    assert_int_equal(form(f, 1, 1000, "mail=ana%40b.c&news=1"), SENDA_OK);
    assert_true(contact_link(f->s, 1, &friend, 1, 2000, LINK_CLICK));
    assert_int_equal(form(f, 3, 3000, "news=0&tel=600&size=44"), SENDA_OK);
    assert_int_equal(f->item.event.who.contact, 1);
    assert_int_equal(contact(f, 1).consent[CHANNEL_EMAIL].what, CONSENT_GIVEN);
    assert_string_equal(contact(f, 1).phone, "");
    assert_int_equal(form(f, 3, 4000, "mail=luz%40b.c&news=1"), SENDA_OK);
    assert_int_equal(f->item.event.who.contact, 2);
    assert_int_equal(whose(f, 3), 2);
}

static void
without_a_visitor_the_form_counts_all_the_same(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;

    assert_int_equal(follow_all(f, post(0, 1000, 0), NULL, NULL, "mail=ana%40b.c&news=1"),
        SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_true(senda_visitor_is_none(&e->who.visitor));
    assert_false(e->page);
    assert_int_equal(e->nkeys, 2);
    assert_int_equal(follow_all(f, post(0, 2000, 0), NULL, NULL, "size=40"), SENDA_NONE);
}

static void
what_cannot_be_used_is_passed_over(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;
    senda_visit_t v = post(1, 1000, 0);

    assert_int_equal(form(f, 1, 1000, "mail=nobody&size=40"), SENDA_OK);
    assert_string_equal(f->item.complaint, "email is no address");
    assert_int_equal(e->nanswers, 0);
    assert_int_equal(e->who.contact, 0);
    assert_int_equal(form(f, 1, 2000, "mail=a%40b.c&news=perhaps"), SENDA_OK);
    assert_non_null(f->item.complaint);
    assert_int_equal(form(f, 1, 3000, "full+name=Ana"), SENDA_OK);
    assert_string_equal(f->item.complaint, "no e-mail, and nobody known");
    assert_int_equal(follow_stats(f->follow).refused, 3);
    assert_int_equal(state_number(f->s, "contacts", 0), 0);
    assert_int_equal(form(f, 1, 4000, "mail=a%40b.c&size=big"), SENDA_OK);
    assert_true(f->item.partly);
    assert_int_equal(e->who.contact, 1);
    v.flags |= SENDA_VISIT_DRY_RUN;
    assert_int_equal(follow_all(f, v, NULL, NULL, "mail=x%40b.c"), SENDA_NONE);
    assert_int_equal(state_number(f->s, "contacts", 0), 1);
}

/* Both say as many fields as one happening may bring. */
static void
answers_have_a_bound(void **state)
{
    static prog_field_t many[HEADER_FIELDS_MAX + 4];
    static prog_input_t inputs[HEADER_FIELDS_MAX + 4];
    static char names[HEADER_FIELDS_MAX + 4][8];
    static prog_page_t page = { .name = "signup", .key = SIGNUP, .inputs = inputs };
    fixture_t *f = *state;
    char header[512] = "email=a%40b.c", text[512] = "";

    for (unsigned i = 0; i < HEADER_FIELDS_MAX + 4; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "f%u", i);
        many[i] = (prog_field_t){ .name = names[i], .type = VALUE_TEXT };
        inputs[i] = (prog_input_t){ .input = names[i], .fills = FILLS_FIELD, .field = i };
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "f%u=form&", i);
        if (i < HEADER_FIELDS_MAX) {
            (void)snprintf(header + strlen(header), sizeof(header) - strlen(header), "&f%u=shop",
                i);
        }
    }
    page.ninputs = HEADER_FIELDS_MAX + 4;
    f->program.nfields = HEADER_FIELDS_MAX + 4;
    f->program.fields = many;
    f->program.npages = 1;
    f->program.pages = &page;
    assert_int_equal(follow_all(f, post(1, 1000, SENDA_VISIT_CONTACT), header, NULL, text),
        SENDA_OK);
    assert_int_equal(f->item.event.nanswers, ENGINE_ANSWERS_MAX);
    assert_true(f->item.partly);
    assert_int_equal(follow_stats(f->follow).fields, HEADER_FIELDS_MAX + 4);
}

static void
history_follows_forms_and_makes_nobody(void **state)
{
    fixture_t *f = *state;
    engine_event_t *e = &f->item.event;

    assert_int_equal(form(f, 1, 5000, "mail=ana%40b.c&size=39"), SENDA_OK);
    follow_history(f->follow);
    assert_int_equal(form(f, 1, 5000, "mail=ana%40b.c&size=39"), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    assert_int_equal(e->nanswers, 1);
    assert_int_equal(form(f, 9, 6000, "mail=new%40b.c"), SENDA_OK);
    assert_int_equal(e->who.contact, 0);
    assert_int_equal(follow(f, visit(1, 7000), NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, 1);
    follow_present(f->follow);
    assert_int_equal(state_number(f->s, "contacts", 0), 1);
}

int
main(void)
{
#define CASE(c) cmocka_unit_test_setup_teardown(c, setup_forms, teardown)
    const struct CMUnitTest tests[] = {
        CASE(answers_fill_what_their_page_says),
        CASE(the_first_page_that_knows_an_answer_says),
        CASE(boxes_of_one_name_are_one_answer),
        CASE(consent_in_a_form_is_fresh),
        CASE(a_strangers_form_overwrites_nothing),
        CASE(a_browser_with_a_login_stays_whose_it_is),
        CASE(a_header_beside_the_form_wins),
        CASE(a_link_alone_gives_no_right_to_choose),
        CASE(without_a_visitor_the_form_counts_all_the_same),
        CASE(what_cannot_be_used_is_passed_over),
        CASE(answers_have_a_bound),
        CASE(history_follows_forms_and_makes_nobody),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
