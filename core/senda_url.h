/*
 * An address as the rules see it: host without "www.", path percent-decoded
 * and without closing slash, arguments decoded as forms are (WHATWG URL, 5.1).
 * Nothing is allocated; every slice points into buf or into the caller's host.
 */

#ifndef SENDA_URL_H
#define SENDA_URL_H

#include "senda.h"
#include "senda_limits.h"

typedef enum {
    SENDA_METHOD_GET = 1, /* HEAD too */
    SENDA_METHOD_POST = 2,
    SENDA_METHOD_OTHER = 4, /* PUT, PATCH, DELETE: no page has them */
} senda_method_t;

typedef struct {
    senda_str_t name, value;
} senda_arg_t;

typedef struct {
    senda_method_t method;
    senda_str_t host; /* lower case, no port, no "www."; empty if unknown */
    senda_str_t path; /* begins with '/', at least "/" */
    unsigned nargs;
    senda_arg_t args[SENDA_ARGS_MAX];
    char host_buf[256];
    char buf[2 * SENDA_PATH_MAX];
} senda_url_t;

/*
 * Fills u from a request line's parts: raw path and raw arguments (without
 * '?'; may be empty) as the client sent them. A '%' that starts no escape
 * stays as it is; a NUL or control character decoded from one is SENDA_BAD.
 * SENDA_OK; SENDA_FULL (longer than SENDA_PATH_MAX); SENDA_BAD (path does not
 * begin with '/').
 */
senda_rc_t senda_url_set(senda_url_t *u, senda_method_t method, senda_str_t host,
    senda_str_t raw_path, senda_str_t raw_args);

/* The same with a host that senda_host_decode has made, and that outlives u's use. */
senda_rc_t senda_url_set_decoded(senda_url_t *u, senda_method_t method, senda_str_t host,
    senda_str_t raw_path, senda_str_t raw_args);

/* The same from "http://host/path?args" or "/path?args", fragment cut off. */
senda_rc_t senda_url_parse(senda_url_t *u, senda_method_t method, senda_str_t address);

/* The method of a request line's word. */
senda_method_t senda_method_of(senda_str_t word);

/*
 * Decodes %XX (and '+' to space when form is set) from src into dst of src.n
 * bytes or more; returns the length written. Never fails.
 */
size_t senda_percent_decode(char *dst, senda_str_t src, bool form);

/*
 * Decodes as senda_url_set does, so that what is compared with an address is
 * made of the same bytes: bytes that are no UTF-8 become U+FFFD. *len bytes
 * are written to dst. SENDA_OK; SENDA_FULL (more than size); SENDA_BAD (a NUL
 * or control character).
 */
senda_rc_t senda_url_decode(char *dst, size_t size, senda_str_t src, bool form, size_t *len);

/*
 * A host as it is compared: lower case, without port, user and "www.", without
 * closing dot. The length written; 0 if it is empty or longer than size.
 */
size_t senda_host_decode(char *dst, size_t size, senda_str_t host);

#endif
