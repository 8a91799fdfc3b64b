/*
 * explain's own: the site, pages and events in sentences, the whole file
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

/* What any page view does: said once for the whole file, not with each page. */
static bool
heeds_any(void *ctx, const explain_use_t *u)
{
    (void)ctx;
    return u->verb != NULL && (u->verb->kind == VERB_ANY || u->verb->kind == VERB_RETURNS);
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
    case VERB_SPENDS:
        return u->verb->pattern == NULL && strcmp(u->verb->name.key, page->name.key) == 0;
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

/* What an answer fills. A declared field hides a word, but not the four names themselves. */
static const char *
filled(const explain_t *e, const ast_input_t *i)
{
    const say_t *s = &e->say;
    const char *input = say_quoted(s, i->input.text);
    word_t own = words_of_phrase(ROLE_FILLS, i->fills.key);
    bool hides = own == W_NONE || strcmp(words_say(own, LANG_EN), i->fills.key) != 0;

    for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_FIELD && hides && strcmp(ast_name_of(h)->key, i->fills.key) == 0) {
            return SAY(s, PH_INPUT_FIELD, input, say_quoted(s, i->fills.text));
        }
    }
    return SAY(s, PH_INPUT, input, own != W_NONE ? words_say(own, s->lang) : i->fills.text);
}

static const char *
form(const explain_t *e, const ast_page_t *page)
{
    const say_t *s = &e->say;
    const char *all = NULL;

    for (const ast_input_t *i = page->inputs; i != NULL; i = i->next) {
        const char *one = filled(e, i);

        all = all == NULL ? one : SAY(s, i->next == NULL ? PH_AND : PH_LIST, all, one);
    }
    return all == NULL ? "" : SAY(s, PH_PAGE_FORM, all);
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
    explain_line(e, 2, "", JOIN(e, explain_meaning(e, page), form(e, page)));
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

    for (const ast_attribute_t *f = event->attributes; f != NULL; f = f->next) {
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

/* ---- the whole, and names ---- */

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
    case AST_FIELD:
        explain_field(e, (const ast_field_t *)h);
        break;
    case AST_PLACE:
        explain_place(e, (const ast_place_t *)h);
        break;
    case AST_SCORE:
        explain_score(e, (const ast_score_t *)h);
        break;
    case AST_STAGE:
    case AST_SEGMENT:
    case AST_SHOW:
        explain_state(e, (const ast_state_t *)h);
        break;
    case AST_LIMIT:
    case AST_QUIET:
    case AST_CONTROL:
        explain_respect(e, h);
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

/* The parts of the whole, each with the kinds of its lines. */
static const struct {
    phrase_t heading;
    bool close; /* no gap between its lines */
    ast_kind_t kinds[3];
} parts[] = {
    { PH_H_PAGES, false, { AST_PAGE } },
    { PH_H_EVENTS, false, { AST_EVENT, AST_PLACE } },
    { PH_H_PEOPLE, false, { AST_FIELD } },
    { PH_H_TAGS, false, { AST_TAG } },
    { PH_H_SCORES, false, { AST_SCORE, AST_STAGE } },
    { PH_H_SEGMENTS, false, { AST_SEGMENT } },
    { PH_H_RESPECT, true, { AST_LIMIT, AST_QUIET, AST_CONTROL } },
    { PH_H_FLOWS, false, { AST_FLOW } },
    { PH_H_SHOWS, false, { AST_SHOW } },
    { PH_H_TESTS, false, { AST_TEST } },
};

static bool
is_in_part(const ast_head_t *h, size_t part)
{
    for (size_t i = 0; i < G_N_ELEMENTS(parts[part].kinds); i++) {
        if (parts[part].kinds[i] == h->kind && (i == 0 || parts[part].kinds[i] != AST_SITE)) {
            return true;
        }
    }
    return false;
}

void
explain_file(explain_t *e)
{
    e->follows_none = false;
    explain_site(e);
    explain_uses_as(e, PH_FOLLOWS_ANY, heeds_any, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        bool any = false;

        for (const ast_head_t *h = e->file->items.first; h != NULL; h = h->next) {
            if (is_in_part(h, i)) {
                if (!any || !parts[i].close) {
                    explain_gap(e);
                }
                if (!any) {
                    explain_line(e, 0, "", SAY(&e->say, parts[i].heading));
                    explain_gap(e);
                }
                any = true;
                explain_item(e, h);
            }
        }
        if (any && parts[i].close) {
            explain_line(e, 0, "", SAY(&e->say, PH_NOT_TRANSACTIONAL));
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
        const ast_name_t *n = ast_name_of(h);

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
        const ast_name_t *own = ast_name_of(h);

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
