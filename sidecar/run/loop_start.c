/*
 * Opening what a run needs, and taking in new rules and settings while it
 * runs. A key that others can read, a store that another process works on, a
 * clock that would run backwards: refused with the reason.
 */

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "loop_parts.h"
#include "message.h"

void
loop_free_config(config_t *c)
{
    if (c != NULL) {
        config_free(c);
        g_free(c);
    }
}

senda_rc_t
loop_read_key(const char *file, senda_keys_t *keys, senda_err_t *err)
{
    struct stat st;
    senda_rc_t rc;

    if (stat(file, &st) != 0) {
        return senda_fail(err, SENDA_SYS, "cannot read %s: %s; senda keygen makes one", file,
            g_strerror(errno));
    }
    if ((st.st_mode & 077) != 0) {
        return senda_fail(err, SENDA_BAD,
            "%s can be read by others; make it private with: chmod 600 "
            "%s",
            file, file);
    }
    rc = senda_keys_read(keys, file, err);
    if (rc == SENDA_OK && !keys->has_seal_secret) {
        rc = senda_fail(err, SENDA_BAD, "%s holds no seal-secret: it is not the sidecar's key file",
            file);
    }
    return rc;
}

static senda_rc_t
check_rights(const char *store, senda_err_t *err)
{
    char *dir = g_build_filename(store, "state", NULL);
    struct stat st;
    senda_rc_t rc = SENDA_OK;

    if (stat(dir, &st) == 0 && (st.st_mode & 077) != 0) {
        rc = senda_fail(err, SENDA_BAD,
            "%s holds addresses and is open to others; make it private with: chmod 700 %s", dir,
            dir);
    }
    g_free(dir);
    return rc;
}

senda_rc_t
loop_open_store(loop_t *l, senda_err_t *err)
{
    senda_rc_t rc = loop_read_key(l->config->key, &l->keys, err);

    if (rc == SENDA_OK) {
        rc = loop_check_links(l->config, &l->keys, err);
    }
    if (rc == SENDA_OK) {
        rc = check_rights(l->config->store, err);
    }
    if (rc == SENDA_OK) {
        rc = lock_take(l->config->store, &l->lock, err);
    }
    if (rc == SENDA_OK) {
        rc = state_open(&l->state, l->config->store, true, err);
    }
    return rc;
}

/* A store that once ran in time lapse has a future of its own: it stays in it. */
senda_rc_t
loop_set_clock(loop_t *l, senda_err_t *err)
{
    uint64_t lapse = state_number(l->state, "lapse", 1);

    if (lapse > 1 && l->o->lapse <= 1) {
        return senda_fail(err, SENDA_BAD,
            "this store was run in time lapse, its time is ahead of the clock: go on with --lapse "
            "%llu, or begin with a new store",
            (unsigned long long)lapse);
    }
    if (lapse > 1 && (int64_t)lapse != l->o->lapse) {
        return senda_fail(err, SENDA_BAD, "this store was run with --lapse %llu: keep to it",
            (unsigned long long)lapse);
    }
    l->clock.lapse = l->o->lapse;
    if (l->o->lapse <= 1) {
        return SENDA_OK;
    }
    l->clock.start = (senda_ms_t)state_number(l->state, "lapse_start", 0);
    if (lapse <= 1) {
        l->clock.start = run_clock_real();
        state_set_number(l->state, "lapse", (uint64_t)l->o->lapse);
        state_set_number(l->state, "lapse_start", (uint64_t)l->clock.start);
    }
    return state_commit(l->state, err);
}

/* ---- rules ---- */

static char *
kept_rules(const loop_t *l)
{
    return g_build_filename(l->config->store, "state", "rules", NULL);
}

/* Reads the files; mistakes (and warnings) go to *text, malloc'ed, NULL if there are none. */
static senda_rc_t
read_rules(const char *path, ruleset_t **r, char **text, senda_err_t *err)
{
    size_t len = 0;
    FILE *report = open_memstream(text, &len);
    senda_rc_t rc;

    *r = NULL;
    if (report == NULL) {
        *text = NULL;
        (void)senda_fail(err, SENDA_SYS, "no memory");
        return SENDA_SYS;
    }
    rc = rules_read(r, path, report, err);
    (void)fclose(report);
    if (len == 0) {
        free(*text);
        *text = NULL;
    }
    return rc;
}

static bool
sends_email(const prog_step_t *step)
{
    for (unsigned i = 0; i < step->nchannels; i++) {
        if (step->channels[i] == CHANNEL_EMAIL) {
            return true;
        }
    }
    return false;
}

/* A template that cannot be made is better known now than in the night. */
static void
check_templates(const loop_t *l)
{
    message_settings_t settings = { .dir = l->config->messages,
        .from = l->config->from,
        .list_unsubscribe = l->config->unsubscribe,
        .postal = l->config->postal,
        .id_domain = "localhost" };
    const program_t *p;

    for (unsigned i = 0; (p = world_site(l->world, i)) != NULL; i++) {
        for (unsigned f = 0; f < p->nflows; f++) {
            for (unsigned s = 0; s < p->flows[f].nsteps; s++) {
                const prog_step_t *step = &p->flows[f].steps[s];
                senda_err_t err = { "" };

                if (step->kind == STEP_SEND && sends_email(step) &&
                    message_check(&settings, step->template, &err) != SENDA_OK) {
                    run_log(&l->log, run_clock_now(&l->clock), "flow \"%s\" cannot send %s yet: %s",
                        p->flows[f].name, step->template, err.text);
                }
            }
        }
    }
}

/* Old pages, or nginx's own, do as well: never a reason to stop. */
static void
publish_pages(const loop_t *l)
{
    const config_t *c = l->config;
    char *dir = c->pages != NULL ? g_strdup(c->pages) : pages_default_dir();
    char *shop = sender_shop(c->from);
    pages_settings_t settings = { .dir = dir,
        .shop = shop,
        .site_url = c->site_url,
        .postal = c->postal };
    senda_err_t err = { "" };

    if (c->endpoint != NULL && dir == NULL) {
        run_log(&l->log, run_clock_now(&l->clock),
            "the templates of the endpoint's pages are not found: nginx shows its own plain ones; "
            "set pages to where they are");
    } else if (c->endpoint != NULL && world_pages(l->world, &settings, &err) != SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock), "the endpoint's pages stay as they were: %s",
            err.text);
    }
    g_free(shop);
    g_free(dir);
}

static void
print_report(const char *text)
{
    if (text != NULL) {
        (void)fputs(text, stderr);
        (void)fflush(stderr);
    }
}

static senda_rc_t
go_live(loop_t *l, ruleset_t *r, bool keep, senda_err_t *err)
{
    char *dir = kept_rules(l);
    unsigned files = r->n;
    senda_err_t why = { "" };
    bool changed;
    senda_rc_t rc = world_rules(l->world, r, &changed, err);

    if (rc == SENDA_OK && keep && rules_keep(r, dir, &why) != SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock),
            "the rules are live, but not kept for a start "
            "with mistakes: %s",
            why.text);
    }
    if (rc == SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock), "rules %s: %u %s, generation %llu",
            changed ? "are live" : "were live already", files, files == 1 ? "file" : "files",
            (unsigned long long)r->generation);
        check_templates(l);
        publish_pages(l);
    }
    g_free(dir);
    return rc;
}

/* Shown on nginx's status page; that it cannot be is no reason to stop. */
static void
show_mistakes(const loop_t *l)
{
    senda_err_t err = { "" };

    if (world_mistakes(l->world, l->mistakes, run_clock_sec(run_clock_real()), &err) != SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock),
            "nginx's status page does not know of the rule files: %s", err.text);
    }
}

senda_rc_t
loop_first_rules(loop_t *l, senda_err_t *err)
{
    ruleset_t *r;
    senda_err_t why = { "" };
    char *dir;
    senda_rc_t rc = read_rules(l->config->rules, &r, &l->mistakes, err);

    print_report(l->mistakes);
    if (rc == SENDA_OK) {
        free(l->mistakes);
        l->mistakes = NULL;
        rc = go_live(l, r, true, err);
        if (rc == SENDA_BAD) {
            l->mistakes = strdup(err->text);
        }
        if (rc == SENDA_OK || rc == SENDA_BAD) {
            show_mistakes(l);
        }
        return rc;
    }
    if (l->mistakes == NULL) {
        l->mistakes = strdup(err->text);
    }
    show_mistakes(l);
    dir = kept_rules(l);
    if (g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        char *text = NULL;

        if (read_rules(dir, &r, &text, &why) == SENDA_OK) {
            run_log(&l->log, run_clock_now(&l->clock), "%s: the last good rules go on", err->text);
            rc = go_live(l, r, false, err);
        }
        free(text);
    }
    g_free(dir);
    return rc;
}

senda_rc_t
loop_reload(loop_t *l, senda_err_t *refusal, senda_err_t *err)
{
    ruleset_t *r;
    char *text = NULL;
    senda_err_t why = { "" };
    senda_rc_t rc = read_rules(l->config->rules, &r, &text, &why);

    print_report(text);
    if (rc == SENDA_OK) {
        rc = go_live(l, r, true, &why);
        if (rc != SENDA_OK && rc != SENDA_BAD) {
            *err = why;
            free(text);
            return rc;
        }
    }
    free(l->mistakes);
    l->mistakes = NULL;
    if (rc != SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock), "%s: the rules that were live stay live",
            why.text);
        l->mistakes = text != NULL ? text : strdup(why.text);
        text = NULL;
        if (refusal != NULL) {
            *refusal = why;
        }
    }
    show_mistakes(l);
    free(text);
    return SENDA_OK;
}

/* ---- settings ---- */

void
loop_read_config(loop_t *l)
{
    config_t *c = g_new0(config_t, 1);
    senda_err_t err = { "" };

    if (config_read(c, l->o->config, &err) != SENDA_OK || config_complete(c, &err) != SENDA_OK ||
        loop_check_addresses(c, &err) != SENDA_OK ||
        loop_check_links(c, &l->keys, &err) != SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock), "the old settings go on: %s", err.text);
        loop_free_config(c);
        return;
    }
    if (strcmp(c->store, l->config->store) != 0 || strcmp(c->key, l->config->key) != 0 ||
        strcmp(c->socket, l->config->socket) != 0 || strcmp(c->rules, l->config->rules) != 0) {
        run_log(&l->log, run_clock_now(&l->clock),
            "the old settings go on: a new store, key, "
            "rules or socket needs a new start");
        loop_free_config(c);
        return;
    }
    loop_free_config(l->next_config);
    l->next_config = c;
}

/* As they would stand in a file: in the struct lie bytes that mean nothing. */
static bool
are_same_keys(const senda_keys_t *a, const senda_keys_t *b)
{
    char texts[2][SENDA_KEYS_TEXT_MAX];
    size_t na = senda_keys_print(a, texts[0], sizeof(texts[0]));
    size_t nb = senda_keys_print(b, texts[1], sizeof(texts[1]));
    bool same = na > 0 && na == nb && memcmp(texts[0], texts[1], na) == 0;

    explicit_bzero(texts, sizeof(texts));
    return same;
}

void
loop_take_keys(loop_t *l)
{
    senda_keys_t keys;
    senda_err_t err = { "" };

    if (loop_read_key(l->config->key, &keys, &err) != SENDA_OK ||
        loop_check_links(l->config, &keys, &err) != SENDA_OK) {
        run_log(&l->log, run_clock_now(&l->clock), "the old keys go on: %s", err.text);
    } else if (!are_same_keys(&keys, &l->keys)) {
        l->keys = keys;
        world_keys(l->world, &l->keys);
        run_log(&l->log, run_clock_now(&l->clock), "new keys are in force");
    }
    explicit_bzero(&keys, sizeof(keys));
}

void
loop_take_config(loop_t *l)
{
    senda_err_t err = { "" };
    senda_rc_t rc = sender_configure(l->sender, l->next_config, &err);
    config_t *other = l->next_config;

    if (rc == SENDA_FULL) {
        return;
    }
    l->next_config = NULL;
    if (rc == SENDA_OK) {
        config_t *old = l->config;

        l->config = other;
        other = old;
        run_log(&l->log, run_clock_now(&l->clock), "new settings are in force");
        publish_pages(l);
    } else {
        run_log(&l->log, run_clock_now(&l->clock), "the old settings go on: %s", err.text);
    }
    loop_free_config(other);
}
