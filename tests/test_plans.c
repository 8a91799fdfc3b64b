/* Plans and deeds in state/: planned once, read back whole, forgotten after their time. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "plans.h"
#include "scratch.h"

#define DAY ((senda_sec_t)86400)

typedef struct {
    char store[SCRATCH_MAX];
    state_t *s;
} fixture_t;

static const prog_step_t steps[] = {
    { .kind = STEP_COUPON, .id = 11, .text = "FREESHIP", .span = { .days = 1 } },
    { .kind = STEP_CREDIT, .id = 12, .value = 270000 },
    { .kind = STEP_NOTIFY, .id = 13, .text = "shop@example.com" },
    { .kind = STEP_CALL, .id = 14, .text = "https://crm.example.com/fan" },
};
static const prog_flow_t flow = { .name = "cart", .id = 5, .nsteps = 4, .steps = steps };
static const senda_capture_t fields[] = { { { "item", 4 }, { "zapato-rojo", 11 } } };

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    char dir[SCRATCH_MAX + 8];
    senda_err_t err = { "" };

    scratch_make(f->store);
    (void)snprintf(dir, sizeof(dir), "%s/state", f->store);
    (void)mkdir(dir, 0700);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_OK);
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

static intent_t
intent_of(unsigned step, uint64_t contact, senda_sec_t at)
{
    return (intent_t){ .kind = step < 2 ? INTENT_BENEFIT
            : step == 2                 ? INTENT_NOTIFY
                                        : INTENT_CALL,
        .at = at,
        .until = step == 0 ? at + DAY : 0,
        .who = { .contact = contact, .visitor = { { 9 } } },
        .flow = &flow,
        .entry = 900,
        .step = &steps[step],
        .nfields = 1,
        .fields = fields };
}

static senda_rc_t
count(void *ctx, senda_str_t key, senda_str_t value)
{
    (void)key;
    (void)value;
    ++*(unsigned *)ctx;
    return SENDA_OK;
}

static unsigned
rows(fixture_t *f, state_table_t table)
{
    senda_err_t err = { "" };
    unsigned n = 0;

    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    assert_int_equal(state_each(f->s, table, (senda_str_t){ "", 0 }, count, &n, &err), SENDA_OK);
    return n;
}

static void
load(fixture_t *f, unsigned step, uint64_t contact, planned_t *p)
{
    engine_who_t who = { .contact = contact, .visitor = { { 9 } } };
    out_id_t id = outbox_id(1, flow.id, 900, steps[step].id, &who);
    senda_str_t record;

    assert_int_equal(state_get(f->s, STATE_PLANS, (senda_str_t){ (const char *)id.b, sizeof(id.b) },
                         &record),
        SENDA_OK);
    assert_int_equal(plans_read(&id, record, p), SENDA_OK);
}

static void
test_planned_once_and_read_back(void **state)
{
    fixture_t *f = *state;
    planned_t p;

    for (unsigned i = 0; i < 4; i++) {
        intent_t intent = intent_of(i, 7, 1000);

        assert_int_equal(plans_add(f->s, 1, &intent), SENDA_OK);
        intent.at = 2000;
        assert_int_equal(plans_add(f->s, 1, &intent), SENDA_NONE);
        intent.who = (engine_who_t){ .visitor = { { 9 } } };
        assert_int_equal(plans_add(f->s, 1, &intent), SENDA_OK);
    }
    assert_int_equal(rows(f, STATE_PLANS), 8);
    assert_int_equal(rows(f, STATE_PLANNED), 8);
    load(f, 0, 7, &p);
    assert_int_equal(p.state, PLAN_WAITS);
    assert_int_equal(p.kind, INTENT_BENEFIT);
    assert_int_equal(p.step_kind, STEP_COUPON);
    assert_int_equal(p.site, 1);
    assert_int_equal(p.flow, 5);
    assert_int_equal(p.entry, 900);
    assert_int_equal(p.step, 11);
    assert_int_equal(p.contact, 7);
    assert_int_equal(p.at, 1000);
    assert_int_equal(p.until, 1000 + DAY);
    assert_true(senda_str_eq(p.text, SENDA_STR("FREESHIP")));
    assert_int_equal(p.nfields, 1);
    assert_true(senda_str_eq(p.fields[0].value, SENDA_STR("zapato-rojo")));
    load(f, 1, 7, &p);
    assert_int_equal(p.value, 270000);
    assert_int_equal(p.text.n, 0);
    load(f, 2, 7, &p);
    assert_int_equal(p.kind, INTENT_NOTIFY);
    load(f, 3, 0, &p);
    assert_int_equal(p.kind, INTENT_CALL);
    assert_int_equal(p.visitor.b[0], 9);
    assert_true(senda_str_eq(p.text, SENDA_STR("https://crm.example.com/fan")));
}

static void
test_too_long_is_refused(void **state)
{
    fixture_t *f = *state;
    char *text = calloc(1, STATE_VALUE_MAX + 1);
    prog_step_t step = { .kind = STEP_CALL, .id = 1, .text = text };
    intent_t intent = intent_of(3, 7, 1000);

    memset(text, 'x', STATE_VALUE_MAX);
    intent.step = &step;
    assert_int_equal(plans_add(f->s, 1, &intent), SENDA_FULL);
    assert_int_equal(rows(f, STATE_PLANS), 0);
    free(text);
}

static void
test_hostile_records(void **state)
{
    fixture_t *f = *state;
    intent_t intent = intent_of(0, 7, 1000);
    out_id_t id = outbox_id(1, flow.id, 900, 11, &intent.who);
    senda_str_t record;
    char copy[STATE_VALUE_MAX];
    static planned_t p;

    assert_int_equal(plans_add(f->s, 1, &intent), SENDA_OK);
    assert_int_equal(state_get(f->s, STATE_PLANS, (senda_str_t){ (const char *)id.b, sizeof(id.b) },
                         &record),
        SENDA_OK);
    memcpy(copy, record.p, record.n);
    for (size_t n = 0; n + 1 < record.n; n++) {
        assert_int_equal(plans_read(&id, (senda_str_t){ copy, n }, &p), SENDA_BAD);
    }
    for (size_t i = 0; i < record.n; i++) {
        char kept = copy[i];

        for (int b = 0; b < 256; b++) {
            copy[i] = (char)b;
            if (plans_read(&id, (senda_str_t){ copy, record.n }, &p) == SENDA_OK) {
                assert_in_range(p.state, PLAN_WAITS, PLAN_STATES - 1);
                assert_in_range(p.nfields, 0, OUTBOX_FIELDS);
            }
        }
        copy[i] = kept;
    }
}

/* ---- deeds ---- */

static senda_rc_t
append(void *ctx, senda_str_t key, senda_str_t value)
{
    char *text = ctx;
    size_t n = strlen(text);

    (void)key;
    (void)snprintf(text + n, 64 - n, "%.*s ", (int)value.n, value.p);
    return SENDA_OK;
}

static void
assert_deeds(fixture_t *f, uint32_t site, const char *expected)
{
    senda_err_t err = { "" };
    char text[64] = "";

    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    assert_int_equal(plans_each_deed(f->s, site, append, text, &err), SENDA_OK);
    assert_string_equal(text, expected);
}

static void
test_deeds_keep_their_order(void **state)
{
    fixture_t *f = *state;

    plans_add_deed(f->s, 2, 1000, SENDA_STR("d"));
    plans_add_deed(f->s, 1, 2000, SENDA_STR("c"));
    plans_add_deed(f->s, 1, 1000, SENDA_STR("a"));
    plans_add_deed(f->s, 1, 1000, SENDA_STR("b"));
    assert_deeds(f, 1, "a b c ");
    assert_deeds(f, 2, "d ");
    assert_deeds(f, 3, "");
}

static void
test_old_ones_are_forgotten(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };
    intent_t old = intent_of(0, 7, 1000), young = intent_of(0, 8, 1001 + PLANS_KEPT * DAY);
    planned_t p;

    for (unsigned i = 0; i < PLANS_FORGOTTEN + 10; i++) {
        plans_add_deed(f->s, 1, 500, SENDA_STR("x"));
    }
    plans_add_deed(f->s, 1, 1000, SENDA_STR("a"));
    plans_add_deed(f->s, 2, 1, SENDA_STR("b"));
    assert_int_equal(plans_add(f->s, 1, &old), SENDA_OK);
    assert_int_equal(plans_add(f->s, 1, &young), SENDA_OK);
    assert_int_equal(rows(f, STATE_PLANS), 2);
    assert_int_equal(plans_forget(f->s, 1, 1000 + PLANS_KEPT * DAY, &err), SENDA_OK);
    assert_deeds(f, 1, "a "); /* exactly so old: not older */
    assert_deeds(f, 2, "b "); /* of another site */
    assert_int_equal(rows(f, STATE_PLANS), 2);
    assert_int_equal(plans_forget(f->s, 1, 1001 + PLANS_KEPT * DAY, &err), SENDA_OK);
    assert_deeds(f, 1, "");
    assert_int_equal(rows(f, STATE_PLANS), 1);
    assert_int_equal(rows(f, STATE_PLANNED), 1);
    load(f, 0, 8, &p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_planned_once_and_read_back),
        TEST(test_too_long_is_refused),
        TEST(test_hostile_records),
        TEST(test_deeds_keep_their_order),
        TEST(test_old_ones_are_forgotten),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
