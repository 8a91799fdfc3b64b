/*
 * Finding words: an index over the table's phrases by their first word, made
 * once. Compares folded words only, so that accents and upper case do not
 * matter. Never fails.
 */

#include "words.h"

#include "fold.h"
#include "lexer.h"

#include <glib.h>

#define PHRASE_WORDS 6

typedef struct {
    word_t word;
    lang_id_t lang;
    unsigned nwords;
    const char *words[PHRASE_WORDS]; /* folded */
} phrase_t;

typedef struct {
    GArray *phrases;    /* of phrase_t, by first word; of one first word the longest first */
    GHashTable *heads;  /* first word → 1 + index of its first phrase */
    GHashTable *spoken; /* folded word → bits of the languages that have it */
} index_t;

static void
add_phrase(GArray *out, word_t w, lang_id_t lang, const char *text, size_t n)
{
    phrase_t ph = { .word = w, .lang = lang };
    char folded[128];
    gchar **parts;

    fold_text(text, n, folded, sizeof(folded));
    parts = g_strsplit(folded, " ", PHRASE_WORDS);
    for (; parts[ph.nwords] != NULL; ph.nwords++) {
        ph.words[ph.nwords] = g_intern_string(parts[ph.nwords]);
    }
    g_strfreev(parts);
    g_array_append_val(out, ph);
}

static void
each_phrase(GArray *out, word_t w, lang_id_t lang)
{
    const char *p = words_table[w].phrases[lang];

    while (*p != '\0') {
        size_t n = strcspn(p, "|");

        add_phrase(out, w, lang, p, n);
        p += n + (p[n] == '|' ? 1 : 0);
    }
}

static gint
by_first_word(gconstpointer a, gconstpointer b)
{
    const phrase_t *x = a, *y = b;
    int c = strcmp(x->words[0], y->words[0]);

    return c != 0 ? c : (gint)y->nwords - (gint)x->nwords;
}

static void
index_phrase(index_t *ix, unsigned i)
{
    const phrase_t *ph = &g_array_index(ix->phrases, phrase_t, i);

    for (unsigned k = 0; k < ph->nwords; k++) {
        gpointer bits = g_hash_table_lookup(ix->spoken, ph->words[k]);

        g_hash_table_insert(ix->spoken, (gpointer)ph->words[k],
            GUINT_TO_POINTER(GPOINTER_TO_UINT(bits) | (1u << ph->lang)));
    }
    if (!g_hash_table_contains(ix->heads, ph->words[0])) {
        g_hash_table_insert(ix->heads, (gpointer)ph->words[0], GUINT_TO_POINTER(i + 1));
    }
}

static index_t *
make_index(void)
{
    index_t *ix = g_new0(index_t, 1);

    ix->phrases = g_array_new(FALSE, FALSE, sizeof(phrase_t));
    ix->heads = g_hash_table_new(g_str_hash, g_str_equal);
    ix->spoken = g_hash_table_new(g_str_hash, g_str_equal);
    for (int w = W_NONE + 1; w < WORDS; w++) {
        each_phrase(ix->phrases, (word_t)w, LANG_ES);
        each_phrase(ix->phrases, (word_t)w, LANG_EN);
    }
    g_array_sort(ix->phrases, by_first_word);
    for (unsigned i = 0; i < ix->phrases->len; i++) {
        index_phrase(ix, i);
    }
    return ix;
}

/* Made at the first call and kept as long as the process: it never changes. */
static const index_t *
the_index(void)
{
    static gsize made;

    if (g_once_init_enter(&made)) {
        g_once_init_leave(&made, (gsize)make_index());
    }
    return (const index_t *)made;
}

/* The i-th of a word's phrases, its last one if there are fewer. */
static const char *
say(word_t w, lang_id_t lang, unsigned i)
{
    const char *p = words_table[w].phrases[lang], *said;
    size_t n = strcspn(p, "|");
    char *copy;

    for (; i > 0 && p[n] == '|'; i--) {
        p += n + 1;
        n = strcspn(p, "|");
    }
    if (p[n] == '\0') {
        return p;
    }
    copy = g_strndup(p, n);
    said = g_intern_string(copy);
    g_free(copy);
    return said;
}

const char *
words_say(word_t w, lang_id_t lang)
{
    return say(w, lang, 0);
}

const char *
words_say_one(word_t w, lang_id_t lang)
{
    const char *plural = say(w, lang, 0);

    return g_str_has_suffix(plural, "s") ? say(w, lang, 1) : plural;
}

bool
words_is(word_t w, lang_id_t lang, const char *folded)
{
    const char *p = words_table[w].phrases[lang];
    char phrase[128];

    while (*p != '\0') {
        size_t n = strcspn(p, "|");

        fold_text(p, n, phrase, sizeof(phrase));
        if (strcmp(phrase, folded) == 0) {
            return true;
        }
        p += n + (p[n] == '|' ? 1 : 0);
    }
    return false;
}

unsigned
words_lookup(const char *folded)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(the_index()->heads, folded));
}

static bool
stands_at(const phrase_t *ph, const lex_tok_t *toks)
{
    for (unsigned k = 0; k < ph->nwords; k++) {
        if (toks[k].kind != TOK_WORD || strcmp(toks[k].folded, ph->words[k]) != 0) {
            return false;
        }
    }
    return true;
}

/* The i-th phrase if it begins with the same word as that of head, else NULL. */
static const phrase_t *
phrase_of(unsigned head, unsigned i)
{
    const GArray *all = the_index()->phrases;
    const phrase_t *first, *ph;

    if (head - 1 + i >= all->len) {
        return NULL;
    }
    first = &g_array_index(all, phrase_t, head - 1);
    ph = &g_array_index(all, phrase_t, head - 1 + i);
    return ph->words[0] == first->words[0] ? ph : NULL;
}

unsigned
words_accept(word_t w, const lex_tok_t *toks)
{
    const phrase_t *ph;

    if (toks->kind != TOK_WORD || toks->head == 0) {
        return 0;
    }
    for (unsigned i = 0; (ph = phrase_of(toks->head, i)) != NULL; i++) {
        if (ph->word == w && stands_at(ph, toks)) {
            return ph->nwords;
        }
    }
    return 0;
}

word_t
words_find(unsigned roles, const lex_tok_t *toks, unsigned *used)
{
    const phrase_t *ph;

    *used = 0;
    if (toks->kind != TOK_WORD || toks->head == 0) {
        return W_NONE;
    }
    for (unsigned i = 0; (ph = phrase_of(toks->head, i)) != NULL; i++) {
        if ((words_table[ph->word].roles & roles) != 0 && stands_at(ph, toks)) {
            *used = ph->nwords;
            return ph->word;
        }
    }
    return W_NONE;
}

/* Whether text is the phrase, its words parted by one space. */
static bool
is_phrase(const phrase_t *ph, const char *text)
{
    for (unsigned k = 0; k < ph->nwords; k++) {
        size_t n = strlen(ph->words[k]);

        if (strncmp(text, ph->words[k], n) != 0 || text[n] != (k + 1 < ph->nwords ? ' ' : '\0')) {
            return false;
        }
        text += n + 1;
    }
    return true;
}

word_t
words_of_phrase(unsigned roles, const char *folded)
{
    char *first = g_strndup(folded, strcspn(folded, " "));
    unsigned head = words_lookup(first);
    const phrase_t *ph;
    word_t w = W_NONE;

    g_free(first);
    for (unsigned i = 0; head != 0 && (ph = phrase_of(head, i)) != NULL; i++) {
        if ((words_table[ph->word].roles & roles) != 0 && is_phrase(ph, folded)) {
            w = ph->word;
            break;
        }
    }
    return w;
}

bool
words_joining(const char *folded)
{
    static const char *const joining[] = { "en", "no", "y", "o", "si", "de", "del", "con", "por",
        "para", "cada", "mas", "in", "on", "not", "and", "or", "if", "of", "with", "for", "each",
        "more", "within" };

    for (size_t i = 0; i < G_N_ELEMENTS(joining); i++) {
        if (strcmp(joining[i], folded) == 0) {
            return true;
        }
    }
    return false;
}

int
words_spoken(unsigned head)
{
    const index_t *ix = the_index();
    unsigned bits;

    if (head == 0) {
        return 0;
    }
    bits = GPOINTER_TO_UINT(
        g_hash_table_lookup(ix->spoken, g_array_index(ix->phrases, phrase_t, head - 1).words[0]));
    return bits == 1u << LANG_ES ? 1 : bits == 1u << LANG_EN ? -1 : 0;
}

char *
words_list(arena_t *a, unsigned roles, lang_id_t lang)
{
    GString *list = g_string_new(NULL);
    char *copy;

    for (int w = W_NONE + 1; w < WORDS; w++) {
        if ((words_table[w].roles & roles) != 0) {
            /* of a weekday the one, not all that come */
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                (roles & ROLE_WEEKDAY) != 0 ? words_say_one((word_t)w, lang)
                                            : words_say((word_t)w, lang));
        }
    }
    copy = arena_text(a, list->str, list->len);
    g_string_free(list, TRUE);
    return copy;
}

const char *
words_phrase(unsigned roles, lang_id_t lang, unsigned i, word_t *w)
{
    for (int k = W_NONE + 1; k < WORDS; k++) {
        if ((words_table[k].roles & roles) != 0 && i-- == 0) {
            *w = (word_t)k;
            return words_table[k].phrases[lang];
        }
    }
    return NULL;
}

senda_span_t
words_span(word_t unit, int64_t n)
{
    int value = words_table[unit].value;
    senda_span_t s = { 0, 0, 0 };

    switch (unit) {
    case W_DAY:
    case W_WEEK:
        s.days = (int32_t)(n * value);
        break;
    case W_MONTH:
    case W_YEAR:
        s.months = (int32_t)(n * value);
        break;
    default:
        s.secs = n * value;
    }
    return s;
}
