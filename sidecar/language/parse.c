/*
 * The lines of a file: comments, blocks, and which statement a line at the left
 * margin begins. What is wrong is said once, and reading goes on with the next
 * line. Never fails.
 */

#include "parse.h"

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
    if (p->said != NULL) {
        p->said->shape = true;
    }
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

/*
 * Whether an indented line is a statement whose indentation is too much. `tag` and `score` are
 * steps too, but for the "when" after their second word.
 */
static bool
is_statement(parse_t *p, unsigned roles)
{
    unsigned used;
    word_t w = words_find(ROLE_STATEMENT, p->t, &used);
    bool when = p->line->ntoks > 2 && words_accept(W_WHEN, p->t + 2) > 0;

    if (w == W_TAG || w == W_SCORE) {
        return when;
    }
    return w != W_NONE && words_find(roles, p->t, &used) == W_NONE;
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
void
parse_no_lines(parse_t *p, word_t owner)
{
    if (p->line != NULL && p->line->indent > 0 && !is_statement(p, 0)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_NO_LINES, words_say(owner, p->ds->lang)), owner);
        parse_excuse_line(p);
        parse_next(p);
        parse_skip_deeper(p, 0);
    }
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

/* An indented line that belongs to nothing is passed over; a statement is read all the same. */
static bool
is_nowhere(parse_t *p, word_t w)
{
    if (p->line->indent == 0) {
        return false;
    }
    if (w != W_NONE) {
        diag_word(p->ds, DIAG(p->ds, p->t->span, MSG_STATEMENT_INDENTED, parse_text(p, p->t)), w);
        return false;
    }
    DIAG(p->ds, p->t->span, MSG_INDENT_NOWHERE);
    parse_excuse_line(p);
    parse_next(p);
    parse_skip_deeper(p, 0);
    return true;
}

static void
statement(parse_t *p)
{
    unsigned used;
    word_t w = words_find(ROLE_STATEMENT, p->t, &used);

    if (is_nowhere(p, w)) {
        return;
    }
    p->owner = w;
    switch (w) {
    case W_SITE:
        parse_site(p, used);
        break;
    case W_PAGE:
        parse_page(p, used);
        break;
    case W_EVENT:
        parse_event(p, used);
        break;
    case W_FIELD:
        parse_field(p, used);
        break;
    case W_PLACE:
        parse_place(p, used);
        break;
    case W_TAG:
        parse_tag(p, used);
        break;
    case W_SCORE:
        parse_score(p, used);
        break;
    case W_STAGE:
    case W_SEGMENT:
    case W_SHOW:
        parse_state(p, used, w);
        break;
    case W_LIMIT:
        parse_limit(p, used);
        break;
    case W_QUIET:
        parse_quiet(p, used);
        break;
    case W_CONTROL:
        parse_control(p, used);
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

/* Of which statements the names are known before anything is read: sentences are told by them. */
static GHashTable *
declared(parse_t *p, word_t w)
{
    return w == W_EVENT  ? p->events
        : w == W_PAGE    ? p->pages
        : w == W_SEGMENT ? p->segments
        : w == W_FIELD   ? p->fields
                         : NULL;
}

static void
declarations(parse_t *p)
{
    while (lexer_line(&p->lexer, p->line, 3)) {
        const lex_tok_t *t = p->line->toks;
        unsigned used = 0;
        word_t w = p->line->ntoks > 1 ? words_find(ROLE_STATEMENT, t, &used) : W_NONE;
        GHashTable *names = declared(p, w);

        if (names != NULL && t[used].folded != NULL) {
            const lex_tok_t *name = &t[used];

            g_hash_table_insert(names, arena_text(p->arena, name->folded, strlen(name->folded)),
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
    p.segments = g_hash_table_new(g_str_hash, g_str_equal);
    p.fields = g_hash_table_new(g_str_hash, g_str_equal);
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
    g_hash_table_unref(p.fields);
    g_hash_table_unref(p.segments);
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
