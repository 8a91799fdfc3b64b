/*
 * The lines below `flow`: what is of the flow as a whole, and the blocks that
 * `if` and `split` open. Blocks are kept on a stack of bounded depth, not on
 * the machine's: a thousand nested `if` are one mistake, not a crash. Never
 * fails.
 */

#include "parse.h"

/* An open `if` or `split`. */
typedef struct {
    ast_if_t *choice;
    bool in_else;
    ast_split_t *split;
    ast_branch_t *branch; /* the share whose lines come; NULL: none yet */
    bool one_line;        /* its step stands on its line */
    unsigned nbranches;
    bool stray;       /* a line of it has its mistake: what follows from it is not said */
    ast_head_t *head; /* of either */
    unsigned indent;
} open_t;

typedef struct {
    parse_t *p;
    ast_flow_t *flow;
    unsigned depth, beyond; /* open blocks; those deeper than LANG_IFS_MAX, only counted */
    open_t open[LANG_IFS_MAX];
    ast_head_t *suspect; /* the first block that a shallower `end` closed */
} block_t;

static open_t *
top_of(block_t *b)
{
    return b->depth > 0 ? &b->open[b->depth - 1] : NULL;
}

/* Hangs a step into the block it stands in. */
static void
put(block_t *b, ast_head_t *line)
{
    parse_t *p = b->p;
    open_t *top = top_of(b);
    ast_list_t *list = &b->flow->lines;

    b->flow->nsteps++;
    if (top != NULL && top->choice != NULL) {
        list = top->in_else ? &top->choice->otherwise : &top->choice->then;
    } else if (top != NULL) {
        if ((top->branch == NULL || top->one_line) && b->beyond == 0 && !top->stray) {
            diag_word(p->ds, FAIL(p, line->word, MSG_SPLIT_STEP, diag_text(p->ds, line->word)),
                W_SPLIT);
            top->stray = true;
        }
        list = top->branch != NULL ? &top->branch->lines : list;
    }
    ast_append(list, line);
}

static msg_t
twice(word_t w)
{
    return w == W_STOP ? MSG_LINE_TWICE_STOP : w == W_ONLY ? MSG_LINE_TWICE_ONLY : MSG_LINE_TWICE;
}

/* start, again, stop, goal and only speak of the whole flow; all but start stand once. */
static void
put_whole(block_t *b, ast_head_t *line, const ast_head_t *before)
{
    parse_t *p = b->p;
    const char *word = diag_text(p->ds, line->word);
    diag_t *d = NULL;

    if (b->depth > 0) {
        d = DIAG(p->ds, line->word, MSG_IN_IF, word);
    } else if (before != NULL) {
        d = DIAG(p->ds, line->word, twice(p->owner), word,
            arena_printf(p->arena, "%u", before->span.line));
        diag_other(d, before->span.line);
    }
    diag_word(p->ds, d, p->owner);
    ast_append(&b->flow->lines, line);
}

static ast_head_t *
start_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_start_t *s = (ast_start_t *)parse_head(p, sizeof(*s), AST_START, used);

    if (parse_accept(p, W_WHEN)) {
        s->whens = parse_whens(p);
        parse_done(p, W_START);
    } else if (parse_is_calendar(p->t)) {
        s->whens = parse_start_calendar(p);
        parse_done(p, W_START);
    } else if (words_accept(W_IF, p->t) > 0) {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_START_IF), W_START);
    } else {
        diag_word(p->ds, FAIL(p, p->t->span, MSG_START_WHEN, parse_before(p)), W_START);
    }
    put_whole(b, &s->head, NULL);
    b->flow->start = b->flow->start == NULL ? s : b->flow->start;
    return &s->head;
}

static bool
again_how(parse_t *p, ast_again_t *a)
{
    diag_t *d;

    if (parse_accept(p, W_NEVER)) {
        a->how = AGAIN_NEVER;
    } else if (parse_accept(p, W_ALWAYS)) {
        a->how = AGAIN_ALWAYS;
    } else if (parse_accept(p, W_AFTER)) {
        a->how = AGAIN_AFTER;
        return parse_duration(p, &a->after);
    } else if (parse_accept(p, W_FOR_EACH)) {
        a->how = AGAIN_EACH;
        return parse_name(p, W_AGAIN, &a->each);
    } else {
        d = FAIL(p, p->t->span, MSG_AGAIN_HOW, parse_before(p));
        if (p->t->kind == TOK_WORD) {
            diag_near(p->ds, d, parse_nearest(p, ROLE_AGAIN, p->t->folded, NULL));
        }
        diag_word(p->ds, d, W_AGAIN);
        return false;
    }
    return true;
}

static ast_head_t *
again_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_again_t *a = (ast_again_t *)parse_head(p, sizeof(*a), AST_AGAIN, used);

    if (again_how(p, a)) {
        parse_done(p, W_AGAIN);
    }
    put_whole(b, &a->head, b->flow->again != NULL ? &b->flow->again->head : NULL);
    b->flow->again = b->flow->again == NULL ? a : b->flow->again;
    return &a->head;
}

static ast_head_t *
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
    put_whole(b, &s->head, b->flow->stop != NULL ? &b->flow->stop->head : NULL);
    b->flow->stop = b->flow->stop == NULL ? s : b->flow->stop;
    return &s->head;
}

static ast_head_t *
only_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_until_t *o = (ast_until_t *)parse_head(p, sizeof(*o), AST_ONLY, used);

    o->cond = parse_cond(p, W_ONLY);
    parse_done(p, W_ONLY);
    put_whole(b, &o->head, b->flow->only != NULL ? &b->flow->only->head : NULL);
    b->flow->only = b->flow->only == NULL ? o : b->flow->only;
    return &o->head;
}

/* Whether what stands here is asked or negated instead of done. */
static bool
is_no_goal(const lex_tok_t *t)
{
    unsigned used;

    return t->kind == TOK_OPEN || words_accept(W_WHEN, t) > 0 || words_accept(W_IF, t) > 0 ||
        words_accept(W_NOT, t) > 0 || words_find(ROLE_STATE, t, &used) != W_NONE;
}

static ast_head_t *
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
    put_whole(b, &g->head, b->flow->goal != NULL ? &b->flow->goal->head : NULL);
    b->flow->goal = b->flow->goal == NULL ? g : b->flow->goal;
    return &g->head;
}

static void
open_block(block_t *b, open_t block)
{
    parse_t *p = b->p;

    put(b, block.head);
    if (b->depth < LANG_IFS_MAX) {
        b->open[b->depth++] = block;
    } else if (b->beyond++ == 0) {
        DIAG(p->ds, block.head->word, MSG_IF_DEEP, arena_printf(p->arena, "%d", LANG_IFS_MAX));
        b->flow->doubtful = true;
    }
}

static ast_head_t *
if_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_if_t *f = (ast_if_t *)parse_head(p, sizeof(*f), AST_IF, used);

    f->cond = parse_cond(p, W_IF);
    parse_done(p, W_IF);
    open_block(b, (open_t){ .choice = f, .head = &f->head, .indent = p->line->indent });
    return &f->head;
}

/* `else`, `split` and `end` stand alone; says so and goes on. */
static void
alone(parse_t *p, ast_head_t *h, word_t w, msg_t id)
{
    if (p->t->kind != TOK_END) {
        diag_word(p->ds, FAIL(p, p->t->span, id, diag_text(p->ds, h->word)), w);
    }
}

static ast_head_t *
split_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_split_t *s = (ast_split_t *)parse_head(p, sizeof(*s), AST_SPLIT, used);

    alone(p, &s->head, W_SPLIT, MSG_SPLIT_ALONE);
    open_block(b, (open_t){ .split = s, .head = &s->head, .indent = p->line->indent });
    return &s->head;
}

static ast_head_t *
else_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    ast_head_t *h = parse_head(p, sizeof(*h), AST_BROKEN, used);
    open_t *top = top_of(b);
    ast_if_t *choice = top != NULL ? top->choice : NULL;

    alone(p, h, W_ELSE, MSG_ELSE_ALONE);
    if (b->beyond > 0) {
        return h; /* it belongs to a block that is only counted */
    }
    if (choice == NULL) {
        if (!b->flow->doubtful) {
            FAIL(p, h->word, MSG_ELSE_NOWHERE, diag_text(p->ds, h->word));
        }
        return h;
    }
    if (top->in_else) {
        diag_other(FAIL(p, h->word, MSG_ELSE_TWICE,
                       arena_printf(p->arena, "%u", choice->else_line.span.line)),
            choice->else_line.span.line);
    } else {
        top->in_else = true;
        choice->has_else = true;
        choice->else_line = *h;
    }
    return h;
}

static ast_head_t *
end_line(block_t *b, unsigned used)
{
    parse_t *p = b->p;
    unsigned indent = p->line->indent;
    ast_head_t *h = parse_head(p, sizeof(*h), AST_BROKEN, used);
    open_t *top = top_of(b);

    alone(p, h, W_END, MSG_END_ALONE);
    if (b->beyond > 0) {
        b->beyond--;
    } else if (top == NULL) {
        if (!b->flow->doubtful) {
            FAIL(p, h->word, MSG_END_NOWHERE, diag_text(p->ds, h->word));
        }
    } else {
        b->depth--;
        if (indent < top->indent && b->suspect == NULL) {
            b->suspect = top->head;
        }
        if (top->choice != NULL) {
            top->choice->end_line = *h;
        } else {
            top->split->end_line = *h;
        }
        if (top->split != NULL && top->nbranches == 0 && !b->flow->doubtful) {
            diag_word(p->ds, DIAG(p->ds, top->head->word, MSG_SPLIT_EMPTY), W_SPLIT);
        }
    }
    return h;
}

/* A share's step on its own line: anything but a block. */
static void
share_step(block_t *b, open_t *top)
{
    parse_t *p = b->p;
    unsigned used;
    word_t w = words_find(ROLE_FLOW, p->t, &used);
    ast_head_t *h;
    diag_t *d;

    p->owner = w != W_NONE ? w : W_SPLIT;
    h = parse_step(p, w, used);
    if (h != NULL) {
        put(b, h);
        h->broken = p->failed;
        top->one_line = true;
        return;
    }
    d = FAIL(p, p->t->span, MSG_SHARE_STEP, parse_text(p, p->t));
    if (w == W_NONE && p->t->kind == TOK_WORD) {
        diag_near(p->ds, d, parse_nearest(p, ROLE_FLOW, p->t->folded, NULL));
    }
    diag_word(p->ds, d, W_SPLIT);
}

/* "50% send email offer-1", or "50%" and steps below. */
static ast_head_t *
share_line(block_t *b)
{
    parse_t *p = b->p;
    ast_branch_t *s = (ast_branch_t *)parse_head(p, sizeof(*s), AST_BRANCH, 0);
    open_t *top = top_of(b);

    if (parse_percent(p, W_SPLIT, &s->share, &s->share_span)) {
        s->head.word = s->share_span;
    }
    diag_example(p->ds, p->said, messages_row(MSG_SHARE_STEP)->example[p->ds->lang]);
    if (b->beyond > 0) {
        return &s->head;
    }
    if (top == NULL || top->split == NULL) {
        diag_word(p->ds, FAIL(p, s->head.word, MSG_SHARE_NOWHERE, diag_text(p->ds, s->head.word)),
            W_SPLIT);
        b->flow->doubtful = true;
        return &s->head;
    }
    if (++top->nbranches > SPLIT_MAX) {
        diag_word(p->ds,
            FAIL(p, s->head.word, MSG_SPLIT_MAX, arena_printf(p->arena, "%d", SPLIT_MAX)), W_SPLIT);
    }
    ast_append(&top->split->branches, &s->head);
    top->branch = s;
    top->one_line = false;
    if (p->t->kind != TOK_END && !p->failed) {
        share_step(b, top);
    }
    return &s->head;
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
    if (b->depth > 0) {
        top_of(b)->stray = true;
    }
    parse_excuse_line(p);
    parse_next(p);
    parse_skip_deeper(p, indent);
    if (!ours && p->line != NULL && p->line->indent == indent && p->line->ntoks == 1 &&
        words_find(ROLE_FLOW, p->t, &used) == W_END) {
        parse_next(p);
    }
}

/* The line's node; NULL: its first word is none of a flow's. */
static ast_head_t *
known_line(block_t *b, word_t w, unsigned used)
{
    ast_head_t *h;

    switch (w) {
    case W_START:
        return start_line(b, used);
    case W_AGAIN:
        return again_line(b, used);
    case W_STOP:
        return stop_line(b, used);
    case W_ONLY:
        return only_line(b, used);
    case W_GOAL:
        return goal_line(b, used);
    case W_IF:
        return if_line(b, used);
    case W_ELSE:
        return else_line(b, used);
    case W_SPLIT:
        return split_line(b, used);
    case W_END:
        return end_line(b, used);
    default:
        h = parse_step(b->p, w, used);
        if (h != NULL) {
            put(b, h);
        }
        return h;
    }
}

static bool
is_share(block_t *b)
{
    const lex_tok_t *t = b->p->t;
    const open_t *top = top_of(b);

    return t->kind == TOK_NUMBER &&
        ((top != NULL && top->split != NULL) || (t[1].kind == TOK_SIGN && t[1].text.p[0] == '%'));
}

static void
flow_line(block_t *b)
{
    parse_t *p = b->p;
    unsigned used, indent = p->line->indent;
    word_t w = words_find(ROLE_FLOW, p->t, &used);
    ast_head_t *h;

    if (w == W_ELSE && used < p->line->ntoks && words_accept(W_IF, p->t) > 0) {
        w = W_IF; /* "si no compra" asks, "si no" alone is the other branch */
        used = words_accept(W_IF, p->t);
    }
    p->owner = w;
    h = is_share(b) ? share_line(b) : known_line(b, w, used);
    if (h == NULL) {
        unknown_line(b, indent);
    } else {
        parse_close(p, h);
    }
}

static void
not_closed(block_t *b, const ast_head_t *head)
{
    diags_t *ds = b->p->ds;
    msg_t shown = head->kind == AST_SPLIT ? MSG_SPLIT_ALONE : MSG_END_NOWHERE;
    diag_t *d = DIAG(ds, head->word, MSG_END_MISSING, diag_text(ds, head->word));

    diag_example(ds, d, messages_row(shown)->example[ds->lang]);
}

/* Of the blocks that stayed open the guilty one: see block_t.suspect. */
static void
open_blocks(block_t *b)
{
    if (b->flow->doubtful || b->depth == 0) {
        return;
    }
    if (b->suspect != NULL && b->depth == 1) {
        not_closed(b, b->suspect);
        return;
    }
    for (unsigned i = 0; i < b->depth; i++) {
        if (!b->open[i].stray) {
            not_closed(b, b->open[i].head);
        }
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
    open_blocks(b);
    if (flow->nsteps > LANG_STEPS_MAX) {
        DIAG(p->ds, flow->head.word, MSG_STEPS_MAX, arena_printf(p->arena, "%d", LANG_STEPS_MAX));
    }
    g_free(b);
}
