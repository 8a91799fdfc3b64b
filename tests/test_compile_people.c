/*
 * What is known of people, compiled: names and types, counts of every kind,
 * conditions, scores, stages, segments in their order, and the lines of tests.
 */

#include "compiled.h"

static void
names_and_types(void **state)
{
    made_t m = make(
        "page a /a/{Item} form correo={email} mobil={phone} n={name} ok={consent} s={size}\n"
        "page b /b form x={telefono} y={nombre}\n"
        "event sent from api with order text, weight number, day date\n"
        "field size number\nfield born date\nfield nombre text\n"
        "place shop 40.4168, -3.7038 radius 300 m\nplace depot -33.5, 151.25 radius 1.5 km\n");
    const program_t *p = m.program;
    const prog_input_t *in = p->pages[0].inputs;

    (void)state;
    assert_int_equal(p->pages[0].ninputs, 5);
    assert_string_equal(in[0].input, "correo");
    assert_int_equal(in[0].fills, FILLS_EMAIL);
    assert_int_equal(in[1].fills, FILLS_PHONE);
    assert_int_equal(in[2].fills, FILLS_NAME);
    assert_int_equal(in[3].fills, FILLS_CONSENT);
    assert_int_equal(in[4].fills, FILLS_FIELD);
    assert_int_equal(in[4].field, 0);
    assert_int_equal(p->pages[1].inputs[0].fills, FILLS_PHONE);
    assert_int_equal(p->pages[1].inputs[1].fills, FILLS_FIELD);
    assert_int_equal(p->pages[1].inputs[1].field, 2);
    assert_int_equal(p->events[0].nattributes, 3);
    assert_string_equal(p->events[0].attributes[1].name, "weight");
    assert_int_equal(p->events[0].attributes[0].type, VALUE_TEXT);
    assert_int_equal(p->events[0].attributes[1].type, VALUE_NUMBER);
    assert_int_equal(p->events[0].attributes[2].type, VALUE_DATE);
    assert_int_equal(p->nfields, 3);
    assert_int_equal(p->fields[1].type, VALUE_DATE);
    assert_int_equal(p->fields[1].place.line, 5);
    assert_int_equal(p->nplaces, 2);
    assert_true(p->places[0].longitude < -3.7037 && p->places[0].longitude > -3.7039);
    assert_true(p->places[1].latitude < -33.4 && p->places[1].radius > 1499.9 &&
        p->places[1].radius < 1500.1);
    done(m);
}

/* The verb of the tag's only line, of a file with some names. */
static made_t
make_when(const char *when)
{
    char *text =
        g_strdup_printf("page cart /cart\npage item /p/{item}\nplace shop 1, 2 radius 3 m\n"
                        "page thanks /thanks?order={order} is purchase\n"
                        "event sent from api with order text, weight number, day date, "
                        "why text\n"
                        "tag t when %s\nflow f\n  start when buys\n  again never\n  send sms cart-1\n",
            when);
    made_t m = make(text);

    g_free(text);
    return m;
}

static const prog_verb_t *
verb_of(made_t m)
{
    return &m.program->tags[0].whens[0].verb;
}

static void
which_happenings(void **state)
{
    made_t m = make_when("spends more than 3 minutes on cart");

    (void)state;
    assert_int_equal(verb_of(m)->happens, HAPPENS_SPENDS);
    assert_int_equal(verb_of(m)->key, page_of(m.program, "cart"));
    assert_int_equal(verb_of(m)->span.secs, 180);
    done(m);
    m = make_when("returns after 2 months");
    assert_int_equal(verb_of(m)->happens, HAPPENS_RETURNS);
    assert_int_equal(verb_of(m)->key, SENDA_KEY_ANY);
    assert_int_equal(verb_of(m)->span.months, 2);
    done(m);
    m = make_when("arrives at shop");
    assert_int_equal(verb_of(m)->happens, HAPPENS_ARRIVES);
    assert_int_equal(verb_of(m)->place, 0);
    done(m);
    m = make_when("opens sms cart-1");
    assert_int_equal(verb_of(m)->happens, HAPPENS_KEY);
    assert_int_equal(verb_of(m)->key, senda_key_event(SENDA_EV_MESSAGE_OPEN));
    assert_int_equal(verb_of(m)->channels, CHANNEL_BIT(CHANNEL_SMS));
    assert_string_equal(verb_of(m)->template, "cart-1");
    done(m);
    m = make_when("clicks");
    assert_int_equal(verb_of(m)->key, senda_key_event(SENDA_EV_MESSAGE_CLICK));
    assert_int_equal(verb_of(m)->channels, 0);
    assert_null(verb_of(m)->template);
    done(m);
    m = make_when("searches among the 5 most frequent");
    assert_int_equal(verb_of(m)->top, 5);
    done(m);
    m = make_when("visits cart and then buys and then refund");
    assert_int_equal(verb_of(m)->key, senda_key_event(SENDA_EV_REFUND));
    assert_int_equal(verb_of(m)->before->key, senda_key_event(SENDA_EV_PURCHASE));
    assert_int_equal(verb_of(m)->before->before->key, page_of(m.program, "cart"));
    assert_null(verb_of(m)->before->before->before);
    done(m);
}

static void
what_is_counted(void **state)
{
    made_t m = make_when("visits item of the same ITEM 3 times within 7 days");

    (void)state;
    assert_int_equal(verb_of(m)->by, BY_SAME);
    assert_string_equal(verb_of(m)->capture, "item");
    assert_int_equal(verb_of(m)->times, 3);
    assert_int_equal(verb_of(m)->within.days, 7);
    done(m);
    m = make_when("visits item of more than 3 different item");
    assert_int_equal(verb_of(m)->by, BY_DIFFERENT);
    assert_int_equal(verb_of(m)->count, COUNT_AT_LEAST);
    assert_int_equal(verb_of(m)->times, 4);
    assert_string_equal(verb_of(m)->capture, "item");
    done(m);
    m = make_when("visits on 3 different days");
    assert_int_equal(verb_of(m)->by, BY_DAY);
    assert_int_equal(verb_of(m)->count, COUNT_AT_LEAST);
    assert_int_equal(verb_of(m)->times, 3);
    assert_null(verb_of(m)->capture);
    done(m);
}

/* What a field is compared with is of the type that was declared for it. */
static void
filters_have_types(void **state)
{
    made_t m = make_when("sent with order = 17, WEIGHT >= 2.5, day = 2027-01-07, why = \"Tarde\"");
    const prog_verb_t *v = verb_of(m);
    int64_t seventeen, late;

    (void)state;
    assert_true(value_read(VALUE_TEXT, SENDA_STR("17"), &seventeen));
    assert_true(value_read(VALUE_TEXT, SENDA_STR("tarde"), &late));
    assert_int_equal(v->nfilters, 4);
    assert_string_equal(v->filters[0].field, "order");
    assert_int_equal(v->filters[0].type, VALUE_TEXT);
    assert_int_equal(v->filters[0].value, seventeen);
    assert_string_equal(v->filters[1].field, "weight");
    assert_int_equal(v->filters[1].type, VALUE_NUMBER);
    assert_int_equal(v->filters[1].cmp, CMP_GE);
    assert_int_equal(v->filters[1].value, 25000);
    assert_int_equal(v->filters[2].type, VALUE_DATE);
    assert_int_equal(v->filters[2].value, 20825);
    assert_int_equal(v->filters[3].type, VALUE_TEXT);
    assert_int_equal(v->filters[3].value, late);
    assert_string_equal(v->filters[3].text, "Tarde");
    done(m);
    m = make_when("buys with order = 17");
    assert_int_equal(verb_of(m)->filters[0].type, VALUE_NUMBER);
    assert_int_equal(verb_of(m)->filters[0].value, 17 * VALUE_ONE);
    done(m);
    m = make_when("buys with order = A-17");
    assert_int_equal(verb_of(m)->filters[0].type, VALUE_TEXT);
    assert_string_equal(verb_of(m)->filters[0].text, "A-17");
    done(m);
}

/* A total is a number, however its money is written. */
static void
money_is_a_number(void **state)
{
    static const char *const ways[] = { "900", "900€", "900 €", "€900", "€ 900", "900eur",
        "900 EUR", "\"900 €\"", "\"900\"", "900,00€" };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        char *when = g_strdup_printf("buys with total > %s", ways[i]);
        made_t m = make_when(when);
        const prog_filter_t *f = &verb_of(m)->filters[0];

        assert_int_equal(verb_of(m)->nfilters, 1);
        assert_int_equal(f->type, VALUE_NUMBER);
        assert_int_equal(f->cmp, CMP_GT);
        assert_int_equal(f->value, 900 * VALUE_ONE);
        done(m);
        g_free(when);
    }
}

/* The segment `x` of a condition. */
static made_t
make_cond(const char *cond)
{
    char *text =
        g_strdup_printf("page cart /cart\nfield size number\nfield colour text\nfield born date\n"
                        "tag t when buys\nstage one if score < 5\nstage two if score >= 5\n"
                        "segment x = %s\n",
            cond);
    made_t m = make(text);

    g_free(text);
    return m;
}

static const prog_cond_t *
cond_of(made_t m)
{
    return m.program->segments[0].cond;
}

static void
sums_and_ages(void **state)
{
    made_t m = make_cond("total of purchase <= 59.90 EUR within 1 day");

    (void)state;
    assert_int_equal(cond_of(m)->kind, COND_TOTAL);
    assert_int_equal(cond_of(m)->cmp, CMP_LE);
    assert_int_equal(cond_of(m)->value, 599000);
    assert_int_equal(cond_of(m)->verb.within.days, 1);
    assert_int_equal(cond_of(m)->verb.key, senda_key_event(SENDA_EV_PURCHASE));
    done(m);
    m = make_cond("last purchase more than 3 months ago");
    assert_int_equal(cond_of(m)->kind, COND_LAST);
    assert_true(cond_of(m)->older);
    assert_int_equal(cond_of(m)->span.months, 3);
    done(m);
    m = make_cond("first visit cart less than 2 days ago");
    assert_int_equal(cond_of(m)->kind, COND_FIRST);
    assert_false(cond_of(m)->older);
    assert_int_equal(cond_of(m)->span.days, 2);
    assert_int_equal(cond_of(m)->verb.key, page_of(m.program, "cart"));
    done(m);
}

static void
states(void **state)
{
    made_t m = make_cond("score > -5 and stage two");
    int64_t red;

    (void)state;
    assert_int_equal(cond_of(m)->left->kind, COND_SCORE);
    assert_int_equal(cond_of(m)->left->cmp, CMP_GT);
    assert_int_equal(cond_of(m)->left->value, -5);
    assert_int_equal(cond_of(m)->right->kind, COND_STAGE);
    assert_int_equal(cond_of(m)->right->what, 1);
    done(m);
    m = make_cond("size >= 38.5 or born < 1990-02-28");
    assert_int_equal(cond_of(m)->left->kind, COND_FIELD);
    assert_int_equal(cond_of(m)->left->what, 0);
    assert_int_equal(cond_of(m)->left->value, 385000);
    assert_int_equal(cond_of(m)->right->what, 2);
    assert_int_equal(cond_of(m)->right->cmp, CMP_LT);
    assert_int_equal(cond_of(m)->right->value, 7363);
    done(m);
    m = make_cond("colour = \"Rojo\"");
    assert_true(value_read(VALUE_TEXT, SENDA_STR("rojo"), &red));
    assert_int_equal(cond_of(m)->value, red);
    assert_string_equal(cond_of(m)->text, "Rojo");
    done(m);
    m = make_cond("has phone and consents to webpush");
    assert_int_equal(cond_of(m)->left->kind, COND_HAS);
    assert_int_equal(cond_of(m)->left->what, CHANNEL_SMS);
    assert_int_equal(cond_of(m)->right->kind, COND_CONSENTS);
    assert_int_equal(cond_of(m)->right->what, CHANNEL_WEBPUSH);
    done(m);
}

static void
tags_that_end(void **state)
{
    made_t m = make("tag a when buys or searches for 90 days\ntag b when buys\n"
                    "tag A when logs in\ntag b when signs up for 2 hours\n");
    const prog_tag_t *t = m.program->tags;

    (void)state;
    assert_int_equal(m.program->ntags, 2);
    assert_int_equal(t[0].nwhens, 3);
    assert_int_equal(t[0].lasts[0].days, 90);
    assert_int_equal(t[0].lasts[1].days, 90);
    assert_true(senda_span_is_zero(t[0].lasts[2]));
    assert_int_equal(t[0].whens[2].verb.key, senda_key_event(SENDA_EV_LOGIN));
    assert_int_equal(t[1].nwhens, 2);
    assert_true(senda_span_is_zero(t[1].lasts[0]));
    assert_int_equal(t[1].lasts[1].secs, 7200);
    assert_false(t[1].by_nginx);
    done(m);
}

static void
scores(void **state)
{
    made_t m = make(
        "score +15 when buys 3 times within 6 months once\n"
        "score -5 when not visits within 60 days each 60 days\nscore 2 when clicks or buys\n");
    const prog_score_t *s = m.program->scores;

    (void)state;
    assert_int_equal(m.program->nscores, 3);
    assert_int_equal(s[0].points, 15);
    assert_true(s[0].once);
    assert_true(senda_span_is_zero(s[0].each));
    assert_int_equal(s[0].whens[0].verb.times, 3);
    assert_int_equal(s[1].points, -5);
    assert_int_equal(s[1].each.days, 60);
    assert_false(s[1].whens[0].has_verb);
    assert_int_equal(s[1].whens[0].span.days, 60);
    assert_int_equal(s[2].nwhens, 2);
    assert_false(s[2].once);
    assert_int_equal(s[2].place.line, 3);
    done(m);
}

static void
stages_by_name(void **state)
{
    made_t m = make("stage new if score < 10\nstage fan if score >= 10\nstage NEW if buys\n"
                    "tag t when buys\nshow b in c if stage new\nshow d in e\n");
    const prog_stage_t *s = m.program->stages;

    (void)state;
    assert_int_equal(m.program->nstages, 3);
    assert_int_equal(s[0].stage, 0);
    assert_int_equal(s[1].stage, 1);
    assert_int_equal(s[2].stage, 0);
    assert_string_equal(s[2].name, "new");
    assert_int_equal(m.program->nshows, 2);
    assert_int_equal(m.program->shows[0].cond->what, 0);
    assert_string_equal(m.program->shows[0].block, "b");
    assert_string_equal(m.program->shows[0].position, "c");
    assert_null(m.program->shows[1].cond);
    done(m);
}

/* Whether a condition names only segments before the i-th. */
static bool
names_earlier(const prog_cond_t *c, unsigned i)
{
    if (c == NULL) {
        return true;
    }
    if (c->kind == COND_SEGMENT && c->what >= i) {
        return false;
    }
    return names_earlier(c->left, i) && names_earlier(c->right, i);
}

static void
segments_in_order(void **state)
{
    made_t m = make("segment a = c and not b\nsegment b = in d or c\nsegment c = buys\n"
                    "segment d = c or searches\nsegment e = logs in\n"
                    "tag t when enters a\n");
    const program_t *p = m.program;
    static const char *const order[] = { "c", "d", "b", "a", "e" };

    (void)state;
    assert_int_equal(p->nsegments, 5);
    for (unsigned i = 0; i < p->nsegments; i++) {
        assert_string_equal(p->segments[i].name, order[i]);
        assert_true(names_earlier(p->segments[i].cond, i));
    }
    assert_int_equal(p->segments[3].place.line, 1);
    assert_int_equal(p->segments[3].cond->left->what, 0);
    assert_int_equal(p->segments[3].cond->right->left->what, 2);
    assert_int_equal(p->tags[0].whens[0].what, 3);
    done(m);
}

/* A chain as long as a file is ordered without the machine's stack. */
static void
a_long_chain_of_segments(void **state)
{
    enum { LINKS = 20000 };
    GString *text = g_string_new(NULL);
    made_t m;

    (void)state;
    for (unsigned i = 0; i < LINKS; i++) {
        g_string_append_printf(text, "segment s%u = in s%u\n", i, i + 1);
    }
    g_string_append_printf(text, "segment s%u = buys\n", (unsigned)LINKS);
    m = make(text->str);
    assert_int_equal(m.program->nsegments, LINKS + 1);
    for (unsigned i = 0; i <= LINKS; i++) {
        assert_true(names_earlier(m.program->segments[i].cond, i));
    }
    assert_string_equal(m.program->segments[LINKS].name, "s0");
    done(m);
    g_string_free(text, TRUE);
}

static void
respect(void **state)
{
    made_t m = make("limit email 1 per day\nlimit sms 3 per week\nlimit push 9 per month\n"
                    "quiet hours 21:00-09:30\ncontrol group 2.5%\n");
    const program_t *p = m.program;

    (void)state;
    assert_int_equal(p->nlimits, 3);
    assert_int_equal(p->limits[0].per, LIMIT_DAY);
    assert_int_equal(p->limits[1].channel, CHANNEL_SMS);
    assert_int_equal(p->limits[1].times, 3);
    assert_int_equal(p->limits[1].per, LIMIT_WEEK);
    assert_int_equal(p->limits[2].per, LIMIT_MONTH);
    assert_true(p->has_quiet);
    assert_int_equal(p->quiet_from, 75600);
    assert_int_equal(p->quiet_to, 34200);
    assert_int_equal(p->control, 250);
    done(m);
    m = make("page a /a\n");
    assert_false(m.program->has_quiet);
    assert_int_equal(m.program->control, 0);
    done(m);
}

/* Every line of a test that is not of the first versions. */
static void
lines_of_tests(void **state)
{
    made_t m = make("field Size number\nevent sent from api with order text, lat number\n"
                    "page form POST /form form mail={email} x={name}\nshow b in c\n"
                    "flow f\n  start when sent\n  again always\n  coupon HI\n  credit 27.50 EUR\n"
                    "  gift socks\n  notify a@example.com\n  call https://x.example/y\n"
                    "  send email hi or sms hi\n"
                    "test t\n  contact a@example.com with size=38\n"
                    "  visit POST /form 2 times with mail=b@example.com, x=\"y z\" at 10:00\n"
                    "  sent with order=A-1 LAT=40.5\n  opens email hi at 10:30\n  clicks hi\n"
                    "  gets email hi with recommendations at 11:00 on day 2\n"
                    "  gets coupon HI at 11:00\n  never gets gift socks\n  gets credit 27.50 EUR\n"
                    "  expect not score > 5 at 12:00 on day 3\n  notifies a@example.com\n"
                    "  never calls https://x.example/y\n  does not show b\n  in stock red-37\n");
    const prog_test_line_t *l = m.program->tests[0].lines;

    (void)state;
    assert_int_equal(m.program->tests[0].nlines, 14);
    assert_int_equal(l[0].nfields, 1);
    assert_string_equal(l[0].fields[0].name, "Size");
    assert_string_equal(l[0].fields[0].value, "38");
    assert_int_equal(l[1].nfields, 2);
    assert_string_equal(l[1].fields[0].name, "mail");
    assert_string_equal(l[1].fields[1].value, "y z");
    assert_int_equal(l[1].times, 2);
    assert_true(l[1].post && l[1].has_at);
    assert_int_equal(l[2].kind, TEST_EVENT);
    assert_string_equal(l[2].fields[1].name, "lat");
    assert_string_equal(l[2].fields[1].value, "40.5");
    assert_int_equal(l[3].key, senda_key_event(SENDA_EV_MESSAGE_OPEN));
    assert_string_equal(l[3].text, "hi");
    assert_true(l[3].has_channel && l[3].has_at);
    assert_false(l[4].has_channel);
    assert_string_equal(l[4].text, "hi");
    assert_true(l[5].recommends);
    assert_int_equal(l[5].day, 2);
    assert_int_equal(l[6].kind, TEST_BENEFIT);
    assert_int_equal(l[6].step, STEP_COUPON);
    assert_string_equal(l[6].text, "HI");
    assert_true(l[6].has_at);
    assert_int_equal(l[7].step, STEP_GIFT);
    assert_true(l[7].negated);
    assert_int_equal(l[8].step, STEP_CREDIT);
    assert_int_equal(l[8].value, 275000);
    assert_int_equal(l[9].kind, TEST_EXPECT);
    assert_true(l[9].negated);
    assert_int_equal(l[9].cond->kind, COND_SCORE);
    assert_int_equal(l[9].day, 3);
    assert_int_equal(l[10].kind, TEST_NOTIFIES);
    assert_string_equal(l[10].text, "a@example.com");
    assert_int_equal(l[11].kind, TEST_CALLS);
    assert_true(l[11].negated);
    assert_int_equal(l[12].kind, TEST_SHOWS);
    assert_true(l[12].negated);
    assert_int_equal(l[13].kind, TEST_SOLD_OUT);
    assert_true(l[13].negated);
    assert_string_equal(l[13].text, "red-37");
    done(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_types),
        cmocka_unit_test(which_happenings),
        cmocka_unit_test(what_is_counted),
        cmocka_unit_test(filters_have_types),
        cmocka_unit_test(money_is_a_number),
        cmocka_unit_test(sums_and_ages),
        cmocka_unit_test(states),
        cmocka_unit_test(tags_that_end),
        cmocka_unit_test(scores),
        cmocka_unit_test(stages_by_name),
        cmocka_unit_test(segments_in_order),
        cmocka_unit_test(a_long_chain_of_segments),
        cmocka_unit_test(respect),
        cmocka_unit_test(lines_of_tests),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
