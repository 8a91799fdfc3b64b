/*
 * Records of plans and deeds. Makes nothing come true and sends nothing. A
 * record that cannot be read is never overwritten; it goes when its time is
 * over, as all others do.
 */

#include "plans.h"

#include <glib.h>

#include "senda_pack.h"

#define PLAN_VERSION 1
#define PLAN_PARTS   16

static senda_str_t
id_str(const out_id_t *id)
{
    return (senda_str_t){ (const char *)id->b, OUTBOX_ID_LEN };
}

static size_t
pack(const intent_t *i, uint32_t site, const char *text, char *buf, size_t size)
{
    senda_packer_t p;
    unsigned nfields = i->nfields < OUTBOX_FIELDS ? i->nfields : OUTBOX_FIELDS;

    senda_pack_init(&p, buf, size);
    senda_pack_array(&p, PLAN_PARTS);
    senda_pack_uint(&p, PLAN_VERSION);
    senda_pack_uint(&p, PLAN_WAITS);
    senda_pack_uint(&p, i->kind);
    senda_pack_uint(&p, i->step->kind);
    senda_pack_uint(&p, site);
    senda_pack_uint(&p, i->flow->id);
    senda_pack_uint(&p, i->step->id);
    senda_pack_uint(&p, i->entry);
    senda_pack_uint(&p, i->who.contact);
    senda_pack_bin(&p, i->who.visitor.b, SENDA_VISITOR_LEN);
    senda_pack_int(&p, i->at);
    senda_pack_int(&p, i->until);
    senda_pack_int(&p, i->step->value);
    senda_pack_str(&p, senda_cstr(text));
    senda_pack_map(&p, nfields);
    for (unsigned k = 0; k < nfields; k++) {
        senda_pack_str(&p, i->fields[k].name);
        senda_pack_str(&p, i->fields[k].value);
    }
    senda_pack_nil(&p); /* what its maker will have to say */
    return senda_pack_len(&p);
}

senda_rc_t
plans_add(state_t *s, uint32_t site, const intent_t *i)
{
    out_id_t id = outbox_id(site, i->flow->id, i->entry, i->step->id, &i->who);
    char buf[STATE_VALUE_MAX];
    senda_str_t record;
    state_key_t order = { .n = 0 };

    if (state_get(s, STATE_PLANS, id_str(&id), &record) != SENDA_NONE) {
        return SENDA_NONE;
    }
    record.p = buf;
    record.n = pack(i, site, i->step->text != NULL ? i->step->text : "", buf, sizeof(buf));
    if (record.n == 0) {
        return SENDA_FULL;
    }
    state_key_u64(&order, (uint64_t)i->at);
    state_key_bytes(&order, id.b, sizeof(id.b));
    state_put(s, STATE_PLANS, id_str(&id), record);
    state_put(s, STATE_PLANNED, state_key_str(&order), SENDA_STR("\1"));
    return SENDA_OK;
}

senda_rc_t
plans_read(const out_id_t *id, senda_str_t record, planned_t *p)
{
    senda_unpacker_t u;
    senda_str_t visitor;
    uint64_t state, kind, step_kind;
    uint32_t parts, n;

    if (record.n > sizeof(p->buf)) {
        return SENDA_BAD;
    }
    memcpy(p->buf, record.p, record.n);
    p->id = *id;
    senda_unpack_init(&u, p->buf, record.n);
    parts = senda_unpack_array(&u);
    if (senda_unpack_uint(&u) != PLAN_VERSION || parts < PLAN_PARTS) {
        return SENDA_BAD;
    }
    state = senda_unpack_uint(&u);
    kind = senda_unpack_uint(&u);
    step_kind = senda_unpack_uint(&u);
    p->site = (uint32_t)senda_unpack_uint(&u);
    p->flow = (uint32_t)senda_unpack_uint(&u);
    p->step = (uint32_t)senda_unpack_uint(&u);
    p->entry = senda_unpack_uint(&u);
    p->contact = senda_unpack_uint(&u);
    visitor = senda_unpack_bin(&u);
    p->at = senda_unpack_int(&u);
    p->until = senda_unpack_int(&u);
    p->value = senda_unpack_int(&u);
    p->text = senda_unpack_str(&u);
    n = senda_unpack_map(&u);
    p->nfields = 0;
    for (uint32_t i = 0; i < n && i < OUTBOX_FIELDS && !u.bad; i++) {
        p->fields[i].name = senda_unpack_str(&u);
        p->fields[i].value = senda_unpack_str(&u);
        p->nfields = i + 1;
    }
    if (u.bad || state < PLAN_WAITS || state >= PLAN_STATES || step_kind >= STEP_KINDS ||
        visitor.n != SENDA_VISITOR_LEN ||
        (kind != INTENT_BENEFIT && kind != INTENT_NOTIFY && kind != INTENT_CALL)) {
        return SENDA_BAD;
    }
    memcpy(p->visitor.b, visitor.p, SENDA_VISITOR_LEN);
    p->state = (plan_state_t)state;
    p->kind = (intent_kind_t)kind;
    p->step_kind = (prog_step_kind_t)step_kind;
    return SENDA_OK;
}

/* ---- deeds ---- */

void
plans_add_deed(state_t *s, uint32_t site, senda_sec_t at, senda_str_t record)
{
    uint64_t number = state_number(s, "deeds", 0) + 1;
    state_key_t key = { .n = 0 };

    state_set_number(s, "deeds", number);
    state_key_u32(&key, site);
    state_key_u64(&key, (uint64_t)at);
    state_key_u64(&key, number);
    state_put(s, STATE_DEEDS, state_key_str(&key), record);
}

static uint64_t
number_at(senda_str_t key, size_t from, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes && from + i < key.n; i++) {
        v = v << 8 | (uint8_t)key.p[from + i];
    }
    return v;
}

typedef struct {
    uint32_t site;
    state_each_pt each;
    void *ctx;
} deeds_scan_t;

static senda_rc_t
each_deed(void *ctx, senda_str_t key, senda_str_t value)
{
    const deeds_scan_t *scan = ctx;

    return number_at(key, 0, 4) == scan->site ? scan->each(scan->ctx, key, value) : SENDA_NONE;
}

senda_rc_t
plans_each_deed(state_t *s, uint32_t site, state_each_pt each, void *ctx, senda_err_t *err)
{
    deeds_scan_t scan = { site, each, ctx };
    state_key_t from = { .n = 0 };
    senda_rc_t rc;

    state_key_u32(&from, site);
    rc = state_each(s, STATE_DEEDS, state_key_str(&from), each_deed, &scan, err);
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

/* ---- forgetting ---- */

typedef struct {
    uint32_t site;
    senda_sec_t before;
    GPtrArray *keys;
} old_t;

static senda_rc_t
each_old(old_t *old, senda_str_t key, size_t second)
{
    if ((senda_sec_t)number_at(key, second, 8) >= old->before ||
        old->keys->len == PLANS_FORGOTTEN) {
        return SENDA_NONE;
    }
    g_ptr_array_add(old->keys, g_bytes_new(key.p, key.n));
    return SENDA_OK;
}

static senda_rc_t
each_old_deed(void *ctx, senda_str_t key, senda_str_t value)
{
    old_t *old = ctx;

    if (number_at(key, 0, 4) != old->site) {
        return SENDA_NONE;
    }
    return engine_deed_is_lasting(value) ? SENDA_OK : each_old(old, key, 4);
}

static senda_rc_t
each_old_plan(void *ctx, senda_str_t key, senda_str_t value)
{
    (void)value;
    return each_old(ctx, key, 0);
}

static void
delete_old(state_t *s, const old_t *old, state_table_t table)
{
    for (guint i = 0; i < old->keys->len; i++) {
        gsize n;
        const char *key = g_bytes_get_data(g_ptr_array_index(old->keys, i), &n);

        state_del(s, table, (senda_str_t){ key, n });
        if (table == STATE_PLANNED && n > 8) {
            state_del(s, STATE_PLANS, (senda_str_t){ key + 8, n - 8 });
        }
    }
}

/* One round; what it deletes is committed before the next looks. */
static senda_rc_t
forget(state_t *s, old_t *old, state_table_t table, senda_err_t *err)
{
    state_key_t from = { .n = 0 };
    senda_rc_t rc;

    g_ptr_array_set_size(old->keys, 0);
    if (table == STATE_DEEDS) {
        state_key_u32(&from, old->site);
    }
    rc = state_each(s, table, state_key_str(&from),
        table == STATE_DEEDS ? each_old_deed : each_old_plan, old, err);
    if (rc != SENDA_OK && rc != SENDA_NONE) {
        return rc;
    }
    delete_old(s, old, table);
    return state_commit(s, err);
}

senda_rc_t
plans_forget(state_t *s, uint32_t site, senda_sec_t now, senda_err_t *err)
{
    static const state_table_t tables[] = { STATE_DEEDS, STATE_PLANNED };
    old_t old = { site, now - PLANS_KEPT * (senda_sec_t)86400,
        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref) };
    senda_rc_t rc = SENDA_OK;

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        do {
            rc = forget(s, &old, tables[i], err);
        } while (rc == SENDA_OK && old.keys->len == PLANS_FORGOTTEN);
        if (rc != SENDA_OK) {
            break;
        }
    }
    g_ptr_array_free(old.keys, TRUE);
    return rc;
}
