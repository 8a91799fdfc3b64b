/*
 * The tree of a rule file: its shape, the place of each node, the comments
 * that belong to it, and how conditions bind.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <glib.h>

#include "compile.h"

static lang_t *
read_clean(const char *text)
{
    lang_t *l = lang_read("a.senda", text, strlen(text));

    if (lang_errors(l) > 0) {
        lang_print(l, stderr, false);
        fail_msg("the text should have no mistakes");
    }
    return l;
}

static const ast_head_t *
item(const lang_t *l, unsigned i)
{
    const ast_head_t *h = l->file->items.first;

    while (i-- > 0 && h != NULL) {
        h = h->next;
    }
    assert_non_null(h);
    return h;
}

static void
span_is(const lang_t *l, lex_span_t s, uint32_t line, const char *text)
{
    assert_int_equal(s.line, line);
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(l->clean + s.at, text, s.len);
}

static void
comment_is(const lang_t *l, const ast_comment_t *c, const char *text, bool blank)
{
    assert_non_null(c);
    assert_int_equal(c->span.len, strlen(text));
    assert_memory_equal(l->clean + c->span.at, text, c->span.len);
    assert_int_equal(c->blank_before, blank);
}

static void
comments_stay_with_their_lines(void **state)
{
    lang_t *l = read_clean("# first\n# second\n\n# third\npage cart /cart  # at the end\n"
                           "flow one\n  # inside\n  start when buys # why\n  again never\n"
                           "  wait 1 day\n# last\n");
    const ast_head_t *page = item(l, 0);
    const ast_flow_t *flow = (const ast_flow_t *)item(l, 1);

    (void)state;
    comment_is(l, page->lead, "# first", false);
    comment_is(l, page->lead->next, "# second", false);
    comment_is(l, page->lead->next->next, "# third", true);
    assert_null(page->lead->next->next->next);
    span_is(l, page->comment, 5, "# at the end");
    assert_null(flow->head.lead);
    comment_is(l, flow->lines.first->lead, "# inside", false);
    span_is(l, flow->lines.first->comment, 8, "# why");
    comment_is(l, l->file->tail, "# last", false);
    lang_free(l);
}

static void
every_node_has_its_place(void **state)
{
    lang_t *l = read_clean("página cesta /cesta, POST /cesta/* salvo /cesta/ayuda es view_cart\n"
                           "flujo \"el carrito\" transaccional\n"
                           "  empieza cuando visita cesta más de 3 veces y no compra en 1 hora\n"
                           "  repite tras 2 semanas\n  envía email uno\n");
    const ast_page_t *page = (const ast_page_t *)item(l, 0);
    const ast_flow_t *flow = (const ast_flow_t *)item(l, 1);
    const ast_trigger_t *w = flow->start->whens;

    (void)state;
    span_is(l, page->head.word, 1, "página");
    span_is(l, page->name.span, 1, "cesta");
    span_is(l, page->patterns->span, 1, "/cesta");
    assert_int_equal(page->patterns->methods, SENDA_METHOD_GET);
    assert_int_equal(page->patterns->next->methods, SENDA_METHOD_POST);
    assert_true(page->patterns->next->next->except);
    span_is(l, page->event.span, 1, "view_cart");
    assert_true(flow->transactional);
    assert_true(flow->name.quoted);
    assert_string_equal(flow->name.text, "el carrito");
    span_is(l, flow->name.span, 2, "\"el carrito\"");
    span_is(l, w->span, 3, "visita cesta más de 3 veces y no compra en 1 hora");
    span_is(l, w->verb->span, 3, "visita cesta más de 3 veces");
    assert_int_equal(w->verb->count, COUNT_AT_LEAST);
    assert_int_equal(w->verb->times, 4);
    span_is(l, w->absent->word, 3, "compra");
    span_is(l, w->absent->window_span, 3, "en 1 hora");
    assert_int_equal(w->absent->window.secs, 3600);
    assert_int_equal(flow->again->after.days, 14);
    lang_free(l);
}

/* A condition as text with every parenthesis. */
static void
spell(GString *out, const ast_cond_t *c)
{
    static const char *const names[] = { [COND_AND] = "and", [COND_OR] = "or" };

    switch (c->kind) {
    case COND_VERB:
        g_string_append_printf(out, "%u", c->verb->event);
        break;
    case COND_TAG:
        g_string_append(out, c->name.text);
        break;
    case COND_NOT:
        g_string_append(out, "!");
        spell(out, c->left);
        break;
    default:
        g_string_append_c(out, '(');
        spell(out, c->left);
        g_string_append_printf(out, " %s ", names[c->kind]);
        spell(out, c->right);
        g_string_append_c(out, ')');
    }
}

static void
binds(const char *condition, const char *tree)
{
    char *text = g_strdup_printf("tag x when buys\nflow one\n  start when buys\n  again never\n"
                                 "  only if %s\n  wait 1 day\n",
        condition);
    lang_t *l = read_clean(text);
    GString *got = g_string_new(NULL);

    spell(got, ((const ast_flow_t *)item(l, 1))->only->cond);
    assert_string_equal(got->str, tree);
    g_string_free(got, TRUE);
    lang_free(l);
    g_free(text);
}

static void
conditions_bind(void **state)
{
    (void)state;
    binds("buys", "13");
    binds("not buys and searches or logs in", "((!13 and 4) or 16)");
    binds("buys or searches and logs in", "(13 or (4 and 16))");
    binds("(buys or searches) and logs in", "((13 or 4) and 16)");
    binds("not (buys or searches)", "!(13 or 4)");
    binds("not not buys", "!!13");
    binds("tag x and has no tag x", "(x and !x)");
    binds("nunca compra y busca o se registra", "((!13 and 4) or 15)");
    binds("purchase and buys", "(13 and 13)");
}

static void
si_no_alone_is_else(void **state)
{
    lang_t *l = read_clean("flujo uno\n  empieza cuando compra\n  repite nunca\n"
                           "  si no compra\n    espera 1 día\n  si no\n    espera 2 días\n"
                           "    si no busca\n    espera 3 días\n    sino\n    fin\n  fin\n");
    const ast_flow_t *flow = (const ast_flow_t *)item(l, 0);
    const ast_if_t *f = (const ast_if_t *)flow->lines.last, *inner;

    (void)state;
    assert_int_equal(f->head.kind, AST_IF);
    assert_int_equal(f->cond->kind, COND_NOT);
    assert_true(f->has_else);
    assert_int_equal(f->then.first->kind, AST_WAIT);
    assert_ptr_equal(f->then.first, f->then.last);
    inner = (const ast_if_t *)f->otherwise.last;
    assert_int_equal(inner->head.kind, AST_IF);
    assert_true(inner->has_else);
    assert_null(inner->otherwise.first);
    span_is(l, f->else_line.span, 6, "si no");
    span_is(l, f->end_line.span, 12, "fin");
    assert_int_equal(flow->nsteps, 5);
    lang_free(l);
}

static void
both_languages_in_one_file(void **state)
{
    lang_t *l = read_clean("Page cesta /cesta IS view_cart\nflujo uno\n  START cuando visits cesta "
                           "and no compra within 90 MIN\n  repite after 1 año\n  send correo x\n");
    const ast_flow_t *flow = (const ast_flow_t *)item(l, 1);

    (void)state;
    assert_int_equal(flow->start->whens->absent->window.secs, 5400);
    assert_int_equal(flow->again->after.months, 12);
    lang_free(l);
}

static void
durations(void **state)
{
    static const struct {
        const char *text;
        senda_span_t span;
    } cases[] = {
        { "15 min", { 0, 0, 900 } },
        { "24h", { 0, 0, 86400 } },
        { "2 horas", { 0, 0, 7200 } },
        { "30 segundos", { 0, 0, 30 } },
        { "1 dia", { 0, 1, 0 } },
        { "3 WEEKS", { 0, 21, 0 } },
        { "6 months", { 6, 0, 0 } },
        { "10 años", { 120, 0, 0 } },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf("flow one\n  start when buys\n  again never\n  wait %s\n",
            cases[i].text);
        lang_t *l = read_clean(text);
        const ast_wait_t *w = (const ast_wait_t *)((const ast_flow_t *)item(l, 0))->lines.last;

        assert_memory_equal(&w->span, &cases[i].span, sizeof(senda_span_t));
        lang_free(l);
        g_free(text);
    }
}

static void
names_of_every_kind(void **state)
{
    lang_t *l = read_clean("page 404 /404\npage \"de\" /de\npage ñandú-1_b /n\n"
                           "tag 2027-01-07 when visits Ñandu-1_B\ntag x when visits \"DE\"\n"
                           "event \"dos palabras\" from api with a text, b number and c date\n"
                           "tag w when \"dos palabras\"\ntag z when visits\n");
    const ast_event_t *e = (const ast_event_t *)item(l, 5);

    (void)state;
    assert_int_equal(((const ast_tag_t *)item(l, 3))->whens->verb->kind, VERB_PAGE);
    assert_int_equal(((const ast_tag_t *)item(l, 6))->whens->verb->kind, VERB_CUSTOM);
    assert_int_equal(((const ast_tag_t *)item(l, 7))->whens->verb->kind, VERB_ANY);
    assert_int_equal(e->attributes->type, W_TEXT);
    assert_int_equal(e->attributes->next->type, W_NUMBER);
    assert_int_equal(e->attributes->next->next->type, W_DATE);
    lang_free(l);
}

static void
pages_with_forms(void **state)
{
    lang_t *l = read_clean("campo interes texto\npágina registro POST /registro formulario "
                           "user[email]={email} telefono={phone}, \"mi interés\"={interes} "
                           "es sign_up salvo /registro/ayuda\n");
    const ast_page_t *page = (const ast_page_t *)item(l, 1);
    const ast_input_t *in = page->inputs;

    (void)state;
    assert_true(page->has_form);
    assert_true(page->has_event);
    assert_true(page->patterns->next->except);
    assert_string_equal(in->input.text, "user[email]");
    assert_string_equal(in->fills.text, "email");
    span_is(l, in->fills.span, 2, "email");
    in = in->next;
    assert_string_equal(in->input.text, "telefono");
    assert_string_equal(in->fills.text, "phone");
    in = in->next;
    assert_string_equal(in->input.text, "mi interés");
    assert_string_equal(in->fills.text, "interes");
    assert_null(in->next);
    lang_free(l);
}

static void
fields_and_places(void **state)
{
    lang_t *l = read_clean("campo talla número\nfield birthday date\n"
                           "lugar uno 40.4168, -3.7038 radio 300 m\n"
                           "place two -33,45,-70.6 radius 2,5 km\nlugar tres 0, 0 radio 300m\n");
    const ast_place_t *one = (const ast_place_t *)item(l, 2);
    const ast_place_t *two = (const ast_place_t *)item(l, 3);
    const ast_place_t *three = (const ast_place_t *)item(l, 4);

    (void)state;
    assert_int_equal(((const ast_field_t *)item(l, 0))->type, W_NUMBER);
    assert_int_equal(((const ast_field_t *)item(l, 1))->type, W_DATE);
    assert_true(one->latitude == 40.4168 && one->longitude == -3.7038 && one->radius == 300);
    span_is(l, one->at, 3, "40.4168, -3.7038");
    assert_true(two->latitude == -33.45 && two->longitude == -70.6 && two->radius == 2500);
    assert_true(three->radius == 300);
    lang_free(l);
}

static void
tags_scores_and_states(void **state)
{
    lang_t *l = read_clean("etiqueta a cuando compra 3 veces en 30 días durante 90 días\n"
                           "puntos +15 cuando compra una vez\nscore -5 when not visits within "
                           "60 days each 60 days\nscore 3 when clicks or buys\n"
                           "etapa fan si puntos >= 50\nsegmento vip = compra o busca\n"
                           "muestra x en pie si no en vip\nmuestra z en \"mi lado\"\n");
    const ast_tag_t *tag = (const ast_tag_t *)item(l, 0);
    const ast_score_t *s[] = { (const ast_score_t *)item(l, 1), (const ast_score_t *)item(l, 2),
        (const ast_score_t *)item(l, 3) };
    const ast_state_t *show = (const ast_state_t *)item(l, 6);

    (void)state;
    assert_true(tag->has_for);
    assert_int_equal(tag->lasts.days, 90);
    assert_int_equal(tag->whens->verb->window.days, 30);
    span_is(l, tag->lasts_span, 1, "durante 90 días");
    assert_true(s[0]->points == 15 && s[0]->once && !s[0]->has_each);
    assert_true(s[1]->points == -5 && !s[1]->once && s[1]->has_each && s[1]->each.days == 60);
    assert_int_equal(s[1]->whens->absent->window.days, 60);
    assert_true(s[2]->points == 3 && s[2]->whens->next != NULL);
    assert_int_equal(((const ast_state_t *)item(l, 4))->head.kind, AST_STAGE);
    assert_int_equal(((const ast_state_t *)item(l, 5))->cond->kind, COND_OR);
    assert_string_equal(show->name.text, "x");
    assert_string_equal(show->position.text, "pie");
    assert_int_equal(show->cond->kind, COND_NOT);
    assert_null(((const ast_state_t *)item(l, 7))->cond);
    lang_free(l);
}

static void
respect(void **state)
{
    lang_t *l = read_clean("límite email 1 por día\nlimit sms 3 times per week\n"
                           "límite push 10 al mes\nsilencio 21:00-09:00\n"
                           "grupo de control 12.5%\n");
    const ast_limit_t *limit = (const ast_limit_t *)item(l, 1);
    const ast_quiet_t *quiet = (const ast_quiet_t *)item(l, 3);

    (void)state;
    assert_int_equal(((const ast_limit_t *)item(l, 0))->per, LIMIT_DAY);
    assert_int_equal(limit->channel, W_SMS);
    assert_int_equal(limit->times, 3);
    assert_int_equal(limit->per, LIMIT_WEEK);
    assert_int_equal(((const ast_limit_t *)item(l, 2))->per, LIMIT_MONTH);
    assert_int_equal(quiet->from, 21 * 3600);
    assert_int_equal(quiet->to, 9 * 3600);
    span_is(l, quiet->times_span, 4, "21:00-09:00");
    assert_int_equal(((const ast_control_t *)item(l, 4))->share, 1250);
    lang_free(l);
}

/* Steps that are statements too are told by what follows them, not by their indentation. */
static void
steps_and_statements(void **state)
{
    lang_t *l = read_clean("flujo uno\n  empieza cuando compra\n  repite nunca\n  puntos +5\n"
                           "  etiqueta x\n  envía email a\netiqueta z cuando compra\n");
    const ast_flow_t *flow = (const ast_flow_t *)item(l, 0);
    lang_t *bad = lang_read("a.senda",
        "flujo uno\n  empieza cuando compra\n  repite nunca\n  envía email a\n"
        "  etiqueta z cuando compra\n  puntos +5 cuando compra\n",
        strlen("flujo uno\n  empieza cuando compra\n  repite nunca\n  envía email a\n"
               "  etiqueta z cuando compra\n  puntos +5 cuando compra\n"));

    (void)state;
    assert_int_equal(flow->nsteps, 3);
    assert_int_equal(item(l, 1)->kind, AST_TAG);
    assert_int_equal(item(bad, 1)->kind, AST_TAG);
    assert_int_equal(item(bad, 2)->kind, AST_SCORE);
    assert_int_equal(lang_errors(bad), 2);
    lang_free(bad);
    lang_free(l);
}

/* However a file's lines end, however it is indented or accented: the same tree. */
static void
same_file_otherwise_written(void **state)
{
    static const struct {
        const char *from, *to;
    } ways[] = { { "\n", "\r\n" }, { "\n", "\r" }, { "\n  ", "\n\t" }, { "\n", "  \n" },
        { "á", "a\xCC\x81" }, { "día", "DIA" }, { "  ", " \xC2\xA0" } };
    char *base;
    gsize len;

    (void)state;
    assert_true(g_file_get_contents("tests/data/zapateria.senda", &base, &len, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        gchar **parts = g_strsplit(base, ways[i].from, -1);
        gchar *text = g_strjoinv(ways[i].to, parts);
        lang_t *l = lang_read("a.senda", text, strlen(text));
        unsigned n = 0;

        for (const ast_head_t *h = l->file->items.first; h != NULL; h = h->next) {
            n++;
        }
        assert_int_equal(lang_errors(l), 0);
        assert_int_equal(n, 96);
        lang_free(l);
        g_free(text);
        g_strfreev(parts);
    }
    g_free(base);
}

static void
examples_of_the_project(void **state)
{
    static const char *const files[] = { "tests/data/zapateria.senda", "tests/data/shoes.senda" };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *text;
        gsize len;
        lang_t *l;

        assert_true(g_file_get_contents(files[i], &text, &len, NULL));
        l = lang_read(files[i], text, len);
        assert_int_equal(lang_errors(l), 0);
        assert_string_equal(lang_language(l), i == 0 ? "es" : "en");
        lang_free(l);
        g_free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_stay_with_their_lines),
        cmocka_unit_test(every_node_has_its_place),
        cmocka_unit_test(conditions_bind),
        cmocka_unit_test(si_no_alone_is_else),
        cmocka_unit_test(both_languages_in_one_file),
        cmocka_unit_test(durations),
        cmocka_unit_test(names_of_every_kind),
        cmocka_unit_test(pages_with_forms),
        cmocka_unit_test(fields_and_places),
        cmocka_unit_test(tags_scores_and_states),
        cmocka_unit_test(respect),
        cmocka_unit_test(steps_and_statements),
        cmocka_unit_test(same_file_otherwise_written),
        cmocka_unit_test(examples_of_the_project),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
