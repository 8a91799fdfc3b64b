/*
 * Lines of an access log, plain or packed by gzip, in the combined format of
 * nginx and Apache:
 *
 *     ADDRESS - USER [DAY/MON/YEAR:HH:MM:SS ±HHMM] "REQUEST" STATUS BYTES "REFERER" "AGENT"
 *
 * Parsing allocates nothing: slices point into the line. Reading keeps one
 * buffer; a line is valid until the next is asked for.
 */

#ifndef SENDA_ACCESS_LOG_H
#define SENDA_ACCESS_LOG_H

#include "senda.h"

#define ACCESS_LINE_MAX 65536 /* bytes; a longer line is handed out cut, and is then malformed */

typedef struct {
    senda_str_t address;
    senda_str_t user; /* who logged in with HTTP's own means; "-" is empty */
    senda_sec_t at;
    senda_str_t method, target; /* of the request line, as the client sent them */
    int status;
    senda_str_t agent; /* "-" is empty */
} access_line_t;

/* false: this is no such line, or its request is none that a browser sends. */
bool access_log_parse(access_line_t *line, senda_str_t text);

typedef struct access_log_s access_log_t;

/* "-" is standard input. NULL with the reason. */
access_log_t *access_log_open(const char *file, senda_err_t *err);
void access_log_close(access_log_t *log);

/* The next line without its end; SENDA_NONE at the end; SENDA_SYS (cannot be read). */
senda_rc_t access_log_next(access_log_t *log, senda_str_t *text, senda_err_t *err);

/* How many bytes of the file, as it lies there, were read; how many it has (0: not known). */
uint64_t access_log_taken(const access_log_t *log);
uint64_t access_log_size(const access_log_t *log);

#endif
