/*
 * From a template and a person's values to a MIME message. The one file that
 * uses GMime is message.c.
 *
 * A template file is headers on top (From, Subject, Reply-To, Preheader, X-…;
 * each Mustache, plain; only Subject must be there), an empty line, then
 * parts: a line `--- text` or `--- html` opens one (text alone needs no such
 * line); with only html the text part is made from it. Preheader is the line
 * that mail clients show beside the subject. A line `{{! … }}` among the
 * headers is a comment.
 *
 * Values: what the caller gives, and over it from the settings `postal`,
 * `unsubscribe_url` (of the endpoint), `unsubscribe_mailto` (a whole mailto:
 * address for a link) and `unsubscribe_address`; `email` and `name` from the
 * request unless the caller gives them. Marketing mail whose template shows no
 * address to write to, or no way to unsubscribe, gets a small footer of ours
 * with what is missing.
 *
 * With an endpoint all links go through it (message_links.h), marketing mail
 * can be left with one click (RFC 8058), and with `opens` a picture of one
 * pixel tells of it being shown.
 */

#ifndef SENDA_MAIL_MESSAGE_H
#define SENDA_MAIL_MESSAGE_H

#include "message_links.h"
#include "mustache.h"
#include "senda_message.h"

#define MESSAGE_TEMPLATE_MAX \
    (256u << 10)                 /* bytes of a template or partial file; more is an error */
#define MESSAGE_PARTIALS_MAX 64  /* partial files of one message; further ones render as nothing */
#define MESSAGE_HEADERS_MAX  32  /* headers of a template; more is an error */
#define MESSAGE_HEADER_MAX   900 /* bytes of one header's value; longer is cut */
#define MESSAGE_UNIQUE_MAX   128 /* bytes of unique; longer is an error */
#define MESSAGE_NAME_MAX     128 /* bytes of a template's name; longer: no such template */
#define MESSAGE_ADDRESS_MAX  254 /* bytes of an address (RFC 5321, 4.5.3.1) */

typedef struct {
    const char *dir;              /* templates: DIR/NAME.mustache; partials: DIR/_NAME.mustache */
    const char *from;             /* default From, "Name <a@example.com>" */
    const char *list_unsubscribe; /* address for mailto:, NULL for transactional mail */
    const char *postal;           /* the visible address to write to */
    const char *id_domain;        /* right side of the Message-ID */
    const char *endpoint;         /* "https://shop.example.com/senda/"; NULL: links stay */
    const senda_keys_t *keys;     /* of links; NULL or none: as without an endpoint */
    bool opens;
} message_settings_t;

typedef struct {
    const char *template;
    const char *to;       /* one address */
    const char *to_name;  /* NULL if unknown */
    const char *unique;   /* [a-z0-9.]: left side of the Message-ID; same unique, same id */
    senda_sec_t date;     /* of the Date header */
    const char *language; /* "es": Content-Language and our own footer's words */
    bool transactional;
    const tval_t *values; /* borrowed */
    const char *site_url; /* the shop's own address; NULL if unknown */
    senda_message_t id;   /* what its links name; none: as without an endpoint */
} message_request_t;

/* A finished message; free with message_free. bytes have CRLF line ends. */
typedef struct {
    char *bytes;
    size_t len;
    char *envelope_from, *envelope_to, *message_id, *subject;
    message_links_t links; /* that go through the endpoint */
} message_t;

/*
 * SENDA_OK; SENDA_NONE (no such template); SENDA_BAD (template or address is
 * wrong: err names file, line, cause); SENDA_SYS. The same request makes the
 * same bytes, to the boundary.
 */
senda_rc_t message_make(const message_settings_t *s, const message_request_t *r, message_t *out,
    senda_err_t *err);
void message_free(message_t *m);

/* Checks a template without a person: same codes, for `senda check`. */
senda_rc_t message_check(const message_settings_t *s, const char *template, senda_err_t *err);

/*
 * One person's one form of an address: spaces around it go, all of it is lower
 * case, an international domain becomes ASCII. The form is that of RFC 5321,
 * 4.1.2, without address literals. SENDA_OK; SENDA_BAD (no address); SENDA_FULL (out is
 * too small; MESSAGE_ADDRESS_MAX + 1 bytes always do).
 */
senda_rc_t message_canonical_address(senda_str_t in, char *out, size_t size);

#endif
