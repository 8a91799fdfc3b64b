/*
 * `senda contacts list|show|unsubscribe`: reading goes straight to state/,
 * also while a sidecar runs; writing goes through the running sidecar, else
 * takes the store's lock.
 */

#include <stdio.h>

#include "clock.h"
#include "command_line.h"
#include "commands.h"
#include "config.h"
#include "contact.h"
#include "contact_fields.h"
#include "control.h"
#include "lock.h"
#include "log.h"
#include "message.h"
#include "outbox.h"
#include "plans.h"
#include "value.h"

static uint64_t
number_of(senda_str_t key)
{
    uint64_t n = 0;

    for (size_t i = 0; i < key.n && i < 8; i++) {
        n = n << 8 | (uint8_t)key.p[i];
    }
    return n;
}

typedef struct {
    const char *email; /* NULL: everybody */
    GArray *contacts;
} find_t;

static senda_rc_t
each_contact(void *ctx, senda_str_t key, senda_str_t value)
{
    find_t *f = ctx;
    contact_t c;

    if (contact_read(value, number_of(key), &c) == SENDA_OK &&
        (f->email == NULL || strcmp(f->email, c.email) == 0)) {
        g_array_append_val(f->contacts, c);
    }
    return SENDA_OK;
}

static const char *
standing(state_t *s, const contact_t *c, prog_channel_t channel)
{
    const char *refusal = contact_refusal(s, c, channel, false);

    return refusal != NULL ? refusal : "consents";
}

/* ", on the page of channels, 2026-06-01 12:00:00 +02:00": what decided, how it was said and when. */
static void
print_said(state_t *s, const contact_t *c, prog_channel_t channel)
{
    const contact_consent_t *consent = &c->consent[channel];
    contact_how_t how = consent->how;
    senda_ms_t at = consent->at;
    suppression_t said;
    char when[64];

    if (contact_suppressed(s, channel, contact_address(c, channel), &said) &&
        (said.reason != SUPPRESS_UNSUBSCRIBED || consent->what != CONSENT_GIVEN ||
            consent->at <= said.at)) {
        how = said.how;
        at = said.at;
    }
    if (at != 0) {
        run_log_time(NULL, at, when, sizeof(when));
        (void)printf("%s%s, %s", contact_how_words[how][0] != '\0' ? ", " : "",
            contact_how_words[how], when);
    }
}

static senda_rc_t
list(state_t *s, senda_err_t *err)
{
    find_t f = { NULL, g_array_new(FALSE, FALSE, sizeof(contact_t)) };
    senda_rc_t rc = state_each(s, STATE_CONTACTS, (senda_str_t){ "", 0 }, each_contact, &f, err);

    for (guint i = 0; i < f.contacts->len; i++) {
        const contact_t *c = &g_array_index(f.contacts, contact_t, i);

        (void)printf("%llu\t%s\t%s\t%s\n", (unsigned long long)c->number, c->email, c->name,
            standing(s, c, CHANNEL_EMAIL));
    }
    g_array_free(f.contacts, TRUE);
    return rc;
}

typedef struct {
    uint64_t contact;
} messages_t;

static senda_rc_t
each_message(void *ctx, senda_str_t key, senda_str_t value)
{
    const messages_t *wanted = ctx;
    out_message_t m;
    out_id_t id;
    char when[64];

    if (key.n != sizeof(id.b)) {
        return SENDA_OK;
    }
    memcpy(id.b, key.p, sizeof(id.b));
    if (outbox_read(&id, value, &m) == SENDA_OK && m.contact == wanted->contact) {
        run_log_time(NULL, m.changed * 1000, when, sizeof(when));
        (void)printf("  message  %s  %s  %s%s%s\n", when, m.template, out_state_words[m.state],
            m.answer[0] != '\0' ? ": " : "", m.answer);
    }
    return SENDA_OK;
}

/* "coupon FREESHIP", "credit 27.50", "notice to shop@example.com", "call https://…". */
static void
print_plan(const planned_t *p)
{
    static const char *const words[STEP_KINDS] = {
        [STEP_COUPON] = "coupon",
        [STEP_CREDIT] = "credit",
        [STEP_GIFT] = "gift",
        [STEP_NOTIFY] = "notice to",
        [STEP_CALL] = "call",
    };
    char at[64], until[64];

    run_log_time(NULL, p->at * 1000, at, sizeof(at));
    (void)printf("  planned  %s  %s ", at,
        words[p->step_kind] != NULL ? words[p->step_kind] : "something of a newer senda");
    if (p->step_kind == STEP_CREDIT) {
        (void)printf("%lld.%02d", (long long)(p->value / VALUE_ONE),
            (int)(p->value % VALUE_ONE / (VALUE_ONE / 100)));
    } else {
        (void)printf("%.*s", (int)p->text.n, p->text.p);
    }
    if (p->until != 0) {
        run_log_time(NULL, p->until * 1000, until, sizeof(until));
        (void)printf(" until %s", until);
    }
    (void)printf("\n");
}

static senda_rc_t
each_plan(void *ctx, senda_str_t key, senda_str_t value)
{
    const messages_t *wanted = ctx;
    planned_t p;
    out_id_t id;

    if (key.n != sizeof(id.b)) {
        return SENDA_OK;
    }
    memcpy(id.b, key.p, sizeof(id.b));
    if (plans_read(&id, value, &p) == SENDA_OK && p.contact == wanted->contact) {
        print_plan(&p);
    }
    return SENDA_OK;
}

static void
print_fields(state_t *s, const contact_t *c)
{
    contact_fields_t f;

    (void)contact_fields_load(s, c->site, c->number, &f);
    for (unsigned i = 0; i < f.n; i++) {
        (void)printf("  %-8.*s %.*s\n", (int)f.list[i].name.n, f.list[i].name.p,
            (int)f.list[i].value.n, f.list[i].value.p);
    }
}

static senda_rc_t
show(state_t *s, const char *email, senda_err_t *err)
{
    find_t f = { email, g_array_new(FALSE, FALSE, sizeof(contact_t)) };
    senda_rc_t rc = state_each(s, STATE_CONTACTS, (senda_str_t){ "", 0 }, each_contact, &f, err);
    char when[64];

    for (guint i = 0; i < f.contacts->len && rc == SENDA_OK; i++) {
        const contact_t *c = &g_array_index(f.contacts, contact_t, i);
        messages_t wanted = { c->number };

        run_log_time(NULL, c->created, when, sizeof(when));
        (void)printf("contact %llu\n  email    %s\n  name     %s\n  phone    %s\n  since    %s\n",
            (unsigned long long)c->number, c->email, c->name, c->phone, when);
        for (int k = 0; k < CHANNELS; k++) {
            if (contact_address(c, (prog_channel_t)k) != NULL) {
                (void)printf("  %-8s %s", senda_channel_name((unsigned)k),
                    standing(s, c, (prog_channel_t)k));
                print_said(s, c, (prog_channel_t)k);
                (void)printf("\n");
            }
        }
        print_fields(s, c);
        rc = state_each(s, STATE_OUTBOX, (senda_str_t){ "", 0 }, each_message, &wanted, err);
        if (rc == SENDA_OK) {
            rc = state_each(s, STATE_PLANS, (senda_str_t){ "", 0 }, each_plan, &wanted, err);
        }
    }
    if (rc == SENDA_OK && f.contacts->len == 0) {
        rc = senda_fail(err, SENDA_NONE, "no contact has the address %s", email);
    }
    g_array_free(f.contacts, TRUE);
    return rc;
}

static senda_rc_t
unsubscribe(const config_t *config, const char *email, senda_err_t *err)
{
    static const char done[] = "unsubscribed: no marketing e-mail goes there any more\n";
    char *line = g_strconcat("unsubscribe ", email, NULL), *text = NULL;
    state_t *s = NULL;
    int lock = -1;
    senda_rc_t rc = control_ask(config->socket, line, &text, err);

    if (rc == SENDA_OK) {
        (void)fputs(text, stdout);
    } else if (rc == SENDA_NONE) {
        rc = lock_take(config->store, &lock, err);
        if (rc == SENDA_OK) {
            rc = state_open(&s, config->store, true, err);
        }
        if (rc == SENDA_OK) {
            run_clock_t clock = { (int64_t)state_number(s, "lapse", 1),
                (senda_ms_t)state_number(s, "lapse_start", 0) };

            contact_suppress(s, CHANNEL_EMAIL, email, SUPPRESS_UNSUBSCRIBED, run_clock_now(&clock),
                HOW_COMMAND);
            rc = state_commit(s, err);
        }
        if (rc == SENDA_OK) {
            (void)fputs(done, stdout);
        }
        state_close(s);
        lock_release(lock);
    }
    g_free(text);
    g_free(line);
    return rc;
}

static senda_rc_t
carry_out(const config_t *config, const char *verb, const char *address, senda_err_t *err)
{
    char email[HEADER_VALUE_MAX] = "";
    state_t *s;
    senda_rc_t rc;

    if (address != NULL &&
        message_canonical_address(senda_cstr(address), email, sizeof(email)) != SENDA_OK) {
        return senda_fail(err, SENDA_BAD, "%s is no e-mail address", address);
    }
    if (strcmp(verb, "unsubscribe") == 0) {
        return unsubscribe(config, email, err);
    }
    rc = state_open(&s, config->store, false, err);
    if (rc == SENDA_NONE) {
        return senda_fail(err, rc, "the store %s knows nobody yet", config->store);
    }
    if (rc == SENDA_OK) {
        rc = address != NULL ? show(s, email, err) : list(s, err);
        state_close(s);
    }
    return rc;
}

int
cmd_contacts(int argc, char **argv)
{
    static char *file = COMMAND_CONFIG_FILE;
    static const GOptionEntry options[] = {
        COMMAND_CONFIG(file),
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    config_t config;
    senda_err_t err = { "" };
    senda_rc_t rc;
    bool listing;

    if (!command_line(&argc, &argv, options, "list | show ADDRESS | unsubscribe ADDRESS",
            "Contacts of the store. unsubscribe: no marketing e-mail goes to the address any more, "
            "also "
            "none that waits already; it is on the disk when the command ends.",
            1, 2)) {
        return 2;
    }
    listing = strcmp(argv[1], "list") == 0;
    if ((!listing && strcmp(argv[1], "show") != 0 && strcmp(argv[1], "unsubscribe") != 0) ||
        argc != (listing ? 2 : 3)) {
        (void)fprintf(stderr,
            "senda contacts: expected list, show ADDRESS or unsubscribe "
            "ADDRESS\n");
        return 2;
    }
    rc = config_read(&config, file, &err);
    if (rc == SENDA_OK) {
        rc = carry_out(&config, argv[1], listing ? NULL : argv[2], &err);
        config_free(&config);
    }
    return rc == SENDA_OK ? 0 : command_failed("contacts", rc, &err);
}
