/*
 * Tags: got once, kept. A person who has one does not get it again.
 */

#include "engine_state.h"

bool
engine_tag_give(engine_t *e, uint32_t person, uint32_t tag, engine_mode_t mode)
{
    person_t *p = engine_person(e, person);
    uint32_t slot = plan_tag_slot(e->plan, tag);
    intent_t intent = { .kind = INTENT_TAG, .at = e->now, .tag = &e->program->tags[tag] };

    if (history_part(&e->histories, p->history, slot).count > 0)
        return false;
    if (history_set(&e->histories, &p->history, slot, engine_stamp(e)) != SENDA_OK) {
        e->stats.refused++;
        return false;
    }
    engine_mark(e, slot);
    if (mode == ENGINE_ACT) {
        engine_who(e, p, &intent.who);
        e->intent(e->ctx, &intent);
    }
    return true;
}
