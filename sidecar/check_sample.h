/*
 * An access log held against a rule file: how often each page of the rules is
 * hit, and the paths that no page names. What is a visit, replay decides.
 */

#ifndef SENDA_CHECK_SAMPLE_H
#define SENDA_CHECK_SAMPLE_H

#include "access_log.h"
#include "virtual.h"

#define SAMPLE_PATHS_MAX 100000 /* different paths counted; visits to further ones are `beyond` */
#define SAMPLE_SHOWN     10     /* of them told of */

typedef struct {
    char *path; /* printable */
    uint64_t visits;
} sample_path_t;

typedef struct {
    uint64_t lines, visits, malformed, unmatched, beyond;
    uint64_t *pages; /* visits, as in the program */
    unsigned npaths;
    sample_path_t paths[SAMPLE_SHOWN]; /* the most frequent first */
} sample_t;

/* The log to its end. SENDA_OK; SENDA_SYS with the reason. Free with sample_free either way. */
senda_rc_t sample_read(sample_t *s, virtual_t *world, access_log_t *log, senda_err_t *err);
void sample_free(sample_t *s);

#endif
