/*
 * What flows decided besides messages, in state/: coupons, credits and gifts,
 * notices to the shop's own people, calls of URLs; and deeds, what steps did to
 * their persons. A plan is named like a message, by site, flow, entry, step and
 * person, and planned at most once under that name; it waits for who makes it
 * come true. A deed is the engine's record, given back to it at a start.
 *
 * Plans, and deeds that are messages, are forgotten PLANS_KEPT days after; what a
 * step made of a person stays. Changes are collected in state_t and
 * committed by the caller with the run that they come from.
 */

#ifndef SENDA_RUN_PLANS_H
#define SENDA_RUN_PLANS_H

#include "outbox.h"

#define PLANS_KEPT      400  /* days */
#define PLANS_FORGOTTEN 4096 /* at most so many in one commit */

typedef enum {
    PLAN_WAITS = 1, /* for its maker */
    PLAN_STATES
} plan_state_t;

typedef struct {
    out_id_t id;
    plan_state_t state;
    intent_kind_t kind; /* INTENT_BENEFIT, INTENT_NOTIFY, INTENT_CALL */
    prog_step_kind_t step_kind;
    uint32_t site, flow, step;
    uint64_t entry, contact;
    senda_visitor_t visitor; /* while no contact is known */
    senda_sec_t at, until;   /* until 0: for ever */
    int64_t value;           /* a credit's money, as of VALUE_NUMBER */
    senda_str_t text;        /* coupon, gift, address, URL; this and fields point into buf */
    unsigned nfields;
    senda_capture_t fields[OUTBOX_FIELDS]; /* of the run */
    char buf[STATE_VALUE_MAX];
} planned_t;

/* SENDA_OK; SENDA_NONE: it is planned already; SENDA_FULL: it does not fit a record. */
senda_rc_t plans_add(state_t *s, uint32_t site, const intent_t *intent);
/* SENDA_OK; SENDA_BAD: a record of another version, left as it is. */
senda_rc_t plans_read(const out_id_t *id, senda_str_t record, planned_t *p);

/* Keeps a deed: order of coming is order of keys. */
void plans_add_deed(state_t *s, uint32_t site, senda_sec_t at, senda_str_t record);

/* The record of each deed of a site that is committed, in order; each as of state_each. */
senda_rc_t plans_each_deed(state_t *s, uint32_t site, state_each_pt each, void *ctx,
    senda_err_t *err);

/*
 * Deletes plans, and a site's deeds that do not last, older than PLANS_KEPT days, and
 * commits, with whatever else waits. As state_commit.
 */
senda_rc_t plans_forget(state_t *s, uint32_t site, senda_sec_t now, senda_err_t *err);

#endif
