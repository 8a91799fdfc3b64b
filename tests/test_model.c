/*
 * The engine against the model: random rule files and random histories, the
 * timelines compared to the second and in order, also with the engine stopped
 * somewhere and started again from what it had saved. The cases in which they
 * once differed: test_model_cases.c.
 *
 * A difference is shrunk, by dropping events and lines, and printed whole.
 * SENDA_SEED=N plays one history again; SENDA_MODEL_FILES=N plays more files,
 * SENDA_MODEL_FROM=N those from this one on; SENDA_MODEL_FAILS=N tells more
 * differences than the first few.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model_versus.h"

#define FILES     50
#define FAILS     3   /* that are shrunk and told */
#define HISTORIES 200 /* of each file */

static model_hits_t hits;
static unsigned long histories;
static unsigned most, restarted;

static bool
differ(const random_rules_t *rules, const random_history_t *h, unsigned how)
{
    model_shop_t s;
    unsigned ways = 0;

    if (model_shop_open(&s, rules, false)) {
        ways = model_differ(&s, h, how, NULL, NULL);
        model_shop_close(&s);
    }
    return ways != 0;
}

static bool
drop_events(const random_rules_t *rules, random_history_t *h, unsigned how)
{
    bool dropped = false;

    for (unsigned i = h->n; i-- > 0 && h->n > 1;) {
        random_history_t less = *h;

        less.n--;
        memmove(&less.events[i], &less.events[i + 1], (less.n - i) * sizeof(less.events[0]));
        if (i < less.cut)
            less.cut--;
        if ((how == MODEL_RESTARTED && less.cut == 0) || !differ(rules, &less, how))
            continue;
        *h = less;
        dropped = true;
    }
    return dropped;
}

/* What an event brings beside its happening. */
static bool
drop_parts(const random_rules_t *rules, random_history_t *h, unsigned how)
{
    bool dropped = false;

    for (unsigned i = 0; i < h->n; i++) {
        for (unsigned part = 0; part < 5; part++) {
            random_history_t less = *h;
            random_event_t *ev = &less.events[i];

            if (part == 0 && ev->has_reach)
                ev->has_reach = false;
            else if (part == 1 && ev->nanswers > 0)
                ev->nanswers--;
            else if (part == 2 && ev->nfields > 0)
                ev->nfields--;
            else if (part == 3 && ev->contact != 0 && ev->visitor != 0)
                ev->contact = 0;
            else if (part == 4 && strcmp(ev->text, "/nowhere") != 0 && ev->what == DO_VISIT)
                snprintf(ev->text, sizeof(ev->text), "/nowhere");
            else
                continue;
            if (!differ(rules, &less, how))
                continue;
            *h = less;
            dropped = true;
        }
    }
    return dropped;
}

static bool
drop_lines(random_rules_t *rules, const random_history_t *h, unsigned how)
{
    bool dropped = false;

    for (unsigned size = 8; size > 0; size /= 2) {
        for (unsigned i = rules->n; i-- > 0;) {
            random_rules_t *less = malloc(sizeof(*less));

            assert_non_null(less);
            *less = *rules;
            if (i + size <= less->n) {
                less->n -= size;
                memmove(less->lines[i], less->lines[i + size], (less->n - i) * RANDOM_LINE);
                if (differ(less, h, how)) {
                    *rules = *less;
                    dropped = true;
                }
            }
            free(less);
        }
    }
    return dropped;
}

/* " and …", " or …", "not " of a line: the words from one joining word to another, or to the end. */
static bool
drop_words(random_rules_t *rules, const random_history_t *h, unsigned how)
{
    static const char *const joints[] = { " and ", " or ", " within ", " for ", " with ",
        " at most ", " since start", "not ", " each ", " valid ", ", " };
    random_rules_t *less = malloc(sizeof(*less));
    bool dropped = false;

    assert_non_null(less);
    for (unsigned i = 0; i < rules->n; i++) {
        for (unsigned k = 0; k < sizeof(joints) / sizeof(joints[0]); k++) {
            char *at = strstr(rules->lines[i], joints[k]), *end;

            for (; at != NULL; at = strstr(at + 1, joints[k])) {
                *less = *rules;
                end = strpbrk(at + strlen(joints[k]), " ");
                less->lines[i][at - rules->lines[i]] = '\0';
                if (!differ(less, h, how)) {
                    if (joints[k][0] != 'n' && end == NULL)
                        continue;
                    memmove(less->lines[i] + (at - rules->lines[i]),
                        joints[k][0] == 'n' ? at + 4 : end,
                        strlen(joints[k][0] == 'n' ? at + 4 : end) + 1);
                    if (!differ(less, h, how))
                        continue;
                }
                *rules = *less;
                dropped = true;
                break;
            }
        }
    }
    free(less);
    return dropped;
}

static void
shrink(random_rules_t *rules, random_history_t *h, unsigned how)
{
    bool less = true;

    for (unsigned rounds = 0; less && rounds < 12; rounds++) {
        less = drop_events(rules, h, how);
        less = drop_lines(rules, h, how) || less;
        less = drop_parts(rules, h, how) || less;
        less = drop_words(rules, h, how) || less;
    }
}

static void
tell(uint64_t seed, random_rules_t *rules, random_history_t *h, unsigned how)
{
    model_shop_t s;

    shrink(rules, h, how);
    fprintf(stderr, "# SENDA_SEED=%llu, shrunk%s:\n", (unsigned long long)seed,
        how == MODEL_RESTARTED ? ", with a restart" : "");
    for (unsigned i = 0; i < rules->n; i++)
        fprintf(stderr, "#   %s\n", rules->lines[i]);
    if (!model_shop_open(&s, rules, true))
        return;
    fprintf(stderr, "# %s\n", h->everybody ? "everybody is reachable" : "reach as it is said");
    for (unsigned i = 0; i < h->n; i++) {
        if (how == MODEL_RESTARTED && i == h->cut) {
            fprintf(stderr, "#   restart");
            if (h->cut_at != 0) {
                fprintf(stderr, " at ");
                model_print_time(&s.program->zone, h->cut_at, stderr);
            }
            fprintf(stderr, "\n");
        }
        fprintf(stderr, "#   ");
        model_print_time(&s.program->zone, h->events[i].at, stderr);
        random_print(&h->events[i], stderr);
    }
    model_differ(&s, h, how, NULL, stderr);
    model_shop_close(&s);
}

typedef struct {
    unsigned straight, restarted; /* files in which the engine differed */
} bad_t;

/* The seeds from first on; a rule file serves HISTORIES seeds, until one differs. */
static bad_t
play(uint64_t first, uint64_t n)
{
    random_rules_t *rules = calloc(1, sizeof(*rules));
    random_history_t *h = calloc(1, sizeof(*h));
    uint64_t open = UINT64_MAX;
    bad_t bad = { 0, 0 };
    model_shop_t s = { 0 };

    assert_non_null(rules);
    assert_non_null(h);
    for (uint64_t seed = first; seed < first + n && bad.straight + bad.restarted < most; seed++) {
        unsigned ways;

        if (seed / HISTORIES != open) {
            model_shop_close(&s);
            open = seed / HISTORIES;
            random_rules(open, rules);
            assert_true(model_shop_open(&s, rules, true));
        }
        random_history(seed, &s.program->zone, h);
        histories++;
        ways = model_differ(&s, h, MODEL_STRAIGHT | MODEL_RESTARTED, &hits, NULL);
        if (ways == 0)
            continue;
        bad.straight += (ways & MODEL_STRAIGHT) != 0;
        bad.restarted += ways == MODEL_RESTARTED;
        tell(seed, rules, h, (ways & MODEL_STRAIGHT) != 0 ? MODEL_STRAIGHT : MODEL_RESTARTED);
        random_rules(open, rules);
        seed = (open + 1) * HISTORIES - 1;
    }
    model_shop_close(&s);
    free(rules);
    free(h);
    return bad;
}

static void
the_engine_does_what_the_model_says(void **state)
{
    const char *seed = getenv("SENDA_SEED"), *files = getenv("SENDA_MODEL_FILES");
    const char *fails = getenv("SENDA_MODEL_FAILS"), *from = getenv("SENDA_MODEL_FROM");
    bad_t bad;

    (void)state;
    most = fails != NULL ? (unsigned)strtoul(fails, NULL, 10) : FAILS;
    if (seed != NULL)
        bad = play(strtoull(seed, NULL, 10), 1);
    else
        bad = play(HISTORIES * (from != NULL ? strtoull(from, NULL, 10) : 0),
            HISTORIES * (files != NULL ? strtoull(files, NULL, 10) : FILES));
    print_message("# %lu histories, %lu lines compared\n", histories, hits.lines);
    restarted = bad.restarted;
    assert_int_equal(bad.straight, 0);
}

/* Of the same histories: what differs only when the engine was stopped and started again. */
static void
a_restart_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(restarted, 0);
}

/* A statement that never did anything was not tested. Runs after a whole run of the histories. */
static void
every_statement_had_its_effect(void **state)
{
    unsigned never = 0;

    (void)state;
    if (getenv("SENDA_SEED") != NULL || getenv("SENDA_MODEL_FILES") != NULL ||
        getenv("SENDA_MODEL_FROM") != NULL)
        skip();
    for (unsigned i = 0; i < MODEL_HITS; i++) {
        const char *name = model_hit_name(i);

        if (name == NULL)
            continue;
        print_message("# %10lu  %s\n", hits.n[i], name);
        never += hits.n[i] == 0;
    }
    assert_int_equal(never, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_does_what_the_model_says),
        cmocka_unit_test(a_restart_changes_nothing),
        cmocka_unit_test(every_statement_had_its_effect),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
