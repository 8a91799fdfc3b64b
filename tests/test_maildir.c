/* Delivery into a maildir, and the poll that tells of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "channel.h"
#include "scratch.h"

static struct {
    unsigned n;
    uint64_t ticket;
    sent_t sent;
    channel_t *again; /* sends another from within done */
    channel_t *close; /* closes it from within done */
} got;

static message_t
a_message(void)
{
    static char bytes[] = "Subject: x\r\n\r\nuno\r\ndos\rtres\r\n";

    return (message_t){ .bytes = bytes,
        .len = sizeof(bytes) - 1,
        .envelope_from = (char *)"a@b",
        .envelope_to = (char *)"c@d",
        .message_id = (char *)"<3f.9a@shop.example>",
        .subject = (char *)"x" };
}

static void
on_done(void *ctx, uint64_t ticket, const sent_t *sent)
{
    message_t m = a_message();

    assert_ptr_equal(ctx, &got);
    got.n++;
    got.ticket = ticket;
    got.sent = *sent;
    if (got.again != NULL && got.n < 100) {
        assert_int_equal(got.again->send(got.again, ticket + 1, &m, NULL), SENDA_OK);
    }
    if (got.close != NULL) {
        got.close->close(got.close);
    }
}

static channel_t *
open_at(const char *dir)
{
    char *url = g_strdup_printf("maildir:%s/", dir);
    senda_err_t err = { "" };
    channel_t *c = channel_open(url, on_done, &got, &err);

    if (c == NULL) {
        fail_msg("%s", err.text);
    }
    g_free(url);
    memset(&got, 0, sizeof(got));
    return c;
}

/* Sends, and polls for the answer; its class. */
static sent_class_t
deliver(channel_t *c, uint64_t ticket)
{
    message_t m = a_message();
    unsigned before = got.n;

    assert_int_equal(c->send(c, ticket, &m, NULL), SENDA_OK);
    assert_int_equal(got.n, before);
    assert_int_equal(channel_poll(NULL, NULL, 0, -1, NULL), SENDA_OK);
    assert_int_equal(got.n, before + 1);
    assert_int_equal(got.ticket, ticket);
    return got.sent.class;
}

static unsigned
files_in(const char *dir, const char *sub)
{
    char *path = g_strdup_printf("%s/%s", dir, sub);
    GDir *d = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    assert_non_null(d);
    while (g_dir_read_name(d) != NULL) {
        n++;
    }
    g_dir_close(d);
    g_free(path);
    return n;
}

static void
test_delivery(void **state)
{
    char dir[SCRATCH_MAX], box[SCRATCH_MAX + 16], path[SCRATCH_MAX + 64];
    char *text;

    (void)state;
    scratch_make(dir);
    snprintf(box, sizeof(box), "%s/a/b", dir);
    channel_t *c = open_at(box);
    assert_int_equal(deliver(c, 7), SENT_DONE);
    snprintf(path, sizeof(path), "%s/new/3f.9a", box);
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_string_equal(text, "Subject: x\n\nuno\ndos\rtres\n");
    g_free(text);
    assert_int_equal(files_in(box, "tmp"), 0);
    c->close(c);
    scratch_remove(dir);
}

/* After a crash the same message comes again: in new/, or read since. */
static void
test_never_twice(void **state)
{
    char dir[SCRATCH_MAX], from[SCRATCH_MAX + 64], to[SCRATCH_MAX + 64];

    (void)state;
    scratch_make(dir);
    channel_t *c = open_at(dir);
    assert_int_equal(deliver(c, 1), SENT_DONE);
    assert_int_equal(deliver(c, 2), SENT_DONE);
    assert_int_equal(files_in(dir, "new"), 1);
    snprintf(from, sizeof(from), "%s/new/3f.9a", dir);
    snprintf(to, sizeof(to), "%s/cur/3f.9a:2,S", dir);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(deliver(c, 3), SENT_DONE);
    assert_int_equal(files_in(dir, "new"), 0);
    assert_int_equal(files_in(dir, "cur"), 1);
    /* half a message that a crash left in tmp/ is no obstacle */
    assert_int_equal(remove(to), 0);
    snprintf(to, sizeof(to), "%s/tmp/3f.9a", dir);
    assert_true(g_file_set_contents(to, "half", -1, NULL));
    assert_int_equal(deliver(c, 4), SENT_DONE);
    assert_int_equal(files_in(dir, "new"), 1);
    assert_int_equal(files_in(dir, "tmp"), 0);
    c->close(c);
    scratch_remove(dir);
}

static void
test_obstacles(void **state)
{
    char dir[SCRATCH_MAX], path[SCRATCH_MAX + 64];
    senda_err_t err = { "" };

    (void)state;
    scratch_make(dir);
    channel_t *c = open_at(dir);
    /* folders that somebody took away are made again */
    snprintf(path, sizeof(path), "%s/tmp", dir);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(deliver(c, 1), SENT_DONE);
    /* a file where new/ should be: somebody must act */
    snprintf(path, sizeof(path), "%s/new/3f.9a", dir);
    assert_int_equal(remove(path), 0);
    snprintf(path, sizeof(path), "%s/new", dir);
    assert_int_equal(rmdir(path), 0);
    assert_true(g_file_set_contents(path, "", -1, NULL));
    assert_int_equal(deliver(c, 2), SENT_HALT);
    assert_string_equal(got.sent.answer, g_strerror(ENOTDIR));
    c->close(c);

    char *url = g_strdup_printf("maildir:%s/new/below", dir);
    assert_null(channel_open(url, on_done, &got, &err));
    assert_non_null(strstr(err.text, g_strerror(ENOTDIR)));
    g_free(url);
    assert_null(channel_open("maildir:", on_done, &got, &err));
    assert_null(channel_open("smoke:signals", on_done, &got, &err));
    scratch_remove(dir);
}

/* A write that fails leaves nothing behind, and is for later; a link in tmp/ must be mended. */
static void
test_failed_write(void **state)
{
    char dir[SCRATCH_MAX], path[SCRATCH_MAX + 64];
    struct rlimit kept, small;

    (void)state;
    scratch_make(dir);
    channel_t *c = open_at(dir);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    small = (struct rlimit){ 10, kept.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    sent_class_t class = deliver(c, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    assert_int_equal(class, SENT_DEFER);
    assert_string_equal(got.sent.answer, g_strerror(EFBIG));
    assert_int_equal(files_in(dir, "new") + files_in(dir, "tmp"), 0);

    snprintf(path, sizeof(path), "%s/tmp/3f.9a", dir);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(deliver(c, 2), SENT_HALT);
    assert_int_equal(files_in(dir, "new"), 0);
    c->close(c);
    scratch_remove(dir);
}

static void
test_poll(void **state)
{
    char dir[SCRATCH_MAX];
    message_t m = a_message();
    int fds[2], wait[2];
    bool readable[2] = { true, true };
    senda_rc_t rc = SENDA_OK;
    unsigned n = 0;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pipe(wait), 0);
    int both[2] = { fds[0], wait[0] };
    scratch_make(dir);
    channel_t *c = open_at(dir);

    assert_int_equal(channel_poll(both, readable, 2, 0, NULL), SENDA_OK);
    assert_false(readable[0] || readable[1]);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_OK);
    assert_true(readable[0] && !readable[1]);

    /* as many as a channel takes, and not one answer before the poll */
    for (; rc == SENDA_OK && n < 1000; n += rc == SENDA_OK) {
        rc = c->send(c, n, &m, NULL);
    }
    assert_int_equal(rc, SENDA_FULL);
    assert_int_equal(got.n, 0);
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_OK);
    assert_int_equal(got.n, n);
    assert_true(readable[0]);

    /* a done that always sends does not keep the poll from its other files */
    got.n = 0;
    got.again = c;
    assert_int_equal(c->send(c, 1, &m, NULL), SENDA_OK);
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_OK);
    assert_int_equal(got.n, 1);
    got.again = NULL;
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_OK);
    assert_int_equal(got.n, 2);

    /* closing drops what was not said, also from within done */
    assert_int_equal(c->send(c, 1, &m, NULL), SENDA_OK);
    assert_int_equal(c->send(c, 2, &m, NULL), SENDA_OK);
    got.close = c;
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_OK);
    assert_int_equal(channel_poll(both, readable, 2, 0, NULL), SENDA_OK);
    assert_int_equal(got.n, 3);

    close(fds[1]);
    assert_int_equal(read(fds[0], readable, 1), 1);
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_OK);
    assert_true(readable[0]);
    close(fds[0]);
    assert_int_equal(channel_poll(both, readable, 2, -1, NULL), SENDA_SYS);
    close(wait[0]);
    close(wait[1]);
    scratch_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery),
        cmocka_unit_test(test_never_twice),
        cmocka_unit_test(test_obstacles),
        cmocka_unit_test(test_failed_write),
        cmocka_unit_test(test_poll),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
