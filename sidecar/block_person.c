/*
 * Pairs of names and values, each to its place in the event. Addresses and
 * consent are read as the shop's own header is.
 */

#include "block_person.h"
#include "header.h"

#include <glib.h>

/* What the pairs of one line said of the person's addresses, as header text. */
typedef struct {
    const program_t *program;
    engine_event_t *event;
    GString *contact;
    senda_err_t *err;
} with_t;

void
block_person_begin(engine_event_t *event)
{
    *event = (engine_event_t){ .has_reach = true,
        .address = CHANNEL_BIT(CHANNELS) - 1,
        .consent = CHANNEL_BIT(CHANNELS) - 1 };
    event->who.visitor.b[0] = 1;
}

/* Whom an address makes of the person: a split's branch depends on it. Once known it stays so. */
static void
name(engine_event_t *event, const char *address)
{
    char *lower = g_ascii_strdown(address, -1);

    if (event->who.contact == 0)
        event->who.contact = 1 + (uint64_t)g_str_hash(lower);
    g_free(lower);
}

void
block_person_contact(engine_event_t *event, const char *address)
{
    name(event, address);
    event->address = event->consent = CHANNEL_BIT(
        strchr(address, '@') != NULL ? CHANNEL_EMAIL : CHANNEL_SMS);
}

static bool
has_event(const engine_event_t *e, uint32_t event)
{
    for (unsigned i = 0; i < e->nkeys; i++) {
        if (e->keys[i] == senda_key_event(event))
            return true;
    }
    return false;
}

/* What the form of one of the event's pages calls so. */
static const prog_input_t *
input_of(const with_t *w, const char *name)
{
    for (unsigned k = 0; k < w->event->nkeys; k++) {
        for (unsigned i = 0; i < w->program->npages; i++) {
            const prog_page_t *page = &w->program->pages[i];

            for (unsigned n = 0; page->key == w->event->keys[k] && n < page->ninputs; n++) {
                if (strcmp(page->inputs[n].input, name) == 0)
                    return &page->inputs[n];
            }
        }
    }
    return NULL;
}

/* One of the event's own attributes, as the file declares them. */
static bool
is_attribute(const with_t *w, const char *name)
{
    for (unsigned i = 0; i < w->program->nevents; i++) {
        const prog_event_t *e = &w->program->events[i];

        for (unsigned a = 0;
             w->event->nkeys > 0 && e->key == w->event->keys[0] && a < e->nattributes; a++) {
            if (strcmp(e->attributes[a].name, name) == 0)
                return true;
        }
    }
    return false;
}

static bool
is_field(const program_t *p, const char *name)
{
    for (unsigned i = 0; i < p->nfields; i++) {
        if (strcmp(p->fields[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A value said twice is the last one. */
static bool
put(senda_capture_t *list, unsigned *n, unsigned max, const char *name, const char *value)
{
    senda_capture_t put = { senda_cstr(name), senda_cstr(value) };

    for (unsigned i = 0; i < *n; i++) {
        if (senda_str_eq(list[i].name, put.name)) {
            list[i] = put;
            return true;
        }
    }
    if (*n == max)
        return false;
    list[(*n)++] = put;
    return true;
}

static senda_rc_t
answer(with_t *w, const char *field, const char *value)
{
    if (put(w->event->answers, &w->event->nanswers, ENGINE_ANSWERS_MAX, field, value))
        return SENDA_OK;
    return senda_fail(w->err, SENDA_FULL, "at most %d answers", ENGINE_ANSWERS_MAX);
}

static senda_rc_t
attribute(with_t *w, const char *name, const char *value)
{
    engine_event_t *e = w->event;

    if (!put(e->fields, &e->nfields, G_N_ELEMENTS(e->fields), name, value))
        return senda_fail(w->err, SENDA_FULL, "at most %u values",
            (unsigned)G_N_ELEMENTS(e->fields));
    if (strcmp(name, "order") == 0 && has_event(e, SENDA_EV_PURCHASE))
        e->order = senda_cstr(value);
    return SENDA_OK;
}

static senda_rc_t
of_contact(with_t *w, const char *what, const char *value)
{
    char *escaped = g_uri_escape_string(value, NULL, FALSE);

    g_string_append_printf(w->contact, "%s%s=%s", w->contact->len > 0 ? "&" : "", what, escaped);
    g_free(escaped);
    return SENDA_OK;
}

static senda_rc_t
fill(with_t *w, const prog_input_t *input, const char *value)
{
    static const char *const names[] = { [FILLS_EMAIL] = "email",
        [FILLS_PHONE] = "phone",
        [FILLS_NAME] = "name",
        [FILLS_CONSENT] = "consent" };

    if (input->fills == FILLS_FIELD)
        return answer(w, w->program->fields[input->field].name, value);
    return of_contact(w, names[input->fills], value);
}

static senda_rc_t
pair(with_t *w, const prog_pair_t *p)
{
    static const char *const own[] = { "email", "phone", "name", "consent", NULL };
    const prog_input_t *input = input_of(w, p->name);
    senda_rc_t rc;

    if (input != NULL)
        return fill(w, input, p->value);
    if (is_attribute(w, p->name))
        return attribute(w, p->name, p->value);
    if (g_strv_contains(own, p->name))
        return of_contact(w, p->name, p->value);
    if (!is_field(w->program, p->name))
        return attribute(w, p->name, p->value);
    rc = answer(w, p->name, p->value);
    return rc == SENDA_OK && !w->event->page ? attribute(w, p->name, p->value) : rc;
}

/* The person is a contact from here on, by what it left of itself. */
static senda_rc_t
know(with_t *w)
{
    engine_event_t *e = w->event;
    bool sign_up = has_event(e, SENDA_EV_SIGN_UP);
    header_contact_t h;
    senda_rc_t rc = header_contact((senda_str_t){ w->contact->str, w->contact->len }, &h, w->err);
    uint32_t given;

    if (rc != SENDA_OK)
        return rc;
    given = (h.email[0] != '\0' ? CHANNEL_BIT(CHANNEL_EMAIL) : 0) |
        (h.phone[0] != '\0' ? CHANNEL_BIT(CHANNEL_SMS) : 0);
    if (given != 0)
        name(e, h.email[0] != '\0' ? h.email : h.phone);
    e->address |= given;
    if (h.has_consent)
        e->consent = h.consent;
    else if (sign_up)
        e->consent |= given;
    return SENDA_OK;
}

senda_rc_t
block_person_with(const program_t *p, engine_event_t *event, const prog_test_line_t *line,
    senda_err_t *err)
{
    with_t w = { p, event, g_string_new(NULL), err };
    senda_rc_t rc = SENDA_OK;

    for (unsigned i = 0; i < line->nfields && rc == SENDA_OK; i++)
        rc = pair(&w, &line->fields[i]);
    if (rc == SENDA_OK && w.contact->len > 0)
        rc = know(&w);
    g_string_free(w.contact, TRUE);
    return rc;
}
