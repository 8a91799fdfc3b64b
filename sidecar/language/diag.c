/*
 * Collecting and printing mistakes. The terminal is guarded: whatever stands
 * in the file, only printable characters are written. Never fails; beyond
 * LANG_DIAGS_MAX it only counts.
 */

#include "diag.h"

#include <glib.h>

#define RED    "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BLUE   "\033[1;34m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

void
diags_init(diags_t *ds, arena_t *arena, const char *file, const char *text, size_t len,
    lang_id_t lang)
{
    memset(ds, 0, sizeof(*ds));
    ds->arena = arena;
    ds->file = file;
    ds->text = text;
    ds->len = len;
    ds->lang = lang;
    ds->items = g_new(diag_t, LANG_DIAGS_MAX);
}

void
diags_free(diags_t *ds)
{
    g_free(ds->items);
    ds->items = NULL;
}

char *
diag_text(diags_t *ds, lex_span_t span)
{
    return arena_text(ds->arena, ds->text + span.at, span.len);
}

/* A word of the file, fit for a message: printable, at most LANG_WORD_SHOWN characters. */
static void
append_word(GString *out, const char *word)
{
    unsigned n = 0;

    for (const char *p = word; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar u = g_utf8_get_char(p);

        if (n++ == LANG_WORD_SHOWN) {
            g_string_append(out, "…");
            return;
        }
        g_string_append_unichar(out, g_unichar_isprint(u) ? u : '?');
    }
}

/* Lists that we made ourselves are shown whole: they begin with this character. */
#define WHOLE '\x01'

static char *
fill(diags_t *ds, const char *form, const char *const *args)
{
    GString *out;
    char *text;

    if (form == NULL) {
        return NULL;
    }
    out = g_string_new(NULL);
    for (const char *p = form; *p != '\0'; p++) {
        if (*p != '%' || p[1] < '1' || p[1] > '9') {
            g_string_append_c(out, *p);
        } else {
            const char *arg = args[*++p - '0'];

            if (arg[0] == WHOLE) {
                g_string_append(out, arg + 1);
            } else {
                append_word(out, arg);
            }
        }
    }
    text = out->len > 0 ? arena_text(ds->arena, out->str, out->len) : NULL;
    g_string_free(out, TRUE);
    return text;
}

bool
diags_full(const diags_t *ds)
{
    return ds->n == LANG_DIAGS_MAX;
}

/* A line holds one mistake at a place: what follows from the first is not worth a second. */
static bool
said_already(const diags_t *ds, lex_span_t at)
{
    for (unsigned i = 0; i < ds->n; i++) {
        if (ds->items[i].span.at == at.at && ds->items[i].span.line == at.line) {
            return true;
        }
    }
    return false;
}

diag_t *
diag_add(diags_t *ds, lex_span_t at, msg_t id, const char *const *args)
{
    const msg_row_t *row = messages_row(id);
    diag_t *d;

    if (!row->warning && !diags_full(ds) && said_already(ds, at)) {
        return NULL;
    }
    if (row->warning) {
        ds->warnings++;
    } else {
        ds->errors++;
    }
    if (diags_full(ds)) {
        ds->dropped++;
        return NULL;
    }
    d = &ds->items[ds->n++];
    memset(d, 0, sizeof(*d));
    d->span = at;
    d->id = id;
    d->shown.warning = row->warning;
    d->shown.line = at.line;
    d->shown.message = fill(ds, row->text[ds->lang], args);
    d->shown.hint = fill(ds, row->hint[ds->lang], args);
    d->shown.example = fill(ds, row->example[ds->lang], args);
    return d;
}

void
diag_near(diags_t *ds, diag_t *d, const char *best)
{
    GString *out;

    if (d == NULL || best == NULL) {
        return;
    }
    out = g_string_new(ds->lang == LANG_ES ? "¿Quizá \"" : "Did you mean \"");
    append_word(out, best);
    g_string_append(out, "\"?");
    if (d->shown.hint != NULL) {
        g_string_append_printf(out, " %s", d->shown.hint);
    }
    d->shown.hint = arena_text(ds->arena, out->str, out->len);
    g_string_free(out, TRUE);
}

void
diag_word(diags_t *ds, diag_t *d, word_t w)
{
    if (d != NULL && d->shown.example == NULL) {
        d->shown.example = words_table[w].example[ds->lang];
    }
}

void
diag_example(diags_t *ds, diag_t *d, const char *line)
{
    if (d != NULL) {
        d->shown.example = arena_text(ds->arena, line, strlen(line));
    }
}

void
diag_other(diag_t *d, uint32_t line)
{
    if (d != NULL) {
        d->shown.other_line = line;
    }
}

static int
by_place(const void *a, const void *b)
{
    const diag_t *x = a, *y = b;

    if (x->span.line != y->span.line) {
        return x->span.line < y->span.line ? -1 : 1;
    }
    if (x->span.at != y->span.at) {
        return x->span.at < y->span.at ? -1 : 1;
    }
    return (int)x->id - (int)y->id;
}

/* The first byte of the line that at stands on; lines end with LF or CR. */
static size_t
line_start(const diags_t *ds, size_t at)
{
    while (at > 0 && ds->text[at - 1] != '\n' && ds->text[at - 1] != '\r') {
        at--;
    }
    return at;
}

void
diags_finish(diags_t *ds)
{
    qsort(ds->items, ds->n, sizeof(diag_t), by_place);
    for (unsigned i = 0; i < ds->n; i++) {
        diag_t *d = &ds->items[i];
        size_t start = line_start(ds, d->span.at);
        glong width = g_utf8_strlen(ds->text + d->span.at, d->span.len);

        d->shown.column = (uint32_t)g_utf8_strlen(ds->text + start, (gssize)(d->span.at - start)) +
            1;
        d->shown.width = width > 0 ? (uint32_t)width : 1;
    }
}

/* Columns that a character takes on a terminal. */
static unsigned
columns_of(gunichar u)
{
    return u == '\t' ? 4 : g_unichar_iszerowidth(u) ? 0 : g_unichar_iswide(u) ? 2 : 1;
}

static unsigned
columns(const char *p, const char *end)
{
    unsigned n = 0;

    for (; p < end; p = g_utf8_next_char(p)) {
        n += columns_of(g_utf8_get_char(p));
    }
    return n;
}

static void
put_piece(FILE *out, const char *p, const char *end)
{
    char utf8[6];

    for (; p < end; p = g_utf8_next_char(p)) {
        gunichar u = g_utf8_get_char(p);

        if (u == '\t') {
            fputs("    ", out);
        } else if (g_unichar_isprint(u)) {
            fwrite(utf8, 1, (size_t)g_unichar_to_utf8(u, utf8), out);
        } else if (columns_of(u) > 0) {
            fputc(' ', out); /* what turns the line around or colours it is left out */
        }
    }
}

/* The part of the line that is quoted: all of it, or what stands around the mistake. */
static const char *
quote_from(const char *start, const char *at)
{
    while (columns(start, at) > LANG_QUOTED_MAX / 2) {
        start = g_utf8_next_char(start);
    }
    return start;
}

static const char *
quote_to(const char *from, const char *end)
{
    const char *p = from;
    unsigned n = 0;

    while (p < end && n < LANG_QUOTED_MAX) {
        n += columns_of(g_utf8_get_char(p));
        p = g_utf8_next_char(p);
    }
    return p;
}

static void
print_quote(const diags_t *ds, const diag_t *d, FILE *out, bool color)
{
    const char *start = ds->text + line_start(ds, d->span.at), *at = ds->text + d->span.at;
    const char *line_end = start + strcspn(start, "\r\n"), *end, *from, *to;
    unsigned pad, width;

    while (line_end > start && (line_end[-1] == ' ' || line_end[-1] == '\t')) {
        line_end--;
    }
    if (line_end == start) {
        return;
    }
    from = (size_t)(at - start) > LANG_QUOTED_MAX ? quote_from(start, at) : start;
    to = quote_to(from, line_end);
    end = at + d->span.len < to ? at + d->span.len : to;
    fprintf(out, "%5u | %s", d->span.line, from > start ? "…" : "");
    put_piece(out, from, to);
    fprintf(out, "%s\n      | ", to < line_end ? "…" : "");
    pad = columns(from, at) + (from > start ? 1 : 0);
    width = at < end ? columns(at, end) : 1;
    fprintf(out, "%*s%s", (int)pad, "", color ? RED : "");
    for (unsigned i = 0; i < (width > 0 ? width : 1); i++) {
        fputc('^', out);
    }
    fprintf(out, "%s\n", color ? PLAIN : "");
}

static void
print_one(const diags_t *ds, const diag_t *d, FILE *out, bool color)
{
    static const char *const kinds[2][LANG_LANGUAGES] = {
        { "error", "error" },
        { "aviso", "warning" },
    };
    bool es = ds->lang == LANG_ES;

    fprintf(out, "%s%s:%u:%u: %s%s:%s%s %s%s\n", color ? BOLD : "", ds->file, d->shown.line,
        d->shown.column,
        !color                 ? ""
            : d->shown.warning ? YELLOW
                               : RED,
        kinds[d->shown.warning][ds->lang], color ? PLAIN : "", color ? BOLD : "", d->shown.message,
        color ? PLAIN : "");
    print_quote(ds, d, out, color);
    if (d->shown.hint != NULL) {
        fprintf(out, "        %s\n", d->shown.hint);
    }
    if (d->shown.example != NULL) {
        const char *line = d->shown.example + strspn(d->shown.example, " ");

        fprintf(out, "        %s%s%s  %s\n", color ? BLUE : "",
            es ? "Ejemplo:" : "Example:", color ? PLAIN : "", line);
    }
}

void
diags_print(const diags_t *ds, FILE *out, bool color)
{
    for (unsigned i = 0; i < ds->n; i++) {
        fprintf(out, "%s", i > 0 ? "\n" : "");
        print_one(ds, &ds->items[i], out, color);
    }
    if (ds->dropped > 0) {
        fprintf(out, ds->lang == LANG_ES ? "\n… y %u más\n" : "\n… and %u more\n", ds->dropped);
    }
}
