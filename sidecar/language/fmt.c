/*
 * The canonical form as a whole: indentation, blank lines, comments; then the
 * result is read again, and is given out only if it says what the file said.
 * Fails for a file with mistakes, and for one that would not fit.
 */

#include "fmt_parts.h"

#include "fold.h"

/* Whether the file writes the word in this language: its tokens, one space between them. */
static bool
spoken(const lang_t *l, const ast_mark_t *m, lang_id_t lang)
{
    char folded[128];
    size_t n = fold_text(l->clean + m->at, m->len, folded, sizeof(folded)), o = 0;

    for (size_t i = 0; i < n; i++) {
        if (folded[i] != ' ' || (o > 0 && folded[o - 1] != ' ')) {
            folded[o++] = folded[i];
        }
    }
    folded[o] = '\0';
    return words_is(m->word, lang, folded);
}

/* What the file's `language` line says; without one English. */
static lang_id_t
language_line(const lang_t *l)
{
    const ast_head_t *h = l->file->site != NULL ? l->file->site->settings.first : NULL;

    for (; h != NULL; h = h->next) {
        const ast_setting_t *s = (const ast_setting_t *)h;

        if (s->what == W_LANGUAGE && s->value.key != NULL) {
            return strncmp(s->value.key, "es", 2) == 0 ? LANG_ES : LANG_EN;
        }
    }
    return LANG_EN;
}

lang_id_t
lang_fmt_language(const lang_t *l)
{
    long spanish = 0;

    for (uint32_t i = 0; i < l->file->nmarks; i++) {
        const ast_mark_t *m = &l->file->marks[i];

        /* a word that is written the same in both tells nothing, whatever stands for it */
        if (m->word != W_NONE &&
            strcmp(words_say(m->word, LANG_ES), words_say(m->word, LANG_EN)) != 0) {
            spanish += spoken(l, m, LANG_ES) ? 1 : 0;
            spanish -= spoken(l, m, LANG_EN) ? 1 : 0;
        }
    }
    if (spanish == 0) {
        return language_line(l);
    }
    return spanish > 0 ? LANG_ES : LANG_EN;
}

static fmt_row_t *
row_at(const fmt_t *f, unsigned i)
{
    return &g_array_index(f->rows, fmt_row_t, i);
}

/* An open block: of a `split` also whether its present share has lines of its own. */
typedef struct {
    bool share;
} frame_t;

static frame_t *
top_of(GArray *open)
{
    return open->len > 0 ? &g_array_index(open, frame_t, open->len - 1) : NULL;
}

/* The shares' lines are one deeper than their `split`, which alone is a frame. */
static void
indent_code(fmt_t *f)
{
    GArray *open = g_array_new(FALSE, TRUE, sizeof(frame_t));
    uint32_t depth = 0; /* open blocks and open shares */

    for (unsigned i = 0; i < f->rows->len; i++) {
        fmt_row_t *row = row_at(f, i);
        bool closes = (words_table[row->word].roles & ROLE_CLOSES) != 0;
        frame_t *top;

        if (row->kind != ROW_CODE) {
            continue;
        }
        if (row->was == 0) {
            depth = 0;
            g_array_set_size(open, 0);
            continue;
        }
        top = top_of(open);
        if ((closes || row->branch) && top != NULL && top->share) {
            top->share = false;
            depth--;
        }
        if (closes && top != NULL) {
            g_array_set_size(open, open->len - 1);
            depth--;
        }
        row->indent = FMT_STEP * (1 + depth);
        if (row->opens && row->branch && top != NULL) {
            top->share = true;
            depth++;
        } else if (row->opens && !row->branch) {
            g_array_append_val(open, ((frame_t){ false }));
            depth++;
        }
    }
    g_array_unref(open);
}

/*
 * A comment stands as the line below it does. Above a line that ends a block, one that was
 * indented more belongs to the block.
 */
static void
indent_comments(fmt_t *f)
{
    const fmt_row_t *below = NULL;
    bool block = false; /* the code above is indented */

    for (unsigned i = f->rows->len; i-- > 0;) {
        fmt_row_t *row = row_at(f, i);

        if (row->kind == ROW_CODE) {
            below = row;
        } else if (row->kind == ROW_COMMENT && below != NULL && below->indent > 0) {
            bool inner = row->was > below->was &&
                (below->branch || (words_table[below->word].roles & ROLE_CLOSES) != 0);

            row->indent = below->indent + (inner ? FMT_STEP : 0);
        }
    }
    for (unsigned i = 0; i < f->rows->len; i++) {
        fmt_row_t *row = row_at(f, i);

        if (row->kind == ROW_CODE) {
            block = row->indent > 0;
        } else if (row->kind == ROW_COMMENT && row->indent == 0 && row->was > 0 && block) {
            row->indent = FMT_STEP;
        }
    }
}

static void
read_rows(fmt_t *f, const lang_t *l, lang_id_t to)
{
    lexer_t lx;

    memset(f, 0, sizeof(*f));
    f->lang = l;
    f->to = to;
    f->text = g_string_sized_new(l->diags.len + 64);
    f->rows = g_array_new(FALSE, TRUE, sizeof(fmt_row_t));
    f->line = g_new(lex_line_t, 1);
    f->scratch = g_new(lex_line_t, 1);
    lexer_init(&lx, l->clean, l->diags.len);
    while (lexer_line(&lx, f->line, LANG_TOKENS_MAX)) {
        fmt_line(f);
    }
    indent_code(f);
    indent_comments(f);
}

static void
free_rows(fmt_t *f)
{
    g_string_free(f->text, TRUE);
    g_array_unref(f->rows);
    g_free(f->line);
    g_free(f->scratch);
}

static void
spaces(GString *out, uint32_t n)
{
    static const char some[] = "                                ";

    for (; n >= sizeof(some) - 1; n -= (uint32_t)sizeof(some) - 1) {
        g_string_append_len(out, some, sizeof(some) - 1);
    }
    g_string_append_len(out, some, n);
}

static char *
write_rows(const fmt_t *f, size_t *len)
{
    GString *out = g_string_sized_new(f->text->len + f->text->len / 4);
    bool blank = false;

    for (unsigned i = 0; i < f->rows->len; i++) {
        const fmt_row_t *row = row_at(f, i);

        if (row->kind == ROW_BLANK) {
            blank = out->len > 0;
            continue;
        }
        if (blank) {
            g_string_append_c(out, '\n');
            blank = false;
        }
        spaces(out, row->indent);
        for (unsigned k = 0; k < row->ncells; k++) {
            spaces(out, row->cells[k].pad);
            g_string_append_len(out, f->text->str + row->cells[k].at, row->cells[k].len);
        }
        g_string_append_c(out, '\n');
    }
    *len = out->len;
    return g_string_free(out, FALSE);
}

char *
lang_fmt_meaning(const lang_t *l)
{
    GString *out = g_string_new(NULL);
    fmt_t f;

    read_rows(&f, l, LANG_EN);
    for (unsigned i = 0; i < f.rows->len; i++) {
        const fmt_row_t *row = row_at(&f, i);

        for (unsigned k = 0; k < row->ncells; k++) {
            g_string_append(out, k > 0 ? " " : row->indent > 0 ? "\n  " : "\n");
            g_string_append_len(out, f.text->str + row->cells[k].at, row->cells[k].len);
        }
    }
    free_rows(&f);
    return g_string_free(out, FALSE);
}

/* Whether the new text has no mistake and says the same as the file. */
static bool
says_the_same(const lang_t *l, const char *text, size_t len, senda_err_t *err)
{
    lang_t *again = lang_read(l->name, text, len);
    char *before = lang_fmt_meaning(l), *after = NULL;
    bool same = false;

    if (lang_errors(again) > 0) {
        const lang_diag_t *d = lang_diag(again, 0);

        for (unsigned i = 1; d->warning; i++) {
            d = lang_diag(again, i);
        }
        (void)senda_fail(err, SENDA_BAD, "line %u would have a mistake: %s", d->line, d->message);
    } else {
        after = lang_fmt_meaning(again);
        same = strcmp(before, after) == 0;
        if (!same) {
            (void)senda_fail(err, SENDA_BAD, "the canonical form would say something else");
        }
    }
    g_free(before);
    g_free(after);
    lang_free(again);
    return same;
}

char *
lang_fmt(const lang_t *l, lang_id_t to, size_t *len, senda_err_t *err)
{
    char *text;
    fmt_t f;

    if (lang_errors(l) > 0) {
        (void)senda_fail(err, SENDA_BAD, "it has mistakes");
        return NULL;
    }
    read_rows(&f, l, to == LANG_LANGUAGES ? lang_fmt_language(l) : to);
    fmt_columns(&f);
    text = write_rows(&f, len);
    free_rows(&f);
    if (!says_the_same(l, text, *len, err)) {
        g_free(text);
        return NULL;
    }
    return text;
}
