/*
 * One line after another: parse, drop or match, into the engine. Allocates
 * nothing a line but for new visitors and messages. Never fails on what a line
 * holds.
 */

#include "replay.h"
#include "senda_bot.h"

#include <glib.h>

const char *const replay_reasons[DROP_REASONS] = {
    [DROP_METHOD] = "method",
    [DROP_BOT] = "bot",
    [DROP_STATUS] = "status",
    [DROP_ADDRESS] = "address",
    [DROP_ASSET] = "asset",
    [DROP_FORM] = "form",
};

const char *
replay_channel_name(prog_channel_t channel)
{
    static const char *const names[CHANNELS] = {
        [CHANNEL_EMAIL] = "email",
        [CHANNEL_SMS] = "sms",
        [CHANNEL_PUSH] = "push",
        [CHANNEL_WEBPUSH] = "webpush",
    };

    return names[channel];
}

static void
add_message(replay_t *r, const intent_t *intent)
{
    if (r->nmessages == r->messages_size) {
        r->messages_size = r->messages_size == 0 ? 256 : 2 * r->messages_size;
        r->messages = g_renew(replay_message_t, r->messages, r->messages_size);
    }
    r->messages[r->nmessages++] = (replay_message_t){
        .at = intent->at,
        .visitor = visitors_find(r->visitors, &intent->who.visitor),
        .flow = intent->flow,
        .channel = intent->channel,
        .template = intent->step->template,
    };
}

static void
on_intent(void *ctx, const intent_t *intent)
{
    replay_t *r = ctx;
    replay_flow_t *f;

    if (intent->flow == NULL)
        return;
    f = &r->flows[intent->flow - r->program->flows];
    f->started += intent->kind == INTENT_STARTED;
    f->stopped += intent->kind == INTENT_STOPPED;
    f->finished += intent->kind == INTENT_FINISHED;
    f->goals += intent->kind == INTENT_GOAL;
    if (intent->kind == INTENT_MESSAGE)
        add_message(r, intent);
}

replay_t *
replay_new(virtual_t *world, const replay_options_t *options)
{
    engine_options_t engine = { .everybody_reachable = !options->known_only };
    replay_t *r = g_new0(replay_t, 1);

    r->world = world;
    r->program = virtual_program(world);
    r->options = *options;
    r->visitors = visitors_new();
    r->first = -1;
    r->pages = g_new0(replay_page_t, r->program->npages + 1);
    r->flows = g_new0(replay_flow_t, r->program->nflows + 1);
    r->engine = engine_new(r->program, &engine, on_intent, r);
    if (r->engine == NULL) {
        replay_free(r);
        return NULL;
    }
    return r;
}

void
replay_free(replay_t *r)
{
    if (r == NULL)
        return;
    engine_free(r->engine);
    visitors_free(r->visitors);
    g_free(r->pages);
    g_free(r->flows);
    g_free(r->messages);
    g_free(r);
}

static bool
is_good(senda_method_t method, int status)
{
    if (method == SENDA_METHOD_POST)
        return status >= 200 && status < 400;
    return status == 200 || status == 304;
}

/* DROP_REASONS: it is a visit, and what it is stands in r->event. */
static drop_t
judge(replay_t *r, const access_line_t *line)
{
    senda_method_t method = senda_method_of(line->method);

    if (method == SENDA_METHOD_OTHER || senda_str_eq(line->method, SENDA_STR("HEAD")))
        return DROP_METHOD;
    if (!r->options.keep_bots && senda_is_bot(line->agent))
        return DROP_BOT;
    if (!is_good(method, line->status))
        return DROP_STATUS;
    if (virtual_visit(r->world, method, line->target, &r->event) != SENDA_OK)
        return DROP_ADDRESS;
    if (r->event.nkeys > 0)
        return DROP_REASONS;
    if (senda_is_asset(virtual_path(r->world)))
        return DROP_ASSET;
    return method == SENDA_METHOD_POST ? DROP_FORM : DROP_REASONS;
}

static void
count_pages(replay_t *r, uint32_t visitor)
{
    for (unsigned i = 0; i < r->event.nkeys; i++) {
        int page = virtual_page(r->world, r->event.keys[i]);

        if (page < 0)
            continue;
        r->pages[page].visits++;
        r->pages[page].visitors += visitors_first_on(r->visitors, visitor, (uint32_t)page);
    }
}

void
replay_line(replay_t *r, senda_str_t text)
{
    access_line_t line;
    drop_t why;

    r->lines++;
    if (!access_log_parse(&line, text)) {
        r->malformed++;
        return;
    }
    r->end = line.at > r->end ? line.at : r->end;
    why = judge(r, &line);
    if (why != DROP_REASONS) {
        r->dropped[why]++;
        return;
    }
    r->visits++;
    if (line.at < r->last) {
        r->late++;
        r->latest = r->last - line.at > r->latest ? r->last - line.at : r->latest;
    }
    r->last = line.at > r->last ? line.at : r->last;
    r->first = r->first < 0 ? line.at : r->first;
    r->event.at = line.at;
    count_pages(r, visitors_number(r->visitors, line.address, line.agent, &r->event.who.visitor));
    engine_event(r->engine, &r->event, ENGINE_ACT);
}

senda_rc_t
replay_log(replay_t *r, access_log_t *log, senda_err_t *err)
{
    senda_str_t text;
    senda_rc_t rc;

    while ((rc = access_log_next(log, &text, err)) == SENDA_OK)
        replay_line(r, text);
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

void
replay_until(replay_t *r, senda_sec_t until)
{
    engine_advance(r->engine, until > r->end ? until : r->end, ENGINE_ACT);
}
