/*
 * The rows of a CSV file (RFC 4180), as a spreadsheet writes it: separated by
 * commas, or by semicolons if the first row has more of them; with or without
 * a byte order mark.
 */

#ifndef SENDA_CSV_FILE_H
#define SENDA_CSV_FILE_H

#include "senda.h"

#define CSV_COLUMNS_MAX 64    /* of a row; a row with more is an error */
#define CSV_ROW_MAX     65536 /* bytes; the same */

/*
 * One row, the first is the head; row counts from 1, an empty line is none. The
 * fields live during the call, each NUL-terminated. Anything but SENDA_OK ends
 * the reading and is handed on.
 */
typedef senda_rc_t (
    *csv_row_pt)(void *ctx, uint64_t row, const senda_str_t *fields, unsigned n, senda_err_t *err);

/* SENDA_OK; SENDA_SYS (cannot be read); SENDA_BAD (no CSV); what take returned. */
senda_rc_t csv_file_read(const char *file, csv_row_pt take, void *ctx, senda_err_t *err);

#endif
