/*
 * What follows from what has happened to one person, in its order: rules hear
 * of happenings, first those of tags, then of scores; then thresholds and
 * watched conditions are looked at; and so on until nothing moves. Then running
 * flows, then starts; what these do is worked off the same way. It ends: a tag
 * is got once, a line fires for a happening, a flow starts once a second.
 */

#include "engine_state.h"

#include <stdlib.h>

bool
engine_settle_init(engine_t *e)
{
    settle_t *s = &e->settle;

    s->changed = calloc((size_t)e->plan->nslots + 1, sizeof(*s->changed));
    s->is_changed = calloc((size_t)e->plan->nslots + 1, sizeof(*s->is_changed));
    s->levels = calloc((size_t)e->plan->nrules + 1, sizeof(*s->levels));
    s->met = calloc((size_t)e->plan->nrules + 1, sizeof(*s->met));
    return s->changed != NULL && s->is_changed != NULL && s->levels != NULL && s->met != NULL;
}

void
engine_settle_free(engine_t *e)
{
    engine_settle_begin(e, NULL);
    free(e->settle.changed);
    free(e->settle.is_changed);
    free(e->settle.levels);
    free(e->settle.met);
    free(e->settle.happened);
    free(e->settle.starts);
    free(e->settle.brought);
}

void
engine_settle_begin(engine_t *e, const engine_event_t *event)
{
    settle_t *s = &e->settle;

    while (s->nchanged > 0)
        s->is_changed[s->changed[--s->nchanged]] = false;
    free(s->fields);
    free(s->view);
    s->fields = s->view = NULL;
    s->fields_len = s->view_len = 0;
    s->event = event;
    s->nbought = 0;
    s->buys = false;
    s->nhappened = s->tags_done = s->scores_done = s->starts_done = 0;
    engine_from_begin(e);
    s->scored = false;
    if (!s->joined)
        return;
    s->joined = false;
    for (unsigned i = 0; i < 2; i++) {
        history_free(&e->histories, s->was[i]);
        s->was[i] = NULL;
    }
}

void
engine_happened(engine_t *e, uint32_t slot)
{
    settle_t *s = &e->settle;

    if (s->nhappened == s->happened_size) {
        uint32_t size = s->happened_size == 0 ? 64 : 2 * s->happened_size;
        happened_t *happened = realloc(s->happened, size * sizeof(*happened));

        if (happened == NULL) {
            e->stats.refused++;
            return;
        }
        s->happened = happened;
        s->happened_size = size;
    }
    s->happened[s->nhappened++] = (happened_t){ slot, s->from, false };
}

/* ---- does a rule's happening count? ---- */

void
engine_note_levels(engine_t *e, const person_t *p, uint32_t slot)
{
    const plan_t *plan = e->plan;

    for (uint32_t k = plan->first[slot]; k < plan->first[slot + 1]; k++) {
        uint32_t i = plan->refs[k];
        const rule_t *r = &plan->rules[i];
        const prog_verb_t *v = &r->trigger->verb;

        if (r->trigger->kind == TRIGGER_TOTAL)
            e->settle.levels[i] = engine_sum(e, p->history, slot, 0, v->within);
        else if (r->verb == SLOT_NONE)
            e->settle.levels[i] = engine_absence_end(e, p, i);
        else if (v->by == BY_DIFFERENT || v->by == BY_DAY)
            e->settle.levels[i] = engine_level(e, p->history, slot, 0, v->within);
    }
}

/* One of the values that this event brought has come so often; more: or more often. */
static bool
value_comes(const engine_t *e, const person_t *p, uint32_t slot, const prog_verb_t *v, bool more)
{
    history_part_t part = history_part(&e->histories, p->history, slot);
    uint32_t times = verb_times(v);

    for (uint32_t i = part.n; i-- > 0 && history_at(&part, i) == engine_stamp(e);) {
        uint32_t n = engine_level_of(e, p->history, slot, part.entries[2 * (size_t)i + 1], 0,
            v->within);

        if (n == times || (more && n > times))
            return true;
    }
    return false;
}

/* How often it has happened up to this one of settle.happened. */
static uint32_t
level_at(const engine_t *e, const person_t *p, uint32_t slot, const prog_verb_t *v, uint32_t i)
{
    const settle_t *s = &e->settle;
    uint32_t n = engine_level(e, p->history, slot, 0, v->within);

    for (uint32_t k = i + 1; v->by == BY_NONE && n > 0 && k < s->nhappened; k++)
        n -= s->happened[k].again && s->happened[k].slot == s->happened[i].slot;
    return n;
}

/*
 * The count is first reached, or reached again after it had fallen. A plain
 * verb always fires.
 */
static bool
is_reached(const engine_t *e, const person_t *p, uint32_t rule, uint32_t i)
{
    const rule_t *r = &e->plan->rules[rule];
    const prog_verb_t *v = &r->trigger->verb;
    uint32_t n;

    if (v->count == COUNT_SOME)
        return true;
    if (v->by == BY_SAME)
        return value_comes(e, p, r->verb, v, false);
    n = level_at(e, p, r->verb, v, i);
    if (v->by == BY_NONE)
        return n == verb_times(v);
    return !e->settle.happened[i].again && e->settle.levels[rule] < verb_times(v) &&
        n >= verb_times(v);
}

/* The sentence holds at this happening, reached now or before: what renews a tag that ends. */
static bool
is_there(const engine_t *e, const person_t *p, uint32_t rule, uint32_t i)
{
    const rule_t *r = &e->plan->rules[rule];
    const prog_verb_t *v = &r->trigger->verb;

    if (v->count == COUNT_SOME)
        return true;
    if (v->by == BY_SAME)
        return value_comes(e, p, r->verb, v, true);
    return level_at(e, p, r->verb, v, i) >= verb_times(v);
}

static senda_span_t
lasts_of(const engine_t *e, const rule_t *r)
{
    const prog_tag_t *tag = &e->program->tags[r->owner];
    const senda_span_t for_ever = { 0 };

    return tag->lasts == NULL ? for_ever : tag->lasts[r->line];
}

/* A threshold that an event with a login can cross: both as one are asked when all is counted. */
static bool
is_crossed(const rule_t *r)
{
    const prog_trigger_t *t = r->trigger;

    return t->kind == TRIGGER_TOTAL ||
        (t->kind == TRIGGER_VERB && r->verb != SLOT_NONE && t->verb.count != COUNT_SOME);
}

/* The rule hears this one of settle.happened. */
static bool
fires(const engine_t *e, const person_t *p, uint32_t rule, uint32_t i)
{
    const rule_t *r = &e->plan->rules[rule];
    const prog_trigger_t *t = r->trigger;
    bool asked = e->settle.joined && e->settle.happened[i].from == 0 && is_crossed(r);

    switch (t->kind) {
    case TRIGGER_VERB:
        if (r->kind == OWNER_TAG && !t->has_absent && !senda_span_is_zero(lasts_of(e, r)))
            return is_there(e, p, rule, i);
        return !asked && is_reached(e, p, rule, i);
    case TRIGGER_TOTAL:
        return !asked && !value_compare(e->settle.levels[rule], t->cmp, t->value) &&
            engine_rule_met(e, p->history, rule);
    case TRIGGER_TAG:
    case TRIGGER_SEGMENT:
        return true;
    default:
        return false;
    }
}

bool
engine_rule_met(const engine_t *e, const uint64_t *history, uint32_t rule)
{
    const rule_t *r = &e->plan->rules[rule];
    const prog_trigger_t *t = r->trigger;
    const prog_verb_t *v = &t->verb;

    switch (t->kind) {
    case TRIGGER_TOTAL:
        return value_compare(engine_sum(e, history, r->verb, 0, v->within), t->cmp, t->value);
    case TRIGGER_SCORE:
        return value_compare(engine_score_in(e, history), t->cmp, t->value);
    case TRIGGER_VERB:
        if (r->verb == SLOT_NONE)
            return false;
        if (v->by == BY_SAME)
            return engine_level_any(e, history, r->verb, verb_times(v), false, 0, v->within);
        return engine_level(e, history, r->verb, 0, v->within) >= verb_times(v);
    default:
        return false;
    }
}

/* ---- what a rule does ---- */

senda_sec_t
engine_line_free(const engine_t *e, const person_t *p, uint32_t line)
{
    const prog_score_t *score = &e->program->scores[line];
    history_part_t part;

    if (!score->once && senda_span_is_zero(score->each))
        return INT64_MIN;
    part = history_part(&e->histories, p->history, e->plan->lines + line);
    if (part.count == 0)
        return INT64_MIN;
    return score->once ? TIMER_NEVER : engine_later(e, (senda_sec_t)part.fixed[0], score->each);
}

static void
count_points(engine_t *e, uint32_t person, uint32_t line, engine_mode_t mode)
{
    const prog_score_t *score = &e->program->scores[line];
    person_t *p = engine_person(e, person);
    senda_rc_t rc = SENDA_OK;
    uint64_t *words;

    if (e->now < engine_line_free(e, p, line))
        return;
    if (score->once || !senda_span_is_zero(score->each)) {
        words = history_words(&e->histories, &p->history, e->plan->lines + line, &rc);
        if (words == NULL) {
            e->stats.refused++;
            return;
        }
        if (!senda_span_is_zero(score->each))
            *words = (uint64_t)e->now;
    }
    engine_score_add(e, person, score->points, e->plan->browsed[e->plan->lines + line], mode);
}

void
engine_rule_done(engine_t *e, uint32_t person, uint32_t rule, const noted_start_t *start,
    engine_mode_t mode)
{
    const rule_t *r = &e->plan->rules[rule];
    noted_start_t noted = { .flow = r->owner, .after = engine_stamp(e) };

    switch (r->kind) {
    case OWNER_TAG:
        engine_tag_give(e, person, r->owner, lasts_of(e, r), mode);
        break;
    case OWNER_SCORE:
        count_points(e, person, r->owner, mode);
        break;
    case OWNER_START:
        if (mode != ENGINE_ACT)
            break;
        noted.of_event = e->settle.from == 0 && !engine_is_of_view(e->plan, r->on);
        if (!noted.of_event)
            noted.fields = engine_fields_for(e, r);
        engine_note_start(e, start == NULL ? &noted : start);
        break;
    }
}

void
engine_rule_fired(engine_t *e, uint32_t person, uint32_t rule, engine_mode_t mode)
{
    if (e->plan->rules[rule].armed == SLOT_NONE)
        engine_rule_done(e, person, rule, NULL, mode);
    else
        engine_absence_fired(e, person, rule);
}

/* ---- two histories joined ---- */

/* A value that neither's had reached. */
static bool
value_crosses(const engine_t *e, const person_t *p, const rule_t *r)
{
    const prog_verb_t *v = &r->trigger->verb;
    history_part_t part = history_part(&e->histories, p->history, r->verb);
    uint32_t times = verb_times(v);

    for (uint32_t i = 0; i < part.n; i++) {
        uint64_t value = part.entries[2 * (size_t)i + 1];

        if (engine_level_of(e, p->history, r->verb, value, 0, v->within) >= times &&
            engine_level_of(e, e->settle.was[0], r->verb, value, 0, v->within) < times &&
            engine_level_of(e, e->settle.was[1], r->verb, value, 0, v->within) < times)
            return true;
    }
    return false;
}

static bool
crosses(const engine_t *e, const person_t *p, uint32_t rule)
{
    const rule_t *r = &e->plan->rules[rule];

    if (!is_crossed(r))
        return false;
    if (r->trigger->kind == TRIGGER_VERB && r->trigger->verb.by == BY_SAME)
        return value_crosses(e, p, r);
    return engine_rule_met(e, p->history, rule) && !engine_rule_met(e, e->settle.was[0], rule) &&
        !engine_rule_met(e, e->settle.was[1], rule);
}

void
engine_crossed(engine_t *e, uint32_t person, engine_mode_t mode)
{
    for (uint32_t i = 0; e->settle.joined && i < e->plan->nrules; i++) {
        if (crosses(e, engine_person(e, person), i))
            engine_rule_fired(e, person, i, mode);
    }
}

/* ---- the order of things ---- */

/* The rules of one kind hear of one of settle.happened; what they do is brought by the same. */
static void
tell(engine_t *e, uint32_t person, uint32_t i, owner_t kind, engine_mode_t mode)
{
    const plan_t *plan = e->plan;
    uint32_t slot = e->settle.happened[i].slot, from = e->settle.from;

    e->settle.from = e->settle.happened[i].from;
    for (uint32_t k = plan->first[slot]; k < plan->first[slot + 1]; k++) {
        uint32_t rule = plan->refs[k];
        const rule_t *r = &plan->rules[rule];

        if (r->kind != kind)
            continue;
        if (r->trigger->kind != TRIGGER_VERB || r->verb != SLOT_NONE) {
            if (fires(e, engine_person(e, person), rule, i))
                engine_rule_fired(e, person, rule, mode);
        } else if (!e->settle.happened[i].again) {
            engine_absence_happened(e, person, rule);
        }
    }
    e->settle.from = from;
}

/* `score >= 50` and its like: false before, true now. */
static void
look_at_score(engine_t *e, uint32_t person, engine_mode_t mode)
{
    const plan_t *plan = e->plan;
    int64_t before = e->settle.score_before;

    e->settle.scored = false;
    for (uint32_t k = plan->first[plan->score]; k < plan->first[plan->score + 1]; k++) {
        uint32_t rule = plan->refs[k];
        const prog_trigger_t *t = plan->rules[rule].trigger;

        if (!e->settle.met[rule] && !value_compare(before, t->cmp, t->value) &&
            engine_rule_met(e, engine_person(e, person)->history, rule))
            engine_rule_fired(e, person, rule, mode);
    }
    if (e->settle.joined) /* what follows is not the login's */
        memset(e->settle.met, 0, plan->nrules * sizeof(*e->settle.met));
}

/* Tags, scores, thresholds, watches, until nothing moves; true if anything did. */
static bool
work_off(engine_t *e, uint32_t person, engine_mode_t mode)
{
    settle_t *s = &e->settle;
    bool moved = false;

    while (s->starts_done < s->nhappened || s->scored || s->nchanged > 0) {
        moved = true;
        while (s->tags_done < s->nhappened)
            tell(e, person, s->tags_done++, OWNER_TAG, mode);
        while (s->scores_done < s->nhappened)
            tell(e, person, s->scores_done++, OWNER_SCORE, mode);
        if (s->scored)
            look_at_score(e, person, mode);
        else if (s->tags_done == s->nhappened && !engine_watch_changed(e, person, mode)) {
            while (s->starts_done < s->nhappened)
                tell(e, person, s->starts_done++, OWNER_START, mode);
        }
    }
    return moved;
}

void
engine_settle(engine_t *e, uint32_t person, const engine_event_t *event, engine_mode_t mode)
{
    settle_t *s = &e->settle;

    if (s->at_work)
        return;
    s->at_work = true;
    s->event = event;
    for (;;) {
        if (work_off(e, person, mode) && mode == ENGINE_ACT)
            engine_flow_changed(e, person);
        if (s->nhappened > s->starts_done || s->nchanged > 0 || s->scored)
            continue;
        if (!engine_start_next(e, person))
            break;
    }
    s->at_work = false;
    engine_settle_begin(e, NULL);
}
