/*
 * `senda publish -c FILE`: checks the rule files and makes them live, through
 * the running sidecar if there is one, else by itself under the store's lock.
 */

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "command_line.h"
#include "commands.h"
#include "config.h"
#include "control.h"
#include "lock.h"
#include "rules.h"
#include "rules_error.h"

/* The store's lock and published/, while no sidecar has them. */
static senda_rc_t
open_published(const config_t *config, int *lock, senda_published_t **p, senda_err_t *err)
{
    char *dir = g_build_filename(config->store, "published", NULL);
    senda_rc_t rc = lock_take(config->store, lock, err);

    *p = NULL;
    if (rc == SENDA_OK) {
        rc = senda_published_open_write(p, dir, err);
    }
    g_free(dir);
    return rc;
}

static senda_rc_t
publish_here(const config_t *config, ruleset_t *r, senda_err_t *err)
{
    senda_published_t *p;
    bool changed = false;
    int lock;
    senda_rc_t rc = open_published(config, &lock, &p, err);

    if (rc == SENDA_OK) {
        rc = rules_publish(r, p, &changed, err);
    }
    if (rc == SENDA_OK) {
        rc = rules_error_publish(p, NULL, 0, err);
    }
    if (rc == SENDA_OK) {
        (void)printf("the rules %s: %u %s, generation %llu\n",
            changed ? "are live" : "were live already", r->n, r->n == 1 ? "file" : "files",
            (unsigned long long)r->generation);
    }
    senda_published_close(p);
    lock_release(lock);
    return rc;
}

/* For nginx's status page. A running sidecar has the lock, and says the same by itself. */
static void
show_mistakes(const config_t *config, const char *text)
{
    senda_published_t *p;
    int lock;

    if (open_published(config, &lock, &p, NULL) == SENDA_OK) {
        (void)rules_error_publish(p, text, run_clock_sec(run_clock_real()), NULL);
    }
    senda_published_close(p);
    lock_release(lock);
}

/* Reads the files; what is wrong with them is said here and on nginx's status page. */
static senda_rc_t
read_rules(const config_t *config, ruleset_t **r, senda_err_t *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *report = open_memstream(&text, &len);
    senda_rc_t rc;

    if (report == NULL) {
        return senda_fail(err, SENDA_SYS, "no memory");
    }
    rc = rules_read(r, config->rules, report, err);
    (void)fclose(report);
    (void)fputs(text, stderr);
    if (rc == SENDA_BAD) {
        show_mistakes(config, len > 0 ? text : err->text);
    }
    free(text);
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
    rc = read_rules(config, &r, err);
    if (rc != SENDA_OK || r == NULL) {
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
