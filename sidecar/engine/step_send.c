/*
 * Messages: on which channel, whether now, and what goes with them. A limit
 * skips one; quiet hours hold the run at one that could go, and when they are
 * over all is asked anew; the control group gets nothing. A transactional flow
 * heeds none of these.
 */

#include "flow.h"
#include "moment.h"

/* There is room in every limit of the channel. */
static bool
has_room(const engine_t *e, const person_t *p, prog_channel_t channel)
{
    const program_t *g = e->program;

    for (unsigned i = 0; i < g->nlimits; i++) {
        const prog_limit_t *l = &g->limits[i];
        senda_sec_t since = moment_start_of(e->zone, e->now, l->per);

        if (l->channel == channel && engine_messages_since(e, p, channel, since) >= l->times)
            return false;
    }
    return true;
}

/* The first channel of these that reaches the person and has room; else why there is none. */
static intent_reason_t
choose_of(engine_t *e, const run_t *r, const prog_step_t *step, uint32_t channels,
    prog_channel_t *channel)
{
    const prog_flow_t *f = flow_of(e, r);
    const person_t *p = engine_person(e, r->person);
    uint32_t reach = flow_reach(e, p, f) & channels;
    intent_reason_t reason = REASON_UNREACHABLE;

    for (unsigned i = 0; i < step->nchannels; i++) {
        *channel = step->channels[i];
        if ((reach & CHANNEL_BIT(*channel)) == 0)
            continue;
        if (f->transactional || has_room(e, p, *channel))
            return REASON_NONE;
        reason = REASON_LIMIT;
    }
    return reason;
}

/* What nobody can send yet is planned only when the step names nothing else that reaches. */
static intent_reason_t
choose(engine_t *e, const run_t *r, const prog_step_t *step, prog_channel_t *channel)
{
    intent_reason_t reason = choose_of(e, r, step, e->channels, channel);

    return reason == REASON_UNREACHABLE ? choose_of(e, r, step, ~e->channels, channel) : reason;
}

/* Until when a benefit given now is good. */
static senda_sec_t
good_until(const engine_t *e, const prog_step_t *step)
{
    return senda_span_is_zero(step->span) ? 0 : engine_later(e, e->now, step->span);
}

static void
say_benefit(engine_t *e, const run_t *r, const prog_step_t *step)
{
    intent_t intent = { .kind = INTENT_BENEFIT, .step = step, .until = good_until(e, step) };

    engine_say(e, &intent, r);
}

/* The message with what waited for it. */
static void
say_message(engine_t *e, run_t *r, const prog_step_t *step, prog_channel_t channel)
{
    const prog_flow_t *f = flow_of(e, r);
    intent_t intent = { .kind = INTENT_MESSAGE, .step = step, .channel = channel };

    if (r->recipe != 0)
        intent.recipe = &f->steps[r->recipe - 1];
    for (unsigned i = 0; i < r->ngiven; i++) {
        intent.benefits[i] = &f->steps[r->given[i]];
        say_benefit(e, r, intent.benefits[i]);
    }
    intent.nbenefits = r->ngiven;
    r->ngiven = 0;
    engine_say(e, &intent, r);
}

/* Until when the run must keep still; 0: it need not. */
static senda_sec_t
quiet_until(const engine_t *e, const prog_flow_t *f)
{
    const program_t *g = e->program;

    return f->transactional || !g->has_quiet
        ? 0
        : moment_quiet_end(e->zone, e->now, g->quiet_from, g->quiet_to);
}

bool
step_send(engine_t *e, uint32_t run, const prog_step_t *step)
{
    run_t *r = engine_run(e, run);
    prog_channel_t channel = CHANNEL_EMAIL;
    intent_reason_t reason = choose(e, r, step, &channel);
    senda_sec_t quiet;

    if (reason != REASON_NONE) {
        step_tell(e, r, step, (intent_t){ .kind = INTENT_SKIPPED, .reason = reason });
        return true;
    }
    quiet = quiet_until(e, flow_of(e, r));
    if (quiet != 0) {
        step_wait(e, run, RUN_HELD, quiet, step);
        return false;
    }
    if (flow_withholds(e, r)) {
        step_tell(e, r, step, (intent_t){ .kind = INTENT_WITHHELD, .channel = channel });
        return true;
    }
    say_message(e, r, step, channel);
    engine_deed(e, r, DEED_MESSAGE, step, channel);
    return !flow_stops_itself(e, run);
}

/* Coupons, credits, gifts: with the next message; at once if none can follow. */
void
step_benefit(engine_t *e, uint32_t run, const prog_step_t *step)
{
    run_t *r = engine_run(e, run);

    if (flow_withholds(e, r))
        step_tell(e, r, step, (intent_t){ .kind = INTENT_WITHHELD });
    else if (!e->plan->flows[r->flow].follows[r->step])
        say_benefit(e, r, step);
    else if (r->ngiven < ENGINE_BENEFITS_MAX && r->step <= UINT16_MAX)
        r->given[r->ngiven++] = (uint16_t)r->step;
    else
        e->stats.refused++;
}

void
step_notice(engine_t *e, const run_t *r, const prog_step_t *step, intent_kind_t kind)
{
    intent_t intent = { .kind = kind, .step = step };

    if (flow_withholds(e, r))
        step_tell(e, r, step, (intent_t){ .kind = INTENT_WITHHELD });
    else
        engine_say(e, &intent, r);
}
