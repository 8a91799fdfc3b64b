/*
 * From files to the engine's program and nginx's rules: counts, jumps, ids
 * that stay, tags that nginx gives, pages that only a sentence names.
 */

#include "compiled.h"

static void
the_shoe_shop(void **state)
{
    made_t m = make_file("tests/data/zapateria.senda");
    const program_t *p = m.program;
    const prog_flow_t *f = flow_of(p, "carrito abandonado");
    static const prog_step_kind_t kinds[] = { STEP_STOCK, STEP_SEND, STEP_WAIT, STEP_STOCK,
        STEP_COUPON, STEP_SEND, STEP_WAIT, STEP_SEND, STEP_END };

    (void)state;
    assert_string_equal(p->site, "www.zapateria.com");
    assert_string_equal(p->zone_name, "Europe/Madrid");
    assert_string_equal(p->currency, "EUR");
    assert_string_equal(p->language, "es");
    assert_int_equal(p->zone.nsteps, 2);
    assert_int_equal(p->npages, 20);
    assert_int_equal(p->nevents, 3);
    assert_int_equal(p->events[2].key, senda_key_event(SENDA_EVENT_CUSTOM + 2));
    assert_int_equal(p->nfields, 4);
    assert_int_equal(p->nplaces, 1);
    assert_int_equal(p->ntags, 7);
    assert_int_equal(p->nscores, 6);
    assert_int_equal(p->nstages, 3);
    assert_int_equal(p->nsegments, 7);
    assert_int_equal(p->nlimits, 2);
    assert_int_equal(p->nshows, 6);
    assert_int_equal(p->nflows, 30);
    assert_int_equal(p->ntests, 5);
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
    assert_int_equal(f->nsteps, G_N_ELEMENTS(kinds));
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        assert_int_equal(f->steps[i].kind, kinds[i]);
    }
    assert_string_equal(f->steps[5].template, "carrito-2");
    assert_int_equal(f->steps[5].channels[0], CHANNEL_EMAIL);
    assert_int_equal(f->steps[2].span.days, 1);
    assert_string_equal(f->steps[4].text, "ENVIOGRATIS");
    assert_int_equal(f->steps[4].span.secs, 86400);
    assert_int_equal(f->place.line, 76);
    assert_true(flow_of(p, "aviso de envío")->transactional);
    assert_int_equal(flow_of(p, "aviso de envío")->again, AGAIN_EACH);
    assert_string_equal(flow_of(p, "aviso de envío")->again_each, "order");
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
    assert_int_equal(s[5].kind, STEP_TAG);
    assert_string_equal(m.program->tags[s[5].what].name, "customer");
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
    made_t m = make(
        "page a /a/{item}\nevent e from api\ntag yes1 when visits a 3 times within 1 day\n"
        "tag yes2 when searches\ntag yes2 when visits\ntag no1 when buys\n"
        "tag no2 when visits a and not searches within 1 hour\n"
        "tag no3 when not visits a within 1 day\ntag no4 when e\n"
        "tag no5 when visits a\ntag no5 when refund\ntag no6 when visits a for 1 day\n"
        "tag no7 when visits a of the same item 2 times\n"
        "tag no8 when visits a of 2 different item\ntag no9 when visits on 2 different days\n"
        "tag no10 when searches among the 5 most frequent\n"
        "tag no11 when adds to cart with total > 5\n"
        "tag no12 when visits a and then searches\n"
        "tag no13 when spends more than 1 minute on a\ntag no14 when returns after 1 day\n"
        "tag no15 when opens email\ntag no16 when gets tag yes1\n"
        "tag no17 when score > 5\ntag no18 when visits a\ntag no19 when visits a\n"
        "flow f\n  start when buys\n  again never\n  untag no18\n  tag no19\n"
        "  if buys\n    tag no20\n  end\n");
    const program_t *p = m.program;

    (void)state;
    assert_int_equal(p->ntags, 22);
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

/* What people have got is remembered by these numbers: a new version keeps them. */
static void
ids_are_for_ever(void **state)
{
    made_t m = make("flow one\n  start when buys\n  send email x\n  wait 1 day\n"
                    "  if not buys more than 2 times within 1 day\n    send email x\n  else\n"
                    "    wait 1 day\n  end\n");
    static const uint32_t ids[] = { 3207103431u, 355303903u, 1673052834u, 1862026422u, 2283107252u,
        3305194190u, 2074256970u };

    (void)state;
    assert_int_equal(m.program->flows[0].nsteps, G_N_ELEMENTS(ids));
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++) {
        assert_int_equal(m.program->flows[0].steps[i].id, ids[i]);
    }
    done(m);
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
    /* a tag that ends is not nginx's to give, but it knows its name */
    assert_int_equal(senda_rules_moments(r, page_of(m.program, "runner")), 0);
    assert_true(
        senda_str_eq(senda_rules_tag_name(r, m.program->tags[2].id), SENDA_STR("corredor")));
    senda_rules_close(r);
    free(blob);
    done(m);
}

/* Each place where a sentence may name a page by its pattern. */
static void
patterns_in_sentences(void **state)
{
    made_t m = make(
        "page a /a\ntag t1 when visits \"/oferta/*\" 3 times\n"
        "tag t2 when visits /oferta/*\n"
        "tag t3 when visits /p1 and then visits /p2 and then visits /p3\n"
        "tag t4 when spends more than 1 minute on /p4\n"
        "score 1 when visits /p5 and not visits /p6 within 1 day\n"
        "stage s if visits /p7\nsegment g = buys or not visits /p8\n"
        "show b in c if last visit /p9 more than 1 day ago\n"
        "flow one\n  start when visits /oferta/* and not visits \"/p10\" within 1 hour\n"
        "  start every day at 10:00 for visits /p11\n  only if visits /p12\n"
        "  again never\n  stop if visits /p13\n  goal visits /p14\n"
        "  if visits /p15 and not visits /oferta/*\n    wait until visits /p16 at most "
        "1 day\n  else\n    split\n      50%\n        if visits /p17\n"
        "          recommend 3 best sellers of /p18\n        end\n    end\n  end\n"
        "test t\n  visit /a\n  expect visits /p19\n");
    const program_t *p = m.program;
    void *blob;
    senda_rules_t *r = open_rules(&m, 1, &blob);

    (void)state;
    assert_int_equal(p->npages, 2 + 19);
    assert_int_equal(p->tags[0].whens[0].verb.key, p->tags[1].whens[0].verb.key);
    assert_true(hits(r, SENDA_METHOD_GET, "https://a.com/oferta/1", page_of(p, "/oferta/*")));
    for (unsigned i = 1; i <= 19; i++) {
        char *path = g_strdup_printf("/p%u", i), *url = g_strdup_printf("https://a.com%s", path);

        assert_true(hits(r, SENDA_METHOD_GET, url, page_of(p, path)));
        g_free(url);
        g_free(path);
    }
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

        assert_null(lang_program(l, next_id, two_zones, &ids));
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
        cmocka_unit_test(ids_are_for_ever),
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
