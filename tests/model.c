/*
 * What a rule file means, said as plainly as possible: no timers, no counters,
 * no marks. Every question is answered by reading the list of all events;
 * what is due next is looked for among everything that could be.
 */

#include "model_parts.h"

#include <stdlib.h>

/* ---- happenings ---- */

static void
give_tag(model_t *m, unsigned person, unsigned tag)
{
    if ((m->persons[person].tags & 1ull << tag) == 0) {
        m->persons[person].tags |= 1ull << tag;
        m->new_tags |= 1ull << tag;
        model_tell(m, person, INTENT_TAG, m->program->tags[tag].name);
    }
}

/* When an absence is due, and since which stamp; false: it is not awaited. */
static bool
absence_due(const model_t *m, unsigned person, unsigned rule, senda_sec_t *due, int64_t *since,
    uint32_t *item)
{
    const prog_trigger_t *w = m->rules[rule].when;
    bool found = !w->has_verb;

    *since = m->persons[person].first;
    *item = 0;
    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        if (e->person != person)
            continue;
        if (w->has_verb ? (e->fired & 1ull << rule) != 0 : model_has_key(e, w->absent.key)) {
            found = true;
            *since = e->stamp;
            *item = w->has_verb ? e->item : 0; /* an absence alone has no happening */
        }
    }
    if (!found)
        return false;
    *due = model_add(&m->program->zone, *since / SEQ, w->span, 1);
    return !w->has_verb ||
        model_level(m, person, w->absent.key, *since - 1, (senda_span_t){ 0, 0, 0 }) == 0;
}

/* What was new until now is not any more. */
static void
something_new(model_t *m)
{
    m->new_tags = 0;
    for (unsigned i = 0; i < m->nentries; i++)
        m->entries[i].is_new = false;
}

/* The absences and waits of one person that are due now. */
static void
person_due(model_t *m, unsigned person)
{
    for (unsigned r = 0; r < m->nrules; r++) {
        senda_sec_t due;
        int64_t since;
        uint32_t item;

        if (!m->rules[r].when->has_absent || !absence_due(m, person, r, &due, &since, &item) ||
            due != m->now)
            continue;
        something_new(m);
        if (m->rules[r].is_tag) {
            give_tag(m, person, m->rules[r].owner);
            model_stops(m, person);
        } else {
            model_start(m, person, m->rules[r].owner, since, item);
        }
    }
    for (unsigned i = 0; i < m->nruns; i++) {
        run_t *run = &m->runs[i];

        if (run->person != person || !run->going || run->due != m->now)
            continue;
        if (model_flow(m, run)->stop != NULL &&
            model_holds(m, run, model_flow(m, run)->stop, run->after))
            model_end_run(m, run, INTENT_STOPPED);
        else
            model_go_on(m, run);
    }
}

static senda_sec_t
next_due(const model_t *m)
{
    senda_sec_t first = INT64_MAX, due;
    int64_t since;
    uint32_t item;

    for (unsigned p = 0; p < m->npersons; p++) {
        for (unsigned r = 0; m->persons[p].alive && r < m->nrules; r++) {
            if (m->rules[r].when->has_absent && absence_due(m, p, r, &due, &since, &item) &&
                due > m->done && due < first)
                first = due;
        }
    }
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].going && m->runs[i].due < first)
            first = m->runs[i].due;
    }
    return first;
}

static void
advance(model_t *m, senda_sec_t until)
{
    for (senda_sec_t due = next_due(m); due <= until; due = next_due(m)) {
        m->now = due;
        m->stamp = due * SEQ;
        for (unsigned p = 0; p < m->npersons; p++) {
            if (m->persons[p].alive)
                person_due(m, p);
        }
        m->done = due;
    }
    m->now = until;
    m->done = until;
}

/* ---- who ---- */

static unsigned
new_person(model_t *m, uint32_t name)
{
    if (m->npersons == PERSONS)
        abort();
    m->persons[m->npersons] = (person_t){ .alive = true, .name = name, .first = m->stamp };
    return m->npersons++;
}

/*
 * Two runs of one flow are now one person's: the contact's goes on, and what is
 * reached counts for it.
 */
static void
join_runs(model_t *m, run_t *visitors, run_t *contacts)
{
    if (visitors->going && contacts->going) {
        model_end_run(m, visitors, INTENT_STOPPED);
        visitors->goal = true;
    }
}

/* A visitor gets its name: its history, tags and runs are the contact's. */
static void
join(model_t *m, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < m->nentries; i++) {
        entry_t *e = &m->entries[i];

        e->is_new = e->is_new || e->person == from || e->person == to; /* to the other's runs */
        e->person = e->person == from ? to : e->person;
    }
    for (unsigned i = 0; i < m->nruns; i++) {
        run_t *run = &m->runs[i];

        for (unsigned k = 0; run->person == from && k < m->nruns; k++) {
            if (m->runs[k].person == to && m->runs[k].flow == run->flow)
                join_runs(m, run, &m->runs[k]);
        }
    }
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].person == from)
            m->runs[i].person = to;
    }
    if (m->persons[from].first < m->persons[to].first)
        m->persons[to].first = m->persons[from].first;
    m->persons[to].tags |= m->persons[from].tags;
    m->new_tags |= m->persons[to].tags;
    m->persons[from].alive = false;
}

/* How far each counting rule is: the larger of what both had. */
static void
levels_before(const model_t *m, unsigned person, unsigned *levels)
{
    for (unsigned r = 0; r < m->nrules; r++) {
        const prog_verb_t *v = &m->rules[r].when->verb;
        unsigned n = model_level(m, person, v->key, INT64_MIN, v->within);

        if (n > levels[r])
            levels[r] = n;
    }
}

static unsigned
who_is(model_t *m, const engine_who_t *who, unsigned *levels)
{
    uint8_t v = who->visitor.b[0];
    unsigned person;

    if (who->contact == 0) {
        if (m->visitors[v] == 0)
            m->visitors[v] = 1 + (int)new_person(m, MODEL_VISITOR + v);
        person = (unsigned)m->visitors[v] - 1;
        levels_before(m, person, levels);
        return person;
    }
    if (m->contacts[who->contact] == 0)
        m->contacts[who->contact] = 1 + (int)new_person(m, (uint32_t)who->contact);
    person = (unsigned)m->contacts[who->contact] - 1;
    levels_before(m, person, levels);
    if (v != 0) {
        unsigned was = (unsigned)m->visitors[v] - 1;

        if (m->visitors[v] != 0 && m->persons[was].name >= MODEL_VISITOR) {
            levels_before(m, was, levels);
            join(m, was, person);
        }
        m->visitors[v] = 1 + (int)person;
    }
    return person;
}

/* ---- events ---- */

static bool
is_bought_again(model_t *m, const engine_event_t *ev)
{
    bool buys = false;

    for (unsigned i = 0; i < ev->nkeys; i++)
        buys = buys || ev->keys[i] == senda_key_event(SENDA_EV_PURCHASE);
    if (!buys || ev->order.n == 0)
        return false;
    for (unsigned i = 0; i < m->norders; i++) {
        if (senda_str_eq(m->orders[i], ev->order))
            return true;
    }
    m->orders[m->norders++] = ev->order;
    return false;
}

static entry_t *
note(model_t *m, const engine_event_t *ev, unsigned person)
{
    entry_t *e = &m->entries[m->nentries++];
    bool again = is_bought_again(m, ev);

    *e = (entry_t){ .stamp = m->stamp, .at = m->now, .person = person, .is_new = true };
    e->item = model_item(ev->fields, ev->nfields);
    if (ev->page)
        e->keys[e->nkeys++] = SENDA_KEY_ANY;
    for (unsigned i = 0; i < ev->nkeys; i++) {
        bool gone = again && ev->keys[i] == senda_key_event(SENDA_EV_PURCHASE);

        if (!gone && !model_has_key(e, ev->keys[i]))
            e->keys[e->nkeys++] = ev->keys[i];
    }
    return e;
}

/* Each happening of a plain verb; a count when it is reached and was not. */
static bool
fires(const model_t *m, const rule_t *rule, const entry_t *e, unsigned before)
{
    const prog_verb_t *v = &rule->when->verb;

    if (!rule->when->has_verb)
        return false;
    if (v->count == COUNT_SOME)
        return model_has_key(e, v->key);
    return !model_enough(v, before) &&
        model_enough(v, model_level(m, e->person, v->key, INT64_MIN, v->within));
}

static void
event(model_t *m, const engine_event_t *ev)
{
    senda_sec_t at = ev->at > m->now ? ev->at : m->now;
    unsigned levels[MODEL_RULES] = { 0 }, person;
    entry_t *e;

    advance(m, at);
    something_new(m);
    m->stamp = m->stamp / SEQ == at ? m->stamp + 1 : at * SEQ + 1;
    person = who_is(m, &ev->who, levels);
    if (ev->has_reach) {
        m->persons[person].reach = ev->reach;
        m->persons[person].service = ev->service;
    }
    e = note(m, ev, person);
    for (unsigned r = 0; r < m->nrules; r++)
        e->fired |= fires(m, &m->rules[r], e, levels[r]) ? 1ull << r : 0;
    for (unsigned r = 0; r < m->nrules; r++) {
        if (m->rules[r].is_tag && !m->rules[r].when->has_absent && (e->fired & 1ull << r) != 0)
            give_tag(m, person, m->rules[r].owner);
    }
    model_stops(m, person);
    for (unsigned f = 0; f < m->program->nflows; f++) {
        bool set_off = false;

        for (unsigned r = 0; r < m->nrules; r++)
            set_off = set_off ||
                (!m->rules[r].is_tag && m->rules[r].owner == f && !m->rules[r].when->has_absent &&
                    (e->fired & 1ull << r) != 0);
        if (set_off)
            model_start(m, person, f, m->stamp, e->item);
    }
}

/* ---- from outside ---- */

static void
add_rules(model_t *m, const prog_trigger_t *whens, unsigned n, bool is_tag, unsigned owner)
{
    for (unsigned i = 0; i < n; i++) {
        if (m->nrules == MODEL_RULES)
            abort();
        m->rules[m->nrules++] = (rule_t){ &whens[i], is_tag, owner };
    }
}

uint32_t
model_item(const senda_capture_t *fields, unsigned n)
{
    uint32_t item = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!senda_str_eq(fields[i].name, SENDA_STR("item")))
            continue;
        for (size_t k = 0; k < fields[i].value.n; k++)
            item = item * 10 + (uint32_t)(fields[i].value.p[k] - '0');
    }
    return item;
}

void
model_run(const program_t *program, bool everybody, const engine_event_t *events, unsigned n,
    senda_sec_t end, model_timeline_t *out)
{
    model_t *m = calloc(1, sizeof(*m));

    if (m == NULL)
        abort();
    m->program = program;
    m->everybody = everybody;
    m->out = out;
    m->entries = calloc(n + 1, sizeof(*m->entries));
    m->orders = calloc(n + 1, sizeof(*m->orders));
    if (m->entries == NULL || m->orders == NULL)
        abort();
    for (unsigned i = 0; i < program->ntags; i++)
        add_rules(m, program->tags[i].whens, program->tags[i].nwhens, true, i);
    for (unsigned i = 0; i < program->nflows; i++)
        add_rules(m, program->flows[i].starts, program->flows[i].nstarts, false, i);
    for (unsigned i = 0; i < n; i++)
        event(m, &events[i]);
    advance(m, end);
    free(m->entries);
    free(m->orders);
    free(m);
}
