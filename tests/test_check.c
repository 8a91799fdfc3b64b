/*
 * What the language says of mistakes, to the letter: each tests/golden/X.senda
 * against its X.expect. Every message there is must be said by one of them in
 * each language, or by a case below that makes the file that provokes it.
 * With SENDA_GOLDEN=write the expectations are written anew, to be read before
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

#define GOLDEN "tests/golden"

static bool said[LANG_LANGUAGES][MESSAGES];   /* by a golden file or a case below */
static bool golden[LANG_LANGUAGES][MESSAGES]; /* by a golden file */

/* Two zones exist. */
static int
zones(void *ctx, const char *name, int32_t *first, senda_zone_step_t *steps, unsigned max)
{
    (void)ctx;
    (void)steps;
    (void)max;
    *first = 0;
    return strcmp(name, "Europe/Madrid") == 0 || strcmp(name, "Europe/London") == 0 ? 0 : -1;
}

/* Templates exist but for those that a case names. */
static senda_rc_t
templates(void *ctx, const char *template, senda_err_t *err)
{
    (void)ctx;
    if (strcmp(template, "absent") == 0) {
        return SENDA_NONE;
    }
    return strcmp(template, "broken") == 0 ? senda_fail(err, SENDA_BAD, "line 3: no end")
                                           : SENDA_OK;
}

static lang_t *
read_text(const char *file, const char *text, size_t len)
{
    lang_t *l = lang_read(file, text, len);

    lang_check_zone(l, zones, NULL);
    lang_check_templates(l, templates, NULL);
    for (unsigned i = 0; i < lang_diags(l); i++) {
        said[l->diags.lang][l->diags.items[i].id] = true;
    }
    return l;
}

static char *
printed(const lang_t *l)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    lang_print(l, out, false);
    fclose(out);
    return text;
}

/* Which messages a file says, in its order. */
static char *
said_by(const lang_t *l)
{
    GString *ids = g_string_new(NULL);

    for (unsigned i = 0; i < lang_diags(l); i++) {
        golden[l->diags.lang][l->diags.items[i].id] = true;
        g_string_append_printf(ids, "%d ", (int)l->diags.items[i].id);
    }
    return g_string_free(ids, FALSE);
}

/* True: it says what is expected of it. */
static bool
check_golden(const char *name, GHashTable *twins)
{
    char *path = g_strdup_printf(GOLDEN "/%s", name), *expect_path, *text, *expect = NULL, *got;
    gsize len;
    bool same;
    lang_t *l;

    expect_path = g_strdup_printf("%.*s.expect", (int)(strlen(path) - strlen(".senda")), path);
    assert_true(g_file_get_contents(path, &text, &len, NULL));
    l = read_text(name, text, len);
    got = printed(l);
    if (g_strcmp0(g_getenv("SENDA_GOLDEN"), "write") == 0) {
        assert_true(g_file_set_contents(expect_path, got, -1, NULL));
    }
    if (!g_file_get_contents(expect_path, &expect, NULL, NULL)) {
        fail_msg("%s is missing", expect_path);
    }
    same = strcmp(got, expect) == 0;
    if (!same) {
        size_t i = 0;

        while (got[i] == expect[i]) {
            i++;
        }
        print_error("%s: says otherwise from byte %zu on: %.120s\n", name, i, got + i);
    }
    g_hash_table_insert(twins, g_strndup(name, strlen(name) - strlen(".senda")), said_by(l));
    free(got);
    g_free(expect);
    lang_free(l);
    g_free(text);
    g_free(expect_path);
    g_free(path);
    return same;
}

/* X_es and X_en have the same mistakes in the same order, but for the files of two newcomers. */
static void
check_twins(GHashTable *twins)
{
    GHashTableIter it;
    gpointer name, ids;

    g_hash_table_iter_init(&it, twins);
    while (g_hash_table_iter_next(&it, &name, &ids)) {
        char *twin = g_strdup_printf("%.*s_en", (int)strlen(name) - 3, (const char *)name);
        const char *other = g_hash_table_lookup(twins, twin);

        if (g_str_has_suffix(name, "_es") && other != NULL && strcmp(name, "newcomer_es") != 0 &&
            strcmp(ids, other) != 0) {
            fail_msg("%s says otherwise than %s:\n%s\n%s", (const char *)name, twin,
                (const char *)ids, other);
        }
        g_free(twin);
    }
}

static void
golden_files(void **state)
{
    GDir *dir = g_dir_open(GOLDEN, 0, NULL);
    GHashTable *twins = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *name;
    unsigned n[LANG_LANGUAGES] = { 0 }, wrong = 0;

    (void)state;
    assert_non_null(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(name, ".senda")) {
            wrong += check_golden(name, twins) ? 0 : 1;
        }
    }
    g_dir_close(dir);
    assert_int_equal(wrong, 0);
    check_twins(twins);
    g_hash_table_unref(twins);
    for (int i = 0; i < LANG_LANGUAGES; i++) {
        for (int m = 0; m < MESSAGES; m++) {
            n[i] += golden[i][m];
        }
        print_message("# %u different mistakes in language %d\n", n[i], i);
        assert_true(n[i] >= 80);
    }
}

/* The first mistake of a text that is made here, because it is long or has no letters. */
static void
provokes(msg_t id, const char *es, const char *en)
{
    const char *texts[LANG_LANGUAGES] = { es, en };

    for (int i = 0; i < LANG_LANGUAGES; i++) {
        lang_t *l = read_text("made.senda", texts[i], strlen(texts[i]));
        unsigned k = 0;

        while (k < lang_diags(l) && l->diags.items[k].id != id) {
            k++;
        }
        if (k == lang_diags(l) || l->diags.lang != (lang_id_t)i) {
            char *text = printed(l);

            fail_msg("message %d is not said in language %d but: %s", (int)id, i, text);
        }
        lang_free(l);
    }
}

/* A head, n times a line with its number twice, a tail. */
static char *
many(const char *head, const char *each, unsigned n, const char *tail)
{
    GString *s = g_string_new(head);

    for (unsigned i = 0; i < n; i++) {
        for (const char *p = each; *p != '\0'; p++) {
            if (*p == '@') {
                g_string_append_printf(s, "%u", i);
            } else {
                g_string_append_c(s, *p);
            }
        }
    }
    g_string_append(s, tail);
    return g_string_free(s, FALSE);
}

static void
provokes_many(msg_t id, const char *es[3], const char *en[3], unsigned n)
{
    char *a = many(es[0], es[1], n, es[2]), *b = many(en[0], en[1], n, en[2]);

    provokes(id, a, b);
    g_free(a);
    g_free(b);
}

#define ES_FLOW "flujo uno\n  empieza cuando compra\n  repite nunca\n"
#define EN_FLOW "flow one\n  start when buys\n  again never\n"

static void
bounds(void **state)
{
    (void)state;
    provokes_many(MSG_IF_DEEP, (const char *[]){ ES_FLOW, "  si compra\n", "" },
        (const char *[]){ EN_FLOW, "  if buys\n", "" }, LANG_IFS_MAX + 1);
    provokes_many(MSG_STEPS_MAX, (const char *[]){ ES_FLOW, "  espera 1 día\n", "" },
        (const char *[]){ EN_FLOW, "  wait 1 day\n", "" }, LANG_STEPS_MAX + 1);
    provokes_many(MSG_SPLIT_MAX,
        (const char *[]){ ES_FLOW "  reparte\n", "    1% envía email a@\n", "  fin\n" },
        (const char *[]){ EN_FLOW "  split\n", "    1% send email a@\n", "  end\n" },
        SPLIT_MAX + 1);
    provokes_many(MSG_COND_DEEP, (const char *[]){ ES_FLOW "  termina si ", "no ", "compra\n" },
        (const char *[]){ EN_FLOW "  stop if ", "not ", "buys\n" }, LANG_COND_MAX + 1);
    provokes_many(MSG_SITE_HOSTS_MAX,
        (const char *[]){ "sitio a.com", ", a@.com", "\n  idioma es\n" },
        (const char *[]){ "site a.com", ", a@.com", "\n  language en\n" }, SENDA_HOSTS_MAX);
    provokes_many(MSG_PAGES_MAX, (const char *[]){ "", "página p@ /@\n", "" },
        (const char *[]){ "", "page p@ /@\n", "" }, SENDA_PAGES_MAX + 1);
    provokes_many(MSG_LINE_TOO_LONG, (const char *[]){ "sitio a.com\n  idioma es\n", "x", "" },
        (const char *[]){ "site a.com\n  language en\n", "x", "" }, LANG_LINE_MAX + 1);
    provokes_many(MSG_PATTERN_LONG, (const char *[]){ "página a /", "x", " es view_cart\n" },
        (const char *[]){ "page a /", "x", " is view_cart\n" }, 2100);
}

static void
files_as_a_whole(void **state)
{
    size_t len = LANG_FILE_MAX + 1;
    char *big = calloc(1, len);
    lang_t *l = read_text("big.senda", big, len);

    (void)state;
    assert_int_equal(lang_errors(l), 1);
    assert_int_equal(l->diags.items[0].id, MSG_FILE_TOO_BIG);
    lang_free(l);
    free(big);
}

static void
templates_are_looked_at(void **state)
{
    (void)state;
    provokes(MSG_TEMPLATE_NONE, ES_FLOW "  envía email absent\n", EN_FLOW "  send email absent\n");
    provokes(MSG_TEMPLATE_FILE, ES_FLOW "  envía email broken\n", EN_FLOW "  send email broken\n");
}

/* Without a word nobody can tell the language: these speak English. */
static bool
wordless(int m)
{
    return m == MSG_FILE_TOO_BIG || m == MSG_FILE_UTF16 || m == MSG_FILE_BINARY;
}

/* Last: by then every message has been said in both languages, or nobody knows its text. */
static void
every_message_is_said(void **state)
{
    unsigned silent = 0;

    (void)state;
    for (int m = 0; m < MESSAGES; m++) {
        for (int i = 0; i < LANG_LANGUAGES; i++) {
            const msg_row_t *r = messages_row((msg_t)m);

            assert_non_null(r->text[i]);
            assert_true((r->hint[0] == NULL) == (r->hint[1] == NULL));
            assert_true((r->example[0] == NULL) == (r->example[1] == NULL));
            if (!said[i][m] && !(wordless(m) && i == LANG_ES)) {
                print_message("# nothing provokes message %d in language %d: %s\n", m, i,
                    r->text[i]);
                silent++;
            }
        }
    }
    assert_int_equal(silent, 0);
}

/* Every mistake teaches by a line that has none itself. */
static void
examples_are_right(void **state)
{
    (void)state;
    for (int w = W_NONE + 1; w < WORDS; w++) {
        for (int i = 0; i < LANG_LANGUAGES; i++) {
            const char *line = words_table[w].example[i];
            lang_t *l;

            if (line == NULL || line[0] == ' ') {
                continue;
            }
            l = lang_read("example", line, strlen(line));
            for (unsigned k = 0; k < lang_diags(l); k++) {
                msg_t id = l->diags.items[k].id;

                /* a flow or test without lines, and names that only its file declares */
                if (id != MSG_FLOW_NO_START && id != MSG_NO_AGAIN && id != MSG_TEST_EMPTY &&
                    id != MSG_PAGES_NONE) {
                    fail_msg("%s: %s", line, lang_diag(l, k)->message);
                }
            }
            lang_free(l);
        }
    }
}

/* Columns count characters, places are in order, and colour changes nothing but colour. */
static void
places(void **state)
{
    static const char text[] =
        "página cesta /cesta es view_cart\r\nflujo ñandú\r\n\tempieza cuando compre\r\n"
        "  repite nunca\r\n  envía email uno\r\nprueba p\r\n  visita /cesta\r\n"
        "  recibe email dos\r\n";
    lang_t *l = lang_read("a.senda", text, sizeof(text) - 1);
    char *colored = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&colored, &len);

    (void)state;
    assert_int_equal(lang_diags(l), 2);
    assert_int_equal(lang_errors(l), 2);
    assert_string_equal(lang_language(l), "es");
    assert_int_equal(lang_diag(l, 0)->line, 3);
    assert_int_equal(lang_diag(l, 0)->column, 17);
    assert_int_equal(lang_diag(l, 0)->width, 6);
    assert_int_equal(lang_diag(l, 1)->line, 8);
    assert_null(lang_diag(l, 2));
    lang_print(l, out, true);
    fclose(out);
    assert_non_null(strstr(colored, "\033[1;31m^^^^^^"));
    free(colored);
    lang_free(l);
}

/* What stands in the file cannot command the terminal. */
static void
terminal_is_guarded(void **state)
{
    const char rlo[] = { (char)0xE2, (char)0x80, (char)0xAE, '\0' }; /* turns the text round */
    char *text = g_strconcat("page \x1b[31m /x\npage \xC2\x9B y\npage ", rlo, " z\nxx\x1b]0;t\n",
        NULL);
    lang_t *l = lang_read("a.senda", text, strlen(text));
    char *out = printed(l);

    (void)state;
    assert_true(lang_errors(l) > 0);
    assert_null(strchr(out, '\x1b'));
    assert_null(strstr(out, "\xC2\x9B"));
    assert_null(strstr(out, rlo));
    g_free(text);
    free(out);
    lang_free(l);
}

static void
more_than_can_be_told(void **state)
{
    char *text = many("sitio a.com\n  idioma es\n", "nada@ de nada\n", 3000, "");
    lang_t *l = lang_read("a.senda", text, strlen(text));
    char *out = printed(l);

    (void)state;
    assert_int_equal(lang_errors(l), 3000);
    assert_int_equal(lang_diags(l), LANG_DIAGS_MAX);
    assert_non_null(strstr(out, "… y 2500 más"));
    free(out);
    lang_free(l);
    g_free(text);
}

/* Ten megabytes are read in a second; the bound only tells that from minutes. */
static void
big_files(void **state)
{
    const size_t size = 10u << 20;
    char *shop, *texts[4], line[64];
    gsize len;

    (void)state;
    assert_true(g_file_get_contents("tests/data/zapateria.senda", &shop, &len, NULL));
    texts[0] = many("", shop, (unsigned)(size / len), "");
    texts[1] = many("", "# c\n", (unsigned)(size / 4), "");
    texts[2] = many("", "x\n", (unsigned)(size / 10), "");
    texts[3] = many("", "página p@ /x/@/*, /y/@\n", 100000, "");
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        gint64 start = g_get_monotonic_time();
        lang_t *l = lang_read("big.senda", texts[i], strlen(texts[i]));

        snprintf(line, sizeof(line), "# file %u: %.2f s, %u mistakes", i,
            (double)(g_get_monotonic_time() - start) / 1e6, lang_errors(l));
        print_message("%s\n", line);
        assert_true(g_get_monotonic_time() - start < 30 * G_USEC_PER_SEC);
        lang_free(l);
        g_free(texts[i]);
    }
    g_free(shop);
}

/* Where two lines clash, both are told. */
static void
two_places(void **state)
{
    static const struct {
        const char *text;
        uint32_t line, other;
    } rows[] = {
        { "field size number\nfield size text\n", 2, 1 },
        { "segment a = b\nsegment b = buys\nsegment b = a\n", 3, 2 },
        { "segment a = buys or b\n\nsegment b = in c\nsegment c = not a\n", 4, 1 },
        { "limit sms 1 per day\nlimit sms 3 per week\nlimit sms 2 per day\n", 3, 1 },
        { "quiet hours 21:00-09:00\nquiet hours 22:00-09:00\n", 2, 1 },
        { "field size number\nflow a\n  start on the date size\n  again never\n  exit\n", 3, 1 },
        { "flow a\n  start when buys\n  again never\n  coupon X valid 1 day\n  send sms a\n"
          "  wait 2 days\n  send sms b\n",
            6, 4 },
        { "flow a\n  start when buys\n  again always\n  enter b\nflow b\n  again always\n"
          "  send sms b\nflow c\n  start when gets sms b\n  again always\n  enter a\n",
            11, 4 },
        { "flow a\n  start when gets sms\n  again always\n  send sms a\n", 4, 2 },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        lang_t *l = lang_read("a.senda", rows[i].text, strlen(rows[i].text));

        assert_int_equal(lang_diags(l), 1);
        assert_int_equal(lang_diag(l, 0)->line, rows[i].line);
        assert_int_equal(lang_diag(l, 0)->other_line, rows[i].other);
        lang_free(l);
    }
}

/* The two examples load as they stand; the warnings are those that a colleague would give. */
static void
examples_load(void **state)
{
    static const struct {
        const char *file;
        msg_t warnings[4];
        unsigned n;
    } rows[] = {
        { "tests/data/zapateria.senda",
            { MSG_COUPON_OVER, MSG_SAME_TEMPLATE, MSG_SAME_TEMPLATE, MSG_SAME_TEMPLATE }, 4 },
        { "tests/data/shoes.senda", { MSG_COUPON_OVER }, 1 },
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *text;
        gsize len;
        lang_t *l;

        assert_true(g_file_get_contents(rows[i].file, &text, &len, NULL));
        l = lang_read(rows[i].file, text, len);
        assert_int_equal(lang_errors(l), 0);
        assert_int_equal(lang_diags(l), rows[i].n);
        for (unsigned k = 0; k < rows[i].n; k++) {
            assert_int_equal(l->diags.items[k].id, rows[i].warnings[k]);
        }
        lang_free(l);
        g_free(text);
    }
}

/* A line that is not understood brings no mistakes on others. */
static void
mistakes_stay_alone(void **state)
{
    static const char *const files[] = { "tests/data/zapateria.senda", "tests/data/shoes.senda" };

    (void)state;
    for (size_t f = 0; f < G_N_ELEMENTS(files); f++) {
        char *text, **lines;

        assert_true(g_file_get_contents(files[f], &text, NULL, NULL));
        lines = g_strsplit(text, "\n", 0);
        for (unsigned i = 0; lines[i] != NULL; i++) {
            char *line = lines[i], *broken;
            lang_t *l;

            /* with more behind it "si no" is an `if not`, and opens a block */
            if (strchr("#", line[strspn(line, " ")]) != NULL || strcmp(line, "  si no") == 0) {
                continue;
            }
            lines[i] = g_strconcat(line, " }{", NULL);
            broken = g_strjoinv("\n", lines);
            l = lang_read(files[f], broken, strlen(broken));
            assert_true(lang_errors(l) > 0);
            for (unsigned k = 0; k < lang_diags(l); k++) {
                const lang_diag_t *d = lang_diag(l, k);

                if (!d->warning && d->line != i + 1) {
                    fail_msg("%s:%u: broken, it brings on line %u: %s", files[f], i + 1, d->line,
                        d->message);
                }
            }
            lang_free(l);
            g_free(broken);
            g_free(lines[i]);
            lines[i] = line;
        }
        g_strfreev(lines);
        g_free(text);
    }
}

/* Any bytes give diagnostics in order. */
static void
never_fails(void **state)
{
    char *base, *text;
    gsize len;
    unsigned seed = 11;

    (void)state;
    assert_true(g_file_get_contents("tests/data/zapateria.senda", &base, &len, NULL));
    text = g_malloc(len);
    for (unsigned round = 0; round < 300; round++) {
        lang_t *l;
        uint32_t line = 0, column = 0;

        memcpy(text, base, len);
        for (unsigned i = 0; i < 1 + round % 40; i++) {
            size_t at = (size_t)rand_r(&seed) % len, from = (size_t)rand_r(&seed) % len;
            size_t n = (size_t)rand_r(&seed) % 40;

            n = n < len - at ? n : len - at;
            n = n < len - from ? n : len - from;
            memmove(text + at, base + from, n);
            text[at] = (char)rand_r(&seed);
        }
        l = lang_read("a.senda", text, len);
        for (unsigned i = 0; i < lang_diags(l); i++) {
            const lang_diag_t *d = lang_diag(l, i);

            assert_true(d->line > line || (d->line == line && d->column >= column));
            assert_true(d->width > 0);
            line = d->line;
            column = d->column;
        }
        free(printed(l));
        lang_free(l);
    }
    g_free(text);
    g_free(base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files),
        cmocka_unit_test(bounds),
        cmocka_unit_test(files_as_a_whole),
        cmocka_unit_test(templates_are_looked_at),
        cmocka_unit_test(every_message_is_said),
        cmocka_unit_test(examples_are_right),
        cmocka_unit_test(places),
        cmocka_unit_test(terminal_is_guarded),
        cmocka_unit_test(more_than_can_be_told),
        cmocka_unit_test(big_files),
        cmocka_unit_test(two_places),
        cmocka_unit_test(examples_load),
        cmocka_unit_test(mistakes_stay_alone),
        cmocka_unit_test(never_fails),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
