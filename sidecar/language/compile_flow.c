/*
 * From an AST without mistakes to the engine's program: names become numbers
 * in the file's order, sentences become plain structs. Never fails but for a
 * time zone that does not exist.
 */

#include "compile.h"

#define DEFAULT_SITE "default"

prog_place_t
compile_place(const compile_t *c, lex_span_t span)
{
    return (prog_place_t){ c->file, span.line };
}

const char *
compile_text(const compile_t *c, const char *text)
{
    return arena_text(c->arena, text, strlen(text));
}

const char *
compile_pattern_name(arena_t *a, const ast_pattern_t *p)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a, 64 bits */

    if (p->text.n <= SENDA_NAME_MAX) {
        return p->text.p;
    }
    for (size_t i = 0; i < p->text.n; i++) {
        h = (h ^ (unsigned char)p->text.p[i]) * 1099511628211u;
    }
    return arena_printf(a, "/%016llx", (unsigned long long)h);
}

static unsigned
index_of(GHashTable *names, const char *key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(names, key)) - 1;
}

static senda_key_t
add_page(compile_t *c, const char *key, const char *name, senda_key_t event, lex_span_t span)
{
    prog_page_t row = { .name = compile_text(c, name),
        .event = event,
        .place = compile_place(c, span) };

    row.key = c->id(c->ctx, SENDA_NAME_PAGE, c->program->site_id, row.name);
    g_array_append_val(c->page_rows, row);
    g_hash_table_insert(c->pages, (gpointer)key, GUINT_TO_POINTER(c->page_rows->len));
    return row.key;
}

static senda_key_t
event_key(compile_t *c, const char *key)
{
    uint32_t number = senda_event_number(senda_cstr(key));

    return number != 0 ? senda_key_event(number) : c->program->events[index_of(c->events, key)].key;
}

/* A pattern in a sentence is a page of its own, one for each different pattern. */
static senda_key_t
pattern_key(compile_t *c, const ast_pattern_t *p)
{
    unsigned at = index_of(c->pages, p->text.p);

    if (at != (unsigned)-1) {
        return g_array_index(c->page_rows, prog_page_t, at).key;
    }
    return add_page(c, p->text.p, compile_pattern_name(c->arena, p), 0, p->span);
}

static senda_key_t
verb_key(compile_t *c, const ast_verb_t *v)
{
    switch (v->kind) {
    case VERB_PAGE:
        return g_array_index(c->page_rows, prog_page_t, index_of(c->pages, v->name.key)).key;
    case VERB_PATTERN:
        return pattern_key(c, v->pattern);
    case VERB_STANDARD:
        return senda_key_event(v->event);
    case VERB_CUSTOM:
        return event_key(c, v->name.key);
    default:
        return SENDA_KEY_ANY;
    }
}

prog_verb_t
compile_verb(compile_t *c, const ast_verb_t *v)
{
    prog_verb_t out = { .key = verb_key(c, v), .count = COUNT_SOME, .times = 1 };

    if (v->has_count) {
        out.count = v->count;
        out.times = v->times;
    }
    if (v->has_window) {
        out.within = v->window;
    }
    out.since_start = v->since_start;
    return out;
}

const prog_cond_t *
compile_cond(compile_t *c, const ast_cond_t *cond)
{
    prog_cond_t *out;

    if (cond == NULL) {
        return NULL;
    }
    out = arena_get(c->arena, sizeof(*out));
    out->kind = cond->kind;
    if (cond->kind == COND_VERB) {
        out->verb = compile_verb(c, cond->verb);
    } else if (cond->kind == COND_TAG) {
        out->tag = index_of(c->tags, cond->tag.key);
    }
    out->left = compile_cond(c, cond->left);
    out->right = compile_cond(c, cond->right);
    return out;
}

unsigned
compile_whens(compile_t *c, const ast_trigger_t *whens, prog_trigger_t *out)
{
    unsigned n = 0;

    for (const ast_trigger_t *w = whens; w != NULL; w = w->next, n++) {
        if (out == NULL) {
            continue;
        }
        memset(&out[n], 0, sizeof(out[n]));
        out[n].place = compile_place(c, w->span);
        if (w->verb != NULL) {
            out[n].has_verb = true;
            out[n].verb = compile_verb(c, w->verb);
        }
        if (w->absent != NULL) {
            out[n].has_absent = true;
            out[n].absent = compile_verb(c, w->absent);
            out[n].span = w->absent->window;
            out[n].absent.within = (senda_span_t){ 0, 0, 0 };
        }
    }
    return n;
}

/* Statements of a kind, in the file's order. */
static unsigned
count_items(const compile_t *c, ast_kind_t kind)
{
    unsigned n = 0;

    for (const ast_head_t *h = c->lang->file->items.first; h != NULL; h = h->next) {
        n += h->kind == kind;
    }
    return n;
}

#define EACH(c, h, k)                                                                \
    for (const ast_head_t *h = (c)->lang->file->items.first; h != NULL; h = h->next) \
        if (h->kind == (k))

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
make_events(compile_t *c)
{
    prog_event_t *rows = arena_get(c->arena, (count_items(c, AST_EVENT) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_EVENT)
    {
        const ast_event_t *e = (const ast_event_t *)h;

        rows[n].name = compile_text(c, e->name.text);
        rows[n].key = senda_key_event(
            c->id(c->ctx, SENDA_NAME_EVENT, c->program->site_id, rows[n].name));
        g_hash_table_insert(c->events, (gpointer)e->name.key, GUINT_TO_POINTER(++n));
    }
    c->program->nevents = n;
    c->program->events = rows;
}

static void
make_pages(compile_t *c)
{
    EACH(c, h, AST_PAGE)
    {
        const ast_page_t *page = (const ast_page_t *)h;

        add_page(c, page->name.key, page->name.text,
            page->has_event ? event_key(c, page->event.key) : 0, h->span);
    }
}

/* Whether nginx itself can count all that gives the tag. */
static bool
counted_by_nginx(const prog_tag_t *tag)
{
    for (unsigned i = 0; i < tag->nwhens; i++) {
        senda_key_t key = tag->whens[i].verb.key;

        if (!tag->whens[i].has_verb || tag->whens[i].has_absent ||
            key == senda_key_event(SENDA_EV_PURCHASE) || key == senda_key_event(SENDA_EV_REFUND) ||
            key >= senda_key_event(SENDA_EVENT_CUSTOM)) {
            return false;
        }
    }
    return true;
}

static void
make_tag(compile_t *c, prog_tag_t *row, const ast_tag_t *first)
{
    prog_trigger_t *whens;
    unsigned n = 0;

    EACH(c, h, AST_TAG)
    {
        const ast_tag_t *t = (const ast_tag_t *)h;

        n += strcmp(t->name.key, first->name.key) == 0 ? compile_whens(c, t->whens, NULL) : 0;
    }
    whens = arena_get(c->arena, n * sizeof(*whens));
    EACH(c, h, AST_TAG)
    {
        const ast_tag_t *t = (const ast_tag_t *)h;

        if (strcmp(t->name.key, first->name.key) == 0) {
            row->nwhens += compile_whens(c, t->whens, whens + row->nwhens);
        }
    }
    row->whens = whens;
    row->by_nginx = counted_by_nginx(row);
}

static void
make_tags(compile_t *c)
{
    prog_tag_t *rows = arena_get(c->arena, (count_items(c, AST_TAG) + 1) * sizeof(*rows));
    const ast_tag_t **first = g_new0(const ast_tag_t *, count_items(c, AST_TAG) + 1);
    unsigned n = 0;

    EACH(c, h, AST_TAG)
    {
        const ast_tag_t *t = (const ast_tag_t *)h;

        if (!g_hash_table_contains(c->tags, t->name.key)) {
            rows[n].name = compile_text(c, t->name.text);
            rows[n].id = c->id(c->ctx, SENDA_NAME_TAG, c->program->site_id, rows[n].name);
            first[n] = t;
            g_hash_table_insert(c->tags, (gpointer)t->name.key, GUINT_TO_POINTER(++n));
        }
    }
    for (unsigned i = 0; i < n; i++) {
        make_tag(c, &rows[i], first[i]);
    }
    g_free(first);
    c->program->ntags = n;
    c->program->tags = rows;
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
    row->name = compile_text(c, flow->name.text);
    row->id = c->id(c->ctx, SENDA_NAME_FLOW, c->program->site_id, row->name);
    row->transactional = flow->transactional;
    row->place = compile_place(c, flow->head.span);
    make_starts(c, flow, row);
    row->again = AGAIN_NEVER;
    if (flow->again != NULL) {
        row->again = flow->again->how;
        row->again_after = flow->again->after;
    }
    if (flow->stop != NULL) {
        row->stop = compile_cond(c, flow->stop->cond);
    }
    if (flow->goal != NULL) {
        row->goal = compile_cond(c, flow->goal->cond);
        row->goal_within = flow->goal->within;
    }
    compile_steps(c, flow, row);
}

static void
make_flows(compile_t *c)
{
    prog_flow_t *rows = arena_get(c->arena, (count_items(c, AST_FLOW) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_FLOW)
    {
        make_flow(c, (const ast_flow_t *)h, &rows[n++]);
    }
    c->program->nflows = n;
    c->program->flows = rows;
}

static prog_test_kind_t
test_kind(const ast_check_t *line)
{
    switch (line->head.kind) {
    case AST_TEST_CONTACT:
        return TEST_CONTACT;
    case AST_TEST_VISIT:
        return TEST_VISIT;
    case AST_TEST_GETS:
        return line->negated ? TEST_NEVER_GETS : TEST_GETS;
    case AST_TEST_TAG:
        return TEST_HAS_TAG;
    default:
        return TEST_EVENT;
    }
}

/* A tag's name as the program has it, whatever accents the test writes. */
static const char *
test_text(compile_t *c, const ast_check_t *line)
{
    if (line->head.kind == AST_TEST_TAG) {
        return c->program->tags[index_of(c->tags, line->text.key)].name;
    }
    return line->text.text != NULL ? compile_text(c, line->text.text) : NULL;
}

static void
make_test(compile_t *c, const ast_test_t *test, prog_test_t *row)
{
    prog_test_line_t *lines;
    unsigned n = 0;

    row->name = compile_text(c, test->name.text);
    row->place = compile_place(c, test->head.span);
    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next) {
        row->nlines++;
    }
    lines = arena_get(c->arena, (row->nlines + 1) * sizeof(*lines));
    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next, n++) {
        const ast_check_t *a = (const ast_check_t *)h;

        lines[n].kind = test_kind(a);
        lines[n].negated = a->negated;
        lines[n].text = test_text(c, a);
        lines[n].channel = (prog_channel_t)words_table[a->channel].value;
        lines[n].key = a->verb != NULL ? verb_key(c, a->verb) : 0;
        lines[n].times = a->times;
        lines[n].post = a->post;
        lines[n].has_at = a->at.has_time;
        lines[n].day = a->at.has_day ? a->at.day : 0;
        lines[n].second = a->at.second;
        lines[n].place = compile_place(c, h->span);
    }
    row->lines = lines;
}

static void
make_tests(compile_t *c)
{
    prog_test_t *rows = arena_get(c->arena, (count_items(c, AST_TEST) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_TEST)
    {
        make_test(c, (const ast_test_t *)h, &rows[n++]);
    }
    c->program->ntests = n;
    c->program->tests = rows;
}

static void
keep_pages(compile_t *c)
{
    size_t size = c->page_rows->len * sizeof(prog_page_t);
    prog_page_t *rows = arena_get(c->arena, size + sizeof(*rows));

    if (size > 0) {
        memcpy(rows, c->page_rows->data, size);
    }
    c->program->npages = c->page_rows->len;
    c->program->pages = rows;
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
    c.pages = g_hash_table_new(g_str_hash, g_str_equal);
    c.events = g_hash_table_new(g_str_hash, g_str_equal);
    c.tags = g_hash_table_new(g_str_hash, g_str_equal);
    c.page_rows = g_array_new(FALSE, FALSE, sizeof(prog_page_t));
    make_site(&c, zone, &zone_known);
    make_events(&c);
    make_pages(&c);
    make_tags(&c);
    make_flows(&c);
    make_tests(&c);
    keep_pages(&c);
    g_array_free(c.page_rows, TRUE);
    g_hash_table_unref(c.tags);
    g_hash_table_unref(c.events);
    g_hash_table_unref(c.pages);
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
