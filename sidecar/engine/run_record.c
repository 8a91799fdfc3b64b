/*
 * A run as it is stored: msgpack, version first, then flow (published id), who,
 * entry, state, whether its goal is counted, the id of the step it waits in,
 * due, the two moments it looks behind, fields. Steps are named by id, so that
 * a run finds its place again in a changed file. Reads nothing of another
 * version.
 */

#include "engine_state.h"
#include "senda_pack.h"

#include <stdlib.h>

#define RECORD_VERSION 1
#define RECORD_PARTS   13

static void
pack_stamp(senda_packer_t *p, stamp_t s)
{
    senda_pack_array(p, 2);
    senda_pack_int(p, stamp_sec(s));
    senda_pack_uint(p, s & STAMP_SEQ_MAX);
}

size_t
engine_run_dump(engine_t *e, const run_t *run, void *buf, size_t size)
{
    const prog_flow_t *f = &e->program->flows[run->flow];
    senda_packer_t p;
    engine_who_t who;

    engine_who(e, engine_person(e, run->person), &who);
    senda_pack_init(&p, buf, size);
    senda_pack_array(&p, RECORD_PARTS);
    senda_pack_uint(&p, RECORD_VERSION);
    senda_pack_uint(&p, f->id);
    senda_pack_uint(&p, who.contact);
    senda_pack_bin(&p, who.visitor.b, sizeof(who.visitor.b));
    senda_pack_uint(&p, run->entry);
    senda_pack_bool(&p, run->state == RUN_OVER);
    senda_pack_bool(&p, run->goal);
    senda_pack_uint(&p, run->state == RUN_OVER || run->step == 0 ? 0 : f->steps[run->step - 1].id);
    senda_pack_int(&p, run->state == RUN_OVER ? 0 : run->due);
    pack_stamp(&p, run->after);
    pack_stamp(&p, run->began);
    senda_pack_bin(&p, run->fields == NULL ? "" : run->fields, run->fields_len);
    senda_pack_nil(&p);
    return senda_pack_len(&p);
}

typedef struct {
    uint64_t flow, entry, step;
    engine_who_t who;
    bool over, goal;
    senda_sec_t due;
    stamp_t after, began;
    senda_str_t fields;
} record_t;

static stamp_t
unpack_stamp(senda_unpacker_t *u, bool *bad)
{
    bool two = senda_unpack_array(u) == 2;
    int64_t at = senda_unpack_int(u);
    uint64_t seq = senda_unpack_uint(u);

    *bad = *bad || !two || at < 0 || at >> (63 - STAMP_SEQ_BITS) != 0 || seq > STAMP_SEQ_MAX;
    return *bad ? 0 : stamp_make(at, (uint32_t)seq);
}

static bool
load(record_t *r, senda_str_t run)
{
    senda_unpacker_t u;
    senda_str_t visitor;
    bool bad = false;

    senda_unpack_init(&u, run.p, run.n);
    if (senda_unpack_array(&u) != RECORD_PARTS || senda_unpack_uint(&u) != RECORD_VERSION)
        return false;
    r->flow = senda_unpack_uint(&u);
    r->who.contact = senda_unpack_uint(&u);
    visitor = senda_unpack_bin(&u);
    r->entry = senda_unpack_uint(&u);
    r->over = senda_unpack_bool(&u);
    r->goal = senda_unpack_bool(&u);
    r->step = senda_unpack_uint(&u);
    r->due = senda_unpack_int(&u);
    r->after = unpack_stamp(&u, &bad);
    r->began = unpack_stamp(&u, &bad);
    r->fields = senda_unpack_bin(&u);
    senda_unpack_skip(&u);
    if (u.bad || bad || !senda_unpack_at_end(&u) || visitor.n != SENDA_VISITOR_LEN ||
        r->fields.n > ENGINE_FIELDS_BYTES || r->due < 0)
        return false;
    memcpy(r->who.visitor.b, visitor.p, visitor.n);
    return r->who.contact != 0 || !senda_visitor_is_none(&r->who.visitor);
}

static bool
find_flow(const program_t *g, uint64_t id, uint32_t *flow)
{
    for (uint32_t i = 0; i < g->nflows; i++) {
        if (g->flows[i].id == id) {
            *flow = i;
            return true;
        }
    }
    return false;
}

/* The step after the one that the run waits in. */
static bool
find_step(const prog_flow_t *f, uint64_t id, uint32_t *step)
{
    for (uint32_t i = 0; i < f->nsteps; i++) {
        if (f->steps[i].id == id && f->steps[i].kind == STEP_WAIT) {
            *step = i + 1;
            return true;
        }
    }
    return false;
}

senda_rc_t
engine_restore(engine_t *e, senda_str_t run)
{
    record_t rec = { 0 };
    uint32_t flow, step = 0, id, person;
    bool goes_on;
    run_t *r;

    if (!load(&rec, run))
        return SENDA_BAD;
    if (!find_flow(e->program, rec.flow, &flow))
        return SENDA_NONE;
    goes_on = !rec.over && find_step(&e->program->flows[flow], rec.step, &step);
    person = engine_person_of(e, &rec.who, engine_stamp(e));
    id = person == 0 ? 0 : engine_run_new(e, person, goes_on ? RUN_WAITS : RUN_OVER);
    if (id == 0)
        return SENDA_SYS;
    r = engine_run(e, id);
    r->flow = flow;
    r->step = step;
    r->entry = rec.entry;
    r->after = rec.after;
    r->began = rec.began;
    r->goal = rec.goal;
    if (goes_on && rec.fields.n > 0 && (r->fields = malloc(rec.fields.n)) != NULL) {
        memcpy(r->fields, rec.fields.p, rec.fields.n);
        r->fields_len = (uint16_t)rec.fields.n;
    }
    e->stats.runs += goes_on;
    if (!goes_on) {
        senda_sec_t until = engine_flow_forget_at(e, r);

        /* what was kept for a recall is kept on */
        rec.due = rec.over && rec.due != TIMER_NEVER && rec.due > until ? rec.due : until;
    }
    engine_run_arm(e, id, rec.due);
    return goes_on || rec.over ? SENDA_OK : SENDA_NONE;
}
