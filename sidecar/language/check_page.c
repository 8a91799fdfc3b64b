/*
 * Pages with their patterns, events and forms; declared events, fields and
 * places.
 */

#include "check.h"
#include "senda_form.h"

uint32_t
check_event_of(const check_t *c, const ast_verb_t *v)
{
    const known_t *k;
    const ast_page_t *page;

    if (v->kind == VERB_STANDARD) {
        return v->event;
    }
    if (v->kind != VERB_PAGE && (v->kind != VERB_SPENDS || v->pattern != NULL)) {
        return 0;
    }
    k = check_find(c, NAMES_PAGE, &v->name);
    page = k != NULL ? (const ast_page_t *)k->node : NULL;
    return page != NULL && page->has_event && page->event.text != NULL
        ? senda_event_number(senda_cstr(page->event.key))
        : 0;
}

/* "a, b, c": the analytics events and those that the file declares. */
static const char *
event_list(check_t *c)
{
    GString *list = g_string_new("\x01");
    const char *own = check_list(c, NAMES_EVENT);
    char *text;

    for (uint32_t e = 1; e <= SENDA_EV_LAST; e++) {
        g_string_append_printf(list, "%s%s", e > 1 ? ", " : "", senda_event_name(e));
    }
    if (own != NULL) {
        g_string_append_printf(list, ", %s", own + 1);
    }
    text = arena_text(c->arena, list->str, list->len);
    g_string_free(list, TRUE);
    return text;
}

static void
check_page_event(check_t *c, const ast_name_t *name)
{
    word_t verb;
    near_t near;
    diag_t *d;

    if (name->text == NULL || senda_event_number(senda_cstr(name->key)) != 0 ||
        check_find(c, NAMES_EVENT, name) != NULL || check_excused(c, name)) {
        return;
    }
    verb = words_of_phrase(ROLE_VERB, name->key);
    if (verb != W_NONE && senda_event_name((uint32_t)words_table[verb].value) != NULL) {
        d = DIAG(c->ds, name->span, MSG_IS_VERB, name->text,
            senda_event_name((uint32_t)words_table[verb].value));
        diag_word(c->ds, d, W_PAGE);
        return;
    }
    d = DIAG(c->ds, name->span, MSG_IS_UNKNOWN, name->text, event_list(c));
    near_start(&near, name->key);
    for (uint32_t e = 1; e <= SENDA_EV_LAST; e++) {
        near_offer(&near, senda_event_name(e), senda_event_name(e));
    }
    check_offer(c, &near, NAMES_EVENT);
    diag_near(c->ds, d, near.best);
}

/* "email, phone, name, consent" and the declared fields. */
static const char *
fillable(check_t *c)
{
    const char *own = check_list(c, NAMES_FIELD);

    return arena_printf(c->arena, "\x01%s%s%s", "email, phone, name, consent",
        own != NULL ? ", " : "", own != NULL ? own + 1 : "");
}

static void
check_input(check_t *c, const ast_input_t *in)
{
    word_t w = W_NONE;
    near_t near;
    diag_t *d;

    if (in->input.text != NULL && senda_form_is_secret_name(senda_cstr(in->input.text))) {
        DIAG(c->ds, in->input.span, MSG_FORM_SECRET, in->input.text);
        return;
    }
    if (in->fills.text == NULL || words_of_phrase(ROLE_FILLS, in->fills.key) != W_NONE ||
        check_find(c, NAMES_FIELD, &in->fills) != NULL || check_excused(c, &in->fills)) {
        return;
    }
    d = DIAG(c->ds, in->fills.span, MSG_FORM_FIELD, in->input.text != NULL ? in->input.text : "",
        in->fills.text, fillable(c));
    near_start(&near, in->fills.key);
    check_offer(c, &near, NAMES_FIELD);
    near_words(&near, c->arena, ROLE_FILLS, c->ds->lang, &w);
    diag_near(c->ds, d, near.best);
}

void
check_page(check_t *c, const ast_page_t *page)
{
    if (page->has_event) {
        check_page_event(c, &page->event);
    }
    for (const ast_input_t *in = page->inputs; in != NULL; in = in->next) {
        check_input(c, in);
    }
}

static void
check_attributes(check_t *c, const ast_event_t *e)
{
    GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (const ast_attribute_t *a = e->attributes; a != NULL; a = a->next) {
        if (a->name.text != NULL && !g_hash_table_add(seen, (gpointer)a->name.key)) {
            DIAG(c->ds, a->name.span, MSG_ATTRIBUTE_TWICE, a->name.text);
        }
    }
    g_hash_table_unref(seen);
}

void
check_event(check_t *c, const ast_event_t *e)
{
    diag_t *d = NULL;

    if (e->name.text == NULL) {
        return;
    }
    if (senda_event_number(senda_cstr(e->name.key)) != 0) {
        d = DIAG(c->ds, e->name.span, MSG_EVENT_STANDARD, e->name.text);
    } else if (words_of_phrase(ROLE_VERB, e->name.key) != W_NONE) {
        d = DIAG(c->ds, e->name.span, MSG_EVENT_VERB, e->name.text);
    }
    diag_word(c->ds, d, W_EVENT);
    check_attributes(c, e);
}

void
check_field(check_t *c, const ast_field_t *f)
{
    static const char *const own[] = { "email", "phone", "name", "consent" };

    for (size_t i = 0; f->name.text != NULL && i < G_N_ELEMENTS(own); i++) {
        if (strcmp(f->name.key, own[i]) == 0) {
            DIAG(c->ds, f->name.span, MSG_FIELD_OWN, f->name.text);
        }
    }
}

void
check_place(check_t *c, const ast_place_t *p)
{
    if (p->head.broken) {
        return;
    }
    if (!(p->latitude >= -90 && p->latitude <= 90 && p->longitude >= -180 && p->longitude <= 180)) {
        DIAG(c->ds, p->at, MSG_PLACE_RANGE);
    }
    if (!(p->radius >= 1 && p->radius <= LANG_RADIUS_MAX * 1000.0)) {
        DIAG(c->ds, p->name.span, MSG_PLACE_RADIUS, p->name.text != NULL ? p->name.text : "",
            arena_printf(c->arena, "%d", LANG_RADIUS_MAX));
    }
}
