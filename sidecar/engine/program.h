/*
 * A rule file compiled for the engine: plain structs, no AST, no text to parse.
 * The language makes it (language/compile_*.c), the engine reads it; of each
 * other both know only this file and value.h.
 *
 * Ownership: everything a program points to lives in its arena and goes with
 * program_free. A program never changes after it was made. A row that is all
 * zeros but for what it needs is a valid one.
 *
 * A later statement is a new row in an enum here, a case in the compiler and a
 * case in the engine.
 */

#ifndef SENDA_PROGRAM_H
#define SENDA_PROGRAM_H

#include "senda_key.h"
#include "senda_zone.h"
#include "value.h"

/* Where it stands in the rule file, for `why` and for messages. */
typedef struct {
    const char *file;
    uint32_t line;
} prog_place_t;

typedef enum {
    CHANNEL_EMAIL = 0,
    CHANNEL_SMS,
    CHANNEL_PUSH, /* the app */
    CHANNEL_WEBPUSH,
    CHANNELS
} prog_channel_t;

#define CHANNEL_BIT(c) (1u << (c))

typedef enum { CMP_EQ, CMP_LT, CMP_LE, CMP_GT, CMP_GE } prog_cmp_t;

typedef enum {
    COUNT_SOME,     /* at least once */
    COUNT_EXACTLY,  /* "3 times" in a condition; in a `when`: the count is first reached */
    COUNT_AT_LEAST, /* "more than 3 times" is COUNT_AT_LEAST 4 */
} prog_count_t;

typedef enum {
    HAPPENS_KEY,     /* key: a page, an event, SENDA_KEY_ANY (any page view) */
    HAPPENS_SPENDS,  /* more than `span` in one view of the page `key` */
    HAPPENS_RETURNS, /* a page view, `span` or more after the last one */
    HAPPENS_ARRIVES, /* a position inside `place`, coming from outside */
} prog_happens_t;

/* What is counted of the happenings. */
typedef enum {
    BY_NONE,      /* they themselves */
    BY_SAME,      /* each value of `capture` for itself; in a flow: the run's value only */
    BY_DIFFERENT, /* the different values of `capture` */
    BY_DAY,       /* the different local days */
} prog_by_t;

/* "with total > 100 EUR": of the happening's fields. */
typedef struct {
    const char *field;
    prog_cmp_t cmp;
    value_type_t type; /* VALUE_TEXT: CMP_EQ only */
    int64_t value;     /* as value_read says */
    const char *text;  /* as written */
} prog_filter_t;

/* "buys 3 times within 6 months": something that happens, counted. */
typedef struct prog_verb_s prog_verb_t;
struct prog_verb_s {
    senda_key_t key;
    prog_count_t count;
    uint32_t times;      /* with COUNT_EXACTLY and COUNT_AT_LEAST */
    senda_span_t within; /* zero: ever */
    bool since_start;    /* counted from the run's start on */

    /* Which happenings: verbs that differ in any of these are counted apart. */
    prog_happens_t happens;
    senda_span_t span;
    uint32_t place;       /* index into program.places */
    const char *template; /* of SENDA_EV_MESSAGE_*: only this one; NULL: any */
    uint32_t channels;    /* of SENDA_EV_MESSAGE_*: CHANNEL_BITs, 0: any */
    uint32_t top;         /* of a search: among the so many most frequent; 0: any */
    unsigned nfilters;    /* all must hold */
    const prog_filter_t *filters;
    const prog_verb_t *before; /* "BEFORE and then this", in one visit; NULL: none */
    prog_by_t by;
    const char *capture; /* of BY_SAME, BY_DIFFERENT: "item" */
};

typedef enum {
    COND_VERB,
    COND_TAG, /* what: index into program.tags */
    COND_AND,
    COND_OR,
    COND_NOT,
    COND_TOTAL,    /* the sum of `total` of verb's happenings, in its window: cmp value */
    COND_FIRST,    /* verb's first happening is span or more ago (older), or less */
    COND_LAST,     /* the same for its last; false if there was none */
    COND_SCORE,    /* cmp value, in points */
    COND_STAGE,    /* what: prog_stage_t.stage */
    COND_SEGMENT,  /* what: index into program.segments */
    COND_FIELD,    /* what: index into program.fields; cmp value; false while it has none */
    COND_HAS,      /* what: a channel: its address is known */
    COND_CONSENTS, /* what: a channel */
} prog_cond_kind_t;

/* What an `if`, a `stop if`, a segment … asks. */
typedef struct prog_cond_s prog_cond_t;
struct prog_cond_s {
    prog_cond_kind_t kind;
    prog_verb_t verb; /* COND_VERB, COND_TOTAL, COND_FIRST, COND_LAST */
    uint32_t what;
    const prog_cond_t *left, *right; /* COND_AND, COND_OR; COND_NOT: left */
    prog_cmp_t cmp;
    int64_t value;    /* COND_TOTAL: of VALUE_NUMBER; COND_SCORE: points; COND_FIELD: its type's */
    const char *text; /* COND_FIELD: as written */
    senda_span_t span;
    bool older;
};

typedef enum {
    TRIGGER_VERB = 0, /* the verb happens; with has_verb unset: absence alone */
    TRIGGER_TAG,      /* what: the tag is got */
    TRIGGER_SEGMENT,  /* what: the segment is entered */
    TRIGGER_SCORE,    /* `score cmp value` becomes true */
    TRIGGER_TOTAL,    /* the total of verb, in its window, becomes cmp value (CMP_GT, CMP_GE) */
    TRIGGER_DAILY,    /* every day at `second`, for whom cond holds */
    TRIGGER_ON,       /* the same once, on `date` */
    TRIGGER_DATE,     /* what: the date field's day, at `second`; then each year */
} prog_trigger_kind_t;

/*
 * A `when`: happens; or happens and then not `absent` within `span`; or, of
 * TRIGGER_VERB with has_verb unset, not `absent` within `span` alone.
 */
typedef struct {
    bool has_verb;
    prog_verb_t verb;
    bool has_absent; /* never of TRIGGER_DAILY, _ON, _DATE */
    prog_verb_t absent;
    senda_span_t span;
    prog_place_t place;

    prog_trigger_kind_t kind;
    uint32_t what;
    prog_cmp_t cmp;
    int64_t value;
    int32_t second; /* of the day, local */
    int64_t date;   /* as of VALUE_DATE */
    const prog_cond_t *cond;
} prog_trigger_t;

/* An answer of a form, and what it fills. */
typedef enum { FILLS_FIELD, FILLS_EMAIL, FILLS_PHONE, FILLS_NAME, FILLS_CONSENT } prog_fills_t;

typedef struct {
    const char *input; /* the form's name for it */
    prog_fills_t fills;
    uint32_t field; /* FILLS_FIELD: index into program.fields */
} prog_input_t;

typedef struct {
    const char *name;
    senda_key_t key;
    senda_key_t event; /* what the page is, 0 if nothing */
    prog_place_t place;
    unsigned ninputs;
    const prog_input_t *inputs;
} prog_page_t;

typedef struct {
    const char *name;
    value_type_t type;
} prog_attribute_t;

/* An event declared `from api`; standard events need no row. */
typedef struct {
    const char *name;
    senda_key_t key;
    unsigned nattributes;
    const prog_attribute_t *attributes;
    prog_place_t place;
} prog_event_t;

/* A declared field of a person. */
typedef struct {
    const char *name;
    value_type_t type;
    prog_place_t place;
} prog_field_t;

/* A shop in the street. */
typedef struct {
    const char *name;
    double latitude, longitude; /* degrees */
    double radius;              /* metres */
    prog_place_t place;
} prog_spot_t;

/* A line that gives a tag. */
typedef struct {
    const char *name;
    uint32_t id;     /* published id */
    unsigned nwhens; /* several lines may give one tag */
    const prog_trigger_t *whens;
    bool by_nginx; /* all its lines count visits or events that nginx itself counts, for ever */
    const senda_span_t *lasts; /* by when: how long from the last time it held; zero: for ever.
                                  NULL: all for ever */
} prog_tag_t;

/* "score +15 when buys 3 times within 6 months once": each happening, without once and each. */
typedef struct {
    int32_t points;
    unsigned nwhens;
    const prog_trigger_t *whens;
    bool once;         /* once ever a person */
    senda_span_t each; /* at most once in it; a lasting absence counts again; zero: no bound */
    prog_place_t place;
} prog_score_t;

/* Of the lines that are true the last holds. Several may be of one stage. */
typedef struct {
    const char *name;
    uint32_t stage; /* number of the name, from 0 */
    const prog_cond_t *cond;
    prog_place_t place;
} prog_stage_t;

typedef struct {
    const char *name;
    const prog_cond_t *cond; /* may name segments that stand earlier in program.segments only */
    prog_place_t place;
} prog_segment_t;

typedef enum { LIMIT_DAY, LIMIT_WEEK, LIMIT_MONTH } prog_unit_t; /* of the calendar, local */

typedef struct {
    prog_channel_t channel;
    uint32_t times;
    prog_unit_t per;
    prog_place_t place;
} prog_limit_t;

/* "show vip-banner in header if in vip". */
typedef struct {
    const char *block, *position;
    const prog_cond_t *cond; /* NULL: for everybody */
    prog_place_t place;
} prog_show_t;

typedef enum {
    STEP_WAIT,       /* span */
    STEP_SEND,       /* channels in order, template */
    STEP_IF,         /* cond; false: go to target */
    STEP_JUMP,       /* go to target */
    STEP_END,        /* the flow is finished; every flow ends in one */
    STEP_WAIT_TIME,  /* until second on one of weekdays, now included */
    STEP_WAIT_EVENT, /* until cond (COND_VERB) holds of what came since, at most span */
    STEP_SPLIT,      /* branches; the rest goes to target */
    STEP_COUPON,     /* text, valid for span from the next message on */
    STEP_CREDIT,     /* value (money), valid for span (zero: for ever) */
    STEP_GIFT,       /* text, valid for span */
    STEP_RECOMMEND,  /* recipe, number, key or text */
    STEP_STOCK,      /* ends the run if every known item is sold out */
    STEP_TAG,        /* what */
    STEP_UNTAG,      /* what */
    STEP_SCORE,      /* value: points */
    STEP_SET,        /* what: field; value, text */
    STEP_CALL,       /* text: a URL */
    STEP_NOTIFY,     /* text: an address of the shop's own people */
    STEP_ENTER,      /* what: index into program.flows */
    STEP_LEAVE,      /* what */
    STEP_EXIT,       /* the run is finished */
    STEP_KINDS
} prog_step_kind_t;

typedef enum {
    RECIPE_LAST_VIEWED,
    RECIPE_BEST_SELLERS, /* key: of the items of this page, 0: of all */
    RECIPE_BOUGHT_WITH,  /* text: the capture, "item" */
    RECIPE_RELATED_TO,   /* text */
    RECIPE_ABOVE,        /* text: dearer, never discounted */
    RECIPE_NEW_ARRIVALS,
    RECIPE_CATEGORIES_VIEWED,
    RECIPE_RESULTS_FOR, /* text: "q" */
    RECIPES
} prog_recipe_t;

#define SPLIT_MAX 16 /* branches of a split */

typedef struct {
    uint32_t share; /* hundredths of a per cent */
    uint32_t target;
} prog_branch_t;

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

    int32_t second;    /* of the day, local */
    uint32_t weekdays; /* bit 0 is Monday; 0: any day */
    unsigned nbranches;
    const prog_branch_t *branches;
    const char *text;
    int64_t value;
    uint32_t what;
    prog_recipe_t recipe;
    uint32_t number; /* of items */
    senda_key_t key;
} prog_step_t;

typedef enum {
    AGAIN_NEVER,
    AGAIN_AFTER,
    AGAIN_ALWAYS,
    AGAIN_EACH, /* one run for each value of again_each, also side by side */
} prog_again_t;

typedef struct {
    const char *name;
    uint32_t id; /* published id, never reused */
    bool transactional;
    unsigned nstarts;
    const prog_trigger_t *starts; /* any of them; none: other flows enter it */
    prog_again_t again;
    senda_span_t again_after;
    const prog_cond_t *stop;  /* NULL: none */
    const prog_cond_t *goal;  /* NULL: none */
    senda_span_t goal_within; /* zero: while the run goes on */
    unsigned nsteps;
    const prog_step_t *steps;
    prog_place_t place;
    const prog_cond_t *only; /* `only if`; NULL: none */
    const char *again_each;  /* a capture: "order" */
} prog_flow_t;

/* One line of a `test` block. */
typedef enum {
    TEST_CONTACT,    /* text: address; fields: of the person */
    TEST_VISIT,      /* text: url, times, post; fields: the form's answers */
    TEST_GETS,       /* channel, text: template, at; recommends: with a recommendation */
    TEST_NEVER_GETS, /* channel, text: template */
    TEST_HAS_TAG,    /* text: tag (negated: has no) */
    TEST_EVENT,      /* key, fields: "buys", "signs up", "opens email cart-1" … */
    TEST_EXPECT,     /* cond holds now */
    TEST_BENEFIT,    /* step: STEP_COUPON, STEP_CREDIT, STEP_GIFT; text or value */
    TEST_NOTIFIES,   /* text: address */
    TEST_CALLS,      /* text: URL */
    TEST_SHOWS,      /* text: block */
    TEST_SOLD_OUT,   /* text: item; negated: it is in stock again */
} prog_test_kind_t;

typedef struct {
    const char *name, *value;
} prog_pair_t;

typedef struct {
    prog_test_kind_t kind;
    bool negated;
    const char *text; /* address, url, template, tag, … */
    prog_channel_t channel;
    senda_key_t key;
    uint32_t times;
    bool post;
    bool has_at;    /* day and second of day were written */
    uint32_t day;   /* 1 is Monday 1 June 2026 */
    int32_t second; /* of the day, local */
    prog_place_t place;
    unsigned nfields;
    const prog_pair_t *fields;
    const prog_cond_t *cond;
    prog_step_kind_t step;
    int64_t value;
    bool recommends;
    bool has_channel; /* of a message's event: `opens cart-1` says none */
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

    unsigned nfields, nplaces, nscores, nstages, nsegments, nlimits, nshows;
    const prog_field_t *fields;
    const prog_spot_t *places;
    const prog_score_t *scores;
    const prog_stage_t *stages;
    const prog_segment_t *segments;
    const prog_limit_t *limits;
    const prog_show_t *shows;
    bool has_quiet;
    int32_t quiet_from, quiet_to; /* seconds of the day, local; to is no longer quiet */
    uint32_t control;             /* share of people, hundredths of a per cent */
} program_t;

/* NULL is allowed. */
void program_free(program_t *p);

#endif
