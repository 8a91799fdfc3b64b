/*
 * The slow, obvious model of the engine: written from the language's exact
 * meaning, it keeps the whole list of events and reads it from end to end for
 * every answer. Times of day, numbers and dates are its own sums too; of the
 * project it shares the contracts (program.h, the shape of an event) and one
 * function, the share of a person, which is nobody's to say but the engine's.
 *
 * Not for more than a few hundred events, MODEL_RULES `when` lines or
 * MODEL_TAGS tags. Aborts when a bound or memory is short: it runs in tests only.
 */

#ifndef SENDA_TESTS_MODEL_H
#define SENDA_TESTS_MODEL_H

#include <stdio.h>

#include "engine.h"

#define MODEL_RULES   128
#define MODEL_TAGS    16
#define MODEL_TEXT    224
#define MODEL_VISITOR 100u /* a visitor without a name is 100 + its first byte */

/* What is asked of the engine after each event, beside what it says. */
#define MODEL_STATE 100

/* One line of a timeline: what was decided for whom. */
typedef struct {
    senda_sec_t at;
    uint32_t who;          /* a contact's number, or MODEL_VISITOR + visitor */
    int kind;              /* intent_kind_t, MODEL_STATE */
    const char *name;      /* of the flow, the tag, the block: the program's */
    char what[MODEL_TEXT]; /* all else, as text */
} model_line_t;

typedef struct {
    model_line_t *lines;
    unsigned n, size;
} model_timeline_t;

/* What had an effect, and how often: each row must be reached in a whole run of the test. */
typedef enum {
    HIT_TRIGGER = 0,                    /* + prog_trigger_kind_t */
    HIT_ABSENT = HIT_TRIGGER + 8,       /* A and not B; not A alone */
    HIT_COND = HIT_ABSENT + 2,          /* + 2 * prog_cond_kind_t + whether it held */
    HIT_HAPPENS = HIT_COND + 28,        /* + prog_happens_t */
    HIT_BY = HIT_HAPPENS + 4,           /* + 4 * whether in a condition + prog_by_t */
    HIT_VERB = HIT_BY + 8,              /* filters, top, and then, gets, opens, clicks */
    HIT_STEP = HIT_VERB + 6,            /* + prog_step_kind_t */
    HIT_RECIPE = HIT_STEP + STEP_KINDS, /* + prog_recipe_t */
    HIT_AGAIN = HIT_RECIPE + RECIPES,   /* + 2 * prog_again_t + whether it refused */
    HIT_REFUSED = HIT_AGAIN + 8,        /* only if, stop, unreachable, running */
    HIT_ENDED = HIT_REFUSED + 4,        /* stop if, goal in the run, goal after it */
    HIT_TAG = HIT_ENDED + 3,            /* got, renewed, ended */
    HIT_SCORE = HIT_TAG + 3,            /* points, refused by once, by each, absence again */
    HIT_WATCH = HIT_SCORE + 4,          /* segment entered, left; show on, off; by time alone */
    HIT_RESPECT = HIT_WATCH + 5,        /* limit, other channel, quiet, control, transactional */
    HIT_BENEFIT = HIT_RESPECT + 5,      /* with a message, at once */
    HIT_FILLED = HIT_BENEFIT + 2,       /* {item} of happening, order, basket, history */
    HIT_LOGIN = HIT_FILLED + 4,         /* a visitor's history moved */
    HIT_REFUND,                         /* lowered a total */
    MODEL_HITS
} model_hit_t;

typedef struct {
    unsigned long n[MODEL_HITS], lines;
} model_hits_t;

/* The row's name, as the language says it; NULL: it needs not be reached. */
const char *model_hit_name(unsigned hit);

/* Something is sold out, or in stock again, before the event with this number. */
typedef struct {
    unsigned before;
    const char *item;
    bool sold_out;
} model_stock_t;

typedef struct {
    const program_t *program;
    bool everybody;
    unsigned n, nstock;
    const engine_event_t *events;
    const model_stock_t *stock;
    senda_sec_t end;
} model_play_t;

/* Everything that these events (at most until end) bring. The lines' names are the program's. */
void model_run(const model_play_t *play, model_timeline_t *out, model_hits_t *hits);

/* model_lines.c */

void model_say(model_timeline_t *t, const model_line_t *line);
void model_clear(model_timeline_t *t);

/* What one said of an intent says, whoever said it. false: it is not compared. */
bool model_line_of(const intent_t *i, model_line_t *line);

/*
 * Who by who, second by second, in a second by name; of several scores of one
 * second the last.
 */
void model_sort(model_timeline_t *t);
bool model_equal(const model_timeline_t *a, const model_timeline_t *b);

/* Both in one list: what only one of them says is marked. */
void model_print(const program_t *program, const model_timeline_t *a, const model_timeline_t *b,
    FILE *out);

/* model_time.c */

/* "2026-03-29 03:00:00 (1774746000)": local time by the model's own sums. */
void model_print_time(const senda_zone_t *zone, senda_sec_t t, FILE *out);

/* t + sign × span, as senda_zone_add says it. */
senda_sec_t model_add(const senda_zone_t *zone, senda_sec_t t, senda_span_t span, int sign);

#endif
