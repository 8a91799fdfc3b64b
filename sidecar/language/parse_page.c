/*
 * What the web site is: its names and settings, its pages, and the events that
 * come from outside of it.
 */

#include "parse.h"

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

void
parse_site(parse_t *p, unsigned used)
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

/* The form's own name of an answer: what a browser sends may have more than letters. */
static bool
is_input(const lex_tok_t *t)
{
    bool name = t->kind == TOK_WORD || t->kind == TOK_STRING || t->kind == TOK_HOST ||
        t->kind == TOK_NUMBER || t->kind == TOK_OTHER;

    return name && t[1].kind == TOK_SIGN && t[1].text.p[0] == '=';
}

/* "{email}" without its braces. */
static bool
fills(parse_t *p, ast_name_t *out)
{
    lex_tok_t name = *p->t;

    if (name.kind != TOK_CAPTURE || name.text.n < 3 || name.text.p[name.text.n - 1] != '}') {
        diag_t *d = FAIL(p, name.span, MSG_FORM_FILLS, parse_before(p));

        if (name.kind == TOK_WORD) {
            diag_near(p->ds, d, arena_printf(p->arena, "{%s}", parse_text(p, p->t)));
        }
        return false;
    }
    name.text.p++;
    name.text.n -= 2;
    name.span.at++;
    name.span.len -= 2;
    parse_copy_name(p, &name, out);
    p->t++;
    return true;
}

static bool
form(parse_t *p, ast_page_t *page)
{
    ast_input_t **tail = &page->inputs;

    page->has_form = true;
    if (!is_input(p->t)) {
        FAIL(p, p->t->span, MSG_FORM_INPUT, parse_before(p));
        return false;
    }
    while (is_input(p->t)) {
        ast_input_t *in = arena_get(p->arena, sizeof(*in));

        parse_take_name(p, p->t, &in->input);
        p->t += 2;
        if (!fills(p, &in->fills)) {
            return false;
        }
        *tail = in;
        tail = &in->next;
        p->t += p->t->kind == TOK_COMMA && is_input(p->t + 1) ? 1 : 0;
    }
    return true;
}

/* The word of a part that stands here, W_NONE: another thing does. */
static word_t
part_word(const lex_tok_t *t)
{
    static const word_t words[] = { W_EXCEPT, W_IS, W_FORM };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words_accept(words[i], t) > 0) {
            return words[i];
        }
    }
    return W_NONE;
}

static bool
page_part(parse_t *p, ast_page_t *page, bool *excepted)
{
    lex_span_t at = p->t->span;
    word_t part = part_word(p->t);
    bool twice = (part == W_IS && page->has_event) || (part == W_EXCEPT && *excepted) ||
        (part == W_FORM && page->has_form);
    unsigned used;

    if (twice) {
        FAIL(p, at,
            part == W_IS         ? MSG_IS_TWICE
                : part == W_FORM ? MSG_FORM_TWICE
                                 : MSG_PART_TWICE,
            parse_text(p, p->t));
        return false;
    }
    if (part != W_NONE) {
        parse_accept(p, part);
        *excepted = *excepted || part == W_EXCEPT;
        return part == W_IS  ? is_event(p, page)
            : part == W_FORM ? form(p, page)
                             : patterns(p, page, true);
    }
    if (page->patterns == NULL &&
        (p->t->kind == TOK_WORD || p->t->kind == TOK_HOST || p->t->kind == TOK_OTHER ||
            parse_is_pattern(p->t))) {
        return patterns(p, page, false);
    }
    if (words_find(ROLE_METHOD, p->t, &used) != W_NONE || p->t->kind == TOK_COMMA) {
        FAIL(p, at, MSG_PATTERN_NO_COMMA);
        return false;
    }
    return parse_done(p, W_PAGE);
}

void
parse_page(parse_t *p, unsigned used)
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
    parse_no_lines(p, W_PAGE);
}

static bool
attribute(parse_t *p, ast_attribute_t **out)
{
    ast_attribute_t *f = arena_get(p->arena, sizeof(*f));
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

void
parse_event(parse_t *p, unsigned used)
{
    ast_event_t *e = (ast_event_t *)parse_head(p, sizeof(*e), AST_EVENT, used);
    ast_attribute_t **tail = &e->attributes;
    bool ok = parse_name(p, W_EVENT, &e->name);

    if (ok && !parse_accept(p, W_FROM_API)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_EVENT_FROM), W_EVENT);
        ok = false;
    }
    if (ok && parse_accept(p, W_WITH)) {
        do {
            ok = attribute(p, tail);
            tail = ok ? &(*tail)->next : tail;
        } while (ok && ((p->t->kind == TOK_COMMA && p->t++) || parse_accept(p, W_AND)));
    }
    if (ok) {
        parse_done(p, W_EVENT);
    }
    ast_append(&p->file->items, &e->head);
    parse_close(p, &e->head);
    parse_no_lines(p, W_EVENT);
}
