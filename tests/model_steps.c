/*
 * What the model's runs do step by step: messages and what keeps them back,
 * benefits that go with them, and what a step does to its person.
 */

#include "model_parts.h"

#include <stdlib.h>

#define DAY 86400

/* ---- may a message go ---- */

bool
model_reaches(const model_t *m, unsigned person, bool transactional, prog_channel_t channel)
{
    const person_t *p = &m->persons[person];
    uint32_t bits = transactional ? p->address : p->address & p->consent;

    return m->play->everybody || (bits & CHANNEL_BIT(channel)) != 0;
}

/* The number of the calendar's day, week (from Monday) or month. */
static int64_t
period(const model_t *m, senda_sec_t t, prog_unit_t unit)
{
    int64_t n = model_local_day(m->zone, t, NULL), year, month, day;

    model_date_of(n, &year, &month, &day);
    if (unit == LIMIT_WEEK)
        return (n + 3) / 7; /* 1 January 1970 was a Thursday */
    return unit == LIMIT_DAY ? n : year * 12 + month;
}

static bool
has_room(const model_t *m, unsigned person, prog_channel_t channel)
{
    for (unsigned i = 0; i < m->program->nlimits; i++) {
        const prog_limit_t *l = &m->program->limits[i];
        unsigned n = 0;

        if (l->channel != channel)
            continue;
        for (unsigned k = 0; k < m->nentries; k++) {
            const entry_t *e = &m->entries[k];

            n += e->person == person && e->limited && e->channel == channel &&
                period(m, e->at, l->per) == period(m, m->now, l->per);
        }
        if (n >= l->times) {
            HIT(m, HIT_RESPECT);
            return false;
        }
    }
    return true;
}

/* The end of the quiet hours; now, if it is not quiet. */
static senda_sec_t
quiet_until(const model_t *m)
{
    const program_t *p = m->program;
    int32_t second;
    int64_t day = model_local_day(m->zone, m->now, &second);
    bool quiet = p->quiet_from <= p->quiet_to ? second >= p->quiet_from && second < p->quiet_to
                                              : second >= p->quiet_from || second < p->quiet_to;

    if (!p->has_quiet || !quiet)
        return m->now;
    return model_moment(m->zone, second < p->quiet_to ? day : day + 1, p->quiet_to);
}

static bool
in_control(const model_t *m, const run_t *run)
{
    return !model_flow(m, run)->transactional &&
        engine_person_share(&m->persons[run->person].who, 0, 0) < m->program->control;
}

/* ---- messages and benefits ---- */

static senda_sec_t
valid_until(const model_t *m, const prog_step_t *s)
{
    return senda_span_is_zero(s->span) ? 0 : model_add(m->zone, m->now, s->span, 1);
}

static void
give_benefit(model_t *m, const run_t *run, const prog_step_t *s)
{
    intent_t i = { .kind = INTENT_BENEFIT,
        .at = m->now,
        .who = m->persons[run->person].who,
        .flow = model_flow(m, run),
        .step = s,
        .until = valid_until(m, s) };
    model_line_t line;

    if (model_line_of(&i, &line))
        model_say(m->out, &line);
}

static void
say_message(model_t *m, const run_t *run, const prog_step_t *s, prog_channel_t channel)
{
    const filled_t *f = &run->filled;
    senda_capture_t fields[] = { { SENDA_STR("item"), senda_cstr(f->item) },
        { SENDA_STR("q"), senda_cstr(f->q) }, { SENDA_STR("order"), senda_cstr(f->order) },
        { SENDA_STR("items"), senda_cstr(f->items) } };
    intent_t i = { .kind = INTENT_MESSAGE,
        .at = m->now,
        .who = m->persons[run->person].who,
        .flow = model_flow(m, run),
        .step = s,
        .channel = channel,
        .nfields = 4,
        .fields = fields,
        .recipe = run->recipe,
        .nbenefits = run->nbenefits };
    model_line_t line;

    if (model_line_of(&i, &line))
        model_say(m->out, &line);
}

/* The person got it: that is a happening too. */
static void
note_message(model_t *m, const run_t *run, const prog_step_t *s, prog_channel_t channel)
{
    entry_t *e = &m->entries[m->nentries];

    if (m->nentries == ENTRIES)
        abort();
    for (unsigned i = 0; i < m->nentries; i++)
        m->entries[i].was = m->entries[i].person;
    *e = (entry_t){ .stamp = m->stamp,
        .at = m->now,
        .person = run->person,
        .was = run->person,
        .nkeys = 1,
        .keys = { senda_key_event(SENDA_EV_MESSAGE_GET) },
        .template = s->template,
        .channel = channel,
        .limited = !model_flow(m, run)->transactional };
    model_note(m, e);
    m->persons[run->person].dirty = true;
    m->nentries++;
    model_look_later(m, m->nentries - 1);
    model_happens(m, run->person, (int)m->nentries - 1, -1);
}

static void
deliver(model_t *m, run_t *run, const prog_step_t *s, prog_channel_t channel)
{
    bool withheld = in_control(m, run);

    if (withheld)
        HIT(m, HIT_RESPECT + 3);
    for (unsigned i = 0; i < run->nbenefits && !withheld; i++) {
        HIT(m, HIT_BENEFIT);
        give_benefit(m, run, run->benefits[i]);
    }
    if (!withheld) {
        if (run->recipe != NULL)
            HIT(m, HIT_RECIPE + run->recipe->recipe);
        say_message(m, run, s, channel);
        note_message(m, run, s, channel);
    }
    run->nbenefits = 0;
}

/* false: it is quiet; the run comes back to this step. */
static bool
message(model_t *m, run_t *run, const prog_step_t *s)
{
    bool always = model_flow(m, run)->transactional;

    for (unsigned k = 0; k < s->nchannels; k++) {
        if (!model_reaches(m, run->person, always, s->channels[k]) ||
            (!always && !has_room(m, run->person, s->channels[k])))
            continue;
        if (!always && quiet_until(m) > m->now) {
            HIT(m, HIT_RESPECT + 2);
            run->due = quiet_until(m);
            return false;
        }
        if (k > 0)
            HIT(m, HIT_RESPECT + 1);
        if (always)
            HIT(m, HIT_RESPECT + 4);
        deliver(m, run, s, s->channels[k]);
        return true;
    }
    return true;
}

/* Whether a `send` can come from this step on. */
static bool
can_send(const prog_flow_t *f, unsigned step, unsigned depth)
{
    for (; step < f->nsteps && depth < f->nsteps; step++, depth++) {
        const prog_step_t *s = &f->steps[step];

        if (s->kind == STEP_SEND)
            return true;
        if (s->kind == STEP_END || s->kind == STEP_EXIT)
            return false;
        for (unsigned i = 0; s->kind == STEP_SPLIT && i < s->nbranches; i++) {
            if (can_send(f, s->branches[i].target, depth + 1))
                return true;
        }
        if (s->kind == STEP_IF && can_send(f, s->target, depth + 1))
            return true;
        if (s->kind == STEP_SPLIT || s->kind == STEP_JUMP)
            return can_send(f, s->target, depth + 1);
    }
    return false;
}

static void
benefit(model_t *m, run_t *run, const prog_step_t *s)
{
    if (in_control(m, run))
        return;
    if (can_send(model_flow(m, run), run->step, 0)) {
        if (run->nbenefits < ENGINE_BENEFITS_MAX)
            run->benefits[run->nbenefits++] = s;
    } else {
        HIT(m, HIT_BENEFIT + 1);
        give_benefit(m, run, s);
    }
}

/* ---- steps ---- */

static bool
is_out(const model_t *m, const char *item, size_t len)
{
    for (unsigned i = 0; i < m->nstock; i++) {
        if (strlen(m->stock[i].item) == len && memcmp(m->stock[i].item, item, len) == 0)
            return m->stock[i].out;
    }
    return false;
}

/* The item is one of the basket or the order. */
static bool
is_listed(const char *items, const char *item)
{
    size_t len = strlen(item);

    for (; *items != '\0'; items += strcspn(items, ",") + (items[strcspn(items, ",")] != '\0')) {
        if (strcspn(items, ",") == len && memcmp(items, item, len) == 0)
            return true;
    }
    return false;
}

/* All that the run is about is known to be sold out: its basket or order, or an item in neither. */
static bool
is_sold_out(const model_t *m, const run_t *run)
{
    const filled_t *f = &run->filled;
    const char *p = f->item[0] == '\0' || is_listed(f->items, f->item) ? f->items : f->item;
    bool any = *p != '\0';

    while (*p != '\0') {
        size_t len = strcspn(p, ",");

        if (!is_out(m, p, len))
            return false;
        p += len + (p[len] != '\0');
    }
    return any;
}

static void
split(model_t *m, run_t *run, const prog_step_t *s)
{
    uint32_t share = engine_person_share(&m->persons[run->person].who, model_flow(m, run)->id,
        s->id);
    uint32_t sum = 0;

    run->step = s->target;
    for (unsigned i = 0; i < s->nbranches; i++) {
        if (share >= sum && share < sum + s->branches[i].share)
            run->step = s->branches[i].target;
        sum += s->branches[i].share;
    }
}

/* The next such time of such a day, now included. */
static senda_sec_t
next_time(const model_t *m, const prog_step_t *s)
{
    int64_t day = model_local_day(m->zone, m->now, NULL);

    for (int64_t d = day - 1; d < day + 9; d++) {
        senda_sec_t t = model_moment(m->zone, d, s->second);

        if (t >= m->now && (s->weekdays == 0 || (s->weekdays & 1u << (d + 3) % 7) != 0))
            return t;
    }
    abort();
}

static void
leave(model_t *m, const run_t *run, uint32_t flow)
{
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].person == run->person && m->runs[i].flow == flow && m->runs[i].going)
            model_end_run(m, &m->runs[i], INTENT_STOPPED);
    }
}

/* What a step does to its person; true: the run looks whether that stops it. */
static bool
deed(model_t *m, run_t *run, const prog_step_t *s)
{
    switch (s->kind) {
    case STEP_TAG:
        model_give_tag(m, run->person, s->what, (senda_span_t){ 0, 0, 0 });
        return true;
    case STEP_UNTAG:
        model_take_tag(m, run->person, s->what);
        return true;
    case STEP_SCORE:
        model_add_score(m, run->person, s->value);
        return true;
    case STEP_SET:
        model_tell(m, run->person, INTENT_SET, model_flow(m, run)->name, "%s", s->text);
        model_set_field(m, run->person, s->what, senda_cstr(s->text));
        return true;
    case STEP_CALL:
    case STEP_NOTIFY:
        if (!in_control(m, run))
            model_tell(m, run->person, s->kind == STEP_CALL ? INTENT_CALL : INTENT_NOTIFY,
                model_flow(m, run)->name, "%s", s->text);
        return false;
    case STEP_ENTER:
        m->entering[s->what] = true;
        m->entering_with = run->filled;
        return false;
    case STEP_LEAVE:
        leave(m, run, s->what);
        return false;
    default:
        return false;
    }
}

/* A wait, a branch, an end; true: the run stays here. */
static bool
turn(model_t *m, run_t *run, const prog_step_t *s)
{
    switch (s->kind) {
    case STEP_WAIT:
        run->due = model_add(m->zone, m->now, s->span, 1);
        return true;
    case STEP_WAIT_TIME:
        run->due = next_time(m, s);
        return run->due > m->now;
    case STEP_WAIT_EVENT:
        run->due = model_add(m->zone, m->now, s->span, 1);
        run->waits = m->stamp;
        return true;
    case STEP_IF:
        if (!model_holds(m, run->person, run, s->cond, INT64_MIN))
            run->step = s->target;
        return false;
    case STEP_JUMP:
        run->step = s->target;
        return false;
    case STEP_SPLIT:
        split(m, run, s);
        return false;
    case STEP_STOCK:
        if (is_sold_out(m, run))
            model_end_run(m, run, INTENT_FINISHED);
        return !run->going;
    case STEP_EXIT:
    case STEP_END:
        model_end_run(m, run, INTENT_FINISHED);
        return true;
    default:
        return false;
    }
}

/* true: the run stays here. */
static bool
do_step(model_t *m, run_t *run, const prog_step_t *s)
{
    HIT(m, HIT_STEP + s->kind);
    switch (s->kind) {
    case STEP_SEND:
        if (!message(m, run, s)) {
            run->step--;
            return true;
        }
        break;
    case STEP_COUPON:
    case STEP_CREDIT:
    case STEP_GIFT:
        benefit(m, run, s);
        return false;
    case STEP_RECOMMEND:
        run->recipe = s;
        return false;
    default:
        if (turn(m, run, s))
            return true;
        if (!deed(m, run, s))
            return !run->going;
    }
    if (model_must_stop(m, run))
        model_end_run(m, run, INTENT_STOPPED);
    return !run->going;
}

void
model_go_on(model_t *m, run_t *run)
{
    const filled_t *was = m->brings;

    m->brings = &run->filled;
    run->due = INT64_MAX;
    run->waits = 0;
    while (!do_step(m, run, &model_flow(m, run)->steps[run->step++]))
        continue;
    model_settle(m, run->person);
    m->brings = was;
}
