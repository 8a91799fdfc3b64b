/*
 * A rule file compiled for the engine: plain structs, no AST, no text to parse.
 * The language makes it (language/compile_flow.c), the engine reads it; both
 * know only this file of each other.
 *
 * Ownership: everything a program points to lives in its arena and goes with
 * program_free. A program never changes after it was made.
 *
 * A later statement is a new row in an enum here, a case in the compiler and a
 * case in the engine.
 */

#ifndef SENDA_PROGRAM_H
#define SENDA_PROGRAM_H

#include "senda_key.h"
#include "senda_zone.h"

/* Where it stands in the rule file, for `why` and for messages. */
typedef struct {
    const char *file;
    uint32_t line;
} prog_place_t;

typedef enum {
    COUNT_SOME,     /* at least once */
    COUNT_EXACTLY,  /* "3 times" in a condition; in a `when`: the count is first reached */
    COUNT_AT_LEAST, /* "more than 3 times" is COUNT_AT_LEAST 4 */
} prog_count_t;

/* "buys 3 times within 6 months": something that happens, counted. */
typedef struct {
    senda_key_t key; /* page or event; SENDA_KEY_ANY: any page view */
    prog_count_t count;
    uint32_t times;      /* with COUNT_EXACTLY and COUNT_AT_LEAST */
    senda_span_t within; /* zero: ever */
    bool since_start;    /* counted from the run's start on */
} prog_verb_t;

typedef enum {
    COND_VERB,
    COND_TAG,
    COND_AND,
    COND_OR,
    COND_NOT,
} prog_cond_kind_t;

/* What an `if`, a `stop if` or a goal asks. */
typedef struct prog_cond_s prog_cond_t;
struct prog_cond_s {
    prog_cond_kind_t kind;
    prog_verb_t verb;                /* COND_VERB */
    uint32_t tag;                    /* COND_TAG: index into program.tags */
    const prog_cond_t *left, *right; /* COND_AND, COND_OR; COND_NOT: left */
};

/*
 * A `when`: happens; or happens and then not `absent` within `span`; or, with
 * has_verb unset, not `absent` within `span` alone.
 */
typedef struct {
    bool has_verb;
    prog_verb_t verb;
    bool has_absent;
    prog_verb_t absent;
    senda_span_t span;
    prog_place_t place;
} prog_trigger_t;

typedef struct {
    const char *name;
    senda_key_t key;
    senda_key_t event; /* what the page is, 0 if nothing */
    prog_place_t place;
} prog_page_t;

/* An event declared `from api`; standard events need no row. */
typedef struct {
    const char *name;
    senda_key_t key;
} prog_event_t;

typedef struct {
    const char *name;
    uint32_t id;     /* published id */
    unsigned nwhens; /* several lines may give one tag */
    const prog_trigger_t *whens;
    bool by_nginx; /* all its lines count visits or events that nginx itself counts */
} prog_tag_t;

typedef enum {
    STEP_WAIT, /* span */
    STEP_SEND, /* channels in order, template */
    STEP_IF,   /* cond; false: go to target */
    STEP_JUMP, /* go to target */
    STEP_END,  /* the flow is finished; every flow ends in one */
} prog_step_kind_t;

typedef enum {
    CHANNEL_EMAIL = 0,
    CHANNEL_SMS,
    CHANNEL_PUSH,
    CHANNEL_WEBPUSH,
    CHANNELS
} prog_channel_t;

#define CHANNEL_BIT(c) (1u << (c))

typedef struct {
    prog_step_kind_t kind;
    uint32_t id; /* stable across versions of the file: a hash of what the step says and its
                         how-manieth it is in the flow; part of what makes a message unique */
    senda_span_t span;
    unsigned nchannels;
    prog_channel_t channels[CHANNELS];
    const char *template;
    const prog_cond_t *cond;
    uint32_t target;
    prog_place_t place;
} prog_step_t;

typedef enum { AGAIN_NEVER, AGAIN_AFTER, AGAIN_ALWAYS } prog_again_t;

typedef struct {
    const char *name;
    uint32_t id; /* published id, never reused */
    bool transactional;
    unsigned nstarts;
    const prog_trigger_t *starts; /* any of them */
    prog_again_t again;
    senda_span_t again_after;
    const prog_cond_t *stop;  /* NULL: none */
    const prog_cond_t *goal;  /* NULL: none */
    senda_span_t goal_within; /* zero: while the run goes on */
    unsigned nsteps;
    const prog_step_t *steps;
    prog_place_t place;
} prog_flow_t;

/* One line of a `test` block. */
typedef enum {
    TEST_CONTACT,    /* address */
    TEST_VISIT,      /* url, times, method */
    TEST_GETS,       /* channel, template, at */
    TEST_NEVER_GETS, /* channel, template */
    TEST_HAS_TAG,    /* name (negated: has no) */
    TEST_EVENT,      /* key: "buys", "signs up" … as the language allows */
} prog_test_kind_t;

typedef struct {
    prog_test_kind_t kind;
    bool negated;
    const char *text; /* address, url, template or tag name */
    prog_channel_t channel;
    senda_key_t key;
    uint32_t times;
    bool post;
    bool has_at;    /* day and second of day were written */
    uint32_t day;   /* 1 is Monday 1 June 2026 */
    int32_t second; /* of the day, local */
    prog_place_t place;
} prog_test_line_t;

typedef struct {
    const char *name;
    unsigned nlines;
    const prog_test_line_t *lines;
    prog_place_t place;
} prog_test_t;

typedef struct {
    const char *site; /* its first host, or "default" */
    uint32_t site_id;
    const char *zone_name; /* "Europe/Madrid" */
    senda_zone_t zone;
    const char *currency, *language; /* "EUR", "es" */
    unsigned npages, nevents, ntags, nflows, ntests;
    const prog_page_t *pages;
    const prog_event_t *events;
    const prog_tag_t *tags;
    const prog_flow_t *flows;
    const prog_test_t *tests;
    void *arena; /* the language's */
} program_t;

/* NULL is allowed. */
void program_free(program_t *p);

#endif
