/*
 * A rule file in plain sentences: the whole, what has a certain name, or what
 * an address is and what may follow from it. Reads the file's tree, asks the
 * matcher that nginx has, writes to one stream; changes nothing.
 *
 * Ownership: an explain_t borrows the world, which must outlive it.
 */

#ifndef SENDA_EXPLAIN_H
#define SENDA_EXPLAIN_H

#include "virtual.h"

typedef struct explain_s explain_t;

/* language: "es" or "en"; NULL: the file's. */
explain_t *explain_open(virtual_t *w, const char *language, FILE *out);
void explain_close(explain_t *e); /* NULL is allowed */

void explain_file(explain_t *e);

/*
 * Everything of that name, accents and case aside: SENDA_OK; SENDA_NONE, and
 * err says it in the language chosen, with the nearest name there is.
 */
senda_rc_t explain_name(explain_t *e, const char *name, senda_err_t *err);

/*
 * What an address is. SENDA_OK, also for one that is no page; SENDA_BAD, and
 * err says why, for what is no address of the site.
 */
senda_rc_t explain_url(explain_t *e, senda_method_t method, const char *address, senda_err_t *err);

#endif
