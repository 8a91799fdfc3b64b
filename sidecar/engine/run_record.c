/*
 * A run as it is stored: msgpack, version first, then flow (published id), who,
 * entry, state, what is settled of it, the id of the step it waits in (or is
 * held at), due, the three moments it looks behind, the ids of its recipe and
 * of the benefits that wait, fields. Steps are named by id, so that a run finds
 * its place again in a changed file; a recipe or benefit that is gone from it is
 * dropped. Reads nothing of another version.
 */

#include "flow.h"
#include "senda_pack.h"

#include <stdlib.h>

#define RECORD_VERSION 2
#define RECORD_PARTS   17

static void
pack_stamp(senda_packer_t *p, stamp_t s)
{
    senda_pack_array(p, 2);
    senda_pack_int(p, stamp_sec(s));
    senda_pack_uint(p, s & STAMP_SEQ_MAX);
}

/* 0: of no step. */
static uint32_t
step_id(const prog_flow_t *f, const run_t *run)
{
    if (run->state == RUN_HELD)
        return f->steps[run->step].id;
    return run->state != RUN_WAITS || run->step == 0 ? 0 : f->steps[run->step - 1].id;
}

size_t
engine_run_dump(engine_t *e, const run_t *run, void *buf, size_t size)
{
    const prog_flow_t *f = flow_of(e, run);
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
    senda_pack_uint(&p, run->state);
    senda_pack_bool(&p, run->goal);
    senda_pack_bool(&p, run->recalled);
    senda_pack_uint(&p, step_id(f, run));
    senda_pack_int(&p, run->due);
    pack_stamp(&p, run->after);
    pack_stamp(&p, run->began);
    pack_stamp(&p, run->waits);
    senda_pack_uint(&p, run->recipe == 0 ? 0 : f->steps[run->recipe - 1].id);
    senda_pack_array(&p, run->ngiven);
    for (unsigned i = 0; i < run->ngiven; i++)
        senda_pack_uint(&p, f->steps[run->given[i]].id);
    senda_pack_bin(&p, run->fields == NULL ? "" : run->fields, run->fields_len);
    senda_pack_nil(&p);
    return senda_pack_len(&p);
}

typedef struct {
    uint64_t flow, entry, state, step, recipe;
    engine_who_t who;
    bool goal, recalled;
    senda_sec_t due;
    stamp_t after, began, waits;
    uint32_t ngiven;
    uint64_t given[ENGINE_BENEFITS_MAX];
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

/* What a step left behind: the recipe, the benefits. */
static void
load_steps(record_t *r, senda_unpacker_t *u, bool *bad)
{
    r->recipe = senda_unpack_uint(u);
    r->ngiven = senda_unpack_array(u);
    *bad = *bad || r->ngiven > ENGINE_BENEFITS_MAX;
    for (uint32_t i = 0; !*bad && i < r->ngiven; i++)
        r->given[i] = senda_unpack_uint(u);
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
    r->state = senda_unpack_uint(&u);
    r->goal = senda_unpack_bool(&u);
    r->recalled = senda_unpack_bool(&u);
    r->step = senda_unpack_uint(&u);
    r->due = senda_unpack_int(&u);
    r->after = unpack_stamp(&u, &bad);
    r->began = unpack_stamp(&u, &bad);
    r->waits = unpack_stamp(&u, &bad);
    load_steps(r, &u, &bad);
    r->fields = senda_unpack_bin(&u);
    senda_unpack_skip(&u);
    if (u.bad || bad || !senda_unpack_at_end(&u) || visitor.n != SENDA_VISITOR_LEN ||
        r->fields.n > ENGINE_FIELDS_BYTES || r->due < 0 ||
        (r->state != RUN_WAITS && r->state != RUN_HELD && r->state != RUN_OVER))
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

/* The step's number, if it is of one of these kinds (bits). */
static bool
find_step(const prog_flow_t *f, uint64_t id, uint64_t kinds, uint32_t *step)
{
    for (uint32_t i = 0; id != 0 && i < f->nsteps; i++) {
        if (f->steps[i].id == id && (kinds >> f->steps[i].kind & 1) != 0) {
            *step = i;
            return true;
        }
    }
    return false;
}

#define KIND(kind) (1ull << (kind))
#define WAITS      (KIND(STEP_WAIT) | KIND(STEP_WAIT_TIME) | KIND(STEP_WAIT_EVENT))
#define BENEFITS   (KIND(STEP_COUPON) | KIND(STEP_CREDIT) | KIND(STEP_GIFT))

/* Its place in the program as it is now; false: it is gone, or the run was over. */
static bool
place(const prog_flow_t *f, const record_t *rec, run_t *r)
{
    uint32_t step;

    if (rec->state == RUN_OVER ||
        !find_step(f, rec->step, rec->state == RUN_HELD ? KIND(STEP_SEND) : WAITS, &r->step))
        return false;
    r->state = (uint8_t)rec->state;
    r->step += rec->state == RUN_WAITS;
    if (find_step(f, rec->recipe, KIND(STEP_RECOMMEND), &step))
        r->recipe = step + 1;
    for (uint32_t i = 0; i < rec->ngiven; i++) {
        if (find_step(f, rec->given[i], BENEFITS, &step) && step <= UINT16_MAX)
            r->given[r->ngiven++] = (uint16_t)step;
    }
    return true;
}

/* Its timer; `stop if` is looked at when the present begins, if time can make it true. */
static void
arm(engine_t *e, uint32_t id, const record_t *rec)
{
    const run_t *r = engine_run(e, id);
    senda_sec_t due = rec->due;

    if (r->state == RUN_OVER) {
        senda_sec_t until = engine_flow_forget_at(e, r);

        /* what was kept for a recall is kept on */
        due = rec->state == RUN_OVER && due != TIMER_NEVER && due > until ? due : until;
    } else if (e->plan->flows[r->flow].stop_ages) {
        e->resumes = true;
    }
    engine_run_arm(e, id, due);
}

senda_rc_t
engine_restore(engine_t *e, senda_str_t run)
{
    record_t rec = { 0 };
    uint32_t flow, id, person;
    bool goes_on;
    run_t *r;

    if (!load(&rec, run))
        return SENDA_BAD;
    if (!find_flow(e->program, rec.flow, &flow))
        return SENDA_NONE;
    person = engine_person_of(e, &rec.who);
    id = person == 0 ? 0 : engine_run_new(e, person, RUN_OVER);
    if (id == 0)
        return SENDA_SYS;
    r = engine_run(e, id);
    r->flow = flow;
    r->entry = rec.entry;
    r->after = rec.after;
    r->began = rec.began;
    r->waits = rec.waits;
    r->goal = rec.goal;
    r->recalled = rec.recalled;
    goes_on = place(&e->program->flows[flow], &rec, r);
    if (rec.fields.n > 0 && (r->fields = malloc(rec.fields.n)) != NULL) {
        memcpy(r->fields, rec.fields.p, rec.fields.n);
        r->fields_len = (uint16_t)rec.fields.n;
    }
    e->stats.runs += goes_on;
    arm(e, id, &rec);
    return goes_on || rec.state == RUN_OVER ? SENDA_OK : SENDA_NONE;
}
