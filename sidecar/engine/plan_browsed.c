/*
 * What comes only of browsing: pages that were looked at, searches, baskets,
 * clicks, and the tags, points and flows that nothing else brings. It is what
 * a contact loses who withdraws consent to be remembered. What was bought and
 * given back, sign-ups, logins, events that the shop declares, messages that
 * were got and fields are not browsing. Of what has several sources it is said
 * only if all of them are. Fails only for want of memory.
 */

#include "plan.h"

#include <stdlib.h>

/* What is taken for browsing until another source is found. */
typedef struct {
    const program_t *program;
    bool *tags, *flows, *lines;
    bool points; /* all of them */
} sources_t;

static bool
key_is_browsed(senda_key_t key)
{
    if (!senda_key_is_event(key))
        return true;
    switch (key & ~SENDA_KEY_EVENT) {
    case SENDA_EV_PURCHASE:
    case SENDA_EV_REFUND:
    case SENDA_EV_SIGN_UP:
    case SENDA_EV_LOGIN:
    case SENDA_EV_MESSAGE_GET:
    case SENDA_EV_MESSAGE_OPEN:
        return false;
    default:
        return (key & ~SENDA_KEY_EVENT) < SENDA_EVENT_CUSTOM;
    }
}

/* A chain tells of all its links. */
static bool
verb_is_browsed(const prog_verb_t *v)
{
    for (; v != NULL; v = v->before) {
        if (v->happens != HAPPENS_ARRIVES && key_is_browsed(v->key))
            return true;
    }
    return false;
}

static bool
cond_is_browsed(const sources_t *s, const prog_cond_t *c)
{
    if (c == NULL)
        return false;
    switch (c->kind) {
    case COND_VERB:
    case COND_TOTAL:
    case COND_FIRST:
    case COND_LAST:
        return verb_is_browsed(&c->verb);
    case COND_TAG:
        return s->tags[c->what];
    case COND_AND:
        return cond_is_browsed(s, c->left) || cond_is_browsed(s, c->right);
    case COND_OR:
        return cond_is_browsed(s, c->left) && cond_is_browsed(s, c->right);
    case COND_NOT:
        return cond_is_browsed(s, c->left);
    case COND_SCORE:
        return s->points;
    case COND_SEGMENT:
        return cond_is_browsed(s, s->program->segments[c->what].cond);
    default:
        return false;
    }
}

static bool
trigger_is_browsed(const sources_t *s, const prog_trigger_t *t)
{
    switch (t->kind) {
    case TRIGGER_VERB:
        return verb_is_browsed(t->has_verb ? &t->verb : &t->absent);
    case TRIGGER_TOTAL:
        return verb_is_browsed(&t->verb);
    case TRIGGER_TAG:
        return s->tags[t->what];
    case TRIGGER_SEGMENT:
        return cond_is_browsed(s, s->program->segments[t->what].cond);
    case TRIGGER_SCORE:
        return s->points;
    case TRIGGER_DAILY:
    case TRIGGER_ON:
        return cond_is_browsed(s, t->cond);
    case TRIGGER_DATE:
        break;
    }
    return false;
}

static bool
all_are_browsed(const sources_t *s, const prog_trigger_t *t, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!trigger_is_browsed(s, &t[i]))
            return false;
    }
    return true;
}

/* Another source was found. */
static bool
clear(bool *browsed)
{
    bool was = *browsed;

    *browsed = false;
    return was;
}

/* What the steps of a flow that is not of browsing bring is not either. */
static bool
look_at_steps(sources_t *s, const prog_flow_t *f)
{
    bool changed = false;

    for (unsigned i = 0; i < f->nsteps; i++) {
        const prog_step_t *step = &f->steps[i];

        if (step->kind == STEP_TAG)
            changed |= clear(&s->tags[step->what]);
        else if (step->kind == STEP_ENTER)
            changed |= clear(&s->flows[step->what]);
        else if (step->kind == STEP_SCORE)
            changed |= clear(&s->points);
    }
    return changed;
}

/* One look at everything; true: something is not of browsing after all. */
static bool
look(sources_t *s)
{
    const program_t *g = s->program;
    bool changed = false;

    for (unsigned i = 0; i < g->ntags; i++) {
        if (!all_are_browsed(s, g->tags[i].whens, g->tags[i].nwhens))
            changed |= clear(&s->tags[i]);
    }
    for (unsigned i = 0; i < g->nscores; i++) {
        if (!all_are_browsed(s, g->scores[i].whens, g->scores[i].nwhens)) {
            changed |= clear(&s->lines[i]);
            changed |= clear(&s->points);
        }
    }
    for (unsigned i = 0; i < g->nflows; i++) {
        if (!all_are_browsed(s, g->flows[i].starts, g->flows[i].nstarts))
            changed |= clear(&s->flows[i]);
        if (!s->flows[i])
            changed |= look_at_steps(s, &g->flows[i]);
    }
    return changed;
}

static void
take_slots(plan_t *p, const sources_t *s)
{
    const program_t *g = s->program;

    for (uint32_t i = 0; i < p->ncounters; i++)
        p->browsed[i] = verb_is_browsed(p->counters[i].verb);
    for (uint32_t i = 0; i < p->nspends; i++)
        p->browsed[p->counters[p->spends[i]].views] = true;
    for (uint32_t i = 0; i < g->ntags; i++)
        p->browsed[p->tags + i] = s->tags[i];
    for (uint32_t i = 0; i < g->nscores; i++)
        p->browsed[p->lines + i] = s->lines[i];
    for (uint32_t i = 0; i < g->nflows; i++)
        p->flows[i].browsed = s->flows[i];
    for (uint32_t i = 0; i < p->nrules; i++) {
        if (p->rules[i].armed != SLOT_NONE)
            p->browsed[p->rules[i].armed] = trigger_is_browsed(s, p->rules[i].trigger);
    }
    p->browsed[p->browsed_points] = true;
    if (p->basket != SLOT_NONE)
        p->browsed[p->basket] = p->browsed[p->latest_item] = p->browsed[p->latest_q] = true;
}

static bool *
all_true(unsigned n)
{
    bool *list = malloc((size_t)n + 1);

    for (unsigned i = 0; list != NULL && i < n; i++)
        list[i] = true;
    return list;
}

bool
plan_browsed(plan_t *p, const program_t *program)
{
    sources_t s = { program, all_true(program->ntags), all_true(program->nflows),
        all_true(program->nscores), true };
    bool ok;

    p->browsed = calloc((size_t)p->nslots + 1, sizeof(*p->browsed));
    ok = p->browsed != NULL && s.tags != NULL && s.flows != NULL && s.lines != NULL;
    while (ok && look(&s))
        continue;
    if (ok)
        take_slots(p, &s);
    free(s.tags);
    free(s.flows);
    free(s.lines);
    return ok;
}
