/*
 * The canonical form: golden pairs, the project's own rule files, and files
 * changed at random. Of every file without mistakes: the canonical form of the
 * canonical form is itself, it compiles to the same program, and there and
 * back between the languages nothing is lost.
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
#include "fmt.h"
#include "program_dump.h"

#define GOLDEN  "tests/golden/fmt"
#define MUTANTS 4000

static const char *const own[] = { "tests/data/zapateria.senda", "tests/data/shoes.senda",
    "tests/data/semicomplete.senda", "tests/data/small.senda", "tests/data/advertools.senda",
    "tests/data/failing.senda", "conf/demo/rules/zapateria.senda" };

static char *
slurp(const char *file)
{
    char *text = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        fail_msg("cannot read %s", file);
    }
    return text;
}

static char *
fmt_text(const char *text, size_t len, lang_id_t to)
{
    lang_t *l = lang_read("a.senda", text, len);
    senda_err_t err = { "" };
    size_t n = 0;
    char *out;

    if (lang_errors(l) > 0) {
        lang_print(l, stderr, false);
        fail_msg("the text should have no mistakes:\n%s", text);
    }
    out = lang_fmt(l, to, &n, &err);
    if (out == NULL) {
        fail_msg("%s:\n%s", err.text, text);
    }
    assert_int_equal(n, out != NULL ? strlen(out) : 0);
    lang_free(l);
    return out;
}

static uint32_t
next_id(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    (void)kind;
    (void)site;
    (void)name;
    return ++*(uint32_t *)ctx;
}

static int
no_steps(void *ctx, const char *name, int32_t *first_offset, senda_zone_step_t *steps, unsigned max)
{
    (void)ctx;
    (void)name;
    (void)steps;
    (void)max;
    *first_offset = 0;
    return 0;
}

/* The program and nginx's rules of a text, as one text. */
static char *
compiled(const char *text)
{
    lang_t *l = lang_read("a.senda", text, strlen(text));
    uint32_t last = SENDA_EVENT_CUSTOM;
    program_t *p = lang_program(l, next_id, no_steps, &last);
    char *dump, *blob, *sum = NULL, *all;
    senda_err_t err;
    size_t len = 0;

    assert_non_null(p);
    dump = dump_program(p);
    blob = lang_rules(&l, &p, 1, 1, &len, &err);
    sum = blob != NULL ? g_compute_checksum_for_data(G_CHECKSUM_MD5, (guchar *)blob, len) : NULL;
    all = g_strdup_printf("%srules %s\n", dump, sum != NULL ? sum : err.text);
    free(blob);
    g_free(sum);
    g_free(dump);
    program_free(p);
    lang_free(l);
    return all;
}

static void
same(const char *what, const char *text, const char *a, const char *b)
{
    if (strcmp(a, b) != 0) {
        fail_msg("%s. The text:\n%s\n--- the one:\n%s\n--- the other:\n%s", what, text, a, b);
    }
}

static void
same_program(const char *a, const char *b)
{
    char *x = compiled(a), *y = compiled(b);

    same("the program changed", a, x, y);
    g_free(x);
    g_free(y);
}

/* Everything that holds of every text without mistakes. */
static void
holds(const char *text)
{
    char *once = fmt_text(text, strlen(text), LANG_LANGUAGES);
    char *twice = fmt_text(once, strlen(once), LANG_LANGUAGES);

    same("the canonical form is not canonical", text, once, twice);
    same_program(text, once);
    for (int l = 0; l < LANG_LANGUAGES; l++) {
        lang_id_t to = (lang_id_t)l, other = to == LANG_ES ? LANG_EN : LANG_ES;
        char *there = fmt_text(text, strlen(text), to);
        char *again = fmt_text(there, strlen(there), LANG_LANGUAGES);
        char *back = fmt_text(there, strlen(there), other);
        char *forth = fmt_text(back, strlen(back), to);

        same("a translation is not canonical", text, there, again);
        same("there and back is another file", text, there, forth);
        same_program(text, there);
        g_free(there);
        g_free(again);
        g_free(back);
        g_free(forth);
    }
    g_free(once);
    g_free(twice);
}

static void
golden_pair(const char *name)
{
    static const char *const ends[] = { "es", "en", "own" };
    char *file = g_strdup_printf(GOLDEN "/%s.senda", name), *text = slurp(file);

    for (int l = 0; l <= LANG_LANGUAGES; l++) {
        char *expect = g_strdup_printf(GOLDEN "/%s.%s", name, ends[l]);
        char *got = fmt_text(text, strlen(text), (lang_id_t)l), *want;

        if (g_strcmp0(g_getenv("SENDA_GOLDEN"), "write") == 0) {
            assert_true(g_file_set_contents(expect, got, -1, NULL));
        }
        want = slurp(expect);
        same(expect, text, got, want);
        g_free(want);
        g_free(got);
        g_free(expect);
    }
    holds(text);
    g_free(text);
    g_free(file);
}

static void
golden_pairs(void **state)
{
    GDir *dir = g_dir_open(GOLDEN, 0, NULL);
    const char *entry;
    unsigned n = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(entry, ".senda")) {
            char *name = g_strndup(entry, strlen(entry) - strlen(".senda"));

            golden_pair(name);
            g_free(name);
            n++;
        }
    }
    g_dir_close(dir);
    assert_true(n >= 5);
}

/* The project's own files are canonical but for the lines named here. */
static void
own_files_are_canonical(void **state)
{
    static const struct {
        const char *file, *written, *canonical;
    } differ[] = {
        { "tests/data/zapateria.senda", "email={email}           es",
            "email={email}            es" },
        { "tests/data/zapateria.senda", "lugar  tienda", "lugar tienda" },
        { "tests/data/zapateria.senda", "3 minutos", "3 min" },
        { "tests/data/zapateria.senda", "15 minutos", "15 min" },
        { "tests/data/zapateria.senda", "flujo \"descubre\"", "flujo descubre" },
        { "tests/data/zapateria.senda", "flujo \"encuesta\"", "flujo encuesta" },
        { "tests/data/zapateria.senda", "flujo \"indecisos\"", "flujo indecisos" },
        { "tests/data/zapateria.senda", "flujo \"mirones\"", "flujo mirones" },
        { "tests/data/semicomplete.senda", "within 10 minutes", "within 10 min" },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        char *text = slurp(own[i]), *got = fmt_text(text, strlen(text), LANG_LANGUAGES);

        for (size_t k = 0; k < G_N_ELEMENTS(differ); k++) {
            if (strcmp(differ[k].file, own[i]) == 0) {
                char **parts = g_strsplit(text, differ[k].written, -1);

                assert_int_equal(g_strv_length(parts), 2);
                g_free(text);
                text = g_strjoinv(differ[k].canonical, parts);
                g_strfreev(parts);
            }
        }
        same(own[i], "", got, text);
        holds(text);
        g_free(got);
        g_free(text);
    }
}

/* Of all golden files of the checker those without mistakes. */
static void
checked_files_hold(void **state)
{
    GDir *dir = g_dir_open("tests/golden", 0, NULL);
    const char *entry;
    unsigned n = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = g_dir_read_name(dir)) != NULL) {
        char *file = g_strdup_printf("tests/golden/%s", entry), *text;
        lang_t *l;

        if (g_str_has_suffix(entry, ".senda")) {
            text = slurp(file);
            l = lang_read("a.senda", text, strlen(text));
            if (lang_errors(l) == 0) {
                holds(text);
                n++;
            }
            lang_free(l);
            g_free(text);
        }
        g_free(file);
    }
    g_dir_close(dir);
    assert_true(n > 0);
}

static void
mistakes_are_refused(void **state)
{
    lang_t *l = lang_read("a.senda", "paeg cart /cart\n", 16);
    senda_err_t err = { "" };
    size_t n;

    (void)state;
    assert_null(lang_fmt(l, LANG_LANGUAGES, &n, &err));
    assert_string_equal(err.text, "it has mistakes");
    lang_free(l);
}

/* A line that other words make too long is left as it is, and the reason is said. */
static void
what_would_not_fit_is_refused(void **state)
{
    GString *text = g_string_new("page a /a\nflow one\n  start when buys\n  stop if buys");
    senda_err_t err = { "" };
    lang_t *l;
    size_t n;

    (void)state;
    while (text->len < LANG_LINE_MAX - 100) {
        g_string_append_printf(text, " or visits /%060d within 1 d", 0);
    }
    g_string_append(text, "\n  send email x\n");
    l = lang_read("a.senda", text->str, text->len);
    assert_int_equal(lang_errors(l), 0);
    assert_null(lang_fmt(l, LANG_EN, &n, &err));
    if (strstr(err.text, "line 4 would have a mistake") == NULL) {
        fail_msg("%s", err.text);
    }
    lang_free(l);
    g_string_free(text, TRUE);
}

/* The parser says of every word of the project's files what it took it for. */
static void
no_word_is_left_unmarked(void **state)
{
    lex_line_t *line = g_new(lex_line_t, 1);

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        char *text = slurp(own[i]);
        lang_t *l = lang_read(own[i], text, strlen(text));
        const ast_mark_t *m = l->file->marks, *end = m + l->file->nmarks;
        lexer_t lx;

        lexer_init(&lx, l->clean, l->diags.len);
        while (lexer_line(&lx, line, LANG_TOKENS_MAX)) {
            for (unsigned k = 0; k < line->ntoks; k++) {
                const lex_tok_t *t = &line->toks[k];

                while (m < end && m->at + m->len <= t->span.at) {
                    m++;
                }
                if (t->kind == TOK_WORD && (m == end || m->at > t->span.at)) {
                    fail_msg("%s:%u: %.*s", own[i], t->span.line, (int)t->text.n, t->text.p);
                }
            }
        }
        lang_free(l);
        g_free(text);
    }
    g_free(line);
}

/* Of a unit and of `times` the second phrase is the first's singular. */
static void
one_is_singular(void **state)
{
    (void)state;
    for (int w = W_NONE + 1; w < WORDS; w++) {
        bool counted = w == W_TIMES || (words_table[w].roles & ROLE_UNIT) != 0;

        for (int l = 0; counted && l < LANG_LANGUAGES; l++) {
            const char *many = words_say((word_t)w, (lang_id_t)l);
            const char *one = words_say_one((word_t)w, (lang_id_t)l);

            assert_true(strlen(one) < strlen(many) || strcmp(one, "min") == 0);
            assert_int_equal(strncmp(one, many, 2), 0);
        }
    }
    assert_string_equal(words_say_one(W_TIMES, LANG_ES), "vez");
    assert_string_equal(words_say_one(W_MONTH, LANG_ES), "mes");
    assert_string_equal(words_say_one(W_MINUTE, LANG_EN), "min");
}

/* ---- files changed at random ---- */

static uint64_t seed = 20260601;

static unsigned
draw(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* Where a random token of the text is; false: the text has none there. */
static bool
some_token(const GString *text, size_t *from, size_t *to)
{
    size_t at = text->len > 0 ? draw((unsigned)text->len) : 0;

    while (at < text->len && (text->str[at] == ' ' || text->str[at] == '\n')) {
        at++;
    }
    *from = at;
    while (*from > 0 && text->str[*from - 1] != ' ' && text->str[*from - 1] != '\n') {
        --*from;
    }
    for (*to = at; *to < text->len && text->str[*to] != ' ' && text->str[*to] != '\n'; ++*to) {
    }
    return *to > *from;
}

static void
replace(GString *text, size_t from, size_t to, const char *by)
{
    g_string_erase(text, (gssize)from, (gssize)(to - from));
    g_string_insert(text, (gssize)from, by);
}

/* Words that may stand in the place of another one, and some that may not. */
static const char *const pool[] = { "en", "within", "tag", "etiqueta", "visita", "visits", "compra",
    "buys", "purchase", "no", "not", "nunca", "never", "y", "o", "or", "and", "(", ")", "1", "2",
    "vez", "times", "veces", "24h", "1 d", "3 semanas", "9:30", "cart", "cesta", "\"cart\"",
    "\"cesta\"", "«cesta»", "POST", "get", "si", "if", "si no", "else", "fin", "end",
    "tiene etiqueta", "has tag", "not has tag", "no tiene la etiqueta", "más de 1 vez", "MÁS DE",
    "at least 2 times", "since the start", "# why", ",", "correo", "e-mail", "x or email y",
    "siempre", "tras 1 mes", "a la 1:05", "el día 3", "dentro de 1 año", "exactamente",
    "se suscribe", "mete en la cesta", "excepto /x/*", "menos /y", "español", "english", "/a(b)",
    "zona horaria", "\xC2\xA0", "del mismo item", "of the same item", "de 3 item distintos",
    "of 3 different item", "de más de 2 distintas item", "en 3 días distintos",
    "on more than 2 different days", "con total > 100 EUR", "with total >= 59.90, item = \"a b\"",
    "y luego", "and then visits", "entre las 5 más frecuentes", "among the 3 most frequent",
    "última compra hace más de 3 meses", "last visit cart less than 1 month ago",
    "first search more than 2 weeks", "total de compra > 10 EUR en 1 día", "tiene teléfono",
    "not has phone", "no tiene email", "consents to sms", "acepta correo", "puntos >= 10",
    "score < 5", "etapa fan", "stage fan", "in vip", "en vip", "interes = \"running\"",
    "interes = running", "recibe", "gets cart-1", "abre email", "hace clic en carrito-1",
    "clicks on cart-1", "vuelve tras 60 días", "arrives at tienda_centro",
    "pasa más de 3 minutos en ficha", "spends more than 1 h on product", "durante 1 día", "for 2 d",
    "una vez", "once", "cada 60 días", "each 1 week", "entra en vip", "enters vip",
    "recibe etiqueta vestir", "hasta 10:00 de lunes a viernes", "until 9:30 on weekdays",
    "at most 3 days", "válido 1 día", "valid for 24h", "12.5%", "50%", "solo si", "only if",
    "\"running\"", "running" };

static const char *const spaces[] = { "  ", " ", "   ", "\t", "       ", " \xC2\xA0", "\n",
    "\n\n\n", "  # note\n", "\n# margin\n  ", "\r\n", "\n      # deep\n  " };

static void
mutate(GString *text)
{
    size_t from, to, a, b;
    char *word;

    if (!some_token(text, &from, &to)) {
        return;
    }
    word = g_strndup(text->str + from, to - from);
    switch (draw(8)) {
    case 0:
        replace(text, from, to, pool[draw(G_N_ELEMENTS(pool))]);
        break;
    case 1:
        g_string_insert(text, (gssize)to, " ");
        g_string_insert(text, (gssize)to + 1, pool[draw(G_N_ELEMENTS(pool))]);
        break;
    case 2:
        replace(text, from, to, "");
        break;
    case 3:
        if (some_token(text, &a, &b)) {
            replace(text, a, b, word);
        }
        break;
    case 4:
        g_string_insert(text, (gssize)to, spaces[draw(G_N_ELEMENTS(spaces))]);
        break;
    case 5:
        for (size_t i = from; i < to; i++) {
            text->str[i] = g_ascii_toupper(text->str[i]);
        }
        break;
    default: /* other columns */
        for (unsigned n = draw(12); n > 0 && from > 0 && text->str[from - 1] == ' '; n--) {
            g_string_insert_c(text, (gssize)from, ' ');
        }
    }
    g_free(word);
}

static void
whatever_is_written_holds(void **state)
{
    char *texts[G_N_ELEMENTS(own)];
    unsigned valid = 0;

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        texts[i] = slurp(own[i]);
    }
    for (unsigned i = 0; i < MUTANTS; i++) {
        GString *text = g_string_new(texts[draw(G_N_ELEMENTS(own))]);
        lang_t *l;

        for (unsigned n = 1 + draw(4); n > 0; n--) {
            mutate(text);
        }
        l = lang_read("a.senda", text->str, text->len);
        if (lang_errors(l) == 0) {
            holds(text->str);
            valid++;
        }
        lang_free(l);
        g_string_free(text, TRUE);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        g_free(texts[i]);
    }
    print_message("# %u of %u changed files had no mistake\n", valid, MUTANTS);
    assert_true(valid > MUTANTS / 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_pairs),
        cmocka_unit_test(own_files_are_canonical),
        cmocka_unit_test(checked_files_hold),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(what_would_not_fit_is_refused),
        cmocka_unit_test(no_word_is_left_unmarked),
        cmocka_unit_test(one_is_singular),
        cmocka_unit_test(whatever_is_written_holds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
