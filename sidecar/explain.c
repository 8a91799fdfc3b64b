/*
 * explain's own: the site, pages, events and tags in sentences, the whole file
 * in its order of kinds, and finding what has a name.
 */

#include "explain_parts.h"

#include "fold.h"
#include "near.h"

#define WIDTH   78 /* columns of a paragraph */
#define DEEPEST 44 /* where its further lines begin at most */

explain_t *
explain_open(virtual_t *w, const char *language, FILE *out)
{
    explain_t *e = g_new0(explain_t, 1);

    e->world = w;
    e->file = virtual_lang(w)->file;
    e->program = virtual_program(w);
    e->out = out;
    e->say.arena = arena_new();
    e->say.lang = strcmp(language != NULL ? language : virtual_language(w), "es") == 0 ? LANG_ES
                                                                                       : LANG_EN;
    explain_find_uses(e);
    return e;
}

void
explain_close(explain_t *e)
{
    if (e != NULL) {
        g_array_free(e->uses, TRUE);
        arena_free(e->say.arena);
        g_free(e);
    }
}

/* ---- paragraphs ---- */

static size_t
columns(const char *p, size_t n)
{
    return (size_t)g_utf8_strlen(p, (gssize)n);
}

void
explain_line(const explain_t *e, unsigned indent, const char *mark, const char *text)
{
    size_t at = indent + columns(mark, strlen(mark)), begin = MIN(at, DEEPEST);
    bool first = true;

    (void)fprintf(e->out, "%*s%s", (int)indent, "", mark);
    while (*text != '\0') {
        size_t n = strcspn(text, " "), width = columns(text, n);

        if (!first && at + 1 + width > WIDTH) {
            (void)fprintf(e->out, "\n%*s", (int)begin, "");
            at = begin;
        } else if (!first) {
            (void)fputc(' ', e->out);
            at++;
        }
        (void)fwrite(text, 1, n, e->out);
        at += width;
        text += n;
        text += strspn(text, " ");
        first = false;
    }
    (void)fputc('\n', e->out);
}

void
explain_gap(const explain_t *e)
{
    (void)fputc('\n', e->out);
}

const char *
explain_join(const explain_t *e, const char *const *sentences)
{
    const char *text = "";

    for (; *sentences != NULL; sentences++) {
        if (**sentences != '\0') {
            text = *text == '\0' ? *sentences
                                 : arena_printf(e->say.arena, "%s %s", text, *sentences);
        }
    }
    return text;
}

/* ---- the site ---- */

static void
explain_site(const explain_t *e)
{
    const say_t *s = &e->say;
    const ast_site_t *site = e->file->site;
    const ast_names_t *h = site != NULL ? site->hosts : NULL;
    const char *others = NULL;

    if (h == NULL) {
        explain_line(e, 0, "",
            JOIN(e, SAY(s, PH_SITE_NONE), SAY(s, PH_SITE_ZONE, e->program->zone_name)));
        return;
    }
    for (const ast_names_t *o = h->next; o != NULL; o = o->next) {
        others = others == NULL ? o->name.text
                                : SAY(s, o->next == NULL ? PH_AND : PH_LIST, others, o->name.text);
    }
    explain_line(e, 0, "",
        JOIN(e, SAY(s, PH_SITE, h->name.text), others != NULL ? SAY(s, PH_SITE_NAMES, others) : "",
            SAY(s, PH_SITE_ZONE, e->program->zone_name),
            SAY(s, PH_SITE_MONEY, e->program->currency)));
}

/* ---- pages and events ---- */

static bool
heeds_page(void *ctx, const explain_use_t *u)
{
    const ast_page_t *page = ctx;

    if (u->verb == NULL) {
        return false;
    }
    switch (u->verb->kind) {
    case VERB_ANY:
        return true;
    case VERB_PAGE:
        return strcmp(u->verb->name.key, page->name.key) == 0;
    case VERB_STANDARD:
        return page->has_event && u->verb->event == senda_event_number(senda_cstr(page->event.key));
    case VERB_CUSTOM:
        return page->has_event && strcmp(u->verb->name.key, page->event.key) == 0;
    default:
        return false;
    }
}

/* "item and q": what the patterns pick out of the address, each name once. */
static const char *
captures(const explain_t *e, const ast_page_t *page, unsigned *n)
{
    const char *names[SENDA_CAPTURES_MAX];

    *n = 0;
    for (const ast_pattern_t *p = page->patterns; p != NULL; p = p->next) {
        const char *at = p->except ? NULL : strchr(p->text.p, '{');

        for (; at != NULL; at = strchr(at, '{')) {
            const char *from = at + 1 + (at[1] == '#');
            const char *name = arena_text(e->say.arena, from, strcspn(from, "}"));
            unsigned i = 0;

            while (i < *n && strcmp(names[i], name) != 0) {
                i++;
            }
            if (i == *n && *n < SENDA_CAPTURES_MAX) {
                names[(*n)++] = name;
            }
            at = from;
        }
    }
    return say_list(&e->say, names, *n, PH_AND);
}

static const char *
addresses(const explain_t *e, const ast_page_t *page, bool *star)
{
    const say_t *s = &e->say;
    const char *text = NULL, *except = NULL;

    *star = false;
    for (const ast_pattern_t *p = page->patterns; p != NULL; p = p->next) {
        const char *one = p->text.p;

        *star = *star || strchr(one, '*') != NULL;
        if (p->except) {
            except = except == NULL ? one : SAY(s, PH_OR, except, one);
            continue;
        }
        one = p->methods == SENDA_METHOD_POST ? SAY(s, PH_PAGE_POST, one) : one;
        text = text == NULL ? one : SAY(s, PH_OR, text, one);
    }
    text = except != NULL ? SAY(s, PH_PAGE_EXCEPT, text, except) : text;
    return SAY(s, PH_PAGE_IS, text);
}

static const char *
event_noun(const explain_t *e, const ast_name_t *event)
{
    uint32_t number = senda_event_number(senda_cstr(event->key));
    const verb_words_t *v = explain_verb(number != 0 ? number : VERB_WORDS_CUSTOM, e->say.lang);

    return say_fill(&e->say, v->one,
        (const char *const[]){ "", say_quoted(&e->say, event->text), NULL });
}

const char *
explain_meaning(const explain_t *e, const ast_page_t *page)
{
    const say_t *s = &e->say;
    uint32_t number;

    if (!page->has_event) {
        return SAY(s, PH_PAGE_NOTHING);
    }
    number = senda_event_number(senda_cstr(page->event.key));
    if (number == 0) {
        return SAY(s, PH_PAGE_MEANS_OWN, event_noun(e, &page->event));
    }
    return JOIN(e, SAY(s, PH_PAGE_MEANS, event_noun(e, &page->event), page->event.text),
        number == SENDA_EV_PURCHASE ? SAY(s, PH_PAGE_ORDER) : "");
}

static void
explain_page(const explain_t *e, const ast_page_t *page)
{
    const say_t *s = &e->say;
    unsigned n;
    bool star;
    const char *names = captures(e, page, &n), *is = addresses(e, page, &star);

    explain_line(e, 0, "",
        SAY(s, PH_H_PAGE, say_quoted(s, page->name.text), say_number(s, page->head.span.line)));
    explain_line(e, 2, "",
        JOIN(e, is, star ? SAY(s, PH_PAGE_STAR) : "",
            n == 0       ? ""
                : n == 1 ? SAY(s, PH_PAGE_CAPTURE, names)
                         : SAY(s, PH_PAGE_CAPTURES, names)));
    explain_line(e, 2, "", explain_meaning(e, page));
    explain_uses(e, heeds_page, (void *)page);
}

/* The page that a standard event of that name would be: its uses are the event's. */
static bool
heeds_event(void *ctx, const explain_use_t *u)
{
    const ast_name_t *event = ctx;

    return u->verb != NULL &&
        ((u->verb->kind == VERB_STANDARD &&
             u->verb->event == senda_event_number(senda_cstr(event->key))) ||
            (u->verb->kind == VERB_CUSTOM && strcmp(u->verb->name.key, event->key) == 0));
}

static const char *
pages_that_are(const explain_t *e, const ast_name_t *event)
{
    const say_t *s = &e->say;
    const char *text = NULL;

    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        const ast_page_t *p = (const ast_page_t *)h;

        if (h->kind == AST_PAGE && p->has_event && strcmp(p->event.key, event->key) == 0) {
            const char *one = SAY(s, PH_THE_PAGE, say_quoted(s, p->name.text));

            text = text == NULL ? one : SAY(s, PH_OR, text, one);
        }
    }
    return text == NULL ? NULL : SAY(s, PH_EVENT_PAGES, text);
}

static void
explain_event(const explain_t *e, const ast_event_t *event)
{
    const say_t *s = &e->say;
    const char *fields = NULL, *pages = pages_that_are(e, &event->name);

    for (const ast_field_t *f = event->fields; f != NULL; f = f->next) {
        const char *one = arena_printf(s->arena, "%s (%s)", f->name.text,
            words_say(f->type, s->lang));

        fields = fields == NULL ? one : SAY(s, f->next == NULL ? PH_AND : PH_LIST, fields, one);
    }
    explain_line(e, 0, "",
        SAY(s, PH_H_EVENT, say_quoted(s, event->name.text), say_number(s, event->head.span.line)));
    explain_line(e, 2, "",
        JOIN(e, pages != NULL ? pages : SAY(s, PH_EVENT_API),
            fields != NULL ? SAY(s, PH_EVENT_BRINGS, fields) : ""));
    explain_uses(e, heeds_event, (void *)&event->name);
}

/* An event of web analytics needs no line: which pages are one, and who heeds it. */
static void
explain_standard(const explain_t *e, uint32_t number)
{
    const say_t *s = &e->say;
    const char *name = senda_event_name(number);
    ast_name_t event = { .text = name, .key = name };
    const char *pages = pages_that_are(e, &event);

    explain_line(e, 0, "", SAY(s, PH_EVENT_STANDARD, say_quoted(s, name), event_noun(e, &event)));
    explain_line(e, 2, "", pages != NULL ? pages : SAY(s, PH_EVENT_NO_PAGE));
    explain_uses(e, heeds_event, &event);
}

/* ---- tags ---- */

static bool
heeds_tag(void *ctx, const explain_use_t *u)
{
    return u->tag != NULL && strcmp(u->tag->key, ctx) == 0;
}

static const prog_tag_t *
tag_row(const explain_t *e, const ast_tag_t *tag)
{
    char folded[4 * SENDA_NAME_MAX];

    for (unsigned i = 0; i < e->program->ntags; i++) {
        const char *name = e->program->tags[i].name;

        fold_text(name, strlen(name), folded, sizeof(folded));
        if (strcmp(folded, tag->name.key) == 0) {
            return &e->program->tags[i];
        }
    }
    return NULL;
}

static void
explain_tag(const explain_t *e, const ast_tag_t *tag)
{
    const say_t *s = &e->say;
    const prog_tag_t *row = tag_row(e, tag);
    const char *notes = "";

    for (const ast_trigger_t *w = tag->whens; w != NULL; w = w->next) {
        const char *note = w->absent != NULL ? say_trigger_note(s, w) : "";

        notes = strstr(notes, note) == NULL ? JOIN(e, notes, note) : notes;
    }
    explain_line(e, 0, "",
        SAY(s, PH_H_TAG, say_quoted(s, tag->name.text), say_number(s, tag->head.span.line)));
    explain_line(e, 2, "",
        JOIN(e, SAY(s, PH_TAG_GIVEN, say_triggers(s, tag->whens)), notes, SAY(s, PH_TAG_STAYS),
            SAY(s, row != NULL && row->by_nginx ? PH_TAG_NGINX : PH_TAG_LATER)));
    explain_uses(e, heeds_tag, (void *)tag->name.key);
}

/* ---- the whole, and names ---- */

static const ast_name_t *
name_of(const ast_head_t *h)
{
    switch (h->kind) {
    case AST_PAGE:
        return &((const ast_page_t *)h)->name;
    case AST_EVENT:
        return &((const ast_event_t *)h)->name;
    case AST_TAG:
        return &((const ast_tag_t *)h)->name;
    case AST_FLOW:
        return &((const ast_flow_t *)h)->name;
    case AST_TEST:
        return &((const ast_test_t *)h)->name;
    default:
        return NULL;
    }
}

static void
explain_item(const explain_t *e, const ast_head_t *h)
{
    switch (h->kind) {
    case AST_PAGE:
        explain_page(e, (const ast_page_t *)h);
        break;
    case AST_EVENT:
        explain_event(e, (const ast_event_t *)h);
        break;
    case AST_TAG:
        explain_tag(e, (const ast_tag_t *)h);
        break;
    case AST_FLOW:
        explain_flow(e, (const ast_flow_t *)h);
        break;
    case AST_TEST:
        explain_test(e, (const ast_test_t *)h);
        break;
    default:
        break;
    }
}

void
explain_file(explain_t *e)
{
    static const struct {
        ast_kind_t kind;
        phrase_t heading;
    } parts[] = { { AST_PAGE, PH_H_PAGES }, { AST_EVENT, PH_H_EVENTS }, { AST_TAG, PH_H_TAGS },
        { AST_FLOW, PH_H_FLOWS }, { AST_TEST, PH_H_TESTS } };

    e->follows_none = false;
    explain_site(e);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        bool any = false;

        for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
            if (h->kind == parts[i].kind) {
                explain_gap(e);
                if (!any) {
                    explain_line(e, 0, "", SAY(&e->say, parts[i].heading));
                    explain_gap(e);
                }
                any = true;
                explain_item(e, h);
            }
        }
    }
}

static senda_rc_t
no_name(const explain_t *e, const char *name, const char *folded, senda_err_t *err)
{
    near_t near;
    const say_t *s = &e->say;
    const char *text = SAY(s, PH_NO_NAME, say_quoted(s, name));

    near_start(&near, folded);
    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        const ast_name_t *n = name_of(h);

        if (n != NULL) {
            near_offer(&near, n->key, n->text);
        }
    }
    if (near.best != NULL) {
        text = arena_printf(s->arena, "%s. %s", text, SAY(s, PH_MEANT, say_quoted(s, near.best)));
    }
    return senda_fail(err, SENDA_NONE, "%s", text);
}

senda_rc_t
explain_name(explain_t *e, const char *name, senda_err_t *err)
{
    char folded[4 * SENDA_NAME_MAX];
    uint32_t standard;
    unsigned n = 0;

    fold_text(name, strlen(name), folded, sizeof(folded));
    standard = senda_event_number(senda_cstr(folded));
    e->follows_none = true;
    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        const ast_name_t *own = name_of(h);

        if (own != NULL && strcmp(own->key, folded) == 0) {
            if (n++ > 0) {
                explain_gap(e);
            }
            explain_item(e, h);
        }
    }
    if (standard != 0) {
        if (n++ > 0) {
            explain_gap(e);
        }
        explain_standard(e, standard);
    }
    return n > 0 ? SENDA_OK : no_name(e, name, folded, err);
}
