/*
 * Reads one pattern in the language's dialect: host, path and arguments into
 * literals, '*' and captures, decoded as addresses are. Knows nothing of pages
 * and sites. A pattern that is wrong leaves nothing behind but its fault and
 * where it is.
 */

#include "rules_parts.h"

typedef struct {
    rules_parts_t *parts;
    const char *start; /* of the whole pattern */
    const char *at;    /* of the fault */
    uint32_t first_token;
    unsigned captures;
} reader_t;

static const char *const fault_texts[] = {
    [RULES_FAULT_NONE] = "nothing is wrong",
    [RULES_FAULT_NO_SLASH] = "a path begins with '/', an address with its host",
    [RULES_FAULT_HOST] = "this is no host",
    [RULES_FAULT_UNCLOSED] = "'{' without '}'",
    [RULES_FAULT_NO_NAME] = "a capture needs a name: {name}",
    [RULES_FAULT_NAME] = "a capture's name has letters, digits, '_' and '-' only",
    [RULES_FAULT_TWICE] = "this name is captured twice",
    [RULES_FAULT_CAPTURES] = "a pattern has at most 16 captures",
    [RULES_FAULT_ARG_NAME] = "an argument's name is written out",
    [RULES_FAULT_ARGS] = "a pattern names at most 16 arguments",
    [RULES_FAULT_PIECES] = "a pattern has at most 64 pieces",
    [RULES_FAULT_LONG] = "a pattern has at most 2048 bytes",
    [RULES_FAULT_CONTROL] = "a control character is in no address",
    [RULES_FAULT_OTHER] = "the rules have no room for it",
};

const char *
rules_fault_text(rules_fault_t fault)
{
    return fault_texts[fault];
}

static rules_fault_t
fault(reader_t *r, const char *at, rules_fault_t what)
{
    r->at = at;
    return what;
}

/* The first of the given characters outside braces, or end. */
static const char *
find(const char *p, const char *end, char a, char b)
{
    for (bool inside = false; p < end; p++) {
        if (*p == '{' || *p == '}') {
            inside = *p == '{';
        }
        if (!inside && (*p == a || *p == b)) {
            return p;
        }
    }
    return end;
}

static bool
is_name_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
        c == '-' || c >= 0x80;
}

static rules_fault_t
add_token(reader_t *r, const char *at, uint32_t before, uint32_t kind, layout_text_t text)
{
    const layout_token_t *last = r->parts->tokens.data;
    layout_token_t *t;
    uint32_t n = r->parts->tokens.n;

    if (kind == LAYOUT_ANY && n > before && last[n - 1].kind == LAYOUT_ANY) {
        return RULES_FAULT_NONE;
    }
    if (n - before == LAYOUT_TOKENS_MAX) {
        return fault(r, at, RULES_FAULT_PIECES);
    }
    t = rules_vec_add(&r->parts->tokens, sizeof(*t), 1);
    if (t == NULL) {
        return fault(r, at, RULES_FAULT_OTHER);
    }
    t->kind = kind;
    t->text = text;
    return RULES_FAULT_NONE;
}

static rules_fault_t
decode(reader_t *r, const char *p, const char *end, bool form, layout_text_t *out)
{
    char buf[SENDA_PATH_MAX];
    size_t n;

    switch (senda_url_decode(buf, sizeof(buf), (senda_str_t){ p, (size_t)(end - p) }, form, &n)) {
    case SENDA_OK:
        return rules_text_add(r->parts, (senda_str_t){ buf, n }, out)
            ? RULES_FAULT_NONE
            : fault(r, p, RULES_FAULT_OTHER);
    case SENDA_FULL:
        return fault(r, p, RULES_FAULT_LONG);
    default:
        return fault(r, p, RULES_FAULT_CONTROL);
    }
}

/* A capture that begins at p; *next is behind it. */
static rules_fault_t
read_capture(reader_t *r, const char *p, const char *end, uint32_t before, const char **next)
{
    const char *close = memchr(p, '}', (size_t)(end - p));
    const char *name = p + 1;
    uint32_t kind = LAYOUT_SEGMENT;
    layout_text_t text;

    if (close == NULL) {
        return fault(r, p, RULES_FAULT_UNCLOSED);
    }
    if (*name == '#') {
        kind = LAYOUT_DIGITS;
        name++;
    }
    if (name == close) {
        return fault(r, p, RULES_FAULT_NO_NAME);
    }
    for (const char *c = name; c < close; c++) {
        if (!is_name_char((unsigned char)*c) || c - name >= SENDA_NAME_MAX) {
            return fault(r, c, RULES_FAULT_NAME);
        }
    }
    if (++r->captures > SENDA_CAPTURES_MAX) {
        return fault(r, p, RULES_FAULT_CAPTURES);
    }
    if (!rules_text_add(r->parts, (senda_str_t){ name, (size_t)(close - name) }, &text)) {
        return fault(r, p, RULES_FAULT_OTHER);
    }
    for (uint32_t i = r->first_token; i < r->parts->tokens.n; i++) {
        const layout_token_t *t = (const layout_token_t *)r->parts->tokens.data + i;

        if (t->kind >= LAYOUT_SEGMENT && rules_text_compare(r->parts, t->text, text) == 0) {
            return fault(r, name, RULES_FAULT_TWICE);
        }
    }
    *next = close + 1;
    return add_token(r, p, before, kind, text);
}

/* A path or an argument's value. */
static rules_fault_t
read_tokens(reader_t *r, const char *p, const char *end, bool form)
{
    uint32_t before = r->parts->tokens.n;

    while (p < end) {
        const char *next = p + 1;
        layout_text_t text = { 0, 0 };
        rules_fault_t f;

        if (*p == '{') {
            f = read_capture(r, p, end, before, &next);
        } else if (*p == '*') {
            f = add_token(r, p, before, LAYOUT_ANY, text);
        } else {
            while (next < end && *next != '*' && *next != '{') {
                next++;
            }
            f = decode(r, p, next, form, &text);
            if (f == RULES_FAULT_NONE) {
                f = add_token(r, p, before, LAYOUT_LITERAL, text);
            }
        }
        if (f != RULES_FAULT_NONE) {
            return f;
        }
        p = next;
    }
    return RULES_FAULT_NONE;
}

/* The closing slash goes first, as it does from an address; the root stays. */
static void
cut_closing_slash(rules_parts_t *parts, layout_pattern_t *out)
{
    layout_token_t *last = (layout_token_t *)parts->tokens.data + parts->tokens.n - 1;
    const char *text = rules_text(parts, last->text);

    if (last->kind != LAYOUT_LITERAL) {
        return;
    }
    while (last->text.n > (out->ntokens == 1 ? 1u : 0u) && text[last->text.n - 1] == '/') {
        last->text.n--;
    }
    if (last->text.n == 0) {
        parts->tokens.n--;
        out->ntokens--;
    }
}

static rules_fault_t
read_path(reader_t *r, const char *p, const char *end, bool has_host, layout_pattern_t *out)
{
    layout_text_t root;
    rules_fault_t f;

    out->token = r->parts->tokens.n;
    if (has_host && (p == end || *p != '/')) {
        if (!rules_text_add(r->parts, SENDA_STR("/"), &root)) {
            return fault(r, p, RULES_FAULT_OTHER);
        }
        f = add_token(r, p, out->token, LAYOUT_LITERAL, root);
        if (f != RULES_FAULT_NONE) {
            return f;
        }
    }
    f = read_tokens(r, p, end, false);
    if (f == RULES_FAULT_NONE) {
        out->ntokens = (uint8_t)(r->parts->tokens.n - out->token);
        cut_closing_slash(r->parts, out);
    }
    return f;
}

static rules_fault_t
read_arg(reader_t *r, const char *p, const char *end, layout_pattern_t *out)
{
    const char *eq = find(p, end, '=', '=');
    layout_arg_t arg = { .token = r->parts->tokens.n };
    layout_arg_t *room;
    rules_fault_t f;

    for (const char *c = p; c < eq; c++) {
        if (*c == '*' || *c == '{') {
            return fault(r, c, RULES_FAULT_ARG_NAME);
        }
    }
    if (p == eq) {
        return fault(r, p, RULES_FAULT_ARG_NAME);
    }
    if (out->nargs == LAYOUT_ARGS_MAX) {
        return fault(r, p, RULES_FAULT_ARGS);
    }
    f = decode(r, p, eq, true, &arg.name);
    if (f == RULES_FAULT_NONE) {
        f = eq == end ? add_token(r, p, arg.token, LAYOUT_ANY, (layout_text_t){ 0, 0 })
                      : read_tokens(r, eq + 1, end, true);
    }
    if (f != RULES_FAULT_NONE) {
        return f;
    }
    arg.ntokens = r->parts->tokens.n - arg.token;
    room = rules_vec_add(&r->parts->args, sizeof(arg), 1);
    if (room == NULL) {
        return fault(r, p, RULES_FAULT_OTHER);
    }
    *room = arg;
    out->nargs++;
    return RULES_FAULT_NONE;
}

/* "a=1&b={b}"; a lone '*' says what is so anyway: further arguments do not matter. */
static rules_fault_t
read_args(reader_t *r, const char *p, const char *end, layout_pattern_t *out)
{
    out->arg = r->parts->args.n;
    while (p < end) {
        const char *amp = find(p, end, '&', '&');
        rules_fault_t f = RULES_FAULT_NONE;

        if (amp != p && !(amp == p + 1 && *p == '*')) {
            f = read_arg(r, p, amp, out);
        }
        if (f != RULES_FAULT_NONE) {
            return f;
        }
        p = amp < end ? amp + 1 : end;
    }
    return RULES_FAULT_NONE;
}

static size_t
scheme_len(const char *p, const char *end)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (unsigned i = 0; i < 2; i++) {
        size_t n = strlen(schemes[i]), k = 0;

        while (k < n && p + k < end && (p[k] | 0x20) == (schemes[i][k] | 0x20)) {
            k++;
        }
        if (k == n) {
            return n;
        }
    }
    return 0;
}

/* The host in front of *p, if there is one, with *p moved behind it. */
static rules_fault_t
read_host(reader_t *r, const char **p, const char *end, layout_pattern_t *out)
{
    size_t scheme = scheme_len(*p, end);
    const char *host = *p + scheme, *stop = host;
    bool like_host = scheme != 0;
    char buf[255];
    size_t n;

    if (scheme == 0 && (**p == '/' || **p == '*')) {
        return RULES_FAULT_NONE;
    }
    while (stop < end && strchr("/?*{", *stop) == NULL) {
        like_host = like_host || *stop == '.' || *stop == ':';
        stop++;
    }
    if (!like_host && !(stop - host == 9 && memcmp(host, "localhost", 9) == 0)) {
        return fault(r, *p, RULES_FAULT_NO_SLASH);
    }
    for (const char *c = host; c < stop; c++) {
        if (!is_name_char((unsigned char)*c) && strchr(".:[]@", *c) == NULL) {
            return fault(r, c, RULES_FAULT_HOST);
        }
    }
    n = senda_host_decode(buf, sizeof(buf), (senda_str_t){ host, (size_t)(stop - host) });
    if (n == 0) {
        return fault(r, host, RULES_FAULT_HOST);
    }
    if (!rules_text_add(r->parts, (senda_str_t){ buf, n }, &out->host)) {
        return fault(r, host, RULES_FAULT_OTHER);
    }
    *p = stop;
    return RULES_FAULT_NONE;
}

static rules_fault_t
read_pattern(reader_t *r, const char *p, const char *end, layout_pattern_t *out)
{
    const char *mark;
    rules_fault_t f;

    end = find(p, end, '#', '#');
    if (p == end) {
        return fault(r, p, RULES_FAULT_NO_SLASH);
    }
    f = read_host(r, &p, end, out);
    if (f != RULES_FAULT_NONE) {
        return f;
    }
    mark = find(p, end, '?', '?');
    f = read_path(r, p, mark, out->host.at != LAYOUT_NO_HOST, out);
    if (f == RULES_FAULT_NONE && mark < end) {
        f = read_args(r, mark + 1, end, out);
    }
    return f;
}

rules_fault_t
rules_pattern_parse(rules_parts_t *parts, senda_str_t text, layout_pattern_t *out, size_t *at)
{
    const uint32_t ntext = parts->text.n, ntokens = parts->tokens.n, nargs = parts->args.n;
    reader_t r = { parts, text.p, text.p, ntokens, 0 };
    rules_fault_t f;

    out->host = (layout_text_t){ LAYOUT_NO_HOST, 0 };
    out->nargs = 0;
    out->arg = 0;
    f = text.n > SENDA_PATH_MAX ? fault(&r, text.p, RULES_FAULT_LONG)
                                : read_pattern(&r, text.p, text.p + text.n, out);
    if (f != RULES_FAULT_NONE) {
        parts->text.n = ntext;
        parts->tokens.n = ntokens;
        parts->args.n = nargs;
        *at = (size_t)(r.at - r.start);
        return f;
    }
    out->flags = (uint8_t)((r.captures != 0 ? LAYOUT_CAPTURES : 0) |
        (out->nargs != 0 || out->host.at != LAYOUT_NO_HOST ? LAYOUT_NARROW : 0));
    return RULES_FAULT_NONE;
}
