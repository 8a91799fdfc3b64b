/*
 * senda words: the table of words, for people, for the manual, for editors.
 * Prints only. Exit status: 0, or 2 for wrong options.
 */

#include "command_line.h"
#include "commands.h"
#include "word_list.h"

#include <stdio.h>

/* The user's language where it is one of ours. */
static lang_id_t
user_language(void)
{
    const char *const *names = g_get_language_names();

    return names[0] != NULL && g_str_has_prefix(names[0], "es") ? LANG_ES : LANG_EN;
}

static bool
language_of(const char *name, lang_id_t *out)
{
    if (name == NULL) {
        *out = user_language();
    } else if (strcmp(name, "es") == 0) {
        *out = LANG_ES;
    } else if (strcmp(name, "en") == 0) {
        *out = LANG_EN;
    } else {
        return false;
    }
    return true;
}

int
cmd_words(int argc, char **argv)
{
    gboolean markdown = FALSE, vim = FALSE, vscode = FALSE;
    char *lang = NULL;
    const GOptionEntry options[] = {
        { "lang", 0, 0, G_OPTION_ARG_STRING, &lang, "speak this language", "es|en" },
        { "markdown", 0, 0, G_OPTION_ARG_NONE, &markdown, "as a page of the manual", NULL },
        { "vim", 0, 0, G_OPTION_ARG_NONE, &vim, "as a syntax file for vim", NULL },
        { "vscode", 0, 0, G_OPTION_ARG_NONE, &vscode, "as a grammar for VS Code", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    lang_id_t language;
    GString *out = NULL;
    int status = 2;

    if (!command_line(&argc, &argv, options, NULL, "Prints every word of the rule language.", 0,
            0)) {
        goto done;
    }
    if (!language_of(lang, &language)) {
        (void)fprintf(stderr, "senda words: --lang is es or en\n");
        goto done;
    }
    if (markdown + vim + vscode > 1) {
        (void)fprintf(stderr, "senda words: one of --markdown, --vim, --vscode\n");
        goto done;
    }
    out = g_string_new(NULL);
    if (vim) {
        word_list_vim(out);
    } else if (vscode) {
        word_list_vscode(out);
    } else if (markdown) {
        word_list_markdown(out, language);
    } else {
        word_list_text(out, language);
    }
    status = fwrite(out->str, 1, out->len, stdout) == out->len && fflush(stdout) == 0 ? 0 : 2;
    g_string_free(out, TRUE);
done:
    g_free(lang);
    return status;
}
