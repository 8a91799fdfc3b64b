/*
 * The model's conditions: what is true of a person now. Every question reads
 * the list of events again; nothing is remembered.
 */

#include "model_parts.h"

#include <stdlib.h>

bool
model_compare(int64_t a, prog_cmp_t cmp, int64_t b)
{
    switch (cmp) {
    case CMP_EQ:
        return a == b;
    case CMP_LT:
        return a < b;
    case CMP_LE:
        return a <= b;
    case CMP_GT:
        return a > b;
    default:
        return a >= b;
    }
}

/* In a run "the same item" is the run's. */
static const char *
same_of(const run_t *run, const prog_verb_t *v)
{
    senda_str_t text;
    static char value[WORD];

    if (run == NULL || v->by != BY_SAME)
        return NULL;
    if (strcmp(v->capture, "item") == 0)
        return run->filled.item;
    if (strcmp(v->capture, "q") == 0)
        return run->filled.q;
    if (strcmp(v->capture, "order") == 0)
        return run->filled.order;
    text = model_field(run->filled.ev, v->capture);
    snprintf(value, sizeof(value), "%.*s", (int)text.n, text.p);
    return value;
}

static bool
verb_holds(const model_t *m, unsigned person, const run_t *run, const prog_verb_t *v, int64_t after)
{
    model_look_t look = { person, false, after, m->nentries, same_of(run, v) };

    HIT(m, HIT_BY + 4 + v->by);
    if (v->since_start && run != NULL) {
        int64_t began = run->began;

        if (v->key == senda_key_event(SENDA_EV_MESSAGE_GET))
            began--; /* also what was sent the moment it began */
        look.after = began > after ? began : after;
    }
    return model_often(m, v, &look, true);
}

bool
model_came(const model_t *m, const run_t *run, const prog_cond_t *c, int64_t after)
{
    model_look_t look = { run->person, false, after, m->nentries, same_of(run, &c->verb) };

    return model_often(m, &c->verb, &look, false);
}

/* The first or the last time, and how long ago that is. */
static bool
age_holds(const model_t *m, unsigned person, const prog_cond_t *c)
{
    senda_sec_t at = -1, end;

    for (unsigned i = 0; i < m->nentries; i++) {
        const entry_t *e = &m->entries[i];

        if (e->person == person && model_happened(m, e, &c->verb) &&
            (at < 0 || c->kind == COND_LAST))
            at = e->at;
    }
    if (at < 0)
        return false;
    end = model_add(m->zone, at, c->span, 1);
    return c->older ? end <= m->now : end > m->now;
}

static bool
field_holds(const model_t *m, unsigned person, const prog_cond_t *c)
{
    const char *text = m->persons[person].fields[c->what];
    int64_t value, year, month, day;

    if (text[0] == '\0')
        return false;
    switch (m->program->fields[c->what].type) {
    case VALUE_TEXT:
        return strcmp(text, c->text) == 0;
    case VALUE_NUMBER:
        return model_number(senda_cstr(text), &value) && model_compare(value, c->cmp, c->value);
    default:
        return model_date(text, &year, &month, &day) &&
            model_compare(model_day_number(year, month, day), c->cmp, c->value);
    }
}

int
model_stage(const model_t *m, unsigned person)
{
    int stage = -1;

    for (unsigned i = 0; i < m->program->nstages; i++) {
        if (model_holds(m, person, NULL, m->program->stages[i].cond, INT64_MIN))
            stage = (int)i;
    }
    return stage;
}

static bool
stage_holds(const model_t *m, unsigned person, uint32_t what)
{
    int stage = model_stage(m, person);

    return stage >= 0 && m->program->stages[stage].stage == what;
}

static bool
holds(const model_t *m, unsigned person, const run_t *run, const prog_cond_t *c, int64_t after)
{
    const person_t *p = &m->persons[person];

    switch (c->kind) {
    case COND_VERB:
        return verb_holds(m, person, run, &c->verb, after);
    case COND_TAG:
        return p->tags[c->what].has;
    case COND_AND:
        return model_holds(m, person, run, c->left, after) &&
            model_holds(m, person, run, c->right, after);
    case COND_OR:
        return model_holds(m, person, run, c->left, after) ||
            model_holds(m, person, run, c->right, after);
    case COND_NOT:
        return !model_holds(m, person, run, c->left, after);
    case COND_TOTAL:
        return model_compare(model_total(m, &c->verb, person), c->cmp, c->value);
    case COND_FIRST:
    case COND_LAST:
        return age_holds(m, person, c);
    case COND_SCORE:
        return model_compare(p->score, c->cmp, c->value);
    case COND_STAGE:
        return stage_holds(m, person, c->what);
    case COND_SEGMENT:
        return model_holds(m, person, NULL, m->program->segments[c->what].cond, INT64_MIN);
    case COND_FIELD:
        return field_holds(m, person, c);
    case COND_HAS:
        return m->play->everybody || (p->address & CHANNEL_BIT(c->what)) != 0;
    case COND_CONSENTS:
        return m->play->everybody || (p->consent & CHANNEL_BIT(c->what)) != 0;
    }
    abort();
}

bool
model_holds(const model_t *m, unsigned person, const run_t *run, const prog_cond_t *c,
    int64_t after)
{
    bool yes = holds(m, person, run, c, after);

    HIT(m, HIT_COND + 2 * c->kind + yes);
    return yes;
}
