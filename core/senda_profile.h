/*
 * What nginx knows of one visitor: counts, first and last moments and tags,
 * as a plain struct, and its packed form for live/. The drain and a worker
 * that answers a variable apply visits with the same function, so that the
 * page being made and the store never disagree.
 *
 * A packed profile begins with its version; one of an unknown version is
 * SENDA_BAD and is left as it is.
 */

#ifndef SENDA_PROFILE_H
#define SENDA_PROFILE_H

#include "senda_rules.h"

typedef struct {
    senda_key_t key;
    uint32_t count;
    senda_sec_t first, last;
    uint32_t nmoments; /* the latest, oldest first */
    senda_sec_t moments[SENDA_MOMENTS_MAX];
} senda_counter_t;

typedef struct {
    uint32_t tag;
    senda_sec_t since;
} senda_tag_t;

typedef struct {
    senda_sec_t first, last;
    unsigned ncounters; /* in order of key */
    unsigned ntags;     /* in the order they were got */
    unsigned refused;   /* counters and tags that did not fit; not packed */
    senda_tag_t tags[SENDA_TAGS_MAX];
    senda_counter_t counters[SENDA_COUNTERS_MAX];
} senda_profile_t;

#define SENDA_PROFILE_PACKED_MAX 65536

/* An empty profile: a visitor never seen. */
void senda_profile_init(senda_profile_t *p);

/* SENDA_OK or SENDA_BAD (the profile is then empty). */
senda_rc_t senda_profile_load(senda_profile_t *p, const void *data, size_t len);

/* Writes at most SENDA_PROFILE_PACKED_MAX bytes to buf; the length, or 0 if they do not fit. */
size_t senda_profile_dump(const senda_profile_t *p, void *buf, size_t size);

/*
 * Counts one visit at t under SENDA_KEY_ANY (if it is a page view: any_page)
 * and each of keys, then gives the tags whose threshold it crossed.
 */
void senda_profile_apply(senda_profile_t *p, const senda_rules_t *r, uint32_t site, bool any_page,
    const senda_key_t *keys, unsigned nkeys, senda_sec_t t);

/* How often key was counted, 0 if never. */
uint32_t senda_profile_count(const senda_profile_t *p, senda_key_t key);

/* NULL if key was never counted. */
const senda_counter_t *senda_profile_counter(const senda_profile_t *p, senda_key_t key);

bool senda_profile_has_tag(const senda_profile_t *p, uint32_t tag);

#endif
