/*
 * Answers of a form, mapped as its page's line says and taken in as if the
 * shop had said them, but weaker: whoever types an address need not be its
 * owner. A name or a phone that a contact has is not overwritten by a browser
 * that is not logged in as it; a browser that is logged in stays whose it is.
 *
 * A form that cannot be used is counted and passed over.
 */

#include "follow_parts.h"

#include "senda_form.h"
#include "senda_url.h"

/* What the first of the record's pages that knows this answer does with it; NULL: none does. */
static const prog_input_t *
input_of(const program_t *p, const senda_visit_t *v, senda_str_t name)
{
    for (unsigned i = 0; i < v->nkeys; i++) {
        for (unsigned k = 0; k < p->npages; k++) {
            const prog_page_t *page = &p->pages[k];

            for (unsigned n = 0; page->key == v->keys[i] && n < page->ninputs; n++) {
                if (senda_str_eq(senda_cstr(page->inputs[n].input), name)) {
                    return &page->inputs[n];
                }
            }
        }
    }
    return NULL;
}

/* "key=value&": value as it came, form-encoded. */
static void
add(GString *out, const char *key, senda_str_t value)
{
    g_string_append_uri_escaped(out, key, NULL, false);
    g_string_append_c(out, '=');
    g_string_append_len(out, value.p, (gssize)value.n);
    g_string_append_c(out, '&');
}

/*
 * The form in the words of X-Senda-Contact. Boxes of one name, and a hidden
 * "0" before a box, are one answer: yes to whatever one of them says yes to.
 */
static GString *
in_our_words(const program_t *p, const senda_visit_t *v, senda_str_t form)
{
    static const char *const own[] = {
        [FILLS_EMAIL] = "email",
        [FILLS_PHONE] = "phone",
        [FILLS_NAME] = "name",
    };
    GString *out = g_string_new(NULL), *consent = g_string_new(NULL);
    senda_str_t raw, value;

    while (senda_form_next(&form, &raw, &value)) {
        char buf[SENDA_HEADER_MAX];
        senda_str_t name = { buf, 0 };
        const prog_input_t *input;

        name.n = raw.n <= sizeof(buf) ? senda_percent_decode(buf, raw, true) : 0;
        input = name.n > 0 ? input_of(p, v, name) : NULL;
        if (input == NULL) {
            continue;
        }
        if (input->fills == FILLS_CONSENT) {
            g_string_append(consent, consent->len > 0 ? "%2C" : "");
            g_string_append_len(consent, value.p, (gssize)value.n);
        } else {
            add(out, input->fills == FILLS_FIELD ? p->fields[input->field].name : own[input->fills],
                value);
        }
    }
    if (consent->len > 0) {
        add(out, "consent", (senda_str_t){ consent->str, consent->len });
    }
    g_string_free(consent, TRUE);
    return out;
}

/* Whoever fills it in may not be whom it is about: what is there already stays. */
static void
weaken(follow_t *f, header_contact_t *h, uint64_t number)
{
    contact_t c;

    if (number != 0 && contact_load(f->state, number, &c) == SENDA_OK) {
        h->name[0] = c.name[0] != '\0' ? '\0' : h->name[0];
        h->phone[0] = c.phone[0] != '\0' ? '\0' : h->phone[0];
    }
}

/* Only a link led here: a message may have been passed on, so its receiver's choices are not touched. */
static void
doubt(header_contact_t *h)
{
    h->name[0] = h->phone[0] = '\0';
    h->has_consent = false;
}

/* The contact that the form is about: found, made, or the one known; SENDA_NONE: nobody. */
static senda_rc_t
whose(follow_t *f, follow_item_t *item, contact_link_t by, uint64_t *number)
{
    header_contact_t *h = &item->form;
    uint64_t known = item->event.who.contact;
    unsigned before = item->event.nanswers;

    *number = h->email[0] != '\0' ? contact_by_email(f->state, item->visit.site, h->email) : known;
    if (*number != known || by != LINK_LOGIN) {
        weaken(f, h, *number);
    }
    if (h->email[0] == '\0' && by == LINK_CLICK) {
        doubt(h);
    }
    follow_answers(f, item, h);
    return f->links != NULL ? SENDA_OK : follow_learn(f, item, h, known, HOW_FORM, before, number);
}

/*
 * From here on the record is about this contact, unless it says itself that
 * somebody else is logged in.
 */
static void
is_about(follow_t *f, follow_item_t *item, uint64_t number, unsigned answers)
{
    engine_event_t *e = &item->event;
    const senda_visit_t *v = &item->visit;
    bool linked = item->linked;

    if ((v->flags & (SENDA_VISIT_CONTACT | SENDA_VISIT_EVENT)) != 0 && e->who.contact != 0) {
        e->nanswers = answers;
        return;
    }
    e->who.contact = number;
    if (!senda_visitor_is_none(&v->visitor) && !follow_link(f, item, number, LINK_FORM)) {
        memset(&e->who.visitor, 0, sizeof(e->who.visitor));
    }
    item->linked = item->linked || linked;
}

void
follow_form(follow_t *f, follow_item_t *item, senda_str_t form, contact_link_t by)
{
    const program_t *p = f->program(f->ctx, item->visit.site);
    unsigned answers = item->event.nanswers;
    uint64_t number = 0;
    senda_rc_t rc;
    GString *raw;

    if (p == NULL) {
        return;
    }
    raw = in_our_words(p, &item->visit, form);
    rc = header_contact((senda_str_t){ raw->str, raw->len }, &item->form, &item->why);
    g_string_free(raw, TRUE);
    if (rc == SENDA_OK) {
        rc = whose(f, item, by, &number);
    }
    if (rc != SENDA_OK) {
        f->stats.refused++;
        item->event.nanswers = answers;
        item->complaint = item->why.text;
        item->partly = false;
    } else if (number != 0 && number != item->event.who.contact) {
        is_about(f, item, number, answers);
    }
}
