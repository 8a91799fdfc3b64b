/*
 * What follows from a line with a mistake: the names that it would have
 * declared or given are excused, and only they, so that one mistake brings no
 * others and hides none. Never fails.
 */

#include "parse.h"

#include "fold.h"

static void
excuse(parse_t *p, const lex_tok_t *t)
{
    size_t size = 3 * t->text.n + 8;
    char *key;

    if (t->kind == TOK_END || p->excuse_all) {
        return;
    }
    if (g_hash_table_size(p->excused) >= LANG_EXCUSED_MAX) {
        p->excuse_all = true;
        return;
    }
    key = arena_get(p->arena, size);
    fold_text(t->text.p, t->text.n, key, size);
    g_hash_table_add(p->excused, key);
}

/* The first word from t on that joins nothing: where a name would stand. */
static const lex_tok_t *
name_at(const lex_tok_t *t)
{
    while (t->kind == TOK_WORD && words_joining(t->folded)) {
        t++;
    }
    return t;
}

/* The questions of a form: "email={email}". */
static void
excuse_inputs(parse_t *p, const lex_tok_t *t)
{
    for (; t->kind != TOK_END; t++) {
        if (t[1].kind == TOK_SIGN && t[1].text.p[0] == '=') {
            excuse(p, t);
        }
    }
}

/* What stands after each channel, also after a first one that is misspelt. */
static void
excuse_templates(parse_t *p, const lex_tok_t *t)
{
    unsigned used;

    if (t->kind == TOK_END) {
        return;
    }
    excuse(p, &t[1]);
    for (; t->kind != TOK_END; t++) {
        if (words_find(ROLE_CHANNEL, t, &used) != W_NONE) {
            excuse(p, &t[used]);
        }
    }
}

/* What no word tells: names are what is no word of the language, unless it is a sentence. */
static void
excuse_unknown(parse_t *p, const lex_tok_t *from)
{
    for (const lex_tok_t *t = from; t->kind != TOK_END; t++) {
        if (words_accept(W_WHEN, t) > 0 || words_accept(W_IF, t) > 0) {
            return;
        }
    }
    for (const lex_tok_t *t = from; t->kind != TOK_END; t++) {
        if (t->head == 0) {
            excuse(p, t);
        }
    }
}

void
parse_excuse_line(parse_t *p)
{
    const lex_tok_t *t = p->line->toks;
    unsigned used;
    word_t w;

    if (p->line->ntoks == 0) {
        return;
    }
    t += t[0].kind == TOK_NUMBER && t[1].kind == TOK_SIGN ? 2 : 0; /* a share: "50% send …" */
    w = words_find(ROLE_STATEMENT | ROLE_FLOW | ROLE_SETTING | ROLE_TEST, t, &used);
    t += w != W_NONE ? used : t->kind != TOK_END ? 1 : 0;
    w = p->owner != W_NONE ? p->owner : w;
    switch (w) {
    case W_NONE:
    case W_TIMEZONE:
    case W_CURRENCY:
    case W_LANGUAGE:
        excuse_unknown(p, t);
        break;
    case W_SEND:
        excuse_templates(p, t);
        break;
    case W_PAGE:
        excuse_inputs(p, t);
        excuse(p, name_at(t));
        break;
    case W_EVENT:
    case W_TAG:
    case W_FLOW:
    case W_TEST:
    case W_FIELD:
    case W_PLACE:
    case W_STAGE:
    case W_SEGMENT:
    case W_SHOW:
    case W_COUPON:
    case W_CREDIT:
    case W_GIFT:
    case W_CALL:
    case W_NOTIFY:
    case W_ENTER:
        excuse(p, name_at(t));
        break;
    default:
        break;
    }
}
