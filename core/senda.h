/*
 * The words that every part of Senda shares: a slice, a closed set of return
 * codes, an error with a text, and the time units.
 *
 * Ownership: a slice never owns its bytes; who made the bytes says how long
 * they live.
 */

#ifndef SENDA_H
#define SENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns; not NUL-terminated. */
typedef struct {
    const char *p;
    size_t n;
} senda_str_t;

#define SENDA_STR(literal) ((senda_str_t){ (literal), sizeof(literal) - 1 })

/* Every function of core/ that can fail returns one of these and nothing else. */
typedef enum {
    SENDA_OK = 0,
    SENDA_NONE, /* not there: an answer, not a fault */
    SENDA_FULL, /* a bound was reached; the caller counts it */
    SENDA_BAD,  /* the data is not what it says it is */
    SENDA_SYS,  /* the system or a library refused; the error has its words */
} senda_rc_t;

/* Why something failed, in words for a log line. */
typedef struct {
    char text[256];
} senda_err_t;

/*
 * Writes a printf-style text into err (which may be NULL), cut to fit.
 * Returns rc, so that a failing function can end with it.
 */
senda_rc_t senda_fail(senda_err_t *err, senda_rc_t rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Seconds since 1970, UTC. Time is an argument everywhere in core/. */
typedef int64_t senda_sec_t;

/* Milliseconds since 1970, UTC. */
typedef int64_t senda_ms_t;

#define SENDA_VISITOR_LEN 16

/* A browser: 128 random bits; all zero means none. */
typedef struct {
    uint8_t b[SENDA_VISITOR_LEN];
} senda_visitor_t;

static inline bool
senda_str_eq(senda_str_t a, senda_str_t b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* s must be NUL-terminated and outlive the slice. */
static inline senda_str_t
senda_cstr(const char *s)
{
    return (senda_str_t){ s, strlen(s) };
}

static inline bool
senda_visitor_is_none(const senda_visitor_t *v)
{
    static const senda_visitor_t none;

    return memcmp(v, &none, sizeof(none)) == 0;
}

#endif
