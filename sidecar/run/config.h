/*
 * senda.conf: a setting a line, `name value`. `#` starts a comment at the
 * line's start or after a space; a value in "quotes" keeps its spaces and
 * signs. Relative paths are relative to the file's folder. The settings are
 * the rows of one table in config.c.
 *
 * Every text belongs to the config and goes with config_free.
 */

#ifndef SENDA_RUN_CONFIG_H
#define SENDA_RUN_CONFIG_H

#include "senda.h"

#define CONFIG_FILE_MAX     65536 /* bytes of senda.conf; longer is refused */
#define CONFIG_VALUE_MAX    2048  /* bytes of one value; longer is refused */
#define CONFIG_SETTINGS     16    /* at most, in the table */
#define CONFIG_ENDPOINT_MAX 500   /* bytes: with a token it stands in one line of a header */

typedef struct {
    char *file;
    char *store, *key, *rules, *messages; /* paths */
    char *from, *unsubscribe, *postal, *site_url;
    char *channel_email; /* "maildir:/…", "smtp://…" */
    char *endpoint;      /* of nginx, "https://shop.example.com/senda/"; NULL: none */
    char *opens;         /* "on" or "off"; NULL: off */
    char *pages;         /* path of the endpoint's templates; NULL: those that came with us */
    char *socket;        /* STORE/state/senda.sock unless set */
    unsigned lines[CONFIG_SETTINGS]; /* where each was set, by row of the table; 0: nowhere */
} config_t;

/* SENDA_OK; SENDA_BAD, naming file, line and cause; SENDA_SYS (cannot read). */
senda_rc_t config_read(config_t *c, const char *file, senda_err_t *err);

/* The same from text; file gives the folder of relative paths and the name in messages. */
senda_rc_t config_parse(config_t *c, const char *file, senda_str_t text, senda_err_t *err);

/* What only some commands need: everything that `senda run` does. SENDA_OK or SENDA_BAD. */
senda_rc_t config_complete(const config_t *c, senda_err_t *err);

/*
 * Reads the file for `senda run` and tells every mistake, each as one line with
 * file and line, instead of stopping at the first. *c holds what is good, also
 * with SENDA_BAD; free it unless SENDA_SYS (cannot read, err says why).
 */
typedef void (*config_mistake_pt)(void *ctx, const char *text);
senda_rc_t config_check(config_t *c, const char *file, config_mistake_pt said, void *ctx,
    senda_err_t *err);

/* Whether e-mails are to tell that they were shown. */
static inline bool
config_opens(const config_t *c)
{
    return c->opens != NULL && strcmp(c->opens, "on") == 0;
}

/* The line that sets something, 0 if none does. */
unsigned config_line(const config_t *c, const char *name);

void config_free(config_t *c);

#endif
