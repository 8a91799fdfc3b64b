/*
 * Tags: the lines that give each, how long each lasts, and which of them nginx
 * can give by itself. Tags that only a step gives come last. Never fails.
 */

#include "compile.h"

static void
look_at_line(const ast_head_t *h, void *ctx)
{
    const ast_step_t *s = h->kind == AST_STEP ? (const ast_step_t *)h : NULL;

    if (s != NULL && (s->step == STEP_TAG || s->step == STEP_UNTAG)) {
        g_ptr_array_add(ctx, (gpointer)&s->name);
    }
}

/* The names of tags that a step gives or takes: of ast_name_t, in the file's order. */
static GPtrArray *
names_of_steps(const compile_t *c)
{
    GPtrArray *names = g_ptr_array_new();

    EACH(c, h, AST_FLOW)
    {
        ast_each_line(&((const ast_flow_t *)h)->lines, look_at_line, names);
    }
    return names;
}

static void
add_tag(compile_t *c, const ast_name_t *name)
{
    prog_tag_t *row = &c->tag_rows[c->program->ntags];

    if (g_hash_table_contains(c->tags, name->key)) {
        return;
    }
    row->name = compile_text(c, name->text);
    row->id = c->id(c->ctx, SENDA_NAME_TAG, c->program->site_id, row->name);
    compile_name(c->tags, name->key, c->program->ntags++);
}

void
compile_tags_names(compile_t *c)
{
    GPtrArray *steps = names_of_steps(c);

    c->tag_rows = arena_get(c->arena,
        (compile_count(c, AST_TAG) + steps->len + 1) * sizeof(*c->tag_rows));
    EACH(c, h, AST_TAG)
    {
        add_tag(c, &((const ast_tag_t *)h)->name);
    }
    for (unsigned i = 0; i < steps->len; i++) {
        add_tag(c, g_ptr_array_index(steps, i));
    }
    c->program->tags = c->tag_rows;
    g_ptr_array_unref(steps);
}

/* Of pages and of the analytics events all but money, which an order's number makes a visit only. */
static bool
nginx_counts(const prog_verb_t *v)
{
    if (v->happens != HAPPENS_KEY || v->nfilters > 0 || v->before != NULL || v->top > 0 ||
        v->by != BY_NONE) {
        return false;
    }
    return !senda_key_is_event(v->key) ||
        (v->key <= senda_key_event(SENDA_EV_LAST) && v->key != senda_key_event(SENDA_EV_PURCHASE) &&
            v->key != senda_key_event(SENDA_EV_REFUND));
}

static bool
given_by_nginx(const prog_tag_t *tag)
{
    for (unsigned i = 0; i < tag->nwhens; i++) {
        const prog_trigger_t *w = &tag->whens[i];

        if (w->kind != TRIGGER_VERB || !w->has_verb || w->has_absent || !nginx_counts(&w->verb)) {
            return false;
        }
    }
    return tag->nwhens > 0 && tag->lasts == NULL;
}

/* Where the lines of each tag go: one block of whens for all, and one of how long they last. */
static void
share_out(compile_t *c, prog_trigger_t **whens, senda_span_t **lasts)
{
    prog_tag_t *rows = c->tag_rows;
    prog_trigger_t *all;
    senda_span_t *spans;
    size_t n = 0;

    EACH(c, h, AST_TAG)
    {
        const ast_tag_t *t = (const ast_tag_t *)h;
        unsigned k = compile_whens(c, t->whens, NULL);

        rows[compile_index(c->tags, t->name.key)].nwhens += k;
        n += k;
    }
    all = arena_get(c->arena, (n + 1) * sizeof(*all));
    spans = arena_get(c->arena, (n + 1) * sizeof(*spans));
    for (unsigned i = 0; i < c->program->ntags; i++) {
        rows[i].whens = whens[i] = all;
        lasts[i] = spans;
        all += rows[i].nwhens;
        spans += rows[i].nwhens;
        rows[i].nwhens = 0;
    }
}

void
compile_tags(compile_t *c)
{
    prog_tag_t *rows = c->tag_rows;
    prog_trigger_t **whens = g_new0(prog_trigger_t *, c->program->ntags + 1);
    senda_span_t **lasts = g_new0(senda_span_t *, c->program->ntags + 1);
    GPtrArray *steps = names_of_steps(c);

    share_out(c, whens, lasts);
    EACH(c, h, AST_TAG)
    {
        const ast_tag_t *line = (const ast_tag_t *)h;
        unsigned i = compile_index(c->tags, line->name.key);
        unsigned k = compile_whens(c, line->whens, whens[i] + rows[i].nwhens);

        for (unsigned w = 0; line->has_for && w < k; w++) {
            lasts[i][rows[i].nwhens + w] = line->lasts;
            rows[i].lasts = lasts[i];
        }
        rows[i].nwhens += k;
    }
    for (unsigned i = 0; i < c->program->ntags; i++) {
        rows[i].by_nginx = given_by_nginx(&rows[i]);
    }
    for (unsigned i = 0; i < steps->len; i++) {
        const ast_name_t *name = g_ptr_array_index(steps, i);

        rows[compile_index(c->tags, name->key)].by_nginx = false;
    }
    g_ptr_array_unref(steps);
    g_free(lasts);
    g_free(whens);
}
