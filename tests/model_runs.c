/*
 * The model's runs of flows: what a run knows of what set it off, who may start
 * one, what ends it.
 */

#include "model_parts.h"

#include <stdlib.h>

#define PURCHASE senda_key_event(SENDA_EV_PURCHASE)

/* ---- {item}, {q}, {order}, {items} ---- */

static void
copy(char *to, senda_str_t text)
{
    snprintf(to, WORD, "%.*s", (int)text.n, text.p);
}

/* The latest of: bought, added, viewed. */
static void
latest_item(const model_t *m, unsigned person, char *item)
{
    static const uint32_t others[] = { SENDA_EV_ADD_TO_CART, SENDA_EV_VIEW_ITEM };

    for (unsigned i = m->nentries; i-- > 0;) {
        const entry_t *e = &m->entries[i];

        if (e->person != person)
            continue;
        if (model_has_key(e, PURCHASE) && e->nitems > 0) {
            copy(item, senda_cstr(e->items[e->nitems - 1]));
            return;
        }
        for (unsigned k = 0; k < 2; k++) {
            senda_str_t text = model_field(e->ev, "item");

            if (text.n > 0 && model_has_key(e, senda_key_event(others[k]))) {
                copy(item, text);
                return;
            }
        }
    }
}

static void
latest_field(const model_t *m, unsigned person, uint32_t event, const char *name, char *value)
{
    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        if (e->person == person && model_has_key(e, senda_key_event(event)) &&
            model_field(e->ev, name).n > 0)
            copy(value, model_field(e->ev, name));
    }
}

static void
list_items(const model_t *m, const person_t *p, const entry_t *order, filled_t *out)
{
    size_t len = 0;
    unsigned n = order != NULL ? order->nitems : p->nbasket;

    for (unsigned i = 0; i < n; i++) {
        const char *item = order != NULL ? order->items[i] : p->basket[i];

        len += (size_t)snprintf(out->items + len, sizeof(out->items) - len, "%s%s",
            i > 0 ? "," : "", item);
        if (len >= sizeof(out->items))
            abort();
        if (out->item[0] == '\0' && i == n - 1) {
            HIT(m, HIT_FILLED + (order != NULL ? 1 : 2));
            copy(out->item, senda_cstr(item));
        }
    }
}

/* The happening itself says what is in the basket or the order, with numbers behind each or not. */
static void
own_items(filled_t *out)
{
    senda_str_t items = model_field(out->ev, "items");
    bool number = false;
    const char *last;

    if (items.n == 0)
        return;
    for (size_t i = 0, n = 0; i < items.n && n + 1 < sizeof(out->items); i++) {
        number = items.p[i] == ':' || (number && items.p[i] != ',');
        if (!number)
            out->items[n++] = items.p[i];
    }
    last = strrchr(out->items, ',');
    if (out->item[0] == '\0')
        copy(out->item, senda_cstr(last != NULL ? last + 1 : out->items));
}

/* What the happening did not bring. */
static void
complete(const model_t *m, unsigned person, const entry_t *e, filled_t *out)
{
    const entry_t *order = e != NULL && e->nitems > 0 ? e : NULL;

    if (out->items[0] == '\0')
        list_items(m, &m->persons[person], order, out);
    if (out->item[0] == '\0') {
        latest_item(m, person, out->item);
        if (out->item[0] != '\0')
            HIT(m, HIT_FILLED + 3);
    }
    if (out->q[0] == '\0')
        latest_field(m, person, SENDA_EV_SEARCH, "q", out->q);
    if (out->order[0] == '\0')
        latest_field(m, person, SENDA_EV_PURCHASE, "order", out->order);
}

void
model_fill(model_t *m, unsigned person, int entry, const prog_verb_t *v, filled_t *out)
{
    const entry_t *e = entry >= 0 ? model_source(m, &m->entries[entry], v) : NULL;

    *out = (filled_t){ .ev = e != NULL ? e->ev : NULL };
    copy(out->item, model_field(out->ev, "item"));
    own_items(out);
    copy(out->q, model_field(out->ev, "q"));
    copy(out->order, model_field(out->ev, "order"));
    if (out->item[0] != '\0')
        HIT(m, HIT_FILLED);
    complete(m, person, e, out);
}

void
model_pass_on(const model_t *m, unsigned person, const filled_t *from, filled_t *to)
{
    *to = *from;
    to->entered = true;
    complete(m, person, NULL, to);
}

/* ---- starts ---- */

/* One of its messages reaches the person, or it sends none. */
static bool
worth_it(const model_t *m, const run_t *run)
{
    const prog_flow_t *flow = model_flow(m, run);
    bool sends = false;

    for (unsigned i = 0; i < flow->nsteps; i++) {
        const prog_step_t *s = &flow->steps[i];

        for (unsigned k = 0; s->kind == STEP_SEND && k < s->nchannels; k++) {
            sends = true;
            if (model_reaches(m, run->person, flow->transactional, s->channels[k]))
                return true;
        }
    }
    return !sends;
}

/* What `again` says of an earlier run. */
static bool
may_come_again(const model_t *m, const run_t *old, const run_t *new)
{
    const prog_flow_t *flow = model_flow(m, new);
    bool valued = new->filled.value[0] != '\0';

    if (flow->again == AGAIN_EACH && (valued || old->filled.value[0] != '\0'))
        return strcmp(old->filled.value, new->filled.value) != 0;
    if (old->start == m->now)
        return false; /* the second names the run: at most one starts in it */
    if (flow->again == AGAIN_EACH)
        return true;
    if (flow->again == AGAIN_AFTER)
        return m->now >= model_add(m->zone, old->start, flow->again_after, 1);
    return flow->again == AGAIN_ALWAYS;
}

static bool
may_start(const model_t *m, const run_t *new)
{
    const prog_flow_t *flow = model_flow(m, new);

    for (unsigned i = 0; i < m->nruns; i++) {
        const run_t *r = &m->runs[i];

        if (r->person != new->person || r->flow != new->flow)
            continue;
        if (r->going && flow->again != AGAIN_EACH) {
            HIT(m, HIT_REFUSED + 3);
            return false;
        }
        if (!may_come_again(m, r, new)) {
            HIT(m, HIT_AGAIN + 2 * flow->again + 1);
            return false;
        }
        HIT(m, HIT_AGAIN + 2 * flow->again);
    }
    if (!worth_it(m, new)) {
        HIT(m, HIT_REFUSED + 2);
        return false;
    }
    if (flow->only != NULL && !model_holds(m, new->person, new, flow->only, INT64_MIN)) {
        HIT(m, HIT_REFUSED);
        return false;
    }
    if (model_must_stop(m, new)) {
        HIT(m, HIT_REFUSED + 1);
        return false;
    }
    return true;
}

void
model_start(model_t *m, unsigned person, unsigned flow, int64_t after, const filled_t *filled)
{
    const prog_flow_t *f = &m->program->flows[flow];
    run_t new = { .person = person,
        .flow = flow,
        .after = after,
        .began = m->stamp,
        .start = m->now,
        .due = INT64_MAX,
        .going = true,
        .filled = *filled };

    if (f->again == AGAIN_EACH && filled->entered && strcmp(f->again_each, "order") == 0)
        copy(new.filled.value, senda_cstr(filled->order));
    else if (f->again == AGAIN_EACH && filled->entered && strcmp(f->again_each, "item") == 0)
        copy(new.filled.value, senda_cstr(filled->item));
    else if (f->again == AGAIN_EACH)
        copy(new.filled.value, model_field(filled->ev, f->again_each));
    if (!may_start(m, &new))
        return;
    if (m->nruns == RUNS)
        abort();
    m->runs[m->nruns] = new;
    model_tell(m, person, INTENT_STARTED, f->name, "%s", "");
    model_go_on(m, &m->runs[m->nruns++]);
}

/* ---- ends ---- */

void
model_end_run(model_t *m, run_t *run, intent_kind_t how)
{
    model_tell(m, run->person, how, model_flow(m, run)->name, "%s", "");
    run->going = false;
    run->due = INT64_MAX;
    run->waits = 0;
}

bool
model_must_stop(const model_t *m, const run_t *run)
{
    const prog_cond_t *stop = model_flow(m, run)->stop;

    return stop != NULL && model_holds(m, run->person, run, stop, run->after);
}

/* Within its time: while the run goes on, or so long after its start. */
static bool
goal_reached(const model_t *m, const run_t *run)
{
    const prog_flow_t *flow = model_flow(m, run);

    if (flow->goal == NULL || run->goal)
        return false;
    if (senda_span_is_zero(flow->goal_within)
            ? !run->going
            : m->now >= model_add(m->zone, run->start, flow->goal_within, 1))
        return false;
    return model_came(m, run, flow->goal, run->began);
}

static void
look_at(model_t *m, run_t *run)
{
    bool reached = goal_reached(m, run);

    if (reached) {
        HIT(m, HIT_ENDED + (run->going ? 1 : 2));
        run->goal = true;
        model_tell(m, run->person, INTENT_GOAL, model_flow(m, run)->name, "%s", "");
    }
    if (run->going && model_must_stop(m, run)) {
        HIT(m, HIT_ENDED);
        model_end_run(m, run, INTENT_STOPPED);
    }
    if (run->going && reached)
        model_end_run(m, run, INTENT_FINISHED);
    if (run->going && run->waits != 0 &&
        model_came(m, run, model_flow(m, run)->steps[run->step - 1].cond, run->waits))
        model_go_on(m, run);
}

void
model_stops(model_t *m, unsigned person)
{
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].person == person)
            look_at(m, &m->runs[i]);
    }
}
