/*
 * What a replay found, on standard output: for people, or as JSON. With
 * options.only it is about that flow alone.
 */

#ifndef SENDA_REPLAY_PRINT_H
#define SENDA_REPLAY_PRINT_H

#include "replay_forecast.h"

/* RFC 3339, with the site's offset. */
void replay_time(const replay_t *r, senda_sec_t at, char *buf, size_t size);

void replay_print_table(const replay_t *r);
void replay_print_json(const replay_t *r);

#endif
