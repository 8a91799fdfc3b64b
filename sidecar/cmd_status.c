/*
 * `senda status` and `senda stop`: one line to the running sidecar's socket,
 * its answer to the screen.
 */

#include <stdio.h>

#include "command_line.h"
#include "commands.h"
#include "config.h"
#include "control.h"

static int
ask(int argc, char **argv, const char *command, const char *help)
{
    static char *file = COMMAND_CONFIG_FILE;
    static const GOptionEntry options[] = {
        COMMAND_CONFIG(file),
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    config_t config;
    senda_err_t err = { "" };
    char *text = NULL;
    senda_rc_t rc;

    if (!command_line(&argc, &argv, options, NULL, help, 0, 0)) {
        return 2;
    }
    rc = config_read(&config, file, &err);
    if (rc == SENDA_OK) {
        rc = control_ask(config.socket, command, &text, &err);
        if (rc == SENDA_NONE) {
            (void)senda_fail(&err, rc, "no sidecar runs on the store %s", config.store);
        }
        config_free(&config);
    }
    if (rc != SENDA_OK) {
        return command_failed(command, rc, &err);
    }
    (void)fputs(text, stdout);
    g_free(text);
    return 0;
}

int
cmd_status(int argc, char **argv)
{
    return ask(argc, argv, "status",
        "Says how the running sidecar is doing: rules, people, runs, "
        "messages, mistakes in the rule files.");
}

int
cmd_stop(int argc, char **argv)
{
    return ask(argc, argv, "stop",
        "Ends the running sidecar. What waits goes on at the next start.");
}
