/* Flight notes: what a killed process leaves, what counts as none, what a start makes of them. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "flights.h"
#include "scratch.h"
#include "sender.h"

#define BOOT "0f9e7a52-1f0c-4c1e-9a57-6f6c1d1a2b3c"

typedef struct {
    char dir[SCRATCH_MAX], file[SCRATCH_MAX + 16], other[SCRATCH_MAX + 16];
    flights_t *f;
} fixture_t;

static const sent_t taken = { .class = SENT_DONE, .answer = "250 taken" };
static const sent_t later = { .class = SENT_DEFER, .retry_after = 90, .answer = "451 later" };
static const sent_t never = { .class = SENT_FAIL, .dead_address = true, .answer = "550 5.1.1 no" };

static out_id_t
id_of(uint8_t n)
{
    out_id_t id = { { n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } };

    return id;
}

static void
reopen_as(fixture_t *f, const char *file, const char *boot)
{
    senda_err_t err = { "" };

    flights_close(f->f);
    f->f = NULL;
    assert_int_equal(flights_open(&f->f, file, boot, &err), SENDA_OK);
}

static void
reopen(fixture_t *f)
{
    reopen_as(f, f->file, BOOT);
}

static flight_stage_t
stage_of(fixture_t *f, uint8_t n, uint32_t tries)
{
    out_id_t id = id_of(n);
    sent_t answer;

    return flights_find(f->f, &id, tries, &answer);
}

static int
setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));

    scratch_make(f->dir);
    (void)snprintf(f->file, sizeof(f->file), "%s/flights", f->dir);
    (void)snprintf(f->other, sizeof(f->other), "%s/copy", f->dir);
    reopen(f);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    flights_close(f->f);
    scratch_remove(f->dir);
    free(f);
    return 0;
}

static void
allow(fixture_t *f, unsigned slot, uint8_t n, uint32_t tries)
{
    out_id_t id = id_of(n);

    flights_allow(f->f, slot, &id, tries);
}

/* A process that does three deliveries half and is killed. */
static void
die_in_flight(fixture_t *f)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        allow(f, 0, 10, 1);
        allow(f, 1, 11, 1);
        flights_leave(f->f, 1);
        allow(f, 2, 12, 3);
        flights_leave(f->f, 2);
        flights_answer(f->f, 2, &never);
        allow(f, 3, 13, 1);
        flights_answer(f->f, 3, &later); /* refused before its last bytes */
        (void)kill(getpid(), SIGKILL);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void
test_a_killed_process_leaves_its_notes(void **state)
{
    fixture_t *f = *state;
    out_id_t id = id_of(12);
    sent_t answer;
    struct stat st;

    die_in_flight(f);
    reopen(f);
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_ALLOWED);
    assert_int_equal(stage_of(f, 11, 1), FLIGHT_LEAVING);
    assert_int_equal(stage_of(f, 13, 1), FLIGHT_ANSWERED);
    assert_int_equal(flights_find(f->f, &id, 3, &answer), FLIGHT_ANSWERED);
    assert_int_equal(answer.class, SENT_FAIL);
    assert_true(answer.dead_address);
    assert_string_equal(answer.answer, "550 5.1.1 no");
    assert_int_equal(stage_of(f, 12, 2), FLIGHT_NONE); /* of another try */
    assert_int_equal(stage_of(f, 14, 1), FLIGHT_NONE);
    assert_int_equal(stat(f->file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void
test_one_note_a_message(void **state)
{
    fixture_t *f = *state;

    allow(f, 0, 10, 1);
    flights_answer(f->f, 0, &later);
    allow(f, 5, 10, 1); /* again, from another slot: the old answer is none any more */
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_ALLOWED);
    flights_clear(f->f, 5);
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);

    allow(f, 1, 11, 1);
    flights_leave(f->f, 1);
    allow(f, 1, 12, 1);
    assert_int_equal(stage_of(f, 11, 1), FLIGHT_NONE);
    assert_int_equal(stage_of(f, 12, 1), FLIGHT_ALLOWED);

    /* what was not allowed is not noted, and does not speak for who had the slot before */
    flights_answer(f->f, 1, &taken);
    flights_clear(f->f, 1);
    flights_leave(f->f, 1);
    flights_answer(f->f, 1, &taken);
    assert_int_equal(stage_of(f, 12, 1), FLIGHT_NONE);
}

static void
copy_file(const char *from, const char *to)
{
    char buf[8192];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t n = read(in, buf, sizeof(buf));

    assert_true(n > 0);
    assert_int_equal(write(out, buf, (size_t)n), n);
    (void)close(in);
    (void)close(out);
}

static void
test_what_counts_as_no_notes(void **state)
{
    fixture_t *f = *state;

    die_in_flight(f);
    copy_file(f->file, f->other);
    reopen_as(f, f->other, BOOT); /* a copy, as a backup brings it back */
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);

    reopen_as(f, f->file, BOOT);
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_ALLOWED);
    reopen_as(f, f->file, "another start of the machine");
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);
    assert_int_equal(stage_of(f, 11, 1), FLIGHT_NONE);

    allow(f, 0, 10, 1);
    reopen_as(f, f->file, ""); /* a start without a number is like no other */
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);
    allow(f, 0, 10, 1);
    reopen_as(f, f->file, "");
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);

    reopen(f);
    allow(f, 0, 10, 1);
    flights_close(f->f);
    f->f = NULL;
    assert_int_equal(truncate(f->file, 600), 0);
    reopen(f);
    assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);
    assert_int_equal(flights_find(NULL, &(out_id_t){ { 0 } }, 1, &(sent_t){ 0 }), FLIGHT_NONE);
}

/* No damaged byte makes a message go out again that may have gone, or an answer of another. */
static void
test_damage(void **state)
{
    fixture_t *f = *state;
    struct stat st;
    unsigned kept = 0, none = 0;

    die_in_flight(f);
    assert_int_equal(stat(f->file, &st), 0);
    for (off_t at = 0; at < st.st_size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            int fd = open(f->file, O_RDWR);
            flight_stage_t leaving, answered;
            uint8_t b, bad;
            out_id_t id = id_of(12);
            sent_t a = { .class = SENT_DONE };

            assert_int_equal(pread(fd, &b, 1, at), 1);
            bad = (uint8_t)(b ^ 1u << bit);
            assert_int_equal(pwrite(fd, &bad, 1, at), 1);
            leaving = stage_of(f, 11, 1);
            answered = flights_find(f->f, &id, 3, &a);
            assert_true(leaving == FLIGHT_LEAVING || leaving == FLIGHT_NONE);
            assert_true(answered == FLIGHT_ANSWERED || answered == FLIGHT_NONE);
            if (answered == FLIGHT_ANSWERED) {
                assert_int_equal(a.class, SENT_FAIL);
                assert_string_equal(a.answer, "550 5.1.1 no");
            }
            kept += leaving == FLIGHT_LEAVING;
            none += leaving == FLIGHT_NONE;
            assert_int_equal(pwrite(fd, &b, 1, at), 1);
            (void)close(fd);
        }
    }
    assert_true(kept > none && none > 100);

    /* and the head: one bit of it, and all notes are none */
    for (off_t at = 0; at < 88; at += 7) {
        int fd = open(f->file, O_RDWR);
        uint8_t b;

        allow(f, 0, 10, 1);
        assert_int_equal(pread(fd, &b, 1, at), 1);
        b ^= 4;
        assert_int_equal(pwrite(fd, &b, 1, at), 1);
        (void)close(fd);
        reopen(f);
        assert_int_equal(stage_of(f, 10, 1), FLIGHT_NONE);
    }
}

static void
test_where_no_file_can_be(void **state)
{
    fixture_t *f = *state;
    senda_err_t err = { "" };
    flights_t *none;
    char boot[FLIGHTS_BOOT_MAX];

    assert_int_equal(flights_open(&none, "/proc/no/such/flights", BOOT, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, "/proc/no/such/flights"));
    assert_null(none);
    assert_int_equal(symlink(f->file, f->other), 0);
    assert_int_equal(flights_open(&none, f->other, BOOT, &err), SENDA_SYS);
    assert_int_equal(flights_open(&none, f->dir, BOOT, &err), SENDA_SYS);
    flights_boot(boot);
    assert_true(boot[0] == '\0' || strlen(boot) == 36);
}

/* ---- a start of the sender ---- */

typedef struct {
    fixture_t notes;
    char store[SCRATCH_MAX], boot[FLIGHTS_BOOT_MAX];
    state_t *s;
    out_id_t ids[6];
} world_fixture_t;

static const prog_step_t steps[] = { { .kind = STEP_SEND, .id = 11, .template = "cart-1" } };
static const prog_flow_t flow = { .name = "cart", .id = 5, .nsteps = 1, .steps = steps };

static const program_t *
no_program(void *ctx, uint32_t site)
{
    (void)ctx;
    (void)site;
    return NULL;
}

/* Six messages that stood as handed over, the last one only as going out. */
static void
hand_over_six(world_fixture_t *w)
{
    const program_t program = { .site_id = 1 };
    out_message_t m;

    for (unsigned i = 0; i < 6; i++) {
        intent_t intent = { .kind = INTENT_MESSAGE,
            .at = 1000,
            .who = { .contact = i + 1 },
            .flow = &flow,
            .entry = 9,
            .step = &steps[0],
            .channel = CHANNEL_EMAIL };

        assert_int_equal(outbox_plan(w->s, &program, &intent, &w->ids[i]), SENDA_OK);
        assert_int_equal(outbox_load(w->s, &w->ids[i], &m), SENDA_OK);
        assert_int_equal(outbox_move(w->s, &m, OUT_INTENT, 1000, 0, ""), SENDA_OK);
        if (i < 5) {
            assert_int_equal(outbox_move(w->s, &m, OUT_HANDED, 1000, 0, NULL), SENDA_OK);
        }
    }
    assert_int_equal(state_commit(w->s, NULL), SENDA_OK);
}

static void
start_sender(world_fixture_t *w, sender_stats_t *stats)
{
    char channel[SCRATCH_MAX + 16];
    run_clock_t clock = { 1, 0 };
    run_log_t log = { .zone = NULL };
    sender_options_t o = { .state = w->s, .clock = &clock, .log = &log, .program = no_program };
    config_t c = { .store = w->store,
        .from = "a@b.example",
        .unsubscribe = "c@b.example",
        .channel_email = channel };
    sender_t *sender;
    senda_err_t err = { "" };

    (void)snprintf(channel, sizeof(channel), "maildir:%s/mail", w->store);
    assert_int_equal(sender_open(&sender, &o, &c, &err), SENDA_OK);
    *stats = sender_stats(sender);
    assert_int_equal(state_commit(w->s, &err), SENDA_OK);
    sender_close(sender);
}

static out_message_t *
load(world_fixture_t *w, unsigned i)
{
    static out_message_t m;

    assert_int_equal(outbox_load(w->s, &w->ids[i], &m), SENDA_OK);
    return &m;
}

static void
open_world(world_fixture_t *w)
{
    senda_err_t err = { "" };
    char dir[SCRATCH_MAX + 8];

    memset(w, 0, sizeof(*w));
    scratch_make(w->store);
    (void)snprintf(dir, sizeof(dir), "%s/state", w->store);
    assert_int_equal(mkdir(dir, 0700), 0);
    (void)snprintf(w->notes.file, sizeof(w->notes.file), "%s/state/flights", w->store);
    flights_boot(w->boot);
    assert_int_equal(state_open(&w->s, w->store, true, &err), SENDA_OK);
    hand_over_six(w);
}

static void
test_a_start_settles_by_the_notes(void **state)
{
    world_fixture_t w;
    sender_stats_t stats;

    (void)state;
    open_world(&w);
    if (w.boot[0] == '\0') {
        skip();
    }
    reopen_as(&w.notes, w.notes.file, w.boot);
    for (unsigned i = 0; i < 4; i++) {
        flights_allow(w.notes.f, i, &w.ids[i], 1);
    }
    for (unsigned i = 1; i < 4; i++) {
        flights_leave(w.notes.f, i);
    }
    flights_answer(w.notes.f, 2, &taken);
    flights_answer(w.notes.f, 3, &never);
    flights_allow(w.notes.f, 4, &w.ids[4], 7); /* of another try: no note */
    flights_allow(w.notes.f, 5, &w.ids[5], 1); /* killed before its mark was committed */
    flights_leave(w.notes.f, 5);
    flights_close(w.notes.f);

    start_sender(&w, &stats);
    assert_int_equal(load(&w, 0)->state, OUT_PLANNED);
    assert_int_equal(load(&w, 0)->due, 1000);
    assert_int_equal(load(&w, 1)->state, OUT_UNKNOWN);
    assert_string_equal(load(&w, 1)->answer,
        "stopped between the last byte and the server's answer");
    assert_int_equal(load(&w, 2)->state, OUT_DONE);
    assert_string_equal(load(&w, 2)->answer, "250 taken");
    assert_int_equal(load(&w, 3)->state, OUT_FAIL);
    assert_int_equal(load(&w, 4)->state, OUT_UNKNOWN);
    assert_non_null(strstr(load(&w, 4)->answer, "no note"));
    assert_int_equal(load(&w, 5)->state, OUT_PLANNED);
    assert_int_equal(stats.done, 1);
    assert_int_equal(stats.failed, 1);
    assert_int_equal(stats.unknown, 2);
    state_close(w.s);
    scratch_remove(w.store);
}

static void
test_a_start_without_notes(void **state)
{
    world_fixture_t w;
    sender_stats_t stats;

    (void)state;
    open_world(&w);
    start_sender(&w, &stats);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(load(&w, i)->state, OUT_UNKNOWN);
    }
    assert_int_equal(load(&w, 5)->state, OUT_PLANNED);
    assert_int_equal(stats.unknown, 5);
    start_sender(&w, &stats);
    assert_int_equal(stats.unknown, 0);
    state_close(w.s);
    scratch_remove(w.store);
}

/* It stays where it is, and the loop must not turn for it without end. */
static void
test_what_cannot_be_read_is_not_waited_for(void **state)
{
    world_fixture_t w;
    run_clock_t clock = { 1, 0 };
    run_log_t log = { .zone = NULL };
    char channel[SCRATCH_MAX + 16];
    sender_t *sender;
    senda_err_t err = { "" };

    (void)state;
    open_world(&w);
    state_put(w.s, STATE_OUTBOX, (senda_str_t){ (const char *)w.ids[5].b, OUTBOX_ID_LEN },
        SENDA_STR("\x91\x63"));
    (void)snprintf(channel, sizeof(channel), "maildir:%s/mail", w.store);
    sender_options_t o = { .state = w.s, .clock = &clock, .log = &log, .program = no_program };
    config_t c = { .store = w.store,
        .from = "a@b.example",
        .unsubscribe = "c@b.example",
        .channel_email = channel };

    assert_int_equal(state_commit(w.s, &err), SENDA_OK);
    assert_int_equal(sender_open(&sender, &o, &c, &err), SENDA_OK);
    assert_int_equal(state_commit(w.s, &err), SENDA_OK);
    assert_int_equal(sender_wait(sender), 0);
    assert_int_equal(sender_pump(sender, &err), SENDA_OK);
    assert_int_equal(sender_wait(sender), -1);
    sender_close(sender);
    state_close(w.s);
    scratch_remove(w.store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_killed_process_leaves_its_notes),
        TEST(test_one_note_a_message),
        TEST(test_what_counts_as_no_notes),
        TEST(test_damage),
        TEST(test_where_no_file_can_be),
        cmocka_unit_test(test_a_start_settles_by_the_notes),
        cmocka_unit_test(test_a_start_without_notes),
        cmocka_unit_test(test_what_cannot_be_read_is_not_waited_for),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
