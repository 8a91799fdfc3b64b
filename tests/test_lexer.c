/*
 * Lines into tokens: what each run of characters is, where it stands, and that
 * no input makes the lexer fail or say a place outside of the line.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fold.h"
#include "lexer.h"
#include "near.h"
#include "source.h"
#include "words.h"

static lex_line_t line;

static void
lex(const char *text)
{
    lexer_t lx;

    lexer_init(&lx, text, strlen(text));
    assert_true(lexer_line(&lx, &line, LANG_TOKENS_MAX));
}

/* Asserts the one token of a text: its kind and what it holds. */
static void
one(const char *text, lex_kind_t kind, const char *holds)
{
    lex(text);
    if (line.ntoks != 1 || line.toks[0].kind != kind) {
        fail_msg("%s: %u tokens, first of kind %d", text, line.ntoks, line.toks[0].kind);
    }
    assert_int_equal(line.toks[0].text.n, strlen(holds));
    assert_memory_equal(line.toks[0].text.p, holds, strlen(holds));
}

static void
kinds_of_tokens(void **state)
{
    (void)state;
    one("cesta", TOK_WORD, "cesta");
    one("carrito-1", TOK_WORD, "carrito-1");
    one("24h", TOK_WORD, "24h");
    one("\"dos palabras\"", TOK_STRING, "dos palabras");
    one("“comillas del procesador”", TOK_STRING, "comillas del procesador");
    one("«comillas»", TOK_STRING, "comillas");
    one("30", TOK_NUMBER, "30");
    one("-3.7038", TOK_NUMBER, "-3.7038");
    one("2,5", TOK_NUMBER, "2,5");
    one("+1", TOK_NUMBER, "+1");
    one("9:30", TOK_TIME, "9:30");
    one("2027-01-07", TOK_DATE, "2027-01-07");
    one("/p/{#id}-*.html?c={c}&x=(1)", TOK_PATTERN, "/p/{#id}-*.html?c={c}&x=(1)");
    one("https://www.a.com/x", TOK_PATTERN, "https://www.a.com/x");
    one("Europe/Madrid", TOK_PATTERN, "Europe/Madrid");
    one("www.zapateria.com", TOK_HOST, "www.zapateria.com");
    one("localhost:8080", TOK_HOST, "localhost:8080");
    one("127.0.0.1", TOK_HOST, "127.0.0.1");
    one("ana@example.com", TOK_ADDRESS, "ana@example.com");
    one("{item}", TOK_CAPTURE, "{item}");
    one("<=", TOK_SIGN, "<=");
    one("^$", TOK_OTHER, "^$");
}

static void
numbers_times_and_dates(void **state)
{
    (void)state;
    lex("10:05 24:00 9:60 -12 1.5 1234567890123456 2027-02-29 2028-02-29");
    assert_int_equal(line.ntoks, 8);
    assert_int_equal(line.toks[0].number, 10 * 3600 + 5 * 60);
    assert_false(line.toks[0].bad);
    assert_true(line.toks[1].bad);
    assert_true(line.toks[2].bad);
    assert_int_equal(line.toks[3].number, -12);
    assert_true(line.toks[3].whole);
    assert_false(line.toks[4].whole);
    assert_false(line.toks[5].whole);
    assert_true(line.toks[6].bad);
    assert_false(line.toks[7].bad);
    assert_int_equal(line.toks[7].number, 21243);
    lex("1970-01-01 1969-12-31 1990-01-02");
    assert_int_equal(line.toks[0].number, 0);
    assert_int_equal(line.toks[1].number, -1);
    assert_int_equal(line.toks[2].number, 7306);
}

/* A hyphen between two times is a sign; elsewhere it belongs to the word. */
static void
two_times(void **state)
{
    static const char *const ways[] = { "21:00-09:00", "21:00 - 9:00", "21:00–09:00" };

    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        lex(ways[i]);
        assert_int_equal(line.ntoks, 3);
        assert_int_equal(line.toks[0].kind, TOK_TIME);
        assert_int_equal(line.toks[0].number, 21 * 3600);
        assert_int_equal(line.toks[1].kind, TOK_SIGN);
        assert_int_equal(line.toks[2].kind, TOK_TIME);
        assert_int_equal(line.toks[2].number, 9 * 3600);
    }
    lex("a-b - 2027-01-07 -3");
    assert_int_equal(line.ntoks, 4);
    assert_int_equal(line.toks[0].kind, TOK_WORD);
    assert_int_equal(line.toks[1].kind, TOK_SIGN);
    assert_int_equal(line.toks[2].kind, TOK_DATE);
    assert_int_equal(line.toks[3].number, -3);
}

static void
signs(void **state)
{
    (void)state;
    lex("email={email} total>=59.90 12.5% +5");
    assert_int_equal(line.ntoks, 9);
    assert_int_equal(line.toks[1].kind, TOK_SIGN);
    assert_int_equal(line.toks[2].kind, TOK_CAPTURE);
    assert_int_equal(line.toks[4].text.n, 2);
    assert_int_equal(line.toks[7].text.p[0], '%');
    assert_int_equal(line.toks[8].number, 5);
}

static void
commas_and_parentheses(void **state)
{
    (void)state;
    lex("/pago, /pago/*, a.com,b.com (visits /x) (visits /x(1))");
    assert_int_equal(line.ntoks, 15);
    assert_int_equal(line.toks[0].text.n, 5);
    assert_int_equal(line.toks[1].kind, TOK_COMMA);
    assert_int_equal(line.toks[4].kind, TOK_HOST);
    assert_int_equal(line.toks[6].kind, TOK_HOST);
    assert_int_equal(line.toks[7].kind, TOK_OPEN);
    assert_int_equal(line.toks[9].text.n, 2);
    assert_int_equal(line.toks[10].kind, TOK_CLOSE);
    assert_int_equal(line.toks[13].kind, TOK_PATTERN);
}

static void
comments_and_indentation(void **state)
{
    (void)state;
    lex("  a#b # comment # more");
    assert_int_equal(line.indent, 2);
    assert_int_equal(line.ntoks, 1);
    assert_int_equal(line.toks[0].text.n, 3);
    assert_int_equal(line.comment.at, 6);
    assert_int_equal(line.comment.len, 16);
    lex("# all");
    assert_int_equal(line.ntoks, 0);
    assert_int_equal(line.comment.len, 5);
    lex("\t  \tx");
    assert_int_equal(line.indent, 8);
    lex("\xC2\xA0\xE2\x80\x89x\xC2\xA0y"); /* spaces of a word processor */
    assert_int_equal(line.indent, 2);
    assert_int_equal(line.ntoks, 2);
    lex("\"# no comment\" x");
    assert_int_equal(line.ntoks, 2);
}

static void
ends_of_lines(void **state)
{
    static const char text[] = "a\r\nb\rc\n\nd";
    const uint32_t starts[] = { 0, 3, 5, 7, 8 }, lengths[] = { 1, 1, 1, 0, 1 };
    lexer_t lx;

    (void)state;
    lexer_init(&lx, text, sizeof(text) - 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(lexer_line(&lx, &line, LANG_TOKENS_MAX));
        assert_int_equal(line.number, i + 1);
        assert_int_equal(line.at, starts[i]);
        assert_int_equal(line.len, lengths[i]);
    }
    assert_false(lexer_line(&lx, &line, LANG_TOKENS_MAX));
}

static void
bounds_of_a_line(void **state)
{
    char *text = malloc(LANG_LINE_MAX + 2);

    (void)state;
    memset(text, 'a', LANG_LINE_MAX + 1);
    text[LANG_LINE_MAX + 1] = '\0';
    lex(text);
    assert_true(line.too_long);
    assert_int_equal(line.ntoks, 0);
    for (unsigned i = 0; i < LANG_LINE_MAX; i++) {
        text[i] = i % 2 == 0 ? 'a' : ' ';
    }
    text[2 * LANG_TOKENS_MAX] = '\0';
    lex(text);
    assert_false(line.too_long);
    assert_int_equal(line.ntoks, LANG_TOKENS_MAX);
    text[2 * LANG_TOKENS_MAX] = 'a';
    text[2 * LANG_TOKENS_MAX + 1] = '\0';
    lex(text);
    assert_true(line.too_long);
    free(text);
}

static void
unclosed_quote(void **state)
{
    (void)state;
    lex("flujo \"sin cerrar # y todo");
    assert_int_equal(line.ntoks, 2);
    assert_true(line.toks[1].bad);
    assert_int_equal(line.comment.len, 0);
}

static void
folding(void **state)
{
    static const char *const pairs[][2] = {
        { "Página", "pagina" },
        { "ESPAÑA", "espana" },
        { "pa\xCC\x81gina", "pagina" }, /* a and a combining accent */
        { "Ångström", "angstrom" },
        { "Łódź", "łodz" },
        { "ÉTÉ-2", "ete-2" },
        { "Čeština", "cestina" },
    };
    char out[64];

    (void)state;
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(fold_text(pairs[i][0], strlen(pairs[i][0]), out, sizeof(out)),
            strlen(pairs[i][1]));
        assert_string_equal(out, pairs[i][1]);
    }
    assert_int_equal(fold_text("abcdef", 6, out, 4), 3);
    assert_string_equal(out, "abc");
}

/* The short way of western accents says what Unicode's tables say. */
static void
folding_is_the_same_both_ways(void **state)
{
    (void)state;
    for (unsigned c = 0xC0; c < 0x100; c++) {
        char one_char[3] = { (char)(0xC0 | (c >> 6)), (char)(0x80 | (c & 0x3F)), '\0' };
        char with[8], fast[16], slow[16];

        if (c == 0xD7 || c == 0xF7) {
            continue; /* × and ÷ are no letters */
        }
        snprintf(with, sizeof(with), "%s\xC4\x80", one_char); /* Ā takes the long way */
        fold_text(one_char, 2, fast, sizeof(fast));
        fold_text(with, 4, slow, sizeof(slow));
        slow[strlen(slow) - 1] = '\0';
        assert_string_equal(fast, slow);
    }
}

static void
words_are_found(void **state)
{
    unsigned used;

    (void)state;
    lex("AÑADE a la cesta");
    assert_int_equal(words_find(ROLE_VERB, line.toks, &used), W_ADDS);
    assert_int_equal(used, 4);
    lex("anade a la");
    assert_int_equal(words_find(ROLE_VERB, line.toks, &used), W_NONE);
    lex("no tiene etiqueta x");
    assert_int_equal(words_find(ROLE_TEST, line.toks, &used), W_HAS_NO_TAG);
    assert_int_equal(words_accept(W_NOT, line.toks), 1);
    lex("\"compra\"");
    assert_int_equal(words_find(ROLE_VERB, line.toks, &used), W_NONE);
    assert_int_equal(words_of_phrase(ROLE_VERB, "adds to cart"), W_ADDS);
    assert_int_equal(words_of_phrase(ROLE_VERB, "adds to"), W_NONE);
    lex("en 3 días distintos");
    assert_int_equal(words_accept(W_WITHIN, line.toks), 1);
    assert_int_equal(words_accept(W_ON_PAGE, line.toks), 1);
    assert_int_equal(words_accept(W_DIFFERENT_DAYS, line.toks + 2), 2);
    lex("pasa a pasa más de y luego");
    assert_int_equal(words_find(ROLE_FLOW, line.toks, &used), W_ENTER);
    assert_int_equal(words_find(ROLE_VERB, line.toks, &used), W_NONE);
    assert_int_equal(words_find(ROLE_VERB, line.toks + 2, &used), W_SPENDS);
    assert_int_equal(words_accept(W_AND_THEN, line.toks + 5), 2);
    lex("recibe etiqueta x");
    assert_int_equal(words_find(ROLE_TEST, line.toks, &used), W_GETS);
    assert_int_equal(words_find(ROLE_VERB, line.toks, &used), W_RECEIVES);
    assert_int_equal(words_find(ROLE_WHEN, line.toks, &used), W_GETS_TAG);
    assert_true(words_joining("mas"));
    assert_false(words_joining("cesta"));
}

/* Every row says all it has to say, and every phrase leads back to its row. */
static void
table_is_whole(void **state)
{
    (void)state;
    for (int w = W_NONE + 1; w < WORDS; w++) {
        const word_row_t *r = &words_table[w];

        assert_int_equal(r->word, w);
        assert_int_not_equal(r->roles, 0);
        for (int l = 0; l < LANG_LANGUAGES; l++) {
            unsigned used;

            assert_non_null(r->help[l]);
            assert_true(r->help[l][0] != '\0');
            assert_non_null(r->arguments[l]);
            assert_true((r->example[LANG_ES] == NULL) == (r->example[LANG_EN] == NULL));
            lex(words_say((word_t)w, (lang_id_t)l));
            assert_int_equal(words_accept((word_t)w, line.toks), line.ntoks);
            assert_int_not_equal(words_find(r->roles, line.toks, &used), W_NONE);
        }
    }
}

static void
nearest(void **state)
{
    near_t n;

    (void)state;
    assert_int_equal(near_distance("pagnia", "pagina", 3), 1);
    assert_int_equal(near_distance("abc", "abc", 3), 0);
    assert_int_equal(near_distance("abc", "xyz", 2), 3);
    assert_int_equal(near_distance("", "ab", 2), 2);
    near_start(&n, "carito");
    assert_false(near_offer(&n, "gracias", "gracias"));
    assert_true(near_offer(&n, "carrito", "Carrito"));
    assert_string_equal(n.best, "Carrito");
    near_start(&n, "show");
    assert_false(near_offer(&n, "flow", "flow"));
    near_start(&n, "a");
    assert_false(near_offer(&n, "b", "b"));
}

static void
sources(void **state)
{
    source_t s;
    char *binary = calloc(1, 1000);

    (void)state;
    source_read(&s, "\xEF\xBB\xBFp\xC3\xA1gina", 10);
    assert_string_equal(s.text, "página");
    assert_int_equal(s.nbad, 0);
    source_free(&s);
    source_read(&s, "p\xE1gina\x01\n", 8);
    assert_string_equal(s.text, "página \n");
    assert_int_equal(s.nbad, 1);
    assert_int_equal(s.bad_at, 1);
    assert_int_equal(s.bad_byte, 0xE1);
    assert_int_equal(s.ncontrol, 1);
    assert_int_equal(s.control, 1);
    source_free(&s);
    source_read(&s, "\xFF\xFEp\0", 4);
    assert_true(s.utf16);
    assert_int_equal(s.len, 0);
    source_free(&s);
    source_read(&s, binary, 1000);
    assert_true(s.binary);
    source_free(&s);
    source_read(&s, "", 0);
    assert_int_equal(s.len, 0);
    source_free(&s);
    free(binary);
}

/* Random bytes: every token lies within its line and after the one before. */
static void
never_fails(void **state)
{
    static const char some[] = "ab1:./-_#\"{}()<>=%,@ \t\n\r\xC3\xA1\xE2\x80\x9C?*&+";
    char text[512];
    unsigned seed = 7;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        source_t s;
        lexer_t lx;

        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = some[(size_t)rand_r(&seed) % (sizeof(some) - 1)];
        }
        source_read(&s, text, sizeof(text));
        lexer_init(&lx, s.text, s.len);
        while (lexer_line(&lx, &line, LANG_TOKENS_MAX)) {
            uint32_t at = line.at;

            for (unsigned i = 0; i < line.ntoks; i++) {
                assert_true(line.toks[i].span.at >= at);
                assert_true(line.toks[i].span.len > 0);
                at = line.toks[i].span.at + line.toks[i].span.len;
            }
            assert_true(at <= line.at + line.len);
            assert_int_equal(line.toks[line.ntoks].kind, TOK_END);
        }
        source_free(&s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_tokens),
        cmocka_unit_test(numbers_times_and_dates),
        cmocka_unit_test(two_times),
        cmocka_unit_test(signs),
        cmocka_unit_test(commas_and_parentheses),
        cmocka_unit_test(comments_and_indentation),
        cmocka_unit_test(ends_of_lines),
        cmocka_unit_test(bounds_of_a_line),
        cmocka_unit_test(unclosed_quote),
        cmocka_unit_test(folding),
        cmocka_unit_test(folding_is_the_same_both_ways),
        cmocka_unit_test(words_are_found),
        cmocka_unit_test(table_is_whole),
        cmocka_unit_test(nearest),
        cmocka_unit_test(sources),
        cmocka_unit_test(never_fails),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
