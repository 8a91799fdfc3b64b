/*
 * The words for editors: a syntax file for vim, a grammar for VS Code. Signs,
 * patterns and numbers are as the lexer takes them; words come from the table.
 * Never fails.
 */

#include "word_list.h"

#include <jansson.h>
#include <stdlib.h>

static gint
longest_first(gconstpointer a, gconstpointer b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    size_t n = strlen(x), m = strlen(y);

    return n != m ? (n < m ? 1 : -1) : strcmp(x, y);
}

/* Every phrase of a group in both languages, once each, longer ones before shorter. */
static GPtrArray *
phrases_of(const word_group_t *g)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

    for (int w = W_NONE + 1; w < WORDS; w++) {
        for (int l = 0; word_in_group((word_t)w, g) && l < LANG_LANGUAGES; l++) {
            char **parts = g_strsplit(words_table[w].phrases[l], "|", -1);

            for (unsigned i = 0; parts[i] != NULL; i++) {
                g_ptr_array_add(all, g_strdup(parts[i]));
            }
            g_strfreev(parts);
        }
    }
    g_ptr_array_sort(all, longest_first);
    for (unsigned i = 1; i < all->len;) {
        bool twice = strcmp(all->pdata[i], all->pdata[i - 1]) == 0;

        if (twice) {
            g_ptr_array_remove_index(all, i);
        }
        i += twice ? 0 : 1;
    }
    return all;
}

/* The letter without its accent, 0 if it has none. */
static char
bare(gunichar u)
{
    gunichar base, mark;

    return g_unichar_decompose(u, &base, &mark) && base < 0x80 ? (char)base : '\0';
}

/* A phrase as a regular expression: accents are optional, a space is any number of them. */
static void
expression(GString *out, const char *phrase, const char *space)
{
    for (const char *p = phrase; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar u = g_utf8_get_char(p);
        char c = bare(u);

        if (*p == ' ') {
            g_string_append(out, space);
        } else if (c != '\0') {
            g_string_append_printf(out, "[%c%.*s]", c, (int)(g_utf8_next_char(p) - p), p);
        } else {
            g_string_append_unichar(out, u);
        }
    }
}

static void
alternatives(GString *out, const word_group_t *g, const char *space, const char * or)
{
    GPtrArray *all = phrases_of(g);

    for (unsigned i = 0; i < all->len; i++) {
        g_string_append(out, i > 0 ? or : "");
        expression(out, all->pdata[i], space);
    }
    g_ptr_array_unref(all);
}

/* A group's name in vim: "sendaStatement"; two groups of one class have one name. */
static void
vim_group(GString *out, const word_group_t *g)
{
    bool statement = (g->roles & ROLE_STATEMENT) != 0;

    g_string_append_printf(out, "syn match senda%s /%s\\%%(", g->vim,
        statement      ? "^"
            : g->first ? "^\\s\\+\\zs"
                       : "\\<");
    alternatives(out, g, "\\s\\+", "\\|");
    g_string_append(out, "\\)\\>/\n");
}

void
word_list_vim(GString *out)
{
    static const char head[] =
        "\" Senda rule files. Made from the table of words: senda words --vim\n\n"
        "if exists(\"b:current_syntax\")\n  finish\nendif\n\n"
        "syn case ignore\nsyn iskeyword @,48-57,_,-,192-255\n\n";
    /* what stands later in the file wins where two begin at one place */
    static const char signs[] =
        "syn match sendaNumber /[+-]\\=\\<\\d\\+\\%([.,]\\d\\+\\)\\=\\>%\\=/\n"
        "syn match sendaNumber /\\<\\d\\{1,2}:\\d\\d\\>/\n"
        "syn match sendaNumber /\\<\\d\\{4}-\\d\\d-\\d\\d\\>/\n"
        "syn match sendaPattern /\\%(https\\=:\\/\\)\\=\\/[^ \\t,]*/ contains=sendaCapture\n"
        "syn match sendaCapture /{#\\=[^} \\t]*}/\n"
        "syn region sendaString start=/\"/ end=/\"/ oneline contains=sendaCapture\n"
        "syn region sendaString start=/«/ end=/»/ oneline contains=sendaCapture\n"
        "syn match sendaComment /\\%(^\\|\\s\\)\\zs#.*$/ contains=@Spell\n";
    static const char *const links[] = { "Pattern Constant", "Capture Special", "String String",
        "Comment Comment" };
    GHashTable *linked = g_hash_table_new(g_str_hash, g_str_equal);
    const word_group_t *g;
    unsigned n = 0;

    g_string_append(out, head);
    while (word_group(n) != NULL) {
        n++;
    }
    for (unsigned i = n; i-- > 0;) {
        vim_group(out, word_group(i));
    }
    g_string_append(out, signs);
    g_string_append_c(out, '\n');
    for (unsigned i = 0; (g = word_group(i)) != NULL; i++) {
        if (g_hash_table_add(linked, (gpointer)g->vim)) {
            g_string_append_printf(out, "hi def link senda%s %s\n", g->vim, g->vim);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        g_string_append_printf(out, "hi def link senda%s\n", links[i]);
    }
    g_string_append(out, "\nlet b:current_syntax = \"senda\"\n");
    g_hash_table_unref(linked);
}

static void
rule(json_t *rules, const char *scope, const char *match)
{
    char *name = g_strconcat(scope, ".senda", NULL);
    json_t *o = json_object();

    json_object_set_new(o, "name", json_string(name));
    json_object_set_new(o, "match", json_string(match));
    json_array_append_new(rules, o);
    g_free(name);
}

static void
group_rule(json_t *rules, const word_group_t *g)
{
    bool statement = (g->roles & ROLE_STATEMENT) != 0;
    GString *match = g_string_new("(?i)");

    g_string_append(match, statement ? "^(?:" : g->first ? "(?:^[ \\t]+)(?:" : "(?<![\\w-])(?:");
    alternatives(match, g, "[ \\t]+", "|");
    g_string_append(match, ")(?![\\w-])");
    rule(rules, g->scope, match->str);
    g_string_free(match, TRUE);
}

void
word_list_vscode(GString *out)
{
    static const char *const signs[][2] = {
        { "comment.line.number-sign", "(?:^|(?<=\\s))#.*$" },
        { "string.quoted.double", "\"[^\"]*\"|«[^»]*»|“[^”]*”" },
        { "constant.other.pattern", "(?:https?:/)?/[^\\s,]*" },
        { "variable.parameter.capture", "\\{#?[^}\\s]*\\}" },
        { "constant.numeric.date", "(?<![\\w-])\\d{4}-\\d\\d-\\d\\d(?![\\w-])" },
        { "constant.numeric.time", "(?<![\\w-])\\d{1,2}:\\d\\d(?![\\w-])" },
        { "constant.numeric", "(?<![\\w-])[+-]?\\d+(?:[.,]\\d+)?%?(?![\\w-])" },
    };
    json_t *o = json_object(), *rules = json_array();
    const word_group_t *g;
    char *text;

    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
        rule(rules, signs[i][0], signs[i][1]);
    }
    for (unsigned i = 0; (g = word_group(i)) != NULL; i++) {
        group_rule(rules, g);
    }
    json_object_set_new(o, "comment",
        json_string("Made from the table of words: senda words --vscode"));
    json_object_set_new(o, "name", json_string("Senda rules"));
    json_object_set_new(o, "scopeName", json_string("source.senda"));
    json_object_set_new(o, "fileTypes", json_pack("[s]", "senda"));
    json_object_set_new(o, "patterns", rules);
    text = json_dumps(o, JSON_INDENT(2));
    g_string_append(out, text);
    g_string_append_c(out, '\n');
    free(text);
    json_decref(o);
}
