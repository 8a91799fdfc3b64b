/*
 * What an engine gets at a start besides the journal: what steps did to their
 * persons, and fields that were said before the journal's first record.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "contact_fields.h"
#include "plans.h"
#include "scratch.h"
#include "value.h"
#include "world_parts.h"

#define START 1780000000
#define PAGE  1u

static const prog_field_t fields[] = {
    { .name = "interes", .type = VALUE_TEXT },
    { .name = "talla", .type = VALUE_NUMBER },
};
static const prog_tag_t tags[] = { { .name = "regalado", .id = 4 } };
static const prog_trigger_t starts[] = { { .has_verb = true, .verb = { .key = PAGE } } };
static const prog_step_t steps[] = {
    { .kind = STEP_TAG, .id = 1, .what = 0 },
    { .kind = STEP_SET, .id = 2, .what = 1, .value = 380000, .text = "38" },
    { .kind = STEP_SCORE, .id = 3, .value = 7 },
    { .kind = STEP_END, .id = 4 },
};
static const prog_flow_t flows[] = {
    { .name = "regalo", .id = 5, .nstarts = 1, .starts = starts, .nsteps = 4, .steps = steps },
};

typedef struct {
    char store[SCRATCH_MAX];
    state_t *s;
    program_t program;
    rule_file_t file;
    run_clock_t clock;
    run_log_t log;
    world_t world;
    site_t site;
    GHashTable *told;
    prog_cond_t likes_running, wears_38;
} fixture_t;

static prog_cond_t
field_is(uint32_t what, value_type_t type, const char *text)
{
    prog_cond_t c = { .kind = COND_FIELD, .what = what, .cmp = CMP_EQ, .text = text };

    assert_true(value_read(type, senda_cstr(text), &c.value));
    return c;
}

static void
fresh_engine(fixture_t *f)
{
    static const engine_options_t options = { .everybody_reachable = true };

    engine_free(f->site.engine);
    f->site.engine = engine_new(&f->program, &options, world_intent, &f->site);
    assert_non_null(f->site.engine);
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    char dir[SCRATCH_MAX + 8];
    senda_err_t err = { "" };

    scratch_make(f->store);
    (void)snprintf(dir, sizeof(dir), "%s/state", f->store);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_OK);
    f->likes_running = field_is(0, VALUE_TEXT, "Running");
    f->wears_38 = field_is(1, VALUE_NUMBER, "38");
    f->program = (program_t){ .site = "shop",
        .site_id = 1,
        .nfields = 2,
        .fields = fields,
        .ntags = 1,
        .tags = tags,
        .nflows = 1,
        .flows = flows };
    f->clock = (run_clock_t){ 1, 0 };
    f->file.program = &f->program;
    f->world.o = (world_options_t){ .state = f->s, .clock = &f->clock, .log = &f->log };
    f->world.visitors = g_hash_table_new_full(g_bytes_hash, g_bytes_equal,
        (GDestroyNotify)g_bytes_unref, NULL);
    f->told = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
        NULL);
    f->site = (site_t){ .world = &f->world, .file = &f->file };
    fresh_engine(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    engine_free(f->site.engine);
    g_hash_table_destroy(f->world.visitors);
    g_hash_table_destroy(f->told);
    state_close(f->s);
    scratch_remove(f->store);
    free(f);
    return 0;
}

static uint64_t
contact(fixture_t *f, const char *email)
{
    header_contact_t h = { .has_consent = true, .consent = CHANNEL_BIT(CHANNEL_EMAIL) };
    uint64_t number;

    (void)snprintf(h.email, sizeof(h.email), "%s", email);
    assert_int_equal(contact_learn(f->s, 1, &h, 0, HOW_SHOP, 1000, &number), SENDA_OK);
    return number;
}

static bool
holds(fixture_t *f, uint64_t number, const prog_cond_t *cond)
{
    engine_who_t who = { .contact = number };

    return engine_holds(f->site.engine, &who, cond);
}

static void
give_fields(fixture_t *f)
{
    senda_err_t err = { "" };

    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    assert_int_equal(world_give_fields(&f->world, &f->site, f->told, &err), SENDA_OK);
}

static void
test_fields_from_before_the_journal(void **state)
{
    fixture_t *f = *state;
    uint64_t ana = contact(f, "ana@example.com"), eva = contact(f, "eva@example.com");
    prog_cond_t has_email = { .kind = COND_HAS, .what = CHANNEL_EMAIL };

    assert_int_equal(contact_fields_set(f->s, 1, ana, SENDA_STR("interes"), SENDA_STR("running")),
        SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 1, ana, SENDA_STR("talla"), SENDA_STR("38")),
        SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 1, ana, SENDA_STR("color"), SENDA_STR("rojo")),
        SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 2, eva, SENDA_STR("interes"), SENDA_STR("running")),
        SENDA_OK); /* of another site */
    give_fields(f);
    assert_true(holds(f, ana, &f->likes_running));
    assert_true(holds(f, ana, &f->wears_38));
    assert_true(holds(f, ana, &has_email));
    assert_false(holds(f, eva, &f->likes_running));
    assert_int_equal(engine_stats(f->site.engine).refused,
        0); /* what is declared no more is not given */
}

static void
test_history_knows_better(void **state)
{
    fixture_t *f = *state;
    uint64_t ana = contact(f, "ana@example.com");
    engine_event_t e = { .at = START, .who = { .contact = ana }, .nanswers = 1 };

    assert_int_equal(contact_fields_set(f->s, 1, ana, SENDA_STR("interes"), SENDA_STR("running")),
        SENDA_OK);
    assert_int_equal(contact_fields_set(f->s, 1, ana, SENDA_STR("talla"), SENDA_STR("38")),
        SENDA_OK);
    e.answers[0] = (senda_capture_t){ SENDA_STR("interes"), SENDA_STR("golf") };
    engine_event(f->site.engine, &e, ENGINE_HISTORY);
    world_note_answers(f->told, &e);
    give_fields(f);
    assert_false(holds(f, ana, &f->likes_running));
    assert_true(holds(f, ana, &f->wears_38));
}

static void
test_deeds_come_back(void **state)
{
    fixture_t *f = *state;
    uint64_t ana = contact(f, "ana@example.com");
    engine_who_t who = { .contact = ana };
    engine_event_t e = { .at = START, .who = who, .page = true, .nkeys = 1, .keys = { PAGE } };
    senda_err_t err = { "" };
    contact_fields_t kept;

    f->site.live = true;
    engine_event(f->site.engine, &e, ENGINE_ACT);
    assert_true(engine_has_tag(f->site.engine, &who, &tags[0]));
    assert_int_equal(contact_fields_load(f->s, 1, ana, &kept), SENDA_OK);
    assert_true(senda_str_eq(kept.list[0].value, SENDA_STR("38")));
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);

    for (int given = 0; given < 2; given++) {
        fresh_engine(f);
        if (given) {
            assert_int_equal(world_give_deeds(&f->world, &f->site, &err), SENDA_OK);
        }
        engine_event(f->site.engine, &e, ENGINE_HISTORY);
        engine_set_now(f->site.engine, START);
        assert_int_equal(engine_has_tag(f->site.engine, &who, &tags[0]), given);
        assert_int_equal(holds(f, ana, &f->wears_38), given);
        assert_int_equal(engine_score(f->site.engine, &who), given ? 7 : 0);
    }
}

static void
test_deeds_that_no_engine_takes(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };

    plans_add_deed(f->s, 1, START, SENDA_STR("\xc0"));
    assert_int_equal(state_commit(f->s, &err), SENDA_OK);
    assert_int_equal(world_give_deeds(&f->world, &f->site, &err), SENDA_OK); /* said and left */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fields_from_before_the_journal),
        TEST(test_history_knows_better),
        TEST(test_deeds_come_back),
        TEST(test_deeds_that_no_engine_takes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
