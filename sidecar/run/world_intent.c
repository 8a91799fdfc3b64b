/*
 * What the engines decide, turned into changes of state/ and lines of the log.
 * Sends nothing and commits nothing.
 */

#include "world_parts.h"

#include <stdio.h>

#include "contact_fields.h"
#include "plans.h"

static void
say(const site_t *site, const intent_t *i, const char *what)
{
    const world_t *w = site->world;
    char who[64];

    if (i->who.contact != 0) {
        (void)snprintf(who, sizeof(who), "contact %llu", (unsigned long long)i->who.contact);
    } else {
        (void)snprintf(who, sizeof(who), "visitor %02x%02x%02x%02x", i->who.visitor.b[0],
            i->who.visitor.b[1], i->who.visitor.b[2], i->who.visitor.b[3]);
    }
    run_log(w->o.log, i->at * 1000, "flow \"%s\" %s for %s", i->flow->name, what, who);
}

static state_key_t
run_key(const site_t *site, const intent_t *i)
{
    static const senda_visitor_t nobody;
    state_key_t k = { .n = 0 };

    state_key_u32(&k, site->file->program->site_id);
    state_key_u32(&k, i->flow->id);
    state_key_u64(&k, i->entry);
    state_key_u64(&k, i->who.contact);
    state_key_bytes(&k, i->who.contact != 0 ? nobody.b : i->who.visitor.b, SENDA_VISITOR_LEN);
    return k;
}

static void
plan(site_t *site, const intent_t *i)
{
    world_t *w = site->world;
    char text[SENDA_NAME_MAX + 64];
    out_id_t id;
    senda_rc_t rc;

    if (i->who.contact == 0) {
        return; /* nobody to send to: the engine only plans for somebody it can reach */
    }
    rc = outbox_plan(w->o.state, site->file->program, i, &id);
    if (rc == SENDA_OK) {
        w->planned++;
        (void)snprintf(text, sizeof(text), "plans message %s", i->step->template);
        say(site, i, text);
    } else if (rc == SENDA_FULL) {
        (void)snprintf(text, sizeof(text), "cannot plan message %s: too long", i->step->template);
        say(site, i, text);
    }
}

static void
take_back(site_t *site, const intent_t *i, const char *why)
{
    if (outbox_cancel(site->world->o.state, site->file->program->site_id, i, why) > 0) {
        say(site, i, "takes back the message that was waiting");
    }
}

static void
end_run(site_t *site, const intent_t *i, const char *what, const char *why)
{
    say(site, i, what);
    take_back(site, i, why);
}

static const char *
why_stopped(const intent_t *i)
{
    return i->reason == REASON_FORGOTTEN ? "consent to be remembered was withdrawn"
                                         : "the flow's `stop if` came true";
}

/* "coupon ENVIOGRATIS", cut to a line's length. */
static void
step_words(const prog_step_t *step, char *out, size_t size)
{
    static const char *const kinds[STEP_KINDS] = {
        [STEP_SEND] = "message",
        [STEP_COUPON] = "coupon",
        [STEP_CREDIT] = "credit",
        [STEP_GIFT] = "gift",
        [STEP_NOTIFY] = "a notice to the shop",
        [STEP_CALL] = "a call",
    };
    const char *kind = kinds[step->kind] != NULL ? kinds[step->kind] : "a step";

    if (step->kind == STEP_CREDIT) {
        (void)snprintf(out, size, "%s %lld.%02d", kind, (long long)(step->value / VALUE_ONE),
            (int)(step->value % VALUE_ONE / (VALUE_ONE / 100)));
    } else if (step->kind == STEP_NOTIFY || step->kind == STEP_CALL) {
        (void)snprintf(out, size, "%s", kind); /* an address and a secret stand in no log */
    } else {
        (void)snprintf(out, size, "%s %s", kind,
            step->kind == STEP_SEND ? step->template : step->text);
    }
}

/* Coupons, credits, gifts, notices and calls: kept for who makes them. */
static void
plan_more(site_t *site, const intent_t *i)
{
    world_t *w = site->world;
    char words[SENDA_NAME_MAX + 32], text[sizeof(words) + 32];
    senda_rc_t rc = plans_add(w->o.state, site->file->program->site_id, i);

    if (rc == SENDA_NONE) {
        return;
    }
    step_words(i->step, words, sizeof(words));
    (void)snprintf(text, sizeof(text), rc == SENDA_OK ? "plans %s" : "cannot plan %s: too long",
        words);
    say(site, i, text);
    w->plans += rc == SENDA_OK;
}

static void
withhold(site_t *site, const intent_t *i)
{
    char words[SENDA_NAME_MAX + 32], text[sizeof(words) + 64];

    step_words(i->step, words, sizeof(words));
    (void)snprintf(text, sizeof(text), "withholds %s, as from all of the control group,", words);
    say(site, i, text);
    site->world->withheld++;
}

static void
skip(const site_t *site, const intent_t *i)
{
    char text[SENDA_NAME_MAX + 64];

    (void)snprintf(text, sizeof(text), "skips message %s: %s", i->step->template,
        i->reason == REASON_LIMIT ? "the limit is reached," : "no channel reaches the person,");
    say(site, i, text);
}

/* The engine keeps the value in its deeds; templates and the contact's page read it here. */
static void
set_field(const site_t *site, const intent_t *i)
{
    const program_t *p = site->file->program;
    senda_rc_t rc = SENDA_OK;

    if (i->who.contact != 0 && i->step->what < p->nfields) {
        rc = contact_fields_set(site->world->o.state, p->site_id, i->who.contact,
            senda_cstr(p->fields[i->step->what].name), senda_cstr(i->step->text));
    }
    if (rc != SENDA_OK) {
        say(site, i, "sets a field that cannot be kept: there are too many, or it is too long,");
    }
}

/* What becomes of a run. */
static void
run_intent(site_t *site, const intent_t *i)
{
    state_t *state = site->world->o.state;
    state_key_t key = run_key(site, i);

    switch (i->kind) {
    case INTENT_STARTED:
        site->world->started++;
        say(site, i, "starts");
        break;
    case INTENT_STOPPED:
        end_run(site, i, "stops", why_stopped(i));
        break;
    case INTENT_FINISHED:
        say(site, i, i->reason == REASON_STOCK ? "ends, everything is sold out," : "is finished");
        break;
    case INTENT_RECALL:
        take_back(site, i, why_stopped(i));
        break;
    case INTENT_GOAL:
        end_run(site, i, "reaches its goal", "the flow's goal was reached");
        break;
    case INTENT_SAVE:
        state_put(state, STATE_RUNS, state_key_str(&key), i->run);
        break;
    default:
        state_del(state, STATE_RUNS, state_key_str(&key));
        break;
    }
}

void
world_intent(void *ctx, const intent_t *i)
{
    site_t *site = ctx;

    if (!site->live) {
        return;
    }
    switch (i->kind) {
    case INTENT_STARTED:
    case INTENT_STOPPED:
    case INTENT_FINISHED:
    case INTENT_RECALL:
    case INTENT_GOAL:
    case INTENT_SAVE:
    case INTENT_FORGET:
        run_intent(site, i);
        break;
    case INTENT_MESSAGE:
        plan(site, i);
        break;
    case INTENT_BENEFIT:
    case INTENT_NOTIFY:
    case INTENT_CALL:
        plan_more(site, i);
        break;
    case INTENT_TAG:
    case INTENT_UNTAG:
    case INTENT_SHOW:
    case INTENT_SCORE:
    case INTENT_STANDING:
        world_seen_by(site, &i->who);
        break;
    case INTENT_SET:
        set_field(site, i);
        break;
    case INTENT_DEED:
        plans_add_deed(site->world->o.state, site->file->program->site_id, i->at, i->run);
        break;
    case INTENT_SKIPPED:
        skip(site, i);
        break;
    case INTENT_WITHHELD:
        withhold(site, i);
        break;
    case INTENT_REFUSED:
    case INTENT_WAITS:
    case INTENT_BRANCH:
        break;
    }
}
