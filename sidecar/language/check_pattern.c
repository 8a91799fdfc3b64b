/*
 * A pattern's mistakes, each with the place inside the pattern. What is asked
 * here is what people get wrong; the last word has the compiler that nginx's
 * rules are made with.
 */

#include "check.h"

#include "senda_url.h"

typedef struct {
    check_t *c;
    const ast_pattern_t *pat;
    const char *text;
    size_t n;
    bool failed;
} look_t;

static void
say(look_t *l, size_t at, size_t len, msg_t id, const char *arg)
{
    lex_span_t s = l->pat->span;

    s.at += (uint32_t)at;
    s.len = (uint32_t)(len > 0 ? len : 1);
    if (!l->failed) {
        DIAG(l->c->ds, s, id, arg);
    }
    l->failed = true;
}

static bool
is_capture_name(const char *p, size_t n)
{
    if (n > 0 && *p == '#') {
        p++;
        n--;
    }
    for (size_t i = 0; i < n; i++) {
        if (!g_ascii_isalnum(p[i]) && p[i] != '_' && p[i] != '-' && (unsigned char)p[i] < 0x80) {
            return false;
        }
    }
    return n > 0 && n <= SENDA_NAME_MAX;
}

/* What has a meaning in regular expressions and none in an address. */
static void
look_for_regex(look_t *l)
{
    static const char *const marks[] = { ".*", "\\", "^", "$", "[", "|", "(.", ".+", "(?" };

    for (size_t i = 0; i < G_N_ELEMENTS(marks) && !l->failed; i++) {
        const char *at = g_strstr_len(l->text, (gssize)l->n, marks[i]);

        if (at != NULL) {
            say(l, (size_t)(at - l->text), strlen(marks[i]), MSG_PATTERN_REGEX, marks[i]);
        }
    }
}

/* The capture that opens at; returns the place behind it. */
static size_t
look_at_capture(look_t *l, size_t at, senda_str_t *names, unsigned *n)
{
    const char *open = l->text + at, *close = memchr(open, '}', l->n - at);
    size_t len = close != NULL ? (size_t)(close - open) + 1 : l->n - at;
    senda_str_t name = { open + 1, len - 2 };

    if (close == NULL || memchr(open + 1, '{', len - 1) != NULL) {
        say(l, at, close == NULL ? len : 1, MSG_PATTERN_OPEN, "");
        return l->n;
    }
    if (!is_capture_name(name.p, name.n)) {
        say(l, at, len, MSG_PATTERN_CAPTURE, arena_text(l->c->arena, open, len));
        return l->n;
    }
    if (*name.p == '#') {
        name.p++;
        name.n--;
    }
    for (unsigned i = 0; i < *n; i++) {
        if (senda_str_eq(names[i], name)) {
            say(l, at, len, MSG_PATTERN_CAPTURE_TWICE, arena_text(l->c->arena, name.p, name.n));
        }
    }
    if (*n == SENDA_CAPTURES_MAX) {
        say(l, at, len, MSG_PATTERN_CAPTURES_MAX,
            arena_printf(l->c->arena, "%d", SENDA_CAPTURES_MAX));
        return l->n;
    }
    names[(*n)++] = name;
    if (at + len < l->n && l->text[at + len] == '{' && open[1] != '#') {
        say(l, at + len, 1, MSG_PATTERN_ADJACENT, "");
    }
    return at + len;
}

static void
look_at_captures(look_t *l)
{
    senda_str_t names[SENDA_CAPTURES_MAX];
    unsigned n = 0;
    size_t i = 0;

    while (i < l->n && !l->failed) {
        if (l->text[i] == '{') {
            i = look_at_capture(l, i, names, &n);
        } else if (l->text[i] == '}') {
            say(l, i, 1, MSG_PATTERN_CLOSE, "");
        } else {
            i++;
        }
    }
}

/* Each argument after '?' begins with its name, written out. */
static void
look_at_arguments(look_t *l)
{
    const char *mark = memchr(l->text, '?', l->n);
    size_t i = mark != NULL ? (size_t)(mark - l->text) + 1 : l->n;

    while (i < l->n && !l->failed) {
        size_t len = 0;

        while (i + len < l->n && l->text[i + len] != '&') {
            len++;
        }
        if (len > 0 && (strchr("={", l->text[i]) != NULL || (l->text[i] == '*' && len > 1))) {
            say(l, i, len, MSG_PATTERN_ARGUMENT, "");
        }
        i += len + 1;
    }
}

/* A host in the pattern that the site does not have. */
static void
look_at_host(look_t *l)
{
    const char *from = g_strstr_len(l->text, (gssize)l->n, "://");
    size_t at = from != NULL ? (size_t)(from - l->text) + 3 : 0, len;
    char host[256];
    lex_span_t s = l->pat->span;
    size_t n;

    len = strcspn(l->text + at, "/?*{");
    if (len == 0 || g_hash_table_size(l->c->hosts) == 0) {
        return;
    }
    n = senda_host_decode(host, sizeof(host) - 1, (senda_str_t){ l->text + at, len });
    host[n] = '\0';
    if (n > 0 && !g_hash_table_contains(l->c->hosts, host)) {
        s.at += (uint32_t)at;
        s.len = (uint32_t)len;
        DIAG(l->c->ds, s, MSG_PATTERN_HOST, arena_text(l->c->arena, l->text + at, len));
    }
}

/* What the compiler found and nobody above: in the words of the file's language. */
static void
say_fault(look_t *l, size_t at)
{
    switch (rules_build_fault(l->c->patterns)) {
    case RULES_FAULT_NO_SLASH:
    case RULES_FAULT_HOST:
        say(l, 0, l->n, MSG_PATTERN_BAD_HOST, l->text);
        break;
    case RULES_FAULT_CONTROL:
        say(l, at < l->n ? at : 0, 1, MSG_PATTERN_CONTROL, "");
        break;
    default:
        say(l, 0, l->n, MSG_PATTERN_LONG, "");
        break;
    }
}

bool
check_pattern(check_t *c, const ast_pattern_t *p, bool whole)
{
    look_t l = { c, p, p->text.p, p->text.n, false };
    size_t at = 0;

    look_for_regex(&l);
    look_at_captures(&l);
    look_at_arguments(&l);
    if (!l.failed &&
        rules_build_pattern(c->patterns, 1, p->methods, p->except, p->text, &at, NULL) !=
            SENDA_OK) {
        say_fault(&l, at);
    }
    if (!l.failed && whole) {
        look_at_host(&l);
    }
    return !l.failed;
}
