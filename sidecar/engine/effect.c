/*
 * What an event or a step does to a person: tags got and lost, points, fields,
 * messages got. Each change marks its slot and is said; what follows from it
 * is engine_settle's affair. What finds no room is counted as refused.
 */

#include "engine_state.h"
#include "senda_message.h"

#define MESSAGE_GET senda_key_event(SENDA_EV_MESSAGE_GET)

/* The words of a state's slot, made if need be; NULL: refused. */
static uint64_t *
words_of(engine_t *e, person_t *p, uint32_t slot)
{
    senda_rc_t rc;
    uint64_t *words = history_words(&e->histories, &p->history, slot, &rc);

    e->stats.refused += words == NULL;
    return words;
}

static void
say(engine_t *e, const person_t *p, intent_t intent)
{
    intent.at = e->now;
    engine_who(e, p, &intent.who);
    e->intent(e->ctx, &intent);
}

/* ---- tags ---- */

static void
arm_end(engine_t *e, uint32_t person, uint32_t tag, senda_sec_t end)
{
    timer_entry_t timer = { end, person, timer_what(TIMER_TAG, tag) };

    if (end != TIMER_NEVER && !timers_push(&e->timers, timer))
        e->stats.refused++;
}

/* Of several ends the latest counts; its timer finds out when it is due. */
static void
renew(engine_t *e, uint32_t person, uint32_t tag, senda_sec_t end)
{
    uint64_t *words = history_find(engine_person(e, person)->history, plan_tag_slot(e->plan, tag));

    if (end > (senda_sec_t)words[1])
        words[1] = (uint64_t)end;
}

bool
engine_tag_give(engine_t *e, uint32_t person, uint32_t tag, senda_span_t lasts, engine_mode_t mode)
{
    person_t *p = engine_person(e, person);
    uint32_t slot = plan_tag_slot(e->plan, tag);
    bool ends = e->plan->shapes[slot].fixed > 1;
    senda_sec_t end = senda_span_is_zero(lasts) ? TIMER_NEVER : engine_later(e, e->now, lasts);
    uint64_t *words;

    if (engine_tag_had(e, p, tag)) {
        if (ends)
            renew(e, person, tag, end);
        return false;
    }
    words = words_of(e, p, slot);
    if (words == NULL)
        return false;
    words[0] = engine_stamp(e);
    if (ends) {
        words[1] = (uint64_t)end;
        arm_end(e, person, tag, end);
    }
    engine_mark(e, slot);
    engine_happened(e, slot);
    if (mode == ENGINE_ACT)
        say(e, p, (intent_t){ .kind = INTENT_TAG, .tag = &e->program->tags[tag] });
    return true;
}

bool
engine_tag_take(engine_t *e, uint32_t person, uint32_t tag, engine_mode_t mode)
{
    person_t *p = engine_person(e, person);
    uint32_t slot = plan_tag_slot(e->plan, tag);

    if (!engine_tag_had(e, p, tag))
        return false;
    history_remove(&e->histories, p->history, slot);
    engine_mark(e, slot);
    if (mode == ENGINE_ACT)
        say(e, p, (intent_t){ .kind = INTENT_UNTAG, .tag = &e->program->tags[tag] });
    return true;
}

bool
engine_tag_had(const engine_t *e, const person_t *p, uint32_t tag)
{
    return history_part(&e->histories, p->history, plan_tag_slot(e->plan, tag)).count > 0;
}

void
engine_tag_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode)
{
    uint32_t tag = timer_number(timer->what);
    const person_t *p = engine_person(e, timer->person);
    history_part_t part;
    senda_sec_t end;

    if (!p->alive || e->plan->shapes[plan_tag_slot(e->plan, tag)].fixed < 2)
        return;
    part = history_part(&e->histories, p->history, plan_tag_slot(e->plan, tag));
    end = part.count == 0 ? TIMER_NEVER : (senda_sec_t)part.fixed[1];
    if (end <= timer->due)
        engine_tag_take(e, timer->person, tag, mode);
    else
        arm_end(e, timer->person, tag, end);
}

/* ---- points ---- */

int64_t
engine_score_in(const engine_t *e, const uint64_t *history)
{
    history_part_t part = history_part(&e->histories, history, e->plan->score);

    return part.count == 0 ? 0 : (int64_t)part.fixed[0];
}

int64_t
engine_score_of(const engine_t *e, const person_t *p)
{
    return engine_score_in(e, p->history);
}

/* Of the points of a person those that browsing alone has brought. */
static void
note_browsed(engine_t *e, person_t *p, int64_t points)
{
    uint64_t *word = words_of(e, p, e->plan->browsed_points);

    if (word == NULL)
        return;
    *word += (uint64_t)points;
    if (*word == 0)
        history_remove(&e->histories, p->history, e->plan->browsed_points);
}

void
engine_score_add(engine_t *e, uint32_t person, int64_t points, bool browsed, engine_mode_t mode)
{
    person_t *p = engine_person(e, person);
    int64_t before = engine_score_of(e, p);
    uint64_t *word = points == 0 ? NULL : words_of(e, p, e->plan->score);

    if (word == NULL)
        return;
    if (!e->settle.scored) {
        e->settle.scored = true;
        e->settle.score_before = before;
    }
    *word = (uint64_t)before + (uint64_t)points;
    engine_mark(e, e->plan->score);
    if (browsed)
        note_browsed(e, p, points);
    if (mode == ENGINE_ACT)
        say(e, p, (intent_t){ .kind = INTENT_SCORE, .score = before + points });
}

/* ---- fields ---- */

bool
engine_field_of(const engine_t *e, const person_t *p, uint32_t field, int64_t *value)
{
    history_part_t part = history_part(&e->histories, p->history, e->plan->fields + field);

    if (part.count == 0)
        return false;
    *value = (int64_t)part.fixed[0];
    return true;
}

void
engine_field_set(engine_t *e, uint32_t person, uint32_t field, int64_t value)
{
    person_t *p = engine_person(e, person);
    int64_t before;
    uint64_t *word;

    if (engine_field_of(e, p, field, &before) && before == value)
        return;
    word = words_of(e, p, e->plan->fields + field);
    if (word == NULL)
        return;
    *word = (uint64_t)value;
    engine_mark(e, e->plan->fields + field);
    engine_calendar_field(e, person, field);
}

/* ---- messages ---- */

void
engine_message_got(engine_t *e, uint32_t person, const char *template, prog_channel_t channel,
    bool limited)
{
    person_t *p = engine_person(e, person);
    engine_event_t event = { .at = e->now, .nkeys = 1, .keys = { MESSAGE_GET }, .nfields = 2 };
    uint32_t slot = e->plan->limits + channel;
    uint64_t stamp = engine_stamp(e);

    event.fields[0] = (senda_capture_t){ SENDA_STR("template"), senda_cstr(template) };
    event.fields[1] = (senda_capture_t){ SENDA_STR("channel"),
        senda_cstr(senda_channel_name(channel)) };
    engine_count_event(e, person, &event, (visit_t){ 0 }, false);
    if (limited && e->plan->shapes[slot].cap > 0 &&
        history_add(&e->histories, &p->history, slot, &stamp) != SENDA_OK)
        e->stats.refused++;
}

uint32_t
engine_messages_since(const engine_t *e, const person_t *p, prog_channel_t channel,
    senda_sec_t since)
{
    history_part_t part = history_part(&e->histories, p->history, e->plan->limits + channel);
    uint32_t n = 0;

    while (n < part.n && stamp_sec(history_at(&part, part.n - 1 - n)) >= since)
        n++;
    return n;
}
