/*
 * What comes with a happening: the captures of its page, the attributes of its
 * event, and what the analytics events may always bring. One set answers for
 * all of them, so that a file of any size is asked in constant time.
 */

#include "check.h"

#include "fold.h"

#define LISTED 8

/* What an analytics event may bring, by header or through the programming interface. */
static const struct {
    const char *name;
    kind_t kind;
} standard[] = { { "item", KIND_TEXT }, { "items", KIND_TEXT }, { "total", KIND_NUMBER },
    { "order", KIND_TEXT }, { "q", KIND_TEXT }, { "lat", KIND_NUMBER }, { "lon", KIND_NUMBER },
    { "value", KIND_NUMBER } };

bool
check_standard_kind(const char *key, kind_t *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(standard); i++) {
        if (strcmp(standard[i].name, key) == 0) {
            *kind = standard[i].kind;
            return true;
        }
    }
    return false;
}

/* The next {capture} of a pattern from *at on, without braces and '#'; false: no more. */
static bool
next_capture(senda_str_t text, size_t *at, senda_str_t *name, bool *bad)
{
    const char *open = memchr(text.p + *at, '{', text.n - *at), *close;

    if (open == NULL) {
        return false;
    }
    close = memchr(open, '}', text.n - (size_t)(open - text.p));
    if (close == NULL) {
        *bad = true;
        return false;
    }
    *at = (size_t)(close - text.p) + 1;
    open += open[1] == '#' ? 2 : 1;
    *name = (senda_str_t){ open, (size_t)(close - open) };
    return true;
}

/* 'p' of a page, 'e' of an event; what "*": it is not understood and may bring anything. */
static const char *
brought_key(char *out, size_t size, char whose, const char *key, const char *what)
{
    g_snprintf(out, size, "%c%s\n%s", whose, key, what);
    return out;
}

static void
note(check_t *c, char whose, const char *key, const char *what, kind_t kind)
{
    size_t size = strlen(key) + strlen(what) + 3;
    char *text = arena_get(c->arena, size);

    brought_key(text, size, whose, key, what);
    if (!g_hash_table_contains(c->brought, text)) {
        g_hash_table_insert(c->brought, text, GINT_TO_POINTER(1 + (int)kind));
    }
}

static bool
noted(const check_t *c, char whose, const char *key, const char *what, kind_t *kind)
{
    size_t size = strlen(key) + strlen(what) + 3;
    char *text = g_malloc(size);
    int found = GPOINTER_TO_INT(
        g_hash_table_lookup(c->brought, brought_key(text, size, whose, key, what)));

    g_free(text);
    if (found > 0) {
        *kind = (kind_t)(found - 1);
    }
    return found > 0;
}

static void
note_capture(check_t *c, const ast_page_t *page, const ast_pattern_t *p, senda_str_t name)
{
    size_t size = 3 * name.n + 8;
    ast_name_t *n = arena_get(c->arena, sizeof(*n));
    char *key = arena_get(c->arena, size);
    kind_t kind = KIND_OPEN;

    fold_text(name.p, name.n, key, size);
    n->text = arena_text(c->arena, name.p, name.n);
    n->key = key;
    n->span = p->span;
    if (key[0] == '\0') {
        return;
    }
    check_put(c, NAMES_BROUGHT, n, &page->head);
    check_standard_kind(key, &kind);
    if (page->name.text != NULL) {
        note(c, 'p', page->name.key, key, kind);
    }
    if (page->has_event && page->event.text != NULL) {
        note(c, 'e', page->event.key, key, kind);
    }
}

static void
note_doubt(check_t *c, const ast_page_t *page)
{
    c->any_brought = true;
    if (page->name.text != NULL) {
        note(c, 'p', page->name.key, "*", KIND_OPEN);
    }
    if (page->has_event && page->event.text != NULL) {
        note(c, 'e', page->event.key, "*", KIND_OPEN);
    }
}

static void
note_page(check_t *c, const ast_page_t *page)
{
    bool bad = page->head.broken;

    for (const ast_pattern_t *p = page->patterns; p != NULL; p = p->next) {
        senda_str_t name;
        size_t at = 0;

        bad |= !check_pattern(c, p, !page->head.broken);
        while (!p->except && next_capture(p->text, &at, &name, &bad)) {
            note_capture(c, page, p, name);
        }
    }
    if (bad) {
        note_doubt(c, page);
    }
    for (const ast_input_t *in = page->inputs; in != NULL; in = in->next) {
        check_put(c, NAMES_INPUT, &in->input, &page->head);
    }
}

void
check_brings(check_t *c, const ast_head_t *h)
{
    const ast_event_t *e = (const ast_event_t *)h;

    if (h->kind == AST_PAGE) {
        note_page(c, (const ast_page_t *)h);
        return;
    }
    for (const ast_attribute_t *a = e->attributes; a != NULL; a = a->next) {
        if (a->name.text != NULL && e->name.text != NULL) {
            check_put(c, NAMES_BROUGHT, &a->name, h);
            note(c, 'e', e->name.key, a->name.key, check_kind(a->type));
        }
    }
    if (h->broken) {
        c->any_brought = true;
        if (e->name.text != NULL) {
            note(c, 'e', e->name.key, "*", KIND_OPEN);
        }
    }
}

static bool
of_event(const check_t *c, const char *event, const char *key, kind_t *kind)
{
    return (senda_event_number(senda_cstr(event)) != 0 && check_standard_kind(key, kind)) ||
        noted(c, 'e', event, key, kind) || noted(c, 'e', event, "*", kind);
}

static bool
of_page(const check_t *c, const ast_name_t *name, const char *key, kind_t *kind)
{
    const known_t *k = check_find(c, NAMES_PAGE, name);
    const ast_page_t *page = k != NULL ? (const ast_page_t *)k->node : NULL;

    if (page == NULL) {
        return true; /* said elsewhere */
    }
    return noted(c, 'p', name->key, key, kind) || noted(c, 'p', name->key, "*", kind) ||
        (page->has_event && page->event.text != NULL && of_event(c, page->event.key, key, kind));
}

static bool
of_pattern(const ast_pattern_t *p, const char *key)
{
    char folded[4 * SENDA_NAME_MAX];
    senda_str_t name;
    size_t at = 0;
    bool bad = false;

    while (next_capture(p->text, &at, &name, &bad)) {
        fold_text(name.p, name.n, folded, sizeof(folded));
        if (strcmp(folded, key) == 0) {
            return true;
        }
    }
    return bad;
}

bool
check_brought(const check_t *c, const ast_verb_t *v, const ast_name_t *name, kind_t *kind)
{
    const char *key = name->key;

    *kind = KIND_OPEN;
    if (name->text == NULL) {
        return true;
    }
    switch (v->kind) {
    case VERB_MESSAGE:
        return false;
    case VERB_STANDARD:
        return of_event(c, senda_event_name(v->event), key, kind);
    case VERB_CUSTOM:
        return of_event(c, v->name.key, key, kind);
    case VERB_PAGE:
        return of_page(c, &v->name, key, kind);
    case VERB_PATTERN:
        return of_pattern(v->pattern, key);
    case VERB_SPENDS:
        return v->pattern != NULL ? of_pattern(v->pattern, key) : of_page(c, &v->name, key, kind);
    default:
        return c->any_brought || check_find(c, NAMES_BROUGHT, name) != NULL ||
            check_standard_kind(key, kind);
    }
}

/*
 * What "of the same" and "of 3 different" count by. A page brings it only by its pattern, or as
 * an attribute of its own event; "items" is a list, of which nothing is the same.
 */
bool
check_captured(const check_t *c, const ast_verb_t *v, const ast_name_t *name)
{
    const known_t *k = v->kind == VERB_PAGE || v->kind == VERB_SPENDS
        ? check_find(c, NAMES_PAGE, &v->name)
        : NULL;
    const ast_page_t *page = k != NULL ? (const ast_page_t *)k->node : NULL;
    kind_t kind;

    if (!check_brought(c, v, name, &kind)) {
        return false;
    }
    if (v->kind == VERB_STANDARD) {
        const char *event = senda_event_name(v->event);

        return name->text == NULL || strcmp(name->key, "items") != 0 ||
            noted(c, 'e', event, name->key, &kind) || noted(c, 'e', event, "*", &kind);
    }
    return page == NULL || page->event.text == NULL ||
        senda_event_number(senda_cstr(page->event.key)) == 0 ||
        noted(c, 'p', v->name.key, name->key, &kind) || noted(c, 'p', v->name.key, "*", &kind);
}

/* The nearest name to the verb's capture by which it can be counted. */
const char *
check_near_captured(const check_t *c, const ast_verb_t *v)
{
    const GPtrArray *order = c->names[NAMES_BROUGHT].order;
    near_t near;

    near_start(&near, v->capture.key);
    for (guint i = 0; i < order->len && near.looked < LANG_NEAR_MAX; i++) {
        const ast_name_t *name = ((const known_t *)order->pdata[i])->name;

        if (check_captured(c, v, name)) {
            near_offer(&near, name->key, name->text);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(standard); i++) {
        const ast_name_t name = { .text = standard[i].name, .key = standard[i].name };

        if (check_captured(c, v, &name)) {
            near_offer(&near, name.key, name.text);
        }
    }
    return near.best;
}

/* A list of at most LISTED different names. */
typedef struct {
    GString *text;
    senda_str_t names[LISTED];
    unsigned n;
} listed_t;

static void
list_add(listed_t *l, senda_str_t name)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (senda_str_eq(l->names[i], name)) {
            return;
        }
    }
    if (l->n < LISTED) {
        g_string_append_printf(l->text, "%s%.*s", l->n > 0 ? ", " : "",
            name.n < SENDA_NAME_MAX ? (int)name.n : SENDA_NAME_MAX, name.p);
        l->names[l->n++] = name;
    }
}

static void
list_patterns(listed_t *l, const ast_pattern_t *p)
{
    for (; p != NULL && l->n < LISTED; p = p->next) {
        senda_str_t name;
        size_t at = 0;
        bool bad = false;

        while (!p->except && next_capture(p->text, &at, &name, &bad)) {
            list_add(l, name);
        }
    }
}

static void
list_event(const check_t *c, listed_t *l, const char *event)
{
    const ast_name_t name = { .text = event, .key = event };
    const known_t *k = check_find(c, NAMES_EVENT, &name);
    const ast_attribute_t *a = k != NULL ? ((const ast_event_t *)k->node)->attributes : NULL;

    for (; a != NULL && l->n < LISTED; a = a->next) {
        if (a->name.text != NULL) {
            list_add(l, senda_cstr(a->name.text));
        }
    }
    for (size_t i = 0; senda_event_number(senda_cstr(event)) != 0 && i < G_N_ELEMENTS(standard);
         i++) {
        list_add(l, senda_cstr(standard[i].name));
    }
}

const char *
check_brought_list(check_t *c, const ast_verb_t *v)
{
    listed_t l = { .text = g_string_new("\x01") };
    const known_t *k = v->kind == VERB_PAGE || v->kind == VERB_SPENDS
        ? check_find(c, NAMES_PAGE, &v->name)
        : NULL;
    char *text;

    if (v->pattern != NULL) {
        list_patterns(&l, v->pattern);
    } else if (v->kind == VERB_STANDARD) {
        list_event(c, &l, senda_event_name(v->event));
    } else if (v->kind == VERB_CUSTOM) {
        list_event(c, &l, v->name.key);
    } else if (k != NULL) {
        const ast_page_t *page = (const ast_page_t *)k->node;

        list_patterns(&l, page->patterns);
        if (page->has_event && page->event.text != NULL) {
            list_event(c, &l, page->event.key);
        }
    }
    text = l.n > 0 ? arena_text(c->arena, l.text->str, l.text->len) : NULL;
    g_string_free(l.text, TRUE);
    return text;
}
