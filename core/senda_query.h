/*
 * What of an address's arguments may be kept: those that a page of the rules
 * names, and the six by which campaigns are told apart. Everything else of a
 * query is the shop's and the shopper's affair, and stored nowhere.
 */

#ifndef SENDA_QUERY_H
#define SENDA_QUERY_H

#include "senda_rules.h"

/* utm_source, utm_medium, utm_campaign, utm_term, utm_content, utm_id. */
bool senda_query_is_campaign(senda_str_t name);

/*
 * Copies of args ("a=b&c=d", as the client sent them) those that may be kept,
 * in order and as they are, to out. One that does not fit in size bytes any
 * more is left out. The length.
 */
size_t senda_query_trim(const senda_rules_t *r, uint32_t site, senda_str_t args, char *out,
    size_t size);

/*
 * Adds the campaign's arguments of u that are not empty to m's captures, a
 * name's first value; what does not fit is counted in m->dropped.
 */
void senda_query_campaign(const senda_url_t *u, senda_match_t *m);

#endif
