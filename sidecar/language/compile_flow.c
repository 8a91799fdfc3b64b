/*
 * From an AST without mistakes to the engine's program: the site, the flows,
 * and in which order everything else is made. Never fails but for a time zone
 * that does not exist.
 */

#include "compile.h"

#define DEFAULT_SITE "default"

static void
make_site(compile_t *c, lang_zone_pt zone, bool *zone_known)
{
    const ast_site_t *site = c->lang->file->site;
    program_t *p = c->program;
    senda_zone_step_t *steps = arena_get(c->arena, SENDA_ZONE_STEPS * sizeof(*steps));
    int n;

    p->site = DEFAULT_SITE;
    p->zone_name = "UTC";
    p->currency = "EUR";
    p->language = lang_language(c->lang);
    if (site != NULL) {
        p->site = compile_text(c, site->hosts->name.key);
        for (const ast_head_t *h = site->settings.first; h != NULL; h = h->next) {
            const ast_setting_t *s = (const ast_setting_t *)h;

            if (s->what == W_TIMEZONE) {
                p->zone_name = compile_text(c, s->value.text);
            } else if (s->what == W_CURRENCY) {
                p->currency = compile_text(c, s->value.text);
            } else {
                p->language = compile_text(c, s->value.key);
            }
        }
    }
    n = zone(c->ctx, p->zone_name, &p->zone.first_offset, steps, SENDA_ZONE_STEPS);
    *zone_known = n >= 0 || strcmp(p->zone_name, "UTC") == 0;
    p->zone.nsteps = n > 0 ? (uint32_t)n : 0;
    p->zone.steps = steps;
    p->site_id = c->id(c->ctx, SENDA_NAME_SITE, 0, p->site);
}

static void
make_starts(compile_t *c, const ast_flow_t *flow, prog_flow_t *row)
{
    prog_trigger_t *starts;
    unsigned n = 0;

    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        n += h->kind == AST_START ? compile_whens(c, ((const ast_start_t *)h)->whens, NULL) : 0;
    }
    starts = arena_get(c->arena, n * sizeof(*starts));
    for (const ast_head_t *h = flow->lines.first; h != NULL; h = h->next) {
        if (h->kind == AST_START) {
            row->nstarts += compile_whens(c, ((const ast_start_t *)h)->whens,
                starts + row->nstarts);
        }
    }
    row->starts = starts;
}

static void
make_flow(compile_t *c, const ast_flow_t *flow, prog_flow_t *row)
{
    make_starts(c, flow, row);
    row->again = AGAIN_NEVER;
    if (flow->again != NULL) {
        row->again = flow->again->how;
        row->again_after = flow->again->after;
        row->again_each = row->again == AGAIN_EACH ? compile_capture(c, &flow->again->each) : NULL;
    }
    if (flow->stop != NULL) {
        row->stop = compile_cond(c, flow->stop->cond);
    }
    if (flow->only != NULL) {
        row->only = compile_cond(c, flow->only->cond);
    }
    if (flow->goal != NULL) {
        row->goal = compile_cond(c, flow->goal->cond);
        row->goal_within = flow->goal->within;
    }
    compile_steps(c, flow, row);
}

/* Their names first: a step enters a flow that stands further down. */
static prog_flow_t *
name_flows(compile_t *c)
{
    prog_flow_t *rows = arena_get(c->arena, (compile_count(c, AST_FLOW) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_FLOW)
    {
        const ast_flow_t *flow = (const ast_flow_t *)h;

        rows[n].name = compile_text(c, flow->name.text);
        rows[n].id = c->id(c->ctx, SENDA_NAME_FLOW, c->program->site_id, rows[n].name);
        rows[n].transactional = flow->transactional;
        rows[n].place = compile_place(c, h->span);
        compile_name(c->flows, flow->name.key, n++);
    }
    c->program->nflows = n;
    c->program->flows = rows;
    return rows;
}

static void
make_flows(compile_t *c, prog_flow_t *rows)
{
    unsigned n = 0;

    EACH(c, h, AST_FLOW)
    {
        make_flow(c, (const ast_flow_t *)h, &rows[n++]);
    }
}

static void
make_all(compile_t *c)
{
    prog_flow_t *flows;

    compile_names(c);
    compile_tags_names(c);
    compile_people_names(c);
    flows = name_flows(c);
    compile_tags(c);
    compile_people(c);
    make_flows(c, flows);
    compile_tests(c);
    compile_pages_keep(c);
}

static void
tables(compile_t *c, void (*each)(GHashTable **))
{
    GHashTable **all[] = { &c->pages, &c->events, &c->fields, &c->places, &c->tags, &c->stages,
        &c->segments, &c->flows, &c->captures };

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        each(all[i]);
    }
}

static void
table_new(GHashTable **t)
{
    *t = g_hash_table_new(g_str_hash, g_str_equal);
}

static void
table_free(GHashTable **t)
{
    g_hash_table_unref(*t);
}

program_t *
lang_program(const lang_t *l, lang_id_pt id, lang_zone_pt zone, void *ctx)
{
    compile_t c = { .lang = l, .id = id, .ctx = ctx };
    bool zone_known = false;

    if (lang_errors(l) > 0) {
        return NULL;
    }
    c.arena = arena_new();
    c.program = arena_get(c.arena, sizeof(*c.program));
    c.program->arena = c.arena;
    c.file = compile_text(&c, l->name);
    c.page_rows = g_array_new(FALSE, FALSE, sizeof(prog_page_t));
    tables(&c, table_new);
    make_site(&c, zone, &zone_known);
    make_all(&c);
    tables(&c, table_free);
    g_array_free(c.page_rows, TRUE);
    if (!zone_known) {
        arena_free(c.arena);
        return NULL;
    }
    return c.program;
}

void
program_free(program_t *p)
{
    if (p != NULL) {
        arena_free(p->arena);
    }
}
