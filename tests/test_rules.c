/*
 * Compiled rules: hosts, names, tags and zones looked up, and blobs that were
 * cut or damaged at random, refused or harmless.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "patterns.h"

static void
add_show(rules_build_t *b, uint32_t site, const char *block, const char *position, bool conditional)
{
    const senda_rule_show_t show = { senda_cstr(block), senda_cstr(position), conditional };

    rules_build_show(b, site, &show);
}

static compiled_t
compile_two_sites(void)
{
    static const senda_zone_step_t steps[] = { { 1000, 7200 }, { 2000, 3600 } };
    const senda_zone_t zone = { 3600, 2, steps };
    rules_build_t *b = rules_build_new();

    rules_build_site(b, 9, &zone);
    rules_build_site(b, 4, NULL);
    assert_int_equal(rules_build_host(b, 9, SENDA_STR("www.Zapateria.com")), SENDA_OK);
    assert_int_equal(rules_build_host(b, 9, SENDA_STR("zapateria.com:443")), SENDA_OK);
    assert_int_equal(rules_build_host(b, 9, SENDA_STR("zapatos.com")), SENDA_OK);
    assert_int_equal(rules_build_host(b, 4, SENDA_STR("ZAPATOS.com")), SENDA_NONE);
    rules_build_page(b, 4, 12, SENDA_STR("cart"), 0);
    rules_build_page(b, 9, 11, SENDA_STR("pago"), 0);
    rules_build_page(b, 9, 10, SENDA_STR("cesta"), senda_key_event(SENDA_EV_VIEW_CART));
    rules_build_event(b, 9, senda_key_event(64), SENDA_STR("entrega"));
    rules_build_event(b, 4, senda_key_event(65), SENDA_STR("entrega"));
    rules_build_tag(b, 9, 30, SENDA_STR("vestir"));
    rules_build_tag(b, 9, 20, SENDA_STR("mujer"));
    rules_build_tag_rule(b, &(senda_tag_rule_t){ .tag = 30, .site = 9, .key = 11, .times = 4 });
    rules_build_tag_rule(b,
        &(senda_tag_rule_t){ .tag = 20, .site = 9, .key = 10, .times = 3, .within = { 1, 2, 3 } });
    rules_build_tag_rule(b,
        &(senda_tag_rule_t){ .tag = 30, .site = 9, .key = 10, .times = 5, .within = { 0, 30, 0 } });
    rules_build_input(b, 12, SENDA_STR("mail"));
    rules_build_input(b, 10, SENDA_STR("name"));
    rules_build_input(b, 12, SENDA_STR("age"));
    add_show(b, 9, "vip", "header", true);
    add_show(b, 4, "all", "footer", false);
    add_show(b, 9, "all", "header", false);
    return finish(b);
}

static void
test_lookups(void **state)
{
    compiled_t c = compile_two_sites();
    const senda_rules_t *r = c.rules;
    senda_tag_rule_t t;
    senda_key_t key;

    (void)state;
    assert_int_equal(senda_rules_generation(r), 3);
    assert_int_equal(senda_rules_site(r, SENDA_STR("WWW.zapateria.com")), 9);
    assert_int_equal(senda_rules_site(r, SENDA_STR("zapatos.com:80")), 9);
    assert_int_equal(senda_rules_site(r, SENDA_STR("otra.com")), 4);
    assert_int_equal(senda_rules_site(r, SENDA_STR("")), 4);
    assert_int_equal(senda_rules_zone(r, 9)->nsteps, 2);
    assert_int_equal(senda_rules_zone(r, 9)->steps[1].offset, 3600);
    assert_int_equal(senda_rules_zone(r, 4)->nsteps, 0);
    assert_null(senda_rules_zone(r, 5));
    assert_int_equal(senda_rules_page(r, 9, SENDA_STR("cesta"), &key), SENDA_OK);
    assert_int_equal(key, 10);
    assert_int_equal(senda_rules_page(r, 9, SENDA_STR("pago"), &key), SENDA_OK);
    assert_int_equal(key, 11);
    assert_int_equal(senda_rules_page(r, 9, SENDA_STR("cart"), &key), SENDA_NONE);
    assert_int_equal(senda_rules_page(r, 5, SENDA_STR("cart"), &key), SENDA_NONE);
    assert_int_equal(senda_rules_event(r, 9, SENDA_STR("purchase"), &key), SENDA_OK);
    assert_int_equal(key, senda_key_event(SENDA_EV_PURCHASE));
    assert_int_equal(senda_rules_event(r, 4, SENDA_STR("entrega"), &key), SENDA_OK);
    assert_int_equal(key, senda_key_event(65));
    assert_int_equal(senda_rules_event(r, 4, SENDA_STR("envio"), &key), SENDA_NONE);
    assert_true(senda_str_eq(senda_rules_tag_name(r, 20), SENDA_STR("mujer")));
    assert_int_equal(senda_rules_tag_name(r, 21).n, 0);
    assert_int_equal(senda_rules_tag_by_key(r, 10, 1, &t), SENDA_OK);
    assert_int_equal(t.tag, 30);
    assert_int_equal(t.within.days, 30);
    assert_true(senda_str_eq(t.name, SENDA_STR("vestir")));
    assert_int_equal(senda_rules_tag_by_key(r, 10, 2, &t), SENDA_NONE);
    assert_int_equal(senda_rules_tag_by_key(r, 9, 0, &t), SENDA_NONE);
    assert_int_equal(senda_rules_moments(r, 10), 5);
    assert_int_equal(senda_rules_moments(r, 11), 0);
    release(&c);
}

static void
test_forms_and_blocks(void **state)
{
    compiled_t c = compile_two_sites();
    const senda_rules_t *r = c.rules;
    senda_rule_show_t show;
    senda_str_t input;

    (void)state;
    assert_int_equal(senda_rules_input(r, 12, 0, &input), SENDA_OK);
    assert_true(senda_str_eq(input, SENDA_STR("mail")));
    assert_int_equal(senda_rules_input(r, 12, 1, &input), SENDA_OK);
    assert_true(senda_str_eq(input, SENDA_STR("age")));
    assert_int_equal(senda_rules_input(r, 12, 2, &input), SENDA_NONE);
    assert_int_equal(senda_rules_input(r, 10, 0, &input), SENDA_OK);
    assert_int_equal(senda_rules_input(r, 10, 1, &input), SENDA_NONE);
    assert_int_equal(senda_rules_input(r, 11, 0, &input), SENDA_NONE);
    assert_int_equal(senda_rules_input(r, 12, UINT32_MAX, &input), SENDA_NONE);
    assert_int_equal(senda_rules_show(r, 9, 0, &show), SENDA_OK);
    assert_true(senda_str_eq(show.block, SENDA_STR("vip")) && show.conditional);
    assert_true(senda_str_eq(show.position, SENDA_STR("header")));
    assert_int_equal(senda_rules_show(r, 9, 1, &show), SENDA_OK);
    assert_true(senda_str_eq(show.block, SENDA_STR("all")) && !show.conditional);
    assert_int_equal(senda_rules_show(r, 9, 2, &show), SENDA_NONE);
    assert_int_equal(senda_rules_show(r, 4, 0, &show), SENDA_OK);
    assert_int_equal(senda_rules_show(r, 5, 0, &show), SENDA_NONE);
    release(&c);
}

/* A blob whose checksum is right but whose rows are not in order or point outside. */
static void
spoil(unsigned section, size_t at, uint32_t value, const char *what)
{
    compiled_t c = compile_two_sites();
    layout_header_t *h = c.blob;
    const size_t before = offsetof(layout_header_t, generation);
    senda_rules_t *again = NULL;
    senda_err_t err = { "" };
    char text[64];

    memcpy((char *)c.blob + h->sections[section].at + at, &value, sizeof(value));
    h->checksum = layout_checksum((char *)c.blob + before, c.len - before);
    assert_int_equal(senda_rules_open(&again, c.blob, c.len, &err), SENDA_BAD);
    (void)snprintf(text, sizeof(text), "compiled rules are damaged: %s", what);
    assert_string_equal(err.text, text);
    release(&c);
}

static void
test_spoiled_rows(void **state)
{
    (void)state;
    spoil(LAYOUT_INPUTS, 0, 13, "inputs");
    spoil(LAYOUT_INPUTS, offsetof(layout_input_t, name.at), 1u << 30, "inputs");
    spoil(LAYOUT_INPUTS, offsetof(layout_input_t, name.n), SENDA_NAME_MAX + 1, "inputs");
    spoil(LAYOUT_SHOWS, 0, 10, "shows");
    spoil(LAYOUT_SHOWS, offsetof(layout_show_t, block.at), 1u << 30, "shows");
    spoil(LAYOUT_SHOWS, offsetof(layout_show_t, position.n), SENDA_NAME_MAX + 1, "shows");
}

static void
test_event_names(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= SENDA_EV_LAST; i++) {
        assert_int_equal(senda_event_number(senda_cstr(senda_event_name(i))), i);
    }
    assert_string_equal(senda_event_name(SENDA_EV_PURCHASE), "purchase");
    assert_null(senda_event_name(0));
    assert_null(senda_event_name(SENDA_EV_LAST + 1));
    assert_int_equal(senda_event_number(SENDA_STR("purchas")), 0);
}

static void
test_many_hosts(void **state)
{
    rules_build_t *b = rules_build_new();
    compiled_t c;
    char host[64];

    (void)state;
    for (unsigned s = 1; s <= SENDA_SITES_MAX; s++) {
        rules_build_site(b, s, NULL);
        for (unsigned i = 0; i < SENDA_HOSTS_MAX; i++) {
            (void)snprintf(host, sizeof(host), "h%u.s%u.example.com", i, s);
            assert_int_equal(rules_build_host(b, s, senda_cstr(host)), SENDA_OK);
        }
    }
    c = finish(b);
    assert_int_equal(senda_rules_site(c.rules, SENDA_STR("www.h255.s1.example.com")), 1);
    assert_int_equal(senda_rules_site(c.rules, SENDA_STR("h0.s256.example.com")), 256);
    assert_int_equal(senda_rules_site(c.rules, SENDA_STR("h0.s257.example.com")), 0);
    release(&c);
}

/* ---- damaged blobs ---- */

static void
use(const senda_rules_t *r)
{
    static const char *const addresses[] = { "/", "/zapatos/a/opiniones?color=rojo", "/gracias",
        "/gracias/x?pedido=1&total=2", "/producto/1/preguntas", "/botas/1-a.html", "/tacon" };
    senda_tag_rule_t t;
    senda_key_t key;

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        (void)what(r, SENDA_METHOD_GET, addresses[i]);
    }
    (void)senda_rules_site(r, SENDA_STR("zapateria.com"));
    (void)senda_zone_local(senda_rules_zone(r, SITE), 1780000000, NULL);
    (void)senda_rules_page(r, SITE, SENDA_STR("page3"), &key);
    (void)senda_rules_event(r, SITE, SENDA_STR("entrega"), &key);
    for (unsigned i = 0; senda_rules_tag_by_key(r, 4, i, &t) == SENDA_OK; i++) {
        (void)senda_rules_moments(r, t.key);
    }
}

static compiled_t
compile_shop(void)
{
    static const senda_zone_step_t steps[] = { { 1000, 7200 }, { 2000, 3600 } };
    const senda_zone_t zone = { 3600, 2, steps };
    rules_build_t *b = build(shop, sizeof(shop) / sizeof(shop[0]));

    rules_build_site(b, SITE + 1, &zone);
    assert_int_equal(rules_build_host(b, SITE, SENDA_STR("zapateria.com")), SENDA_OK);
    rules_build_event(b, SITE, senda_key_event(64), SENDA_STR("entrega"));
    rules_build_tag(b, SITE, 30, SENDA_STR("vestir"));
    rules_build_tag_rule(b, &(senda_tag_rule_t){ .tag = 30, .site = SITE, .key = 4, .times = 4 });
    return finish(b);
}

static void
test_damage(void **state)
{
    const size_t before = offsetof(layout_header_t, generation);
    compiled_t c = compile_shop();
    unsigned opened = 0;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        char *copy = malloc(c.len); /* of its exact size, for the sanitizer */
        senda_rules_t *r;
        senda_err_t err = { "" };

        assert_non_null(copy);
        memcpy(copy, c.blob, c.len);
        for (unsigned k = random_below(4) + 1; k > 0; k--) {
            size_t at = before + random_below((unsigned)(c.len - before));

            copy[at] = random_below(2) ? (char)random_below(256) : (char)(copy[at] + 1);
        }
        ((layout_header_t *)copy)->checksum = layout_checksum(copy + before, c.len - before);
        if (senda_rules_open(&r, copy, c.len, &err) == SENDA_OK) {
            opened++;
            use(r);
            senda_rules_close(r);
        } else {
            assert_true(err.text[0] != '\0');
            assert_null(r);
        }
        free(copy);
    }
    assert_true(opened > 100 && opened < 9900);
    release(&c);
}

static void
test_refused_whole(void **state)
{
    compiled_t c = compile_shop();
    uint64_t *copy = malloc(c.len + 8);
    senda_rules_t *r;
    senda_err_t err;

    (void)state;
    assert_non_null(copy);
    for (size_t n = 0; n < c.len; n += 8) {
        memcpy(copy, c.blob, n);
        assert_int_equal(senda_rules_open(&r, copy, n, &err), SENDA_BAD);
    }
    memcpy(copy, c.blob, c.len);
    ((char *)copy)[c.len - 1] ^= 1;
    assert_int_equal(senda_rules_open(&r, copy, c.len, &err), SENDA_BAD);
    memcpy((char *)copy + 4, c.blob, c.len);
    assert_int_equal(senda_rules_open(&r, (char *)copy + 4, c.len, &err), SENDA_BAD);
    free(copy);
    release(&c);
}

static void
test_empty_and_wrong_builds(void **state)
{
    rules_build_t *b = rules_build_new();
    compiled_t c = finish(b);
    senda_err_t err = { "" };
    size_t len, at;

    (void)state;
    assert_int_equal(senda_rules_site(c.rules, SENDA_STR("x")), 0);
    release(&c);
    b = rules_build_new();
    rules_build_page(b, 3, 1, SENDA_STR("x"), 0);
    assert_int_equal(rules_build_pattern(b, 2, 1, false, SENDA_STR("/x"), &at, &err), SENDA_BAD);
    assert_null(rules_build_finish(b, 1, &len, &err));
    assert_non_null(strstr(err.text, "not declared"));
    rules_build_free(b);
    rules_build_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_forms_and_blocks),
        cmocka_unit_test(test_spoiled_rows),
        cmocka_unit_test(test_event_names),
        cmocka_unit_test(test_many_hosts),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_refused_whole),
        cmocka_unit_test(test_empty_and_wrong_builds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
