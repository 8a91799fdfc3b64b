/*
 * The links of a message: found in its HTML and its text, numbered, replaced.
 * Pure: bytes in (valid UTF-8), bytes out, the same for the same input.
 *
 * A link is the href of <a>, <area> or of Outlook's VML that leads to http or
 * https, and an address that stands in the text. Left as they are: other
 * schemes, places in the page, addresses below `own`, what bears
 * data-senda="direct" (which is taken away; the same address in the text is
 * then left, too), what is longer than SENDA_LINK_MAX and what comes after
 * SENDA_LINKS_MAX others; and what leads to where nobody vouches for: a link of
 * ours that leads to wherever a visitor wrote would lend him the shop's name.
 * The same address has one number.
 */

#ifndef SENDA_MAIL_MESSAGE_LINKS_H
#define SENDA_MAIL_MESSAGE_LINKS_H

#include "senda_limits.h"
#include "senda.h"

typedef struct {
    unsigned n;
    char *address[SENDA_LINKS_MAX]; /* link number i leads to address[i]: senda_link_is_address */
    unsigned ndirect;
    char *direct[SENDA_LINKS_MAX];
} message_links_t;

/* What stands in a link's place, free of quotes, spaces and angle brackets; malloc'ed by GLib. */
typedef char *(*message_link_pt)(void *ctx, unsigned link);

typedef struct {
    const char *own; /* addresses that begin so are ours already; NULL: none */
    message_link_pt stand_in;
    void *ctx;
    bool (*vouches)(void *ctx, const char *authority); /* may a link lead there; NULL: anywhere */
} message_linker_t;

/* Both return new text, malloc'ed by GLib, and add to links. HTML comes first. */
char *message_links_html(const char *html, const message_linker_t *how, message_links_t *links);
char *message_links_text(const char *text, const message_linker_t *how, message_links_t *links);

/* User, host and port of an address, as vouches gets them; malloc'ed by GLib; NULL: it has none. */
char *message_links_authority(const char *raw);

void message_links_free(message_links_t *links);

#endif
