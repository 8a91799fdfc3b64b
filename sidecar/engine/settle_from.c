/*
 * What brings that which happens, and the starts that follow: an event, or a
 * run whose steps do something to their person. What a run causes knows the
 * fields of that run, also when it is through by then. Starts wait on a stack,
 * so that all that one flow causes comes before the next flow of the file.
 * Without memory a flow starts without its fields.
 */

#include "engine_state.h"

#include <stdlib.h>

#define NOTE_OF_RUN (1ull << 62) /* no stamp reaches it */

static void
drop_starts(settle_t *s)
{
    while (s->nstarts > 0)
        free(s->starts[--s->nstarts].copy);
    s->nstacked = 0;
}

void
engine_from_begin(engine_t *e)
{
    settle_t *s = &e->settle;

    drop_starts(s);
    while (s->nbrought > 0)
        free((char *)s->brought[--s->nbrought].fields.p);
    s->from = 0;
}

static char *
copy_of(engine_t *e, senda_str_t fields)
{
    char *copy = fields.n == 0 ? NULL : malloc(fields.n);

    if (copy != NULL)
        memcpy(copy, fields.p, fields.n);
    e->stats.refused += copy == NULL && fields.n > 0;
    return copy;
}

uint32_t
engine_brought(engine_t *e, senda_str_t fields)
{
    settle_t *s = &e->settle;
    char *copy;

    if (fields.n == 0)
        return 0;
    if (s->nbrought == s->brought_size) {
        uint32_t size = s->brought_size == 0 ? 8 : 2 * s->brought_size;
        brought_t *brought = realloc(s->brought, size * sizeof(*brought));

        if (brought == NULL) {
            e->stats.refused++;
            return 0;
        }
        s->brought = brought;
        s->brought_size = size;
    }
    copy = copy_of(e, fields);
    if (copy == NULL)
        return 0;
    s->brought[s->nbrought++] = (brought_t){ { copy, fields.n }, NOTE_OF_RUN | ++e->nnotes };
    return s->nbrought;
}

void
engine_run_brings(engine_t *e, const run_t *r)
{
    if (e->settle.from == BROUGHT_BY_RUN)
        e->settle.from = engine_brought(e, (senda_str_t){ r->fields, r->fields_len });
}

senda_str_t
engine_fields_for(engine_t *e, const rule_t *r)
{
    const settle_t *s = &e->settle;
    senda_str_t fields = { "", 0 };

    if (s->from != 0)
        return s->brought[s->from - 1].fields;
    if (!engine_is_of_view(e->plan, r->on))
        fields.p = engine_event_fields(e, &fields.n);
    else if (s->view != NULL)
        fields = (senda_str_t){ s->view, s->view_len };
    return fields;
}

/* ---- starts ---- */

void
engine_note_start(engine_t *e, const noted_start_t *start)
{
    settle_t *s = &e->settle;

    if (s->nstarts == s->starts_size) {
        uint32_t size = s->starts_size == 0 ? 16 : 2 * s->starts_size;
        noted_start_t *starts = realloc(s->starts, size * sizeof(*starts));

        if (starts == NULL) {
            free(start->copy);
            e->stats.refused++;
            return;
        }
        s->starts = starts;
        s->starts_size = size;
    }
    s->starts[s->nstarts++] = *start;
}

/* What runs have entered starts with the others. */
static void
note_entered(engine_t *e)
{
    enter_t entered[ENGINE_ENTERS_MAX];
    uint32_t n = e->nenters == 0 ? 0 : engine_flow_entered(e, entered);

    for (uint32_t i = 0; i < n; i++) {
        noted_start_t start = { .flow = entered[i].flow,
            .after = engine_stamp(e),
            .fields = { entered[i].fields, entered[i].fields_len },
            .copy = entered[i].fields,
            .entered = true };

        engine_note_start(e, &start);
    }
}

/* The first flow last; of one flow the first start last. */
static int
last_first(const void *a, const void *b)
{
    const noted_start_t *x = a, *y = b;

    if (x->flow != y->flow)
        return x->flow > y->flow ? -1 : 1;
    if (x->entered != y->entered)
        return x->entered ? -1 : 1;
    return (x->after < y->after) - (x->after > y->after);
}

/* Each flow once, the first of the file on top. */
static void
stack(settle_t *s)
{
    uint32_t kept = s->nstacked, n = s->nstarts - s->nstacked;

    if (n > 1)
        qsort(s->starts + kept, n, sizeof(*s->starts), last_first);
    for (uint32_t i = kept; i < s->nstarts; i++) {
        if (i + 1 < s->nstarts && s->starts[i].flow == s->starts[i + 1].flow)
            free(s->starts[i].copy);
        else
            s->starts[kept++] = s->starts[i];
    }
    s->nstarts = s->nstacked = kept;
}

bool
engine_start_next(engine_t *e, uint32_t person)
{
    settle_t *s = &e->settle;
    noted_start_t start;

    note_entered(e);
    if (s->nstarts > s->nstacked)
        stack(s);
    if (s->nstarts == 0)
        return false;
    start = s->starts[--s->nstarts];
    s->nstacked = s->nstarts;
    if (start.of_event)
        start.fields.p = engine_event_fields(e, &start.fields.n);
    engine_flow_start(e, person, start.flow, start.after, start.fields.p, start.fields.n);
    free(start.copy);
    return true;
}
