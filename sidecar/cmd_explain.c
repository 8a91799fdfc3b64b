/*
 * senda explain: a rule file in plain sentences. Changes nothing.
 */

#include "command_line.h"
#include "commands.h"
#include "explain.h"

static const char summary[] =
    "Says in plain sentences what a rule file does: all of it, or what has that name (a\n"
    "page, event, tag, flow or test). With --url, what an address is and what may follow\n"
    "from a visit to it.\n"
    "\n"
    "Exit status: 0 said; 1 the file has mistakes, or there is no such name; 2 the file\n"
    "cannot be read.";

typedef struct {
    char *url, *method, *lang;
} options_t;

static senda_method_t
method_of(const char *word)
{
    char *upper = g_ascii_strup(word != NULL ? word : "GET", -1);
    senda_method_t method = senda_method_of(senda_cstr(upper));

    g_free(upper);
    return method;
}

static int
say(virtual_t *world, const char *name, const options_t *o)
{
    explain_t *e = explain_open(world, o->lang, stdout);
    senda_err_t err = { "" };
    senda_rc_t rc = SENDA_OK;

    if (o->url != NULL) {
        rc = explain_url(e, method_of(o->method), o->url, &err);
    } else if (name != NULL) {
        rc = explain_name(e, name, &err);
    } else {
        explain_file(e);
    }
    explain_close(e);
    if (rc != SENDA_OK) {
        (void)fprintf(stderr, "senda explain: %s\n", err.text);
        return 1;
    }
    return 0;
}

int
cmd_explain(int argc, char **argv)
{
    options_t o = { NULL, NULL, NULL };
    const GOptionEntry options[] = {
        { "url", 0, 0, G_OPTION_ARG_STRING, &o.url, "what this address is", "URL" },
        { "method", 0, 0, G_OPTION_ARG_STRING, &o.method, "how it is asked for (GET)", "POST" },
        { "lang", 0, 0, G_OPTION_ARG_STRING, &o.lang, "the sentences' language (the file's)",
            "es|en" },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    virtual_t *world;
    int status = 2;

    if (!command_line(&argc, &argv, options, "FILE [NAME]", summary, 1, 2)) {
        status = 2;
    } else if (o.lang != NULL && strcmp(o.lang, "es") != 0 && strcmp(o.lang, "en") != 0) {
        (void)fprintf(stderr, "senda explain: --lang is es or en\n");
    } else if (o.url != NULL && argc == 3) {
        (void)fprintf(stderr, "senda explain: a name or --url, not both\n");
    } else if ((world = virtual_open(argv[1], stderr, &status)) != NULL) {
        status = say(world, argc == 3 ? argv[2] : NULL, &o);
        virtual_close(world);
    }
    g_free(o.url);
    g_free(o.method);
    g_free(o.lang);
    return status;
}
