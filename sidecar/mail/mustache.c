/*
 * Renders a template's nodes over a stack of values. Never fails on a missing
 * value or partial: both show as nothing. Output, depth and work are bounded,
 * so that partials that call themselves end in an error.
 */

#include "mustache_parse.h"
#include "mustache_value.h"

#include <glib.h>

#define CONTEXTS_MAX (MUSTACHE_DEPTH_MAX + 2)

typedef struct {
    mustache_escape_t escape;
    mustache_partial_pt partial;
    void *ctx;
    const tval_t *stack[CONTEXTS_MAX];
    unsigned depth;  /* of stack */
    unsigned nested; /* partials being rendered */
    size_t work;
    GString *out;
    senda_err_t *err;
} render_t;

static senda_rc_t render_nodes(render_t *r, const mustache_parsed_t *p, size_t from, size_t to);

static senda_rc_t
emit(render_t *r, unsigned line, senda_str_t s)
{
    if (r->out->len + s.n > MUSTACHE_OUT_MAX) {
        return senda_fail(r->err, SENDA_FULL, "line %u: the message grows over %u bytes", line,
            MUSTACHE_OUT_MAX);
    }
    g_string_append_len(r->out, s.p, (gssize)s.n);
    return SENDA_OK;
}

static senda_rc_t
emit_html(render_t *r, unsigned line, senda_str_t s)
{
    static const char special[] = "&\"<>'";
    static const senda_str_t entity[] = { SENDA_STR("&amp;"), SENDA_STR("&quot;"),
        SENDA_STR("&lt;"), SENDA_STR("&gt;"), SENDA_STR("&#39;") };
    size_t from = 0;
    senda_rc_t rc = SENDA_OK;

    for (size_t i = 0; i < s.n && rc == SENDA_OK; i++) {
        const char *at = s.p[i] == '\0' ? NULL : strchr(special, s.p[i]);
        if (at != NULL) {
            rc = emit(r, line, (senda_str_t){ s.p + from, i - from });
            rc = rc == SENDA_OK ? emit(r, line, entity[at - special]) : rc;
            from = i + 1;
        }
    }
    return rc == SENDA_OK ? emit(r, line, (senda_str_t){ s.p + from, s.n - from }) : rc;
}

/* The value of a name, dotted or "." itself, seen from the innermost context outwards. */
static const tval_t *
lookup(const render_t *r, senda_str_t name)
{
    const tval_t *v = NULL;

    if (name.n == 1 && name.p[0] == '.') {
        return r->stack[r->depth - 1];
    }
    const char *dot = memchr(name.p, '.', name.n);
    senda_str_t first = { name.p, dot != NULL ? (size_t)(dot - name.p) : name.n };
    for (unsigned i = r->depth; i-- > 0 && v == NULL;) {
        v = tval_get(r->stack[i], first);
    }
    while (dot != NULL && v != NULL) {
        const char *from = dot + 1;
        size_t left = (size_t)(name.p + name.n - from);
        dot = memchr(from, '.', left);
        v = tval_get(v, (senda_str_t){ from, dot != NULL ? (size_t)(dot - from) : left });
    }
    return v;
}

static senda_rc_t
render_variable(render_t *r, const node_t *n)
{
    const tval_t *v = lookup(r, n->text);
    senda_str_t s = { "", 0 };

    if (v == NULL) {
        return SENDA_OK;
    }
    if (v->kind == TVAL_TEXT) {
        s = (senda_str_t){ v->text, v->len };
    } else if (v->kind == TVAL_BOOL) {
        s = v->truth ? SENDA_STR("true") : SENDA_STR("false");
    }
    if (n->kind == NODE_VARIABLE && r->escape == MUSTACHE_HTML) {
        return emit_html(r, n->line, s);
    }
    return emit(r, n->line, s);
}

static senda_rc_t
render_inside(render_t *r, const mustache_parsed_t *p, size_t i, const tval_t *context)
{
    if (r->depth == CONTEXTS_MAX) {
        return senda_fail(r->err, SENDA_FULL, "line %u: sections and partials more than %d deep",
            p->nodes[i].line, MUSTACHE_DEPTH_MAX);
    }
    r->stack[r->depth++] = context;
    senda_rc_t rc = render_nodes(r, p, i + 1, p->nodes[i].end);
    r->depth--;
    return rc;
}

static senda_rc_t
render_section(render_t *r, const mustache_parsed_t *p, size_t i)
{
    const tval_t *v = lookup(r, p->nodes[i].text);
    senda_rc_t rc = SENDA_OK;

    if (!tval_is_true(v)) {
        return SENDA_OK;
    }
    if (v->kind != TVAL_LIST) {
        return render_inside(r, p, i, v);
    }
    for (size_t k = 0; k < v->n && rc == SENDA_OK; k++) {
        rc = render_inside(r, p, i, v->items[k]);
    }
    return rc;
}

/* The partial's text with the indent before each of its lines, to be freed. */
static char *
indented(senda_str_t text, senda_str_t indent, size_t *len)
{
    GString *s = g_string_sized_new(text.n + 64);
    bool bol = true;

    for (size_t i = 0; i < text.n; i++) {
        if (bol) {
            g_string_append_len(s, indent.p, (gssize)indent.n);
        }
        g_string_append_c(s, text.p[i]);
        bol = text.p[i] == '\n';
    }
    *len = s->len;
    return g_string_free(s, FALSE);
}

/* Says in which partial an error was: "in _pie: line 3: …". */
static senda_rc_t
blame_partial(render_t *r, senda_rc_t rc, senda_str_t name)
{
    senda_err_t inner;

    if (rc == SENDA_OK || r->err == NULL) {
        return rc;
    }
    inner = *r->err;
    if (strncmp(inner.text, "in partial ", 11) == 0) {
        return rc;
    }
    return senda_fail(r->err, rc, "in partial %.*s: %.200s", (int)name.n, name.p, inner.text);
}

static senda_rc_t
render_partial(render_t *r, const node_t *n)
{
    senda_str_t text;
    mustache_parsed_t parsed;
    char *copy = NULL;

    if (r->partial == NULL || !r->partial(r->ctx, n->text, &text)) {
        return SENDA_OK;
    }
    if (r->nested == MUSTACHE_DEPTH_MAX) {
        return senda_fail(r->err, SENDA_FULL, "line %u: partials more than %d deep at {{>%.*s}}",
            n->line, MUSTACHE_DEPTH_MAX, (int)n->text.n, n->text.p);
    }
    if (n->indent.n > 0) {
        copy = indented(text, n->indent, &text.n);
        text.p = copy;
    }
    r->work += text.n;
    r->nested++;
    senda_rc_t rc = mustache_parse(&parsed, 1, text, r->err);
    if (rc == SENDA_OK) {
        rc = render_nodes(r, &parsed, 0, parsed.n);
    }
    r->nested--;
    mustache_parsed_free(&parsed);
    g_free(copy);
    return blame_partial(r, rc, n->text);
}

static senda_rc_t
render_nodes(render_t *r, const mustache_parsed_t *p, size_t from, size_t to)
{
    senda_rc_t rc = SENDA_OK;

    for (size_t i = from; i < to && rc == SENDA_OK; i++) {
        const node_t *n = &p->nodes[i];
        if (++r->work > MUSTACHE_WORK_MAX) {
            return senda_fail(r->err, SENDA_FULL,
                "line %u: too much to render: do partials or lists repeat each other?", n->line);
        }
        switch (n->kind) {
        case NODE_TEXT:
            rc = emit(r, n->line, n->text);
            break;
        case NODE_VARIABLE:
        case NODE_RAW:
            rc = render_variable(r, n);
            break;
        case NODE_SECTION:
            rc = render_section(r, p, i);
            i = n->end - 1;
            break;
        case NODE_INVERTED:
            if (!tval_is_true(lookup(r, n->text))) {
                rc = render_nodes(r, p, i + 1, n->end);
            }
            i = n->end - 1;
            break;
        case NODE_PARTIAL:
            rc = render_partial(r, n);
            break;
        }
    }
    return rc;
}

senda_rc_t
mustache_render_at(unsigned line, senda_str_t text, const tval_t *data, mustache_escape_t escape,
    mustache_partial_pt partial, void *ctx, char **out, size_t *len, senda_err_t *err)
{
    mustache_parsed_t parsed;
    render_t r = { .escape = escape, .partial = partial, .ctx = ctx, .err = err };

    *out = NULL;
    *len = 0;
    r.stack[r.depth++] = data;
    r.out = g_string_sized_new(text.n + 256);
    senda_rc_t rc = mustache_parse(&parsed, line, text, err);
    if (rc == SENDA_OK) {
        rc = render_nodes(&r, &parsed, 0, parsed.n);
    }
    mustache_parsed_free(&parsed);
    if (rc == SENDA_OK) {
        *len = r.out->len;
    }
    char *bytes = g_string_free(r.out, rc != SENDA_OK);
    *out = rc == SENDA_OK ? bytes : NULL;
    return rc;
}

senda_rc_t
mustache_render(senda_str_t text, const tval_t *data, mustache_escape_t escape,
    mustache_partial_pt partial, void *ctx, char **out, size_t *len, senda_err_t *err)
{
    return mustache_render_at(1, text, data, escape, partial, ctx, out, len, err);
}

/* Names of partials already checked, so that partials that call each other end. */
typedef struct {
    GHashTable *seen;
    mustache_partial_pt partial;
    void *ctx;
    senda_err_t *err;
} check_t;

static senda_rc_t
check(check_t *c, unsigned line, senda_str_t text, unsigned depth)
{
    mustache_parsed_t p;
    senda_rc_t rc = mustache_parse(&p, line, text, c->err);

    for (size_t i = 0; i < p.n && rc == SENDA_OK; i++) {
        senda_str_t name = p.nodes[i].text, inner;
        if (p.nodes[i].kind != NODE_PARTIAL || depth == MUSTACHE_DEPTH_MAX) {
            continue;
        }
        if (!g_hash_table_add(c->seen, g_strndup(name.p, name.n))) {
            continue;
        }
        if (c->partial == NULL || !c->partial(c->ctx, name, &inner)) {
            rc = senda_fail(c->err, SENDA_BAD, "line %u: there is no partial %.*s", p.nodes[i].line,
                (int)name.n, name.p);
            break;
        }
        render_t blame = { .err = c->err };
        rc = blame_partial(&blame, check(c, 1, inner, depth + 1), name);
    }
    mustache_parsed_free(&p);
    return rc;
}

senda_rc_t
mustache_check(unsigned line, senda_str_t text, mustache_partial_pt partial, void *ctx,
    senda_err_t *err)
{
    check_t c = { .partial = partial, .ctx = ctx, .err = err };

    c.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    senda_rc_t rc = check(&c, line, text, 0);
    g_hash_table_destroy(c.seen);
    return rc;
}
