/*
 * Sentences: verbs, conditions and happenings, each in both languages. Of each
 * the tree is spelled out, is the same in both languages, and the one is
 * written back as the other.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <glib.h>
#include <inttypes.h>

#include "compile.h"
#include "fmt.h"

/* What the sentences name. */
static const char preamble[] = "page home /\n"
                               "page cart /cart is view_cart\n"
                               "page product /product/{item} is view_item\n"
                               "page thanks /thanks?total={total} is purchase\n"
                               "event walks_by from api with store text, size number\n"
                               "place centre 40.4168, -3.7038 radius 300 m\n"
                               "field interest text\n"
                               "field size number\n"
                               "field birthday date\n"
                               "tag dressy when visits cart\n"
                               "stage fan if score >= 50\n"
                               "segment vip = buys\n"
                               "segment asleep = searches\n"
                               "flow all\n"
                               "  start when searches\n"
                               "  again never\n"
                               "  send email cart-1\n";

static const char *const cmps[] = { "=", "<", "<=", ">", ">=" };

static void
spell_span(GString *out, senda_span_t s)
{
    g_string_append_printf(out, "%dm%dd%" PRId64 "s", s.months, s.days, s.secs);
}

static void
spell_compare(GString *out, const ast_compare_t *c)
{
    g_string_append_printf(out, "%s", cmps[c->cmp]);
    if (c->number || c->date) {
        g_string_append_printf(out, "%s%" PRId64, c->date ? "day " : "", c->value);
    } else {
        g_string_append_printf(out, "'%s'", c->text.text);
    }
    g_string_append(out, c->currency.text != NULL ? c->currency.text : "");
}

/* What somebody does, and of what. */
static void
spell_object(GString *out, const ast_verb_t *v)
{
    static const char *const kinds[] = { "any", "page", "pattern", "event", "custom", "spends",
        "returns", "arrives", "message" };

    g_string_append(out, kinds[v->kind]);
    if (v->event != 0) {
        g_string_append_printf(out, " %u", v->event);
    }
    if (v->channel != W_NONE) {
        g_string_append_printf(out, " %s", words_say(v->channel, LANG_EN));
    }
    if (v->name.text != NULL) {
        g_string_append_printf(out, " %s", v->name.text);
    }
    if (v->pattern != NULL) {
        g_string_append_printf(out, " %s", v->pattern->text.p);
    }
    if (v->duration_span.len > 0) {
        g_string_append_c(out, ' ');
        spell_span(out, v->duration);
    }
}

static void
spell_verb(GString *out, const ast_verb_t *v)
{
    static const char *const by[] = { "", " same", " different", " days" };

    if (v->before != NULL) {
        spell_verb(out, v->before);
        g_string_append(out, " then ");
    }
    spell_object(out, v);
    for (const ast_filter_t *f = v->filters; f != NULL; f = f->next) {
        g_string_append_printf(out, " with %s", f->field.text);
        spell_compare(out, &f->is);
    }
    g_string_append(out, by[v->by]);
    if (v->capture.text != NULL) {
        g_string_append_printf(out, " %s", v->capture.text);
    }
    if (v->has_count) {
        g_string_append_printf(out, " x%s%u", v->count == COUNT_EXACTLY ? "" : ">=", v->times);
    }
    if (v->top > 0) {
        g_string_append_printf(out, " top %u", v->top);
    }
    if (v->has_window) {
        g_string_append(out, " in ");
        spell_span(out, v->window);
    }
    g_string_append(out, v->since_start ? " since" : "");
}

static void spell_cond(GString *out, const ast_cond_t *c);

static void
spell_two(GString *out, const ast_cond_t *c)
{
    g_string_append_c(out, '(');
    spell_cond(out, c->left);
    g_string_append(out, c->kind == COND_AND ? " and " : " or ");
    spell_cond(out, c->right);
    g_string_append_c(out, ')');
}

static void
spell_cond(GString *out, const ast_cond_t *c)
{
    switch (c->kind) {
    case COND_NOT:
        g_string_append(out, "not ");
        spell_cond(out, c->left);
        break;
    case COND_AND:
    case COND_OR:
        spell_two(out, c);
        break;
    case COND_VERB:
        spell_verb(out, c->verb);
        break;
    case COND_TOTAL:
        g_string_append(out, "total ");
        spell_verb(out, c->verb);
        g_string_append_c(out, ' ');
        spell_compare(out, &c->is);
        break;
    case COND_FIRST:
    case COND_LAST:
        g_string_append(out, c->kind == COND_FIRST ? "first " : "last ");
        spell_verb(out, c->verb);
        g_string_append(out, c->older ? " older " : " newer ");
        spell_span(out, c->age);
        break;
    case COND_SCORE:
        g_string_append(out, "score");
        spell_compare(out, &c->is);
        break;
    case COND_FIELD:
        g_string_append(out, c->name.text);
        spell_compare(out, &c->is);
        break;
    case COND_HAS:
    case COND_CONSENTS:
        g_string_append_printf(out, "%s %s", c->kind == COND_HAS ? "has" : "consents",
            words_say(c->channel, LANG_EN));
        break;
    default:
        g_string_append_printf(out, "%s%s %s",
            c->kind == COND_TAG         ? "tag"
                : c->kind == COND_STAGE ? "stage"
                                        : "segment",
            c->bare ? " bare" : "", c->name.text);
    }
}

static void
spell_trigger(GString *out, const ast_trigger_t *w)
{
    static const char *const kinds[] = { "", "tag ", "segment ", "score", "total ", "daily ", "on ",
        "date " };

    g_string_append(out, kinds[w->kind]);
    g_string_append(out, w->name.text != NULL ? w->name.text : "");
    if (w->verb != NULL) {
        spell_verb(out, w->verb);
    }
    if (w->kind == TRIGGER_SCORE || w->kind == TRIGGER_TOTAL) {
        spell_compare(out, &w->is);
    }
    if (w->kind == TRIGGER_ON) {
        g_string_append_printf(out, "%" PRId64, w->date);
    }
    if (w->kind >= TRIGGER_DAILY) {
        g_string_append_printf(out, " @%d", w->second);
    }
    if (w->cond != NULL) {
        g_string_append(out, " for ");
        spell_cond(out, w->cond);
    }
    if (w->absent != NULL) {
        g_string_append(out, " not ");
        spell_verb(out, w->absent);
    }
    if (w->next != NULL) {
        g_string_append(out, " or ");
        spell_trigger(out, w->next);
    }
}

/* Without mistakes; warnings are another test's. */
static lang_t *
read_with(const char *lines)
{
    char *text = g_strconcat(preamble, lines, NULL);
    lang_t *l = lang_read("a.senda", text, strlen(text));

    g_free(text);
    if (lang_errors(l) > 0) {
        lang_print(l, stderr, false);
        fail_msg("it should have no mistakes: %s", lines);
    }
    return l;
}

/* Where the lines after the preamble begin, which differs in length between the languages. */
static const char *
last_lines(const char *text, unsigned n)
{
    const char *p = text + strlen(text);

    for (; p > text && n > 0; n--) {
        p--;
        while (p > text && p[-1] != '\n') {
            p--;
        }
    }
    return p;
}

static void
written_as(const lang_t *l, lang_id_t to, const char *lines, unsigned n)
{
    senda_err_t err = { "" };
    size_t len;
    char *text = lang_fmt(l, to, &len, &err);

    if (text == NULL) {
        fail_msg("%s: %s", lines, err.text);
        return;
    }
    assert_string_equal(last_lines(text, n), lines);
    g_free(text);
}

typedef struct {
    const char *es, *en, *tree;
} sentence_t;

/* Both languages of a line, in the same flow; tree: of its condition or its happenings. */
static void
line_is(const sentence_t *s, const char *form_es, const char *form_en, bool happens)
{
    const char *said[] = { s->es, s->en }, *forms[] = { form_es, form_en };

    for (int i = 0; i < LANG_LANGUAGES; i++) {
        char *lines[LANG_LANGUAGES] = { g_strdup_printf(form_es, s->es),
            g_strdup_printf(form_en, s->en) };
        char *text = g_strdup_printf(forms[i], said[i]);
        lang_t *l = read_with(text);
        const ast_flow_t *flow = (const ast_flow_t *)l->file->items.last;
        GString *got = g_string_new(NULL);

        if (happens) {
            spell_trigger(got, flow->start->whens);
        } else {
            spell_cond(got, ((const ast_if_t *)flow->lines.last)->cond);
        }
        assert_string_equal(got->str, s->tree);
        written_as(l, LANG_ES, lines[LANG_ES], happens ? 4 : 5);
        written_as(l, LANG_EN, lines[LANG_EN], happens ? 4 : 5);
        g_string_free(got, TRUE);
        lang_free(l);
        g_free(text);
        g_free(lines[0]);
        g_free(lines[1]);
    }
}

static void
conditions(void **state)
{
    static const sentence_t cases[] = {
        { "compra", "buys", "event 13" },
        { "compra exactamente 1 vez", "buys exactly 1 time", "event 13 x1" },
        { "visita cart al menos 2 veces en 1 día", "visits cart at least 2 times within 1 day",
            "page cart x>=2 in 0m1d0s" },
        { "visita cart desde el inicio", "visits cart since start", "page cart since" },
        { "visita product del mismo item 3 veces", "visits product of the same item 3 times",
            "page product same item x3" },
        { "visita product de 3 item distintos", "visits product of 3 different item",
            "page product different item x>=3" },
        { "visita product de más de 3 item distintos",
            "visits product of more than 3 different item", "page product different item x>=4" },
        { "visita en 3 días distintos en 1 mes", "visits on 3 different days within 1 month",
            "any days x>=3 in 1m0d0s" },
        { "visita en exactamente 2 días distintos", "visits on exactly 2 different days",
            "any days x2" },
        { "compra con total > 100 EUR", "buys with total > 100 EUR",
            "event 13 with total>1000000EUR" },
        { "walks_by con store = \"centre\", size >= 38.5",
            "walks_by with store = \"centre\", size >= 38.5",
            "custom walks_by with store='centre' with size>=385000" },
        { "busca entre las 5 más frecuentes", "searches among the 5 most frequent",
            "event 4 top 5" },
        { "pasa más de 3 min en product 2 veces", "spends more than 3 min on product 2 times",
            "spends product 0m0d180s x2" },
        { "pasa más de 1 hora en /x/*", "spends more than 1 hour on /x/*",
            "spends /x/* 0m0d3600s" },
        { "vuelve tras 60 días", "returns after 60 days", "returns 0m60d0s" },
        { "llega a centre", "arrives at centre", "arrives centre" },
        { "visita home y luego visita cart y luego compra 2 veces",
            "visits home and then visits cart and then buys 2 times",
            "page home then page cart then event 13 x2" },
        { "recibe cart-1", "gets cart-1", "message 32 cart-1" },
        { "abre email", "opens email", "message 33 email" },
        { "abre email cart-1 en 3 días", "opens email cart-1 within 3 days",
            "message 33 email cart-1 in 0m3d0s" },
        { "hace clic en 3 días", "clicks within 3 days", "message 34 in 0m3d0s" },
        { "hace clic en cart-1", "clicks on cart-1", "message 34 cart-1" },
        { "total de compra > 1000 EUR en 6 meses", "total of purchase > 1000 EUR within 6 months",
            "total event 13 in 6m0d0s >10000000EUR" },
        { "última compra hace más de 3 meses", "last purchase more than 3 months ago",
            "last event 13 older 3m0d0s" },
        { "primera visita cart hace menos de 1 día", "first visit cart less than 1 day ago",
            "first page cart newer 0m1d0s" },
        { "última búsqueda hace menos de 2 días y primera devolución hace más de 1 hora",
            "last search less than 2 days ago and first refund more than 1 hour ago",
            "(last event 4 newer 0m2d0s and first event 14 older 0m0d3600s)" },
        { "puntos >= 10", "score >= 10", "score>=100000" },
        { "puntos = -3", "score = -3", "score=-30000" },
        { "etapa fan", "stage fan", "stage fan" },
        { "etiqueta dressy", "tag dressy", "tag dressy" },
        { "tiene etiqueta dressy", "has tag dressy", "tag dressy" },
        { "no tiene etiqueta dressy", "has no tag dressy", "not tag dressy" },
        { "en vip", "in vip", "segment vip" },
        { "vip y no asleep", "vip and not asleep",
            "(segment bare vip and not segment bare asleep)" },
        { "no en vip", "not in vip", "not segment vip" },
        { "interest = \"running shoes\"", "interest = \"running shoes\"",
            "interest='running shoes'" },
        { "interest = running", "interest = running", "interest='running'" },
        { "size >= 38,5", "size >= 38,5", "size>=385000" },
        { "birthday < 1990-01-02", "birthday < 1990-01-02", "birthday<day 7306" },
        { "tiene teléfono", "has phone", "has phone" },
        { "no tiene webpush", "has no webpush", "not has webpush" },
        { "acepta sms", "consents to sms", "consents sms" },
        { "no acepta email", "not consents to email", "not consents email" },
        { "no (compra o tiene push) y visita", "not (buys or has push) and visits",
            "(not (event 13 or has push) and any)" },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        line_is(&cases[i],
            "flujo uno\n  empieza cuando compra\n  si %s\n    envía email x\n  fin\n",
            "flow uno\n  start when buys\n  if %s\n    send email x\n  end\n", false);
    }
}

static void
happenings(void **state)
{
    static const sentence_t cases[] = {
        { "visita cart y no compra en 1 hora", "visits cart and not buys within 1 hour",
            "page cart not event 13 in 0m0d3600s" },
        { "no visita en 60 días", "not visits within 60 days", " not any in 0m60d0s" },
        { "visita home y luego visita cart y no compra en 1 hora",
            "visits home and then visits cart and not buys within 1 hour",
            "page home then page cart not event 13 in 0m0d3600s" },
        { "recibe etiqueta dressy", "gets tag dressy", "tag dressy" },
        { "recibe etiqueta dressy y no compra en 1 día",
            "gets tag dressy and not buys within 1 day", "tag dressy not event 13 in 0m1d0s" },
        { "entra en vip", "enters vip", "segment vip" },
        { "entra en vip o compra", "enters vip or buys", "segment vip or event 13" },
        { "puntos >= 50", "score >= 50", "score>=500000" },
        { "total de compra > 300 EUR en 12 meses", "total of purchase > 300 EUR within 12 months",
            "total event 13 in 12m0d0s>3000000EUR" },
        { "walks_by o llega a centre", "walks_by or arrives at centre",
            "custom walks_by or arrives centre" },
        { "recibe cart-1 y no abre cart-1 en 2 días",
            "gets cart-1 and not opens cart-1 within 2 days",
            "message 32 cart-1 not message 33 cart-1 in 0m2d0s" },
        { "busca entre las 5 más frecuentes y no visita thanks en 1 hora",
            "searches among the 5 most frequent and not visits thanks within 1 hour",
            "event 4 top 5 not page thanks in 0m0d3600s" },
    };
    static const sentence_t calendar[] = {
        { "cada día a las 09:30 para asleep o vip", "every day at 09:30 for asleep or vip",
            "daily  @34200 for (segment bare asleep or segment bare vip)" },
        { "el 2027-01-07 a las 10:00 para compra", "on 2027-01-07 at 10:00 for buys",
            "on 20825 @36000 for event 13" },
        { "en la fecha birthday a las 08:00", "on the date birthday at 08:00",
            "date birthday @28800" },
        { "en la fecha birthday", "on the date birthday", "date birthday @32400" },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        line_is(&cases[i], "flujo uno\n  empieza cuando %s\n  repite nunca\n  envía email x\n",
            "flow uno\n  start when %s\n  again never\n  send email x\n", true);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(calendar); i++) {
        line_is(&calendar[i], "flujo uno\n  empieza %s\n  repite nunca\n  envía email x\n",
            "flow uno\n  start %s\n  again never\n  send email x\n", true);
    }
}

/* Other ways to say the same: what is written for them. */
static void
other_words(void **state)
{
    static const struct {
        const char *said, *written;
    } cases[] = {
        { "not has phone", "has no phone" },
        { "not has tag dressy", "has no tag dressy" },
        { "does not have email", "has no email" },
        { "purchases", "buys" },
        { "última compra hace más de 3 meses atrás", "last purchase more than 3 months ago" },
        { "last purchase more than 3 months", "last purchase more than 3 months ago" },
        { "last purchase more than 24h ago", "last purchase more than 24 hours ago" },
        { "visits product of 3 item distintas", "visits product of 3 different item" },
        { "visits product de 3 different \"item\"", "visits product of 3 different item" },
        { "visits on 3 distinct days", "visits on 3 different days" },
        { "comes back after 2 weeks", "returns after 2 weeks" },
        { "pulsa en cart-1", "clicks on cart-1" },
        { "interest = \"a\"", "interest = \"a\"" },
        { "score>=10", "score >= 10" },
        { "\"vip\"", "vip" },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *said = g_strdup_printf("flow one\n  start when buys\n  only if %s\n  send email x\n",
            cases[i].said);
        char *written =
            g_strdup_printf("flow one\n  start when buys\n  only if %s\n  send email x\n",
                cases[i].written);
        lang_t *l = read_with(said);

        written_as(l, LANG_EN, written, 4);
        lang_free(l);
        g_free(written);
        g_free(said);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions),
        cmocka_unit_test(happenings),
        cmocka_unit_test(other_words),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
