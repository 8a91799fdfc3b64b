/*
 * senda: the commands, a row each. Parses nothing but the command's name.
 */

#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define SENDA_VERSION "0.1.0"

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} command_t;

static const command_t commands[] = {
    { "check", cmd_check, "say every mistake in rule files" },
    { "explain", cmd_explain, "say in plain sentences what a rule file does" },
    { "draw", cmd_draw, "draw a flow, or the whole rule file" },
    { "test", cmd_test, "play the test blocks of rule files" },
    { "fmt", cmd_fmt, "put rule files into their canonical form, in either language" },
    { "words", cmd_words, "print the words of the language" },
    { "replay", cmd_replay, "play an access log through the rules" },
    { "init", cmd_init, "make a store" },
    { "keygen", cmd_keygen, "make the keys of nginx and the sidecar" },
    { "publish", cmd_publish, "check the rules and make them live" },
    { "run", cmd_run, "follow the visits, run the flows, send the messages" },
    { "status", cmd_status, "say how the running sidecar is doing" },
    { "stop", cmd_stop, "end the running sidecar" },
    { "contacts", cmd_contacts, "list, show, unsubscribe contacts" },
};

static void
help(FILE *out)
{
    (void)fputs("Usage: senda COMMAND [OPTION…]\n\nSenda follows a shop's visitors through nginx "
                "and sends them messages.\n\n",
        out);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    }
    (void)fputs("\nsenda COMMAND --help says more. senda --version says which this is.\n", out);
}

int
main(int argc, char **argv)
{
    (void)setlocale(LC_CTYPE, "");
    if (argc < 2) {
        help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("senda " SENDA_VERSION);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            char *name = g_strconcat("senda ", commands[i].name, NULL);

            g_set_prgname(name);
            g_free(name);
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "senda: \"%s\" is no command\n\n", argv[1]);
    help(stderr);
    return 2;
}
