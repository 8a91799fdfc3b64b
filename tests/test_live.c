/*
 * live/: counts against a model, batches, what a reader sees, a store that is
 * full, a profile that cannot be read, a writer killed at random.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_bytes.h"
#include "senda_live.h"

#include <signal.h>
#include <sys/wait.h>

#define SIZE (8u << 20)

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

static senda_live_t *
opened(void)
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

static senda_visit_t
visit(uint64_t who, senda_key_t key, senda_ms_t at)
{
    senda_visit_t v;

    memset(&v, 0, sizeof(v));
    v.site = 1;
    v.visitor = visitor(who);
    v.flags = SENDA_VISIT_PAGE;
    v.at = at;
    v.nkeys = 1;
    v.keys[0] = key;
    return v;
}

static void
apply(senda_live_t *l, senda_visit_t v)
{
    assert_int_equal(senda_live_apply(l, NULL, &v, NULL), SENDA_OK);
}

static uint32_t
count_of(senda_live_t *l, uint64_t who, senda_key_t key)
{
    senda_visitor_t v = visitor(who);
    senda_rc_t rc = senda_live_get(l, &v, &profile, NULL);

    assert_true(rc == SENDA_OK || rc == SENDA_NONE);
    return senda_profile_count(&profile, key);
}

static void
the_default_folder_follows_the_store(void **state)
{
    char a[64], b[64], small[12];

    (void)state;
    senda_live_default_dir("/var/lib/senda", a, sizeof(a));
    senda_live_default_dir("/var/lib/senda//", b, sizeof(b));
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), strlen("/dev/shm/senda-") + 16);
    senda_live_default_dir("/var/lib/sendb", b, sizeof(b));
    assert_string_not_equal(a, b);
    senda_live_default_dir("/var/lib/senda", small, sizeof(small));
    assert_string_equal(small, "/dev/shm/se");
}

static void
a_reader_waits_until_it_is_made(void **state)
{
    senda_live_t *l;

    (void)state;
    assert_int_equal(senda_live_open_read(&l, dir, SIZE, NULL), SENDA_NONE);
    senda_live_close(opened());
    assert_int_equal(senda_live_open_read(&l, dir, SIZE, NULL), SENDA_OK);
    assert_int_equal(count_of(l, 1, 1), 0);
    assert_true(senda_live_applied(l) == 0);
    senda_live_close(l);
    senda_live_close(NULL);
}

static void
visits_are_counted_once_committed(void **state)
{
    senda_live_t *l = opened();
    senda_visitor_t one = visitor(1), two = visitor(2);
    senda_visit_t v;

    (void)state;
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    assert_false(senda_live_knows(l, &one));
    apply(l, visit(1, 7, 1000));
    assert_true(senda_live_knows(l, &one)); /* of this batch */
    assert_false(senda_live_knows(l, &two));
    apply(l, visit(2, 7, 1500));
    apply(l, visit(1, 8, 2999));
    v = visit(1, 9, 3000);
    v.flags = SENDA_VISIT_EVENT; /* no page view */
    apply(l, v);
    assert_int_equal(senda_live_commit(l, 4, NULL), SENDA_OK);
    assert_true(senda_live_applied(l) == 4);
    assert_int_equal(count_of(l, 1, 7), 1);
    assert_int_equal(count_of(l, 1, SENDA_KEY_ANY), 2);
    assert_int_equal(profile.first, 1);
    assert_int_equal(profile.last, 3);
    assert_int_equal(senda_profile_counter(&profile, 8)->last, 2);
    assert_int_equal(count_of(l, 2, 7), 1);
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    assert_true(senda_live_knows(l, &one)); /* of the store */
    apply(l, visit(1, 7, 4000));
    senda_live_abort(l);
    assert_int_equal(count_of(l, 1, 7), 1);
    senda_live_close(l);
    l = opened();
    assert_true(senda_live_applied(l) == 4);
    assert_int_equal(count_of(l, 1, 7), 1);
    senda_live_close(l);
}

static void
nobody_and_rehearsals_are_passed_over(void **state)
{
    senda_live_t *l = opened();
    senda_visit_t v = visit(1, 7, 1000);

    (void)state;
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    v.flags |= SENDA_VISIT_DRY_RUN;
    apply(l, v);
    v = visit(1, 7, 1000);
    memset(&v.visitor, 0, sizeof(v.visitor));
    apply(l, v);
    assert_int_equal(senda_live_commit(l, 2, NULL), SENDA_OK);
    assert_int_equal(count_of(l, 1, 7), 0);
    assert_true(senda_live_applied(l) == 2);
    senda_live_close(l);
}

static void
a_moment_before_1970_is_rounded_down(void **state)
{
    senda_live_t *l = opened();

    (void)state;
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    apply(l, visit(1, 7, -1));
    apply(l, visit(2, 7, -1000));
    apply(l, visit(3, 7, 999));
    assert_int_equal(senda_live_commit(l, 1, NULL), SENDA_OK);
    assert_int_equal(count_of(l, 1, 7), 1);
    assert_int_equal(profile.last, -1);
    assert_int_equal(count_of(l, 2, 7), 1);
    assert_int_equal(profile.last, -1);
    assert_int_equal(count_of(l, 3, 7), 1);
    assert_int_equal(profile.last, 0);
    senda_live_close(l);
}

enum { PEOPLE = 300, PAGES = 5 };

typedef struct {
    unsigned n;
    uint32_t count[PEOPLE][PAGES + 1];
} model_t;

typedef struct {
    unsigned n;
    uint64_t last; /* site and key: they come in order */
    const model_t *model;
} totals_t;

static senda_rc_t
compare_total(void *ctx, uint32_t site, senda_key_t key, uint64_t count)
{
    totals_t *t = ctx;
    uint64_t sum = 0;

    assert_int_equal(site, 1);
    assert_true(key <= PAGES);
    assert_true(t->n == 0 || t->last < key);
    t->last = key;
    t->n++;
    for (unsigned i = 0; i < PEOPLE; i++) {
        sum += t->model->count[i][key];
    }
    assert_int_equal(count, sum);
    return SENDA_OK;
}

static senda_rc_t
compare(void *ctx, const senda_visitor_t *v, const senda_profile_t *p)
{
    model_t *m = ctx;
    uint64_t who = senda_get_be64(v->b + 8) - 1;

    assert_true(who < PEOPLE);
    for (senda_key_t key = 0; key <= PAGES; key++) {
        assert_int_equal(senda_profile_count(p, key), m->count[who][key]);
    }
    m->n++;
    return SENDA_OK;
}

static senda_rc_t
stop_at_once(void *ctx, const senda_visitor_t *v, const senda_profile_t *p)
{
    (void)v;
    (void)p;
    ++*(unsigned *)ctx;
    return SENDA_FULL;
}

static void
counts_equal_a_model(void **state)
{
    static model_t m;
    totals_t totals = { 0, 0, &m };
    senda_live_t *l = opened(), *r;
    unsigned seed = 5, people = 0, calls = 0;
    senda_seq_t seq = 0;

    (void)state;
    for (int batch = 0; batch < 60; batch++) {
        unsigned n = (unsigned)rand_r(&seed) % 900;

        assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
        for (unsigned i = 0; i < n; i++) {
            unsigned who = (unsigned)rand_r(&seed) % PEOPLE;
            senda_key_t page = 1 + (unsigned)rand_r(&seed) % PAGES;

            apply(l, visit(who, page, (senda_ms_t)++seq * 100));
            m.count[who][0]++;
            m.count[who][page]++;
        }
        assert_int_equal(senda_live_commit(l, seq, NULL), SENDA_OK);
    }
    for (unsigned i = 0; i < PEOPLE; i++) {
        people += m.count[i][0] > 0;
    }
    assert_int_equal(senda_live_each(l, compare, &m, NULL), SENDA_OK);
    assert_int_equal(m.n, people);
    assert_int_equal(senda_live_each(l, stop_at_once, &calls, NULL), SENDA_FULL);
    assert_int_equal(calls, 1);
    senda_live_close(l);
    assert_int_equal(senda_live_open_read(&r, dir, SIZE, NULL), SENDA_OK);
    m.n = 0;
    assert_int_equal(senda_live_each(r, compare, &m, NULL), SENDA_OK);
    assert_int_equal(m.n, people);
    assert_int_equal(senda_live_visitors(r), people);
    assert_int_equal(senda_live_totals(r, compare_total, &totals, NULL), SENDA_OK);
    assert_int_equal(totals.n, PAGES + 1);
    assert_true(senda_live_applied(r) == seq);
    senda_live_close(r);
}

/* The sums of one key, of a site or of all (site 0). */
typedef struct {
    uint32_t site;
    senda_key_t key;
    uint64_t sum;
    unsigned n;
} sum_t;

static senda_rc_t
add_total(void *ctx, uint32_t site, senda_key_t key, uint64_t count)
{
    sum_t *s = ctx;

    s->n++;
    if (key == s->key && (s->site == 0 || s->site == site)) {
        s->sum += count;
    }
    return SENDA_OK;
}

static uint64_t
total_of(senda_live_t *l, uint32_t site, senda_key_t key)
{
    sum_t s = { site, key, 0, 0 };

    assert_int_equal(senda_live_totals(l, add_total, &s, NULL), SENDA_OK);
    return s.sum;
}

static senda_rc_t
end_at_once(void *ctx, uint32_t site, senda_key_t key, uint64_t count)
{
    (void)site;
    (void)key;
    (void)count;
    ++*(unsigned *)ctx;
    return SENDA_NONE;
}

/* Each site apart, events too; what is aborted is not in them; who looks may stop early. */
static void
totals_are_of_a_site(void **state)
{
    senda_live_t *l = opened();
    senda_visit_t v = visit(1, 7, 1000);
    unsigned calls = 0;

    (void)state;
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    apply(l, v);
    v.site = 2;
    apply(l, v);
    v.visitor = visitor(2);
    apply(l, v);
    v.flags = SENDA_VISIT_EVENT;
    v.keys[0] = senda_key_event(SENDA_EV_PURCHASE);
    apply(l, v);
    v.flags = SENDA_VISIT_PAGE | SENDA_VISIT_DRY_RUN;
    apply(l, v);
    assert_int_equal(senda_live_commit(l, 5, NULL), SENDA_OK);
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    apply(l, visit(1, 7, 1000));
    senda_live_abort(l);
    assert_int_equal(total_of(l, 1, 7), 1);
    assert_int_equal(total_of(l, 2, 7), 2);
    assert_int_equal(total_of(l, 2, SENDA_KEY_ANY), 2);
    assert_int_equal(total_of(l, 1, senda_key_event(SENDA_EV_PURCHASE)), 0);
    assert_int_equal(total_of(l, 2, senda_key_event(SENDA_EV_PURCHASE)), 1);
    assert_int_equal(senda_live_totals(l, end_at_once, &calls, NULL), SENDA_NONE);
    assert_int_equal(calls, 1);
    senda_live_close(l);
}

/* More pages in a batch than sums are gathered of at once. */
static void
totals_of_many_pages(void **state)
{
    enum { MANY = 5000 };
    senda_live_t *l = opened();
    sum_t s = { 0, 1, 0, 0 };

    (void)state;
    for (unsigned batch = 1; batch <= 2; batch++) {
        assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
        for (unsigned i = 0; i < MANY; i++) {
            apply(l, visit(i % 200, 1 + i % (MANY / batch), 1000));
        }
        assert_int_equal(senda_live_commit(l, batch, NULL), SENDA_OK);
    }
    assert_int_equal(senda_live_totals(l, add_total, &s, NULL), SENDA_OK);
    assert_int_equal(s.n, MANY + 1);
    assert_int_equal(s.sum, 3);
    assert_int_equal(total_of(l, 1, MANY / 2), 3);
    assert_int_equal(total_of(l, 1, MANY / 2 + 1), 1);
    assert_int_equal(total_of(l, 1, MANY), 1);
    assert_int_equal(total_of(l, 1, SENDA_KEY_ANY), 2 * MANY);
    senda_live_close(l);
}

static senda_rc_t
count_them(void *ctx, const senda_visitor_t *v, const senda_profile_t *p)
{
    (void)v;
    (void)p;
    ++*(unsigned *)ctx;
    return SENDA_OK;
}

static void
a_batch_has_a_bound(void **state)
{
    senda_live_t *l = opened();
    senda_visit_t v = visit(1, 7, 1000);

    (void)state;
    v.nkeys = SENDA_KEYS_MAX;
    for (unsigned i = 0; i < SENDA_KEYS_MAX; i++) {
        v.keys[i] = i + 1;
    }
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    for (unsigned i = 0; i < SENDA_BATCH_MAX; i++) {
        v.visitor = visitor(i);
        apply(l, v);
    }
    assert_int_equal(senda_live_apply(l, NULL, &v, NULL), SENDA_FULL);
    assert_int_equal(senda_live_commit(l, SENDA_BATCH_MAX, NULL), SENDA_OK);
    assert_int_equal(count_of(l, SENDA_BATCH_MAX - 1, SENDA_KEYS_MAX), 1);
    assert_int_equal(count_of(l, 0, SENDA_KEY_ANY), 1);
    senda_live_close(l);
}

/* New visitors until no more fit: those who are known go on being counted, the sequence moves. */
static void
a_full_store_still_counts_who_is_known(void **state)
{
    senda_live_t *l;
    senda_err_t err;
    senda_rc_t rc = SENDA_OK;
    uint64_t who = 0, refused;
    senda_seq_t seq = 0;

    (void)state;
    assert_int_equal(senda_live_open_write(&l, dir, 1 << 20, NULL), SENDA_OK);
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    apply(l, visit(1000000, 1, 1000));
    assert_int_equal(senda_live_commit(l, ++seq, NULL), SENDA_OK);
    for (int batch = 0; rc == SENDA_OK && batch < 1000; batch++) {
        assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
        for (int i = 0; i < 200; i++) {
            apply(l, visit(who++, 1, 1000));
        }
        rc = senda_live_commit(l, ++seq, &err);
    }
    assert_int_equal(rc, SENDA_FULL);
    assert_non_null(strstr(err.text, "live: full, 200 visits were not kept"));
    refused = senda_live_refused(l)->full;
    assert_int_equal(refused, 200);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
        apply(l, visit(1000000, 1, 2000));
        for (int k = 0; k < 200; k++) {
            apply(l, visit(2000000 + 200 * (uint64_t)i + (uint64_t)k, 1, 2000));
        }
        rc = senda_live_commit(l, ++seq, &err);
        assert_true(rc == SENDA_OK || rc == SENDA_FULL);
        assert_true(senda_live_applied(l) == seq);
    }
    assert_int_equal(count_of(l, 1000000, 1), 51);
    assert_true(total_of(l, 1, 1) > who); /* also of those for whom there was no room */
    assert_int_equal(count_of(l, 0, 1), 1);
    assert_true(senda_live_refused(l)->full > refused);
    senda_live_close(l);
    assert_int_equal(senda_live_open_write(&l, dir, 1 << 20, NULL), SENDA_OK);
    assert_true(senda_live_applied(l) == seq);
    senda_live_close(l);
}

static void
a_profile_that_cannot_be_read_is_left_alone(void **state)
{
    static const char *const tables[] = { "meta", "visitors" };
    static const senda_schema_t schema = { tables, 2, 0 };
    senda_visit_t v = visit(1, 7, 2000);
    senda_visitor_t one = visitor(1);
    senda_str_t key = { (const char *)one.b, sizeof(one) }, value;
    senda_store_t *s;
    senda_txn_t *t;
    senda_live_t *l;
    unsigned n = 0;

    (void)state;
    senda_live_close(opened());
    assert_int_equal(senda_store_open(&s, dir, SENDA_STORE_MEMORY, false, SIZE, &schema, NULL),
        SENDA_OK);
    assert_int_equal(senda_txn_begin(&t, s, true, NULL), SENDA_OK);
    assert_int_equal(senda_put(t, 1, key, SENDA_STR("of another version"), false, NULL), SENDA_OK);
    assert_int_equal(senda_txn_commit(t, NULL), SENDA_OK);
    senda_store_close(s);
    l = opened();
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    assert_true(senda_live_knows(l, &one));
    apply(l, visit(1, 7, 1000));
    apply(l, visit(2, 7, 1000));
    assert_int_equal(senda_live_commit(l, 2, NULL), SENDA_OK);
    assert_int_equal(senda_live_refused(l)->damaged, 1);
    assert_int_equal(senda_live_get(l, &one, &profile, NULL), SENDA_BAD);
    assert_int_equal(profile.ncounters, 0);
    assert_int_equal(count_of(l, 2, 7), 1);
    assert_int_equal(senda_live_each(l, count_them, &n, NULL), SENDA_BAD);
    assert_int_equal(n, 1); /* the other one's key is smaller */
    assert_int_equal(senda_txn_begin(&t, senda_live_store(l), false, NULL), SENDA_OK);
    assert_int_equal(senda_get(t, 1, key, &value), SENDA_OK);
    assert_true(senda_str_eq(value, SENDA_STR("of another version")));
    senda_txn_abort(t);

    /* … until its visitor withdraws consent. */
    assert_int_equal(senda_live_begin(l, NULL), SENDA_OK);
    v.flags = SENDA_VISIT_FORGET;
    apply(l, v);
    assert_int_equal(senda_live_commit(l, 3, NULL), SENDA_OK);
    assert_int_equal(senda_live_refused(l)->damaged, 1);
    assert_int_equal(senda_txn_begin(&t, senda_live_store(l), false, NULL), SENDA_OK);
    assert_int_equal(senda_get(t, 1, key, &value), SENDA_NONE);
    senda_txn_abort(t);
    senda_live_close(l);
}

/* Sequence n counts one visit of each of ten visitors, in one batch. */
static void
write_for_ever(void)
{
    senda_live_t *l;

    if (senda_live_open_write(&l, dir, SIZE, NULL) != SENDA_OK) {
        _exit(1);
    }
    for (senda_seq_t seq = senda_live_applied(l) + 1;; seq++) {
        if (senda_live_begin(l, NULL) != SENDA_OK) {
            _exit(2);
        }
        for (uint64_t who = 0; who < 10; who++) {
            senda_visit_t v = visit(who, 1, 1000);

            if (senda_live_apply(l, NULL, &v, NULL) != SENDA_OK) {
                _exit(3);
            }
        }
        if (senda_live_commit(l, seq, NULL) != SENDA_OK) {
            _exit(4);
        }
    }
}

static void
a_killed_writer_leaves_what_it_applied(void **state)
{
    unsigned seed = 13;

    (void)state;
    senda_live_close(opened());
    for (int round = 0; round < 20; round++) {
        senda_live_t *l;
        senda_seq_t known;
        uint64_t version, until;
        int status;
        pid_t pid = fork();

        if (pid == 0) {
            write_for_ever();
        }
        assert_int_equal(senda_live_open_read(&l, dir, SIZE, NULL), SENDA_OK);
        version = senda_store_version(senda_live_store(l));
        until = version + 20 + (unsigned)rand_r(&seed) % 400;
        while (senda_store_version(senda_live_store(l)) < until) { /* a read could fill the store */
            assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        senda_live_close(l);
        l = opened();
        known = senda_live_applied(l);
        assert_true(known >= 20);
        assert_int_equal(total_of(l, 1, 1), 10 * known);
        for (uint64_t who = 0; who < 10; who++) {
            assert_int_equal(count_of(l, who, 1), known);
        }
        senda_live_close(l);
    }
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_default_folder_follows_the_store),
        CASE(a_reader_waits_until_it_is_made),
        CASE(visits_are_counted_once_committed),
        CASE(nobody_and_rehearsals_are_passed_over),
        CASE(a_moment_before_1970_is_rounded_down),
        CASE(counts_equal_a_model),
        CASE(totals_are_of_a_site),
        CASE(totals_of_many_pages),
        CASE(a_batch_has_a_bound),
        CASE(a_full_store_still_counts_who_is_known),
        CASE(a_profile_that_cannot_be_read_is_left_alone),
        CASE(a_killed_writer_leaves_what_it_applied),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
