/*
 * The language from outside: text in, mistakes out, in the order read, parse,
 * check. Owns the cleaned text and the arena of everything made from it.
 */

#include "check.h"
#include "compile.h"
#include "parse.h"
#include "source.h"

/* What is wrong with the file as a whole. */
static void
source_mistakes(lang_t *l, const source_t *s)
{
    lex_span_t top = { 1, 0, 0 };

    if (s->too_big) {
        DIAG(&l->diags, top, MSG_FILE_TOO_BIG, arena_printf(l->arena, "%u", LANG_FILE_MAX >> 20));
    } else if (s->utf16) {
        DIAG(&l->diags, top, MSG_FILE_UTF16);
    } else if (s->binary) {
        DIAG(&l->diags, top, MSG_FILE_BINARY);
    }
}

static lex_span_t
place_of(const lang_t *l, size_t at, size_t len)
{
    lex_span_t s = { 1, (uint32_t)at, (uint32_t)len };

    for (size_t i = 0; i < at; i++) {
        bool crlf = l->clean[i] == '\r' && l->clean[i + 1] == '\n';

        s.line += !crlf && (l->clean[i] == '\n' || l->clean[i] == '\r');
    }
    return s;
}

/* Single bytes that do not belong: said once, where the first one stands. */
static void
byte_mistakes(lang_t *l, const source_t *s)
{
    if (s->binary) {
        return;
    }
    if (s->nbad > 0) {
        DIAG(&l->diags, place_of(l, s->bad_at, 2), MSG_NOT_UTF8,
            arena_printf(l->arena, "%02X", s->bad_byte), arena_printf(l->arena, "%zu", s->nbad));
    }
    if (s->ncontrol > 0) {
        DIAG(&l->diags, place_of(l, s->control_at, 1), MSG_CONTROL,
            arena_printf(l->arena, "%u", s->control), arena_printf(l->arena, "%zu", s->ncontrol));
    }
}

lang_t *
lang_read(const char *file, const char *text, size_t len)
{
    lang_t *l = g_new0(lang_t, 1);
    GHashTable *excused = g_hash_table_new(g_str_hash, g_str_equal);
    bool excuse_all = false;
    source_t s;

    source_read(&s, text, len);
    l->arena = arena_new();
    l->name = g_strdup(file);
    l->clean = s.text;
    diags_init(&l->diags, l->arena, l->name, l->clean, s.len, parse_language(s.text, s.len));
    source_mistakes(l, &s);
    byte_mistakes(l, &s);
    l->file = parse_file(l->arena, &l->diags, excused, &excuse_all);
    check_file(l->arena, &l->diags, l->file, excused, excuse_all);
    diags_finish(&l->diags);
    g_hash_table_unref(excused);
    return l;
}

void
lang_free(lang_t *l)
{
    if (l == NULL) {
        return;
    }
    diags_free(&l->diags);
    arena_free(l->arena);
    g_free(l->clean);
    g_free(l->name);
    g_free(l);
}

unsigned
lang_errors(const lang_t *l)
{
    return l->diags.errors;
}

unsigned
lang_warnings(const lang_t *l)
{
    return l->diags.warnings;
}

unsigned
lang_diags(const lang_t *l)
{
    return l->diags.n;
}

const lang_diag_t *
lang_diag(const lang_t *l, unsigned i)
{
    return i < l->diags.n ? &l->diags.items[i].shown : NULL;
}

const char *
lang_language(const lang_t *l)
{
    return l->diags.lang == LANG_ES ? "es" : "en";
}

void
lang_print(const lang_t *l, FILE *out, bool color)
{
    diags_print(&l->diags, out, color);
}

/* The `timezone` line, NULL if the file has none. */
static const ast_setting_t *
zone_line(const lang_t *l)
{
    const ast_head_t *h = l->file->site != NULL ? l->file->site->settings.first : NULL;

    for (; h != NULL; h = h->next) {
        const ast_setting_t *s = (const ast_setting_t *)h;

        if (s->what == W_TIMEZONE && s->value.text != NULL) {
            return s;
        }
    }
    return NULL;
}

void
lang_check_zone(lang_t *l, lang_zone_pt zone, void *ctx)
{
    const ast_setting_t *s = zone_line(l);
    senda_zone_step_t *steps;
    int32_t first;

    if (s == NULL) {
        return;
    }
    steps = g_new(senda_zone_step_t, SENDA_ZONE_STEPS);
    if (zone(ctx, s->value.text, &first, steps, SENDA_ZONE_STEPS) < 0) {
        DIAG(&l->diags, s->value.span, MSG_ZONE_UNKNOWN, s->value.text);
        diags_finish(&l->diags);
    }
    g_free(steps);
}

typedef struct {
    lang_t *lang;
    lang_template_pt check;
    void *ctx;
    GHashTable *seen;
} templates_t;

static void
ask_template(templates_t *t, const ast_name_t *name)
{
    senda_err_t err = { "" };
    senda_rc_t rc;

    if (name->text == NULL || !g_hash_table_add(t->seen, (gpointer)name->text)) {
        return;
    }
    rc = t->check(t->ctx, name->text, &err);
    if (rc == SENDA_NONE) {
        DIAG(&t->lang->diags, name->span, MSG_TEMPLATE_NONE, name->text);
    } else if (rc != SENDA_OK) {
        DIAG(&t->lang->diags, name->span, MSG_TEMPLATE_FILE, name->text,
            arena_printf(t->lang->arena, "\x01%s", err.text));
    }
}

static void
ask_templates(const ast_head_t *h, void *ctx)
{
    const ast_channel_t *ch = h->kind == AST_SEND ? ((const ast_send_t *)h)->channels : NULL;

    for (; ch != NULL; ch = ch->next) {
        if (ch->channel == W_EMAIL) {
            ask_template(ctx, &ch->template);
        }
    }
}

void
lang_check_templates(lang_t *l, lang_template_pt check, void *ctx)
{
    templates_t t = { l, check, ctx, g_hash_table_new(g_str_hash, g_str_equal) };

    for (const ast_head_t *h = l->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_FLOW) {
            ast_each_line(&((const ast_flow_t *)h)->lines, ask_templates, &t);
        }
    }
    g_hash_table_unref(t.seen);
    diags_finish(&l->diags);
}
