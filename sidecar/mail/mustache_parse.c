/*
 * Mustache text to nodes: delimiters, tags, lines on which a tag stands alone,
 * and the pairing of sections. Never looks at values. Fails with the line and
 * the tag that is wrong.
 */

#include "mustache_parse.h"

#include <glib.h>

typedef struct {
    const char *p, *end; /* what is left */
    const char *bol;     /* start of the present line; NULL once a tag that shows was on it */
    unsigned line;
    senda_str_t open, close;
    size_t stack[MUSTACHE_DEPTH_MAX]; /* open sections */
    unsigned depth;
    mustache_parsed_t *out;
    senda_err_t *err;
} parser_t;

/* One tag, as it stands between its delimiters. */
typedef struct {
    char sigil; /* one of # ^ / > & { ! = or 0 for a variable */
    senda_str_t name;
    const char *start, *end; /* delimiters included */
    unsigned line;
} tag_t;

static node_t *
add(parser_t *ps, node_kind_t kind, unsigned line, senda_str_t text)
{
    mustache_parsed_t *out = ps->out;

    if (out->n == out->room) {
        out->room = out->room == 0 ? 32 : 2 * out->room;
        out->nodes = g_renew(node_t, out->nodes, out->room);
    }
    node_t *n = &out->nodes[out->n++];
    *n = (node_t){ .kind = kind, .line = line, .text = text };
    return n;
}

static void
add_text(parser_t *ps, const char *from, const char *to)
{
    if (to > from) {
        add(ps, NODE_TEXT, ps->line, (senda_str_t){ from, (size_t)(to - from) });
    }
}

static const char *
find(const char *p, const char *end, senda_str_t what)
{
    return (size_t)(end - p) < what.n ? NULL : memmem(p, (size_t)(end - p), what.p, what.n);
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static senda_str_t
trim(const char *from, const char *to)
{
    while (from < to && is_space(*from)) {
        from++;
    }
    while (to > from && is_space(to[-1])) {
        to--;
    }
    return (senda_str_t){ from, (size_t)(to - from) };
}

static void
count_lines(parser_t *ps, const char *from, const char *to)
{
    for (; from < to; from++) {
        if (*from == '\n') {
            ps->line++;
            ps->bol = from + 1;
        }
    }
}

#define CUT(s) (int)((s).n > 60 ? 60 : (s).n), (s).p

/* p is at the opening delimiter. */
static senda_rc_t
read_tag(parser_t *ps, tag_t *t)
{
    const char *in = ps->p + ps->open.n;
    char first = in < ps->end ? *in : '\0';
    senda_str_t close = ps->close;
    char set_close[72], raw_close[72];

    t->start = ps->p;
    t->line = ps->line;
    t->sigil = first != '\0' && strchr("#^/>&{!=", first) != NULL ? first : '\0';
    if (t->sigil == '=' || t->sigil == '{') {
        char *buf = t->sigil == '=' ? set_close : raw_close;
        buf[0] = t->sigil == '=' ? '=' : '}';
        memcpy(buf + 1, close.p, close.n);
        close = (senda_str_t){ buf, close.n + 1 };
    }
    in += t->sigil != '\0';
    const char *stop = in > ps->end ? NULL : find(in, ps->end, close);
    if (stop == NULL) {
        senda_str_t rest = { ps->p, (size_t)(ps->end - ps->p) };
        const char *nl = memchr(rest.p, '\n', rest.n);
        rest.n = nl != NULL ? (size_t)(nl - rest.p) : rest.n;
        return senda_fail(ps->err, SENDA_BAD, "line %u: the tag %.*s is not closed by %.*s",
            t->line, CUT(rest), CUT(close));
    }
    t->name = trim(in, stop);
    t->end = stop + close.n;
    if (t->sigil != '!' && t->name.n > MUSTACHE_TAG_MAX) {
        return senda_fail(ps->err, SENDA_FULL, "line %u: a tag of more than %d bytes: %.*s",
            t->line, MUSTACHE_TAG_MAX, CUT(t->name));
    }
    if (t->sigil != '!' && t->name.n == 0) {
        return senda_fail(ps->err, SENDA_BAD, "line %u: an empty tag: %.*s", t->line,
            (int)(t->end - t->start > 60 ? 60 : t->end - t->start), t->start);
    }
    return SENDA_OK;
}

/*
 * Whether the tag stands alone on its line. If so *from is where the line
 * begins and *next where the following one does.
 */
static bool
stands_alone(const parser_t *ps, const tag_t *t, const char **from, const char **next)
{
    const char *p = ps->bol, *q = t->end;

    if (p == NULL || t->sigil == '\0' || t->sigil == '&' || t->sigil == '{') {
        return false;
    }
    for (; p < t->start; p++) {
        if (*p != ' ' && *p != '\t') {
            return false;
        }
    }
    while (q < ps->end && (*q == ' ' || *q == '\t')) {
        q++;
    }
    if (q < ps->end && *q == '\r' && q + 1 < ps->end && q[1] == '\n') {
        q++;
    }
    if (q < ps->end && *q != '\n') {
        return false;
    }
    *from = ps->bol;
    *next = q < ps->end ? q + 1 : q;
    return true;
}

static senda_rc_t
set_delimiters(parser_t *ps, const tag_t *t)
{
    const char *p = t->name.p, *end = p + t->name.n, *mid = p;

    while (mid < end && !is_space(*mid)) {
        mid++;
    }
    senda_str_t open = { p, (size_t)(mid - p) };
    senda_str_t close = trim(mid, end);
    bool bad = open.n == 0 || close.n == 0 || open.n > 64 || close.n > 64;
    for (size_t i = 0; i < close.n; i++) {
        bad = bad || is_space(close.p[i]) || close.p[i] == '=';
    }
    if (bad || memchr(open.p, '=', open.n) != NULL) {
        return senda_fail(ps->err, SENDA_BAD,
            "line %u: delimiters are set like {{=<%% %%>=}}, two words without =: %.*s", t->line,
            CUT(t->name));
    }
    ps->open = open;
    ps->close = close;
    return SENDA_OK;
}

static senda_rc_t
open_section(parser_t *ps, const tag_t *t)
{
    if (ps->depth == MUSTACHE_DEPTH_MAX) {
        return senda_fail(ps->err, SENDA_FULL, "line %u: {{%c%.*s}} is more than %d sections deep",
            t->line, t->sigil, CUT(t->name), MUSTACHE_DEPTH_MAX);
    }
    ps->stack[ps->depth++] = ps->out->n;
    add(ps, t->sigil == '#' ? NODE_SECTION : NODE_INVERTED, t->line, t->name);
    return SENDA_OK;
}

static senda_rc_t
close_section(parser_t *ps, const tag_t *t)
{
    if (ps->depth == 0) {
        return senda_fail(ps->err, SENDA_BAD,
            "line %u: {{/%.*s}} closes nothing: no section is open", t->line, CUT(t->name));
    }
    node_t *n = &ps->out->nodes[ps->stack[ps->depth - 1]];
    if (!senda_str_eq(n->text, t->name)) {
        return senda_fail(ps->err, SENDA_BAD,
            "line %u: {{/%.*s}} stands where {{/%.*s}} is due, opened on line %u", t->line,
            CUT(t->name), CUT(n->text), n->line);
    }
    n->end = ps->out->n;
    ps->depth--;
    return SENDA_OK;
}

static senda_rc_t
take_tag(parser_t *ps, const tag_t *t, senda_str_t indent)
{
    switch (t->sigil) {
    case '!':
        return SENDA_OK;
    case '=':
        return set_delimiters(ps, t);
    case '#':
    case '^':
        return open_section(ps, t);
    case '/':
        return close_section(ps, t);
    case '>':
        add(ps, NODE_PARTIAL, t->line, t->name)->indent = indent;
        return SENDA_OK;
    case '{':
    case '&':
        add(ps, NODE_RAW, t->line, t->name);
        return SENDA_OK;
    default:
        add(ps, NODE_VARIABLE, t->line, t->name);
        return SENDA_OK;
    }
}

/* Text up to the next tag, and the tag. */
static senda_rc_t
step(parser_t *ps)
{
    const char *tag = find(ps->p, ps->end, ps->open), *from, *next, *text = ps->p;
    tag_t t = { 0 };

    if (tag == NULL) {
        add_text(ps, ps->p, ps->end);
        ps->p = ps->end;
        return SENDA_OK;
    }
    unsigned text_line = ps->line;
    count_lines(ps, ps->p, tag);
    ps->p = tag;
    senda_rc_t rc = read_tag(ps, &t);
    if (rc != SENDA_OK) {
        return rc;
    }
    bool alone = stands_alone(ps, &t, &from, &next);
    senda_str_t indent = { alone ? from : "", alone ? (size_t)(t.start - from) : 0 };
    ps->line = text_line;
    add_text(ps, text, alone ? from : t.start);
    ps->line = t.line;
    rc = take_tag(ps, &t, indent);
    const char *after = alone ? next : t.end;
    if (!alone) {
        ps->bol = NULL;
    }
    count_lines(ps, t.start, after);
    if (alone) {
        ps->bol = next;
    }
    ps->p = after;
    return rc;
}

senda_rc_t
mustache_parse(mustache_parsed_t *out, unsigned line, senda_str_t text, senda_err_t *err)
{
    parser_t ps = { .p = text.p,
        .end = text.p + text.n,
        .bol = text.p,
        .line = line,
        .open = SENDA_STR("{{"),
        .close = SENDA_STR("}}"),
        .out = out,
        .err = err };

    *out = (mustache_parsed_t){ 0 };
    while (ps.p < ps.end) {
        senda_rc_t rc = step(&ps);
        if (rc != SENDA_OK) {
            return rc;
        }
    }
    if (ps.depth > 0) {
        const node_t *n = &out->nodes[ps.stack[ps.depth - 1]];
        return senda_fail(err, SENDA_BAD,
            "line %u: the section {{%c%.*s}} is not closed: {{/%.*s}} is missing", n->line,
            n->kind == NODE_SECTION ? '#' : '^', CUT(n->text), CUT(n->text));
    }
    return SENDA_OK;
}

void
mustache_parsed_free(mustache_parsed_t *p)
{
    g_free(p->nodes);
    *p = (mustache_parsed_t){ 0 };
}
