/*
 * The steps of a flow in sentences, with the time that has gone by. A wait is
 * said with the step that it leads to.
 */

#include "explain_parts.h"

#define DEEPEST 34 /* columns that branches move in; further ones stand as far as that */

/* How long the flow has gone on at the shortest and at the longest: branches differ. */
typedef struct {
    senda_span_t least, most;
    senda_span_t wait; /* since the last step that was said */
    bool first;        /* nothing was said yet */
    bool vague;        /* it has waited for a time of day, or for something to happen */
} elapsed_t;

/* "1 day later (3 days after the beginning), …" */
static const char *
timed(const say_t *s, elapsed_t *t, const char *what)
{
    const char *wait = say_span(s, t->wait), *least = say_span(s, t->least);
    const char *text = what;

    if (!senda_span_is_zero(t->wait)) {
        bool branches = say_span_length(t->least) != say_span_length(t->most);

        text = t->vague ? SAY(s, PH_LATER, wait, what)
            : branches  ? SAY(s, PH_LATER_RANGE, wait, least, say_span(s, t->most), what)
            : say_span_length(t->wait) == say_span_length(t->least)
            ? SAY(s, PH_LATER, wait, what)
            : SAY(s, PH_LATER_SUM, wait, least, what);
    } else if (t->first) {
        text = SAY(s, PH_AT_ONCE, what);
    }
    t->wait = (senda_span_t){ 0 };
    t->first = false;
    return say_sentence(s, text);
}

/* Numbers are "1. " at the top, "2.1. " below an `if`, "2a.1. " in a branch of a split. */
typedef struct {
    const explain_t *e;
    const char *above; /* "2." */
    unsigned n, indent;
    bool sends; /* a message may follow behind the block */
} numbers_t;

static const char *
next_number(numbers_t *n)
{
    return arena_printf(n->e->say.arena, "%s%u", n->above, ++n->n);
}

static void
say_step(numbers_t *n, const char *number, const char *text)
{
    explain_line(n->e, n->indent, arena_printf(n->e->say.arena, "%s. ", number), text);
}

static void steps(numbers_t *n, const ast_list_t *lines, elapsed_t *t);

/* Whether a message may still go out from this line on. */
static bool
sends(const ast_head_t *h)
{
    for (; h != NULL; h = h->next) {
        const ast_if_t *fork = (const ast_if_t *)h;

        if (h->kind == AST_SEND || (h->kind == AST_IF && sends(fork->then.first)) ||
            (h->kind == AST_IF && sends(fork->otherwise.first)) ||
            (h->kind == AST_SPLIT && sends(((const ast_split_t *)h)->branches.first)) ||
            (h->kind == AST_BRANCH && sends(((const ast_branch_t *)h)->lines.first))) {
            return true;
        }
    }
    return false;
}

/* The longest and the shortest way of several. */
static void
join_ways(elapsed_t *all, const elapsed_t *way, bool first)
{
    if (first || say_span_length(way->least) < say_span_length(all->least)) {
        all->least = way->least;
    }
    if (first || say_span_length(way->most) > say_span_length(all->most)) {
        all->most = way->most;
    }
    all->vague = all->vague || way->vague;
}

static void
branches(numbers_t *n, const ast_if_t *fork, elapsed_t *t)
{
    const say_t *s = &n->e->say;
    const char *number = next_number(n);
    numbers_t inner = { n->e, arena_printf(s->arena, "%s.", number), 0, MIN(n->indent + 3, DEEPEST),
        n->sends || sends(fork->head.next) };
    elapsed_t yes, no;

    say_step(n, number, timed(s, t, SAY(s, PH_ASKS, say_cond(s, fork->cond, false))));
    yes = no = *t;
    steps(&inner, &fork->then, &yes);
    if (fork->otherwise.first != NULL) {
        explain_line(n->e, n->indent + 3, "", SAY(s, PH_OTHERWISE));
        steps(&inner, &fork->otherwise, &no);
    }
    join_ways(t, &yes, true);
    join_ways(t, &no, false);
}

/* "3a", "3b", … "3z", "3za", … */
static const char *
branch_number(const say_t *s, const char *number, unsigned i)
{
    for (; i >= 26; i -= 26) {
        number = arena_printf(s->arena, "%sz", number);
    }
    return arena_printf(s->arena, "%s%c", number, 'a' + (int)i);
}

static void
split(numbers_t *n, const ast_split_t *fork, elapsed_t *t)
{
    const say_t *s = &n->e->say;
    const char *number = next_number(n);
    uint32_t rest = 10000;
    elapsed_t before;
    unsigned n_branch = 0;

    say_step(n, number, timed(s, t, SAY(s, PH_SPLITS)));
    before = *t;
    for (const ast_head_t *h = fork->branches.first; h != NULL; h = h->next) {
        const ast_branch_t *b = (const ast_branch_t *)h;
        const char *letter = branch_number(s, number, n_branch);
        numbers_t inner = { n->e, arena_printf(s->arena, "%s.", letter), 0,
            MIN(n->indent + 6, DEEPEST), n->sends || sends(fork->head.next) };
        elapsed_t way = before;

        explain_line(n->e, n->indent + 3, arena_printf(s->arena, "%s. ", letter),
            say_sentence(s, SAY(s, PH_SHARE, say_hundredths(s, b->share))));
        steps(&inner, &b->lines, &way);
        join_ways(t, &way, n_branch++ == 0);
        rest -= MIN(rest, b->share);
    }
    if (rest > 0) {
        explain_line(n->e, n->indent + 3,
            arena_printf(s->arena, "%s. ", branch_number(s, number, n_branch)),
            say_sentence(s, SAY(s, PH_REST, say_hundredths(s, rest))));
        join_ways(t, &before, n_branch == 0);
    }
}

const char *
say_weekdays(const say_t *s, uint32_t days)
{
    const char *items[7];
    unsigned n = 0;

    for (unsigned i = 0, to; i < 7; i = to + 1) {
        to = i;
        if ((days & 1u << i) == 0) {
            continue;
        }
        while (to + 1 < 7 && (days & 1u << (to + 1)) != 0) {
            to++;
        }
        if (to - i >= 2) {
            items[n++] = SAY(s, PH_DAYS_FROM_TO, explain_weekday(i, s->lang),
                explain_weekday(to, s->lang));
            continue;
        }
        for (unsigned k = i; k <= to; k++) {
            items[n++] = explain_weekday(k, s->lang);
        }
    }
    return n == 0 ? "" : SAY(s, PH_ON_DAYS, say_list(s, items, n, PH_AND));
}

static void
wait_step(numbers_t *n, const ast_wait_t *w, elapsed_t *t)
{
    const say_t *s = &n->e->say;
    ast_cond_t until = { .kind = COND_VERB, .verb = w->verb };

    if (w->how == STEP_WAIT) {
        t->wait = say_span_add(t->wait, w->span);
        t->least = say_span_add(t->least, w->span);
        t->most = say_span_add(t->most, w->span);
        return;
    }
    say_step(n, next_number(n),
        timed(s, t,
            w->how == STEP_WAIT_TIME
                ? SAY(s, PH_UNTIL_TIME,
                      say_joined(s, say_time(s, w->second), say_weekdays(s, w->weekdays)))
                : SAY(s, PH_UNTIL_EVENT, say_cond(s, &until, true), say_span(s, w->span))));
    t->vague = true;
}

static const char *
recipe(const say_t *s, const ast_step_t *step)
{
    static const phrase_t rows[RECIPES] = { [RECIPE_LAST_VIEWED] = PH_R_LAST_VIEWED,
        [RECIPE_BEST_SELLERS] = PH_R_BEST,
        [RECIPE_BOUGHT_WITH] = PH_R_BOUGHT_WITH,
        [RECIPE_RELATED_TO] = PH_R_RELATED,
        [RECIPE_ABOVE] = PH_R_ABOVE,
        [RECIPE_NEW_ARRIVALS] = PH_R_NEW,
        [RECIPE_CATEGORIES_VIEWED] = PH_R_CATEGORIES,
        [RECIPE_RESULTS_FOR] = PH_R_RESULTS };
    const char *name = step->name.text != NULL ? say_quoted(s, step->name.text) : "";

    if (step->recipe == RECIPE_BEST_SELLERS && step->name.text != NULL) {
        return SAY(s, PH_R_BEST_OF, SAY(s, PH_THE_PAGE, name));
    }
    return SAY(s, rows[step->recipe], name);
}

/* The word that a step's line begins with. */
static word_t
step_word(prog_step_kind_t step)
{
    static const word_t words[STEP_KINDS] = { [STEP_COUPON] = W_COUPON,
        [STEP_CREDIT] = W_CREDIT,
        [STEP_GIFT] = W_GIFT,
        [STEP_CALL] = W_CALL,
        [STEP_NOTIFY] = W_NOTIFY,
        [STEP_ENTER] = W_ENTER,
        [STEP_LEAVE] = W_LEAVE,
        [STEP_EXIT] = W_EXIT };

    return words[step];
}

/* A coupon and the like wait for the next message; with none to come they are given at once. */
static const char *
benefit(const say_t *s, const ast_step_t *step, bool waits)
{
    const char *name = step->step == STEP_CREDIT ? say_value(s, &step->is)
                                                 : say_quoted(s, step->name.text);
    const char *valid = !step->has_span
        ? ""
        : SAY(s, waits ? PH_VALID : PH_VALID_NOW, say_span(s, step->span));

    switch (step->step) {
    case STEP_COUPON:
        return SAY(s, waits ? PH_COUPON : PH_COUPON_NOW, name, valid);
    case STEP_CREDIT:
        return SAY(s, waits ? PH_CREDIT : PH_CREDIT_NOW, name, valid);
    default:
        return SAY(s, waits ? PH_GIFT : PH_GIFT_NOW, name, valid);
    }
}

static const char *
step_of(const say_t *s, const ast_step_t *step, bool waits)
{
    const char *name = step->name.text != NULL ? say_quoted(s, step->name.text) : "";

    switch (step->step) {
    case STEP_COUPON:
    case STEP_CREDIT:
    case STEP_GIFT:
        return benefit(s, step, waits);
    case STEP_RECOMMEND:
        return step->number == 1
            ? SAY(s, PH_RECOMMENDS_ONE, recipe(s, step))
            : SAY(s, PH_RECOMMENDS, say_number(s, step->number), recipe(s, step));
    case STEP_STOCK:
        return SAY(s, PH_STOCK);
    case STEP_TAG:
        return SAY(s, PH_GIVES_TAG, name);
    case STEP_UNTAG:
        return SAY(s, PH_TAKES_TAG, name);
    case STEP_SCORE:
        return SAY(s, step->points < 0 ? PH_TAKES_POINTS : PH_GIVES_POINTS,
            say_points(s, step->points < 0 ? -(int64_t)step->points : step->points));
    case STEP_SET:
        return SAY(s, PH_SETS, name, say_value(s, &step->is));
    case STEP_CALL:
        return SAY(s, PH_CALLS, step->name.text);
    case STEP_NOTIFY:
        return SAY(s, PH_NOTIFIES, step->name.text);
    case STEP_ENTER:
        return SAY(s, PH_ENTERS_FLOW, name);
    case STEP_LEAVE:
        return SAY(s, PH_LEAVES_FLOW, name);
    default:
        return SAY(s, PH_EXITS);
    }
}

const char *
say_step_label(const say_t *s, const ast_step_t *step)
{
    const char *name = step->name.text != NULL ? step->name.text : "";
    const char *word = words_say(step_word(step->step), s->lang);

    switch (step->step) {
    case STEP_RECOMMEND:
        return SAY(s, PH_DRAW_RECOMMEND, say_number(s, step->number), recipe(s, step));
    case STEP_STOCK:
        return SAY(s, PH_DRAW_STOCK);
    case STEP_TAG:
        return name;
    case STEP_UNTAG:
        return SAY(s, PH_DRAW_UNTAG, say_quoted(s, name));
    case STEP_SET:
        return SAY(s, PH_DRAW_SET, name, say_value(s, &step->is));
    case STEP_SCORE:
        return SAY(s, ABS(step->points) == 1 ? PH_ONE_POINT : PH_N_POINTS,
            arena_printf(s->arena, "%+d", step->points));
    default:
        break;
    }
    name = step->step == STEP_CREDIT ? say_value(s, &step->is) : name;
    return step->has_span ? SAY(s, PH_DRAW_FOR, word, name, say_span(s, step->span))
                          : say_joined(s, word, name);
}

static void
steps(numbers_t *n, const ast_list_t *lines, elapsed_t *t)
{
    const say_t *s = &n->e->say;

    for (const ast_head_t *h = lines->first; h != NULL; h = h->next) {
        switch (h->kind) {
        case AST_WAIT:
            wait_step(n, (const ast_wait_t *)h, t);
            break;
        case AST_SEND:
            say_step(n, next_number(n),
                timed(s, t, SAY(s, PH_SENDS, say_messages(s, (const ast_send_t *)h))));
            break;
        case AST_STEP:
            say_step(n, next_number(n),
                timed(s, t, step_of(s, (const ast_step_t *)h, n->sends || sends(h))));
            break;
        case AST_IF:
            branches(n, (const ast_if_t *)h, t);
            break;
        case AST_SPLIT:
            split(n, (const ast_split_t *)h, t);
            break;
        default:
            break;
        }
    }
    if (!senda_span_is_zero(t->wait)) {
        say_step(n, next_number(n), timed(s, t, SAY(s, PH_WAITS)));
    }
}

void
explain_steps(const explain_t *e, const ast_list_t *lines)
{
    elapsed_t t = { .first = true };
    numbers_t n = { e, "", 0, 4, false };

    steps(&n, lines, &t);
}
