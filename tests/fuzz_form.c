/*
 * Fuzzes a form's body: what is kept is within its bound, is form-encoded, has
 * only names that were asked for, and says the same when it is read again.
 */

#include "senda_form.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const senda_str_t inputs[] = { { "email", 5 }, { "name", 4 }, { "a b", 3 }, { "\xff", 1 },
    { "pass", 4 } };

#define NINPUTS (sizeof(inputs) / sizeof(inputs[0]))

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[SENDA_HEADER_MAX], again[SENDA_HEADER_MAX];
    senda_str_t body = { (const char *)data, size };
    senda_form_count_t count, second;
    size_t n = senda_form_keep(body, inputs, NINPUTS, out, sizeof(out), &count);

    if (n > sizeof(out) || count.kept > SENDA_FORM_PAIRS) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)out[i] <= ' ' || (unsigned char)out[i] >= 0x7f) {
            abort();
        }
    }
    if (senda_form_keep((senda_str_t){ out, n }, inputs, NINPUTS, again, sizeof(again), &second) !=
            n ||
        memcmp(out, again, n) != 0 || second.kept != count.kept || second.refused != 0) {
        abort();
    }
    return 0;
}
