/*
 * Money as people write it: "900 EUR", "900€", "$ 900". Which currency is
 * meant is asked apart, for a "$" is that of many countries.
 */

#ifndef SENDA_LANG_MONEY_H
#define SENDA_LANG_MONEY_H

#include "senda.h"

/* Bytes of the currency's sign that s begins with: "€", "£", "¥", "$"; 0: none. */
size_t money_sign(senda_str_t s);

/*
 * Splits a text into a number and the currency at its end or, a sign, before
 * it. false: it is no number with a currency.
 */
bool money_split(senda_str_t text, senda_str_t *number, senda_str_t *currency);

/* Whether a currency, in letters or by its sign, is that of a site: "EUR". */
bool money_is(senda_str_t currency, const char *site);

#endif
