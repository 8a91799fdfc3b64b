/*
 * senda check: reads rule files and says everything that is wrong with them,
 * for people or, with --json, for editors; with --sample also which pages an
 * access log hits. Writes nothing else and changes nothing. Exit status: 0 no
 * mistakes (warnings are allowed), 1 mistakes, 2 a file could not be read.
 */

#include "check_sample.h"
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
    const char *sample;   /* access log, NULL: none */
    bool json;
    bool color;
    json_t *list, *samples;
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

/* ---- a sample ---- */

/* A name in a column: counted in characters, not bytes. */
static void
print_column(const char *name, int width)
{
    int pad = width - (int)g_utf8_strlen(name, -1);

    printf("  %s%*s", name, pad > 0 ? pad : 0, "");
}

/* "shop.senda:12:1: warning: …", as every other. */
static void
warn_unhit(check_cmd_t *cmd, const char *file, const prog_page_t *page)
{
    lang_diag_t d = { .warning = true, .line = page->place.line, .column = 1, .width = 1 };
    char *message = g_strdup_printf(cmd->spanish
            ? "Ninguna línea del registro pasa por la página \"%s\"."
            : "No line of the log hits the page \"%s\".",
        page->name);

    d.message = message;
    if (cmd->json) {
        add_json(cmd, file, &d);
    } else {
        printf("%s:%u:1: %s: %s\n", file, d.line, cmd->spanish ? "aviso" : "warning", message);
    }
    cmd->warnings++;
    g_free(message);
}

static void
print_sample(const check_cmd_t *cmd, const program_t *p, const sample_t *s)
{
    bool es = cmd->spanish;

    printf(es ? "\n%s: %llu líneas, %llu visitas" : "\n%s: %llu lines, %llu visits", cmd->sample,
        (unsigned long long)s->lines, (unsigned long long)s->visits);
    if (s->malformed > 0) {
        printf(es ? ", %llu que no son de un registro" : ", %llu that are none of a log",
            (unsigned long long)s->malformed);
    }
    printf("\n");
    print_column(es ? "página" : "page", 40);
    printf(" %10s\n", es ? "visitas" : "visits");
    for (unsigned i = 0; i < p->npages; i++) {
        print_column(p->pages[i].name, 40);
        printf(" %10llu\n", (unsigned long long)s->pages[i]);
    }
    if (s->npaths > 0) {
        printf(es ? "%llu visitas a ninguna página; las más frecuentes:\n"
                  : "%llu visits to no page; the most frequent:\n",
            (unsigned long long)s->unmatched);
    }
    for (unsigned i = 0; i < s->npaths; i++) {
        print_column(s->paths[i].path, 40);
        printf(" %10llu\n", (unsigned long long)s->paths[i].visits);
    }
    if (s->beyond > 0) {
        printf(es ? "  (%llu visitas a más de %d rutas distintas no se cuentan por ruta)\n"
                  : "  (%llu visits beyond %d different paths are not counted by path)\n",
            (unsigned long long)s->beyond, SAMPLE_PATHS_MAX);
    }
}

static void
sample_json(check_cmd_t *cmd, const char *file, const program_t *p, const sample_t *s)
{
    json_t *pages = json_array(), *paths = json_array();

    for (unsigned i = 0; i < p->npages; i++) {
        json_array_append_new(pages,
            json_pack("{s:s, s:I, s:I}", "name", p->pages[i].name, "line",
                (json_int_t)p->pages[i].place.line, "visits", (json_int_t)s->pages[i]));
    }
    for (unsigned i = 0; i < s->npaths; i++) {
        json_array_append_new(paths,
            json_pack("{s:s, s:I}", "path", s->paths[i].path, "visits",
                (json_int_t)s->paths[i].visits));
    }
    json_array_append_new(cmd->samples,
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "file", file, "log", cmd->sample,
            "lines", (json_int_t)s->lines, "visits", (json_int_t)s->visits, "malformed",
            (json_int_t)s->malformed, "unmatched", (json_int_t)s->unmatched, "pages", pages,
            "paths", paths));
}

/* Rules without mistakes, and the log. */
static void
sample_one(check_cmd_t *cmd, const char *file)
{
    int status;
    senda_err_t err = { "" };
    sample_t s = { 0 };
    virtual_t *world = virtual_open(file, stderr, &status);
    access_log_t *log = world != NULL ? access_log_open(cmd->sample, &err) : NULL;
    const program_t *p = world != NULL ? virtual_program(world) : NULL;

    if (log == NULL || sample_read(&s, world, log, &err) != SENDA_OK) {
        if (world != NULL) {
            fprintf(stderr, "senda: %s\n", err.text);
        }
        cmd->unread++;
    } else {
        for (unsigned i = 0; i < p->npages; i++) {
            if (s.pages[i] == 0) {
                warn_unhit(cmd, file, &p->pages[i]);
            }
        }
        if (cmd->json) {
            sample_json(cmd, file, p, &s);
        } else {
            print_sample(cmd, p, &s);
        }
    }
    sample_free(&s);
    access_log_close(log);
    virtual_close(world);
}

/* ---- files ---- */

static void
check_text(check_cmd_t *cmd, const char *file, const char *text, size_t len)
{
    lang_t *l = lang_read(file, text, len);
    bool sound;

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
    sound = lang_errors(l) == 0;
    lang_free(l);
    if (cmd->sample != NULL && sound) {
        sample_one(cmd, file);
    }
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
    cmd->samples = json_array();
    for (; files[n] != NULL; n++) {
        check_one(cmd, files[n]);
    }
    if (cmd->json && cmd->sample != NULL) {
        json_t *both = json_pack("{s:O, s:O}", "mistakes", cmd->list, "samples", cmd->samples);

        json_dumpf(both, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(both);
    } else if (cmd->json) {
        json_dumpf(cmd->list, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (cmd->unread < (unsigned)n) {
        sum_up(cmd, n - (int)cmd->unread);
    }
    json_decref(cmd->list);
    json_decref(cmd->samples);
    return cmd->unread > 0 ? 2 : cmd->errors > 0 ? 1 : 0;
}

int
cmd_check(int argc, char **argv)
{
    gboolean json = FALSE;
    char *messages = NULL, *sample = NULL, **files = NULL;
    const GOptionEntry options[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "a JSON list, for editors", NULL },
        { "messages", 0, 0, G_OPTION_ARG_FILENAME, &messages,
            "also look at the templates that are sent", "DIR" },
        { "sample", 0, 0, G_OPTION_ARG_FILENAME, &sample,
            "also say how often each page is hit by this access log (gzip, -)", "LOG" },
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
    } else if (sample != NULL && strcmp(sample, "-") == 0 && files[1] != NULL) {
        fprintf(stderr, "senda check: standard input can be read once: one file with --sample -\n");
    } else {
        cmd.messages = messages;
        cmd.sample = sample;
        cmd.json = json;
        status = check_files(&cmd, files);
    }
    g_option_context_free(context);
    g_strfreev(files);
    g_free(messages);
    g_free(sample);
    return status;
}
