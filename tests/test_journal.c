/*
 * The journal: order and numbers, chunks, what a commit holds together, epochs,
 * a second process that reads, a writer killed at random, damage.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bytes.h"
#include "senda_journal.h"

#include <signal.h>
#include <sys/wait.h>

#define SEQ(epoch, number) ((senda_seq_t)(epoch) << 48 | (senda_seq_t)(number))

static char dir[SCRATCH_MAX];

static int
setup(void **state)
{
    (void)state;
    scratch_make(dir);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    scratch_remove(dir);
    assert_int_equal(senda_store_inside, 0);
    return 0;
}

static senda_journal_t *
opened(const char *boot)
{
    senda_journal_t *j;
    senda_err_t err = { "" };

    if (senda_journal_open_write(&j, dir, boot, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return j;
}

/* A record whose bytes follow from its number. */
static size_t
record(char *buf, uint64_t n)
{
    size_t len = 8 + (size_t)(n * 7919 % 900);

    memset(buf, (char)n, len);
    memcpy(buf, &n, 8);
    return len;
}

/* Adds records first … first+n-1 in one commit; their sequences must follow from seq. */
static void
add(senda_journal_t *j, uint64_t first, unsigned n, senda_seq_t seq)
{
    char buf[1024];
    senda_seq_t got;

    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    for (unsigned i = 0; i < n; i++) {
        senda_str_t r = { buf, record(buf, first + i) };

        assert_int_equal(senda_journal_add(j, r, &got, NULL), SENDA_OK);
        assert_true(got == seq + i);
    }
    assert_int_equal(senda_journal_commit(j, NULL), SENDA_OK);
    assert_true(senda_journal_head(j) == seq + n - 1);
}

typedef struct {
    senda_seq_t seq, first, last;
    uint64_t record;
    unsigned n, stop;
} seen_t;

/* The next sequence and the next record, or the test fails. */
static senda_rc_t
see(void *ctx, senda_seq_t seq, senda_str_t r)
{
    seen_t *s = ctx;
    char want[1024];

    if (s->n == 0) {
        s->first = seq;
        memcpy(&s->record, r.p, 8);
    } else {
        assert_true(seq > s->last);
    }
    assert_int_equal(r.n, record(want, s->record));
    assert_memory_equal(r.p, want, r.n);
    s->record++;
    s->last = seq;
    s->n++;
    return s->stop != 0 && s->n == s->stop ? SENDA_NONE : SENDA_OK;
}

static seen_t
read_after(senda_journal_t *j, senda_seq_t after, unsigned max)
{
    seen_t s = { 0 };

    assert_int_equal(senda_journal_read(j, after, max, see, &s, NULL), SENDA_OK);
    return s;
}

static void
a_reader_waits_until_it_is_made(void **state)
{
    senda_journal_t *j;
    uint64_t pos;

    (void)state;
    assert_int_equal(senda_journal_open_read(&j, dir, NULL), SENDA_NONE);
    senda_journal_close(opened("boot"));
    assert_int_equal(senda_journal_open_read(&j, dir, NULL), SENDA_OK);
    assert_true(senda_journal_head(j) == 0);
    assert_int_equal(read_after(j, 0, 10).n, 0);
    assert_int_equal(senda_journal_ring_pos(j, 1, &pos), SENDA_NONE);
    senda_journal_close(j);
    senda_journal_close(NULL);
}

static void
visits_come_back_in_order_from_anywhere(void **state)
{
    senda_journal_t *j = opened("boot");
    uint64_t total = 0;

    (void)state;
    for (unsigned i = 0; i < 30; i++) { /* commits of one visit and of several chunks */
        unsigned n = i % 3 == 0 ? 1 : 40 * i;

        add(j, total, n, SEQ(1, total + 1));
        total += n;
    }
    assert_int_equal(read_after(j, 0, UINT32_MAX).n, total);
    for (uint64_t after = 0; after < total; after += 1 + after / 7) {
        seen_t s = read_after(j, after == 0 ? 0 : SEQ(1, after), 10);

        assert_true(s.first == SEQ(1, after + 1));
        assert_true(s.record == after + s.n);
        assert_int_equal(s.n, total - after < 10 ? total - after : 10);
    }
    assert_int_equal(read_after(j, SEQ(1, total), 10).n, 0);
    assert_int_equal(read_after(j, SEQ(9, 1), 10).n, 0);
    assert_int_equal(read_after(j, 0, 0).n, 0);
    senda_journal_close(j);
}

static void
who_reads_may_stop(void **state)
{
    senda_journal_t *j = opened("boot");
    seen_t s = { .stop = 5 };

    (void)state;
    add(j, 0, 200, SEQ(1, 1));
    assert_int_equal(senda_journal_read(j, 0, 100, see, &s, NULL), SENDA_NONE);
    assert_int_equal(s.n, 5);
    senda_journal_close(j);
}

static void
records_have_a_bound(void **state)
{
    senda_journal_t *j = opened("boot");
    char *big = calloc(1, SENDA_RECORD_MAX + 1);
    senda_err_t err;
    senda_seq_t seq;

    (void)state;
    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(senda_journal_add(j, (senda_str_t){ big, SENDA_RECORD_MAX }, &seq, NULL),
            SENDA_OK);
        assert_int_equal(senda_journal_add(j, (senda_str_t){ NULL, 0 }, &seq, NULL), SENDA_OK);
        assert_true(seq == SEQ(1, 2 * i));
    }
    assert_int_equal(senda_journal_add(j, (senda_str_t){ big, SENDA_RECORD_MAX + 1 }, &seq, &err),
        SENDA_FULL);
    assert_int_equal(senda_journal_commit(j, NULL), SENDA_OK);
    assert_true(senda_journal_head(j) == SEQ(1, 10));
    free(big);
    senda_journal_close(j);
}

static void
an_abort_leaves_nothing(void **state)
{
    senda_journal_t *j = opened("boot");
    senda_seq_t seq;
    uint64_t pos;
    char buf[1024];

    (void)state;
    add(j, 0, 3, SEQ(1, 1));
    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    for (uint64_t i = 0; i < 200; i++) {
        assert_int_equal(senda_journal_add(j, (senda_str_t){ buf, record(buf, i) }, &seq, NULL),
            SENDA_OK);
    }
    assert_int_equal(senda_journal_set_ring_pos(j, 7, 64, NULL), SENDA_OK);
    assert_int_equal(senda_journal_ring_pos(j, 7, &pos), SENDA_OK); /* seen within */
    senda_journal_abort(j);
    assert_int_equal(senda_journal_ring_pos(j, 7, &pos), SENDA_NONE);
    assert_true(senda_journal_head(j) == SEQ(1, 3));
    add(j, 3, 2, SEQ(1, 4));
    assert_int_equal(read_after(j, 0, 100).n, 5);
    senda_journal_close(j);
}

static void
positions_are_kept_by_ring(void **state)
{
    senda_journal_t *j = opened("boot"), *r;
    uint64_t pos;

    (void)state;
    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    assert_int_equal(senda_journal_set_ring_pos(j, UINT64_MAX, 8, NULL), SENDA_OK);
    assert_int_equal(senda_journal_set_ring_pos(j, 1, UINT64_MAX, NULL), SENDA_OK);
    assert_int_equal(senda_journal_set_ring_pos(j, UINT64_MAX, 16, NULL), SENDA_OK);
    assert_int_equal(senda_journal_commit(j, NULL), SENDA_OK);
    senda_journal_close(j);
    assert_int_equal(senda_journal_open_read(&r, dir, NULL), SENDA_OK);
    assert_int_equal(senda_journal_ring_pos(r, UINT64_MAX, &pos), SENDA_OK);
    assert_true(pos == 16);
    assert_int_equal(senda_journal_ring_pos(r, 1, &pos), SENDA_OK);
    assert_true(pos == UINT64_MAX);
    assert_int_equal(senda_journal_ring_pos(r, 2, &pos), SENDA_NONE);
    senda_journal_close(r);
}

static void
a_start_of_the_machine_begins_an_epoch(void **state)
{
    senda_journal_t *j = opened("monday");

    (void)state;
    add(j, 0, 5, SEQ(1, 1));
    senda_journal_close(j);
    j = opened("monday"); /* the same start: numbers go on */
    add(j, 5, 5, SEQ(1, 6));
    senda_journal_close(j);
    j = opened("tuesday");
    assert_true(senda_journal_head(j) == SEQ(1, 10)); /* nothing was committed since */
    senda_journal_close(j);
    j = opened("tuesday");
    add(j, 10, 5, SEQ(2, 1));
    senda_journal_close(j);
    j = opened("monday"); /* a text that was there before is still another start */
    add(j, 15, 5, SEQ(3, 1));
    assert_int_equal(read_after(j, 0, 100).n, 20);
    assert_true(read_after(j, SEQ(1, 10), 1).first == SEQ(2, 1));
    assert_true(read_after(j, SEQ(1, 999), 1).first == SEQ(2, 1)); /* of a commit that was lost */
    assert_true(read_after(j, SEQ(2, 3), 4).last == SEQ(3, 2));
    senda_journal_close(j);
}

/* Commits batches until killed; position n of ring 1 goes with n visits. */
static void
write_for_ever(void)
{
    senda_journal_t *j;
    uint64_t n = 0;
    char buf[1024];
    senda_seq_t seq;

    if (senda_journal_open_write(&j, dir, "boot", NULL) != SENDA_OK ||
        (senda_journal_ring_pos(j, 1, &n) != SENDA_OK && n != 0)) {
        _exit(1);
    }
    for (;;) {
        if (senda_journal_begin(j, NULL) != SENDA_OK) {
            _exit(2);
        }
        for (unsigned i = 0; i < 1 + n % 60; i++) {
            if (senda_journal_add(j, (senda_str_t){ buf, record(buf, n + i) }, &seq, NULL) !=
                SENDA_OK) {
                _exit(3);
            }
        }
        n += 1 + n % 60;
        if (senda_journal_set_ring_pos(j, 1, n, NULL) != SENDA_OK ||
            senda_journal_commit(j, NULL) != SENDA_OK) {
            _exit(4);
        }
    }
}

static void
a_killed_writer_loses_no_commit(void **state)
{
    uint64_t known = 0, pos;
    unsigned seed = 11;

    (void)state;
    senda_journal_close(opened("boot"));
    for (int round = 0; round < 10; round++) {
        uint64_t until = known + 200 + (unsigned)rand_r(&seed) % 1000;
        senda_journal_t *j;
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            write_for_ever();
        }
        assert_int_equal(senda_journal_open_read(&j, dir, NULL), SENDA_OK);
        while (
            (senda_journal_head(j) & 0xffffffff) < until && waitpid(pid, &status, WNOHANG) == 0) {
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        senda_journal_close(j);
        senda_journal_close(opened("boot")); /* the next writer sets right what the dead one left */
        assert_int_equal(senda_journal_open_read(&j, dir, NULL), SENDA_OK);
        known = senda_journal_head(j) & 0xffffffff;
        assert_true(known >= until);
        assert_int_equal(senda_journal_ring_pos(j, 1, &pos), SENDA_OK);
        assert_true(pos == known);
        assert_true(read_after(j, 0, UINT32_MAX).n == known);
        senda_journal_close(j);
    }
}

static void
damage_names_its_place(void **state)
{
    static const char *const tables[] = { "meta", "visits" };
    static const senda_schema_t schema = { tables, 2, 0 };
    senda_journal_t *j = opened("boot");
    senda_store_t *s;
    senda_err_t err;
    senda_txn_t *t;
    seen_t seen = { 0 };
    char key[8];

    (void)state;
    add(j, 0, 3, SEQ(1, 1));
    senda_journal_close(j);
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_SYNC, false, SENDA_JOURNAL_MAP, &schema,
                         NULL),
        SENDA_OK);
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    senda_put_be64(key, SEQ(1, 4));
    assert_int_equal(senda_put(t, 1, (senda_str_t){ key, 8 }, SENDA_STR("\xff\0\0\0cut"), false,
                         NULL),
        SENDA_OK);
    assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
    senda_store_close(s);
    assert_int_equal(senda_journal_open_read(&j, dir, NULL), SENDA_OK);
    assert_int_equal(senda_journal_read(j, 0, 100, see, &seen, &err), SENDA_BAD);
    assert_string_equal(err.text, "journal: the record 1:4 is cut short");
    assert_int_equal(seen.n, 3);
    senda_journal_close(j);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_reader_waits_until_it_is_made),
        CASE(visits_come_back_in_order_from_anywhere),
        CASE(who_reads_may_stop),
        CASE(records_have_a_bound),
        CASE(an_abort_leaves_nothing),
        CASE(positions_are_kept_by_ring),
        CASE(a_start_of_the_machine_begins_an_epoch),
        CASE(a_killed_writer_loses_no_commit),
        CASE(damage_names_its_place),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
