/*
 * Words as the language compares them: without accents, in lower case
 * ("Página" is "pagina", "ñ" is "n").
 */

#ifndef SENDA_LANG_FOLD_H
#define SENDA_LANG_FOLD_H

#include "senda.h"

/*
 * Writes the folded form of valid UTF-8 and a NUL; returns its length without
 * it. What does not fit in size (at least 1) is cut.
 */
size_t fold_text(const char *p, size_t n, char *out, size_t size);

#endif
