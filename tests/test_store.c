/*
 * The store: what each way of opening promises, errors by their code, kept
 * transactions, scans that survive writes, a writer killed at random.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bytes.h"
#include "senda_limits.h"
#include "senda_store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define MAP (16u << 20)

static const char *const names[] = { "one", "two" };
static const senda_schema_t schema = { names, 2, 0 };
static const senda_schema_t smaller = { names, 1, 0 };

static char dir[SCRATCH_MAX];

/*
 * LMDB's writes pass through here, so that a test can let one fail or die right
 * after one. Its head is written below HEAD_END, data behind it, more than a
 * page of data at once by writev.
 */
#define HEAD_END 8192

static struct {
    int data_error, head_error; /* errno of the next such write, 0: let it be */
    bool die_after_head;
} disk;

ssize_t pwrite_seen(int fd, const void *buf, size_t n, off_t at) __asm__("pwrite");
ssize_t writev_seen(int fd, const struct iovec *iov, int n) __asm__("writev");

static bool
fails(int *error)
{
    if (*error == 0) {
        return false;
    }
    errno = *error;
    *error = 0;
    return true;
}

ssize_t
writev_seen(int fd, const struct iovec *iov, int n)
{
    return fails(&disk.data_error) ? -1 : syscall(SYS_writev, fd, iov, n);
}

ssize_t
pwrite_seen(int fd, const void *buf, size_t n, off_t at)
{
    ssize_t written;

    if (fails(at < HEAD_END ? &disk.head_error : &disk.data_error)) {
        return -1;
    }
    written = syscall(SYS_pwrite64, fd, buf, n, at);
    if (disk.die_after_head && at < HEAD_END) {
        (void)raise(SIGKILL);
    }
    return written;
}

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

static senda_store_t *
opened(senda_store_mode_t mode)
{
    senda_store_t *s;
    senda_err_t err = { "" };

    if (senda_store_open(&s, dir, mode, false, MAP, &schema, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return s;
}

static void
put(senda_store_t *s, const char *key, const char *value)
{
    senda_txn_t *t;

    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    assert_int_equal(senda_put(t, 0, senda_cstr(key), senda_cstr(value), false, NULL), SENDA_OK);
    assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
}

static unsigned
mode_of(const char *file)
{
    char path[SCRATCH_MAX + 32];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, file);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void
a_reader_waits_for_what_is_not_there(void **state)
{
    senda_store_t *s;
    senda_txn_t *t;

    (void)state;
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, NULL),
        SENDA_NONE);
    assert_null(s);
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_SYNC, false, MAP, &smaller, NULL),
        SENDA_OK);
    senda_store_close(s);
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, NULL),
        SENDA_NONE); /* the second table is not there */
    senda_store_close(opened(SENDA_STORE_SYNC));
    s = opened(SENDA_STORE_READ);
    assert_int_equal(senda_store_format(s, 0, 1, NULL), SENDA_NONE);
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_SYS);
    senda_store_close(s);
}

static void
files_have_their_mode_whatever_the_umask(void **state)
{
    mode_t mask = umask(0077);
    senda_store_t *s = opened(SENDA_STORE_DURABLE);

    (void)state;
    assert_int_equal(umask(mask), 0077);
    assert_int_equal(mode_of("data.mdb"), 0660);
    assert_int_equal(mode_of("lock.mdb"), 0660);
    senda_store_close(s);
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_SYNC, true, MAP, &schema, NULL),
        SENDA_OK);
    assert_int_equal(mode_of("data.mdb"), 0600);
    assert_int_equal(mode_of("lock.mdb"), 0600);
    senda_store_close(s);
}

static void
memory_is_set_aside_at_once(void **state)
{
    struct statvfs fs;
    struct stat st;
    char path[SCRATCH_MAX + 32];
    senda_store_t *s;
    senda_err_t err;

    (void)state;
    scratch_remove(dir);
    scratch_make_in("/dev/shm", dir);
    s = opened(SENDA_STORE_MEMORY);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, MAP);
    assert_true(st.st_blocks * 512 >= MAP);
    put(s, "k", "v");
    senda_store_close(s);
    assert_int_equal(statvfs(dir, &fs), 0);
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_MEMORY, false,
                         2 * (size_t)fs.f_blocks * fs.f_frsize, &schema, &err),
        SENDA_FULL);
    assert_non_null(strstr(err.text, "set its space aside"));
    s = opened(SENDA_STORE_MEMORY); /* what was there is untouched */
    senda_txn_t *t;
    senda_str_t v;
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    assert_int_equal(senda_get(t, 0, SENDA_STR("k"), &v), SENDA_OK);
    senda_txn_abort(t);
    senda_store_close(s);
}

static void
a_full_map_is_full_and_stays_usable(void **state)
{
    static char value[4000];
    senda_store_t *s = opened(SENDA_STORE_MEMORY);
    senda_rc_t rc = SENDA_OK;
    senda_err_t err;
    senda_txn_t *t;
    char key[8];

    (void)state;
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    for (uint64_t i = 0; rc == SENDA_OK && i < MAP / 1000; i++) {
        senda_put_be64(key, i);
        rc = senda_put(t, 0, (senda_str_t){ key, 8 }, (senda_str_t){ value, sizeof(value) }, true,
            &err);
    }
    assert_int_equal(rc, SENDA_FULL);
    assert_non_null(strstr(err.text, dir));
    senda_txn_abort(t);
    put(s, "after", "it");
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    assert_int_equal(senda_count(t, 0), 1);
    senda_txn_abort(t);
    senda_store_close(s);
}

static void
transactions_keep_apart(void **state)
{
    senda_store_t *s = opened(SENDA_STORE_DURABLE);
    senda_txn_t *w, *r, *other, *many[SENDA_STORE_READS];
    senda_str_t v;
    uint64_t version = senda_store_version(s);

    (void)state;
    put(s, "k", "old");
    assert_true(senda_store_version(s) == version + 1);
    assert_int_equal(senda_txn_begin(&r, s, false, NULL), SENDA_OK);
    assert_int_equal(senda_store_inside, 1);
    assert_int_equal(senda_txn_begin(&w, s, true, NULL), SENDA_OK);
    assert_int_equal(senda_txn_begin(&other, s, true, NULL), SENDA_SYS);
    assert_int_equal(senda_put(w, 0, SENDA_STR("k"), SENDA_STR("new"), false, NULL), SENDA_OK);
    assert_int_equal(senda_txn_commit(w, NULL), SENDA_OK);
    assert_int_equal(senda_get(r, 0, SENDA_STR("k"), &v), SENDA_OK);
    assert_true(senda_str_eq(v, SENDA_STR("old")));
    senda_txn_abort(r);
    assert_int_equal(senda_txn_begin(&r, s, false, NULL), SENDA_OK); /* the kept one, renewed */
    assert_int_equal(senda_get(r, 0, SENDA_STR("k"), &v), SENDA_OK);
    assert_true(senda_str_eq(v, SENDA_STR("new")));
    assert_int_equal(senda_txn_commit(r, NULL), SENDA_OK);
    senda_txn_abort(NULL);
    for (unsigned i = 0; i < SENDA_STORE_READS; i++) {
        assert_int_equal(senda_txn_begin(&many[i], s, false, NULL), SENDA_OK);
    }
    assert_int_equal(senda_txn_begin(&other, s, false, NULL), SENDA_SYS);
    assert_null(other);
    senda_store_close(s); /* ends them */
}

static void
keys_have_bounds(void **state)
{
    static char key[SENDA_STORE_KEY + 1];
    senda_store_t *s = opened(SENDA_STORE_SYNC);
    senda_str_t v, longest = { key, SENDA_STORE_KEY }, over = { key, sizeof(key) };
    senda_txn_t *t;

    (void)state;
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    assert_int_equal(senda_put(t, 0, longest, SENDA_STR(""), false, NULL), SENDA_OK);
    assert_int_equal(senda_get(t, 0, longest, &v), SENDA_OK);
    assert_int_equal(v.n, 0);
    assert_int_equal(senda_get(t, 0, over, &v), SENDA_NONE);
    assert_int_equal(senda_get(t, 0, SENDA_STR(""), &v), SENDA_NONE);
    assert_int_equal(senda_del(t, 0, over, NULL), SENDA_NONE);
    assert_int_equal(senda_del(t, 0, longest, NULL), SENDA_OK);
    assert_int_equal(senda_del(t, 0, longest, NULL), SENDA_NONE);
    assert_int_equal(senda_put(t, 0, over, SENDA_STR(""), false, NULL), SENDA_SYS);
    senda_txn_abort(t);
    senda_store_close(s);
}

static void
numbers_and_formats(void **state)
{
    senda_store_t *s = opened(SENDA_STORE_SYNC);
    senda_err_t err;
    senda_txn_t *t;
    uint64_t n;

    (void)state;
    assert_int_equal(senda_store_format(s, 0, 3, NULL), SENDA_OK);
    assert_int_equal(senda_store_format(s, 0, 3, NULL), SENDA_OK);
    assert_int_equal(senda_store_format(s, 0, 4, &err), SENDA_BAD);
    assert_non_null(strstr(err.text, "format 3, this program reads 4"));
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    assert_int_equal(senda_get_u64(t, 1, SENDA_STR("n"), &n), SENDA_NONE);
    assert_int_equal(senda_put_u64(t, 1, SENDA_STR("n"), UINT64_MAX - 1, NULL), SENDA_OK);
    assert_int_equal(senda_get_u64(t, 1, SENDA_STR("n"), &n), SENDA_OK);
    assert_true(n == UINT64_MAX - 1);
    assert_int_equal(senda_put(t, 1, SENDA_STR("n"), SENDA_STR("7 bytes"), false, NULL), SENDA_OK);
    assert_int_equal(senda_get_u64(t, 1, SENDA_STR("n"), &n), SENDA_BAD);
    senda_txn_abort(t);
    senda_store_close(s);
}

static void
fill(senda_store_t *s, unsigned n)
{
    senda_txn_t *t;
    char key[8];

    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    for (unsigned i = 0; i < n; i++) {
        senda_put_be64(key, 10 * i);
        assert_int_equal(senda_put(t, 0, (senda_str_t){ key, 8 }, SENDA_STR("v"), true, NULL),
            SENDA_OK);
    }
    assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
}

static void
the_last_at_or_before(void **state)
{
    static const struct {
        uint64_t at, found;
        senda_rc_t rc;
    } cases[] = { { 0, 0, SENDA_OK }, { 9, 0, SENDA_OK }, { 10, 10, SENDA_OK },
        { 15, 10, SENDA_OK }, { 990, 990, SENDA_OK }, { 5000, 990, SENDA_OK } };
    senda_store_t *s = opened(SENDA_STORE_SYNC);
    senda_str_t key, value;
    senda_txn_t *t;
    char at[8];

    (void)state;
    fill(s, 100);
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        senda_put_be64(at, cases[i].at);
        assert_int_equal(senda_get_last(t, 0, (senda_str_t){ at, 8 }, &key, &value), cases[i].rc);
        assert_int_equal(senda_get_be64(key.p), cases[i].found);
    }
    assert_int_equal(senda_get_last(t, 0, (senda_str_t){ NULL, 0 }, &key, &value), SENDA_OK);
    assert_int_equal(senda_get_be64(key.p), 990);
    assert_int_equal(senda_get_last(t, 0, (senda_str_t){ "\0", 1 }, &key, &value), SENDA_NONE);
    assert_int_equal(senda_get_last(t, 1, (senda_str_t){ NULL, 0 }, &key, &value), SENDA_NONE);
    senda_txn_abort(t);
    senda_store_close(s);
}

/* Every second entry is deleted and one put far behind: each is seen exactly once. */
static void
a_scan_goes_on_after_writes(void **state)
{
    senda_store_t *s = opened(SENDA_STORE_SYNC);
    senda_str_t key, value;
    senda_scan_t *scan;
    senda_txn_t *t;
    unsigned seen = 0;
    char copy[8];

    (void)state;
    fill(s, 500);
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    senda_put_be64(copy, 95);
    assert_int_equal(senda_scan_begin(&scan, t, 0, (senda_str_t){ copy, 8 }), SENDA_OK);
    while (senda_scan_next(scan, &key, &value) == SENDA_OK) {
        assert_int_equal(senda_get_be64(key.p), 100 + 10 * seen);
        memcpy(copy, key.p, 8);
        if (seen++ % 2 == 0) {
            assert_int_equal(senda_del(t, 0, (senda_str_t){ copy, 8 }, NULL), SENDA_OK);
        }
        if (seen == 7) {
            assert_int_equal(senda_put(t, 0, SENDA_STR("\0\0\0\0\0\0\0\1"), SENDA_STR("x"), false,
                                 NULL),
                SENDA_OK);
        }
    }
    senda_scan_end(scan);
    senda_scan_end(NULL);
    assert_int_equal(seen, 490);
    assert_int_equal(senda_count(t, 0), 500 - 245 + 1);
    senda_txn_abort(t);
    senda_store_close(s);
}

static void
damage_that_shows_is_bad(void **state)
{
    char path[SCRATCH_MAX + 32], junk[8192];
    senda_store_t *s;
    senda_err_t err;
    int fd;

    (void)state;
    senda_store_close(opened(SENDA_STORE_SYNC));
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    fd = open(path, O_WRONLY);
    memset(junk, 'j', sizeof(junk));
    assert_int_equal(pwrite(fd, junk, sizeof(junk), 0), sizeof(junk));
    (void)close(fd);
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, &err),
        SENDA_BAD);
    assert_non_null(strstr(err.text, dir));
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_SYNC, false, MAP, &schema, NULL),
        SENDA_BAD);
}

/* Runs f in a process of its own and returns its exit code, or 128 and the signal. */
static int
in_child(void (*f)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        f();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
read_as_nobody(void)
{
    senda_store_t *s;
    senda_str_t v;
    senda_txn_t *t;
    char path[SCRATCH_MAX + 32];

    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0 ||
        open(path, O_RDWR) >= 0) {
        _exit(1);
    }
    if (senda_store_open(&s, dir, SENDA_STORE_READ, false, MAP, &schema, NULL) != SENDA_OK ||
        senda_txn_begin(&t, s, false, NULL) != SENDA_OK ||
        senda_get(t, 0, SENDA_STR("k"), &v) != SENDA_OK) {
        _exit(2);
    }
    senda_txn_abort(t);
    if (senda_store_sync(s, NULL) != SENDA_OK) {
        _exit(3);
    }
    senda_store_close(s);
}

static void
a_reader_needs_only_the_lock_file(void **state)
{
    char path[SCRATCH_MAX + 32];

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    senda_store_t *s = opened(SENDA_STORE_DURABLE);
    put(s, "k", "v");
    (void)snprintf(path, sizeof(path), "%s/lock.mdb", dir);
    assert_int_equal(chmod(path, 0666), 0);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    senda_store_close(s);
    assert_int_equal(in_child(read_as_nobody), 0);
}

/* Commits pairs of equal numbers, one a transaction, until it is killed. */
static void
write_for_ever(void)
{
    senda_store_t *s;
    senda_txn_t *t;

    if (senda_store_open(&s, dir, SENDA_STORE_MEMORY, false, MAP, &schema, NULL) != SENDA_OK) {
        _exit(1);
    }
    for (uint64_t i = 1;; i++) {
        if (senda_txn_begin(&t, s, true, NULL) != SENDA_OK ||
            senda_put_u64(t, 0, SENDA_STR("a"), i, NULL) != SENDA_OK ||
            senda_put_u64(t, 1, SENDA_STR("b"), i, NULL) != SENDA_OK ||
            senda_txn_commit(t, NULL) != SENDA_OK) {
            _exit(2);
        }
    }
}

static void
a_killed_writer_leaves_whole_transactions(void **state)
{
    unsigned seed = 7;

    (void)state;
    senda_store_close(opened(SENDA_STORE_MEMORY));
    for (int round = 0; round < 20; round++) {
        uint64_t a = 0, b = 0, version, want;
        int status;
        pid_t pid = fork();
        senda_store_t *s;
        senda_txn_t *t;

        if (pid == 0) {
            write_for_ever();
        }
        s = opened(SENDA_STORE_READ);
        version = senda_store_version(s);
        want = version + 50 + (unsigned)rand_r(&seed) % 500;
        while (senda_store_version(s) < want && waitpid(pid, &status, WNOHANG) == 0) {
        }
        assert_true(senda_store_version(s) >= want);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
        assert_int_equal(senda_get_u64(t, 0, SENDA_STR("a"), &a), SENDA_OK);
        assert_int_equal(senda_get_u64(t, 1, SENDA_STR("b"), &b), SENDA_OK);
        assert_true(a == b && a > 0);
        senda_txn_abort(t);
        senda_store_close(s);
        s = opened(SENDA_STORE_MEMORY); /* the dead writer's lock is no obstacle */
        put(s, "next", "writer");
        senda_store_close(s);
    }
}

static void
grow_it(void)
{
    static char value[1 << 20];
    senda_store_t *s;
    senda_txn_t *t;

    if (senda_store_open(&s, dir, SENDA_STORE_MEMORY, false, 4 * MAP, &schema, NULL) != SENDA_OK ||
        senda_txn_begin(&t, s, true, NULL) != SENDA_OK) {
        _exit(1);
    }
    for (int i = 0; i < 40; i++) {
        if (senda_put(t, 0, (senda_str_t){ (char *)&i, sizeof(i) },
                (senda_str_t){ value, sizeof(value) }, false, NULL) != SENDA_OK) {
            _exit(2);
        }
    }
    if (senda_txn_commit(t, NULL) != SENDA_OK) {
        _exit(3);
    }
    senda_store_close(s);
}

static void
a_reader_follows_a_map_that_grew(void **state)
{
    senda_store_t *s;
    senda_txn_t *t;
    int go[2], done[2], status;
    char byte = 'g';
    pid_t pid;

    (void)state;
    senda_store_close(opened(SENDA_STORE_MEMORY));
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(done), 0);
    pid = fork();
    if (pid == 0) {
        if (read(go[0], &byte, 1) == 1) {
            grow_it();
        }
        _exit(write(done[1], &byte, 1) == 1 ? 0 : 4);
    }
    s = opened(SENDA_STORE_READ);
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    senda_txn_abort(t);
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(read(done[0], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    assert_int_equal(senda_count(t, 0), 40);
    senda_txn_abort(t);
    senda_store_close(s);
    (void)close(go[0]);
    (void)close(go[1]);
    (void)close(done[0]);
    (void)close(done[1]);
}

static void
expect(senda_store_t *s, const char *key, const char *value)
{
    senda_txn_t *t;
    senda_str_t v;

    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    if (value == NULL) {
        assert_int_equal(senda_get(t, 0, senda_cstr(key), &v), SENDA_NONE);
    } else {
        assert_int_equal(senda_get(t, 0, senda_cstr(key), &v), SENDA_OK);
        assert_true(senda_str_eq(v, senda_cstr(value)));
    }
    senda_txn_abort(t);
}

static senda_rc_t
try_to_put(senda_store_t *s, const char *key, senda_err_t *err)
{
    senda_txn_t *t;

    assert_int_equal(senda_txn_begin(&t, s, true, err), SENDA_OK);
    assert_int_equal(senda_put(t, 0, senda_cstr(key), SENDA_STR("v"), false, err), SENDA_OK);
    return senda_txn_commit(t, err);
}

static void
a_failed_write_is_said_and_got_over(void **state)
{
    static const senda_store_mode_t modes[] = { SENDA_STORE_SYNC, SENDA_STORE_DURABLE };
    senda_err_t err;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        senda_store_t *s = opened(modes[i]);

        put(s, "kept", "v");
        disk.data_error = ENOSPC;
        assert_int_equal(try_to_put(s, "full", &err), SENDA_FULL);
        disk.data_error = EIO;
        assert_int_equal(try_to_put(s, "io", &err), SENDA_SYS);
        assert_non_null(strstr(err.text, "cannot commit: Input/output error"));
        put(s, "kept 2", "v");
        disk.head_error = EIO; /* LMDB gives the environment up: it is opened anew */
        assert_int_equal(try_to_put(s, "head", &err), SENDA_SYS);
        assert_int_equal(senda_store_inside, 0);
        put(s, "after", "v");
        expect(s, "full", NULL);
        expect(s, "io", NULL);
        expect(s, "head", NULL);
        expect(s, "kept", "v");
        expect(s, "kept 2", "v");
        expect(s, "after", "v");
        disk.head_error = EIO; /* now a reader is the first to notice */
        assert_int_equal(try_to_put(s, "head", &err), SENDA_SYS);
        expect(s, "after", "v");
        senda_store_close(s);
    }
}

static void
die_before_readers_see(void)
{
    senda_store_t *s = opened(SENDA_STORE_DURABLE);

    disk.die_after_head = true;
    (void)try_to_put(s, "late", NULL);
}

/* A writer that dies between file and readers: nobody waits for it, the next one sets it right. */
static void
a_commit_that_readers_were_not_told(void **state)
{
    senda_store_t *s;
    senda_txn_t *t;
    int go[2], status;
    char byte = 'g';
    pid_t pid;

    (void)state;
    senda_store_close(opened(SENDA_STORE_DURABLE));
    assert_int_equal(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        if (read(go[0], &byte, 1) == 1) {
            die_before_readers_see();
        }
        _exit(1);
    }
    s = opened(SENDA_STORE_READ); /* keeps the lock file from being made anew */
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(senda_txn_begin(&t, s, false, NULL), SENDA_OK);
    assert_true(senda_txn_version(t) + 1 == senda_store_version(s));
    senda_txn_abort(t);
    pid = fork();
    if (pid == 0) {
        put(opened(SENDA_STORE_DURABLE), "next", "v");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    expect(s, "late", "v");
    expect(s, "next", "v");
    senda_store_close(s);
    (void)close(go[0]);
    (void)close(go[1]);
}

/* What is written is used, what is deleted is free again, whoever asks. */
static void
used_bytes_follow_what_is_kept(void **state)
{
    static char value[3000];
    senda_store_t *s = opened(SENDA_STORE_DURABLE), *r;
    uint64_t empty, full;
    senda_txn_t *t;
    char key[8];

    (void)state;
    empty = senda_store_used(s);
    assert_in_range(empty, 4096, 64 << 10);
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        senda_put_be64(key, i);
        assert_int_equal(senda_put(t, 0, (senda_str_t){ key, 8 }, (senda_str_t){ value, 3000 },
                             true, NULL),
            SENDA_OK);
    }
    assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
    full = senda_store_used(s);
    assert_in_range(full, 1000 * 4096, 1100 * 4096);
    r = opened(SENDA_STORE_READ);
    assert_int_equal(senda_store_used(r), full);
    for (uint64_t i = 0; i < 1000; i++) {
        if (i % 100 == 0) {
            assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
        }
        senda_put_be64(key, i);
        assert_int_equal(senda_del(t, 0, (senda_str_t){ key, 8 }, NULL), SENDA_OK);
        if (i % 100 == 99) {
            assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
        }
    }
    assert_in_range(senda_store_used(r), 4096, empty + (128 << 10));
    senda_store_close(r);
    senda_store_close(s);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_reader_waits_for_what_is_not_there),
        CASE(files_have_their_mode_whatever_the_umask),
        CASE(memory_is_set_aside_at_once),
        CASE(a_full_map_is_full_and_stays_usable),
        CASE(transactions_keep_apart),
        CASE(keys_have_bounds),
        CASE(numbers_and_formats),
        CASE(the_last_at_or_before),
        CASE(a_scan_goes_on_after_writes),
        CASE(damage_that_shows_is_bad),
        CASE(a_reader_needs_only_the_lock_file),
        CASE(a_killed_writer_leaves_whole_transactions),
        CASE(a_reader_follows_a_map_that_grew),
        CASE(a_failed_write_is_said_and_got_over),
        CASE(a_commit_that_readers_were_not_told),
        CASE(used_bytes_follow_what_is_kept),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
