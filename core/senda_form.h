/*
 * Answers of a form, out of an application/x-www-form-urlencoded body (WHATWG
 * URL standard, 5.1). Pure; walks the body in place, copies nothing but what
 * is kept, reads nothing beyond it. What may never be kept is said here, and
 * nowhere else: by its name, or by being a card's number.
 */

#ifndef SENDA_FORM_H
#define SENDA_FORM_H

#include "senda_limits.h"
#include "senda.h"

/*
 * Takes the next pair off *rest: false at the end. Name and value are slices of
 * the body as they came (encoded); empty pieces between '&' are passed over.
 */
bool senda_form_next(senda_str_t *rest, senda_str_t *name, senda_str_t *value);

/*
 * Whether an answer of this name (decoded) is never kept: passwords, cards and
 * accounts, identity numbers, tokens. Case, '-', '_', '.', brackets do not
 * matter; English and Spanish.
 */
bool senda_form_is_secret_name(senda_str_t name);

/*
 * Whether a value (decoded) holds a card's number: 13 to 19 digits, in groups
 * or not, whose check digit is right (ISO/IEC 7812-1, annex B).
 */
bool senda_form_is_secret_value(senda_str_t value);

typedef struct {
    unsigned kept;
    unsigned refused; /* named by the rules, but never kept, too long or beyond the bounds */
} senda_form_count_t;

/*
 * Writes those answers of body whose name is among inputs into out
 * ("name=value&…", encoded anew), at most size bytes; the length. Answers
 * without a value are left out. out holds personal data: the caller wipes it.
 */
size_t senda_form_keep(senda_str_t body, const senda_str_t *inputs, unsigned ninputs, char *out,
    size_t size, senda_form_count_t *count);

#endif
