/*
 * What a rule file means, said as plainly as possible: no counters, no marks.
 * Every question is answered by reading the list of all events. Here: who the
 * people are, and what an event does.
 */

#include "model_parts.h"

#include <stdlib.h>

#define PURCHASE senda_key_event(SENDA_EV_PURCHASE)

/* ---- who ---- */

static unsigned
new_person(model_t *m, engine_who_t who)
{
    person_t *p = &m->persons[m->npersons];

    if (m->npersons == PERSONS)
        abort();
    *p = (person_t){ .alive = true,
        .name = who.contact != 0 ? (uint32_t)who.contact : MODEL_VISITOR + who.visitor.b[0],
        .who = who,
        .first = m->stamp,
        .dirty = true };
    for (unsigned r = 0; r < m->nrules; r++) {
        if (m->rules[r].when->kind == TRIGGER_SCORE) /* nothing changes by being nobody */
            p->above[r] = model_compare(0, m->rules[r].when->cmp, m->rules[r].when->value);
    }
    return m->npersons++;
}

/* Two runs of one name are now one person's: the contact's goes on. */
static void
join_runs(model_t *m, unsigned from, unsigned to)
{
    for (unsigned i = 0; i < m->nruns; i++) {
        run_t *run = &m->runs[i];

        for (unsigned k = 0; run->person == from && k < m->nruns; k++) {
            const run_t *other = &m->runs[k];

            if (other->person != to || other->flow != run->flow || !run->going || !other->going ||
                (model_flow(m, run)->again == AGAIN_EACH &&
                    (strcmp(run->filled.value, other->filled.value) != 0 ||
                        (run->filled.value[0] == '\0' && run->start != other->start))))
                continue;
            model_end_run(m, run, INTENT_STOPPED);
            run->goal = true;
        }
    }
    for (unsigned i = 0; i < m->nruns; i++) {
        if (m->runs[i].person == from)
            m->runs[i].person = to;
    }
}

static void
join_tags(const model_t *m, const person_t *from, person_t *to)
{
    for (unsigned i = 0; i < m->program->ntags; i++) {
        const tag_t *f = &from->tags[i];
        tag_t *t = &to->tags[i];

        t->has = t->has || f->has;
        t->forever = t->forever || f->forever;
        t->end = f->end > t->end ? f->end : t->end;
    }
}

/* Points add; what counts once ever and both had, counts once. */
static void
join_scores(model_t *m, unsigned from, unsigned to)
{
    const person_t *f = &m->persons[from];
    person_t *t = &m->persons[to];
    int64_t score = f->score;

    for (unsigned i = 0; i < m->program->nscores; i++) {
        if (f->scored[i].has && t->scored[i].has && m->program->scores[i].once)
            score -= m->program->scores[i].points;
        if (f->scored[i].has && (!t->scored[i].has || f->scored[i].last > t->scored[i].last))
            t->scored[i].last = f->scored[i].last;
        t->scored[i].has = t->scored[i].has || f->scored[i].has;
    }
    t->score += score; /* like tags: it is nobody's doing, and not told */
}

static bool
take_out(person_t *p, const char *item)
{
    for (unsigned i = 0; i < p->nbasket; i++) {
        if (strcmp(p->basket[i], item) == 0) {
            memmove(p->basket[i], p->basket[i + 1], (--p->nbasket - i) * WORD);
            return true;
        }
    }
    return false;
}

/* What is put in once more is the latest again. */
static void
put_in(person_t *p, const char *item)
{
    take_out(p, item);
    if (p->nbasket < BASKET && strlen(item) < WORD)
        memcpy(p->basket[p->nbasket++], item, strlen(item) + 1);
}

/* The contact's, then what the visitor has besides. */
static void
join_baskets(const person_t *from, person_t *to)
{
    unsigned had = to->nbasket;

    for (unsigned i = 0; i < from->nbasket; i++) {
        bool has = false;

        for (unsigned k = 0; k < had; k++)
            has = has || strcmp(to->basket[k], from->basket[i]) == 0;
        if (!has)
            put_in(to, from->basket[i]);
    }
}

/* A visitor gets its name: its history, tags and runs are the contact's. */
static void
join(model_t *m, unsigned from, unsigned to)
{
    person_t *f = &m->persons[from], *t = &m->persons[to];

    HIT(m, HIT_LOGIN);
    for (unsigned i = 0; i < m->nentries; i++) {
        if (m->entries[i].person == from)
            m->entries[i].person = to;
    }
    for (unsigned i = 0; i < m->nfirings; i++) {
        if (m->firings[i].person == from)
            m->firings[i].person = to;
    }
    join_runs(m, from, to);
    join_tags(m, f, t);
    join_scores(m, from, to);
    join_baskets(f, t);
    for (unsigned i = 0; i < FIELDS; i++) {
        if (t->fields[i][0] == '\0')
            memcpy(t->fields[i], f->fields[i], WORD);
    }
    for (unsigned i = 0; i < m->program->nsegments; i++)
        t->in[i] = t->in[i] || f->in[i];
    for (unsigned r = 0; r < m->nrules; r++)
        t->above[r] = t->above[r] || f->above[r];
    t->address |= f->address;
    t->consent |= f->consent;
    t->first = f->first < t->first ? f->first : t->first;
    t->dirty = true;
    f->alive = false;
}

/* Whose event it is; other: who has become that person by it, or -1. */
static unsigned
who_is(model_t *m, const engine_who_t *who, int *other)
{
    uint8_t v = who->visitor.b[0];
    unsigned person;

    *other = -1;
    if (who->contact == 0) {
        if (m->visitors[v] == 0)
            m->visitors[v] = 1 + (int)new_person(m, *who);
        return (unsigned)m->visitors[v] - 1;
    }
    if (m->contacts[who->contact] == 0)
        m->contacts[who->contact] = 1 +
            (int)new_person(m, (engine_who_t){ .contact = who->contact });
    person = (unsigned)m->contacts[who->contact] - 1;
    if (v != 0) {
        unsigned was = (unsigned)m->visitors[v] - 1;

        if (m->visitors[v] != 0 && m->persons[was].name >= MODEL_VISITOR) {
            join(m, was, person);
            *other = (int)was;
        }
        m->visitors[v] = 1 + (int)person;
    }
    return person;
}

/* ---- what it was ---- */

static bool
is_bought_again(model_t *m, const engine_event_t *ev)
{
    bool buys = false;

    for (unsigned i = 0; i < ev->nkeys; i++)
        buys = buys || ev->keys[i] == PURCHASE;
    if (!buys || ev->order.n == 0)
        return false;
    for (unsigned i = 0; i < m->norders; i++) {
        if (senda_str_eq(m->orders[i], ev->order))
            return true;
    }
    m->orders[m->norders++] = ev->order;
    return false;
}

/* Of "i1:2:9.90" only i1 is the item. */
static unsigned
items_of(senda_str_t text, char items[][WORD])
{
    unsigned n = 0;

    while (text.n > 0 && n < BASKET) {
        const char *comma = memchr(text.p, ',', text.n);
        size_t len = comma != NULL ? (size_t)(comma - text.p) : text.n;

        snprintf(items[n], WORD, "%.*s", (int)len, text.p);
        items[n][strcspn(items[n], ":")] = '\0';
        n++;
        len += comma != NULL;
        text.p += len;
        text.n -= len;
    }
    return n;
}

static void
replace_basket(person_t *p, senda_str_t text)
{
    char items[BASKET][WORD];
    unsigned n = items_of(text, items);

    p->nbasket = 0;
    for (unsigned i = 0; i < n; i++)
        put_in(p, items[i]);
}

static void
keep_basket(model_t *m, entry_t *e)
{
    person_t *p = &m->persons[e->person];
    senda_str_t item = model_field(e->ev, "item"), items = model_field(e->ev, "items");
    char text[WORD];

    snprintf(text, sizeof(text), "%.*s", (int)item.n, item.p);
    if (model_has_key(e, senda_key_event(SENDA_EV_VIEW_CART)) && items.n > 0)
        replace_basket(p, items);
    if (model_has_key(e, senda_key_event(SENDA_EV_ADD_TO_CART)) && item.n > 0)
        put_in(p, text);
    if (model_has_key(e, senda_key_event(SENDA_EV_REMOVE_FROM_CART)))
        take_out(p, text);
    if (!model_has_key(e, PURCHASE))
        return;
    e->nitems = items_of(items.n > 0 ? items : item, e->items);
    for (; items.n == 0 && item.n == 0 && e->nitems < p->nbasket; e->nitems++)
        memcpy(e->items[e->nitems], p->basket[e->nitems], WORD);
    p->nbasket = 0;
}

static void
message_of(entry_t *e)
{
    static const char *const channels[] = { "email", "sms", "push", "webpush" };
    static char templates[64][WORD];
    static unsigned n;
    senda_str_t template = model_field(e->ev, "template"), channel = model_field(e->ev, "channel");

    if (template.n == 0)
        return;
    for (unsigned i = 0; i < CHANNELS; i++) {
        if (senda_str_eq(channel, senda_cstr(channels[i])))
            e->channel = (prog_channel_t)i;
    }
    for (unsigned i = 0; i < n; i++) {
        if (senda_str_eq(template, senda_cstr(templates[i])))
            e->template = templates[i];
    }
    if (e->template != NULL)
        return;
    if (n == 64)
        abort();
    snprintf(templates[n], WORD, "%.*s", (int)template.n, template.p);
    e->template = templates[n++];
}

static void
note(model_t *m, const engine_event_t *ev, unsigned person)
{
    entry_t *e = &m->entries[m->nentries];
    bool again = is_bought_again(m, ev);

    if (m->nentries == ENTRIES)
        abort();
    *e = (entry_t){ .stamp = m->stamp,
        .at = m->now,
        .person = person,
        .was = person,
        .visitor = ev->who.visitor.b[0],
        .page = ev->page,
        .ev = ev };
    if (ev->page)
        e->keys[e->nkeys++] = SENDA_KEY_ANY;
    for (unsigned i = 0; i < ev->nkeys; i++) {
        if (!(again && ev->keys[i] == PURCHASE) && !model_has_key(e, ev->keys[i]))
            e->keys[e->nkeys++] = ev->keys[i];
    }
    message_of(e);
    keep_basket(m, e);
    model_note(m, e);
    m->entry = (int)m->nentries++;
    m->persons[person].dirty = true;
    model_look_later(m, (unsigned)m->entry);
}

static void
answers(model_t *m, const engine_event_t *ev, unsigned person)
{
    for (unsigned i = 0; i < ev->nanswers; i++) {
        for (unsigned f = 0; f < m->program->nfields; f++) {
            if (senda_str_eq(ev->answers[i].name, senda_cstr(m->program->fields[f].name)))
                model_set_field(m, person, f, ev->answers[i].value);
        }
    }
}

/* ---- what it does ---- */

static void
advance(model_t *m, senda_sec_t until)
{
    for (senda_sec_t due = model_next_due(m); due <= until; due = model_next_due(m)) {
        m->now = due;
        m->stamp = m->stamp < due * SEQ ? due * SEQ : m->stamp;
        for (unsigned p = 0; p < m->npersons; p++) {
            if (m->persons[p].alive)
                model_person_due(m, p);
        }
        m->done = due;
    }
    m->now = until;
    m->done = until;
}

/* What the engine is asked after each event, as the list answers it. */
static void
say_state(model_t *m, unsigned person)
{
    const person_t *p = &m->persons[person];
    model_line_t line = { .at = m->now, .who = p->name, .kind = MODEL_STATE, .name = "" };
    uint32_t tags = 0, segments = 0;

    for (unsigned i = 0; i < m->program->ntags; i++)
        tags |= p->tags[i].has ? 1u << i : 0;
    for (unsigned i = 0; i < m->program->nsegments; i++)
        segments |= model_holds(m, person, NULL, m->program->segments[i].cond, INT64_MIN) ? 1u << i
                                                                                          : 0;
    snprintf(line.what, sizeof(line.what), "score %lld stage %d tags %x segments %x",
        (long long)p->score, model_stage(m, person), tags, segments);
    model_say(m->out, &line);
}

static void
event(model_t *m, const engine_event_t *ev)
{
    senda_sec_t at = ev->at > m->now ? ev->at : m->now;
    unsigned person;
    int other;

    advance(m, at);
    m->by_time = false;
    m->stamp = m->stamp / SEQ == at ? m->stamp + 1 : at * SEQ + 1;
    for (unsigned i = 0; i < m->nentries; i++)
        m->entries[i].was = m->entries[i].person;
    person = who_is(m, &ev->who, &other);
    if (ev->has_reach) {
        m->persons[person].address = ev->address;
        m->persons[person].consent = ev->consent;
    }
    answers(m, ev, person);
    note(m, ev, person);
    model_happens(m, person, m->entry, other);
    model_settle(m, person);
    say_state(m, person);
}

static void
stock(model_t *m, const model_stock_t *s)
{
    unsigned i = 0;

    while (i < m->nstock && strcmp(m->stock[i].item, s->item) != 0)
        i++;
    if (i == m->nstock)
        snprintf(m->stock[m->nstock++].item, WORD, "%s", s->item);
    m->stock[i].out = s->sold_out;
}

/* ---- from outside ---- */

static void
add_rules(model_t *m, const prog_trigger_t *whens, unsigned n, int of, unsigned owner,
    const senda_span_t *lasts)
{
    for (unsigned i = 0; i < n; i++) {
        if (m->nrules == MODEL_RULES)
            abort();
        m->rules[m->nrules] = (rule_t){ .when = &whens[i], .owner = owner };
        m->rules[m->nrules].of = of;
        if (lasts != NULL)
            m->rules[m->nrules].lasts = lasts[i];
        m->nrules++;
    }
}

/* A window or an age in what is watched: it may change by time alone. */
static void
watch(model_t *m, const prog_cond_t *c)
{
    if (c == NULL)
        return;
    if (c->kind == COND_AND || c->kind == COND_OR || c->kind == COND_NOT) {
        watch(m, c->left);
        watch(m, c->right);
        return;
    }
    if (m->nwatched + 2 > VERBS)
        abort();
    if (c->kind == COND_FIRST || c->kind == COND_LAST) {
        m->watched[m->nwatched].span = c->span;
        m->watched[m->nwatched++].verb = &c->verb;
    } else if ((c->kind == COND_VERB || c->kind == COND_TOTAL) &&
        !senda_span_is_zero(c->verb.within)) {
        m->watched[m->nwatched].span = c->verb.within;
        m->watched[m->nwatched++].verb = &c->verb;
    }
}

static void
read_program(model_t *m, const program_t *p)
{
    for (unsigned i = 0; i < p->ntags; i++)
        add_rules(m, p->tags[i].whens, p->tags[i].nwhens, OF_TAG, i, p->tags[i].lasts);
    for (unsigned i = 0; i < p->nscores; i++)
        add_rules(m, p->scores[i].whens, p->scores[i].nwhens, OF_SCORE, i, NULL);
    for (unsigned i = 0; i < p->nflows; i++)
        add_rules(m, p->flows[i].starts, p->flows[i].nstarts, OF_FLOW, i, NULL);
    model_know_verbs(m);
    for (unsigned i = 0; i < p->nstages; i++)
        watch(m, p->stages[i].cond); /* a stop may name it */
    for (unsigned i = 0; i < p->nsegments; i++)
        watch(m, p->segments[i].cond);
    for (unsigned i = 0; i < p->nshows; i++)
        watch(m, p->shows[i].cond);
    for (unsigned i = 0; i < p->nflows; i++)
        watch(m, p->flows[i].stop);
    for (unsigned r = 0; r < m->nrules; r++) {
        const prog_trigger_t *w = m->rules[r].when;

        if (w->kind == TRIGGER_TOTAL && !senda_span_is_zero(w->verb.within)) {
            m->watched[m->nwatched].span = w->verb.within;
            m->watched[m->nwatched++].verb = &w->verb;
        }
    }
}

/* Not zeroed: of these many megabytes few are ever used, and each entry is made as a whole. */
static void *
room(size_t n, size_t size)
{
    void *p = malloc(n * size);

    if (p == NULL)
        abort();
    return p;
}

void
model_run(const model_play_t *play, model_timeline_t *out, model_hits_t *hits)
{
    model_t *m = room(1, sizeof(*m));
    unsigned next = 0;

    *m = (model_t){ 0 };
    m->play = play;
    m->program = play->program;
    m->zone = &play->program->zone;
    m->out = out;
    m->hits = hits;
    m->entry = -1;
    m->entries = room(ENTRIES, sizeof(*m->entries));
    m->firings = room(FIRINGS, sizeof(*m->firings));
    m->causes = room(CAUSES, sizeof(*m->causes));
    m->runs = room(RUNS, sizeof(*m->runs));
    m->orders = room(play->n + 1, sizeof(*m->orders));
    read_program(m, play->program);
    for (unsigned i = 0; i < play->n; i++) {
        for (; next < play->nstock && play->stock[next].before <= i; next++)
            stock(m, &play->stock[next]);
        event(m, &play->events[i]);
    }
    advance(m, play->end);
    free(m->looks);
    free(m->orders);
    free(m->runs);
    free(m->causes);
    free(m->firings);
    free(m->entries);
    free(m);
}
