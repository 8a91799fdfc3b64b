/*
 * What is told of a visitor: kept whole, replaced, forgotten, bounded; records
 * that are damaged or of another version say nothing.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "senda_known.h"
#include "senda_pack.h"
#include "senda_published_parts.h"

static char dir[SCRATCH_MAX];
static char names[SENDA_SHOWS_MAX + 1][SENDA_NAME_MAX + 1];
static const senda_visitor_t ana = { "ana............" }, eva = { "eva............" };

static int
setup(void **state)
{
    (void)state;
    scratch_make(dir);
    for (size_t i = 0; i <= SENDA_SHOWS_MAX; i++) {
        memset(names[i], 'a' + (int)(i % 26), SENDA_NAME_MAX + 1);
    }
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

static senda_published_t *
opened(void)
{
    senda_published_t *p;
    senda_err_t err = { "" };

    if (senda_published_open_write(&p, dir, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return p;
}

static senda_str_t
name(size_t i, size_t n)
{
    return (senda_str_t){ names[i], n };
}

/* As much as may be told of anybody. */
static void
fill(senda_known_t *k)
{
    memset(k, 0, sizeof(*k));
    k->personal = true;
    k->has_score = true;
    k->score = INT64_MIN;
    k->stage = name(3, SENDA_NAME_MAX);
    for (k->ntags = 0; k->ntags < SENDA_TAGS_MAX; k->ntags++) {
        k->tags[k->ntags] = UINT32_MAX - k->ntags;
    }
    for (k->nsegments = 0; k->nsegments < SENDA_SEGMENTS_MAX; k->nsegments++) {
        k->segments[k->nsegments] = name(k->nsegments, SENDA_NAME_MAX);
    }
    for (k->nshows = 0; k->nshows < SENDA_SHOWS_MAX; k->nshows++) {
        k->shows[k->nshows] = (senda_show_t){ name(k->nshows, SENDA_NAME_MAX),
            name(k->nshows + 1, SENDA_NAME_MAX) };
    }
}

static senda_rc_t
set(senda_published_t *p, const senda_visitor_t *v, const senda_known_t *k)
{
    senda_rc_t rc;

    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    rc = senda_known_set(p, v, k, NULL);
    assert_int_equal(senda_published_commit(p, NULL), SENDA_OK);
    return rc;
}

static bool
same(senda_str_t a, senda_str_t b)
{
    return senda_str_eq(a, b);
}

static void
all_of_it_comes_back(void **state)
{
    static senda_known_t in, out;
    static char buf[SENDA_KNOWN_MAX];
    senda_published_t *p = opened();

    (void)state;
    fill(&in);
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_OK);
    assert_true(out.personal && out.has_score && out.score == INT64_MIN);
    assert_true(same(out.stage, in.stage));
    assert_int_equal(out.ntags, SENDA_TAGS_MAX);
    assert_memory_equal(out.tags, in.tags, sizeof(in.tags));
    assert_int_equal(out.nsegments, SENDA_SEGMENTS_MAX);
    assert_int_equal(out.nshows, SENDA_SHOWS_MAX);
    for (unsigned i = 0; i < SENDA_SHOWS_MAX; i++) {
        assert_true(same(out.segments[i], in.segments[i]));
        assert_true(same(out.shows[i].position, in.shows[i].position));
        assert_true(same(out.shows[i].block, in.shows[i].block));
    }
    assert_int_equal(senda_known_get(p, &eva, &out, buf), SENDA_NONE);
    assert_false(out.personal || out.has_score || out.ntags || out.nsegments || out.nshows);
    senda_published_close(p);
}

static void
it_is_replaced_and_forgotten(void **state)
{
    static senda_known_t in, out;
    static char buf[SENDA_KNOWN_MAX];
    senda_published_t *p = opened();
    uint64_t version;

    (void)state;
    in = (senda_known_t){ .ntags = 1, .tags = { 7 } };
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    version = senda_store_version(p->store);
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    assert_int_equal(senda_store_version(p->store), version); /* the same again writes nothing */
    in = (senda_known_t){ .has_score = true, .score = 0, .personal = true };
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_OK);
    assert_true(out.has_score && out.score == 0 && out.personal && out.ntags == 0);
    in = (senda_known_t){ .personal = true }; /* nothing in it */
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_NONE);
    in = (senda_known_t){ .stage = SENDA_STR("lead") };
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_OK);
    assert_true(same(out.stage, SENDA_STR("lead")));
    assert_int_equal(set(p, &ana, NULL), SENDA_OK);
    assert_int_equal(set(p, &ana, NULL), SENDA_OK);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_NONE);
    senda_published_close(p);
}

static void
what_is_too_much_is_refused(void **state)
{
    static senda_known_t in, out;
    static char buf[SENDA_KNOWN_MAX];
    senda_published_t *p = opened();

    (void)state;
    fill(&in);
    in.ntags = SENDA_TAGS_MAX + 1;
    assert_int_equal(set(p, &ana, &in), SENDA_FULL);
    fill(&in);
    in.nsegments = SENDA_SEGMENTS_MAX + 1;
    assert_int_equal(set(p, &ana, &in), SENDA_FULL);
    fill(&in);
    in.nshows = SENDA_SHOWS_MAX + 1;
    assert_int_equal(set(p, &ana, &in), SENDA_FULL);
    fill(&in);
    in.segments[SENDA_SEGMENTS_MAX - 1].n++;
    assert_int_equal(set(p, &ana, &in), SENDA_FULL);
    fill(&in);
    in.shows[0].block.n++;
    assert_int_equal(set(p, &ana, &in), SENDA_FULL);
    fill(&in);
    in.stage.n++;
    assert_int_equal(set(p, &ana, &in), SENDA_FULL);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_NONE);
    senda_published_close(p);
}

static void
put_raw(senda_published_t *p, const char *bytes, size_t n)
{
    assert_int_equal(senda_published_begin(p, NULL), SENDA_OK);
    assert_int_equal(senda_put(p->txn, PUBLISHED_KNOWN,
                         (senda_str_t){ (const char *)ana.b, SENDA_VISITOR_LEN },
                         (senda_str_t){ bytes, n }, false, NULL),
        SENDA_OK);
    assert_int_equal(senda_published_commit(p, NULL), SENDA_OK);
}

static size_t
stored(senda_published_t *p, char *bytes, size_t size)
{
    senda_str_t value;
    senda_txn_t *t;

    assert_int_equal(senda_txn_begin(&t, p->store, false, NULL), SENDA_OK);
    assert_int_equal(senda_get(t, PUBLISHED_KNOWN,
                         (senda_str_t){ (const char *)ana.b, SENDA_VISITOR_LEN }, &value),
        SENDA_OK);
    assert_true(value.n <= size);
    memcpy(bytes, value.p, value.n);
    senda_txn_abort(t);
    return value.n;
}

/* Cut anywhere: nothing. A byte changed: whatever it says, it is within its bounds. */
static void
damaged_records_say_nothing(void **state)
{
    static const senda_known_t in = { .personal = true,
        .has_score = true,
        .score = 12,
        .stage = { "lead", 4 },
        .ntags = 2,
        .tags = { 3, 70000 },
        .nsegments = 1,
        .segments = { { "vip", 3 } },
        .nshows = 1,
        .shows = { { { "header", 6 }, { "banner", 6 } } } };
    static senda_known_t out;
    static char buf[SENDA_KNOWN_MAX], bytes[256];
    senda_published_t *p = opened();
    size_t n;

    (void)state;
    assert_int_equal(set(p, &ana, &in), SENDA_OK);
    n = stored(p, bytes, sizeof(bytes));
    for (size_t cut = 1; cut < n; cut++) {
        put_raw(p, bytes, cut);
        assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_NONE);
        assert_int_equal(out.ntags + out.nsegments + out.nshows, 0);
    }
    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (char)(1 << bit);
            put_raw(p, bytes, n);
            (void)senda_known_get(p, &ana, &out, buf);
            assert_true(out.ntags <= SENDA_TAGS_MAX && out.nsegments <= SENDA_SEGMENTS_MAX &&
                out.nshows <= SENDA_SHOWS_MAX);
            bytes[i] ^= (char)(1 << bit);
        }
    }
    bytes[1] = 2; /* of a later version */
    put_raw(p, bytes, n);
    assert_int_equal(senda_known_get(p, &ana, &out, buf), SENDA_NONE);
    senda_published_close(p);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(all_of_it_comes_back),
        CASE(it_is_replaced_and_forgotten),
        CASE(what_is_too_much_is_refused),
        CASE(damaged_records_say_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
