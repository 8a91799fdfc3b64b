/*
 * From a report to published/: whole lines as far as there is room, and a last
 * one that says that there are more.
 */

#include "rules_error.h"

#include "senda_mask.h"

static const char more[] = "... and more; senda check says all of it";

/* The length of text as whole lines within its bound, without the last line's end. */
static size_t
whole_lines(const char *text, size_t n, size_t max)
{
    if (n > max) {
        for (n = max; n > 0 && text[n - 1] != '\n'; n--) {
        }
        if (n == 0) { /* one long line: up to a character's end */
            for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--) {
            }
        }
    }
    while (n > 0 && text[n - 1] == '\n') {
        n--;
    }
    return n;
}

static size_t
shorten(char buf[SENDA_RULES_ERROR_MAX], const char *text)
{
    size_t len = strlen(text), room = SENDA_RULES_ERROR_MAX - sizeof(more), n;

    if (len <= SENDA_RULES_ERROR_MAX) {
        n = whole_lines(text, len, SENDA_RULES_ERROR_MAX);
        memcpy(buf, text, n);
    } else {
        n = whole_lines(text, len, room);
        memcpy(buf, text, n);
        buf[n++] = '\n';
        memcpy(buf + n, more, sizeof(more) - 1);
        n += sizeof(more) - 1;
    }
    senda_mask_addresses(buf, n);
    return n;
}

senda_rc_t
rules_error_publish(senda_published_t *p, const char *text, senda_sec_t at, senda_err_t *err)
{
    char buf[SENDA_RULES_ERROR_MAX], known[SENDA_RULES_ERROR_MAX];
    size_t n = text != NULL ? shorten(buf, text) : 0, nknown;
    senda_sec_t since;
    senda_rc_t rc;

    nknown = senda_published_error(p, known, &since);
    if (n == nknown && (n == 0 || memcmp(buf, known, n) == 0)) {
        return SENDA_OK;
    }
    rc = senda_published_begin(p, err);
    if (rc != SENDA_OK) {
        return rc;
    }
    rc = senda_published_set_error(p, (senda_str_t){ buf, n }, n > 0 ? at : 0, err);
    if (rc != SENDA_OK) {
        senda_published_abort(p);
        return rc;
    }
    return senda_published_commit(p, err);
}
