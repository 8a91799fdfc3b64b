/*
 * What comes to pass in the model by time alone: the ends of tags, absences,
 * windows that let go of what they held, starts by the calendar, waits that
 * are over. What is due next is looked for among everything that could be.
 */

#include "model_parts.h"

#include <stdlib.h>

#define NEVER INT64_MAX
#define DAY   86400

/* ---- windows ---- */

static void
look_at(model_t *m, senda_sec_t at, unsigned entry)
{
    unsigned i = m->nlooks++;

    m->looks = realloc(m->looks, m->nlooks * sizeof(*m->looks));
    if (m->looks == NULL)
        abort();
    for (; i > 0 && m->looks[i - 1].at < at; i--) /* the next one last */
        m->looks[i] = m->looks[i - 1];
    m->looks[i] = (look_t){ at, entry };
}

void
model_look_later(model_t *m, unsigned entry)
{
    const entry_t *e = &m->entries[entry];

    for (unsigned i = 0; i < m->nwatched; i++) {
        const prog_verb_t *v = m->watched[i].verb;
        bool lowers = v->key == senda_key_event(SENDA_EV_PURCHASE) &&
            model_has_key(e, senda_key_event(SENDA_EV_REFUND));

        if (!model_happened(m, e, v) && !lowers)
            continue;
        look_at(m, model_add(m->zone, e->at, m->watched[i].span, 1), entry);
    }
}

/* ---- absences ---- */

/* A score line whose absence lasts counts again. */
static senda_sec_t
counts_again(const model_t *m, const person_t *p, const rule_t *rule, senda_sec_t due)
{
    const prog_score_t *s;

    if (rule->of != OF_SCORE || !model_alone(rule->when))
        return due;
    s = &m->program->scores[rule->owner];
    if (senda_span_is_zero(s->each) || !p->scored[rule->owner].has)
        return due;
    if (due < model_add(m->zone, p->scored[rule->owner].last, s->each, 1))
        due = model_add(m->zone, p->scored[rule->owner].last, s->each, 1);
    return due;
}

/*
 * What sets it off brings what must not happen: the same happening, any page,
 * a page and its event, or whatever made a state true.
 */
static bool
comes_with(const model_t *m, const prog_trigger_t *w)
{
    if (w->kind != TRIGGER_VERB || w->absent.key == SENDA_KEY_ANY || w->absent.key == w->verb.key)
        return true;
    for (unsigned i = 0; i < m->program->npages; i++) {
        const prog_page_t *p = &m->program->pages[i];

        if ((p->key == w->verb.key && p->event == w->absent.key) ||
            (p->key == w->absent.key && p->event == w->verb.key))
            return true;
    }
    return false;
}

static void
find_absence(model_t *m, unsigned person, unsigned r)
{
    const prog_trigger_t *w = m->rules[r].when;
    person_t *p = &m->persons[person];
    bool lone = model_alone(w);
    int64_t since = lone ? p->first : 0;
    int entry = -1;
    const filled_t *brings = NULL;

    for (unsigned i = 0; !lone && i < m->nfirings; i++) {
        if (m->firings[i].person == person && m->firings[i].rule == r &&
            m->firings[i].stamp >= since) {
            since = m->firings[i].stamp;
            entry = m->firings[i].entry;
            brings = m->firings[i].brings;
        }
    }
    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        if (e->person != person || !model_happened(m, e, &w->absent))
            continue;
        if (lone)
            since = e->stamp;
        else if (e->stamp > since || (e->stamp == since && !comes_with(m, w)))
            since = 0; /* it came */
    }
    p->absences[r].awaited = since != 0;
    p->absences[r].since = since;
    p->absences[r].entry = entry;
    p->absences[r].brings = brings;
    if (since != 0)
        p->absences[r].due = counts_again(m, p, &m->rules[r],
            model_add(m->zone, since / SEQ, w->span, 1));
}

static void
find_absences(model_t *m, unsigned person)
{
    if (!m->persons[person].dirty)
        return;
    for (unsigned r = 0; r < m->nrules; r++) {
        if (m->rules[r].when->has_absent)
            find_absence(m, person, r);
    }
    m->persons[person].dirty = false;
}

/* ---- starts by the calendar ---- */

static senda_sec_t
next_date(const model_t *m, unsigned person, const prog_trigger_t *w)
{
    int64_t year, month, day, now_year, now_month, now_day;

    if (!model_date(m->persons[person].fields[w->what], &year, &month, &day))
        return NEVER;
    model_date_of(model_local_day(m->zone, m->done, NULL), &now_year, &now_month, &now_day);
    for (int64_t y = now_year - 1; y < now_year + 3; y++) {
        int64_t length = model_day_number(y, month + 1, 1) - model_day_number(y, month, 1);
        senda_sec_t t = model_moment(m->zone,
            model_day_number(y, month, day > length ? length : day), w->second);

        if (y >= year && t > m->done)
            return t;
    }
    return NEVER;
}

/* After what timers have run to. */
static senda_sec_t
next_start(const model_t *m, unsigned person, const prog_trigger_t *w)
{
    int64_t day = model_local_day(m->zone, m->done, NULL);
    senda_sec_t t = NEVER;

    if (w->kind == TRIGGER_DATE)
        return next_date(m, person, w);
    if (w->kind == TRIGGER_ON)
        t = model_moment(m->zone, w->date, w->second);
    for (int64_t d = day - 1; w->kind == TRIGGER_DAILY && d <= day + 1; d++) {
        t = model_moment(m->zone, d, w->second);
        if (t > m->done)
            break;
    }
    return t > m->done ? t : NEVER;
}

static void
calendar_starts(model_t *m, unsigned person)
{
    filled_t filled;

    for (unsigned f = 0; f < m->program->nflows; f++) {
        bool starts = false;

        for (unsigned r = 0; r < m->nrules; r++) {
            const prog_trigger_t *w = m->rules[r].when;

            if (m->rules[r].of != OF_FLOW || m->rules[r].owner != f || w->kind < TRIGGER_DAILY ||
                next_start(m, person, w) != m->now ||
                (w->cond != NULL && !model_holds(m, person, NULL, w->cond, INT64_MIN)))
                continue;
            HIT(m, HIT_TRIGGER + w->kind);
            starts = true;
        }
        if (!starts)
            continue;
        model_fill(m, person, -1, NULL, &filled);
        model_start(m, person, f, m->stamp, &filled);
    }
}

/* ---- what is due ---- */

static senda_sec_t
earlier(senda_sec_t a, senda_sec_t b)
{
    return a < b ? a : b;
}

static senda_sec_t
next_of_person(model_t *m, unsigned person)
{
    const person_t *p = &m->persons[person];
    senda_sec_t first = NEVER;

    find_absences(m, person);
    for (unsigned i = 0; i < m->program->ntags; i++) {
        if (p->tags[i].has && !p->tags[i].forever)
            first = earlier(first, p->tags[i].end);
    }
    for (unsigned r = 0; r < m->nrules; r++) {
        const prog_trigger_t *w = m->rules[r].when;

        if (w->has_absent && p->absences[r].awaited && p->absences[r].due > m->done)
            first = earlier(first, p->absences[r].due);
        if (w->kind >= TRIGGER_DAILY)
            first = earlier(first, next_start(m, person, w));
    }
    return first;
}

senda_sec_t
model_next_due(model_t *m)
{
    senda_sec_t first = NEVER;

    for (unsigned p = 0; p < m->npersons; p++) {
        if (m->persons[p].alive)
            first = earlier(first, next_of_person(m, p));
    }
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].going)
            first = earlier(first, m->runs[i].due);
    }
    while (m->nlooks > 0 && m->looks[m->nlooks - 1].at <= m->done)
        m->nlooks--;
    return m->nlooks > 0 ? earlier(first, m->looks[m->nlooks - 1].at) : first;
}

static void
run_absences(model_t *m, unsigned person)
{
    const person_t *p = &m->persons[person];

    find_absences(m, person);
    for (unsigned r = 0; r < m->nrules; r++) {
        if (m->rules[r].when->has_absent && p->absences[r].awaited &&
            p->absences[r].due == m->now && m->done < m->now)
            model_fire_absence(m, person, r);
    }
}

static bool
is_due(model_t *m, unsigned person)
{
    if (next_of_person(m, person) == m->now)
        return true;
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].person == person && m->runs[i].going && m->runs[i].due == m->now)
            return true;
    }
    for (unsigned i = m->nlooks; i-- > 0 && m->looks[i].at <= m->now;) {
        if (m->entries[m->looks[i].entry].person == person)
            return true;
    }
    return false;
}

static void
wait_is_over(model_t *m, run_t *run)
{
    if (!run->going || run->due != m->now)
        return;
    if (model_must_stop(m, run)) {
        HIT(m, HIT_ENDED);
        model_end_run(m, run, INTENT_STOPPED);
    } else {
        model_go_on(m, run);
    }
}

void
model_person_due(model_t *m, unsigned person)
{
    if (!is_due(m, person))
        return;
    m->entry = -1;
    m->by_time = true;
    for (unsigned i = 0; i < m->program->ntags; i++) {
        const tag_t *t = &m->persons[person].tags[i];

        if (t->has && !t->forever && t->end <= m->now) {
            HIT(m, HIT_TAG + 2);
            model_take_tag(m, person, i);
        }
    }
    run_absences(m, person);
    model_settle(m, person);
    calendar_starts(m, person);
    for (unsigned f = 0; f < m->program->nflows; f++) {
        for (unsigned i = 0; i < m->nruns; i++) {
            if (m->runs[i].person == person && m->runs[i].flow == f)
                wait_is_over(m, &m->runs[i]);
        }
    }
}
