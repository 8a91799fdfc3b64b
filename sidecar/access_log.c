/*
 * A reader of lines and a parser of one line. Both look at each byte once or
 * twice and allocate nothing a line. Whatever a hostile client made the server
 * write is at worst a line that is refused.
 */

#include "access_log.h"
#include "log_bytes.h"

#include <stdlib.h>

/* What is left of the line. */
typedef struct {
    const char *p, *end;
} rest_t;

/* Up to the next space, which is taken too; false if there is none or nothing before it. */
static bool
word(rest_t *r, senda_str_t *out)
{
    const char *space = memchr(r->p, ' ', (size_t)(r->end - r->p));

    if (space == NULL || space == r->p)
        return false;
    *out = (senda_str_t){ r->p, (size_t)(space - r->p) };
    r->p = space + 1;
    return true;
}

/* "…", a backslash escapes; the escapes stay in. */
static bool
quoted(rest_t *r, senda_str_t *out)
{
    const char *p = r->p;

    if (p == r->end || *p++ != '"')
        return false;
    out->p = p;
    while (p < r->end && *p != '"')
        p += *p == '\\' && p + 1 < r->end ? 2 : 1;
    if (p == r->end)
        return false;
    out->n = (size_t)(p - out->p);
    r->p = p + 1;
    return true;
}

static bool
digits(const char *p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *out = *out * 10 + (p[i] - '0');
    }
    return true;
}

static int
month_of(const char *p)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int m = 0; m < 12; m++) {
        if (memcmp(names + 3 * m, p, 3) == 0)
            return m + 1;
    }
    return 0;
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March here. */
static int64_t
days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* [17/May/2015:10:05:03 +0000] */
static bool
timestamp(rest_t *r, senda_sec_t *at)
{
    const char *p = r->p;
    int day, month, year, hour, minute, second, off_hour, off_minute, offset;

    if (r->end - p < 29 || p[0] != '[' || p[3] != '/' || p[7] != '/' || p[12] != ':' ||
        p[15] != ':' || p[18] != ':' || p[21] != ' ' || p[27] != ']' || p[28] != ' ' ||
        (p[22] != '+' && p[22] != '-'))
        return false;
    month = month_of(p + 4);
    if (month == 0 || !digits(p + 1, 2, &day) || !digits(p + 8, 4, &year) ||
        !digits(p + 13, 2, &hour) || !digits(p + 16, 2, &minute) || !digits(p + 19, 2, &second) ||
        !digits(p + 23, 2, &off_hour) || !digits(p + 25, 2, &off_minute))
        return false;
    if (day < 1 || day > 31 || year < 1970 || hour > 23 || minute > 59 || second > 60 ||
        off_hour > 18 || off_minute > 59)
        return false;
    offset = (off_hour * 60 + off_minute) * 60;
    *at = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
        (p[22] == '-' ? -offset : offset);
    r->p = p + 29;
    return *at >= 0;
}

/* "METHOD target HTTP/1.1", a method in capitals. */
static bool
request(senda_str_t text, access_line_t *line)
{
    rest_t r = { text.p, text.p + text.n };

    if (!word(&r, &line->method) || !word(&r, &line->target) || r.end - r.p < 6 ||
        memcmp(r.p, "HTTP/", 5) != 0 || memchr(r.p, ' ', (size_t)(r.end - r.p)) != NULL)
        return false;
    for (size_t i = 0; i < line->method.n; i++) {
        if (line->method.p[i] < 'A' || line->method.p[i] > 'Z')
            return false;
    }
    return true;
}

bool
access_log_parse(access_line_t *line, senda_str_t text)
{
    rest_t r = { text.p, text.p + text.n };
    senda_str_t skipped, req;

    if (!word(&r, &line->address) || !word(&r, &skipped))
        return false;
    /* a user's name may hold spaces: go on to the bracket */
    line->user = (senda_str_t){ r.p, 0 };
    while (r.p < r.end && *r.p != '[') {
        if (!word(&r, &skipped))
            return false;
    }
    if (r.p > line->user.p)
        line->user.n = (size_t)(r.p - 1 - line->user.p);
    if (senda_str_eq(line->user, SENDA_STR("-")))
        line->user.n = 0;
    if (!timestamp(&r, &line->at) || !quoted(&r, &req) || r.end - r.p < 6 || r.p[0] != ' ' ||
        !digits(r.p + 1, 3, &line->status) || r.p[4] != ' ')
        return false;
    r.p += 5;
    if (!word(&r, &skipped) || !quoted(&r, &skipped) || r.p == r.end || *r.p++ != ' ' ||
        !quoted(&r, &line->agent))
        return false;
    if (senda_str_eq(line->agent, SENDA_STR("-")))
        line->agent.n = 0;
    return request(req, line);
}

struct access_log_s {
    log_bytes_t *bytes;
    bool at_end;
    size_t from, to; /* what of buf is not yet handed out */
    char buf[16 * ACCESS_LINE_MAX];
};

access_log_t *
access_log_open(const char *file, senda_err_t *err)
{
    access_log_t *log = malloc(sizeof(*log));

    if (log == NULL) {
        senda_fail(err, SENDA_SYS, "out of memory");
        return NULL;
    }
    log->bytes = log_bytes_open(file, err);
    if (log->bytes == NULL) {
        free(log);
        return NULL;
    }
    log->at_end = false;
    log->from = log->to = 0;
    return log;
}

void
access_log_close(access_log_t *log)
{
    if (log == NULL)
        return;
    log_bytes_close(log->bytes);
    free(log);
}

uint64_t
access_log_taken(const access_log_t *log)
{
    return log_bytes_taken(log->bytes);
}

uint64_t
access_log_size(const access_log_t *log)
{
    return log_bytes_size(log->bytes);
}

/* More bytes behind what is left, which goes to the front first. */
static senda_rc_t
fill(access_log_t *log, senda_err_t *err)
{
    size_t n;

    memmove(log->buf, log->buf + log->from, log->to - log->from);
    log->to -= log->from;
    log->from = 0;
    if (log_bytes_read(log->bytes, log->buf + log->to, sizeof(log->buf) - log->to, &n, err) !=
        SENDA_OK)
        return SENDA_SYS;
    log->at_end = n == 0;
    log->to += n;
    return SENDA_OK;
}

/* Skips the tail of a line that was too long. */
static senda_rc_t
skip_line(access_log_t *log, senda_err_t *err)
{
    char *end;

    while ((end = memchr(log->buf + log->from, '\n', log->to - log->from)) == NULL) {
        log->from = log->to;
        if (log->at_end)
            return SENDA_OK;
        if (fill(log, err) != SENDA_OK)
            return SENDA_SYS;
    }
    log->from = (size_t)(end + 1 - log->buf);
    return SENDA_OK;
}

senda_rc_t
access_log_next(access_log_t *log, senda_str_t *text, senda_err_t *err)
{
    static const char cut[] = "(line too long)";
    char *end;

    while (
        (end = memchr(log->buf + log->from, '\n', log->to - log->from)) == NULL && !log->at_end) {
        if (log->to - log->from > ACCESS_LINE_MAX) {
            *text = (senda_str_t){ cut, sizeof(cut) - 1 };
            return skip_line(log, err);
        }
        if (fill(log, err) != SENDA_OK)
            return SENDA_SYS;
    }
    if (end == NULL) {
        if (log->from == log->to)
            return SENDA_NONE;
        end = log->buf + log->to;
    }
    *text = (senda_str_t){ log->buf + log->from, (size_t)(end - (log->buf + log->from)) };
    log->from = end == log->buf + log->to ? log->to : (size_t)(end + 1 - log->buf);
    if (text->n > 0 && text->p[text->n - 1] == '\r')
        text->n--;
    return SENDA_OK;
}
