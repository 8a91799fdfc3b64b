/*
 * Tests: lines in the order of time, and what they expect can happen at all.
 */

#include "check.h"

#include "senda_url.h"

/* Where a test's clock stands: day and second of the day; and the day of the line before. */
typedef struct {
    uint32_t day, line_day;
    int32_t second;
    bool begun;
} clock_now_t;

static bool
happens(const ast_head_t *h)
{
    return h->kind == AST_TEST_VISIT || h->kind == AST_TEST_EVENT;
}

/* True or not at that point of the test, and so later than what is above. */
static bool
at_that_point(const ast_head_t *h)
{
    return happens(h) || h->kind == AST_TEST_TAG || h->kind == AST_TEST_EXPECT ||
        h->kind == AST_TEST_SHOWS || h->kind == AST_TEST_SOLD_OUT;
}

static void
go_to(clock_now_t *now, uint32_t day, int32_t second)
{
    now->day = now->line_day = day + (uint32_t)second / 86400;
    now->second = second % 86400;
    now->begun = true;
}

/* Any line with a time that is still to come moves the clock; one that looks back says its day only. */
static void
check_moment(check_t *c, const ast_check_t *line, clock_now_t *now)
{
    uint32_t day = line->at.has_day ? line->at.day : now->line_day;
    int32_t second = line->at.second, more = 60 * (int32_t)(line->times > 0 ? line->times - 1 : 0);
    char text[8];

    if (!line->at.has_time) {
        if (happens(&line->head))
            go_to(now, now->day, (now->begun ? now->second + 60 : 36000) + more);
        else if (at_that_point(&line->head))
            now->line_day = now->day;
        return;
    }
    now->line_day = day;
    if (day < now->day || (day == now->day && second < now->second)) {
        if (at_that_point(&line->head) && now->begun) {
            g_snprintf(text, sizeof(text), "%d:%02d", now->second / 3600, now->second / 60 % 60);
            DIAG(c->ds, line->at.span, MSG_TEST_PAST, text, arena_printf(c->arena, "%u", now->day));
        }
        return;
    }
    go_to(now, day, second + (happens(&line->head) ? more : 0));
}

static void
check_benefit(check_t *c, const ast_check_t *line)
{
    ast_name_t money = line->is.text;

    if (line->step != STEP_CREDIT) {
        check_known_as(c, line->step == STEP_COUPON ? NAMES_COUPON : NAMES_GIFT, &line->text,
            MSG_BENEFIT_UNGIVEN, line->step == STEP_COUPON ? W_COUPON : W_GIFT);
        return;
    }
    check_value(c, diag_text(c->ds, line->is.span), KIND_NUMBER, &line->is);
    money.key = money.text = money.text != NULL ? check_money(c, &line->is) : NULL;
    if (line->is.number && check_find(c, NAMES_CREDIT, &money) == NULL && !c->excuse_all) {
        diag_word(c->ds,
            DIAG(c->ds, line->is.span, MSG_BENEFIT_UNGIVEN, diag_text(c->ds, line->is.span)),
            W_CREDIT);
    }
}

/* A whole address is one of the site's. */
static void
check_host(check_t *c, const ast_name_t *address)
{
    const char *from = address->text != NULL ? strstr(address->text, "://") : NULL;
    char host[256];
    lex_span_t at = address->span;
    size_t len, n;

    if (from == NULL || address->text[0] == '/' || g_hash_table_size(c->hosts) == 0) {
        return;
    }
    from += 3;
    len = strcspn(from, "/?#");
    n = senda_host_decode(host, sizeof(host) - 1, (senda_str_t){ from, len });
    host[n] = '\0';
    if (!g_hash_table_contains(c->hosts, host)) {
        at.at += (uint32_t)(from - address->text) + (address->quoted ? 1 : 0);
        at.len = (uint32_t)len;
        diag_word(c->ds,
            DIAG(c->ds, at, MSG_TEST_HOST, arena_text(c->arena, from, len),
                c->file->site->hosts->name.text),
            W_VISIT);
    }
}

/* Whether the line expects something. */
static bool
check_line(check_t *c, const ast_check_t *line)
{
    switch (line->head.kind) {
    case AST_TEST_GETS:
        check_template(c, &line->text, line->channel, line->negated ? W_NEVER_GETS : W_GETS);
        return true;
    case AST_TEST_TAG:
        check_known(c, NAMES_TAG, &line->text);
        return true;
    case AST_TEST_EXPECT:
        check_cond(c, line->cond, false);
        return true;
    case AST_TEST_BENEFIT:
        check_benefit(c, line);
        return true;
    case AST_TEST_NOTIFIES:
        check_known_as(c, NAMES_ADDRESS, &line->text, MSG_UNNOTIFIED, W_NOTIFY);
        return true;
    case AST_TEST_CALLS:
        check_known_as(c, NAMES_URL, &line->text, MSG_UNCALLED, W_CALL);
        return true;
    case AST_TEST_SHOWS:
        check_known_as(c, NAMES_BLOCK, &line->text, MSG_BLOCK_UNSHOWN, W_SHOW);
        return true;
    case AST_TEST_VISIT:
        check_host(c, &line->text);
        return false;
    case AST_TEST_EVENT:
        if (line->verb != NULL) {
            check_verb(c, line->verb, false);
        }
        return false;
    default:
        return false;
    }
}

void
check_test(check_t *c, const ast_test_t *test)
{
    clock_now_t now = { .day = 1, .line_day = 1 };
    unsigned checks = 0;

    for (const ast_head_t *h = test->lines.first; h != NULL; h = h->next) {
        const ast_check_t *line = (const ast_check_t *)h;

        if (h->kind == AST_BROKEN) {
            continue;
        }
        check_moment(c, line, &now);
        check_pairs(c, line);
        checks += check_line(c, line) ? 1 : 0;
    }
    if (test->name.text == NULL || test->doubtful) {
        return;
    }
    if (test->lines.first == NULL) {
        DIAG(c->ds, test->name.span, MSG_TEST_EMPTY, test->name.text);
    } else if (checks == 0) {
        DIAG(c->ds, test->name.span, MSG_TEST_NO_CHECK, test->name.text);
    }
}
