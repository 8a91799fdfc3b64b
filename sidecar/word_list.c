/*
 * The words for people: groups, a listing for the terminal, the manual's
 * chapter. Reads the table of words and nothing else; never fails.
 */

#include "word_list.h"

static const word_group_t groups[] = {
    { ROLE_STATEMENT, { "Frases: el principio de un bloque", "Statements: what begins a block" },
        "Statement", "keyword.control.statement", true },
    { ROLE_SETTING, { "Líneas de `sitio`", "Lines of `site`" }, "Type", "keyword.other.setting",
        true },
    { ROLE_FLOW, { "Líneas de un flujo", "Lines of a flow" }, "Keyword", "keyword.control.flow",
        true },
    { ROLE_TEST, { "Líneas de una prueba", "Lines of a test" }, "Keyword", "keyword.control.test",
        true },
    { ROLE_VERB, { "Verbos: lo que hace una persona", "Verbs: what a person does" }, "Function",
        "entity.name.function", false },
    { ROLE_PAGE | ROLE_METHOD | ROLE_TYPE,
        { "Partes de una página y de un evento", "Parts of a page and of an event" }, "Type",
        "storage.type", false },
    { ROLE_CHANNEL, { "Canales", "Channels" }, "Identifier", "support.type.channel", false },
    { ROLE_UNIT, { "Unidades de tiempo", "Units of time" }, "Number", "constant.numeric.unit",
        false },
    { 0, { "Lo que une una frase", "What joins a sentence" }, "Operator", "keyword.operator.word",
        false },
};

const word_group_t *
word_group(unsigned i)
{
    return i < G_N_ELEMENTS(groups) ? &groups[i] : NULL;
}

bool
word_in_group(word_t w, const word_group_t *g)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (groups[i].roles == 0 || (words_table[w].roles & groups[i].roles) != 0) {
            return &groups[i] == g;
        }
    }
    return false;
}

/* The phrases after the first, between commas. */
static char *
variants(word_t w, lang_id_t lang)
{
    const char *p = strchr(words_table[w].phrases[lang], '|');
    char **all = g_strsplit(p != NULL ? p + 1 : "", "|", -1);
    char *list = g_strjoinv(", ", all);

    g_strfreev(all);
    return list;
}

static lang_id_t
other(lang_id_t lang)
{
    return lang == LANG_ES ? LANG_EN : LANG_ES;
}

static const char *
example(word_t w, lang_id_t lang)
{
    const char *line = words_table[w].example[lang];

    return line == NULL ? "" : line + strspn(line, " ");
}

static void
text_of(GString *out, word_t w, lang_id_t lang)
{
    static const char *const also[] = { "también", "also" };
    static const char *const abroad[] = { "en inglés", "in Spanish" };
    const word_row_t *row = &words_table[w];
    char *more = variants(w, lang);

    g_string_append_printf(out, "  %s%s%s\n      %s\n", words_say(w, lang),
        *row->arguments[lang] != '\0' ? " " : "", row->arguments[lang], row->help[lang]);
    g_string_append(out, "      ");
    if (*more != '\0') {
        g_string_append_printf(out, "%s: %s; ", also[lang], more);
    }
    g_string_append_printf(out, "%s: %s\n", abroad[lang], words_say(w, other(lang)));
    if (*example(w, lang) != '\0') {
        g_string_append_printf(out, "      > %s\n", example(w, lang));
    }
    g_free(more);
}

/* A heading without the signs of markdown. */
static void
plain_title(GString *out, const char *title)
{
    for (; *title != '\0'; title++) {
        if (*title != '`') {
            g_string_append_c(out, *title);
        }
    }
    g_string_append(out, "\n\n");
}

static void
each_word(GString *out, const word_group_t *g, lang_id_t lang,
    void (*one)(GString *out, word_t w, lang_id_t lang))
{
    for (int w = W_NONE + 1; w < WORDS; w++) {
        if (word_in_group((word_t)w, g)) {
            one(out, (word_t)w, lang);
        }
    }
}

void
word_list_text(GString *out, lang_id_t lang)
{
    const word_group_t *g;

    for (unsigned i = 0; (g = word_group(i)) != NULL; i++) {
        if (i > 0) {
            g_string_append_c(out, '\n');
        }
        plain_title(out, g->title[lang]);
        each_word(out, g, lang, text_of);
    }
}

/* A cell's code: a `|` would end the cell. */
static void
code(GString *out, const char *text)
{
    if (*text == '\0') {
        return;
    }
    g_string_append_c(out, '`');
    for (; *text != '\0'; text++) {
        g_string_append(out, *text == '|' ? "\\" : "");
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '`');
}

static void
markdown_of(GString *out, word_t w, lang_id_t lang)
{
    const word_row_t *row = &words_table[w];
    char *more = variants(w, lang);
    char *whole = g_strjoin(*row->arguments[lang] != '\0' ? " " : "", words_say(w, lang),
        row->arguments[lang], NULL);

    g_string_append(out, "| ");
    code(out, whole);
    g_string_append_printf(out, " | %s | ", row->help[lang]);
    code(out, example(w, lang));
    g_string_append_printf(out, " | %s | %s |\n", more, words_say(w, other(lang)));
    g_free(whole);
    g_free(more);
}

void
word_list_markdown(GString *out, lang_id_t lang)
{
    static const char *const head[] = {
        "# Las palabras\n\n"
        "Todas las palabras del lenguaje, de la misma tabla que lee el programa; esta página es lo "
        "que\nimprime `senda words --lang es --markdown`. Las palabras inglesas y españolas se "
        "entienden siempre;\nlas tildes y las mayúsculas son optativas. Lo que significa cada frase "
        "está en\n[el lenguaje](lenguaje.md).\n",
        "# The words\n\n"
        "Every word of the language, from the table that the program itself reads; this page is "
        "what\n`senda words --lang en --markdown` prints. English and Spanish words are both always "
        "known;\naccents and upper case are optional. What each sentence means is in\n"
        "[the rule language](language.md).\n",
    };
    static const char *const columns[] = {
        "| palabra | qué es | ejemplo | también | en inglés |\n|---|---|---|---|---|\n",
        "| word | what it is | example | also | in Spanish |\n|---|---|---|---|---|\n",
    };
    const word_group_t *g;

    g_string_append(out, head[lang]);
    for (unsigned i = 0; (g = word_group(i)) != NULL; i++) {
        g_string_append_printf(out, "\n## %s\n\n%s", g->title[lang], columns[lang]);
        each_word(out, g, lang, markdown_of);
    }
}
