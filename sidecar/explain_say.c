/*
 * Puts sentences together. Chooses rows of the table by number, gender and
 * kind; has no words of its own.
 */

#include "explain_say.h"

#include <glib.h>

const char *
say_fill(const say_t *s, const char *phrase, const char *const *args)
{
    GString *out = g_string_new(NULL);
    unsigned n = 0;
    const char *text;

    while (args[n] != NULL) {
        n++;
    }
    for (const char *p = phrase; *p != '\0'; p++) {
        if (p[0] == '%' && p[1] >= '1' && p[1] <= '9') {
            unsigned i = (unsigned)(*++p - '0');

            g_string_append(out, i < n ? args[i] : "");
        } else {
            g_string_append_c(out, *p);
        }
    }
    text = arena_text(s->arena, out->str, out->len);
    g_string_free(out, TRUE);
    return text;
}

const char *
say_phrase(const say_t *s, phrase_t id, ...)
{
    const char *args[11] = { "" };
    va_list ap;

    va_start(ap, id);
    for (unsigned n = 1; n < 10 && (args[n] = va_arg(ap, const char *)) != NULL; n++) {
    }
    va_end(ap);
    return say_fill(s, explain_phrase(id, s->lang), args);
}

const char *
say_number(const say_t *s, uint64_t n)
{
    return arena_printf(s->arena, "%llu", (unsigned long long)n);
}

const char *
say_quoted(const say_t *s, const char *name)
{
    return SAY(s, PH_QUOTED, name);
}

const char *
say_list(const say_t *s, const char *const *items, unsigned n, phrase_t last)
{
    const char *text = n > 0 ? items[0] : "";

    for (unsigned i = 1; i < n; i++) {
        text = SAY(s, i + 1 == n ? last : PH_LIST, text, items[i]);
    }
    return text;
}

const char *
say_sentence(const say_t *s, const char *text)
{
    char first[8];
    int n = g_unichar_to_utf8(g_unichar_toupper(g_utf8_get_char(text)), first);

    return *text == '\0' ? text
                         : arena_printf(s->arena, "%.*s%s", n, first, g_utf8_next_char(text));
}

/* ---- time ---- */

typedef struct {
    int64_t n;
    unsigned unit;
} piece_t;

static unsigned
pieces_of(senda_span_t span, piece_t out[5])
{
    bool hours = span.secs % 3600 == 0, minutes = !hours && span.secs % 60 == 0;
    const int64_t all[5] = { span.months, span.days, hours ? span.secs / 3600 : 0,
        minutes ? span.secs / 60 : 0, hours || minutes ? 0 : span.secs };
    unsigned n = 0;

    for (unsigned i = 0; i < 5; i++) {
        if (all[i] != 0) {
            out[n++] = (piece_t){ all[i], i };
        }
    }
    if (n == 0) {
        out[n++] = (piece_t){ 0, 4 };
    }
    return n;
}

static const char *
say_piece(const say_t *s, piece_t p, bool bare_one)
{
    const unit_words_t *u = explain_unit(p.unit, s->lang);

    if (p.n == 1) {
        return bare_one ? u->one : u->a;
    }
    return arena_printf(s->arena, "%lld %s", (long long)p.n, u->many);
}

static const char *
say_pieces(const say_t *s, const piece_t *p, unsigned n, bool bare_one)
{
    const char *items[5];

    for (unsigned i = 0; i < n; i++) {
        items[i] = say_piece(s, p[i], bare_one && n == 1);
    }
    return say_list(s, items, n, PH_AND_TIME);
}

const char *
say_span(const say_t *s, senda_span_t span)
{
    piece_t p[5];
    unsigned n = pieces_of(span, p);

    return say_pieces(s, p, n, false);
}

const char *
say_span_in(const say_t *s, senda_span_t span, phrase_t in)
{
    piece_t p[5];
    unsigned n = pieces_of(span, p);
    bool many = p[0].n != 1 || n > 1;
    unsigned row = (explain_unit(p[0].unit, s->lang)->feminine ? 2u : 0u) + (many ? 1u : 0u);

    return SAY(s, (phrase_t)(in + row), say_pieces(s, p, n, true));
}

int64_t
say_span_length(senda_span_t span)
{
    return ((int64_t)span.months * 30 + span.days) * 86400 + span.secs;
}

senda_span_t
say_span_add(senda_span_t a, senda_span_t b)
{
    return (senda_span_t){ a.months + b.months, a.days + b.days, a.secs + b.secs };
}

/* ---- verbs ---- */

static const verb_words_t *
words_of(const say_t *s, const ast_verb_t *v)
{
    switch (v->kind) {
    case VERB_PAGE:
    case VERB_PATTERN:
        return explain_verb(VERB_WORDS_PAGE, s->lang);
    case VERB_CUSTOM:
        return explain_verb(VERB_WORDS_CUSTOM, s->lang);
    case VERB_STANDARD:
        return explain_verb(v->event, s->lang);
    default:
        return explain_verb(0, s->lang);
    }
}

static const char *
object_of(const say_t *s, const ast_verb_t *v)
{
    switch (v->kind) {
    case VERB_PAGE:
        return SAY(s, PH_THE_PAGE, say_quoted(s, v->name.text));
    case VERB_PATTERN:
        return SAY(s, PH_AN_ADDRESS, v->pattern->text.p);
    case VERB_CUSTOM:
        return say_quoted(s, v->name.text);
    default:
        return "";
    }
}

const char *
say_noun(const say_t *s, const ast_verb_t *v, bool *feminine)
{
    const verb_words_t *w = words_of(s, v);

    *feminine = w->feminine;
    return say_fill(s, w->one, (const char *const[]){ "", object_of(s, v), NULL });
}

/* "third", "12th", "12.ª". */
static const char *
say_ordinal(const say_t *s, uint32_t n, bool feminine)
{
    const char *word = explain_ordinal(n, feminine, true, s->lang);
    unsigned tens = n % 100;

    if (word != NULL) {
        return word;
    }
    if (s->lang == LANG_ES) {
        return arena_printf(s->arena, "%u.%s", n, feminine ? "ª" : "º");
    }
    return arena_printf(s->arena, "%u%s", n,
        tens / 10 == 1       ? "th"
            : tens % 10 == 1 ? "st"
            : tens % 10 == 2 ? "nd"
            : tens % 10 == 3 ? "rd"
                             : "th");
}

static const char *
say_times(const say_t *s, uint32_t n)
{
    return n == 1 ? SAY(s, PH_ONCE) : SAY(s, PH_TIMES, say_number(s, n));
}

static const char *
joined(const say_t *s, const char *a, const char *b)
{
    return *b == '\0' ? a : arena_printf(s->arena, "%s %s", a, b);
}

static const char *
say_form(const say_t *s, const ast_verb_t *v, const char *form, const char *who, const char * not )
{
    return say_fill(s, form, (const char *const[]){ "", object_of(s, v), who, not, NULL });
}

const char *
say_happens(const say_t *s, const ast_verb_t *v)
{
    const char *text = say_form(s, v, words_of(s, v)->present, SAY(s, PH_SOMEBODY), "");

    if (v->has_count) {
        text = joined(s, text, SAY(s, PH_NTH_TIME, say_ordinal(s, v->times, true)));
    }
    return v->has_window ? joined(s, text, SAY(s, PH_WITHIN_ANY, say_span(s, v->window))) : text;
}

/* ---- what happens ---- */

static const char *
after_verb(const say_t *s, const ast_verb_t *v, senda_span_t span)
{
    bool feminine;
    const char *noun = say_noun(s, v, &feminine);

    if (!v->has_count) {
        return SAY(s, (phrase_t)(PH_AFTER_LAST + feminine), say_span(s, span), noun);
    }
    if (v->has_window) {
        noun = joined(s, noun, SAY(s, PH_WITHIN_ANY, say_span(s, v->window)));
    }
    return SAY(s, (phrase_t)(PH_AFTER_NTH + feminine), say_span(s, span),
        say_ordinal(s, v->times, feminine), noun);
}

const char *
say_trigger(const say_t *s, const ast_trigger_t *w)
{
    bool feminine;
    const char *noun;

    if (w->absent == NULL) {
        return SAY(s, PH_MOMENT, say_happens(s, w->verb));
    }
    noun = say_noun(s, w->absent, &feminine);
    if (w->verb == NULL) {
        return SAY(s, (phrase_t)(PH_ALONE + feminine), say_span(s, w->absent->window), noun);
    }
    return SAY(s, (phrase_t)(PH_ABSENT + feminine), after_verb(s, w->verb, w->absent->window),
        say_span_in(s, w->absent->window, PH_THAT_SPAN), noun);
}

const char *
say_or(const say_t *s, const char *a, const char *b)
{
    return SAY(s, PH_OR, arena_printf(s->arena, "%s,", a), b);
}

const char *
say_triggers(const say_t *s, const ast_trigger_t *w)
{
    const char *text = say_trigger(s, w);

    for (w = w->next; w != NULL; w = w->next) {
        text = say_or(s, text, say_trigger(s, w));
    }
    return text;
}

const char *
say_trigger_note(const say_t *s, const ast_trigger_t *w)
{
    bool feminine;
    const char *noun;

    if (w->verb == NULL) {
        return "";
    }
    if (w->verb->has_count) {
        return w->verb->has_window ? SAY(s, PH_AGAIN_COUNT, say_number(s, w->verb->times))
                                   : SAY(s, PH_ONCE_EVER);
    }
    if (w->absent == NULL) {
        return "";
    }
    noun = say_noun(s, w->verb, &feminine);
    return SAY(s, (phrase_t)(PH_ANEW + feminine), noun);
}

/* ---- what is asked ---- */

/* Whether the person was named in the clause before: then not again. */
typedef struct {
    const say_t *s;
    bool after, named;
} asked_t;

static const char *
who_of(asked_t *a, bool impersonal)
{
    const char *who = a->named || impersonal ? "" : SAY(a->s, PH_THE_PERSON);

    a->named = !impersonal;
    return who;
}

static const char *
count_of(const say_t *s, const ast_verb_t *v)
{
    if (!v->has_count) {
        return "";
    }
    if (v->count == COUNT_EXACTLY) {
        return SAY(s, PH_EXACTLY, say_times(s, v->times));
    }
    return SAY(s, PH_AT_LEAST, say_times(s, v->times));
}

static const char *
asked_verb(asked_t *a, const ast_verb_t *v, bool not )
{
    const say_t *s = a->s;
    const verb_words_t *w = words_of(s, v);
    const char *who = who_of(a, w->impersonal), *text;
    bool always = !v->has_count && !v->has_window && !v->since_start;

    if (a->after && !not ) {
        text = say_form(s, v, w->present, who, "");
    } else {
        text = say_form(s, v, w->perfect, who,
            !not                      ? ""
                : always && !a->after ? SAY(s, PH_NEVER)
                                      : SAY(s, PH_NOT));
    }
    text = joined(s, text, count_of(s, v));
    if (v->has_window) {
        text = joined(s, text, say_span_in(s, v->window, PH_LAST_SPAN));
    }
    if (v->since_start) {
        text = joined(s, text, SAY(s, PH_SINCE_START));
    } else if (a->after && not ) {
        text = joined(s, text, SAY(s, PH_SINCE_THEN));
    }
    return text;
}

static const char *asked(asked_t *a, const ast_cond_t *c, bool not );

/* A side of `and` or `or`: in parentheses when it is the other of the two. */
static const char *
asked_side(asked_t *a, const ast_cond_t *c, prog_cond_kind_t outer)
{
    bool inner = (c->kind == COND_AND || c->kind == COND_OR) && c->kind != outer;

    return inner ? SAY(a->s, PH_PARENS, asked(a, c, false)) : asked(a, c, false);
}

static const char *
asked_both(asked_t *a, const ast_cond_t *c)
{
    const char *left = asked_side(a, c->left, c->kind);
    const char *right = asked_side(a, c->right, c->kind);

    return SAY(a->s, c->kind == COND_AND ? PH_AND : PH_OR, left, right);
}

static const char *
asked(asked_t *a, const ast_cond_t *c, bool not )
{
    const char *text;

    switch (c->kind) {
    case COND_VERB:
        return asked_verb(a, c->verb, not );
    case COND_TAG:
        return SAY(a->s, not ? PH_HAS_NO_TAG : PH_HAS_TAG, say_quoted(a->s, c->tag.text),
            who_of(a, false));
    case COND_NOT:
        return asked(a, c->left, !not );
    default:
        if (not ) {
            a->named = false;
        }
        text = asked_both(a, c);
        return not ? SAY(a->s, PH_NOT_ALL, SAY(a->s, PH_PARENS, text)) : text;
    }
}

const char *
say_cond(const say_t *s, const ast_cond_t *c, bool after)
{
    asked_t a = { s, after, false };

    return asked(&a, c, false);
}

const char *
say_cond_short(const say_t *s, const ast_cond_t *c, bool after)
{
    asked_t a = { s, after, true };

    return asked(&a, c, false);
}

const char *
say_messages(const say_t *s, const ast_send_t *send)
{
    const char *text = NULL;

    for (const ast_channel_t *ch = send->channels; ch != NULL; ch = ch->next) {
        prog_channel_t channel = (prog_channel_t)words_table[ch->channel].value;
        const char *one = say_fill(s, explain_message(channel, s->lang),
            (const char *const[]){ "", say_quoted(s, ch->template.text), NULL });

        text = text == NULL ? one : SAY(s, PH_SENDS_ELSE, text, one);
    }
    return text;
}

const char *
say_label(const say_t *s, const ast_verb_t *v)
{
    const char *name = v->kind == VERB_PATTERN           ? v->pattern->text.p
        : v->kind == VERB_PAGE || v->kind == VERB_CUSTOM ? say_quoted(s, v->name.text)
                                                         : "";
    const char *text = say_fill(s, words_of(s, v)->label, (const char *const[]){ "", name, NULL });

    if (v->has_count) {
        text = joined(s, text,
            v->count == COUNT_EXACTLY ? say_times(s, v->times)
                                      : SAY(s, PH_AT_LEAST, say_times(s, v->times)));
    }
    return v->has_window ? joined(s, text, SAY(s, PH_WITHIN_ANY, say_span(s, v->window))) : text;
}
