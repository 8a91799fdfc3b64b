/*
 * What the model does with what happens: tags, scores, segments and blocks,
 * what each of them causes, until nothing more follows; then stops and starts.
 */

#include "model_parts.h"

#include <stdarg.h>
#include <stdlib.h>

void
model_tell(model_t *m, unsigned person, intent_kind_t kind, const char *name, const char *fmt, ...)
{
    model_line_t line = { .at = m->now,
        .who = m->persons[person].name,
        .kind = (int)kind,
        .name = name };
    va_list args;

    va_start(args, fmt);
    vsnprintf(line.what, sizeof(line.what), fmt, args);
    va_end(args);
    model_say(m->out, &line);
}

/* ---- causes ---- */

static cause_t *
new_cause(model_t *m, unsigned person, int64_t stamp, int entry)
{
    if (m->ncauses == CAUSES)
        abort();
    m->causes[m->ncauses] =
        (cause_t){ .person = person, .stamp = stamp, .entry = entry, .brings = m->brings };
    return &m->causes[m->ncauses++];
}

/* It came true: now, or an absence is awaited from now on. */
static void
came_true(model_t *m, cause_t *c, unsigned rule)
{
    if (!m->rules[rule].when->has_absent) {
        HIT(m, HIT_TRIGGER + m->rules[rule].when->kind);
        c->of[rule] = true;
        return;
    }
    if (m->nfirings == FIRINGS)
        abort();
    m->firings[m->nfirings++] = (firing_t){ c->person, rule, c->stamp, c->entry, c->brings };
    m->persons[c->person].dirty = true;
}

void
model_fire(model_t *m, unsigned person, prog_trigger_kind_t kind, uint32_t what)
{
    cause_t *c = new_cause(m, person, m->stamp, m->entry);

    for (unsigned r = 0; r < m->nrules; r++) {
        if (m->rules[r].when->kind == kind && m->rules[r].when->what == what)
            came_true(m, c, r);
    }
}

void
model_fire_absence(model_t *m, unsigned person, unsigned rule)
{
    person_t *p = &m->persons[person];
    cause_t *c = new_cause(m, person, p->absences[rule].since, p->absences[rule].entry);

    HIT(m, HIT_ABSENT + model_alone(m->rules[rule].when));
    c->brings = p->absences[rule].brings;
    c->of[rule] = true;
    p->dirty = true;
}

static void
hit_verb(model_t *m, const prog_verb_t *v)
{
    HIT(m, HIT_HAPPENS + v->happens);
    HIT(m, HIT_BY + v->by);
    if (v->nfilters > 0)
        HIT(m, HIT_VERB);
    if (v->top > 0)
        HIT(m, HIT_VERB + 1);
    if (v->before != NULL)
        HIT(m, HIT_VERB + 2);
    for (unsigned i = 0; i < 3; i++) {
        if (v->key == senda_key_event(SENDA_EV_MESSAGE_GET + i))
            HIT(m, HIT_VERB + 3 + i);
    }
}

void
model_happens(model_t *m, unsigned person, int entry, int other)
{
    const entry_t *e = &m->entries[entry];
    cause_t *c = new_cause(m, person, e->stamp, entry);

    for (unsigned r = 0; r < m->nrules; r++) {
        const prog_trigger_t *w = m->rules[r].when;

        if (w->kind != TRIGGER_VERB || !w->has_verb)
            continue;
        if (model_reached(m, &w->verb, e, other)) {
            hit_verb(m, &w->verb);
            came_true(m, c, r);
        } else if (m->rules[r].of == OF_TAG && !w->has_absent && model_still(m, &w->verb, e)) {
            c->of[r] = true; /* it holds once more */
        }
    }
}

/* ---- what it changes ---- */

void
model_give_tag(model_t *m, unsigned person, unsigned tag, senda_span_t lasts)
{
    tag_t *t = &m->persons[person].tags[tag];
    senda_sec_t end = model_add(m->zone, m->now, lasts, 1);

    HIT(m, HIT_TAG + t->has);
    if (!t->has) {
        *t = (tag_t){ .has = true };
        model_tell(m, person, INTENT_TAG, m->program->tags[tag].name, "%s", "");
        model_fire(m, person, TRIGGER_TAG, tag);
    }
    if (senda_span_is_zero(lasts))
        t->forever = true;
    else if (end > t->end)
        t->end = end;
}

void
model_take_tag(model_t *m, unsigned person, unsigned tag)
{
    tag_t *t = &m->persons[person].tags[tag];

    if (t->has)
        model_tell(m, person, INTENT_UNTAG, m->program->tags[tag].name, "%s", "");
    *t = (tag_t){ 0 };
}

void
model_add_score(model_t *m, unsigned person, int64_t points)
{
    m->persons[person].score += points;
    model_tell(m, person, INTENT_SCORE, "", "%lld", (long long)m->persons[person].score);
}

static void
score_line(model_t *m, unsigned person, unsigned line, bool alone)
{
    const prog_score_t *s = &m->program->scores[line];
    person_t *p = &m->persons[person];

    if (s->once && p->scored[line].has) {
        HIT(m, HIT_SCORE + 1);
        return;
    }
    if (!senda_span_is_zero(s->each) && p->scored[line].has &&
        m->now < model_add(m->zone, p->scored[line].last, s->each, 1)) {
        HIT(m, HIT_SCORE + 2);
        return;
    }
    HIT(m, HIT_SCORE);
    if (alone && p->scored[line].has)
        HIT(m, HIT_SCORE + 3);
    p->scored[line].has = true;
    p->scored[line].last = m->now;
    p->dirty = true;
    model_add_score(m, person, s->points);
}

static bool
is_value(value_type_t type, senda_str_t text)
{
    int64_t a, b, c;
    char copy[WORD];

    snprintf(copy, sizeof(copy), "%.*s", (int)text.n, text.p);
    if (type == VALUE_DATE)
        return model_date(copy, &a, &b, &c);
    return type == VALUE_TEXT ? text.n > 0 : model_number(text, &a);
}

void
model_set_field(model_t *m, unsigned person, unsigned field, senda_str_t text)
{
    char *is = m->persons[person].fields[field];

    if (is_value(m->program->fields[field].type, text))
        snprintf(is, WORD, "%.*s", (int)text.n, text.p);
}

/* ---- what is true ---- */

static bool
is_above(const model_t *m, unsigned person, const prog_trigger_t *w)
{
    if (w->kind == TRIGGER_TOTAL)
        return model_compare(model_total(m, &w->verb, person), w->cmp, w->value);
    return model_compare(m->persons[person].score, w->cmp, w->value);
}

static void
thresholds(model_t *m, unsigned person)
{
    for (unsigned r = 0; r < m->nrules; r++) {
        const prog_trigger_t *w = m->rules[r].when;
        bool was = m->persons[person].above[r];

        if (w->kind != TRIGGER_TOTAL && w->kind != TRIGGER_SCORE)
            continue;
        m->persons[person].above[r] = is_above(m, person, w);
        if (w->kind == TRIGGER_TOTAL && m->by_time)
            continue; /* a refund that grows old is no happening */
        if (!was && m->persons[person].above[r])
            came_true(m, new_cause(m, person, m->stamp, m->entry), r);
    }
}

static void
segments(model_t *m, unsigned person)
{
    for (unsigned i = 0; i < m->program->nsegments; i++) {
        bool *in = &m->persons[person].in[i], was = *in;

        *in = model_holds(m, person, NULL, m->program->segments[i].cond, INT64_MIN);
        if (*in == was)
            continue;
        HIT(m, HIT_WATCH + was);
        if (m->entry < 0)
            HIT(m, HIT_WATCH + 4);
        if (!was)
            model_fire(m, person, TRIGGER_SEGMENT, i);
    }
}

static void
shows(model_t *m, unsigned person)
{
    for (unsigned i = 0; i < m->program->nshows; i++) {
        const prog_show_t *s = &m->program->shows[i];
        bool *on = &m->persons[person].shown[i], was = *on;

        *on = s->cond == NULL || model_holds(m, person, NULL, s->cond, INT64_MIN);
        if (*on == was)
            continue;
        HIT(m, HIT_WATCH + 2 + was);
        model_tell(m, person, INTENT_SHOW, s->block, "%s", *on ? "on" : "off");
    }
}

/* ---- until nothing more follows ---- */

typedef struct {
    bool on;
    int64_t stamp;
    int entry;
    const filled_t *brings;
    const prog_verb_t *verb;
} start_t;

/* One cause: its tags, its scores, and the flows that it will start. */
static void
work_off(model_t *m, const cause_t *c, start_t *starts)
{
    bool scored[MODEL_RULES] = { false };

    for (unsigned r = 0; r < m->nrules; r++) {
        const rule_t *rule = &m->rules[r];

        if (!c->of[r])
            continue;
        if (rule->of == OF_TAG) {
            model_give_tag(m, c->person, rule->owner, rule->lasts);
        } else if (rule->of == OF_SCORE && !scored[rule->owner]) {
            scored[rule->owner] = true;
            score_line(m, c->person, rule->owner, model_alone(rule->when));
        } else if (rule->of == OF_FLOW && !starts[rule->owner].on) {
            starts[rule->owner] = (start_t){ true, c->stamp, c->entry, c->brings,
                rule->when->kind == TRIGGER_VERB && rule->when->has_verb ? &rule->when->verb
                                                                         : NULL };
        }
    }
}

static void
facts(model_t *m, unsigned person, start_t *starts)
{
    const filled_t *brings = m->brings;
    int entry = m->entry;

    for (;;) {
        for (unsigned i = 0; i < m->ncauses; i++) {
            cause_t c = m->causes[i];

            m->entry = m->by_time ? -1 : c.entry;
            m->brings = c.brings;
            work_off(m, &c, starts);
        }
        m->entry = entry;
        m->brings = brings;
        m->ncauses = 0;
        thresholds(m, person);
        if (m->ncauses == 0)
            segments(m, person);
        if (m->ncauses == 0)
            break;
    }
    shows(m, person);
}

void
model_settle(model_t *m, unsigned person)
{
    start_t starts[FLOWS] = { 0 };
    bool entering[FLOWS];
    filled_t with = m->entering_with, filled;

    facts(m, person, starts);
    memcpy(entering, m->entering, sizeof(entering));
    memset(m->entering, 0, sizeof(m->entering));
    model_stops(m, person);
    for (unsigned f = 0; f < m->program->nflows; f++) {
        if (starts[f].on) {
            if (starts[f].brings != NULL)
                model_pass_on(m, person, starts[f].brings, &filled);
            else
                model_fill(m, person, starts[f].entry, starts[f].verb, &filled);
            model_start(m, person, f, starts[f].stamp, &filled);
        } else if (entering[f]) {
            model_pass_on(m, person, &with, &filled);
            model_start(m, person, f, m->stamp, &filled);
        }
    }
}
