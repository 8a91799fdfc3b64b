/*
 * Statements: what a line at the left margin begins, and the lines below it.
 * What is wrong is said once, and reading goes on with the next line. Never
 * fails.
 */

#include "parse.h"

#include "senda_url.h"

/* Keeps a blank or comment line for the node that follows it. */
static void
keep_comment(parse_t *p, const lex_line_t *l, bool *blank)
{
    ast_comment_t *c;

    if (l->comment.len == 0) {
        *blank = true;
        return;
    }
    c = arena_get(p->arena, sizeof(*c));
    c->span = l->comment;
    c->blank_before = *blank;
    *blank = false;
    if (p->comments == NULL) {
        p->comments = c;
    } else {
        p->comment->next = c;
    }
    p->comment = c;
}

static void
excuse(parse_t *p, const char *folded)
{
    if (g_hash_table_size(p->excused) >= LANG_EXCUSED_MAX) {
        p->excuse_all = true;
    } else if (!g_hash_table_contains(p->excused, folded)) {
        g_hash_table_add(p->excused, arena_text(p->arena, folded, strlen(folded)));
    }
}

void
parse_excuse_line(parse_t *p)
{
    const lex_line_t *l = p->line;

    for (unsigned i = 0; i < l->ntoks; i++) {
        if (l->toks[i].folded != NULL) {
            excuse(p, l->toks[i].folded);
        }
    }
}

/* What is wrong with a line before anybody asks what it means. */
static void
look_at_line(parse_t *p)
{
    const lex_line_t *l = p->line;

    for (unsigned i = 0; i < l->ntoks; i++) {
        if (l->toks[i].kind == TOK_STRING && l->toks[i].bad) {
            FAIL(p, l->toks[i].span, MSG_QUOTE_OPEN);
        }
    }
}

void
parse_next(parse_t *p)
{
    bool blank = false;
    lex_line_t *l = p->line;

    diag_word(p->ds, p->said, p->owner);
    p->said = NULL;
    p->owner = W_NONE;
    while (lexer_line(&p->lexer, l, LANG_TOKENS_MAX)) {
        p->failed = false;
        p->t = l->toks;
        if (l->too_long) {
            DIAG(p->ds, ((lex_span_t){ l->number, l->at, 1 }), MSG_LINE_TOO_LONG,
                arena_printf(p->arena, "%d", LANG_LINE_MAX),
                arena_printf(p->arena, "%d", LANG_TOKENS_MAX));
            p->excuse_all = true;
        } else if (l->ntoks > 0) {
            look_at_line(p);
            return;
        } else {
            keep_comment(p, l, &blank);
        }
    }
    p->line = NULL;
}

diag_t *
parse_fail(parse_t *p, lex_span_t at, msg_t id, const char *const *args)
{
    if (p->failed) {
        return NULL;
    }
    p->failed = true;
    p->said = diag_add(p->ds, at, id, args);
    return p->said;
}

ast_head_t *
parse_head(parse_t *p, size_t size, ast_kind_t kind, unsigned words)
{
    const lex_line_t *l = p->line;
    ast_head_t *h = arena_get(p->arena, size);
    const lex_tok_t *last = &l->toks[l->ntoks - 1];

    h->kind = kind;
    h->span = l->toks[0].span;
    h->span.len = last->span.at + last->span.len - h->span.at;
    h->lead = p->comments;
    p->comments = NULL;
    h->comment = l->comment;
    if (words > 0) {
        parse_mark(p, p->t, words, p->owner);
    }
    p->t += words;
    h->word = words > 0 ? parse_span_from(p, l->toks[0].span) : l->toks[0].span;
    return h;
}

void
parse_close(parse_t *p, ast_head_t *head)
{
    if (p->failed) {
        head->broken = true;
        parse_excuse_line(p);
    }
    parse_next(p);
}

void
parse_skip_deeper(parse_t *p, unsigned indent)
{
    while (p->line != NULL && p->line->indent > indent) {
        parse_excuse_line(p);
        parse_next(p);
    }
}

/* Whether an indented line is a statement whose indentation is too much. */
static bool
is_statement(parse_t *p, unsigned roles)
{
    unsigned used;
    word_t w = words_find(ROLE_STATEMENT, p->t, &used);

    if (w == W_NONE || words_find(roles, p->t, &used) != W_NONE) {
        return false;
    }
    return w != W_TAG || (p->line->ntoks > 2 && words_accept(W_WHEN, p->t + 2) > 0);
}

bool
parse_in_block(parse_t *p, word_t owner, unsigned roles)
{
    unsigned used;
    word_t w;

    if (p->line == NULL) {
        return false;
    }
    if (p->line->indent > 0) {
        return !is_statement(p, roles);
    }
    w = words_find(roles, p->t, &used);
    if (w == W_NONE || words_find(ROLE_STATEMENT, p->t, &used) != W_NONE) {
        return false;
    }
    diag_word(p->ds,
        DIAG(p->ds, p->t->span, MSG_NOT_INDENTED, parse_text(p, p->t),
            words_say(owner, p->ds->lang)),
        w);
    return true;
}

/* Lines below a statement that has none. */
static void
no_lines(parse_t *p, word_t owner)
{
    if (p->line != NULL && p->line->indent > 0 && !is_statement(p, 0)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_NO_LINES, words_say(owner, p->ds->lang)), owner);
        parse_excuse_line(p);
        parse_next(p);
        parse_skip_deeper(p, 0);
    }
}

static bool
is_host(const lex_tok_t *t)
{
    return t->kind == TOK_HOST || t->kind == TOK_WORD;
}

static void
site_hosts(parse_t *p, ast_site_t *s)
{
    ast_names_t **tail = &s->hosts;
    diag_t *d;

    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SITE_NO_HOST, parse_before(p)), W_SITE);
        return;
    }
    while (p->t->kind != TOK_END) {
        if (!is_host(p->t)) {
            d = FAIL(p, p->t->span, MSG_SITE_HOST, parse_text(p, p->t));
            diag_word(p->ds, d, W_SITE);
            return;
        }
        *tail = arena_get(p->arena, sizeof(**tail));
        parse_take_name(p, p->t++, &(*tail)->name);
        tail = &(*tail)->next;
        p->t += p->t->kind == TOK_COMMA ? 1 : 0;
    }
}

static void
setting_line(parse_t *p, ast_site_t *site)
{
    unsigned used;
    word_t w = words_find(ROLE_SETTING, p->t, &used);
    ast_setting_t *s;
    diag_t *d;

    if (w == W_NONE) {
        d = FAIL(p, p->t->span, MSG_SETTING_UNKNOWN, parse_text(p, p->t),
            parse_list(p, ROLE_SETTING));
        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_SETTING, p->t->folded, NULL));
        }
        parse_excuse_line(p);
        parse_next(p);
        return;
    }
    p->owner = w;
    s = (ast_setting_t *)parse_head(p, sizeof(*s), AST_SETTING, used);
    s->what = w;
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SETTING_EMPTY, parse_before(p)), w);
    } else {
        parse_take_name(p, p->t++, &s->value);
        parse_done(p, w);
    }
    ast_append(&site->settings, &s->head);
    parse_close(p, &s->head);
}

static void
site_statement(parse_t *p, unsigned used)
{
    ast_site_t *s = (ast_site_t *)parse_head(p, sizeof(*s), AST_SITE, used);
    diag_t *d;

    if (p->file->site != NULL) {
        d = FAIL(p, s->head.word, MSG_SITE_TWICE,
            arena_printf(p->arena, "%u", p->file->site->head.span.line));
        diag_other(d, p->file->site->head.span.line);
    } else {
        p->file->site = s;
    }
    site_hosts(p, s);
    ast_append(&p->file->items, &s->head);
    parse_close(p, &s->head);
    while (parse_in_block(p, W_SITE, ROLE_SETTING)) {
        setting_line(p, s);
    }
}

/* PATTERN, PATTERN … onto the page's list. */
static bool
patterns(parse_t *p, ast_page_t *page, bool except)
{
    ast_pattern_t **tail = &page->patterns;

    while (*tail != NULL) {
        tail = &(*tail)->next;
    }
    do {
        if (!parse_pattern(p, tail)) {
            return false;
        }
        (*tail)->except = except;
        tail = &(*tail)->next;
    } while (p->t->kind == TOK_COMMA && p->t++);
    if (parse_is_pattern(p->t)) {
        FAIL(p, p->t->span, MSG_PATTERN_NO_COMMA);
        return false;
    }
    return true;
}

static bool
is_event(parse_t *p, ast_page_t *page)
{
    if (p->t->kind != TOK_WORD && p->t->kind != TOK_STRING) {
        FAIL(p, p->t->span, MSG_IS_MISSING, parse_before(p));
        return false;
    }
    /* a verb of several words is said to be one by the checker */
    for (unsigned used; words_find(ROLE_VERB, p->t, &used) != W_NONE && used > 1;) {
        lex_tok_t whole = *p->t;

        p->t += used;
        whole.span = parse_span_from(p, whole.span);
        whole.text = (senda_str_t){ p->lexer.text + whole.span.at, whole.span.len };
        parse_take_name(p, &whole, &page->event);
        page->has_event = true;
        return true;
    }
    parse_take_name(p, p->t++, &page->event);
    page->has_event = true;
    return true;
}

static bool
page_part(parse_t *p, ast_page_t *page, bool *excepted)
{
    lex_span_t at = p->t->span;
    unsigned used;

    if (words_accept(W_EXCEPT, p->t) > 0 || words_accept(W_IS, p->t) > 0) {
        bool is = words_accept(W_IS, p->t) > 0;

        if (is ? page->has_event : *excepted) {
            FAIL(p, at, is ? MSG_IS_TWICE : MSG_PART_TWICE, parse_text(p, p->t));
            return false;
        }
        parse_accept(p, is ? W_IS : W_EXCEPT);
        *excepted = *excepted || !is;
        return is ? is_event(p, page) : patterns(p, page, true);
    }
    if (page->patterns == NULL &&
        (p->t->kind == TOK_WORD || p->t->kind == TOK_HOST || parse_is_pattern(p->t))) {
        return patterns(p, page, false);
    }
    if (words_find(ROLE_METHOD, p->t, &used) != W_NONE || p->t->kind == TOK_COMMA) {
        FAIL(p, at, MSG_PATTERN_NO_COMMA);
        return false;
    }
    return parse_done(p, W_PAGE);
}

static void
page_statement(parse_t *p, unsigned used)
{
    ast_page_t *page = (ast_page_t *)parse_head(p, sizeof(*page), AST_PAGE, used);
    bool excepted = false, ok = parse_name(p, W_PAGE, &page->name);

    while (ok && p->t->kind != TOK_END) {
        ok = page_part(p, page, &excepted);
    }
    if (ok && (page->patterns == NULL || page->patterns->except)) {
        diag_word(p->ds, FAIL(p, page->name.span, MSG_PAGE_NO_PATTERN, page->name.text), W_PAGE);
    }
    ast_append(&p->file->items, &page->head);
    parse_close(p, &page->head);
    no_lines(p, W_PAGE);
}

static bool
event_field(parse_t *p, ast_field_t **out)
{
    ast_field_t *f = arena_get(p->arena, sizeof(*f));
    diag_t *d;

    if (p->t->kind == TOK_END) {
        FAIL(p, p->t->span, MSG_EVENT_FIELD, parse_before(p), parse_list(p, ROLE_TYPE));
        return false;
    }
    if (!parse_name(p, W_EVENT, &f->name)) {
        return false;
    }
    f->type = parse_take(p, ROLE_TYPE);
    if (f->type == W_NONE) {
        if (p->t->kind == TOK_END || p->t->kind == TOK_COMMA) {
            FAIL(p, p->t->span, MSG_EVENT_FIELD, parse_before(p), parse_list(p, ROLE_TYPE));
        } else {
            d = FAIL(p, p->t->span, MSG_EVENT_TYPE, parse_text(p, p->t), parse_list(p, ROLE_TYPE));
            if (p->t->kind == TOK_WORD) {
                diag_near(p->ds, d, parse_nearest(p, ROLE_TYPE, p->t->folded, NULL));
            }
        }
        return false;
    }
    *out = f;
    return true;
}

static void
event_statement(parse_t *p, unsigned used)
{
    ast_event_t *e = (ast_event_t *)parse_head(p, sizeof(*e), AST_EVENT, used);
    ast_field_t **tail = &e->fields;
    bool ok = parse_name(p, W_EVENT, &e->name);

    if (ok && !parse_accept(p, W_FROM_API)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_EVENT_FROM), W_EVENT);
        ok = false;
    }
    if (ok && parse_accept(p, W_WITH)) {
        do {
            ok = event_field(p, tail);
            tail = ok ? &(*tail)->next : tail;
        } while (ok && ((p->t->kind == TOK_COMMA && p->t++) || parse_accept(p, W_AND)));
    }
    if (ok) {
        parse_done(p, W_EVENT);
    }
    ast_append(&p->file->items, &e->head);
    parse_close(p, &e->head);
    no_lines(p, W_EVENT);
}

static void
tag_statement(parse_t *p, unsigned used)
{
    ast_tag_t *tag = (ast_tag_t *)parse_head(p, sizeof(*tag), AST_TAG, used);

    if (parse_name(p, W_TAG, &tag->name)) {
        if (parse_accept(p, W_WHEN)) {
            tag->whens = parse_whens(p);
            parse_done(p, W_TAG);
        } else {
            bool asks = words_accept(W_IF, p->t) > 0;

            diag_word(p->ds, FAIL(p, p->t->span, asks ? MSG_TAG_IF : MSG_TAG_WHEN), W_TAG);
        }
    }
    ast_append(&p->file->items, &tag->head);
    parse_close(p, &tag->head);
    no_lines(p, W_TAG);
}

static void
flow_statement(parse_t *p, unsigned used)
{
    ast_flow_t *flow = (ast_flow_t *)parse_head(p, sizeof(*flow), AST_FLOW, used);

    if (parse_name(p, W_FLOW, &flow->name)) {
        flow->transactional = parse_accept(p, W_TRANSACTIONAL);
        parse_done(p, W_FLOW);
    }
    ast_append(&p->file->items, &flow->head);
    parse_close(p, &flow->head);
    parse_flow_lines(p, flow);
}

static void
test_statement(parse_t *p, unsigned used)
{
    ast_test_t *test = (ast_test_t *)parse_head(p, sizeof(*test), AST_TEST, used);

    if (parse_name(p, W_TEST, &test->name)) {
        parse_done(p, W_TEST);
    }
    ast_append(&p->file->items, &test->head);
    parse_close(p, &test->head);
    parse_test_lines(p, test);
}

/* No statement: a line of a flow, test or site outside of one, or a word nobody knows. */
static void
unknown_statement(parse_t *p)
{
    static const struct {
        unsigned role;
        word_t owner;
    } inner[] = { { ROLE_FLOW, W_FLOW }, { ROLE_SETTING, W_SITE }, { ROLE_TEST, W_TEST } };
    const char *text = parse_text(p, p->t);
    unsigned used;
    diag_t *d;

    for (size_t i = 0; i < G_N_ELEMENTS(inner) && !p->failed; i++) {
        word_t w = words_find(inner[i].role, p->t, &used);

        if (w != W_NONE) {
            FAIL(p, p->t->span, MSG_NOT_INDENTED, text, words_say(inner[i].owner, p->ds->lang));
            p->owner = w;
        }
    }
    d = FAIL(p, p->t->span, MSG_STATEMENT_UNKNOWN, text, parse_list(p, ROLE_STATEMENT));
    if (p->t->kind == TOK_WORD && d != NULL) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_STATEMENT, p->t->folded, &p->owner));
    }
    p->owner = p->owner == W_NONE ? W_PAGE : p->owner;
    parse_excuse_line(p);
    parse_next(p);
    parse_skip_deeper(p, 0);
}

static void
statement(parse_t *p)
{
    unsigned used;
    word_t w = words_find(ROLE_STATEMENT, p->t, &used);

    if (p->line->indent > 0 && w != W_NONE) {
        diag_word(p->ds, DIAG(p->ds, p->t->span, MSG_STATEMENT_INDENTED, parse_text(p, p->t)), w);
    } else if (p->line->indent > 0) {
        DIAG(p->ds, p->t->span, MSG_INDENT_NOWHERE);
        parse_excuse_line(p);
        parse_next(p);
        parse_skip_deeper(p, 0);
        return;
    }
    p->owner = w;
    switch (w) {
    case W_SITE:
        site_statement(p, used);
        break;
    case W_PAGE:
        page_statement(p, used);
        break;
    case W_EVENT:
        event_statement(p, used);
        break;
    case W_TAG:
        tag_statement(p, used);
        break;
    case W_FLOW:
        flow_statement(p, used);
        break;
    case W_TEST:
        test_statement(p, used);
        break;
    default:
        unknown_statement(p);
    }
}

/* The names that pages and events declare, before anything is read: verbs are told by them. */
static void
declarations(parse_t *p)
{
    while (lexer_line(&p->lexer, p->line, 3)) {
        const lex_tok_t *t = p->line->toks;
        unsigned used;
        word_t w = p->line->ntoks > 1 ? words_find(ROLE_STATEMENT, t, &used) : W_NONE;

        if ((w == W_EVENT || w == W_PAGE) && t[used].folded != NULL) {
            const lex_tok_t *name = &t[used];

            g_hash_table_insert(w == W_EVENT ? p->events : p->pages,
                arena_text(p->arena, name->folded, strlen(name->folded)),
                arena_text(p->arena, name->text.p, name->text.n));
        }
    }
    lexer_init(&p->lexer, p->ds->text, p->ds->len);
}

static void
keep_marks(parse_t *p)
{
    size_t size = p->marks->len * sizeof(ast_mark_t);
    ast_mark_t *marks = arena_get(p->arena, size);

    if (size > 0) {
        memcpy(marks, p->marks->data, size);
    }
    p->file->marks = marks;
    p->file->nmarks = p->marks->len;
}

ast_file_t *
parse_file(arena_t *arena, diags_t *ds, GHashTable *excused, bool *excuse_all)
{
    lex_line_t *line = g_new(lex_line_t, 1);
    parse_t p = { .arena = arena, .ds = ds, .line = line, .excused = excused };

    p.file = arena_get(arena, sizeof(*p.file));
    p.events = g_hash_table_new(g_str_hash, g_str_equal);
    p.pages = g_hash_table_new(g_str_hash, g_str_equal);
    p.marks = g_array_new(FALSE, FALSE, sizeof(ast_mark_t));
    lexer_init(&p.lexer, ds->text, ds->len);
    declarations(&p);
    parse_next(&p);
    while (p.line != NULL) {
        statement(&p);
    }
    p.file->tail = p.comments;
    keep_marks(&p);
    *excuse_all = p.excuse_all;
    g_array_unref(p.marks);
    g_hash_table_unref(p.pages);
    g_hash_table_unref(p.events);
    g_free(line);
    return p.file;
}

lang_id_t
parse_language(const char *text, size_t len)
{
    lex_line_t *line = g_new(lex_line_t, 1);
    lexer_t lx;
    int spanish = 0, said = 0;
    unsigned used;

    lexer_init(&lx, text, len);
    while (said == 0 && lx.line < LANG_SPOKEN_LINES && lexer_line(&lx, line, 16)) {
        for (unsigned i = 0; i < line->ntoks; i++) {
            spanish += line->toks[i].kind == TOK_WORD ? words_spoken(line->toks[i].head) : 0;
        }
        if (line->ntoks > 1 && words_find(ROLE_SETTING, line->toks, &used) == W_LANGUAGE &&
            line->toks[used].kind == TOK_WORD) {
            said = strncmp(line->toks[used].folded, "es", 2) == 0 ? 1
                : strncmp(line->toks[used].folded, "en", 2) == 0  ? -1
                                                                  : 0;
        }
    }
    g_free(line);
    return (said != 0 ? said : spanish) > 0 ? LANG_ES : LANG_EN;
}
