/*
 * Consent that is withdrawn: what a visitor without a name leaves behind, and
 * what a contact keeps; the same when history is lived again.
 */

#include "engine_world.h"

static const prog_step_t steps[] = {
    { .kind = STEP_WAIT, .id = 1, .span = { .secs = 1000 } },
    { .kind = STEP_SEND, .id = 2, .nchannels = 1, .channels = { CHANNEL_EMAIL }, .template = "m" },
    { .kind = STEP_END, .id = 3 },
};

static const senda_visitor_t *
browser(engine_who_t *who)
{
    return &who->visitor;
}

/* More browsers than the one byte of who() tells apart. */
static engine_who_t
one_of_many(unsigned i)
{
    engine_who_t one = { .contact = 0 };

    memcpy(one.visitor.b, &i, sizeof(i));
    return one;
}

static void
open_world(world_t *w)
{
    static prog_trigger_t heels, home;
    static prog_tag_t tag;
    static prog_flow_t flow;

    heels = when(verb(PAGE_HEELS));
    home = when(verb(PAGE_HOME));
    tag = (prog_tag_t){ .name = "fan", .id = 1, .nwhens = 1, .whens = &heels };
    flow = (prog_flow_t){ .name = "f",
        .id = 7,
        .nstarts = 1,
        .starts = &home,
        .again = AGAIN_ALWAYS,
        .nsteps = 3,
        .steps = steps };
    w->program = (program_t){ .ntags = 1, .tags = &tag, .nflows = 1, .flows = &flow };
    world_open(w, true);
}

static void
a_visitor_without_a_name_is_gone(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    engine_who_t one = who(0, 1), two = who(0, 2);

    (void)state;
    open_world(w);
    does(w, one, 0, PAGE_HEELS);
    does(w, one, 1, PAGE_HOME);
    does(w, two, 2, PAGE_HEELS);
    does(w, two, 3, PAGE_HOME);
    assert_int_equal(engine_stats(w->engine).runs, 2);
    assert_true(engine_knows(w->engine, browser(&one)));
    assert_true(engine_forget(w->engine, browser(&one), engine_now(w->engine) + 1, ENGINE_ACT));
    assert_false(engine_knows(w->engine, browser(&one)));
    assert_false(engine_has_tag(w->engine, &one, &w->program.tags[0]));
    assert_int_equal(engine_count(w->engine, &one, PAGE_HEELS), 0);
    assert_int_equal(engine_stats(w->engine).runs, 1);
    assert_int_equal(engine_stats(w->engine).persons, 1);
    assert_true(engine_has_tag(w->engine, &two, &w->program.tags[0]));

    /* Once; and nobody else is found in its place. */
    assert_false(engine_forget(w->engine, browser(&one), engine_now(w->engine), ENGINE_ACT));
    hush(w);
    engine_advance(w->engine, engine_now(w->engine) + 5000, ENGINE_ACT);
    assert_int_equal(engine_stats(w->engine).runs, 0);

    /* Who comes back is new. */
    does(w, one, 6000, PAGE_HOME);
    assert_true(engine_knows(w->engine, browser(&one)));
    assert_false(engine_has_tag(w->engine, &one, &w->program.tags[0]));
    world_free(w);
}

static void
a_contact_stays(void **state)
{
    world_t *w = calloc(1, sizeof(*w));
    engine_who_t anonymous = who(0, 1), ann = { .contact = 7 };

    (void)state;
    open_world(w);
    does(w, who(0, 1), 0, PAGE_HEELS);
    does(w, who(7, 1), 1, PAGE_CART);
    does(w, who(7, 2), 2, PAGE_HOME);
    assert_true(engine_forget(w->engine, browser(&anonymous), engine_now(w->engine), ENGINE_ACT));
    assert_false(engine_knows(w->engine, browser(&anonymous)));
    assert_true(engine_has_tag(w->engine, &ann, &w->program.tags[0]));
    assert_int_equal(engine_stats(w->engine).runs, 1);
    does(w, anonymous, 3, PAGE_CART);
    assert_false(engine_has_tag(w->engine, &anonymous, &w->program.tags[0]));
    world_free(w);
}

static void
many_come_and_go(void **state)
{
    world_t *w = calloc(1, sizeof(*w));

    (void)state;
    open_world(w);
    for (unsigned i = 1; i <= 5000; i++) {
        engine_who_t one = one_of_many(i);

        does(w, one, i, PAGE_HEELS);
        hush(w);
        if (i % 3 != 0) {
            assert_true(engine_forget(w->engine, browser(&one), engine_now(w->engine), ENGINE_ACT));
        }
    }
    for (unsigned i = 1; i <= 5000; i++) {
        engine_who_t one = one_of_many(i);

        assert_int_equal(engine_knows(w->engine, browser(&one)), i % 3 == 0);
        assert_int_equal(engine_has_tag(w->engine, &one, &w->program.tags[0]), i % 3 == 0);
    }
    assert_int_equal(engine_stats(w->engine).persons, 1666);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visitor_without_a_name_is_gone),
        cmocka_unit_test(a_contact_stays),
        cmocka_unit_test(many_come_and_go),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
