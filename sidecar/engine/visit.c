/*
 * What one browser does in a row: its visits, how long it looked at a page,
 * and who comes back after long. Time on a page is the gap to the same
 * browser's next counted page; a gap that ends the visit counts as none.
 */

#include "engine_state.h"

#include <stdlib.h>

visit_t
engine_visit(engine_t *e, uint32_t visitor, const engine_event_t *event)
{
    visit_t v = { 0 };
    visitor_rec_t *r;
    bool goes_on;

    if (!e->plan->sessions || visitor == 0)
        return v;
    r = pool_at(&e->people.visitors, visitor);
    v.visitor = visitor;
    v.before = r->last_page;
    goes_on = r->last_page != 0 && e->now - (senda_sec_t)r->last_page < ENGINE_VISIT_GAP;
    if (event->page) {
        r->last_page = (uint32_t)e->now;
        if (!goes_on)
            r->visit = (uint32_t)e->now;
        goes_on = true;
    }
    v.begin = goes_on ? r->visit : 0;
    return v;
}

/* The number of the entry of this browser, part.n if it has none. */
static uint32_t
view_of(const history_part_t *part, uint32_t visitor)
{
    uint32_t i = 0;

    while (i < part->n && history_at(part, i) != visitor)
        i++;
    return i;
}

bool
engine_view_spent(const engine_t *e, const person_t *p, uint32_t counter, visit_t visit,
    uint64_t *value)
{
    const counter_t *c = &e->plan->counters[counter];
    history_part_t part = history_part(&e->histories, p->history, c->views);
    uint32_t i = view_of(&part, visit.visitor);
    const uint64_t *entry = part.entries + (size_t)i * part.width;

    /* the browser may have been somebody else's in between */
    if (i == part.n || stamp_sec(entry[2]) != visit.before ||
        e->now - visit.before > ENGINE_VISIT_GAP)
        return false;
    *value = entry[1];
    return engine_later(e, visit.before, c->verb->span) < e->now;
}

/* A flow may start of it, and then its fields are those of the view. */
static bool
is_noted(const plan_t *plan, uint32_t counter)
{
    for (uint32_t k = plan->first[counter]; k < plan->first[counter + 1]; k++) {
        if (plan->rules[plan->refs[k]].kind == OWNER_START)
            return true;
    }
    return false;
}

/* The view of an entry is over: what was noted of it is the event's to use, and gone. */
static void
end_view(engine_t *e, person_t *p, uint32_t counter, uint32_t i, visit_t visit)
{
    uint32_t slot = e->plan->counters[counter].views;
    history_part_t part = history_part(&e->histories, p->history, slot);
    stamp_t began = part.entries[(size_t)i * part.width + 2];
    bool noted = is_noted(e->plan, counter);
    senda_str_t note = { NULL, 0 };
    settle_t *s = &e->settle;

    if (noted)
        note = engine_note_of(e, p, began);

    if (stamp_sec(began) == visit.before && note.n > 0 && s->view == NULL) {
        s->view = malloc(note.n);
        s->view_len = s->view == NULL ? 0 : note.n;
        if (s->view != NULL)
            memcpy(s->view, note.p, note.n);
        else
            e->stats.refused++;
    }
    history_drop(&e->histories, p->history, slot, i);
    if (noted)
        engine_note_drop(e, p, began);
}

void
engine_view_next(engine_t *e, person_t *p, uint32_t counter, visit_t visit, bool views,
    uint64_t value)
{
    uint32_t slot = e->plan->counters[counter].views;
    history_part_t part = history_part(&e->histories, p->history, slot);
    uint64_t entry[3] = { visit.visitor, value, engine_stamp(e) };
    uint32_t i = view_of(&part, visit.visitor);
    senda_str_t fields = { NULL, 0 };

    if (i < part.n)
        end_view(e, p, counter, i, visit);
    else if (views && part.n == VIEWS_MAX)
        end_view(e, p, counter, 0, visit);
    if (!views)
        return;
    if (history_put(&e->histories, &p->history, slot, entry) != SENDA_OK) {
        e->stats.refused++;
        return;
    }
    if (!is_noted(e->plan, counter))
        return;
    fields.p = engine_event_fields(e, &fields.n);
    engine_note_take(e, p, entry[2], fields);
}

void
engine_views_left(engine_t *e, person_t *p, uint32_t visitor)
{
    for (uint32_t i = 0; i < e->plan->nspends; i++) {
        uint32_t counter = e->plan->spends[i];
        history_part_t part = history_part(&e->histories, p->history,
            e->plan->counters[counter].views);
        uint32_t k = view_of(&part, visitor);

        if (k < part.n)
            end_view(e, p, counter, k, (visit_t){ 0 });
    }
}

void
engine_views_dropped(engine_t *e, person_t *p)
{
    for (uint32_t i = 0; i < e->plan->nspends; i++) {
        uint32_t counter = e->plan->spends[i], slot = e->plan->counters[counter].views;

        while (history_part(&e->histories, p->history, slot).n > 0)
            end_view(e, p, counter, 0, (visit_t){ 0 });
    }
}

void
engine_views_moved(engine_t *e, const person_t *from, person_t *to)
{
    for (uint32_t i = 0; i < e->plan->nspends; i++) {
        uint32_t slot = e->plan->counters[e->plan->spends[i]].views;
        history_part_t theirs = history_part(&e->histories, from->history, slot);

        for (uint32_t k = 0; is_noted(e->plan, e->plan->spends[i]) && k < theirs.n; k++) {
            const uint64_t *entry = theirs.entries + (size_t)k * theirs.width;
            history_part_t all = history_part(&e->histories, to->history, slot);

            if (view_of(&all, (uint32_t)entry[0]) < all.n)
                engine_note_take(e, to, entry[2], engine_note_of(e, from, entry[2]));
        }
    }
}

bool
engine_has_returned(const engine_t *e, const person_t *p, senda_span_t span)
{
    history_part_t part;
    senda_sec_t last;

    if (e->plan->last_page == SLOT_NONE)
        return false;
    part = history_part(&e->histories, p->history, e->plan->last_page);
    if (part.n == 0)
        return false;
    last = stamp_sec(history_at(&part, part.n - 1));
    return last < e->now && engine_later(e, last, span) <= e->now;
}
