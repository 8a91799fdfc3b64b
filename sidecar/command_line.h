/*
 * What every command does with its options: GLib parses them, --help is made
 * from the same table.
 */

#ifndef SENDA_COMMAND_LINE_H
#define SENDA_COMMAND_LINE_H

#include <glib.h>

#include "senda.h"

/* The row of -c; file is a static char * that begins as COMMAND_CONFIG_FILE. */
#define COMMAND_CONFIG_FILE "/etc/senda/senda.conf"
#define COMMAND_CONFIG(file)                                                                    \
    {                                                                                           \
        "config", 'c', 0, G_OPTION_ARG_FILENAME, &(file), "settings (" COMMAND_CONFIG_FILE ")", \
            "FILE"                                                                              \
    }

/*
 * Parses and removes options from argv; what is left are the arguments, of
 * which there must be min to max. usage names them ("DIR"), help is a
 * paragraph. --help prints and exits with 0. false after saying why on stderr.
 */
bool command_line(int *argc, char ***argv, const GOptionEntry *options, const char *usage,
    const char *help, int min, int max);

/* Says why a command failed, on stderr, and returns its exit status: 1 for SENDA_BAD, else 2. */
int command_failed(const char *command, senda_rc_t rc, const senda_err_t *err);

#endif
