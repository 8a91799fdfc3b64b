/*
 * The pages behind the links of messages, DIR/NAME.mustache: channels, saved,
 * unknown, later; partials DIR/_NAME.mustache. Rendered here for a site and a
 * language; what depends on who looks is put in by nginx, at marks.
 *
 * Values: `shop`, `site`, `site_url`, `postal`, `lang` ("es"), and by the
 * language's code a truth: {{#es}}…{{/es}}. For nginx: {{token}}, the page's
 * own address; {{#email}}…{{/email}}, shown to who has an address there, and
 * {{checked_email}} in it, " checked" if wanted; so too sms, push, webpush.
 */

#ifndef SENDA_MAIL_PAGES_H
#define SENDA_MAIL_PAGES_H

#include "mustache.h"
#include "senda_sent.h"

#define PAGES_PARTIALS_MAX 16 /* partial files of one page; further ones render as nothing */

typedef struct {
    const char *dir;
    const char *shop, *site, *site_url, *postal; /* NULL: not known */
    const char *language;
} pages_settings_t;

/* "channels" …; NULL for no kind. */
const char *pages_name(senda_page_t kind);

/* The folder that came with the program, malloc'ed by GLib; NULL: it is not there. */
char *pages_default_dir(void);

/*
 * SENDA_OK with *text (malloc'ed, at most SENDA_PAGE_MAX bytes); SENDA_NONE (no
 * such file); SENDA_BAD (err names file, line, cause); SENDA_SYS.
 */
senda_rc_t pages_make(const pages_settings_t *s, senda_page_t kind, char **text, size_t *len,
    senda_err_t *err);

#endif
