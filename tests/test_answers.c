/*
 * Answers to messages as the sidecar follows them: whose they are, what they
 * say to rules, what they change, and what a browser is believed by.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "follow_world.h"
#include "outbox.h"
#include "senda_sent.h"

static const prog_step_t steps[] = { { .kind = STEP_SEND, .id = 11, .template = "cart-1" } };
static const prog_flow_t flow = { .name = "cart", .id = 5, .nsteps = 1, .steps = steps };

/* A message that was planned for a contact. */
static senda_message_t
message_to(fixture_t *f, uint64_t contact, prog_channel_t channel)
{
    intent_t i = { .kind = INTENT_MESSAGE,
        .at = 1,
        .who = { .contact = contact },
        .flow = &flow,
        .entry = 900 + (uint64_t)channel,
        .step = &steps[0],
        .channel = channel };
    senda_message_t m;
    out_id_t id;

    assert_int_equal(outbox_plan(f->s, &f->program, &i, &id), SENDA_OK);
    memcpy(m.b, id.b, sizeof(m.b));
    return m;
}

static uint64_t
person(fixture_t *f, uint8_t visitor, senda_ms_t at, const char *header)
{
    assert_int_equal(follow(f, visit(visitor, at), header, NULL), SENDA_OK);
    return f->item.event.who.contact;
}

static senda_rc_t
answer(fixture_t *f, const senda_message_t *m, uint32_t flags, uint8_t visitor, senda_ms_t at)
{
    senda_visit_t v = { .site = 9,
        .at = at,
        .visitor = { { visitor } },
        .flags = flags,
        .message = *m };

    return follow(f, v, NULL, NULL);
}

static senda_rc_t
choose(fixture_t *f, const senda_message_t *m, uint32_t channels, senda_ms_t at)
{
    senda_visit_t v = { .site = 1,
        .at = at,
        .flags = SENDA_VISIT_CHANNELS,
        .message = *m,
        .channels = channels };

    return follow(f, v, NULL, NULL);
}

static const char *
refusal(fixture_t *f, uint64_t contact, prog_channel_t channel)
{
    contact_t c;

    assert_int_equal(contact_load(f->s, contact, &c), SENDA_OK);
    return contact_refusal(f->s, &c, channel, false);
}

static void
assert_event(const fixture_t *f, uint64_t contact, uint8_t visitor, senda_event_t event)
{
    const engine_event_t *e = &f->item.event;

    assert_int_equal(f->item.visit.site, 1); /* the message's, whatever host answered */
    assert_int_equal(e->who.contact, contact);
    assert_int_equal(e->who.visitor.b[0], visitor);
    assert_int_equal(e->nkeys, 1);
    assert_int_equal(e->keys[0], senda_key_event(event));
    assert_false(e->page);
    assert_true(e->has_reach);
    assert_int_equal(e->nfields, 2);
    assert_true(senda_str_eq(e->fields[0].name, SENDA_STR("template")));
    assert_true(senda_str_eq(e->fields[0].value, SENDA_STR("cart-1")));
    assert_true(senda_str_eq(e->fields[1].name, SENDA_STR("channel")));
    assert_true(senda_str_eq(e->fields[1].value, SENDA_STR("email")));
}

/* Login beats link: whoever is logged in here, the click is the receiver's and no more. */
static void
test_whose_click(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&consent=1");
    uint64_t bob = person(f, 2, 1000, "email=bob@example.com&consent=1");
    senda_message_t to_ann = message_to(f, ann, CHANNEL_EMAIL);
    senda_message_t to_bob = message_to(f, bob, CHANNEL_EMAIL);

    /* a new browser: it is hers now */
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_CLICK | SENDA_VISIT_LANDING, 7, 2000),
        SENDA_OK);
    assert_event(f, ann, 7, SENDA_EV_MESSAGE_CLICK);
    assert_true(f->item.linked);
    assert_int_equal(person(f, 7, 2500, NULL), ann);

    /* a later click of another says otherwise */
    assert_int_equal(answer(f, &to_bob, SENDA_VISIT_CLICK, 7, 3000), SENDA_OK);
    assert_event(f, bob, 7, SENDA_EV_MESSAGE_CLICK);
    assert_int_equal(person(f, 7, 3500, NULL), bob);

    /* hers by a login: a forwarded message changes nothing */
    assert_int_equal(answer(f, &to_bob, SENDA_VISIT_CLICK, 1, 4000), SENDA_OK);
    assert_event(f, bob, 0, SENDA_EV_MESSAGE_CLICK);
    assert_false(f->item.linked);
    assert_int_equal(person(f, 1, 4500, NULL), ann);

    /* her own click on it tells both */
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_CLICK, 1, 5000), SENDA_OK);
    assert_event(f, ann, 1, SENDA_EV_MESSAGE_CLICK);

    /* and a login makes sure of what was a link */
    assert_int_equal(person(f, 7, 6000, "email=bob@example.com"), bob);
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_CLICK, 7, 7000), SENDA_OK);
    assert_event(f, ann, 0, SENDA_EV_MESSAGE_CLICK);
    assert_int_equal(person(f, 7, 7500, NULL), bob);
    assert_int_equal(f->item.nchanged, 0);
}

/* A new browser's click and the page that it led to are one record: the browser's visit too. */
static void
test_the_page_behind_a_click(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&consent=1");
    senda_message_t to_ann = message_to(f, ann, CHANNEL_EMAIL);
    engine_event_t *e = &f->item.event;
    senda_visit_t v = { .site = 1,
        .at = 2000,
        .visitor = { { 7 } },
        .flags = SENDA_VISIT_CLICK | SENDA_VISIT_LANDING | SENDA_VISIT_PAGE,
        .message = to_ann,
        .path = SENDA_STR("/heels/red"),
        .nkeys = 2,
        .keys = { 3, senda_key_event(SENDA_EV_MESSAGE_CLICK) },
        .ncaptures = 1,
        .captures = { { SENDA_STR("item"), SENDA_STR("red") } } };

    assert_int_equal(follow(f, v, NULL, NULL), SENDA_OK);
    assert_int_equal(e->who.contact, ann);
    assert_int_equal(e->who.visitor.b[0], 7);
    assert_true(e->page);
    assert_int_equal(e->nkeys, 2);
    assert_int_equal(e->keys[0], 3);
    assert_int_equal(e->keys[1], senda_key_event(SENDA_EV_MESSAGE_CLICK));
    assert_int_equal(e->nfields, 3);
    assert_true(senda_str_eq(e->fields[2].name, SENDA_STR("item")));
    assert_int_equal(person(f, 7, 2500, NULL), ann);

    /* On somebody else's browser the click is hers all the same; what he looks at is not. */
    assert_int_equal(person(f, 2, 3000, "email=bob@example.com"), ann + 1);
    v.visitor.b[0] = 2;
    v.at = 4000;
    assert_int_equal(follow(f, v, NULL, NULL), SENDA_OK);
    assert_event(f, ann, 0, SENDA_EV_MESSAGE_CLICK);
}

/* Lived again, it all comes to the same, and nothing is written. */
static void
test_clicks_in_history(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&consent=1");
    uint64_t bob = person(f, 2, 1000, "email=bob@example.com&consent=1");
    senda_message_t to_ann = message_to(f, ann, CHANNEL_EMAIL);

    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_CLICK, 7, 2000), SENDA_OK);
    assert_int_equal(person(f, 7, 3000, "email=bob@example.com"), bob);
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_UNSUBSCRIBE, 0, 3500), SENDA_OK);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);

    follow_history(f->follow);
    assert_int_equal(person(f, 7, 1500, NULL), 0);
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_CLICK, 7, 2000), SENDA_OK);
    assert_event(f, ann, 7, SENDA_EV_MESSAGE_CLICK);
    assert_int_equal(person(f, 7, 2500, NULL), ann);
    assert_int_equal(person(f, 7, 3000, "email=bob@example.com"), bob);
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_CLICK, 7, 3200), SENDA_OK);
    assert_event(f, ann, 0, SENDA_EV_MESSAGE_CLICK);
    assert_int_equal(person(f, 7, 3300, NULL), bob);
    assert_int_equal(answer(f, &to_ann, SENDA_VISIT_UNSUBSCRIBE, 0, 3500), SENDA_OK);
    assert_int_equal(choose(f, &to_ann, 1, 3600), SENDA_OK);
    assert_int_equal(state_changes(f->s), 0);
    follow_present(f->follow);
    assert_string_equal(refusal(f, ann, CHANNEL_EMAIL), "unsubscribed");
}

static void
test_an_open_is_of_no_browser(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&consent=1");
    senda_message_t m = message_to(f, ann, CHANNEL_EMAIL);

    assert_int_equal(answer(f, &m, SENDA_VISIT_OPEN, 9, 2000), SENDA_OK);
    assert_event(f, ann, 0, SENDA_EV_MESSAGE_OPEN);
    assert_int_equal(person(f, 9, 3000, NULL), 0);
}

static void
test_unsubscribed(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&phone=%2B34600111222&consent=1");
    senda_message_t mail = message_to(f, ann, CHANNEL_EMAIL), sms = message_to(f, ann, CHANNEL_SMS);
    suppression_t said;

    assert_null(refusal(f, ann, CHANNEL_EMAIL));
    assert_int_equal(answer(f, &mail, SENDA_VISIT_UNSUBSCRIBE, 0, 2000), SENDA_OK);
    assert_int_equal(f->item.changed[0], ann);
    assert_int_equal(f->item.event.nkeys, 0);
    assert_int_equal(f->item.event.consent,
        CHANNEL_BIT(CHANNEL_SMS)); /* the engine hears at once */
    assert_string_equal(refusal(f, ann, CHANNEL_EMAIL), "unsubscribed");
    assert_null(refusal(f, ann, CHANNEL_SMS));
    assert_true(contact_suppressed(f->s, CHANNEL_EMAIL, "ann@example.com", &said));
    assert_int_equal(said.at, 2000);
    assert_int_equal(said.how, HOW_CLICK);
    assert_int_equal(person(f, 1, 2500, "email=ann@example.com&consent=1"), ann);
    assert_string_equal(refusal(f, ann, CHANNEL_EMAIL),
        "unsubscribed"); /* the shop only repeats itself */
    assert_int_equal(answer(f, &sms, SENDA_VISIT_UNSUBSCRIBE, 0, 3000), SENDA_OK);
    assert_string_equal(refusal(f, ann, CHANNEL_SMS), "unsubscribed");
    assert_int_equal(person(f, 1, 4000, NULL), ann); /* still the same person */
}

static void
test_chosen_channels(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&phone=%2B34600111222&consent=email");
    senda_message_t m = message_to(f, ann, CHANNEL_EMAIL);
    contact_t c;

    /* what was so stays as it was, to its time */
    assert_int_equal(choose(f, &m, CHANNEL_BIT(CHANNEL_EMAIL), 2000), SENDA_OK);
    assert_int_equal(contact_load(f->s, ann, &c), SENDA_OK);
    assert_int_equal(c.consent[CHANNEL_EMAIL].at, 1000);
    assert_int_equal(c.consent[CHANNEL_EMAIL].how, HOW_SHOP);
    assert_string_equal(refusal(f, ann, CHANNEL_SMS), "no consent");

    assert_int_equal(choose(f, &m, CHANNEL_BIT(CHANNEL_SMS) | CHANNEL_BIT(CHANNEL_PUSH), 3000),
        SENDA_OK);
    assert_string_equal(refusal(f, ann, CHANNEL_EMAIL), "unsubscribed");
    assert_null(refusal(f, ann, CHANNEL_SMS));
    assert_string_equal(refusal(f, ann, CHANNEL_PUSH), "no address");
    assert_int_equal(contact_load(f->s, ann, &c), SENDA_OK);
    assert_int_equal(c.consent[CHANNEL_SMS].at, 3000);
    assert_int_equal(c.consent[CHANNEL_SMS].how, HOW_PAGE);

    /* said after what was, also by a clock that was set back */
    assert_int_equal(choose(f, &m, CHANNEL_BIT(CHANNEL_EMAIL), 500), SENDA_OK);
    assert_null(refusal(f, ann, CHANNEL_EMAIL));
    assert_string_equal(refusal(f, ann, CHANNEL_SMS), "unsubscribed");

    contact_suppress(f->s, CHANNEL_EMAIL, "ann@example.com", SUPPRESS_BOUNCED, 4000, HOW_SERVER);
    assert_int_equal(choose(f, &m, 15, 5000), SENDA_OK);
    assert_string_equal(refusal(f, ann, CHANNEL_EMAIL), "the address is dead");
    assert_null(refusal(f, ann, CHANNEL_SMS));
}

static void
test_messages_of_old(void **state)
{
    fixture_t *f = *state;
    senda_message_t unknown = { { 1 } };
    senda_sent_t sent = { .site = 1, .channel = SENDA_CHANNEL_EMAIL, .language = "es" };
    senda_published_t *p;
    senda_err_t err = { "" };
    char dir[SCRATCH_MAX + 16];

    assert_int_equal(answer(f, &unknown, SENDA_VISIT_CLICK, 7, 1000), SENDA_NONE);
    assert_int_equal(answer(f, &unknown, SENDA_VISIT_UNSUBSCRIBE, 0, 1000), SENDA_NONE);
    assert_int_equal(follow_stats(f->follow).lost, 2);

    /* the outbox has it no more, but whose it was is still known */
    sent.contact = person(f, 1, 1000, "email=ann@example.com&consent=1");
    (void)snprintf(dir, sizeof(dir), "%s/published", f->store);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(senda_published_open_write(&p, dir, &err), SENDA_OK);
    assert_int_equal(senda_published_begin(p, &err), SENDA_OK);
    assert_int_equal(senda_sent_set(p, &unknown, &sent, &err), SENDA_OK);
    assert_int_equal(senda_published_commit(p, &err), SENDA_OK);
    follow_look_in(f->follow, p);
    assert_int_equal(answer(f, &unknown, SENDA_VISIT_UNSUBSCRIBE, 0, 2000), SENDA_OK);
    assert_string_equal(refusal(f, sent.contact, CHANNEL_EMAIL), "unsubscribed");
    assert_int_equal(answer(f, &unknown, SENDA_VISIT_CLICK, 7, 3000), SENDA_OK);
    assert_int_equal(f->item.event.nfields,
        1); /* by which channel, of which template nobody knows */
    follow_look_in(f->follow, NULL);
    senda_published_close(p);
}

static void
test_a_dry_run_says_nothing(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = person(f, 1, 1000, "email=ann@example.com&consent=1");
    senda_message_t m = message_to(f, ann, CHANNEL_EMAIL);

    assert_int_equal(answer(f, &m, SENDA_VISIT_CLICK | SENDA_VISIT_DRY_RUN, 7, 2000), SENDA_NONE);
    assert_int_equal(person(f, 7, 3000, NULL), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_whose_click),
        CASE(test_the_page_behind_a_click),
        CASE(test_clicks_in_history),
        CASE(test_an_open_is_of_no_browser),
        CASE(test_unsubscribed),
        CASE(test_chosen_channels),
        CASE(test_messages_of_old),
        CASE(test_a_dry_run_says_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
