/*
 * Fuzzes a line of an access log, and the address in it: slices stay within
 * the line, a decoded address within its buffers.
 */

#include "access_log.h"
#include "senda_bot.h"
#include "senda_url.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(senda_str_t part, senda_str_t whole)
{
    if (part.n > 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n)) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static senda_url_t url;
    senda_str_t text = { (const char *)data, size };
    access_line_t line;

    if (!access_log_parse(&line, text)) {
        (void)senda_url_parse(&url, SENDA_METHOD_GET, text);
        return 0;
    }
    inside(line.address, text);
    inside(line.user, text);
    inside(line.method, text);
    inside(line.target, text);
    inside(line.agent, text);
    (void)senda_is_bot(line.agent);
    (void)senda_is_asset(line.target);
    if (senda_url_parse(&url, senda_method_of(line.method), line.target) == SENDA_OK &&
        (url.path.n == 0 || url.path.p[0] != '/' || url.nargs > SENDA_ARGS_MAX)) {
        abort();
    }
    return 0;
}
