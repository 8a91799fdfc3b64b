/*
 * The outbox: what became of each message, in state/. A message is named by
 * site, flow, entry, step and person, and planned at most once under that
 * name. Its states and the ways between them are one table in outbox.c:
 *
 *     PLANNED   to go out at `due`
 *     INTENT    committed: consent and suppression were asked, it is being handed over
 *     HANDED    committed right before the last bytes: from here on only an answer can tell
 *     DEFER     not accepted, to be tried again at `due`
 *     DONE      accepted
 *     FAIL      refused for good, or given up
 *     UNKNOWN   the last bytes went out and no answer came: never sent again
 *     SKIPPED   not sent, `answer` says why
 *
 * Nothing here sends; changes are collected in state_t and committed by the
 * caller.
 */

#ifndef SENDA_RUN_OUTBOX_H
#define SENDA_RUN_OUTBOX_H

#include "engine.h"
#include "state.h"

#define OUTBOX_ID_LEN   16
#define OUTBOX_HEX_LEN  (2 * OUTBOX_ID_LEN)
#define OUTBOX_GIVE_UP  (3 * 86400)                /* seconds after the first try */
#define OUTBOX_CHANNELS CHANNEL_BIT(CHANNEL_EMAIL) /* that the sender can send by */
#define OUTBOX_FIELDS   (2 * SENDA_CAPTURES_MAX)

typedef enum {
    OUT_PLANNED = 1,
    OUT_INTENT,
    OUT_HANDED,
    OUT_DEFER,
    OUT_DONE,
    OUT_FAIL,
    OUT_UNKNOWN,
    OUT_SKIPPED,
    OUT_STATES
} out_state_t;

typedef struct {
    uint8_t b[OUTBOX_ID_LEN];
} out_id_t;

/* What goes with a message: a coupon, a credit, a gift. */
typedef struct {
    prog_step_kind_t kind;
    senda_str_t text;  /* coupon, gift */
    int64_t value;     /* credit: money, as of VALUE_NUMBER */
    senda_sec_t until; /* 0: for ever */
} out_benefit_t;

/* What it recommends: made anew at each sending. number 0: nothing. */
typedef struct {
    prog_recipe_t kind;
    uint32_t number;
    senda_key_t key;
    senda_str_t text;
} out_recipe_t;

typedef struct {
    out_id_t id;
    out_state_t state;
    uint32_t site, flow, step;
    uint64_t entry, contact;
    prog_channel_t channel;
    bool transactional;
    senda_sec_t planned, due, first_try, changed; /* first_try 0: none yet */
    uint32_t tries;
    char template[SENDA_NAME_MAX + 1];
    char answer[256];
    unsigned nfields;
    senda_capture_t fields[OUTBOX_FIELDS]; /* they and what follows point into buf; */
    unsigned nbenefits;                    /* all are dropped once settled */
    out_benefit_t benefits[ENGINE_BENEFITS_MAX];
    out_recipe_t recipe;
    char buf[STATE_VALUE_MAX];
} out_message_t;

extern const char *const out_state_words[OUT_STATES];

/* The name of a message: SHA-256 over what makes it one, cut to 128 bits. */
out_id_t outbox_id(uint32_t site, uint32_t flow, uint64_t entry, uint32_t step,
    const engine_who_t *who);
void outbox_hex(const out_id_t *id, char hex[OUTBOX_HEX_LEN + 1]);

/*
 * Plans the message of an intent; its benefits are valid from then on, by the
 * program's zone. SENDA_OK; SENDA_NONE: it is planned, sent or settled already;
 * SENDA_FULL: its fields do not fit a record.
 */
senda_rc_t outbox_plan(state_t *s, const program_t *program, const intent_t *intent, out_id_t *id);

/* SENDA_OK; SENDA_NONE; SENDA_BAD: a record of another version, left as it is. */
senda_rc_t outbox_load(state_t *s, const out_id_t *id, out_message_t *m);
senda_rc_t outbox_read(const out_id_t *id, senda_str_t record, out_message_t *m);

/*
 * Moves a message on; one taken back meanwhile goes to SKIPPED. due counts in PLANNED and DEFER. SENDA_OK; SENDA_BAD: no
 * way leads there, and nothing is changed.
 */
senda_rc_t outbox_move(state_t *s, out_message_t *m, out_state_t to, senda_sec_t now,
    senda_sec_t due, const char *answer);

/* When a deferred message is tried again; false: it is given up. */
bool outbox_retry(const out_message_t *m, senda_sec_t now, long retry_after, senda_sec_t *due);

/*
 * Takes back what a run that ended has waiting; returns how many. What is on its
 * way is SKIPPED should it come back instead of being accepted.
 */
unsigned outbox_cancel(state_t *s, uint32_t site, const intent_t *intent, const char *why);

/* Unsettled messages due up to a second, earliest first, at most max; committed ones only. */
unsigned outbox_due(state_t *s, senda_sec_t until, out_id_t *ids, senda_sec_t *dues, unsigned max);

/*
 * After a start: what was in flight, to be committed by the caller. INTENT is
 * planned again. known is asked of each HANDED one: true if it knew what came
 * of it and moved it on; else (also without known) it becomes UNKNOWN. said is
 * told of those that were moved here.
 */
typedef bool (*outbox_known_pt)(void *ctx, out_message_t *m);
typedef void (*outbox_recovered_pt)(void *ctx, const out_message_t *m);
senda_rc_t outbox_recover(state_t *s, senda_sec_t now, outbox_known_pt known,
    outbox_recovered_pt said, void *ctx, senda_err_t *err);

#endif
