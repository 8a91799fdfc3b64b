/*
 * Names and sentences. First every name is put into its table, then everything
 * is looked at in the file's order. A name of a line with a mistake is excused:
 * nothing is said of it, for it may well be what is missing.
 */

#include "check.h"

#include "senda_url.h"

#define LISTED 8 /* names of the file that a message lists */

bool
check_excused(const check_t *c, const ast_name_t *name)
{
    return c->excuse_all || name->text == NULL || g_hash_table_contains(c->excused, name->key);
}

/* The name of a statement, NULL if it has none or it was not understood. */
static const ast_name_t *
name_of(const ast_head_t *h)
{
    const ast_name_t *n = h->kind == AST_PAGE ? &((const ast_page_t *)h)->name
        : h->kind == AST_EVENT                ? &((const ast_event_t *)h)->name
        : h->kind == AST_TAG                  ? &((const ast_tag_t *)h)->name
        : h->kind == AST_FLOW                 ? &((const ast_flow_t *)h)->name
        : h->kind == AST_TEST                 ? &((const ast_test_t *)h)->name
                                              : NULL;

    return n != NULL && n->text != NULL ? n : NULL;
}

static GHashTable *
table_of(const check_t *c, ast_kind_t kind)
{
    switch (kind) {
    case AST_PAGE:
        return c->pages;
    case AST_EVENT:
        return c->events;
    case AST_TAG:
        return c->tags;
    case AST_FLOW:
        return c->flows;
    default:
        return c->tests;
    }
}

static void
declare(check_t *c, ast_head_t *h)
{
    static const msg_t twice[] = {
        [AST_PAGE] = MSG_NAME_TWICE_PAGE,
        [AST_EVENT] = MSG_NAME_TWICE_EVENT,
        [AST_FLOW] = MSG_NAME_TWICE_FLOW,
        [AST_TEST] = MSG_NAME_TWICE_TEST,
    };
    const ast_name_t *name = name_of(h);
    const ast_head_t *before;
    diag_t *d;

    if (name == NULL) {
        return;
    }
    before = g_hash_table_lookup(table_of(c, h->kind), name->key);
    if (before == NULL) {
        g_hash_table_insert(table_of(c, h->kind), (gpointer)name->key, h);
    } else if (h->kind != AST_TAG) {
        d = DIAG(c->ds, name->span, twice[h->kind], name->text,
            arena_printf(c->arena, "%u", before->span.line));
        diag_other(d, before->span.line);
    }
    if (h->kind == AST_FLOW) {
        check_sends(c, (const ast_flow_t *)h);
    }
}

const char *
check_list(check_t *c, ast_kind_t kind)
{
    GString *list;
    unsigned n = 0;
    char *text;

    if (diags_full(c->ds)) {
        return NULL;
    }
    list = g_string_new("\x01");
    for (const ast_head_t *h = c->file->items.first; h != NULL; h = h->next) {
        const ast_name_t *name = h->kind == kind ? name_of(h) : NULL;

        if (name != NULL && g_hash_table_lookup(table_of(c, kind), name->key) == h) {
            if (n == LISTED) {
                g_string_append(list, "…");
                break;
            }
            g_string_append_printf(list, "%s%.*s", n++ > 0 ? ", " : "", 64, name->text);
        }
    }
    text = n > 0 ? arena_text(c->arena, list->str, list->len) : NULL;
    g_string_free(list, TRUE);
    return text;
}

void
check_near(check_t *c, diag_t *d, GHashTable *names, const char *key)
{
    GHashTableIter it;
    gpointer other, node;
    near_t near;
    const ast_head_t *first = NULL;

    if (d == NULL) {
        return;
    }
    near_start(&near, key);
    g_hash_table_iter_init(&it, names);
    while (near.looked < LANG_NEAR_MAX && g_hash_table_iter_next(&it, &other, &node)) {
        const ast_head_t *h = node;
        unsigned before = near.distance;

        /* of two that are equally near, the first of the file: hashing has no order */
        if (first != NULL && h->span.line < first->span.line &&
            near_distance(key, other, before) == before) {
            near.best = name_of(h)->text;
            first = h;
            continue;
        }
        first = near_offer(&near, other, name_of(h)->text) ? h : first;
    }
    check_excuses(c, &near);
    diag_near(c->ds, d, near.best);
}

/* What stands in a line with a mistake may be what was meant. */
void
check_excuses(const check_t *c, near_t *near)
{
    GHashTableIter it;
    gpointer word;

    g_hash_table_iter_init(&it, c->excused);
    while (near->looked < LANG_NEAR_MAX && g_hash_table_iter_next(&it, &word, NULL)) {
        near_offer(near, word, word);
    }
}

static void
check_page_name(check_t *c, const ast_name_t *name)
{
    const char *list;
    diag_t *d;

    if (g_hash_table_contains(c->pages, name->key) || check_excused(c, name)) {
        return;
    }
    list = check_list(c, AST_PAGE);
    d = DIAG(c->ds, name->span, list != NULL ? MSG_PAGE_UNKNOWN : MSG_PAGES_NONE, name->text,
        list != NULL ? list : "");
    check_near(c, d, c->pages, name->key);
    diag_word(c->ds, d, W_PAGE);
}

void
check_tag_name(check_t *c, const ast_name_t *name)
{
    const char *list;
    diag_t *d;

    if (check_excused(c, name) || g_hash_table_contains(c->tags, name->key)) {
        return;
    }
    list = check_list(c, AST_TAG);
    d = DIAG(c->ds, name->span, list != NULL ? MSG_TAG_UNGIVEN : MSG_TAGS_NONE, name->text,
        list != NULL ? list : "");
    check_near(c, d, c->tags, name->key);
    diag_word(c->ds, d, W_TAG);
}

void
check_verb(check_t *c, const ast_verb_t *v)
{
    static const char *const why[LANG_LANGUAGES] = {
        "Con un plazo se guardan los últimos momentos, y no más.",
        "With a window the latest moments are kept, and no more.",
    };

    if (v->kind == VERB_PAGE) {
        check_page_name(c, &v->name);
    } else if (v->kind == VERB_PATTERN) {
        check_pattern(c, v->pattern, true);
    }
    if (v->has_count && v->times > SENDA_MOMENTS_MAX && (v->has_window || v->since_start)) {
        DIAG(c->ds, v->count_span, MSG_COUNT_MAX, arena_printf(c->arena, "%d", SENDA_MOMENTS_MAX),
            arena_printf(c->arena, "\x01%s", why[c->ds->lang]));
    }
}

void
check_cond(check_t *c, const ast_cond_t *cond)
{
    if (cond == NULL) {
        return;
    }
    switch (cond->kind) {
    case COND_VERB:
        check_verb(c, cond->verb);
        break;
    case COND_TAG:
        check_tag_name(c, &cond->tag);
        break;
    default:
        check_cond(c, cond->left);
        check_cond(c, cond->right);
    }
}

static void
check_happening(check_t *c, const ast_verb_t *v)
{
    if (v == NULL) {
        return;
    }
    check_verb(c, v);
    if (v->since_start) {
        DIAG(c->ds, v->since_span, MSG_SINCE_IN_WHEN, diag_text(c->ds, v->since_span));
    }
}

void
check_whens(check_t *c, const ast_trigger_t *whens)
{
    for (const ast_trigger_t *w = whens; w != NULL; w = w->next) {
        check_happening(c, w->verb);
        check_happening(c, w->absent);
        if (w->absent != NULL && w->absent->has_count) {
            DIAG(c->ds, w->absent->count_span, MSG_ABSENCE_COUNT);
        }
        if (w->absent != NULL && !w->absent->has_window) {
            DIAG(c->ds, w->absent->word, MSG_ABSENCE_WINDOW);
        }
    }
}

static bool
is_letters(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!g_ascii_isalpha(s[i])) {
            return false;
        }
    }
    return strlen(s) == n;
}

static void
check_setting(check_t *c, const ast_site_t *site, const ast_setting_t *s)
{
    diag_t *d = NULL;

    if (s->head.broken) {
        return;
    }
    for (const ast_head_t *h = site->settings.first; h != &s->head; h = h->next) {
        if (((const ast_setting_t *)h)->what == s->what) {
            d = DIAG(c->ds, s->head.word, MSG_SETTING_TWICE, diag_text(c->ds, s->head.word),
                arena_printf(c->arena, "%u", h->span.line));
            diag_other(d, h->span.line);
            diag_word(c->ds, d, s->what);
            return;
        }
    }
    if (s->value.text == NULL) {
        return;
    }
    if (s->what == W_CURRENCY && !is_letters(s->value.text, 3)) {
        d = DIAG(c->ds, s->value.span, MSG_CURRENCY_BAD, s->value.text);
    } else if (s->what == W_LANGUAGE && !is_letters(s->value.text, 2)) {
        d = DIAG(c->ds, s->value.span, MSG_LANGUAGE_BAD, s->value.text);
    }
    diag_word(c->ds, d, s->what);
}

static void
check_site(check_t *c, const ast_site_t *site)
{
    unsigned n = 0;

    for (const ast_names_t *h = site->head.broken ? NULL : site->hosts; h != NULL; h = h->next) {
        char host[256];

        if (senda_host_decode(host, sizeof(host), senda_cstr(h->name.text)) == 0) {
            diag_word(c->ds, DIAG(c->ds, h->name.span, MSG_SITE_HOST, h->name.text), W_SITE);
        }
        if (++n == SENDA_HOSTS_MAX + 1) {
            DIAG(c->ds, h->name.span, MSG_SITE_HOSTS_MAX,
                arena_printf(c->arena, "%d", SENDA_HOSTS_MAX));
        }
    }
    for (const ast_head_t *h = site->settings.first; h != NULL; h = h->next) {
        check_setting(c, site, (const ast_setting_t *)h);
    }
}

/* "a, b, c": the analytics events and those that the file declares. */
static const char *
event_list(check_t *c)
{
    GString *list = g_string_new("\x01");
    const char *own = check_list(c, AST_EVENT);
    char *text;

    for (uint32_t e = 1; e <= SENDA_EV_LAST; e++) {
        g_string_append_printf(list, "%s%s", e > 1 ? ", " : "", senda_event_name(e));
    }
    if (own != NULL) {
        g_string_append_printf(list, ", %s", own + 1);
    }
    text = arena_text(c->arena, list->str, list->len);
    g_string_free(list, TRUE);
    return text;
}

static void
check_page_event(check_t *c, const ast_name_t *name)
{
    word_t verb = words_of_phrase(ROLE_VERB, name->key);
    near_t near;
    diag_t *d;

    if (senda_event_number(senda_cstr(name->key)) != 0 ||
        g_hash_table_contains(c->events, name->key) || check_excused(c, name)) {
        return;
    }
    if (verb != W_NONE && words_table[verb].value != 0) {
        d = DIAG(c->ds, name->span, MSG_IS_VERB, name->text,
            senda_event_name((uint32_t)words_table[verb].value));
        diag_word(c->ds, d, W_PAGE);
        return;
    }
    d = DIAG(c->ds, name->span, MSG_IS_UNKNOWN, name->text, event_list(c));
    near_start(&near, name->key);
    for (uint32_t e = 1; e <= SENDA_EV_LAST; e++) {
        near_offer(&near, senda_event_name(e), senda_event_name(e));
    }
    if (near.best != NULL) {
        diag_near(c->ds, d, near.best);
    } else {
        check_near(c, d, c->events, name->key);
    }
}

static void
check_page(check_t *c, const ast_page_t *page)
{
    for (const ast_pattern_t *p = page->patterns; p != NULL; p = p->next) {
        check_pattern(c, p, !page->head.broken);
    }
    if (page->has_event) {
        check_page_event(c, &page->event);
    }
}

static void
check_event(check_t *c, const ast_event_t *e)
{
    diag_t *d = NULL;

    if (e->name.text == NULL) {
        return;
    }
    if (senda_event_number(senda_cstr(e->name.key)) != 0) {
        d = DIAG(c->ds, e->name.span, MSG_EVENT_STANDARD, e->name.text);
    } else if (words_of_phrase(ROLE_VERB, e->name.key) != W_NONE) {
        d = DIAG(c->ds, e->name.span, MSG_EVENT_VERB, e->name.text);
    }
    diag_word(c->ds, d, W_EVENT);
}

static void
check_item(check_t *c, const ast_head_t *h)
{
    switch (h->kind) {
    case AST_SITE:
        check_site(c, (const ast_site_t *)h);
        break;
    case AST_PAGE:
        check_page(c, (const ast_page_t *)h);
        break;
    case AST_EVENT:
        check_event(c, (const ast_event_t *)h);
        break;
    case AST_TAG:
        check_whens(c, ((const ast_tag_t *)h)->whens);
        break;
    case AST_FLOW:
        check_flow(c, (const ast_flow_t *)h);
        break;
    default:
        check_test(c, (const ast_test_t *)h);
    }
}

static void
know_hosts(check_t *c)
{
    for (const ast_names_t *h = c->file->site != NULL ? c->file->site->hosts : NULL; h != NULL;
         h = h->next) {
        char host[256];
        size_t n = senda_host_decode(host, sizeof(host), senda_cstr(h->name.text));

        g_hash_table_add(c->hosts, arena_text(c->arena, host, n));
    }
}

static void
tables_new(check_t *c)
{
    GHashTable **tables[] = { &c->pages, &c->events, &c->tags, &c->flows, &c->tests, &c->sent,
        &c->hosts };

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        *tables[i] = g_hash_table_new(g_str_hash, g_str_equal);
    }
    c->patterns = rules_build_new();
    rules_build_site(c->patterns, 1, NULL);
    rules_build_page(c->patterns, 1, 1, SENDA_STR("x"), 0);
}

static void
tables_free(check_t *c)
{
    GHashTable *tables[] = { c->pages, c->events, c->tags, c->flows, c->tests, c->sent, c->hosts };

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_hash_table_unref(tables[i]);
    }
    rules_build_free(c->patterns);
}

void
check_file(arena_t *arena, diags_t *ds, const ast_file_t *file, GHashTable *excused,
    bool excuse_all)
{
    check_t c = { .arena = arena,
        .ds = ds,
        .file = file,
        .excused = excused,
        .excuse_all = excuse_all };
    unsigned npages = 0;

    tables_new(&c);
    know_hosts(&c);
    for (ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        declare(&c, h);
        if (h->kind == AST_PAGE && ++npages == SENDA_PAGES_MAX + 1) {
            DIAG(ds, h->word, MSG_PAGES_MAX, arena_printf(arena, "%d", SENDA_PAGES_MAX));
        }
    }
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        check_item(&c, h);
    }
    tables_free(&c);
}
