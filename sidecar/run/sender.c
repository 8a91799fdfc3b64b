/*
 * The walk of a message through the outbox. Everything that decides is asked
 * again right before the intent is committed; nothing is handed over whose
 * intent is not on the disk. A template that cannot be made, a channel that is
 * busy, a server that says later: the message waits. It never sends twice
 * what may have gone out.
 */

#include "sender_parts.h"

#include <stdio.h>

#include "contact_fields.h"
#include "value.h"

#define SCAN_MAX 256 /* due messages looked at in one go */

_Static_assert(SENDER_AT_ONCE == FLIGHTS_SLOTS, "a note for each message on its way");

/* ---- what the channel says ---- */

static void
on_done(void *ctx, uint64_t ticket, const sent_t *result)
{
    flight_t *f = sender_flight(ctx, ticket);

    if (f != NULL) {
        f->answered = true;
        f->answer = *result;
    }
}

/* From a thread of the channel: the note is its own until it is answered. */
static void
on_note(void *ctx, uint64_t ticket, const sent_t *result)
{
    const sender_t *s = ctx;
    unsigned slot = (unsigned)(ticket % SENDER_AT_ONCE);

    if (result == NULL) {
        flights_leave(s->notes, slot);
    } else {
        flights_answer(s->notes, slot, result);
    }
}

/*
 * The mark that keeps a message from being sent again, should we die before
 * its answer, unless its note says that it had not gone. Answers that have
 * come are committed with it, so that no message stands as handed over for
 * longer than it takes to hear of it.
 */
static bool
on_last(void *ctx, uint64_t ticket)
{
    sender_t *s = ctx;
    flight_t *f = sender_flight(s, ticket);
    senda_sec_t now = run_clock_sec(sender_now(s));
    out_message_t m;

    if (f == NULL || state_changes(s->o.state) > 0) {
        return false;
    }
    (void)sender_settle(s);
    if (outbox_load(s->o.state, &f->id, &m) != SENDA_OK ||
        outbox_move(s->o.state, &m, OUT_HANDED, now, 0, NULL) != SENDA_OK) {
        return false;
    }
    flights_allow(s->notes, (unsigned)(f - s->flights), &m.id, m.tries);
    if (state_commit(s->o.state, NULL) != SENDA_OK) {
        /* not handed over; the answers wait for a commit, as after any full disk */
        (void)outbox_move(s->o.state, &m, OUT_PLANNED, now, m.due, NULL);
        return false;
    }
    return true;
}

/* ---- making a message ---- */

static void
set_text(tval_t *map, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        tval_set(map, senda_cstr(name), tval_text(senda_cstr(text)));
    }
}

/* "27", or "27.50": money as people write it. */
static void
money(int64_t value, char decimal, char *out, size_t size)
{
    int64_t cents = value / (VALUE_ONE / 100);

    if (cents % 100 == 0) {
        (void)snprintf(out, size, "%lld", (long long)(cents / 100));
    } else {
        (void)snprintf(out, size, "%lld%c%02d", (long long)(cents / 100), decimal,
            (int)(cents % 100));
    }
}

static const struct {
    prog_step_kind_t kind;
    const char *name, *until;
} benefit_names[] = {
    { STEP_COUPON, "coupon", "coupon_valid_until" },
    { STEP_COUPON, "cupon", "cupon_valido_hasta" },
    { STEP_CREDIT, "credit", "credit_valid_until" },
    { STEP_CREDIT, "abono", "abono_valido_hasta" },
    { STEP_GIFT, "gift", "gift_valid_until" },
    { STEP_GIFT, "regalo", "regalo_valido_hasta" },
};

/* What goes with the message; of several of a kind the last. */
static void
set_benefit(tval_t *v, const out_benefit_t *b, const program_t *p)
{
    char text[64], number[32], until[32] = "";

    if (b->until != 0) {
        senda_local_t l = senda_zone_local(&p->zone, b->until, NULL);

        (void)snprintf(until, sizeof(until), "%04d-%02d-%02d %02d:%02d", l.year, l.month, l.day,
            l.hour, l.minute);
    }
    money(b->value, strcmp(p->language, "es") == 0 ? ',' : '.', number, sizeof(number));
    (void)snprintf(text, sizeof(text), "%s %s", number, p->currency != NULL ? p->currency : "");
    g_strchomp(text);
    for (size_t i = 0; i < G_N_ELEMENTS(benefit_names); i++) {
        if (benefit_names[i].kind == b->kind) {
            tval_set(v, senda_cstr(benefit_names[i].name),
                tval_text(b->kind == STEP_CREDIT ? senda_cstr(text) : b->text));
            set_text(v, benefit_names[i].until, until);
        }
    }
}

/* The rule file's fields of the contact, as `contact.interes`. */
static void
set_fields(const sender_t *s, const out_message_t *m, tval_t *contact)
{
    contact_fields_t f;

    (void)contact_fields_load(s->o.state, m->site, m->contact, &f);
    for (unsigned i = 0; i < f.n; i++) {
        tval_set(contact, f.list[i].name, tval_text(f.list[i].value));
    }
}

/* Without a slash at its end. */
static char *
site_url_of(const sender_t *s, const program_t *p)
{
    char *url = s->config->site_url != NULL ? g_strdup(s->config->site_url)
                                            : g_strconcat("https://", p->site, NULL);

    if (g_str_has_suffix(url, "/")) {
        url[strlen(url) - 1] = '\0';
    }
    return url;
}

static tval_t *
values_of(const sender_t *s, const out_message_t *m, const contact_t *c, const program_t *p,
    const char *site_url)
{
    tval_t *v = tval_map(), *contact = tval_map();

    for (unsigned i = 0; i < m->nfields; i++) {
        tval_set(v, m->fields[i].name, tval_text(m->fields[i].value));
    }
    set_fields(s, m, contact);
    set_text(contact, "email", c->email);
    set_text(contact, "name", c->name);
    set_text(contact, "phone", c->phone);
    tval_set(v, SENDA_STR("contact"), contact);
    for (unsigned i = 0; i < m->nbenefits; i++) {
        set_benefit(v, &m->benefits[i], p);
    }
    set_text(v, "email", c->email);
    set_text(v, "name", c->name);
    set_text(v, "site", p->site);
    set_text(v, "site_url", site_url);
    set_text(v, "shop", s->shop);
    set_text(v, "postal", s->config->postal);
    set_text(v, "currency", p->currency);
    if (!m->transactional) {
        set_text(v, "unsubscribe_mailto", s->mailto);
    }
    return v;
}

static senda_rc_t
make(const sender_t *s, const out_message_t *m, const contact_t *c, message_t *out,
    senda_err_t *err)
{
    const program_t *p = s->o.program(s->o.ctx, m->site);
    char hex[OUTBOX_HEX_LEN + 1], *site_url;
    tval_t *values;
    senda_rc_t rc;
    message_settings_t settings = {
        .dir = s->config->messages,
        .from = s->config->from,
        .list_unsubscribe = m->transactional ? NULL : s->config->unsubscribe,
        .postal = s->config->postal,
        .id_domain = s->id_domain,
        .endpoint = s->config->endpoint,
        .keys = s->o.keys,
        .opens = config_opens(s->config),
    };
    message_request_t request = {
        .template = m->template,
        .to = c->email,
        .to_name = c->name[0] != '\0' ? c->name : NULL,
        .unique = hex,
        .date = m->planned,
        .transactional = m->transactional,
    };

    if (p == NULL) {
        return senda_fail(err, SENDA_NONE, "no rule file has its site any more");
    }
    outbox_hex(&m->id, hex);
    memcpy(request.id.b, m->id.b, sizeof(request.id.b));
    request.language = p->language;
    site_url = site_url_of(s, p);
    values = values_of(s, m, c, p, site_url);
    request.values = values;
    request.site_url = site_url;
    rc = message_make(&settings, &request, out, err);
    tval_free(values);
    g_free(site_url);
    return rc;
}

/* ---- handing over ---- */

typedef struct {
    unsigned n;
    out_id_t ids[SENDER_AT_ONCE];
    message_t messages[SENDER_AT_ONCE];
    sender_leaving_t leaving[SENDER_AT_ONCE];
} load_t;

static void
add(const sender_t *s, load_t *load, const out_message_t *m, senda_sec_t now)
{
    const program_t *p = s->o.program(s->o.ctx, m->site);
    sender_leaving_t *l = &load->leaving[load->n];

    *l = (sender_leaving_t){ .site = m->site,
        .contact = m->contact,
        .channel = m->channel,
        .language = p != NULL ? p->language : "",
        .at = now,
        .links = &load->messages[load->n].links };
    memcpy(l->id.b, m->id.b, sizeof(l->id.b));
    load->ids[load->n++] = m->id;
}

/* Asks everything anew, and makes ready what may go out; what may not is settled or waits. */
static void
prepare(sender_t *s, const out_id_t *id, load_t *load)
{
    senda_sec_t now = run_clock_sec(sender_now(s));
    out_message_t m;
    contact_t c;
    senda_err_t err = { "" };
    const char *refusal;
    char hex[OUTBOX_HEX_LEN + 1];

    if (outbox_load(s->o.state, id, &m) != SENDA_OK) {
        outbox_hex(id, hex);
        if (g_hash_table_add(s->unreadable, g_strdup(hex))) {
            run_log(s->o.log, sender_now(s), "message %s cannot be read and stays where it is",
                hex);
        }
        return;
    }
    if (m.state != OUT_PLANNED && m.state != OUT_DEFER) {
        return;
    }
    if ((OUTBOX_CHANNELS & CHANNEL_BIT(m.channel)) == 0) {
        char why[64];

        (void)snprintf(why, sizeof(why), "no channel sends %s", senda_channel_name(m.channel));
        sender_move(s, &m, OUT_SKIPPED, 0, why);
        return;
    }
    if (contact_load(s->o.state, m.contact, &c) != SENDA_OK) {
        sender_move(s, &m, OUT_SKIPPED, 0, "the contact is no longer known");
        return;
    }
    refusal = contact_refusal(s->o.state, &c, m.channel, m.transactional);
    if (refusal != NULL) {
        sender_move(s, &m, OUT_SKIPPED, 0, refusal);
        return;
    }
    if (make(s, &m, &c, &load->messages[load->n], &err) != SENDA_OK) {
        m.first_try = m.first_try != 0 ? m.first_try : now;
        m.tries++;
        sender_defer(s, &m, 0, err.text);
        return;
    }
    if (outbox_move(s->o.state, &m, OUT_INTENT, now, 0, "") == SENDA_OK) {
        add(s, load, &m, now);
    } else {
        message_free(&load->messages[load->n]);
    }
}

static void
hand_over(sender_t *s, const out_id_t *id, const message_t *message)
{
    flight_t *f = s->flights;
    unsigned slot = 0;
    senda_err_t err = { "" };
    out_message_t m;
    senda_rc_t rc;

    while (f->ticket != 0) {
        f++; /* sender_pump has left room */
        slot++;
    }
    /* whoever had the place before is settled and committed */
    flights_clear(s->notes, slot);
    *f = (flight_t){ .ticket = ++s->last_ticket * SENDER_AT_ONCE + slot, .id = *id };
    rc = s->channel->send(s->channel, f->ticket, message, &err);
    if (rc == SENDA_OK) {
        return;
    }
    memset(f, 0, sizeof(*f));
    if (outbox_load(s->o.state, id, &m) != SENDA_OK) {
        return;
    }
    if (rc == SENDA_FULL) {
        sender_put_back(s, &m, run_clock_sec(sender_now(s)) + 1);
    } else {
        sender_defer(s, &m, 0, err.text);
    }
}

static bool
flying(const sender_t *s, const out_id_t *id)
{
    for (unsigned i = 0; i < SENDER_AT_ONCE; i++) {
        if (s->flights[i].ticket != 0 && memcmp(&s->flights[i].id, id, sizeof(*id)) == 0) {
            return true;
        }
    }
    return false;
}

/* Links first: a message whose links nobody knows must not go out, the other way round does no harm. */
static senda_rc_t
commit_load(sender_t *s, const load_t *load, senda_err_t *err)
{
    senda_rc_t rc = SENDA_OK;

    if (load->n > 0 && s->config->endpoint != NULL && s->o.leaving != NULL) {
        rc = s->o.leaving(s->o.ctx, load->leaving, load->n, err);
    }
    return rc == SENDA_OK ? state_commit(s->o.state, err) : rc;
}

static bool
anything_due(sender_t *s)
{
    out_id_t ids[SENDER_AT_ONCE + 1]; /* one more than can be flying */
    senda_sec_t dues[SENDER_AT_ONCE + 1];
    unsigned n = outbox_due(s->o.state, run_clock_sec(sender_now(s)), ids, dues,
        SENDER_AT_ONCE + 1);

    for (unsigned i = 0; i < n; i++) {
        if (!flying(s, &ids[i])) {
            return true;
        }
    }
    return false;
}

senda_rc_t
sender_pump(sender_t *s, senda_err_t *err)
{
    out_id_t ids[SCAN_MAX];
    senda_sec_t dues[SCAN_MAX];
    unsigned n, room = SENDER_AT_ONCE - sender_in_flight(s);
    load_t load = { .n = 0 };
    senda_rc_t rc = SENDA_OK;

    if (s->halted && run_clock_steady() >= s->halted_until) {
        sender_resume(s);
    }
    if (s->halted || room == 0 || !anything_due(s)) {
        return SENDA_OK;
    }
    if (s->o.ready != NULL) {
        rc = s->o.ready(s->o.ctx, err);
    }
    if (rc != SENDA_OK) {
        return rc == SENDA_NONE ? SENDA_OK : rc;
    }
    n = outbox_due(s->o.state, run_clock_sec(sender_now(s)), ids, dues, SCAN_MAX);
    for (unsigned i = 0; i < n && load.n < room; i++) {
        if (!flying(s, &ids[i])) {
            prepare(s, &ids[i], &load);
        }
    }
    rc = commit_load(s, &load, err);
    if (rc != SENDA_OK) {
        state_abandon(s->o.state);
    }
    for (unsigned i = 0; i < load.n; i++) {
        if (rc == SENDA_OK) {
            hand_over(s, &load.ids[i], &load.messages[i]);
        }
        message_free(&load.messages[i]);
    }
    return rc == SENDA_OK ? state_commit(s->o.state, err) : rc;
}

static bool
is_unreadable(const sender_t *s, const out_id_t *id)
{
    char hex[OUTBOX_HEX_LEN + 1];

    outbox_hex(id, hex);
    return g_hash_table_contains(s->unreadable, hex);
}

int64_t
sender_wait(sender_t *s)
{
    out_id_t ids[SCAN_MAX];
    senda_sec_t dues[SCAN_MAX];
    unsigned n;

    if (s->halted) {
        senda_ms_t rest = s->halted_until - run_clock_steady();

        return rest > 0 ? rest : 0;
    }
    if (sender_in_flight(s) == SENDER_AT_ONCE) {
        return -1;
    }
    n = outbox_due(s->o.state, INT64_MAX, ids, dues, SCAN_MAX);
    for (unsigned i = 0; i < n; i++) {
        if (!flying(s, &ids[i]) && !is_unreadable(s, &ids[i])) {
            senda_ms_t rest = run_clock_unmap(s->o.clock, dues[i] * 1000) - run_clock_real();

            return rest > 0 ? rest : 0;
        }
    }
    return -1;
}

unsigned
sender_in_flight(const sender_t *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SENDER_AT_ONCE; i++) {
        n += s->flights[i].ticket != 0;
    }
    return n;
}

sender_stats_t
sender_stats(const sender_t *s)
{
    return s->stats;
}

const char *
sender_halted(const sender_t *s)
{
    return s->halted ? s->halt_reason : NULL;
}

void
sender_resume(sender_t *s)
{
    s->halted = false;
}

/* ---- opening ---- */

char *
sender_shop(const char *from)
{
    const char *open = strrchr(from, '<');

    return open != NULL && open > from ? g_strstrip(g_strndup(from, (gsize)(open - from))) : NULL;
}

/* The shop's name, and what stands right of the last '@'. */
static void
read_from(sender_t *s, const char *from)
{
    const char *at = strrchr(from, '@');
    size_t n = at != NULL ? strcspn(at + 1, "> \t") : 0;

    g_free(s->shop);
    g_free(s->id_domain);
    s->shop = sender_shop(from);
    s->id_domain = n > 0 ? g_strndup(at + 1, n) : g_strdup("localhost");
}

senda_rc_t
sender_configure(sender_t *s, const config_t *config, senda_err_t *err)
{
    channel_t *channel = s->channel;

    if (sender_in_flight(s) > 0) {
        return SENDA_FULL;
    }
    if (channel == NULL || strcmp(s->config->channel_email, config->channel_email) != 0) {
        channel = channel_open(config->channel_email, on_done, s, err);
        if (channel == NULL) {
            return SENDA_SYS;
        }
        channel->last = on_last;
        channel->note = on_note;
        if (s->channel != NULL) {
            s->channel->close(s->channel);
        }
        s->channel = channel;
    }
    s->config = config;
    read_from(s, config->from);
    g_free(s->mailto);
    s->mailto = g_strdup_printf("mailto:%s?subject=unsubscribe", config->unsubscribe);
    sender_resume(s);
    return SENDA_OK;
}

static senda_rc_t
open_notes(sender_t *s, senda_err_t *err)
{
    char *file = g_build_filename(s->config->store, "state", "flights", NULL);
    char boot[FLIGHTS_BOOT_MAX];
    senda_rc_t rc;

    flights_boot(boot);
    rc = flights_open(&s->notes, file, boot, err);
    g_free(file);
    return rc;
}

senda_rc_t
sender_open(sender_t **out, const sender_options_t *o, const config_t *config, senda_err_t *err)
{
    sender_t *s = g_new0(sender_t, 1);
    senda_rc_t rc;

    *out = NULL;
    s->o = *o;
    s->config = config;
    s->unreadable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    rc = open_notes(s, err);
    if (rc == SENDA_OK) {
        rc = sender_configure(s, config, err);
    }
    if (rc == SENDA_OK) {
        rc = sender_recover(s, err);
    }
    if (rc != SENDA_OK) {
        sender_close(s);
        return rc;
    }
    *out = s;
    return SENDA_OK;
}

void
sender_close(sender_t *s)
{
    if (s == NULL) {
        return;
    }
    if (s->channel != NULL) {
        s->channel->close(s->channel);
    }
    flights_close(s->notes);
    g_hash_table_destroy(s->unreadable);
    g_free(s->shop);
    g_free(s->id_domain);
    g_free(s->mailto);
    g_free(s);
}
