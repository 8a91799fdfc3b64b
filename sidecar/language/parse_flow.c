/*
 * The lines below `flow`. Branches are kept on a stack of bounded depth, not
 * on the machine's: a thousand nested `if` are one mistake, not a crash.
 */

#include "parse.h"

typedef struct {
    ast_if_t *node;
    unsigned indent;
    bool in_else;
} open_if_t;

typedef struct {
    parse_t *p;
    ast_flow_t *flow;
    unsigned depth, beyond; /* open ifs; those deeper than LANG_IFS_MAX, only counted */
    open_if_t open[LANG_IFS_MAX];
    ast_if_t *suspect; /* the first `if` that a shallower `end` closed */
} block_t;

static ast_list_t *
place(block_t *b)
{
    open_if_t *top;

    if (b->depth == 0) {
        return &b->flow->lines;
    }
    top = &b->open[b->depth - 1];
    return top->in_else ? &top->node->otherwise : &top->node->then;
}

/* start, again, stop and goal speak of the whole flow, each once. */
static void
once(block_t *b, ast_head_t *line, ast_head_t *before)
{
    parse_t *p = b->p;
    const char *word = diag_text(p->ds, line->word);
    diag_t *d = NULL;

    if (b->depth > 0) {
        d = DIAG(p->ds, line->word, MSG_IN_IF, word);
    } else if (before != NULL) {
        d = DIAG(p->ds, line->word, MSG_LINE_TWICE, word,
            arena_printf(p->arena, "%u", before->span.line));
        diag_other(d, before->span.line);
    }
    diag_word(p->ds, d, p->owner);
}

static void
start_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_start_t *s = (ast_start_t *)parse_head(p, sizeof(*s), AST_START, used);

    if (parse_accept(p, W_WHEN)) {
        s->whens = parse_whens(p);
        parse_done(p, W_START);
    } else if (words_accept(W_IF, p->t) > 0) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_START_IF), W_START);
    } else {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_START_WHEN, parse_before(p)), W_START);
    }
    if (b->depth > 0) {
        once(b, &s->head, NULL);
    }
    ast_append(place(b), &s->head);
    b->flow->start = b->flow->start == NULL ? s : b->flow->start;
    parse_close(p, &s->head);
}

static void
again_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_again_t *a = (ast_again_t *)parse_head(p, sizeof(*a), AST_AGAIN, used);
    diag_t *d;

    if (parse_accept(p, W_NEVER)) {
        a->how = AGAIN_NEVER;
        parse_done(p, W_AGAIN);
    } else if (parse_accept(p, W_ALWAYS)) {
        a->how = AGAIN_ALWAYS;
        parse_done(p, W_AGAIN);
    } else if (parse_accept(p, W_AFTER)) {
        a->how = AGAIN_AFTER;
        if (parse_duration(p, &a->after)) {
            parse_done(p, W_AGAIN);
        }
    } else {
        d = FAIL(p, p->t->span, MSG_AGAIN_HOW, parse_before(p));
        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_AGAIN, p->t->folded, NULL));
        }
        diag_word(p->ds, d, W_AGAIN);
    }
    once(b, &a->head, b->flow->again != NULL ? &b->flow->again->head : NULL);
    ast_append(place(b), &a->head);
    b->flow->again = b->flow->again == NULL ? a : b->flow->again;
    parse_close(p, &a->head);
}

static void
stop_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_until_t *s = (ast_until_t *)parse_head(p, sizeof(*s), AST_STOP, used);

    if (parse_accept(p, W_IF)) {
        s->cond = parse_cond(p, W_STOP);
        parse_done(p, W_STOP);
    } else if (words_accept(W_WHEN, p->t) > 0) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_STOP_WHEN), W_STOP);
    } else {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_STOP_IF, parse_before(p)), W_STOP);
    }
    once(b, &s->head, b->flow->stop != NULL ? &b->flow->stop->head : NULL);
    ast_append(place(b), &s->head);
    b->flow->stop = b->flow->stop == NULL ? s : b->flow->stop;
    parse_close(p, &s->head);
}

/* Whether what stands here is asked or negated instead of done. */
static bool
is_no_goal(const lex_tok_t *t)
{
    static const word_t words[] = { W_WHEN, W_IF, W_NOT, W_TAG, W_HAS_TAG, W_HAS_NO_TAG };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words_accept(words[i], t) > 0) {
            return true;
        }
    }
    return t->kind == TOK_OPEN;
}

static void
goal_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_until_t *g = (ast_until_t *)parse_head(p, sizeof(*g), AST_GOAL, used);
    ast_verb_t *v = NULL;

    if (is_no_goal(p->t)) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_GOAL_STATE, parse_before(p)), W_GOAL);
    } else {
        v = parse_verb(p, W_GOAL);
    }
    if (v != NULL) {
        g->cond = arena_get(p->arena, sizeof(*g->cond));
        g->cond->kind = COND_VERB;
        g->cond->span = v->span;
        g->cond->verb = v;
        g->has_within = v->has_window;
        g->within = v->window;
        v->has_window = false;
        parse_done(p, W_GOAL);
    }
    once(b, &g->head, b->flow->goal != NULL ? &b->flow->goal->head : NULL);
    ast_append(place(b), &g->head);
    b->flow->goal = b->flow->goal == NULL ? g : b->flow->goal;
    parse_close(p, &g->head);
}

static void
wait_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_wait_t *w = (ast_wait_t *)parse_head(p, sizeof(*w), AST_WAIT, used);

    if (p->t->kind == TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_DURATION_MISSING, parse_before(p)), W_WAIT);
    } else if (parse_duration(p, &w->span)) {
        parse_done(p, W_WAIT);
    }
    ast_append(place(b), &w->head);
    parse_close(p, &w->head);
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

static void
send_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_send_t *s = (ast_send_t *)parse_head(p, sizeof(*s), AST_SEND, used);
    ast_channel_t **tail = &s->channels;
    bool ok = one_channel(p, tail);

    while (ok && parse_accept(p, W_OR)) {
        tail = &(*tail)->next;
        ok = one_channel(p, tail);
    }
    if (ok) {
        parse_done(p, W_SEND);
    }
    ast_append(place(b), &s->head);
    parse_close(p, &s->head);
}

static void
if_line(block_t *b, unsigned used, unsigned indent)
{
    parse_t *p = b->p;
    ast_if_t *f = (ast_if_t *)parse_head(p, sizeof(*f), AST_IF, used);

    f->cond = parse_cond(p, W_IF);
    parse_done(p, W_IF);
    ast_append(place(b), &f->head);
    if (b->depth < LANG_IFS_MAX) {
        b->open[b->depth++] = (open_if_t){ f, indent, false };
    } else if (b->beyond++ == 0) {
        DIAG(p->ds, f->head.word, MSG_IF_DEEP, arena_printf(p->arena, "%d", LANG_IFS_MAX));
        b->flow->doubtful = true;
    }
    parse_close(p, &f->head);
}

/* `else` and `end` stand alone; says so and goes on. */
static void
alone(parse_t *p, ast_head_t *h, word_t w, msg_t id)
{
    if (p->t->kind != TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, id, diag_text(p->ds, h->word)), w);
    }
}

static void
else_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_head_t *h = parse_head(p, sizeof(*h), AST_BROKEN, used);
    open_if_t *top = b->depth > 0 ? &b->open[b->depth - 1] : NULL;

    alone(p, h, W_ELSE, MSG_ELSE_ALONE);
    if (b->beyond > 0) {
        /* it belongs to an `if` that is only counted */
    } else if (top == NULL) {
        if (!b->flow->doubtful) {
            FAIL(p, h->word, MSG_ELSE_NOWHERE, diag_text(p->ds, h->word));
        }
    } else if (top->in_else) {
        diag_other(FAIL(p, h->word, MSG_ELSE_TWICE,
                       arena_printf(p->arena, "%u", top->node->else_line.span.line)),
            top->node->else_line.span.line);
    } else {
        top->in_else = true;
        top->node->has_else = true;
    }
    parse_close(p, h);
    if (top != NULL && top->node->else_line.span.line == 0) {
        top->node->else_line = *h;
    }
}

static void
end_line(block_t *b, unsigned used, unsigned indent)
{
    parse_t *p = b->p;
    ast_head_t *h = parse_head(p, sizeof(*h), AST_BROKEN, used);
    open_if_t *top;

    alone(p, h, W_END, MSG_END_ALONE);
    if (b->beyond > 0) {
        b->beyond--;
    } else if (b->depth == 0) {
        if (!b->flow->doubtful) {
            FAIL(p, h->word, MSG_END_NOWHERE, diag_text(p->ds, h->word));
        }
    } else {
        top = &b->open[--b->depth];
        if (indent < top->indent && b->suspect == NULL) {
            b->suspect = top->node;
        }
        top->node->end_line = *h;
    }
    parse_close(p, h);
}

/*
 * A word that no flow knows: it is said, and the lines below it and an `end`
 * of its own are passed over, for it may be a block.
 */
static void
unknown_line(block_t *b, unsigned indent)
{
    parse_t *p = b->p;
    const lex_tok_t *t = p->t;
    unsigned used;
    bool ours = b->depth > 0 && b->open[b->depth - 1].indent == indent;
    diag_t *d = FAIL(p, t->span, MSG_STEP_UNKNOWN, parse_text(p, t), parse_list(p, ROLE_FLOW));

    if (t->kind == TOK_WORD && d != NULL) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_FLOW, t->folded, &p->owner));
    }
    p->owner = p->owner == W_NONE ? W_SEND : p->owner;
    b->flow->doubtful = true;
    parse_excuse_line(p);
    parse_next(p);
    parse_skip_deeper(p, indent);
    if (!ours && p->line != NULL && p->line->indent == indent && p->line->ntoks == 1 &&
        words_find(ROLE_FLOW, p->t, &used) == W_END) {
        parse_next(p);
    }
}

static void
flow_line(block_t *b)
{
    parse_t *p = b->p;
    unsigned used, indent = p->line->indent;
    word_t w = words_find(ROLE_FLOW, p->t, &used);

    if (w == W_ELSE && used < p->line->ntoks && words_accept(W_IF, p->t) > 0) {
        w = W_IF; /* "si no compra" asks, "si no" alone is the other branch */
        used = words_accept(W_IF, p->t);
    }
    p->owner = w;
    switch (w) {
    case W_START:
        start_line(b, used);
        break;
    case W_AGAIN:
        again_line(b, used);
        break;
    case W_STOP:
        stop_line(b, used);
        break;
    case W_GOAL:
        goal_line(b, used);
        break;
    case W_WAIT:
        wait_line(b, used);
        break;
    case W_SEND:
        send_line(b, used);
        break;
    case W_IF:
        if_line(b, used, indent);
        break;
    case W_ELSE:
        else_line(b, used);
        break;
    case W_END:
        end_line(b, used, indent);
        break;
    default:
        unknown_line(b, indent);
        return;
    }
    if (w == W_WAIT || w == W_SEND || w == W_IF) {
        b->flow->nsteps++;
    }
}

/* Of the branches that stayed open the guilty one: see block_t.suspect. */
static void
open_ifs(block_t *b)
{
    if (b->flow->doubtful || b->depth == 0) {
        return;
    }
    if (b->suspect != NULL && b->depth == 1) {
        DIAG(b->p->ds, b->suspect->head.word, MSG_END_MISSING,
            diag_text(b->p->ds, b->suspect->head.word));
        return;
    }
    for (unsigned i = 0; i < b->depth; i++) {
        DIAG(b->p->ds, b->open[i].node->head.word, MSG_END_MISSING,
            diag_text(b->p->ds, b->open[i].node->head.word));
    }
}

void
parse_flow_lines(parse_t *p, ast_flow_t *flow)
{
    block_t *b = g_new0(block_t, 1);

    b->p = p;
    b->flow = flow;
    while (parse_in_block(p, W_FLOW, ROLE_FLOW)) {
        flow_line(b);
    }
    open_ifs(b);
    if (flow->nsteps > LANG_STEPS_MAX) {
        DIAG(p->ds, flow->head.word, MSG_STEPS_MAX, arena_printf(p->arena, "%d", LANG_STEPS_MAX));
    }
    g_free(b);
}
