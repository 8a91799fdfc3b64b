/*
 * What the files of flows share: flow.c (stops, goals, ends), flow_start.c,
 * step.c (steps, waits) and step_send.c (messages and what goes with them).
 */

#ifndef SENDA_ENGINE_FLOW_H
#define SENDA_ENGINE_FLOW_H

#include "engine_state.h"

static inline bool
flow_is_on(const run_t *r)
{
    return r->state == RUN_WAITS || r->state == RUN_HELD;
}

static inline const prog_flow_t *
flow_of(const engine_t *e, const run_t *r)
{
    return &e->program->flows[r->flow];
}

/* Channels on which a flow may speak to a person. */
uint32_t flow_reach(const engine_t *e, const person_t *p, const prog_flow_t *f);

/* The person is one to whom this flow gives nothing: the control group. */
bool flow_withholds(engine_t *e, const run_t *r);

/* `stop if` holds now. */
bool flow_stops(engine_t *e, const run_t *r);

/* The same, asked after a step did something; true: the run has ended. */
bool flow_stops_itself(engine_t *e, uint32_t run);

/* The run has ended: kept while `again`, its goal or a recall still needs it, else forgotten. */
void flow_end(engine_t *e, uint32_t run, intent_kind_t how, intent_reason_t reason);

/* Arms the moment at which time alone may make `stop if` true. */
void flow_look(engine_t *e, uint32_t run);

/* To be entered once the run has gone on, with its fields. */
void flow_enter(engine_t *e, const run_t *r, uint32_t flow);

/* Ends the person's runs of a flow as stopped. */
void flow_leave(engine_t *e, uint32_t person, uint32_t flow);

/* step.c: steps until one waits or the run ends; the run may be no more then. */
void step_go_on(engine_t *e, uint32_t run);

/* step.c: goes on here at due. */
void step_wait(engine_t *e, uint32_t run, run_state_t state, senda_sec_t due,
    const prog_step_t *step);

/* step_send.c: true: on to the next step; false: the run is held, or over. */
bool step_send(engine_t *e, uint32_t run, const prog_step_t *step);
void step_benefit(engine_t *e, uint32_t run, const prog_step_t *step);
void step_notice(engine_t *e, const run_t *r, const prog_step_t *step, intent_kind_t kind);

/* What is only said to those who asked for it. */
void step_tell(engine_t *e, const run_t *r, const prog_step_t *step, intent_t intent);

#endif
