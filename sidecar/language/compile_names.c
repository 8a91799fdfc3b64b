/*
 * What a file gives a name: events, fields, places, pages with their forms,
 * and the captures that sentences speak of. Names become numbers in the file's
 * order. Never fails: the checker has seen every name.
 */

#include "compile.h"

#include "fold.h"

unsigned
compile_count(const compile_t *c, ast_kind_t kind)
{
    unsigned n = 0;

    EACH(c, h, kind)
    {
        n++;
    }
    return n;
}

prog_place_t
compile_place(const compile_t *c, lex_span_t span)
{
    return (prog_place_t){ c->file, span.line };
}

const char *
compile_text(const compile_t *c, const char *text)
{
    return text != NULL ? arena_text(c->arena, text, strlen(text)) : NULL;
}

unsigned
compile_index(GHashTable *names, const char *key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(names, key)) - 1;
}

void
compile_name(GHashTable *names, const char *key, unsigned index)
{
    g_hash_table_insert(names, (gpointer)key, GUINT_TO_POINTER(index + 1));
}

value_type_t
compile_type(word_t type)
{
    return type == W_NUMBER ? VALUE_NUMBER : type == W_DATE ? VALUE_DATE : VALUE_TEXT;
}

prog_channel_t
compile_channel(word_t channel)
{
    return channel == W_PHONE ? CHANNEL_SMS : (prog_channel_t)words_table[channel].value;
}

const char *
compile_capture(const compile_t *c, const ast_name_t *name)
{
    const char *declared = g_hash_table_lookup(c->captures, name->key);

    return compile_text(c, declared != NULL ? declared : name->text);
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

static prog_page_t *
add_page(compile_t *c, const char *key, const char *name, lex_span_t span)
{
    prog_page_t row = { .name = compile_text(c, name), .place = compile_place(c, span) };

    row.key = c->id(c->ctx, SENDA_NAME_PAGE, c->program->site_id, row.name);
    compile_name(c->pages, key, c->page_rows->len);
    g_array_append_val(c->page_rows, row);
    return &g_array_index(c->page_rows, prog_page_t, c->page_rows->len - 1);
}

senda_key_t
compile_event_key(compile_t *c, const char *key)
{
    uint32_t number = senda_event_number(senda_cstr(key));

    return number != 0 ? senda_key_event(number)
                       : c->program->events[compile_index(c->events, key)].key;
}

/* A pattern in a sentence is a page of its own, one for each different pattern. */
senda_key_t
compile_page_key(compile_t *c, const ast_name_t *name, const ast_pattern_t *pattern)
{
    const char *key = pattern != NULL ? pattern->text.p : name->key;

    if (key == NULL) {
        return SENDA_KEY_ANY;
    }
    if (pattern != NULL && !g_hash_table_contains(c->pages, key)) {
        return add_page(c, key, compile_pattern_name(c->arena, pattern), pattern->span)->key;
    }
    return g_array_index(c->page_rows, prog_page_t, compile_index(c->pages, key)).key;
}

/* The first declaration says how a capture is spelt. */
static void
know_capture(compile_t *c, const char *name, size_t n)
{
    char *text = arena_text(c->arena, name, n);
    char *key = arena_get(c->arena, 3 * n + 8);

    fold_text(name, n, key, 3 * n + 8);
    if (n > 0 && !g_hash_table_contains(c->captures, key)) {
        g_hash_table_insert(c->captures, key, text);
    }
}

static void
know_captures(compile_t *c, const ast_pattern_t *pattern)
{
    for (; pattern != NULL; pattern = pattern->next) {
        const char *p = pattern->text.p;

        while ((p = strchr(p, '{')) != NULL) {
            p += p[1] == '#' ? 2 : 1;
            know_capture(c, p, strcspn(p, "}"));
        }
    }
}

static void
make_events(compile_t *c)
{
    prog_event_t *rows = arena_get(c->arena, (compile_count(c, AST_EVENT) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_EVENT)
    {
        const ast_event_t *e = (const ast_event_t *)h;
        prog_event_t *row = &rows[n];
        prog_attribute_t *attributes;
        unsigned k = 0;

        row->name = compile_text(c, e->name.text);
        row->key = senda_key_event(c->id(c->ctx, SENDA_NAME_EVENT, c->program->site_id, row->name));
        row->place = compile_place(c, h->span);
        for (const ast_attribute_t *a = e->attributes; a != NULL; a = a->next) {
            row->nattributes++;
        }
        attributes = arena_get(c->arena, (row->nattributes + 1) * sizeof(*attributes));
        for (const ast_attribute_t *a = e->attributes; a != NULL; a = a->next, k++) {
            attributes[k].name = compile_text(c, a->name.text);
            attributes[k].type = compile_type(a->type);
            know_capture(c, a->name.text, strlen(a->name.text));
        }
        row->attributes = attributes;
        compile_name(c->events, e->name.key, n++);
    }
    c->program->nevents = n;
    c->program->events = rows;
}

static void
make_fields(compile_t *c)
{
    prog_field_t *rows = arena_get(c->arena, (compile_count(c, AST_FIELD) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_FIELD)
    {
        const ast_field_t *f = (const ast_field_t *)h;

        rows[n].name = compile_text(c, f->name.text);
        rows[n].type = compile_type(f->type);
        rows[n].place = compile_place(c, h->span);
        compile_name(c->fields, f->name.key, n++);
    }
    c->program->nfields = n;
    c->program->fields = rows;
}

static void
make_places(compile_t *c)
{
    prog_spot_t *rows = arena_get(c->arena, (compile_count(c, AST_PLACE) + 1) * sizeof(*rows));
    unsigned n = 0;

    EACH(c, h, AST_PLACE)
    {
        const ast_place_t *p = (const ast_place_t *)h;

        rows[n].name = compile_text(c, p->name.text);
        rows[n].latitude = p->latitude;
        rows[n].longitude = p->longitude;
        rows[n].radius = p->radius;
        rows[n].place = compile_place(c, h->span);
        compile_name(c->places, p->name.key, n++);
    }
    c->program->nplaces = n;
    c->program->places = rows;
}

static bool
means(word_t w, const char *key)
{
    return words_is(w, LANG_ES, key) || words_is(w, LANG_EN, key);
}

/* A declared field hides the words of a language, but not the four names themselves. */
static prog_fills_t
fills(const compile_t *c, const char *key, uint32_t *field)
{
    static const struct {
        const char *name;
        word_t word;
        prog_fills_t fills;
    } own[] = { { "email", W_EMAIL, FILLS_EMAIL }, { "phone", W_PHONE, FILLS_PHONE },
        { "name", W_NAME, FILLS_NAME }, { "consent", W_CONSENT, FILLS_CONSENT } };
    bool declared = g_hash_table_contains(c->fields, key);

    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        if (strcmp(own[i].name, key) == 0 || (!declared && means(own[i].word, key))) {
            return own[i].fills;
        }
    }
    *field = compile_index(c->fields, key);
    return FILLS_FIELD;
}

static void
make_inputs(compile_t *c, const ast_page_t *page, prog_page_t *row)
{
    prog_input_t *inputs;
    unsigned n = 0;

    for (const ast_input_t *i = page->inputs; i != NULL; i = i->next) {
        row->ninputs++;
    }
    inputs = arena_get(c->arena, (row->ninputs + 1) * sizeof(*inputs));
    for (const ast_input_t *i = page->inputs; i != NULL; i = i->next, n++) {
        inputs[n].input = compile_text(c, i->input.text);
        inputs[n].fills = fills(c, i->fills.key, &inputs[n].field);
    }
    row->inputs = inputs;
}

static void
make_pages(compile_t *c)
{
    EACH(c, h, AST_PAGE)
    {
        const ast_page_t *page = (const ast_page_t *)h;
        prog_page_t *row = add_page(c, page->name.key, page->name.text, h->span);

        row->event = page->has_event ? compile_event_key(c, page->event.key) : 0;
        make_inputs(c, page, row);
        know_captures(c, page->patterns);
    }
}

void
compile_names(compile_t *c)
{
    make_events(c);
    make_fields(c);
    make_places(c);
    make_pages(c);
}

void
compile_pages_keep(compile_t *c)
{
    size_t size = c->page_rows->len * sizeof(prog_page_t);
    prog_page_t *rows = arena_get(c->arena, size + sizeof(*rows));

    if (size > 0) {
        memcpy(rows, c->page_rows->data, size);
    }
    c->program->npages = c->page_rows->len;
    c->program->pages = rows;
}
