/*
 * What senda_published.c, senda_known.c and senda_sent.c share: the handle and
 * its tables. Nobody else includes it.
 */

#ifndef SENDA_PUBLISHED_PARTS_H
#define SENDA_PUBLISHED_PARTS_H

#include "senda_published.h"

enum {
    PUBLISHED_META,
    PUBLISHED_NAMES,
    PUBLISHED_RULES,
    PUBLISHED_KNOWN, /* from here on newer than format 1: a reader does without them */
    PUBLISHED_MESSAGES,
    PUBLISHED_LINKS,
    PUBLISHED_WISHES,
    PUBLISHED_PAGES,
    PUBLISHED_TABLES
};

struct senda_published_s {
    senda_store_t *store;
    senda_txn_t *txn;            /* the writing one, or NULL */
    uint64_t generation;         /* as of version */
    uint64_t version;            /* the store's, when generation was read; 0: never */
    char swept[SENDA_STORE_KEY]; /* where a sweep goes on */
    size_t nswept;
    unsigned swept_table;
};

#endif
