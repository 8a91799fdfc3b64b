/*
 * What is wrong with the rule files, told to nginx's status page.
 */

#ifndef SENDA_RUN_RULES_ERROR_H
#define SENDA_RUN_RULES_ERROR_H

#include "senda_published.h"

/*
 * Puts the first lines of what rules_read reported into published/, without
 * addresses of people, with the moment `at` unless the same was there already;
 * text NULL or empty: nothing is wrong. Not within a transaction of p.
 * SENDA_OK, SENDA_FULL, SENDA_SYS.
 */
senda_rc_t rules_error_publish(senda_published_t *p, const char *text, senda_sec_t at,
    senda_err_t *err);

#endif
