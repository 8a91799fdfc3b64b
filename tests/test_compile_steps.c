/*
 * Flows compiled: how they start and end, what each step carries, where each
 * branch goes.
 */

#include "compiled.h"

/* Names for the flows to speak of. */
static const char prelude[] =
    "page cart /cart is view_cart\npage item /p/{item} is view_item\n"
    "page find /find?q={q} is search\n"
    "event sent from api with order text\nfield size number\nfield colour text\nfield born date\n"
    "tag vip when buys\nsegment loyal = buys 3 times\nstage fan if score >= 50\n"
    "flow other\n  start when logs in\n  again never\n  send email x\n";

/* The prelude with a flow `f` of these lines; its program is made.program. */
static made_t
make_flow(const char *lines)
{
    char *text = g_strdup_printf("%sflow f\n%s", prelude, lines);
    made_t m = make(text);

    g_free(text);
    return m;
}

static made_t
make_steps(const char *steps)
{
    char *lines = g_strdup_printf("  start when logs in\n  again never\n%s", steps);
    made_t m = make_flow(lines);

    g_free(lines);
    return m;
}

static void
starts_of_every_kind(void **state)
{
    made_t m = make_flow(
        "  start when gets tag vip and not buys within 2 days or enters loyal\n"
        "  start when score >= 30 or total of purchase > 300 EUR within 12 months\n"
        "  start every day at 10:00 for not buys within 1 day\n"
        "  start on 2027-01-07 at 9:05 for loyal\n"
        "  start on the date born at 09:30\n  start on the date born\n"
        "  again never\n  send email hi\n");
    const prog_flow_t *f = flow_of(m.program, "f");
    const prog_trigger_t *s = f->starts;

    (void)state;
    assert_int_equal(f->nstarts, 8);
    assert_int_equal(s[0].kind, TRIGGER_TAG);
    assert_int_equal(s[0].what, 0);
    assert_true(s[0].has_absent);
    assert_int_equal(s[0].span.days, 2);
    assert_int_equal(s[1].kind, TRIGGER_SEGMENT);
    assert_false(s[1].has_absent);
    assert_int_equal(s[2].kind, TRIGGER_SCORE);
    assert_int_equal(s[2].cmp, CMP_GE);
    assert_int_equal(s[2].value, 30);
    assert_int_equal(s[3].kind, TRIGGER_TOTAL);
    assert_int_equal(s[3].cmp, CMP_GT);
    assert_int_equal(s[3].value, 300 * VALUE_ONE);
    assert_int_equal(s[3].verb.key, senda_key_event(SENDA_EV_PURCHASE));
    assert_int_equal(s[3].verb.within.months, 12);
    assert_int_equal(s[4].kind, TRIGGER_DAILY);
    assert_int_equal(s[4].second, 36000);
    assert_int_equal(s[4].cond->kind, COND_NOT);
    assert_int_equal(s[5].kind, TRIGGER_ON);
    assert_int_equal(s[5].date, 20825);
    assert_int_equal(s[5].second, 32700);
    assert_int_equal(s[5].cond->kind, COND_SEGMENT);
    assert_int_equal(s[6].kind, TRIGGER_DATE);
    assert_int_equal(s[6].what, 2);
    assert_int_equal(s[6].second, 34200);
    assert_int_equal(s[7].second, 32400);
    done(m);
}

static void
lines_of_the_whole_flow(void **state)
{
    made_t m = make_flow("  start when sent\n  only if tag vip or stage fan\n"
                         "  again for each ORDER\n  stop if buys of the same item\n"
                         "  goal buys 2 times within 5 days\n  send email hi\n");
    const prog_flow_t *f = flow_of(m.program, "f");

    (void)state;
    assert_int_equal(f->only->kind, COND_OR);
    assert_int_equal(f->only->right->kind, COND_STAGE);
    assert_int_equal(f->again, AGAIN_EACH);
    assert_string_equal(f->again_each, "order");
    assert_int_equal(f->stop->verb.by, BY_SAME);
    assert_string_equal(f->stop->verb.capture, "item");
    assert_int_equal(f->goal->verb.times, 2);
    assert_int_equal(f->goal_within.days, 5);
    assert_true(senda_span_is_zero(f->goal->verb.within));
    assert_null(flow_of(m.program, "other")->only);
    done(m);
}

static void
waits(void **state)
{
    made_t m = make_steps("  wait 2 weeks\n  wait until 10:00\n"
                          "  wait until 9:30 from saturday to monday\n"
                          "  wait until 10:00 on weekdays\n  wait until 23:59 on monday, sunday\n"
                          "  wait until visits /survey at most 14 days\n");
    const prog_step_t *s = flow_of(m.program, "f")->steps;

    (void)state;
    assert_int_equal(s[0].kind, STEP_WAIT);
    assert_int_equal(s[0].span.days, 14);
    assert_int_equal(s[1].kind, STEP_WAIT_TIME);
    assert_int_equal(s[1].second, 36000);
    assert_int_equal(s[1].weekdays, 0);
    assert_int_equal(s[2].second, 34200);
    assert_int_equal(s[2].weekdays, 0x61);
    assert_int_equal(s[3].weekdays, 0x1F);
    assert_int_equal(s[4].weekdays, 0x41);
    assert_int_equal(s[5].kind, STEP_WAIT_EVENT);
    assert_int_equal(s[5].span.days, 14);
    assert_int_equal(s[5].cond->kind, COND_VERB);
    assert_int_equal(s[5].cond->verb.key, page_of(m.program, "/survey"));
    done(m);
}

static void
what_steps_give(void **state)
{
    made_t m = make_steps(
        "  coupon HELLO10 valid 24 hours\n  credit 12.50 EUR valid 90 days\n"
        "  gift \"Two socks\"\n  require stock\n  call https://crm.example.com/x\n"
        "  notify ann@example.com\n  send push hi or webpush hi or email hi\n");
    const prog_step_t *s = flow_of(m.program, "f")->steps;

    (void)state;
    assert_int_equal(s[0].kind, STEP_COUPON);
    assert_string_equal(s[0].text, "HELLO10");
    assert_int_equal(s[0].span.secs, 86400);
    assert_int_equal(s[1].kind, STEP_CREDIT);
    assert_int_equal(s[1].value, 125000);
    assert_int_equal(s[1].span.days, 90);
    assert_int_equal(s[2].kind, STEP_GIFT);
    assert_string_equal(s[2].text, "Two socks");
    assert_true(senda_span_is_zero(s[2].span));
    assert_int_equal(s[3].kind, STEP_STOCK);
    assert_int_equal(s[4].kind, STEP_CALL);
    assert_string_equal(s[4].text, "https://crm.example.com/x");
    assert_int_equal(s[5].kind, STEP_NOTIFY);
    assert_string_equal(s[5].text, "ann@example.com");
    assert_int_equal(s[6].nchannels, 3);
    assert_int_equal(s[6].channels[0], CHANNEL_PUSH);
    assert_int_equal(s[6].channels[1], CHANNEL_WEBPUSH);
    assert_int_equal(s[6].channels[2], CHANNEL_EMAIL);
    assert_int_equal(s[7].kind, STEP_END);
    done(m);
}

static void
recommendations(void **state)
{
    made_t m = make_steps(
        "  recommend 4 last viewed\n  recommend 3 best sellers\n"
        "  recommend 2 best sellers of item\n  recommend 2 best sellers of /boots/*\n"
        "  recommend 1 bought with Item\n  recommend 5 results for q\n");
    const prog_step_t *s = flow_of(m.program, "f")->steps;

    (void)state;
    assert_int_equal(s[0].kind, STEP_RECOMMEND);
    assert_int_equal(s[0].recipe, RECIPE_LAST_VIEWED);
    assert_int_equal(s[0].number, 4);
    assert_int_equal(s[1].recipe, RECIPE_BEST_SELLERS);
    assert_int_equal(s[1].key, 0);
    assert_int_equal(s[2].key, page_of(m.program, "item"));
    assert_int_equal(s[3].key, page_of(m.program, "/boots/*"));
    assert_int_equal(s[4].recipe, RECIPE_BOUGHT_WITH);
    assert_string_equal(s[4].text, "item");
    assert_int_equal(s[5].recipe, RECIPE_RESULTS_FOR);
    assert_string_equal(s[5].text, "q");
    done(m);
}

static void
what_steps_change(void **state)
{
    made_t m = make_steps("  tag new\n  untag vip\n  score +5\n  score -3\n  score 2\n"
                          "  set size 38.5\n  set colour Rojo\n  set born = 1990-02-28\n"
                          "  enter other\n  leave f\n  exit\n");
    const program_t *p = m.program;
    const prog_step_t *s = flow_of(p, "f")->steps;

    (void)state;
    assert_int_equal(s[0].kind, STEP_TAG);
    assert_string_equal(p->tags[s[0].what].name, "new");
    assert_int_equal(s[1].kind, STEP_UNTAG);
    assert_string_equal(p->tags[s[1].what].name, "vip");
    assert_int_equal(s[2].kind, STEP_SCORE);
    assert_int_equal(s[2].value, 5);
    assert_int_equal(s[3].value, -3);
    assert_int_equal(s[4].value, 2);
    assert_int_equal(s[5].kind, STEP_SET);
    assert_int_equal(s[5].what, 0);
    assert_int_equal(s[5].value, 385000);
    assert_string_equal(s[5].text, "38.5");
    assert_int_equal(s[6].what, 1);
    assert_string_equal(s[6].text, "Rojo");
    assert_int_equal(s[7].what, 2);
    assert_int_equal(s[7].value, 7363);
    assert_int_equal(s[8].kind, STEP_ENTER);
    assert_int_equal(s[8].what, 0);
    assert_int_equal(s[9].kind, STEP_LEAVE);
    assert_int_equal(s[9].what, 1);
    assert_int_equal(s[10].kind, STEP_EXIT);
    done(m);
}

/* Where each share begins, and that it ends behind the `end`. */
static void
shares_jump(void **state)
{
    made_t m = make_steps("  split\n    50% send email a\n    12.5%\n      wait 1 day\n"
                          "      if buys\n        exit\n      end\n    0.01% wait 2 days\n  end\n"
                          "  send email b\n");
    const prog_flow_t *f = flow_of(m.program, "f");
    const prog_step_t *s = f->steps;
    static const prog_step_kind_t kinds[] = { STEP_SPLIT, STEP_SEND, STEP_JUMP, STEP_WAIT, STEP_IF,
        STEP_EXIT, STEP_JUMP, STEP_WAIT, STEP_JUMP, STEP_SEND, STEP_END };

    (void)state;
    assert_int_equal(f->nsteps, G_N_ELEMENTS(kinds));
    for (unsigned i = 0; i < f->nsteps; i++) {
        assert_int_equal(s[i].kind, kinds[i]);
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(s[k].id, s[i].id);
        }
        if (s[i].kind == STEP_JUMP) {
            assert_int_equal(s[i].target, 9);
        }
    }
    assert_int_equal(s[0].nbranches, 3);
    assert_int_equal(s[0].target, 9);
    assert_int_equal(s[0].branches[0].share, 5000);
    assert_int_equal(s[0].branches[0].target, 1);
    assert_int_equal(s[0].branches[1].share, 1250);
    assert_int_equal(s[0].branches[1].target, 3);
    assert_int_equal(s[0].branches[2].share, 1);
    assert_int_equal(s[0].branches[2].target, 7);
    assert_int_equal(s[4].target, 6);
    assert_int_equal(s[1].place.line, 19);
    assert_int_equal(s[0].place.line, 18);
    done(m);
}

/* A split inside a share of a split. */
static void
splits_nest(void **state)
{
    made_t m = make_steps("  if buys\n  split\n  50%\n  split\n  10% exit\n  end\n  wait 1 day\n"
                          "  50% send email a\n  end\n  else\n  send email b\n  end\n");
    const prog_flow_t *f = flow_of(m.program, "f");
    const prog_step_t *s = f->steps;
    static const prog_step_kind_t kinds[] = { STEP_IF, STEP_SPLIT, STEP_SPLIT, STEP_EXIT, STEP_JUMP,
        STEP_WAIT, STEP_JUMP, STEP_SEND, STEP_JUMP, STEP_JUMP, STEP_SEND, STEP_END };

    (void)state;
    assert_int_equal(f->nsteps, G_N_ELEMENTS(kinds));
    for (unsigned i = 0; i < f->nsteps; i++) {
        assert_int_equal(s[i].kind, kinds[i]);
    }
    assert_int_equal(s[2].target, 5);
    assert_int_equal(s[4].target, 5);
    assert_int_equal(s[6].target, 9);
    assert_int_equal(s[8].target, 9);
    assert_int_equal(s[9].target, 11);
    assert_int_equal(s[0].target, 10);
    done(m);
}

/* The ids of the steps of a flow, in order. */
static unsigned
ids_of(const char *steps, uint32_t *ids)
{
    made_t m = make_steps(steps);
    const prog_flow_t *f = flow_of(m.program, "f");
    unsigned n = f->nsteps;

    assert_true(n <= 16);
    for (unsigned i = 0; i < n; i++) {
        ids[i] = f->steps[i].id;
    }
    done(m);
    return n;
}

/* What a step says makes its id; accents, words of a language and lines around it do not. */
static void
ids_of_new_steps(void **state)
{
    static const char *const steps[] = { "wait until 10:00", "wait until 10:00 on weekdays",
        "wait until buys at most 1 day", "wait until buys at most 2 days",
        "wait until searches at most 1 day", "coupon A", "coupon B", "coupon A valid 1 day",
        "gift A", "credit 5 EUR", "credit 6 EUR", "recommend 4 last viewed",
        "recommend 3 last viewed", "recommend 4 new arrivals", "recommend 4 best sellers",
        "recommend 4 best sellers of cart", "recommend 4 bought with item", "require stock",
        "tag vip", "untag vip", "score 5", "score -5", "set size 38", "set size 39",
        "set colour red", "call https://a.example/", "notify a@example.com", "enter other",
        "leave other", "exit" };
    uint32_t ids[G_N_ELEMENTS(steps)] = { 0 }, both[16] = { 0 };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *one = g_strdup_printf("  %s\n", steps[i]);
        char *two = g_strdup_printf("  send email before\n  %s\n  %s\n", steps[i], steps[i]);

        assert_int_equal(ids_of(one, both), 2);
        ids[i] = both[0];
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(ids[k], ids[i]);
        }
        assert_int_equal(ids_of(two, both), 4);
        assert_int_equal(both[1], ids[i]);
        assert_int_not_equal(both[2], ids[i]);
        g_free(one);
        g_free(two);
    }
    ids_of("  tag VÍP\n", both);
    assert_int_equal(both[0], ids[18]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_of_every_kind),
        cmocka_unit_test(lines_of_the_whole_flow),
        cmocka_unit_test(waits),
        cmocka_unit_test(what_steps_give),
        cmocka_unit_test(recommendations),
        cmocka_unit_test(what_steps_change),
        cmocka_unit_test(shares_jump),
        cmocka_unit_test(splits_nest),
        cmocka_unit_test(ids_of_new_steps),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
