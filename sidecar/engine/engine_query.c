/*
 * What others may ask of the engine: tags, conditions, points, counts, a
 * contact's visitors, figures. Changes nothing and makes nobody known.
 */

#include "engine_state.h"

bool
engine_knows(const engine_t *e, const senda_visitor_t *v)
{
    return !senda_visitor_is_none(v) && people_visitor(&e->people, v) != 0;
}

static const person_t *
known(engine_t *e, const engine_who_t *who)
{
    uint32_t person = 0, visitor;

    if (who->contact != 0) {
        person = people_contact(&e->people, who->contact);
    } else {
        visitor = people_visitor(&e->people, &who->visitor);
        if (visitor != 0)
            person = ((visitor_rec_t *)pool_at(&e->people.visitors, visitor))->person;
    }
    return person == 0 ? NULL : engine_person(e, person);
}

bool
engine_has_tag(engine_t *e, const engine_who_t *who, const prog_tag_t *tag)
{
    const person_t *p = known(e, who);

    return p != NULL && engine_tag_had(e, p, (uint32_t)(tag - e->program->tags));
}

static const person_t nobody;

bool
engine_holds(engine_t *e, const engine_who_t *who, const prog_cond_t *cond)
{
    const scope_t whole = { 0 };
    const person_t *p = known(e, who);

    return engine_cond_holds(e, p == NULL ? &nobody : p, cond, &whole);
}

int64_t
engine_score(engine_t *e, const engine_who_t *who)
{
    const person_t *p = known(e, who);

    return p == NULL ? 0 : engine_score_of(e, p);
}

int32_t
engine_stage(engine_t *e, const engine_who_t *who)
{
    const person_t *p = known(e, who);

    return engine_stage_of(e, p == NULL ? &nobody : p);
}

uint32_t
engine_count(engine_t *e, const engine_who_t *who, senda_key_t key)
{
    const person_t *p = known(e, who);
    uint32_t slot = plan_slot(e->plan, key);

    return p == NULL || slot == SLOT_NONE ? 0 : history_part(&e->histories, p->history, slot).count;
}

unsigned
engine_visitors(engine_t *e, uint64_t contact, senda_visitor_t *out, unsigned max)
{
    uint32_t person = people_contact(&e->people, contact), id;
    unsigned n = 0;

    if (person == 0)
        return 0;
    for (id = engine_person(e, person)->visitors; id != 0 && n < max; n++) {
        const visitor_rec_t *v = pool_at(&e->people.visitors, id);

        out[n] = v->id;
        id = v->next;
    }
    return n;
}

engine_stats_t
engine_stats(const engine_t *e)
{
    engine_stats_t s = e->stats;

    s.persons = e->people.persons.used;
    s.timers = e->timers.n;
    return s;
}
