/*
 * What can be said of a flow before anybody runs through it: which of its
 * steps a message can follow, and whether time alone may make its `stop if`
 * true. Fails only for want of memory.
 */

#include "plan.h"

#include <stdlib.h>

/* Whether a message can be reached from step i on; targets only lead forward. */
static bool
may_send(const prog_flow_t *f, const bool *from, uint32_t i)
{
    const prog_step_t *s = &f->steps[i];
    bool on = i + 1 < f->nsteps && from[i + 1];
    bool far = s->target > i && s->target < f->nsteps && from[s->target];

    switch (s->kind) {
    case STEP_SEND:
        return true;
    case STEP_END:
    case STEP_EXIT:
        return false;
    case STEP_JUMP:
        return far;
    case STEP_IF:
        return on || far;
    case STEP_SPLIT:
        for (unsigned k = 0; k < s->nbranches && !far; k++) {
            uint32_t target = s->branches[k].target;

            far = target > i && target < f->nsteps && from[target];
        }
        return far;
    default:
        return on;
    }
}

/* From the last step back: first what can be reached from a step on, then what behind it. */
static void
mark_follows(const prog_flow_t *f, bool *from)
{
    for (uint32_t i = f->nsteps; i-- > 0;)
        from[i] = may_send(f, from, i);
    for (uint32_t i = 0; i < f->nsteps; i++)
        from[i] = from[i + 1]; /* only steps that go on to the next one ask */
}

static bool
ages(const prog_cond_t *c)
{
    switch (c->kind) {
    case COND_VERB:
    case COND_TOTAL:
        return !senda_span_is_zero(c->verb.within);
    case COND_AND:
    case COND_OR:
        return ages(c->left) || ages(c->right);
    case COND_NOT:
        return ages(c->left);
    case COND_FIRST:
    case COND_LAST:
    case COND_SEGMENT:
    case COND_STAGE:
        return true;
    default:
        return false;
    }
}

bool
plan_steps(plan_t *p, const program_t *program)
{
    size_t all = 0;

    for (unsigned i = 0; i < program->nflows; i++)
        all += (size_t)program->flows[i].nsteps + 1; /* behind the last there is nothing */
    p->follows = calloc(all + 1, sizeof(*p->follows));
    if (p->follows == NULL)
        return false;
    all = 0;
    for (unsigned i = 0; i < program->nflows; i++) {
        const prog_flow_t *f = &program->flows[i];

        mark_follows(f, p->follows + all);
        p->flows[i].follows = p->follows + all;
        p->flows[i].stop_ages = f->stop != NULL && ages(f->stop);
        all += (size_t)f->nsteps + 1;
    }
    return true;
}
