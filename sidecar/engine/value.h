/*
 * Values of fields, attributes and captures as numbers that can be compared:
 * what a rule file writes and what a visitor brings meet here. Pure.
 */

#ifndef SENDA_VALUE_H
#define SENDA_VALUE_H

#include "senda.h"

typedef enum { VALUE_TEXT, VALUE_NUMBER, VALUE_DATE } value_type_t;

#define VALUE_ONE 10000 /* of VALUE_NUMBER: ten-thousandths, also of money */

/*
 * VALUE_TEXT: a hash of the text without accents, case and outer space, never
 * 0. VALUE_NUMBER: "59.90", "59,90", "1.234,50", "1,234.50 EUR", "-3", in
 * ten-thousandths; further digits are cut. VALUE_DATE: "1990-02-28",
 * "28/02/1990", "28.2.1990", "28-02-1990", days since 1970-01-01, years 1800
 * to 2999. false: the text is no such value (an empty one never is).
 */
bool value_read(value_type_t type, senda_str_t text, int64_t *value);

/* value cmp other, with the prog_cmp_t of program.h. */
bool value_compare(int64_t value, int cmp, int64_t other);

#endif
