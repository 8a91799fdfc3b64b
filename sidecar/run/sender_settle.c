/*
 * What became of messages: answers of the channel, and after a start the notes
 * of an earlier process. Hands nothing over and commits nothing. What may have
 * gone out is never planned again.
 */

#include "sender_parts.h"

#include <stdio.h>

senda_ms_t
sender_now(const sender_t *s)
{
    return run_clock_now(s->o.clock);
}

static const prog_flow_t *
flow_of(const sender_t *s, const out_message_t *m)
{
    const program_t *p = s->o.program(s->o.ctx, m->site);

    for (unsigned i = 0; p != NULL && i < p->nflows; i++) {
        if (p->flows[i].id == m->flow) {
            return &p->flows[i];
        }
    }
    return NULL;
}

/* "message carrito-1 sent to contact 7, flow "carrito abandonado": 250 ok". */
static void
say(const sender_t *s, const out_message_t *m, const char *what)
{
    const prog_flow_t *flow = flow_of(s, m);
    contact_t c;
    char to[HEADER_VALUE_MAX + 32], words[2 * sizeof(m->answer)];

    if (s->o.log->show && contact_load(s->o.state, m->contact, &c) == SENDA_OK) {
        (void)snprintf(to, sizeof(to), "%s",
            contact_address(&c, m->channel) != NULL ? contact_address(&c, m->channel) : "nobody");
    } else {
        (void)snprintf(to, sizeof(to), "contact %llu", (unsigned long long)m->contact);
    }
    run_log(s->o.log, sender_now(s), "message %s %s to %s, flow \"%s\"%s%s", m->template, what, to,
        flow != NULL ? flow->name : "(gone)", m->answer[0] != '\0' ? ": " : "",
        run_log_words(s->o.log, m->answer, words, sizeof(words)));
}

static void
count(sender_t *s, const out_message_t *m)
{
    switch (m->state) {
    case OUT_DONE:
        s->stats.done++;
        break;
    case OUT_DEFER:
        s->stats.deferred++;
        break;
    case OUT_FAIL:
        s->stats.failed++;
        break;
    case OUT_UNKNOWN:
        s->stats.unknown++;
        break;
    case OUT_SKIPPED:
        s->stats.skipped++;
        break;
    default:
        break;
    }
}

void
sender_move(sender_t *s, out_message_t *m, out_state_t to, senda_sec_t due, const char *answer)
{
    if (outbox_move(s->o.state, m, to, run_clock_sec(sender_now(s)), due, answer) == SENDA_OK) {
        count(s, m);
        say(s, m, out_state_words[m->state]); /* it may have been taken back meanwhile */
    }
}

void
sender_defer(sender_t *s, out_message_t *m, long retry_after, const char *why)
{
    senda_sec_t due;

    if (outbox_retry(m, run_clock_sec(sender_now(s)), retry_after, &due)) {
        sender_move(s, m, OUT_DEFER, due, why);
    } else {
        sender_move(s, m, OUT_FAIL, 0, why);
    }
}

/* ---- answers ---- */

flight_t *
sender_flight(sender_t *s, uint64_t ticket)
{
    for (unsigned i = 0; i < SENDER_AT_ONCE; i++) {
        if (ticket != 0 && s->flights[i].ticket == ticket) {
            return &s->flights[i];
        }
    }
    return NULL;
}

static void
halt(sender_t *s, const char *why)
{
    char words[2 * sizeof(s->halt_reason)];

    if (!s->halted) {
        run_log(s->o.log, sender_now(s), "channel email stands still, its messages wait: %s",
            run_log_words(s->o.log, why, words, sizeof(words)));
    }
    s->halted = true;
    s->halted_until = run_clock_steady() + SENDER_HALT_MS;
    (void)snprintf(s->halt_reason, sizeof(s->halt_reason), "%s", why);
}

void
sender_put_back(sender_t *s, out_message_t *m, senda_sec_t due)
{
    if (m->tries > 0 && --m->tries == 0) {
        m->first_try = 0;
    }
    (void)outbox_move(s->o.state, m, OUT_PLANNED, run_clock_sec(sender_now(s)), due, NULL);
}

static void
settle(sender_t *s, out_message_t *m, const sent_t *a)
{
    contact_t c;

    switch (a->class) {
    case SENT_DONE:
        sender_move(s, m, OUT_DONE, 0, a->answer);
        break;
    case SENT_DEFER:
        sender_defer(s, m, a->retry_after, a->answer);
        break;
    case SENT_FAIL:
        sender_move(s, m, OUT_FAIL, 0, a->answer);
        break;
    case SENT_UNKNOWN:
        sender_move(s, m, OUT_UNKNOWN, 0, a->answer);
        break;
    case SENT_HALT:
        halt(s, a->answer);
        sender_put_back(s, m, m->due);
        break;
    }
    if (a->class == SENT_FAIL && a->dead_address &&
        contact_load(s->o.state, m->contact, &c) == SENDA_OK) {
        contact_suppress(s->o.state, m->channel, c.email, SUPPRESS_BOUNCED, sender_now(s),
            HOW_SERVER);
        if (s->o.changed != NULL) {
            s->o.changed(s->o.ctx, m->contact);
        }
    }
}

bool
sender_settle(sender_t *s)
{
    bool any = false;

    for (unsigned i = 0; i < SENDER_AT_ONCE; i++) {
        flight_t *f = &s->flights[i];
        out_message_t m;

        if (f->ticket != 0 && f->answered) {
            if (outbox_load(s->o.state, &f->id, &m) == SENDA_OK) {
                settle(s, &m, &f->answer);
            }
            memset(f, 0, sizeof(*f));
            any = true;
        }
    }
    return any;
}

/* ---- what an earlier process left ---- */

static const char goes_again[] = "had not gone when it was stopped, and goes again";

/* A message that stood as handed over, by its note; false: there is none. */
static bool
known(void *ctx, out_message_t *m)
{
    sender_t *s = ctx;
    sent_t answer;
    flight_stage_t stage = flights_find(s->notes, &m->id, m->tries, &answer);

    if (stage == FLIGHT_ANSWERED && answer.class != SENT_HALT) {
        s->found.answered++;
        settle(s, m, &answer);
        return true;
    }
    if (stage == FLIGHT_NONE) {
        return false;
    }
    if (stage == FLIGHT_LEAVING) {
        s->found.leaving++;
        sender_move(s, m, OUT_UNKNOWN, 0, "stopped between the last byte and the server's answer");
        return true;
    }
    /* the channel that stood still may have been mended since: it is asked anew */
    s->found.back++;
    (void)outbox_move(s->o.state, m, OUT_PLANNED, run_clock_sec(sender_now(s)), m->due, NULL);
    say(s, m, goes_again);
    return true;
}

static void
recovered(void *ctx, const out_message_t *m)
{
    sender_t *s = ctx;

    count(s, m);
    if (m->state == OUT_UNKNOWN) {
        s->found.lost++;
    } else {
        s->found.back++;
    }
    say(s, m, m->state == OUT_UNKNOWN ? out_state_words[OUT_UNKNOWN] : goes_again);
}

senda_rc_t
sender_recover(sender_t *s, senda_err_t *err)
{
    senda_rc_t rc = outbox_recover(s->o.state, run_clock_sec(sender_now(s)), known, recovered, s,
        err);

    if (s->found.answered + s->found.back + s->found.leaving + s->found.lost > 0) {
        run_log(s->o.log, sender_now(s),
            "messages on their way at the last stop: %u answered, %u not gone, %u gone without an "
            "answer, %u without a note",
            s->found.answered, s->found.back, s->found.leaving, s->found.lost);
    }
    return rc;
}
