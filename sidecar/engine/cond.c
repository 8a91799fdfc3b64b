/*
 * What is true of a person now, from counts and kept moments alone: never
 * scans a log, never changes anything.
 */

#include "engine_state.h"

uint32_t
engine_level(const engine_t *e, const uint64_t *history, uint32_t slot, stamp_t after,
    senda_span_t within)
{
    history_part_t part = history_part(&e->histories, history, slot);
    uint32_t n = part.nmoments;
    senda_sec_t old;

    if (senda_span_is_zero(within)) {
        if (after == 0)
            return part.count;
        while (n > 0 && part.moments[part.nmoments - n] <= after)
            n--;
        return n;
    }
    old = within.months == 0 && within.days == 0 ? e->now - within.secs
                                                 : senda_zone_add(e->zone, e->now, within, -1);
    while (n > 0 &&
        (part.moments[part.nmoments - n] <= after ||
            stamp_sec(part.moments[part.nmoments - n]) <= old))
        n--;
    return n;
}

/*
 * The count is first reached, or reached again after it had fallen: with the
 * happening it is exactly the number asked for. A plain verb always fires.
 */
bool
engine_verb_fires(const engine_t *e, const uint64_t *history, const rule_t *rule)
{
    const prog_verb_t *v = &rule->trigger->verb;

    return v->count == COUNT_SOME ||
        engine_level(e, history, rule->verb, 0, v->within) == verb_times(v);
}

static bool
verb_holds(const engine_t *e, const person_t *p, const prog_verb_t *v, stamp_t after, stamp_t began)
{
    uint32_t slot = plan_slot(e->plan, v->key), n;

    if (v->since_start && began > after)
        after = began;
    n = slot == SLOT_NONE ? 0 : engine_level(e, p->history, slot, after, v->within);
    return v->count == COUNT_EXACTLY ? n == v->times : n >= verb_times(v);
}

bool
engine_cond_holds(const engine_t *e, const person_t *p, const prog_cond_t *c, stamp_t after,
    stamp_t began)
{
    switch (c->kind) {
    case COND_VERB:
        return verb_holds(e, p, &c->verb, after, began);
    case COND_TAG:
        return history_part(&e->histories, p->history, plan_tag_slot(e->plan, c->tag)).count > 0;
    case COND_AND:
        return engine_cond_holds(e, p, c->left, after, began) &&
            engine_cond_holds(e, p, c->right, after, began);
    case COND_OR:
        return engine_cond_holds(e, p, c->left, after, began) ||
            engine_cond_holds(e, p, c->right, after, began);
    case COND_NOT:
        return !engine_cond_holds(e, p, c->left, after, began);
    }
    return false;
}
