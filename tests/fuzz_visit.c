/*
 * Fuzzes the records: a visit, and what was sealed with it. What was read
 * must be written and read again as the same.
 */

#include "senda_visit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[SENDA_RECORD_MAX];
    senda_visit_t v, again;
    senda_private_t p;
    size_t len;

    if (senda_visit_load(&v, data, size) == SENDA_OK) {
        if (v.nkeys > SENDA_KEYS_MAX || v.ncaptures > SENDA_CAPTURES_MAX) {
            abort();
        }
        len = senda_visit_dump(&v, buf, sizeof(buf));
        if (len > 0 &&
            (senda_visit_load(&again, buf, len) != SENDA_OK || again.at != v.at ||
                again.nkeys != v.nkeys || again.ncaptures != v.ncaptures)) {
            abort();
        }
    }
    if (senda_private_load(&p, data, size) == SENDA_OK) {
        len = senda_private_dump(&p, buf, sizeof(buf));
        if (len > 0 && senda_private_load(&p, buf, len) != SENDA_OK) {
            abort();
        }
    }
    return 0;
}
