/*
 * The rules as nginx sees them: one flat, position-independent blob that the
 * sidecar compiles and publishes, and that matching reads in place.
 *
 * A senda_rules_t owns nothing but its few pointers into the blob; the blob
 * must outlive it. Names that a match returns point into the blob, values
 * into the url. senda_rules_open checks every offset once, so that matching
 * needs no checks: a damaged blob is refused whole, never half believed.
 */

#ifndef SENDA_RULES_H
#define SENDA_RULES_H

#include "senda_key.h"
#include "senda_url.h"
#include "senda_zone.h"

typedef struct senda_rules_s senda_rules_t;

typedef struct {
    senda_str_t name, value;
} senda_capture_t;

/* All that one request is. */
typedef struct {
    unsigned
        nkeys; /* pages in file order, then events, each once; dropped says how many did not fit */
    senda_key_t keys[SENDA_KEYS_MAX];
    unsigned ncaptures; /* a name's first value wins */
    senda_capture_t captures[SENDA_CAPTURES_MAX];
    unsigned dropped;
} senda_match_t;

/* A tag that nginx itself gives: key's count reached. */
typedef struct {
    uint32_t tag; /* id, never reused */
    senda_str_t name;
    uint32_t site;
    senda_key_t key;
    uint32_t times;      /* 1 … SENDA_MOMENTS_MAX when within is set */
    senda_span_t within; /* zero: ever */
} senda_tag_rule_t;

/*
 * Checks the blob (any alignment is SENDA_BAD unless 8) and makes a handle for
 * it. SENDA_OK; SENDA_BAD with the reason; SENDA_SYS (no memory). Free with
 * senda_rules_close, which leaves the blob alone.
 */
senda_rc_t senda_rules_open(senda_rules_t **out, const void *blob, size_t len, senda_err_t *err);
void senda_rules_close(senda_rules_t *r);

uint64_t senda_rules_generation(const senda_rules_t *r);

/*
 * The site's id for a name (any of its hosts, "www." and case aside), or 0.
 * A site without hosts answers to every name that no other site has.
 */
uint32_t senda_rules_site(const senda_rules_t *r, senda_str_t host);

/* The site's time zone; its steps live as long as r. NULL (UTC) for an unknown site. */
const senda_zone_t *senda_rules_zone(const senda_rules_t *r, uint32_t site);

/*
 * What u is on this site: every page that matches, the events they stand for,
 * what they capture. Costs the path's length, not the number of rules.
 */
void senda_rules_match(const senda_rules_t *r, uint32_t site, const senda_url_t *u,
    senda_match_t *m);

/* Adds a capture: a name's first value wins; what does not fit is counted in m->dropped. */
void senda_match_capture(senda_match_t *m, senda_capture_t c);

/* The key of a page (by its name on a site) or of an event (custom ones by site); SENDA_NONE. */
senda_rc_t senda_rules_page(const senda_rules_t *r, uint32_t site, senda_str_t name,
    senda_key_t *key);
senda_rc_t senda_rules_event(const senda_rules_t *r, uint32_t site, senda_str_t name,
    senda_key_t *key);

/*
 * Answers of a page's form that are kept, by the form's own names, i from 0:
 * SENDA_OK with *input, SENDA_NONE after the last.
 */
senda_rc_t senda_rules_input(const senda_rules_t *r, senda_key_t page, unsigned i,
    senda_str_t *input);

/* A block that the rules show at a position of the page. */
typedef struct {
    senda_str_t block, position;
    bool conditional; /* only to those of whom published/ says so; else to everybody */
} senda_rule_show_t;

/* A site's blocks in the order of its rule file, i from 0: SENDA_OK, SENDA_NONE after the last. */
senda_rc_t senda_rules_show(const senda_rules_t *r, uint32_t site, unsigned i,
    senda_rule_show_t *show);

/* Whether a page of the site asks for an argument of that name (decoded). */
bool senda_rules_names_arg(const senda_rules_t *r, uint32_t site, senda_str_t name);

/* A host of the site (the first by name); empty for one that answers to every host, or none. */
senda_str_t senda_rules_site_name(const senda_rules_t *r, uint32_t site);

/* Calls each with every page and custom event of every site; names point into the blob. */
typedef void (*senda_rules_name_pt)(void *ctx, uint32_t site, senda_key_t key, senda_str_t name);
void senda_rules_names(const senda_rules_t *r, senda_rules_name_pt each, void *ctx);

/* A tag's name by its id, also of those that only flows give; empty if unknown. */
senda_str_t senda_rules_tag_name(const senda_rules_t *r, uint32_t tag);

/*
 * The tag rules that key can set, i from 0: SENDA_OK with *rule, SENDA_NONE
 * after the last.
 */
senda_rc_t senda_rules_tag_by_key(const senda_rules_t *r, senda_key_t key, unsigned i,
    senda_tag_rule_t *rule);

/* How many moments of key a profile must keep: 0 if no rule has a window on it. */
unsigned senda_rules_moments(const senda_rules_t *r, senda_key_t key);

#endif
