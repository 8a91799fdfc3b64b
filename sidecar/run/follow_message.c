/*
 * Answers to messages: clicks, openings, unsubscriptions, chosen channels. Who
 * is meant follows from the message alone, never from the browser. An answer
 * to a message that nobody knows any more is counted and passed over.
 */

#include "follow_parts.h"
#include "outbox.h"
#include "senda_sent.h"

_Static_assert(SENDA_MESSAGE_LEN == OUTBOX_ID_LEN, "a link names a message as the outbox does");

#define ANSWERS \
    (SENDA_VISIT_CLICK | SENDA_VISIT_OPEN | SENDA_VISIT_UNSUBSCRIBE | SENDA_VISIT_CHANNELS)

bool
follow_is_answer(const senda_visit_t *v)
{
    return (v->flags & ANSWERS) != 0;
}

/* The message that is answered. */
typedef struct {
    uint32_t site;
    uint64_t contact;
    prog_channel_t channel;
} answered_t;

static bool
find(follow_t *f, follow_item_t *item, answered_t *a)
{
    const senda_message_t *id = &item->visit.message;
    out_message_t m;
    out_id_t name;
    senda_sent_t sent;

    memcpy(name.b, id->b, sizeof(name.b));
    item->template[0] = '\0';
    if (outbox_load(f->state, &name, &m) == SENDA_OK) {
        *a = (answered_t){ m.site, m.contact, m.channel };
        memcpy(item->template, m.template, sizeof(item->template));
        return true;
    }
    if (f->published != NULL && senda_sent_get(f->published, id, &sent) == SENDA_OK) {
        *a = (answered_t){ sent.site, sent.contact, (prog_channel_t)sent.channel };
        return true;
    }
    return false;
}

/* What it was, with what rules ask of it: which template, by which channel. */
static void
happen(follow_item_t *item, const answered_t *a, senda_event_t event)
{
    engine_event_t *e = &item->event;

    e->nkeys = 1;
    e->keys[0] = senda_key_event(event);
    if (item->template[0] != '\0') {
        e->fields[e->nfields++] = (senda_capture_t){ SENDA_STR("template"),
            senda_cstr(item->template) };
    }
    e->fields[e->nfields++] = (senda_capture_t){ SENDA_STR("channel"),
        senda_cstr(senda_channel_name(a->channel)) };
}

/* The page that a new browser's click led to is in the same record: a visit of that browser. */
static void
land(follow_item_t *item)
{
    const senda_visit_t *v = &item->visit;
    engine_event_t *e = &item->event;

    if ((v->flags & SENDA_VISIT_PAGE) == 0) {
        return;
    }
    e->page = true;
    e->nkeys = v->nkeys;
    memcpy(e->keys, v->keys, v->nkeys * sizeof(v->keys[0]));
    for (unsigned i = 0; i < v->ncaptures; i++) { /* there is room for twice as many */
        e->fields[e->nfields++] = v->captures[i];
    }
}

/*
 * The browser is the receiver's, unless a login says that it is another's: then
 * the click is the receiver's all the same, and nothing is learnt of the browser.
 */
static void
click(follow_t *f, follow_item_t *item, const answered_t *a)
{
    const senda_visitor_t *visitor = &item->visit.visitor;

    happen(item, a, SENDA_EV_MESSAGE_CLICK);
    if (!senda_visitor_is_none(visitor) && follow_link(f, item, a->contact, LINK_CLICK)) {
        item->event.who.visitor = *visitor;
        land(item);
    }
}

/* History has been lived: what was chosen then is in the contact's record already. */
static void
choose(follow_t *f, follow_item_t *item, const answered_t *a, contact_t *c)
{
    item->changed[item->nchanged++] = c->number;
    if (f->links != NULL) {
        return;
    }
    if ((item->visit.flags & SENDA_VISIT_CHANNELS) != 0) {
        contact_choose(f->state, c, item->visit.channels, item->at, HOW_PAGE);
    } else {
        contact_leave(f->state, c, a->channel, item->at, HOW_CLICK);
    }
}

senda_rc_t
follow_answer(follow_t *f, follow_item_t *item)
{
    uint32_t flags = item->visit.flags;
    answered_t a;
    contact_t c;

    if (!find(f, item, &a) || contact_load(f->state, a.contact, &c) != SENDA_OK) {
        f->stats.lost++;
        return SENDA_NONE;
    }
    item->visit.site = a.site; /* the endpoint's host may be another site's */
    item->event.who.contact = a.contact;
    if ((flags & SENDA_VISIT_CLICK) != 0) {
        item->answer = "clicks";
        click(f, item, &a);
    } else if ((flags & SENDA_VISIT_OPEN) != 0) {
        item->answer = "opens";
        happen(item, &a, SENDA_EV_MESSAGE_OPEN);
    } else {
        item->answer = (flags & SENDA_VISIT_CHANNELS) != 0 ? "chooses channels by"
                                                           : "unsubscribes by";
        choose(f, item, &a, &c);
    }
    follow_reach(f, &item->event);
    return SENDA_OK;
}
