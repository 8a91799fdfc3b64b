/*
 * Rings: records there and back over the end, a full ring, damage, claims
 * between living and dead processes, a producer killed at random.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_ring.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SIZE ((size_t)SENDA_RING_MIN)

static char dir[SCRATCH_MAX];

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
    return 0;
}

static senda_ring_t *
claimed(size_t size)
{
    senda_ring_t *r;
    senda_err_t err = { "" };

    if (senda_ring_claim(&r, dir, size, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return r;
}

static void
path_of(char path[SCRATCH_MAX + 32], unsigned n)
{
    (void)snprintf(path, SCRATCH_MAX + 32, "%s/" SENDA_RING_PREFIX "%u", dir, n);
}

static unsigned
files(void)
{
    DIR *d = opendir(dir);
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    }
    (void)closedir(d);
    return n;
}

/* A record whose every byte follows from its number. */
static size_t
record(char *buf, uint64_t n)
{
    size_t len = 8 + (size_t)(n * 7919 % 500);

    memset(buf, (char)('a' + n % 26), len);
    memcpy(buf, &n, 8);
    return len;
}

static bool
is_record(senda_str_t data, uint64_t n)
{
    char want[512];

    return data.n == record(want, n) && memcmp(data.p, want, data.n) == 0;
}

static void
a_new_ring_is_empty(void **state)
{
    senda_ring_t *r = claimed(SIZE), *c;
    char path[SCRATCH_MAX + 32];
    senda_str_t data;
    struct stat st;
    uint64_t pos;

    (void)state;
    path_of(path, 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_true((uint64_t)st.st_blocks * 512 >= SIZE);
    assert_int_equal(files(), 1);
    assert_int_equal(senda_ring_open(&c, path, NULL), SENDA_OK);
    assert_true(senda_ring_id(c) == senda_ring_id(r) && senda_ring_id(r) != 0);
    assert_true(senda_ring_owner_alive(c));
    pos = senda_ring_tail(c);
    assert_int_equal(senda_ring_next(c, &pos, &data), SENDA_NONE);
    senda_ring_close(r);
    assert_false(senda_ring_owner_alive(c));
    senda_ring_close(c);
    senda_ring_close(NULL);
}

/* What is shown of a ring without mapping it; what is no ring is told apart. */
static void
facts_of_a_file(void **state)
{
    senda_ring_t *r = claimed(SIZE);
    senda_ring_facts_t f;
    char path[SCRATCH_MAX + 32];
    int d = open(dir, O_RDONLY | O_DIRECTORY), fd;

    (void)state;
    assert_int_equal(senda_ring_put(r, "0123456789", 10), SENDA_OK);
    senda_ring_drop(r, SENDA_DROP_BOT);
    senda_ring_drop(r, SENDA_DROP_BOT);
    assert_int_equal(senda_ring_facts(&f, d, "ring.0"), SENDA_OK);
    assert_true(f.id == senda_ring_id(r));
    assert_int_equal(f.size, SIZE);
    assert_int_equal(f.used, 24);
    assert_int_equal(f.unsynced, 0);
    assert_int_equal(f.pid, getpid());
    assert_true(f.alive);
    assert_int_equal(f.dropped[SENDA_DROP_BOT], 2);
    assert_int_equal(f.dropped[SENDA_DROP_FULL], 0);
    assert_int_equal(senda_ring_want_durable(r), 24);
    assert_int_equal(senda_ring_facts(&f, d, "ring.0"), SENDA_OK);
    assert_int_equal(f.unsynced, 24);
    senda_ring_release(r, 24);
    senda_ring_set_durable(r, 24);
    senda_ring_close(r);
    assert_int_equal(senda_ring_facts(&f, d, "ring.0"), SENDA_OK);
    assert_int_equal(f.used, 0);
    assert_int_equal(f.unsynced, 0);
    assert_int_equal(f.pid, 0);
    assert_false(f.alive);
    assert_int_equal(senda_ring_facts(&f, d, "ring.1"), SENDA_SYS);
    assert_int_equal(symlinkat("ring.0", d, "ring.2"), 0);
    assert_int_equal(senda_ring_facts(&f, d, "ring.2"), SENDA_SYS);
    assert_int_equal(mkdirat(d, "ring.3", 0700), 0);
    assert_int_equal(senda_ring_facts(&f, d, "ring.3"), SENDA_BAD);
    path_of(path, 0);
    assert_int_equal(truncate(path, 4096), 0);
    assert_int_equal(senda_ring_facts(&f, d, "ring.0"), SENDA_BAD);
    fd = openat(d, "ring.4", O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "short", 5), 5);
    assert_int_equal(senda_ring_facts(&f, d, "ring.4"), SENDA_BAD);
    (void)close(fd);
    (void)close(d);
}

static void
records_go_round(void **state)
{
    senda_ring_t *r = claimed(SIZE), *c;
    char path[SCRATCH_MAX + 32], buf[512];
    uint64_t pos, put = 0, got = 0;
    senda_str_t data;

    (void)state;
    path_of(path, 0);
    assert_int_equal(senda_ring_open(&c, path, NULL), SENDA_OK);
    pos = senda_ring_tail(c);
    for (int round = 0; round < 400; round++) {
        for (int i = 0; i < 50; i++, put++) {
            assert_int_equal(senda_ring_put(r, buf, record(buf, put)), SENDA_OK);
        }
        while (senda_ring_next(c, &pos, &data) == SENDA_OK) {
            assert_true(is_record(data, got++));
        }
        assert_true(got == put);
        assert_true(pos == senda_ring_head(c));
        senda_ring_release(c, pos);
    }
    assert_true(pos > 50 * SIZE);
    senda_ring_close(c);
    senda_ring_close(r);
}

static void
sizes_at_the_bounds(void **state)
{
    senda_ring_t *r = claimed(SIZE);
    char *large = calloc(1, SENDA_RECORD_MAX + 1);
    uint64_t pos = 0;
    senda_str_t data;

    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(senda_ring_put(r, large, SENDA_RECORD_MAX), SENDA_OK);
        assert_int_equal(senda_ring_put(r, "", 0), SENDA_OK);
        assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_OK);
        assert_int_equal(data.n, SENDA_RECORD_MAX);
        assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_OK);
        assert_int_equal(data.n, 0);
        senda_ring_release(r, pos);
    }
    assert_int_equal(senda_ring_put(r, large, SENDA_RECORD_MAX + 1), SENDA_FULL);
    assert_int_equal(senda_ring_dropped(r, SENDA_DROP_TOO_LARGE), 1);
    assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_NONE);
    free(large);
    senda_ring_close(r);
}

static void
a_full_ring_drops_and_counts(void **state)
{
    senda_ring_t *r = claimed(SIZE);
    char buf[512];
    uint64_t pos = 0, n = 0, got = 0;
    senda_str_t data;

    (void)state;
    while (senda_ring_put(r, buf, record(buf, n)) == SENDA_OK) {
        n++;
    }
    assert_true(n > SIZE / 600);
    assert_int_equal(senda_ring_put(r, buf, 500), SENDA_FULL);
    assert_int_equal(senda_ring_dropped(r, SENDA_DROP_FULL), 2);
    senda_ring_drop(r, SENDA_DROP_BOT);
    senda_ring_drop(r, (senda_drop_t)1000);
    assert_int_equal(senda_ring_dropped(r, SENDA_DROP_BOT), 1);
    while (senda_ring_next(r, &pos, &data) == SENDA_OK) {
        assert_true(is_record(data, got++));
    }
    assert_true(got == n); /* nothing that had entered is lost */
    assert_int_equal(senda_ring_put(r, buf, 500), SENDA_FULL); /* read is not released */
    senda_ring_release(r, pos);
    assert_int_equal(senda_ring_put(r, buf, 500), SENDA_OK);
    senda_ring_close(r);
}

/* Each byte of a record, changed, is noticed; reading goes on with what comes after. */
static void
damage_is_noticed(void **state)
{
    senda_ring_t *r = claimed(SIZE);
    char path[SCRATCH_MAX + 32], buf[512], byte;
    int fd;

    (void)state;
    path_of(path, 0);
    fd = open(path, O_RDWR);
    for (unsigned i = 0; i < 80; i++) {
        uint64_t start = senda_ring_head(r), pos = start;
        off_t at = (off_t)(4096 + start % SIZE + i);
        senda_str_t data;

        memset(buf, 'x', 100);
        assert_int_equal(senda_ring_put(r, buf, 72), SENDA_OK);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte = (char)(byte ^ (1 << i % 8));
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_BAD);
        assert_true(pos == senda_ring_head(r));
        assert_int_equal(senda_ring_put(r, buf, 10), SENDA_OK);
        assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_OK);
        assert_int_equal(data.n, 10);
        senda_ring_release(r, pos);
    }
    (void)close(fd);
    senda_ring_close(r);
}

static void
positions_that_cannot_be_are_bad(void **state)
{
    senda_ring_t *r = claimed(SIZE);
    uint64_t pos;
    senda_str_t data;
    char buf[100] = "";

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(senda_ring_put(r, buf, sizeof(buf)), SENDA_OK);
    }
    for (uint64_t wrong = 1; wrong < senda_ring_head(r); wrong += 3) {
        pos = wrong;
        if (wrong % (8 + 104) != 0) {
            assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_BAD);
            assert_true(pos == senda_ring_head(r));
        }
    }
    pos = senda_ring_head(r) + 8;
    assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_BAD);
    pos = senda_ring_head(r) - SIZE - 8;
    assert_int_equal(senda_ring_next(r, &pos, &data), SENDA_BAD);
    senda_ring_close(r);
}

static void
what_is_no_ring_is_refused(void **state)
{
    char path[SCRATCH_MAX + 32];
    senda_ring_t *r;
    senda_err_t err;

    (void)state;
    assert_int_equal(senda_ring_claim(&r, dir, SIZE + 8, &err), SENDA_SYS);
    assert_int_equal(senda_ring_claim(&r, dir, SIZE / 2, &err), SENDA_SYS);
    assert_int_equal(senda_ring_claim(&r, "/nowhere", SIZE, &err), SENDA_SYS);
    path_of(path, 0);
    assert_int_equal(senda_ring_open(&r, path, &err), SENDA_SYS);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(senda_ring_open(&r, dir, &err), SENDA_SYS);
    (void)close(open(path, O_CREAT | O_WRONLY, 0660)); /* empty, and in the way of a claim */
    assert_int_equal(senda_ring_open(&r, path, &err), SENDA_BAD);
    senda_ring_close(claimed(SIZE));
    path_of(path, 1);
    assert_int_equal(truncate(path, (off_t)SIZE), 0); /* a header, but less than it says */
    assert_int_equal(senda_ring_open(&r, path, &err), SENDA_BAD);
    senda_ring_close(claimed(SIZE));
    assert_int_equal(files(), 3);
}

static void
a_living_owner_keeps_its_ring(void **state)
{
    senda_ring_t *a = claimed(SIZE), *b = claimed(SIZE), *again;
    uint64_t id = senda_ring_id(b);

    (void)state;
    assert_true(senda_ring_id(a) != senda_ring_id(b));
    assert_int_equal(files(), 2);
    senda_ring_close(b);
    again = claimed(2 * SIZE); /* of another size: a new one, and the old one stays */
    assert_true(senda_ring_id(again) != id);
    assert_int_equal(files(), 3);
    b = claimed(SIZE);
    assert_true(senda_ring_id(b) == id);
    senda_ring_close(a);
    senda_ring_close(b);
    senda_ring_close(again);
}

/* Claims a ring under a hostile process name, puts records 0 … n-1, tells, waits to be killed. */
static void
producer(int ready, uint64_t n)
{
    senda_ring_t *r;
    char buf[512];

    (void)prctl(PR_SET_NAME, "a) R 1 (b 1 2 3");
    if (senda_ring_claim(&r, dir, SIZE, NULL) != SENDA_OK || !senda_ring_owner_alive(r)) {
        _exit(1);
    }
    for (uint64_t i = 0; i < n; i++) {
        if (senda_ring_put(r, buf, record(buf, i)) != SENDA_OK) {
            _exit(2);
        }
    }
    if (write(ready, "r", 1) != 1) {
        _exit(3);
    }
    for (;;) {
        (void)pause();
    }
}

static void
the_ring_of_the_dead_is_adopted_with_what_it_holds(void **state)
{
    char path[SCRATCH_MAX + 32], byte, buf[512];
    uint64_t pos, got = 0, id;
    senda_ring_t *c, *r;
    senda_str_t data;
    int ready[2], status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        producer(ready[1], 20);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    path_of(path, 0);
    assert_int_equal(senda_ring_open(&c, path, NULL), SENDA_OK);
    assert_true(senda_ring_owner_alive(c));
    id = senda_ring_id(c);
    r = claimed(SIZE); /* its owner lives: another one */
    assert_true(senda_ring_id(r) != id);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (senda_ring_owner_alive(c)) { /* dead even before its parent has waited for it */
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    senda_ring_close(r);
    r = claimed(SIZE);
    senda_ring_t *other = claimed(SIZE);
    assert_true(senda_ring_id(r) == id || senda_ring_id(other) == id);
    if (senda_ring_id(other) == id) {
        senda_ring_t *swap = r;
        r = other;
        other = swap;
    }
    assert_int_equal(files(), 2);
    for (uint64_t i = 20; i < 40; i++) {
        assert_int_equal(senda_ring_put(r, buf, record(buf, i)), SENDA_OK);
    }
    for (pos = senda_ring_tail(c); senda_ring_next(c, &pos, &data) == SENDA_OK; got++) {
        assert_true(is_record(data, got));
    }
    assert_true(got == 40);
    senda_ring_close(other);
    senda_ring_close(r);
    senda_ring_close(c);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* Puts numbered records as fast as it can, numbers going on where the shared word says. */
static void
produce_for_ever(void)
{
    senda_ring_t *r;
    char buf[512];

    if (senda_ring_claim(&r, dir, SIZE, NULL) != SENDA_OK) {
        _exit(1);
    }
    for (uint64_t i = 0;; i++) {
        while (senda_ring_put(r, buf, record(buf, i)) != SENDA_OK) {
        }
    }
}

/* A killed producer's records are all whole and without gap; the next one begins at 0 again. */
static void
a_producer_killed_at_random_leaves_no_damage(void **state)
{
    char path[SCRATCH_MAX + 32];
    unsigned seed = 3;
    uint64_t pos;
    senda_ring_t *c;

    (void)state;
    senda_ring_close(claimed(SIZE));
    path_of(path, 0);
    assert_int_equal(senda_ring_open(&c, path, NULL), SENDA_OK);
    pos = senda_ring_tail(c);
    for (int round = 0; round < 30; round++) {
        uint64_t got = 0, until = 500 + (unsigned)rand_r(&seed) % 3000;
        senda_rc_t rc = SENDA_OK;
        bool killed = false;
        senda_str_t data;
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            produce_for_ever();
        }
        while (!killed || rc == SENDA_OK) {
            rc = senda_ring_next(c, &pos, &data);
            assert_true(rc == SENDA_OK || rc == SENDA_NONE);
            if (rc == SENDA_OK) {
                assert_true(is_record(data, got++));
                senda_ring_release(c, pos);
            }
            if (!killed && got >= until) {
                assert_int_equal(kill(pid, SIGKILL), 0);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                killed = true;
                rc = SENDA_OK;
            }
        }
        assert_true(got >= until);
    }
    assert_int_equal(files(), 1);
    senda_ring_close(c);
}

static void
a_half_made_ring_is_cleared_away(void **state)
{
    char path[SCRATCH_MAX + 64];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/.ring-%016llx", dir,
        (unsigned long long)0x7ffffff000000001); /* no such process */
    (void)close(open(path, O_CREAT | O_WRONLY, 0600));
    senda_ring_close(claimed(SIZE));
    assert_int_equal(files(), 1);
}

/* The producer can still write, but no drain that comes later will find what it writes. */
static void
a_ring_whose_file_is_removed_is_gone(void **state)
{
    char path[SCRATCH_MAX + 32];
    senda_ring_t *r = claimed(SIZE), *other;
    senda_err_t err;

    (void)state;
    path_of(path, 0);
    assert_int_equal(senda_ring_open(&other, path, &err), SENDA_OK);
    assert_false(senda_ring_is_gone(r));
    assert_int_equal(unlink(path), 0);
    assert_true(senda_ring_is_gone(r));
    assert_false(senda_ring_is_gone(other)); /* the consumer looks into the directory */
    assert_int_equal(senda_ring_put(r, "x", 1), SENDA_OK);
    senda_ring_close(other);
    senda_ring_close(r);
    r = claimed(SIZE);
    assert_false(senda_ring_is_gone(r));
    senda_ring_close(r);
    r = claimed(SIZE); /* the same one, taken over */
    assert_int_equal(unlink(path), 0);
    assert_true(senda_ring_is_gone(r));
    senda_ring_close(r);
}

static void
durability_is_asked_for_and_told(void **state)
{
    char path[SCRATCH_MAX + 32];
    senda_ring_t *r = claimed(SIZE), *reader;
    uint64_t at;

    (void)state;
    path_of(path, 0);
    assert_int_equal(senda_ring_open(&reader, path, NULL), SENDA_OK);
    assert_int_equal(senda_ring_wanted(reader), 0);
    assert_int_equal(senda_ring_put(r, "x", 1), SENDA_OK);
    at = senda_ring_want_durable(r);
    assert_int_equal(at, senda_ring_head(r));
    assert_int_equal(senda_ring_wanted(reader), at);
    assert_int_equal(senda_ring_durable(r), 0);
    senda_ring_set_durable(reader, at);
    assert_int_equal(senda_ring_durable(r), at);
    senda_ring_close(reader);
    senda_ring_close(r);
}

static void
every_reason_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SENDA_DROP_REASONS; i++) {
        assert_non_null(senda_drop_name((senda_drop_t)i));
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(senda_drop_name((senda_drop_t)i),
                senda_drop_name((senda_drop_t)k));
        }
    }
    assert_string_equal(senda_drop_name(SENDA_DROP_REASONS), "unknown");
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_new_ring_is_empty),
        CASE(facts_of_a_file),
        CASE(records_go_round),
        CASE(sizes_at_the_bounds),
        CASE(a_full_ring_drops_and_counts),
        CASE(damage_is_noticed),
        CASE(positions_that_cannot_be_are_bad),
        CASE(what_is_no_ring_is_refused),
        CASE(a_living_owner_keeps_its_ring),
        CASE(the_ring_of_the_dead_is_adopted_with_what_it_holds),
        CASE(a_producer_killed_at_random_leaves_no_damage),
        CASE(a_half_made_ring_is_cleared_away),
        CASE(a_ring_whose_file_is_removed_is_gone),
        CASE(durability_is_asked_for_and_told),
        CASE(every_reason_has_a_name),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
