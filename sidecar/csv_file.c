/*
 * libcsv does the parsing; this file, the only one that knows it, gathers its
 * fields into rows. Reads in one pass, keeps one row.
 */

#include "csv_file.h"

#include <csv.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    csv_row_pt take;
    void *ctx;
    senda_err_t *err;
    senda_rc_t rc;
    uint64_t row;
    unsigned n;
    size_t used;
    size_t begin[CSV_COLUMNS_MAX + 1]; /* of each field in bytes */
    char bytes[CSV_ROW_MAX];
} rows_t;

static void
on_field(void *text, size_t len, void *ctx)
{
    rows_t *r = ctx;

    if (r->rc != SENDA_OK)
        return;
    if (r->n == CSV_COLUMNS_MAX || len + 1 > sizeof(r->bytes) - r->used) {
        r->rc = senda_fail(r->err, SENDA_BAD, "%s: row %llu: more than %d columns or %d bytes",
            r->name, (unsigned long long)r->row + 1, CSV_COLUMNS_MAX, CSV_ROW_MAX);
        return;
    }
    r->begin[r->n++] = r->used;
    if (len > 0)
        memcpy(r->bytes + r->used, text, len);
    r->bytes[r->used + len] = '\0';
    r->used += len + 1;
    r->begin[r->n] = r->used;
}

static void
on_row(int end, void *ctx)
{
    senda_str_t fields[CSV_COLUMNS_MAX];
    rows_t *r = ctx;

    (void)end;
    if (r->rc != SENDA_OK)
        return;
    for (unsigned i = 0; i < r->n; i++)
        fields[i] = (senda_str_t){ r->bytes + r->begin[i], r->begin[i + 1] - r->begin[i] - 1 };
    r->rc = r->take(r->ctx, ++r->row, fields, r->n, r->err);
    r->n = 0;
    r->used = 0;
}

/* A byte order mark is no text; the first row shows what separates. */
static size_t
begin_of(struct csv_parser *csv, const char *buf, size_t len)
{
    size_t skip = len >= 3 && memcmp(buf, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    unsigned commas = 0, semicolons = 0;

    for (size_t i = skip; i < len && buf[i] != '\n'; i++) {
        commas += buf[i] == ',';
        semicolons += buf[i] == ';';
    }
    if (semicolons > commas)
        csv_set_delim(csv, ';');
    return skip;
}

static senda_rc_t
parse(struct csv_parser *csv, FILE *in, rows_t *r)
{
    char buf[65536];
    bool first = true;
    size_t n;

    while (r->rc == SENDA_OK && (n = fread(buf, 1, sizeof(buf), in)) > 0) {
        size_t skip = first ? begin_of(csv, buf, n) : 0;

        first = false;
        if (csv_parse(csv, buf + skip, n - skip, on_field, on_row, r) != n - skip)
            return senda_fail(r->err, SENDA_BAD, "%s: row %llu: %s", r->name,
                (unsigned long long)r->row + 1, csv_strerror(csv_error(csv)));
    }
    if (ferror(in))
        return senda_fail(r->err, SENDA_SYS, "%s: %s", r->name, strerror(errno));
    if (r->rc == SENDA_OK && csv_fini(csv, on_field, on_row, r) != 0)
        return senda_fail(r->err, SENDA_BAD, "%s: a quote is not closed", r->name);
    return r->rc;
}

senda_rc_t
csv_file_read(const char *file, csv_row_pt take, void *ctx, senda_err_t *err)
{
    struct csv_parser csv;
    FILE *in = fopen(file, "re");
    senda_rc_t rc = SENDA_SYS;
    rows_t *r = NULL;

    if (in == NULL)
        return senda_fail(err, SENDA_SYS, "%s: %s", file, strerror(errno));
    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        rc = senda_fail(err, SENDA_SYS, "out of memory");
        goto close;
    }
    r = g_new0(rows_t, 1);
    r->name = file;
    r->take = take;
    r->ctx = ctx;
    r->err = err;
    rc = parse(&csv, in, r);
    csv_free(&csv);
    g_free(r);
close:
    fclose(in);
    return rc;
}
