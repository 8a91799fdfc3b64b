/*
 * Addresses of people taken out of texts that others see.
 */

#ifndef SENDA_MASK_H
#define SENDA_MASK_H

#include "senda.h"

/*
 * Replaces, in place, what may be an e-mail address in n bytes of text by as
 * many '*', its '@' (also written %40) excepted. Rather too much than too
 * little: whatever stands on both sides of an '@' goes.
 */
void senda_mask_addresses(char *text, size_t n);

#endif
