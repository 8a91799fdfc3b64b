/*
 * The lexer. A run of characters is taken up to the next space or sign, and
 * what it is follows from its letters alone; no state outlives a line. Knows
 * the language's words only as numbers of the words' table. Never fails.
 */

#include "lexer.h"

#include "fold.h"
#include "words.h"

#include <glib.h>

#define EPOCH 719163 /* 1970-01-01 as GLib counts days */

typedef struct {
    const char *text; /* the file's */
    size_t at, end;   /* of what is left of the line */
    lex_line_t *line;
} cursor_t;

void
lexer_init(lexer_t *lx, const char *text, size_t len)
{
    lx->text = text;
    lx->len = len;
    lx->at = 0;
    lx->line = 0;
}

/* Bytes of the space at p, 0 if there is none: also those that a word processor leaves. */
static size_t
space_len(const char *p, size_t n)
{
    gunichar u;

    if (*p == ' ' || *p == '\t') {
        return 1;
    }
    if ((unsigned char)*p < 0x80 || n < 2) {
        return 0;
    }
    u = g_utf8_get_char(p);
    if (u == 0xA0 || u == 0x200B || u == 0x202F || u == 0x3000 || u == 0xFEFF ||
        (u >= 0x2000 && u <= 0x200A)) {
        return (size_t)(g_utf8_next_char(p) - p);
    }
    return 0;
}

/* Bytes of the opening quote at p; *close is what ends it. */
static size_t
quote_len(const char *p, size_t n, const char **close)
{
    static const struct {
        const char *open, *close;
    } quotes[] = { { "\"", "\"" }, { "“", "”" }, { "«", "»" }, { "„", "“" } };

    if (*p != '"' && (unsigned char)*p < 0x80) {
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(quotes); i++) {
        size_t k = strlen(quotes[i].open);

        if (k <= n && memcmp(p, quotes[i].open, k) == 0) {
            *close = quotes[i].close;
            return k;
        }
    }
    return 0;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
        c == '-' || (unsigned char)c >= 0x80;
}

static lex_tok_t *
add(cursor_t *c, lex_kind_t kind, size_t at, size_t len)
{
    lex_tok_t *t = &c->line->toks[c->line->ntoks++];

    memset(t, 0, sizeof(*t));
    t->kind = kind;
    t->span = (lex_span_t){ c->line->number, (uint32_t)at, (uint32_t)len };
    t->text = (senda_str_t){ c->text + at, len };
    return t;
}

static void
fold_token(cursor_t *c, lex_tok_t *t)
{
    lex_line_t *l = c->line;
    char *out = l->fold + l->nfold;

    if (l->nfold + 1 >= sizeof(l->fold)) {
        t->folded = "";
        return;
    }
    l->nfold += fold_text(t->text.p, t->text.n, out, sizeof(l->fold) - l->nfold) + 1;
    t->folded = out;
}

static bool
all(senda_str_t s, bool (*is)(char))
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

static int64_t
digits(const char *p, size_t n)
{
    int64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

/* "10:00", "9:30"; one that no clock shows is marked bad. */
static bool
as_time(lex_tok_t *t)
{
    senda_str_t s = t->text;
    size_t h = s.n > 1 && s.p[1] == ':' ? 1 : 2;
    int64_t hour, minute;

    if (s.n != h + 3 || s.p[h] != ':' || !all((senda_str_t){ s.p, h }, is_digit) ||
        !all((senda_str_t){ s.p + h + 1, 2 }, is_digit)) {
        return false;
    }
    hour = digits(s.p, h);
    minute = digits(s.p + h + 1, 2);
    t->kind = TOK_TIME;
    t->bad = hour > 23 || minute > 59;
    t->number = hour * 3600 + minute * 60;
    return true;
}

static bool
as_date(lex_tok_t *t)
{
    senda_str_t s = t->text;
    GDate date;

    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !all((senda_str_t){ s.p, 4 }, is_digit) ||
        !all((senda_str_t){ s.p + 5, 2 }, is_digit) ||
        !all((senda_str_t){ s.p + 8, 2 }, is_digit)) {
        return false;
    }
    t->kind = TOK_DATE;
    t->bad = !g_date_valid_dmy((GDateDay)digits(s.p + 8, 2), (GDateMonth)digits(s.p + 5, 2),
        (GDateYear)digits(s.p, 4));
    if (!t->bad) {
        g_date_set_dmy(&date, (GDateDay)digits(s.p + 8, 2), (GDateMonth)digits(s.p + 5, 2),
            (GDateYear)digits(s.p, 4));
        t->number = (int64_t)g_date_get_julian(&date) - EPOCH;
    }
    return true;
}

/* "3", "-5", "40.41"; a number of more than 15 digits is not whole. */
static bool
as_number(lex_tok_t *t)
{
    senda_str_t s = t->text;
    bool minus = s.p[0] == '-';
    size_t i = minus || s.p[0] == '+' ? 1 : 0, from = i, dots = 0;

    for (; i < s.n; i++) {
        if ((s.p[i] == '.' || s.p[i] == ',') && i > from && i + 1 < s.n) {
            dots++;
        } else if (!is_digit(s.p[i])) {
            return false;
        }
    }
    if (dots > 1 || from == s.n) {
        return false;
    }
    t->kind = TOK_NUMBER;
    t->whole = dots == 0 && s.n - from <= 15;
    if (t->whole) {
        t->number = digits(s.p + from, s.n - from);
        t->number = minus ? -t->number : t->number;
    }
    return true;
}

static bool
is_host_char(char c)
{
    return is_name_char(c) || c == '.' || c == ':';
}

/* Bytes of the dash that s begins with: '-', or one that a word processor makes of it. */
static size_t
dash_len(senda_str_t s)
{
    static const char *const dashes[] = { "-", "–", "—" };

    for (size_t i = 0; i < G_N_ELEMENTS(dashes); i++) {
        size_t k = strlen(dashes[i]);

        if (k <= s.n && memcmp(s.p, dashes[i], k) == 0) {
            return k;
        }
    }
    return 0;
}

/* What a run of characters is, from its letters alone. */
static void
classify(cursor_t *c, lex_tok_t *t)
{
    senda_str_t s = t->text;

    if (s.n > 0 && dash_len(s) == s.n) {
        t->kind = TOK_SIGN;
    } else if (memchr(s.p, '/', s.n) != NULL) {
        t->kind = TOK_PATTERN;
    } else if (memchr(s.p, '@', s.n) != NULL) {
        t->kind = TOK_ADDRESS;
    } else if (s.p[0] == '{') {
        t->kind = TOK_CAPTURE;
    } else if (as_time(t) || as_date(t) || as_number(t)) {
        return;
    } else if (all(s, is_name_char)) {
        t->kind = TOK_WORD;
        fold_token(c, t);
        t->head = words_lookup(t->folded);
    } else if (all(s, is_host_char)) {
        t->kind = TOK_HOST;
    } else {
        t->kind = TOK_OTHER;
    }
}

/* Whether the character at p, after the run's first, ends a run that has (slash) or has not a '/'. */
static bool
ends_run(const char *p, const char *end, bool slash)
{
    size_t left = (size_t)(end - p);
    const char *close;

    if (g_ascii_isalnum(*p)) {
        return false;
    }
    if (space_len(p, left) > 0) {
        return true;
    }
    if (*p == ',' && left > 1 && is_digit(p[-1]) && is_digit(p[1])) {
        return false; /* a decimal comma */
    }
    if (*p == ',') {
        return !slash || left == 1 || space_len(p + 1, left - 1) > 0;
    }
    if (slash) {
        return false;
    }
    return strchr("()=<>%", *p) != NULL || quote_len(p, left, &close) > 0;
}

/* "21:00-09:00" is two times; *dash is where the sign between them stands. */
static bool
is_time_range(const char *p, size_t n, size_t *dash)
{
    for (size_t i = 4; i <= 5 && i < n; i++) {
        lex_tok_t left = { .text = { p, i } }, right;
        size_t k = dash_len((senda_str_t){ p + i, n - i });

        right = (lex_tok_t){ .text = { p + i + k, n - i - k } };
        if (k > 0 && as_time(&left) && as_time(&right)) {
            *dash = i;
            return true;
        }
    }
    return false;
}

static void
take_piece(cursor_t *c, size_t n)
{
    classify(c, add(c, TOK_OTHER, c->at, n));
    c->at += n;
}

/* A run up to the next space or sign; in a pattern only spaces and list commas end it. */
static void
take_run(cursor_t *c)
{
    const char *from = c->text + c->at, *end = c->text + c->end, *p = from;
    bool slash = false;
    size_t n, dash;
    int open = 0;

    do {
        slash = slash || *p == '/';
        open += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        p = g_utf8_next_char(p);
    } while (p < end && !ends_run(p, end, slash));
    for (; open < 0 && p > from + 1 && p[-1] == ')'; open++) {
        p--; /* it closes a condition: "(visits /a)" */
    }
    n = (size_t)(p - from);
    if (is_time_range(from, n, &dash)) {
        take_piece(c, dash);
        take_piece(c, dash_len((senda_str_t){ from + dash, n - dash }));
        n -= (size_t)(c->text + c->at - from);
    }
    take_piece(c, n);
}

static void
take_string(cursor_t *c, size_t open, const char *close)
{
    size_t from = c->at + open, k = strlen(close);
    const char *end = g_strstr_len(c->text + from, (gssize)(c->end - from), close);
    size_t to = end != NULL ? (size_t)(end - c->text) : c->end;
    lex_tok_t *t = add(c, TOK_STRING, c->at, (end != NULL ? to + k : to) - c->at);

    t->text = (senda_str_t){ c->text + from, to - from };
    t->bad = end == NULL;
    fold_token(c, t);
    c->at += t->span.len;
}

static void
take_sign(cursor_t *c, char ch)
{
    bool twice = (ch == '<' || ch == '>') && c->at + 1 < c->end && c->text[c->at + 1] == '=';
    lex_kind_t kind = ch == ',' ? TOK_COMMA
        : ch == '('             ? TOK_OPEN
        : ch == ')'             ? TOK_CLOSE
                                : TOK_SIGN;

    add(c, kind, c->at, twice ? 2 : 1);
    c->at += twice ? 2 : 1;
}

static void
take_token(cursor_t *c)
{
    char ch = c->text[c->at];
    const char *close = NULL;
    size_t open = quote_len(c->text + c->at, c->end - c->at, &close);

    if (open > 0) {
        take_string(c, open, close);
    } else if (strchr(",()=<>%", ch) != NULL) {
        take_sign(c, ch);
    } else {
        take_run(c);
    }
}

/* Where the line ends; *next is where the one after it begins. LF, CRLF and CR all end one. */
static size_t
line_end(const lexer_t *lx, size_t *next)
{
    const char *p = lx->text + lx->at, *end = lx->text + lx->len;
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    const char *stop = nl != NULL ? nl : end;
    const char *cr = memchr(p, '\r', (size_t)(stop - p));

    if (cr != NULL) {
        *next = (size_t)(cr - lx->text) + (cr + 1 == nl ? 2 : 1);
        return (size_t)(cr - lx->text);
    }
    *next = (size_t)(stop - lx->text) + (nl != NULL ? 1 : 0);
    return (size_t)(stop - lx->text);
}

static void
take_indent(cursor_t *c)
{
    size_t k;

    while (c->at < c->end && (k = space_len(c->text + c->at, c->end - c->at)) > 0) {
        c->line->indent += c->text[c->at] == '\t' ? 4 - c->line->indent % 4 : 1;
        c->at += k;
    }
}

static void
take_tokens(cursor_t *c, unsigned max)
{
    lex_line_t *l = c->line;
    bool spaced = true;
    size_t k;

    while (c->at < c->end) {
        if ((k = space_len(c->text + c->at, c->end - c->at)) > 0) {
            c->at += k;
            spaced = true;
        } else if (c->text[c->at] == '#' && spaced) {
            l->comment = (lex_span_t){ l->number, (uint32_t)c->at, (uint32_t)(c->end - c->at) };
            return;
        } else if (l->ntoks >= max) {
            l->too_long = max == LANG_TOKENS_MAX;
            return;
        } else {
            take_token(c);
            spaced = false;
        }
    }
}

bool
lexer_line(lexer_t *lx, lex_line_t *line, unsigned max)
{
    cursor_t c = { lx->text, lx->at, 0, line };
    size_t next = 0;

    if (lx->at >= lx->len) {
        return false;
    }
    c.end = line_end(lx, &next);
    line->number = ++lx->line;
    line->at = (uint32_t)lx->at;
    line->len = (uint32_t)(c.end - lx->at);
    line->indent = 0;
    line->ntoks = 0;
    line->nfold = 0;
    line->comment = (lex_span_t){ line->number, 0, 0 };
    line->too_long = line->len > LANG_LINE_MAX;
    take_indent(&c);
    if (!line->too_long) {
        take_tokens(&c, max);
    }
    if (line->too_long) {
        line->ntoks = 0;
    }
    lx->at = next;
    add(&c, TOK_END,
        line->ntoks > 0 ? line->toks[line->ntoks - 1].span.at + line->toks[line->ntoks - 1].span.len
                        : line->at,
        0);
    line->ntoks--;
    return true;
}
