/*
 * Puts sentences together. Chooses rows of the table by number, gender and
 * kind; has no words of its own.
 */

#include "explain_say.h"

#include <glib.h>

/* Puts an argument behind what stands already. */
static void
put(const say_t *s, GString *out, const char *arg)
{
    unsigned n;
    const contraction_t *c = explain_contractions(s->lang, &n);

    for (unsigned i = 0; i < n; i++) {
        size_t len = strlen(c[i].one);
        bool ends = out->len >= len && strcmp(out->str + out->len - len, c[i].one) == 0 &&
            (out->len == len || out->str[out->len - len - 1] == ' ');

        if (ends && g_str_has_prefix(arg, c[i].other)) {
            g_string_truncate(out, out->len - len);
            g_string_append(out, c[i].both);
            arg += strlen(c[i].other);
        }
    }
    g_string_append(out, arg);
}

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

            put(s, out, i < n ? args[i] : "");
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
say_every(const say_t *s, senda_span_t span)
{
    piece_t p[5];
    unsigned n = pieces_of(span, p);

    return say_pieces(s, p, n, true);
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

const char *
say_joined(const say_t *s, const char *a, const char *b)
{
    return *b == '\0' ? a : *a == '\0' ? b : arena_printf(s->arena, "%s %s", a, b);
}

const char *
say_time(const say_t *s, int32_t second)
{
    return arena_printf(s->arena, "%02d:%02d", second / 3600, second / 60 % 60);
}

const char *
say_hundredths(const say_t *s, uint32_t n)
{
    return n % 100 == 0 ? say_number(s, n / 100)
                        : arena_printf(s->arena, n % 10 == 0 ? "%u.%u" : "%u.%02u", n / 100,
                              n % 10 == 0 ? n / 10 % 10 : n % 100);
}

const char *
say_value(const say_t *s, const ast_compare_t *is)
{
    const char *text = is->number || is->date ? is->text.text : say_quoted(s, is->text.text);

    return is->currency.text == NULL ? text
                                     : arena_printf(s->arena, "%s %s", text, is->currency.text);
}

const char *
say_compare(const say_t *s, prog_cmp_t cmp, const ast_compare_t *is)
{
    static const phrase_t rows[2][5] = {
        { [CMP_EQ] = PH_CMP,
            [CMP_LT] = PH_CMP_LT,
            [CMP_LE] = PH_CMP_LE,
            [CMP_GT] = PH_CMP_GT,
            [CMP_GE] = PH_CMP_GE },
        { [CMP_EQ] = PH_CMP,
            [CMP_LT] = PH_CMP_DATE_LT,
            [CMP_LE] = PH_CMP_DATE_LE,
            [CMP_GT] = PH_CMP_DATE_GT,
            [CMP_GE] = PH_CMP_DATE_GE },
    };

    return SAY(s, rows[is->date][cmp], say_value(s, is));
}

const char *
say_points(const say_t *s, int64_t n)
{
    return SAY(s, n == 1 || n == -1 ? PH_ONE_POINT : PH_N_POINTS,
        arena_printf(s->arena, "%lld", (long long)n));
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
