/*
 * The semantic pass in its order: first every name is put into its table, then
 * what pages and events bring, then everything is looked at in the file's
 * order.
 */

#include "check.h"

#include "fold.h"
#include "senda_url.h"

static void
check_state(check_t *c, const ast_state_t *s)
{
    check_cond(c, s->cond, false);
}

static void
check_tag(check_t *c, const ast_tag_t *tag)
{
    check_whens(c, tag->whens);
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
    case AST_FIELD:
        check_field(c, (const ast_field_t *)h);
        break;
    case AST_PLACE:
        check_place(c, (const ast_place_t *)h);
        break;
    case AST_TAG:
        check_tag(c, (const ast_tag_t *)h);
        break;
    case AST_SCORE:
        check_scores(c, (const ast_score_t *)h);
        break;
    case AST_STAGE:
    case AST_SEGMENT:
    case AST_SHOW:
        check_state(c, (const ast_state_t *)h);
        break;
    case AST_LIMIT:
        check_limit(c, (const ast_limit_t *)h);
        break;
    case AST_QUIET:
        check_quiet(c, (const ast_quiet_t *)h);
        break;
    case AST_CONTROL:
        check_control(c, (const ast_control_t *)h);
        break;
    case AST_FLOW:
        check_flow(c, (const ast_flow_t *)h);
        break;
    case AST_TEST:
        check_test(c, (const ast_test_t *)h);
        break;
    default:
        break;
    }
}

/* What the site says that others need. */
static void
know_site(check_t *c)
{
    const ast_site_t *site = c->file->site;

    for (const ast_names_t *h = site != NULL && !site->head.broken ? site->hosts : NULL; h != NULL;
         h = h->next) {
        char host[256];
        size_t n = senda_host_decode(host, sizeof(host), senda_cstr(h->name.text));

        g_hash_table_add(c->hosts, arena_text(c->arena, host, n));
    }
    for (const ast_head_t *h = site != NULL ? site->settings.first : NULL; h != NULL; h = h->next) {
        const ast_setting_t *s = (const ast_setting_t *)h;

        if (s->what == W_CURRENCY) {
            c->currency = s->value.text != NULL && strlen(s->value.text) == 3 ? s->value.text
                                                                              : NULL;
        }
    }
}

/* The captures of a line with a mistake of shape may be what is missing, as its names may. */
static void
excuse_captures(check_t *c)
{
    for (unsigned i = 0; i < c->ds->n; i++) {
        const char *text = c->ds->text, *p = text + c->ds->items[i].span.at;

        if (c->ds->items[i].shape) {
            g_hash_table_add(c->slips, GUINT_TO_POINTER(c->ds->items[i].span.line));
        }
        while (p > text && p[-1] != '\n' && p[-1] != '\r') {
            p--;
        }
        p += strcspn(p, "{\r\n");
        while (*p == '{') {
            size_t skip = p[1] == '#' ? 2 : 1, n = strcspn(p + skip, "{}\r\n");
            char *key = arena_get(c->arena, 3 * n + 8);

            fold_text(p + skip, n, key, 3 * n + 8);
            g_hash_table_add(c->excused, key);
            p += skip + n;
            p += strcspn(p, "{\r\n");
        }
    }
}

static void
tables_new(check_t *c)
{
    check_names_new(c);
    c->brought = g_hash_table_new(g_str_hash, g_str_equal);
    c->entered = g_hash_table_new(g_str_hash, g_str_equal);
    c->scored = g_hash_table_new(NULL, NULL);
    c->slips = g_hash_table_new(NULL, NULL);
    c->hosts = g_hash_table_new(g_str_hash, g_str_equal);
    c->patterns = rules_build_new();
    rules_build_site(c->patterns, 1, NULL);
    rules_build_page(c->patterns, 1, 1, SENDA_STR("x"), 0);
}

static void
tables_free(check_t *c)
{
    check_names_free(c);
    g_hash_table_unref(c->brought);
    g_hash_table_unref(c->entered);
    g_hash_table_unref(c->slips);
    g_hash_table_unref(c->scored);
    g_hash_table_unref(c->hosts);
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
        .excuse_all = excuse_all,
        .any_brought = excuse_all,
        .currency = "EUR" };
    unsigned npages = 0;

    tables_new(&c);
    know_site(&c);
    excuse_captures(&c);
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        check_declare(&c, h);
        if (h->kind == AST_FLOW) {
            check_gives(&c, (const ast_flow_t *)h);
        }
        if (h->kind == AST_PAGE && ++npages == SENDA_PAGES_MAX + 1) {
            DIAG(ds, h->word, MSG_PAGES_MAX, arena_printf(arena, "%d", SENDA_PAGES_MAX));
        }
    }
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_PAGE || h->kind == AST_EVENT) {
            check_brings(&c, h);
        }
    }
    check_rings(&c);
    for (const ast_head_t *h = file->items.first; h != NULL; h = h->next) {
        check_item(&c, h);
    }
    check_again_rings(&c);
    tables_free(&c);
}
