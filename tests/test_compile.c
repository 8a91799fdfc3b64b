/*
 * From files to the engine's program and nginx's rules: counts, jumps, ids
 * that stay, tags that nginx gives, pages that only a sentence names.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <glib.h>

#include "language.h"

/* Ids count from 1 for each kind, custom events from SENDA_EVENT_CUSTOM. */
typedef struct {
    uint32_t last[8];
} ids_t;

static uint32_t
next_id(void *ctx, senda_name_kind_t kind, uint32_t site, const char *name)
{
    ids_t *ids = ctx;

    (void)site;
    assert_true(strlen(name) > 0 && strlen(name) <= SENDA_NAME_MAX);
    return ++ids->last[kind] + (kind == SENDA_NAME_EVENT ? SENDA_EVENT_CUSTOM - 1 : 0);
}

static int
madrid(void *ctx, const char *name, int32_t *first, senda_zone_step_t *steps, unsigned max)
{
    (void)ctx;
    assert_true(max >= 2);
    *first = 3600;
    steps[0] = (senda_zone_step_t){ 1000, 7200 };
    steps[1] = (senda_zone_step_t){ 2000, 3600 };
    return strcmp(name, "Europe/Madrid") == 0 || strcmp(name, "Europe/London") == 0 ? 2 : -1;
}

typedef struct {
    lang_t *lang;
    program_t *program;
} made_t;

static made_t
make_named(const char *file, const char *text, ids_t *ids)
{
    made_t m = { .lang = lang_read(file, text, strlen(text)) };

    if (lang_errors(m.lang) > 0) {
        lang_print(m.lang, stderr, false);
        fail_msg("the text should have no mistakes");
    }
    m.program = lang_program(m.lang, next_id, madrid, ids);
    assert_non_null(m.program);
    return m;
}

static made_t
make(const char *text)
{
    ids_t ids = { { 0 } };

    return make_named("a.senda", text, &ids);
}

static made_t
make_file(const char *path)
{
    char *text;
    made_t m;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    m = make(text);
    g_free(text);
    return m;
}

static void
done(made_t m)
{
    lang_free(m.lang);
    program_free(m.program);
}

static const prog_flow_t *
flow_of(const program_t *p, const char *name)
{
    for (unsigned i = 0; i < p->nflows; i++) {
        if (strcmp(p->flows[i].name, name) == 0) {
            return &p->flows[i];
        }
    }
    fail_msg("no flow %s", name);
    return NULL;
}

static senda_key_t
page_of(const program_t *p, const char *name)
{
    for (unsigned i = 0; i < p->npages; i++) {
        if (strcmp(p->pages[i].name, name) == 0) {
            return p->pages[i].key;
        }
    }
    fail_msg("no page %s", name);
    return 0;
}

static void
the_shoe_shop(void **state)
{
    made_t m = make_file("tests/data/zapateria.senda");
    const program_t *p = m.program;
    const prog_flow_t *f = flow_of(p, "carrito abandonado");
    static const prog_step_kind_t kinds[] = { STEP_SEND, STEP_WAIT, STEP_SEND, STEP_WAIT, STEP_SEND,
        STEP_END };

    (void)state;
    assert_string_equal(p->site, "www.zapateria.com");
    assert_string_equal(p->zone_name, "Europe/Madrid");
    assert_string_equal(p->currency, "EUR");
    assert_string_equal(p->language, "es");
    assert_int_equal(p->zone.nsteps, 2);
    assert_int_equal(p->npages, 20);
    assert_int_equal(p->nevents, 3);
    assert_int_equal(p->events[2].key, senda_key_event(SENDA_EVENT_CUSTOM + 2));
    assert_int_equal(p->ntags, 3);
    assert_int_equal(p->nflows, 12);
    assert_int_equal(p->ntests, 4);
    assert_int_equal(p->pages[7].event, senda_key_event(SENDA_EV_PURCHASE));
    assert_int_equal(f->again, AGAIN_AFTER);
    assert_int_equal(f->again_after.days, 7);
    assert_int_equal(f->nstarts, 1);
    assert_int_equal(f->starts[0].verb.key, page_of(p, "cesta"));
    assert_int_equal(f->starts[0].verb.count, COUNT_SOME);
    assert_int_equal(f->starts[0].absent.key, senda_key_event(SENDA_EV_PURCHASE));
    assert_true(senda_span_is_zero(f->starts[0].absent.within));
    assert_int_equal(f->starts[0].span.secs, 3600);
    assert_int_equal(f->stop->verb.key, senda_key_event(SENDA_EV_PURCHASE));
    assert_int_equal(f->goal_within.days, 5);
    assert_true(senda_span_is_zero(f->goal->verb.within));
    assert_int_equal(f->nsteps, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(f->steps[i].kind, kinds[i]);
    }
    assert_string_equal(f->steps[2].template, "carrito-2");
    assert_int_equal(f->steps[2].channels[0], CHANNEL_EMAIL);
    assert_int_equal(f->steps[1].span.days, 1);
    assert_int_equal(f->place.line, 42);
    assert_true(flow_of(p, "aviso de envío")->transactional);
    assert_int_equal(flow_of(p, "aviso de envío")->again, AGAIN_ALWAYS);
    done(m);
}

static void
branches_jump(void **state)
{
    made_t m = make_file("tests/data/shoes.senda");
    const prog_flow_t *f = flow_of(m.program, "welcome");
    const prog_step_t *s = f->steps;

    (void)state;
    assert_int_equal(f->nsteps, 7);
    assert_int_equal(s[2].kind, STEP_IF);
    assert_int_equal(s[2].cond->kind, COND_NOT);
    assert_int_equal(s[2].target, 5);
    assert_string_equal(s[3].template, "welcome-2");
    assert_int_equal(s[4].kind, STEP_JUMP);
    assert_int_equal(s[4].target, 6);
    assert_string_equal(s[5].template, "customer");
    assert_int_equal(s[6].kind, STEP_END);
    done(m);
}

static void
what_counts_mean(void **state)
{
    made_t m = make(
        "page a /a\ntag t1 when visits a 3 times\ntag t2 when visits a more than 3 times\n"
        "tag t3 when visits a at least 3 times within 2 days\ntag t4 when visits a\n"
        "tag t5 when visits 2 times\ntag t6 when visits a exactly 1 time or buys\n");
    const prog_tag_t *t = m.program->tags;

    (void)state;
    assert_int_equal(t[0].whens[0].verb.count, COUNT_EXACTLY);
    assert_int_equal(t[0].whens[0].verb.times, 3);
    assert_int_equal(t[1].whens[0].verb.count, COUNT_AT_LEAST);
    assert_int_equal(t[1].whens[0].verb.times, 4);
    assert_int_equal(t[2].whens[0].verb.times, 3);
    assert_int_equal(t[2].whens[0].verb.within.days, 2);
    assert_int_equal(t[3].whens[0].verb.count, COUNT_SOME);
    assert_int_equal(t[3].whens[0].verb.times, 1);
    assert_int_equal(t[4].whens[0].verb.key, SENDA_KEY_ANY);
    assert_int_equal(t[5].nwhens, 2);
    done(m);
}

static void
tags_that_nginx_gives(void **state)
{
    made_t m = make("page a /a\nevent e from api\ntag yes1 when visits a 3 times within 1 day\n"
                    "tag yes2 when searches\ntag yes2 when visits\ntag no1 when buys\n"
                    "tag no2 when visits a and not searches within 1 hour\n"
                    "tag no3 when not visits a within 1 day\ntag no4 when e\n"
                    "tag no5 when visits a\ntag no5 when refund\n");
    const program_t *p = m.program;

    (void)state;
    assert_int_equal(p->ntags, 7);
    for (unsigned i = 0; i < p->ntags; i++) {
        assert_int_equal(p->tags[i].by_nginx, p->tags[i].name[0] == 'y');
    }
    assert_int_equal(p->tags[1].nwhens, 2);
    assert_false(p->tags[4].whens[0].has_verb);
    assert_int_equal(p->tags[4].whens[0].span.days, 1);
    done(m);
}

/* The ids of a flow's messages, in order. */
static unsigned
message_ids(const char *steps, uint32_t *ids)
{
    char *text = g_strdup_printf("page a /a\nflow one\n  start when buys\n  again never\n%s",
        steps);
    made_t m = make(text);
    const prog_flow_t *f = &m.program->flows[0];
    unsigned n = 0;

    for (unsigned i = 0; i < f->nsteps; i++) {
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(f->steps[k].id, f->steps[i].id);
        }
        if (f->steps[i].kind == STEP_SEND) {
            ids[n++] = f->steps[i].id;
        }
    }
    done(m);
    g_free(text);
    return n;
}

static void
ids_of_steps_stay(void **state)
{
    uint32_t a[8] = { 0 }, b[8] = { 0 };

    (void)state;
    assert_int_equal(message_ids("  send email x\n  wait 1 day\n  send email w\n  send email x\n",
                         a),
        3);
    assert_int_equal(message_ids("  wait 3 days\n  send email x\n  if buys\n    send email z\n  end\n"
                                 "  # moved\n  envía correo w\n  send email x\n",
                         b),
        4);
    assert_int_equal(a[0], b[0]);
    assert_int_equal(a[1], b[2]);
    assert_int_equal(a[2], b[3]);
    assert_int_not_equal(a[0], a[2]);
}

static void
test_blocks(void **state)
{
    made_t m = make("page a /a\ntag Vestir when visits a\nevent e from api\n"
                    "flow one\n  start when buys\n  again never\n  send email x\n"
                    "test t\n  contact ann@example.com\n  visit POST /a 3 times at 9:30 on day 2\n"
                    "  e\n  buys 2 times at 10:00\n  gets email x at 11:00\n  never gets email x\n"
                    "  has no tag vestír\n");
    const prog_test_line_t *l = m.program->tests[0].lines;

    (void)state;
    assert_int_equal(m.program->tests[0].nlines, 7);
    assert_string_equal(l[0].text, "ann@example.com");
    assert_true(l[1].post && l[1].has_at);
    assert_int_equal(l[1].times, 3);
    assert_int_equal(l[1].day, 2);
    assert_int_equal(l[1].second, 34200);
    assert_int_equal(l[2].kind, TEST_EVENT);
    assert_int_equal(l[2].key, senda_key_event(SENDA_EVENT_CUSTOM));
    assert_false(l[2].has_at);
    assert_int_equal(l[3].key, senda_key_event(SENDA_EV_PURCHASE));
    assert_int_equal(l[3].times, 2);
    assert_int_equal(l[3].day, 0);
    assert_int_equal(l[4].kind, TEST_GETS);
    assert_int_equal(l[5].kind, TEST_NEVER_GETS);
    assert_true(l[6].negated);
    assert_string_equal(l[6].text, "Vestir");
    assert_int_equal(l[6].place.line, 15);
    done(m);
}

static senda_rules_t *
open_rules(const made_t *made, unsigned n, void **blob)
{
    lang_t *langs[4];
    program_t *programs[4];
    senda_rules_t *r = NULL;
    senda_err_t err = { "" };
    size_t len = 0;

    for (unsigned i = 0; i < n; i++) {
        langs[i] = made[i].lang;
        programs[i] = made[i].program;
    }
    *blob = lang_rules(langs, programs, n, 5, &len, &err);
    if (*blob == NULL || senda_rules_open(&r, *blob, len, &err) != SENDA_OK) {
        fail_msg("%s", err.text);
    }
    return r;
}

/* How many keys a URL has on the rules' site, and whether one of them is key. */
static bool
hits(const senda_rules_t *r, senda_method_t method, const char *url, senda_key_t key)
{
    senda_url_t u;
    senda_match_t m;

    assert_int_equal(senda_url_parse(&u, method, senda_cstr(url)), SENDA_OK);
    senda_rules_match(r, senda_rules_site(r, u.host), &u, &m);
    for (unsigned i = 0; i < m.nkeys; i++) {
        if (m.keys[i] == key) {
            return true;
        }
    }
    return false;
}

static void
rules_of_the_shoe_shop(void **state)
{
    made_t m = make_file("tests/data/zapateria.senda");
    void *blob;
    senda_rules_t *r = open_rules(&m, 1, &blob);
    senda_tag_rule_t rule;
    senda_key_t key = page_of(m.program, "tacon");

    (void)state;
    assert_int_equal(senda_rules_generation(r), 5);
    assert_int_equal(senda_rules_site(r, SENDA_STR("WWW.zapatos.com")), m.program->site_id);
    assert_true(hits(r, SENDA_METHOD_GET, "https://zapateria.com/tacon/rojo?x=1", key));
    assert_true(hits(r, SENDA_METHOD_GET, "https://zapateria.com/gracias",
        senda_key_event(SENDA_EV_PURCHASE)));
    assert_true(hits(r, SENDA_METHOD_POST, "https://zapateria.com/registro",
        senda_key_event(SENDA_EV_SIGN_UP)));
    assert_false(hits(r, SENDA_METHOD_GET, "https://zapateria.com/registro",
        senda_key_event(SENDA_EV_SIGN_UP)));
    assert_false(hits(r, SENDA_METHOD_GET, "https://zapateria.com/zapatos/x/opiniones",
        page_of(m.program, "zapatos")));
    assert_int_equal(senda_rules_tag_by_key(r, key, 0, &rule), SENDA_OK);
    assert_int_equal(rule.times, 4);
    assert_true(senda_str_eq(senda_rules_tag_name(r, rule.tag), SENDA_STR("vestir")));
    assert_int_equal(senda_rules_moments(r, page_of(m.program, "runner")), 3);
    senda_rules_close(r);
    free(blob);
    done(m);
}

static void
patterns_in_sentences(void **state)
{
    made_t m = make("page a /a\ntag t1 when visits \"/oferta/*\" 3 times\n"
                    "tag t2 when visits /oferta/*\n"
                    "flow one\n  start when visits /oferta/* and not visits \"/b\" within 1 hour\n"
                    "  again never\n  stop if visits /c\n  goal visits /d\n"
                    "  if visits /e and not visits /oferta/*\n    wait 1 day\n  end\n");
    const program_t *p = m.program;
    void *blob;
    senda_rules_t *r = open_rules(&m, 1, &blob);

    (void)state;
    assert_int_equal(p->npages, 6);
    assert_int_equal(p->tags[0].whens[0].verb.key, p->tags[1].whens[0].verb.key);
    assert_true(hits(r, SENDA_METHOD_GET, "https://a.com/oferta/1", page_of(p, "/oferta/*")));
    assert_true(hits(r, SENDA_METHOD_GET, "https://a.com/b", page_of(p, "/b")));
    assert_true(hits(r, SENDA_METHOD_GET, "https://a.com/c", page_of(p, "/c")));
    assert_true(hits(r, SENDA_METHOD_GET, "https://a.com/d", page_of(p, "/d")));
    assert_true(hits(r, SENDA_METHOD_GET, "https://a.com/e", page_of(p, "/e")));
    senda_rules_close(r);
    free(blob);
    done(m);
}

static void
several_sites(void **state)
{
    ids_t ids = { { 0 } };
    made_t made[2] = {
        make_named("one.senda",
            "site a.com\n  timezone Europe/Madrid\npage x /x\ntag t when visits x\n", &ids),
        make_named("two.senda", "site b.com\npage x /x\ntag t when visits x 2 times\n", &ids),
    };
    lang_t *langs[2];
    program_t *programs[2];
    void *blob;
    senda_rules_t *r = open_rules(made, 2, &blob);
    senda_err_t err = { "" };
    size_t len;

    (void)state;
    assert_int_not_equal(made[0].program->site_id, made[1].program->site_id);
    assert_int_equal(senda_rules_site(r, SENDA_STR("b.com")), made[1].program->site_id);
    assert_int_equal(senda_rules_zone(r, made[0].program->site_id)->nsteps, 2);
    assert_true(hits(r, SENDA_METHOD_GET, "https://b.com/x", made[1].program->pages[0].key));
    assert_false(hits(r, SENDA_METHOD_GET, "https://b.com/x", made[0].program->pages[0].key));
    senda_rules_close(r);
    free(blob);
    done(made[1]);
    made[1] = make_named("three.senda", "site c.com, www.A.com\npage x /x\n", &ids);
    for (unsigned i = 0; i < 2; i++) {
        langs[i] = made[i].lang;
        programs[i] = made[i].program;
    }
    assert_null(lang_rules(langs, programs, 2, 5, &len, &err));
    assert_non_null(strstr(err.text, "three.senda:1: "));
    assert_non_null(strstr(err.text, "www.A.com"));
    done(made[0]);
    done(made[1]);
}

static void
no_program_of_mistakes(void **state)
{
    static const char *const bad[] = { "page a\n", "site a.com\n  timezone Europe/Nowhere\n" };
    ids_t ids = { { 0 } };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        lang_t *l = lang_read("a.senda", bad[i], strlen(bad[i]));

        assert_null(lang_program(l, next_id, madrid, &ids));
        lang_free(l);
    }
    program_free(NULL);
}

/* A program outlives its text, and a file without `site` is the site of everybody else. */
static void
program_stands_alone(void **state)
{
    made_t m = make("page a /a\ntag t when visits a\n");

    (void)state;
    lang_free(m.lang);
    assert_string_equal(m.program->site, "default");
    assert_string_equal(m.program->zone_name, "UTC");
    assert_string_equal(m.program->tags[0].name, "t");
    assert_string_equal(m.program->tags[0].whens[0].place.file, "a.senda");
    assert_int_equal(m.program->tags[0].whens[0].place.line, 2);
    program_free(m.program);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shoe_shop),
        cmocka_unit_test(branches_jump),
        cmocka_unit_test(what_counts_mean),
        cmocka_unit_test(tags_that_nginx_gives),
        cmocka_unit_test(ids_of_steps_stay),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(rules_of_the_shoe_shop),
        cmocka_unit_test(patterns_in_sentences),
        cmocka_unit_test(several_sites),
        cmocka_unit_test(no_program_of_mistakes),
        cmocka_unit_test(program_stands_alone),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
