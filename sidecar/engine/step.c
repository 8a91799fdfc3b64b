/*
 * The steps of a run, one after another, until one waits or the run ends.
 * Targets only lead forward, so this always ends. After a step that did
 * something to its person the run's own `stop if` is asked; what else follows
 * from it waits until the run has gone on.
 */

#include "flow.h"
#include "moment.h"

void
step_tell(engine_t *e, const run_t *r, const prog_step_t *step, intent_t intent)
{
    if (!e->tell)
        return;
    intent.step = step;
    engine_say(e, &intent, r);
}

void
step_wait(engine_t *e, uint32_t run, run_state_t state, senda_sec_t due, const prog_step_t *step)
{
    run_t *r = engine_run(e, run);

    r->state = (uint8_t)state;
    r->step = (uint32_t)(step - flow_of(e, r)->steps) + (state == RUN_WAITS);
    r->waits = engine_stamp(e);
    engine_run_arm(e, run, due);
    flow_look(e, run);
    step_tell(e, r, step, (intent_t){ .kind = INTENT_WAITS, .until = due });
    engine_say_run(e, INTENT_SAVE, r);
}

/* "Until 10:00 from monday to friday": now, or the next such moment. True: it is now. */
static bool
wait_until(engine_t *e, uint32_t run, const prog_step_t *step)
{
    senda_sec_t due = moment_next(e->zone, e->now, step->second, step->weekdays);

    if (due == e->now)
        return true;
    step_wait(e, run, RUN_WAITS, due, step);
    return false;
}

/* The step to go to, or the end. */
static uint32_t
target_of(const prog_flow_t *f, uint32_t from, uint32_t target)
{
    return target > from ? target : f->nsteps;
}

static uint32_t
branch_if(engine_t *e, const run_t *r, const prog_step_t *step)
{
    scope_t scope = { .began = r->began,
        .fields = r->fields,
        .fields_len = r->fields_len,
        .in_flow = true };
    bool holds = engine_cond_holds(e, engine_person(e, r->person), step->cond, &scope);

    step_tell(e, r, step, (intent_t){ .kind = INTENT_BRANCH, .on = holds });
    return holds ? r->step + 1 : target_of(flow_of(e, r), r->step, step->target);
}

static uint32_t
branch_split(engine_t *e, const run_t *r, const prog_step_t *step)
{
    const prog_flow_t *f = flow_of(e, r);
    uint32_t target = step->target, share, sum = 0, i;
    engine_who_t who;

    engine_who(e, engine_person(e, r->person), &who);
    share = engine_person_share(&who, f->id, step->id);
    for (i = 0; i < step->nbranches; i++) {
        sum += step->branches[i].share;
        if (share < sum) {
            target = step->branches[i].target;
            break;
        }
    }
    step_tell(e, r, step, (intent_t){ .kind = INTENT_BRANCH, .branch = i });
    return target_of(f, r->step, target);
}

static bool
is_among(senda_str_t items, senda_str_t item)
{
    senda_str_t one;

    while (engine_next_of(&items, &one)) {
        if (senda_str_eq(one, item))
            return true;
    }
    return false;
}

/* The run's item alone, unless it is of a basket or an order: then all of that. */
static senda_str_t
items_of(const run_t *r)
{
    senda_str_t item = engine_field_in(r->fields, r->fields_len, "item"),
                items = engine_field_in(r->fields, r->fields_len, "items");

    return item.n == 0 || is_among(items, item) ? items : item;
}

/* There are items, and each is known to be sold out. */
static bool
all_sold_out(const engine_t *e, senda_str_t items)
{
    bool any = false;
    senda_str_t one;

    while (engine_next_of(&items, &one)) {
        if (!engine_sold_out(e, one))
            return false;
        any = true;
    }
    return any;
}

/* Steps that do something to the run's person; true: on. */
static bool
does(engine_t *e, uint32_t run, const prog_step_t *step)
{
    static const deed_kind_t kinds[STEP_KINDS] = { [STEP_TAG] = DEED_TAG,
        [STEP_UNTAG] = DEED_UNTAG,
        [STEP_SCORE] = DEED_SCORE,
        [STEP_SET] = DEED_SET };

    engine_deed(e, engine_run(e, run), kinds[step->kind], step, 0);
    return !flow_stops_itself(e, run);
}

/* Ends runs of another flow; its own run ends as the others do. */
static bool
leaves(engine_t *e, uint32_t run, const prog_step_t *step)
{
    const run_t *r = engine_run(e, run);
    bool itself = r->flow == step->what;

    flow_leave(e, r->person, step->what);
    return !itself;
}

static bool
ends(engine_t *e, uint32_t run, intent_reason_t reason)
{
    flow_end(e, run, INTENT_FINISHED, reason);
    return false;
}

/* Steps that wait, and those that go elsewhere; true: on, at *next. */
static bool
goes(engine_t *e, uint32_t run, const prog_step_t *step, uint32_t *next)
{
    const run_t *r = engine_run(e, run);

    switch (step->kind) {
    case STEP_WAIT:
    case STEP_WAIT_EVENT:
        step_wait(e, run, RUN_WAITS, engine_later(e, e->now, step->span), step);
        return false;
    case STEP_WAIT_TIME:
        return wait_until(e, run, step);
    case STEP_IF:
        *next = branch_if(e, r, step);
        return true;
    case STEP_SPLIT:
        *next = branch_split(e, r, step);
        return true;
    case STEP_JUMP:
        *next = target_of(flow_of(e, r), r->step, step->target);
        return true;
    default:
        return ends(e, run, REASON_NONE);
    }
}

/* One step; true: on, at *next. */
static bool
one(engine_t *e, uint32_t run, const prog_step_t *step, uint32_t *next)
{
    run_t *r = engine_run(e, run);

    switch (step->kind) {
    case STEP_SEND:
        return step_send(e, run, step);
    case STEP_COUPON:
    case STEP_CREDIT:
    case STEP_GIFT:
        step_benefit(e, run, step);
        return true;
    case STEP_RECOMMEND:
        r->recipe = r->step + 1;
        return true;
    case STEP_STOCK:
        return !all_sold_out(e, items_of(r)) || ends(e, run, REASON_STOCK);
    case STEP_TAG:
    case STEP_UNTAG:
    case STEP_SCORE:
    case STEP_SET:
        return does(e, run, step);
    case STEP_CALL:
        step_notice(e, r, step, INTENT_CALL);
        return true;
    case STEP_NOTIFY:
        step_notice(e, r, step, INTENT_NOTIFY);
        return true;
    case STEP_ENTER:
        flow_enter(e, r, step->what);
        return true;
    case STEP_LEAVE:
        return leaves(e, run, step);
    default:
        return goes(e, run, step, next);
    }
}

void
step_go_on(engine_t *e, uint32_t run)
{
    run_t *r = engine_run(e, run);
    const prog_flow_t *f = flow_of(e, r);

    uint32_t before = e->settle.from;
    bool on = true;

    r->state = RUN_WAITS;
    e->settle.from = BROUGHT_BY_RUN;
    while (on && r->step < f->nsteps) {
        uint32_t next = r->step + 1;

        on = one(e, run, &f->steps[r->step], &next);
        if (on)
            r->step = next;
    }
    if (e->settle.from == BROUGHT_BY_RUN)
        e->settle.from = before;
    if (on)
        flow_end(e, run, INTENT_FINISHED, REASON_NONE);
}
