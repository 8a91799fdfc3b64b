/*
 * How frequent the searches of one site are: each query's searches of today
 * and of the 29 local days before. Queries are compared without accents, case
 * and outer space. Reads no clock: time is what it is told, and only goes
 * forward; an earlier search counts as today's.
 *
 * Bounded: when there are more different queries than there is room for, the
 * least frequent tenth is forgotten, of equally frequent ones those searched
 * longest ago.
 */

#ifndef SENDA_POPULAR_H
#define SENDA_POPULAR_H

#include "senda_zone.h"

#define POPULAR_QUERIES_MAX 20000 /* different queries of a site */
#define POPULAR_DAYS        30

typedef struct popular_s popular_t;

/* zone, the site's, must outlive it. */
popular_t *popular_new(const senda_zone_t *zone);
void popular_free(popular_t *p); /* NULL is allowed */

/*
 * Counts a search. Its rank, this search included: 1 + the queries that were
 * searched more often. 0: the query is empty, nothing was counted.
 */
uint32_t popular_search(popular_t *p, senda_sec_t at, senda_str_t query);

/* Queries that are known, and how many were forgotten because there was no room. */
uint32_t popular_queries(const popular_t *p);
uint64_t popular_forgotten(const popular_t *p);

#endif
