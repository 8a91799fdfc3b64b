/*
 * The sender over a world and a journal: an unsubscription that was answered
 * is never overtaken, links are known before a message goes out.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang_limits.h"
#include "scratch.h"
#include "senda_journal.h"
#include "senda_keys.h"
#include "senda_seal.h"
#include "senda_sent.h"
#include "senda_visit.h"
#include "world.h"

#include <dirent.h>
#include <sys/wait.h>

#define PEOPLE 1000

typedef struct {
    char store[SCRATCH_MAX], file[SCRATCH_MAX + 16], channel[SCRATCH_MAX + 32],
        messages[SCRATCH_MAX + 16];
    senda_keys_t nginx, sidecar;
    state_t *s;
    run_clock_t clock;
    run_log_t log;
    world_t *w;
    sender_t *sender;
    config_t config;
    out_id_t ids[PEOPLE];
} fixture_t;

static const char rules[] = "site shop.test\n"
                            "  timezone  Europe/Madrid\n"
                            "  language  es\n"
                            "page signup  POST /signup  is sign_up\n"
                            "flow welcome\n"
                            "  start when signs up\n"
                            "  again never\n"
                            "  send email welcome\n";

static void
spill(const char *dir, const char *name, const char *text)
{
    char path[2 * SCRATCH_MAX];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
    static const char *const dirs[] = { "", "/state", "/published", "/journal", "/messages" };
    fixture_t *f = calloc(1, sizeof(*f));
    senda_err_t err = { "" };
    ruleset_t *r;
    bool changed;

    scratch_make(f->store);
    for (size_t i = 1; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        char dir[SCRATCH_MAX + 16];

        (void)snprintf(dir, sizeof(dir), "%s%s", f->store, dirs[i]);
        assert_int_equal(mkdir(dir, 0700), 0);
    }
    (void)snprintf(f->messages, sizeof(f->messages), "%s/messages", f->store);
    (void)snprintf(f->file, sizeof(f->file), "%s/shop.senda", f->store);
    (void)snprintf(f->channel, sizeof(f->channel), "maildir:%s/mail", f->store);
    spill(f->store, "shop.senda", rules);
    spill(f->messages, "welcome.mustache",
        "Subject: x\n\nhttps://shop.test/a https://shop.test/b https://shop.test/a\n");
    assert_int_equal(senda_keys_make(&f->nginx, &f->sidecar, &err), SENDA_OK);
    assert_int_equal(state_open(&f->s, f->store, true, &err), SENDA_OK);
    f->clock = (run_clock_t){ 1, 0 };

    world_options_t o = { f->store, f->s, &f->clock, &f->log, f->sidecar.seal_secret };
    assert_int_equal(world_open(&f->w, &o, &err), SENDA_OK);
    assert_int_equal(rules_read(&r, f->file, stderr, &err), SENDA_OK);
    if (world_rules(f->w, r, &changed, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    f->config = (config_t){ .store = f->store,
        .from = (char *)"Shop <hello@shop.test>",
        .unsubscribe = (char *)"out@shop.test",
        .messages = f->messages,
        .endpoint = (char *)"https://shop.test/senda/",
        .channel_email = f->channel };
    sender_options_t so = { .state = f->s,
        .clock = &f->clock,
        .log = &f->log,
        .program = world_program,
        .ctx = f->w,
        .keys = &f->sidecar,
        .ready = world_ready,
        .leaving = world_leaving,
        .changed = world_channels_changed };
    assert_int_equal(sender_open(&f->sender, &so, &f->config, &err), SENDA_OK);
    assert_int_equal(world_settle(f->w, false, &err), SENDA_OK);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_t *f = *state;

    sender_close(f->sender);
    world_close(f->w);
    state_close(f->s);
    scratch_remove(f->store);
    free(f);
    return 0;
}

/* Another process, as nginx's drain is: one commit for all that `one` makes. */
typedef void (
    *visit_pt)(fixture_t *f, unsigned i, senda_sealer_t *sealer, senda_visit_t *v, char *sealed);

static void
journal(fixture_t *f, unsigned n, visit_pt one)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        char dir[SCRATCH_MAX + 16], sealed[SENDA_SEALED_MAX], record[SENDA_RECORD_MAX];
        senda_sealer_t *sealer;
        senda_journal_t *j;
        senda_seq_t seq;
        bool ok;

        (void)snprintf(dir, sizeof(dir), "%s/journal", f->store);
        ok = senda_journal_open_write(&j, dir, "boot", NULL) == SENDA_OK &&
            senda_sealer_new(&sealer, f->nginx.seal_public, NULL) == SENDA_OK &&
            senda_journal_begin(j, NULL) == SENDA_OK;
        for (unsigned i = 0; ok && i < n; i++) {
            senda_visit_t v = { .site = 1, .generation = 1, .at = run_clock_real() };
            size_t len;

            one(f, i, sealer, &v, sealed);
            len = senda_visit_dump(&v, record, sizeof(record));
            ok = len > 0 &&
                senda_journal_add(j, (senda_str_t){ record, len }, &seq, NULL) == SENDA_OK;
        }
        ok = ok && senda_journal_commit(j, NULL) == SENDA_OK;
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
signs_up(fixture_t *f, unsigned i, senda_sealer_t *sealer, senda_visit_t *v, char *sealed)
{
    char contact[64], plain[256];
    senda_private_t p = { .contact = { contact, 0 } };

    (void)f;
    p.contact.n = (size_t)snprintf(contact, sizeof(contact),
        "email=p%u%%40example.com&consent=email", i);
    v->visitor.b[0] = 1;
    v->visitor.b[1] = (uint8_t)i;
    v->visitor.b[2] = (uint8_t)(i >> 8);
    v->flags = SENDA_VISIT_PAGE | SENDA_VISIT_CONTACT;
    v->nkeys = 1;
    v->keys[0] = senda_key_event(SENDA_EV_SIGN_UP);
    v->sealed = (senda_str_t){ sealed,
        senda_seal(sealer, (senda_str_t){ plain, senda_private_dump(&p, plain, sizeof(plain)) },
            sealed, SENDA_SEALED_MAX) };
}

static void
leaves(fixture_t *f, unsigned i, senda_sealer_t *sealer, senda_visit_t *v, char *sealed)
{
    (void)sealer;
    (void)sealed;
    v->flags = SENDA_VISIT_UNSUBSCRIBE;
    memcpy(v->message.b, f->ids[i].b, sizeof(v->message.b));
}

/* All of them have a message planned that is due. */
static void
plan_all(fixture_t *f)
{
    senda_err_t err = { "" };
    static senda_sec_t dues[PEOPLE];
    bool more = true;

    journal(f, PEOPLE, signs_up);
    while (more) {
        assert_int_equal(world_follow(f->w, &more, &err), SENDA_OK);
    }
    assert_int_equal(world_settle(f->w, false, &err), SENDA_OK);
    assert_int_equal(outbox_due(f->s, INT64_MAX, f->ids, dues, PEOPLE), PEOPLE);
}

static void
send_all(fixture_t *f)
{
    senda_err_t err = { "" };

    while (sender_wait(f->sender) != -1 || sender_in_flight(f->sender) > 0) {
        if (sender_pump(f->sender, &err) != SENDA_OK) {
            fail_msg("%s", err.text);
        }
        if (sender_in_flight(f->sender) > 0) {
            assert_int_equal(channel_poll(NULL, NULL, 0, 1000, &err), SENDA_OK);
        }
        (void)sender_settle(f->sender);
        assert_int_equal(world_settle(f->w, false, &err), SENDA_OK);
    }
}

static unsigned
mails(const fixture_t *f)
{
    char dir[SCRATCH_MAX + 16];
    struct dirent *e;
    unsigned n = 0;
    DIR *d;

    (void)snprintf(dir, sizeof(dir), "%s/mail/new", f->store);
    d = opendir(dir);
    while (d != NULL && (e = readdir(d)) != NULL) {
        n += e->d_name[0] != '.';
    }
    if (d != NULL) {
        (void)closedir(d);
    }
    return n;
}

/* Between planning and sending they said no, and were answered: it stands in the journal. */
static void
test_an_unsubscription_is_never_overtaken(void **state)
{
    fixture_t *f = *state;
    sender_stats_t stats;

    plan_all(f);
    journal(f, PEOPLE, leaves); /* nobody has told the sidecar to look */
    send_all(f);
    stats = sender_stats(f->sender);
    assert_int_equal(stats.done, 0);
    assert_int_equal(stats.skipped, PEOPLE);
    assert_int_equal(mails(f), 0);
}

/* The same with half of them: the others get theirs, with links that are known. */
static void
test_the_others_get_theirs(void **state)
{
    fixture_t *f = *state;
    sender_stats_t stats;
    senda_published_t *p;
    char dir[SCRATCH_MAX + 16], address[SENDA_LINK_MAX];
    unsigned known = 0;

    plan_all(f);
    journal(f, PEOPLE / 2, leaves);
    send_all(f);
    stats = sender_stats(f->sender);
    assert_int_equal(stats.done, PEOPLE / 2);
    assert_int_equal(stats.skipped, PEOPLE / 2);
    assert_int_equal(mails(f), PEOPLE / 2);

    sender_close(f->sender);
    world_close(f->w);
    f->sender = NULL;
    f->w = NULL;
    (void)snprintf(dir, sizeof(dir), "%s/published", f->store);
    assert_int_equal(senda_published_open_read(&p, dir, NULL), SENDA_OK);
    for (unsigned i = 0; i < PEOPLE; i++) {
        senda_message_t id;
        senda_sent_t sent;
        senda_wishes_t w;
        size_t len;

        memcpy(id.b, f->ids[i].b, sizeof(id.b));
        if (senda_sent_get(p, &id, &sent) == SENDA_OK) {
            known++;
            assert_true(i >= PEOPLE / 2);
            assert_string_equal(sent.language, "es");
            assert_int_equal(sent.nlinks, 2);
            assert_int_equal(senda_link_get(p, sent.links[1], address, &len), SENDA_OK);
            assert_memory_equal(address, "https://shop.test/b", len);
            assert_int_equal(senda_wishes_get(p, sent.contact, &w), SENDA_OK);
            assert_int_equal(w.has, CHANNEL_BIT(CHANNEL_EMAIL));
            assert_int_equal(w.wanted, CHANNEL_BIT(CHANNEL_EMAIL));
        }
    }
    assert_int_equal(known, PEOPLE / 2);
    senda_published_close(p);
}

/* Of twenty visits the older half is beyond what rules may ask for. */
static void
visits(fixture_t *f, unsigned i, senda_sealer_t *sealer, senda_visit_t *v, char *sealed)
{
    (void)f;
    (void)sealer;
    (void)sealed;
    v->visitor.b[0] = 9;
    v->flags = SENDA_VISIT_PAGE;
    v->at -= i < 10 ? (senda_ms_t)(LANG_RETENTION_DAYS + 2) * 86400 * 1000 : 0;
}

static void
test_what_may_go(void **state)
{
    fixture_t *f = *state;
    senda_sec_t now = run_clock_sec(run_clock_real());
    message_links_t links = { .n = 1, .address = { (char *)"https://shop.test/a" } };
    sender_leaving_t left[] = {
        { .id = { { 1 } }, .site = 1, .contact = 1, .language = "es", .at = now, .links = &links },
        { .id = { { 2 } }, .site = 1, .contact = 1, .language = "es", .links = &links },
    };
    senda_published_t *p;
    senda_err_t err = { "" };
    senda_sent_t sent;
    senda_journal_t *j;
    char dir[SCRATCH_MAX + 16];
    bool more;

    left[1].at = now - (LANG_RETENTION_DAYS + 1) * (senda_sec_t)86400;
    assert_int_equal(world_leaving(f->w, left, 2, &err), SENDA_OK);
    journal(f, 20, visits);
    assert_int_equal(world_follow(f->w, &more, &err), SENDA_OK);
    assert_int_equal(world_settle(f->w, false, &err), SENDA_OK);
    assert_int_equal(world_tend(f->w, &err), SENDA_OK);
    assert_true(state_number(f->s, "swept", 0) >= (uint64_t)now);
    assert_int_equal(world_settle(f->w, false, &err), SENDA_OK);
    sender_close(f->sender);
    world_close(f->w);
    f->sender = NULL;
    f->w = NULL;

    (void)snprintf(dir, sizeof(dir), "%s/journal", f->store);
    assert_int_equal(senda_journal_open_read(&j, dir, &err), SENDA_OK);
    (void)snprintf(dir, sizeof(dir), "%s/published", f->store);
    assert_int_equal(senda_published_open_read(&p, dir, &err), SENDA_OK);
    assert_int_equal(senda_published_consumed(p), senda_journal_head(j) - 10);
    assert_int_equal(senda_sent_get(p, &left[0].id, &sent), SENDA_OK);
    assert_int_equal(senda_sent_get(p, &left[1].id, &sent), SENDA_NONE);
    senda_published_close(p);
    senda_journal_close(j);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_unsubscription_is_never_overtaken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_others_get_theirs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_may_go, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
