/*
 * What explain says, to the letter: the project's two example files and two
 * that hold every verb, in both languages, and a list of addresses. With
 * SENDA_GOLDEN=write the expectations are written anew, to be read before they
 * are committed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <glib.h>

#include "compile.h"
#include "explain.h"
#include "explain_words.h"

#define GOLDEN "tests/golden/explain"

typedef void (*told_pt)(explain_t *e, FILE *out, const void *what);

static char *
tell(const char *file, const char *language, told_pt told, const void *what)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    int status;
    virtual_t *w = virtual_open(file, stderr, &status);
    explain_t *e;

    assert_non_null(w);
    e = explain_open(w, language, out);
    told(e, out, what);
    explain_close(e);
    virtual_close(w);
    fclose(out);
    return text;
}

static void
compare(const char *name, char *got)
{
    char *path = g_strdup_printf(GOLDEN "/%s", name), *expect = NULL;

    if (g_strcmp0(g_getenv("SENDA_GOLDEN"), "write") == 0) {
        assert_true(g_file_set_contents(path, got, -1, NULL));
    }
    if (!g_file_get_contents(path, &expect, NULL, NULL)) {
        fail_msg("%s is missing", path);
    }
    if (strcmp(got, expect) != 0) {
        size_t i = 0;

        while (got[i] == expect[i]) {
            i++;
        }
        fail_msg("%s: says otherwise from byte %zu on: %.160s", path, i, got + i);
    }
    g_free(expect);
    g_free(path);
    free(got);
}

static void
whole(explain_t *e, FILE *out, const void *what)
{
    (void)out;
    (void)what;
    explain_file(e);
}

static void
whole_files(void **state)
{
    static const struct {
        const char *file, *language, *golden;
    } files[] = {
        { "tests/data/zapateria.senda", NULL, "zapateria.txt" },
        { "tests/data/zapateria.senda", "en", "zapateria_en.txt" },
        { "tests/data/shoes.senda", NULL, "shoes.txt" },
        { "tests/data/shoes.senda", "es", "shoes_es.txt" },
        { GOLDEN "/words_es.senda", NULL, "words_es.txt" },
        { GOLDEN "/words_en.senda", NULL, "words_en.txt" },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        compare(files[i].golden, tell(files[i].file, files[i].language, whole, NULL));
    }
}

static void
urls(explain_t *e, FILE *out, const void *what)
{
    const char *const *list = what;
    senda_err_t err;

    for (; *list != NULL; list++) {
        bool post = g_str_has_prefix(*list, "POST ");

        err.text[0] = '\0';
        if (explain_url(e, post ? SENDA_METHOD_POST : SENDA_METHOD_GET, *list + (post ? 5 : 0),
                &err) != SENDA_OK) {
            fprintf(out, "%s\n  ! %s\n", *list, err.text);
        }
        fputc('\n', out);
    }
}

static void
addresses(void **state)
{
    static const char *const spanish[] = { "/", "/mi_cesta", "/MI_cesta", "/mi_cesta/",
        "https://zapateria.com/mi_cesta#pie", "/gracias?pedido=7&total=59.90", "/gracias?pedido=7",
        "/tacon/rojo", "/zapatos/x?color=rojo", "/zapatos/x/opiniones", "/mi_cesta/anadir/12",
        "POST /mi_cesta/anadir/12", "POST /mi_cesta", "/busqueda", "/busqueda?q=bota%20alta",
        "/producto/7/preguntas", "/producto/7/8", "/nada", "https://otra.com/mi_cesta", "sin barra",
        NULL };
    static const char *const english[] = { "/cart", "/running/blue", "/heels/red",
        "/heels/reviews/1", "/checkout/", "POST /signup", "/signup", "/thanks?order=1&total=2",
        "/thanks", "https://www.shop.example.com/product/9", "https://else.example.com/", NULL };

    static const char *const digits[] = { "/pedido/7-x.html?total=3",
        "/pedido/siete-x.html?total=3", "/pedido/7/8-x.html?total=3", NULL };

    (void)state;
    compare("urls_words.txt", tell(GOLDEN "/words_es.senda", NULL, urls, digits));
    compare("urls_es.txt", tell("tests/data/zapateria.senda", NULL, urls, spanish));
    compare("urls_en.txt", tell("tests/data/shoes.senda", NULL, urls, english));
}

static void
named(explain_t *e, FILE *out, const void *what)
{
    senda_err_t err = { "" };

    if (explain_name(e, what, &err) != SENDA_OK) {
        fprintf(out, "! %s\n", err.text);
    }
}

/* Each name alone says what the whole file says of it. */
static void
each_name_alone(void **state)
{
    static const char *const names[] = { "carrito abandonado", "bienvenida", "primera compra",
        "aviso de envío", "abandono de navegación", "cerca de la tienda", "envio", "cesta",
        "quien compra no recibe el carrito", NULL };
    char *all = tell("tests/data/zapateria.senda", NULL, whole, NULL);

    (void)state;
    for (unsigned i = 0; names[i] != NULL; i++) {
        char *one = tell("tests/data/zapateria.senda", NULL, named, names[i]);

        if (strlen(one) < 60 || strstr(all, one) == NULL) {
            fail_msg("%s: %s", names[i], one);
        }
        free(one);
    }
    free(all);
}

static void
names_are_found_as_people_write_them(void **state)
{
    const char *file = "tests/data/zapateria.senda";
    char *a = tell(file, NULL, named, "ABANDONO DE NAVEGACION");
    char *b = tell(file, NULL, named, "abandono de navegación");
    char *both = tell(file, NULL, named, "mujer"), *none = tell(file, NULL, named, "encuesa");
    char *event = tell(file, "en", named, "purchase");

    (void)state;
    assert_string_equal(a, b);
    assert_non_null(strstr(both, "La página «mujer»"));
    assert_non_null(strstr(both, "La etiqueta «mujer»"));
    assert_string_equal(none, "! no hay nada que se llame «encuesa». ¿Quiere decir «encuesta»?\n");
    assert_non_null(strstr(event, "Passing through the page “gracias” is one."));
    free(a);
    free(b);
    free(both);
    free(none);
    free(event);
}

/* A row that lacks a language, or puts other things in, is a sentence with a hole. */
static void
tables_are_whole(void **state)
{
    (void)state;
    for (int p = 0; p < PH_WORDS; p++) {
        for (int i = 0; i < LANG_LANGUAGES; i++) {
            const char *text = explain_phrase((phrase_t)p, (lang_id_t)i);

            if (text == NULL || *text == '\0') {
                fail_msg("phrase %d has nothing in language %d", p, i);
            }
        }
        for (int n = 1; n <= 9; n++) {
            char mark[] = { '%', (char)('0' + n), '\0' };

            if ((strstr(explain_phrase((phrase_t)p, LANG_ES), mark) == NULL) !=
                (strstr(explain_phrase((phrase_t)p, LANG_EN), mark) == NULL)) {
                fail_msg("phrase %d has %s in one language only", p, mark);
            }
        }
    }
    for (uint32_t e = 0; e <= SENDA_EV_LAST; e++) {
        for (int i = 0; i < LANG_LANGUAGES; i++) {
            const verb_words_t *v = explain_verb(e, (lang_id_t)i);

            assert_non_null(strstr(v->present, "%2"));
            assert_non_null(strstr(v->perfect, "%3"));
            assert_non_null(v->one);
            assert_non_null(v->label);
        }
    }
}

/* Ten thousand pages: every one is asked, and the answer is the right one. */
static void
many_pages(void **state)
{
    GString *text = g_string_new("site a.example.com\n");
    char *got, *file = g_strdup_printf("%s/explain-many-%d.senda", g_get_tmp_dir(), (int)getpid());
    const char *list[] = { "/p7777/x", NULL };

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        g_string_append_printf(text, "page p%u /p%u/{item}, POST /q%u\n", i, i, i);
    }
    assert_true(g_file_set_contents(file, text->str, -1, NULL));
    got = tell(file, NULL, urls, list);
    assert_non_null(strstr(got, "It is the page “p7777”, by its pattern /p7777/{item}"));
    assert_null(strstr(got, "p777”"));
    free(got);
    (void)remove(file);
    g_free(file);
    g_string_free(text, TRUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files),
        cmocka_unit_test(addresses),
        cmocka_unit_test(each_name_alone),
        cmocka_unit_test(names_are_found_as_people_write_them),
        cmocka_unit_test(tables_are_whole),
        cmocka_unit_test(many_pages),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
