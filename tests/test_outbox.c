/* The outbox: planned once, every way between its states, retries, what a restart finds. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "outbox.h"
#include "scratch.h"

typedef struct {
    char store[SCRATCH_MAX];
    state_t *s;
} fixture_t;

static const prog_step_t steps[] = {
    { .kind = STEP_SEND, .id = 11, .template = "cart-1" },
    { .kind = STEP_WAIT, .id = 12 },
    { .kind = STEP_SEND, .id = 13, .template = "cart-2" },
    { .kind = STEP_END, .id = 14 },
};
static const prog_flow_t flow = { .name = "cart", .id = 5, .nsteps = 4, .steps = steps };
static const prog_step_t coupon = { .kind = STEP_COUPON,
    .id = 21,
    .text = "FREESHIP",
    .span = { .secs = 86400 } };
static const prog_step_t credit = { .kind = STEP_CREDIT, .id = 22, .value = 270000 };
static const prog_step_t recipe = { .kind = STEP_RECOMMEND,
    .id = 23,
    .recipe = RECIPE_RELATED_TO,
    .number = 4,
    .text = "item" };
static const program_t program = { .site = "shop", .site_id = 1 };
static const senda_capture_t fields[] = {
    { { "item", 4 }, { "zapato-rojo", 11 } },
    { { "total", 5 }, { "59.90", 5 } },
};

static void
reopen(fixture_t *f)
{
    senda_err_t err = { "" };
    char dir[SCRATCH_MAX + 8];

    (void)snprintf(dir, sizeof(dir), "%s/state", f->store);
    (void)mkdir(dir, 0700);
    state_close(f->s);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_OK);
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));

    scratch_make(f->store);
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
commit(fixture_t *f)
{
    senda_err_t err = { "" };

    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
}

static intent_t
intent_of(unsigned step, uint64_t contact, senda_sec_t at)
{
    return (intent_t){ .kind = INTENT_MESSAGE,
        .at = at,
        .who = { .contact = contact },
        .flow = &flow,
        .entry = 900,
        .step = &steps[step],
        .channel = CHANNEL_EMAIL,
        .nfields = 2,
        .fields = fields };
}

static out_id_t
plan(fixture_t *f, unsigned step, uint64_t contact, senda_sec_t at)
{
    intent_t i = intent_of(step, contact, at);
    out_id_t id;

    assert_int_equal(outbox_plan(f->s, &program, &i, &id), SENDA_OK);
    return id;
}

static out_message_t *
load(fixture_t *f, const out_id_t *id)
{
    static out_message_t m;

    assert_int_equal(outbox_load(f->s, id, &m), SENDA_OK);
    return &m;
}

static void
test_planned_once(void **state)
{
    fixture_t *f = *state;
    intent_t i = intent_of(0, 7, 1000);
    out_id_t id = plan(f, 0, 7, 1000), again;
    out_message_t *m;

    assert_int_equal(outbox_plan(f->s, &program, &i, &again), SENDA_NONE);
    commit(f);
    assert_int_equal(outbox_plan(f->s, &program, &i, &again), SENDA_NONE);
    assert_memory_equal(&id, &again, sizeof(id));
    reopen(f);
    m = load(f, &id);
    assert_int_equal(m->state, OUT_PLANNED);
    assert_string_equal(m->template, "cart-1");
    assert_int_equal(m->contact, 7);
    assert_int_equal(m->nfields, 2);
    assert_memory_equal(m->fields[1].value.p, "59.90", 5);
    assert_int_equal(outbox_move(f->s, m, OUT_SKIPPED, 1001, 0, "no consent"), SENDA_OK);
    assert_int_equal(outbox_plan(f->s, &program, &i, &again), SENDA_NONE);
    m = load(f, &id);
    assert_string_equal(m->answer, "no consent");
    assert_int_equal(m->nfields, 0);
}

static void
test_each_part_makes_another_message(void **state)
{
    engine_who_t a = { .contact = 1 }, b = { .contact = 2 }, seen = { 1, { { 9 } } };
    out_id_t one = outbox_id(1, 2, 3, 4, &a), other;
    char hex[OUTBOX_HEX_LEN + 1];

    (void)state;
    other = outbox_id(1, 2, 3, 4, &seen);
    assert_memory_equal(&one, &other, sizeof(one));
    other = outbox_id(9, 2, 3, 4, &a);
    assert_memory_not_equal(&one, &other, sizeof(one));
    other = outbox_id(1, 9, 3, 4, &a);
    assert_memory_not_equal(&one, &other, sizeof(one));
    other = outbox_id(1, 2, 9, 4, &a);
    assert_memory_not_equal(&one, &other, sizeof(one));
    other = outbox_id(1, 2, 3, 9, &a);
    assert_memory_not_equal(&one, &other, sizeof(one));
    other = outbox_id(1, 2, 3, 4, &b);
    assert_memory_not_equal(&one, &other, sizeof(one));
    outbox_hex(&one, hex);
    assert_int_equal(strlen(hex), OUTBOX_HEX_LEN);
    assert_int_equal(strspn(hex, "0123456789abcdef"), OUTBOX_HEX_LEN);
}

static void
test_benefits_and_recipe_go_with_it(void **state)
{
    fixture_t *f = *state;
    intent_t i = intent_of(0, 7, 1000);
    out_message_t *m;
    out_id_t id;

    i.nbenefits = 2;
    i.benefits[0] = &coupon;
    i.benefits[1] = &credit;
    i.recipe = &recipe;
    assert_int_equal(outbox_plan(f->s, &program, &i, &id), SENDA_OK);
    m = load(f, &id);
    assert_int_equal(m->nbenefits, 2);
    assert_int_equal(m->benefits[0].kind, STEP_COUPON);
    assert_true(senda_str_eq(m->benefits[0].text, SENDA_STR("FREESHIP")));
    assert_int_equal(m->benefits[0].until, 1000 + 86400);
    assert_int_equal(m->benefits[1].value, 270000);
    assert_int_equal(m->benefits[1].until, 0);
    assert_int_equal(m->recipe.kind, RECIPE_RELATED_TO);
    assert_int_equal(m->recipe.number, 4);
    assert_true(senda_str_eq(m->recipe.text, SENDA_STR("item")));
    assert_int_equal(m->nfields, 2);
    assert_int_equal(outbox_move(f->s, m, OUT_SKIPPED, 1001, 0, "no consent"), SENDA_OK);
    m = load(f, &id);
    assert_int_equal(m->nbenefits, 0);
    assert_int_equal(m->recipe.number, 0);
}

/* A record as it was before messages had benefits: shorter by two. */
static void
test_records_without_benefits_are_read(void **state)
{
    fixture_t *f = *state;
    out_id_t id = plan(f, 0, 7, 1000);
    senda_str_t key = { (const char *)id.b, sizeof(id.b) }, record;
    char copy[STATE_VALUE_MAX];
    out_message_t m;

    assert_int_equal(state_get(f->s, STATE_OUTBOX, key, &record), SENDA_OK);
    memcpy(copy, record.p, record.n);
    assert_memory_equal(copy, "\xdc\0\x12", 3);
    copy[2] = 16;
    assert_int_equal(outbox_read(&id, (senda_str_t){ copy, record.n - 2 }, &m), SENDA_OK);
    assert_int_equal(m.nfields, 2);
    assert_int_equal(m.nbenefits, 0);
    assert_int_equal(m.recipe.number, 0);
    assert_int_equal(outbox_move(f->s, &m, OUT_INTENT, 1000, 0, NULL), SENDA_OK);
    assert_int_equal(load(f, &id)->nfields, 2);
}

/* Which states each state may go to: the contract, written a second time on purpose. */
static void
test_ways(void **state)
{
    static const char *const allowed[OUT_STATES] = {
        [OUT_PLANNED] = "IDFS",
        [OUT_INTENT] = "PHDAFU",
        [OUT_HANDED] = "PDAFU",
        [OUT_DEFER] = "IDFS",
        [OUT_DONE] = "",
        [OUT_FAIL] = "",
        [OUT_UNKNOWN] = "",
        [OUT_SKIPPED] = "",
    };
    static const char letters[OUT_STATES + 1] = " PIHDAFUS";
    fixture_t *f = *state;
    out_id_t id = plan(f, 0, 7, 1000);

    for (int from = OUT_PLANNED; from < OUT_STATES; from++) {
        for (int to = OUT_PLANNED; to < OUT_STATES; to++) {
            out_message_t m = *load(f, &id);
            bool may = strchr(allowed[from], letters[to]) != NULL;

            m.state = (out_state_t)from;
            assert_int_equal(outbox_move(f->s, &m, (out_state_t)to, 1001, 1002, NULL),
                may ? SENDA_OK : SENDA_BAD);
            assert_int_equal(m.state, may ? to : from);
        }
        state_abandon(f->s);
        (void)plan(f, 0, 7, 1000);
    }
}

static void
test_due_in_order(void **state)
{
    fixture_t *f = *state;
    out_id_t late = plan(f, 0, 7, 2000), early = plan(f, 0, 8, 1000), ids[4];
    senda_sec_t dues[4];
    out_message_t m;

    commit(f);
    assert_int_equal(outbox_due(f->s, 999, ids, dues, 4), 0);
    assert_int_equal(outbox_due(f->s, 1000, ids, dues, 4), 1);
    assert_int_equal(outbox_due(f->s, 5000, ids, dues, 4), 2);
    assert_memory_equal(&ids[0], &early, sizeof(early));
    assert_memory_equal(&ids[1], &late, sizeof(late));
    assert_int_equal(dues[1], 2000);
    assert_int_equal(outbox_due(f->s, 5000, ids, dues, 1), 1);

    m = *load(f, &early);
    assert_int_equal(outbox_move(f->s, &m, OUT_INTENT, 1000, 0, NULL), SENDA_OK);
    commit(f);
    assert_int_equal(outbox_due(f->s, 1000, ids, dues, 4), 1); /* until it is settled */
    assert_int_equal(outbox_move(f->s, &m, OUT_DEFER, 1000, 1060, "later"), SENDA_OK);
    commit(f);
    assert_int_equal(outbox_due(f->s, 1059, ids, dues, 4), 0);
    assert_int_equal(outbox_due(f->s, 1060, ids, dues, 4), 1);
    assert_int_equal(outbox_move(f->s, &m, OUT_INTENT, 1060, 0, NULL), SENDA_OK);
    assert_int_equal(outbox_move(f->s, &m, OUT_DONE, 1061, 0, "250 ok"), SENDA_OK);
    commit(f);
    assert_int_equal(outbox_due(f->s, 1999, ids, dues, 4), 0);
    assert_int_equal(m.tries, 2);
    assert_int_equal(m.first_try, 1000);
}

static void
test_retries_grow_and_end(void **state)
{
    static const senda_sec_t pauses[] = { 60, 300, 900, 3600, 10800, 21600, 21600 };
    out_message_t m = { .planned = 1000, .first_try = 1000 };
    senda_sec_t due, now = 1000;

    (void)state;
    for (unsigned i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        m.tries = i + 1;
        assert_true(outbox_retry(&m, now, 0, &due));
        assert_int_equal(due - now, pauses[i]);
    }
    m.tries = 1;
    assert_true(outbox_retry(&m, now, 120, &due));
    assert_int_equal(due - now, 120);
    assert_true(outbox_retry(&m, now, 1000000, &due));
    assert_int_equal(due - now, 21600);
    now = 1000 + 3 * 86400 - 60;
    assert_true(outbox_retry(&m, now, 0, &due));
    assert_false(outbox_retry(&m, now + 1, 0, &due));
}

static void
test_a_run_that_ends_takes_back_what_waits(void **state)
{
    fixture_t *f = *state;
    out_id_t first = plan(f, 0, 7, 1000), second = plan(f, 2, 7, 2000), other = plan(f, 0, 8, 1000);
    intent_t stopped = intent_of(0, 7, 1500);
    out_message_t m = *load(f, &first);

    assert_int_equal(outbox_move(f->s, &m, OUT_INTENT, 1000, 0, NULL), SENDA_OK);
    assert_int_equal(outbox_cancel(f->s, 1, &stopped, "stopped"), 1);
    assert_int_equal(load(f, &first)->state, OUT_INTENT); /* it is on its way */
    assert_int_equal(load(f, &second)->state, OUT_SKIPPED);
    assert_int_equal(load(f, &other)->state, OUT_PLANNED);
    assert_int_equal(outbox_move(f->s, &m, OUT_HANDED, 1600, 0, NULL), SENDA_OK);
    assert_int_equal(outbox_move(f->s, &m, OUT_DEFER, 1700, 1760, "later"), SENDA_OK);
    assert_int_equal(load(f, &first)->state, OUT_SKIPPED); /* it came back: it stays */
    assert_string_equal(load(f, &first)->answer, "stopped");
}

static void
note(void *ctx, const out_message_t *m)
{
    (void)m;
    (*(int *)ctx)++;
}

static void
test_recovery(void **state)
{
    fixture_t *f = *state;
    out_id_t planned = plan(f, 0, 1, 1000), intent = plan(f, 0, 2, 1000),
             handed = plan(f, 0, 3, 1000), ids[4];
    senda_sec_t dues[4];
    senda_err_t err = { "" };
    out_message_t m;
    int n = 0;

    m = *load(f, &intent);
    assert_int_equal(outbox_move(f->s, &m, OUT_INTENT, 1000, 0, NULL), SENDA_OK);
    m = *load(f, &handed);
    assert_int_equal(outbox_move(f->s, &m, OUT_INTENT, 1000, 0, NULL), SENDA_OK);
    assert_int_equal(outbox_move(f->s, &m, OUT_HANDED, 1000, 0, NULL), SENDA_OK);
    commit(f);
    reopen(f);
    assert_int_equal(outbox_recover(f->s, 2000, NULL, note, &n, &err), SENDA_OK);
    commit(f);
    assert_int_equal(n, 2);
    assert_int_equal(load(f, &planned)->state, OUT_PLANNED);
    assert_int_equal(load(f, &intent)->state, OUT_PLANNED);
    assert_int_equal(load(f, &handed)->state, OUT_UNKNOWN);
    assert_int_equal(outbox_due(f->s, 1000, ids, dues, 4), 2);
}

static void
test_hostile_records(void **state)
{
    fixture_t *f = *state;
    out_id_t id = plan(f, 0, 7, 1000);
    senda_str_t key = { (const char *)id.b, sizeof(id.b) }, record;
    char copy[STATE_VALUE_MAX];
    out_message_t m;

    assert_int_equal(state_get(f->s, STATE_OUTBOX, key, &record), SENDA_OK);
    memcpy(copy, record.p, record.n);
    for (size_t n = 0; n < record.n; n++) {
        assert_int_equal(outbox_read(&id, (senda_str_t){ copy, n }, &m), SENDA_BAD);
    }
    for (size_t i = 0; i < record.n; i++) {
        char kept = copy[i];

        for (int b = 0; b < 256; b++) {
            copy[i] = (char)b;
            if (outbox_read(&id, (senda_str_t){ copy, record.n }, &m) == SENDA_OK) {
                assert_in_range(m.state, OUT_PLANNED, OUT_STATES - 1);
                assert_in_range(m.nfields, 0, OUTBOX_FIELDS);
                assert_in_range(m.channel, 0, CHANNELS - 1);
            }
        }
        copy[i] = kept;
    }
    copy[1] = 2; /* the version */
    assert_int_equal(outbox_read(&id, (senda_str_t){ copy, record.n }, &m), SENDA_BAD);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_planned_once),
        cmocka_unit_test(test_each_part_makes_another_message),
        TEST(test_benefits_and_recipe_go_with_it),
        TEST(test_records_without_benefits_are_read),
        TEST(test_ways),
        TEST(test_due_in_order),
        cmocka_unit_test(test_retries_grow_and_end),
        TEST(test_a_run_that_ends_takes_back_what_waits),
        TEST(test_recovery),
        TEST(test_hostile_records),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
