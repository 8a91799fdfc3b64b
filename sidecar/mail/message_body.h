/*
 * The rendered inside of a message, before it is MIME: header values on one
 * line, parts as UTF-8 with LF line ends. Free with message_body_free, also
 * after a failure.
 */

#ifndef SENDA_MESSAGE_BODY_H
#define SENDA_MESSAGE_BODY_H

#include "message_template.h"

typedef struct {
    char *from, *subject, *reply_to; /* reply_to: NULL if the template names none */
    unsigned nextra;                 /* X-… headers */
    char *extra_name[MESSAGE_HEADERS_MAX], *extra_value[MESSAGE_HEADERS_MAX];
    char *text;
    char *html;        /* NULL: text alone */
    char *unsubscribe; /* the endpoint's address for leaving; NULL: none */
    message_links_t links;
} message_body_t;

/* SENDA_OK; SENDA_BAD: err names file, line, cause; SENDA_SYS. */
senda_rc_t message_body_make(message_body_t *b, message_template_t *t, const message_settings_t *s,
    const message_request_t *r, senda_err_t *err);
void message_body_free(message_body_t *b);

/* A header's value on one line without control characters, malloc'ed; NULL makes "". */
char *message_clean_line(const char *s, size_t n);

/* HTML (valid UTF-8) as text that reads well, malloc'ed. */
char *message_text_of_html(const char *html, size_t n);

#endif
