/*
 * `senda run -c FILE`: options in, the loop does the rest.
 */

#include "clock.h"
#include "command_line.h"
#include "commands.h"
#include "loop.h"

int
cmd_run(int argc, char **argv)
{
    static char *config = COMMAND_CONFIG_FILE;
    static gint lapse = 1;
    static gboolean show, once, check;
    static const GOptionEntry options[] = {
        COMMAND_CONFIG(config),
        { "lapse", 0, 0, G_OPTION_ARG_INT, &lapse,
            "time lapse: from its first start on, time runs N times as fast for this store", "N" },
        { "show", 0, 0, G_OPTION_ARG_NONE, &show, "show visits too, and addresses in clear", NULL },
        { "once", 0, 0, G_OPTION_ARG_NONE, &once, "do what is due, then end", NULL },
        { "check", 0, 0, G_OPTION_ARG_NONE, &check,
            "say every mistake in settings, key, rules and messages, and do nothing else", NULL },
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    loop_options_t o;

    if (!command_line(&argc, &argv, options, NULL,
            "Follows the visits that nginx writes down, runs "
            "the flows of the rule files, sends their messages. SIGHUP reads rules and settings "
            "anew, "
            "SIGTERM ends it.",
            0, 0)) {
        return 2;
    }
    if (lapse < 1 || lapse > RUN_LAPSE_MAX) {
        senda_err_t err;

        return command_failed("run",
            senda_fail(&err, SENDA_SYS, "--lapse takes a number from 1 to %d", RUN_LAPSE_MAX),
            &err);
    }
    if (check) {
        return loop_check(config);
    }
    o = (loop_options_t){ config, lapse, show, once };
    return loop_run(&o);
}
