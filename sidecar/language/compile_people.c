/*
 * What is known of people and what is kept from them: scores, stages,
 * segments, limits, quiet hours, the control group, blocks on pages. Segments
 * are put in an order in which each names only earlier ones. Never fails.
 */

#include "compile.h"

/* Segments and which others each names, while they are ordered. */
typedef struct {
    unsigned n;
    const ast_state_t **rows; /* in the file's order */
    GHashTable *at;           /* folded name → 1 + row */
    unsigned *first;          /* of a row: its first in refs; first[n] ends the last */
    GArray *refs;             /* of unsigned: rows that are named */
} order_t;

static void
note_refs(order_t *o, const ast_cond_t *cond)
{
    unsigned at;

    if (cond == NULL) {
        return;
    }
    if (cond->kind == COND_SEGMENT) {
        at = compile_index(o->at, cond->name.key);
        g_array_append_val(o->refs, at);
    }
    note_refs(o, cond->left);
    note_refs(o, cond->right);
}

static void
order_read(order_t *o, const compile_t *c)
{
    o->n = compile_count(c, AST_SEGMENT);
    o->rows = g_new0(const ast_state_t *, o->n + 1);
    o->first = g_new0(unsigned, o->n + 1);
    o->at = g_hash_table_new(g_str_hash, g_str_equal);
    o->refs = g_array_new(FALSE, FALSE, sizeof(unsigned));
    o->n = 0;
    EACH(c, h, AST_SEGMENT)
    {
        o->rows[o->n] = (const ast_state_t *)h;
        compile_name(o->at, o->rows[o->n]->name.key, o->n);
        o->n++;
    }
    for (unsigned i = 0; i < o->n; i++) {
        o->first[i] = o->refs->len;
        note_refs(o, o->rows[i]->cond);
    }
    o->first[o->n] = o->refs->len;
}

static void
order_free(order_t *o)
{
    g_array_free(o->refs, TRUE);
    g_hash_table_unref(o->at);
    g_free(o->first);
    g_free(o->rows);
}

/*
 * Names row i after all that it names. On a stack of its own: a chain of
 * segments may be as long as the file.
 */
static void
place_after(compile_t *c, order_t *o, unsigned i, bool *begun, unsigned *next, GArray *stack)
{
    g_array_append_val(stack, i);
    begun[i] = true;
    next[i] = o->first[i];
    while (stack->len > 0) {
        unsigned at = g_array_index(stack, unsigned, stack->len - 1);

        if (next[at] < o->first[at + 1]) {
            unsigned ref = g_array_index(o->refs, unsigned, next[at]++);

            if (!begun[ref]) {
                begun[ref] = true;
                next[ref] = o->first[ref];
                g_array_append_val(stack, ref);
            }
            continue;
        }
        g_array_set_size(stack, stack->len - 1);
        c->segment_lines[c->program->nsegments] = o->rows[at];
        compile_name(c->segments, o->rows[at]->name.key, c->program->nsegments++);
    }
}

static void
order_segments(compile_t *c)
{
    GArray *stack = g_array_new(FALSE, FALSE, sizeof(unsigned));
    order_t o;
    unsigned *next;
    bool *begun;

    order_read(&o, c);
    begun = g_new0(bool, o.n + 1);
    next = g_new0(unsigned, o.n + 1);
    c->segment_lines = arena_get(c->arena, (o.n + 1) * sizeof(*c->segment_lines));
    for (unsigned i = 0; i < o.n; i++) {
        if (!begun[i]) {
            place_after(c, &o, i, begun, next, stack);
        }
    }
    g_free(next);
    g_free(begun);
    order_free(&o);
    g_array_free(stack, TRUE);
}

static void
number_stages(compile_t *c)
{
    unsigned n = 0;

    EACH(c, h, AST_STAGE)
    {
        const char *key = ((const ast_state_t *)h)->name.key;

        if (!g_hash_table_contains(c->stages, key)) {
            compile_name(c->stages, key, n++);
        }
    }
}

void
compile_people_names(compile_t *c)
{
    number_stages(c);
    order_segments(c);
}

static void
make_scores(compile_t *c)
{
    prog_score_t *rows = arena_get(c->arena, (compile_count(c, AST_SCORE) + 1) * sizeof(*rows));
    prog_trigger_t *whens;
    unsigned n = 0;

    EACH(c, h, AST_SCORE)
    {
        const ast_score_t *s = (const ast_score_t *)h;

        rows[n].points = s->points;
        rows[n].once = s->once;
        rows[n].each = s->has_each ? s->each : (senda_span_t){ 0, 0, 0 };
        rows[n].place = compile_place(c, h->span);
        rows[n].nwhens = compile_whens(c, s->whens, NULL);
        whens = arena_get(c->arena, rows[n].nwhens * sizeof(*whens));
        compile_whens(c, s->whens, whens);
        rows[n++].whens = whens;
    }
    c->program->nscores = n;
    c->program->scores = rows;
}

/* A stage's name as its first line writes it. */
static void
make_stages(compile_t *c)
{
    unsigned total = compile_count(c, AST_STAGE), n = 0;
    prog_stage_t *rows = arena_get(c->arena, (total + 1) * sizeof(*rows));
    const char **names = arena_get(c->arena, (total + 1) * sizeof(*names));

    EACH(c, h, AST_STAGE)
    {
        const ast_state_t *s = (const ast_state_t *)h;
        unsigned i = compile_index(c->stages, s->name.key);

        names[i] = names[i] != NULL ? names[i] : compile_text(c, s->name.text);
        rows[n].stage = i;
        rows[n].name = names[i];
        rows[n].cond = compile_cond(c, s->cond);
        rows[n++].place = compile_place(c, h->span);
    }
    c->program->nstages = n;
    c->program->stages = rows;
}

static void
make_segments(compile_t *c)
{
    prog_segment_t *rows = arena_get(c->arena, (c->program->nsegments + 1) * sizeof(*rows));

    for (unsigned i = 0; i < c->program->nsegments; i++) {
        const ast_state_t *s = c->segment_lines[i];

        rows[i].name = compile_text(c, s->name.text);
        rows[i].cond = compile_cond(c, s->cond);
        rows[i].place = compile_place(c, s->head.span);
    }
    c->program->segments = rows;
}

static void
make_limits(compile_t *c)
{
    prog_limit_t *rows = arena_get(c->arena, (compile_count(c, AST_LIMIT) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_LIMIT)
    {
        const ast_limit_t *l = (const ast_limit_t *)h;

        rows[n].channel = compile_channel(l->channel);
        rows[n].times = l->times;
        rows[n].per = l->per;
        rows[n++].place = compile_place(c, h->span);
    }
    c->program->nlimits = n;
    c->program->limits = rows;
}

static void
make_shows(compile_t *c)
{
    prog_show_t *rows = arena_get(c->arena, (compile_count(c, AST_SHOW) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_SHOW)
    {
        const ast_state_t *s = (const ast_state_t *)h;

        rows[n].block = compile_text(c, s->name.text);
        rows[n].position = compile_text(c, s->position.text);
        rows[n].cond = compile_cond(c, s->cond);
        rows[n++].place = compile_place(c, h->span);
    }
    c->program->nshows = n;
    c->program->shows = rows;
}

static void
make_respect(compile_t *c)
{
    EACH(c, h, AST_QUIET)
    {
        c->program->has_quiet = true;
        c->program->quiet_from = ((const ast_quiet_t *)h)->from;
        c->program->quiet_to = ((const ast_quiet_t *)h)->to;
    }
    EACH(c, h, AST_CONTROL)
    {
        c->program->control = ((const ast_control_t *)h)->share;
    }
}

void
compile_people(compile_t *c)
{
    make_segments(c);
    make_stages(c);
    make_scores(c);
    make_limits(c);
    make_respect(c);
    make_shows(c);
}
