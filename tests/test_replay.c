/*
 * A log in virtual time: contacts out of a CSV file, who a line shows, what is
 * forecast, one visitor's story.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay_forecast.h"
#include "scratch.h"

#define FILE_MAX (SCRATCH_MAX + 32)

static const char rules[] =
    "site shop.example.com\n  timezone UTC\n  currency EUR\n  language en\n"
    "page cart     /cart                                is view_cart\n"
    "page thanks   /thanks?order={order}&total={total}  is purchase\n"
    "page account  /account/{user}\n"
    "page news     /news?to={email}\n"
    "page search   /search?q={q}                        is search\n"
    "field size  number\n"
    "limit email 1 per day\n"
    "tag tall  when visits cart and not buys within 5 minutes\n"
    "flow cart\n  start when visits cart and not buys within 1 hour\n  again after 1 hour\n"
    "  stop if buys\n  goal buys within 3 days\n  coupon BACK5 valid 2 days\n"
    "  send email cart-1 or sms cart-1\n"
    "flow thanks transactional\n  start when buys\n  again for each order\n  send email order\n"
    "flow big\n  start when visits cart\n  only if size >= 42\n  again always\n  send email big\n"
    "flow hot\n  start when searches among the 1 most frequent\n  again always\n  send email hot\n";

/* A folder with rules.senda, for one test. */
typedef struct {
    char dir[SCRATCH_MAX], rules[FILE_MAX], csv[FILE_MAX];
    virtual_t *world;
} place_t;

static int
setup(void **state)
{
    place_t *p = calloc(1, sizeof(*p));
    FILE *out;
    int status;

    assert_non_null(p);
    scratch_make(p->dir);
    snprintf(p->rules, sizeof(p->rules), "%s/rules.senda", p->dir);
    snprintf(p->csv, sizeof(p->csv), "%s/contacts.csv", p->dir);
    out = fopen(p->rules, "w");
    assert_non_null(out);
    fputs(rules, out);
    fclose(out);
    p->world = virtual_open(p->rules, stderr, &status);
    assert_non_null(p->world);
    *state = p;
    return 0;
}

static int
teardown(void **state)
{
    place_t *p = *state;

    virtual_close(p->world);
    scratch_remove(p->dir);
    free(p);
    return 0;
}

/* Reads text as contacts; what was said beside goes to *said (freed by the caller) if asked. */
static replay_contacts_t *
contacts_of(const place_t *p, const char *text, char **said, senda_err_t *err)
{
    replay_contacts_t *c;
    char *warnings;
    size_t len;
    FILE *out = fopen(p->csv, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    out = open_memstream(&warnings, &len);
    c = replay_contacts_read(p->csv, virtual_program(p->world), out, err);
    fclose(out);
    if (said != NULL)
        *said = warnings;
    else
        free(warnings);
    return c;
}

static uint32_t
find(const replay_contacts_t *c, const char *user, const char *address, const char *field,
    const char *value, bool *surely)
{
    engine_event_t e = { .nfields = 1 };

    e.fields[0] = (senda_capture_t){ senda_cstr(field), senda_cstr(value) };
    return replay_contacts_find(c, senda_cstr(user), senda_cstr(address), &e, surely);
}

static void
contacts_by_what_a_log_shows(void **state)
{
    const place_t *p = *state;
    senda_err_t err;
    char *said;
    bool surely;
    replay_contacts_t *c = contacts_of(p,
        "\xef\xbb\xbf"
        "Email;tel\xc3\xa9"
        "fono;NAME;consent;user;order;ip;Size;shoe\r\n"
        "Ann@Example.com;;Ann;yes;ann;1;10.0.0.1;43;x\r\n"
        "ann@example.com;+34600111222;Ann;email;;2;;44;x\r\n"
        "bob@example.com;;\"Bob; the \"\"other\"\"\";no;bob;3;10.0.0.2;;\r\n"
        "nobody at all;;;yes;;;;;\r\n"
        ";+34600333444;;;;4;;;\r\n",
        &said, &err);
    const replay_contact_t *ann;

    assert_non_null(c);
    assert_int_equal(replay_contacts_count(c), 3);
    assert_non_null(strstr(said, "the column \"shoe\" is no field of the rules"));
    assert_non_null(strstr(said, "row 5 is left out: email"));
    free(said);
    ann = replay_contacts_at(c, 1);
    assert_string_equal(ann->name, "Ann@Example.com");
    assert_int_equal(ann->address, CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_SMS));
    assert_int_equal(ann->consent, CHANNEL_BIT(CHANNEL_EMAIL));
    assert_int_equal(ann->nanswers, 1);
    assert_true(senda_str_eq(ann->answers[0].name, SENDA_STR("size")));
    assert_true(senda_str_eq(ann->answers[0].value, SENDA_STR("44")));
    assert_int_equal(replay_contacts_at(c, 2)->consent, 0);

    assert_int_equal(find(c, "ANN", "9.9.9.9", "q", "x", &surely), 1);
    assert_true(surely);
    assert_int_equal(find(c, "bob@example.com", "9.9.9.9", "q", "x", &surely), 2);
    assert_int_equal(find(c, "", "10.0.0.1", "user", "bob", &surely), 2);
    assert_int_equal(find(c, "", "9.9.9.9", "order", "2", &surely), 1);
    assert_int_equal(find(c, "", "9.9.9.9", "order", "4", &surely), 3);
    assert_int_equal(find(c, "", "9.9.9.9", "email", "ann@example.com", &surely), 1);
    assert_int_equal(find(c, "", "9.9.9.9", "phone", "+34600111222", &surely), 1);
    assert_int_equal(find(c, "", "9.9.9.9", "total", "2", &surely), 0);
    assert_int_equal(find(c, "", "10.0.0.2", "q", "x", &surely), 2);
    assert_false(surely);
    assert_int_equal(find(c, "", "", "q", "10.0.0.2", &surely), 0);
    replay_contacts_free(c);
    replay_contacts_free(NULL);
}

static void
refuses(const place_t *p, const char *text, const char *why)
{
    senda_err_t err = { .text = "" };

    assert_null(contacts_of(p, text, NULL, &err));
    if (strstr(err.text, why) == NULL)
        fail_msg("said: %s", err.text);
}

static void
says_what_is_wrong_with_contacts(void **state)
{
    const place_t *p = *state;
    replay_contacts_t *c;
    senda_err_t err;
    char wide[200];

    refuses(p, "name,size\nAnn,43\n", "its first row names none of email, phone, user, order, ip");
    refuses(p, "email\n\"ann@example.com\n", "contacts.csv: a quote is not closed");
    refuses(p, "email\nann\"@example.com\n", "contacts.csv: row 2: ");
    memset(wide, ',', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    refuses(p, wide, "contacts.csv: row 1: more than 64 columns");
    assert_null(
        replay_contacts_read("/nowhere/contacts.csv", virtual_program(p->world), stderr, &err));
    assert_non_null(strstr(err.text, "/nowhere/contacts.csv: No such file"));
    c = contacts_of(p, "email\nann@example.com", NULL, &err);
    assert_non_null(c);
    assert_int_equal(replay_contacts_count(c), 1);
    assert_int_equal(replay_contacts_at(c, 1)->consent, CHANNEL_BIT(CHANNEL_EMAIL));
    replay_contacts_free(c);
}

/* One visit: day of June 2026 and time, who, what. */
static void
visit(replay_t *r, const char *when, const char *address, const char *user, const char *target)
{
    char line[256];

    snprintf(line, sizeof(line),
        "%s - %s [%.2s/Jun/2026:%s:00 +0000] \"GET %s HTTP/1.1\" 200 1 \"-\" \"Firefox\"", address,
        user, when, when + 3, target);
    replay_line(r, senda_cstr(line));
}

static replay_t *
begin(const place_t *p, const replay_options_t *options)
{
    replay_t *r = replay_new(p->world, options);

    assert_non_null(r);
    return r;
}

static void
counts_who_bought_anyway(void **state)
{
    const replay_options_t options = { 0 };
    replay_t *r = begin(*state, &options);
    const forecast_benefit_t *b;
    forecast_t *f;

    /* 1: within the goal's 3 days; 2: later; 3: never; 4: looks at the first one's order */
    visit(r, "01 10:00", "10.0.0.1", "-", "/cart");
    visit(r, "01 10:00", "10.0.0.2", "-", "/cart");
    visit(r, "01 10:00", "10.0.0.3", "-", "/cart");
    visit(r, "01 10:00", "10.0.0.4", "-", "/cart");
    visit(r, "03 09:00", "10.0.0.1", "-", "/thanks?order=1&total=50");
    visit(r, "03 09:01", "10.0.0.4", "-", "/thanks?order=1&total=50");
    visit(r, "04 11:00", "10.0.0.3", "-", "/cart");
    visit(r, "04 11:01", "10.0.0.2", "-", "/thanks?order=2&total=50");
    replay_until(r, 1780617600 + 86400);
    f = forecast_new(r);
    /* and one of the transactional ones for each order */
    assert_int_equal(f->channels[CHANNEL_EMAIL], 5 + 2);
    assert_int_equal(f->channels[CHANNEL_SMS], 0);
    assert_int_equal(f->marketing, 5);
    assert_int_equal(f->anyway, 1);
    assert_int_equal(f->people, 4);
    assert_int_equal(f->contacts, 0);
    assert_int_equal(f->benefits->len, 1);
    b = &g_array_index(f->benefits, forecast_benefit_t, 0);
    assert_string_equal(b->step->text, "BACK5");
    assert_int_equal(b->given, 5);
    assert_int_equal(b->anyway, 1);
    assert_false(f->weekly);
    assert_int_equal(f->days->len, 4);
    assert_int_equal(g_array_index(f->days, forecast_day_t, 0).channels[CHANNEL_EMAIL], 4);
    assert_int_equal(g_array_index(f->days, forecast_day_t, 1).channels[CHANNEL_EMAIL], 0);
    assert_int_equal(g_array_index(f->days, forecast_day_t, 3).channels[CHANNEL_EMAIL], 2);
    forecast_free(f);
    replay_free(r);
}

static void
a_long_time_is_told_by_weeks(void **state)
{
    const replay_options_t options = { 0 };
    replay_t *r = begin(*state, &options);
    char name[32];
    forecast_t *f;

    visit(r, "03 10:00", "10.0.0.1", "-", "/cart");
    for (int day = 3; day < 60; day += 5) {
        char line[256];

        snprintf(line, sizeof(line),
            "10.0.0.2 - - [%02d/%s/2026:12:00:00 +0000] \"GET /cart HTTP/1.1\" 200 1 \"-\" \"Firefox\"",
            day <= 30 ? day : day - 30, day <= 30 ? "Jun" : "Jul");
        replay_line(r, senda_cstr(line));
    }
    replay_until(r, 1785628800);
    f = forecast_new(r);
    assert_true(f->weekly);
    assert_int_equal(f->days->len, 9);
    assert_string_equal(forecast_day_name(g_array_index(f->days, forecast_day_t, 0).day, name,
                            sizeof(name)),
        "2026-06-01");
    assert_int_equal(g_array_index(f->days, forecast_day_t, 0).channels[CHANNEL_EMAIL], 2);
    assert_int_equal(g_array_index(f->days, forecast_day_t, 1).channels[CHANNEL_EMAIL], 2);
    forecast_free(f);
    replay_free(r);
}

static void
contacts_get_what_they_agreed_to(void **state)
{
    const place_t *p = *state;
    senda_err_t err;
    replay_contacts_t *c = contacts_of(p,
        "email,phone,user,ip,consent,size\n"
        "ann@example.com,,ann,,yes,43\n"
        "bob@example.com,,bob,,no,40\n"
        ",+34600111222,,10.0.0.3,sms,\n",
        NULL, &err);
    const replay_options_t options = { .contacts = c, .known_only = true };
    replay_t *r;
    char who[128];

    assert_non_null(c);
    r = begin(p, &options);
    visit(r, "01 10:00", "10.0.0.1", "ann", "/cart"); /* big at once; cart is above the limit */
    visit(r, "01 10:00", "10.0.0.2", "-", "/account/bob");
    visit(r, "01 10:01", "10.0.0.2", "-", "/cart");                   /* bob agreed to nothing */
    visit(r, "01 10:02", "10.0.0.3", "-", "/cart");                   /* sms */
    visit(r, "01 10:03", "10.0.0.4", "-", "/cart");                   /* nobody knows */
    visit(r, "01 12:00", "10.0.0.2", "-", "/thanks?order=7&total=1"); /* transactional: bob too */
    replay_until(r, 0);
    assert_int_equal(r->nmessages, 3);
    replay_name(r, r->messages[0].who, who, sizeof(who));
    assert_string_equal(who, "ann@example.com");
    assert_string_equal(r->messages[0].template, "big");
    replay_name(r, r->messages[1].who, who, sizeof(who));
    assert_string_equal(who, "+34600111222");
    assert_int_equal(r->messages[1].channel, CHANNEL_SMS);
    replay_name(r, r->messages[2].who, who, sizeof(who));
    assert_string_equal(who, "bob@example.com");
    assert_string_equal(r->messages[2].template, "order");
    assert_int_equal(r->not .limited, 1);
    replay_free(r);
    replay_contacts_free(c);
}

/* An address shows somebody only while nothing better does; two browsers are one contact. */
static void
who_logged_in_is_surer_than_an_address(void **state)
{
    const place_t *p = *state;
    senda_err_t err;
    replay_contacts_t *c = contacts_of(p,
        "email,ip\nann@example.com,10.0.0.1\nbob@example.com,10.0.0.1\n", NULL, &err);
    const replay_options_t options = { .contacts = c };
    replay_t *r;
    char who[128];

    assert_non_null(c);
    r = begin(p, &options);
    visit(r, "01 10:00", "10.0.0.1", "-", "/news?to=ann@example.com");
    visit(r, "01 10:01", "10.0.0.1", "-", "/cart");
    visit(r, "01 10:02", "10.0.0.9", "ann@example.com", "/cart");
    replay_until(r, 1780444800);
    assert_int_equal(r->nmessages, 1);
    replay_name(r, r->messages[0].who, who, sizeof(who));
    assert_string_equal(who, "ann@example.com");
    replay_free(r);
    replay_contacts_free(c);
}

/* All visitors' searches count together. */
static void
knows_what_is_searched_often(void **state)
{
    const replay_options_t options = { 0 };
    replay_t *r = begin(*state, &options);

    visit(r, "01 10:00", "10.0.0.1", "-", "/search?q=boots");
    visit(r, "01 10:01", "10.0.0.2", "-", "/search?q=Boots");
    assert_int_equal(r->flows[3].started, 2);
    visit(r, "01 10:02", "10.0.0.3", "-", "/search?q=pumps");
    assert_int_equal(r->flows[3].started, 2);
    visit(r, "01 10:03", "10.0.0.4", "-", "/search?q=pumps");
    assert_int_equal(r->flows[3].started, 3);
    replay_free(r);
}

static char *
story_of(const place_t *p, const char *name, const replay_contacts_t *c, bool *found)
{
    const tale_t tale = { virtual_program(p->world), false, true };
    replay_why_t *why = replay_why_new(name, &tale);
    const replay_options_t options = { .why = why, .contacts = c };
    char *text;
    size_t len;
    FILE *out;

    for (int times = 0; times < 2; times++) {
        replay_t *r = begin(p, &options);

        visit(r, "01 10:00", "10.0.0.1", "-", "/cart");
        visit(r, "01 10:00", "10.0.0.2", "-", "/other");
        visit(r, "01 10:01", "10.0.0.1", "-", "/picture.png");
        visit(r, "01 10:02", "10.0.0.1", "-", "/account/ann");
        visit(r, "02 09:00", "10.0.0.1", "-", "/thanks?order=1&total=50");
        replay_until(r, 0);
        replay_free(r);
        if (!replay_why_is_late(why))
            break;
        replay_why_again(why);
    }
    out = open_memstream(&text, &len);
    *found = replay_why_print(why, out);
    fclose(out);
    replay_why_free(why);
    return text;
}

static void
tells(const char *story, const char *expected)
{
    if (strstr(story, expected) == NULL)
        fail_msg("not told: %s\n%s", expected, story);
}

static void
tells_one_story(void **state)
{
    const place_t *p = *state;
    char *story, *other, *order;
    bool found;

    story = story_of(p, "10.0.0.1", NULL, &found);
    assert_true(found);
    tells(story, "  2026-06-01 10:00:00 visits /cart (cart, view_cart)\n");
    tells(story, "  2026-06-01 10:05:00 gets tag tall  [");
    tells(story, "flow \"big\" does not start: its `only if` does not hold  [");
    tells(story, "  2026-06-01 11:00:00 starts flow \"cart\"  [");
    tells(story, "  2026-06-01 11:00:00 gets coupon BACK5, valid until 2026-06-03 11:00:00  [");
    tells(story, "  2026-06-01 11:00:00 gets email cart-1 (\"cart\")  [");
    tells(story, "rules.senda:18]\n");
    tells(story, "visits /thanks?order=1&total=50 (thanks, purchase, order=1, total=50)\n");
    tells(story, "  1 lines do not count (asset)\n");
    assert_null(strstr(story, "/other"));
    order = strstr(story, "gets email cart-1");
    assert_true(order != NULL && order < strstr(story, "visits /thanks"));
    free(story);
    story = story_of(p, "10.0.0.2", NULL, &found);
    assert_true(found);
    tells(story, "visits /other (no page)\n");
    assert_null(strstr(story, "/cart"));
    free(story);
    other = story_of(p, "10.0.0.3", NULL, &found);
    assert_false(found);
    free(other);
}

/* The visits before the one that says who it was are told too. */
static void
tells_what_came_before_the_name(void **state)
{
    const place_t *p = *state;
    senda_err_t err;
    replay_contacts_t *c = contacts_of(p, "email,user\nann@example.com,ann\n", NULL, &err);
    char *story;
    bool found;

    assert_non_null(c);
    story = story_of(p, "ANN@example.com", c, &found);
    assert_true(found);
    tells(story, "2026-06-01 10:00:00 visits /cart (cart, view_cart)\n");
    tells(story, "visits /account/ann (account, user=ann): is ann@example.com\n");
    tells(story, "gets email cart-1");
    free(story);
    replay_contacts_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(contacts_by_what_a_log_shows, setup, teardown),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_contacts, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_who_bought_anyway, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_time_is_told_by_weeks, setup, teardown),
        cmocka_unit_test_setup_teardown(contacts_get_what_they_agreed_to, setup, teardown),
        cmocka_unit_test_setup_teardown(who_logged_in_is_surer_than_an_address, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_what_is_searched_often, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_one_story, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_came_before_the_name, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
