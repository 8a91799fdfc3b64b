/*
 * Options of commands. Prints only on stderr, but for --help.
 */

#include "command_line.h"

#include <stdio.h>

bool
command_line(int *argc, char ***argv, const GOptionEntry *options, const char *usage,
    const char *help, int min, int max)
{
    GOptionContext *context = g_option_context_new(usage);
    GError *failed = NULL;
    bool ok;

    g_option_context_set_summary(context, help);
    if (options != NULL) {
        g_option_context_add_main_entries(context, options, NULL);
    }
    ok = g_option_context_parse(context, argc, argv, &failed);
    if (!ok) {
        (void)fprintf(stderr, "%s: %s\n", g_get_prgname(), failed->message);
        g_error_free(failed);
    } else if (*argc - 1 < min || *argc - 1 > max) {
        (void)fprintf(stderr, "%s: expected %s; see %s --help\n", g_get_prgname(),
            usage != NULL ? usage : "no arguments", g_get_prgname());
        ok = false;
    }
    g_option_context_free(context);
    return ok;
}

int
command_failed(const char *command, senda_rc_t rc, const senda_err_t *err)
{
    (void)fprintf(stderr, "senda %s: %s\n", command, err->text);
    return rc == SENDA_BAD ? 1 : 2;
}
