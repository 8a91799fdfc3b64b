/*
 * A line into the words that are written: each token as what the parser took
 * it for, in the language that is asked for. Knows no statement. Never fails;
 * only for files without mistakes.
 */

#include "fmt_parts.h"

#include "fold.h"

#include <inttypes.h>

typedef struct {
    fmt_t *f;
    fmt_row_t *row;
    const lex_tok_t *t; /* the present token */
    unsigned npieces;
    bool one;         /* the number 1 stands before, or "per", or "from", "to" a weekday */
    bool ago;         /* "more than" stands before, "ago" is still to come */
    uint32_t at, was; /* a place of the line in the file, and its column */
} writer_t;

static uint32_t
char_width(gunichar u)
{
    return g_unichar_iszerowidth(u) ? 0 : g_unichar_iswide(u) ? 2 : 1;
}

static uint32_t
width_of(const char *p, size_t n)
{
    uint32_t w = 0;

    for (const char *end = p + n; p < end; p = g_utf8_next_char(p)) {
        w += (unsigned char)*p < 0x80 ? 1 : char_width(g_utf8_get_char(p));
    }
    return w;
}

/* The column of a place further on in the line; a tab goes to the next multiple of 4. */
static uint32_t
column_at(writer_t *w, uint32_t at)
{
    const char *text = w->f->lang->clean;

    while (w->at < at) {
        const char *p = text + w->at;

        if (*p == '\t') {
            w->was += 4 - w->was % 4;
        } else {
            w->was += (unsigned char)*p < 0x80 ? 1 : char_width(g_utf8_get_char(p));
        }
        w->at = (uint32_t)(g_utf8_next_char(p) - text);
    }
    return w->was;
}

static void
open_cell(writer_t *w, unsigned column, uint32_t at, uint32_t before)
{
    fmt_cell_t *c = &w->row->cells[w->row->ncells++];
    uint32_t end = before > 0 ? column_at(w, before) : 0;

    c->column = column;
    c->at = (uint32_t)w->f->text->len;
    c->was = column_at(w, at);
    c->gap = c->was - end;
}

/* Appends to the last cell. */
static void
put(writer_t *w, const char *p, size_t n, uint32_t plain)
{
    fmt_cell_t *c = &w->row->cells[w->row->ncells - 1];

    g_string_append_len(w->f->text, p, (gssize)n);
    c->len += (uint32_t)n;
    c->width += width_of(p, n);
    c->plain += plain;
}

static const ast_mark_t *
mark_at(fmt_t *f, uint32_t at)
{
    const ast_file_t *file = f->lang->file;

    while (f->mark < file->nmarks && file->marks[f->mark].at < at) {
        f->mark++;
    }
    return f->mark < file->nmarks && file->marks[f->mark].at == at ? &file->marks[f->mark] : NULL;
}

/* Whether a quoted name is a name without its quotes too, and no word. */
static bool
needs_no_quotes(fmt_t *f, senda_str_t name)
{
    const lex_tok_t *t = f->scratch->toks;
    lexer_t lx;

    lexer_init(&lx, name.p, name.n);
    return name.n > 0 && (name.p[0] < '0' || name.p[0] > '9') &&
        lexer_line(&lx, f->scratch, LANG_TOKENS_MAX) && f->scratch->ntoks == 1 &&
        t->kind == TOK_WORD && t->text.n == name.n && t->head == 0 && !words_joining(t->folded);
}

static void
put_string(writer_t *w, const lex_tok_t *t, bool name)
{
    const char *written = w->f->lang->clean + t->span.at;

    if (name && needs_no_quotes(w->f, t->text)) {
        put(w, t->text.p, t->text.n, width_of(t->text.p, t->text.n));
    } else if (memchr(t->text.p, '"', t->text.n) != NULL) {
        put(w, written, t->span.len, width_of(written, t->span.len));
    } else {
        put(w, "\"", 1, 1);
        put(w, t->text.p, t->text.n, width_of(t->text.p, t->text.n));
        put(w, "\"", 1, 1);
    }
}

static void
put_number(writer_t *w, const lex_tok_t *t)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%s%" PRId64, t->text.p[0] == '+' ? "+" : "", t->number);

    put(w, text, (size_t)n, (uint32_t)n);
    w->one = t->number == 1;
}

static void
put_time(writer_t *w, const lex_tok_t *t)
{
    char text[32];
    int minutes = (int)(t->number / 60);
    int n = snprintf(text, sizeof(text), "%02d:%02d", minutes / 60, minutes % 60);

    put(w, text, (size_t)n, (uint32_t)n);
}

static void
put_word(writer_t *w, word_t word, bool one)
{
    bool counted = one &&
        (word == W_TIMES || (words_table[word].roles & (ROLE_UNIT | ROLE_WEEKDAY)) != 0);
    const char *said[LANG_LANGUAGES];
    uint32_t plain = 0;

    for (int l = 0; l < LANG_LANGUAGES; l++) {
        uint32_t width;

        said[l] = counted ? words_say_one(word, (lang_id_t)l) : words_say(word, (lang_id_t)l);
        width = width_of(said[l], strlen(said[l]));
        plain = width > plain ? width : plain;
    }
    put(w, said[w->f->to], strlen(said[w->f->to]), plain);
    w->ago = w->ago || word == W_MORE_THAN_AGO || word == W_LESS_THAN_AGO;
}

/* "hace más de 3 meses", "more than 3 months ago": only English says it at the end. */
static void
put_ago(writer_t *w, word_t unit)
{
    const char *said = words_say(W_AGO, LANG_EN);
    uint32_t plain = (uint32_t)strlen(said) + 1;

    if (!w->ago || (words_table[unit].roles & ROLE_UNIT) == 0) {
        return;
    }
    w->ago = false;
    if (w->f->to == LANG_EN) {
        put(w, " ", 1, 0);
        put(w, said, strlen(said), plain);
    } else {
        put(w, "", 0, plain);
    }
}

/* "24h": the number that stands in one token with its unit. */
static void
put_joined(writer_t *w, const lex_tok_t *t, word_t unit)
{
    size_t n = 0;
    lex_tok_t number = *t;

    for (number.number = 0; n < t->text.n && g_ascii_isdigit(t->text.p[n]); n++) {
        number.number = number.number * 10 + (t->text.p[n] - '0');
    }
    put_number(w, &number);
    put(w, " ", 1, 1);
    put_word(w, unit, w->one);
    w->one = false;
}

static bool
is_dash(const lex_tok_t *t)
{
    return t->kind == TOK_SIGN && strchr("=<>%", t->text.p[0]) == NULL;
}

/* The language in which the shop and Senda speak is the file's own, whatever its words are put into. */
static void
put_language(writer_t *w, const lex_tok_t *t)
{
    char *code = g_ascii_strdown(t->text.p, (gssize)t->text.n);

    put(w, code, t->text.n, t->text.n);
    g_free(code);
}

/* What is neither a word nor a name, and names that are in no quotes, as they stand. */
static void
put_token(writer_t *w, const lex_tok_t *t, bool name)
{
    bool language = w->row->word == W_LANGUAGE && w->row->layout != NULL && w->npieces == 1;

    if (language) {
        put_language(w, t);
    } else if (t->kind == TOK_STRING) {
        put_string(w, t, name);
    } else if (t->kind == TOK_NUMBER && t->whole && !name) {
        put_number(w, t);
    } else if (t->kind == TOK_TIME && !name) {
        put_time(w, t);
    } else if (is_dash(t)) {
        put(w, "-", 1, 1);
    } else {
        put(w, t->text.p, t->text.n, width_of(t->text.p, t->text.n));
    }
}

/* The sign of "total=59.90" has a mark, that of "total > 100" has none. */
static bool
binds(const fmt_t *f, const lex_tok_t *t)
{
    const ast_file_t *file = f->lang->file;

    if (t->kind != TOK_SIGN || t->text.p[0] != '=') {
        return false;
    }
    for (uint32_t i = f->mark > 0 ? f->mark - 1 : 0; i < file->nmarks; i++) {
        if (file->marks[i].at >= t->span.at) {
            return file->marks[i].at == t->span.at;
        }
    }
    return false;
}

/* Whether nothing stands between two tokens. */
static bool
glued(const fmt_t *f, const lex_tok_t *left, const lex_tok_t *right)
{
    if (right->kind == TOK_CLOSE) {
        /* a pattern with an open parenthesis would take it for its own */
        return left->kind != TOK_PATTERN || memchr(left->text.p, '(', left->text.n) == NULL;
    }
    return right->kind == TOK_COMMA || left->kind == TOK_OPEN ||
        (right->kind == TOK_SIGN && right->text.p[0] == '%') ||
        (right->kind == TOK_CAPTURE && left->kind == TOK_SIGN) ||
        (right->kind == TOK_SIGN && right[1].kind == TOK_CAPTURE) || is_dash(left) ||
        is_dash(right) || binds(f, left) || binds(f, right);
}

/* The column that begins with this piece, 0 if none does. */
static unsigned
column_of(const writer_t *w, word_t word)
{
    const fmt_layout_t *l = w->row->layout;
    unsigned first;

    if (l == NULL) {
        return 0;
    }
    first = l->first > 0 ? 1 : 0;
    if (first > 0 && w->npieces == l->first) {
        return 1;
    }
    for (unsigned i = 0; word != W_NONE && i < FMT_COLUMNS; i++) {
        unsigned column = first + i + 1;

        if ((l->starts[i].word == word || l->starts[i].other == word) &&
            w->row->cells[w->row->ncells - 1].column < column) {
            return column;
        }
    }
    return 0;
}

/* What goes between the piece before and the one at w->t: a column's beginning, or spaces. */
static void
part(writer_t *w, word_t word)
{
    const lex_tok_t *before = w->t - 1;
    uint32_t end = before->span.at + before->span.len;
    unsigned column = column_of(w, word);

    if (column > 0) {
        open_cell(w, column, w->t->span.at, end);
    } else if (word == W_EXCEPT || word == W_FORM) {
        put(w, "  ", 2, 2);
    } else if (!glued(w->f, before, w->t)) {
        put(w, " ", 1, 1);
    }
}

/* The hosts of a site may stand without commas. */
static bool
site_comma(writer_t *w)
{
    if (w->row->word != W_SITE) {
        return false;
    }
    if (w->t->kind != TOK_COMMA && w->npieces > 1) {
        put(w, ",", 1, 1);
    }
    return w->t->kind == TOK_COMMA;
}

/* The next mark if it is of the same line. */
static const ast_mark_t *
next_mark(const fmt_t *f, const ast_mark_t *m)
{
    const ast_mark_t *end = f->lang->file->marks + f->lang->file->nmarks;

    return m != NULL && m + 1 < end && m[1].at < f->line->at + f->line->len ? m + 1 : NULL;
}

/* "not has tag" is "has no tag" in both languages; W_NONE: another thing stands at m. */
static word_t
has_no(const fmt_t *f, const ast_mark_t *m)
{
    const ast_mark_t *next = m->word == W_NOT ? next_mark(f, m) : NULL;

    if (next == NULL) {
        return W_NONE;
    }
    return next->word == W_HAS_TAG ? W_HAS_NO_TAG : next->word == W_HAS ? W_HAS_NO : W_NONE;
}

/* Whether a name and "different" change places: "3 item distintos", "3 different item". */
static bool
swapped(const fmt_t *f, const ast_mark_t *m)
{
    const ast_mark_t *next = next_mark(f, m);

    if (next == NULL || (m->word != W_NONE && next->word != W_NONE)) {
        return false;
    }
    return f->to == LANG_ES ? m->word == W_DIFFERENT : next->word == W_DIFFERENT;
}

/* What stands at a token: a word in the language asked for, or the token itself. */
static void
put_piece(writer_t *w, const lex_tok_t *t, word_t word, bool name)
{
    if (word == W_NONE) {
        w->one = false;
        put_token(w, t, name);
    } else if (g_ascii_isdigit(t->text.p[0])) {
        put_joined(w, t, word);
    } else {
        put_word(w, word, w->one);
        w->one = word == W_PER || word == W_FROM || word == W_TO;
    }
    put_ago(w, word);
}

/* The name and the word in the other order; returns where the two end. */
static uint32_t
put_swapped(writer_t *w, const ast_mark_t *m)
{
    const lex_tok_t *first = w->t, *second = w->t;

    while (second->kind != TOK_END && second->span.at < m[1].at) {
        second++;
    }
    put_piece(w, second, m[1].word, true);
    put(w, " ", 1, 1);
    put_piece(w, first, m->word, true);
    w->npieces++;
    return m[1].at + m[1].len;
}

/* Writes the piece at w->t and goes on to the next. */
static void
piece(writer_t *w)
{
    const ast_mark_t *m = mark_at(w->f, w->t->span.at);
    word_t word = m != NULL ? m->word : W_NONE;
    uint32_t end = m != NULL ? m->at + m->len : w->t->span.at + w->t->span.len;

    if (site_comma(w)) {
        w->t++;
        return;
    }
    if (word != W_NONE && has_no(w->f, m) != W_NONE) {
        word = has_no(w->f, m);
        end = m[1].at + m[1].len;
    }
    if (word != W_AGO) { /* written with its duration, or not at all */
        if (w->npieces > 0) {
            part(w, word);
        }
        if (m != NULL && swapped(w->f, m)) {
            end = put_swapped(w, m);
        } else {
            put_piece(w, w->t, word, m != NULL);
        }
        w->npieces++;
    }
    while (w->t->kind != TOK_END && w->t->span.at < end) {
        w->t++;
    }
}

static void
comment(writer_t *w)
{
    const lex_line_t *line = w->f->line;
    const char *p = w->f->lang->clean + line->comment.at;
    size_t n = line->comment.len;
    const lex_tok_t *last = line->ntoks > 0 ? &line->toks[line->ntoks - 1] : NULL;

    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t')) {
        n--;
    }
    open_cell(w, last != NULL ? FMT_COMMENT : 0, line->comment.at,
        last != NULL ? last->span.at + last->span.len : 0);
    put(w, p, n, width_of(p, n));
}

/* "50%" */
static bool
is_share(const lex_tok_t *t)
{
    return t->kind == TOK_NUMBER && t[1].kind == TOK_SIGN && t[1].text.p[0] == '%';
}

void
fmt_line(fmt_t *f)
{
    const lex_line_t *line = f->line;
    fmt_row_t row = { .kind = line->ntoks > 0 ? ROW_CODE
            : line->comment.len > 0           ? ROW_COMMENT
                                              : ROW_BLANK,
        .was = line->indent };
    writer_t w = { f, &row, line->toks, 0, false, false, line->at, 0 };

    if (row.kind == ROW_CODE) {
        const ast_mark_t *m = mark_at(f, w.t->span.at);

        row.word = m != NULL ? m->word : W_NONE;
        row.layout = fmt_layout(row.word, row.was > 0);
        row.branch = is_share(line->toks);
        row.opens = row.branch ? line->ntoks == 2 : (words_table[row.word].roles & ROLE_OPENS) != 0;
        open_cell(&w, 0, w.t->span.at, 0);
        while (w.t->kind != TOK_END) {
            piece(&w);
        }
    }
    if (line->comment.len > 0) {
        comment(&w);
    }
    g_array_append_val(f->rows, row);
}
