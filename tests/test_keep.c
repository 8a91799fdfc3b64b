/*
 * What is kept, and until when: old visits that go, visitors who did not come
 * again or take their consent back, rings that nobody needs, a copy of a store
 * that is written to meanwhile, which journal a live store is of.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bytes.h"
#include "senda_live.h"
#include "senda_ring.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SIZE   (8u << 20)
#define RECORD 3000 /* bytes: ten of them make a chunk */

static char dir[SCRATCH_MAX];
static senda_profile_t profile;

static int
setup(void **state)
{
    (void)state;
    scratch_make_in("/dev/shm", dir);
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

/* ---- the journal ---- */

static senda_journal_t *
journal(const char *boot)
{
    senda_journal_t *j;
    senda_err_t err = { "" };

    if (senda_journal_open_write(&j, dir, boot, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return j;
}

/* Adds n records, each with its number, one commit; the last sequence. */
static senda_seq_t
add(senda_journal_t *j, uint64_t first, unsigned n)
{
    char buf[RECORD] = { 0 };
    senda_seq_t seq = 0;

    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    for (unsigned i = 0; i < n; i++) {
        senda_put_be64(buf, first + i);
        assert_int_equal(senda_journal_add(j, (senda_str_t){ buf, sizeof(buf) }, &seq, NULL),
            SENDA_OK);
    }
    assert_int_equal(senda_journal_commit(j, NULL), SENDA_OK);
    return seq;
}

static bool
is_before(void *ctx, senda_str_t record)
{
    return senda_get_be64(record.p) < *(uint64_t *)ctx;
}

static uint64_t
expire(senda_journal_t *j, senda_seq_t upto, unsigned max, uint64_t before)
{
    uint64_t gone;

    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    assert_int_equal(senda_journal_expire(j, upto, max, is_before, &before, &gone, NULL), SENDA_OK);
    assert_int_equal(senda_journal_commit(j, NULL), SENDA_OK);
    return gone;
}

static senda_rc_t
count(void *ctx, senda_seq_t seq, senda_str_t record)
{
    uint64_t *n = ctx;

    (void)seq;
    if (n[0]++ == 0) {
        n[1] = senda_get_be64(record.p);
    }
    return SENDA_OK;
}

static void
old_visits_go_in_whole_chunks(void **state)
{
    senda_journal_t *j = journal("boot");
    uint64_t seen[2] = { 0, 0 };
    senda_seq_t last = add(j, 0, 100), first;

    (void)state;
    assert_int_equal(expire(j, last, 100, 0), 0);   /* none is old */
    assert_int_equal(expire(j, 0, 100, 1000), 0);   /* all are, but are needed */
    assert_int_equal(expire(j, last, 0, 1000), 0);  /* not now */
    assert_int_equal(expire(j, last, 2, 1000), 20); /* two chunks of ten */
    assert_int_equal(expire(j, last, 100, 35), 10); /* the next is of 30 to 39 */
    first = senda_journal_first(j);
    assert_int_equal(first & 0xffffffff, 31);
    assert_int_equal(expire(j, first + 8, 100, 1000), 0); /* the tenth of it is still needed */
    assert_int_equal(expire(j, first + 9, 100, 1000), 10);
    assert_int_equal(senda_journal_read(j, 0, 1000, count, seen, NULL), SENDA_OK);
    assert_int_equal(seen[0], 60);
    assert_int_equal(seen[1], 40);
    senda_journal_close(j);
}

static void
numbers_go_on_when_everything_went(void **state)
{
    senda_journal_t *j = journal("boot");
    uint64_t seen[2] = { 0, 0 };
    senda_seq_t last = add(j, 0, 100);

    (void)state;
    assert_int_equal(expire(j, last, 100, 1000), 90); /* the last chunk stays */
    senda_journal_close(j);
    j = journal("boot");
    assert_true(senda_journal_head(j) == last);
    assert_true(add(j, 100, 1) == last + 1);
    assert_int_equal(expire(j, last + 1, 100, 1000), 10);
    assert_int_equal(senda_journal_read(j, last, 10, count, seen, NULL), SENDA_OK);
    assert_int_equal(seen[0], 1);
    assert_true(add(j, 101, 1) == last + 2);
    senda_journal_close(j);
}

static void
space_of_old_visits_is_used_again(void **state)
{
    senda_journal_t *j = journal("boot");
    struct stat before, after;
    char path[SCRATCH_MAX + 16];
    senda_seq_t last = 0;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    for (unsigned i = 0; i < 50; i++) {
        last = add(j, i * 100, 100);
    }
    assert_int_equal(stat(path, &before), 0);
    for (unsigned i = 50; i < 100; i++) {
        (void)expire(j, last, 10, UINT64_MAX);
        last = add(j, i * 100, 100);
    }
    assert_int_equal(stat(path, &after), 0);
    assert_true(after.st_size <= before.st_size + before.st_size / 4);
    senda_journal_close(j);
}

static void
a_ring_that_is_gone_is_forgotten(void **state)
{
    senda_journal_t *j = journal("boot");
    uint64_t pos;

    (void)state;
    assert_int_equal(senda_journal_begin(j, NULL), SENDA_OK);
    assert_int_equal(senda_journal_set_ring_pos(j, 7, 100, NULL), SENDA_OK);
    assert_int_equal(senda_journal_set_ring_pos(j, 8, 200, NULL), SENDA_OK);
    assert_int_equal(senda_journal_forget_ring(j, 7, NULL), SENDA_OK);
    assert_int_equal(senda_journal_forget_ring(j, 9, NULL), SENDA_OK);
    assert_int_equal(senda_journal_commit(j, NULL), SENDA_OK);
    assert_int_equal(senda_journal_ring_pos(j, 7, &pos), SENDA_NONE);
    assert_int_equal(senda_journal_ring_pos(j, 8, &pos), SENDA_OK);
    assert_int_equal(pos, 200);
    senda_journal_close(j);
}

static void
a_journal_has_a_number_of_its_own(void **state)
{
    senda_journal_t *j = journal("boot");
    uint64_t id = senda_journal_id(j);
    char path[SCRATCH_MAX + 16];

    (void)state;
    assert_true(id != 0);
    senda_journal_close(j);
    j = journal("another boot");
    assert_true(senda_journal_id(j) == id);
    senda_journal_close(j);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    assert_int_equal(unlink(path), 0);
    j = journal("another boot");
    assert_true(senda_journal_id(j) != id);
    senda_journal_close(j);
}

/* ---- live/ ---- */

static senda_live_t *
live(void)
{
    senda_live_t *l;
    senda_err_t err = { "" };

    if (senda_live_open_write(&l, dir, SIZE, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return l;
}

static senda_visitor_t
visitor(uint64_t n)
{
    senda_visitor_t v;

    senda_put_be64(v.b, n * 0x9e3779b97f4a7c15u);
    senda_put_be64(v.b + 8, n + 1);
    return v;
}

static void
visit(senda_live_t *l, uint64_t who, uint32_t flags, senda_sec_t at)
{
    senda_visit_t v = { .site = 1, .visitor = visitor(who), .flags = flags, .at = at * 1000 };

    assert_int_equal(senda_live_apply(l, NULL, &v, NULL), SENDA_OK);
}

static bool
knows(senda_live_t *l, uint64_t who)
{
    senda_visitor_t v = visitor(who);

    return senda_live_get(l, &v, &profile, NULL) == SENDA_OK;
}

static void
who_did_not_come_again_goes(void **state)
{
    senda_live_t *l = live();
    unsigned gone, all = 0, calls = 0;
    senda_rc_t rc;

    (void)state;
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    for (uint64_t who = 0; who < 1000; who++) {
        visit(l, who, SENDA_VISIT_PAGE, (senda_sec_t)who);
    }
    assert_int_equal(senda_live_commit(l, 7, NULL), SENDA_OK);
    do {
        rc = senda_live_sweep(l, 400, 64, &gone, NULL);
        assert_true(rc == SENDA_OK || rc == SENDA_NONE);
        assert_true(gone <= 64);
        all += gone;
    } while (++calls < 100 && rc == SENDA_OK);
    assert_int_equal(rc, SENDA_NONE);
    assert_int_equal(all, 400);
    for (uint64_t who = 0; who < 1000; who++) {
        assert_int_equal(knows(l, who), who >= 400);
    }
    assert_int_equal(senda_live_applied(l), 7);
    for (rc = SENDA_OK, all = 0; rc == SENDA_OK; all += gone) {
        rc = senda_live_sweep(l, 401, 256, &gone, NULL); /* the next round begins anew */
    }
    assert_int_equal(all, 1);
    senda_live_close(l);
}

static void
who_takes_consent_back_is_forgotten(void **state)
{
    senda_live_t *l = live();

    (void)state;
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    visit(l, 1, SENDA_VISIT_PAGE, 10);
    visit(l, 2, SENDA_VISIT_PAGE, 10);
    visit(l, 3, SENDA_VISIT_PAGE, 10);
    assert_int_equal(senda_live_commit(l, 1, NULL), SENDA_OK);
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    visit(l, 1, SENDA_VISIT_PAGE, 11);
    visit(l, 1, SENDA_VISIT_FORGET, 12);
    visit(l, 2, SENDA_VISIT_FORGET, 12);
    visit(l, 2, SENDA_VISIT_PAGE, 13); /* and agrees again */
    visit(l, 4, SENDA_VISIT_FORGET, 12);
    assert_int_equal(senda_live_commit(l, 2, NULL), SENDA_OK);
    assert_false(knows(l, 1));
    assert_true(knows(l, 2));
    assert_int_equal(profile.first, 13);
    assert_true(knows(l, 3));
    assert_false(knows(l, 4));
    senda_live_close(l);
}

static void
a_live_store_says_whose_it_is(void **state)
{
    senda_live_t *l = live();

    (void)state;
    assert_true(senda_live_journal(l) == 0);
    assert_int_equal(senda_live_set_journal(l, 0x1234567890abcdefu, NULL), SENDA_OK);
    senda_live_close(l);
    l = live();
    assert_true(senda_live_journal(l) == 0x1234567890abcdefu);
    senda_live_close(l);
}

static void
a_copy_is_of_one_moment(void **state)
{
    char copied[SCRATCH_MAX + 16], path[SCRATCH_MAX + 16], other[SCRATCH_MAX + 16];
    senda_live_t *l = live();
    senda_err_t err = { "" };

    (void)state;
    (void)snprintf(other, sizeof(other), "%s/other", dir);
    (void)snprintf(path, sizeof(path), "%s/copy", dir);
    (void)snprintf(copied, sizeof(copied), "%s/other/data.mdb", dir);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    for (uint64_t who = 0; who < 500; who++) {
        visit(l, who, SENDA_VISIT_PAGE, 10);
    }
    assert_int_equal(senda_live_commit(l, 7, NULL), SENDA_OK);
    if (senda_store_copy(senda_live_store(l), path, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(senda_store_copy(senda_live_store(l), path, &err),
        SENDA_SYS); /* it is there */
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    visit(l, 1000, SENDA_VISIT_PAGE, 11);
    assert_int_equal(senda_live_commit(l, 8, NULL), SENDA_OK);
    senda_live_close(l);
    assert_int_equal(rename(path, copied), 0);
    assert_int_equal(senda_live_open_write(&l, other, SIZE, NULL), SENDA_OK);
    assert_int_equal(senda_live_applied(l), 7);
    assert_true(knows(l, 0) && knows(l, 499) && !knows(l, 1000));
    senda_live_close(l);
}

/* ---- rings ---- */

/* A ring that a child made, wrote n records into and left behind by dying; its number. */
static uint64_t
left_ring(unsigned n)
{
    senda_ring_t *r;
    uint64_t id;
    char path[SCRATCH_MAX + 16];
    pid_t pid = fork();

    if (pid == 0) {
        if (senda_ring_claim(&r, dir, SENDA_RING_MIN, NULL) == SENDA_OK) {
            while (n-- > 0) {
                (void)senda_ring_put(r, "visit", 5);
            }
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)snprintf(path, sizeof(path), "%s/ring.0", dir);
    assert_int_equal(senda_ring_open(&r, path, NULL), SENDA_OK);
    assert_int_equal(senda_ring_size(r), SENDA_RING_MIN);
    id = senda_ring_id(r);
    senda_ring_close(r);
    return id;
}

static void
only_an_empty_ring_of_nobody_is_removed(void **state)
{
    char path[SCRATCH_MAX + 16];
    uint64_t id = left_ring(1);
    senda_ring_t *r;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/ring.0", dir);
    assert_int_equal(senda_ring_remove(dir, "ring.0", id), SENDA_NONE); /* something is in it */
    assert_int_equal(senda_ring_claim(&r, dir, SENDA_RING_MIN, NULL), SENDA_OK);
    assert_true(senda_ring_id(r) == id);
    senda_ring_release(r, senda_ring_head(r));
    assert_int_equal(senda_ring_remove(dir, "ring.0", id), SENDA_NONE); /* it is somebody's */
    senda_ring_close(r);
    assert_int_equal(senda_ring_remove(dir, "ring.0", id + 1), SENDA_NONE); /* another one */
    assert_int_equal(senda_ring_remove(dir, "ring.9", id), SENDA_NONE);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(senda_ring_remove(dir, "ring.0", id), SENDA_OK);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Claims against removals, without a pause: no ring is ever owned and gone, or owned by two. */
static void
a_claim_and_a_removal_never_both_succeed(void **state)
{
    senda_ring_t *r;
    unsigned removed = 0;
    int status;
    pid_t pid;

    (void)state;
    (void)left_ring(0);
    pid = fork();
    if (pid == 0) {
        for (unsigned i = 0; i < 3000; i++) {
            if (senda_ring_claim(&r, dir, SENDA_RING_MIN, NULL) != SENDA_OK ||
                senda_ring_is_gone(r)) {
                _exit(1);
            }
            senda_ring_close(r);
        }
        _exit(0);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        char path[SCRATCH_MAX + 16];
        uint64_t id;

        (void)snprintf(path, sizeof(path), "%s/ring.0", dir);
        if (senda_ring_open(&r, path, NULL) == SENDA_OK) {
            id = senda_ring_id(r);
            senda_ring_close(r);
            removed += senda_ring_remove(dir, "ring.0", id) == SENDA_OK;
        }
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(removed > 0);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(old_visits_go_in_whole_chunks),
        CASE(numbers_go_on_when_everything_went),
        CASE(space_of_old_visits_is_used_again),
        CASE(a_ring_that_is_gone_is_forgotten),
        CASE(a_journal_has_a_number_of_its_own),
        CASE(who_did_not_come_again_goes),
        CASE(who_takes_consent_back_is_forgotten),
        CASE(a_live_store_says_whose_it_is),
        CASE(a_copy_is_of_one_moment),
        CASE(only_an_empty_ring_of_nobody_is_removed),
        CASE(a_claim_and_a_removal_never_both_succeed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
