/*
 * What the steps of runs did to their persons: tags, points, fields, messages.
 * Each is said as a record that the run side keeps, and that engine_redo takes
 * back, so that a history lived again has it at its moment: the second, the
 * event of that second, and which of that event's deeds it was. A record names
 * things by what stays in a changed file; what is gone from it is not redone.
 */

#include "engine_state.h"
#include "senda_pack.h"

#include <stdlib.h>

#define DEED_VERSION 1
#define DEED_PARTS   12
#define DEEDS_MAX    (1u << 28)

struct deed_s {
    engine_who_t who;
    stamp_t stamp;
    uint32_t number; /* among those of its stamp */
    uint32_t what; /* of the tag, the field; the channel; of points whether browsing brought them */
    int64_t value; /* points; the field's value; whether it counts towards limits */
    const char *template;
    senda_str_t fields; /* of its run, malloc'ed, if an absence may note them */
    deed_kind_t kind;
};

/* ---- done and said ---- */

static void
pack(engine_t *e, senda_packer_t *p, const run_t *run, deed_kind_t kind, const prog_step_t *step,
    prog_channel_t channel)
{
    const program_t *g = e->program;
    const char *name = kind == DEED_SET ? g->fields[step->what].name
        : kind == DEED_MESSAGE          ? step->template
                                        : "";
    uint32_t number = (uint32_t)channel;
    bool noted = e->plan->steps_noted && run->fields_len > 0;
    engine_who_t who;

    if (kind == DEED_TAG || kind == DEED_UNTAG)
        number = g->tags[step->what].id;
    else if (kind == DEED_SCORE)
        number = e->plan->flows[run->flow].browsed;
    engine_who(e, engine_person(e, run->person), &who);
    senda_pack_array(p, DEED_PARTS);
    senda_pack_uint(p, DEED_VERSION);
    senda_pack_uint(p, kind);
    senda_pack_uint(p, who.contact);
    senda_pack_bin(p, who.visitor.b, sizeof(who.visitor.b));
    senda_pack_int(p, e->now);
    senda_pack_uint(p, e->seq);
    senda_pack_uint(p, e->deeds.number++);
    senda_pack_uint(p, number);
    senda_pack_int(p, kind == DEED_SCORE ? step->value : !g->flows[run->flow].transactional);
    senda_pack_str(p, senda_cstr(name));
    senda_pack_str(p, senda_cstr(kind == DEED_SET && step->text != NULL ? step->text : ""));
    senda_pack_bin(p, noted ? run->fields : "", noted ? run->fields_len : 0);
}

static void
act(engine_t *e, const run_t *run, deed_kind_t kind, const prog_step_t *step,
    prog_channel_t channel)
{
    const senda_span_t for_ever = { 0 };
    intent_t set = { .kind = INTENT_SET, .step = step };

    switch (kind) {
    case DEED_TAG:
        engine_tag_give(e, run->person, step->what, for_ever, ENGINE_ACT);
        break;
    case DEED_UNTAG:
        engine_tag_take(e, run->person, step->what, ENGINE_ACT);
        break;
    case DEED_SCORE:
        engine_score_add(e, run->person, step->value, e->plan->flows[run->flow].browsed,
            ENGINE_ACT);
        break;
    case DEED_SET:
        engine_field_set(e, run->person, step->what, step->value);
        engine_say(e, &set, run);
        break;
    case DEED_MESSAGE:
        engine_message_got(e, run->person, step->template, channel,
            !e->program->flows[run->flow].transactional);
        break;
    }
}

void
engine_deed(engine_t *e, const run_t *run, deed_kind_t kind, const prog_step_t *step,
    prog_channel_t channel)
{
    char record[ENGINE_RUN_MAX];
    intent_t intent = { .kind = INTENT_DEED, .step = step };
    senda_packer_t p;

    engine_run_brings(e, run);
    if (e->deeds.stamp != engine_stamp(e)) {
        e->deeds.stamp = engine_stamp(e);
        e->deeds.number = 0;
    }
    act(e, run, kind, step, channel);
    senda_pack_init(&p, record, sizeof(record));
    pack(e, &p, run, kind, step, channel);
    intent.run = (senda_str_t){ record, senda_pack_len(&p) };
    if (intent.run.n > 0)
        engine_say(e, &intent, run);
    else
        e->stats.refused++;
}

/* ---- taken back ---- */

typedef struct {
    deed_t deed;
    uint64_t kind, id;
    senda_str_t name, text, fields;
} record_t;

static bool
load(record_t *r, senda_str_t record)
{
    senda_unpacker_t u;
    senda_str_t visitor;
    int64_t at;
    uint64_t seq, number;

    senda_unpack_init(&u, record.p, record.n);
    if (senda_unpack_array(&u) != DEED_PARTS || senda_unpack_uint(&u) != DEED_VERSION)
        return false;
    r->kind = senda_unpack_uint(&u);
    r->deed.who.contact = senda_unpack_uint(&u);
    visitor = senda_unpack_bin(&u);
    at = senda_unpack_int(&u);
    seq = senda_unpack_uint(&u);
    number = senda_unpack_uint(&u);
    r->id = senda_unpack_uint(&u);
    r->deed.value = senda_unpack_int(&u);
    r->name = senda_unpack_str(&u);
    r->text = senda_unpack_str(&u);
    r->fields = senda_unpack_bin(&u);
    if (u.bad || !senda_unpack_at_end(&u) || visitor.n != SENDA_VISITOR_LEN ||
        r->fields.n > ENGINE_FIELDS_BYTES || r->kind > DEED_MESSAGE || number > UINT32_MAX ||
        at < 0 || at >> (63 - STAMP_SEQ_BITS) != 0 || seq > STAMP_SEQ_MAX)
        return false;
    memcpy(r->deed.who.visitor.b, visitor.p, visitor.n);
    r->deed.stamp = stamp_make(at, (uint32_t)seq);
    r->deed.number = (uint32_t)number;
    r->deed.kind = (deed_kind_t)r->kind;
    return r->deed.who.contact != 0 || !senda_visitor_is_none(&r->deed.who.visitor);
}

bool
engine_deed_is_lasting(senda_str_t deed)
{
    record_t r = { 0 };

    return load(&r, deed) && r.deed.kind != DEED_MESSAGE;
}

/* The template's name, kept once for all; NULL: no memory. */
static const char *
template_name(deeds_t *d, senda_str_t name)
{
    size_t low = 0, high = d->ntemplates;
    char **more, *copy;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const char *at = d->templates[mid];
        int cmp = strncmp(at, name.p, name.n);

        if (cmp == 0 && at[name.n] == '\0')
            return at;
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    copy = strndup(name.p, name.n);
    more = realloc(d->templates, (d->ntemplates + 1) * sizeof(*more));
    if (more != NULL)
        d->templates = more;
    if (copy == NULL || more == NULL) {
        free(copy);
        return NULL;
    }
    memmove(more + low + 1, more + low, (d->ntemplates++ - low) * sizeof(*more));
    return more[low] = copy;
}

/* What the record names, in the program as it is now. */
static senda_rc_t
find(engine_t *e, record_t *r)
{
    const program_t *g = e->program;

    switch (r->deed.kind) {
    case DEED_TAG:
    case DEED_UNTAG:
        for (uint32_t i = 0; i < g->ntags; i++) {
            r->deed.what = i;
            if (g->tags[i].id == r->id)
                return SENDA_OK;
        }
        return SENDA_NONE;
    case DEED_SCORE:
        r->deed.what = r->id != 0;
        return SENDA_OK;
    case DEED_SET:
        for (uint32_t i = 0; i < g->nfields; i++) {
            r->deed.what = i;
            if (senda_str_eq(senda_cstr(g->fields[i].name), r->name))
                return value_read(g->fields[i].type, r->text, &r->deed.value) ? SENDA_OK
                                                                              : SENDA_NONE;
        }
        return SENDA_NONE;
    case DEED_MESSAGE:
        r->deed.what = (uint32_t)r->id;
        r->deed.template = r->id < CHANNELS ? template_name(&e->deeds, r->name) : NULL;
        return r->id >= CHANNELS ? SENDA_BAD : r->deed.template == NULL ? SENDA_SYS : SENDA_OK;
    }
    return SENDA_BAD;
}

static char *
memdup(senda_str_t bytes)
{
    char *copy = malloc(bytes.n);

    if (copy != NULL)
        memcpy(copy, bytes.p, bytes.n);
    return copy;
}

senda_rc_t
engine_redo(engine_t *e, senda_str_t deed)
{
    deeds_t *d = &e->deeds;
    record_t r = { 0 };
    senda_rc_t rc;

    if (!load(&r, deed))
        return SENDA_BAD;
    rc = find(e, &r);
    if (rc != SENDA_OK)
        return rc;
    if (d->n == d->size) {
        size_t size = d->size == 0 ? 64 : 2 * d->size;
        deed_t *list = size > DEEDS_MAX ? NULL : realloc(d->list, size * sizeof(*list));

        if (list == NULL)
            return SENDA_SYS;
        d->list = list;
        d->size = size;
    }
    if (r.fields.n > 0) {
        r.deed.fields.n = r.fields.n;
        r.deed.fields.p = memdup(r.fields);
        if (r.deed.fields.p == NULL)
            return SENDA_SYS;
    }
    d->list[d->n++] = r.deed;
    d->sorted = false;
    return SENDA_OK;
}

static void
move_to(engine_t *e, stamp_t stamp)
{
    if (stamp <= engine_stamp(e))
        return;
    e->now = stamp_sec(stamp);
    e->seq = (uint32_t)(stamp & STAMP_SEQ_MAX);
}

static void
redo(engine_t *e, const deed_t *d)
{
    const senda_span_t for_ever = { 0 };
    uint32_t person;

    move_to(e, d->stamp);
    engine_new_tick(e);
    person = engine_person_of(e, &d->who);
    if (person == 0) {
        e->stats.refused++;
        return;
    }
    e->settle.from = engine_brought(e, d->fields);
    switch (d->kind) {
    case DEED_TAG:
        engine_tag_give(e, person, d->what, for_ever, ENGINE_HISTORY);
        break;
    case DEED_UNTAG:
        engine_tag_take(e, person, d->what, ENGINE_HISTORY);
        break;
    case DEED_SCORE:
        engine_score_add(e, person, d->value, d->what != 0, ENGINE_HISTORY);
        break;
    case DEED_SET:
        engine_field_set(e, person, d->what, d->value);
        break;
    case DEED_MESSAGE:
        engine_message_got(e, person, d->template, (prog_channel_t)d->what, d->value != 0);
        break;
    }
    engine_settle(e, person, NULL, ENGINE_HISTORY);
}

static int
by_moment(const void *a, const void *b)
{
    const deed_t *x = a, *y = b;

    if (x->stamp != y->stamp)
        return x->stamp < y->stamp ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void
sort(deeds_t *d)
{
    if (!d->sorted && d->done < d->n)
        qsort(d->list + d->done, d->n - d->done, sizeof(*d->list), by_moment);
    d->sorted = true;
}

senda_sec_t
engine_deeds_begin(engine_t *e, senda_sec_t now)
{
    deeds_t *d = &e->deeds;

    sort(d);
    return d->done < d->n && stamp_sec(d->list[d->done].stamp) < now
        ? stamp_sec(d->list[d->done].stamp)
        : now;
}

bool
engine_deed_before(engine_t *e, stamp_t stamp)
{
    deeds_t *d = &e->deeds;

    if (d->done == d->n)
        return false;
    sort(d);
    if (d->list[d->done].stamp >= stamp)
        return false;
    redo(e, &d->list[d->done]);
    free((char *)d->list[d->done].fields.p);
    d->list[d->done++].fields = (senda_str_t){ NULL, 0 };
    return true;
}

void
engine_deeds_free(deeds_t *d)
{
    for (size_t i = 0; i < d->ntemplates; i++)
        free(d->templates[i]);
    for (size_t i = d->done; i < d->n; i++)
        free((char *)d->list[i].fields.p);
    free(d->templates);
    free(d->list);
}
