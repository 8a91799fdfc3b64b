/*
 * Verbs: what they name exists, what they ask of a happening comes with it,
 * and what they count can be counted.
 */

#include "check.h"

/* "email, sms": the channels of a set. */
static const char *
channel_list(check_t *c, unsigned channels)
{
    static const word_t words[CHANNELS] = { W_EMAIL, W_SMS, W_PUSH, W_WEBPUSH };
    GString *list = g_string_new("\x01");
    char *text;

    for (int i = 0; i < CHANNELS; i++) {
        if ((channels & CHANNEL_BIT(i)) != 0) {
            g_string_append_printf(list, "%s%s", list->len > 1 ? ", " : "",
                words_say(words[i], c->ds->lang));
        }
    }
    text = arena_text(c->arena, list->str, list->len);
    g_string_free(list, TRUE);
    return text;
}

void
check_template(check_t *c, const ast_name_t *name, word_t channel, word_t owner)
{
    const known_t *k;

    if (name->text == NULL) {
        return;
    }
    k = check_known_as(c, NAMES_TEMPLATE, name,
        c->names[NAMES_TEMPLATE].order->len > 0 ? MSG_TEMPLATE_UNSENT : MSG_TEMPLATES_NONE, owner);
    if (k != NULL && channel != W_NONE && !check_excused(c, name) &&
        (k->channels & CHANNEL_BIT((unsigned)words_table[channel].value)) == 0) {
        diag_t *d = DIAG(c->ds, name->span, MSG_TEMPLATE_CHANNEL, name->text,
            words_say(channel, c->ds->lang), channel_list(c, k->channels));

        diag_word(c->ds, d, owner);
    }
}

/* As the file says it: "visits product", "buys". */
static const char *
said(check_t *c, const ast_verb_t *v)
{
    lex_span_t s = v->word;

    if (v->name.text != NULL && v->name.span.line == s.line && v->name.span.at >= s.at) {
        s.len = v->name.span.at + v->name.span.len - s.at;
    }
    return diag_text(c->ds, s);
}

/* The nearest of a list "a, b, c" that we made. */
static void
near_listed(check_t *c, diag_t *d, const ast_name_t *name, const char *list)
{
    near_t near;

    if (d == NULL) {
        return;
    }
    near_start(&near, name->key);
    for (const char *p = list + 1; *p != '\0';) {
        size_t n = strcspn(p, ",");
        char *one = arena_text(c->arena, p, n);

        near_offer(&near, one, one);
        p += n + (p[n] == ',' ? 2 : 0);
    }
    diag_near(c->ds, d, near.best);
}

void
check_unbrought(check_t *c, const ast_verb_t *v, const ast_name_t *name)
{
    const char *list;

    if (check_excused(c, name)) {
        return;
    }
    if (check_find(c, NAMES_FIELD, name) != NULL) {
        DIAG(c->ds, name->span, MSG_FILTER_IS_FIELD, name->text);
        return;
    }
    list = diags_full(c->ds) ? NULL : check_brought_list(c, v);
    if (list == NULL) {
        DIAG(c->ds, name->span, MSG_FILTER_NONE, said(c, v));
    } else {
        near_listed(c, DIAG(c->ds, name->span, MSG_FILTER_UNKNOWN, said(c, v), name->text, list),
            name, list);
    }
}

static void
check_filters(check_t *c, const ast_verb_t *v)
{
    for (const ast_filter_t *f = v->filters; f != NULL; f = f->next) {
        kind_t kind;

        if (f->field.text == NULL) {
            continue;
        }
        if (check_brought(c, v, &f->field, &kind)) {
            check_compare(c, f->field.text, kind, &f->is);
        } else {
            check_unbrought(c, v, &f->field);
        }
    }
}

/* "of the same item", "of 3 different item" */
static void
check_capture(check_t *c, const ast_verb_t *v)
{
    diag_t *d;

    if ((v->by != BY_SAME && v->by != BY_DIFFERENT) || v->capture.text == NULL ||
        check_captured(c, v, &v->capture) || check_excused(c, &v->capture)) {
        return;
    }
    if (check_find(c, NAMES_BROUGHT, &v->capture) == NULL && c->any_brought) {
        return;
    }
    d = DIAG(c->ds, v->capture.span, MSG_CAPTURE_VERB, said(c, v), v->capture.text);
    if (d != NULL) {
        diag_near(c->ds, d, check_near_captured(c, v));
    }
}

bool
check_has_total(check_t *c, const ast_verb_t *v)
{
    static const ast_name_t total = { .text = "total", .key = "total" };
    kind_t kind;

    if ((v->kind == VERB_STANDARD || v->kind == VERB_CUSTOM || v->kind == VERB_PAGE ||
            v->kind == VERB_PATTERN) &&
        check_brought(c, v, &total, &kind) && kind != KIND_TEXT && kind != KIND_DATE) {
        return true;
    }
    DIAG(c->ds, v->span, MSG_TOTAL_NONE, said(c, v));
    return false;
}

static void
check_name(check_t *c, const ast_verb_t *v)
{
    switch (v->kind) {
    case VERB_PAGE:
    case VERB_PATTERN:
    case VERB_SPENDS:
        if (v->pattern != NULL) {
            check_pattern(c, v->pattern, true);
        } else {
            check_known(c, NAMES_PAGE, &v->name);
        }
        break;
    case VERB_ARRIVES:
        check_known(c, NAMES_PLACE, &v->name);
        break;
    case VERB_MESSAGE:
        check_template(c, &v->name, v->channel, W_SEND);
        break;
    default:
        break;
    }
}

static void
check_count(check_t *c, const ast_verb_t *v)
{
    static const char *const why[LANG_LANGUAGES] = {
        "Con un plazo, o contando valores o días distintos, se guardan los últimos momentos, y no más.",
        "With a window, or counting different values or days, the latest moments are kept, and no more.",
    };

    if (v->has_count && v->times > SENDA_MOMENTS_MAX &&
        (v->has_window || v->since_start || v->by != BY_NONE)) {
        DIAG(c->ds, v->count_span, MSG_COUNT_MAX, arena_printf(c->arena, "%d", SENDA_MOMENTS_MAX),
            arena_printf(c->arena, "\x01%s", why[c->ds->lang]));
    }
}

void
check_verb(check_t *c, const ast_verb_t *v, bool run)
{
    if (v->before != NULL) {
        check_verb(c, v->before, run);
    }
    check_name(c, v);
    check_filters(c, v);
    check_capture(c, v);
    check_count(c, v);
    if (v->top_span.len > 0 && check_event_of(c, v) != SENDA_EV_SEARCH &&
        (v->kind != VERB_PAGE || check_find(c, NAMES_PAGE, &v->name) != NULL)) {
        DIAG(c->ds, v->top_span, MSG_TOP_SEARCH);
    }
    if (v->since_start && !run) {
        DIAG(c->ds, v->since_span, MSG_SINCE_IN_WHEN, diag_text(c->ds, v->since_span));
    }
    if (v->has_window) {
        check_window(c, v->window, v->window_span);
    }
    if (v->kind == VERB_RETURNS) {
        check_window(c, v->duration, v->duration_span);
    }
}
