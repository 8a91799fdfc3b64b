/*
 * What the commands ask of a running sidecar. An answer is given when what it
 * says is on the disk, not before.
 */

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>

#include "loop_parts.h"
#include "message.h"

static void
unsubscribe(loop_t *l, const char *address, control_answer_t *answer)
{
    char canonical[HEADER_VALUE_MAX];
    senda_err_t err = { "" };
    const program_t *p;

    if (message_canonical_address(senda_cstr(address), canonical, sizeof(canonical)) != SENDA_OK) {
        control_refuse(answer, "that is no e-mail address");
        return;
    }
    /* answers that could not be committed would go with ours, were it to be abandoned */
    if (l->stalled_until != 0 || state_changes(l->state) > 0) {
        control_refuse(answer, "the disk is full: nothing can be written down now");
        return;
    }
    contact_suppress(l->state, CHANNEL_EMAIL, canonical, SUPPRESS_UNSUBSCRIBED,
        run_clock_now(&l->clock), HOW_COMMAND);
    if (state_commit(l->state, &err) != SENDA_OK) {
        state_abandon(l->state);
        control_refuse(answer, err.text);
        return;
    }
    for (unsigned i = 0; (p = world_site(l->world, i)) != NULL; i++) {
        uint64_t number = contact_by_email(l->state, p->site_id, canonical);

        if (number != 0) {
            world_contact_changed(l->world, number);
        }
    }
    run_log(&l->log, run_clock_now(&l->clock), "an address is unsubscribed by command");
    control_say(answer, "unsubscribed: no marketing e-mail goes there any more");
}

static void
reload(loop_t *l, control_answer_t *answer)
{
    senda_err_t refusal = { "" }, err = { "" };
    senda_rc_t rc;

    if (l->stalled_until != 0) {
        control_refuse(answer, "the disk is full: nothing can be written down now");
        return;
    }
    rc = loop_reload(l, &refusal, &err);
    if (rc != SENDA_OK) {
        control_refuse(answer, err.text);
        if (rc == SENDA_FULL) {
            l->stalled_until = l->rules_at = run_clock_steady();
        } else {
            l->failed = rc;
            l->failure = err;
        }
        return;
    }
    sender_resume(l->sender);
    if (refusal.text[0] != '\0') {
        control_refuse(answer, refusal.text);
    } else {
        control_say(answer, "the rules are live");
    }
}

static void
say_line(void *ctx, const char *text)
{
    control_say(ctx, text);
}

static void
status(loop_t *l, control_answer_t *answer)
{
    sender_stats_t s = sender_stats(l->sender);
    const char *halted = sender_halted(l->sender);
    char text[512];

    world_status(l->world, say_line, answer);
    (void)snprintf(text, sizeof(text),
        "messages since the start: %" PRIu64 " sent, %" PRIu64 " deferred, %" PRIu64
        " failed, %" PRIu64 " skipped, %" PRIu64 " unknown; %u on their way",
        s.done, s.deferred, s.failed, s.skipped, s.unknown, sender_in_flight(l->sender));
    control_say(answer, text);
    if (halted != NULL) {
        (void)snprintf(text, sizeof(text), "channel email stands still: %s", halted);
        control_say(answer, text);
    }
    if (l->stalled_until != 0) {
        control_say(answer, "the disk is full: everything waits");
    }
    if (l->mistakes != NULL) {
        control_say(answer, "the rule files have mistakes, the last good rules are live:");
        control_say(answer, l->mistakes);
    }
}

void
loop_command(loop_t *l, const char *line, control_answer_t *answer)
{
    if (g_str_has_prefix(line, "unsubscribe ")) {
        unsubscribe(l, line + strlen("unsubscribe "), answer);
    } else if (strcmp(line, "reload") == 0) {
        reload(l, answer);
    } else if (strcmp(line, "status") == 0) {
        status(l, answer);
    } else {
        control_refuse(answer,
            "no such command; there are unsubscribe ADDRESS, reload, status, stop");
    }
}
