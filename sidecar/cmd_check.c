/*
 * senda check: reads rule files and says everything that is wrong with them,
 * for people or, with --json, for editors. Writes nothing else and changes
 * nothing. Exit status: 0 no mistakes (warnings are allowed), 1 mistakes,
 * 2 a file could not be read.
 */

#include "commands.h"
#include "language.h"
#include "message.h"
#include "zone_table.h"

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    const char *messages; /* folder of templates, NULL: not looked at */
    bool json;
    bool color;
    json_t *list;
    unsigned errors, warnings, unread;
    bool spanish;
} check_cmd_t;

static senda_rc_t
template_check(void *ctx, const char *template, senda_err_t *err)
{
    message_settings_t settings = { .dir = ctx };

    return message_check(&settings, template, err);
}

static json_t *
text_or_null(const char *s)
{
    return s != NULL ? json_string(s) : json_null();
}

static void
add_json(check_cmd_t *cmd, const char *file, const lang_diag_t *d)
{
    json_t *o = json_object();

    json_object_set_new(o, "file", json_string(file));
    json_object_set_new(o, "line", json_integer(d->line));
    json_object_set_new(o, "column", json_integer(d->column));
    json_object_set_new(o, "width", json_integer(d->width));
    json_object_set_new(o, "severity", json_string(d->warning ? "warning" : "error"));
    json_object_set_new(o, "message", json_string(d->message));
    json_object_set_new(o, "hint", text_or_null(d->hint));
    json_object_set_new(o, "example", text_or_null(d->example));
    json_object_set_new(o, "other_line",
        d->other_line != 0 ? json_integer(d->other_line) : json_null());
    json_array_append_new(cmd->list, o);
}

static void
check_text(check_cmd_t *cmd, const char *file, const char *text, size_t len)
{
    lang_t *l = lang_read(file, text, len);

    lang_check_zone(l, zone_table, NULL);
    if (cmd->messages != NULL) {
        lang_check_templates(l, template_check, (void *)cmd->messages);
    }
    if (cmd->json) {
        for (unsigned i = 0; i < lang_diags(l); i++) {
            add_json(cmd, file, lang_diag(l, i));
        }
    } else {
        if (cmd->errors + cmd->warnings > 0 && lang_diags(l) > 0) {
            putchar('\n');
        }
        lang_print(l, stdout, cmd->color);
    }
    cmd->errors += lang_errors(l);
    cmd->warnings += lang_warnings(l);
    cmd->spanish = strcmp(lang_language(l), "es") == 0;
    lang_free(l);
}

static void
check_one(check_cmd_t *cmd, const char *file)
{
    GError *error = NULL;
    char *text = NULL;
    gsize len = 0;

    if (!g_file_get_contents(file, &text, &len, &error)) {
        fprintf(stderr, "senda: %s\n", error->message);
        g_error_free(error);
        cmd->unread++;
        return;
    }
    check_text(cmd, file, text, len);
    g_free(text);
}

/* One last line, in the language of the last file. */
static void
sum_up(const check_cmd_t *cmd, int files)
{
    const char *es = cmd->errors == 1 ? "error" : "errores";
    const char *en = cmd->errors == 1 ? "error" : "errors";

    if (cmd->errors + cmd->warnings > 0) {
        putchar('\n');
    }
    if (cmd->spanish) {
        printf("%d %s: %u %s, %u %s\n", files, files == 1 ? "fichero" : "ficheros", cmd->errors, es,
            cmd->warnings, cmd->warnings == 1 ? "aviso" : "avisos");
    } else {
        printf("%d %s: %u %s, %u %s\n", files, files == 1 ? "file" : "files", cmd->errors, en,
            cmd->warnings, cmd->warnings == 1 ? "warning" : "warnings");
    }
}

static int
check_files(check_cmd_t *cmd, char **files)
{
    int n = 0;

    cmd->color = isatty(STDOUT_FILENO) != 0 && g_getenv("NO_COLOR") == NULL;
    cmd->list = json_array();
    for (; files[n] != NULL; n++) {
        check_one(cmd, files[n]);
    }
    if (cmd->json) {
        json_dumpf(cmd->list, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (cmd->unread < (unsigned)n) {
        sum_up(cmd, n - (int)cmd->unread);
    }
    json_decref(cmd->list);
    return cmd->unread > 0 ? 2 : cmd->errors > 0 ? 1 : 0;
}

int
cmd_check(int argc, char **argv)
{
    gboolean json = FALSE;
    char *messages = NULL, **files = NULL;
    const GOptionEntry options[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "a JSON list, for editors", NULL },
        { "messages", 0, 0, G_OPTION_ARG_FILENAME, &messages,
            "also look at the templates that are sent", "DIR" },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, "FILE…" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    GOptionContext *context = g_option_context_new(NULL);
    GError *error = NULL;
    check_cmd_t cmd = { 0 };
    int status = 2;

    g_option_context_set_summary(context, "Says everything that is wrong with rule files.");
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "senda check: %s\n", error->message);
        g_error_free(error);
    } else if (files == NULL) {
        fprintf(stderr, "senda check: which file? Try: senda check shop.senda\n");
    } else {
        cmd.messages = messages;
        cmd.json = json;
        status = check_files(&cmd, files);
    }
    g_option_context_free(context);
    g_strfreev(files);
    g_free(messages);
    return status;
}
