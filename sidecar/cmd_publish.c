/*
 * `senda publish -c FILE`: checks the rule files and makes them live, through
 * the running sidecar if there is one, else by itself under the store's lock.
 */

#include <stdio.h>

#include "command_line.h"
#include "commands.h"
#include "config.h"
#include "control.h"
#include "lock.h"
#include "rules.h"

/* Without a sidecar: takes r. */
static senda_rc_t
publish_here(const config_t *config, ruleset_t *r, senda_err_t *err)
{
    char *dir = g_build_filename(config->store, "published", NULL);
    senda_published_t *p = NULL;
    bool changed = false;
    int lock;
    senda_rc_t rc = lock_take(config->store, &lock, err);

    if (rc == SENDA_OK) {
        rc = senda_published_open_write(&p, dir, err);
    }
    if (rc == SENDA_OK) {
        rc = rules_publish(r, p, &changed, err);
    }
    if (rc == SENDA_OK) {
        (void)printf("the rules %s: %u %s, generation %llu\n",
            changed ? "are live" : "were live already", r->n, r->n == 1 ? "file" : "files",
            (unsigned long long)r->generation);
    }
    if (p != NULL) {
        senda_published_close(p);
    }
    lock_release(lock);
    g_free(dir);
    return rc;
}

static senda_rc_t
publish(const config_t *config, senda_err_t *err)
{
    ruleset_t *r = NULL;
    char *text = NULL;
    senda_rc_t rc;

    if (config->rules == NULL) {
        return senda_fail(err, SENDA_BAD,
            "%s: \"rules\" is missing; for example: rules "
            "/etc/senda/rules",
            config->file);
    }
    rc = rules_read(&r, config->rules, stderr, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = control_ask(config->socket, "reload", &text, err);
    if (rc == SENDA_OK) {
        (void)fputs(text, stdout);
        g_free(text);
    } else if (rc == SENDA_NONE) {
        rc = publish_here(config, r, err);
    }
    rules_free(r);
    return rc;
}

int
cmd_publish(int argc, char **argv)
{
    static char *file = COMMAND_CONFIG_FILE;
    static const GOptionEntry options[] = {
        COMMAND_CONFIG(file),
        { NULL, 0, 0, 0, NULL, NULL, NULL },
    };
    config_t config;
    senda_err_t err = { "" };
    senda_rc_t rc;

    if (!command_line(&argc, &argv, options, NULL,
            "Checks the rule files and makes them live. With a "
            "mistake in any of them, the rules that are live stay live.",
            0, 0)) {
        return 2;
    }
    rc = config_read(&config, file, &err);
    if (rc == SENDA_OK) {
        rc = publish(&config, &err);
        config_free(&config);
    }
    return rc == SENDA_OK ? 0 : command_failed("publish", rc, &err);
}
