/*
 * Who hears what: rules by the slot whose happening sets them off, watches and
 * flows by the slots that their conditions name. Works at the start only. Fails
 * by marking the planner.
 */

#include "plan_parts.h"

#include <stdlib.h>

bool
numbers_push(numbers_t *n, uint32_t number)
{
    if (n->n == n->size) {
        uint32_t size = n->size == 0 ? 16 : 2 * n->size;
        uint32_t *list = realloc(n->list, size * sizeof(*list));

        if (list == NULL)
            return false;
        n->list = list;
        n->size = size;
    }
    n->list[n->n++] = number;
    return true;
}

static void
push(planner_t *m, numbers_t *n, uint32_t number)
{
    if (!numbers_push(n, number))
        m->failed = true;
}

static void
push_slot(planner_t *m, numbers_t *n, uint32_t slot)
{
    if (slot == SLOT_NONE || m->slot_seen[slot] == m->walk)
        return;
    m->slot_seen[slot] = m->walk;
    push(m, n, slot);
}

/* The slots whose change may change the condition, also within segments and stages. */
static void
name_slots(planner_t *m, const prog_cond_t *c, numbers_t *n)
{
    const plan_t *p = m->plan;
    const program_t *g = m->program;

    if (c == NULL)
        return;
    switch (c->kind) {
    case COND_VERB:
        push_slot(m, n, plan_verb_slot(p, &c->verb, plan_keep_of(&c->verb)));
        break;
    case COND_TOTAL:
        push_slot(m, n, plan_verb_slot(p, &c->verb, KEEP_SUM));
        break;
    case COND_FIRST:
        push_slot(m, n, plan_verb_slot(p, &c->verb, KEEP_FIRST));
        break;
    case COND_LAST:
        push_slot(m, n, plan_verb_slot(p, &c->verb, KEEP_MOMENTS));
        break;
    case COND_TAG:
        push_slot(m, n, plan_tag_slot(p, c->what));
        break;
    case COND_SCORE:
        push_slot(m, n, p->score);
        break;
    case COND_FIELD:
        push_slot(m, n, p->fields + c->what);
        break;
    case COND_HAS:
    case COND_CONSENTS:
        push_slot(m, n, p->reach);
        break;
    case COND_STAGE:
        if (m->segment_seen[g->nsegments] == m->walk)
            break;
        m->segment_seen[g->nsegments] = m->walk;
        for (unsigned i = 0; i < g->nstages; i++)
            name_slots(m, g->stages[i].cond, n);
        break;
    case COND_SEGMENT:
        if (m->segment_seen[c->what] == m->walk)
            break;
        m->segment_seen[c->what] = m->walk;
        name_slots(m, g->segments[c->what].cond, n);
        break;
    case COND_AND:
    case COND_OR:
    case COND_NOT:
        name_slots(m, c->left, n);
        name_slots(m, c->right, n);
        break;
    }
}

static void
name_slots_of(planner_t *m, const prog_cond_t *c, numbers_t *n)
{
    m->walk++;
    name_slots(m, c, n);
}

static uint32_t
slot_of(const plan_t *p, const prog_trigger_t *t)
{
    switch (t->kind) {
    case TRIGGER_VERB:
        return t->has_verb ? plan_verb_slot(p, &t->verb, plan_keep_of(&t->verb)) : SLOT_NONE;
    case TRIGGER_TOTAL:
        return plan_verb_slot(p, &t->verb, KEEP_SUM);
    case TRIGGER_TAG:
        return plan_tag_slot(p, t->what);
    case TRIGGER_SEGMENT:
        return p->segments + t->what;
    case TRIGGER_SCORE:
        return p->score;
    case TRIGGER_DAILY:
    case TRIGGER_ON:
    case TRIGGER_DATE:
        break;
    }
    return SLOT_NONE;
}

static bool
is_of_calendar(prog_trigger_kind_t kind)
{
    return kind == TRIGGER_DAILY || kind == TRIGGER_ON || kind == TRIGGER_DATE;
}

/* Tags, points, messages got are what steps do; a segment is entered by such. */
static bool
is_by_step(const prog_trigger_t *t)
{
    return t->kind == TRIGGER_TAG || t->kind == TRIGGER_SEGMENT || t->kind == TRIGGER_SCORE ||
        (t->kind == TRIGGER_VERB && t->verb.key == senda_key_event(SENDA_EV_MESSAGE_GET));
}

/* The page is the event. */
static bool
is_page_of(const program_t *g, senda_key_t page, senda_key_t event)
{
    for (unsigned i = 0; i < g->npages; i++) {
        if (g->pages[i].key == page && g->pages[i].event == event)
            return true;
    }
    return false;
}

/*
 * "buys and not buys within 3 months", "visits cart and not visits": what sets
 * it off is, or comes with, what must not happen again.
 */
static bool
brings_itself(const program_t *g, const prog_trigger_t *t)
{
    senda_key_t a = t->verb.key, b = t->absent.key;

    return t->kind != TRIGGER_VERB || a == b || b == SENDA_KEY_ANY || is_page_of(g, a, b) ||
        is_page_of(g, b, a);
}

static void
add_rules(planner_t *m, const prog_trigger_t *t, unsigned n, owner_t kind, uint32_t owner)
{
    plan_t *p = m->plan;

    for (unsigned i = 0; i < n; i++) {
        rule_t r = { .trigger = &t[i],
            .kind = kind,
            .owner = owner,
            .line = i,
            .verb = slot_of(p, &t[i]),
            .absent = SLOT_NONE,
            .armed = SLOT_NONE,
            .watch = WATCH_NONE };
        bool alone = t[i].kind == TRIGGER_VERB && !t[i].has_verb;

        if (alone && !t[i].has_absent)
            continue;
        if (t[i].has_absent)
            r.absent = plan_verb_slot(p, &t[i].absent, plan_keep_of(&t[i].absent));
        r.on = alone ? r.absent : r.verb;
        if (t[i].has_absent && !alone) {
            r.armed = p->nslots++;
            r.by_step = is_by_step(&t[i]);
            r.later = brings_itself(m->program, &t[i]);
            p->steps_noted = p->steps_noted || r.by_step;
            p->shapes[r.armed] = (history_shape_t){ .fixed = r.by_step ? 2 : 1,
                .join = HISTORY_APART };
        }
        if (alone)
            p->alone[p->nalone++] = p->nrules;
        if (is_of_calendar(t[i].kind))
            p->calendar[p->ncalendar++] = p->nrules;
        p->rules[p->nrules++] = r;
    }
}

/* Counted, summed, filled. */
void
plan_sort_by(uint32_t *first, uint32_t nkinds, const uint32_t *kinds, uint32_t n, uint32_t *refs,
    const uint32_t *items)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (kinds[i] != SLOT_NONE) {
            first[kinds[i] + 1]++;
            total++;
        }
    }
    for (uint32_t s = 0; s < nkinds; s++)
        first[s + 1] += first[s];
    for (uint32_t i = n; i-- > 0;) {
        if (kinds[i] != SLOT_NONE)
            refs[--first[kinds[i] + 1]] = items == NULL ? i : items[i];
    }
    /* each end has become its list's beginning */
    for (uint32_t s = 0; s < nkinds; s++)
        first[s] = first[s + 1];
    first[nkinds] = total;
}

static bool
list_rules(planner_t *m)
{
    plan_t *p = m->plan;
    uint32_t *slots = calloc((size_t)p->nrules + 1, sizeof(*slots));

    p->first = calloc((size_t)p->nslots + 2, sizeof(*p->first));
    p->refs = calloc((size_t)p->nrules + 1, sizeof(*p->refs));
    if (slots != NULL && p->first != NULL && p->refs != NULL) {
        for (uint32_t i = 0; i < p->nrules; i++)
            slots[i] = p->rules[i].on;
        plan_sort_by(p->first, p->nslots, slots, p->nrules, p->refs, NULL);
        free(slots);
        return true;
    }
    free(slots);
    return false;
}

void
plan_make_rules(planner_t *m)
{
    const program_t *g = m->program;
    plan_t *p = m->plan;
    size_t rules = 0;

    for (unsigned i = 0; i < g->ntags; i++)
        rules += g->tags[i].nwhens;
    for (unsigned i = 0; i < g->nscores; i++)
        rules += g->scores[i].nwhens;
    for (unsigned i = 0; i < g->nflows; i++)
        rules += g->flows[i].nstarts;
    p->rules = calloc(rules + 1, sizeof(*p->rules));
    p->alone = calloc(rules + 1, sizeof(*p->alone));
    p->calendar = calloc(rules + 1, sizeof(*p->calendar));
    if (p->rules == NULL || p->alone == NULL || p->calendar == NULL) {
        m->failed = true;
        return;
    }
    for (unsigned i = 0; i < g->ntags; i++)
        add_rules(m, g->tags[i].whens, g->tags[i].nwhens, OWNER_TAG, i);
    for (unsigned i = 0; i < g->nscores; i++)
        add_rules(m, g->scores[i].whens, g->scores[i].nwhens, OWNER_SCORE, i);
    for (unsigned i = 0; i < g->nflows; i++)
        add_rules(m, g->flows[i].starts, g->flows[i].nstarts, OWNER_START, i);
}

static uint32_t
add_watch(planner_t *m, const prog_cond_t *cond, watch_kind_t kind, uint32_t what)
{
    plan_t *p = m->plan;

    p->watches[p->nwatches] = (watch_t){ cond, kind, what, p->nslots };
    p->shapes[p->nslots++] = (history_shape_t){ .fixed = 1, .join = HISTORY_APART };
    return p->nwatches++;
}

/* Segments whose entry somebody waits for, starts by the calendar, blocks, and how people stand. */
static void
add_watches(planner_t *m)
{
    const program_t *g = m->program;
    plan_t *p = m->plan;

    m->walk++;
    for (uint32_t i = 0; i < p->nrules; i++) {
        const prog_trigger_t *t = p->rules[i].trigger;

        if (t->kind == TRIGGER_SEGMENT && m->segment_seen[t->what] != m->walk) {
            m->segment_seen[t->what] = m->walk;
            add_watch(m, g->segments[t->what].cond, WATCH_SEGMENT, t->what);
        } else if (t->kind == TRIGGER_DAILY || t->kind == TRIGGER_ON) {
            p->rules[i].watch = add_watch(m, t->cond, WATCH_START, i);
        }
    }
    for (unsigned i = 0; i < g->nshows; i++) {
        if (g->shows[i].cond != NULL)
            add_watch(m, g->shows[i].cond, WATCH_SHOW, i);
    }
    for (unsigned i = 0; m->standing && i < g->nsegments; i++) {
        if (m->segment_seen[i] != m->walk)
            add_watch(m, g->segments[i].cond, WATCH_STANDING, 0);
    }
    for (unsigned i = 0; m->standing && i < g->nstages; i++)
        add_watch(m, g->stages[i].cond, WATCH_STANDING, 0);
}

void
plan_make_watches(planner_t *m)
{
    plan_t *p = m->plan;
    numbers_t slots = { 0 }, watches = { 0 };

    p->watches = calloc((size_t)p->nrules + m->program->nshows + m->program->nsegments +
            m->program->nstages + 1,
        sizeof(*p->watches));
    if (p->watches == NULL) {
        m->failed = true;
        return;
    }
    add_watches(m);
    p->bits = p->nslots;
    for (uint32_t i = 0; i < p->nwatches; i += 64)
        p->shapes[p->nslots++] = (history_shape_t){ .fixed = 1, .join = HISTORY_BITS };
    for (uint32_t i = 0; i < p->nwatches; i++) {
        name_slots_of(m, p->watches[i].cond, &slots);
        push_slot(m, &slots, p->watches[i].armed); /* its timer is due */
        while (watches.n < slots.n && !m->failed)
            push(m, &watches, i);
    }
    p->watch_first = calloc((size_t)p->nslots + 2, sizeof(*p->watch_first));
    p->watch_refs = calloc((size_t)slots.n + 1, sizeof(*p->watch_refs));
    m->failed = m->failed || p->watch_first == NULL || p->watch_refs == NULL || !list_rules(m);
    if (!m->failed)
        plan_sort_by(p->watch_first, p->nslots, slots.list, slots.n, p->watch_refs, watches.list);
    free(slots.list);
    free(watches.list);
}

/* A list that lives as long as the plan. */
static slots_t
keep_list(planner_t *m, numbers_t *n)
{
    slots_t s = { n->n, NULL };
    uint32_t *list = malloc((n->n + 1) * sizeof(*list));

    if (list == NULL || !plan_own(m->plan, list)) {
        free(list);
        m->failed = true;
        return (slots_t){ 0 };
    }
    memcpy(list, n->n == 0 ? list : n->list, n->n * sizeof(*list));
    s.list = list;
    n->n = 0;
    return s;
}

static void
plan_flow(planner_t *m, const prog_flow_t *f, flow_plan_t *out, numbers_t *scratch)
{
    slots_t *waits = calloc((size_t)f->nsteps + 1, sizeof(*waits)), s;

    if (waits == NULL || !plan_own(m->plan, waits)) {
        free(waits);
        m->failed = true;
        return;
    }
    out->waits = waits;
    name_slots_of(m, f->stop, scratch);
    s = keep_list(m, scratch);
    out->stop = s.list;
    out->nstop = s.n;
    name_slots_of(m, f->goal, scratch);
    s = keep_list(m, scratch);
    out->goal = s.list;
    out->ngoal = s.n;
    for (unsigned i = 0; i < f->nsteps; i++) {
        const prog_step_t *step = &f->steps[i];

        for (unsigned k = 0; step->kind == STEP_SEND && k < step->nchannels; k++)
            out->channels |= CHANNEL_BIT(step->channels[k]);
        if (step->kind == STEP_WAIT_EVENT) {
            name_slots_of(m, step->cond, scratch);
            waits[i] = keep_list(m, scratch);
        }
    }
}

void
plan_make_flows(planner_t *m)
{
    const program_t *g = m->program;
    plan_t *p = m->plan;
    numbers_t scratch = { 0 };

    p->flows = calloc((size_t)g->nflows + 1, sizeof(*p->flows));
    if (p->flows == NULL)
        m->failed = true;
    for (unsigned i = 0; i < g->nflows && !m->failed; i++)
        plan_flow(m, &g->flows[i], &p->flows[i], &scratch);
    free(scratch.list);
}
