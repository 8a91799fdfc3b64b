/*
 * Fuzzes X-Senda-Contact and X-Senda-Event, and the address in them: bounded
 * texts come out, without control characters, closed by a NUL; whom the
 * sidecar reads in a header, nginx finds there too.
 */

#include "header.h"
#include "senda_contact.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
clean(const char *text, size_t max)
{
    size_t n = strnlen(text, max);

    if (n == max) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            abort();
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static header_contact_t contact;
    static header_event_t event;
    char buf[SENDA_EMAIL_MAX];
    senda_str_t raw = { (const char *)data, size };
    senda_err_t err;

    if (header_contact(raw, &contact, &err) == SENDA_OK) {
        clean(contact.email, sizeof(contact.email));
        if (contact.email[0] != '\0' && size <= SENDA_HEADER_MAX &&
            senda_contact_email(raw, buf).n == 0) {
            abort();
        }
        clean(contact.name, sizeof(contact.name));
        clean(contact.phone, sizeof(contact.phone));
        if (contact.nfields > HEADER_FIELDS_MAX) {
            abort();
        }
        for (unsigned i = 0; i < contact.nfields; i++) {
            clean(contact.fields[i].name, sizeof(contact.fields[i].name));
            clean(contact.fields[i].value, sizeof(contact.fields[i].value));
        }
    }
    if (header_event(raw, &event) == SENDA_OK &&
        (event.name.n == 0 || event.nfields > SENDA_CAPTURES_MAX)) {
        abort();
    }
    return 0;
}
