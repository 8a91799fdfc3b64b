/*
 * What nginx must know of messages to answer their links: in published/, by
 * the sidecar, before the message goes out. A message names its links and its
 * receiver by number; addresses of pages stand once each, however many
 * messages hold them. No address of a person ever stands here.
 */

#ifndef SENDA_SENT_H
#define SENDA_SENT_H

#include "senda_message.h"
#include "senda_published.h"

/* A link's address, by its hash (the first 8 bytes of SHA-256, most significant first). */
typedef uint64_t senda_link_t;

typedef struct {
    uint32_t site;
    uint64_t contact;
    senda_channel_t channel;
    char language[8]; /* of the contact, "es"; NUL-terminated */
    senda_sec_t at;   /* when it was made: records older than the retention go */
    unsigned nlinks;
    senda_link_t links[SENDA_LINKS_MAX]; /* link number i is links[i] */
} senda_sent_t;

/* Writer, in a transaction: SENDA_OK; SENDA_FULL (too many links); SENDA_SYS. */
senda_rc_t senda_sent_set(senda_published_t *p, const senda_message_t *id, const senda_sent_t *m,
    senda_err_t *err);

/* Reader or writer: SENDA_OK; SENDA_NONE (unknown, or of a newer version). */
senda_rc_t senda_sent_get(senda_published_t *p, const senda_message_t *id, senda_sent_t *m);

/*
 * Whether a link may lead there: http or https, a host, at most SENDA_LINK_MAX
 * bytes of printable ASCII without quotes, angle brackets and backslashes.
 */
bool senda_link_is_address(senda_str_t address);

/*
 * Writer, in a transaction: stores such an address under its number, used on
 * `day` (days since 1970). SENDA_OK with *link; SENDA_BAD: no such address; SENDA_FULL; SENDA_SYS.
 */
senda_rc_t senda_link_set(senda_published_t *p, senda_str_t address, uint32_t day,
    senda_link_t *link, senda_err_t *err);

/* Reader: the address, copied to buf (SENDA_LINK_MAX bytes); SENDA_OK or SENDA_NONE. */
senda_rc_t senda_link_get(senda_published_t *p, senda_link_t link, char *buf, size_t *len);

/* A contact's channels: those with an address, and those of them that are consented to. Bits. */
typedef struct {
    uint32_t has, wanted;
} senda_wishes_t;

/* Writer, in a transaction. */
senda_rc_t senda_wishes_set(senda_published_t *p, uint64_t contact, const senda_wishes_t *w,
    senda_err_t *err);
/* Reader: SENDA_OK or SENDA_NONE. */
senda_rc_t senda_wishes_get(senda_published_t *p, uint64_t contact, senda_wishes_t *w);

/* Pages of the endpoint, of a site in a language. */
typedef enum {
    SENDA_PAGE_CHANNELS = 1, /* to choose channels, or to leave all */
    SENDA_PAGE_SAVED,        /* what was chosen is kept */
    SENDA_PAGE_UNKNOWN,      /* a link that nobody knows (any more) */
    SENDA_PAGE_LATER,        /* it could not be kept just now */
    SENDA_PAGE_KINDS
} senda_page_t;

/*
 * In a page's text stand marks that nginx replaces: the byte SENDA_MARK, then
 * a letter.
 *
 *   t                  the token
 *   e s p w            " checked" if e-mail, SMS, push, web push is wanted, else nothing
 *   E S P W … the same letter again: what stands between them is left out where the
 *                      contact has no address of that channel
 */
#define SENDA_MARK '\x01'

/* Writer, in a transaction: SENDA_FULL over SENDA_PAGE_MAX. An empty text takes the page away. */
senda_rc_t senda_page_set(senda_published_t *p, uint32_t site, const char *language,
    senda_page_t kind, senda_str_t text, senda_err_t *err);

/*
 * Reader: copies a page to memory that the caller frees: the language's, else
 * the site's in any. site 0: that of any site. SENDA_OK; SENDA_NONE; SENDA_SYS.
 */
senda_rc_t senda_page_get(senda_published_t *p, uint32_t site, const char *language,
    senda_page_t kind, char **text, size_t *len);

/*
 * Writer, in a transaction: takes away messages made before a second, links
 * not used since its day. Looks at `max` records and goes on next time where
 * it ended; *looked says how many there were: fewer than max: once round.
 */
senda_rc_t senda_sent_sweep(senda_published_t *p, senda_sec_t before, unsigned max,
    unsigned *looked, senda_err_t *err);

#endif
