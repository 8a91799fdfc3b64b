/*
 * `senda run --check`: every mistake that a run would meet in what it reads,
 * with file and line. Opens no store, makes nothing, sends nothing. What
 * cannot be read is said and the rest looked at all the same.
 */

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "loop_parts.h"
#include "message.h"

typedef struct {
    config_t config;
    unsigned mistakes;
    bool unread;
} check_t;

static void
say(void *ctx, const char *text)
{
    (void)printf("%s\n", text);
    ((check_t *)ctx)->mistakes++;
}

/* A mistake that has its place in a line of the settings. */
static void
say_at(check_t *k, const char *setting, senda_rc_t rc, const char *text)
{
    (void)printf("%s:%u: %s: %s\n", k->config.file, config_line(&k->config, setting), setting,
        text);
    k->mistakes++;
    k->unread = k->unread || rc == SENDA_SYS;
}

static void
check_key(check_t *k)
{
    senda_keys_t keys;
    senda_err_t err = { "" };
    senda_rc_t rc = loop_read_key(k->config.key, &keys, &err);

    if (rc != SENDA_OK) {
        say_at(k, "key", rc, err.text);
    } else if (loop_check_links(&k->config, &keys, &err) != SENDA_OK) {
        say(k, err.text);
    }
    explicit_bzero(&keys, sizeof(keys));
}

senda_rc_t
loop_check_links(const config_t *c, const senda_keys_t *keys, senda_err_t *err)
{
    if (c->endpoint == NULL || keys->nlinks > 0) {
        return SENDA_OK;
    }
    return senda_fail(err, SENDA_BAD,
        "%s:%u: endpoint: %s holds no links key, without which no link can be signed; make one with: "
        "senda keygen --rotate DIR",
        c->file, config_line(c, "endpoint"), c->key);
}

/* The pages as they would be published, for a shop of no name. */
static void
check_pages(check_t *k)
{
    static const char *const languages[] = { "en", "es" };
    const char *setting = k->config.pages != NULL ? "pages" : "endpoint";
    char *dir = k->config.pages != NULL ? g_strdup(k->config.pages) : pages_default_dir();
    pages_settings_t s = { .dir = dir, .shop = "Shop", .site = "shop.example.com" };
    senda_err_t err = { "" };
    char *text;
    size_t len;

    if (dir == NULL) {
        (void)
            printf("%s: note: the templates of the endpoint's pages are not found: nginx shows its "
                   "own plain ones; set pages to where they are\n",
                k->config.file);
        return;
    }
    for (int page = SENDA_PAGE_CHANNELS; page < SENDA_PAGE_KINDS; page++) {
        senda_rc_t rc = SENDA_OK;

        for (size_t i = 0; i < G_N_ELEMENTS(languages) && rc == SENDA_OK; i++) {
            s.language = languages[i];
            rc = pages_make(&s, (senda_page_t)page, &text, &len, &err);
            free(text);
        }
        if (rc != SENDA_OK) {
            say_at(k, setting, rc, err.text);
        }
    }
    g_free(dir);
}

/* What is right, but leaves something out. */
static void
note(const check_t *k)
{
    if (k->config.endpoint == NULL) {
        (void)printf("%s: note: endpoint is not set: people unsubscribe only by writing an e-mail, "
                     "and clicks are not seen\n",
            k->config.file);
    }
}

/* "Shop <a@b>" or "a@b", bare: only the latter; what is wrong with it, NULL if nothing. */
static const char *
address_mistake(const char *text, bool bare)
{
    const char *open = strrchr(text, '<');
    senda_str_t address = senda_cstr(open != NULL ? open + 1 : text);
    char canonical[HEADER_VALUE_MAX];

    if (open != NULL && address.n > 0 && address.p[address.n - 1] == '>') {
        address.n--;
    }
    if (message_canonical_address(address, canonical, sizeof(canonical)) != SENDA_OK) {
        return "that is no e-mail address";
    }
    return bare && open != NULL ? "only the address may stand here, without a name" : NULL;
}

senda_rc_t
loop_check_addresses(const config_t *c, senda_err_t *err)
{
    const char *from = address_mistake(c->from, false);
    const char *wrong = from != NULL ? from : address_mistake(c->unsubscribe, true);
    const char *setting = from != NULL ? "from" : "unsubscribe";

    return wrong == NULL ? SENDA_OK
                         : senda_fail(err, SENDA_BAD, "%s:%u: %s: %s", c->file,
                               config_line(c, setting), setting, wrong);
}

static void
check_address(check_t *k, const char *setting, const char *text, bool bare)
{
    const char *wrong = address_mistake(text, bare);

    if (wrong != NULL) {
        say_at(k, setting, SENDA_BAD, wrong);
    }
}

static senda_rc_t
check_template(void *ctx, const char *template, senda_err_t *err)
{
    message_settings_t settings = { .dir = ctx };

    return message_check(&settings, template, err);
}

/* The language's own mistakes were printed when the file was read: only these are new. */
static void
check_templates(check_t *k, const rule_file_t *f)
{
    lang_check_templates(f->lang, check_template, k->config.messages);
    for (unsigned i = 0; i < lang_diags(f->lang); i++) {
        const lang_diag_t *d = lang_diag(f->lang, i);

        if (!d->warning) {
            (void)printf("%s:%u:%u: %s%s%s\n", f->file, d->line, d->column, d->message,
                d->hint != NULL ? "; " : "", d->hint != NULL ? d->hint : "");
            k->mistakes++;
        }
    }
}

static void
check_rules(check_t *k)
{
    senda_err_t err = { "" };
    ruleset_t *r;
    senda_rc_t rc = rules_read(&r, k->config.rules, stdout, &err);
    bool messages = k->config.messages != NULL;

    if (rc != SENDA_OK) {
        say_at(k, "rules", rc, err.text);
    }
    if (messages && !g_file_test(k->config.messages, G_FILE_TEST_IS_DIR)) {
        (void)senda_fail(&err, SENDA_SYS, "%s is no folder that can be read", k->config.messages);
        say_at(k, "messages", SENDA_SYS, err.text);
        messages = false;
    }
    if (rc != SENDA_OK) {
        return;
    }
    rc = rules_try(r, &err);
    if (rc != SENDA_OK) {
        say_at(k, "rules", rc, err.text);
    }
    for (unsigned i = 0; i < r->n && messages; i++) {
        check_templates(k, &r->files[i]);
    }
    rules_free(r);
}

static void
check_all(check_t *k)
{
    const config_t *c = &k->config;
    senda_err_t err = { "" };

    if (c->key != NULL) {
        check_key(k);
    }
    if (c->from != NULL) {
        check_address(k, "from", c->from, false);
    }
    if (c->unsubscribe != NULL) {
        check_address(k, "unsubscribe", c->unsubscribe, true);
    }
    if (c->channel_email != NULL && channel_check(c->channel_email, &err) != SENDA_OK) {
        say_at(k, "channel", SENDA_BAD, err.text);
    }
    if (c->endpoint != NULL) {
        check_pages(k);
    }
    if (c->rules != NULL) {
        check_rules(k);
    }
    note(k);
}

int
loop_check(const char *config)
{
    check_t k = { .mistakes = 0 };
    senda_err_t err = { "" };
    senda_rc_t rc = config_check(&k.config, config, say, &k, &err);

    if (rc == SENDA_SYS) {
        (void)fprintf(stderr, "senda run: %s\n", err.text);
        return 2;
    }
    check_all(&k);
    if (k.mistakes == 0) {
        (void)printf("%s: no mistakes\n", config);
    } else {
        (void)printf("%s: %u %s\n", config, k.mistakes, k.mistakes == 1 ? "mistake" : "mistakes");
    }
    config_free(&k.config);
    return k.unread ? 2 : k.mistakes > 0 ? 1 : 0;
}
