/*
 * A template file taken apart: headers on top, a text part, an HTML part. The
 * slices point into the file's text, which the struct owns; free with
 * message_template_free, also after a failure.
 */

#ifndef SENDA_MESSAGE_TEMPLATE_H
#define SENDA_MESSAGE_TEMPLATE_H

#include "message.h"

typedef struct {
    senda_str_t name, value; /* name as it stands in the file */
    unsigned line;
} message_header_t;

typedef struct {
    senda_str_t text;
    unsigned line; /* of its first; 0: the template has no such part */
} message_part_t;

typedef struct {
    char *name; /* of the file a partial was read from, without folder */
    char *bytes;
    size_t len;
} message_file_t;

typedef struct {
    const char *dir;
    char *file; /* "carrito-1.mustache", for messages */
    char *bytes;
    size_t len;
    unsigned nheaders;
    message_header_t headers[MESSAGE_HEADERS_MAX];
    message_part_t text, html;
    unsigned npartials;
    message_file_t partials[MESSAGE_PARTIALS_MAX];
} message_template_t;

/* SENDA_OK; SENDA_NONE (no such file); SENDA_BAD (its form is wrong); SENDA_SYS (cannot be read). */
senda_rc_t message_template_read(message_template_t *t, const char *dir, const char *name,
    senda_err_t *err);
void message_template_free(message_template_t *t);

/* A mustache_partial_pt; ctx is the template. DIR/_NAME.mustache, read once. */
bool message_template_partial(void *ctx, senda_str_t name, senda_str_t *text);

#endif
