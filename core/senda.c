/*
 * The text of an error. Never fails, never allocates, leaves errno alone.
 */

#include "senda.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

senda_rc_t
senda_fail(senda_err_t *err, senda_rc_t rc, const char *fmt, ...)
{
    va_list args;
    int saved = errno;

    if (err != NULL) {
        va_start(args, fmt);
        (void)vsnprintf(err->text, sizeof(err->text), fmt, args);
        va_end(args);
    }
    errno = saved;
    return rc;
}
