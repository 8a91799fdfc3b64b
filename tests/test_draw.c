/*
 * Drawings: DOT to the letter, SVG by what must hold of every picture. With
 * SENDA_GOLDEN=write the expectations are written anew, to be looked at before
 * they are committed.
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
#include "draw.h"

#define GOLDEN  "tests/golden/draw"
#define HOSTILE "tests/golden/draw/hostile.senda"
#define WHOLE   "tests/golden/draw/overview.senda"

typedef struct {
    char *text;
    lang_t *lang;
    arena_t *arena;
} file_t;

static file_t
file_open(const char *name)
{
    file_t f = { .arena = arena_new() };
    gsize len;

    assert_true(g_file_get_contents(name, &f.text, &len, NULL));
    f.lang = lang_read(name, f.text, len);
    assert_int_equal(lang_errors(f.lang), 0);
    return f;
}

static void
file_close(file_t *f)
{
    arena_free(f->arena);
    lang_free(f->lang);
    g_free(f->text);
}

/* The i-th flow, NULL after the last. */
static const ast_flow_t *
flow_of(const file_t *f, unsigned i)
{
    for (const ast_head_t *h = f->lang->file->items.first; h != NULL; h = h->next) {
        if (h->kind == AST_FLOW && i-- == 0) {
            return (const ast_flow_t *)h;
        }
    }
    return NULL;
}

static draw_t *
drawn(const file_t *f, int flow)
{
    lang_id_t lang = strcmp(lang_language(f->lang), "es") == 0 ? LANG_ES : LANG_EN;

    return flow < 0 ? draw_overview(f->arena, f->lang->file, "shop & co", lang)
                    : draw_flow(f->arena, flow_of(f, (unsigned)flow), lang);
}

static const char *const files[] = { "tests/data/zapateria.senda", "tests/data/shoes.senda",
    "tests/golden/explain/words_es.senda", "tests/golden/explain/words_en.senda", HOSTILE, WHOLE,
    "tests/data/language_es.senda", "tests/data/language_en.senda", NULL };

static void
check_golden(const char *name, const char *got)
{
    char *path = g_strdup_printf(GOLDEN "/%s", name), *expect = NULL;

    if (g_strcmp0(g_getenv("SENDA_GOLDEN"), "write") == 0) {
        assert_true(g_file_set_contents(path, got, -1, NULL));
    }
    if (!g_file_get_contents(path, &expect, NULL, NULL) || strcmp(got, expect) != 0) {
        fail_msg("%s is not: %s", path, got);
    }
    g_free(expect);
    g_free(path);
}

static void
dot_to_the_letter(void **state)
{
    static const struct {
        const char *file, *golden;
        int flow;
    } cases[] = {
        { "tests/data/zapateria.senda", "carrito.dot", 0 },
        { "tests/data/zapateria.senda", "bienvenida.dot", 2 },
        { "tests/data/shoes.senda", "shoes.dot", -1 },
        { WHOLE, "overview.dot", -1 },
        { WHOLE, "umbrales.dot", 3 },
        { HOSTILE, "hostile.dot", 0 },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        file_t f = file_open(cases[i].file);
        char *dot = draw_dot(drawn(&f, cases[i].flow), true);

        check_golden(cases[i].golden, dot);
        g_free(dot);
        file_close(&f);
    }
}

/* ---- an overview ---- */

static char *
label_of(const draw_node_t *n)
{
    GString *text = g_string_new(NULL);

    for (unsigned k = 0; k < n->nlines; k++) {
        g_string_append_printf(text, "%s%s", k > 0 ? " " : "", n->lines[k]);
    }
    return g_string_free(text, FALSE);
}

/* The box with that label; there is no second one. */
static unsigned
box(const draw_t *d, const char *label)
{
    unsigned found = d->nnodes;

    for (unsigned i = 0; i < d->nnodes; i++) {
        char *text = label_of(&d->nodes[i]);

        if (strcmp(text, label) == 0) {
            if (found < d->nnodes) {
                fail_msg("two boxes: %s", label);
            }
            found = i;
        }
        g_free(text);
    }
    if (found == d->nnodes) {
        fail_msg("no box: %s", label);
    }
    return found;
}

/* NULL: there is no such arrow. */
static const draw_edge_t *
arrow(const draw_t *d, const char *from, const char *to)
{
    unsigned a = box(d, from), b = box(d, to);

    for (unsigned i = 0; i < d->nedges; i++) {
        if (d->edges[i].from == a && d->edges[i].to == b) {
            return &d->edges[i];
        }
    }
    return NULL;
}

static void
overview_shows_what_sets_off_what(void **state)
{
    static const struct {
        const char *from, *to;
    } arrows[] = {
        { "60 días sin visita a la web", "varios" },
        { "cesta", "cesta y luego pago" },
        { "pago", "cesta y luego pago" },
        { "cesta y luego pago", "varios" },
        { "segmento vip", "varios" },
        { "hace una de las 5 búsquedas más frecuentes", "varios" },
        { "varios", "segundo" },
        { "varios", "dada" },
        { "dada", "calendario" },
        { "cesta", "insiste" },
        { "insiste", "heredada" },
        { "heredada", "calendario" },
        { "libro", "tranquila" },
        { "2027-04-23 10:00", "calendario" },
        { "cada día 09:00", "calendario" },
        { "fecha cumpleanos 09:30", "calendario" },
        { "llega a 50 puntos", "umbrales" },
        { "gracias", "el total de compras en 12 meses pasa de 300 EUR" },
        { "libro", "pasa más de 3 minutos en la página «libro»" },
    };
    file_t f = file_open(WHOLE);
    const draw_t *d = drawn(&f, -1);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(arrows); i++) {
        const draw_edge_t *e = arrow(d, arrows[i].from, arrows[i].to);

        if (e == NULL || e->dashed) {
            fail_msg("no arrow: %s -> %s", arrows[i].from, arrows[i].to);
        }
    }
    assert_true(arrow(d, "segmento vip", "calendario")->dashed);
    assert_true(arrow(d, "cesta-llena", "calendario")->dashed);
    assert_null(arrow(d, "compra", "calendario"));
    assert_null(arrow(d, "pago", "varios"));
    file_close(&f);
}

/* Every picture of a file, laid out. */
static void
each_picture(const char *name, void (*look)(const draw_t *d))
{
    file_t f = file_open(name);

    for (int i = -1; i < 0 || flow_of(&f, (unsigned)i) != NULL; i++) {
        draw_t *d = drawn(&f, i);
        senda_err_t err;

        assert_int_equal(draw_layout(d, &err), SENDA_OK);
        look(d);
    }
    file_close(&f);
}

static void
in_all_files(void (*look)(const draw_t *d))
{
    if (!draw_can_layout()) {
        skip();
    }
    for (unsigned i = 0; files[i] != NULL; i++) {
        each_picture(files[i], look);
    }
}

/* ---- SVG ---- */

static unsigned depth;
static GString *texts;

static void
open_element(GMarkupParseContext *c, const char *name, const char **names, const char **values,
    gpointer data, GError **error)
{
    static const char *const known[] = { "svg", "title", "defs", "marker", "path", "rect", "g",
        "circle", "text", NULL };

    (void)c;
    (void)values;
    (void)data;
    (void)error;
    depth++;
    if (!g_strv_contains(known, name)) {
        fail_msg("an element that no drawing has: %s", name);
    }
    for (; *names != NULL; names++) {
        assert_false(g_str_has_prefix(*names, "on"));
    }
}

static void
some_text(GMarkupParseContext *c, const char *text, gsize len, gpointer data, GError **error)
{
    (void)c;
    (void)data;
    (void)error;
    g_string_append_len(texts, text, (gssize)len);
    g_string_append_c(texts, '\n');
}

static void
look_at_svg(const draw_t *d)
{
    const GMarkupParser parser = { .start_element = open_element, .text = some_text };
    GMarkupParseContext *c = g_markup_parse_context_new(&parser, 0, NULL, NULL);
    char *svg = draw_svg(d);
    GError *error = NULL;

    texts = g_string_new("\n");
    if (!g_markup_parse_context_parse(c, svg, -1, &error) ||
        !g_markup_parse_context_end_parse(c, &error)) {
        fail_msg("%s: %s", error->message, svg);
    }
    for (unsigned i = 0; i < d->nnodes; i++) {
        for (unsigned k = 0; k < d->nodes[i].nlines; k++) {
            if (strstr(texts->str, d->nodes[i].lines[k]) == NULL) {
                fail_msg("a label is lost: %s", d->nodes[i].lines[k]);
            }
        }
    }
    assert_non_null(strstr(texts->str, d->title));
    assert_null(strstr(svg, "<script"));
    assert_non_null(strstr(svg, "viewBox=\"0 0 "));
    g_string_free(texts, TRUE);
    g_markup_parse_context_free(c);
    g_free(svg);
}

static void
svg_is_well_formed(void **state)
{
    (void)state;
    in_all_files(look_at_svg);
    assert_true(depth > 500);
}

static void
look_at_boxes(const draw_t *d)
{
    for (unsigned i = 0; i < d->nnodes; i++) {
        const draw_node_t *a = &d->nodes[i];

        if (a->x - a->width / 2 < -1 || a->x + a->width / 2 > d->width + 1 ||
            a->y - a->height / 2 < -1 || a->y + a->height / 2 > d->height + 1) {
            fail_msg("%s: box %u stands outside", d->title, i);
        }
        for (unsigned k = 0; k < i; k++) {
            const draw_node_t *b = &d->nodes[k];

            if (ABS(a->x - b->x) < (a->width + b->width) / 2 - 1 &&
                ABS(a->y - b->y) < (a->height + b->height) / 2 - 1) {
                fail_msg("%s: boxes %u and %u overlap", d->title, k, i);
            }
        }
    }
    for (unsigned i = 0; i < d->nedges; i++) {
        if (d->edges[i].npoints < 4) {
            fail_msg("%s: arrow %u is not drawn", d->title, i);
        }
    }
}

static void
boxes_do_not_overlap(void **state)
{
    (void)state;
    in_all_files(look_at_boxes);
}

/* At 375 pixels a letter of the example's pictures is at least 12 pixels high. */
static void
look_on_a_phone(const draw_t *d)
{
    double scale = MIN(1.0, 375 / (d->width + 20));

    if (scale * d->font < 12) {
        fail_msg("%s: letters of %.1f pixels on a phone", d->title, scale * d->font);
    }
}

static void
phones_can_read_them(void **state)
{
    (void)state;
    if (!draw_can_layout()) {
        skip();
    }
    each_picture("tests/data/zapateria.senda", look_on_a_phone);
    each_picture("tests/data/shoes.senda", look_on_a_phone);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_to_the_letter),
        cmocka_unit_test(overview_shows_what_sets_off_what),
        cmocka_unit_test(svg_is_well_formed),
        cmocka_unit_test(boxes_do_not_overlap),
        cmocka_unit_test(phones_can_read_them),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
