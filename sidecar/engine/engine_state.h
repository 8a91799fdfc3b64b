/*
 * What the engine's own files share: its parts, and how they hang together.
 * Nothing outside sidecar/engine/ includes this.
 *
 * A moment is a stamp: the second and which event of that second it was, so
 * that "after" is exact also within one second. Timers of a second run before
 * its events and therefore bear number 0. Everything an event brings has one
 * stamp: it is simultaneous.
 */

#ifndef SENDA_ENGINE_STATE_H
#define SENDA_ENGINE_STATE_H

#include "engine.h"
#include "history.h"
#include "person.h"
#include "plan.h"
#include "pool.h"
#include "timer.h"

#define ENGINE_FIELDS_MAX   (2 * SENDA_CAPTURES_MAX) /* fields of one happening */
#define ENGINE_RUN_FIELDS   (ENGINE_FIELDS_MAX + 4)  /* completed with item, items, q, order */
#define ENGINE_FIELDS_BYTES 2048                     /* of a run; further fields are left out */
#define ENGINE_ORDERS_MAX   (8u << 20)               /* order numbers in one generation */
#define ENGINE_TEXTS_MAX    (1u << 20) /* different items, searches, orders kept as text */
#define ENGINE_BASKET_MAX   BASKET_MAX
#define ENGINE_VISIT_GAP    1800         /* seconds without a page that end a visit */
#define ENGINE_ENTERS_MAX   64           /* flows entered by the runs of one moment; then refused */
#define ENGINE_STOCK_MAX    (8u << 20)   /* items whose stock is known; further ones are unknown */
#define ENTRY_OF_VALUE      (1ull << 63) /* set in the entry of a run that a value names */

typedef enum {
    RUN_FREE = 0,
    RUN_WAITS, /* goes on at step when due comes, or what it waits for */
    RUN_HELD,  /* at step, a message: for the end of quiet hours */
    RUN_OVER,  /* kept for `again` and for a goal counted after the end, until due */
} run_state_t;

/* A run of a flow, in its person's list. */
typedef struct {
    uint32_t next, person;
    uint32_t flow; /* number in the program */
    uint32_t step; /* to go on at; RUN_HELD: the message */
    uint64_t entry;
    senda_sec_t due;  /* TIMER_NEVER: no timer */
    senda_sec_t look; /* when time alone may make its `stop if` true; TIMER_NEVER: no timer */
    stamp_t after;    /* the happening that set it off: what `stop if` looks behind */
    stamp_t began;    /* its start: what a goal and `since start` look behind */
    stamp_t waits;    /* since when it waits; of one that is over: its end */
    uint32_t recipe;  /* step of the recommendation its messages bear, plus 1; 0: none */
    uint16_t given[ENGINE_BENEFITS_MAX]; /* steps of benefits that wait for the next message … */
    uint8_t ngiven;                      /* … and how many */
    char *fields;                        /* engine_fields_pack, NULL if none */
    uint16_t fields_len;
    uint8_t state;
    bool goal;     /* already counted */
    bool recalled; /* nothing of it waits any more */
} run_t;

/* Texts by number: 1 + index. */
typedef struct {
    uint32_t n, size, table_size;
    senda_str_t *texts;
    uint32_t *table; /* open addressing, numbers */
    char **chunks;
    uint32_t nchunks, chunk_used;
} texts_t;

/* Records given to engine_redo, in order of their stamps; and which comes next in this one. */
typedef struct deed_s deed_t;
typedef struct {
    deed_t *list;
    size_t n, size, done;
    bool sorted;
    stamp_t stamp;
    uint32_t number;
    char **templates; /* names that they bear, in order */
    size_t ntemplates;
} deeds_t;

/* A flow that a run's step enters when the run has gone on. */
typedef struct {
    uint32_t flow;
    char *fields;
    size_t fields_len;
} enter_t;

/* Of which items it is known whether they are sold out: hashes, the lowest bit says so. */
typedef struct {
    uint64_t *table; /* open addressing, 0 is empty */
    uint32_t size, count;
} stock_t;

/* For whom a watch is true: with those for whom it no longer is until the next walk. */
typedef struct {
    uint32_t *persons;
    uint32_t n, size;
} watch_list_t;

/* Order numbers already bought: hashes, two generations, the older dropped when the newer is full. */
typedef struct {
    uint64_t *now, *before; /* open addressing, 0 is empty */
    uint32_t size_now, size_before, count;
} order_set_t;

/* A start that is due when all else is settled. */
typedef struct {
    uint32_t flow;
    stamp_t after;
    bool of_event;      /* its fields are those of the event, when that is through; else: */
    senda_str_t fields; /* packed, of the happening */
    char *copy;         /* the fields, if they are the start's own; else NULL */
    bool entered;       /* by another run */
} noted_start_t;

/* A slot's happening, and what brought it: 0: the event; else settle.brought[from - 1]. */
typedef struct {
    uint32_t slot, from;
    bool again; /* of its slot there is an earlier one that no rule has heard yet */
} happened_t;

/* The fields of a run whose steps did something. */
typedef struct {
    senda_str_t fields;
    uint64_t note; /* under which absences that it arms note them */
} brought_t;

#define BROUGHT_BY_RUN UINT32_MAX /* settle.from: a run is at work that has done nothing yet */

/* What an event or a timer has caused and is not yet worked off; of one person. */
typedef struct {
    bool at_work;
    const engine_event_t *event; /* NULL: a timer or a step */
    char *fields;                /* the event's, packed when first needed */
    size_t fields_len;
    char *view; /* the same of the view of a page that this event has ended; NULL: none noted */
    size_t view_len;
    uint32_t bought[BASKET_MAX]; /* texts: the basket that this event's purchase emptied */
    uint32_t nbought;
    bool buys;         /* it is a purchase, of an order not known before */
    uint32_t *changed; /* slots that watches have not looked at since, each once */
    bool *is_changed;  /* by slot */
    uint32_t nchanged;
    happened_t *happened; /* slots whose happening has come: what rules hear, in order */
    uint32_t nhappened, happened_size;
    uint32_t tags_done, scores_done, starts_done; /* of happened: whose rules have heard */
    uint32_t from;                                /* what brings that which happens now */
    brought_t *brought;
    uint32_t nbrought, brought_size;
    noted_start_t *starts; /* the first nstacked are sorted: the next to start is their last */
    uint32_t nstarts, nstacked, starts_size;
    bool scored;          /* the score has changed since thresholds were looked at … */
    int64_t score_before; /* … when it was this */
    int64_t *levels;      /* by rule: what it compares with: how it stood before this event */
    bool *met;   /* by rule: of the two that this event joins one had so many points already */
    bool joined; /* it joined two; their histories as they were: */
    uint64_t *was[2];
} settle_t;

struct engine_s {
    const program_t *program;
    const senda_zone_t *zone;
    plan_t *plan;
    bool everybody;
    senda_sec_t recall;
    engine_intent_pt intent;
    void *ctx;

    senda_sec_t now;
    uint32_t seq; /* events so far in this second */
    senda_sec_t calm_from,
        calm_to; /* around now: between these no clock is set, nor shortly before */

    people_t people;
    history_store_t histories;
    pool_t runs;
    timers_t timers;
    timer_entry_t *batch; /* scratch: timers of one second */
    uint32_t batch_size;
    order_set_t orders;

    uint32_t tick;   /* grows with each event or timer: what is marked with it has just changed */
    uint32_t *marks; /* by slot */
    settle_t settle;
    texts_t texts;
    deeds_t deeds;
    watch_list_t *watched; /* by watch: for whom it is true */
    uint32_t *watch_seen;  /* by watch: the look in which it had its turn */
    uint32_t *watch_work;  /* scratch: watches to be looked at */
    uint32_t watch_look;
    uint32_t *fresh, nfresh;           /* watches that may be true of one who has done nothing */
    bool begun;                        /* time has */
    uint64_t nnotes;                   /* given to what runs have brought */
    enter_t enters[ENGINE_ENTERS_MAX]; /* by runs of the person at work */
    uint32_t nenters;
    stock_t stock;
    uint32_t *work; /* scratch: runs of one person */
    size_t work_size;
    bool tell, no_control, standing;
    uint32_t channels;
    bool in_stage; /* a stage line is being asked: what it says of stages is false */
    bool resumes;  /* a run was restored that engine_flow_resume must see */

    engine_stats_t stats;
};

static inline stamp_t
engine_stamp(const engine_t *e)
{
    return stamp_make(e->now, e->seq);
}

static inline person_t *
engine_person(engine_t *e, uint32_t id)
{
    return pool_at(&e->people.persons, id);
}

static inline run_t *
engine_run(engine_t *e, uint32_t id)
{
    return pool_at(&e->runs, id);
}

static inline void
engine_mark(engine_t *e, uint32_t slot)
{
    e->marks[slot] = e->tick;
    if (!e->settle.is_changed[slot]) {
        e->settle.is_changed[slot] = true;
        e->settle.changed[e->settle.nchanged++] = slot;
    }
}

/* t + sign × span, the calendar heeded; days are exact where clocks are not set around there. */
static inline senda_sec_t
engine_shift(const engine_t *e, senda_sec_t t, senda_span_t span, int sign)
{
    senda_sec_t to = t + sign * (span.days * (senda_sec_t)86400 + span.secs);

    if (span.months == 0 &&
        (span.days == 0 ||
            (t >= e->calm_from && t < e->calm_to && to >= e->calm_from && to < e->calm_to)))
        return to;
    return senda_zone_add(e->zone, t, span, sign);
}

static inline senda_sec_t
engine_later(const engine_t *e, senda_sec_t t, senda_span_t span)
{
    return engine_shift(e, t, span, 1);
}

/* orders.c: true if the order was not known yet; it is from now on. */
bool engine_order_is_new(engine_t *e, senda_str_t order);
void engine_orders_free(order_set_t *set);

/* fields.c: at most ENGINE_FIELDS_BYTES; *buf is malloc'ed, NULL if there are none. */
size_t engine_fields_pack(const senda_capture_t *fields, unsigned n, char **buf,
    unsigned *left_out);
unsigned engine_fields_unpack(const char *buf, size_t len, senda_capture_t *fields, unsigned max);

/* texts.c: items, searches and orders as numbers. */

/* The number of a text, made when new; 0: empty, or no room (counted as refused). */
uint32_t engine_text(engine_t *e, senda_str_t text);
/* The same without making one; 0: unknown. */
uint32_t engine_text_find(const engine_t *e, senda_str_t text);
senda_str_t engine_text_of(const engine_t *e, uint32_t number);
void engine_texts_free(texts_t *t);

/* cond.c */

/* Where a condition stands: what its verbs look behind, and whose values `same` means. */
typedef struct {
    stamp_t after;      /* verbs see only what came later; 0: everything */
    stamp_t began;      /* the same for those that say `since start` */
    const char *fields; /* packed, of the run; NULL: no run, `same` means any one value */
    uint16_t fields_len;
    bool in_flow;
} scope_t;

bool engine_cond_holds(engine_t *e, const person_t *p, const prog_cond_t *c, const scope_t *scope);

/*
 * The first second after now at which time alone may change the answer:
 * a moment that leaves a window, an age that is reached, a tag that ends.
 * TIMER_NEVER: only something that happens can.
 */
senda_sec_t engine_cond_next(engine_t *e, const person_t *p, const prog_cond_t *c,
    const scope_t *scope);

/* Number of the stage line that holds, -1: none. */
int32_t engine_stage_of(engine_t *e, const person_t *p);

/* The verb alone, of what came after `after`: for `wait until`. */
bool engine_verb_holds(engine_t *e, const person_t *p, const prog_verb_t *v, const scope_t *scope);

/* level.c: calm_from and calm_to anew, when now has left them. */
void engine_find_calm(engine_t *e);
/* How often, how much; of what came after a stamp, less than within ago (zero: ever). */
uint32_t engine_level(const engine_t *e, const uint64_t *history, uint32_t slot, stamp_t after,
    senda_span_t within);
/* Only those of one value (KEEP_VALUES). */
uint32_t engine_level_of(const engine_t *e, const uint64_t *history, uint32_t slot, uint64_t value,
    stamp_t after, senda_span_t within);
/* Some value came as often: exactly, or at least. */
bool engine_level_any(const engine_t *e, const uint64_t *history, uint32_t slot, uint32_t times,
    bool exactly, stamp_t after, senda_span_t within);
int64_t engine_sum(const engine_t *e, const uint64_t *history, uint32_t slot, stamp_t after,
    senda_span_t within);
/* The second at which this moment leaves the window; TIMER_NEVER: it has left. */
senda_sec_t engine_leaves(const engine_t *e, senda_sec_t moment, senda_span_t within);
/* The first of the i-th moment and its neighbours, where the calendar may change their order. */
senda_sec_t engine_leaves_near(const engine_t *e, const history_part_t *part, uint32_t i,
    senda_span_t within);

/* The value of a text as BY_SAME and BY_DIFFERENT compare it; 0: it has none. */
static inline uint64_t
engine_value(senda_str_t text)
{
    int64_t value;

    return value_read(VALUE_TEXT, text, &value) ? (uint64_t)value : 0;
}

/* Takes the next of several texts with commas between; false after the last. */
bool engine_next_of(senda_str_t *texts, senda_str_t *one);

/* effect.c: what an event or a step does to a person. Each marks the slot that changed, says its
   intent in ENGINE_ACT, and leaves to engine_settle what follows from it. */

/* lasts: zero for ever. false if the person had it already (then it is renewed). */
bool engine_tag_give(engine_t *e, uint32_t person, uint32_t tag, senda_span_t lasts,
    engine_mode_t mode);
bool engine_tag_take(engine_t *e, uint32_t person, uint32_t tag, engine_mode_t mode);
bool engine_tag_had(const engine_t *e, const person_t *p, uint32_t tag);
void engine_tag_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode);
/* browsed: they came of browsing alone, and go with it. */
void engine_score_add(engine_t *e, uint32_t person, int64_t points, bool browsed,
    engine_mode_t mode);
int64_t engine_score_of(const engine_t *e, const person_t *p);
int64_t engine_score_in(const engine_t *e, const uint64_t *history);
void engine_field_set(engine_t *e, uint32_t person, uint32_t field, int64_t value);
bool engine_field_of(const engine_t *e, const person_t *p, uint32_t field, int64_t *value);
/* A message was planned for the person; limited: it counts towards limits. */
void engine_message_got(engine_t *e, uint32_t person, const char *template, prog_channel_t channel,
    bool limited);
/* How many that count were planned on a channel since a second. */
uint32_t engine_messages_since(const engine_t *e, const person_t *p, prog_channel_t channel,
    senda_sec_t since);

/* counter.c: what happens is counted, and heard by rules when all is settled. */

/* Where a browser's page views stand. */
typedef struct {
    uint32_t visitor;   /* 0: none, or nobody asks */
    senda_sec_t before; /* second of its page view before this one; 0: none */
    senda_sec_t begin;  /* of its present visit; 0: it is in none */
} visit_t;

void engine_count_event(engine_t *e, uint32_t person, const engine_event_t *event, visit_t visit,
    bool bought_before);
/* The event's field of this name; n 0: none. */
senda_str_t engine_event_field(const engine_event_t *event, const char *name);
bool engine_event_has(const engine_event_t *event, senda_event_t what);

/* visit.c */

/* The browser's visit with this event in it. */
visit_t engine_visit(engine_t *e, uint32_t visitor, const engine_event_t *event);
/* A view of the counter's page has just ended and was long enough; of which value. */
bool engine_view_spent(const engine_t *e, const person_t *p, uint32_t counter, visit_t visit,
    uint64_t *value);
/* The page of before is left, and this one, if it is of the counter, is being looked at. */
void engine_view_next(engine_t *e, person_t *p, uint32_t counter, visit_t visit, bool views,
    uint64_t value);
/* The browser is somebody else's from now on: what the person looked at with it is over. */
void engine_views_left(engine_t *e, person_t *p, uint32_t visitor);
/* The same of all its browsers. */
void engine_views_dropped(engine_t *e, person_t *p);
/* After to has taken from's history: what is noted of views goes along. */
void engine_views_moved(engine_t *e, const person_t *from, person_t *to);
/* The slot counts long looks at a page. */
static inline bool
engine_is_of_view(const plan_t *plan, uint32_t slot)
{
    return slot < plan->ncounters && plan->counters[slot].verb->happens == HAPPENS_SPENDS;
}

/* A page after a long absence. */
bool engine_has_returned(const engine_t *e, const person_t *p, senda_span_t span);

/* place.c */

/* The position that an event brings; false: none. */
bool engine_position(const engine_event_t *event, double *latitude, double *longitude);
bool engine_is_inside(const prog_spot_t *place, double latitude, double longitude);
bool engine_was_inside(const engine_t *e, const person_t *p, uint32_t place);
void engine_place_set(engine_t *e, person_t *p, uint32_t place, bool inside);

/* basket.c */

/* The event with its `items` as items alone, in *plain, over the text that is returned for free;
   NULL: they are so already. A single `item` is taken as it is. */
char *engine_items_plain(const engine_event_t *event, engine_event_t *plain);

/* The items of a purchase: its own, else the basket's. */
unsigned engine_items_of(engine_t *e, const person_t *p, const engine_event_t *event,
    senda_str_t *items, unsigned max);
/* The basket and the latest item, search and order after this event. */
void engine_basket_event(engine_t *e, person_t *p, const engine_event_t *event, bool bought_before);
/* The event at work, packed once; with what its purchase took out of the basket. */
const char *engine_event_fields(engine_t *e, size_t *len);
/* The event is through: its fields are packed anew. */
void engine_event_through(engine_t *e);

/*
 * The fields of a run that starts now: those of the happening (packed, may be
 * NULL) completed with {item}, {items}, {q}, {order} of the basket, the order
 * and the person's latest. malloc'ed in *out.
 */
size_t engine_fields_complete(engine_t *e, const person_t *p, const char *fields, size_t len,
    char **out);

/* fields.c: the value of a field in a packed run of fields; n 0: none. */
senda_str_t engine_field_in(const char *fields, size_t len, const char *name);

/* settle.c */

/*
 * Works off what the marks of this tick have caused: tags, scores, thresholds,
 * segments, shows; then stops, goals and waits of running flows; then starts,
 * in file order. event: what brought it, NULL for a timer or a step. Calls made
 * while one is at work are worked off by that one.
 */
void engine_settle(engine_t *e, uint32_t person, const engine_event_t *event, engine_mode_t mode);

/* A happening of this slot has come: its rules will hear it. */
void engine_happened(engine_t *e, uint32_t slot);

/* The slots of rules, before this event's happening is added: what they stood at. */
void engine_note_levels(engine_t *e, const person_t *p, uint32_t slot);

/* The rule's happening has come: arms its absence, or does what it is for. */
void engine_rule_fired(engine_t *e, uint32_t person, uint32_t rule, engine_mode_t mode);
/* All of the rule has come: gives its tag or points, or notes its start behind after. */
void engine_rule_done(engine_t *e, uint32_t person, uint32_t rule, const noted_start_t *start,
    engine_mode_t mode);
/* The number, sum or score that the rule asks for is there in this history. */
bool engine_rule_met(const engine_t *e, const uint64_t *history, uint32_t rule);
/* Of two that this event has joined: what neither had reached and both as one have. */
void engine_crossed(engine_t *e, uint32_t person, engine_mode_t mode);
/* From when on a score line may count again; INT64_MIN: at once. */
senda_sec_t engine_line_free(const engine_t *e, const person_t *p, uint32_t line);

/* Of an event or a timer: begins anew. */
void engine_settle_begin(engine_t *e, const engine_event_t *event);
bool engine_settle_init(engine_t *e);
void engine_settle_free(engine_t *e);

/* settle_from.c: what brings that which happens, and the starts that wait. */

/* settle.from for these fields (copied) of a run's; 0: there are none. */
uint32_t engine_brought(engine_t *e, senda_str_t fields);
/* A run is about to do something: what follows is brought by it. */
void engine_run_brings(engine_t *e, const run_t *r);
/* The fields that bring what happens now to this rule: the event's, of a view, of a run. */
senda_str_t engine_fields_for(engine_t *e, const rule_t *r);
void engine_note_start(engine_t *e, const noted_start_t *start);
/* Starts the next flow of those noted and entered; false: there is none. */
bool engine_start_next(engine_t *e, uint32_t person);
/* Drops what brought something, and the starts. */
void engine_from_begin(engine_t *e);

static inline bool
engine_marked(const engine_t *e, uint32_t slot)
{
    return e->marks[slot] == e->tick;
}

/* watch.c: conditions whose truth is kept: segments entered, calendar starts, shows. */
bool engine_watch_init(engine_t *e);
void engine_watch_free(engine_t *e);
void engine_watch_person_new(engine_t *e, uint32_t person, engine_mode_t mode);
/* What has changed since the last look. true: something was looked at. */
bool engine_watch_changed(engine_t *e, uint32_t person, engine_mode_t mode);
/* It is looked at when what else is due at this second has come. */
void engine_watch_due(engine_t *e, const timer_entry_t *timer);
bool engine_watch_is_true(const engine_t *e, const uint64_t *history, uint32_t watch);
/* After to has taken from's bits: it is listed where from was, and told what it sees now. */
void engine_watch_moved(engine_t *e, const uint64_t *a, const uint64_t *b, uint32_t to,
    engine_mode_t mode);
/* Everybody for whom it is true, each once; each may change persons. */
typedef void (*engine_each_pt)(engine_t *e, uint32_t person, void *ctx);
void engine_watch_each(engine_t *e, uint32_t watch, engine_each_pt each, void *ctx);

/* note.c */
typedef struct note_s note_t;
/* The fields of the happening of this stamp; n 0: none. */
senda_str_t engine_note_of(const engine_t *e, const person_t *p, stamp_t after);
/* One more waits for it, or one no longer does; with the last it is gone. */
void engine_note_take(engine_t *e, person_t *p, stamp_t after, senda_str_t fields);
void engine_note_drop(engine_t *e, person_t *p, stamp_t after);
void engine_notes_free(engine_t *e, person_t *p);

/* absence.c */
/* What happens now arms it: fields go with it if they are needed later. */
void engine_absence_fired(engine_t *e, uint32_t person, uint32_t rule);
/* What from's armed absences wait for they wait for with to, the later of each. */
void engine_absence_take(engine_t *e, const person_t *from, uint32_t to);
void engine_absence_person_new(engine_t *e, uint32_t person);
void engine_absence_happened(engine_t *e, uint32_t person, uint32_t rule);
/* What follows is left to engine_settle. */
void engine_absence_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode);
/* The second at which an absence alone is due, as it stands now. */
senda_sec_t engine_absence_end(const engine_t *e, const person_t *p, uint32_t rule);
/* It waits no longer, and nothing follows. */
void engine_absence_drop(engine_t *e, person_t *p, uint32_t rule);
/* After to has taken from's history: arms what is armed now. */
void engine_absence_moved(engine_t *e, uint32_t to);

/* engine.c */

/* Whoever this is, made known in silence if need be; 0: nobody, or no room. Not within an event. */
uint32_t engine_person_of(engine_t *e, const engine_who_t *who);
/* From here on what is marked has changed together. */
void engine_new_tick(engine_t *e);

/* login.c: from's history and runs go to to, as part of this event; from is no more. */
void engine_login(engine_t *e, uint32_t from, uint32_t to, engine_mode_t mode);

/* calendar.c: starts by the calendar. */

/* The engine's time has begun, or a person's field was set: arms what is next. */
void engine_calendar_begin(engine_t *e);
void engine_calendar_field(engine_t *e, uint32_t person, uint32_t field);
void engine_calendar_due(engine_t *e, const timer_entry_t *timer, engine_mode_t mode);

/* deed.c: what steps did, said and taken back. */
typedef enum { DEED_TAG, DEED_UNTAG, DEED_SCORE, DEED_SET, DEED_MESSAGE } deed_kind_t;
/* Does it (engine_tag_give …) and says INTENT_DEED. */
void engine_deed(engine_t *e, const run_t *run, deed_kind_t kind, const prog_step_t *step,
    prog_channel_t channel);
/*
 * Does the next of engine_redo's that came before this stamp, at its moment, in
 * ENGINE_HISTORY; false: there is none. After each, timers may be due earlier
 * than thought. Before a timer: stamp_make(its second, 0); before an event: its
 * stamp; when the present begins: UINT64_MAX.
 */
bool engine_deed_before(engine_t *e, stamp_t stamp);
/* When time begins: at the first of them, if it is earlier. */
senda_sec_t engine_deeds_begin(engine_t *e, senda_sec_t now);
void engine_deeds_free(deeds_t *d);

/* flow.c, step.c */

/*
 * fields: packed, copied and completed. A refused start leaves no trace:
 * `again`, a run still going, `only if`, nobody to reach, `stop if` true
 * already.
 */
void engine_flow_start(engine_t *e, uint32_t person, uint32_t flow, stamp_t after,
    const char *fields, size_t fields_len);
/* Takes what runs have entered, to be started when all else is settled; the fields go along. */
uint32_t engine_flow_entered(engine_t *e, enter_t *out);
/* Stops, goals and waits of the person's runs that name a slot just marked. */
void engine_flow_changed(engine_t *e, uint32_t person);
/* Runs that were restored: whether time made their `stop if` true is asked now. */
void engine_flow_resume(engine_t *e);
/* A TIMER_RUN or TIMER_STOP: it may mean nothing any more. */
void engine_flow_due(engine_t *e, const timer_entry_t *timer);
/* The second from which a run that ended may be forgotten. */
senda_sec_t engine_flow_forget_at(const engine_t *e, const run_t *run);

/* run.c: the list of a person's runs */
uint32_t engine_run_new(engine_t *e, uint32_t person, run_state_t state);
void engine_run_drop(engine_t *e, uint32_t run);
void engine_run_move(engine_t *e, uint32_t run, uint32_t to);
/* When it goes on, and when its `stop if` is looked at; TIMER_NEVER: not by time. */
void engine_run_arm(engine_t *e, uint32_t run, senda_sec_t due);
void engine_run_look(engine_t *e, uint32_t run, senda_sec_t look);
void engine_say(engine_t *e, intent_t *intent, const run_t *run);
void engine_say_run(engine_t *e, intent_kind_t kind, const run_t *run);
void engine_who(engine_t *e, const person_t *p, engine_who_t *who);

/* stock.c: known to be so. */
bool engine_sold_out(const engine_t *e, senda_str_t item);
void engine_stock_free(stock_t *s);

/* flow.c: scratch. */
void engine_flow_free(engine_t *e);

/* run_record.c: the packed run's length, 0 if it does not fit. engine_restore is its other half. */
size_t engine_run_dump(engine_t *e, const run_t *run, void *buf, size_t size);

#endif
