/* state/ and what stands in it: changes before and after a commit, contacts, consent, the lock. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "contact.h"
#include "contact_fields.h"
#include "lock.h"
#include "scratch.h"
#include "senda_pack.h"
#include "state.h"

typedef struct {
    char store[SCRATCH_MAX];
    state_t *s;
} fixture_t;

static void
reopen(fixture_t *f)
{
    senda_err_t err = { "" };

    state_close(f->s);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_OK);
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    char dir[SCRATCH_MAX + 8];

    scratch_make(f->store);
    (void)snprintf(dir, sizeof(dir), "%s/state", f->store);
    assert_int_equal(mkdir(dir, 0700), 0);
    reopen(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    state_close(f->s);
    scratch_remove(f->store);
    free(f);
    return 0;
}

static void
assert_value(state_t *s, const char *key, const char *value)
{
    senda_str_t got;

    if (value == NULL) {
        assert_int_equal(state_get(s, STATE_RUNS, senda_cstr(key), &got), SENDA_NONE);
        return;
    }
    assert_int_equal(state_get(s, STATE_RUNS, senda_cstr(key), &got), SENDA_OK);
    assert_int_equal(got.n, strlen(value));
    assert_memory_equal(got.p, value, got.n);
}

static void
test_changes_are_seen_before_the_commit(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };

    state_put(f->s, STATE_RUNS, SENDA_STR("a"), SENDA_STR("1"));
    state_put(f->s, STATE_RUNS, SENDA_STR("b"), SENDA_STR("2"));
    assert_value(f->s, "a", "1");
    assert_int_equal(state_changes(f->s), 2);
    reopen(f);
    assert_value(f->s, "a", NULL);

    state_put(f->s, STATE_RUNS, SENDA_STR("a"), SENDA_STR("1"));
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    assert_int_equal(state_changes(f->s), 0);
    state_put(f->s, STATE_RUNS, SENDA_STR("a"), SENDA_STR("one"));
    state_del(f->s, STATE_RUNS, SENDA_STR("b"));
    assert_value(f->s, "a", "one");
    assert_value(f->s, "b", NULL);
    state_abandon(f->s);
    assert_value(f->s, "a", "1");
    state_del(f->s, STATE_RUNS, SENDA_STR("a"));
    assert_value(f->s, "a", NULL);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    reopen(f);
    assert_value(f->s, "a", NULL);
}

static void
test_numbers(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };

    assert_int_equal(state_number(f->s, "cursor", 7), 7);
    state_set_number(f->s, "cursor", UINT64_MAX);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    reopen(f);
    assert_true(state_number(f->s, "cursor", 7) == UINT64_MAX);
}

static void
test_another_version_is_refused(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };

    state_set_number(f->s, "version", STATE_VERSION + 1);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    state_close(f->s);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_BAD);
    assert_non_null(strstr(err.text, "version 2"));
    assert_null(f->s);
}

static void
test_keys_sort_as_numbers(void **state)
{
    state_key_t a = { .n = 0 }, b = { .n = 0 };

    (void)state;
    state_key_u64(&a, 255);
    state_key_u64(&b, 256);
    assert_int_equal(a.n, 8);
    assert_true(memcmp(a.b, b.b, 8) < 0);
}

static header_contact_t
header(const char *text)
{
    header_contact_t h;
    senda_err_t err = { "" };

    assert_int_equal(header_contact(senda_cstr(text), &h, &err), SENDA_OK);
    return h;
}

static uint64_t
learn(fixture_t *f, const char *text, uint64_t known, bool fresh, senda_ms_t at)
{
    header_contact_t h = header(text);
    uint64_t number = 0;

    assert_int_equal(contact_learn(f->s, 1, &h, known, fresh ? HOW_SIGN_UP : HOW_SHOP, at, &number),
        SENDA_OK);
    return number;
}

static const char *
refusal(fixture_t *f, uint64_t number)
{
    contact_t c;

    assert_int_equal(contact_load(f->s, number, &c), SENDA_OK);
    return contact_refusal(f->s, &c, CHANNEL_EMAIL, false);
}

static void
test_one_contact_an_address(void **state)
{
    fixture_t *f = *state;
    uint64_t ann = learn(f, "email=ann%40EXAMPLE.com&name=Ann&consent=1", 0, false, 1000);
    header_contact_t nobody = header("name=x");
    uint64_t number;
    contact_t c;

    assert_int_equal(learn(f, "email=ann@example.com&name=Ann+Lee", 0, false, 2000), ann);
    assert_int_equal(learn(f, "name=older", ann, false, 500), ann);
    assert_int_not_equal(learn(f, "email=bob@example.com", ann, false, 3000), ann);
    assert_int_equal(contact_load(f->s, ann, &c), SENDA_OK);
    assert_string_equal(c.name, "Ann Lee");
    assert_string_equal(c.email, "ann@example.com");
    assert_int_equal(c.consent[CHANNEL_EMAIL].at, 1000);
    assert_int_equal(contact_learn(f->s, 1, &nobody, 0, HOW_SHOP, 1, &number), SENDA_NONE);
    assert_int_equal(contact_by_email(f->s, 2, "ann@example.com"), 0);
}

static void
test_a_repeated_header_changes_nothing(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };

    (void)learn(f, "email=a@example.com&name=A&consent=1", 0, false, 1000);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    (void)learn(f, "email=a@example.com&name=A&consent=1", 0, false, 9000);
    assert_int_equal(state_changes(f->s), 0);
}

static void
test_fields_of_a_contact(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };
    contact_fields_t got;
    char name[16],
        hostile[] = "\x92\x01\x81\xa1"
                    "a\xa1"
                    "b";

    assert_int_equal(contact_fields_load(f->s, 1, 7, &got), SENDA_NONE);
    assert_int_equal(contact_fields_set(f->s, 1, 7, SENDA_STR("interes"), SENDA_STR("running")),
        SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 1, 7, SENDA_STR("talla"), SENDA_STR("38")), SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 1, 7, SENDA_STR("interes"), SENDA_STR("golf")),
        SENDA_OK);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 1, 7, SENDA_STR("interes"), SENDA_STR("golf")),
        SENDA_OK);
    assert_int_equal(state_changes(f->s), 0);
    reopen(f);
    assert_int_equal(contact_fields_load(f->s, 1, 7, &got), SENDA_OK);
    assert_int_equal(got.n, 2);
    assert_true(senda_str_eq(got.list[0].value, SENDA_STR("golf")));
    assert_true(senda_str_eq(got.list[1].name, SENDA_STR("talla")));
    assert_int_equal(contact_fields_load(f->s, 2, 7, &got), SENDA_NONE); /* of another site */

    for (unsigned i = 0; i < CONTACT_FIELDS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "f%u", i);
        assert_int_equal(contact_fields_set(f->s, 1, 8, senda_cstr(name), SENDA_STR("x")),
            SENDA_OK);
    }
    assert_int_equal(contact_fields_set(f->s, 1, 8, SENDA_STR("more"), SENDA_STR("x")), SENDA_FULL);
    assert_int_equal(contact_fields_set(f->s, 1, 8, SENDA_STR("f3"), SENDA_STR("y")), SENDA_OK);
    for (size_t n = 0; n < sizeof(hostile) - 1; n++) {
        assert_int_equal(contact_fields_read((senda_str_t){ hostile, n }, &got), SENDA_BAD);
    }
    assert_int_equal(contact_fields_read((senda_str_t){ hostile, sizeof(hostile) - 1 }, &got),
        SENDA_OK);
    assert_int_equal(got.n, 1);
}

static void
test_consent_and_unsubscription(void **state)
{
    fixture_t *f = *state;
    uint64_t a = learn(f, "email=a@example.com", 0, false, 1000);

    assert_string_equal(refusal(f, a), "no consent");
    (void)learn(f, "email=a@example.com&consent=email", 0, false, 2000);
    assert_null(refusal(f, a));
    contact_suppress(f->s, CHANNEL_EMAIL, "a@example.com", SUPPRESS_UNSUBSCRIBED, 3000,
        HOW_COMMAND);
    assert_string_equal(refusal(f, a), "unsubscribed");
    /* The shop says it on every page: that is no new consent. */
    (void)learn(f, "email=a@example.com&consent=email", 0, false, 4000);
    assert_string_equal(refusal(f, a), "unsubscribed");
    /* A sign-up is. */
    (void)learn(f, "email=a@example.com&consent=email", 0, true, 5000);
    assert_null(refusal(f, a));
    (void)learn(f, "email=a@example.com&consent=no", 0, false, 6000);
    assert_string_equal(refusal(f, a), "unsubscribed");
    contact_suppress(f->s, CHANNEL_EMAIL, "a@example.com", SUPPRESS_UNSUBSCRIBED, 6500,
        HOW_COMMAND);
    /* So is one after a refusal. */
    (void)learn(f, "email=a@example.com&consent=yes", 0, false, 7000);
    assert_null(refusal(f, a));
}

/* Whatever the clocks say: what came before an unsubscription is taken back by it, on every site. */
static void
test_an_unsubscription_by_a_clock_set_back(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };
    header_contact_t h = { .email = "a@example.com", .has_consent = true, .consent = 1 };
    uint64_t a = learn(f, "email=a@example.com&consent=1", 0, false, 9000), other;

    assert_int_equal(contact_learn(f->s, UINT32_MAX, &h, 0, HOW_SIGN_UP, 9500, &other), SENDA_OK);
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    contact_suppress(f->s, CHANNEL_EMAIL, "a@example.com", SUPPRESS_UNSUBSCRIBED, 3000,
        HOW_COMMAND);
    assert_string_equal(refusal(f, a), "unsubscribed");
    assert_string_equal(refusal(f, other), "unsubscribed");
    (void)learn(f, "email=a@example.com&consent=1", 0, true, 9501);
    assert_null(refusal(f, a));
    assert_string_equal(refusal(f, other), "unsubscribed");
}

static void
test_a_dead_address_stays_dead(void **state)
{
    fixture_t *f = *state;
    uint64_t a = learn(f, "email=a@example.com&consent=1", 0, false, 1000);
    contact_t c;
    uint32_t address, consent;

    contact_suppress(f->s, CHANNEL_EMAIL, "a@example.com", SUPPRESS_BOUNCED, 2000, HOW_COMMAND);
    contact_suppress(f->s, CHANNEL_EMAIL, "a@example.com", SUPPRESS_UNSUBSCRIBED, 3000,
        HOW_COMMAND);
    (void)learn(f, "email=a@example.com&consent=1", 0, true, 4000);
    assert_string_equal(refusal(f, a), "the address is dead");
    assert_int_equal(contact_load(f->s, a, &c), SENDA_OK);
    contact_reach(f->s, &c, &address, &consent);
    assert_int_equal(address, 0);
    assert_int_equal(consent, 0);
}

static void
test_an_unreadable_suppression_holds(void **state)
{
    fixture_t *f = *state;
    uint64_t a = learn(f, "email=a@example.com&consent=1", 0, false, 1000);
    state_key_t key = { .n = 0 };

    state_key_u8(&key, CHANNEL_EMAIL);
    state_key_bytes(&key, "a@example.com", 13);
    state_put(f->s, STATE_SUPPRESSED, state_key_str(&key), SENDA_STR("\x93\x63\x01\x01"));
    assert_string_equal(refusal(f, a), "the address is dead");
}

static void
test_a_newer_contact_is_left_alone(void **state)
{
    fixture_t *f = *state;
    uint64_t a = learn(f, "email=a@example.com&consent=1", 0, false, 1000), number;
    header_contact_t h = header("email=a@example.com&name=B");
    state_key_t key = { .n = 0 };
    contact_t c;
    senda_str_t kept;

    state_key_u64(&key, a);
    state_put(f->s, STATE_CONTACTS, state_key_str(&key), SENDA_STR("\x98\x63"));
    assert_int_equal(contact_load(f->s, a, &c), SENDA_BAD);
    assert_int_equal(contact_learn(f->s, 1, &h, 0, HOW_SIGN_UP, 2000, &number), SENDA_BAD);
    assert_int_equal(state_get(f->s, STATE_CONTACTS, state_key_str(&key), &kept), SENDA_OK);
    assert_true(senda_str_eq(kept, SENDA_STR("\x98\x63")));
}

static void
test_whose_browser(void **state)
{
    fixture_t *f = *state;
    senda_visitor_t v = { { 1 } };

    assert_int_equal(contact_of_visitor(f->s, 1, &v, 5000), 0);
    (void)contact_link(f->s, 1, &v, 8, 2000, LINK_LOGIN);
    assert_int_equal(contact_of_visitor(f->s, 1, &v, 5000), 8);
    assert_int_equal(contact_of_visitor(f->s, 1, &v, 1999), 0);
    assert_int_equal(contact_of_visitor(f->s, 2, &v, 5000), 0);
    (void)contact_link(f->s, 1, &v, 9, 3000, LINK_LOGIN);
    assert_int_equal(contact_of_visitor(f->s, 1, &v, 5000), 9);
    (void)contact_link(f->s, 1, &v, 8, 2500, LINK_LOGIN);
    assert_int_equal(contact_of_visitor(f->s, 1, &v, 5000), 9);
}

static void
test_one_process_a_store(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };
    char pid[64];
    int fd, other, status;
    pid_t child;

    assert_int_equal(lock_take(f->store, &fd, &err), SENDA_OK);
    child = fork();
    if (child == 0) {
        _exit(lock_take(f->store, &other, &err) == SENDA_NONE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(lock_take(f->store, &other, &err), SENDA_NONE);
    (void)snprintf(pid, sizeof(pid), "(process %ld)", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    lock_release(fd);
    assert_int_equal(lock_take(f->store, &fd, &err), SENDA_OK);
    lock_release(fd);
    assert_int_equal(lock_take("/nonexistent", &fd, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, "senda init"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_changes_are_seen_before_the_commit),
        TEST(test_numbers),
        TEST(test_another_version_is_refused),
        cmocka_unit_test(test_keys_sort_as_numbers),
        TEST(test_one_contact_an_address),
        TEST(test_a_repeated_header_changes_nothing),
        TEST(test_fields_of_a_contact),
        TEST(test_consent_and_unsubscription),
        TEST(test_an_unsubscription_by_a_clock_set_back),
        TEST(test_a_dead_address_stays_dead),
        TEST(test_an_unreadable_suppression_holds),
        TEST(test_a_newer_contact_is_left_alone),
        TEST(test_whose_browser),
        TEST(test_one_process_a_store),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
