/*
 * One line after another: parse, drop or match, into the engine. Allocates
 * nothing a line but for new visitors and messages. Never fails on what a line
 * holds.
 */

#include "replay.h"
#include "senda_bot.h"

#define TICK_LINES 4096

const char *const replay_reasons[DROP_REASONS] = {
    [DROP_METHOD] = "method",
    [DROP_BOT] = "bot",
    [DROP_STATUS] = "status",
    [DROP_ADDRESS] = "address",
    [DROP_ASSET] = "asset",
    [DROP_FORM] = "form",
};

static replay_who_t
who_of(const replay_t *r, const engine_who_t *who)
{
    return (replay_who_t){ visitors_find(r->visitors, &who->visitor), (uint32_t)who->contact };
}

uint64_t
replay_person(const replay_t *r, replay_who_t who)
{
    if (who.contact == 0 && who.visitor != VISITORS_NONE)
        who.contact = visitors_contact(r->visitors, who.visitor);
    return who.contact != 0 ? UINT64_C(1) << 32 | who.contact : who.visitor;
}

void
replay_name(const replay_t *r, replay_who_t who, char *buf, size_t size)
{
    if (who.contact != 0)
        g_snprintf(buf, size, "%s", replay_contacts_at(r->options.contacts, who.contact)->name);
    else if (who.visitor != VISITORS_NONE)
        visitors_name(r->visitors, who.visitor, buf, size);
    else
        g_snprintf(buf, size, "?");
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
        .who = who_of(r, &intent->who),
        .flow = intent->flow,
        .channel = intent->channel,
        .template = intent->step->template,
    };
}

static void
add_benefit(replay_t *r, const intent_t *intent)
{
    replay_benefit_t b = { intent->at, who_of(r, &intent->who), intent->flow, intent->step };

    g_array_append_val(r->benefits, b);
}

/* What was not sent, or not at once. */
static void
count_not(replay_not_t *n, const intent_t *i)
{
    bool skipped = i->kind == INTENT_SKIPPED;

    n->limited += skipped && i->reason == REASON_LIMIT;
    n->unreachable += skipped && i->reason == REASON_UNREACHABLE;
    n->sold_out += i->reason == REASON_STOCK;
    n->withheld += i->kind == INTENT_WITHHELD && i->step->kind == STEP_SEND;
    n->held += i->kind == INTENT_WAITS && i->step->kind == STEP_SEND;
}

static void
on_intent(void *ctx, const intent_t *intent)
{
    replay_t *r = ctx;
    replay_flow_t *f;

    if (r->options.why != NULL)
        replay_why_intent(r->options.why, intent);
    if (intent->flow == NULL || (r->options.only != NULL && intent->flow != r->options.only))
        return;
    f = &r->flows[intent->flow - r->program->flows];
    f->started += intent->kind == INTENT_STARTED;
    f->stopped += intent->kind == INTENT_STOPPED;
    f->finished += intent->kind == INTENT_FINISHED;
    f->goals += intent->kind == INTENT_GOAL;
    f->refused += intent->kind == INTENT_REFUSED;
    count_not(&r->not, intent);
    if (intent->kind == INTENT_MESSAGE)
        add_message(r, intent);
    if (intent->kind == INTENT_BENEFIT)
        add_benefit(r, intent);
}

replay_t *
replay_new(virtual_t *world, const replay_options_t *options)
{
    engine_options_t engine = { .tell = true };
    replay_t *r = g_new0(replay_t, 1);

    r->world = world;
    r->program = virtual_program(world);
    r->options = *options;
    r->visitors = visitors_new();
    r->popular = popular_new(&r->program->zone);
    r->first = -1;
    r->pages = g_new0(replay_page_t, r->program->npages + 1);
    r->flows = g_new0(replay_flow_t, r->program->nflows + 1);
    r->benefits = g_array_new(FALSE, FALSE, sizeof(replay_benefit_t));
    r->purchases = g_array_new(FALSE, FALSE, sizeof(replay_purchase_t));
    r->orders = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
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
    popular_free(r->popular);
    g_array_free(r->benefits, TRUE);
    g_array_free(r->purchases, TRUE);
    g_hash_table_destroy(r->orders);
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

drop_t
replay_judge(virtual_t *world, bool keep_bots, const access_line_t *line, engine_event_t *event)
{
    senda_method_t method = senda_method_of(line->method);

    if (method == SENDA_METHOD_OTHER || senda_str_eq(line->method, SENDA_STR("HEAD")))
        return DROP_METHOD;
    if (!keep_bots && senda_is_bot(line->agent))
        return DROP_BOT;
    if (!is_good(method, line->status))
        return DROP_STATUS;
    if (virtual_visit(world, method, line->target, event) != SENDA_OK)
        return DROP_ADDRESS;
    if (event->nkeys > 0)
        return DROP_REASONS;
    if (senda_is_asset(virtual_path(world)))
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

/* A purchase whose number was seen before is the same one, looked at again. */
static void
note_purchase(replay_t *r, uint32_t visitor)
{
    replay_purchase_t bought = { r->event.at, visitor };
    int64_t hash;

    if (value_read(VALUE_TEXT, r->event.order, &hash) &&
        !g_hash_table_add(r->orders, g_memdup2(&hash, sizeof(hash))))
        return;
    g_array_append_val(r->purchases, bought);
}

/* How frequent the search is; what was bought. */
static void
note_events(replay_t *r, uint32_t visitor)
{
    engine_event_t *e = &r->event;

    for (unsigned k = 0; k < e->nkeys; k++) {
        if (e->keys[k] == senda_key_event(SENDA_EV_PURCHASE))
            note_purchase(r, visitor);
        for (unsigned i = 0; i < e->nfields && e->keys[k] == senda_key_event(SENDA_EV_SEARCH);
             i++) {
            if (senda_str_eq(e->fields[i].name, SENDA_STR("q")))
                e->rank = popular_search(r->popular, e->at, e->fields[i].value);
        }
    }
}

/* Who it is, as far as the contacts tell; the contact that this line shows, NULL if none. */
static const replay_contact_t *
set_person(replay_t *r, const access_line_t *line, uint32_t visitor)
{
    const replay_contacts_t *all = r->options.contacts;
    const replay_contact_t *contact = NULL;
    engine_event_t *e = &r->event;
    uint32_t known = visitors_contact(r->visitors, visitor), found = 0;
    bool surely;

    if (all != NULL)
        found = replay_contacts_find(all, line->user, line->address, e, &surely);
    if (found != 0 && found != known && (surely || known == 0)) {
        visitors_link(r->visitors, visitor, found);
        known = found;
        contact = replay_contacts_at(all, found);
        e->nanswers = contact->nanswers;
        memcpy(e->answers, contact->answers, contact->nanswers * sizeof(*e->answers));
    }
    e->who.contact = known;
    e->has_reach = true;
    e->address = e->consent = r->options.known_only ? 0 : CHANNEL_BIT(CHANNELS) - 1;
    if (known != 0) {
        e->address = replay_contacts_at(all, known)->address;
        e->consent = replay_contacts_at(all, known)->consent;
    }
    return contact;
}

static void
take_visit(replay_t *r, const access_line_t *line)
{
    uint32_t visitor = visitors_number(r->visitors, line->address, line->agent,
        &r->event.who.visitor);
    const replay_contact_t *contact;

    r->event.at = line->at;
    count_pages(r, visitor);
    note_events(r, visitor);
    contact = set_person(r, line, visitor);
    if (r->options.why != NULL) {
        /* what is due before comes first in the story too */
        engine_advance(r->engine, line->at, ENGINE_ACT);
        replay_why_visit(r->options.why, r->visitors, visitor, line, contact, &r->event, NULL);
    }
    engine_event(r->engine, &r->event, ENGINE_ACT);
}

/* Only the story of one visitor asks whose lines were dropped. */
static void
drop(replay_t *r, const access_line_t *line, drop_t why)
{
    uint32_t visitor;

    r->dropped[why]++;
    if (r->options.why == NULL ||
        !visitors_known(r->visitors, line->address, line->agent, &visitor, &r->event.who.visitor))
        return;
    replay_why_visit(r->options.why, r->visitors, visitor, line, NULL, &r->event,
        replay_reasons[why]);
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
    why = replay_judge(r->world, r->options.keep_bots, &line, &r->event);
    if (why != DROP_REASONS) {
        drop(r, &line, why);
        return;
    }
    r->visits++;
    if (line.at < r->last) {
        r->late++;
        r->latest = r->last - line.at > r->latest ? r->last - line.at : r->latest;
    }
    r->last = line.at > r->last ? line.at : r->last;
    r->first = r->first < 0 ? line.at : r->first;
    take_visit(r, &line);
}

senda_rc_t
replay_log(replay_t *r, access_log_t *log, replay_tick_pt tick, void *ctx, senda_err_t *err)
{
    senda_str_t text;
    senda_rc_t rc;

    while ((rc = access_log_next(log, &text, err)) == SENDA_OK) {
        replay_line(r, text);
        if (tick != NULL && r->lines % TICK_LINES == 0)
            tick(ctx, r, log);
    }
    return rc == SENDA_NONE ? SENDA_OK : rc;
}

void
replay_until(replay_t *r, senda_sec_t until)
{
    engine_advance(r->engine, until > r->end ? until : r->end, ENGINE_ACT);
}
