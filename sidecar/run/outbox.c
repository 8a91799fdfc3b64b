/*
 * The outbox's records and states. Decides no consent and sends nothing. A
 * record that cannot be read is never overwritten and never sent.
 */

#include "outbox.h"

#include <glib.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "senda_pack.h"

#define MESSAGE_VERSION 1
#define MESSAGE_FIELDS  16 /* of records without benefits and recipe, … */
#define MESSAGE_MORE    18 /* … and with them */

const char *const out_state_words[OUT_STATES] = {
    [OUT_PLANNED] = "planned",
    [OUT_INTENT] = "going out",
    [OUT_HANDED] = "handed over",
    [OUT_DEFER] = "deferred",
    [OUT_DONE] = "sent",
    [OUT_FAIL] = "failed",
    [OUT_UNKNOWN] = "unknown",
    [OUT_SKIPPED] = "skipped",
};

#define TO(state) (1u << (state))

/* The only ways from a state to another. */
static const uint32_t ways[OUT_STATES] = {
    [OUT_PLANNED] = TO(OUT_INTENT) | TO(OUT_DEFER) | TO(OUT_FAIL) | TO(OUT_SKIPPED),
    [OUT_INTENT] = TO(OUT_PLANNED) | TO(OUT_HANDED) | TO(OUT_DEFER) | TO(OUT_DONE) | TO(OUT_FAIL) |
        TO(OUT_UNKNOWN),
    [OUT_HANDED] = TO(OUT_PLANNED) | TO(OUT_DEFER) | TO(OUT_DONE) | TO(OUT_FAIL) | TO(OUT_UNKNOWN),
    [OUT_DEFER] = TO(OUT_INTENT) | TO(OUT_DEFER) | TO(OUT_FAIL) | TO(OUT_SKIPPED),
    [OUT_DONE] = 0,
    [OUT_FAIL] = 0,
    [OUT_UNKNOWN] = 0,
    [OUT_SKIPPED] = 0,
};

/* Seconds between tries; the last goes on until the message is given up. */
static const senda_sec_t backoff[] = { 60, 300, 900, 3600, 3 * 3600, 6 * 3600 };

static bool
settled(out_state_t state)
{
    return ways[state] == 0;
}

static bool
in_flight(out_state_t state)
{
    return state == OUT_INTENT || state == OUT_HANDED;
}

out_id_t
outbox_id(uint32_t site, uint32_t flow, uint64_t entry, uint32_t step, const engine_who_t *who)
{
    static const senda_visitor_t nobody;
    state_key_t k = { .n = 0 };
    uint8_t digest[EVP_MAX_MD_SIZE] = { 0 };
    unsigned n = 0;
    out_id_t id;

    state_key_u32(&k, site);
    state_key_u32(&k, flow);
    state_key_u64(&k, entry);
    state_key_u32(&k, step);
    state_key_u64(&k, who->contact);
    state_key_bytes(&k, who->contact != 0 ? nobody.b : who->visitor.b, SENDA_VISITOR_LEN);
    if (EVP_Digest(k.b, k.n, digest, &n, EVP_sha256(), NULL) != 1) {
        g_error("OpenSSL has no SHA-256"); /* ends the process: nothing may go out without a name */
    }
    memcpy(id.b, digest, sizeof(id.b));
    return id;
}

void
outbox_hex(const out_id_t *id, char hex[OUTBOX_HEX_LEN + 1])
{
    for (size_t i = 0; i < OUTBOX_ID_LEN; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", id->b[i]);
    }
}

static senda_str_t
id_str(const out_id_t *id)
{
    return (senda_str_t){ (const char *)id->b, OUTBOX_ID_LEN };
}

static state_key_t
due_key(senda_sec_t due, const out_id_t *id)
{
    state_key_t k = { .n = 0 };

    state_key_u64(&k, (uint64_t)due);
    state_key_bytes(&k, id->b, OUTBOX_ID_LEN);
    return k;
}

static void
pack_more(senda_packer_t *p, const out_message_t *m)
{
    unsigned n = settled(m->state) ? 0 : m->nbenefits;
    bool recipe = !settled(m->state) && m->recipe.number > 0;

    senda_pack_array(p, 4 * n);
    for (unsigned i = 0; i < n; i++) {
        senda_pack_uint(p, m->benefits[i].kind);
        senda_pack_str(p, m->benefits[i].text);
        senda_pack_int(p, m->benefits[i].value);
        senda_pack_int(p, m->benefits[i].until);
    }
    senda_pack_array(p, recipe ? 4 : 0);
    if (recipe) {
        senda_pack_uint(p, m->recipe.kind);
        senda_pack_uint(p, m->recipe.number);
        senda_pack_uint(p, m->recipe.key);
        senda_pack_str(p, m->recipe.text);
    }
}

static void
unpack_more(senda_unpacker_t *u, out_message_t *m)
{
    uint32_t n = senda_unpack_array(u) / 4;

    for (uint32_t i = 0; i < n && i < ENGINE_BENEFITS_MAX && !u->bad; i++) {
        m->benefits[i].kind = (prog_step_kind_t)senda_unpack_uint(u);
        m->benefits[i].text = senda_unpack_str(u);
        m->benefits[i].value = senda_unpack_int(u);
        m->benefits[i].until = senda_unpack_int(u);
        m->nbenefits = i + 1;
    }
    if (senda_unpack_array(u) == 4) {
        m->recipe.kind = (prog_recipe_t)senda_unpack_uint(u);
        m->recipe.number = (uint32_t)senda_unpack_uint(u);
        m->recipe.key = (senda_key_t)senda_unpack_uint(u);
        m->recipe.text = senda_unpack_str(u);
    }
}

static senda_rc_t
save(state_t *s, const out_message_t *m)
{
    char buf[STATE_VALUE_MAX];
    senda_packer_t p;
    unsigned nfields = settled(m->state) ? 0 : m->nfields;

    senda_pack_init(&p, buf, sizeof(buf));
    senda_pack_array(&p, MESSAGE_MORE);
    senda_pack_uint(&p, MESSAGE_VERSION);
    senda_pack_uint(&p, m->state);
    senda_pack_uint(&p, m->site);
    senda_pack_uint(&p, m->flow);
    senda_pack_uint(&p, m->step);
    senda_pack_uint(&p, m->entry);
    senda_pack_uint(&p, m->contact);
    senda_pack_uint(&p, m->channel);
    senda_pack_bool(&p, m->transactional);
    senda_pack_int(&p, m->planned);
    senda_pack_int(&p, m->due);
    senda_pack_int(&p, m->first_try);
    senda_pack_int(&p, m->changed);
    senda_pack_uint(&p, m->tries);
    senda_pack_array(&p, 2);
    senda_pack_str(&p, senda_cstr(m->template));
    senda_pack_str(&p, senda_cstr(m->answer));
    senda_pack_map(&p, nfields);
    for (unsigned i = 0; i < nfields; i++) {
        senda_pack_str(&p, m->fields[i].name);
        senda_pack_str(&p, m->fields[i].value);
    }
    pack_more(&p, m);
    if (senda_pack_len(&p) == 0) {
        return SENDA_FULL;
    }
    state_put(s, STATE_OUTBOX, id_str(&m->id), (senda_str_t){ buf, senda_pack_len(&p) });
    return SENDA_OK;
}

static void
copy_text(char *out, size_t size, senda_str_t text)
{
    size_t n = text.n < size ? text.n : size - 1;

    if (n > 0) {
        memcpy(out, text.p, n);
    }
    out[n] = '\0';
}

senda_rc_t
outbox_read(const out_id_t *id, senda_str_t record, out_message_t *m)
{
    senda_unpacker_t u;
    uint32_t fields, n;
    uint64_t state, channel;

    if (record.n > sizeof(m->buf)) {
        return SENDA_BAD;
    }
    memcpy(m->buf, record.p, record.n);
    m->id = *id;
    senda_unpack_init(&u, m->buf, record.n);
    fields = senda_unpack_array(&u);
    if (senda_unpack_uint(&u) != MESSAGE_VERSION || fields < MESSAGE_FIELDS) {
        return SENDA_BAD;
    }
    state = senda_unpack_uint(&u);
    m->site = (uint32_t)senda_unpack_uint(&u);
    m->flow = (uint32_t)senda_unpack_uint(&u);
    m->step = (uint32_t)senda_unpack_uint(&u);
    m->entry = senda_unpack_uint(&u);
    m->contact = senda_unpack_uint(&u);
    channel = senda_unpack_uint(&u);
    m->transactional = senda_unpack_bool(&u);
    m->planned = senda_unpack_int(&u);
    m->due = senda_unpack_int(&u);
    m->first_try = senda_unpack_int(&u);
    m->changed = senda_unpack_int(&u);
    m->tries = (uint32_t)senda_unpack_uint(&u);
    if (senda_unpack_array(&u) != 2) {
        return SENDA_BAD;
    }
    copy_text(m->template, sizeof(m->template), senda_unpack_str(&u));
    copy_text(m->answer, sizeof(m->answer), senda_unpack_str(&u));
    n = senda_unpack_map(&u);
    m->nfields = 0;
    for (uint32_t i = 0; i < n && i < OUTBOX_FIELDS && !u.bad; i++) {
        m->fields[i].name = senda_unpack_str(&u);
        m->fields[i].value = senda_unpack_str(&u);
        m->nfields = i + 1;
    }
    m->nbenefits = 0;
    memset(&m->recipe, 0, sizeof(m->recipe));
    if (fields >= MESSAGE_MORE) {
        unpack_more(&u, m);
    }
    if (u.bad || state < OUT_PLANNED || state >= OUT_STATES || channel >= CHANNELS) {
        return SENDA_BAD;
    }
    m->state = (out_state_t)state;
    m->channel = (prog_channel_t)channel;
    return SENDA_OK;
}

senda_rc_t
outbox_load(state_t *s, const out_id_t *id, out_message_t *m)
{
    senda_str_t record;
    senda_rc_t rc = state_get(s, STATE_OUTBOX, id_str(id), &record);

    return rc == SENDA_OK ? outbox_read(id, record, m) : rc;
}

static senda_str_t
text_of(const char *text)
{
    return senda_cstr(text != NULL ? text : "");
}

static void
add_benefits(out_message_t *m, const program_t *program, const intent_t *intent)
{
    m->nbenefits = 0;
    for (unsigned i = 0; i < intent->nbenefits && i < ENGINE_BENEFITS_MAX; i++) {
        const prog_step_t *b = intent->benefits[i];

        m->benefits[m->nbenefits++] = (out_benefit_t){ b->kind, text_of(b->text), b->value,
            senda_span_is_zero(b->span) ? 0
                                        : senda_zone_add(&program->zone, intent->at, b->span, 1) };
    }
    memset(&m->recipe, 0, sizeof(m->recipe));
    if (intent->recipe != NULL) {
        m->recipe = (out_recipe_t){ intent->recipe->recipe, intent->recipe->number,
            intent->recipe->key, text_of(intent->recipe->text) };
    }
}

senda_rc_t
outbox_plan(state_t *s, const program_t *program, const intent_t *intent, out_id_t *id)
{
    out_message_t m;
    senda_str_t record;
    state_key_t due;
    senda_rc_t rc;

    *id = outbox_id(program->site_id, intent->flow->id, intent->entry, intent->step->id,
        &intent->who);
    if (state_get(s, STATE_OUTBOX, id_str(id), &record) != SENDA_NONE) {
        return SENDA_NONE;
    }
    m.id = *id;
    m.state = OUT_PLANNED;
    m.site = program->site_id;
    m.flow = intent->flow->id;
    m.step = intent->step->id;
    m.entry = intent->entry;
    m.contact = intent->who.contact;
    m.channel = intent->channel;
    m.transactional = intent->flow->transactional;
    m.planned = m.due = m.changed = intent->at;
    m.first_try = 0;
    m.tries = 0;
    copy_text(m.template, sizeof(m.template), senda_cstr(intent->step->template));
    m.answer[0] = '\0';
    m.nfields = intent->nfields < OUTBOX_FIELDS ? intent->nfields : OUTBOX_FIELDS;
    if (m.nfields > 0) {
        memcpy(m.fields, intent->fields, m.nfields * sizeof(m.fields[0]));
    }
    add_benefits(&m, program, intent);
    rc = save(s, &m);
    if (rc == SENDA_OK) {
        due = due_key(m.due, id);
        state_put(s, STATE_DUE, state_key_str(&due), SENDA_STR("\1"));
    }
    return rc;
}

senda_rc_t
outbox_move(state_t *s, out_message_t *m, out_state_t to, senda_sec_t now, senda_sec_t due,
    const char *answer)
{
    state_key_t old = due_key(m->due, &m->id), fresh;
    senda_str_t recall;

    if ((ways[m->state] & TO(to)) == 0) {
        return SENDA_BAD;
    }
    if (in_flight(m->state) && (to == OUT_PLANNED || to == OUT_DEFER) &&
        state_get(s, STATE_DUE, state_key_str(&old), &recall) == SENDA_OK && recall.n > 1) {
        to = OUT_SKIPPED; /* taken back while it was on its way, and it came back */
        copy_text(m->answer, sizeof(m->answer), recall);
        answer = NULL;
    }
    if (to == OUT_INTENT) {
        m->tries++;
        m->first_try = m->first_try != 0 ? m->first_try : now;
    }
    m->state = to;
    m->changed = now;
    if (answer != NULL) {
        copy_text(m->answer, sizeof(m->answer), senda_cstr(answer));
    }
    if (settled(to)) {
        state_del(s, STATE_DUE, state_key_str(&old));
    } else if (to == OUT_PLANNED || to == OUT_DEFER) {
        m->due = due;
        fresh = due_key(due, &m->id);
        if (!senda_str_eq(state_key_str(&old), state_key_str(&fresh))) {
            state_del(s, STATE_DUE, state_key_str(&old));
            state_put(s, STATE_DUE, state_key_str(&fresh), SENDA_STR("\1"));
        }
    }
    return save(s, m);
}

bool
outbox_retry(const out_message_t *m, senda_sec_t now, long retry_after, senda_sec_t *due)
{
    size_t last = G_N_ELEMENTS(backoff) - 1;
    size_t i = m->tries > 0 ? m->tries - 1 : 0;
    senda_sec_t pause = backoff[i < last ? i : last];

    if (retry_after > pause) {
        pause = retry_after < backoff[last] ? retry_after : backoff[last];
    }
    *due = now + pause;
    return *due <= (m->first_try != 0 ? m->first_try : m->planned) + OUTBOX_GIVE_UP;
}

unsigned
outbox_cancel(state_t *s, uint32_t site, const intent_t *intent, const char *why)
{
    unsigned n = 0;

    for (unsigned i = 0; i < intent->flow->nsteps; i++) {
        const prog_step_t *step = &intent->flow->steps[i];
        out_message_t m;
        out_id_t id;

        if (step->kind != STEP_SEND) {
            continue;
        }
        id = outbox_id(site, intent->flow->id, intent->entry, step->id, &intent->who);
        if (outbox_load(s, &id, &m) != SENDA_OK) {
            continue;
        }
        if (in_flight(m.state)) {
            state_key_t due = due_key(m.due, &id);

            state_put(s, STATE_DUE, state_key_str(&due), senda_cstr(why));
        } else if (outbox_move(s, &m, OUT_SKIPPED, intent->at, 0, why) == SENDA_OK) {
            n++;
        }
    }
    return n;
}

typedef struct {
    senda_sec_t until;
    out_id_t *ids;
    senda_sec_t *dues;
    unsigned n, max;
} due_scan_t;

static senda_rc_t
each_due(void *ctx, senda_str_t key, senda_str_t value)
{
    due_scan_t *d = ctx;
    uint64_t due = 0;

    (void)value;
    if (key.n != 8 + OUTBOX_ID_LEN) {
        return SENDA_OK;
    }
    for (unsigned i = 0; i < 8; i++) {
        due = due << 8 | (uint8_t)key.p[i];
    }
    if (d->n == d->max || (senda_sec_t)due > d->until) {
        return SENDA_NONE;
    }
    memcpy(d->ids[d->n].b, key.p + 8, OUTBOX_ID_LEN);
    d->dues[d->n++] = (senda_sec_t)due;
    return SENDA_OK;
}

unsigned
outbox_due(state_t *s, senda_sec_t until, out_id_t *ids, senda_sec_t *dues, unsigned max)
{
    due_scan_t d = { until, ids, dues, 0, max };

    (void)state_each(s, STATE_DUE, (senda_str_t){ "", 0 }, each_due, &d, NULL);
    return d.n;
}

static senda_rc_t
each_unsettled(void *ctx, senda_str_t key, senda_str_t value)
{
    out_id_t id;

    (void)value;
    if (key.n == 8 + OUTBOX_ID_LEN) {
        memcpy(id.b, key.p + 8, OUTBOX_ID_LEN);
        g_array_append_val((GArray *)ctx, id);
    }
    return SENDA_OK;
}

senda_rc_t
outbox_recover(state_t *s, senda_sec_t now, outbox_known_pt known, outbox_recovered_pt said,
    void *ctx, senda_err_t *err)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(out_id_t));
    senda_rc_t rc = state_each(s, STATE_DUE, (senda_str_t){ "", 0 }, each_unsettled, ids, err);

    for (guint i = 0; i < ids->len && rc == SENDA_OK; i++) {
        out_message_t m;

        if (outbox_load(s, &g_array_index(ids, out_id_t, i), &m) != SENDA_OK) {
            continue;
        }
        if (m.state == OUT_INTENT) {
            rc = outbox_move(s, &m, OUT_PLANNED, now, m.due, NULL);
        } else if (m.state == OUT_HANDED && (known == NULL || !known(ctx, &m))) {
            rc = outbox_move(s, &m, OUT_UNKNOWN, now, 0,
                "stopped while it was handed over, no note says how far it had come");
        } else {
            continue;
        }
        said(ctx, &m);
    }
    g_array_free(ids, TRUE);
    return rc;
}
