/*
 * What nginx itself reads of X-Senda-Contact: whether it names a person, and
 * by which e-mail. Everything else in it is the sidecar's.
 */

#ifndef SENDA_CONTACT_H
#define SENDA_CONTACT_H

#include "senda.h"
#include "senda_limits.h"

/*
 * The e-mail of a header's value (form-encoded: "email=Ana%40example.com&…"),
 * decoded, trimmed and in lower case, in buf; the last value that is not empty
 * counts. Empty: it names none.
 */
senda_str_t senda_contact_email(senda_str_t header, char buf[SENDA_EMAIL_MAX]);

#endif
