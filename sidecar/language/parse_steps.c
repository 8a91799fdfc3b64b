/*
 * The steps of a flow, each on one line: what is done, sent, given, waited
 * for. What opens a block is parse_flow.c's. Never fails but for the line's
 * one mistake.
 */

#include "parse.h"

/* A step that stands behind a share is a line of its own, but the line's comment is the share's. */
static ast_head_t *
step_head(parse_t *p, size_t size, ast_kind_t kind, unsigned used)
{
    lex_span_t from = p->t->span;
    ast_head_t *h = parse_head(p, size, kind, used);

    if (from.at != h->span.at) {
        h->span.len -= from.at - h->span.at;
        h->span.at = from.at;
        h->word = parse_span_from(p, from);
        h->comment.len = 0;
    }
    return h;
}

/* A weekday's bit, 0 after parse_fail. */
static uint32_t
one_day(parse_t *p)
{
    word_t day = parse_take(p, ROLE_WEEKDAY);
    diag_t *d;

    if (day != W_NONE) {
        return 1u << words_table[day].value;
    }
    d = FAIL(p, p->t->span, MSG_WEEKDAY, parse_before(p), parse_list(p, ROLE_WEEKDAY));
    if (p->t->kind == TOK_WORD) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_WEEKDAY, p->t->folded, NULL));
    }
    return 0;
}

/* "monday to friday", also "saturday to monday" */
static bool
days_from_to(parse_t *p, uint32_t *out)
{
    uint32_t first = one_day(p), last;

    if (first == 0) {
        return false;
    }
    if (!parse_accept(p, W_TO)) {
        FAIL(p, p->t->span, MSG_WEEKDAY_TO, parse_before(p));
        return false;
    }
    last = one_day(p);
    for (uint32_t day = first; last != 0; day = day == 1u << 6 ? 1 : day << 1) {
        *out |= day;
        if (day == last) {
            return true;
        }
    }
    return false;
}

/* "monday, wednesday and friday" */
static bool
days_list(parse_t *p, uint32_t *out)
{
    uint32_t day;

    do {
        parse_accept(p, W_ON);
        day = one_day(p);
        *out |= day;
    } while (day != 0 && ((p->t->kind == TOK_COMMA && p->t++) || parse_accept(p, W_AND)));
    return day != 0;
}

static bool
weekdays(parse_t *p, uint32_t *out)
{
    if (parse_accept(p, W_ON_WEEKDAYS)) {
        *out = 0x1F;
        return true;
    }
    if (parse_accept(p, W_FROM)) {
        return days_from_to(p, out);
    }
    if (words_accept(W_ON, p->t) > 0) {
        return days_list(p, out);
    }
    return true;
}

static bool
wait_event(parse_t *p, ast_wait_t *w)
{
    lex_span_t from;

    w->how = STEP_WAIT_EVENT;
    w->verb = parse_verb(p, W_WAIT);
    if (w->verb == NULL) {
        return false;
    }
    from = p->t->span;
    if (!parse_accept(p, W_AT_MOST)) {
        if (p->t->kind != TOK_END) {
            return true; /* parse_done says what stands there */
        }
        FAIL(p, p->t->span, MSG_WAIT_AT_MOST, parse_before(p));
        return false;
    }
    if (!parse_duration(p, &w->span)) {
        return false;
    }
    w->span_span = parse_span_from(p, from);
    return true;
}

/* "until tuesday", "hasta el martes": says that a time belongs to it. */
static bool
is_day_alone(parse_t *p)
{
    const lex_tok_t *t = p->t + words_accept(W_ON, p->t);
    unsigned used;
    word_t day = words_find(ROLE_WEEKDAY, t, &used);
    lang_id_t lang = p->ds->lang;

    if (day == W_NONE) {
        return false;
    }
    FAIL(p, t->span, MSG_WAIT_DAY, parse_text(p, t),
        arena_printf(p->arena, "%s 10:00 %s %s", words_say(W_UNTIL, lang), words_say(W_ON, lang),
            words_say(day, lang)));
    return true;
}

static bool
wait_until(parse_t *p, ast_wait_t *w)
{
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_WAIT_UNTIL, parse_before(p)), W_WAIT);
        return false;
    }
    if (p->t->kind == TOK_TIME) {
        w->how = STEP_WAIT_TIME;
        return parse_time(p, &w->second) && weekdays(p, &w->weekdays);
    }
    if (is_day_alone(p)) {
        return false;
    }
    if (parse_slip_time(p)) {
        diag_example(p->ds, p->said, messages_row(MSG_WAIT_UNTIL)->example[p->ds->lang]);
        return false;
    }
    return wait_event(p, w);
}

static ast_head_t *
wait_step(parse_t *p, unsigned used)
{
    ast_wait_t *w = (ast_wait_t *)step_head(p, sizeof(*w), AST_WAIT, used);
    lex_span_t from = p->t->span;
    bool ok;

    w->how = STEP_WAIT;
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_DURATION_MISSING, parse_before(p)), W_WAIT);
        return &w->head;
    }
    if (parse_accept(p, W_UNTIL)) {
        ok = wait_until(p, w);
    } else {
        ok = parse_duration(p, &w->span);
        w->span_span = parse_span_from(p, from);
    }
    if (ok) {
        parse_done(p, W_WAIT);
    }
    return &w->head;
}

static bool
one_channel(parse_t *p, ast_channel_t **out)
{
    ast_channel_t *c = arena_get(p->arena, sizeof(*c));
    diag_t *d;

    c->span = p->t->span;
    c->channel = parse_take(p, ROLE_CHANNEL);
    if (c->channel == W_NONE) {
        if (p->t->kind == TOK_WORD) {
            d = FAIL(p, c->span, MSG_SEND_CHANNEL_UNKNOWN, parse_text(p, p->t),
                parse_list(p, ROLE_CHANNEL));
            diag_near(p->ds, d, parse_nearest(p, ROLE_CHANNEL, p->t->folded, NULL));
        } else {
            d = FAIL(p, c->span, MSG_SEND_CHANNEL, parse_before(p), parse_list(p, ROLE_CHANNEL));
        }
        diag_word(p->ds, d, W_SEND);
        return false;
    }
    c->span = parse_span_from(p, c->span);
    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_SEND_TEMPLATE, parse_before(p)), W_SEND);
        return false;
    }
    *out = c;
    return parse_name(p, W_SEND, &c->template);
}

static ast_head_t *
send_step(parse_t *p, unsigned used)
{
    ast_send_t *s = (ast_send_t *)step_head(p, sizeof(*s), AST_SEND, used);
    ast_channel_t **tail = &s->channels;
    bool ok = one_channel(p, tail);

    while (ok && parse_accept(p, W_OR)) {
        tail = &(*tail)->next;
        ok = one_channel(p, tail);
    }
    if (ok) {
        parse_done(p, W_SEND);
    }
    return &s->head;
}

/* "valid 24 hours", if it stands here. */
static bool
valid(parse_t *p, ast_step_t *s)
{
    lex_span_t from = p->t->span;

    if (!parse_accept(p, W_VALID)) {
        return true;
    }
    s->has_span = parse_duration(p, &s->span);
    s->span_span = parse_span_from(p, from);
    return s->has_span;
}

static bool
recipe(parse_t *p, ast_step_t *s)
{
    word_t w;
    diag_t *d;

    if (!parse_number(p, W_RECOMMEND, LANG_TIMES_MAX, &s->number, &s->number_span)) {
        return false;
    }
    w = parse_take(p, ROLE_RECIPE);
    if (w == W_NONE) {
        d = FAIL(p, p->t->span, MSG_RECIPE, parse_before(p), parse_list(p, ROLE_RECIPE));
        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_RECIPE, p->t->folded, NULL));
        }
        diag_word(p->ds, d, W_RECOMMEND);
        return false;
    }
    s->recipe = (prog_recipe_t)words_table[w].value;
    switch (s->recipe) {
    case RECIPE_BEST_SELLERS:
        if (!parse_accept(p, W_OF)) {
            return true;
        }
        return parse_is_pattern(p->t) ? parse_pattern(p, &s->pattern)
                                      : parse_name(p, W_RECOMMEND, &s->name);
    case RECIPE_BOUGHT_WITH:
    case RECIPE_RELATED_TO:
    case RECIPE_ABOVE:
    case RECIPE_RESULTS_FOR:
        return parse_name(p, W_RECOMMEND, &s->name);
    default:
        return true;
    }
}

/* An address of any kind: the checker says whether it is the right one. */
static bool
address(parse_t *p, word_t w, ast_name_t *out)
{
    switch (p->t->kind) {
    case TOK_WORD:
    case TOK_STRING:
    case TOK_PATTERN:
    case TOK_HOST:
    case TOK_ADDRESS:
    case TOK_OTHER:
        parse_take_name(p, p->t++, out);
        return true;
    default:
        diag_word(p->ds, FAIL(p, p->t->span, MSG_STEP_ADDRESS, parse_before(p)), w);
        return false;
    }
}

/* What follows the first word of the other steps. */
static bool
step_rest(parse_t *p, word_t w, ast_step_t *s)
{
    switch (w) {
    case W_COUPON:
    case W_GIFT:
        return parse_name(p, w, &s->name) && valid(p, s);
    case W_CREDIT:
        return parse_money(p, w, &s->is) && valid(p, s);
    case W_RECOMMEND:
        return recipe(p, s);
    case W_SCORE:
        return parse_points(p, &s->points, &s->number_span);
    case W_SET:
        if (!parse_name(p, w, &s->name)) {
            return false;
        }
        p->t += p->t->kind == TOK_SIGN && senda_str_eq(p->t->text, SENDA_STR("=")) ? 1 : 0;
        return parse_value(p, &s->is);
    case W_CALL:
    case W_NOTIFY:
        return address(p, w, &s->name);
    case W_TAG:
    case W_UNTAG:
    case W_ENTER:
    case W_LEAVE:
        return parse_name(p, w, &s->name);
    default:
        return true;
    }
}

/* The kind of step that a word begins; STEP_KINDS: none of an ast_step_t. */
static prog_step_kind_t
kind_of(word_t w)
{
    static const struct {
        word_t word;
        prog_step_kind_t step;
    } kinds[] = { { W_COUPON, STEP_COUPON }, { W_CREDIT, STEP_CREDIT }, { W_GIFT, STEP_GIFT },
        { W_RECOMMEND, STEP_RECOMMEND }, { W_REQUIRE_STOCK, STEP_STOCK }, { W_TAG, STEP_TAG },
        { W_UNTAG, STEP_UNTAG }, { W_SCORE, STEP_SCORE }, { W_SET, STEP_SET },
        { W_CALL, STEP_CALL }, { W_NOTIFY, STEP_NOTIFY }, { W_ENTER, STEP_ENTER },
        { W_LEAVE, STEP_LEAVE }, { W_EXIT, STEP_EXIT } };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].word == w) {
            return kinds[i].step;
        }
    }
    return STEP_KINDS;
}

static size_t
first_word(const char *text)
{
    return strcspn(text, " ");
}

/* `tag` and `score` are statements too, of which a step takes only the first argument. */
static void
done(parse_t *p, word_t w, bool ok)
{
    const word_row_t *row = &words_table[w];
    const char *line = row->example[p->ds->lang], *arguments = row->arguments[p->ds->lang];
    size_t n;

    if ((row->roles & ROLE_STATEMENT) == 0) {
        if (ok) {
            parse_done(p, w);
        }
        return;
    }
    if (ok) {
        parse_done_as(p, w,
            arena_printf(p->arena, "%s %.*s", words_say(w, p->ds->lang), (int)first_word(arguments),
                arguments));
    }
    n = first_word(line) + 1;
    n += first_word(line + n);
    diag_example(p->ds, p->said, arena_printf(p->arena, "  %.*s", (int)n, line));
}

ast_head_t *
parse_step(parse_t *p, word_t w, unsigned used)
{
    ast_step_t *s;

    if (w == W_WAIT) {
        return wait_step(p, used);
    }
    if (w == W_SEND) {
        return send_step(p, used);
    }
    if (kind_of(w) == STEP_KINDS) {
        return NULL;
    }
    s = (ast_step_t *)step_head(p, sizeof(*s), AST_STEP, used);
    s->step = kind_of(w);
    done(p, w, step_rest(p, w, s));
    return &s->head;
}
